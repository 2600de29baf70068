"""Arrays in TensorFlow's messages: TensorShapeProto, TensorProto, TensorSliceProto (tensorflow/core/framework)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .protobuf import as_bytes, as_number, fields, signed, varints

DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?"}
FLOATS = {1: 5, 2: 6}  # the fields of a TensorProto with the numbers of a type, as they are in memory
VARINTS = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11}
MOST_DIMENSIONS = 16


class Variable(NamedTuple):
    """What a file says of one of its variables: NumPy's name of the type ("type 7" of one that is not read) and the shape."""

    dtype: str
    shape: tuple[int, ...]


def described(kind: int, shape: tuple[int, ...]) -> Variable:
    return Variable(np.dtype(DTYPES[kind]).name if kind in DTYPES else f"type {kind}", shape)


def dtype_of(kind: int) -> np.dtype:
    """Raises ValueError for a type of which no arrays are made here."""
    if kind not in DTYPES:
        raise ValueError(f"numbers of type {kind}, which are not read here")
    return np.dtype(DTYPES[kind])


def shape_of(message: memoryview) -> tuple[int, ...]:
    """Sizes of a TensorShapeProto. Raises ValueError where one is negative, or the rank is not known."""
    sizes: list[int] = []
    for number, value in fields(message):
        if number == 3 and value:
            raise ValueError("a shape of unknown rank")
        if number != 2:
            continue
        size = 0
        for part, content in fields(as_bytes(value, "a size")):
            size = signed(as_number(content, "a size")) if part == 1 else size
        if size < 0 or len(sizes) == MOST_DIMENSIONS:
            raise ValueError(f"a shape with the size {size} behind {len(sizes)} others")
        sizes.append(size)
    return tuple(sizes)


def is_whole(message: memoryview, shape: tuple[int, ...]) -> bool:
    """Whether a TensorSliceProto names all of an array of ``shape``; an extent without a length is a whole dimension."""
    found: list[tuple[int, int]] = []
    for number, value in fields(message):
        if number == 1:
            extent = {part: as_number(content, "an extent") for part, content in fields(as_bytes(value, "an extent"))}
            found.append((extent.get(1, 0), extent.get(2, shape[len(found)] if len(found) < len(shape) else -1)))
    return found == [(0, size) for size in shape]


def tensor(message: memoryview, most: int) -> np.ndarray:
    """The array of a TensorProto that names its type and shape: a constant's; at most ``most`` numbers.

    One number stands for as many as the shape asks for. Raises ValueError where the shape asks for others.
    """
    kind, shape, content = 0, (), None
    for number, value in fields(message):
        if number == 1:
            kind = as_number(value, "a type")
        elif number == 2:
            shape = shape_of(as_bytes(value, "a shape"))
        elif number == 4:
            content = as_bytes(value, "the content")
    dtype, count = dtype_of(kind), math.prod(shape)
    if content is not None and len(content):
        if len(content) != count * dtype.itemsize:
            raise ValueError(f"{len(content)} bytes for {count} numbers of {dtype.itemsize}")
        return np.frombuffer(content, dtype).reshape(shape)
    found = numbers(message, kind)
    if len(found) == 1 and count <= most:
        return np.broadcast_to(found, count).reshape(shape)
    if len(found) != count:
        raise ValueError(f"{len(found)} numbers for a shape of {count}")
    return found.reshape(shape)


def numbers(message: memoryview, kind: int) -> np.ndarray:
    """The numbers [n] of type ``kind`` that a TensorProto lists, whatever it says of type and shape itself."""
    dtype = dtype_of(kind)
    wanted = FLOATS.get(kind) or VARINTS[kind]
    parts = [value for number, value in fields(message) if number == wanted]
    if kind in FLOATS:
        content = [as_bytes(part, "a list of numbers") for part in parts]
        packed = content[0] if len(content) == 1 else b"".join(content)
        if len(packed) % dtype.itemsize:
            raise ValueError(f"{len(packed)} bytes for numbers of {dtype.itemsize}")
        return np.frombuffer(packed, dtype)
    whole = [n for part in parts for n in ([part] if isinstance(part, int) else varints(part))]
    found = np.array([signed(n) for n in whole], np.int64)
    if (found.astype(dtype) != found).any():
        raise ValueError(f"a number that is none of {dtype.name}")
    return found.astype(dtype)
