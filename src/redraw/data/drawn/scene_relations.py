"""How the groups of a drawn scene lie to each other, and whether a caption is true of it."""

from __future__ import annotations

from collections.abc import Iterable

from .scene_named import Mention
from .scene_specs import Group, Scene, flies

ROOM = 0.16  # the widest gap, as a share of the picture's side, across which things are next to each other


def _extent(group: Group) -> tuple[float, float, float, float]:
    boxes = group.boxes
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def relations(scene: Scene, a: Group, b: Group) -> list[str]:
    """All that hold, a to b: left, right, front, behind, near, above, below; "far" alone where none does."""
    (a0, a1, a2, a3), (b0, b1, b2, b3) = _extent(a), _extent(b)
    gap = max(b0 - a2, a0 - b2)
    if flies(a) != flies(b):
        across = gap < 0.1
        return (
            ["above"] if flies(a) and a3 < b1 + 0.03 and across else ["below"] if b3 < a1 + 0.03 and across else ["far"]
        )
    found = []
    if a2 < b0 + 0.02:
        found.append("left")
    elif b2 < a0 + 0.02:
        found.append("right")
    nearest, farthest = [s.depth for s in a.spots], [s.depth for s in b.spots]
    level = not flies(a)
    if level and gap < -0.05 and min(nearest) - max(farthest) > 0.12:
        found.append("front")
    elif level and gap < -0.05 and min(farthest) - max(nearest) > 0.12:
        found.append("behind")
    elif gap < ROOM and level and max(map(abs, (min(nearest) - max(farthest), max(nearest) - min(farthest)))) < 0.4:
        found.append("near")
    return found or ["far"]


def place_in_frame(scene: Scene, group: Group) -> str:
    """left, right or middle where all of a group is there; else ""."""
    shares = [spot.x / scene.width for spot in group.spots]
    if max(shares) < 0.38:
        return "left"
    if min(shares) > 0.62:
        return "right"
    return "middle" if group.count == 1 and 0.42 < shares[0] < 0.58 else ""


def shows(scene: Scene, mention: Mention) -> bool:
    """Whether a scene shows what a caption names: a category in that number and those colours."""
    return any(
        group.category == mention.category
        and mention.colour in ("", group.colour)
        and mention.below in ("", group.second)
        and mention.count in (0, group.count)
        for group in scene.groups
    )


def true_of(scene: Scene, mentions: Iterable[Mention]) -> bool:
    """Whether a scene shows all of ``mentions``."""
    return all(shows(scene, mention) for mention in mentions)
