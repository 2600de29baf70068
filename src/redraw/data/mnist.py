"""MNIST from its IDX files, plain or gzipped, and a writer of such files for what stands in for it.

The four files hold a training and a test split. The VED paper speaks of a validation set as well and does not say
which: here it is the last part of the training split, a sixth by default (10,000 of MNIST's 60,000). The paper's
released code validates on the test split instead. Two editions are made of the same files: captioned (digit_scenes.py) and
cluttered (digit_clutter.py).
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..core import RedrawError, atomic_path
from .digit_clutter import write_cluttered
from .digit_scenes import DIGIT, Digits, write_captioned
from .lists import GET_AGAIN, edition, none_left, required, split_options
from .writer import PreparedWriter

RAW_FILES = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip
NEEDS = "the four IDX files, plain or as .gz"
PUBLISHED = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
"""SHA-256 of MNIST's own files, from the checksum lists of TensorFlow Datasets. Fashion-MNIST has the same names."""

COMPOSED = {"captioned": write_captioned, "cluttered": write_cluttered}
"""What makes an edition of all digits, {split: digits}."""

UBYTE = 0x08  # IDX's code of unsigned bytes


def find_raw(raw: str | os.PathLike, name: str) -> Path | None:
    """The raw file ``name``, plain or, where there is no plain one, gzipped; None where there is neither."""
    return next((p for p in (Path(raw) / name, Path(raw) / f"{name}.gz") if p.is_file()), None)


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The IDX files of folder ``raw`` -> splits train, validation and test of grey images, or of what an edition makes of them.

    Option ``validation_size``: how many of the last training images validate. Raises RedrawError for a file that is
    missing or not as the format says (which file, what was expected, what was found).
    """
    own, others = split_options(options, {"validation_size": None})
    none_left(others, writer.dataset, own)
    kind = edition(writer.dataset, ["", *COMPOSED])
    for name, said in writer.raw.items():
        if name in PUBLISHED and said["sha256"] != PUBLISHED[name]:
            writer.note(f"{name} is not MNIST's published file, as its SHA-256 shows: is another data set wanted here?")
    if kind:
        COMPOSED[kind](_whole(raw, writer.dataset, own["validation_size"]), writer)
        return
    writer.classes = [str(digit) for digit in range(10)]
    for image, label, name, split in _digits(raw, writer.dataset, own["validation_size"]):
        writer.add(image, label, name, split)


def write_idx(path: str | os.PathLike, values: np.ndarray) -> None:
    """Write uint8 ``values`` of any number of dimensions as an IDX file: magic number, sizes (big-endian), bytes."""
    if values.dtype != np.uint8:
        raise ValueError(f"{path}: IDX files are written of uint8, not {values.dtype}")
    with atomic_path(path) as part:
        part.write_bytes(
            struct.pack(f">BBBB{values.ndim}I", 0, 0, UBYTE, values.ndim, *values.shape) + values.tobytes()
        )


# --- inside ------------------------------------------------------------------------------------------------------


def _digits(raw: Path, dataset: str, asked: int | None) -> Iterator[tuple[np.ndarray, int, str, str]]:
    """Image [H, W] uint8, label, name and split of every digit, in the order of the files."""
    for part in ("train", "t10k"):
        images, labels = (
            required(raw, f"{name}[.gz]", find_raw(raw, name), dataset, "the four IDX files")
            for name in RAW_FILES
            if name.startswith(part)
        )
        read = _pairs(images, labels)
        n = next(read)[1]
        kept = n - _validation_size(asked, n, dataset) if part == "train" else n
        for i, (image, label) in enumerate(read):
            split = "test" if part == "t10k" else "train" if i < kept else "validation"
            yield image, label, f"{part}-{i:05d}", split


def _whole(raw: Path, dataset: str, asked: int | None) -> dict[str, Digits]:
    """All digits of the size of MNIST's, by split. Raises RedrawError for others."""
    found: dict[str, tuple[list[np.ndarray], list[int]]] = {}
    for image, label, name, split in _digits(raw, dataset, asked):
        if image.shape != (DIGIT, DIGIT):
            said = " x ".join(map(str, image.shape))
            raise RedrawError(
                f"{raw}: image {name} has {said} pixels, expected {DIGIT} x {DIGIT}: put MNIST's own files there"
            )
        images, labels = found.setdefault(split, ([], []))
        images.append(image)
        labels.append(label)
    return {split: Digits(np.stack(images), np.array(labels)) for split, (images, labels) in found.items()}


def _validation_size(asked: int | None, n: int, dataset: str) -> int:
    size = round(n / 6) if asked is None else asked
    if not isinstance(size, int) or not 0 < size < n:
        raise RedrawError(f"{dataset}: validation_size {size!r} of {n} training images: give a whole number below {n}")
    return size


def _pairs(images: Path, labels: Path) -> Iterator[tuple[np.ndarray, int]]:
    """First (no image, number of pairs), then image [H, W] uint8 and label of each."""
    with _opened(labels) as f:
        (n,) = _header(f, labels, 1)
        digits = np.frombuffer(_exactly(f, n, labels), np.uint8)
        _nothing_left(f, labels)
    if n and digits.max() > 9:
        where = int(np.argmax(digits > 9))
        raise RedrawError(f"{labels}: label {digits[where]} at position {where}, expected 0 to 9: {GET_AGAIN}")
    with _opened(images) as f:
        count, height, width = _header(f, images, 3)
        if count != n:
            raise RedrawError(f"{images}: {count} images, but {labels.name} has {n} labels: get both files again")
        if 0 in (count, height, width):
            raise RedrawError(
                f"{images}: {count} images of {height} x {width} pixels, expected at least one: {GET_AGAIN}"
            )
        yield np.empty((0, 0), np.uint8), n
        for digit in digits.tolist():
            yield np.frombuffer(_exactly(f, height * width, images), np.uint8).reshape(height, width), digit
        _nothing_left(f, images)


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def _header(f: BinaryIO, path: Path, dimensions: int) -> tuple[int, ...]:
    magic = _exactly(f, 4, path)
    if magic[:3] != bytes((0, 0, UBYTE)):
        hint = f"it is gzipped, rename it to {path.name}.gz" if magic[:2] == b"\x1f\x8b" else GET_AGAIN
        raise RedrawError(
            f"{path}: magic number {magic.hex()}, expected {UBYTE:06x}{dimensions:02x} (IDX, uint8): {hint}"
        )
    if magic[3] != dimensions:
        raise RedrawError(
            f"{path}: {magic[3]} dimensions, expected {dimensions} (are image and label files mixed up?): {GET_AGAIN}"
        )
    return struct.unpack(f">{dimensions}I", _exactly(f, 4 * dimensions, path))


def _exactly(f: BinaryIO, n: int, path: Path) -> bytes:
    at = f.tell()
    try:
        data = f.read(n)
    except (EOFError, gzip.BadGzipFile, zlib.error) as e:
        raise RedrawError(f"{path}: broken gzip file after {at} bytes of content ({e}): {GET_AGAIN}") from None
    if len(data) != n:
        raise RedrawError(f"{path}: truncated: {at + len(data)} bytes, expected at least {at + n}: {GET_AGAIN}")
    return data


def _nothing_left(f: BinaryIO, path: Path) -> None:
    at = f.tell()
    try:
        more = f.read(1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as e:  # the checksum at the end of a gzip file is read here
        raise RedrawError(f"{path}: broken gzip file after {at} bytes of content ({e}): {GET_AGAIN}") from None
    if more:
        raise RedrawError(f"{path}: trailing bytes behind the {at} that its header announces: {GET_AGAIN}")
