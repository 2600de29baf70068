"""Which training images make up a step: permutations, classes with one image of each, or lengths; and training on them."""

from __future__ import annotations

import numpy as np
import pytest
import small_sets
import torch
from test_engine import VALUES, Bomb, Data, Toy, bomb_at

from redraw import batches, engine, models
from redraw.core import RedrawError, write_json
from redraw.data.base import Prepared
from redraw.data.tables import Table, padded
from redraw.data.tokens import tokenize
from redraw.recipe import About, make_config
from redraw.state import State
from redraw.tracking import Spool

CLASS_IDS = np.array([7, 2, 7, 9, 2, 7, 2, 4, 9, 7])  # four classes of 4, 3, 2 and 1 images, in no order


def drawn(size: int, replacement: bool, steps: int, seed: int = 0, class_ids=CLASS_IDS) -> np.ndarray:
    """Indices [steps, size]."""
    return np.stack([batches.class_indices(class_ids, size, seed, step, replacement) for step in range(steps)])


@pytest.mark.parametrize("size", [1, 3, 4])
def test_a_batch_has_distinct_classes(size):
    for classes in CLASS_IDS[drawn(size, False, 200)]:
        assert len(set(classes)) == size


def test_a_batch_with_replacement_may_be_larger_than_there_are_classes():
    classes = CLASS_IDS[drawn(9, True, 50)]
    assert classes.shape == (50, 9) and {len(set(row)) for row in classes} <= {2, 3, 4}


@pytest.mark.parametrize("replacement", [False, True])
def test_classes_come_equally_often_and_so_do_the_images_of_one(replacement):
    indices = drawn(2, replacement, 6000).ravel()
    assert set(indices) == set(range(10))
    for class_id in np.unique(CLASS_IDS):
        members = np.flatnonzero(class_id == CLASS_IDS)
        share = np.array([(indices == k).mean() for k in members])
        assert abs(share.sum() - 0.25) < 0.02 and np.abs(share - 0.25 / len(members)).max() < 0.015


@pytest.mark.parametrize("replacement", [False, True])
def test_a_batch_is_a_function_of_seed_and_step(replacement):
    first = drawn(4, replacement, 30)
    backwards = [batches.class_indices(CLASS_IDS, 4, 0, step, replacement) for step in reversed(range(30))]
    assert np.array_equal(first[::-1], backwards)
    assert len({tuple(row) for row in first}) > 15, "steps differ"
    assert not np.array_equal(first, drawn(4, replacement, 30, seed=1))


def test_two_data_sets_do_not_share_their_order():
    other = CLASS_IDS[::-1].copy()
    for class_ids in (CLASS_IDS, other, CLASS_IDS):
        assert all(len(set(classes)) == 4 for classes in class_ids[drawn(4, False, 20, class_ids=class_ids)])


def test_too_few_classes_are_refused():
    with pytest.raises(RedrawError) as fault:
        batches.class_indices(CLASS_IDS, 5, 0, 0, False)
    assert str(fault.value) == "batch_size 5: batches of distinct classes, but there are 4: lower it"
    assert len(batches.class_indices(CLASS_IDS, 5, 0, 0, True)) == 5


# --- captions of one length ---------------------------------------------------------------------------------------


ROWS = [  # captions of five images, as ids
    [[1, 5, 2], [1, 6, 7, 2]],
    [[1, 8, 2], [1, 9, 2], [1, 5, 2]],
    [],
    [[1, 6, 7, 8, 2]],
    [[1, 7, 2], [], [1, 4, 4, 2]],
]
TABLE = Table(
    padded([row for rows in ROWS for row in rows]),
    np.array([len(row) for rows in ROWS for row in rows]),
    np.cumsum([0, *(len(rows) for rows in ROWS)]),
    "image",
)


def test_images_are_listed_by_the_lengths_of_their_captions():
    found = TABLE.by_length(np.array([4, 2, 1, 0, 3]))
    assert {n: images.tolist() for n, images in found.items()} == {3: [0, 2, 2, 2, 3], 4: [0, 3], 5: [4]}
    assert TABLE.by_length(np.array([2])) == {}
    twice = TABLE.by_length(np.array([3, 3]))
    assert {n: images.tolist() for n, images in twice.items()} == {5: [0, 1]}


