"""Drawn birds and flowers: pictures, captions and the folders that hold them."""

import collections
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from redraw import data, names
from redraw.core import RedrawError, digest
from redraw.data import cub, drawn_birds, drawn_flowers, oxford102
from redraw.data.base import Prepared
from redraw.data.drawn import bird_captions, bird_kinds, bird_tree, birds, flower_captions, flower_kinds, flowers, trees
from redraw.data.drawn.phrases import named
from redraw.data.drawn.trees import Edition
from redraw.data.tokenizers import regexp_ascii

SEED, OTHERS = drawn_birds.SEED, drawn_birds.OTHERS
JOINTS = "and|plus|with|along|as|has|that|having|featuring|displaying|bird"
PLURALS = "wings|legs|feet|tarsi|underparts|upperparts|feathers|wingbars"
ONE_OF_MANY = re.compile(rf"\b(an?) ((?!{JOINTS})[a-z-]+ ){{0,4}}({PLURALS})\b")
VOWEL = re.compile(r"\b(a|an) ([a-z])")


def tree(folder: Path) -> dict[str, str]:
    """{file: SHA-256} of all files below a folder."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def table(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def many():
    """4,000 captions of both kinds of species."""
    return [
        caption
        for seed, independent in ((SEED, False), (OTHERS, True))
        for kind in range(100)
        for index in range(2)
        for caption in bird_captions.captions(seed, kind, index, independent)
    ]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    raw = tmp_path_factory.mktemp("birds") / "raw"
    drawn_birds.fetch(raw, "small")
    return raw


@pytest.fixture(scope="module")
def small_flowers(tmp_path_factory):
    raw = tmp_path_factory.mktemp("flowers") / "raw"
    drawn_flowers.fetch(raw, "small")
    return raw


# --- one picture follows from (seed, class, index)


def test_a_picture_alone_is_the_same_as_among_others():
    batch = {(k, i): birds.picture(SEED, k, i).image for k in range(4) for i in range(2)}
    assert (birds.picture(SEED, 3, 1).image == batch[3, 1]).all()
    assert (birds.picture(SEED, 0, 1).image == batch[0, 1]).all()
    assert len({image.tobytes() for image in batch.values()}) == len(batch)
    blossoms = [flowers.picture(5, k, 0).image for k in range(3)]
    assert (flowers.picture(5, 1, 0).image == blossoms[1]).all()


def test_another_process_draws_the_same():
    code = f"""
