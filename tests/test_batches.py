"""Which training images make up a step: permutations, or classes with one image of each; and training on them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_engine import VALUES, Bomb, Data, Toy, bomb_at

from redraw import batches, engine, models
from redraw.core import RedrawError
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
