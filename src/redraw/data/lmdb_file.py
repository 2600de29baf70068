"""What an LMDB file holds, key by key (Lightning Memory-Mapped Database of OpenLDAP 0.9, data version 1; its mdb.c).

Read here, page by page, and not by the C library, which maps the file into memory: there a file that is cut off or damaged ends
the process. Nothing is locked or written, memory holds one page for each level of the tree and one value.

A file is pages of one size. The first two are about the whole, the one of the later transaction is valid; all others are a tree,
its leaves ordered by key. A value too large for a leaf lies in pages of its own, one behind the other.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from ..core import RedrawError
from .lists import GET_AGAIN

MAGIC, VERSION = 0xBEEFC0DE, 1
HEAD = 16  # bytes at the beginning of a page: number (8), unused (2), flags (2), and two that tell its free space
BRANCH, LEAF, OVERFLOW, META = 0x01, 0x02, 0x04, 0x08
KIND = BRANCH | LEAF | OVERFLOW | META
BIG, PLAIN = 0x01, 0x00  # flags of a leaf's entry: its value has pages of its own, or lies behind the key
EMPTY = (1 << 64) - 1  # the root of a tree without entries
DEEPEST = 32  # levels, as in LMDB


class LmdbFile:
    """``with LmdbFile(folder / "data.mdb") as file: for key, value in file.items(): …``, little-endian files of 64 bits.

    Raises RedrawError for a file that is none, is shorter than its head announces, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = 0
        self._file: BinaryIO
        self._page = self._root = 0

    def __enter__(self) -> LmdbFile:
        with contextlib.ExitStack() as opened:
            self._file = opened.enter_context(open(self.path, "rb"))
            self._open()
            self._closing = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys, ordered by their bytes, and values."""
        before, found = b"", 0
        for key, value in self._below(self._root, 1) if self._root != EMPTY else ():
            if found and key <= before:
                self._damaged(f"key {_shown(key)} comes behind {_shown(before)}")
            before, found = key, found + 1
            yield key, value
        if found != self.entries:
            self._damaged(f"{found} entries where its head announces {self.entries}")

    # -- inside ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        first = self._meta(0)
        if first is None:
            raise RedrawError(f"{self.path}: no LMDB file of data version {VERSION}: {GET_AGAIN}")
        self._page = first[1]
        if self._page < 512 or self._page & (self._page - 1):
            self._damaged(f"pages of {self._page} bytes")
        # a later transaction whose page was cut off in the middle of a write is no transaction
        _, _, self.entries, self._root, last = max(filter(None, (first, self._meta(self._page))))
        if size < (last + 1) * self._page:
            raise RedrawError(
                f"{self.path}: cut off: {size} bytes, expected at least {(last + 1) * self._page}: {GET_AGAIN}"
            )
        self._last = last

    def _meta(self, at: int) -> tuple[int, int, int, int, int] | None:
        """Transaction, size of a page, entries, root and last page, as the page at ``at`` says; None where it is none."""
        self._file.seek(at)
        page = self._file.read(HEAD + 136)
        if len(page) < HEAD + 136 or struct.unpack_from("<II", page, HEAD) != (MAGIC, VERSION):
            return None
        (size,) = struct.unpack_from("<I", page, HEAD + 24)  # kept in the record of the tree of free pages
        entries, root, last, transaction = struct.unpack_from("<4Q", page, HEAD + 104)
        return transaction, size, entries, root, last

    def _below(self, number: int, depth: int) -> Iterator[tuple[bytes, bytes]]:
        if depth > DEEPEST:
            self._damaged(f"a tree of more than {DEEPEST} levels")
        page = self._read(number, 1)
        kind, lower = struct.unpack_from("<HH", page, 10)
        if kind & KIND not in (BRANCH, LEAF) or not HEAD <= lower <= self._page:
            self._damaged(f"page {number} is neither a branch nor a leaf")
        for at in struct.unpack_from(f"<{(lower - HEAD) // 2}H", page, HEAD):
            if at < lower or at + 8 > self._page:
                self._damaged(f"an entry of page {number} lies outside of it")
            low, high, flags, width = struct.unpack_from("<4H", page, at)
            key = page[at + 8 : at + 8 + width]
            if len(key) != width:
                self._damaged(f"a key in page {number} stands out of it")
            if kind & BRANCH:
                yield from self._below(low | high << 16 | flags << 32, depth + 1)
            else:
                yield key, self._value(page, number, at + 8 + width, low | high << 16, flags)

    def _value(self, page: bytes, number: int, at: int, size: int, flags: int) -> bytes:
        if flags == PLAIN and at + size <= self._page:
            return page[at : at + size]
        if flags != BIG or at + 8 > self._page:
            self._damaged(f"a value in page {number} stands out of it, or is a table of its own")
        (first,) = struct.unpack_from("<Q", page, at)
        pages = -(-(HEAD + size) // self._page)
        content = self._read(first, pages)
        kind, announced = struct.unpack_from("<HI", content, 10)
        if kind & KIND != OVERFLOW or announced != pages:
            self._damaged(f"page {first} does not begin a value of {size} bytes")
        return content[HEAD : HEAD + size]

    def _read(self, number: int, pages: int) -> bytes:
        if not 2 <= number <= self._last + 1 - pages:
            self._damaged(f"page {number} of {self._last + 1}")
        self._file.seek(number * self._page)
        content = self._file.read(pages * self._page)
        if len(content) != pages * self._page or struct.unpack_from("<Q", content)[0] != number:
            self._damaged(f"page {number} calls itself {struct.unpack_from('<Q', content.ljust(8))[0]}")
        return content

    def _damaged(self, what: str) -> NoReturn:
        raise RedrawError(f"{self.path}: damaged: {what}: {GET_AGAIN}")


def _shown(key: bytes) -> str:
    return key[:40].decode("ascii", "replace")
