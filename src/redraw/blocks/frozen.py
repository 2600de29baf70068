"""Trained networks that another one reads: kept beside its weights, not among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from ..core import RedrawError


class Reads(nn.Module):
    """Mixin of a recipe that reads other recipes' networks.

    A network that is held is in evaluation mode, has no gradients and follows its reader from device to device, but is
    no submodule: neither ``state_dict`` nor ``parameters`` nor ``train`` reach it, so that a run's weights are its own.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.held: dict[str, nn.Module] = {}

    def hold(self, role: str, needs: Mapping[str, nn.Module], for_what: str) -> nn.Module:
        """The network of ``role``, held from now on. Raises RedrawError where the run names none for it."""
        if role not in needs:
            raise RedrawError(f"{for_what}: no {role} network: give the run needs: {{{role}: <name of another run>}}")
        self.held[role] = needs[role].eval().requires_grad_(False)
        return self.held[role]

    def _apply(self, fn: Callable, recurse: bool = True) -> nn.Module:
        for network in self.held.values():
            network._apply(fn, recurse)
        return super()._apply(fn, recurse)
