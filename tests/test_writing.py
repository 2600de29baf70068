"""Captions that a captioner writes: of its own data, of what another model drew, and where it looked; kept, scored, shown."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from raw_trees import write_cub
from small_sets import in_words, prepared
from torch import nn

from redraw import graph, models, plan, resolve, scores, scoring
from redraw.conditions import conditions_of, from_bytes
from redraw.core import RedrawError, write_json
from redraw.recipe import About, Recipe
from redraw.report import compare, drawings, marked, tables
from redraw.report.figures import figure

SIDE, SEEN = 20, 12
BLEU = {"metric": "bleu", "captions": "test", "images": "real", "n": 4, "options": {"beam": 2}}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)


@pytest.fixture(scope="module")
def words(birds, tmp_path_factory):
    return in_words(birds, tmp_path_factory.mktemp("words"))


class Painter(Recipe):
    """Draws captions in greys of their own."""

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.brush = nn.Parameter(torch.zeros(1))

    def sample(self, conditions, seed):
        return (conditions["tokens"].sum(1) % 11 / 5 - 1)[:, None, None, None].expand(-1, 3, SIDE, SIDE)


class Namer(Recipe):
    """Writes one of its words for an image, by its brightness, and ``beam`` times; sees SEEN pixels a side."""

    def __init__(self, words: int) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))
        self.words = words

    def view(self, image):
        return image[..., :SEEN, :SEEN]

    def chosen(self, image):
        assert image.shape[1:] == (3, SEEN, SEEN)
        return 4 + ((image.mean((1, 2, 3)) + 1) / 2 * (self.words - 5)).round().long()

    def write(self, batch, beam=1):
        rows = self.chosen(batch["image"])[:, None].repeat(1, beam)
        return torch.cat([rows, torch.full((len(rows), 1), 2), torch.zeros(len(rows), 2, dtype=torch.long)], 1)

    def looking(self, batch):
        tokens = self.write(batch, 2)
        maps = torch.zeros(*tokens.shape, 3, 3)
        maps[:, 0, 0, 0], maps[:, 1] = 1, 1 / 9
        return tokens, maps


def drawn(birds, words, home, evaluations, recipe=None, snapshots=None):
    """(items, samples) of one drawing; the captioner is an instrument, or the run itself where it is the recipe."""
    namer = Namer(len(words.vocabulary))
    instruments = {"captioner": models.Instrument(namer, "p/namer.s0", "ww", "", words)}
    instruments["self"] = models.Instrument(recipe or Painter(), "p/x.s0", "", "")
    opened = birds if recipe is None else type(birds)(birds.folder, birds.manifest, words)
    scoring.draw((recipe or Painter(), snapshots or {}), instruments, opened, evaluations, 0, home)
    return tuple(dict(np.load(home / f"{name}.npz").items()) for name in ("items", "samples"))


def named(words, images):
    namer = Namer(len(words.vocabulary))
    seen = torch.nn.functional.interpolate(from_bytes(images), (SEEN, SEEN), mode="bilinear", antialias=True)
    return [words.vocabulary[i] for i in namer.chosen(seen)]


def scored(home, evaluations, weights="own"):
    write_json(home / "manifest.json", {"weights": weights, "config": {}, "data": "d"})
    write_json(home / "curves.json", {})
    write_json(home / "captioner.json", {"weights": "ww"})
    spec = {"run": "p/x.s0", "scale": "smoke", "seed": 0, "dataset": "birds", "evaluations": evaluations}
    return scores.score(home, spec | {"instruments": {"captioner": home / "captioner.json"}})


# --- kept -------------------------------------------------------------------------------------------------------


def test_captions_of_real_images_stand_beside_all_that_people_wrote(birds, words, tmp_path):
    asked = {"bleu": {**BLEU, "instrument": "captioner"}}
    items, samples = drawn(birds, words, tmp_path, asked)
    place = "test-real-4/captioner.eval.2beam/written"
    one = named(words, samples["test-real-4"])
    assert items[place].tolist() == [f"{word} {word}" for word in one], "neither the end nor the padding"
    image = conditions_of(asked["bleu"], birds).image
    for row, i in zip(items["test-real-4/references"].tolist(), image, strict=True):
        assert [text for text in row if text] == birds.captions(i)
    assert all(
        own in row for own, row in zip(items["test-real-4/captions"], items["test-real-4/references"], strict=True)
    )


def test_what_a_model_drew_is_brought_to_the_captioners_size(birds, words, tmp_path):
    items, samples = drawn(birds, words, tmp_path, {"back": {**BLEU, "images": "model", "instrument": "captioner"}})
    written = items["test-model-4/captioner.eval.2beam/written"].tolist()
    assert written == [f"{word} {word}" for word in named(words, samples["test-model-4"])]
    assert len(set(written)) > 1, "greys of their own"


def test_a_captioners_own_run_writes_in_its_own_words_and_no_key_names_its_weights(birds, words, tmp_path):
    asked = {"own": {**BLEU, "instrument": "self", "options": {}}}
    items, samples = drawn(birds, words, tmp_path, asked, Namer(len(words.vocabulary)))
    assert items["test-real-4/self.eval/written"].tolist() == named_own(words, samples)
    keys = [scored(tmp_path, asked, weights)["metrics"]["own"]["protocol_key"] for weights in ("own", "others")]
    assert keys[0] == keys[1], "two captioners are compared, each by itself"
    other = {"own": {**BLEU, "instrument": "self", "options": {"beam": 2}}}
    drawn(birds, words, tmp_path, other, Namer(len(words.vocabulary)))
    assert scored(tmp_path, other)["metrics"]["own"]["protocol_key"] != keys[0], "another beam"


def named_own(words, samples):
    namer = Namer(len(words.vocabulary))
    return [words.vocabulary[i] for i in namer.chosen(from_bytes(samples["test-real-4"]))]


def test_images_of_others_are_real_and_another_captions(birds, words, tmp_path):
    asked = {name: {**BLEU, "images": name, "instrument": "captioner"} for name in ("real", "others")}
    items, samples = drawn(birds, words, tmp_path, asked)
    real, others = samples["test-real-4"], samples["test-others-4"]
    assert not np.array_equal(real, others)
    assert sorted(image.tobytes() for image in real) == sorted(image.tobytes() for image in others)
    assert np.array_equal(items["test-real-4/references"], items["test-others-4/references"])


def test_captions_are_followed_over_snapshots(birds, words, tmp_path):
    asked = {"back": {**BLEU, "images": "model", "instrument": "captioner", "snapshots": True}}
    painter = Painter()
    items, _ = drawn(birds, words, tmp_path, asked, None, {3: painter.state_dict()})
    place = "test-model-4/captioner.eval.2beam/written"
    assert items[f"{place}@3"].tolist() == items[place].tolist()


def test_people_and_others_need_no_captioner(birds, words, tmp_path):
    asked = {who: {**BLEU, "options": {"by": who}} for who in ("person", "other")}
    items, _ = drawn(birds, words, tmp_path, asked)
    assert not [name for name in items if "written" in name]
    assert {name: m["n"] for name, m in scored(tmp_path, asked)["metrics"].items() if "/" not in name} == {
        "person": 4,
        "other": 4,
    }


def test_who_writes_nothing_says_so(birds, words, tmp_path):
    with pytest.raises(
        RedrawError, match=r"^evaluation: Painter of p/x\.s0 writes no captions: name a run of a captioner$"
    ):
        drawn(birds, words, tmp_path, {"bleu": {**BLEU, "instrument": "self"}})
    with pytest.raises(
        RedrawError, match=r"^evaluation, attention: Painter attends to no places of real images: ask only"
    ):
        drawn(birds, words, tmp_path, {"maps": {"captions": "test", "images": "real", "n": 2, "attention": True}})


def test_captions_of_a_list_have_no_references(birds, words, tmp_path):
    asked = {**BLEU, "captions": "list", "images": "model", "list": ["many"], "instrument": "captioner"}
    with pytest.raises(RedrawError, match=r"^evaluation: captions that belong to no image have no references: ask for"):
        drawn(birds, words, tmp_path, {"bleu": asked})


# --- asked for --------------------------------------------------------------------------------------------------


def test_a_captioner_of_samples_is_an_instrument_and_the_beam_decides_what_is_drawn():
    assert plan._roles({"captioned": "captioner", "instrument": "self"}) == ["captioner"]
    kept = graph._drawn(
        {**BLEU, "captioned": "captioner", "kind": "own", "options": {"beam": 2, "brevity_penalty": True}}
    )
    assert kept == {**BLEU, "captioned": "captioner"}


def test_maps_of_real_images_may_be_asked_for_and_of_controls_not():
    real = {"captions": "test", "images": "real", "n": 2, "attention": True}
    assert resolve.sized(real, "smoke", "here") == real
    with pytest.raises(RedrawError, match="images: model"):
        resolve.sized({**real, "images": "noise"}, "smoke", "here")


# --- shown ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(birds, words, tmp_path_factory):
    """A table with a figure of where a captioner looked, and one of samples with what it writes of them."""
    home = tmp_path_factory.mktemp("shown")
    maps = {"captions": "test", "images": "real", "n": 2, "attention": True}
    drawn(birds, words, home, {"maps": maps}, Namer(len(words.vocabulary)))
    looking = tables.SHOWN["looking"](home / "samples.npz", maps)
    typed = {"captions": "list", "images": "model", "n": 2, "list": ["bird", "many birds"], "captioned": "captioner"}
    drawn(birds, words, home, {"typed": typed})
    samples = tables.SHOWN["samples"](home / "samples.npz", typed)
    scores = {"p/x.s0": {"looking": {"maps": looking}, "samples": {"typed": samples}, "curves": {}}}
    about = {"at": "figure 2", "run": "x"}
    asked = [
        {**about, "id": "looking", "title": "Looking", "kind": "looking", "evaluation": "maps"},
        {**about, "id": "written", "title": "Written", "kind": "samples", "evaluation": "typed",
         "quoted": {"label": "Somebody's <program>", "texts": {"bird": "I think it's a bus."}}},
        {**about, "id": "both", "title": "Both", "kind": "samples", "evaluation": "typed",
         "columns": [{"label": "one", "run": "x"}, {"label": "two", "run": "x"}]},
    ]  # fmt: skip
    return [figure(f, scores, lambda run: ["p/x.s0"], "") for f in asked]


def pixels(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB"))


def test_each_word_is_shown_where_it_was_looked_for(shown):
    looking = shown[0]
    assert looking["labels"] == ["image", "word 1", "word 2"] and looking["because"] is None
    for row in looking["grid"]:
        whole, first, second = map(pixels, row["images"])
        assert row["said"][0] == "" and row["said"][1] == row["said"][2]
        half = len(whole) // 2
        assert (first[-4:, -4:] < 0.2 * whole[-4:, -4:] + 2).all(), "dark where the first word was not looked for"
        assert (first[:2, :2] >= 0.9 * whole[:2, :2] - 2).all()
        assert np.abs(second.astype(int) - whole)[half].max() <= 2, "evenly attended: as light as the image"


def test_what_is_written_stands_under_each_picture(shown):
    _, written, both = shown
    assert [row["caption"] for row in written["grid"]] == ["bird", "many birds"]
    assert [len(row["said"]) for row in written["grid"]] == [1, 1]
    assert [row["said"] for row in both["grid"]] == [2 * row["said"] for row in written["grid"]]
    page = drawings.figures({"figures": shown})
    said = written["grid"][0]["said"][0]
    assert f'<small dir="auto">{said}</small>' in page and "I think it&#x27;s a bus." in page
    assert "Somebody&#x27;s &lt;program&gt;" in page and 'class="samples said"' in page
    text = "\n".join(marked.figure(f) for f in shown)
    assert f"written: “{said}”" in text and "“I think it's a bus.”" in text
    wide, narrow = (compare.picture(f).size for f in shown[:2])
    assert wide[0] > narrow[0] and wide[1] > narrow[1], "a word below each map"
