"""Furniture, toys, food and the like of the drawn scenes, standing at (0, 0), about one unit large."""

from __future__ import annotations

import math

from .canvas import Canvas, Colour, Point, mixed, scaled

WHITE, WOOD, LEAF, DARK = (250, 250, 246), (132, 92, 56), (66, 140, 60), (40, 36, 38)


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float, n: int = 12) -> list[Point]:
    """From angle ``start`` to ``end`` in half turns; 0 is right, 1 left, 0.5 up."""
    angles = (math.pi * (start + (end - start) * k / n) for k in range(n + 1))
    return [(x + rx * math.cos(a), y - ry * math.sin(a)) for a in angles]


def umbrella(canvas: Canvas, colour: Colour) -> None:
    canvas.line([(0, 0), (0, -0.9)], (96, 76, 60), 0.035)
    canvas.polygon([*_arc(0, -0.52, 0.5, 0.44, 0, 1), (-0.34, -0.47), (-0.17, -0.52), (0, -0.47), (0.17, -0.52), (0.34, -0.47)],
                   colour)  # fmt: skip
    for side in (-1, 1):
        canvas.polygon([(0, -0.95), (side * 0.17, -0.8), (side * 0.34, -0.49), (side * 0.17, -0.53)],
                       mixed(colour, WHITE, 0.3) if side < 0 else scaled(colour, 0.82))  # fmt: skip


def ball(canvas: Canvas, colour: Colour) -> None:
    canvas.oval(0, -0.5, 0.5, 0.5, colour)
    canvas.line(_arc(0.28, -0.5, 0.36, 0.5, 0.62, 1.38), scaled(colour, 0.68), 0.06)
    canvas.line(_arc(-0.5, -0.6, 0.36, 0.44, 1.62, 2.3), scaled(colour, 0.68), 0.06)
    canvas.oval(-0.16, -0.72, 0.14, 0.1, mixed(colour, WHITE, 0.7))


def kite(canvas: Canvas, colour: Colour) -> None:
    canvas.line([(0, -0.36), (-0.05, -0.24), (0.05, -0.13), (-0.02, 0.0)], (90, 90, 96), 0.03)
    for x, y in ((-0.03, -0.25), (0.04, -0.13)):
        canvas.polygon([(x - 0.08, y - 0.05), (x + 0.08, y + 0.05), (x + 0.08, y - 0.05), (x - 0.08, y + 0.05)],
                       mixed(colour, WHITE, 0.3))  # fmt: skip
    canvas.polygon([(0, -1.0), (0.33, -0.72), (0, -0.34), (-0.33, -0.72)], colour)
    canvas.polygon([(0, -1.0), (0.33, -0.72), (0, -0.72)], scaled(colour, 0.74))
    canvas.polygon([(0, -0.34), (-0.33, -0.72), (0, -0.72)], mixed(colour, WHITE, 0.32))


def skateboard(canvas: Canvas, colour: Colour) -> None:
    for x in (-0.28, 0.28):
        canvas.oval(x, -0.07, 0.07, 0.07, (230, 226, 214))
    canvas.curve([(-0.5, -0.22), (-0.36, -0.17), (0.36, -0.17), (0.5, -0.22), (0.46, -0.12), (0.3, -0.09), (-0.3, -0.09),
                  (-0.46, -0.12)], colour)  # fmt: skip


def surfboard(canvas: Canvas, colour: Colour, lying: bool) -> None:
    """Upright, or ``lying`` flat with its length from left to right."""

    def at(*points: Point) -> list[Point]:
        return [(0.5 + y, 0.42 * x - 0.06) for x, y in points] if lying else list(points)

    canvas.curve(at((0, -1.0), (0.11, -0.8), (0.14, -0.45), (0.09, -0.05), (0, 0.0), (-0.09, -0.05), (-0.14, -0.45),
                    (-0.11, -0.8)), colour)  # fmt: skip
    canvas.line(at((0, -0.96), (0, -0.03)), mixed(colour, WHITE if sum(colour) < 600 else (60, 120, 200), 0.6), 0.035)


def bench(canvas: Canvas, colour: Colour) -> None:
    iron = scaled(colour, 0.5)
    for x in (-0.4, 0.4):
        canvas.line([(x, 0.0), (x, -0.22), (x * 1.02, -0.48)], iron, 0.045)
        canvas.line([(x * 0.9, 0.0), (x * 0.9, -0.22)], iron, 0.04)
    for y, w in ((-0.45, 0.07), (-0.36, 0.07), (-0.22, 0.06), (-0.17, 0.06)):
        canvas.line([(-0.48, y), (0.48, y)], colour, w)


