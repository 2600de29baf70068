"""The pages in a real browser: the panel opens, nothing is asked of the network, nothing is wider than the window."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from redraw.report import given_pages, page, render

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).parent / "data" / "render_example.json"
CELL = page.anchor("ved:figure-3:mnist:mnist-classifier-on-real-images:accuracy")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
FLAGS += ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
LONG = "a very " * 1500 + "long caption"
# what a page does on its own behalf is written into its title, since a dump of the page is all that comes back
WATCH = """<script>
var seen = [];
addEventListener('error', function (e) { seen.push('error ' + e.message); }, true);
document.addEventListener('securitypolicyviolation', function (e) { seen.push('blocked ' + e.blockedURI); });
addEventListener('load', function () { setTimeout(function () {
  %s
  performance.getEntriesByType('resource').forEach(function (r) {
    if (r.name.indexOf('data:') !== 0) seen.push('fetched ' + r.name);
  });
  var wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  document.title = JSON.stringify({seen: seen, wide: wide});
}, 200); });
</script>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    example = json.loads(EXAMPLE.read_text())
    tables = example["tables"]
    for table in tables:
        render.write_paper(table, folder, [(t["paper"]["id"], t["paper"]["short"]) for t in tables])
    render.write_index(tables, None, folder, example["context"])
    tables[0]["paper"]["id"] = "hostile"
    grid = next(f for f in tables[0]["figures"] if f["grid"])["grid"]
    grid[0]["caption"], grid[1]["caption"] = "<script>document.title='hacked'</script>", LONG
    grid[2]["caption"] = "\u202eثلاثة زائد اثنين 🦜"
    render.write_paper(tables[0], folder)
    given_pages.audited(Path(__file__).parents[1] / "docs/examples/finegan.yaml", folder / "audited.html")
    return folder


def chrome(chromium: str, profile: Path, *arguments: str) -> str:
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=4000", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def visit(chromium: str, tmp_path: Path, source: Path, fragment: str = "", act: str = "", width: int = 1280) -> tuple:
    """The page's dump and what it saw, after ``act`` ran in it."""
    watched = source.with_name(f"watched-{source.name}")
    watched.write_text(source.read_text().replace("<style>", WATCH % act + "<style>", 1))
    flags = (f"--window-size={width},900", "--dump-dom", watched.as_uri() + fragment)
    dump = chrome(chromium, tmp_path / "profile", *flags)
    watched.unlink()
    title = re.search(r"<title>(\{.*?\})</title>", dump)
    assert title, f"the page never finished: {re.search('<title>.*?</title>', dump)}"
    return dump, json.loads(title.group(1).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))


@pytest.mark.parametrize("name", ["index", "ved", "attngan", "hostile", "audited"])
def test_a_page_loads_without_errors_requests_or_sideways_scrolling(
    chromium: str, pages: Path, tmp_path: Path, name: str
) -> None:
    _, saw = visit(chromium, tmp_path, pages / f"{name}.html")
    assert saw == {"seen": [], "wide": 0}


def test_the_watch_sees_requests_and_errors(chromium: str, pages: Path, tmp_path: Path) -> None:
    act = "var i = new Image(); i.src = 'other.png'; document.body.append(i); noSuchFunction();"
    spoilt = pages / "spoilt.html"
    spoilt.write_text((pages / "index.html").read_text().replace("</main>", f"<script>{act}</script></main>"))
    _, saw = visit(chromium, tmp_path, spoilt)
    assert any("noSuchFunction" in s for s in saw["seen"]) and any("blocked" in s for s in saw["seen"])


def test_a_link_to_a_cell_opens_its_panel(chromium: str, pages: Path, tmp_path: Path) -> None:
    plain, _ = visit(chromium, tmp_path, pages / "ved.html")
    assert re.search(r'<section[^>]*id="panel"[^>]*hidden', plain)
    dump, saw = visit(chromium, tmp_path, pages / "ved.html", f"#{CELL}")
    panel = dump[dump.index("<section") : dump.index("</section>")]
    assert not re.search(r"<section[^>]*hidden", panel)
    assert "MNIST classifier on real images" in panel and "not comparable" in panel and "95.07 ± 0.35" in panel
    assert " id=" not in panel[panel.index('id="panel-body"') + len('id="panel-body"') :]
    assert f'href="#{CELL}"' in dump and 'aria-expanded="true"' in dump
    assert saw == {"seen": [], "wide": 0}


