"""Lists of numbers from MATLAB files (level 5, what MATLAB 5 to 7 and SciPy write; MathWorks, MAT-File Format).

Read here and not by SciPy, whose reader crashes the process on some damaged files; a damaged one has to be one line.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN

HEADER = 128
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
MATRIX, COMPRESSED = 14, 15
NUMERIC = range(6, 16)  # classes of arrays: double, single, and whole numbers of 8 to 64 bits
COMPLEX = 0x0800
EXACT = 1 << 53  # whole numbers below it are exact in whatever type they are stored
MOST = 64 << 20  # bytes that a compressed variable may have: a damaged length must not fill the memory


def read_whole_numbers(path: Path, name: str) -> np.ndarray:
    """Variable ``name``, one row or column of whole numbers: [n] int64.

    Raises RedrawError for a file that is no MATLAB file, is damaged, or has no such variable.
    """
    try:
        content = path.read_bytes()
        if (
            content[:2] == b"PK"
            or content[1:4] == b"HDF"
            or len(content) < HEADER
            or content[126:128] not in (b"IM", b"MI")
        ):
            raise ValueError("its first 128 bytes are not the header of one")
        order = "<" if content[126:128] == b"IM" else ">"
        found = next((values for said, values in _variables(content[HEADER:], order) if said == name), None)
    except (ValueError, struct.error, zlib.error) as e:
        raise RedrawError(f"{path}: no MATLAB file of level 5, or a damaged one ({e}): {GET_AGAIN}") from None
    if found is None:
        raise RedrawError(f"{path}: holds no {name!r} that is made of numbers: {GET_AGAIN}")
    whole = np.abs(found.astype(np.float64)) < EXACT  # false for nan too
    if found.size != max(found.shape, default=0) or not whole.all() or (found != np.floor(found)).any():
        shape = " x ".join(map(str, found.shape))
        raise RedrawError(
            f"{path}: {name} is {shape} of {found.dtype.name}, expected one row of whole numbers: {GET_AGAIN}"
        )
    return found.ravel().astype(np.int64)


# --- inside ------------------------------------------------------------------------------------------------------


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """(type, bytes) of the data elements that lie one behind the other."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        begin = at + 8
        if kind >> 16:  # up to four bytes lie within the tag
            kind, size, begin = kind & 0xFFFF, kind >> 16, at + 4
        if begin + size > len(data):
            raise ValueError(f"{size} bytes announced where {len(data) - begin} are left")
        yield kind, data[begin : begin + size]
        end = begin + size
        at = end if kind == COMPRESSED else at + -(-(end - at) // 8) * 8


def _variables(data: bytes, order: str) -> Iterator[tuple[str, np.ndarray]]:
    """(name, values) of the arrays of real numbers."""
    for kind, body in _elements(data, order):
        if kind == COMPRESSED:
            inflating = zlib.decompressobj()
            plain = inflating.decompress(body, MOST)
            if not inflating.eof:
                raise ValueError("a compressed variable ends too early or is too large")
            yield from _variables(plain, order)
        elif kind == MATRIX:
            parts = list(_elements(body, order))
            if len(parts) < 4:
                continue  # an empty array, or no array of numbers
            flags = int.from_bytes(parts[0][1][:4], "little" if order == "<" else "big")
            shape = np.frombuffer(parts[1][1], f"{order}i4").tolist()
            stored, values = parts[3]
            if flags & 0xFF in NUMERIC and not flags & COMPLEX and stored in TYPES:
                numbers = np.frombuffer(values, f"{order}{TYPES[stored]}")
                yield parts[2][1].decode("ascii", "replace"), numbers.reshape(shape, order="F")
