"""Captions of drawn flowers, in the ways in which people describe those of Oxford-102."""

from __future__ import annotations

from .bird_phrases import article
from .dice import Dice
from .flower_kinds import Flower, flowers

LONGEST = 200
PER_PICTURE = 10
NUMBERS = {4: ("four", "4"), 5: ("five", "5"), 6: ("six", "6"), 8: ("eight", "8"), 12: ("many", "numerous", "a dozen"),
           18: ("many", "numerous", "lots of", "plenty of")}  # fmt: skip
SHAPES = {
    "round": ("round", "rounded", "broad", "wide"), "heart": ("heart shaped", "notched"),
    "pointed": ("pointed", "pointy", "sharp tipped"),
    "narrow": ("narrow", "thin", "long and thin", "slender"), "ruffled": ("ruffled", "wavy", "frilly"),
}  # fmt: skip
SHADES = {"dark": ("dark", "deep"), "light": ("light", "pale"), "": ("bright", "vivid", "")}
CENTRES = ("center", "centre", "middle", "stamen", "pistil", "core", "disk", "stigma", "anthers")
PLURAL = ("anthers",)
PRAISE = ("beautiful", "pretty", "lovely", "delicate", "elegant", "showy", "gorgeous", "unusual", "large", "single",
          "fresh")  # fmt: skip
TEXTURES = ("soft", "smooth", "silky", "thick", "shiny", "velvety", "overlapping", "separate", "flat", "veiny")
ENDS = (
    "", "", "", "", "", "", " on a green stem", " with green leaves below", " above green leaves", " in a garden",
    ", seen from above", " and it has a thin stem", ", blooming in the sun", " with green foliage in the background",
)  # fmt: skip


def captions(seed: int, kind: int, index: int) -> list[str]:
    """The ten captions of a picture, all different; at most 200 ASCII characters each, without upper case letters."""
    own, dice = flowers(seed, kind + 1)[kind], Dice(seed, "flower captions", kind, index)
    found: dict[str, None] = {}
    while len(found) < PER_PICTURE:
        text = _Writer(dice, own).caption()
        if len(text) <= LONGEST:
            found[text] = None
    return list(found)


class _Writer:
    def __init__(self, dice: Dice, own: Flower) -> None:
        self.dice, self.own = dice, own

    def caption(self) -> str:
        form = self.dice.weighted(_FORMS)
        return form(self) + self.dice.pick(ENDS) + ("." if self.dice.chance(0.2) else "")

    def colour(self) -> str:
        shade = self.dice.pick(SHADES[self.own.shade]) if self.dice.chance(0.35) else ""
        return f"{shade} {self.own.colour}".strip()

    def shape(self) -> str:
        return self.dice.pick(SHAPES[self.own.shape])

    def number(self) -> str:
        return self.dice.pick(NUMBERS[self.own.petals])

    def centre(self) -> str:
        word = self.dice.pick(CENTRES)
        phrase = f"{self.own.centre} {word}"
        return phrase if word in PLURAL else article(phrase)

    def petals(self, colour: bool = True, number: float = 0.5) -> str:
        """ "five round pink petals with dark stripes"."""
        dice, words = self.dice, []
        if dice.chance(number):
            words.append(self.number())
        if dice.chance(0.15):
            words.append(dice.pick(TEXTURES))
        if dice.chance(0.6) or not colour:
            words.append(self.shape())
        if colour:
            words.append(self.colour())
        return f"{' '.join(words)} petals{self.detail()}"

    def detail(self) -> str:
        """Stripes, rims and layers, where there are any, now and then."""
        dice, own, found = self.dice, self.own, []
        if own.stripes and dice.chance(0.5):
            found.append(
                dice.pick(
                    (" with dark stripes", " with darker lines", " that have dark veins", " streaked with dark lines")
                )
            )
        elif own.rim != own.colour and dice.chance(0.55):
            found.append(dice.pick((f" with {own.rim} edges", f" edged in {own.rim}", f" that have {own.rim} tips",
                                    f" with {article(own.rim)} border")))  # fmt: skip
        elif own.layers > 1 and dice.chance(0.5):
            found.append(
                dice.pick(
                    (" in two layers", " arranged in layers", " that overlap in two rows", " stacked in two rings")
                )
            )
        return "".join(found)

    def flower(self) -> str:
        return f"{self.dice.pick(PRAISE)} flower" if self.dice.chance(0.25) else "flower"

    # --- forms

    def has(self) -> str:
        return f"{self.dice.pick(('this', 'the'))} {self.flower()} has {self.petals()} and {self.centre()}"

    def with_(self) -> str:
        start = self.dice.pick(("a", "this is a", "here is a", "there is a", "the picture shows a"))
        whole = article(f"{self.flower()} with {self.petals()}")
        return f"{start[:-1]}{whole} and {self.centre()}"

    def petals_are(self) -> str:
        return (
            f"the petals of this {self.flower()} are {self.colour()} and {self.shape()}"
            f"{self.dice.pick((' with ', ', and it has ', ', surrounding ', ' around '))}{self.centre()}"
        )

    def is_coloured(self) -> str:
        middle = self.dice.pick((" with ", ", with ", " and has "))
        return f"this {self.flower()} is {self.colour()} in color{middle}{self.petals(False)}"

    def coloured(self) -> str:
        start = self.dice.pick(("", "this is ", "i see "))
        phrase = article(f"{self.colour()} {self.flower()}")
        return f"{start}{phrase} {self.dice.pick(('with', 'that has', 'made of'))} {self.petals(False)} and {self.centre()}"

    def surrounded(self) -> str:
        verb = self.dice.pick(("surrounding", "around", "that surround", "growing around", "circling"))
        start = self.dice.pick(("this flower has", "the flower shown has", "a flower with"))
        return f"{start} {self.petals()} {verb} {self.centre()}"

    def centre_is(self) -> str:
        middle = self.dice.pick(("center", "middle", "inner part"))
        return f"the {middle} of the flower is {self.own.centre} while the petals are {self.colour()}"

    def centre_first(self) -> str:
        return f"{self.centre()} {self.dice.pick(('surrounded by', 'encircled by', 'framed by'))} {self.petals()}"


_FORMS = {
    _Writer.has: 5.0, _Writer.with_: 4.0, _Writer.petals_are: 3.0, _Writer.is_coloured: 3.0, _Writer.coloured: 3.0,
    _Writer.surrounded: 3.0, _Writer.centre_is: 1.5, _Writer.centre_first: 1.5,
}  # fmt: skip