def test_the_panel_goes_by_keyboard(chromium: str, pages: Path, tmp_path: Path) -> None:
    press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));"
    opened = f"document.querySelector('a.cell[href=\"#{CELL}\"]').click();"
    step = "document.getElementById('panel-next').click();"
    dump, _ = visit(chromium, tmp_path, pages / "ved.html", act=opened + step)
    title = re.search(r'id="panel-title"[^>]*>(.*?)<', dump).group(1)
    assert title.startswith("Classifier on shuffled labels")
    note = "seen.push('focus ' + document.activeElement.getAttribute('href'));"
    dump, saw = visit(chromium, tmp_path, pages / "ved.html", act=opened + press + note)
    assert re.search(r'<section[^>]*id="panel"[^>]*hidden', dump)
    assert saw["seen"] == [f"focus #{CELL}"]


def test_without_scripts_a_link_opens_the_fold(chromium: str, pages: Path, tmp_path: Path) -> None:
    source = re.sub(r"<script>.*?</script>", "", (pages / "ved.html").read_text(), flags=re.S)
    still = pages / "still.html"
    still.write_text(source)
    dump = chrome(chromium, tmp_path / "profile", "--dump-dom", still.as_uri() + f"#{CELL}")
    fold = re.search(rf'<details class="cd"( open(?:="")?)?><summary>[^\n]*?</summary><div class="d" id="{CELL}"', dump)
    assert fold and fold.group(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "ved", "attngan"])
def test_pages_are_drawn_on_desktop_and_phone(
    chromium: str, pages: Path, tmp_path: Path, name: str, scheme: str
) -> None:
    from PIL import Image

    dark = ("--blink-settings=preferredColorScheme=0",) if scheme == "dark" else ()
    frame = pages / f"frame-{name}.html"  # a headless window is never narrower than 500 px, a frame is
    frame.write_text(f'<body style="margin:0"><iframe src="{name}.html" style="width:390px;height:1600px;border:0">')
    for width, source in ((1280, pages / f"{name}.html"), (390, frame)):
        shot = tmp_path / f"{name}-{width}-{scheme}.png"
        flags = (f"--window-size={max(width, 500)},1600", f"--screenshot={shot}", source.as_uri())
        chrome(chromium, tmp_path / "profile", *dark, *flags)
        picture = Image.open(shot).convert("RGB").crop((0, 0, width, 1600))
        paper = picture.getpixel((2, 800))
        assert (sum(paper) < 200) == (scheme == "dark")
        small = picture.convert("L").resize((width // 4, 400))
        ink = sum(n for level, n in enumerate(small.histogram()) if abs(level - sum(paper) / 3) > 20)
        assert ink > 0.02 * small.width * small.height


def test_nothing_is_wider_than_a_phone(chromium: str, pages: Path, tmp_path: Path) -> None:
    for name in ("index", "ved", "attngan", "hostile"):
        source = (pages / f"{name}.html").read_text()
        # the page itself in a box of a phone's width: what does not scroll inside its own container shows as overflow
        narrow = source.replace("</head>", "<style>html{width:390px;overflow:visible}</style></head>")
        narrow = re.sub(r"@media \(max-width:44rem\)", "@media (min-width:1px)", narrow)
        box = pages / f"narrow-{name}.html"
        box.write_text(narrow)
        measure = (
            "var worst = 0; document.querySelectorAll('body *').forEach(function (e) {"
            " if (e.closest('.scroll,.panel,.skip,.defs,svg')) return;"
            " worst = Math.max(worst, e.getBoundingClientRect().right); });"
            " if (worst > 391) seen.push('wide ' + worst);"
        )
        _, saw = visit(chromium, tmp_path, box, act=measure)
        assert saw["seen"] == [], name
