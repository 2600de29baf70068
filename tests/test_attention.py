"""Which words a model attends to: asked for in a sheet, kept beside its samples, drawn as strips, shown on every page."""

from __future__ import annotations

import base64
import copy
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from raw_trees import write_cub
from small_sets import prepared
from test_render import HOSTILE, Page
from torch import nn

from redraw import scoring
from redraw.core import RedrawError, digest, write_json
from redraw.data.tokens import tokenize
from redraw.data.words import Tokens
from redraw.recipe import About, Recipe
from redraw.report import attention, compare, html, markdown, tables
from redraw.report.figures import figure
from redraw.resolve import sized
from redraw.sheets import check, read_sheets

SIDE = 20
ASKED = {"captions": "list", "images": "model", "n": 2, "list": ["bird of many colours", "many"], "attention": True}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    opened = prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)
    spec = {"captions": "dataset", "tokenizer": "regexp_ascii", "framed": False, "specials": ["<pad>", "<unk>"]}
    body = tokenize(spec, opened.folder, folder / "words")
    write_json(folder / "words" / "record.json", {**body, "digest": digest(body)})
    opened.tokens = Tokens.open(folder / "words")
    return opened


class Painter(Recipe):
    """Paints captions white."""

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))

    def sample(self, conditions, seed):
        return torch.ones(len(conditions["tokens"]), 3, SIDE, SIDE)


class Attentive(Painter):
    """Attends to a caption's words in proportion to their places, the last most, in two stages; in the first left alone."""

    def attention(self, conditions, seed):
        assert not self.training and seed == 0
        tokens = conditions["tokens"]
        share = torch.arange(1.0, tokens.shape[1] + 1) * (tokens > 0)
        share = (share / share.sum(1, keepdim=True))[..., None, None]
        left = torch.zeros(2, 2)
        left[:, 0] = 1
        alone = torch.zeros_like(share)
        alone[:, 0] = 1
        return {
            "attention.2": share * left + alone * (1 - left),
            "attention.4": share.expand(-1, -1, 4, 4),
        }


@pytest.fixture(scope="module")
def drawn(birds, tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("drawn")
    plain = {k: v for k, v in ASKED.items() if k != "attention"} | {"n": 1}
    scoring.draw((Attentive(), {}), {}, birds, {"maps": ASKED, "plain": plain}, 0, home)
    return home / "samples.npz"


def made(path: Path, asked: dict) -> dict:
    """The figure of a run whose samples are ``path``."""
    spec = {"id": "figure-4", "title": "Words", "at": "figure 4", "kind": "attention", "run": "x", "evaluation": "maps"}
    scores = {"p/x.s0": {"attention": {"maps": tables.SHOWN["attention"](path, asked)}}}
    return figure(spec, scores, lambda run: ["p/x.s0"], "not run")


@pytest.fixture
def page() -> dict:
    return json.loads((Path(__file__).parent / "data" / "render_example.json").read_text())["tables"][0]


def bytes_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB"))


# --- kept -----------------------------------------------------------------------------------------------------------


def test_maps_and_words_are_kept_beside_the_samples_that_ask_for_them(birds, drawn):
    with np.load(drawn) as stored:
        (name,) = {field.split("/")[0] for field in stored.files if "attention" in field}
        maps, words = stored[f"{name}/attention.4"], stored[f"{name}/words"]
        assert name.startswith("list-model-2") and any(field.startswith("list-model-1") for field in stored.files)
    assert maps.dtype == np.uint8 and maps.shape == (2, 4, 4, 4)
    assert maps[0, :, 0, 0].tolist() == [64, 128, 191, 255], "the caption's largest is 255, the others beside it"
    assert maps[1, :, 0, 0].tolist() == [255, 0, 0, 0], "another caption has another largest"
    assert words.tolist() == [["bird", "of", "many", "<unk>"], ["many", "", "", ""]]


def test_a_recipe_without_attention_says_so(birds, tmp_path):
    with pytest.raises(
        RedrawError, match=r"^evaluation, attention: Painter attends to no words: ask only runs .+ does$"
    ):
        scoring.draw((Painter(), {}), {}, birds, {"maps": ASKED}, 0, tmp_path)
    assert not (tmp_path / "samples.npz").exists()


@pytest.mark.parametrize(
    "change", [{"n": 17}, {"n": 0}, {"images": "noise"}, {"metric": "fid"}, {"captions": "none"}, {"n": {"smoke": 17}}]
)
def test_maps_that_nobody_could_look_at_are_refused(change):
    assert sized(ASKED, "smoke", "here") == ASKED and sized(ASKED | {"n": 16}, "smoke", "here")
    with pytest.raises(
        RedrawError, match=r"^here: attention is there to be looked at: give n 1 to 16, captions, images:"
    ):
        sized(ASKED | change, "smoke", "here")


def test_a_sheet_asks_for_maps_and_shows_them_without_columns():
    sheet = read_sheets()["attngan"]
    shown = {f["run"]: f["evaluation"] for f in sheet["figures"] if f["kind"] == "attention"}
    assert shown == {"attngan2": "samples_attention", "coco_attngan2": "samples_attention"}
    for run, evaluation in shown.items():
        assert evaluation in sheet["runs"][run]["score"] and sheet["evaluations"][evaluation]["attention"] is True
    wrong = copy.deepcopy(sheet)
    next(f for f in wrong["figures"] if "columns" in f)["kind"] = "attention"
    with pytest.raises(RedrawError, match="figures"):
        check(wrong, "paper.schema.yaml", "attngan.yaml")


# --- drawn ----------------------------------------------------------------------------------------------------------


def test_the_words_with_the_largest_share_come_first(drawn):
    first, second = attention.strips(drawn, ASKED)
    assert [first["caption"], second["caption"]] == ASKED["list"]
    assert [stage["side"] for stage in first["stages"]] == [2, 4]
    by_stage = [[w["word"] for w in stage["words"]] for stage in first["stages"]]
    assert by_stage == [["bird", "<unk>", "many", "of"], ["<unk>", "many", "of", "bird"]]
    assert [w["share"] for w in first["stages"][1]["words"]] == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=0.002)
    assert [w["word"] for w in second["stages"][0]["words"]] == ["many"], "what is behind the last word is no word"


