"""The first question: is the printed number possible? Arithmetic on what is printed; nothing is trained for it.

An answer is {"verdict": word, "because": one sentence}. A verdict never blames: an odd number gets its harmless
explanation in the same sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..core import Quantity
from . import identities

BLANK = {"verdict": "blank in print", "because": "nothing is printed here"}
BLANKS = ("", "/", "\\", "-", "(-)", "–", "—")
RANGES = {"IS": (1, math.inf), "FID": (0, math.inf), "SSI": (-1, 1), "median_rank": (1, math.inf)}
PERCENT = ("R@", "R-precision", "BLEU", "METEOR", "accuracy")
SHARES = ("R@", "R-precision", "accuracy")
"""Percentages of items, each of which is a hit or none"""
COUNTS = ("images", "captions per image")


def verdict(word: str, because: str) -> dict[str, str]:
    """One answer."""
    return {"verdict": word, "because": because}


def possible(
    cell: Mapping[str, Any], column: Mapping[str, Any], siblings: Sequence[Mapping], quotations: Sequence[Mapping] = ()
) -> dict[str, str]:
    """Arithmetic on the printed number; no training needed.

    ``cell``, ``siblings`` (all printed cells of the table, itself included) and ``quotations`` (the same model, data
    set and metric printed elsewhere) have "cell_id", "paper", "table", "row", "dataset", "metric", "printed".
    A cell of a row that states chance has "chance". ``column`` may declare "unit", "classes" (upper bound of an inception
    score), "gallery" (of a median rank; of chance), "items" behind each value and their "folds", and "grain", what one item
    adds to the mean at least, where values are means of whole counts. Of several findings the gravest gives the verdict,
    and all are told.
    """
    printed = cell["printed"].strip()
    quantity = Quantity.parse(printed)
    if quantity is None:
        if printed in BLANKS:
            return BLANK
        return verdict("open to reading", f'"{printed}" is not a number that arithmetic can check')
    metric = cell["metric"]
    peers = [s for s in siblings if s["dataset"] == cell["dataset"]]
    same_column = _numbers(s for s in peers if s["metric"] == metric)
    low, high = _range(metric, column, len(same_column))
    if not low <= quantity.value <= high:
        upper = "no upper bound" if high == math.inf else f"{high:g}"
        return verdict("does not add up", f"{metric} lies between {low:g} and {upper}; another unit would explain it")
    if (metric.endswith(COUNTS) or column.get("unit") == "count") and quantity.value % 1:
        return verdict("does not add up", "a count is a whole number; a mean would explain it")
    row = {c["metric"]: (c, q) for c, q in _numbers(s for s in peers if s["row"] == cell["row"]).values()}
    found = [
        _rank_sum(metric, same_column),
        _order_in_row(cell, quantity, row),
        *(f and verdict(*f) for f in _counted(cell, column, quantity, {m: q for m, (_, q) in row.items()})),
        _quoted_otherwise(cell, quantity, quotations),
        _rank_spreads(metric, same_column),
    ]
    odd = [f for f in found if f]
    if odd:
        gravest = min((f["verdict"] for f in odd), key=("does not add up", "open to reading").index)
        return verdict(gravest, "; ".join(dict.fromkeys(f["because"] for f in odd)))
    holds = "within the range of the metric, and every identity that it takes part in holds"
    return verdict("adds up", "; ".join(filter(None, (holds, _implied(metric, column, quantity, len(same_column))))))


def is_share(metric: str, column: Mapping) -> bool:
    """Whether a value is the percentage of items that are hits."""
    return metric.startswith(SHARES) or column.get("unit") == "percent" and not metric.startswith(PERCENT)


def _counted(
    cell: Mapping, column: Mapping, own: Quantity, row: Mapping[str, Quantity]
) -> Iterator[tuple[str, str] | None]:
    """Answers of the identities that need more than digits: counts, folds, chance, precisions."""
    metric, items, share = cell["metric"], column.get("items"), is_share(cell["metric"], column)
    grain = column.get("grain", 100 if share else 1 if metric == "HR" else None)
    if grain:
        yield identities.whole_counts(metric, own, items, grain)
    if share:
        yield identities.odd_folds(own, items, column.get("folds"))
    if cell.get("chance"):
        yield identities.chance_row(metric, own, row, column.get("gallery"))
    if metric.startswith("BLEU-"):
        scores = {int(m.removeprefix("BLEU-")): q for m, q in row.items() if m.startswith("BLEU-")}
        yield identities.bleu_ratios(scores, int(metric.removeprefix("BLEU-")))


def _implied(metric: str, column: Mapping, own: Quantity, methods: int) -> str:
    """What the printed ± would mean, where it is one of a share or of a mean rank."""
    if not own.spread:
        return ""
    told = column.get("items") and column.get("folds")
    if is_share(metric, column) and not told and 0 < own.value < 100:
        n = identities.implied_fold(own.value / 100, own.spread / 100)
        return f"± {own.spread:g} is what random folds of about {n:,.0f} items leave" if n >= 2 else ""
    if metric == "HR" and methods > 1 and 1 < own.value < methods:
        n = identities.implied_judgements(own.value, methods, own.spread)
        about = "about" if methods == 2 else "at most"
        return f"± {own.spread:g}, if it is a standard error, is of {about} {n:,.0f} independent judgements"
    return ""


def _numbers(cells: Iterable[Mapping]) -> dict[str, tuple[Mapping, Quantity]]:
    """{cell id: (cell, quantity)} of the cells that print a number."""
    read = {c["cell_id"]: (c, Quantity.parse(c["printed"])) for c in cells}
    return {i: (c, q) for i, (c, q) in read.items() if q is not None}


def _range(metric: str, column: Mapping, methods: int) -> tuple[float, float]:
    if metric == "HR":
        return 1, max(methods, 1)
    if column.get("unit") == "percent" or metric.startswith(PERCENT):
        return 0, 100
    low, high = RANGES.get(metric, (0 if metric.endswith(COUNTS) else -math.inf, math.inf))
    bound = {"IS": "classes", "median_rank": "gallery"}.get(metric)
    return low, min(high, column.get(bound, math.inf)) if bound else high


def _rank_sum(metric: str, column: Mapping[str, tuple[Mapping, Quantity]]) -> dict | None:
    """Mean ranks of K methods over the same items sum to K(K+1)/2, whatever the raters think."""
    if metric != "HR" or len(column) < 2:
        return None
    terms = [q for _, q in column.values()]
    total, expected = sum(q.value for q in terms), len(terms) * (len(terms) + 1) / 2
    allowed = sum(q.unit for q in terms) / 2
    if abs(total - expected) <= allowed + 1e-9:
        return None
    shown = " + ".join(q.text.split("±")[0].strip() for q in terms)
    return verdict(
        "does not add up",
        f"ranks of {len(terms)} methods sum to {expected:g} (rounding allows ±{allowed:g}), printed are {shown} = "
        f"{total:.2f}; ties, or another set of items for each method, would explain it",
    )


def _rank_spreads(metric: str, column: Mapping[str, tuple[Mapping, Quantity]]) -> dict | None:
    """With two methods the second rank is three less the first, so both spreads are one."""
    spreads = [q.spread for _, q in column.values()]
    if metric != "HR" or len(spreads) != 2 or None in spreads or spreads[0] == spreads[1]:
        return None
    texts = [q.text.split("±")[-1].strip() for _, q in column.values()]
    return verdict(
        "open to reading",
        "of two methods one rank is 3 less the other, so both ± are one; printed are "
        f"{texts[0]} and {texts[1]}: ties, or a ± taken over other items, would explain it",
    )


def _order_in_row(cell: Mapping, own: Quantity, row: Mapping[str, tuple[Mapping, Quantity]]) -> dict | None:
    """R@K rises with K and passes 50 % at the median rank; BLEU-n falls with n."""
    metric = cell["metric"]
    for other, q in row.values():
        for stem, rises in (("R@", True), ("BLEU-", False)):
            if metric.startswith(stem) and other["metric"].startswith(stem):
                ahead = int(other["metric"].removeprefix(stem)) - int(metric.removeprefix(stem))
                gap = (q.value - own.value) * ahead * (1 if rises else -1)
                if gap < 0:
                    return verdict(
                        "does not add up",
                        f"{stem}K {'rises' if rises else 'falls'} with K, printed are {own.text} ({metric}) and "
                        f"{q.text} ({other['metric']}); another test set for one of them would explain it",
                    )
        pair = {metric: own, other["metric"]: q}
        if "median_rank" in pair and len(pair) == 2:
            recall = next((m for m in pair if m.startswith("R@")), None)
            if recall:
                k, median, hit = int(recall.removeprefix("R@")), pair["median_rank"], pair[recall]
                low, high = hit.interval
                if (median.interval[1] < k and high < 50) or (median.interval[0] > k + 1 and low > 50):
                    return verdict(
                        "does not add up",
                        f"half of the queries lie within the median rank {median.text}, yet {recall} is {hit.text}; "
                        "another test set for one of them would explain it",
                    )
    return None


def _quoted_otherwise(cell: Mapping, own: Quantity, quotations: Sequence[Mapping]) -> dict | None:
    """The same model on the same data by the same metric, printed with another value elsewhere."""
    others = [(c, q) for c, q in _numbers(quotations).values() if (q.value, q.spread) != (own.value, own.spread)]
    if not others:
        return None
    places = ", ".join(f"{q.text} in {c['paper']}, {c['table']}{_apart(own, q)}" for c, q in others)
    return verdict(
        "open to reading", f"printed as {own.text} here and as {places}; another version of the paper would explain it"
    )


def _apart(own: Quantity, other: Quantity) -> str:
    distance = identities.apart(own, other)
    return f" ({distance:.2g} of their ± apart)" if distance else ""


def gain_interval(new: Quantity, old: Quantity) -> tuple[float, float, float]:
    """(point, lowest, highest) relative gain in percent that the rounding of both printed numbers allows."""
    (a, b), (c, d) = new.interval, old.interval
    return 100 * (new.value / old.value - 1), 100 * (a / d - 1), 100 * (b / c - 1)
