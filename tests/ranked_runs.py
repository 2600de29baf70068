"""Runs of a column of human ranks whose samples were drawn by nobody: pictures that name their method, for pages and raters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from redraw import data
from redraw.core import digest, write_json
from redraw.plan import Plan
from redraw.ranks import Column, find, runs_of
from redraw.sheets import read_params

ROOT = Path(__file__).parents[1]
COLUMN = "stackgan.inception-and-human-rank.cub"
LEVELS = (60, 140, 220)  # of the pictures of each method, in the order of the column's rows
CAPTIONS = [f"a small bird number {k} with a red crown" for k in range(28)]


def planned(**overrides: Any) -> Plan:
    return Plan(read_params(ROOT / "params.yaml") | {"scale": "smoke", **overrides})


def write_samples(
    folder: Path, level: int, captions: Sequence[str], group: str = "test-model-30", side: int = 16
) -> None:
    """A run's samples.npz and its record; every picture has the grey ``level`` of its method, and its row in one corner."""
    images = np.full((30, 3, side, side), level, np.uint8)
    images[:, :, 0, 0] = np.arange(30)[:, None]
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "samples.npz", **{group: images, f"{group}/captions": np.array(captions)})
    write_json(folder / "samples.json", {"digest": digest([level, group, list(captions)])})


def lay_out(
    plan: Plan, captions: Sequence[str] = CAPTIONS, column: str = COLUMN, real: str = "drawn_birds-small"
) -> Column:
    """Write the samples of a column's runs and the data set that real images are of, below the working folder."""
    found = find(plan.sheets, column)
    texts = [captions[k % len(captions)] for k in range(30)]
    for run, level in zip(runs_of(plan, found), LEVELS, strict=False):
        write_samples(Path(plan.run_dir(run)), level, texts)
    folder = Path(plan.artefacts[plan.manifest(runs_of(plan, found)[0])].spec["data"]).parent
    if not folder.exists():
        data.fetch(real, Path("raw"))
        write_json(folder / "manifest.json", data.prepare(real, Path("raw"), folder))
    return found


def said(
    key: dict[str, Any], rater: str, worth: Sequence[float], seed: int = 0, attentive: bool = True
) -> dict[str, Any]:
    """A rater's file: every item once, those shown again twice, methods in the order of ``worth`` and some chance."""
    rng = np.random.default_rng([seed, *rater.encode()])
    told = []
    for showing in (0, 1):
        for name, about in sorted(key["items"].items()):
            if showing > about["again"]:
                continue
            if about["kind"] == "attention":
                liked = np.array([s == "real" for s in about["slots"]]) * (2.0 if attentive else -2.0)
            else:
                liked = np.array([worth[m] for m in about["slots"]]) + rng.standard_normal(len(worth))
            order = [[int(s)] for s in np.argsort(-liked, kind="stable")]
            shown = list(range(len(order)))
            told.append({"item": name, "showing": showing, "shown": shown, "order": order, "seconds": 1.5})
    return {"format": key["format"], "column": key["column"], "items": key["digest"], "rater": rater, "judgements": told,
            "token": digest([rater, seed]) * 2, "involved": False}  # fmt: skip
