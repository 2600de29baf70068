"""CUB's attributes: 312 questions an image, each answered with how sure the worker was. 3.7 million lines in seconds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN, fail, one, table

FORM = "`<image id> <attribute id> <1 or 0> <certainty id> <seconds>`"
FIELDS = 5
HIDDEN, UNSAID = -1, -2
TEXT = np.isin(np.arange(256), [*b"\t\r\n", *range(32, 127)])  # bytes that such a file is made of
DIGITS = 18  # of a number that 64 bits hold
NOT_VISIBLE = "not visible"


def read_attributes(
    names: Path, certainties: Path, labels: Path, images: Mapping[int, str], note: Callable[[str], None]
) -> tuple[list[str], np.ndarray]:
    """Names of the attributes [A], and [N, A] int8: 1 present, 0 absent, -1 not visible; rows in the order of ``images``.

    ``images`` {id: name} rises by id. Of lines with more than five fields the first four count. An attribute about which
    nothing is said is not visible; both are noted. Raises RedrawError for a line of another form, an id that there is not,
    and an image about which nothing is said.
    """
    called = _called(names)
    unsure = table(certainties, "`<certainty id> <words>`", " ".join, "certainty")
    hidden = [i for i, (words, _) in unsure.items() if words == NOT_VISIBLE]
    if not hidden:
        raise RedrawError(f"{certainties}: no certainty is called {NOT_VISIBLE!r}: {GET_AGAIN}")
    rows, fields = _rows(labels)
    long = fields > FIELDS
    if long.any():
        first = _line(labels, int(np.argmax(long)))[0]
        note(
            f"{labels.name}: {long.sum():,} lines of more than {FIELDS} fields, the first is line {first}: four are taken"
        )
    ids = np.fromiter(images, np.int64, len(images))
    sure = np.isin(rows[:, 3], list(unsure))
    for wrong, what in (
        (~np.isin(rows[:, 0], ids), "image {0} is not in images.txt"),
        ((rows[:, 1] < 1) | (rows[:, 1] > len(called)), f"attribute {{1}} is not in {names.name}"),
        ((rows[:, 2] < 0) | (rows[:, 2] > 1), "present is {2}, expected 1 or 0"),
        (~sure & ~long, f"certainty {{3}} is not in {certainties.name}"),
    ):
        if wrong.any():
            k = int(np.argmax(wrong))
            fail(labels, _line(labels, k)[0], what.format(*rows[k]))
    found = np.full((len(images), len(called)), UNSAID, np.int8)
    answers = np.where(np.isin(rows[:, 3], hidden) | ~sure, HIDDEN, rows[:, 2])
    found[np.searchsorted(ids, rows[:, 0]), rows[:, 1] - 1] = answers
    said = found != UNSAID
    if not said.any(1).all():
        i = int(ids[np.argmin(said.any(1))])
        raise RedrawError(f"{labels}: no line about image {i} ({images[i]}): {GET_AGAIN}")
    if not said.all():
        note(f"{labels.name}: nothing is said of {(~said).sum():,} pairs of image and attribute: taken as not visible")
    if len(rows) > said.sum():
        note(
            f"{labels.name}: {len(rows) - said.sum():,} lines repeat a pair of image and attribute: the last one counts"
        )
    found[~said] = HIDDEN
    return called, found


# --- inside ------------------------------------------------------------------------------------------------------


def _called(path: Path) -> list[str]:
    found = table(path, "`<attribute id> <attribute>`", one, "attribute")
    if sorted(found) != list(range(1, len(found) + 1)):
        lacking = next(k for k in range(1, len(found) + 2) if k not in found)
        raise RedrawError(
            f"{path}: attribute {lacking} is missing, ids run from 1 to {max(found, default=1)}: {GET_AGAIN}"
        )
    return [found[k][0] for k in sorted(found)]


def _rows(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first four fields [lines, 4] int64, and how many fields each line has; blank lines left out."""
    content = np.fromfile(path, np.uint8)
    begins = content > ord(" ")  # the first byte of each field
    begins[1:] &= content[:-1] <= ord(" ")
    ends = np.flatnonzero(content == ord("\n"))
    starts = np.concatenate([[0], ends + 1])
    starts = starts[starts < len(content)]
    fields = np.add.reduceat(begins, starts, dtype=np.int32) if len(starts) else np.zeros(0, np.int32)
    fields = fields[fields > 0]
    if not len(fields):
        raise RedrawError(f"{path}: empty: {GET_AGAIN}")
    odd = ~TEXT[content]
    odd[:-1] |= (content[:-1] == ord("\r")) & (content[1:] != ord("\n"))
    if odd.any():
        at = int(np.argmax(odd))
        number = int((content[:at] == ord("\n")).sum()) + 1
        fail(path, number, f"byte 0x{content[at]:02x} within the line, expected plain ASCII text")
    if fields.min() < FIELDS:
        _misshapen(path, *_line(path, int(np.argmin(fields >= FIELDS))))
    try:
        rows = np.loadtxt(path, np.int64, comments=None, usecols=(0, 1, 2, 3), ndmin=2, encoding="ascii")
    except ValueError:
        for number, line in _lines(path):
            if not all(field.isdigit() and len(field) <= DIGITS for field in line.split()[:4]):
                _misshapen(path, number, line)
        raise
    return rows, fields


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number from 1, text) of the lines that are not blank."""
    with open(path, "rb") as f:
        yield from ((number, line.strip()) for number, line in enumerate(f, 1) if line.strip())


def _line(path: Path, k: int) -> tuple[int, bytes]:
    """The ``k``-th of these, from 0."""
    return next(itertools.islice(_lines(path), k, None))


def _misshapen(path: Path, number: int, line: bytes) -> NoReturn:
    fail(path, number, f"{line.decode('ascii', 'replace')[:60]!r}, expected {FORM}")
