"""The dogs and cats of ImageNet (ILSVRC2012, Russakovsky et al., 2015) that StackGAN-v2 trains on.

    train/<wnid>/<wnid>_<number>.JPEG   or, where there is no such folder,
    ILSVRC2012_img_train.tar            a tar file of one tar file a class, read as it is: nothing is unpacked

imagenet-dog: the 118 classes from n02085620 to n02113978 (hanzhanggit/StackGAN-v2, code/main.py); imagenet-cat: of the 17 that it
lists the five that ILSVRC2012 has. Images come in the order of their names, class by class. StackGAN-v2 trains on all of them:
split own_train. Here every hundredth (the first, the 101st, …) validates, the one behind it tests, all others are split train. By
default a picture's shorter side becomes 76 pixels and the middle square is kept.
"""

from __future__ import annotations

import contextlib
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import RedrawError
from ..names import family
from .forms import form_of
from .lists import GET_AGAIN, compare_counts, edition, required
from .pictures import Item, Pictures
from .writer import PreparedWriter

FOLDER, ARCHIVE = "train", "ILSVRC2012_img_train.tar"
RAW_FILES = (ARCHIVE,)
NEEDS = f"ILSVRC2012's folder {FOLDER} (a folder each class), or {ARCHIVE} as it is,"
DOGS = """
    n02085620 n02085782 n02085936 n02086079 n02086240 n02086646 n02086910 n02087046 n02087394 n02088094 n02088238 n02088364
    n02088466 n02088632 n02089078 n02089867 n02089973 n02090379 n02090622 n02090721 n02091032 n02091134 n02091244 n02091467
    n02091635 n02091831 n02092002 n02092339 n02093256 n02093428 n02093647 n02093754 n02093859 n02093991 n02094114 n02094258
    n02094433 n02095314 n02095570 n02095889 n02096051 n02096177 n02096294 n02096437 n02096585 n02097047 n02097130 n02097209
    n02097298 n02097474 n02097658 n02098105 n02098286 n02098413 n02099267 n02099429 n02099601 n02099712 n02099849 n02100236
    n02100583 n02100735 n02100877 n02101006 n02101388 n02101556 n02102040 n02102177 n02102318 n02102480 n02102973 n02104029
    n02104365 n02105056 n02105162 n02105251 n02105412 n02105505 n02105641 n02105855 n02106030 n02106166 n02106382 n02106550
    n02106662 n02107142 n02107312 n02107574 n02107683 n02107908 n02108000 n02108089 n02108422 n02108551 n02108915 n02109047
    n02109525 n02109961 n02110063 n02110185 n02110341 n02110627 n02110806 n02110958 n02111129 n02111277 n02111500 n02111889
    n02112018 n02112137 n02112350 n02112706 n02113023 n02113186 n02113624 n02113712 n02113799 n02113978
"""
CATS = "n02123045 n02123159 n02123394 n02123597 n02124075"
WNIDS = {"dog": DOGS.split(), "cat": CATS.split()}
PUBLISHED = {"dog": {"images": 147_873, "classes": 118}, "cat": {"images": 6_500, "classes": 5}}
NAME = re.compile(r"(n\d{8})_\d+\.JPEG")
EVERY = 100  # images
SPLITS = {0: "validation", 1: "test"}


