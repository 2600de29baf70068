"""Arithmetic on printed digits: every figure here was worked out by hand or by another program before."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from redraw.core import Quantity
from redraw.report import claims, identities
from redraw.report.arithmetic import gain_interval, possible
from redraw.report.studies import adjust, cv_star, holm, margin_tests

Q = Quantity.parse
PRINTED = list(csv.DictReader((Path(__file__).parent / "data" / "published_numbers.csv").open()))
RANKS = [row for row in PRINTED if row["metric"] == "HR" and Q(row["printed"])]
R_PRECISION = [("72.31 ± 0.91"), ("76.58 ± 0.53"), ("88.56 ± 0.28"), ("92.23 ± 0.37")]  # DM-GAN's


def row_of(*cells: tuple[str, str], **about) -> list[dict]:
    return [
        {"cell_id": f"p:t:d:a:{m}", "paper": "p", "table": "t", "row": "a", "dataset": "d", "metric": m, "printed": p, **about}
        for m, p in cells
    ]  # fmt: skip


def verdicts(cells: list[dict], **column) -> list[str]:
    return [possible(c, column, cells)["verdict"] for c in cells]


# --- whole counts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "items", "whole", "fits"),
    [
        ("72.31", 2928, 100, False),
        ("72.31", 29990, 100, True),
        ("72.30", 2928, 100, True),
        ("33.3", 3, 100, True),
        ("33.4", 3, 100, False),
        ("66.67", 3, 100, True),
        ("3.44", 9, 1, True),
        ("3.45", 9, 1, False),
        ("3.45", 10, 1, False),
        ("3.45", 10, 0.5, True),
        ("0.0", 7, 100, True),
        ("100", 7, 100, True),
    ],
)
def test_a_mean_of_whole_counts_prints_only_some_values(printed, items, whole, fits):
    quantity = Q(printed)
    found, below, above = identities.attainable(quantity, items, whole)
    means = (k * whole / items for k in range(int(100 / whole) * items + 1))
    assert found is fits is any(abs(m - quantity.value) <= quantity.unit / 2 + 1e-9 for m in means)
    assert below <= quantity.value + 1e-9 < above + 1e-9 and above - below == pytest.approx(whole / items)


@pytest.mark.parametrize(("items", "share"), [(100, 0.0101), (2933, 0.2934), (30000, 1.0)])
def test_share_of_percentages_that_counts_can_give(items, share):
    assert identities.attainable_share(items, 0.01) == pytest.approx(share, abs=5e-5)


def test_an_impossible_percentage_is_said_with_its_neighbours():
    cells = row_of(("R-precision", "72.31 ± 0.91"))
    found = possible(cells[0], {"items": 2928}, cells)
    assert found["verdict"] == "does not add up" and "72.30 and 72.34, and 29.3% of" in found["because"]
    assert verdicts(cells, items=29990) == ["adds up"] and verdicts(cells) == ["adds up"]
    assert verdicts(row_of(("IS", "4.37")), items=3) == ["adds up"], "no mean of counts"
    assert verdicts(row_of(("IS", "4.37")), items=3, grain=1) == ["does not add up"]
    assert verdicts(row_of(("BLEU-4", "24.37")), items=3) == ["adds up"]


# --- what a ± is ----------------------------------------------------------------------------------------------


def test_spread_of_ten_random_folds():
    """DM-GAN's ± against folds of 3,000: .82, .77, .58, .49 are expected, and .28 is low by chance of .015."""
    expected = [100 * identities.fold_spread(Q(p).value / 100, 3000) for p in R_PRECISION]
    assert expected == pytest.approx([0.82, 0.77, 0.58, 0.49], abs=0.005)
    odds = [min(identities.fold_odds(Q(p).value / 100, Q(p).spread / 100, 3000, 10)) for p in R_PRECISION]
    assert odds[2] == pytest.approx(0.015, abs=0.0005) and min(odds[0], odds[1], odds[3]) > 0.1
    assert identities.fold_odds(0.6782, 0.0443, 3000, 10)[1] < 1e-50
    assert 100 * identities.fold_spread(0.8547, 3000) == pytest.approx(0.64, abs=0.005)


