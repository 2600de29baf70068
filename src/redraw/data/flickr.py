"""Flickr8k (Hodosh et al., 2013) and Flickr30k (Young et al., 2014), which lie on disk alike.

A folder of pictures, a file of captions with a line `<name>.jpg#<0 to 4><tab><caption>` each, UTF-8, and Karpathy's splits
(karpathy.py), which leave out some images. Images are in the order of their names.
"""

from __future__ import annotations

import os
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import RedrawError
from ..names import family
from . import karpathy
from .caption_lists import USUAL, CaptionLists, OtherCounts
from .forms import form_of
from .lists import GET_AGAIN, GET_BOTH, compare_counts, fail, found, required, shown, utf8_lines
from .pictures import Item, Pictures
from .writer import PreparedWriter

SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""Karpathy's split -> the split here; an image that he leaves out is in ``unsplit``"""
LINE = re.compile(rf"([^\s/]+)#([0-{USUAL - 1}])\t(.*)", re.DOTALL)
ALL_NUMBERS = (1 << USUAL) - 1


@dataclass(frozen=True)
class Layout:
    """What the files of a data set are called. ``own``: {list of names: its split}, the authors' own splits."""

    family: str
    title: str
    images: str
    captions: str
    karpathy: str
    own: Mapping[str, str]
    needs: str
    published: Mapping[str, int]

    @property
    def raw_files(self) -> tuple[str, ...]:
        return (self.images, self.captions, *self.own, self.karpathy)


