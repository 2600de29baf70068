"""The one training loop: batches, seeds, state and resume, precision, finite checks, snapshots, early stopping, progress.

Everything random is a function of (seed, step): batch indices, caption choice, noise, dropout. Resuming therefore needs
no state of any random generator and is bit-exact on the same device.
"""

from __future__ import annotations

import contextlib
import functools
import math
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from .batches import batch_of
from .core import Interrupted, RedrawError
from .device import Usage
from .progress import Progress
from .recipe import Batch, Recipe, Split, Step
from .state import State
from .tracking import Spool

LOG_EVERY = 50  # steps between two looks at the losses: a look per step would make a GPU wait
USAGE_EVERY = 10.0  # seconds between two notes of what the machine is doing, taken at such a look


_gpu_is_there = functools.cache(torch.cuda.is_available)


def seed_everything(seed: int, step: int) -> None:
    """Set every generator as a pure function of (seed, step)."""
    mixed = int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0])
    if _gpu_is_there():
        torch.manual_seed(mixed % 2**63)
    else:  # without the list on which torch keeps, each with its traceback, the seeds of GPUs that it has not seen yet
        torch.default_generator.manual_seed(mixed % 2**63)
    np.random.seed(mixed % 2**32)  # noqa: NPY002  libraries that draw from the global generator
    random.seed(mixed)


