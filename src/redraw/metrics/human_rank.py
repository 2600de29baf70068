"""Human ranks: people order the images of several methods; what their orders say, and how sure it is. Rank 1 is best.

Judgements are arrays: ranks [J, K] of K methods (ties share the mean of their places), rater [J] and item [J], counted
from 0. Raters and items are both drawn from many, so an interval resamples both, and tests take items, not judgements,
for independent: raters who look at the same pictures agree on these pictures whatever they think of the methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ..core import RedrawError

ALLOWED = 0.2
"""Share of attention items that a rater may get wrong; whoever gets more wrong, or saw none, is left out"""
DRAWS = 4_000


def mid_ranks(order: Sequence[Sequence[int]], methods: int) -> np.ndarray:
    """[K] ranks of an order, best group first: [[2], [0, 1]] -> [2.5, 2.5, 1]. RedrawError where it is no order of all."""
    if sorted(k for group in order for k in group) != list(range(methods)) or not all(order):
        raise RedrawError(f"an order of {methods} methods: {[list(g) for g in order]} does not name each of them once")
    ranks, first = np.empty(methods), 1
    for group in order:
        ranks[list(group)] = first + (len(group) - 1) / 2
        first += len(group)
    return ranks


def mean_ranks(
    ranks: np.ndarray, rater: np.ndarray, item: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> dict[str, np.ndarray]:
    """``value`` [K], its standard error ``spread`` [K] and 95 % ``interval`` [K, 2]; the same of ``differences`` [P] between
    methods i < j as ``differences_interval`` [P, 2].

    Raters and items are drawn with replacement, independently (pigeonhole bootstrap: Owen 2007); a judgement counts as
    often as both are drawn. Of one rater (or one item) only the other side is. The interval is of percentiles.
    """
    raters, items, methods = int(rater.max()) + 1, int(item.max()) + 1, ranks.shape[1]
    count = np.zeros((raters, items))
    total = np.zeros((methods, raters, items))
    np.add.at(count, (rater, item), 1.0)
    for k in range(methods):
        np.add.at(total[k], (rater, item), ranks[:, k])
    rng = np.random.default_rng(seed)

    def drawn(n: int) -> np.ndarray:
        return rng.multinomial(n, np.full(n, 1 / n), draws).astype(float) if n > 1 else np.ones((draws, 1))

    of_raters, of_items = drawn(raters), drawn(items)
    weight = ((of_raters @ count) * of_items).sum(1)
    sums = np.stack([((of_raters @ t) * of_items).sum(1) for t in total], 1)
    means = sums[weight > 0] / weight[weight > 0, None]
    pairs = np.array(list(combinations(range(methods), 2)))
    apart = means[:, pairs[:, 0]] - means[:, pairs[:, 1]]
    value = ranks.mean(0)
    return {
        "value": value,
        "spread": means.std(0, ddof=1),
        "interval": np.percentile(means, [2.5, 97.5], axis=0).T,
        "differences": value[pairs[:, 0]] - value[pairs[:, 1]],
        "differences_interval": np.percentile(apart, [2.5, 97.5], axis=0).T,
    }


# --- tests -------------------------------------------------------------------------------------------------------


def of_items(ranks: np.ndarray, item: np.ndarray) -> np.ndarray:
    """[I, K]: each item's mean rank over the raters who judged it."""
    items = np.unique(item)
    return np.stack([ranks[item == i].mean(0) for i in items])


def differ(blocks: np.ndarray) -> dict[str, Any]:
    """Do the methods differ at all? ``blocks`` [I, K], one an item: Friedman's test, or for two methods the sign test.

    {"test", "statistic", "p"}; p is 1 where every item is a tie.
    """
    from scipy import stats

    blocks = blocks.round(12)  # means of equal ranks in another order
    if (np.ptp(blocks, axis=1) == 0).all():
        return {"test": "friedman" if blocks.shape[1] > 2 else "sign", "statistic": 0.0, "p": 1.0}
    if blocks.shape[1] > 2:
        found = stats.friedmanchisquare(*blocks.T)
        return {"test": "friedman", "statistic": float(found.statistic), "p": float(found.pvalue)}
    ahead, behind = int((blocks[:, 0] < blocks[:, 1]).sum()), int((blocks[:, 0] > blocks[:, 1]).sum())
    return {"test": "sign", "statistic": float(ahead), "p": float(stats.binomtest(ahead, ahead + behind).pvalue)}


