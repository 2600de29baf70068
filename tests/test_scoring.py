"""Instruments that read captions, sizes, snapshots: what is kept of them, under which key, and in how much memory."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from raw_trees import write_cub
from small_sets import in_words, prepared
from torch import nn

from redraw import conditions, models, scores, scoring
from redraw.core import RedrawError, read_json, write_json
from redraw.data.words import Tokens
from redraw.metrics.frechet import frechet_distance
from redraw.recipe import About, Recipe

SIDE = 20
TYPED = ["bird of many, many birds", "bird zyzzyva of many,"]
RETRIEVAL = {
    "metric": "r_precision",
    "instrument": "pairs",
    "options": {"candidates": 4, "exclusive": False, "folds": 2},
}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)


@pytest.fixture(scope="module")
def words(birds, tmp_path_factory):
    """The captions in words, of at most four each: another vocabulary than the birds' own characters."""
    return in_words(birds, tmp_path_factory.mktemp("words"), framed=False, max_words=4)


class Painter(Recipe):
    """Paints all captions in one grey, ``brush``."""

    def __init__(self, brush: float = 0.0) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.brush = nn.Parameter(torch.tensor(brush))

    def sample(self, conditions, seed):
        return self.brush.detach().expand(len(conditions["tokens"]), 3, SIDE, SIDE).clone()


class Pairs(Recipe):
    """Embeds an image as its mean colour, its deviation and its size, a caption as three statistics of its ids."""

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))
        self.batches: list[dict] = []

    def encode(self, batch):
        self.batches.append(batch)
        return self.statistics(batch)

    @staticmethod
    def statistics(batch):
        image = batch["image"]
        found = {
            "image_embedding": torch.stack(
                [image.mean((1, 2, 3)), image.std((1, 2, 3)), torch.full((len(image),), image.shape[-1])], 1
            )
        }
        found["features"] = found["image_embedding"][:, :2]
        if "tokens" in batch:
            tokens = batch["tokens"].float()
            found["text_embedding"] = torch.stack([tokens.sum(1), tokens.square().sum(1), batch["n_words"].float()], 1)
        return found


def asked(captions="test", images="model", n=4, **more):
    return {"captions": captions, "images": images, "n": n, **RETRIEVAL, **more}


def drawn(birds, words, home, evaluations, painter=None, snapshots=None):
    """(items, samples, the instrument) of one drawing."""
    pairs = Pairs()
    instruments = {"pairs": models.Instrument(pairs, "p/pairs.s0", "ww", "", words)}
    scoring.draw((painter or Painter(), snapshots or {}), instruments, birds, evaluations, 0, home)
    return *(dict(np.load(home / f"{name}.npz").items()) for name in ("items", "samples")), pairs


def scored(home, evaluations, vocabulary=None):
    write_json(home / "manifest.json", {"weights": "own", "config": {}, "data": "d"})
    write_json(home / "curves.json", {})
    write_json(home / "pairs.json", {"weights": "ww"})
    given = {"vocabularies": {"pairs": vocabulary}} if vocabulary else {}
    return scores.score(home, {"run": "p/x.s0", "scale": "smoke", "seed": 0, "dataset": "birds", "evaluations": evaluations,
                               "instruments": {"pairs": home / "pairs.json"}, **given})  # fmt: skip


# --- captions ---------------------------------------------------------------------------------------------------


def test_an_instrument_reads_captions_in_its_own_words(birds, words, tmp_path):
    items, samples, pairs = drawn(birds, words, tmp_path, {"real": asked(images="real")})
    (batch,) = pairs.batches
    captions = samples["test-real-4/captions"].tolist()
    expected, n_words = words.encode_texts(captions)
    longest = words.table("trained").tokens.shape[1]
    assert longest == words.longest == 4 < expected.shape[1]
    assert np.array_equal(batch["tokens"], expected[:, :4]) and batch["n_words"].tolist() == [4] * 4
    as_read = [[w if w in words.vocabulary else "<unk>" for w in c.lower().split()[:4]] for c in captions]
    assert [words.decode(row).split() for row in batch["tokens"]] == as_read
    assert set(items) == {f"test-real-4/{name}" for name in (
        "class_id", "n_words", "captions", "pairs.eval/image_embedding", "pairs.eval/text_embedding")}  # fmt: skip
    assert items["test-real-4/n_words"].min() > 4, "the run's own, in characters"


def test_a_word_that_an_instrument_does_not_know_is_unknown_to_it(birds, words, tmp_path):
    *_, pairs = drawn(birds, words, tmp_path, {"typed": asked("list", n=2, list=TYPED)})
    read = [words.decode(row) for row in pairs.batches[0]["tokens"]]
    assert read == ["bird of many, <unk>", "bird <unk> of many,"]


