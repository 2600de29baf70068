"""Samples, and what the instruments read on them: per-item arrays, so that every metric is arithmetic afterwards.

Evaluations that need the same images share one draw, and one reading of each instrument. Those without: measured.py.
"""

from __future__ import annotations

import contextlib
import itertools
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from .conditions import (
    CHUNK,
    Conditions,
    conditions_of,
    from_bytes,
    pictures_in_parts,
    real_images,
    real_in_parts,
    to_bytes,
)
from .core import RedrawError, atomic_path
from .data.base import Prepared
from .measured import MEASURED, measured, to_look_at
from .metrics import METRICS, TEXT
from .models import Instrument
from .recipe import Batch, Recipe
from .scores import OWN, Reader, group_name, reader_of
from .writing import references

Model = tuple[Recipe, dict[int, dict]]
Words = tuple[np.ndarray, np.ndarray]
"""tokens [N, T] and n_words [N], in the vocabulary of whoever reads them"""
OF_THE_CAPTION = ("class_id", "n_words", "captions", "references")  # fields of items.npz that nobody has to read


def draw(
    model: Model, instruments: Mapping[str, Instrument], opened: Prepared, evaluations: Mapping[str, Mapping[str, Any]],
    seed: int, home: Path,
) -> None:  # fmt: skip
    """Write samples.npz (uint8 images [N, C, H, W] and captions per group) and items.npz (arrays per group) to ``home``.

    Where an evaluation asks for ``attention``, samples.npz has ``<group>/attention.<side>`` uint8 [N, T, side, side] for
    each stage of the recipe's method of this name, 255 being the largest value of the caption in the stage, so that its
    words compare, and ``<group>/words`` [N, T], "" behind the last one. Where it asks for ``drawing``, ``<group>/drawing``
    uint8 [N, T, C, H, W] is the image after each of T steps, by the recipe's method of this name, ``<group>/titles`` [N] what
    it calls them, if it does, and ``<group>/alignment`` [N, T, words], if it has it, how much each of ``words`` was looked at.
    Of real images maps and words are those of the captions that the run itself writes; with ``captioned``, a captioner's
    role, ``<group>/written.<role>`` [N] is what it writes.

    items.npz: ``<group>/class_id``, ``<group>/n_words`` [N], ``<group>/captions`` [N] where there are captions,
    ``<group>/references`` [N, R] where a metric reads them, ``<group>/<reader>/written`` [N] of a captioner,
    ``<group>/<reader>/<field>`` [N, …] and ``<field>_labels`` for what the instruments read, the same below
    ``reference-<split>/`` for real images that are compared with. With snapshots ``<group>/steps`` [S], and for each of
    these steps ``<group>/<reader>/<field>@<step>`` [N, …]; what a caption says to an instrument does not change with
    the model and is kept once. Held in memory are the bytes of one group and what one instrument reads on them.

    The reader's name ends in ``.<K>samples`` and ``.<G>gallery`` where the options say so. Fields that no instrument's
    ``encode`` gives, float64: ``bounds`` [N, K] in nats, of each image with its own caption; ``gallery_bounds`` [F, G, G],
    as metrics/retrieval.py reads them; ``ssim`` [N, R] and ``ssim_labels`` [R], each reading's mean over the K images.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for evaluation in evaluations.values():
        groups.setdefault(group_name(evaluation), []).append(evaluation)
    with _archive(home / "samples.npz") as keep_sample, _archive(home / "items.npz") as keep:
        for name, members in groups.items():
            conditions = conditions_of(members[0], opened, _knows(members[0], instruments, opened))
            keep(f"{name}/class_id", conditions.class_id)
            keep(f"{name}/n_words", conditions.n_words)
            images = _drawn(members[0], model[0], conditions, opened, seed)
            keep_sample(name, images)
            keep_sample(f"{name}/captions", np.array(conditions.captions))
            if conditions.captions:
                keep(f"{name}/captions", np.array(conditions.captions))
            if "style" in conditions.extra:  # to be shown above what was drawn in it
                style = conditions.extra["style"][: len(np.unique(conditions.extra["style"]))]
                keep_sample(f"{name}/style", to_bytes(real_images(model[0], opened, style)))
            for field, values in to_look_at(members, model[0], conditions, opened, seed, images, instruments).items():
                keep_sample(f"{name}/{field}", values)
            if any("references" in METRICS[m["metric"]].reads for m in members if m.get("metric") in METRICS):
                keep(f"{name}/references", references(conditions, opened))
            for reader, wanted in _readers(members).items():
                eyes = instruments.get(reader.role)
                found = measured(wanted, reader, members[0], model[0], conditions, opened, images, seed, eyes)
                if wanted - found.keys():
                    words = _words(reader, wanted, instruments[reader.role], conditions)
                    found |= read(instruments[reader.role], reader.mode, torch.from_numpy(images), words, reader.side)
                for field, values in found.items():
                    if field.removesuffix("_labels") in wanted:
                        keep(f"{name}/{reader.name}/{field}", values)
            followed = [m for m in members if m.get("snapshots")]
            if followed:
                _follow(model, instruments, opened, followed, conditions, seed, keep)
        _references(instruments, opened, evaluations.values(), keep)


def read(
    instrument: Instrument, mode: str, images: torch.Tensor, words: Words | None = None, side: int | None = None
) -> dict[str, np.ndarray]:
    """What an instrument sees: float32 arrays [N, ...], and the names of their columns where it has any.

    ``images`` [N, C, H, W] in [-1, 1], or bytes. ``mode`` "train" leaves its dropout live, as some releases do; it is the
    same for every run. Captions go in beside the images where ``words`` has them. With ``side`` every image is first
    brought to so many pixels a side, the antialiased way, so that models of several sizes are read at one.
    """
    return _read(instrument, mode, (images[k : k + CHUNK] for k in range(0, len(images), CHUNK)), words, side)


# --- inside ------------------------------------------------------------------------------------------------------


@torch.no_grad()
def _read(
    instrument: Instrument, mode: str, chunks: Iterable[torch.Tensor], words: Words | None, side: int | None
) -> dict[str, np.ndarray]:
    """``read`` of images that come CHUNK at a time."""
    network = instrument.recipe
    device = next(itertools.chain(network.parameters(), network.buffers())).device
    network.train(mode == "train")
    torch.manual_seed(0)
    parts: dict[str, list[np.ndarray]] = {}
    for k, chunk in enumerate(chunks):
        image = (from_bytes(chunk.numpy()) if chunk.dtype == torch.uint8 else chunk).to(device)
        if side is not None:
            image = F.interpolate(image, (side, side), mode="bilinear", antialias=True)
        batch: Batch = {"image": image}
        if words is not None:
            here = slice(k * CHUNK, k * CHUNK + len(chunk))
            named = zip(("tokens", "n_words"), words, strict=True)
            batch |= {name: torch.from_numpy(values[here].astype(np.int64)).to(device) for name, values in named}
        for field, value in network.encode(batch).items():
            parts.setdefault(field, []).append(value.float().cpu().numpy())
    network.eval()
    found = {field: np.concatenate(values) for field, values in parts.items()}
    return found | {f"{field}_labels": np.array(names) for field, names in network.labels.items() if field in found}


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[Callable[[str, np.ndarray], None]]:
    """A function that adds an array to the .npz file ``path``, with the bytes of numpy's ``savez_compressed``."""
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:

        def keep(name: str, values: np.ndarray) -> None:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values, allow_pickle=False)

        yield keep


