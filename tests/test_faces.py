"""Drawn faces: pictures, attributes, and the folders of CelebA and of LFW."""

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from redraw.core import RedrawError, digest
from redraw.data import drawn_faces
from redraw.data.drawn import face_kinds, face_names, face_tree, faces
from redraw.data.drawn.canvas import distance

SEED, EDITIONS = drawn_faces.CELEBA_SEED, drawn_faces.EDITIONS
EYES, NOSE, MOUTH, CROWN, CHIN, NECK, EARS, CHEEKS, BROWS = (
    (60, 100, 118, 122), (78, 108, 100, 142), (66, 136, 112, 164), (50, 30, 128, 100), (60, 150, 118, 184), (60, 176, 118, 217),
    (36, 110, 142, 146), (46, 118, 132, 160), (62, 90, 116, 108),
)  # fmt: skip
PLAIN_PERSON = face_kinds.Person(
    male=False, skin="fair", age="young", shape="long", chubby=False, double_chin=False, hair="red", style="bob", wavy=False,
    receding=False, bangs=False, part=0.0, sideburns=False, eyes="brown", narrow=False, brows="straight", nose="small",
    big_lips=False, cheekbones=False, bags=False, beard="none", glasses=False, jewels=0.5, build=(0.0, 0.0, 0.0, 0.0),
)  # fmt: skip
PLAIN_LOOK = face_kinds.Look(
    smiling=False, open_mouth=False, beard="none", eyewear="none", hat="none", lipstick=False, makeup=False, rosy=False,
    earrings=False, necklace=False, clothes="open", ground="studio", yaw=0.0, tilt=0.0, light=1, blurry=False,
)  # fmt: skip


