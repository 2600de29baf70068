"""The spool: append-only JSONL files, written before anybody else is told. Training never waits for a reader. No torch.

    work/spool/invocations/<id>.jsonl      one per workflow call
    work/spool/<record, without .json>.jsonl   one per artefact, for every job that made it

An event is {"t": seconds since 1970, "event": name, "host": node, "pid", "invocation": id of the workflow call, ...}; those of
a job also name its ``verb``, ``record``, ``fingerprint`` and, where there is one, ``run``. A line is written whole or not at all
(one write to a file opened for appending), so that a reader may follow while training goes on. In a file of its own an
artefact has one writer, whichever node of a cluster that is.

    invocation, ended            a workflow call: what was asked for; how it ended
    begin, end                   a job that makes something (an export of what was made before is `exported`)
    computes                     it has its device, and starts
    train, trained               a training: first step, last step
    losses, validation, system   points on curves, with ``step``
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import time
from pathlib import Path
from typing import Any

SPOOL = Path("work/spool")


class Spool:
    """Appends events to ``path``; ``sync`` makes them safe against a power cut (called with every saved state)."""

    def __init__(self, path: Path, **common: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            os.write(self._fd, b"\n")  # a power cut or a full disk tore the last line; it must not take the next along
        node = os.environ.get("SLURMD_NODENAME") or socket.gethostname()
        here = {"host": node, "pid": os.getpid(), "invocation": os.environ.get("REDRAW_INVOCATION")}
        self._common = {**common, **here}

    def write(self, event: str, **about: Any) -> None:
        line = json.dumps({"t": round(time.time(), 3), "event": event, **self._common, **about}, ensure_ascii=False)
        try:
            os.write(self._fd, line.encode() + b"\n")
        except OSError as e:
            raise OSError(e.errno, e.strerror, str(self.path)) from None  # which disk is full

    def sync(self) -> None:
        os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def of_artefact(record: str | os.PathLike, **common: Any) -> Spool:
    """The spool of the artefact whose record is ``record``."""
    return Spool((SPOOL / record).with_suffix(".jsonl"), record=str(record), **common)


def of_invocation(**common: Any) -> Spool:
    """The spool of this workflow call, which REDRAW_INVOCATION names."""
    return Spool(SPOOL / "invocations" / f"{os.environ['REDRAW_INVOCATION']}.jsonl", **common)


def events(path: Path) -> list[dict[str, Any]]:
    """All whole events of a spool; a line that is still being written, or that a power cut tore, is left out."""
    return [event for _, event in tail(path, 0)]


def tail(path: Path, start: int) -> list[tuple[int, dict[str, Any]]]:
    """The whole events behind byte ``start`` of a spool, each with the offset at which its line ends."""
    try:
        with open(path, "rb") as f:
            f.seek(start)
            lines = f.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        start += len(line) + 1
        with contextlib.suppress(ValueError):
            found.append((start, json.loads(line)))
    return found


def model_name(scale: str, run: str) -> str:
    """The name under which MLflow registers the trainings of a run, e.g. redraw.embedded.ved.kind4.s0."""
    return f"redraw.{scale}.{run.replace('/', '.')}"  # MLflow allows neither "/" nor ":" here


def model_alias(fingerprint: str) -> str:
    """The alias of the version that the training with this fingerprint made."""
    return f"f-{fingerprint}"


def model_uri(scale: str, run: str, fingerprint: str) -> str:
    """Where MLflow has a training's registered model; `redraw track` registers it there."""
    return f"models:/{model_name(scale, run)}@{model_alias(fingerprint)}"


def usage() -> dict[str, float]:
    """What this process has used so far: CPU seconds (its children's too) and the peak of its memory in MiB."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return {"cpu_seconds": round(seconds, 3), "memory_megabytes": round(own.ru_maxrss / 1024, 1)}
