"""The tokenise stage: the captions that a paper's sheet asks for, as word ids.

A sheet's entry under ``tokens``:

    captions          digits_kind1 … digits_kind4: from the grammar of digit_captions.py; dataset: the data set's own
    tokenizer         words: lower case, cut at white space; spaces, regexp_ascii, align_draw, karpathy, ptb: see
                      tokenizers.py; characters: see characters.py; the grammar's captions are words
    framed            <start> and <end> around each caption (true; false for characters and released ids, which have no frame)
  digits:
    as_released       D3, in kind 2 (false)
    distractors       kind 3: how many numbers beside the digit, 1 to 5; null draws it for each caption (null)
    per_class         kind 3: how many captions a class (64)
    unseen            kinds 3 and 4: how many held-out captions a class (20)
    operations        kind 4: how many operators in these ([2, 3, 4])
    lengths           kind 4: as many held-out captions of each of these numbers of operators, in a table of this name (null)
    seed              of what is sampled (0)
  dataset:
    vocabulary        built: from the captions; released: the authors', and their ids instead of the captions (built)
    specials          built: the vocabulary's first words ([<pad>, <start>, <end>, <unk>])
    vocabulary_from   built: splits whose captions make the vocabulary ([train])
    min_count         built: rarer words are <unk> (1)
    max_size          built: so many words, the most frequent, beside the specials; null: all (null)
    max_words         longer captions are shortened; null: never (null)
    longer            cut: the first words are kept; sample: some, in their order, drawn once for each caption, which is a
                      departure from AttnGAN, whose code draws anew at each epoch (cut)
    seed              of what is sampled (0)
  characters, of a dataset's captions:
    unknown           what a character outside the alphabet does: stop, skip or space (stop)
    lower             capital letters are read as small ones (true)
    length            characters of a caption (201)
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import RedrawError, nearest
from . import characters, tokenizers
from .digit_tokens import of_digits
from .tables import SPECIALS, Encoder, Table, encode
from .vocabularies import Corpus, build_vocabulary, built, check_sizes, in_common, vocabulary_digest
from .words import Tokens, write_tokens

if TYPE_CHECKING:
    from .base import Prepared

__all__ = ["Tokens", "build_vocabulary", "tokenize"]

TOKENIZERS = (*tokenizers.TOKENIZERS, "characters")
LONGER = ("cut", "sample")
VOCABULARIES = ("built", "released")

COMMON = {"captions": None, "tokenizer": "words", "framed": True}
OF_DIGITS = {
    "as_released": False,
    "distractors": None,
    "per_class": 64,
    "unseen": 20,
    "operations": [2, 3, 4],
    "lengths": None,
    "seed": 0,
}
LENGTHS = {"max_words": None, "longer": "cut", "seed": 0}
OF_RELEASED = {"vocabulary": "released", "framed": False, **LENGTHS}
OF_DATASET = {
    "vocabulary": "built",
    "specials": list(SPECIALS),
    "vocabulary_from": ["train"],
    "min_count": 1,
    "max_size": None,
    **LENGTHS,
}


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
    _one_of("tokenizer", tokenizer, TOKENIZERS)
    if kind and tokenizer != "words":
        raise RedrawError(f"tokens, captions {captions}: these are words: give tokenizer: words, or captions: dataset")
    read = _in_characters if tokenizer == "characters" else _of_dataset
    if tokenizer == "characters":
        defaults = COMMON | {"framed": False} | characters.DEFAULTS
    elif kind:
        defaults = COMMON | OF_DIGITS
    else:
        vocabulary = _one_of("vocabulary", spec.get("vocabulary", "built"), VOCABULARIES)
        defaults = COMMON | (OF_RELEASED if vocabulary == "released" else OF_DATASET)
        read = _of_released if vocabulary == "released" else _of_dataset
    for name in spec:
        if name not in defaults:
            raise RedrawError(f"tokens, captions {captions}: no option {name!r}: {nearest(name, list(defaults))}")
    options = defaults | dict(spec)
    if kind:
        return of_digits(int(kind[1]), options, prepared, Path(folder))
    if not prepared.manifest["captions"]:
        raise RedrawError(
            f"tokens: {prepared.folder} has no captions of its own: give captions: digits_kind1 … digits_kind4"
        )
    if tokenizer != "characters":
        check_sizes(options)
        _one_of("longer", options["longer"], LONGER)
    return read(options, prepared, Path(folder))


def _of_dataset(options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    splits = options["vocabulary_from"]
    if not isinstance(splits, list | tuple) or not splits:
        raise RedrawError(f"tokens, vocabulary_from {splits!r}: give a list of splits, [train]")
    chosen = [prepared.split(split).indices for split in splits]
    corpus = _corpus(options, prepared)
    seen = np.unique(np.concatenate(chosen)).tolist()
    vocabulary = build_vocabulary(
        (words for i in seen for words in corpus.of(i)), options["specials"], options["min_count"], options["max_size"]
    )
    encoder = _encoder(vocabulary, options)
    for i in range(len(prepared)):
        encoder.add(corpus.of(i))
    others = [in_common(vocabulary, options["specials"], prepared.released[0])] if prepared.released else []
    return _written(vocabulary, encoder, options, prepared, folder, others, built(vocabulary, options))


def _of_released(options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    """The authors' ids as they are. That the captions read the same is looked at, and said where they do not."""
    if prepared.released is None:
        raise RedrawError(
            f"tokens, vocabulary released: {prepared.folder} has none: give vocabulary: built, or a data set that has one"
        )
    if options["framed"] is not False:
        raise RedrawError(
            "tokens, vocabulary released: its captions have no frame: give framed: false, or leave it out"
        )
    vocabulary, ids, offsets, index = prepared.released
    corpus, known = _corpus(options, prepared), {word: i for i, word in enumerate(vocabulary)}
    encoder, others = _encoder(vocabulary, options), 0
    for i in range(len(prepared)):
        rows = [ids[offsets[k] : offsets[k + 1]].tolist() for k in range(index[i], index[i + 1])]
        here = [encode(words, known, False) for words in corpus.of(i)]
        others += sum(a != b for a, b in zip(rows, here, strict=False)) + abs(len(rows) - len(here))
        encoder.add_ids(rows)
    notes = []
    if others:
        notes.append(
            f"{others:,} of {len(offsets) - 1:,} released captions are not what tokenizer {options['tokenizer']} makes of the "
            "texts: the released ids are taken"
        )
    about = {"kind": "released", "tokenizer": options["tokenizer"], "sha256": vocabulary_digest(vocabulary)}
    return _written(vocabulary, encoder, options, prepared, folder, notes, about)


def _corpus(options: Mapping[str, Any], prepared: Prepared) -> Corpus:
    items = (prepared.captions(i) for i in range(len(prepared)))
    return Corpus(items, tokenizers.find(options["tokenizer"]).cut)


def _encoder(vocabulary: list[str], options: Mapping[str, Any]) -> Encoder:
    return Encoder(vocabulary, options["framed"], options["max_words"], options["longer"], options["seed"])


def _written(
    vocabulary: list[str], encoder: Encoder, options: Mapping[str, Any], prepared: Prepared, folder: Path,
    notes: list[str], about: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    table, most = encoder.table("image"), options["max_words"]
    notes = [*_notes(table, prepared), *notes]
    if encoder.longer and options["longer"] == "sample":
        notes.append(
            f"{encoder.longer:,} of {len(table.n_words):,} captions are longer than {most} words: {most} of each are drawn once, "
            "and not anew at each epoch"
        )
    _say(prepared, notes)
    return write_tokens(folder, vocabulary, {"trained": table}, options["framed"], notes, about=about)


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


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise RedrawError(f"tokens, {name} {value!r}: {nearest(str(value), list(known))}")
    return value
