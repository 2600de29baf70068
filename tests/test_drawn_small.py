"""Drawn characters and house numbers: pictures, and the folders of OMNIGLOT and of SVHN."""

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat
from scipy.ndimage import label, uniform_filter

from redraw.core import RedrawError, digest
from redraw.data import drawn_characters, drawn_numbers
from redraw.data.drawn import house_digits, house_numbers, number_tree, script_tree, scripts
from redraw.data.drawn.dice import Dice

SCRIPTS, HOUSES = drawn_characters.SEED, drawn_numbers.SEED
HOLES = {0: {1}, 1: {0}, 2: {0}, 3: {0}, 4: {0, 1}, 5: {0}, 6: {1}, 7: {0}, 8: {2}, 9: {1}}


def tree(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def characters(tmp_path_factory):
    raw = tmp_path_factory.mktemp("characters") / "raw"
    drawn_characters.fetch(raw, "small")
    return raw


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    raw = tmp_path_factory.mktemp("numbers") / "raw"
    drawn_numbers.fetch(raw, "small")
    return raw


def test_another_process_draws_the_same():
    code = f"""
import hashlib
from redraw.data.drawn import house_numbers, scripts
drawn = scripts.picture({SCRIPTS}, 4, 6, 3).tobytes() + house_numbers.picture({HOUSES}, "test", 11).tobytes()
print(hashlib.sha256(drawn).hexdigest())
"""
    env = {"PYTHONPATH": str(Path(scripts.__file__).parents[3]), "PYTHONHASHSEED": "7"}
    there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    houses = [house_numbers.picture(HOUSES, part, i) for part, i in (("train", 11), ("test", 10), ("test", 11))]
    hands = [scripts.picture(SCRIPTS, 4, which, drawer) for which, drawer in ((0, 3), (6, 2), (6, 3))]
    assert there.strip() == hashlib.sha256(hands[2].tobytes() + houses[2].tobytes()).hexdigest()
    assert len({p.tobytes() for p in houses}) == len({p.tobytes() for p in hands}) == 3


def test_labels_and_strokes_are_those_of_the_first_day():
    """Pixels may differ between versions of Pillow; if this digest changes, every table with these sets does."""
    parts = ("train", "test", "extra")
    labels = [list(dataclasses.astuple(house_numbers.seen(2011, part, i))) for part in parts for i in (0, 99)]
    programs = [scripts.character(1623, *key) for key in ((0, 0), (29, 7))]
    rounded = [[[(round(x, 4), round(y, 4)) for x, y in stroke] for stroke in program] for program in programs]
    assert digest([labels, rounded]) == "f1f9028f23048aba"


# --- characters


def test_a_character_looks_like_itself_in_every_hand():
    """Of most drawings the nearest one by another hand, both blurred, is of the same character."""
    drawn = [(k, which, drawer) for k in range(3) for which in range(8) for drawer in range(5)]
    pictures = np.stack(
        [uniform_filter((scripts.picture(SCRIPTS, *one) == 0).astype(float), 9)[::4, ::4] for one in drawn]
    )
    flat = pictures.reshape(len(drawn), -1)
    far = ((flat[:, None] - flat[None]) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    right = np.mean([drawn[i][:2] == drawn[j][:2] for i, j in enumerate(far.argmin(axis=1))])
    assert right > 0.8, right
    assert len({p.tobytes() for p in pictures}) == len(drawn)


def test_drawings_fill_their_paper_with_thin_strokes():
    for number in range(12):
        drawn = scripts.picture(SCRIPTS, number, number % 5, 0)
        ink = drawn == 0
        assert drawn.shape == (105, 105) and set(np.unique(drawn)) == {0, 255}
        assert 0.012 < ink.mean() < 0.2
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) > 50


def test_alphabets_have_their_own_names_and_strokes():
    alphabets = [scripts.alphabet(SCRIPTS, k) for k in range(50)]
    assert len({own.name for own in alphabets}) == 50 and len({own.primitives for own in alphabets}) > 40
    counts = [len(scripts.character(SCRIPTS, k, which)) for k in range(10) for which in range(6)]
    assert min(counts) == 1 and max(counts) >= 4


def test_reducing_keeps_every_part_of_the_ink():
    paper = np.full((105, 105), 255, np.uint8)
    paper[15:30, 45:75] = 0  # exactly rows 4 to 7 and columns 12 to 19 of 28
    small = script_tree.reduced(paper)
    expected = np.zeros((28, 28))
    expected[4:8, 12:20] = 1
    assert np.allclose(small, expected, atol=1e-12)
    drawn = scripts.picture(SCRIPTS, 0, 0, 0)
    assert np.isclose(script_tree.reduced(drawn).sum() * (105 / 28) ** 2, (drawn == 0).sum())


def test_omniglots_folders_and_chardata_hold_the_same_pictures(characters):
    files = sorted((characters / "images_background").rglob("*.png")) + sorted(
        (characters / "images_evaluation").rglob("*.png")
    )
    assert len(files) == 3 * 4 * 6
    names = [scripts.alphabet(SCRIPTS, k).name for k in range(3)]
    assert sorted(p.name for p in (characters / "images_background").iterdir()) == sorted(names[:2])
    assert [p.name for p in (characters / "images_evaluation").iterdir()] == names[2:]
    found = loadmat(characters / "chardata.mat")
    assert found["data"].shape == (784, 48) and found["testdata"].shape == (784, 24)
    columns = {name: {c.tobytes() for c in found[name].T.copy()} for name in ("data", "testdata")}
    for path in files:
        number, serial, drawer = path.parents[1].name, *map(int, path.stem.split("_"))
        which = int(path.parent.name.removeprefix("character"))
        assert serial == 4 * names.index(number) + which
        with Image.open(path) as image:
            assert image.mode == "1" and image.size == (105, 105)
            pixels = np.asarray(image.convert("L"))
        assert (pixels == scripts.picture(SCRIPTS, names.index(number), which - 1, drawer - 1)).all()
        part = "data" if drawer <= 4 else "testdata"
        assert script_tree.reduced(pixels).ravel(order="F").tobytes() in columns[part], path


def test_chardata_is_ink_from_0_to_1_with_its_targets(characters):
    found = loadmat(characters / "chardata.mat")
    for prefix in ("", "test"):
        data, alphabets, which = (found[f"{prefix}{name}"] for name in ("data", "target", "targetchar"))
        assert data.dtype == np.float64 and data.min() == 0 and 0.9 < data.max() <= 1 and data.mean() < 0.25
        assert alphabets.shape == (3, data.shape[1]) and (alphabets.sum(axis=0) == 1).all()
        assert which.shape == (1, data.shape[1]) and set(which[0]) == {1, 2, 3, 4}
        for column in range(data.shape[1]):
            k, c = int(alphabets[:, column].argmax()), int(which[0, column]) - 1
            hands = [script_tree.reduced(scripts.picture(SCRIPTS, k, c, d)).ravel(order="F") for d in range(6)]
            assert any((hand == data[:, column]).all() for hand in hands)


def test_the_embedded_edition_has_about_6000_drawings():
    edition = drawn_characters.EDITIONS[""]
    counts = [script_tree.characters(edition, k) for k in range(edition.alphabets)]
    assert len(counts) == 30 and min(counts) == 8 and max(counts) == 12
    assert 5500 < sum(counts) * edition.drawers < 6500


# --- house numbers


def test_digits_have_as_many_holes_as_they_should():
    """In every way of writing, and in one piece."""
    place = np.array([[80.0, 0.0, 64.0], [0.0, 80.0, 64.0]])
    for k in range(25):
        own = house_digits.hand(Dice("hands", k))
        shapes = [np.asarray(house_digits.mask(own, [(digit, 0.0)], 128, place)) > 0 for digit in range(10)]
        for digit, shape in enumerate(shapes):
            holes = np.bincount(label(~shape)[0].ravel())[2:]
            assert (holes > 20).sum() in HOLES[digit], (digit, own)
            assert label(shape, np.ones((3, 3)))[1] == 1, (digit, own)
        for a in range(10):
            for b in range(a):
                assert (shapes[a] != shapes[b]).sum() > 0.12 * shapes[a].sum(), (a, b, own)


def test_neighbours_are_at_the_sides_and_the_digit_in_the_middle(monkeypatch):
    shown = []
    for index in range(60):
        said, whole = (
            house_numbers.seen(HOUSES, "train", index),
            house_numbers.picture(HOUSES, "train", index).astype(int),
        )
        other = house_numbers.Number((said.digit + 3) % 10, said.left, said.right)
        alone = house_numbers.Number(said.digit, None, None)
        pictures = []
        for number in (other, alone):
            with monkeypatch.context() as patch:
                patch.setattr(house_numbers, "seen", lambda *_, number=number: number)
                pictures.append(np.abs(house_numbers.picture(HOUSES, "train", index).astype(int) - whole).max(axis=2))
        assert (pictures[0][:, 8:24] > 8).sum() > 8, index
        for side, columns in ((said.left, slice(0, 8)), (said.right, slice(24, 32))):
            if side is not None:
                shown.append((pictures[1][:, columns] > 8).any())
                assert pictures[1][:, 12:20].max() <= 12, index
    assert len(shown) > 40 and np.mean(shown) > 0.7  # a narrow one may stand beyond the edge


def test_digits_are_as_unequal_as_house_numbers():
    digits = [house_numbers.seen(HOUSES, "train", i).digit for i in range(3000)]
    shares = np.bincount(digits, minlength=10) / 3000
    assert shares.argmax() == 1 and shares.min() > 0.04
    assert np.abs(shares - np.array([house_numbers.FREQUENCY[d] for d in range(10)]) / 100).max() < 0.025


def test_extra_pictures_are_clearer():
    def contrast(part):
        pictures = np.stack([house_numbers.picture(HOUSES, part, i) for i in range(120)]).astype(float)
        return np.abs(np.diff(pictures.mean(axis=3), axis=2)).max(axis=(1, 2))

    assert np.quantile(contrast("extra"), 0.25) > 1.15 * np.quantile(contrast("train"), 0.25)


def test_svhns_files_have_its_shapes_and_labels(numbers):
    assert sorted(p.name for p in numbers.iterdir()) == ["extra_32x32.mat", "test_32x32.mat", "train_32x32.mat"]
    for part, count in (("train", 100), ("test", 40), ("extra", 40)):
        path = numbers / f"{part}_32x32.mat"
        found = loadmat(path)
        assert found["X"].shape == (32, 32, 3, count) and found["X"].dtype == np.uint8
        assert found["y"].shape == (count, 1) and found["y"].dtype == np.uint8
        digits = [house_numbers.seen(HOUSES, part, i).digit for i in range(count)]
        assert (
            (found["y"][:, 0] % number_tree.ZERO == digits).all() and found["y"].min() >= 1 and found["y"].max() == 10
        )
        for i in (0, count - 1):
            assert (found["X"][..., i] == house_numbers.picture(HOUSES, part, i)).all()
        assert b"Created on" not in path.read_bytes()[:128]


# --- folders


def test_two_writes_are_byte_identical(characters, numbers, tmp_path):
    drawn_characters.fetch(tmp_path / "characters", "small")
    drawn_numbers.fetch(tmp_path / "numbers", "small")
    assert tree(tmp_path / "characters") == tree(characters) and tree(tmp_path / "numbers") == tree(numbers)


@pytest.mark.parametrize("family", [drawn_characters, drawn_numbers])
def test_an_unknown_edition_is_named(family, tmp_path):
    name = family.__name__.rpartition(".")[2]
    with pytest.raises(RedrawError) as error:
        family.fetch(tmp_path / "raw", "larg")
    assert str(error.value) == f"{name}: there is no edition 'larg': did you mean \"large\"?"
    assert not (tmp_path / "raw").exists()
