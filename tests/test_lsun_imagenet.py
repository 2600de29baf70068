"""LSUN and ImageNet's dogs and cats from their raw trees: a valid one comes back whole, a malformed one is one line."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest
from small_sets import prepared_by
from trees_images import AGAIN, archived, edit, refused, remove, splits_of, webp, write_imagenet, write_lmdb, write_lsun

from redraw.data import imagenet, lsun
from redraw.data.lmdb_file import LmdbFile

# --- LSUN --------------------------------------------------------------------------------------------------------

TRAIN, VAL = "church_outdoor_train_lmdb", "church_outdoor_val_lmdb"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> tuple[Path, list[bytes]]:
    raw = tmp_path_factory.mktemp("trees") / "lsun"
    return raw, write_lsun(raw)


def test_lsun_comes_back_whole(scenes, tmp_path):
    raw, keys = scenes
    opened = prepared_by(lsun, "lsun-church", raw, tmp_path / "out")
    assert opened.image_shape == (3, 76, 76) and opened.manifest["classes"] == ["church_outdoor"] and len(opened) == 106
    validation = [0, 100]
    assert splits_of(opened) == {
        "train": sorted({*range(103)} - {*validation}), "validation": validation, "own_train": [*range(103)],
        "test": [103, 104, 105],
    }  # fmt: skip
    assert opened.names[:103] == [f"{TRAIN}/{key.decode()}" for key in keys]
    assert opened.names[103] == f"{VAL}/{'1':0>40}"
    for k in range(106):
        assert abs(opened.image(k).astype(int) - (2 * k if k < 103 else k - 52)).max() < 4
    assert opened.manifest["notes"] == [
        "not LSUN church_outdoor as published: 103 own_train (published 126,227), 3 test (published 300)"
    ]


def test_lsun_of_bedrooms_with_a_limit_and_odd_pictures(tmp_path):
    raw = tmp_path / "raw"
    write_lsun(raw, "bedroom", 12)
    write_lmdb(raw / "bedroom_val_lmdb", {b"one": webp(7), b"two": webp(9, kind="PNG")})
    opened = prepared_by(lsun, "drawn_rooms-bedroom_small", raw, tmp_path / "out", limit=5, size=32, fit="squash")
    assert splits_of(opened) == {"train": [1, 2, 3, 4], "validation": [0], "own_train": [*range(5)], "test": [5, 6]}
    assert opened.image_shape == (3, 32, 32) and opened.manifest["notes"] == [
        "the first 5 of 12 images of bedroom_train_lmdb are taken",
        "keys that are not 40 hexadecimal digits: 2, the first is one: taken as they are",
        "1 picture is PNG and not WEBP as the name says, read as what it is: bedroom_val_lmdb/data.mdb: key two",
    ]


def test_lsun_with_a_limit_is_not_compared_with_all_of_it(scenes, tmp_path):
    notes = prepared_by(lsun, "lsun-church", scenes[0], tmp_path / "out", limit=103).manifest["notes"]
    assert notes == ["not LSUN church_outdoor as published: 3 test (published 300)"]


def val(**items):
    return lambda raw: write_lmdb(raw / VAL, {b"a" * 40: webp(3)} | {k.encode() * 20: v for k, v in items.items()})


KEY = "bc" * 20
LSUN_HARM = {
    "no picture": (val(bc=b"<html>"), f"{VAL}/data.mdb: key {KEY}: no picture that Pillow can read, 6 bytes: {AGAIN}"),
    "an empty value": (val(bc=b""), f"{VAL}/data.mdb: key {KEY}: an empty value, expected a picture: {AGAIN}"),
    "a key that is no name": (
        lambda raw: write_lmdb(raw / VAL, {b"\xff\n": webp(1)}),
        f"{VAL}/data.mdb: key ff0a (in hexadecimal digits) is no name: {AGAIN}",
    ),
    "cut off": (
        edit(f"{TRAIN}/data.mdb", lambda old: old[:-5000]),
        f"{TRAIN}/data.mdb: cut off: CUT bytes, expected at least WHOLE: {AGAIN}",
    ),
    "nearly nothing left": (
        edit(f"{TRAIN}/data.mdb", lambda old: old[:100]), f"{TRAIN}/data.mdb: no LMDB file of data version 1: {AGAIN}",
    ),
    "another page": (
        edit(f"{TRAIN}/data.mdb", lambda old: b"<html>not found</html>" * 2000),
        f"{TRAIN}/data.mdb: no LMDB file of data version 1: {AGAIN}",
    ),
    "zeros in the middle": (
        edit(f"{TRAIN}/data.mdb", lambda old: old[:8192] + bytes(len(old) - 8192)),
        f"{TRAIN}/data.mdb: damaged: page ROOT calls itself 0: {AGAIN}",
    ),
    "no file": (remove(f"{VAL}/data.mdb"), f"{VAL}: holds no data.mdb: get the folder again"),
    "missing": (
        remove(VAL),
        f"lsun-church: {VAL} is not in RAW: put the unpacked folders {TRAIN} and {VAL} there, then run the same command",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LSUN_HARM)
def test_malformed_lsun_is_one_line(scenes, tmp_path, case):
    harm, said = LSUN_HARM[case]
    raw = Path(shutil.copytree(scenes[0], tmp_path / "raw"))
    size = (raw / TRAIN / "data.mdb").stat().st_size
    with LmdbFile(raw / TRAIN / "data.mdb") as file:
        root = file._root
    harm(raw)
    for word, value in (("CUT", size - 5000), ("WHOLE", size), ("ROOT", root)):
        said = said.replace(word, str(value))
    found = refused(lsun, "lsun-church", raw, tmp_path / "out")
    assert found == said


@pytest.mark.parametrize(
    "name, options, said",
    [
        ("lsun-church", {"limit": 0}, "lsun-church: limit 0: give a whole number above 0, or null for all images"),
        (
            "lsun-church",
            {"limit": True},
            "lsun-church: limit True: give a whole number above 0, or null for all images",
        ),
        ("lsun", {}, "lsun: no edition '': known: bedroom, church"),
        ("lsun-church", {"crop": "box"}, "lsun-church: crop 'box': it has no boxes to crop by, known: none, centre"),
    ],
)
def test_bad_options_of_lsun(scenes, tmp_path, name, options, said):
    assert refused(lsun, name, scenes[0], tmp_path / "out", **options) == said


# --- ImageNet ----------------------------------------------------------------------------------------------------

DOG = "train/n02085620"


@pytest.fixture(scope="module")
def dogs(tmp_path_factory) -> Path:
    return write_imagenet(tmp_path_factory.mktemp("trees") / "imagenet")


@pytest.fixture(scope="module")
def tarred(dogs, tmp_path_factory) -> Path:
    return archived(Path(shutil.copytree(dogs, tmp_path_factory.mktemp("archives") / "imagenet")))


def test_imagenets_dogs_come_back_whole(dogs, tmp_path):
    opened = prepared_by(imagenet, "imagenet-dog", dogs, tmp_path / "out")
    assert opened.image_shape == (3, 76, 76) and opened.manifest["classes"] == ["n02085620", "n02105855"]
    assert opened.names[:2] == ["n02085620/n02085620_100", "n02085620/n02085620_101"]
    assert opened.class_ids.tolist() == [0] * 99 + [1] * 4
    assert splits_of(opened) == {
        "train": [*range(2, 100), 102], "validation": [0, 100], "test": [1, 101], "own_train": [*range(103)],
    }  # fmt: skip
    for k in range(102):
        grey = 2 * (int(opened.names[k][-3:]) - 100) + 9
        assert abs(opened.image(k).astype(int) - grey).max() < 3
    assert opened.manifest["notes"] == [
        "1 picture is PNG and not JPEG as the name says, read as what it is: n02105855_103.JPEG",
        "not ImageNet's dogs as published: 103 images (published 147,873), 2 classes (published 118)",
    ]


def test_imagenets_archive_gives_the_same(dogs, tarred, tmp_path):
    folder = prepared_by(imagenet, "drawn_pets-dog", dogs, tmp_path / "folder").manifest
    archive = prepared_by(imagenet, "drawn_pets-dog", tarred, tmp_path / "archive").manifest
    assert (
        folder["files"] == archive["files"] and imagenet.find_raw(tarred, imagenet.ARCHIVE) == tarred / imagenet.ARCHIVE
    )
    assert archive["notes"] == [
        "1 picture is PNG and not JPEG as the name says, read as what it is: ILSVRC2012_img_train.tar, n02105855.tar: "
        "n02105855_103.JPEG"
    ]


def test_imagenets_cats(tarred, tmp_path):
    opened = prepared_by(imagenet, "imagenet-cat", tarred, tmp_path / "out", size=16)
    assert opened.names == [f"n02124075/n02124075_{k}" for k in (100, 101, 102)] and opened.image_shape == (3, 16, 16)
    assert opened.manifest["notes"] == [
        "not ImageNet's cats as published: 3 images (published 6,500), 1 classes (published 5)"
    ]


def test_the_lists_of_dogs_and_cats():
    assert len(imagenet.WNIDS["dog"]) == 118 and len(imagenet.WNIDS["cat"]) == 5
    assert all(wnids == sorted(set(wnids)) for wnids in imagenet.WNIDS.values())


TAR = "ILSVRC2012_img_train.tar"


def inner(change, wnid: str = "n02085620"):
    """The archive with the bytes of one class's archive changed."""

    def harm(raw: Path) -> None:
        with tarfile.open(raw / TAR) as outer:
            member = outer.getmember(f"{wnid}.tar")
        with open(raw / TAR, "rb+") as f:
            f.seek(member.offset_data)
            content = change(f.read(member.size))
            assert len(content) == member.size
            f.seek(member.offset_data)
            f.write(content)

    return harm


