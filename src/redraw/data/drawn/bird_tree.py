"""The raw folder of drawn birds: CUB-200-2011's files and Reed's, in their names and forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from .bird_captions import captions
from .bird_kinds import PARTS, VALUES, species
from .birds import Picture, picture
from .dice import Dice
from .trees import CAPTIONS, Edition, write_class_lists, write_jpeg, write_lines

CUB, REED = "CUB_200_2011", "cvpr2016_cub"
CERTAINTIES = ("not visible", "guessing", "probably", "definitely")
HIDDEN, SURE = 1, 4
LABELS = [(group, value) for group, values in VALUES.items() for value in values]
README = """\
Drawn birds in the form of CUB-200-2011. Every file here was made by a program; nothing was taken from that data set.
Attributes: those of CUB's that the drawings show. Nearest values stand where CUB has no word: wing bars are striped
wings; a crown of another colour than the back is capped; long necks and legs are long-legged-like; CUB knows no length
of tails, here long ones are pointed or forked and short ones squared. Certainty is 4 (definitely), or 1 (not visible).
Seconds are 0: nobody worked."""


def write_birds(folder: Path, edition: Edition) -> None:
    """Draw all pictures of an edition and write the tree below ``folder``."""
    home, reed = folder / CUB, folder / REED
    kinds = species(edition.seed, edition.classes, edition.independent)
    classes = [f"{k:03d}.{kind.name}" for k, kind in enumerate(kinds, 1)]
    files: dict[str, list[str]] = {name: [] for name in (
        "images", "image_class_labels", "train_test_split", "bounding_boxes", "parts/part_locs",
        "attributes/image_attribute_labels", "attributes/class_attribute_labels_continuous")}  # fmt: skip
    image = 0
    for k, name in enumerate(classes):
        shown = np.zeros((edition.per_class, len(LABELS)), int)
        trains = own_train(edition, k)
        for i in range(edition.per_class):
            image += 1
            index = edition.first + i
            drawn = picture(edition.seed, k, index, edition.side, edition.independent)
            key = f"{name}/{kinds[k].name}_{i + 1:04d}_{image}"
            write_jpeg(home / "images" / f"{key}.jpg", drawn.image)
            said = captions(edition.seed, k, index, edition.independent)
            write_lines(reed / CAPTIONS / f"{key}.txt", [caption.text for caption in said])
            shown[i] = presence(drawn.attributes)
            files["images"].append(f"{image} {key}.jpg")
            files["image_class_labels"].append(f"{image} {k + 1}")
            files["train_test_split"].append(f"{image} {int(i in trains)}")
            files["bounding_boxes"].append(f"{image} " + " ".join(f"{v:.1f}" for v in drawn.box))
            files["parts/part_locs"] += _part_lines(image, drawn)
            files["attributes/image_attribute_labels"] += [
                f"{image} {a} {max(present, 0)} {HIDDEN if present < 0 else SURE} 0"
                for a, present in enumerate(shown[i].tolist(), 1)
            ]
        files["attributes/class_attribute_labels_continuous"].append(_percentages(shown))
    for file, lines in files.items():
        write_lines(home / f"{file}.txt", lines)
    write_lines(home / "README", [README])
    write_lines(home / "classes.txt", numbered(classes))
    write_lines(home / "parts" / "parts.txt", numbered(PARTS))
    write_lines(home / "attributes" / "certainties.txt", numbered(CERTAINTIES))
    write_lines(folder / "attributes.txt", numbered(f"{group}::{value}" for group, value in LABELS))
    write_class_lists(reed, classes, edition)


def numbered(values: Iterable[str]) -> list[str]:
    """Lines ``1 <first value>``, ``2 <second value>``, …"""
    return [f"{i} {value}" for i, value in enumerate(values, 1)]


def presence(attributes: Mapping[str, str | None]) -> list[int]:
    """For each of ``LABELS`` 1 present, 0 absent, -1 not visible."""
    return [-1 if attributes[group] is None else int(attributes[group] == value) for group, value in LABELS]


def own_train(edition: Edition, kind: int) -> set[int]:
    """CUB's own split: half of each class's pictures, numbered from 0, train."""
    order = Dice(edition.seed, "own split", kind).shuffled(range(edition.per_class))
    return set(order[: (edition.per_class + kind % 2) // 2])


def _part_lines(image: int, drawn: Picture) -> list[str]:
    places = [drawn.parts[name] for name in PARTS]
    return [
        f"{image} {i} {place[0]:.1f} {place[1]:.1f} 1" if place else f"{image} {i} 0.0 0.0 0"
        for i, place in enumerate(places, 1)
    ]


def _percentages(shown: np.ndarray) -> str:
    """In how many percent of the pictures that show an attribute it is present; 0 where none shows it."""
    visible = np.maximum((shown >= 0).sum(axis=0), 1)
    return " ".join(f"{v:.4f}" for v in 100 * (shown == 1).sum(axis=0) / visible)
