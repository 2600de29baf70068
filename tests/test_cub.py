"""CUB-200-2011 and Oxford-102 from their raw trees: a valid one comes back whole, a malformed one is one line."""

from __future__ import annotations

import importlib
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from raw_trees import ATTRIBUTES, COLOURS, HEIGHT, SPECIES, WIDTH, captions_of, picture, write, write_cub, write_oxford
from scipy.io import savemat

from redraw import data
from redraw.core import RedrawError, write_json
from redraw.data.base import Prepared
from redraw.data.cub_attributes import read_attributes
from redraw.data.matlab import read_whole_numbers
from redraw.names import edition, maker

IMAGES = "CUB_200_2011/images.txt"
LABELS = "CUB_200_2011/image_class_labels.txt"
BOXES = "CUB_200_2011/bounding_boxes.txt"
ANSWERS = "CUB_200_2011/attributes/image_attribute_labels.txt"
CERTAINTIES = "CUB_200_2011/attributes/certainties.txt"
PARTS = "CUB_200_2011/parts/part_locs.txt"
FIRST = "001.Red_Finch/Red_Finch_0001_901"
JPEG = f"CUB_200_2011/images/{FIRST}.jpg"
TEXT = f"cvpr2016_cub/text_c10/{FIRST}.txt"
AGAIN = "get the file again, then run the same command"
BOTH = "get both files again, then run the same command"


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict[str, Path]:
    """A valid raw tree of each data set. Not to be written to."""
    home = tmp_path_factory.mktemp("trees")
    return {"cub": write_cub(home / "cub"), "oxford102": write_oxford(home / "oxford102")}


@pytest.fixture
def trees(sound, tmp_path) -> dict[str, Path]:
    """Copies of these to do harm to."""
    return {name: Path(shutil.copytree(raw, tmp_path / "raw" / name)) for name, raw in sound.items()}


def prepared(name: str, raw: Path, folder: Path, **options) -> Prepared:
    write_json(folder / "manifest.json", data.prepare(name, raw, folder, options))
    opened = Prepared.open(folder)
    opened.verify()
    return opened


