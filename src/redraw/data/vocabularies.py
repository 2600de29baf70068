"""Vocabularies: built from a data set's captions, or imported with the ids that the authors released."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..core import RedrawError, canonical_json

SIZES = {
    "min_count": (1, False),
    "max_size": (1, True),
    "max_words": (1, True),
    "seed": (0, False),
}  # least, may be null


def build_vocabulary(
    captions: Iterable[Sequence[str]], specials: Sequence[str], min_count: int = 1, max_size: int | None = None
) -> list[str]:
    """``specials``, then the words that ``captions`` hold ``min_count`` times or more: frequent first, ties by word.

    Of these at most ``max_size`` are kept, the specials not counted.
    """
    counts = Counter(word for words in captions for word in words)
    words = sorted((w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w))
    return [*specials, *[w for w in words if w not in specials][:max_size]]


def vocabulary_digest(vocabulary: Sequence[str]) -> str:
    """SHA-256 of the words in the order of their ids, 64 hex digits: that of released.json where the words are those."""
    return hashlib.sha256(f"{canonical_json(list(vocabulary))}\n".encode()).hexdigest()


def built(vocabulary: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says of a vocabulary that was built with the options of a sheet."""
    about = {"kind": "built", "tokenizer": options["tokenizer"], "from": list(options["vocabulary_from"])}
    sizes = {name: options[name] for name in ("min_count", "max_size")}
    return about | sizes | {"sha256": vocabulary_digest(vocabulary)}


def in_common(vocabulary: Iterable[str], specials: Iterable[str], released: Sequence[str]) -> str:
    """The note that a built vocabulary is another one than the authors'."""
    common = len((set(vocabulary) - set(specials)) & set(released))
    return f"the vocabulary is built here: it is not the authors' ({common:,} of {len(released):,} words in common)"


class Corpus:
    """The words of all captions, item by item, in four bytes a word and eight a caption."""

    def __init__(self, items: Iterable[Sequence[str]], cut: Callable[[Iterable[str]], Iterable[list[str]]]) -> None:
        """``items`` are the captions of each item, ``cut`` makes words of all of them at once (tokenizers.py)."""
        self._flat, self._ends, self._first = array("I"), array("q", [0]), array("q", [0])
        ids: dict[str, int] = {}

        def texts() -> Iterator[str]:
            for captions in items:
                self._first.append(self._first[-1] + len(captions))
                yield from captions

        for words in cut(texts()):
            self._flat.extend(ids.setdefault(word, len(ids)) for word in words)
            self._ends.append(len(self._flat))
        self._words = list(ids)

    def of(self, item: int) -> Iterator[list[str]]:
        """The words of each caption of an item."""
        for k in range(self._first[item], self._first[item + 1]):
            yield [self._words[i] for i in self._flat[self._ends[k] : self._ends[k + 1]]]


def check_sizes(options: Mapping[str, Any]) -> None:
    """Raises RedrawError for an option that is no whole number, or too small."""
    for name, (least, may_lack) in SIZES.items():
        value = options.get(name, least)
        if value is None and may_lack:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            null = ", or null" if may_lack else ""
            raise RedrawError(f"tokens, {name} {value!r}: give a whole number from {least}{null}")
