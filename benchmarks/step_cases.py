"""Any run of the sheets as a network with random weights, and a synthetic batch for it: what a training step is timed on.

What a run needs of other runs is built from the sheets as well, so that a frozen text encoder costs what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from redraw.models import recipe_class
from redraw.recipe import About, Batch, Recipe, make_config
from redraw.resolve import recipe_path, resolve
from redraw.sheets import PAPERS, read_yaml

LENGTH, CAPTIONS = 18, 10  # words of AttnGAN's longest caption of a bird, captions of a bird
SIZE = 76  # pixels of a prepared image where a run asks for no form
COCO_CATEGORIES, CUB_ATTRIBUTES, CUB_POINTS = 80, 312, 15


class Data(NamedTuple):
    """What stands for a data set. ``words``: of AttnGAN's vocabularies; of the digits' grammar."""

    channels: int
    classes: int
    trained: int  # classes that the training images are of
    words: int
    side: int | None = None  # pixels, where no form says so


DATA = {
    "cub": Data(3, 200, 150, 5450), "oxford102": Data(3, 102, 82, 5450), "coco": Data(3, 1, 1, 27297),
    "mnist": Data(1, 10, 10, 20, 28), "binarized_mnist": Data(1, 10, 10, 20, 28),
}  # fmt: skip
OTHER = Data(3, 10, 10, 5450)


class Case(NamedTuple):
    """A run that is timed. ``cpu``: images of a step on a CPU; on a GPU it is the sheet's batch size.

    ``changes``: {run: {field: value}}, of it or of what it needs, where a value of the sheet wants a file that is not here.
    """

    run: str
    cpu: int
    changes: Mapping[str, Mapping[str, Any]] = {}


CASES = (
    Case("ved/kind4", 32),
    Case("draw/mnist", 16),
    Case("align_draw/align_draw", 4),
    Case("align_draw/fully_conn_vae", 32),
    Case("gan_int_cls/text", 8),
    Case("gan_int_cls/gan_int_cls", 16),
    Case("gan_int_cls/coco_text", 8),
    Case("gan_int_cls/coco_gan_cls", 8),
    Case("gawwn/boxes", 8),
    Case("gawwn/keypoints", 8),
    Case("stackgan/stage_1", 8),
    Case("stackgan/stage_2", 2),
    Case("stackgan_v2/birds", 2),
    Case("attngan/damsm", 4, {"attngan/damsm": {"pretrained": None}}),  # random weights
    Case("attngan/attngan2", 2),
)


def build(case: Case, scale: str) -> Recipe:
    """The run of ``case`` at ``scale`` with fresh weights, drawn from the global generator. Raises RedrawError as recipes do."""
    return _build(case.run, scale, case.changes)


def batch_of(case: Case, scale: str, recipe: Recipe, n: int, device: torch.device) -> Batch:
    """Everything that ``recipe`` reads, of ``n`` images, drawn from a seed of their own."""
    about, length = about_of(case.run, scale)
    draw = torch.Generator().manual_seed(0)
    channels, height, width = about.image_shape
    captions = torch.randint(1, len(about.vocabulary) or 2, (n, CAPTIONS, length), generator=draw)
    start = torch.rand(n, 2, generator=draw) * height / 4
    points = torch.rand(n, CUB_POINTS, 3, generator=draw) * height
    points[:, :, 2] = points[:, :, 2] > height / 5  # most are seen
    every: Batch = {
        "image": torch.rand(n, channels, height, width, generator=draw) * 2 - 1,
        "class_id": torch.arange(n) % about.classes,
        "captions": captions,
        "tokens": captions[:, 0],
        "n_words": torch.full((n,), length),
        "attributes": torch.randint(0, 2, (n, len(about.attributes)), generator=draw),
        "box": torch.cat([start, torch.full((n, 2), height / 2)], 1),
        "keypoints": points,
    }
    return {field: every[field].to(device) for field in recipe.reads}


def about_of(run: str, scale: str) -> tuple[About, int]:
    """What the run's network is told of its data, and the length of a caption."""
    sheet, about = _of(run)
    family = about["dataset"].split("-")[0]
    data = DATA.get(family, OTHER)
    tokens = sheet.get("tokens", {}).get(about.get("tokens"), {})
    if tokens.get("tokenizer") == "characters":
        words = ["<pad>", *(chr(33 + k) for k in range(70))]
    else:
        words = ["<pad>", *(f"word{k}" for k in range(data.words - 1))]
    form = about.get("form", {})
    form = sheet.get("forms", {}).get(form.get(scale) if isinstance(form, Mapping) else form, {})
    square = form.get("square")  # a side, or true: as large as the shorter one
    side = data.side or (square if type(square) is int else form.get("size", SIZE))
    things = [f"present::{k}" for k in range(COCO_CATEGORIES)] if family == "coco" else []
    things = things or [f"has_part{k // 8}::{k}" for k in range(CUB_ATTRIBUTES)]
    trained = tuple(range(data.trained))
    shape = (data.channels, side, side)
    return About(shape, data.classes, tuple(words), trained, tuple(things)), tokens.get("length") or LENGTH


# --- inside ------------------------------------------------------------------------------------------------------


def _of(run: str) -> tuple[dict, dict]:
    paper, name = run.split("/")
    sheet = read_yaml(PAPERS / f"{paper}.yaml")
    return sheet, sheet["runs"][name]


def _build(run: str, scale: str, changes: Mapping[str, Mapping[str, Any]]) -> Recipe:
    (sheet, about), (paper, name) = _of(run), run.split("/")
    params = {"scale": scale, "papers": {}, "datasets": {}, "engine": {"precision": "fp32", "compile": False}}
    config = resolve(sheet, name, params)[0] | dict(changes.get(run, {}))
    others = {role: other if "/" in other else f"{paper}/{other}" for role, other in about.get("needs", {}).items()}
    needs = {role: _build(other, scale, changes) for role, other in others.items()}
    cls = recipe_class(recipe_path(paper, about["recipe"]), run)
    return cls(make_config(cls.Config, config, run), about_of(run, scale)[0], needs)
