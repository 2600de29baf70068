"""Values and networks: what is behind a context, latents and what is made of them."""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...recipe import Schedule


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Schedule):
    """What all recipes have; the values stand in neural_statistician.yaml."""

    context: int  # C
    latent: int  # Z
    layers: int  # L
    hidden: int  # units of all layers between
    alpha: float  # a at first: how much more the reconstruction counts
    sample_dropout: bool  # only some elements of a training set enter the mean
    learning_rate: float  # Adam's step size
    clip: float  # largest size of any number of the gradient


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Training):
    """Of ``Statistician``."""

    set_size: int  # K
    widths: tuple[int, ...]  # channels, each of which halves the sides
    convolutions: int  # for each width, the last of which has stride 2
    turned: bool  # sets are turned and mirrored, all of a set alike
    dilation: float  # probability that the strokes of a set are widened


@dataclasses.dataclass(frozen=True, kw_only=True)
class PointsConfig(Training):
    """Of ``Spatial`` and ``Points``."""

    points: int  # K


def kl(mean: Tensor, logvar: Tensor, prior_mean: Tensor, prior_logvar: Tensor) -> Tensor:
    """KL(Normal(mean, exp(logvar)) || Normal of the prior) in nats, summed over the last dimension."""
    ratio = logvar - prior_logvar
    return 0.5 * (ratio.exp() + (mean - prior_mean).square() / prior_logvar.exp() - 1 - ratio).sum(-1)


