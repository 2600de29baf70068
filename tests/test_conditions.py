"""What a model is asked for, which pictures answer, what the instruments' arrays hold and what is made of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from raw_trees import COLOURS, write_cub
from small_sets import prepared
from torch import nn

from redraw import models, scores, scoring
from redraw.conditions import conditions_of, from_bytes, pictures, real_images, to_bytes
from redraw.core import RedrawError, digest, write_json
from redraw.instruments.trunk import middle
from redraw.metrics.frechet import frechet_distance
from redraw.recipe import About, Recipe
from redraw.resolve import sized

SIDE, CROP = 20, 16
TYPED = ["a red bird with black wings", "a blue bird with white wings"]


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """Twelve pictures: 2, 5, 8, 11 are the test species', every picture has ten captions of its own."""
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)


class Painter(Recipe):
    """Paints each caption in a grey of its own, brighter by ``brush``; real images are cut to its size."""

    def __init__(self, brush: float = 0.0) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.brush = nn.Parameter(torch.tensor(brush))
        self.asked: list[tuple[dict, int]] = []

    def view(self, image):
        return image[..., 2 : 2 + CROP, 2 : 2 + CROP]

    def sample(self, conditions, seed):
        self.asked.append((conditions, seed))
        assert not self.training
        grey = shade(conditions["tokens"]) + self.brush.detach()
        return grey[:, None, None, None].expand(-1, 3, CROP, CROP).clone()


def shade(tokens):
    """A number in [-0.9, 0.1) for a row of tokens [N, T]; two captions of this data set have two."""
    places = torch.arange(1, tokens.shape[1] + 1)
    return (tokens * places**2).sum(1).remainder(997).float() / 997 - 0.9


class Framer(Painter):
    """A painter that asks for the box of the bird, too."""

    asks = ("box",)


class Judge(Recipe):
    """Column k of the logits is the share of pixels in the colour of class LABELS[k]; the features tremble in training.

    It views real images whole and reads the middle of whatever it is given.
    """

    LABELS = (2, 0, 1)

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))
        self.labels = {"logits": tuple(map(str, self.LABELS))}
        self.sizes: list[tuple[int, ...]] = []
        self.fields: set[str] = set()

    def encode(self, batch):
        self.sizes.append(tuple(batch["image"].shape))
        self.fields |= set(batch)
        image = middle(batch["image"], CROP)
        colours = torch.tensor([COLOURS[c] for c in self.LABELS]) / 127.5 - 1
        logits = torch.stack([((image - c[:, None, None]).abs().sum(1) < 0.4).float().mean((1, 2)) for c in colours], 1)
        features = torch.cat([image.mean((2, 3)), image.std((2, 3))], 1)
        return {"logits": logits, "features": features + self.training * torch.rand(len(image), 6)}


class Reader(Recipe):
    """Sees a red crown and black wings wherever it looks."""

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))
        self.labels = {"attributes": ("has_wing_color::black", "has_wing_color::white", "has_crown_color::red")}

    def encode(self, batch):
        return {"attributes": torch.tensor([[1.0, 0.0, 0.0]]).expand(len(batch["image"]), 3)}


def asked(captions="test", images="model", n=4, **more):
    return {"captions": captions, "images": images, "n": n, **more}


def shown(evaluation, birds, recipe=None, seed=0):
    return pictures(evaluation, recipe or Painter(), conditions_of(evaluation, birds), birds, seed)


def stored(images):
    """As they are kept: in bytes, which is what instruments read."""
    return from_bytes(to_bytes(images))


# --- captions of a split ----------------------------------------------------------------------------------------


def test_captions_of_a_split_ask_for_each_of_its_images_once(birds):
    found = conditions_of(asked(n=4), birds)
    assert found.image.tolist() == [2, 5, 8, 11] and found.class_id.tolist() == [2] * 4 and len(found) == 4