def _knows(
    evaluation: Mapping[str, Any], instruments: Mapping[str, Instrument], opened: Prepared
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Which captions the run knows that ``among`` names. Raises RedrawError where it is no table of them."""
    if "among" not in evaluation:
        return None
    asked, found = evaluation["among"], instruments[evaluation["among"]].recipe
    if not hasattr(found, "knows") or evaluation["captions"] not in opened.splits:
        raise RedrawError(f"evaluation, among {asked}: name a run of GivenEmbeddings, and captions of a split")
    return found.knows


def _drawn(
    evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int
) -> np.ndarray:
    """uint8 [N, C, H, W]: what is read is what is kept."""
    parts = pictures_in_parts(evaluation, recipe, conditions, opened, seed)
    return np.concatenate([to_bytes(part) for part in parts])


def _readers(members: Iterable[Mapping[str, Any]]) -> dict[Reader, set[str]]:
    """{reader: fields that are kept}, by the readers' names."""
    found: dict[Reader, set[str]] = {}
    for m in members:
        about = METRICS.get(m.get("metric", ""))
        reads = {*about.reads} - {*OF_THE_CAPTION} if about else set()
        if m.get("instrument") or reads & {*MEASURED}:
            found.setdefault(reader_of(m), set()).update(reads)
        if about and about.own:
            found.setdefault(OWN, set()).update(about.own)
    return dict(sorted(found.items(), key=lambda entry: entry[0].name))


def _words(reader: Reader, wanted: set[str], instrument: Instrument, conditions: Conditions) -> Words | None:
    """The captions as the reader takes them: a run's own as it was trained, another's as texts in its own vocabulary.

    There a word that it does not know is <unk>, or left out of a vocabulary that has none; what is longer than any
    caption that it learned from is cut there. Raises RedrawError where it has no vocabulary, or a caption no known word.
    """
    if reader.role == "self":
        return (conditions.tokens, conditions.n_words) if conditions.captions else None
    if TEXT not in wanted:
        return None
    if instrument.tokens is None or not conditions.captions:
        lacking = "captions are none" if instrument.tokens else f"{instrument.run} has no vocabulary"
        raise RedrawError(
            f"evaluation, instrument {reader.role}: {lacking}: name an instrument that reads captions, and captions to read"
        )
    tokens, n_words = instrument.tokens.encode_texts(conditions.captions)
    if not n_words.all():
        unknown = conditions.captions[int(n_words.argmin())]
        raise RedrawError(f"evaluation: {instrument.run} knows no word of the caption {unknown!r}: take others")
    longest = instrument.tokens.longest
    return tokens[:, :longest], np.minimum(n_words, longest)


def _references(
    instruments: Mapping[str, Instrument], opened: Prepared, evaluations: Iterable[Mapping[str, Any]],
    keep: Callable[[str, np.ndarray], None],
) -> None:  # fmt: skip
    """Keep what the instruments read on the real images of the splits that evaluations compare with."""
    compared = [e for e in evaluations if e.get("reference")]
    for split in sorted({e["reference"] for e in compared}):
        members = [e for e in compared if e["reference"] == split]
        for reader, wanted in _readers(members).items():
            instrument = instruments[reader.role]
            chunks = real_in_parts(instrument.recipe, opened, opened.split(split).indices)
            for field, values in _read(instrument, reader.mode, chunks, None, reader.side).items():
                if field in wanted:
                    keep(f"reference-{split}/{reader.name}/{field}", values)


def _follow(
    model: Model, instruments: Mapping[str, Instrument], opened: Prepared, members: list[Mapping[str, Any]],
    conditions: Conditions, seed: int, keep: Callable[[str, np.ndarray], None],
) -> None:  # fmt: skip
    """Keep what is read at every snapshot of the training; afterwards the model has its last weights again."""
    recipe, snapshots = model
    name, readers = group_name(members[0]), _readers(members).items()
    keep(f"{name}/steps", np.array(sorted(snapshots), np.int64))
    final = {key: tensor.clone() for key, tensor in recipe.state_dict().items()}
    for step in sorted(snapshots):
        recipe.load_state_dict(snapshots[step])
        images = _drawn(members[0], recipe, conditions, opened, seed)
        for reader, wanted in readers:
            eyes = instruments.get(reader.role)
            found = measured(wanted, reader, members[0], recipe, conditions, opened, images, seed, eyes)
            if wanted - found.keys():
                words = _words(reader, wanted, instruments[reader.role], conditions) if reader.role == "self" else None
                found |= read(instruments[reader.role], reader.mode, torch.from_numpy(images), words, reader.side)
            for field, values in found.items():
                if field in wanted:
                    keep(f"{name}/{reader.name}/{field}@{step}", values)
    recipe.load_state_dict(final)
