"""MS COCO 2014 (Lin et al., 2014; captions: Chen et al., 2015) with the splits of Karpathy and Fei-Fei (2015).

    train2014/COCO_train2014_000000000009.jpg …    val2014/COCO_val2014_000000000042.jpg …
    annotations/    captions_train2014.json, captions_val2014.json, instances_train2014.json, instances_val2014.json
    karpathy/dataset_coco.json    within, or in the folder of the set "karpathy" beside this one

Splits: train (train2014) and test (val2014), as StackGAN and AttnGAN have them; karpathy_train, karpathy_restval, karpathy_test
and karpathy_train_restval. validation is Karpathy's val: 5,000 images of val2014, since COCO's own test images have no captions
and every image of train2014 trains in the papers. These 5,000 are in test too: a number that was selected on validation and
measured on test has seen an eighth of it; karpathy_test has not.

Images are in the order train2014, val2014, each by id. Captions are sorted by the id of their annotation; 332 more than five an
image are there in all. COCO has no classes of images: class_id is 0, and what is on a picture are its attributes,
"present::<category>" 1 or 0 for each of the 80, crowds count. One that a crop has cut off is not present.

The edition ``coco-attngan`` has train and test, the captions and their ids from AttnGAN's files (attngan.py) in the folder
``attngan_text/coco`` within or beside; all else is the same.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import edition, family, written_as
from . import attngan, coco_text, karpathy
from .caption_lists import CaptionLists, OtherCounts
from .coco_objects import Objects
from .forms import form_of
from .json_entries import entries, fail, no_doubles
from .lists import GET_AGAIN, GET_BOTH, compare_counts, found, required, same_pictures
from .pictures import Item, Pictures
from .writer import PreparedWriter

PARTS = ("train2014", "val2014")
KARPATHY = "karpathy/dataset_coco.json"
OF_COCO = (
    *PARTS,
    *(f"annotations/{what}_{part}.json" for what in ("captions", "instances") for part in PARTS),
    KARPATHY,
)
ATTNGAN = "attngan_text/coco"
RAW_FILES = {"": OF_COCO, "attngan": (*OF_COCO, *(f"{ATTNGAN}/{name}" for name in (*attngan.FILES, attngan.TEXT)))}
COCO_NEEDS = (
    "the unpacked folders train2014, val2014 and annotations (annotations_trainval2014.zip), and dataset_coco.json of "
    "Karpathy's caption_datasets.zip in a folder karpathy there or beside it"
)
NEEDS = {"": COCO_NEEDS, "attngan": f"{COCO_NEEDS}, and {ATTNGAN} (AttnGAN's prepared COCO)"}
PUBLISHED = {
    "images": 123_287, "train": 82_783, "test": 40_504, "validation": 5_000, "karpathy_restval": 30_504,
    "karpathy_test": 5_000, "captions": 616_767, "categories": 80,
}  # fmt: skip
SPLITS = {
    "train": ("train", "karpathy_train", "karpathy_train_restval"),
    "restval": ("test", "karpathy_restval", "karpathy_train_restval"),
    "val": ("test", "validation"),
    "test": ("test", "karpathy_test"),
}
"""Karpathy's split of an image -> the splits that it is in here"""


