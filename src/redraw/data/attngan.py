"""AttnGAN's prepared text (Xu et al., 2018): its vocabulary, its captions as ids, its lists of files and classes.

A folder ``attngan_text/birds`` or ``attngan_text/coco``, of pickles of Python 2:

    captions.pickle         [captions of train, captions of test, {id: word}, {word: id}]; id 0 is <end>; caption k of file n
                            is entry n * 10 + k (COCO n * 5 + k)
    train/filenames.pickle  keys, <class>/<image> or COCO_train2014_…, without .jpg; test/ alike
    train/class_info.pickle their classes, of the birds alone; test/ alike
    text/<key>.txt          the captions as text, one a line

The order of the vocabulary is that of a dictionary of Python 2: it cannot be made again, and the released networks need it.
All lists go side by side by position only; what is read here goes by key, and is held against the texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN
from .tokenizers import regexp_ascii
from .unpickle import load_pickle
from .writer import PreparedWriter

CAPTIONS, TEXT = "captions.pickle", "text"
PARTS = ("train", "test")
FILES = (CAPTIONS, *(f"{part}/filenames.pickle" for part in PARTS))
CLASSES = tuple(f"{part}/class_info.pickle" for part in PARTS)
END = "<end>"
KEY = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)?", re.ASCII)  # it becomes a path, and no part begins with a dot


@dataclass(frozen=True)
class Metadata:
    """What the pickles say, by key; ``classes`` is empty where they were not asked for."""

    folder: Path
    vocabulary: list[str]  # in the order of the ids, <end> first
    captions: dict[str, list[list[int]]]
    split: dict[str, str]  # train or test
    classes: dict[str, int]  # numbers as they are
    notes: list[str] = field(default_factory=list)


def metadata(folder: Path, per_image: int, classes: int | None = None) -> Metadata:
    """The pickles below ``folder``, which have ``per_image`` captions a file (birds 10, COCO 5).

    ``classes`` is the largest number of a class; without it class_info.pickle is not read, as for COCO, where a stray one
    does harm. Raises RedrawError, one line, for a pickle that is not of these kinds, lists of different lengths, ids that
    have gaps or name no word, file names that are no keys or come twice, and classes beyond.
    """
    path, notes = folder / CAPTIONS, list[str]()
    found = load_pickle(path, arrays=False)
    if not isinstance(found, list | tuple) or len(found) != 4:
        _fail(path, f"{_kind(found)}, expected 4 things: captions of train and test, {{id: word}}, {{word: id}}")
    vocabulary = _vocabulary(path, found[2], found[3])
    captions: dict[str, list[list[int]]] = {}
    split: dict[str, str] = {}
    numbers: dict[str, int] = {}
    ended = 0
    for part, rows in zip(PARTS, found[:2], strict=True):
        keys = _keys(folder / part / "filenames.pickle", split)
        if not isinstance(rows, list) or len(rows) != per_image * len(keys):
            _fail(path, f"{_kind(rows)} of {part}, expected {per_image} for each of {len(keys)} files")
        for k, row in enumerate(rows):
            ended += _check_row(path, f"caption {k % per_image + 1} of {keys[k // per_image]}", row, len(vocabulary))
        captions |= {key: rows[n * per_image : (n + 1) * per_image] for n, key in enumerate(keys)}
        split |= dict.fromkeys(keys, part)
        if classes is not None:
            numbers |= zip(keys, _numbers(folder / part / "class_info.pickle", len(keys), classes), strict=True)
    if ended:
        notes.append(f"{path.name}: {ended:,} captions end in {END}: it is left out, as everywhere else")
    return Metadata(folder, vocabulary, captions, split, numbers, notes)


def texts(
    found: Metadata, per_image: int, read: Callable[[str], list[str]], writer: PreparedWriter
) -> dict[str, list[str]]:
    """{key: captions as text}, side by side with the ids: without those of no word, and the first ``per_image`` only.

    ``read`` gives the captions of a key. Raises RedrawError where most of them are others than the ids say; notes some.
    """
    known = {word: i for i, word in enumerate(found.vocabulary)}
    kept: dict[str, list[str]] = {}
    wordless = beyond = 0
    others: list[str] = []
    for key in sorted(found.captions):
        captions = read(key)
        words = [regexp_ascii(caption) for caption in captions]
        full = [k for k, of_caption in enumerate(words) if of_caption]
        wordless, beyond = wordless + len(captions) - len(full), beyond + max(0, len(full) - per_image)
        kept[key] = [captions[k] for k in full[:per_image]]
        here = [[known.get(word, -1) for word in words[k]] for k in full[:per_image]]
        here += [[]] * (per_image - len(here))
        others += [f"{k} of {key}" for k, row in enumerate(found.captions[key], 1) if row != here[k - 1]]
    total = per_image * len(kept)
    if 2 * len(others) > total:
        raise RedrawError(
            f"{found.folder / CAPTIONS}: {len(others):,} of {total:,} captions are others than in {TEXT}/ (the first is caption "
            f"{others[0]}): they are of different versions: get both again, then run the same command"
        )
    if wordless:
        writer.note(f"{wordless:,} captions without a word are left out, as AttnGAN does")
    if beyond:
        writer.note(f"{beyond:,} captions beyond the first {per_image} of their images are left out, as AttnGAN does")
    if others:
        writer.note(
            f"{CAPTIONS}: {len(others):,} of {total:,} captions are others than in {TEXT}/ (the first is caption {others[0]})"
        )
    return kept


def same_keys(found: Metadata, keys: Iterable[str], where: str) -> None:
    """Raises RedrawError where the files that the pickles name are not just the images ``keys`` of ``where``."""
    named, known = set(found.split), set(keys)
    missing, extra = sorted(known - named), sorted(named - known)
    if missing or extra:
        which = f"none is {missing[0]}" if missing else f"{extra[0]} is not in {where}"
        raise RedrawError(
            f"{found.folder}: {len(named):,} files in train and test/filenames.pickle where {where} has {len(known):,}, {which}: "
            "get both again, then run the same command"
        )


def same_classes(found: Metadata, class_of: Mapping[str, str]) -> None:
    """Raises RedrawError where a number of class_info.pickle stands for two classes, {key: class}, or a class has two."""
    number_of: dict[str, tuple[int, str]] = {}
    name_of: dict[int, tuple[str, str]] = {}
    for key, number in found.classes.items():
        name, path = class_of[key], found.folder / found.split[key] / "class_info.pickle"
        first, of = number_of.setdefault(name, (number, key))
        if first != number:
            _fail(path, f"{key} is of class {number}, but {of}, of {name} too, of {first}")
        other, of = name_of.setdefault(number, (name, key))
        if other != name:
            _fail(path, f"{key} of {name} is of class {number}, which {of} of {other} is of")


# --- inside ------------------------------------------------------------------------------------------------------


def _vocabulary(path: Path, words: Any, ids: Any) -> list[str]:
    if not isinstance(words, dict) or not isinstance(ids, dict):
        _fail(path, "its third and fourth thing are no dictionaries of words and ids")
    for i in range(len(words)):
        if i not in words:
            _fail(path, f"no word has id {i}, though there are {len(words):,}")
        word = words[i]
        if not isinstance(word, str) or not word or word.split() != [word]:
            _fail(path, f"id {i} is {ascii(word)[:40]}, expected a word")
        if ids.get(word) != i:
            _fail(path, f"id {i} is {word!r}, but {word!r} has id {ascii(ids.get(word))[:40]}")
    if words.get(0) != END:
        _fail(path, f"id 0 is {words.get(0)!r}, expected {END!r}")
    if len(ids) != len(words):
        _fail(path, f"{len(ids):,} words have an id, and {len(words):,} ids a word")
    return [words[i] for i in range(len(words))]


def _keys(path: Path, before: Mapping[str, str]) -> list[str]:
    found = load_pickle(path, arrays=False)
    if not isinstance(found, list) or not found:
        _fail(path, f"{_kind(found)}, expected file names")
    seen: set[str] = set()
    for k, key in enumerate(found, 1):
        if not isinstance(key, str) or not KEY.fullmatch(key):
            _fail(path, f"file name {k} is {ascii(key)[:60]}, expected <class>/<image> or <image>")
        if key in seen or key in before:
            _fail(path, f"file name {k}, {key}, comes twice" + (f", and in {before[key]} too" if key in before else ""))
        seen.add(key)
    return found


def _check_row(path: Path, what: str, row: Any, words: int) -> bool:
    """Whether the caption ended in <end>, which is taken off."""
    if not isinstance(row, list) or not all(type(i) is int for i in row):
        _fail(path, f"{what} is no list of ids")
    ended = bool(row) and row[-1] == 0
    if ended:
        row.pop()
    if row and not 0 < min(row) <= max(row) < words:
        _fail(path, f"{what} has id {next(i for i in row if not 0 < i < words)}, expected 1 to {words - 1}")
    return ended


def _numbers(path: Path, files: int, classes: int) -> list[int]:
    found = load_pickle(path)
    if isinstance(found, np.ndarray) and found.ndim == 1:
        found = list(found)
    if not isinstance(found, list) or len(found) != files:
        _fail(path, f"{_kind(found)}, expected the classes of {files} files")
    for k, number in enumerate(found, 1):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 0 <= number <= classes:
            said = str(number) if isinstance(number, np.generic) else ascii(number)
            _fail(path, f"class {k} is {said[:40]}, expected a whole number up to {classes}")
    return [int(number) for number in found]


def _kind(value: Any) -> str:
    """What a value is, for a message."""
    long = isinstance(value, list | tuple | dict)
    return f"a {type(value).__name__} of {len(value):,}" if long else f"a {type(value).__name__}"


def _fail(path: Path, what: str) -> NoReturn:
    raise RedrawError(f"{path}: {what}: {GET_AGAIN}")
