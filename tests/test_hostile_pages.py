"""Texts that mean harm, wherever a page shows text from data or sheets, in a real Chromium at the width of a phone."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium_pipe import Browser
from ranked_runs import CAPTIONS, lay_out, planned

from redraw.rater.page import write
from redraw.report import audit, page, render

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).parent / "data" / "render_example.json"
TEXTS = {
    "label", "group", "title", "at", "caption", "says", "because", "what", "released", "changes", "source", "where", "meant",
    "note", "summary", "short", "authors", "venue", "machine", "text", "alt", "x_label", "y_label", "use", "dataset", "metric",
    "printed", "marks", "unit", "confirmed", "printed_source", "row", "cell", "value", "ours", "key",
}  # fmt: skip
HOSTILE = {
    "script": "<script>alert(1);window.hit=1</script>",
    "attribute": '"\'><img src=x onerror="window.hit=1;alert(1)">',
    "close": "</td></table></style></script></section><h1 onclick=alert(1)>no</h1><!--",
    "link": "javascript:alert(1) [x](javascript:alert(1)) &lt;b&gt; &#60;",
    "rtl": "\u202eثلاثة زائد اثنين \u2066\u2067 עברית",
    "long": "word " * 2000,
    "unbroken": "w" * 10_000,
    "emoji": "👩🏽‍🎨🦜" * 40,
    "control": "a\x00b\x08c\x1b[31m\x7f\ud800d\ufeff\u200b\u2028e",
    "stacked": "Z" + "\u0335\u0300\u0489" * 200,
}


def spoilt(value: Any, text: str, key: str = "") -> Any:
    """The same with ``text`` for every text of a page's data that is not a name, a verdict, a picture or a number."""
    if isinstance(value, dict):
        return {k: spoilt(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return [spoilt(v, text, key) for v in value]
    return text if isinstance(value, str) and (key in TEXTS or key in ("silences", "labels", "notes")) else value


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(chromium, tmp_path_factory.mktemp("profile")) as found:
        # an open dialog would answer nothing any more: to ask for one is noted instead
        found.call(
            "Page.addScriptToEvaluateOnNewDocument", source="alert = confirm = prompt = () => { window.hit = 1; }"
        )
        yield found


def made(text: str, folder: Path) -> dict:
    example = json.loads(EXAMPLE.read_text())
    tables = spoilt(example["tables"], text)
    for table in tables:
        for *_, cell in audit.cells(table):
            if isinstance(cell["ours"], str):
                cell["ours"] = None
    for table in tables:
        render.write_paper(table, folder, [(t["paper"]["id"], text) for t in tables])
    findings = {"X-1": {"title": text, "says": text}}
    tables[0]["findings"] = findings | copy.deepcopy(tables[0]["findings"])
    render.write_index(tables, None, folder, spoilt(example["context"], text))
    return {"tables": tables}


SEEN = """(() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const strange = [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on')
    || /^\\s*javascript:/i.test(a.value) && a.name === 'href'));
  return {wide, hit: window.hit || 0, strange: strange.length, scripts: document.scripts.length, images: document.images.length,
          heads: document.querySelectorAll('h1').length, text: document.body.textContent};
})()"""


def looked_at(browser: Browser, source: Path, act: str = "0") -> dict:
    browser.window(360, 740, phone=True)
    browser.events.clear()
    browser.go("about:blank")
    browser.events.clear()
    browser.go(source.as_uri())
    browser.js(act)
    seen = browser.js(SEEN)
    seen["said"] = browser.complaints()
    return seen


@pytest.fixture(scope="module")
def quiet(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What is seen of the same pages where every text is a harmless word."""
    folder = tmp_path_factory.mktemp("quiet")
    made("harmless", folder)
    return {name: looked_at(browser, folder / name) for name in ("index.html", "ved.html", "attngan.html")}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_is_text_and_leaves_the_page_whole(
    browser: Browser, quiet: dict[str, dict], tmp_path: Path, kind: str
) -> None:
    text = HOSTILE[kind]
    made(text, tmp_path)
    for name, plain in quiet.items():
        seen = looked_at(
            browser, tmp_path / name, "document.querySelectorAll('details').forEach(d => { d.open = true; })"
        )
        assert (seen["said"], seen["hit"], seen["strange"]) == ([], 0, 0), name
        assert {k: seen[k] for k in ("scripts", "images", "heads")} == {
            k: plain[k] for k in ("scripts", "images", "heads")
        }
        assert seen["wide"] <= 0, f"{name} is {seen['wide']} px wider than a phone"
        shown = page.text(text) if kind == "control" else text
        assert seen["text"].count(shown.strip()) > 3, name


@pytest.mark.parametrize("kind", ["script", "attribute", "rtl", "unbroken", "emoji"])
def test_the_panel_of_a_hostile_cell_is_text_and_fits(browser: Browser, tmp_path: Path, kind: str) -> None:
    table = made(HOSTILE[kind], tmp_path)["tables"][0]
    seen = looked_at(browser, tmp_path / "ved.html", "document.querySelector('a.cell').click()")
    assert (seen["said"], seen["hit"], seen["wide"]) == ([], 0, 0)
    panel = browser.js(
        "(p => ({text: p.textContent, wide: p.scrollWidth - p.clientWidth}))(document.getElementById('panel'))"
    )
    assert HOSTILE[kind] in panel["text"] and panel["wide"] <= 0
    assert table["tables"][0]["rows"][0]["label"] == HOSTILE[kind]
    close = browser.js("document.getElementById('panel-close').getBoundingClientRect().right")
    assert 0 < close <= 360


def test_raters_read_hostile_captions_as_text(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = planned()
    texts = [text for kind, text in HOSTILE.items() if kind != "control"]  # a file of samples holds no half character
    write(plan, lay_out(plan, [*texts, *CAPTIONS[len(texts) :]]), Path("rater"), 28)
    seen = looked_at(browser, tmp_path / "rater/index.html", "document.getElementById('name').value = 'anna'")
    browser.js("document.getElementById('begin').click()")
    read = set()
    for _ in range(60):
        if browser.js("document.getElementById('ask').hidden"):
            break
        seen = browser.js(SEEN)
        assert (seen["wide"], seen["hit"], seen["strange"], seen["heads"]) == (0, 0, 0, 3)
        read.add(browser.js("document.getElementById('caption').textContent"))
        browser.press("1", "2", "3", "Enter")
    assert set(texts) <= read and browser.complaints() == []
