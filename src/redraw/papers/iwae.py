"""Importance Weighted Autoencoders (Burda, Grosse, Salakhutdinov; ICLR 2016).

A variational auto-encoder whose bound on log p(x) takes k draws of the latents at once: L_k = E log 1/k sum_i w_i. With k = 1 it
is the usual one. The baseline takes as many draws and averages their gradients.

Glossary
    x          binary pixels                                                [N, D]
    h^l        stochastic layers, h^1 next to the image                     [k, N, Z_l]
    q(h|x)     product of Normal(mu, sigma) of each layer given the one below: two tanh layers, then both by linear maps
    p(x, h)    N(0, I) of the last layer, the same kind of network downwards, Bernoulli pixels
    w_i        p(x, h_i) / q(h_i | x)                                       log w [k, N]
    L_k        log of the mean of k weights (eq. 8); ``vae``: mean of their logarithms

As written
    * Pixels are drawn anew at every look, with their grey levels as probabilities; on the fixed set they are what they are.
    * sigma is the exponential of a linear map. All weights are Glorot's uniform ones, each layer's its own.
    * Adam with moments of 0.9 and 0.999 and epsilon 1e-4 (recalled); eight stages of 3^i passes with step sizes
      0.001 10^(-i / 7), i from 0 to 7 (recalled).
    * A unit is active where the variance of its posterior mean over the data is above 0.01; of the second layer the mean over
      draws of the first.

Differences of the released code (yburda/iwae@78a6075); a run takes over those in its ``as_released``
    D1  Adam: a first moment of 0.99, a second one that starts at 1 (not 0), while its correction is as if it started at 0: where
        gradients are far below 1, the first thousands of steps are far shorter. A step is made with the moments before it.
    D2  Every linear map is drawn with the same seed: maps of equal sizes start equal, among them mu and log sigma.
    D3  Step sizes are rounded to a tenth of 1e-4.
    D4 and D5 are no switches. D4: test images are made binary anew at each pass over them; here once for all models. D5: active
    units are counted on the first 500 training images; here on 500 spread over all.

Silences filled from the released code: the loss is a sum over the batch (Adam's epsilon feels that), pixels start with the logits
of their mean. There it is the training set's; a recipe sees batches alone, and takes the first one's, with one image of 1/2.

``start``: another run, by the role of this name in ``needs``, with whose weights the training begins (cross-initialisation).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..blocks.adversarial import set_step_size
from ..blocks.annealing import Latents
from ..blocks.binary import bernoulli, drawn_binary, settled_binary, tossed_binary
from ..blocks.conditioning import draws_of, noise_of
from ..blocks.together import Together, step_by_moments, update_moments
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

OBJECTIVES = ("vae", "iwae")
SEED_OF_ALL = 123  # D2
DRAWS_OF_A_MEAN = 50  # of the first layer, for posterior means of the second


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in iwae.yaml."""

    objective: str  # vae | iwae
    k: int  # draws of the latents for each image
    hidden: tuple[int, ...]  # units of both tanh layers beside each stochastic layer, from the image on
    latent: tuple[int, ...]  # units of each stochastic layer
    learning_rate: float  # Adam's step size of the first stage
    last_learning_rate: float  # of the last one; those between lie on a geometric line
    stages: int
    stage_growth: float  # passes of a stage over those of the one before
    beta1: float
    beta2: float
    epsilon: float  # Adam's


# --- optimiser -------------------------------------------------------------------------------------------------------


class ReleasedAdam(Together):
    """p -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps), t from 1; m and v as Adam's before this step, v from 1 on.

    Theano updates all that a function names at once, from what was there before it: the moments that a gradient changes serve
    the next step, and the first one moves nothing. D1.
    """

    remembers = ("mean", "mean_square_below_one")

    def __init__(self, parameters: Iterable[Tensor], lr: float, beta2: float, eps: float) -> None:
        super().__init__(parameters, {"lr": lr, "betas": (0.99, beta2), "eps": eps, "steps": 0})

    def move(
        self, group: dict[str, Any], learning: list[Tensor], gradients: list[Tensor], means: list[Tensor],
        squares: list[Tensor],
    ) -> None:  # fmt: skip
        group["steps"] += 1
        (beta1, beta2), t = group["betas"], group["steps"]
        before = torch._foreach_add(
            squares, beta2 ** (t - 1)
        )  # remembered is v less this: it starts at 0, as all does here
        size = group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        step_by_moments(learning, means, before, size, group["eps"])
        update_moments(means, squares, gradients, group["betas"])


