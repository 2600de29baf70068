"""Anybody's table, a YAML file of workflow/schemas/audit.schema.yaml, read as a sheet: what is printed, values, claims.

Every mistake is one line with file, line and key, and nothing is guessed: a printed number that cannot be read is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..core import Quantity, RedrawError, nearest
from ..sheets import Located, check, read_located
from .arithmetic import BLANKS, PERCENT, RANGES, is_share
from .given_values import from_files
from .printed import printed_cells, slug

SCHEMA = "audit.schema.yaml"
METRICS = (*RANGES, "HR", *(m for m in PERCENT if m not in ("R@", "BLEU")), "R@1", "BLEU-4")
"""Metrics, as a column names them, that the first question knows something of"""
Place = tuple[str | int, ...]


class Given(NamedTuple):
    """``sheet`` as of a paper without runs of its own; ``scores`` of the user's values, by run and seed; ``seeds`` the most."""

    sheet: dict[str, Any]
    scores: dict[str, dict[str, Any]]
    seeds: int


def read(path: Path) -> Given:
    """A user's file as a sheet with scores. Raises RedrawError, one line: file, line, key, and what to write instead."""
    located = read_located(path)
    file = _File(path, located)
    value = located.value
    if value is None:
        raise RedrawError(
            f"{path.name}, line 1: the file is empty: begin with `paper:` and `tables:`, see docs/audit.md"
        )
    file.plain((), value)
    check(value, SCHEMA, path.name, located)
    paper = re.sub(r"[^a-z0-9_]+", "_", path.name.split(".")[0].lower()).strip("_") or "table"
    about = {"id": paper, "short": value["paper"]["title"], "authors": "", "venue": "", "year": "", "summary": ""}
    shared = {"source": value["paper"].get("source", ""), "confirmed": value["paper"].get("confirmed", "document")}
    tables, scores = {}, {}
    for name, table in value["tables"].items():
        tables[name], found = file.table(paper, name, shared | table)
        for run, metrics in found.items():
            scores.setdefault(run, {"metrics": {}})["metrics"] |= metrics
    sheet = {"paper": {**about, **value["paper"]}, "tables": tables}
    file.unique(sheet)
    sheet["claims"] = [file.claim(paper, sheet, i, c) for i, c in enumerate(value.get("claims", []))]
    ids = [c["id"] for c in sheet["claims"]]
    for i, name in enumerate(ids):
        if name in ids[:i]:
            raise file.fault(("claims", i, "id"), f"a second claim {name!r}: give it another id")
    seeds = max((int(run.rpartition(".s")[2]) + 1 for run in scores), default=0)
    return Given(sheet, scores, seeds)


def run_of(table: str, row: Mapping[str, Any]) -> str:
    """What stands for a run: the values of one row of one table."""
    return f"{table}.{slug(row.get('model', row['label']))}"


