"""A stand-in for CUB-200-2011 with Reed's captions: drawn birds, in the same raw files."""

from __future__ import annotations

from pathlib import Path

from .drawn import trees
from .drawn.attngan_tree import write_attngan
from .drawn.bird_tree import REED, write_birds
from .drawn.trees import Edition

SEED, OTHERS = 2011, 4022
REFERENCE = 1000  # index of the first picture of a class that only instruments see

EDITIONS = {
    "": Edition(SEED, 100, 50, 50, 20),
    "small": Edition(SEED, 10, 5, 5, 6),
    "large": Edition(SEED, 100, 50, 50, 60, side=256),
    "reference": Edition(SEED, 100, 50, 50, 40, first=REFERENCE),
    "reference_small": Edition(SEED, 10, 5, 5, 8, first=REFERENCE),
    "reference_large": Edition(SEED, 100, 50, 50, 60, side=256, first=REFERENCE),
    "attngan": Edition(SEED, 100, 50, 50, 20),
    "attngan_small": Edition(SEED, 10, 5, 5, 6),
    "attngan_large": Edition(SEED, 100, 50, 50, 60, side=256),
    "others": Edition(OTHERS, 300, 150, 150, 8, independent=True),
    "others_small": Edition(OTHERS, 30, 15, 15, 4, independent=True),
    "others_large": Edition(OTHERS, 750, 375, 375, 8, side=256, independent=True),
}
"""Species x pictures: 200 x 20; small for a smoke test, large for a study.

``reference`` has the same species and other pictures, ``others`` other species with independent attributes, ``attngan`` the same
pictures as the first, with AttnGAN's files beside Reed's.
"""


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """
    trees.fetch(raw, "drawn_birds", edition, EDITIONS, write_birds if "attngan" not in edition else _write_both)


def _write_both(folder: Path, edition: Edition) -> None:
    write_birds(folder, edition)
    write_attngan(folder, folder / REED, edition)