@pytest.mark.parametrize(
    ("captions", "n", "image"),
    [
        ("test", 2, [2, 8]),
        ("train", 4, [0, 3, 6, 9]),
        ("train", 3, [0, 3, 7]),
        ("test", 6, [2, 5, 8, 11, 2, 5]),
        ("test", 0, [2, 5, 8, 11]),
        ("test_own_test", 2, [5, 11]),
    ],
)
def test_captions_are_spread_evenly_and_go_round_where_more_are_wanted(birds, captions, n, image):
    found = conditions_of(asked(captions, n=n), birds)
    assert found.image.tolist() == image and found.class_id.tolist() == birds.class_ids[image].tolist()


def test_the_caption_is_one_of_its_image_as_text_and_as_tokens(birds):
    found = conditions_of(asked("train", n=40), birds)
    for row, image in enumerate(found.image):
        assert found.captions[row] in birds.captions(image)
        assert birds.tokens.decode(found.tokens[row]) == found.captions[row]
        assert (found.tokens[row] > 0).sum() == found.n_words[row] == len(found.captions[row])
    assert len({caption for caption, image in zip(found.captions, found.image, strict=True) if image == 0}) > 1


def test_two_askings_are_the_same_and_images_of_all_kinds_have_the_same_captions(birds):
    first = conditions_of(asked(), birds)
    for images in ("model", "real", "shuffled", "noise", "degraded"):
        again = conditions_of(asked(images=images), birds)
        assert again.captions == first.captions and np.array_equal(again.tokens, first.tokens)


@pytest.mark.parametrize(("images", "n"), [("real", 4), ("degraded", 4), ("model", 9), ("shuffled", 9), ("noise", 9)])
def test_real_pictures_are_shown_once_each(birds, images, n):
    found = conditions_of(asked(images=images, n=9), birds)
    assert len(found) == n and len(shown(asked(images=images, n=9), birds)) == n


def test_captions_that_there_are_not(birds):
    with pytest.raises(RedrawError, match=r"no captions 'tests': known: trained$"):
        conditions_of(asked("tests"), birds)
    with pytest.raises(RedrawError, match="captions 'trained' belong to images, not to classes: ask by image"):
        conditions_of(asked("trained"), birds)


# --- other captions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "n", "image"),
    [("test", 0, [2, 5, 8, 11]), ("test", 2, [2, 8]), ("test", 99, [2, 5, 8, 11]), ("train", 4, [0, 3, 6, 9])],
)
def test_no_captions_but_the_images_of_a_split(birds, images, n, image):
    found = conditions_of(asked("none", images, n), birds)
    assert found.image.tolist() == image and found.class_id.tolist() == birds.class_ids[image].tolist()
    assert found.captions == [] and not found.tokens.any() and not found.n_words.any()
    assert torch.equal(shown(asked("none", images, n), birds), real_images(Painter(), birds, np.array(image)))


def test_a_list_gives_every_caption_as_many_samples(birds):
    found = conditions_of(asked("list", n=5, list=TYPED), birds)
    assert found.captions == [TYPED[0]] * 3 + [TYPED[1]] * 2
    assert [birds.tokens.decode(row) for row in found.tokens] == found.captions
    assert found.class_id.tolist() == found.image.tolist() == [-1] * 5


def test_interpolation_goes_from_one_caption_to_the_other_with_one_noise(birds):
    rows = ["a red bird -> a blue bird with white wings", "a long grey bird -> a bird"]
    found = conditions_of(asked("interpolated", n=8, list=rows), birds)
    for row, (first, last) in enumerate(text.split(" -> ") for text in rows):
        here = slice(4 * row, 4 * row + 4)
        assert found.captions[here] == [rows[row]] * 4
        for name, end in (("tokens", first), ("tokens_to", last)):
            plain, n_words = birds.tokens.encode_texts([end])
            ends = (found.tokens if name == "tokens" else found.extra[name])[here]
            assert all(np.array_equal(e[: plain.shape[1]], plain[0]) and not e[plain.shape[1] :].any() for e in ends)
            assert name == "tokens_to" or found.n_words[here].tolist() == n_words.tolist() * 4
        np.testing.assert_allclose(found.extra["mix"][here], [0, 1 / 3, 2 / 3, 1], atol=1e-6)
        assert found.extra["noise_group"][here].tolist() == [row] * 4
    assert found.extra["mix"].dtype == np.float32 and found.tokens.shape == found.extra["tokens_to"].shape


