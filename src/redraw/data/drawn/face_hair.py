"""Hair and hats of drawn faces: what lies behind the head, what frames the face, what covers it."""

from __future__ import annotations

import math

from .canvas import Colour, Point, mixed, scaled, varied
from .dice import Dice
from .face_canvas import Portrait
from .face_kinds import CROPPED, Look, Person

TOP = -1.6  # of the skull
HATS: tuple[Colour, ...] = (
    (176, 58, 62), (52, 84, 132), (64, 116, 92), (206, 160, 78), (92, 78, 110), (70, 70, 78), (212, 196, 168),
)  # fmt: skip


def _edge(colour: Colour) -> Colour:
    return mixed(scaled(colour, 0.55), (28, 20, 24), 0.3)


def _bumps(points: list[Point], depth: float, dice: Dice) -> list[Point]:
    """Every other point of an outline moved away from the head, unevenly."""
    out = [1 + depth * (k % 2) * dice.uniform(0.5, 1.3) for k in range(len(points))]
    return [(x * f, (y + 0.7) * f - 0.7) for (x, y), f in zip(points, out, strict=True)]


def behind(canvas: Portrait, dice: Dice, own: Person, now: Look, colour: Colour) -> None:
    """Hair that falls behind neck and shoulders."""
    canvas.outlined()
    dark = scaled(colour, 0.8)
    if own.style in ("long", "bob"):
        low = dice.uniform(2.5, 3.4) if own.style == "long" else dice.uniform(1.25, 1.7)
        wide = 1.36 if own.style == "long" else 1.42
        side = [(0.9, -1.62), (1.24, -1.0), (wide, -0.2), (wide + 0.04, 0.7), (wide + 0.06, low * 0.75),
                (wide - 0.1, low)]  # fmt: skip
        if own.wavy:
            side = [(x + (0.09 if k % 2 else -0.03), y) for k, (x, y) in enumerate(side)]
        points = [(0.0, -1.85), *side, (0.0, low - 0.1), *((-x, y) for x, y in reversed(side))]
        canvas.curve(points, dark)
    elif own.style == "afro":
        puff = [(1.68 * math.cos(a), -0.72 + 1.55 * math.sin(a)) for a in (math.tau * k / 28 for k in range(28))]
        canvas.curve(_bumps(puff, 0.06, dice), scaled(colour, 0.94))
    elif own.style == "bun" and now.hat == "none":
        canvas.oval(dice.pick((0.0, 0.3, -0.3)), -2.05, 0.5, 0.42, scaled(colour, 0.92))
    else:
        canvas.oval(0.0, -0.7, 1.0, 0.8, dark)
    canvas.ink(_edge(colour), 0.03 * canvas._unit)


def front(canvas: Portrait, dice: Dice, own: Person, now: Look, colour: Colour) -> None:
    """Hair on the skull and around the face, with strands and a sheen."""
    if own.style == "bald":
        if own.age != "young" and now.hat == "none":
            _fringe(canvas, colour)
        return
    outline = _crop(own) if own.style in (*CROPPED, "bun", "afro") else _curtain(own)
    pieces = [_shown(canvas, piece) for piece in outline]
    canvas.outlined()
    for piece in pieces:
        canvas.curve(piece, colour)
    if own.bangs:
        pieces.append(_shown(canvas, _bangs()))
        canvas.curve(pieces[-1], colour)
    canvas.ink(_edge(colour), 0.022 * canvas._unit)
    light, deep = mixed(colour, (255, 246, 226), 0.34), scaled(colour, 0.72)
    canvas.glow(light, [(-0.45 * now.light, -1.35, 0.5, 0.22, 0.6), (-1.15 * now.light, 0.5, 0.16, 0.7, 0.35)], pieces)
    canvas.glow(deep, [(0.95 * now.light, -0.6, 0.35, 0.9, 0.5), (1.2 * now.light, 1.4, 0.3, 1.0, 0.4)], pieces)
    _strands(canvas, dice, own, colour)


def _shown(canvas: Portrait, piece: list[Point]) -> list[Point]:
    """Of a piece of hair what lies on the face turns with it; what lies outside stays."""
    found = []
    for x, y in piece:
        share = max(0.0, min(1.0, 2 * (1.3 - abs(x)))) * max(0.0, min(1.0, 2.5 * (y + 1.7)))
        found.append((x + share * (canvas.face([(x, y)])[0][0] - x), y))
    return found


