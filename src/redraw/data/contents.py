"""The prepared format, one for all data sets, and what is in a folder of it.

A folder of

    images.u8           the bytes of all images, [H, W, C] each, one behind the other, each in its own size
    offsets.npy         [N + 1] int64, where each begins; shapes.npy [N, 3] int32, H W C
    class_ids.npy       [N] int32; names.txt a line each; splits.json {split: [[start, stop), …]}
    boxes.npy           [N, 4] float32: x, y, width, height in pixels; only where there are boxes
    attributes.npy      [N, A] int8: 1 present, 0 absent, -1 not visible; only where there are any, named in the manifest
    keypoints.npy       [N, K, 3] float32: x, y in pixels, 1 or 0 (hidden); only where there are any, named in the manifest
    objects.npy         [M, 6] float32: category (named in the manifest), x, y, width, height in pixels, 1 for a crowd
    object_index.npy    [N + 1] int64, the first object of each image; these two only where there are categories
    captions.utf8       the bytes of all captions; captions.npy [captions + 1] int64, where each begins
    caption_index.npy   [N + 1] int64, the first caption of each image; these three only where there are captions
    released.npz        captions as ids of a vocabulary that the authors released: ids, offsets [captions + 1] of them,
                        index [N + 1] of the offsets; released.json its words; these two only where there is one
    manifest.json       counts, sizes, and the size and SHA-256 of each file

A data set of documents has items without images: images.u8 is empty, all shapes are 0, the documents are the captions.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..core import RedrawError, read_json
from .files import AGAIN, check_digests, check_sizes
from .words import Tokens
from .writer import FORMAT


def _stored(name: str) -> Any:
    """An array of the folder, read where it is first used."""
    return functools.cached_property(lambda self: np.load(self.folder / name))


class Contents:
    """A prepared data set, opened lazily: arrays are mapped into memory where they are first used."""

    def __init__(self, folder: Path, manifest: dict[str, Any], tokens: Tokens | None) -> None:
        self.folder, self.manifest, self.tokens = folder, manifest, tokens

    @classmethod
    def open(cls, folder: str | os.PathLike, tokens: str | os.PathLike | None = None) -> Self:
        """Raises RedrawError where a file is missing or has another size than the manifest says."""
        folder = Path(folder)
        manifest = read_json(folder / "manifest.json")
        if not isinstance(manifest, dict) or "files" not in manifest:
            raise RedrawError(f"{folder}: no prepared data set (manifest.json): run `snakemake {folder}/manifest.json`")
        if manifest["format"] != FORMAT:
            raise RedrawError(f"{folder}: format {manifest['format']}, this version reads {FORMAT}: {AGAIN}")
        check_sizes(folder, manifest["files"], "manifest.json")
        return cls(folder, manifest, None if tokens is None else Tokens.open(tokens))

    def verify(self) -> None:
        """Raises RedrawError naming the first file whose SHA-256 is not the manifest's. Reads everything."""
        check_digests(self.folder, self.manifest["files"], "manifest.json")

    # -- what is in it ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.manifest["images"]

    @property
    def of_documents(self) -> bool:
        """Whether its items are texts, without images."""
        return not self.manifest["image"]["height"][1]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of all images. Raises RedrawError where their sizes differ, and for a data set of documents."""
        spans = self.manifest["image"]
        if self.of_documents:
            raise RedrawError(f"{self.folder}: documents without images: a recipe for images needs another data set")
        if any(low != high for low, high in spans.values()):
            text = ", ".join(f"{name} {spans[name][0]} to {spans[name][1]}" for name in ("height", "width", "channels"))
            raise RedrawError(f"{self.folder}: images of several sizes ({text}): crop them to one size before batching")
        return spans["channels"][0], spans["height"][0], spans["width"][0]

    @property
    def classes(self) -> int:
        return len(self.manifest["classes"])

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Words in the order of their ids; none where no tokens are attached."""
        return self.tokens.vocabulary if self.tokens else ()

    @functools.cached_property
    def class_ids(self) -> np.ndarray:
        """[N] int64."""
        return np.load(self.folder / "class_ids.npy").astype(np.int64)

    @functools.cached_property
    def names(self) -> list[str]:
        return (self.folder / "names.txt").read_text(encoding="utf-8").split("\n")[:-1]

    @functools.cached_property
    def boxes(self) -> np.ndarray | None:
        """[N, 4] float32, x, y, width, height in pixels; None where the data set has none."""
        return np.load(self.folder / "boxes.npy") if self.manifest["boxes"] else None

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """[A], "group::value" as CUB has it; none where the data set has no attributes."""
        return tuple(self.manifest.get("attributes", ()))

    @functools.cached_property
    def attributes(self) -> np.ndarray | None:
        """[N, A] int8, 1 present, 0 absent, -1 not visible; None where the data set has none."""
        return np.load(self.folder / "attributes.npy") if self.attribute_names else None

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """[K]; none where the data set has no keypoints."""
        return tuple(self.manifest.get("keypoints", ()))

    @functools.cached_property
    def keypoints(self) -> np.ndarray | None:
        """[N, K, 3] float32: x, y in pixels, 1 or 0 (hidden); None where the data set has none."""
        return np.load(self.folder / "keypoints.npy") if self.keypoint_names else None

    @property
    def categories(self) -> tuple[str, ...]:
        """What objects may be; none where the data set has no objects."""
        return tuple(self.manifest.get("categories", ()))

    def objects(self, index: int) -> np.ndarray:
        """[M, 6] float32, the objects of an image: category, x, y, width, height in pixels, 1 for a crowd."""
        if not self.categories:
            return np.empty((0, 6), np.float32)
        return self._objects[slice(*self._object_index[index : index + 2])]

    @functools.cached_property
    def splits(self) -> dict[str, np.ndarray]:
        """{split: image indices [n] int64}."""
        found = read_json(self.folder / "splits.json")
        return {n: np.concatenate([np.arange(a, b, dtype=np.int64) for a, b in ranges]) for n, ranges in found.items()}

    def image(self, index: int) -> np.ndarray:
        """[H, W, C] uint8, a view of the mapped file, at its own size."""
        height, width, channels = self._shapes[index]
        first = self._offsets[index]
        return self._bytes[first : first + height * width * channels].reshape(height, width, channels)

    def captions(self, index: int) -> list[str]:
        """The captions of an image as they were read, none to many."""
        if not self.manifest["captions"]:
            return []
        rows = range(*self._caption_index[index : index + 2])
        return [bytes(self._caption_bytes[slice(*self._caption_offsets[k : k + 2])]).decode() for k in rows]

    @functools.cached_property
    def released(self) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray] | None:
        """The authors' vocabulary and their captions as its ids: words, ids, offsets [captions + 1], index [N + 1].

        Caption k is ids[offsets[k]:offsets[k + 1]]; those of image i are index[i] to index[i + 1]. None where there is none.
        """
        if not self.manifest.get("released"):
            return None
        with np.load(self.folder / "released.npz") as stored:
            return read_json(self.folder / "released.json"), stored["ids"], stored["offsets"], stored["index"]

    # -- files --------------------------------------------------------------------------------------------------

    def _mapped(self, name: str) -> np.ndarray:
        if not (self.folder / name).stat().st_size:  # images of documents: nothing can be mapped
            return np.empty(0, np.uint8)
        # As a plain array: indexing a memmap object costs ten times a small batch.
        return np.asarray(np.memmap(self.folder / name, np.uint8, "r"))

    @functools.cached_property
    def _bytes(self) -> np.ndarray:
        return self._mapped("images.u8")

    @functools.cached_property
    def _uniform(self) -> np.ndarray | None:
        """All images [N, H, W, C] where they are of one size."""
        spans = self.manifest["image"]
        if any(low != high for low, high in spans.values()):
            return None
        return self._bytes.reshape(len(self), spans["height"][0], spans["width"][0], spans["channels"][0])

    @functools.cached_property
    def _caption_bytes(self) -> np.ndarray:
        return self._mapped("captions.utf8")

    _offsets, _shapes = _stored("offsets.npy"), _stored("shapes.npy")
    _objects, _object_index = _stored("objects.npy"), _stored("object_index.npy")
    _caption_offsets, _caption_index = _stored("captions.npy"), _stored("caption_index.npy")
