"""Share of wall time of a first `snakemake … results/tables` in which nothing trains, samples or scores.

    python benchmarks/overhead.py [--scale embedded] [--out benchmarks/overhead.json]

Runs in a copy of the checkout, so that nothing is there already. A job counts from the moment it has its spec until its
record is written; the union of these intervals over pretrain, train, sample and metrics is the time that is wanted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from desk import Desk  # noqa: E402

from redraw.core import write_json  # noqa: E402

WANTED = {"pretrain", "train", "sample", "metrics"}


def union(intervals: list[tuple[float, float]]) -> float:
    """Length of the union of [start, end] intervals, in seconds."""
    total, end = 0.0, float("-inf")
    for a, b in sorted(intervals):
        total += max(0.0, b - max(a, end))
        end = max(end, b)
    return total


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--scale", default="embedded")
    p.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk.new(Path(folder) / "d", toy=False)
        walls = []
        for _ in range(2):
            start = time.time()
            desk.tables("--config", f"scale={a.scale}")
            walls.append(time.time() - start)
        jobs = desk.spooled("end")
        busy = union([(j["start"], j["start"] + j["seconds"]) for j in jobs if j["verb"] in WANTED])
        result = {
            "scale": a.scale, "cores": os.cpu_count(), "jobs": len(jobs), "wall_seconds": round(walls[0], 1),
            "busy_seconds": round(busy, 1), "overhead_share": round(1 - busy / walls[0], 3),
            "second_call_seconds": round(walls[1], 2),
        }  # fmt: skip
    write_json(a.out, result)
    print(result)


if __name__ == "__main__":
    main()
