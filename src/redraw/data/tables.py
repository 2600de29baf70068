"""Tables of captions as ids, each caption the row of an owner, and how they are built from words or from ids."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..core import RedrawError

PAD, START, END, UNK = "<pad>", "<start>", "<end>", "<unk>"
SPECIALS = (PAD, START, END, UNK)


@dataclass(frozen=True)
class Table:
    """Captions and whose they are: those of owner ``i`` are the rows first[i] to first[i + 1]."""

    tokens: np.ndarray  # [captions, T], 0 = padding
    n_words: np.ndarray  # [captions]
    first: np.ndarray  # [owners + 1] int64
    owner: Literal["image", "class"]

    def pick(self, owners: np.ndarray, rng: np.random.Generator, n_words: int | None = None) -> np.ndarray:
        """One row for each of ``owners`` [N], drawn evenly from its captions, or from those of ``n_words`` ids.

        Raises RedrawError where one has none.
        """
        if n_words is not None:
            return self._of_length(n_words).pick(owners, rng)
        return self._full[rng.integers(*self._spans(owners))]

    def by_length(self, owners: np.ndarray) -> dict[int, np.ndarray]:
        """{ids of a caption: which of ``owners`` [N], from 0, each caption of so many is of}."""
        low, high = self._spans_if_any(owners)
        which = np.repeat(np.arange(len(owners)), high - low)
        rows = self._full[np.arange(len(which)) + np.repeat(low - np.cumsum(high - low) + (high - low), high - low)]
        lengths = self.n_words[rows]
        return {int(n): which[lengths == n] for n in np.unique(lengths)}

    def all_of(self, owners: np.ndarray) -> np.ndarray:
        """All captions of each of ``owners`` [N]: [N, K, T] int64, K the most that any owner has; 0 behind the last.

        Raises RedrawError where one has none.
        """
        low, high = self._spans(owners)
        rows = low[:, None] + np.arange(np.diff(self._first).max())
        there = rows < high[:, None]
        found = self.tokens[self._full[np.where(there, rows, 0)]].astype(np.int64)
        return np.where(there[:, :, None], found, 0)

    def only(self, kept: np.ndarray) -> Table:
        """The same rows, those that are not ``kept`` [captions] as if they held nothing."""
        return replace(self, n_words=np.where(kept, self.n_words, 0))

    def there(self, owners: np.ndarray) -> np.ndarray:
        """[N] bool, which of ``owners`` [N] have a caption."""
        low, high = self._spans_if_any(owners)
        return low < high

    def _of_length(self, n_words: int) -> Table:
        if n_words not in self._lengths:
            self._lengths[n_words] = self.only(self.n_words == n_words)
        return self._lengths[n_words]

    @functools.cached_property
    def _lengths(self) -> dict[int, Table]:
        return {}

    @functools.cached_property
    def _full(self) -> np.ndarray:
        """The rows that hold any token."""
        return np.flatnonzero(self.n_words > 0)

    @functools.cached_property
    def _first(self) -> np.ndarray:
        """[owners + 1], the first of these rows of each owner."""
        return np.concatenate([[0], np.cumsum(self.n_words > 0)])[self.first]

    def _spans_if_any(self, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._first[owners], self._first[owners + 1]

    def _spans(self, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = self._spans_if_any(owners)
        if np.any(low == high):
            who = int(np.asarray(owners)[np.argmax(low == high)])
            raise RedrawError(f"{self.owner} {who} has no caption in this table: leave it out of what is asked for")
        return low, high


def encode(words: Iterable[str], ids: dict[str, int], framed: bool) -> list[int]:
    """Ids of one caption; words that are not in ``ids`` become <unk>, or are left out of a vocabulary without <unk>."""
    unknown = ids.get(UNK)
    found = [i for i in (ids.get(word, unknown) for word in words) if i is not None]
    return [ids[START], *found, ids[END]] if framed else found


def padded(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Rows of several lengths -> [N, T] with 0 behind the shorter ones."""
    out = np.zeros((len(rows), max((len(row) for row in rows), default=0)), np.int64)
    for values, row in zip(out, rows, strict=True):
        values[: len(row)] = row
    return out


class Encoder:
    """Builds one table from captions that are given owner by owner; holds four bytes a word.

    Of a caption longer than ``max_words`` the first ones are kept (``longer`` "cut"), or some of them in their order, drawn by
    ``seed`` and the caption's number ("sample": AttnGAN's code draws them anew at each epoch, here it is done once).
    """

    def __init__(
        self, vocabulary: Sequence[str], framed: bool, max_words: int | None = None, longer: str = "cut", seed: int = 0
    ) -> None:
        self._ids = {word: i for i, word in enumerate(vocabulary)}
        self._framed, self._max_words, self._sampled, self._seed = framed, max_words, longer == "sample", seed
        self._flat, self._n_words, self._first = array("I"), array("i"), array("q", [0])
        self.longer = 0  # captions of more words than that

    def add(self, captions: Iterable[Sequence[str]]) -> None:
        """The captions of the next owner, each a list of words."""
        self._add(encode(self._shortened(words), self._ids, self._framed) for words in captions)

    def add_ids(self, captions: Iterable[Sequence[int]]) -> None:
        """The captions of the next owner, each a list of ids that is kept as it is."""
        self._add(self._shortened(ids) for ids in captions)

    def _add(self, rows: Iterable[Sequence[int]]) -> None:
        for ids in rows:
            self._flat.extend(ids)
            self._n_words.append(len(ids))
        self._first.append(len(self._n_words))

    def _shortened(self, words: Sequence[Any]) -> Sequence[Any]:
        if self._max_words is None or len(words) <= self._max_words:
            return words
        self.longer += 1
        if not self._sampled:
            return words[: self._max_words]
        rng = np.random.default_rng([self._seed, len(self._n_words)])
        return [words[i] for i in np.sort(rng.permutation(len(words))[: self._max_words])]

    def table(self, owner: Literal["image", "class"]) -> Table:
        n_words = np.array(self._n_words, np.int32)
        width = int(n_words.max(initial=0))
        tokens = np.zeros((len(n_words), width), np.uint16 if len(self._ids) <= 1 << 16 else np.uint32)
        # A row's own columns are those left of its length: filled in reading order, as the flat list is.
        tokens[np.arange(width) < n_words[:, None]] = np.array(self._flat, np.uint32)
        return Table(tokens, n_words, np.array(self._first, np.int64), owner)
