"""What drawn bedrooms and churches are like: furniture, ways of building, colours, weather."""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import Colour
from .dice import Dice

WALLS: dict[str, Colour] = {
    "cream": (236, 226, 204), "white": (238, 238, 234), "blue": (172, 196, 214), "green": (178, 200, 174), "rose": (226,
                                                                                                                    192, 188),
    "grey": (186, 188, 192), "yellow": (238, 214, 150), "lilac": (200, 186, 214), "terracotta": (208, 150, 120),
}  # fmt: skip
FABRICS: dict[str, Colour] = {
    "red": (190, 52, 56), "navy": (52, 72, 124), "white": (240, 238, 232), "teal": (52, 138, 140), "mustard": (220, 170, 64),
    "plum": (118, 62, 104), "beige": (212, 188, 152), "sage": (140, 164, 128), "pink": (232, 156, 172), "charcoal": (82, 84, 92),
    "sky": (128, 176, 220),
}  # fmt: skip
WOODS: dict[str, Colour] = {
    "oak": (190, 146, 96), "walnut": (110, 74, 52), "white": (232, 228, 220), "cherry": (150, 78, 54), "ash": (206, 182, 146),
}  # fmt: skip


@dataclass(frozen=True)
class Bedroom:
    """What one picture shows. ``bed`` stands with its head at the back | left | right wall; ``window`` back | left | right."""

    time: str
    wall: str
    wood: str
    floor: str
    bed: str
    double: bool
    blanket: str
    pattern: str
    window: str
    curtain: str
    lamp: bool
    pictures: int
    rug: str | None
    wardrobe: bool
    door: bool
    plant: bool


def bedroom(dice: Dice) -> Bedroom:
    """A room's furniture, colours and light."""
    bed = dice.weighted({"back": 4, "left": 2, "right": 2})
    window = dice.pick([wall for wall in ("back", "back", "left", "right") if wall != bed or bed == "back"])
    time = dice.weighted({"day": 6, "evening": 3, "night": 2})
    return Bedroom(
        time=time,
        wall=dice.pick(list(WALLS)),
        wood=dice.pick(list(WOODS)),
        floor=dice.weighted({"boards": 3, "carpet": 2, "tiles": 1}),
        bed=bed,
        double=dice.chance(0.7),
        blanket=dice.pick(list(FABRICS)),
        pattern=dice.weighted({"plain": 4, "stripes": 2, "dots": 1, "quilt": 1}),
        window=window,
        curtain=dice.pick(list(FABRICS)),
        lamp=time == "night" or dice.chance(0.75),
        pictures=dice.pick((0, 1, 1, 2)),
        rug=dice.pick(list(FABRICS)) if dice.chance(0.6) else None,
        wardrobe=dice.chance(0.5),
        door=dice.chance(0.45),
        plant=dice.chance(0.35),
    )


STYLES = ("village", "gothic", "basilica", "dome", "onion", "chapel")
STONES: dict[str, Colour] = {
    "limestone": (214, 200, 170), "granite": (150, 150, 152), "sandstone": (206, 160, 110), "brick": (164, 84, 64),
    "white wood": (240, 238, 230), "plaster": (236, 212, 164),
}  # fmt: skip
MATERIALS = {
    "village": ("white wood", "white wood", "brick", "granite"), "gothic": ("limestone", "granite", "sandstone"),
    "basilica": ("brick", "limestone", "sandstone"), "dome": ("limestone", "plaster", "sandstone"),
    "onion": ("plaster", "white wood", "brick"), "chapel": ("granite", "white wood", "limestone"),
}  # fmt: skip
ROOFS: dict[str, Colour] = {
    "slate": (84, 92, 106),
    "tile": (176, 84, 56),
    "copper": (110, 164, 144),
    "shingle": (104, 80, 64),
}


@dataclass(frozen=True)
class Church:
    """What one picture shows. ``facing``: to which side the nave runs back; ``trees``: how many stand near."""

    style: str
    stone: str
    roof: str
    sky: str
    ground: str
    facing: str
    trees: int
    path: bool
    hill: bool
    clock: bool


def church(dice: Dice) -> Church:
    """A building's style, stone and roof, its weather and its surroundings."""
    style = dice.weighted({"village": 4, "gothic": 3, "basilica": 3, "dome": 3, "onion": 2, "chapel": 2})
    sky = dice.weighted({"clear": 5, "cloudy": 3, "sunset": 2, "night": 1, "winter": 1})
    return Church(
        style=style,
        stone=dice.pick(MATERIALS[style]),
        roof=dice.pick(list(ROOFS)),
        sky=sky,
        ground="snow" if sky == "winter" else dice.weighted({"grass": 5, "square": 3, "meadow": 2}),
        facing=dice.pick(("left", "right")),
        trees=dice.pick((0, 1, 2, 3, 4, 5)),
        path=dice.chance(0.7),
        hill=dice.chance(0.5),
        clock=dice.chance(0.5),
    )
