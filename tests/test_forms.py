"""The form that pictures are prepared in, held against Pillow's own; and what lies on them."""

from __future__ import annotations

import threading
import time
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from redraw import names
from redraw.core import RedrawError
from redraw.data import parallel
from redraw.data.forms import Form, form_of, off_picture
from redraw.sheets import read_sheets

FILTERS = ("bicubic", "bilinear", "lanczos", "hamming", "box", "nearest")


def pictures(n: int):
    """Noise on gradients, of many sizes and aspects, with a box in each."""
    rng = np.random.default_rng(5)
    for _ in range(n):
        height, width = (int(v) for v in rng.integers(30, 160, 2))
        ramp = np.linspace(0, 200, width)[None, :, None] + rng.integers(0, 56, (height, width, 3))
        x, y = rng.uniform(0, width * 0.6), rng.uniform(0, height * 0.6)
        yield ramp.astype(np.uint8), (x, y, rng.uniform(4, width - x), rng.uniform(4, height - y))


def by_hand(image: np.ndarray, box, form: Form) -> np.ndarray:
    """The same in the words of the authors' code: crop, then Pillow's resize."""
    picture = Image.fromarray(image)
    if form.crop == "box":
        b = np.array(box).astype(int)
        r = int(np.maximum(b[2], b[3]) * 0.75)
        cx, cy = int((2 * b[0] + b[2]) / 2), int((2 * b[1] + b[3]) / 2)
        y1, y2 = np.maximum(0, cy - r), np.minimum(image.shape[0], cy + r)
        x1, x2 = np.maximum(0, cx - r), np.minimum(image.shape[1], cx + r)
        picture = picture.crop((int(x1), int(y1), int(x2), int(y2)))
    w, h = picture.size
    size = (form.size, form.size)
    if form.fit == "shorter":
        size = (form.size, int(form.size * h / w)) if w <= h else (int(form.size * w / h), form.size)
    return np.asarray(picture.resize(size, getattr(Image, form.filter.upper())))


@pytest.mark.parametrize(
    "form",
    [
        Form(),
        Form(crop="box"),
        Form(crop="box", fit="shorter", size=76, filter="bilinear"),
        *(Form(size=40, filter=f) for f in FILTERS),
    ],
    ids=str,
)
def test_two_hundred_pictures_are_bit_equal_to_pillows(form):
    for image, box in pictures(200):
        found = form.apply(image, box)
        np.testing.assert_array_equal(found.image, by_hand(image, box, form))
        assert (found.height, found.width) == image.shape[:2]


def test_the_crop_is_stackgans_square_and_the_box_goes_with_it():
    image = np.arange(200 * 300 * 3, dtype=np.uint32).reshape(200, 300, 3).astype(np.uint8)
    form = Form(size=None, crop="box")
    # whole numbers 100, 60, 41, 20; half a side int(30.75) = 30; centre int(241 / 2) = 120 and int(140 / 2) = 70
    found = form.apply(image, (100.9, 60.9, 41.9, 20.9))
    np.testing.assert_array_equal(found.image, image[40:100, 90:150])
    assert found.box == pytest.approx((10.9, 20.9, 41.9, 20.9))
    at_the_edge = form.apply(image, (0, 150, 40, 50))  # no square: cut off left and below
    np.testing.assert_array_equal(at_the_edge.image, image[138:200, 0:57])
    assert at_the_edge.box == (0, 12, 40, 50)


def test_the_box_is_scaled_with_the_picture_and_stays_inside():
    image = np.zeros((50, 100, 3), np.uint8)
    found = Form(size=25).apply(image, (-0.5, 10, 100.9, 20))
    assert found.image.shape == (25, 25, 3) and found.box == (0, 5, 25, 10)
    assert Form(size=25).apply(image).box is None


def test_points_and_objects_go_with_the_picture():
    image = np.zeros((40, 80, 3), np.uint8)
    points = np.array([[40, 20, 1], [10, 5, 1], [50, 10, 0]], np.float32)
    objects = [(3, 30, 10, 20, 20, 0), (1, 0, 0, 8, 8, 1)]
    found = Form(size=20, crop="centre", scale=40).apply(image, None, points, objects)
    assert found.image.shape == (20, 20, 3)
    assert found.keypoints.tolist() == [[10, 10, 1], [0, 0, 0], [0, 0, 0]]  # one cut off, one hidden before
    assert found.objects.tolist() == [[3, 5, 5, 10, 10, 0]]  # of the other nothing is left
    assert off_picture(np.array([[80, 1, 1], [81, 1, 0], [79, 39, 1]], np.float32), 80, 40) == 1


