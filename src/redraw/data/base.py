"""Batches assembled from the prepared format, one for all data sets (contents.py), by index."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import RedrawError, nearest
from .contents import Contents

if TYPE_CHECKING:
    import torch

FIELDS = ("image", "class_id", "box", "attributes", "keypoints", "tokens", "n_words", "captions")


class Prepared(Contents):
    """A prepared data set whose images, labels and captions come in batches."""

    _device: Any = "cpu"
    _resident: torch.Tensor | None = None  # all images [N, H, W, C] on the device

    def split(self, name: str) -> Part:
        """Raises RedrawError for a split that the data set has not."""
        if name not in self.splits:
            raise RedrawError(f"{self.folder}: no split {name!r}: {nearest(name, list(self.splits))}")
        return Part(self, self.splits[name])

    def to(self, device: Any, budget: int = 2 << 30) -> Prepared:
        """Batches will be on ``device``; images of one size stay there as uint8 where ``budget`` bytes hold them."""
        import torch

        self._device, self._resident = torch.device(device), None
        size = self.manifest["files"]["images.u8"]["bytes"]
        if self._device.type != "cpu" and self._uniform is not None and size <= budget:
            self._resident = torch.from_numpy(np.array(self._uniform)).to(self._device)
        return self

    def batch(
        self, indices: np.ndarray, fields: Sequence[str], rng: np.random.Generator, n_words: int | None = None
    ) -> dict[str, torch.Tensor]:
        """The images ``indices`` [N]: a pure function of the arguments; ``rng`` picks one of an item's captions, with ``n_words``
        one of so many ids, and nothing is padded.

        image [N, C, H, W] float32 in [-1, 1] · class_id [N] int64 · box [N, 4] float32 · tokens [N, T] int64 framed and
        padded with 0, T the same in every batch · n_words [N] int64, how many of them are no padding · captions [N, K, T]
        int64, all of an item's captions, padded with 0, K the most that any has · attributes [N, A] int64, 1, 0 or -1 ·
        keypoints [N, K, 3] float32.
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
            elif field == "keypoints" and self.keypoints is not None:
                found[field] = torch.from_numpy(self.keypoints[indices]).to(self._device)
            elif field in ("tokens", "n_words", "captions") and self.tokens is not None:
                table = self.tokens.table("trained")
                owners = self._owners(indices)
                if field == "captions":
                    found[field] = torch.from_numpy(table.all_of(owners)).to(self._device)
                    continue
                rows = table.pick(owners, rng, n_words)
                for name in {"tokens", "n_words"} & set(fields):
                    found[name] = torch.from_numpy(getattr(table, name)[rows].astype(np.int64)).to(self._device)
                if n_words is not None and "tokens" in found:
                    found["tokens"] = found["tokens"][:, :n_words]
            else:
                has = "known fields" if field not in FIELDS else "this data set is opened without it; known fields"
                raise RedrawError(f"{self.folder}: no field {field!r} in a batch: {has}: {', '.join(FIELDS)}")
        return found

    def by_length(self, indices: np.ndarray) -> dict[int, np.ndarray]:
        """{ids of a caption: which of ``indices``, from 0, each of so many is of}. Raises RedrawError without captions."""
        if self.tokens is None:
            raise RedrawError(f"{self.folder}: batches of one length of captions, but no captions: give the run tokens")
        return self.tokens.table("trained").by_length(self._owners(indices))

    def _owners(self, indices: np.ndarray) -> np.ndarray:
        """Whose captions those of the images are."""
        return indices if self.tokens.table("trained").owner == "image" else self.class_ids[indices]

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

    @functools.cached_property
    def by_length(self) -> dict[int, np.ndarray]:
        """{ids of a caption: the image of each of so many, within this part}."""
        return self.prepared.by_length(self.indices)

    def batch(
        self, indices: np.ndarray, fields: Sequence[str], rng: np.random.Generator, n_words: int | None = None
    ) -> dict[str, torch.Tensor]:
        """As Prepared.batch, of the images that are ``indices`` within this part."""
        return self.prepared.batch(self.indices[indices], fields, rng, n_words)
