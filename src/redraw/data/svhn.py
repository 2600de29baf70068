"""Street View House Numbers (Netzer et al., 2011), cropped digits, from their MATLAB files.

    train_32x32.mat, test_32x32.mat, extra_32x32.mat (for option ``extra``)
    X [32, 32, 3, N] uint8, y [N, 1] from 1 to 10, where 10 means the digit 0

Splits: train, validation (the last tenth of train_32x32.mat: the published set has none), test, own_train (both of the first),
and extra. The files are read a thousand images at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import family
from .forms import form_of
from .lists import GET_AGAIN, all_different, compare_counts, compare_files, required, split_options
from .lists import found as find_raw
from .matlab import array_blocks, array_shape, read_whole_numbers
from .writer import PreparedWriter

FILES = {split: f"{split}_32x32.mat" for split in ("train", "test", "extra")}
RAW_FILES = (FILES["train"], FILES["test"])
NEEDS = "train_32x32.mat and test_32x32.mat"
PUBLISHED = {"own_train": 73_257, "test": 26_032}
"""Unverified, as is the 531,131 of extra."""
PUBLISHED_EXTRA = {"extra": 531_131}
SHA256 = {
    "train_32x32.mat": "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
    "test_32x32.mat": "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
    "extra_32x32.mat": "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3",
}
SIDE = 32
AT_ONCE = 1000  # images
TENTH = 10


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The files below ``raw`` -> images [32, 32, 3], or in the form of forms.py, in the order of the files; classes are digits.

    Option ``extra`` (false): extra_32x32.mat becomes a split of its own. Raises RedrawError for a file that is missing, damaged
    or not of the form.
    """
    own, rest = split_options(options, {"extra": False})
    form = form_of(rest, writer.dataset, ("none", "centre"), size=None)
    if not isinstance(own["extra"], bool):
        raise RedrawError(f"{writer.dataset}: extra {own['extra']!r}: give true or false")
    files = {split: name for split, name in FILES.items() if split != "extra" or own["extra"]}
    needs = f"{NEEDS}, and {FILES['extra']} for option extra" if own["extra"] else NEEDS
    paths = {split: required(raw, name, find_raw(raw, name), writer.dataset, needs) for split, name in files.items()}
    all_different(paths.values())
    writer.classes = [str(digit) for digit in range(10)]
    labels = {split: _labels(path) for split, path in paths.items()}
    counts: Counter[str] = Counter()
    for split, path in paths.items():
        n = len(labels[split])
        kept = n - max(1, n // TENTH) if split == "train" else n
        for i, (image, label) in enumerate(zip(_images(path), labels[split].tolist(), strict=True)):
            splits = [split] if split != "train" else ["train" if i < kept else "validation", "own_train"]
            writer.add(form.apply(image).image, label % 10, f"{split}-{i:06d}", splits)
            counts.update(splits)
    if family(writer.dataset) == "svhn":
        compare_files(writer, SHA256, "SVHN")
        compare_counts(counts, PUBLISHED | (PUBLISHED_EXTRA if own["extra"] else {}), "SVHN", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _labels(path: Path) -> np.ndarray:
    """[N] from 1 to 10, as many as there are images."""
    shape = array_shape(path, "X")
    if shape is None or len(shape) != 4 or shape[:3] != (SIDE, SIDE, 3):
        said = "is missing" if shape is None else f"is {' x '.join(map(str, shape))}"
        raise RedrawError(f"{path}: X {said}, expected {SIDE} x {SIDE} x 3 x N: {GET_AGAIN}")
    labels = read_whole_numbers(path, "y")
    if len(labels) != shape[3]:
        raise RedrawError(f"{path}: X has {shape[3]} images, but y has {len(labels)} labels: {GET_AGAIN}")
    bad = np.flatnonzero((labels < 1) | (labels > 10))
    if len(bad):
        raise RedrawError(f"{path}: y: label {labels[bad[0]]} of image {bad[0] + 1}, expected 1 to 10: {GET_AGAIN}")
    return labels


def _images(path: Path) -> Iterator[np.ndarray]:
    for block in array_blocks(path, "X", AT_ONCE):
        if block.dtype != np.uint8:
            raise RedrawError(f"{path}: X is made of {block.dtype.name}, expected uint8: {GET_AGAIN}")
        yield from np.ascontiguousarray(block.transpose(3, 0, 1, 2))
