"""A drawn house number: a digit in the middle of its picture, parts of its neighbours at the sides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .canvas import Colour, blurred_ground, distance, mixed, scaled, varied
from .dice import Dice
from .house_digits import hand, mask

SIDE, OVER = 32, 4
BIG = SIDE * OVER
FREQUENCY = {1: 19.0, 2: 14.0, 3: 12.0, 4: 10.0, 5: 9.0, 6: 8.0, 7: 8.0, 8: 7.0, 9: 6.0, 0: 7.0}
"""About as unequal as in SVHN (from memory): low digits begin house numbers."""
WALLS: tuple[Colour, ...] = (
    (206, 190, 164), (150, 84, 62), (232, 228, 218), (176, 172, 166), (112, 92, 74), (196, 168, 120), (92, 106, 120),
    (214, 178, 150), (74, 62, 58), (160, 176, 160),
)  # fmt: skip
PLATES: tuple[Colour, ...] = (
    (28, 62, 138), (240, 240, 236), (34, 34, 38), (24, 92, 64), (168, 34, 40), (226, 196, 96), (96, 60, 36), (70, 120, 170),
    (200, 204, 208),
)  # fmt: skip
INKS: tuple[Colour, ...] = (
    (250, 250, 246), (24, 24, 28), (206, 166, 78), (170, 174, 180), (120, 72, 40), (34, 58, 120), (150, 30, 34), (236, 214, 150),
    (62, 54, 50), (40, 90, 66),
)  # fmt: skip

CLEAR = 95.0  # ``distance`` of digits from what is behind them


@dataclass(frozen=True)
class Number:
    """What a picture shows: the ``digit`` in the middle, its neighbours or None where the number ends."""

    digit: int
    left: int | None
    right: int | None


def seen(seed: int, part: str, index: int) -> Number:
    """What picture ``index`` (from 0) of ``part`` shows, without drawing it."""
    dice = Dice(seed, "house number", part, index)
    digits = [dice.weighted(FREQUENCY) for _ in range(3)]
    length = dice.weighted({1: 1.0, 2: 4.0, 3: 4.0, 4: 2.0})
    at = int(dice.random() * length)
    return Number(digits[1], digits[0] if at > 0 else None, digits[2] if at < length - 1 else None)


def picture(seed: int, part: str, index: int) -> np.ndarray:
    """Picture ``index`` of ``part`` (train, test or extra: clearer) of a seed, uint8 [32, 32, 3]."""
    said, dice = seen(seed, part, index), Dice(seed, "house picture", part, index)
    own, easy = hand(dice), part == "extra"
    ground, colour = _wall(dice)
    ink = varied(dice, _ink(dice, colour, dice.chance(0.12 if easy else 0.3)), 8)
    tilt, size = dice.normal(0.09), BIG * dice.uniform(0.56, 0.84)
    c, s = math.cos(tilt) * size, math.sin(tilt) * size
    lean = dice.normal(0.06) * size
    x, y = BIG / 2 + dice.normal(0.02) * BIG, BIG / 2 + dice.normal(0.025) * BIG
    place = np.array([[c, -s + lean, x], [s, c, y]])
    step = 0.6 * own.wide + own.gap
    digits = [(said.digit, 0.0)]
    digits += [(d, shift) for d, shift in ((said.left, -step), (said.right, step)) if d is not None]
    shape = mask(own, digits, BIG, place)
    image = ground
    if dice.chance(0.45):
        _shadow(dice, image, shape, scaled(colour, 0.45))
    if dice.chance(0.25):
        rim = scaled(colour, 0.55) if sum(ink) > sum(colour) else mixed(colour, (255, 255, 255), 0.6)
        image.paste(rim, mask=shape.filter(ImageFilter.BoxBlur(3)).point(lambda v: min(255, 4 * v)))
    image.paste(_metal(dice, ink), mask=shape)
    _light(dice, image)
    blur = dice.uniform(0.3, 0.6) if easy or dice.chance(0.6) else dice.uniform(0.6, 1.25)
    small = np.asarray(image.filter(ImageFilter.BoxBlur(blur * OVER)).reduce(OVER), np.float32)
    part_number = ("train", "test", "extra").index(part)
    noise = np.random.default_rng([seed, part_number, index, 4]).standard_normal((SIDE, SIDE, 3), dtype=np.float32)
    return np.clip(small + dice.uniform(1.0, 4.0) * noise + 0.5, 0, 255).astype(np.uint8)


def _ink(dice: Dice, ground: Colour, faint: bool) -> Colour:
    """A colour far from the ground's, or about half way to one."""
    ink = dice.pick([ink for ink in INKS if distance(ink, ground) >= CLEAR])
    return mixed(ground, ink, dice.uniform(0.42, 0.6)) if faint else ink


