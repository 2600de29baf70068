"""Text files of a raw tree, line by line: every error names the file, the line, and what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from ..core import RedrawError

GET_AGAIN = "get the file again, then run the same command"
Value = TypeVar("Value")


def required(raw: Path, name: str, found: Path | None, dataset: str, needs: str) -> Path:
    """``found``, or a RedrawError that says which file or folder is missing and what to put where."""
    if found is None:
        raise RedrawError(f"{dataset}: {name} is not in {raw}: put {needs} there, then run the same command")
    return found


def fail(path: Path, number: int, what: str) -> NoReturn:
    """RedrawError about one line of a file, counted from 1."""
    raise RedrawError(f"{path}, line {number}: {what}: {GET_AGAIN}")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text) of the lines that are not blank. Raises RedrawError for a byte that is not ASCII."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.isascii():
            at = next(k for k, byte in enumerate(line) if byte > 127)
            fail(path, number, f"byte 0x{line[at]:02x} in column {at + 1}, expected plain ASCII text")
        if line.strip():
            yield number, line.decode("ascii").strip()


def table(path: Path, form: str, parse: Callable[[list[str]], Value], thing: str) -> dict[int, tuple[Value, int]]:
    """A file of ``<id> <rest>`` lines -> {id: (parsed rest, line number)} in the order of the file.

    ``form`` tells a reader what a line looks like, ``thing`` what the id counts. ``parse`` gets the fields behind the id
    and raises ValueError for what is not of this form. Raises RedrawError for such a line and for an id that comes twice.
    """
    found: dict[int, tuple[Value, int]] = {}
    for number, line in lines(path):
        first, *rest = line.split()
        try:
            key, value = int(first), parse(rest)
        except (ValueError, IndexError):
            fail(path, number, f"{_shown(line)!r}, expected {form}")
        if key in found:
            fail(path, number, f"{thing} {key} is in line {found[key][1]} already")
        found[key] = value, number
    return found


def one(fields: list[str]) -> str:
    """The only field of a line, for ``table``."""
    (field,) = fields
    return field


def same_ids(path: Path, ids: Iterable[int], other: Path, named: dict[int, str]) -> None:
    """Raises RedrawError where ``path`` is not about just the images of ``other``, {id: name}."""
    ids = set(ids)
    missing, extra = sorted(named.keys() - ids), sorted(ids - named.keys())
    if missing:
        which = f"none for image {missing[0]} ({named[missing[0]]})"
    elif extra:
        which = f"image {extra[0]} is not in {other.name}"
    else:
        return
    counts = f"{len(ids)} images where {other.name} has {len(named)}"
    if len(ids) == len(named):
        counts = f"other images than in {other.name}"
    raise RedrawError(f"{path}: {counts}, {which}: get both files again, then run the same command")


def _shown(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:57]}…"