def tree(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def rows(path):
    return [line.split() for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def celeba(tmp_path_factory):
    raw = tmp_path_factory.mktemp("celeba") / "raw"
    drawn_faces.fetch(raw, "small")
    return raw


@pytest.fixture(scope="module")
def lfw(tmp_path_factory):
    raw = tmp_path_factory.mktemp("lfw") / "raw"
    drawn_faces.fetch(raw, "lfw_small")
    return raw


def shown(monkeypatch, person=None, look=None):
    """The picture of a plain face with some changes, and which of CelebA's attributes are true of it."""
    own, now = dataclasses.replace(PLAIN_PERSON, **person or {}), dataclasses.replace(PLAIN_LOOK, **look or {})
    monkeypatch.setattr(faces, "seen", lambda *_: (own, now))
    return faces.picture(SEED, 0, 0).image.astype(int), {n for n, v in face_kinds.celeba(own, now).items() if v}


# --- pictures


def test_another_process_draws_the_same_face_alone():
    code = f"""
import hashlib
from redraw.data.drawn import faces
face = faces.picture({SEED}, 7, 2)
print(hashlib.sha256(face.image.tobytes() + repr((face.landmarks, face.look)).encode()).hexdigest())
"""
    env = {"PYTHONPATH": str(Path(faces.__file__).parents[3]), "PYTHONHASHSEED": "7"}
    there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    several = [faces.picture(SEED, k, i) for k in (7, 6) for i in (0, 2)]
    here = several[1]
    text = repr((here.landmarks, here.look)).encode()
    assert there.strip() == hashlib.sha256(here.image.tobytes() + text).hexdigest()
    assert len({face.image.tobytes() for face in several}) == 4


def test_the_eyes_of_celeba_are_in_their_places_and_looked_at():
    for number in range(30):
        face = faces.picture(SEED, number, 0)
        assert face.image.shape == (218, 178, 3) and face.image.dtype == np.uint8
        marks = np.array(face.landmarks)
        assert (np.abs(marks[:2] - [(69.5, 111), (108, 111)]) < 5).all(), marks
        assert marks[0, 1] < marks[2, 1] < marks[3:, 1].min() and marks[3, 0] < marks[2, 0] < marks[4, 0]
        for x, y in marks[:2].round().astype(int):
            iris = face.image[y - 5 : y + 6, x - 6 : x + 7].astype(int).sum(axis=2)
            assert iris.min() < 260 or face.look.blurry, (number, iris.min())


def test_lfw_is_square_with_the_face_in_the_middle():
    places = np.array([faces.picture(drawn_faces.LFW_SEED, k, 0, "lfw").landmarks for k in range(12)])
    assert faces.picture(drawn_faces.LFW_SEED, 0, 0, "lfw").image.shape == (250, 250, 3)
    assert (places > 70).all() and (places < 195).all() and places[:, 0].std(axis=0).min() > 1


CHANGES = [
    ("5_o_Clock_Shadow", {}, {"beard": "stubble"}, CHIN), ("Arched_Eyebrows", {"brows": "arched"}, {}, BROWS),
    ("Bags_Under_Eyes", {"bags": True}, {}, CHEEKS), ("Bald", {"style": "bald"}, {}, CROWN),
    ("Bangs", {"bangs": True}, {}, CROWN), ("Big_Lips", {"big_lips": True}, {}, MOUTH),
    ("Big_Nose", {"nose": "big"}, {}, NOSE), ("Black_Hair", {"hair": "black"}, {}, CROWN),
    ("Blond_Hair", {"hair": "blond"}, {}, CROWN), ("Blurry", {}, {"blurry": True}, EYES),
    ("Brown_Hair", {"hair": "brown"}, {}, CROWN), ("Bushy_Eyebrows", {"brows": "bushy"}, {}, BROWS),
    ("Chubby", {"chubby": True}, {}, CHIN), ("Double_Chin", {"double_chin": True}, {}, CHIN),
    ("Eyeglasses", {}, {"eyewear": "glasses"}, EYES), ("Goatee", {}, {"beard": "goatee"}, CHIN),
    ("Gray_Hair", {"hair": "gray"}, {}, CROWN), ("Heavy_Makeup", {}, {"makeup": True}, EYES),
    ("High_Cheekbones", {"cheekbones": True}, {}, CHEEKS), ("Male", {"male": True}, {}, NECK),
    ("Mouth_Slightly_Open", {}, {"open_mouth": True}, MOUTH), ("Mustache", {}, {"beard": "mustache"}, MOUTH),
    ("Narrow_Eyes", {"narrow": True}, {}, EYES), ("Oval_Face", {"shape": "oval"}, {}, CHIN),
    ("Pale_Skin", {"skin": "pale"}, {}, CHEEKS), ("Pointy_Nose", {"nose": "pointy"}, {}, NOSE),
    ("Receding_Hairline", {"style": "crop", "receding": True}, {}, CROWN), ("Rosy_Cheeks", {}, {"rosy": True}, CHEEKS),
    ("Sideburns", {"style": "crop", "sideburns": True}, {}, EARS), ("Smiling", {}, {"smiling": True}, MOUTH),
    ("Wavy_Hair", {"wavy": True}, {}, EARS), ("Wearing_Earrings", {}, {"earrings": True}, EARS),
    ("Wearing_Hat", {}, {"hat": "cap"}, CROWN), ("Wearing_Lipstick", {}, {"lipstick": True}, MOUTH),
    ("Wearing_Necklace", {}, {"necklace": True}, NECK), ("Wearing_Necktie", {}, {"clothes": "tie"}, NECK),
]  # fmt: skip


@pytest.mark.parametrize("attribute, person, look, place", CHANGES, ids=[change[0] for change in CHANGES])
def test_an_attribute_shows_where_it_belongs(monkeypatch, attribute, person, look, place):
    plain, before = shown(monkeypatch)
    other, after = shown(monkeypatch, person, look)
    assert attribute not in before and attribute in after
    left, top, right, bottom = place
    changed = np.abs(other - plain).max(axis=2) > 12
    assert changed[top:bottom, left:right].sum() >= 12
    if attribute not in ("Blurry", "Bald", "Chubby", "Male", "Receding_Hairline", "Sideburns", "Wearing_Necktie"):
        assert not changed[-12:, :50].any()


def test_every_attribute_but_attractive_can_be_drawn():
    tried = {attribute for attribute, *_ in CHANGES}
    assert set(face_kinds.CELEBA) - tried == {"Attractive", "No_Beard", "Straight_Hair", "Young"}
    assert len(face_kinds.CELEBA) == 40
    known = [faces.seen(SEED, k, i) for k in range(250) for i in range(2)]
    counts = {n: sum(face_kinds.celeba(*one)[n] for one in known) for n in face_kinds.CELEBA}
    assert counts.pop("Attractive") == 0
    assert min(counts.values()) >= 5 and max(counts.values()) < 490, counts


def test_hair_and_lips_have_the_colours_that_the_attributes_say(monkeypatch):
    for hair, colour in face_kinds.HAIRS.items():
        image, _ = shown(monkeypatch, {"hair": hair, "style": "crop"})
        seen = np.median(image[46:58, 82:96], axis=(0, 1))
        assert min(face_kinds.HAIRS, key=lambda h: distance(face_kinds.HAIRS[h], tuple(seen))) == hair, (colour, seen)
    bare, _ = shown(monkeypatch)
    painted, _ = shown(monkeypatch, look={"lipstick": True})
    lips = [(image[150:158, 80:98, 0] - image[150:158, 80:98, 1]).max() for image in (bare, painted)]
    assert lips[1] > lips[0] + 20


def test_a_person_stays_the_same_and_looks_differ():
    for number in range(20):
        several = [faces.seen(SEED, number, i) for i in range(6)]
        assert len({own for own, _ in several}) == 1 and len({now for _, now in several}) == 6
    assert len({faces.seen(SEED, k, 0)[0] for k in range(200)}) == 200


def test_attributes_are_those_of_the_first_day():
    """Pixels may differ between versions of Pillow; if this digest changes, every table with drawn faces does."""
    keys = ((0, 0), (99, 7), (999, 19))
    said = [[face_kinds.celeba(*faces.seen(2015, *k)), face_kinds.lfw(*faces.seen(2007, *k))] for k in keys]
    assert digest(said) == "9be3eace368fcd50"


# --- CelebA's files


def test_celebas_lists_agree(celeba):
    images = sorted(p.name for p in (celeba / "img_align_celeba").iterdir())
    assert images == [f"{i:06d}.jpg" for i in range(1, 37)]
    assert {Image.open(celeba / "img_align_celeba" / name).size for name in images} == {(178, 218)}
    attributes, marks = rows(celeba / "list_attr_celeba.txt"), rows(celeba / "list_landmarks_align_celeba.txt")
    parts, people = rows(celeba / "list_eval_partition.txt"), rows(celeba / "identity_CelebA.txt")
    assert attributes[0] == marks[0] == ["36"] and tuple(attributes[1]) == face_kinds.CELEBA
    assert marks[1] == face_tree.LANDMARKS.split()
    for table in (attributes[2:], marks[2:], parts, people):
        assert [row[0] for row in table] == images
    assert {len(row) for row in attributes[2:]} == {41} and {len(row) for row in marks[2:]} == {11}
    assert {value for row in attributes[2:] for value in row[1:]} == {"1", "-1"}
    assert [row[1] for row in parts] == sorted(row[1] for row in parts)
    of = {part: {who for (_, p), (_, who) in zip(parts, people, strict=True) if p == part} for part in "012"}
    assert not of["0"] & of["1"] and not of["0"] & of["2"] and not of["1"] & of["2"] and all(of.values())


def test_celebas_rows_are_those_of_the_picture(celeba):
    order = face_tree.celeba_order(EDITIONS["small"])
    for i in (0, 17, 35):
        face = faces.picture(SEED, *order[i])
        said = rows(celeba / "list_attr_celeba.txt")[2 + i][1:]
        assert said == ["1" if v else "-1" for v in face_kinds.celeba(face.person, face.look).values()]
        marks = rows(celeba / "list_landmarks_align_celeba.txt")[2 + i][1:]
        assert np.abs(np.array(marks, float).reshape(5, 2) - face.landmarks).max() <= 0.5
        stored = np.asarray(Image.open(celeba / "img_align_celeba" / f"{i + 1:06d}.jpg")).astype(int)
        assert np.abs(stored - face.image).mean() < 4
        assert rows(celeba / "identity_CelebA.txt")[i][1] == str(order[i][0] + 1)


def test_the_embedded_edition_has_900_150_and_150_pictures():
    parts = [face_tree.partition(EDITIONS[""], number) for number, _ in face_tree.celeba_order(EDITIONS[""])]
    assert [parts.count(k) for k in range(3)] == [900, 150, 150]
    assert sum(face_tree.portraits(EDITIONS["lfw"])) == 1500 and sum(face_tree.portraits(EDITIONS["lfw_small"])) == 40
    assert {edition: drawn_faces.layout(edition) for edition in EDITIONS} == {
        "": "celeba", "small": "celeba", "large": "celeba", "lfw": "lfw", "lfw_small": "lfw", "lfw_large": "lfw",
    }  # fmt: skip


# --- LFW's files


def test_lfws_people_have_names_and_numbered_pictures(lfw):
    people = sorted(p.name for p in (lfw / "lfw").iterdir())
    assert people == sorted(face_names.names(drawn_faces.LFW_SEED, 20))
    counts = {}
    for person in people:
        files = sorted(p.name for p in (lfw / "lfw" / person).iterdir())
        counts[person] = len(files)
        assert files == [f"{person}_{i:04d}.jpg" for i in range(1, len(files) + 1)]
    assert sum(counts.values()) == 40 and min(counts.values()) == 1 and max(counts.values()) > 2
    listed = [rows(lfw / f"peopleDev{part}.txt") for part in ("Train", "Test")]
    assert [int(table[0][0]) for table in listed] == [len(table) - 1 for table in listed]
    said = {name: int(count) for table in listed for name, count in table[1:]}
    assert said == counts and len(listed[0]) + len(listed[1]) - 2 == len(counts)
    names = face_names.names(drawn_faces.LFW_SEED, 4000)
    assert len(set(names)) == 4000 and names[:20] == face_names.names(drawn_faces.LFW_SEED, 20)


def test_lfws_pairs_name_pictures_that_there_are(lfw):
    def there(name, number):
        return (lfw / "lfw" / name / f"{name}_{int(number):04d}.jpg").exists()

    folds, count = map(int, rows(lfw / "pairs.txt")[0])
    pairs = rows(lfw / "pairs.txt")[1:]
    assert (folds, count) == (2, 9) and len(pairs) == 2 * folds * count
    fold_people = []
    for k in range(folds):
        same, different = pairs[2 * k * count :][:count], pairs[(2 * k + 1) * count :][:count]
        assert all(len(row) == 3 and row[1] != row[2] for row in same)
        assert all(len(row) == 4 and row[0] != row[2] for row in different)
        fold_people.append({row[0] for row in same} | {row[i] for row in different for i in (0, 2)})
    assert not fold_people[0] & fold_people[1]
    for part in ("Train", "Test"):
        table, people = rows(lfw / f"pairsDev{part}.txt"), rows(lfw / f"peopleDev{part}.txt")
        assert len(table) == 1 + 2 * int(table[0][0])
        pairs += table[1:]
        mentioned = {row[0] for row in table[1:]} | {row[2] for row in table[1:] if len(row) == 4}
        assert mentioned <= {row[0] for row in people[1:]}
    for row in pairs:
        places = [(row[0], row[1]), (row[0], row[2])] if len(row) == 3 else [row[:2], row[2:]]
        assert all(there(*place) for place in places), row


def test_lfws_attributes_are_signed_as_the_picture_shows(lfw):
    lines = [line.split("\t") for line in (lfw / "lfw_attributes.txt").read_text().splitlines()]
    header = lines[1]
    assert lines[0][0].startswith("#") and header[:3] == ["#", "person", "imagenum"]
    people, index_of = face_names.names(drawn_faces.LFW_SEED, 20), {name: i for i, name in enumerate(header[3:], 2)}
    assert len(lines) == 2 + 40 and all(len(line) == len(header) - 1 for line in lines[2:])
    for line in lines[2:]:
        own, now = faces.seen(drawn_faces.LFW_SEED, people.index(line[0].replace(" ", "_")), int(line[1]) - 1)
        for name, present in face_kinds.lfw(own, now).items():
            assert (float(line[index_of[name]]) > 0) == present, (line[:2], name)


# --- folders


def test_two_writes_are_byte_identical(celeba, lfw, tmp_path):
    for edition, first in (("small", celeba), ("lfw_small", lfw)):
        drawn_faces.fetch(tmp_path / edition, edition)
        assert tree(tmp_path / edition) == tree(first)


def test_an_unknown_edition_is_named(tmp_path):
    with pytest.raises(RedrawError) as error:
        drawn_faces.fetch(tmp_path / "raw", "lwf")
    assert str(error.value) == "drawn_faces: there is no edition 'lwf': did you mean \"lfw\"?"
