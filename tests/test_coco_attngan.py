"""AttnGAN's pickles and texts beside COCO 2014: images and objects as ever, captions, ids and parts theirs, one line for harm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trees_captions as trees
from raw_trees import write
from small_sets import prepared_by
from trees_captions import ORDER, TRAIN, captions_of
from trees_text import put

from redraw import data, names
from redraw.core import RedrawError
from redraw.data import coco
from redraw.data.base import Prepared
from redraw.data.tokenizers import regexp_ascii
from redraw.data.tokens import tokenize

AGAIN = "get the file again, then run the same command"
BOTH = "get both again, then run the same command"
PARTS = {"train": (25, 30, 9), "test": (73, 133, 42, 74)}  # in an order of their own
WORDS = ["<end>", "it", *(str(i) for i in reversed(ORDER)), "sees", "person", "as", *"43210", "scene"]
CAPTIONS, KEYS = "captions.pickle", "train/filenames.pickle"


def key(i: int) -> str:
    return f"COCO_{'train' if i in TRAIN else 'val'}2014_{i:012d}"


def ids_of(i: int) -> list[list[int]]:
    """Of the first five captions, as AttnGAN keeps them."""
    return [[WORDS.index(word) for word in regexp_ascii(caption)] for caption in captions_of(i)[:5]]


def pickled() -> list[Any]:
    rows = [[row for i in of for row in ids_of(i)] for of in PARTS.values()]
    return [*rows, dict(enumerate(WORDS)), {word: i for i, word in enumerate(WORDS)}]


def write_theirs(home: Path) -> Path:
    put(home / CAPTIONS, pickled())
    for part, of in PARTS.items():
        put(home / part / "filenames.pickle", [key(i) for i in of])
    for i in ORDER:
        write(home / "text" / f"{key(i)}.txt", *captions_of(i))
    return home


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A folder with raw trees coco and attngan_text. Not to be written to."""
    home = tmp_path_factory.mktemp("trees")
    write_theirs(home / "attngan_text" / "coco")
    return trees.write_coco(home / "coco").parent


@pytest.fixture
def raw(sound, tmp_path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "raw"))


def read(raw: Path, folder: Path, **options: Any) -> Prepared:
    return prepared_by(coco, "coco-attngan", raw / "coco", folder, **{"size": 16, **options})


def notes_of(raw: Path, folder: Path) -> list[str]:
    notes = read(raw, folder).manifest["notes"]
    assert notes.pop().startswith("not COCO 2014 as published: 7 images (published 123,287), ")
    return notes


# --- valid trees -------------------------------------------------------------------------------------------------

BEYOND = "1 captions beyond the first 5 of their images are left out, as AttnGAN does"


def test_a_valid_tree_comes_back_whole(sound, tmp_path):
    opened = read(sound, tmp_path / "theirs")
    plain = prepared_by(coco, "coco", sound / "coco", tmp_path / "own", size=16)
    same = ("images.u8", "names.txt", "objects.npy", "attributes.npy")
    assert all(opened.manifest["files"][name] == plain.manifest["files"][name] for name in same)
    assert opened.class_ids.tolist() == [0] * 7 and plain.released is None
    assert {name: rows.tolist() for name, rows in opened.splits.items()} == {
        name: rows.tolist() for name, rows in plain.splits.items()
    }
    words, ids, offsets, index = opened.released
    assert words == WORDS
    for k, i in enumerate(ORDER):
        assert opened.captions(k) == captions_of(i)[:5]
        assert [ids[offsets[r] : offsets[r + 1]].tolist() for r in range(index[k], index[k + 1])] == ids_of(i)
    assert notes_of(sound, tmp_path / "again") == [BEYOND]
    assert "captions" not in opened.manifest["notes"][-1]  # which are five an image here, and more in COCO's own files
    spec = {
        "captions": "dataset",
        "vocabulary": "released",
        "tokenizer": "regexp_ascii",
        "max_words": 12,
        "longer": "sample",
    }
    assert tokenize(spec, tmp_path / "theirs", tmp_path / "tokens")["notes"] == []


