"""Noun phrases about drawn birds, each with a note of the attributes that it names."""

from __future__ import annotations

from . import lexicon
from .bird_kinds import BILL_LENGTHS, SHAPES, SIZES, TAILS, Sight, Species
from .dice import Dice

PART_NOUNS: dict[str, dict[str, float]] = {
    "back": {"back": 5, "upperparts": 2, "upper parts": 1},
    "wing": {"wings": 8, "wing": 1},
    "belly": {"belly": 8, "abdomen": 2, "stomach": 1, "tummy": 1, "breast": 5, "chest": 3, "throat": 3, "underside": 2,
              "underparts": 1, "under parts": 1},
    "crown": {"crown": 8, "cap": 2, "top of the head": 1, "top of its head": 1},
    "tail": {"tail": 4, "tail feathers": 2},
    "legs": {"legs": 4, "feet": 4, "tarsi": 1, "tarsus": 1},
}  # fmt: skip
CLAUSE_ONLY = ("wing", "top of the head", "top of its head")
PLURAL = ("wings", "upperparts", "upper parts", "underparts", "under parts", "tail feathers", "legs", "feet", "tarsi")
DECORATIONS = {
    "wing": ("glossy", "broad", "folded", "smooth", "strong", "neat"), "belly": ("round", "fluffy", "soft", "plump"),
    "bill": ("sharp", "thin", "straight", "sturdy", "slender", "narrow", "thick"),
    "legs": ("thin", "slender", "strong", "sturdy"), "tail": ("narrow", "sleek", "neat"), "back": ("smooth", "glossy"),
    "crown": ("smooth", "shiny", "distinctive", "striking", "neat"),
}  # fmt: skip
BILL_WORDS = {"short": ("short",), "long": ("long",), "medium": ("medium sized", "medium length", "average length")}
BILL_COMPARED = {
    "short": ("shorter than its head",), "long": ("longer than its head",),
    "medium": ("about as long as its head", "the same length as its head", "of medium length", "of average length"),
}  # fmt: skip
SIZE_WORDS = {"small": ("small", "small", "little"), "large": ("large", "large", "big"),
              "medium": ("medium sized", "medium sized", "mid sized", "average sized")}  # fmt: skip
TAIL_WORDS = {"pointed": ("pointed",), "forked": ("forked",), "square": ("square", "squared")}
PRAISE = ("cute", "beautiful", "lovely", "handsome", "striking", "elegant", "colorful", "attractive", "gorgeous",
          "charming", "distinctive")  # fmt: skip
BUILD = {"plump": ("plump", "round", "chubby", "stocky"), "slim": ("slim", "slender", "sleek")}
COMPOUNDS = (("belly", "bellied"), ("belly", "breasted"), ("belly", "chested"), ("belly", "throated"), ("wing", "winged"),
             ("crown", "crowned"), ("crown", "capped"), ("bill", "billed"), ("bill", "beaked"), ("tail", "tailed"),
             ("back", "backed"))  # fmt: skip


