"""Oxford-102 flowers (Nilsback and Zisserman, 2008) with the captions and class lists of Reed et al. (2016).

    jpg/image_00001.jpg …    imagelabels.mat (labels, from 1)    setid.mat (trnid, valid, tstid)
    cvpr2016_flowers/        text_c10/class_00001/image_00001.txt and the class lists (reed.py)

Splits: train (Reed's 82 classes), validation (20 of these), test (the other 20); own_train and own_test, Oxford's own, which
share their classes: tstid is by far the largest of its lists and trains, trnid and valid test; and what both say,
train_own_train to test_own_test. There are no boxes and no attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import family
from . import reed
from .forms import form_of
from .lists import GET_AGAIN, compare_counts, required, same_pictures
from .lists import found as find_raw
from .matlab import read_whole_numbers
from .pictures import Item, Pictures
from .writer import PreparedWriter

REED = "cvpr2016_flowers"
LABELS, SETS = "imagelabels.mat", "setid.mat"
RAW_FILES = ("jpg", LABELS, SETS, *(f"{REED}/{name}" for name in (reed.CAPTIONS, *reed.LISTS)))
NEEDS = f"the unpacked folders jpg (102flowers.tgz) and {REED} (captions of Reed et al.), {LABELS} and {SETS}"
PUBLISHED = {"images": 8_189, "classes": 102, "train": 7_034, "test": 1_155}
OWN = {"trnid": "own_test", "valid": "own_test", "tstid": "own_train"}


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The folders below ``raw`` -> images [size, size, 3] with captions, in the order of their numbers.

    Options as in forms.py. Raises RedrawError for a file that is missing, contradicts another one, or is not of its form.
    """
    form = form_of(options, writer.dataset, ("none",))
    for name in RAW_FILES:
        required(raw, name, find_raw(raw, name), writer.dataset, NEEDS)
    pictures, captions = Pictures(), reed.Captions(raw / REED)
    labels = _labels(raw / LABELS)
    own = _own_split(raw / SETS, len(labels))
    named = {f"{_name(i)}.jpg" for i in range(1, len(labels) + 1)}
    same_pictures(raw / "jpg", named, LABELS, stranger="none of them")
    writer.classes = [f"class_{k:05d}" for k in range(1, int(labels.max()) + 1)]
    splits = reed.class_splits(raw / REED, writer.classes)
    keys = [f"{writer.classes[label - 1]}/{_name(i)}" for i, label in enumerate(labels.tolist(), 1)]
    captions.check(keys, LABELS)
    texts = [captions.read(key) for key in keys]
    counts = Counter(images=len(labels), classes=len(writer.classes))
    items = (Item(raw / "jpg" / f"{_name(i)}.jpg") for i in range(1, len(labels) + 1))
    for i, (label, found) in enumerate(zip(labels.tolist(), pictures.stream(items, form), strict=True), 1):
        of_class = [split for split, members in splits.items() if writer.classes[label - 1] in members]
        both = [f"{split}_{own[i]}" for split in of_class if split != "validation"]
        writer.add(found.image, label - 1, f"jpg/{_name(i)}", [*of_class, own[i], *both], texts[i - 1])
        counts.update(of_class)
    pictures.tell(writer)
    captions.tell(writer)
    if family(writer.dataset) == "oxford102":
        compare_counts(counts, PUBLISHED, "Oxford-102", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _name(i: int) -> str:
    return f"image_{i:05d}"


def _labels(path: Path) -> np.ndarray:
    labels = read_whole_numbers(path, "labels")
    if not len(labels) or labels.min() < 1:
        raise RedrawError(f"{path}: labels from {labels.min(initial=0)}, expected from 1: {GET_AGAIN}")
    present = np.unique(labels)
    lacking = np.flatnonzero(present != np.arange(1, len(present) + 1))
    if len(lacking):
        raise RedrawError(f"{path}: class {lacking[0] + 1} of {labels.max()} has no image: {GET_AGAIN}")
    return labels


def _own_split(path: Path, n: int) -> dict[int, str]:
    """{image, from 1: own_train or own_test}."""
    found: dict[int, str] = {}
    for name in OWN:
        for i in read_whole_numbers(path, name).tolist():
            if not 1 <= i <= n:
                raise RedrawError(f"{path}: {name} names image {i}, but {LABELS} has {n} images: get both files again")
            if i in found:
                raise RedrawError(f"{path}: image {i} is in {found[i]} and in {name}, expected once: {GET_AGAIN}")
            found[i] = name
    for i in range(1, n + 1):
        if i not in found:
            raise RedrawError(f"{path}: image {i} is in none of {', '.join(OWN)}: {GET_AGAIN}")
    return {i: OWN[name] for i, name in found.items()}
