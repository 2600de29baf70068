"""The prepared format, one for all data sets, and batches assembled from it by index.

A folder of

    images.u8           the bytes of all images, [H, W, C] each, one behind the other, each in its own size
    offsets.npy         [N + 1] int64, where each begins; shapes.npy [N, 3] int32, H W C
    class_ids.npy       [N] int32; names.txt a line each; splits.json {split: [[start, stop), …]}
    boxes.npy           [N, 4] float32: x, y, width, height in pixels; only where there are boxes
    attributes.npy      [N, A] int8: 1 present, 0 absent, -1 not visible; only where there are any, named in the manifest
    captions.utf8       the bytes of all captions; captions.npy [captions + 1] int64, where each begins
    caption_index.npy   [N + 1] int64, the first caption of each image; these three only where there are captions
    manifest.json       counts, sizes, and the size and SHA-256 of each file
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import RedrawError, nearest, read_json
from .files import AGAIN, check_digests, check_sizes
from .words import Tokens
from .writer import FORMAT

if TYPE_CHECKING:
    import torch

FIELDS = ("image", "class_id", "box", "attributes", "tokens", "n_words", "captions")


class Prepared:
    """A prepared data set, opened lazily: arrays are mapped into memory where they are first used."""

    def __init__(self, folder: Path, manifest: dict[str, Any], tokens: Tokens | None) -> None:
        self.folder, self.manifest, self.tokens = folder, manifest, tokens
        self._device: Any = "cpu"
        self._resident: torch.Tensor | None = None  # all images [N, H, W, C] on the device

    @classmethod
    def open(cls, folder: str | os.PathLike, tokens: str | os.PathLike | None = None) -> Prepared:
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
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of all images. Raises RedrawError where their sizes differ."""
        spans = self.manifest["image"]
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

    def split(self, name: str) -> Part:
        """Raises RedrawError for a split that the data set has not."""
        if name not in self.splits:
            raise RedrawError(f"{self.folder}: no split {name!r}: {nearest(name, list(self.splits))}")
        return Part(self, self.splits[name])

    # -- batches ------------------------------------------------------------------------------------------------

    def to(self, device: Any, budget: int = 2 << 30) -> Prepared:
        """Batches will be on ``device``; images of one size stay there as uint8 where ``budget`` bytes hold them."""
        import torch

        self._device, self._resident = torch.device(device), None
        size = self.manifest["files"]["images.u8"]["bytes"]
        if self._device.type != "cpu" and self._uniform is not None and size <= budget:
            self._resident = torch.from_numpy(np.array(self._uniform)).to(self._device)
        return self

    def batch(self, indices: np.ndarray, fields: Sequence[str], rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """The images ``indices`` [N]: a pure function of the arguments; ``rng`` picks one of an item's captions.

        image [N, C, H, W] float32 in [-1, 1] · class_id [N] int64 · box [N, 4] float32 · tokens [N, T] int64 framed and
        padded with 0, T the same in every batch · n_words [N] int64, how many of them are no padding · captions [N, K, T]
        int64, all of an item's captions, padded with 0, K the most that any has · attributes [N, A] int64, 1, 0 or -1.
        """
        import torch

        found = {}
        for field in fields:
            if field in found:
                continue
            if field == "image":
                found[field] = self._images(indices)
            elif field == "class_id":
                found[field] = torch.from_numpy(self.class_ids[indices]).to(self._device)
            elif field == "box" and self.boxes is not None:
                found[field] = torch.from_numpy(self.boxes[indices]).to(self._device)
            elif field == "attributes" and self.attributes is not None:
                found[field] = torch.from_numpy(self.attributes[indices]).to(self._device, torch.int64)
            elif field in ("tokens", "n_words", "captions") and self.tokens is not None:
                table = self.tokens.table("trained")
                owners = indices if table.owner == "image" else self.class_ids[indices]
                if field == "captions":
                    found[field] = torch.from_numpy(table.all_of(owners)).to(self._device)
                    continue
                rows = table.pick(owners, rng)
                for name in {"tokens", "n_words"} & set(fields):
                    found[name] = torch.from_numpy(getattr(table, name)[rows].astype(np.int64)).to(self._device)
            else:
                has = "known fields" if field not in FIELDS else "this data set is opened without it; known fields"
                raise RedrawError(f"{self.folder}: no field {field!r} in a batch: {has}: {', '.join(FIELDS)}")
        return found

    def _images(self, indices: np.ndarray) -> torch.Tensor:
        import torch

        if self._resident is not None:
            picked = self._resident[torch.from_numpy(np.asarray(indices)).to(self._device)]
        elif self._uniform is not None:
            picked = torch.from_numpy(self._uniform[indices]).to(self._device)
        else:
            images = [self.image(i) for i in indices]
            if len({i.shape for i in images}) > 1:
                self.image_shape  # noqa: B018  raises the line that says so
            picked = torch.from_numpy(np.stack(images)).to(self._device)
        # Bytes travel to the device, floats are made there. 0 -> -1, 255 -> 1.
        values = picked.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
        return values.div_(127.5).sub_(1)

    # -- files --------------------------------------------------------------------------------------------------

    def _mapped(self, name: str) -> np.ndarray:
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
    def _offsets(self) -> np.ndarray:
        return np.load(self.folder / "offsets.npy")

    @functools.cached_property
    def _shapes(self) -> np.ndarray:
        return np.load(self.folder / "shapes.npy")

    @functools.cached_property
    def _caption_bytes(self) -> np.ndarray:
        return self._mapped("captions.utf8")

    @functools.cached_property
    def _caption_offsets(self) -> np.ndarray:
        return np.load(self.folder / "captions.npy")

    @functools.cached_property
    def _caption_index(self) -> np.ndarray:
        return np.load(self.folder / "caption_index.npy")


class Part:
    """Some images of a data set, numbered from 0: a split."""

    def __init__(self, prepared: Prepared, indices: np.ndarray) -> None:
        self.prepared, self.indices = prepared, indices

    def __len__(self) -> int:
        return len(self.indices)

    @functools.cached_property
    def class_ids(self) -> np.ndarray:
        """[n] int64."""
        return self.prepared.class_ids[self.indices]

    def batch(self, indices: np.ndarray, fields: Sequence[str], rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """As Prepared.batch, of the images that are ``indices`` within this part."""
        return self.prepared.batch(self.indices[indices], fields, rng)
