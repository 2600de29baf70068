"""The faces of drawn dogs and cats, as they look at whoever takes the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Colour, Point, mixed, scaled
from .dice import Dice
from .pet_kinds import COAT_LENGTHS, Breed, Sight
from .soft import fuzzy

INK, PINK, TONGUE = (26, 20, 22), (226, 160, 156), (226, 110, 120)
WIDTH = {"slim": 0.84, "middle": 1.0, "stocky": 1.12, "low": 1.0}
MUZZLE = {"short": (0.4, 0.3, 0.36), "medium": (0.36, 0.4, 0.46), "long": (0.3, 0.48, 0.56)}
"""{muzzle: half width, half height, how far its middle lies below the face's}, in radii of the head"""


@dataclass(frozen=True)
class Coat:
    """Colours of one animal: ``main``, ``second`` (markings), and its outline's."""

    main: Colour
    second: Colour
    edge: Colour


class Face:
    """Draws with the face's middle at local (0, 0), its radius ``r``; ``turn`` moves the features, ``tilt`` is the canvas's."""

    def __init__(self, canvas: Canvas, dice: Dice, breed: Breed, coat: Coat, radius: float) -> None:
        self.canvas, self.dice, self.breed, self.coat = canvas, dice, breed, coat
        self.r = radius
        self.turn = dice.uniform(-0.16, 0.16)
        self.wide = WIDTH[breed.build] * (1.12 if breed.cat else 1.0)
        self.depth = COAT_LENGTHS[breed.length] / 0.3 * (0.6 if breed.cat else 0.8)

    def at(self, *points: Point) -> list[Point]:
        return [(self.r * x, self.r * y) for x, y in points]

    def fill(self, colour: Colour, *points: Point) -> None:
        self.canvas.curve(self.at(*points), colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self.canvas.oval(self.r * x, self.r * y, self.r * rx, self.r * ry, colour)

    def line(self, colour: Colour, width: float, *points: Point) -> None:
        self.canvas.line(self.at(*points), colour, width * self.r)

    def draw(self, sight: Sight, outline: float) -> None:
        """``outline`` in pixels."""
        hanging = self.breed.ear in ("drop", "long")
        self.canvas.outlined()
        if not hanging:
            self._ears()
        skull = self._skull()
        self.canvas.polygon(skull, self.coat.main)
        self.canvas.ink(self.coat.edge, outline)
        with self.canvas.within(skull):
            self._markings()
        if hanging:
            self.canvas.outlined()
            self._ears()
            self.canvas.ink(self.coat.edge, outline * 0.8)
        if self.breed.cat:
            self._cat_features()
        else:
            self._dog_features(sight)

    def _skull(self) -> np.ndarray:
        w, long = self.wide, self.breed.muzzle == "long"
        jaw = 0.5 if long else 0.66
        points = [(0, -0.86), (0.55 * w, -0.74), (0.88 * w, -0.28), (0.86 * w, 0.26), (jaw * w, 0.7), (0.3 * w, 0.96),
                  (0, 1.02), (-0.3 * w, 0.96), (-jaw * w, 0.7), (-0.86 * w, 0.26), (-0.88 * w, -0.28),
                  (-0.55 * w, -0.74)]  # fmt: skip
        if self.breed.cat:
            points = [(0, -0.74), (0.5 * w, -0.68), (0.88 * w, -0.2), (0.9 * w, 0.28), (0.6 * w, 0.68),
                      (0.22 * w, 0.84), (0, 0.86),
                      (-0.22 * w, 0.84), (-0.6 * w, 0.68), (-0.9 * w, 0.28), (-0.88 * w, -0.2), (-0.5 * w, -0.68)]  # fmt: skip
        return fuzzy(self.dice, self.at(*points), self.depth * self.r)

    def _ears(self) -> None:
        for side in (-1, 1):
            self._ear(side)

    def _ear(self, side: int) -> None:
        ear, w, breed = self.breed.ear, self.wide, self.breed
        dark = breed.pattern in ("siamese", "mask", "saddle", "patches", "spots")
        main = self.coat.second if dark else scaled(self.coat.main, 0.86)
        inner = mixed(main, PINK, 0.6)

        def shape(colour: Colour, *points: Point) -> None:
            curve = fuzzy(self.dice, self.at(*((side * x * w, y) for x, y in points)), self.depth * self.r * 0.8)
            self.canvas.polygon(curve, colour)

        if ear == "prick" or (ear == "bat" and breed.cat):
            tall = 1.62 if ear == "bat" else 1.45 if breed.cat else 1.5
            shape(
                main, (0.22, -0.7), (0.34, -0.98), (0.68, -tall), (0.84, -1.2), (0.9, -0.62), (0.84, -0.26), (0.5, -0.5)
            )
            shape(inner, (0.42, -0.74), (0.5, -0.94), (0.66, -tall + 0.24), (0.76, -1.06), (0.78, -0.6), (0.6, -0.6))
        elif ear == "bat":
            shape(main, (0.3, -0.66), (0.46, -1.1), (0.86, -1.6), (1.16, -1.46), (1.14, -0.9), (0.9, -0.3), (0.5, -0.4))
            shape(inner, (0.52, -0.76), (0.64, -1.06), (0.88, -1.4), (1.02, -1.3), (0.98, -0.86), (0.8, -0.5))
        elif ear == "fold":
            shape(
                main, (0.3, -0.72), (0.5, -1.02), (0.8, -1.06), (1.04, -0.86), (0.98, -0.56), (0.84, -0.62), (0.6, -0.5)
            )
        elif ear == "drop":
            shape(
                main, (0.48, -0.78), (0.8, -0.76), (1.12, -0.36), (1.16, 0.2), (0.96, 0.46), (0.78, 0.16), (0.74, -0.3)
            )
        else:
            shape(main, (0.5, -0.72), (0.84, -0.66), (1.1, -0.1), (1.16, 0.7), (0.98, 1.16), (0.7, 0.96), (0.72, 0.2))

    def _markings(self) -> None:
        second, pattern, t = self.coat.second, self.breed.pattern, self.turn
        if pattern in ("blaze", "saddle", "husky", "patches"):
            light = second if pattern in ("blaze", "husky") else self.coat.main
            if pattern in ("saddle", "patches"):
                for side in (-1, 1):
                    self.fill(second, (side * 0.14, -1.0), (side * 0.2, -0.1), (side * 0.42, 0.3), (side * 0.8, 0.5),
                              (side * 1.2, 0.1),
                              (side * 1.0, -1.0))  # fmt: skip
            self.fill(light, (t - 0.1, -1.0), (t + 0.1, -1.0), (t + 0.14, -0.2), (t + 0.52, 0.3), (t + 0.6, 1.1), (t - 0.6, 1.1),
                      (t - 0.52, 0.3), (t - 0.14, -0.2))  # fmt: skip
        if pattern == "husky":
            for side in (-1, 1):
                self.oval(t + side * 0.4, -0.34, 0.24, 0.14, second)
                self.fill(second, (side * 0.5, 0.1), (side * 1.1, -0.05), (side * 1.0, 1.0), (side * 0.2, 1.1))
        elif pattern == "mask":
            self.fill(
                second,
                (t - 0.34, 0.02),
                (t + 0.34, 0.02),
                (t + 0.52, 0.5),
                (t + 0.3, 1.1),
                (t - 0.3, 1.1),
                (t - 0.52, 0.5),
            )
        elif pattern == "points":
            self.fill(
                second, (t - 0.3, 0.2), (t + 0.3, 0.2), (t + 0.7, 0.5), (t + 0.4, 1.1), (t - 0.4, 1.1), (t - 0.7, 0.5)
            )
            for side in (-1, 1):
                self.oval(t + side * 0.34, -0.42, 0.1, 0.08, second)
        elif pattern == "siamese":
            self.fill(
                second,
                (t - 0.3, -0.5),
                (t + 0.3, -0.5),
                (t + 0.62, 0.1),
                (t + 0.4, 0.8),
                (t - 0.4, 0.8),
                (t - 0.62, 0.1),
            )
        elif pattern in ("spots", "cheetah"):
            for _ in range(14):
                x, y, size = self.dice.uniform(-0.8, 0.8), self.dice.uniform(-0.8, 0.6), self.dice.uniform(0.04, 0.1)
                if abs(x) > 0.5 or y < -0.5:
                    self.oval(x, y, size, size * 0.85, second)
        if pattern in ("tabby", "cheetah"):
            for k in (-2, -1, 0, 1, 2):
                self.line(second, 0.07, (t + 0.14 * k, -0.82 - 0.03 * abs(k)), (t + 0.17 * k, -0.44 + 0.06 * abs(k)))
            for side in (-1, 1):
                for k in range(3):
                    self.line(second, 0.06, (t + side * 0.58, 0.12 + 0.16 * k), (side * 1.1, 0.02 + 0.24 * k))

    def _eyes(self, y: float, apart: float, size: float) -> None:
        for side in (-1, 1):
            x = self.turn + side * apart * self.wide
            self.oval(x, y, size * 1.24, size * 1.14, scaled(self.coat.edge, 0.7))
            self.oval(x, y, size, size * 0.96, self.breed.iris)
            if self.breed.cat:
                self.oval(x, y, size * 0.36, size * 0.9, INK)
            else:
                self.oval(x, y, size * 0.66, size * 0.68, INK)
            self.oval(x + size * 0.3, y - size * 0.34, size * 0.26, size * 0.26, (255, 255, 255))

    def _mouth(self, x: float, y: float, reach: float, width: float) -> None:
        """Two hanging arcs that meet below the nose at (x, y)."""
        ink = scaled(self.coat.edge, 0.8)
        for side in (-1, 1):
            angles = np.linspace(0, np.pi, 7)
            arc = [(x + side * reach * (1 - np.cos(a)), y + 0.6 * reach * np.sin(a)) for a in angles]
            self.line(ink, width, *arc)

    def _dog_features(self, sight: Sight) -> None:
        half, tall, low = MUZZLE[self.breed.muzzle]
        t, lit = self.turn * 1.5, mixed(self.coat.main, self.coat.second, 0.5)
        if self.breed.pattern in ("blaze", "points", "mask", "husky"):
            lit = self.coat.second
        elif self.breed.pattern in ("spots", "patches", "saddle"):
            lit = self.coat.main
        lit = mixed(lit, (255, 250, 240), 0.16)
        if sight.tongue:
            self.fill(
                scaled(TONGUE, 0.6),
                (t - 0.22, low + 0.2),
                (t + 0.22, low + 0.2),
                (t + 0.16, low + 0.52),
                (t - 0.16, low + 0.52),
            )
            self.fill(
                TONGUE,
                (t - 0.13, low + 0.24),
                (t + 0.13, low + 0.24),
                (t + 0.13, low + 0.62),
                (t, low + 0.74),
                (t - 0.13, low + 0.62),
            )
        rim = scaled(lit, 0.72)
        for grow, colour in ((0.025, rim), (0.0, lit)):
            for side in (-1, 1):
                self.oval(t + side * half * 0.46, low + 0.1, half * 0.62 + grow, tall * 0.5 + grow, colour)
        self.oval(t, low - 0.12, half * 0.66, tall * 0.6, lit)
        self._eyes(-0.2, 0.4, 0.15 if self.breed.muzzle != "short" else 0.18)
        nose = low - 0.1 if self.breed.muzzle != "short" else low - 0.16
        self.fill(
            INK,
            (t - 0.17, nose - 0.1),
            (t + 0.17, nose - 0.1),
            (t + 0.15, nose + 0.05),
            (t, nose + 0.14),
            (t - 0.15, nose + 0.05),
        )
        self.oval(t - 0.05, nose - 0.06, 0.06, 0.03, (150, 146, 150))
        self._mouth(t, low + 0.2, half * 0.42, 0.045)

    def _cat_features(self) -> None:
        t = self.turn
        pale = mixed(self.coat.second if self.breed.pattern == "siamese" else self.coat.main, (255, 252, 246), 0.45)
        for side in (-1, 1):
            self.oval(t * 1.3 + side * 0.17, 0.42, 0.24, 0.19, pale)
        self.oval(t * 1.3, 0.6, 0.16, 0.13, pale)
        self._eyes(-0.08, 0.42, 0.19)
        nose = (176, 110, 104) if self.breed.pattern != "siamese" else (70, 48, 44)
        x = t * 1.3
        self.fill(nose, (x - 0.11, 0.22), (x + 0.11, 0.22), (x + 0.05, 0.31), (x, 0.35), (x - 0.05, 0.31))
        dark = scaled(self.coat.edge, 0.8)
        self.line(dark, 0.03, (x, 0.33), (x, 0.43))
        self._mouth(x, 0.43, 0.12, 0.035)
        whisker = (250, 250, 246) if sum(self.coat.main) < 600 else (120, 114, 110)
        for side in (-1, 1):
            for k in (-1, 0, 1):
                self.line(whisker, 0.018, (x + side * 0.28, 0.42 + 0.05 * k), (x + side * 1.15, 0.36 + 0.17 * k))
