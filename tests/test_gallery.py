"""Every stand-in from its smallest size: made, read by the reader of the real data set, and looked at."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from redraw import names
from redraw.report import front, gallery
from redraw.report.front_text import index
from redraw.sheets import ROOT, read_params

OFFERED = {
    asked: entry["use"] if isinstance(entry["use"], str) else entry["use"]["smoke"]
    for asked, entry in read_params(ROOT / "params.yaml")["datasets"].items()
}
DOCUMENTS = ("yahoo", "yelp")


@pytest.fixture(scope="module")
def shown() -> dict[str, dict]:
    return {a["name"]: a for a in gallery.stand_ins(OFFERED.values())}


def test_every_stand_in_is_offered_for_the_data_set_that_it_is_written_as():
    assert {names.stands_for(use) for use in OFFERED.values()} == {
        names.stands_for(use) for use in names_of_stand_ins()
    }
    for asked, use in OFFERED.items():
        assert names.family(names.stands_for(use)) == names.family(asked)


def names_of_stand_ins() -> list[str]:
    return ["-".join(filter(None, (f, e))) for f, (_, kinds, _) in names.STAND_INS.items() for e in kinds]


@pytest.mark.parametrize("asked", OFFERED)
def test_a_stand_in_is_made_read_and_shown(shown, asked):
    about = shown[OFFERED[asked]]
    assert about["items"] >= 20 and about["text"].endswith(f", for {names.title(names.stands_for(OFFERED[asked]))}")
    if asked in DOCUMENTS:
        assert "src" not in about and len(about["example"]) == 2 and all(len(e.split()) > 15 for e in about["example"])
        return
    picture = Image.open(io.BytesIO(base64.b64decode(about["src"].partition(",")[2])))
    assert 250 <= picture.width <= gallery.WIDTH and 100 <= picture.height <= gallery.HEIGHT + 16
    assert len(picture.convert("RGB").getcolors(1 << 20)) >= 2
    captioned = (
        names.family(asked) in ("cub", "oxford102", "coco", "flickr8k", "flickr30k") or asked == "mnist-captioned"
    )
    assert bool(about["example"]) == captioned


def test_the_front_page_shows_them(shown, tmp_path: Path):
    summary = {"cells": 0, "papers": 0, "counts": {q: {} for q in front.audit.QUESTIONS}, "claims": {}, "stale": []}
    page = front.index([], summary, {"stand_ins": list(shown.values())})
    assert page.count('src="data:image/') == len([a for a in shown.values() if "src" in a]) > 15
    assert '<ul class="gallery">' in page and "<q>" in page
    text = index([], summary, {"stand_ins": list(shown.values())})
    assert "## More stand-ins" in text and all(
        f"| {name.replace('_', '&#95;')}" in text or name in text.replace("\\", "") for name in shown
    )
