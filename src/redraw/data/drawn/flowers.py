"""A drawn flower: one picture, petal by petal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .canvas import (
    PALETTE,
    Canvas,
    Colour,
    Point,
    blurred_ground,
    closed_curve,
    distance,
    mixed,
    picture_size,
    scaled,
    shaded,
    varied,
)
from .dice import Dice
from .flower_kinds import Flower, flowers

GARDENS: tuple[tuple[Colour, Colour], ...] = (
    ((70, 115, 60), (36, 70, 36)), ((128, 156, 96), (80, 112, 58)), ((36, 56, 34), (20, 34, 22)),
    ((112, 98, 74), (70, 60, 46)), ((176, 190, 150), (128, 150, 104)), ((74, 88, 96), (44, 56, 60)),
)  # fmt: skip
OUTLINES: dict[str, tuple[Point, ...]] = {
    "round": ((0.0, -0.05), (0.45, -0.95), (0.84, -0.95), (1.0, 0.0), (0.84, 0.95), (0.45, 0.95), (0.0, 0.05)),
    "heart": ((0.0, -0.05), (0.5, -0.95), (0.9, -1.0), (1.03, -0.45), (0.9, 0.0), (1.03, 0.45), (0.9, 1.0), (0.5, 0.95),
              (0.0, 0.05)),
    "pointed": ((0.0, -0.05), (0.4, -1.0), (0.72, -0.7), (1.1, 0.0), (0.72, 0.7), (0.4, 1.0), (0.0, 0.05)),
    "narrow": ((0.0, -0.1), (0.4, -0.95), (0.82, -0.95), (1.0, 0.0), (0.82, 0.95), (0.4, 0.95), (0.0, 0.1)),
    "ruffled": ((0.0, -0.05), (0.4, -0.75), (0.62, -1.05), (0.76, -0.85), (0.92, -0.8), (0.93, -0.35), (1.04, 0.0),
                (0.93, 0.35), (0.92, 0.8), (0.76, 0.85), (0.62, 1.05), (0.4, 0.75), (0.0, 0.05)),
}  # fmt: skip
"""Petals that point to (1, 0), to be drawn at half their width."""
WIDTH = {"round": 1.0, "heart": 1.0, "pointed": 0.92, "narrow": 0.62, "ruffled": 1.08}


@dataclass(frozen=True)
class FlowerPicture:
    """``image`` uint8 [H, W, 3]; ``box`` (x, y, width, height) of the blossom in pixels."""

    image: np.ndarray
    box: tuple[float, float, float, float]
    flower: Flower


def picture(seed: int, kind: int, index: int, side: int = 84) -> FlowerPicture:
    """Picture ``index`` of kind ``kind`` (both from 0) of a seed, about ``side`` pixels wide and high."""
    own, dice = flowers(seed, kind + 1)[kind], Dice(seed, "flower picture", kind, index)
    width, height = picture_size(dice, side)
    over = 3 if side < 160 else 2
    petal = varied(dice, shaded(own.colour, own.shade), 8)
    middles = sorted(GARDENS, key=lambda pair: distance(mixed(*pair, 0.5), petal))
    top, bottom = (varied(dice, colour, 10) for colour in dice.pick(middles[2:]))
    spots = (mixed(top, (230, 240, 180), 0.35), scaled(bottom, 0.7), mixed(top, bottom, 0.4), mixed(top, petal, 0.4))
    canvas = Canvas(blurred_ground(dice, width, height, top, bottom, 9, spots), over)
    unit = min(width, height)
    radius = unit * dice.uniform(0.33, 0.43)
    x, y = width / 2 + dice.normal(0.035) * unit, height * 0.47 + dice.normal(0.03) * unit
    tilt, turn = dice.uniform(0.72, 1.0), dice.uniform(-0.5, 0.5)
    _stem(canvas, dice, x, y, unit)
    box = _blossom(canvas, dice, own, petal, (x, y), radius, _view(tilt, turn))
    image = canvas.finish(1.8, np.random.default_rng([seed, kind, index, 2]))
    return FlowerPicture(image, box, own)


def _view(tilt: float, turn: float) -> np.ndarray:
    """A blossom that leans away: squeezed by ``tilt`` along a direction turned by ``turn`` from upright."""
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[c, -s], [s, c]])
    return rotation @ np.diag([1.0, tilt]) @ rotation.T


def _stem(canvas: Canvas, dice: Dice, x: float, y: float, unit: float) -> None:
    canvas.place(unit, x, y)
    green, foot = varied(dice, (66, 128, 54), 9), dice.normal(0.06)
    canvas.line([(0, 0), (foot * 0.4, 0.4), (foot, 1.2)], scaled(green, 0.8), 0.05)
    canvas.line([(-0.008, 0), (foot * 0.4 - 0.008, 0.4), (foot - 0.008, 1.2)], green, 0.026)
    for sign in (-1, 1):
        if dice.chance(0.75):
            low, reach, leaf = dice.uniform(0.36, 0.5), dice.uniform(0.3, 0.42), varied(dice, (76, 142, 62), 12)
            start, tip = (foot * 0.4, low), (foot * 0.4 + sign * reach, low - dice.uniform(0.03, 0.14))
            canvas.curve([start, (sign * 0.14, low - 0.13), tip, (sign * 0.2, low + 0.03)], leaf)
            canvas.line([start, tip], scaled(leaf, 0.75), 0.012)


def _blossom(
    canvas: Canvas, dice: Dice, own: Flower, colour: Colour, at: Point, radius: float, view: np.ndarray
) -> tuple[float, float, float, float]:
    """Petals ring by ring, then the centre. Returns the box of the petals."""
    half = WIDTH[own.shape] * own.width * math.pi / own.petals
    half = min(half, 0.62)
    start = dice.uniform(0, 2 * math.pi)
    rim = colour if own.rim == own.colour else varied(dice, PALETTE[own.rim], 6)
    edge, curves = scaled(colour, 0.6), _curves(own, half)
    canvas.outlined()
    for layer in range(own.layers):
        reach = radius * (1 - 0.36 * layer)
        for k in range(own.petals):
            angle = start + (layer + 2 * k) * math.pi / own.petals + dice.normal(0.03)
            c, s = math.cos(angle), math.sin(angle)
            size = reach * dice.uniform(0.94, 1.06)
            canvas.warp(view @ np.array([[c, -s], [s, c]]) * size, *at)
            _petal(canvas, own, curves, scaled(colour, dice.uniform(0.9, 1.06) * (1 - 0.1 * layer)), rim, edge, half)
    left, top, right, bottom = canvas.ink(edge, 0.008 * radius)
    centre = varied(dice, PALETTE[own.centre], 8)
    canvas.warp(view * radius, *at)
    size = own.centre_size
    canvas.oval(0, 0, size * 1.1, size * 1.1, scaled(centre, 0.62))
    canvas.oval(0, -0.015, size, size, centre)
    dot = scaled(centre, 0.7) if sum(centre) > 150 else mixed(centre, (255, 255, 255), 0.3)
    for k in range(9):
        angle, far = start + 2 * math.pi * k / 9, size * (0.66 if k % 3 else 0.3)
        canvas.oval(far * math.cos(angle), far * math.sin(angle), size * 0.11, size * 0.11, dot)
    left, top = max(0, math.floor(left)), max(0, math.floor(top))
    right, bottom = min(canvas.width, math.ceil(right)), min(canvas.height, math.ceil(bottom))
    return float(left), float(top), float(right - left), float(bottom - top)


def _curves(own: Flower, half: float) -> tuple[np.ndarray, ...]:
    """A petal's edge, face, face within the rim, and sheen, [points, 2] each."""

    def bent(along: float, across: float, shift: float = 0.0) -> np.ndarray:
        return closed_curve([(shift + (x - shift) * along, y * half * across) for x, y in OUTLINES[own.shape]])

    return bent(1.02, 1.06), bent(1.0, 1.0), bent(0.84, 0.76), bent(0.6, 0.45, 0.3)


def _petal(
    canvas: Canvas, own: Flower, curves: tuple[np.ndarray, ...], colour: Colour, rim: Colour, edge: Colour, half: float
) -> None:
    outer, face, inside, sheen = curves
    canvas.polygon(outer, edge)
    canvas.polygon(face, colour if own.rim == own.colour else rim)
    if own.rim != own.colour:
        canvas.polygon(inside, colour)
    canvas.polygon(sheen, mixed(colour, (255, 255, 255), 0.14))
    if own.stripes:
        for side in (-0.35, 0.0, 0.35):
            canvas.line([(0.2, side * half * 0.4), (0.74, side * half)], scaled(colour, 0.55), 0.03)