def pairwise(blocks: np.ndarray) -> list[dict[str, Any]]:
    """Which methods differ: for each pair i < j of ``blocks`` [I, K] the p of Nemenyi's test and of Wilcoxon's signed ranks.

    [{"methods": [i, j], "nemenyi", "wilcoxon"}], the latter adjusted by Holm over all pairs. Nemenyi: the difference of
    mean ranks within items over sqrt(K (K + 1) / (6 I)), times sqrt(2), against the studentised range (Demšar 2006).
    """
    from scipy import stats

    items, methods = blocks.shape
    blocks = blocks.round(12)
    means = stats.rankdata(blocks, axis=1).mean(0)
    error = np.sqrt(methods * (methods + 1) / (6 * items))
    found = []
    for i, j in combinations(range(methods), 2):
        apart = blocks[:, i] - blocks[:, j]
        found.append({
            "methods": [i, j],
            "nemenyi": float(stats.studentized_range.sf(abs(means[i] - means[j]) / error * np.sqrt(2), methods, np.inf)),
            "wilcoxon": float(stats.wilcoxon(apart).pvalue) if apart.any() else 1.0,
        })  # fmt: skip
    for one, adjusted in zip(found, holm([one["wilcoxon"] for one in found]), strict=True):
        one["wilcoxon"] = adjusted
    return found


def holm(p: Sequence[float]) -> list[float]:
    """p-values of one family, adjusted by Holm's step-down procedure."""
    adjusted, highest = [0.0] * len(p), 0.0
    for step, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        highest = max(highest, min(1.0, (len(p) - step) * p[k]))
        adjusted[k] = highest
    return adjusted


# --- agreement ---------------------------------------------------------------------------------------------------


def kendall_w(ranks: np.ndarray) -> float | None:
    """Kendall's coefficient of concordance of m raters' ranks [m, K] of the same things, corrected for ties.

    1: all orders are the same; raters who draw lots have 1 / m in the mean. None for one rater, and where all is tied.
    """
    m, methods = ranks.shape
    ties = sum(float(n) ** 3 - n for row in ranks for n in np.unique(row, return_counts=True)[1])
    scale = m**2 * methods * (methods**2 - 1) - m * ties
    if m < 2 or scale <= 0:
        return None
    return float((12 * (ranks.sum(0) ** 2).sum() - 3 * m**2 * methods * (methods + 1) ** 2) / scale)


def concordance(ranks: np.ndarray, item: np.ndarray) -> dict[str, Any]:
    """Kendall's W of the raters of each item, ``mean`` over ``items`` that have one, and ``chance``: the mean by lot."""
    found = [(kendall_w(ranks[item == i]), int((item == i).sum())) for i in np.unique(item)]
    known = [(w, m) for w, m in found if w is not None]
    if not known:
        return {"mean": None, "chance": None, "items": 0}
    return {
        "mean": float(np.mean([w for w, _ in known])),
        "chance": float(np.mean([1 / m for _, m in known])),
        "items": len(known),
    }


def alike(first: np.ndarray, second: np.ndarray) -> float:
    """Share of pairs of methods that two rankings [K] of the same item order in the same way; a tie is a way, too."""
    pairs = list(combinations(range(len(first)), 2))
    return float(np.mean([np.sign(first[i] - first[j]) == np.sign(second[i] - second[j]) for i, j in pairs]))


def attentive(wrong: int, asked: int) -> bool:
    """Whether a rater who got ``wrong`` of ``asked`` attention items wrong is counted."""
    return asked > 0 and wrong <= ALLOWED * asked


def summary(ranks: np.ndarray, rater: np.ndarray, item: np.ndarray) -> dict[str, Any]:
    """All of the above as plain JSON: ``methods`` [{value, spread, interval}], ``differ``, ``pairs``, ``concordance``, counts."""
    rater, item = (np.unique(of, return_inverse=True)[1] for of in (rater, item))
    found, blocks = mean_ranks(ranks, rater, item), of_items(ranks, item)
    pairs = [
        {**pair, "difference": float(apart), "interval": interval.tolist()}
        for pair, apart, interval in zip(
            pairwise(blocks), found["differences"], found["differences_interval"], strict=True
        )
    ]
    return {
        "methods": [
            {"value": float(v), "spread": float(s), "interval": i.tolist()}
            for v, s, i in zip(found["value"], found["spread"], found["interval"], strict=True)
        ],
        "differ": differ(blocks), "pairs": pairs, "concordance": concordance(ranks, item),
        "raters": int(rater.max()) + 1, "items": int(item.max()) + 1, "judgements": len(ranks),
        "tied": float(np.mean([len(np.unique(row)) < len(row) for row in ranks])),
    }  # fmt: skip
