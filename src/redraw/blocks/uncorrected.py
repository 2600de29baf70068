"""Adam with the correction of its first steps left almost undone, as code for Theano had it that names 1 - beta "beta"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from .together import Together, step_by_moments, update_moments


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
        update_moments(means, squares, gradients, group["betas"])
        size = group["lr"] * (1 - (1 - beta2) ** t) ** 0.5 / (1 - (1 - beta1) ** t)
        step_by_moments(learning, means, squares, size, 1e-8)
