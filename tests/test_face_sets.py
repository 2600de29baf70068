"""CelebA and LFW from their raw trees: a valid one comes back whole, a malformed one is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_sets import prepared_by
from trees_images import (
    AGAIN,
    BOTH,
    MARKS,
    PEOPLE,
    POINTS,
    edit,
    flat,
    line,
    refused,
    remove,
    splits_of,
    write_celeba,
    write_lfw,
)

from redraw.data import celeba, lfw

# --- CelebA ------------------------------------------------------------------------------------------------------

PARTITION, ATTRIBUTES, LANDMARKS = "list_eval_partition.txt", "list_attr_celeba.txt", "list_landmarks_align_celeba.txt"


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    return write_celeba(tmp_path_factory.mktemp("trees") / "celeba")


def test_celeba_comes_back_whole(faces, tmp_path):
    opened = prepared_by(celeba, "celeba", faces, tmp_path / "out")
    assert opened.image_shape == (3, 64, 64) and len(opened) == 7
    assert opened.attribute_names == MARKS and opened.keypoint_names == POINTS
    assert opened.manifest["classes"] == ["17", "2880", "2937"]
    assert splits_of(opened) == {"train": [0, 1, 2, 3], "validation": [4], "test": [5, 6]}
    for k in range(7):
        assert opened.names[k] == f"{k + 1:06d}" and opened.class_ids[k] == (1, 0, 2)[k % 3]
        assert abs(opened.image(k).astype(int) - 20 * (k + 1)).max() < 3
        assert opened.attributes[k].tolist() == [(k + a) % 2 for a in range(3)]
        scale = 64 / 178  # of the middle 178 rows, from row 20 on
        expected = [((30 + 20 * p + k) * scale, (60 + 10 * p - 20) * scale, 1) for p in range(5)]
        np.testing.assert_allclose(opened.keypoints[k], expected, rtol=1e-6)
    assert opened.manifest["notes"] == [
        "not CelebA as published: 7 images (published 202,599), 4 train (published 162,770), 1 validation (published 19,867), "
        "2 test (published 19,962), 3 attributes (published 40)"
    ]


def test_celeba_without_identities_and_with_odd_pictures(tmp_path):
    raw = write_celeba(tmp_path / "raw", identity=False)
    flat(raw / "img_align_celeba/000002.jpg", 250, 218, 9)
    Image.open(raw / "img_align_celeba/000003.jpg").convert("L").save(raw / "img_align_celeba/000003.jpg")
    line(LANDMARKS, 3, "000007.jpg 36 60 56 70 178 80 96 90 116 218")(raw)
    opened = prepared_by(celeba, "drawn_faces", raw, tmp_path / "out", crop="none", size=None)
    assert opened.manifest["classes"] == ["face"] and opened.image(0).shape == (218, 178, 3)
    assert opened.keypoints[6, :, 2].tolist() == [1, 1, 0, 1, 0]
    assert opened.manifest["notes"] == [
        "2 points lie outside of their pictures: taken as hidden",
        "1 of 7 pictures are not of 178 x 218 pixels: are they the aligned ones?",
        "1 picture is grey, the channel is copied to red, green and blue: 000003.jpg",
    ]


CELEBA_HARM = {
    "a picture less": (
        remove("img_align_celeba/000003.jpg"),
        f"img_align_celeba: 6 pictures where {PARTITION} has 7, 000003.jpg is missing: get the folder again",
    ),
    "a picture more": (
        lambda raw: flat(raw / "img_align_celeba/000008.jpg", 178, 218, 0),
        f"img_align_celeba: 8 pictures where {PARTITION} has 7, 000008.jpg is not in {PARTITION}: get the folder again",
    ),
    "another split": (
        line(PARTITION, 2, "000002.jpg 3"), f"{PARTITION}, line 2: '000002.jpg 3', expected `<file> <0, 1 or 2>`: {AGAIN}",
    ),
    "a path": (
        line(PARTITION, 2, "../000002.jpg 1"), f"{PARTITION}, line 2: '../000002.jpg 1', expected `<file> <0, 1 or 2>`: {AGAIN}",
    ),
    "a file twice": (line(PARTITION, 3, "000002.jpg 1"), f"{PARTITION}, line 3: 000002.jpg comes twice: {AGAIN}"),
    "no partition": (edit(PARTITION, lambda old: b"\n"), f"{PARTITION}: names no image: {AGAIN}"),
    "attributes cut off": (
        line(ATTRIBUTES, 9, None), f"{ATTRIBUTES}: no line about 1 of 7 images, the first is 000001.jpg: {BOTH}",
    ),
    "attributes of other images": (
        line(ATTRIBUTES, 1, "8"), f"{ATTRIBUTES}, line 1: 8 images where {PARTITION} has 7: {BOTH}",
    ),
    "attributes without a head": (
        line(ATTRIBUTES, 1, None), f"{ATTRIBUTES}, line 1: 'Male Smiling Young', expected the number of images: {AGAIN}",
    ),
    "an attribute of 0": (
        line(ATTRIBUTES, 4, "000006.jpg 1 0 1"), f"{ATTRIBUTES}, line 4: a value of 000006.jpg is not <1 or -1>: {AGAIN}",
    ),
    "an attribute less": (
        line(ATTRIBUTES, 4, "000006.jpg 1 1"), f"{ATTRIBUTES}, line 4: 2 values of 000006.jpg, expected 3: {AGAIN}",
    ),
    "an attribute twice": (line(ATTRIBUTES, 2, "Male Male Young"), f"{ATTRIBUTES}, line 2: a column comes twice: {AGAIN}"),
    "attributes of an image twice": (
        line(ATTRIBUTES, 4, "000007.jpg 1 1 1"), f"{ATTRIBUTES}, line 4: 000007.jpg comes twice: {AGAIN}",
    ),
    "attributes of no image": (
        line(ATTRIBUTES, 4, "000009.jpg 1 1 1"), f"{ATTRIBUTES}, line 4: 000009.jpg is not in {PARTITION}: {AGAIN}",
    ),
    "landmarks in other columns": (
        line(LANDMARKS, 2, "lefteye_x righteye_x"),
        f"{LANDMARKS}, line 3: 10 values of 000007.jpg, expected 2: {AGAIN}",
    ),
    "landmarks in another order": (
        edit(LANDMARKS, lambda old: old.replace(b"nose_x nose_y", b"nose_y nose_x")),
        f"{LANDMARKS}, line 2: 'lefteye_x lefteye_y righteye_x righteye_y nose_y nose_x left', expected pairs of `<point>_x "
        f"<point>_y`: {AGAIN}",
    ),
    "a landmark that is no number": (
        line(LANDMARKS, 3, "000007.jpg 36 60 56 70 x 80 96 90 116 100"),
        f"{LANDMARKS}, line 3: a value of 000007.jpg is not <pixels>: {AGAIN}",
    ),
    "no person": (
        line("identity_CelebA.txt", 2, "000002.jpg"), f"identity_CelebA.txt, line 2: 0 values of 000002.jpg, expected 1: {AGAIN}",
    ),
    "no picture": (
        edit("img_align_celeba/000002.jpg", lambda old: b"quota"),
        f"img_align_celeba/000002.jpg: no picture that Pillow can read, 5 bytes: {AGAIN}",
    ),
    "missing": (
        remove(LANDMARKS),
        f"celeba: {LANDMARKS} is not in RAW: put the unpacked folder img_align_celeba, {PARTITION}, {ATTRIBUTES} and {LANDMARKS} "
        "there, then run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CELEBA_HARM)
def test_malformed_celeba_is_one_line(faces, tmp_path, case):
    harm, said = CELEBA_HARM[case]
    raw = Path(shutil.copytree(faces, tmp_path / "raw"))
    harm(raw)
    assert refused(celeba, "celeba", raw, tmp_path / "out") == said


# --- LFW ---------------------------------------------------------------------------------------------------------

LINES = "lfw_attributes.txt"


@pytest.fixture(scope="module")
def wild(tmp_path_factory) -> Path:
    return write_lfw(tmp_path_factory.mktemp("trees") / "lfw", pairs=True)


def test_lfw_comes_back_whole(tmp_path):
    raw = write_lfw(tmp_path / "raw")
    opened = prepared_by(lfw, "lfw", raw, tmp_path / "out")
    assert opened.image_shape == (3, 64, 64) and len(opened) == 23 and opened.manifest["classes"] == list(PEOPLE)
    assert opened.attribute_names == ("Male", "No Eyewear", "Young")
    keys = [(0, 1), (0, 2), (0, 3), *((k, 1) for k in range(1, 21))]
    for row, (k, n) in enumerate(keys):
        assert opened.names[row] == f"{PEOPLE[k]}/{PEOPLE[k]}_{n:04d}" and opened.class_ids[row] == k
        assert abs(opened.image(row).astype(int) - 10 * k - n).max() < 3
        assert opened.attributes[row].tolist() == ([-1, -1, -1] if k == 2 else [1 - k % 2, 0, 1])
    test, validation = [11, 21], [10, 20]  # the tenth and 20th person, and those before them
    train = sorted({*range(23)} - {*test, *validation})
    assert splits_of(opened) == {"train": train, "validation": validation, "test": test}
    assert opened.manifest["notes"] == [
        "lfw_attributes.txt says nothing of 1 of 23 images, the first is Person_C_0001.jpg: all their attributes are unknown",
        "not LFW as published: 23 images (published 13,233), 21 people (published 5,749)",
    ]


def test_lfw_with_lists_of_pairs_without_attributes(tmp_path):
    raw = write_lfw(tmp_path / "raw", pairs=True, attributes=False)
    (raw / "lfw").rename(raw / "lfw-deepfunneled")
    opened = prepared_by(lfw, "drawn_people", raw, tmp_path / "out", size=32)
    assert opened.attributes is None and opened.image_shape == (3, 32, 32)
    assert splits_of(opened) == {
        "train": [*range(11)], "validation": [11], "test": [12, 13], "others": [*range(14, 23)],
    }  # fmt: skip
    said = "9 of 21 people are in neither list of pairs: their images are in split others"
    assert opened.manifest["notes"] == [said]


def test_lfw_with_one_list_of_pairs_and_lines_about_other_images(tmp_path):
    raw = write_lfw(tmp_path / "raw", pairs=True)
    (raw / "pairsDevTest.txt").unlink()
    line(LINES, 3, "Nobody Known\t4\t1\t1\t1")(raw)
    opened = prepared_by(lfw, "drawn_people", raw, tmp_path / "out")
    assert opened.manifest["notes"] == [
        "lfw_attributes.txt: 1 of 22 lines are about images that are not there, the first is Nobody_Known_0004.jpg: left out",
        "only one of pairsDevTrain.txt and pairsDevTest.txt is there: every tenth person tests",
        "lfw_attributes.txt says nothing of 2 of 23 images, the first is Person_C_0001.jpg: all their attributes are unknown",
    ]
    assert splits_of(opened)["test"] == [11, 21]


FORM = "`<person> <n> <n>` or `<person> <n> <person> <n>`, by tabs"
LFW_HARM = {
    "another name": (
        lambda raw: shutil.move(raw / "lfw/Person_B/Person_B_0001.jpg", raw / "lfw/Person_B/Person_C_0001.jpg"),
        "lfw/Person_B/Person_C_0001.jpg: expected <Person>/<Person>_0001.jpg: take it away, or get the folder again",
    ),
    "a picture of nobody": (
        lambda raw: flat(raw / "lfw/Person_B_0001.jpg", 250, 250, 0),
        "lfw/Person_B_0001.jpg: expected <Person>/<Person>_0001.jpg: take it away, or get the folder again",
    ),
    "a person without images": (
        lambda raw: (raw / "lfw/Person_Z").mkdir(), "lfw/Person_Z: no image of this person: get the folder again",
    ),
    "nobody": (
        lambda raw: (shutil.rmtree(raw / "lfw"), (raw / "lfw").mkdir()),
        "lfw: holds no <Person>/<Person>_0001.jpg: get the folder again",
    ),
    "attributes without names": (
        line(LINES, 2, "# person imagenum Male"),
        f"{LINES}, line 3: no line `# person imagenum <attribute>…` before it, parted by tabs: {AGAIN}",
    ),
    "an attribute less": (
        line(LINES, 3, "Person U\t1\t0.5\t1"),
        f"{LINES}, line 3: 4 fields, expected 5: `<person> <number> <value>…`, parted by tabs: {AGAIN}",
    ),
    "an attribute that is no number": (
        line(LINES, 3, "Person U\t1\t0.5\tno\t1"), f"{LINES}, line 3: a value of Person_U_0001.jpg is no number: {AGAIN}",
    ),
    "an attribute that is nan": (
        line(LINES, 3, "Person U\t1\t0.5\tnan\t1"), f"{LINES}, line 3: a value of Person_U_0001.jpg is no number: {AGAIN}",
    ),
    "an image twice": (
        line(LINES, 4, "Person U\t1\t0.5\t1\t1"), f"{LINES}, line 4: Person_U_0001.jpg comes twice: {AGAIN}",
    ),
    "attributes of nobody": (
        edit(LINES, lambda old: old.replace(b"Person ", b"Nobody ")),
        f"{LINES}: says nothing of any image in lfw: {BOTH}",
    ),
    "not UTF-8": (line(LINES, 3, "Persen \xe9\t1\t1\t1\t1"), f"{LINES}, line 3: byte 0xe9 is not UTF-8: {AGAIN}"),
    "a person in both lists": (
        line("pairsDevTest.txt", 3, "Person_B\t1\tPerson_L\t1"),
        f"pairsDevTest.txt, line 3: Person_B is in pairsDevTrain.txt too: {BOTH}",
    ),
    "a pair of a stranger": (
        line("pairsDevTrain.txt", 3, "Person_Z\t1\tPerson_A\t1"), f"pairsDevTrain.txt, line 3: Person_Z is not in lfw: {AGAIN}",
    ),
    "no pair": (
        line("pairsDevTrain.txt", 3, "Person_B\tPerson_A"),
        f"pairsDevTrain.txt, line 3: 'Person_B Person_A', expected {FORM}: {AGAIN}",
    ),
    "no pairs": (edit("pairsDevTest.txt", lambda old: b"0\n"), f"pairsDevTest.txt: names no pair: {AGAIN}"),
    "a truncated picture": (
        edit("lfw/Person_B/Person_B_0001.jpg", lambda old: old[:20]),
        f"lfw/Person_B/Person_B_0001.jpg: no picture that Pillow can read, 20 bytes: {AGAIN}",
    ),
    "missing": (
        remove("lfw"),
        "lfw: lfw is not in RAW: put the unpacked folder lfw (and lfw_attributes.txt, pairsDevTrain.txt, pairsDevTest.txt, if "
        "wanted) there, then run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LFW_HARM)
def test_malformed_lfw_is_one_line(wild, tmp_path, case):
    harm, said = LFW_HARM[case]
    raw = Path(shutil.copytree(wild, tmp_path / "raw"))
    harm(raw)
    assert refused(lfw, "lfw", raw, tmp_path / "out") == said


@pytest.mark.parametrize("module, name", [(celeba, "celeba"), (lfw, "lfw")])
def test_bad_options_of_faces(faces, wild, tmp_path, module, name):
    raw = {"celeba": faces, "lfw": wild}[name]
    assert refused(module, name, raw, tmp_path / "a", crop="box") == (
        f"{name}: crop 'box': it has no boxes to crop by, known: none, centre"
    )
    assert refused(module, name, raw, tmp_path / "b", seize=3) == (
        f"{name}: no option 'seize' of prepare: did you mean \"size\"?"
    )