def test_no_more_than_five_words_and_of_equal_ones_the_earlier():
    maps = np.full((7, 2, 2), 9, np.uint8)
    assert [word for word, *_ in attention.most_attended(maps, list("abcdefg"))] == list("abcde")
    assert not any(shown.any() for *_, shown in attention.most_attended(maps, list("abcdefg"))), "an even share is none"


def test_an_image_is_light_where_its_word_has_more_than_an_even_share(drawn):
    strip = attention.strips(drawn, ASKED)[0]
    assert bytes_of(strip["image"]).shape == (80, 80, 3) and bytes_of(strip["image"]).min() == 255
    bird, unknown = (bytes_of(w["image"]) for w in strip["stages"][0]["words"][:2])
    dark = round(255 * attention.DARK)
    assert bird[0, 0, 0] == dark and bird[0, -1, 0] == 255 and dark < bird[0, 40, 0] < 255
    assert unknown[0, -1, 0] == dark < unknown[0, 0, 0] < 255, "0.4 of the place, where the caption's largest is 1"


def test_samples_without_maps_have_no_strips_and_their_figure_says_so(drawn):
    without = {k: v for k, v in ASKED.items() if k != "attention"} | {"n": 1}
    assert attention.strips(drawn, without) == []
    assert made(drawn, without)["because"] == "not run: p/x.s0 has no attention of this name"


# --- shown ----------------------------------------------------------------------------------------------------------


def test_a_page_shows_each_stage_with_its_words_as_text(page, drawn):
    page["figures"] = [made(drawn, ASKED)]
    parsed = Page(html.paper(page))
    assert len(parsed.all("img")) == 2 + 2 * 4 + 2 * 1
    assert parsed.text.count("2 × 2 places") == parsed.text.count("4 × 4 places") == 2
    source = html.paper(page)
    assert "&lt;unk&gt;</span><br><small>40.0 %</small>" in source and "<unk>" not in source
    assert [row.get("rowspan") for row in parsed.all("th") if "rowspan" in row] == ["2", "2"]
    assert attention.SAYS in parsed.text


@pytest.mark.parametrize("kind", ["script", "attribute", "close", "long"])
def test_hostile_words_stay_text(page, drawn, kind):
    page["figures"] = [made(drawn, ASKED)]
    quiet = Page(html.paper(page))
    page["figures"][0]["grid"][0]["stages"][0]["words"][0]["word"] = HOSTILE[kind]
    loud = Page(html.paper(page))
    assert [t for t, _ in loud.tags] == [t for t, _ in quiet.tags]
    assert HOSTILE[kind][:30] in loud.text
    assert "<script" not in markdown.paper(page)


def test_markdown_lists_the_words(page, drawn):
    page["figures"] = [made(drawn, ASKED)]
    plain = markdown.paper(page)
    assert "4 × 4 places (even 25.0 %): &lt;unk&gt; 40.0 %, many 29.9 %, of 20.1 %, bird 10.0 %\n" in plain
    assert "- “many”: 2 × 2 places (even 100.0 %): many 100.0 %; 4 × 4 places (even 100.0 %): many 100.0 %\n" in plain


def test_a_figure_that_was_not_run_says_why(page, drawn):
    spec = {"id": "figure-4", "title": "Words", "at": "figure 4", "kind": "attention", "run": "x", "evaluation": "maps"}
    page["figures"] = [figure(spec, {}, lambda run: [], "not run: rows: all")]
    assert re.search(r"Words\s*not run: rows: all", Page(html.paper(page)).text)
    assert "not run: rows: all" in markdown.paper(page)


def test_one_picture_has_a_row_for_each_caption_and_stage(drawn):
    shown = made(drawn, ASKED)
    whole = compare.picture(shown)
    rows = attention.flat(shown["grid"])
    assert len(rows) == 4 and rows[1]["caption"] == "bird of many colours (4 x 4 places)"
    assert whole.height == 8 + 4 * (2 * 56 + 24 + 4)
    below = np.asarray(whole.convert("L"))[6 + 112 : 6 + 136]
    assert below.min() < 128, "the words below the maps"
    assert compare.samples({"figures": [shown]}).height == whole.height + 34
