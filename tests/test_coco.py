"""COCO 2014 from its raw tree: a valid one comes back whole, a malformed one is one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import trees_captions as trees
from PIL import Image
from small_sets import prepared_by
from trees_captions import ORDER, TRAIN, both, captions_of, edit, entry, listed, sentence, tokens_of

from redraw.core import RedrawError
from redraw.data import coco
from redraw.data.karpathy import read

CAPTIONS = "annotations/captions_train2014.json"
VAL_CAPTIONS = "annotations/captions_val2014.json"
INSTANCES_OF = "annotations/instances_train2014.json"
VAL_INSTANCES = "annotations/instances_val2014.json"
KARPATHY = "karpathy/dataset_coco.json"
AGAIN = "get the file again, then run the same command"
BOTH = "get both files again, then run the same command"


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A valid raw tree. Not to be written to."""
    return trees.write_coco(tmp_path_factory.mktemp("trees") / "coco")


@pytest.fixture
def raw(sound, tmp_path) -> Path:
    """A copy of it to do harm to."""
    return Path(shutil.copytree(sound, tmp_path / "raw" / "coco"))


# --- a valid tree ------------------------------------------------------------------------------------------------


def test_a_valid_tree_comes_back_whole(sound, tmp_path):
    opened = prepared_by(coco, "coco", sound, tmp_path / "coco", size=20)
    parts = ["train2014" if i in TRAIN else "val2014" for i in ORDER]
    assert opened.names == [f"{part}/COCO_{part}_{i:012d}" for part, i in zip(parts, ORDER, strict=True)]
    assert [opened.captions(k) for k in range(7)] == [captions_of(i) for i in ORDER]
    assert (
        opened.image_shape == (3, 20, 20) and np.abs(trees.means(opened) - [trees.colour(i) for i in ORDER]).max() < 3
    )
    assert opened.manifest["classes"] == ["coco"] and opened.class_ids.tolist() == [0] * 7
    assert {name: rows.tolist() for name, rows in opened.splits.items()} == {
        "train": [0, 1, 2], "karpathy_train": [0, 1, 2], "test": [3, 4, 5, 6], "validation": [5], "karpathy_test": [6],
        "karpathy_restval": [3, 4], "karpathy_train_restval": [0, 1, 2, 3, 4],
    }  # fmt: skip
    kinds = list(trees.CATEGORIES)
    assert opened.categories == tuple(trees.CATEGORIES.values())
    assert opened.attribute_names == tuple(f"present::{name}" for name in trees.CATEGORIES.values())
    across, down = 20 / trees.WIDTH, 20 / trees.HEIGHT
    for k, i in enumerate(ORDER):
        said = [(kinds.index(c), *box, crowd) for c, box, crowd in trees.INSTANCES.get(i, [])]
        expected = np.array(said, np.float32).reshape(-1, 6) * (1, across, down, across, down, 1)
        np.testing.assert_allclose(opened.objects(k), expected, rtol=1e-6)
        assert opened.attributes[k].tolist() == [int(c in {o[0] for o in said}) for c in range(3)]


def test_the_published_counts_are_those_of_the_papers(sound, tmp_path, capsys):
    said = (
        "not COCO 2014 as published: 7 images (published 123,287), 3 train (published 82,783), 4 test (published "
        "40,504), 1 validation (published 5,000), 2 karpathy_restval (published 30,504), 1 karpathy_test (published 5,000), "
        "36 captions (published 616,767), 3 categories (published 80)"
    )
    six = (
        "1 image has other than 5 captions (6; the first is train2014/COCO_train2014_000000000025): taken as they "
        "are, so that caption k of image i is not number 5 i + k"
    )
    assert prepared_by(coco, "coco", sound, tmp_path / "a").manifest["notes"] == [six, said]
    assert f"coco: {six}\ncoco: {said}\n" == capsys.readouterr().err
    assert prepared_by(coco, "drawn_scenes-small", sound, tmp_path / "b").manifest["notes"] == [six]


def test_the_order_of_entries_does_not_matter(sound, raw, tmp_path):
    def turn(rows: list) -> list:
        return rows[::-1]

    for path in (CAPTIONS, VAL_CAPTIONS, INSTANCES_OF, VAL_INSTANCES):
        both(listed(path, "images", turn), listed(path, "annotations", turn))(raw)
    both(listed(VAL_INSTANCES, "categories", turn), listed(KARPATHY, "images", turn))(raw)
    turned = prepared_by(coco, "coco", raw, tmp_path / "turned").manifest["files"]
    assert turned == prepared_by(coco, "coco", sound, tmp_path / "straight").manifest["files"]


