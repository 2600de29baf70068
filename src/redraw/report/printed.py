"""What a sheet prints, cell by cell, and how its order compares with ours."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core import Quantity, RedrawError, nearest


def slug(text: str) -> str:
    """A name as it stands in a cell id: "AttnGAN1, lambda=0.1" -> "attngan1-lambda=0.1"."""
    return re.sub(r"[^a-z0-9@=.]+", "-", text.lower()).strip("-")


def printed_cells(sheet: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every cell that a paper prints, blanks too, in table order, as the sheet gives it.

    Raises RedrawError where a row or a control names a column that the table lacks.
    """
    paper = sheet["paper"]["id"]
    for name, table in sheet.get("tables", {}).items():
        for row in [*table.get("rows", []), *table.get("controls", [])]:
            for column in row["cells"]:
                if column not in table["columns"]:
                    where = f"papers/{paper}.yaml, tables.{name}, {row['label']}"
                    raise RedrawError(f"{where}: no column {column!r}: {nearest(column, list(table['columns']))}")
        for row in table.get("rows", []):
            model = row.get("model", row["label"])
            for column_name, given in row["cells"].items():
                cell = {"printed": given} if isinstance(given, str) else dict(given)
                column = table["columns"][column_name]
                dataset = column["dataset"]
                marks = row.get("marks", "")
                yield {
                    "cell_id": f"{paper}:{name}:{slug(dataset)}:{slug(model)}:{slug(column['metric'])}",
                    "paper": paper, "table": name, "row": row["label"], "column": column_name, "dataset": dataset,
                    "metric": column["metric"], "better": column["better"], "printed": cell["printed"],
                    "printed_source": cell.get("source", table["source"]),
                    "confirmed": cell.get("confirmed", table.get("confirmed", "document")),
                    "marks": cell.get("marks", marks if isinstance(marks, str) else marks.get(dataset, "")),
                    "note": cell.get("note", row.get("note", "")),
                    "identity": slug(row.get("identity", model)),
                    "run": cell.get("run", row.get("run")),
                    "released": cell.get("released", row.get("released")),
                    "quoted": cell.get("quoted", row.get("quoted", False)), "chance": row.get("chance", False),
                    "ours": cell.get("ours", column.get("ours")),
                    "selection": cell.get("selection", column.get("selection")),
                }  # fmt: skip


def kendall_tau(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Kendall's tau-b of two orders, ties allowed; None where one side is all ties."""

    def signs(k: int) -> list[int]:
        return [(a[k] > b[k]) - (a[k] < b[k]) for i, a in enumerate(pairs) for b in pairs[:i]]

    x, y = signs(0), signs(1)
    norm = sum(map(abs, x)) * sum(map(abs, y))
    return sum(a * b for a, b in zip(x, y, strict=True)) / norm**0.5 if norm else None


def order(columns: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Printed order against ours, per column with at least three rows that have both; the table's is their mean."""
    found = {}
    for column in columns:
        cells = [r["cells"][column] for r in rows if column in r["cells"] and r["kind"] == "printed"]
        pairs = [(q.value, c["ours"]) for c in cells if c["ours"] is not None and (q := Quantity.parse(c["printed"]))]
        if len(pairs) >= 3 and (tau := kendall_tau(pairs)) is not None:
            found[column] = {"kendall_tau": tau, "n": len(pairs)}
    if not found:
        return None
    mean = statistics.fmean(f["kendall_tau"] for f in found.values())
    return {"kendall_tau": mean, "n": sum(f["n"] for f in found.values()), "columns": found}


def arrange(
    columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Columns and rows as the paper lays them out, from rows of models and columns of data set and metric.

    ``layout`` has "down" and "across", lists of "model", "dataset", "metric", and "names" {id: as printed}.
    """
    names, made_columns, made_rows = layout.get("names", {}), {}, {}
    for row in rows:
        for column in columns:
            if column["id"] not in row["cells"]:
                continue
            at = {"model": row["label"], "dataset": column["dataset"], "metric": column["metric"]}
            down, across = (tuple(names.get(at[k], at[k]) for k in layout[side]) for side in ("down", "across"))
            made_columns.setdefault(across, []).append(column)
            made = made_rows.setdefault((row["kind"], down), {**row, "label": ": ".join(down), "cells": {}})
            made["cells"][slug(" ".join(across))] = row["cells"][column["id"]]
    for made in made_rows.values():
        marks = {c["marks"] for c in made["cells"].values()}
        made["marks"] = marks.pop() if len(marks) == 1 else ""
    heads = []
    for across, of in made_columns.items():
        shared = {k: list(dict.fromkeys(c[k] for c in of)) for k in ("dataset", "metric", "better", "unit", "ours")}
        about = {k: v[0] if len(v) == 1 else "" for k, v in shared.items()} | {"metric": ", ".join(shared["metric"])}
        heads.append({"id": slug(" ".join(across)), "label": ": ".join(across), "group": "", **about})
    # In print the blocks of a table follow the order of its columns, not that of its models.
    rank = {names.get(c[k], c[k]): i for i, c in reversed(list(enumerate(columns))) for k in ("dataset", "metric")}
    ordered = sorted(made_rows, key=lambda key: (key[0] != "printed", [rank.get(part, 0) for part in key[1][:-1]]))
    return heads, [made_rows[key] for key in ordered]
