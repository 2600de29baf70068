"""Files of sources.yaml into work/incoming and, where a reader needs them, unpacked into work/raw. The one code path for
`redraw download NAME` and for the rule of the workflow; nothing else in redraw opens a connection.

pooch verifies and puts in place; transfer.py and gdrive.py fetch; gate.py says what may come in, whoever brought it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..core import RedrawError, atomic_copy, digest, disk_trouble, locked
from . import gdrive
from .archives import Limits
from .gate import BY_HAND, NotWanted, Store
from .sources import Mirror, Source, SourceSet, find
from .transfer import Http, Patience, Refused
from .unpack import unpack

PATIENCE = Patience()
THEN = "then run the same command"


def bring(name: str, raw: Path, lacking: Callable[[], Sequence[str]], needs: str, store: Store) -> None:
    """See to it that the raw files ``lacking()`` names get into folder ``raw``. Raises RedrawError, one line, for terms that
    were not accepted, a file that cannot be had (``needs``: what people may put there instead) or is not the one wanted, and
    a full disk."""
    group, sources = find(name)
    store.require_accepted(group)
    with _held(group, store):
        missing = lacking()
        for file in missing:
            top = file.partition("/")[0]
            if top != file and (raw / top).exists():
                raise RedrawError(
                    f"{raw / top}: {file.partition('/')[2]} is not in it, and nothing is unpacked over what is there: complete "
                    f"the folder or remove it, {THEN}"
                )
        tops = {file.partition("/")[0] for file in missing}
        for source in sources:
            if tops & {given.removesuffix(".gz") for given in source.gives}:
                _place(source, _obtain(source, store, f", or {needs} into {raw}"), raw)


def get(name: str, raw: Path, store: Store) -> list[Path]:
    """The files of a set, or the one of "set/file", as they were published; archives of data sets unpacked into ``raw``."""
    group, sources = find(name)
    store.require_accepted(group)
    with _held(group, store):
        paths = [_obtain(source, store) for source in sources]
        for source, path in zip(sources, paths, strict=True):
            if source.unpack and not all((raw / given).exists() for given in source.gives):
                _place(source, path, raw)
    return paths


@contextmanager
def _held(group: SourceSet, store: Store) -> Iterator[None]:
    """One process at a time: editions of a data set share their raw files."""
    with locked(store.folder / group.name / ".lock", f"download {group.name}"):
        told = f"{group.name}: {group.licence_title}; redistribution: {group.redistribute}"
        print(told, file=sys.stderr, flush=True)
        yield


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise RedrawError(disk_trouble(folder, e)) from None


# --- one file ------------------------------------------------------------------------------------------------------


def _obtain(source: Source, store: Store, otherwise: str = "") -> Path:
    """The file in the store, checked. Raises RedrawError."""
    path = store.path(source)
    with _on_disk(path.parent):
        if path.exists():
            return _admitted(source, path, store)
        _space(source, path.parent, store)
        told = []
        for mirror in source.mirrors:
            try:
                return _fetched(source, mirror, store)
            except Refused as e:
                told.append(f"{mirror.where}: {e}")
                print(f"{source.id}: {told[-1]}", file=sys.stderr, flush=True)
    why = source.manual or "; ".join(told) or "no address of it is known"
    raise RedrawError(f"{source.id}: {why}: put {source.name} into {path.parent}{otherwise}, {THEN}")


def _admitted(source: Source, path: Path, store: Store) -> Path:
    """A file that lies there already passes the same gate as one that was fetched."""
    try:
        sha256 = store.check(source, path)
    except NotWanted as e:
        raise RedrawError(f"{path}: {e}: take the file away or put the right one there, {THEN}") from None
    _tell(source, sha256, store.let_in(source, sha256, BY_HAND), store)
    return path


def _fetched(source: Source, mirror: Mirror, store: Store) -> Path:
    """From one address, through pooch. Raises Refused."""
    path, url = store.path(source), mirror.url or gdrive.address(mirror)
    part = path.parent / f".{source.name}.{digest(url)[:8]}.part"
    seen: list[str] = []

    def first(part: Path) -> None:
        seen.append(store.check(source, part))

    sha256 = store.sha256(source)
    check = first if sha256 is None else lambda part: None  # a known SHA-256 is pooch's to check
    loader: Http
    about = (source.name, part, store.size(source), source.hash is not None or sha256 is not None, check, PATIENCE)
    loader = gdrive.Drive(*about, key=mirror.key) if mirror.drive else Http(*about)
    print(f"{source.id}: from {mirror.where}", file=sys.stderr, flush=True)
    for left in path.parent.glob("tmp????????"):  # pooch's, of a process that was killed
        left.unlink()
    while True:
        try:
            _pooch(path, url, sha256, loader)
            break
        except ValueError as e:
            why = str(e) if isinstance(e, NotWanted) else f"its SHA-256 is not {sha256[:12] if sha256 else ''}…"
            again = loader.resumed  # what was put together from two answers gets one more chance, in one piece
            loader.drop()
            if not again:
                raise Refused(why) from None
    for left in path.parent.glob(f".{source.name}.*.part*"):
        left.unlink()
    sha256 = sha256 or seen[-1]
    _tell(source, sha256, store.let_in(source, sha256, url), store)
    return path


def _pooch(path: Path, url: str, sha256: str | None, loader: Http) -> None:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    known = None if sha256 is None else f"sha256:{sha256}"
    box = pooch.Pooch(path=path.parent, base_url="", registry={path.name: known}, urls={path.name: url})
    box.fetch(path.name, downloader=loader)


def _space(source: Source, folder: Path, store: Store) -> None:
    there = sum(p.stat().st_size for p in folder.glob(f".{source.name}.*.part"))
    needed = (store.size(source) or 0) - there
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RedrawError(
            f"{folder}: {source.name} needs {needed / 1e9:.1f} GB more, {free / 1e9:.1f} GB are free: make room, {THEN}; "
            "nothing is lost"
        )


def _tell(source: Source, sha256: str, first: bool, store: Store) -> None:
    how = "as published" if source.hash else f"as noted in {store.book}"
    if first:
        how = f"checked by a weaker hash or by none, noted in {store.book}: commit that file"
    print(f"{source.id}: sha256 {sha256[:12]}…, {how}", file=sys.stderr, flush=True)


def _place(source: Source, path: Path, raw: Path) -> None:
    """An archive is unpacked, anything else copied; what is there already stays."""
    with _on_disk(raw):
        raw.mkdir(parents=True, exist_ok=True)
        if source.unpack is None:
            atomic_copy(path, raw / source.name)
            return
        about, usual = source.unpack, Limits()
        limits = Limits(about.get("max_files", usual.files), about.get("max_bytes", usual.bytes))
        unpack(path, raw, about["root"], limits, about.get("nested", ()))
