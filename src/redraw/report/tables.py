"""From records to rendered tables: gathers what cells.build needs, renders, and returns the record's facts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError, nearest, read_json, write_json
from ..data.base import Prepared
from ..ranks import metrics_of
from ..resolve import sized
from ..sheets import read_sheets
from . import cells, render
from .animation import sequences
from .attention import sentences, strips
from .compare import write_comparable
from .gallery import contact_sheet, data_uri, stand_ins

Sealed = tuple[dict[str, Any], dict[str, Any]]


def paper_table(spec: Mapping[str, Any], made_from: list[str], folder: Path) -> Sealed:
    """Judge and render one paper. Returns what its record holds: the whole table, and nothing that differs by machine."""
    sheets = read_sheets()
    sheet = sheets[spec["paper"]]
    scores, manifests = {}, {}
    for record in made_from:
        home = Path(record).parent
        manifest = read_json(home / "manifest.json")
        manifests[manifest["run"]] = manifest
        if record.endswith("scores.json"):
            scores[manifest["run"]] = {**read_json(record), **{kind: {} for kind in SHOWN}}
    drawn = {run: _samples(s) for run, s in scores.items()}
    for run, ranked in metrics_of(spec.get("ranks", {}), spec["scale"], drawn).items():
        if run in scores:
            scores[run]["metrics"] |= ranked
    old = {
        record
        for record, code in spec["code"].items()
        if (read_json(record) or {}).get("about", {}).get("code") != code
    }
    stale = {run for run, about in spec["runs"].items() if old & set(about["records"])}
    for figure in sheet.get("figures", []):
        if figure["kind"] in SHOWN:
            for column in figure.get("columns", [figure]):
                base = column["run"] if "/" in column["run"] else f"{spec['paper']}/{column['run']}"
                name = column.get("evaluation", figure["evaluation"])
                asked = _evaluation(sheets, base.split("/")[0], name, spec["scale"])
                for run in (r for r in scores if r.rsplit(".s", 1)[0] == base):
                    path = Path("results", spec["scale"], "runs", run, "samples.npz")
                    scores[run][figure["kind"]][name] = SHOWN[figure["kind"]](path, asked)
    table = cells.build(
        sheet, sheets=sheets, scores=scores, manifests=manifests, scale=spec["scale"], seeds=spec["seeds"], rows=spec["rows"],
        stand_ins=spec["stand_ins"], missing=spec["missing"], stale=stale,
        departures=[{"run": run, **d} for run, about in spec["runs"].items() for d in about["departures"]],
    )  # fmt: skip
    render.write_paper(table, folder, [(p["paper"]["id"], p["paper"]["short"]) for p in sheets.values()])
    write_comparable(table, scores, folder / "compare")
    return table, {"code": spec["report"]}


def _samples(scores: Mapping[str, Any]) -> str | None:
    """The digest of the samples that a run's scores are of."""
    return next((digest for record, digest in scores["from"].items() if record.endswith("/samples.json")), None)


def _evaluation(sheets: Mapping[str, Mapping[str, Any]], paper: str, name: str, scale: str) -> dict[str, Any]:
    """An evaluation as the sheet has it whose run is shown."""
    known = sheets[paper].get("evaluations", {})
    if name not in known:
        raise RedrawError(
            f"papers/{paper}.yaml, evaluations: no {name!r}, which a figure shows: {nearest(name, list(known))}"
        )
    return sized(known[name], scale, f"papers/{paper}.yaml, evaluations.{name}")


def index_tables(spec: Mapping[str, Any], made_from: list[str], folder: Path, overridden: Mapping[str, Any]) -> Sealed:
    """Render the pages over all papers. ``overridden`` is what the command line said otherwise than params.yaml."""
    tables = [read_json(record) for record in made_from if "/tables/" in record and record != spec["gallery"]]
    summary = cells.summary(tables)
    write_json(folder / "resolved.json", {"params": spec["params"], "overridden": overridden})
    pictures = [contact_sheet(Prepared.open(Path(record).parent), name) for name, record in spec["pictures"].items()]
    others = read_json(spec["gallery"])["stand_ins"]
    render.write_index(tables, summary, folder, {**environment(tables), "pictures": pictures, "stand_ins": others})
    return {"summary": summary}, {"code": spec["report"]}


def gallery(spec: Mapping[str, Any]) -> Sealed:
    """What stands in for the data sets that no table of this scale needs."""
    return {"stand_ins": stand_ins(spec["stand_ins"])}, {"code": spec["report"]}


def environment(tables: list[dict[str, Any]]) -> dict[str, Any]:
    """Commit, machine and versions behind all runs that the tables show; what differs between runs is left out."""
    runs = {run: about for table in tables for run, about in table["lineage"].items()}
    if not runs:
        return {}

    def one(values: list[Any]) -> Any:
        return values[0] if all(v == values[0] for v in values) else None

    found = one([r["environment"] for r in runs.values()]) or {}
    machine = f"{one([r['device'] for r in runs.values()]) or 'several devices'}, {found.get('cores', '?')} cores"
    return {
        "commit": one([r["code"]["commit"] for r in runs.values()]),
        "machine": machine,
        "versions": {k: found[k] for k in ("python", "torch", "numpy") if k in found},
        "wall": {f"training, {len(runs)} runs": sum(r["seconds"] for r in runs.values())},
    }


def grid(path: Path, evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows [{"caption", "images": [data URI]}] of a run's samples, one row per caption in the order asked for.

    One row of all, its caption "", where nothing was asked for. Where a captioner wrote of the images, ``said`` has a caption
    for each. Of a model of documents a row for each that it wrote, without an image.
    """
    from ..scores import group_name

    name = group_name(evaluation)
    with np.load(path) as stored:
        if name not in stored:  # this run is not sampled so
            return []
        images = stored[name]
        captions = stored[f"{name}/captions"].tolist() or [""] * len(images)
        style = stored.get(f"{name}/style", ())
        written = stored.get(f"{name}/written.{evaluation.get('captioned')}")
    if not images.size:  # documents: what was written is all that there is
        return [{"caption": str(text), "images": []} for text in (() if written is None else written)]
    rows: dict[str, dict[str, Any]] = {}
    for k, (caption, image) in enumerate(zip(captions, images, strict=True)):
        row = rows.setdefault(caption, {"caption": caption, "images": []})
        row["images"].append(data_uri(image))
        if written is not None:
            row.setdefault("said", []).append(str(written[k]))
    styles = [{"caption": "real images: in the style of", "images": [data_uri(i) for i in style]}] if len(style) else []
    return [*styles, *rows.values()]


SHOWN = {"samples": grid, "attention": strips, "looking": sentences, "drawing": sequences}
"""What a figure of each kind shows of a run's samples.npz, by kind."""
