"""MNIST binarised once and for all (Larochelle and Murray, 2011), from its three .amat files.

    binarized_mnist_{train,valid,test}.amat     ASCII, 784 of 0 or 1 a line, a space between any two: 1,568 bytes a line

Images are 28 x 28, 0 or 255; there are no labels. Splits: train, validation, test. The released code of IWAE joins train and
validation and takes the last 10,000 to validate, which are the same again. A likelihood on these is never to be compared with
one on digits that are binarised anew for each minibatch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import family
from .lists import GET_AGAIN, all_different, compare_counts, compare_files, fail, none_left, required
from .lists import found as find_raw
from .writer import PreparedWriter

PARTS = {"train": "train", "valid": "validation", "test": "test"}
RAW_FILES = tuple(f"binarized_mnist_{part}.amat" for part in PARTS)
NEEDS = "the three files binarized_mnist_{train,valid,test}.amat"
PUBLISHED = {"train": 50_000, "validation": 10_000, "test": 10_000}
SHA256 = {
    "binarized_mnist_train.amat": "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
    "binarized_mnist_valid.amat": "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
    "binarized_mnist_test.amat": "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
}
"""Of the published files, from the checksum lists of TensorFlow Datasets."""

SIDE = 28
LINE = 2 * SIDE * SIDE  # bytes
AT_ONCE = 1000  # lines


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The files below ``raw`` -> images [28, 28] in the order of their lines. There are no options.

    Raises RedrawError for a file that is missing, and for a line that is not of the form (which file, which line).
    """
    none_left(options, writer.dataset, ())
    paths = {name: required(raw, name, find_raw(raw, name), writer.dataset, NEEDS) for name in RAW_FILES}
    all_different(paths.values())
    writer.classes = ["digit"]
    counts: Counter[str] = Counter()
    for (part, split), path in zip(PARTS.items(), paths.values(), strict=True):
        for block in _blocks(path, writer):
            for image in block:
                writer.add(image, 0, f"{part}-{counts[split]:05d}", split)
                counts[split] += 1
    if family(writer.dataset) == "binarized_mnist":
        compare_files(writer, SHA256, "binarised MNIST")
        compare_counts(counts, PUBLISHED, "binarised MNIST", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _blocks(path: Path, writer: PreparedWriter) -> Iterator[np.ndarray]:
    """[n, 28, 28] uint8, a thousand lines at a time."""
    with open(path, "rb") as f:
        before = 0
        while content := f.read(AT_ONCE * LINE):
            if len(content) % LINE == LINE - 1 and content[-1:] in b"01":
                writer.note(f"{path.name}: no line end behind its last line, taken as it is")
                content += b"\n"
            whole = len(content) // LINE
            rows = np.frombuffer(content, np.uint8, whole * LINE).reshape(whole, LINE)
            sound = ((rows[:, ::2] >> 1) == ord("0") >> 1).all(1) & (rows[:, 1:-1:2] == ord(" ")).all(1)
            sound &= rows[:, -1] == ord("\n")
            bad = whole if sound.all() else int(np.argmin(sound))
            if bad * LINE < len(content):
                _refuse(path, before + bad + 1, content[bad * LINE : (bad + 2) * LINE])
            yield ((rows[:, ::2] & 1) * np.uint8(255)).reshape(whole, SIDE, SIDE)
            before += whole
    if not before:
        raise RedrawError(f"{path}: empty: {GET_AGAIN}")


def _refuse(path: Path, number: int, content: bytes) -> None:
    """Raises RedrawError that says what is wrong with the line that ``content`` begins with."""
    line, end, _ = content.partition(b"\n")
    if line.endswith(b"\r"):
        fail(path, number, "ends with CR LF, expected LF alone as in the published file")
    wanted = LINE - 1
    other = next((k for k, byte in enumerate(line[:wanted]) if byte not in (b" " if k % 2 else b"01")), None)
    if other is not None:
        expected = "a space" if other % 2 else "0 or 1"
        fail(path, number, f"{chr(line[other])!r} in column {other + 1}, expected {expected}")
    cut = "" if end or len(line) > wanted else " and no line end, the file is cut off"
    fail(
        path, number, f"{'more than ' * (not end and len(line) > wanted)}{len(line)} characters{cut}, expected {wanted}"
    )
