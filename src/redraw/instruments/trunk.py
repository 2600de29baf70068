"""The convolutions that the readers of coloured images share, and how such images come to them.

Real images are cut and reduced as the generators' own are (Reed et al. load 76 x 76 pixels and cut 64 x 64 out of them);
whatever is read, generated or real, is then brought to one size, ``image_size``.
"""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in the sheet of the paper whose images are read."""

    crop: int  # side of the square that is cut out of a real image: at random in training, else from its middle
    image_size: int  # side in pixels at which everything is read
    widths: tuple[int, ...]  # channels of the convolutions, each of which halves the sides
    features: int  # units of the layer before the head
    learning_rate: float  # Adam's largest step size: it rises over the first fifth of the steps, then falls to 0
    input_noise: float  # augmentation: standard deviation of noise on pixels in [-1, 1]


class Trunk(nn.Module):
    """Convolutions 3 x 3 of stride 2 with batch normalisation, and a layer of features."""

    def __init__(self, config: Config, channels: int) -> None:
        super().__init__()
        side = config.image_size >> len(config.widths)
        if side << len(config.widths) != config.image_size:
            raise RedrawError(
                f"image_size {config.image_size}: not divisible by 2 as often as there are widths "
                f"({len(config.widths)}): give a power of two, or fewer widths"
            )
        layers: list[nn.Module] = []
        for before, width in zip((channels, *config.widths), config.widths, strict=False):
            layers += [nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
        self.image_size = config.image_size
        self.convolutions = nn.Sequential(*layers)
        self.features = nn.Linear(config.widths[-1] * side * side, config.features)

    def forward(self, image: Tensor) -> Tensor:
        """Features [N, F] of images [N, C, H, W] of any size."""
        hidden = self.convolutions(resized(image, self.image_size)).flatten(1)
        return F.leaky_relu(self.features(hidden), 0.2)


def resized(image: Tensor, side: int) -> Tensor:
    """[N, C, H, W] -> [N, C, side, side]: means over areas where it shrinks, bilinear where it grows."""
    if image.shape[-2:] == (side, side):
        return image
    if min(image.shape[-2:]) >= side:
        return F.interpolate(image, (side, side), mode="area")
    return F.interpolate(image, (side, side), mode="bilinear", align_corners=False)


def middle(image: Tensor, side: int) -> Tensor:
    """The middle [N, C, side, side] of images that are larger; smaller ones as they are."""
    height, width = image.shape[-2:]
    if min(height, width) <= side:
        return image
    top, left = (height - side) // 2, (width - side) // 2
    return image[..., top : top + side, left : left + side]


class ImageReader(Recipe):
    """What the classifier and the attribute reader have in common."""

    Config = Config

    def __init__(self, config: Config, about: About, outputs: int) -> None:
        super().__init__(config, about, {})
        self.trunk = Trunk(config, about.image_shape[0]).to(memory_format=torch.channels_last)  # faster on the CPU
        self.head = nn.Linear(config.features, outputs)
        self.optimizers = {"adam": torch.optim.Adam(self.parameters(), lr=config.learning_rate, fused=True)}
        self.prepared_side = about.image_shape[-1]

    def view(self, image: Tensor) -> Tensor:
        """The middle, as large a part of pictures of any size as ``crop`` is of those that it was trained on."""
        crop = self.config.crop * image.shape[-1] // self.prepared_side
        return resized(middle(image, crop), self.config.image_size)

    def augmented(self, image: Tensor) -> Tensor:
        """One random place for the whole batch, each image mirrored or not, noise; at ``image_size``."""
        slack = max(0, image.shape[-1] - self.config.crop)
        top, left = torch.randint(0, slack + 1, (2,)).tolist()
        image = image[..., top : top + self.config.crop, left : left + self.config.crop]
        image = resized(image, self.config.image_size)
        mirrored = torch.rand(len(image), 1, 1, 1, device=image.device) < 0.5
        image = torch.where(mirrored, image.flip(3), image)
        return image + self.config.input_noise * torch.randn_like(image)

    def read(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Output of the head [N, K] and features [N, F] of images [N, C, H, W] in [-1, 1] of any size."""
        features = self.trunk(image)
        return self.head(features), features

    def step(self, loss: Tensor, at: Step) -> None:
        """Backward and the optimiser's step, its size a triangle over the training."""
        done = (at.index + 1) / at.total
        for group in self.optimizers["adam"].param_groups:
            group["lr"] = self.config.learning_rate * min(done / 0.2, (1 - done) / 0.8 + 1 / at.total)
        self.optimizers["adam"].zero_grad()
        loss.backward()
        self.optimizers["adam"].step()


class AttributeLearner(ImageReader):
    """One that learns from ``attributes`` [N, A]; its own are the ``losses`` of images and these, which of them it ``minimises``,
    and what ``encode`` calls its outputs."""

    reads = ("image", "attributes")
    outputs: str
    minimises = "cross_entropy"

    def losses(self, image: Tensor, attributes: Tensor) -> dict[str, Tensor]:
        raise NotImplementedError

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        with self.autocast():
            losses = self.losses(self.augmented(batch["image"]), batch["attributes"])
        self.step(losses[self.minimises], at)
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(self.view(batch["image"]), batch["attributes"])

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        outputs, features = self.read(batch["image"])
        return {self.outputs: outputs, "features": features}
