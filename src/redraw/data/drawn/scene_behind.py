"""What stands far behind in a drawn scene: clouds, hills, trees, houses, and what hangs on a wall."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .canvas import Canvas, Colour, mixed, scaled, varied
from .dice import Dice
from .scene_light import WHITE, dimmed

if TYPE_CHECKING:
    from .scene_specs import Scene


class Behind:
    """Draws in shares of the picture's side."""

    def __init__(self, dice: Dice, canvas: Canvas, scene: Scene, unit: float, line: float, haze: Colour) -> None:
        self.dice, self.canvas, self.scene, self.line, self.haze = dice, canvas, scene, line, haze
        self.w, self.h = scene.width, scene.height
        canvas.place(unit, 0.0, 0.0)

    def tone(self, colour: Colour, far: float = 0.0, spread: float = 8) -> Colour:
        return mixed(dimmed(self.scene, varied(self.dice, colour, spread)), self.haze, far)

    def steps(self, step: float) -> list[float]:
        return [k * step for k in range(-1, int(self.w / step) + 2)]

    # -- the sky

    def sky(self) -> None:
        dice, c = self.dice, self.canvas
        if self.scene.sky == "night":
            for _ in range(12):
                x, y = dice.uniform(0, self.w), dice.uniform(0, self.line)
                c.oval(x, y, 0.006, 0.006, (220, 222, 236))
            c.oval(dice.uniform(0.1, self.w - 0.1), dice.uniform(0.08, 0.2), 0.055, 0.055, (244, 240, 214))
        elif self.scene.sky == "sunset":
            c.oval(dice.uniform(0.2, self.w - 0.2), self.line - dice.uniform(0.02, 0.1), 0.07, 0.07, (255, 226, 140))
        if self.scene.sky in ("cloudy", "sunset") or (self.scene.sky == "clear" and dice.chance(0.3)):
            pale = mixed(self.haze, WHITE, 0.75 if self.scene.sky != "sunset" else 0.25)
            for _ in range(2 + int(self.line * 4)):
                x, y, s = dice.uniform(0, self.w), dice.uniform(0.06, self.line * 0.8), dice.uniform(0.05, 0.11)
                for dx, dy, r in ((-1.1, 0.1, 0.7), (0, -0.2, 1.0), (1.0, 0.1, 0.75)):
                    c.oval(x + dx * s, y + dy * s, r * s, r * s * 0.55, pale)

    # -- what stands far behind

    def behind(self) -> None:
        what = self.scene.behind
        if what in ("hills", "mountains"):
            self.hills(what == "mountains")
        elif what in ("trees", "bushes", "palms", "pines"):
            self.trees(what)
        elif what in ("house", "houses"):
            self.houses(what == "houses")
        elif what == "buildings":
            self.buildings()
        elif what == "island":
            x = self.dice.uniform(0.2, self.w - 0.2)
            self.canvas.curve([(x - 0.3, self.line + 0.01), (x - 0.1, self.line - 0.07), (x + 0.05, self.line - 0.1),
                               (x + 0.3, self.line + 0.01)], self.tone((84, 120, 84), 0.35))  # fmt: skip

    def hills(self, high: bool) -> None:
        base = {"snow": (200, 212, 226), "savanna": (150, 140, 100), "sea": (104, 120, 140)}.get(
            self.scene.place, (92, 130, 84)
        )
        for far in (0.5, 0.25):
            step = self.dice.uniform(0.28, 0.45)
            tone, shift = (
                self.tone((110, 120, 140) if high and self.scene.place == "field" else base, far),
                self.dice.random() * step,
            )
            for x in self.steps(step):
                rise = self.dice.uniform(0.5, 1.0) * min(0.26 if high else 0.1, self.line * 0.7) * (0.55 + far)
                x += shift
                if high:
                    peak = (x, self.line - rise)
                    self.canvas.polygon(
                        [(x - step * 0.8, self.line + 0.01), peak, (x + step * 0.8, self.line + 0.01)], tone
                    )
                    self.canvas.polygon([(x - step * 0.2, self.line - rise * 0.75),
                                         peak, (x + step * 0.2, self.line - rise * 0.75),
                                         (x, self.line - rise * 0.64)], mixed(tone, WHITE, 0.7))  # fmt: skip
                else:
                    self.canvas.oval(x, self.line + 0.02, step * 0.85, rise, tone)

    def trees(self, what: str) -> None:
        dice, c = self.dice, self.canvas
        dry = self.scene.place == "savanna"
        for x in self.steps({"trees": 0.16, "bushes": 0.12, "palms": 0.3, "pines": 0.13}[what] * (2 if dry else 1)):
            if dice.chance(0.22):
                continue
            x, y = x + dice.uniform(-0.04, 0.04), self.line + dice.uniform(0.0, 0.03)
            tall = dice.uniform(0.14, 0.26) * (0.4 if what == "bushes" else 1.2 if what == "palms" else 1.0)
            leaf = self.tone((124, 130, 62) if dry else (70, 120, 62) if what != "pines" else (52, 92, 74), 0.12, 12)
            if what != "bushes":
                lean = dice.normal(0.02) if what == "palms" else 0.0
                c.line([(x, y), (x + lean, y - tall)], self.tone((106, 80, 56), 0.1), 0.022)
            if what == "pines":
                for k in range(3):
                    half, low = 0.075 - 0.018 * k, y - tall * (0.18 + 0.26 * k)
                    c.polygon([(x - half, low), (x, low - tall * 0.46), (x + half, low)], leaf)
            elif what == "palms":
                for a in (-2.6, -2.0, -1.1, -0.5, 0.1, 3.0):
                    dx, dy = 0.1 * math.cos(a), 0.07 * math.sin(a)
                    c.curve([(x, y - tall), (x + dx * 0.6, y - tall + dy - 0.02), (x + dx, y - tall + dy + 0.03),
                             (x + dx * 0.5, y - tall + dy * 0.4 + 0.01)], leaf)  # fmt: skip
            elif dry:
                c.oval(x, y - tall, 0.15, 0.04, leaf)
            else:
                for dx, dy in ((-0.045, 0.72), (0.045, 0.75), (0.0, 1.0)):
                    c.oval(x + dx, y - tall * dy, 0.075, 0.07 if what == "trees" else 0.045, leaf)

    def houses(self, several: bool) -> None:
        dice, c = self.dice, self.canvas
        spots = self.steps(0.32) if several else [dice.uniform(0.2, self.w - 0.2)]
        for x in spots:
            y, wide, tall = self.line + 0.02, dice.uniform(0.1, 0.14), dice.uniform(0.12, 0.17)
            wall = self.tone(dice.pick(((236, 228, 210), (206, 150, 120), (180, 196, 210), (226, 206, 150))), 0.1)
            c.polygon([(x - wide, y), (x - wide, y - tall), (x + wide, y - tall), (x + wide, y)], wall)
            roof = self.tone(dice.pick(((150, 70, 54), (96, 84, 84), (126, 92, 66))), 0.1)
            c.polygon([(x - wide * 1.2, y - tall), (x - wide * 0.5, y - tall * 1.65), (x + wide * 0.5, y - tall * 1.65),
                       (x + wide * 1.2, y - tall)], roof)  # fmt: skip
            pane = (252, 226, 130) if self.scene.sky == "night" else self.tone((120, 150, 176))
            for dx in (-0.5, 0.5):
                px = x + dx * wide
                c.polygon([(px - 0.022, y - tall * 0.45), (px - 0.022, y - tall * 0.8),
                           (px + 0.022, y - tall * 0.8), (px + 0.022, y - tall * 0.45)],
                          pane)  # fmt: skip
            c.polygon(
                [(x - 0.02, y), (x - 0.02, y - tall * 0.5), (x + 0.02, y - tall * 0.5), (x + 0.02, y)],
                scaled(roof, 0.8),
            )

    def buildings(self) -> None:
        dice, c, x = self.dice, self.canvas, -0.05
        while x < self.w:
            wide, tall = dice.uniform(0.14, 0.26), dice.uniform(0.5, 1.0) * self.line
            wall = self.tone(
                dice.pick(((168, 150, 140), (150, 156, 166), (190, 170, 146), (160, 104, 88), (200, 196, 188))), 0.14
            )
            c.polygon(
                [
                    (x, self.line + 0.01),
                    (x, self.line - tall),
                    (x + wide, self.line - tall),
                    (x + wide, self.line + 0.01),
                ],
                wall,
            )
            for row in range(int(tall / 0.085)):
                for k in range(max(2, int(wide / 0.07))):
                    lit = self.scene.sky == "night" and dice.chance(0.5)
                    px, py = x + 0.03 + 0.065 * k, self.line - tall + 0.035 + 0.085 * row
                    if px + 0.03 < x + wide:
                        c.polygon([(px, py), (px + 0.03, py), (px + 0.03, py + 0.045), (px, py + 0.045)],
                                  (250, 224, 130) if lit else scaled(wall, 0.68))  # fmt: skip
            x += wide + dice.pick((0.0, 0.0, 0.03))

    # -- what is on a wall

    def frame(self, low: float) -> None:
        """A window, a painting or curtains on the wall, down to a share ``low`` of it."""
        c, what, dice = self.canvas, self.scene.behind, self.dice
        x, half, bottom = dice.uniform(0.25, self.w - 0.25), dice.uniform(0.15, 0.22), self.line * low
        if what == "curtains":
            cloth = dice.pick(((190, 90, 90), (110, 140, 180), (220, 196, 140), (130, 160, 120)))
            for side in (0.0, self.w):
                for k in range(4):
                    at = abs(side - 0.045 * k)
                    c.polygon(
                        [(at - 0.03, 0), (at + 0.03, 0), (at + 0.035, self.line), (at - 0.035, self.line)],
                        scaled(cloth, 1.0 - 0.12 * (k % 2)),
                    )
        elif what in ("window", "painting"):
            box = [(x - half, bottom), (x - half, 0.06), (x + half, 0.06), (x + half, bottom)]
            c.polygon(
                box,
                (176, 212, 240) if what == "window" else dice.pick(((226, 190, 120), (130, 170, 150), (200, 140, 130))),
            )
            if what == "painting":
                hill = dice.pick(((90, 120, 90), (90, 100, 140)))
                c.polygon(
                    [
                        (x - half, bottom),
                        (x - half * 0.3, bottom * 0.55),
                        (x + half * 0.3, bottom * 0.75),
                        (x + half, bottom),
                    ],
                    hill,
                )
            c.line([*box, box[0]], (250, 248, 244) if what == "window" else (120, 90, 56), 0.022)
            if what == "window":
                c.line([(x, 0.06), (x, bottom)], (250, 248, 244), 0.016)
