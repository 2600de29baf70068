"""docs/reference: the committed copy of finished tables, with the commit and the machine that made them."""

from __future__ import annotations

import base64
import io
import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .core import RedrawError, atomic_copy, atomic_path, atomic_write, read_json, write_json
from .records import commit, environment

KINDS = (".md", ".csv", ".html")


def reference(tables: Path, out: Path) -> None:
    """Copy the rendered tables of one scale to ``out`` and write provenance.json and the README's picture beside them.

    Raises RedrawError where there are no tables.
    """
    index = read_json(tables / "index.json")
    if index is None:
        raise RedrawError(f"{tables}: no tables: run `make reference`")
    shutil.rmtree(out, ignore_errors=True)
    papers = [read_json(record) for record in index["from"] if "/tables/" in record]
    for name in sorted(p.name for p in tables.iterdir() if p.suffix in KINDS):
        atomic_copy(tables / name, out / name)
    runs = {run: about for paper in papers for run, about in paper["lineage"].items()}
    kept = ("weights", "seconds", "steps", "code")
    made = {k: papers[0][k] for k in ("scale", "seeds", "rows")} | {
        "commit": commit(),
        "machine": environment() | {"processor": processor()},
        "training_seconds": round(sum(r["seconds"] for r in runs.values()), 1),
        "runs": {run: {k: about[k] for k in kept} for run, about in sorted(runs.items())},
    }
    write_json(out / "provenance.json", made)
    lines = [
        f"# Tables at scale {made['scale']}, {made['seeds']} seeds, rows {made['rows']}",
        "",
        f"Made by `make reference` from commit {made['commit']} on {made['machine']['processor']}, "
        f"{made['machine']['cores']} cores; {len(runs)} trainings, {made['training_seconds']:g} s of training in all.",
        "",
    ]
    lines += [f"* [{p['paper']['short']}]({p['paper']['id']}.md): {p['paper']['title']}" for p in papers]
    lines += ["* [all papers](index.md), [the audit](audit.md), [cells.csv](cells.csv), [claims.csv](claims.csv)"]
    atomic_write(out / "README.md", "\n".join(lines) + "\n")
    for paper in papers:
        for figure in paper["figures"]:
            if figure["kind"] == "samples" and figure.get("grid"):
                picture(figure, out / f"{paper['paper']['id']}-{figure['id']}.png")


def processor() -> str:
    """The processor's name as the kernel tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def picture(figure: Mapping[str, Any], path: Path, side: int = 56) -> None:
    """A sample figure as one PNG: a caption a row, its images beside it, the names of the columns above where it has any."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size=18)
    rows, labels = figure["grid"], figure.get("labels") or []
    if labels:  # a model's name needs more room than a picture of 32 pixels
        side = max(side, 8 + max(int(font.getlength(word)) for label in labels for word in label.split()))
    captions = ["\n".join(textwrap.wrap(row["caption"], 64)) for row in rows]
    head = 28 * max((len(label.split()) for label in labels), default=0)
    left = 24 + max(int(font.getlength(line)) for caption in captions for line in caption.split("\n"))
    columns = max(len(row["images"]) for row in rows)
    sheet = Image.new("RGB", (left + columns * (side + 4) + 8, head + len(rows) * (side + 4) + 8), "white")
    pen = ImageDraw.Draw(sheet)
    for j, label in enumerate(labels):
        middle = left + j * (side + 4) + side / 2
        pen.multiline_text(
            (middle, head), "\n".join(label.split()), fill="#1d1d1b", font=font, anchor="md", align="center"
        )
    for k, row in enumerate(rows):
        top = 6 + head + k * (side + 4)
        pen.multiline_text(
            (left - 14, top + side / 2), captions[k], fill="#1d1d1b", font=font, anchor="rm", align="right"
        )
        for j, uri in enumerate(row["images"]):
            image = Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB")
            sheet.paste(image.resize((side, side), Image.Resampling.NEAREST), (left + j * (side + 4), top))
    with atomic_path(path) as part:
        sheet.save(part, "PNG", optimize=True)
