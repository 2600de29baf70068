"""Captions as word ids: the tables of a tokenised data set, their files and their reader.

A folder of ``vocabulary.json``, ``record.json`` and ``tokens.npz``, which holds for every table

    <table>/tokens    [captions, T] framed, and padded with 0
    <table>/n_words   [captions], how many of them are no padding
    <table>/first     [owners + 1], the first caption of each owner

The table "trained" belongs to the images, or to the classes where all images of a class share their captions; any other
table is a held-out list whose owners are the classes.
"""

from __future__ import annotations

import functools
import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..core import RedrawError, atomic_path, nearest, read_json, write_json
from .characters import encode_characters
from .files import check_digests, check_sizes, described

PAD, START, END, UNK = "<pad>", "<start>", "<end>", "<unk>"
SPECIALS = (PAD, START, END, UNK)


@dataclass(frozen=True)
class Table:
    """Captions and whose they are: those of owner ``i`` are the rows first[i] to first[i + 1]."""

    tokens: np.ndarray  # [captions, T], 0 = padding
    n_words: np.ndarray  # [captions]
    first: np.ndarray  # [owners + 1] int64
    owner: Literal["image", "class"]

    def pick(self, owners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One row for each of ``owners`` [N], drawn evenly from its captions. Raises RedrawError where one has none."""
        return self._full[rng.integers(*self._spans(owners))]

    def all_of(self, owners: np.ndarray) -> np.ndarray:
        """All captions of each of ``owners`` [N]: [N, K, T] int64, K the most that any owner has; 0 behind the last.

        Raises RedrawError where one has none.
        """
        low, high = self._spans(owners)
        rows = low[:, None] + np.arange(np.diff(self._first).max())
        there = rows < high[:, None]
        found = self.tokens[self._full[np.where(there, rows, 0)]].astype(np.int64)
        return np.where(there[:, :, None], found, 0)

    @functools.cached_property
    def _full(self) -> np.ndarray:
        """The rows that hold any token."""
        return np.flatnonzero(self.n_words > 0)

    @functools.cached_property
    def _first(self) -> np.ndarray:
        """[owners + 1], the first of these rows of each owner."""
        return np.concatenate([[0], np.cumsum(self.n_words > 0)])[self.first]

    def _spans(self, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = self._first[owners], self._first[owners + 1]
        if np.any(low == high):
            who = int(np.asarray(owners)[np.argmax(low == high)])
            raise RedrawError(f"{self.owner} {who} has no caption in this table: leave it out of what is asked for")
        return low, high


class Tokens:
    """The tokenised captions of a data set."""

    def __init__(
        self, vocabulary: Sequence[str], framed: bool, tables: dict[str, Table], where: str = "tokens",
        characters: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.vocabulary, self.framed, self.tables, self.where = tuple(vocabulary), framed, tables, where
        self.characters = characters  # the rules of characters.py, None where tokens are words
        self._ids = {word: i for i, word in enumerate(self.vocabulary)}

    @classmethod
    def open(cls, folder: str | os.PathLike) -> Tokens:
        """Raises RedrawError where a file is missing or has another size than record.json says."""
        folder = Path(folder)
        record = read_json(folder / "record.json")
        if not isinstance(record, dict) or "files" not in record:
            raise RedrawError(f"{folder}: no tokens (record.json): run `snakemake {folder}/record.json`")
        check_sizes(folder, record["files"], "record.json")
        with np.load(folder / "tokens.npz") as stored:
            tables = {
                name: Table(*(stored[f"{name}/{part}"] for part in ("tokens", "n_words", "first")), about["owner"])
                for name, about in record["tables"].items()
            }
        vocabulary = read_json(folder / "vocabulary.json")
        return cls(vocabulary, record["framed"], tables, str(folder), record.get("characters"))

    @staticmethod
    def verify(folder: str | os.PathLike) -> None:
        """Raises RedrawError naming the first file whose SHA-256 is not the record's."""
        check_digests(Path(folder), read_json(Path(folder) / "record.json")["files"], "record.json")

    def table(self, name: str) -> Table:
        """Raises RedrawError for a table that there is not."""
        if name not in self.tables:
            raise RedrawError(f"{self.where}: no captions {name!r}: {nearest(name, list(self.tables))}")
        return self.tables[name]

    def ids(self, words: Iterable[str]) -> list[int]:
        """Word ids of one caption, framed where this store's captions are; unknown words are <unk>."""
        return encode(words, self._ids, self.framed)

    def encode_texts(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Captions as people type them -> tokens [N, T] int64 and n_words [N] int64, read as this store's own were."""
        if self.characters is None:
            return self.encode([cut(text) for text in texts])
        tokens, n, _ = encode_characters(texts, **self.characters)
        return tokens.astype(np.int64), n.astype(np.int64)

    def encode(self, captions: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Word lists -> tokens [N, T] int64, padded to the longest, and n_words [N] int64."""
        rows = [self.ids(words) for words in captions]
        return padded(rows, np.int64), np.array([len(row) for row in rows], np.int64)

    def decode(self, tokens: Iterable[int]) -> str:
        """The caption of one row of ids: without frame and padding; a word that was unknown reads <unk>."""
        words = (self.vocabulary[i] for i in tokens)
        return ("" if self.characters else " ").join(w for w in words if w not in (PAD, START, END))

    def draw(
        self, name: str, class_id: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """For each of ``class_id`` [N] one caption of table ``name``: tokens [N, T] int64, n_words [N] int64, texts.

        Raises RedrawError for a table whose captions belong to images, and for a class without captions.
        """
        table = self.table(name)
        if table.owner != "class":
            raise RedrawError(f"{self.where}: captions {name!r} belong to images, not to classes: ask by image")
        rows = table.pick(class_id, rng)
        tokens = table.tokens[rows].astype(np.int64)
        return tokens, table.n_words[rows].astype(np.int64), [self.decode(row) for row in tokens]

    def draw_of_images(
        self, name: str, indices: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each of the images ``indices`` [N] one of its captions: tokens [N, T] int64, n_words [N] int64, k [N] int64.

        ``k`` is which of the image's captions it is: ``Prepared.captions(i)[k]`` is its text. Raises RedrawError for a
        table whose captions belong to classes, and for an image without captions.
        """
        table = self.table(name)
        if table.owner != "image":
            raise RedrawError(f"{self.where}: captions {name!r} belong to classes, not to images: ask by class")
        rows = table.pick(indices, rng)
        return table.tokens[rows].astype(np.int64), table.n_words[rows].astype(np.int64), rows - table.first[indices]


def cut(caption: str) -> list[str]:
    """The words of a caption: lower case, cut at white space."""
    return caption.lower().split()


def encode(words: Iterable[str], ids: dict[str, int], framed: bool) -> list[int]:
    """Ids of one caption; words that are not in ``ids`` become <unk>, or are left out of a vocabulary without <unk>."""
    unknown = ids.get(UNK)
    found = [i for i in (ids.get(word, unknown) for word in words) if i is not None]
    return [ids[START], *found, ids[END]] if framed else found


def padded(rows: Sequence[Sequence[int]], dtype: Any) -> np.ndarray:
    """Rows of several lengths -> [N, T] with 0 behind the shorter ones."""
    out = np.zeros((len(rows), max((len(row) for row in rows), default=0)), dtype)
    for values, row in zip(out, rows, strict=True):
        values[: len(row)] = row
    return out


class Encoder:
    """Builds one table from captions that are given owner by owner; holds two bytes a word."""

    def __init__(self, vocabulary: Sequence[str], framed: bool, max_words: int | None = None) -> None:
        self._ids = {word: i for i, word in enumerate(vocabulary)}
        self._framed, self._max_words = framed, max_words
        self._flat, self._n_words, self._first = array("I"), array("i"), array("q", [0])

    def add(self, captions: Iterable[Sequence[str]]) -> None:
        """The captions of the next owner, each a list of words; words beyond ``max_words`` are cut off."""
        for words in captions:
            ids = encode(words[: self._max_words], self._ids, self._framed)
            self._flat.extend(ids)
            self._n_words.append(len(ids))
        self._first.append(len(self._n_words))

    def table(self, owner: Literal["image", "class"]) -> Table:
        n_words = np.array(self._n_words, np.int32)
        width = int(n_words.max(initial=0))
        tokens = np.zeros((len(n_words), width), np.uint16 if len(self._ids) <= 1 << 16 else np.uint32)
        # A row's own columns are those left of its length: filled in reading order, as the flat list is.
        tokens[np.arange(width) < n_words[:, None]] = np.array(self._flat, np.uint32)
        return Table(tokens, n_words, np.array(self._first, np.int64), owner)


def write_tokens(
    folder: str | os.PathLike,
    vocabulary: Sequence[str],
    tables: dict[str, Table],
    framed: bool,
    notes: Sequence[str] = (),
    characters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write tokens.npz and vocabulary.json and return the body of record.json, which the caller writes last.

    Raises RedrawError for a vocabulary that does not begin with <pad>, names a word twice or lacks what frames need.
    """
    folder = Path(folder)
    lacking = [s for s in (START, END) if framed and s not in vocabulary]
    twice = len(set(vocabulary)) != len(vocabulary) and characters is None  # an alphabet may name a symbol twice
    if not vocabulary or vocabulary[0] != PAD or lacking or twice:
        raise RedrawError(
            f"{folder}: a vocabulary begins with {PAD}, names each word once and holds {START} and {END} for framed "
            f"captions: correct `specials` in the paper's sheet"
        )
    write_json(folder / "vocabulary.json", list(vocabulary))
    arrays = {}
    for name, table in tables.items():
        arrays |= {f"{name}/tokens": table.tokens, f"{name}/n_words": table.n_words, f"{name}/first": table.first}
    with atomic_path(folder / "tokens.npz") as part, open(part, "wb") as f:
        np.savez_compressed(f, **arrays)
    about = {
        name: {
            "owner": t.owner,
            "owners": len(t.first) - 1,
            "captions": len(t.n_words),
            "longest": int(t.tokens.shape[1]),
        }
        for name, t in tables.items()
    }
    return {
        **({} if characters is None else {"characters": dict(characters)}),
        "words": len(vocabulary), "framed": framed, "tables": about, "notes": list(notes),
        "files": described(folder, ["tokens.npz", "vocabulary.json"]),
    }  # fmt: skip
