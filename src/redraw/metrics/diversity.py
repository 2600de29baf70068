"""How much of what real images show a model draws at all: coverage (Naeem et al. 2020), with density and recall beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError
from .arrays import feature_pair

BLOCK = 1024  # rows of the matrix of distances that are held at a time


def coverage(items: Mapping[str, np.ndarray], k: int = 5) -> dict:
    """Same definitions as clovaai/generative-evaluation-prdc (compute_prdc), to rounding of float64.

    Percentage of the real images with a generated one nearer than their own ``k``-th nearest other real image. Images that
    all look alike cover few, however good each of them is. ``items``: features [N, D], reference_features [M, D]. Real
    images that are drawn anew reach 1 - 2^-k of it where N = M, and less where N is smaller: only values of equally many
    images compare, against equally many real ones.

    ``per_item`` [M]: 1 where a real image is covered; ``n`` is M. ``parts``: ``density``, generated images in such
    neighbourhoods per k and image (may exceed 1; low where what is drawn looks like nothing real), and ``recall``,
    percentage of real images nearer to a generated one than that one's k-th nearest other (Kynkäänniemi et al. 2019).
    Raises RedrawError where there are not more than ``k`` images on either side.
    """
    if k < 1:
        raise RedrawError(f"coverage: k is {k}: give 1 or more")
    drawn, real = feature_pair("coverage", items, least=k + 1)
    covered, inside, recalled = np.zeros(len(real), bool), 0, np.zeros(len(real), bool)
    reach, reach_drawn = _reach(real, k), _reach(drawn, k)
    for first in range(0, len(real), BLOCK):
        rows = slice(first, first + BLOCK)
        apart = _distances(real[rows], drawn)
        near = apart < reach[rows, None]
        covered[rows], inside = near.any(1), inside + int(near.sum())
        recalled[rows] = (apart < reach_drawn).any(1)
    return {
        "value": 100 * float(covered.mean()),
        "per_item": covered.astype(float),
        "n": len(real),
        "parts": {"density": inside / (k * len(drawn)), "recall": 100 * float(recalled.mean())},
    }


def _reach(x: np.ndarray, k: int) -> np.ndarray:
    """[N]: squared distance of each row of x [N, D] to the k-th nearest of the others."""
    found = []
    for first in range(0, len(x), BLOCK):
        apart = _distances(x[first : first + BLOCK], x)
        apart[np.arange(len(apart)), first + np.arange(len(apart))] = 0.0  # rounding
        found.append(np.partition(apart, k, axis=1)[:, k])
    return np.concatenate(found)


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared distances [N, M]."""
    return np.maximum(np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T, 0.0)
