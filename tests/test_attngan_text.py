"""AttnGAN's pickles and texts beside CUB-200-2011: by key, held against each other, one line each."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from raw_trees import captions_of, write, write_lists
from small_sets import prepared_by
from trees_text import WORDS, N, attngan_parts, bird, ids_of, put, write_birds, write_pickles

from redraw.core import RedrawError
from redraw.data import attngan, cub
from redraw.data.tokens import tokenize

AGAIN = "get the file again, then run the same command"
BOTH = "get both again, then run the same command"
PUBLISHED = "not CUB-200-2011 as published"
PARTS = attngan_parts()


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A folder with raw trees cub and attngan_text. Not to be written to."""
    return write_birds(tmp_path_factory.mktemp("trees") / "cub").parent


@pytest.fixture
def trees(sound, tmp_path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "raw"))


def read(raw: Path, folder: Path):
    return prepared_by(cub, "cub-attngan", raw / "cub", folder, size=32)


# --- valid trees -------------------------------------------------------------------------------------------------


def test_a_valid_tree_comes_back_whole(sound, tmp_path):
    opened = read(sound, tmp_path / "cub")
    assert len(opened) == N and [opened.names[i - 1] for i in PARTS["train"]] == [bird(i)[0] for i in PARTS["train"]]
    assert {name: opened.splits[name].tolist() for name in ("train", "validation", "test", "own_test", "test_own_train")} == {
        "train": [0, 1, 3, 4, 6, 7, 9, 10], "validation": [1, 4, 7, 10], "test": [2, 5, 8, 11],
        "own_test": [1, 3, 5, 7, 9, 11], "test_own_train": [2, 8],
    }  # fmt: skip
    words, ids, offsets, index = opened.released
    assert words == WORDS and opened.manifest["released"] == len(WORDS)
    for k in range(N):
        assert opened.captions(k) == captions_of(k + 1)
        rows = [ids[offsets[r] : offsets[r + 1]].tolist() for r in range(index[k], index[k + 1])]
        assert rows == ids_of(k + 1) and opened.class_ids[k] == bird(k + 1)[1] - 1
    assert [note for note in opened.manifest["notes"] if not note.startswith(PUBLISHED)] == []
    spec = {"captions": "dataset", "vocabulary": "released", "tokenizer": "regexp_ascii", "max_words": 18}
    assert tokenize(spec, tmp_path / "cub", tmp_path / "tokens")["notes"] == []


def test_the_files_may_lie_within(trees, tmp_path):
    shutil.move(trees / "attngan_text", trees / "cub" / "attngan_text")
    names = cub.RAW_FILES["attngan"]
    assert all(cub.find_raw(trees / "cub", name) for name in names) and "cvpr2016_cub/text_c10" not in names
    shutil.rmtree(trees / "cub" / "cvpr2016_cub" / "text_c10")
    assert len(read(trees, tmp_path / "cub")) == N


def test_other_editions_have_reeds_captions_and_nothing_released(sound, tmp_path):
    opened = prepared_by(cub, "cub", sound / "cub", tmp_path / "cub", size=32)
    assert opened.released is None and opened.captions(0) == captions_of(1)


def test_coco_has_five_captions_a_file_and_no_classes(tmp_path):
    keys = [f"COCO_{part}2014_{k:012d}" for part, k in (("train", 9), ("train", 25), ("val", 42))]
    rows = [[1 + (k + j) % 3] * (1 + j) for k in range(3) for j in range(5)]
    words = ["<end>", "a", "b", "c"]
    change = {
        "captions": [rows[:10], rows[10:], dict(enumerate(words)), {w: i for i, w in enumerate(words)}],
        "train/filenames": keys[:2], "test/filenames": keys[2:], "train/class_info": ["a stray file"],
    }  # fmt: skip
    found = attngan.metadata(write_pickles(tmp_path, change), 5)
    assert found.vocabulary == words and found.classes == {} and found.notes == []
    assert found.split == {keys[0]: "train", keys[1]: "train", keys[2]: "test"}
    assert found.captions == {key: rows[5 * k : 5 * k + 5] for k, key in enumerate(keys)}


