"""AttnGAN's captions of COCO's images, their ids, and which of its splits an image is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import attngan, reed
from .writer import PreparedWriter

PER_IMAGE = 5
OF_COCO = ("train", "test")
"""Splits that AttnGAN's lists say, too."""


@dataclass(frozen=True)
class Text:
    """By key, the name of a picture without its folder."""

    captions: Mapping[str, list[str]]
    split: Mapping[str, str]
    released: Mapping[str, list[list[int]]]  # ids of the writer's released vocabulary
    reader: reed.Captions  # knows what was odd

    def of(self, name: str, splits: Sequence[str]) -> tuple[list[str], list[str], list[list[int]]]:
        """Captions, splits and ids of the image ``name``, which is in ``splits`` by COCO's and Karpathy's lists.

        What trains here does not validate.
        """
        key = name.rpartition("/")[2]
        part = self.split[key]
        others = [s for s in splits if s not in OF_COCO and not (part == "train" and s == "validation")]
        return self.captions[key], [part, *others], self.released[key]


def of_attngan(folder: Path, names: Sequence[str], where: str, writer: PreparedWriter) -> Text:
    """AttnGAN's captions, ids and splits of the images ``names``, <folder>/<key> each, which are those of ``where``.

    Raises RedrawError where its files are not about these; notes a split that is not COCO's, and captions that are not what
    the ids say. A class_info.pickle is not read: COCO's images have no classes.
    """
    found = attngan.metadata(folder, PER_IMAGE)
    part_of = {key: part for part, _, key in (name.partition("/") for name in names)}
    attngan.same_keys(found, part_of, where)
    captions = reed.Captions(folder, attngan.TEXT, usual=None)
    captions.check(part_of, where, "*.txt")
    texts = attngan.texts(found, PER_IMAGE, captions.read, writer)
    for line in found.notes:
        writer.note(line)
    moved = [key for key, part in part_of.items() if (part == "train2014") != (found.split[key] == "train")]
    if moved:
        writer.note(
            f"{len(moved):,} images are in another split than their folder says (the first is {moved[0]}, in "
            f"{found.split[moved[0]]}): AttnGAN's is taken"
        )
    writer.released = found.vocabulary
    return Text(texts, found.split, found.captions, captions)
