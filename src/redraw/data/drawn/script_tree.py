"""The raw folder of drawn characters: OMNIGLOT's two folders of pictures and the file chardata.mat of the IWAE's authors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .dice import Dice
from .scripts import alphabet, picture
from .trees import write_mat

REDUCED = 28
TRAIN = 0.75  # of the drawers of every character; the real file has 24,345 and 8,070 pictures
FOLDERS = ("images_background", "images_evaluation")


@dataclass(frozen=True)
class Scripts:
    """One edition: alphabets in either folder, from ``least`` to ``most`` characters in each, drawers of a character."""

    seed: int
    background: int
    evaluation: int
    least: int
    most: int
    drawers: int

    @property
    def alphabets(self) -> int:
        return self.background + self.evaluation

    @property
    def training_drawers(self) -> int:
        return round(TRAIN * self.drawers)


def characters(edition: Scripts, number: int) -> int:
    """How many characters of alphabet ``number`` an edition has."""
    return edition.least + int(Dice(edition.seed, "characters", number).random() * (edition.most - edition.least + 1))


def write_characters(folder: Path, edition: Scripts) -> None:
    """Draw all pictures of an edition and write both layouts below ``folder``.

    ``data`` and ``testdata`` hold the same pictures reduced to 28 x 28: column by column, each picture in Fortran's order, ink 1.
    The drawers of ``testdata`` are others than those of ``data``. ``target`` (one row an alphabet, one 1 a column) and
    ``targetchar`` (the character's number in its alphabet, from 1) are recalled.
    """
    parts: dict[bool, list[tuple[np.ndarray, int, int]]] = {True: [], False: []}
    serial = 0
    for number in range(edition.alphabets):
        home = folder / FOLDERS[number >= edition.background] / alphabet(edition.seed, number).name
        for which in range(characters(edition, number)):
            serial += 1
            place = home / f"character{which + 1:02d}"
            place.mkdir(parents=True)
            for drawer in range(edition.drawers):
                drawn = picture(edition.seed, number, which, drawer)
                Image.fromarray(drawn).convert("1").save(place / f"{serial:04d}_{drawer + 1:02d}.png")
                parts[drawer < edition.training_drawers].append((reduced(drawn), number, which + 1))
    arrays: dict[str, np.ndarray] = {}
    for train, prefix in ((True, ""), (False, "test")):
        order = Dice(edition.seed, "order", prefix, edition.alphabets).shuffled(parts[train])
        arrays[f"{prefix}data"] = np.stack([image.ravel(order="F") for image, _, _ in order], axis=1)
        arrays[f"{prefix}target"] = np.eye(edition.alphabets)[:, [number for _, number, _ in order]]
        arrays[f"{prefix}targetchar"] = np.array([[which for _, _, which in order]], float)
    write_mat(folder / "chardata.mat", arrays, "drawn characters", packed=True)


def reduced(drawn: np.ndarray) -> np.ndarray:
    """[105, 105] of 0 (ink) and 255 -> float64 [28, 28], the share of each pixel's area that is inked."""
    edges = np.arange(REDUCED + 1) * drawn.shape[0] / REDUCED
    total = np.zeros((drawn.shape[0] + 1,) * 2)
    total[1:, 1:] = (drawn == 0).cumsum(axis=0).cumsum(axis=1)
    low, share = edges.astype(int), edges - edges.astype(int)
    high = np.minimum(low + 1, drawn.shape[0])
    rows = total[low] + (total[high] - total[low]) * share[:, None]
    grid = rows[:, low] + (rows[:, high] - rows[:, low]) * share
    area = (drawn.shape[0] / REDUCED) ** 2
    return np.clip(np.diff(np.diff(grid, axis=0), axis=1) / area, 0.0, 1.0)
