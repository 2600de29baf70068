"""Optimisers that move all parameters by a few operations on lists of them."""

from __future__ import annotations

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
