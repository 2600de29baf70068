"""Adam with the correction of its first steps left almost undone, as code for Theano had it that names 1 - beta "beta"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .together import Together


class UncorrectedAdam(Together):
    """p -= lr sqrt(1 - (1 - beta2)^t) / (1 - (1 - beta1)^t) m / (sqrt(v) + 1e-8), t from 1; m and v as Adam has them.

    Adam has beta^t in the place of (1 - beta)^t. With moments of 0.9 and 0.999 the first step is about 3.5 times as large as
    Adam's; after some thousand steps both are the same.
    """

    remembers = ("mean", "mean_square")

    def __init__(self, parameters: Iterable[Tensor], lr: float, betas: tuple[float, float]) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "steps": 0})

    def move(
        self, group: dict[str, Any], learning: list[Tensor], gradients: list[Tensor], means: list[Tensor],
        squares: list[Tensor],
    ) -> None:  # fmt: skip
        group["steps"] += 1
        (beta1, beta2), t = group["betas"], group["steps"]
        torch._foreach_lerp_(means, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_add_(roots, 1e-8)
        size = group["lr"] * (1 - (1 - beta2) ** t) ** 0.5 / (1 - (1 - beta1) ** t)
        torch._foreach_addcdiv_(learning, means, roots, -size)
