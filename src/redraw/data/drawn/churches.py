"""A drawn church out of doors: six ways of building one, under different skies."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Canvas, scaled
from .church_places import land, sky, trees
from .church_site import Site
from .dice import Dice
from .room_kinds import Church

LIGHT = {"clear": (1.02, 1.0, 0.97), "cloudy": (0.93, 0.94, 0.96), "sunset": (1.0, 0.86, 0.76), "night": (0.46, 0.5, 0.66),
         "winter": (0.97, 0.99, 1.03)}  # fmt: skip


def draw_building(site: Site) -> None:
    """The church of a site's style."""
    {"village": _village, "gothic": _gothic, "basilica": _basilica, "dome": _dome, "onion": _onion, "chapel": _chapel}[
        site.own.style
    ](site)


def _village(s: Site) -> None:
    tall, half = s.dice.uniform(0.5, 0.6), s.dice.uniform(0.09, 0.12)
    s.nave(-0.2, 0.2, -0.28, -0.44, s.dice.uniform(0.5, 0.7), 3, True)
    s.tower(-half, half, -tall)
    for y in (-0.3, -tall + 0.06):
        s.window(0, y, 0.026, 0.1, True)
    s.clock(0, -tall + 0.19, 0.034)
    s.spire(-half, half, -tall, -tall - s.dice.uniform(0.3, 0.42))
    s.cross(half * 0.5, -tall - 0.33)
    s.door(0, 0.042, 0.14, True)
    for x in (-0.155, 0.155):
        s.window(x, -0.09, 0.022, 0.12, True)


def _gothic(s: Site) -> None:
    tall = s.dice.uniform(0.58, 0.66)
    s.nave(-0.14, 0.14, -0.42, -0.6, s.dice.uniform(0.45, 0.6), 4, False)
    for left in (-0.29, 0.13):
        s.tower(left, left + 0.16, -tall, side=left > 0)
        for y in (-0.12, -0.32, -tall + 0.05):
            s.window(left + 0.08, y, 0.024, 0.13, False)
        s.spire(left, left + 0.16, -tall, -tall - s.dice.uniform(0.28, 0.34), side=left > 0)
        for x in (left, left + 0.16):
            s.spire(x - 0.016, x + 0.016, -tall, -tall - 0.1, s.stone, side=False)
    s.rose(0, -0.4, 0.072)
    s.door(0, 0.06, 0.2, False)
    for x in (-0.21, 0.21):
        s.door(x, 0.034, 0.12, False)


def _basilica(s: Site) -> None:
    tall = s.dice.uniform(0.66, 0.84)
    left = -0.46
    s.tower(left, left + 0.14, -tall)
    for k, y in enumerate((-0.24, -0.42, -tall + 0.06)):
        for x in (left + 0.07,) if k < 2 else (left + 0.045, left + 0.095):
            s.window(x, y, 0.018, 0.09, True)
    s.spire(left - 0.01, left + 0.15, -tall, -tall - 0.1)
    s.cross(left + 0.1, -tall - 0.09)
    s.nave(-0.32, 0.26, -0.2, -0.27, 0.5, 4, True)
    s.nave(-0.17, 0.11, -0.36, -0.47, 0.5, 4, True)
    s.wall(-0.17, 0.11, -0.32)
    s.rose(-0.03, -0.35, 0.05)
    s.door(-0.03, 0.05, 0.16, True)
    for x in (-0.24, 0.18):
        s.door(x, 0.03, 0.1, True)


