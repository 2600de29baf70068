"""LAPGAN (Denton, Chintala, Szlam, Fergus; NIPS 2015) given captions: a Laplacian pyramid, a network for each of its levels.

The smallest image is drawn from noise. Each level above enlarges what it is given and adds what is lost in an image when it is
halved and enlarged again. Every level is an adversarial pair, trained by itself on real images; only in sampling do they
follow on each other. All see the caption's skip-thought vector.

Glossary
    h      the caption's skip-thought vector, of a frozen encoder               [N, E]
    x_k    image of level k, ``sizes[k]`` pixels a side                         [N, C, S, S], real ones in [-1, 1]
    l_k    x_{k-1} enlarged                                                     [N, C, S, S]
    d_k    x_k - l_k, the residual                                              [N, C, S, S]
    z      noise; a row for the smallest image, a map for each level above

As written (recalled): a pyramid of two levels with a GAN on top, which draws the smallest image; all conditioned on the same
skip-thought vector. No code was released for it. Networks and losses are those of Denton et al.'s code for classes of CIFAR-10
(facebook/eyescream@ad6f484, cifar/scripts/train_cifar_*classcond.lua), h in the class's place:
    * top: fully connected with rectifiers; z and h side by side; the discriminator drops half of its units out.
    * above: h as a map (linear, rectified), z and l_k through three convolutions of 7, 7 and 5 pixels. The discriminator sees
      l_k + d_k and a map of its own, by two convolutions of 5 pixels.
    * The discriminator learns to tell real from drawn with half the weight each, the generator descends -log D.
Ours: Adam instead of gradient descent with growing momentum, pixels as they are instead of standardised, normal noise instead
of uniform, sizes below those; halving by the mean of four pixels, enlarging bilinearly.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...blocks.adversarial import adam, cross_entropy, frozen, update
from ...blocks.captions import draw_captions
from ...blocks.conditioning import ReadsText, noise_of
from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Schedule, Step

KERNELS = (7, 7, 5)  # of a level's generator
JUDGED = 5  # pixels a side of the discriminators' convolutions
NOISE_OFFSET = 7919  # seeds of two levels must not meet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in align_draw.yaml."""

    sizes: tuple[int, ...]  # pixels a side, the smallest first, each twice the one before
    noise: int  # width of z for the smallest image
    top_units: tuple[int, int]  # of the top's generator and discriminator, in each of two layers
    channels: tuple[int, int]  # of the other levels' generators and discriminators
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float


def halved(image: Tensor) -> Tensor:
    return F.avg_pool2d(image, 2)


def enlarged(image: Tensor) -> Tensor:
    return F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)


# --- networks ----------------------------------------------------------------------------------------------------------


