"""Drawn deer, horses and frogs.

Local coordinates: the animal faces right and is about one unit high, (0, 0) lies on the ground below its middle, y
points down.
"""

from __future__ import annotations

from .canvas import Canvas, Colour, mixed, scaled, varied
from .dice import Dice

HIDES: dict[str, tuple[Colour, ...]] = {
    "deer": ((172, 114, 68), (146, 98, 64), (190, 138, 88)),
    "horse": ((126, 74, 44), (60, 46, 42), (216, 206, 190), (168, 104, 60), (150, 150, 152), (44, 40, 44)),
    "frog": ((92, 150, 56), (124, 160, 60), (134, 116, 66), (60, 140, 80), (206, 80, 50), (60, 120, 190)),
}  # fmt: skip


def _four_legs(canvas: Canvas, hide: Colour, hoof: Colour, back: float, high: float, stride: float) -> None:
    for x, shade, step in ((0.24, 0.72, 1), (-0.2, 0.72, -1), (0.18, 1.0, -1), (-0.28, 1.0, 1)):
        foot, colour = x + stride * step, scaled(hide, shade)
        canvas.curve(
            [
                (x - 0.06, high),
                (x + 0.06, high),
                (foot + 0.032, -0.14),
                (foot + 0.03, 0.0),
                (foot - 0.03, 0.0),
                (foot - 0.03, -0.14),
            ],
            colour,
        )
        canvas.polygon([(foot - 0.034, -0.035), (foot + 0.036, -0.035), (foot + 0.05, 0.0), (foot - 0.04, 0.0)], hoof)
    canvas.curve([(-0.36, back + 0.04), (-0.16, back), (0.06, back + 0.03), (0.26, back - 0.01), (0.34, back + 0.1),
                  (0.28, high + 0.05),
                  (0.0, high + 0.07), (-0.26, high + 0.03), (-0.38, back + 0.16)], hide)  # fmt: skip


def horse(canvas: Canvas, dice: Dice, hide: Colour, outline: float) -> None:
    """A horse, at ease or grazing, some with a white blaze."""
    mane = dice.pick(((40, 32, 30), scaled(hide, 0.6), (222, 200, 160)))
    low = dice.chance(0.3)
    hx, hy = (0.6, -0.2) if low else (0.5, -0.88)
    canvas.outlined()
    canvas.curve([(-0.35, -0.62), (-0.46, -0.5), (-0.5, -0.22), (-0.42, -0.2), (-0.38, -0.5)], mane)
    _four_legs(canvas, hide, (50, 42, 38), -0.68, -0.38, dice.uniform(-0.05, 0.07))
    canvas.curve(
        [(0.12, -0.66), (hx - 0.14, hy - 0.04), (hx + 0.02, hy), (hx - 0.04, hy + 0.14), (0.34, -0.46), (0.2, -0.42)],
        hide,
    )
    tip = (hx + 0.12, hy + 0.2) if not low else (hx + 0.06, hy + 0.22)
    canvas.curve([(hx - 0.12, hy - 0.03), (hx - 0.02, hy - 0.08), (hx + 0.08, hy), (tip[0] + 0.05, tip[1] - 0.04),
                  (tip[0] + 0.02, tip[1] + 0.04),
                  (tip[0] - 0.07, tip[1] + 0.02), (hx - 0.08, hy + 0.1)], hide)  # fmt: skip
    canvas.polygon([(hx - 0.09, hy - 0.04), (hx - 0.05, hy - 0.17), (hx, hy - 0.05)], scaled(hide, 0.9))
    canvas.ink(scaled(hide, 0.4), outline)
    canvas.curve(
        [
            (0.06, -0.67),
            (0.2, -0.74),
            (hx - 0.15, hy - 0.08),
            (hx - 0.06, hy - 0.06),
            (hx - 0.1, hy + 0.04),
            (0.24, -0.6),
        ],
        mane,
    )
    canvas.oval(hx + 0.01, hy + 0.03, 0.02, 0.022, (20, 16, 16))
    canvas.oval(*tip, 0.045, 0.035, scaled(hide, 0.66))
    if dice.chance(0.4):
        canvas.line([(hx + 0.06, hy + 0.02), (tip[0] + 0.02, tip[1] - 0.06)], (246, 244, 240), 0.03)


