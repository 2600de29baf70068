"""SVHN and CIFAR-10 from their raw files: a valid tree comes back whole, a malformed one is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_sets import prepared_by
from trees_images import AGAIN, BOTH, CIFAR_CLASSES, edit, line, refused, remove, splits_of, write_cifar10, write_svhn

from redraw.data import cifar10, svhn
from redraw.data.writer import PreparedWriter

# --- SVHN --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True])
def test_svhn_comes_back_whole(tmp_path, compressed, monkeypatch):
    monkeypatch.setattr(svhn, "AT_ONCE", 5)
    written = write_svhn(tmp_path / "raw", compressed)
    opened = prepared_by(svhn, "svhn", tmp_path / "raw", tmp_path / "out")
    assert opened.image_shape == (3, 32, 32) and opened.manifest["classes"] == [str(k) for k in range(10)]
    images = np.concatenate([written["train"], written["test"]])
    assert len(opened) == 25 and all((opened.image(k) == images[k]).all() for k in range(25))
    assert opened.class_ids.tolist() == [(k + 1) % 10 for k in (*range(21), *range(4))]
    assert splits_of(opened) == {
        "train": [*range(19)], "validation": [19, 20], "own_train": [*range(21)], "test": [21, 22, 23, 24],
    }  # fmt: skip
    assert [opened.names[k] for k in (0, 20, 21)] == ["train-000000", "train-000020", "test-000000"]
    assert opened.manifest["notes"] == [
        "not SVHN as published: 21 own_train (published 73,257), 4 test (published 26,032)"
    ]


def test_svhn_with_its_extra_images_and_resized(tmp_path):
    written = write_svhn(tmp_path / "raw")
    opened = prepared_by(
        svhn, "drawn_numbers", tmp_path / "raw", tmp_path / "out", extra=True, channels="grey", size=16
    )
    assert splits_of(opened)["extra"] == [25, 26, 27] and opened.image_shape == (1, 16, 16)
    expected = Image.fromarray(written["extra"][2]).convert("L").resize((16, 16), Image.Resampling.BICUBIC)
    assert (opened.image(27)[..., 0] == np.asarray(expected)).all() and opened.manifest["notes"] == []


def mat(**changed):
    return lambda raw: write_svhn(raw, **changed)


TRAIN = "train_32x32.mat: "
SVHN_HARM = {
    "label 0": (
        mat(y=np.array([*range(10), *range(10), 0], np.uint8)), f"{TRAIN}y: label 0 of image 1, expected 1 to 10: {AGAIN}",
    ),
    "label 11": (
        mat(y=np.array([1] * 20 + [11], np.uint8)), f"{TRAIN}y: label 11 of image 21, expected 1 to 10: {AGAIN}",
    ),
    "a label too few": (mat(y=np.ones((20, 1))), f"{TRAIN}X has 21 images, but y has 20 labels: {AGAIN}"),
    "labels that are none": (
        mat(y=np.full((21, 1), 1.5)), f"{TRAIN}y is 21 x 1 of float64, expected one row of whole numbers: {AGAIN}",
    ),
    "images first": (
        mat(X=np.zeros((21, 32, 32, 3), np.uint8)), f"{TRAIN}X is 21 x 32 x 32 x 3, expected 32 x 32 x 3 x N: {AGAIN}",
    ),
    "images of other numbers": (
        mat(X=np.zeros((32, 32, 3, 21), np.float32)), f"{TRAIN}X is made of float32, expected uint8: {AGAIN}",
    ),
    "no images": (mat(X=np.array("text")), f"{TRAIN}X is missing, expected 32 x 32 x 3 x N: {AGAIN}"),
    "cut off": (
        edit("train_32x32.mat", lambda old: old[:5000]),
        f"{TRAIN}no MATLAB file of level 5, or a damaged one (SIZE bytes announced where 4864 are left): {AGAIN}",
    ),
    "the same file twice": (
        lambda raw: shutil.copy(raw / "train_32x32.mat", raw / "test_32x32.mat"),
        f"test_32x32.mat: the same bytes as train_32x32.mat: {BOTH}",
    ),
    "another page": (
        edit("train_32x32.mat", lambda old: b"<html>quota</html>"),
        f"{TRAIN}no MATLAB file of level 5, or a damaged one (its first 128 bytes are not the header of one): {AGAIN}",
    ),
    "of version 7.3": (
        edit("train_32x32.mat", lambda old: b"\x89HDF\r\n\x1a\n" + bytes(200)),
        f"{TRAIN}no MATLAB file of level 5, or a damaged one (its first 128 bytes are not the header of one): {AGAIN}",
    ),
    "missing": (
        remove("test_32x32.mat"),
        "svhn: test_32x32.mat is not in RAW: put train_32x32.mat and test_32x32.mat there, then run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SVHN_HARM)
def test_malformed_svhn_is_one_line(tmp_path, case):
    harm, said = SVHN_HARM[case]
    write_svhn(tmp_path / "raw")
    size = int.from_bytes((tmp_path / "raw/train_32x32.mat").read_bytes()[132:136], "little")
    harm(tmp_path / "raw")
    assert refused(svhn, "svhn", tmp_path / "raw", tmp_path / "out") == said.replace("SIZE", str(size))


def test_files_that_are_not_the_published_ones_are_noted(tmp_path):
    write_svhn(tmp_path / "raw")
    with PreparedWriter(tmp_path / "out", "svhn") as writer:
        writer.raw = {
            "train_32x32.mat": {"sha256": "0" * 64},
            "test_32x32.mat": {"sha256": svhn.SHA256["test_32x32.mat"]},
        }
        svhn.prepare(tmp_path / "raw", writer, {})
    assert writer.body["notes"][0] == "train_32x32.mat is not the published file of SVHN, as its SHA-256 shows"
    assert len(writer.body["notes"]) == 2


def test_bad_options_of_svhn(tmp_path):
    write_svhn(tmp_path / "raw")
    said = refused(svhn, "svhn", tmp_path / "raw", tmp_path / "out", extra=1)
    assert said == "svhn: extra 1: give true or false"
    (tmp_path / "raw/extra_32x32.mat").unlink()
    said = refused(svhn, "svhn", tmp_path / "raw", tmp_path / "out", extra=True)
    assert said == (
        "svhn: extra_32x32.mat is not in RAW: put train_32x32.mat and test_32x32.mat, and extra_32x32.mat for option extra "
        "there, then run the same command"
    )


# --- CIFAR-10 ----------------------------------------------------------------------------------------------------

HOME = "cifar-10-batches-bin"


@pytest.fixture(scope="module")
def cifar(tmp_path_factory) -> tuple[Path, np.ndarray]:
    raw = tmp_path_factory.mktemp("trees") / "cifar10"
    return raw, write_cifar10(raw)


def test_cifar10_comes_back_whole(cifar, tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "AT_ONCE", 3)
    raw, images = cifar
    opened = prepared_by(cifar10, "cifar10", raw, tmp_path / "out")
    assert opened.image_shape == (3, 32, 32) and opened.manifest["classes"] == list(CIFAR_CLASSES)
    assert len(opened) == 23 and all((opened.image(k) == images[k]).all() for k in range(23))
    assert opened.class_ids.tolist() == [k % 3 for k in range(23)]
    assert splits_of(opened) == {
        "train": [*range(18)], "validation": [18, 19], "own_train": [*range(20)], "test": [20, 21, 22],
    }  # fmt: skip
    assert [opened.names[k] for k in (0, 19, 20)] == ["data_batch_1/00000", "data_batch_5/00003", "test_batch/00000"]
    assert opened.manifest["notes"] == [
        "not CIFAR-10 as published: 20 own_train (published 50,000), 3 test (published 10,000), 3 classes (published 10)"
    ]


def test_cifar10_in_another_form(cifar, tmp_path):
    opened = prepared_by(cifar10, "drawn_things", cifar[0], tmp_path / "out", crop="centre", scale=16)
    assert opened.image_shape == (3, 16, 16) and (opened.image(4) == cifar[1][4, 8:24, 8:24]).all()
    assert opened.manifest["notes"] == []
    said = refused(cifar10, "cifar10", cifar[0], tmp_path / "other", crop="box")
    assert said == "cifar10: crop 'box': it has no boxes to crop by, known: none, centre"


SECOND = f"{HOME}/data_batch_2.bin"
CIFAR_HARM = {
    "cut off": (
        edit(SECOND, lambda old: old[:-1]),
        f"{SECOND}: 12291 bytes, expected a whole number of records of 3073 (a label and 3 x 32 x 32): {AGAIN}",
    ),
    "bytes too many": (
        edit(SECOND, lambda old: old + b"x"),
        f"{SECOND}: 12293 bytes, expected a whole number of records of 3073 (a label and 3 x 32 x 32): {AGAIN}",
    ),
    "empty": (
        edit(f"{HOME}/test_batch.bin", lambda old: b""),
        f"{HOME}/test_batch.bin: 0 bytes, expected a whole number of records of 3073 (a label and 3 x 32 x 32): {AGAIN}",
    ),
    "the same batch twice": (
        lambda raw: shutil.copy(raw / SECOND, raw / HOME / "data_batch_5.bin"),
        f"{HOME}/data_batch_5.bin: the same bytes as data_batch_2.bin: {BOTH}",
    ),
    "a label that is no class": (
        edit(SECOND, lambda old: old[:6146] + b"\3" + old[6147:]),
        f"{SECOND}: label 3 of record 3, but batches.meta.txt names 3 classes: {AGAIN}",
    ),
    "a class less": (
        line(f"{HOME}/batches.meta.txt", 2, None),
        f"{HOME}/data_batch_1.bin: label 2 of record 3, but batches.meta.txt names 2 classes: {AGAIN}",
    ),
    "a class twice": (
        line(f"{HOME}/batches.meta.txt", 3, "airplane"), f"{HOME}/batches.meta.txt, line 3: class airplane comes twice: {AGAIN}",
    ),
    "no classes": (
        edit(f"{HOME}/batches.meta.txt", lambda old: b"\n"),
        f"{HOME}/batches.meta.txt: no class in it, expected a name a line: {AGAIN}",
    ),
    "a name that is not ASCII": (
        line(f"{HOME}/batches.meta.txt", 1, "av\xedo"),
        f"{HOME}/batches.meta.txt, line 1: byte 0xed in column 3, expected plain ASCII text: {AGAIN}",
    ),
    "missing": (
        remove(SECOND),
        f"cifar10: {SECOND} is not in RAW: put the unpacked folder {HOME} (cifar-10-binary.tar.gz) there, then run the same "
        "command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CIFAR_HARM)
def test_malformed_cifar10_is_one_line(cifar, tmp_path, case):
    harm, said = CIFAR_HARM[case]
    raw = Path(shutil.copytree(cifar[0], tmp_path / "raw"))
    harm(raw)
    assert refused(cifar10, "cifar10", raw, tmp_path / "out") == said
