"""Four questions to every printed number: the words of the answers, their counts, and `audit.json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..core import RedrawError, nearest


class Mark(NamedTuple):
    """How a verdict is shown: ``shape`` in SVG, ``tone`` (yes, no, mid, off), ``sign`` in text, ``fill`` in bars."""

    shape: str
    tone: str
    sign: str
    fill: str


# One grammar for all four questions: shape and word carry the meaning, colour only repeats it.
_YES = Mark("yes", "yes", "●", "yes")
_HALF = Mark("half", "mid", "◐", "mid")
_NO = Mark("dia", "no", "◆", "no")
_ASK = Mark("hol", "off", "◇", "ask")
_DOT = Mark("dot", "off", "·", "dash")
MARKS = {
    "adds up": _YES,
    "same": _YES,
    "exact": _YES,
    "holds": _YES,
    "equivalent": Mark("eq", "yes", "◉", "yes"),
    "open to reading": _HALF,
    "near": _HALF,
    "inconclusive": _HALF,
    "leans the same way": _HALF,
    "leans the other way": Mark("halfr", "mid", "◑", "mid"),
    "cannot tell": Mark("ring", "mid", "○", "ask"),
    "higher": Mark("up", "no", "▲", "no"),
    "lower": Mark("down", "no", "▼", "no"),
    "does not add up": _NO,
    "does not hold": _NO,
    "differs": _ASK,
    "not comparable": _ASK,
    "not testable here": _ASK,
    "quoted": Mark("quo", "off", "″", "quo"),
    "not run": _DOT,
    "not computed": _DOT,
    "not collected": _DOT,
    "nothing of ours": _DOT,
    "no claim rests on it": _DOT,
    "blank in print": Mark("bla", "off", "∕", "bla"),
}


class Question(NamedTuple):
    """One of the four: its short name, the sentence it stands for, and every word it can be answered with."""

    short: str
    asks: str
    words: tuple[str, ...]


QUESTIONS = {
    "possible": Question(
        "Possible?",
        "Can the printed number be what it says it is?",
        ("adds up", "open to reading", "does not add up", "blank in print"),
    ),
    "same_protocol": Question(
        "Same protocol?",
        "Did we measure the same thing?",
        ("same", "near", "differs", "nothing of ours", "blank in print"),
    ),
    "agrees": Question(
        "Agrees?",
        "Does our value agree with it?",
        ("exact", "equivalent", "higher", "lower", "inconclusive", "not comparable", "quoted", "not run")
        + ("not computed", "not collected", "blank in print"),
    ),
    "claims": Question(
        "Claims survive?",
        "Does the sentence built on it survive?",
        ("holds", "leans the same way", "leans the other way", "does not hold", "cannot tell", "not testable here")
        + ("nothing of ours", "no claim rests on it", "blank in print"),
    ),
}


def mark(word: str) -> Mark:
    """The mark of a verdict; RedrawError for a word that is not in the vocabulary."""
    try:
        return MARKS[word]
    except KeyError:
        raise RedrawError(f'verdict "{word}" is not one of the report\'s words: {nearest(word, list(MARKS))}') from None


def cells(table_json: dict[str, Any], printed: bool = False) -> Iterator[tuple[dict, dict, dict, dict]]:
    """(table, row, column, cell) in the order of the page; with ``printed``, rows of the paper alone."""
    for table in table_json["tables"]:
        for row in table["rows"]:
            if printed and row["kind"] != "printed":
                continue
            for column in table["columns"]:
                if column["id"] in row["cells"]:
                    yield table, row, column, row["cells"][column["id"]]


def absent(cell: dict[str, Any]) -> str:
    """The word for a row of ours without a value: nothing was run, or the machine that ran it cannot compute it."""
    return "not computed" if cell.get("not_computed") else "not run"


def not_computed(table: dict[str, Any]) -> list[str]:
    """A sentence for each reason why cells of a table were not computed, with the metrics that it is the reason for."""
    found: dict[str, dict[str, None]] = {}
    for row in table["rows"]:
        for cell in row["cells"].values():
            if cell.get("not_computed"):
                found.setdefault(cell["not_computed"], {})[cell["metric"]] = None
    return [f"{', '.join(metrics)} not computed: {reason}." for reason, metrics in found.items()]


def stale(table_json: dict[str, Any], cell: dict[str, Any]) -> bool:
    """Whether a run behind this cell was made by code that has changed since."""
    lineage = table_json.get("lineage", {})
    return any(lineage.get(run, {}).get("stale_code", False) for run in cell.get("runs", []))


def count(words: Iterator[str] | list[str], order: tuple[str, ...]) -> dict[str, int]:
    """How often each word of ``order`` occurs, zeros included; RedrawError for any other word."""
    counts = dict.fromkeys(order, 0)
    for word in words:
        if word not in counts:
            raise RedrawError(f'verdict "{word}" is not an answer here: {nearest(word, list(order))}')
        counts[word] += 1
    return counts


def claim_words(tables: list[dict[str, Any]]) -> dict[str, int]:
    """Verdicts over the claims of ``tables``, each word that occurs, in the order of the vocabulary."""
    said = [claim["verdict"] for table_json in tables for claim in table_json["claims"]]
    order = (*QUESTIONS["claims"].words, "not run")
    return {word: n for word, n in count(said, order).items() if n}


def summary(tables: list[dict[str, Any]]) -> dict[str, Any]:
    """The four counts over all printed cells, the claims' verdicts, and the cells whose code is old."""
    printed = [cell for table_json in tables for *_, cell in cells(table_json, printed=True)]
    return {
        "papers": len(tables),
        "cells": len(printed),
        "counts": {
            key: count([cell[key]["verdict"] for cell in printed], question.words)
            for key, question in QUESTIONS.items()
        },
        "claims": claim_words(tables),
        "stale": [c["cell_id"] for t in tables for *_, c in cells(t) if stale(t, c)],
    }


def structure(tables: list[dict[str, Any]], totals: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """What `audit.json` holds: the summary, every cell with its four answers, claims, departures, lineage.

    Fields of a cell and of a claim are those that `audit_schema` describes.
    """
    from .audit_schema import CELL, CLAIM, FILE

    return {
        "$schema": FILE,
        "summary": totals,
        "scale": tables[0]["scale"] if tables else None,
        "context": {key: context[key] for key in ("commit", "machine", "versions") if key in context},
        "cells": [
            {key: cell.get(key) for key in CELL} | {"kind": row["kind"], "stale_code": stale(table_json, cell)}
            for table_json in tables
            for _, row, _, cell in cells(table_json)
        ],
        "claims": [{key: claim.get(key) for key in CLAIM} for t in tables for claim in t["claims"]],
        "findings": {key: found for t in tables for key, found in t.get("findings", {}).items()},
        "departures": {t["paper"]["id"]: t.get("departures", []) for t in tables},
        "differences": {t["paper"]["id"]: t.get("differences", {}) for t in tables},
        "lineage": {run: facts for t in tables for run, facts in t.get("lineage", {}).items()},
    }
