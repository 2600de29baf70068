"""What generators are conditioned on: noise, a caption's embedding, and that embedding made a distribution."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..recipe import Batch
from .captions import captions_there
from .frozen import Reads


def noise_of(conditions: Batch, n: int, width: int, seed: int) -> Tensor:
    """z [n, width], standard normal, drawn on the CPU: the same seed gives the same noise whatever the device.

    Rows of one number in ``noise_group`` [N] share their noise, which then depends on seed and number alone.
    """
    if "noise_group" not in conditions:
        return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))
    groups, place = np.unique(conditions["noise_group"].cpu().numpy(), return_inverse=True)
    drawn = np.stack([np.random.default_rng([seed, int(g)]).standard_normal(width, np.float32) for g in groups])
    return torch.from_numpy(drawn[place])


def draws_of(conditions: Batch, n: int, width: int, seed: int, samples: int) -> Tensor:
    """[samples, n, width]: as many draws of noise, each as ``noise_of`` from a seed of its own."""
    return torch.stack([noise_of(conditions, n, width, seed + k) for k in range(samples)])


class ReadsText(Reads):
    """Mixin of a recipe conditioned on the embedding of a frozen text encoder, which it holds as ``text``.

    The encoder has ``embedding_dim`` E and ``text(tokens [M, T]) -> [M, E]``.
    """

    @torch.no_grad()
    def embed(self, captions: Tensor) -> Tensor:
        """h [N, E] of captions [N, M, T]: the mean of their embeddings."""
        n, m, length = captions.shape
        return self.held["text"].text(captions.reshape(n * m, length)).view(n, m, -1).mean(1)

    @torch.no_grad()
    def embedding_of(self, conditions: Batch) -> Tensor:
        """h [N, E] of ``tokens`` [N, T], or of the mean of all of ``captions`` [N, K, T].

        With ``tokens_to`` [N, T] and ``mix`` [N] of embeddings between the two.
        """
        text = self.held["text"].text
        if "tokens" in conditions:
            h = text(conditions["tokens"])
        else:
            captions = conditions["captions"]
            there = captions_there(captions)[:, :, None]  # [N, K, 1]
            found = text(captions.flatten(0, 1)).view(*captions.shape[:2], -1)
            h = (found * there).sum(1) / there.sum(1).clamp(min=1)
        if "tokens_to" in conditions:
            h = torch.lerp(h, text(conditions["tokens_to"]), conditions["mix"].to(h)[:, None])
        return h


ACTIVATIONS = {
    "none": lambda x: x,
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "glu": lambda x: F.glu(x, 1),
}


class ConditioningAugmentation(nn.Module):
    """Embeddings [N, E] -> mean and log variance [N, D] of a normal distribution around each (StackGAN, section 3.2).

    ``activation`` behind the linear map differs from release to release: glu (StackGAN-v2, AttnGAN), leaky_relu (StackGAN
    in TensorFlow), relu (StackGAN-Pytorch), none.
    """

    def __init__(self, embedding: int, dim: int, activation: str = "glu") -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.fc = nn.Linear(embedding, (4 if activation == "glu" else 2) * dim)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.activation(self.fc(h)).chunk(2, 1)
        return mu, logvar


def drawn_around(mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    """c [N, D] = mu + sigma * eps."""
    return mu + (0.5 * logvar).exp() * eps


def divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, sigma) || N(0, 1)) in nats, mean over the batch and the dimensions, as all released codes have it.

    The papers' formula is the sum over the D dimensions: D times as much.
    """
    return -0.5 * (1 + logvar - mu.square() - logvar.exp()).mean()
