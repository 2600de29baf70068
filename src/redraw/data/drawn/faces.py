"""A drawn face: one picture with its landmarks and what it shows. Units are distances between the eyes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import ImageFilter

from .canvas import Colour, Point, blurred_ground, mixed, scaled, varied
from .dice import Dice
from .face_canvas import Portrait
from .face_clothes import body, jewels
from .face_extras import eyewear, facial_hair, lines_of_age
from .face_features import eyes, mouth, nose
from .face_hair import behind, front, hat
from .face_kinds import CROPPED, HAIRS, SKINS, Look, Person, look, person

SIZES = {"celeba": (178, 218), "lfw": (250, 250)}  # width, height
GROUNDS: dict[str, tuple[tuple[Colour, Colour], ...]] = {
    "studio": (((214, 220, 228), (170, 182, 198)), ((236, 226, 212), (206, 190, 170)), ((150, 172, 190), (104, 128, 152)),
               ((222, 206, 214), (186, 164, 182))),
    "garden": (((158, 190, 136), (88, 132, 84)), ((196, 214, 160), (128, 162, 104)), ((126, 166, 150), (72, 112, 96))),
    "evening": (((88, 82, 122), (46, 42, 72)), ((150, 96, 92), (70, 50, 72)), ((60, 78, 112), (30, 38, 62))),
    "street": (((190, 198, 204), (132, 132, 136)), ((206, 190, 168), (146, 126, 112)), ((160, 186, 210), (138, 142, 146))),
    "stage": (((124, 40, 52), (66, 20, 34)), ((36, 72, 108), (18, 34, 60)), ((94, 58, 120), (46, 26, 70))),
}  # fmt: skip
OUTLINES: dict[str, tuple[float, float, float, float]] = {
    "oval": (1.03, 0.86, 0.44, 1.78), "round": (1.09, 0.96, 0.54, 1.68), "square": (1.06, 0.98, 0.6, 1.74),
    "long": (1.0, 0.84, 0.45, 1.9), "heart": (1.05, 0.8, 0.36, 1.76),
}  # fmt: skip
"""Half width at the cheeks, at the jaw and beside the chin; how low the chin is."""
INK: Colour = (52, 34, 34)


@dataclass(frozen=True)
class Face:
    """``image`` uint8 [H, W, 3]; ``landmarks`` (x, y) in pixels of left eye, right eye, nose and both corners of the mouth,
    left and right as one sees them."""

    image: np.ndarray
    landmarks: tuple[Point, Point, Point, Point, Point]
    person: Person
    look: Look


def seen(seed: int, number: int, index: int) -> tuple[Person, Look]:
    """Who picture ``index`` of identity ``number`` (both from 0) shows and how, without drawing it."""
    own = person(seed, number)
    return own, look(own, Dice(seed, "face look", number, index))


def picture(seed: int, number: int, index: int, layout: str = "celeba") -> Face:
    """Picture ``index`` of identity ``number`` of a seed: celeba 178 x 218 with the eyes in place, lfw 250 x 250."""
    own, now = seen(seed, number, index)
    dice = Dice(seed, "face picture", number, index)
    width, height = SIZES[layout]
    top, bottom = (varied(dice, colour, 8) for colour in dice.pick(GROUNDS[now.ground]))
    spots = (mixed(top, (255, 250, 235), 0.45), scaled(bottom, 0.8), mixed(top, bottom, 0.5))
    blobs = {"studio": 2, "garden": 10, "evening": 7, "street": 6, "stage": 4}[now.ground]
    canvas = Portrait(blurred_ground(dice, width, height, top, bottom, blobs, spots), 2)
    if layout == "celeba":
        canvas.stand(38 * dice.uniform(0.97, 1.03), 88.8 + dice.normal(0.6), 111 + dice.normal(0.7), now.tilt, now.yaw)
    else:
        canvas.stand(44 * dice.uniform(0.88, 1.1), 125 + dice.normal(4), 116 + dice.normal(5), 1.8 * now.tilt, now.yaw)
    landmarks = _draw(canvas, (seed, number, index), own, now)
    if now.blurry:
        canvas.image = canvas.image.filter(ImageFilter.GaussianBlur(3.6))
    image = canvas.finish(1.6, np.random.default_rng([seed, number, index, 3]))
    return Face(image, landmarks, own, now)


def _draw(
    canvas: Portrait, key: tuple[int, int, int], own: Person, now: Look
) -> tuple[Point, Point, Point, Point, Point]:
    """Layer by layer, each with own draws: what one attribute changes moves nothing else."""

    def dice(layer: str) -> Dice:
        return Dice(key[0], f"face {layer}", *key[1:])

    same = Dice(key[0], "face tint", key[1])  # in all pictures of a person
    skin, hair = varied(same, SKINS[own.skin], 5), varied(same, HAIRS[own.hair], 5)
    edge = mixed(scaled(skin, 0.5), INK, 0.4)
    behind(canvas, dice("back hair"), own, now, hair)
    body(canvas, dice("clothes"), own, now, skin, edge)
    outline = _head(canvas, own, now, skin, edge)
    _light(canvas, own, now, skin, outline)
    facial_hair(canvas, now, hair if own.hair == "gray" else mixed(hair, (60, 46, 40), 0.25), skin, outline)
    lines_of_age(canvas, own, now, skin)
    mouth_at = mouth(canvas, dice("mouth"), own, now, skin)
    nose_at = nose(canvas, own, now, skin)
    eyes_at = eyes(canvas, own, now, skin, hair)
    front(canvas, dice("hair"), own, now, hair)
    eyewear(canvas, same, now)
    hat(canvas, dice("hat"), now)
    jewels(canvas, dice("jewels"), now)
    return (*eyes_at, nose_at, *mouth_at)


def _head(canvas: Portrait, own: Person, now: Look, skin: Colour, edge: Colour) -> list[Point]:
    """Ears and head; returns the head's outline."""
    cheek, jaw, beside, chin = OUTLINES[own.shape]
    if own.chubby:
        cheek, jaw, beside = cheek + 0.06, jaw + 0.13, beside + 0.12
    chin += 0.04 * own.build[3]
    half = [(0.52, -1.5), (0.92, -1.12), (cheek, -0.45), (cheek, 0.15), (cheek - 0.05, 0.55), (jaw, 1.05), (beside + 0.14, 1.44),
            (beside - 0.12, chin - 0.09)]  # fmt: skip
    outline = canvas.rim([(0.0, -1.6), *half, (0.0, chin + 0.01), *((-x, y) for x, y in reversed(half))])
    canvas.outlined()
    if own.style in (*CROPPED, "bun") or now.earrings:
        for side in (-1, 1):
            x = side * 1.1 - 0.25 * math.sin(canvas.yaw)
            canvas.curve([(x - side * 0.12, -0.2), (x + side * 0.1, -0.26), (x + side * 0.16, 0.02), (x + side * 0.06, 0.42),
                          (x - side * 0.1, 0.5)], scaled(skin, 0.93))  # fmt: skip
    canvas.curve(outline, skin)
    canvas.ink(edge, 0.02 * canvas._unit)
    return outline