def test_odds_of_a_fold_spread_by_simulation():
    hits = np.random.default_rng(0).binomial(300, 0.7, (20_000, 10)) / 300
    found = hits.std(1)
    below = identities.fold_odds(0.7, float(np.quantile(found, 0.2)), 300, 10)[0]
    assert below == pytest.approx(0.2, abs=0.015)


def test_attngans_folds_are_of_some_hundred_images():
    """27 to 141 over its seven rows, whose 95 % bands meet between 38 and 51."""
    rows = [Q(r["printed"]) for r in PRINTED if r["paper"] == "attngan" and r["metric"] == "R-precision"]
    sizes = [identities.implied_fold(q.value / 100, q.spread / 100) for q in rows]
    assert len(rows) == 7 and (round(min(sizes)), round(max(sizes))) == (27, 141)
    assert max(identities.fold_odds(q.value / 100, q.spread / 100, 3000, 10)[1] for q in rows) < 1e-40
    bands = [identities.implied_folds(q.value / 100, q.spread / 100, 10) for q in rows]
    assert max(low for low, _ in bands) == pytest.approx(38, abs=0.5)
    assert min(high for _, high in bands) == pytest.approx(51, abs=0.5)


@pytest.mark.parametrize(
    ("printed", "word"),
    [
        ("67.82 ± 4.43", "open to reading"),
        ("72.31 ± 0.91", "adds up"),
        ("88.56 ± 0.28", "adds up"),
        ("72.31 ± 0.05", "open to reading"),
    ],
)
def test_a_spread_that_random_folds_do_not_leave_is_open_to_reading(printed, word):
    cells = row_of(("R-precision", printed))
    found = possible(cells[0], {"items": 30000, "folds": 10}, cells)
    assert found["verdict"] == word
    if printed == "67.82 ± 4.43":
        assert (
            "10 random folds of 3,000 items would leave ± 0.85" in found["because"]
            and "of 30 to 212 items" in found["because"]
        )
    assert verdicts(cells, items=30000) == ["adds up"], "no folds, nothing to say"


def test_what_a_spread_implies_is_told_where_a_number_adds_up():
    cells = row_of(("R-precision", "67.82 ± 4.43"))
    found = possible(cells[0], {}, cells)
    assert found["verdict"] == "adds up" and found["because"].endswith(
        "± 4.43 is what random folds of about 111 items leave"
    )
    assert "about 111 items" in possible(cells[0], {"folds": 10}, cells)["because"]
    assert "of about" not in possible(cells[0], {"items": 1110, "folds": 10, "grain": 1e-3}, cells)["because"]
    ranks = [
        {**c, "row": r} | {"cell_id": r}
        for r, p in (("a", "1.87 ± .03"), ("b", "1.13 ± .03"))
        for c in row_of(("HR", p))
    ]
    assert possible(ranks[0], {}, ranks)["because"].endswith("is of about 126 independent judgements")


def test_judgements_behind_the_ranks_of_two_methods():
    """Nine rows of two methods: about a hundred to nine hundred judgements, far below items times raters."""
    pairs = {(r["paper"], r["dataset"]) for r in RANKS} - {("stackgan", "cub")}
    two = [r for r in RANKS if (r["paper"], r["dataset"]) in pairs]
    sizes = [identities.implied_judgements(Q(r["printed"]).value, 2, Q(r["printed"]).spread) for r in two]
    assert len(pairs) == 9 and len(two) == 18
    assert 60 < min(sizes) < 130 and max(sizes) == pytest.approx(900, abs=1)
    for pair in pairs:
        assert sum(Q(r["printed"]).value for r in two if (r["paper"], r["dataset"]) == pair) == pytest.approx(3)
    assert identities.implied_judgements(1.5, 2, 0.05) == pytest.approx(100), "a fair coin: .25 / .0025"


# --- chance ---------------------------------------------------------------------------------------------------


def test_gallery_behind_chance():
    """The poorest model of alignDRAW's table ranks as chance does among about a hundred."""
    assert identities.implied_gallery("R@1", Q("1.0")) == pytest.approx((95.24, 105.26), abs=0.01)
    assert identities.implied_gallery("median_rank", Q("50.5")) == pytest.approx((99.9, 100.1))
    assert identities.implied_gallery("R-precision", Q("1.0")) == pytest.approx((95.24, 105.26), abs=0.01)
    assert identities.implied_gallery("R@1", Q("0.0"))[1] == float("inf")
    assert identities.implied_gallery("FID", Q("3.0")) is None


