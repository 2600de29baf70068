"""RMSprop as written by hand before libraries had it, and gradients cut down one tensor at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .together import Together


class RMSprop(Together):
    """p -= lr g / sqrt(m + eps), m = decay m + (1 - decay) g^2, which starts at 0.

    PyTorch's own adds eps behind the root: where m is far below eps that is a step of another size.
    """

    remembers = ("mean_square",)

    def __init__(self, parameters: Iterable[Tensor], lr: float, decay: float, eps: float) -> None:
        super().__init__(parameters, {"lr": lr, "decay": decay, "eps": eps})

    def move(self, group: dict[str, Any], learning: list[Tensor], gradients: list[Tensor], means: list[Tensor]) -> None:
        torch._foreach_mul_(means, group["decay"])
        torch._foreach_addcmul_(means, gradients, gradients, 1 - group["decay"])
        roots = torch._foreach_add(means, group["eps"])
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(learning, gradients, roots, -group["lr"])


@torch.no_grad()
def clip_each(parameters: Iterable[Tensor], norm: float) -> None:
    """Scale the gradient of each parameter by itself down to the L2 norm ``norm``, where it is longer."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    scales = [(norm / length).clamp(max=1.0) for length in torch._foreach_norm(gradients)]
    torch._foreach_mul_(gradients, scales)


class CentredRMSprop(Together):
    """u <- momentum u - lr g / sqrt(v - m^2 + eps), p += u; m and v are running means of g and g^2. All start at 0.

    Graves (2013), eq. 38 to 45, with eps 1e-4, decay .95 and momentum .9; PyTorch's own adds eps behind the root.
    """

    remembers = ("mean", "mean_square", "update")

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, decay: float = 0.95, momentum: float = 0.9, eps: float = 1e-4
    ) -> None:
        super().__init__(parameters, {"lr": lr, "decay": decay, "momentum": momentum, "eps": eps})

    def move(
        self, group: dict[str, Any], learning: list[Tensor], gradients: list[Tensor], means: list[Tensor],
        squares: list[Tensor], updates: list[Tensor],
    ) -> None:  # fmt: skip
        torch._foreach_lerp_(means, gradients, 1 - group["decay"])
        torch._foreach_mul_(squares, group["decay"])
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - group["decay"])
        roots = torch._foreach_addcmul(squares, means, means, -1.0)
        torch._foreach_add_(roots, group["eps"])
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(updates, group["momentum"])
        torch._foreach_addcdiv_(updates, gradients, roots, -group["lr"])
        torch._foreach_add_(learning, updates)
