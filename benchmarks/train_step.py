"""One training step of every paper: images a second, memory, arithmetic, its share of what the device can do; and what each
way of saving time saves, switched off in the same run.

    python benchmarks/train_step.py [RUN ...] [--device cpu] [--precisions fp32 bf16] [--batch N] [--compile] [--quick]
                                    [--repeats 3] [--no-gains] [--out benchmarks/train_step.json]

RUN is a run of a sheet, e.g. gan_int_cls/gan_int_cls; without any, those of step_cases.py. Networks are the paper's own in
size, weights and images random. --quick takes the sizes of scale embedded and small batches: it shows that everything works,
its numbers mean nothing. The device's best is that of one large product of matrices in the same run and precision. A first
step warms up; then medians. On a CPU all times are seconds of the processor, one thread, and memory is that of the process,
libraries included; on a GPU times are seconds until it is done, and memory is that of tensors. A Markdown table lies beside
the JSON.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from redraw.core import PROCESS_SETTINGS, write_json

os.environ.update(PROCESS_SETTINGS)  # before numpy is loaded

import step_gains as gains  # noqa: E402
import torch  # noqa: E402
from step_cases import CASES, Case, batch_of, build  # noqa: E402
from step_clock import Clock, gflop  # noqa: E402

from redraw import device as machine  # noqa: E402
from redraw.engine import seed_everything  # noqa: E402
from redraw.recipe import Batch, Recipe, Step  # noqa: E402

MORE = 5  # turns of a switch: it may save less than a step takes longer by chance
PRECISIONS = {"cpu": ("fp32", "bf16"), "cuda": ("fp32", "tf32", "bf16")}
COLUMNS = {
    "run": "run", "batch": "batch", "precision": "precision", "mode": "mode", "images_per_s": "images/s", "cpu_ms": "CPU ms",
    "wall_ms": "wall ms", "peak_mib": "peak MiB", "gflop": "GFLOP", "gflop_per_s": "GFLOP/s", "share_of_best": "of the best",
}  # fmt: skip
GAIN_COLUMNS = {
    "gain": "switch", "of": "of", "on_ms": "on, ms", "off_ms": "off, ms", "times": "times", "difference": "difference",
}  # fmt: skip


def measure(recipe: Recipe, batch: Batch, clock: Clock, precision: str, compiled: bool, repeats: int) -> dict[str, Any]:
    """Times, memory and arithmetic of ``recipe.train_step``, which trains it on."""
    recipe.autocast_dtype = torch.bfloat16 if precision == "bf16" else None
    index = 0

    def step() -> None:
        nonlocal index
        seed_everything(0, index)
        recipe.train_step(batch, Step(index, 1000, 0.0))
        index += 1

    arithmetic = gflop(step)  # counted before anything is compiled
    if compiled:
        for network in recipe.children():
            network.compile()
    for _ in range(3 if compiled else 1):
        step()
    clock.forget_peak()
    cpu, wall = zip(*(clock.both(step) for _ in range(repeats)), strict=True)
    seconds = median(wall if clock.on_gpu else cpu)
    n = len(next(iter(batch.values())))
    return {
        "batch": n, "precision": precision, "mode": "compiled" if compiled else "eager",
        "images_per_s": round(n / seconds, 2), "cpu_ms": round(1000 * median(cpu), 2), "wall_ms": round(1000 * median(wall), 2),
        "peak_mib": clock.peak_mib(), "gflop": round(arithmetic, 3), "gflop_per_s": round(arithmetic / seconds, 1),
    }  # fmt: skip


def steps(cases: list[Case], clock: Clock, a: argparse.Namespace) -> Iterator[dict[str, Any]]:
    scale = "embedded" if a.quick else "paper"
    for case in cases:
        for precision in a.precisions:
            machine.settings(1, precision)
            best = clock.fastest_matmul(256 if a.quick else 8192 if clock.on_gpu else 2048, precision)
            for compiled in (False, True) if a.compile else (False,):

                def work(case: Case = case, precision: str = precision, compiled: bool = compiled) -> dict[str, Any]:
                    return measure(*made(case, scale, clock, a), clock, precision, compiled, a.repeats)

                found = work() if clock.on_gpu else alone(work)
                gc.collect()
                share = {"share_of_best": round(found["gflop_per_s"] / best, 4), "best_gflop_per_s": round(best, 1)}
                yield {"run": case.run, **found, **share}


def switches(cases: list[Case], clock: Clock, a: argparse.Namespace) -> Iterator[dict[str, Any] | None]:
    """All gains, in full precision."""
    scale, repeats = "embedded" if a.quick else "paper", max(a.repeats, MORE)
    machine.settings(1, "fp32")
    for size in (32,) if a.quick else (64, 128, 256):
        yield gains.one_pass(clock, repeats, size, 8 if a.quick else 64, 4 if a.quick else 16 if clock.on_gpu else 2)
    yield gains.all_words_at_once(clock, repeats, *((4, 8, 4, 5) if a.quick else (48, 256, 17, 18)))
    yield gains.logits_or_probabilities(clock, repeats, 1001)
    for case in cases:
        recipe, batch = made(case, scale, clock, a)
        yield from gains.adam(clock, repeats, case.run, recipe)
        yield gains.frozen(clock, repeats, case.run, recipe, batch)
        yield gains.cached_text(clock, repeats, case.run, recipe, batch)
        if hasattr(recipe, "generator"):
            yield gains.average(clock, repeats, case.run, recipe.generator)


def made(case: Case, scale: str, clock: Clock, a: argparse.Namespace) -> tuple[Recipe, Batch]:
    torch.manual_seed(0)
    recipe = build(case, scale).to(clock.device).train()
    n = a.batch or (4 if a.quick else recipe.config.batch_size if clock.on_gpu else case.cpu)
    return recipe, batch_of(case, scale, recipe, n, clock.device)


def alone(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``work`` returns, done in a child process: memory that earlier work has kept does not count as its own."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(False)
    child = fork.Process(target=lambda: there.send(work()))
    child.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        raise SystemExit("a step failed: see above") from None
    finally:
        child.join()


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> str:
    """Rows in Markdown, columns that are in none left out, further numbers of a row behind its difference."""
    shown = {key: title for key, title in columns.items() if any(row.get(key) is not None for row in rows)}
    lines = [f"| {' | '.join(shown.values())} |", f"|{'---|' * len(shown)}"]
    for row in rows:
        told = {
            key: "" if row.get(key) is None else f"{row[key]:,}" if isinstance(row[key], int) else str(row[key])
            for key in shown
        }
        more = [
            f"{key.removeprefix('difference_of_').replace('_', ' ')}: {row[key]}"
            for key in row
            if key.startswith("difference_of")
        ]
        if more:
            told["difference"] += f" ({', '.join(more)})"
        lines.append(f"| {' | '.join(told.values())} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    p = argparse.ArgumentParser()
    p.add_argument("runs", nargs="*", metavar="RUN")
    p.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    p.add_argument("--precisions", nargs="+", choices=PRECISIONS["cuda"])
    p.add_argument("--batch", type=int)
    p.add_argument("--compile", action="store_true", help="compiled networks, too")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--no-gains", dest="gains", action="store_false")
    p.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    a = p.parse_args(arguments)
    clock = Clock(machine.pick(a.device))
    a.precisions = a.precisions or PRECISIONS[clock.device.type]
    known = {case.run: case for case in CASES}
    cases = [known.get(run, Case(run, 4)) for run in a.runs] or list(CASES)
    about = {"device": machine.name(clock.device), "torch": torch.__version__, "python": platform.python_version(),
             "quick": a.quick, "repeats": a.repeats}  # fmt: skip
    found: dict[str, list] = {"steps": [], "gains": []}
    for kind, rows in (("steps", steps(cases, clock, a)), ("gains", switches(cases, clock, a) if a.gains else ())):
        for row in rows:
            if row is not None:
                print(row, file=sys.stderr, flush=True)
                found[kind].append(row)
                write(a.out, about, found)  # whoever stops it keeps what there is
    print(a.out.with_suffix(".md").read_text())


def write(out: Path, about: dict[str, Any], found: dict[str, list]) -> None:
    """The rows so far, as JSON and as a Markdown table."""
    write_json(out, {**about, **found})
    text = "\n\n".join(table(found[k], c) for k, c in (("steps", COLUMNS), ("gains", GAIN_COLUMNS)) if found[k])
    meaning = ", --quick: numbers without meaning" if about["quick"] else ""
    out.with_suffix(".md").write_text(
        f"Training steps on {about['device']}, torch {about['torch']}{meaning}\n\n{text}\n"
    )


if __name__ == "__main__":
    main()