def deer(canvas: Canvas, dice: Dice, hide: Colour, outline: float) -> None:
    """A stag with antlers, a doe or a spotted fawn."""
    kind = dice.pick(("stag", "stag", "doe", "fawn"))
    hx, hy, horn = 0.42, -0.86, (120, 92, 66)
    canvas.outlined()
    if kind == "stag":
        for side in (-1, 1):
            base = hx - 0.03 + 0.03 * side
            canvas.line(
                [(base, hy - 0.08), (base + 0.13 * side - 0.03, hy - 0.26), (base + 0.12 * side, hy - 0.42)],
                horn,
                0.026,
            )
            for t, y in ((0.3, -0.2), (0.28, -0.32)):
                canvas.line([(base + 0.11 * side - 0.02, hy + y), (base + t * side * 0.8, hy + y - 0.1)], horn, 0.022)
    _four_legs(canvas, hide, (44, 36, 32), -0.64, -0.4, dice.uniform(-0.04, 0.06))
    canvas.oval(-0.38, -0.58, 0.05, 0.07, (246, 240, 230))
    canvas.curve([(0.14, -0.62), (hx - 0.09, hy + 0.02), (hx + 0.03, hy + 0.08), (0.34, -0.52), (0.24, -0.44)], hide)
    for side, shade in ((-1, 0.8), (1, 1.0)):
        canvas.curve(
            [
                (hx - 0.02, hy - 0.05),
                (hx - 0.02 + 0.1 * side - 0.04, hy - 0.15),
                (hx + 0.14 * side - 0.06, hy - 0.1),
                (hx, hy),
            ],
            scaled(hide, shade),
        )
    canvas.curve(
        [
            (hx - 0.1, hy),
            (hx - 0.02, hy - 0.08),
            (hx + 0.08, hy - 0.02),
            (hx + 0.2, hy + 0.08),
            (hx + 0.18, hy + 0.13),
            (hx + 0.04, hy + 0.12),
        ],
        hide,
    )
    canvas.ink(scaled(hide, 0.4), outline)
    canvas.oval(0.02, -0.42, 0.22, 0.045, mixed(hide, (250, 240, 224), 0.5))
    if kind == "fawn" or dice.chance(0.2):
        for _ in range(12):
            canvas.oval(dice.uniform(-0.28, 0.2), dice.uniform(-0.6, -0.48), 0.018, 0.016, (248, 238, 220))
    canvas.oval(hx + 0.03, hy + 0.0, 0.02, 0.022, (20, 16, 16))
    canvas.oval(hx + 0.19, hy + 0.09, 0.026, 0.024, (30, 24, 24))


def frog(canvas: Canvas, dice: Dice, hide: Colour, outline: float) -> None:
    """A frog that looks at whoever takes the picture."""
    pale, eye = mixed(hide, (244, 240, 180), 0.6), dice.pick(((236, 190, 50), (200, 70, 40), (220, 220, 90)))
    turn = dice.uniform(-0.05, 0.05)
    canvas.outlined()
    for side in (-1, 1):
        canvas.curve(
            [(side * 0.2, -0.3), (side * 0.5, -0.36), (side * 0.58, -0.16), (side * 0.44, 0.0), (side * 0.2, -0.02)],
            scaled(hide, 0.86),
        )
        canvas.polygon(
            [(side * 0.3, -0.04), (side * 0.66, 0.02), (side * 0.56, 0.05), (side * 0.5, 0.07), (side * 0.26, 0.05)],
            scaled(hide, 0.8),
        )
    canvas.curve(
        [(0, -0.62), (0.28, -0.54), (0.36, -0.24), (0.26, 0.0), (-0.26, 0.0), (-0.36, -0.24), (-0.28, -0.54)], hide
    )
    for side in (-1, 1):
        canvas.curve(
            [(side * 0.14, -0.24), (side * 0.24, -0.22), (side * 0.26, 0.02), (side * 0.1, 0.03)], scaled(hide, 1.08)
        )
        canvas.oval(turn + side * 0.2, -0.64, 0.12, 0.12, hide)
    canvas.ink(scaled(hide, 0.36), outline)
    canvas.curve([(0, -0.36), (0.26, -0.38), (0.2, -0.12), (0, -0.04), (-0.2, -0.12), (-0.26, -0.38)], pale)
    canvas.line(
        [(turn - 0.27, -0.46), (turn - 0.12, -0.4), (turn, -0.385), (turn + 0.12, -0.4), (turn + 0.27, -0.46)],
        scaled(hide, 0.4),
        0.024,
    )
    for side in (-1, 1):
        canvas.oval(turn + side * 0.2, -0.65, 0.08, 0.08, eye)
        canvas.oval(turn + side * 0.2, -0.65, 0.066, 0.03, (16, 14, 14))
        canvas.oval(turn + side * 0.2 + 0.03, -0.68, 0.016, 0.016, (255, 255, 255))
    for _ in range(dice.pick((0, 5, 8))):
        x, y = dice.uniform(-0.26, 0.26), dice.uniform(-0.58, -0.48)
        canvas.oval(x, y, 0.024, 0.02, scaled(varied(dice, hide, 6), 0.66))
