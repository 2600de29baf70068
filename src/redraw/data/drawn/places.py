"""Where drawn birds are: sky, leaves, woods, grass, shore and water, chosen so that the bird stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from .bird_kinds import Sight
from .canvas import Canvas, Colour, blurred_ground, distance, mixed, scaled, varied
from .dice import Dice

GROUNDS: dict[str, tuple[tuple[Colour, Colour], ...]] = {
    "sky": (((118, 176, 232), (206, 228, 242)), ((168, 186, 205), (222, 226, 230)), ((84, 138, 206), (150, 196, 230)),
            ((150, 140, 190), (250, 205, 170)), ((52, 74, 118), (118, 138, 172))),
    "leaves": (((98, 142, 82), (62, 104, 56)), ((176, 202, 140), (138, 172, 104)), ((42, 66, 40), (26, 44, 28)),
               ((206, 212, 170), (170, 184, 130))),
    "woods": (((120, 96, 72), (78, 62, 48)), ((196, 178, 148), (150, 128, 100)), ((60, 52, 46), (38, 34, 30)),
              ((214, 206, 192), (180, 172, 160))),
    "grass": (((190, 206, 164), (120, 156, 84)), ((112, 140, 92), (70, 106, 52)), ((222, 222, 190), (190, 188, 128)),
              ((60, 84, 58), (40, 62, 34))),
    "shore": (((196, 208, 212), (214, 198, 162)), ((120, 150, 166), (168, 148, 116)), ((226, 226, 220), (224, 214, 192)),
              ((70, 88, 98), (96, 86, 74))),
    "water": (((150, 188, 208), (84, 134, 168)), ((196, 208, 212), (150, 172, 180)), ((70, 108, 112), (38, 76, 82)),
              ((44, 62, 92), (26, 42, 66)), ((206, 196, 176), (160, 158, 146))),
}  # fmt: skip
"""{background: pairs (colour at the top, colour at the bottom)}"""

ENOUGH = 62.0
"""A bird whose every colour is this far from its ground (see ``canvas.distance``) is seen well at 64 pixels."""


@dataclass(frozen=True)
class Scenery:
    top: Colour
    bottom: Colour


def ground(dice: Dice, view: Sight, width: int, height: int, plumage: Sequence[Colour]) -> tuple[Image.Image, Scenery]:
    """A blurred background of ``width`` x ``height``, one of those in front of which every colour of the bird shows.

    Where none is far enough from all of them, the farthest.
    """

    def clearness(pair: tuple[Colour, Colour]) -> float:
        middle = mixed(*pair, 0.5)
        return min(distance(middle, colour) for colour in plumage)

    pairs = sorted(GROUNDS[view.background], key=clearness)
    clear = [pair for pair in pairs if clearness(pair) >= ENOUGH]
    top, bottom = dice.pick(clear or pairs[-1:])
    top, bottom = varied(dice, top, 7), varied(dice, bottom, 7)
    light, dark = mixed(top, (255, 255, 250), 0.3), scaled(bottom, 0.72)
    blobs = {"leaves": 8, "woods": 6, "sky": 3, "grass": 4, "shore": 2, "water": 2}[view.background]
    spots = (light, (255, 255, 255)) if view.background == "sky" else (light, dark, mixed(top, bottom, 0.3))
    return blurred_ground(dice, width, height, top, bottom, blobs, spots), Scenery(top, bottom)


def before(canvas: Canvas, dice: Dice, view: Sight, scenery: Scenery, x: float, foot: float) -> None:
    """What the bird stands or sits on, with the feet at pixel (x, foot); nothing for other poses."""
    w, h = canvas.width, canvas.height
    canvas.place(1.0, 0.0, 0.0)
    if view.pose == "perched":
        _branch(canvas, dice, view, x, foot)
    elif view.pose == "standing":
        soil = scaled(varied(dice, scenery.bottom, 6), 0.8)
        rise = dice.normal(0.02) * h
        top = foot - 0.035 * h
        canvas.curve([(-0.3 * w, top + rise), (0.2 * w, top - 0.01 * h), (0.6 * w, top + 0.01 * h), (1.3 * w, top - rise),
                      (1.3 * w, 1.4 * h), (-0.3 * w, 1.4 * h)], soil)  # fmt: skip
        for _ in range(9 if view.background == "grass" else 5):
            gx, gy = dice.uniform(0, w), dice.uniform(foot + 0.01 * h, h)
            if view.background == "grass":
                lean = dice.normal(0.03) * w
                blade = mixed(varied(dice, (96, 150, 60), 14), soil, 0.3)
                canvas.polygon([(gx, gy), (gx + 0.016 * w, gy), (gx + lean, gy - dice.uniform(0.06, 0.12) * h)], blade)
            else:
                stone = mixed(varied(dice, (150, 146, 140), 14), soil, 0.4)
                canvas.oval(gx, gy, dice.uniform(0.015, 0.04) * w, dice.uniform(0.01, 0.02) * h, stone)


def _branch(canvas: Canvas, dice: Dice, view: Sight, x: float, foot: float) -> None:
    w, h = canvas.width, canvas.height
    bark, slope, thick = varied(dice, (104, 76, 52), 10), dice.normal(0.08), dice.uniform(0.04, 0.062) * h
    y = foot + thick * 0.4

    def on(px: float) -> tuple[float, float]:
        return px, y + slope * (px - x)

    for _ in range(2):
        px, side = dice.uniform(0, w), 1 if dice.chance(0.5) else -1
        tip = (px + dice.uniform(0.08, 0.2) * w, on(px)[1] + side * dice.uniform(0.1, 0.2) * h)
        canvas.line([on(px), tip], scaled(bark, 0.85), thick * 0.4)
        if view.background != "woods":
            _leaf(canvas, dice, tip)
    canvas.line([on(-0.1 * w), on(1.1 * w)], bark, thick)
    shine = [(px, py - thick * 0.22) for px, py in (on(-0.1 * w), on(1.1 * w))]
    canvas.line(shine, mixed(bark, (255, 240, 210), 0.25), thick * 0.22)


def _leaf(canvas: Canvas, dice: Dice, tip: tuple[float, float]) -> None:
    green, size = varied(dice, (92, 146, 66), 16), 0.09 * min(canvas.width, canvas.height)
    canvas.place(size, *tip, dice.uniform(-1.2, 1.2))
    canvas.curve([(-0.1, 0.0), (0.35, -0.32), (1.1, 0.0), (0.35, 0.32)], green)
    canvas.line([(0.0, 0.0), (0.9, 0.0)], scaled(green, 0.75), 0.08)
    canvas.place(1.0, 0.0, 0.0)


def after(canvas: Canvas, dice: Dice, scenery: Scenery, x: float, surface: float, scale: float) -> None:
    """The water in front of a swimming bird, from pixel row ``surface`` down."""
    w, h = canvas.width, canvas.height
    water = scaled(varied(dice, scenery.bottom, 5), 0.9)
    canvas.place(1.0, 0.0, 0.0)
    wave = 0.008 * h
    canvas.polygon([(-5, surface), (0.2 * w, surface + wave), (0.4 * w, surface - wave), (0.6 * w, surface + wave),
                    (0.8 * w, surface - wave), (w + 5, surface), (w + 5, h + 5), (-5, h + 5)], water)  # fmt: skip
    glint = mixed(water, (255, 255, 255), 0.28)
    for k in range(4):
        y = surface + (0.05 + 0.085 * k) * scale
        half, shift = scale * dice.uniform(0.2, 0.42), dice.normal(0.08) * scale
        canvas.line([(x + shift - half, y), (x + shift, y + wave), (x + shift + half, y)], glint, 0.011 * h)
