"""Flickr8k and Flickr30k from their raw trees: a valid one comes back whole, a malformed one is one line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import trees_captions as trees
from small_sets import prepared_by
from trees_captions import LOST, NAMES, both, captions_of, edit, entry, listed, sentence

from redraw.core import RedrawError
from redraw.data import flickr8k, flickr30k

IMAGES, TOKENS, KARPATHY = "Flicker8k_Dataset", "Flickr8k.token.txt", "karpathy/dataset_flickr8k.json"
TRAIN_LIST, DEV_LIST, TEST_LIST = (f"Flickr_8k.{which}Images.txt" for which in ("train", "dev", "test"))
FIRST, UNSPLIT = NAMES[0], NAMES[5]
AGAIN = "get the file again, then run the same command"
BOTH = "get both files again, then run the same command"
NOT_AMONG = f"of dataset_flickr8k.json not among the captions of {TOKENS} by letters and digits: taken from"
ORDER = sorted(range(6), key=lambda k: NAMES[k])


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A valid raw tree of Flickr8k. Not to be written to."""
    return trees.write_flickr8k(tmp_path_factory.mktemp("trees") / "flickr8k")


@pytest.fixture
def raw(sound, tmp_path) -> Path:
    """A copy of it to do harm to."""
    return Path(shutil.copytree(sound, tmp_path / "raw" / "flickr8k"))


def texts_of(k: int) -> list[str]:
    return [trees.apart(caption) for caption in captions_of(k)[:5]]


def line(path: str, number: int, *texts: str) -> trees.Callable[[Path], None]:
    """The file with other lines ``texts`` in place of its line ``number``, from 1; beyond its end, with these more."""

    def change(old: bytes) -> bytes:
        found = old.splitlines(True)
        found[number - 1 : number] = [text.encode() + b"\n" for text in texts]
        return b"".join(found)

    return edit(path, change)


# --- valid trees -------------------------------------------------------------------------------------------------


def test_a_valid_tree_comes_back_whole(sound, tmp_path):
    opened = prepared_by(flickr8k, "flickr8k", sound, tmp_path / "flickr8k", size=20)
    assert opened.names == [NAMES[k].removesuffix(".jpg") for k in ORDER] == sorted(opened.names)
    assert [opened.captions(k) for k in range(6)] == [texts_of(k) for k in ORDER]
    assert opened.image_shape == (3, 20, 20)
    assert np.abs(trees.means(opened) - [trees.colour(k) for k in ORDER]).max() < 3
    assert opened.manifest["classes"] == ["flickr8k"] and opened.class_ids.tolist() == [0] * 6
    places = {split: sorted(ORDER.index(NAMES.index(name)) for name in names) for split, names in trees.OWN.items()}
    assert {name: rows.tolist() for name, rows in opened.splits.items()} == {
        "train": sorted(ORDER.index(k) for k in (0, 1, 2)), "validation": [ORDER.index(3)], "test": [ORDER.index(4)],
        "unsplit": [ORDER.index(5)], "own_train": places["train"], "own_validation": places["dev"], "own_test": places["test"],
    }  # fmt: skip
    assert opened.boxes is None and opened.attributes is None and opened.categories == ()
    assert opened.manifest["notes"] == [
        f"1 name with captions but no picture: left out; the first is {LOST}",
        f"1 image in no split list: split unsplit; the first is {UNSPLIT}",
        "not Flickr8k as published: 6 images (published 8,091), 3 train (published 6,000), 1 validation (published 1,000), "
        "1 test (published 1,000), 1 unsplit (published 91), 30 captions (published 40,455), 2 own_train (published 6,000), "
        "1 own_validation (published 1,000), 1 own_test (published 1,000)",
    ]


