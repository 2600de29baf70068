"""The small files of a stage that MLflow is given: pictures of samples, rendered tables, what stands for a model. No torch."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from .core import atomic_write, read_json, write_json
from .mirror import Stage

SHOWN = 64  # images of a group
SIDE = 56  # pixels that an image has at least
INDEX = ("index.md", "index.html", "audit.md", "cells.csv", "claims.csv", "resolved.json")


def collect(stage: Stage, folder: Path) -> dict[str, str]:
    """Write a finished stage's small files to ``folder``; nothing where others have taken their place. Returns tags.

    Checkpoints are DVC's: what is written for a model says which file it is.
    """
    record = Path(stage.begin["record"])
    if (read_json(record) or {}).get("digest") != stage.end["digest"]:
        return {}
    verb = stage.begin["verb"]
    if verb in ("train", "pretrain", "convert"):
        return _model(stage, record.parent / "model.pt", folder / "model")
    if verb == "sample":
        _samples(record.with_suffix(".npz"), folder / "samples")
    elif verb == "table":
        _copy([record.with_suffix(kind) for kind in (".md", ".html", ".csv")], folder / "table")
    elif verb == "index":
        _copy([record.with_name(name) for name in INDEX], folder / "index")
    return {}


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir()
    for path in files:
        if path.exists():
            shutil.copyfile(path, folder / path.name)


def _model(stage: Stage, path: Path, folder: Path) -> dict[str, str]:
    told: dict[str, Any] = {k: stage.end[k] for k in ("weights", "model", "parameters", "steps", "stopped")}
    told |= {"path": str(path), **{k: stage.begin[k] for k in ("run", "fingerprint")}}
    tags = {}
    if path.exists():
        with open(path, "rb") as f:
            tags["dvc_md5"] = told["dvc_md5"] = hashlib.file_digest(f, "md5").hexdigest()
    write_json(folder / "model.json", told)
    return tags


def _samples(path: Path, folder: Path) -> None:
    """A picture and the captions of each group that a model drew: eight images a row, in the order asked for."""
    with np.load(path) as stored:
        for name in stored.files:
            if "-model-" not in name or "/" in name:
                continue
            images, captions = stored[name][:SHOWN], stored[f"{name}/captions"][:SHOWN].tolist()
            folder.mkdir(exist_ok=True)
            picture(images).save(folder / f"{name}.png", optimize=True)
            if captions:
                atomic_write(folder / f"{name}.txt", "\n".join(captions) + "\n")


def picture(images: np.ndarray, columns: int = 8) -> Any:
    """uint8 images [N, C, H, W] as one picture, row by row, a white line between them."""
    from PIL import Image

    n, _, height, width = images.shape
    times = max(1, -(-SIDE // max(height, width)))
    rows = -(-n // columns)
    sheet = Image.new("RGB", (columns * (width * times + 2), rows * (height * times + 2)), "white")
    for k, image in enumerate(images):
        one = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)).convert("RGB")
        at = (k % columns) * (width * times + 2), (k // columns) * (height * times + 2)
        sheet.paste(one.resize((width * times, height * times), Image.Resampling.NEAREST), at)
    return sheet
