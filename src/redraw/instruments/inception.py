"""The two Inception-v3 networks behind published scores, as TensorFlow runs them; their weights are imported, not trained.

    FineTunedInception   CUB and Oxford-102: StackGAN's evaluator (hanzhanggit/StackGAN-inception-model@971a2ef), fine-tuned on
                         50 and on 20 classes: one logit more, the first, is a background's, which the metric leaves out
    Inception2015        COCO: the graph of 2015-12-05 (openai/improved-gan@4f5d1ec): 1008 logits, without the bias

Both are torchvision's network but for the pooling: a mean over 3 x 3 pixels counts those inside the image alone, and in 2015
the last block has a maximum in its place. Each brings images to 299 pixels as its evaluator does, out of their bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torchvision.models import inception as blocks

from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

SIDE, FEATURES = 299, 2048
CLASSES_2015 = 1008


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; who imports weights gives the values, those of the schedule without effect."""

    classes: int  # 50 (CUB) or 20 (Oxford-102), the background not counted; of 2015: 1008


def mean_inside(x: Tensor) -> Tensor:
    """Means over 3 x 3 pixels, at the border over those that there are: TensorFlow's padding SAME."""
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def chained(block: nn.Module, x: Tensor, *names: str) -> Tensor:
    for name in names:
        x = getattr(block, name)(x)
    return x


class A(blocks.InceptionA):
    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch1x1(x),
            chained(self, x, "branch5x5_1", "branch5x5_2"),
            chained(self, x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
            self.branch_pool(mean_inside(x)),
        ]


class C(blocks.InceptionC):
    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch1x1(x),
            chained(self, x, *(f"branch7x7_{k}" for k in range(1, 4))),
            chained(self, x, *(f"branch7x7dbl_{k}" for k in range(1, 6))),
            self.branch_pool(mean_inside(x)),
        ]


class E(blocks.InceptionE):
    def pooled(self, x: Tensor) -> Tensor:
        return mean_inside(x)

    def _forward(self, x: Tensor) -> list[Tensor]:
        single, double = self.branch3x3_1(x), chained(self, x, "branch3x3dbl_1", "branch3x3dbl_2")
        return [
            self.branch1x1(x),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(self.pooled(x)),
        ]


class LastOf2015(E):
    def pooled(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, 3, 1, 1)


def trunk() -> blocks.Inception3:
    """Images [N, 3, 299, 299] -> features [N, 2048]; torchvision's names."""
    parts = [blocks.BasicConv2d, A, blocks.InceptionB, C, blocks.InceptionD, E, blocks.InceptionAux]
    found = blocks.Inception3(1, aux_logits=False, inception_blocks=parts, init_weights=False)
    found.dropout, found.fc = nn.Identity(), nn.Identity()
    return found


class Inception(Recipe):
    """``logits`` [N, K] and ``features`` [N, 2048], the means over the last block, of images in [-1, 1] of any size."""

    Config = Config
    reads = ("image",)
    scores = "logits"  # what its evaluator's softmax is taken of is called so

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if about.image_shape[0] != 3:
            raise RedrawError(
                f"inception: images of {about.image_shape[0]} channels, but it reads coloured ones: take another instrument"
            )
        if config.classes < 2:
            raise RedrawError(f"inception, classes: {config.classes}: give as many as its weights were trained on")
        self.trunk = trunk()
        self.optimizers: dict[str, torch.optim.Optimizer] = {}

    def prepared(self, image: Tensor) -> Tensor:
        """[N, 3, 299, 299] as the evaluator gives it to the network."""
        raise NotImplementedError

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        raise RedrawError("inception: its weights are imported, it is not trained here: use redraw import")

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        features = self.trunk(self.prepared(batch["image"]))
        return {self.scores: self.head(features), "features": features}


class FineTunedInception(Inception):
    """StackGAN's scorer, ``logits`` [N, 1 + classes]; what its evaluator does with them is the metric's (is_cub, is_oxford)."""

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.head = nn.Linear(FEATURES, 1 + config.classes)

    def prepared(self, image: Tensor) -> Tensor:
        """By Pillow's bilinear filter, rounded to bytes, as scipy.misc.imresize did; then x / 127.5 - 1."""
        pictures = _bytes(image).permute(0, 2, 3, 1).cpu().numpy()
        resized = [np.asarray(Image.fromarray(p).resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for p in pictures]
        found = torch.from_numpy(np.stack(resized)).to(image.device).permute(0, 3, 1, 2)
        return found.float() / 127.5 - 1


class Inception2015(Inception):
    """The scorer of improved-gan, ``logits_unbiased`` [N, 1008]."""

    scores = "logits_unbiased"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if config.classes != CLASSES_2015:
            raise RedrawError(f"inception, classes: {config.classes}: the graph of 2015 has {CLASSES_2015}: give that")
        self.trunk.Mixed_7c = LastOf2015(FEATURES)
        self.head = nn.Linear(FEATURES, config.classes, bias=False)

    def prepared(self, image: Tensor) -> Tensor:
        """By the graph's own resizing; then (x - 128) / 128."""
        return (resized_in_graph(_bytes(image).float(), SIDE) - 128) / 128


def resized_in_graph(image: Tensor, side: int) -> Tensor:
    """[N, C, H, W] -> [N, C, side, side] as TensorFlow 1's ResizeBilinear, align_corners false.

    Place k of the new image lies at k H / side of the old one: half a pixel off, nothing is averaged where it shrinks.
    """
    for dim in (3, 2):
        size = image.shape[dim]
        place = torch.arange(side, device=image.device) * torch.tensor(size / side, dtype=torch.float32)
        low = place.long()
        high = (low + 1).clamp(max=size - 1)
        weight = (place - low).view(-1, *[1] * (3 - dim))
        before, behind = image.index_select(dim, low), image.index_select(dim, high)
        image = before + (behind - before) * weight
    return image


def _bytes(image: Tensor) -> Tensor:
    """uint8 of images in [-1, 1], rounded: those that were bytes come back as they were."""
    return ((image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