def test_flickr30k_has_no_own_lists(tmp_path):
    raw = trees.write_flickr30k(tmp_path / "raw")
    opened = prepared_by(flickr30k, "flickr30k", raw, tmp_path / "flickr30k", size=None)
    assert [opened.captions(k) for k in range(6)] == [texts_of(k) for k in ORDER]
    assert opened.image(ORDER.index(0)).shape == (40, 30, 3) and opened.image(ORDER.index(1)).shape == (30, 40, 3)
    assert set(opened.splits) == {"train", "validation", "test", "unsplit"}
    assert opened.manifest["notes"] == [
        f"1 image in no split list: split unsplit; the first is {UNSPLIT}",
        "not Flickr30k as published: 6 images (published 31,783), 3 train (published 29,000), 1 validation (published 1,014), "
        "1 test (published 1,000), 1 unsplit (published 769), 30 captions (published 158,915)",
    ]


def test_a_stand_in_is_not_held_against_the_published_counts(sound, tmp_path):
    opened = prepared_by(flickr8k, "drawn_scenes-flickr8k_small", sound, tmp_path / "drawn")
    assert opened.image_shape == (3, 76, 76) and opened.manifest["classes"] == ["flickr8k"]
    assert not [note for note in opened.manifest["notes"] if "published" in note]


def test_the_order_of_lines_does_not_matter(sound, raw, tmp_path):
    for path in (TOKENS, TRAIN_LIST):
        edit(path, lambda old: b"\r\n".join(reversed(old.splitlines())) + b"\r\n")(raw)
    listed(KARPATHY, "images", lambda old: old[::-1])(raw)
    turned = prepared_by(flickr8k, "flickr8k", raw, tmp_path / "turned").manifest["files"]
    assert turned == prepared_by(flickr8k, "flickr8k", sound, tmp_path / "straight").manifest["files"]


def test_karpathys_file_may_lie_beside(sound, raw, tmp_path):
    shutil.move(raw / "karpathy", raw.parent / "karpathy")
    beside = prepared_by(flickr8k, "flickr8k", raw, tmp_path / "beside").manifest["files"]
    assert beside == prepared_by(flickr8k, "flickr8k", sound, tmp_path / "within").manifest["files"]
    (raw / DEV_LIST).unlink()
    with pytest.raises(RedrawError) as error:
        prepared_by(flickr8k, "flickr8k", raw, tmp_path / "none")
    assert (
        str(error.value)
        == f"flickr8k: {DEV_LIST} is not in {raw}: put {flickr8k.NEEDS} there, then run the same command"
    )


# --- options -----------------------------------------------------------------------------------------------------


def test_karpathys_tokens_are_an_option(sound, tmp_path):
    opened = prepared_by(flickr8k, "flickr8k", sound, tmp_path / "tokens", captions="karpathy_tokens")
    split = [k for k in ORDER if NAMES[k] != UNSPLIT]
    assert opened.names == [NAMES[k].removesuffix(".jpg") for k in split] and "unsplit" not in opened.splits
    expected = [[" ".join(trees.tokens_of(caption)) for caption in captions_of(k)[:5]] for k in split]
    assert [opened.captions(k) for k in range(5)] == expected
    left_out = f"1 image without tokens, since Karpathy's file leaves them out: left out; the first is {UNSPLIT}"
    assert left_out in opened.manifest["notes"]


@pytest.mark.parametrize(
    "options, said",
    [
        ({"captions": "tokens"}, "flickr8k: captions 'tokens': known: raw, karpathy_tokens"),
        ({"crop": "box"}, "flickr8k: crop 'box': it has no boxes to crop by, known: none, centre"),
        ({"sise": 76}, "flickr8k: no option 'sise' of prepare: did you mean \"size\"?"),
    ],
)
def test_bad_options(sound, tmp_path, options, said):
    with pytest.raises(RedrawError) as error:
        prepared_by(flickr8k, "flickr8k", sound, tmp_path / "out", **options)
    assert str(error.value) == said


# --- what is repaired, and noted; the captions of the first image are lines 5 to 1 -----------------------------