def test_other_files_may_not_lie_beside(raw):
    shutil.move(raw / "annotations", raw.parent / "annotations")
    assert [name for name in coco.RAW_FILES[""] if coco.find_raw(raw, name) is None] == [
        CAPTIONS, VAL_CAPTIONS, INSTANCES_OF, VAL_INSTANCES,
    ]  # fmt: skip


def test_karpathys_file_may_lie_beside(sound, raw, tmp_path):
    shutil.move(raw / "karpathy", raw.parent / "karpathy")
    beside = prepared_by(coco, "coco", raw, tmp_path / "beside").manifest["files"]
    assert beside == prepared_by(coco, "coco", sound, tmp_path / "within").manifest["files"]
    (raw.parent / "karpathy" / "dataset_coco.json").unlink()
    with pytest.raises(RedrawError) as error:
        prepared_by(coco, "coco", raw, tmp_path / "none")
    assert (
        str(error.value) == f"coco: {KARPATHY} is not in {raw}: put {coco.NEEDS['']} there, then run the same command"
    )


# --- options -----------------------------------------------------------------------------------------------------


def test_karpathys_tokens_are_an_option(sound, tmp_path):
    opened = prepared_by(coco, "coco", sound, tmp_path / "tokens", captions="karpathy_tokens")
    assert [opened.captions(k) for k in range(7)] == [[" ".join(tokens_of(c)) for c in captions_of(i)] for i in ORDER]
    assert opened.image_shape == (3, 76, 76)


def test_what_a_crop_cuts_off_is_not_present(sound, tmp_path):
    opened = prepared_by(coco, "coco", sound, tmp_path / "cut", size=None, crop="centre", scale=10)
    assert opened.image_shape == (3, 10, 10)  # columns 15 to 25, rows 10 to 20
    np.testing.assert_allclose(opened.objects(0), [[2, 0, 0, 3.5, 8, 0], [0, 0, 0, 10, 10, 1]])
    assert opened.attributes[[0, 1, 3, 6]].tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    opened = prepared_by(coco, "coco", sound, tmp_path / "shorter", size=15, fit="shorter")
    assert opened.image_shape == (3, 15, 20)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"captions": "tokens"}, "coco: captions 'tokens': known: raw, karpathy_tokens"),
        ({"crop": "box"}, "coco: crop 'box': it has no boxes to crop by, known: none, centre"),
        ({"sise": 76}, "coco: no option 'sise' of prepare: did you mean \"size\"?"),
    ],
)
def test_bad_options(sound, tmp_path, options, said):
    with pytest.raises(RedrawError) as error:
        prepared_by(coco, "coco", sound, tmp_path / "out", **options)
    assert str(error.value) == said


# --- what is repaired, and noted ---------------------------------------------------------------------------------

