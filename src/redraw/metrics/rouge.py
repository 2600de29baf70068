"""ROUGE-L of captions (Lin 2004): the longest run of words, gaps allowed, that a caption shares with a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import captions

BETA = 1.2  # recall over precision, as in coco-caption


def rouge_l(items: Mapping[str, np.ndarray], beam: int = 1, tokenizer: str = "karpathy", by: str = "model") -> dict:
    """Agrees with pycocoevalcap 1.2's Rouge, save that there a caption without words finds another one.

    ``items`` and ``by``: as in `captions.chosen`; ``beam`` was used where the captions were written. Of each caption the
    best precision and the best recall over its references, which may be those of two, as (1 + b^2) P R / (R + b^2 P) with b
    = 1.2. ``value`` in percent is the mean of ``per_item``. Raises RedrawError as `captions.chosen` does, NotComputed for a
    tokenizer that cannot run here.
    """
    texts = captions.read("rouge_l", items, by, tokenizer)
    scores = np.array([_score(*pair) for pair in zip(texts.captions, texts.references, strict=True)])
    return {"value": float(scores.mean()), "per_item": scores}


def _score(words: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    shared = [common(words, reference) for reference in references]
    if not any(shared):
        return 0.0
    precision = max(shared) / len(words)
    recall = max(n / len(reference) for n, reference in zip(shared, references, strict=True) if n)
    return 100 * (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence; a row of the table of lengths is one integer (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for k, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << k
    row = every = (1 << len(one)) - 1
    for word in other:
        met = row & places.get(word, 0)
        row = ((row + met) | (row - met)) & every
    return len(one) - row.bit_count()
