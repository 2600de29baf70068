"""A stand-in for SVHN: drawn house numbers, in the same raw files."""

from __future__ import annotations

from pathlib import Path

from .drawn import trees
from .drawn.number_tree import Numbers, write_numbers

__all__ = ["EDITIONS", "fetch"]

SEED = 2011

EDITIONS = {
    "": Numbers(SEED, 4000, 1000, 1000),
    "small": Numbers(SEED, 100, 40, 40),
    "large": Numbers(SEED, 60000, 20000, 20000),
}
"""Pictures to train on, to test with and extra ones, which are clearer; small for a smoke test, large for a study."""


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """
    trees.fetch(raw, "drawn_numbers", edition, EDITIONS, write_numbers)