def parameters(y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log variance, halves of the last dimension."""
    mean, logvar = y.float().chunk(2, -1)
    return mean, 10 * (logvar / 10).tanh()


def drawn(mean: Tensor, logvar: Tensor) -> Tensor:
    return mean + (0.5 * logvar).exp() * torch.randn_like(mean)


class Normed(nn.Module):
    """A linear map and batch normalisation over all but the last dimension."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(before, after), nn.BatchNorm1d(after)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        return self.norm(y.flatten(0, -2)).view_as(y)


class Gaussian(nn.Module):
    """Mean and log variance of a distribution."""

    def __init__(self, before: int, after: int, normed: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(before, 2 * after)
        self.norm = nn.BatchNorm1d(1, eps=1e-3, momentum=0.01) if normed else None  # D3

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.linear(x)
        if self.norm is not None:
            y = self.norm(y.reshape(-1, 1, y.shape[-1])).view_as(y)
        return parameters(y)


class StatisticNetwork(nn.Module):
    """q(c | D)."""

    def __init__(self, features: int, config: Training) -> None:
        super().__init__()
        self.counted = "D2" not in config.as_released
        self.element = Normed(features, config.hidden)
        self.first = Normed(config.hidden + self.counted, config.hidden)
        self.second = Normed(config.hidden, config.hidden)
        self.of_context = Gaussian(config.hidden, config.context, "D3" in config.as_released)

    def forward(self, h: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """``h`` [M, K, F]; ``kept`` [M, K], 1 for elements that enter the mean, 0 for others."""
        count = kept.sum(1, keepdim=True)
        pooled = (F.elu(self.element(h)) * kept[..., None]).sum(1) / count
        if self.counted:
            pooled = torch.cat([pooled, count / 10], 1)
        return self.of_context(F.elu(self.second(F.elu(self.first(pooled)))))


class Latent(nn.Module):
    """One z_l, from what it depends on: features of x (of the posterior), c, and the latents above."""

    def __init__(self, given: tuple[int, ...], config: Training) -> None:
        super().__init__()
        self.given = nn.ModuleList(nn.Linear(size, config.hidden) for size in given)
        self.block = nn.ModuleList(Normed(config.hidden, config.hidden) for _ in range(3))
        self.of_latent = Gaussian(config.hidden, config.latent, "D3" in config.as_released)

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        start = F.elu(sum(linear(x) for linear, x in zip(self.given, given, strict=True)))
        a, b, c = self.block
        return self.of_latent(F.elu(start + c(F.elu(b(F.elu(a(start)))))))


class Hierarchy(nn.Module):
    """Context and latents of sets whose elements have ``features``."""

    def __init__(self, features: int, config: Training) -> None:
        super().__init__()
        self.config = config
        self.statistic = StatisticNetwork(features, config)
        above = [(config.latent,) * (layer > 0) for layer in range(config.layers)]
        self.posterior = nn.ModuleList(Latent((features, config.context, *up), config) for up in above)
        self.prior = nn.ModuleList(Latent((config.context, *up), config) for up in above)

    def forward(self, h: Tensor, kept: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[z, c] [M, K, L Z + C] drawn of the posterior, the divergence of c [M], of all z [M], in nats."""
        mean, logvar = self.statistic(h, kept)
        of_context = kl(mean, logvar, torch.zeros_like(mean), torch.zeros_like(logvar))
        c = drawn(mean, logvar)[:, None].expand(-1, h.shape[1], -1)
        found, of_latents = [], 0.0
        for posterior, prior in zip(self.posterior, self.prior, strict=True):
            q, p = posterior(h, c, *found[-1:]), prior(c, *found[-1:])
            of_latents = of_latents + kl(*q, *p).sum(1)
            found.append(drawn(*q))
        return torch.cat([*found, c], 2), of_context, of_latents

    def generate(self, c: Tensor, draw: torch.Generator) -> Tensor:
        """[z, c] [M, K, L Z + C] of contexts [M, K, C], z of the prior."""
        found: list[Tensor] = []
        for prior in self.prior:
            mean, logvar = prior(c, *found[-1:])
            noise = torch.randn(mean.shape, generator=draw).to(mean)
            found.append(mean + (0.5 * logvar).exp() * noise)
        return torch.cat([*found, c], 2)


def convolved(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ELU())


class Encoder(nn.Sequential):
    """Images [N, 1, H, W] in [0, 1] -> features [N, F]."""

    def __init__(self, config: Config, side: int) -> None:
        layers, before = [], 1
        for width in config.widths:
            for k in range(config.convolutions):
                layers.append(convolved(before, width, 2 if k == config.convolutions - 1 else 1))
                before = width
        super().__init__(*layers, nn.Flatten())
        self.features = before * sides(side, len(config.widths))[-1] ** 2


class Decoder(nn.Module):
    """[z, c] [N, D] -> logits of pixels [N, 1, H, W]."""

    def __init__(self, config: Config, side: int) -> None:
        super().__init__()
        self.sides = sides(side, len(config.widths))[::-1]
        self.first = Normed(config.layers * config.latent + config.context, config.widths[-1] * self.sides[0] ** 2)
        stages, before = [], config.widths[-1]
        for width in config.widths[::-1]:
            same = [convolved(before if k == 0 else width, width) for k in range(config.convolutions - 1)]
            up = nn.ConvTranspose2d(width if same else before, width, 2, 2, bias=False)
            stages.append(nn.Sequential(*same, up, nn.BatchNorm2d(width), nn.ELU()))
            before = width
        self.stages = nn.ModuleList(stages)
        self.last = nn.Conv2d(before, 1, 1)

    def forward(self, latents: Tensor) -> Tensor:
        x = F.elu(self.first(latents)).unflatten(1, (-1, self.sides[0], self.sides[0]))
        for stage, side in zip(self.stages, self.sides[1:], strict=True):
            x = stage(x)[..., :side, :side]
        return self.last(x)


def sides(side: int, halvings: int) -> list[int]:
    """Pixels a side, before and after each halving, rounded up."""
    found = [side]
    for _ in range(halvings):
        found.append((found[-1] + 1) // 2)
    return found


class Elementwise(nn.Sequential):
    """Three layers, of each element by itself."""

    def __init__(self, before: int, hidden: int, after: int) -> None:
        inside = [nn.Linear(before, hidden), nn.ELU(), nn.Linear(hidden, hidden), nn.ELU()]
        super().__init__(*inside, nn.Linear(hidden, after))


def normal(x: Tensor, mean: Tensor, logvar: Tensor) -> Tensor:
    """log of Normal(x; mean, exp(logvar)), in nats."""
    return -0.5 * (torch.log(x.new_tensor(2 * torch.pi)) + logvar + (x - mean).square() / logvar.exp())
