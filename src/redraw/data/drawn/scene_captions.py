"""Captions of drawn scenes in two dialects: as people wrote them for COCO, and for Flickr8k and Flickr30k."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .dice import Dice
from .scene_kinds import INDOORS
from .scene_named import Mention
from .scene_nouns import Nouns
from .scene_relations import place_in_frame, relations
from .scene_specs import flies, scene
from .scene_words import (
    BACKS,
    BEHIND,
    FRAMES,
    LIGHTS,
    LINKED,
    RELATIONS,
    SAID,
    SHOTS,
    STILL,
    VERBS,
    VIEWS,
)

PER_PICTURE = 5
LONGEST = 180


@dataclass(frozen=True)
class Caption:
    """``named``: what it names, sorted, as ``scene_named.named`` finds it."""

    text: str
    named: tuple[Mention, ...]


def captions(seed: int, index: int, flickr: bool, count: int = PER_PICTURE) -> list[Caption]:
    """``count`` different captions of a picture, ASCII, at most 180 characters each."""
    shown, found = scene(seed, index), {}
    dice = Dice(seed, "scene captions", index, int(flickr))
    while len(found) < count:
        caption = _Writer(dice, shown, flickr).caption()
        if len(caption.text) <= LONGEST:
            found.setdefault(caption.text, caption)
    return list(found.values())


class _Writer(Nouns):
    def caption(self) -> Caption:
        forms = _ALONE if len(self.shown.groups) == 1 else _LINK if self.shown.link else _SEVERAL
        text = " ".join(self.dice.weighted(forms)(self).split())
        if self.flickr:
            text = text[0].upper() + text[1:] + (" ." if self.dice.chance(0.95) else "")
        else:
            text = (text[0].upper() + text[1:] if self.dice.chance(0.85) else text) + (
                "." if self.dice.chance(0.8) else ""
            )
        return Caption(text, tuple(sorted(self.said)))

    # -- what they do and where

    def verb(self, k: int) -> tuple[str, str]:
        """(participle, finite form)"""
        group = self.shown.groups[k]
        how = group.pose if group.pose in VERBS else STILL.get(group.category, "standing")
        verbs = VERBS["posing" if how == "standing" and group.category == "person" else how]
        ing, one, many = self.dice.pick(verbs)
        return ing, one if group.count == 1 else many

    def be(self, k: int) -> str:
        return "is" if self.shown.groups[k].count == 1 else "are"

    def where(self, k: int = 0) -> str:
        """Place, and now and then the light or what stands behind."""
        dice, shown = self.dice, self.shown
        group = shown.groups[k]
        if group.category == "clock":
            return "on the wall"
        air = flies(group)
        text = dice.pick(SAID["sky"] if air else SAID[shown.place])
        if shown.place in INDOORS:
            backs = BACKS[shown.behind]
            return f"{text} with {dice.pick(backs)} {dice.pick(BEHIND[:2])}" if backs and dice.chance(0.12) else text
        if dice.chance(0.17):
            return f"{text} {dice.pick(LIGHTS[shown.sky])}"
        if BACKS[shown.behind] and dice.chance(0.16):
            return f"{text} with {dice.pick(BACKS[shown.behind])} {dice.pick(BEHIND)}"
        return text

    def frame(self, k: int) -> str:
        """Where in the picture a group is, where it can be said."""
        at = place_in_frame(self.shown, self.shown.groups[k])
        return f"{self.dice.pick(FRAMES[at])}{self.dice.pick(('', ' of the picture', ' of the photo'))}" if at else ""

    def relation(self, a: int, b: int) -> str:
        kinds = relations(self.shown, self.shown.groups[a], self.shown.groups[b])
        return self.dice.pick(RELATIONS[self.dice.pick(kinds)])

    def maybe(self, text: Callable[[], str], chance: float) -> str:
        return text() if self.dice.chance(chance) else ""

    # -- sentences about one group

    def doing(self) -> str:
        return f"{self.thing(0)} {self.verb(0)[0]} {self.where()}"

    def does(self) -> str:
        return f"{self.thing(0)} {self.verb(0)[1]} {self.where()}"

    def is_doing(self) -> str:
        return f"{self.thing(0)} {self.be(0)} {self.verb(0)[0]} {self.where()}"

    def plain(self) -> str:
        return f"{self.thing(0)} {self.where()}"

    def there(self) -> str:
        return f"there {self.be(0)} {self.thing(0)} {self.maybe(lambda: self.verb(0)[0], 0.5)} {self.where()}"

    def shot(self) -> str:
        opening = self.dice.pick(SHOTS)
        return f"{opening} {self.thing(0)} {self.maybe(lambda: self.verb(0)[0], 0.5)} {self.where()}"

    def framed(self) -> str:
        return f"{self.thing(0)} {self.verb(0)[0]} {self.frame(0) or self.where()}"

    def view(self) -> str:
        return f"{self.dice.pick(VIEWS[self.shown.place])} with {self.all()} {self.maybe(self.light, 0.3)}"

    def light(self) -> str:
        return "" if self.shown.place in INDOORS else self.dice.pick(LIGHTS[self.shown.sky])

    # -- about several

    def all(self) -> str:
        names = [self.thing(k) for k in range(len(self.shown.groups))]
        comma = " , " if self.flickr else ", "
        return names[0] if len(names) == 1 else comma.join(names[:-1]) + f" and {names[-1]}"

    def related(self) -> str:
        return f"{self.thing(0)} {self.verb(0)[0]} {self.relation(0, 1)} {self.thing(1)} {self.maybe(self.where, 0.4)}"

    def beside(self) -> str:
        return f"{self.thing(0)} {self.relation(0, 1)} {self.thing(1)} {self.maybe(self.where, 0.4)}"

    def other_way(self) -> str:
        verb = self.verb(1)[1 if self.flickr else 0]
        return f"{self.thing(1)} {verb} {self.relation(1, 0)} {self.thing(0)} {self.maybe(self.where, 0.3)}"

    def common(self) -> str:
        """Where all groups are; nothing where some are on the ground and others in the air."""
        aloft = {flies(group) for group in self.shown.groups}
        return self.where() if len(aloft) == 1 else ""

    def together(self) -> str:
        return f"{self.all()} {self.common()}"

    def with_other(self) -> str:
        k = 1 + int(self.dice.random() * (len(self.shown.groups) - 1))
        text = f"{self.thing(0)} {self.verb(0)[0]} {self.where()} with"
        return f"{text} {self.thing(k)} {self.maybe(lambda: self.frame(k) or self.verb(k)[0], 0.6)}"

    def both(self) -> str:
        text = f"{self.thing(0)} {self.be(0)} {self.verb(0)[0]} {self.dice.pick(('and', 'while'))}"
        return f"{text} {self.thing(1)} {self.be(1)} {self.verb(1)[0]}"

    def exist(self) -> str:
        return f"there {self.be(0)} {self.all()} {self.common()}"

    def framed_both(self) -> str:
        return f"{self.thing(0)} {self.frame(0)} and {self.thing(1)} {self.frame(1)}"

    def last_related(self) -> str:
        k = len(self.shown.groups) - 1
        return f"{self.thing(0)} {self.verb(0)[1]} {self.relation(0, k)} {self.thing(k)} {self.where()}"

    # -- about two of which one rides the other or the like

    def link(self, form: int) -> str:
        text = f"{self.thing(0)} {{}} {self.thing(1)}"
        group = self.shown.groups[0]
        able = LINKED[self.shown.link]
        forms = self.dice.pick(able)
        if form == 0:
            return text.format(forms[0])
        if form == 1:
            return text.format(f"{self.be(0)} {forms[0]}")
        return text.format(forms[1] if group.count == 1 else forms[2])

    def linked(self) -> str:
        return f"{self.link(0)} {self.maybe(self.where, 0.85)}"

    def is_linked(self) -> str:
        return f"{self.link(1)} {self.maybe(self.where, 0.8)}"

    def links(self) -> str:
        return f"{self.link(2)} {self.maybe(self.where, 0.85)}"

    def link_shot(self) -> str:
        return f"{self.dice.pick(SHOTS)} {self.link(0)} {self.where()}"

    def link_more(self) -> str:
        if len(self.shown.groups) < 3:
            return f"{self.link(2 if self.flickr else 0)} {self.where()} {self.maybe(self.light, 0.3)}"
        return f"{self.link(0)} {self.dice.pick(('with', 'and', 'near'))} {self.thing(2)} {self.maybe(self.where, 0.4)}"


_W = _Writer
_ALONE = {_W.doing: 6, _W.does: 4, _W.is_doing: 4, _W.plain: 3, _W.there: 2, _W.shot: 2, _W.framed: 2, _W.view: 2}
_SEVERAL = {
    _W.related: 6, _W.beside: 4, _W.other_way: 4, _W.together: 4, _W.with_other: 4, _W.both: 2, _W.exist: 2, _W.doing: 2,
    _W.does: 1, _W.shot: 1, _W.framed_both: 2, _W.view: 3, _W.last_related: 2,
}  # fmt: skip
_LINK = {_W.linked: 6, _W.is_linked: 4, _W.links: 4, _W.link_shot: 2, _W.link_more: 4, _W.view: 1}
