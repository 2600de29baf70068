"""The raw folders of drawn scenes: COCO 2014's, Flickr8k's and Flickr30k's files, in their names and forms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..tokenizers import karpathy
from .dice import Dice
from .scene_captions import captions
from .scene_kinds import CATEGORIES, KINDS
from .scenes import Picture, picture
from .trees import write_jpeg, write_lines

KARPATHY = "karpathy"
HIGHEST_ID = 581929
SIXTH = 40  # every so many pictures of COCO's have a sixth caption
DAY = "2014-01-01 00:00:00"
INFO = {
    "description": "Drawn scenes in the form of COCO 2014. Made by a program; nothing was taken from that data set.",
    "url": "", "version": "1.0", "year": 2014, "contributor": "redraw", "date_created": DAY,
}  # fmt: skip
LICENSES = [{"url": "", "id": 1, "name": "Drawn by a program"}]


@dataclass(frozen=True)
class SceneEdition:
    """How many pictures are in each of Karpathy's splits, and in none; ``layout``: coco, flickr8k or flickr30k.

    Of COCO, ``train`` is train2014; restval, val and test together are val2014. Editions of other seeds share no picture.
    """

    layout: str
    seed: int
    train: int
    val: int
    test: int
    restval: int = 0
    unsplit: int = 0
    side: int = 84

    def splits(self) -> list[str]:
        """The split of each picture, by its index."""
        counts = {"train": self.train, "restval": self.restval, "val": self.val, "test": self.test, "": self.unsplit}
        return [name for name, n in counts.items() for _ in range(n)]


def write_scenes(folder: Path, edition: SceneEdition) -> None:
    """Draw all pictures of an edition and write the tree of its layout below ``folder``."""
    {"coco": _write_coco, "flickr8k": _write_flickr, "flickr30k": _write_flickr}[edition.layout](folder, edition)


def numbers(seed: int, name: str, count: int, highest: int) -> list[int]:
    """``count`` different numbers up to about ``highest``, with gaps between them, in no order."""
    dice = Dice(seed, name, count)
    step = max(2.0, highest / count)
    return dice.shuffled([int(k * step + dice.uniform(1, step)) for k in range(count)])


# -- COCO 2014


def _write_coco(folder: Path, edition: SceneEdition) -> None:
    splits = edition.splits()
    ids = numbers(edition.seed, "image ids", len(splits), HIGHEST_ID)
    said = [_said(edition.seed, index) for index in range(len(splits))]
    sentences = iter(numbers(edition.seed, "caption ids", sum(map(len, said)), 829719))
    noted = [sorted(zip((next(sentences) for _ in texts), texts, strict=True)) for texts in said]
    objects = iter(numbers(edition.seed, "object ids", 6 * len(splits), 2232119))
    for part in ("train2014", "val2014"):
        members = [i for i, split in enumerate(splits) if (split == "train") == (part == "train2014")]
        images, boxes, texts = [], [], []
        for i in members:
            drawn = picture(edition.seed, i, edition.side)
            write_jpeg(folder / part / _coco_name(part, ids[i]), drawn.image)
            images.append(_coco_image(part, ids[i], drawn))
            boxes += [_coco_object(next(objects), ids[i], thing) for thing in drawn.things]
            texts += [{"image_id": ids[i], "id": number, "caption": text} for number, text in noted[i]]
        dice = Dice(edition.seed, "order", part)
        head = {"info": INFO, "images": dice.shuffled(images), "licenses": LICENSES}
        write_json(folder / "annotations" / f"captions_{part}.json", {**head, "annotations": dice.shuffled(texts)})
        write_json(folder / "annotations" / f"instances_{part}.json",
                   {**head, "annotations": dice.shuffled(boxes), "categories": CATEGORIES})  # fmt: skip
    listed = []
    for i in _val_first(edition.seed, splits):
        part = "train2014" if splits[i] == "train" else "val2014"
        place = {"filepath": part, "cocoid": ids[i]}
        listed.append(_karpathy(len(listed), _coco_name(part, ids[i]), splits[i], noted[i], place))
    write_json(folder / KARPATHY / "dataset_coco.json", {"images": listed, "dataset": "coco"})


def _said(seed: int, index: int) -> list[str]:
    """The captions of a picture of COCO's; as there, some end in a blank or a line break."""
    dice = Dice(seed, "scene ends", index)
    texts = [caption.text for caption in captions(seed, index, False, 6 if index % SIXTH == SIXTH // 2 else 5)]
    return [text + dice.pick((" ", "\n")) if dice.chance(0.01) else text for text in texts]


def _coco_name(part: str, number: int) -> str:
    return f"COCO_{part}_{number:012d}.jpg"


def _coco_image(part: str, number: int, drawn: Picture) -> dict[str, Any]:
    height, width = drawn.image.shape[:2]
    return {"license": 1, "file_name": _coco_name(part, number), "coco_url": "", "height": height, "width": width,
            "date_captured": DAY, "flickr_url": "", "id": number}  # fmt: skip


def _coco_object(number: int, image: int, thing: Any) -> dict[str, Any]:
    return {"segmentation": thing.polygons, "area": thing.area, "iscrowd": 0, "image_id": image, "bbox": list(thing.box),
            "category_id": KINDS[thing.category].id, "id": number}  # fmt: skip


def _val_first(seed: int, splits: list[str]) -> list[int]:
    """The order of Karpathy's list: pictures of val2014, then of train2014, each in no order."""
    order = Dice(seed, "karpathy order").shuffled(range(len(splits)))
    return sorted(order, key=lambda i: splits[i] == "train")


# -- Flickr8k and Flickr30k


def _write_flickr(folder: Path, edition: SceneEdition) -> None:
    splits, eight = edition.splits(), edition.layout == "flickr8k"
    names = flickr_names(edition)
    images = folder / ("Flicker8k_Dataset" if eight else "flickr30k-images")  # misspelt as there
    said = [[caption.text for caption in captions(edition.seed, i, True)] for i in range(len(splits))]
    for i, name in enumerate(names):
        write_jpeg(images / name, picture(edition.seed, i, edition.side).image)
    rows = {name: said[i] for i, name in enumerate(names)}
    if eight:  # as there, a name without a picture
        rows[f"{names[0]}.1"] = [caption.text for caption in captions(edition.seed, len(splits), True)]
    lines = [f"{name}#{k}\t{text}" for name in sorted(rows) for k, text in enumerate(rows[name])]
    write_lines(folder / ("Flickr8k.token.txt" if eight else "results_20130124.token"), lines)
    order = Dice(edition.seed, "karpathy order").shuffled(range(len(splits)))
    for split, word in (("train", "train"), ("val", "dev"), ("test", "test")) if eight else ():
        write_lines(folder / f"Flickr_8k.{word}Images.txt", [names[i] for i in order if splits[i] == split])
    listed: list[dict[str, Any]] = []
    for i in order:
        if splits[i]:
            k = len(listed)
            listed.append(_karpathy(k, names[i], splits[i], [(5 * k + n, text) for n, text in enumerate(said[i])], {}))
    write_json(folder / KARPATHY / f"dataset_{edition.layout}.json", {"images": listed, "dataset": edition.layout})


def flickr_names(edition: SceneEdition) -> list[str]:
    """The file of each picture, by its index."""
    count = edition.train + edition.val + edition.test + edition.unsplit
    found = numbers(edition.seed, "names", count, 3_700_000_000 if edition.layout == "flickr8k" else 4_800_000_000)
    if edition.layout == "flickr30k":
        return [f"{number}.jpg" for number in found]
    dice = Dice(edition.seed, "hashes")
    return [f"{number}_{''.join(dice.pick('0123456789abcdef') for _ in range(10))}.jpg" for number in found]


# -- both


def _karpathy(image: int, name: str, split: str, noted: list[tuple[int, str]], place: dict[str, Any]) -> dict[str, Any]:
    sentences = [{"tokens": karpathy(text), "raw": text, "imgid": image, "sentid": number} for number, text in noted]
    return {**place, "sentids": [number for number, _ in noted], "filename": name, "imgid": image, "split": split,
            "sentences": sentences}  # fmt: skip


def write_json(path: Path, value: Any) -> None:
    """One line, keys in their order, the same bytes every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(value, separators=(",", ":")).encode("ascii"))