REPAIRED = {
    "picture without captions": (
        lambda raw: trees.picture(raw / IMAGES / "99_09.jpg", 9),
        "1 picture without captions: left out; the first is 99_09.jpg",
    ),
    "unsplit image without captions": (
        edit(TOKENS, lambda old: b"".join(x for x in old.splitlines(True) if not x.startswith(UNSPLIT.encode()))),
        f"1 picture without captions: left out; the first is {UNSPLIT}",
    ),
    "unsplit image without a picture": (
        lambda raw: (raw / IMAGES / UNSPLIT).unlink(),
        f"2 names with captions but no picture: left out; the first is {LOST}",
    ),
    "file that is no picture": (
        lambda raw: (raw / IMAGES / "readme.txt").write_text("…"),
        "1 file in Flicker8k_Dataset that is no .jpg: left out; the first is readme.txt",
    ),
    "white space": (
        line(TOKENS, 5, f"{FIRST}#0\t Scene  0 as\tperson 0 sees it . "),
        f"1 caption with other white space than single spaces between words: collapsed; the first is of {FIRST}",
    ),
    "a sentence that differs": (
        sentence(KARPATHY, 2, 1, raw="Another one."),
        f"1 sentence {NOT_AMONG} {TOKENS}; the first is {NAMES[1]}",
    ),
    "empty caption": (
        both(line(TOKENS, 5, f"{FIRST}#0\t "), sentence(KARPATHY, 1, 1, raw="")),
        f"1 caption without a word: left out; the first is of {FIRST}",
    ),
}


@pytest.mark.parametrize("case", REPAIRED)
def test_what_is_repaired_is_noted(raw, tmp_path, case):
    harm, said = REPAIRED[case]
    harm(raw)
    opened = prepared_by(flickr8k, "flickr8k", raw, tmp_path / "out", size=16)
    assert said in opened.manifest["notes"]
    assert len(opened) == (5 if case.startswith("unsplit") else 6)
    expected = texts_of(0)[1:] if case == "empty caption" else texts_of(0)
    assert opened.captions(opened.names.index(FIRST.removesuffix(".jpg"))) == expected


def test_captions_are_utf8(raw, tmp_path):
    line(TOKENS, 5, f"{FIRST}#0\tCafé “Größe” 猫")(raw)
    sentence(KARPATHY, 1, 1, raw="Café “Größe” 猫")(raw)
    opened = prepared_by(flickr8k, "flickr8k", raw, tmp_path / "out", size=16)
    assert opened.captions(opened.names.index(FIRST.removesuffix(".jpg")))[0] == "Café “Größe” 猫"


# --- malformed trees: errors -------------------------------------------------------------------------------------

