"""Colours, curves and an anti-aliased canvas on Pillow's polygons."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from .dice import Dice

Colour = tuple[int, int, int]
Point = tuple[float, float]

PALETTE: dict[str, Colour] = {
    "red": (206, 34, 40), "orange": (240, 130, 28), "yellow": (246, 216, 48), "green": (52, 150, 62),
    "blue": (42, 92, 208), "purple": (130, 62, 172), "pink": (242, 142, 184), "brown": (122, 76, 42),
    "black": (32, 32, 36), "white": (246, 246, 243), "grey": (142, 145, 150),
}  # fmt: skip
SHADES = {"": 0.0, "dark": -0.3, "light": 0.38, "bright": 0.0}
"""Share of the way to black (below 0) or to white; bright colours are drawn as they stand and without jitter."""


def scaled(colour: Colour, factor: float) -> Colour:
    """Darker (below 1) or lighter, clipped."""
    return tuple(max(0, min(255, round(v * factor))) for v in colour)  # type: ignore[return-value]


def mixed(a: Colour, b: Colour, share: float) -> Colour:
    """``share`` of the way from a to b."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def varied(dice: Dice, colour: Colour, spread: float) -> Colour:
    """Each channel alone and all together moved by ``spread`` grey levels or so."""
    together = dice.normal(spread)
    return tuple(max(0, min(255, round(v + together + dice.normal(spread / 2)))) for v in colour)  # type: ignore


def shaded(colour: str, shade: str) -> Colour:
    """A named colour in a named shade."""
    share = SHADES[shade]
    return mixed(PALETTE[colour], (255, 255, 255) if share > 0 else (0, 0, 0), abs(share))


def distance(a: Colour, b: Colour) -> float:
    """How different two colours look: weighted Euclidean distance in RGB, black to white = 255."""
    return math.sqrt(sum(w * (x - y) ** 2 for w, x, y in zip((0.3, 0.5, 0.2), a, b, strict=True)))


@lru_cache(maxsize=64)
def _catmull_rom(per_point: int) -> np.ndarray:
    t = np.linspace(0, 1, per_point, endpoint=False)
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
    return np.stack(weights, axis=1) / 2


def closed_curve(points: Sequence[Point], per_point: int = 7) -> np.ndarray:
    """A closed Catmull-Rom curve through ``points``: [per_point * N, 2]."""
    p = np.asarray(points, float)
    p = np.concatenate([p[-1:], p, p[:2]])
    corners = np.stack([p[:-3], p[1:-2], p[2:-1], p[3:]], axis=1)
    return np.matmul(_catmull_rom(per_point), corners).reshape(-1, 2)


def open_curve(points: Sequence[Point] | np.ndarray, per_point: int = 6) -> np.ndarray:
    """A Catmull-Rom curve from the first to the last of ``points``: [per_point * (N - 1) + 1, 2]. Twice makes a corner."""
    p = np.asarray(points, float)
    p = np.vstack([p[:1], p, p[-1:]])
    corners = np.stack([p[:-3], p[1:-2], p[2:-1], p[3:]], axis=1)
    return np.vstack([np.matmul(_catmull_rom(per_point), corners).reshape(-1, 2), p[-1:]])


@lru_cache(maxsize=8)
def _circle(points: int) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


