"""Files of Lua Torch (``torch.save``, binary, little endian, longs of 8 bytes): what they hold, and no code of theirs.

Layout after torch/torch7's File.lua and generic/Tensor.c: a value is a tag and what belongs to it; a table, an object or a
function has an index, by which later values refer to it. Read without recursion, so that no depth is too deep, and in two
steps, so that circles come back as circles. A tensor is a view of the file's bytes: nothing larger than the file is made.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN
from .torch7_nodes import FUNCTIONS, OBJECT, TABLE, Link, Node, made

NIL, NUMBER, STRING, BOOLEAN, OLD_FUNCTION = 0, 1, 2, 5, 6
NUMBERS = {
    "Byte": "u1", "Char": "i1", "Short": "<i2", "Int": "<i4", "Long": "<i8", "Float": "<f4", "Double": "<f8",
    "Cuda": "<f4", "CudaByte": "u1", "CudaChar": "i1", "CudaShort": "<i2", "CudaInt": "<i4", "CudaLong": "<i8",
    "CudaDouble": "<f8",
}  # fmt: skip
MOST_DIMENSIONS = 16
LONGEST_NAME = 256


def load_torch7(path: Path) -> Any:
    """The value of a file: None, bool, int (whole numbers), float, str, list, dict or array.

    A table with the keys 1 to n, or with none, is a list, another one a dict. An object is a dict of its fields and of
    "class", its type ("nn.Linear"); a function one of "class" ("function"), its bytecode, which nobody runs, and its
    upvalues. Tensors and storages are read-only arrays. Strings are decoded as UTF-8, other bytes as surrogates.
    Raises RedrawError, one line with the place in the file, for a file that is damaged or of another format.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RedrawError(f"{path}: no such file: get it, then run the same command") from None
    except OSError as e:
        raise RedrawError(f"{path}: not read ({e.strerror}): give a file that can be") from None
    return _Reader(path, content).read()


