"""What a printed number implies, and what no data could have given: whole counts, folds, judgements, galleries, BLEU.

All of it is arithmetic on printed digits. A function that judges returns one answer, or None where it has nothing to
say; a function that infers returns a number, or an interval that rounding allows. Shares lie between 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scipy import special

from ..core import Quantity

ODD = 1e-3
"""Share of honest folds whose ± lies as far out as one that is called odd, both sides together."""


# --- whole counts ---------------------------------------------------------------------------------------------


def attainable(quantity: Quantity, items: int, whole: float = 1.0) -> tuple[bool, float, float]:
    """GRIM (Brown & Heathers, 2017): whether a mean over ``items`` whole counts can print so; its two neighbours.

    ``whole`` is what one item adds at least: 100 for a percentage of hits, 1 for ranks or grades, .5 where ties share a
    rank. The mean is then a multiple of whole / items. The test bites only where these multiples lie further apart
    than printed digits do.
    """
    step = whole / items
    low, high = quantity.interval
    least = math.ceil(low / step - 1e-9)
    below = math.floor(quantity.value / step + 1e-9) * step
    return least * step <= high + 1e-9 * step, below, below + step


def attainable_share(items: int, unit: float, whole: float = 100.0) -> float:
    """Share of the values between 0 and ``whole`` printed in steps of ``unit`` that some count of ``items`` gives."""
    values = round(whole / unit) + 1
    if items >= values - 1:
        return 1.0
    return len({round(k * whole / items / unit) for k in range(items + 1)}) / values


def whole_counts(metric: str, quantity: Quantity, items: int | None, whole: float) -> tuple[str, str] | None:
    """(verdict, reason) where no whole count of ``items`` gives the printed mean."""
    if not items:
        return None
    fits, below, above = attainable(quantity, items, whole)
    if fits:
        return None
    places = max(0, round(-math.log10(quantity.unit)))
    text = quantity.text.split("±")[0].strip()
    few = f", and {attainable_share(items, quantity.unit):.1%} of such percentages can occur" if whole == 100 else ""
    return (
        "does not add up",
        f"no whole count of {items:,} items gives {metric} {text}: the nearest are {below:.{places}f} and "
        f"{above:.{places}f}{few}; another number of items would explain it",
    )


# --- what a printed ± is the spread of ------------------------------------------------------------------------


def fold_spread(share: float, items: int) -> float:
    """Standard deviation of a share over random folds of ``items`` items each: sqrt(p (1 - p) / n)."""
    return math.sqrt(share * (1 - share) / items)


def fold_odds(share: float, spread: float, items: int, folds: int) -> tuple[float, float]:
    """(chance of a smaller, of a larger) standard deviation over ``folds`` random folds of ``items`` items each.

    ``spread`` divides by the number of folds, as evaluation programs do; folds · s² / σ² is then chi-squared with one
    degree of freedom less than there are folds.
    """
    x = folds * (spread / fold_spread(share, items)) ** 2
    return float(special.chdtr(folds - 1, x)), float(special.chdtrc(folds - 1, x))


def implied_fold(share: float, spread: float) -> float:
    """How many items a fold has if the printed ± is the spread of random folds: p (1 - p) / s²."""
    return share * (1 - share) / spread**2


def implied_folds(share: float, spread: float, folds: int) -> tuple[float, float]:
    """95 % band of `implied_fold`, the ± being that of ``folds`` folds."""
    quantiles = (2 * float(special.gammaincinv((folds - 1) / 2, q)) for q in (0.025, 0.975))
    low, high = (implied_fold(share, spread) * x / folds for x in quantiles)
    return low, high


def odd_folds(quantity: Quantity, items: int | None, folds: int | None) -> tuple[str, str] | None:
    """(verdict, reason) where a ± over folds of a percentage is one that random folds of these items do not leave."""
    if not (items and folds and folds > 1 and quantity.spread):
        return None
    share, size = quantity.value / 100, items // folds
    if not 0 < share < 1 or size < 2:
        return None
    below, above = fold_odds(share, quantity.spread / 100, size, folds)
    if 2 * min(below, above) >= ODD:
        return None
    least, most = implied_folds(share, quantity.spread / 100, folds)
    return (
        "open to reading",
        f"{folds} random folds of {size:,} items would leave ± {100 * fold_spread(share, size):.2g}, printed is ± "
        f"{quantity.spread:g}, as of folds of {least:,.0f} to {most:,.0f} items; folds in an order, or another kind of ±, "
        "would explain it",
    )


def implied_judgements(mean_rank: float, methods: int, spread: float) -> float:
    """Judgements behind a mean rank if its ± is a standard error: (m - 1)(K - m) / s². Exact for two methods.

    A rank between 1 and K of mean m has no larger variance than (m - 1)(K - m), which ranks of 1 and K alone reach: of
    more than two methods there are at most so many judgements.
    """
    return (mean_rank - 1) * (methods - mean_rank) / spread**2


# --- chance ---------------------------------------------------------------------------------------------------


def implied_gallery(metric: str, quantity: Quantity) -> tuple[float, float] | None:
    """Sizes of the gallery in which chance alone prints this: K / size for R@K, (size + 1) / 2 for the median rank.

    R-precision counts as R@1 among its candidates. None for other metrics, and where rounding allows no chance at all.
    """
    low, high = quantity.interval
    if metric == "median_rank":
        return 2 * low - 1, 2 * high - 1
    k = 1.0 if metric.startswith("R-precision") else float(metric[2:]) if metric.startswith("R@") else None
    if k is None or high <= 0:
        return None
    return 100 * k / high, math.inf if low <= 0 else 100 * k / low


def chance_row(
    metric: str, quantity: Quantity, row: Mapping[str, Quantity], gallery: int | None
) -> tuple[str, str] | None:
    """(verdict, reason) where a row said to be chance is none: for the gallery, or for its own other columns.

    ``row`` are all numbers of the row by metric; candidates of R-precision are no gallery, so it stands alone.
    """
    own = implied_gallery(metric, quantity)
    if own is None:
        return None
    if gallery and not own[0] - 1e-9 <= gallery <= own[1] + 1e-9:
        return (
            "does not add up",
            f"chance in a gallery of {gallery:,} does not print {metric} {quantity.text}, chance among {_span(own)} does; "
            "another gallery, or a chance that was drawn, would explain it",
        )
    ranked = {} if metric.startswith("R-precision") else row
    for name, other in ranked.items():
        theirs = None if name.startswith("R-precision") else implied_gallery(name, other)
        if theirs and (theirs[0] > own[1] + 1e-9 or theirs[1] < own[0] - 1e-9):
            return (
                "does not add up",
                f"{metric} {quantity.text} is chance among {_span(own)}, {name} {other.text} among {_span(theirs)}; "
                "chance that was drawn, not computed, would explain it",
            )
    return None


def _span(interval: Sequence[float]) -> str:
    low, high = math.ceil(interval[0] - 1e-9), interval[1]
    if high == math.inf:
        return f"{low:,} or more"
    top = math.floor(high + 1e-9)
    return f"{low:,}" if top <= low else f"{low:,} to {top:,}"


# --- BLEU -----------------------------------------------------------------------------------------------------


def bleu_precisions(scores: Mapping[int, Quantity]) -> tuple[int, float, float] | None:
    """The first n whose precision must exceed that of n - 1, whatever was rounded: (n, p of n - 1, p of n), or None.

    BLEU-n is BP · (p_1 … p_n)^(1/n), so that B_n^n / B_{n-1}^{n-1} is p_n (p_1 with the brevity penalty BP). A sentence
    that matches n words in a row matches n - 1 of them twice, so that precisions fall with n unless very short
    sentences carry the score. ``scores`` are BLEU-1, -2, … in one unit.
    """
    for n in sorted(scores):
        if n < 3 or n - 1 not in scores or n - 2 not in scores:
            continue
        two, one, own = (scores[k] for k in (n - 2, n - 1, n))
        if one.interval[0] <= 0 or two.interval[0] <= 0:
            continue
        least = own.interval[0] ** n * two.interval[0] ** (n - 2)
        if least > one.interval[1] ** (2 * (n - 1)) * (1 + 1e-12):
            before = one.value ** (n - 1) / two.value ** (n - 2)
            return n, before, own.value**n / one.value ** (n - 1)
    return None


def bleu_ratios(scores: Mapping[int, Quantity], n: int) -> tuple[str, str] | None:
    """(verdict, reason) of BLEU-n in a row whose precisions rise with the length of the phrase."""
    found = bleu_precisions(scores)
    if found is None or n not in (found[0], found[0] - 1):
        return None
    at, before, after = found
    return (
        "open to reading",
        f"BLEU-{at - 2} to BLEU-{at} imply that {at} words in a row are matched more often ({after:.3g}) than {at - 1} "
        f"({before:.3g}); very short captions, or a score of another run, would explain it",
    )


# --- derived numbers, and two printings of one ----------------------------------------------------------------


def gain_error(new: Quantity, old: Quantity) -> float | None:
    """Standard deviation in points of the relative gain 100 (new / old - 1) that both printed ± leave; None without."""
    if new.spread is None or old.spread is None or not new.value or not old.value:
        return None
    return 100 * abs(new.value / old.value) * math.hypot(new.spread / new.value, old.spread / old.value)


def apart(a: Quantity, b: Quantity, folds: int = 1) -> float | None:
    """Distance of two printings in standard deviations of their difference; None where neither has a ±.

    With ``folds`` the ± is the deviation of so many folds and counts as the error of their mean, s / sqrt(folds).
    """
    joint = math.hypot(a.spread or 0.0, b.spread or 0.0) / math.sqrt(folds)
    return abs(a.value - b.value) / joint if joint else None
