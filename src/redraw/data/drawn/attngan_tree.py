"""AttnGAN's prepared text for a drawn tree of birds: vocabulary, captions as ids, lists of files and classes, as pickles."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

from ...core import atomic_write
from ..tokenizers import regexp_ascii
from .dice import Dice
from .trees import CAPTIONS, Edition

FOLDER = "attngan_text/birds"


def write_attngan(folder: Path, reed: Path, edition: Edition) -> None:
    """Write the folder ``attngan_text/birds`` below ``folder`` of the captions and class lists in ``reed``.

    As there, files and words are in no order that could be guessed, and the vocabulary is of training and test captions.
    """
    home, dice = folder / FOLDER, Dice(edition.seed, "attngan")
    test = set((reed / "testclasses.txt").read_text("ascii").split())
    parts: dict[str, list[str]] = {"train": [], "test": []}
    classes = sorted(path for path in (reed / CAPTIONS).iterdir() if path.is_dir())
    for path in classes:
        parts["test" if path.name in test else "train"] += sorted(
            f"{path.name}/{file.stem}" for file in path.glob("*.txt")
        )
    words: dict[str, list[list[list[str]]]] = {}
    for part, keys in parts.items():
        keys[:] = dice.shuffled(keys)
        words[part] = [_words(reed / CAPTIONS / f"{key}.txt") for key in keys]
        _dump(home / part / "filenames.pickle", keys)
        _dump(home / part / "class_info.pickle", [int(key.partition(".")[0]) for key in keys])
    vocabulary = sorted(
        {w for of_part in words.values() for captions in of_part for caption in captions for w in caption}
    )
    word_of = dict(enumerate(["<end>", *dice.shuffled(vocabulary)]))
    id_of = {word: i for i, word in word_of.items()}
    ids = [
        [[id_of[w] for w in caption] for captions in words[part] for caption in captions] for part in ("train", "test")
    ]
    _dump(home / "captions.pickle", [*ids, word_of, id_of])
    shutil.copytree(reed / CAPTIONS, home / "text")


def _words(path: Path) -> list[list[str]]:
    return [regexp_ascii(line) for line in path.read_text("ascii").splitlines()]


def _dump(path: Path, value: Any) -> None:
    """Protocol 2, the highest of Python 2."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, pickle.dumps(value, 2))