class _File:
    """The file's name and lines, for those who find something wrong in it."""

    def __init__(self, path: Path, lines: Located) -> None:
        self.name, self.folder, self.lines = path.name, path.parent, lines

    def fault(self, path: Place, says: str, key: Any = None) -> RedrawError:
        place = ".".join(map(str, path)) or "top level"
        return RedrawError(f"{self.name}, line {self.lines.line(path, key)}, {place}: {says}")

    def plain(self, path: Place, value: Any) -> None:
        """Raises for what is neither text nor a finite number, list or mapping, and for keys that are no text."""
        for k, part in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            if isinstance(value, dict) and not isinstance(k, str):
                raise self.fault(path, f"the key {k!r} is no text: write it in quotes", k)
            self.plain((*path, k), part)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fault(path, f"{value}: give a finite number")
        if not isinstance(value, str | int | float | dict | list | None):
            raise self.fault(path, f"{value} is a {type(value).__name__}: write it in quotes")

    def table(self, paper: str, name: str, table: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict]]:
        """(the table as a sheet has it, {"paper/run.s<k>": {column: metric}} of the user's values)."""
        at = ("tables", name)
        columns = {k: self._column((*at, "columns", k), k, c) for k, c in table["columns"].items()}
        rows, scores = [], {}
        for i, row in enumerate(table["rows"]):
            run, cells = run_of(name, row), {}
            for column, cell in row["cells"].items():
                place = (*at, "rows", i, "cells", column)
                if column not in columns:
                    says = f"no column {column!r}: {nearest(column, list(columns))}"
                    raise self.fault(place[:-1], says, column)
                cells[column] = self._cell(place, cell if isinstance(cell, dict) else {"printed": cell})
                for seed, metric in enumerate(_metrics(columns[column], cells[column])):
                    scores.setdefault(f"{paper}/{run}.s{seed}", {})[column] = metric
            rows.append({**row, "run": run, "cells": cells})
        return {"title": name, "at": "", "spread": "unknown", **table, "columns": columns, "rows": rows}, scores

    def _column(self, path: Place, name: str, column: Mapping[str, Any]) -> dict[str, Any]:
        metric = column["metric"]
        for stem, k in (("R@", 5), ("BLEU-", 4)):
            if metric.startswith(stem) and not re.fullmatch(r"[1-9]\d{0,6}", metric.removeprefix(stem)):
                raise self.fault((*path, "metric"), f'"{metric}": write "{stem}{k}", say, and the rest under label')
        known = {m.casefold(): m for m in METRICS}.get(metric.casefold(), metric)
        if known != metric:
            raise self.fault((*path, "metric"), f'"{metric}": did you mean "{known}"?')
        if column.get("folds", 0) > column.get("items", math.inf):
            raise self.fault((*path, "folds"), f"{column['folds']} folds of {column['items']} items: give fewer folds")
        unit = {"unit": "percent"} if is_share(metric, column) else {}
        return {"label": name, "ours": name, **unit, **column}

    def _cell(self, path: Place, cell: Mapping[str, Any]) -> dict[str, Any]:
        if cell["printed"].strip() not in BLANKS:
            self._number(path, cell["printed"], ', or "-" where nothing is printed')
        for i, study in enumerate(cell.get("studies", [])):
            self._number((*path, "studies", i), study["printed"])
        ours = cell.get("ours", [])
        about = dict(ours) if isinstance(ours, dict) else {"values": ours}
        if "files" in about:
            place = (*path, "ours")
            about = from_files(self.folder, about.pop("files"), lambda says: self.fault(place, says, "files")) | about
        # "ours" of a sheet's cell is a metric's name: that is the column's, so the values stand elsewhere.
        return {**{k: v for k, v in cell.items() if k != "ours"}, "given": about}

    def _number(self, path: Place, printed: str, otherwise: str = "") -> None:
        if Quantity.parse(printed) is None:
            raise self.fault(path, f'"{printed}": write "4.36 ± .03"{otherwise}', "printed")

    def unique(self, sheet: Mapping[str, Any]) -> None:
        """Raises where two cells cannot be told apart."""
        seen: dict[str, str] = {}
        for name, table in sheet["tables"].items():
            labels = [row["label"] for row in table["rows"]]
            for i, label in enumerate(labels):
                if label in labels[:i]:
                    raise self.fault(
                        ("tables", name, "rows", i, "label"), f"a second row {label!r}: rename one of them"
                    )
        for cell in printed_cells(sheet):
            here = f"{cell['row']!r}, {cell['column']}"
            if cell["cell_id"] in seen:
                at = ("tables", cell["table"], "rows", self._row(sheet, cell["table"], cell["row"]))
                other = seen[cell["cell_id"]]
                says = f"{here} and {other} have one name: give the row a `model`, or the column another metric"
                raise self.fault(at, says)
            seen[cell["cell_id"]] = here

    @staticmethod
    def _row(sheet: Mapping[str, Any], table: str, label: str) -> int:
        return [row["label"] for row in sheet["tables"][table]["rows"]].index(label)

    # --- claims --------------------------------------------------------------------------------------------------

    def claim(self, paper: str, sheet: Mapping[str, Any], i: int, claim: Mapping[str, Any]) -> dict[str, Any]:
        """A claim on rows as one on cells and runs."""
        at = ("claims", i)
        made = {k: v for k, v in claim.items() if k not in ("table", "column", "left", "right", "over")}
        made = {"origin": "text", **made, "printed_cells": []}
        for side, path, operand in _operands(claim):
            if isinstance(operand, int | float):
                if side != "right" or claim["form"] in ("gain", "reduction"):
                    says = f"{operand}: a number may only stand on the right, of greater and at_least: name a row"
                    raise self.fault((*at, *path), says)
                made[side] = operand
                continue
            cell = self._named(paper, sheet, (*at, *path), claim, operand)
            if side == "over" and claim["form"] == "best" and cell["cell_id"] in made["printed_cells"]:
                continue  # left, named once more
            made["printed_cells"].append(cell["cell_id"])
            run = {"run": cell["run"], "metric": cell["column"]}
            made[side] = [*made.get(side, []), run] if side == "over" else run
        if claim["form"] == "best" and "over" not in claim:
            own = self._named(paper, sheet, (*at, "left"), claim, claim["left"])
            others = [
                c for c in printed_cells(sheet)
                if (c["table"], c["column"]) == (own["table"], own["column"]) and c["cell_id"] != own["cell_id"]
                and Quantity.parse(c["printed"]) and not c["chance"]
            ]  # fmt: skip
            if not others:
                raise self.fault((*at, "left"), "no other row has a number in this column: leave the claim out")
            made["over"] = [{"run": c["run"], "metric": c["column"]} for c in others]
            made["printed_cells"] += [c["cell_id"] for c in others]
        return made

    def _named(
        self, paper: str, sheet: Mapping[str, Any], path: Place, claim: Mapping[str, Any], operand: Any
    ) -> dict[str, Any]:
        """The printed cell that an operand of a claim means."""
        about = {"row": operand} if isinstance(operand, str) else operand
        table = self._only(path, "table", about.get("table", claim.get("table")), list(sheet["tables"]))
        columns = list(sheet["tables"][table]["columns"])
        column = self._only(path, "column", about.get("column", claim.get("column")), columns)
        rows = [row["label"] for row in sheet["tables"][table]["rows"]]
        if about["row"] not in rows:
            raise self.fault(path, f"no row {about['row']!r} in table {table}: {nearest(about['row'], rows)}")
        found = (
            c for c in printed_cells(sheet) if (c["table"], c["column"], c["row"]) == (table, column, about["row"])
        )
        cell = next(found, None)
        if cell is None:
            raise self.fault(path, f"row {about['row']!r} has no cell in column {column}: name another")
        return cell

    def _only(self, path: Place, what: str, asked: str | None, known: list[str]) -> str:
        if asked is None:
            if len(known) == 1:
                return known[0]
            raise self.fault(path, f"there are several {what}s: add `{what}:` ({', '.join(known)})")
        if asked not in known:
            raise self.fault(path, f"no {what} {asked!r}: {nearest(asked, known)}")
        return asked


def _operands(claim: Mapping[str, Any]) -> Iterator[tuple[str, Place, Any]]:
    """(side, path within the claim, operand), left before right, as `claims.operands` reads them."""
    yield from ((side, (side,), claim[side]) for side in ("left", "right") if side in claim)
    yield from (("over", ("over", i), o) for i, o in enumerate(claim.get("over", [])))


def _metrics(column: Mapping[str, Any], cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    about = cell["given"]
    shared = {"better": column["better"], "unit": column.get("unit", ""), "n": about.get("n"), "protocol": {}}
    return [{"value": float(v), **shared, "protocol_key": ""} for v in about["values"]]
