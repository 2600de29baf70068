"""Anybody's table with its answers: the same judge, claims and arithmetic as for the papers' sheets, and the tests of a table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from ..core import Quantity
from . import audit, studies
from .bench import Bench
from .cells import CELL_COLUMNS, around, resting, table_of, tested, tidy
from .comparison import ours_of
from .given import Given
from .judge import BLANK, agrees, default_margin, not_calibrated, possible, same_protocol, verdict
from .power import of_cell

OF_RUNS = (
    "selection",
    "envelope_lo",
    "envelope_hi",
    "scale",
    "data",
    "protocol",
    "run",
    "authors_weights",
    "authors_agrees",
)
"""Fields of a cell that only a run of ours has"""
COLUMNS = tuple(c for c in CELL_COLUMNS if c not in OF_RUNS)


def build(given: Given) -> dict[str, Any]:
    """What `cells.build` makes of a sheet, each printed cell judged beside the user's values."""
    sheet = given.sheet
    bench = Bench(sheet, {}, given.scores, "paper", given.seeds, {}, {})
    tables = [table_of(bench, name, table, _cell) for name, table in sheet["tables"].items()]
    printed = [cell for table in tables for row in table["rows"] for cell in row["cells"].values()]
    for table in tables:
        if table["source"] == sheet["paper"].get("source"):
            table["source"] = ""  # said once, of the paper
    others = [{"cell": cell["cell_id"], **found} for cell in printed for found in cell["elsewhere"]]
    return {
        "paper": sheet["paper"], "scale": "paper", "seeds": given.seeds, "rows": "", "stand_ins": [], "tables": tables,
        "figures": [], "claims": bench.claims, "third_party": others, "departures": [], "lineage": {},
    }  # fmt: skip


def rows(table_json: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the CSV (COLUMNS), one for every printed cell."""
    return [{k: v for k, v in row.items() if k in COLUMNS} for row in tidy([table_json])]


def structure(table_json: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The value for programs: counts, every printed cell, the claims, and what the adjusted probabilities are."""
    tables = [dict(table_json)]
    left_out = ("tests", "authors", "runs", "components", *OF_RUNS)
    return {
        "file": file, "paper": table_json["paper"], "summary": audit.summary(tables), "adjusted": studies.ADJUSTED,
        "cells": [{k: v for k, v in c.items() if k not in left_out} for *_, c in audit.cells(tables[0])],
        "claims": table_json["claims"],
    }  # fmt: skip


def _cell(bench: Bench, table: Mapping[str, Any], printed: Mapping[str, Any]) -> dict[str, Any]:
    """One printed cell with its four answers, its test, and what several studies make of it."""
    column = table["columns"][printed["column"]]
    row = next(r for r in table["rows"] if r["label"] == printed["row"])
    about = row["cells"][printed["column"]]
    quantity = Quantity.parse(printed["printed"])
    peers, quotations = around(bench, printed)
    ours = ours_of(bench, printed["run"], printed["ours"])
    ours.pop("_protocol")
    ours |= {"runs": [], "source": about["given"].get("source", "measured by us") if ours["per_seed"] else ""}
    same, agree, tests = _compared(table, printed, quantity, ours["per_seed"], peers, about["given"].get("protocol"))
    if agree["verdict"] == "quoted":
        ours["source"] = "quoted"
    notes = (printed["note"], f"ours: {ours['source']}" if ours["per_seed"] else "")
    elsewhere = about.get("studies", [])
    measured = [q.value for s in elsewhere if (q := Quantity.parse(s["printed"]))]
    measured += [statistics.fmean(ours["per_seed"])] if ours["per_seed"] else []
    return {
        **{k: printed[k] for k in CELL_COLUMNS[:10]}, **ours, "note": "; ".join(filter(None, notes)),
        "possible": possible(printed, column, peers, quotations), "differs": same.pop("differs", []), "same_protocol": same,
        "agrees": agree, "authors": None,
        "claims": BLANK if quantity is None else resting(bench.claims, printed["cell_id"]),
        **tested(tests), "elsewhere": [{"value": s["printed"], "source": s["source"]} for s in elsewhere],
        "needs": of_cell(bench, None, ours["per_seed"], tests) if agree["verdict"] == "inconclusive" else None,
        "cv_star": None if quantity is None else studies.cv_star([quantity.value, *measured], studies.least(printed["metric"])),
    }  # fmt: skip


def _compared(
    table: Mapping[str, Any], printed: Mapping[str, Any], quantity: Quantity | None, values: list[float],
    peers: list[dict[str, Any]], protocol: Mapping[str, Any] | None,
) -> tuple[dict[str, Any], dict[str, str], dict[str, float] | None]:  # fmt: skip
    """(same protocol?, agrees?, the two tests) of a printed cell and the user's values, whose own ``protocol`` may come along."""
    column = table["columns"][printed["column"]]
    if quantity is None:
        return dict(BLANK), BLANK, None
    if not values:
        because = "the file gives no value of ours"
        agree = verdict("not run", because)
        if printed["quoted"]:
            source = "elsewhere" if printed["quoted"] is True else printed["quoted"]
            agree = verdict("quoted", f"taken over from {source}")
        return verdict("nothing of ours", because), agree, None
    mine = protocol or column.get("ours_protocol")
    if "protocol" in column and mine is not None:
        same = same_protocol(column["protocol"], mine, column.get("near", ()))
    else:
        same = verdict("near", "the file does not state both protocols: they are taken to be one")
    same_column = [q for c in peers if c["column"] == printed["column"] and (q := Quantity.parse(c["printed"]))]
    margin = column.get("margin", default_margin(quantity, same_column))
    comparable = same["verdict"] in ("same", "near")
    agree = agrees(quantity, values, margin, table["spread"], printed["better"], comparable)
    if not comparable:
        agree["because"] = f"{same['because']}; nothing is subtracted"
    elif lacking := _not_calibrated(column):
        comparable, agree = False, verdict("not comparable", f"{lacking}; nothing is subtracted")
    tests = studies.margin_tests(quantity.value, values, margin) if comparable and table["spread"] != "none" else None
    return same, agree, tests


def _not_calibrated(column: Mapping[str, Any]) -> str | None:
    """Why the user's scorer is not the published one, where the file says what both read on known images."""
    known = column.get("calibration")
    if known is None:
        return None
    read = {"value": known["ours"], "protocol": {"images": "known"}, "run": ""}
    return not_calibrated({**column, "calibration": {**known, "images": "known"}}, {}, [read])
