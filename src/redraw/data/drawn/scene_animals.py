"""Animals of the drawn scenes, facing right, the feet at (0, 0), up is negative, the larger dimension about 1."""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import Canvas, Colour, Point, mixed, scaled

DARK, LIGHT = (26, 22, 22), (246, 246, 240)


@dataclass(frozen=True)
class Beast:
    """``leg`` length and ``thick``ness; ``deep`` the body; the head's place and radius; the muzzle's length and height."""

    leg: float
    thick: float
    deep: float
    head: Point
    radius: float
    muzzle: tuple[float, float]
    neck: float = 0.1
    back: float = -0.36
    front: float = 0.24


BEASTS = {
    "dog": Beast(0.27, 0.085, 0.25, (0.31, -0.62), 0.125, (0.12, 0.075)),
    "cat": Beast(0.22, 0.075, 0.23, (0.29, -0.54), 0.15, (0.05, 0.06)),
    "horse": Beast(0.42, 0.075, 0.26, (0.34, -0.86), 0.09, (0.15, 0.06), 0.12),
    "cow": Beast(0.24, 0.09, 0.36, (0.36, -0.57), 0.11, (0.1, 0.085), 0.14, -0.42, 0.27),
    "elephant": Beast(0.28, 0.15, 0.46, (0.28, -0.62), 0.2, (0.02, 0.05), 0.2, -0.42, 0.22),
    "bear": Beast(0.2, 0.15, 0.42, (0.34, -0.5), 0.145, (0.11, 0.075), 0.2, -0.42, 0.26),
    "zebra": Beast(0.42, 0.075, 0.26, (0.34, -0.84), 0.09, (0.14, 0.06), 0.12),
    "giraffe": Beast(0.42, 0.055, 0.2, (0.21, -0.92), 0.056, (0.085, 0.04), 0.08, -0.24, 0.12),
}


def beast(canvas: Canvas, kind: str, colour: Colour, pose: str) -> None:
    """Any of ``BEASTS``; ``pose`` walking, standing, running, grazing or sitting."""
    b = BEASTS[kind]
    shade, top, (hx, hy) = scaled(colour, 0.78), -b.leg - b.deep, b.head
    grazing = pose == "grazing"
    if grazing:
        hx, hy = hx + (0.1 if kind in ("horse", "zebra") else 0.05), -0.2
    stride = {"walking": 0.06, "running": 0.13}.get(pose, 0.015)
    _tail(canvas, kind, b, top, colour, shade)
    for x, sign, tone in ((b.back + 0.1, 1, shade), (b.front - 0.12, -1, shade), (b.back + 0.05, -1, colour),
                          (b.front - 0.05, 1, colour)):  # fmt: skip
        lift = 0.05 if pose == "running" and tone is shade else 0.0
        canvas.line([(x, top * 0.7), (x + sign * stride * 0.4, -b.leg * 0.5), (x + sign * stride, -lift - b.thick * 0.4)],
                    tone, b.thick)  # fmt: skip
    if kind == "elephant":
        canvas.curve([(hx, hy - 0.1), (hx + 0.2, hy - 0.02), (hx + 0.22, hy + 0.24), (hx + 0.27, -0.12), (hx + 0.2, -0.1),
                      (hx + 0.12, hy + 0.24), (hx, hy + 0.14)], colour)  # fmt: skip
    canvas.curve([(b.back, top + b.deep * 0.45), (b.back + 0.08, top + 0.02), ((b.back + b.front) / 2, top + 0.03),
                  (b.front - 0.06, top - 0.01), (b.front, top + b.deep * 0.4), (b.front - 0.05, -b.leg * 0.9),
                  ((b.back + b.front) / 2, -b.leg * 0.86), (b.back + 0.06, -b.leg * 0.9)], colour)  # fmt: skip
    canvas.curve([(b.front - b.neck * 1.5, top + 0.05), (hx - b.radius, hy - b.radius * 0.4), (hx, hy + b.radius * 0.9),
                  (b.front - 0.01, top + b.deep * 0.55), (b.front - b.neck, top + b.deep * 0.6)], colour)  # fmt: skip
    _marks(canvas, kind, b, top, colour)
    _head(canvas, kind, b, hx, hy, colour, shade, grazing)


def _tail(canvas: Canvas, kind: str, b: Beast, top: float, colour: Colour, shade: Colour) -> None:
    x, y = b.back + 0.03, top + 0.07
    if kind == "dog":
        canvas.curve(
            [(x, y + 0.04), (x - 0.08, y - 0.04), (x - 0.1, y - 0.2), (x - 0.04, y - 0.1), (x + 0.06, y - 0.02)], shade
        )
    elif kind == "cat":
        canvas.line([(x, y + 0.04), (x - 0.1, y + 0.02), (x - 0.14, y - 0.14), (x - 0.1, y - 0.3), (x - 0.04, y - 0.34)],
                    shade, 0.065)  # fmt: skip
    elif kind in ("horse", "zebra"):
        canvas.curve([(x, y), (x - 0.1, y + 0.06), (x - 0.13, y + 0.36), (x - 0.07, y + 0.38), (x + 0.02, y + 0.1)],
                     mixed(scaled(colour, 0.4), (40, 30, 26), 0.4))  # fmt: skip
    elif kind != "bear":
        canvas.line([(x, y), (x - 0.06, y + 0.1), (x - 0.06, y + 0.26)], shade, 0.035)
        canvas.oval(x - 0.06, y + 0.28, 0.03, 0.045, (50, 40, 36))


