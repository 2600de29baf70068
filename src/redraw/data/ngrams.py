"""n-grams that two texts share, and BLEU from their counts: of words or of their ids, over as many texts as are summed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import numpy as np


def statistics(hypothesis: Sequence[Hashable], references: Sequence[Sequence[Hashable]], order: int = 4) -> np.ndarray:
    """[2 order + 2] in float64, of one text against one reference or more, all cut into words by the same rule.

    In this order: n-grams of the text that a reference holds, for n of 1 to ``order``, each n-gram counted at most as often
    as in the one reference that has it most often; all n-grams of the text, for the same n; its length in words; the length
    of the reference that is nearest to it, of two as near the shorter (as coco-caption has it).
    """
    found = np.zeros(2 * order + 2)
    for n in range(1, order + 1):
        written, most = Counter(grams(hypothesis, n)), Counter[tuple[Hashable, ...]]()
        for reference in references:
            most |= Counter(grams(reference, n))
        found[n - 1] = (written & most).total()
        found[order + n - 1] = written.total()
    size = len(hypothesis)
    found[-2:] = size, min((len(r) for r in references), key=lambda length: (abs(length - size), length))
    return found


def bleu(statistics: np.ndarray, brevity_penalty: bool) -> np.ndarray:
    """BLEU-1 to BLEU-``order`` in percent, [..., order], of ``statistics`` [..., 2 order + 2] summed over a corpus.

    Their means do as well: only ratios count. BLEU-n is the geometric mean of the shares of 1- to n-grams that are found
    (Papineni et al. 2002), 0 where of one n none is; with ``brevity_penalty`` times exp(1 - r / c) where the c words
    written are fewer than the r of the nearest references.
    """
    counts = np.asarray(statistics, np.float64)
    order = counts.shape[-1] // 2 - 1
    right, written = counts[..., :order], counts[..., order : 2 * order]
    share = np.divide(right, written, out=np.zeros_like(right), where=written > 0)
    score = 100 * np.cumprod(share, -1) ** (1 / np.arange(1, order + 1))
    if not brevity_penalty:
        return score
    length, nearest = counts[..., -2:-1], counts[..., -1:]
    ratio = np.divide(nearest, length, out=np.ones_like(length), where=length > 0)
    return score * np.exp(np.minimum(0, 1 - ratio))


def grams(words: Sequence[Hashable], n: int) -> Iterator[tuple[Hashable, ...]]:
    """All runs of ``n`` neighbouring words, in order."""
    return zip(*(words[k:] for k in range(n)), strict=False)
