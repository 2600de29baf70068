"""What lies on COCO's pictures: instances_train2014.json and instances_val2014.json, of which only the boxes are kept."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..core import RedrawError
from .json_entries import entries, fail, no_doubles
from .lists import GET_BOTH
from .writer import PreparedWriter

TOLERANCE = 1  # pixels by which a box may stand out of its image before that is noted
FIELDS = {"id": int, "image_id": int, "category_id": int, "bbox": list, "iscrowd": int}
WIDTH = 7  # numbers kept of an instance: row, category, x, y, width, height, crowd


class Objects:
    """The instances of all images, those of an image by rising id. Some 60 bytes an instance."""

    def __init__(self, categories: list[str], values: np.ndarray) -> None:
        self.categories = categories
        self._values = values  # [M, 7] float64
        self._outside = self._empty = np.empty(0, np.int64)  # the rows of boxes that were cut off, and dropped

    @classmethod
    def read(cls, annotations: Path, rows_of: Mapping[str, Mapping[int, int]], sizes: np.ndarray) -> Objects:
        """``rows_of``: {train2014 or val2014: {image id: row}}, one behind the other; ``sizes`` [N, 2] width, height.

        Boxes are cut off at the edges of their images; those of which nothing is left are dropped. Raises RedrawError for an
        entry that is not of its form (file and entry), and for files that are about other images or categories.
        """
        known: dict[int, str] = {}
        parts = []
        for part, rows in rows_of.items():
            path = annotations / f"instances_{part}.json"
            there = _categories(path)
            if known and there != known:
                raise RedrawError(f"{path}: other categories than in the file of {next(iter(rows_of))}: {GET_BOTH}")
            known = there
            _same_images(path, rows, f"captions_{part}.json")
            parts.append(_instances(path, rows, {i: k for k, i in enumerate(known)}))
        found = cls(list(known.values()), np.concatenate(parts))
        found._cut_off(sizes)
        return found

    def of(self, row: int) -> np.ndarray:
        """[M, 6] float32: category, x, y, width, height in pixels, 1 for a crowd."""
        first, last = np.searchsorted(self._values[:, 0], (row, row + 1))
        return self._values[first:last, 1:].astype(np.float32)

    def tell(self, writer: PreparedWriter, name: Callable[[int], str]) -> None:
        """Note what was cut off and what was dropped; ``name`` of a row."""
        for rows, what in (
            (self._outside, f"more than {TOLERANCE} pixel out of their pictures: cut off"),
            (self._empty, "without an area: dropped"),
        ):
            if len(rows):
                boxes = "1 box" if len(rows) == 1 else f"{len(rows):,} boxes"
                writer.note(f"{boxes} of objects {what}; the first is on {name(int(rows[0]))}")

    def _cut_off(self, sizes: np.ndarray) -> None:
        values = self._values
        rows = values[:, 0].astype(np.int64)
        limits = sizes[rows].astype(np.float64)
        start, stop = values[:, 2:4], values[:, 2:4] + values[:, 4:6]
        outside = (start < -TOLERANCE).any(1) | (stop > limits + TOLERANCE).any(1)
        start, stop = np.clip(start, 0, limits), np.clip(stop, 0, limits)
        values[:, 2:4], values[:, 4:6] = start, stop - start
        left = (stop > start).all(1)
        self._outside, self._empty = rows[outside & left], rows[~left]
        self._values = values[left]


# --- inside ------------------------------------------------------------------------------------------------------


def _categories(path: Path) -> dict[int, str]:
    """{id: name} by rising id, which is not without gaps: COCO's 80 have ids from 1 to 90."""
    ids, names = array("q"), {}
    for number, entry in entries(path, "categories", {"id": int, "name": str}):
        if entry["name"] in names.values():
            fail(path, f"categories, entry {number}", f"name {entry['name']!r} comes twice")
        ids.append(entry["id"])
        names[entry["id"]] = entry["name"]
    no_doubles(path, "categories", "id", ids)
    return {i: names[i] for i in sorted(names)}


def _same_images(path: Path, rows: Mapping[int, int], other: str) -> None:
    ids = array("q")
    for number, entry in entries(path, "images", {"id": int}):
        if entry["id"] not in rows:
            fail(path, f"images, entry {number}", f"id {entry['id']} is not in {other}", GET_BOTH)
        ids.append(entry["id"])
    no_doubles(path, "images", "id", ids)
    if len(ids) != len(rows):
        lacking = min(rows.keys() - set(ids))
        raise RedrawError(f"{path}: {len(ids)} images where {other} has {len(rows)}, none of id {lacking}: {GET_BOTH}")


def _instances(path: Path, rows: Mapping[int, int], categories: Mapping[int, int]) -> np.ndarray:
    """[M, 7] float64, sorted by row and id."""
    ids, values = array("q"), array("d")
    for number, entry in entries(path, "annotations", FIELDS):
        where, box = f"annotations, entry {number}", entry["bbox"]
        if entry["image_id"] not in rows:
            fail(path, where, f"image_id {entry['image_id']} is not among its images")
        if entry["category_id"] not in categories:
            fail(path, where, f"category_id {entry['category_id']} is not among its categories")
        if len(box) != 4 or not all(isinstance(v, int | float) and math.isfinite(v) for v in box):
            fail(path, where, f"'bbox' is {box}, expected x, y, width, height")
        if entry["iscrowd"] not in (0, 1):
            fail(path, where, f"'iscrowd' is {entry['iscrowd']}, expected 0 or 1")
        ids.append(entry["id"])
        values.extend((rows[entry["image_id"]], categories[entry["category_id"]], *box, entry["iscrowd"]))
    no_doubles(path, "annotations", "id", ids)
    found = np.array(values).reshape(-1, WIDTH)
    return found[np.lexsort((np.array(ids), found[:, 0]))]