import hashlib
from redraw.data.drawn import bird_captions, birds, flower_captions, flowers
bird, flower = birds.picture({SEED}, 17, 3), flowers.picture(5, 8, 2)
text = repr([c.text for c in bird_captions.captions({SEED}, 17, 3)] + flower_captions.captions(5, 8, 2))
print(hashlib.sha256(bird.image.tobytes() + flower.image.tobytes() + text.encode()).hexdigest())
"""
    path = str(Path(birds.__file__).parents[3])
    env = {"PYTHONPATH": path, "PYTHONHASHSEED": "7"}
    there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    text = [c.text for c in bird_captions.captions(SEED, 17, 3)] + flower_captions.captions(5, 8, 2)
    pixels = birds.picture(SEED, 17, 3).image.tobytes() + flowers.picture(5, 8, 2).image.tobytes()
    assert there.strip() == hashlib.sha256(pixels + repr(text).encode()).hexdigest()


def test_attributes_and_captions_are_those_of_the_first_day():
    """Pixels may differ between versions of Pillow; if this digest changes, every table with drawn birds does."""
    said = [
        [birds.picture(SEED, k, i).attributes, [c.text for c in bird_captions.captions(SEED, k, i)]]
        for k, i in ((0, 0), (99, 7), (199, 1019))
    ]
    others = [c.text for c in bird_captions.captions(OTHERS, 599, 0, True)]
    blossoms = [flower_captions.captions(drawn_flowers.SEED, 101, 19)]
    assert digest([said, others, blossoms]) == "48b1ab8f27e9515d"


def test_a_longer_list_of_species_begins_with_the_shorter():
    for independent in (False, True):
        kinds = bird_kinds.species(SEED, 200, independent)
        assert kinds[:20] == bird_kinds.species(SEED, 20, independent)
        assert len({kind.name for kind in kinds}) == 200
        assert len({(kind.back, kind.wing, kind.belly, kind.crown) for kind in kinds}) == 200
    assert flower_kinds.flowers(5, 102)[:12] == flower_kinds.flowers(5, 12)
    assert {kind.name for kind in bird_kinds.species(OTHERS, 1500, True)}.__len__() == 1500


def test_sizes_are_those_of_photographs():
    shapes = np.array([birds.picture(SEED, k, 0).image.shape[:2] for k in range(40)])
    assert shapes.min() >= 70 and shapes.max() <= 100
    assert len({h > w for h, w in shapes}) == 2
    large = birds.picture(SEED, 0, 0, 256)
    assert min(large.image.shape[:2]) >= 215 and max(large.image.shape[:2]) <= 300
    assert large.image.dtype == np.uint8 and large.image.shape[2] == 3


# --- what the pictures show


def test_the_box_holds_the_bird(monkeypatch):
    """The pixels that change where no bird is drawn lie in the box, and reach near each of its sides."""
    drawn = {(k, i): birds.picture(SEED, k, i) for k in range(30) for i in range(2)}
    monkeypatch.setattr(birds, "draw_bird", lambda *_: ((0.0, 0.0, 1.0, 1.0), {}))
    for (k, i), with_bird in drawn.items():
        changed = np.abs(with_bird.image.astype(int) - birds.picture(SEED, k, i).image).max(axis=2) > 8
        x, y, w, h = map(int, with_bird.box)
        assert min(x, y) >= 0 and x + w <= changed.shape[1] and y + h <= changed.shape[0]
        inside = changed[y : y + h, x : x + w]
        assert inside.sum() == changed.sum(), (k, i, with_bird.sight)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        assert rows[0] <= 2 and rows[-1] >= h - 4 and columns[0] <= 2 and columns[-1] >= w - 3, (k, i, with_bird.sight)
        assert inside.mean() > 0.2


def test_parts_have_the_colours_that_the_attributes_say():
    from redraw.data.drawn.canvas import PALETTE, distance

    hits = collections.Counter()
    groups = {
        "crown": "has_crown_color",
        "breast": "has_breast_color",
        "back": "has_back_color",
        "belly": "has_belly_color",
    }
    for kind in range(60):
        shown = birds.picture(OTHERS, kind, 0, 256, True)
        for part, group in groups.items():
            x, y = shown.parts[part]
            seen = np.median(shown.image[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2], axis=(0, 1))
            nearest = min(bird_kinds.COLOURS, key=lambda c: distance(PALETTE[c], tuple(seen)))
            hits[part] += nearest == shown.attributes[group]
    assert all(hits[part] >= 0.8 * 60 for part in groups), hits


def test_hidden_parts_are_not_visible():
    for kind in range(30):
        shown = birds.picture(SEED, kind, 1)
        legs = shown.sight.pose in ("perched", "standing")
        assert (shown.attributes["has_leg_color"] is None) == (not legs)
        assert (shown.parts["left leg"] is not None) == legs
        near, far = ("right", "left") if shown.sight.facing == "right" else ("left", "right")
        assert shown.parts[f"{far} eye"] is None
        assert shown.parts[f"{near} eye"] is None or shown.parts[f"{near} wing"] is not None


def test_attributes_of_the_others_are_balanced_and_independent():
    kinds = bird_kinds.species(OTHERS, 1500, True)
    for part in ("back", "wing", "belly", "crown"):
        counts = collections.Counter(getattr(kind, part) for kind in kinds)
        assert set(counts) == set(bird_kinds.COLOURS) and min(counts.values()) > 0.7 * 1500 / 9
        assert max(counts.values()) < 1.3 * 1500 / 9
    for a, b in (("back", "belly"), ("back", "wing"), ("back", "crown"), ("wing", "belly")):
        equal = sum(getattr(kind, a) == getattr(kind, b) for kind in kinds) / 1500
        assert abs(equal - 1 / 9) < 0.035, (a, b, equal)  # four standard errors
    for part, values in (("bill_length", 3), ("size", 3), ("tail", 3), ("shape", 3), ("bars", 2), ("crest", 2)):
        counts = collections.Counter(getattr(kind, part) for kind in kinds)
        assert len(counts) == values and max(counts.values()) < 1.15 * 1500 / values
    natural = bird_kinds.species(SEED, 200)
    assert sum(kind.back == kind.wing for kind in natural) > 60


def test_every_bird_stands_out_from_its_ground():
    for kind in range(40):
        shown = birds.picture(SEED, kind, 0)
        x, y, w, h = map(int, shown.box)
        outside = np.ones(shown.image.shape[:2], bool)
        outside[y : y + h, x : x + w] = False
        if outside.sum() > 50:
            bird = shown.image[y : y + h, x : x + w].reshape(-1, 3).astype(float)
            ground = np.median(shown.image[outside], axis=0)
            assert (np.abs(bird - ground).max(axis=1) > 40).mean() > 0.2, (kind, shown.species)


# --- captions


def test_named_reads_what_the_writer_put_in(many):
    wrong = [(c.text, c.named, named(c.text)) for c in many if named(c.text) != c.named]
    assert len(many) == 4000 and not wrong, wrong[:3]
    assert all(named(c.text.replace("-", " ").capitalize()) == c.named for c in many[:300])


def test_named_is_true_of_the_picture():
    for kind in range(60):
        for caption in bird_captions.captions(SEED, kind, 0):
            shown = bird_kinds.attributes(*birds.seen(SEED, kind, 0))
            assert all(shown[group] == value for group, value in caption.named.items()), caption


def test_the_grammar_is_rich_and_clean(many):
    texts = [c.text for c in many]
    words = {word for text in texts[:2000] for word in re.findall("[a-z]+", text)}
    assert len(words) >= 250
    assert len(set(texts)) > 0.99 * len(texts)
    assert max(map(len, texts)) <= 200 and min(map(len, texts)) > 15
    assert all(text.isascii() and text == text.lower() == text.strip() and "  " not in text for text in texts)
    assert 0.05 < np.mean([text.endswith(".") for text in texts]) < 0.3
    openings = collections.Counter(" ".join(text.split()[:2]) for text in texts)
    assert len(openings) > 40
    assert 2.5 < np.mean([len(c.named) for c in many]) < 6
    groups = collections.Counter(group for c in many for group in c.named)
    assert set(groups) == set(bird_kinds.VALUES) and min(groups.values()) >= 20


def test_articles_and_plurals_are_right(many):
    texts = [c.text for c in many]
    texts += [text for kind in range(102) for text in flower_captions.captions(5, kind, 0)]
    for text in texts:
        for article, letter in VOWEL.findall(text):
            assert (article == "an") == (letter in "aeiou"), text
        assert not ONE_OF_MANY.search(text), text
        assert not re.search(r"\b(wings|legs|feet|upperparts|underparts) (of this bird )?(is|has)\b", text)
        assert (
            not re.search(r"\b(crown|belly|back|throat|tail|cap|breast|abdomen)( of this bird)? are\b", text)
            or "and" in text
        )
    assert any("an orange" in text for text in texts)


@pytest.mark.parametrize(
    "caption, expected",
    [
        (
            "this bird has a red crown, a white belly and black wings",
            {"has_crown_color": "red", "has_belly_color": "white", "has_wing_color": "black"},
        ),
        ("This bird is red.", {"has_primary_color": "red"}),
        ("this bird is red and black with a gray bill", {"has_bill_color": "grey"}),
        (
            "a small brown bird with a white breast and belly, and a long black bill.",
            {
                "has_size": "small_(5_-_9_in)", "has_primary_color": "brown", "has_breast_color": "white",
                "has_belly_color": "white", "has_bill_length": "longer_than_head", "has_bill_color": "black",
            },
        ),
        ("the wings of this bird are black and white", {}),
        ("a bird with red tipped wings, a crown with some red and a yellow belly patch", {}),
        ("this bird is not red and has no crest", {}),
        ("a bird with a reddish brown back and a mostly white throat", {"has_throat_color": "white"}),
        ("the bird has a red head and a red spot on its crown", {}),
        ("a patch on the crown is red", {}),
        ("this bird is yellow on its belly", {}),
        ("this bird has a red crown. its crown is black", {}),
        ("a white-bellied, red-crowned bird", {"has_belly_color": "white", "has_crown_color": "red"}),
        ("black and white winged bird", {}),
        ("the bird has a bill that is short and orange", {"has_bill_length": "shorter_than_head", "has_bill_color": "orange"}),
        ("this very small bird has wings that are blue with white bars",
         {"has_size": "very_small_(3_-_5_in)", "has_wing_color": "blue", "has_wing_pattern": "striped"}),
        ("a bird with a small bill and a long tail", {}),
        ("", {}),
        ("\ufffd\ufffd ... !? 42", {}),
    ],
)  # fmt: skip
def test_named_is_strict_with_peoples_sentences(caption, expected):
    assert named(caption) == expected


def test_flower_captions_name_their_colours():
    words = set()
    for kind, own in enumerate(flower_kinds.flowers(5, 102)):
        texts = flower_captions.captions(5, kind, 3)
        assert len(set(texts)) == 10 and max(map(len, texts)) <= 200
        assert all(own.colour in text and text.isascii() and text == text.lower() for text in texts)
        words |= {word for text in texts for word in text.split()}
    assert len(words) > 130


# --- the folders


def test_the_birds_folder_is_complete(small):
    edition = drawn_birds.EDITIONS["small"]
    home, reed = small / "CUB_200_2011", small / "cvpr2016_cub"
    ids = [str(i) for i in range(1, edition.classes * edition.per_class + 1)]
    images = dict(table(home / "images.txt"))
    assert list(images) == ids and len(set(images.values())) == len(ids)
    assert {str(p.relative_to(home / "images")) for p in (home / "images").rglob("*.jpg")} == set(images.values())
    classes = dict(table(home / "classes.txt"))
    assert list(classes) == [str(k) for k in range(1, 21)] and classes["1"].startswith("001.")
    labels = dict(table(home / "image_class_labels.txt"))
    assert list(labels) == ids and all(images[i].split("/")[0] == classes[labels[i]] for i in ids)
    flags = dict(table(home / "train_test_split.txt"))
    for k in classes:
        assert sum(flags[i] == "1" for i in ids if labels[i] == k) == 3
    boxes = {row[0]: [float(v) for v in row[1:]] for row in table(home / "bounding_boxes.txt")}
    for i in ids:
        with Image.open(home / "images" / images[i]) as image:
            assert image.mode == "RGB" and image.format == "JPEG"
            x, y, w, h = boxes[i]
            assert x >= 0 and y >= 0 and w > 10 and h > 10 and x + w <= image.width and y + h <= image.height
    texts = sorted(reed.glob("text_c10/*/*.txt"))
    assert {str(p.relative_to(reed / "text_c10"))[:-4] for p in texts} == {name[:-4] for name in images.values()}
    assert all(len(set(p.read_text().splitlines())) == 10 for p in texts)


def test_attributes_and_parts_are_said_of_every_image(small):
    home = small / "CUB_200_2011"
    names = table(small / "attributes.txt")
    assert [row[0] for row in names] == [str(i) for i in range(1, len(names) + 1)]
    assert ["has_back_color::red"] in [row[1:] for row in names]
    rows = np.array(table(home / "attributes" / "image_attribute_labels.txt"), int)
    assert len(rows) == 120 * len(names) and set(rows[:, 3]) == {1, 4} and (rows[rows[:, 3] == 1, 2] == 0).all()
    groups = [name.split("::")[0] for _, name in names]
    present = rows[:, 2].reshape(120, -1)
    hidden = (rows[:, 3] == 1).reshape(120, -1)
    for group in set(groups):
        own = np.array([g == group for g in groups])
        assert (present[:, own].sum(axis=1) + hidden[:, own].all(axis=1) == 1).all(), group
    percent = np.array(table(home / "attributes" / "class_attribute_labels_continuous.txt"), float)
    assert percent.shape == (20, len(names)) and percent.min() == 0 and percent.max() == 100
    assert [" ".join(row[1:]) for row in table(home / "parts" / "parts.txt")] == list(bird_kinds.PARTS)
    parts = np.array(table(home / "parts" / "part_locs.txt"), float)
    assert len(parts) == 120 * 15 and set(parts[:, 4]) == {0.0, 1.0} and (parts[parts[:, 4] == 0, 2:4] == 0).all()


@pytest.mark.parametrize("which", ["birds", "flowers"])
def test_class_lists_are_disjoint_and_cover_all(which, small, small_flowers):
    folder = small / "cvpr2016_cub" if which == "birds" else small_flowers / "cvpr2016_flowers"
    editions = (drawn_birds if which == "birds" else drawn_flowers).EDITIONS
    names = ("all", "train", "val", "trainval", "test")
    every, train, val, trainval, test = (set((folder / f"{n}classes.txt").read_text().split()) for n in names)
    assert train | val == trainval and not train & val and not trainval & test and trainval | test == every
    assert (len(train), len(val), len(test)) == ((10, 5, 5) if which == "birds" else (6, 3, 3))
    for edition in editions.values():
        assert edition.train + edition.validation + edition.test == edition.classes
    assert {p.name for p in (folder / "text_c10").iterdir()} == every


def test_the_flowers_folder_is_complete(small_flowers):
    from scipy.io import loadmat

    labels = loadmat(small_flowers / "imagelabels.mat")["labels"]
    sets = loadmat(small_flowers / "setid.mat")
    assert labels.shape == (1, 72) and labels.dtype == np.uint8 and set(labels[0]) == set(range(1, 13))
    ids = [sets[name][0].tolist() for name in ("trnid", "valid", "tstid")]
    assert sorted(sum(ids, [])) == list(range(1, 73)) and len(ids[2]) > len(ids[0]) + len(ids[1])
    assert sorted(p.name for p in (small_flowers / "jpg").iterdir()) == [f"image_{i:05d}.jpg" for i in range(1, 73)]
    reed = small_flowers / "cvpr2016_flowers"
    for i in range(1, 73):
        text = reed / "text_c10" / f"class_{labels[0, i - 1]:05d}" / f"image_{i:05d}.txt"
        assert len(set(text.read_text().splitlines())) == 10
    assert b"Created on" not in (small_flowers / "setid.mat").read_bytes()


def test_two_writes_are_byte_identical(small, small_flowers, tmp_path):
    drawn_birds.fetch(tmp_path / "again", "small")
    assert tree(tmp_path / "again") == tree(small)
    drawn_flowers.fetch(tmp_path / "blossoms", "small")
    assert tree(tmp_path / "blossoms") == tree(small_flowers)


def test_the_reference_has_the_same_species_and_no_picture_of_the_birds(small, tmp_path):
    drawn_birds.fetch(tmp_path / "reference", "reference_small")
    there, here = (folder / "CUB_200_2011" for folder in (tmp_path / "reference", small))
    assert (there / "classes.txt").read_bytes() == (here / "classes.txt").read_bytes()
    pictures = [{p.read_bytes() for p in home.rglob("*.jpg")} for home in (there, here)]
    assert not pictures[0] & pictures[1] and len(pictures[0]) == 160
    for family in (drawn_birds, drawn_flowers):
        for size in ("", "_small", "_large"):
            own, reference = family.EDITIONS[size[1:]], family.EDITIONS[f"reference{size}"]
            assert (own.seed, own.classes, own.side) == (reference.seed, reference.classes, reference.side)
            assert own.first + own.per_class <= reference.first
    assert drawn_birds.EDITIONS["others"].seed != SEED


def test_a_failed_fetch_leaves_nothing_that_looks_complete(small, tmp_path, monkeypatch):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "files.json").write_text("{}")

    def half(folder: Path, edition: Edition) -> None:
        trees.write_lines(folder / "CUB_200_2011" / "images.txt", ["1 a/b.jpg"])
        raise OSError("disk full")

    with monkeypatch.context() as m:
        m.setattr(drawn_birds, "write_birds", half)
        with pytest.raises(OSError):
            drawn_birds.fetch(raw, "small")
    assert [p.name for p in raw.iterdir()] == ["files.json"]
    (tmp_path / ".raw.part" / "CUB_200_2011").mkdir(parents=True)  # what a kill leaves behind
    drawn_birds.fetch(raw, "small")
    assert {"files.json", *tree(small)} == set(tree(raw))
    assert not [p.name for p in tmp_path.iterdir() if p.name.endswith((".part", ".old"))]


def test_an_edition_that_there_is_not(tmp_path):
    with pytest.raises(RedrawError, match="no edition 'smal': did you mean \"small\""):
        drawn_birds.fetch(tmp_path / "raw", "smal")
    assert not (tmp_path / "raw").exists()


def test_stand_ins_are_read_as_the_real_ones():
    for name in ("drawn_birds", "drawn_birds-others_small", "cub-reference"):
        assert data.find(name).reader is cub and names.modules(name)[-1] == "data.cub"
    assert data.find("drawn_flowers-large").reader is oxford102
    assert names.modules("drawn_flowers") == ["data.drawn_flowers", "data.oxford102"]
    assert len(bird_tree.LABELS) == sum(map(len, bird_kinds.VALUES.values()))


def test_attngans_files_say_the_same_as_reeds(tmp_path, capsys):
    data.fetch("drawn_birds-attngan_small", tmp_path / "raw")
    body = data.prepare("drawn_birds-attngan_small", tmp_path / "raw", tmp_path / "theirs", {"size": 16})
    data.fetch("drawn_birds-small", tmp_path / "plain")
    plain = data.prepare("drawn_birds-small", tmp_path / "plain", tmp_path / "reeds", {"size": 16})
    assert body["notes"] == plain["notes"] == [] and body["files"]["captions.utf8"] == plain["files"]["captions.utf8"]
    assert (
        body["files"]["images.u8"] == plain["files"]["images.u8"] and body["splits"]["test"] == plain["splits"]["test"]
    )
    (tmp_path / "theirs/manifest.json").write_text(json.dumps(body))
    opened = Prepared.open(tmp_path / "theirs")
    words, ids, offsets, index = opened.released
    assert words[0] == "<end>" and words[1:] != sorted(words[1:]) and len(index) == len(opened) + 1
    for i in (0, 50, 119):
        said = [[words[k] for k in ids[slice(*offsets[c : c + 2])]] for c in range(index[i], index[i + 1])]
        assert said == [regexp_ascii(caption) for caption in opened.captions(i)]
