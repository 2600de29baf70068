"""Writes files in the layout of Lua Torch, for its reader."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

KINDS = {"u1": "Byte", "i1": "Char", "i2": "Short", "i4": "Int", "i8": "Long", "f4": "Float", "f8": "Double"}


class Function:
    def __init__(self, bytecode: bytes, upvalues: Any, tag: int = 8) -> None:
        self.bytecode, self.upvalues, self.tag = bytecode, upvalues, tag


class Strided:
    """A tensor of given sizes and steps over a storage that others may share; ``cuda``: as a GPU's."""

    def __init__(self, storage: np.ndarray, sizes: tuple, strides: tuple, first: int = 1, cuda: bool = False) -> None:
        self.storage, self.sizes, self.strides, self.first, self.cuda = storage, sizes, strides, first, cuda


class Writer:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.known: dict[int, tuple[int, Any]] = {}

    def numbers(self, form: str, *values: Any) -> None:
        self.parts.append(struct.pack(f"<{form}", *values))

    def text(self, value: str | bytes) -> None:
        content = value.encode() if isinstance(value, str) else value
        self.numbers("i", len(content))
        self.parts.append(content)

    def begin(self, tag: int, value: Any) -> bool:
        """Tag and index; whether the value itself has to follow."""
        new = id(value) not in self.known
        index, _ = self.known.setdefault(id(value), (len(self.known) + 1, value))
        self.numbers("ii", tag, index)
        return new

    def value(self, value: Any) -> None:
        if value is None:
            self.numbers("i", 0)
        elif isinstance(value, bool):
            self.numbers("ii", 5, value)
        elif isinstance(value, int | float):
            self.numbers("id", 1, value)
        elif isinstance(value, str | bytes):
            self.numbers("i", 2)
            self.text(value)
        elif isinstance(value, Function):
            self.function(value)
        elif isinstance(value, np.ndarray):
            strides = [s // value.itemsize for s in np.empty(value.shape, value.dtype).strides]
            self.tensor(value, Strided(np.ascontiguousarray(value).reshape(-1), value.shape, tuple(strides)))
        elif isinstance(value, Strided):
            self.tensor(value, value)
        elif isinstance(value, dict) and "class" in value:
            if self.begin(4, value):
                self.text("V 1")
                self.text(value["class"])
                self.value({k: v for k, v in value.items() if k != "class"})
        elif self.begin(3, value):
            entries = dict(enumerate(value, 1)) if isinstance(value, list) else value
            self.numbers("i", len(entries))
            for key, entry in entries.items():
                self.value(key)
                self.value(entry)

    def function(self, value: Function) -> None:
        if value.tag == 6:
            self.numbers("i", 6)
        elif not self.begin(value.tag, value):
            return
        self.text(value.bytecode)
        self.value(value.upvalues)

    def tensor(self, value: Any, layout: Strided) -> None:
        if self.begin(4, value):
            kind = "Cuda" if layout.cuda else KINDS[layout.storage.dtype.str[1:]]
            self.text("V 1")
            self.text(f"torch.{kind}Tensor")
            n = len(layout.sizes)
            self.numbers(f"i{n}q{n}qq", n, *layout.sizes, *layout.strides, layout.first)
            if not n:
                self.value(None)
            elif self.begin(4, layout.storage):
                self.text("V 1")
                self.text(f"torch.{kind}Storage")
                self.numbers("q", layout.storage.size)
                self.parts.append(layout.storage.tobytes())


def torch7(value: Any) -> bytes:
    writer = Writer()
    writer.value(value)
    return b"".join(writer.parts)


def write_torch7(path: Path, value: Any) -> Path:
    path.write_bytes(torch7(value))
    return path
