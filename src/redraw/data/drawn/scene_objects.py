"""One function that draws any object of a scene."""

from __future__ import annotations

from .canvas import PALETTE, Canvas, Colour, mixed, scaled, varied
from .dice import Dice
from .scene_animals import BEASTS, beast, bird, sheep, teddy
from .scene_people import person
from .scene_things import (
    apple,
    ball,
    banana,
    bench,
    bottle,
    bowl,
    cake,
    chair,
    clock,
    couch,
    cup,
    kite,
    pizza,
    potted_plant,
    skateboard,
    surfboard,
    umbrella,
    vase,
)
from .scene_vehicles import (
    airplane,
    bicycle,
    boat,
    bus,
    car,
    hydrant,
    motorcycle,
    stop_sign,
    traffic_light,
    train,
    truck,
)

OWN = {"zebra": (238, 236, 228), "giraffe": (228, 178, 96), "traffic light": (60, 60, 62), "pizza": (204, 142, 76)}
COAT = {"brown": (134, 84, 46), "orange": (222, 134, 52), "grey": (146, 146, 150), "black": (40, 37, 38)}
"""How animals look that are called so; other colours are the palette's."""
PLAIN = {
    "bicycle": bicycle, "car": car, "motorcycle": motorcycle, "airplane": airplane, "bus": bus, "train": train,
    "truck": truck, "boat": boat, "fire hydrant": hydrant, "stop sign": stop_sign, "bench": bench, "sheep": sheep,
    "umbrella": umbrella, "sports ball": ball, "kite": kite, "skateboard": skateboard, "bottle": bottle, "cup": cup,
    "bowl": bowl, "banana": banana, "apple": apple, "cake": cake, "chair": chair, "couch": couch,
    "potted plant": potted_plant, "clock": clock, "vase": vase, "teddy bear": teddy,
}  # fmt: skip


def tone(category: str, name: str) -> Colour:
    """The colour that an object called ``name`` has before it is varied."""
    if not name:
        return OWN[category]
    return COAT.get(name, PALETTE[name]) if category in BEASTS or category in ("sheep", "teddy bear") else PALETTE[name]


def draw_object(
    canvas: Canvas, dice: Dice, category: str, colour: str, pose: str, who: str, second: str, dim: float
) -> Colour:
    """Draw in the canvas's local coordinates, between ``outlined`` and ``ink``. Returns the outline's colour.

    ``who`` and ``second`` (the trousers' or skirt's colour) are a person's. ``dim`` below 1: as dark as at dusk.
    """
    own = scaled(varied(dice, tone(category, colour), 5), dim)
    if category == "person":
        person(canvas, dice, who, own, scaled(varied(dice, PALETTE[second], 5), dim), pose)
    elif category in BEASTS:
        beast(canvas, category, own, pose)
    elif category == "bird":
        bird(canvas, own, pose)
    elif category == "traffic light":
        traffic_light(canvas, int(dice.random() * 3))
    elif category == "surfboard":
        surfboard(canvas, own, pose == "lying")
    elif category == "pizza":
        pizza(canvas)
    else:
        PLAIN[category](canvas, own)
    return mixed(scaled(own, 0.4), (22, 20, 24), 0.45)
