"""What Reed et al. (2016) added to CUB-200-2011 and Oxford-102: ten captions an image, and lists of classes.

    text_c10/<class>/<image>.txt    a caption a line, UTF-8
    trainvalclasses.txt, testclasses.txt, valclasses.txt, and where they are there trainclasses.txt, allclasses.txt

Beside the captions may lie .t7 and .h5 files; nobody reads them here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ..core import RedrawError
from .lists import GET_AGAIN, GET_BOTH, fail, lines
from .writer import PreparedWriter

LISTS = ("trainvalclasses.txt", "testclasses.txt", "valclasses.txt")
CAPTIONS = "text_c10"
PER_IMAGE = 10
LOST = "\ufffd\ufffd"  # what an earlier conversion left of a curly quote or a dash


def class_splits(folder: Path, classes: Sequence[str]) -> dict[str, Collection[str]]:
    """{"train", "validation", "test": names of classes}; validation is a part of train.

    Raises RedrawError for a name that is no class, lists that overlap, and a class that is in no list.
    """
    known = set(classes)
    read = {name: _classes(folder / name, known) for name in LISTS}
    for name in ("trainclasses.txt", "allclasses.txt"):
        if (folder / name).exists():
            read[name] = _classes(folder / name, known)
    trainval, test, val = (read[name] for name in LISTS)
    _apart(folder / "testclasses.txt", test, "trainvalclasses.txt", trainval)
    if "trainclasses.txt" in read:
        _apart(folder / "valclasses.txt", val, "trainclasses.txt", read["trainclasses.txt"])
    for name in ("trainclasses.txt", "valclasses.txt"):
        for said, number in read.get(name, {}).items():
            if said not in trainval:
                raise RedrawError(f"{folder / name}, line {number}: {said} is not in trainvalclasses.txt: {GET_BOTH}")
    for name in classes:
        if name not in trainval and name not in test:
            raise RedrawError(
                f"{folder}: class {name} is neither in trainvalclasses.txt nor in testclasses.txt: {GET_BOTH}"
            )
        if name not in read.get("allclasses.txt", known):
            raise RedrawError(f"{folder / 'allclasses.txt'}: class {name} is not in it: {GET_AGAIN}")
    return {"train": trainval, "validation": val, "test": test}


class Captions:
    """Reads the caption files below ``folder``/``name`` and keeps what is odd about them.

    ``usual`` is how many captions an image has; None where others count them.
    """

    def __init__(self, folder: Path, name: str = CAPTIONS, usual: int | None = PER_IMAGE) -> None:
        self.folder, self.usual = folder / name, usual
        self._pairs = self._mended = 0
        self._other_counts: list[tuple[int, str]] = []

    def check(self, keys: Iterable[str], where: str, pattern: str = "*/*.txt") -> None:
        """Raises RedrawError for a caption file of an image that is not among ``keys`` of ``where``.

        Keys are <class>/<image>, or with a flat ``pattern`` <image>.
        """
        known = set(keys)
        for path in sorted(self.folder.glob(pattern)):
            key = path.relative_to(self.folder).as_posix().removesuffix(".txt")
            if key not in known and not path.name.startswith("."):
                raise RedrawError(
                    f"{path}: captions of another image, {where} names no {key}: take the file away, or complete {where}"
                )

    def read(self, key: str) -> list[str]:
        """The captions of image ``key``. Raises RedrawError for a file that is missing, empty, or not UTF-8."""
        path = self.folder / f"{key}.txt"
        try:
            content = path.read_bytes()
            text = content.decode("utf-8")
        except FileNotFoundError:
            raise RedrawError(f"{path}: missing: put the image's captions there, one a line") from None
        except UnicodeDecodeError as e:
            number = content.count(b"\n", 0, e.start) + 1
            fail(path, number, f"byte 0x{content[e.start]:02x} at {e.start} of the file is not UTF-8")
        found = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
        if not found:
            raise RedrawError(f"{path}: no caption in it, {len(content)} bytes: {GET_AGAIN}")
        if self.usual not in (None, len(found)):
            self._other_counts.append((len(found), key))
        if LOST in text:
            self._pairs += text.count(LOST)
            self._mended += sum(LOST in caption for caption in found)
            found = [caption.replace(LOST, " ") for caption in found]
        return found

    def tell(self, writer: PreparedWriter) -> None:
        """Note what was mended, and images with another number of captions than is usual."""
        if self._pairs:
            writer.note(
                f"{self._pairs} pairs of U+FFFD (replacement character) in {self._mended} captions: a space stands for each"
            )
        if self._other_counts:
            (fewest, _), (most, _) = min(self._other_counts), max(self._other_counts)
            images = "1 image has" if len(self._other_counts) == 1 else f"{len(self._other_counts)} images have"
            range_ = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            first = self._other_counts[0][1]
            writer.note(
                f"{images} other than {self.usual} captions ({range_}; the first is {first}): taken as they are"
            )


# --- inside ------------------------------------------------------------------------------------------------------


def _classes(path: Path, known: set[str]) -> dict[str, int]:
    """{name of a class: its line}."""
    found: dict[str, int] = {}
    for number, name in lines(path):
        if name not in known:
            fail(path, number, f"the data set has no class {name!r}")
        if name in found:
            fail(path, number, f"class {name} is in line {found[name]} already")
        found[name] = number
    return found


def _apart(path: Path, names: dict[str, int], other: str, others: dict[str, int]) -> None:
    for name, number in names.items():
        if name in others:
            raise RedrawError(
                f"{path}, line {number}: {name} is in line {others[name]} of {other} too, and these lists share no class: "
                f"{GET_BOTH}"
            )
