"""Invented alphabets. A character is a program of pen strokes, which each drawer follows in an own hand.

After the motor programs of Lake et al. (2015): strokes are made of a few primitives of their alphabet, scaled and turned; a
stroke begins where an earlier one begins, ends or passes, or stands alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from .canvas import open_curve
from .dice import Dice

SIDE, OVER = 105, 3
Stroke = tuple[tuple[float, float], ...]

PRIMITIVES: dict[str, Stroke] = {
    "line": ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0)),
    "bow": ((0.0, 0.0), (0.25, -0.18), (0.5, -0.25), (0.75, -0.18), (1.0, 0.0)),
    "arc": ((0.0, 0.0), (0.08, -0.32), (0.32, -0.52), (0.66, -0.52), (0.92, -0.32), (1.0, 0.0)),
    "hook": ((0.0, 0.0), (0.4, 0.0), (0.72, 0.02), (0.92, -0.12), (0.94, -0.32), (0.78, -0.42)),
    "bend": ((0.0, 0.0), (0.62, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, -0.3), (1.0, -0.62)),
    "wave": ((0.0, 0.0), (0.2, -0.2), (0.4, -0.08), (0.6, 0.12), (0.8, 0.2), (1.0, 0.0)),
    "peak": ((0.0, 0.0), (0.25, -0.35), (0.5, -0.7), (0.5, -0.7), (0.75, -0.35), (1.0, 0.0)),
    "ring": ((0.0, 0.0), (0.18, -0.38), (0.56, -0.5), (0.92, -0.26), (0.94, 0.2), (0.58, 0.46), (0.2, 0.36), (0.0, 0.02)),
    "loop": ((0.0, 0.0), (0.38, -0.04), (0.74, -0.22), (0.72, -0.52), (0.46, -0.56), (0.4, -0.26), (0.66, 0.0), (1.0, 0.08)),
    "spiral": ((0.0, 0.0), (0.1, -0.4), (0.46, -0.58), (0.84, -0.36), (0.86, 0.04), (0.56, 0.2), (0.34, 0.02), (0.5, -0.18)),
    "zigzag": ((0.0, 0.0), (0.34, -0.3), (0.34, -0.3), (0.6, 0.16), (0.6, 0.16), (1.0, -0.16)),
    "cup": ((0.0, 0.0), (0.02, 0.4), (0.2, 0.66), (0.5, 0.72), (0.8, 0.66), (0.98, 0.4), (1.0, 0.0)),
}  # fmt: skip
"""Control points from (0, 0), about one unit long; a point that stands twice is a corner."""
PLAIN, ROUND = (
    ("line", "bow", "bend", "peak", "zigzag"),
    ("arc", "hook", "wave", "ring", "loop", "spiral", "cup", "bow"),
)
NAMES = (
    "Arvelic", "Boskari", "Calnuth", "Dorvane", "Eshtari", "Fenwari", "Gelmoric", "Hathune", "Ilvaric", "Jorathi", "Keshmar",
    "Lumeric", "Mardune", "Nethari", "Ossvane", "Pelgoric", "Quenari", "Rhovane", "Selmaric", "Tarkune", "Urvathi", "Velmar",
    "Wolgari", "Xanthune", "Yeldaric", "Zorvane", "Amberic", "Brenari", "Corvune", "Delmathi", "Elkavar", "Foskune", "Galdari",
    "Hesperic", "Ishvane", "Jelmari", "Kolvathi", "Lethune", "Morgari", "Nalveric", "Ondari", "Paskune", "Quorvath", "Rimaric",
    "Sothari", "Telvune", "Ulmathi", "Varnoric", "Wesgari", "Yorvane",
)  # fmt: skip


@dataclass(frozen=True)
class Alphabet:
    name: str
    primitives: tuple[str, ...]
    turns: tuple[float, ...]
    """Directions in which strokes set out, in radians."""
    strokes: tuple[float, ...]
    """Weights of one, two, three and four strokes."""
    dots: float


@lru_cache(maxsize=128)
def alphabet(seed: int, number: int) -> Alphabet:
    """Alphabet ``number`` (from 0) of a seed."""
    dice = Dice(seed, "alphabet", number)
    angular = dice.chance(0.35)
    mostly, others = (PLAIN, ROUND) if angular else (ROUND, PLAIN)
    primitives = (*dice.some(mostly, 4), *dice.some(others, 2), "line")
    tilt = 0.0 if dice.chance(0.6) else dice.uniform(-0.3, 0.3)
    turns = tuple(tilt + k * math.pi / 4 for k in range(8) if k % 2 == 0 or dice.chance(0.5))
    weights = dice.pick(((3.0, 4.0, 2.0, 0.5), (1.0, 4.0, 4.0, 1.5), (1.0, 2.0, 4.0, 3.0)))
    return Alphabet(NAMES[number % len(NAMES)], primitives, turns, weights, 0.3 if dice.chance(0.3) else 0.04)


@lru_cache(maxsize=4096)
def character(seed: int, number: int, which: int) -> tuple[Stroke, ...]:
    """Character ``which`` of an alphabet: strokes of control points in the unit square.

    Of a few inventions the first one unlike the characters before it and not crowded, or the nearest to that.
    """
    before = [_cells(character(seed, number, k)) for k in range(which)]
    own, dice = alphabet(seed, number), Dice(seed, "character", number, which)
    best: tuple[float, tuple[Stroke, ...]] = (2.0, ())
    for _ in range(6):
        strokes = _invented(own, dice)
        cells = _cells(strokes)
        likeness = max([len(cells & other) / len(cells | other) for other in before], default=0.0)
        likeness += (0.0 if 13 <= len(cells) <= 36 else 0.5) + max(0.0, _length(strokes) * 8 / len(cells) - 0.95)
        if likeness < best[0]:
            best = (likeness, strokes)
        if likeness < 0.36:
            break
    return best[1]


def _invented(own: Alphabet, dice: Dice) -> tuple[Stroke, ...]:
    count = dice.weighted(dict(zip((1, 2, 3, 4), own.strokes, strict=True)))
    strokes: list[np.ndarray] = []
    for k in range(count):
        size = dice.uniform(0.8, 1.1) if k == 0 else dice.uniform(0.35, 0.95)
        tries = [_stroke(own, dice, strokes, size, count) for _ in range(3)]
        strokes.append(min(tries, key=lambda one: float(np.ptp(np.vstack([*strokes, one]), axis=0).max())))
    if dice.chance(own.dots):
        at = np.vstack(strokes).min(axis=0) - (0.1, 0.12) + dice.random() * np.ptp(np.vstack(strokes), axis=0) * (1, 0)
        strokes.append(at + 0.04 * np.array([(0, 0), (1, 0.4), (0.3, 1)]))
    every = np.vstack(strokes)
    low, extent = every.min(axis=0), np.ptp(every, axis=0)
    scale = 1 / max(extent.max(), 1e-6)
    shift = (1 - extent * scale) / 2
    return tuple(tuple(map(tuple, ((one - low) * scale + shift).tolist())) for one in strokes)


def _stroke(own: Alphabet, dice: Dice, earlier: list[np.ndarray], size: float, count: int) -> np.ndarray:
    """One or two primitives on end, begun at an earlier stroke or beside it."""
    points = np.zeros((1, 2))
    for _ in range(2 if dice.chance(0.6 if count == 1 else 0.25) else 1):
        piece = np.array(PRIMITIVES[dice.pick(own.primitives)])
        if dice.chance(0.5):
            piece = piece * (1, -1)
        turn = dice.pick(own.turns)
        c, s = math.cos(turn), math.sin(turn)
        piece = size * piece @ np.array([[c, s], [-s, c]])
        points = np.vstack([points, points[-1] + piece[1:]])
        size *= dice.uniform(0.5, 0.9)
    if earlier:
        other = dice.pick(earlier)
        start = other[dice.pick((0, len(other) - 1, len(other) // 2, len(other) // 3))]
        if dice.chance(0.15):
            start = start + (dice.normal(0.2), dice.normal(0.2))
        hold = dice.pick((0, 0, len(points) - 1, len(points) // 2))
        points = points - points[hold] + start
    return points


def _cells(strokes: tuple[Stroke, ...]) -> set[tuple[int, int]]:
    """Which squares of a grid of 8 x 8 the pen touches."""
    path = np.vstack([open_curve(one) for one in strokes])
    return set(map(tuple, np.clip(path * 8, 0, 7).astype(int).tolist()))


def _length(strokes: tuple[Stroke, ...]) -> float:
    return sum(float(np.hypot(*np.diff(open_curve(one), axis=0).T).sum()) for one in strokes)


def picture(seed: int, number: int, which: int, drawer: int) -> np.ndarray:
    """One drawing of a character, uint8 [105, 105]: 0 ink, 255 paper. ``drawer`` counts from 0."""
    hand = Dice(seed, "hand", number, drawer)
    slant, turn, size = hand.normal(0.1), hand.normal(0.06), hand.uniform(0.6, 0.78)
    wide, pen, shaky = hand.uniform(0.88, 1.12), hand.uniform(2.7, 3.7), hand.uniform(0.008, 0.026)
    dice = Dice(seed, "drawing", number, which, drawer)
    c, s = math.cos(turn), math.sin(turn)
    matrix = (
        np.array([[c * wide, -s], [s, c]])
        @ np.array([[1.0, slant], [0.0, 1.0]])
        * size
        * SIDE
        * dice.uniform(0.93, 1.05)
    )
    middle = np.array([SIDE / 2 + dice.normal(3.0), SIDE / 2 + dice.normal(3.0)])
    image = Image.new("L", (SIDE * OVER, SIDE * OVER), 255)
    draw = ImageDraw.Draw(image)
    for stroke in character(seed, number, which):
        points = np.array(stroke) - 0.5
        points = (points - points[0]) * (1 + dice.normal(0.05)) + points[0] + (dice.normal(0.018), dice.normal(0.018))
        points += [(dice.normal(shaky), dice.normal(shaky)) for _ in range(len(points))]
        path = (open_curve(points) @ matrix.T + middle) * OVER
        thick = max(2, round(pen * OVER))
        draw.line(path.ravel().tolist(), fill=0, width=thick, joint="curve")
        for x, y in (path[0], path[-1]):
            draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=0)
    return np.where(np.asarray(image.reduce(OVER)) < 128, 0, 255).astype(np.uint8)