FORM = "expected `<name>.jpg#<0 to 4><tab><caption>`"
HARM = {
    "no tab": (
        line(TOKENS, 2, f"{FIRST}#3 Scene 0 as person 3 sees it ."),
        f"{TOKENS}, line 2: '{FIRST}#3 Scene 0 as person 3 sees it .', {FORM}: {AGAIN}",
    ),
    "caption number 5": (
        line(TOKENS, 2, f"{FIRST}#5\tScene 0."), f"{TOKENS}, line 2: '{FIRST}#5\\tScene 0.', {FORM}: {AGAIN}",
    ),
    "doubled number": (
        line(TOKENS, 2, f"{FIRST}#4\tScene 0."), f"{TOKENS}, line 2: caption #4 of {FIRST} comes twice: {AGAIN}",
    ),
    "missing number": (line(TOKENS, 2), f"{TOKENS}: no caption #3 of {FIRST}, expected #0 to #4: {AGAIN}"),
    "missing number of an unsplit image": (
        line(TOKENS, 26), f"{TOKENS}: no caption #4 of {UNSPLIT}, expected #0 to #4: {AGAIN}",
    ),
    "bad UTF-8": (
        edit(TOKENS, lambda old: old.replace(b"Scene 0 as person 3", b"Sc\xe8ne 0 as person 3")),
        f"{TOKENS}, line 2: byte 0xe8 in column 15 is not UTF-8: {AGAIN}",
    ),
    "all captions empty": (
        edit(TOKENS, lambda old: re.sub(f"({re.escape(UNSPLIT)}#.\t).*".encode(), rb"\1", old)),
        f"{TOKENS}: all captions of {UNSPLIT} are empty: {AGAIN}",
    ),
    "split image without a picture": (
        lambda raw: (raw / IMAGES / FIRST).unlink(), f"{KARPATHY}: images, entry 1: {FIRST} is not in {IMAGES}: {BOTH}",
    ),
    "split image without captions": (
        edit(TOKENS, lambda old: b"".join(old.splitlines(True)[5:])),
        f"{KARPATHY}: images, entry 1: {FIRST} has no captions in {TOKENS}: {BOTH}",
    ),
    "own list names no picture": (
        line(TRAIN_LIST, 2, LOST), f"{TRAIN_LIST}, line 2: {LOST} is not in {IMAGES}: {AGAIN}",
    ),
    "own list names no captions": (
        both(lambda raw: trees.picture(raw / IMAGES / "9.jpg", 9), line(DEV_LIST, 2, "9.jpg")),
        f"{DEV_LIST}, line 2: 9.jpg has no captions in {TOKENS}: {AGAIN}",
    ),
    "own list with ends of lines of another time": (
        edit(TRAIN_LIST, lambda old: old.replace(b"\n", b"\r") * 9),
        f"{TRAIN_LIST}, line 1: '{NAMES[1]}\\r{NAMES[2]}\\r" + f"{NAMES[1]}\\r{NAMES[2]}\\r{NAMES[1]}\\r{NAMES[2]}\\r…', "
        f"expected the name of a picture: {AGAIN}",
    ),
    "own lists overlap": (
        line(TEST_LIST, 1, NAMES[1]), f"{TEST_LIST}, line 1: {NAMES[1]} is in {TRAIN_LIST} already: {AGAIN}",
    ),
    "own list of another encoding": (
        edit(DEV_LIST, lambda old: b"\xff\xfe" + old), f"{DEV_LIST}, line 1: byte 0xff in column 1 is not UTF-8: {AGAIN}",
    ),
    "swapped captions": (
        edit(TOKENS, lambda old: old.replace(FIRST.encode(), b"*").replace(NAMES[1].encode(), FIRST.encode()).replace(
            b"*", NAMES[1].encode())),
        f"{KARPATHY}: images, entry 1: the sentences of {FIRST} are not its captions in {TOKENS}, 5 of 5 differ: {BOTH}",
    ),
    "three captions of another image": (
        edit(TOKENS, lambda old: re.sub(f"({re.escape(FIRST)}#[012]\t).*".encode(), rb"\1Other .", old)),
        f"{KARPATHY}: images, entry 1: the sentences of {FIRST} are not its captions in {TOKENS}, 3 of 5 differ: {BOTH}",
    ),
    "filename that comes twice": (
        entry(KARPATHY, "images", 2, filename=FIRST),
        f"{KARPATHY}: images, entry 2: filename {FIRST} comes twice: {AGAIN}",
    ),
    "Karpathy's file of COCO": (
        lambda raw: shutil.copy(trees.write_coco(raw / "coco") / "karpathy/dataset_coco.json", raw / KARPATHY),
        f"{KARPATHY}: images, entry 1: COCO_val2014_000000000133.jpg is not in {IMAGES}: {BOTH}",
    ),
    "restval": (
        entry(KARPATHY, "images", 1, split="restval"),
        f"{KARPATHY}: images, entry 1: split 'restval', expected one of train, val, test: {AGAIN}",
    ),
    "truncated JSON": (
        edit(KARPATHY, lambda old: old[:500]), f"{KARPATHY}: no sound JSON (parse error: premature EOF), 500 bytes: {AGAIN}",
    ),
    "picture that is none": (
        lambda raw: (raw / IMAGES / FIRST).write_bytes(b"<html>"),
        f"{IMAGES}/{FIRST}: no picture that Pillow can read, 6 bytes: {AGAIN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_a_malformed_tree_is_one_line(raw, tmp_path, case):
    harm, said = HARM[case]
    harm(raw)
    with pytest.raises(RedrawError) as error:
        prepared_by(flickr8k, "flickr8k", raw, tmp_path / "out", size=16)
    print(str(error.value).replace(f"{raw}/", ""))
    assert str(error.value) == f"{raw}/{said}" and not (tmp_path / "out").exists()
