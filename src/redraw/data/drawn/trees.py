"""What the raw folders of drawn data sets have in common: editions, whole-or-nothing folders, pictures, lists."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from ...core import RedrawError, atomic_write, locked, nearest
from .dice import Dice

CAPTIONS = "text_c10"
QUALITY = 92
MAT_TEXT = 116  # bytes at the beginning of a .mat file, where writers note the time

Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Edition:
    """One drawn data set: classes to train on, to validate and to test with; pictures a class; about how large they are.

    Editions of one seed have the same classes. ``first`` is the index of a class's first picture: editions whose indices
    do not meet share no picture. ``independent``: every attribute by itself, see ``bird_kinds.species``.
    """

    seed: int
    train: int
    validation: int
    test: int
    per_class: int
    side: int = 84
    first: int = 0
    independent: bool = False

    @property
    def classes(self) -> int:
        return self.train + self.validation + self.test


def fetch(
    raw: Path, family: str, edition: str, editions: Mapping[str, Drawn], write: Callable[[Path, Drawn], None]
) -> None:
    """Draw an edition into folder ``raw``: the same bytes every time, all of it or nothing.

    Raises RedrawError for an edition that there is not.
    """
    wanted = known(family, edition, editions)
    with whole_folder(raw) as part:
        write(part, wanted)


def known(family: str, edition: str, editions: Mapping[str, Drawn]) -> Drawn:
    """One of ``editions``. Raises RedrawError for one that there is not."""
    if edition not in editions:
        raise RedrawError(f"{family}: there is no edition {edition!r}: {nearest(edition, list(editions))}")
    return editions[edition]


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A temporary neighbour to write to, which takes the place of ``folder`` on success and goes on failure.

    What else lies at the top of ``folder`` stays. After a kill the neighbour is left behind, and the next call removes it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part, old = (folder.with_name(f".{folder.name}.{end}") for end in ("part", "old"))
    with locked(folder.with_name(f".{folder.name}.lock"), str(folder)):
        _remove(part)
        if old.exists() and not folder.exists():  # killed between the two renames
            os.rename(old, folder)
        _remove(old)
        part.mkdir()
        try:
            yield part
            for other in folder.iterdir() if folder.exists() else ():
                if other.is_file() and not (part / other.name).exists():
                    shutil.copy2(other, part / other.name)
            if folder.exists():
                os.rename(folder, old)
            os.rename(part, folder)
        finally:
            _remove(part)
            _remove(old)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("ascii"))


def write_jpeg(path: Path, image: np.ndarray) -> None:
    """Without chroma subsampling: narrow red legs would lose their colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, "JPEG", quality=QUALITY, subsampling=0)


def write_mat(path: Path, arrays: Mapping[str, np.ndarray], about: str = "drawn flowers", packed: bool = False) -> None:
    """A MATLAB 5 file without a time in it, the same bytes every time; ``packed`` with zlib."""
    from scipy.io import savemat

    buffer = io.BytesIO()
    savemat(buffer, dict(arrays), do_compression=packed)
    text = f"MATLAB 5.0 MAT-file, {about}".encode("ascii").ljust(MAT_TEXT)
    atomic_write(path, text + buffer.getvalue()[MAT_TEXT:])


def write_png(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, "PNG")


def write_class_lists(folder: Path, names: list[str], edition: Edition) -> None:
    """Reed's five lists: classes of train and validation together are trainval, those of test are no part of it."""
    order = Dice(edition.seed, "class lists", edition.classes).shuffled(range(edition.classes))
    train, last = edition.train, edition.train + edition.validation
    for name, members in (
        ("allclasses", sorted(order)),
        ("trainclasses", order[:train]),
        ("valclasses", order[train:last]),
        ("trainvalclasses", order[:last]),
        ("testclasses", order[last:]),
    ):
        write_lines(folder / f"{name}.txt", [names[k] for k in members])