class TopGenerator(nn.Module):
    """z [N, Z] and h [N, E] -> the smallest image."""

    def __init__(self, noise: int, embedding: int, units: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        self.layers = nn.Sequential(
            nn.Linear(noise + embedding, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(),
            nn.Linear(units, channels * height * width), nn.Unflatten(1, shape),
        )  # fmt: skip

    def forward(self, z: Tensor, h: Tensor, _: None = None) -> Tensor:
        return self.layers(torch.cat([z, h], 1))


class TopDiscriminator(nn.Module):
    """Images and h -> logits [N]."""

    def __init__(self, embedding: int, units: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        self.layers = nn.Sequential(
            nn.Linear(channels * height * width + embedding, units), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(units, units), nn.ReLU(), nn.Dropout(0.5), nn.Linear(units, 1),
        )  # fmt: skip

    def forward(self, image: Tensor, h: Tensor) -> Tensor:
        return self.layers(torch.cat([image.flatten(1), h], 1))[:, 0]


class TextMap(nn.Module):
    """h [N, E] -> [N, 1, side, side], linear and rectified."""

    def __init__(self, embedding: int, side: int) -> None:
        super().__init__()
        self.fc, self.side = nn.Linear(embedding, side * side), side

    def forward(self, h: Tensor) -> Tensor:
        return F.relu(self.fc(h)).view(-1, 1, self.side, self.side)


class LevelGenerator(nn.Module):
    """A noise map [N, 1, S, S], h, and an enlarged image [N, C, S, S] -> its residual."""

    def __init__(self, embedding: int, width: int, channels: int, side: int) -> None:
        super().__init__()
        self.text = TextMap(embedding, side)
        sizes = pairwise((2 + channels, width, width, channels))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, k, 1, k // 2) for (a, b), k in zip(sizes, KERNELS, strict=True)
        )

    def forward(self, z: Tensor, h: Tensor, enlarged: Tensor) -> Tensor:
        x = torch.cat([z, self.text(h), enlarged], 1)
        for convolution in self.convolutions[:-1]:
            x = F.relu(convolution(x))
        return self.convolutions[-1](x)


class LevelDiscriminator(nn.Module):
    """Images [N, C, S, S] and h -> logits [N]."""

    def __init__(self, embedding: int, width: int, channels: int, side: int) -> None:
        super().__init__()
        self.text = TextMap(embedding, side)
        left = (side - 2 * JUDGED + 1) // 2 + 1
        self.layers = nn.Sequential(
            nn.Conv2d(channels + 1, width, JUDGED), nn.ReLU(), nn.Conv2d(width, width, JUDGED, 2), nn.ReLU(),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(width * left * left, 1),
        )  # fmt: skip

    def forward(self, image: Tensor, h: Tensor) -> Tensor:
        return self.layers(torch.cat([image, self.text(h)], 1))[:, 0]


# --- one level's step --------------------------------------------------------------------------------------------------


class Pair(nn.Module):
    """A generator and its discriminator, and how they learn."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def optimizers(self, config: Config, name: str) -> dict[str, torch.optim.Optimizer]:
        parts = {"generator": self.generator, "discriminator": self.discriminator}
        return {f"{part}_{name}": adam(network, config) for part, network in parts.items()}

    def draw(self, z: Tensor, h: Tensor, given: Tensor | None) -> Tensor:
        """Images of this level; ``given``: the level below, enlarged, and None on top."""
        drawn = self.generator(z, h, given).float()
        return drawn if given is None else given + drawn

    def step(
        self, real: Tensor, given: Tensor | None, z: Tensor, h: Tensor, recipe: Recipe, name: str
    ) -> dict[str, Tensor]:
        """One update of both by ``recipe``'s optimizers; the generator is judged by the discriminator after its update."""
        with recipe.autocast():
            drawn = self.draw(z, h, given)
            logits = self.discriminator(torch.cat([real, drawn.detach()]), torch.cat([h, h])).float()
        of_real, of_drawn = logits.chunk(2)
        telling = (cross_entropy(of_real, 1) + cross_entropy(of_drawn, 0)) / 2
        update(recipe.optimizers[f"discriminator_{name}"], telling)
        with frozen(self.discriminator):
            with recipe.autocast():
                logits = self.discriminator(drawn, h).float()
            fooling = cross_entropy(logits, 1)
            update(recipe.optimizers[f"generator_{name}"], fooling)
        return {f"discriminator_{name}": telling.detach(), f"generator_{name}": fooling.detach()}


def level_pair(embedding: int, widths: tuple[int, int], channels: int, side: int) -> Pair:
    """Of a level above the top. Raises RedrawError for images that are too small for the discriminator."""
    if side < 2 * JUDGED:
        raise RedrawError(f"align_draw: a level of {side} pixels is too small for its discriminator: use 16 or more")
    generator = LevelGenerator(embedding, widths[0], channels, side)
    return Pair(generator, LevelDiscriminator(embedding, widths[1], channels, side))


# --- recipe --------------------------------------------------------------------------------------------------------------


class LAPGAN(ReadsText, Recipe):
    """All levels."""

    Config = Config
    reads = ("image", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        channels, *sides = about.image_shape
        if len(config.sizes) < 2 or any(b != 2 * a for a, b in pairwise(config.sizes)):
            raise RedrawError(f"align_draw, sizes: {list(config.sizes)}: give each twice the one before, [8, 16, 32]")
        if sides != [config.sizes[-1]] * 2:
            raise RedrawError(
                f"align_draw, sizes: {list(config.sizes)}, but images are {sides[0]} x {sides[1]}: end with their side, or give "
                "the run a form of that size"
            )
        width = self.hold("text", needs, "align_draw, LAPGAN").embedding_dim
        top = (channels, config.sizes[0], config.sizes[0])
        generator = TopGenerator(config.noise, width, config.top_units[0], top)
        self.levels = nn.ModuleList([Pair(generator, TopDiscriminator(width, config.top_units[1], top))])
        self.levels.extend(level_pair(width, config.channels, channels, side) for side in config.sizes[1:])
        self.optimizers = {}
        for level, side in zip(self.levels, config.sizes, strict=True):
            self.optimizers |= level.optimizers(config, str(side))

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        h = self.embed(draw_captions(batch["captions"], 1))
        pyramid = [batch["image"]]
        for _ in self.config.sizes[1:]:
            pyramid.insert(0, halved(pyramid[0]))
        losses = {}
        for k, (level, side) in enumerate(zip(self.levels, self.config.sizes, strict=True)):
            z = torch.randn(len(h), *self.noise_shape(k), device=h.device)
            given = enlarged(pyramid[k - 1]) if k else None
            losses |= level.step(pyramid[k], given, z, h, self, str(side))
        return losses

    def noise_shape(self, level: int) -> tuple[int, ...]:
        return (1, self.config.sizes[level], self.config.sizes[level]) if level else (self.config.noise,)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        h, image = self.embedding_of(conditions), None
        for k, level in enumerate(self.levels):
            shape = self.noise_shape(k)
            z = noise_of(conditions, len(h), torch.Size(shape).numel(), seed + k * NOISE_OFFSET).to(h).view(-1, *shape)
            with self.autocast():
                image = level.draw(z, h, None if image is None else enlarged(image))
        return image.clamp(-1, 1)
