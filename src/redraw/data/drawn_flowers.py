"""A stand-in for Oxford-102 with Reed's captions: drawn flowers, in the same raw files."""

from __future__ import annotations

from pathlib import Path

from .drawn import trees
from .drawn.flower_tree import write_flowers
from .drawn.trees import Edition

SEED = 102
REFERENCE = 1000  # index of the first picture of a class that only instruments see

EDITIONS = {
    "": Edition(SEED, 62, 20, 20, 20),
    "small": Edition(SEED, 6, 3, 3, 6),
    "large": Edition(SEED, 62, 20, 20, 80, side=256),
    "reference": Edition(SEED, 62, 20, 20, 40, first=REFERENCE),
    "reference_small": Edition(SEED, 6, 3, 3, 6, first=REFERENCE),
    "reference_large": Edition(SEED, 62, 20, 20, 80, side=256, first=REFERENCE),
}
"""Classes x pictures: 102 x 20; small for a smoke test, large for a study; ``reference``: other pictures of the same."""


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """
    trees.fetch(raw, "drawn_flowers", edition, EDITIONS, write_flowers)