def article(phrase: str) -> str:
    """The phrase with "a" or "an" before it."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def be(noun: str) -> str:
    return "are" if noun in PLURAL else "is"


class Phrases:
    """The words of one caption. What a method writes, it notes in ``named`` as {CUB's attribute: value}."""

    def __init__(self, dice: Dice, own: Species, view: Sight) -> None:
        self.dice, self.own, self.view = dice, own, view
        self.named: dict[str, str] = {}
        self.gray = dice.chance(0.4)
        self.relative = False  # whether a phrase with "that is" was written: one a caption, at the end of its list

    # --- words

    def colour(self, part: str) -> str:
        """A part's colour, in one of the names of its shade, or without it."""
        own, dice = self.own, self.dice
        colour = {"tail": own.wing}.get(part) or getattr(own, part)
        shade = own.belly_shade if part == "belly" else own.back_shade if part == "back" or colour == own.back else ""
        if part in ("bill", "legs", "tail"):
            shade = ""
        name = "gray" if colour == "grey" and self.gray else colour
        words = lexicon.SHADE_NAMES.get((colour, shade), ()) if part not in ("bill", "legs", "tail") else ()
        choices = [*lexicon.SHADE_WORDS.get(shade, ()), *words]
        return f"{dice.pick(choices)} {name}" if choices and dice.chance(0.6 if shade else 0.2) else name

    def note(self, attribute: str, value: str) -> None:
        self.named[attribute] = value

    def painted(self, part: str, clause: bool = False) -> tuple[str, str]:
        """(noun, colour) of a part, noted."""
        nouns = PART_NOUNS[part]
        noun = self.dice.weighted(nouns if clause else {n: w for n, w in nouns.items() if n not in CLAUSE_ONLY})
        colour = self.colour(part)
        self.note(lexicon.NOUNS[noun], lexicon.COLOURS[colour.split()[-1]])
        return noun, colour

    def size(self) -> str:
        self.note("has_size", SIZES[self.own.size])
        return self.dice.pick(SIZE_WORDS[self.own.size])

    def primary(self) -> str:
        self.note("has_primary_color", self.own.back)
        return self.colour("back")

    # --- noun phrases: "a red crown", "wings that are blue"

    def part(self, part: str) -> str:
        dice = self.dice
        noun, colour = self.painted(part)
        extra = f"{dice.pick(DECORATIONS[part])} " if dice.chance(0.12) else ""
        end = f" that {be(noun)} {colour}" if not self.relative and dice.chance(0.16) else ""
        self.relative |= bool(end)
        phrase = f"{extra}{noun}{end}" if end else f"{extra}{colour} {noun}"
        return phrase if noun in PLURAL else article(phrase)

    def back(self) -> str:
        if self.dice.chance(0.7):
            return self.part("back")
        colour = self.primary()
        return article(f"{colour} body") if self.dice.chance(0.6) else f"{colour} plumage"

    def bill(self) -> str:
        dice, own = self.dice, self.own
        noun, extra = dice.pick(("bill", "beak")), f"{dice.pick(DECORATIONS['bill'])} " if dice.chance(0.25) else ""
        form = dice.weighted({"colour": 3, "length": 3, "both": 4, "that": 1, "compared": 1.5, "two": 1})
        if form in ("that", "two") and (self.relative or own.bill_length == "medium"):
            form = "compared"
        self.relative |= form in ("that", "two")
        if form != "length":
            colour = self.colour("bill")
            self.note("has_bill_color", own.bill)
        if form != "colour":
            self.note("has_bill_length", BILL_LENGTHS[own.bill_length])
            length = dice.pick(BILL_WORDS[own.bill_length])
            if own.bill_length != "medium" and dice.chance(0.25):
                length = f"{dice.pick(('very', 'really', 'quite', 'rather', 'fairly'))} {length}"
        if form == "colour":
            return article(f"{extra}{colour} {noun}")
        if form == "length":
            return article(f"{length} {extra}{noun}")
        if form == "both":
            return article(f"{length}{dice.pick((' ', ' ', ', '))}{extra}{colour} {noun}")
        if form == "that":
            return article(f"{colour} {noun} that is {length}")
        if form == "compared":
            return article(f"{extra}{colour} {noun} {dice.pick(BILL_COMPARED[own.bill_length])}")
        return article(f"{extra}{noun} that is {length} and {colour}")

    def tail(self) -> str:
        dice, own = self.dice, self.own
        if dice.chance(0.45):
            return self.part("tail")
        self.note("has_tail_shape", TAILS[own.tail])
        shape = dice.pick(TAIL_WORDS[own.tail])
        length = f"{'short' if own.tail == 'square' else 'long'} " if dice.chance(0.5) else ""
        if dice.chance(0.3):
            self.note("has_upper_tail_color", own.wing)
            return article(f"{length}{shape} {self.colour('tail')} tail")
        return article(f"{length}{shape} tail")

    def legs(self) -> str:
        if self.own.shape == "wader" and self.dice.chance(0.5):
            self.note("has_shape", SHAPES["wader"])
            self.note("has_leg_color", self.own.legs)
            return f"long {self.colour('legs')} legs"
        return self.part("legs")

    def bars(self) -> str:
        self.note("has_wing_pattern", "striped")
        return self.dice.pick((
            "white wingbars", "two white wingbars", "white wing bars", "white bars on its wings", "white stripes on the wings",
            "two white bars across its wings", "two bright white wing bars"))  # fmt: skip

    def crest(self) -> str:
        self.note("has_head_pattern", "crested")
        crest = self.dice.pick(("crest", "crest on its head", "tuft on its head"))
        return f"a {self.dice.pick(('', 'tall ', 'spiky ', 'pointed ', 'raised ', 'noticeable '))}{crest}"

    def neck(self) -> str:
        return self.dice.pick(("a long neck", "a long curved neck", "a stretched neck"))

    def eye(self) -> str:
        return self.dice.pick(
            ("a tiny black eye", "beady black eyes", "a black eye", "small dark eyes", "an alert black eye")
        )

    def shared(self) -> str:
        """Two or three parts of one colour under one adjective: "a red crown and back"; else a single part."""
        groups = [
            [part for part in ("crown", "back", "wing", "belly") if getattr(self.own, part) == colour]
            for colour in sorted({self.own.crown, self.own.back, self.own.wing, self.own.belly})
        ]
        groups = [group for group in groups if len(group) > 1]
        if not groups:
            return self.part("belly")
        parts = self.dice.shuffled(self.dice.pick(groups))[:3]
        colour = "gray" if self.gray and getattr(self.own, parts[0]) == "grey" else getattr(self.own, parts[0])
        nouns = []
        for part in parts:
            noun = self.dice.weighted({n: w for n, w in PART_NOUNS[part].items() if n not in CLAUSE_ONLY})
            self.note(lexicon.NOUNS[noun], lexicon.COLOURS[colour])
            nouns.append(noun)
        phrase = f"{colour} {', '.join(nouns[:-1])} and {nouns[-1]}"
        return phrase if nouns[0] in PLURAL else article(phrase)

    def features(self, least: int, most: int, without: tuple[str, ...] = ()) -> list[str]:
        """Noun phrases of different parts."""
        own, coloured = self.own, {"crown", "wing", "belly", "back"}
        weights = {"crown": 4, "wing": 4, "belly": 5, "bill": 5, "back": 2, "tail": 1.5, "shared": 1.0, "eye": 0.4}
        weights |= {"legs": 1.5} if self.view.pose in ("perched", "standing") else {}
        weights |= {"bars": 2} if own.bars else {}
        weights |= {"crest": 2} if own.crest else {}
        weights |= {"neck": 1} if own.shape == "wader" else {}
        chosen: list[str] = []
        for _ in range(least + int(self.dice.random() * (most - least + 1))):
            taken = {*chosen, *without}
            taken |= coloured if "shared" in chosen else {"shared"} if coloured & {*chosen} else set()
            left = {name: w for name, w in weights.items() if name not in taken}
            if left:
                chosen.append(self.dice.weighted(left))
        found = [getattr(self, name)() if hasattr(self, name) else self.part(name) for name in chosen]
        return sorted(found, key=lambda phrase: " that " in phrase)

    def bird(self, article_too: bool = True, colour: float = 0.5, size: float = 0.5) -> str:
        """ "a small red bird", with what it names left to chance."""
        dice, own, words = self.dice, self.own, []
        if dice.chance(0.12):
            words.append(dice.pick(PRAISE))
        if dice.chance(size):
            words.append(self.size())
        if dice.chance(0.08):
            words.append(dice.pick(BUILD["plump" if own.plump > 1.01 else "slim"]))
        words += self.kind()
        if dice.chance(colour) and "bellied" not in " ".join(words):
            words.append(self.primary() + (f" {dice.pick(('colored', 'coloured'))}" if dice.chance(0.08) else ""))
        phrase = " ".join([*words, "bird"])
        return article(phrase) if article_too else phrase

    def kind(self) -> list[str]:
        """Words such as "crested", "duck like", "red crowned"."""
        dice, own = self.dice, self.own
        if own.crest and dice.chance(0.06):
            self.note("has_head_pattern", "crested")
            return ["crested"]
        if own.shape == "duck" and dice.chance(0.08):
            self.note("has_shape", SHAPES["duck"])
            return [dice.pick(("duck like", "duck-like", "duck shaped"))]
        if own.shape == "wader" and dice.chance(0.1):
            self.note("has_shape", SHAPES["wader"])
            return [dice.pick(("long legged", "long-legged"))]
        if dice.chance(0.07):
            part, word = dice.pick(COMPOUNDS)
            colour = self.colour(part).split()[-1]
            self.note(lexicon.COMPOUNDS[word], lexicon.COLOURS[colour])
            return [f"{colour}{dice.pick((' ', '-'))}{word}"]
        return []
