"""Neck, shoulders, clothes and jewels of drawn faces."""

from __future__ import annotations

import math

from .canvas import Colour, Point, mixed, scaled, varied
from .dice import Dice
from .face_canvas import Portrait
from .face_kinds import Look, Person

CLOTH: tuple[Colour, ...] = (
    (58, 74, 112), (150, 52, 62), (72, 122, 104), (216, 198, 170), (98, 84, 128), (52, 54, 62), (206, 134, 84), (120, 156, 190),
    (226, 172, 180), (238, 238, 236),
)  # fmt: skip
SUITS: tuple[Colour, ...] = ((44, 48, 62), (70, 74, 84), (38, 40, 44), (92, 80, 70), (40, 58, 92))
GOLD, SILVER = (226, 182, 84), (214, 218, 226)


def body(canvas: Portrait, dice: Dice, own: Person, now: Look, skin: Colour, edge: Colour) -> None:
    """Neck and clothed shoulders, drawn before the head."""
    neck = (0.66 if own.male else 0.54) + (0.1 if own.chubby else 0.0)
    broad = (2.5 if own.male else 2.15) + (0.2 if own.chubby else 0.0)
    s = 0.35 * math.sin(canvas.yaw)
    throat = [(-neck + s, 0.9), (neck + s, 0.9), (neck, 1.7), (neck + 0.1, 2.02), (1.2, 2.5), (0.0, 3.6), (-1.2, 2.5),
              (-neck - 0.1, 2.02), (-neck, 1.7)]  # fmt: skip
    suit = now.clothes in ("tie", "suit")
    colour = varied(dice, dice.pick(SUITS if suit else CLOTH), 7)
    canvas.outlined()
    canvas.polygon(throat, skin)
    canvas.ink(edge, 0.02 * canvas._unit)
    shade = mixed(scaled(skin, 0.62), (120, 56, 50), 0.2)
    canvas.glow(shade, [(s, 1.65, 0.75, 0.34, 0.85), (0.6 * now.light, 2.0, 0.3, 0.6, 0.4)], [throat])
    if now.clothes == "open":
        canvas.line([(-0.75, 2.45), (-0.35, 2.5), (-0.12, 2.58)], shade, 0.03)
        canvas.line([(0.75, 2.45), (0.35, 2.5), (0.12, 2.58)], shade, 0.03)
    low = {"open": 2.95, "round": 2.42, "sweater": 2.02, "tie": 2.1, "suit": 2.1}[now.clothes]
    wide = {"open": 1.15, "round": 0.9, "sweater": 0.72, "tie": 0.72, "suit": 0.72}[now.clothes]
    shoulder = 2.3 if now.clothes != "open" else 2.34
    half = [
        (wide, 2.02 if wide < 1 else 2.18),
        (broad * 0.72, shoulder),
        (broad, 2.75),
        (broad + 0.25, 3.8),
        (broad, 6.0),
    ]
    neckline: list[Point] = [(-wide * 0.72, low - 0.12), (0.0, low), (wide * 0.72, low - 0.12)]
    if suit:
        _shirt(canvas, dice, now, neck)
        neckline = [(-0.35, 2.7), (0.0, 3.4), (0.35, 2.7)]
    canvas.outlined()
    shape = [*neckline, *half, *((-x, y) for x, y in reversed(half))]
    canvas.curve(shape, colour)
    canvas.ink(mixed(scaled(colour, 0.5), (26, 22, 28), 0.3), 0.022 * canvas._unit)
    if suit:
        for side in (-1, 1):
            lapel = [(0.74, 2.0), (1.06, 2.3), (0.86, 2.72), (0.3, 3.5), (0.36, 2.74)]
            canvas.polygon([(x * side, y) for x, y in lapel], scaled(colour, 1.18))
            canvas.line([(1.06 * side, 2.3), (0.86 * side, 2.72), (0.3 * side, 3.5)], scaled(colour, 0.65), 0.025)
    elif now.clothes == "sweater":
        canvas.curve(
            [(-0.7, 1.86), (0.0, 2.06), (0.7, 1.86), (0.78, 2.12), (0.0, 2.36), (-0.78, 2.12)], scaled(colour, 0.88)
        )
        canvas.line([(-0.72, 2.12), (0.0, 2.33), (0.72, 2.12)], scaled(colour, 0.62), 0.025)
    elif now.clothes == "round":
        canvas.line([(-0.74, 2.22), (-0.4, 2.42), (0.0, 2.48), (0.4, 2.42), (0.74, 2.22)], scaled(colour, 0.75), 0.04)
    light = mixed(colour, (255, 255, 255), 0.3)
    canvas.glow(light, [(-1.5 * now.light, 2.5, 0.6, 0.35, 0.5)], [shape])
    canvas.glow(scaled(colour, 0.6), [(1.7 * now.light, 2.9, 0.7, 0.8, 0.5)], [shape])


