"""A drawn dog or cat: one picture with what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .canvas import PALETTE, Canvas, mixed, picture_size, scaled, varied
from .dice import Dice
from .pet_bodies import LEG, Body
from .pet_faces import Coat, Face
from .pet_kinds import BREEDS, COATS, Breed, Sight, sight
from .pet_places import furnish, ground
from .soft import hair, rounded, shadow, silhouette

HEIGHT = {"portrait": 0.94, "sitting": 0.8, "standing": 0.82, "lying": 0.84}
"""Pixels of one local unit, in shares of the picture's side."""


@dataclass(frozen=True)
class Picture:
    """``image`` uint8 [H, W, 3]; ``coat``: the colours that the animal has in it."""

    image: np.ndarray
    breed: Breed
    sight: Sight
    coat: Coat


def seen(seed: int, species: str, kind: int, index: int) -> tuple[Breed, Sight]:
    """What picture ``index`` of breed ``kind`` (both from 0; ``species``: dog or cat) shows, without drawing it."""
    breed = BREEDS[species][kind]
    return breed, sight(species, breed, Dice(seed, "pet sight", species, kind, index))


def coat_of(breed: Breed, view: Sight, dice: Dice) -> Coat:
    """The animal's colours: those of its breed, a little varied."""
    main = varied(dice, COATS[view.coat], 7)
    second = main if breed.coat == breed.second else varied(dice, COATS[breed.second], 6)
    if breed.pattern == "tabby":  # stripes are a darker shade of the coat
        second = scaled(main, 0.6) if breed.second == "black" else mixed(main, second, 0.75)
    edge = mixed(scaled(main, 0.42), (26, 22, 24), 0.45)
    return Coat(main, second, edge)


def picture(seed: int, species: str, kind: int, index: int, side: int = 96) -> Picture:
    """Picture ``index`` of a breed, about ``side`` pixels wide and high."""
    breed, view = seen(seed, species, kind, index)
    dice = Dice(seed, "pet picture", species, kind, index)
    width, height = picture_size(dice, side)
    coat = coat_of(breed, view, dice)
    image, near = ground(dice, view.ground, width, height, [coat.main, coat.second])
    canvas, unit = Canvas(image, 3 if side < 160 else 2), math.sqrt(width * height)
    scale = HEIGHT[view.pose] * unit * (0.9 if breed.build == "low" else 1.0)
    if view.pose == "standing":  # the whole animal has to find room
        scale = min(scale, 0.84 * height / (LEG[breed.build] + (0.84 if breed.ear in ("prick", "bat") else 0.74)))
    elif view.pose == "sitting":
        scale = min(scale, 0.9 * height / (1.13 if breed.ear in ("prick", "bat") else 1.0))
    if view.pose in ("standing", "lying"):
        scale = min(scale, 0.98 * width / (1.15 if view.pose == "standing" else 1.22))
    scale *= dice.uniform(0.9, 1.05)
    foot = (
        height * {"portrait": 0.99, "sitting": 0.93, "standing": 0.88, "lying": 0.85}[view.pose]
        + dice.normal(0.012) * height
    )
    floor = height * (dice.uniform(0.6, 0.72) if view.pose != "portrait" else dice.uniform(0.7, 0.84))
    if view.ground == "sofa":
        floor = foot - dice.uniform(0.06, 0.12) * height
    furnish(canvas, dice, view.ground, near, floor)
    x = width / 2 + dice.normal(0.03) * width
    if view.pose != "portrait":
        shadow(canvas, x, foot, scale * (0.55 if view.pose in ("standing", "lying") else 0.4), scale * 0.07)
    before = canvas.image.copy()
    _animal(canvas, Dice(seed, "pet body", species, kind, index), breed, view, coat, (x, foot, scale))
    mask = silhouette(before, canvas)
    noise = np.random.default_rng([seed, kind, index, 2])
    pixels = canvas.finish(1.6, noise)
    fur = hair(noise, *pixels.shape[:2], 0.025 if breed.length == "short" else 0.05)
    light = dice.pick((-1, 1))
    return Picture(rounded(pixels, mask, light, 0.75, fur), breed, view, coat)


def _animal(
    canvas: Canvas, dice: Dice, breed: Breed, view: Sight, coat: Coat, stand: tuple[float, float, float]
) -> None:
    x, foot, scale = stand
    mirror, outline = view.facing == "left", 0.0062 * scale + 0.15
    canvas.place(scale, x, foot, 0.0, mirror)
    if view.pose in ("standing", "lying"):
        canvas.place(scale, x + (0.05 if not mirror else -0.05) * -scale, foot, 0.0, mirror)
    body = Body(canvas, dice, breed, coat, outline)
    fx, fy, radius = {
        "portrait": body.portrait, "sitting": body.sitting, "standing": body.standing, "lying": body.lying,
    }[view.pose]()  # fmt: skip
    if view.collar:
        band = varied(dice, PALETTE[view.collar], 8)
        neck = fy + radius * (1.02 if breed.muzzle == "long" else 0.92)
        arc = [
            (fx + radius * 0.66 * math.sin(a), neck + radius * 0.22 * math.cos(a))
            for a in (-1.4, -0.9, -0.4, 0, 0.4, 0.9, 1.4)
        ]
        canvas.line(arc, band, radius * 0.17)
        canvas.oval(fx, neck + radius * 0.36, radius * 0.1, radius * 0.1, (240, 206, 90))
    px, py = canvas.pixel(fx, fy)
    canvas.place(scale, px, py, dice.normal(0.09), mirror)
    Face(canvas, dice, breed, coat, radius * dice.uniform(0.95, 1.06)).draw(view, outline)
