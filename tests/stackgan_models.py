"""Small models of StackGAN, and what they are trained on, for its tests."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw import engine
from redraw.papers.stackgan import StageI, StageII
from redraw.papers.stackgan_pytorch import COCOStageI, COCOStageII
from redraw.recipe import About, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml
from redraw.state import State
from redraw.tracking import Spool

SHEET = read_yaml(PAPERS / "stackgan.yaml")
CLASSES, LENGTH = 4, 12
ABOUT = About((3, 19, 19), CLASSES, ("<pad>", *"abcdefgh"), tuple(range(CLASSES)))
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {"crop": 16, "ngf": 4, "ndf": 2, "nc": 4, "nt": 3}
SMALL_COCO = {"crop": 16, "gf": 4, "df": 2, "nc": 4}
FIELDS = {
    StageI: {**SMALL, "image_size": 8, "nz": 5}, StageII: {**SMALL, "image_size": 16, "residual_blocks": 1},
    COCOStageI: {**SMALL_COCO, "image_size": 8, "nz": 5},
    COCOStageII: {**SMALL_COCO, "image_size": 16, "residual_blocks": 1},
}  # fmt: skip
FIRST = {StageII: StageI, COCOStageII: COCOStageI}
RECIPES = tuple(FIELDS)


class Letters(Recipe):
    """Stands for a trained text encoder: an embedding is how often each of the first letters occurs."""

    def __init__(self, dim: int = 6) -> None:
        nn.Module.__init__(self)
        self.embedding_dim, self.scale = dim, nn.Parameter(torch.ones(()))

    def text(self, tokens: Tensor) -> Tensor:
        counts = F.one_hot(tokens, 9)[:, :, 1:7].sum(1).float() / tokens.shape[1]
        return self.scale * F.pad(counts, (0, self.embedding_dim - 6))


def values_of(recipe: type[Recipe], **fields) -> dict:
    return {**SHEET["config"][recipe.__name__], **ENGINE, **FIELDS[recipe], **fields}


def build(recipe: type[Recipe], first: Recipe | None = None, text: Recipe | None = None, about=ABOUT, **fields):
    needs = {"text": text or Letters()}
    if recipe in FIRST:
        alike = {k: fields[k] for k in ("conditional", "augmentation") if k in fields}
        needs["stage_1"] = first or build(FIRST[recipe], text=needs["text"], about=about, **alike)
    if not fields.get("conditional", True):
        needs.pop("text")
    torch.manual_seed(0)
    return recipe(make_config(recipe.Config, values_of(recipe, **fields), "test"), about, needs)


def paper(recipe: type[Recipe], **fields) -> dict:
    return {k: SHEET["config"][recipe.__name__][k] for k in FIELDS[recipe]} | fields


def some_batch(n: int = 8, side: int = 19) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, 9, (n, 5, LENGTH), generator=generator)
    captions[0, 3:] = 0  # the first image has three captions only
    image = torch.rand(n, 3, side, side, generator=generator) * 2 - 1
    return {"image": image, "class_id": torch.arange(n) % CLASSES, "captions": captions}


def step(model: Recipe, batch: dict[str, Tensor], k: int = 0) -> dict[str, Tensor]:
    engine.seed_everything(0, k)
    return model.train().train_step({name: batch[name] for name in model.reads}, Step(k, 4, 0.0))


def count(network: nn.Module, learning: bool = False) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad or not learning)


class Toy:
    """A split of pictures in one colour for each class, whose captions repeat one letter."""

    def __init__(self, n: int = 64) -> None:
        self.class_ids = np.arange(n) % CLASSES
        colours = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, -1]])
        noise = torch.randn(n, 3, 19, 19, generator=torch.Generator().manual_seed(0))
        self.image = (colours[self.class_ids][:, :, None, None] * 0.8 + 0.1 * noise).clamp(-1, 1)
        self.captions = (torch.from_numpy(self.class_ids) + 1)[:, None, None].expand(n, 2, LENGTH)

    def __len__(self) -> int:
        return len(self.class_ids)

    def batch(self, indices, fields, rng) -> dict[str, Tensor]:
        index = torch.from_numpy(indices)
        every = {
            "image": self.image[index],
            "class_id": torch.from_numpy(self.class_ids[indices]),
            "captions": self.captions[index],
        }
        return {field: every[field] for field in fields}


def run(model: Recipe, tmp_path, name: str) -> dict:
    state, spool = State(tmp_path / name), Spool(tmp_path / f"{name}.jsonl", run=name)
    return engine.train(
        model, Toy(), Toy(), seed=0, state=state, spool=spool, device=torch.device("cpu"), progress=lambda *_: None
    )
