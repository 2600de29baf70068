"""From records to rendered tables: gathers what cells.build needs, renders, and returns the record's facts."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import read_json, write_json
from ..resolve import sized
from ..sheets import read_sheets
from . import cells, render
from .compare import write_comparable

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
            scores[manifest["run"]] = {**read_json(record), "samples": {}}
    old = {
        record
        for record, code in spec["code"].items()
        if (read_json(record) or {}).get("about", {}).get("code") != code
    }
    stale = {run for run, about in spec["runs"].items() if old & set(about["records"])}
    for figure in sheet.get("figures", []):
        if figure["kind"] == "samples":
            for column in figure.get("columns", [figure]):
                base = column["run"] if "/" in column["run"] else f"{spec['paper']}/{column['run']}"
                name = column.get("evaluation", figure["evaluation"])
                asked = sized(sheet["evaluations"][name], spec["scale"], f"evaluations.{name}")
                for run in (r for r in scores if r.rsplit(".s", 1)[0] == base):
                    path = Path("results", spec["scale"], "runs", run, "samples.npz")
                    scores[run]["samples"][name] = grid(path, asked)
    table = cells.build(
        sheet, sheets=sheets, scores=scores, manifests=manifests, scale=spec["scale"], seeds=spec["seeds"], rows=spec["rows"],
        stand_ins=spec["stand_ins"], missing=spec["missing"], stale=stale,
        departures=[{"run": run, **d} for run, about in spec["runs"].items() for d in about["departures"]],
    )  # fmt: skip
    render.write_paper(table, folder, [(p["paper"]["id"], p["paper"]["short"]) for p in sheets.values()])
    write_comparable(table, scores, folder / "compare")
    return table, {"code": spec["report"]}


def index_tables(spec: Mapping[str, Any], made_from: list[str], folder: Path, overridden: Mapping[str, Any]) -> Sealed:
    """Render the pages over all papers. ``overridden`` is what the command line said otherwise than params.yaml."""
    tables = [read_json(record) for record in made_from if "/tables/" in record]
    summary = cells.summary(tables)
    write_json(folder / "resolved.json", {"params": spec["params"], "overridden": overridden})
    pictures = [contact_sheet(name) for name in spec["pictures"]]
    render.write_index(tables, summary, folder, {**environment(tables), "pictures": pictures})
    return {"summary": summary}, {"code": spec["report"]}


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


def contact_sheet(dataset: str, columns: int = 6, rows: int = 4) -> dict[str, str]:
    """The first test images of a prepared data set as one picture, with what it is."""
    from ..data import find
    from ..data.base import Prepared

    opened, about = Prepared.open(Path("results/data", dataset)), find(dataset)
    test = opened.splits["test"]
    columns, rows = min(columns, len(test)), max(1, min(rows, len(test) // columns))  # small sets fill fewer rows
    shown = [opened.image(i) for i in test[: columns * rows]]
    sheet = np.concatenate([np.concatenate(shown[k * columns : (k + 1) * columns], 1) for k in range(rows)], 0)
    text = about.title + (f"; stand for {about.stands_for.upper()}" if about.stands_for else "")
    return {
        "src": data_uri(np.moveaxis(sheet, -1, 0)),
        "alt": f"{columns * rows} images of {about.title}",
        "text": text,
    }


def grid(path: Path, evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows [{"caption", "images": [data URI]}] of a run's samples, one row per caption in the order asked for."""
    from ..scores import group_name

    name = group_name(evaluation)
    with np.load(path) as stored:
        if name not in stored:  # this run is not sampled so
            return []
        images, captions = stored[name], stored[f"{name}/captions"].tolist()
        style = stored.get(f"{name}/style", ())
    rows: dict[str, list[str]] = {}
    for caption, image in zip(captions, images, strict=True):
        rows.setdefault(caption, []).append(data_uri(image))
    styles = [{"caption": "real images: in the style of", "images": [data_uri(i) for i in style]}] if len(style) else []
    return [*styles, *({"caption": caption, "images": row} for caption, row in rows.items())]


def data_uri(image: np.ndarray) -> str:
    """A uint8 image [C, H, W] as a PNG inside a data URI."""
    from PIL import Image

    picture = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))
    held = io.BytesIO()
    picture.save(held, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