@pytest.mark.parametrize(
    ("printed", "column", "words"),
    [
        ({"R@1": "1.0", "R@10": "10.0", "R@50": "50.0", "median_rank": "50.5"}, {"gallery": 100}, "adds up"),
        ({"R@1": "1.0", "R@10": "10.0", "R@50": "50.0", "median_rank": "50.5"}, {}, "adds up"),
        ({"R@1": "0.1", "R@5": "0.5"}, {"gallery": 100}, "does not add up"),
        ({"R@1": "1.0", "R@10": "12.0"}, {}, "does not add up"),
        ({"R-precision": "1.0", "R@1": "0.1"}, {}, "adds up"),
    ],
)
def test_a_row_of_chance(printed, column, words):
    assert set(verdicts(row_of(*printed.items(), chance=True), **column)) == {words}
    assert set(verdicts(row_of(*printed.items()), **column)) == {"adds up"}, "of a model it may be anything"


# --- BLEU -----------------------------------------------------------------------------------------------------


def test_all_printed_precisions_fall():
    """p_n = B_n^n / B_{n-1}^{n-1}: no row of Show, Attend and Tell's tables has one that rises."""
    rows: dict[tuple, dict[int, Quantity]] = {}
    for r in PRINTED:
        if r["metric"].startswith("BLEU-") and Q(r["printed"]):
            rows.setdefault((r["paper"], r["dataset"], r["model"]), {})[int(r["metric"][5:])] = Q(r["printed"])
    assert len(rows) == 13 and sum(len(row) == 4 for row in rows.values()) == 12
    assert all(identities.bleu_precisions(row) is None for row in rows.values())


def test_precisions_that_rise_are_open_to_reading():
    scores = {1: Q("50"), 2: Q("30"), 3: Q("29")}
    n, before, after = identities.bleu_precisions(scores)
    assert (n, before, after) == (3, pytest.approx(18), pytest.approx(29**3 / 30**2))
    assert identities.bleu_precisions({k: v for k, v in scores.items() if k != 2}) is None
    assert identities.bleu_precisions({1: Q("0"), 2: Q("0"), 3: Q("0")}) is None
    cells = row_of(("BLEU-1", "50"), ("BLEU-2", "30"), ("BLEU-3", "29"))
    assert verdicts(cells) == ["adds up", "open to reading", "open to reading"]
    tenth = [Q(text) for text in ("0.500", "0.300", "0.290")]
    assert identities.bleu_precisions(dict(enumerate(tenth, 1)))[0] == 3, "the unit does not matter"
    p = (0.6, 0.4, 0.3)  # equal precisions are allowed, and so is what rounding leaves open
    exact = {n: Q(f"{100 * float(np.prod(p[:n])) ** (1 / n):.1f}") for n in (1, 2, 3)}
    assert identities.bleu_precisions(exact) is None
    flat = {n: Q(f"{50.04 if n < 3 else 50.05:.1f}") for n in (1, 2, 3)}
    assert identities.bleu_precisions(flat) is None


# --- derived numbers ------------------------------------------------------------------------------------------


def test_how_well_a_gain_is_known():
    assert identities.gain_error(Q("25.89 ± .47"), Q("9.58 ± .21")) == pytest.approx(7.7, abs=0.05)
    assert identities.gain_error(Q("4.36 ± .03"), Q("3.82 ± .06")) == pytest.approx(2.0, abs=0.05)
    assert identities.gain_error(Q("4.36"), Q("3.82 ± .06")) is None
    drawn = np.random.default_rng(0).normal((25.89, 9.58), (0.47, 0.21), (100_000, 2))
    assert (100 * drawn[:, 0] / drawn[:, 1]).std() == pytest.approx(7.7, abs=0.1)


def test_how_far_two_printings_lie_apart():
    here, there = Q("3.82 ± .06"), Q("4.04 ± .05")
    assert identities.apart(here, there) == pytest.approx(2.8, abs=0.05)
    assert identities.apart(here, there, folds=10) == pytest.approx(8.9, abs=0.05)
    assert identities.apart(Q("3.82"), Q("4.04")) is None


