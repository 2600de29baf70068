"""Which runs are made from files that their authors released, and which of those files were brought. No torch, no files.

The book, imports.json, is {"paper/run": {role: {file, sha256, bytes}}}. It is to be committed: it is part of the runs' keys.
A run is planned once all its files, and those of the imports that it needs, stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BOOK = Path("imports.json")
Sheets = Mapping[str, Mapping[str, Any]]
Book = Mapping[str, Mapping[str, Mapping[str, Any]]]


def importable(sheets: Sheets) -> dict[str, Mapping[str, Any]]:
    """{"paper/run": what its sheet says} of all runs of stage import."""
    return {
        f"{paper}/{name}": about
        for paper, sheet in sheets.items()
        for name, about in sheet.get("runs", {}).items()
        if about.get("stage") == "import"
    }


def wanted(about: Mapping[str, Any], brought: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """{role: file, sha256, kind, into} of the files that an import run is made from; none for other runs."""
    return {
        role: {**{k: of[k] for k in ("kind", "into", "from") if k in of}, **brought[role]}
        for role, of in about.get("released", {}).items()
        if role in brought
    }


def lacking(sheets: Sheets, book: Book, run: str) -> str | None:
    """Which files an import run, or one that it needs, still lacks, and how they come in; None where none."""
    runs = importable(sheets)
    for name in _with_needs(runs, run):
        files = still_lacking(runs[name], book.get(name, {}))
        if files:
            given = " ".join(f"{role}=FILE" for role in files)
            return f"needs {', '.join(files.values())} of the authors: `redraw import {name} {given}`"
    return None


def still_lacking(about: Mapping[str, Any], brought: Mapping[str, Any]) -> dict[str, str]:
    """{role: file} that are neither there nor optional."""
    return {r: of["file"] for r, of in about["released"].items() if r not in brought and not of.get("optional")}


def _with_needs(runs: Mapping[str, Mapping[str, Any]], run: str) -> Iterator[str]:
    yield run
    for other in runs[run].get("needs", {}).values():
        name = other if "/" in other else f"{run.partition('/')[0]}/{other}"
        if name in runs:
            yield from _with_needs(runs, name)