def _light(canvas: Portrait, own: Person, now: Look, skin: Colour, outline: list[Point]) -> None:
    """Shade on the side away from the light, hollows of the eyes, warm cheeks, bright forehead and nose."""
    shift, away = 0.8 * math.sin(canvas.yaw), now.light
    shade = mixed(scaled(skin, 0.68), (130, 60, 52), 0.2)
    hollow = 0.42 if own.cheekbones else 0.12
    canvas.glow(shade, [
        (1.1 * away, 0.2, 0.42, 1.5, 0.62), (shift, 1.95, 1.0, 0.38, 0.45), (shift - 0.5, -0.14, 0.34, 0.2, 0.3),
        (shift + 0.5, -0.14, 0.34, 0.2, 0.3), (shift + 0.12 * away, 0.72, 0.28, 0.12, 0.35), (shift, -1.25, 1.0, 0.3, 0.3),
        (shift + 0.82, 0.78, 0.16, 0.4, hollow), (shift - 0.82, 0.78, 0.16, 0.4, hollow), (shift, 1.42, 0.3, 0.07, 0.2),
    ], [outline])  # fmt: skip
    warm = mixed(skin, (226, 92, 92), 0.5)
    most = 0.68 if now.rosy else 0.3
    canvas.glow(warm, [(shift - 0.66, 0.6, 0.3, 0.22, most), (shift + 0.66, 0.6, 0.3, 0.22, most),
                       (1.5 * shift, 0.62, 0.18, 0.14, 0.25)], [outline])  # fmt: skip
    bright = mixed(skin, (255, 250, 238), 0.5)
    bone = 0.75 if own.cheekbones else 0.35
    canvas.glow(bright, [(shift - 0.25 * away, -0.72, 0.5, 0.28, 0.5), (shift - 0.62 * away, 0.32, 0.25, 0.12, bone),
                         (shift + 0.62 * away, 0.32, 0.22, 0.1, bone * 0.6), (shift - 0.1 * away, 1.58, 0.2, 0.12, 0.3)],
                [outline])  # fmt: skip
