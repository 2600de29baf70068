"""Inception score, Fréchet and kernel distance, attributes, zero-shot: closed forms, fixtures, two packages."""

from __future__ import annotations

import subprocess
import sys

import golden
import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from sklearn.linear_model import LinearRegression
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from redraw.core import RedrawError
from redraw.data.degrade import degraded
from redraw.metrics import METRICS, attributes
from redraw.metrics.attributes import attribute_consistency
from redraw.metrics.frechet import Moments, Reference, fid_infinity, frechet_distance, root_of, root_trace
from redraw.metrics.inception import inception_score
from redraw.metrics.kernel import discrepancy, kernel_distance
from redraw.metrics.zero_shot import zero_shot_accuracy

MANIFEST, STORED = golden.load("metric_fid_is_kid")
GIVEN = golden.inputs(MANIFEST)


def features(case: str) -> dict[str, np.ndarray]:
    """The fixture's x and y, by its rule."""
    x, z = (GIVEN[f"fid.{case}.{name}"].astype(np.float64) for name in "xz")
    width = z.shape[1]
    return {
        "features": x,
        "reference_features": z * np.linspace(0.5, 1.5, width) + 0.3 * np.cos(np.arange(width)),
    }


def drawn(n: int, m: int, width: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Features of two correlated Gaussians, some directions much smaller than others."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(width, width)) * np.linspace(1, 0.05, width)
    x, y = rng.normal(size=(n, width)) @ mixing, rng.normal(size=(m, width)) @ mixing
    return {"features": x, "reference_features": 1.1 * y + 0.2}


def orthonormal(rows: int, columns: int, seed: int) -> np.ndarray:
    """[rows, columns] whose columns are orthonormal and have a mean of exactly nought, but for rounding."""
    x = np.random.default_rng(seed).normal(size=(rows, columns))
    return np.linalg.qr(x - x.mean(0))[0]


def torch_fidelity_fid(items: dict[str, np.ndarray]) -> float:
    one, two = (
        fid_features_to_statistics(torch.from_numpy(items[name])) for name in ("features", "reference_features")
    )
    return fid_statistics_to_metric(one, two, False)["frechet_inception_distance"]


def pytorch_fid(items: dict[str, np.ndarray]) -> float:
    pairs = [(a.mean(0), np.cov(a, rowvar=False)) for a in (items["features"], items["reference_features"])]
    return float(calculate_frechet_distance(*pairs[0], *pairs[1]))


# --- Inception score ---------------------------------------------------------------------------------------------


def test_inception_score_of_unsure_and_of_perfect_readings():
    assert inception_score({"logits": np.zeros((200, 7))})["value"] == pytest.approx(1, abs=1e-14)
    perfect = np.tile(np.eye(8) * 1e4, (80, 1))
    found = inception_score({"logits": perfect}, permutation=None)
    assert found["value"] == pytest.approx(8, rel=1e-14)
    assert found["spread"] == pytest.approx(0, abs=1e-13)
    assert (found["n"], len(found["per_fold"])) == (640, 10)


def test_inception_score_by_hand():
    # One fold of two items: p = (3/4, 1/4) and (1/4, 3/4), q = (1/2, 1/2).
    logits = np.log([[3.0, 1.0], [1.0, 3.0]])
    expected = np.exp(np.log(2) + 0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert inception_score({"logits": logits + 5}, folds=1)["value"] == pytest.approx(expected, rel=1e-14)


def test_inception_score_of_sharp_logits_is_a_number_where_float32_is_none():
    logits = GIVEN["is.logits"] * np.float32(400)
    p = np.exp(logits - logits.max(1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan((p * np.log(p)).sum())
    assert 10 < inception_score({"logits": logits})["value"] <= 20


@pytest.mark.parametrize("folds", [1, 3, 5, 10])
@pytest.mark.parametrize(("order", "permutation"), [("inorder", None), ("shuffled2020", 2020)])
def test_inception_score_has_the_fixtures_values(folds: int, order: str, permutation: int | None):
    found = inception_score({"logits": GIVEN["is.logits"]}, folds=folds, permutation=permutation)
    value, spread = STORED[f"is.splits{folds}.{order}"]
    assert found["value"] == pytest.approx(value, rel=1e-12)
    assert found["spread"] is None if folds == 1 else found["spread"] == pytest.approx(spread, rel=1e-10)


def test_inception_score_of_sorted_and_of_sharp_logits_has_the_fixtures_values():
    logits = GIVEN["is.logits"]
    in_order = logits[np.argsort(logits.argmax(1), kind="stable")]
    for order, permutation in (("inorder", None), ("shuffled2020", 2020)):
        value, spread = STORED[f"is.sorted_by_class.{order}"]
        found = inception_score({"logits": in_order}, permutation=permutation)
        assert (found["value"], found["spread"]) == pytest.approx((value, spread), rel=1e-10)
    value, spread = STORED["is.sharp40.inorder"]
    found = inception_score({"logits": logits.astype(np.float64) * 40}, permutation=None)
    assert (found["value"], found["spread"]) == pytest.approx((value, spread), rel=1e-10)


@pytest.mark.parametrize("shuffle", [False, True])
def test_inception_score_agrees_with_torch_fidelity(shuffle: bool):
    logits = np.random.default_rng(0).normal(size=(5003, 50)).astype(np.float32) * 3
    oracle = isc_features_to_metric(torch.from_numpy(logits), 10, shuffle, 2020)
    found = inception_score({"logits": logits}, permutation=2020 if shuffle else None)
    assert found["value"] == pytest.approx(oracle["inception_score_mean"], rel=1e-12)
    assert found["spread"] == pytest.approx(oracle["inception_score_std"], rel=1e-10)


def test_inception_score_of_items_class_by_class_depends_on_the_permutation():
    in_order = np.repeat(np.eye(10) * 6, 50, axis=0)
    kept, shuffled = (inception_score({"logits": in_order}, permutation=p)["value"] for p in (None, 2020))
    assert kept < 2 and shuffled > 7
    by_hand = in_order[np.random.RandomState(5).permutation(500)]
    found = inception_score({"logits": in_order}, permutation=5)["per_fold"]
    assert found == pytest.approx(inception_score({"logits": by_hand}, permutation=None)["per_fold"], rel=1e-13)


def test_inception_score_drops_what_the_authors_evaluator_drops():
    logits = np.random.default_rng(1).normal(size=(700, 6)) * 3
    found = inception_score({"logits": logits}, drop_to_multiple_of=64, drop_columns=1)
    kept = logits[np.random.RandomState(2020).permutation(700)[:640], 1:]
    assert found["n"] == 640
    assert found["per_fold"] == pytest.approx(inception_score({"logits": kept}, permutation=None)["per_fold"])
    assert inception_score({"logits": logits}, ddof=1)["spread"] == pytest.approx(
        inception_score({"logits": logits})["spread"] * (10 / 9) ** 0.5
    )


def test_the_envelope_of_an_inception_score_holds_every_reading():
    logits = np.repeat(np.eye(10) * 4, 50, axis=0) + np.random.default_rng(2).normal(size=(500, 10))
    readings = [
        inception_score({"logits": logits}, folds=f, permutation=p, drop_to_multiple_of=d)
        for f in (1, 5, 10, 20)
        for p in (None, 2020)
        for d in (None, 64)
    ]
    values = [r["value"] for r in readings]
    assert all(r["envelope"] == pytest.approx([min(values), max(values)], rel=1e-13) for r in readings)
    unusual = inception_score({"logits": logits}, folds=50, permutation=None)
    assert unusual["envelope"][0] == unusual["value"] < min(values)


def test_inception_score_of_what_it_cannot_read():
    with pytest.raises(RedrawError, match="^inception_score: 9 items give no 10 folds"):
        inception_score({"logits": np.zeros((9, 3))})
    with pytest.raises(RedrawError, match="^inception_score: 63 items give no 10 folds"):
        inception_score({"logits": np.zeros((63, 3))}, drop_to_multiple_of=64)
    with pytest.raises(RedrawError, match="^inception_score: drop_columns 3 leaves no class"):
        inception_score({"logits": np.zeros((30, 3))}, drop_columns=3)
    with pytest.raises(RedrawError, match="logits is not finite in 1 of 30 rows, first in row 4"):
        inception_score({"logits": np.where(np.arange(30)[:, None] == 4, np.nan, np.zeros((30, 3)))})
    with pytest.raises(
        RedrawError, match="^inception_score: there is no 'logits' among captions, features: name an instr"
    ):
        inception_score({"features": np.zeros((30, 3)), "captions": np.array(["a"])})


# --- Fréchet distance --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "width", "rank"), [(400, 12, 12), (30, 200, 9)])
def test_frechet_distance_of_known_gaussians(n: int, width: int, rank: int):
    """Covariances diag(a²) and diag(b²) in shared axes, moved by a known step: |step|² + Σ (a - b)²."""
    a, b = np.linspace(0.2, 3, rank), np.linspace(2, 0.1, rank)
    axes = orthonormal(width, rank, 7).T
    step = np.random.default_rng(8).normal(size=width)
    items = {
        "features": (orthonormal(n, rank, 1) * a * (n - 1) ** 0.5) @ axes + step,
        "reference_features": (orthonormal(n + 5, rank, 2) * b * (n + 4) ** 0.5) @ axes,
    }
    found = frechet_distance(items)
    assert found["parts"] == pytest.approx({"mean": step @ step, "covariance": np.square(a - b).sum()}, rel=1e-10)
    assert found["value"] == pytest.approx(sum(found["parts"].values()), rel=1e-14)


@pytest.mark.parametrize(("n", "width"), [(300, 40), (40, 40), (20, 64), (2, 64)])
def test_frechet_distance_of_a_set_to_itself_is_nought(n: int, width: int):
    x = drawn(n, n, width)["features"]
    shuffled = np.random.default_rng(3).permutation(x)
    value = frechet_distance({"features": x, "reference_features": shuffled})["value"]
    assert 0 <= value < 1e-12 * np.square(x - x.mean(0)).sum() / (n - 1)


@pytest.mark.parametrize(("n", "m"), [(90, 150), (40, 150), (150, 40), (30, 40)])
def test_both_routes_to_the_covariance_term_agree(n: int, m: int):
    """Columns: 60. By eigenvalues of the covariances, and by singular values of the features."""
    items = drawn(n, m, 60)
    x, y = items["features"], items["reference_features"]
    by_eigenvalues = root_trace(Moments.of(x).covariance, root_of(Moments.of(y).covariance))
    product = (x - x.mean(0)) @ (y - y.mean(0)).T
    by_singular_values = np.linalg.svd(product, compute_uv=False).sum() / ((n - 1) * (m - 1)) ** 0.5
    assert by_eigenvalues == pytest.approx(by_singular_values, rel=1e-6)
    covariance = frechet_distance(items)["parts"]["covariance"]
    traces = np.square(x - x.mean(0)).sum() / (n - 1) + np.square(y - y.mean(0)).sum() / (m - 1)
    assert covariance == pytest.approx(traces - 2 * by_singular_values, rel=1e-9)


def test_frechet_distance_where_columns_never_vary():
    items = drawn(200, 220, 30)
    dead = {name: np.hstack([a, np.full((len(a), 8), 0.7)]) for name, a in items.items()}
    assert frechet_distance(dead)["value"] == pytest.approx(frechet_distance(items)["value"], rel=1e-9)


@pytest.mark.parametrize(("case", "tolerance"), [("full", 1e-8), ("low", 1e-6)])
def test_frechet_distance_has_the_fixtures_values(case: str, tolerance: float):
    items = features(case)
    found = frechet_distance(items)["value"]
    assert found == pytest.approx(STORED[f"fid.{case}.exact"], rel=1e-12)
    for package in ("torch_fidelity", "pytorch_fid"):
        assert found == pytest.approx(STORED[f"fid.{case}.{package}"], rel=tolerance)
    same = frechet_distance({name: items["features"] for name in items})["value"]
    for source in ("exact", "torch_fidelity", "pytorch_fid"):
        assert same == pytest.approx(STORED[f"fid.{case}_same.{source}"], abs=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # scipy.linalg.sqrtm, as pytorch-fid calls it
@pytest.mark.parametrize(
    ("n", "m", "width", "tolerance"),
    [(600, 500, 64, 1e-9), (900, 800, 256, 1e-9), (40, 60, 64, 1e-7), (100, 600, 128, 1e-7), (600, 100, 128, 1e-7)],
)
def test_frechet_distance_agrees_with_two_packages(n: int, m: int, width: int, tolerance: float):
    items = drawn(n, m, width)
    found = frechet_distance(items)["value"]
    assert found == pytest.approx(torch_fidelity_fid(items), rel=tolerance)
    assert found == pytest.approx(pytorch_fid(items), rel=tolerance)
    single = {name: a.astype(np.float32) for name, a in items.items()}
    assert frechet_distance(single)["value"] == pytest.approx(torch_fidelity_fid(single), rel=1e-6)


def test_features_far_from_the_origin_do_no_harm():
    items = drawn(300, 300, 20)
    moved = {name: a + 1e5 for name, a in items.items()}
    assert frechet_distance(moved)["value"] == pytest.approx(frechet_distance(items)["value"], rel=1e-7)
    assert frechet_distance(moved)["spread"] == pytest.approx(frechet_distance(items)["spread"], rel=1e-6)


def test_moments_without_a_part_are_those_of_the_rest():
    x = drawn(200, 3, 9)["features"] + 40
    rest, found = Moments.of(x[30:]), Moments.of(x).without(Moments.of(x[:30]))
    assert found.n == 170
    assert found.mean == pytest.approx(rest.mean, rel=1e-13)
    assert found.covariance == pytest.approx(rest.covariance, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(("n", "width"), [(400, 16), (60, 64)])
def test_the_spread_of_a_frechet_distance_is_that_over_further_draws(n: int, width: int):
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(1000, width))
    draws = [
        frechet_distance({"features": 1.2 * rng.normal(size=(n, width)) + 0.2, "reference_features": reference})
        for _ in range(60)
    ]
    true = np.std([d["value"] for d in draws], ddof=1)
    assert np.mean([d["spread"] for d in draws]) == pytest.approx(true, rel=0.35)


def test_the_spread_by_hand_and_where_there_is_none():
    items = drawn(10, 50, 4)
    x, reference = items["features"], Reference(items["reference_features"])
    left = np.array([sum(reference.terms(np.delete(x, i, axis=0))) for i in range(10)])
    assert frechet_distance(items)["spread"] == pytest.approx((0.9 * np.square(left - left.mean()).sum()) ** 0.5)
    assert frechet_distance({**items, "features": x[:2]})["spread"] is None


def test_frechet_distance_of_what_it_cannot_read():
    items = drawn(20, 20, 4)
    with pytest.raises(RedrawError, match="no 'reference_features' among features: name a reference split"):
        frechet_distance({"features": items["features"]})
    with pytest.raises(RedrawError, match="^frechet_distance: features have 3 columns, reference_features 4"):
        frechet_distance({**items, "features": items["features"][:, :3]})
    with pytest.raises(RedrawError, match="^frechet_distance: 1 images against 20 real ones"):
        frechet_distance({**items, "features": items["features"][:1]})
    with pytest.raises(RedrawError, match=r"^kernel_distance: features has the shape \[20\]"):
        kernel_distance({**items, "features": items["features"][:, 0]})


# --- FID at infinity ---------------------------------------------------------------------------------------------


def test_fid_infinity_is_the_line_through_torch_fidelitys_distances():
    items = drawn(400, 300, 12)
    x, rng = items["features"], np.random.default_rng(2020)
    sizes = np.linspace(40, 400, 15).astype(int)
    distances = [torch_fidelity_fid({**items, "features": x[rng.permutation(400)[:size]]}) for size in sizes]
    line = LinearRegression().fit(1 / sizes[:, None], distances)
    found = fid_infinity(items)
    assert found["value"] == pytest.approx(line.intercept_, rel=1e-9)
    assert found["parts"]["slope"] == pytest.approx(line.coef_[0], rel=1e-9)
    assert found["parts"]["all_images"] == pytest.approx(frechet_distance(items)["value"], rel=1e-9)


def test_fid_infinity_takes_the_bias_of_few_images_away():
    rng = np.random.default_rng(4)
    reference = rng.normal(size=(20_000, 16))
    found = [{"features": rng.normal(size=(1000, 16)), "reference_features": reference} for _ in range(8)]
    biased, line = (np.array([metric(i)["value"] for i in found]) for metric in (frechet_distance, fid_infinity))
    assert biased.mean() > 0.05
    assert abs(line.mean()) < biased.mean() / 3


def test_the_fit_error_of_fid_infinity_is_what_the_drawing_of_subsets_adds():
    items = drawn(300, 300, 6)
    over_seeds = [fid_infinity(items, seed=s) for s in range(60)]
    true = np.std([f["value"] for f in over_seeds], ddof=1)
    assert np.mean([f["parts"]["fit_error"] for f in over_seeds]) == pytest.approx(true, rel=0.35)


def test_the_spread_of_fid_infinity_is_that_over_further_draws():
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(1000, 12))
    draws = [
        fid_infinity({"features": 1.2 * rng.normal(size=(400, 12)) + 0.2, "reference_features": reference})
        for _ in range(60)
    ]
    true = np.std([d["value"] for d in draws], ddof=1)
    assert np.mean([d["spread"] for d in draws]) == pytest.approx(true, rel=0.35)


def test_fid_infinity_of_too_few_sizes():
    with pytest.raises(
        RedrawError, match="^fid_infinity: 15 sizes from 0.1 of 12 images give 12 subsets, the smallest of 1"
    ):
        fid_infinity(drawn(12, 30, 3))
    with pytest.raises(RedrawError, match="at least 4 sizes"):
        fid_infinity(drawn(100, 30, 3), points=3)


# --- kernel distance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["full", "low"])
def test_kernel_distance_has_the_fixtures_values(case: str):
    items = features(case)
    assert kernel_distance(items)["value"] == pytest.approx(STORED[f"kid.{case}.unbiased_full"], rel=1e-11)
    block = kernel_distance(items, estimate="block")
    assert block["value"] == pytest.approx(STORED[f"kid.{case}.torch_fidelity_block"], rel=1e-11)
    found = kernel_distance(items, estimate="subsets", subsets=10, subset_size=30)
    expected = STORED[f"kid.{case}.torch_fidelity_subsets"].tolist()
    assert [found["value"], found["spread"]] == pytest.approx(expected, rel=1e-11)
    assert len(found["per_fold"]) == 10


def test_kernel_distance_agrees_with_torch_fidelity():
    items = drawn(500, 400, 64)
    kernel = {
        "kid_kernel": "poly",
        "kid_kernel_poly_degree": 3,
        "kid_kernel_poly_gamma": None,
        "kid_kernel_poly_coef0": 1,
    }
    both = (torch.from_numpy(items[name]) for name in ("features", "reference_features"))
    oracle = kid_features_to_metric(*both, kid_subsets=5, kid_subset_size=200, rng_seed=2020, verbose=False, **kernel)
    found = kernel_distance(items, estimate="subsets", subsets=5, subset_size=200)
    assert found["value"] == pytest.approx(oracle["kernel_inception_distance_mean"], rel=1e-11)
    assert found["spread"] == pytest.approx(oracle["kernel_inception_distance_std"], rel=1e-9)


def test_kernel_distance_by_the_definition():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 1

    def mean(a: np.ndarray, b: np.ndarray, pairs: list[tuple[int, int]]) -> float:
        return float(np.mean([(a[i] @ b[j] / 3 + 1) ** 3 for i, j in pairs]))

    def by_definition(a: np.ndarray, b: np.ndarray) -> float:
        def apart(n: int) -> list[tuple[int, int]]:
            return [(i, j) for i in range(n) for j in range(n) if i != j]

        across = [(i, j) for i in range(len(a)) for j in range(len(b))]
        return mean(a, a, apart(len(a))) + mean(b, b, apart(len(b))) - 2 * mean(a, b, across)

    left = np.array([by_definition(np.delete(x, i, axis=0), y) for i in range(7)])
    expected = by_definition(x, y), (6 / 7 * np.square(left - left.mean()).sum()) ** 0.5
    assert discrepancy(x, y) == pytest.approx(expected, rel=1e-11)


def test_kernel_distance_of_equal_distributions_is_centred_on_nought():
    rng = np.random.default_rng(5)
    draws = [discrepancy(rng.normal(size=(60, 8)), rng.normal(size=(80, 8)))[0] for _ in range(200)]
    assert abs(np.mean(draws)) < 4 * np.std(draws) / 200**0.5 and min(draws) < 0 < max(draws)


def test_the_spread_of_a_kernel_distance_is_that_over_further_draws():
    rng = np.random.default_rng(5)
    reference = rng.normal(size=(300, 8))
    draws = [discrepancy(rng.normal(size=(150, 8)) + 0.5, reference) for _ in range(80)]
    assert np.mean([spread for _, spread in draws]) == pytest.approx(np.std([v for v, _ in draws], ddof=1), rel=0.3)


def test_kernel_distance_of_more_rows_than_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch):
    items = drawn(100, 90, 5)
    at_once = kernel_distance(items)
    monkeypatch.setattr("redraw.metrics.kernel.BLOCK", 7)
    in_blocks = kernel_distance(items)
    assert (in_blocks["value"], in_blocks["spread"]) == pytest.approx((at_once["value"], at_once["spread"]), rel=1e-11)


def test_kernel_distance_of_what_it_cannot_do():
    items = drawn(20, 30, 4)
    with pytest.raises(RedrawError, match='^kernel_distance: estimate is "blocks": did you mean "block"'):
        kernel_distance(items, estimate="blocks")
    with pytest.raises(RedrawError, match="^kernel_distance: subset_size 1000 with 20 images against 30 real ones"):
        kernel_distance(items, estimate="subsets")


# --- attributes --------------------------------------------------------------------------------------------------

LABELS = np.array(
    ["has_crown_color::red", "has_wing_color::blue", "has_crown_color::black", "has_wing_color::grey", "x"]
)


def spoken(*per_item: dict[str, str]) -> dict[str, np.ndarray]:
    """Captions that stand for what they name, and a reader that sees a red crown and grey wings in each image."""
    row = [2.0, 0.5, -1.0, 0.7, 99.0]
    return {
        "attributes": np.tile(np.float32(row), (len(per_item), 1)),
        "attributes_labels": LABELS,
        "captions": np.array([";".join(f"{g}={v}" for g, v in named.items()) for named in per_item]),
    }


@pytest.fixture
def plain_captions(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attributes, "_named", lambda text: dict(p.split("=") for p in text.split(";") if p))


@pytest.mark.usefixtures("plain_captions")
def test_attribute_consistency_by_hand():
    crown, wing = "has_crown_color", "has_wing_color"
    items = spoken(
        {crown: "red", wing: "grey"}, {crown: "black"}, {}, {wing: "blue", crown: "red"},
        {"has_eye_color": "red"}, {wing: "green"},
    )  # fmt: skip
    found = attribute_consistency(items)
    assert found["value"] == pytest.approx(100 * 3 / 5)
    assert found["n"] == 3
    assert found["per_item"].tolist() == [1, 0, 0.5]
    assert found["parts"] == pytest.approx({crown: 100 * 2 / 3, wing: 50.0})
    # (found - 0.6 named) of the three items: 0.8, -0.6, -0.2.
    assert found["spread"] == pytest.approx(100 * (3 / 2 * (0.64 + 0.36 + 0.04)) ** 0.5 / 5)
    wings = attribute_consistency(items, groups=[wing])
    assert (wings["value"], wings["n"], wings["parts"]) == (50.0, 2, {wing: 50.0})


@pytest.mark.usefixtures("plain_captions")
def test_the_spread_of_attribute_consistency_counts_items_and_not_attributes():
    # Two attributes of an item that are always right or wrong together tell no more than one.
    rng = np.random.default_rng(0)
    names = [f"g{k}" for k in range(4)]
    labels = np.array([f"{g}::{v}" for g in names for v in ("yes", "no")])
    values, spreads = [], []
    for _ in range(200):
        right = rng.random(40) < 0.7
        items = {
            "attributes": np.where(right[:, None], 1.0, -1.0) * np.tile([1.0, 0.0], 4),
            "attributes_labels": labels,
            "captions": np.array([";".join(f"{g}=yes" for g in names)] * 40),
        }
        found = attribute_consistency(items)
        values.append(found["value"])
        spreads.append(found["spread"])
    assert np.mean(spreads) == pytest.approx(np.std(values), rel=0.15)


def test_attribute_consistency_reads_captions():
    items = {**spoken({}, {}), "captions": np.array(["a bird with a red crown", "this bird has a black crown"])}
    found = attribute_consistency(items)
    assert (found["value"], found["n"], found["parts"]) == (50.0, 2, {"has_crown_color": 50.0})


@pytest.mark.usefixtures("plain_captions")
def test_attribute_consistency_of_what_it_cannot_read():
    items = spoken({"has_crown_color": "red"})
    with pytest.raises(
        RedrawError, match="^attribute_consistency: the reader knows no group 'has_crown_colour': did you"
    ):
        attribute_consistency(items, groups=["has_crown_colour"])
    with pytest.raises(RedrawError, match='^attribute_consistency: no column is called "group::value"'):
        attribute_consistency({**items, "attributes_labels": np.array(list("abcde"))})
    with pytest.raises(RedrawError, match="none of 2 captions names one of has_crown_color, has_wing_color"):
        attribute_consistency(spoken({}, {"has_eye_color": "red"}))


# --- zero-shot ---------------------------------------------------------------------------------------------------


def test_zero_shot_accuracy_by_hand():
    items = {
        "text_embedding": np.array([[2.0, 0], [0, 1], [0, 3], [4, 0]]),  # means: class 5 (3, 0), class 9 (0, 2)
        "image_embedding": np.array([[1.0, 0], [1, 1], [1, 1.6], [-1, 0]]),
        "class_id": np.array([5, 9, 9, 5]),
    }
    found = zero_shot_accuracy(items)
    assert found["per_item"].tolist() == [1, 0, 1, 0]
    assert (found["value"], found["parts"]) == (50.0, {"chance": 50.0})
    # A third text of class 9 leaves its mean where it was: a class is no stronger for having more texts.
    more = {"text_embedding": [[0.0, 2]], "image_embedding": [[1.0, 1.2]], "class_id": [9]}
    found = zero_shot_accuracy({name: np.concatenate([items[name], more[name]]) for name in items})
    assert found["per_item"].tolist() == [1, 0, 1, 0, 0]


def test_zero_shot_accuracy_has_a_ceiling_and_a_floor():
    rng = np.random.default_rng(3)
    class_id = np.arange(4000) % 20
    text = np.eye(20)[class_id] + 0.3 * rng.normal(size=(4000, 20))
    perfect = {"text_embedding": text, "image_embedding": np.eye(20)[class_id], "class_id": class_id}
    assert zero_shot_accuracy(perfect)["value"] == 100
    blind = zero_shot_accuracy({**perfect, "image_embedding": rng.normal(size=(4000, 20))})
    assert blind["value"] == pytest.approx(blind["parts"]["chance"], abs=4 * blind["spread"])
    with pytest.raises(RedrawError, match="^zero_shot_accuracy: 1 classes"):
        zero_shot_accuracy({**perfect, "class_id": np.zeros(4000, int)})


# --- the registry, and a control ---------------------------------------------------------------------------------


def better_and_worse(name: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    rng = np.random.default_rng(9)
    class_id = np.arange(60) % 3
    close, x = drawn(60, 60, 4), np.eye(3)[class_id]
    good = {
        "logits": 9 * x, "class_id": class_id, "features": close["features"],
        "reference_features": close["reference_features"], "image_embedding": x, "text_embedding": x,
        "attributes": np.tile([1.0, 0.0], (60, 1)),
        "attributes_labels": np.array(["has_crown_color::red", "has_crown_color::black"]),
        "captions": np.array(["a bird with a red crown"] * 60),
    }  # fmt: skip
    worse = {
        "logits": 0.1 * x, "features": 3 * close["features"] + 1, "image_embedding": rng.normal(size=(60, 3)),
        "attributes": np.tile([0.0, 1.0], (60, 1)),
    }  # fmt: skip
    about = METRICS[name]
    kept = {*about.reads, *(f"{f}_labels" for f in about.reads)} | (
        {f"reference_{f}" for f in about.reads} if about.reference else set()
    )
    good = {k: v for k, v in good.items() if k in kept}
    return good, {k: worse.get(k, v) for k, v in good.items()}


IMAGE_METRICS = [
    "inception_score", "frechet_distance", "fid_infinity", "kernel_distance", "attribute_consistency",
    "zero_shot_accuracy",
]  # fmt: skip


@pytest.mark.parametrize("name", IMAGE_METRICS)
def test_every_image_metric_reads_what_it_says_and_knows_its_better(name: str):
    about = METRICS[name]
    good, worse = (about.fn(items) for items in better_and_worse(name))
    assert (good["value"] > worse["value"]) == (about.better == "higher")
    assert good["value"] != worse["value"]
    again = about.fn(better_and_worse(name)[0])
    assert {k: v for k, v in again.items() if k != "per_item"} == {k: v for k, v in good.items() if k != "per_item"}
    assert about.reference == any(key.startswith("reference_") for key in better_and_worse(name)[0])


def test_metrics_load_no_torch():
    code = "import sys, redraw.metrics, redraw.data.degrade; sys.exit(bool({'torch', 'scipy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_degraded_images_keep_their_layout_and_lose_their_detail(channels: int):
    rng = np.random.default_rng(0)
    layout = np.kron(rng.integers(40, 216, (5, channels, 2, 2)), np.ones((32, 32), int))
    images = (layout + rng.integers(-40, 40, layout.shape)).astype(np.uint8)
    before = images.copy()
    found = degraded(images)
    assert (found.dtype, found.shape) == (np.uint8, images.shape) and (images == before).all()
    assert (found == degraded(images)).all()
    inside = (..., slice(6, 26), slice(6, 26))  # of one quarter, away from its borders
    assert found[inside].std((-1, -2)).max() < 8 < 20 < images[inside].std((-1, -2)).min()
    assert found[inside].mean((-1, -2)) == pytest.approx(images[inside].mean((-1, -2)), abs=6)
    flat = np.full((1, channels, 20, 30), 77, np.uint8)
    assert (degraded(flat) == 77).all()


def test_degraded_images_are_enlarged_along_straight_lines():
    ramp = np.broadcast_to(np.uint8(2 * np.arange(96)), (1, 1, 96, 96))
    found = degraded(ramp)[0, 0].astype(int)
    # Boxes of twelve columns have their means at 5.5, 17.5, …; the line between these is the ramp itself.
    assert np.abs(found - ramp[0, 0])[:, 6:90].max() <= 1
    step = np.where(np.arange(96) < 48, 50, 200).astype(np.uint8) * np.ones((1, 1, 96, 1), np.uint8)
    found = degraded(step)[0, 0].astype(int)
    assert found.min() == 50 and found.max() == 200  # nothing beyond either side of an edge
    assert (np.diff(found, axis=1) >= 0).all()


def test_images_too_small_to_degrade():
    with pytest.raises(RedrawError, match="^degraded: images of 8 x 30 pixels are not larger than 8"):
        degraded(np.zeros((1, 3, 8, 30), np.uint8))
