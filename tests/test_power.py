"""What would decide an open cell or claim: seeds by the judge's own rules, hours by what seeds took or the sheet says."""

from __future__ import annotations

import copy
import math
import re
import statistics

import pytest

from redraw.core import Quantity
from redraw.report import cells, forest, power
from redraw.report.bench import Bench
from redraw.report.claims import probability, word
from redraw.report.comparison import components
from redraw.report.judge import agrees, half_width, seeds_needed

FOLDS = [4.30, 4.34, 4.40, 4.36]


def at(mean: float, spread: float, n: int) -> list[float]:
    """``n`` values with this mean and this standard deviation."""
    values = [k - (n - 1) / 2 for k in range(n)]
    scale = spread / statistics.stdev(values)
    return [mean + scale * v for v in values]


@pytest.mark.parametrize(("mean", "spread"), [(4.37, 0.04), (4.40, 0.03), (4.37, 0.05), (4.62, 0.08), (4.30, 0.02)])
def test_so_many_seeds_decide_and_one_less_does_not(mean, spread):
    needed = seeds_needed(mean - 4.36, spread, 0.1, 2)
    words = [
        agrees(Quantity.parse("4.36 ± .03"), at(mean, spread, n), 0.1, "fold", "higher", True)["verdict"]
        for n in (needed, needed - 1)
    ]
    assert needed >= 5 and words[0] in ("equivalent", "higher")
    assert words[1] == "inconclusive" or needed == 5


@pytest.mark.parametrize(("difference", "spread"), [(0.1, 0.01), (0.05, 0.0305), (0.0, 0.061), (-0.15, 0.031)])
def test_what_lies_nearer_to_the_margin_than_a_seed_spreads_stays_open(difference, spread):
    assert seeds_needed(difference, spread, 0.1, 2) is None
    assert half_width(spread, 10**9) > abs(abs(difference) - 0.1), "not with any number of seeds"


@pytest.mark.parametrize("share", [1.0, 0.9, 0.75, 0.3, 0.0])
def test_seeds_that_decide_a_claim(share):
    needed = power.claim_seeds(share, 2)
    assert word(probability([share] * needed), needed)[0] in ("holds", "does not hold")
    assert needed == 5 or word(probability([share] * (needed - 1)), needed - 1)[0] == "cannot tell"


def test_an_even_claim_is_never_decided():
    assert power.claim_seeds(0.5, 2) is None and power.claim_seeds(0.52, 2) is None


# --- what they cost ---------------------------------------------------------------------------------------------------

SHEET = {
    "paper": {"id": "p", "short": "P"},
    "runs": {"a": {"dataset": "cub"}, "b": {"dataset": "cub"}},
    "tables": {
        "t": {
            "title": "T",
            "at": "table 1",
            "source": "the paper",
            "spread": "fold",
            "columns": {"is": {"dataset": "cub", "metric": "SCORE", "label": "S", "better": "higher", "ours": "score"}},
            "rows": [
                {"label": "A", "run": "a", "cells": {"is": "4.36 ± .03"}},
                {"label": "B", "run": "b", "cells": {"is": "4.00 ± .03"}},
                {"label": "C", "run": "b", "cells": {"is": "3.40"}},
            ],
        }
    },
    "claims": [
        {
            "id": "best",
            "origin": "ours",
            "says": "A > B",
            "form": "greater",
            "metric": "score",
            "left": "a",
            "right": "b",
        }
    ],
    "budget": {"paper": {"gpu_hours": 6, "source": "an estimate"}},
}


def table_of(values: dict[str, list[float]], seconds: float | None = None, sheet: dict = SHEET) -> dict:
    """SHEET's value for scale paper with these scores; each seed took ``seconds``."""
    scores = {
        f"p/{run}.s{s}": {
            "metrics": {"score": {"value": v, "n": 100, "better": "higher", "per_fold": FOLDS, "protocol": {}}}
        }
        for run, of_run in values.items()
        for s, v in enumerate(of_run)
    }
    about = {} if seconds is None else {"about": {"seconds": seconds, "device": "cpu"}}
    manifests = {run: {"run": run, "weights": "", **about} for run in scores} if about else {}
    return cells.build(
        sheet, sheets={}, scores=scores, manifests=manifests, scale="paper", seeds=max(map(len, values.values())),
        rows="all", stand_ins={}, missing={}, stale=(),
    )  # fmt: skip


