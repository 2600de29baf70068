"""Statistics of human ranks: closed forms, scipy's own example, known preferences found again, honest under lots."""

from __future__ import annotations

import math

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.metrics import human_rank as hr


def judgements(rng, raters, items, worth, of_item=0.0, of_rater=0.0, noise=1.0):
    """Everybody judges every item: ranks of ``worth`` [K] plus what item, rater and chance add to each method."""
    shape = (raters, items, len(worth))
    liked = (
        np.array(worth)
        + of_item * rng.standard_normal((1, items, len(worth)))
        + of_rater * rng.standard_normal((raters, 1, len(worth)))
        + noise * rng.standard_normal(shape)
    )
    ranks = (-liked).argsort(-1).argsort(-1).reshape(-1, len(worth)) + 1.0
    rater, item = np.divmod(np.arange(raters * items), items)
    return ranks, rater, item


# --- closed forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "ranks"),
    [
        ([[2], [0], [1]], [2, 3, 1]),
        ([[2], [0, 1]], [2.5, 2.5, 1]),
        ([[0, 1], [2]], [1.5, 1.5, 3]),
        ([[1, 0, 2]], [2, 2, 2]),
    ],
)
def test_ties_share_the_mean_of_their_places_and_the_sum_stays(order, ranks):
    found = hr.mid_ranks(order, 3)
    assert found.tolist() == ranks and found.sum() == 6


@pytest.mark.parametrize("order", [[[0], [1]], [[0], [1], [1]], [[0, 1], [], [2]], [[0], [1], [3]]])
def test_an_order_names_each_method_once(order):
    with pytest.raises(RedrawError, match="does not name each of them once"):
        hr.mid_ranks(order, 3)


def test_friedman_is_scipys_example_and_the_formula():
    """The example of scipy.stats.friedmanchisquare: pulse rates of seven people before and twice after exercise."""
    before, after, later = (
        [72, 96, 88, 92, 74, 76, 82],
        [120, 120, 132, 120, 101, 96, 112],
        [76, 95, 104, 96, 84, 72, 76],
    )
    found = hr.differ(np.array([before, after, later], float).T)
    assert found == {
        "test": "friedman",
        "statistic": pytest.approx(10.57142857142857),
        "p": pytest.approx(0.005063414171757498),
    }
    orders = np.array([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]], float)  # 12 / (n k (k + 1)) sum R^2 - 3 n (k + 1)
    by_hand = 12 / (4 * 3 * 4) * (5**2 + 8**2 + 11**2) - 3 * 4 * 4
    assert hr.differ(orders)["statistic"] == pytest.approx(by_hand)


def test_two_methods_have_the_sign_test():
    ahead = np.array([[1.0, 2.0]] * 9 + [[2.0, 1.0]] + [[1.5, 1.5]] * 3)
    found = hr.differ(ahead)
    assert found["test"] == "sign" and found["p"] == pytest.approx(2 * (1 + 10) / 2**10)
    assert hr.differ(np.full((5, 2), 1.5))["p"] == 1.0 == hr.differ(np.full((5, 3), 2.0))["p"]


def test_nemenyi_of_two_methods_is_the_normal_test_of_their_mean_ranks():
    """With two methods the studentised range over sqrt(2) is a normal variable's size."""
    blocks = np.array([[1.0, 2.0]] * 14 + [[2.0, 1.0]] * 6)
    z = (1.7 - 1.3) / math.sqrt(2 * 3 / (6 * 20))
    (found,) = hr.pairwise(blocks)
    assert found["nemenyi"] == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-6)
    critical = 2.343  # Demsar 2006, table 5: three methods at 5 %
    apart = critical * math.sqrt(3 * 4 / (6 * 10_000))
    n = round(10_000 * (1 - apart) / 2)
    near = np.array([[1, 2, 3]] * (10_000 - n) + [[2, 1, 3]] * n, float)
    assert hr.pairwise(near)[0]["nemenyi"] == pytest.approx(0.05, abs=0.002)


def test_holm_steps_down():
    assert hr.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert hr.holm([0.5, 0.9]) == [1.0, 1.0] and hr.holm([]) == []