@pytest.mark.parametrize(
    ("form", "percent", "printed", "holds"),
    [
        ("gain", 14.14, ("4.36", "3.82"), True),
        ("gain", 14.14, ("4.36", "4.04"), False),
        ("gain", 170.25, ("25.89", "9.58"), True),
        ("gain", 17, ("4.48", "3.84"), True),
        ("reduction", 25, ("30.0", "40.0"), True),
        ("reduction", 25, ("40.0", "30.0"), False),
        ("reduction", 24, ("30.0", "40.0"), False),
    ],
)
def test_a_stated_percentage_and_what_rounding_allows(form, percent, printed, holds):
    cells = {"a": {"printed": printed[0], "better": "none"}, "b": {"printed": printed[1], "better": "none"}}
    claim = {"id": "c", "form": form, "percent": percent, "printed_cells": ["a", "b"]}
    assert claims.printed_holds(claim, cells)[0] is holds


def test_a_gain_over_nothing_cannot_be_said():
    cells = {"a": {"printed": "1.0", "better": "none"}, "b": {"printed": "0.0", "better": "none"}}
    claim = {"id": "c", "form": "gain", "percent": 5, "printed_cells": ["a", "b"]}
    assert claims.printed_holds(claim, cells) == (None, "printed 1.0 and 0.0: no percentage of nothing")


def test_a_reduction_of_ours():
    claim = {"form": "reduction", "percent": 25}
    assert bool(claims.holds(claim, np.array([29.0, 40.0]), -1)) and not claims.holds(claim, np.array([31.0, 40.0]), -1)
    assert gain_interval(Q("30.0"), Q("40.0"))[0] == pytest.approx(-25)


# --- a table's tests, and several studies ---------------------------------------------------------------------


def test_holm():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02]), "worked by hand"
    assert holm([]) == [] and holm([0.7]) == [0.7] and holm([0.5, 0.9]) == [1.0, 1.0]


def test_holm_keeps_the_chance_of_any_false_rejection():
    drawn = np.random.default_rng(0).uniform(size=(4000, 8))
    assert np.mean([min(holm(list(p))) <= 0.05 for p in drawn]) == pytest.approx(0.05, abs=0.01)
    assert np.mean([p.min() <= 0.05 for p in drawn]) > 0.3, "without it"


def test_a_cell_has_two_tests_and_shows_the_one_on_its_side():
    inside, beyond = (
        margin_tests(4.36, [4.334, 4.30, 4.36, 4.35, 4.33], 0.1),
        margin_tests(4.36, [9.0, 9.01, 9.02], 0.1),
    )
    assert margin_tests(4.36, [4.3], 0.1) is None
    assert inside["equivalence"] + inside["otherness"] == 1 and inside["equivalence"] == pytest.approx(0.0204, abs=1e-4)
    cells = [{"tests": inside}, {"tests": beyond}, {"tests": margin_tests(4.36, [4.0, 4.9], 0.1)}]
    adjust(cells)
    assert [c["test"] for c in cells] == ["equivalence", "otherness", "equivalence"]
    assert cells[0]["adjusted"] == pytest.approx(3 * inside["equivalence"])
    assert cells[1]["adjusted"] == pytest.approx(3 * beyond["otherness"]) and cells[1]["p"] < 1e-4
    assert all(c["adjusted"] >= c["p"] for c in cells)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([84.51, 84.50, 87.46, 85.60, 84.20, 86.61, 86.20], 1.562),
        ([30.65, 30.65, 29.13, 30.65, 29.96], 2.487),
        ([87.50, 80.75, 89.36, 88.10, 89.64, 88.80], 4.176),
        ([31.11, 30.28, 31.11, 29.12], 3.572),
    ],
)
def test_coefficient_of_variation_as_published(values, expected):
    """Belz, Popović and Mille (2022), table 4: BLEU and SARI of two systems, measured again and again."""
    assert cv_star(values) == pytest.approx(expected, abs=5e-4)
    assert cv_star([v + 1 for v in values], least=1) == pytest.approx(expected, abs=5e-4)


def test_a_coefficient_of_variation_wants_two_values_and_a_mean():
    assert cv_star([3.0]) is None and cv_star([1.0, 1.0], least=1) is None and cv_star([2.0, 2.0]) == 0