@pytest.mark.parametrize("row", ["a red bird", "a bird -> a red bird -> a blue bird", "a bird->a red bird"])
def test_an_interpolation_has_two_ends(birds, row):
    with pytest.raises(RedrawError) as fault:
        conditions_of(asked("interpolated", list=["a bird -> a red bird", row]), birds)
    assert str(fault.value) == f"evaluation, list: {row!r}: interpolated captions read 'one -> another'"


def test_every_caption_is_drawn_in_the_same_styles(birds):
    evaluation = asked("styled", n=4, list=TYPED)
    found = conditions_of(evaluation, birds)
    assert found.captions == [TYPED[0]] * 2 + [TYPED[1]] * 2 and found.extra["style"].tolist() == [2, 8, 2, 8]
    shown(evaluation, birds, painter := Painter())
    ((batch, _),) = painter.asked
    assert torch.equal(batch["style"], real_images(painter, birds, np.array([2, 8, 2, 8])))
    assert batch["style"].shape == (4, 3, CROP, CROP)


def test_models_are_asked_for_tokens_classes_and_what_else_the_conditions_have(birds):
    shown(asked("interpolated", n=4, list=["a bird -> a red bird"]), birds, painter := Painter())
    ((batch, _),) = painter.asked
    assert set(batch) == {"class_id", "tokens", "n_words", "tokens_to", "mix", "noise_group"}
    assert batch["mix"].dtype == torch.float32
    assert {batch[k].dtype for k in batch if k != "mix"} == {torch.int64}


# --- pictures ---------------------------------------------------------------------------------------------------


def test_the_models_images_come_in_the_order_of_the_captions(birds):
    evaluation = asked("train", n=600)
    conditions = conditions_of(evaluation, birds)
    images = pictures(evaluation, painter := Painter(), conditions, birds, 7)
    torch.testing.assert_close(images[:, 0, 0, 0], shade(torch.from_numpy(conditions.tokens)))
    assert [seed for _, seed in painter.asked] == [700021, 700022, 700023], "one noise for each of three chunks"
    assert [len(batch["tokens"]) for batch, _ in painter.asked] == [256, 256, 88]


def test_one_noise_a_row_however_many_images_a_row_has(birds):
    rows = ["a bird -> a red bird", "a bird -> a blue bird"]
    shown(asked("interpolated", n=600, list=rows), birds, painter := Painter(), seed=7)
    assert [seed for _, seed in painter.asked] == [700021] * 3
    groups = [batch["noise_group"] for batch, _ in painter.asked]
    assert torch.equal(torch.cat(groups), torch.arange(2).repeat_interleave(300))


def test_shuffled_images_were_drawn_for_other_rows_of_the_same_captions(birds):
    evaluation = asked("train", "shuffled", n=200)
    conditions = conditions_of(evaluation, birds)
    own = shade(torch.from_numpy(conditions.tokens))
    images = shown(evaluation, birds)[:, 0, 0, 0]
    torch.testing.assert_close(images.sort().values, own.sort().values)
    assert (images != own).float().mean() > 0.8
    assert torch.equal(images, shown(evaluation, birds)[:, 0, 0, 0])


def test_taken_rows_keep_the_captions_where_they_are(birds):
    found = conditions_of(asked("interpolated", n=4, list=["a bird -> a red bird", "a bird -> a tern"]), birds)
    rows = np.array([3, 0, 1, 2])
    taken = found.take(rows)
    assert taken.captions == found.captions
    assert all(np.array_equal(taken.extra[k], found.extra[k][rows]) for k in found.extra)
    assert np.array_equal(taken.tokens, found.tokens[rows]) and np.array_equal(taken.n_words, found.n_words[rows])


def test_real_pictures_are_the_captions_own_as_the_model_sees_them(birds):
    images = shown(asked(images="real"), birds)
    pixels = np.stack([birds.image(i) for i in (2, 5, 8, 11)]).transpose(0, 3, 1, 2)[..., 2:18, 2:18]
    assert images.shape == (4, 3, CROP, CROP) and np.array_equal(to_bytes(images), pixels)


