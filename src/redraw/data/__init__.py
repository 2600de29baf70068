"""Data sets: where their raw files come from and how they become the prepared format of base.py. No torch on import."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import names
from ..core import RedrawError, nearest, read_json, write_json
from . import lists
from .files import described
from .writer import PreparedWriter

if TYPE_CHECKING:
    from .gate import Store

RECORD = "files.json"  # in the raw folder: what was found there first


@dataclass(frozen=True)
class Dataset:
    """One data set. Its reader is the module of the data set that it stands for, or its own."""

    name: str

    @property
    def stands_for(self) -> str | None:
        """The data set in whose layout its raw files are made here; None for one that people download."""
        return names.stands_for(self.name)

    @property
    def raw(self) -> str:
        """The folder below work/raw; editions of what people download share one."""
        return self.name if self.made else names.family(self.name)

    @property
    def made(self) -> bool:
        """Whether its raw files are made here; else they are downloaded, or people put them there."""
        return self.stands_for is not None

    @property
    def reader(self) -> Any:
        """The module with RAW_FILES, NEEDS, find_raw and prepare."""
        return importlib.import_module(f"redraw.{names.reader(self.name)}")

    @property
    def needs(self) -> str:
        """What people put into the raw folder."""
        said = self.reader.NEEDS
        return said[names.edition(names.written_as(self.name))] if isinstance(said, Mapping) else said

    @property
    def raw_files(self) -> tuple[str, ...]:
        """Files and folders that have to be there."""
        files = self.reader.RAW_FILES
        return files[names.edition(names.written_as(self.name))] if isinstance(files, Mapping) else files

    def find_raw(self, raw: Path, name: str) -> Path | None:
        """Where one of ``raw_files`` lies, if it does."""
        return self.reader.find_raw(raw, name)

    def make(self, raw: Path) -> None:
        """Write the raw files of a data set that is made here."""
        importlib.import_module(f"redraw.{names.maker(self.name)}").fetch(raw, names.edition(self.name))


DATASETS = {name: Dataset(name) for name in names.NAMES}


def find(name: str) -> Dataset:
    """Raises RedrawError for an unknown name."""
    if name not in DATASETS:
        raise RedrawError(f"data set {name!r}: there is none of this name: {nearest(name, list(DATASETS))}")
    return DATASETS[name]


def raw_folder(name: str) -> str:
    """The folder of the raw files below work/raw. Raises RedrawError for an unknown name."""
    return find(name).raw


def missing(name: str, raw: str | os.PathLike) -> list[str]:
    """The raw files that somebody has to put into the folder ``raw`` before the data set can be prepared."""
    dataset = find(name)
    return [] if dataset.made else _lacking(dataset, Path(raw))


def fetch(name: str, raw: str | os.PathLike, store: Store | None = None) -> dict[str, Any]:
    """See to it that the raw files lie in folder ``raw``, unchanged. Returns {"files": {file: {"sha256", "bytes"}}}.

    A folder in it counts as one file, with all that is below it; a file of another set's folder beside it counts by itself.
    What was found first is noted in the folder. Files that have to be downloaded are, through ``store``; without one nothing is.
    Raises RedrawError for a file that has changed since, and for files that only a person can put there.
    """
    dataset, raw = find(name), Path(raw)
    lacking = _lacking(dataset, raw)
    if lacking and not dataset.made and store is not None:
        _bring(dataset, raw, lacking, store)
        lacking = _lacking(dataset, raw)
    if lacking and not dataset.made:
        zipped = "[.gz]" if names.family(name) == "mnist" else ""
        files = ", ".join([f"{f}{zipped}" for f in lacking[:4]] + [f"{len(lacking) - 4} more"] * (len(lacking) > 4))
        verb = "is" if len(lacking) == 1 else "are"
        raise RedrawError(f"{name}: {files} {verb} not in {raw}: put {dataset.needs} there, then run the same command")
    if lacking:
        dataset.make(raw)
    files = _found(dataset, raw)
    before = (read_json(raw / RECORD) or {}).get("files", {})
    for file, said in files.items():
        if file in before and before[file] != said:
            cure = (
                "remove the folder" if dataset.made else f"put the old one back, or remove {RECORD} if it is right now"
            )
            raise RedrawError(
                f"{raw / file}: changed since it was first read ({_changed(before[file], said)}): {cure}, then run the "
                "same command"
            )
    body = {"files": files}
    if before != files:
        write_json(raw / RECORD, body)
    return body


def prepare(
    name: str, raw: str | os.PathLike, folder: str | os.PathLike, options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Raw files -> the prepared format in ``folder``, all but manifest.json, whose body is returned."""
    writer = PreparedWriter(folder, name)
    writer.raw = (read_json(Path(raw) / RECORD) or {}).get("files", {})
    with writer:
        find(name).reader.prepare(Path(raw), writer, options or {})
    return writer.body


def _bring(dataset: Dataset, raw: Path, lacking: list[str], store: Store) -> None:
    """Download what is lacking: of the data set's own files, and of other sets that lie beside it."""
    from .download import bring
    from .sources import read_sources

    sets = read_sources()
    beside = {top for f in lacking if (top := f.partition("/")[0]) in sets and top != dataset.raw and "/" in f}
    for other in sorted(beside):
        own = [f for f in lacking if f.startswith(f"{other}/")]
        home = raw.parent / other
        bring(other, home, lambda own=own: [f.partition("/")[2] for f in own if lists.found(raw, f) is None],
              dataset.needs, store)  # fmt: skip
    if any(f.partition("/")[0] not in beside for f in lacking):
        bring(dataset.raw, raw, lambda: [f for f in _lacking(dataset, raw) if f.partition("/")[0] not in beside],
              dataset.needs, store)  # fmt: skip


def _found(dataset: Dataset, raw: Path) -> dict[str, dict[str, int | str]]:
    """{file or folder: {"bytes", "sha256"}} of what a reader opens."""
    own, others = set(), []
    for name in dataset.raw_files:
        path = dataset.find_raw(raw, name)
        if path is None:
            continue
        if path.is_relative_to(raw):
            own.add(path.relative_to(raw).parts[0])
        else:
            others.append(name)
    return {**described(raw, own), **described(raw.parent, others)}


def _lacking(dataset: Dataset, raw: Path) -> list[str]:
    return [f for f in dataset.raw_files if dataset.find_raw(raw, f) is None]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What tells two descriptions of a file or folder apart, the number of files first."""
    if before.get("files") != now.get("files"):
        return f"{now.get('files', 1):,} files, were {before.get('files', 1):,}"
    return f"SHA-256 {now['sha256'][:12]}…, was {before['sha256'][:12]}…"
