"""CUB's parts: 15 points of a bird, each with where it lies in the image and whether it is to be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN, fail, lines, table

FORM = "`<image id> <part id> <x> <y> <1 for visible, 0 for not>`"


def read_parts(
    names: Path, places: Path, images: Mapping[int, str], note: Callable[[str], None]
) -> tuple[list[str], np.ndarray]:
    """Names of the parts [K], and [N, K, 3] float32: x, y in pixels, 1 or 0 (hidden); rows in the order of ``images``.

    ``images`` {id: name}. A part about which nothing is said is hidden and noted. Raises RedrawError for a line of another
    form, an id that there is not, and a part that comes twice.
    """
    called = table(names, "`<part id> <name>`", " ".join, "part")
    row, column = ({k: n for n, k in enumerate(ids)} for ids in (images, sorted(called)))
    found = np.full((len(images), len(called), 3), np.nan, np.float32)
    for number, line in lines(places):
        fields = line.split()
        try:
            image, part, visible = int(fields[0]), int(fields[1]), int(float(fields[4]))
            x, y = float(fields[2]), float(fields[3])
        except (ValueError, IndexError):
            fail(places, number, f"{line[:60]!r}, expected {FORM}")
        if image not in row:
            fail(places, number, f"image {image} is not in images.txt")
        if part not in column:
            fail(places, number, f"part {part} is not in {names.name}")
        if visible not in (0, 1) or not np.isfinite([x, y]).all():
            fail(places, number, f"{line[:60]!r}, expected {FORM}")
        place = found[row[image], column[part]]
        if not np.isnan(place[0]):
            fail(places, number, f"part {part} of image {image} comes twice")
        place[:] = (x, y, 1) if visible else 0
    unsaid = np.isnan(found[:, :, 0])
    if unsaid.all():
        raise RedrawError(f"{places}: nothing is said of any part: {GET_AGAIN}")
    if unsaid.any():
        note(f"{places.name}: nothing is said of {unsaid.sum():,} of {unsaid.size:,} parts: taken as hidden")
        found[unsaid] = 0
    return [called[k][0] for k in sorted(called)], found