def test_a_caption_is_drawn_among_those_of_the_length():
    rng = np.random.default_rng(0)
    rows = np.stack([TABLE.pick(np.array([1, 0, 4]), rng, 3) for _ in range(300)])
    assert set(rows[:, 0]) == {2, 3, 4} and set(rows[:, 1]) == {0} and set(rows[:, 2]) == {6}
    assert np.bincount(rows[:, 0])[2:].min() > 70
    assert TABLE.pick(np.array([0, 4]), rng, 4).tolist() == [1, 8]
    with pytest.raises(RedrawError, match="^image 3 has no caption in this table: "):
        TABLE.pick(np.array([3]), rng, 3)


def test_lengths_come_as_often_as_captions_have_them_and_captions_equally_often():
    by_length = TABLE.by_length(np.arange(5))
    drawn = [batches.length_indices(by_length, 2, 0, step) for step in range(8000)]
    backwards = [batches.length_indices(by_length, 2, 0, step) for step in reversed(range(50))][::-1]
    assert all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in zip(drawn, backwards, strict=False))
    lengths = np.array([length for length, _ in drawn])
    assert [float((lengths == n).mean()) for n in (3, 4, 5)] == pytest.approx([5 / 8, 2 / 8, 1 / 8], abs=0.02)
    seen = np.concatenate([images for length, images in drawn if length == 3])
    share = np.bincount(seen, minlength=5) / len(seen)
    assert share.tolist() == pytest.approx([0.2, 0.6, 0, 0, 0.2], abs=0.02), "by their captions of the length"
    assert {tuple(images) for length, images in drawn if length == 5} == {(3, 3)}, "again where there are too few"
    assert all(set(images) == {0, 4} for length, images in drawn if length == 4)
    assert [batches.length_indices(by_length, 2, 1, step)[0] for step in range(50)] != lengths[:50].tolist()


class Lengths(Toy):
    batches = "lengths"


class Captioned(Data):
    """Vectors with the captions of ``TABLE``."""

    def __init__(self) -> None:
        super().__init__(5)
        self.by_length = TABLE.by_length(np.arange(5))
        self.asked: list[tuple[int, list[int]]] = []

    def batch(self, indices, fields, rng, n_words=None):
        self.asked.append((n_words, TABLE.pick(indices, rng, n_words).tolist()))
        return super().batch(indices, fields, rng)


def go_by_length(folder, **options):
    values = VALUES | {"batch_size": 3, "steps": 14, "evaluations": 7}
    engine.seed_everything(3, 0)
    recipe, data = Lengths(make_config(Toy.Config, values, "toy"), About((1, 1, 8), 1), {}), Captioned()
    options = {"seed": 3, "state": State(folder), "spool": Spool(folder / "s.jsonl", run="toy"), "run": "toy"} | options
    return engine.train(recipe, data, Data(40), device=torch.device("cpu"), **options), data


def test_training_by_lengths_goes_on_bit_equal_wherever_it_was_killed(tmp_path):
    whole, all_of_it = go_by_length(tmp_path / "whole")
    assert {n for n, _ in all_of_it.asked} == {3, 4, 5}
    assert all(TABLE.n_words[rows].tolist() == [n] * 3 for n, rows in all_of_it.asked)
    with pytest.raises(Bomb):
        go_by_length(tmp_path / "cut", save_every=0.0, progress=bomb_at(8))
    resumed, data = go_by_length(tmp_path / "cut", save_every=1e9)
    assert data.asked == all_of_it.asked[-len(data.asked) :] and len(data.asked) < 14
    assert models.weights_digest(resumed["weights"]) == models.weights_digest(whole["weights"])


