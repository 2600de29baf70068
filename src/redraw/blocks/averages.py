"""An exponential average of a network's weights, from which samples are drawn."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average(nn.Module):
    """``network``: the average, without gradients, its buffers those of the live network (as released: parameters only
    are averaged, saved files hold the live batch normalisations' statistics)."""

    def __init__(self, live: nn.Module, decay: float) -> None:
        super().__init__()
        self.network, self.decay = copy.deepcopy(live).requires_grad_(False), decay

    @torch.no_grad()
    def update(self, live: nn.Module) -> None:
        """After a step of ``live``."""
        own = list(self.network.parameters())
        torch._foreach_lerp_(own, list(live.parameters()), 1 - self.decay)
        for mine, its in zip(self.network.buffers(), live.buffers(), strict=True):
            mine.copy_(its)

    @torch.no_grad()
    def overwrite(self, live: nn.Module) -> None:
        """``live`` goes on from the average, as StackGAN-v2's released code does at every snapshot."""
        for its, mine in zip(live.parameters(), self.network.parameters(), strict=True):
            its.copy_(mine)
