"""What tracking costs: wall time of a first `snakemake … results/tables` with MLflow following it against one without.

    python benchmarks/tracking.py [--scale embedded] [--pairs 2] [--out benchmarks/tracking.json]

Each run has a copy of the checkout of its own; runs with and without take turns, so that a machine that grows slower
slows both. The follower works at the lowest priority: its processor seconds are listed beside the wall time. "after" is
how long it went on when the workflow had ended.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from desk import Desk  # noqa: E402

from redraw.core import write_json  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def follower_cpu(desk: Desk) -> float | None:
    """Processor seconds so far of the process that replays this spool, None where there is none."""
    try:
        pid = int((desk.folder / "work/spool/.lock").read_text().split()[0])
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError, IndexError):
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(folder: Path, scale: str, tracking: str) -> dict[str, float]:
    """Wall seconds of one workflow in a fresh copy, and what its follower used."""
    desk = Desk.new(folder, toy=False)
    desk.env["REDRAW_TRACKING"] = tracking
    start, cpu = time.monotonic(), 0.0
    call = subprocess.Popen(
        desk.snakemake_call("--config", f"scale={scale}"), cwd=folder, env=desk.env, stdout=-3, stderr=-3
    )
    while call.poll() is None:
        cpu = follower_cpu(desk) or cpu
        time.sleep(0.1)
    if call.returncode:
        raise SystemExit(f"{folder}: the workflow ended with {call.returncode}")
    wall = time.monotonic() - start
    while (more := follower_cpu(desk)) is not None:
        cpu = more
        time.sleep(0.1)
    return {"wall": wall, "follower_cpu": cpu, "after": time.monotonic() - start - wall}


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--scale", default="embedded")
    p.add_argument("--pairs", type=int, default=2)
    p.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    a = p.parse_args()
    found: dict[str, list[dict[str, float]]] = {"off": [], "on": []}
    with tempfile.TemporaryDirectory() as folder:
        for k in range(a.pairs):
            for tracking in ("off", "on") if k % 2 == 0 else ("on", "off"):
                found[tracking].append(measure(Path(folder) / f"{tracking}{k}", a.scale, tracking))
                print(tracking, found[tracking][-1], flush=True)
    without, tracked = (sum(m["wall"] for m in found[which]) for which in ("off", "on"))
    used = sum(m["follower_cpu"] for m in found["on"])
    result = {
        "scale": a.scale, "cores": os.cpu_count(), "pairs": a.pairs, "load_average_at_end": round(os.getloadavg()[0], 1),
        "wall_seconds_without": [round(m["wall"], 1) for m in found["off"]],
        "wall_seconds_with": [round(m["wall"], 1) for m in found["on"]],
        "share_of_wall": round(tracked / without - 1, 3),
        "follower_cpu_seconds": [round(m["follower_cpu"], 1) for m in found["on"]],
        "follower_share_of_cpu": round(used / (os.cpu_count() * tracked), 3),
        "seconds_after_the_end": [round(m["after"], 1) for m in found["on"]],
    }  # fmt: skip
    write_json(a.out, result)
    print(result)


if __name__ == "__main__":
    main()
