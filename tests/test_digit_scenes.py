"""MNIST with captions and among clutter, made of MNIST's files: what is shown, where, what is held out, and bad files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from small_sets import prepared_by

from redraw import data
from redraw.core import RedrawError, digest
from redraw.data import digit_clutter, digit_scenes, mnist
from redraw.data.base import Prepared
from redraw.data.mnist import RAW_FILES, write_idx

EDITIONS = ("captioned", "cluttered")
TWELVE_WORDS = (
    "the digit A is on the left of the digit B .", "the digit B is on the right of the digit A .",
    "the digit A is at the top of the digit B .", "the digit B is at the bottom of the digit A .",
    "the digit A is at the top left of the image .", "the digit A is at the bottom right of the image .",
    "the digit A is at the top right of the image .", "the digit A is at the bottom left of the image .",
)  # fmt: skip
"""The released sentences; A is pasted first."""
FIRST_ROWS = [(16, 18), (16, 18), (0, 2), (0, 2), (0, 2), (30, 32), (0, 2), (30, 32)]
FIRST_COLUMNS = [(0, 4), (0, 4), (16, 18), (16, 18), (0, 4), (28, 32), (28, 32), (0, 4)]
SECOND = {0: ((16, 18), (28, 32)), 1: ((16, 18), (28, 32)), 2: ((30, 32), (16, 18)), 3: ((30, 32), (16, 18))}


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Hundreds of canvases instead of thousands."""
    monkeypatch.setattr(digit_scenes, "LEAST", {"train": 800, "validation": 100, "test": 100, "held_out": 300})
    monkeypatch.setattr(digit_clutter, "LEAST", {"train": 150, "validation": 0, "test": 0})


def write_digits(raw: Path, images: np.ndarray, labels: np.ndarray, tested: int) -> None:
    """MNIST's four files, the last ``tested`` digits to test with."""
    parts = zip(RAW_FILES, (images[:-tested], labels[:-tested], images[-tested:], labels[-tested:]), strict=True)
    for name, values in parts:
        write_idx(raw / name, values.astype(np.uint8))


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    """120 digits of dots, no two the same; the last 40 test."""
    folder = tmp_path_factory.mktemp("digits") / "raw"
    number, row, column = np.ogrid[:120, :28, :28]
    images = np.where((row * (number + 3) + column * (number % 7 + 2)) % 5 < 2, 100 + number, 0)
    labels = np.arange(120) % 10
    write_digits(folder, images, labels, 40)
    return folder


def own_digits(raw: Path) -> dict[str, digit_scenes.Digits]:
    return mnist._whole(raw, "mnist", None)


# --- captions ----------------------------------------------------------------------------------------------------


def opened(raw: Path, folder: Path, kind: str) -> Prepared:
    return prepared_by(mnist, f"mnist-{kind}", raw, folder)


def said(caption: str) -> tuple[int, dict[str, int]]:
    """Which of the eight sentences a caption is, and its digits by place."""
    words = caption.split()
    for k, sentence in enumerate(TWELVE_WORDS):
        pairs = list(zip(sentence.split(), words, strict=True))
        if all(a == b for a, b in pairs if a not in ("A", "B")):
            return k, {a: int(b) for a, b in pairs if a in ("A", "B")}
    raise AssertionError(caption)


def test_captions_say_what_is_where(raw, tmp_path):
    found, digits = opened(raw, tmp_path / "out", "captioned"), own_digits(raw)
    assert found.image_shape == (1, 60, 60) and found.classes == 8
    assert {name: len(rows) for name, rows in found.splits.items()} == {
        "train": 800, "validation": 100, "test": 100, "held_out": 300,
    }  # fmt: skip
    shown, words = np.zeros(8, int), set()
    for split, rows in found.splits.items():
        own = digits["test" if split == "held_out" else split]
        looks = {(own.images[k].tobytes(), int(own.labels[k])) for k in range(len(own.labels))}
        for i in rows:
            (caption,) = found.captions(i)
            kind, named = said(caption)
            shown[kind] += 1
            words |= set(caption.split())
            assert found.class_ids[i] == kind and len(caption.split()) == 12
            objects, canvas = found.objects(i).astype(int), found.image(i)[..., 0].copy()
            assert objects[:, 0].tolist() == [named[place] for place in sorted(named)]
            places = [(FIRST_ROWS[kind], FIRST_COLUMNS[kind]), *([SECOND[kind]] if kind in SECOND else [])]
            for (_, left, top, wide, high, _), (rows_of, columns) in zip(objects, places, strict=True):
                assert wide == high == 28
                assert rows_of[0] <= top <= rows_of[1] and columns[0] <= left <= columns[1]
            if kind in (0, 1):
                assert objects[0, 2] == objects[1, 2]  # one row for both
            if kind in (2, 3):
                assert objects[0, 1] == objects[1, 1]
            label, left, top = objects[-1, :3]  # what is pasted last is whole
            assert (canvas[top : top + 28, left : left + 28].tobytes(), label) in looks
            for _, left, top, *_ in objects:
                canvas[top : top + 28, left : left + 28] = 0
            assert not canvas.any()
    assert shown.min() > 60 and len(words) == 22


