"""Metrics: arrays in, numbers out. A metric knows no network and not whom it scores; its name is its protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .accuracy import accuracy, accuracy_at_length, accuracy_labels_unsorted
from .confusion import confusion


@dataclass(frozen=True)
class Metric:
    """``fn(items, **options)`` returns at least ``value``; ``reads`` names the arrays that it needs of the items."""

    fn: Callable[..., dict]
    better: str  # higher | lower
    unit: str
    reads: tuple[str, ...]


METRICS = {
    "accuracy": Metric(accuracy, "higher", "percent", ("logits", "class_id")),
    "accuracy_at_length": Metric(accuracy_at_length, "higher", "percent", ("logits", "class_id", "n_words")),
    "accuracy_labels_unsorted": Metric(
        accuracy_labels_unsorted, "higher", "percent", ("logits", "class_id", "n_words")
    ),
    "confusion": Metric(confusion, "higher", "percent", ("logits", "class_id")),
}
