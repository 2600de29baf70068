"""What DVC sets side by side between revisions: a paper's numbers, its runs' curves, its samples as one picture."""

from __future__ import annotations

import base64
import csv
import io
import math
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import atomic_path, atomic_write, write_json
from . import words
from .attention import flat

if TYPE_CHECKING:
    from PIL.Image import Image

Json = Mapping[str, Any]
CURVE_COLUMNS = ("run", "curve", "step", "value")
POINTS = 200  # of one curve, so that git can hold a revision's


def write_comparable(table_json: Json, scores: Mapping[str, Json], out_dir: Path) -> None:
    """Write <paper>.json (numbers), .csv (curves) and .png (samples) into ``out_dir``; ``scores`` are by run id."""
    base = out_dir / table_json["paper"]["id"]
    write_json(base.with_suffix(".json"), numbers(table_json))
    atomic_write(base.with_suffix(".csv"), curves(table_json["paper"]["id"], scores))
    with atomic_path(base.with_suffix(".png")) as part:
        samples(table_json).save(part, "PNG", optimize=True)


def numbers(table_json: Json) -> dict[str, Any]:
    """{table: {row: {column: our value}}, "claims": {claim: probability}}; what has no value of ours is left out.

    Rows are named as in cell ids. Controls and ceilings are left out: they are the same whatever a model does.
    """
    found: dict[str, Any] = {}
    for table in table_json["tables"]:
        for row in table["rows"]:
            for column, cell in row["cells"].items():
                value = cell["ours"]
                if row["kind"] in ("printed", "ours") and value is not None and math.isfinite(value):
                    name = cell["cell_id"].split(":")[3]
                    found.setdefault(table["id"], {}).setdefault(name, {})[column] = value
    sure = {c["id"]: c["probability"] for c in table_json["claims"] if c["probability"] is not None}
    return found | ({"claims": sure} if sure else {})


def curves(paper: str, scores: Mapping[str, Json]) -> str:
    """CSV with CURVE_COLUMNS of the paper's own runs, each curve thinned evenly to POINTS points, its last one kept."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(CURVE_COLUMNS)
    for run in sorted(r for r in scores if r.startswith(f"{paper}/")):
        for name, curve in sorted(scores[run]["curves"].items()):
            points = list(zip(curve["x"], curve["y"], strict=True))
            every = -(-len(points) // POINTS) or 1
            for x, y in points[::-1][::every][::-1]:
                writer.writerow([run.split("/")[1], name, x, y if math.isfinite(y) else ""])
    return held.getvalue()


def samples(table_json: Json) -> Image:
    """A paper's figures of samples and attention below each other, each under its title; a blank strip where there are none."""
    from PIL import Image, ImageDraw, ImageFont

    figures = [f for f in table_json["figures"] if f.get("grid")]
    sheets, gap = [picture(f) for f in figures], 34
    width, height = max((s.width for s in sheets), default=320), sum(s.height + gap for s in sheets)
    whole = Image.new("RGB", (width, max(height, gap)), "white")
    pen, font, top = ImageDraw.Draw(whole), ImageFont.load_default(size=18), 0
    for figure, sheet in zip(figures, sheets, strict=True):
        pen.text((8, top + gap / 2), figure["title"], fill="#1d1d1b", font=font, anchor="lm")
        whole.paste(sheet, (0, top + gap))
        top += sheet.height + gap
    if not figures:
        pen.text((8, gap / 2), "no samples", fill="#1d1d1b", font=font, anchor="lm")
    return whole


def picture(figure: Json, side: int = 56) -> Image:
    """A figure of samples as one picture: a caption a row, its images beside it, the names of the columns above where it has any.

    Pictures of which nothing was asked stand a dozen a row. Of attention: a caption and stage a row, below each map its word, as
    where one looks that writes.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size=18)
    rows, labels, below = figure["grid"], figure.get("labels") or [], 0
    if not any(row["caption"] for row in rows) and not labels:
        pictures = [uri for row in rows for uri in row["images"]]
        rows = [{"caption": "", "images": pictures[k : k + 12]} for k in range(0, len(pictures), 12)]
    if figure["kind"] == "attention":
        rows, side, below = flat(rows), 2 * side, 24
    elif figure["kind"] == "looking":
        rows, side, below = [{**row, "words": row["said"][1:]} for row in rows], 2 * side, 24
    if labels:  # a model's name needs more room than a picture of 32 pixels
        side = max(side, 8 + max(int(font.getlength(word)) for label in labels for word in label.split()))
    captions = ["\n".join(textwrap.wrap(row["caption"], 64)) for row in rows]
    head = 28 * max((len(label.split()) for label in labels), default=0)
    left = 24 + max(int(font.getlength(line)) for caption in captions for line in caption.split("\n"))
    columns = max(len(row["images"]) for row in rows)
    if not columns:  # documents
        side = 24 * max(caption.count("\n") + 1 for caption in captions)
    sheet = Image.new("RGB", (left + columns * (side + 4) + 8, head + len(rows) * (side + below + 4) + 8), "white")
    pen = ImageDraw.Draw(sheet)
    for j, label in enumerate(labels):
        middle = left + j * (side + 4) + side / 2
        pen.multiline_text(
            (middle, head), "\n".join(label.split()), fill="#1d1d1b", font=font, anchor="md", align="center"
        )
    for k, row in enumerate(rows):
        top = 6 + head + k * (side + below + 4)
        pen.multiline_text(
            (left - 14, top + side / 2), captions[k], fill="#1d1d1b", font=font, anchor="rm", align="right"
        )
        for j, uri in enumerate(row["images"]):
            image = Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB")
            sheet.paste(image.resize((side, side), Image.Resampling.NEAREST), (left + j * (side + 4), top))
        for j, word in enumerate(row.get("words", ()), start=1):
            middle = left + j * (side + 4) + side / 2
            pen.text((middle, top + side + 2), words.cut(word, 11), fill="#1d1d1b", font=font, anchor="ma")
    return sheet
