"""`redraw import`: files that authors released, brought in by hand or by `redraw download`, for runs of stage import.

    work/released/<sha256>/<name>    the files
    imports.json                     {"paper/run": {role: {file, sha256, bytes}}}; to be committed: it is part of the runs' keys

A run is planned once all its files, and those of the imports that it needs, stand in the book. Whoever has the book and
the results needs no file; whoever lacks both is told which one to get. No torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .core import RedrawError, atomic_copy, file_digest, nearest, read_json, write_json
from .data.gate import Store
from .data.sources import find
from .imported import BOOK, importable, still_lacking
from .sheets import read_sheets

FOLDER = Path("work/released")


def listed() -> tuple[list[str], Any]:
    """What `redraw import` prints without a run: every file, where it is published, whether it was brought."""
    book, value, lines = read_json(BOOK) or {}, [], []
    for run, about in importable(read_sheets()).items():
        for role, of in about["released"].items():
            brought = book.get(run, {}).get(role)
            state = "imported" if brought else "optional" if of.get("optional") else "lacking"
            value.append({"run": run, "role": role, **of, "state": state, **(brought or {})})
            where = f"  (redraw download {of['source']})" if "source" in of and not brought else ""
            lines.append(f"{run:<34}  {role:<17}  {state:<8}  {of['file']}{where}")
    return lines or ["no sheet has a run of stage import"], value


def bring(run: str, files: Sequence[str]) -> tuple[list[str], Any]:
    """Take files in: ``files`` as "role=path"; without any, those that `redraw download` has fetched.

    Each is read as what it must be before it is kept. Raises RedrawError for a run or role that there is not, a file that is
    missing or of another kind; nothing is noted then.
    """
    runs = importable(read_sheets())
    if run not in runs:
        raise RedrawError(f"import {run}: no such run of released weights: {nearest(run, list(runs))}")
    released = runs[run]["released"]
    paths = dict(_given(run, files, released)) or dict(_downloaded(released))
    if not paths:
        given = " ".join(f"{role}=FILE" for role in still_lacking(runs[run], {}))
        raise RedrawError(f"import {run}: no file given, and none was downloaded: `redraw import {run} {given}`")
    from .released import convert

    lines, noted = [], {}
    for role, path in paths.items():
        tensors = convert(path, released[role]["kind"], released[role].get("from"))
        sha256 = file_digest(path)
        noted[role] = {"file": path.name, "sha256": sha256, "bytes": path.stat().st_size}
        target = path_of(noted[role], check=False)
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_copy(path, target)
        if path.suffix == ".index":  # TensorFlow keeps the numbers themselves in files beside it
            for beside in path.parent.glob(f"{path.stem}.data-*"):
                atomic_copy(beside, target.with_name(beside.name))
        lines.append(f"{run}, {role}: {path.name}, {len(tensors)} tensors")
    book = read_json(BOOK) or {}
    book[run] = {**book.get(run, {}), **noted}
    write_json(BOOK, dict(sorted(book.items())))
    rest = still_lacking(runs[run], book[run])
    then = f"still lacking: {', '.join(rest.values())}" if rest else "the next workflow call at its scale scores it"
    return [*lines, f"{BOOK}: noted; {then}"], book[run]


def path_of(about: Mapping[str, Any], check: bool = True) -> Path:
    """Where a file of the book lies. Raises RedrawError where it is not there, or is another one by now."""
    path = FOLDER / about["sha256"] / about["file"]
    if check and not path.exists():
        raise RedrawError(
            f"{path}: not here, though {BOOK} names it: bring it again with `redraw import`, or `redraw pull`"
        )
    if check and file_digest(path) != about["sha256"]:
        raise RedrawError(f"{path}: not the file that {BOOK} names: bring it again with `redraw import`")
    return path


# --- inside ------------------------------------------------------------------------------------------------------


def _given(run: str, files: Sequence[str], released: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for text in files:
        role, equals, name = text.partition("=")
        if not equals or role not in released:
            raise RedrawError(f"import {run}: {text!r}: give ROLE=FILE, {nearest(role, list(released))}")
        if not Path(name).is_file():
            raise RedrawError(f"import {run}: {name}: no such file: give the path of {released[role]['file']}")
        yield role, Path(name)


def _downloaded(released: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for role, of in released.items():
        if "source" in of:
            path = Store().path(find(of["source"])[1][0])
            if path.exists():
                yield role, path
