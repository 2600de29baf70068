"""Where and how numbers are computed: threads, allocator, deterministic kernels, precision, device."""

from __future__ import annotations

import contextlib
import ctypes

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
    torch.use_deterministic_algorithms(True, warn_only=True)


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
