"""The model that draws the points of a bird's parts, and hands them to one that draws images."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...blocks.chunks import chunked
from ...blocks.conditioning import noise_of
from ...blocks.crops import Window
from ...core import RedrawError
from ...recipe import About, Batch, Recipe
from .config import PointsConfig
from .models import Placed
from .networks import PARTS, dense

NUMBERS = 3 * PARTS


class PointGenerator(nn.Module):
    """Noise [N, Z], embeddings [N, E], given points [N, K, 3] -> all points [N, K, 3], each number between 0 and 1."""

    def __init__(self, config: PointsConfig, embedding: int) -> None:
        super().__init__()
        n = config.ngf
        self.noise = nn.Sequential(nn.Linear(config.nz, 4 * n), nn.ReLU())
        self.text = nn.Sequential(nn.Linear(embedding, 4 * n), nn.ReLU())
        self.given = nn.Sequential(*rectified(NUMBERS, 4 * n), *rectified(4 * n, 2 * n))
        self.joint = nn.Sequential(
            *rectified(10 * n, 8 * n), *rectified(8 * n, 4 * n), *rectified(4 * n, 2 * n), nn.Linear(2 * n, NUMBERS)
        )

    def forward(self, z: Tensor, h: Tensor, given: Tensor) -> Tensor:
        parts = [self.noise(z), self.text(h), self.given(given.flatten(1))]
        found = torch.sigmoid(self.joint(torch.cat(parts, 1))).unflatten(1, (PARTS, 3))
        switch = given[..., 2:]
        return switch * given + (1 - switch) * found


class PointDiscriminator(nn.Module):
    """Points [N, K, 3] and embeddings [N, E] -> logits [N] of being those of a real bird."""

    def __init__(self, config: PointsConfig, embedding: int) -> None:
        super().__init__()
        d = config.ndf
        self.points = nn.Sequential(*leaky(NUMBERS, 4 * d), *leaky(4 * d, 2 * d))
        self.text = nn.Sequential(*leaky(embedding, 4 * d), *leaky(4 * d, 2 * d))
        self.pair = nn.Sequential(*leaky(4 * d, 2 * d), nn.Linear(2 * d, 1), nn.Flatten(0))

    def forward(self, points: Tensor, h: Tensor) -> Tensor:
        return self.pair(torch.cat([self.points(points.flatten(1)), self.text(h)], 1))


def rectified(before: int, after: int) -> list[nn.Module]:
    return [*dense(before, after), nn.ReLU()]


def leaky(before: int, after: int) -> list[nn.Module]:
    return [*dense(before, after), nn.LeakyReLU(0.2)]


class KeypointGenerator(Placed):
    """A place is what is given of the points. Samples are images, drawn by ``images`` from all points."""

    Config = PointsConfig
    reads = ("captions", "keypoints")

    def __init__(self, config: PointsConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.hold("images", needs, "gawwn, keypoint generator")
        if not 0 <= config.drop_probability <= 1:
            raise RedrawError(f"gawwn, drop_probability: {config.drop_probability}: give a number from 0 to 1")

    def networks(self, embedding: int) -> tuple[nn.Module, nn.Module]:
        return PointGenerator(self.config, embedding), PointDiscriminator(self.config, embedding)

    def view(self, image: Tensor) -> Tensor:
        """As the model that draws the images sees real ones."""
        return self.held["images"].view(image)

    def shown(self, batch: Batch, window: Window) -> tuple[Tensor, Tensor]:
        points = self.points_in(batch, window)
        kept = torch.rand(points.shape[:2], device=points.device) >= self.config.drop_probability
        return points, points * kept[:, :, None]

    def answers(self, real: Tensor, fake: Tensor, place: Tensor, h: Tensor, other: Tensor | None) -> dict[str, Tensor]:
        n = len(real)
        with chunked(self.discriminator, (n, n)):
            logits = self.discriminator(torch.cat([real, fake.to(real.dtype)]), torch.cat([h, h]))
        return dict(zip(("real", "fake"), logits.split(n), strict=True))

    def judged(self, fake: Tensor, place: Tensor, h: Tensor) -> Tensor:
        return self.discriminator(fake, h)

    def complete(self, z: Tensor, h: Tensor, given: Tensor) -> Tensor:
        """All points [N, K, 3] where ``given`` [N, K, 3] are some of them, 0 elsewhere; a third number is how sure it is."""
        with self.autocast():
            return self.generator(z, h, given).float()

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S] of the captions alone; points and image have the same noise, as released."""
        h, model = self.embedding_of(conditions), self.held["images"]
        z = noise_of(conditions, len(h), self.config.nz, seed).to(h)
        points = self.complete(z, h, h.new_zeros(len(h), PARTS, 3))
        z = noise_of(conditions, len(h), model.config.nz, seed).to(h)
        return model.draw(z, h, model.maps(points, 0.5))
