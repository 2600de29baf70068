"""Retrieval by likelihood in closed forms, and bounds from importance weights: arrays in, numbers out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.metrics import METRICS
from redraw.metrics.accuracy import accuracy, accuracy_by_length, perfect_logits
from redraw.metrics.bounds import importance_bound, variational_bound, variational_bound_all_captions
from redraw.metrics.retrieval import SCORES, image_retrieval

COLUMNS = ("r1", "r5", "r10", "r50", "median")


def values(bounds: np.ndarray, score: str, chance: bool = False) -> dict[str, float]:
    found = image_retrieval({"gallery_bounds": bounds}, score=score)["columns"]
    return {name: found[f"chance_{name}" if chance else name]["value"] for name in COLUMNS}


def galleries(folds: int = 3, size: int = 12, signal: float = 1.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (folds, size, size)) + 5 * signal * np.eye(size) - 1600


# --- retrieval --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", SCORES)
def test_a_perfect_model_finds_every_image(score):
    bounds = np.full((2, 100, 100), -1700.0) + 300 * np.eye(100)
    assert values(bounds, score) == {"r1": 100, "r5": 100, "r10": 100, "r50": 100, "median": 1}


@pytest.mark.parametrize("score", SCORES)
def test_a_model_that_tells_nothing_apart_has_exactly_the_recalls_of_chance(score):
    found = values(np.full((1, 100, 100), -1633.7), score)
    assert found == pytest.approx({"r1": 1, "r5": 5, "r10": 10, "r50": 50, "median": 50.5}, rel=1e-12)
    assert values(np.zeros((1, 100, 100)), score, chance=True) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("score", ["centred", "log_mean_exp"])
def test_what_an_image_has_under_all_captions_is_taken_off(score):
    flat = np.random.default_rng(1).normal(0, 200, (3, 1, 12))  # simple images and complex ones
    assert values(galleries() + flat, score) == pytest.approx(values(galleries(), score))
    blind = values(np.broadcast_to(flat, (3, 12, 12)), score)
    assert blind == pytest.approx(values(galleries(), score, chance=True)), "a model without captions is at chance"


def test_raw_bounds_put_simple_images_first():
    flat = np.random.default_rng(1).normal(0, 2000, (3, 1, 12))
    assert values(galleries(signal=3) + flat, "raw")["r1"] == pytest.approx(100 / 12)
    assert values(galleries(signal=3), "raw")["r1"] > 80


@pytest.mark.parametrize("score", SCORES)
def test_what_a_caption_has_with_all_images_alters_nothing(score):
    bounds, of_captions = galleries(), np.random.default_rng(2).normal(0, 200, (3, 12, 1))
    if score == "raw":  # in the others it is a caption's weight among the others
        assert values(bounds + of_captions, score) == values(bounds, score)
    assert values(bounds + 77.7, score) == values(bounds, score)


def brute(bounds: np.ndarray, score: str, itself: bool) -> list[float]:
    """Rank of every caption's image, spelled out; ``itself``: the caption counts among the others."""
    ranks = []
    for fold in bounds.astype(np.longdouble):
        for q, row in enumerate(fold):
            among = [c for c in range(len(fold)) if itself or c != q]
            mean = {"raw": np.zeros(len(row)), "centred": fold[among].mean(0)}.get(score)
            if mean is None:
                top = fold[among].max(0)
                mean = top + np.log(np.exp(fold[among] - top).mean(0))
            ranks.append(1 + int((row - mean > (row - mean)[q]).sum()))
    return ranks


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("itself", [True, False])
def test_ranks_are_those_spelled_out_with_or_without_the_caption_itself(score, itself):
    bounds = galleries(4, 9, signal=0.6)
    ranks = np.array(brute(bounds, score, itself))
    found = image_retrieval({"gallery_bounds": bounds}, score=score)
    assert found["columns"]["median"]["value"] == np.median(ranks)
    for k in (1, 5):
        assert found["columns"][f"r{k}"]["value"] == pytest.approx(100 * (ranks <= k).mean())
    assert found["n"] == 36 and found["per_item"].tolist() == (100.0 * (ranks == 1)).tolist()


def test_images_that_one_caption_explains_by_far_keep_their_order():
    """Divided by the sum over all captions both would be 1 to the last bit; by the sum over the others they are not."""
    bounds = np.full((1, 3, 3), -500.0)
    bounds[0, 0] = [0, -100, -500]  # the first caption alone explains the first image, and the second
    bounds[0, 1, 1] = -900
    assert image_retrieval({"gallery_bounds": bounds}, score="log_mean_exp")["per_item"][0] == 100
    bounds[0, 0, :2] = [-100, 0]
    assert image_retrieval({"gallery_bounds": bounds}, score="log_mean_exp")["per_item"][0] == 0


def test_an_image_as_near_as_the_true_one_comes_first_in_half_of_the_orders():
    bounds = np.array([[[5.0, 5, 1, 1], [0, 5, 1, 1], [7, 7, 6, 1], [1, 1, 1, 1]]])
    found = image_retrieval({"gallery_bounds": bounds}, score="raw")
    assert found["per_item"].tolist() == [50, 100, 0, 25]
    ranks = [1.5, 1, 3, 2.5]
    assert found["columns"]["median"]["value"] == np.median(ranks)


