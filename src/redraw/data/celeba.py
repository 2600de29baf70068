"""CelebA (Liu et al., 2015), aligned and cropped, from its folder and lists.

    img_align_celeba/               000001.jpg …, 178 x 218
    list_eval_partition.txt         `<file> <0, 1 or 2>`: training, validation, test
    list_attr_celeba.txt            the number of images, the names of 40 attributes, then `<file> <1 or -1> …`
    list_landmarks_align_celeba.txt the number of images, the names of 10 coordinates (lefteye_x lefteye_y …), then
                                    `<file> <x> <y> …`
    identity_CelebA.txt             `<file> <number of the person>`; where it is there, persons are the classes

Splits: train, validation, test, as published. An attribute of -1 is absent, stored as 0. By default the middle 178 x 178 pixels
are resized to 64 x 64.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import family
from .forms import form_of, off_picture
from .lists import GET_AGAIN, GET_BOTH, compare_counts, compare_files, fail, lines, required, same_pictures
from .lists import found as find_raw
from .pictures import Item, Pictures
from .writer import PreparedWriter

PICTURES, PARTITION, ATTRIBUTES = "img_align_celeba", "list_eval_partition.txt", "list_attr_celeba.txt"
LANDMARKS, IDENTITY = "list_landmarks_align_celeba.txt", "identity_CelebA.txt"
RAW_FILES = (PICTURES, PARTITION, ATTRIBUTES, LANDMARKS)
NEEDS = f"the unpacked folder {PICTURES}, {PARTITION}, {ATTRIBUTES} and {LANDMARKS}"
PUBLISHED = {"images": 202_599, "train": 162_770, "validation": 19_867, "test": 19_962, "attributes": 40}
"""The numbers of the splits are unverified."""
SHA256 = {
    PARTITION: "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
    ATTRIBUTES: "f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0",
    LANDMARKS: "6c02a87569907f6db2ba99019085697596730e8129f67a3d61659f198c48d43b",
}
SPLITS = {"0": "train", "1": "validation", "2": "test"}
WIDTH, HEIGHT = 178, 218


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The files below ``raw`` -> faces in the form of forms.py, with attributes and five points, in the order of their names.

    Raises RedrawError for a file that is missing, contradicts another one, or is not of its form.
    """
    form = form_of(options, writer.dataset, ("none", "centre"), crop="centre", scale=WIDTH, size=64)
    for name in RAW_FILES:
        required(raw, name, find_raw(raw, name), writer.dataset, NEEDS)
    splits = _partition(raw / PARTITION)
    rows = {name: row for row, name in enumerate(splits)}
    same_pictures(raw / PICTURES, rows.keys(), PARTITION)
    writer.attributes, attributes = _table(raw / ATTRIBUTES, rows, "<1 or -1>", np.int8, _signs)
    coordinates, places = _table(raw / LANDMARKS, rows, "<pixels>", np.float32, _numbers)
    writer.keypoints = _points(raw / LANDMARKS, coordinates)
    points = np.ones((len(rows), len(writer.keypoints), 3), np.float32)
    points[..., :2] = places.reshape(len(rows), -1, 2)
    writer.classes, class_ids = ["face"], np.zeros(len(rows), np.int32)
    if (raw / IDENTITY).exists():
        persons = _rows(raw / IDENTITY, 1, rows, 1, "<number of the person>", np.int32, _numbers)[:, 0]
        found, class_ids = np.unique(persons, return_inverse=True)
        writer.classes = [str(person) for person in found.tolist()]
    counts = Counter(images=len(rows), attributes=len(writer.attributes))
    outside, sizes, pictures = 0, Counter[tuple[int, int]](), Pictures()
    items = (Item(raw / PICTURES / name, keypoints=points[row]) for name, row in rows.items())
    for (name, row), shaped in zip(rows.items(), pictures.stream(items, form), strict=True):
        sizes[shaped.width, shaped.height] += 1
        outside += off_picture(points[row], shaped.width, shaped.height)
        stem = name.rpartition(".")[0]
        writer.add(
            shaped.image,
            int(class_ids[row]),
            stem,
            splits[name],
            attributes=attributes[row],
            keypoints=shaped.keypoints,
        )
        counts[splits[name]] += 1
    if outside:
        writer.note(f"{outside} points lie outside of their pictures: taken as hidden")
    if other := len(rows) - sizes[WIDTH, HEIGHT]:
        writer.note(f"{other} of {len(rows)} pictures are not of {WIDTH} x {HEIGHT} pixels: are they the aligned ones?")
    pictures.tell(writer)
    if family(writer.dataset) == "celeba":
        compare_files(writer, SHA256, "CelebA")
        compare_counts(counts, PUBLISHED, "CelebA", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _partition(path: Path) -> dict[str, str]:
    """{file: split} in the order of the names."""
    found: dict[str, str] = {}
    for number, line in lines(path):
        name, *rest = line.split()
        if len(rest) != 1 or rest[0] not in SPLITS or "." not in name.strip(".") or "/" in name:
            fail(path, number, f"{line[:60]!r}, expected `<file> <0, 1 or 2>`")
        if name in found:
            fail(path, number, f"{name} comes twice")
        found[name] = SPLITS[rest[0]]
    if not found:
        raise RedrawError(f"{path}: names no image: {GET_AGAIN}")
    return dict(sorted(found.items()))


def _table(
    path: Path, rows: Mapping[str, int], form: str, dtype: type, parse: Callable[[list[str]], Sequence[float]]
) -> tuple[list[str], np.ndarray]:
    """A list that begins with the number of images and the names of its columns: these, and its values [N, columns]."""
    head = [text for _, text in zip(range(2), (line for _, line in lines(path)), strict=False)]
    if len(head) < 2 or not head[0].isdecimal():
        raise RedrawError(f"{path}, line 1: {''.join(head[:1])[:60]!r}, expected the number of images: {GET_AGAIN}")
    names = head[1].split()
    if len(set(names)) != len(names):
        raise RedrawError(f"{path}, line 2: a column comes twice: {GET_AGAIN}")
    if int(head[0]) != len(rows):
        raise RedrawError(f"{path}, line 1: {head[0]} images where {PARTITION} has {len(rows)}: {GET_BOTH}")
    return names, _rows(path, 3, rows, len(names), form, dtype, parse)


def _rows(
    path: Path, first: int, rows: Mapping[str, int], columns: int, form: str, dtype: type,
    parse: Callable[[list[str]], Sequence[float]],
) -> np.ndarray:  # fmt: skip
    """[N, columns] of the `<file> <value> …` from line ``first`` on, in the order of ``rows``."""
    values, seen = np.empty((len(rows), columns), dtype), np.zeros(len(rows), bool)
    for number, line in lines(path):
        if number < first:
            continue
        name, *rest = line.split()
        row = rows.get(name)
        if row is None:
            fail(path, number, f"{name} is not in {PARTITION}")
        if seen[row]:
            fail(path, number, f"{name} comes twice")
        if len(rest) != columns:
            fail(path, number, f"{len(rest)} values of {name}, expected {columns}")
        try:
            values[row] = parse(rest)
        except ValueError:
            fail(path, number, f"a value of {name} is not {form}")
        seen[row] = True
    if not seen.all():
        lacking = next(name for name, row in rows.items() if not seen[row])
        n = int((~seen).sum())
        raise RedrawError(f"{path}: no line about {n} of {len(rows)} images, the first is {lacking}: {GET_BOTH}")
    return values


def _signs(fields: list[str]) -> list[int]:
    return [(-1, 1).index(int(field)) for field in fields]


def _numbers(fields: list[str]) -> list[int]:
    return [int(field) for field in fields]


def _points(path: Path, names: Sequence[str]) -> list[str]:
    """The points' names, of columns that come in pairs, <point>_x and <point>_y."""
    found = [name.removesuffix("_x") for name in names[::2]]
    if not found or list(names) != [f"{point}_{axis}" for point in found for axis in "xy"]:
        raise RedrawError(
            f"{path}, line 2: {' '.join(names)[:60]!r}, expected pairs of `<point>_x <point>_y`: {GET_AGAIN}"
        )
    return found