# --- inside ------------------------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, path: Path, content: bytes) -> None:
        self.path, self.content, self.at = path, content, 0
        self.nodes: dict[int, Node] = {}
        self.all: list[Node] = []
        self.open: list[Node] = []  # those whose values are still to come, the innermost last
        self.within = False  # a tensor, whose storage comes next

    def read(self) -> Any:
        start = self.content[:4]
        if start[:1].isdigit() and start[1:2] == b"\n":
            self._fail(0, "it is an ASCII file of Torch: load it there and save it in binary")
        if start[:3] == b"\0\0\0" and start != b"\0\0\0\0":
            self._fail(0, "its first number has the other byte order, or it is no file of Torch")
        root = Node(TABLE, 0, 1)
        self.open = [root]
        while self.open:
            node = self.open[-1]
            if node.left == 0:
                self.open.pop()
                continue
            node.left -= 1
            node.values.append(self._value())
        if self.at != len(self.content):
            self._fail(self.at, f"{len(self.content) - self.at} bytes behind its end")
        return made(root.values[0], self.all, self._fail)

    # -- bytes to nodes --

    def _fail(self, at: int, what: str) -> NoReturn:
        raise RedrawError(f"{self.path}: no Torch7 file, or a damaged one: byte {at}: {what}: {GET_AGAIN}")

    def _numbers(self, form: str) -> tuple:
        at, size = self.at, struct.calcsize(form)
        if at + size > len(self.content):
            self._fail(at, f"{size} bytes announced where {len(self.content) - at} are left")
        self.at += size
        return struct.unpack_from(form, self.content, at)

    def _bytes(self, most: int | None = None) -> bytes:
        at = self.at
        (size,) = self._numbers("<i")
        left = len(self.content) - self.at
        if most is not None and size > most:
            self._fail(at, f"a name of {size} bytes")
        if not 0 <= size <= left:
            self._fail(at, f"{size} bytes announced where {left} are left")
        self.at += size
        return self.content[self.at - size : self.at]

    def _value(self) -> Any:
        at = self.at
        (tag,) = self._numbers("<i")
        if tag == NIL:
            return None
        if tag == NUMBER:
            (number,) = self._numbers("<d")
            return int(number) if number.is_integer() else number
        if tag == BOOLEAN:
            (truth,) = self._numbers("<i")
            if truth not in (0, 1):
                self._fail(at, f"a truth value of {truth}")
            return truth == 1
        if tag == STRING:
            return self._bytes().decode("utf-8", "surrogateescape")
        if tag == OLD_FUNCTION:
            node = Node(tag, at, 1, bytecode=self._bytes())
            self.open.append(node)
            self.all.append(node)
            return Link(node, 0)
        if tag in (TABLE, OBJECT, *FUNCTIONS):
            return self._indexed(tag, at)
        return self._fail(at, f"a value of unknown kind {tag}")

    def _indexed(self, tag: int, at: int) -> Link:
        (index,) = self._numbers("<i")
        if index in self.nodes:
            node = self.nodes[index]
            if node.kind != tag:
                self._fail(at, f"it refers to object {index} as another kind than that is")
            return Link(node, index)
        if index < 1:
            self._fail(at, f"an object numbered {index}")
        node = self.nodes[index] = Node(tag, at, 1)
        self.all.append(node)
        if tag == TABLE:
            (entries,) = self._numbers("<i")
            if entries < 0:
                self._fail(at, f"a table of {entries} entries")
            node.left = 2 * entries
        elif tag == OBJECT:
            self._object(node)
        else:
            node.bytecode = self._bytes()
        self.open.append(node)
        return Link(node, index)

    def _object(self, node: Node) -> None:
        name = self._bytes(LONGEST_NAME)
        if name[:2] == b"V ":
            name = self._bytes(LONGEST_NAME)
        if not name.isascii() or not name.decode("ascii").replace(".", "").replace("_", "").isalnum():
            self._fail(node.at, f"a class called {ascii(name.decode('latin1')[:40])}")
        node.name = name.decode("ascii")
        package, _, kind = node.name.rpartition(".")
        stem = kind.removesuffix("Tensor").removesuffix("Storage")
        if package == "tds" or package == "torch" and kind != stem and stem not in NUMBERS:
            self._fail(node.at, f"a {node.name}, whose layout is not known here")
        if package == "torch" and kind != stem:
            node.left = 0
            node.array = (self._storage if kind.endswith("Storage") else self._tensor)(node.at, np.dtype(NUMBERS[stem]))

    def _storage(self, at: int, dtype: np.dtype) -> np.ndarray:
        (size,) = self._numbers("<q")
        left = (len(self.content) - self.at) // dtype.itemsize
        if not 0 <= size <= left:
            self._fail(at, f"a storage of {size} numbers where at most {left} are left")
        begin, self.at = self.at, self.at + size * dtype.itemsize
        return np.frombuffer(self.content, dtype, size, begin)

    def _tensor(self, at: int, dtype: np.dtype) -> np.ndarray:
        (dimensions,) = self._numbers("<i")
        if not 0 <= dimensions <= MOST_DIMENSIONS:
            self._fail(at, f"a tensor of {dimensions} dimensions")
        sizes, strides = self._numbers(f"<{dimensions}q"), self._numbers(f"<{dimensions}q")
        (first,) = self._numbers("<q")
        if self.within:
            self._fail(at, "a tensor where a storage should be")
        self.within = True
        storage = self._value()
        self.within = False
        array = storage.node.array if isinstance(storage, Link) else None
        if storage is not None and (array is None or not storage.node.name.endswith("Storage") or array.dtype != dtype):
            self._fail(at, f"a tensor of {dtype.name} without a storage of them")
        if array is None or not dimensions or 0 in sizes:
            return np.empty(0, dtype)
        last = first - 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        # a tensor that was expanded counts the same numbers many times, but not more than the file has bytes
        if (
            min(sizes) < 0
            or min(strides) < 0
            or first < 1
            or last >= len(array)
            or math.prod(sizes) > len(self.content)
        ):
            self._fail(at, f"a tensor of {' x '.join(map(str, sizes))} that {len(array)} numbers do not make")
        steps = [stride * dtype.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(array[first - 1 :], sizes, steps, writeable=False)