def without_end(raw: Path) -> None:
    """The archive up to its last class, which is neither a dog nor a cat."""
    with tarfile.open(raw / TAR) as outer:
        last = outer.getmembers()[-1]
    os.truncate(raw / TAR, last.offset_data + last.size)


FOLDER_HARM = {
    "another file": (
        lambda raw: (raw / DOG / "notes.txt").write_text("x"),
        f"{DOG}: notes.txt is no n02085620_<number>.JPEG: take it away, or get the class again",
    ),
    "a picture of another class": (
        lambda raw: shutil.copy(raw / "train/n02124075/n02124075_100.JPEG", raw / DOG),
        f"{DOG}: n02124075_100.JPEG is no n02085620_<number>.JPEG: take it away, or get the class again",
    ),
    "a class without pictures": (
        lambda raw: (raw / "train/n02113978").mkdir(), "train/n02113978: no picture of this class: get the class again",
    ),
    "no dogs": (
        lambda raw: [shutil.rmtree(raw / "train" / wnid) for wnid in ("n02085620", "n02105855")],
        f"train: holds none of n02085620 to n02113978: {AGAIN}",
    ),
    "no picture": (
        edit(f"{DOG}/n02085620_105.JPEG", lambda old: b"<html>"),
        f"{DOG}/n02085620_105.JPEG: no picture that Pillow can read, 6 bytes: {AGAIN}",
    ),
    "missing": (
        remove("train"),
        "imagenet-dog: ILSVRC2012_img_train.tar is not in RAW: "
        "put ILSVRC2012's folder train (a folder each class), or ILSVRC2012_img_train.tar as "
        "it is, there, then run the same command",
    ),
}  # fmt: skip
TAR_HARM = {
    "archive cut off": (
        edit(TAR, lambda old: old[: len(old) // 2]), f"{TAR}: no tar file, cut off or damaged (unexpected end of data): {AGAIN}",
    ),
    "archive without its end": (
        without_end, f"{TAR}: no tar file, cut off or damaged (its end is missing): {AGAIN}",
    ),
    "archive that is none": (
        edit(TAR, lambda old: b"<html>not found</html>"), f"{TAR}: no tar file, cut off or damaged (truncated header): {AGAIN}",
    ),
    "a class that is none": (
        inner(lambda old: b"x" * len(old)), f"{TAR}, n02085620.tar: no tar file, cut off or damaged (invalid header): {AGAIN}",
    ),
    "a class cut off": (
        inner(lambda old: old[: 512 * 33] + b"x" * (len(old) - 512 * 33)),
        f"{TAR}, n02085620.tar: no tar file, cut off or damaged (its end is missing): {AGAIN}",
    ),
    "a picture that is none": (
        inner(lambda old: old.replace(b"\xff\xd8\xff", b"???")),
        f"{TAR}, n02085620.tar: n02085620_100.JPEG: no picture that Pillow can read, SIZE bytes: {AGAIN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [*FOLDER_HARM, *TAR_HARM])
def test_malformed_imagenet_is_one_line(dogs, tarred, tmp_path, case):
    harm, said = (FOLDER_HARM | TAR_HARM)[case]
    raw = Path(shutil.copytree(tarred if case in TAR_HARM else dogs, tmp_path / "raw"))
    harm(raw)
    size = (dogs / DOG / "n02085620_100.JPEG").stat().st_size
    assert refused(imagenet, "imagenet-dog", raw, tmp_path / "out") == said.replace("SIZE", str(size))
