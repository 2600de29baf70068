"""Outline polygons of a mask, as COCO's annotations have them."""

from __future__ import annotations

import numpy as np

LEAST = 4.0  # square pixels: smaller islands are left out where there is a larger one


def outlines(mask: np.ndarray) -> list[list[float]]:
    """The outer outline of each island of a bool [H, W] mask: flat lists x, y, x, y, … in pixels, the largest first.

    Outlines pass through the middles of the pixels' edges, so that slopes are straight. Holes are not cut out: COCO's form
    has no word for them.
    """
    padded = np.pad(mask, 1)
    found = []
    for loop in _loops(padded):
        points = _straightened(loop)
        area = area_of(points)
        if area > 0:  # holes run the other way
            found.append((area, points))
    found.sort(key=lambda item: -item[0])
    return [points for i, (area, points) in enumerate(found) if i == 0 or area >= LEAST]


def area_of(polygon: list[float]) -> float:
    """The area inside a flat list x, y, … that runs clockwise on the screen; below 0 the other way round."""
    x, y = np.asarray(polygon[0::2]), np.asarray(polygon[1::2])
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _loops(padded: np.ndarray) -> list[list[tuple[int, int]]]:
    """Closed walks along the pixels' edges with the mask on the right-hand side, in corners of the unpadded mask."""
    following: dict[tuple[int, int], list[tuple[int, int]]] = {}
    height, width = padded.shape
    for (dy, dx), (start, end) in _SIDES.items():
        beside = padded[1 + dy : height + dy - 1, 1 + dx : width + dx - 1]
        ys, xs = np.nonzero(padded[1:-1, 1:-1] & ~beside)
        for y, x in zip(ys.tolist(), xs.tolist(), strict=True):
            corner = (x + start[0], y + start[1])
            following.setdefault(corner, []).append((x + end[0], y + end[1]))
    loops = []
    while following:
        first = next(iter(following))
        loop, here, before = [], first, None
        while True:
            ends = following[here]
            step = ends[0] if len(ends) == 1 or before is None else _right_turn(before, here, ends)
            ends.remove(step)
            if not ends:
                del following[here]
            loop.append(here)
            before, here = here, step
            if here == first:
                break
        loops.append(loop)
    return loops


_SIDES = {
    (-1, 0): ((0, 0), (1, 0)), (0, 1): ((1, 0), (1, 1)), (1, 0): ((1, 1), (0, 1)), (0, -1): ((0, 1), (0, 0)),
}  # fmt: skip
"""{where the pixel outside lies: (the edge's first corner, its last)}: clockwise on the screen"""


def _right_turn(before: tuple[int, int], here: tuple[int, int], ends: list[tuple[int, int]]) -> tuple[int, int]:
    """Where two pixels touch at a corner: stay with the pixel that the walk follows."""
    dx, dy = here[0] - before[0], here[1] - before[1]
    right = (here[0] - dy, here[1] + dx)
    return right if right in ends else ends[0]


def _straightened(loop: list[tuple[int, int]]) -> list[float]:
    """The middles of the edges of a walk, without those that lie on a straight line between their neighbours."""
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(loop, loop[1:] + loop[:1], strict=True)]
    kept, n = [], len(middles)
    for i, (x, y) in enumerate(middles):
        (px, py), (nx, ny) = middles[i - 1], middles[(i + 1) % n]
        if (x - px) * (ny - y) != (y - py) * (nx - x):
            kept += [x, y]
    return kept