def test_captions_are_read_for_no_metric_that_does_not_ask_for_them(birds, words, tmp_path):
    *_, pairs = drawn(birds, words, tmp_path, {"fid": asked(metric="frechet_distance", reference="test", options={})})
    assert {name for batch in pairs.batches for name in batch} == {"image"}


def test_real_and_shuffled_images_meet_the_same_captions(birds, words, tmp_path):
    evaluations = {images: asked(images=images) for images in ("model", "real", "shuffled")}
    items, *_ = drawn(birds, words, tmp_path, evaluations)
    for images in ("real", "shuffled"):
        for field in ("captions", "pairs.eval/text_embedding", "class_id"):
            assert np.array_equal(items[f"test-{images}-4/{field}"], items[f"test-model-4/{field}"])
    found = scored(tmp_path, evaluations)["metrics"]
    assert found["model"]["value"] == found["shuffled"]["value"], "all its images are one"
    keys = {m["protocol_key"] for m in found.values()}
    assert len(keys) == 3, "images are part of the protocol"


def test_the_key_names_the_instruments_vocabulary(birds, words, tmp_path):
    evaluations = {"r": asked(), "fid": asked(metric="frechet_distance", reference="test", options={})}
    drawn(birds, words, tmp_path, evaluations)
    record = f"{words.where}/record.json"
    found = scored(tmp_path, evaluations, record)["metrics"]
    assert found["r"]["protocol"]["instrument_tokens"] == read_json(record)["digest"]
    assert "captions_read" in found["r"]["protocol"] and "instrument_tokens" not in found["fid"]["protocol"]
    without = scored(tmp_path, evaluations)["metrics"]
    assert without["r"]["protocol_key"] != found["r"]["protocol_key"]
    assert without["fid"]["protocol_key"] == found["fid"]["protocol_key"]


@pytest.mark.parametrize(
    ("captions", "tokens", "line"),
    [
        ("test", None, "p/pairs.s0 has no vocabulary: name an instrument that reads captions, and captions to read"),
        ("none", "words", "captions are none: name an instrument that reads captions, and captions to read"),
    ],
)
def test_captions_that_cannot_be_read(birds, words, tmp_path, captions, tokens, line):
    with pytest.raises(RedrawError) as fault:
        drawn(birds, words if tokens else None, tmp_path, {"r": asked(captions)})
    assert str(fault.value) == f"evaluation, instrument pairs: {line}"
    assert not (tmp_path / "items.npz").exists() and not (tmp_path / "samples.npz").exists()


def test_a_caption_without_any_known_word_is_named(birds, words, tmp_path):
    bare = Tokens([w for w in words.vocabulary if w != "<unk>"], False, words.tables)
    with pytest.raises(
        RedrawError, match="^evaluation: p/pairs.s0 knows no word of the caption 'zyzzyva': take others$"
    ):
        drawn(birds, bare, tmp_path, {"r": asked("list", n=2, list=["bird of many,", "zyzzyva"])})


# --- sizes ------------------------------------------------------------------------------------------------------


def test_images_are_brought_to_one_side_before_they_are_read(birds, words, tmp_path):
    fid = {"metric": "frechet_distance", "reference": "test", "options": {}}
    evaluations = {"own": asked(images="real", **fid), "small": asked(images="real", **fid, side=7)}
    items, samples, pairs = drawn(birds, words, tmp_path, evaluations)
    assert sorted({batch["image"].shape[-1] for batch in pairs.batches}) == [7, SIDE] and len(pairs.batches) == 4
    whole = conditions.from_bytes(samples["test-real-4"])
    small = F.interpolate(whole, (7, 7), mode="bilinear", antialias=True)
    expected = torch.stack([small.mean((1, 2, 3)), small.std((1, 2, 3))], 1)
    np.testing.assert_allclose(items["test-real-4/pairs.eval.7px/features"], expected, atol=1e-6)
    assert np.array_equal(items["reference-test/pairs.eval.7px/features"], items["test-real-4/pairs.eval.7px/features"])
    found = scored(tmp_path, evaluations)["metrics"]
    assert found["small"]["protocol"]["side"] == 7 and "side" not in found["own"]["protocol"]
    assert found["small"]["value"] == pytest.approx(0, abs=1e-6)
    images = scoring.read(models.Instrument(Pairs(), "", "", ""), "eval", whole, side=7)
    np.testing.assert_array_equal(images["features"], items["test-real-4/pairs.eval.7px/features"])


# --- snapshots --------------------------------------------------------------------------------------------------


