"""What a record says of the files beside it, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..core import RedrawError, file_digest

AGAIN = "run `dvc checkout`, or remove the folder and run the same command"

Files = Mapping[str, Mapping[str, int | str]]
"""{name: {"bytes": size, "sha256": 64 hex digits}}"""


def described(folder: Path, names: Iterable[str]) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of files."""
    return {n: {"bytes": (folder / n).stat().st_size, "sha256": file_digest(folder / n)} for n in sorted(names)}


def check_sizes(folder: Path, files: Files, record: str) -> None:
    """Raises RedrawError for the first file that is missing or has another size than ``record`` says. Reads no file."""
    for name, said in files.items():
        try:
            size = (folder / name).stat().st_size
        except FileNotFoundError:
            raise RedrawError(f"{folder / name}: missing, though {record} names it: {AGAIN}") from None
        if size != said["bytes"]:
            raise RedrawError(f"{folder / name}: {size} bytes where {record} says {said['bytes']}: {AGAIN}")


def check_digests(folder: Path, files: Files, record: str) -> None:
    """Raises RedrawError for the first file whose SHA-256 is not the one that ``record`` says. Reads every file."""
    check_sizes(folder, files, record)
    for name, said in files.items():
        if file_digest(folder / name) != said["sha256"]:
            raise RedrawError(f"{folder / name}: not the bytes that {record} names: {AGAIN}")
