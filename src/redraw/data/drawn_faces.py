"""A stand-in for CelebA and for LFW: drawn faces of invented people, in the same raw files.

Every attribute is true of the drawing; ``Attractive`` is absent throughout, for no drawing is judged.
"""

from __future__ import annotations

from pathlib import Path

from .drawn import trees
from .drawn.face_tree import Album, write_faces

__all__ = ["EDITIONS", "fetch", "layout"]

CELEBA_SEED, LFW_SEED = 2015, 2007

EDITIONS = {
    "": Album(CELEBA_SEED, "celeba", 120, 10),
    "small": Album(CELEBA_SEED, "celeba", 12, 3),
    "large": Album(CELEBA_SEED, "celeba", 1000, 20),
    "lfw": Album(LFW_SEED, "lfw", 600, 2.5, pairs=300),
    "lfw_small": Album(LFW_SEED, "lfw", 20, 2, pairs=9, folds=2),
    "lfw_large": Album(LFW_SEED, "lfw", 4000, 2.5, pairs=300),
}
"""People x pictures of each: 1,200 and 1,500 pictures; small for a smoke test, large for a study. CelebA's are 178 x 218 and
LFW's 250 x 250 at every size."""


def layout(edition: str) -> str:
    """celeba or lfw: whose files an edition has."""
    return EDITIONS[edition].layout


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """
    trees.fetch(raw, "drawn_faces", edition, EDITIONS, write_faces)
