"""CIFAR-10's ten kinds of things, drawn at twice their size and reduced to 32 x 32 pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import beasts, birds, machines, pets
from .canvas import Canvas, Colour, blurred_ground, distance, mixed, scaled, shaded, varied
from .dice import Dice
from .pet_kinds import BREEDS
from .soft import rounded, shadow, silhouette

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""CIFAR-10's, in the order of its labels."""
SIDE = 32
DRAWN = 2 * SIDE
SPECIES = 60  # of birds
PLACES: dict[str, tuple[tuple[Colour, Colour, Colour], ...]] = {
    "air": (((96, 156, 224), (186, 216, 240), (0, 0, 0)), ((160, 178, 196), (216, 222, 228), (0, 0, 0)),
            ((120, 110, 166), (248, 196, 150), (0, 0, 0)),
            ((150, 190, 226), (206, 224, 236), (140, 140, 144))),
    "road": (((168, 196, 220), (206, 214, 216), (104, 106, 112)), ((110, 140, 104), (150, 172, 130), (120, 118, 118)),
             ((150, 140, 136), (186, 176, 166), (92, 92, 98)), ((214, 190, 150), (228, 210, 176), (196, 170, 124)),
             ((60, 66, 84), (90, 96, 112), (56, 58, 66))),
    "land": (((150, 190, 222), (172, 200, 170), (112, 152, 76)), ((88, 118, 80), (110, 140, 90), (92, 124, 60)),
             ((204, 196, 156), (210, 200, 150), (186, 166, 96)),
             ((178, 190, 200), (206, 212, 216), (230, 234, 238))),
    "pond": (((84, 120, 70), (66, 104, 62), (60, 96, 54)), ((120, 150, 160), (84, 126, 130), (70, 116, 110)),
             ((150, 126, 92), (130, 106, 76), (112, 90, 64)),
             ((190, 200, 150), (150, 172, 104), (120, 150, 80))),
    "sea": (((128, 178, 226), (204, 224, 238), (44, 98, 150)), ((176, 188, 200), (214, 220, 224), (88, 118, 136)),
            ((216, 150, 120), (250, 206, 150), (90, 92, 130)),
            ((110, 170, 220), (190, 220, 236), (40, 140, 160))),
}  # fmt: skip
"""{where: (far above, far below, the ground)}; where the ground is black there is none."""
WHERE = {
    "airplane": "air",
    "automobile": "road",
    "truck": "road",
    "deer": "land",
    "horse": "land",
    "frog": "pond",
    "ship": "sea",
}
FOOT = {"air": 0.5, "road": 0.82, "land": 0.9, "pond": 0.84, "sea": 0.72}
LENGTH = {"airplane": 0.86, "automobile": 0.84, "truck": 0.84, "deer": 0.66, "horse": 0.74, "frog": 0.76, "ship": 0.84}


@dataclass(frozen=True)
class Picture:
    """``image`` uint8 [32, 32, 3]; ``colour``: of the thing; for cat, dog and bird the colour of coat or back."""

    image: np.ndarray
    label: int
    colour: Colour


def picture(seed: int, label: int, index: int) -> Picture:
    """Picture ``index`` of class ``label`` (both from 0)."""
    name, dice = CLASSES[label], Dice(seed, "object", label, index)
    if name in BREEDS:
        shown = pets.picture(seed, name, int(dice.random() * len(BREEDS[name])), index, DRAWN)
        return Picture(_small(shown.image, dice), label, shown.coat.main)
    if name == "bird":
        bird = birds.picture(seed, int(dice.random() * SPECIES), index, DRAWN)
        return Picture(_small(bird.image, dice), label, shaded(bird.species.back, bird.species.back_shade))
    if name in beasts.HIDES:
        colour = varied(dice, dice.pick(beasts.HIDES[name]), 8)
    else:
        colour = varied(dice, dice.pick(machines.PAINTS), 8)
    return Picture(_reduced(_scene(name, colour, dice)), label, colour)


def _scene(name: str, colour: Colour, dice: Dice) -> np.ndarray:
    where = WHERE[name]
    choices = sorted(
        PLACES[where], key=lambda place: min(distance(colour, place[1]), distance(colour, mixed(*place[:2], 0.5)))
    )
    top, bottom, ground = dice.pick(choices[1:])
    top, bottom = varied(dice, top, 8), varied(dice, bottom, 8)
    spots = (mixed(top, (255, 255, 255), 0.5), scaled(bottom, 0.8), mixed(top, bottom, 0.5))
    canvas = Canvas(blurred_ground(dice, DRAWN, DRAWN, top, bottom, 4 if where == "air" else 7, spots), 2)
    horizon = DRAWN * dice.uniform(0.52, 0.64)
    if ground != (0, 0, 0) and (where != "air" or dice.chance(0.5)):
        if where == "air":
            horizon = DRAWN * 0.86
        ground = varied(dice, ground, 8)
        for k in range(6):
            y = horizon + (DRAWN - horizon) * k / 6
            canvas.polygon([(0, y), (DRAWN, y), (DRAWN, DRAWN + 2), (0, DRAWN + 2)], scaled(ground, 1.06 - 0.03 * k))
        for _ in range(10):
            x, y, long = dice.uniform(0, DRAWN), dice.uniform(horizon, DRAWN), dice.uniform(2, 9)
            canvas.line([(x, y), (x + long, y + dice.normal(0.4))], scaled(ground, dice.uniform(0.84, 1.18)), 1.0)
    scale = LENGTH[name] * DRAWN * dice.uniform(0.84, 1.06)
    x, y = DRAWN * 0.5 + dice.normal(0.035) * DRAWN, DRAWN * (FOOT[where] + dice.normal(0.03))
    if where in ("road", "land", "pond"):
        shadow(canvas, x, y, scale * 0.46, scale * 0.06)
    before = canvas.image.copy()
    tilt = dice.normal(0.16) if where == "air" else dice.normal(0.025)
    mirror = dice.chance(0.5)
    if name in ("horse", "deer"):  # the head has to find room
        x += scale * (0.09 if mirror else -0.09)
    canvas.place(scale, x, y, tilt, mirror)
    draw = getattr(machines, name, None) or getattr(beasts, name)
    draw(canvas, dice, colour, 0.55)
    mask = silhouette(before, canvas)
    noise = np.random.default_rng(int(dice.random() * 2**31))
    return rounded(canvas.finish(2.4, noise), mask, dice.pick((-1, 1)), 0.5, None)


def _small(image: np.ndarray, dice: Dice) -> np.ndarray:
    """The square of a picture that lies about its middle, 32 x 32."""
    height, width = image.shape[:2]
    side = min(height, width)
    left, top = (round((whole - side) * (0.5 + dice.normal(0.08))) for whole in (width, height))
    return _reduced(image[max(0, top) :, max(0, left) :][:side, :side])


def _reduced(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX))
