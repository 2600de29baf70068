"""The weight of the report's pages: what is counted, what is timed in a real Chromium, and what was measured last."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from redraw.core import RedrawError
from redraw.report import render

FOLDER = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import page_weight  # noqa: E402

EXAMPLE = Path(__file__).parent / "data" / "render_example.json"


def test_pictures_are_weighed_apart() -> None:
    picture = b"data:image/png;base64," + base64.b64encode(bytes(range(256)) * 4)
    page = b'<p>text</p><img src="' + picture + b'"><img src="' + picture + b'">'
    found = page_weight.weight(page)
    assert found["pictures"] == 2 * len(picture)
    assert found["without_pictures"] == len(page) - 2 * len(picture) == found["bytes"] - found["pictures"]
    assert 0 < found["compressed"] < found["bytes"]


def test_what_was_measured_last_stays_below_the_limits_and_is_what_its_page_says() -> None:
    found = json.loads((FOLDER / "page_weight.json").read_text())
    assert found["over"] == [] and found["slower"] == 4 and found["width"] <= 400
    assert found["pages"][0]["page"] == "index.html" and len(found["pages"]) > 5
    for row in found["pages"]:
        assert row["without_pictures"] <= found["limits"]["without_pictures"]
        assert row["first_table_ms"] <= found["limits"]["first_table_ms"]
    assert page_weight.page(found) == (FOLDER / "page_weight.md").read_text()


@pytest.mark.browser
def test_pages_are_weighed_and_timed(chromium: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = json.loads(EXAMPLE.read_text())
    for table in example["tables"]:
        render.write_paper(table, tmp_path)
    render.write_index(example["tables"], None, tmp_path)
    monkeypatch.setattr(page_weight, "LIMITS", {"without_pictures": (tmp_path / "ved.html").stat().st_size // 2})
    found = page_weight.measured(tmp_path, 1, chromium)
    assert [row["page"] for row in found["pages"]] == ["index.html", "attngan.html", "ved.html"]
    for row in found["pages"]:
        assert all(row[key] > 0 for key in ("first_paint_ms", "first_table_ms", "loaded_ms"))
        assert row["bytes"] == (tmp_path / row["page"]).stat().st_size
    assert "ved.html" in found["over"] and found["scale"] == example["tables"][0]["scale"]


@pytest.mark.browser
def test_a_page_without_a_table_is_said(chromium: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<main><p>nothing</p></main>")
    with pytest.raises(RedrawError, match=r"index\.html: shows no table"):
        page_weight.measured(tmp_path, 1, chromium)


def test_a_folder_without_pages_is_said(tmp_path: Path) -> None:
    with pytest.raises(RedrawError, match="no pages: run `make tables SCALE="):
        page_weight.measured(tmp_path, 1, "chromium")
