"""Writes the files people and programs read: pages, Markdown, CSV, the audit. The same input gives the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..core import RedrawError, atomic_write, write_json
from . import audit, audit_schema, front_text, html, latex, markdown

Json = dict[str, Any]


def write_paper(table_json: Json, out_dir: str | Path, neighbours: Sequence[tuple[str, str]] = ()) -> list[Path]:
    """Write <paper>.md, .csv, .html and .tex into ``out_dir``; returns their paths.

    ``table_json`` is what `cells.build` returns; ``neighbours`` are (paper id, short name) in the order of the index.
    Raises RedrawError for a verdict that is not in the vocabulary.
    """
    from .cells import CELL_COLUMNS, tidy

    base = Path(out_dir, _name(table_json))
    files = {
        ".md": markdown.paper(table_json),
        ".csv": csv_text(CELL_COLUMNS, tidy([table_json])),
        ".html": html.paper(table_json, neighbours),
        ".tex": latex.paper(table_json),
    }
    return [_write(base.with_name(base.name + ending), content) for ending, content in files.items()]


def write_index(
    tables: list[Json], summary: Json | None, out_dir: str | Path, context: Json | None = None
) -> list[Path]:
    """Write index.html, index.md, audit.md, cells.csv, claims.csv, tables.tex, audit.json and its schema; returns their paths.

    ``summary`` is `audit.summary(tables)`, made here where it is None. ``context`` may hold commit, machine,
    versions {name: version}, wall {what: seconds} and pictures [{src: data URI, alt, text}]. Raises RedrawError where
    audit.json is not as its schema says; then nothing is written.
    """
    from .cells import CELL_COLUMNS, CLAIM_COLUMNS, claims_rows, tidy

    summary, context, folder = summary or audit.summary(tables), context or {}, Path(out_dir)
    texts = {
        "index.html": html.index(tables, summary, context),
        "index.md": front_text.index(tables, summary, context),
        "audit.md": markdown.audit_page(tables, summary),
        "cells.csv": csv_text(CELL_COLUMNS, tidy(tables)),
        "claims.csv": csv_text(CLAIM_COLUMNS, claims_rows(tables)),
        "tables.tex": latex.document(tables),
    }
    held = {"audit.json": audit.structure(tables, summary, context), audit_schema.FILE: audit_schema.schema()}
    audit_schema.check(held["audit.json"])
    paths = [_write(folder / name, content) for name, content in texts.items()]
    for name, value in held.items():
        write_json(folder / name, value)
    return [*paths, *(folder / name for name in held)]


def _name(table_json: Json) -> str:
    """The paper's id, once more checked: it becomes a file name and a link."""
    ident = table_json["paper"]["id"]
    if not ident.isidentifier() or not ident.isascii() or ident in ("index", "audit", "cells", "claims", "tables"):
        raise RedrawError(f'paper id "{ident}", in its table: give the sheet an id of letters, digits and _')
    return ident


def _write(path: Path, content: str) -> Path:
    # a caption can hold half a surrogate pair, which no file can
    atomic_write(path, content.encode("utf-8", "replace"))
    return path


def csv_text(columns: Sequence[str], rows: Iterable[Json]) -> str:
    """Rows as CSV with a header, \\n at line ends, numbers in their shortest exact form."""
    held = io.StringIO()
    writer = csv.DictWriter(held, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue()
