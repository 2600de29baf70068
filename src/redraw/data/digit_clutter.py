"""Cluttered MNIST: a digit on a canvas of 100 x 100 pixels, and eight patches of other digits that are none.

As deepmind/mnist-cluttered@c3c30fc makes it with ``{megapatch_w=100, num_dist=8}``: patches of 8 x 8 pixels cut anywhere from
any digits of the split are added anywhere, then the digit is, all of it inside; no sum is more than white. That DRAW's task
(Gregor et al. 2015, table 1) had eight patches is recalled; the code is by one of its authors and says so of this size.

What differs from that code: it draws canvases without end, each digit once in a pass. Here each digit is shown once, and
those of small training splits more often, to ``LEAST`` canvases. Every canvas is a function of the digits of its split and of
(seed, split, number) alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .digit_scenes import DIGIT, Digits
from .drawn.dice import Dice
from .writer import PreparedWriter

SEED = 2014
SIDE, PATCH, PATCHES = 100, 8, 8  # pixels of a canvas, of a patch; patches on a canvas
LEAST = {"train": 5_000, "validation": 0, "test": 0}


def write_cluttered(digits: Mapping[str, Digits], writer: PreparedWriter) -> None:
    """A canvas for each of ``digits`` {split: digits}, in their order; its box is where the digit lies."""
    writer.classes = [str(digit) for digit in range(10)]
    for split, own in digits.items():
        for i in range(max(LEAST[split], len(own.labels))):
            k, dice = i % len(own.labels), Dice(SEED, split, i)
            canvas = np.zeros((SIDE, SIDE), np.uint16)
            for _ in range(PATCHES):
                other = own.images[dice.pick(range(len(own.labels)))]
                top, left, at, beside = (dice.pick(range(n - PATCH + 1)) for n in (DIGIT, DIGIT, SIDE, SIDE))
                canvas[at : at + PATCH, beside : beside + PATCH] += other[top : top + PATCH, left : left + PATCH]
            top, left = (dice.pick(range(SIDE - DIGIT + 1)) for _ in range(2))
            canvas[top : top + DIGIT, left : left + DIGIT] += own.images[k]
            image = np.minimum(canvas, 255).astype(np.uint8)
            writer.add(image, int(own.labels[k]), f"{split}-{i:05d}", split, box=(left, top, DIGIT, DIGIT))
