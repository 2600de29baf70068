"""MNIST with captions, as alignDRAW was tried on it: one or two digits on a canvas of 60 x 60 pixels, and where they are.

Eight sentences of twelve words (``TEMPLATES``); canvases, places and sentences as in mansimov/text2image@beafc1c,
mnist-captions/create-captions.py. A digit is pasted as it is, the second one over the first, nothing is blended. Twelve
whole numbers from 0 to 10 say which digit is held out of which place of which sentence; 10 holds out none. The same picture
may be described from the other side ("left" and "right"), where that is not held out: it is captions that are held out.

What differs from the released code:
    * It draws the twelve numbers anew in each run; here they follow from ``SEED``, the same for everybody.
    * It makes 10,000 canvases anew in each epoch. Here the set is fixed and larger: as many canvases as MNIST has digits in a
      split, 50,000 to train on, and no fewer than ``LEAST`` where there are few digits.
    * It validates on what is not held out as well and never looks at the rest. Here a split ``held_out`` has nothing else; its
      digits, and those of the split ``test``, which holds out the same as training does, are of MNIST's test images.

Every canvas is a function of the digits of its split and of (seed, split, number) alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..core import RedrawError
from .drawn.dice import Dice
from .writer import PreparedWriter

SEED = 2015
SIDE, DIGIT = 60, 28  # pixels of a canvas, of a digit
LEAST = {"train": 10_000, "validation": 1_000, "test": 1_000, "held_out": 1_000}
TRIES = 10_000  # of drawing a combination that a split asks for


class Digits(NamedTuple):
    """The digits of a split of MNIST."""

    images: np.ndarray  # [N, 28, 28] uint8
    labels: np.ndarray  # [N]


class Template(NamedTuple):
    """A sentence and what it shows. ``{0}`` is the digit that is pasted first, ``{1}`` the other one."""

    name: str
    sentence: str
    rows: tuple[range, ...]  # where the first row of each digit may lie; one range for two digits: the same row
    columns: tuple[range, ...]

    @property
    def digits(self) -> int:
        return max(len(self.rows), len(self.columns))


TOP, BOTTOM, LEFT, RIGHT, MIDDLE = range(3), range(30, 33), range(5), range(28, 33), range(16, 19)
TEMPLATES = (
    Template("left", "the digit {0} is on the left of the digit {1} .", (MIDDLE,), (LEFT, RIGHT)),
    Template("right", "the digit {1} is on the right of the digit {0} .", (MIDDLE,), (LEFT, RIGHT)),
    Template("top", "the digit {0} is at the top of the digit {1} .", (TOP, BOTTOM), (MIDDLE,)),
    Template("bottom", "the digit {1} is at the bottom of the digit {0} .", (TOP, BOTTOM), (MIDDLE,)),
    Template("top left", "the digit {0} is at the top left of the image .", (TOP,), (LEFT,)),
    Template("bottom right", "the digit {0} is at the bottom right of the image .", (BOTTOM,), (RIGHT,)),
    Template("top right", "the digit {0} is at the top right of the image .", (TOP,), (RIGHT,)),
    Template("bottom left", "the digit {0} is at the bottom left of the image .", (BOTTOM,), (LEFT,)),
)


def held_out() -> tuple[tuple[int, ...], ...]:
    """For each of ``TEMPLATES`` the digit that is held out of its first place, and of its second; 10 is none."""
    dice = Dice(SEED, "held out")
    return tuple(tuple(dice.pick(range(11)) for _ in range(template.digits)) for template in TEMPLATES)


def write_captioned(digits: Mapping[str, Digits], writer: PreparedWriter) -> None:
    """Canvases of ``digits`` {split: digits}, of test twice: as trained, and what is held out.

    Classes are the templates, objects the digits with their places. Raises RedrawError for a split in whose digits there is
    nothing that it may show.
    """
    writer.classes = [template.name for template in TEMPLATES]
    writer.categories = [str(digit) for digit in range(10)]
    out = held_out()
    named = [
        f"{template.name} {', '.join(f'{place} {digit}' for place, digit in zip('AB', banned, strict=False) if digit < 10)}"
        for template, banned in zip(TEMPLATES, out, strict=True)
        if min(banned) < 10
    ]
    writer.note(f"held out: {'; '.join(named)}")
    for split in LEAST:
        own = digits["test" if split == "held_out" else split]
        for i in range(max(LEAST[split], len(own.labels))):
            dice = Dice(SEED, split, i)
            which, chosen = _combination(dice, own.labels, out, split == "held_out", f"{writer.dataset}, {split}")
            template, labels = TEMPLATES[which], own.labels[chosen].tolist()
            places = _places(dice, template)
            canvas = np.zeros((SIDE, SIDE), np.uint8)
            for k, (top, left) in zip(chosen, places, strict=True):
                canvas[top : top + DIGIT, left : left + DIGIT] = own.images[k]
            objects = [(label, left, top, DIGIT, DIGIT, 0) for label, (top, left) in zip(labels, places, strict=True)]
            writer.add(canvas, which, f"{split}-{i:05d}", split, [template.sentence.format(*labels)], objects=objects)


# --- inside ------------------------------------------------------------------------------------------------------


def _combination(
    dice: Dice, labels: np.ndarray, out: tuple[tuple[int, ...], ...], wanted: bool, where: str
) -> tuple[int, list[int]]:
    """A template and the numbers of its digits, drawn until they are held out (``wanted``), or until they are not."""
    for _ in range(TRIES):
        which = dice.pick(range(len(TEMPLATES)))
        chosen = [dice.pick(range(len(labels))) for _ in range(TEMPLATES[which].digits)]
        if wanted == any(labels[k] == digit for k, digit in zip(chosen, out[which], strict=True)):
            return which, chosen
    there = ", ".join(map(str, np.unique(labels)))
    raise RedrawError(f"{where}: of the digits {there} alone nothing can be shown here: put MNIST's own files there")


def _places(dice: Dice, template: Template) -> list[tuple[int, int]]:
    """Top and left of each digit."""
    rows, columns = ([dice.pick(among) for among in side] for side in (template.rows, template.columns))
    return list(
        zip(*(itertools.islice(itertools.cycle(side), template.digits) for side in (rows, columns)), strict=True)
    )