def test_what_is_pasted_second_covers_the_first(tmp_path):
    labels = np.arange(60) % 10
    write_digits(tmp_path / "raw", np.broadcast_to(labels[:, None, None] + 1, (60, 28, 28)), labels, 30)
    found, covered = opened(tmp_path / "raw", tmp_path / "out", "captioned"), 0
    for i in found.splits["train"]:
        objects = found.objects(i).astype(int)
        expected = np.zeros((60, 60), int)
        for label, left, top, *_ in objects:
            expected[top : top + 28, left : left + 28] = label + 1
        assert (found.image(i)[..., 0] == expected).all()
        covered += len(objects) == 2 and (expected == objects[0, 0] + 1).sum() < 28 * 28
    assert covered > 50


def test_held_out_combinations_are_in_one_split_alone(raw, tmp_path):
    found, out = opened(raw, tmp_path / "out", "captioned"), digit_scenes.held_out()
    assert [len(banned) for banned in out] == [2, 2, 2, 2, 1, 1, 1, 1]
    assert 6 <= sum(digit < 10 for banned in out for digit in banned) <= 12
    for split, rows in found.splits.items():
        hit = []
        for i in rows:
            kind, named = said(found.captions(i)[0])
            hit.append(any(named[place] == digit for place, digit in zip("AB", out[kind], strict=False)))
        assert all(hit) if split == "held_out" else not any(hit)
    assert found.manifest["notes"] == [
        "held out: left A 9, B 1; top A 3, B 7; bottom A 3, B 9; top left A 2; top right A 1; bottom left A 0"
    ]


def test_a_split_shows_its_own_digits(raw, tmp_path):
    """held_out shows test digits: no two digits look the same."""
    found, digits = opened(raw, tmp_path / "out", "captioned"), own_digits(raw)
    for split, rows in found.splits.items():
        other = "train" if split != "train" else "test"
        strangers = {image.tobytes() for image in digits[other].images}
        for i in rows:
            _, left, top = found.objects(i)[-1, :3].astype(int)
            assert found.image(i)[top : top + 28, left : left + 28, 0].tobytes() not in strangers


def test_digits_of_which_nothing_is_held_out_are_one_line(tmp_path):
    labels = np.full(40, 5)
    write_digits(tmp_path / "raw", np.ones((40, 28, 28)), labels, 20)
    with pytest.raises(RedrawError) as error:
        opened(tmp_path / "raw", tmp_path / "out", "captioned")
    assert str(error.value) == (
        "mnist-captioned, held_out: of the digits 5 alone nothing can be shown here: put MNIST's own files there"
    )


# --- clutter -----------------------------------------------------------------------------------------------------


def test_a_digit_lies_whole_in_its_box(raw, tmp_path):
    found, digits = opened(raw, tmp_path / "out", "cluttered"), own_digits(raw)
    assert found.image_shape == (1, 100, 100) and found.manifest["classes"] == [str(k) for k in range(10)]
    tops = set()
    for split, rows in found.splits.items():
        own = digits[split]
        assert len(rows) == (150 if split == "train" else len(own.labels))
        for k, i in enumerate(rows):
            left, top, wide, high = found.boxes[i].astype(int)
            assert wide == high == 28 and 0 <= left <= 72 and 0 <= top <= 72
            tops.add(top)
            seen = found.image(i)[top : top + 28, left : left + 28, 0]
            assert (seen >= own.images[k % len(own.labels)]).all()
            assert found.class_ids[i] == own.labels[k % len(own.labels)]
    assert min(tops) < 8 and max(tops) > 64


def test_eight_patches_and_a_digit_are_added_up(tmp_path):
    labels = np.arange(60) % 10
    write_digits(tmp_path / "raw", np.ones((60, 28, 28)), labels, 30)
    found = opened(tmp_path / "raw", tmp_path / "out", "cluttered")
    assert {int(found.image(i).sum()) for i in range(len(found))} == {8 * 8 * 8 + 28 * 28}
    write_digits(tmp_path / "white", np.full((60, 28, 28), 200), labels, 30)
    found = opened(tmp_path / "white", tmp_path / "bright", "cluttered")
    assert {v for i in range(len(found)) for v in np.unique(found.image(i)).tolist()} == {0, 200, 255}


