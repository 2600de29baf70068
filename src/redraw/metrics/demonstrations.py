"""Findings that anybody can run: what a protocol makes of a generator without fault. See `redraw finding ID`."""

from __future__ import annotations

import numpy as np

from ..data.digit_captions import training_captions
from .accuracy import accuracy, accuracy_labels_unsorted, perfect_logits

# Images of each digit among MNIST's 60,000 for training.
MNIST_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)


def perfect_items(kind: int, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """``n`` items of a perfect generator, read without fault: digits as often as in MNIST, captions as released by VED.

    logits [n, 10], class_id [n], n_words [n]. Kind 3 has no list; with one number of distractors, as the authors ran
    it, all its captions are equally long and the order of the labels does no harm.
    """
    lengths = [[len(words) for words in training_captions(kind, digit, as_released=True)] for digit in range(10)]
    rng = np.random.default_rng(seed)
    class_id = rng.choice(10, n, p=np.array(MNIST_COUNTS) / sum(MNIST_COUNTS))
    n_words = np.array([rng.choice(lengths[digit]) for digit in class_id])
    return {"logits": perfect_logits(class_id, 10), "class_id": class_id, "n_words": n_words}


def labels_unsorted() -> dict[str, str]:
    """VED-1: accuracy in percent of a perfect generator, labels in the order of the captions and as released."""
    found = {}
    for kind, name in ((1, "labels"), (2, "sentences"), (4, "operations")):
        items = perfect_items(kind, 30_000)
        right, released = accuracy(items)["value"], accuracy_labels_unsorted(items, passes=3)["value"]
        numbers = f"{right:.1f} % with its own labels, {released:.1f} % as released"
        found[f"perfect generator, kind {kind} ({name})"] = numbers
    found["the authors' log, kind 4"] = "14.7 % in training, 14.4 % in validation, 15.2 % at best"
    return found
