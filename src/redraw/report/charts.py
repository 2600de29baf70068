"""Small SVG drawings in the page's own colours: curves, a value among its seeds, one mark per cell.

Drawn at phone width (at most 380 units) because SVG text scales with its drawing. No dates, no random ids: the same
data give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .audit import mark
from .words import cut, number, text, value_spread

SHAPES = {  # in a box of 10 x 10
    "yes": '<circle cx="5" cy="5" r="4" fill="currentColor"/>',
    "eq": '<circle cx="5" cy="5" r="3.9" {line}/><circle cx="5" cy="5" r="1.8" fill="currentColor"/>',
    "half": '<circle cx="5" cy="5" r="3.9" {line}/><path d="M5 1.1a3.9 3.9 0 0 0 0 7.8z" fill="currentColor"/>',
    "halfr": '<circle cx="5" cy="5" r="3.9" {line}/><path d="M5 1.1a3.9 3.9 0 0 1 0 7.8z" fill="currentColor"/>',
    "ring": '<circle cx="5" cy="5" r="3.9" {line}/>',
    "up": '<path d="M5 .8 9.4 9H.6z" fill="currentColor"/>',
    "down": '<path d="M5 9.2.6 1h8.8z" fill="currentColor"/>',
    "dia": '<path d="M5 .2 9.8 5 5 9.8.2 5z" fill="currentColor"/>',
    "hol": '<path d="M5 .9 9.1 5 5 9.1.9 5z" {line}/>',
    "quo": '<path d="M3 1.5v4M7 1.5v4" stroke="currentColor" stroke-width="1.7"/>',
    "dot": '<circle cx="5" cy="5.6" r="1.5" fill="currentColor"/>',
    "bla": '<path d="M2.5 9 7.5 1" stroke="currentColor" stroke-width="1.2"/>',
}
_DASHES = ("", "7 3", "2.5 2.5", "9 3 2 3")


def symbols() -> str:
    """The marks' shapes, once per page; everything else refers to them."""
    line = 'fill="none" stroke="currentColor" stroke-width="1.3"'
    defs = "".join(
        f'<symbol id="m-{name}" viewBox="0 0 10 10">{body.format(line=line)}</symbol>' for name, body in SHAPES.items()
    )
    return f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{defs}</defs></svg>'


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers (1, 2, 2.5 or 5 times a power of ten) that enclose [low, high]."""
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):  # one value, up to rounding
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _ticked(values: Sequence[float]) -> list[str]:
    """Ticks as text, with as many digits as tell them apart."""
    digits = next((d for d in (6, 9, 12) if len({_tick(v, d) for v in values}) == len({*values})), 17)
    return [_tick(v, digits) for v in values]


def _tick(value: float, digits: int = 6) -> str:
    if abs(value) >= 1e4 and value % 1000 == 0:
        return f"{value / 1000:g}k".replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def _apart(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near ``wanted`` (kept in their order) at least ``gap`` apart and inside [low, high] where they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    floor = low
    for i in order:
        placed[i] = floor = max(placed[i], floor)
        floor += gap
    roof = high
    for i in reversed(order):
        placed[i] = roof = min(placed[i], roof)
        roof -= gap
    return placed


def _free(
    width: float, line: float, left: float, right: float, bottom: float, taken: list[tuple[float, float]]
) -> tuple[float, float, str]:
    """(x, y, anchor) of a label at either end of a horizontal line, above or below it, where fewest points are."""

    def crowd(place: tuple[float, float, str]) -> int:
        x, y, anchor = place
        start = x if anchor == "start" else x - width
        hit = sum(start - 4 < px < start + width + 4 and y - 12 < py < y + 4 for px, py in taken)
        return hit + (1000 if y > bottom - 2 else 0)

    best = min(((x, y, a) for y in (line - 4, line + 12) for x, a in ((right, "end"), (left, "start"))), key=crowd)
    x, y, anchor = best
    start = x if anchor == "start" else x - width
    taken += [(start + k * width / 6, y - 4) for k in range(7)]  # the next label keeps clear of this one
    return best


def lines(figure: dict[str, Any], ident: str | None = None) -> str:
    """Curves with labels at their ends and dotted lines for controls; at most 380 units wide.

    ``figure`` has series [{label, x [n], y [n], style: ours | control}], hlines [{label, y}], x_label, y_label, title.
    Values that are not finite leave a gap. Series of one label (seeds) share a dash pattern and one label.
    """
    series = [s for s in figure.get("series", []) if any(map(_finite, s["y"]))]
    hlines = [h for h in figure.get("hlines", []) if _finite(h["y"])]
    xs = [x for s in series for x in s["x"]]
    ys = [y for s in series for y in s["y"] if _finite(y)] + [h["y"] for h in hlines]
    if not xs:
        return ""
    low = 0.0 if 0 < min(ys) < 0.4 * max(ys) else min(ys)
    yt, xt = ticks(low, max(ys)), ticks(min(xs), max(xs))
    xt = [x for x in xt if min(xs) <= x <= max(xs)] or xt
    names = list(dict.fromkeys(s["label"] for s in series))
    shown = {name: _two_lines(name) for name in names}
    means = {s["label"] for s in series if ".s" not in s.get("run", ".s")}  # their seeds are drawn faint
    left = 8 + 6.2 * max(map(len, _ticked(yt)))
    right = 372 - 5.8 * max(len(part) for parts in shown.values() for part in parts)
    top, bottom, height = 28, 178, 214

    def px(x: float) -> float:
        return left + (right - left) * (x - min(xs)) / ((max(xs) - min(xs)) or 1)

    def py(y: float) -> float:
        return bottom - (bottom - top) * (y - yt[0]) / (yt[-1] - yt[0])

    out = [f'<text x="0" y="12">{text(_plain(figure.get("y_label")))}</text>']
    for t, said in zip(yt, _ticked(yt), strict=True):
        out.append(f'<line class="gl" x1="{left:.1f}" x2="{right:.1f}" y1="{py(t):.1f}" y2="{py(t):.1f}"/>')
        out.append(f'<text x="{left - 6:.1f}" y="{py(t) + 4:.1f}" text-anchor="end">{said}</text>')
    for t in xt:
        out.append(f'<text x="{px(t):.1f}" y="{bottom + 15}" text-anchor="middle">{_tick(t)}</text>')
    middle = (left + right) / 2
    x_label = _plain(figure.get("x_label"))
    out.append(f'<text x="{middle:.1f}" y="{bottom + 32}" text-anchor="middle">{text(x_label)}</text>')
    for s in series:
        kind = "cl" if s.get("style") == "control" else "ol"
        if kind == "ol" and s["label"] in means and ".s" in s.get("run", ".s"):
            kind = "sl"
        dash = _DASHES[names.index(s["label"]) % len(_DASHES)] if kind == "ol" else ""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        for piece in _pieces(s["x"], s["y"]):
            points = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in piece)
            out.append(f'<polyline class="{kind}" points="{points}"{dashed}/>')
    taken = [(px(x), py(y)) for s in series for x, y in zip(s["x"], s["y"], strict=True) if _finite(y)]
    for h in hlines:
        at = f"{py(h['y']):.1f}"
        out.append(f'<line class="ref" x1="{left:.1f}" x2="{right:.1f}" y1="{at}" y2="{at}"/>')
        label = cut(h["label"], 34)
        x, y, anchor = _free(5.6 * len(label), py(h["y"]), left + 4, right - 4, bottom, taken)
        out.append(f'<text class="halo" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(label)}</text>')
    last = {s["label"]: next(y for y in reversed(s["y"]) if _finite(y)) for s in series}
    deepest = max(len(parts) for parts in shown.values())
    gap = 13 if deepest == 1 else 13 * deepest + 4
    ends = _apart([py(last[name]) + 10.5 - 6.5 * len(shown[name]) for name in names], gap, top + 4, bottom + 13 - gap)
    for name, y in zip(names, ends, strict=True):
        kind = next("ct" if s.get("style") == "control" else "ot" for s in series if s["label"] == name)
        at = f'x="{right + 6:.1f}"'
        spans = "".join(f'<tspan {at} y="{y + 13 * k:.1f}">{text(part)}</tspan>' for k, part in enumerate(shown[name]))
        out.append(f'<text class="{kind}">{spans}</text>')
    said = [f"{name} ends at {number(last[name])}" for name in names] + [
        f"{h['label']} {number(h['y'])}" for h in hlines
    ]
    about = f"{_plain(figure.get('y_label')) or 'value'} over {x_label or 'steps'}: " + "; ".join(said)
    return _svg("".join(out), 380, height, figure["title"], about, ident)


def _plain(label: str | None) -> str:
    """An axis label that is the name of a metric, as words."""
    return (label or "").replace("_", " ")


def _two_lines(label: str, most: int = 19) -> list[str]:
    """A label on one line of ``most`` characters or, broken at a space where there is one, on two."""
    if len(label) <= most:
        return [label]
    at = label.rfind(" ", 0, most + 1)
    return [cut(label, most)] if at < 1 else [label[:at], cut(label[at + 1 :], most)]


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _pieces(x: Sequence[float], y: Sequence[float]) -> list[list[tuple[float, float]]]:
    """Runs of finite points, thinned to at most 190 each: two units of the drawing apart."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in zip(x, y, strict=True):
        if _finite(point[1]):
            pieces[-1].append(point)
        elif pieces[-1]:
            pieces.append([])
    every = [max(1, math.ceil(len(piece) / 190)) for piece in pieces]
    return [piece[:-1:k] + piece[-1:] for piece, k in zip(pieces, every, strict=True) if piece]


