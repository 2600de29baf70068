"""Random draws that follow from a key alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A stream of draws for one purpose, such as ``Dice(seed, "bird", 3, 7)``.

    Python promises that ``random.Random(text).random()`` stays the same in later versions, and nothing of the kind for
    its other methods: everything here is made from ``random()``.
    """

    def __init__(self, *key: int | str) -> None:
        self.random = random.Random("/".join(map(str, key))).random

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def normal(self, spread: float) -> float:
        """Bell-shaped around 0 with standard deviation ``spread``, never beyond 3.5 spreads."""
        total = self.random() + self.random() + self.random() + self.random()
        return (total - 2.0) * 1.7320508 * spread

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def pick(self, values: Sequence[T]) -> T:
        return values[int(self.random() * len(values))]

    def weighted(self, weights: dict[T, float]) -> T:
        """A key, with a probability proportional to its weight."""
        at = self.random() * sum(weights.values())
        for value, weight in weights.items():
            at -= weight
            if at < 0:
                return value
        return value

    def shuffled(self, values: Sequence[T]) -> list[T]:
        mixed = list(values)
        for i in range(len(mixed) - 1, 0, -1):
            j = int(self.random() * (i + 1))
            mixed[i], mixed[j] = mixed[j], mixed[i]
        return mixed

    def some(self, values: Sequence[T], count: int) -> list[T]:
        """``count`` different values, or all where there are fewer."""
        return self.shuffled(values)[:count]
