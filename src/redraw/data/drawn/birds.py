"""A drawn bird: one picture with its box, the places of its parts and its attributes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .bird_kinds import PARTS, Sight, Species, attributes, sight, species
from .canvas import PALETTE, Canvas, Colour, Point, mixed, picture_size, scaled, shaded, varied
from .dice import Dice
from .places import after, before, ground

BODY_LENGTH = {"small": 0.7, "medium": 0.86, "large": 1.04}  # of the side of a square as large as the picture
BILL_LENGTH = {"short": 0.045, "medium": 0.12, "long": 0.21}
EYE, WHITE = (18, 14, 12), (244, 244, 238)


@dataclass(frozen=True)
class Picture:
    """``image`` uint8 [H, W, 3]; ``box`` (x, y, width, height) in pixels; ``parts`` {CUB's part: place or None};
    ``attributes`` as ``bird_kinds.attributes`` gives them."""

    image: np.ndarray
    box: tuple[float, float, float, float]
    parts: dict[str, Point | None]
    attributes: dict[str, str | None]
    species: Species
    sight: Sight


def seen(seed: int, kind: int, index: int, independent: bool = False) -> tuple[Species, Sight]:
    """What picture ``index`` of species ``kind`` (both from 0) shows, without drawing it."""
    own = species(seed, kind + 1, independent)[kind]
    return own, sight(own, Dice(seed, "bird sight", kind, index))


def picture(seed: int, kind: int, index: int, side: int = 84, independent: bool = False) -> Picture:
    """Picture ``index`` of species ``kind`` of a seed, about ``side`` pixels wide and high."""
    own, view = seen(seed, kind, index, independent)
    dice = Dice(seed, "bird picture", kind, index)
    width, height = picture_size(dice, side)
    colours = {
        "back": varied(dice, shaded(own.back, own.back_shade), 5),
        "wing": varied(dice, shaded(own.wing, own.back_shade if own.wing == own.back else ""), 5),
        "belly": varied(dice, shaded(own.belly, own.belly_shade), 5),
        "crown": varied(dice, shaded(own.crown, own.back_shade if own.crown == own.back else ""), 5),
        "bill": varied(dice, PALETTE[own.bill], 5),
        "legs": varied(dice, PALETTE[own.legs], 5),
    }
    over = 3 if side < 160 else 2
    plumage = [colours[part] for part in ("back", "wing", "belly", "crown")]
    image, scenery = ground(dice, view, width, height, plumage)
    canvas = Canvas(image, over)
    unit = math.sqrt(width * height)
    scale = BODY_LENGTH[own.size] * unit * dice.uniform(0.96, 1.04)
    if own.shape == "wader":  # long legs and neck have to find room
        scale *= 0.92
    forward = BILL_LENGTH[own.bill_length] - (0.0 if own.tail == "square" else 0.12)
    forward += 0.08 if view.pose == "flying" else 0.0
    forward *= scale * (0.4 if view.facing == "left" else -0.4)
    x, y = width / 2 + forward + dice.normal(0.03) * unit, height * 0.53 + dice.normal(0.025) * unit
    if view.pose == "flying":
        y += 0.09 * scale
    elif own.shape == "wader":
        y += 0.025 * scale
    stand = _Stand(x, y, scale, view.facing == "left")
    foot = y + scale * (0.25 if view.pose == "perched" else 0.36 if own.shape == "wader" else 0.28)
    before(canvas, dice, view, scenery, x, foot)
    extent, parts = draw_bird(canvas, Dice(seed, "bird body", kind, index), own, view, colours, stand, foot)
    if view.pose == "swimming":
        surface = y + scale * 0.115
        after(canvas, dice, scenery, x, surface, scale)
        extent = (*extent[:3], min(extent[3], surface + 0.02 * scale))
    pixels = canvas.finish(1.8, np.random.default_rng([seed, kind, index, 1]))
    return Picture(pixels, _box(extent, width, height), parts, attributes(own, view), own, view)


@dataclass(frozen=True)
class _Stand:
    x: float
    y: float
    scale: float
    mirror: bool


def _box(extent: tuple[float, float, float, float], width: int, height: int) -> tuple[float, float, float, float]:
    left, top = max(0, math.floor(extent[0])), max(0, math.floor(extent[1]))
    right, bottom = min(width, math.ceil(extent[2])), min(height, math.ceil(extent[3]))
    return float(left), float(top), float(right - left), float(bottom - top)


def draw_bird(
    canvas: Canvas, dice: Dice, own: Species, view: Sight, colours: dict[str, Colour], stand: _Stand, foot: float
) -> tuple[tuple[float, float, float, float], dict[str, Point | None]]:
    """Returns the extent (left, top, right, bottom) in pixels and the places of the parts."""
    flying, wader = view.pose == "flying", own.shape == "wader"
    back, wing, belly, crown, bill = (colours[p] for p in ("back", "wing", "belly", "crown", "bill"))
    p, head = own.plump * (0.9 if wader else 1.06), 0.108 * own.head * (0.9 if wader else 1.0)
    tilt = {"flying": -0.1, "swimming": -0.03, "standing": -0.24, "perched": -0.34}[view.pose] + dice.normal(0.06)
    hx, hy = (0.24, -0.15) if own.shape == "perching" else (0.235, -0.19) if own.shape == "duck" else (0.26, -0.25)
    if flying:
        hx, hy = hx + 0.06, hy * 0.45
    parts: dict[str, Point | None] = dict.fromkeys(PARTS)
    canvas.outlined()
    if view.pose in ("perched", "standing"):
        _legs(canvas, colours["legs"], stand, foot, parts)
    canvas.place(stand.scale, stand.x, stand.y, tilt, stand.mirror)
    far = scaled(wing, 0.78)
    if flying:
        raised = dice.uniform(0.75, 1.1)
        canvas.curve([(0.1, -0.05), (0.1, -0.26 * raised), (0.0, -0.4 * raised), (-0.07, -0.2 * raised), (-0.02, -0.02)],
                     far)  # fmt: skip
    _tail(canvas, own, scaled(wing, 0.9))
    canvas.curve([(-0.25, 0.01), (-0.14, -0.085 * p), (0.02, -0.125 * p), (0.15, -0.1 * p), (0.225, -0.02),
                  (0.225, 0.075 * p), (0.12, 0.15 * p), (-0.03, 0.16 * p), (-0.17, 0.095 * p)], back)  # fmt: skip
    throat = (hx + head * 0.35, hy + head * 0.95)
    canvas.curve([(0.06, -0.1 * p), (hx - head * 0.95, hy + 0.01), (hx, hy + head * 0.2), (hx + head * 0.6, hy + head * 0.7),
                  (0.24, 0.02), (0.14, 0.08)], back)  # fmt: skip
    canvas.curve([(-0.19, 0.06 * p), (-0.04, 0.055 * p), (0.1, 0.03), (0.16, -0.04), (hx - head * 0.1, hy + head * 0.75),
                  (hx + head * 0.75, hy + head * 0.55), (0.236, -0.01), (0.23, 0.08 * p), (0.12, 0.152 * p),
                  (-0.03, 0.162 * p), (-0.15, 0.105 * p)], belly)  # fmt: skip
    canvas.oval(hx, hy, head * 1.06, head, back)
    canvas.curve([(hx + head * 0.98, hy + head * 0.3), (hx + head * 0.3, hy + head * 0.45), (hx - head * 0.1, hy + head * 0.9),
                  (hx + head * 0.4, hy + head * 1.1), (hx + head * 0.85, hy + head * 0.7)], belly)  # fmt: skip
    _bill(canvas, own, bill, hx, hy, head)
    _crown(canvas, own, crown, hx, hy, head)
    place = _spread_wing(canvas, own, wing, raised) if flying else _folded_wing(canvas, own, wing, p)
    extent = canvas.ink(_edge(colours), 0.012 * stand.scale)
    ex, ey = hx + head * 0.42, hy + head * 0.02
    canvas.oval(ex, ey, head * 0.27, head * 0.27, WHITE)
    canvas.oval(ex + head * 0.03, ey, head * 0.2, head * 0.2, EYE)
    canvas.oval(ex + head * 0.09, ey - head * 0.07, head * 0.07, head * 0.07, WHITE)
    near = "left" if stand.mirror else "right"
    places = {
        "back": (0.02, -0.095 * p), "beak": (hx + head + BILL_LENGTH[own.bill_length] * 0.5, hy + head * 0.1),
        "belly": (0.08, 0.095 * p), "breast": (0.2, 0.05), "crown": (hx - head * 0.1, hy - head * 0.8),
        "forehead": (hx + head * 0.75, hy - head * 0.5), f"{near} eye": (ex, ey), f"{near} wing": place,
        "nape": (hx - head * 0.9, hy + head * 0.2), "tail": (-0.34, 0.02), "throat": throat,
    }  # fmt: skip
    if flying:
        places["right wing" if stand.mirror else "left wing"] = (0.02, -0.3 * raised)
    for name, local in places.items():
        x, y = canvas.pixel(*local)
        parts[name] = (x, y) if 0 <= x < canvas.width and 0 <= y < canvas.height else None
    return extent, parts


def _edge(colours: dict[str, Colour]) -> Colour:
    """The outline's colour: the back's, so dark that it divides the bird from any background."""
    return mixed(scaled(colours["back"], 0.42), (20, 18, 20), 0.35)


def _legs(canvas: Canvas, colour: Colour, stand: _Stand, foot: float, parts: dict[str, Point | None]) -> None:
    canvas.place(stand.scale, stand.x, stand.y, 0.0, stand.mirror)
    ground_y = (foot - stand.y) / stand.scale
    for name, x in (("right leg", -0.045), ("left leg", 0.06)):
        canvas.line([(x, 0.1), (x - 0.012, (0.1 + ground_y) / 2), (x + 0.012, ground_y)], colour, 0.022)
        canvas.line([(x - 0.015, ground_y), (x + 0.055, ground_y)], colour, 0.02)
        parts[name] = canvas.pixel(x, (0.12 + ground_y) / 2)


def _tail(canvas: Canvas, own: Species, colour: Colour) -> None:
    if own.tail == "square":
        canvas.polygon([(-0.16, -0.06), (-0.34, -0.075), (-0.35, 0.115), (-0.14, 0.085)], colour)
    elif own.tail == "pointed":
        canvas.polygon([(-0.16, -0.05), (-0.3, -0.03), (-0.47, 0.045), (-0.3, 0.07), (-0.14, 0.08)], colour)
    else:
        canvas.polygon([(-0.16, -0.06), (-0.33, -0.085), (-0.45, -0.14), (-0.33, 0.02), (-0.44, 0.17), (-0.3, 0.115),
                        (-0.14, 0.08)], colour)  # fmt: skip


def _bill(canvas: Canvas, own: Species, colour: Colour, hx: float, hy: float, head: float) -> None:
    length, base = BILL_LENGTH[own.bill_length], hx + head * 0.82
    tip = (hx + head + length, hy + head * 0.28)
    canvas.polygon([(base, hy - head * 0.42), (base + length * 0.6, hy - head * 0.22), tip,
                    (base + length * 0.35, hy + head * 0.46), (base, hy + head * 0.5)], colour)  # fmt: skip
    canvas.line([(base + head * 0.1, hy + head * 0.12), tip], scaled(colour, 0.62), 0.009)


def _crown(canvas: Canvas, own: Species, colour: Colour, hx: float, hy: float, head: float) -> None:
    def at(*points: Point) -> list[Point]:
        return [(hx + head * x, hy + head * y) for x, y in points]

    if own.crest:
        canvas.curve(at((0.55, -0.75), (0.1, -1.35), (-0.65, -1.75), (-1.3, -1.9), (-1.15, -1.45), (-1.0, -0.9),
                        (-0.85, -0.35), (0.1, -0.5)), colour)  # fmt: skip
    canvas.curve(at((1.0, -0.2), (0.78, -0.75), (0.2, -1.05), (-0.5, -0.98), (-1.02, -0.45), (-1.1, 0.1), (-0.6, 0.1),
                    (0.05, -0.26), (0.6, -0.32)), colour)  # fmt: skip


def _bar(canvas: Canvas, points: list[Point], wing: Colour) -> None:
    """A white bar between dark seams, without which it could not be seen on a white wing."""
    canvas.line(points, scaled(wing, 0.6), 0.044)
    canvas.line(points, (252, 252, 250), 0.03)


def _feather(wing: Colour) -> Colour:
    return scaled(wing, 0.66) if sum(wing) > 200 else mixed(wing, (255, 255, 255), 0.28)


def _folded_wing(canvas: Canvas, own: Species, wing: Colour, p: float) -> Point:
    canvas.curve([(0.125, -0.025 * p), (0.04, -0.062 * p), (-0.1, -0.042 * p), (-0.23, 0.02), (-0.28, 0.055), (-0.14, 0.075 * p),
                  (0.02, 0.075 * p), (0.11, 0.03)], wing)  # fmt: skip
    for k in range(3):
        canvas.line([(-0.02 - 0.04 * k, 0.058 - 0.024 * k), (-0.14 - 0.03 * k, 0.055 - 0.021 * k), (-0.26, 0.045 - 0.012 * k)],
                    _feather(wing), 0.01)  # fmt: skip
    if own.bars:
        _bar(canvas, [(0.08, -0.038 * p), (0.055, 0.0), (0.05, 0.05)], wing)
        _bar(canvas, [(0.0, -0.048 * p), (-0.025, 0.0), (-0.03, 0.06)], wing)
    return -0.06, 0.02


def _spread_wing(canvas: Canvas, own: Species, wing: Colour, raised: float) -> Point:
    def up(*points: Point) -> list[Point]:
        return [(x, y * raised) for x, y in points]

    tips = []
    for k in range(5):
        angle = 1.98 + 0.24 * k
        length = 0.53 - 0.055 * k
        tips += [(0.0 + length * math.cos(angle), -length * math.sin(angle)),
                 (0.0 + length * 0.82 * math.cos(angle + 0.14), -length * 0.82 * math.sin(angle + 0.14))]  # fmt: skip
    canvas.curve(
        up((0.12, -0.03), (0.12, -0.2), (0.06, -0.33), (-0.07, -0.47), *tips, (-0.12, 0.0), (0.02, 0.03)), wing
    )
    for k in range(5):
        start, end = (0.05 - 0.045 * k, -0.13), (-0.1 - 0.035 * k, -0.42 + 0.055 * k)
        canvas.line(up(start, end), _feather(wing), 0.011)
    if own.bars:
        _bar(canvas, up((0.1, -0.19), (-0.06, -0.17), (-0.2, -0.13)), wing)
        _bar(canvas, up((0.06, -0.29), (-0.09, -0.28), (-0.24, -0.25)), wing)
    return -0.06, -0.2 * raised
