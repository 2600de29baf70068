"""Heads, labels and cells of a table in LaTeX, and the letters of its notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from . import audit, words
from .tex import tex
from .words import plural

Json = dict[str, Any]
WIDE = 34  # characters of a row's label from which on its column is broken into lines
MOST = 240  # characters of a label or title that are shown
FIT = 112  # characters that stand side by side on a page, roughly
UNITS = {"percent": "%", "count": ""}


class Notes:
    """Letters for what is said beneath a table, in the order in which it is met, none that the paper uses itself."""

    def __init__(self, taken: set[str]) -> None:
        letters = (a + b for a in ("", *"abcdefghijklmnopqrstuvwxyz") for b in "abcdefghijklmnopqrstuvwxyz")
        self._free = (letter for letter in letters if letter not in taken)
        self.said: dict[str, str] = {}

    def mark(self, said: str) -> str:
        if said not in self.said:
            self.said[said] = next(self._free)
        return rf"\textsuperscript{{{self.said[said]}}}"


def marks(row: Json) -> Iterator[str]:
    """The paper's own footnote marks in a row, sign by sign."""
    for held in (row, *row["cells"].values()):
        yield from str(held.get("marks") or "")


def blocks(t: Json, parts: dict[str, list[str]]) -> list[list[Json]]:
    """The columns in as many pieces as fit a page's width; columns of one group part only where they alone do not fit."""
    left = FIT - min(WIDE, max((len(row["label"]) for row in t["rows"]), default=0))
    pieces: list[list[Json]] = []
    room = 0
    for _, group in groupby(t["columns"], key=lambda c: c.get("group") or c["id"]):
        held = list(group)
        for piece in [held] if sum(_width(t, c, parts) for c in held) <= left else [[c] for c in held]:
            wants = sum(_width(t, c, parts) for c in piece)
            if not pieces or wants > room:
                pieces.append([])
                room = left
            pieces[-1] += piece
            room -= wants
    return pieces


def _width(t: Json, column: Json, parts: dict[str, list[str]]) -> int:
    """Characters that a column wants, the space before it with them."""
    cells = [row["cells"][column["id"]] for row in t["rows"] if column["id"] in row["cells"]]
    values = {
        "printed": [len(c["printed"]) for c in cells],
        "ours": [len(words.value_spread(c["ours"], c["spread"])) for c in cells if c["ours"] is not None],
    }
    body = sum(max([*values[part], 4]) + 2 for part in parts[column["id"]])
    return max(body, min(MOST, len(_head(column))) + 2)


def heads(columns: Sequence[Json], parts: dict[str, list[str]]) -> list[str]:
    """The rows above the body: groups, the paper's columns, and which half is whose; a rule under what spans several."""
    out = []
    if any(c.get("group") for c in columns):
        groups = [
            (g, sum(len(parts[c["id"]]) for c in cs)) for g, cs in groupby(columns, key=lambda c: c.get("group") or "")
        ]
        out += _spans(groups)
    heads = [(_head(c), len(parts[c["id"]])) for c in columns]
    out += _spans(heads)
    if any(n > 1 for _, n in heads):
        out.append(" & ".join(["", *(part for c in columns for part in parts[c["id"]])]) + r" \\")
    return out


def _spans(heads: Sequence[tuple[str, int]]) -> list[str]:
    cells, rules, at = [""], [], 2
    for said, n in heads:
        cells.append(rf"\multicolumn{{{n}}}{{{'c' if n > 1 else 'l'}}}{{{tex(words.cut(said, MOST))}}}")
        if n > 1 and said:
            rules.append(rf"\cmidrule(lr){{{at}-{at + n - 1}}}")
        at += n
    return [" & ".join(cells) + r" \\", *(["".join(rules)] if rules else [])]


def _head(column: Json) -> str:
    unit = column.get("unit") or ""
    sign = UNITS.get(unit, unit)
    known = f"{column.get('group') or ''} {column['label']}"
    return f"{column['label']} ({sign})" if sign and sign not in known and unit not in known else column["label"]


def label(row: Json, broken: bool) -> str:
    """A row's label with what kind of row it is; ``broken`` where its column has lines."""
    kind = f" ({row['kind']})" if row["kind"] in ("ceiling", "degraded", "floor") else ""
    signs = rf"\textsuperscript{{{tex(row['marks'])}}}" if row.get("marks") else ""
    return (r"\raggedright\hangindent1em\relax " if broken else "") + tex(words.cut(row["label"], MOST) + kind) + signs


def cell(table_json: Json, row: Json, of: Json | None, parts: Sequence[str], notes: Notes) -> Iterator[str]:
    """The printed half, as printed, and ours with the note of its verdict; what is not there is empty."""
    if of is None:
        yield from ("" for _ in parts)
        return
    own = row["kind"] != "printed"
    word = (audit.absent(of) if of["ours"] is None else "") if own else of["agrees"]["verdict"]
    note = notes.mark(word) if word and word != "blank in print" else ""
    ours = ""
    if of["ours"] is not None:
        n = (
            f" ({of['seeds']})"
            if of.get("seeds") and of["seeds"] != table_json["seeds"] and not of.get("raters")
            else ""
        )
        ours = tex(f"{words.value_spread(of['ours'], of['spread'])}{n}")
        if of.get("raters"):
            note += notes.mark(f"over {plural(of['raters'], 'rater')}, ± their standard error")
        if audit.stale(table_json, of):
            note += notes.mark("made by code that has changed since")
    authors = of.get("authors")
    if authors and authors["ours"] is not None:
        value = words.value_spread(authors["ours"], authors["spread"])
        note += notes.mark(f"the authors’ own weights, scored by us: {value}, {authors['agrees']['verdict']}")
    for part in parts:
        if part == "ours":
            yield (ours or ("--" if note else "")) + note
        else:
            signs = of["marks"] if of.get("marks") and of["marks"] != row.get("marks") else ""
            said = tex(words.cut(of["printed"], MOST)) + (rf"\textsuperscript{{{tex(signs)}}}" if signs else "")
            yield said if "ours" in parts else said + note
