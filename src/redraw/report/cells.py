"""A paper's sheet and the scores of its runs -> the paper's tables, each printed cell with its four answers.

No torch, no files: everything is handed in, one JSON value comes out, and pages are made of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..core import Quantity
from ..tracking import model_uri
from . import audit
from .bench import Bench
from .comparison import authors_of, compared, ours_of
from .figures import figure
from .judge import BLANK, possible, verdict
from .power import of_cell, of_claim
from .printed import arrange, order, printed_cells, slug
from .studies import adjust, cv_star, least

CELL_COLUMNS = (
    "cell_id", "paper", "table", "row", "dataset", "metric", "printed", "printed_source", "confirmed", "marks",
    "source", "ours", "spread", "n", "seeds", "selection", "envelope_lo", "envelope_hi", "scale", "data", "protocol",
    "possible", "same_protocol", "agrees", "claims", "because", "run", "authors_weights", "authors_agrees",
    "raters", "margin", "difference", "test", "p", "adjusted", "needs_seeds", "cv_star", "elsewhere",
)  # fmt: skip
CLAIM_COLUMNS = (
    "paper", "claim", "origin", "statement", "printed_holds", "seeds_won", "probability", "margin", "scale", "verdict",
    "needs_seeds",
)  # fmt: skip
FACTS = ("fingerprint", "weights", "data", "steps", "images_seen", "stopped", "parameters", "notes")
ABOUT = ("environment", "device", "precision", "compile", "threads", "seconds", "started")


def around(bench: Bench, given: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All printed cells of a cell's table, itself included, and other printings of the same number anywhere."""
    peers = [c for c in bench.printed.values() if (c["paper"], c["table"]) == (given["paper"], given["table"])]
    # A mean rank depends on who else was ranked: the same model's rank elsewhere is another quantity.
    quotations = [
        c for c in bench.printed.values()
        if given["metric"] != "HR" and c["cell_id"] != given["cell_id"]
        and all(c[k] == given[k] for k in ("identity", "dataset", "metric"))
    ]  # fmt: skip
    return peers, quotations


