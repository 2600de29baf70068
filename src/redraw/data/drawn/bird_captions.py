"""Captions of drawn birds, in the many ways in which people describe the birds of CUB-200-2011."""

from __future__ import annotations

from dataclasses import dataclass

from .bird_phrases import Phrases, be
from .bird_scenes import FRAMES, OPENINGS, OPINIONS, action, setting
from .birds import seen
from .dice import Dice

LONGEST = 200
PER_PICTURE = 10
OVERALL = ("mostly", "almost all", "entirely", "completely", "mainly", "primarily", "predominantly", "all",
           "almost entirely", "overall")  # fmt: skip


@dataclass(frozen=True)
class Caption:
    """``named``: {CUB's attribute: value} of all that the text says."""

    text: str
    named: dict[str, str]


def captions(seed: int, kind: int, index: int, independent: bool = False) -> list[Caption]:
    """The ten captions of a picture, all different; at most 200 ASCII characters each, without upper case letters."""
    own, view = seen(seed, kind, index, independent)
    dice = Dice(seed, "bird captions", kind, index)
    found: dict[str, Caption] = {}
    while len(found) < PER_PICTURE:
        writer = _Writer(dice, own, view)
        text = writer.caption()
        if len(text) <= LONGEST:
            found[text] = Caption(text, writer.named)
    return list(found.values())


def listed(parts: list[str], dice: Dice) -> str:
    """Noun phrases joined by commas and a conjunction."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 3 and dice.chance(0.15):
        return " and ".join(parts)
    last = dice.weighted({"and": 12.0, "and also": 1.0, "as well as": 1.0, "along with": 1.0, "plus": 0.5})
    serial = "," if len(parts) > 2 and dice.chance(0.5) else ""
    return f"{', '.join(parts[:-1])}{serial} {last} {parts[-1]}"


class _Writer(Phrases):
    """One caption: a sentence form, and now and then an aside behind it."""

    def caption(self) -> str:
        form = self.dice.weighted(_FORMS)
        text = form(self)
        if self.dice.chance(0.07):
            text += self.dice.pick(OPINIONS)
        return text + ("." if self.dice.chance(0.15) else "")

    def parts(self, least: int, most: int, *without: str) -> str:
        return listed(self.features(least, most, without), self.dice)

    def clause(self, part: str, owner: str) -> str:
        """ "its crown is red", "the wings of this bird are blue"; ``owner``: "its", "the", or "the * of this bird"."""
        noun, colour = self.painted(part, clause=owner != "the * of this bird")
        if noun.startswith("top"):
            return f"the {noun} is {colour}"
        adverb = f"{self.dice.pick(OVERALL)} " if self.dice.chance(0.06) else ""
        tail = self.dice.pick((" in color", " in colour")) if self.dice.chance(0.06) else ""
        subject = owner.replace("*", noun) if "*" in owner else f"{owner} {noun}"
        return f"{subject} {be(noun)} {adverb}{colour}{tail}"

    def act(self, probability: float) -> str:
        return f" {action(self.dice, self.view)}" if self.dice.chance(probability) else ""

    def is_coloured(self) -> str:
        """ "red", "mostly red", "small and red": what follows "this bird is"."""
        dice = self.dice
        size = f"{self.size()} and " if dice.chance(0.15) else ""
        adverb = f"{dice.pick(OVERALL)} " if dice.chance(0.25) and not size else ""
        tail = dice.pick((" in color", " in colour", " all over")) if dice.chance(0.1) else ""
        return f"{size}{adverb}{self.primary()}{tail}"

    # --- forms

    def bird_is(self) -> str:
        start = self.dice.pick(
            ("this bird is", "this bird is", "the bird is", "this particular bird is", "this is a bird that is")
        )
        middle = self.dice.pick(("with", "with", "and has", "and it has"))
        return f"{start} {self.is_coloured()} {middle} {self.parts(1, 3, 'back')}"

    def bird_has(self) -> str:
        start = self.dice.pick(("this bird has", "this bird has", "the bird has", "this is a bird with", "it has",
                                "this bird features", "the bird shown has", "this particular bird has"))  # fmt: skip
        return f"{start} {self.parts(2, 5)}"

    def this_bird_has(self) -> str:
        which = self.dice.pick(("this", "the", "this"))
        return f"{which} {self.bird(False, 0.5, 0.7)}{self.act(0.2)} has {self.parts(2, 4, 'back')}"

    def a_bird_with(self) -> str:
        return f"{self.bird()}{self.act(0.12)} with {self.parts(2, 4, 'back')}"

    def this_is_a_bird(self) -> str:
        start = self.dice.pick(("this is", "this is", "it is", "here is", "there is", "the picture shows", "this looks like",
                                "we see", "it appears to be"))  # fmt: skip
        middle = self.dice.pick(("that has", "with", "that has", "which has", "having", "featuring", "displaying"))
        return f"{start} {self.bird()} {middle} {self.parts(1, 4, 'back')}"

    def clauses(self) -> str:
        parts = self.dice.some(("crown", "wing", "belly", "back", "tail"), 2 + int(self.dice.random() * 2))
        owner = self.dice.pick(("its", "the", "the * of this bird", "this bird's"))
        first = self.clause(parts[0], "the * of this bird" if owner == "its" else owner)
        rest = [self.clause(part, "its" if owner in ("its", "this bird's") else "the") for part in parts[1:]]
        joint = self.dice.pick((" and ", ", while ", ", and ", " while ", " but ", "; "))
        return joint.join([", ".join([first, *rest[:-1]]), rest[-1]])

    def has_and_clause(self) -> str:
        part = self.dice.pick(("crown", "wing", "belly", "tail", "back"))
        start = f"{self.dice.pick(('this', 'the'))} {self.bird(False, 0.3, 0.5)} has"
        owner = self.dice.pick(("its", "the"))
        joint = self.dice.pick((" and ", ", and ", ", while ", "; "))
        return f"{start} {self.parts(1, 3, part, 'shared', 'back')}{joint}{self.clause(part, owner)}"

    def acting(self) -> str:
        which = self.dice.pick(("this", "the"))
        verb = self.dice.pick(("is", "is", "was seen", "is shown", "is pictured"))
        return (
            f"{which} {self.bird(False)} {verb} {action(self.dice, self.view)}"
            f"{self.dice.pick((' and has', '; it has', ' and it has', ', and has'))} {self.parts(1, 3, 'back')}"
        )

    def with_first(self) -> str:
        return f"with {self.parts(1, 2, 'back', 'shared')}, this is {self.bird()}{self.act(0.2)}"

    def in_setting(self) -> str:
        return f"{self.bird()} with {self.parts(1, 3, 'back')} {setting(self.dice, self.view)}"

    def noticed(self) -> str:
        opening, closing = self.dice.pick(FRAMES)
        return f"{opening} {self.parts(1, 2, 'back', 'shared')}{closing}"

    def opened(self) -> str:
        return f"{self.dice.pick(OPENINGS)} {self.bird()}{self.act(0.3)} with {self.parts(1, 3, 'back')}"


_FORMS = {
    _Writer.bird_is: 5.0, _Writer.bird_has: 6.0, _Writer.this_bird_has: 5.0, _Writer.a_bird_with: 6.0,
    _Writer.this_is_a_bird: 5.0, _Writer.clauses: 3.0, _Writer.has_and_clause: 4.0, _Writer.acting: 2.0,
    _Writer.with_first: 1.5, _Writer.in_setting: 1.5, _Writer.noticed: 1.5, _Writer.opened: 1.5,
}  # fmt: skip
