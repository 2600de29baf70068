"""Adam with the correction of its first steps left almost undone, as code for Theano had it that names 1 - beta "beta"."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


class UncorrectedAdam(torch.optim.Optimizer):
    """p -= lr sqrt(1 - (1 - beta2)^t) / (1 - (1 - beta1)^t) m / (sqrt(v) + 1e-8), t from 1; m and v as Adam has them.

    Adam has beta^t in the place of (1 - beta)^t. With moments of 0.9 and 0.999 the first step is about 3.5 times as large as
    Adam's; after some thousand steps both are the same.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, betas: tuple[float, float]) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "steps": 0})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            learning = [p for p in group["params"] if p.grad is not None]
            if not learning:
                continue
            gradients = [p.grad for p in learning]
            for p in learning:
                if not self.state[p]:
                    self.state[p] |= {"mean": torch.zeros_like(p), "mean_square": torch.zeros_like(p)}
            means, squares = ([self.state[p][name] for p in learning] for name in ("mean", "mean_square"))
            group["steps"] += 1
            (beta1, beta2), t = group["betas"], group["steps"]
            torch._foreach_lerp_(means, gradients, 1 - beta1)
            torch._foreach_mul_(squares, beta2)
            torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
            roots = torch._foreach_sqrt(squares)
            torch._foreach_add_(roots, 1e-8)
            size = group["lr"] * (1 - (1 - beta2) ** t) ** 0.5 / (1 - (1 - beta1) ** t)
            torch._foreach_addcdiv_(learning, means, roots, -size)
