"""Sets of numbers and of points."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ...recipe import About, Batch, Recipe, Step
from .learner import SetLearner, ink
from .networks import Elementwise, Hierarchy, PointsConfig, normal, parameters

FAMILIES = ("exponential", "gaussian", "uniform", "laplacian")
COLOURS = ((0.85, 0.25, 0.2), (0.2, 0.45, 0.8), (0.25, 0.65, 0.3), (0.75, 0.6, 0.1))
PICTURE = 64  # pixels a side of the pictures of contexts


class VectorLearner(SetLearner):
    """Sets of vectors of ``dimensions`` numbers, normal around what is made of their latents."""

    Config = PointsConfig
    dimensions: int

    def __init__(self, config: PointsConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.side = about.image_shape[-1]
        self.element = Elementwise(self.dimensions, config.hidden, config.hidden)
        size = config.layers * config.latent + config.context
        self.observation = Elementwise(size, config.hidden, 2 * self.dimensions)
        self.hierarchy = Hierarchy(config.hidden, config)
        self.prepare_training()

    def features(self, x: Tensor) -> Tensor:
        return F.elu(self.element(x))

    def likelihood(self, latents: Tensor, x: Tensor) -> Tensor:
        return normal(x, *parameters(self.observation(latents))).sum((1, 2))


class Spatial(VectorLearner):
    """Images as sets of points: where ink is, as often as there is."""

    dimensions = 2
    reads = ("image",)
    asks = ("image",)

    def points(self, image: Tensor, seed: int | None = None) -> Tensor:
        """[M, K, 2] in [-1, 1]: x, y of points drawn by the ink of their pixel, evenly within it."""
        draw = None if seed is None else torch.Generator(image.device).manual_seed(seed)
        level = ink(image)[:, 0].flatten(1) + 1e-9
        where = torch.multinomial(level, self.config.points, True, generator=draw)
        place = torch.stack([where % self.side, where // self.side], 2)
        jitter = torch.rand(place.shape, generator=draw, device=image.device)
        return 2 * (place + jitter) / self.side - 1

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return self.learn(self.points(batch["image"]), at)

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        x = self.points(batch["image"])
        return self.losses(x, x.new_ones(x.shape[:2]), None)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """[N, 1, 2 H, 2 H] in [-1, 1]: new points of the sets that the images ``image`` are."""
        latents = self.latents_of(self.points(conditions["image"], seed), 4 * self.config.points, seed)
        mean, logvar = parameters(self.observation(latents))
        draw = torch.Generator().manual_seed(seed + 1)
        x = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=draw).to(mean)
        side = 2 * self.side
        place = ((x + 1) / 2 * side).long().clamp(0, side - 1)
        found = x.new_full((len(x), side * side), -1.0)
        return found.scatter_(1, place[..., 1] * side + place[..., 0], 1.0).view(-1, 1, side, side)


class Points(VectorLearner):
    """Sets of numbers of one distribution, whose mean and variance are drawn; the data set's images are not looked at."""

    dimensions = 1
    reads = ("class_id",)

    def sets(self, n: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Sets [n, K, 1], their family, mean and variance [n]; mean of U(-1, 1), variance of U(0.5, 2)."""
        family = torch.arange(n, device=device) % len(FAMILIES)
        mean, variance = 2 * torch.rand(n, device=device) - 1, 0.5 + 1.5 * torch.rand(n, device=device)
        even = torch.rand(n, self.config.points, device=device).clamp(1e-6, 1 - 1e-6)
        laplacian = (even - 0.5).sign() * torch.log1p(-2 * (even - 0.5).abs().clamp(max=0.499999)) / -(2**0.5)
        of_each = [-even.log() - 1, torch.randn_like(even), (even - 0.5) * 12**0.5, laplacian]
        unit = torch.stack(of_each)[family, torch.arange(n, device=device)]
        deviation = variance.sqrt()
        if "D4" in self.config.as_released:
            deviation = torch.where(family == 1, variance, torch.where(family == 3, 2**0.5 * variance, deviation))
        return (mean[:, None] + deviation[:, None] * unit)[..., None], family, mean, variance

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return self.learn(self.sets(len(batch["class_id"]), batch["class_id"].device)[0], at)

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """The losses, and in percent what a linear map of the contexts' means leaves unexplained of the sets' mean and
        variance."""
        x, _, mean, variance = self.sets(256, batch["class_id"].device)
        of = self.contexts(x)[0].float()
        given = torch.cat([of, torch.ones_like(of[:, :1])], 1)
        left = {}
        for name, wanted in (("mean", mean), ("variance", variance)):
            rest = wanted - given @ torch.linalg.lstsq(given, wanted[:, None]).solution[:, 0]
            left[f"unexplained_{name}"] = 100 * rest.var() / wanted.var()
        return self.losses(x, x.new_ones(x.shape[:2]), None) | left

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Pictures [N, 3, 64, 64] in [-1, 1] of 400 contexts' means in the plane in which they differ most: by turns coloured
        by family, by mean and by variance."""
        n, device = len(conditions["class_id"]), conditions["class_id"].device
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            x, family, mean, variance = self.sets(400, device)
        of = self.contexts(x)[0].float()
        plane = torch.linalg.svd(of - of.mean(0), full_matrices=False)[0][:, :2]
        place = ((plane / plane.abs().amax(0) + 1) / 2 * (PICTURE - 2)).long()
        level = [(v - v.min()) / (v.max() - v.min()) for v in (mean, variance)]
        coloured = [torch.tensor(COLOURS, device=device)[family], *(torch.stack([v, 0 * v, 1 - v], 1) for v in level)]
        found = torch.ones(n, 3, PICTURE, PICTURE, device=device)
        for k in range(n):
            for shift in (0, 1):
                found[k, :, place[:, 1] + shift, place[:, 0] + shift] = 2 * coloured[k % 3].t() - 1
        return found
