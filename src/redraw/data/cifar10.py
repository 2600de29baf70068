"""CIFAR-10 (Krizhevsky, 2009) from its binary version, which needs no pickle.

    cifar-10-batches-bin/   data_batch_1.bin to data_batch_5.bin, test_batch.bin: records of a label and 3 x 32 x 32 bytes, all of
                            red, then green, then blue, row by row; batches.meta.txt: a class a line

Splits: train, validation (the last tenth of the training images: the published set has none), test, own_train (the first two).
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
from .lists import GET_AGAIN, all_different, compare_counts, lines, required
from .lists import found as find_raw
from .writer import PreparedWriter

HOME = "cifar-10-batches-bin"
TRAINING = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
TEST, META = "test_batch.bin", "batches.meta.txt"
RAW_FILES = tuple(f"{HOME}/{name}" for name in (*TRAINING, TEST, META))
NEEDS = f"the unpacked folder {HOME} (cifar-10-binary.tar.gz)"
PUBLISHED = {"own_train": 50_000, "test": 10_000, "classes": 10}
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # bytes
AT_ONCE = 1000  # records
TENTH = 10


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The folder below ``raw`` -> images [32, 32, 3], or in the form of forms.py, in the order of the files.

    Raises RedrawError for a file that is missing, cut off, or has a label that is no class.
    """
    form = form_of(options, writer.dataset, ("none", "centre"), size=None)
    paths = {name: required(raw, name, find_raw(raw, name), writer.dataset, NEEDS) for name in RAW_FILES}
    writer.classes = _classes(paths[f"{HOME}/{META}"])
    sizes = {name: _records(paths[f"{HOME}/{name}"]) for name in (*TRAINING, TEST)}
    all_different(paths[f"{HOME}/{name}"] for name in sizes)
    training = sum(sizes[name] for name in TRAINING)
    kept = training - max(1, training // TENTH)
    counts = Counter(classes=len(writer.classes))
    for name in sizes:
        batch = name.removesuffix(".bin")
        for i, (label, image) in enumerate(_batch(paths[f"{HOME}/{name}"], writer.classes)):
            splits = ["test"]
            if name != TEST:
                splits = ["train" if counts["own_train"] < kept else "validation", "own_train"]
            writer.add(form.apply(image).image, label, f"{batch}/{i:05d}", splits)
            counts.update(splits)
    if family(writer.dataset) == "cifar10":
        compare_counts(counts, PUBLISHED, "CIFAR-10", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _classes(path: Path) -> list[str]:
    found: list[str] = []
    for number, name in lines(path):
        if name in found:
            raise RedrawError(f"{path}, line {number}: class {name} comes twice: {GET_AGAIN}")
        found.append(name)
    if not found:
        raise RedrawError(f"{path}: no class in it, expected a name a line: {GET_AGAIN}")
    return found


def _records(path: Path) -> int:
    size = path.stat().st_size
    if size % RECORD or not size:
        raise RedrawError(
            f"{path}: {size} bytes, expected a whole number of records of {RECORD} (a label and 3 x {SIDE} x {SIDE}): {GET_AGAIN}"
        )
    return size // RECORD


def _batch(path: Path, classes: list[str]) -> Iterator[tuple[int, np.ndarray]]:
    """Label and image [32, 32, 3] uint8 of each record."""
    before = 0
    with open(path, "rb") as f:
        while content := f.read(AT_ONCE * RECORD):
            records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
            bad = np.flatnonzero(records[:, 0] >= len(classes))
            if len(bad):
                raise RedrawError(
                    f"{path}: label {records[bad[0], 0]} of record {before + bad[0] + 1}, but {META} names {len(classes)} "
                    f"classes: {GET_AGAIN}"
                )
            images = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))
            yield from zip(records[:, 0].tolist(), images, strict=True)
            before += len(records)