def test_reduced_pictures_keep_the_layout_and_lose_the_rest(birds):
    real, reduced = (shown(asked(images=images), birds) for images in ("real", "degraded"))
    distance, others = (reduced - real).abs().mean(), (real.roll(1, 0) - real).abs().mean()
    assert reduced.shape == real.shape and 0.02 < distance < others
    sharp, soft = ((x[..., 1:] - x[..., :-1]).abs().amax((1, 2, 3)) for x in (real, reduced))
    assert (soft < 0.7 * sharp).all()


def test_noise_has_the_shape_of_the_models_images(birds):
    noise = shown(asked(images="noise", n=30), birds)
    assert noise.shape == (30, 3, CROP, CROP) and noise.dtype == torch.float32
    assert noise.abs().max() <= 1 and abs(noise.mean()) < 0.02 and abs(noise.std() - 3**-0.5) < 0.02
    assert torch.equal(noise, shown(asked(images="noise", n=30), birds, seed=5))


def test_unknown_images_are_refused_with_the_nearest(birds):
    with pytest.raises(RedrawError, match="^evaluation, images 'shufled': did you mean \"shuffled\"\\?$"):
        shown(asked(images="shufled"), birds)


def test_bytes_survive_the_way_to_images_and_back():
    every = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    assert np.array_equal(to_bytes(from_bytes(every)), every)
    assert to_bytes(torch.tensor([[[[-1.5, 1.5]]]])).ravel().tolist() == [0, 255]


# --- what the instruments read ----------------------------------------------------------------------------------

SPECIES = {"metric": "accuracy", "instrument": "judge"}
DISTANCE = {"metric": "frechet_distance", "instrument": "judge", "reference": "test"}
EVALUATIONS = {
    "species": {**asked(), **SPECIES},
    "species_real": {**asked(images="real"), **SPECIES},
    "species_test": {**asked("none", "test", 0), **SPECIES},
    "distance_real": {**asked(images="real"), **DISTANCE},
    "distance_half": {**asked(images="real"), **DISTANCE, "reference": "test_own_test"},
    "distance": {**asked(), **DISTANCE},
    "distance_live": {**asked(), **DISTANCE, "instrument_mode": "train"},
    "consistency": {**asked("list", n=4, list=TYPED), "metric": "attribute_consistency", "instrument": "reader"},
    "score_train": {**asked("none", "train", 8), "metric": "inception_score", "instrument": "judge", "options": {"folds": 2}},
    "looked_at": asked(),
}  # fmt: skip
LISTED = f"list-model-4-{digest(TYPED)[:8]}"


class Read(NamedTuple):
    """All that a drawing leaves behind."""

    items: dict
    samples: dict
    judge: Judge
    painter: Painter
    folder: object


