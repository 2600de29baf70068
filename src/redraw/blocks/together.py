"""Optimisers that move all parameters by a few operations on lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor


class Together(torch.optim.Optimizer):
    """``remembers``: names of what is kept of each parameter, of its shape and 0 at first."""

    remembers: ClassVar[tuple[str, ...]]

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            learning = [p for p in group["params"] if p.grad is not None]
            if not learning:
                continue
            for p in learning:
                if not self.state[p]:
                    self.state[p] |= {name: torch.zeros_like(p) for name in self.remembers}
            kept = ([self.state[p][name] for p in learning] for name in self.remembers)
            self.move(group, learning, [p.grad for p in learning], *kept)

    def move(self, group: dict[str, Any], learning: list[Tensor], gradients: list[Tensor], *kept: list[Tensor]) -> None:
        """Change the parameters ``learning``, and what is ``kept`` of them in the order of ``remembers``, in place."""
        raise NotImplementedError


def update_moments(
    means: list[Tensor], squares: list[Tensor], gradients: list[Tensor], betas: tuple[float, float]
) -> None:
    """Adam's running means of gradients and of their squares, in place."""
    torch._foreach_lerp_(means, gradients, 1 - betas[0])
    torch._foreach_mul_(squares, betas[1])
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - betas[1])


def step_by_moments(
    learning: list[Tensor], means: Sequence[Tensor], squares: Sequence[Tensor], size: float, eps: float
) -> None:
    """p -= size m / (sqrt(v) + eps), in place."""
    roots = torch._foreach_sqrt(squares)
    torch._foreach_add_(roots, eps)
    torch._foreach_addcdiv_(learning, means, roots, -size)
