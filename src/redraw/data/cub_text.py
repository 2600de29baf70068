"""The captions of CUB-200-2011's images, and in which splits these are: as Reed et al. have them, or AttnGAN."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import attngan, reed
from .writer import PreparedWriter


@dataclass(frozen=True)
class Text:
    """By key, <class>/<image>."""

    captions: dict[str, list[str]]
    splits: dict[str, list[str]]
    reader: reed.Captions  # knows what was odd
    released: dict[str, list[list[int]]] = field(default_factory=dict)  # ids of the writer's released vocabulary


def of_reed(folder: Path, class_of: Mapping[str, str], classes: Sequence[str]) -> Text:
    """The captions below ``folder``, and the splits of its class lists. ``class_of`` is {key: class}."""
    splits = reed.class_splits(folder, classes)
    captions = reed.Captions(folder)
    captions.check(class_of, "images.txt")
    texts = {key: captions.read(key) for key in class_of}
    return Text(texts, {key: _splits(name, splits) for key, name in class_of.items()}, captions)


def of_attngan(
    folder: Path, lists: Path, class_of: Mapping[str, str], classes: Sequence[str], writer: PreparedWriter
) -> Text:
    """AttnGAN's captions, ids and splits below ``folder``; which of its images validate is in Reed's class lists.

    Raises RedrawError where its files are not those of ``class_of``, {key: class}, or its classes others; notes a split that
    is not Reed's, and captions that are not what the ids say.
    """
    found, splits = attngan.metadata(folder, reed.PER_IMAGE, len(classes)), reed.class_splits(lists, classes)
    attngan.same_keys(found, class_of, "images.txt")
    attngan.same_classes(found, class_of)
    captions = reed.Captions(folder, attngan.TEXT)
    captions.check(class_of, "images.txt")
    texts = attngan.texts(found, reed.PER_IMAGE, captions.read, writer)
    for line in found.notes:
        writer.note(line)
    place = {name: k for k, name in enumerate(classes)}
    if len({found.classes[key] - place[name] for key, name in class_of.items()}) > 1:
        writer.note("class_info.pickle: classes have other numbers than in classes.txt, one each")
    moved = [key for key, name in class_of.items() if found.split[key] not in _splits(name, splits)]
    if moved:
        writer.note(
            f"{len(moved):,} images are in another split than Reed's class lists say (the first is {moved[0]}, in "
            f"{found.split[moved[0]]}): AttnGAN's is taken"
        )
    validating = {key for key, name in class_of.items() if found.split[key] == "train" and name in splits["validation"]}
    of_key = {key: [part, *(["validation"] if key in validating else [])] for key, part in found.split.items()}
    writer.released = found.vocabulary
    return Text(texts, of_key, captions, found.captions)


def _splits(name: str, splits: Mapping[str, Collection[str]]) -> list[str]:
    return [split for split, members in splits.items() if name in members]
