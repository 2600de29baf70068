"""Captions of a batch's images: [N, K, T] token ids, those that an image has first, rows of 0 behind them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..core import RedrawError


def captions_there(captions: Tensor) -> Tensor:
    """[N, K] bool: which captions are none of the padding."""
    return (captions != 0).any(2)


def draw_captions(captions: Tensor, n: int) -> Tensor:
    """``n`` captions [N, n, T] of each image, drawn evenly with repetition from the global generator."""
    images, _, length = captions.shape
    count = captions_there(captions).sum(1, keepdim=True)  # [N, 1]
    # Rounding may carry rand * count up to count itself.
    chosen = (torch.rand(images, n, device=captions.device) * count).long().clamp(max=count - 1).clamp(min=0)
    return captions.gather(1, chosen[:, :, None].expand(-1, -1, length))


def draw_distinct_captions(captions: Tensor, n: int) -> Tensor:
    """``n`` captions [N, n, T] of each image, drawn evenly without repetition; where it has fewer, they come again in turn."""
    there = captions_there(captions)  # [N, K]
    order = torch.rand(there.shape, device=captions.device).masked_fill(~there, 2.0).argsort(1)
    count = there.sum(1, keepdim=True).clamp(min=1)
    chosen = order.gather(1, torch.arange(n, device=captions.device) % count)
    return captions.gather(1, chosen[:, :, None].expand(-1, -1, captions.shape[2]))


def mismatching(class_id: Tensor, for_what: str) -> Tensor:
    """Rows [N] of a batch, each of another class than class_id [N] at its place, drawn evenly.

    Raises RedrawError where a batch holds one class only: nothing in it mismatches.
    """
    other = class_id[:, None] != class_id
    if not bool(other.any(1).all()):
        raise RedrawError(f"{for_what}: all images of a batch are of one class, none mismatches: raise batch_size")
    return torch.where(other, torch.rand(other.shape, device=other.device), -1.0).argmax(1)
