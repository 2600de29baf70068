"""What `redraw plan` and `explain` answer: lines for people and a value for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .core import RedrawError, nearest, read_json
from .fresh import fresh
from .plan import Plan
from .sheets import read_params
from .tracking import model_uri

Answer = tuple[list[str], Any]


def planned(scale: str | None = None, seeds: int | None = None, rows: str | None = None) -> Plan:
    """The plan of params.yaml with the command line's overrides."""
    overrides = {"scale": scale, "seeds": seeds, "rows": rows}
    return Plan(read_params(Path("params.yaml")) | {k: v for k, v in overrides.items() if v is not None})


def plan(plan: Plan, run: str | None) -> Answer:
    return _run(plan, run) if run else _costs(plan)


def _run(plan: Plan, run: str) -> Answer:
    if run not in plan.run:
        raise RedrawError(f"plan {run}: no such run at scale {plan.scale}: {nearest(run, list(plan.run))}")
    r = plan.run[run]
    width = max(len(k) for k in r.config)
    lines = [f"{r.id}  {r.recipe}  on {r.dataset}" + (f" (for {r.stands_for})" if r.dataset != r.stands_for else "")]
    lines += [f"  {k:<{width}}  {r.config[k]!s:<14} {r.origin[k]}" for k in r.config]
    lines += [f"  needs {role}: {other}" for role, other in {**r.needs, **r.instruments}.items()]
    lines += [f"  departs: {d['key']} is {d['ours']}, paper {d['paper']} ({d['because']})" for d in r.departures]
    config = {k: {"value": v, "origin": r.origin[k]} for k, v in r.config.items()}
    about = {"run": r.id, "recipe": r.recipe, "dataset": r.dataset, "stands_for": r.stands_for}
    return lines, {
        **about,
        "config": config,
        "departures": r.departures,
        "needs": r.needs,
        "instruments": r.instruments,
    }


def _costs(plan: Plan) -> Answer:
    """GPU-hours, disk and missing files per table. A figure that nobody gave reads "not estimated"."""
    from .data import missing, raw_folder

    rows = []
    for paper, sheet in plan.sheets.items():
        runs = [plan.run[r] for r in plan.runs(paper)]
        budget = sheet.get("budget", {}).get(plan.scale, {})
        per_run = budget.get("gpu_hours")
        hours = None if per_run is None else round(per_run * sum(r.stage == "train" for r in runs), 2)
        folders = {raw_folder(r.dataset): r.dataset for r in runs}  # data sets may share their raw files
        absent = sorted({f"{raw}: {f}" for raw, d in folders.items() for f in missing(d, Path("work/raw", raw))})
        for table in sheet.get("tables", {}):
            rows.append({"paper": paper, "table": table, "runs": len(runs), "gpu_hours": hours,
                         "disk_gb": budget.get("disk_gb"), "source": budget.get("source"), "missing": absent})  # fmt: skip
    state = fresh(plan)
    width = max(len(f"{r['paper']} {r['table']}") for r in rows)
    lines = [f"scale {plan.scale}, {plan.seeds} seed{'s' * (plan.seeds > 1)}, rows {plan.rows}: "
             f"{sum(not ok for ok in state.values())} of {len(state)} artefacts to make",
             f"{'table':<{width}}  runs  GPU-hours      disk           missing files"]  # fmt: skip
    for r in rows:
        if not r["runs"]:
            lines.append(f"{r['paper'] + ' ' + r['table']:<{width}}     0  no recipe for this table yet")
            continue
        hours = "not estimated" if r["gpu_hours"] is None else f"{r['gpu_hours']:g}"
        disk = "not estimated" if r["disk_gb"] is None else f"{r['disk_gb']:g} GB"
        files = ", ".join(r["missing"]) or "none"
        lines.append(f"{r['paper'] + ' ' + r['table']:<{width}}  {r['runs']:>4}  {hours:<13}  {disk:<13}  {files}")
    lines += [f"  {p}/{n.split('/')[1]}: {why}" for n, why in plan.missing.items() for p in [n.split("/")[0]]]
    return lines, {"scale": plan.scale, "seeds": plan.seeds, "tables": rows, "left_out": plan.missing}