def test_the_files_may_lie_within(raw, tmp_path):
    shutil.move(raw / "attngan_text", raw / "coco" / "attngan_text")
    assert all(coco.find_raw(raw / "coco", name) for name in coco.RAW_FILES["attngan"])
    assert len(read(raw, tmp_path / "coco")) == 7


def test_files_beside_count_one_by_one(raw):
    found = data.fetch("coco-attngan", raw / "coco")["files"]
    theirs = {f"attngan_text/coco/{name}" for name in (CAPTIONS, KEYS, "test/filenames.pickle", "text")}
    assert set(found) == {"annotations", "karpathy", "train2014", "val2014", *theirs}
    assert found["attngan_text/coco/text"]["files"] == 7 and data.missing("coco-attngan", raw / "coco") == []
    assert set(data.fetch("coco", raw / "coco")["files"]) == set(found) - theirs


def test_a_stray_list_of_classes_is_not_read(raw, tmp_path):
    (raw / "attngan_text/coco/train/class_info.pickle").write_bytes(b"no pickle")
    assert read(raw, tmp_path / "coco").class_ids.tolist() == [0] * 7


def test_another_split_than_cocos_is_theirs_and_noted(raw, tmp_path):
    home, (train, test) = raw / "attngan_text/coco", ((25, 30, 9, 74), (73, 133, 42))
    put(home / KEYS, [key(i) for i in train])
    put(home / "test/filenames.pickle", [key(i) for i in test])
    put(home / CAPTIONS, [[row for i in of for row in ids_of(i)] for of in (train, test)] + pickled()[2:])
    assert notes_of(raw, tmp_path / "coco")[1:] == [
        f"1 images are in another split than their folder says (the first is {key(74)}, in train): AttnGAN's is taken"
    ]
    splits = read(raw, tmp_path / "again").splits
    assert "validation" not in splits  # what trains does not validate
    assert splits["train"].tolist() == [0, 1, 2, 5] and splits["karpathy_train"].tolist() == [0, 1, 2]


def test_captions_that_are_not_what_the_ids_say_are_noted(raw, tmp_path):
    write(raw / f"attngan_text/coco/text/{key(42)}.txt", "...", *captions_of(42)[:2], "another one", captions_of(42)[4])
    assert notes_of(raw, tmp_path / "coco") == [
        "1 captions without a word are left out, as AttnGAN does", BEYOND,
        f"{CAPTIONS}: 3 of 35 captions are others than in text/ (the first is caption 3 of {key(42)})",
    ]  # fmt: skip


# --- malformed ones ----------------------------------------------------------------------------------------------


def pickle(name: str, change: Callable[[list], Any]) -> Callable[[Path], None]:
    """A pickle with what ``change`` does to its value."""

    def harm(home: Path) -> None:
        value = pickled() if name == CAPTIONS else [key(i) for i in PARTS["train"]]
        change(value)
        put(home / name, value)

    return harm


