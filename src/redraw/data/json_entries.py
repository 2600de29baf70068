"""Lists in large JSON files, an entry at a time: every error names the file, the list, the entry and the key."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN, shown

KINDS = {int: "a whole number", str: "text", list: "a list"}


def entries(path: Path, key: str, fields: Mapping[str, type]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, entry) of the list ``key`` at the top of the JSON file ``path``, which is never in memory as a whole.

    ``fields`` are the keys that every entry has, each int, str or list. Raises RedrawError for a file that is not JSON, breaks
    off, or has no such list or an empty one, and for an entry where a key is missing or holds something else.
    """
    from ijson.backends import yajl2_c
    from ijson.common import JSONError

    number = 0
    try:
        with open(path, "rb") as file:
            for number, entry in enumerate(yajl2_c.items(file, f"{key}.item", use_float=True), 1):
                check(path, f"{key}, entry {number}", entry, fields)
                yield number, entry
    except JSONError as e:
        said = str(e).removeprefix("b'").replace("\\n", "\n").splitlines()[0]
        raise RedrawError(f"{path}: no sound JSON ({said}), {path.stat().st_size:,} bytes: {GET_AGAIN}") from None
    if not number:
        raise RedrawError(f"{path}: no list {key!r} with anything in it: {GET_AGAIN}")


def check(path: Path, where: str, entry: Any, fields: Mapping[str, type]) -> None:
    """Raises RedrawError where ``entry`` lacks one of ``fields``, or one is not of its kind."""
    if not isinstance(entry, dict):
        fail(path, where, f"{_shown(entry)}, expected an object with {', '.join(fields)}")
    for name, kind in fields.items():
        if name not in entry:
            fail(path, where, f"no {name!r}")
        if not isinstance(entry[name], kind) or isinstance(entry[name], bool):
            fail(path, where, f"{name!r} is {_shown(entry[name])}, expected {KINDS[kind]}")


def fail(path: Path, where: str, what: str, cure: str = GET_AGAIN) -> NoReturn:
    """RedrawError about one entry of a file; ``where`` is its list and its number."""
    raise RedrawError(f"{path}: {where}: {what}: {cure}")


def no_doubles(path: Path, key: str, what: str, values: array, numbers: Sequence[int] | None = None) -> None:
    """Raises RedrawError where one of ``values`` comes twice; ``numbers`` are their entries, else one value is of each."""
    found = np.array(values)
    order = np.argsort(found, kind="stable")
    again = np.flatnonzero(found[order][1:] == found[order][:-1]) + 1
    if not len(again):
        return
    at = again[np.argmin(order[again])]
    second, first = (int(order[k]) for k in (at, at - 1))
    entry_of = range(1, len(values) + 1) if numbers is None else numbers
    fail(path, f"{key}, entry {entry_of[second]}", f"{what} {values[second]} is in entry {entry_of[first]} already")


def _shown(value: Any) -> str:
    return shown(repr(value))
