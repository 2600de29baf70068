"""Where objects of a drawn scene stand, and how two of them go together: riding, sitting on, holding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .dice import Dice
from .scene_kinds import KINDS

if TYPE_CHECKING:
    from .scene_specs import Scene


@dataclass(frozen=True)
class Spot:
    """The foot at (x, y), the larger dimension ``size``, all as shares of the picture's side; ``depth`` 0 far to 1 near."""

    x: float
    y: float
    size: float
    depth: float
    mirror: bool

    def box(self, category: str, lying: bool = False) -> tuple[float, float, float, float]:
        """About where an object lies: left, top, right, bottom; ``lying``: turned by a right angle."""
        kind = KINDS[category]
        if lying:
            return self.x - self.size / 2, self.y - kind.wide * self.size / 2, self.x + self.size / 2, self.y
        half = kind.wide * self.size / 2
        return self.x - half, self.y - kind.tall * self.size, self.x + half, self.y


@dataclass(frozen=True)
class Link:
    """``who`` does ``relation`` with ``what``. ``at``: the foot of who from that of what, in what's sizes, where what looks
    right; ``scale``: who's size by its own kind's; ``head``: how far, in what's sizes, who rises above what."""

    who: str
    relation: str
    what: str
    places: tuple[str, ...]
    pose: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    head: float = 0.0
    weight: int = 2


OUT = ("street", "park", "beach", "snow")
LINKS = (
    Link("person", "riding", "bicycle", ("street", "park"), "riding", (-0.06, -0.18), 0.96, 0.72, 4),
    Link("person", "riding", "motorcycle", ("street",), "riding", (-0.14, -0.1), 0.96, 0.6, 3),
    Link("person", "riding", "horse", ("field", "beach", "snow", "park"), "riding", (-0.1, -0.38), 0.86, 0.3, 4),
    Link("person", "riding", "skateboard", ("street", "park"), "balancing", (0.0, -0.19), 1.0, 1.8, 4),
    Link("person", "surfing", "surfboard", ("sea",), "balancing", (0.0, -0.09), 0.86, 0.8, 6),
    Link("person", "sitting on", "bench", ("park", "street", "snow"), "sitting", (0.05, 0.05), 0.9, 0.55, 4),
    Link("person", "sitting on", "couch", ("room",), "sitting", (0.1, 0.0), 0.95, 0.25, 3),
    Link("person", "sitting on", "chair", ("room", "beach"), "sitting", (-0.02, -0.08), 0.9, 0.25, 2),
    Link("person", "holding", "umbrella", OUT, "holding", (-0.3, 0.82), 1.0, 0.0, 5),
    Link("person", "flying", "kite", ("field", "park", "beach"), "holding", weight=5),
    Link("person", "playing with", "sports ball", ("field", "park", "beach"), "running", (-1.2, -0.1), 1.0, 2.4, 3),
    Link("dog", "playing with", "sports ball", ("field", "park", "beach", "room", "snow"), "running", (-1.7, -0.1), 1.0, 1.0, 3),
    Link("cat", "standing on", "couch", ("room",), "standing", (0.05, -0.26), 0.85, 0.1, 3),
    Link("cat", "standing on", "chair", ("room",), "standing", (0.02, -0.5), 0.6, 0.0, 2),
    Link("cat", "standing on", "bench", ("park",), "standing", (0.0, -0.23), 0.8, 0.2, 2),
    Link("teddy bear", "sitting on", "couch", ("room",), "", (-0.1, -0.22), 0.8, 0.15, 3),
    Link("teddy bear", "sitting on", "chair", ("room",), "", (0.02, -0.48), 0.75, 0.1, 2),
    Link("bird", "standing on", "bench", ("park",), "standing", (0.15, -0.47), 0.8, 0.3, 2),
    Link("dog", "standing on", "surfboard", ("sea",), "standing", (0.0, -0.08), 0.8, 0.4, 1),
)  # fmt: skip


def spread(dice: Dice, scene: Scene, category: str, flies: bool, zoom: float, middle: float) -> Spot:
    """Somewhere in a scene, about ``middle`` deep where it stands on the ground."""
    kind = KINDS[category]
    if flies:
        size = kind.size * min(zoom, 1.1) * dice.uniform(0.62, 1.05) * (1.2 if scene.place == "sky" else 0.9)
        top = 0.03 * scene.height
        low = scene.height if scene.place == "sky" else max(scene.horizon, top + 0.12)
        size = min(size, 0.9 * low)
        y = dice.uniform(top + size * kind.tall, max(top + size * kind.tall + 0.02, 0.88 * low))
        half = kind.wide * size / 2
        return Spot(dice.uniform(half * 0.9, scene.width - half * 0.9), y, size, 0.02, False)
    depth = min(1.0, max(0.06, middle + dice.normal(0.12)))
    size = kind.size * zoom * (0.46 + 0.54 * depth)
    size = min(max(size, 0.17), 0.96 * scene.width / kind.wide, 0.9 * scene.height / kind.tall)
    first = scene.horizon + 0.035 * scene.height
    y = first + depth * (0.965 * scene.height - first)
    half = kind.wide * size / 2
    slack = min(0.82 * half, scene.width / 2)
    return Spot(dice.uniform(slack, scene.width - slack), y, size, depth, False)


def joined(dice: Dice, link: Link, what: Spot, scene: Scene) -> tuple[Spot, Spot]:
    """The spots of who and of what, where what was first laid at ``what``."""
    width, horizon = scene.width, scene.horizon
    scale = what.size / KINDS[link.what].size
    if link.what == "kite":  # somebody on the ground below
        depth = dice.uniform(0.5, 0.95)
        size = KINDS["person"].size * dice.uniform(0.6, 0.8)
        x = min(width - 0.2, max(0.2, what.x + (0.35 if what.x < width / 2 else -0.35) * dice.uniform(0.6, 1.4)))
        return Spot(x, horizon + (0.96 * scene.height - horizon) * depth, size, depth, what.x < x), what
    if link.what == "surfboard":
        half = 0.48 * what.size
        what = replace(what, x=min(max(what.x, half), width - half))
    turn = -1 if what.mirror else 1
    size = KINDS[link.who].size * scale * link.scale
    x, y = what.x + turn * link.at[0] * what.size, what.y + link.at[1] * what.size
    if link.what == "umbrella":  # laid as if it stood on the ground: lift it into the hand
        size = min(size, 0.72)
        foot = what.y
        lifted = Spot(what.x, foot - 0.62 * size, what.size, what.depth - 0.01, what.mirror)
        return Spot(what.x - turn * 0.25 * size, foot, size, what.depth, what.mirror), lifted
    if link.what == "sports ball":
        return Spot(x, y, size, what.depth - 0.01, what.mirror), what
    return Spot(x, y, size, what.depth + 0.01, what.mirror), what
