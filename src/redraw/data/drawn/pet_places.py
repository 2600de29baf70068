"""Where drawn dogs and cats are: on grass, in a garden, on a floor, on a sofa."""

from __future__ import annotations

from PIL import Image

from .canvas import Canvas, Colour, blurred_ground, distance, mixed, scaled, varied
from .dice import Dice

FAR: dict[str, tuple[tuple[Colour, Colour], ...]] = {
    "grass": (((120, 160, 104), (84, 128, 70)), ((176, 206, 226), (140, 176, 116)), ((64, 88, 60), (50, 78, 46)),
              ((216, 206, 160), (170, 172, 104))),
    "garden": (((150, 176, 120), (112, 148, 90)), ((208, 214, 190), (150, 178, 120)), ((92, 112, 84), (64, 92, 62))),
    "floor": (((226, 218, 204), (214, 202, 184)), ((176, 194, 204), (160, 178, 190)), ((208, 176, 150), (190, 158, 134)),
              ((120, 128, 140), (104, 110, 122))),
    "sofa": (((222, 214, 200), (206, 196, 180)), ((190, 200, 196), (172, 184, 182)), ((150, 138, 130), (132, 120, 114))),
}  # fmt: skip
NEAR: dict[str, tuple[Colour, ...]] = {
    "grass": ((104, 158, 66), (136, 168, 82), (78, 124, 58), (172, 166, 92)),
    "garden": ((118, 162, 82), (178, 160, 124), (96, 136, 76)),
    "floor": ((184, 140, 96), (132, 92, 64), (206, 196, 182), (110, 122, 140), (168, 84, 76)),
    "sofa": ((90, 116, 150), (166, 72, 70), (94, 128, 104), (196, 176, 144), (108, 84, 110), (92, 92, 98), (208, 152, 70)),
}  # fmt: skip
FLOWERS = ((226, 70, 90), (246, 196, 60), (236, 236, 240), (170, 96, 190), (240, 140, 170), (236, 120, 50))


