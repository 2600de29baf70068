"""A stand-in for MNIST: scikit-learn's 1,797 real handwritten digits, written as MNIST's four IDX files.

8 x 8 pixels of 17 grey levels become 20 x 20 (bicubic) in the middle of 28 x 28, as MNIST's digits do, and are
stretched in contrast, v -> 4 (v - 0.5) + 0.5, to strokes as full as MNIST's. 450 test images, 45 a class; the others
train.

Edition binarized stands for the static-binarised MNIST (Larochelle and Murray): every pixel is drawn once, white with its grey
level as probability, and written as that set's three files; a sixth of the training images validates. Editions captioned and
cluttered are the same files as the digits': the reader makes of them what it makes of MNIST's.
"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np

from ..core import RedrawError, atomic_write, nearest
from .mnist import RAW_FILES, write_idx

EDITIONS = ("", "binarized", "captioned", "cluttered")
TEST_PER_CLASS = 45


def fetch(raw: Path, edition: str = "") -> None:
    """Write the files of an edition to folder ``raw``: the same bytes every time.

    Raises RedrawError for an edition that there is not.
    """
    from sklearn.datasets import load_digits

    if edition not in EDITIONS:
        raise RedrawError(f"digits: there is no edition {edition!r}: {nearest(edition, list(EDITIONS))}")
    found = load_digits()
    labels = found.target.astype(np.uint8)
    images = np.stack([_like_mnist(image) for image in found.images])
    train, test = _split(labels)
    if edition != "binarized":
        for name, values in zip(RAW_FILES, (images[train], labels[train], images[test], labels[test]), strict=True):
            write_idx(raw / name, values)
        return
    kept = len(train) - len(train) // 6
    for part, members in (("train", train[:kept]), ("valid", train[kept:]), ("test", test)):
        rows = "".join(" ".join(_drawn(images[i], i)) + "\n" for i in members)
        atomic_write(raw / f"binarized_mnist_{part}.amat", rows)


def _drawn(image: np.ndarray, i: int) -> list[str]:
    """The pixels of image ``i``, "1" with their grey level as probability."""
    draw = random.Random(f"binarized {i}").random  # the same in every version of Python
    return ["1" if 255 * draw() < level else "0" for level in image.ravel().tolist()]


def _like_mnist(image: np.ndarray) -> np.ndarray:
    """[8, 8] of 0 to 16 -> [28, 28] uint8. In whole numbers, so that no machine rounds differently."""
    from PIL import Image

    grey = Image.fromarray((image.astype(int) * 255 // 16).astype(np.uint8))
    large = np.asarray(grey.resize((20, 20), Image.Resampling.BICUBIC)).astype(int)
    return np.pad(np.clip(4 * large - 382, 0, 255).astype(np.uint8), 4)


def _split(labels: np.ndarray) -> tuple[list[int], list[int]]:
    """Indices of training and of test images, every class spread evenly over each.

    Shuffled by hash: a random generator's stream may change between versions of its library.
    """
    train: list[tuple[float, int]] = []
    test: list[tuple[float, int]] = []
    for digit in range(10):
        own = sorted(
            np.flatnonzero(labels == digit).tolist(), key=lambda i: hashlib.sha256(f"digit {i}".encode()).digest()
        )
        for part, members in ((test, own[:TEST_PER_CLASS]), (train, own[TEST_PER_CLASS:])):
            part += [((rank + digit / 10) / len(members), i) for rank, i in enumerate(members)]
    return [i for _, i in sorted(train)], [i for _, i in sorted(test)]
