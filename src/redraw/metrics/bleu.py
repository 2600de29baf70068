"""BLEU-1 to BLEU-4 of captions (Papineni et al. 2002), over all of them together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..data import ngrams
from . import captions

ORDER = 4
READINGS = ("karpathy", "words")
"""Tokenizers that a paper which names none may have meant, and that run everywhere"""


def bleu(
    items: Mapping[str, np.ndarray], beam: int = 1, tokenizer: str = "karpathy", by: str = "model",
    brevity_penalty: bool = False,
) -> dict:  # fmt: skip
    """With the penalty, on the same words, that of pycocoevalcap 1.2 and of sacrebleu 2.6 (tokenize none, smooth none).

    ``items`` and ``by``: as in `captions.chosen`; ``beam`` was used where the captions were written. ``value`` is BLEU-4 in
    percent, ``columns`` ``b1`` to ``b4``: geometric means of clipped precisions of n-grams, counted over all captions; 0
    where of one n none is found. ``brevity_penalty``: times exp(1 - r / c) where the c words written are fewer than the r
    of the nearest references, the shorter of two as near, as coco-caption has it. ``envelope`` of each: lowest and highest
    value with and without the penalty, cut by ``tokenizer`` and by those that need no Java (karpathy, words). No
    ``spread``, since it is no mean of captions. ``parts``: ``words written`` and ``written per reference word``, c / r.
    Raises RedrawError as `captions.chosen` does, NotComputed for a tokenizer that cannot run here.
    """
    texts = captions.chosen("bleu", items, by)
    counts = {name: _counts(captions.cut(texts, name)) for name in dict.fromkeys((tokenizer, *READINGS))}
    score = ngrams.bleu(counts[tokenizer], brevity_penalty)
    readings = np.array([ngrams.bleu(counted, penalty) for counted in counts.values() for penalty in (False, True)])
    columns = {
        f"b{n + 1}": {"value": float(score[n]), "envelope": [float(readings[:, n].min()), float(readings[:, n].max())]}
        for n in range(ORDER)
    }
    written, nearest = counts[tokenizer][-2:]
    parts = {"words written": int(written)} | (
        {"written per reference word": float(written / nearest)} if nearest else {}
    )
    return {**columns[f"b{ORDER}"], "columns": columns, "parts": parts}


def _counts(texts: captions.Texts) -> np.ndarray:
    """[2 ORDER + 2]: n-grams found and written, words written, words of the nearest references, over all captions."""
    pairs = zip(texts.captions, texts.references, strict=True)
    return np.sum([ngrams.statistics(words, references, ORDER) for words, references in pairs], 0)
