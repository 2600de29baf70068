"""A drawn bedroom in perspective, by day, in the evening or at night."""

from __future__ import annotations

import math

import numpy as np

from .canvas import closed_curve, mixed, scaled, varied
from .dice import Dice
from .room_kinds import FABRICS, Bedroom
from .room_view import DEEP, HALF, SKIES, Room, lit


class Furnished(Room):
    """A room with everything in it, see ``Room`` for its coordinates."""

    def draw(self) -> np.ndarray:
        """Furniture from the far end to the near one. Returns uint8 [H, W, 3] before the light is laid over it."""
        room, dice = self.room, self.dice
        self.shell()
        place = dice.uniform(-0.5, 0.5) if room.bed == "back" else 0.0
        self._window(-place if room.window == "back" and room.bed == "back" else dice.uniform(-0.3, 0.3))
        if room.door:
            self.door("right" if room.window == "left" or room.bed == "left" else "left")
        for k in range(room.pictures):
            wall = (
                "back"
                if room.window != "back"
                else "right"
                if room.window != "right" and room.bed != "right"
                else "left"
            )
            self._picture(wall, (place if room.bed == "back" else 0.0) + (k - (room.pictures - 1) / 2) * 0.8)
        if room.wardrobe and room.bed != "right" and room.window != "right":
            self.box((HALF - 0.6, 0, DEEP - 1.7), (HALF, 2.1, DEEP - 0.5), self.wood)
            self.face([(HALF - 0.6, 0.08, DEEP - 1.1), (HALF - 0.6, 2.02, DEEP - 1.1)], scaled(self.wood, 0.6))
        if room.plant:
            self._plant(dice.pick((-HALF + 0.35, HALF - 0.35)), DEEP - 0.4)
        if room.rug:
            self._rug()
        if room.bed == "back":
            self._bed_back(place)
        else:
            self._bed_side(-1 if room.bed == "left" else 1)
        return self.canvas.finish(1.6, np.random.default_rng(int(dice.random() * 2**31)))

    def _window(self, along: float) -> None:
        wall, dice = self.room.window, self.dice
        half, low, high = dice.uniform(0.5, 0.85), dice.uniform(0.75, 1.0), dice.uniform(2.05, 2.3)
        top, bottom = SKIES[self.room.time]
        self.panel(wall, along - half - 0.07, low - 0.07, along + half + 0.07, high + 0.07, (240, 238, 232))
        for k in range(6):
            y0, y1 = high - (high - low) * k / 6, high - (high - low) * (k + 1) / 6
            self.panel(wall, along - half, y1, along + half, y0, mixed(top, bottom, k / 5), 0)
        hill = {"day": (112, 156, 92), "evening": (84, 74, 96), "night": (14, 20, 34)}[self.room.time]
        shape = [(-1.0, 0.0), (-1.0, 0.22), (-0.5, 0.34), (0.1, 0.2), (0.6, 0.3), (1.0, 0.18), (1.0, 0.0)]
        self.face([self.on_wall(wall, along + half * x, low + (high - low) * y) for x, y in shape], hill, 0)
        if self.room.time == "night":
            x, y = self.at(*self.on_wall(wall, along + 0.4 * half, high - 0.3))
            self.canvas.oval(x, y, 0.022 * self.height, 0.022 * self.height, (246, 240, 210))
        self.panel(wall, along - 0.025, low, along + 0.025, high, (240, 238, 232), 0)
        self.panel(
            wall, along - half, (low + high) / 2 - 0.025, along + half, (low + high) / 2 + 0.025, (240, 238, 232), 0
        )
        long = dice.chance(0.6)
        for side in (-1, 1):
            near, far = along + side * half * 0.62, along + side * (half + 0.32)
            foot = 0.12 if long else low - 0.2
            self.panel(wall, min(near, far), foot, max(near, far), high + 0.16, self.curtain)
            for k in range(1, 4):
                a = near + (far - near) * k / 4
                self.canvas.line([self.at(*self.on_wall(wall, a, foot)), self.at(*self.on_wall(wall, a, high + 0.16))],
                                 scaled(self.curtain, 0.82),
                                 0.007 * self.height)  # fmt: skip
        self.panel(wall, along - half - 0.42, high + 0.14, along + half + 0.42, high + 0.2, scaled(self.wood, 0.8))
        x, y = self.at(*self.on_wall(wall, along, (low + high) / 2))
        if self.room.time != "night":
            warm = (255, 250, 235) if self.room.time == "day" else (255, 190, 130)
            self.glows.append((x, y, 0.5 * self.height, 0.32, warm))
            if wall == "back" and self.room.time == "day":
                patch = mixed(self.wood if self.room.floor == "boards" else self.wall, (255, 252, 236), 0.5)
                self.face([(along - half, 0, DEEP - 1.0), (along + half, 0, DEEP - 1.0), (along + half + 0.3, 0, DEEP - 2.2),
                           (along - half + 0.3, 0, DEEP - 2.2)], patch, 0)  # fmt: skip

    def _picture(self, wall: str, along: float) -> None:
        dice, y = self.dice, self.dice.uniform(1.65, 1.85)
        half, tall = dice.uniform(0.2, 0.34), dice.uniform(0.2, 0.3)
        frame = dice.pick((self.wood, (40, 38, 40), (216, 180, 90)))
        self.panel(wall, along - half, y - tall, along + half, y + tall, frame)
        sky, land = (
            varied(dice, dice.pick(list(FABRICS.values())), 10),
            varied(dice, dice.pick(list(FABRICS.values())), 10),
        )
        self.panel(
            wall,
            along - half + 0.05,
            y - tall + 0.05,
            along + half - 0.05,
            y + tall - 0.05,
            mixed(sky, (255, 255, 255), 0.4),
            0,
        )
        self.panel(
            wall, along - half + 0.05, y - tall + 0.05, along + half - 0.05, y - dice.uniform(-0.08, 0.08), land, 0
        )

    def _plant(self, x: float, z: float) -> None:
        self.box((x - 0.14, 0, z - 0.14), (x + 0.14, 0.3, z + 0.1), varied(self.dice, (186, 104, 70), 10))
        for k in range(9):
            angle, size = (k - 4) * 0.33 + self.dice.normal(0.1), self.dice.uniform(0.5, 0.85)
            green = varied(self.dice, (74, 134, 74), 14)
            foot, tip = self.at(x, 0.3, z), self.at(x + size * math.sin(angle) * 0.7, 0.3 + size * math.cos(angle), z)
            bend = self.at(x + size * math.sin(angle) * 0.5, 0.34 + size * math.cos(angle) * 0.65, z)
            self.canvas.line([foot, bend, tip], green, 0.022 * self.height)

    def _rug(self) -> None:
        colour, x, z = (
            varied(self.dice, FABRICS[self.room.rug or "red"], 8),
            self.dice.uniform(-0.4, 0.6),
            self.dice.uniform(0.9, 1.5),
        )
        oval = self.dice.chance(0.5)
        for grow, paint in ((1.0, colour), (0.84, mixed(colour, (255, 248, 230), 0.55)), (0.74, colour)):
            rx, rz = 1.1 * grow, 0.62 * grow
            if oval:
                ring = [self.at(x + rx * math.cos(a), 0, z + rz * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 26)]
            else:
                ring = [self.at(x + rx * a, 0, z + rz * b) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            self.canvas.polygon(ring, paint)

    def _shade(self, left: float, right: float, near: float, far: float) -> None:
        """The dark floor below and in front of a bed."""
        for grow, share in ((0.2, 0.86), (0.1, 0.74), (0.0, 0.5)):
            self.face([(left - grow, 0, near - grow), (right + grow, 0, near - grow), (right + grow, 0, far),
                       (left - grow, 0, far)],
                      scaled(self.floor, share), 0)  # fmt: skip

    def _pillow(self, x: float, y: float, z: float, half: float, tall: float) -> None:
        case = mixed(self.blanket, (250, 248, 244), 0.8)
        px, py = self.at(x, y + tall * 0.8, z)
        zoom = self.focus / (z + self.away)
        rx, ry = half * zoom, tall * zoom
        shape = closed_curve([(-1, -0.7), (0, -1.0), (1, -0.7), (0.92, 0), (1, 0.8), (0, 0.9), (-1, 0.8), (-0.92, 0)])
        flat = [(px + rx * a, py + ry * b) for a, b in shape]
        self.canvas.polygon(flat, case)
        self.canvas.line([*flat, flat[0]], scaled(case, 0.74), 0.0055 * self.height)
        self.canvas.line(
            [(px - rx * 0.5, py - ry * 0.3), (px + rx * 0.45, py - ry * 0.36)], (255, 254, 250), 0.02 * self.height
        )

    def _bed_back(self, x: float) -> None:
        half, end, top = 0.85 if self.room.double else 0.52, DEEP - 2.15, 0.58
        self._table(x + half + 0.34 if x < 0.2 else x - half - 0.34, DEEP - 0.3)
        if self.room.double and self.dice.chance(0.5):
            self._table(x - half - 0.34 if x < 0.2 else x + half + 0.34, DEEP - 0.3)
        head = self.dice.uniform(1.0, 1.35)
        board = [
            (-half - 0.06, 0),
            (-half - 0.06, head - 0.15),
            (0, head),
            (half + 0.06, head - 0.15),
            (half + 0.06, 0),
        ]
        self.face([(x + a, b, DEEP - 0.02) for a, b in board], self.wood)
        self._shade(x - half, x + half, end, DEEP)
        self.box((x - half, 0.16, end), (x + half, top, DEEP - 0.05), (240, 238, 232))
        for k in (-1, 1) if self.room.double else (0,):
            self._pillow(x + k * 0.41, top, DEEP - 0.35, 0.38, 0.16)
        fold = DEEP - 0.85
        self.cover(
            [(x - half, top, end), (x + half, top, end), (x + half, top, fold), (x - half, top, fold)],
            scaled(self.blanket, 1.06),
        )
        self.cover(
            [(x - half, 0.12, end), (x + half, 0.12, end), (x + half, top, end), (x - half, top, end)],
            scaled(self.blanket, 0.84),
        )
        for side in (-1, 1):
            if (self.eye - x) * side > half:
                a = x + side * half
                self.cover([(a, 0.14, end), (a, 0.14, fold), (a, top, fold), (a, top, end)], scaled(self.blanket, 0.72))
        self.face([(x - half, top, fold), (x + half, top, fold), (x + half, top, fold + 0.2), (x - half, top, fold + 0.2)],
                  mixed(self.blanket, (255, 255, 255), 0.6))  # fmt: skip

    def _bed_side(self, side: int) -> None:
        wide, top = 1.5 if self.room.double else 1.0, 0.58
        near = self.dice.uniform(1.7, 2.3)
        head, foot = side * HALF, side * (HALF - 2.1)
        self._table(side * (HALF - 0.25), near + wide + 0.3)
        low, high = min(head, foot), max(head, foot)
        self.face(
            [
                (head, 0, near - 0.05),
                (head, 1.15, near - 0.05),
                (head, 1.15, near + wide + 0.05),
                (head, 0, near + wide + 0.05),
            ],
            self.wood,
        )
        self._shade(low, high, near, near + wide)
        self.box((low, 0.16, near), (high, top, near + wide), (240, 238, 232))
        for k in (0.72, 0.28) if self.room.double else (0.5,):
            self._pillow(side * (HALF - 0.34), top, near + wide * k, 0.3, 0.17)
        fold = side * (HALF - 0.8)
        self.cover(
            [(foot, top, near), (fold, top, near), (fold, top, near + wide), (foot, top, near + wide)],
            scaled(self.blanket, 1.06),
        )
        self.cover(
            [(foot, 0.12, near), (fold, 0.12, near), (fold, top, near), (foot, top, near)], scaled(self.blanket, 0.84)
        )
        if (self.eye - foot) * -side > 0:
            self.cover(
                [(foot, 0.12, near), (foot, 0.12, near + wide), (foot, top, near + wide), (foot, top, near)],
                scaled(self.blanket, 0.72),
            )

    def _table(self, x: float, z: float) -> None:
        self.box((x - 0.22, 0, z - 0.2), (x + 0.22, 0.52, z + 0.2), scaled(self.wood, 0.94))
        self.canvas.oval(*self.at(x, 0.36, z - 0.2), 0.008 * self.height, 0.008 * self.height, (214, 184, 96))
        if self.room.lamp:
            lit = self.room.time != "day"
            shade = (255, 226, 150) if lit else mixed(self.curtain, (255, 255, 255), 0.5)
            self.canvas.line([self.at(x, 0.52, z), self.at(x, 0.8, z)], scaled(self.wood, 0.7), 0.016 * self.height)
            self.face([(x - 0.17, 0.78, z), (x + 0.17, 0.78, z), (x + 0.1, 1.04, z), (x - 0.1, 1.04, z)], shade)
            if lit:
                self.glows.append(
                    (
                        *self.at(x, 0.9, z),
                        0.34 * self.height,
                        0.62 if self.room.time == "night" else 0.5,
                        (255, 206, 130),
                    )
                )


def draw_bedroom(room: Bedroom, dice: Dice, width: int, height: int, over: int) -> np.ndarray:
    """uint8 [height, width, 3]."""
    scene = Furnished(room, dice, width, height, over)
    return lit(scene.draw(), room.time, scene.glows)
