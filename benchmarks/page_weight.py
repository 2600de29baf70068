"""How heavy the report's pages are, and how soon a slow phone shows their first table.

    python benchmarks/page_weight.py [--tables results/tables/smoke] [--repeats 7] [--out benchmarks/page_weight.json]

Bytes are those of the file: a page asks for nothing else. Pictures are its data URIs; compressed is gzip's level 6, what most
servers would send. Times are of Chromium at a phone's width (360 px) with its processor slowed down fourfold, from the start of
the navigation, medians over fresh loads of a file: first paint of any content; the first frame after the first table (on the
front page its first bar of counts) is in the page; and the end of loading. Beside the JSON lies the same as Markdown.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from chromium_pipe import Browser  # noqa: E402

from redraw.core import RedrawError, atomic_write, read_json, write_json  # noqa: E402
from redraw.reference import processor  # noqa: E402

SLOWER = 4  # times slower than this machine's processor
WIDTH, HEIGHT = 360, 740
PICTURE = re.compile(rb"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+")
WATCH = """new MutationObserver((_, watch) => {
  if (!document.querySelector('main table, main .bars')) return;
  watch.disconnect();
  requestAnimationFrame(() => { const sent = new MessageChannel();
    sent.port1.onmessage = () => { window.firstTable = performance.now(); }; sent.port2.postMessage(0); });
}).observe(document, {childList: true, subtree: true});"""
TIMES = """new Promise(done => setTimeout(() => done({
  first_paint_ms: (performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime,
  first_table_ms: window.firstTable,
  loaded_ms: performance.getEntriesByType('navigation')[0].loadEventEnd,
}), 100))"""
LIMITS = {"without_pictures": 1_500_000, "first_table_ms": 1000}
"""What a page should stay below."""


def weight(page: bytes) -> dict[str, int]:
    """Bytes of a page: all of them, those of its pictures, and what is sent of the whole where a server compresses."""
    pictures = sum(map(len, PICTURE.findall(page)))
    sent = len(gzip.compress(page, 6, mtime=0))
    return {"bytes": len(page), "pictures": pictures, "without_pictures": len(page) - pictures, "compressed": sent}


def timed(browser: Browser, page: Path, repeats: int) -> dict[str, float]:
    """Medians over loads of a page, in milliseconds; RedrawError for a page without a table."""
    found = []
    for _ in range(repeats):
        browser.go("about:blank")
        browser.go(page.as_uri())
        found.append(browser.js(TIMES))
    if any(times.get("first_table_ms") is None for times in found):
        raise RedrawError(f"{page}: shows no table: make the tables anew")
    return {key: round(statistics.median(times[key] for times in found), 1) for key in found[0]}


def measured(tables: Path, repeats: int, program: str) -> dict[str, Any]:
    """Weight and times of the front page and of every paper's page in ``tables``."""
    pages = sorted(tables.glob("*.html"), key=lambda page: (page.stem != "index", page.stem))
    if not pages:
        raise RedrawError(f"{tables}: no pages: run `make tables SCALE={tables.name}`")
    rows = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, Browser(program, Path(profile)) as browser:
        version = browser.call("Browser.getVersion")["product"]
        browser.window(WIDTH, HEIGHT, phone=True)
        browser.call("Network.setCacheDisabled", cacheDisabled=True)
        browser.call("Emulation.setCPUThrottlingRate", rate=SLOWER)
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        timed(browser, pages[0].absolute(), 1)  # the first load of all starts half of the browser
        for page in pages:
            rows.append({"page": page.name, **weight(page.read_bytes()), **timed(browser, page.absolute(), repeats)})
    return {
        "scale": (read_json(tables / "audit.json") or {}).get("scale"),
        "browser": version,
        "machine": {"processor": processor(), "cores": os.cpu_count()},
        "slower": SLOWER, "width": WIDTH, "repeats": repeats, "limits": LIMITS,
        "over": [row["page"] for row in rows if any(row[key] > most for key, most in LIMITS.items())],
        "pages": rows,
    }  # fmt: skip


def page(found: dict[str, Any]) -> str:
    """The same as Markdown."""
    rows = [
        f"| {r['page']} | {r['bytes'] / 1e3:,.0f} | {r['pictures'] / 1e3:,.0f} | {r['compressed'] / 1e3:,.0f} "
        f"| {r['first_paint_ms']:.0f} | {r['first_table_ms']:.0f} | {r['loaded_ms']:.0f} |"
        for r in found["pages"]
    ]
    about = found["machine"]
    said = ", ".join(found["over"]) or "none"
    return "\n".join(
        [
            "# Weight of the pages, and time to the first table",
            "",
            f"Scale {found['scale']}, {found['browser']} on {about['processor']} ({about['cores']} cores) slowed down "
            f"{found['slower']} times, {found['width']} px wide; medians of {found['repeats']} loads. Made by "
            "`python benchmarks/page_weight.py`, whose first lines say what is measured.",
            "",
            "| Page | kB | of these pictures, kB | compressed, kB | first paint, ms | first table, ms | loaded, ms |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            f"Over {LIMITS['without_pictures'] / 1e6:g} MB without pictures, or {LIMITS['first_table_ms']} ms to the first "
            f"table: {said}.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, default=Path("results/tables/smoke"))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    given = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise RedrawError("no Chromium on PATH: install one")
    found = measured(given.tables, given.repeats, program)
    write_json(given.out, found)
    atomic_write(given.out.with_suffix(".md"), page(found))


if __name__ == "__main__":
    main()