def test_wilcoxon_is_scipys_adjusted_over_the_pairs():
    from scipy import stats

    ranks, rater, item = judgements(np.random.default_rng(4), 4, 30, (0.8, 0.2, 0.0))
    blocks = hr.of_items(ranks, item)
    raw = [stats.wilcoxon(blocks[:, i].round(12) - blocks[:, j].round(12)).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    assert [pair["wilcoxon"] for pair in hr.pairwise(blocks)] == pytest.approx(hr.holm(raw))


def test_kendalls_w():
    assert hr.kendall_w(np.array([[1, 2, 3, 4]] * 5, float)) == pytest.approx(1)
    assert hr.kendall_w(np.array([[1, 2, 3], [3, 2, 1]], float)) == pytest.approx(0)
    # Kendall and Gibbons: W = 12 S / (m^2 (n^3 - n)), here S = 37 of m = 3 judges and n = 4 things
    assert hr.kendall_w(np.array([[1, 2, 3, 4], [2, 1, 4, 3], [2, 1, 3, 4]], float)) == pytest.approx(
        12 * 37 / (9 * 60)
    )
    assert hr.kendall_w(np.array([[1.5, 1.5, 3], [1.5, 1.5, 3]])) == pytest.approx(1)  # the correction for ties
    assert hr.kendall_w(np.array([[2.0, 2, 2], [2, 2, 2]])) is None and hr.kendall_w(np.array([[1.0, 2]])) is None


def test_raters_with_themselves():
    assert hr.alike(np.array([1, 2, 3]), np.array([1, 2, 3])) == 1 and hr.alike(np.array([1, 2]), np.array([2, 1])) == 0
    assert hr.alike(np.array([1, 2, 3]), np.array([2, 1, 3])) == pytest.approx(2 / 3)
    assert hr.alike(np.array([1.5, 1.5]), np.array([1, 2])) == 0 == hr.alike(np.array([1, 2]), np.array([1.5, 1.5]))


def test_who_is_attentive():
    assert [hr.attentive(wrong, 6) for wrong in range(4)] == [True, True, False, False]
    assert hr.attentive(0, 1) and not hr.attentive(1, 1) and not hr.attentive(0, 0)


# --- intervals ---------------------------------------------------------------------------------------------------


def test_without_any_disagreement_nothing_spreads():
    rater, item = np.divmod(np.arange(30), 10)
    found = hr.mean_ranks(np.tile([2.0, 1.0, 3.0], (30, 1)), rater, item, draws=200)
    assert found["value"].tolist() == [2, 1, 3] and not found["spread"].any()
    assert found["interval"].tolist() == [[2, 2], [1, 1], [3, 3]] and found["differences"].tolist() == [1, -1, -2]


def test_the_standard_error_counts_raters_and_items():
    """Where only raters differ, adding items does not help; where only items do, adding raters does not."""

    def error(raters, items, **effects):
        ranks, rater, item = judgements(np.random.default_rng(1), raters, items, (0, 0), noise=0.0, **effects)
        return hr.mean_ranks(ranks, rater, item, draws=1000)["spread"][0]

    share = 0.25 * 20 / 20  # a rater always says the same: p (1 - p) / raters
    assert error(20, 10, of_rater=1.0) == pytest.approx(math.sqrt(share / 20), rel=0.3)
    assert error(20, 90, of_rater=1.0) == pytest.approx(error(20, 10, of_rater=1.0), rel=0.1)
    assert error(5, 40, of_item=1.0) == pytest.approx(math.sqrt(0.25 / 40), rel=0.3)
    assert error(25, 40, of_item=1.0) == pytest.approx(error(5, 40, of_item=1.0), rel=0.1)
    assert error(1, 40, of_item=1.0) == pytest.approx(error(5, 40, of_item=1.0), rel=0.1)  # one rater: over items


def test_the_interval_covers_the_true_mean_rank():
    """200 studies with effects of items and raters; the truth is the mean of very many judgements."""
    worth, effects = (0.6, 0.0, -0.3), {"of_item": 0.6, "of_rater": 0.3}
    rng = np.random.default_rng(7)
    truth = judgements(rng, 300, 300, worth, **effects)[0].mean(0)
    inside = []
    for study in range(200):
        found = hr.mean_ranks(*judgements(rng, 12, 30, worth, **effects), draws=300, seed=study)
        inside.append((found["interval"][:, 0] <= truth) & (truth <= found["interval"][:, 1]))
    assert 0.90 <= np.mean(inside) <= 0.995


def test_missing_judgements_do_not_pull_a_mean():
    ranks, rater, item = judgements(np.random.default_rng(3), 6, 40, (1.0, 0.0))
    kept = np.random.default_rng(0).random(len(ranks)) < 0.6
    kept |= rater == 0
    found = hr.summary(ranks[kept], rater[kept] * 5, item[kept] + 100)  # numbers with gaps
    assert found["raters"] == 6 and found["items"] == 40 and found["judgements"] == kept.sum()
    low, high = found["methods"][0]["interval"]
    assert low < ranks[:, 0].mean() < high


# --- simulated people --------------------------------------------------------------------------------------------


def test_a_known_preference_is_found_again():
    found = hr.summary(*judgements(np.random.default_rng(0), 8, 40, (1.2, 0.0, -1.2)))
    assert [round(m["value"]) for m in found["methods"]] == [1, 2, 3]
    assert found["differ"]["p"] < 1e-6 and all(p["wilcoxon"] < 1e-3 and p["nemenyi"] < 0.05 for p in found["pairs"])
    assert all(pair["interval"][1] < 0 for pair in found["pairs"]) and found["tied"] == 0
    assert found["concordance"]["mean"] > 3 * found["concordance"]["chance"]
    assert sum(m["value"] for m in found["methods"]) == pytest.approx(6)


@pytest.mark.parametrize("methods", [2, 3])
def test_raters_who_draw_lots_find_nothing(methods):
    """Means are those of chance, one test in twenty says otherwise, also where all raters agree on each item."""
    rng = np.random.default_rng(11)
    studies, rejected, seen = 300, {0.0: 0, 2.0: 0}, []
    for of_item in rejected:
        for _ in range(studies):
            ranks, _, item = judgements(rng, 5, 24, (0,) * methods, of_item=of_item)
            rejected[of_item] += hr.differ(hr.of_items(ranks, item))["p"] < 0.05
            seen.append(ranks.mean(0))
    assert np.abs(np.mean(seen, 0) - (methods + 1) / 2).max() < 0.02
    assert all(n <= 0.085 * studies for n in rejected.values()), rejected
    by_judgement = sum(
        hr.differ(judgements(rng, 5, 24, (0,) * methods, of_item=2.0)[0])["p"] < 0.05 for _ in range(studies)
    )
    assert by_judgement > 0.2 * studies  # what taking judgements for independent would say
    ranks, _, item = judgements(rng, 5, 400, (0,) * methods)
    agreed = hr.concordance(ranks, item)
    assert agreed["mean"] == pytest.approx(agreed["chance"], abs=0.03) and agreed["chance"] == pytest.approx(0.2)
