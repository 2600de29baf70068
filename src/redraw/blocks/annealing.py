"""Annealed importance sampling (Neal 2001) with Hamiltonian transitions, forward and in reverse (Grosse et al. 2015).

Between r(z) at beta 0, a normal distribution that a chain starts from, and p(z) p(x | z) at beta 1, z ~ N(0, I) beforehand, lies
r^(1 - beta) (p(z) p(x | z))^beta. A forward chain's weight is an unbiased estimate of p(x): its logarithm is in expectation a
lower bound on log p(x). A chain that starts at an exact draw of p(z | x), as data that the model itself drew have one, and goes
back to r gives an upper bound. Between the two lies log p(x); their distance says how far off either may be (bidirectional Monte
Carlo).

Step sizes adapt to what is accepted (Wu et al. 2017, tonywu95/eval_gen). There a chain adapts while its weight is taken: its
transitions leave nothing invariant, and either bound may come out on the wrong side. Here some chains go ahead, whose steps the
others keep. A step is in units of the deviation of r.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

FIRST_STEP, LEAST_STEP, LARGEST_STEP = 0.2, 1e-4, 1.5
FASTER = 1.05  # a step grows by so much while more than ``WANTED`` is accepted, and shrinks by as much otherwise
WANTED, SMOOTHED = 0.65, 0.9
AHEAD = 4  # of so many chains one goes ahead


class Latents(NamedTuple):
    """A model's latent variables given N images, as numbers that are N(0, I) beforehand."""

    mean: Tensor  # [N, Z], with ``std`` a normal distribution near p(z | x): any is right, a near one is cheaper
    std: Tensor  # [N, Z]
    log_likelihood: Callable[[Tensor], Tensor]  # z [C, N, Z] -> log p(x | z) [C, N] in nats


class Annealed(NamedTuple):
    """What chains came to."""

    log_weights: Tensor  # float64 [C, N]
    accepted: Tensor  # float64 [C, N], share of the transitions
    z: Tensor  # [C, N, Z], where the chains ended


def temperatures(steps: int, schedule: str) -> Tensor:
    """``steps`` + 1 values of beta from 0 to 1, float64: "linear", or "sigmoid", which is slow at both ends (Wu et al. 2017)."""
    line = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    if schedule == "linear":
        return line
    curve = (8 * line - 4).sigmoid()
    return (curve - curve[0]) / (curve[-1] - curve[0])


def anneal(
    latents: Latents, betas: Tensor, chains: int, leapfrogs: int, generator: torch.Generator, exact: Tensor | None = None
) -> Annealed:  # fmt: skip
    """``chains`` of each image, forward from r; with ``exact`` [N, Z] of p(z | x), backward from there.

    Log weights bound log p(x): forward from below, -log mean exp(-w) of backward ones from above. ``betas`` rise from 0 to 1;
    noise is of ``generator`` on the CPU. A quarter as many chains go ahead to find steps.
    """
    _, steps = _run(latents, betas, -(-chains // AHEAD), leapfrogs, generator, exact, None)  # whose weights are biased
    return _run(latents, betas, chains, leapfrogs, generator, exact, steps)[0]


# --- inside ------------------------------------------------------------------------------------------------------


def _run(
    latents: Latents, betas: Tensor, chains: int, leapfrogs: int, generator: torch.Generator, exact: Tensor | None,
    steps: list[Tensor] | None,
) -> tuple[Annealed, list[Tensor]]:  # fmt: skip
    """The chains, and the step size [N] of each transition: those given, or found on the way."""
    mean, std = latents.mean, latents.std
    shape = (chains, *mean.shape)

    def noise() -> Tensor:
        return torch.randn(shape, generator=generator).to(mean)

    z = mean + std * noise() if exact is None else exact.expand(shape).clone()
    order, sign = (betas, 1) if exact is None else (betas.flip(0), -1)
    at = _look(latents, z)
    total, accepted = z.new_zeros(shape[:2], dtype=torch.float64), z.new_zeros(shape[:2], dtype=torch.float64)
    size, rate, taken_steps = z.new_full(shape[1:2], FIRST_STEP), z.new_full(shape[1:2], WANTED), []
    for k, (old, new) in enumerate(itertools.pairwise(order.tolist())):
        # The same sum both ways: a weight is the ratio of two neighbours at the point between their transitions.
        total += sign * (new - old) * (at.joint - at.start).double()
        if k == len(order) - 2:
            break
        size = size if steps is None else steps[k]
        taken_steps.append(size)
        at, taken = _transition(latents, at, new, size[:, None] * std, leapfrogs, noise(), generator)
        accepted += taken
        rate = SMOOTHED * rate + (1 - SMOOTHED) * taken.to(rate).mean(0)
        size = torch.where(rate > WANTED, size * FASTER, size / FASTER).clamp(LEAST_STEP, LARGEST_STEP)
    return Annealed(total, accepted / max(1, len(order) - 2), at.z), taken_steps


def _transition(
    latents: Latents, at: _Point, beta: float, step: Tensor, leapfrogs: int, momentum: Tensor, generator: torch.Generator
) -> tuple[_Point, Tensor]:  # fmt: skip
    """Where Hamiltonian dynamics lead from ``at``, and whether that was accepted [C, N]; ``step`` [N, Z]."""
    proposal, p = at, momentum
    for _ in range(leapfrogs):
        p = p + 0.5 * step * proposal.slope(beta)
        proposal = _look(latents, proposal.z + step * p)
        p = p + 0.5 * step * proposal.slope(beta)
    gain = proposal.height(beta) - at.height(beta) + 0.5 * (momentum.square() - p.square()).sum(-1)
    coin = torch.rand(gain.shape, generator=generator).to(gain)
    taken = coin.log() < gain  # what is not finite never is
    return at.replaced(proposal, taken), taken


class _Point(NamedTuple):
    """Where the chains are, with both ends' log densities and slopes, so that a change of beta costs nothing."""

    z: Tensor
    start: Tensor  # log r(z) [C, N]
    joint: Tensor  # log p(z) p(x | z)
    start_slope: Tensor  # [C, N, Z]
    joint_slope: Tensor

    def height(self, beta: float) -> Tensor:
        return (1 - beta) * self.start + beta * self.joint

    def slope(self, beta: float) -> Tensor:
        return (1 - beta) * self.start_slope + beta * self.joint_slope

    def replaced(self, other: _Point, where: Tensor) -> _Point:
        pairs = zip(self, other, strict=True)
        return _Point(*(torch.where(where[..., None] if a.ndim == 3 else where, b, a) for a, b in pairs))


def _look(latents: Latents, z: Tensor) -> _Point:
    apart = (z - latents.mean) / latents.std
    constant = 0.5 * z.shape[-1] * math.log(2 * math.pi)
    start = -0.5 * apart.square().sum(-1) - latents.std.log().sum(-1) - constant
    with torch.enable_grad():
        asked = z.detach().requires_grad_()
        likelihood = latents.log_likelihood(asked)
        (slope,) = torch.autograd.grad(likelihood.sum(), asked)
    joint = likelihood.detach() - 0.5 * z.square().sum(-1) - constant
    return _Point(z.detach(), start, joint, -apart / latents.std, slope - z)