NO_FILE = (
    f"coco-attngan: attngan_text/coco/{{}} is not in {{}}: put {coco.NEEDS['attngan']} there, then run the same command"
)
HARM = {
    "no captions": (lambda home: (home / CAPTIONS).unlink(), NO_FILE.format(CAPTIONS, "{raw}")),
    "no texts": (lambda home: shutil.rmtree(home / "text"), NO_FILE.format("text", "{raw}")),
    "truncated": (
        lambda home: (home / CAPTIONS).write_bytes((home / CAPTIONS).read_bytes()[:99]),
        f"{CAPTIONS}: not read: it is no pickle, or is truncated: take the file away and get it again, then run the same command",
    ),
    "ten captions a file": (
        pickle(CAPTIONS, lambda c: c.__setitem__(0, c[0] * 2)),
        f"{CAPTIONS}: a list of 30 of train, expected 5 for each of 3 files: {AGAIN}",
    ),
    "the birds' captions": (
        pickle(CAPTIONS, lambda c: c[1].pop()), f"{CAPTIONS}: a list of 19 of test, expected 5 for each of 4 files: {AGAIN}",
    ),
    "an id beyond": (
        pickle(CAPTIONS, lambda c: c[0][6].append(99)),
        f"{CAPTIONS}: caption 2 of {key(30)} has id 99, expected 1 to {len(WORDS) - 1}: {AGAIN}",
    ),
    "a name that leads out": (
        pickle(KEYS, lambda k: k.__setitem__(1, "../secret")),
        f"{KEYS}: file name 2 is '../secret', expected <class>/<image> or <image>: {AGAIN}",
    ),
    "an image that COCO has not": (
        pickle(KEYS, lambda k: k.__setitem__(1, "COCO_train2014_000000000031")),
        f": 7 files in train and test/filenames.pickle where annotations has 7, none is {key(30)}: {BOTH}",
    ),
    "a name that comes twice": (
        pickle(KEYS, lambda k: k.__setitem__(1, key(25))), f"{KEYS}: file name 2, {key(25)}, comes twice: {AGAIN}",
    ),
    "ids of other captions": (
        pickle(CAPTIONS, lambda c: (c[0].reverse(), c[1].reverse())),
        f"{CAPTIONS}: 34 of 35 captions are others than in text/ (the first is caption 1 of {key(9)}): they are of different "
        f"versions: {BOTH}",
    ),
    "no text of an image": (
        lambda home: (home / f"text/{key(42)}.txt").unlink(),
        f"text/{key(42)}.txt: missing: put the image's captions there, one a line",
    ),
    "an empty text": (
        lambda home: (home / f"text/{key(42)}.txt").write_bytes(b"\n"),
        f"text/{key(42)}.txt: no caption in it, 1 bytes: {AGAIN}",
    ),
    "a text that is not UTF-8": (
        lambda home: (home / f"text/{key(42)}.txt").write_bytes(b"a man\ncaf\xe9\n"),
        f"text/{key(42)}.txt, line 2: byte 0xe9 at 9 of the file is not UTF-8: {AGAIN}",
    ),
    "a text of another image": (
        lambda home: write(home / "text/COCO_val2014_000000000001.txt", "a man"),
        "text/COCO_val2014_000000000001.txt: captions of another image, annotations names no COCO_val2014_000000000001: take the "
        "file away, or complete annotations",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_malformed_files_are_one_line(raw, tmp_path, case):
    harm, said = HARM[case]
    home = raw / "attngan_text" / "coco"
    harm(home)
    with pytest.raises(RedrawError) as error:
        read(raw, tmp_path / "out")
    text = str(error.value)
    print(text.replace(f"{home}/", ""))
    expected = (
        said.format(raw=raw / "coco") if said.startswith("coco-") else f"{home}{'' if said[0] == ':' else '/'}{said}"
    )
    assert text == expected and not (tmp_path / "out").exists()


def test_it_has_captions_of_its_own(sound, tmp_path):
    with pytest.raises(RedrawError) as error:
        read(sound, tmp_path / "out", captions="karpathy_tokens")
    assert (
        str(error.value)
        == "coco-attngan: captions 'karpathy_tokens': this edition has AttnGAN's: leave the option away"
    )


# --- drawn scenes ------------------------------------------------------------------------------------------------


def test_drawn_scenes_say_the_same_in_their_files(tmp_path):
    body = {}
    for name in ("drawn_scenes-attngan_small", "drawn_scenes-small"):
        data.fetch(name, tmp_path / "raw" / name)
        body[name] = data.prepare(name, tmp_path / "raw" / name, tmp_path / name, {"size": 16})
    theirs, own = body.values()
    assert theirs["files"]["images.u8"] == own["files"]["images.u8"] and theirs["splits"] == own["splits"]
    assert names.written_as("drawn_scenes-attngan_small") == "coco-attngan" and data.find("coco-attngan").raw == "coco"
    assert theirs["notes"] == ["2 captions beyond the first 5 of their images are left out, as AttnGAN does"]
    (tmp_path / "drawn_scenes-attngan_small/manifest.json").write_text(json.dumps(theirs))
    opened = Prepared.open(tmp_path / "drawn_scenes-attngan_small")
    words, ids, offsets, index = opened.released
    assert words[0] == "<end>" and words[1:] != sorted(words[1:]) and np.diff(index).tolist() == [5] * 80
    for i in (0, 40, 79):
        said = [[words[k] for k in ids[slice(*offsets[c : c + 2])]] for c in range(index[i], index[i + 1])]
        assert said == [regexp_ascii(caption) for caption in opened.captions(i)]