def _marks(canvas: Canvas, kind: str, b: Beast, top: float, colour: Colour) -> None:
    if kind == "cow":
        patch = (44, 38, 38) if sum(colour) > 500 else LIGHT if sum(colour) < 200 else mixed(colour, LIGHT, 0.8)
        for x, y, rx, ry in (
            (-0.22, top + 0.13, 0.1, 0.08),
            (0.06, top + 0.2, 0.07, 0.09),
            (-0.05, top + 0.06, 0.05, 0.03),
        ):
            canvas.oval(x, y, rx, ry, patch)
    elif kind == "zebra":
        for k in range(7):
            x = b.back + 0.06 + 0.075 * k
            canvas.line([(x, top + 0.03), (x - 0.015, top + 0.12), (x + 0.01, -b.leg * 0.95)], DARK, 0.03)
        for k in range(3):
            canvas.line([(0.12 + 0.06 * k, top - 0.06 * k), (0.24 + 0.04 * k, top + 0.06 - 0.07 * k)], DARK, 0.026)
    elif kind == "giraffe":
        for x, y in ((-0.17, 0.05), (-0.08, 0.1), (0.0, 0.05), (-0.16, 0.14), (-0.01, 0.14), (0.07, 0.02), (0.09, -0.1),
                     (0.13, -0.2)):  # fmt: skip
            canvas.oval(x, top + y, 0.03, 0.026, (150, 88, 40))


def _head(canvas: Canvas, kind: str, b: Beast, hx: float, hy: float, colour: Colour, shade: Colour, low: bool) -> None:
    r, (length, height) = b.radius, b.muzzle
    drop = 0.09 if low else {"horse": 0.07, "zebra": 0.07, "giraffe": 0.02}.get(kind, 0.03)
    muzzle = {"cow": (232, 176, 170), "zebra": (60, 54, 54), "bear": mixed(colour, (210, 180, 140), 0.4)}.get(
        kind, colour
    )
    if kind in ("horse", "zebra") and not low:
        mane = (40, 32, 30) if sum(colour) > 120 else (90, 84, 80)
        canvas.curve([(hx - r * 0.2, hy - r * 1.5), (hx - r * 1.5, hy), (0.1, -b.leg - b.deep - 0.02), (0.18, -b.leg - b.deep),
                      (hx - r * 0.5, hy - r * 0.2)], mane)  # fmt: skip
    if kind != "elephant":
        canvas.curve([(hx, hy - r * 0.7), (hx + r + length * 0.8, hy + drop - height * 0.5),
                      (hx + r + length, hy + drop + height * 0.4),
                      (hx + r * 0.6 + length * 0.6, hy + drop + height), (hx, hy + r * 0.8)], muzzle)  # fmt: skip
    canvas.oval(hx, hy, r * 1.05, r, colour)
    if kind == "dog":
        canvas.curve([(hx - r * 0.5, hy - r * 0.9), (hx - r * 1.2, hy - r * 0.3), (hx - r * 1.0, hy + r * 0.9),
                      (hx - r * 0.3, hy)],
                     scaled(colour, 0.62))  # fmt: skip
        canvas.oval(hx + r + length * 0.85, hy + drop - height * 0.25, 0.035, 0.03, DARK)
    elif kind == "cat":
        for x in (-0.75, 0.45):
            canvas.polygon([(hx + r * x - 0.04, hy - r * 0.6), (hx + r * (x + 0.1), hy - r * 1.65),
                            (hx + r * x + 0.11, hy - r * 0.7)],
                           shade)  # fmt: skip
    elif kind == "elephant":
        canvas.curve([(hx - 0.02, hy - 0.14), (hx - 0.2, hy - 0.16), (hx - 0.24, hy + 0.06),
                      (hx - 0.12, hy + 0.2), (hx + 0.0, hy + 0.06)],
                     shade)  # fmt: skip
        canvas.line([(hx + 0.12, hy + 0.15), (hx + 0.24, hy + 0.2)], LIGHT, 0.035)
    elif kind == "bear":
        canvas.oval(hx - r * 0.6, hy - r * 0.9, r * 0.36, r * 0.36, shade)
        canvas.oval(hx + r + length * 0.75, hy, 0.035, 0.03, DARK)
    elif kind == "giraffe":
        for x in (-0.02, 0.02):
            canvas.line([(hx + x, hy - r * 0.7), (hx + x - 0.01, hy - r * 1.7)], shade, 0.02)
    else:
        canvas.curve([(hx - r * 0.6, hy - r * 0.5), (hx - r * (1.8 if kind == "cow" else 0.9), hy - r * 1.2),
                      (hx - r * 0.1, hy - r * 0.9)], shade)  # fmt: skip
        if kind == "cow":
            canvas.line([(hx, hy - r * 0.9), (hx + r * 0.1, hy - r * 1.8)], (225, 215, 190), 0.03)
    canvas.oval(hx + r * 0.4, hy - r * 0.15, 0.012 + r * 0.12, 0.012 + r * 0.12, LIGHT if sum(colour) < 170 else DARK)


