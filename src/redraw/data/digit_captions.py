"""The four kinds of captions of digits: VED paper §3.1, list 1-4, with the details of ppartha03/PGM-Project@f2d0dca.

    1  the number's word                                    "five"
    2  one of twelve sentences with the word in it          "this is a black five on a white background"
    3  ``min`` or ``max`` of the number and 1-5 distractors "min nine five seven"
    4  sums and differences that give the number            "three plus two"

Kinds 1, 2 and 4 are finite lists, kind 3 is sampled. Of kind 4 there are 12 captions for the digits 0, 1, 2 and 13 for
the others (the paper says 13 for each): the word, every ``a plus b``, every ``a minus b`` with a <= 9, and the sum of
ones where that is not among them already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core import RedrawError
from .tables import SPECIALS

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SENTENCE_WORDS = ("this", "is", "the", "a", "that", "'s", "number", "black", "on", "white", "background", "with")
OPERATORS = ("min", "max", "or", "plus", "minus")
VOCABULARY = (*SPECIALS, *DIGITS, *SENTENCE_WORDS, *OPERATORS)  # 31, in the released order: it fixes the words' codes

SENTENCES = (
    "X", "that 's X", "that 's a X", "this is a X", "this number is X", "this number is a X", "this is the number X",
    "black X on white", "black X on white background", "that 's a X on a white background",
    "that is a black X with a white background", "this is a black X on a white background",
)  # fmt: skip
MERGED = {"that 's a X": "this is a X", "black X on white": "black X on white background"}
"""Difference D3: behind these sentences a comma is missing, so that they melt into the ones that follow."""

RELEASED_TESTS = {
    0: ("one plus one minus two", "two plus three minus five", "zero plus zero plus one minus one",
        "one minus two plus one", "nine minus five minus four", "one plus zero plus zero plus zero minus one",
        "four minus two minus two", "six plus zero minus six", "one plus six minus eight plus one"),
    1: ("one plus one minus one", "zero plus zero plus one", "one plus zero plus zero", "five minus two minus two",
        "three plus four minus six", "eight minus eight plus one"),
    5: ("eight minus five plus two", "three plus zero plus two", "zero plus zero plus five plus zero",
        "five minus five plus five", "seven minus one minus one", "one plus five minus one",
        "zero minus zero plus zero plus six minus one"),
    7: ("three plus two plus two", "one plus one plus one plus four", "two plus two plus two plus one",
        "nine minus six plus four", "eight plus two minus three", "zero plus zero plus seven plus zero plus zero",
        "one plus three plus one plus two", "one plus five plus one", "one plus one plus five",
        "five plus one plus one", "two plus three plus two"),
}  # fmt: skip
"""{digit: captions} that the authors' committed sample folders of the run 1513535949 were drawn from.

Left out: those with <unk> (typing errors), and "two plus three" for 5, which is a training caption.
"""

MAX_DISTRACTORS = 5


def training_captions(kind: int, digit: int, as_released: bool = False) -> list[list[str]]:
    """All captions [[word, …], …] of ``digit`` of a finite kind (1, 2, 4).

    ``as_released`` takes over the two missing commas of kind 2 (D3): 10 captions, two of them with a glued word.
    """
    word = DIGITS[digit]
    if kind == 1:
        return [[word]]
    if kind == 2:
        return [s.replace("X", word).split() for s in (_merged_sentences() if as_released else SENTENCES)]
    if kind == 4:
        sums = [[DIGITS[a], "plus", DIGITS[digit - a]] for a in range(digit + 1)]
        differences = [[DIGITS[a], "minus", DIGITS[a - digit]] for a in range(digit, 10)]
        ones = ["one", *["plus", "one"] * (digit - 1)]
        return [[word], *sums, *([ones] if digit > 2 else []), *differences]
    raise RedrawError(f"captions of digits: kind {kind} is no finite list: use 1, 2 or 4 (kind 3 is sampled)")


def sample_caption(
    kind: int, digit: int, rng: np.random.Generator, distractors: int | None = None, as_released: bool = False
) -> list[str]:
    """One caption of any kind. ``distractors`` (1-5, kind 3) is drawn evenly where it is None.

    Kind 3 as released: the other numbers are distinct, all larger (``min``) or smaller (``max``) than the digit; which
    of the two is free where both leave ``distractors`` numbers to choose from.
    """
    if kind != 3:
        captions = training_captions(kind, digit, as_released)
        return captions[rng.integers(len(captions))]
    n = int(rng.integers(1, MAX_DISTRACTORS + 1)) if distractors is None else distractors
    if not 1 <= n <= MAX_DISTRACTORS:
        raise RedrawError(f"captions of digits: {n} distractors: give 1 to {MAX_DISTRACTORS}")
    operator = "max" if digit + n > 9 else "min" if digit < n else ("min", "max")[rng.integers(2)]
    others = range(digit) if operator == "max" else range(digit + 1, 10)
    numbers = rng.permutation([digit, *rng.choice(others, n, replace=False)])
    return [operator, *(DIGITS[i] for i in numbers)]


def unseen_captions(digit: int, n: int, operations: Sequence[int] = (2, 3, 4), seed: int = 0) -> list[list[str]]:
    """``n`` distinct sums and differences of kind 4 that give ``digit`` and are no training captions.

    Each has one of ``operations`` operators; its partial sums walk through digits. A function of (digit, seed, index):
    the first k of n are the k that are asked for alone. Raises RedrawError where there are not so many.
    """
    taken = {tuple(c) for c in training_captions(4, digit)}
    found: list[list[str]] = []
    for index in range(100 * n + 1000):
        if len(found) == n:
            return found
        rng = np.random.default_rng([seed, digit, index])
        steps = operations[rng.integers(len(operations))]
        partial = [*rng.integers(10, size=steps).tolist(), digit]
        words = [DIGITS[partial[0]]]
        for before, after in zip(partial, partial[1:], strict=False):
            minus = after < before or (after == before and rng.random() < 0.5)
            words += ["minus" if minus else "plus", DIGITS[abs(after - before)]]
        if tuple(words) not in taken:
            taken.add(tuple(words))
            found.append(words)
    raise RedrawError(f"captions of digits: fewer than {n} unseen ones of {list(operations)} operations: ask for fewer")


def evaluate(words: Sequence[str]) -> int | None:
    """The number that a caption means, sums left to right; None for what is no caption or means several numbers."""
    numbers = [DIGITS.index(w) for w in words if w in DIGITS]
    if words and words[0] in ("min", "max"):
        whole = len(words) > 2 and len(numbers) == len(words) - 1
        return (min if words[0] == "min" else max)(numbers) if whole else None
    if any(w in OPERATORS for w in words):
        signs = words[1::2]
        if len(words) % 2 == 0 or len(numbers) != len(signs) + 1 or any(w not in ("plus", "minus") for w in signs):
            return None
        return numbers[0] + sum(n if sign == "plus" else -n for sign, n in zip(signs, numbers[1:], strict=True))
    return numbers[0] if len(set(numbers)) == 1 else None


def _merged_sentences() -> list[str]:
    swallowed = set(MERGED.values())
    return [s + MERGED[s] if s in MERGED else s for s in SENTENCES if s not in swallowed]
