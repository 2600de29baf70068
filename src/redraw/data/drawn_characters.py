"""A stand-in for OMNIGLOT: invented alphabets drawn stroke by stroke, in the same raw files.

The original's folders of 105 x 105 pictures and the IWAE authors' 28 x 28 ``chardata.mat`` hold the same drawings.
"""

from __future__ import annotations

from pathlib import Path

from .drawn import trees
from .drawn.script_tree import Scripts, write_characters

__all__ = ["EDITIONS", "fetch"]

SEED = 1623

EDITIONS = {
    "": Scripts(SEED, 18, 12, 8, 12, 20),
    "small": Scripts(SEED, 2, 1, 4, 4, 6),
    "large": Scripts(SEED, 30, 20, 20, 45, 20),
}
EDITIONS |= {"_".join(filter(None, ("oneshot", size))): scripts for size, scripts in EDITIONS.items()}
"""Alphabets x characters x drawers: about 6,000 pictures; small for a smoke test; large as large as the real set. Edition
``oneshot`` is the same drawings, read from the folders."""


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """
    trees.fetch(raw, "drawn_characters", edition, EDITIONS, write_characters)
