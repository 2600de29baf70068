"""People of the drawn scenes: men, women, boys and girls in coloured clothes, one unit tall, the feet at (0, 0)."""

from __future__ import annotations

import math

from .canvas import Canvas, Colour, Point, scaled
from .dice import Dice

SKINS = ((240, 200, 170), (224, 172, 132), (168, 114, 80), (108, 72, 52))
HAIRS = ((44, 32, 26), (96, 62, 36), (202, 160, 84), (150, 76, 40), (30, 28, 30))
SHOES = ((40, 36, 40), (120, 84, 56), (230, 228, 224))
SITTING = ("sitting", "riding")


def person(canvas: Canvas, dice: Dice, who: str, shirt: Colour, trousers: Colour, pose: str) -> None:
    """``pose``: standing, walking, running, sitting, riding, holding (one hand up) or balancing."""
    skin, hair, shoe = dice.pick(SKINS), dice.pick(HAIRS), dice.pick(SHOES)
    child, female = who in ("boy", "girl"), who in ("woman", "girl")
    head = 0.125 if child else 0.105
    hip, neck = -0.46, -0.76 if not child else -0.72
    if pose in SITTING:
        hip, neck = hip + 0.16, neck + 0.16
    top = neck - head * 0.95
    dark = scaled(trousers, 0.8)
    if female:
        canvas.oval(-0.02, top + head * 0.6, head * 1.15, head * 1.7, hair)
    for k, (knee, foot) in enumerate(_legs(pose, hip)):
        tone = dark if k == 0 else trousers
        bare = female and pose not in SITTING
        canvas.line([(-0.04 + 0.08 * k, hip), knee, foot], skin if bare else tone, 0.11 if not bare else 0.075)
        canvas.line([(foot[0] - 0.02, foot[1]), (foot[0] + 0.07, foot[1])], shoe, 0.06)
    (far, near) = _arms(pose, neck)
    canvas.line([(-0.07, neck + 0.07), *far], scaled(shirt, 0.8), 0.08)
    canvas.oval(*far[-1], 0.045, 0.045, skin)
    if female:
        hem = hip + 0.16 if pose not in SITTING else hip + 0.05
        canvas.polygon([(-0.09, hip - 0.08), (0.09, hip - 0.08), (0.17, hem), (-0.17, hem)], trousers)
    canvas.polygon([(-0.13, neck + 0.03), (-0.06, neck - 0.01), (0.06, neck - 0.01), (0.13, neck + 0.03), (0.125, hip + 0.02),
                    (-0.125, hip + 0.02)], shirt)  # fmt: skip
    canvas.line([(0, neck + 0.02), (0, top)], skin, 0.08)
    canvas.oval(0.01, top, head * 0.92, head, skin)
    points = [(head * 1.04 * math.cos(a), top - head * 0.1 - head * math.sin(a)) for a in (0.15, 0.8, 1.57, 2.3, 3.0)]
    canvas.polygon([*points, (-head * 1.05, top + head * 0.35), (-head * 0.5, top - head * 0.25)], hair)
    for x in (-0.2, 0.5):
        canvas.oval(head * x, top + head * 0.12, head * 0.12, head * 0.14, (30, 24, 24))
    canvas.line([(-head * 0.1, top + head * 0.55), (head * 0.15, top + head * 0.62), (head * 0.4, top + head * 0.53)],
                scaled(skin, 0.6), 0.016)  # fmt: skip
    canvas.line([(0.09, neck + 0.07), *near], scaled(shirt, 0.9), 0.085)
    canvas.oval(*near[-1], 0.045, 0.045, skin)


def _legs(pose: str, hip: float) -> tuple[tuple[Point, Point], tuple[Point, Point]]:
    """((knee, foot) of the far leg, of the near leg)."""
    if pose == "walking":
        return ((-0.1, -0.24), (-0.18, -0.03)), ((0.11, -0.25), (0.14, -0.03))
    if pose == "running":
        return ((-0.1, -0.26), (-0.28, -0.18)), ((0.2, -0.3), (0.2, -0.06))
    if pose == "balancing":
        return ((-0.17, -0.24), (-0.15, -0.03)), ((0.17, -0.24), (0.15, -0.03))
    if pose == "riding":
        return ((0.14, hip + 0.08), (0.05, -0.06)), ((0.2, hip + 0.1), (0.12, -0.03))
    if pose == "sitting":
        return ((0.16, hip - 0.01), (0.16, -0.03)), ((0.22, hip), (0.22, -0.03))
    return ((-0.06, -0.24), (-0.07, -0.03)), ((0.06, -0.24), (0.07, -0.03))


def _arms(pose: str, neck: float) -> tuple[list[Point], list[Point]]:
    if pose == "holding":
        return [(-0.15, neck + 0.2), (-0.15, neck + 0.34)], [(0.19, neck + 0.16), (0.25, neck - 0.02)]
    if pose == "riding":
        return [(0.06, neck + 0.2), (0.25, neck + 0.2)], [(0.1, neck + 0.22), (0.27, neck + 0.23)]
    if pose == "running":
        return [(-0.18, neck + 0.16), (-0.24, neck + 0.06)], [(0.16, neck + 0.22), (0.27, neck + 0.14)]
    if pose == "balancing":
        return [(-0.2, neck + 0.1), (-0.32, neck + 0.04)], [(0.2, neck + 0.1), (0.33, neck + 0.06)]
    if pose == "sitting":
        return [(-0.13, neck + 0.2), (0.02, neck + 0.3)], [(0.15, neck + 0.2), (0.2, neck + 0.3)]
    if pose == "walking":
        return [(-0.16, neck + 0.2), (-0.1, neck + 0.34)], [(0.15, neck + 0.2), (0.22, neck + 0.3)]
    return [(-0.15, neck + 0.2), (-0.14, neck + 0.36)], [(0.16, neck + 0.2), (0.15, neck + 0.36)]
