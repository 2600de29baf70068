"""Inception score: how sure a classifier is of each image, and how evenly the images spread over its classes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from ..core import RedrawError
from .arrays import finite, take

BLOCK = 2048  # rows whose probabilities are held at a time
FOLDS = (1, 5, 10, 20)
SEED, BATCH = 2020, 64  # torch-fidelity's permutation, the batch of hanzhanggit/StackGAN-inception-model@971a2ef


class Reading(NamedTuple):
    """One way to cut the items into folds: each fold is a list of rows, in order."""

    folds: int
    permutation: int | None
    multiple: int | None

    def rows(self, n: int) -> list[np.ndarray]:
        """Rows of every fold of ``n`` items: shuffled, cut to a multiple, then fold i from i n // folds on."""
        order = np.arange(n) if self.permutation is None else np.random.RandomState(self.permutation).permutation(n)
        kept = order[: n - n % self.multiple] if self.multiple else order
        return [kept[i * len(kept) // self.folds : (i + 1) * len(kept) // self.folds] for i in range(self.folds)]


def inception_score(
    items: Mapping[str, np.ndarray],
    folds: int = 10,
    permutation: int | None = SEED,
    ddof: int = 0,
    drop_to_multiple_of: int | None = None,
    drop_columns: int = 0,
) -> dict:
    """Agrees with torch-fidelity 0.4.0 to 1e-12 (relative): mean over folds of exp(H(mean of p) - mean of H(p)).

    ``items``: logits [N, K]. ``value`` has no unit and lies between 1 and K. ``permutation`` seeds numpy's
    ``RandomState``, null keeps the order: items that come class by class score far too low without it (Salimans et al.
    2016; improved-gan keeps the order). ``drop_to_multiple_of`` 64 and ``drop_columns`` 1 are the rules of StackGAN's
    evaluator: the last partial batch is left out after shuffling, the background's logit before the softmax.

    ``per_fold`` and its standard deviation ``spread`` (``ddof`` as given; none for one fold) are what papers print
    behind the ±: noise of a fold, neither a standard error nor the spread over trainings. ``envelope``: lowest and
    highest value over the readings of these logits with the order kept and shuffled, 1, 5, 10 and 20 folds, remainder
    kept and dropped. ``n`` counts the items that are left. Raises RedrawError where a fold has no item or no column is
    left.
    """
    (logits,) = take("inception_score", items, "logits")
    logits = finite("inception_score", "logits", logits[:, drop_columns:])
    if logits.shape[1] == 0:
        raise RedrawError(f"inception_score: drop_columns {drop_columns} leaves no class: take fewer")
    asked = Reading(folds, permutation, drop_to_multiple_of)
    kept = _fitting(asked, len(logits))
    if kept is None:
        raise RedrawError(f"inception_score: {len(logits)} items give no {folds} folds: raise n or take fewer folds")
    shuffled = SEED if permutation is None else permutation
    others = [Reading(*reading) for reading in product(FOLDS, (None, shuffled), (None, BATCH))]
    cut = {asked: kept} | {other: rows for other in others if (rows := _fitting(other, len(logits)))}
    scores = _scores(logits, cut)
    per_fold, values = scores[asked], [float(s.mean()) for s in scores.values()]
    return {
        "value": float(per_fold.mean()),
        "spread": float(per_fold.std(ddof=ddof)) if folds > max(1, ddof) else None,
        "per_fold": per_fold.tolist(),
        "n": sum(map(len, kept)),
        "envelope": [min(values), max(values)],
    }


def _fitting(reading: Reading, n: int) -> list[np.ndarray] | None:
    rows = reading.rows(n)
    return rows if rows and all(map(len, rows)) else None


def _scores(logits: np.ndarray, cut: Mapping[Reading, list[np.ndarray]]) -> dict[Reading, np.ndarray]:
    """Scores [folds] of every reading, from one pass over the logits [N, K] that holds BLOCK rows of probabilities."""
    n, classes = logits.shape
    members = [rows for folds in cut.values() for rows in folds]
    weights = np.zeros((len(members), n))  # row f averages over the items of fold f
    for weight, rows in zip(weights, members, strict=True):
        weight[rows] = 1 / len(rows)
    mean_p, mean_entropy = np.zeros((len(members), classes)), np.zeros(len(members))
    for first in range(0, n, BLOCK):
        log_p = logits[first : first + BLOCK]
        log_p = log_p - log_p.max(1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
        p = np.exp(log_p)
        part = weights[:, first : first + BLOCK]
        mean_p += part @ p
        mean_entropy -= part @ (p * log_p).sum(1)
    log_q = np.log(mean_p, where=mean_p > 0, out=np.zeros_like(mean_p))
    flat = np.exp(-(mean_p * log_q).sum(1) - mean_entropy)
    ends = np.cumsum([len(folds) for folds in cut.values()])[:-1]
    return dict(zip(cut, np.split(flat, ends), strict=True))
