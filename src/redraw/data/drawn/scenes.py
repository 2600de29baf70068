"""A drawn scene: one picture with the outline, box and colour of each of its objects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .canvas import Canvas, mixed, picture_size, scaled
from .dice import Dice
from .outlines import area_of, outlines
from .scene_grounds import background
from .scene_kinds import INDOORS
from .scene_light import dimmed
from .scene_links import Spot
from .scene_objects import draw_object
from .scene_specs import Group, Scene, flies, scene

LIGHT = {"night": 0.86, "sunset": 0.96}


@dataclass(frozen=True)
class Thing:
    """What can be seen of one object: ``box`` (x, y, width, height) and ``polygons`` (flat lists x, y, …) in pixels, ``area``
    inside them in square pixels; ``group`` is the index of its group in the scene."""

    category: str
    colour: str
    group: int
    box: tuple[float, float, float, float]
    polygons: list[list[float]]
    area: float


@dataclass(frozen=True)
class Picture:
    """``image`` uint8 [H, W, 3]; ``marks`` uint8 [H, W], 1 + the index in ``groups`` of the object that can be seen at a
    pixel, 0 where there is none; ``groups``: the index of each object's group in the scene, from the farthest object on."""

    image: np.ndarray
    marks: np.ndarray
    groups: tuple[int, ...]
    scene: Scene

    @cached_property
    def things(self) -> list[Thing]:
        """From the farthest to the nearest, those that can be seen."""
        found = [_thing(self.marks == mark, self.scene.groups[k], k) for mark, k in enumerate(self.groups, 1)]
        return [thing for thing in found if thing]


def picture(seed: int, index: int, side: int = 84) -> Picture:
    """Picture ``index`` of a seed, about ``side`` pixels wide and high."""
    shown = scene(seed, index)
    width, height = picture_size(Dice(seed, "scene size", index), side)
    unit = math.sqrt(width * height)
    dice = Dice(seed, "scene picture", index)
    canvas = Canvas(background(dice, shown, width, height), 3 if side < 160 else 2)
    order = sorted(((s.depth, k, j, s) for k, g in enumerate(shown.groups) for j, s in enumerate(g.spots)))
    for mark, (_, k, j, spot) in enumerate(order, 1):
        _draw(canvas, Dice(seed, "scene object", index, k, j), shown, shown.groups[k], spot, unit, mark)
    if shown.link == "flying":
        _string(canvas, shown, unit)
    pixels = canvas.finish(1.8, np.random.default_rng([seed, index, 3]))
    return Picture(pixels, canvas.marks(), tuple(k for _, k, _, _ in order), shown)


def _draw(canvas: Canvas, dice: Dice, shown: Scene, group: Group, spot: Spot, unit: float, mark: int) -> None:
    size = spot.size * unit
    x, y = spot.x * unit, spot.y * unit
    air = flies(group)
    if group.category == "train":
        canvas.place(unit, 0, 0)
        for rise in (0.0, 0.03):
            canvas.line([(-0.1, spot.y - rise), (shown.width + 0.1, spot.y - rise)], (110, 98, 90), 0.012)
    aloft = air or group.pose in ("riding", "balancing") or (group.category == "umbrella" and shown.link == "holding")
    if not aloft and shown.place != "sea":
        _shadow(canvas, shown, x, y, size, group.category)
    tilt = (
        dice.normal(0.3)
        if group.category == "kite"
        else dice.normal(0.12) - 0.06
        if group.category == "airplane"
        else 0.0
    )
    turned = spot.mirror and group.category not in ("stop sign", "clock")
    canvas.place(size, x, y, -tilt if turned else tilt, turned)
    canvas.outlined()
    dim = 1.0 if shown.place in INDOORS else LIGHT.get(shown.sky, 1.0)
    edge = draw_object(canvas, dice, group.category, group.colour, group.pose, group.who, group.second, dim)
    canvas.ink(edge, min(0.012 * size, 0.0075 * unit) + 0.001 * unit, mark)
    if group.category == "boat" or (shown.place == "sea" and group.category == "surfboard"):
        _foam(canvas, shown, spot, unit, group.category)


def _shadow(canvas: Canvas, shown: Scene, x: float, y: float, size: float, category: str) -> None:
    half = {"person": 0.18, "traffic light": 0.1, "stop sign": 0.1, "umbrella": 0.12, "bottle": 0.2, "chair": 0.32,
            "vase": 0.24, "surfboard": 0.16, "potted plant": 0.24, "giraffe": 0.3}.get(category, 0.44)  # fmt: skip
    canvas.place(size, x, y)
    canvas.oval(0.03, 0.0, half, 0.035 + 0.04 * half, scaled(dimmed(shown, shown.ground), 0.74))


def _foam(canvas: Canvas, shown: Scene, spot: Spot, unit: float, category: str) -> None:
    """Waves at the waterline, which hide the keel."""
    canvas.place(spot.size * unit, spot.x * unit, spot.y * unit)
    water = dimmed(shown, shown.ground if shown.place == "sea" else (56, 134, 176))
    half = 0.36 if category == "boat" else 0.56
    for y, share, colour in (
        (0.0, 1.0, mixed(water, (255, 255, 255), 0.5)),
        (0.045, 0.8, mixed(water, (255, 255, 255), 0.25)),
    ):
        canvas.line([(-half * share, y), (-half * share / 2, y - 0.02), (0, y), (half * share / 2, y - 0.02), (half * share, y)],
                    colour, 0.03)  # fmt: skip


def _string(canvas: Canvas, shown: Scene, unit: float) -> None:
    """From the hand of who flies the kite to its tail."""
    who, kite = shown.groups[0].spots[0], shown.groups[1].spots[0]
    hand = (who.x + (-0.25 if who.mirror else 0.25) * who.size, who.y - 0.76 * who.size)
    middle = ((hand[0] + kite.x) / 2, (hand[1] + kite.y) / 2 + 0.02)
    canvas.place(unit, 0.0, 0.0)
    canvas.line([hand, middle, (kite.x, kite.y)], (236, 236, 232) if shown.sky == "night" else (84, 84, 90), 0.006)


def _thing(mask: np.ndarray, group: Group, index: int) -> Thing | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])
    polygons = [
        [x + (x0 if i % 2 == 0 else y0) for i, x in enumerate(p)] for p in outlines(mask[y0 : y1 + 1, x0 : x1 + 1])
    ]
    area = sum(area_of(p) for p in polygons)
    box = (float(x0), float(y0), float(x1 - x0 + 1), float(y1 - y0 + 1))
    return Thing(group.category, group.colour, index, box, polygons, area)
