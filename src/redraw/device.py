"""Where and how numbers are computed: threads, allocator, deterministic kernels, precision, device."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import time
import types
from pathlib import Path

import torch

from .core import RedrawError


def settings(threads: int, precision: str) -> None:
    """One thread a process, an allocator that keeps its pages, deterministic kernels, the precision asked for."""
    torch.set_num_threads(threads)
    # glibc hands big tensors back to the kernel and asks for them again: a third of a large step, measured.
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-4, 0)  # M_MMAP_MAX
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = False
    # What torch.use_deterministic_algorithms does, without its import of the compiler, which every process would pay for;
    # memory is not filled before it is written either, since nothing here reads it before.
    torch._C._set_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    _leave_compiler_out()


def _leave_compiler_out() -> None:
    """Torch's optimizers import its compiler, which every process would pay for, only to tell it that it shall not look
    into them. Nothing here compiles an optimizer, so that they may do their work directly."""
    for method in vars(torch.optim.Optimizer).values():
        plain = getattr(method, "__wrapped__", None) if isinstance(method, types.FunctionType) else None
        if plain is not None:
            vars(plain).setdefault("__dynamo_disable", plain)
    step = torch.optim.Adam.step
    if hasattr(step, "__wrapped__") and not hasattr(step, "hooked"):  # hooked: one was made before
        torch.optim.Adam.step = torch.no_grad()(step.__wrapped__)


def pick(asked: str) -> torch.device:
    """The device for ``auto | cpu | cuda``. Raises RedrawError where cuda is asked for and is not there."""
    if asked == "cuda" and not torch.cuda.is_available():
        raise RedrawError(
            "params.yaml, engine.device: cuda is not there: say auto or cpu, or run on a machine with a GPU"
        )
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")


def name(device: torch.device) -> str:
    """ "cpu", or the name of the GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


class Usage:
    """What this process asks of the machine, by MLflow's names for system metrics: per cent of one core and MiB of memory
    since the last ``read``; on a GPU its memory and, where the driver can be asked, its load (%) and power (W)."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._restart()

    def _restart(self) -> None:
        self.clock, self.cpu = time.monotonic(), time.process_time()

    @property
    def seconds(self) -> float:
        """Since the last ``read``."""
        return time.monotonic() - self.clock

    def read(self) -> dict[str, float]:
        load = 100 * (time.process_time() - self.cpu) / max(self.seconds, 1e-9)
        self._restart()
        found = {"cpu_utilization_percentage": load}
        statm = Path("/proc/self/statm")
        if statm.exists():
            found["system_memory_usage_megabytes"] = int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20
        if self.device.type == "cuda":
            found["gpu_0_memory_usage_megabytes"] = torch.cuda.max_memory_allocated(self.device) / 2**20
            with contextlib.suppress(
                Exception
            ):  # the library that asks the driver may be missing, or the driver refuse
                found["gpu_0_utilization_percentage"] = float(torch.cuda.utilization(self.device))
                found["gpu_0_power_usage_watts"] = torch.cuda.power_draw(self.device) / 1000
        return {name: round(value, 3) for name, value in found.items()}