def edit(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda raw: (raw / path).write_bytes(change((raw / path).read_bytes()))


def without(path: str, number: int) -> Callable[[Path], None]:
    """The file without its line ``number``, from 1."""
    return edit(path, lambda old: b"".join(x for k, x in enumerate(old.splitlines(True), 1) if k != number))


def line(path: str, number: int, text: str) -> Callable[[Path], None]:
    """The file with another line ``number``, from 1; beyond its end, with one line more."""

    def change(old: bytes) -> bytes:
        found = old.splitlines(True)
        found[number - 1 : number] = [text.encode("latin-1") + b"\n"]
        return b"".join(found)

    return edit(path, change)


# --- a valid tree ------------------------------------------------------------------------------------------------


def test_a_valid_tree_comes_back_whole(sound, tmp_path):
    opened = prepared("cub", sound["cub"], tmp_path / "cub", size=32)
    assert opened.image_shape == (3, 32, 32) and len(opened) == 12
    assert opened.manifest["classes"] == list(SPECIES) and opened.attribute_names == ATTRIBUTES
    for k in range(12):
        i, species = k + 1, k % 3
        assert opened.names[k] == f"{SPECIES[species]}/{SPECIES[species][4:]}_{i:04d}_{900 + i}"
        assert opened.class_ids[k] == species and opened.captions(k) == captions_of(i)
        x, y, w, h = picture(i, COLOURS[species])[1]
        across, down = 32 / WIDTH, 32 / HEIGHT
        np.testing.assert_allclose(opened.boxes[k], [x * across, y * down, w * across, h * down], rtol=1e-6)
        left, top, right, bottom = (
            int(round(v)) for v in (*opened.boxes[k][:2], *(opened.boxes[k][:2] + opened.boxes[k][2:]))
        )
        inside = opened.image(k)[top + 2 : bottom - 2, left + 2 : right - 2].reshape(-1, 3).astype(int)
        assert np.abs(inside - COLOURS[species]).max() < 12  # the box holds the bird
        assert np.abs(opened.image(k)[-4:].reshape(-1, 3).astype(int) - (40, 160, 60)).max() < 12
        hidden = i % 4 == 0
        assert opened.attributes[k].tolist() == [*(int(a == species) for a in range(3)), 0, -1 if hidden else 1]
    assert {name: indices.tolist() for name, indices in opened.splits.items()} == {
        "train": [0, 1, 3, 4, 6, 7, 9, 10], "validation": [1, 4, 7, 10], "test": [2, 5, 8, 11],
        "own_train": [0, 2, 4, 6, 8, 10], "own_test": [1, 3, 5, 7, 9, 11],
        "train_own_train": [0, 4, 6, 10], "train_own_test": [1, 3, 7, 9],
        "test_own_train": [2, 8], "test_own_test": [5, 11],
    }  # fmt: skip
    batch = opened.split("test").batch(np.array([3, 0]), ["attributes", "image"], np.random.default_rng(0))
    assert batch["attributes"].tolist() == [[0, 0, 1, 0, -1], [0, 0, 1, 0, 1]]
    assert str(batch["attributes"].dtype) == "torch.int64"


def test_the_order_is_that_of_the_ids_not_of_the_lines(sound, trees, tmp_path):
    edit(IMAGES, lambda old: b"".join(reversed(old.splitlines(True))))(trees["cub"])
    edit(ANSWERS, lambda old: b"\n" + b"".join(reversed(old.splitlines(True))))(trees["cub"])
    turned = data.prepare("cub", trees["cub"], tmp_path / "turned")
    assert turned["files"] == data.prepare("cub", sound["cub"], tmp_path / "straight")["files"]


def test_a_valid_tree_of_flowers_comes_back_whole(sound, tmp_path):
    opened = prepared("oxford102", sound["oxford102"], tmp_path / "flowers", size=16)
    assert opened.image_shape == (3, 16, 16) and opened.boxes is None and opened.attributes is None
    assert opened.manifest["classes"] == ["class_00001", "class_00002", "class_00003"]
    assert opened.names == [f"jpg/image_{i:05d}" for i in range(1, 13)]
    assert opened.class_ids.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert [opened.captions(k) for k in range(12)] == [captions_of(i) for i in range(1, 13)]
    assert {name: indices.tolist() for name, indices in opened.splits.items()} == {
        "train": list(range(8)), "validation": [4, 5, 6, 7], "test": [8, 9, 10, 11],
        "own_train": [2, 3, 6, 7, 10, 11], "own_test": [0, 1, 4, 5, 8, 9],
        "train_own_train": [2, 3, 6, 7], "train_own_test": [0, 1, 4, 5], "test_own_train": [10, 11], "test_own_test": [8, 9],
    }  # fmt: skip


def test_a_tree_that_is_smaller_than_the_published_one_is_noted(sound, tmp_path, capsys):
    said = (
        "not CUB-200-2011 as published: 12 images (published 11,788), 3 classes (published 200), 8 train (published 8,855), "
        "4 test (published 2,933), 5 attributes (published 312)"
    )
    assert data.prepare("cub", sound["cub"], tmp_path / "cub")["notes"] == [said]
    assert f"cub: {said}\n" == capsys.readouterr().err
    assert data.prepare("drawn_birds-small", sound["cub"], tmp_path / "drawn")["notes"] == []
    flowers = data.prepare("oxford102-reference", sound["oxford102"], tmp_path / "flowers")["notes"]
    assert len(flowers) == 1 and flowers[0].startswith(
        "not Oxford-102 as published: 12 images (published 8,189), 3 classes"
    )


def test_attributes_may_lie_within(trees, tmp_path):
    shutil.move(trees["cub"] / "attributes.txt", trees["cub"] / "CUB_200_2011" / "attributes.txt")
    assert data.missing("cub", trees["cub"]) == []
    assert set(data.fetch("cub", trees["cub"])["files"]) == {"CUB_200_2011", "cvpr2016_cub"}
    assert prepared("cub", trees["cub"], tmp_path / "cub").attribute_names == ATTRIBUTES


# --- crop and squash ---------------------------------------------------------------------------------------------


def test_parts_are_read_and_go_with_the_picture(sound, tmp_path):
    opened = prepared("cub", sound["cub"], tmp_path / "cub", size=32)
    assert opened.keypoint_names == ("back", "beak")
    for k in range(12):
        x, y, w, h = picture(k + 1, COLOURS[k % 3])[1]
        across, down = 32 / WIDTH, 32 / HEIGHT
        beak = (0, 0, 0) if (k + 1) % 3 == 0 else ((x + w - 1) * across, (y + 2) * down, 1)
        expected = [((x + w / 2) * across, (y + h / 2) * down, 1), beak]
        np.testing.assert_allclose(opened.keypoints[k], expected, rtol=1e-6)


def test_parts_outside_of_their_picture_are_hidden_and_noted(trees, tmp_path, capsys):
    line(PARTS, 1, "1 1 61.0 10.0 1")(trees["cub"])
    opened = prepared("cub", trees["cub"], tmp_path / "cub", size=32)
    assert opened.keypoints[0, 0].tolist() == [0, 0, 0] and opened.keypoints[1, 0, 2] == 1
    assert "cub: 1 visible parts lie outside of their pictures: taken as hidden" in capsys.readouterr().err


def test_parts_of_which_nothing_is_said_are_hidden_and_noted(trees, tmp_path, capsys):
    without(PARTS, 1)(trees["cub"])
    opened = prepared("cub", trees["cub"], tmp_path / "cub", size=32)
    assert opened.keypoints[0, 0].tolist() == [0, 0, 0]
    assert "cub: part_locs.txt: nothing is said of 1 of 24 parts: taken as hidden" in capsys.readouterr().err


def test_cropping_is_an_option(sound, tmp_path):
    opened = prepared("cub", sound["cub"], tmp_path / "cub", size=32, crop="box")
    x, y, w, h = picture(12, COLOURS[2])[
        1
    ]  # 28, 6, 32, 16: half a side 24, centre (44, 14): columns 20 to 60, rows 0 to 38
    expected = [(x - 20) * 32 / 40, y * 32 / 38, w * 32 / 40, h * 32 / 38]
    np.testing.assert_allclose(opened.boxes[11], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "name, options, said",
    [
        ("cub", {"size": 4}, "cub: size 4: give the pixels of a side, a whole number from 8 to 1024"),
        ("cub", {"size": True}, "cub: size True: give the pixels of a side, a whole number from 8 to 1024"),
        ("cub", {"crop": "bird"}, "cub: crop 'bird': known: none, box"),
        ("cub", {"sise": 76}, "cub: no option 'sise' of prepare: did you mean \"size\"?"),
        ("oxford102", {"crop": "box"}, "oxford102: crop 'box': it has no boxes to crop by, known: none"),
    ],
)
def test_bad_options(sound, tmp_path, name, options, said):
    with pytest.raises(RedrawError) as error:
        data.prepare(name, sound[name], tmp_path / "out", options)
    assert str(error.value) == said


# --- malformed trees: errors -------------------------------------------------------------------------------------

HARM = {
    "missing box": (without(BOXES, 5), f"{BOXES}: no box for image 5 (002.Blue_Tern/Blue_Tern_0005_905.jpg): {AGAIN}"),
    "box outside": (
        line(BOXES, 2, "2 48 6 22 16"),
        f"{BOXES}, line 2: the box of image 2 (002.Blue_Tern/Blue_Tern_0002_902.jpg) stands out of its 60 x 40 pixels (x 48, "
        f"y 6, width 22, height 16): {AGAIN}",
    ),
    "box of no area": (
        line(BOXES, 1, "1 6.0 6.0 0.0 16.0"),
        f"{BOXES}, line 1: the box of image 1 ({FIRST}.jpg) has no area (x 6, y 6, width 0, height 16): {AGAIN}",
    ),
    "box that is no number": (
        line(BOXES, 1, "1 6.0 nan 20.0 16.0"),
        f"{BOXES}, line 1: '1 6.0 nan 20.0 16.0', expected `<image id> <x> <y> <width> <height>`: {AGAIN}",
    ),
    "box of no image": (
        line(BOXES, 13, "13 1 1 1 1"),
        f"{BOXES}: 13 images where images.txt has 12, image 13 is not in images.txt: {BOTH}",
    ),
    "part of no image": (line(PARTS, 25, "13 1 1 1 1"), f"{PARTS}, line 25: image 13 is not in images.txt: {AGAIN}"),
    "part that there is not": (line(PARTS, 3, "2 9 1 1 1"), f"{PARTS}, line 3: part 9 is not in parts.txt: {AGAIN}"),
    "part that comes twice": (line(PARTS, 2, "1 1 1 1 1"), f"{PARTS}, line 2: part 1 of image 1 comes twice: {AGAIN}"),
    "part of another form": (
        line(PARTS, 4, "2 2 1 1 2"),
        f"{PARTS}, line 4: '2 2 1 1 2', expected `<image id> <part id> <x> <y> <1 for visible, 0 for not>`: {AGAIN}",
    ),
    "no part at all": (edit(PARTS, lambda old: b""), f"{PARTS}: nothing is said of any part: {AGAIN}"),
    "caption of another image": (
        lambda raw: write(raw / "cvpr2016_cub/text_c10/001.Red_Finch/Red_Finch_0099_999.txt", *captions_of(99)),
        "cvpr2016_cub/text_c10/001.Red_Finch/Red_Finch_0099_999.txt: captions of another image, images.txt names no "
        "001.Red_Finch/Red_Finch_0099_999: take the file away, or complete images.txt",
    ),
    "wrong count: class labels": (
        without(LABELS, 12),
        f"{LABELS}: 11 images where images.txt has 12, none for image 12 (003.Grey_Gull/Grey_Gull_0012_912.jpg): {BOTH}",
    ),
    "wrong count: own split": (
        line("CUB_200_2011/train_test_split.txt", 13, "40 1"),
        f"CUB_200_2011/train_test_split.txt: 13 images where images.txt has 12, image 40 is not in images.txt: {BOTH}",
    ),
    "same count, other images": (
        line(LABELS, 12, "13 3"),
        f"{LABELS}: other images than in images.txt, none for image 12 (003.Grey_Gull/Grey_Gull_0012_912.jpg): {BOTH}",
    ),
    "wrong count: a picture is missing": (
        lambda raw: (raw / JPEG).unlink(),
        f"CUB_200_2011/images: 11 pictures where images.txt has 12, {FIRST}.jpg is missing: get the folder again",
    ),
    "wrong count: a picture too many": (
        lambda raw: shutil.copy(raw / JPEG, raw / "CUB_200_2011/images/002.Blue_Tern/copy.jpg"),
        "CUB_200_2011/images: 13 pictures where images.txt has 12, 002.Blue_Tern/copy.jpg is not in images.txt: get the "
        "folder again",
    ),
    "empty caption file": (edit(TEXT, lambda old: b"\n \n"), f"{TEXT}: no caption in it, 3 bytes: {AGAIN}"),
    "missing caption file": (
        lambda raw: (raw / TEXT).unlink(), f"{TEXT}: missing: put the image's captions there, one a line",
    ),
    "bad UTF-8": (
        edit(TEXT, lambda old: old[:40] + b"\x92" + old[40:]),
        f"{TEXT}, line 2: byte 0x92 at 40 of the file is not UTF-8: {AGAIN}",
    ),
    "duplicate id": (
        line(IMAGES, 13, "5 001.Red_Finch/other.jpg"), f"{IMAGES}, line 13: image 5 is in line 5 already: {AGAIN}",
    ),
    "duplicate path": (line(IMAGES, 13, f"13 {FIRST}.jpg"), f"{IMAGES}, line 13: {FIRST}.jpg is image 1 already: {AGAIN}"),
    "path that leaves the folder": (
        line(IMAGES, 3, "3 ../secret.jpg"),
        f"{IMAGES}, line 3: '3 ../secret.jpg', expected `<image id> <class>/<file>.jpg`: {AGAIN}",
    ),
    "malformed line": (
        line(LABELS, 7, "7 one"), f"{LABELS}, line 7: '7 one', expected `<image id> <class id>`: {AGAIN}",
    ),
    "not ASCII": (
        line(IMAGES, 2, "2 002.Blue_Tern/T\xe9rn.jpg"),
        f"{IMAGES}, line 2: byte 0xe9 in column 18, expected plain ASCII text: {AGAIN}",
    ),
    "unknown class id": (line(LABELS, 3, "3 4"), f"{LABELS}, line 3: class 4 of image 3 is not in classes.txt: {AGAIN}"),
    "class of another folder": (
        line(LABELS, 1, "1 2"), f"{LABELS}, line 1: image 1 is of 002.Blue_Tern, but images.txt has it at {FIRST}.jpg: {AGAIN}",
    ),
    "class ids with a gap": (
        line("CUB_200_2011/classes.txt", 3, "4 003.Grey_Gull"),
        f"CUB_200_2011/classes.txt: class 3 is missing, ids run from 1 to 4: {AGAIN}",
    ),
    "flag of the split": (
        line("CUB_200_2011/train_test_split.txt", 4, "4 2"),
        f"CUB_200_2011/train_test_split.txt, line 4: '4 2', expected `<image id> <1 for training, 0 for test>`: {AGAIN}",
    ),
    "split lists that overlap": (
        line("cvpr2016_cub/testclasses.txt", 2, "002.Blue_Tern"),
        "cvpr2016_cub/testclasses.txt, line 2: 002.Blue_Tern is in line 1 of trainvalclasses.txt too, and these lists share "
        f"no class: {BOTH}",
    ),
    "training and validation overlap": (
        line("cvpr2016_cub/trainclasses.txt", 2, "002.Blue_Tern"),
        "cvpr2016_cub/valclasses.txt, line 1: 002.Blue_Tern is in line 2 of trainclasses.txt too, and these lists share no "
        f"class: {BOTH}",
    ),
    "validation outside": (
        line("cvpr2016_cub/valclasses.txt", 1, "003.Grey_Gull"),
        f"cvpr2016_cub/valclasses.txt, line 1: 003.Grey_Gull is not in trainvalclasses.txt: {BOTH}",
    ),
    "class in no list": (
        without("cvpr2016_cub/trainvalclasses.txt", 2),
        f"cvpr2016_cub/trainclasses.txt, line 1: 001.Red_Finch is not in trainvalclasses.txt: {BOTH}",
    ),
    "class in no list at all": (
        edit("cvpr2016_cub/testclasses.txt", lambda old: b""),
        "cvpr2016_cub: class 003.Grey_Gull is neither in trainvalclasses.txt nor in testclasses.txt: " + BOTH,
    ),
    "class that there is not": (
        line("cvpr2016_cub/testclasses.txt", 1, "003.Gray_Gull"),
        f"cvpr2016_cub/testclasses.txt, line 1: the data set has no class '003.Gray_Gull': {AGAIN}",
    ),
    "class twice in a list": (
        line("cvpr2016_cub/allclasses.txt", 4, "001.Red_Finch"),
        f"cvpr2016_cub/allclasses.txt, line 4: class 001.Red_Finch is in line 1 already: {AGAIN}",
    ),
    "class not among all": (
        without("cvpr2016_cub/allclasses.txt", 2), f"cvpr2016_cub/allclasses.txt: class 002.Blue_Tern is not in it: {AGAIN}",
    ),
    "no picture": (
        edit(JPEG, lambda old: b"<html>quota exceeded</html>"), f"{JPEG}: no picture that Pillow can read, 27 bytes: {AGAIN}",
    ),
    "answer of another form": (
        line(ANSWERS, 8, "2 3 0 4"),
        f"{ANSWERS}, line 8: '2 3 0 4', expected `<image id> <attribute id> <1 or 0> <certainty id> <seconds>`: {AGAIN}",
    ),
    "answer that is no number": (
        line(ANSWERS, 8, "2 3 yes 4 1.5"),
        f"{ANSWERS}, line 8: '2 3 yes 4 1.5', expected `<image id> <attribute id> <1 or 0> <certainty id> <seconds>`: {AGAIN}",
    ),
    "answer that is not ASCII": (
        line(ANSWERS, 8, "2 3 0 4 1\xb75"), f"{ANSWERS}, line 8: byte 0xb7 within the line, expected plain ASCII text: {AGAIN}",
    ),
    "answer beyond all numbers": (
        line(ANSWERS, 8, f"2 3 0 {'9' * 20} 1"),
        f"{ANSWERS}, line 8: '2 3 0 {'9' * 20} 1', expected `<image id> <attribute id> <1 or 0> <certainty id> <seconds>`: "
        f"{AGAIN}",
    ),
    "answers with a stray line end": (
        line(ANSWERS, 8, "2 3 0 4\r1.5"), f"{ANSWERS}, line 8: byte 0x0d within the line, expected plain ASCII text: {AGAIN}",
    ),
    "answer of no image": (line(ANSWERS, 8, "99 3 0 4 1.5"), f"{ANSWERS}, line 8: image 99 is not in images.txt: {AGAIN}"),
    "answer of no attribute": (
        line(ANSWERS, 8, "2 6 0 4 1.5"), f"{ANSWERS}, line 8: attribute 6 is not in attributes.txt: {AGAIN}",
    ),
    "answer neither yes nor no": (line(ANSWERS, 8, "2 3 2 4 1.5"), f"{ANSWERS}, line 8: present is 2, expected 1 or 0: {AGAIN}"),
    "certainty that there is not": (
        line(ANSWERS, 8, "2 3 0 5 1.5"), f"{ANSWERS}, line 8: certainty 5 is not in certainties.txt: {AGAIN}",
    ),
    "answers end too early": (
        edit(ANSWERS, lambda old: b"".join(old.splitlines(True)[:-7])),
        f"{ANSWERS}: no line about image 12 (003.Grey_Gull/Grey_Gull_0012_912.jpg): {AGAIN}",
    ),
    "no answers": (edit(ANSWERS, lambda old: b""), f"{ANSWERS}: empty: {AGAIN}"),
    "no name for what is not visible": (
        without(CERTAINTIES, 1), f"{CERTAINTIES}: no certainty is called 'not visible': {AGAIN}",
    ),
    "missing file": (
        lambda raw: (raw / BOXES).unlink(),
        f"cub: {BOXES} is not in {{raw}}: put the unpacked folders CUB_200_2011 (CUB-200-2011, attributes.txt beside it) and "
        "cvpr2016_cub (captions of Reed et al.) there, then run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_a_malformed_tree_is_one_line(trees, tmp_path, case):
    harm, said = HARM[case]
    raw = trees["cub"]
    harm(raw)
    with pytest.raises(RedrawError) as error:
        data.prepare("cub", raw, tmp_path / "cub")
    text = str(error.value)
    print(text.replace(f"{raw}/", "").replace(str(raw), "work/raw/cub"))
    assert text == (said.format(raw=raw) if "{raw}" in said else f"{raw}/{said}")
    assert not (tmp_path / "cub").exists()


@pytest.mark.parametrize(
    "kept, reason", [(0.5, "truncated or damaged (Pillow says: "), (0.02, "no picture that Pillow can read")]
)
def test_a_truncated_picture_names_the_file(trees, tmp_path, kept, reason):
    path = trees["cub"] / JPEG
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(RedrawError) as error:
        data.prepare("cub", trees["cub"], tmp_path / "cub")
    text = str(error.value)
    print(text.replace(f"{trees['cub']}/", ""))
    assert (
        text.startswith(f"{path}: ") and text.endswith(f", {path.stat().st_size} bytes: {AGAIN}") and "\n" not in text
    )
    assert reason in text


# --- odd trees: notes --------------------------------------------------------------------------------------------


def notes_of(raw: Path, folder: Path) -> tuple[list[str], Prepared]:
    opened = prepared("drawn_birds", raw, folder)  # by this name nothing is said about the published numbers
    print(*opened.manifest["notes"], sep="\n")
    return opened.manifest["notes"], opened


def test_grey_and_cmyk_pictures_become_rgb_and_are_noted(trees, tmp_path):
    for i, mode in ((1, "L"), (2, "CMYK"), (4, "L")):
        path = next((trees["cub"] / "CUB_200_2011/images").glob(f"*/*_{i:04d}_*.jpg"))
        Image.open(path).convert(mode).save(path, quality=95)
    notes, opened = notes_of(trees["cub"], tmp_path / "cub")
    assert notes == [
        "2 pictures are grey, the channel is copied to red, green and blue: Red_Finch_0001_901.jpg, Red_Finch_0004_904.jpg",
        "1 picture is CMYK, converted to RGB by Pillow: Blue_Tern_0002_902.jpg",
    ]
    assert opened.image_shape == (3, 76, 76)
    grey = opened.image(0)
    assert np.array_equal(grey[..., 0], grey[..., 1]) and np.array_equal(grey[..., 0], grey[..., 2])
    x, y, w, h = opened.boxes[1].astype(int)
    assert np.abs(opened.image(1)[y + h // 2, x + w // 2].astype(int) - COLOURS[1]).max() < 12  # not inverted


def test_a_png_called_jpg_is_read_and_noted(trees, tmp_path):
    path = trees["cub"] / JPEG
    Image.open(path).save(path, format="PNG")
    notes, opened = notes_of(trees["cub"], tmp_path / "cub")
    assert notes == ["1 picture is PNG and not JPEG as the name says, read as what it is: Red_Finch_0001_901.jpg"]
    assert np.abs(opened.image(0)[20, 20].astype(int) - COLOURS[0]).max() < 12


def test_pairs_of_replacement_characters_become_a_space_and_are_noted(trees, tmp_path):
    captions = [
        "a bird\ufffd\ufffds wing",
        "two\ufffd\ufffdpairs\ufffd\ufffdhere",
        "a single one \ufffd stays",
        *captions_of(1)[3:],
    ]
    (trees["cub"] / TEXT).write_text("\n\n".join(captions) + "\r\n\r\n", encoding="utf-8", newline="")
    notes, opened = notes_of(trees["cub"], tmp_path / "cub")
    assert notes == ["3 pairs of U+FFFD (replacement character) in 2 captions: a space stands for each"]
    assert opened.captions(0)[:3] == ["a bird s wing", "two pairs here", "a single one \ufffd stays"]
    assert opened.captions(0)[3:] == captions_of(1)[3:]


def test_images_with_other_than_ten_captions_are_noted(trees, tmp_path):
    text = trees["cub"] / "cvpr2016_cub/text_c10/002.Blue_Tern/Blue_Tern_0005_905.txt"
    write(text, *captions_of(5)[:7])
    notes, opened = notes_of(trees["cub"], tmp_path / "one")
    assert notes == [
        "1 image has other than 10 captions (7; the first is 002.Blue_Tern/Blue_Tern_0005_905): taken as they are"
    ]
    assert opened.captions(4) == captions_of(5)[:7] and len(opened.captions(3)) == len(opened.captions(5)) == 10
    write(trees["cub"] / TEXT, *captions_of(1), "one more")
    notes, _ = notes_of(trees["cub"], tmp_path / "two")
    assert notes == [f"2 images have other than 10 captions (7 to 11; the first is {FIRST}): taken as they are"]


def test_answers_with_more_fields_are_taken_and_noted(trees, tmp_path):
    rows = (trees["cub"] / ANSWERS).read_text().splitlines()
    rows[0] += " 7"  # image 1, attribute 1: present
    rows[4] = "1 5 1 0 4 2.25"  # a field too many before the certainty, of which nothing is known then
    rows[6:8] = ["2 1 0 4 1.0", "2 1 0 4 1.0"]  # attribute 2 of image 2 is not answered, attribute 1 three times
    rows.insert(3, "")
    write(trees["cub"] / ANSWERS, *rows)
    notes, opened = notes_of(trees["cub"], tmp_path / "cub")
    assert notes == [
        "image_attribute_labels.txt: 2 lines of more than 5 fields, the first is line 1: four are taken",
        "image_attribute_labels.txt: nothing is said of 2 pairs of image and attribute: taken as not visible",
        "image_attribute_labels.txt: 2 lines repeat a pair of image and attribute: the last one counts",
    ]
    assert opened.attributes[:2].tolist() == [[1, 0, 0, 0, -1], [0, -1, -1, 0, 1]]


def test_millions_of_answers_are_read_fast(tmp_path):
    images, attributes = 1000, 312
    write(tmp_path / "attributes.txt", *(f"{a} has_part::{a}" for a in range(1, attributes + 1)))
    write(tmp_path / "certainties.txt", "1 not visible", "4 definitely")
    rng = np.random.default_rng(0)
    present, sure = rng.integers(2, size=(2, images, attributes))
    rows = (
        f"{i + 1} {a + 1} {present[i, a]} {1 + 3 * sure[i, a]} 1.5" for i in range(images) for a in range(attributes)
    )
    write(tmp_path / "labels.txt", *rows)
    begun = time.process_time()
    names, found = read_attributes(
        tmp_path / "attributes.txt", tmp_path / "certainties.txt", tmp_path / "labels.txt",
        {i: "" for i in range(1, images + 1)}, pytest.fail,
    )  # fmt: skip
    assert time.process_time() - begun < 2  # a twelfth of CUB's; measured: 0.1 s
    assert len(names) == attributes and np.array_equal(found, np.where(sure, present, -1))


# --- flowers -----------------------------------------------------------------------------------------------------


def resaved(name: str, **values: np.ndarray) -> Callable[[Path], None]:
    return lambda raw: savemat(raw / name, {k: np.array(v)[None] for k, v in values.items()})


FLOWER_HARM = {
    "no .mat": (
        edit("imagelabels.mat", lambda old: b"<html>not found</html>" * 20),
        "imagelabels.mat: no MATLAB file of level 5, or a damaged one (its first 128 bytes are not the header of one): " + AGAIN,
    ),
    "truncated .mat": (
        edit("setid.mat", lambda old: old[:150]),
        f"setid.mat: no MATLAB file of level 5, or a damaged one (64 bytes announced where 14 are left): {AGAIN}",
    ),
    "no labels in it": (
        resaved("imagelabels.mat", label=[1] * 12),
        f"imagelabels.mat: holds no 'labels' that is made of numbers: {AGAIN}",
    ),
    "labels that are no whole numbers": (
        resaved("imagelabels.mat", labels=[0.5] * 12),
        f"imagelabels.mat: labels is 1 x 12 of float64, expected one row of whole numbers: {AGAIN}",
    ),
    "labels from 0": (
        resaved("imagelabels.mat", labels=[*range(12)]), f"imagelabels.mat: labels from 0, expected from 1: {AGAIN}",
    ),
    "class without an image": (
        resaved("imagelabels.mat", labels=[1] * 8 + [3] * 4), f"imagelabels.mat: class 2 of 3 has no image: {AGAIN}",
    ),
    "wrong count": (
        resaved("imagelabels.mat", labels=[1] * 4 + [2] * 4 + [3] * 5),
        f"setid.mat: image 13 is in none of trnid, valid, tstid: {AGAIN}",
    ),
    "split lists that overlap": (
        resaved("setid.mat", trnid=[1, 5, 9], valid=[2, 5, 10], tstid=[3, 4, 7, 8, 11, 12]),
        f"setid.mat: image 5 is in trnid and in valid, expected once: {AGAIN}",
    ),
    "image that there is not": (
        resaved("setid.mat", trnid=[1, 5, 13], valid=[2], tstid=[3]),
        f"setid.mat: trnid names image 13, but imagelabels.mat has 12 images: {BOTH[:-27]}",
    ),
    "picture missing": (
        lambda raw: (raw / "jpg/image_00004.jpg").unlink(),
        "jpg: 11 pictures where imagelabels.mat has 12, image_00004.jpg is missing: get the folder again",
    ),
    "caption of another image": (
        lambda raw: shutil.move(
            raw / "cvpr2016_flowers/text_c10/class_00001/image_00002.txt", raw / "cvpr2016_flowers/text_c10/class_00002"
        ),
        "cvpr2016_flowers/text_c10/class_00002/image_00002.txt: captions of another image, imagelabels.mat names no "
        "class_00002/image_00002: take the file away, or complete imagelabels.mat",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FLOWER_HARM)
def test_a_malformed_tree_of_flowers_is_one_line(trees, tmp_path, case):
    harm, said = FLOWER_HARM[case]
    raw = trees["oxford102"]
    harm(raw)
    with pytest.raises(RedrawError) as error:
        data.prepare("oxford102", raw, tmp_path / "flowers")
    text = str(error.value)
    print(text.replace(f"{raw}/", ""))
    assert text.startswith(f"{raw}/{said}") and "\n" not in text and not (tmp_path / "flowers").exists()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_matlab_files_are_read_as_scipy_writes_them(tmp_path, kind, compressed):
    for n in (1, 2, 3, 4, 5, 8, 9, 1000):
        row, column = np.arange(n, dtype=kind)[None] % 100, np.ones((n, 1), kind)
        others = {"text": "none of them", "cell": np.array([1, "a"], object), "struct": {"a": 1}, "z": np.array([[1j]])}
        savemat(tmp_path / "x.mat", {**others, "row": row, "a_longer_name": column}, do_compression=compressed)
        assert read_whole_numbers(tmp_path / "x.mat", "row").tolist() == row[0].tolist()
        assert read_whole_numbers(tmp_path / "x.mat", "a_longer_name").tolist() == [1] * n
    for name in ("text", "cell", "struct", "z"):
        with pytest.raises(RedrawError, match=f"holds no '{name}' that is made of numbers"):
            read_whole_numbers(tmp_path / "x.mat", name)


def test_a_matlab_file_of_the_other_byte_order(tmp_path):
    def element(kind: int, data: bytes) -> bytes:
        return struct.pack(">II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    shape, flags = struct.pack(">ii", 1, 3), struct.pack(">II", 6, 0)
    body = element(6, flags) + element(5, shape) + element(1, b"labels") + element(4, struct.pack(">3H", 1, 258, 3))
    (tmp_path / "x.mat").write_bytes(b" " * 124 + b"\1\0MI" + element(14, body))
    assert read_whole_numbers(tmp_path / "x.mat", "labels").tolist() == [1, 258, 3]


def test_a_damaged_matlab_file_is_one_line_or_other_numbers(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "x.mat"
    lines = set()
    for compressed in (False, True):
        savemat(path, {"trnid": np.arange(30)[None], "valid": np.arange(5.0)[None]}, do_compression=compressed)
        whole = path.read_bytes()
        for _ in range(250):
            harmed = bytearray(whole)
            harmed[rng.integers(len(whole))] = rng.integers(256)
            path.write_bytes(harmed[: rng.integers(len(whole)) if rng.random() < 0.2 else None])
            try:
                assert read_whole_numbers(path, "valid").dtype == np.int64
            except RedrawError as error:
                lines.add(str(error).replace(str(path), "x.mat"))
    assert len(lines) > 10 and not [text for text in lines if "\n" in text or not text.startswith("x.mat: ")]


# --- raw trees and their names -----------------------------------------------------------------------------------


def test_a_changed_picture_is_found(trees):
    raw = trees["cub"]
    first = data.fetch("cub", raw)
    assert first["files"]["CUB_200_2011"]["files"] == 21 and data.fetch("cub-others", raw) == first
    (raw / "CUB_200_2011" / ".DS_Store").write_bytes(b"left by a file manager")
    assert data.fetch("cub", raw) == first
    content = bytearray((raw / JPEG).read_bytes())
    content[-9] ^= 1
    (raw / JPEG).write_bytes(content)
    with pytest.raises(RedrawError) as error:
        data.fetch("cub-reference", raw)
    now = str(error.value).partition("SHA-256 ")[2][:12]
    before = first["files"]["CUB_200_2011"]["sha256"][:12]
    assert str(error.value) == (
        f"{raw}/CUB_200_2011: changed since it was first read (SHA-256 {now}…, was {before}…): put the old one back, or "
        "remove files.json if it is right now, then run the same command"
    )
    (raw / JPEG).rename(raw / "CUB_200_2011" / "elsewhere.jpg")
    with pytest.raises(RedrawError, match="changed since it was first read"):
        data.fetch("cub", raw)
    (raw / "CUB_200_2011" / "elsewhere.jpg").unlink()
    with pytest.raises(RedrawError, match=r"CUB_200_2011: changed since it was first read \(20 files, were 21\)"):
        data.fetch("cub", raw)


def test_what_is_missing_is_named(trees, tmp_path):
    assert data.missing("cub", trees["cub"]) == [] == data.missing("oxford102", trees["oxford102"])
    (trees["cub"] / "attributes.txt").unlink()
    shutil.rmtree(trees["cub"] / "cvpr2016_cub" / "text_c10")
    assert data.missing("cub-others", trees["cub"]) == ["attributes.txt", "cvpr2016_cub/text_c10"]
    with pytest.raises(RedrawError) as error:
        data.fetch("cub", trees["cub"])
    assert str(error.value) == (
        f"cub: attributes.txt, cvpr2016_cub/text_c10 are not in {trees['cub']}: put the unpacked folders CUB_200_2011 "
        "(CUB-200-2011, attributes.txt beside it) and cvpr2016_cub (captions of Reed et al.) there, then run the same command"
    )
    with pytest.raises(
        RedrawError, match="oxford102: jpg, imagelabels.mat, setid.mat, .*, 3 more are not in .*: put the"
    ):
        data.fetch("oxford102", tmp_path / "nothing")


def test_editions_share_a_raw_folder_where_there_is_one_tree():
    assert {data.raw_folder(name) for name in ("cub", "cub-reference", "cub-others")} == {"cub"}
    assert data.raw_folder("oxford102-reference") == "oxford102" and data.raw_folder("mnist") == "mnist"
    assert data.raw_folder("lsun-bedroom") == data.raw_folder("lsun-church") == "lsun"
    made = {name: d for name, d in data.DATASETS.items() if d.made}
    assert all(d.raw == name and data.missing(name, "nowhere") == [] for name, d in made.items())
    for (
        name,
        dataset,
    ) in made.items():  # every stand-in knows its edition, and stands for a data set that people download
        assert edition(name) in importlib.import_module(f"redraw.{maker(name)}").EDITIONS
        assert not data.find(dataset.stands_for).made and dataset.raw_files
    assert len(made) > 50
    with pytest.raises(
        RedrawError, match="data set 'cub-refrence': there is none of this name: did you mean \"cub-ref"
    ):
        data.raw_folder("cub-refrence")