def _crop(own: Person) -> list[list[Point]]:
    burn = 0.62 if own.sideburns else 0.12
    v = {"crop": 0.06, "parted": 0.16, "quiff": 0.2, "curls": 0.2, "bun": 0.05, "afro": 0.3}[own.style]
    left = [(-1.08, burn), (-1.17, -0.3), (-1.15, -0.85), (-0.92, -1.38 - v / 2)]
    lean = 0.25 if own.style == "quiff" else 0.12 if own.style == "parted" else 0.0
    lean = -lean if own.part > 0 else lean
    crown = [(-0.45 + lean, TOP - 0.12 - v), (0.1 + lean, TOP - 0.2 - v), (0.6, TOP - 0.06 - v * 0.8)]
    right = [(-x, y) for x, y in reversed(left)]
    outer = [*left, *crown, *right]
    if own.style in ("curls", "afro"):
        outer = [left[0], *_ruffled(outer[1:-1], 0.1 if own.style == "curls" else 0.05), right[-1]]
    inner = 0.99
    if own.receding:
        line = [(inner, -0.1), (0.98, -0.7), (0.72, -1.16), (0.45, -1.3), (0.0, -1.12), (-0.45, -1.3), (-0.72, -1.16),
                (-0.98, -0.7), (-inner, -0.1)]  # fmt: skip
    elif own.style in ("parted", "quiff"):
        line = [(inner, -0.05), (0.97, -0.5), (0.82, -0.84), (0.3, -0.9), (-0.15, -1.02), (-0.52, -1.2), (-0.78, -0.98),
                (-0.97, -0.55), (-inner, -0.05)]  # fmt: skip
        if own.part > 0:
            line = [(-x, y) for x, y in reversed(line)]
    else:
        y = -1.12 if own.style == "bun" else -1.0
        line = [(inner, -0.05), (0.97, -0.5), (0.84, y + 0.2), (0.45, y), (0.0, y - 0.04), (-0.45, y), (-0.84, y + 0.2),
                (-0.97, -0.5), (-inner, -0.05)]  # fmt: skip
        if own.style in ("curls", "afro"):
            line = [line[0], *_ruffled(line[1:-1], -0.06), line[-1]]
    if own.sideburns:
        line = [(line[0][0] - 0.12, burn - 0.05), *line, (line[-1][0] + 0.12, burn - 0.05)]
    return [[*outer, *line]]


def _ruffled(points: list[Point], depth: float) -> list[Point]:
    found: list[Point] = []
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        found.append((x0, y0))
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        r = math.hypot(x, y + 0.3) or 1.0
        found.append((x * (1 + depth / r), y + (y + 0.3) * depth / r))
    return [*found, points[-1]]


def _curtain(own: Person) -> list[list[Point]]:
    """Two halves from the parting down both sides of the face."""
    low = 1.35 if own.style == "bob" else 2.5
    p, pieces = own.part, []
    for side in (-1, 1):
        q = p * side
        wave = 0.1 if own.wavy else 0.0
        outer = [(q - 0.05, -1.84), (0.55, -1.8), (1.02, -1.4), (1.27, -0.7), (1.3 + wave, 0.1), (1.33 - wave * 0.4, 0.75),
                 (1.34 + wave, low * 0.72), (1.26 - wave * 0.4, low)]  # fmt: skip
        inner = [(1.0 + wave * 0.5, low - 0.05), (0.95 - wave * 0.5, low * 0.72), (1.03 + wave * 0.4, 0.75), (0.99, 0.1),
                 (0.9, -0.45), (0.62, -0.9), (q + 0.12, -1.2)]  # fmt: skip
        pieces.append([(x * side, y) for x, y in (*outer, *inner)])
    return pieces


def _bangs() -> list[Point]:
    return [(-1.02, -0.3), (-1.05, -1.0), (-0.5, -1.5), (0.3, -1.5), (1.05, -1.0), (1.02, -0.3), (0.8, -0.46), (0.55, -0.38),
            (0.3, -0.45), (0.05, -0.38), (-0.2, -0.45), (-0.45, -0.38), (-0.7, -0.45)]  # fmt: skip


def _fringe(canvas: Portrait, colour: Colour) -> None:
    for side in (-1, 1):
        patch = [(1.0, 0.1), (1.2, -0.15), (1.2, -0.6), (1.05, -0.85), (0.98, -0.45)]
        canvas.curve([(x * side, y) for x, y in patch], colour)


