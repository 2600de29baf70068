"""Data sets: where their raw files come from and how they become the prepared format of base.py. No torch on import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import RedrawError, nearest, read_json, write_json
from . import cub, digits, mnist, oxford102
from .files import described
from .writer import PreparedWriter

if TYPE_CHECKING:
    from .gate import Store

RECORD = "files.json"  # in the raw folder: what was found there first
DRAWN_SIZES = ("", "small", "large")


@dataclass(frozen=True)
class Dataset:
    """One data set. ``fetch`` makes the raw files; where it is None, they are downloaded, or people put them there."""

    name: str
    title: str
    stands_for: str | None
    raw: str  # the folder below work/raw; data sets may share one
    raw_files: tuple[str, ...]  # files and folders that have to be there
    needs: str  # what to put into the raw folder; empty where fetch does all
    fetch: Callable[[Path], None] | None
    prepare: Callable[[Path, PreparedWriter, Mapping[str, Any]], None]
    find_raw: Callable[[Path, str], Path | None]  # (raw folder, one of raw_files) -> where it lies, if it does


def _draw_birds(edition: str) -> Callable[[Path], None]:
    def fetch(raw: Path) -> None:
        from . import drawn_birds

        drawn_birds.fetch(raw, edition)

    return fetch


def _draw_flowers(edition: str) -> Callable[[Path], None]:
    def fetch(raw: Path) -> None:
        from . import drawn_flowers

        drawn_flowers.fetch(raw, edition)

    return fetch


def _drawn(
    family: str, title: str, real: Any, editions: tuple[str, ...], draw: Callable[[str], Callable[[Path], None]]
) -> list[Dataset]:
    """Stand-ins of the data set that module ``real`` reads: each edition, and each in three sizes."""
    found = []
    for edition in editions:
        for size in DRAWN_SIZES:
            kind = "_".join(filter(None, (edition, size)))
            name, about = "-".join(filter(None, (family, kind))), ", ".join(filter(None, (title, edition, size)))
            stands_for = real.__name__.rpartition(".")[2]
            found.append(
                Dataset(name, about, stands_for, name, real.RAW_FILES, "", draw(kind), real.prepare, real.find_raw)
            )
    return found


def _real(module: Any, title: str, editions: tuple[str, ...]) -> list[Dataset]:
    """A data set that people download, by several names: what other names ask of a stand-in is all the same here."""
    family = module.__name__.rpartition(".")[2]
    names = [family, *(f"{family}-{edition}" for edition in editions)]
    return [
        Dataset(n, title, None, family, module.RAW_FILES, module.NEEDS, None, module.prepare, module.find_raw)
        for n in names
    ]


DATASETS = {
    d.name: d
    for d in (
        Dataset(
            "digits", "handwritten digits of scikit-learn", "mnist", "digits", mnist.RAW_FILES, "", digits.fetch,
            digits.prepare, mnist.find_raw,
        ),
        Dataset(
            "mnist", "MNIST", None, "mnist", mnist.RAW_FILES, "the four IDX files, plain or as .gz", None, mnist.prepare,
            mnist.find_raw,
        ),
        *_drawn("drawn_birds", "drawn birds", cub, ("", "reference", "others"), _draw_birds),
        *_drawn("drawn_flowers", "drawn flowers", oxford102, ("", "reference"), _draw_flowers),
        *_real(cub, "CUB-200-2011 with the captions of Reed et al.", ("reference", "others")),
        *_real(oxford102, "Oxford-102 flowers with the captions of Reed et al.", ("reference",)),
    )
}  # fmt: skip


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
    return [] if dataset.fetch else _lacking(dataset, Path(raw))


def fetch(name: str, raw: str | os.PathLike, store: Store | None = None) -> dict[str, Any]:
    """See to it that the raw files lie in folder ``raw``, unchanged. Returns {"files": {file: {"sha256", "bytes"}}}.

    A folder in it counts as one file, with all that is below it. What was found first is noted in the folder. Files that have
    to be downloaded are, through ``store``; without one nothing is. Raises RedrawError for a file that has changed since, and
    for files that only a person can put there.
    """
    dataset, raw = find(name), Path(raw)
    lacking = _lacking(dataset, raw)
    if lacking and dataset.fetch is None and store is not None:
        from .download import bring

        bring(dataset.raw, raw, lambda: _lacking(dataset, raw), dataset.needs, store)
        lacking = _lacking(dataset, raw)
    if lacking and dataset.fetch is None:
        zipped = "[.gz]" if dataset.find_raw is mnist.find_raw else ""
        files = ", ".join([f"{f}{zipped}" for f in lacking[:4]] + [f"{len(lacking) - 4} more"] * (len(lacking) > 4))
        verb = "is" if len(lacking) == 1 else "are"
        raise RedrawError(f"{name}: {files} {verb} not in {raw}: put {dataset.needs} there, then run the same command")
    if lacking and dataset.fetch is not None:
        dataset.fetch(raw)
    paths = [path for f in dataset.raw_files if (path := dataset.find_raw(raw, f))]
    files = described(raw, {path.relative_to(raw).parts[0] for path in paths})
    before = (read_json(raw / RECORD) or {}).get("files", {})
    for file, said in files.items():
        if file in before and before[file] != said:
            cure = (
                "remove the folder" if dataset.fetch else f"put the old one back, or remove {RECORD} if it is right now"
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
    dataset = find(name)
    writer = PreparedWriter(folder, name)
    writer.raw = (read_json(Path(raw) / RECORD) or {}).get("files", {})
    with writer:
        dataset.prepare(Path(raw), writer, options or {})
    return writer.body


def _lacking(dataset: Dataset, raw: Path) -> list[str]:
    return [f for f in dataset.raw_files if dataset.find_raw(raw, f) is None]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What tells two descriptions of a file or folder apart, the number of files first."""
    if before.get("files") != now.get("files"):
        return f"{now.get('files', 1):,} files, were {before.get('files', 1):,}"
    return f"SHA-256 {now['sha256'][:12]}…, was {before['sha256'][:12]}…"