def ground(dice: Dice, name: str, width: int, height: int, coat: list[Colour]) -> tuple[Image.Image, Colour]:
    """A blurred picture of what lies far away, and the colour of what the animal sits on, unlike its coat."""

    def clear(colour: Colour) -> float:
        return min(distance(colour, own) for own in coat)

    top, bottom = sorted(FAR[name], key=lambda pair: clear(mixed(*pair, 0.5)))[-2 if dice.chance(0.5) else -1]
    near = dice.pick(sorted(NEAR[name], key=clear)[len(NEAR[name]) // 2 :])
    top, bottom = varied(dice, top, 9), varied(dice, bottom, 9)
    spots = (mixed(top, (255, 255, 245), 0.4), scaled(bottom, 0.7), mixed(top, bottom, 0.5))
    if name == "garden":
        spots += (dice.pick(FLOWERS), dice.pick(FLOWERS))
    blobs = {"grass": 9, "garden": 14, "floor": 3, "sofa": 3}[name]
    return blurred_ground(dice, width, height, top, bottom, blobs, spots), varied(dice, near, 8)


def furnish(canvas: Canvas, dice: Dice, name: str, near: Colour, floor: float) -> None:
    """What the animal is on, from pixel row ``floor`` down, and what stands behind it."""
    canvas.place(1.0, 0.0, 0.0)
    if name in ("grass", "garden"):
        _lawn(canvas, dice, name, near, floor)
    elif name == "floor":
        _room(canvas, dice, near, floor)
    else:
        _sofa(canvas, dice, near, floor)


def _lawn(canvas: Canvas, dice: Dice, name: str, near: Colour, floor: float) -> None:
    w, h = canvas.width, canvas.height
    for k in range(12):
        y = floor + (h - floor) * (k / 12) ** 1.4
        canvas.polygon([(0, y), (w, y), (w, h), (0, h)], scaled(near, 1.12 - 0.022 * k))
    if name == "garden" and dice.chance(0.5):
        paint = dice.pick(((236, 232, 222), (150, 108, 74), (120, 132, 120)))
        top, step = floor - dice.uniform(0.2, 0.3) * h, w / dice.pick((7, 8, 9, 10))
        for rail in (0.3, 0.75):
            y = top + (floor - top) * rail
            canvas.line([(0, y), (w, y)], scaled(paint, 0.82), 0.03 * h)
        for k in range(11):
            x = k * step
            canvas.polygon([(x, floor), (x, top + 0.03 * h), (x + 0.28 * step, top), (x + 0.56 * step, top + 0.03 * h),
                            (x + 0.56 * step, floor)], paint)  # fmt: skip
    for _ in range(60):
        x, y = dice.uniform(0, w), floor + (h - floor) * dice.random()
        size = (0.015 + 0.045 * (y - floor) / max(1.0, h - floor)) * h
        lean = dice.normal(0.4) * size
        blade = scaled(varied(dice, near, 8), dice.uniform(0.82, 1.22))
        canvas.polygon([(x, y), (x + 0.2 * size, y), (x + lean, y - size)], blade)
    for _ in range(dice.pick((6, 10, 14)) if name == "garden" else dice.pick((0, 0, 4))):
        x, y = dice.uniform(0, w), floor + dice.uniform(-0.12, 0.3) * (h - floor)
        petal, size = varied(dice, dice.pick(FLOWERS), 8), dice.uniform(0.009, 0.018) * h
        canvas.line([(x, y), (x, y + 3.5 * size)], scaled(near, 0.7), size * 0.5)
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            canvas.oval(x + dx * size * 0.8, y + dy * size * 0.8, size, size, petal)
        canvas.oval(x, y, size * 0.6, size * 0.6, (250, 220, 90))


def _room(canvas: Canvas, dice: Dice, near: Colour, floor: float) -> None:
    w, h = canvas.width, canvas.height
    canvas.polygon([(0, floor), (w, floor), (w, h), (0, h)], near)
    canvas.polygon([(0, floor - 0.035 * h), (w, floor - 0.035 * h), (w, floor), (0, floor)], (238, 234, 226))
    if dice.chance(0.6):  # boards
        vanish = dice.uniform(0.3, 0.7) * w
        for k in range(-9, 10):
            canvas.line([(vanish + k * 0.07 * w, floor), (vanish + k * 0.22 * w, h)], scaled(near, 0.88), 0.008 * h)
    else:
        rug, middle = varied(dice, dice.pick(NEAR["sofa"]), 8), dice.uniform(0.4, 0.6) * w
        deep = h - floor
        for grow, colour in ((1.0, rug), (0.86, mixed(rug, (255, 250, 235), 0.5)), (0.8, rug)):
            canvas.oval(middle, floor + 0.52 * deep, 0.52 * w * grow, 0.4 * deep * grow, colour)
    if dice.chance(0.6):  # a window, a picture or a plant out of focus
        x, y = dice.pick((0.1, 0.62)) * w, dice.uniform(0.06, 0.16) * h
        pane = dice.pick(((204, 226, 240), (244, 236, 200), (146, 176, 150)))
        canvas.polygon([(x, y), (x + 0.26 * w, y), (x + 0.26 * w, y + 0.3 * h), (x, y + 0.3 * h)], (242, 238, 230))
        canvas.polygon([(x + 0.02 * w, y + 0.02 * w), (x + 0.24 * w, y + 0.02 * w), (x + 0.24 * w, y + 0.3 * h - 0.02 * w),
                        (x + 0.02 * w, y + 0.3 * h - 0.02 * w)], pane)  # fmt: skip


def _sofa(canvas: Canvas, dice: Dice, near: Colour, floor: float) -> None:
    w, h = canvas.width, canvas.height
    top, seam = floor - dice.uniform(0.34, 0.5) * h, dice.uniform(0.3, 0.7) * w
    back = scaled(near, 0.9)
    for left, right in ((-0.1 * w, seam), (seam, 1.1 * w)):
        canvas.outlined()
        canvas.curve([(left, top + 0.06 * h), (left + 0.08 * w, top), (right - 0.08 * w, top), (right, top + 0.06 * h),
                      (right, h),
                      (left, h)], back)  # fmt: skip
        canvas.ink(scaled(near, 0.62), 0.006 * h)
        canvas.line(
            [(left + 0.06 * w, top + 0.05 * h), (right - 0.06 * w, top + 0.05 * h)], scaled(near, 1.06), 0.02 * h
        )
    canvas.outlined()
    canvas.polygon([(0, floor), (w, floor), (w, h * 1.1), (0, h * 1.1)], near)
    canvas.ink(scaled(near, 0.66), 0.006 * h)
    canvas.line([(0, floor + 0.03 * h), (w, floor + 0.03 * h)], scaled(near, 1.12), 0.025 * h)
    canvas.line([(0, h * 0.97), (w, h * 0.97)], scaled(near, 0.7), 0.04 * h)
    if dice.chance(0.6):
        pillow, x = varied(dice, dice.pick(NEAR["sofa"]), 10), dice.pick((0.12, 0.88)) * w
        canvas.place(0.17 * w, x, floor - 0.1 * h, dice.uniform(-0.3, 0.3))
        canvas.outlined()
        canvas.curve([(-1, -1), (0, -0.86), (1, -1), (0.9, 0), (1, 1), (0, 0.9), (-1, 1), (-0.9, 0)], pillow)
        canvas.ink(scaled(pillow, 0.66), 0.006 * h)
        canvas.place(1.0, 0.0, 0.0)
