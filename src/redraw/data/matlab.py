"""Arrays of numbers from MATLAB files (level 5, what MATLAB 5 to 7 and SciPy write; MathWorks, MAT-File Format).

Read here and not by SciPy, whose reader crashes the process on some damaged files; a damaged one has to be one line. A file is
read from its front, a compressed variable is inflated piece by piece: memory holds what is asked for and little else.
"""

from __future__ import annotations

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN

HEADER = 128
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
MATRIX, COMPRESSED = 14, 15
NUMERIC = range(6, 16)  # classes of arrays: double, single, and whole numbers of 8 to 64 bits
COMPLEX = 0x0800
EXACT = 1 << 53  # whole numbers below it are exact in whatever type they are stored
LONGEST = 4096  # bytes of a name or of a list of sizes
CHUNK = 1 << 20
DENSEST = 1032  # times its size is the most that deflate makes of a byte: a damaged length must not fill the memory


def read_array(path: Path, name: str) -> np.ndarray:
    """Variable ``name`` as MATLAB has it: its sizes, in Fortran order, in the type in which its numbers are stored.

    MATLAB stores whole numbers of class double in the smallest type that holds them. Raises RedrawError for a file that is no
    MATLAB file, is damaged, or has no such variable.
    """
    with open(path, "rb") as f, _one_line(path):
        found = _named(f, path, name)
        flat = np.empty(math.prod(found.shape), found.dtype)
        at, plain = 0, flat.view(np.uint8)
        while at < plain.size:
            piece = found.source.read(min(CHUNK, plain.size - at))
            plain[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
            at += len(piece)
        found.source.end()
    return flat.reshape(found.shape, order="F")


def array_shape(path: Path, name: str) -> tuple[int, ...] | None:
    """The sizes of variable ``name``, None where no array of numbers is called so. Raises RedrawError for a damaged file."""
    with open(path, "rb") as f, _one_line(path):
        found = _find(f, path, name)
    return found and found.shape


def array_blocks(path: Path, name: str, most: int) -> Iterator[np.ndarray]:
    """Variable ``name`` in pieces of at most ``most`` along its last dimension, which is the slowest one in the file.

    Raises RedrawError as ``read_array`` does, for a damaged checksum behind the last piece.
    """
    with open(path, "rb") as f:
        with _one_line(path):
            found = _named(f, path, name)
        *others, last = found.shape
        for begin in range(0, last, most):
            n = min(most, last - begin)
            with _one_line(path):
                piece = found.source.read(n * math.prod(others) * found.dtype.itemsize)
            yield np.frombuffer(piece, found.dtype).reshape((*others, n), order="F")
        with _one_line(path):
            found.source.end()


def read_whole_numbers(path: Path, name: str) -> np.ndarray:
    """Variable ``name``, one row or column of whole numbers: [n] int64.

    Raises RedrawError for a file that is no MATLAB file, is damaged, or has no such variable.
    """
    found = read_array(path, name)
    whole = np.abs(found.astype(np.float64)) < EXACT  # false for nan too
    if found.size != max(found.shape, default=0) or not whole.all() or (found != np.floor(found)).any():
        shape = " x ".join(map(str, found.shape))
        raise RedrawError(
            f"{path}: {name} is {shape} of {found.dtype.name}, expected one row of whole numbers: {GET_AGAIN}"
        )
    return found.ravel().astype(np.int64)


# --- inside ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, struct.error, zlib.error) as e:
        raise RedrawError(f"{path}: no MATLAB file of level 5, or a damaged one ({e}): {GET_AGAIN}") from None


class _Source:
    """The bytes of one variable, inflated where it is compressed, from the front."""

    def __init__(self, file: BinaryIO, size: int, compressed: bool) -> None:
        self._file, self._size, self._left = file, size, size
        self._inflating = zlib.decompressobj() if compressed else None

    def most(self) -> int:
        """How many bytes may follow at the most."""
        return self._size * DENSEST if self._inflating else self._left

    def read(self, n: int) -> bytes | bytearray:
        """Just ``n`` bytes. Raises ValueError where there are fewer."""
        if self._inflating is None:
            if n > self._left:
                raise ValueError(f"{n} bytes announced where {self._left} are left")
            self._left -= n
            return self._file.read(n)
        found = bytearray()
        while len(found) < n:
            piece = self._inflate(n - len(found))
            if not piece:
                raise ValueError("a compressed variable ends too early")
            found += piece
        return found

    def end(self) -> None:
        """Raises ValueError or zlib.error where a compressed variable goes on, or is not what its checksum says."""
        padding = 0
        while self._inflating is not None and not self._inflating.eof:
            more = len(self._inflate(CHUNK))
            padding += more
            if padding > 7:
                raise ValueError("a compressed variable is longer than its header announces")
            if not more and not self._inflating.eof:
                raise ValueError("a compressed variable ends too early")

    def _inflate(self, most: int) -> bytes:
        """At most ``most`` bytes more, none where there are no more."""
        while True:
            packed = self._inflating.unconsumed_tail
            if not packed:
                packed = self._file.read(min(CHUNK, self._left))
                self._left -= len(packed)
            found = self._inflating.decompress(packed, most)
            if found or self._inflating.eof or not packed:
                return found


@dataclass(frozen=True)
class _Found:
    shape: tuple[int, ...]
    dtype: np.dtype
    source: _Source  # its numbers come next


def _named(file: BinaryIO, path: Path, name: str) -> _Found:
    found = _find(file, path, name)
    if found is None:
        raise RedrawError(f"{path}: holds no {name!r} that is made of numbers: {GET_AGAIN}")
    return found


def _find(file: BinaryIO, path: Path, name: str) -> _Found | None:
    size = path.stat().st_size
    head = file.read(HEADER)
    if head[:2] == b"PK" or head[1:4] == b"HDF" or len(head) < HEADER or head[126:128] not in (b"IM", b"MI"):
        raise ValueError("its first 128 bytes are not the header of one")
    order, at = "<" if head[126:128] == b"IM" else ">", HEADER
    while at < size:
        file.seek(at)
        kind, length, within = _tag(_Source(file, size - at, False), order)
        begin = at + 8
        if within:  # its few bytes lie within the tag: no matrix
            at = begin
            continue
        if begin + length > size:
            raise ValueError(f"{length} bytes announced where {size - begin} are left")
        if kind in (COMPRESSED, MATRIX):
            source = _Source(file, length, kind == COMPRESSED)
            if (kind == MATRIX or _tag(source, order)[0] == MATRIX) and (found := _matrix(source, order, name)):
                return found
        at = begin + (length if kind == COMPRESSED else -(-length // 8) * 8)
    return None


def _tag(source: _Source, order: str) -> tuple[int, int, bytes]:
    """Type and length of a data element, and the up to four bytes of it that may lie within its tag."""
    tag = source.read(8)
    kind, length = struct.unpack(f"{order}II", tag)
    if not kind >> 16:
        return kind, length, b""
    kind, length = kind & 0xFFFF, kind >> 16
    if length > 4:
        raise ValueError(f"{length} bytes announced within a tag of 4")
    return kind, length, bytes(tag[4 : 4 + length])


def _element(source: _Source, order: str) -> bytes | bytearray:
    _, length, within = _tag(source, order)
    if within:
        return within
    if length > LONGEST:
        raise ValueError(f"a name or a list of sizes of {length} bytes")
    return source.read(-(-length // 8) * 8)[:length]


def _matrix(source: _Source, order: str, name: str) -> _Found | None:
    """The array of real numbers that ``source`` holds, if it is called ``name``."""
    if not source.most():
        return None  # an empty one has no parts at all
    flags = int.from_bytes(_element(source, order)[:4], "little" if order == "<" else "big")
    if flags & 0xFF not in NUMERIC or flags & COMPLEX:
        return None
    shape = tuple(np.frombuffer(_element(source, order), f"{order}i4").tolist())
    if _element(source, order).decode("ascii", "replace") != name:
        return None
    stored, length, within = _tag(source, order)
    if stored not in TYPES:
        raise ValueError(f"{name} is made of numbers of an unknown type {stored}")
    dtype = np.dtype(f"{order}{TYPES[stored]}")
    if min(shape, default=-1) < 0 or math.prod(shape) * dtype.itemsize != length:
        raise ValueError(f"{name} is announced as {' x '.join(map(str, shape))}, but has {length} bytes")
    if within:
        source = _Source(io.BytesIO(within), length, False)
    if length > source.most():
        raise ValueError(f"{length} bytes announced where at most {source.most()} are left")
    return _Found(shape, dtype, source)