def _strands(canvas: Portrait, dice: Dice, own: Person, colour: Colour) -> None:
    """Fine lines along the fall of the hair."""
    tones = (scaled(colour, 0.86), mixed(colour, (255, 244, 220), 0.12))
    if own.style in ("curls", "afro"):
        for _ in range(16):
            a, r = dice.uniform(math.pi * 1.05, math.pi * 1.95), dice.uniform(0.1, 0.16)
            x, y = 1.04 * math.cos(a), -0.45 + dice.uniform(1.0, 1.22) * math.sin(a)
            canvas.stroke(
                [(x + r * math.cos(b), y + r * math.sin(b)) for b in (a - 1, a, a + 1, a + 2)], dice.pick(tones), 0.03
            )
        return
    for k in range(10):
        tone = tones[k % 2]
        if own.style in ("long", "bob"):
            side, t = (-1 if k % 2 else 1), dice.uniform(0.1, 0.9)
            x, low, wave = 1.02 + 0.25 * t, (1.2 if own.style == "bob" else 2.4), 0.06 if own.wavy else 0.0
            line = [(own.part + side * 0.1, -1.6 + 0.3 * (1 - t)), (side * (0.7 + 0.2 * t), -1.15 - 0.3 * t), (side * x, -0.3),
                    (side * (x + wave), 0.5), (side * (x - wave), low * 0.6), (side * (x + wave), low)]  # fmt: skip
        else:
            x = dice.uniform(-0.75, 0.75)
            lean = 0.2 if own.part <= 0 else -0.2
            line = [(x, -1.2), (x * 0.92 + lean * 0.5, -1.42), (x * 0.75 + lean, -1.62)]
        canvas.stroke(line, tone, 0.02)


def hat(canvas: Portrait, dice: Dice, now: Look) -> None:
    """A knitted cap, a cap with a peak, or a hat with a brim."""
    if now.hat == "none":
        return
    colour = varied(dice, dice.pick(HATS), 8)
    canvas.outlined()
    dome = [(-1.22, -0.62), (-1.2, -1.2), (-0.75, -1.85), (0.0, -2.02), (0.75, -1.85), (1.2, -1.2), (1.22, -0.62),
            (0.0, -0.74)]  # fmt: skip
    s = 0.6 * math.sin(canvas.yaw)
    if now.hat == "beanie":
        canvas.oval(0.0, -2.12, 0.22, 0.2, scaled(colour, 1.15))
        canvas.curve(dome, colour)
        edge = [(-1.26, -0.98), (0.0, -1.12), (1.26, -0.98), (1.27, -0.5), (0.0, -0.62), (-1.27, -0.5)]
        canvas.curve(edge, scaled(colour, 0.85))
    elif now.hat == "cap":
        canvas.curve(dome, colour)
        canvas.curve([(-1.05 + s, -0.85), (s, -1.0), (1.05 + s, -0.85), (1.12 + s, -0.52), (s, -0.42), (-1.12 + s, -0.52)],
                     scaled(colour, 0.72))  # fmt: skip
    else:
        crown = [(-1.02, -0.85), (-0.95, -1.6), (-0.6, -2.08), (0.0, -1.96), (0.6, -2.08), (0.95, -1.6), (1.02, -0.85)]
        canvas.curve(crown, colour)
        canvas.polygon([(-1.03, -0.8), (-1.01, -1.14), (1.01, -1.14), (1.03, -0.8)], scaled(colour, 0.5))
        canvas.curve([(-1.75, -0.75), (-0.9, -0.95), (0.0, -0.99), (0.9, -0.95), (1.75, -0.75), (1.0, -0.56), (0.0, -0.5),
                      (-1.0, -0.56)], scaled(colour, 0.92))  # fmt: skip
    canvas.ink(mixed(scaled(colour, 0.5), (26, 20, 24), 0.3), 0.022 * canvas._unit)
    if now.hat == "beanie":
        for k in range(-5, 6):
            canvas.line(
                [(k * 0.22, -1.08 + 0.004 * k * k), (k * 0.225, -0.58 + 0.004 * k * k)], scaled(colour, 0.7), 0.02
            )
    canvas.glow(mixed(colour, (255, 255, 255), 0.5), [(-0.4 * now.light, -1.55, 0.4, 0.3, 0.4)], [dome])
