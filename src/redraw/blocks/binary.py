"""Grey images as probabilities of binary pixels: drawn anew at every look while training, once and for all while scored."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def drawn_binary(image: Tensor) -> Tensor:
    """x [N, D] of 0 and 1 from ``image`` [N, ...] in [-1, 1], each pixel 1 with its grey level as probability."""
    grey = (image.flatten(1) + 1) / 2
    return (torch.rand_like(grey) < grey).to(grey)


def settled_binary(image: Tensor) -> Tensor:
    """The same as a function of each image alone: every model, and every call, is asked about the same pixels.

    One uniform number a pixel, all of an image's moved round by what the image as a whole comes to: a hash of it.
    """
    grey = (image.flatten(1) + 1) / 2
    rng = np.random.default_rng(0)
    level, weight = (torch.from_numpy(rng.random(grey.shape[1])).to(grey.device) for _ in range(2))
    moved = (1000 * grey.double() * weight).sum(1, keepdim=True)
    return ((level + moved).frac() < grey.double()).to(grey)


def tossed_binary(mean: Tensor, seed: int) -> Tensor:
    """Pixels of -1 and 1 like ``mean`` [N, D], each 1 with this probability: what a model imagines, a function of ``seed``."""
    coin = torch.rand(mean.shape, generator=torch.Generator().manual_seed(seed)).to(mean)
    return 2 * (coin < mean).to(mean) - 1


def bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x | logits) [C, N] in nats of binary pixels ``x`` [N, D] under each of ``logits`` [C, N, D]."""
    return torch.einsum("cnd,nd->cn", logits, x) - F.softplus(logits).sum(-1)