def _dome(s: Site) -> None:
    paint = {"slate": s.roof, "tile": (196, 120, 84), "copper": s.roof, "shingle": (140, 146, 152)}[s.own.roof]
    s.wall(-0.4, 0.4, -0.26)
    s.shape([(-0.42, -0.26), (0.42, -0.26), (0.42, -0.29), (-0.42, -0.29)], s.trim)
    for x in (-0.33, -0.23, 0.23, 0.33):
        s.window(x, -0.08, 0.024, 0.12, True)
    if s.dice.chance(0.6):
        for x in (-0.32, 0.32):
            s.wall(x - 0.06, x + 0.06, -0.38, -0.28)
            s.cupola(x, -0.38, 0.065, 0.075, paint, False)
    s.wall(-0.17, 0.17, -0.44, -0.28, 0.96)
    for k in range(5):
        s.window(-0.132 + 0.066 * k, -0.31, 0.014, 0.09, True)
    s.shape([(-0.18, -0.44), (0.18, -0.44), (0.18, -0.46), (-0.18, -0.46)], s.trim)
    s.cupola(0, -0.46, 0.17, s.dice.uniform(0.18, 0.24), paint, False)
    s.shape([(-0.16, 0), (0.16, 0), (0.16, -0.22), (-0.16, -0.22)], scaled(s.stone, 0.7))
    s.door(0, 0.04, 0.14, True)
    for k in range(6):
        x = -0.145 + 0.058 * k
        s.shape([(x - 0.013, 0), (x + 0.013, 0), (x + 0.011, -0.21), (x - 0.011, -0.21)], s.trim)
    s.shape([(-0.19, -0.21), (0.19, -0.21), (0.19, -0.235), (0, -0.32), (-0.19, -0.235)], s.trim)


def _onion(s: Site) -> None:
    paint = s.dice.pick(((222, 180, 76), (66, 104, 176), (70, 140, 104), (170, 62, 66)))
    s.wall(-0.28, 0.28, -0.32)
    for x in (-0.185, 0.0, 0.185):
        s.shape([(x + 0.094 * math.cos(a), -0.32 - 0.08 * math.sin(a)) for a in np.linspace(0, math.pi, 9)], s.stone)
    for x in (-0.185, 0.185):
        s.window(x, -0.1, 0.026, 0.14, True)
    for x, base, half in ((-0.22, -0.44, 0.062), (0.22, -0.44, 0.062), (0.0, -0.56, 0.1)):
        s.wall(x - half * 0.62, x + half * 0.62, base, -0.34)
        s.window(x, base + 0.05, half * 0.2, 0.07, True)
        s.cupola(x, base, half, half * 2.1, paint if x == 0 else s.dice.pick((paint, scaled(paint, 0.9))), True)
    s.door(0, 0.05, 0.16, True)


def _chapel(s: Site) -> None:
    s.nave(-0.22, 0.22, -0.34, -0.58, s.dice.uniform(0.4, 0.6), 2, s.dice.chance(0.5))
    s.wall(-0.05, 0.05, -0.68, -0.53)
    s.window(0, -0.58, 0.022, 0.075, True)
    s.spire(-0.06, 0.06, -0.68, -0.8, side=False)
    s.cross(0, -0.79)
    s.rose(0, -0.38, 0.045)
    s.door(0, 0.055, 0.19, s.dice.chance(0.5))
    for x in (-0.14, 0.14):
        s.window(x, -0.12, 0.024, 0.14, True)


def draw_church(own: Church, dice: Dice, width: int, height: int, over: int) -> np.ndarray:
    """uint8 [height, width, 3]."""
    canvas = Canvas(sky(own, dice, width, height), over)
    horizon = height * dice.uniform(0.76, 0.84)
    land(canvas, own, dice, horizon)
    span = {"village": 1.0, "gothic": 1.0, "basilica": 1.0, "dome": 0.9, "onion": 0.88, "chapel": 0.88}[own.style]
    scale = min(0.8 * height, 0.86 * width) / span * dice.uniform(0.86, 1.04)
    mirror = own.facing == "left"
    foot, x = (
        horizon + 0.035 * height,
        width * (0.5 - (0.1 if own.style in ("village", "gothic", "chapel") else 0.02) * (-1 if mirror else 1)),
    )
    trees(canvas, own, dice, x, foot, True)
    canvas.place(scale, x, foot, 0.0, mirror)
    draw_building(Site(own, dice, canvas))
    trees(canvas, own, dice, x, foot, False)
    pixels = canvas.finish(1.8, np.random.default_rng(int(dice.random() * 2**31))).astype(np.float32)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    light = np.asarray(LIGHT[own.sky], np.float32)
    keep = 1 - np.clip(rows * 3 - 1.2, 0, 1) if own.sky in ("night", "sunset") else 0.0  # the sky has its own light
    if own.sky == "night":  # lit windows stay bright
        glowing = (pixels[..., :1] > 225) & (pixels[..., 2:] < 0.58 * pixels[..., :1])
        keep = np.where(glowing, 2.0, keep)
    return np.clip(pixels * (light + (1 - light) * keep * 0.5) + 0.5, 0, 255).astype(np.uint8)
