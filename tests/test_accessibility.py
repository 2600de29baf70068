"""What a checker of accessibility (axe-core) finds on every kind of page in a real Chromium, and what keys alone can do."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium_pipe import Browser
from conftest import missing
from ranked_runs import CAPTIONS, lay_out, planned

from redraw.rater.page import write
from redraw.report import audit, given_pages, page, render

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "tests" / "data" / "render_example.json"
CELL = page.anchor("ved:figure-3:mnist:mnist-classifier-on-real-images:accuracy")
LOOKS = [(360, 740, False), (360, 740, True), (1280, 900, False), (1280, 900, True)]
# a header that stays while its table scrolls hides what it stands on, and axe says nothing about what is hidden
UNSTICK = (
    "document.head.insertAdjacentHTML('beforeend', '<style>th,td,.bar-t,.btns{position:static!important}</style>')"
)
RUN = """axe.run(document, {resultTypes: ['violations', 'passes'], rules: {'target-size': {enabled: true}}}).then(r => ({
  faults: r.violations.flatMap(v => v.nodes.map(n => [v.impact, v.id, n.html.slice(0, 200), n.failureSummary])),
  read: r.passes.filter(v => v.id === 'color-contrast').flatMap(v => v.nodes).length,
}))"""


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core as the package carries it; the package's own driver is never started."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        missing("axe: the package axe-playwright-python is not installed")
    return Path(found.origin).with_name("axe.min.js").read_text()


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(chromium, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    example = json.loads(EXAMPLE.read_text())
    for table in example["tables"]:
        render.write_paper(table, folder, [(t["paper"]["id"], t["paper"]["short"]) for t in example["tables"]])
    render.write_index(example["tables"], None, folder, example["context"])
    given_pages.audited(ROOT / "docs/examples/finegan.yaml", folder / "audited.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plan = planned()
        write(plan, lay_out(plan, CAPTIONS), Path("rater"), 4)
    return folder


def faults(browser: Browser, axe: str, source: Path, act: str = "", look: tuple[int, int, bool] = LOOKS[0]) -> Any:
    """What axe finds on a page after ``act`` ran in it, at a width, a height, and light or dark."""
    width, height, dark = look
    browser.window(width, height, phone=width < 500, dark=dark)
    browser.go("about:blank")  # the same page again, with another fragment, would not be loaded anew
    browser.go(source.as_uri())
    browser.js(f"{UNSTICK};{act};{axe};0")
    return browser.js(RUN)


OPENED = f"document.querySelector('a.cell[href=\"#{CELL}\"]').click()"
UNFOLDED = "document.querySelectorAll('details').forEach(d => { d.open = true; })"
BEGUN = "document.getElementById('name').value = 'anna'; document.getElementById('begin').click()"


SHOWN = {  # what is looked at, what is done there first, and how it is looked at: on two looks where all else is the same
    "index": ("index.html", UNFOLDED, LOOKS),
    "panel": ("ved.html", OPENED, LOOKS),
    "list": ("ved.html", UNFOLDED, LOOKS[1:3]),
    "audited": ("audited.html", UNFOLDED, LOOKS[1:3]),
    "rater": ("rater/index.html", "", LOOKS[1:3]),
    "question": ("rater/index.html", BEGUN, LOOKS),
}


@pytest.mark.parametrize(
    ("name", "act", "look"),
    [
        pytest.param(name, act, look, id=f"{shown}-{look[0]}-{'dark' if look[2] else 'light'}")
        for shown, (name, act, looks) in SHOWN.items()
        for look in looks
    ],
)
def test_nothing_is_found_on_any_page(
    browser: Browser, axe: str, pages: Path, name: str, act: str, look: tuple[int, int, bool]
) -> None:
    found = faults(browser, axe, pages / name, act, look)
    assert found["faults"] == []
    assert found["read"] >= 5  # texts whose contrast was measured


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        ("document.querySelector('main p').style.color = '#ccc'", "color-contrast"),
        ("document.querySelector('main img').removeAttribute('alt')", "image-alt"),
        ("document.documentElement.removeAttribute('lang')", "html-has-lang"),
        (
            "document.querySelector('a.cell').removeAttribute('aria-label'); document.querySelector('a.cell').textContent = ''",
            "link-name",
        ),
        ("document.getElementById('panel').removeAttribute('aria-labelledby')", "aria-dialog-name"),
    ],
)
def test_the_checker_sees_what_is_wrong(browser: Browser, axe: str, pages: Path, spoil: str, rule: str) -> None:
    found = faults(browser, axe, pages / "ved.html", f"{OPENED};{spoil}", LOOKS[2])
    assert rule in {fault[1] for fault in found["faults"] if fault[0] in ("serious", "critical")}


def focused(browser: Browser) -> str:
    return browser.js("(e => e.id || e.getAttribute('href') || e.className || e.tagName)(document.activeElement)")


def test_keys_alone_reach_a_cell_open_it_step_and_come_back(browser: Browser, pages: Path) -> None:
    browser.window(1280, 900)
    browser.go("about:blank")
    browser.go((pages / "ved.html").as_uri())
    browser.press("Tab")
    assert focused(browser) == "#main" and browser.js("document.activeElement.getBoundingClientRect().left >= 0")
    browser.press("Enter")
    for _ in range(40):
        browser.press("Tab")
        if browser.js("document.activeElement.matches('a.cell')"):
            break
    first = focused(browser)
    assert first.startswith("#c-") and browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    assert focused(browser) == "panel-title" and browser.js("!document.getElementById('panel').hidden")
    title = browser.js("document.activeElement.textContent")
    browser.press("Tab", "Tab")
    assert focused(browser) == "panel-next"
    browser.press("Enter")
    assert browser.js("document.activeElement.textContent") != title
    browser.press("Escape")
    second = focused(browser)
    assert second.startswith("#c-") and second != first and browser.js("document.getElementById('panel').hidden")
    assert browser.js("location.hash") == ""


def test_what_a_screen_reader_says_of_a_cell_is_the_whole_sentence(browser: Browser, pages: Path) -> None:
    browser.go((pages / "ved.html").as_uri())
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    names = [n["name"]["value"] for n in tree if n.get("role", {}).get("value") == "link" and "name" in n]
    said = (
        "MNIST classifier on real images, MNIST, accuracy: printed 99; ours 95.07 ± 0.35 over 3 seeds; not comparable"
    )
    assert f"{said}. Show details" in names
    headers = [n for n in tree if n.get("role", {}).get("value") in ("rowheader", "columnheader")]
    assert len(headers) > 20 and all(n["name"]["value"] for n in headers)


def test_a_phone_shows_verdicts_without_scrolling_sideways(browser: Browser, pages: Path) -> None:
    browser.window(360, 740, phone=True)
    browser.go("about:blank")
    browser.go((pages / "ved.html").as_uri())
    # the first claim's verdict, and the mark of the first cell of every table
    for marks in ("table.claims tbody tr:first-child .v", "table.data tbody tr:first-child td:nth-child(2) .m"):
        rights = browser.js(f"[...document.querySelectorAll('{marks}')].map(e => e.getBoundingClientRect().right)")
        assert rights and max(rights) <= 360


def follow(browser: Browser, link: str, ends: str) -> None:
    """Follow a link by the Enter key and wait for where it leads."""
    browser.js(f"document.querySelector('{link}').focus()")
    browser.press("Enter")
    browser.wait(f"location.href.endsWith('{ends}') && document.readyState === 'complete'")


def test_links_lead_to_a_paper_its_neighbour_a_cell_and_back(browser: Browser, pages: Path) -> None:
    browser.window(360, 740, phone=True)
    browser.go("about:blank")
    browser.events.clear()
    browser.go((pages / "index.html").as_uri())
    follow(browser, '.papers a[href="ved.html"]', "ved.html")
    follow(browser, '.where a[href="attngan.html"]', "attngan.html")
    follow(browser, '.where a[href="ved.html"]', "ved.html")
    follow(browser, 'nav a[href="#claims"]', "#claims")
    browser.wait("Math.abs(document.getElementById('claims').getBoundingClientRect().top) < 40")
    follow(browser, f'a.cell[href="#{CELL}"]', f"#{CELL}")
    panel = browser.js("document.getElementById('panel').textContent")
    assert (
        all(q.short in panel for q in audit.QUESTIONS.values())
        and "not comparable" in panel
        and "95.07 ± 0.35" in panel
    )
    browser.reload()
    assert browser.js("document.getElementById('panel').textContent") == panel  # the address is the cell's own
    browser.press("Escape")
    follow(browser, '.where a[href="index.html"]', "index.html")
    files = browser.js("[...document.querySelectorAll('#files + ul a')].map(a => a.getAttribute('href'))")
    assert "tables.tex" in files and all((pages / name).exists() for name in files)
    assert browser.complaints() == []
