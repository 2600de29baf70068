"""Vehicles and street furniture of the drawn scenes, facing right, on the ground at (0, 0), about one unit large."""

from __future__ import annotations

import math

from .canvas import Canvas, Colour, mixed, scaled

GLASS, TYRE, STEEL, WHITE = (186, 216, 236), (34, 34, 38), (176, 180, 186), (248, 248, 244)
LAMP, TAIL_LAMP = (252, 238, 150), (214, 40, 40)


def _wheel(canvas: Canvas, x: float, r: float) -> None:
    canvas.oval(x, -r, r, r, TYRE)
    canvas.oval(x, -r, r * 0.5, r * 0.5, STEEL)


def car(canvas: Canvas, colour: Colour) -> None:
    canvas.curve([(-0.49, -0.1), (-0.49, -0.24), (-0.34, -0.27), (-0.2, -0.44), (0.06, -0.455), (0.2, -0.4), (0.3, -0.27),
                  (0.47, -0.21), (0.495, -0.1), (0.3, -0.065), (-0.3, -0.065)], colour)  # fmt: skip
    canvas.polygon([(-0.28, -0.27), (-0.18, -0.4), (-0.03, -0.41), (-0.03, -0.27)], GLASS)
    canvas.polygon([(0.01, -0.27), (0.01, -0.41), (0.1, -0.4), (0.22, -0.27)], GLASS)
    canvas.line([(-0.44, -0.13), (0.45, -0.13)], scaled(colour, 0.7), 0.025)
    canvas.oval(0.45, -0.18, 0.03, 0.025, LAMP)
    canvas.oval(-0.46, -0.19, 0.025, 0.03, TAIL_LAMP)
    _wheel(canvas, -0.29, 0.1)
    _wheel(canvas, 0.29, 0.1)


def bus(canvas: Canvas, colour: Colour) -> None:
    canvas.polygon([(-0.49, -0.08), (-0.5, -0.5), (-0.46, -0.55), (0.46, -0.55), (0.5, -0.48), (0.5, -0.08)], colour)
    canvas.polygon([(-0.47, -0.46), (-0.47, -0.3), (0.3, -0.3), (0.3, -0.46)], scaled(colour, 0.62))
    for k in range(5):
        x = -0.45 + 0.15 * k
        canvas.polygon([(x, -0.31), (x, -0.45), (x + 0.12, -0.45), (x + 0.12, -0.31)], GLASS)
    canvas.polygon([(0.32, -0.1), (0.32, -0.45), (0.41, -0.45), (0.41, -0.1)], mixed(GLASS, (90, 110, 130), 0.4))
    canvas.polygon([(0.43, -0.28), (0.43, -0.47), (0.5, -0.46), (0.5, -0.28)], GLASS)
    canvas.line([(-0.49, -0.2), (0.31, -0.2)], mixed(colour, WHITE, 0.55), 0.03)
    canvas.oval(0.475, -0.15, 0.025, 0.025, LAMP)
    for x in (-0.3, 0.22):
        _wheel(canvas, x, 0.09)


def truck(canvas: Canvas, colour: Colour) -> None:
    box = mixed(colour, (225, 225, 222), 0.82) if sum(colour) < 600 else (150, 154, 160)
    canvas.polygon([(-0.5, -0.12), (-0.5, -0.52), (0.17, -0.52), (0.17, -0.12)], box)
    canvas.line([(-0.5, -0.3), (0.17, -0.3)], colour, 0.09)
    canvas.polygon([(0.19, -0.09), (0.19, -0.42), (0.36, -0.42), (0.42, -0.26), (0.5, -0.24), (0.5, -0.09)], colour)
    canvas.polygon([(0.26, -0.26), (0.26, -0.38), (0.34, -0.38), (0.39, -0.26)], GLASS)
    canvas.line([(-0.5, -0.1), (0.5, -0.1)], (60, 60, 64), 0.04)
    canvas.oval(0.475, -0.17, 0.022, 0.022, LAMP)
    for x in (-0.38, -0.18, 0.34):
        _wheel(canvas, x, 0.092)