def prepare(layout: Layout, raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The files below ``raw`` -> images with captions; options as in forms.py (76 pixels, squashed; crops: none or centre) and
    ``captions``: raw, as the authors' file has them, or karpathy_tokens, which unsplit images have not: these are left out.

    Raises RedrawError for a file that is missing, contradicts another one, or is not of its form.
    """
    options = dict(options)
    asked = karpathy.captions_of(options, writer.dataset)
    form = form_of(options, writer.dataset, ("none", "centre"))
    at = {name: required(raw, name, found(raw, name), writer.dataset, layout.needs) for name in layout.raw_files}
    folder = at[layout.images]
    texts = _Texts(at[layout.captions])
    there = _pictures(folder, writer)
    split_of, tokens = _karpathy(at[layout.karpathy], folder, there, texts, asked == "karpathy_tokens", writer)
    own = _own(layout, at, folder, there, texts)
    names = _whole(texts, there, split_of, own, writer)
    if asked == "karpathy_tokens":
        names = _split_only(names, split_of, writer)
    writer.classes = [layout.family]
    pictures, others, counts = Pictures(), OtherCounts(), Counter(images=len(names))
    items = (Item(folder / name) for name in names)
    for name, shaped in zip(names, pictures.stream(items, form), strict=True):
        captions = tokens.of(texts.row_of[name])
        if not captions:
            raise RedrawError(f"{at[layout.karpathy]}: no tokens in any sentence of {name}: {GET_AGAIN}")
        others.see(len(captions), name)
        splits = [split_of.get(name, "unsplit"), *filter(None, [own.get(name)])]
        writer.add(shaped.image, 0, name.removesuffix(".jpg"), splits, captions)
        counts.update(splits)
        counts["captions"] += len(captions)
    pictures.tell(writer)
    tokens.tell(writer)
    others.tell(writer)
    if family(writer.dataset) == layout.family:
        compare_counts(counts, layout.published, layout.title, writer)


# --- inside ------------------------------------------------------------------------------------------------------


class _Texts:
    """The file of captions: a row for each name in it, in the order of the file."""

    def __init__(self, path: Path) -> None:
        self.path, self.row_of, self.lists = path, dict[str, int](), CaptionLists()
        self._numbers = array("B")  # a bit for each caption number that was seen
        for number, line in utf8_lines(path):
            match = re.fullmatch(LINE, line)
            if match is None:
                fail(path, number, f"{shown(line)!r}, expected `<name>.jpg#<0 to {USUAL - 1}><tab><caption>`")
            name, bit = match[1], 1 << int(match[2])
            row = self.row_of.setdefault(name, len(self._numbers))
            if row == len(self._numbers):
                self._numbers.append(0)
            if self._numbers[row] & bit:
                fail(path, number, f"caption #{match[2]} of {name} comes twice")
            self._numbers[row] |= bit
            self.lists.add(row, int(match[2]), match[3], name)

    def check(self, name: str) -> None:
        """Raises RedrawError where a caption number of ``name`` is missing, or all its captions are empty."""
        row = self.row_of[name]
        lacking = ALL_NUMBERS & ~self._numbers[row]
        if lacking:
            which = (lacking & -lacking).bit_length() - 1
            raise RedrawError(f"{self.path}: no caption #{which} of {name}, expected #0 to #{USUAL - 1}: {GET_AGAIN}")
        if not self.lists.of(row):
            raise RedrawError(f"{self.path}: all captions of {name} are empty: {GET_AGAIN}")

    def check_split(self, name: str, there: set[str], folder: Path) -> str:
        """What an image of a split list lacks; empty where nothing."""
        if name not in there:
            return f"{name} is not in {folder.name}"
        return "" if name in self.row_of else f"{name} has no captions in {self.path.name}"


def _pictures(folder: Path, writer: PreparedWriter) -> set[str]:
    names = {name for name in os.listdir(folder) if not name.startswith(".")}
    others = sorted(name for name in names if not name.endswith(".jpg"))
    _tell(writer, others, f"in {folder.name} that {'is' if len(others) == 1 else 'are'} no .jpg: left out", "file")
    return names.difference(others)


def _karpathy(
    path: Path, folder: Path, there: set[str], texts: _Texts, wanted: bool, writer: PreparedWriter
) -> tuple[dict[str, str], CaptionLists]:
    """{name: split}; and Karpathy's tokens where they are ``wanted``, else the captions of the authors' file."""
    split_of, tokens = {}, CaptionLists()
    differ: list[str] = []
    for image in karpathy.read(path, tuple(SPLITS)):
        where = f"{path}: images, entry {image.number}"
        if lacking := texts.check_split(image.name, there, folder):
            raise RedrawError(f"{where}: {lacking}: {GET_BOTH}")
        if image.name in split_of:
            raise RedrawError(f"{where}: filename {image.name} comes twice: {GET_AGAIN}")
        row = texts.row_of[image.name]
        texts.check(image.name)
        differ += [image.name] * karpathy.differing(path, image, texts.lists.of(row), texts.path.name)
        split_of[image.name] = SPLITS[image.split]
        if wanted:
            for sentid, _, words in image.sentences:
                tokens.add(row, sentid, words, image.name)
    what = f"of {path.name} not among the captions of {texts.path.name} by letters and digits: taken from "
    _tell(writer, differ, what + (path.name if wanted else texts.path.name), "sentence")
    return split_of, tokens if wanted else texts.lists


def _own(layout: Layout, at: Mapping[str, Path], folder: Path, there: set[str], texts: _Texts) -> dict[str, str]:
    """{name: own split} of the authors' lists, which share no image."""
    found_in: dict[str, str] = {}
    for file in layout.own:
        for number, line in utf8_lines(at[file]):
            name = line.strip()
            if re.fullmatch(karpathy.NAME, name) is None:
                fail(at[file], number, f"{shown(name)!r}, expected the name of a picture")
            if lacking := texts.check_split(name, there, folder):
                fail(at[file], number, lacking)
            if name in found_in:
                fail(at[file], number, f"{name} is in {found_in[name]} already")
            found_in[name] = file
    return {name: layout.own[file] for name, file in found_in.items()}


def _whole(
    texts: _Texts, there: set[str], split_of: Mapping[str, str], own: Mapping[str, str], writer: PreparedWriter
) -> list[str]:
    """The names that have both picture and captions, sorted; who lacks one is in no split, and left out."""
    without_picture = sorted(texts.row_of.keys() - there)
    without_captions = sorted(there - texts.row_of.keys())
    names = sorted(there & texts.row_of.keys())
    _tell(writer, without_picture, "with captions but no picture: left out", "name")
    _tell(writer, without_captions, "without captions: left out", "picture")
    for name in names:
        texts.check(name)
    unsplit = [name for name in names if name not in split_of and name not in own]
    _tell(writer, unsplit, "in no split list: split unsplit", "image")
    return names


def _split_only(names: list[str], split_of: Mapping[str, str], writer: PreparedWriter) -> list[str]:
    left_out = [name for name in names if name not in split_of]
    _tell(writer, left_out, "without tokens, since Karpathy's file leaves them out: left out", "image")
    return [name for name in names if name in split_of]


def _tell(writer: PreparedWriter, names: Iterable[str], what: str, thing: str) -> None:
    names = list(names)
    if names:
        things = f"1 {thing}" if len(names) == 1 else f"{len(names):,} {thing}s"
        writer.note(f"{things} {what}; the first is {names[0]}")