def find_raw(raw: Path, name: str) -> Path | None:
    """The raw file or folder ``name``, None where it is missing. Karpathy's and AttnGAN's may lie in folders beside ``raw``."""
    beside = name == KARPATHY or name.startswith(f"{ATTNGAN}/")
    return found(raw, name) if beside or (raw / name).exists() else None


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The folders below ``raw`` -> images with captions, objects and attributes.

    Options as in forms.py (76 pixels, squashed; alignDRAW takes 32, AttnGAN 304 of the shorter side; crops: none or centre), and
    ``captions``: raw, as the annotation files have them, or karpathy_tokens; AttnGAN's edition has its own. Raises RedrawError
    for a file that is missing, contradicts another one, or is not of its form (which file, which entry, what was expected).
    """
    options = dict(options)
    asked = karpathy.captions_of(options, writer.dataset)
    form = form_of(options, writer.dataset, ("none", "centre"))
    kind = edition(written_as(writer.dataset))
    if kind and asked != karpathy.CAPTIONS[0]:
        raise RedrawError(f"{writer.dataset}: captions {asked!r}: this edition has AttnGAN's: leave the option away")
    at = {name: required(raw, name, find_raw(raw, name), writer.dataset, NEEDS[kind]) for name in RAW_FILES[kind]}
    annotations = raw / "annotations"
    images = _images(annotations)
    for part in PARTS:
        same_pictures(raw / part, images.names(part), f"captions_{part}.json")
    texts = _captions(annotations, images)
    split_of, tokens = _karpathy(at[KARPATHY], annotations, images, texts, asked == "karpathy_tokens")
    theirs = None
    if kind:
        names = [images.name(row) for row in range(len(images.ids))]
        theirs = coco_text.of_attngan(at[f"{ATTNGAN}/{attngan.CAPTIONS}"].parent, names, "annotations", writer)
    objects = Objects.read(annotations, images.part_of, images.sizes)
    writer.classes, writer.categories = ["coco"], objects.categories
    writer.attributes = [f"present::{name}" for name in objects.categories]
    pictures, others = Pictures(), OtherCounts()
    counts = Counter(images=len(images.ids), categories=len(objects.categories))

    def item(row: int) -> Item:
        check = partial(_check_size, annotations, images, row)
        return Item(raw / f"{images.name(row)}.jpg", objects=objects.of(row), check=check)

    for row, shaped in enumerate(pictures.stream(map(item, range(len(images.ids))), form)):
        name, captions = images.name(row), tokens.of(row)
        if not captions:
            raise RedrawError(f"{at[KARPATHY]}: no tokens in any sentence of {name}: {GET_AGAIN}")
        splits, released = SPLITS[split_of[row]], ()
        if theirs:
            captions, splits, released = theirs.of(name, splits)
        else:
            others.see(len(captions), name)
        present = np.zeros(len(objects.categories), np.int8)
        present[shaped.objects[:, 0].astype(np.intp)] = 1
        writer.add(
            shaped.image, 0, name, splits, captions, attributes=present, objects=shaped.objects, released=released
        )
        counts.update(splits)
        counts["captions"] += len(captions)
    pictures.tell(writer)
    (theirs.reader if theirs else tokens).tell(writer)
    others.tell(writer)
    objects.tell(writer, images.name)
    if family(writer.dataset) == "coco":
        known = {what: n for what, n in PUBLISHED.items() if what != "captions" or not theirs}  # five an image there
        compare_counts(counts, known, "COCO 2014", writer)


# --- inside ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Images:
    """All images in their order: a row each."""

    ids: list[int]
    sizes: np.ndarray  # [N, 2] int32: width, height
    part_of: dict[str, dict[int, int]]  # {train2014 or val2014: {id: row}}

    def part(self, row: int) -> str:
        return PARTS[row >= len(self.part_of[PARTS[0]])]

    def name(self, row: int) -> str:
        part = self.part(row)
        return f"{part}/{_file(part, self.ids[row])}"

    def names(self, part: str) -> set[str]:
        return {f"{_file(part, i)}.jpg" for i in self.part_of[part]}


def _file(part: str, i: int) -> str:
    return f"COCO_{part}_{i:012d}"


def _images(annotations: Path) -> _Images:
    ids: list[int] = []
    sizes: list[np.ndarray] = []
    part_of: dict[str, dict[int, int]] = {}
    for part in PARTS:
        path, read = annotations / f"captions_{part}.json", array("q")
        fields = {"id": int, "file_name": str, "width": int, "height": int}
        for number, entry in entries(path, "images", fields):
            expected = f"{_file(part, entry['id'])}.jpg"
            if entry["file_name"] != expected:
                fail(path, f"images, entry {number}", f"file_name {entry['file_name']!r}, expected {expected!r}")
            if part != PARTS[0] and entry["id"] in part_of[PARTS[0]]:
                said = f"id {entry['id']} is in captions_{PARTS[0]}.json too"
                fail(path, f"images, entry {number}", said, GET_BOTH)
            read.extend((entry["id"], entry["width"], entry["height"]))
        table = np.array(read).reshape(-1, 3)
        no_doubles(path, "images", "id", read[::3])
        table = table[np.argsort(table[:, 0])]
        part_of[part] = {i: row for row, i in enumerate(table[:, 0].tolist(), len(ids))}
        ids += part_of[part]
        sizes.append(table[:, 1:])
    return _Images(ids, np.concatenate(sizes).astype(np.int32), part_of)


def _captions(annotations: Path, images: _Images) -> CaptionLists:
    texts = CaptionLists()
    for part in PARTS:
        path, ids, rows = annotations / f"captions_{part}.json", array("q"), images.part_of[part]
        for number, entry in entries(path, "annotations", {"id": int, "image_id": int, "caption": str}):
            row = rows.get(entry["image_id"])
            if row is None:
                fail(path, f"annotations, entry {number}", f"image_id {entry['image_id']} is not among its images")
            texts.add(row, entry["id"], entry["caption"], images.name(row))
            ids.append(entry["id"])
        no_doubles(path, "annotations", "id", ids)
        for i, row in rows.items():
            if not texts.of(row):
                raise RedrawError(f"{path}: no caption of image {i} ({_file(part, i)}.jpg): {GET_AGAIN}")
    return texts


def _karpathy(
    path: Path, annotations: Path, images: _Images, texts: CaptionLists, wanted: bool
) -> tuple[list[str], CaptionLists]:
    """Karpathy's split of each row; and his tokens where they are ``wanted``, else ``texts``."""
    split_of, tokens = [""] * len(images.ids), CaptionLists()
    for image in karpathy.read(path, tuple(SPLITS), of_coco=True):
        where, part = f"images, entry {image.number}", PARTS[image.split != "train"]
        row = images.part_of[part].get(image.cocoid)
        other = f"captions_{part}.json"
        if row is None:
            fail(path, where, f"cocoid {image.cocoid} of split {image.split} is not in {other}", GET_BOTH)
        if image.name != f"{_file(part, image.cocoid)}.jpg":
            fail(path, where, f"filename {image.name!r}, but cocoid {image.cocoid} of split {image.split}")
        karpathy.same_captions(path, image, texts.of(row), other)
        split_of[row] = image.split
        if wanted:
            for sentid, _, words in image.sentences:
                tokens.add(row, sentid, words, images.name(row))
    for row, split in enumerate(split_of):
        if not split:
            raise RedrawError(f"{path}: nothing is said of {images.name(row)}.jpg: {GET_BOTH}")
    return split_of, tokens if wanted else texts


def _check_size(annotations: Path, images: _Images, row: int, width: int, height: int) -> None:
    said, part = tuple(images.sizes[row].tolist()), images.part(row)
    if said != (width, height):
        fail(
            annotations / f"captions_{part}.json", f"images, id {images.ids[row]}",
            f"{said[0]} x {said[1]} pixels, but {images.name(row)}.jpg has {width} x {height}", GET_BOTH,
        )  # fmt: skip
