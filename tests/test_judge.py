"""The four answers: arithmetic on printed numbers, protocols, agreement, claims; and the tables made of them."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from scipy import special

from redraw.core import Quantity, RedrawError
from redraw.report import audit, cells, claims
from redraw.report.arithmetic import gain_interval
from redraw.report.draws import DRAWS
from redraw.report.draws import draws as over_items
from redraw.report.judge import agrees, default_margin, of_the_model, possible, same_protocol, tost
from redraw.report.printed import kendall_tau, printed_cells
from redraw.report.studies import cv_star
from redraw.sheets import read_sheets

SHEETS = read_sheets()
Q = Quantity.parse


def built(paper: str, **changes) -> dict:
    given = {
        "sheets": SHEETS,
        "scores": {},
        "manifests": {},
        "scale": "embedded",
        "seeds": 1,
        "rows": "headline",
        "stand_ins": {},
        "missing": {},
        "stale": (),
    }
    sheet = changes.pop("sheet", None) or SHEETS[paper]
    return cells.build(sheet, **{**given, **changes})


def all_cells(table: dict) -> dict[str, dict]:
    return {c["cell_id"]: c for t in table["tables"] for row in t["rows"] for c in row["cells"].values()}


# --- 1. possible? ---------------------------------------------------------------------------------------------


def cell(printed: str, metric: str = "IS", row: str = "A", dataset: str = "cub", **more) -> dict:
    about = {"printed": printed, "metric": metric, "row": row, "dataset": dataset, "paper": "p", "table": "t"}
    return {"cell_id": f"p:t:{dataset}:{row}:{metric}", **about, **more}


@pytest.mark.parametrize(
    ("printed", "metric", "column", "word"),
    [
        ("4.36 ± .03", "IS", {"classes": 50}, "adds up"),
        ("0.98", "IS", {}, "does not add up"),
        ("51.2", "IS", {"classes": 50}, "does not add up"),
        ("-0.1", "FID", {}, "does not add up"),
        ("81.59", "FID", {}, "adds up"),
        ("101", "R-precision", {}, "does not add up"),
        ("101", "perplexity", {"unit": "percent"}, "does not add up"),
        ("101", "perplexity", {}, "adds up"),
        ("1.2", "SSI", {}, "does not add up"),
        ("101", "median_rank", {"gallery": 100}, "does not add up"),
        ("8,855", "train images", {}, "adds up"),
        ("8855.5", "train images", {}, "does not add up"),
        ("/", "IS", {}, "blank in print"),
        ("(-)", "FID", {}, "blank in print"),
        ("—", "BLEU-4", {}, "blank in print"),
        ("about 4", "IS", {}, "open to reading"),
    ],
)
def test_range_of_the_metric(printed, metric, column, word):
    one = cell(printed, metric)
    assert possible(one, column, [one])["verdict"] == word


def test_ranks_of_all_methods_sum_to_a_constant():
    table = all_cells(built("stackgan"))
    for model in ("gan-int-cls", "gawwn", "stackgan"):
        found = table[f"stackgan:inception-and-human-rank:cub:{model}:hr"]["possible"]
        assert found["verdict"] == "does not add up"
        assert "2.81 + 1.99 + 1.37 = 6.17" in found["because"] and "ties" in found["because"]
    assert table["stackgan:inception-and-human-rank:oxford102:stackgan:hr"]["possible"]["verdict"] == "adds up"
    inside = [cell("2.81", "HR", "A"), cell("1.99", "HR", "B"), cell("1.21", "HR", "C")]
    assert {possible(c, {}, inside)["verdict"] for c in inside} == {"adds up"}, "rounding allows 6.01"
    outside = [*inside[:2], cell("1.22", "HR", "C")]
    assert {possible(c, {}, outside)["verdict"] for c in outside} == {"does not add up"}
    assert (
        possible(cell("2.5", "HR", "A"), {}, [cell("2.5", "HR", "A"), cell("0.5", "HR", "B")])["verdict"]
        == "does not add up"
    )


@pytest.mark.parametrize("paper", ["stackgan", "stackgan_v2"])
def test_two_ranks_have_one_spread(paper):
    found = {i: c["possible"]["verdict"] for i, c in all_cells(built(paper)).items() if i.endswith(":hr")}
    open_ = {i for i, word in found.items() if word == "open to reading"}
    assert len(open_) == 2 and all(":coco:" in i for i in open_)


def test_recall_rises_and_bleu_falls():
    recalls = [cell("1.0", "R@1"), cell("6.6", "R@5"), cell("6.0", "R@10")]
    assert [possible(c, {}, recalls)["verdict"] for c in recalls] == ["adds up", "does not add up", "does not add up"]
    bleu = [cell("67", "BLEU-1"), cell("44.8", "BLEU-2"), cell("45.0", "BLEU-3")]
    assert [possible(c, {}, bleu)["verdict"] for c in bleu] == ["adds up", "does not add up", "does not add up"]
    median = [cell("48.0", "R@50"), cell("47", "median_rank")]
    assert {possible(c, {}, median)["verdict"] for c in median} == {"does not add up"}
    for paper in ("align_draw", "show_attend_tell"):
        assert {c["possible"]["verdict"] for c in all_cells(built(paper)).values()} == {"adds up", "blank in print"}


def test_a_value_quoted_otherwise_is_open_to_reading_in_both_papers():
    here = all_cells(built("attngan"))["attngan:table-3:cub:stackgan-v2:is"]["possible"]
    there = all_cells(built("stackgan_v2"))["stackgan_v2:table-3:cub:stackgan-v2:is"]["possible"]
    assert (here["verdict"], there["verdict"]) == ("open to reading", "open to reading")
    assert "3.82 ± .06" in here["because"] and "4.04 ± .05 in stackgan_v2, table-3" in here["because"]
    assert "3.82 ± .06 in attngan, table-3" in there["because"]
    same = all_cells(built("stackgan_v2"))["stackgan_v2:table-3:coco:stackgan-v1:is"]["possible"]
    assert same["verdict"] == "adds up", "8.45 in both papers, under two names of the model"


def test_gains_and_the_interval_that_rounding_allows():
    """The figures of the arithmetic on AttnGAN's and StackGAN's sentences."""
    assert gain_interval(Q("25.89 ± .47"), Q("9.58 ± .21")) == pytest.approx((170.251, 170.06, 170.44), abs=0.005)
    assert gain_interval(Q("4.36"), Q("3.82")) == pytest.approx((14.136, 13.86, 14.42), abs=0.005)
    assert gain_interval(Q("4.36"), Q("4.04"))[0] == pytest.approx(7.9, abs=0.05)
    found = {c["id"]: c["printed_holds"] for p in ("attngan", "stackgan") for c in built(p)["claims"]}
    gains = ("gain-on-coco", "gain-on-cub", "cub-gain", "oxford-gain")
    assert all(found[g] is True for g in gains) and found["gain-on-cub-own-value"] is False


# --- 2. the same thing? ---------------------------------------------------------------------------------------


def test_same_protocol():
    printed = {"data set": "cub", "folds": 10, "images": 30000}
    assert same_protocol(printed, None)["verdict"] == "nothing of ours"
    assert same_protocol(printed, {**printed, "seed": 1})["verdict"] == "same"
    found = same_protocol(printed, {**printed, "folds": 5, "images": 2900})
    assert found["verdict"] == "differs" and "folds, images" in found["because"]
    assert found["differs"][0] == {"field": "folds", "paper": 10, "ours": 5}
    assert same_protocol(printed, {**printed, "folds": 5}, near=["folds"])["verdict"] == "near"
    assert same_protocol(printed, {**printed, "folds": 5, "images": 2900}, near=["folds"])["verdict"] == "differs"
    silent = same_protocol({**printed, "raters": None}, {**printed, "raters": 10})
    assert silent["verdict"] == "near" and "does not say: raters" in silent["because"]


# --- 3. agrees? -----------------------------------------------------------------------------------------------


def spread_out(mean: float, deviation: float, n: int) -> list[float]:
    """``n`` values with exactly this mean and standard deviation."""
    raw = np.linspace(-1, 1, n)
    return list(mean + deviation * (raw - raw.mean()) / raw.std(ddof=1))


def test_tost_is_of_a_prediction():
    """Five seeds, d = -.026, margin .10: p = .011 under s/sqrt(S), .104 under prediction, opposite verdicts."""
    s = 0.0452
    naive = float(special.stdtr(4, (0.026 - 0.10) / (s / math.sqrt(5))))
    assert naive == pytest.approx(0.011, abs=5e-4)
    assert tost(-0.026, s, 5, 0.10) == pytest.approx(0.104, abs=1e-3)
    ours = spread_out(4.36 - 0.026, s, 5)
    assert agrees(Q("4.36"), ours, 0.10, "fold", "higher", True)["verdict"] == "inconclusive"
    assert tost(-0.026, 0.03, 5, 0.10) < 0.05
    assert agrees(Q("4.36"), spread_out(4.334, 0.03, 5), 0.10, "fold", "higher", True)["verdict"] == "equivalent"


@pytest.mark.parametrize(
    ("printed", "ours", "word"),
    [
        ("4.36", [4.36], "inconclusive"),
        ("4.36", [9.0], "inconclusive"),
        ("4.36", [4.361, 4.359], "exact"),
        ("4.36", [9.0, 9.01, 9.02], "higher"),
        ("4.36", [1.0, 1.01, 1.02], "lower"),
        ("4.36", [4.3, 4.5], "inconclusive"),
        ("4.36", spread_out(4.34, 0.01, 5), "equivalent"),
        ("4.36", [], "not run"),
        ("/", [4.36], "blank in print"),
    ],
)
def test_agrees(printed, ours, word):
    assert agrees(Q(printed), ours, 0.10, "fold", "higher", True)["verdict"] == word


def test_reasons_of_agreement():
    assert "one seed cannot tell: needs at least 5" in agrees(Q("4.36"), [4.36], 0.1, "fold", "higher", True)["because"]
    not_same = agrees(Q("4.36"), [4.36] * 5, 0.1, "fold", "higher", False)
    assert not_same["verdict"] == "not comparable" and "nothing is subtracted" in not_same["because"]
    assert "(worse)" in agrees(Q("15.3"), [40.0, 40.1, 40.2], 1, "fold", "lower", True)["because"]
    wide = agrees(Q("4.36"), spread_out(4.5, 1.0, 5), 0.1, "fold", "higher", True)["because"]
    assert "more will not settle it" in wide
    assert agrees(Q("2,933"), [2933], 0.5, "none", "none", True)["verdict"] == "exact"
    assert agrees(Q("40,000"), [40504], 0.5, "none", "none", True)["verdict"] == "higher"


def test_default_margin():
    column = [Q("2.88"), Q("3.62"), Q("3.70"), Q("3.82"), Q("4.36")]
    assert default_margin(column[0], column) == pytest.approx(0.04)
    assert default_margin(Q("4.35"), [Q("4.35"), Q("4.36")]) == pytest.approx(0.005)
    assert default_margin(Q("63"), [Q("63")]) == pytest.approx(0.5)


# --- 4. claims ------------------------------------------------------------------------------------------------


def scores_of(values: dict[str, list[float]], metric: str = "m", **about):
    """Scores by (run, seed) from {run: [value a seed]}."""

    def look_up(run: str, seed: int):
        return (
            {"metrics": {metric: {"value": values[run][seed], "better": "higher", **about}}} if run in values else None
        )

    return look_up


GREATER = {
    "id": "c",
    "origin": "text",
    "says": "a above b",
    "form": "greater",
    "metric": "m",
    "left": "a",
    "right": "b",
}


@pytest.mark.parametrize(
    ("won", "lost", "word"),
    [
        (1, 0, "cannot tell"),
        (0, 1, "cannot tell"),
        (2, 0, "leans the same way"),
        (0, 2, "leans the other way"),
        (1, 1, "cannot tell"),
        (3, 0, "leans the same way"),
        (2, 1, "cannot tell"),
        (4, 0, "leans the same way"),
        (5, 0, "holds"),
        (0, 5, "does not hold"),
        (4, 1, "cannot tell"),
        (9, 1, "holds"),
    ],
)
def test_words_by_number_of_seeds(won, lost, word):
    values = {"a": [2.0] * won + [0.0] * lost, "b": [1.0] * (won + lost)}
    row = claims.evaluate(GREATER, "p", {}, scores_of(values), won + lost)
    assert (row["verdict"], row["seeds_won"], row["seeds"]) == (word, f"{won}/{won + lost}", won + lost)
    assert row["probability"] == pytest.approx(float(special.betainc(1 + lost, 1 + won, 0.5)), abs=1e-4)


def test_values_are_shown_for_every_seed():
    mixed = claims.evaluate(GREATER, "p", {}, scores_of({"a": [50.0, 50.0, 49.0], "b": [50.0, 50.0, 48.0]}), 3)
    alike = claims.evaluate(GREATER, "p", {}, scores_of({"a": [50.0, 50.0], "b": [48.0, 48.0]}), 2)
    assert "ours 50, 50 | 50, 50 | 49, 48;" in mixed["because"]
    assert "ours 50, 48 with every seed;" in alike["because"]


def test_five_seeds_by_a_hair_do_not_hold_where_items_are_few():
    values = {"a": [51.0] * 5, "b": [50.0] * 5}
    sure = claims.evaluate(GREATER, "p", {}, scores_of(values), 5)
    doubtful = claims.evaluate(GREATER, "p", {}, scores_of(values, unit="percent", n=100), 5)
    assert (sure["verdict"], doubtful["verdict"]) == ("holds", "cannot tell")
    many = claims.evaluate(GREATER, "p", {}, scores_of(values, unit="percent", n=1_000_000), 5)
    assert many["verdict"] == "holds"
    folds = claims.evaluate(GREATER, "p", {}, scores_of(values, per_fold=[1.0, 90.0, 30.0, 80.0]), 5)
    assert folds["verdict"] == "cannot tell"


@pytest.mark.parametrize(
    ("form", "values", "better", "expected"),
    [
        ({"form": "greater"}, [2, 1], 1, True),
        ({"form": "greater"}, [2, 1], -1, False),
        ({"form": "greater", "margin": 2}, [2, 1], 1, False),
        ({"form": "at_least", "margin": 0.5}, [0.6, 1], 1, True),
        ({"form": "at_least", "margin": 0.5}, [1.6, 1], -1, False),
        ({"form": "increasing"}, [1, 2, 3], 1, True),
        ({"form": "increasing"}, [1, 2, 2], 1, False),
        ({"form": "increasing", "margin": 0.1}, [1, 2, 1.95], 1, True),
        ({"form": "decreasing"}, [3, 2, 1], 1, True),
        ({"form": "decreasing"}, [3, 2, 2.5], 1, False),
        ({"form": "best"}, [3, 2, 1], 1, True),
        ({"form": "best"}, [2, 1, 3], 1, False),
        ({"form": "best"}, [1, 2, 3], -1, True),
        ({"form": "gain", "percent": 10}, [1.11, 1], 1, True),
        ({"form": "gain", "percent": 10}, [1.09, 1], 1, False),
    ],
)
def test_forms(form, values, better, expected):
    assert bool(claims.holds(form, np.array(values, dtype=float), better)) is expected


def test_curves_constants_and_confusions():
    def scores(run, seed):
        return {
            "metrics": {"m": {"value": 40.0, "better": "higher"}},
            "curves": {"loss": {"x": [0, 1, 2], "y": [3.0, 1.0, 2.0]}},
            "confusion": {"c": {"labels": [1, 5, 7], "counts": [[9, 0, 0], [1, 5, 3], [4, 2, 90]]}},
        }

    def verdict(**claim):
        return claims.evaluate({"id": "c", "origin": "text", "says": "", **claim}, "p", {}, scores, 2)["verdict"]

    assert verdict(form="greater", metric="m", left="a", right=10) == "leans the same way"
    assert verdict(form="decreasing", run="a", curve="loss") == "leans the other way"
    assert verdict(form="decreasing", run="a", curve="loss", margin=1.5) == "leans the same way"
    assert verdict(form="decreasing", run="a", curve="loss", points="ends") == "leans the same way"
    assert verdict(form="most_frequent", run="a", confusion="c", given=7, label=1) == "leans the same way"
    assert verdict(form="most_frequent", run="a", confusion="c", given=5, label=1) == "leans the other way"
    assert verdict(form="most_frequent", run="a", confusion="c", given=1, label=5) == "leans the other way"
    assert verdict(form="greater", metric="other", left="a", right=10) == "nothing of ours"
    assert verdict(form="greater", printed_cells=[]) == "nothing of ours"


def test_a_metric_that_fails_its_check_carries_no_claim():
    values = {"a": [2.0] * 5, "b": [1.0] * 5, "real": [1.5] * 5, "noise": [1.6] * 5}
    controls = {"m": {"ceiling": [("real", "m")], "floor": [("noise", "m")]}}
    row = claims.evaluate(GREATER, "p", {}, scores_of(values), 5, controls)
    assert row["verdict"] == "not testable here" and "does not pass its own check" in row["because"]
    values["noise"] = [0.1] * 5
    assert claims.evaluate(GREATER, "p", {}, scores_of(values), 5, controls)["verdict"] == "holds"
    own = {**GREATER, "controls": {"ceiling": [["noise", "m"]], "floor": [["real", "m"]]}}
    assert claims.evaluate(own, "p", {}, scores_of(values), 5, controls)["verdict"] == "not testable here"


def laddered(better: str = "higher", **values: float):
    """Scores of five seeds by run; seed 4 lies a tenth above the others."""
    return scores_of({run: [v, v, v, v, v + 0.1] for run, v in values.items()}, better=better)


LADDER = {"m": {"ceiling": [("real", "m")], "degraded": [("reduced", "m")], "floor": [("noise", "m")]}}


@pytest.mark.parametrize(
    ("better", "reduced", "noise", "why"),
    [
        ("higher", 8.0, 1.0, ""),
        ("higher", 11.0, 1.0, "m does not pass its own check: 10 for its ceiling, 11.1 for its degraded images"),
        ("higher", 10.0, 1.0, "m does not pass its own check: 10 for its ceiling, 10.1 for its degraded images"),
        ("higher", 9.9, 1.0, "m does not pass its own check: 10 for its ceiling, 10 for its degraded images"),
        ("higher", 9.95, 1.0, "m does not pass its own check: 10 for its ceiling, 10.05 for its degraded images"),
        ("higher", 8.0, 9.0, "m does not pass its own check: 8 for its degraded images, 9.1 for its floor"),
        ("lower", 8.0, 90.0, "m does not pass its own check: 10.1 for its ceiling, 8 for its degraded images"),
        ("lower", 12.0, 90.0, ""),
        ("lower", 12.0, 11.0, "m does not pass its own check: 12.1 for its degraded images, 11 for its floor"),
    ],
)
def test_reduced_images_must_lie_between_real_ones_and_noise_in_every_seed(better, reduced, noise, why):
    scores = laddered(better, a=6, b=2 if better == "higher" else 9, real=10, reduced=reduced, noise=noise)
    row = claims.evaluate(GREATER, "p", {}, scores, 5, LADDER)
    if why:
        assert row["verdict"] == "not testable here" and row["because"].endswith(f"; {why}")
        assert row["seeds_won"] == "5/5", "what was found is still said"
    else:
        assert row["verdict"] == "holds" and "check" not in row["because"]


def test_a_control_that_was_not_run_checks_nothing():
    row = claims.evaluate(GREATER, "p", {}, laddered(a=6, b=2, real=10, noise=1), 5, LADDER)
    assert row["verdict"] == "holds"
    row = claims.evaluate(GREATER, "p", {}, laddered(a=6, b=2, real=10, noise=11), 5, LADDER)
    assert row["because"].endswith("m does not pass its own check: 10 for its ceiling, 11.1 for its floor")


@pytest.mark.parametrize(("spread", "word"), [(0.01, "holds"), (30.0, "cannot tell"), (0.0, "holds"), (None, "holds")])
def test_a_standard_error_moves_the_draws(spread, word):
    values = {"a": [51.0] * 5, "b": [50.0] * 5}
    assert claims.evaluate(GREATER, "p", {}, scores_of(values, spread=spread), 5)["verdict"] == word


def test_values_of_the_same_items_are_drawn_together():
    hard = np.random.default_rng(0).normal(0, 300, 100)  # what makes an item hard is hard for both
    blocks = {"a": (1929 + hard).tolist(), "b": (1930 + hard + np.sin(np.arange(100))).tolist()}
    claim = GREATER | {"metric": "bound"}

    def found(n_of_b: int) -> dict:
        def scores(run, seed):
            metric = {"value": float(np.mean(blocks[run])), "spread": 30.0, "better": "lower", "unit": "nats"}
            metric |= {
                "per_block": blocks[run],
                "n": 100,
                "protocol": {"captions": "test", "n": 100 if run == "a" else n_of_b},
            }
            return {"metrics": {"bound": metric | {"kind": "own"}}}

        return claims.evaluate(claim, "p", {}, scores, 5)

    assert found(100)["verdict"] == "holds" and found(100)["probability"] > 0.98
    assert 0.4 < found(99)["probability"] < 0.6, "of other items each has its own error"


def test_draws_are_about_the_value_and_as_wide_as_the_standard_error():
    def draws(**metric):
        found = over_items({"value": 40.0, **metric}, np.random.default_rng(0))
        assert len(found) == 1 + DRAWS and found[0] == 40
        return float(found[1:].mean()), float(found[1:].std())

    assert draws(spread=2.0) == (pytest.approx(40, abs=0.4), pytest.approx(2, rel=0.15))
    assert draws() == (40, 0) and draws(spread=None, n=100) == (40, 0)
    assert draws(unit="percent", n=100) == (
        pytest.approx(40, abs=1),
        pytest.approx(100 * math.sqrt(0.24 / 100), rel=0.15),
    )
    assert draws(per_fold=[39.0, 41.0], spread=50.0)[1] == pytest.approx(math.sqrt(0.5), rel=0.15), "folds come first"


# --- the tables -----------------------------------------------------------------------------------------------

TOY = {
    "paper": {
        "id": "toy",
        "title": "T",
        "short": "T",
        "authors": "A",
        "venue": "V",
        "year": 2026,
        "read_in": ["x"],
        "summary": "s",
    },
    "runs": {
        "echo": {"recipe": "Echo", "dataset": "mnist"},
        "echo_released": {"recipe": "Echo", "dataset": "mnist", "as_released": True},
        "later": {"recipe": "Echo", "dataset": "mnist", "rows": "all"},
    },
    "tables": {
        "table-1": {
            "title": "Toys",
            "at": "page 1",
            "source": "nowhere",
            "spread": "seed",
            "footnotes": {"†": "a dagger"},
            "columns": {
                "acc": {
                    "dataset": "mnist",
                    "metric": "accuracy",
                    "label": "accuracy",
                    "better": "higher",
                    "unit": "percent",
                    "ours": "accuracy",
                    "margin": 1.0,
                    "protocol": {"n": 100},
                }
            },
            "rows": [
                {"label": "Echo", "run": "echo", "marks": "†", "cells": {"acc": "90.0"}},
                {"label": "Echo, as released", "run": "echo_released", "cells": {"acc": "50.0"}},
                {"label": "Later", "run": "later", "cells": {"acc": "70.0"}},
                {"label": "Nobody's", "cells": {"acc": "60.0"}},
                {"label": "Blank", "run": "echo", "cells": {"acc": "/"}},
                {"label": "Old", "quoted": "an old paper", "cells": {"acc": "10.0"}},
            ],
            "controls": [{"label": "Real images", "kind": "ceiling", "run": "echo", "cells": {"acc": "real"}}],
        }
    },
    "figures": [
        {
            "id": "f1",
            "title": "F",
            "at": "p. 2",
            "kind": "curves",
            "run": "echo",
            "series": [{"curve": "loss", "label": "error"}],
            "hlines": [{"label": "chance", "y": 10}, {"label": "real", "metric": "real"}],
        },
        {"id": "f2", "title": "G", "at": "p. 2", "kind": "confusion", "run": "echo", "evaluation": "c"},
        {"id": "f3", "title": "H", "at": "p. 2", "kind": "samples", "run": "later", "evaluation": "s"},
    ],
    "claims": [
        {
            "id": "order",
            "origin": "printed",
            "says": "Echo above as released",
            "form": "greater",
            "metric": "accuracy",
            "left": "echo",
            "right": "echo_released",
            "printed_cells": ["toy:table-1:mnist:echo:accuracy", "toy:table-1:mnist:echo-as-released:accuracy"],
        }
    ],
}


def toy_scores(seeds: int) -> dict[str, dict]:
    found = {}
    for run, base in (("echo", 89.0), ("echo_released", 51.0)):
        for s in range(seeds):
            metric = {
                "value": base + s,
                "n": 100,
                "selection": "last",
                "protocol": {"n": 100},
                "protocol_key": "k",
                "better": "higher",
            }
            found[f"toy/{run}.s{s}"] = {
                "metrics": {"accuracy": metric, "real": {**metric, "value": 99.0 + s}},
                "curves": {
                    "loss": {
                        "x": [0, 1, 2][: 3 - s % 2],
                        "y": [3.0 + s, 2.0, 1.0][: 3 - s % 2],
                        "x_label": "step",
                        "y_label": "nats",
                    }
                },
                "confusion": {"c": {"labels": [0, 1], "counts": [[8, 2], [1, 9]]}},
            }
    return found


def toy(seeds: int = 3, **changes) -> dict:
    about = {"code": "abc", "commit": "0123+", "seconds": 2.0}
    manifests = {run: {"run": run, "steps": 9, "config": {"width": 4}, "about": about} for run in toy_scores(seeds)}
    departures = [
        {"run": f"toy/echo.s{s}", "key": "width", "paper": 8, "ours": 4, "because": "small"} for s in range(seeds)
    ]
    given = {
        "sheets": {"toy": TOY},
        "scores": toy_scores(seeds),
        "manifests": manifests,
        "seeds": seeds,
        "stand_ins": {"mnist": {"use": "digits", "because": "no download"}},
        "missing": {"toy/later": "rows: all"},
        "stale": {"toy/echo.s0"},
        "departures": departures,
        "origins": {"toy/echo.s0": {"width": "params.yaml"}},
    }
    return built("toy", **{"sheet": TOY, **given, **changes})


def test_the_value_has_exactly_the_agreed_keys():
    table = toy()
    assert set(table) == {
        "paper",
        "scale",
        "seeds",
        "rows",
        "stand_ins",
        "tables",
        "figures",
        "claims",
        "differences",
        "misprints",
        "silences",
        "findings",
        "third_party",
        "departures",
        "lineage",
    }
    one = table["tables"][0]
    assert set(one) == {"id", "title", "at", "source", "confirmed", "spread", "columns", "rows", "footnotes", "order"}
    assert set(one["columns"][0]) == {"id", "label", "group", "dataset", "metric", "better", "unit", "ours"}
    assert set(one["rows"][0]) == {"label", "kind", "quoted", "marks", "cells"}
    keys = {
        "cell_id",
        "paper",
        "table",
        "row",
        "dataset",
        "metric",
        "printed",
        "printed_source",
        "confirmed",
        "marks",
        "note",
        "source",
        "ours",
        "spread",
        "per_seed",
        "n",
        "seeds",
        "selection",
        "envelope_lo",
        "envelope_hi",
        "scale",
        "data",
        "protocol",
        "possible",
        "same_protocol",
        "agrees",
        "claims",
        "runs",
        "not_computed",
        "differs",
        "authors",
        "components",
        "tests",
        "margin",
        "difference",
        "test",
        "p",
        "adjusted",
        "needs",
        "cv_star",
        "elsewhere",
    }
    answers = ("possible", "same_protocol", "agrees", "claims")
    for c in all_cells(table).values():
        assert set(c) == keys
        assert all(set(c[a]) == {"verdict", "because"} and c[a]["because"] for a in answers)
        assert all(c[a]["verdict"] in audit.QUESTIONS[a].words for a in answers)
    assert set(table["claims"][0]) == {
        "shares",
        "needs",
        "id",
        "paper",
        "origin",
        "says",
        "printed_holds",
        "seeds_won",
        "seeds",
        "probability",
        "margin",
        "verdict",
        "because",
        "cells",
    }
    assert set(table["figures"][0]) == {
        "id",
        "title",
        "at",
        "kind",
        "series",
        "x_label",
        "y_label",
        "hlines",
        "labels",
        "counts",
        "png",
        "grid",
        "because",
        "runs",
    }


def test_only_stand_ins_for_data_that_the_paper_names():
    both = {"mnist": {"use": "digits", "because": "no download"}, "coco": {"use": "scenes", "because": "no download"}}
    assert toy(stand_ins=both)["stand_ins"] == [{"dataset": "mnist", "use": "digits", "because": "no download"}]


def test_what_a_cell_says():
    found = all_cells(toy())
    echo = found["toy:table-1:mnist:echo:accuracy"]
    assert (echo["ours"], echo["spread"], echo["per_seed"], echo["seeds"]) == (90.0, 1.0, [89.0, 90.0, 91.0], 3)
    assert (echo["data"], echo["source"], echo["marks"]) == ("digits", "retrained", "†")
    assert echo["same_protocol"]["verdict"] == "differs" and echo["agrees"]["verdict"] == "not comparable"
    assert {d["field"] for d in echo["differs"]} == {"data set", "scale"}
    assert echo["claims"] == {"verdict": "leans the same way", "because": "order: leans the same way"}
    assert found["toy:table-1:mnist:echo-as-released:accuracy"]["source"] == "as released"
    later = found["toy:table-1:mnist:later:accuracy"]["agrees"]
    assert later == {"verdict": "not run", "because": "not run: rows: all"}
    nobody = found["toy:table-1:mnist:nobody-s:accuracy"]
    assert nobody["agrees"] == {"verdict": "not run", "because": "no recipe for this row yet"}
    assert (nobody["same_protocol"]["verdict"], nobody["claims"]["verdict"]) == (
        "nothing of ours",
        "no claim rests on it",
    )
    blank = found["toy:table-1:mnist:blank:accuracy"]
    assert {blank[q]["verdict"] for q in audit.QUESTIONS} == {"blank in print"} and blank["ours"] == 90.0
    old = found["toy:table-1:mnist:old:accuracy"]
    assert (
        old["agrees"] == {"verdict": "quoted", "because": "taken over from an old paper"} and old["source"] == "quoted"
    )
    assert found["toy:table-1:mnist:real-images:accuracy"]["printed"] == ""


def test_at_the_papers_own_scale_and_data_numbers_are_compared():
    found = all_cells(toy(scale="paper", stand_ins={}))["toy:table-1:mnist:echo:accuracy"]
    assert found["same_protocol"]["verdict"] == "same" and found["agrees"]["verdict"] == "exact"
    other = toy_scores(3)
    for scored in other.values():
        scored["metrics"]["accuracy"]["protocol"] = {"n": 50}
    found = all_cells(toy(scale="paper", stand_ins={}, scores=other))["toy:table-1:mnist:echo:accuracy"]
    assert found["agrees"] == {
        "verdict": "not comparable",
        "because": "other than in the paper: n; nothing is subtracted",
    }


def test_figures_departures_lineage():
    table = toy()
    curves, confusion, samples = table["figures"]
    assert [s["run"] for s in curves["series"]] == ["toy/echo.s0", "toy/echo.s1", "toy/echo.s2", "toy/echo"]
    assert curves["series"][-1] == {"label": "error", "style": "ours", "run": "toy/echo", "x": [0, 1], "y": [4.0, 2.0]}
    assert (curves["x_label"], curves["y_label"], curves["because"]) == ("step", "nats", None)
    assert curves["hlines"] == [{"label": "chance", "y": 10.0}, {"label": "real", "y": 100.0}]
    assert confusion["counts"] == [[24, 6], [3, 27]] and confusion["labels"] == ["0", "1"]
    assert samples["because"] == "not run: rows: all" and samples["grid"] == [] and samples["runs"] == []
    assert curves["runs"] == ["toy/echo.s0", "toy/echo.s1", "toy/echo.s2"]
    assert table["departures"] == [{"run": "toy/echo", "key": "width", "paper": 8, "ours": 4, "because": "small"}]
    run = table["lineage"]["toy/echo.s0"]
    assert run["config"] == {"width": {"value": 4, "origin": "params.yaml"}} and run["stale_code"] is True
    assert run["code"] == {"digest": "abc", "commit": "0123", "dirty": True}
    assert table["lineage"]["toy/echo.s1"]["stale_code"] is False
    assert len(toy(seeds=1)["figures"][0]["series"]) == 1


def test_values_measured_elsewhere_stand_beside_the_printed_one():
    found = all_cells(built("attngan"))
    assert found["attngan:table-3:cub:attngan:is"]["cv_star"] == pytest.approx(cv_star([4.36, 4.17, 4.15, 4.20], 1))
    assert [e["value"] for e in found["attngan:table-3:cub:attngan:is"]["elsewhere"]] == ["4.17", "4.15", "4.20 ± .15"]
    other = found["attngan:table-3:cub:gan-int-cls:is"]
    assert other["cv_star"] is None and other["elsewhere"] == []


def test_one_figure_holds_curves_of_several_runs():
    sheet = copy.deepcopy(TOY)
    named = [("echo", "echo"), ("echo_released", "as released"), ("later", "later")]
    sheet["figures"][0]["series"] = [{"curve": "loss", "label": label, "run": run} for run, label in named]
    (curves, *_) = toy(seeds=1, sheet=sheet)["figures"]
    assert [(s["label"], s["run"]) for s in curves["series"]] == [
        ("echo", "toy/echo.s0"),
        ("as released", "toy/echo_released.s0"),
    ]
    assert curves["note"] == "Not run: later." and curves["because"] is None
    assert curves["runs"] == ["toy/echo.s0", "toy/echo_released.s0"]


SIDE_BY_SIDE = {
    "id": "f4", "title": "S", "at": "p. 3", "kind": "samples", "run": "echo", "evaluation": "drawn",
    "columns": [
        {"label": "real", "run": "echo", "evaluation": "photographs"},
        {"label": "Later", "run": "later"},
        {"label": "Echo", "run": "echo"},
        {"label": "Released", "run": "echo_released"},
    ],
}  # fmt: skip


def side_by_side(samples: dict[str, dict[str, list[str]]], seeds: int = 2, **changes) -> dict:
    """The figure, from {run: {evaluation: first images by caption}}; every caption has a second image, never shown."""
    scores = toy_scores(seeds)
    for run, about in scores.items():
        found = samples.get(run, {})
        about["samples"] = {
            name: [{"caption": f"caption {k}", "images": [image, "second"]} for k, image in enumerate(images)]
            for name, images in found.items()
        }
    (made,) = toy(seeds, sheet={**TOY, "figures": [SIDE_BY_SIDE | changes]}, scores=scores)["figures"]
    return made


def test_a_figure_side_by_side_has_a_row_a_caption_and_a_column_a_run():
    made = side_by_side({
        "toy/echo.s0": {"drawn": ["e0", "e1"], "photographs": ["p0", "p1"]},
        "toy/echo.s1": {"drawn": ["x0", "x1"], "photographs": ["y0", "y1"]},
        "toy/echo_released.s0": {"drawn": ["r0", "r1"]},
    })  # fmt: skip
    assert made["labels"] == ["real", "Echo", "Released"]
    assert made["grid"] == [
        {"caption": "caption 0", "images": ["p0", "e0", "r0"]}, {"caption": "caption 1", "images": ["p1", "e1", "r1"]}
    ]  # fmt: skip
    assert made["note"] == "Not run: Later." and made["because"] is None


def test_a_column_whose_run_has_no_such_samples_is_named_too():
    made = side_by_side({"toy/echo.s0": {"drawn": ["e0"]}})
    assert made["labels"] == ["Echo"] and made["note"] == "Not run: real, Later, Released."
    whole = side_by_side({"toy/echo.s0": {"drawn": ["e0"]}}, columns=[{"label": "Echo", "run": "echo"}])
    assert whole["note"] == "" and whole["grid"] == [{"caption": "caption 0", "images": ["e0"]}]


def test_a_figure_side_by_side_of_nothing_says_why():
    made = side_by_side({})
    assert made["grid"] == [] and made["because"] == "not run: toy/echo.s0 has no samples of this name"
    assert side_by_side({}, run="later")["because"] == "not run: rows: all"


def test_tidy_rows_and_summary():
    table = toy()
    rows = cells.tidy([table])
    assert len(rows) == 7 and all(tuple(r) == cells.CELL_COLUMNS for r in rows)
    assert rows[0]["run"] == "toy/echo.s0 toy/echo.s1 toy/echo.s2" and rows[0]["agrees"] == "not comparable"
    assert rows[3]["ours"] == "" and rows[6]["printed"] == ""
    (claim,) = cells.claims_rows([table])
    assert tuple(claim) == cells.CLAIM_COLUMNS
    assert (claim["seeds_won"], claim["printed_holds"], claim["verdict"]) == ("3/3", True, "leans the same way")
    counts = cells.summary([table])["counts"]["agrees"]
    assert (counts["not run"], counts["not comparable"], counts["quoted"], counts["blank in print"]) == (2, 2, 1, 1)


def test_papers_without_recipes_read_not_run():
    for paper in ("align_draw", "stackgan_v2", "attngan", "show_attend_tell"):
        words = {c["agrees"]["verdict"] for c in all_cells(built(paper)).values()}
        assert words <= {"not run", "quoted", "blank in print"} and "not run" in words
        assert {c["cell_id"] for c in printed_cells(SHEETS[paper])} <= set(all_cells(built(paper))), "lost on the way"


def test_a_claim_on_a_cell_that_is_not_there():
    sheet = {**TOY, "claims": [{**TOY["claims"][0], "printed_cells": ["toy:table-1:mnist:ecco:accuracy"]}]}
    with pytest.raises(RedrawError, match="papers/toy.yaml, claims.order: no printed cell .*did you mean"):
        built("toy", sheet=sheet)


def test_kendall_tau():
    assert kendall_tau([(1, 1), (2, 2), (3, 3)]) == 1 and kendall_tau([(1, 3), (2, 2), (3, 1)]) == -1
    assert kendall_tau([(1, 1), (2, 3), (3, 2)]) == pytest.approx(1 / 3)
    assert kendall_tau([(1, 5), (2, 5), (3, 5)]) is None
    values = {"rows": [{"label": x, "run": x, "cells": {"acc": str(v)}} for x, v in (("a", 1), ("b", 2), ("c", 3))]}
    sheet = {
        **TOY,
        "claims": [],
        "figures": [],
        "tables": {"table-1": {**TOY["tables"]["table-1"], "controls": [], **values}},
    }
    scores = {f"toy/{x}.s0": {"metrics": {"accuracy": {"value": v}}} for x, v in (("a", 3.0), ("b", 2.0), ("c", 1.0))}
    assert built("toy", sheet=sheet, scores=scores)["tables"][0]["order"]["kendall_tau"] == -1
    assert toy()["tables"][0]["order"] is None, "two rows have both"


def test_real_images_are_one_measurement_however_many_seeds_note_it():
    def scores(run, seed):
        images = {"real": "test", "drawn": "model"}
        return {"metrics": {n: {"value": 50.0, "n": 100, "better": "higher", "unit": "percent", "protocol": {"images": i}}
                            for n, i in images.items()}}  # fmt: skip

    claim = {"id": "c", "origin": "ours", "says": "s", "form": "greater", "right": 10}
    real = claims.evaluate({**claim, "left": {"run": "r", "metric": "real"}}, "p", {}, scores, 5)
    drawn = claims.evaluate({**claim, "left": {"run": "r", "metric": "drawn"}}, "p", {}, scores, 5)
    assert (real["seeds_won"], real["verdict"]) == ("1/1", "cannot tell")
    assert (drawn["seeds_won"], drawn["verdict"]) == ("5/5", "holds")


@pytest.mark.parametrize(
    ("protocol", "again"),
    [
        ({"images": "model", "instrument": "classifier"}, True),
        ({"images": "shuffled", "instrument": "classifier"}, True),
        ({"images": "real", "instrument": "classifier"}, False),
        ({"images": "noise", "instrument": "classifier"}, False),
        ({"images": "real", "instrument": "self"}, True),
    ],
)
def test_another_seed_is_another_measurement_of_a_model_or_of_a_reader_itself(protocol, again):
    assert of_the_model({"protocol": protocol}) is again