def chair(canvas: Canvas, colour: Colour) -> None:
    shade = scaled(colour, 0.75)
    for x, y in ((-0.2, 0.0), (0.22, 0.0), (-0.12, -0.06), (0.16, -0.06)):
        canvas.line([(x, -0.45), (x, y)], shade, 0.06)
    canvas.line([(-0.2, -0.4), (-0.22, -0.98)], shade, 0.06)
    canvas.line([(0.08, -0.45), (0.06, -0.98)], shade, 0.06)
    for y in (-0.92, -0.76, -0.62):
        canvas.line([(-0.22, y), (0.07, y)], colour, 0.09)
    canvas.polygon([(-0.24, -0.42), (-0.14, -0.52), (0.26, -0.52), (0.27, -0.42)], colour)


def couch(canvas: Canvas, colour: Colour) -> None:
    shade = scaled(colour, 0.76)
    for x in (-0.4, 0.4):
        canvas.line([(x, -0.08), (x, 0.0)], WOOD, 0.05)
    canvas.curve([(-0.42, -0.1), (-0.42, -0.44), (-0.3, -0.5), (0.3, -0.5), (0.42, -0.44), (0.42, -0.1)], colour)
    canvas.line([(0, -0.48), (0, -0.26)], shade, 0.016)
    canvas.polygon([(-0.38, -0.06), (-0.38, -0.25), (0.38, -0.25), (0.38, -0.06)], shade)
    for x in (-0.19, 0.19):
        canvas.curve(
            [(x - 0.18, -0.17), (x - 0.17, -0.26), (x + 0.17, -0.26), (x + 0.18, -0.17)], mixed(colour, WHITE, 0.14)
        )
    for x in (-0.44, 0.44):
        canvas.curve([(x - 0.06, -0.05), (x - 0.06, -0.3), (x, -0.35), (x + 0.06, -0.3), (x + 0.06, -0.05)], colour)


def potted_plant(canvas: Canvas, colour: Colour) -> None:
    for k, (x, y) in enumerate(
        ((-0.26, -0.62), (0.27, -0.66), (-0.14, -0.9), (0.15, -0.92), (0.0, -0.98), (-0.3, -0.42), (0.3, -0.45))
    ):
        base = (x * 0.1, -0.34)
        side = (-(y - base[1]) * 0.16, (x - base[0]) * 0.16)
        mx, my = (x + base[0]) / 2, (y + base[1]) / 2
        tone = (LEAF, (92, 166, 74), (48, 116, 52))[k % 3]
        canvas.curve([base, (mx + side[0], my + side[1]), (x, y), (mx - side[0], my - side[1])], tone)
    canvas.polygon([(-0.19, -0.36), (0.19, -0.36), (0.14, 0.0), (-0.14, 0.0)], colour)
    canvas.line([(-0.2, -0.34), (0.2, -0.34)], scaled(colour, 0.8), 0.07)


def bottle(canvas: Canvas, colour: Colour) -> None:
    canvas.polygon([(-0.05, -0.97), (0.05, -0.97), (0.05, -0.9), (-0.05, -0.9)], scaled(colour, 0.55))
    canvas.curve([(-0.05, -0.92), (0.05, -0.92), (0.055, -0.72), (0.145, -0.56), (0.15, -0.05), (0.12, 0.0), (-0.12, 0.0),
                  (-0.15, -0.05), (-0.145, -0.56), (-0.055, -0.72)], colour)  # fmt: skip
    canvas.polygon(
        [(-0.147, -0.42), (0.147, -0.42), (0.147, -0.18), (-0.147, -0.18)], mixed((244, 236, 214), colour, 0.1)
    )
    canvas.line([(-0.09, -0.58), (-0.09, -0.46)], mixed(colour, WHITE, 0.6), 0.035)


def cup(canvas: Canvas, colour: Colour) -> None:
    canvas.line(_arc(0.26, -0.42, 0.2, 0.2, -0.5, 0.5), colour, 0.085)
    canvas.polygon([(-0.36, -0.76), (0.3, -0.76), (0.24, -0.06), (0.16, 0.0), (-0.22, 0.0), (-0.3, -0.06)], colour)
    canvas.oval(-0.03, -0.75, 0.33, 0.09, scaled(colour, 0.8))
    canvas.oval(-0.03, -0.74, 0.27, 0.06, (92, 58, 36))
    canvas.line([(-0.24, -0.6), (-0.2, -0.14)], mixed(colour, WHITE, 0.5), 0.05)


def bowl(canvas: Canvas, colour: Colour) -> None:
    canvas.polygon([*_arc(0, -0.4, 0.5, 0.38, 1, 2), (0.16, 0.0), (-0.16, 0.0)], colour)
    canvas.polygon([(-0.17, -0.06), (0.17, -0.06), (0.15, 0.0), (-0.15, 0.0)], scaled(colour, 0.75))
    canvas.oval(0, -0.4, 0.5, 0.1, scaled(colour, 0.78))
    canvas.oval(0, -0.4, 0.43, 0.07, (240, 226, 190))
    canvas.line(_arc(0, -0.4, 0.42, 0.28, 1.1, 1.45), mixed(colour, WHITE, 0.5), 0.03)


