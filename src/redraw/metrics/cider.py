"""CIDEr-D of captions (Vedantam et al. 2015): n-grams shared with the references, the rarer the dearer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..data.ngrams import grams
from . import captions

ORDER, SIGMA = 4, 6.0


class Vector(NamedTuple):
    """A caption's n-grams, for n of 1 to ORDER: {n-gram: count times inverse document frequency}, length of each vector."""

    weights: list[dict[tuple, float]]
    norms: list[float]
    pairs: int


def cider(items: Mapping[str, np.ndarray], beam: int = 1, tokenizer: str = "karpathy", by: str = "model") -> dict:
    """Agrees with pycocoevalcap 1.2's Cider, which is CIDEr-D: 0 to 10, as it prints it.

    ``items`` and ``by``: as in `captions.chosen`; ``beam`` was used where the captions were written. A caption's score is
    10 times the mean, over its references and over n of 1 to 4, of the clipped cosine of tf-idf vectors, times exp(-d^2 /
    72) of the difference in length d. As the code has it, not the paper: documents are the references scored, one document
    a row; the length that is compared is the number of pairs of neighbouring words; words are not stemmed. ``value`` is the
    mean of ``per_item``: 0 for a single row, whose words are in every document. Raises RedrawError as `captions.chosen`
    does, NotComputed for a tokenizer that cannot run here.
    """
    texts = captions.read("cider", items, by, tokenizer)
    documents = Counter(g for row in texts.references for g in {g for words in row for g in _all(words)})
    known: dict[tuple, Vector] = {}

    def vector(words: Sequence[str]) -> Vector:
        key = tuple(words)
        if key not in known:
            known[key] = _vector(words, documents, math.log(len(texts.references)))
        return known[key]

    scores = np.array([
        10 * np.mean([_likeness(vector(words), vector(reference)) for reference in references])
        for words, references in zip(texts.captions, texts.references, strict=True)
    ])  # fmt: skip
    return {"value": float(scores.mean()), "per_item": scores}


def _all(words: Sequence[str]) -> Counter[tuple]:
    return Counter(g for n in range(1, ORDER + 1) for g in grams(words, n))


def _vector(words: Sequence[str], documents: Mapping[tuple, int], log_rows: float) -> Vector:
    weights: list[dict[tuple, float]] = [{} for _ in range(ORDER)]
    for gram, count in _all(words).items():
        weights[len(gram) - 1][gram] = count * (log_rows - math.log(max(1, documents.get(gram, 0))))
    return Vector(weights, [math.sqrt(sum(w * w for w in of.values())) for of in weights], max(0, len(words) - 1))


def _likeness(written: Vector, reference: Vector) -> float:
    found = 0.0
    for n in range(ORDER):
        other, norms = reference.weights[n], written.norms[n] * reference.norms[n]
        if norms:
            found += sum(min(w, other[g]) * other[g] for g, w in written.weights[n].items() if g in other) / norms
    return found / ORDER * math.exp(-((written.pairs - reference.pairs) ** 2) / (2 * SIGMA**2))
