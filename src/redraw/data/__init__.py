"""Data sets: where their raw files come from and how they become the prepared format of base.py. No torch on import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import RedrawError, nearest, read_json, write_json
from . import digits, mnist
from .files import described
from .mnist import find_raw
from .writer import PreparedWriter

RECORD = "files.json"  # in the raw folder: what was found there first


@dataclass(frozen=True)
class Dataset:
    """One data set. ``fetch`` makes or gets the raw files; where it is None, people put them into the raw folder."""

    name: str
    title: str
    stands_for: str | None
    raw_files: tuple[str, ...]
    needs: str  # what to put into the raw folder; empty where fetch does all
    fetch: Callable[[Path], None] | None
    prepare: Callable[[Path, PreparedWriter, Mapping[str, Any]], None]


DATASETS = {
    d.name: d
    for d in (
        Dataset(
            "digits", "handwritten digits of scikit-learn", "mnist", mnist.RAW_FILES, "", digits.fetch, digits.prepare
        ),
        Dataset("mnist", "MNIST", None, mnist.RAW_FILES, "the four IDX files, plain or as .gz", None, mnist.prepare),
    )
}


def find(name: str) -> Dataset:
    """Raises RedrawError for an unknown name."""
    if name not in DATASETS:
        raise RedrawError(f"data set {name!r}: there is none of this name: {nearest(name, list(DATASETS))}")
    return DATASETS[name]


def missing(name: str, raw: str | os.PathLike) -> list[str]:
    """The raw files that somebody has to put into the folder ``raw`` before the data set can be prepared."""
    dataset = find(name)
    return [] if dataset.fetch else [f for f in dataset.raw_files if find_raw(raw, f) is None]


def fetch(name: str, raw: str | os.PathLike) -> dict[str, Any]:
    """See to it that the raw files lie in folder ``raw``, unchanged. Returns {"files": {file: {"sha256", "bytes"}}}.

    What was found first is noted in the folder. Raises RedrawError for a file that has changed since, and for files
    that only a person can put there.
    """
    dataset, raw = find(name), Path(raw)
    lacking = [f for f in dataset.raw_files if find_raw(raw, f) is None]
    if lacking and dataset.fetch is None:
        files = ", ".join(f"{f}[.gz]" for f in lacking)
        verb = "is" if len(lacking) == 1 else "are"
        raise RedrawError(f"{name}: {files} {verb} not in {raw}: put {dataset.needs} there, then run the same command")
    if lacking and dataset.fetch is not None:
        dataset.fetch(raw)
    files = described(raw, [found.name for f in dataset.raw_files if (found := find_raw(raw, f))])
    before = (read_json(raw / RECORD) or {}).get("files", {})
    for file, said in files.items():
        if file in before and before[file] != said:
            cure = (
                "remove the folder" if dataset.fetch else f"put the old one back, or remove {RECORD} if it is right now"
            )
            raise RedrawError(
                f"{raw / file}: changed since it was first read (SHA-256 {said['sha256'][:12]}…, was "
                f"{before[file]['sha256'][:12]}…): {cure}, then run the same command"
            )
    body = {"files": files}
    if before != files:
        write_json(raw / RECORD, body)
    return body


def prepare(
    name: str, raw: str | os.PathLike, folder: str | os.PathLike, options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Raw files -> the prepared format in ``folder``, all but manifest.json, whose body is returned."""
    dataset = find(name)
    writer = PreparedWriter(folder, name)
    writer.raw = (read_json(Path(raw) / RECORD) or {}).get("files", {})
    with writer:
        dataset.prepare(Path(raw), writer, options or {})
    return writer.body
