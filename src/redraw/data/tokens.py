"""The tokenise stage: the captions that a paper's sheet asks for, as word ids.

A sheet's entry under ``tokens``:

    captions: digits_kind1 … digits_kind4 | dataset    from the grammar of digit_captions.py, or the data set's own
    as_released, distractors, per_class                digits: D3; kind 3: numbers beside the digit, captions a class (64)
    unseen, operations                                 digits: held-out captions a class (20), operators in kind 4's ([2, 3, 4])
    seed                                               digits: of what is sampled (0)
    tokenizer                                          words: lower case, cut at white space
    specials, framed                                   ([<pad>, <start>, <end>, <unk>]); <start> … <end> around each (true)
    vocabulary_from, min_count, max_words              dataset: splits ([train]), rarer words are <unk> (1), longer is cut
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import RedrawError, nearest
from .digit_captions import DIGITS, RELEASED_TESTS, VOCABULARY, sample_caption, training_captions, unseen_captions
from .words import SPECIALS, Encoder, Table, Tokens, write_tokens

if TYPE_CHECKING:
    from .base import Prepared

__all__ = ["TOKENIZERS", "Tokens", "build_vocabulary", "tokenize", "write_tokens"]

TOKENIZERS: dict[str, Callable[[str], list[str]]] = {"words": lambda caption: caption.lower().split()}

COMMON = {"captions": None, "tokenizer": "words", "specials": list(SPECIALS), "framed": True}
OF_DIGITS = {
    "as_released": False,
    "distractors": None,
    "per_class": 64,
    "unseen": 20,
    "operations": [2, 3, 4],
    "seed": 0,
}
OF_DATASET = {"vocabulary_from": ["train"], "min_count": 1, "max_words": None}


def tokenize(spec: Mapping[str, Any], data: str | os.PathLike, folder: str | os.PathLike) -> dict[str, Any]:
    """Write the tokens that ``spec`` (a sheet's entry) asks for of the prepared data set ``data`` to ``folder``.

    Returns the body of record.json. Raises RedrawError for an unknown option or value.
    """
    from .base import Prepared

    prepared, captions = Prepared.open(data), str(spec.get("captions"))
    kind = re.fullmatch(r"digits_kind([1-4])", captions)
    if kind is None and captions != "dataset":
        known = [*(f"digits_kind{k}" for k in (1, 2, 3, 4)), "dataset"]
        raise RedrawError(f"tokens, captions {captions!r}: {nearest(captions, known)}")
    defaults = COMMON | (OF_DIGITS if kind else OF_DATASET)
    for name in spec:
        if name not in defaults:
            raise RedrawError(f"tokens, captions {captions}: no option {name!r}: {nearest(name, list(defaults))}")
    options = defaults | dict(spec)
    if kind:
        return _of_digits(int(kind[1]), options, prepared, Path(folder))
    return _of_dataset(options, prepared, Path(folder))


def build_vocabulary(captions: Iterable[Sequence[str]], specials: Sequence[str], min_count: int = 1) -> list[str]:
    """``specials``, then the words of ``captions`` seen ``min_count`` times or more, frequent ones first, ties by word."""
    counts = Counter(word for words in captions for word in words)
    words = sorted((w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w))
    return [*specials, *(w for w in words if w not in specials)]


def _of_digits(kind: int, options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    if prepared.classes != len(DIGITS):
        raise RedrawError(
            f"tokens: captions of digits for {prepared.folder}, which has {prepared.classes} classes: use a set of digits"
        )
    specials = options["specials"]
    vocabulary = [*specials, *VOCABULARY[len(SPECIALS) :]]
    if tuple(specials) != SPECIALS:
        raise RedrawError(f"tokens: specials {specials}: captions of digits have {list(SPECIALS)}: leave them out")
    as_released, seed, distractors = options["as_released"], options["seed"], options["distractors"]
    tables: dict[str, list[list[list[str]]]] = {}
    if kind == 3:
        rngs = [np.random.default_rng([seed, digit]) for digit in range(10)]
        draws = [
            [sample_caption(3, d, rng, distractors) for _ in range(options["per_class"])] for d, rng in enumerate(rngs)
        ]
        tables["trained"] = draws
        tables["unseen"] = [
            _others(lambda d=d, rng=rng: sample_caption(3, d, rng, distractors), draws[d], options["unseen"])
            for d, rng in enumerate(rngs)
        ]
    else:
        tables["trained"] = [training_captions(kind, digit, as_released) for digit in range(10)]
    if kind == 4:
        of_digit = [unseen_captions(d, options["unseen"], tuple(options["operations"]), seed) for d in range(10)]
        tables["unseen"] = of_digit
        tables["released"] = [[c.split() for c in RELEASED_TESTS.get(d, ())] for d in range(10)]
    encoded = {}
    for name, of_class in tables.items():
        if not any(of_class):
            continue
        encoder = Encoder(vocabulary, options["framed"])
        for captions in of_class:
            encoder.add(captions)
        encoded[name] = encoder.table("class")
    return write_tokens(folder, vocabulary, encoded, options["framed"])


def _others(draw: Callable[[], list[str]], taken: Iterable[Sequence[str]], n: int) -> list[list[str]]:
    """Up to ``n`` distinct captions that are not ``taken``; fewer, or none, where nearly all are."""
    seen, found = {tuple(c) for c in taken}, []
    for _ in range(100 * n):
        if len(found) == n:
            break
        caption = draw()
        if tuple(caption) not in seen:
            seen.add(tuple(caption))
            found.append(caption)
    return found


def _of_dataset(options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    if not prepared.manifest["captions"]:
        raise RedrawError(
            f"tokens: {prepared.folder} has no captions of its own: give captions: digits_kind1 … digits_kind4"
        )
    if options["tokenizer"] not in TOKENIZERS:
        raise RedrawError(
            f"tokens, tokenizer {options['tokenizer']!r}: {nearest(options['tokenizer'], list(TOKENIZERS))}"
        )
    cut = TOKENIZERS[options["tokenizer"]]
    chosen = [prepared.split(split).indices for split in options["vocabulary_from"]]

    def captions(indices: Iterable[int]) -> Iterator[list[str]]:
        for i in indices:
            yield from map(cut, prepared.captions(i))

    seen = np.unique(np.concatenate(chosen)).tolist()
    vocabulary = build_vocabulary(captions(seen), options["specials"], options["min_count"])
    encoder = Encoder(vocabulary, options["framed"], options["max_words"])
    for i in range(len(prepared)):
        encoder.add(captions([i]))
    table: Table = encoder.table("image")
    notes = []
    without = int((np.diff(table.first) == 0).sum())
    if without:
        notes.append(f"{without} of {len(prepared)} images have no caption")
        print(f"{prepared.manifest['dataset']}: {notes[-1]}", file=sys.stderr, flush=True)
    return write_tokens(folder, vocabulary, {"trained": table}, options["framed"], notes)
