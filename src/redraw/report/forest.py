"""Printed against ours, row by row: a forest plot for each column of a table, as SVG in the page's own colours.

Where the protocols differ, the two stand on scales of their own beside each other: their order can be compared, their values
cannot. Where they agree, both share one scale. The same data give the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ..core import Quantity
from . import words
from .judge import half_width
from .words import text

Json = dict[str, Any]
WIDTH, LINE, FOOT = 380, 34, 38
"""Sizes in units of the drawing, which a phone shows one to one"""
COLOURS = {"#010101": "var(--ink)", "#020202": "var(--ink3)", "#030303": "var(--hair)", "#040404": "var(--yes)"}
INK, FAINT, HAIR, OURS = COLOURS
FAR = 1.5
"""Widths of our values' range at which a control is no longer drawn beside it, but named at its edge"""
_PROTOCOL = ("same", "near")


def plots(t: Json) -> list[tuple[str, str]]:
    """(name, drawing) of every column of a table that has two rows or more with a value both printed and ours."""
    from matplotlib import rc_context

    drawn = []
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "redraw",
        "font.size": 11,
        "font.family": "sans-serif",
        "text.parse_math": False,
    }
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's browser has the font, or none has
        for column in t["columns"]:
            cells = [(r, r["cells"][column["id"]]) for r in t["rows"] if column["id"] in r["cells"]]
            pairs = [
                (row["label"], quantity, cell)
                for row, cell in cells
                if row["kind"] == "printed"
                and cell["ours"] is not None
                and (quantity := Quantity.parse(cell["printed"]))
            ]
            if len(pairs) >= 2:
                controls = {  # the first of each kind: rows of one table may have others
                    row["kind"]: cell["ours"]
                    for row, cell in reversed(cells)
                    if row["kind"] in ("ceiling", "floor") and cell["ours"] is not None
                }
                name = _name(column)
                drawn.append((name, _plot(name, t, column, pairs, list(controls.items()))))
    return drawn


def _name(column: Json) -> str:
    """Group, label and metric; what another of them says as well is not said again."""
    parts = list(dict.fromkeys(filter(None, (column.get("group"), column["label"], column["metric"]))))
    said = (rf"(?<!\w){re.escape(part)}(?!\w)" for part in parts)
    return ", ".join(
        p for p, found in zip(parts, said, strict=True) if not any(p != o and re.search(found, o) for o in parts)
    )


