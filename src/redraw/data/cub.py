"""CUB-200-2011 (Wah et al., 2011) with the captions and class lists of Reed et al. (2016), from their folders.

    CUB_200_2011/   images.txt, classes.txt, image_class_labels.txt, train_test_split.txt, bounding_boxes.txt, images/,
                    attributes/image_attribute_labels.txt, attributes/certainties.txt, parts/parts.txt, parts/part_locs.txt
    attributes.txt  beside that folder, where the archive has it, or within
    cvpr2016_cub/   text_c10/ and the class lists (reed.py)

Splits: train (Reed's 150 classes), validation (50 of these), test (the other 50); own_train and own_test (CUB's own, which
share their classes); and what both say, train_own_train to test_own_test.

The edition ``cub-attngan`` has train and test, the captions and their ids from AttnGAN's files (attngan.py) in the folder
``attngan_text/birds`` within or beside; of Reed's it needs the class lists alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import edition, family, written_as
from . import attngan, cub_text, lists, reed
from .cub_attributes import read_attributes
from .cub_parts import read_parts
from .forms import Box, form_of, off_picture
from .lists import GET_AGAIN, compare_counts, fail, one, required, same_ids, same_pictures, table
from .pictures import Item, Pictures
from .writer import PreparedWriter

CUB, REED = "CUB_200_2011", "cvpr2016_cub"
OF_CUB = (
    *(f"{CUB}/{name}.txt" for name in ("images", "classes", "image_class_labels", "train_test_split", "bounding_boxes")),
    f"{CUB}/images", f"{CUB}/parts/parts.txt", f"{CUB}/parts/part_locs.txt",
    f"{CUB}/attributes/image_attribute_labels.txt", f"{CUB}/attributes/certainties.txt", "attributes.txt",
    *(f"{REED}/{name}" for name in reed.LISTS),
)  # fmt: skip
OF_REED = (*OF_CUB, f"{REED}/{reed.CAPTIONS}")
ATTNGAN = "attngan_text/birds"
ATTNGAN_FILES = (*OF_CUB, *(f"{ATTNGAN}/{name}" for name in (*attngan.FILES, *attngan.CLASSES, attngan.TEXT)))
RAW_FILES = {"": OF_REED, "reference": OF_REED, "others": OF_REED, "attngan": ATTNGAN_FILES}
NEEDS = f"the unpacked folders {CUB} (CUB-200-2011, attributes.txt beside it) and {REED} (captions of Reed et al.)"
ATTNGAN_NEEDS = f"{NEEDS}, and {ATTNGAN} (AttnGAN's prepared birds)"
PUBLISHED = {"images": 11_788, "classes": 200, "train": 8_855, "test": 2_933, "attributes": 312}
TOLERANCE = 1  # pixels by which a box may stand out of its image


def find_raw(raw: Path, name: str) -> Path | None:
    """The raw file or folder ``name``, None where it is missing."""
    if name.startswith(f"{ATTNGAN}/"):
        return lists.found(raw, name)
    places = [raw / name, raw / CUB / name] if name == "attributes.txt" else [raw / name]
    return next((p for p in places if p.exists()), None)


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The folders below ``raw`` -> images [size, size, 3] with boxes, attributes and captions, in the order of images.txt.

    Options as in forms.py; crops: none, the whole image, or box, StackGAN's square around the bird. Raises RedrawError for a
    file that is missing, contradicts another one, or is not of its form (which file, which line, what was expected).
    """
    form = form_of(options, writer.dataset, ("none", "box"))
    theirs = edition(written_as(writer.dataset)) == "attngan"
    names_of, needs = (ATTNGAN_FILES, ATTNGAN_NEEDS) if theirs else (OF_REED, NEEDS)
    found = {name: required(raw, name, find_raw(raw, name), writer.dataset, needs) for name in names_of}
    home, pictures = raw / CUB, Pictures()
    names = _names(home / "images.txt")
    class_names, class_of = _classes(home, names)
    own = _own_split(home, names)
    boxes = _boxes(home, names)
    same_pictures(home / "images", set(names.values()), "images.txt", pattern="*/*")
    writer.classes = class_names
    keys = {i: name.rpartition(".")[0] for i, name in names.items()}
    of_key = {keys[i]: class_names[class_id] for i, class_id in class_of.items()}
    if theirs:
        text = cub_text.of_attngan(
            found[f"{ATTNGAN}/{attngan.CAPTIONS}"].parent, raw / REED, of_key, class_names, writer
        )
    else:
        text = cub_text.of_reed(raw / REED, of_key, class_names)
    labels = home / "attributes"
    writer.attributes, attributes = read_attributes(
        found["attributes.txt"], labels / "certainties.txt", labels / "image_attribute_labels.txt", names, writer.note
    )
    counts = Counter(images=len(names), classes=len(class_names), attributes=len(writer.attributes))
    writer.keypoints, places = read_parts(home / "parts/parts.txt", home / "parts/part_locs.txt", names, writer.note)
    outside = 0

    def item(row: int, i: int) -> Item:
        what = f"image {i} ({names[i]})"
        check = partial(_check_box, home / "bounding_boxes.txt", boxes[i], what)
        return Item(home / "images" / names[i], boxes[i][0], places[row], check=check)

    items = (item(row, i) for row, i in enumerate(names))
    for row, (i, found_at) in enumerate(zip(names, pictures.stream(items, form), strict=True)):
        outside += off_picture(places[row], found_at.width, found_at.height)
        of_class = text.splits[keys[i]]
        both = [f"{split}_{own[i]}" for split in of_class if split != "validation"]
        labels_of = [*of_class, own[i], *both]
        writer.add(
            found_at.image, class_of[i], keys[i], labels_of, text.captions[keys[i]], found_at.box, attributes[row],
            found_at.keypoints, released=text.released.get(keys[i], ()),
        )  # fmt: skip
        counts.update(of_class)
    if outside:
        writer.note(f"{outside} visible parts lie outside of their pictures: taken as hidden")
    pictures.tell(writer)
    text.reader.tell(writer)
    if family(writer.dataset) == "cub":
        compare_counts(counts, PUBLISHED, "CUB-200-2011", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _names(path: Path) -> dict[int, str]:
    """{image id: <class>/<file>} by rising id."""
    found = table(path, "`<image id> <class>/<file>.jpg`", _image_path, "image")
    seen: dict[str, int] = {}
    for i, (name, number) in found.items():
        if name in seen:
            fail(path, number, f"{name} is image {seen[name]} already")
        seen[name] = i
    return {i: found[i][0] for i in sorted(found)}


def _image_path(fields: list[str]) -> str:
    (name,) = fields
    folder, _, file = name.partition("/")
    if not folder or folder.startswith(".") or "/" in file or "." not in file.strip("."):
        raise ValueError(name)
    return name


def _classes(home: Path, names: dict[int, str]) -> tuple[list[str], dict[int, int]]:
    """Names of the classes in the order of their ids, and {image id: class id from 0}."""
    path, labels = home / "classes.txt", home / "image_class_labels.txt"
    classes = table(path, "`<class id> <class>`", one, "class")
    if sorted(classes) != list(range(1, len(classes) + 1)):
        lacking = next(k for k in range(1, len(classes) + 2) if k not in classes)
        raise RedrawError(
            f"{path}: class {lacking} is missing, ids run from 1 to {max(classes, default=1)}: {GET_AGAIN}"
        )
    found = table(labels, "`<image id> <class id>`", lambda rest: int(one(rest)), "image")
    same_ids(labels, found, home / "images.txt", names)
    for i, (class_id, number) in found.items():
        if class_id not in classes:
            fail(labels, number, f"class {class_id} of image {i} is not in classes.txt")
        if names[i].partition("/")[0] != classes[class_id][0]:
            fail(labels, number, f"image {i} is of {classes[class_id][0]}, but images.txt has it at {names[i]}")
    return [classes[k][0] for k in sorted(classes)], {i: class_id - 1 for i, (class_id, _) in found.items()}


def _own_split(home: Path, names: dict[int, str]) -> dict[int, str]:
    path, parts = home / "train_test_split.txt", {"0": "own_test", "1": "own_train"}

    def flag(fields: list[str]) -> str:
        if one(fields) not in parts:
            raise ValueError(fields)
        return parts[one(fields)]

    found = table(path, "`<image id> <1 for training, 0 for test>`", flag, "image")
    same_ids(path, found, home / "images.txt", names)
    return {i: part for i, (part, _) in found.items()}


def _boxes(home: Path, names: dict[int, str]) -> dict[int, tuple[Box, int]]:
    path = home / "bounding_boxes.txt"

    def box(fields: list[str]) -> Box:
        x, y, width, height = (float(field) for field in fields)
        if not np.isfinite([x, y, width, height]).all():
            raise ValueError(fields)
        return x, y, width, height

    found = table(path, "`<image id> <x> <y> <width> <height>`", box, "the box of image")
    for i, name in names.items():
        if i not in found:
            raise RedrawError(f"{path}: no box for image {i} ({name}): {GET_AGAIN}")
    same_ids(path, found, home / "images.txt", names)
    return found


def _check_box(path: Path, box_at: tuple[Box, int], what: str, width: int, height: int) -> None:
    (x, y, w, h), number = box_at
    said = f"x {x:g}, y {y:g}, width {w:g}, height {h:g}"
    if w <= 0 or h <= 0:
        fail(path, number, f"the box of {what} has no area ({said})")
    if x < -TOLERANCE or y < -TOLERANCE or x + w > width + TOLERANCE or y + h > height + TOLERANCE:
        fail(path, number, f"the box of {what} stands out of its {width} x {height} pixels ({said})")
