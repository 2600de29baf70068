"""Closed forms of the metrics, and what the released label order makes of a perfect generator."""

from __future__ import annotations

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.demonstrations.digits import labels_unsorted, perfect_items
from redraw.metrics import METRICS
from redraw.metrics.accuracy import (
    accuracy,
    accuracy_at_length,
    accuracy_by_operator,
    accuracy_labels_unsorted,
    error,
    perfect_logits,
)
from redraw.metrics.confusion import confusion
from redraw.scores import group_name


def items(read: list[int], asked: list[int], n_words: list[int] | None = None) -> dict[str, np.ndarray]:
    return {
        "logits": perfect_logits(np.array(read), 3),
        "class_id": np.array(asked),
        "n_words": np.array(n_words or [3] * len(asked)),
        "captions": np.array(["one plus one"] * len(asked)),
    }


def test_accuracy_in_closed_form():
    found = accuracy(items([0, 1, 2, 2], [0, 1, 1, 2]))
    assert found["value"] == 75.0
    assert found["spread"] == pytest.approx(100 * (0.75 * 0.25 / 4) ** 0.5)
    assert found["per_item"].tolist() == [1, 1, 0, 1]


def test_accuracy_ignores_the_scale_of_the_logits_of_an_item():
    rng = np.random.default_rng(0)
    logits, asked = rng.normal(size=(50, 10)), rng.integers(0, 10, 50)
    scaled = logits * rng.uniform(0.1, 10, (50, 1)) + rng.normal(size=(50, 1))
    same = {"class_id": asked, "n_words": np.full(50, 3)}
    assert accuracy({"logits": logits, **same})["value"] == accuracy({"logits": scaled, **same})["value"]


def test_columns_that_are_named_are_read_by_their_names():
    named = {**items([0, 1, 2], [4, 0, 2]), "logits_labels": np.array(["4", "0", "2"])}
    assert accuracy(named)["value"] == 100.0
    found = confusion(named)
    assert found["value"] == 100.0 and found["counts"].shape == (5, 5) and found["counts"][4, 4] == 1


def test_confusion_counts_what_was_asked_for_in_rows_and_what_was_read_in_columns():
    found = confusion(items([1, 1, 2, 0], [0, 1, 1, 0]))
    assert found["counts"].tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]
    assert found["value"] == 50.0


def test_labels_unsorted_equals_accuracy_where_all_captions_are_equally_long():
    asked = np.random.default_rng(1).integers(0, 3, 500)
    perfect = items(asked.tolist(), asked.tolist())
    assert accuracy_labels_unsorted(perfect)["value"] == 100.0


def test_labels_unsorted_equals_accuracy_where_a_batch_holds_one_item():
    asked, lengths = np.random.default_rng(1).integers(0, 3, (2, 200))
    perfect = items(asked.tolist(), asked.tolist(), lengths.tolist())
    assert accuracy_labels_unsorted(perfect, batch=1)["value"] == 100.0
    assert accuracy_labels_unsorted(perfect)["value"] < 60.0


def test_error_is_what_accuracy_leaves():
    given = items([0, 1, 2, 2], [0, 1, 1, 2], [5, 5, 5, 5])
    found, right = error(given), accuracy(given)
    assert found["value"] == 25.0 and found["spread"] == right["spread"] > 0
    assert found["per_item"].tolist() == [0, 0, 1, 0]
    assert (METRICS["error"].better, METRICS["error"].unit, METRICS["error"].reads) == (
        "lower",
        "percent",
        METRICS["accuracy"].reads,
    )


def test_labels_unsorted_by_hand():
    # Two items in one batch. The longer caption's image moves to the front and meets the label that stood there: where
    # the shuffle leaves the longer one second, both labels are wrong, otherwise both are right.
    pair = items([0, 1], [0, 1], [3, 9])
    longer_first = [np.random.default_rng(k).permutation(2)[0] == 1 for k in range(4)]
    found = accuracy_labels_unsorted(pair, passes=4)
    assert found["value"] == 100 * np.mean(longer_first)
    assert 0 < np.mean(longer_first) < 1
    assert found["per_item"].tolist() == [np.mean(longer_first)] * 2


