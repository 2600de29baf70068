"""Adversarial Variational Bayes: Unifying Variational Autoencoders and GANs (Mescheder, Nowozin, Geiger; ICML 2017).

A variational auto-encoder whose posterior is whatever a network makes of x and noise. It has no density; an adversary T that
tells draws of the posterior from draws of the prior learns log q(z | x) - log p(z) (section 3). With adaptive contrast it tells
them from a normal distribution of the posterior's own mean and deviation, which is nearer (section 4).

Glossary
    x            binary pixels, drawn anew at every look                            [N, D], networks see 2 x - 1
    z            latents, N(0, I) beforehand                                        [N, Z]
    eps          noise that the posterior is made of                                [N, ...]
    r(z | x)     Normal(mean, std), what the adversary contrasts with; N(0, I) without adaptive contrast; q(z | x) of a VAE
    T(x, z)      <theta(x), s(z)> + t_x(x) + t_z(z) + |z|^2 / 2, logit that z is of q and not of r
    KL           E[T + log r - log p]: right where T is, too small where T lags behind. A diagnostic, then, and no bound

``posterior``: ``gaussian`` (a VAE), ``noise`` (AVB: noise enters behind every convolution), ``adaptive`` (AVB + AC: z = z_0(x) +
sum_i a_i(x) v_i(eps_i), so that mean and variance follow from those of the v_i, which no image changes).

As written
    * One step of encoder and decoder and one of the adversary, both from the same weights (algorithm 1).
    * Mean and deviation of the adaptive contrast have no gradient.

Differences of the released code (LMescheder/AdversarialVariationalBayes@ee29153)
    D1  Its VAE has another, smaller network and smaller batches than AVB: runs vae_released_8 and _32. The runs vae_8 and
        vae_32 have the networks of AVB.
    D2 and D3 are no switches. D2: annealing adapts steps while weights are taken (blocks/annealing.py); here it does not. D3:
    the loss is divided by 784, which Adam does not feel.

``Toy``: four points, each with a bit of its own, two latents (section 6.1): its likelihood is an integral that a grid gives.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import cross_entropy, frozen
from ..blocks.annealing import Latents
from ..blocks.binary import bernoulli, drawn_binary, settled_binary, tossed_binary
from ..blocks.conditioning import draws_of, noise_of
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

POSTERIORS = ("gaussian", "noise", "adaptive")
FLOOR = 1e-4  # of the adaptive contrast's variance (released)
DRAWS = 10  # of each image, for what the adversary says of it
MOMENTS = 1000  # draws of the noise, for the moments of v while scored
KERNEL = 5
POINTS, TOY_DRAWS = 4, 1000  # of the toy; draws of each point's posterior
GRID, CELLS = 6.0, 201  # over which the toy's likelihood is summed: to six deviations of the prior


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Schedule):
    """What both recipes have; the values stand in avb.yaml."""

    posterior: str  # gaussian | noise | adaptive
    latent: int  # Z
    noise: int  # numbers of eps: of every layer, or of every v_i
    basis: int  # how many v_i
    basis_hidden: int  # units of each of their three layers
    adversary_hidden: int  # units of each of three layers, of theta and of s
    adversary_features: int  # length of theta and s
    learning_rate: float  # Adam's step size, of encoder and decoder
    adversary_learning_rate: float
    beta1: float
    beta2: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Training):
    """Of ``AVB``."""

    encoder: tuple[int, ...]  # maps of each convolution
    strides: tuple[int, ...]  # of each
    encoder_dense: int  # units behind them; 0: none
    decoder: tuple[int, ...]  # maps of the first grid and of each transposed convolution but the last
    sides: tuple[int, ...]  # pixels a side of the first grid, and behind each transposed convolution
    decoder_dense: int  # units before the first grid; 0: none


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyConfig(Training):
    """Of ``Toy``."""

    hidden: int  # units of each of two layers, of encoder and decoder


class Drawn(NamedTuple):
    """A draw of q(z | x), and the r(z | x) that it is contrasted with."""

    z: Tensor  # [N, Z]
    mean: Tensor
    std: Tensor


# --- networks --------------------------------------------------------------------------------------------------------


def dense(inputs: int, hidden: int, outputs: int, layers: int, activation: type[nn.Module]) -> nn.Sequential:
    """``layers`` hidden ones and a linear map behind them."""
    sizes = [inputs] + layers * [hidden]
    parts = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), activation())]
    return nn.Sequential(*parts, nn.Linear(sizes[-1], outputs))


class Convolutions(nn.Module):
    """Convolutions with ELU: images -> features [N, F]; with ``noise``, a linear map of eps is added behind each."""

    def __init__(self, config: Config, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape, normalised = shape, config.posterior == "adaptive"
        maps = (shape[0], *config.encoder)
        side = shape[1:]
        self.layers, self.of_noise, self.norms = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for k, stride in enumerate(config.strides):
            self.layers.append(nn.Conv2d(maps[k], maps[k + 1], KERNEL, stride, KERNEL // 2))
            last = k == len(config.strides) - 1
            self.norms.append(nn.BatchNorm2d(maps[k + 1]) if normalised and not last else nn.Identity())
            if config.posterior == "noise":
                self.of_noise.append(nn.Linear(config.noise, maps[k + 1], bias=False))
            side = [-(-s // stride) for s in side]
        self.features = maps[-1] * side[0] * side[1]
        self.dense = nn.Linear(self.features, config.encoder_dense) if config.encoder_dense else None
        self.features = config.encoder_dense or self.features

    def forward(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        """``eps`` [N, layers, E]."""
        h = (2 * x - 1).view(-1, *self.shape)
        for k, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            h = norm(layer(h))
            if eps is not None and self.of_noise:
                h = h + self.of_noise[k](eps[:, k])[:, :, None, None]
            h = F.elu(h)
        h = h.flatten(1)
        return h if self.dense is None else F.elu(self.dense(h))


class Perceptron(nn.Module):
    """The same of four bits, of the toy: two dense layers; noise is added before each ELU."""

    def __init__(self, config: ToyConfig, bits: int) -> None:
        super().__init__()
        sizes = (bits, config.hidden, config.hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.of_noise = nn.ModuleList()
        if config.posterior == "noise":
            self.of_noise.extend(nn.Linear(config.noise, config.hidden, bias=False) for _ in self.layers)
        self.features = config.hidden

    def forward(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        h = 2 * x - 1
        for k, layer in enumerate(self.layers):
            h = layer(h)
            if eps is not None and self.of_noise:
                h = h + self.of_noise[k](eps[:, k])
            h = F.elu(h)
        return h


class Basis(nn.Module):
    """v_i(eps_i): ``n`` networks of three layers side by side, each with noise of its own."""

    def __init__(self, n: int, noise: int, hidden: int, outputs: int) -> None:
        super().__init__()
        sizes = itertools.pairwise((noise, hidden, hidden, hidden, outputs))
        self.maps = nn.ModuleList(nn.ModuleList(nn.Linear(a, b) for _ in range(n)) for a, b in sizes)

    def forward(self, eps: Tensor) -> Tensor:
        """[n, N, outputs] of ``eps`` [n, N, E]."""
        h = eps
        for k, maps in enumerate(self.maps):
            h = F.elu(h) if k else h
            weight, bias = torch.stack([m.weight for m in maps]), torch.stack([m.bias for m in maps])
            h = torch.baddbmm(bias[:, None], h, weight.transpose(1, 2))
        return h


class Encoder(nn.Module):
    """q(z | x), drawn from noise. ``trunk``: x and noise to features."""

    def __init__(self, config: Training, trunk: Convolutions | Perceptron) -> None:
        super().__init__()
        self.config, self.trunk, z = config, trunk, config.latent
        if config.posterior == "noise":
            self.noise_shape = (len(trunk.layers), config.noise)
            self.to_z = nn.Linear(trunk.features, z)
        elif config.posterior == "gaussian":
            self.noise_shape = (z,)
            self.mean, self.log_std = nn.Linear(trunk.features, z), nn.Linear(trunk.features, z)
        else:
            self.noise_shape = (config.basis, config.noise)
            self.z_0, self.a = nn.Linear(trunk.features, z), nn.Linear(trunk.features, config.basis * z)
            self.v = Basis(config.basis, config.noise, config.basis_hidden, z)

    def noise(self, n: int, device: torch.device) -> Tensor:
        return torch.randn(n, *self.noise_shape, device=device)

    def forward(self, x: Tensor, eps: Tensor) -> Drawn:
        if self.config.posterior == "noise":
            z = self.to_z(self.trunk(x, eps)).float()
            return Drawn(z, torch.zeros_like(z), torch.ones_like(z))
        if self.config.posterior == "gaussian":
            mean, std = self.normal(x)
            return Drawn(mean + std * eps, mean, std)
        z_0, a = self._parts(x)
        v = self.v(eps.transpose(0, 1)).float()
        moments = v if self.training else self._many(x.device)
        mean, std = self._contrast(z_0, a, moments)
        return Drawn(z_0 + (a * v).sum(0), mean.detach(), std.detach())

    def normal(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation [N, Z] of r: of the posterior itself (gaussian), as it has them (adaptive), or N(0, I)."""
        if self.config.posterior == "gaussian":
            h = self.trunk(x)
            return self.mean(h).float(), self.log_std(h).float().exp()
        if self.config.posterior == "adaptive":
            return self._contrast(*self._parts(x), self._many(x.device))
        return x.new_zeros(len(x), self.config.latent), x.new_ones(len(x), self.config.latent)

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z_0 [N, Z] and a [basis, N, Z]."""
        h = self.trunk(x)
        a = F.elu(self.a(h).float() - 5) + 1
        return self.z_0(h).float(), a.view(len(x), self.config.basis, -1).transpose(0, 1)

    def _many(self, device: torch.device) -> Tensor:
        shape = (self.config.basis, MOMENTS, self.config.noise)
        return self.v(torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)).float()

    @staticmethod
    def _contrast(z_0: Tensor, a: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        mean = z_0 + (a * v.mean(1, keepdim=True)).sum(0)
        variance = (a.square() * v.var(1, keepdim=True, unbiased=False)).sum(0)
        return mean, (variance + FLOOR).sqrt()


class Decoder(nn.Module):
    """z [..., Z] -> logits of the pixels [..., D]."""

    def __init__(self, config: Config, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.grid = (config.decoder[0], config.sides[0], config.sides[0])
        size, middle = math.prod(self.grid), config.decoder_dense
        self.dense = nn.Linear(config.latent, middle) if middle else None
        self.first = nn.Linear(middle or config.latent, size)
        self.layers = nn.ModuleList()
        for k, (below, above) in enumerate(itertools.pairwise(config.sides)):
            stride = 1 if above == below else 2
            more = above - ((below - 1) * stride - 2 * (KERNEL // 2) + KERNEL)
            maps = (*config.decoder, shape[0])[k : k + 2]
            self.layers.append(nn.ConvTranspose2d(*maps, KERNEL, stride, KERNEL // 2, more))

    def forward(self, z: Tensor) -> Tensor:
        h = z.reshape(-1, z.shape[-1])
        h = h if self.dense is None else F.elu(self.dense(h))
        h = self.first(h).view(-1, *self.grid)
        for layer in self.layers:
            h = layer(F.elu(h))
        return h.reshape(*z.shape[:-1], -1)


class Adversary(nn.Module):
    """T(x, z) [N], the logarithm of the normal density built in."""

    def __init__(self, config: Training, pixels: int) -> None:
        super().__init__()
        hidden, features = config.adversary_hidden, config.adversary_features
        self.theta, self.s = (dense(size, hidden, features + 1, 3, nn.LeakyReLU) for size in (pixels, config.latent))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        theta, s = self.theta(2 * x - 1), self.s(z)
        inner = (theta[:, :-1] * s[:, :-1]).sum(1)
        return inner + theta[:, -1] + s[:, -1] + 0.5 * z.square().sum(1)


# --- recipes ---------------------------------------------------------------------------------------------------------


class Trained(Recipe):
    """Losses and both updates. A recipe gives it ``encoder``, ``decoder`` and, without a density, an ``adversary``."""

    reads = ("image",)

    def prepare_training(self) -> None:
        config, betas = self.config, (self.config.beta1, self.config.beta2)
        own = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimizers = {"adam": torch.optim.Adam(own, config.learning_rate, betas, fused=True)}
        if self.adversary is not None:
            learning = self.adversary.parameters()
            self.optimizers["adversary"] = torch.optim.Adam(learning, config.adversary_learning_rate, betas, fused=True)

    def divergence(self, x: Tensor, drawn: Drawn) -> Tensor:
        """KL(q(z | x) || p(z)) [N] in nats: of a normal posterior; else what the adversary makes of the draw."""
        z, mean, std = drawn
        if self.adversary is None:
            return (0.5 * (mean.square() + std.square() - 1) - std.log()).sum(1)
        apart = (z - mean) / std
        contrast = 0.5 * (z.square() - apart.square()).sum(1) - std.log().sum(1)  # log r - log p
        with self.autocast():
            return self.adversary(x, apart).float() + contrast

    def losses(self, x: Tensor) -> tuple[dict[str, Tensor], Drawn]:
        """``reconstruction``, ``kl`` and ``loss``, their sum: nats per image, means over N; and the draw."""
        with self.autocast():
            drawn = self.encoder(x, self.encoder.noise(len(x), x.device))
            logits = self.decoder(drawn.z)
        reconstruction = -bernoulli(logits.float()[None], x).mean()
        kl = self.divergence(x, drawn).mean()
        return {"reconstruction": reconstruction, "kl": kl, "loss": reconstruction + kl}, drawn

    def adversary_loss(self, x: Tensor, drawn: Drawn) -> Tensor:
        """Cross-entropy of telling the draw, in units of its contrast, from N(0, I); ln 4 where it cannot be told. Eq. 3.3."""
        apart = ((drawn.z - drawn.mean) / drawn.std).detach()
        with self.autocast():
            of_q, of_r = self.adversary(x, apart).float(), self.adversary(x, torch.randn_like(apart)).float()
        return cross_entropy(of_q, 1) + cross_entropy(of_r, 0)

    def step(self, x: Tensor) -> dict[str, Tensor]:
        with frozen(*([] if self.adversary is None else [self.adversary])):
            losses, drawn = self.losses(x)
        self.optimizers["adam"].zero_grad()
        losses["loss"].backward()
        if self.adversary is not None:
            losses["adversary"] = self.adversary_loss(x, drawn)
            self.optimizers["adversary"].zero_grad()
            losses["adversary"].backward()
        for optimizer in self.optimizers.values():
            optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}


class AVB(Trained):
    """Of images. Adaptive contrast, AVB and VAE differ by their ``posterior`` alone."""

    Config = Config

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        check(config)
        self.shape = about.image_shape
        if len(config.strides) != len(config.encoder) or len(config.sides) != len(config.decoder) + 1:
            raise RedrawError(
                "avb, encoder, decoder: give a stride for each convolution, and a side more than the decoder has maps"
            )
        if config.sides[-1] != self.shape[1] or any(
            b not in (a, 2 * a - 1, 2 * a) for a, b in itertools.pairwise(config.sides)
        ):
            raise RedrawError(
                f"avb, sides: {list(config.sides)} for images of {self.shape[1]} pixels: each is the one before or nearly twice "
                "it, the last the image's"
            )
        self.encoder = Encoder(config, Convolutions(config, self.shape))
        self.decoder = Decoder(config, self.shape)
        self.adversary = None if config.posterior == "gaussian" else Adversary(config, math.prod(self.shape))
        self.prepare_training()

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return self.step(drawn_binary(batch["image"]))

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(settled_binary(batch["image"]))[0]

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``evidence`` [N, draws]: log p(x | z) - KL, where KL is the adversary's for a posterior without a density."""
        x, found = settled_binary(batch["image"]), []
        for _ in range(DRAWS):
            drawn = self.encoder(x, self.encoder.noise(len(x), x.device))
            found.append(bernoulli(self.decoder(drawn.z)[None], x)[0] - self.divergence(x, drawn))
        return {"evidence": torch.stack(found, 1)}

    @torch.no_grad()
    def bounds(self, batch: Batch, seed: int, samples: int) -> Tensor:
        """log p(x, z) - log r(z | x) [N, samples], z of r: of adaptive contrast, too, a bound, though not of its posterior."""
        x = settled_binary(batch["image"])
        mean, std = self.encoder.normal(x)
        eps = draws_of(batch, len(x), self.config.latent, seed, samples).to(x.device)
        z = mean + std * eps
        ratio = (0.5 * (eps.square() - z.square()) + std.log()).sum(-1)
        return (bernoulli(self.decoder(z), x) + ratio).T

    def latents(self, batch: Batch) -> Latents:
        """Around r(z | x)."""
        x = settled_binary(batch["image"])
        with torch.no_grad():
            mean, std = self.encoder.normal(x)
        return Latents(mean, std, lambda z: bernoulli(self.decoder(z), x))

    @torch.no_grad()
    def imagined(self, conditions: Batch, seed: int) -> tuple[Tensor, Tensor]:
        """Binary images [N, C, H, W] in [-1, 1] and their latents."""
        z, mean = self._drawn(conditions, seed)
        return tossed_binary(mean, seed + 1).view(-1, *self.shape), z

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, C, H, W] in [-1, 1]: the mean of p(x | z), z of the prior."""
        return 2 * self._drawn(conditions, seed)[1].view(-1, *self.shape) - 1

    def _drawn(self, conditions: Batch, seed: int) -> tuple[Tensor, Tensor]:
        device = conditions["class_id"].device
        z = noise_of(conditions, len(conditions["class_id"]), self.config.latent, seed).to(device)
        return z, self.decoder(z).sigmoid()


class Toy(Trained):
    """Four points, each with a bit of its own; the images of a batch are only counted."""

    Config = ToyConfig

    def __init__(self, config: ToyConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        check(config)
        if config.posterior == "adaptive" or config.latent != 2:
            raise RedrawError("avb, Toy: its posterior is gaussian or noise, of two latents: a grid covers no more")
        self.register_buffer("points", torch.eye(POINTS), persistent=False)
        self.encoder = Encoder(config, Perceptron(config, POINTS))
        self.decoder = dense(config.latent, config.hidden, POINTS, 2, nn.ELU)
        self.adversary = None if config.posterior == "gaussian" else Adversary(config, POINTS)
        self.prepare_training()

    def rows(self, n: int) -> Tensor:
        """The points in turn [n, 4]."""
        return self.points[torch.arange(n, device=self.points.device) % POINTS]

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return self.step(self.rows(len(batch["image"])))

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(self.rows(len(batch["image"])))[0]

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """Of each row's point: ``log_likelihood`` [N, 1], summed over a grid; ``drawn_latents`` [N, S, 2] of q, and
        ``drawn_likelihood`` [N, S], log p(x | z) of these."""
        x = self.rows(len(batch["image"]))
        line = torch.linspace(-GRID, GRID, CELLS, device=x.device)
        z = torch.cartesian_prod(line, line)
        log_prior = -0.5 * z.square().sum(1) - math.log(2 * math.pi) + 2 * math.log(2 * GRID / (CELLS - 1))
        exact = (bernoulli(self.decoder(z)[:, None], self.points) + log_prior[:, None]).logsumexp(0)
        drawn = torch.stack([self.encoder(x, self.encoder.noise(len(x), x.device)).z for _ in range(TOY_DRAWS)], 1)
        likelihood = bernoulli(self.decoder(drawn).transpose(0, 1), x).T
        return {
            "log_likelihood": exact[torch.arange(len(x)) % POINTS, None], "drawn_latents": drawn,
            "drawn_likelihood": likelihood,
        }  # fmt: skip

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """[N, 1, 2, 2] in [-1, 1]: each bit's probability, z of the prior."""
        z = noise_of(conditions, len(conditions["class_id"]), self.config.latent, seed).to(self.points.device)
        return 2 * self.decoder(z).sigmoid().view(-1, 1, 2, 2) - 1


def check(config: Training) -> None:
    """Raises RedrawError for a posterior that there is not."""
    if config.posterior not in POSTERIORS:
        raise RedrawError(f"avb, posterior {config.posterior!r}: choose of {', '.join(POSTERIORS)}")
