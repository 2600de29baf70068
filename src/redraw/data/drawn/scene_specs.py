"""What a drawn scene shows and where: everything that its captions speak of, known without drawing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from .canvas import Colour, distance, picture_size, varied
from .dice import Dice
from .scene_kinds import CLOTHES, HOW_OFTEN, INDOORS, KINDS, PLACES
from .scene_light import BEHIND, GROUNDS, SKY_TONES
from .scene_links import LINKS, Link, Spot, joined, spread
from .scene_objects import tone

MOST = 6
PEOPLE = ("man", "woman", "boy", "girl")
POSES = {
    "person": {"standing": 4, "walking": 4, "running": 2},
    "dog": {"standing": 3, "walking": 2, "running": 4},
    "cat": {"standing": 3, "walking": 3},
    **{name: {"grazing": 3, "standing": 3, "walking": 2} for name in ("cow", "zebra")},
    "horse": {"grazing": 2, "standing": 2, "walking": 2, "running": 2},
    **{name: {"standing": 2, "walking": 3} for name in ("elephant", "bear", "giraffe")},
}  # fmt: skip
STRAY = 0.28  # the most of an object that others may hide


@dataclass(frozen=True)
class Group:
    """``spots`` of one category, colour and ``pose``; ``who`` and ``second`` (trousers' or skirt's colour) of people."""

    category: str
    colour: str
    pose: str
    who: str
    second: str
    spots: tuple[Spot, ...]

    @property
    def count(self) -> int:
        return len(self.spots)

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """About where each lies: left, top, right, bottom."""
        return [spot.box(self.category, self.pose == "lying") for spot in self.spots]


@dataclass(frozen=True)
class Scene:
    """``groups`` from the most to the least important; ``link`` is what the first does with the second, or "".

    Lengths are shares of the picture's side, the square root of its area: it is ``width`` x ``height``, and ``horizon`` lies
    so far below its upper edge. ``behind``: what stands in the background, or "".
    """

    place: str
    sky: str
    behind: str
    ground: Colour
    width: float
    height: float
    horizon: float
    groups: tuple[Group, ...]
    link: str


@lru_cache(maxsize=4096)
def scene(seed: int, index: int) -> Scene:
    """What picture ``index`` of a seed shows."""
    dice = Dice(seed, "scene", index)
    name = dice.weighted(HOW_OFTEN)
    place = PLACES[name]
    w, h = picture_size(Dice(seed, "scene size", index), 1000)
    side = (w * h) ** 0.5
    width, height = w / side, h / side
    empty = Scene(name, dice.weighted(place.skies), dice.pick(BEHIND[name]), varied(dice, dice.pick(GROUNDS[name]), 6),
                  width, height, dice.uniform(*place.horizon) * height, (), "")  # fmt: skip
    link = _link(dice, name)
    wanted = _wanted(dice, name, link)
    plain = [_group(dice, empty, category, count) for category, count in wanted]
    zoom = dice.uniform(0.92, 1.45) * (1.35 if name == "table" else 1.0)
    while True:
        found = _laid(dice, empty, plain, link, zoom)
        if found:
            return found
        zoom *= 0.88
        if zoom < 0.62 and len(plain) > (2 if link else 1):
            plain.pop()
            zoom = 1.0


def _link(dice: Dice, place: str) -> Link | None:
    able = {link: link.weight for link in LINKS if place in link.places}
    return dice.weighted(able) if able and dice.chance(0.45 if place == "sea" else 0.28) else None


def _wanted(dice: Dice, name: str, link: Link | None) -> list[tuple[str, int]]:
    """(category, count) of each group."""
    place = PLACES[name]
    if link:
        found = [(link.who, 1), (link.what, 1)]
    else:
        first = dice.weighted(place.main or place.air)
        found = [(first, _count(dice, first))]
    extra = dice.weighted({0: 3, 1: 5, 2: 3}) - (1 if link else 0)
    for _ in range(extra):
        pool = place.air if not place.side or (place.air and dice.chance(0.14)) else place.side
        left = {c: n for c, n in pool.items() if c not in [category for category, _ in found]}
        room = MOST - sum(count for _, count in found)
        if left and room:
            category = dice.weighted(left)
            found.append((category, min(room, _count(dice, category) if dice.chance(0.3) else 1)))
    return found


def _count(dice: Dice, category: str) -> int:
    return min(dice.weighted({1: 11, 2: 5, 3: 3, 4: 1}), KINDS[category].herd)


def _group(dice: Dice, empty: Scene, category: str, count: int) -> Group:
    kind = KINDS[category]
    against = SKY_TONES[empty.sky][0] if empty.place == "sky" else empty.ground
    clear = [c for c in kind.colours if distance(tone(category, c), against) > 42]
    if empty.sky == "night":
        clear = [c for c in clear if c != "black"]
    colour = dice.pick(clear or kind.colours) if kind.colours else ""
    poses = POSES.get(category, {"": 1})
    if empty.place in ("snow", "beach", *INDOORS):
        poses = {
            pose: n for pose, n in poses.items() if pose != "grazing" and (pose != "running" or empty.place != "room")
        }
    pose = dice.weighted(poses)
    if category == "bird":
        flies = empty.place in ("sky", "sea") or (category in PLACES[empty.place].air and dice.chance(0.4))
        pose = "flying" if flies else "standing"
    who = dice.pick(PEOPLE) if category == "person" else ""
    others = [c for c in CLOTHES if c not in (colour, "orange", "pink")]
    return Group(category, colour, pose, who, dice.pick(others), ((Spot(0, 0, 0, 0, False),) * count))


def flies(group: Group) -> bool:
    """Whether a group hangs in the air or on the wall."""
    return group.category in ("kite", "airplane", "clock") or group.pose == "flying"


def _laid(dice: Dice, empty: Scene, plain: list[Group], link: Link | None, zoom: float) -> Scene | None:
    """The scene with all groups in place; None where there is no room for them."""
    taken: list[tuple[tuple[float, float, float, float], float]] = []
    groups: list[Group] = []
    if link:
        base = _spots(dice, empty, plain[1], zoom, taken, head=link.head)
        if base is None:
            return None
        who, what = joined(dice, link, base[0], empty)
        groups = [replace(plain[0], pose=link.pose or plain[0].pose, spots=(who,)), replace(plain[1], spots=(what,))]
        if link.what == "surfboard":
            groups[1] = replace(groups[1], pose="lying")
        taken = [(g.boxes[0], g.spots[0].depth) for g in groups]
    for group in plain[len(groups) :]:
        spots = _spots(dice, empty, group, zoom, taken)
        if spots is None:
            return None
        groups.append(replace(group, spots=tuple(spots)))
    boxes = [box for g in groups for box in g.boxes]
    if any(x0 < -0.06 or y0 < -0.02 or x1 > empty.width + 0.06 for x0, y0, x1, _ in boxes[: 2 if link else 0]):
        return None
    return replace(empty, groups=tuple(groups), link=link.relation if link else "")


def _spots(dice: Dice, empty: Scene, group: Group, zoom: float, taken: list, head: float = 0.0) -> list[Spot] | None:
    """A spot for each member, noted in ``taken``. ``head``: how much higher than itself, in its own size, it needs."""
    found: list[Spot] = []
    middle = dice.uniform(0.5 if head or not taken else 0.15, 0.95)
    crowd = (1.0, 0.9, 0.8, 0.72)[group.count - 1]
    mirror = dice.chance(0.5)
    for _ in range(group.count):
        for _ in range(25):
            spot = spread(dice, empty, group.category, flies(group), zoom * crowd, middle)
            spot = replace(spot, mirror=mirror if dice.chance(0.8) else not mirror)
            x0, y0, x1, y1 = spot.box(group.category)
            box = (x0, y0 - head * spot.size, x1, y1)
            if box[1] > 0.0 and all(_free(box, spot.depth, *other) for other in taken):
                break
        else:
            return None
        taken.append((box, spot.depth))
        found.append(spot)
    return found


def _free(box: Iterable[float], depth: float, other: Iterable[float], other_depth: float) -> bool:
    (a0, b0, a1, b1), (c0, d0, c1, d1) = box, other
    shared = max(0.0, min(a1, c1) - max(a0, c0)) * max(0.0, min(b1, d1) - max(b0, d0))
    if not shared:
        return True
    near = abs(depth - other_depth) < 0.08
    behind = (c1 - c0) * (d1 - d0) if other_depth < depth else (a1 - a0) * (b1 - b0)
    front = (c1 - c0) * (d1 - d0) if other_depth > depth else (a1 - a0) * (b1 - b0)
    return shared < (0.1 if near else STRAY) * behind and shared < 0.7 * front
