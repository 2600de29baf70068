"""Markdown's small change: text made safe, tables, lists, a verdict's mark; and a paper's figures as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from . import audit, words
from .attention import SAYS, percent
from .folded import curves
from .words import plural

Json = dict[str, Any]
_SPECIAL = re.compile(r"([\\`*|\[\]~]|(?<![^\W_])_|_(?![^\W_]))")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def safe(value: Any) -> str:
    """Text that Markdown and the HTML inside it leave as it is, on one line."""
    line = re.sub(r"\s+", " ", str(value)).strip()
    return _SPECIAL.sub(r"\\\1", line.translate(_HTML))


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of ready cells."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)) + "\n"


def listed(items: Iterable[str]) -> str:
    return "".join(f"- {item}\n" for item in items)


def said(word: str) -> str:
    """Sign and word of a verdict."""
    return f"{audit.mark(word).sign} {word}"


def figure(f: Json) -> str:
    at = f"{safe(f['at'])}. " if f.get("at") else ""
    out = [f"### {at}{safe(f['title'])}\n"]
    if f.get("png"):
        out.append(f"![{safe(f['title'])}]({re.sub(r'[^A-Za-z0-9_./-]', '_', f['png'])})\n")
    if f.get("because"):
        return "\n".join([*out, f"{said('not run')}: {safe(f['because'].removeprefix('not run').lstrip(': '))}\n"])
    if f["kind"] == "curves":
        controls = [f"{safe(h['label'])}: {words.number(h['y'])}" for h in f.get("hlines") or []]
        lines = [f"{safe(label)}: {words.curve(s['x'], s['y'])}" for label, s in curves(f["series"])]
        out.append(listed([*lines, *controls]))
    elif f["kind"] == "confusion":
        rows = [[safe(label), *map(str, n)] for label, n in zip(f["labels"], f["counts"], strict=True)]
        head = f"{f.get('y_label') or 'asked for'} ↓ {f.get('x_label') or 'read as'} →"
        out.append(grid([safe(head), *map(safe, f["labels"])], rows))
    elif f["kind"] == "attention":
        out += [f"{SAYS}\n", listed(f"“{safe(words.cut(g['caption'], 300))}”: {_words(g)}" for g in f["grid"])]
    else:
        alike = Counter(_sample(g, f) for g in f["grid"])
        out.append(listed(f"{n} rows of {line}" if n > 1 else line for line, n in alike.items()))
    out += [f"{safe(f['note'])}\n"] if f.get("note") else []
    return "\n".join(out)


def _sample(row: Json, f: Json) -> str:
    """ "2 pictures: “a red bird”; written: “a bird”, “a red bird”"."""
    said = row.get("said", []) if f["kind"] != "looking" else [" ".join(row["said"]).strip()]
    of_others = f.get("quoted") or {"label": "", "texts": {}}
    told = {
        "written": [s for s in said if s],
        of_others["label"]: [*filter(None, [of_others["texts"].get(row["caption"])])],
    }
    parts = (
        f"; {safe(who)}: " + ", ".join(f"“{safe(words.cut(s, 300))}”" for s in what)
        for who, what in told.items()
        if what
    )
    if not row["images"]:  # a document
        return f"“{safe(words.cut(row['caption'], 300))}”"
    caption = f": “{safe(words.cut(row['caption'], 300))}”" if row["caption"] else ""
    return plural(len(row["images"]), "picture") + caption + "".join(parts)


def _words(strip: Json) -> str:
    """ "8 × 8 places (even 20.0 %): red 31.0 %, white 20.5 %; 16 × 16 places …"."""
    stages = []
    for s in strip["stages"]:
        listed = (f"{safe(words.cut(w['word'], 40))} {percent(w['share'])}" for w in s["words"])
        stages.append(f"{s['side']} × {s['side']} places (even {percent(s['even'])}): {', '.join(listed)}")
    return "; ".join(stages)
