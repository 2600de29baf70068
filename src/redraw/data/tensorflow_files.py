"""TensorFlow's files, read without TensorFlow: checkpoints of version 1 and 2, and graphs with their weights.

    birds_model.ckpt                             version 1: a sorted table with all in it (tensorflow/core/util, to 0.12)
    model.ckpt.index, .data-00000-of-00001       version 2: a sorted table of what lies where, and the bytes
    classify_image_graph_def.pb                  GraphDef: operations, the weights among them as constants

Arrays come as they are stored: kernels [height, width, in, out], matrices [in, out]. StackGAN's variables are below g_net/,
hr_g_net/, d_net/ and hr_d_net/, those of a normalisation called mean, variance, gamma and beta.

A file is mapped, not read: memory holds what is asked for. Checksums are compared for all that is returned.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import struct
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from ..core import RedrawError
from . import tensorflow_arrays as arrays
from .checksums import masked_crc32c
from .lists import GET_AGAIN
from .protobuf import as_bytes, as_number, as_text, fields
from .sstable import entries, is_table
from .tensorflow_arrays import Variable


def variables(path: Path) -> dict[str, Variable]:
    """{name: type and shape} of a checkpoint's variables, in its order. Raises RedrawError, one line, for a damaged one.

    ``path`` is the file of version 1, or of version 2 the .index file or the name before it.
    """
    with _opened(_table(path)) as table:
        return {name: entry.about for name, entry in _contents(table).items()}


def read_variables(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """{name: array} of a checkpoint's variables, or of those in ``names``; without ``names`` those of numbers.

    Raises RedrawError, one line, for a name that is not in it, and for a damaged file.
    """
    source = _table(path)
    with _opened(source) as table:
        found = _contents(table)
        if missing := [name for name in names or () if name not in found]:
            raise ValueError(f"no variable {missing[0]!r} among its {len(found)}")
        kept = {name: found[name] for name in found if name in names} if names is not None else found
        if names is None:
            kept = {name: entry for name, entry in found.items() if entry.kind in arrays.DTYPES}
        return _bundled(source, kept) if source.suffix == ".index" else _saved(table, kept)


def constants(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of a graph's constants that are made of numbers. Raises RedrawError for what is no graph."""
    with _opened(path) as content:
        if not len(content):
            raise ValueError("it is empty")
        found: dict[str, np.ndarray] = {}
        for number, node in fields(content):
            if number == 1:
                name, operation, value = _node(as_bytes(node, "an operation"))
                if operation != "Const" or value is None or _kind(value) not in arrays.DTYPES:
                    continue
                if name in found:
                    raise ValueError(f"two constants {name!r}")
                with _named(name):
                    found[name] = arrays.tensor(value, len(content)).copy()
        if not found:
            raise ValueError("no constant in it")
        return found


# --- inside ------------------------------------------------------------------------------------------------------


class _Entry:
    def __init__(self, message: memoryview, type_field: int, slice_field: int) -> None:
        self.kind, self.shape, self.slices = 0, (), []
        self.numbers: dict[int, int | memoryview] = {}
        for number, value in fields(message):
            if number == type_field:
                self.kind = as_number(value, "a type")
            elif number == 2:
                self.shape = arrays.shape_of(as_bytes(value, "a shape"))
            elif number == slice_field:
                self.slices.append(as_bytes(value, "a part"))
            else:
                self.numbers[number] = value
        self.about = arrays.described(self.kind, self.shape)

    def number(self, field: int) -> int:
        return as_number(self.numbers.get(field, 0), "an offset or a size")


def _table(path: Path) -> Path:
    """The file with the sorted table of the checkpoint that ``path`` names."""
    index = path.with_name(f"{path.name}.index")
    return index if not path.exists() and index.exists() else path


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[memoryview]:
    try:
        with open(path, "rb") as file:
            empty = not file.seek(0, 2)
            mapped = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise RedrawError(f"{path}: no such file: get it, then run the same command") from None
    except OSError as e:
        raise RedrawError(f"{path}: not read ({e.strerror}): give a file that can be") from None
    try:
        yield memoryview(mapped)
    except (ValueError, struct.error, UnicodeDecodeError) as e:
        raise RedrawError(f"{path}: no such file of TensorFlow, or a damaged one: {e}: {GET_AGAIN}") from None


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, struct.error) as e:
        raise ValueError(f"{name}: {e}") from None


