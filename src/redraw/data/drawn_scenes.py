"""A stand-in for COCO 2014, Flickr8k and Flickr30k: drawn scenes with captions, in the same raw files."""

from __future__ import annotations

from pathlib import Path

from .drawn import trees
from .drawn.attngan_tree import write_attngan_scenes
from .drawn.scene_tree import SceneEdition, write_scenes

__all__ = ["EDITIONS", "fetch", "layout"]

COCO, FLICKR8K, FLICKR30K = 2014, 8091, 31783  # seeds: no picture of one is in another

EDITIONS = {
    "": SceneEdition("coco", COCO, 3000, 200, 300, restval=300),
    "small": SceneEdition("coco", COCO, 60, 5, 10, restval=5),
    "large": SceneEdition("coco", COCO, 16000, 1000, 1000, restval=2000, side=256),
    "attngan": SceneEdition("coco", COCO, 3000, 200, 300, restval=300),
    "attngan_small": SceneEdition("coco", COCO, 60, 5, 10, restval=5),
    "attngan_large": SceneEdition("coco", COCO, 16000, 1000, 1000, restval=2000, side=256),
    "flickr8k": SceneEdition("flickr8k", FLICKR8K, 1500, 200, 300, unsplit=12),
    "flickr8k_small": SceneEdition("flickr8k", FLICKR8K, 40, 10, 10, unsplit=2),
    "flickr8k_large": SceneEdition("flickr8k", FLICKR8K, 6000, 1000, 1000, unsplit=91, side=256),
    "flickr30k": SceneEdition("flickr30k", FLICKR30K, 2500, 250, 300, unsplit=30),
    "flickr30k_small": SceneEdition("flickr30k", FLICKR30K, 40, 10, 10, unsplit=2),
    "flickr30k_large": SceneEdition("flickr30k", FLICKR30K, 18000, 1000, 1000, unsplit=200, side=256),
}
"""Pictures in each split; small for a smoke test, large for a study. ``attngan`` has the same pictures as the first, with
AttnGAN's files beside COCO's."""


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same bytes every time with one version of Pillow.

    Raises RedrawError for an edition that there is not.
    """
    trees.fetch(raw, "drawn_scenes", edition, EDITIONS, write_scenes if "attngan" not in edition else _write_both)


def layout(edition: str) -> str:
    """Whose files an edition has: coco, flickr8k or flickr30k. Raises RedrawError for an edition that there is not."""
    return trees.known("drawn_scenes", edition, EDITIONS).layout


def _write_both(folder: Path, edition: SceneEdition) -> None:
    write_scenes(folder, edition)
    write_attngan_scenes(folder, edition)