def test_a_square_is_the_middle_and_grey_is_pillows():
    image = next(pictures(1))[0]
    height, width = image.shape[:2]
    found = Form(size=32, fit="shorter", square=True, channels="grey").apply(image, (0, 0, width, height))
    assert found.image.shape == (32, 32) and found.box == pytest.approx((0, 0, 32, 32))
    grey = Image.fromarray(image).convert("L")
    wide, high = (32, int(32 * height / width)) if width <= height else (int(32 * width / height), 32)
    whole = np.asarray(grey.resize((wide, high), Image.Resampling.BICUBIC))
    top, left = (high - 32) // 2, (wide - 32) // 2
    np.testing.assert_array_equal(found.image, whole[top : top + 32, left : left + 32])


def test_a_square_of_some_pixels_is_cut_from_the_middle():
    image = np.arange(60 * 90 * 3, dtype=np.uint32).reshape(60, 90, 3).astype(np.uint8)
    found = Form(size=None, square=40).apply(image, (25, 10, 40, 40))
    np.testing.assert_array_equal(found.image, image[10:50, 25:65])
    assert found.box == (0, 0, 40, 40)
    assert Form(size=None, square=100).apply(image).image.shape == (60, 60, 3)  # there is no more


def test_a_rectangle_is_cut_out_of_aligned_pictures():
    image = np.arange(218 * 178 * 3, dtype=np.uint32).reshape(218, 178, 3).astype(np.uint8)
    form = form_of({"crop": [15, 40, 163, 188], "size": None}, "celeba", ("none", "centre"))  # VAE/GAN's
    np.testing.assert_array_equal(form.apply(image).image, image[40:188, 15:163])
    with pytest.raises(RedrawError, match="it leaves nothing of a picture of 178 x 30 pixels"):
        form.apply(image[:30])


@pytest.mark.parametrize("paper", sorted(read_sheets()))
def test_every_form_of_every_sheet_is_one(paper):
    sheet = read_sheets()[paper]
    known = {field.name for field in fields(Form)}
    asked = {f"prepare.{d}": {**options, "dataset": d} for d, options in sheet.get("prepare", {}).items()}
    for where, options in (asked | sheet.get("forms", {})).items():
        dataset = options["dataset"]
        assert names.family(dataset) in names.REAL, where
        crops = ("none", "box", "centre") if names.family(dataset) == "cub" else ("none", "centre")
        form_of({k: v for k, v in options.items() if k in known}, f"{paper}, {where}", crops)


@pytest.mark.parametrize(
    "options, line",
    [
        ({"fit": "wide"}, "cub: fit 'wide': known: squash, shorter"),
        ({"filter": "cubic"}, "cub: filter 'cubic': known: bicubic, bilinear, lanczos, hamming, box, nearest"),
        ({"channels": "bgr"}, "cub: channels 'bgr': known: rgb, grey"),
        ({"scale": 0}, "cub: scale 0: give a number above 0"),
        ({"scale": True}, "cub: scale True: give a number above 0"),
        ({"square": 1}, "cub: square 1: give true, false, or the pixels of a side from 8"),
        ({"square": "yes"}, "cub: square 'yes': give true, false, or the pixels of a side from 8"),
        ({"crop": [0, 0, 10]}, "cub: crop [0, 0, 10]: give left, top, right and bottom in pixels"),
        ({"crop": [10, 0, 5, 9]}, "cub: crop [10, 0, 5, 9]: give left, top, right and bottom in pixels"),
        ({"size": 2000}, "cub: size 2000: give the pixels of a side, a whole number from 8 to 1024"),
        ({"crop": "centre"}, "cub: crop 'centre': known: none, box"),
    ],
)
def test_bad_options_of_a_form(options, line):
    with pytest.raises(RedrawError) as error:
        form_of(options, "cub", ("none", "box"))
    assert str(error.value) == line


@pytest.mark.parametrize("n", ["1", "3"])
def test_results_come_in_order_few_at_a_time_and_errors_in_their_turn(monkeypatch, n):
    monkeypatch.setenv("REDRAW_WORKERS", n)
    assert parallel.workers() == int(n)
    taken, lock, seen = [], threading.Lock(), []

    def work(i: int) -> int:
        time.sleep(0.002 * (i % 3))
        if i == 30:
            raise ValueError("30")
        return i

    def items():
        for i in range(100):
            with lock:
                taken.append(i)
            yield i

    with pytest.raises(ValueError, match="30"):
        for made in parallel.ordered(work, items()):
            seen.append(made)
            assert len(taken) - len(seen) <= parallel.AHEAD * int(n)
    assert seen == list(range(30)) and len(taken) < 50
