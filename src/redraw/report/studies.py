"""A table's cells tested together, and one number measured by several studies."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from .arithmetic import RANGES
from .judge import tost

ADJUSTED = (
    "Two tests a cell, each at 5 %: of “the difference is at least the margin” (rejected: equivalent) and of “it is at "
    "most the margin” (rejected: higher or lower). Shown is the one on whose side our mean lies. Its adjusted probability is "
    "Holm’s over the same test of all cells of one table that have two values of ours or more; the verdicts go by the "
    "probability as it is."
)
"""What stands beside a table of probabilities: of what they are, and what exactly is adjusted."""


def holm(probabilities: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjustment of m p-values, in their order: max over j <= i of (m - j + 1) p_(j), at most 1.

    To reject where the adjusted value is at most .05 keeps the chance of any false rejection among the m at 5 %,
    whatever the dependence of the tests.
    """
    m, before = len(probabilities), 0.0
    adjusted = [0.0] * m
    for rank, i in enumerate(sorted(range(m), key=probabilities.__getitem__)):
        before = max(before, min(1.0, (m - rank) * probabilities[i]))
        adjusted[i] = before
    return adjusted


def margin_tests(printed: float, ours: Sequence[float], margin: float) -> dict[str, float] | None:
    """{"difference", "margin", "equivalence", "otherness"} of one cell; None with fewer than two values of ours.

    "equivalence" is the p-value of "outside the margin", "otherness" that of "inside": one less the other.
    """
    if len(ours) < 2:
        return None
    difference, spread = statistics.fmean(ours) - printed, statistics.stdev(ours)
    outside = tost(difference, spread, len(ours), margin)
    return {"difference": difference, "margin": margin, "equivalence": outside, "otherness": 1 - outside}


def adjust(cells: Sequence[dict[str, Any]]) -> None:
    """Give every cell of one table that has "tests" its "p" and "adjusted", by Holm over the same test of all of them.

    Both are of the side on which the mean of ours lies: of equivalence within the margin, of otherness beyond it.
    """
    for name in ("equivalence", "otherness"):
        adjusted = holm([cell["tests"][name] for cell in cells])
        for cell, value in zip(cells, adjusted, strict=True):
            about = cell["tests"]
            if (abs(about["difference"]) <= about["margin"]) == (name == "equivalence"):
                cell |= {"test": name, "p": about[name], "adjusted": value}


def least(metric: str) -> float:
    """Where a metric's scale starts: 1 for ranks and an inception score, 0 for what has no least value of its own."""
    low = 1.0 if metric == "HR" else RANGES.get(metric, (0.0, 0.0))[0]
    return float(low)


def cv_star(values: Sequence[float], least: float = 0.0) -> float | None:
    """CV*, the coefficient of variation for small samples, in percent; None with fewer than two values or a mean of 0.

    CV* = 100 (1 + 1 / (4 n)) s* / |mean|, where s* = s / c4(n) is the standard deviation freed of its bias,
    c4(n) = sqrt(2 / (n - 1)) Γ(n / 2) / Γ((n - 1) / 2) (Belz, Popović and Mille, Quantified Reproducibility Assessment of
    NLP Results, ACL 2022; Belz, A Metrological Perspective on Reproducibility in NLP, 2022). A coefficient of variation
    wants a scale that starts at 0: values of another are shifted by its ``least`` value first. Each value is one
    measurement: a paper's, another's, the mean of ours.
    """
    shifted = [v - least for v in values]
    n = len(shifted)
    if n < 2 or not (mean := statistics.fmean(shifted)):
        return None
    c4 = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return 100 * (1 + 1 / (4 * n)) * statistics.stdev(shifted) / c4 / abs(mean)
