"""What every page is made of: the shell, marks with their words, scrolling tables, safe text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import charts, words
from .audit import mark
from .words import text

_ASSETS = Path(__file__).parent / "assets"
_PICTURE = re.compile(r"^data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+$")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""What turns "asks nothing of the network" from a habit into a rule that the browser keeps"""
LONG = 220  # characters of a caption that are shown before it is folded


def caption(value: str) -> str:
    """A text from data in its own writing direction; a very long one folded, its whole inside."""
    if len(value) <= LONG:
        return f'<span dir="auto">{text(value)}</span>'
    start = text(value[: LONG - 40].rstrip())
    summary = f'<summary><span dir="auto">{start}…</span> <small>({len(value):,} characters)</small></summary>'
    return f'<details class="long">{summary}<span dir="auto">{text(value)}</span></details>'


def anchor(cell_id: str) -> str:
    """The fragment of a cell: letters, digits, `_` and `-` alone, so that it needs no encoding anywhere."""
    spelled = cell_id.replace(":", "--")
    return "c-" + re.sub(r"[^A-Za-z0-9_-]", lambda m: f"_{ord(m.group()):x}", spelled)


def sentence(value: str) -> str:
    """A reason as a sentence of its own, escaped."""
    value = value.strip()
    return text(value[:1].upper() + value[1:] + ("" if value.endswith((".", "?", "!", ")", "…")) else "."))


def picture(source: Any, alt: str, css: str = "px") -> str:
    """An inline picture; anything that is not a data URI of a picture is never linked to."""
    if not isinstance(source, str) or not _PICTURE.match(source):
        return '<span class="lab">no picture</span>'
    return f'<img class="{css}" src="{text(source)}" alt="{text(words.cut(alt, 120))}">'


def icon(word: str, named: bool = False) -> str:
    """The mark of a verdict, hidden from screen readers unless it stands without its word (``named``)."""
    shape, tone = mark(word)[:2]
    said = f'role="img" aria-label="{text(word)}"' if named else 'aria-hidden="true"'
    return f'<svg class="m {tone}" viewBox="0 0 10 10" {said}><use href="#m-{shape}"/></svg>'


def verdict(word: str, says: str | None = None) -> str:
    """Mark and word together; ``says`` replaces the word ("3 leans the same way")."""
    said = text(word if says is None else says)
    return f'<span class="v {mark(word).tone}">{icon(word)}<span>{said}</span></span>'


def table(ident: str, head: Sequence[str], rows: Iterable[Sequence[str]], css: str = "plain", named: str = "") -> str:
    """A plain table of ready markup, the first cell of a row its header, in a container that scrolls by keyboard.

    ``ident`` is the id of the heading that names it; ``named`` is a label instead of one.
    """
    name = f'aria-label="{text(named)}"' if named else f'aria-labelledby="{ident}"'
    cols = "".join(f'<th scope="col">{h}</th>' if h else "<td></td>" for h in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" {name}><table class="{css}"><thead><tr>{cols}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def pairs(items: Iterable[tuple[str, str]]) -> str:
    """Name and value as a description list; values are ready markup, empty ones are left out."""
    return '<dl class="kv">' + "".join(f"<dt>{text(k)}</dt><dd>{v}</dd>" for k, v in items if v) + "</dl>"


def stand_ins_line(stand_ins: Iterable[dict[str, Any]]) -> str:
    """Which data stand for which, and why, as a paragraph."""
    said = " ".join(
        f"For <b>{text(s['dataset'])}</b> stands <b>{text(s['use'])}</b>: {text(str(s['because']).rstrip('.'))}."
        for s in stand_ins
    )
    return f"<p>{said}</p>\n" if said else ""


def heading(t: dict[str, Any]) -> str:
    """Place in the paper and title of a table or figure, as markup."""
    at = str(t.get("at") or "")
    return (f'<span class="lab">{text(at[:1].upper() + at[1:])}</span> ' if at else "") + text(t["title"])


def shell(title: str, about: str, top: str, nav: str, main: str, panel: bool) -> str:
    """A whole page that needs nothing from anywhere; ``title`` and ``about`` are plain text, the rest is markup."""
    style = (_ASSETS / "style.css").read_text()
    dialog = script = ""
    if panel:
        dialog = (
            '<section class="panel" id="panel" role="dialog" aria-labelledby="panel-title" hidden><div class="bar-t">'
            '<h2 id="panel-title" tabindex="-1"></h2><div class="btns">'
            '<button id="panel-prev" type="button" aria-label="Previous cell">←</button>'
            '<button id="panel-next" type="button" aria-label="Next cell">→</button>'
            '<button id="panel-close" type="button">Close</button></div></div>'
            '<div id="panel-body" class="d"></div></section>'
        )
        script = f"<script>{(_ASSETS / 'panel.js').read_text()}</script>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta name="description" content="{text(about)}"><title>{text(title)}</title>\n'
        f"<style>{style}</style></head>\n"
        f'<body><a class="skip" href="#main">Skip to content</a>{charts.symbols()}<div class="page">'
        f'<header class="top"><span><b>redraw</b> audit report</span><span>{top}</span></header>\n'
        f'{nav}<main id="main">\n{main}\n</main></div>\n{dialog}{script}</body></html>\n'
    )