def test_numbers_of_python_2(tmp_path):
    """128 is the byte 0x80 there, at which a reader of today stops that is not told better."""
    files = [f"a/{k}" for k in range(3)]
    change = {
        "captions": [[[1]] * 3, [[1]], {0: "<end>", 1: "a"}, {"<end>": 0, "a": 1}], "train/filenames": files,
        "test/filenames": ["b/0"], "train/class_info": [np.int64(128), np.int8(12), 200], "test/class_info": [np.int64(0)],
    }  # fmt: skip
    found = attngan.metadata(write_pickles(tmp_path, change), 1, 200)
    assert list(found.classes.values()) == [128, 12, 200, 0] and type(found.classes["a/0"]) is int
    put(tmp_path / "train/class_info.pickle", "no list")
    (tmp_path / "train/class_info.pickle").write_bytes(pickle.dumps(np.array([1, 2, 128]), 2))
    assert list(attngan.metadata(tmp_path, 1, 200).classes.values()) == [1, 2, 128, 0]


# --- malformed pickles -------------------------------------------------------------------------------------------

CAPTIONS, KEYS, CLASSES = "captions.pickle", "train/filenames.pickle", "train/class_info.pickle"
REMOVE = "take the file away and get it again, then run the same command"


def captions(change: Callable[[list], Any]) -> Callable[[Path], None]:
    """captions.pickle with what ``change`` does to its four things; what it returns, if anything, instead."""

    def harm(folder: Path) -> None:
        rows = [[list(row) for i in PARTS[part] for row in ids_of(i)] for part in ("train", "test")]
        found = [*rows, dict(enumerate(WORDS)), {word: i for i, word in enumerate(WORDS)}]
        other = change(found)
        put(folder / CAPTIONS, found if other is None else other)

    return harm


def listed(name: str, change: Callable[[list], Any]) -> Callable[[Path], None]:
    """A list of the training part with what ``change`` does to it, or what it returns instead."""

    def harm(folder: Path) -> None:
        found: list = [bird(i)[name == CLASSES] for i in PARTS["train"]]
        other = change(found)
        put(folder / name, found if other is None else other)

    return harm


def raw(name: str, content: bytes | Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content(path.read_bytes()))

    return harm


def calls(name: str, protocol: int) -> Callable[[Path], None]:
    """A pickle that would start a program."""

    class Evil:
        def __reduce__(self):
            return eval, ("__import__('os').system('touch /tmp/never')",)

    return raw(name, pickle.dumps([Evil()], protocol))


