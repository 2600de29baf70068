"""Drawn dogs, cats, rooms, churches and small objects: pictures and the folders that hold them."""

import collections
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from redraw.core import RedrawError
from redraw.data import drawn_objects, drawn_pets, drawn_rooms
from redraw.data.drawn import objects, pet_kinds, pets, room_kinds
from redraw.data.drawn.canvas import Canvas, distance


def tree(folder: Path) -> dict[str, str]:
    """{file: SHA-256} of all files below a folder."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def elsewhere(code: str) -> str:
    """What another process prints."""
    env = {"PYTHONPATH": str(Path(drawn_pets.__file__).parents[2]), "PYTHONHASHSEED": "11"}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout


def test_what_is_drawn_within_a_shape_stays_within():
    canvas = Canvas(Image.new("RGB", (40, 40), (255, 255, 255)), 2)
    canvas.place(10, 20, 20)
    with canvas.within([(-1, -1), (1, -1), (1, 1), (-1, 1)]):
        canvas.oval(0, 0, 1.9, 1.9, (200, 0, 0))
    red = canvas.finish(0, np.random.default_rng(0))[..., 1] < 128
    assert red[12:29, 12:29].all() and red.sum() <= 21 * 21


# --- dogs and cats


@pytest.fixture(scope="module")
def dogs(tmp_path_factory):
    raw = tmp_path_factory.mktemp("dogs") / "raw"
    drawn_pets.fetch(raw, "dog_small")
    return raw


def test_the_dogs_folder_is_imagenets(dogs):
    files = sorted(p.relative_to(dogs) for p in dogs.rglob("*") if p.is_file())
    assert {str(p) for p in files} == {drawn_pets.file_of("dog_small", i) for i in range(48)}
    for path in files:
        top, wnid, name = path.parts
        assert top == "train" and name.startswith(f"{wnid}_") and name.endswith(".JPEG")
        with Image.open(dogs / path) as image:
            odd = name == "n02105855_2933.JPEG"
            assert image.format == ("PNG" if odd else "JPEG") and image.mode == "RGB"
    assert Path("train/n02105855/n02105855_2933.JPEG") in files
    assert collections.Counter(p.parts[1] for p in files) == {breed.wnid: 2 for breed in pet_kinds.DOGS}


def test_fetching_again_gives_the_same_bytes(dogs, tmp_path):
    drawn_pets.fetch(tmp_path / "raw", "dog_small")
    assert tree(tmp_path / "raw") == tree(dogs)


def test_larger_editions_begin_with_the_smaller():
    for species, kinds in (("dog", 24), ("cat", 5)):
        small, whole = f"{species}_small", species
        assert all(drawn_pets.file_of(small, i) == drawn_pets.file_of(whole, i) for i in range(24))
        files = {drawn_pets.file_of(whole, i) for i in range(drawn_pets.EDITIONS[whole].pictures)}
        assert len(files) == drawn_pets.EDITIONS[whole].pictures
        assert len(pet_kinds.BREEDS[species]) == kinds == len({b.wnid for b in pet_kinds.BREEDS[species]})
    assert (drawn_pets.describe("dog_small", 30).image == drawn_pets.describe("dog", 30).image).all()


def test_a_pet_alone_and_in_another_process_is_the_same():
    batch = [pets.picture(7, "cat", 1, i).image for i in range(3)]
    assert len({image.tobytes() for image in batch}) == 3
    assert (pets.picture(7, "cat", 1, 1).image == batch[1]).all()
    code = "import hashlib; from redraw.data.drawn import pets; p = pets.picture(7, 'cat', 1, 2)"
    there = elsewhere(code + "; print(hashlib.sha256(p.image.tobytes()).hexdigest(), p.sight)").strip()
    assert there == f"{hashlib.sha256(batch[2].tobytes()).hexdigest()} {pets.seen(7, 'cat', 1, 2)[1]}"


def test_a_pet_has_the_colour_of_its_coat_and_stands_out():
    for species in ("dog", "cat"):
        for kind in range(5):
            shown = pets.picture(3, species, kind, 0)
            height, width = shown.image.shape[:2]
            assert min(height, width) > 70 and max(height, width) < 120
            middle = shown.image[height // 4 :, width // 4 : -width // 4].reshape(-1, 3)
            near = [
                min(distance(tuple(p), c) for c in (shown.coat.main, shown.coat.second)) for p in middle[::7].tolist()
            ]
            assert np.mean(np.array(near) < 45) > 0.25, (shown.breed.name, shown.sight)


def test_all_poses_and_grounds_are_seen():
    views = [pets.seen(1, "dog", k % 24, k // 24)[1] for k in range(200)]
    assert {v.pose for v in views} == set(pet_kinds.POSES) and {v.ground for v in views} == {
        "grass",
        "garden",
        "floor",
        "sofa",
    }
    assert 0.35 < np.mean([v.facing == "left" for v in views]) < 0.65
    assert not any(pets.seen(1, "cat", k % 5, k)[1].tongue for k in range(50))


# --- bedrooms and churches


@pytest.fixture(scope="module")
def lsun(tmp_path_factory):
    raw = tmp_path_factory.mktemp("lsun") / "raw"
    for kind in ("bedroom", "church"):
        drawn_rooms.fetch(raw / kind, f"{kind}_small")
    return raw


def entries(folder: Path) -> dict[str, bytes]:
    import lmdb

    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        return {bytes(key).decode("ascii"): bytes(value) for key, value in transaction.cursor()}


@pytest.mark.parametrize("kind, category", [("bedroom", "bedroom"), ("church", "church_outdoor")])
def test_the_folders_are_lsuns(lsun, kind, category):
    assert drawn_rooms.layout(f"{kind}_small") == (f"{category}_train_lmdb", f"{category}_val_lmdb")
    seen = set()
    for part, first, count in (("train", 0, 40), ("val", drawn_rooms.VALIDATION, 10)):
        folder = lsun / kind / f"{category}_{part}_lmdb"
        assert {p.name for p in folder.iterdir()} == {"data.mdb", "lock.mdb"}
        found = entries(folder)
        assert set(found) == {drawn_rooms.key(2015, category, first + i) for i in range(count)}
        assert all(len(key) == 40 and set(key) <= set("0123456789abcdef") for key in found)
        for value in found.values():
            with Image.open(io.BytesIO(value)) as image:
                assert image.format == "WEBP" and min(image.size) == 68 and max(image.size) <= 102
        seen |= set(found)
    assert len(seen) == 50


def test_an_lmdb_is_written_with_the_same_bytes_and_reading_leaves_them(lsun, tmp_path):
    before = tree(lsun / "church")
    entries(lsun / "church" / "church_outdoor_train_lmdb")
    drawn_rooms.fetch(tmp_path / "raw", "church_small")
    assert tree(tmp_path / "raw") == tree(lsun / "church") == before


def test_a_value_is_the_picture_that_its_key_says(lsun):
    found = entries(lsun / "bedroom" / "bedroom_val_lmdb")
    index = drawn_rooms.VALIDATION + 3
    with Image.open(io.BytesIO(found[drawn_rooms.key(2015, "bedroom", index)])) as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    drawn = drawn_rooms.picture(2015, "bedroom", index)
    assert drawn.shape == shown.shape and np.abs(drawn - shown).mean() < 6
    assert np.abs(drawn_rooms.picture(2015, "bedroom", 3, 68)[:60, :60] - shown[:60, :60]).mean() > 12


def test_a_room_alone_and_in_another_process_is_the_same():
    code = """
