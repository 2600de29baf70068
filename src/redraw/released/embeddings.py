"""Captions' embeddings that authors released -> the table of papers.given_embeddings.GivenEmbeddings.

    embedded_captions   val_captions.t7 of StackGAN-Pytorch: captions as texts, and a vector of each
    stackgan_names      filenames.pickle of a part of StackGAN's data, and
    stackgan_vectors    char-CNN-RNN-embeddings.pickle of the same part: the vectors of each file's captions, in its order

A caption's key is what the run reads of it: its ids under the run's own tokens. Texts are read as the run's captions are. A
file is an image of the run's data set by the last part of its name, its k-th vector is that of the image's k-th caption, as
the authors' own loader takes it. Where two vectors are given for what reads the same, the first one counts, the files taken in
the order of the sheet; how many differ is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..core import RedrawError
from ..data.base import Prepared
from ..data.stackgan_text import embeddings, file_names
from ..data.torch7_captions import validation_captions
from ..papers.given_embeddings import GivenEmbeddings
from ..recipe import Recipe

PICTURE = re.compile(r"\.(jpe?g|png|bmp)$", re.IGNORECASE)


def embedded_captions(path: Path) -> dict[str, np.ndarray]:
    """{"texts", "text_ends": see ``_packed``, "vectors": [N, 1024]}."""
    texts, vectors = validation_captions(path)
    return {**_packed("text", texts), "vectors": vectors}


def stackgan_names(path: Path) -> dict[str, np.ndarray]:
    """{"names", "name_ends": see ``_packed``}."""
    return _packed("name", file_names(path))


def stackgan_vectors(path: Path) -> dict[str, np.ndarray]:
    """{"vectors": [files, captions, 1024]}."""
    return {"vectors": embeddings(path)}


def table(
    parts: Mapping[str, Mapping[str, Tensor]], recipe: Recipe, opened: Prepared
) -> tuple[dict[str, Tensor], list[str]]:
    """(state of ``recipe``, what is to be said of it) of {what a sheet says that they fill: tensors of its files}.

    Raises RedrawError for another recipe, names and vectors that do not belong together, vectors of another width, and
    where no caption of the data set has a vector.
    """
    if not isinstance(recipe, GivenEmbeddings):
        raise RedrawError(f"{type(recipe).__name__} has no table of captions: give the run the recipe GivenEmbeddings")
    if opened.tokens is None or opened.tokens.table("trained").owner != "image":
        raise RedrawError("given_embeddings: it looks captions up as its run reads them: give the run tokens of images")
    rows: dict[bytes, int] = {}
    captions, vectors, again, notes = [], [], _Again(), []
    for place, found in parts.items():
        if "vectors" not in found or found["vectors"].shape[-1] != recipe.embedding_dim:
            raise RedrawError(_unfit(place, found, recipe.embedding_dim))
        tokens, given = _of_texts(found, opened) if "texts" in found else _of_files(place, found, opened, notes)
        recipe.places(tokens[:0])  # raises the line for another length
        unread = 0
        for row, vector in zip(tokens.astype(np.uint8), given, strict=True):
            if not row.any():
                unread += 1
            elif (k := rows.setdefault(row.tobytes(), len(vectors))) < len(vectors):
                again.see(vectors[k], vector)
            else:
                captions.append(row)
                vectors.append(vector)
        if unread:
            notes.append(f"{place}: {unread:,} captions begin with a character that the run does not read: left out")
    state = {"captions": torch.from_numpy(np.array(captions)), "vectors": torch.from_numpy(np.array(vectors))}
    return state, [*_covered(rows, opened), *again.said(), *notes]


# --- inside ------------------------------------------------------------------------------------------------------


class _Again:
    """Vectors of captions that had one before."""

    def __init__(self) -> None:
        self.seen, self.differ, self.most = 0, 0, 0.0

    def see(self, first: np.ndarray, other: np.ndarray) -> None:
        most = float(np.abs(first - other).max())
        self.seen, self.differ, self.most = self.seen + 1, self.differ + (most > 0), max(self.most, most)

    def said(self) -> Iterator[str]:
        if self.seen:
            differ = f", by {self.most:.2g} at most: the first one counts" if self.differ else ""
            yield f"{self.seen:,} vectors of captions that had one before; {self.differ:,} differ{differ}"


class _Files(NamedTuple):
    """An image that a file is, and which file it is."""

    image: int
    file: int


def _packed(name: str, texts: Sequence[str]) -> dict[str, np.ndarray]:
    """{"<name>s": the bytes of all texts, "<name>_ends": [N], where each ends}."""
    content = [text.encode("utf-8", "surrogateescape") for text in texts]
    ends = np.cumsum([len(c) for c in content], dtype=np.int64)
    return {f"{name}s": np.frombuffer(b"".join(content), np.uint8).copy(), f"{name}_ends": ends}


def _unpacked(name: str, found: Mapping[str, Tensor]) -> list[str]:
    content, ends = found[f"{name}s"].numpy().tobytes(), found[f"{name}_ends"].tolist()
    spans = zip([0, *ends], ends, strict=False)
    return [content[start:end].decode("utf-8", "surrogateescape") for start, end in spans]


def _unfit(place: str, found: Mapping[str, Tensor], width: int) -> str:
    if "vectors" not in found:
        return f"{place}: file names without their vectors: give char-CNN-RNN-embeddings.pickle of the same part, too"
    return (
        f"{place}: vectors of {found['vectors'].shape[-1]} numbers, the run's embedding_dim is {width}: make them agree"
    )


def _of_texts(found: Mapping[str, Tensor], opened: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Tokens [N, T] and vectors [N, E]."""
    return opened.tokens.encode_texts(_unpacked("text", found))[0], found["vectors"].numpy()