def _shirt(canvas: Portrait, dice: Dice, now: Look, neck: float) -> None:
    cloth = varied(dice, dice.pick(((246, 246, 248), (206, 222, 240), (236, 226, 220))), 4)
    canvas.polygon([(-0.8, 2.0), (0.0, 2.3), (0.8, 2.0), (0.9, 3.6), (-0.9, 3.6)], cloth)
    if now.clothes == "tie":
        tie = varied(dice, dice.pick(((158, 34, 46), (40, 62, 120), (56, 104, 84), (110, 62, 120))), 6)
        canvas.outlined()
        canvas.polygon([(-0.16, 2.16), (0.16, 2.16), (0.1, 2.42), (-0.1, 2.42)], tie)
        canvas.polygon([(-0.1, 2.42), (0.1, 2.42), (0.24, 3.6), (-0.24, 3.6)], scaled(tie, 0.92))
        canvas.ink(scaled(tie, 0.5), 0.015 * canvas._unit)
        for k in range(3):
            canvas.line([(-0.14, 2.62 + 0.22 * k), (0.14, 2.5 + 0.22 * k)], mixed(tie, (255, 255, 255), 0.5), 0.04)
    for side in (-1, 1):
        flap = [(neck, 1.84), (0.82, 2.02), (0.58, 2.5), (0.02, 2.2)]
        canvas.polygon([(x * side, y) for x, y in flap], scaled(cloth, 1.02))
        canvas.line([(x * side, y) for x, y in flap[1:]], scaled(cloth, 0.68), 0.025)


def jewels(canvas: Portrait, dice: Dice, now: Look) -> None:
    metal = dice.pick((GOLD, SILVER))
    if now.earrings:
        hoop = dice.chance(0.5)
        for side in (-1, 1):
            x, y = side * 1.13 - 0.25 * math.sin(canvas.yaw), 0.52
            if hoop:
                ring = [(x + 0.13 * math.sin(a), y + 0.17 - 0.17 * math.cos(a)) for a in (0.785 * k for k in range(9))]
                canvas.line(ring, scaled(metal, 0.6), 0.07)
                canvas.line(ring, metal, 0.045)
            else:
                canvas.oval(x, y + 0.04, 0.09, 0.1, scaled(metal, 0.6))
                canvas.oval(x, y + 0.03, 0.07, 0.08, metal)
                canvas.oval(x - 0.02, y, 0.025, 0.025, (255, 255, 255))
    if now.necklace:
        low = 2.28 if now.clothes == "round" else 2.62
        for k in range(-8, 9):
            x = k / 8 * 0.68
            canvas.oval(x, low - (low - 1.98) * abs(k / 8) ** 2, 0.05, 0.05, scaled(metal, 0.65))
            canvas.oval(x - 0.006, low - (low - 1.98) * abs(k / 8) ** 2 - 0.008, 0.038, 0.038, metal)