def step_size(config: Config, share: float) -> float:
    """Of the stage that a training is in after ``share`` of its steps."""
    lengths = [config.stage_growth**i for i in range(config.stages)]
    ends = np.cumsum(lengths) / sum(lengths)
    stage = min(int((share >= ends - 1e-12).sum()), config.stages - 1)
    fall = config.last_learning_rate / config.learning_rate
    size = config.learning_rate * fall ** (stage / max(1, config.stages - 1))
    return round(size * 1e4, 1) / 1e4 if "D3" in config.as_released else size


# --- networks --------------------------------------------------------------------------------------------------------


class Normal(nn.Module):
    """Two tanh layers, then mu and log sigma [..., Z] by linear maps."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.body = tanh_layers(inputs, hidden)
        self.mu = nn.Linear(hidden, outputs)
        self.log_sigma = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.body(x)
        return self.mu(h), self.log_sigma(h)


def tanh_layers(inputs: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())


def start(network: nn.Module, same: bool) -> None:
    """Glorot's uniform weights, biases 0; with the ``same`` seed for every map, laid out [inputs, outputs] as Theano has them."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
            if same:
                bound = math.sqrt(6 / (module.in_features + module.out_features))
                size = (module.in_features, module.out_features)
                drawn = np.random.RandomState(SEED_OF_ALL).uniform(-bound, bound, size)
                module.weight.data.copy_(torch.from_numpy(drawn.T))
            else:
                nn.init.xavier_uniform_(module.weight)


def log_normal(z: Tensor, mu: Tensor | float = 0.0, log_sigma: Tensor | float = 0.0) -> Tensor:
    """log Normal(z; mu, sigma), summed over the last axis, without its constant, which cancels in a weight."""
    apart = (z - mu) * (-torch.as_tensor(log_sigma)).exp()
    return -(0.5 * apart.square() + log_sigma).sum(-1)


# --- recipe ----------------------------------------------------------------------------------------------------------


