"""Beards, lines of age and glasses of drawn faces."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Colour, Point, mixed, scaled
from .dice import Dice
from .face_canvas import Portrait
from .face_kinds import Look, Person

FRAMES: tuple[Colour, ...] = ((34, 30, 34), (104, 60, 40), (128, 36, 44), (52, 62, 96), (150, 120, 70))


def _mirrored(points: list[Point]) -> list[Point]:
    return [(-x, y) for x, y in reversed(points)]


def facial_hair(canvas: Portrait, now: Look, colour: Colour, skin: Colour, outline: list[Point]) -> None:
    """Drawn before the mouth, which lies upon it."""
    half = [(1.05, 0.15), (1.04, 0.55), (0.98, 1.1), (0.72, 1.62), (0.35, 1.9)]
    inner = [(0.3, 0.86), (0.6, 0.98), (0.82, 0.72), (0.93, 0.3)]
    jaw = [*half, (0.0, 1.98), *_mirrored(half), *_mirrored(inner), (0.0, 0.9), *inner]
    lip = [(-0.55, 1.06), (-0.42, 0.9), (-0.12, 0.84), (0.0, 0.88), (0.12, 0.84), (0.42, 0.9), (0.55, 1.06), (0.3, 1.02),
           (0.0, 1.0), (-0.3, 1.02)]  # fmt: skip
    if now.beard == "stubble":
        tone = mixed(skin, scaled(colour, 0.7), 0.55)
        spots = [(-0.78, 1.15, 0.3, 0.45, 0.6), (0.78, 1.15, 0.3, 0.45, 0.6), (0.0, 1.55, 0.6, 0.25, 0.7),
                 (0.0, 0.88, 0.45, 0.1, 0.55)]  # fmt: skip
        canvas.glow(tone, [(x + 0.5 * math.sin(canvas.yaw), y, a, b, s) for x, y, a, b, s in spots], [outline])
    elif now.beard == "full":
        canvas.outlined()
        canvas.curve(canvas.rim(jaw), colour)
        canvas.ink(scaled(colour, 0.7), 0.012 * canvas._unit)
        canvas.glow(mixed(colour, (255, 240, 214), 0.3), [(-0.55 * now.light, 1.3, 0.3, 0.35, 0.5)], [canvas.rim(jaw)])
    elif now.beard == "goatee":
        tuft = [(-0.3, 1.36), (0.0, 1.3), (0.3, 1.36), (0.31, 1.66), (0.0, 1.96), (-0.31, 1.66)]
        canvas.curve(canvas.rim(tuft), colour)
    if now.beard in ("full", "mustache"):
        canvas.curve(canvas.face(lip, 0.05), scaled(colour, 0.88))


def lines_of_age(canvas: Portrait, own: Person, now: Look, skin: Colour) -> None:
    tone = mixed(scaled(skin, 0.72), (140, 70, 60), 0.12)
    if own.bags:
        for side in (-1, 1):
            canvas.stroke(canvas.face([(side * 0.28, 0.2), (side * 0.46, 0.27), (side * 0.68, 0.22)]), tone, 0.035)
    if own.age != "young":
        for side in (-1, 1):
            canvas.stroke(canvas.face([(side * 0.3, 0.68), (side * 0.48, 0.86), (side * 0.58, 1.08)]), tone, 0.03)
    if own.age == "old":
        for k in range(2):
            canvas.stroke(
                canvas.face([(-0.4, -0.7 - 0.17 * k), (0.0, -0.74 - 0.17 * k), (0.4, -0.7 - 0.17 * k)]), tone, 0.022
            )
        for side in (-1, 1):
            for k in (-1, 1):
                canvas.line(canvas.face([(side * 0.84, 0.02 * k), (side * 0.98, 0.07 * k - 0.01)]), tone, 0.022)
    if now.smiling and own.age == "young":
        for side in (-1, 1):
            canvas.stroke(canvas.face([(side * 0.62, 0.82), (side * 0.69, 0.95), (side * 0.67, 1.08)]), tone, 0.024)
    if own.double_chin:
        canvas.stroke(canvas.rim([(-0.42, 1.56), (0.0, 1.67), (0.42, 1.56)]), scaled(tone, 0.9), 0.035)


def eyewear(canvas: Portrait, dice: Dice, now: Look) -> None:
    if now.eyewear == "none":
        return
    colour, dark = dice.pick(FRAMES), now.eyewear == "sunglasses"
    square, size = dice.uniform(2.0, 4.5), dice.uniform(0.38, 0.43)
    for side in (-1, 1):
        ring = []
        for a in np.linspace(0, 2 * math.pi, 28, endpoint=False):
            c, s = math.cos(a), math.sin(a)
            ring.append((0.5 * side + size * abs(c) ** (2 / square) * math.copysign(1, c),
                         0.04 + (size * 0.8) * abs(s) ** (2 / square) * math.copysign(1, s)))  # fmt: skip
        shown = canvas.face(ring, 0.08)
        if dark:
            canvas.polygon(shown, (38, 36, 44))
            canvas.line(
                canvas.face([(0.5 * side - 0.2, 0.12), (0.5 * side + 0.02, -0.16)], 0.08), (112, 116, 132), 0.06
            )
        canvas.line([*shown, shown[0], shown[1]], colour, 0.055)
        canvas.line(
            [*canvas.face([(0.9 * side, -0.06)], 0.08), (1.14 * side - 0.2 * math.sin(canvas.yaw), -0.1)], colour, 0.05
        )
    canvas.line(canvas.face([(-0.12, 0.0), (0.0, -0.05), (0.12, 0.0)], 0.1), colour, 0.055)