def explain(plan: Plan, cell_id: str) -> Answer:
    """Printed, ours, the four answers, and all that stands behind our value."""
    tables = {p: read_json(plan.table(p)) for p in plan.sheets}
    if not any(tables.values()):
        raise RedrawError(f"results/tables/{plan.scale}: no tables yet: run `make tables SCALE={plan.scale}` first")
    cells = {}
    for table in filter(None, tables.values()):
        for t in table["tables"]:
            for row in t["rows"]:
                for cell in row["cells"].values():
                    cells[cell["cell_id"]] = (table, cell)
    if cell_id not in cells:
        raise RedrawError(f"explain {cell_id}: no such cell: {nearest(cell_id, list(cells))[:300]}")
    table, cell = cells[cell_id]
    ours = "nothing" if cell["ours"] is None else f"{cell['ours']:.6g}"
    if cell["ours"] is not None:
        ours += f" ± {cell['spread']:.2g}" if cell["spread"] else ""
        ours += f", {cell['raters']} raters" if cell.get("raters") else ""
        ours += f"  ({cell['seeds']} seed{'s' * (cell['seeds'] != 1)}, n = {cell['n']}, selection {cell['selection']})"
    lines = [
        cell_id,
        f"  printed       {cell['printed'] or '(ours only)'}   {cell['printed_source'] or ''}",
        f"  ours          {ours}",
    ]
    for question in ("possible", "same_protocol", "agrees", "claims"):
        lines.append(f"  {question:<14}{cell[question]['verdict']}: {cell[question]['because']}")
    for d in cell["differs"]:
        lines.append(f"  differs       {d['field']}: paper {d['paper']}, ours {d['ours']}")
    lineage = {
        run: _lineage(plan, run, table) for run in cell["runs"] if run in plan.run and read_json(plan.manifest(run))
    }
    for run, one in lineage.items():
        lines += _lineage_lines(run, one)
    return lines, {"cell": cell, "lineage": lineage}


def _lineage(plan: Plan, run: str, table: dict) -> dict[str, Any]:
    """What stands behind a run: values with origin, digests of data, weights and code, commit, machine, time."""
    r, record = plan.run[run], read_json(plan.manifest(run))
    about, data = record["about"], read_json(plan.data(r.dataset)) or {}
    return {
        "config": {k: {"value": v, "origin": r.origin.get(k, "")} for k, v in record["config"].items()},
        "departures": list(r.departures), "data": {"name": r.dataset, "digest": data.get("digest")},
        "weights": record["weights"], "fingerprint": record["fingerprint"], "code": about["code"], "commit": about["commit"],
        "stale_code": table["lineage"].get(run, {}).get("stale_code"), "environment": about["environment"],
        "registered": model_uri(plan.scale, run, record["fingerprint"]),
        "device": about["device"], "seconds": about["seconds"], "steps": record["steps"], "stopped": record["stopped"],
    }  # fmt: skip


def _lineage_lines(run: str, one: dict[str, Any]) -> list[str]:
    changed = " (changed since)" if one["stale_code"] else ""
    machine = ", ".join(f"{k} {v}" for k, v in one["environment"].items())
    return [
        f"  run {run}",
        f"    data        {one['data']['name']}, digest {one['data']['digest']}",
        f"    weights     sha256 {one['weights'][:16]}…",
        f"    in MLflow   {one['registered']}",
        f"    code        {one['code']}{changed}, commit {one['commit']}",
        f"    machine     {one['device']}, {machine}",
        f"    trained     {one['steps']} steps in {one['seconds']:.1f} s ({one['stopped']})",
        *(f"    {k} = {v['value']}   {v['origin']}" for k, v in one["config"].items()),
    ]