def _cell(bench: Bench, table: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """One printed cell with its four answers."""
    column = table["columns"][given["column"]]
    ours = ours_of(bench, given["run"], given["ours"])
    peers, quotations = around(bench, given)
    same, agree, tests = compared(bench, table, given, given["run"], ours, peers)
    if agree["verdict"] == "quoted":
        ours["source"] = "quoted"
    quantity = Quantity.parse(given["printed"])
    elsewhere = [
        {"value": p["value"], "source": p["source"]}
        for p in bench.sheet.get("third_party", []) if p["cell"] == given["cell_id"]
    ]  # fmt: skip
    others = [q.value for p in elsewhere if (q := Quantity.parse(p["value"]))]
    mine = [ours["ours"]] if tests and others else []
    return {
        **{k: given[k] for k in (*CELL_COLUMNS[:10], "note")}, **ours,
        "possible": possible(given, column, peers, quotations), "differs": same.pop("differs", []), "same_protocol": same,
        "agrees": agree, "authors": authors_of(bench, table, given, peers), **tested(tests),
        "needs": of_cell(bench, given["run"], ours["per_seed"], tests) if agree["verdict"] == "inconclusive" else None,
        "claims": BLANK if quantity is None else resting(bench.claims, given["cell_id"]),
        "cv_star": None if quantity is None else cv_star([quantity.value, *others, *mine], least(given["metric"])),
        "elsewhere": elsewhere,
    }  # fmt: skip


def tested(tests: Mapping[str, float] | None) -> dict[str, Any]:
    """The fields of a cell that hold its tests; `studies.adjust` fills in those of the whole table."""
    known = {k: tests[k] if tests else None for k in ("margin", "difference")}
    return {"tests": tests, **known, "test": None, "p": None, "adjusted": None}


def resting(claims: Sequence[Mapping[str, Any]], cell_id: str) -> dict[str, str]:
    """The least favourable verdict of the claims that rest on a cell, all of them named."""
    on_it = [c for c in claims if cell_id in c["cells"]]
    if not on_it:
        return verdict("no claim rests on it", "no claim of the sheet names this cell")
    order = ("does not hold", "leans the other way", "cannot tell", "leans the same way", "holds", "not testable here")
    worst = next((w for w in order if any(c["verdict"] == w for c in on_it)), "nothing of ours")
    return verdict(worst, "; ".join(f"{c['id']}: {c['verdict']}" for c in on_it))


def _control(bench: Bench, name: str, table: Mapping[str, Any], row: Mapping[str, Any], column: str) -> dict[str, Any]:
    """A cell of a row of ours beneath the printed ones: nothing printed, nothing to judge."""
    about, ours = table["columns"][column], ours_of(bench, row["run"], row["cells"][column])
    ours.pop("_protocol")
    ids = (bench.paper, name, slug(about["dataset"]), slug(row["label"]), slug(about["metric"]))
    because = "a row of ours"
    if ours["ours"] is None:
        because += f"; {bench.absent(row['run'], row['cells'][column])[1]}"
    blank = verdict("blank in print", because)
    return {
        "cell_id": ":".join(ids), "paper": bench.paper, "table": name, "row": row["label"], "dataset": about["dataset"],
        "metric": about["metric"], "printed": "", "printed_source": "", "confirmed": "", "marks": "",
        "note": row.get("note", ""), **ours, "differs": [], "authors": None, **tested(None), "needs": None,
        "cv_star": None, "elsewhere": [],
        **{question: blank for question in ("possible", "same_protocol", "agrees", "claims")},
    }  # fmt: skip


def table_of(
    bench: Bench, name: str, table: Mapping[str, Any], cell: Callable[..., dict[str, Any]] = _cell
) -> dict[str, Any]:
    """One table with its columns and rows; ``cell`` (bench, table, printed cell) answers for a printed one."""
    given = {}
    for c in printed_cells(bench.sheet):
        if c["table"] == name:
            given.setdefault(c["row"], {})[c["column"]] = c
    rows = []
    for row in table.get("rows", []):
        cells = {c: cell(bench, table, g) for c, g in given[row["label"]].items()}
        marks = {c["marks"] for c in cells.values()}
        rows.append({
            "label": row["label"], "kind": "printed", "quoted": bool(row.get("quoted")),
            "marks": marks.pop() if len(marks) == 1 else "", "cells": cells,
        })  # fmt: skip
    for row in table.get("controls", []):
        cells = {c: _control(bench, name, table, row, c) for c in row["cells"]}
        rows.append({"label": row["label"], "kind": row["kind"], "quoted": False, "marks": "", "cells": cells})
    adjust([c for row in rows for c in row["cells"].values() if c["tests"]])
    columns = [
        {"id": i, **{k: c.get(k, "") for k in ("label", "group", "dataset", "metric", "better", "unit", "ours")}}
        for i, c in table["columns"].items()
    ]
    compared = order(table["columns"], rows)
    if "layout" in table:
        columns, rows = arrange(columns, rows, table["layout"])
    return {
        "id": name, **{k: table.get(k, "") for k in ("title", "at", "source", "spread")},
        "confirmed": table.get("confirmed", "document"), "columns": columns, "rows": rows,
        "footnotes": dict(table.get("footnotes", {})), "order": compared,
    }  # fmt: skip


def _lineage(manifest: Mapping[str, Any], scale: str, origin: Mapping[str, str], stale: bool) -> dict[str, Any]:
    """What stands behind a run, for print."""
    about = manifest.get("about", {})
    commit, fingerprint = str(about.get("commit", "")), manifest.get("fingerprint")
    return {
        **{k: manifest[k] for k in FACTS if k in manifest}, **{k: about[k] for k in ABOUT if k in about},
        "config": {k: {"value": v, "origin": origin.get(k, "")} for k, v in manifest.get("config", {}).items()},
        "code": {"digest": about.get("code", ""), "commit": commit.rstrip("+"), "dirty": commit.endswith("+")},
        "stale_code": stale,
        **({"registered": model_uri(scale, manifest["run"], fingerprint)} if fingerprint else {}),
    }  # fmt: skip


def _departures(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each departure once for all seeds of a run."""
    found = {(d["run"].rsplit(".s", 1)[0], d["key"]): d for d in given}
    return [{"run": run, **{k: d[k] for k in ("key", "paper", "ours", "because")}} for (run, _), d in found.items()]


def build(
    sheet: Mapping[str, Any], *, sheets: Mapping[str, Mapping], scores: Mapping[str, Mapping],
    manifests: Mapping[str, Mapping], scale: str, seeds: int, rows: str, stand_ins: Mapping[str, Mapping],
    missing: Mapping[str, str], stale: Collection[str], departures: Sequence[Mapping[str, Any]] = (),
    origins: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All that the pages of one paper show.

    ``sheets`` are all papers' (for quotations and their runs), ``scores`` and ``manifests`` by run id, ``stand_ins``
    {data set: {use, because}}, ``missing`` {"paper/run": why it is not run}, ``stale`` run ids made by older code,
    ``departures`` [{run, key, paper, ours, because}], ``origins`` {run id: {config field: where its value is from}}.
    """
    bench = Bench(sheet, sheets, scores, scale, seeds, stand_ins, missing, manifests)
    claimed = {c["id"]: c for c in sheet.get("claims", [])}
    claims = [{**c, "needs": of_claim(bench, claimed[c["id"]], c)} for c in bench.claims]
    named = {c["dataset"] for t in sheet.get("tables", {}).values() for c in t["columns"].values()}
    named |= {r["dataset"] for r in sheet.get("runs", {}).values()}
    return {
        "paper": dict(sheet["paper"]), "scale": scale, "seeds": seeds, "rows": rows,
        "stand_ins": [
            {"dataset": d, "use": s["use"], "because": s["because"]} for d, s in stand_ins.items() if d in named
        ],
        "tables": [table_of(bench, name, table) for name, table in sheet.get("tables", {}).items()],
        "figures": [
            figure(f, bench.scores, bench.run_ids, bench.why_not(f["run"])) for f in sheet.get("figures", [])
        ],
        "claims": claims, "differences": sheet.get("differences", {}), "misprints": sheet.get("misprints", {}),
        "silences": sheet.get("silences", []), "findings": sheet.get("findings", {}),
        "third_party": sheet.get("third_party", []), "departures": _departures(departures),
        "lineage": {run: _lineage(m, scale, (origins or {}).get(run, {}), run in stale) for run, m in manifests.items()},
    }  # fmt: skip


def tidy(tables: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of cells.csv (CELL_COLUMNS), one for every cell of every paper, rows of ours too."""
    found = []
    for cell in (c for t in tables for table in t["tables"] for row in table["rows"] for c in row["cells"].values()):
        odd = cell["possible"]["verdict"] in ("open to reading", "does not add up")
        reasons = ([cell["possible"]["because"]] if odd else []) + [cell["agrees"]["because"]]
        answers = {q: cell[q]["verdict"] for q in ("possible", "same_protocol", "agrees", "claims")}
        authors = cell.get("authors") or {"ours": None, "agrees": {"verdict": ""}}
        row = {
            **cell, **answers, "because": "; ".join(reasons), "run": " ".join(cell["runs"]),
            "authors_weights": authors["ours"], "authors_agrees": authors["agrees"]["verdict"],
            "raters": cell.get("raters"),
        }  # fmt: skip
        row |= needed(cell) | {"elsewhere": "; ".join(f"{e['value']} ({e['source']})" for e in cell["elsewhere"])}
        found.append({k: "" if row[k] is None else row[k] for k in CELL_COLUMNS})
    return found


def needed(about: Mapping[str, Any]) -> dict[str, Any]:
    """How many seeds a cell or a claim needs, as a column; how long these take differs by machine, which no CSV may."""
    return {"needs_seeds": (about["needs"] or {}).get("seeds")}


def claims_rows(tables: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of claims.csv (CLAIM_COLUMNS)."""
    found = []
    for t in tables:
        for c in t["claims"]:
            row = {**c, "claim": c["id"], "statement": c["says"], "scale": t["scale"], **needed(c)}
            found.append({k: "" if row[k] is None else row[k] for k in CLAIM_COLUMNS})
    return found


def summary(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts by verdict of each question over all printed cells, and of the claims."""
    return audit.summary(list(tables))
