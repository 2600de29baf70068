"""Networks as Caffe saves them (``*.caffemodel``): read without Caffe, layer by layer, on this machine's own terms.

The file is one message of Protocol Buffers: fields, each a tag (its number and how it is written) and a value. Of it are read

    NetParameter    2 layers, the older form · 100 layer
    layer           name and blobs: 4 and 6 in the older form, 1 and 7 in the newer one
    blob            5 data, float32, packed · 7 shape { 1 dim } · 1 to 4 num, channels, height, width, where there is no shape

and all else is passed over (BVLC/caffe@04a2c44, caffe.proto). The file is mapped, not loaded: an array takes memory when it is
copied. A file that ends early, or is not of this form, is refused with one line.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..core import RedrawError

VARINT, EIGHT_BYTES, MESSAGE, FOUR_BYTES = 0, 1, 2, 5
LAYER_FIELDS = {2: (4, 6), 100: (1, 7)}  # of NetParameter -> of a layer: name, blobs
SHAPE, DATA, DOUBLES, OLD_SHAPE = 7, 5, 8, (1, 2, 3, 4)
LONGEST_NAME = 256
MOST_AXES = 32  # Caffe's own limit


def layers(path: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The layers of the file that have weights, in its order: name and float32 arrays, which cannot be written to.

    Matrices are [out, in], biases [out], in the older form too.

    Raises RedrawError for a file that is missing, cut off or of another form.
    """
    try:
        with open(path, "rb") as f:
            mapped = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # nothing can be mapped
        _refuse(path, "it is empty")
    except OSError as e:
        raise RedrawError(f"{path}: cannot be read ({e.strerror}): put the file there") from None
    yield from _layers(memoryview(mapped), path)


# --- inside ------------------------------------------------------------------------------------------------------


def _layers(data: memoryview, path: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    seen: set[str] = set()
    some = False
    for number, kind, value in _fields(data, path):
        if number not in LAYER_FIELDS:
            continue
        if kind != MESSAGE:
            _refuse(path, "a layer is not written as one")
        some = True
        name, blobs = _layer(value, *LAYER_FIELDS[number], path)
        if not blobs:
            continue
        if name in seen:
            _refuse(path, f"layer {name} is in it twice")
        seen.add(name)
        yield name, blobs
        del blobs
    if not some:
        _refuse(path, "there are no layers in it")


def _layer(data: memoryview, name_field: int, blob_field: int, path: Path) -> tuple[str, list[np.ndarray]]:
    name, blobs = "", []
    for number, kind, value in _fields(data, path):
        if number == name_field and kind == MESSAGE and len(value) <= LONGEST_NAME:
            try:
                name = bytes(value).decode()
            except UnicodeDecodeError:
                _refuse(path, "the name of a layer is no text")
        elif number == blob_field:
            if kind != MESSAGE:
                _refuse(path, f"the weights of layer {name or '?'} are not written as such")
            blobs.append(value)
    if blobs and not name:
        _refuse(path, "a layer with weights has no name; Caffe's first form is not read")
    return name, [_blob(blob, f"{path}, layer {name}") for blob in blobs]


def _blob(data: memoryview, where: str) -> np.ndarray:
    shape: list[int] | None = None
    old: dict[int, int] = {}
    numbers = None
    for number, kind, value in _fields(data, where):
        if number == SHAPE and kind == MESSAGE:
            shape = _dims(value, where)
        elif number in OLD_SHAPE and kind == VARINT:
            old[number] = value
        elif number == DATA:
            if kind != MESSAGE or numbers is not None or len(value) % 4:
                _refuse(where, "its weights are not one packed row of 32-bit numbers")
            numbers = np.frombuffer(value, "<f4")
        elif number == DOUBLES:
            _refuse(where, "its weights are 64-bit numbers, which are not read")
    if shape is None:
        shape = _plain([old.get(k, 0) for k in OLD_SHAPE])
    if numbers is None or not 0 < len(shape) <= MOST_AXES or _product(shape) != numbers.size:
        said = " x ".join(map(str, shape[:MOST_AXES])) or "nothing"
        _refuse(where, f"{0 if numbers is None else numbers.size} weights, but a shape of {said}")
    return numbers.reshape(shape)


def _dims(data: memoryview, where: str) -> list[int]:
    found: list[int] = []
    for number, kind, value in _fields(data, where):
        if number != 1:
            continue
        if kind == VARINT:
            found.append(value)
        elif kind == MESSAGE:
            at = 0
            while at < len(value):
                dim, at = _varint(value, at, where)
                found.append(dim)
    return found


def _fields(data: memoryview, where: Path | str) -> Iterator[tuple[int, int, Any]]:
    """Number, kind and value of each field: an int, or the bytes of what is longer."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at, where)
        number, kind = tag >> 3, tag & 7
        if number == 0 or kind not in (VARINT, EIGHT_BYTES, MESSAGE, FOUR_BYTES):
            _refuse(where, f"byte {at} is no field of a Caffe network")
        if kind == VARINT:
            value, at = _varint(data, at, where)
            yield number, kind, value
            continue
        if kind == MESSAGE:
            length, at = _varint(data, at, where)
        else:
            length = 8 if kind == EIGHT_BYTES else 4
        if length > len(data) - at:
            _refuse(where, "it is cut off")
        yield number, kind, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int, where: Path | str) -> tuple[int, int]:
    """A whole number below 2^64 and where it ends."""
    value = 0
    for k in range(10):
        if at + k >= len(data):
            _refuse(where, "it is cut off")
        byte = data[at + k]
        value |= (byte & 127) << (7 * k)
        if byte < 128:
            if value >= 1 << 64:
                break
            return value, at + k + 1
    _refuse(where, f"byte {at} is no number of a Caffe network")


def _product(shape: list[int]) -> int:
    total = 1
    for dim in shape:
        total *= dim
    return total


def _plain(old: list[int]) -> list[int]:
    """A shape without the ones that the older form writes before matrices and biases."""
    first = next((k for k, dim in enumerate(old) if dim != 1), len(old))
    return old[first:] if first > 1 else old


def _refuse(where: Path | str, why: str) -> NoReturn:
    raise RedrawError(f"{where}: no Caffe network that can be read ({why}): get the file again")
