"""`redraw finding`: what was found about printed numbers and released code, listed, or one of them shown by running it."""

from __future__ import annotations

import importlib
from typing import Any

from .core import RedrawError, nearest
from .report.findings import counted, graded
from .sheets import read_sheets

Answer = tuple[list[str], Any]


def listed() -> Answer:
    """Every finding, the gravest first, with its severity and kind."""
    sheets = list(read_sheets().values())
    found = list(graded(sheets))
    width = max(len(key) for _, key, _ in found)
    lines, last = [counted({key: f for _, key, f in found})], ""
    for _, key, f in found:
        if f["severity"] != last:
            last = f["severity"]
            lines += ["", last]
        lines.append(
            f"  {key:<{width}}  {f['title']}  ({f['kind']}{'' if f.get('demonstration') else ', no demonstration'})"
        )
    lines += ["", "`redraw finding ID` runs its demonstration."]
    return lines, [{"finding": key, "paper": sheet["paper"]["id"], **f} for sheet, key, f in found]


def shown(id: str) -> Answer:
    """What a finding says, and what its demonstration computes now. Raises RedrawError for an unknown id."""
    known = {key: (sheet, f) for sheet, key, f in graded(read_sheets().values())}
    if id not in known:
        raise RedrawError(f"finding {id}: no such finding: {nearest(id, list(known))}; `redraw finding` lists them")
    sheet, about = known[id]
    lines = [
        f"{id}: {about['title']}",
        f"  {about['kind']}, {about['severity']}: {about['changes']}",
        f"  source: {about['source']}",
        "",
        about["says"],
    ]
    value = {"finding": id, "paper": sheet["paper"]["id"], **about}
    if not about.get("demonstration"):
        return [*lines, "", f"No demonstration: {about['undemonstrated']}"], value
    found = demonstration(about["demonstration"])()
    return [*lines, "", *(f"  {k}: {v}" for k, v in found.items())], {**value, "shown": found}


def demonstration(name: str) -> Any:
    """The function that a sheet names as "demonstrations.module:function"."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(f"redraw.{module}"), function)
