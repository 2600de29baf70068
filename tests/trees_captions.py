"""Tiny raw trees with the layout of COCO 2014, Flickr8k and Flickr30k, with Karpathy's splits, as odd as the real ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from redraw.data.base import Prepared

WIDTH, HEIGHT = 40, 30
CATEGORIES = {1: "person", 2: "bicycle", 13: "stop sign"}
TRAIN, VAL = (30, 9, 25), (133, 42, 74, 73)  # ids in the order of the files
SPLIT = {9: "train", 25: "train", 30: "train", 42: "restval", 73: "restval", 74: "val", 133: "test"}
ORDER = (9, 25, 30, 42, 73, 74, 133)
INSTANCES = {  # {image: [(category id, box, crowd)]}, in the order of their annotations
    9: [(13, (10.0, 6.0, 8.5, 12.0), 0), (1, (0.0, 0.0, 40.0, 30.0), 1)],
    25: [(1, (20.25, 3.0, 10.0, 10.0), 0)],
    42: [(2, (4.0, 4.0, 30.0, 20.0), 0)],
    133: [(2, (1.0, 2.0, 3.0, 4.0), 0), (2, (11.0, 2.0, 3.0, 4.0), 0)],
}
NAMES = tuple(
    f"{n}_{k:02x}.jpg" for k, n in enumerate((30, 9, 25, 42, 73, 74))
)  # of Flickr8k, in the order of the files
FLICKR_SPLIT = dict(zip(NAMES, ("train", "train", "train", "val", "test", None), strict=True))
OWN = {"train": NAMES[1:3], "dev": NAMES[3:4], "test": NAMES[4:5]}
LOST = "2258277193_586949ec62.jpg.1"


def colour(i: int) -> tuple[int, int, int]:
    return i * 37 % 256, i * 91 % 256, i * 53 % 256


def picture(path: Path, i: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour(i)).save(path, quality=95, subsampling=0)


def captions_of(i: int) -> list[str]:
    return [f"Scene {i} as person {k} sees it." for k in range(6 if i == 25 else 5)]


def tokens_of(caption: str) -> list[str]:
    return caption.lower().replace(".", "").split()


def apart(caption: str) -> str:
    """With its full stop apart, as in the files of Flickr30k's authors; Karpathy's raw sentences are without that space."""
    return caption.replace(".", " .")


def sentences(imgid: int, captions: list[str]) -> dict[str, Any]:
    ids = list(range(imgid * 10, imgid * 10 + len(captions)))
    rows = zip(ids, captions, strict=True)
    said = [{"raw": text, "tokens": tokens_of(text), "imgid": imgid, "sentid": i} for i, text in rows]
    return {"imgid": imgid, "sentids": ids, "sentences": said}


def dump(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_coco(raw: Path) -> Path:
    """Three images of train2014, four of val2014; annotations in no order, six captions of one image, no objects on some."""
    for part, ids in (("train2014", TRAIN), ("val2014", VAL)):
        listed = []
        for i in ids:
            name = f"COCO_{part}_{i:012d}.jpg"
            picture(raw / part / name, i)
            listed.append({"license": 3, "file_name": name, "height": HEIGHT, "width": WIDTH, "id": i})
        texts = [{"image_id": i, "id": 100 * i + k, "caption": c} for i in ids for k, c in enumerate(captions_of(i))]
        found = [
            {"segmentation": {"counts": [3, 9], "size": [30, 40]} if crowd else [[1.5, 2, 3.25, 4, 5, 6]], "area": 4.5,
             "iscrowd": crowd, "image_id": i, "bbox": box, "category_id": category, "id": 10 * i + k}
            for i in ids for k, (category, box, crowd) in enumerate(INSTANCES.get(i, []))
        ]  # fmt: skip
        kinds = [{"supercategory": "all", "id": k, "name": name} for k, name in reversed(CATEGORIES.items())]
        head = {"info": {"year": 2014}, "images": listed, "licenses": [{"id": 3}]}
        dump(raw / f"annotations/captions_{part}.json", {**head, "annotations": texts[::-1]})
        dump(raw / f"annotations/instances_{part}.json", {**head, "annotations": found[::-1], "categories": kinds})
    images = []
    for n, i in enumerate((*VAL, *TRAIN)):
        part = "train2014" if i in TRAIN else "val2014"
        about = {"filepath": part, "filename": f"COCO_{part}_{i:012d}.jpg", "split": SPLIT[i], "cocoid": i}
        images.append(about | sentences(n, captions_of(i)))
    dump(raw / "karpathy/dataset_coco.json", {"images": images, "dataset": "coco"})
    return raw


def write_flickr(raw: Path, folder: str, tokens: str, karpathy: str, more: tuple[str, ...] = ()) -> Path:
    """Six images, one of them in no split, and captions of ``more`` names that have no picture."""
    rows = []
    for k, name in enumerate((*NAMES, *more)):
        rows += [f"{name}#{n}\t{apart(text)}" for n, text in reversed(list(enumerate(captions_of(k)[:5])))]
        if name in NAMES:
            picture(raw / folder / name, k, (WIDTH, HEIGHT) if k else (HEIGHT, WIDTH))
    (raw / tokens).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    images = [
        {"filename": name, "split": split} | sentences(k, captions_of(k)[:5])
        for k, (name, split) in enumerate(FLICKR_SPLIT.items())
        if split
    ]
    dump(raw / karpathy, {"images": images, "dataset": Path(karpathy).stem.removeprefix("dataset_")})
    return raw


def write_flickr8k(raw: Path) -> Path:
    write_flickr(raw, "Flicker8k_Dataset", "Flickr8k.token.txt", "karpathy/dataset_flickr8k.json", (LOST,))
    for which, names in OWN.items():
        (raw / f"Flickr_8k.{which}Images.txt").write_text("".join(f"{name}\n" for name in names))
    return raw


def write_flickr30k(raw: Path) -> Path:
    return write_flickr(raw, "flickr30k-images", "results_20130124.token", "karpathy/dataset_flickr30k.json")


def means(opened: Prepared) -> np.ndarray:
    """[N, 3], the mean colour of each image."""
    return np.stack([opened.image(k).reshape(-1, 3).mean(0) for k in range(len(opened))])


# --- harm --------------------------------------------------------------------------------------------------------


def edit(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda raw: (raw / path).write_bytes(change((raw / path).read_bytes()))


def entry(path: str, key: str, number: int, **values: Any) -> Callable[[Path], None]:
    """Entry ``number`` (from 1) of list ``key`` in a JSON file with other values; None takes a key away."""

    def harm(raw: Path) -> None:
        body = json.loads((raw / path).read_text())
        found = {**body[key][number - 1], **values}
        body[key][number - 1] = {name: value for name, value in found.items() if value is not None}
        dump(raw / path, body)

    return harm


def sentence(path: str, number: int, which: int, **values: Any) -> Callable[[Path], None]:
    """As ``entry``, of sentence ``which`` (from 1) of an image in Karpathy's file."""

    def harm(raw: Path) -> None:
        body = json.loads((raw / path).read_text())
        found = body["images"][number - 1]["sentences"]
        found[which - 1] = {n: v for n, v in {**found[which - 1], **values}.items() if v is not None}
        dump(raw / path, body)

    return harm


def listed(path: str, key: str, change: Callable[[list], list]) -> Callable[[Path], None]:
    """The JSON file with another list ``key``."""

    def harm(raw: Path) -> None:
        body = json.loads((raw / path).read_text())
        dump(raw / path, {**body, key: change(body[key])})

    return harm


def both(*harms: Callable[[Path], None]) -> Callable[[Path], None]:
    def harm(raw: Path) -> None:
        for one in harms:
            one(raw)

    return harm
