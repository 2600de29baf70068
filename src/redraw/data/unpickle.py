"""Pickles from strangers: arrays, lists, dictionaries, strings and whole numbers, and no code of theirs.

Files of Python 2 are read as Latin-1, as NumPy's own numbers in them need it. A file is looked through before it is read,
and arrays are put together here from their bytes, never by NumPy's own unpickling, which trusts what it is told. What is
not of these kinds is refused with one line. Trained weights are not for this module: ``torch.load(weights_only=True)``.
"""

from __future__ import annotations

import codecs
import os
import pickle
import pickletools
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..core import RedrawError

DEPTH = 32
REFUSED = {
    "INST",
    "OBJ",
    "EXT1",
    "EXT2",
    "EXT4",
    "PERSID",
    "BINPERSID",
    "NEWOBJ",
    "NEWOBJ_EX",
    "NEXT_BUFFER",
    "READONLY_BUFFER",
}
MEMO = {"PUT", "BINPUT", "LONG_BINPUT"}
DTYPE = re.compile(r"^(?:b1|[iu][1248]|f[248]|c(?:8|16)|[SUa]\d{1,6})$")
GLOBALS = {
    "numpy ndarray", "numpy dtype", "_codecs encode", "__builtin__ bytes", "builtins bytes",
    *(f"{core}.multiarray {name}" for core in ("numpy.core", "numpy._core") for name in ("_reconstruct", "scalar")),
}  # fmt: skip


def load_pickle(path: str | os.PathLike, arrays: bool = True) -> Any:
    """The value of a pickle file; with ``arrays`` false not even NumPy's are let in.

    Raises RedrawError, one line, for a file that names anything else, is damaged, or holds other kinds of values.
    """
    path = Path(path)
    try:
        with open(path, "rb") as f:
            _look_through(f, GLOBALS if arrays else set())
            f.seek(0)
            return _plain(_Restricted(f, arrays).load(), {}, DEPTH)
    except FileNotFoundError:
        raise RedrawError(f"{path}: no such file: get it, then run the same command") from None
    except _Forbidden as e:
        why = str(e)
    except Exception as e:  # whatever a damaged or hostile file makes of the reader
        why = f"damaged ({type(e).__name__}: {str(e).splitlines()[0][:100] if str(e) else 'no more said'})"
    raise RedrawError(f"{path}: not read: {why}: take the file away and get it again, then run the same command")


class _Forbidden(Exception):
    pass


def _look_through(f: BinaryIO, known: set[str]) -> None:
    """Refuse by the opcodes, before anything is made of them."""
    operations, size = 0, os.fstat(f.fileno()).st_size
    name = ""
    while name != "STOP":
        code = pickletools.code2op.get(f.read(1).decode("latin1"))
        if code is None:
            raise _Forbidden("it is no pickle, or is truncated")
        operations, name = operations + 1, code.name
        argument = _argument(f, code, size)
        if name in REFUSED:
            raise _Forbidden(f"it asks for the operation {name}")
        if name == "GLOBAL" and argument not in known:
            raise _Forbidden(f"it asks for {ascii(str(argument)[:80])}")
        if name in MEMO and argument > operations:  # room for so many would be made at once
            raise _Forbidden(f"it asks for place {argument} of a memory of {operations}")


def _argument(f: BinaryIO, code: pickletools.OpcodeInfo, size: int) -> Any:
    if code.arg is None:
        return None
    if code.name == "STRING":  # of Python 2, where pickletools takes ASCII alone
        return f.readline()
    if code.arg.n < -1:  # a count, then as many bytes
        width = {pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT8U: 8}.get(code.arg.n, 4)
        at = f.tell()
        if int.from_bytes(f.read(width), "little") > size:
            raise _Forbidden("it is truncated, or lies about its length")
        f.seek(at)
    return code.arg.reader(f)


class _Dtype:
    """Stands for numpy.dtype while a file is read."""

    def __init__(self, spec: Any, align: Any = False, copy: Any = False) -> None:
        if not isinstance(spec, str) or not DTYPE.match(spec):
            raise _Forbidden(f"it holds an array of type {ascii(str(spec)[:40])}")
        self.dtype = np.dtype(spec)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "=") or any(state[2:5]):
            raise _Forbidden("it holds an array of a compound type")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands for numpy.ndarray while a file is read."""

    value: np.ndarray

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, raw = state
        raw = raw.encode("latin1") if isinstance(raw, str) else raw
        if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes):
            raise _Forbidden("it holds an array that is not of plain numbers")
        if not all(isinstance(n, int) and n >= 0 for n in shape) or len(shape) > 8:
            raise _Forbidden(f"it holds an array of shape {ascii(str(shape)[:40])}")
        # frombuffer and reshape hold the shape against the bytes that there are
        flat = np.frombuffer(raw, dtype.dtype) if raw else np.empty(0, dtype.dtype)
        self.value = flat.reshape(shape, order="F" if fortran else "C").copy()


def _reconstruct(kind: Any, shape: Any, typecode: Any) -> _Array:
    if kind is not _Array:
        raise _Forbidden("it holds an array of another class")
    return _Array()


def _scalar(dtype: Any, raw: Any = b"") -> Any:
    raw = raw.encode("latin1") if isinstance(raw, str) else raw
    if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes) or len(raw) != dtype.dtype.itemsize:
        raise _Forbidden("it holds a number that is not plain")
    return np.frombuffer(raw, dtype.dtype)[0]


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise _Forbidden("it asks for an encoding other than Latin-1")
    return codecs.encode(text, "latin1")


class _Function:
    """A function of this module that a pickle may call and not change."""

    __slots__ = ("call",)

    def __init__(self, call: Any) -> None:
        self.call = call

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _Forbidden("it sets the state of a function")


def _no_bytes() -> bytes:
    """How Python 3 writes b"" for Python 2."""
    return b""


STANDS_FOR = {
    "ndarray": _Array, "dtype": _Function(_Dtype), "_reconstruct": _Function(_reconstruct), "scalar": _Function(_scalar),
    "encode": _Function(_encode), "bytes": _Function(_no_bytes),
}  # fmt: skip


class _Restricted(pickle.Unpickler):
    def __init__(self, f: BinaryIO, arrays: bool) -> None:
        super().__init__(f, encoding="latin1")
        self.known = GLOBALS if arrays else set()

    def find_class(self, module: str, name: str) -> Any:
        if f"{module} {name}" not in self.known:
            raise _Forbidden(f"it asks for {ascii(f'{module}.{name}'[:80])}")
        return STANDS_FOR[name]

    def persistent_load(self, pid: Any) -> Any:
        raise _Forbidden("it refers to something outside of it")


def _plain(value: Any, seen: dict[int, Any], depth: int) -> Any:
    """The value with real arrays in it; what is used twice stays one. Refuses every other kind, and circles."""
    if value is None or isinstance(value, str | bytes | bool | int | np.generic):
        return value
    if id(value) in seen:
        return seen[id(value)][1]
    if depth == 0:
        raise _Forbidden(f"it is nested more than {DEPTH} deep")
    if isinstance(value, _Array):
        made: Any = value.value
    elif type(value) is list:
        made = [_plain(v, seen, depth - 1) for v in value]
    elif type(value) is tuple:
        made = tuple(_plain(v, seen, depth - 1) for v in value)
    elif type(value) is dict:
        made = {_plain(k, seen, depth - 1): _plain(v, seen, depth - 1) for k, v in value.items()}
    else:
        raise _Forbidden(f"it holds a {type(value).__name__.lstrip('_').lower()}")
    seen[id(value)] = value, made  # kept, so that its id is not given to another
    return made
