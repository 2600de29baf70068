"""Quantities as printed, canonical JSON, digests, atomic files, kernel locks. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROCESS_SETTINGS = {
    "OMP_NUM_THREADS": "1",  # one single-thread process a core: a second thread costs more than it gives at these sizes,
    "OMP_WAIT_POLICY": "PASSIVE",  # and its spinning wait collapses on a busy machine
    "GOMP_SPINCOUNT": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # deterministic cuBLAS
    "PYTHONHASHSEED": "0",
}
"""Environment of every process that computes, set before numpy or torch is loaded."""


class RedrawError(Exception):
    """A user's mistake or a broken file: shown as one line (what, where, what to do next), exit code 2."""


class NotComputed(RedrawError):
    """A number that this machine cannot compute, and what would make it able to: everything else goes on without it."""


class Interrupted(Exception):
    """A signal asked for an end; state is saved. ``code`` is the exit status (128 + signal)."""

    def __init__(self, code: int, step: int) -> None:
        super().__init__(
            f"stopped by signal {code - 128} after step {step}; state saved: run the same command to go on"
        )
        self.code = code


# --- numbers as printed --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quantity:
    """A number as a paper prints it: "4.36 ± .03" keeps its text, value, spread and the place of its last digit.

    Of "≤ 80.97" and "≈ 84.62" the value is the number, and the text says what it is.
    ``unit`` is the weight of the last printed digit (0.01 for "4.36"), so that ``interval`` is what rounding allows.
    """

    text: str
    value: float
    spread: float | None
    unit: float

    _NUMBER = re.compile(r"^\s*[≤≥≈]?\s*(-?[\d,]*\.?\d+)\s*%?\s*(?:(?:±|\+/-|\+-)\s*([\d,]*\.?\d+)\s*%?)?\s*$")

    @classmethod
    def parse(cls, text: str) -> Quantity | None:
        """The quantity that ``text`` prints, or None where it prints no number ("/", "-", "")."""
        match = cls._NUMBER.match(text)
        if match is None:
            return None
        number, spread = match.groups()
        digits = number.replace(",", "")
        places = len(digits.split(".")[1]) if "." in digits else 0
        return cls(text, float(digits), None if spread is None else float(spread.replace(",", "")), 10.0**-places)

    @property
    def interval(self) -> tuple[float, float]:
        """The values that rounding to the printed digits could have come from."""
        return self.value - self.unit / 2, self.value + self.unit / 2


# --- digests -------------------------------------------------------------------------------------------------


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """First 16 hex digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def file_digest(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, 64 hex digits; the file is read in pieces."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


# --- files ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary neighbour of ``path`` to write to; on success it is synced and takes the place of ``path``.

    Whoever reads ``path`` sees the old file or the new one, never a part. On any failure, a full disk too, the old
    file stays and the temporary one goes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with open(part, "rb+") as f:
            os.fsync(f.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def atomic_write(path: str | os.PathLike, content: str | bytes) -> None:
    """Write a whole text or bytes file, or nothing."""
    with atomic_path(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def atomic_copy(source: str | os.PathLike, target: str | os.PathLike) -> None:
    """Copy a file (as a reflink where the file system can), or nothing."""
    with atomic_path(target) as part:
        shutil.copyfile(source, part)


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write ``value`` as JSON for people to read: one-space indent, sorted keys, newline at the end.

    Half a surrogate pair, which a caption may hold and no file can, stands as JSON's own escape and is read back as it was.
    """
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    atomic_write(path, text.encode("utf-8", "backslashreplace"))


def read_json(path: str | os.PathLike) -> Any:
    """The JSON value of a file, or None where the file is missing or is not JSON."""
    try:
        return json.loads(Path(path).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def disk_trouble(folder: Path, error: Exception) -> str:
    """One line for a write that failed, with the free space where that is the cause."""
    existing = next(p for p in [folder, *folder.parents] if p.exists())
    free = shutil.disk_usage(existing).free
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    if free < 64 << 20 or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return f"{folder}: disk full ({free >> 20} MB free): make room, then run the same command; nothing is lost"
    if not os.access(existing, os.W_OK):
        return f"{folder}: not writable ({reason}): change its permissions, then run the same command; nothing is lost"
    return f"{folder}: cannot write ({reason}): then run the same command; nothing is lost"


# --- locks ---------------------------------------------------------------------------------------------------


CHECKOUT_LOCK = Path(".snakemake/redraw.lock")
"""Held by whoever makes or removes results of this checkout."""


@contextlib.contextmanager
def locked(path: str | os.PathLike, what: str, wait: bool = True) -> Iterator[None]:
    """Hold a kernel lock. It is gone when its process is, however that died: nothing to clean up after kill -9.

    Raises RedrawError where ``wait`` is false and another process holds the lock, and where the file system keeps no locks.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            f.seek(0)
            who = f.read().strip() or "?"
            if not wait:
                raise RedrawError(
                    f"{what} is in use by process {who}: wait for it or stop it, then run the same command"
                ) from None
            print(f"{what}: process {who} is at it; waiting", file=sys.stderr, flush=True)
            fcntl.flock(f, fcntl.LOCK_EX)
        except OSError as e:
            raise RedrawError(
                f"{path}: no locks on this file system ({e.strerror}): mount it with flock, or keep the checkout on another"
            ) from None
        f.seek(0)
        f.truncate()
        f.write(f"{os.getpid()} on {os.uname().nodename}")  # on a cluster it may be another machine's
        f.flush()
        yield


def nearest(word: str, known: list[str]) -> str:
    """`, did you mean "x"?` for the known word nearest to a misspelt one, or the list of known words."""
    import difflib

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f'did you mean "{close[0]}"?' if close else "known: " + ", ".join(sorted(known))
