"""One training to a GPU: a kernel lock per device, gone with its process, however that died. No torch.

In a job of Slurm's, which has a device of its own, nothing is done here. Elsewhere, an allocation of several included, the
devices are those that REDRAW_GPUS lists ("0,1"), else CUDA_VISIBLE_DEVICES, else all that nvidia-smi finds. The locks lie
in /tmp, not in the checkout: two checkouts, and two users, share the devices of one machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

LOCKS = Path("/tmp")


def devices() -> list[str]:
    """The GPUs that trainings of this machine may use, as CUDA_VISIBLE_DEVICES names them; empty where nobody has to share."""
    if os.environ.get("SLURM_JOB_ID") and "," not in os.environ.get("CUDA_VISIBLE_DEVICES", ""):
        return []
    for name in ("REDRAW_GPUS", "CUDA_VISIBLE_DEVICES"):
        if name in os.environ:
            return [word.strip() for word in os.environ[name].split(",") if word.strip() not in ("", "-1")]
    return list(_found().values())


def _found() -> dict[str, str]:
    """{index: unique id} of the machine's GPUs; empty where there is no driver."""
    if shutil.which("nvidia-smi") is None:
        return {}
    asked = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True)
    if said.returncode:
        return {}
    return dict(tuple(word.strip() for word in line.split(",")) for line in said.stdout.splitlines() if "," in line)


@contextlib.contextmanager
def held(what: str) -> Iterator[str | None]:
    """Hold one GPU for ``what`` and make it the only one that CUDA sees; waits for a free one. None where none is shared."""
    ids = devices()
    if not ids:
        yield None
        return
    unique = _found()  # an index and a unique id may name the same device
    waited = False
    with contextlib.ExitStack() as stack:
        while (taken := next((i for i in ids if _take(stack, unique.get(i, i))), None)) is None:
            if not waited:
                print(f"{what}: every GPU ({', '.join(ids)}) is in use; waiting for one", file=sys.stderr, flush=True)
                waited = True
            time.sleep(0.2)
        before = os.environ.get("CUDA_VISIBLE_DEVICES")
        os.environ["CUDA_VISIBLE_DEVICES"] = taken
        stack.callback(_restore, before)
        yield taken


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = before


def _take(stack: contextlib.ExitStack, device: str) -> bool:
    path = LOCKS / f"redraw-gpu-{device.replace('/', '-')}.lock"
    try:
        lock = os.open(path, os.O_RDONLY)  # another user's file can be locked, though not written
    except FileNotFoundError:
        lock = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    stack.callback(os.close, lock)
    return True
