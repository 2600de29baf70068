"""Drawn airplanes, automobiles, ships and trucks, seen from the side.

Local coordinates: the thing faces right and is about one unit long, (0, 0) is its middle, on the ground or the water
for all but airplanes, y points down.
"""

from __future__ import annotations

import math

from .canvas import Canvas, Colour, mixed, scaled
from .dice import Dice

PAINTS: tuple[Colour, ...] = (
    (200, 40, 44), (44, 84, 180), (236, 236, 232), (40, 42, 48), (150, 154, 160), (232, 190, 50), (58, 130, 84), (224, 120, 40),
    (120, 60, 110), (96, 150, 190),
)  # fmt: skip
GLASS, TYRE = (120, 156, 182), (30, 30, 34)


def airplane(canvas: Canvas, dice: Dice, paint: Colour, outline: float) -> None:
    """An airliner, a small airplane with a propeller or a jet fighter."""
    kind, white = dice.pick(("liner", "liner", "small", "fighter")), (238, 240, 242)
    body = paint if kind != "liner" else white
    canvas.outlined()
    if kind == "fighter":
        body = dice.pick(((120, 128, 138), (96, 108, 92), (150, 158, 168)))
        canvas.polygon([(-0.1, -0.01), (-0.3, -0.16), (-0.4, -0.16), (-0.3, 0.0)], scaled(body, 0.7))
        canvas.curve([(0.52, 0.02), (0.3, -0.05), (0.0, -0.065), (-0.42, -0.04), (-0.44, 0.05), (0.1, 0.06)], body)
        canvas.polygon([(-0.24, -0.04), (-0.4, -0.26), (-0.48, -0.26), (-0.44, -0.03)], paint)
        canvas.polygon([(0.12, 0.02), (-0.3, 0.2), (-0.42, 0.2), (-0.28, 0.03)], scaled(body, 0.86))
        canvas.curve([(0.26, -0.05), (0.16, -0.11), (0.04, -0.1), (0.0, -0.05)], GLASS)
    else:
        thick = 0.075 if kind == "liner" else 0.095
        canvas.polygon([(0.02, -0.04), (-0.14, -0.22), (-0.22, -0.22), (-0.12, -0.02)], scaled(body, 0.72))
        canvas.curve([(0.5, 0.015), (0.42, -thick * 0.8), (0.2, -thick), (-0.2, -thick), (-0.48, -0.05), (-0.5, -0.02),
                      (-0.2, thick),
                      (0.2, thick), (0.42, thick * 0.8)], body)  # fmt: skip
        canvas.polygon([(-0.32, -0.05), (-0.46, -0.26), (-0.55, -0.26), (-0.5, -0.03)], paint)
        canvas.polygon([(-0.36, -0.01), (-0.52, 0.08), (-0.58, 0.08), (-0.48, -0.02)], scaled(paint, 0.8))
        canvas.polygon([(0.12, 0.03), (-0.16, 0.25), (-0.27, 0.25), (-0.1, 0.03)], scaled(body, 0.86))
        if kind == "liner":
            canvas.oval(-0.02, 0.13, 0.07, 0.035, scaled(paint, 0.9))
    canvas.ink(scaled(body, 0.4), outline)
    if kind == "liner":
        canvas.line([(-0.44, -0.012), (0.46, -0.012)], paint, 0.022)
        for k in range(11):
            canvas.oval(0.32 - 0.06 * k, -0.04, 0.011, 0.013, GLASS)
        canvas.polygon([(0.4, -0.055), (0.45, -0.03), (0.38, -0.03)], (60, 80, 100))
    elif kind == "small":
        canvas.curve([(0.26, -0.06), (0.18, -0.13), (0.04, -0.13), (0.0, -0.06)], GLASS)
        canvas.line([(0.52, -0.15), (0.52, 0.17)], (70, 70, 74), 0.02)
        for x in (0.26, 0.02):
            canvas.line([(x, 0.07), (x, 0.15)], TYRE, 0.014)
            canvas.oval(x, 0.17, 0.035, 0.035, TYRE)


