"""All that lies behind the objects of a drawn scene, a little out of focus."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from .canvas import Canvas, Colour, blurred_ground, mixed, scaled, varied
from .dice import Dice
from .scene_behind import Behind
from .scene_kinds import INDOORS
from .scene_light import SKY_TONES, WALLS, WHITE, dimmed

if TYPE_CHECKING:
    from .scene_specs import Scene


def background(dice: Dice, scene: Scene, width: int, height: int) -> Image.Image:
    """All that lies behind the objects, RGB of ``width`` x ``height`` pixels."""
    unit = math.sqrt(width * height)
    line = max(2, min(height - 2, round(scene.horizon * unit)))
    indoors = scene.place in INDOORS
    wall = dice.pick(WALLS)
    top, bottom = (scaled(wall, 1.04), scaled(wall, 0.9)) if indoors else SKY_TONES[scene.sky]
    top, bottom = varied(dice, top, 6), varied(dice, bottom, 6)
    spots, blobs = ((mixed(wall, WHITE, 0.4),), 3) if indoors else ((mixed(top, bottom, 0.6),), 3)
    image = blurred_ground(dice, width, height, top, bottom, blobs, spots)
    soil = dimmed(scene, scene.ground)
    far, near = mixed(soil, bottom, 0.22), scaled(soil, 0.9)
    floor = blurred_ground(dice, width, height - line, far, near, 4, (mixed(soil, WHITE, 0.16), scaled(soil, 0.82)))
    image.paste(floor, (0, line))
    pen = _Pen(dice, Canvas(image, 1), scene, unit, line / unit, bottom)
    if not indoors:
        pen.sky()
    pen.behind()
    {"field": pen.field, "park": pen.park, "street": pen.street, "beach": pen.beach, "sea": pen.sea, "snow": pen.snow,
     "savanna": pen.savanna, "sky": pen.low_ground, "table": pen.table, "room": pen.room}[scene.place]()  # fmt: skip
    return pen.canvas.image.filter(ImageFilter.BoxBlur(0.009 * unit))


class _Pen(Behind):
    """The ground of each place."""

    def tufts(self, colour: Colour, count: int) -> None:
        for _ in range(count):
            x, y = self.dice.uniform(0, self.w), self.dice.uniform(self.line + 0.04, self.h)
            s = 0.02 + 0.03 * (y - self.line)
            for lean in (-0.6, 0.1, 0.7):
                self.canvas.line([(x, y), (x + lean * s, y - s * 1.3)], colour, 0.006 + 0.006 * y)

    def field(self) -> None:
        self.tufts(self.tone(scaled(self.scene.ground, 0.76)), 14)
        if self.dice.chance(0.35):
            bloom = self.tone(self.dice.pick(((250, 236, 120), (250, 246, 240), (230, 130, 150))))
            for _ in range(14):
                self.canvas.oval(
                    self.dice.uniform(0, self.w), self.dice.uniform(self.line + 0.05, self.h), 0.009, 0.008, bloom
                )

    def park(self) -> None:
        path, x = self.tone((206, 190, 160)), self.dice.uniform(0.2, self.w - 0.2)
        end = x + self.dice.uniform(-0.4, 0.4)
        if self.dice.chance(0.7):
            self.canvas.polygon(
                [(x - 0.03, self.line), (x + 0.03, self.line), (end + 0.34, self.h), (end - 0.3, self.h)], path
            )
        self.tufts(self.tone(scaled(self.scene.ground, 0.78)), 8)

    def street(self) -> None:
        c, walk, depth = self.canvas, self.tone((186, 182, 174)), self.h - self.line
        edge = self.line + depth * self.dice.uniform(0.16, 0.26)
        c.polygon([(-0.1, self.line), (self.w + 0.1, self.line), (self.w + 0.1, edge), (-0.1, edge)], walk)
        c.line([(-0.1, edge), (self.w + 0.1, edge)], scaled(walk, 0.72), 0.014)
        middle, shift = (edge + self.h) / 2 + 0.02, self.dice.random() * 0.3
        paint = self.tone(self.dice.pick(((238, 236, 226), (240, 206, 90))))
        for x in self.steps(0.3):
            c.polygon([(x + shift, middle), (x + shift + 0.16, middle), (x + shift + 0.15, middle + 0.022),
                       (x + shift - 0.01, middle + 0.022)],
                      paint)  # fmt: skip

    def beach(self) -> None:
        c, depth = self.canvas, self.h - self.line
        sea, shore = self.tone((56, 134, 176)), self.line + depth * self.dice.uniform(0.14, 0.3)
        wave = [(x, shore + 0.014 * math.sin(7 * x + 3 * depth)) for x in self.steps(0.1)]
        c.polygon([(-0.1, self.line), (self.w + 0.1, self.line), *reversed(wave)], sea)
        c.line(wave, self.tone((246, 250, 252), 0.0, 3), 0.022)
        if self.scene.behind == "waves":
            for k in (0.35, 0.65):
                y, x = self.line + (shore - self.line) * k, self.dice.uniform(0, self.w * 0.6)
                c.line([(x, y), (x + 0.2, y - 0.006), (x + 0.4, y)], self.tone((224, 240, 246)), 0.012)

    def sea(self) -> None:
        light, y = self.tone(mixed(self.scene.ground, WHITE, 0.34)), self.line + 0.03
        while y < self.h:
            for _ in range(3):
                x, long = self.dice.uniform(-0.1, self.w), self.dice.uniform(0.06, 0.2) * (0.5 + y)
                self.canvas.line([(x, y), (x + long / 2, y - 0.01 * y), (x + long, y)], light, 0.006 + 0.008 * y)
            y += 0.03 + 0.07 * (y - self.line)

    def snow(self) -> None:
        shade = self.tone((206, 218, 236), 0.0, 4)
        for _ in range(4):
            x, y = self.dice.uniform(0, self.w), self.dice.uniform(self.line + 0.06, self.h)
            self.canvas.curve([(x - 0.3, y), (x, y - 0.025), (x + 0.3, y), (x, y + 0.014)], shade)
        if self.scene.sky == "overcast":
            for _ in range(26):
                self.canvas.oval(self.dice.uniform(0, self.w), self.dice.uniform(0, self.h), 0.009, 0.009, WHITE)

    def savanna(self) -> None:
        self.tufts(self.tone((164, 134, 66)), 20)

    def low_ground(self) -> None:
        self.tufts(self.tone(scaled(self.scene.ground, 0.8)), 3)

    def table(self) -> None:
        c, top = self.canvas, self.scene.ground
        self.frame(0.55)
        c.polygon([(-0.1, self.line), (self.w + 0.1, self.line), (self.w + 0.1, self.line + 0.016), (-0.1, self.line + 0.016)],
                  mixed(top, WHITE, 0.35))  # fmt: skip
        if top[0] > top[2] + 20:  # of wood
            for k in range(1, 5):
                y = self.line + (self.h - self.line) * (k / 5) ** 1.4
                c.line([(-0.1, y), (self.w + 0.1, y + self.dice.normal(0.006))], scaled(top, 0.88), 0.008)

    def room(self) -> None:
        self.frame(0.8)
        c = self.canvas
        c.line([(-0.1, self.line), (self.w + 0.1, self.line)], (240, 238, 232), 0.022)
        if self.dice.chance(0.6):
            rug, x, y = (
                self.dice.pick(((196, 110, 100), (110, 140, 170), (214, 196, 160), (130, 150, 120))),
                self.w / 2,
                (self.line + self.h) / 2,
            )
            c.oval(x, y + 0.04, self.w * 0.42, (self.h - self.line) * 0.36, rug)
            c.oval(x, y + 0.04, self.w * 0.36, (self.h - self.line) * 0.28, mixed(rug, WHITE, 0.2))
