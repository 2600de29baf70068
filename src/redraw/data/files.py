"""What a record says of the files beside it, and whether that still holds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..core import RedrawError, file_digest

AGAIN = "run `dvc checkout`, or remove the folder and run the same command"

Files = Mapping[str, Mapping[str, int | str]]
"""{name: {"bytes": size, "sha256": 64 hex digits}}, for a folder with {"files": number} too"""


def described(folder: Path, names: Iterable[str]) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of files, and of folders with all that is in them."""
    return {n: (_tree if (folder / n).is_dir() else _file)(folder / n) for n in sorted(names)}


def _file(path: Path) -> dict[str, int | str]:
    return {"bytes": path.stat().st_size, "sha256": file_digest(path)}


def _tree(folder: Path) -> dict[str, int | str]:
    """One digest for a folder: of the relative path and the SHA-256 of every file below it, in the order of the paths.

    Names that begin with a dot are left out: what file managers leave behind is none of the data.
    """
    total, files, size = hashlib.sha256(), 0, 0
    for name in sorted(_below(folder)):
        said = _file(folder / name)
        total.update(f"{name}\0{said['sha256']}\n".encode("utf-8", "surrogateescape"))
        files, size = files + 1, size + int(said["bytes"])
    return {"bytes": size, "files": files, "sha256": total.hexdigest()}


def _below(folder: Path) -> Iterator[str]:
    for home, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(home, name).relative_to(folder).as_posix() for name in names if not name.startswith("."))


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
