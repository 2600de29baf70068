"""Which objects, colours and numbers a caption of a scene names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .scene_words import (
    COATS,
    COLOURS,
    FRAMES,
    LARGE,
    LIGHTS,
    LINKED,
    NOUNS,
    NUMBERS,
    PEOPLE,
    RELATIONS,
    SAID,
    SMALL,
    TOPS,
    VERBS,
)

WORD = re.compile(r"[a-z0-9]+(?:-[a-z]+)?|[.,;!?]")
ONE = ("a", "an", "one", "another", "single")
VAGUE = ("group", "herd", "flock", "row", "fleet", "line", "pack", "team", "bunch", "lot", "lots", "crowd", "bunches")
NO = ("no", "not", "without", "never", "nor")
MODIFIERS = {
    *SMALL,
    *LARGE,
    *COATS,
    *COLOURS,
    "bright",
    "dark",
    "light",
    "young",
    "old",
    "wooden",
    "shiny",
    "colorful",
    "pretty",
}
GARMENTS = {form for top in TOPS for form in (top, f"{top}s")} | {"tshirt", "dress", "blouse", "vest", "hoodie"}
LOWER = {"pants", "trousers", "jeans", "shorts", "skirt", "skirts"}
FILLERS = ("is", "are", "who", "that", "dressed", "bright", "dark", "light")
OTHERS = {
    "hot dog", "hot dogs", "dog house", "dog food", "cat food", "bird house", "bird bath", "bird cage", "horse carriage",
    "bus stop", "bus station", "train station", "train track", "train tracks", "train car", "train cars", "car door",
    "car seat", "car window", "car mirror", "bike rack", "bike lane", "ball game", "bottle opener", "pizza box", "pizza oven",
    "pizza cutter", "boat dock", "cup holder", "jet ski", "jet skis", "jet black", "stop light", "sheep dog", "kite string",
}  # fmt: skip
"""What begins or ends with an object's name and is something else"""
DRESSED = ("in", "wearing", "wears", "wear", "with")


@dataclass(frozen=True, order=True)
class Mention:
    """``count`` objects of a COCO category; 0 where the caption does not say how many, "" where it names no ``colour``.

    A person's ``colour`` is that of the shirt or the like, ``below`` that of trousers or skirt; a potted plant's, the pot's.
    """

    category: str
    colour: str = ""
    count: int = 0
    below: str = ""


@lru_cache(maxsize=1)
def _nouns() -> dict[tuple[str, ...], tuple[str, bool]]:
    """{words of a noun: (category, whether it is a plural)}"""
    found = {}
    everything = [(c, pair) for c, pairs in NOUNS.items() for pair in pairs]
    everything += [("person", pair) for pairs in PEOPLE.values() for pair in pairs]
    for category, (one, many) in everything:
        found[tuple(many.split())] = (category, True)
        if one != many:
            found[tuple(one.split())] = (category, False)
    return found


def named(caption: str) -> tuple[Mention, ...]:
    """All that a caption names, in its order: "Two men in red shirts ride a bike ." names two people in red and a bicycle.

    Reads the drawn captions exactly and people's own strictly: what is denied or has several colours is left out.
    """
    words = WORD.findall(caption.lower())
    found, i = [], 0
    while i < len(words):
        if " ".join(words[i : i + 2]) in OTHERS:
            i += 2
            continue
        size = next((n for n in (3, 2, 1) if tuple(words[i : i + n]) in _nouns()), 0)
        if size:
            mention = _mention(words, i, size)
            if mention:
                found.append(mention)
        i += size or 1
    return tuple(found)


def _mention(words: list[str], start: int, size: int) -> Mention | None:
    category, plural = _nouns()[tuple(words[start : start + size])]
    first = start
    while first and (
        words[first - 1] in MODIFIERS or (words[first - 1] == "and" and first > 1 and words[first - 2] in COLOURS)
    ):
        first -= 1
    before = words[:first]
    if any(word in NO for word in before[-2:]):
        return None
    colour = _only([COLOURS[w] for w in words[first:start] if w in COLOURS])
    after, below = words[start + size :], ""
    if category == "person":
        colour, below = _clothes(after)
    elif category == "potted plant":
        colour = _pot(after)
    elif not colour and after[:1] in (["is"], ["are"]) and after[1:2] and after[1] in COLOURS and after[2:3] != ["and"]:
        colour = COLOURS[after[1]]
    return Mention(category, colour, _count(before, plural), below)


def _only(colours: list[str]) -> str:
    return colours[0] if len(colours) == 1 else ""


def _count(before: list[str], plural: bool) -> int:
    last = before[-1] if before else ""
    if last in NUMBERS:
        return NUMBERS[last]
    if last == "of" and len(before) > 1:
        return 2 if before[-2] in ("couple", "pair") else 0 if before[-2] in VAGUE else int(not plural)
    return 1 if last in ONE or not plural else 0


def _clothes(after: list[str]) -> tuple[str, str]:
    """(colour of what is worn above, below) where the words behind a person begin with it."""
    words = [w for w in after[:16] if w not in FILLERS]
    if words[:2] == ["with", "long"] and "hair" in words[:4]:
        words = words[words.index("hair") + 1 :]
    bare = words[1:2] not in (["a"], ["an"], ["the"])
    if not bare:
        del words[1]
    if len(words) < 2 or words[0] not in DRESSED or words[1] not in COLOURS:
        return "", ""
    colour, what = COLOURS[words[1]], words[2] if len(words) > 2 else "."
    if what in GARMENTS:
        worn = [w for w in words[3:7] if w not in ("a", "an")][:3]
        return colour, COLOURS.get(worn[1], "") if len(worn) == 3 and worn[0] == "and" and worn[2] in LOWER else ""
    if what in LOWER:
        return "", colour
    several = what == "and" and words[3:4] and words[3] in COLOURS
    return (colour if bare and words[0] == "in" and what in _going_on() and not several else ""), ""


def _pot(after: list[str]) -> str:
    words = [w for w in after[:4] if w not in ("a", "an")]
    return COLOURS.get(words[1], "") if len(words) > 2 and words[0] == "in" and words[2] in ("pot", "pots") else ""


@lru_cache(maxsize=1)
def _going_on() -> set[str]:
    """Words with which a sentence goes on after "a man in red"."""
    phrases = [form for verbs in (*VERBS.values(), *LINKED.values()) for verb in verbs for form in verb]
    phrases += [text for table in (SAID, LIGHTS, RELATIONS, FRAMES) for texts in table.values() for text in texts]
    return {phrase.split()[0] for phrase in phrases} | set(".,;!?") | {"and", "while", "with", "is", "are"}
