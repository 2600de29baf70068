"""The ten digits as a sign painter makes them: strokes of a pen that may be broader one way than the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .canvas import Point, open_curve
from .dice import Dice

WIDTH = 0.6
SIX: tuple[Point, ...] = (
    (0.53, 0.12), (0.36, 0.0), (0.16, 0.08), (0.03, 0.35), (0.01, 0.65), (0.08, 0.9), (0.3, 1.0), (0.52, 0.9), (0.59, 0.7),
    (0.5, 0.5), (0.3, 0.43), (0.1, 0.52), (0.02, 0.7),
)  # fmt: skip
FIVE: tuple[Point, ...] = (
    (0.54, 0.0), (0.12, 0.0), (0.12, 0.0), (0.07, 0.45), (0.07, 0.45), (0.28, 0.38), (0.5, 0.46), (0.59, 0.68), (0.5, 0.92),
    (0.27, 1.0), (0.08, 0.96), (0.0, 0.82),
)  # fmt: skip
LOW_THREE: tuple[Point, ...] = ((0.47, 0.52), (0.59, 0.72), (0.52, 0.92), (0.3, 1.0), (0.1, 0.96), (0.0, 0.82))
GLYPHS: dict[int, tuple[tuple[tuple[Point, ...], ...], ...]] = {
    0: ((((0.3, 0.0), (0.53, 0.16), (0.6, 0.5), (0.53, 0.84), (0.3, 1.0), (0.07, 0.84), (0.0, 0.5), (0.07, 0.16), (0.3, 0.0),
          (0.36, 0.01)),),),
    1: ((((0.1, 0.2), (0.24, 0.12), (0.34, 0.0), (0.34, 0.0), (0.34, 1.0)),),
        (((0.3, 0.0), (0.3, 1.0)),),
        (((0.1, 0.18), (0.24, 0.11), (0.34, 0.0), (0.34, 0.0), (0.34, 1.0)), ((0.08, 1.0), (0.58, 1.0)))),
    2: ((((0.03, 0.24), (0.1, 0.07), (0.3, 0.0), (0.52, 0.08), (0.57, 0.28), (0.45, 0.5), (0.2, 0.76), (0.02, 1.0), (0.02, 1.0),
          (0.6, 1.0)),),),
    3: ((((0.03, 0.17), (0.13, 0.03), (0.31, 0.0), (0.51, 0.08), (0.54, 0.27), (0.42, 0.43), (0.24, 0.47)),
         ((0.24, 0.47), *LOW_THREE)),
        (((0.04, 0.0), (0.56, 0.0), (0.56, 0.0), (0.25, 0.42), (0.25, 0.42), *LOW_THREE),)),
    4: ((((0.44, 1.0), (0.44, 0.0), (0.44, 0.0), (0.0, 0.7), (0.0, 0.7), (0.6, 0.7)),),
        (((0.1, 0.0), (0.02, 0.62), (0.02, 0.62), (0.6, 0.62)), ((0.44, 0.3), (0.44, 1.0)))),
    5: ((FIVE,),),
    6: ((SIX,),),
    7: ((((0.0, 0.0), (0.6, 0.0), (0.6, 0.0), (0.38, 0.42), (0.24, 1.0)),),
        (((0.0, 0.0), (0.6, 0.0), (0.6, 0.0), (0.2, 1.0)), ((0.16, 0.5), (0.54, 0.5)))),
    8: ((((0.3, 0.46), (0.09, 0.36), (0.07, 0.12), (0.3, 0.0), (0.53, 0.12), (0.51, 0.36), (0.3, 0.46), (0.06, 0.6), (0.0, 0.8),
          (0.12, 0.96), (0.3, 1.0), (0.48, 0.96), (0.6, 0.8), (0.54, 0.6), (0.3, 0.46)),),),
    9: ((tuple((WIDTH - x, 1 - y) for x, y in SIX),),),
}  # fmt: skip
"""For each digit one or more forms, each of strokes through points from (0, 0) to (0.6, 1), y downwards."""
FEET = {1: ((0.34, 1.0),), 4: ((0.44, 1.0),), 7: ((0.24, 1.0),)}
BALLS = {2: (0.05, 0.22), 3: (0.05, 0.18), 5: (0.03, 0.82), 6: (0.5, 0.14), 9: (0.1, 0.86)}


@dataclass(frozen=True)
class Hand:
    """How one house writes: half widths of the pen across and along, breadth and slant of the digits, which forms, serifs."""

    across: float
    along: float
    wide: float
    slant: float
    forms: tuple[float, ...]
    serif: bool
    square: bool
    gap: float


def hand(dice: Dice) -> Hand:
    kind = dice.weighted({"plain": 5, "bold": 3, "thin": 1.5, "serif": 3, "slab": 1.5})
    pen = {"plain": 0.075, "bold": 0.115, "thin": 0.045, "serif": 0.095, "slab": 0.08}[kind] * dice.uniform(0.88, 1.12)
    thin = dice.uniform(0.4, 0.6) if kind == "serif" else dice.uniform(0.85, 1.0)
    return Hand(
        across=pen, along=pen * thin, wide=dice.uniform(0.8, 1.15), slant=dice.uniform(0.1, 0.24) if dice.chance(0.18) else 0.0,
        forms=tuple(dice.random() for _ in range(10)), serif=kind in ("serif", "slab"), square=dice.chance(0.5),
        gap=dice.uniform(0.05, 0.2) + 2 * pen,
    )  # fmt: skip


ROUND = np.array([(math.cos(a), math.sin(a)) for a in np.arange(10) * math.tau / 10]) / math.cos(math.pi / 10)
"""Ten corners around a circle, so that no gaps are left where slabs meet."""


def shapes(own: Hand, digit: int) -> list[np.ndarray]:
    """A digit as many small polygons around its middle, (0, 0): [polygons, corners, 2] for each number of corners."""
    forms = GLYPHS[digit]
    form = int(own.forms[digit] * len(forms))
    strokes = [open_curve(points, 4) for points in forms[form]]
    if own.serif:
        strokes += [np.array([(x - 0.17, y), (x + 0.17, y)]) for x, y in FEET.get(digit, ())]
    quads = np.concatenate([_quads(own, path) for path in strokes])
    trim = 1 if own.square else 0
    dots = np.concatenate([path[trim : len(path) - trim] for path in strokes])
    blots = dots[:, None] + ROUND * (own.across, own.along)
    if own.serif and digit in BALLS and form == 0:
        blots = np.concatenate([blots, [ROUND * 1.1 * own.across + BALLS[digit]]])
    return [_slanted(own, quads), _slanted(own, blots)]


def _quads(own: Hand, path: np.ndarray) -> np.ndarray:
    """A slab for each step of the pen: [steps, 4, 2]."""
    step = np.diff(path, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    moves = length > 1e-6  # a corner stands twice
    start, step, length = path[:-1][moves], step[moves], length[moves]
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / length[:, None]
    pen = np.array([own.across, own.along]) * normal
    half = pen * (own.across, own.along) / np.hypot(pen[:, 0], pen[:, 1])[:, None]  # where the oval pen is widest
    return np.stack([start + half, start + step + half, start + step - half, start - half], axis=1)


def _slanted(own: Hand, points: np.ndarray) -> np.ndarray:
    x, y = points[..., 0] - WIDTH / 2, points[..., 1] - 0.5
    return np.stack([x * own.wide - own.slant * y, y], axis=-1)


def mask(own: Hand, digits: list[tuple[int, float]], side: int, place: np.ndarray) -> Image.Image:
    """[side, side] grey, 255 where a digit is. Each of ``digits`` stands so many glyph units to the right of ``place``.

    ``place`` [2, 3] takes (x, y, 1) in heights of a digit to pixels.
    """
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    for digit, shift in digits:
        for polygons in shapes(own, digit):
            pixels = (polygons + (shift, 0.0)) @ place[:, :2].T + place[:, 2]
            for corners in pixels.reshape(len(pixels), -1).tolist():
                draw.polygon(corners, fill=255)
    return image
