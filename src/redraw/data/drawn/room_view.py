"""A room in perspective: its walls, floor and ceiling, boxes and panels in metres, and the light over all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from .canvas import Canvas, Colour, Point, mixed, scaled, varied
from .dice import Dice
from .room_kinds import FABRICS, WALLS, WOODS, Bedroom

SKIES = {
    "day": ((150, 200, 240), (222, 236, 246)),
    "evening": ((120, 96, 150), (250, 180, 120)),
    "night": ((16, 22, 48), (40, 50, 86)),
}
LIGHT = {"day": (1.02, 1.01, 1.0), "evening": (0.86, 0.76, 0.68), "night": (0.56, 0.56, 0.68)}
HALF, HIGH, DEEP = 2.1, 2.6, 4.4  # metres: half the room's width, its height, its depth


class Room:
    """Draws in metres: x to the right of the middle, y up from the floor, z into the room from its open front."""

    def __init__(self, room: Bedroom, dice: Dice, width: int, height: int, over: int) -> None:
        self.room, self.dice, self.width, self.height = room, dice, width, height
        self.canvas = Canvas(Image.new("RGB", (width, height), (0, 0, 0)), over)
        lean = {"back": 0.0, "left": -0.5, "right": 0.5}[room.bed]
        self.eye, self.tall = lean + dice.uniform(-0.6, 0.6), dice.uniform(1.35, 1.75)
        self.away = dice.uniform(0.9, 1.5)
        self.focus = max(width / (2 * HALF), height / HIGH) * (DEEP + self.away) * dice.uniform(0.56, 0.68)
        self.middle = (width * (0.5 - 0.05 * self.eye), height * dice.uniform(0.34, 0.42))
        self.wall, self.wood = varied(dice, WALLS[room.wall], 7), varied(dice, WOODS[room.wood], 7)
        self.blanket, self.curtain = varied(dice, FABRICS[room.blanket], 7), varied(dice, FABRICS[room.curtain], 7)
        self.glows: list[tuple[float, float, float, float, Colour]] = []

    def at(self, x: float, y: float, z: float) -> Point:
        zoom = self.focus / (z + self.away)
        return self.middle[0] + (x - self.eye) * zoom, self.middle[1] + (self.tall - y) * zoom

    def face(self, points: Sequence[tuple[float, float, float]], colour: Colour, edge: float = 0.72) -> None:
        """A flat polygon with a slightly darker rim."""
        flat = [self.at(*p) for p in points]
        self.canvas.polygon(flat, colour)
        if edge:
            self.canvas.line([*flat, flat[0]], scaled(colour, edge), 0.0055 * self.height)

    def box(self, low: tuple[float, float, float], high: tuple[float, float, float], colour: Colour) -> None:
        (x0, y0, z0), (x1, y1, z1) = low, high
        if self.tall > y1:
            self.face([(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)], scaled(colour, 1.1))
        if self.eye > x1:
            self.face([(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)], scaled(colour, 0.8))
        if self.eye < x0:
            self.face([(x0, y0, z0), (x0, y1, z0), (x0, y1, z1), (x0, y0, z1)], scaled(colour, 0.8))
        self.face([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)], colour)

    def on_wall(self, wall: str, along: float, y: float) -> tuple[float, float, float]:
        """A point of a wall; ``along``: from its middle to the right as one looks at it, in metres."""
        if wall == "back":
            return along, y, DEEP
        return (-HALF, y, DEEP / 2 + 0.4 + along) if wall == "left" else (HALF, y, DEEP / 2 + 0.4 - along)

    def panel(
        self, wall: str, left: float, bottom: float, right: float, top: float, colour: Colour, edge: float = 0.72
    ) -> None:
        self.face(
            [self.on_wall(wall, a, b) for a, b in ((left, bottom), (right, bottom), (right, top), (left, top))],
            colour,
            edge,
        )

    def shell(self) -> None:
        wall = self.wall
        floor = self.floor = {
            "boards": self.wood,
            "carpet": mixed(self.wall, (150, 130, 120), 0.55),
            "tiles": (206, 204, 198),
        }[self.room.floor]
        self.face(
            [(-9, HIGH, -0.8), (9, HIGH, -0.8), (9, HIGH, DEEP), (-9, HIGH, DEEP)], mixed(wall, (255, 255, 255), 0.6), 0
        )
        self.face([(-9, 0, -0.8), (9, 0, -0.8), (9, 0, DEEP), (-9, 0, DEEP)], floor, 0)
        for side, shade in ((-1, 0.86), (1, 0.92)):
            self.face(
                [(side * HALF, 0, -0.8), (side * HALF, HIGH, -0.8), (side * HALF, HIGH, DEEP), (side * HALF, 0, DEEP)],
                scaled(wall, shade),
                0,
            )
        self.panel("back", -HALF, 0, HALF, HIGH, wall, 0)
        if self.room.floor == "boards":
            for k in range(-9, 10):
                self.canvas.line(
                    [self.at(k * 0.23, 0, -0.8), self.at(k * 0.23, 0, DEEP)], scaled(floor, 0.88), 0.005 * self.height
                )
        elif self.room.floor == "tiles":
            for k in range(-5, 6):
                self.canvas.line(
                    [self.at(k * 0.42, 0, -0.8), self.at(k * 0.42, 0, DEEP)], scaled(floor, 0.88), 0.005 * self.height
                )
            for k in range(11):
                self.canvas.line(
                    [self.at(-HALF, 0, k * 0.42), self.at(HALF, 0, k * 0.42)], scaled(floor, 0.88), 0.005 * self.height
                )
        for wall_name, near, far in (
            ("back", -HALF, HALF),
            ("left", -3.4, DEEP / 2 - 0.4),
            ("right", -(DEEP / 2 - 0.4), 3.4),
        ):
            self.panel(wall_name, near, 0, far, 0.1, mixed(wall, (255, 255, 255), 0.55), 0)
            self.panel(wall_name, near, HIGH - 0.07, far, HIGH, mixed(wall, (255, 255, 255), 0.5), 0)

    def cover(self, corners: Sequence[tuple[float, float, float]], colour: Colour) -> None:
        """Part of the blanket with its pattern."""
        self.face(corners, colour)
        a, b, c, d = (np.array(p) for p in corners)
        light = mixed(colour, (255, 255, 250) if sum(colour) < 560 else (120, 130, 160), 0.5)
        size = 0.012 * self.height

        def on(u: float, v: float) -> Point:
            return self.at(*((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v))

        if self.room.pattern == "stripes":
            for k in range(1, 8, 2):
                self.canvas.polygon([on(k / 9, 0), on((k + 1) / 9, 0), on((k + 1) / 9, 1), on(k / 9, 1)], light)
        elif self.room.pattern == "dots":
            for i in range(8):
                for j in range(5):
                    self.canvas.oval(*on((i + 0.3 + 0.5 * (j % 2)) / 8, (j + 0.5) / 5), size, size * 0.7, light)
        elif self.room.pattern == "quilt":
            for k in range(1, 6):
                self.canvas.line([on(k / 6, 0), on(k / 6, 1)], scaled(colour, 0.84), size * 0.6)
                self.canvas.line([on(0, k / 6), on(1, k / 6)], scaled(colour, 0.84), size * 0.6)

    def door(self, wall: str) -> None:
        along = -0.3 if wall == "left" else 0.3
        self.panel(wall, along - 0.5, 0, along + 0.5, 2.1, mixed(self.wood, (255, 255, 255), 0.4))
        self.panel(wall, along - 0.42, 0, along + 0.42, 2.02, mixed(self.wood, (255, 255, 255), 0.15))
        for low, high in ((0.2, 0.9), (1.1, 1.85)):
            self.panel(wall, along - 0.3, low, along + 0.3, high, mixed(self.wood, (255, 255, 255), 0.05))
        x, y = self.at(*self.on_wall(wall, along + (0.32 if wall == "right" else -0.32), 1.0))
        self.canvas.oval(x, y, 0.011 * self.height, 0.011 * self.height, (214, 184, 96))


def lit(pixels: np.ndarray, time: str, glows: Sequence[tuple[float, float, float, float, Colour]]) -> np.ndarray:
    """The time's light over a room, corners darker, and lamps or windows (x, y, reach, strength, colour) glowing."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2)[..., None]
    light = np.asarray(LIGHT[time], np.float32) * (1.06 - 0.5 * far)
    for gx, gy, reach, strength, colour in glows:
        bell = np.exp(-((x - gx) ** 2 + (y - gy) ** 2) / (2 * reach * reach * 0.4))[..., None]
        light = light + strength * bell * np.asarray(colour, np.float32) / 255 * (0.5 if time == "day" else 1.0)
    return np.clip(pixels * light + 0.5, 0, 255).astype(np.uint8)
