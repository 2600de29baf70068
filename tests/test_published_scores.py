"""Inception scores by the rules of published evaluators, and scorers that must show on real images that they are these."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric

from redraw.core import RedrawError
from redraw.metrics import METRICS
from redraw.metrics.inception import inception_score
from redraw.metrics.published_scores import is_coco, is_cub, is_oxford
from redraw.report import cells
from redraw.report.judge import not_calibrated
from redraw.sheets import check, read_sheets


def logits(n: int, columns: int, sharp: float = 3) -> np.ndarray:
    """In order: neighbours are alike, so that it matters whether they are shuffled."""
    x = np.random.default_rng([n, columns]).normal(size=(n, columns)) * sharp
    return x[np.argsort(x[:, 1:].argmax(1), kind="stable")].astype(np.float32)


@pytest.mark.parametrize(("score", "columns"), [(is_cub, 51), (is_oxford, 21)])
def test_the_evaluator_of_birds_and_flowers_by_hand(score, columns):
    """As the authors' file does it: shuffled indices, whole batches of 64, no background, tenths, ddof 0."""
    x = logits(1000, columns)
    found = score({"logits": x})
    order = np.random.RandomState(2020).permutation(1000)[: 1000 // 64 * 64]
    p = np.exp(x[order, 1:].astype(np.float64))
    p /= p.sum(1, keepdims=True)
    parts = [p[i * len(p) // 10 : (i + 1) * len(p) // 10] for i in range(10)]
    expected = [np.exp((q * (np.log(q) - np.log(q.mean(0)))).sum(1).mean()) for q in parts]
    assert found["value"] == pytest.approx(np.mean(expected), rel=1e-12)
    assert found["spread"] == pytest.approx(np.std(expected), rel=1e-10) and found["n"] == 960
    assert found["parts"]["float32"] == pytest.approx(found["value"], rel=1e-5)
    assert found["parts"]["float32"] != found["value"]
    assert found["value"] != pytest.approx(inception_score({"logits": x})["value"], rel=1e-3), (
        "the background counts there"
    )
    assert score({"logits": x}, permutation=1)["value"] != found["value"]


def test_the_evaluator_of_coco_keeps_the_order_and_has_no_bias():
    x = logits(2000, 1008, 2)
    found = is_coco({"logits_unbiased": x, "logits": x + 5 * np.arange(1008)})
    oracle = isc_features_to_metric(torch.from_numpy(x), 10, False, 0)
    assert found["value"] == pytest.approx(oracle["inception_score_mean"], rel=1e-9)
    assert found["spread"] == pytest.approx(oracle["inception_score_std"], rel=1e-7) and found["n"] == 2000
    assert found["value"] < 0.98 * inception_score({"logits": x})["value"]
    assert METRICS["is_coco"].reads == ("logits_unbiased",)


def test_float32_that_underflows_is_left_out_and_the_value_stays_a_number():
    x = logits(640, 51, 60)
    assert is_cub({"logits": x})["value"] > 10 and "parts" not in is_cub({"logits": x})


@pytest.mark.parametrize(("name", "columns"), [("is_cub", 50), ("is_oxford", 51), ("is_coco", 1000)])
def test_another_scorer_is_refused(name, columns):
    field = METRICS[name].reads[0]
    with pytest.raises(
        RedrawError, match=rf"^{name}: {field} have the shape \[640, {columns}\], the published evaluator's "
    ):
        METRICS[name].fn({field: np.zeros((640, columns))})


# --- calibration ------------------------------------------------------------------------------------------------

KNOWN = {"images": "test", "value": 22.71, "margin": 0.5, "source": "issue 6"}
OURS = {"metric": "is_cub", "images": "model", "instrument_weights": "w", "dataset": "cub", "n": 30000}


def reading(value: float, **changes) -> dict:
    return {"value": value, "protocol": {**OURS, "images": "test", "n": 2933, "captions": "none", **changes}}


def test_a_scorer_shows_on_real_images_that_it_is_the_published_one():
    column = {"metric": "IS", "calibration": KNOWN}
    changes = [{"images": "train"}, {"images": "model"}, {"instrument_weights": "v"}, {"metric": "inception_score"},
               {"options": {"folds": 5}}, {"dataset": "oxford102"}]  # fmt: skip
    others = [{"value": 9}, *(reading(9, **change) for change in changes)]
    assert not_calibrated(column, OURS, [*others, reading(22.5)]) is None
    assert not_calibrated(column, OURS, [reading(22.5), reading(21)]) == (
        "scorer not calibrated: it reads 21 where the published one reads 22.71 ± 0.5 on real test images (issue 6)"
    )
    assert not_calibrated(column, OURS, others) == (
        "scorer not calibrated: nothing here says whether it reads 22.71 ± 0.5 on real test images (issue 6)"
    )


def test_or_on_what_released_weights_draw_whatever_their_edition_is_called():
    column = {"metric": "IS", "calibration": {"run": "toy/released", "value": 32.43, "margin": 1, "source": "readme"}}
    drawn = {**OURS, "dataset": "cub-attngan"}

    def measured(value: float, run: str = "toy/released", **changes) -> dict:
        return {"value": value, "run": run, "protocol": {**drawn, **changes}}

    others = [measured(9, "toy/other"), measured(9, images="test"), measured(9, instrument_weights="v"), {"value": 9}]
    assert not_calibrated(column, OURS, [*others, measured(32.1)]) is None
    assert not_calibrated(column, OURS, [measured(31)]) == (
        "scorer not calibrated: it reads 31 where the published one reads 32.43 ± 1 on images of toy/released (readme)"
    )
    assert not_calibrated(column, OURS, others) == (
        "scorer not calibrated: nothing here says whether it reads 32.43 ± 1 on images of toy/released (readme)"
    )


@pytest.mark.parametrize("metric", ["IS", "FID"])
def test_what_is_not_known_of_the_published_scorer_keeps_a_verdict_back(metric):
    assert not_calibrated({"metric": metric}, OURS, [reading(22.71)]) == (
        f"scorer not calibrated: what the published scorer of {metric} reads on real images is not known here"
    )
    assert not_calibrated({"metric": "R-precision"}, OURS, []) is None


def cell(
    calibration: dict | None,
    on_real: float | None,
    images: int | None = None,
    drawn: float | None = None,
    data: str = "cub",
) -> dict:
    """The one printed cell of a table, at the paper's own scale and protocol, with five seeds of ours.

    ``on_real``: what the scorer reads on real images; ``drawn``: on those of released weights.
    """
    evaluator = "the authors' own" if calibration else "released"
    column = {"dataset": "cub", "metric": "IS", "label": "IS", "better": "higher", "ours": "is", "margin": 0.1,
              "protocol": {"evaluator": evaluator, "images": images, "folds": 10}}  # fmt: skip
    sheet = {
        "paper": {"id": "toy", "short": "Toy"}, "runs": {"net": {"recipe": "Net", "dataset": data}},
        "tables": {"t": {"title": "T", "at": "p. 1", "source": "s", "spread": "fold",
                         "columns": {"is": column | ({"calibration": calibration} if calibration else {})},
                         "rows": [{"label": "Net", "run": "net", "cells": {"is": "4.36 ± .03"}}]}},
    }  # fmt: skip
    protocol = {**OURS, "instrument": "released", "options": {"folds": 10}}
    about = {"n": 30000, "selection": "last", "protocol_key": "k", "better": "higher"}
    scores = {
        f"toy/net.s{seed}": {"curves": {}, "metrics": {
            "is": {"value": 4.35 + seed / 100, **about, "protocol": protocol},
            **({"is_test": {"value": on_real, **about, "protocol": {**protocol, "images": "test"}}} if on_real else {}),
        }}
        for seed in range(5)
    }  # fmt: skip
    if drawn:
        scores["other/released.s0"] = {"curves": {}, "metrics": {"is": {"value": drawn, **about, "protocol": protocol}}}
    table = cells.build(sheet, sheets={}, scores=scores, manifests={}, scale="paper", seeds=5, rows="all", stand_ins={},
                        missing={}, stale=())  # fmt: skip
    return table["tables"][0]["rows"][0]["cells"]["is"]


def test_a_printed_score_gets_no_verdict_before_the_scorer_is_calibrated():
    right = cell(KNOWN, 22.9)
    assert right["same_protocol"]["verdict"] == "near" and right["agrees"]["verdict"] in ("exact", "equivalent")
    for calibration, on_real, says in (
        (KNOWN, 5.13, "it reads 5.13"),
        (KNOWN, None, "nothing here says"),
        (None, 22.9, "is not known"),
    ):
        held_back = cell(calibration, on_real)["agrees"]
        assert held_back["verdict"] == "not comparable" and held_back["because"].startswith("scorer not calibrated: ")
        assert says in held_back["because"] and held_back["because"].endswith("; nothing is subtracted")


def test_a_printed_number_of_images_is_held_against_ours():
    assert "images" not in cell(KNOWN, 22.9, images=30000)["same_protocol"]["because"]
    other = cell(KNOWN, 22.9, images=2900)
    assert other["same_protocol"] == {"verdict": "differs", "because": "other than in the paper: images"}
    assert {"field": "images", "paper": 2900, "ours": 30000} in other["differs"]


def test_released_weights_calibrate_a_scorer_too():
    known = {"run": "other/released", "value": 32.43, "margin": 1, "source": "readme"}
    assert cell(known, None, drawn=32.0)["agrees"]["verdict"] in ("exact", "equivalent")
    for drawn, says in (
        (30.0, "it reads 30 where"),
        (None, "nothing here says whether it reads 32.43 ± 1 on images of other/"),
    ):
        held_back = cell(known, 32.43, drawn=drawn)["agrees"]
        assert held_back["verdict"] == "not comparable" and says in held_back["because"]


def test_another_text_of_the_same_pictures_is_the_same_data_set():
    assert cell(KNOWN, 22.9, data="cub-attngan")["same_protocol"]["verdict"] == "near"
    assert cell(KNOWN, 22.9, data="oxford102")["same_protocol"]["because"] == "other than in the paper: data set"


@pytest.mark.parametrize("calibration", [{}, {"images": "test", "run": "a/b"}, {"run": "b"}, {"images": "drawn"}])
def test_a_calibration_names_images_or_a_run(calibration):
    sheet = copy.deepcopy(read_sheets()["attngan"])
    column = sheet["tables"]["table-3"]["columns"]["coco"]
    assert column["calibration"]["run"] == "dm_gan/released_coco"
    column["calibration"] = {"value": 1, "margin": 1, "source": "s", **calibration}
    with pytest.raises(RedrawError, match="tables.table-3.columns.coco.calibration"):
        check(sheet, "paper.schema.yaml", "papers/attngan.yaml")
