"""Binarised MNIST and OMNIGLOT from their raw files: a valid one comes back whole, a malformed one is one line."""

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
    chardata,
    edit,
    line,
    refused,
    remove,
    splits_of,
    write_binarized_mnist,
    write_chardata,
    write_omniglot,
)

from redraw.data import binarized_mnist, omniglot

# --- binarised MNIST ---------------------------------------------------------------------------------------------

VALID = "binarized_mnist_valid.amat"
ROW = "0 " * 783 + "1"


@pytest.fixture(scope="module")
def binarized(tmp_path_factory) -> tuple[Path, dict[str, np.ndarray]]:
    raw = tmp_path_factory.mktemp("trees") / "binarized_mnist"
    return raw, write_binarized_mnist(raw)


def test_binarized_mnist_comes_back_whole(binarized, tmp_path):
    raw, written = binarized
    opened = prepared_by(binarized_mnist, "binarized_mnist", raw, tmp_path / "out")
    assert opened.image_shape == (1, 28, 28) and opened.manifest["classes"] == ["digit"]
    assert splits_of(opened) == {
        "train": [*range(1203)], "validation": [*range(1203, 1207)], "test": [*range(1207, 1212)],
    }  # fmt: skip
    images = np.concatenate([written[split] for split in ("train", "validation", "test")])
    assert all((opened.image(k)[..., 0] == 255 * images[k]).all() for k in range(1212))
    assert [opened.names[k] for k in (0, 1202, 1203, 1211)] == [
        "train-00000",
        "train-01202",
        "valid-00000",
        "test-00004",
    ]
    assert opened.manifest["notes"] == [
        "not binarised MNIST as published: 1,203 train (published 50,000), 4 validation (published 10,000), 5 test "
        "(published 10,000)"
    ]


def test_binarized_mnist_without_a_last_line_end_is_noted(binarized, tmp_path):
    raw = Path(shutil.copytree(binarized[0], tmp_path / "raw"))
    edit("binarized_mnist_train.amat", lambda old: old[: 12 * 1568])(raw)
    edit(VALID, lambda old: old[:-1])(raw)
    opened = prepared_by(binarized_mnist, "drawn_digits", raw, tmp_path / "out")
    assert len(opened) == 21 and opened.manifest["notes"] == [
        "binarized_mnist_valid.amat: no line end behind its last line, taken as it is"
    ]


