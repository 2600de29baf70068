"""What is around a drawn church: sky, land, a path and trees."""

from __future__ import annotations

from PIL import Image

from .canvas import Canvas, Colour, blurred_ground, mixed, scaled, varied
from .dice import Dice
from .room_kinds import Church

SKIES: dict[str, tuple[tuple[Colour, Colour], ...]] = {
    "clear": (((84, 146, 220), (190, 220, 242)), ((110, 170, 226), (224, 234, 236))),
    "cloudy": (((150, 166, 184), (216, 220, 222)), ((126, 156, 190), (226, 228, 228))),
    "sunset": (((88, 84, 140), (250, 184, 128)), ((120, 110, 168), (252, 208, 150))),
    "night": (((18, 26, 58), (64, 76, 118)),),
    "winter": (((176, 192, 208), (232, 234, 236)),),
}  # fmt: skip
LANDS: dict[str, Colour] = {
    "grass": (112, 154, 78),
    "meadow": (164, 166, 88),
    "square": (186, 178, 164),
    "snow": (236, 240, 246),
}
LEAVES: tuple[Colour, ...] = ((74, 120, 62), (96, 138, 70), (58, 96, 62), (150, 132, 60))


def sky(own: Church, dice: Dice, width: int, height: int) -> Image.Image:
    """A blurred sky with clouds, [height, width] RGB."""
    top, bottom = dice.pick(SKIES[own.sky])
    white = {"sunset": (255, 214, 180), "night": (70, 84, 126)}.get(own.sky, (255, 255, 255))
    blobs = {"clear": 3, "cloudy": 10, "sunset": 6, "night": 2, "winter": 4}[own.sky]
    return blurred_ground(
        dice, width, height, varied(dice, top, 6), varied(dice, bottom, 6), blobs, (white, mixed(top, white, 0.6))
    )


def land(canvas: Canvas, own: Church, dice: Dice, horizon: float) -> None:
    """Far hills, the ground and the path to the door."""
    w, h = canvas.width, canvas.height
    canvas.place(1.0, 0.0, 0.0)
    ground = varied(dice, LANDS[own.ground], 7)
    if own.sky == "night":
        for _ in range(24):
            r = dice.uniform(0.0025, 0.005) * h
            canvas.oval(dice.uniform(0, w), dice.uniform(0, 0.5 * h), r, r, (236, 236, 214))
    haze = {"winter": (206, 214, 224), "night": (40, 52, 78), "sunset": (128, 104, 128)}.get(own.sky, (140, 166, 156))
    for far, lift in ((0.55, 0.12), (0.2, 0.06)):
        y = horizon - (lift + dice.uniform(0, 0.06)) * h * (1.0 if own.hill else 0.5)
        canvas.curve([(-0.3 * w, horizon), (-0.1 * w, y + 0.03 * h), (0.25 * w, y + dice.normal(0.02) * h),
                      (0.6 * w, y + dice.normal(0.03) * h),
                      (1.0 * w, y + 0.02 * h), (1.3 * w, horizon), (1.2 * w, 1.3 * h),
                      (-0.2 * w, 1.3 * h)], mixed(ground, haze, 0.45 + 0.5 * far))  # fmt: skip
    for k in range(8):
        y = horizon + (h - horizon) * k / 8
        canvas.polygon([(0, y), (w, y), (w, h + 1), (0, h + 1)], scaled(ground, 1.04 - 0.02 * k))
    if own.ground == "square":
        for k in range(-8, 9):
            canvas.line([(w / 2 + k * 0.09 * w, horizon), (w / 2 + k * 0.3 * w, h)], scaled(ground, 0.9), 0.006 * h)
    elif own.path:
        gravel, sway = (206, 190, 160) if own.ground != "snow" else (190, 196, 206), dice.normal(0.16) * w
        canvas.curve([(0.46 * w, horizon + 0.03 * h), (0.54 * w, horizon + 0.03 * h), (0.57 * w + 0.4 * sway, horizon + 0.1 * h),
                      (0.68 * w + sway, 1.1 * h), (0.36 * w + sway, 1.1 * h),
                      (0.46 * w + 0.4 * sway, horizon + 0.1 * h)], gravel)  # fmt: skip
    if own.ground in ("grass", "meadow"):
        for _ in range(40):
            x, y = dice.uniform(0, w), dice.uniform(horizon + 0.02 * h, h)
            size = 0.012 * h + 0.03 * (y - horizon)
            canvas.line(
                [(x, y), (x + dice.normal(0.3) * size, y - size)], scaled(ground, dice.uniform(0.84, 1.16)), 0.006 * h
            )


def trees(canvas: Canvas, own: Church, dice: Dice, x: float, foot: float, behind: bool) -> None:
    """Round, pointed or bare trees: most stand behind the church, some before it at the picture's sides."""
    w, h = canvas.width, canvas.height
    kind = dice.pick(("round", "round", "cypress", "fir")) if own.ground != "snow" else dice.pick(("fir", "bare"))
    for k in range(own.trees):
        if (k % 3 != 2) != behind:
            continue
        side = 1 if dice.chance(0.5) else -1
        tx = x + side * dice.uniform(0.3, 0.5) * w
        size = h * (dice.uniform(0.22, 0.4) if behind else dice.uniform(0.3, 0.5))
        canvas.place(size, tx, foot + (0.0 if behind else dice.uniform(0.03, 0.1) * h))
        _tree(canvas, dice, kind, own.ground == "snow")
    canvas.place(1.0, 0.0, 0.0)


def _tree(canvas: Canvas, dice: Dice, kind: str, snow: bool) -> None:
    bark, leaf = varied(dice, (96, 72, 54), 8), varied(dice, dice.pick(LEAVES), 10)
    canvas.line([(0, 0), (0, -0.45)], bark, 0.07)
    if kind == "bare":
        for k in range(7):
            y, side = -0.3 - 0.06 * k, 1 if k % 2 else -1
            canvas.line([(0, y), (side * dice.uniform(0.16, 0.34), y - dice.uniform(0.14, 0.26))], bark, 0.024)
        canvas.line([(0, -0.4), (0.02, -0.92)], bark, 0.04)
    elif kind == "fir":
        for k in range(4):
            y, half = -0.14 - 0.2 * k, 0.3 - 0.055 * k
            canvas.polygon([(-half, y), (half, y), (0, y - 0.34)], scaled(leaf, 0.74 + 0.07 * k))
            if snow:
                canvas.polygon([(-half * 0.4, y - 0.2), (half * 0.4, y - 0.2), (0, y - 0.34)], (242, 246, 250))
    elif kind == "cypress":
        canvas.curve(
            [(0, -1.0), (0.11, -0.5), (0.1, -0.12), (0, -0.06), (-0.1, -0.12), (-0.11, -0.5)], scaled(leaf, 0.8)
        )
        canvas.curve([(-0.02, -0.9), (0.03, -0.5), (0, -0.2), (-0.07, -0.4)], leaf)
    else:
        for x, y, r, shade in ((0, -0.5, 0.3, 0.78), (-0.2, -0.52, 0.2, 0.84), (0.2, -0.54, 0.21, 0.8),
                               (0.02, -0.74, 0.22, 0.92),
                               (-0.09, -0.66, 0.17, 1.08), (0.1, -0.6, 0.12, 1.0)):  # fmt: skip
            canvas.oval(x + dice.normal(0.015), y + dice.normal(0.015), r, r * 0.92, scaled(leaf, shade))