@pytest.fixture(scope="module")
def drawn(birds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    painter, judge = Painter(), Judge()
    eyes = {"judge": judge, "reader": Reader()}
    instruments = {role: models.Instrument(network, f"p/{role}.s0", "", "") for role, network in eyes.items()}
    scoring.draw((painter, {}), instruments, birds, EVALUATIONS, 3, folder)
    for name, weights in (("judge", "jj"), ("reader", "rr")):
        write_json(folder / f"{name}.json", {"weights": weights})
    write_json(folder / "manifest.json", {"weights": "own", "config": {}, "data": "dd"})
    write_json(folder / "curves.json", {"train/loss": {"x": [1], "y": [2.0]}})
    loaded = [dict(np.load(folder / f"{name}.npz").items()) for name in ("items", "samples")]
    return Read(*loaded, judge, painter, folder)


def test_evaluations_of_the_same_images_share_one_draw(drawn):
    groups = {name.removesuffix("/captions") for name in drawn.samples}
    assert groups == {"test-model-4", "test-real-4", "none-test-0", "none-train-8", LISTED}
    assert len(drawn.painter.asked) == 2 and {seed for _, seed in drawn.painter.asked} == {300009}


def test_samples_are_bytes_with_their_captions(birds, drawn):
    assert drawn.samples["test-real-4"].dtype == np.uint8
    assert np.array_equal(drawn.samples["test-real-4"], to_bytes(shown(asked(images="real"), birds)))
    assert drawn.samples["test-model-4/captions"].tolist() == conditions_of(asked(), birds).captions
    assert len(drawn.samples["none-test-0/captions"]) == 0


def test_the_styles_are_kept_once_beside_what_was_drawn_in_them(birds, tmp_path):
    scoring.draw((Painter(), {}), {}, birds, {"s": asked("styled", n=4, list=TYPED)}, 0, tmp_path)
    with np.load(tmp_path / "samples.npz") as found:
        (name,) = (n.removesuffix("/style") for n in found if n.endswith("/style"))
        assert np.array_equal(found[f"{name}/style"], to_bytes(real_images(Painter(), birds, np.array([2, 8]))))
        assert len(found[name]) == 4


def test_items_are_what_the_docstring_names(drawn):
    places = {
        "test-model-4": {
            "class_id", "n_words", "captions", "judge.eval/logits", "judge.eval/logits_labels", "judge.eval/features",
            "judge.train/features",
        },
        "test-real-4": {
            "class_id", "n_words", "captions", "judge.eval/logits", "judge.eval/logits_labels", "judge.eval/features",
        },
        "none-test-0": {"class_id", "n_words", "judge.eval/logits", "judge.eval/logits_labels"},
        "none-train-8": {"class_id", "n_words", "judge.eval/logits", "judge.eval/logits_labels"},
        LISTED: {"class_id", "n_words", "captions", "reader.eval/attributes", "reader.eval/attributes_labels"},
        "reference-test": {"judge.eval/features", "judge.train/features"},
        "reference-test_own_test": {"judge.eval/features"},
    }  # fmt: skip
    assert set(drawn.items) == {f"{group}/{name}" for group, names in places.items() for name in names}
    assert drawn.items["test-model-4/class_id"].tolist() == [2] * 4
    assert drawn.items["none-train-8/class_id"].tolist() == [0, 1] * 4
    assert drawn.items[f"{LISTED}/captions"].tolist() == [TYPED[0]] * 2 + [TYPED[1]] * 2
    assert drawn.items["test-model-4/judge.eval/logits"].dtype == np.float32
    assert drawn.items["reference-test/judge.eval/features"].shape == (4, 6)
    assert drawn.items["reference-test_own_test/judge.eval/features"].shape == (2, 6)


def test_reference_images_are_those_of_the_split_as_the_instrument_views_them(birds, drawn):
    read = scoring.read(models.Instrument(Judge(), "", "", ""), "eval", real_images(Judge(), birds, np.array([5, 11])))
    assert np.array_equal(drawn.items["reference-test_own_test/judge.eval/features"], read["features"])
    of_whole_images = [size[0] for size in drawn.judge.sizes if size[-1] == SIDE]
    assert sorted(of_whole_images) == [2, 4, 4], "test in two modes, test_own_test; all others as the model views them"


def test_dropout_lives_in_train_mode_alone(birds, drawn):
    still, live = (drawn.items[f"test-model-4/judge.{mode}/features"] for mode in ("eval", "train"))
    assert (live != still).all() and not drawn.judge.training
    instrument = models.Instrument(Judge(), "", "", "")
    images = stored(shown(asked(), birds))
    assert np.array_equal(scoring.read(instrument, "train", images)["features"], live), "the same for every run"
    assert not instrument.recipe.training


def test_reading_brings_the_names_of_the_columns(birds):
    found = scoring.read(models.Instrument(judge := Judge(), "", "", ""), "eval", torch.zeros(600, 3, 8, 8))
    assert found["logits"].shape == (600, 3) and found["logits_labels"].tolist() == ["2", "0", "1"]
    assert "features_labels" not in found and [s[0] for s in judge.sizes] == [256, 256, 88]


def test_captions_go_to_the_runs_own_reader_alone(birds, tmp_path):
    both = {"judge": models.Instrument(Judge(), "", "", ""), "self": models.Instrument(Judge(), "", "", "")}
    evaluations = {role: {**asked(images="real"), "metric": "accuracy", "instrument": role} for role in both}
    scoring.draw((Painter(), {}), both, birds, evaluations, 0, tmp_path)
    assert both["self"].recipe.fields == {"image", "tokens", "n_words"} and both["judge"].recipe.fields == {"image"}


def test_snapshots_are_read_and_the_last_weights_come_back(birds, tmp_path):
    painter = Painter(0.5)
    snapshots = {9: {"brush": torch.tensor(0.3)}, 5: {"brush": torch.tensor(-2.0)}}
    evaluations = {"species": {**asked(), **SPECIES, "snapshots": True}}
    judge = models.Instrument(Judge(), "", "", "")
    scoring.draw((painter, snapshots), {"judge": judge}, birds, evaluations, 0, tmp_path)
    items = np.load(tmp_path / "items.npz")
    assert items["test-model-4/steps"].tolist() == [5, 9] and painter.brush.item() == 0.5
    for k, brush in enumerate((-2.0, 0.3)):
        read = scoring.read(judge, "eval", stored(shown(asked(), birds, Painter(brush))))
        assert np.array_equal(items[f"test-model-4/judge.eval/logits@{(5, 9)[k]}"], read["logits"])


def test_typed_captions_have_no_real_images(birds):
    evaluation = {**asked(images="real"), "captions": "list", "list": ["this bird is red"]}
    with pytest.raises(RedrawError, match="^evaluation: captions 'list' have no real images: images must be model$"):
        pictures(evaluation, Painter(), conditions_of(evaluation, birds), birds, 0)


# --- scores -----------------------------------------------------------------------------------------------------


def scored(drawn, names=tuple(EVALUATIONS), **changes):
    return scores.score(drawn.folder, {
        "run": "p/x.s3", "scale": "smoke", "seed": 3, "dataset": "birds",
        "instruments": {role: drawn.folder / f"{role}.json" for role in ("judge", "reader")},
        "evaluations": {name: EVALUATIONS[name] | changes for name in names},
    })  # fmt: skip


def test_columns_are_read_by_their_labels(drawn):
    found = scored(drawn)["metrics"]
    assert found["species_real"]["value"] == found["species_test"]["value"] == 100, "column 0 is class 2"
    assert (found["species_real"]["n"], found["species_real"]["unit"]) == (4, "percent")


def test_what_is_only_looked_at_has_no_score(drawn):
    found = scored(drawn)
    assert set(found["metrics"]) == set(EVALUATIONS) - {"looked_at"} and found["confusion"] == {}
    assert found["curves"] == {"train/loss": {"x": [1], "y": [2.0], "x_label": "step", "y_label": "train/loss"}}


def test_a_distance_is_to_its_own_reference_split_in_its_own_mode(drawn):
    found = scored(drawn)["metrics"]
    assert found["distance_real"]["value"] == pytest.approx(0, abs=1e-6), "the test images against themselves"
    assert found["distance_half"]["value"] > 1e-4
    live = {"features": drawn.items["test-model-4/judge.train/features"],
            "reference_features": drawn.items["reference-test/judge.train/features"]}  # fmt: skip
    assert found["distance_live"]["value"] == frechet_distance(live)["value"] != found["distance"]["value"]
    assert found["distance_real"]["better"] == "lower"


def test_envelope_and_parts_land_beside_the_value(drawn):
    found = scored(drawn)["metrics"]
    low, high = found["score_train"]["envelope"]
    assert 1 <= low <= found["score_train"]["value"] <= high and len(found["score_train"]["per_fold"]) == 2
    assert set(found["distance_half"]["parts"]) == {"mean", "covariance"}
    assert sum(found["distance_half"]["parts"].values()) == pytest.approx(found["distance_half"]["value"])
    assert found["consistency"]["parts"] == {"has_wing_color": 50.0} and found["consistency"]["value"] == 50
    assert "envelope" not in found["species"] and "parts" not in found["species"]
    write_json(drawn.folder / "scores.json", scored(drawn))


def test_a_protocol_names_all_but_the_model(drawn):
    found = scored(drawn)["metrics"]
    assert found["species"]["protocol"] == {
        "captions": "test", "images": "model", "n": 4, "metric": "accuracy", "instrument": "judge", "dataset": "birds",
        "data": "dd", "instrument_weights": "jj",
    }  # fmt: skip
    assert found["consistency"]["protocol"]["list"] == f'["{TYPED[0]}","{TYPED[1]}"]'
    assert found["distance_half"]["protocol"]["reference"] == "test_own_test"
    keys = {name: m["protocol_key"] for name, m in found.items()}
    assert len(set(keys.values())) == len(keys)
    same = scored(drawn, ["species"], kind="ceiling", unit="%", better="lower")["metrics"]["species"]
    assert same["protocol_key"] == keys["species"] and (same["kind"], same["unit"]) == ("ceiling", "%")


def test_an_unknown_metric_is_refused_with_the_nearest(drawn):
    with pytest.raises(RedrawError, match="^evaluation species: no metric 'acuracy': did you mean \"accuracy\"\\?$"):
        scored(drawn, ["species"], metric="acuracy")


# --- n by scale -------------------------------------------------------------------------------------------------


def test_n_may_be_given_scale_by_scale():
    evaluation = asked(n={"smoke": 3, "study": 9})
    assert sized(evaluation, "study", "here") == asked(n=9) and evaluation["n"] == {"smoke": 3, "study": 9}
    assert sized(asked(n=5), "paper", "here") == asked(n=5)
    with pytest.raises(RedrawError) as fault:
        sized(evaluation, "paper", "papers/x.yaml, evaluations.y")
    assert str(fault.value) == "papers/x.yaml, evaluations.y: no n for scale paper: give one beside smoke, study"


def test_a_curve_over_snapshots_reads_columns_by_their_labels(birds, tmp_path):
    painter = Painter(0.5)
    snapshots = {5: {"brush": torch.tensor(0.5)}}
    judge = models.Instrument(Judge(), "", "", "")
    evaluations = {"species": {**asked(images="real"), **SPECIES, "metric": "accuracy", "snapshots": True}}
    scoring.draw((painter, snapshots), {"judge": judge}, birds, evaluations, 0, tmp_path)
    write_json(tmp_path / "manifest.json", {"weights": "own", "config": {}, "data": "d"})
    write_json(tmp_path / "curves.json", {})
    write_json(tmp_path / "judge.json", {"weights": "w"})
    spec = {"run": "p/x.s0", "scale": "smoke", "seed": 0, "dataset": "birds", "instruments": {"judge": tmp_path / "judge.json"},
            "evaluations": evaluations}  # fmt: skip
    found = scores.score(tmp_path, spec)
    assert found["curves"]["species"]["y"] == [found["metrics"]["species"]["value"]] == [100.0]
    assert found["metrics"]["species"]["selection"] == "last"
    write_json(tmp_path / "manifest.json", {"weights": "own", "config": {}, "data": "d", "kept": 5})
    kept = scores.score(tmp_path, spec)["metrics"]
    assert kept["species"]["selection"] == "best_on_validation" and kept["species"]["value"] == 100.0
    assert kept["species@best_as_printed"]["selection"] == "best_as_printed"


def evaluation(captions, images="model", n=0, **more):
    return {"captions": captions, "images": images, "n": n, **more}


def test_a_model_that_asks_for_boxes_gets_those_of_the_captions_images(birds):
    painter, e = Framer(), evaluation("test")
    conditions = conditions_of(e, birds)
    pictures(e, painter, conditions, birds, seed=0)
    boxes = torch.cat([c["box"] for c, _ in painter.asked])
    assert torch.equal(boxes, torch.from_numpy(birds.boxes[conditions.image])) and len(boxes) == 4


def test_captions_without_an_image_borrow_the_boxes_of_test_images_in_turn(birds):
    painter, e = Framer(), evaluation("list", n=6, list=TYPED)
    pictures(e, painter, conditions_of(e, birds), birds, seed=0)
    boxes = torch.cat([c["box"] for c, _ in painter.asked])
    assert torch.equal(boxes, torch.from_numpy(birds.boxes[birds.splits["test"][[0, 1, 2, 3, 0, 1]]]))


def test_without_captions_a_model_may_draw_more_images_than_there_are(birds):
    assert len(conditions_of(evaluation("none", n=9), birds)) == 9
    assert len(conditions_of(evaluation("none", "test", n=9), birds)) == 4
    assert len(conditions_of(evaluation("none"), birds)) == 4