def test_the_envelope_holds_all_three_scores_and_the_spread_is_that_of_the_captions():
    bounds = galleries(20, 30, signal=0.8) + np.random.default_rng(3).normal(0, 4, (20, 1, 30))
    found = {score: image_retrieval({"gallery_bounds": bounds}, score=score)["columns"] for score in SCORES}
    for name in COLUMNS:
        every = [f[name]["value"] for f in found.values()]
        assert all(f[name]["envelope"] == [min(every), max(every)] for f in found.values())
    share = found["centred"]["r1"]["value"] / 100
    assert found["centred"]["r1"]["spread"] == pytest.approx(100 * math.sqrt(share * (1 - share) / 600), rel=0.15)
    assert found["centred"]["median"]["spread"] > 0


@pytest.mark.parametrize(
    ("bounds", "options", "line"),
    [
        (galleries(), {"score": "center"}, 'image_retrieval: score is "center": did you mean "centred"'),
        (galleries()[:, :1, :1], {}, "image_retrieval: a gallery of one image: raise n of the evaluation"),
        (galleries() * np.inf, {}, "image_retrieval: gallery_bounds are not finite: look at the model's bounds"),
    ],
)
def test_mistakes_of_a_retrieval(bounds, options, line):
    with pytest.raises(RedrawError) as fault:
        image_retrieval({"gallery_bounds": bounds}, **options)
    assert str(fault.value).startswith(line)


# --- bounds -----------------------------------------------------------------------------------------------------


def test_bounds_in_closed_form():
    log_w = np.log(np.array([[1.0, 3], [2, 2], [0.5, 1.5]]))
    one, two = variational_bound({"bounds": log_w}), importance_bound({"bounds": log_w})
    assert one["value"] == pytest.approx(-np.log([3**0.5, 2, 0.75**0.5]).mean())
    assert two["per_item"] == pytest.approx(-np.log([2, 2, 1]))
    assert two["spread"] == pytest.approx(np.log([2, 2, 1]).std(ddof=1) / 3**0.5)
    assert two["parts"]["largest_share"] == pytest.approx((0.75 + 0.5 + 0.75) / 3)
    assert two["parts"]["effective_samples"] == pytest.approx((1.6 + 2 + 1.6) / 3)


def test_the_bound_tightens_with_the_number_of_weights_and_far_ones_do_not_overflow():
    log_w = np.random.default_rng(0).normal(-1600, 2, (50, 60))
    over_k = [importance_bound({"bounds": log_w}, k=k)["value"] for k in (1, 2, 6, 30, 60)]
    assert over_k == sorted(over_k, reverse=True) and over_k[0] > over_k[-1] + 1
    assert over_k[0] == pytest.approx(variational_bound({"bounds": log_w})["value"], rel=1e-12)
    grouped = importance_bound({"bounds": log_w[:, :56]}, k=7)["value"]
    assert importance_bound({"bounds": log_w}, k=7)["value"] == pytest.approx(grouped), "a remainder is left out"


def test_weights_are_worth_as_many_samples_as_they_are_even():
    even, one = np.zeros((2, 5)), np.full((2, 5), -1000.0)
    one[:, 3] = 0
    found = [importance_bound({"bounds": b})["parts"] for b in (even, one)]
    assert found[0] == pytest.approx({"effective_samples": 5, "largest_share": 0.2})
    assert found[1] == pytest.approx({"effective_samples": 1, "largest_share": 1})


def test_the_logged_bound_divides_by_captions_that_it_leaves_out():
    items = {"bounds": np.full((4, 2), -10.0), "n_words": np.array([6, 7, 29, 30])}
    found = variational_bound_all_captions(items)
    assert (found["value"], found["parts"]) == (5, {"used": 50})
    assert variational_bound_all_captions(items, words=(1, 99))["value"] == variational_bound(items)["value"] == 10


def test_mistakes_of_bounds():
    with pytest.raises(RedrawError, match="^importance_bound: k 3 of 2 samples: raise samples or lower k$"):
        importance_bound({"bounds": np.zeros((4, 2))}, k=3)
    with pytest.raises(RedrawError, match="^variational_bound: bounds is not finite in 1 of 2 rows"):
        variational_bound({"bounds": np.array([[0.0], [np.nan]])})
    with pytest.raises(RedrawError, match="^variational_bound: there is no 'bounds' among class_id"):
        variational_bound({"class_id": np.zeros(2)})


def test_bounds_are_printed_as_negative_log_likelihoods():
    for name in ("variational_bound", "importance_bound", "variational_bound_all_captions"):
        assert (METRICS[name].better, METRICS[name].unit) == ("lower", "nats")


# --- over the captions' length ------------------------------------------------------------------------------------


def test_accuracy_over_the_number_of_words():
    read, asked = np.array([0, 1, 2, 2, 0]), np.array([0, 1, 1, 2, 1])
    captions = np.array(["one", "six plus one", "ten minus nine", "a b c d e", "one plus  two plus five"])
    items = {"logits": perfect_logits(read, 3), "class_id": asked, "captions": captions}
    found = accuracy_by_length(items)
    assert found["parts"] == {"1 word": 100, "3 words": 50, "5 words": 50}
    assert (found["curve"]["x"], found["curve"]["y"]) == ([1, 3, 5], [100, 50, 50])
    assert found["curve"]["n"] == [1, 2, 2] and found["curve"]["spread"][1] == pytest.approx(100 * 0.125**0.5)
    assert found["value"] == accuracy(items)["value"] == np.average(found["curve"]["y"], weights=found["curve"]["n"])
