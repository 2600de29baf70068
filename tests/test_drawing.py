"""Images that are drawn step by step: asked for in a sheet, kept beside the samples, shown in stages and in motion."""

from __future__ import annotations

import base64
import copy
import io

import numpy as np
import pytest
import torch
from PIL import Image
from raw_trees import write_cub
from small_sets import prepared
from torch import nn

from redraw import scoring
from redraw.core import RedrawError
from redraw.recipe import About, Recipe
from redraw.report import animation, compare, drawings, marked, tables
from redraw.report.figures import figure
from redraw.resolve import sized
from redraw.sheets import check, read_sheets

SIDE, STEPS = 20, 12
ASKED = {"captions": "none", "images": "model", "n": 3, "drawing": True}


class AtOnce(Recipe):
    """White images."""

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))

    def sample(self, conditions, seed):
        return torch.ones(len(conditions["class_id"]), 3, SIDE, SIDE)


class StepByStep(AtOnce):
    """From black to white."""

    def drawing(self, conditions, seed):
        assert not self.training and seed == 0
        grey = torch.linspace(-1, 1, STEPS).view(1, STEPS, 1, 1, 1)
        return grey.expand(len(conditions["class_id"]), -1, 3, SIDE, SIDE)


class Named(StepByStep):
    """Of two kinds, by turns."""

    labels = {"drawing": ("dawn", "dusk")}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)


@pytest.fixture(scope="module")
def drawn(birds, tmp_path_factory):
    home = tmp_path_factory.mktemp("drawn")
    plain = {k: v for k, v in ASKED.items() if k != "drawing"} | {"n": 1}
    scoring.draw((StepByStep(), {}), {}, birds, {"steps": ASKED, "plain": plain}, 0, home)
    return home / "samples.npz"


def made(path) -> dict:
    """The figure of a run whose samples are ``path``."""
    spec = {"id": "figure-1", "title": "Steps", "at": "figure 1", "kind": "drawing", "run": "x", "evaluation": "steps"}
    scores = {"p/x.s0": {"drawing": {"steps": tables.SHOWN["drawing"](path, ASKED)}}}
    return figure(spec, scores, lambda run: ["p/x.s0"], "not run")


