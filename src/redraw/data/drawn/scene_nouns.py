"""Noun phrases of captions of drawn scenes: "two men in red shirts", "a small brown dog"."""

from __future__ import annotations

from .bird_phrases import article
from .dice import Dice
from .scene_named import Mention
from .scene_specs import Group, Scene
from .scene_words import BELOW, COATS, GROUPS, HAIRSTYLE, LARGE, NOUNS, NUMBERS, PEOPLE, SMALL, TOPS

COUNTED = {n: word for word, n in NUMBERS.items() if word.isalpha()}


class Nouns:
    """Writes of one scene; ``said`` is what it has named so far."""

    def __init__(self, dice: Dice, shown: Scene, flickr: bool) -> None:
        self.dice, self.shown, self.flickr = dice, shown, flickr
        self.said: list[Mention] = []

    def thing(self, k: int) -> str:
        """A group as a noun phrase, noted in ``said``."""
        group = self.shown.groups[k]
        return self._people(group, k) if group.category == "person" else self._object(group)

    def _object(self, group: Group) -> str:
        dice, n, category = self.dice, group.count, group.category
        names = NOUNS[category]
        one, many = names[0] if dice.chance(0.6) else dice.pick(names)
        colour = group.colour if dice.chance(0.75) else ""
        words = [] if category == "potted plant" or not colour else [colour]
        if n == 1 and dice.chance(0.16):
            size = group.spots[0].size
            words = ([dice.pick(LARGE)] if size > 0.62 else [dice.pick(SMALL)] if size < 0.3 else []) + words
        if category in ("dog", "cat") and dice.chance(0.08):
            words.insert(0, dice.pick(COATS))
        tail = ""
        if category == "potted plant" and colour:
            tail = f" in {article(colour)} pot" if n == 1 else f" in {colour} pots"
        elif category == "vase" and dice.chance(0.35):
            tail = " of flowers" if n == 1 else " with flowers"
        phrase = " ".join([*words, one if n == 1 else many])
        return self._counted(group, phrase, colour, "") + tail

    def _people(self, group: Group, k: int) -> str:
        dice, n = self.dice, group.count
        kind = group.who
        if dice.chance(0.25):
            kind = "adult" if group.who in ("man", "woman") else "child"
        what = self.shown.groups[1].category if self.shown.link in ("riding", "surfing") else ""
        if k == 0 and what in PEOPLE and dice.chance(0.25):
            kind = what
        one, many = PEOPLE[kind][0] if dice.chance(0.6) else dice.pick(PEOPLE[kind])
        colour = below = clothes = ""
        hair = HAIRSTYLE[group.who]
        if n == 1 and hair and dice.chance(0.08):
            clothes = f" {dice.pick(hair)}"
        if dice.chance(0.8 if self.flickr else 0.45):
            colour = group.colour
            words, below = self._clothes(group)
            clothes += words
        return self._counted(group, one if n == 1 else many, colour, below) + clothes

    def _clothes(self, group: Group) -> tuple[str, str]:
        dice, one = self.dice, group.count == 1
        if dice.chance(0.15):
            return f" {dice.pick(('in', 'dressed in'))} {group.colour}", ""
        top = dice.pick(TOPS)
        worn = article(f"{group.colour} {top}") if one else f"{group.colour} {top}{'es' if top[-1] == 's' else 's'}"
        verb = dice.pick(("in", "wearing", "wearing", "dressed in", "who is wearing" if one else "who are wearing"))
        skirt = group.who in ("woman", "girl")
        if not dice.chance(0.4 if self.flickr else 0.15) or (skirt and group.pose in ("sitting", "riding")):
            return f" {verb} {worn}", ""
        below = f"{group.second} {dice.pick(BELOW[group.who])}"
        if skirt:
            below = article(below) if one else f"{below}s"
        return f" {verb} {worn} and {below}", group.second

    def _counted(self, group: Group, phrase: str, colour: str, below: str) -> str:
        dice, n, count = self.dice, group.count, group.count
        if n == 1:
            text = article(phrase)
        elif n == 2 and dice.chance(0.25):
            text = f"{dice.pick(('a couple of', 'a pair of'))} {phrase}"
        elif n > 2 and dice.chance(0.4):
            count = 0
            many = dice.pick(GROUPS.get(group.category, ("group",)))
            text = f"{dice.pick((f'a {many} of', 'several', 'some'))} {phrase}"
        else:
            text = f"{COUNTED[n]} {phrase}"
        self.said.append(Mention(group.category, colour, count, below))
        return text
