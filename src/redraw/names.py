"""What data sets are called, where they lie, and which modules make and read them. No torch.

A name is <family> or <family>-<edition>; an edition of what is made here may end in a size: drawn_birds-others_small.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

SIZES = ("", "small", "large")
ASIDE = ("reference", "others", "attngan")
"""Editions that are not shown: what only instruments see, and the same pictures with other text."""

REAL = {
    "mnist": ("MNIST", ("", "captioned", "cluttered")),
    "cub": ("CUB-200-2011 with the captions of Reed et al.", ("", "reference", "others", "attngan")),
    "oxford102": ("Oxford-102 flowers with the captions of Reed et al.", ("", "reference")),
    "coco": ("MS COCO 2014 with Karpathy's splits", ("", "attngan")),
    "flickr8k": ("Flickr8k with Karpathy's splits", ("",)),
    "flickr30k": ("Flickr30k with Karpathy's splits", ("",)),
    "binarized_mnist": ("MNIST, binarised once for all", ("",)),
    "omniglot": ("Omniglot", ("", "oneshot")),
    "svhn": ("SVHN, house numbers", ("",)),
    "cifar10": ("CIFAR-10", ("",)),
    "celeba": ("CelebA, aligned faces with attributes", ("",)),
    "lfw": ("Labeled Faces in the Wild", ("",)),
    "lsun": ("LSUN", ("bedroom", "church")),
    "imagenet": ("ImageNet", ("dog", "cat")),
    "yahoo": ("Yahoo answers, as language models take them", ("",)),
    "yelp": ("Yelp reviews, as language models take them", ("",)),
}
"""Data sets that people download: {family: (title, editions)}. Editions share their raw files. What some ask of a stand-in,
other pictures of the same classes, say, is all the same here."""

STAND_INS = {
    "digits": (
        "handwritten digits of scikit-learn",
        {"": "mnist", "binarized": "binarized_mnist", "captioned": "mnist-captioned", "cluttered": "mnist-cluttered"},
        ("",),
    ),
    "drawn_birds": ("drawn birds", {"": "cub", "reference": "cub", "others": "cub", "attngan": "cub-attngan"}, SIZES),
    "drawn_flowers": ("drawn flowers", {"": "oxford102", "reference": "oxford102"}, SIZES),
    "drawn_scenes": (
        "drawn scenes",
        {"": "coco", "attngan": "coco-attngan", "flickr8k": "flickr8k", "flickr30k": "flickr30k"},
        SIZES,
    ),
    "drawn_characters": ("drawn characters", {"": "omniglot", "oneshot": "omniglot-oneshot"}, SIZES),
    "drawn_numbers": ("drawn house numbers", {"": "svhn"}, SIZES),
    "drawn_objects": ("drawn objects", {"": "cifar10"}, SIZES),
    "drawn_faces": ("drawn faces", {"": "celeba", "lfw": "lfw"}, SIZES),
    "drawn_rooms": ("drawn rooms", {"bedroom": "lsun-bedroom", "church": "lsun-church"}, SIZES),
    "drawn_pets": ("drawn pets", {"dog": "imagenet-dog", "cat": "imagenet-cat"}, SIZES),
    "grammar": ("documents by a grammar", {"yahoo": "yahoo", "yelp": "yelp", "plain": "yahoo"}, SIZES),
}
"""Data sets that are made on the spot: {family: (title, {edition: the data set in whose layout it is written}, sizes)}."""


def family(dataset: str) -> str:
    """A data set's name without its edition, which follows a hyphen."""
    return dataset.partition("-")[0]


def edition(dataset: str) -> str:
    """What follows the hyphen; empty where there is none."""
    return dataset.partition("-")[2]


def _all() -> Iterator[tuple[str, str | None]]:
    for name, (_, editions) in REAL.items():
        yield from (("-".join(filter(None, (name, kind))), None) for kind in editions)
    for name, (_, kinds, sizes) in STAND_INS.items():
        for kind, size in itertools.product(kinds, sizes):
            yield "-".join(filter(None, (name, "_".join(filter(None, (kind, size)))))), kinds[kind]


NAMES = dict(_all())
"""Every data set's name: {name: the data set that it stands for, None for one that people download}."""


def stands_for(dataset: str) -> str | None:
    """The data set in whose layout ``dataset`` is written; None for one that people download, and for an unknown name."""
    return NAMES.get(dataset)


def written_as(dataset: str) -> str:
    """The data set in whose layout ``dataset`` is written: another one's or its own."""
    return stands_for(dataset) or dataset


def title(dataset: str) -> str:
    """What a family is called, and which edition it is where its editions show different things."""
    if family(dataset) in STAND_INS:
        return STAND_INS[family(dataset)][0]
    name, kind = REAL[family(dataset)][0], edition(dataset)
    return name if kind in ("", *ASIDE) else f"{name}, {kind}"


def maker(dataset: str) -> str:
    """The module below redraw that is called like the data set's family."""
    return f"data.{family(dataset)}"


def reader(dataset: str) -> str:
    """The module below redraw that reads the data set's raw files."""
    return maker(written_as(dataset))


def modules(dataset: str) -> list[str]:
    """The modules below redraw behind a prepared data set."""
    return list(dict.fromkeys([maker(dataset), reader(dataset)]))


def data_folder(dataset: str, form: str | None = None) -> str:
    """Where a prepared data set lies: one folder for a family, its editions and forms below that."""
    parts = ["results/data", family(dataset), *filter(None, [edition(dataset)]), *(["forms", form] if form else [])]
    return "/".join(parts)
