"""A stand-in for CIFAR-10: drawn airplanes, automobiles, birds, …, in the files of its binary version.

``cifar-10-batches-bin/data_batch_{1..5}.bin`` and ``test_batch.bin``: for each picture a byte, its label, and 3,072
bytes: red, green and blue, 32 rows of 32 each; ``batches.meta.txt``: the names of the classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .drawn import trees
from .drawn.dice import Dice
from .drawn.objects import CLASSES, Picture, picture

__all__ = ["EDITIONS", "Edition", "describe", "fetch"]

FOLDER = "cifar-10-batches-bin"
BATCHES = 5
TEST = 10_000_000  # index of the first picture to test with


@dataclass(frozen=True)
class Edition:
    """How many pictures a file holds: five files to train on, one to test with."""

    per_file: int
    seed: int = 2009


EDITIONS = {"": Edition(600), "small": Edition(20), "large": Edition(10_000)}
"""Large ones are as many as CIFAR-10's."""


def describe(edition: str, batch: int, index: int) -> Picture:
    """Picture ``index`` (from 0) of batch 1 to 5, or 0 for those to test with.

    Of ten pictures that follow each other every class has one, in an order of their own.
    """
    own = EDITIONS[edition]
    turn, place = divmod(index, len(CLASSES))
    first = TEST if batch == 0 else (batch - 1) * 100_000
    order = Dice(own.seed, "order", batch, turn).shuffled(range(len(CLASSES)))
    return picture(own.seed, order[place], first + turn)


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """

    def write(folder: Path, own: Edition) -> None:
        for batch in range(BATCHES + 1):
            name = f"data_batch_{batch}.bin" if batch else "test_batch.bin"
            shown = (describe(edition, batch, index) for index in range(own.per_file))
            (folder / FOLDER).mkdir(exist_ok=True)
            with (folder / FOLDER / name).open("wb") as file:
                for each in shown:
                    file.write(bytes([each.label]) + each.image.transpose(2, 0, 1).tobytes())
        trees.write_lines(folder / FOLDER / "batches.meta.txt", [*CLASSES, ""])

    trees.fetch(raw, "drawn_objects", edition, EDITIONS, write)
