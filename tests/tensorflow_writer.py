"""Writes checkpoints of TensorFlow's versions 1 and 2 and graphs, for their reader."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from redraw.data.checksums import masked_crc32c

TYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "int64": 9, "bool": 10}
MAGIC = 0xDB4775248B80FB57


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, *parts: bytes | str) -> bytes:
    content = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field << 3 | 2) + varint(len(content)) + content


def shape(field: int, sizes: Iterable[int]) -> bytes:
    return message(field, *(message(2, number(1, size)) for size in sizes))


def listed(values: np.ndarray) -> bytes:
    """The fields of a TensorProto with the numbers one after another."""
    kind = TYPES[values.dtype.name]
    if kind in (1, 2):
        return message({1: 5, 2: 6}[kind], values.tobytes())
    return message({9: 10, 10: 11}.get(kind, 7), *(varint(int(n)) for n in values.ravel()))


# --- sorted tables -----------------------------------------------------------------------------------------------


def block(entries: Iterable[tuple[bytes, bytes]], interval: int = 16) -> bytes:
    content, restarts, before = bytearray(), [], b""
    for k, (key, value) in enumerate(entries):
        if k % interval == 0:
            restarts.append(len(content))
            before = b""
        shared = len(os.path.commonprefix([before, key]))
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    restarts = restarts or [0]
    return bytes(content) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def table(rows: Mapping[bytes, bytes], most: int = 300, kind: int = 0) -> bytes:
    """Of blocks that end where they are longer than ``most`` bytes."""
    found = bytearray()

    def add(content: bytes) -> bytes:
        at = len(found)
        found.extend(content + bytes([kind]) + struct.pack("<I", masked_crc32c(content + bytes([kind]))))
        return varint(at) + varint(len(content))

    index, held = [], []
    for key in sorted(rows):
        held.append((key, rows[key]))
        if sum(len(k) + len(v) for k, v in held) > most:
            index.append((key, add(block(held))))
            held = []
    if held:
        index.append((held[-1][0], add(block(held))))
    handles = add(block([])) + add(block(index, 1))
    return bytes(found) + handles.ljust(40, b"\0") + struct.pack("<Q", MAGIC)


# --- checkpoints -------------------------------------------------------------------------------------------------


def version_1(variables: Mapping[str, np.ndarray], parts: bytes | None = None) -> dict[bytes, bytes]:
    """Rows of a table: what is there, then an entry for each variable; ``parts``: their extents, else the whole."""
    about, rows = [], {}
    for name, values in variables.items():
        whole = message(4, *(message(1) for _ in values.shape)) if parts is None else message(4, parts)
        about.append(message(1, message(1, name), shape(2, values.shape), number(3, TYPES[values.dtype.name]), whole))
        extents = message(2, whole[2:]) if parts is None else message(2, parts)
        rows[b"\0" + name.encode()] = message(2, message(1, name), extents, message(3, listed(values)))
    return {b"": message(1, *about, message(2, number(1, 21)))} | rows


def write_version_1(path: Path, variables: Mapping[str, np.ndarray]) -> Path:
    path.write_bytes(table(version_1(variables)))
    return path


def version_2(variables: Mapping[str, np.ndarray], head: bytes | None = None) -> tuple[dict[bytes, bytes], bytes]:
    """Rows of the index, and the data."""
    rows, data = {b"": number(1, 1) + message(3, number(1, 1)) if head is None else head}, bytearray()
    for name in sorted(variables):
        content, values = variables[name].tobytes(), variables[name]
        rows[name.encode()] = b"".join([
            number(1, TYPES[values.dtype.name]), shape(2, values.shape), number(4, len(data)), number(5, len(content)),
            varint(6 << 3 | 5), struct.pack("<I", masked_crc32c(content)),
        ])  # fmt: skip
        data += content
    return rows, bytes(data)


def write_version_2(path: Path, variables: Mapping[str, np.ndarray]) -> Path:
    rows, data = version_2(variables)
    path.with_name(f"{path.name}.index").write_bytes(table(rows))
    path.with_name(f"{path.name}.data-00000-of-00001").write_bytes(data)
    return path


# --- graphs ------------------------------------------------------------------------------------------------------


def tensor(values: np.ndarray, content: bytes | None = None) -> bytes:
    """A TensorProto; ``content``: its numbers in another form than as bytes."""
    numbers = message(4, values.tobytes()) if content is None else content
    return number(1, TYPES[values.dtype.name]) + shape(2, values.shape) + numbers


def node(name: str, operation: str, value: bytes | None = None) -> bytes:
    attributes = [message(5, message(1, "dtype"), message(2, number(6, 1)))]
    if value is not None:
        attributes.append(message(5, message(1, "value"), message(2, message(8, value))))
    return message(1, message(1, name), message(2, operation), message(3, "before"), *attributes)


def graph(constants: Mapping[str, np.ndarray]) -> bytes:
    return b"".join(
        [node("input", "Placeholder"), *(node(name, "Const", tensor(v)) for name, v in constants.items())]
    ) + message(4, number(1, 8))