def train(canvas: Canvas, colour: Colour) -> None:
    canvas.line([(-0.55, -0.01), (0.55, -0.01)], (96, 84, 76), 0.03)
    canvas.polygon([(-0.5, -0.06), (-0.5, -0.34), (0.32, -0.35), (0.44, -0.27), (0.5, -0.12), (0.48, -0.06)], colour)
    canvas.line([(-0.5, -0.13), (0.48, -0.13)], mixed(colour, WHITE, 0.75), 0.03)
    for k in range(7):
        x = -0.47 + 0.105 * k
        canvas.polygon([(x, -0.2), (x, -0.29), (x + 0.075, -0.29), (x + 0.075, -0.2)], GLASS)
    canvas.polygon([(0.33, -0.2), (0.3, -0.31), (0.37, -0.3), (0.45, -0.2)], GLASS)
    canvas.oval(0.46, -0.12, 0.018, 0.018, LAMP)
    canvas.line([(-0.17, -0.34), (-0.17, -0.06)], scaled(colour, 0.55), 0.014)
    canvas.line([(0.12, -0.34), (0.12, -0.06)], scaled(colour, 0.55), 0.014)
    for x in (-0.42, -0.3, -0.06, 0.04, 0.24, 0.36):
        canvas.oval(x, -0.045, 0.035, 0.035, TYRE)


def airplane(canvas: Canvas, colour: Colour) -> None:
    shade = scaled(colour, 0.78)
    canvas.polygon([(0.04, -0.2), (-0.16, -0.4), (-0.24, -0.4), (-0.12, -0.2)], scaled(colour, 0.68))
    canvas.polygon([(-0.36, -0.2), (-0.5, -0.42), (-0.4, -0.42), (-0.24, -0.24)], shade)
    canvas.curve([(-0.49, -0.22), (-0.3, -0.26), (0.3, -0.27), (0.45, -0.22), (0.5, -0.17), (0.4, -0.13), (-0.1, -0.12),
                  (-0.4, -0.16)], colour)  # fmt: skip
    canvas.polygon([(0.1, -0.17), (-0.2, 0.0), (-0.3, 0.0), (-0.1, -0.18)], shade)
    canvas.polygon([(-0.32, -0.2), (-0.46, -0.12), (-0.5, -0.13), (-0.42, -0.22)], shade)
    canvas.oval(-0.06, -0.07, 0.06, 0.03, (90, 94, 102))
    for k in range(8):
        canvas.oval(-0.22 + 0.07 * k, -0.21, 0.014, 0.014, (60, 90, 120))
    canvas.polygon([(0.38, -0.24), (0.44, -0.22), (0.46, -0.19), (0.38, -0.2)], (60, 90, 120))


def boat(canvas: Canvas, colour: Colour) -> None:
    canvas.line([(0.0, -0.16), (0.0, -0.98)], (110, 84, 58), 0.03)
    canvas.curve([(0.03, -0.95), (0.2, -0.6), (0.33, -0.27), (0.03, -0.25)], WHITE)
    canvas.polygon([(-0.03, -0.88), (-0.03, -0.26), (-0.25, -0.26)], (228, 228, 226))
    canvas.polygon([(-0.39, -0.2), (0.4, -0.2), (0.28, 0.0), (-0.28, 0.0)], colour)
    canvas.line([(-0.38, -0.185), (0.38, -0.185)], mixed(colour, WHITE, 0.5), 0.03)


def bicycle(canvas: Canvas, colour: Colour) -> None:
    for x in (-0.29, 0.29):
        ring = [(x + 0.2 * math.cos(a), -0.21 + 0.2 * math.sin(a)) for a in (2 * math.pi * k / 20 for k in range(21))]
        canvas.line(ring, TYRE, 0.045)
    canvas.line([(-0.29, -0.21), (-0.13, -0.46), (0.19, -0.46), (-0.02, -0.21), (-0.29, -0.21)], colour, 0.06)
    canvas.line([(-0.02, -0.21), (-0.15, -0.53)], colour, 0.055)
    canvas.line([(0.29, -0.21), (0.18, -0.58), (0.28, -0.6)], colour, 0.055)
    canvas.line([(-0.22, -0.54), (-0.08, -0.54)], TYRE, 0.055)
    canvas.oval(-0.02, -0.21, 0.05, 0.05, STEEL)