def opened_picture(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def test_steps_are_kept_beside_the_samples_that_ask_for_them(drawn):
    with np.load(drawn) as stored:
        kept = [name for name in stored.files if name.endswith("/drawing")]
        assert kept == ["none-model-3/drawing"] and "none-model-1" in stored.files
        steps, image = stored[kept[0]], stored["none-model-3"]
    assert steps.shape == (3, STEPS, 3, SIDE, SIDE) and steps.dtype == np.uint8
    assert np.array_equal(steps[:, -1], image) and (np.diff(steps[0, :, 0, 0, 0].astype(int)) > 0).all()


def test_the_word_looked_at_most_stands_below_each_stage(tmp_path):
    group, steps = "test-model-2", 3
    alignment = np.zeros((2, steps, 2), np.float32)
    alignment[:, :, 0], alignment[:, :, 1] = 0.75, 0.25
    alignment[1, 2] = [0.1, 0.9]
    np.savez(tmp_path / "samples.npz", **{
        f"{group}/drawing": np.zeros((2, steps, 1, 4, 4), np.uint8), f"{group}/captions": np.array(["red cat", "a dog"]),
        f"{group}/alignment": alignment, f"{group}/words": np.array([["red", "cat"], ["a", "dog"]]),
    })  # fmt: skip
    grid = animation.sequences(tmp_path / "samples.npz", {"captions": "test", "images": "model", "n": 2})
    assert [row["looked"] for row in grid] == [
        [["red", 0.75]] * 3,
        [["a", 0.75], ["a", 0.75], ["dog", pytest.approx(0.9)]],
    ]
    spec = {"id": "f", "title": "Steps", "at": "figure 1", "kind": "drawing", "run": "x", "evaluation": "steps"}
    filled = figure(spec, {"p/x.s0": {"drawing": {"steps": grid}}}, lambda run: ["p/x.s0"], "not run")
    page = drawings.figures({"figures": [filled]})
    assert "dog<br>90 %" in page and page.count("75 %") == 5 and "looked at most" in page


def test_what_has_no_caption_goes_by_the_names_of_its_model_or_by_none(birds, drawn, tmp_path):
    scoring.draw((Named(), {}), {}, birds, {"steps": ASKED}, 0, tmp_path)
    of_names, of_none = made(tmp_path / "samples.npz"), made(drawn)
    assert [row["caption"] for row in of_names["grid"]] == ["dawn", "dusk", "dawn"]
    assert [row["caption"] for row in of_none["grid"]] == ["", "", ""]
    page, bare = (drawings.figures({"figures": [f]}) for f in (of_names, of_none))
    assert '<th scope="row"><span dir="auto">dusk</span></th>' in page and 'alt="step 12: dusk"' in page
    assert "Caption" not in bare and '<th scope="row">' not in bare and 'alt="step 12"' in bare
    assert "12 pictures: “dusk”" not in marked.figure(of_none)
    assert marked.figure(of_names).count("pictures: “dusk”") == 1


def test_pictures_that_nothing_was_asked_of_stand_side_by_side_as_many_as_there_is_room_for(drawn):
    grid = tables.grid(drawn, ASKED)
    assert [(row["caption"], len(row["images"])) for row in grid] == [("", 3)]
    many = {
        "id": "f",
        "title": "Samples",
        "at": "",
        "kind": "samples",
        "grid": [{"caption": "", "images": 9 * grid[0]["images"]}],
    }
    page = drawings.figures({"figures": [many]})
    assert page.count("<img") == 27 and "<table" not in page and 'alt="sample 27"' in page
    assert marked.figure(many).endswith("- 27 pictures\n")
    assert compare.picture(many, side=20).size[1] > 3 * 20 > compare.picture(many | {"grid": grid}, side=20).size[1]


def test_a_recipe_that_draws_at_once_says_so(birds, tmp_path):
    with pytest.raises(RedrawError, match=r"^evaluation, drawing: AtOnce draws at once: ask only runs .+ steps$"):
        scoring.draw((AtOnce(), {}), {}, birds, {"steps": ASKED}, 0, tmp_path)


@pytest.mark.parametrize("change", [{"n": 17}, {"n": 0}, {"images": "real"}, {"metric": "fid"}])
def test_steps_that_nobody_could_look_at_are_refused(change):
    assert sized(ASKED, "smoke", "here") == ASKED
    with pytest.raises(
        RedrawError, match=r"^here: steps of drawing are there to be looked at: give n 1 to 16, images:"
    ):
        sized(ASKED | change, "smoke", "here")


def test_stages_are_spread_evenly_and_end_with_the_image(drawn):
    rows = animation.sequences(drawn, ASKED)
    assert [row["caption"] for row in rows] == [""] * 3
    assert rows[0]["steps"] == [1, 2, 3, 5, 6, 7, 8, 10, 11, 12] and len(rows[0]["images"]) == 10
    last = np.asarray(opened_picture(rows[2]["images"][-1]))
    assert last.shape == (SIDE, SIDE, 3) and (last == 255).all()
    assert animation.spread(3, 10) == [0, 1, 2] and animation.spread(64, 32)[-1] == 63
    assert [("animation" in row) for row in rows] == [True, False, False]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_animation_has_a_frame_a_step_and_all_samples_side_by_side(channels):
    steps = np.zeros((2, 5, channels, 28, 28), np.uint8)
    steps[1] = (50 * np.arange(1, 6, dtype=np.uint8))[:, None, None, None]
    moving = opened_picture(animation.animated(steps))
    assert moving.n_frames == 5 and moving.is_animated and moving.size == (2 * 60, 56)
    assert moving.mode == ("L" if channels == 1 else "RGB")
    for k in range(5):
        moving.seek(k)
        frame = np.asarray(moving.convert("RGB"))
        assert frame[30, 10, 0] == 0 and frame[30, 70, 0] == 50 * (k + 1) and frame[30, 57, 0] == 255
        assert moving.info["duration"] == (animation.REST if k == 4 else animation.MILLISECONDS)
    assert moving.info["loop"] == 0
    assert animation.animated(steps) == animation.animated(steps.copy()), "the same bytes every time"


def test_pages_show_the_stages_and_what_moves_on_demand(drawn, tmp_path):
    f = made(drawn)
    assert f["labels"][0] == "step 1" and len(f["labels"]) == 10 and f["because"] is None
    html = drawings.figures({"figures": [f]})
    assert html.count("<img") == 3 * 10 + 1 and "<summary>In motion</summary>" in html and ">step 12</th>" in html
    assert marked.figure(f).endswith("- 3 rows of 10 pictures\n")
    assert compare.picture(f).height > 3 * 56
    plain = copy.deepcopy(f)
    for row in plain["grid"]:
        row.pop("animation", None)
    assert "In motion" not in drawings.figures({"figures": [plain]})


def test_a_figure_without_steps_says_why():
    spec = {"id": "x", "title": "x", "at": "x", "kind": "drawing", "run": "x", "evaluation": "steps"}
    assert figure(spec, {"p/x.s0": {"drawing": {}}}, lambda run: ["p/x.s0"], "")["because"].endswith(
        "no drawing of this name"
    )


def test_a_sheet_asks_for_steps_and_shows_them_without_columns():
    sheet = read_sheets()["draw"]
    for shown in (f for f in sheet["figures"] if f["kind"] == "drawing"):
        assert shown["evaluation"] in sheet["runs"][shown["run"]]["score"]
        assert sheet["evaluations"][shown["evaluation"]]["drawing"] is True
    wrong = copy.deepcopy(sheet)
    wrong["figures"][0]["columns"] = [{"label": "a", "run": "mnist"}, {"label": "b", "run": "mnist_no_attention"}]
    with pytest.raises(RedrawError, match="figures"):
        check(wrong, "paper.schema.yaml", "draw.yaml")