# --- both --------------------------------------------------------------------------------------------------------


def test_the_stand_ins_are_made_of_the_same_digits(tmp_path):
    files = [
        data.fetch(name, tmp_path / name)["files"] for name in ("digits", *(f"digits-{kind}" for kind in EDITIONS))
    ]
    assert files[0] == files[1] == files[2]
    for kind in EDITIONS:
        bodies = [
            data.prepare(f"digits-{kind}", tmp_path / f"digits-{kind}", tmp_path / f"{kind}{k}") for k in range(2)
        ]
        assert bodies[0] == bodies[1] and bodies[0]["dataset"] == f"digits-{kind}"
    assert data.raw_folder("mnist-captioned") == data.raw_folder("mnist-cluttered") == "mnist"


@pytest.mark.parametrize(("kind", "first_day"), [("captioned", "d2bd54b4"), ("cluttered", "3ef4a08e")])
def test_canvases_are_those_of_the_first_day(raw, tmp_path, kind, first_day):
    """If this digest changes, every table with these sets does."""
    found = opened(raw, tmp_path / "out", kind)
    assert digest(found.manifest["files"]["images.u8"]["sha256"])[:8] == first_day


def test_a_canvas_does_not_depend_on_how_many_there_are(raw, tmp_path, monkeypatch):
    few = {kind: opened(raw, tmp_path / f"few_{kind}", kind) for kind in EDITIONS}
    monkeypatch.setattr(digit_scenes, "LEAST", {"train": 900, "validation": 200, "test": 200, "held_out": 400})
    monkeypatch.setattr(digit_clutter, "LEAST", {"train": 250, "validation": 0, "test": 0})
    for kind, before in few.items():
        more = opened(raw, tmp_path / kind, kind)
        assert len(more) > len(before)
        for split, rows in before.splits.items():
            pairs = zip(rows, more.splits[split], strict=False)
            assert all((before.image(i) == more.image(j)).all() for i, j in pairs)


def small(raw: Path) -> None:
    write_digits(raw, np.ones((40, 3, 4)), np.arange(40) % 10, 10)


def change(name: str, harm):
    return lambda raw: (raw / name).write_bytes(harm((raw / name).read_bytes()))


IMAGES, LABELS, TESTED, _ = RAW_FILES
HARM = {
    "small images": (small, "RAW: image train-00000 has 3 x 4 pixels, expected 28 x 28: put MNIST's own files there"),
    "a label too many": (change(LABELS, lambda c: c[:8] + b"\x0b" + c[9:]), f"{LABELS}: label 11 at position 0, expected 0 to"),
    "cut off": (change(IMAGES, lambda c: c[:-1]), f"{IMAGES}: truncated: 62735 bytes, expected at least 62736: get the file"),
    "other counts": (change(TESTED, lambda c: c[:7] + b"\x27" + c[8:]), f"{TESTED}: 39 images, but t10k-labels-idx1-ubyte has"),
    "zipped": (change(LABELS, gzip.compress), f"expected 00000801 (IDX, uint8): it is gzipped, rename it to {LABELS}.gz"),
    "missing": (lambda raw: (raw / LABELS).unlink(), f"{LABELS}[.gz] is not in RAW: put the four IDX files there, then run"),
}  # fmt: skip


@pytest.mark.parametrize("kind", EDITIONS)
@pytest.mark.parametrize("case", HARM)
def test_malformed_files_are_one_line(raw, tmp_path, kind, case):
    harm, line = HARM[case]
    for name in RAW_FILES:
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / name).write_bytes((raw / name).read_bytes())
    harm(tmp_path / "raw")
    with pytest.raises(RedrawError) as error:
        opened(tmp_path / "raw", tmp_path / "out", kind)
    text = str(error.value).replace(str(tmp_path / "raw"), "RAW")
    assert line in text and "\n" not in text and not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", EDITIONS)
def test_options_are_mnists(raw, tmp_path, kind):
    found = prepared_by(mnist, f"mnist-{kind}", raw, tmp_path / "out", validation_size=30)
    assert len(found.splits["validation"]) == (100 if kind == "captioned" else 30)
    with pytest.raises(RedrawError, match=f"^mnist-{kind}: no option 'size' of prepare: "):
        prepared_by(mnist, f"mnist-{kind}", raw, tmp_path / "out", size=64)
