"""What the losses and updates of all adversarial pairs have in common. Discriminators give logits, never probabilities."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    """Binary cross-entropy of logits [N] against one label, 1 or 0, for all of them; mean in nats."""
    return F.softplus(-logits if label else logits).mean()


@contextlib.contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Inside, gradients pass through ``networks`` to what they see, and none are computed for their weights."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


@contextlib.contextmanager
def held_by_reference(network: nn.Module) -> Iterator[None]:
    """Inside, what is computed keeps the weights of ``network`` themselves for its backward pass, not their values.

    A backward pass after an update then goes through the new weights with activations of the old ones, as in Torch7,
    whose modules keep both in one place; the library would refuse it.
    """
    own = {p.data_ptr(): p for p in network.parameters()}

    def kept(tensor: Tensor) -> Tensor | tuple[Tensor, torch.Size, tuple[int, ...]]:
        weight = own.get(tensor.data_ptr())
        return tensor if weight is None else (weight, tensor.shape, tensor.stride())

    def found(kept: Tensor | tuple[Tensor, torch.Size, tuple[int, ...]]) -> Tensor:
        return kept if isinstance(kept, Tensor) else kept[0].detach().as_strided(*kept[1:])

    with torch.autograd.graph.saved_tensors_hooks(kept, found):
        yield


class Adams(Protocol):
    """The fields of a Config that Adam is given."""

    learning_rate: float
    beta1: float
    beta2: float


def adam(network: nn.Module, config: Adams) -> torch.optim.Adam:
    """Of those weights of ``network`` that learn."""
    learning = [p for p in network.parameters() if p.requires_grad]
    return torch.optim.Adam(learning, config.learning_rate, (config.beta1, config.beta2), fused=True)


def update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step of ``optimizer`` down ``loss``."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def descended(optimizer: torch.optim.Optimizer, losses: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """One step down the loss ``name``; all of ``losses``, without gradients."""
    update(optimizer, losses[name])
    return {key: loss.detach() for key, loss in losses.items()}


def set_step_size(optimizers: dict[str, torch.optim.Optimizer], size: float) -> None:
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = size
