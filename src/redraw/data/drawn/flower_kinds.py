"""What drawn flowers are like: kinds, and what one picture shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .dice import Dice

COLOURS = ("red", "orange", "yellow", "purple", "pink", "white", "blue")
CENTRES = ("yellow", "orange", "brown", "white", "green", "purple", "black")
PETALS = {
    "round": (4, 5, 6, 8), "heart": (4, 5, 6), "pointed": (5, 6, 8, 12), "narrow": (8, 12, 18), "ruffled": (5, 6, 8),
}  # fmt: skip
"""{shape of the petals: how many there may be}"""


@dataclass(frozen=True)
class Flower:
    """``layers`` 1 or 2 rings of petals; ``rim`` the colour of the petals' edges, their own where there is no rim."""

    colour: str
    shade: str
    centre: str
    shape: str
    petals: int
    layers: int
    stripes: bool
    rim: str
    centre_size: float
    width: float


@lru_cache(maxsize=8)
def flowers(seed: int, n: int) -> tuple[Flower, ...]:
    """The first ``n`` kinds of a seed: no two with the same colour, centre, shape and layers.

    A longer list begins with the shorter one.
    """
    dice, found, taken = Dice(seed, "flower kinds"), [], set()
    while len(found) < n:
        colour, centre, shape = dice.pick(COLOURS), dice.pick(CENTRES), dice.pick(list(PETALS))
        layers = 2 if dice.chance(0.35) else 1
        stripes, rimmed = dice.chance(0.25), dice.chance(0.2)
        rim = dice.pick([c for c in ("white", "yellow", "pink", "purple") if c != colour]) if rimmed else colour
        shade = dice.pick(("", "dark", "light")) if colour in ("red", "purple", "pink", "blue") else ""
        kind = Flower(colour, "" if (colour, shade) == ("pink", "dark") or (colour, shade) == ("red", "light") else shade,
                      centre, shape, dice.pick(PETALS[shape]), layers, stripes, rim,
                      dice.uniform(0.17, 0.3), dice.uniform(0.9, 1.1))  # fmt: skip
        key = (colour, centre, shape, layers)
        if centre == colour or key in taken:
            continue
        taken.add(key)
        found.append(kind)
    return tuple(found)