def test_a_prepared_batch_of_one_length_has_no_padding(tmp_path):
    opened = small_sets.prepared("drawn_scenes-flickr8k_small", tmp_path / "raw", tmp_path / "set")
    folder = tmp_path / "set" / "tokens" / "words"
    asked = {"captions": "dataset", "tokenizer": "words", "framed": True}
    write_json(folder / "record.json", tokenize(asked, tmp_path / "set", folder))
    opened = Prepared.open(tmp_path / "set", tokens=folder)
    part, rng = opened.split("train"), np.random.default_rng(0)
    length, indices = batches.length_indices(part.by_length, 8, 0, 0)
    batch = part.batch(indices, ("image", "tokens", "n_words", "captions"), rng, n_words=length)
    assert batch["tokens"].shape == (8, length) and bool((batch["tokens"] != 0).all())
    assert batch["n_words"].tolist() == [length] * 8 and batch["captions"].shape[0] == 8
    held = [{tuple(row[:length].tolist()) for row in rows} for rows in batch["captions"]]
    assert all(tuple(row.tolist()) in own for row, own in zip(batch["tokens"], held, strict=True))
    assert sum(len(images) for images in part.by_length.values()) == 5 * len(part)
    without = Prepared.open(tmp_path / "set").split("train")
    with pytest.raises(
        RedrawError, match=r"^.+: batches of one length of captions, but no captions: give the run tokens$"
    ):
        without.by_length  # noqa: B018


# --- as the engine asks for them --------------------------------------------------------------------------------


class Classes(Data):
    """Vectors whose first entry is their index; six classes of unequal size."""

    def __init__(self) -> None:
        super().__init__(50)
        self.class_ids = np.array([k * k % 6 if k % 7 else 5 for k in range(50)])
        self.asked: list[np.ndarray] = []

    def batch(self, indices, fields, rng):
        self.asked.append(np.array(indices))
        return super().batch(indices, fields, rng)


class ByClass(Toy):
    batches = "classes"


class ByClassAgain(Toy):
    batches = "classes_with_replacement"


def go(folder, cls=ByClass, **changes):
    values = VALUES | {"batch_size": 4, "steps": 14, "evaluations": 7}
    values |= {k: v for k, v in changes.items() if k in VALUES}
    rest = {k: v for k, v in changes.items() if k not in VALUES}
    engine.seed_everything(3, 0)
    recipe = cls(make_config(Toy.Config, values, "toy"), About((1, 1, 8), 1), {})
    spool, data = Spool(folder / "spool.jsonl", run="toy"), Classes()
    options = {"seed": 3, "state": State(folder), "spool": spool, "device": torch.device("cpu"), "run": "toy"} | rest
    return engine.train(recipe, data, Data(40), **options), data


@pytest.mark.parametrize("cls", [ByClass, ByClassAgain])
def test_training_by_classes_goes_on_bit_equal_wherever_it_was_killed(tmp_path, cls):
    whole, _ = go(tmp_path / "whole", cls)
    for at in (4, 10):
        with pytest.raises(Bomb):
            go(tmp_path / f"cut{at}", cls, save_every=0.0, progress=bomb_at(at))
        resumed, data = go(tmp_path / f"cut{at}", cls, save_every=1e9)
        assert len(data.asked) == 14 - at + 1, "it began anew"
        assert models.weights_digest(resumed["weights"]) == models.weights_digest(whole["weights"])
        assert resumed["curves"] == whole["curves"]


def test_the_recipe_says_what_a_batch_is_made_of(tmp_path):
    ids = Classes().class_ids
    _, by_class = go(tmp_path / "a")
    _, again = go(tmp_path / "b", ByClassAgain)
    _, by_image = go(tmp_path / "c", Toy)
    assert len(by_class.asked) == 14 and all(len(set(ids[i])) == 4 for i in by_class.asked)
    assert min(len(set(ids[i])) for i in again.asked) < 4
    assert sorted(np.concatenate(by_image.asked)[:50]) == list(range(50))


def test_training_with_too_few_classes_is_refused(tmp_path):
    n = len(set(Classes().class_ids))
    with pytest.raises(RedrawError, match=f"^batch_size {n + 1}: batches of distinct classes, but there are {n}"):
        go(tmp_path, batch_size=n + 1)
