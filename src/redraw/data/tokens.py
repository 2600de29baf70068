"""The tokenise stage: the captions that a paper's sheet asks for, as word ids.

A sheet's entry under ``tokens``:

    captions          digits_kind1 … digits_kind4: from the grammar of digit_captions.py; dataset: the data set's own
    tokenizer         words: lower case, cut at white space; characters: see characters.py
    framed            <start> and <end> around each caption (true; false for characters, which have no frame)
  digits:
    as_released       D3, in kind 2 (false)
    distractors       kind 3: how many numbers beside the digit, 1 to 5; null draws it for each caption (null)
    per_class         kind 3: how many captions a class (64)
    unseen            kinds 3 and 4: how many held-out captions a class (20)
    operations        kind 4: how many operators in these ([2, 3, 4])
    seed              of what is sampled (0)
  dataset:
    specials          the vocabulary's first words ([<pad>, <start>, <end>, <unk>])
    vocabulary_from   splits whose captions make the vocabulary ([train])
    min_count         rarer words are <unk> (1)
    max_words         longer captions are cut; null: never (null)
  characters, of a dataset's captions:
    unknown           what a character outside the alphabet does: stop, skip or space (stop)
    lower             capital letters are read as small ones (true)
    length            characters of a caption (201)
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import RedrawError, nearest
from . import characters
from .digit_captions import DIGITS, RELEASED_TESTS, VOCABULARY, sample_caption, training_captions, unseen_captions
from .words import SPECIALS, Encoder, Table, Tokens, cut, write_tokens

if TYPE_CHECKING:
    from .base import Prepared

__all__ = ["TOKENIZERS", "Tokens", "build_vocabulary", "tokenize", "write_tokens"]

TOKENIZERS = ("words", "characters")

COMMON = {"captions": None, "tokenizer": "words", "framed": True}
OF_DIGITS = {
    "as_released": False,
    "distractors": None,
    "per_class": 64,
    "unseen": 20,
    "operations": [2, 3, 4],
    "seed": 0,
}
OF_DATASET = {"specials": list(SPECIALS), "vocabulary_from": ["train"], "min_count": 1, "max_words": None}


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
    tokenizer = spec.get("tokenizer", "words")
    if tokenizer not in TOKENIZERS:
        raise RedrawError(f"tokens, tokenizer {tokenizer!r}: {nearest(str(tokenizer), list(TOKENIZERS))}")
    if tokenizer == "characters":
        if kind:
            raise RedrawError(
                f"tokens, captions {captions}: these are words: give tokenizer: words, or captions: dataset"
            )
        defaults = COMMON | {"framed": False} | characters.DEFAULTS
    else:
        defaults = COMMON | (OF_DIGITS if kind else OF_DATASET)
    for name in spec:
        if name not in defaults:
            raise RedrawError(f"tokens, captions {captions}: no option {name!r}: {nearest(name, list(defaults))}")
    options = defaults | dict(spec)
    if kind:
        return _of_digits(int(kind[1]), options, prepared, Path(folder))
    if not prepared.manifest["captions"]:
        raise RedrawError(
            f"tokens: {prepared.folder} has no captions of its own: give captions: digits_kind1 … digits_kind4"
        )
    return (_in_characters if tokenizer == "characters" else _of_dataset)(options, prepared, Path(folder))


def build_vocabulary(captions: Iterable[Sequence[str]], specials: Sequence[str], min_count: int = 1) -> list[str]:
    """``specials``, then the words that ``captions`` hold ``min_count`` times or more: frequent first, ties by word."""
    counts = Counter(word for words in captions for word in words)
    words = sorted((w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w))
    return [*specials, *(w for w in words if w not in specials)]


def _of_digits(kind: int, options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    if prepared.classes != len(DIGITS):
        raise RedrawError(
            f"tokens: {prepared.folder} has {prepared.classes} classes, digits have 10: use a set of digits"
        )
    tables: dict[str, list[list[list[str]]]] = {}
    if kind == 3:
        tables = _sampled(options)
    else:
        tables["trained"] = [training_captions(kind, digit, options["as_released"]) for digit in range(10)]
    if kind == 4:
        operations, seed = tuple(options["operations"]), options["seed"]
        tables["unseen"] = [unseen_captions(d, options["unseen"], operations, seed) for d in range(10)]
        tables["released"] = [[caption.split() for caption in RELEASED_TESTS.get(d, ())] for d in range(10)]
    encoded = {}
    for name, of_class in tables.items():
        encoder = Encoder(VOCABULARY, options["framed"])
        for captions in of_class:
            encoder.add(captions)
        encoded[name] = encoder.table("class")
    return write_tokens(folder, VOCABULARY, encoded, options["framed"])


def _sampled(options: Mapping[str, Any]) -> dict[str, list[list[list[str]]]]:
    """Kind 3: what is trained on keeps the sampler's frequencies; held out are distinct captions that are not in it.

    Some digits have few captions in all (with one distractor 18): there fewer are held out than were asked for.
    """
    trained, unseen = [], []
    for digit in range(10):
        rng = np.random.default_rng([options["seed"], digit])
        captions = [sample_caption(3, digit, rng, options["distractors"]) for _ in range(options["per_class"])]
        seen, others = {tuple(c) for c in captions}, []
        for _ in range(100 * options["unseen"]):
            if len(others) == options["unseen"]:
                break
            other = sample_caption(3, digit, rng, options["distractors"])
            if tuple(other) not in seen:
                seen.add(tuple(other))
                others.append(other)
        trained.append(captions)
        unseen.append(others)
    return {"trained": trained, "unseen": unseen}


def _of_dataset(options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    chosen = [prepared.split(split).indices for split in options["vocabulary_from"]]

    def captions(indices: Iterable[int]) -> Iterator[list[str]]:
        for i in indices:
            yield from map(cut, prepared.captions(i))

    seen = np.unique(np.concatenate(chosen)).tolist()
    vocabulary = build_vocabulary(captions(seen), options["specials"], options["min_count"])
    encoder = Encoder(vocabulary, options["framed"], options["max_words"])
    for i in range(len(prepared)):
        encoder.add(captions([i]))
    table = encoder.table("image")
    notes = _notes(table, prepared)
    _say(prepared, notes)
    return write_tokens(folder, vocabulary, {"trained": table}, options["framed"], notes)


def _in_characters(options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    if options["framed"] is not False:
        raise RedrawError("tokens, tokenizer characters: they have no frame: give framed: false, or leave it out")
    rules = characters.rules(options)
    of_image = [prepared.captions(i) for i in range(len(prepared))]
    texts = [text for captions in of_image for text in captions]
    tokens, n, strangers = characters.encode_characters(texts, **rules)
    first = np.concatenate([[0], np.cumsum([len(captions) for captions in of_image])])
    table = Table(tokens, n, first.astype(np.int64), "image")
    long = sum(len(text) > rules["length"] for text in texts)
    notes = _notes(table, prepared)
    if long:
        notes.append(f"{long} of {len(texts)} captions are longer than {rules['length']} characters: cut off there")
    if strangers.any():
        does = {"stop": "the caption ends there", "skip": "their places are empty", "space": "read as spaces"}
        notes.append(
            f"{strangers.sum()} characters outside the alphabet in {(strangers > 0).sum()} of {len(texts)} captions: "
            f"{does[rules['unknown']]}"
        )
    _say(prepared, notes)
    return write_tokens(folder, characters.VOCABULARY, {"trained": table}, False, notes, rules)


def _notes(table: Table, prepared: Prepared) -> list[str]:
    without, empty = int((np.diff(table.first) == 0).sum()), int((table.n_words == 0).sum())
    notes = [f"{without} of {len(prepared)} images have no caption"] if without else []
    if empty:
        notes.append(f"{empty} of {len(table.n_words)} captions are empty as tokens: never drawn")
    return notes


def _say(prepared: Prepared, notes: Iterable[str]) -> None:
    for note in notes:
        print(f"{prepared.manifest['dataset']}: {note}", file=sys.stderr, flush=True)
