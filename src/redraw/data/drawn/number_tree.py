"""The raw folder of drawn house numbers: SVHN's three files of cropped digits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .house_numbers import picture, seen
from .trees import write_mat

ZERO = 10  # SVHN's label of the digit 0


@dataclass(frozen=True)
class Numbers:
    """How many pictures an edition's three files hold."""

    seed: int
    train: int
    test: int
    extra: int


def write_numbers(folder: Path, edition: Numbers) -> None:
    """Draw all pictures of an edition: ``X`` uint8 [32, 32, 3, N] and ``y`` uint8 [N, 1] in each of the three files."""
    for part, count in (("train", edition.train), ("test", edition.test), ("extra", edition.extra)):
        images = np.stack([picture(edition.seed, part, i) for i in range(count)], axis=-1)
        labels = np.array([[seen(edition.seed, part, i).digit or ZERO] for i in range(count)], np.uint8)
        write_mat(folder / f"{part}_32x32.mat", {"X": images, "y": labels}, "drawn house numbers", packed=True)