class Canvas:
    """Draws in local coordinates at ``over`` times the final resolution; ``finish`` reduces by averaging.

    ``place`` sets where local coordinates lie. Between ``outlined()`` and ``ink()`` shapes are kept back, then drawn
    over a common outline.
    """

    def __init__(self, background: Image.Image, over: int) -> None:
        self.width, self.height = background.size
        self.over = over
        self.image = background.resize((self.width * over, self.height * over), Image.Resampling.NEAREST)
        self.draw = ImageDraw.Draw(self.image)
        self._marks: Image.Image | None = None
        self._kept: list[tuple[str, np.ndarray, Colour, int]] | None = None
        self.place(1.0, 0.0, 0.0)

    def place(self, unit: float, x: float, y: float, angle: float = 0.0, mirror: bool = False) -> None:
        """Local (0, 0) at pixel (x, y), one local unit = ``unit`` pixels, turned by ``angle`` (radians, clockwise)."""
        c, s = math.cos(angle) * unit, math.sin(angle) * unit
        self._matrix = np.array([[-c, s], [s, c]] if mirror else [[c, -s], [s, c]])
        self._origin = np.array([x, y])
        self._unit = unit

    def warp(self, matrix: np.ndarray, x: float, y: float) -> None:
        """Like ``place``, with any 2 x 2 matrix (pixels per unit)."""
        self._matrix, self._origin = matrix, np.array([x, y])
        self._unit = math.sqrt(abs(float(np.linalg.det(matrix))))

    def pixel(self, x: float, y: float) -> Point:
        """Where a local point lies, in pixels of the finished picture."""
        px = self._matrix @ (x, y) + self._origin
        return float(px[0]), float(px[1])

    def _device(self, points: Sequence[Point] | np.ndarray) -> np.ndarray:
        return (np.asarray(points, float) @ self._matrix.T + self._origin) * self.over

    def _lay(self, kind: str, points: np.ndarray, colour: Colour, width: int = 0) -> None:
        if self._kept is not None:
            self._kept.append((kind, points, colour, width))
        elif kind == "fill":
            self.draw.polygon(points.ravel().tolist(), fill=colour)
        else:
            self.draw.line(points.ravel().tolist(), fill=colour, width=width, joint="curve")

    def curve(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled closed curve."""
        self._lay("fill", self._device(closed_curve(points)), colour)

    def polygon(self, points: Sequence[Point] | np.ndarray, colour: Colour) -> None:
        self._lay("fill", self._device(points), colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self._lay("fill", self._device(_circle(28) * (rx, ry) + (x, y)), colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """``width`` in local units."""
        self._lay("line", self._device(points), colour, max(1, round(width * self._unit * self.over)))

    @contextlib.contextmanager
    def within(self, outline: Sequence[Point] | np.ndarray) -> Iterator[None]:
        """What is drawn meanwhile shows only inside a polygon, given in the local coordinates of the beginning."""
        before, shape = self.image.copy(), self._device(outline)
        yield
        hidden = Image.new("L", self.image.size, 255)
        ImageDraw.Draw(hidden).polygon(shape.ravel().tolist(), fill=0)
        self.image.paste(before, (0, 0), hidden)

    def outlined(self) -> None:
        self._kept = []

    def ink(self, edge: Colour, width: float, mark: int = 0) -> tuple[float, float, float, float]:
        """Draw what was kept back over an outline ``width`` pixels wide. Returns left, top, right, bottom in pixels.

        With a ``mark`` (1 to 255) ``marks`` says where it can be seen.
        """
        kept, self._kept = self._kept or [], None
        thick = max(1, round(2 * width * self.over))
        for kind, points, _, stroke in kept:
            if kind == "fill":
                self.draw.line(np.vstack([points, points[:2]]).ravel().tolist(), fill=edge, width=thick)
            else:
                self.draw.line(points.ravel().tolist(), fill=edge, width=stroke + thick, joint="curve")
        for kind, points, colour, stroke in kept:
            self._lay(kind, points, colour, stroke)
        if mark:
            self._stamp(kept, thick, mark)
        margin = thick / 2 + 1  # Pillow rounds corners to whole device pixels
        low = np.min([p.min(axis=0) - s / 2 for _, p, _, s in kept], axis=0) - margin
        high = np.max([p.max(axis=0) + s / 2 for _, p, _, s in kept], axis=0) + margin
        low, high = low / self.over, high / self.over
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def _stamp(self, kept: list[tuple[str, np.ndarray, Colour, int]], thick: int, mark: int) -> None:
        if self._marks is None:
            self._marks = Image.new("L", self.image.size)
        draw = ImageDraw.Draw(self._marks)
        for kind, points, _, stroke in kept:
            if kind == "fill":
                draw.polygon(points.ravel().tolist(), fill=mark, outline=mark, width=max(1, thick // 2))
            else:
                draw.line(points.ravel().tolist(), fill=mark, width=stroke + thick, joint="curve")

    def marks(self) -> np.ndarray:
        """The mark that is uppermost at the centre of each pixel, uint8 [height, width]; 0 where there is none."""
        if self._marks is None:
            return np.zeros((self.height, self.width), np.uint8)
        return np.asarray(self._marks)[self.over // 2 :: self.over, self.over // 2 :: self.over]

    def finish(self, grain: float, noise: np.random.Generator) -> np.ndarray:
        """The picture, uint8 [height, width, 3], with brightness noise of ``grain`` grey levels."""
        small = np.asarray(self.image.reduce(self.over) if self.over > 1 else self.image, dtype=np.float32)
        speck = noise.standard_normal((self.height, self.width, 1), dtype=np.float32)
        return np.clip(small + grain * speck + 0.5, 0, 255).astype(np.uint8)


def blurred_ground(
    dice: Dice, width: int, height: int, top: Colour, bottom: Colour, blobs: int, spots: Sequence[Colour]
) -> Image.Image:
    """A vertical gradient with soft round spots, as a photograph shows what lies out of focus: [height, width] RGB."""
    n = 24
    grid = np.linspace(0, 1, n)
    a = np.asarray(top) + (np.asarray(bottom, float) - top) * grid[:, None, None]
    a = np.broadcast_to(a, (n, n, 3)).copy()
    for _ in range(blobs):
        x, y, r, strength = dice.random(), dice.random(), dice.uniform(0.07, 0.26), dice.uniform(0.15, 0.5)
        bell = np.outer(np.exp(-((grid - y) ** 2) / (2 * r * r)), np.exp(-((grid - x) ** 2) / (2 * r * r)))
        a += (strength * bell)[..., None] * (np.asarray(dice.pick(spots), float) - a)
    small = Image.fromarray(np.clip(a, 0, 255).astype(np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def picture_size(dice: Dice, side: int) -> tuple[int, int]:
    """(width, height) of about ``side`` squared pixels; lying pictures are more frequent than upright ones."""
    ratio = dice.weighted({(4, 3): 5, (5, 4): 3, (1, 1): 2, (4, 5): 1, (3, 4): 1})
    stretch = math.sqrt(ratio[0] / ratio[1]) * dice.uniform(0.985, 1.015)
    size = side * dice.uniform(0.985, 1.01)
    return round(size * stretch), round(size / stretch)
