"""Inception scores as papers printed them: the rules of the evaluators that they used, each under a name of its own.

They belong to these evaluators and to no other network: a score of ours is `inception_score`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError
from .arrays import take
from .inception import BATCH, SEED, Reading, inception_score


def is_cub(items: Mapping[str, np.ndarray], permutation: int = SEED, folds: int = 10) -> dict:
    """Own code after hanzhanggit/StackGAN-inception-model@971a2ef, which needs its network: birds, 50 classes.

    The scores of StackGAN, StackGAN-v2, AttnGAN and DM-GAN on CUB. ``items``: logits [N, 51]; column 0, the background,
    is left out before the softmax. Images are shuffled (there unseeded, here by ``permutation``), the last partial batch
    of 64 is dropped, ``folds`` contiguous parts, population deviation. As ``inception_score``, in float64; ``parts``:
    ``float32``, what the evaluator's softmax and logarithm make of it, missing where they underflow (there nan). Raises
    RedrawError for another number of columns.
    """
    return _of_the_evaluator("is_cub", items, 50, permutation, folds)


def is_oxford(items: Mapping[str, np.ndarray], permutation: int = SEED, folds: int = 10) -> dict:
    """As ``is_cub`` of the same code's network for flowers: logits [N, 21], 20 classes (StackGAN, StackGAN-v2)."""
    return _of_the_evaluator("is_oxford", items, 20, permutation, folds)


def is_coco(items: Mapping[str, np.ndarray], folds: int = 10) -> dict:
    """Own code after openai/improved-gan's inception_score/model.py, which needs the graph of 2015-12-05.

    The scores on COCO. ``items``: logits_unbiased [N, 1008], the pooled features times the last layer's weights without
    its bias. Order kept, nothing dropped, ``folds`` contiguous parts, population deviation; ``parts`` as in ``is_cub``. The
    order of the images counts; there it is that of the file system. Raises RedrawError for another number of columns.
    """
    logits = _columns("is_coco", items, "logits_unbiased", 1008)
    return _with_float32(
        inception_score({"logits": logits}, folds, permutation=None), logits, Reading(folds, None, None)
    )


def _of_the_evaluator(name: str, items: Mapping[str, np.ndarray], classes: int, permutation: int, folds: int) -> dict:
    logits = _columns(name, items, "logits", classes + 1)
    found = inception_score({"logits": logits}, folds, permutation, drop_to_multiple_of=BATCH, drop_columns=1)
    return _with_float32(found, logits[:, 1:], Reading(folds, permutation, BATCH))


def _columns(name: str, items: Mapping[str, np.ndarray], field: str, columns: int) -> np.ndarray:
    (logits,) = take(name, items, field)
    if logits.ndim != 2 or logits.shape[1] != columns:
        raise RedrawError(
            f"{name}: {field} have the shape {list(logits.shape)}, the published evaluator's {columns} columns: read with "
            "it, or score by inception_score"
        )
    return logits


def _with_float32(found: dict, logits: np.ndarray, reading: Reading) -> dict:
    """The result with the mean of the folds as float32 gives it: exp(mean of p (log p - log mean of p))."""
    scores = []
    for rows in reading.rows(len(logits)):
        part = logits[rows].astype(np.float32)
        p = np.exp(part - part.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores.append(np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean()))
    value = float(np.mean(scores))
    return found | ({"parts": {"float32": value}} if np.isfinite(value) else {})
