"""LSUN's bedrooms and churches (Yu et al., 2015), straight out of their LMDB folders.

    lsun-bedroom    bedroom_train_lmdb/, bedroom_val_lmdb/
    lsun-church     church_outdoor_train_lmdb/, church_outdoor_val_lmdb/

Each folder holds data.mdb: keys are 40 hexadecimal digits, values pictures (WebP, whatever the set's own page says) whose shorter
side has 256 pixels. Images come in the order of their keys. Splits: train; validation, every hundredth key of the training folder
(the first, the 101st, …); own_train, both; test, the validation folder: LSUN's own test images have no public pictures of this
kind, and StackGAN-v2 trains on the training folder and evaluates on it too. By default a picture's shorter side becomes 76 pixels
and the middle square is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ..core import RedrawError
from ..names import family
from .forms import form_of
from .lists import GET_AGAIN, compare_counts, edition, required, split_options
from .lists import found as find_raw
from .lmdb_file import LmdbFile
from .pictures import Item, Pictures
from .writer import PreparedWriter

SCENES = {"bedroom": "bedroom", "church": "church_outdoor"}
RAW_FILES = {kind: tuple(f"{scene}_{part}_lmdb" for part in ("train", "val")) for kind, scene in SCENES.items()}
NEEDS = {kind: f"the unpacked folders {' and '.join(names)}" for kind, names in RAW_FILES.items()}
PUBLISHED = {"bedroom": {"own_train": 3_033_042, "test": 300}, "church": {"own_train": 126_227, "test": 300}}
"""The number of bedrooms is unverified."""
DATA = "data.mdb"
KEY = re.compile(rb"[0-9a-f]{40}")
EVERY = 100  # images


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The folders below ``raw`` -> images in the form of forms.py; there is one class, the scene.

    Option ``limit`` (null: all): how many images of the training folder are taken, the first ones in the order of their keys.
    Raises RedrawError for a file that is missing, cut off or damaged, and for a value that is no picture (which key).
    """
    kind = edition(writer.dataset, list(SCENES))
    own, rest = split_options(options, {"limit": None})
    limit = own["limit"]
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise RedrawError(f"{writer.dataset}: limit {limit!r}: give a whole number above 0, or null for all images")
    form = form_of(rest, writer.dataset, ("none", "centre"), size=76, fit="shorter", square=True)
    homes = [required(raw, name, find_raw(raw, name), writer.dataset, NEEDS[kind]) for name in RAW_FILES[kind]]
    writer.classes = [SCENES[kind]]
    pictures, counts, odd = Pictures("WEBP"), Counter[str](), _Odd()
    for home, part in zip(homes, ("train", "test"), strict=True):
        path = home / DATA
        if not path.is_file():
            raise RedrawError(f"{home}: holds no {DATA}: get the folder again")
        with LmdbFile(path) as file:
            names: list[str] = []  # of the few that are being decoded
            items = _items(file, limit if part == "train" else None, names, odd)
            for shaped in pictures.stream(items, form):
                splits = ["test"]
                if part == "train":
                    splits = ["train" if counts["own_train"] % EVERY else "validation", "own_train"]
                writer.add(shaped.image, 0, names.pop(0), splits)
                counts.update(splits)
            if limit is not None and part == "train" and limit < file.entries:
                writer.note(f"the first {limit:,} of {file.entries:,} images of {home.name} are taken")
    odd.tell(writer)
    pictures.tell(writer)
    if family(writer.dataset) == "lsun":
        published = PUBLISHED[kind] if limit is None else {"test": PUBLISHED[kind]["test"]}
        compare_counts(counts, published, f"LSUN {SCENES[kind]}", writer)


# --- inside ------------------------------------------------------------------------------------------------------


class _Odd:
    """Keys that are not as LSUN's."""

    def __init__(self) -> None:
        self.first, self.n = "", 0

    def keep(self, name: str) -> None:
        self.first, self.n = self.first or name, self.n + 1

    def tell(self, writer: PreparedWriter) -> None:
        if self.n:
            writer.note(
                f"keys that are not 40 hexadecimal digits: {self.n}, the first is {self.first}: taken as they are"
            )


def _items(file: LmdbFile, limit: int | None, names: list[str], odd: _Odd) -> Iterator[Item]:
    home = file.path.parent.name
    for key, value in islice(file.items(), limit):
        if not key.isascii() or not (name := key.decode("ascii")).isprintable() or not name:
            raise RedrawError(f"{file.path}: key {key[:40].hex()} (in hexadecimal digits) is no name: {GET_AGAIN}")
        if not value:
            raise RedrawError(f"{file.path}: key {name}: an empty value, expected a picture: {GET_AGAIN}")
        if not KEY.fullmatch(key):
            odd.keep(name)
        names.append(f"{home}/{name}")
        yield Item((f"{home}/{DATA}: key {name}", value))
