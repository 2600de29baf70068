"""Sorted tables of LevelDB, in which TensorFlow keeps its checkpoints: keys and values, a checksum a block.

Layout after LevelDB's doc/table_format.md and tensorflow/core/lib/io: blocks of entries, each key without what it has in
common with the one before; an index of the blocks; a footer of 48 bytes. TensorFlow writes checkpoints uncompressed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .checksums import masked_crc32c
from .protobuf import varint

MAGIC = 0xDB4775248B80FB57
FOOTER, TRAILER = 48, 5
UNCOMPRESSED = 0
LONGEST_KEY = 1 << 14


def is_table(content: memoryview) -> bool:
    """Whether the last bytes are those of a table."""
    return len(content) >= FOOTER and struct.unpack("<Q", content[-8:])[0] == MAGIC


class Block:
    """Entries in a part of a table. ``check`` is called by whoever uses their values: it takes its time."""

    def __init__(self, table: memoryview, offset: int, size: int) -> None:
        self.offset = offset
        if offset + size + TRAILER > len(table) - FOOTER:
            raise ValueError(f"a block of {size} bytes at byte {offset}, behind the end")
        self._whole = table[offset : offset + size + 1]
        (self._checksum,) = struct.unpack("<I", table[offset + size + 1 : offset + size + TRAILER])
        if table[offset + size] != UNCOMPRESSED:
            raise ValueError(f"a compressed block at byte {offset}: save the checkpoint anew, uncompressed")
        self._checked = False

    def check(self) -> None:
        """Raises ValueError where the checksum is that of other bytes."""
        if not self._checked and masked_crc32c(self._whole) != self._checksum:
            raise ValueError(f"the checksum of the block at byte {self.offset} is that of other bytes")
        self._checked = True

    def entries(self) -> Iterator[tuple[bytes, memoryview]]:
        """Keys and values. Raises ValueError for lengths that do not fit."""
        data = self._whole[:-1]
        restarts = struct.unpack("<I", data[-4:])[0] if len(data) >= 4 else -1
        end = len(data) - 4 - 4 * restarts
        if restarts < 0 or end < 0:
            raise ValueError(f"the block at byte {self.offset} has no end")
        data, at, key = data[:end], 0, b""
        while at < end:
            shared, at = varint(data, at)
            more, at = varint(data, at)
            size, at = varint(data, at)
            if shared > len(key) or more + size > end - at or shared + more > LONGEST_KEY:
                raise ValueError(f"an entry of the block at byte {self.offset} stands out of it")
            key = key[:shared] + bytes(data[at : at + more])
            yield key, data[at + more : at + more + size]
            at += more + size


def entries(table: memoryview) -> Iterator[tuple[bytes, memoryview, Block]]:
    """Keys in their order, values, and the block in which they lie, whose values are not yet checked.

    Raises ValueError for what is no table, a damaged index, and keys out of order.
    """
    if not is_table(table):
        raise ValueError("its last bytes are not those of a sorted table")
    footer = table[-FOOTER:]
    _, at = varint(footer, varint(footer, 0)[1])
    index = _block(table, footer[at:])
    index.check()
    before = None
    for _, handle in index.entries():
        block = _block(table, handle)
        for key, value in block.entries():
            if before is not None and key <= before:
                raise ValueError(f"the keys of the block at byte {block.offset} are out of order")
            before = key
            yield key, value, block


# --- inside ------------------------------------------------------------------------------------------------------


def _block(table: memoryview, handle: memoryview) -> Block:
    offset, at = varint(handle, 0)
    size, _ = varint(handle, at)
    return Block(table, offset, size)
