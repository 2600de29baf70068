"""Captions' embeddings as their authors released them, in the place of the encoder that made them.

StackGAN and its successors never ran a text encoder: they read vectors that a char-CNN-RNN had made before. Here a table of
these has the interface of the encoders (char_cnn_rnn.py), so that a released generator can be drawn from the very vectors
that its authors fed it. Nothing is computed or trained, and a caption that is not in the table has no embedding.

Glossary
    t        a caption: ids of characters, 0 = none          tokens [N, T]
    phi(t)   its embedding, a row of the table               [N, E]

How files become the table: released/embeddings.py. The values stand in gan_int_cls.yaml.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in gan_int_cls.yaml."""

    length: int  # characters of a caption, what is behind them is cut off
    embedding_dim: int  # E


class GivenEmbeddings(Recipe):
    """A table of captions and their vectors; it has as many rows as its files gave."""

    Config = Config
    reads = ("captions",)

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if len(about.vocabulary) < 2 or any(len(symbol) != 1 for symbol in about.vocabulary[1:]):
            raise RedrawError(
                "given_embeddings: its captions must be characters: give its tokens tokenizer: characters"
            )
        self.alphabet = about.vocabulary
        self.register_buffer("captions", torch.zeros(0, config.length, dtype=torch.uint8))
        self.register_buffer("vectors", torch.zeros(0, config.embedding_dim))
        self.rows: dict[bytes, int] | None = None  # by the bytes of ``captions``, made where first needed
        self.optimizers = {}

    def _load_from_state_dict(self, state_dict: Mapping[str, Tensor], prefix: str, *rest: object) -> None:
        for name in ("captions", "vectors"):
            own, found = getattr(self, name), state_dict.get(prefix + name)
            if found is not None:
                setattr(self, name, own.new_empty(len(found), own.shape[1]))
        self.rows = None
        super()._load_from_state_dict(state_dict, prefix, *rest)

    @property
    def embedding_dim(self) -> int:
        """E."""
        return self.config.embedding_dim

    def knows(self, tokens: np.ndarray) -> np.ndarray:
        """[N] bool, which captions [N, T] have a vector."""
        return self.places(tokens) >= 0

    def places(self, tokens: np.ndarray) -> np.ndarray:
        """[N] rows of captions [N, T]; -1 = none. Raises RedrawError for captions cut to another length."""
        if tokens.shape[1] != self.config.length:
            raise RedrawError(
                f"given_embeddings: captions of {tokens.shape[1]} characters, but the table's have {self.config.length}: "
                "give both runs the same tokens"
            )
        if self.rows is None:
            self.rows = {row.tobytes(): k for k, row in enumerate(self.captions.cpu().numpy())}
        return np.array([self.rows.get(row.tobytes(), -1) for row in tokens.astype(np.uint8)], np.int64)

    def text(self, tokens: Tensor) -> Tensor:
        """Embeddings [M, E] of tokens [M, T]; 0 for a row of padding. Raises RedrawError for a caption without a vector."""
        asked = tokens.cpu().numpy()
        places, empty = self.places(asked), ~asked.any(1)
        if (lacking := (places < 0) & ~empty).any():
            said = "".join(self.alphabet[k] for k in asked[lacking.argmax()] if k)
            raise RedrawError(
                f"given_embeddings: {int(lacking.sum())} of {len(asked)} captions have no vector among "
                f"{len(self.vectors):,}, the first is {said[:80]!r}: ask only for those that have one, by `among` in the "
                "evaluation"
            )
        if not len(self.vectors):
            return self.vectors.new_zeros(len(asked), self.embedding_dim)
        found = self.vectors[torch.from_numpy(places.clip(0)).to(self.vectors.device)]
        return found.masked_fill(torch.from_numpy(empty).to(found.device)[:, None], 0)

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``text_embedding`` [N, E] where there are tokens."""
        return {"text_embedding": self.text(batch["tokens"])} if "tokens" in batch else {}
