"""Eyes, brows, nose and mouth of drawn faces."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Colour, Point, mixed, scaled, varied
from .dice import Dice
from .face_canvas import Portrait
from .face_kinds import EYES, Look, Person

LIPSTICKS: tuple[Colour, ...] = ((190, 30, 52), (206, 60, 92), (164, 34, 62), (222, 92, 108), (140, 30, 60))
SHADOWS: tuple[Colour, ...] = ((126, 84, 130), (92, 110, 150), (150, 96, 84), (96, 124, 110))
BROWS = {"thin": (0.035, 0.02), "arched": (0.05, 0.09), "straight": (0.065, 0.0), "bushy": (0.105, 0.03)}
"""Half thickness; how much higher the arch is than straight."""
LASH: Colour = (36, 26, 28)


def eyes(canvas: Portrait, own: Person, now: Look, skin: Colour, hair: Colour) -> tuple[Point, Point]:
    """Draws both with brows; returns the middles in pixels."""
    wide = 0.27 + 0.015 * own.build[0]
    high = (0.085 if own.narrow else 0.15) * (0.92 if now.smiling else 1.0)
    brow = mixed(scaled(hair, 0.72), (50, 38, 34), 0.2) if own.hair != "gray" else scaled(hair, 0.72)
    if own.style == "bald" or own.hair in ("blond", "red"):
        brow = mixed(brow, (74, 52, 40), 0.45)
    white = mixed((252, 250, 246), skin, 0.08)
    places = []
    for side in (-1, 1):
        middle = 0.5 * side

        def at(points: list[Point], side: int = side, middle: float = middle) -> list[Point]:
            return canvas.face([(middle + side * x, y) for x, y in points])

        xs = np.linspace(-wide, wide, 9)
        arc = 1 - (np.abs(xs) / wide) ** 2.2
        rise = -0.05 * (xs + wide) / (2 * wide)  # the outer corner is a little higher
        upper = [(x, y) for x, y in zip(xs.tolist(), (-high * arc + rise).tolist(), strict=True)]
        lower = [(x, y) for x, y in zip(xs.tolist(), (0.72 * high * arc + rise).tolist(), strict=True)]
        if now.makeup:
            tone = SHADOWS[(len(own.skin) + len(own.hair)) % len(SHADOWS)]
            above = [(x, y - 0.13 * (1 - (abs(x) / wide) ** 3) - 0.01) for x, y in upper]
            canvas.curve(at([*above, *reversed(upper)]), mixed(skin, tone, 0.62))
        canvas.polygon(at([*upper, *reversed(lower)]), white)
        canvas.line(at([(x, y + 0.025) for x, y in upper]), scaled(white, 0.78), 0.035)
        gaze, radius = -0.22 * math.sin(canvas.yaw) * side, 0.135
        for r, colour in (
            (radius, scaled(EYES[own.eyes], 0.55)),
            (radius * 0.82, EYES[own.eyes]),
            (radius * 0.45, (18, 14, 16)),
        ):
            angles = np.linspace(0, 2 * math.pi, 24, endpoint=False)
            ring_x = gaze + r * np.cos(angles)
            top, low = (np.interp(ring_x, xs, [q for _, q in lid]) for lid in (upper, lower))
            ring_y = np.minimum(np.maximum(r * np.sin(angles) - 0.02, top), low)
            ring = list(zip(ring_x.tolist(), ring_y.tolist(), strict=True))
            canvas.polygon(at(ring), colour)
        shine = at([(gaze, -0.02)])[0]
        canvas.oval(shine[0] - 0.05 * now.light, shine[1] - 0.045, 0.036, 0.036, (255, 255, 255))
        canvas.line(at(lower[1:]), mixed(scaled(skin, 0.62), LASH, 0.15), 0.02)
        thick = 0.075 if now.makeup else 0.05 if own.male else 0.06
        canvas.line(at(upper), LASH, thick)
        if not own.male:
            canvas.polygon(at([upper[-1], (wide + 0.09, upper[-1][1] - 0.075), upper[-3]]), LASH)
        crease = [(x, y - 0.075 * (1 - (abs(x) / wide) ** 3) - 0.01) for x, y in upper[1:]]
        canvas.line(at(crease), mixed(scaled(skin, 0.66), (120, 60, 50), 0.15), 0.022)
        half, arch = BROWS[own.brows]
        lift = -0.34 - (0.03 if now.smiling else 0.0) - (0.03 if not own.male else 0.0)
        spine = [
            (-0.27, lift - 0.01),
            (-0.1, lift - 0.05 - arch * 0.45),
            (0.1, lift - 0.06 - arch * 0.85),
            (0.38, lift + 0.06),
        ]
        over = [(x, y - half * s) for (x, y), s in zip(spine, (0.8, 1.0, 0.8, 0.1), strict=True)]
        under = [(x, y + half * s) for (x, y), s in zip(spine, (0.9, 0.9, 0.6, 0.0), strict=True)]
        canvas.curve(at([*over, *reversed(under)]), brow)
        places.append(canvas.pixel(*canvas.face([(middle, 0.0)])[0]))
    return places[0], places[1]


def nose(canvas: Portrait, own: Person, now: Look, skin: Colour) -> Point:
    """Returns the tip in pixels."""
    wide = {"small": 0.2, "big": 0.31, "pointy": 0.17}[own.nose] + 0.015 * own.build[1]
    tip = 0.62 + (0.06 if own.nose == "big" else 0.0) + 0.02 * own.build[1]
    deep, soft = mixed(scaled(skin, 0.52), (110, 44, 40), 0.25), mixed(scaled(skin, 0.76), (150, 76, 66), 0.15)
    out, away = 0.2, now.light
    if own.nose == "pointy":
        bridge = [(0.07 * away, -0.05), (0.08 * away, 0.25), (0.12 * away, 0.5), (0.03 * away, tip + 0.1),
                  (-wide * away, tip + 0.06)]  # fmt: skip
        canvas.stroke(canvas.face(bridge, out), soft, 0.035)
    else:
        canvas.line(canvas.face([(0.09 * away, -0.02), (0.1 * away, 0.2), (0.13 * away, 0.42)], out), soft, 0.04)
        ball = [(-wide, tip + 0.02), (-wide * 0.6, tip - 0.12), (wide * 0.6, tip - 0.12), (wide, tip + 0.02),
                (wide * 0.5, tip + 0.12), (-wide * 0.5, tip + 0.12)]  # fmt: skip
        canvas.curve(canvas.face(ball, out), mixed(skin, soft, 0.35))
        for side in (-wide, wide):
            wing = [(side * 0.85, tip - 0.1), (side * 1.05, tip), (side * 0.8, tip + 0.09)]
            canvas.stroke(canvas.face(wing, out), soft, 0.035)
    for side in (-1, 1):
        x = side * wide * 0.48
        canvas.stroke(
            canvas.face([(x - 0.055, tip + 0.095), (x, tip + 0.07), (x + 0.055, tip + 0.095)], out), deep, 0.045
        )
    shine, ridge = canvas.face([(-0.04 * away, tip - 0.1), (-0.03 * away, 0.2)], out)
    canvas.glow(mixed(skin, (255, 252, 244), 0.75), [(*shine, 0.1, 0.1, 0.7), (*ridge, 0.05, 0.25, 0.45)])
    return canvas.pixel(*canvas.face([(0.0, tip)], out)[0])


def mouth(canvas: Portrait, dice: Dice, own: Person, now: Look, skin: Colour) -> tuple[Point, Point]:
    """Returns its corners in pixels."""
    wide = (0.5 if now.smiling else 0.37) + 0.015 * own.build[2]
    up = 0.13 if now.smiling else 0.035
    y, gap = 1.09, (0.16 if now.smiling else 0.1) if now.open_mouth else 0.0
    full = (0.15 if own.big_lips else 0.085) * (0.85 if now.smiling else 1.0)
    lips = mixed(skin, (176, 74, 74), 0.42 if own.male else 0.52)
    if now.lipstick:
        lips = mixed(varied(dice, dice.pick(LIPSTICKS), 5), skin, 0.1)

    def row(height: float, bow: float = 0.0, ends: float = 1.0) -> list[Point]:
        xs = (-1.0, -0.62, -0.22, 0.0, 0.22, 0.62, 1.0)
        bend = (0.0, 0.7, 1.0, 1.0 - bow, 1.0, 0.7, 0.0)
        return [
            (wide * ends * x, y - up * (abs(x) ** 1.6) + 0.3 * up + height * b) for x, b in zip(xs, bend, strict=True)
        ]

    middle, low = row(-gap * 0.35), row(gap * 0.85)
    upper, under = row(-full - gap * 0.35, 0.3), row(full * 1.25 + gap * 0.85)
    if gap:
        canvas.curve(canvas.face([*middle, *reversed(low)], 0.05), (92, 34, 40))
        teeth = row(gap * 0.42)
        inner = [(x * 0.86, q) for x, q in middle], [(x * 0.86, q) for x, q in teeth]
        canvas.curve(canvas.face([*inner[0], *reversed(inner[1])], 0.05), (250, 248, 242))
    canvas.curve(canvas.face([*upper, *reversed(middle)], 0.05), scaled(lips, 0.88))
    canvas.curve(canvas.face([*low, *reversed(under)], 0.05), lips)
    canvas.stroke(canvas.face(middle, 0.05), mixed(scaled(lips, 0.45), (60, 20, 28), 0.3), 0.03)
    if gap:
        canvas.line(canvas.face(low, 0.05), scaled(lips, 0.7), 0.016)
    ends = canvas.face([middle[0], middle[-1]], 0.05)
    for (x, q), side in zip(ends, (-1, 1), strict=True) if now.smiling else ():
        canvas.line([(x, q), (x + 0.05 * side, q - 0.05)], scaled(skin, 0.6), 0.028)
    gloss = canvas.face([(-0.08 * now.light, y + 0.3 * up + full * 0.7 + gap * 0.85)], 0.05)[0]
    canvas.glow(mixed(lips, (255, 246, 240), 0.7), [(*gloss, 0.13, 0.04, 0.75 if now.lipstick else 0.4)])
    return canvas.pixel(*ends[0]), canvas.pixel(*ends[1])
