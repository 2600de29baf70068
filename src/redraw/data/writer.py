"""Writer of the prepared format (see base.py): images are appended one by one, the folder's files appear together."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from ..core import RedrawError, atomic_write, canonical_json, file_digest

FORMAT = 1
OPTIONAL = (
    "boxes.npy", "attributes.npy", "keypoints.npy", "objects.npy", "object_index.npy", "captions.utf8", "captions.npy",
    "caption_index.npy", "released.npz", "released.json",
)  # fmt: skip
OBJECT = 6  # numbers that say what an object is: category, x, y, width, height, crowd


class PreparedWriter:
    """``with PreparedWriter(folder, "digits") as writer: writer.add(…)``; then ``writer.body`` is the manifest's.

    Memory holds some 50 bytes an image and eight a caption, and the boxes, attributes, points, objects and released ids.
    Everything goes to a neighbour of ``folder`` first; leaving the block moves the files to their places, an exception drops
    them. While they are moved the folder has no manifest.json, so that a crash leaves either the old data set or none, never
    a half one.
    """

    def __init__(self, folder: str | os.PathLike, dataset: str, classes: Sequence[str] = ()) -> None:
        self.folder, self.dataset, self.classes = Path(folder), dataset, list(classes)
        self.body: dict[str, Any] = {}
        self.attributes: list[str] = []  # names of the columns of what `add` gets as attributes
        self.keypoints: list[str] = []  # names of the points that every image has
        self.categories: list[str] = []  # names of what its objects may be
        self.released: list[str] = []  # a vocabulary that the authors released, in the order of its ids
        self.raw: dict[str, Any] = {}  # {raw file: {"sha256", "bytes"}}, as `fetch` found them
        self._offsets, self._shapes, self._class_ids = array("q", [0]), array("i"), array("i")
        self._boxes, self._caption_offsets, self._caption_index = array("f"), array("q", [0]), array("q", [0])
        self._attributes, self._keypoints = array("b"), array("f")
        self._objects, self._object_index = array("f"), array("q", [0])
        self._ids, self._id_offsets, self._id_index = array("I"), array("q", [0]), array("q", [0])
        self._splits: dict[str, list[list[int]]] = {}
        self._notes: list[str] = []

    def __enter__(self) -> PreparedWriter:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._sweep()
        self._staging = self.folder.parent / f".{self.folder.name}.{os.getpid()}.part"
        self._staging.mkdir()
        self._files = contextlib.ExitStack()
        self._images = _HashedFile(self._files.enter_context(open(self._staging / "images.u8", "wb")))
        self._names = _HashedFile(self._files.enter_context(open(self._staging / "names.txt", "wb")))
        self._captions = _HashedFile(self._files.enter_context(open(self._staging / "captions.utf8", "wb")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._files:
                if kind is None:
                    self.body = self._finish()
            if kind is None:
                self._place()
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)

    def add(
        self, image: np.ndarray | None, class_id: int, name: str, splits: str | Sequence[str], captions: Iterable[str] = (),
        box: Sequence[float] | None = None, attributes: Sequence[int] | np.ndarray | None = None,
        keypoints: np.ndarray | None = None, objects: Sequence[Sequence[float]] | np.ndarray = (),
        released: Iterable[Sequence[int]] = (),
    ) -> None:  # fmt: skip
        """Append one image [H, W] or [H, W, C] of uint8, in the order in which a split's images are to be numbered.

        ``image`` is None for a document, in a data set that holds nothing else: its text is its caption. ``box`` is
        (x, y, width, height) in pixels, for every image or for none. An image may be in several splits. ``attributes`` are 1,
        0 or -1 (not visible) in the order of the writer's ``attributes``, for every image or none; ``keypoints`` [K, 3] are x,
        y in pixels and 1, or 0 for a hidden one, in the order of its ``keypoints``. ``objects`` [M, 6]: index into its
        ``categories``, x, y, width, height in pixels, 1 for a crowd. ``released``: captions as ids of its ``released`` words.
        """
        index = len(self._class_ids)
        if image is None:
            image = np.empty((0, 0, 0), np.uint8)
        elif image.dtype != np.uint8 or image.ndim not in (2, 3) or image.size == 0:
            raise ValueError(f"{name}: an image is uint8 [H, W] or [H, W, C], not {image.dtype} {image.shape}")
        if index and (image.size > 0) != (self._images.bytes > 0):
            raise ValueError(f"{name}: all items of a data set have an image, or none has")
        if index and (box is not None) != bool(self._boxes):
            raise RedrawError(f"{self.dataset}: {name}: boxes for some images only: complete the raw files' boxes")
        if "\n" in name or not name:
            raise ValueError(f"image {index}: a name is one line, not {name!r}")
        self._images.write(np.ascontiguousarray(image).data)
        self._offsets.append(self._images.bytes)
        self._shapes.extend(image.shape if image.ndim == 3 else (*image.shape, 1))
        self._class_ids.append(class_id)
        self._names.write(f"{name}\n".encode())
        if box is not None:
            self._boxes.extend(box)
        self._attributes.frombytes(np.array([] if attributes is None else attributes, np.int8).tobytes())
        if len(self._attributes) != (index + 1) * len(self.attributes):
            raise ValueError(f"{name}: every image has {len(self.attributes)} attributes")
        self._keypoints.frombytes(np.array([] if keypoints is None else keypoints, np.float32).tobytes())
        if len(self._keypoints) != (index + 1) * len(self.keypoints) * 3:
            raise ValueError(f"{name}: every image has {len(self.keypoints)} keypoints")
        for values in objects:
            if len(values) != OBJECT or not 0 <= values[0] < len(self.categories):
                raise ValueError(f"{name}: an object is a category, a box and a flag, not {values}")
            self._objects.extend(values)
        self._object_index.append(len(self._objects) // OBJECT)
        for ids in released:
            if len(ids) and not 0 <= min(ids) <= max(ids) < len(self.released):
                raise ValueError(f"{name}: ids {min(ids)} to {max(ids)} of {len(self.released)} words")
            self._ids.extend(ids)
            self._id_offsets.append(len(self._ids))
        self._id_index.append(len(self._id_offsets) - 1)
        for caption in captions:
            self._captions.write(caption.encode())
            self._caption_offsets.append(self._captions.bytes)
        self._caption_index.append(len(self._caption_offsets) - 1)
        for split in (splits,) if isinstance(splits, str) else splits:
            ranges = self._splits.setdefault(split, [])
            if ranges and ranges[-1][1] == index:
                ranges[-1][1] = index + 1
            else:
                ranges.append([index, index + 1])

    def note(self, line: str) -> None:
        """Something repaired, chosen or odd in the raw files: kept in the manifest and said on stderr."""
        self._notes.append(line)
        print(f"{self.dataset}: {line}", file=sys.stderr, flush=True)

    # -- inside ------------------------------------------------------------------------------------------------

    def _finish(self) -> dict[str, Any]:
        images = len(self._class_ids)
        if not images:
            raise RedrawError(f"{self.dataset}: no images in the raw files: get them again, then run the same command")
        class_ids = np.array(self._class_ids, np.int32)
        if class_ids.min() < 0 or class_ids.max() >= max(1, len(self.classes)):
            raise ValueError(
                f"{self.dataset}: class ids {class_ids.min()}..{class_ids.max()} of {len(self.classes)} classes"
            )
        shapes = np.array(self._shapes, np.int32).reshape(images, 3)
        arrays = {"offsets": np.array(self._offsets, np.int64), "shapes": shapes, "class_ids": class_ids}
        if self._boxes:
            arrays["boxes"] = np.array(self._boxes, np.float32).reshape(images, 4)
        if self._attributes:
            arrays["attributes"] = np.array(self._attributes, np.int8).reshape(images, len(self.attributes))
        if self._keypoints:
            arrays["keypoints"] = np.array(self._keypoints, np.float32).reshape(images, len(self.keypoints), 3)
        if self.categories:
            arrays["objects"] = np.array(self._objects, np.float32).reshape(-1, OBJECT)
            arrays["object_index"] = np.array(self._object_index, np.int64)
        captions = len(self._caption_offsets) - 1
        if captions:
            arrays["captions"] = np.array(self._caption_offsets, np.int64)
            arrays["caption_index"] = np.array(self._caption_index, np.int64)
        for name, values in arrays.items():
            np.save(self._staging / f"{name}.npy", values)
        if self.released:
            ids, offsets, index = (np.array(a) for a in (self._ids, self._id_offsets, self._id_index))
            np.savez_compressed(self._staging / "released.npz", ids=ids, offsets=offsets, index=index)
            atomic_write(self._staging / "released.json", canonical_json(self.released) + "\n")
        atomic_write(self._staging / "splits.json", canonical_json(self._splits) + "\n")
        written = {"images.u8": self._images, "names.txt": self._names, "captions.utf8": self._captions}
        for stream in written.values():
            stream.file.flush()
        if not captions:
            (self._staging / "captions.utf8").unlink()
        files = {}
        for path in sorted(self._staging.iterdir()):
            sha256 = written[path.name].sha256.hexdigest() if path.name in written else file_digest(path)
            files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256}
        spans = {
            n: [int(shapes[:, k].min()), int(shapes[:, k].max())] for k, n in enumerate(("height", "width", "channels"))
        }
        counts = {split: sum(stop - start for start, stop in ranges) for split, ranges in self._splits.items()}
        return {
            # named only where there are any: the record of a data set without stays what it was
            **{
                name: values
                for name in ("attributes", "keypoints", "categories", "released")
                if (values := getattr(self, name) if name != "released" else len(self.released))
            },
            "dataset": self.dataset, "format": FORMAT, "images": images, "image": spans, "classes": self.classes,
            "captions": captions, "boxes": bool(self._boxes), "splits": counts, "files": files, "raw": self.raw,
            "notes": self._notes,
        }  # fmt: skip

    def _place(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for name in ("manifest.json", *(n for n in OPTIONAL if n not in self.body["files"])):
            (self.folder / name).unlink(missing_ok=True)
        for name in self.body["files"]:
            with open(self._staging / name, "rb+") as f:
                os.fsync(f.fileno())
            os.replace(self._staging / name, self.folder / name)

    def _sweep(self) -> None:
        """Drop what killed writers of this folder left behind. Living ones write the same bytes: they may go on."""
        for old in self.folder.parent.glob(f".{self.folder.name}.*.part"):
            match = re.fullmatch(r".*\.(\d+)\.part", old.name)
            if match and (int(match[1]) == os.getpid() or not _alive(int(match[1]))):
                shutil.rmtree(old, ignore_errors=True)


class _HashedFile:
    """A file that knows the number and the SHA-256 of the bytes written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.bytes, self.sha256 = file, 0, hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.bytes += data.nbytes if isinstance(data, memoryview) else len(data)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