def test_whatever_a_metric_reads_is_followed_and_captions_are_read_once(birds, words, tmp_path):
    painter = Painter(0.5)
    snapshots = {9: {"brush": torch.tensor(0.5)}, 5: {"brush": torch.tensor(-0.7)}}
    evaluations = {
        "r": asked(snapshots=True),
        "fid": asked(metric="frechet_distance", reference="test", options={}, snapshots=True),
        "real": asked(images="real"),
    }
    items, _, pairs = drawn(birds, words, tmp_path, evaluations, painter, snapshots)
    place = "test-model-4/pairs.eval"
    assert {name for name in items if "@" in name} == {
        f"{place}/{f}@{s}" for f in ("image_embedding", "features") for s in (5, 9)
    }
    assert items["test-model-4/steps"].tolist() == [5, 9] and painter.brush.item() == 0.5
    assert sum("tokens" in batch for batch in pairs.batches) == 2, "once for each of two groups"
    assert len(pairs.batches) == 2 + 2 + 1, (
        "two groups, two snapshots, one reference: each is read once for all metrics"
    )
    assert np.allclose(items[f"{place}/features@5"][:, 0], -0.7, atol=0.01)
    assert np.array_equal(items[f"{place}/image_embedding@9"], items[f"{place}/image_embedding"])
    found = scored(tmp_path, evaluations)
    assert found["curves"]["fid"]["x"] == found["curves"]["r"]["x"] == [5, 9]
    reference = items["reference-test/pairs.eval/features"]
    for k, step in enumerate((5, 9)):
        expected = frechet_distance({"features": items[f"{place}/features@{step}"], "reference_features": reference})
        assert found["curves"]["fid"]["y"][k] == expected["value"]
    assert found["curves"]["r"]["y"][1] == found["metrics"]["r"]["value"]
    assert found["metrics"]["fid@best_as_printed"]["step"] == (5, 9)[int(np.argmin(found["curves"]["fid"]["y"]))]
    assert "real" not in found["curves"]


def test_a_run_that_reads_for_itself_is_followed_with_its_captions(birds, tmp_path):
    class Own(Painter):
        def encode(self, batch):
            found = Pairs.statistics(batch)
            return {k: v + self.brush.detach() for k, v in found.items()}

    own = Own(1.0)
    weights = {k: v.clone() for k, v in own.state_dict().items()}
    evaluations = {"r": asked(instrument="self", snapshots=True)}
    instruments = {"self": models.Instrument(own, "", "", "")}
    snapshots = {3: weights | {"brush": torch.tensor(0.0)}, 4: weights}
    scoring.draw((own, snapshots), instruments, birds, evaluations, 0, tmp_path)
    items = np.load(tmp_path / "items.npz")
    text = [items[f"test-model-4/self.eval/text_embedding{at}"] for at in ("@3", "@4", "")]
    assert np.allclose(text[1], text[0] + 1) and np.array_equal(text[1], text[2])


# --- files and memory -------------------------------------------------------------------------------------------


def test_arrays_are_written_one_by_one_with_the_bytes_that_numpy_writes(tmp_path):
    arrays = {
        "a/b": np.arange(7.0),
        "texts": np.array(["one", "three"]),
        "none": np.zeros((0, 3), np.uint8),
        "n": np.array([]),
    }
    with scoring._archive(tmp_path / "x.npz") as keep:
        for name, values in arrays.items():
            keep(name, values)
        assert not (tmp_path / "x.npz").exists()
    np.savez_compressed(held := io.BytesIO(), **arrays)
    assert (tmp_path / "x.npz").read_bytes() == held.getvalue()


@pytest.mark.parametrize("images", ["model", "real", "degraded", "noise", "shuffled"])
def test_no_more_images_are_numbers_at_a_time_than_a_chunk_holds(birds, words, tmp_path, monkeypatch, images):
    held = []
    monkeypatch.setattr(conditions, "CHUNK", 3)
    monkeypatch.setattr(scoring, "to_bytes", lambda part: held.append(len(part)) or conditions.to_bytes(part))
    evaluation = asked(images=images)
    _, samples, _ = drawn(birds, words, tmp_path, {"r": evaluation})
    whole = conditions.pictures(evaluation, Painter(), conditions.conditions_of(evaluation, birds), birds, 0)
    assert held == [3, 1] and np.array_equal(samples[f"test-{images}-4"], conditions.to_bytes(whole))
    monkeypatch.setattr(conditions, "CHUNK", 256)
    at_once = conditions.pictures(evaluation, Painter(), conditions.conditions_of(evaluation, birds), birds, 0)
    assert torch.equal(at_once, whole)


def test_blocks_are_kept_of_all_items_alone():
    subset = {"value": 50.0, "per_item": np.array([0.0, 1.0])}
    assert scores._numbers(subset, 2)["per_block"] == [0, 100]
    assert "per_block" not in scores._numbers(subset, 3), "items of a subset stand beside none of another run's"
    assert "per_block" not in scores._numbers({**subset, "value": 51.0}, 2), "not the items' mean"
    many = scores._numbers({"value": 499.5, "per_item": np.arange(1000.0)}, 1000)["per_block"]
    assert len(many) == scores.BLOCKS and many[0] == 4.5