def sheep(canvas: Canvas, colour: Colour) -> None:
    face = (58, 50, 48) if sum(colour) > 200 else (150, 140, 132)
    for x in (-0.24, -0.13, 0.1, 0.2):
        canvas.line([(x, -0.3), (x, -0.02)], face, 0.07)
    canvas.oval(-0.02, -0.42, 0.36, 0.22, colour)
    for x, y in ((-0.34, -0.42), (-0.26, -0.55), (-0.1, -0.62), (0.08, -0.61), (0.22, -0.54), (0.28, -0.38), (0.14, -0.27),
                 (-0.06, -0.25), (-0.25, -0.29)):  # fmt: skip
        canvas.oval(x, y, 0.12, 0.11, colour)
    for x, y in ((-0.2, -0.45), (0.0, -0.5), (0.12, -0.38)):
        canvas.oval(x, y, 0.06, 0.035, scaled(colour, 0.88))
    canvas.curve([(0.26, -0.62), (0.4, -0.62), (0.5, -0.48), (0.46, -0.4), (0.34, -0.42), (0.26, -0.5)], face)
    canvas.oval(0.28, -0.56, 0.09, 0.04, scaled(face, 0.8))
    canvas.oval(0.29, -0.65, 0.1, 0.07, colour)
    canvas.oval(0.39, -0.55, 0.02, 0.02, LIGHT)


def bird(canvas: Canvas, colour: Colour, pose: str) -> None:
    wing, beak = scaled(colour, 0.72) if sum(colour) > 150 else mixed(colour, LIGHT, 0.25), (238, 156, 40)
    if pose == "flying":
        canvas.curve([(0.05, -0.4), (-0.02, -0.74), (-0.2, -0.8), (-0.16, -0.5), (-0.12, -0.36)], scaled(wing, 0.85))
        canvas.polygon([(-0.24, -0.36), (-0.5, -0.42), (-0.47, -0.24), (-0.24, -0.24)], wing)
        canvas.curve([(-0.3, -0.3), (-0.1, -0.4), (0.16, -0.4), (0.28, -0.3), (0.12, -0.2), (-0.12, -0.18)], colour)
        canvas.curve([(0.14, -0.34), (0.16, -0.62), (0.02, -0.84), (-0.14, -0.7), (-0.16, -0.42), (-0.06, -0.3)], wing)
        hx, hy = 0.3, -0.38
    else:
        for x in (-0.05, 0.08):
            canvas.line([(x, -0.22), (x + 0.01, -0.01), (x + 0.08, -0.01)], beak, 0.035)
        canvas.polygon([(-0.2, -0.36), (-0.52, -0.2), (-0.48, -0.1), (-0.16, -0.18)], wing)
        canvas.curve([(-0.32, -0.26), (-0.12, -0.46), (0.12, -0.52), (0.28, -0.46), (0.26, -0.26), (0.06, -0.14), (-0.16, -0.14)],
                     colour)  # fmt: skip
        canvas.curve([(0.12, -0.4), (-0.06, -0.42), (-0.36, -0.22), (-0.06, -0.2), (0.1, -0.26)], wing)
        hx, hy = 0.24, -0.56
    canvas.polygon([(hx + 0.08, hy - 0.05), (hx + 0.27, hy + 0.02), (hx + 0.08, hy + 0.06)], beak)
    canvas.oval(hx, hy, 0.135, 0.125, colour)
    canvas.oval(hx + 0.05, hy - 0.02, 0.03, 0.03, LIGHT if sum(colour) < 170 else DARK)


def teddy(canvas: Canvas, colour: Colour) -> None:
    light = mixed(colour, (255, 240, 220), 0.5)
    for x in (-1, 1):
        canvas.oval(x * 0.3, -0.12, 0.15, 0.12, colour)
        canvas.oval(x * 0.32, -0.42, 0.12, 0.08, colour)
        canvas.oval(x * 0.2, -0.92, 0.1, 0.1, colour)
        canvas.oval(x * 0.32, -0.12, 0.07, 0.07, light)
    canvas.oval(0, -0.32, 0.25, 0.28, colour)
    canvas.oval(0, -0.3, 0.15, 0.18, light)
    canvas.oval(0, -0.74, 0.27, 0.24, colour)
    canvas.oval(0, -0.67, 0.12, 0.09, light)
    canvas.oval(0, -0.71, 0.045, 0.035, DARK)
    for x in (-0.1, 0.1):
        canvas.oval(x, -0.79, 0.03, 0.035, DARK)