def first(table: dict) -> dict:
    return table["tables"][0]["rows"][0]["cells"]["is"]


def test_one_seed_needs_five_at_the_price_of_the_sheet():
    table = table_of({"a": [4.36], "b": [4.0]})
    cell, claim = first(table), table["claims"][0]
    assert cell["agrees"]["verdict"] == "inconclusive" and claim["verdict"] == "cannot tell"
    assert cell["needs"] | {"source": ""} == {"seeds": 5, "more": 4, "hours": 24, "device": "gpu", "source": ""}
    assert claim["needs"]["hours"] == 48, "both sides of the claim are trained"
    assert (
        power.said(cell["needs"]) == "4 more seeds would take about 24 h 0 min of a GPU (the sheet of p: an estimate)"
    )


def test_seeds_that_are_there_say_what_more_would_take():
    cell = first(table_of({"a": [4.30, 4.38], "b": [4.0, 4.1]}, seconds=90))
    more = seeds_needed(-0.02, statistics.stdev([4.30, 4.38]), cell["margin"], 2) - 2
    assert cell["needs"]["more"] == more and cell["needs"]["device"] == "cpu"
    assert cell["needs"]["hours"] == pytest.approx(more * 90 / 3600)
    assert "as the seeds here took" in power.said(cell["needs"])


def test_a_seed_costs_what_it_starts_from_as_well():
    runs = {
        "a": {"dataset": "cub"},
        "b": {"dataset": "cub", "needs": {"start": "c"}},
        "c": {"dataset": "cub", "needs": {"eyes": "a"}},
    }
    values = {"a": [4.30, 4.38], "b": [4.0, 4.1], "c": [1.0, 1.0]}
    apart, linked = (table_of(values, seconds=90, sheet=SHEET | {"runs": of}) for of in (SHEET["runs"], runs))
    hours = [t["claims"][0]["needs"]["hours"] / t["claims"][0]["needs"]["more"] for t in (apart, linked)]
    assert hours == pytest.approx([2 * 90 / 3600, 3 * 90 / 3600]), "c is trained for each seed of b, a once for both"
    assert first(linked)["needs"]["hours"] == first(apart)["needs"]["hours"]


def test_without_a_price_the_seeds_alone_are_said():
    cell = first(table_of({"a": [4.36], "b": [4.0]}, sheet={k: v for k, v in SHEET.items() if k != "budget"}))
    assert cell["needs"]["hours"] is None and "not estimated" in power.said(cell["needs"])


def test_what_is_decided_needs_nothing():
    table = table_of({"a": [4.36, 4.361, 4.359, 4.36, 4.36], "b": [4.0, 4.0, 4.01, 4.0, 4.0]})
    assert first(table)["agrees"]["verdict"] == "exact" and first(table)["needs"] is None
    assert table["claims"][0]["verdict"] == "holds" and table["claims"][0]["needs"] is None
    assert power.said(None) == ""


def test_the_cells_of_a_table_are_tested_together():
    table = table_of({"a": [4.30, 4.38], "b": [4.0, 4.1]})
    tested = [row["cells"]["is"] for row in table["tables"][0]["rows"]]
    smallest = min(c["p"] for c in tested)
    same = [c for c in tested if c["p"] == smallest]
    assert all(c["p"] <= c["adjusted"] <= 1 for c in tested) and same[0]["adjusted"] == pytest.approx(
        min(1, 3 * smallest)
    )


def test_a_value_has_three_spreads_of_its_own():
    cell = first(table_of({"a": [4.30, 4.38], "b": [4.0]}))
    assert cell["components"]["seed"] == pytest.approx(statistics.stdev([4.30, 4.38]))
    assert cell["components"]["fold"] == pytest.approx(statistics.stdev(FOLDS))
    expected = statistics.pstdev(FOLDS) / math.sqrt(len(FOLDS))  # of a mean of folds that are drawn again
    assert cell["components"]["evaluation"] == pytest.approx(expected, rel=0.15)
    alone = components([{"value": 3.0}])
    assert alone == {"seed": None, "fold": None, "evaluation": None}


def test_bench_asks_the_sheet_of_the_runs_owner():
    bench = Bench(SHEET, {"q": {**SHEET, "budget": {"paper": {"gpu_hours": 2, "source": "x"}}}}, {}, "paper", 1, {}, {})
    assert bench.price("q/a") == (2, "gpu", "the sheet of q: x") and bench.price("a")[0] == 6