def _wall(dice: Dice) -> tuple[Image.Image, Colour]:
    """The picture without digits, and the colour behind them."""
    colour = varied(dice, dice.pick(WALLS), 12)
    image = blurred_ground(dice, BIG, BIG, mixed(colour, (255, 255, 250), 0.12), scaled(colour, 0.88), 4,
                           (scaled(colour, 0.8), mixed(colour, (255, 255, 255), 0.25)))  # fmt: skip
    draw = ImageDraw.Draw(image)
    kind = dice.weighted({"plain": 3.0, "bricks": 2.0, "boards": 2.0})
    seam, high = scaled(colour, 0.7) if dice.chance(0.6) else mixed(colour, (240, 236, 226), 0.5), dice.uniform(26, 44)
    shift = dice.uniform(0, high)
    for row in range(-1, 6) if kind != "plain" else ():
        y = shift + row * high
        draw.line([(0, y), (BIG, y)], fill=seam, width=5)
        if kind == "bricks":
            for x in range(-1, 3):
                at = (x + 0.5 * (row % 2)) * 2.2 * high + shift
                draw.line([(at, y), (at, y + high)], fill=seam, width=5)
    if not dice.chance(0.5):
        return image, colour
    plate = varied(dice, dice.pick(PLATES), 10)
    left = -30.0 if dice.chance(0.6) else dice.uniform(0.0, 10.0)
    right = BIG + 30.0 if dice.chance(0.6) else BIG - dice.uniform(0.0, 10.0)
    top, bottom = dice.uniform(-14, 12), BIG - dice.uniform(-14, 12)
    draw.rounded_rectangle((left + 3, top + 5, right + 3, bottom + 5), 14, fill=scaled(colour, 0.5))
    draw.rounded_rectangle((left, top, right, bottom), 14, fill=plate)
    if dice.chance(0.5):
        rim = mixed(plate, (255, 255, 255) if sum(plate) < 400 else (30, 30, 34), 0.7)
        draw.rounded_rectangle((left + 5, top + 5, right - 5, bottom - 5), 10, outline=rim, width=3)
    return image, plate


def _shadow(dice: Dice, image: Image.Image, shape: Image.Image, colour: Colour) -> None:
    """Of raised digits on the wall."""
    thrown = Image.new("L", shape.size)
    thrown.paste(shape, (round(dice.uniform(-7, 7)), round(dice.uniform(2, 7))))
    image.paste(colour, mask=thrown.filter(ImageFilter.BoxBlur(3)).point(lambda v: round(0.7 * v)))


def _metal(dice: Dice, ink: Colour) -> Image.Image:
    """The digits' own surface: even, or with a sheen from above."""
    share = dice.uniform(0.1, 0.35) if dice.chance(0.4) else 0.05
    top, bottom = mixed(ink, (255, 255, 250), share), scaled(ink, 1 - share)
    column = np.linspace(0, 1, BIG)[:, None, None]
    rows = np.asarray(top) + (np.asarray(bottom, float) - top) * column
    return Image.fromarray(np.broadcast_to(rows, (BIG, BIG, 3)).astype(np.uint8))


def _light(dice: Dice, image: Image.Image) -> None:
    """Evening dims everything; a tree or roof may shade one side."""
    if dice.chance(0.25):
        image.paste((18, 20, 34), mask=Image.new("L", image.size, round(255 * dice.uniform(0.15, 0.5))))
    if dice.chance(0.22):
        veil, at, slope = Image.new("L", image.size), dice.uniform(0.2, 0.8) * BIG, dice.normal(0.4) * BIG
        ImageDraw.Draw(veil).polygon([(0, 0), (at + slope, 0), (at - slope, BIG), (0, BIG)], fill=110)
        image.paste((20, 22, 36), mask=veil.filter(ImageFilter.BoxBlur(5)))