FIRST = bird(11)[0]  # the first of the training part
HARM = {
    "no file": (lambda f: (f / CAPTIONS).unlink(), f"{CAPTIONS}: no such file: get it, then run the same command"),
    "truncated": (raw(CAPTIONS, lambda old: old[:100]), f"{CAPTIONS}: not read: it is no pickle, or is truncated: {REMOVE}"),
    "a page instead": (
        raw(KEYS, b"<html>quota exceeded</html>"), f"{KEYS}: not read: it is no pickle, or is truncated: {REMOVE}",
    ),
    "calls a function": (calls(CAPTIONS, 2), f"{CAPTIONS}: not read: it asks for '__builtin__ eval': {REMOVE}"),
    "calls another way": (calls(KEYS, 4), f"{KEYS}: not read: it asks for 'builtins.eval': {REMOVE}"),
    "calls among the classes": (calls(CLASSES, 2), f"{CLASSES}: not read: it asks for '__builtin__ eval': {REMOVE}"),
    "arrays where none belong": (
        raw(CAPTIONS, pickle.dumps(np.arange(4), 2)),
        f"{CAPTIONS}: not read: it asks for 'numpy._core.multiarray _reconstruct': {REMOVE}",
    ),
    "three things": (
        captions(lambda c: c[:3]),
        f"{CAPTIONS}: a list of 3, expected 4 things: captions of train and test, {{id: word}}, {{word: id}}: {AGAIN}",
    ),
    "a word": (
        captions(lambda c: "none"),
        f"{CAPTIONS}: a str, expected 4 things: captions of train and test, {{id: word}}, {{word: id}}: {AGAIN}",
    ),
    "words in a list": (
        captions(lambda c: [*c[:2], WORDS, c[3]]),
        f"{CAPTIONS}: its third and fourth thing are no dictionaries of words and ids: {AGAIN}",
    ),
    "ids with a gap": (
        captions(lambda c: c[2].update({99: c[2].pop(5)})), f"{CAPTIONS}: no word has id 5, though there are 18: {AGAIN}",
    ),
    "no <end>": (
        captions(lambda c: (c[2].update({0: "end"}), c[3].update(end=0), c[3].pop("<end>"), c)[3]),
        f"{CAPTIONS}: id 0 is 'end', expected '<end>': {AGAIN}",
    ),
    "a word that is none": (captions(lambda c: c[2].update({3: "a b"})), f"{CAPTIONS}: id 3 is 'a b', expected a word: {AGAIN}"),
    "a word that is a number": (captions(lambda c: c[2].update({3: 7})), f"{CAPTIONS}: id 3 is 7, expected a word: {AGAIN}"),
    "dictionaries that disagree": (
        captions(lambda c: c[3].update(bird=3)), f"{CAPTIONS}: id 17 is 'bird', but 'bird' has id 3: {AGAIN}",
    ),
    "a word without an id": (
        captions(lambda c: c[3].pop("bird") and None), f"{CAPTIONS}: id 17 is 'bird', but 'bird' has id None: {AGAIN}",
    ),
    "a word too many": (
        captions(lambda c: c[3].update(wing=18)), f"{CAPTIONS}: 19 words have an id, and 18 ids a word: {AGAIN}",
    ),
    "a caption too few": (
        captions(lambda c: c[0].pop() and None), f"{CAPTIONS}: a list of 79 of train, expected 10 for each of 8 files: {AGAIN}",
    ),
    "parts the other way round": (
        captions(lambda c: [c[1], c[0], *c[2:]]),
        f"{CAPTIONS}: a list of 40 of train, expected 10 for each of 8 files: {AGAIN}",
    ),
    "an id beyond": (
        captions(lambda c: c[0][12].append(18)),
        f"{CAPTIONS}: caption 3 of {bird(10)[0]} has id 18, expected 1 to 17: {AGAIN}",
    ),
    "a negative id": (
        captions(lambda c: c[0][0].append(-1)), f"{CAPTIONS}: caption 1 of {FIRST} has id -1, expected 1 to 17: {AGAIN}",
    ),
    "<end> within": (
        captions(lambda c: c[0][0].insert(1, 0)), f"{CAPTIONS}: caption 1 of {FIRST} has id 0, expected 1 to 17: {AGAIN}",
    ),
    "a caption of words": (
        captions(lambda c: c[0].__setitem__(1, ["bird"])), f"{CAPTIONS}: caption 2 of {FIRST} is no list of ids: {AGAIN}",
    ),
    "no names": (listed(KEYS, lambda k: {}), f"{KEYS}: a dict of 0, expected file names: {AGAIN}"),
    "a name that leads out": (
        listed(KEYS, lambda k: k.__setitem__(2, "../../secret")),
        f"{KEYS}: file name 3 is '../../secret', expected <class>/<image> or <image>: {AGAIN}",
    ),
    "a name that leads out behind a class": (
        listed(KEYS, lambda k: k.__setitem__(2, "a/../../secret")),
        f"{KEYS}: file name 3 is 'a/../../secret', expected <class>/<image> or <image>: {AGAIN}",
    ),
    "a name of a folder above": (
        listed(KEYS, lambda k: k.__setitem__(2, "a/..")),
        f"{KEYS}: file name 3 is 'a/..', expected <class>/<image> or <image>: {AGAIN}",
    ),
    "an absolute name": (
        listed(KEYS, lambda k: k.__setitem__(0, "/etc/passwd")),
        f"{KEYS}: file name 1 is '/etc/passwd', expected <class>/<image> or <image>: {AGAIN}",
    ),
    "a name with a line end": (
        listed(KEYS, lambda k: k.__setitem__(0, f"{FIRST}\n")),
        f"{KEYS}: file name 1 is '{FIRST}\\n', expected <class>/<image> or <image>: {AGAIN}",
    ),
    "a name that is a number": (
        listed(KEYS, lambda k: k.__setitem__(0, 4)), f"{KEYS}: file name 1 is 4, expected <class>/<image> or <image>: {AGAIN}",
    ),
    "a name that comes twice": (
        listed(KEYS, lambda k: k.__setitem__(4, FIRST)), f"{KEYS}: file name 5, {FIRST}, comes twice: {AGAIN}",
    ),
    "a name in both parts": (
        lambda f: put(f / "test/filenames.pickle", [FIRST, *(bird(i)[0] for i in PARTS["test"][1:])]),
        f"test/filenames.pickle: file name 1, {FIRST}, comes twice, and in train too: {AGAIN}",
    ),
    "too few classes": (
        listed(CLASSES, lambda c: c.pop() and None), f"{CLASSES}: a list of 7, expected the classes of 8 files: {AGAIN}",
    ),
    "a class beyond": (
        listed(CLASSES, lambda c: c.__setitem__(6, np.int64(201))),
        f"{CLASSES}: class 7 is 201, expected a whole number up to 3: {AGAIN}",
    ),
    "a class that is no number": (
        listed(CLASSES, lambda c: c.__setitem__(6, "2")), f"{CLASSES}: class 7 is '2', expected a whole number up to 3: {AGAIN}",
    ),
    "a class out of step": (
        listed(CLASSES, lambda c: c.__setitem__(2, 1)),
        f"{CLASSES}: {bird(8)[0]} is of class 1, but {FIRST}, of 002.Blue_Tern too, of 2: {AGAIN}",
    ),
    "two classes of one number": (
        lambda f: put(f / "test/class_info.pickle", [2] * 4),
        f"test/class_info.pickle: {bird(12)[0]} of 003.Grey_Gull is of class 2, which {FIRST} of 002.Blue_Tern is of: {AGAIN}",
    ),
    "an image that CUB has not": (
        listed(KEYS, lambda k: k.__setitem__(7, "001.Red_Finch/Other")),
        f": 12 files in train and test/filenames.pickle where images.txt has 12, none is {bird(1)[0]}: {BOTH}",
    ),
    "ids of other captions": (
        listed(KEYS, lambda k: k[1:] + k[:1]),
        f"{CAPTIONS}: 80 of 120 captions are others than in text/ (the first is caption 1 of {bird(1)[0]}): they are of "
        f"different versions: {BOTH}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_malformed_metadata_is_one_line(trees, tmp_path, case):
    harm, said = HARM[case]
    home = trees / "attngan_text" / "birds"
    harm(home)
    with pytest.raises(RedrawError) as error:
        read(trees, tmp_path / "cub")
    text = str(error.value)
    print(text.replace(f"{home}/", "").replace(str(home), "birds"))
    if case == "no file":
        assert text.startswith("cub-attngan: attngan_text/birds/captions.pickle is not in ") and "AttnGAN" in text
        with pytest.raises(RedrawError) as error:
            attngan.metadata(home, 10)
        text = str(error.value)
    assert text == (f"{home}{said}" if said.startswith(":") else f"{home}/{said}")
    assert not (tmp_path / "cub").exists()


# --- texts that are odd ------------------------------------------------------------------------------------------


def text(folder: Path, i: int) -> Path:
    return folder / "attngan_text" / "birds" / "text" / f"{bird(i)[0]}.txt"


def notes_of(folder: Path, out: Path) -> list[str]:
    return [note for note in read(folder, out).manifest["notes"] if not note.startswith(PUBLISHED)]


def test_captions_without_a_word_and_beyond_the_tenth_are_left_out_and_noted(trees, tmp_path):
    write(text(trees, 2), "...", *captions_of(2), "one more", "and one")
    assert notes_of(trees, tmp_path / "cub") == [
        "1 captions without a word are left out, as AttnGAN does",
        "2 captions beyond the first 10 of their images are left out, as AttnGAN does",
        f"1 image has other than 10 captions (13; the first is {bird(2)[0]}): taken as they are",
    ]
    assert read(trees, tmp_path / "again").captions(1) == captions_of(2)


def test_captions_that_are_not_what_the_ids_say_are_noted(trees, tmp_path):
    write(text(trees, 5), *captions_of(5)[:3], "another one", *captions_of(5)[4:9])
    assert notes_of(trees, tmp_path / "cub") == [
        f"captions.pickle: 2 of 120 captions are others than in text/ (the first is caption 4 of {bird(5)[0]})",
        f"1 image has other than 10 captions (9; the first is {bird(5)[0]}): taken as they are",
    ]


def test_pairs_of_replacement_characters_are_spaces(trees, tmp_path):
    write(text(trees, 4), *(caption.replace(", ", "\ufffd\ufffd") for caption in captions_of(4)))
    assert notes_of(trees, tmp_path / "cub") == [
        "10 pairs of U+FFFD (replacement character) in 10 captions: a space stands for each"
    ]


def test_ends_of_captions_are_left_out_and_noted(trees, tmp_path):
    captions(lambda c: [row.append(0) for row in c[1]] and None)(trees / "attngan_text" / "birds")
    said = "captions.pickle: 40 captions end in <end>: it is left out, as everywhere else"
    assert notes_of(trees, tmp_path / "cub") == [said]


def test_another_split_than_reeds_is_noted(trees, tmp_path):
    write_lists(trees / "cub" / "cvpr2016_cub", ("003.Grey_Gull", "001.Red_Finch", "002.Blue_Tern"))
    opened = read(trees, tmp_path / "cub")
    assert opened.manifest["notes"][0] == (
        f"8 images are in another split than Reed's class lists say (the first is {bird(2)[0]}, in train): AttnGAN's is taken"
    )
    assert opened.splits["test"].tolist() == [2, 5, 8, 11] and opened.splits["validation"].tolist() == [0, 3, 6, 9]
    write_lists(trees / "cub" / "cvpr2016_cub", ("001.Red_Finch", "003.Grey_Gull", "002.Blue_Tern"))
    assert "validation" not in read(trees, tmp_path / "none").splits  # what tests does not validate


def test_classes_that_are_numbered_otherwise_are_noted(trees, tmp_path):
    listed(CLASSES, lambda c: [3 - k for k in c])(trees / "attngan_text" / "birds")
    said = "class_info.pickle: classes have other numbers than in classes.txt, one each"
    assert notes_of(trees, tmp_path / "cub") == [said]


@pytest.mark.parametrize(
    "harm, said",
    [
        (lambda path: path.unlink(), ": missing: put the image's captions there, one a line"),
        (lambda path: path.write_bytes(b"\n"), f": no caption in it, 1 bytes: {AGAIN}"),
        (lambda path: path.write_bytes(b"a bird\ncaf\xe9\n"), f", line 2: byte 0xe9 at 10 of the file is not UTF-8: {AGAIN}"),
    ],
)  # fmt: skip
def test_malformed_texts_are_one_line(trees, tmp_path, harm, said):
    harm(text(trees, 7))
    with pytest.raises(RedrawError) as error:
        read(trees, tmp_path / "cub")
    assert str(error.value) == f"{text(trees, 7)}{said}"