def banana(canvas: Canvas, colour: Colour) -> None:
    canvas.curve([(-0.48, -0.42), (-0.36, -0.2), (0.0, -0.1), (0.34, -0.22), (0.45, -0.47), (0.38, -0.1),
                  (0.08, 0.02), (-0.3, -0.04),
                  (-0.47, -0.26)], colour)  # fmt: skip
    canvas.line([(-0.4, -0.24), (-0.1, -0.06), (0.2, -0.06), (0.38, -0.2)], scaled(colour, 0.82), 0.03)
    canvas.line([(0.43, -0.4), (0.47, -0.5)], (100, 76, 40), 0.06)
    canvas.oval(-0.47, -0.4, 0.035, 0.03, (80, 60, 36))


def apple(canvas: Canvas, colour: Colour) -> None:
    canvas.line([(0.0, -0.76), (0.05, -0.98)], (92, 62, 38), 0.07)
    canvas.curve([(0, -0.74), (0.26, -0.84), (0.46, -0.58), (0.36, -0.18), (0.14, 0.0), (0, -0.04), (-0.14, 0.0), (-0.36, -0.18),
                  (-0.46, -0.58), (-0.26, -0.84)], colour)  # fmt: skip
    canvas.curve([(0.06, -0.84), (0.2, -0.98), (0.38, -0.92), (0.22, -0.82)], LEAF)
    canvas.oval(-0.2, -0.58, 0.09, 0.13, mixed(colour, WHITE, 0.6))


def pizza(canvas: Canvas) -> None:
    canvas.oval(0, -0.21, 0.5, 0.22, (236, 234, 230))
    canvas.oval(0, -0.24, 0.45, 0.19, (204, 142, 76))
    canvas.oval(0, -0.25, 0.385, 0.15, (246, 206, 98))
    for x, y in ((-0.22, -0.27), (0.02, -0.33), (0.24, -0.28), (-0.08, -0.2), (0.16, -0.18), (-0.24, -0.18)):
        canvas.oval(x, y, 0.06, 0.032, (196, 52, 40))
    for x, y in ((-0.12, -0.3), (0.12, -0.25), (0.03, -0.16)):
        canvas.oval(x, y, 0.03, 0.02, (70, 130, 56))


def cake(canvas: Canvas, colour: Colour) -> None:
    canvas.oval(0, -0.08, 0.5, 0.08, (230, 230, 232))
    canvas.polygon(
        [(-0.38, -0.46), (0.38, -0.46), (0.38, -0.12), *_arc(0, -0.12, 0.38, 0.06, 2, 1), (-0.38, -0.12)], colour
    )
    canvas.oval(0, -0.46, 0.38, 0.085, mixed(colour, WHITE, 0.35))
    for k in range(6):
        canvas.oval(
            -0.32 + 0.128 * k, -0.4, 0.06, 0.05, mixed(colour, WHITE, 0.75) if sum(colour) < 700 else (240, 180, 196)
        )
    for x in (-0.2, 0.0, 0.2):
        canvas.line([(x, -0.47), (x, -0.65)], (120, 170, 226), 0.035)
        canvas.oval(x, -0.7, 0.028, 0.05, (252, 190, 50))


def clock(canvas: Canvas, colour: Colour) -> None:
    canvas.oval(0, -0.5, 0.5, 0.5, colour)
    canvas.oval(0, -0.5, 0.37, 0.37, (252, 250, 240))
    for k in range(12):
        a = math.pi * k / 6
        canvas.line(
            [(0.29 * math.cos(a), -0.5 + 0.29 * math.sin(a)), (0.34 * math.cos(a), -0.5 + 0.34 * math.sin(a))],
            DARK,
            0.04,
        )
    canvas.line([(-0.14, -0.6), (0, -0.5), (0.12, -0.74)], DARK, 0.06)


def vase(canvas: Canvas, colour: Colour) -> None:
    for x, y, tone in ((-0.16, -0.78, (232, 84, 96)), (0.17, -0.82, (250, 206, 70)), (0.0, -0.92, (240, 150, 190))):
        canvas.line([(x * 0.2, -0.48), (x, y)], LEAF, 0.03)
        canvas.oval(x * 0.7 + 0.04, (y - 0.5) / 2, 0.05, 0.03, (92, 166, 74))
        canvas.oval(x, y, 0.1, 0.085, tone)
        canvas.oval(x, y, 0.04, 0.035, mixed(tone, WHITE, 0.6))
    canvas.curve([(-0.1, -0.54), (0.1, -0.54), (0.08, -0.44), (0.22, -0.26), (0.14, -0.02), (-0.14, -0.02),
                  (-0.22, -0.26), (-0.08, -0.44)],
                 colour)  # fmt: skip
    canvas.line([(-0.12, -0.36), (-0.14, -0.2)], mixed(colour, WHITE, 0.6), 0.035)
