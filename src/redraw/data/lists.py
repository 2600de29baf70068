"""Text files of a raw tree, line by line: every error names the file, the line, and what was expected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from .. import names
from ..core import RedrawError, file_digest, nearest
from .writer import PreparedWriter

GET_AGAIN = "get the file again, then run the same command"
GET_BOTH = "get both files again, then run the same command"
Value = TypeVar("Value")


def found(raw: Path, name: str) -> Path | None:
    """The raw file or folder ``name``, None where it is missing. Of "<set>/<file>" the folder of that other set holds it too."""
    return next((p for p in (raw / name, *([raw.parent / name] if "/" in name else [])) if p.exists()), None)


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


def utf8_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text without its line end) of the lines that are not blank, of which one at a time is in memory.

    Raises RedrawError for a byte that is not UTF-8.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as e:
                fail(path, number, f"byte 0x{line[e.start]:02x} in column {e.start + 1} is not UTF-8")
            if text.strip():
                yield number, text.rstrip("\r\n")


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
            fail(path, number, f"{shown(line)!r}, expected {form}")
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


def edition(dataset: str, known: Sequence[str]) -> str:
    """Which of the ``known`` editions of a reader a data set's name asks for. Raises RedrawError where there is no such one."""
    said = names.edition(names.written_as(dataset))
    if said not in known:
        raise RedrawError(f"{dataset}: no edition {said!r}: known: {', '.join(e or 'none' for e in known)}")
    return said


def split_options(options: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A prepare stage's options: a reader's ``own``, {name: default}, and all others."""
    return {n: options.get(n, v) for n, v in own.items()}, {n: v for n, v in options.items() if n not in own}


def none_left(options: Mapping[str, Any], dataset: str, known: Collection[str]) -> None:
    """Raises RedrawError for an option that a reader without a form does not know."""
    for name in options:
        which = nearest(name, list(known)) if known else "it has none"
        raise RedrawError(f"{dataset}: no option {name!r} of prepare: {which}")


def all_different(paths: Iterable[Path]) -> None:
    """Raises RedrawError where two files hold the same bytes, as a file that was copied over another one does."""
    by_size: dict[int, list[Path]] = {}
    for path in paths:
        by_size.setdefault(path.stat().st_size, []).append(path)
    for same_size in by_size.values():
        seen: dict[str, Path] = {}
        for path in same_size if len(same_size) > 1 else ():
            first = seen.setdefault(file_digest(path), path)
            if first != path:
                raise RedrawError(
                    f"{path}: the same bytes as {first.name}: get both files again, then run the same command"
                )


def same_pictures(folder: Path, named: Set[str], other: str, stranger: str = "", pattern: str = "*") -> None:
    """Raises RedrawError where the files in ``folder``, or of ``pattern`` below it, are not those that ``other`` names.

    ``stranger`` says what a file is that is too many; hidden ones do not count.
    """
    there = {p.relative_to(folder).as_posix() for p in folder.glob(pattern) if not p.name.startswith(".")}
    missing, extra = named - there, there - named
    if missing or extra:
        which = f"{min(missing)} is missing" if missing else f"{min(extra)} is {stranger or f'not in {other}'}"
        raise RedrawError(
            f"{folder}: {len(there)} pictures where {other} has {len(named)}, {which}: get the folder again"
        )


def compare_counts(here: Mapping[str, int], published: Mapping[str, int], title: str, writer: PreparedWriter) -> None:
    """Note where a tree that goes by the name of a published data set holds other numbers of things."""
    odd = [f"{here.get(what, 0):,} {what} (published {n:,})" for what, n in published.items() if here.get(what, 0) != n]
    if odd:
        writer.note(f"not {title} as published: {', '.join(odd)}")


def compare_files(writer: PreparedWriter, published: Mapping[str, str], title: str) -> None:
    """Note each raw file whose SHA-256 is another one than the published file of this name has."""
    for name, said in writer.raw.items():
        if name in published and said["sha256"] != published[name]:
            writer.note(f"{name} is not the published file of {title}, as its SHA-256 shows")


def shown(line: str) -> str:
    """A line of a file as an error quotes it: what is too long for that is cut off."""
    return line if len(line) <= 60 else f"{line[:57]}…"
