"""The raw folder of drawn flowers: Oxford-102's files and Reed's, in their names and forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dice import Dice
from .flower_captions import captions
from .flowers import picture
from .trees import CAPTIONS, Edition, write_class_lists, write_jpeg, write_lines, write_mat

REED = "cvpr2016_flowers"


def write_flowers(folder: Path, edition: Edition) -> None:
    """Draw all pictures of an edition and write the tree below ``folder``."""
    classes = [f"class_{k:05d}" for k in range(1, edition.classes + 1)]
    labels: list[int] = []
    sets: dict[str, list[int]] = {"trnid": [], "valid": [], "tstid": []}
    for k, name in enumerate(classes):
        part_of = own_sets(edition, k)
        for i in range(edition.per_class):
            labels.append(k + 1)
            image, index = f"image_{len(labels):05d}", edition.first + i
            write_jpeg(folder / "jpg" / f"{image}.jpg", picture(edition.seed, k, index, edition.side).image)
            write_lines(folder / REED / CAPTIONS / name / f"{image}.txt", captions(edition.seed, k, index))
            sets[part_of[i]].append(len(labels))
    write_mat(folder / "imagelabels.mat", {"labels": np.array([labels], np.uint8)})
    write_mat(folder / "setid.mat", {name: np.array([ids], np.uint16) for name, ids in sets.items()})
    write_class_lists(folder / REED, classes, edition)


def own_sets(edition: Edition, kind: int) -> list[str]:
    """Oxford's own lists, trnid, valid or tstid for each picture of a class: as there, most are in tstid."""
    few = max(1, edition.per_class // 4)
    order = Dice(edition.seed, "own sets", kind).shuffled(range(edition.per_class))
    return ["trnid" if order[i] < few else "valid" if order[i] < 2 * few else "tstid" for i in range(edition.per_class)]