import hashlib
from redraw.data import drawn_rooms as d
hashes = [hashlib.sha256(d.picture(5, c, 8).tobytes()).hexdigest() for c in ("bedroom", "church_outdoor")]
print(*hashes, d.describe(5, "bedroom", 8))
"""
    there = elsewhere(code).strip()
    drawn_rooms.picture(5, "bedroom", 7)
    here = [hashlib.sha256(drawn_rooms.picture(5, c, 8).tobytes()).hexdigest() for c in ("bedroom", "church_outdoor")]
    assert there == f"{here[0]} {here[1]} {drawn_rooms.describe(5, 'bedroom', 8)}"


def test_nights_are_darker_than_days_and_snow_is_white():
    light = collections.defaultdict(list)
    for index in range(60):
        for category in ("bedroom", "church_outdoor"):
            own = drawn_rooms.describe(1, category, index)
            image = drawn_rooms.picture(1, category, index, 48)
            light[own.time if category == "bedroom" else own.sky].append(image.mean())
            if category == "church_outdoor" and own.ground == "snow":
                assert np.median(image[-6:]) > 190, index
    dark, bright = np.mean(light["night"]), np.mean(light["day"] + light["clear"])
    assert dark < 0.75 * bright and np.mean(light["evening"]) < np.mean(light["day"])


def test_a_bed_has_its_blankets_colour():
    hits = []
    for index in range(40):
        own = drawn_rooms.describe(1, "bedroom", index)
        if own.time == "day" and own.pattern == "plain":
            pixels = drawn_rooms.picture(1, "bedroom", index, 48)[16:].reshape(-1, 3)
            near = [distance(tuple(p), room_kinds.FABRICS[own.blanket]) < 45 for p in pixels[::3].tolist()]
            hits.append(np.mean(near) > 0.02)
    assert len(hits) >= 6 and np.mean(hits) > 0.85


def test_all_kinds_of_rooms_and_churches_are_seen():
    rooms = [drawn_rooms.describe(2, "bedroom", i) for i in range(200)]
    places = [drawn_rooms.describe(2, "church_outdoor", i) for i in range(200)]
    assert {r.bed for r in rooms} == {"back", "left", "right"} and {r.time for r in rooms} == {
        "day",
        "evening",
        "night",
    }
    assert all(r.window != r.bed or r.bed == "back" for r in rooms) and all(r.lamp for r in rooms if r.time == "night")
    assert {p.style for p in places} == set(room_kinds.STYLES)
    assert all(p.stone in room_kinds.MATERIALS[p.style] and (p.ground == "snow") == (p.sky == "winter") for p in places)


# --- small objects


@pytest.fixture(scope="module")
def cifar(tmp_path_factory):
    raw = tmp_path_factory.mktemp("cifar") / "raw"
    drawn_objects.fetch(raw, "small")
    return raw / "cifar-10-batches-bin"


def test_the_files_are_those_of_cifars_binary_version(cifar):
    names = {f"data_batch_{k}.bin" for k in range(1, 6)} | {"test_batch.bin", "batches.meta.txt"}
    assert {p.name for p in cifar.iterdir()} == names
    assert (cifar / "batches.meta.txt").read_text().split() == list(objects.CLASSES)
    pictures = set()
    for name in sorted(names - {"batches.meta.txt"}):
        rows = np.fromfile(cifar / name, np.uint8).reshape(-1, 3073)
        assert len(rows) == 20 and collections.Counter(rows[:, 0].tolist()) == dict.fromkeys(range(10), 2)
        pictures |= {row.tobytes() for row in rows[:, 1:]}
    assert len(pictures) == 120


def test_a_record_is_a_label_and_three_planes(cifar):
    for batch, name in ((3, "data_batch_3.bin"), (0, "test_batch.bin")):
        row = np.fromfile(cifar / name, np.uint8).reshape(-1, 3073)[13]
        own = drawn_objects.describe("small", batch, 13)
        assert row[0] == own.label and (row[1:].reshape(3, 32, 32).transpose(1, 2, 0) == own.image).all()
        assert (drawn_objects.describe("", batch, 13).image == own.image).all()


def test_objects_have_their_colour_in_the_middle_and_other_processes_agree():
    near = collections.Counter()
    for label in range(10):
        for index in range(6):
            shown = objects.picture(4, label, index)
            middle = shown.image[8:28, 6:26].reshape(-1, 3).tolist()
            near[label] += np.mean([distance(tuple(p), shown.colour) < 60 for p in middle]) > 0.04
    assert len(near) == 10 and min(near.values()) >= 4, near
    code = "import hashlib; from redraw.data.drawn import objects as o; "
    there = elsewhere(
        code + "print(hashlib.sha256(b''.join(o.picture(4, k, 5).image.tobytes() for k in range(10))).hexdigest())"
    )
    here = b"".join(objects.picture(4, k, 5).image.tobytes() for k in range(10))
    assert there.strip() == hashlib.sha256(here).hexdigest()


# --- editions


@pytest.mark.parametrize("module", [drawn_pets, drawn_rooms, drawn_objects])
def test_an_unknown_edition_is_said_in_one_line(module, tmp_path):
    name = module.__name__.rpartition(".")[2]
    with pytest.raises(RedrawError, match=f"^{name}: there is no edition 'dogs'") as caught:
        module.fetch(tmp_path / "raw", "dogs")
    assert "\n" not in str(caught.value) and not (tmp_path / "raw").exists()
