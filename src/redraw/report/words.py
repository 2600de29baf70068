"""Safe text, numbers, durations and counts as text, and the line that says what the numbers of a scale are good for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def plain(value: Any) -> str:
    """Any value as text; characters that HTML and XML forbid become replacement characters."""
    return _CONTROL.sub("\ufffd", str(value))


def text(value: Any) -> str:
    """Any value as HTML text or attribute."""
    return escape(plain(value), quote=True)


def number(value: float | None, digits: int = 3) -> str:
    """A value as text: ``digits`` significant digits, whole numbers from 1,000 on with separators, a real minus."""
    if value is None or not math.isfinite(value):
        return "–" if value is None else str(value)
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    if places > 6:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    return f"{value:,.{max(0, places)}f}".replace("-", "−")


def value_spread(value: float | None, spread: float | None) -> str:
    """ "31.0 ± 1.4": the spread's second digit decides how many places both have."""
    if value is None:
        return ""
    if not spread or not math.isfinite(spread):
        return number(value) + (" ± 0" if spread == 0 else "")
    places = min(6, max(0, 1 - math.floor(math.log10(spread))))
    return f"{value:,.{places}f} ± {spread:,.{places}f}".replace("-", "−")


def cut(text: str, most: int) -> str:
    """At most ``most`` characters of a text, an ellipsis where some are left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def probability(value: float) -> str:
    """ ".031"; "< .001" for less."""
    return "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)


def plural(n: int, one: str, many: str | None = None) -> str:
    """ "1 seed", "3 seeds"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def kendall(order: Mapping[str, Any]) -> str:
    """The order of a table's models, printed against ours; with several columns the mean of theirs."""
    tau, columns = f"{order['kendall_tau']:.2g}".replace("-", "−"), len(order["columns"])
    over = plural(order["n"], "model") if columns == 1 else f"{columns} columns with {plural(order['n'], 'cell')}"
    return f"{tau}{'' if columns == 1 else ' in the mean'} over {over}"


def clock(seconds: float) -> str:
    """A duration for people: "8 s", "3 min 12 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def scale_line(scale: str, seeds: int, stand_ins: bool = True) -> str:
    """What the numbers on a page are good for, in one or two sentences of plain text."""
    lines = {
        "smoke": "A test world of a few training steps: it shows that everything runs. No number below means anything.",
        "embedded": "Stand-in data, small scale: the numbers below cannot be compared with the printed ones; "
        "orders and trends can.",
        "study": "Stand-in data, networks of full size: the numbers below cannot be compared with the printed ones; "
        "orders and trends can.",
        "paper": "The papers’ data and schedules: a number may be compared with the printed one where the protocol is "
        "the same.",
    }
    line = lines.get(scale, f"Scale {scale}.")
    if scale == "paper" and stand_ins:
        line = "Some data are stand-ins: where they are, numbers cannot be compared with the printed ones."
    return line + (" One seed ranks nothing: read no order out of it." if seeds == 1 else "")


def curve(x: Sequence[float], y: Sequence[float | None]) -> str:
    """A curve in words: first, lowest, highest and last value that is finite, each with its x."""
    points = [(a, b) for a, b in zip(x, y, strict=True) if b is not None and math.isfinite(b)]
    if not points:
        return "no values"
    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    named = (("starts at", points[0]), ("lowest", low), ("highest", high), ("ends at", points[-1]))
    return ", ".join(f"{name} {number(b)} ({a:,g})" for name, (a, b) in named)