class IWAE(Recipe):
    """Both objectives, any number of stochastic layers."""

    Config = Config
    reads = ("image",)

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if config.objective not in OBJECTIVES or config.k < 1:
            raise RedrawError(
                f"iwae, objective {config.objective!r} with k {config.k}: choose of {', '.join(OBJECTIVES)}, and k from 1 on"
            )
        if not config.latent or len(config.hidden) != len(config.latent):
            raise RedrawError(
                f"iwae, latent: {len(config.latent)} stochastic layers and {len(config.hidden)} entries in hidden: give one each"
            )
        self.shape, pixels = about.image_shape, math.prod(about.image_shape)
        below = (pixels, *config.latent)
        sizes = list(zip(below, config.hidden, config.latent, strict=False))
        self.up = nn.ModuleList(Normal(*size) for size in sizes)  # q(h^l | h^(l-1)), h^0 = x
        self.down = nn.ModuleList(
            Normal(latent, hidden, lower) for lower, hidden, latent in sizes[1:]
        )  # p(h^l | h^(l+1))
        self.pixels = tanh_layers(config.latent[0], config.hidden[0]).append(nn.Linear(config.hidden[0], pixels))
        start(self, "D2" in config.as_released)
        self.labels = {
            "posterior_mean": tuple(str(layer + 1) for layer, z in enumerate(config.latent) for _ in range(z))
        }
        self.continued = "start" in needs
        if self.continued:
            self.load_state_dict(needs["start"].state_dict())
        betas = {"betas": (config.beta1, config.beta2), "eps": config.epsilon}
        if "D1" in config.as_released:
            optimizer = ReleasedAdam(self.parameters(), config.learning_rate, config.beta2, config.epsilon)
        else:
            optimizer = torch.optim.Adam(self.parameters(), config.learning_rate, fused=True, **betas)
        self.optimizers = {"adam": optimizer}

    def log_weights(self, x: Tensor, eps: Tensor) -> Tensor:
        """log w [k, N] of pixels x [N, D], the latents drawn with ``eps`` [k, N, all Z]. Eq. 3, 4."""
        found, h, total = x, [], 0.0
        for layer, noise in zip(self.up, eps.split(self.config.latent, -1), strict=True):
            mu, log_sigma = layer(found)
            found = mu + log_sigma.exp() * noise
            h.append(found)
            total = total + (0.5 * noise.square() + log_sigma).sum(-1)  # - log q, without the constant that p has, too
        for layer, lower, upper in zip(self.down, h, h[1:], strict=False):
            total = total + log_normal(lower, *layer(upper))
        return total + log_normal(h[-1]) + bernoulli(self.pixels(h[0]).float(), x)

    def losses(self, x: Tensor) -> dict[str, Tensor]:
        """``loss``: minus the objective in nats per image; ``bound_1`` and ``bound_k``: minus both, of these draws."""
        config = self.config
        eps = torch.randn(config.k, len(x), sum(config.latent), device=x.device)
        with self.autocast():
            log_w = self.log_weights(x, eps).float()
        one, many = -log_w.mean(), -(log_w.logsumexp(0) - math.log(config.k)).mean()
        return {"loss": many if config.objective == "iwae" else one, "bound_1": one, "bound_k": many}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        x, optimizer = drawn_binary(batch["image"]), self.optimizers["adam"]
        if at.index == 0 and not self.continued:
            mean = ((batch["image"].flatten(1) + 1).sum(0) / 2 + 0.5) / (len(x) + 1)
            self.pixels[-1].bias.data.copy_(mean.logit())
        set_step_size(self.optimizers, step_size(self.config, at.index / at.total))
        losses = self.losses(x)
        optimizer.zero_grad()
        (losses["loss"] * len(x)).backward()  # released: a sum over the batch
        optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(settled_binary(batch["image"]))

    @torch.no_grad()
    def bounds(self, batch: Batch, seed: int, samples: int) -> Tensor:
        """log w [N, samples]; pixels are those of ``settled_binary``."""
        x = settled_binary(batch["image"])
        eps = draws_of(batch, len(x), sum(self.config.latent), seed, samples).to(x.device)
        with self.autocast():
            return self.log_weights(x, eps).float().T

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``posterior_mean`` [N, all Z]: E[h^l | x] of every layer, beyond the first over draws of the layers below."""
        mu, log_sigma = self.up[0](settled_binary(batch["image"]))
        means = [mu]
        draws = mu + log_sigma.exp() * torch.randn(DRAWS_OF_A_MEAN, *mu.shape, device=mu.device)
        for layer in self.up[1:]:
            mu, log_sigma = layer(draws)
            means.append(mu.mean(0))
            draws = mu + log_sigma.exp() * torch.randn_like(mu)
        return {"posterior_mean": torch.cat(means, 1)}

    # -- drawing from the prior: latents are numbers that are N(0, I), the last layer's first ------------------------------

    def first_layer(self, noise: Tensor) -> Tensor:
        """h^1 [..., Z_1] from ``noise`` [..., all Z], laid out from the last layer down."""
        parts = noise.split(self.config.latent[::-1], -1)
        h = parts[0]
        for layer, eps in zip(reversed(self.down), parts[1:], strict=True):
            mu, log_sigma = layer(h)
            h = mu + log_sigma.exp() * eps
        return h

    def latents(self, batch: Batch) -> Latents:
        """Around what q says along its own means: of each layer's noise, given the layer above."""
        x = settled_binary(batch["image"])
        found, near = x, []
        for layer in self.up:
            mu, log_sigma = layer(found)
            near.append((mu, log_sigma.exp()))
            found = mu
        mean, std = [near[-1][0]], [near[-1][1]]
        for layer, (mu, sigma), (above, _) in reversed(list(zip(self.down, near, near[1:], strict=False))):
            prior_mu, prior_log_sigma = layer(above)
            mean.append((mu - prior_mu) * (-prior_log_sigma).exp())
            std.append(sigma * (-prior_log_sigma).exp())

        def log_likelihood(z: Tensor) -> Tensor:
            return bernoulli(self.pixels(self.first_layer(z)), x)

        return Latents(torch.cat(mean, 1), torch.cat(std, 1), log_likelihood)

    @torch.no_grad()
    def imagined(self, conditions: Batch, seed: int) -> tuple[Tensor, Tensor]:
        """Binary images [N, C, H, W] in [-1, 1] and the noise [N, all Z] of their latents."""
        z, mean = self._drawn(conditions, seed)
        return tossed_binary(mean, seed + 1).view(-1, *self.shape), z

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, C, H, W] in [-1, 1]: the mean of p(x | h^1), h of the prior."""
        return 2 * self._drawn(conditions, seed)[1].view(-1, *self.shape) - 1

    def _drawn(self, conditions: Batch, seed: int) -> tuple[Tensor, Tensor]:
        device, n = conditions["class_id"].device, len(conditions["class_id"])
        z = noise_of(conditions, n, sum(self.config.latent), seed).to(device)
        with self.autocast():
            return z, self.pixels(self.first_layer(z)).float().sigmoid()
