"""Archives from strangers: tar, tar.gz and zip, unpacked member by member by own hands, never by an extractall.

Only plain files and folders are made, below an empty folder in which no link ever lies, without their modes and owners.
Refused with one line, and with nothing left behind: absolute names, "..", drive letters, backslashes and control
characters, names that differ in case alone, links, devices, pipes, sparse and encrypted members, methods other than
stored and deflated, archives that claim or turn out to be too many or too large, and archives within archives within
archives. What the archive does not need to hold (``root`` says what is kept) is dropped.
"""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from .archives import Limits, Work, read_tar, read_zip

WORKPLACE = ".unpacking"
DEPTH = 2  # an archive, and archives in it


def unpack(
    archive: Path, into: Path, root: Sequence[str], limits: Limits | None = None, nested: Sequence[str] = ()
) -> None:
    """Put the entries ``root`` of the archive's top level into folder ``into``, where they are not there already.

    Files named ``nested`` are unpacked in their place. Either an entry appears as a whole or not at all. Raises RedrawError
    for an archive that is refused, truncated or damaged, or holds none of ``root``.
    """
    archive, workplace = Path(archive), Path(into) / WORKPLACE
    work = Work(archive, workplace, limits or Limits(), nested)
    shutil.rmtree(workplace, ignore_errors=True)  # of a process that was killed
    workplace.mkdir(parents=True)
    try:
        with open(archive, "rb") as f:
            _open(f, workplace, work, 1)
        kept = [name for name in root if (workplace / name).exists()]
        if not kept:
            there = sorted(p.name for p in workplace.iterdir())
            raise work.refuse(f"it holds {', '.join(there[:5]) or 'nothing'}, expected {', '.join(root)}")
        for name in kept:
            if not (Path(into) / name).exists():
                os.replace(workplace / name, Path(into) / name)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _open(file: BinaryIO, folder: Path, work: Work, depth: int) -> None:
    if depth > DEPTH:
        raise work.refuse(f"there are archives {depth} deep in it")
    first = file.read(512)  # they tell what it is, whatever the name says
    file.seek(0)
    try:
        if first[:4] == b"PK\x03\x04":
            read_zip(file, folder, work)
        elif first[:2] == b"\x1f\x8b" or first[257:262] == b"ustar":
            read_tar(file, folder, work)
        else:
            raise work.refuse("neither a zip nor a tar archive")
    except (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, struct.error) as e:
        raise work.refuse(f"truncated or damaged ({str(e) or type(e).__name__})") from None
    except (UnicodeError, NotImplementedError, RuntimeError, ValueError, OverflowError) as e:
        why = str(e).splitlines()[0][:100] if str(e) else type(e).__name__
        raise work.refuse(f"not of its format ({why})") from None
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
        raise work.refuse("damaged (it points to a place before its beginning)") from None
    inner, work.inner = work.inner, []
    for path in inner:
        with open(path, "rb") as f:
            path.unlink()
            work.names.pop(str(path).casefold())
            _open(f, path.parent, work, depth + 1)
