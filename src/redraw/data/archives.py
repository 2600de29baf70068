"""Zip and tar archives, member by member: what of them is refused, and the files that are made of the rest."""

from __future__ import annotations

import gzip
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from ..core import RedrawError

CHUNK = 1 << 20
LARGEST_READ = 4 << 20  # of what tarfile asks for at once: a header's extension is no place for more
RATIO, SMALL = 200, 1 << 20  # what is unpacked may be so many times larger than packed, unless it is small anyway
JUNK = ("__MACOSX", ".DS_Store")
DRIVE_LETTER = re.compile(r"^[A-Za-z]:")
AGAIN = "take the file away and get it again, then run the same command"


@dataclass(frozen=True)
class Limits:
    """``files`` counts folders too, ``bytes`` are unpacked; both over an archive and all that is in it."""

    files: int = 400_000
    bytes: int = 200_000_000_000


@dataclass
class Work:
    """One archive on its way: what it may still take, and the names that it has used."""

    archive: Path
    workplace: Path
    limits: Limits
    nested: Sequence[str]
    files: int = 0
    bytes: int = 0
    names: dict[str, str] = field(default_factory=dict)  # case-folded path -> path as it is written
    inner: list[Path] = field(default_factory=list)  # archives found in it

    def refuse(self, why: str) -> RedrawError:
        return RedrawError(f"{self.archive}: not unpacked: {why}: {AGAIN}")

    def path(self, name: str, folder: Path, is_folder: bool) -> Path | None:
        """Where a member goes; None for what file managers leave behind. Raises RedrawError for a name that is refused."""
        shown = ascii(name if len(name) <= 80 else f"{name[:77]}…")
        if "\\" in name or DRIVE_LETTER.match(name) or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name):
            raise self.refuse(f"the name {shown} in it is no plain path")
        if name.startswith("/") or ".." in name.split("/"):
            raise self.refuse(f"the name {shown} in it leads out of the archive's folder")
        parts = PurePosixPath(name).parts
        if not parts or any(part in JUNK for part in parts):
            return None
        if any(len(os.fsencode(part)) > 255 for part in parts) or len(os.fsencode(name)) > 1024:
            raise self.refuse(f"the name {shown} in it is too long")
        self.files += 1
        if self.files > self.limits.files:
            raise self.refuse(f"more than {self.limits.files:,} files in it")
        target = folder.joinpath(*parts)
        self._claim(target, is_folder, shown)
        return target

    def _claim(self, target: Path, is_folder: bool, shown: str) -> None:
        for path in (target, *target.parents):
            if path == self.workplace:
                break
            key = str(path).casefold()
            kind = f"{path}{'/' if is_folder or path is not target else ''}"
            if self.names.setdefault(key, kind) != kind or (path is target and not is_folder and path.exists()):
                raise self.refuse(f"{shown} is in it twice, or in two spellings")

    def copy(self, source: IO[bytes], target: Path, size: int) -> None:
        """``size`` bytes, or a refusal. The file is new: an existing name is never opened."""
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with open(handle, "wb") as f:
            written = 0
            while chunk := source.read(CHUNK):
                written += len(chunk)
                self.spend(len(chunk))
                f.write(chunk)
        if written != size:
            raise EOFError(f"{target.name}: {written} of {size} bytes")
        if target.name in self.nested:
            self.inner.append(target)

    def spend(self, n: int) -> None:
        self.bytes += n
        if self.bytes > self.limits.bytes:
            raise self.refuse(f"more than {self.limits.bytes:,} bytes in it")


# --- zip -----------------------------------------------------------------------------------------------------------


def read_zip(file: BinaryIO, folder: Path, work: Work) -> None:
    with zipfile.ZipFile(file) as opened:
        members = opened.infolist()
        if len(members) > work.limits.files:
            raise work.refuse(f"more than {work.limits.files:,} files in it")
        total = sum(m.file_size for m in members)
        if total + work.bytes > work.limits.bytes:
            raise work.refuse(f"it claims {total:,} bytes, more than {work.limits.bytes:,}")
        for m in members:
            _check_zip(m, work)
        for m in members:
            target = work.path(m.filename, folder, m.is_dir())
            if target is None:
                continue
            if m.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            with opened.open(m) as source:
                work.copy(source, target, m.file_size)


def _check_zip(m: zipfile.ZipInfo, work: Work) -> None:
    shown = ascii(m.orig_filename[:80])
    kind = stat.S_IFMT(m.external_attr >> 16)
    if "\0" in m.orig_filename:
        raise work.refuse(f"the name {shown} in it is no plain path")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise work.refuse(f"{shown} in it is a link or a device")
    if m.flag_bits & 0x1:
        raise work.refuse(f"{shown} in it is encrypted")
    if m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise work.refuse(f"{shown} in it is packed by method {m.compress_type}")
    if m.file_size > SMALL and m.file_size > RATIO * max(m.compress_size, 1):
        raise work.refuse(f"{shown} in it is {m.file_size:,} bytes from {m.compress_size:,}")


# --- tar -----------------------------------------------------------------------------------------------------------


class _Sober:
    """The uncompressed stream that tarfile reads: nothing large at once, and never more than the limit in all."""

    def __init__(self, stream: Any, work: Work, packed: int) -> None:
        self.stream, self.work = stream, work
        self.most = min(2 * work.limits.bytes, RATIO * packed) + 64 * SMALL

    def read(self, n: int) -> bytes:
        if not 0 <= n <= LARGEST_READ:
            raise self.work.refuse(f"a header in it asks for {n:,} bytes")
        self._within(self.stream.tell() + n)
        return self.stream.read(n)

    def seek(self, to: int) -> None:
        self._within(to)
        self.stream.seek(to)

    def tell(self) -> int:
        return self.stream.tell()

    def _within(self, to: int) -> None:
        if to > self.most:
            raise self.work.refuse(f"more than {self.most:,} bytes in it")


def read_tar(file: BinaryIO, folder: Path, work: Work) -> None:
    packed = os.fstat(file.fileno()).st_size
    zipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream = _Sober(gzip.GzipFile(fileobj=file) if zipped else file, work, packed)
    with tarfile.open(fileobj=stream, mode="r:") as opened:  # type: ignore[call-overload]
        headers = 0
        while (m := opened.next()) is not None:
            opened.members.clear()  # type: ignore[attr-defined]  # it would keep every header
            headers += 1
            if headers > work.limits.files:
                raise work.refuse(f"more than {work.limits.files:,} files in it")
            _tar_member(opened, m, folder, work, packed)
        stream.seek(opened.offset)  # type: ignore[attr-defined]
        if stream.read(512).strip(b"\0") or stream.tell() < opened.offset + 512:  # type: ignore[attr-defined]
            raise EOFError("no end of the archive")  # tarfile takes any bad header for the end
    while stream.read(CHUNK):  # to the checksum behind the last member
        pass


def _tar_member(opened: tarfile.TarFile, m: tarfile.TarInfo, folder: Path, work: Work, packed: int) -> None:
    if not (m.isreg() or m.isdir()) or m.issparse():
        raise work.refuse(f"{ascii(m.name[:80])} in it is a link, a device or sparse")
    if m.size < 0 or (m.size > SMALL and m.size > RATIO * packed) or m.size + work.bytes > work.limits.bytes:
        raise work.refuse(f"{ascii(m.name[:80])} in it is {m.size:,} bytes")
    target = work.path(m.name, folder, m.isdir())
    if target is None:
        return
    if m.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    source = opened.extractfile(m)
    assert source is not None
    work.copy(source, target, m.size)