def _contents(table: memoryview) -> dict[str, _Entry]:
    """What is said of each variable, in a table of either version."""
    if not is_table(table):
        raise ValueError("its last bytes are not those of a checkpoint's table")
    rows = entries(table)
    key, head, block = next(rows, (None, None, None))
    if key != b"":
        raise ValueError("its first entry does not say what it holds")
    block.check()
    parts = list(fields(head))
    meta = [as_bytes(value, "its contents") for number, value in parts if number == 1 and not isinstance(value, int)]
    found: dict[str, _Entry] = {}
    if meta:  # SavedTensorSlices
        for number, value in (pair for part in meta for pair in fields(part)):
            if number == 1:
                about = _Entry(as_bytes(value, "a variable"), 3, 4)
                _add(found, as_text(about.numbers.get(1, 0), "a name"), about)
        return found
    if any(number == 2 and value for number, value in parts):  # BundleHeaderProto
        raise ValueError("it was written on a machine of the other byte order")
    shards = [value for number, value in parts if number == 1]
    if shards != [1]:
        raise ValueError(f"its data lie in {shards[0] if shards else 0} files, expected one")
    for key, value, block in rows:
        block.check()
        _add(found, as_text(memoryview(key), "a name"), _Entry(value, 1, 7))
    return found


def _add(found: dict[str, _Entry], name: str, entry: _Entry) -> None:
    if name in found:
        raise ValueError(f"two variables {name!r}")
    found[name] = entry


def _saved(table: memoryview, wanted: dict[str, _Entry]) -> dict[str, np.ndarray]:
    """Arrays of version 1, each in an entry of its own."""
    found: dict[str, np.ndarray] = {}
    for key, message, block in entries(table):
        for number, value in fields(message) if key else ():
            if number != 2:
                continue
            saved = {n: as_bytes(v, "a part") for n, v in fields(as_bytes(value, "a part"))}
            name = as_text(saved.get(1, memoryview(b"")), "a name")
            if name not in wanted:
                continue
            block.check()
            with _named(name):
                if name in found or not arrays.is_whole(saved.get(2, memoryview(b"")), wanted[name].shape):
                    raise ValueError("it lies in parts")
                numbers = arrays.numbers(saved.get(3, memoryview(b"")), wanted[name].kind)
                if len(numbers) != math.prod(wanted[name].shape):
                    raise ValueError(f"{len(numbers)} numbers for a shape of {list(wanted[name].shape)}")
                found[name] = numbers.reshape(wanted[name].shape).copy()
    if missing := [name for name in wanted if name not in found]:
        raise ValueError(f"{missing[0]}: it is announced, but not there")
    return {name: found[name] for name in wanted}


def _bundled(index: Path, wanted: dict[str, _Entry]) -> dict[str, np.ndarray]:
    """Arrays of version 2, from the file of data beside the index."""
    found = {}
    with _opened(index.with_name(f"{index.name.removesuffix('.index')}.data-00000-of-00001")) as data:
        for name, entry in wanted.items():
            with _named(name):
                dtype, offset, size = arrays.dtype_of(entry.kind), entry.number(4), entry.number(5)
                if entry.slices or entry.number(3):
                    raise ValueError("it lies in parts, or in another file")
                if offset + size > len(data) or size != dtype.itemsize * math.prod(entry.shape):
                    raise ValueError(f"{size} bytes from {offset} on for {entry.about}, of {len(data)}")
                content = data[offset : offset + size]
                checksum = as_bytes(entry.numbers.get(6, memoryview(bytes(4))), "a checksum")
                if masked_crc32c(content) != int.from_bytes(checksum, "little"):
                    raise ValueError("its checksum is that of other bytes")
                found[name] = np.frombuffer(content, dtype).reshape(entry.shape).copy()
    return found


def _node(message: memoryview) -> tuple[str, str, memoryview | None]:
    """(name, operation, TensorProto of its attribute "value") of a NodeDef."""
    name = operation = ""
    value = None
    for number, content in fields(message):
        if number == 1:
            name = as_text(content, "a name")
        elif number == 2:
            operation = as_text(content, "an operation")
        elif number == 5:
            pair = dict(fields(as_bytes(content, "an attribute")))
            if bytes(as_bytes(pair.get(1, memoryview(b"")), "an attribute")) == b"value" and 2 in pair:
                attribute = dict(fields(as_bytes(pair[2], "an attribute")))
                value = as_bytes(attribute[8], "a constant") if 8 in attribute else value
    return name, operation, value


def _kind(message: memoryview) -> int:
    return next((as_number(value, "a type") for number, value in fields(message) if number == 1), 0)
