"""Stand-ins for the dogs and the cats of ImageNet that StackGAN-v2 learns from: drawn ones, in ImageNet's layout.

``train/<wnid>/<wnid>_<number>.JPEG``, with numbers in no order and with gaps, as there. Dogs are of 24 of ImageNet's 118
breeds, cats of its five. As in ImageNet, ``n02105855_2933.JPEG`` (a dog) is a PNG.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .drawn import trees
from .drawn.dice import Dice
from .drawn.pet_kinds import BREEDS
from .drawn.pets import Picture, picture

__all__ = ["EDITIONS", "Edition", "describe", "fetch", "file_of"]

ODD = ("n02105855", 2933)  # a PNG whatever its name says
LAST_NUMBER = 29_999


@dataclass(frozen=True)
class Edition:
    """How many pictures of a species (dog or cat) in all, and about how many pixels a side."""

    species: str
    pictures: int
    side: int = 96
    seed: int = 2012


EDITIONS = {
    "dog": Edition("dog", 1600),
    "dog_small": Edition("dog", 48),
    "dog_large": Edition("dog", 20_000, side=256),
    "cat": Edition("cat", 700),
    "cat_small": Edition("cat", 24),
    "cat_large": Edition("cat", 6500, side=256),
}
"""Pictures of the smaller editions are the first of the larger; the large cats are as many as StackGAN-v2 reads."""


def describe(edition: str, index: int) -> Picture:
    """Picture ``index`` (from 0) of an edition, with its breed and what it shows. Breeds take turns."""
    own = EDITIONS[edition]
    kinds = len(BREEDS[own.species])
    return picture(own.seed, own.species, index % kinds, index // kinds, own.side)


def file_of(edition: str, index: int) -> str:
    """The file of a picture, below the raw folder."""
    own = EDITIONS[edition]
    breeds = BREEDS[own.species]
    wnid, within = breeds[index % len(breeds)].wnid, index // len(breeds)
    numbers = _numbers(own.seed, wnid, 1 + (len(breeds) + own.pictures - 1) // len(breeds))
    return f"train/{wnid}/{wnid}_{numbers[within]}.JPEG"


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """

    def write(folder: Path, own: Edition) -> None:
        for index in range(own.pictures):
            path = folder / file_of(edition, index)
            image = describe(edition, index).image
            if path.name == f"{ODD[0]}_{ODD[1]}.JPEG":
                trees.write_png(path, image)
            else:
                trees.write_jpeg(path, image)

    trees.fetch(raw, "drawn_pets", edition, EDITIONS, write)


@lru_cache(maxsize=64)
def _numbers(seed: int, wnid: str, count: int) -> tuple[int, ...]:
    """Different numbers of ImageNet's kind; the first pictures' are the same however many follow."""
    dice, found = Dice(seed, "numbers", wnid), {}
    while len(found) < count:
        number = 1 + int(dice.random() * LAST_NUMBER)
        if not found and wnid == ODD[0]:
            number = ODD[1]
        if number not in found:
            found[number] = None
    return tuple(found)
