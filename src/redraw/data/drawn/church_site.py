"""What drawn churches are built of: walls, naves, towers, spires, domes, windows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .canvas import Canvas, Colour, Point, mixed, scaled, varied
from .dice import Dice
from .room_kinds import ROOFS, STONES, Church

GLASS, GLOW = (62, 72, 96), (255, 214, 120)


class Site:
    """Draws with (0, 0) on the ground below the front's middle, y down; one unit is about the church's height."""

    def __init__(self, own: Church, dice: Dice, canvas: Canvas) -> None:
        self.own, self.dice, self.canvas = own, dice, canvas
        self.stone, self.roof = varied(dice, STONES[own.stone], 8), varied(dice, ROOFS[own.roof], 8)
        self.dark = own.sky in ("night", "sunset")
        self.trim = mixed(self.stone, (255, 252, 244), 0.45)
        self.turn = dice.uniform(0.24, 0.34)  # how much higher the far end of the nave's foot lies, per unit of length

    def shape(self, points: Sequence[Point], colour: Colour, edge: float = 0.66) -> None:
        self.canvas.polygon(points, colour)
        self.canvas.line([*points, points[0]], scaled(colour, edge), 0.0055)

    def wall(self, left: float, right: float, top: float, bottom: float = 0.0, shade: float = 1.0) -> None:
        """A front with the texture of its stone."""
        colour = scaled(self.stone, shade)
        self.shape([(left, bottom), (right, bottom), (right, top), (left, top)], colour)
        step, odd = 0.034 if self.own.stone != "brick" else 0.02, 0
        y = bottom - step
        while y > top:
            self.canvas.line([(left, y), (right, y)], scaled(colour, 0.93), 0.004)
            if self.own.stone != "white wood":
                for k in range(3):
                    x = left + (right - left) * ((k + 0.5 + 0.25 * (odd % 2)) / 3.4)
                    tint = scaled(colour, self.dice.uniform(0.88, 1.08))
                    self.canvas.polygon([(x, y), (x + 0.03, y), (x + 0.03, y + step), (x, y + step)], tint)
            y, odd = y - step, odd + 1

    def nave(
        self, left: float, right: float, eaves: float, ridge: float, length: float, windows: int, round_tops: bool
    ) -> None:
        """A gabled house seen from its front and its right: side wall and roof run back, then the front stands before them."""
        rise, far = self.turn * 0.35 * length, 0.8
        x1, middle = right + length, (left + right) / 2
        foot, gutter = -rise, eaves * far - rise
        back = (middle + length * 0.94, ridge * far - rise)
        self.shape([(right, 0), (x1, foot), (x1, gutter), (right, eaves)], scaled(self.stone, 0.8))
        for k in range(windows):
            a = (k + 0.5) / windows
            x, y = right + length * a, foot * a
            tall = y - (eaves + (gutter - eaves) * a)
            self.window(x, y - tall * 0.24, 0.032, tall * 0.5, round_tops, 0.8)
        self.shape([(right + 0.015, eaves), (x1, gutter), back, (middle, ridge)], self.roof)
        for k in range(1, 5):
            a = k / 5
            self.canvas.line([(right + (middle - right) * a, eaves + (ridge - eaves) * a),
                              (x1 + (back[0] - x1) * a, gutter + (back[1] - gutter) * a)], scaled(self.roof, 0.9),
                              0.005)  # fmt: skip
        self.wall(left, right, eaves)
        self.shape([(left, eaves), (right, eaves), (middle, ridge)], self.stone)
        self.canvas.line(
            [(left - 0.02, eaves + 0.01), (middle, ridge - 0.012), (right + 0.02, eaves + 0.01)],
            scaled(self.roof, 0.85),
            0.022,
        )

    def tower(self, left: float, right: float, top: float, side: bool = True) -> None:
        if side:
            deep = (right - left) * 0.5
            self.shape(
                [(right, 0), (right + deep, -0.05), (right + deep, top + 0.02), (right, top)], scaled(self.stone, 0.78)
            )
        self.wall(left, right, top)

    def spire(
        self, left: float, right: float, base: float, tip: float, colour: Colour | None = None, side: bool = True
    ) -> None:
        colour, middle, deep = colour or self.roof, (left + right) / 2, (right - left) * 0.5 if side else 0.0
        apex = (middle + deep / 2, tip)
        if deep:
            self.shape([(right, base), (right + deep, base + 0.02), apex], scaled(colour, 0.74))
        self.shape([(left - 0.008, base), (right + 0.008, base), apex], colour)

    def cross(self, x: float, y: float, size: float = 0.05) -> None:
        gold = (226, 190, 96) if self.own.style in ("onion", "dome") else (60, 58, 62)
        self.canvas.line([(x, y), (x, y - size)], gold, 0.011)
        self.canvas.line([(x - size * 0.32, y - size * 0.64), (x + size * 0.32, y - size * 0.64)], gold, 0.011)

    def _arch(self, x: float, y: float, half: float, tall: float, round_top: bool) -> list[Point]:
        spring = y - tall + half * (1.0 if round_top else 1.6)
        if round_top:
            top = [(x + half * math.cos(a), spring - half * math.sin(a)) for a in np.linspace(0, math.pi, 9)]
        else:
            top = [
                (x + half, spring),
                (x + half * 0.8, spring - half * 0.7),
                (x, y - tall),
                (x - half * 0.8, spring - half * 0.7),
                (x - half, spring),
            ]
        return [(x + half, y), *top, (x - half, y)]

    def window(self, x: float, y: float, half: float, tall: float, round_top: bool, shade: float = 1.0) -> None:
        """An arched window whose sill is at (x, y)."""
        self.canvas.polygon(self._arch(x, y + 0.008, half * 1.34, tall + 0.02, round_top), scaled(self.trim, shade))
        glass = GLOW if self.dark else GLASS
        self.canvas.polygon(self._arch(x, y, half, tall, round_top), glass)
        self.canvas.line([(x, y), (x, y - tall * 0.94)], scaled(self.trim, 0.8), 0.006)

    def door(self, x: float, half: float, tall: float, round_top: bool) -> None:
        self.canvas.polygon(self._arch(x, 0, half * 1.4, tall * 1.16, round_top), self.trim)
        wood = (106, 66, 44) if not self.dark else (84, 54, 44)
        self.canvas.polygon(self._arch(x, 0, half, tall, round_top), wood)
        self.canvas.line([(x, 0), (x, -tall * 0.96)], scaled(wood, 0.6), 0.006)
        for k in range(3):
            self.canvas.polygon([(x - half * (1.5 + 0.3 * k), 0.012 * k), (x + half * (1.5 + 0.3 * k), 0.012 * k),
                                 (x + half * (1.6 + 0.3 * k), 0.012 * (k + 1)),
                                 (x - half * (1.6 + 0.3 * k), 0.012 * (k + 1))], scaled(self.trim, 0.96 - 0.06 * k))  # fmt: skip

    def rose(self, x: float, y: float, r: float) -> None:
        self.canvas.oval(x, y, r * 1.24, r * 1.24, self.trim)
        self.canvas.oval(x, y, r, r, GLOW if self.dark else GLASS)
        for k in range(8):
            angle = k * math.pi / 4
            petal = ((206, 80, 70), (90, 130, 200), (230, 190, 90))[k % 3] if not self.dark else (255, 190, 90)
            self.canvas.oval(x + 0.62 * r * math.cos(angle), y + 0.62 * r * math.sin(angle), 0.24 * r, 0.24 * r, petal)
        self.canvas.oval(x, y, 0.24 * r, 0.24 * r, self.trim)

    def clock(self, x: float, y: float, r: float) -> None:
        if self.own.clock:
            self.canvas.oval(x, y, r * 1.2, r * 1.2, scaled(self.roof, 0.7))
            self.canvas.oval(x, y, r, r, (244, 240, 226))
            angle = self.dice.uniform(0, 2 * math.pi)
            self.canvas.line(
                [(x, y), (x + 0.7 * r * math.sin(angle), y - 0.7 * r * math.cos(angle))], (40, 38, 40), 0.008
            )
            self.canvas.line([(x, y), (x, y - 0.5 * r)], (40, 38, 40), 0.008)

    def cupola(self, x: float, base: float, half: float, tall: float, colour: Colour, onion: bool) -> None:
        """A dome or an onion on (x, base) with a highlight."""
        if onion:
            right = [(0.62, 0.0), (1.0, -0.22), (0.98, -0.46), (0.6, -0.7), (0.2, -0.86), (0.0, -1.1)]
        else:
            right = [(math.cos(a), -math.sin(a)) for a in np.linspace(0, math.pi / 2, 8)]
        full = [*right, *((-a, b) for a, b in reversed(right))]
        self.shape([(x + half * a, base + tall * b) for a, b in full], colour)
        for shift, share, paint in (
            (-0.42, 0.2, mixed(colour, (255, 255, 250), 0.3)),
            (0.5, 0.26, scaled(colour, 0.8)),
        ):
            self.canvas.oval(x + half * shift, base - tall * 0.42, half * share, tall * 0.26, paint)
        self.cross(x, base - tall * (1.08 if onion else 0.98), 0.07)
