"""What metrics ask of the arrays that they are given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError


def take(metric: str, items: Mapping[str, np.ndarray], *names: str) -> tuple[np.ndarray, ...]:
    """The named arrays. Raises RedrawError for one that is missing: the evaluation does not fit the metric."""
    for name in names:
        if name not in items:
            what = (
                "name a reference split" if name.startswith("reference_") else f"name an instrument that reads {name}"
            )
            raise RedrawError(
                f"{metric}: there is no {name!r} among {', '.join(sorted(items))}: {what} in the evaluation"
            )
    return tuple(items[name] for name in names)


def finite(metric: str, name: str, values: np.ndarray) -> np.ndarray:
    """``values`` [N, D] in float64, contiguous. Raises RedrawError where some are not finite or it is no matrix."""
    if values.ndim != 2:
        raise RedrawError(f"{metric}: {name} has the shape {list(values.shape)}: one row an item is needed")
    wrong = np.flatnonzero(~np.isfinite(values).all(1))
    if len(wrong):
        raise RedrawError(
            f"{metric}: {name} is not finite in {len(wrong)} of {len(values)} rows, first in row {wrong[0]}: "
            "look at that image"
        )
    return np.ascontiguousarray(values, dtype=np.float64)


def feature_pair(metric: str, items: Mapping[str, np.ndarray], least: int) -> tuple[np.ndarray, np.ndarray]:
    """features [N, D] and reference_features [M, D] in float64. Raises RedrawError for fewer than ``least`` rows."""
    x, y = (finite(metric, name, a) for name, a in _named(metric, items))
    if x.shape[1] != y.shape[1]:
        raise RedrawError(
            f"{metric}: features have {x.shape[1]} columns, reference_features {y.shape[1]}: read both with "
            "one instrument"
        )
    if min(len(x), len(y)) < least:
        raise RedrawError(
            f"{metric}: {len(x)} images against {len(y)} real ones: at least {least} of each are needed; raise n of "
            "the evaluation"
        )
    return x, y


def _named(metric: str, items: Mapping[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    names = ("features", "reference_features")
    return list(zip(names, take(metric, items, *names), strict=True))
