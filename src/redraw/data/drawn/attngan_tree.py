"""AttnGAN's prepared text for drawn trees of birds and scenes: vocabulary, captions as ids, lists of files, as pickles."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core import atomic_write
from ..caption_lists import USUAL, even
from ..tokenizers import regexp_ascii
from .dice import Dice
from .scene_tree import SceneEdition
from .trees import CAPTIONS, Edition, write_lines

BIRDS, SCENES = "attngan_text/birds", "attngan_text/coco"


def write_attngan(folder: Path, reed: Path, edition: Edition) -> None:
    """Write the folder ``attngan_text/birds`` below ``folder`` of the captions and class lists in ``reed``.

    As there, files and words are in no order that could be guessed, and the vocabulary is of training and test captions.
    """
    home, dice = folder / BIRDS, Dice(edition.seed, "attngan")
    test = set((reed / "testclasses.txt").read_text("ascii").split())
    parts: dict[str, list[str]] = {"train": [], "test": []}
    classes = sorted(path for path in (reed / CAPTIONS).iterdir() if path.is_dir())
    for path in classes:
        parts["test" if path.name in test else "train"] += sorted(
            f"{path.name}/{file.stem}" for file in path.glob("*.txt")
        )

    def captions(key: str) -> list[str]:
        return (reed / CAPTIONS / f"{key}.txt").read_text("ascii").splitlines()

    for part, keys in _write(home, parts, captions, dice).items():
        _dump(home / part / "class_info.pickle", [int(key.partition(".")[0]) for key in keys])
    shutil.copytree(reed / CAPTIONS, home / "text")


def write_attngan_scenes(folder: Path, edition: SceneEdition) -> None:
    """Write the folder ``attngan_text/coco`` below ``folder`` of the annotations there.

    A text file has all captions of its picture, the pickle the first five.
    """
    home, parts, of_key = folder / SCENES, dict[str, list[str]](), dict[str, list[str]]()
    for part, name in (("train", "train2014"), ("test", "val2014")):
        said = json.loads((folder / "annotations" / f"captions_{name}.json").read_text("ascii"))
        key_of = {image["id"]: image["file_name"].removesuffix(".jpg") for image in said["images"]}
        parts[part] = sorted(key_of.values())
        for caption in sorted(said["annotations"], key=lambda a: a["id"]):
            of_key.setdefault(key_of[caption["image_id"]], []).append(even(caption["caption"]))
    _write(home, parts, lambda key: of_key[key][:USUAL], Dice(edition.seed, "attngan"))
    for key, captions in of_key.items():
        write_lines(home / "text" / f"{key}.txt", captions)


def _write(
    home: Path, parts: Mapping[str, list[str]], captions: Callable[[str], list[str]], dice: Dice
) -> dict[str, list[str]]:
    """The lists of files and captions.pickle; returns the keys of each part in the order of its list."""
    shuffled: dict[str, list[str]] = {}
    words: dict[str, list[list[str]]] = {}
    for part, keys in parts.items():
        shuffled[part] = dice.shuffled(keys)
        words[part] = [regexp_ascii(caption) for key in shuffled[part] for caption in captions(key)]
        _dump(home / part / "filenames.pickle", shuffled[part])
    vocabulary = sorted({word for of_part in words.values() for caption in of_part for word in caption})
    word_of = dict(enumerate(["<end>", *dice.shuffled(vocabulary)]))
    id_of = {word: i for i, word in word_of.items()}
    ids = [[[id_of[word] for word in caption] for caption in words[part]] for part in ("train", "test")]
    _dump(home / "captions.pickle", [*ids, word_of, id_of])
    return shuffled


def _dump(path: Path, value: Any) -> None:
    """Protocol 2, the highest of Python 2."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, pickle.dumps(value, 2))
