"""A value over items drawn anew, as a claim wants it: by itself, or together with the others that are means of the same items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

DRAWS = 400
SAME_ITEMS = ("dataset", "data", "captions", "list", "among_weights", "n")
"""Fields of a protocol that decide which items a value is the mean of, and in which order"""


def same_items(metrics: Sequence[Mapping[str, Any]]) -> int:
    """How many blocks of items two or more values have in common, item by item; 0 where one of them has others."""
    asked = {
        (len(m.get("per_block") or ()), *(str(m.get("protocol", {}).get(field)) for field in SAME_ITEMS))
        for m in metrics
    }
    return next(iter(asked))[0] if len(metrics) > 1 and len(asked) == 1 else 0


def draws(metric: Mapping[str, Any], generator: np.random.Generator, chosen: np.ndarray | None = None) -> np.ndarray:
    """[1 + DRAWS]: the value itself, then the value over items drawn anew, the blocks ``chosen`` [DRAWS, B] where given."""
    value, folds, n = float(metric["value"]), metric.get("per_fold"), metric.get("n")
    if chosen is not None:
        blocks = np.asarray(metric["per_block"], dtype=float)
        again = value + blocks[chosen].mean(-1) - blocks.mean()
    elif folds and len(folds) > 1:
        f = np.asarray(folds, dtype=float)
        again = value + f[generator.integers(len(f), size=(DRAWS, len(f)))].mean(-1) - f.mean()
    elif metric.get("spread"):  # a standard error over items
        again = generator.normal(value, float(metric["spread"]), DRAWS)
        if metric.get("unit") == "percent":
            again = again.clip(0, 100)
    elif metric.get("unit") == "percent" and n and 0 <= value <= 100:
        again = 100 * generator.binomial(int(n), value / 100, DRAWS) / int(n)
    else:
        again = np.full(DRAWS, value)
    return np.concatenate([[value], again])