def motorcycle(canvas: Canvas, colour: Colour) -> None:
    for x in (-0.31, 0.31):
        canvas.oval(x, -0.19, 0.19, 0.19, TYRE)
        canvas.oval(x, -0.19, 0.09, 0.09, STEEL)
    canvas.line([(-0.31, -0.19), (0.0, -0.2), (0.31, -0.19)], (80, 82, 88), 0.06)
    canvas.oval(0.0, -0.22, 0.13, 0.1, (96, 98, 104))
    canvas.line([(0.31, -0.19), (0.2, -0.54), (0.12, -0.6)], STEEL, 0.05)
    canvas.curve([(-0.1, -0.38), (0.06, -0.5), (0.22, -0.45), (0.2, -0.32), (0.0, -0.3)], colour)
    canvas.curve([(-0.46, -0.42), (-0.2, -0.44), (-0.08, -0.38), (-0.2, -0.34), (-0.44, -0.36)], colour)
    canvas.curve([(-0.34, -0.46), (-0.12, -0.47), (-0.04, -0.41), (-0.3, -0.4)], TYRE)
    canvas.curve([(0.14, -0.36), (0.36, -0.42), (0.48, -0.3), (0.34, -0.34)], colour)
    canvas.oval(0.26, -0.5, 0.05, 0.05, LAMP)


def traffic_light(canvas: Canvas, lit: int) -> None:
    """``lit``: 0 the red lamp, 1 the yellow one, 2 the green one."""
    canvas.line([(0.0, 0.0), (0.0, -0.5)], (92, 96, 100), 0.05)
    canvas.polygon([(-0.115, -0.46), (-0.115, -0.98), (0.115, -0.98), (0.115, -0.46)], (44, 46, 48))
    for k, lamp in enumerate(((240, 44, 40), (250, 208, 50), (60, 214, 90))):
        canvas.oval(0, -0.89 + 0.17 * k, 0.075, 0.072, lamp if k == lit else scaled(lamp, 0.32))


def stop_sign(canvas: Canvas, colour: Colour) -> None:
    canvas.line([(0.0, 0.0), (0.0, -0.62)], (140, 142, 146), 0.045)
    for r, tone in ((0.215, WHITE), (0.19, colour)):
        corners = [math.pi / 8 + k * math.pi / 4 for k in range(8)]
        canvas.polygon([(r * math.cos(a), -0.78 + r * math.sin(a)) for a in corners], tone)
    w = 0.024
    canvas.line(
        [(-0.1, -0.825), (-0.145, -0.815), (-0.14, -0.785), (-0.105, -0.775), (-0.1, -0.74), (-0.15, -0.735)], WHITE, w
    )
    canvas.line([(-0.08, -0.825), (-0.01, -0.825)], WHITE, w)
    canvas.line([(-0.045, -0.825), (-0.045, -0.73)], WHITE, w)
    canvas.oval(0.045, -0.78, 0.042, 0.055, WHITE)
    canvas.oval(0.045, -0.78, 0.018, 0.03, colour)
    canvas.line([(0.11, -0.73), (0.11, -0.825), (0.145, -0.82), (0.15, -0.785), (0.11, -0.772)], WHITE, w)


def hydrant(canvas: Canvas, colour: Colour) -> None:
    shade = scaled(colour, 0.75)
    canvas.polygon([(-0.24, 0.0), (-0.24, -0.09), (0.24, -0.09), (0.24, 0.0)], shade)
    canvas.polygon([(-0.16, -0.08), (-0.16, -0.7), (0.16, -0.7), (0.16, -0.08)], colour)
    for x in (-0.2, 0.2):
        canvas.oval(x, -0.5, 0.08, 0.09, shade)
    canvas.oval(0.0, -0.48, 0.1, 0.1, shade)
    canvas.oval(0.0, -0.48, 0.05, 0.05, mixed(colour, WHITE, 0.5))
    canvas.curve([(-0.2, -0.7), (-0.14, -0.86), (0.0, -0.92), (0.14, -0.86), (0.2, -0.7)], colour)
    canvas.line([(-0.2, -0.7), (0.2, -0.7)], shade, 0.06)
    canvas.oval(0.0, -0.95, 0.05, 0.05, shade)
    canvas.line([(-0.07, -0.62), (-0.07, -0.14)], mixed(colour, WHITE, 0.4), 0.04)
