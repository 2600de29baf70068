"""Human ranks: which columns of the papers' tables hold them, whose images people rank, and where it lies. No torch.

A column of metric HR whose ``ours`` is human_rank/<paper>.<table>.<data set> can be collected: people rank the images of
the runs that its cells name (`redraw rank`). A value enters a table from the scored record alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core import Quantity, RedrawError, nearest, read_json

if TYPE_CHECKING:
    from .plan import Plan

METRIC = "human_rank/"


@dataclass(frozen=True)
class Column:
    """A column of mean ranks: ``id`` is <paper>.<table>.<data set>, ``methods`` are (label as printed, "paper/run")."""

    id: str
    paper: str
    dataset: str
    methods: tuple[tuple[str, str], ...]


def columns(sheets: Mapping[str, Mapping[str, Any]]) -> dict[str, Column]:
    """All columns that can be collected, by id. Raises RedrawError where a sheet names one otherwise than it is called."""
    found = {}
    for paper, sheet in sheets.items():
        for name, table in sheet.get("tables", {}).items():
            for ident, about in table["columns"].items():
                ours = about.get("ours", "")
                if not ours.startswith(METRIC):
                    continue
                column = f"{paper}.{name}.{about['dataset']}"
                if ours != METRIC + column:
                    where = f"papers/{paper}.yaml, tables.{name}.columns.{ident}.ours"
                    raise RedrawError(f"{where}: {ours!r}: write {METRIC}{column}")
                methods = [(row["label"], run) for row in table["rows"] if (run := _run(row, ident, paper))]
                found[column] = Column(column, paper, about["dataset"], tuple(methods))
    return found


def _run(row: Mapping[str, Any], column: str, paper: str) -> str | None:
    """ "paper/run" whose images stand for a row, where its cell prints a number and names one."""
    cell = row["cells"].get(column, "")
    cell = {"printed": cell} if isinstance(cell, str) else cell
    run = cell.get("run", row.get("run"))
    if not run or Quantity.parse(cell["printed"]) is None:
        return None
    return run if "/" in run else f"{paper}/{run}"


def find(sheets: Mapping[str, Mapping[str, Any]], column: str) -> Column:
    """The column called so. Raises RedrawError with the known ones."""
    known = columns(sheets)
    if column not in known:
        raise RedrawError(f"rank {column}: no column of human ranks: {nearest(column, list(known))}")
    return known[column]


def folder(scale: str, column: str) -> Path:
    return Path("results", "rank", scale, column)


def runs_of(plan: Plan, column: Column) -> list[str]:
    """Run ids whose images are ranked, one a method, of the first seed. RedrawError where one is not run at this scale."""
    found = [f"{base}.s0" for _, base in column.methods]
    for run in found:
        if run not in plan.run:
            reason = plan.missing.get(run.removesuffix(".s0"), "not planned")
            raise RedrawError(
                f"rank {column.id}: {run} is not run at scale {plan.scale} ({reason}): see to it that the workflow runs it"
            )
    return found


def made_from(plan: Plan, column: Column) -> list[str]:
    """The files that a rater page is written from: the runs' samples, and the data set that real images are taken from."""
    runs = runs_of(plan, column)
    data = plan.artefacts[plan.manifest(runs[0])].spec["data"]
    samples = [f"{plan.run_dir(run)}/samples.{kind}" for run in runs for kind in ("json", "npz")]
    return [*samples, data, data.replace("manifest.json", "images.u8")]


def scored(sheets: Mapping[str, Mapping[str, Any]], paper: str, scale: str) -> dict[str, str]:
    """{column: digest of its scored record} of those of a paper's columns that were collected."""
    found = {column: (_record(scale, column) or {}).get("digest") for column in columns({paper: sheets[paper]})}
    return {column: digest for column, digest in found.items() if digest}


def metrics_of(asked: Mapping[str, str], scale: str, samples: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """{run id: {metric: value with its protocol}} of the scored records ``asked`` {column: digest}.

    ``samples`` {run id: digest of its samples now}: ranks of other images than these are left out. Raises RedrawError
    where a record is another one than asked for.
    """
    found: dict[str, dict[str, Any]] = {}
    for column, digest in asked.items():
        record = _record(scale, column) or {}
        if record.get("digest") != digest:
            raise RedrawError(f"{folder(scale, column)}/score.json: scored again meanwhile: run the same command again")
        if all(samples.get(run, judged) == judged for run, judged in record["samples"].items()):
            for run, metric in record["metrics"].items():
                found.setdefault(run, {})[METRIC + column] = metric
    return found


def _record(scale: str, column: str) -> dict[str, Any] | None:
    return read_json(folder(scale, column) / "score.json")


def how(metric: str, scale: str) -> str:
    """Why a cell of human ranks is empty, and what fills it."""
    column = metric.removeprefix(METRIC)
    place = folder(scale, column)
    return (
        f"not collected: nobody has ranked these images yet; `snakemake --cores all {place}/index.html` writes the page for "
        f"raters, `redraw rank collect {place}` gathers what they say, `redraw rank score {place}` scores it"
    )
