"""Colours of skies, grounds and walls, and what the time of day makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canvas import Colour, mixed, scaled

if TYPE_CHECKING:
    from .scene_specs import Scene

WHITE = (255, 255, 255)
SKY_TONES = {
    "clear": ((96, 160, 226), (190, 220, 240)), "cloudy": ((130, 176, 222), (222, 232, 240)),
    "overcast": ((160, 170, 180), (208, 212, 214)), "sunset": ((112, 104, 164), (250, 176, 112)),
    "night": ((18, 24, 54), (50, 58, 98)),
}  # fmt: skip
GROUNDS = {
    "field": ((104, 160, 66), (132, 172, 74), (160, 170, 84), (88, 140, 66)),
    "park": ((112, 168, 80), (90, 150, 76), (134, 176, 88)),
    "street": ((116, 118, 122), (98, 100, 106), (132, 128, 124)),
    "beach": ((230, 208, 156), (220, 194, 144), (236, 220, 180)),
    "sea": ((44, 108, 164), (40, 130, 160), (62, 120, 172), (36, 90, 130)),
    "snow": ((234, 240, 248), (222, 232, 244)),
    "savanna": ((206, 178, 104), (190, 168, 96), (214, 192, 126)),
    "sky": ((96, 130, 76), (120, 124, 90)),
    "table": ((176, 126, 80), (206, 164, 112), (222, 222, 220), (120, 80, 54), (150, 176, 196)),
    "room": ((190, 150, 108), (168, 128, 92), (150, 150, 156), (206, 186, 158)),
}  # fmt: skip
WALLS = ((222, 208, 178), (188, 206, 214), (206, 216, 190), (232, 222, 212), (214, 190, 186), (196, 190, 214))
BEHIND = {
    "field": ("trees", "hills", "mountains", "house", "trees", ""), "park": ("trees", "trees", "bushes", "houses"),
    "street": ("buildings", "buildings", "houses", "trees"), "beach": ("waves", "palms", "waves", "hills"),
    "sea": ("", "mountains", "island", ""), "snow": ("pines", "mountains", "pines", "house"),
    "savanna": ("trees", "hills", "trees", ""), "sky": ("", "trees"),
    "table": ("window", "curtains", "wall"), "room": ("window", "painting", "wall", "curtains"),
}  # fmt: skip
DIM = {"night": 0.42, "sunset": 0.82, "overcast": 0.92}


def dimmed(scene: Scene, colour: Colour) -> Colour:
    """A colour of the ground in the light of the scene's sky."""
    share = DIM.get(scene.sky, 1.0)
    tint = {"night": (24, 30, 66), "sunset": (210, 130, 96)}.get(scene.sky, colour)
    return mixed(scaled(colour, share), tint, 0.15)
