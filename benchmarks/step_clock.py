"""Time, memory and arithmetic of a piece of work on one device."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode


class Clock:
    """On a CPU seconds of the processor, which other processes do not lengthen; on a GPU seconds until it is done."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.on_gpu = device.type == "cuda"

    def seconds(self, work: Callable[[], Any]) -> float:
        return self.both(work)[self.on_gpu]

    def both(self, work: Callable[[], Any]) -> tuple[float, float]:
        """(seconds of the processor, seconds until all is done)."""
        self.wait()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self.wait()
        return time.process_time() - cpu, time.perf_counter() - wall

    def wait(self) -> None:
        if self.on_gpu:
            torch.cuda.synchronize(self.device)

    def forget_peak(self) -> None:
        """From here on ``peak_mib`` is counted; on a system that cannot, from the start of the process."""
        if self.on_gpu:
            torch.cuda.reset_peak_memory_stats(self.device)
        else:
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")

    def peak_mib(self) -> int | None:
        """The most memory held: on a GPU by tensors, on a CPU by the whole process; None where it is not told."""
        if self.on_gpu:
            return torch.cuda.max_memory_allocated(self.device) >> 20
        with contextlib.suppress(OSError):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) >> 10
        return None

    def fastest_matmul(self, side: int, precision: str, repeats: int = 5) -> float:
        """GFLOP/s of the product of two matrices [side, side]: what a step is measured against, best of ``repeats``."""
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        a, b = torch.randn(2, side, side, device=self.device, dtype=kind)
        torch.mm(a, b)
        return 2 * side**3 / min(self.seconds(lambda: torch.mm(a, b)) for _ in range(repeats)) / 1e9


def gflop(work: Callable[[], Any]) -> float:
    """Of convolutions and matrix products, two for a multiplication and an addition."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9
