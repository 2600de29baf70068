"""``named``: which attributes a caption names, in CUB-200-2011's attribute names.

It reads captions of drawn birds exactly, and people's captions where their sentences are built alike. It is strict:
what it cannot place it leaves out. "a red and black crown", "a crown with some red" and "red tipped wings" name
nothing, and a caption that gives an attribute two values names none for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from . import lexicon

LONG_LEGGED = "long-legged-like"
_TOKEN = re.compile(r"[a-z0-9]+|'s|[^\s-]")
_MODIFIERS = {
    *lexicon.BILL_LENGTHS, *lexicon.SIZES, *lexicon.TAILS, *lexicon.LENGTHS, *lexicon.PLAIN, "crested", "duck like",
    "duck shaped", *(w for words in (*lexicon.SHADE_WORDS.values(), *lexicon.SHADE_NAMES.values()) for w in words),
}  # fmt: skip


@dataclass
class _Run:
    """Words before a noun or after "is": colours, other words, compounds such as "red crowned"; where they end."""

    end: int
    colours: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    compounds: dict[str, str] = field(default_factory=dict)
    vague: bool = False

    @property
    def empty(self) -> bool:
        return not (self.colours or self.words or self.compounds or self.vague)


class _Reader:
    def __init__(self, caption: str) -> None:
        self.tokens = _TOKEN.findall(caption.lower())
        self.found: dict[str, set[str]] = {}
        self.wings_end = -1  # the word behind "wings that are blue"

    def at(self, i: int) -> str:
        return self.tokens[i] if 0 <= i < len(self.tokens) else "."

    def phrase(self, i: int, table: object, longest: int = 4) -> str:
        """The longest entry of ``table`` that begins at word i, or ""."""
        for n in range(longest, 0, -1):
            text = " ".join(self.tokens[i : i + n])
            if len(self.tokens) >= i + n and text in table:  # type: ignore[operator]
                return text
        return ""

    def put(self, attribute: str, value: str) -> None:
        self.found.setdefault(attribute, set()).add(value)

    def run(self, i: int) -> _Run:
        """The modifiers from word i on, joined by commas or conjunctions."""
        run, bare = _Run(i), False  # bare: the last modifier is a colour by itself
        joined = False
        while True:
            word, after = self.at(i), self.at(i + 1)
            if word in lexicon.JOINERS and not run.empty and not joined:
                i, joined = i + (2 if word == "," and after in ("and", "or") else 1), True
                continue
            if after in lexicon.COMPOUNDS and (word in lexicon.COLOURS or word in ("long", "short")):
                run.vague |= bare
                run.compounds.update(_compound(word, after))
                i, bare = i + 2, False
            elif word in lexicon.COLOURS:
                run.colours.add(lexicon.COLOURS[word])
                i, bare = i + 1, True
            elif found := self.phrase(i, _MODIFIERS, 3):
                run.words.add(found)
                i, bare = i + found.count(" ") + 1, bare and found in lexicon.PLAIN
            elif word in lexicon.VAGUE or (word.endswith("ish") and len(word) > 4):
                run.vague = True
                i += 1
            else:
                return run
            run.end, joined = i, False

    def noun(self, i: int) -> str:
        return self.phrase(i, lexicon.NOUNS)

    def whole(self, i: int) -> bool:
        """Whether a noun that ends before word i is not the first half of another thing's name."""
        return self.at(i) in lexicon.AFTER_NOUN or not self.at(i)[0].isalnum()

    def record(self, kind: str, run: _Run, start: int) -> None:
        """Note what ``run`` says about a noun of this kind."""
        before = start - 1
        while self.at(before) in lexicon.DETERMINERS:
            before -= 1
        if run.vague or self.at(before) in lexicon.NEGATIONS:
            return
        for attribute, value in run.compounds.items():
            self.put(attribute, value)
        if kind in ("bars", "crest"):
            self.put(*(("has_wing_pattern", "striped") if kind == "bars" else ("has_head_pattern", "crested")))
            return
        bird = kind in ("bird", "body")
        if len(run.colours) == 1:
            self.put("has_primary_color" if bird else kind, *run.colours)
        if bird and "crested" in run.words:
            self.put("has_head_pattern", "crested")
        if bird and run.words & {"duck like", "duck shaped"}:
            self.put("has_shape", "duck-like")
        if kind == "has_leg_color" and "long" in run.words:
            self.put("has_shape", LONG_LEGGED)
        for table, only, attribute in (
            (lexicon.SIZES, "bird", "has_size"),
            (lexicon.BILL_LENGTHS, "has_bill_color", "has_bill_length"),
            (lexicon.TAILS, "has_upper_tail_color", "has_tail_shape"),
        ):
            if kind == only:
                for word in run.words & table.keys():
                    self.put(attribute, table[word])

    def marks(self, start: int, end: int, run: _Run) -> None:
        """Bars or stripes: those on wings are CUB's striped wings."""
        behind = end + 1
        while self.at(behind) in lexicon.DETERMINERS:
            behind += 1
        on_wings = self.at(end) in ("on", "across", "along") and self.at(behind) in ("wing", "wings")
        of_wings = self.at(start - 1) in ("with", "have", "has") and self.wings_end == start - 1
        if on_wings or of_wings:
            self.record("bars", run, start)

    def heads(self, i: int, kind: str, run: _Run) -> tuple[list[str], int]:
        """The nouns that stand joined with the one before word i ("belly and breast"), and where they end."""
        kinds, end = [kind], i
        while self.at(i) in (",", "and", "&"):
            i += 2 if self.at(i) == "," and self.at(i + 1) == "and" else 1
            if not run.colours and self.at(i) in ("the", "its"):
                i += 1
            noun = self.noun(i)
            i += noun.count(" ") + 1
            if not lexicon.NOUNS.get(noun, "").startswith("has_") or not self.whole(i):
                break
            if run.colours and self.at(i) in ("that", "which", "is", "are", "has", "have", "with"):
                break
            kinds.append(lexicon.NOUNS[noun])
            end = i
        return kinds, end

    def confined(self, i: int) -> bool:
        """Whether "on its back", "below" or "with white" at word i says that a colour before it is not everywhere."""
        word, i = self.at(i), i + 1
        if word == "with":
            beside = self.run(i)
            return bool(beside.colours) and not self.noun(beside.end)
        if word not in lexicon.PLACES:
            return False
        while self.at(i) in lexicon.DETERMINERS:
            i += 1
        part = lexicon.NOUNS.get(self.noun(self.run(i).end), "bird") != "bird"
        return part or self.at(i) in ("and", "but", "top", "bottom") or not self.at(i)[0].isalnum()

    def predicate(self, i: int, kinds: list[str], plural_only: bool) -> int:
        """What "is" or "that are" at word i says about ``kinds``. Returns the word to go on from."""
        start = i + 1 if self.at(i) in ("that", "which") and not plural_only else i
        if self.at(start) not in (("are",) if plural_only else ("is", "are")):
            return i
        run = self.run(start + 1)
        if run.empty or self.noun(run.end) or self.confined(run.end):
            return i
        for kind in kinds:
            self.record(kind, run, start)
        self.wings_end = run.end if kinds == ["has_wing_color"] else -1
        return run.end

    def thing(self, i: int) -> int:
        """Read the noun phrase at word i, if there is one. Returns the word to go on from."""
        run = self.run(i)
        noun = self.noun(run.end)
        if not noun:
            return max(i + 1, run.end)
        kind, end = lexicon.NOUNS[noun], run.end + noun.count(" ") + 1
        if not self.whole(end):
            return end
        if kind in ("marks", "other"):
            if kind == "marks":
                self.marks(i, end, run)
            return end
        self.record(kind, run, i)
        self.wings_end = end if kind == "has_wing_color" else -1
        before = i - 1
        while self.at(before) in lexicon.DETERMINERS:
            before -= 1
        if self.at(before) == "of" or self.at(before) in lexicon.PLACES:
            return end  # "a patch on its crown is red"
        for own, attribute, table in (
            ("has_bill_color", "has_bill_length", lexicon.COMPARED),
            ("bird", "has_size", lexicon.OF_SIZE),
        ):
            found = self.phrase(end, table, 8) if kind == own else ""
            if found:
                self.put(attribute, table[found])
                return end + found.count(" ") + 1
        if not kind.startswith("has_"):
            return self.predicate(end, [kind], False) if kind in ("bird", "body") else end
        kinds, last = self.heads(end, kind, run) if run.colours or run.empty else ([kind], end)
        if run.colours:
            for other in kinds[1:]:
                self.record(other, _Run(0, run.colours, vague=run.vague), i)
            return self.predicate(end, kinds, False) if len(kinds) == 1 else last
        behind = last
        if self.at(last) in ("of", "on") and self.at(last + 1) in lexicon.DETERMINERS:
            owner = self.run(last + 2)
            if self.noun(owner.end) == "bird":
                self.record("bird", owner, last)
                behind = owner.end + 1
        after = self.predicate(behind, kinds, len(kinds) > 1)
        return after if after > behind or behind > last else end


def _compound(word: str, after: str) -> dict[str, str]:
    if word in lexicon.COLOURS:
        return {lexicon.COMPOUNDS[after]: lexicon.COLOURS[word]}
    if after in ("billed", "beaked"):
        return {"has_bill_length": lexicon.BILL_LENGTHS[word]}
    return {"has_shape": LONG_LEGGED} if (word, after) == ("long", "legged") else {}


@lru_cache(maxsize=1 << 16)
def _named(caption: str) -> tuple[tuple[str, str], ...]:
    reader, i = _Reader(caption), 0
    while i < len(reader.tokens):
        i = reader.thing(i)
    return tuple((attribute, *values) for attribute, values in sorted(reader.found.items()) if len(values) == 1)


def named(caption: str) -> dict[str, str]:
    """{CUB's attribute: the value that the caption names}, for "this bird has a red crown": {"has_crown_color": "red"}.

    "this bird is red" names has_primary_color.
    """
    return dict(_named(caption))