def _wheel(canvas: Canvas, x: float, r: float) -> None:
    canvas.oval(x, -r, r, r, TYRE)
    canvas.oval(x, -r, r * 0.56, r * 0.56, (176, 180, 184))
    canvas.oval(x, -r, r * 0.2, r * 0.2, (80, 82, 86))


def automobile(canvas: Canvas, dice: Dice, paint: Colour, outline: float) -> None:
    """A saloon, a hatchback, an off-road car, a sports car or a van."""
    kind = dice.pick(("saloon", "hatch", "offroad", "sports", "van"))
    low, high = {
        "saloon": (0.24, 0.4),
        "hatch": (0.25, 0.43),
        "offroad": (0.3, 0.5),
        "sports": (0.2, 0.32),
        "van": (0.28, 0.52),
    }[kind]
    front, rear, back = {"saloon": (0.2, -0.2, -0.34), "hatch": (0.22, -0.36, -0.44), "offroad": (0.2, -0.42, -0.46),
                         "sports": (0.14, -0.14, -0.36), "van": (0.36, -0.44, -0.48)}[kind]  # fmt: skip
    canvas.outlined()
    canvas.curve([(0.5, -0.1), (0.49, -low * 0.8), (front + 0.12, -low - 0.01), (front * 0.6, -high), (rear, -high),
                  (back, -low - 0.02),
                  (-0.5, -low * 0.9), (-0.5, -0.1), (-0.3, -0.07), (0.3, -0.07)], paint)  # fmt: skip
    canvas.ink(scaled(paint, 0.4), outline)
    top = -high + 0.035
    canvas.polygon([(front + 0.04, -low - 0.01), (front * 0.6 - 0.01, top), (0.03, top), (0.03, -low - 0.01)], GLASS)
    canvas.polygon(
        [(0.0, -low - 0.01), (0.0, top), (rear + 0.02, top), (back + 0.08, -low - 0.01)], scaled(GLASS, 0.85)
    )
    canvas.line([(-0.48, -low * 0.72), (0.48, -low * 0.72)], mixed(paint, (255, 255, 255), 0.35), 0.022)
    canvas.line([(0.015, -low), (0.015, -0.1)], scaled(paint, 0.7), 0.01)
    canvas.oval(0.475, -low * 0.66, 0.028, 0.03, (252, 240, 190))
    canvas.oval(-0.485, -low * 0.66, 0.02, 0.03, (190, 30, 30))
    r = 0.12 if kind == "offroad" else 0.1
    for x in (-0.3, 0.3):
        canvas.oval(x, -r * 1.05, r * 1.2, r * 1.16, scaled(paint, 0.35))
        _wheel(canvas, x, r)


def truck(canvas: Canvas, dice: Dice, paint: Colour, outline: float) -> None:
    """A lorry with a box, a tipper, a tanker or a fire engine."""
    kind = dice.pick(("box", "box", "tipper", "tanker", "fire"))
    paint = (206, 32, 36) if kind == "fire" else paint
    load = {
        "box": dice.pick(((236, 236, 230), *PAINTS)),
        "tipper": (226, 178, 52),
        "tanker": (190, 196, 202),
        "fire": (206, 32, 36),
    }[kind]
    canvas.outlined()
    canvas.polygon([(-0.52, -0.14), (0.5, -0.14), (0.5, -0.08), (-0.52, -0.08)], (60, 60, 64))
    canvas.polygon([(0.24, -0.1), (0.5, -0.1), (0.5, -0.26), (0.45, -0.44), (0.24, -0.44)], paint)
    if kind == "tanker":
        canvas.curve(
            [
                (-0.52, -0.3),
                (-0.48, -0.46),
                (-0.3, -0.48),
                (0.0, -0.48),
                (0.17, -0.46),
                (0.21, -0.3),
                (0.17, -0.16),
                (-0.48, -0.16),
            ],
            load,
        )
    elif kind == "tipper":
        canvas.polygon([(-0.56, -0.42), (0.22, -0.44), (0.16, -0.15), (-0.46, -0.15)], load)
    else:
        canvas.polygon(
            [
                (-0.52, -0.56 if kind == "box" else -0.44),
                (0.2, -0.56 if kind == "box" else -0.44),
                (0.2, -0.14),
                (-0.52, -0.14),
            ],
            load,
        )
    canvas.ink(scaled(paint, 0.36), outline)
    canvas.polygon([(0.32, -0.4), (0.43, -0.4), (0.47, -0.27), (0.32, -0.27)], GLASS)
    canvas.line([(-0.48, -0.3), (0.16, -0.3)], scaled(load, 0.84) if kind != "fire" else (244, 244, 240), 0.035)
    if kind == "fire":
        canvas.line([(-0.5, -0.48), (0.3, -0.5)], (200, 204, 208), 0.035)
        canvas.oval(0.34, -0.46, 0.03, 0.025, (60, 110, 230))
    canvas.oval(0.485, -0.17, 0.02, 0.025, (252, 240, 190))
    for x in (-0.38, -0.2, 0.36):
        _wheel(canvas, x, 0.09)


