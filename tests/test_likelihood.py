"""Evaluations by a model's own likelihood and by similarity to the true image: what is drawn, kept and made of it."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from bounds_check import check_bounds
from raw_trees import write_cub
from small_sets import prepared
from torch import nn

from redraw import conditions, measured, models, scores, scoring
from redraw.blocks.conditioning import draws_of
from redraw.core import RedrawError, write_json
from redraw.graph import _drawn
from redraw.metrics.ssim import readings, similarities
from redraw.recipe import About, Recipe
from redraw.report import cells
from redraw.report.figures import figure
from redraw.report.judge import of_the_model
from redraw.sheets import read_sheets

SIDE, N = 20, 8
GROUP = f"train-real-{N}"
SELF = {"instrument": "self", "captions": "train", "images": "real", "n": N}
RETRIEVAL = {**SELF, "metric": "image_retrieval", "options": {"gallery": 4, "samples": 3, "score": "centred"}}
SSIM = {"metric": "ssim", "captions": "train", "images": "model", "n": N, "options": {"samples": 3}}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)


class Linear(Recipe):
    """p(z) = N(0, 1), p(x | z, caption) = N(z + level of the caption, 1) of an image's mean x, and q(z | x, caption) =
    N((x - level) / 2, 1), too broad: the posterior has half its variance."""

    def __init__(self, step: float = 1e-3) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.step = nn.Parameter(torch.tensor(step))
        self.calls: list[tuple[int, int, int]] = []

    def bounds(self, batch, seed, samples):
        self.calls.append((len(batch["image"]), samples, len(batch["tokens"].unique(dim=0))))
        noise = draws_of(batch, len(batch["image"]), 1, seed, samples)[..., 0].T.double()
        rest = batch["image"].double().mean((1, 2, 3)) - self.step.detach() * batch["tokens"].double().sum(1)
        z = rest[:, None] / 2 + noise
        return normal(z, 0, 1) + normal(rest[:, None], z, 1) - normal(z, rest[:, None] / 2, 1)

    def sample(self, conditions, seed):
        drawn = torch.rand(len(conditions["tokens"]), 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        return 2 * drawn - 1


def normal(x, mean, variance):
    return -0.5 * (math.log(2 * math.pi * variance) + (x - mean) ** 2 / variance)


def drawn(birds, home, evaluations, model=None, snapshots=None):
    model = model or Linear()
    instruments = {"self": models.Instrument(model, "p/x.s0", "", "")}
    scoring.draw((model, snapshots or {}), instruments, birds, evaluations, 0, home)
    return dict(np.load(home / "items.npz").items())


def scored(home, evaluations, weights="own"):
    write_json(home / "manifest.json", {"weights": weights, "config": {}, "data": "d"})
    write_json(home / "curves.json", {})
    return scores.score(home, {"run": "p/x.s0", "scale": "smoke", "seed": 0, "dataset": "birds", "evaluations": evaluations,
                               "instruments": {}})  # fmt: skip


def pair(birds, image: int, caption: int):
    """A batch of one row: the images and captions that the evaluations ask for, by their number."""
    asked = conditions.conditions_of(SELF, birds)
    shown = conditions.real_images(Linear(), birds, asked.image[[image]])
    return {"image": shown, "tokens": torch.from_numpy(asked.tokens[[caption]].astype(np.int64))}


# --- bounds -----------------------------------------------------------------------------------------------------


def test_the_check_of_bounds_passes_a_right_model_and_no_wrong_one(birds):
    batch = {name: torch.cat([pair(birds, k, k)[name] for k in range(3)]) for name in ("image", "tokens")}

    class Apart(Linear):  # rows that ought to share their noise do not
        def bounds(self, batch, seed, samples):
            return super().bounds({k: v for k, v in batch.items() if k != "noise_group"}, seed, samples)

    class Common(Linear):  # rows that ought to have their own share it
        def bounds(self, batch, seed, samples):
            return super().bounds(batch | {"noise_group": torch.zeros(len(batch["image"]))}, seed, samples)

    class Unseeded(Linear):
        def bounds(self, batch, seed, samples):
            return super().bounds(batch, seed, samples) + torch.randn(())

    assert check_bounds(Linear(), batch).shape == (3, 3)
    for wrong in (Apart(), Common(), Unseeded()):
        with pytest.raises(AssertionError):
            check_bounds(wrong, batch)


def test_bounds_enclose_the_likelihood_as_far_as_the_posterior_lets_them(birds, tmp_path):
    options = {"samples": 4000}
    evaluations = {
        "one": {**SELF, "metric": "variational_bound", "options": options},
        "many": {**SELF, "metric": "importance_bound", "options": options},
        "single": {**SELF, "metric": "importance_bound", "options": options | {"k": 1}},
    }
    model = Linear()
    kept = drawn(birds, tmp_path, evaluations, model)[f"{GROUP}/self.eval.4000samples/bounds"]
    assert kept.shape == (N, 4000) and kept.dtype == np.float64
    assert {call[:2] for call in model.calls} == {(N, 4)} and len(model.calls) == 1000, "one drawing for all three"
    rest = [float(p["image"].double().mean() - 1e-3 * p["tokens"].sum()) for k in range(N) if (p := pair(birds, k, k))]
    exact = -np.mean([normal(torch.tensor(x), 0, 2) for x in rest])
    found = scored(tmp_path, evaluations)["metrics"]
    divergence = 0.5 * (2 - 1 - math.log(2))  # of q from the posterior
    assert found["one"]["value"] == pytest.approx(exact + divergence, abs=4 * kept.std() / kept.size**0.5)
    assert found["many"]["value"] == pytest.approx(exact, abs=0.03)
    assert found["single"]["value"] == pytest.approx(found["one"]["value"], rel=1e-12)
    assert {(m["unit"], m["better"]) for m in found.values()} == {("nats", "lower")}


def test_the_model_is_no_part_of_the_protocol_and_the_options_are(birds, tmp_path):
    evaluations = {"a": {**SELF, "metric": "variational_bound", "options": {"samples": 2}}}
    drawn(birds, tmp_path, evaluations)
    first, second = (scored(tmp_path, evaluations, weights)["metrics"]["a"] for weights in ("one", "another"))
    assert first["protocol_key"] == second["protocol_key"] and of_the_model(first)
    more = {"a": {**evaluations["a"], "options": {"samples": 3}}}
    drawn(birds, tmp_path, more)
    assert scored(tmp_path, more)["metrics"]["a"]["protocol_key"] != first["protocol_key"]


def test_shuffled_images_are_the_real_ones_under_other_captions(birds, tmp_path):
    of = {"metric": "variational_bound", "options": {"samples": 1}}
    items = drawn(birds, tmp_path, {"own": {**SELF, **of}, "other": {**SELF, **of, "images": "shuffled"}})
    place = "self.eval.1samples/bounds"
    dealt = np.random.default_rng([1, N]).permutation(N)
    assert (dealt != np.arange(N)).any()
    pairs = [pair(birds, image, caption) for caption, image in enumerate(dealt)]
    expected = Linear().bounds({name: torch.cat([p[name] for p in pairs]) for name in pairs[0]}, 0, 1)
    by_image = items[f"train-shuffled-{N}/{place}"]  # as those of the same images under their own captions
    np.testing.assert_allclose(by_image[dealt], expected, rtol=1e-6)
    found = scored(tmp_path, {"own": {**SELF, **of}, "other": {**SELF, **of, "images": "shuffled"}})["metrics"]
    for name, place_of in (("own", GROUP), ("other", f"train-shuffled-{N}")):
        np.testing.assert_allclose(found[name]["per_block"], -items[f"{place_of}/{place}"][:, 0], rtol=1e-5)


def test_bounds_are_followed_over_snapshots(birds, tmp_path):
    evaluations = {"a": {**SELF, "metric": "variational_bound", "options": {"samples": 2}, "snapshots": True}}
    snapshots = {4: {"step": torch.tensor(1e-3)}, 2: {"step": torch.tensor(9e-3)}}
    items = drawn(birds, tmp_path, evaluations, snapshots=snapshots)
    place = f"{GROUP}/self.eval.2samples/bounds"
    assert np.array_equal(items[f"{place}@4"], items[place]) and not np.array_equal(items[f"{place}@2"], items[place])
    found = scored(tmp_path, evaluations)
    assert found["curves"]["a"]["x"] == [2, 4] and found["curves"]["a"]["y"][1] == found["metrics"]["a"]["value"]


# --- retrieval --------------------------------------------------------------------------------------------------


def test_every_caption_is_held_against_every_image_of_its_gallery(birds, tmp_path, monkeypatch):
    for module in (conditions, measured):
        monkeypatch.setattr(module, "CHUNK", 9)
    model = Linear()
    items = drawn(birds, tmp_path, {"r": RETRIEVAL}, model)
    found = items[f"{GROUP}/self.eval.3samples.4gallery/gallery_bounds"]
    assert found.shape == (2, 4, 4)
    assert set(model.calls) == {(8, 3, 2)} and len(model.calls) == 4, "two captions' pairs a call"
    rows = np.random.default_rng([2, N]).permutation(N).reshape(2, 4)
    assert sorted(rows.ravel()) == list(range(N))
    for f, q, g in ((0, 0, 0), (0, 1, 3), (1, 2, 0), (1, 3, 3)):
        batch = pair(birds, rows[f, g], rows[f, q]) | {"noise_group": torch.zeros(1, dtype=torch.int64)}
        alone = Linear().bounds(batch, 0, 3).mean()
        assert found[f, q, g] == pytest.approx(float(alone), rel=1e-6)


def test_columns_of_a_retrieval_are_scores_of_their_own(birds, tmp_path):
    drawn(birds, tmp_path, {"r": RETRIEVAL})
    found = scored(tmp_path, {"r": RETRIEVAL})["metrics"]
    names = ("r1", "r5", "r10", "r50", "median")
    assert set(found) == {"r", *(f"r/{n}" for n in names), *(f"r/chance_{n}" for n in names)}
    assert found["r"]["value"] == found["r/r1"]["value"] and found["r"]["n"] == found["r/median"]["n"] == N
    assert found["r/median"]["better"] == "lower" and found["r/r1"]["better"] == "higher"
    assert found["r/chance_r1"]["value"] == 25 and found["r/chance_median"]["value"] == 2.5
    assert found["r/chance_r1"]["kind"] == "floor" and found["r/r1"]["kind"] == "own"
    assert len({m["protocol_key"] for m in found.values()}) == 11, "a recall is not compared with a rank"
    assert found["r/r1"]["protocol"]["options"]["gallery"] == 4 and found["r"]["parts"] == {"gallery": 4}


def test_a_gallery_larger_than_the_items_is_all_of_them(birds, tmp_path):
    large = {**RETRIEVAL, "options": {}}
    items = drawn(birds, tmp_path, {"r": large})
    assert items[f"{GROUP}/self.eval/gallery_bounds"].shape == (1, N, N)
    assert scored(tmp_path, {"r": large})["metrics"]["r/r50"]["value"] == 100


def test_a_printed_cell_takes_a_column_of_a_retrieval(birds, tmp_path):
    sheets = copy.deepcopy(read_sheets())
    sheet = sheets["align_draw"]
    sheet["runs"] = {"x": {"recipe": "X", "dataset": "coco"}}
    table = sheet["tables"]["coco-retrieval"]
    for column in ("r1", "median"):
        table["columns"][column]["ours"] = f"r/{column}"
    next(row for row in table["rows"] if row["label"] == "alignDRAW")["run"] = "x"
    cell_of = {column: f"r/chance_{column}" for column in ("r1", "median")}
    table["controls"] = [{"label": "Chance", "kind": "floor", "run": "x", "cells": cell_of}]
    sheet["claims"] = [
        {"id": "c", "origin": "ours", "says": "Above chance", "form": "greater", "left": {"run": "x", "metric": "r/median"},
         "right": {"run": "x", "metric": "r/chance_median"}},
    ]  # fmt: skip
    drawn(birds, tmp_path, {"r": RETRIEVAL})
    found = {"align_draw/x.s0": scored(tmp_path, {"r": RETRIEVAL})}
    built = cells.build(
        sheet, sheets=sheets, scores=found, manifests={}, scale="smoke", seeds=1, rows="all", stand_ins={}, missing={},
        stale=(),
    )  # fmt: skip
    rows = {row["label"]: row["cells"] for row in built["tables"][0]["rows"]}
    of_run = found["align_draw/x.s0"]["metrics"]
    assert {c: rows["alignDRAW"][c]["ours"] for c in cell_of} == {c: of_run[f"r/{c}"]["value"] for c in cell_of}
    assert (rows["Chance"]["r1"]["ours"], rows["Chance"]["median"]["ours"]) == (25, 2.5)
    assert rows["alignDRAW"]["r1"]["envelope_hi"] == of_run["r/r1"]["envelope"][1]
    ours, chance = of_run["r/median"]["value"], 2.5
    assert built["claims"][0]["because"].startswith(f"ours {ours:.4g}, {chance:.4g}")


# --- similarity -------------------------------------------------------------------------------------------------


def test_similarity_is_to_the_captions_own_image_over_all_samples(birds, tmp_path):
    items = drawn(birds, tmp_path, {"s": SSIM})
    first = np.load(tmp_path / "samples.npz")[f"train-model-{N}"]
    asked = conditions.conditions_of(SSIM, birds)
    true = conditions.to_bytes(conditions.real_images(Linear(), birds, asked.image)) / 255
    again = [conditions.to_bytes(conditions.pictures(SSIM, Linear(), asked, birds, 1000 * k)) / 255 for k in range(3)]
    assert np.array_equal(again[0], first / 255) and not np.array_equal(again[1], again[0])
    place = f"train-model-{N}/pixels.eval.3samples"
    names = [r.label for r in readings(3, SIDE)]
    assert items[f"{place}/ssim_labels"].tolist() == [f"{n} {a}" for a in ("samples", "image") for n in names]
    expected = [np.mean([similarities(a, true) for a in again], 0), similarities(np.mean(again, 0), true)]
    np.testing.assert_allclose(items[f"{place}/ssim"], np.concatenate(expected, 1), rtol=1e-10, atol=1e-12)
    found = scored(tmp_path, {"s": SSIM})["metrics"]["s"]
    assert found["value"] == pytest.approx(expected[0][:, 0].mean()) and of_the_model(found)


def test_real_images_are_similar_to_themselves_in_every_reading(birds, tmp_path):
    controls = {images: {**SSIM, "images": images} for images in ("real", "degraded", "noise")}
    drawn(birds, tmp_path, controls)
    found = scored(tmp_path, controls)["metrics"]
    assert found["real"]["envelope"] == pytest.approx([1, 1], abs=1e-12)
    assert 1 > found["degraded"]["value"] > found["noise"]["value"]
    assert not of_the_model(found["real"])


# --- mistakes ---------------------------------------------------------------------------------------------------


def test_a_model_without_a_likelihood(birds, tmp_path):
    class Adversary(Recipe):
        def __init__(self):
            super().__init__(None, About((3, SIDE, SIDE), 3), {})
            self.unused = nn.Parameter(torch.zeros(1))

        sample = Linear.sample

    with pytest.raises(RedrawError) as fault:
        drawn(birds, tmp_path, {"r": RETRIEVAL}, Adversary())
    line = "evaluation, metric image_retrieval: Adversary has no likelihood: score so only runs of a recipe with bounds"
    assert str(fault.value) == line


def test_bounds_of_another_shape(birds, tmp_path):
    class Summed(Linear):
        def bounds(self, batch, seed, samples):
            return super().bounds(batch, seed, samples).mean(1)

    with pytest.raises(RedrawError, match=r"^Summed.bounds: \[8\] for 8 pairs and 3 samples: give a row a pair"):
        drawn(birds, tmp_path, {"r": {**SELF, "metric": "variational_bound", "options": {"samples": 3}}}, Summed())


def test_captions_typed_in_have_no_true_image(birds, tmp_path):
    with pytest.raises(
        RedrawError, match="^evaluation, metric ssim: captions 'list' belong to no image: ask for those"
    ):
        drawn(birds, tmp_path, {"s": {**SSIM, "captions": "list", "list": ["a bird"]}})


# --- what decides what is drawn -----------------------------------------------------------------------------------


def test_only_options_that_decide_what_is_drawn_are_told_to_the_drawing():
    plain = {"metric": "inception_score", "captions": "test", "images": "model", "n": 4, "kind": "own"}
    same = {"metric": "inception_score", "captions": "test", "images": "model", "n": 4}
    assert _drawn(plain) == _drawn({**plain, "options": {"folds": 2}}) == same
    assert _drawn(RETRIEVAL)["options"] == {"gallery": 4, "samples": 3}


def test_a_curve_over_caption_lengths_is_drawn_as_any_other(tmp_path):
    arrays = {"class_id": np.array([0, 1, 1]), "self.eval/logits": np.eye(2)[[0, 0, 1]]}
    captions = np.array(["one", "two plus three", "two minus one"])
    np.savez(tmp_path / "items.npz", **{f"unseen-model-3/{k}": v for k, v in (arrays | {"captions": captions}).items()})
    about = {"captions": "unseen", "images": "model", "n": 3, "instrument": "self", "metric": "accuracy_by_length"}
    found = scored(tmp_path, {"by_length": about})
    assert found["metrics"]["by_length"]["parts"] == {"1 word": 100, "3 words": 50}
    asked = {"id": "f", "title": "F", "at": "here", "kind": "curves", "run": "x", "series": ["by_length"]}
    made = figure(asked, {"p/x.s0": found}, lambda run: ["p/x.s0"], "")
    assert (made["series"][0]["x"], made["series"][0]["y"]) == ([1, 3], [100, 50])
    assert (made["x_label"], made["y_label"]) == ("words in the caption", "by_length (percent)")