def _svg(body: str, width: int, height: int, title: str, about: str, ident: str | None) -> str:
    """An image with a name and a description; without ``ident`` (markup that is cloned) no ids, one label."""
    head = f'<svg class="ch" style="max-width:{width}px" viewBox="0 0 {width} {height}" role="img"'
    if ident is None:
        return f'{head} aria-label="{text(f"{title}: {about}")}">{body}</svg>'
    names = f'<title id="{ident}-t">{text(title)}</title><desc id="{ident}-d">{text(about)}</desc>'
    return f'{head} aria-labelledby="{ident}-t {ident}-d">{names}{body}</svg>'


def strip(cell: dict[str, Any], controls: Sequence[tuple[str, float]]) -> str:
    """Our value on a line: a tick per seed, a band for other readings of the protocol, controls dotted. No ids."""
    seeds = [v for v in cell.get("per_seed") or [cell["ours"]] if _finite(v)]
    lo, hi = cell.get("envelope_lo"), cell.get("envelope_hi")
    values = [*seeds, cell["ours"], *(v for v in (lo, hi) if _finite(v)), *(v for _, v in controls)]
    marks = ticks(min(values), max(values))
    span = marks[-1] - marks[0]

    def px(v: float) -> float:
        return 12 + 316 * (v - marks[0]) / span

    out = []
    if _finite(lo) and _finite(hi):
        out.append(f'<rect class="bd" x="{px(lo):.1f}" width="{max(1.0, px(hi) - px(lo)):.1f}" y="30" height="16"/>')
    out.append('<line class="ax" x1="12" x2="328" y1="52" y2="52"/>')
    for t, said in zip(marks, _ticked(marks), strict=True):
        out.append(f'<line class="ax" x1="{px(t):.1f}" x2="{px(t):.1f}" y1="52" y2="56"/>')
        out.append(f'<text x="{px(t):.1f}" y="69" text-anchor="middle">{said}</text>')
    for k, (label, v) in enumerate(sorted(controls, key=lambda c: c[1])[:4]):  # neighbours on two heights
        low = k % 2
        anchor = "start" if px(v) < 60 else "end" if px(v) > 280 else "middle"
        out.append(f'<line class="ref" x1="{px(v):.1f}" x2="{px(v):.1f}" y1="{24 if low else 12}" y2="52"/>')
        said = text(cut(label, 32))
        out.append(f'<text class="halo" x="{px(v):.1f}" y="{21 if low else 9}" text-anchor="{anchor}">{said}</text>')
    out += [f'<line class="os" x1="{px(v):.1f}" x2="{px(v):.1f}" y1="31" y2="45"/>' for v in seeds]
    out.append(f'<circle class="of" cx="{px(cell["ours"]):.1f}" cy="38" r="3.6"/>')
    about_controls = ", ".join(f"{label} {number(v)}" for label, v in controls)
    about = f"{value_spread(cell['ours'], cell.get('spread'))}; seeds {', '.join(map(number, seeds))}"
    return _svg("".join(out), 340, 74, "Our value", about + (f"; {about_controls}" if about_controls else ""), None)


def dots(words: Sequence[str]) -> str:
    """One mark per printed cell in the order of the tables, 25 to a line, with the counts as its name."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    said = ", ".join(f"{n} {word}" for word, n in sorted(counts.items(), key=lambda item: -item[1]))
    uses = "".join(
        f'<use class="{mark(word).tone}" href="#m-{mark(word).shape}" x="{k % 25 * 11}" y="{k // 25 * 11}" '
        'width="8" height="8"/>'
        for k, word in enumerate(words)
    )
    height = math.ceil(len(words) / 25) * 11
    label = f"{len(words)} {'cell' if len(words) == 1 else 'cells'}: {said}"
    size = f'width="275" height="{height}" viewBox="0 0 275 {height}"'
    return f'<svg class="dots" {size} role="img" aria-label="{label}">{uses}</svg>'