NINE = "train2014/COCO_train2014_000000000009"
REPAIRED = {  # annotations of image 9 are entries 7 to 11 of the captions, 2 and 3 of the instances; the last is its first
    "white space": (
        both(
            entry(CAPTIONS, "annotations", 11, caption="Scene 9 as\nperson 0  sees it. \n"),
            entry(CAPTIONS, "annotations", 10, caption=" Scene 9 as person 1 sees it."),
        ),
        "2 captions with other white space than single spaces between words: collapsed; the first is of " + NINE,
    ),
    "empty caption": (
        both(entry(CAPTIONS, "annotations", 11, caption=" \n"), sentence(KARPATHY, 6, 1, raw=" ")),
        f"1 caption without a word: left out; the first is of {NINE}",
    ),
    "box out of its picture": (
        entry(INSTANCES_OF, "annotations", 3, bbox=[-3, 10, 50, 30]),
        f"1 box of objects more than 1 pixel out of their pictures: cut off; the first is on {NINE}",
    ),
    "box without an area": (
        both(
            entry(INSTANCES_OF, "annotations", 3, bbox=[3, 10, 0, 30]),
            entry(VAL_INSTANCES, "annotations", 1, bbox=[3, 10, 5, -2]),
        ),
        f"2 boxes of objects without an area: dropped; the first is on {NINE}",
    ),
    "grey picture": (
        lambda raw: Image.new("L", (40, 30)).save(raw / f"{NINE}.jpg"),
        "1 picture is grey, the channel is copied to red, green and blue: COCO_train2014_000000000009.jpg",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REPAIRED)
def test_what_is_repaired_is_noted(raw, tmp_path, case):
    harm, said = REPAIRED[case]
    harm(raw)
    opened = prepared_by(coco, "coco", raw, tmp_path / "coco", size=None)
    assert said in opened.manifest["notes"]
    if case == "white space":
        assert opened.captions(0) == captions_of(9)
    elif case == "empty caption":
        assert opened.captions(0) == captions_of(9)[1:]
    elif case == "box out of its picture":
        assert opened.objects(0)[0].tolist() == [2, 0, 10, 40, 20, 0] and (opened.objects(0)[1:, 5] == 1).all()
    elif case == "box without an area":
        assert len(opened.objects(0)) == 1 and opened.attributes[0].tolist() == [1, 0, 0]


def test_a_box_that_is_a_pixel_out_is_cut_off_without_a_word(raw, tmp_path):
    entry(INSTANCES_OF, "annotations", 3, bbox=[30.5, 20, 10.5, 10.25])(raw)
    opened = prepared_by(coco, "drawn_scenes", raw, tmp_path / "coco", size=None)
    assert opened.objects(0)[0].tolist() == [2, 30.5, 20, 9.5, 10, 0] and len(opened.manifest["notes"]) == 1


# --- malformed trees: errors -------------------------------------------------------------------------------------

OTHER = "COCO_train2014_000000000030"
HARM = {
    "truncated JSON": (
        edit(INSTANCES_OF, lambda old: old[:700]),
        f"{INSTANCES_OF}: no sound JSON (parse error: premature EOF), 700 bytes: {AGAIN}",
    ),
    "a page instead": (
        edit(KARPATHY, lambda old: b"<html>moved</html>"),
        f"{KARPATHY}: no sound JSON (lexical error: invalid char in json text.), 18 bytes: {AGAIN}",
    ),
    "bad UTF-8": (
        edit(CAPTIONS, lambda old: old.replace(b"Scene 25 as person 3", b"Sc\xe9ne 25 as person 3")),
        f"{CAPTIONS}: no sound JSON (lexical error: invalid bytes in UTF8 string.), ",
    ),
    "another file": (
        lambda raw: shutil.copy(raw / KARPATHY, raw / CAPTIONS), f"{CAPTIONS}: images, entry 1: no 'id': {AGAIN}",
    ),
    "no annotations": (
        listed(CAPTIONS, "annotations", lambda old: []),
        f"{CAPTIONS}: no list 'annotations' with anything in it: {AGAIN}",
    ),
    "captions for instances": (
        lambda raw: shutil.copy(raw / CAPTIONS, raw / INSTANCES_OF),
        f"{INSTANCES_OF}: no list 'categories' with anything in it: {AGAIN}",
    ),
    "missing key": (
        entry(CAPTIONS, "annotations", 4, caption=None), f"{CAPTIONS}: annotations, entry 4: no 'caption': {AGAIN}",
    ),
    "key of another kind": (
        entry(CAPTIONS, "images", 2, width="40"),
        f"{CAPTIONS}: images, entry 2: 'width' is '40', expected a whole number: {AGAIN}",
    ),
    "entry that is no object": (
        listed(CAPTIONS, "annotations", lambda old: [7, *old]),
        f"{CAPTIONS}: annotations, entry 1: 7, expected an object with id, image_id, caption: {AGAIN}",
    ),
    "file_name of another image": (
        entry(CAPTIONS, "images", 2, file_name=f"{OTHER}.jpg"),
        f"{CAPTIONS}: images, entry 2: file_name '{OTHER}.jpg', expected 'COCO_train2014_000000000009.jpg': {AGAIN}",
    ),
    "image that comes twice": (
        listed(CAPTIONS, "images", lambda old: [*old, old[1]]),
        f"{CAPTIONS}: images, entry 4: id 9 is in entry 2 already: {AGAIN}",
    ),
    "image of both parts": (
        entry(VAL_CAPTIONS, "images", 2, id=9, file_name="COCO_val2014_000000000009.jpg"),
        f"{VAL_CAPTIONS}: images, entry 2: id 9 is in captions_train2014.json too: {BOTH}",
    ),
    "caption of no image": (
        entry(CAPTIONS, "annotations", 4, image_id=42),
        f"{CAPTIONS}: annotations, entry 4: image_id 42 is not among its images: {AGAIN}",
    ),
    "annotation that comes twice": (
        entry(CAPTIONS, "annotations", 4, id=2505),
        f"{CAPTIONS}: annotations, entry 4: id 2505 is in entry 1 already: {AGAIN}",
    ),
    "image without captions": (
        listed(CAPTIONS, "annotations", lambda old: [a for a in old if a["image_id"] != 30]),
        f"{CAPTIONS}: no caption of image 30 ({OTHER}.jpg): {AGAIN}",
    ),
    "missing picture": (
        lambda raw: (raw / f"{NINE}.jpg").unlink(),
        "train2014: 2 pictures where captions_train2014.json has 3, COCO_train2014_000000000009.jpg is missing: get "
        "the folder again",
    ),
    "picture that is not listed": (
        lambda raw: trees.picture(raw / "val2014/copy.jpg", 1),
        "val2014: 5 pictures where captions_val2014.json has 4, copy.jpg is not in captions_val2014.json: get the "
        "folder again",
    ),
    "picture of another size": (
        lambda raw: trees.picture(raw / f"{NINE}.jpg", 9, (trees.HEIGHT, trees.WIDTH)),
        f"{CAPTIONS}: images, id 9: 40 x 30 pixels, but {NINE}.jpg has 30 x 40: {BOTH}",
    ),
    "truncated picture": (
        edit(f"{NINE}.jpg", lambda old: old[:400]),
        f"{NINE}.jpg: truncated or damaged (Pillow says: ",
    ),
    "swapped captions": (
        both(
            entry(CAPTIONS, "annotations", 11, caption=captions_of(25)[0]),
            entry(CAPTIONS, "annotations", 6, caption=captions_of(9)[0]),
        ),
        f"{KARPATHY}: images, entry 6: the sentences of COCO_train2014_000000000009.jpg are not the captions of "
        f"captions_train2014.json, 'Scene 9 as person 0 sees it.' is not there: {BOTH}",
    ),
    "caption that Karpathy has not": (
        listed(CAPTIONS, "annotations", lambda old: [*old, {"id": 1, "image_id": 30, "caption": "One more."}]),
        f"{KARPATHY}: images, entry 5: the sentences of {OTHER}.jpg are not the captions of captions_train2014.json, "
        f"'One more.' "
        f"of captions_train2014.json is not here: {BOTH}",
    ),
    "image that Karpathy has not": (
        listed(KARPATHY, "images", lambda old: old[1:]),
        f"{KARPATHY}: nothing is said of val2014/COCO_val2014_000000000133.jpg: {BOTH}",
    ),
    "image that only Karpathy has": (
        entry(KARPATHY, "images", 6, cocoid=10),
        f"{KARPATHY}: images, entry 6: cocoid 10 of split train is not in captions_train2014.json: {BOTH}",
    ),
    "filename of another image": (
        entry(KARPATHY, "images", 6, filename="COCO_train2014_000000000030.jpg"),
        f"{KARPATHY}: images, entry 6: filename 'COCO_train2014_000000000030.jpg', but cocoid 9 of split train: "
        f"{AGAIN}",
    ),
    "sentids of other sentences": (
        entry(KARPATHY, "images", 2, sentids=[10, 11, 12, 13, 15]),
        f"{KARPATHY}: images, entry 2: sentids are not those of the 5 sentences of COCO_val2014_000000000042.jpg: "
        f"{AGAIN}",
    ),
    "sentids that are no numbers": (
        entry(KARPATHY, "images", 2, sentids=[10, 11, 12, 13, "14"]),
        f"{KARPATHY}: images, entry 2: sentids are not those of the 5 sentences of COCO_val2014_000000000042.jpg: {AGAIN}",
    ),
    "filename of two lines": (
        entry(KARPATHY, "images", 2, filename="a\nb.jpg"),
        f"{KARPATHY}: images, entry 2: filename 'a\\nb.jpg', expected the name of a picture: {AGAIN}",
    ),
    "image that Karpathy has twice": (
        listed(KARPATHY, "images", lambda old: [*old, {**old[0], **trees.sentences(50, captions_of(133))}]),
        f"{KARPATHY}: images, entry 8: cocoid 133 is in entry 1 already: {AGAIN}",
    ),
    "imgid that comes twice": (
        listed(KARPATHY, "images", lambda old: [*old, old[2]]),
        f"{KARPATHY}: images, entry 8: imgid 2 is in entry 3 already: {AGAIN}",
    ),
    "sentid that comes twice": (
        both(sentence(KARPATHY, 2, 1, sentid=3), entry(KARPATHY, "images", 2, sentids=[3, 11, 12, 13, 14])),
        f"{KARPATHY}: images, entry 2: sentid 3 is in entry 1 already: {AGAIN}",
    ),
    "sentence of another image": (
        sentence(KARPATHY, 2, 3, imgid=5),
        f"{KARPATHY}: images, entry 2, sentence 3: imgid 5, but the image's is 1: {AGAIN}",
    ),
    "sentence without tokens": (
        sentence(KARPATHY, 2, 3, tokens=None), f"{KARPATHY}: images, entry 2, sentence 3: no 'tokens': {AGAIN}",
    ),
    "tokens that are no text": (
        sentence(KARPATHY, 2, 3, tokens=["a", 7]),
        f"{KARPATHY}: images, entry 2, sentence 3: 'tokens' holds something other than text: {AGAIN}",
    ),
    "unknown split": (
        entry(KARPATHY, "images", 3, split="dev"),
        f"{KARPATHY}: images, entry 3: split 'dev', expected one of train, restval, val, test: {AGAIN}",
    ),
    "split of the other part": (
        entry(KARPATHY, "images", 3, split="train"),
        f"{KARPATHY}: images, entry 3: cocoid 74 of split train is not in captions_train2014.json: {BOTH}",
    ),
    "instance of no image": (
        entry(INSTANCES_OF, "annotations", 1, image_id=42),
        f"{INSTANCES_OF}: annotations, entry 1: image_id 42 is not among its images: {AGAIN}",
    ),
    "instance of no category": (
        entry(INSTANCES_OF, "annotations", 1, category_id=3),
        f"{INSTANCES_OF}: annotations, entry 1: category_id 3 is not among its categories: {AGAIN}",
    ),
    "instance that comes twice": (
        entry(INSTANCES_OF, "annotations", 2, id=90),
        f"{INSTANCES_OF}: annotations, entry 3: id 90 is in entry 2 already: {AGAIN}",
    ),
    "box of three numbers": (
        entry(INSTANCES_OF, "annotations", 1, bbox=[1, 2, 3]),
        f"{INSTANCES_OF}: annotations, entry 1: 'bbox' is [1, 2, 3], expected x, y, width, height: {AGAIN}",
    ),
    "crowd of two": (
        entry(INSTANCES_OF, "annotations", 1, iscrowd=2),
        f"{INSTANCES_OF}: annotations, entry 1: 'iscrowd' is 2, expected 0 or 1: {AGAIN}",
    ),
    "instances of other images": (
        listed(INSTANCES_OF, "images", lambda old: old[:2]),
        f"{INSTANCES_OF}: 2 images where captions_train2014.json has 3, none of id 25: {BOTH}",
    ),
    "swapped instances": (
        lambda raw: shutil.copy(raw / VAL_INSTANCES, raw / INSTANCES_OF),
        f"{INSTANCES_OF}: images, entry 1: id 133 is not in captions_train2014.json: {BOTH}",
    ),
    "other categories": (
        entry(VAL_INSTANCES, "categories", 1, name="stop"),
        f"{VAL_INSTANCES}: other categories than in the file of train2014: {BOTH}",
    ),
    "category that comes twice": (
        entry(INSTANCES_OF, "categories", 3, name="bicycle"),
        f"{INSTANCES_OF}: categories, entry 3: name 'bicycle' comes twice: {AGAIN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_a_malformed_tree_is_one_line(raw, tmp_path, case):
    harm, said = HARM[case]
    harm(raw)
    with pytest.raises(RedrawError) as error:
        prepared_by(coco, "coco", raw, tmp_path / "coco", size=16)
    text = str(error.value)
    print(text.replace(f"{raw}/", ""))
    assert text.startswith(f"{raw}/{said}") and text.endswith((AGAIN, BOTH, "get the folder again"))
    assert "\n" not in text and not (tmp_path / "coco").exists()


def test_images_without_tokens_are_refused(raw, tmp_path):
    body = json.loads((raw / KARPATHY).read_text())
    for found in body["images"][5]["sentences"]:
        found["tokens"] = []
    (raw / KARPATHY).write_text(json.dumps(body))
    assert len(prepared_by(coco, "coco", raw, tmp_path / "raw captions")) == 7
    with pytest.raises(RedrawError) as error:
        prepared_by(coco, "coco", raw, tmp_path / "tokens", captions="karpathy_tokens")
    assert str(error.value) == f"{raw / KARPATHY}: no tokens in any sentence of {NINE}: {AGAIN}"


def test_karpathys_file_is_read_an_entry_at_a_time(sound):
    first = next(read(sound / KARPATHY, ("test",), of_coco=True))
    assert (first.number, first.cocoid, first.split, trees.SPLIT[133]) == (1, 133, "test", "test")
    assert first.sentences[2] == (2, captions_of(133)[2], " ".join(tokens_of(captions_of(133)[2])))
