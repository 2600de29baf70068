"""A stand-in for MNIST: scikit-learn's 1,797 real handwritten digits, written as MNIST's four IDX files.

8 x 8 pixels of 17 grey levels become 20 x 20 (bicubic) in the middle of 28 x 28, as MNIST's digits do, and are
stretched in contrast, v -> 4 (v - 0.5) + 0.5, to strokes as full as MNIST's. 450 test images, 45 a class; the others
train.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from .mnist import RAW_FILES, prepare, write_idx

__all__ = ["fetch", "prepare"]

TEST_PER_CLASS = 45


def fetch(raw: Path) -> None:
    """Write the four files to folder ``raw``: the same bytes every time."""
    from sklearn.datasets import load_digits

    found = load_digits()
    labels = found.target.astype(np.uint8)
    images = np.stack([_like_mnist(image) for image in found.images])
    train, test = _split(labels)
    for name, values in zip(RAW_FILES, (images[train], labels[train], images[test], labels[test]), strict=True):
        write_idx(raw / name, values)


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
