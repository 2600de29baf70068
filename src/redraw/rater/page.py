"""The page for raters: one file of HTML that holds all pictures, asks nothing of the network, and knows no method's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError, atomic_write, read_json, write_json
from ..plan import Plan
from ..ranks import Column
from ..report.gallery import data_uri
from ..report.page import POLICY
from .items import FORMAT, ITEMS, build

_ASSETS = Path(__file__).parent / "assets"
LOSSLESS = 64  # pixels a side up to which pictures are PNG
NAMED = (
    "<li><kbd>1</kbd> … <kbd>{k}</kbd> picks the set in that place: the best first, then the next best.</li>"
    "<li><kbd>=</kbd> before a pick gives it the same rank as the one before.</li>"
    "<li><kbd>u</kbd> takes the last pick back; with none left, goes back to the question before.</li>"
    "<li><kbd>Enter</kbd> goes on when all are picked.</li>"
    "<li><kbd>d</kbd> downloads what you have said so far.</li>"
)
CAPTIONED = (
    "You will see a caption and, for each of {k} methods, the pictures that it drew for it. Which show best what the caption "
    "says, in pictures that look real? Pick the best first, then the next best. There is no right answer: say what you see."
)
BARE = (
    "You will see pictures by {k} methods. Whose look most real? Pick the best first, then the next best. There is no right "
    "answer: say what you see."
)


def write(plan: Plan, column: Column, folder: Path, items: int = ITEMS, seed: int = 0) -> dict[str, Any]:
    """Write index.html and its key, items.json, into ``folder``; returns the key.

    Raises RedrawError where raters have judged another page there already.
    """
    if items < 1:
        raise RedrawError(f"rank page --items {items}: at least 1")
    key, shown = build(plan, column, items, seed)
    others = [p for p in (folder / "judgements").glob("*.json") if (read_json(p) or {}).get("items") != key["digest"]]
    if others:
        raise RedrawError(
            f"{folder}: holds {len(others)} raters' judgements of other items: move the folder away, then run the same command"
        )
    atomic_write(folder / "index.html", html(key, shown))
    write_json(folder / "items.json", key)
    return key


def html(key: Mapping[str, Any], shown: Mapping[str, list[list[np.ndarray]]]) -> str:
    """The page. Of the key it holds captions and which items are shown again, nothing of whose is what."""
    listed = [
        {"id": name, "caption": about["caption"], "again": about["again"],
         "panels": [[_uri(image) for image in panel] for panel in shown[name]]}
        for name, about in key["items"].items()
    ]  # fmt: skip
    held = {"format": FORMAT, "column": key["column"], "items": key["digest"], "list": listed}
    # inside <script> nothing but "<" could end the text that it is
    data = json.dumps(held, ensure_ascii=True, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    methods = len(key["methods"])
    captioned = any(about["caption"] for about in key["items"].values())
    body = (_ASSETS / "rater.html").read_text()
    for name, value in {
        "TASK": (CAPTIONED if captioned else BARE).format(k=methods),
        "KEYS": NAMED.format(k=methods),
        "POLICY": POLICY,
        "STYLE": (_ASSETS / "rater.css").read_text(),
        "SCRIPT": (_ASSETS / "lots.js").read_text() + (_ASSETS / "rater.js").read_text(),
        "DATA": data,  # last: whatever a caption says, nothing is looked for in it
    }.items():
        body = body.replace(f"@{name}@", value, 1)
    return body


def _uri(image: np.ndarray) -> str:
    return data_uri(image, "png" if max(image.shape[1:]) <= LOSSLESS else "jpeg")