def _plot(
    name: str, t: Json, column: Json, pairs: Sequence[tuple[str, Quantity, Json]], controls: Sequence[tuple[str, float]]
) -> str:  # fmt: skip
    from matplotlib.figure import Figure

    shared = all(cell["same_protocol"]["verdict"] in _PROTOCOL for *_, cell in pairs)
    height = (
        (30 if controls and not shared else 8) + LINE * len(pairs) + FOOT
    )  # above the rows: names of the dotted lines
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    across = [(4, WIDTH - 8)] if shared else [(4, WIDTH / 2 - 12), (WIDTH / 2 + 8, WIDTH / 2 - 12)]
    axes = [
        figure.add_axes((x / WIDTH, FOOT / height, w / WIDTH, LINE * len(pairs) / height), facecolor="none")
        for x, w in across
    ]
    for ax, whose in zip(axes, ("printed and ours",) if shared else ("printed", "ours"), strict=True):
        ax.set(ylim=(len(pairs) - 0.5, -0.5), yticks=[])
        ax.spines[["left", "right", "top"]].set_visible(False)
        ax.spines["bottom"].set_color(FAINT)
        ax.tick_params(axis="x", colors=FAINT, length=3)
        ax.locator_params(axis="x", nbins=6 if shared else 3)
        ax.margins(x=0.08)
        ax.ticklabel_format(axis="x", useOffset=False)
        unit = f", {column['unit']}" if column.get("unit") and column["unit"] != "percent" else ""
        ax.set_xlabel(f"{column['metric']}{unit}, {whose}" if shared else f"{whose}{unit}", color=FAINT, labelpad=2)
        for y in range(len(pairs)):
            ax.axhline(y + 0.22, color=HAIR, linewidth=0.8, zorder=0)
    left, right = axes[0], axes[-1]
    printed_at, ours_at = (0.1, 0.36) if shared else (0.22, 0.22)
    for y, (label, quantity, cell) in enumerate(pairs):
        left.text(
            0, y - 0.24, words.cut(words.plain(label), 58), transform=left.get_yaxis_transform(), color=INK, va="center"
        )
        if quantity.spread:
            left.plot(
                [quantity.value - quantity.spread, quantity.value + quantity.spread],
                [y + printed_at] * 2,
                color=INK,
                linewidth=1.4,
            )
        left.plot(
            quantity.value, y + printed_at, "s", color=INK, markersize=5, markerfacecolor="none" if shared else INK
        )
        if (half := interval(cell)) is not None:
            right.plot([cell["ours"] - half, cell["ours"] + half], [y + ours_at] * 2, color=OURS, linewidth=1.4)
        right.plot(cell["per_seed"], [y + ours_at] * len(cell["per_seed"]), "|", color=OURS, markersize=8)
        right.plot(cell["ours"], y + ours_at, "o", color=OURS, markersize=5.5)
    low, high = right.get_xlim()
    for kind, value in () if shared else controls:
        at = 1 + (19 if kind == "ceiling" else 6) / (LINE * len(pairs))
        if low - FAR * (high - low) <= value <= high + FAR * (high - low):
            right.axvline(value, color=FAINT, linewidth=1, linestyle=(0, (2, 3)), zorder=0)
            ends = right.get_xlim()
            side = "left" if value < ends[0] + 0.3 * (ends[1] - ends[0]) else "right"
            right.text(value, at, kind, transform=right.get_xaxis_transform(), color=FAINT, ha=side, va="center")
        else:  # a line there would leave our values no room
            away = f"← {kind} {words.number(value)}" if value < low else f"{kind} {words.number(value)} →"
            side = ("left", 0) if value < low else ("right", 1)
            right.text(side[1], at, away, transform=right.transAxes, color=FAINT, ha=side[0], va="center")
    for ax in axes:  # values that rounding alone sets apart stand on one place
        low, high = ax.get_xlim()
        least = 1e-3 * max(abs(low), abs(high))
        if high - low < least:
            ax.set_xlim((low + high - least) / 2, (low + high + least) / 2)
    held = io.StringIO()
    figure.savefig(held, format="svg", transparent=True, metadata={"Date": None})
    said = "; ".join(
        f"{label}: printed {q.text}, ours {words.value_spread(c['ours'], c['spread'])}" for label, q, c in pairs
    )
    return _own(held.getvalue(), f"{t['id']}-{column['id']}", f"{name}. {said}")


def interval(cell: Mapping[str, Any]) -> float | None:
    """Half of the 90 % prediction interval of our value over its seeds; None with one seed."""
    values = cell["per_seed"]
    return half_width(cell["spread"], len(values)) if len(values) > 1 and cell["spread"] is not None else None


def _own(svg: str, ident: str, about: str) -> str:
    """matplotlib's SVG as a part of the page: named, its colours the page's, nothing that reaches beyond it."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r'<g id="[^"]*">', "<g>", body)
    salt = re.sub(r"\W", "-", ident)
    body = re.sub(r'id="([^"]+)"', rf'id="{salt}-\1"', body)
    body = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{salt}-", body).replace("xlink:href", "href")
    for placeholder, colour in COLOURS.items():
        body = body.replace(placeholder, colour)
    body = re.sub(r"font(-size|-family)?: [^;\"]*;? ?", "", body)
    start = body.index(">") + 1
    height = re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', body)
    box = f"0 0 {WIDTH} {height[1] if height else WIDTH}"
    head = f'<svg class="ch" style="max-width:{WIDTH}px" viewBox="{box}" role="img" aria-label="{text(about)}">'
    return head + re.sub(r"\s*\n\s*", " ", body[start:]).strip()
