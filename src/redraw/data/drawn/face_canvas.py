"""A canvas that turns a head: points on the face move as on a cylinder, its silhouette hardly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from .canvas import Canvas, Colour, Point, closed_curve, open_curve

RADIUS = 1.2  # of the head, in distances between the eyes
GRID = 32  # points across a soft light, which is then enlarged
REACH = 2.1  # half widths from its middle that a soft spot is seen

Spot = tuple[float, float, float, float, float]
"""x, y, half width, half height, strength from 0 to 1."""


class Portrait(Canvas):
    """Local coordinates: the eyes at (-0.5, 0) and (0.5, 0) of a head seen from the front, y downwards."""

    def stand(self, between: float, x: float, y: float, tilt: float, yaw: float) -> None:
        """Put the turned eyes ``between`` pixels apart, the middle between them at pixel (x, y)."""
        self.yaw = yaw
        left, right = (self._turned(e, 0.0) for e in (-0.5, 0.5))
        unit = between / (right - left)
        middle = (left + right) / 2 * unit
        self.place(unit, x - middle * math.cos(tilt), y - middle * math.sin(tilt), tilt)

    def _turned(self, x: float, out: float) -> float:
        angle = math.asin(max(-0.999, min(0.999, x / RADIUS))) + self.yaw
        return (RADIUS + out) * math.sin(max(-1.5, min(1.5, angle)))

    def face(self, points: Sequence[Point], out: float = 0.0) -> list[Point]:
        """Points on the face, ``out`` before its surface, as the turned head shows them."""
        return [(self._turned(x, out), y) for x, y in points]

    def rim(self, points: Sequence[Point]) -> list[Point]:
        """Points of the silhouette: the chin moves with the face, the sides stay."""
        s = math.sin(self.yaw)
        return [(x + 0.95 * s * max(0.0, min(1.0, y)) * max(0.0, 1 - abs(x) / 1.15), y) for x, y in points]

    def glow(self, colour: Colour, spots: Sequence[Spot], within: Sequence[Sequence[Point]] = ()) -> None:
        """Soft spots of a colour, everywhere or within closed curves."""
        curves = [self._device(closed_curve(points)) for points in within]
        corners = [
            (x + a * REACH * rx, y + b * REACH * ry) for x, y, rx, ry, _ in spots for a in (-1, 1) for b in (-1, 1)
        ]
        reached = self._device(corners)
        low, high = reached.min(axis=0), reached.max(axis=0)
        if curves:
            points = np.vstack(curves)
            low, high = np.maximum(low, points.min(axis=0)), np.minimum(high, points.max(axis=0))
        left, top = (max(0, math.floor(v)) for v in low)
        right, bottom = (min(most, math.ceil(v)) for v, most in zip(high, self.image.size, strict=True))
        if right - left < 2 or bottom - top < 2:
            return
        mask = self._softness(spots, left, top, right, bottom)
        if curves:
            inside = Image.new("L", mask.size)
            draw = ImageDraw.Draw(inside)
            for points in curves:
                draw.polygon((points - (left, top)).ravel().tolist(), fill=255)
            mask = ImageChops.multiply(mask, inside)
        self.image.paste(colour, (left, top, right, bottom), mask)

    def _softness(self, spots: Sequence[Spot], left: int, top: int, right: int, bottom: int) -> Image.Image:
        """How strong the spots are between these device pixels, 0 to 255."""
        xs = left + (np.arange(GRID) + 0.5) * (right - left) / GRID
        ys = top + (np.arange(GRID) + 0.5) * (bottom - top) / GRID
        device = np.stack(np.meshgrid(xs, ys), axis=-1)
        local = (device / self.over - self._origin) @ np.linalg.inv(self._matrix).T
        strength = np.zeros((GRID, GRID))
        for x, y, rx, ry, most in spots:
            strength += most * np.exp(-(((local[..., 0] - x) / rx) ** 2) - ((local[..., 1] - y) / ry) ** 2)
        small = Image.fromarray((np.clip(strength, 0, 1) * 255).astype(np.uint8))
        return small.resize((right - left, bottom - top), Image.Resampling.BILINEAR)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A smooth open line through ``points``."""
        self.line(open_curve(points, 5), colour, width)
