"""The captions of many images in little memory: white space made even, in the order of their keys, the odd ones told."""

from __future__ import annotations

from array import array

import numpy as np

from .writer import PreparedWriter

USUAL = 5  # captions of an image in COCO and Flickr


class CaptionLists:
    """``add`` captions in any order, then ``of(row)`` gives those of an image. Some 32 bytes a caption beside its text."""

    def __init__(self) -> None:
        self._bytes, self._ends = bytearray(), array("q", [0])
        self._rows, self._keys = array("i"), array("q")
        self._order: np.ndarray | None = None
        self._odd: dict[str, tuple[int, str]] = {}  # what is done: how often, and the first image

    def add(self, row: int, key: int, text: str, name: str) -> None:
        """A caption of image ``row`` that is called ``name``; its captions will be in the order of ``key``."""
        tidy = even(text)
        if not tidy:
            self._count("without a word: left out", name)
            return
        if tidy != text:
            self._count("with other white space than single spaces between words: collapsed", name)
        self._bytes += tidy.encode()
        self._ends.append(len(self._bytes))
        self._rows.append(row)
        self._keys.append(key)
        self._order = None

    def of(self, row: int) -> list[str]:
        """The captions of image ``row``, none where it has none."""
        if self._order is None:
            rows = np.array(self._rows)
            self._order = np.lexsort((np.array(self._keys), rows))
            self._sorted = rows[self._order]
        first, last = np.searchsorted(self._sorted, (row, row + 1))
        return [self._bytes[self._ends[k] : self._ends[k + 1]].decode() for k in self._order[first:last].tolist()]

    def tell(self, writer: PreparedWriter) -> None:
        """Note what was made even or left out: a line for each kind, with the number of captions and the first image."""
        for what, (n, name) in self._odd.items():
            captions = "1 caption" if n == 1 else f"{n:,} captions"
            writer.note(f"{captions} {what}; the first is of {name}")

    def _count(self, what: str, name: str) -> None:
        n, first = self._odd.get(what, (0, name))
        self._odd[what] = n + 1, first


class OtherCounts:
    """Keeps which images have another number of captions than five."""

    def __init__(self) -> None:
        self._images = 0
        self._fewest, self._most, self._first = 0, 0, ""

    def see(self, n: int, name: str) -> None:
        if n == USUAL:
            return
        if not self._images:
            self._fewest, self._most, self._first = n, n, name
        self._images += 1
        self._fewest, self._most = min(self._fewest, n), max(self._most, n)

    def tell(self, writer: PreparedWriter) -> None:
        if self._images:
            images = "1 image has" if self._images == 1 else f"{self._images:,} images have"
            span = f"{self._fewest}" if self._fewest == self._most else f"{self._fewest} to {self._most}"
            writer.note(
                f"{images} other than {USUAL} captions ({span}; the first is {self._first}): taken as they are, so that "
                f"caption k of image i is not number {USUAL} i + k"
            )


def even(text: str) -> str:
    """``text`` with a single space for each run of white space, and none at its ends."""
    return " ".join(text.split())