def test_labels_unsorted_does_not_depend_on_how_the_items_are_arranged():
    # The scorer asks for class after class in turn; sorted by class, labels would be mixed up less.
    rng = np.random.default_rng(2)
    asked = np.sort(rng.integers(0, 10, 4000))
    found = {
        name: accuracy_labels_unsorted({"logits": perfect_logits(a, 10), "class_id": a, "n_words": 3 + a % 4})["value"]
        for name, a in (("sorted", asked), ("shuffled", rng.permutation(asked)))
    }
    assert found["sorted"] == pytest.approx(found["shuffled"], abs=1.5)


@pytest.mark.parametrize(("kind", "expected"), [(1, 100.0), (2, 10.8), (4, 14.7)])
def test_a_perfect_generator_under_the_released_label_order(kind: int, expected: float):
    items = perfect_items(kind, 30_000)
    assert accuracy(items)["value"] == 100.0
    assert accuracy_labels_unsorted(items, passes=3)["value"] == pytest.approx(expected, abs=0.5)


def test_the_demonstration_says_both_numbers():
    shown = labels_unsorted()["perfect generator, kind 4 (operations)"]
    assert shown.startswith("100.0 % with its own labels, 14.")


def test_accuracy_of_the_shortest_and_of_the_longest_captions():
    given = items([0, 1, 2, 2, 0], [0, 1, 1, 2, 1], [5, 5, 7, 9, 9])
    shortest = accuracy_at_length(given, "shortest")
    assert (shortest["value"], shortest["n"], shortest["per_item"].tolist()) == (100.0, 2, [1, 1])
    longest = accuracy_at_length(given, "longest")
    assert (longest["value"], longest["n"]) == (50.0, 2)
    with pytest.raises(RedrawError, match='^accuracy_at_length: which is "short": did you mean "shortest"'):
        accuracy_at_length(given, "short")


@pytest.mark.parametrize("name", [name for name, about in METRICS.items() if {"logits", "class_id"} <= {*about.reads}])
def test_every_metric_of_accuracy_reads_what_it_says_and_knows_its_best(name: str):
    asked = np.arange(60) % 3
    given = items(asked.tolist(), asked.tolist())
    metric = METRICS[name]
    best = {"higher": 100.0, "lower": 0.0}[metric.better]
    options = {"which": "longest"} if name == "accuracy_at_length" else {}
    assert metric.fn({key: given[key] for key in metric.reads}, **options)["value"] == best and metric.unit == "percent"


def test_accuracy_of_sums_and_of_differences():
    captions = ["one plus two", "nine minus six", "three", "one plus four minus two", "two plus one", "five minus two"]
    read = np.array([3, 3, 3, 3, 0, 0])
    found = accuracy_by_operator({"logits": np.eye(4)[read], "class_id": np.full(6, 3), "captions": np.array(captions)})
    assert found["value"] == pytest.approx(100 * 4 / 6)
    assert {kind: c["value"] for kind, c in found["columns"].items()} == {"sums": 50, "differences": 50, "both": 100}
    assert found["columns"]["sums"]["spread"] == pytest.approx(100 * (0.25 / 2) ** 0.5)
    assert found["parts"] == {"sums, captions": 2, "differences, captions": 2, "both, captions": 1}
    alone = accuracy_by_operator({"logits": np.eye(4)[:1], "class_id": np.zeros(1), "captions": np.array(["zero"])})
    assert alone["columns"] == {} and alone["value"] == 100


def test_two_lists_of_captions_never_share_their_images():
    asked = {"captions": "list", "images": "model", "n": 8}
    names = {group_name({**asked, "list": words}) for words in (["one plus one"], ["two plus two"], ["one plus one"])}
    assert len(names) == 2
