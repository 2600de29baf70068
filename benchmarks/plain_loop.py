"""A network's training step beside a loop that computes every map by itself: both in turns in one run, for some cases."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from step_clock import Clock
from step_gains import apart, compare
from torch import Tensor, nn

from redraw.core import nearest, write_json

Row = dict[str, Any]
Loss = Callable[..., Tensor]


def beside(network: nn.Module, repeats: int, ours: Loss, plain: Loss, *inputs: Any) -> Row:
    """Time of a step and steps a second of both losses, of ``network`` and ``inputs``, and how far these and their gradients
    lie apart."""
    losses, gradients = {}, {}

    def step(of: Loss) -> None:
        network.zero_grad()
        loss = of(network, *inputs)
        loss.backward()
        losses[of], gradients[of] = loss.item(), {k: p.grad.clone() for k, p in network.named_parameters()}

    found = compare(Clock(torch.device("cpu")), repeats, lambda: step(ours), lambda: step(plain))
    return {
        **found,
        "steps_per_second": round(1000 / found["on_ms"], 2), "plain_steps_per_second": round(1000 / found["off_ms"], 2),
        "difference": float(f"{abs(losses[ours] / losses[plain] - 1):.1e}"),
        "gradients": apart(gradients[ours], gradients[plain]),
    }  # fmt: skip


def main(
    argv: Sequence[str] | None, about: str, file: str, cases: Collection[str], measure: Callable[[str, int, Row], Row],
    tiny: Row,
) -> None:  # fmt: skip
    """Measure the ``cases`` that are asked for and write them to the JSON file beside ``file``.

    ``measure`` (name, repeats, changed fields of the configuration) gives one row; ``tiny``: the fields of --quick.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(cases)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs; numbers without meaning")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(file).with_suffix(".json"))
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    unknown = [name for name in args.cases if name not in cases]
    if unknown:
        parser.error(f"no case {unknown[0]!r}: {nearest(unknown[0], list(cases))}")
    rows = [measure(name, args.repeats, tiny if args.quick else {}) for name in args.cases or cases]
    write_json(args.out, {"quick": args.quick, "torch": torch.__version__, "cases": rows})
