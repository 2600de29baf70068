"""Data sets of documents, one a line, as text models of the lagging-encoder kind read them: no images, the text alone.

    <name>.train.txt, <name>.valid.txt, <name>.test.txt     UTF-8, words apart by spaces; or <label><TAB><text>

The files lie in the raw folder, or where the archive has them, in datasets/<name>_data/ or <name>_data/. Each document is an
item without an image, named <file>:<line>; its text is its caption, its class the label. Splits: train, validation (the file
"valid"), test. Upstream drops empty lines in silence, here they are noted; so are documents that come twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core import RedrawError
from ..names import family
from .lists import GET_AGAIN, compare_counts, fail, required, shown
from .writer import PreparedWriter

SPLITS = {"train": "train", "valid": "validation", "test": "test"}
PUBLISHED = {"train": 100_000, "validation": 10_000, "test": 10_000}  # Yang et al. (2017); not verified on the files
MARK = "\ufeff"  # a byte order mark
NO_LABEL = "document"
MOST_LABELS = 100  # more are no labels


def raw_files(name: str) -> tuple[str, ...]:
    """Where the archive has them."""
    return tuple(f"datasets/{name}_data/{name}.{part}.txt" for part in SPLITS)


def find(raw: Path, name: str) -> Path | None:
    """The raw file ``name``, there or further up to the raw folder itself; None where it is missing."""
    parts = Path(name).parts
    return next((p for k in range(len(parts)) if (p := raw.joinpath(*parts[len(parts) - 1 - k :])).exists()), None)


def prepare(
    raw: Path, writer: PreparedWriter, options: Mapping[str, Any], name: str, title: str, needs: str, labelled: bool
) -> None:
    """The files of data set ``name`` below ``raw`` -> items without images, in the order of the files.

    Raises RedrawError for a file that is missing, empty or not UTF-8, and where labels are expected, for a line without.
    """
    for option in options:
        raise RedrawError(f"{writer.dataset}: no option {option!r} of prepare: documents have none")
    paths = {
        part: required(raw, Path(file).name, find(raw, file), writer.dataset, needs)
        for part, file in _files(name).items()
    }
    writer.classes = _labels(paths) if labelled else [NO_LABEL]
    numbers = {label: k for k, label in enumerate(writer.classes)}
    reader, counts = _Reader(), Counter[str]()
    for part, path in paths.items():
        before = reader.kept
        for number, label, text in reader.documents(path, labelled):
            writer.add(None, numbers[label], f"{path.name}:{number}", SPLITS[part], [text])
            reader.seen(path, number, SPLITS[part], text)
        if reader.kept == before:
            raise RedrawError(f"{path}: no document in it, {path.stat().st_size} bytes: {GET_AGAIN}")
        counts[SPLITS[part]] = reader.kept - before
    reader.tell(writer)
    if family(writer.dataset) == name:
        compare_counts(counts, PUBLISHED, title, writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _files(name: str) -> dict[str, str]:
    return dict(zip(SPLITS, raw_files(name), strict=True))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text) of all lines, cut at line feeds alone. Raises RedrawError for a byte that is not UTF-8."""
    with open(path, "rb") as f:
        for number, line in enumerate(f, 1):
            try:
                yield number, line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as e:
                fail(path, number, f"byte 0x{line[e.start]:02x} at {e.start} of the line is not UTF-8")


def _split(path: Path, number: int, line: str) -> tuple[str, str]:
    label, tab, text = line.partition("\t")
    label = label.strip().removeprefix(MARK)
    if not tab or not label or len(label) > 20 or label.split() != [label]:
        fail(path, number, f"{shown(line)!r}, expected `<label><TAB><text>`")
    return label, text


def _labels(paths: Mapping[str, Path]) -> list[str]:
    found: set[str] = set()
    for path in paths.values():
        for number, line in _lines(path):
            if line.strip():
                found.add(_split(path, number, line)[0])
                if len(found) > MOST_LABELS:
                    fail(
                        path, number, f"label number {len(found)}, expected {MOST_LABELS} at most, `<label><TAB><text>`"
                    )
    return sorted(found)


class _Reader:
    """Reads documents and keeps what is odd about them, and a hash of each."""

    def __init__(self) -> None:
        self.kept = 0
        self._odd: dict[str, tuple[int, str]] = {}  # {what: (how often, where first)}
        self._first: dict[int, str] = {}  # {hash of a text: the split that it was in first}

    def documents(self, path: Path, labelled: bool) -> Iterator[tuple[int, str, str]]:
        """(line, label, text) of the documents that are not empty; without labels all are called "document"."""
        for number, line in _lines(path):
            if number == 1 and line.startswith(MARK):
                line = line.removeprefix(MARK)
                self._note("files begin with a byte order mark: left out", path, number)
            label, text = _split(path, number, line) if labelled and line.strip() else (NO_LABEL, line)
            if not text.strip():
                self._note("lines are empty: no documents", path, number)
                continue
            if "\t" in text:
                self._note("documents hold a tab: kept, white space to a tokenizer", path, number)
            self.kept += 1
            yield number, label, text

    def seen(self, path: Path, number: int, split: str, text: str) -> None:
        """Note where this document was there before."""
        key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        if key not in self._first:
            self._first[key] = split
            return
        where = "twice" if self._first[key] == split else f"in {self._first[key]} too"
        self._note(f"documents of {split} come {where}: kept", path, number)

    def tell(self, writer: PreparedWriter) -> None:
        for what, (n, where) in self._odd.items():
            writer.note(f"{n:,} {what} (the first is {where})")

    def _note(self, what: str, path: Path, number: int) -> None:
        n, where = self._odd.get(what, (0, f"line {number} of {path.name}"))
        self._odd[what] = n + 1, where