BINARIZED_HARM = {
    "another character": (line(VALID, 3, f"2{ROW[1:]}"), f"{VALID}, line 3: '2' in column 1, expected 0 or 1: {AGAIN}"),
    "two digits side by side": (
        line(VALID, 2, f"{ROW[:5]}0{ROW[6:]}"), f"{VALID}, line 2: '0' in column 6, expected a space: {AGAIN}",
    ),
    "a line too short": (line(VALID, 2, ROW[2:]), f"{VALID}, line 2: 1565 characters, expected 1567: {AGAIN}"),
    "a line too long": (line(VALID, 2, f"{ROW} 0"), f"{VALID}, line 2: 1569 characters, expected 1567: {AGAIN}"),
    "a line with a label": (
        edit(VALID, lambda old: old.replace(b"\n", b" 7\n")), f"{VALID}, line 1: 1569 characters, expected 1567: {AGAIN}",
    ),
    "cut off": (
        edit(VALID, lambda old: old[:-100]),
        f"{VALID}, line 4: 1468 characters and no line end, the file is cut off, expected 1567: {AGAIN}",
    ),
    "a blank line at the end": (edit(VALID, lambda old: old + b"\n"), f"{VALID}, line 5: 0 characters, expected 1567: {AGAIN}"),
    "one line": (
        edit(VALID, lambda old: old.replace(b"\n", b" ")),
        f"{VALID}, line 1: more than 3136 characters, expected 1567: {AGAIN}",
    ),
    "carriage returns": (
        edit(VALID, lambda old: old.replace(b"\n", b"\r\n")),
        f"{VALID}, line 1: ends with CR LF, expected LF alone as in the published file: {AGAIN}",
    ),
    "another page": (
        edit(VALID, lambda old: b"<html>not found</html>"), f"{VALID}, line 1: '<' in column 1, expected 0 or 1: {AGAIN}",
    ),
    "late in a large file": (
        line("binarized_mnist_train.amat", 1102, f"{ROW[:-1]}x"),
        f"binarized_mnist_train.amat, line 1102: 'x' in column 1567, expected 0 or 1: {AGAIN}",
    ),
    "the same file twice": (
        lambda raw: shutil.copy(raw / VALID, raw / "binarized_mnist_test.amat"),
        f"binarized_mnist_test.amat: the same bytes as {VALID}: {BOTH}",
    ),
    "empty": (edit(VALID, lambda old: b""), f"{VALID}: empty: {AGAIN}"),
    "missing": (
        remove(VALID),
        f"binarized_mnist: {VALID} is not in RAW: put the three files binarized_mnist_{{train,valid,test}}.amat there, then "
        "run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BINARIZED_HARM)
def test_malformed_binarized_mnist_is_one_line(binarized, tmp_path, case):
    harm, said = BINARIZED_HARM[case]
    raw = Path(shutil.copytree(binarized[0], tmp_path / "raw"))
    harm(raw)
    assert refused(binarized_mnist, "binarized_mnist", raw, tmp_path / "out") == said


def test_binarized_mnist_has_no_options(binarized, tmp_path):
    said = refused(binarized_mnist, "binarized_mnist", binarized[0], tmp_path / "out", size=28)
    assert said == "binarized_mnist: no option 'size' of prepare: it has none"


# --- OMNIGLOT ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True])
def test_chardata_comes_back_whole_in_the_order_of_the_released_code(tmp_path, compressed):
    raw, written = write_chardata(tmp_path / "raw", compressed), chardata()
    opened = prepared_by(omniglot, "omniglot", raw, tmp_path / "out")
    assert opened.image_shape == (1, 28, 28)
    assert opened.manifest["classes"] == ["alphabet_01", "alphabet_02", "alphabet_03"]
    assert splits_of(opened) == {"train": [*range(38)], "validation": [38, 39], "test": [*range(40, 46)]}
    order = np.random.RandomState(123).permutation(40).tolist()
    released = written["data"].T.reshape(-1, 28, 28).reshape((-1, 784), order="F")  # as datasets.py has it
    for row, i in enumerate(order):
        assert (opened.image(row).ravel() == np.rint(255 * released[i])).all()
        assert opened.names[row] == f"data-{i:05d}/alphabet_{i % 3 + 1:02d}/character_{i % 7 + 1:02d}"
        assert opened.class_ids[row] == i % 3
    assert (opened.image(41)[..., 0].T.ravel() == np.rint(255 * written["testdata"][:, 1])).all()
    assert opened.names[41] == "testdata-00001/alphabet_02/character_02"
    assert opened.manifest["notes"] == [
        "not OMNIGLOT as published: 38 train (published 23,000), 2 validation (published 1,345), 6 test (published 8,070)"
    ]


def test_chardata_of_other_values_and_without_labels_is_noted(tmp_path):
    raw = write_chardata(tmp_path / "raw", data=np.full((784, 40), 0.25), targetchar=None)
    opened = prepared_by(omniglot, "drawn_characters-small", raw, tmp_path / "out")
    assert opened.manifest["notes"] == [
        "chardata.mat does not say for all images which alphabet they are of: all are of one class",
        "values are no multiples of 1/255: rounding moves them by at most 0.00098",
    ]
    assert opened.manifest["classes"] == ["character"] and (opened.image(0) == 64).all()
    assert opened.names[40] == "testdata-00000"


def mat(**changed):
    return lambda raw: write_chardata(raw, **changed)


def with_value(row: int, column: int, value: float):
    data = chardata()["data"]
    data[row, column] = value
    return mat(data=data)


CHARDATA = "chardata.mat: "
OMNIGLOT_HARM = {
    "no data": (mat(data=None), f"{CHARDATA}holds no 'data' that is made of numbers: {AGAIN}"),
    "data in rows": (
        mat(data=np.zeros((40, 784))), f"{CHARDATA}data is 40 x 784, expected 784 x N, a column each image: {AGAIN}",
    ),
    "other images": (
        mat(testdata=np.zeros((1024, 6))), f"{CHARDATA}testdata is 1024 x 6, expected 784 x N, a column each image: {AGAIN}",
    ),
    "values up to 255": (
        with_value(3, 8, 255), f"{CHARDATA}data: 255 in row 4 of column 9, expected values from 0 to 1: {AGAIN}",
    ),
    "no number": (
        with_value(0, 1, np.nan), f"{CHARDATA}data: nan in row 1 of column 2, expected values from 0 to 1: {AGAIN}",
    ),
    "labels of other images": (
        mat(testtarget=np.eye(3)[[0, 1, 2, 0, 1]].T), f"{CHARDATA}testtarget is 3 x 5, but testdata has 6 images: {AGAIN}",
    ),
    "characters of other images": (
        mat(targetchar=np.ones((1, 39))), f"{CHARDATA}targetchar is 1 x 39, but data has 40 images: {AGAIN}",
    ),
    "two alphabets": (
        mat(testtarget=np.ones((3, 6))),
        f"{CHARDATA}testtarget names 3 alphabets of image 1, expected a single 1 in its column: {AGAIN}",
    ),
    "cut off": (
        edit("chardata.mat", lambda old: old[:3000]),
        f"{CHARDATA}no MATLAB file of level 5, or a damaged one (SIZE bytes announced where 2864 are left): {AGAIN}",
    ),
    "another page": (
        edit("chardata.mat", lambda old: b"<html>not found</html>"),
        f"{CHARDATA}no MATLAB file of level 5, or a damaged one (its first 128 bytes are not the header of one): {AGAIN}",
    ),
    "missing": (
        remove("chardata.mat"),
        "omniglot: chardata.mat is not in RAW: put chardata.mat of yburda/iwae (datasets/OMNIGLOT) there, then run the same "
        "command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OMNIGLOT_HARM)
def test_malformed_chardata_is_one_line(tmp_path, case):
    harm, said = OMNIGLOT_HARM[case]
    raw = write_chardata(tmp_path / "raw")
    size = int.from_bytes((raw / "chardata.mat").read_bytes()[132:136], "little")
    harm(raw)
    assert refused(omniglot, "omniglot", raw, tmp_path / "out") == said.replace("SIZE", str(size))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory) -> Path:
    return write_omniglot(tmp_path_factory.mktemp("trees") / "omniglot")


def test_omniglot_one_shot_comes_back_whole(drawings, tmp_path):
    opened = prepared_by(omniglot, "omniglot-oneshot", drawings, tmp_path / "out")
    assert opened.image_shape == (1, 105, 105) and len(opened) == 30
    greek = [f"Greek/character{k:02d}" for k in range(1, 12)]
    assert opened.manifest["classes"] == [
        "Braille/character01", "Braille/character02", *greek, "ULOG/character01", "ULOG/character02",
    ]  # fmt: skip
    assert opened.class_ids.tolist() == [k // 2 for k in range(30)]
    assert splits_of(opened) == {
        "train": [*range(24)], "validation": [24, 25], "own_train": [*range(26)], "test": [26, 27, 28, 29],
    }  # fmt: skip
    assert opened.names[25] == "Greek/character11/0011_02"
    for k in range(26):
        character = (k - 4) // 2 + 1 if k > 3 else k // 2 + 1
        black = np.argwhere(opened.image(k)[..., 0] == 0)
        assert black.max(0).tolist() == [19 + character, 24 + 5 * (k % 2)] and set(opened.image(k).ravel()) == {0, 255}
    assert opened.manifest["notes"][0] == (
        "15 of 15 characters have other than 20 drawings, the first is Braille/character01: taken as they are"
    )
    assert opened.manifest["notes"][-1] == (
        "not OMNIGLOT as published: 30 images (published 32,460), 15 classes (published 1,623), 3 alphabets (published 50)"
    )


def test_omniglot_one_shot_is_resized(drawings, tmp_path):
    opened = prepared_by(omniglot, "drawn_characters-oneshot_small", drawings, tmp_path / "out", size=28)
    assert opened.image_shape == (1, 28, 28)


FIRST_DRAWING = "images_background/Braille/character01/0001_01.png"
ONE_SHOT_HARM = {
    "another size": (
        lambda raw: Image.new("1", (28, 28)).save(raw / FIRST_DRAWING),
        f"{FIRST_DRAWING}: 28 x 28 pixels, expected 105 x 105: {AGAIN}",
    ),
    "no picture": (
        edit(FIRST_DRAWING, lambda old: b"<html>"), f"{FIRST_DRAWING}: no picture that Pillow can read, 6 bytes: {AGAIN}",
    ),
    "another file": (
        lambda raw: (raw / "images_evaluation/ULOG/character01/notes.txt").write_text("x"),
        "images_evaluation/ULOG/character01/notes.txt: no drawing, expected <alphabet>/<character>/<n>.png: take it away",
    ),
    "a picture of no character": (
        lambda raw: shutil.move(raw / FIRST_DRAWING, raw / "images_background/Braille/0001_01.png"),
        "images_background/Braille/0001_01.png: no drawing, expected <alphabet>/<character>/<n>.png: take it away",
    ),
    "an empty character": (
        lambda raw: (raw / "images_evaluation/ULOG/character03").mkdir(),
        "images_evaluation/ULOG/character03: no drawing of this character: get the folder again",
    ),
    "an alphabet in both": (
        lambda raw: shutil.copytree(raw / "images_evaluation/ULOG", raw / "images_background/ULOG"),
        f"images_evaluation: ULOG is in images_background too, and they share no alphabet: {AGAIN}",
    ),
    "nothing in it": (
        lambda raw: (shutil.rmtree(raw / "images_evaluation"), (raw / "images_evaluation").mkdir()),
        "images_evaluation: holds no <alphabet>/<character>/<n>.png: get the folder again",
    ),
    "missing": (
        remove("images_evaluation"),
        "omniglot-oneshot: images_evaluation is not in RAW: put the unpacked folders images_background and images_evaluation "
        "there, then run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_SHOT_HARM)
def test_malformed_omniglot_is_one_line(drawings, tmp_path, case):
    harm, said = ONE_SHOT_HARM[case]
    raw = Path(shutil.copytree(drawings, tmp_path / "raw"))
    harm(raw)
    assert refused(omniglot, "omniglot-oneshot", raw, tmp_path / "out") == said


@pytest.mark.parametrize(
    "name, options, said",
    [
        ("omniglot", {"size": 28}, "omniglot: no option 'size' of prepare: it has none"),
        ("omniglot-twoshot", {}, "omniglot-twoshot: no edition 'twoshot': known: none, oneshot"),
        ("omniglot-oneshot", {"crop": "box"}, "omniglot-oneshot: crop 'box': it has no boxes to crop by, known: none"),
    ],
)
def test_bad_options_of_omniglot(drawings, tmp_path, name, options, said):
    raw = write_chardata(Path(shutil.copytree(drawings, tmp_path / "raw")))
    assert refused(omniglot, name, raw, tmp_path / "out", **options) == said
