"""The bodies of drawn dogs and cats: portrait, sitting, standing, lying.

Local coordinates: the animal faces right, (0, 0) lies on the ground below its middle, y points down, and a sitting or
standing animal is about one unit high.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .canvas import Canvas, Colour, Point, mixed, scaled
from .dice import Dice
from .pet_faces import Coat
from .pet_kinds import COAT_LENGTHS, Breed
from .soft import fuzzy

LEG = {"slim": 0.4, "middle": 0.33, "stocky": 0.29, "low": 0.17}
GIRTH = {"slim": 0.84, "middle": 1.0, "stocky": 1.14, "low": 1.0}


class Body:
    """One animal's body. Each pose returns where the face is: local x, y and radius; ``width`` is an outline's, in pixels."""

    def __init__(self, canvas: Canvas, dice: Dice, breed: Breed, coat: Coat, width: float) -> None:
        self.canvas, self.dice, self.breed, self.coat, self.width = canvas, dice, breed, coat, width
        self.depth = COAT_LENGTHS[breed.length] * 1.1
        self.girth = GIRTH[breed.build] * (0.92 if breed.cat else 1.0)
        tip = breed.pattern in ("blaze", "points", "siamese", "husky")
        self.sock = coat.second if tip else coat.main
        self.head = (0.2 if breed.cat else 0.19) * (1.14 if breed.muzzle == "short" else 1.0)

    def portrait(self) -> tuple[float, float, float]:
        g = self.girth
        chest = self._part([(-0.2 * g, -0.62), (0.2 * g, -0.62), (0.36 * g, -0.3), (0.56 * g, 0.2), (0.6 * g, 0.7),
                            (-0.6 * g, 0.7),
                            (-0.56 * g, 0.2), (-0.36 * g, -0.3)])  # fmt: skip
        self._markings(chest, (-0.6, -0.3, 0.6, 0.7), True)
        self._chest_fur(0.0, -0.2, 0.22 * g, 0.9)
        return (0.0, -0.44, 0.35) if self.breed.ear in ("bat", "prick") else (0.0, -0.5, 0.4)

    def sitting(self) -> tuple[float, float, float]:
        g, far = self.girth, scaled(self.coat.main, 0.84)
        self._tail([(0.2, -0.08), (0.4, -0.05), (0.5, -0.14), (0.47, -0.3)], far)
        self.canvas.outlined()
        for side in (-1, 1):
            self._fill([(side * 0.16, -0.3), (side * 0.34 * g, -0.24), (side * 0.38 * g, -0.08), (side * 0.3, 0.01),
                        (side * 0.14, 0.0)],
                       scaled(self.coat.main, 0.93))  # fmt: skip
            self.canvas.oval(side * 0.29 * g, 0.0, 0.11, 0.04, self.sock)
        self._ink()
        trunk = self._part([(0, -0.72), (0.15 * g, -0.68), (0.2 * g, -0.46), (0.25 * g, -0.26), (0.2 * g, -0.08), (0, -0.04),
                            (-0.2 * g, -0.08), (-0.25 * g, -0.26), (-0.2 * g, -0.46), (-0.15 * g, -0.68)])  # fmt: skip
        self._markings(trunk, (-0.26, -0.6, 0.26, 0.0), True)
        self._chest_fur(0.0, -0.5, 0.1 * g, 0.4)
        self.canvas.outlined()
        for side in (-1, 1):
            self._leg(side * 0.1 * g, side * 0.095 * g, -0.36, 0.075)
        self._ink()
        return self.dice.normal(0.015), -0.78 if not self.breed.cat else -0.74, self.head

    def standing(self) -> tuple[float, float, float]:
        leg, g = LEG[self.breed.build] * (0.84 if self.breed.cat else 1.0), self.girth
        back, belly, stride = -leg - 0.27 * g, -leg, self.dice.uniform(-0.04, 0.06)
        far = scaled(self.coat.main, 0.72)
        self._tail_standing(back)
        self.canvas.outlined()
        for x in (-0.2 + stride, 0.18 + stride):
            self._leg(x, x + 0.01, belly - 0.1, 0.062, far, scaled(self.sock, 0.72))
        self._ink()
        tuck = 0.09 if self.breed.build == "slim" else 0.04
        trunk = self._part([(-0.37, back + 0.05), (-0.22, back - 0.01), (0.02, back + 0.02), (0.2, back - 0.02),
                            (0.34, back + 0.03),
                            (0.38, belly - 0.12), (0.3, belly + 0.02), (0.1, belly), (-0.14, belly - tuck), (-0.3, belly - 0.03),
                            (-0.4, belly - 0.12)])  # fmt: skip
        self._markings(trunk, (-0.4, back, 0.4, belly), False)
        self.canvas.outlined()
        self._leg(-0.32 - stride, -0.33 - stride, belly - 0.08, 0.068)
        self._leg(0.27 - stride, 0.27 - stride, belly - 0.1, 0.066)
        self._ink()
        self._fill([(-0.4, belly - 0.14), (-0.28, belly - 0.2), (-0.19, belly - 0.1), (-0.25, belly + 0.04),
                    (-0.36, belly + 0.06)],
                   self._at_rear())  # fmt: skip
        x, y = 0.42, back - (0.12 if self.breed.build in ("low", "stocky") or self.breed.cat else 0.2)
        neck = self._part([(0.14, back + 0.01), (x - 0.12, y), (x + 0.08, y + 0.02), (x + 0.02, y + 0.2), (0.38, belly - 0.08),
                           (0.24, belly - 0.06)], hidden=True)  # fmt: skip
        if self.breed.pattern in ("blaze", "saddle", "husky"):
            with self.canvas.within(neck):
                light = self.coat.main if self.breed.pattern == "saddle" else self.coat.second
                self.canvas.oval(x + 0.02, (y + belly) / 2 + 0.06, 0.12, 0.24, light)
        return x, y, self.head

    def lying(self) -> tuple[float, float, float]:
        g = self.girth
        self._tail([(-0.44, -0.07), (-0.58, -0.05), (-0.66, -0.03), (-0.72, -0.07)], scaled(self.coat.main, 0.9))
        self.canvas.outlined()
        self._lying_leg(0.2, 0.5, -0.06, scaled(self.sock, 0.82))
        self._ink()
        top = -0.3 * g
        trunk = self._part([(-0.46, -0.03), (-0.5, -0.16), (-0.38, top + 0.01), (-0.14, top + 0.03), (0.1, top),
                            (0.28, top - 0.03),
                            (0.38, -0.2), (0.36, -0.02), (0.0, 0.02)])  # fmt: skip
        self._markings(trunk, (-0.5, top, 0.38, 0.0), False)
        self.canvas.outlined()
        self._fill([(-0.44, 0.0), (-0.44, -0.16), (-0.3, -0.22), (-0.16, -0.12), (-0.16, 0.0)], self._at_rear())
        self.canvas.oval(-0.16, -0.015, 0.1, 0.04, self.sock)
        self._ink()
        x, y = 0.36, top - 0.16
        self._part(
            [(0.1, top + 0.01), (x - 0.13, y), (x + 0.12, y), (0.44, -0.18), (0.36, -0.03), (0.2, -0.1)], hidden=True
        )
        self._chest_fur(0.36, y + 0.1, 0.06, 0.26)
        self.canvas.outlined()
        self._lying_leg(0.24, 0.6, -0.02, self.sock)
        self._ink()
        return x + 0.02, y - 0.02, self.head

    def _ink(self) -> None:
        self.canvas.ink(self.coat.edge, self.width)

    def _fill(self, points: Sequence[Point], colour: Colour) -> np.ndarray:
        curve = fuzzy(self.dice, points, self.depth)
        self.canvas.polygon(curve, colour)
        return curve

    def _part(self, points: Sequence[Point], hidden: bool = False) -> np.ndarray:
        """``hidden``: without an outline, where a part runs into another one."""
        if not hidden:
            self.canvas.outlined()
        curve = self._fill(points, self.coat.main)
        if not hidden:
            self._ink()
        return curve

    def _at_rear(self) -> Colour:
        return self.coat.main if self.breed.pattern != "patches" else self.coat.second

    def _leg(
        self,
        top: float,
        foot: float,
        high: float,
        half: float,
        colour: Colour | None = None,
        sock: Colour | None = None,
    ):
        colour, sock = colour or self.coat.main, sock or self.sock
        thick = half * (0.74 if self.breed.build == "slim" else 1.0) * (0.84 if self.breed.cat else 1.0)
        self.canvas.curve([(top - thick * 1.1, high), (top + thick * 1.1, high), (foot + thick * 0.8, high * 0.4),
                           (foot + thick * 0.75, 0.0), (foot - thick * 0.75, 0.0),
                           (foot - thick * 0.8, high * 0.4)], colour)  # fmt: skip
        if sock != colour:
            self.canvas.curve([(foot - thick * 0.78, high * 0.36), (foot, high * 0.42), (foot + thick * 0.78, high * 0.36),
                               (foot + thick * 0.75, 0.0), (foot - thick * 0.75, 0.0)], sock)  # fmt: skip
        self.canvas.oval(foot + thick * 0.2, 0.0, thick * 1.1, thick * 0.55, sock)

    def _lying_leg(self, start: float, end: float, y: float, colour: Colour) -> None:
        self.canvas.curve(
            [(start, y - 0.06), (end - 0.06, y - 0.05), (end, y - 0.03), (end, y + 0.025), (start, y + 0.035)], colour
        )

    def _tail(self, points: Sequence[Point], colour: Colour) -> None:
        if self.breed.pattern == "siamese":
            colour = scaled(self.coat.second, 0.95)
        self.canvas.outlined()
        if self.breed.tail == "docked":
            x, y = points[0]
            self.canvas.oval(x + (points[1][0] - x) * 0.3, y, 0.08, 0.05, colour)
        elif self.breed.tail == "plume" or self.breed.length == "long":
            (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
            self._fill([(ax, ay - 0.03), (bx, by - 0.07), (cx - 0.02, cy - 0.06), (dx, dy), (cx + 0.02, cy + 0.07),
                        (bx, by + 0.05), (ax, ay + 0.03)],
                       colour)  # fmt: skip
        else:
            self.canvas.line(points, colour, 0.06)
            self.canvas.oval(*points[-1], 0.03, 0.03, colour if self.breed.pattern != "tabby" else self.coat.second)
        self._ink()

    def _tail_standing(self, back: float) -> None:
        colour, high = scaled(self.coat.main, 0.92), self.dice.uniform(-0.06, 0.04)
        if self.breed.tail == "curl":
            self._tail([(-0.36, back + 0.06), (-0.44, back - 0.08), (-0.36, back - 0.15), (-0.27, back - 0.08)], colour)
        elif self.breed.cat:
            self._tail([(-0.36, back + 0.06), (-0.48, back - 0.04), (-0.52, back - 0.22), (-0.46, back - 0.36)], colour)
        else:
            self._tail(
                [
                    (-0.36, back + 0.06),
                    (-0.5, back + 0.03 + high),
                    (-0.58, back - 0.05 + 2 * high),
                    (-0.64, back - 0.14 + 3 * high),
                ],
                colour,
            )

    def _chest_fur(self, x: float, y: float, half: float, tall: float) -> None:
        """A lighter breast, or the white one of a marked breed."""
        strong = self.breed.pattern in ("blaze", "husky", "points")
        light = self.coat.second if strong else mixed(self.coat.main, (255, 250, 240), 0.25)
        if strong or self.depth:
            self.canvas.polygon(fuzzy(self.dice, [(x - half, y), (x, y - 0.06), (x + half, y),
                                                  (x + half * 0.9, y + tall * 0.6), (x, y + tall),
                                                  (x - half * 0.9, y + tall * 0.6)], self.depth), light)  # fmt: skip

    def _markings(self, outline: np.ndarray, area: tuple[float, float, float, float], front: bool) -> None:
        """The coat's pattern inside ``outline``; ``area``: left, top, right, bottom."""
        left, top, right, bottom = area
        wide, high, dice, second = right - left, bottom - top, self.dice, self.coat.second
        with self.canvas.within(outline):
            pattern = self.breed.pattern
            if pattern == "saddle" and not front:
                self.canvas.curve([(left + 0.02, top - 0.1), (right - 0.1 * wide, top - 0.1),
                                   (right - 0.2 * wide, top + 0.4 * high),
                                   (left + 0.4 * wide, top + 0.56 * high),
                                   (left + 0.05 * wide, top + 0.4 * high)], second)  # fmt: skip
            elif pattern == "saddle":
                for side in (left, right):
                    self.canvas.oval(side, top + 0.45 * high, 0.3 * wide, 0.5 * high, second)
            elif pattern == "patches":
                for _ in range(4):
                    self.canvas.oval(dice.uniform(left, right), dice.uniform(top, bottom), dice.uniform(0.1, 0.2) * wide,
                                     dice.uniform(0.15, 0.35) * high, second)  # fmt: skip
            elif pattern in ("spots", "cheetah"):
                for _ in range(26 if pattern == "spots" else 34):
                    size = dice.uniform(0.014, 0.036) if pattern == "spots" else dice.uniform(0.01, 0.02)
                    size *= 1.6 if wide > 1.1 else 1.0
                    self.canvas.oval(dice.uniform(left, right), dice.uniform(top, bottom), size * 1.2, size, second)
            elif pattern == "tabby":
                for k in range(9):
                    if front:
                        y = top + high * k / 8
                        for side in (left, right):
                            self.canvas.line([(side, y - 0.02), (side * 0.45, y + 0.03)], second, 0.035 * wide)
                    else:
                        x = left + wide * (k + 0.5) / 9 + dice.normal(0.01)
                        self.canvas.line(
                            [(x, top - 0.03), (x - 0.03, top + 0.35 * high), (x - 0.01, top + 0.75 * high)],
                            second,
                            0.026,
                        )
            elif pattern in ("husky", "points") and not front:
                self.canvas.curve([(left, bottom - 0.2 * high), (0.0, bottom - 0.3 * high),
                                   (right, bottom - 0.5 * high), (right + 0.1, bottom + 0.2),
                                   (left, bottom + 0.2)], second)  # fmt: skip
            elif pattern == "blaze" and not front:
                self.canvas.curve([(right - 0.3 * wide, top - 0.1), (right - 0.16 * wide, top - 0.1),
                                   (right - 0.12 * wide, bottom + 0.1),
                                   (right - 0.34 * wide, bottom + 0.1)], second)  # fmt: skip