def _of_files(
    place: str, found: Mapping[str, Tensor], opened: Prepared, notes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens [N, T] and vectors [N, E] of the files that are images of the data set."""
    if "names" not in found:
        raise RedrawError(f"{place}: vectors without their file names: give filenames.pickle of the same part, too")
    names, vectors = _unpacked("name", found), found["vectors"].numpy()
    if len(names) != len(vectors):
        raise RedrawError(
            f"{place}: {len(names):,} file names, but vectors of {len(vectors):,} files: give both files of one part"
        )
    written, per_file = opened.tokens.table("trained"), vectors.shape[1]
    of_image = _by_last_part(opened.names, str(opened.folder))
    of_file = _by_last_part(names, place)
    pairs = [_Files(of_image[name], file) for name, file in of_file.items() if name in of_image]
    if not pairs:
        raise RedrawError(
            f"{place}: none of {len(names):,} files is an image of {opened.manifest['dataset']} ({names[0][:80]!r}, "
            f"{opened.names[0]!r}): give the files of this data set"
        )
    counts = np.diff(written.first)
    whole = [pair for pair in pairs if counts[pair.image] >= per_file]
    if not whole:
        raise RedrawError(
            f"{place}: {per_file} vectors a file, but the images have {int(counts.max())} captions at most: give the files "
            "of this data set"
        )
    more = sum(int(counts[pair.image] > per_file) for pair in whole)
    for count, what in (
        (len(names) - len(pairs), "are no image of the data set: left out"),
        (len(pairs) - len(whole), f"have {per_file} vectors and fewer captions here: left out"),
        (more, f"have {per_file} vectors and more captions here: those of the first ones"),
    ):
        if count:
            notes.append(f"{place}: {count:,} of {len(names):,} files {what}")
    rows = np.concatenate([written.first[pair.image] + np.arange(per_file) for pair in whole])
    return written.tokens[rows], vectors[[pair.file for pair in whole]].reshape(len(rows), -1)


def _by_last_part(names: Sequence[str], where: str) -> dict[str, int]:
    """{last part of a path without a picture's suffix: place in ``names``}."""
    found: dict[str, int] = {}
    for k, name in enumerate(names):
        key = PICTURE.sub("", name.rpartition("/")[2])
        if found.setdefault(key, k) != k:
            raise RedrawError(f"{where}: two files are called {key[:80]!r}: give files whose last parts differ")
    return found


def _covered(rows: Mapping[bytes, int], opened: Prepared) -> Iterator[str]:
    """How many captions of each split have a vector. Raises RedrawError where none has one."""
    written = opened.tokens.table("trained")
    has = np.array([row.tobytes() in rows for row in written.tokens.astype(np.uint8)])
    if not has.any():
        raise RedrawError(
            f"given_embeddings: none of {len(rows):,} captions with a vector is one of {opened.manifest['dataset']}: give the "
            "files of this data set"
        )
    yield f"{len(rows):,} captions have a vector"
    for split in ("train", "test"):
        if split in opened.splits:
            spans = [np.arange(*written.first[i : i + 2]) for i in opened.split(split).indices]
            here = np.concatenate(spans)
            yield f"{int(has[here].sum()):,} of {len(here):,} captions of {split} have one"
