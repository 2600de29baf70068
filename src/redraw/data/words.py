"""Captions as word ids: the tables of a tokenised data set, their files and their reader.

A folder of ``vocabulary.json``, ``record.json`` and ``tokens.npz``, which holds for every table

    <table>/tokens    [captions, T] framed, and padded with 0
    <table>/n_words   [captions], how many of them are no padding
    <table>/first     [owners + 1], the first caption of each owner

The table "trained" belongs to the images, or to the classes where all images of a class share their captions; any other
table is a held-out list whose owners are the classes.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError, atomic_path, nearest, read_json, write_json
from . import tokenizers
from .characters import encode_characters
from .files import check_digests, check_sizes, described
from .tables import END, PAD, START, Table, encode, padded


class Tokens:
    """The tokenised captions of a data set."""

    def __init__(
        self, vocabulary: Sequence[str], framed: bool, tables: dict[str, Table], where: str = "tokens",
        characters: Mapping[str, Any] | None = None, tokenizer: str = "words",
    ) -> None:  # fmt: skip
        self.vocabulary, self.framed, self.tables, self.where = tuple(vocabulary), framed, tables, where
        self.characters = characters  # the rules of characters.py, None where tokens are words
        self.tokenizer = tokenizer  # of tokenizers.py, where tokens are words
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
        tokenizer = record.get("vocabulary", {}).get("tokenizer", "words")
        return cls(vocabulary, record["framed"], tables, str(folder), record.get("characters"), tokenizer)

    @staticmethod
    def verify(folder: str | os.PathLike) -> None:
        """Raises RedrawError naming the first file whose SHA-256 is not the record's."""
        check_digests(Path(folder), read_json(Path(folder) / "record.json")["files"], "record.json")

    def table(self, name: str) -> Table:
        """Raises RedrawError for a table that there is not."""
        if name not in self.tables:
            raise RedrawError(f"{self.where}: no captions {name!r}: {nearest(name, list(self.tables))}")
        return self.tables[name]

    def among(self, knows: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> tuple[Tokens, np.ndarray]:
        """The same with those captions of "trained" alone that ``knows`` (tokens [N, T] -> [N] bool), and which of ``images``
        have one. Raises RedrawError where none has.
        """
        found, table = copy.copy(self), self.table("trained")
        table = table.only(knows(table.tokens))
        found.tables = {**self.tables, "trained": table}
        there = images[table.there(images)]
        if not len(there):
            raise RedrawError(
                f"{self.where}: none of {len(images):,} images has a known caption: ask for another split's"
            )
        return found, there

    def ids(self, words: Iterable[str]) -> list[int]:
        """Word ids of one caption, framed where this store's captions are; unknown words are <unk>."""
        return encode(words, self._ids, self.framed)

    def encode_texts(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Captions as people type them -> tokens [N, T] int64 and n_words [N] int64, read as this store's own were."""
        if self.characters is None:
            return self.encode(list(tokenizers.find(self.tokenizer).cut(texts)))
        tokens, n, _ = encode_characters(texts, **self.characters)
        return tokens.astype(np.int64), n.astype(np.int64)

    @property
    def longest(self) -> int:
        """Ids of the longest caption of any table."""
        return max(table.tokens.shape[1] for table in self.tables.values())

    def encode(self, captions: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Word lists -> tokens [N, T] int64, padded to the longest, and n_words [N] int64."""
        rows = [self.ids(words) for words in captions]
        return padded(rows), np.array([len(row) for row in rows], np.int64)

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


def write_tokens(
    folder: str | os.PathLike,
    vocabulary: Sequence[str],
    tables: dict[str, Table],
    framed: bool,
    notes: Sequence[str] = (),
    characters: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write tokens.npz and vocabulary.json and return the body of record.json, which the caller writes last.

    ``about`` is what the record says of the vocabulary (vocabularies.py). Raises RedrawError for a vocabulary that does not
    begin with <pad>, unless it was released, names a word twice or lacks what frames need.
    """
    folder = Path(folder)
    lacking = [s for s in (START, END) if framed and s not in vocabulary]
    twice = len(set(vocabulary)) != len(vocabulary) and characters is None  # an alphabet may name a symbol twice
    released = about is not None and about["kind"] == "released"
    if not vocabulary or (vocabulary[0] != PAD and not released) or lacking or twice:
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
    sizes = {
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
        **({} if about is None else {"vocabulary": dict(about)}),
        "words": len(vocabulary), "framed": framed, "tables": sizes, "notes": list(notes),
        "files": described(folder, ["tokens.npz", "vocabulary.json"]),
    }  # fmt: skip
