"""`redraw push` and `redraw pull`: DVC's own, with the remote tried first, one line for what goes wrong, and bytes checked.

DVC believes what a remote hands out and checks nothing out when one object is missing. Here every object that comes is
held against its name, every file against its record, and whatever is in order is checked out.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from .core import RedrawError, atomic_copy, atomic_write
from .data.sources import read_sources
from .names import REAL
from .payloads import damaged, put_aside
from .storage import AGAIN, Remote, asking, one_line, reached, trouble


def push(name: str | None = None) -> None:
    """`dvc push`. Raises RedrawError for whatever kept an object from getting there."""
    repo = _repo()
    remote = reached(repo, name, "push")
    files = _files(repo)
    lacking = [path for path, oid in files.items() if not _cached(repo, oid).exists()]
    if held := not_to_be_handed_on(files):
        said = f"{remote} gets prepared {', '.join(held)}, not to be handed on by their terms: see that nobody else reads it"
        print(f"redraw: {said}", file=sys.stderr)
    done = _dvc("push", "--remote", remote.name)
    if done.returncode:
        raise trouble(remote, done.stderr)
    with asking(remote):  # DVC takes a folder's list for the presence of all that it lists
        for oid in set(files.values()) - set(remote.odb.oids_exist(set(files.values()))):
            if _cached(repo, oid).exists():
                remote.odb.add(str(_cached(repo, oid)), repo.cache.local.fs, oid)
    if lacking:  # DVC keeps silent about it
        raise RedrawError(
            f"{_first(lacking)}: not here, so it was not pushed: `redraw pull`, or push from where it was made"
        )
    print(f"{remote}: has all that dvc.lock names")


def not_to_be_handed_on(files: Iterable[str]) -> list[str]:
    """Families of data sets among ``files`` (results/data/<family>/…) whose publishers do not plainly allow redistribution."""
    sets = read_sources()
    families = {path.split("/")[2] for path in files if path.startswith("results/data/") and path.count("/") > 2}
    return sorted(f for f in families & set(REAL) if sets[f].redistribute != "yes")


def pull(name: str | None = None) -> None:
    """`dvc pull` in two steps, fetch and checkout, with every object checked between them and every record afterwards.

    Raises RedrawError naming what is not there or damaged; all the rest lies in results/ nevertheless.
    """
    repo = _repo()
    remote = reached(repo, name, "pull")
    cache = Path(repo.cache.local.path)
    for object_ in [_cached(repo, oid) for oid in set(_files(repo).values()) if oid.endswith(".dir")]:
        if object_.exists() and not _sound(object_):  # DVC ends with a traceback there
            _put_aside_object(object_)
    before = set(cache.glob("*/*"))
    fetched = _dvc("fetch", "--remote", remote.name)
    new = sorted(set(cache.glob("*/*")) - before)
    bad = {p.parent.name + p.name: _put_aside_object(p) for p in new if not _sound(p)}
    repo = _repo()
    with asking(remote):
        bad |= _bring_lists(repo, remote)
    files = _files(repo)
    lacking = {path: oid for path, oid in files.items() if not _cached(repo, oid).exists()}
    out = _dvc("checkout", "--allow-missing")
    for path, oid in files.items():  # DVC leaves out a whole paper where one of its files is missing
        if lacking and not oid.endswith(".dir") and _cached(repo, oid).exists() and not Path(path).exists():
            atomic_copy(_cached(repo, oid), path)
    if fetched.returncode and "Errno 28" in fetched.stderr:
        raise RedrawError(f"{cache}: disk full: make room, {AGAIN}")
    if lacking:
        path, oid = next(iter(lacking.items()))
        remedy = "push it from a checkout that has it, or let the workflow make it anew"
        if oid in bad:
            raise RedrawError(
                f"{_first(lacking)}: damaged in {remote} (now {bad[oid]}): remove {remote.place(oid)} there, then {remedy}"
            )
        with asking(remote):
            there = remote.odb.fs.exists(remote.place(oid))
        if not there:
            raise RedrawError(f"{_first(lacking)}: not in {remote}: {remedy}")
    if fetched.returncode:
        raise trouble(remote, fetched.stderr)
    _hold_against_records(repo, files)
    if out.returncode:
        raise _would_be_lost(out.stderr)
    print(f"{remote}: {len(files)} files are here, as their records say")


# --- what DVC knows ----------------------------------------------------------------------------------------------


def _repo() -> Any:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        return Repo()
    except DvcException as e:
        raise RedrawError(f"{one_line(e)}: run this in a checkout with DVC's folder .dvc") from None


def _files(repo: Any) -> dict[str, str]:
    """{file below the checkout: name of its object} for all that dvc.lock has in DVC's cache; folders' lists end in .dir."""
    found: dict[str, str] = {}
    for out in repo.index.outs:
        oid = out.hash_info.value if out.use_cache and out.hash_info else None
        if oid is None:
            continue
        folder = os.path.relpath(out.fs_path, repo.root_dir)
        found[folder] = oid
        if oid.endswith(".dir") and _cached(repo, oid).exists() and _sound(_cached(repo, oid)):
            for entry in json.loads(_cached(repo, oid).read_text()):
                found[f"{folder}/{entry['relpath']}"] = entry["md5"]
    return found


def _bring_lists(repo: Any, remote: Remote) -> dict[str, Path]:
    """Fetch the lists of folders that DVC holds back because one of their files did not come; they say which.

    Returns {object: where it was put aside} for lists that are damaged.
    """
    bad = {}
    for oid in set(_files(repo).values()):
        if oid.endswith(".dir") and not _cached(repo, oid).exists() and remote.odb.fs.exists(remote.place(oid)):
            with remote.odb.fs.open(remote.place(oid), "rb") as f:
                atomic_write(_cached(repo, oid), f.read())
            if not _sound(_cached(repo, oid)):
                bad[oid] = _put_aside_object(_cached(repo, oid))
    return bad


def _cached(repo: Any, oid: str) -> Path:
    return Path(repo.cache.local.oid_to_path(oid))


def _sound(object_: Path) -> bool:
    """Whether a file of the cache is what its name says, which is its MD5."""
    with object_.open("rb") as f:
        found = hashlib.file_digest(f, "md5").hexdigest()
    return found == (object_.parent.name + object_.name).removesuffix(".dir")


def _put_aside_object(object_: Path) -> Path:
    return put_aside(object_, Path("objects", object_.parent.name + object_.name))


def _hold_against_records(repo: Any, files: Mapping[str, str]) -> None:
    """Raises RedrawError for the first file that is not what its record says; all of them are put aside."""
    wrong = list(damaged())
    for path in wrong:
        oid = files.get(str(path))
        if oid and _cached(repo, oid).exists() and not _sound(_cached(repo, oid)):
            _put_aside_object(_cached(repo, oid))
    if wrong:
        aside = [put_aside(path) for path in wrong]
        raise RedrawError(
            f"{_first([*map(str, wrong)])}: not the bytes that its record names (now {aside[0]}): "
            "run `redraw pull` again, or let the workflow make it anew"
        )


def _would_be_lost(said: str) -> RedrawError:
    paths = [os.path.relpath(line) for line in said.splitlines() if line.startswith("/")]
    return RedrawError(
        f"{_first(paths) if paths else one_line(said)}: not in DVC's books: `redraw record` keeps what the workflow "
        "made, `dvc checkout --force` drops it"
    )


def _first(paths: Collection[str]) -> str:
    return next(iter(paths)) + (f" (and {len(paths) - 1} more)" if len(paths) > 1 else "")


def _dvc(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "dvc", *words], capture_output=True, text=True)
