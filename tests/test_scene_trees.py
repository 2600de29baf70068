"""The folders of drawn scenes: those of COCO 2014, Flickr8k and Flickr30k."""

import collections
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from redraw.core import RedrawError
from redraw.data import drawn_scenes
from redraw.data.drawn import scene_kinds, scenes
from redraw.data.drawn.outlines import area_of
from redraw.data.drawn.scene_captions import captions
from redraw.data.drawn.scene_tree import flickr_names
from redraw.data.tokenizers import karpathy

SEED = drawn_scenes.COCO


def tree(folder: Path) -> dict[str, str]:
    """{file: SHA-256} of all files below a folder."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def load(path: Path):
    return json.loads(path.read_text())


def fetched(tmp_path_factory, edition):
    raw = tmp_path_factory.mktemp("scenes") / "raw"
    drawn_scenes.fetch(raw, edition)
    return raw


@pytest.fixture(scope="module")
def coco(tmp_path_factory):
    return fetched(tmp_path_factory, "small")


@pytest.fixture(scope="module")
def flickr8k(tmp_path_factory):
    return fetched(tmp_path_factory, "flickr8k_small")


@pytest.fixture(scope="module")
def flickr30k(tmp_path_factory):
    return fetched(tmp_path_factory, "flickr30k_small")


def coco_parts(raw):
    return [(part, *(load(raw / "annotations" / f"{kind}_{part}.json") for kind in ("captions", "instances")))
            for part in ("train2014", "val2014")]  # fmt: skip


def test_the_coco_folder_is_complete(coco):
    seen, sentences, objects, sixths = set(), set(), set(), 0
    for part, texts, boxes in coco_parts(coco):
        assert list(texts) == ["info", "images", "licenses", "annotations"] and texts["images"] == boxes["images"]
        assert boxes["categories"] == scene_kinds.CATEGORIES
        images = {image["id"]: image for image in texts["images"]}
        assert len(images) == len(texts["images"]) == {"train2014": 60, "val2014": 20}[part]
        names = {image["file_name"] for image in images.values()}
        assert names == {p.name for p in (coco / part).iterdir()}
        for number, image in images.items():
            assert image["file_name"] == f"COCO_{part}_{number:012d}.jpg"
            with Image.open(coco / part / image["file_name"]) as opened:
                assert opened.size == (image["width"], image["height"]) and opened.mode == "RGB"
        order = [note["image_id"] for note in texts["annotations"]]
        assert set(order) == set(images) and order != sorted(order) and order[:5] != [order[0]] * 5
        counts = collections.Counter(order)
        assert set(counts.values()) <= {5, 6}
        sixths += sum(n == 6 for n in counts.values())
        for note in boxes["annotations"]:
            x, y, w, h = note["bbox"]
            image = images[note["image_id"]]
            assert x >= 0 and y >= 0 and x + w <= image["width"] and y + h <= image["height"] and note["iscrowd"] == 0
            assert 0 < note["area"] <= w * h
            assert note["area"] == pytest.approx(sum(area_of(p) for p in note["segmentation"]))
        seen |= set(images)
        sentences |= {note["id"] for note in texts["annotations"]}
        objects |= {note["id"] for note in boxes["annotations"]}
    assert len(seen) == 80 and max(seen) - min(seen) > 100 * len(seen) and sixths == 2
    assert len(sentences) == 402
    ends = [n["caption"] for _, texts, _ in coco_parts(coco) for n in texts["annotations"]]
    assert 0 < sum(text != text.strip() for text in ends) < 20  # as in the real files
    assert len(objects) == sum(len(boxes["annotations"]) for _, _, boxes in coco_parts(coco))


def test_instances_and_captions_are_those_of_the_pictures(coco):
    """Picture 0 is drawn again: its file, its captions and its objects are found under one id."""
    shown = scenes.picture(SEED, 0)
    _, texts, boxes = coco_parts(coco)[0]
    wanted = {c.text for c in captions(SEED, 0, False)}
    owners = {n["image_id"] for n in texts["annotations"] if n["caption"].strip() in wanted}
    assert len(owners) == 1
    mine = [n for n in boxes["annotations"] if n["image_id"] in owners]
    ids = {kind["name"]: kind["id"] for kind in boxes["categories"]}
    found = sorted((n["category_id"], n["bbox"], n["segmentation"]) for n in mine)
    assert found == sorted((ids[t.category], list(t.box), t.polygons) for t in shown.things)
    with Image.open(coco / "train2014" / f"COCO_train2014_{owners.pop():012d}.jpg") as opened:
        assert np.abs(np.asarray(opened, int) - shown.image).mean() < 4


def test_karpathys_list_agrees_with_cocos(coco):
    listed = load(coco / "karpathy" / "dataset_coco.json")
    assert listed["dataset"] == "coco"
    splits = collections.Counter((image["filepath"], image["split"]) for image in listed["images"])
    assert splits == {
        ("train2014", "train"): 60,
        ("val2014", "restval"): 5,
        ("val2014", "val"): 5,
        ("val2014", "test"): 10,
    }
    told = {n["id"]: (n["image_id"], n["caption"]) for _, texts, _ in coco_parts(coco) for n in texts["annotations"]}
    for i, image in enumerate(listed["images"]):
        assert image["imgid"] == i and image["filename"] == f"COCO_{image['filepath']}_{image['cocoid']:012d}.jpg"
        assert image["sentids"] == sorted(s["sentid"] for s in image["sentences"])
        for sentence in image["sentences"]:
            assert sentence["imgid"] == i and told.pop(sentence["sentid"]) == (image["cocoid"], sentence["raw"])
            assert sentence["tokens"] == karpathy(sentence["raw"])
    assert not told


def test_tokens_are_lower_case_without_punctuation():
    assert karpathy("A man, in a T-shirt .\n") == ["a", "man", "in", "a", "tshirt"]


@pytest.mark.parametrize("name", ["flickr8k", "flickr30k"])
def test_the_flickr_folders_are_complete(name, request):
    raw = request.getfixturevalue(name)
    edition = drawn_scenes.EDITIONS[f"{name}_small"]
    folder, table = {
        "flickr8k": ("Flicker8k_Dataset", "Flickr8k.token.txt"),
        "flickr30k": ("flickr30k-images", "results_20130124.token"),
    }[name]
    pictures = {p.name for p in (raw / folder).iterdir()}
    assert pictures == set(flickr_names(edition)) and len(pictures) == 62
    shape = r"\d+_[0-9a-f]{10}\.jpg" if name == "flickr8k" else r"\d+\.jpg"
    assert all(re.fullmatch(shape, file) for file in pictures)
    lines = [line.split("\t") for line in (raw / table).read_text().splitlines()]
    assert all(len(line) == 2 for line in lines)
    told = collections.defaultdict(list)
    for key, text in lines:
        file, k = key.rsplit("#", 1)
        assert int(k) == len(told[file])
        told[file].append(text)
    strays = set(told) - pictures
    assert pictures <= set(told) and len(strays) == (name == "flickr8k") and all(s.endswith(".jpg.1") for s in strays)
    listed = load(raw / "karpathy" / f"dataset_{name}.json")
    assert listed["dataset"] == name
    splits = collections.defaultdict(list)
    for i, image in enumerate(listed["images"]):
        assert image["imgid"] == i and image["sentids"] == list(range(5 * i, 5 * i + 5)) and "filepath" not in image
        assert [s["raw"] for s in image["sentences"]] == told[image["filename"]]
        assert all(s["tokens"] == karpathy(s["raw"]) for s in image["sentences"])
        splits[image["split"]].append(image["filename"])
    assert {split: len(files) for split, files in splits.items()} == {"train": 40, "val": 10, "test": 10}
    if name == "flickr8k":
        for split, word in (("train", "train"), ("val", "dev"), ("test", "test")):
            assert (raw / f"Flickr_8k.{word}Images.txt").read_text().split() == splits[split]


def test_two_writes_are_byte_identical(coco, flickr8k, tmp_path):
    for edition, raw in (("small", coco), ("flickr8k_small", flickr8k)):
        drawn_scenes.fetch(tmp_path / edition, edition)
        assert tree(tmp_path / edition) == tree(raw)


def test_no_picture_is_in_two_data_sets(coco, flickr8k, flickr30k):
    files = [{p.read_bytes() for p in raw.rglob("*.jpg")} for raw in (coco, flickr8k, flickr30k)]
    assert list(map(len, files)) == [80, 62, 62] and len(set.union(*files)) == 204
    seeds = collections.defaultdict(set)
    for edition in drawn_scenes.EDITIONS.values():
        seeds[edition.layout].add(edition.seed)
    assert len(set.union(*seeds.values())) == len(seeds) == 3


def test_editions_and_their_layouts(tmp_path):
    for name in drawn_scenes.EDITIONS:
        assert drawn_scenes.layout(name) == (name.split("_")[0] if name.startswith("flickr") else "coco")
    for call in (drawn_scenes.layout, lambda edition: drawn_scenes.fetch(tmp_path / "raw", edition)):
        with pytest.raises(RedrawError, match="drawn_scenes: there is no edition 'flickr8k_smal': did you mean"):
            call("flickr8k_smal")
    assert not (tmp_path / "raw").exists()