def ship(canvas: Canvas, dice: Dice, paint: Colour, outline: float) -> None:
    """A freighter, a passenger ship or a sailing boat; (0, 0) is on the water."""
    kind = dice.pick(("freighter", "liner", "sail"))
    canvas.outlined()
    if kind == "sail":
        cloth = mixed(paint, (250, 248, 240), dice.pick((0.15, 0.8, 0.9)))
        canvas.line([(0.02, -0.08), (0.02, -0.74)], (110, 80, 56), 0.02)
        canvas.curve([(0.05, -0.72), (0.22, -0.4), (0.36, -0.16), (0.06, -0.15)], cloth)
        canvas.curve([(-0.01, -0.66), (-0.2, -0.36), (-0.3, -0.15), (-0.01, -0.15)], scaled(cloth, 0.9))
        canvas.curve(
            [(0.44, -0.12), (0.3, 0.04), (-0.28, 0.04), (-0.38, -0.11), (0.0, -0.08)], mixed(paint, (120, 76, 48), 0.5)
        )
    else:
        deck = -0.14
        if kind == "freighter":
            for k in range(5):
                for level in range(dice.pick((1, 2, 3))):
                    box, x, y = dice.pick(PAINTS), 0.26 - 0.115 * k, deck - 0.075 * level
                    canvas.polygon([(x, y), (x + 0.105, y), (x + 0.105, y - 0.07), (x, y - 0.07)], box)
            canvas.polygon([(-0.42, deck), (-0.28, deck), (-0.28, -0.42), (-0.42, -0.42)], (240, 240, 236))
            canvas.polygon([(-0.39, -0.42), (-0.33, -0.42), (-0.33, -0.52), (-0.39, -0.52)], paint)
        else:
            for k, (left, right) in enumerate(((-0.42, 0.34), (-0.38, 0.26), (-0.32, 0.18))):
                y = deck - 0.075 * k
                canvas.polygon([(left, y), (right, y), (right - 0.03, y - 0.075), (left, y - 0.075)], (244, 244, 240))
            canvas.polygon([(-0.14, -0.36), (-0.02, -0.36), (-0.05, -0.52), (-0.16, -0.52)], paint)
        canvas.curve([(0.52, -0.19), (0.42, 0.02), (0.36, 0.05), (-0.44, 0.05), (-0.48, -0.14), (0.0, -0.13), (0.4, -0.16)],
                     paint if kind == "freighter" else scaled(paint, 0.7))  # fmt: skip
    canvas.ink(scaled(paint, 0.36), outline)
    if kind == "liner":
        for row in range(3):
            for k in range(9 - 2 * row):
                canvas.oval(0.2 - 0.07 * k - 0.03 * row, deck - 0.036 - 0.075 * row, 0.012, 0.012, (60, 80, 110))
    if kind != "sail":
        canvas.line([(-0.44, 0.02), (0.38, 0.02)], (150, 50, 44), 0.03)
    for k in range(6):  # the water before the hull
        x = -0.6 + 0.22 * k
        canvas.line([(x + 0.1 * math.sin(k), 0.055), (x + 0.2, 0.06)], (226, 238, 244), 0.022)