def find_raw(raw: Path, name: str) -> Path | None:
    """The folder ``train``, or the archive where there is none; None where both are missing."""
    return next((p for p in (raw / FOLDER, raw / ARCHIVE) if p.exists()), None) if name == ARCHIVE else None


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The folder or archive below ``raw`` -> images in the form of forms.py; classes are the wnids that are there.

    Raises RedrawError for a file that is missing, damaged, or not of its form (which one).
    """
    kind = edition(writer.dataset, list(WNIDS))
    form = form_of(options, writer.dataset, ("none", "centre"), size=76, fit="shorter", square=True)
    home = required(raw, ARCHIVE, find_raw(raw, ARCHIVE), writer.dataset, NEEDS)
    pictures, n = Pictures("JPEG"), 0
    writer.classes, read = (_in_folder if home.is_dir() else _in_archive)(home, WNIDS[kind])
    ids = {wnid: k for k, wnid in enumerate(writer.classes)}
    names: list[tuple[str, str]] = []  # of the few that are being decoded
    for shaped in pictures.stream(_items(read, names), form):
        wnid, file = names.pop(0)
        splits = [SPLITS.get(n % EVERY, "train"), "own_train"]
        writer.add(shaped.image, ids[wnid], f"{wnid}/{file.rpartition('.')[0]}", splits)
        n += 1
    pictures.tell(writer)
    if family(writer.dataset) == "imagenet":
        counts = Counter(images=n, classes=len(writer.classes))
        compare_counts(counts, PUBLISHED[kind], f"ImageNet's {kind}s", writer)


# --- inside ------------------------------------------------------------------------------------------------------

Read = Iterator[tuple[str, str, Item]]
"""wnid, file, picture"""


def _items(read: Read, names: list[tuple[str, str]]) -> Iterator[Item]:
    for wnid, file, item in read:
        names.append((wnid, file))
        yield item


def _in_folder(home: Path, wnids: Sequence[str]) -> tuple[list[str], Read]:
    """The classes that are there, and their pictures."""
    classes = [wnid for wnid in wnids if (home / wnid).is_dir()]
    _some(classes, wnids, home)

    def read() -> Read:
        for wnid in classes:
            files = [p.name for p in (home / wnid).iterdir() if not p.name.startswith(".")]
            for file in _sorted(files, wnid, f"{home / wnid}"):
                yield wnid, file, Item(home / wnid / file)

    return classes, read()


def _in_archive(home: Path, wnids: Sequence[str]) -> tuple[list[str], Read]:
    """As ``_in_folder``."""
    with _one_line(f"{home}"), tarfile.open(home, "r:") as outer:
        parts = _members(outer)
    classes = [wnid for wnid in wnids if f"{wnid}.tar" in parts]
    _some(classes, wnids, home)

    def read() -> Read:
        with tarfile.open(home, "r:") as outer:
            for wnid in classes:
                with contextlib.ExitStack() as opened:
                    where = f"{home}, {wnid}.tar"
                    with _one_line(where):
                        part = outer.extractfile(parts[f"{wnid}.tar"])
                        inner = opened.enter_context(tarfile.open(fileobj=part, mode="r:"))
                        members = _members(inner)
                    for file in _sorted(list(members), wnid, where):
                        with _one_line(where):
                            content = inner.extractfile(members[file]).read()
                        yield wnid, file, Item((f"{home.name}, {wnid}.tar: {file}", content))

    return classes, read()


def _some(classes: Sequence[str], wnids: Sequence[str], home: Path) -> None:
    if not classes:
        raise RedrawError(f"{home}: holds none of {wnids[0]} to {wnids[-1]}: {GET_AGAIN}")


def _sorted(files: list[str], wnid: str, where: str) -> list[str]:
    for file in sorted(files):
        match = NAME.fullmatch(file)
        if match is None or match[1] != wnid:
            raise RedrawError(f"{where}: {file} is no {wnid}_<number>.JPEG: take it away, or get the class again")
    if not files:
        raise RedrawError(f"{where}: no picture of this class: get the class again")
    return sorted(files)


def _members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """{name: what is said of it}. Raises tarfile.ReadError where the end of the archive is missing."""
    found = {member.name.removeprefix("./"): member for member in tar.getmembers() if member.isfile()}
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")
    return found


@contextlib.contextmanager
def _one_line(where: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, OSError, ValueError) as e:
        raise RedrawError(f"{where}: no tar file, cut off or damaged ({e}): {GET_AGAIN}") from None