def train(
    recipe: Recipe, training: Split, validation: Split, *, seed: int, state: State, spool: Spool, device: torch.device,
    precision: str = "fp32", compile: bool = False, channels_last: bool = False, save_every: float = 30.0,
    run: str = "run",
    progress: Callable[[int, int, Mapping[str, float]], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train ``recipe`` to its end and return {"weights", "snapshots", "curves", "steps", "stopped", "images", "seconds"}.

    ``weights`` are the last step's; ``snapshots`` {step: weights on the CPU} one per evaluation. Of a recipe that keeps the
    best, which watches a loss, they are those of the evaluation with the least one, whose step is "kept". Raises RedrawError
    for a loss that is not finite (loss, step and last good state named), Interrupted after SIGTERM or SIGUSR1.
    """
    config = recipe.config
    recipe.to(device)
    recipe.autocast_dtype = torch.bfloat16 if precision == "bf16" else None
    if channels_last:
        recipe.to(memory_format=torch.channels_last)
    if compile:
        torch.use_deterministic_algorithms(True, warn_only=True)  # the compiler's own switch, too
        for network in recipe.children():
            network.compile()
    marks = frozenset(evaluation_steps(config.steps, config.evaluations))
    at, begin = _resume(recipe, state)
    spool.write("train", start=begin, steps=config.steps)
    progress = progress or Progress(run, begin)
    clock = saved = time.monotonic()
    meter = Usage(device)
    last_saved = begin if begin else None

    def save(step: int) -> None:
        nonlocal saved, last_saved
        _finite(run, recipe, at["pending"], step, last_saved)
        state.save(step, {**at, "pending": [{n: v.cpu() for n, v in losses.items()} for losses in at["pending"]],
                          "recipe": recipe.state_dict(), "optimizers": {n: o.state_dict() for n, o in recipe.optimizers.items()},
                          "seconds": at["seconds"] + time.monotonic() - clock})  # fmt: skip
        spool.sync()
        saved, last_saved = time.monotonic(), step

    with _signals() as caught:
        step = begin
        while step < config.steps and not at["stopped"]:
            seed_everything(seed, step)
            recipe.train()
            batch = _to(device, batch_of(recipe, training, seed, step))
            losses = recipe.train_step(batch, Step(step, config.steps, step * config.batch_size / len(training)))
            at["pending"].append({name: loss.detach() for name, loss in losses.items()})
            step += 1
            # Looked at where the step says so, never where the clock does: curves must not depend on the machine.
            if step % LOG_EVERY == 0 or step in marks:
                means = _flush(run, recipe, at, step, last_saved)
                spool.write("losses", step=step, **means)
                if meter.seconds > USAGE_EVERY or step == config.steps:
                    spool.write("system", step=step, **meter.read())
                progress(step, config.steps, means)
            if step in marks:
                _evaluate(recipe, validation, device, seed, step, at)
                spool.write(
                    "validation", step=step, **{n: c["y"][-1] for n, c in at["curves"].items() if n[:5] == "valid"}
                )
            if caught:
                save(step)
                raise Interrupted(128 + caught[0], step)
            if time.monotonic() - saved > save_every:
                save(step)
        if step > (last_saved or 0):
            save(step)
    if isinstance(progress, Progress):
        progress.end()
    seconds = at["seconds"] + time.monotonic() - clock
    spool.write("trained", step=step, seconds=round(seconds, 3))
    kept = at.get("best_at") if recipe.keeps == "best" else None
    return {
        "weights": _cpu(recipe.state_dict()) if kept is None else at["snapshots"][kept], "snapshots": at["snapshots"],
        "curves": at["curves"], "steps": step, "stopped": "early" if at["stopped"] else "budget",
        "images": step * config.batch_size, "seconds": seconds, **({} if kept is None else {"kept": kept}),
    }  # fmt: skip


def evaluation_steps(steps: int, evaluations: int) -> list[int]:
    """``evaluations`` steps spread evenly over ``steps``, the last one included."""
    return sorted({max(1, round(steps * (i + 1) / evaluations)) for i in range(evaluations)})


# --- inside ------------------------------------------------------------------------------------------------------


def _resume(recipe: Recipe, state: State) -> tuple[dict[str, Any], int]:
    found = state.load()
    if found is None:
        at = {
            "curves": {},
            "snapshots": {},
            "pending": [],
            "best": None,
            "since_best": 0,
            "stopped": False,
            "seconds": 0.0,
        }
        return at, 0
    step, body = found
    recipe.load_state_dict(body.pop("recipe"))
    optimizers = body.pop("optimizers")
    for name, optimizer in recipe.optimizers.items():
        optimizer.load_state_dict(optimizers[name])
    return body, step


def _to(device: torch.device, batch: Batch) -> Batch:
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def _cpu(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}


def _table(pending: list[dict[str, torch.Tensor]]) -> tuple[list[str], torch.Tensor]:
    """Names and values [steps, losses] of the losses not yet on the curves."""
    names = list(pending[0])
    return names, torch.stack([torch.stack([losses[n].float().cpu() for n in names]) for losses in pending]).double()


def _finite(run: str, recipe: Recipe, pending: list, step: int, last_saved: int | None) -> None:
    """Raises RedrawError at the first loss, then the first weight, that is not finite."""
    good = f"last good state: step {last_saved}" if last_saved else "no state saved yet"
    if pending:
        names, table = _table(pending)
        for k, row in enumerate(table.tolist()):
            for name, value in zip(names, row, strict=True):
                if not math.isfinite(value):
                    at = step - len(pending) + k + 1
                    raise RedrawError(
                        f"{run}: loss {name} is {value} at step {at} ({good}): lower the learning rate, then run the same command"
                    )
    for name, parameter in recipe.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            raise RedrawError(f"{run}: weights {name} are not finite at step {step} ({good}): lower the learning rate")


def _flush(run: str, recipe: Recipe, at: dict[str, Any], step: int, last_saved: int | None) -> dict[str, float]:
    """Means of the losses since the last look, put on the curves."""
    _finite(run, recipe, at["pending"], step, last_saved)
    names, table = _table(at["pending"])
    at["pending"] = []
    means = dict(zip(names, table.mean(0).tolist(), strict=True))
    for name, value in means.items():
        _point(at["curves"], f"train/{name}", step, value)
    return means


def _point(curves: dict, name: str, step: int, value: float) -> None:
    curve = curves.setdefault(name, {"x": [], "y": []})
    curve["x"].append(step)
    curve["y"].append(value)


def _evaluate(
    recipe: Recipe, validation: Split, device: torch.device, seed: int, step: int, at: dict[str, Any]
) -> None:
    """Validation losses over the whole split, the snapshot, and whether patience has run out."""
    config = recipe.config
    at["snapshots"][step] = _cpu(recipe.state_dict())
    if not hasattr(recipe, "validate"):
        return
    recipe.eval()
    sums: dict[str, float] = {}
    with torch.no_grad():
        for k, first in enumerate(range(0, len(validation), 256)):
            seed_everything(seed, k)  # the same noise at every evaluation: the curve moves with the weights alone
            indices = np.arange(first, min(first + 256, len(validation)))
            batch = _to(device, validation.batch(indices, recipe.reads, np.random.default_rng([seed, k, 2])))
            for name, value in recipe.validate(batch).items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(indices) / len(validation)
    if hasattr(recipe, "combined"):
        sums = recipe.combined(sums)
    for name, value in sums.items():
        _point(at["curves"], f"validation/{name}", step, value)
    if config.watch is None:
        return
    if config.watch not in sums:
        raise RedrawError(f"watch: {config.watch!r} is no validation loss: known: {', '.join(sorted(sums))}")
    better = at["best"] is None or sums[config.watch] < at["best"]
    if better:
        at["best"], at["best_at"] = sums[config.watch], step
    at["since_best"] = 0 if better else at["since_best"] + 1
    at["stopped"] = config.patience is not None and at["since_best"] >= config.patience


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """SIGTERM and SIGUSR1 (a scheduler's warning) are noted, so that the step under way ends and state is saved."""
    caught: list[int] = []
    kinds = (signal.SIGTERM, signal.SIGUSR1)
    before = [signal.signal(k, lambda number, _: caught.append(number)) for k in kinds]
    try:
        yield caught
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