# --- drawn ------------------------------------------------------------------------------------------------------------


def drawing(values: dict[str, list[float]], **changed) -> tuple[dict, str]:
    table = table_of(values)["tables"][0]
    for key, value in changed.items():
        for row in table["rows"]:
            row["cells"]["is"][key] = value
    (drawn,) = forest.plots(table)
    return table, drawn[1]


def marks(svg: str, colour: str) -> list[float]:
    """x of every mark in a colour, from left to right."""
    return sorted(float(x) for x in re.findall(r'<use href="#[^"]*" x="([\d.]+)"[^>]*' + re.escape(colour), svg))


def test_values_stand_in_their_order_and_printed_ones_on_a_scale_of_their_own():
    _, svg = drawing({"a": [4.36, 4.2], "b": [4.0, 4.1]})
    printed = marks(svg, "fill: none; stroke: var(--ink)") or marks(svg, "var(--ink)")
    assert len(printed) == 3 and printed[2] - printed[1] == pytest.approx(
        (4.36 - 4.00) / (4.00 - 3.40) * (printed[1] - printed[0]), rel=1e-3
    )
    _, apart = drawing({"a": [4.36], "b": [4.0]}, same_protocol={"verdict": "differs"})
    assert "printed and ours" in svg and "printed and ours" not in apart
    assert max(marks(apart, "fill: var(--ink); stroke: var(--ink)")) < 190 < min(marks(apart, "var(--yes)"))


def test_a_drawing_is_part_of_the_page_and_of_nothing_else():
    table, svg = drawing({"a": [4.36, 4.2], "b": [4.0, 4.1]})
    assert drawing({"a": [4.36, 4.2], "b": [4.0, 4.1]})[1] == svg, "the same bytes"
    assert not re.search("<style|<metadata|xlink|http|font-family|#0[1-4]0[1-4]0[1-4]", svg)
    ids = set(re.findall(r'id="([^"]+)"', svg))
    assert ids and all(i.startswith("t-is-") for i in ids)
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)) and all(
        (a or b) in ids for a, b in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
    )
    assert 'aria-label="S, SCORE. A: printed 4.36 ± .03, ours 4.28 ± 0.11' in svg


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "$x_1", "a\x00b", "🦜 ضع صورة", "x" * 5000])
def test_any_label_is_drawn_as_text(label):
    table = table_of({"a": [4.36], "b": [4.0]})["tables"][0]
    table["rows"][0]["label"] = label
    ((_, svg),) = forest.plots(table)
    assert "<script" not in svg and "\x00" not in svg and svg.endswith("</svg>")
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert any(label[:2].replace("<", "&lt;").replace("\x00", "\ufffd") in s for s in shown)


def with_floor(value: float) -> str:
    table = table_of({"a": [4.36, 4.2], "b": [4.0, 4.1]})["tables"][0]
    for row in table["rows"]:
        row["cells"]["is"]["same_protocol"] = {"verdict": "differs"}
    floor = copy.deepcopy(table["rows"][0]) | {"kind": "floor"}
    floor["cells"]["is"]["ours"] = value
    table["rows"].append(floor)
    ((_, svg),) = forest.plots(table)
    return svg


def test_a_control_far_away_leaves_our_values_their_room():
    near, far = with_floor(3.9), with_floor(300.0)
    assert ">floor</text>" in near and ">floor 300 →</text>" in far
    widths = [max(found) - min(found) for found in (marks(svg, "var(--yes)") for svg in (near, far))]
    assert widths[1] >= widths[0] > 20
    assert ">← floor −300</text>" in with_floor(-300.0)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ({"group": "nats", "label": "of it KL", "metric": "KL"}, "nats, of it KL"),
        ({"group": "", "label": "IS", "metric": "IS"}, "IS"),
        ({"group": "This set", "label": "best", "metric": "IS"}, "This set, best, IS"),
    ],
)
def test_a_plot_is_named_without_saying_a_thing_twice(column, name):
    assert forest._name(column) == name


def test_one_row_is_no_comparison():
    table = table_of({"a": [4.36], "b": [4.0]})["tables"][0]
    table["rows"] = table["rows"][:1]
    assert forest.plots(table) == []
