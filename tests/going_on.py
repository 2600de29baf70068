"""A recipe that learns, and that another one of its make takes up where it stands."""

from __future__ import annotations

import copy
from collections.abc import Callable

from redraw import engine
from redraw.models import weights_digest
from redraw.recipe import Batch, Recipe, Step


def taken_up(model: Recipe, make: Callable[[], Recipe]) -> Recipe:
    """Another recipe of the same ``make`` with the weights and the optimisers' state of ``model``."""
    other = make()
    other.load_state_dict(model.state_dict())
    for name, optimizer in other.optimizers.items():
        optimizer.load_state_dict(copy.deepcopy(model.optimizers[name].state_dict()))
    return other


def learns_and_goes_on(
    make: Callable[[], Recipe], batch: Batch, loss: str, steps: int, total: int, share: float
) -> None:
    """After ``steps`` one that took it up makes the next one bit by bit alike; a ``share`` of the first ``loss`` is not left."""
    model = make()
    first = float(model.eval().validate(batch)[loss])
    for step in range(steps):
        engine.seed_everything(0, step)
        model.train().train_step(batch, Step(step, total, 0.0))
    other = taken_up(model, make)
    for m in (model, other):
        engine.seed_everything(0, steps)
        m.train().train_step(batch, Step(steps, total, 0.0))
    assert weights_digest(model.state_dict()) == weights_digest(other.state_dict())
    assert float(model.eval().validate(batch)[loss]) < share * first
