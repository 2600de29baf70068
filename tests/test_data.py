"""The prepared format, MNIST's raw files and their stand-in, captions of digits, tokens, and batches."""

from __future__ import annotations

import gzip
import itertools
import os
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from redraw import data
from redraw.core import RedrawError, file_digest, write_json
from redraw.data import digit_captions as grammar
from redraw.data import writer as writing
from redraw.data.base import Prepared
from redraw.data.characters import encode_characters
from redraw.data.mnist import RAW_FILES, write_idx
from redraw.data.tokens import build_vocabulary, tokenize
from redraw.data.words import Tokens
from redraw.data.writer import PreparedWriter

SRC = Path(data.__file__).parents[2]
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = RAW_FILES


def seal(folder: Path, body: dict, name: str = "manifest.json") -> Path:
    write_json(folder / name, body)
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    """The prepared digits, with the tokens of all four kinds of captions below tokens/."""
    home = tmp_path_factory.mktemp("digits")
    data.fetch("digits", home / "raw")
    folder = seal(home / "digits", data.prepare("digits", home / "raw", home / "digits"))
    for name, spec in {"kind1": {}, "kind2": {}, "kind2r": {"as_released": True}, "kind3": {}, "kind4": {}}.items():
        target = folder / "tokens" / name
        seal(target, tokenize({"captions": f"digits_{name.rstrip('r')}", **spec}, folder, target), "record.json")
    return folder


@pytest.fixture
def idx(tmp_path) -> Path:
    """A folder of four good IDX files: 12 training and 6 test images of 3 x 4 pixels."""
    raw, rng = tmp_path / "raw", np.random.default_rng(0)
    for images, labels, n in ((TRAIN_IMAGES, TRAIN_LABELS, 12), (TEST_IMAGES, TEST_LABELS, 6)):
        write_idx(raw / images, rng.integers(256, size=(n, 3, 4), dtype=np.uint8))
        write_idx(raw / labels, (np.arange(n) % 10).astype(np.uint8))
    return raw


def varied(n: int) -> list[dict]:
    """Items of several sizes, with none to three captions and a box each."""
    rng = np.random.default_rng(7)
    return [
        {
            "image": rng.integers(256, size=(2 + i % 3, 3 + i % 4, 3), dtype=np.uint8),
            "class_id": i % 2,
            "name": f"001.Café/{i}",
            "splits": ("test", "extra") if i in (2, 5) else "train",
            "captions": [f"a bird, naïve – no. {i}.{k}" for k in range(i % 4)],
            "box": (i + 0.5, 1, 2, 3),
            "attributes": (i % 2, -1, 1),
        }
        for i in range(n)
    ]


# --- the prepared format -----------------------------------------------------------------------------------------


ATTRIBUTES = ["has_back_color::red", "has_back_color::blue", "has_size::small_(5_-_9_in)"]


def test_images_of_all_sizes_captions_boxes_and_splits_come_back(tmp_path):
    with PreparedWriter(tmp_path / "birds", "birds", ["a", "b"]) as writer:
        writer.attributes = ATTRIBUTES
        for item in varied(9):
            writer.add(**item)
    opened = Prepared.open(seal(tmp_path / "birds", writer.body))
    opened.verify()
    for i, item in enumerate(varied(9)):
        np.testing.assert_array_equal(opened.image(i), item["image"])
        assert opened.captions(i) == item["captions"]
        assert opened.names[i] == item["name"]
    assert opened.boxes.tolist() == [list(item["box"]) for item in varied(9)]
    assert opened.attribute_names == tuple(ATTRIBUTES) and opened.attributes.dtype == np.int8
    assert opened.attributes.tolist() == [list(item["attributes"]) for item in varied(9)]
    assert opened.class_ids.tolist() == [0, 1] * 4 + [0]
    assert {n: s.tolist() for n, s in opened.splits.items()} == {
        "train": [0, 1, 3, 4, 6, 7, 8], "test": [2, 5], "extra": [2, 5],
    }  # fmt: skip
    assert writer.body["captions"] == 0 + 1 + 2 + 3 + 0 + 1 + 2 + 3 + 0
    with pytest.raises(RedrawError, match=r"several sizes \(height 2 to 4, width 3 to 6, channels 3 to 3\): crop"):
        opened.batch(np.arange(3), ["image"], np.random.default_rng(0))
    one_size = opened.split("train").batch(np.array([0, 0]), ["image", "box"], np.random.default_rng(0))
    assert one_size["image"].shape == (2, 3, 2, 3) and one_size["box"].tolist() == [[0.5, 1, 2, 3]] * 2
    with pytest.raises(RedrawError, match="no split 'tset': did you mean \"test\""):
        opened.split("tset")


def test_every_image_has_all_attributes_or_there_are_none(digits, tmp_path):
    for wrong in (None, (1, 0), (1, 0, 1, 1)):
        with (
            pytest.raises(ValueError, match="0: every image has 3 attributes"),
            PreparedWriter(tmp_path, "b", ["a"]) as w,
        ):
            w.attributes = ATTRIBUTES
            w.add(np.zeros((2, 2), np.uint8), 0, "0", "train", attributes=wrong)
    with pytest.raises(ValueError, match="0: every image has 0 attributes"), PreparedWriter(tmp_path, "b", ["a"]) as w:
        w.add(np.zeros((2, 2), np.uint8), 0, "0", "train", attributes=(1,))
    opened = Prepared.open(digits)  # as all folders that were written before there were attributes
    assert "attributes" not in opened.manifest and opened.attributes is None and opened.attribute_names == ()


@pytest.mark.parametrize("harm", ["truncated", "missing", "flipped"])
def test_a_damaged_file_is_named(tmp_path, harm):
    folder = tmp_path / "birds"
    with PreparedWriter(folder, "birds", ["a", "b"]) as writer:
        writer.attributes = ATTRIBUTES
        for item in varied(5):
            writer.add(**item)
    seal(folder, writer.body)
    victim = folder / "images.u8"
    content = bytearray(victim.read_bytes())
    if harm == "missing":
        victim.unlink()
        with pytest.raises(RedrawError, match="images.u8: missing, though manifest.json names it: run `dvc checkout`"):
            Prepared.open(folder)
    elif harm == "truncated":
        victim.write_bytes(content[:-1])
        with pytest.raises(RedrawError, match=f"images.u8: {len(content) - 1} bytes where manifest.json says"):
            Prepared.open(folder)
    else:
        content[3] ^= 1
        victim.write_bytes(content)
        with pytest.raises(RedrawError, match="images.u8: not the bytes that manifest.json names: run `dvc checkout`"):
            Prepared.open(folder).verify()


def test_a_folder_without_manifest_says_what_to_run(tmp_path):
    with pytest.raises(RedrawError, match=r"nothing: no prepared data set \(manifest.json\): run `snakemake "):
        Prepared.open(tmp_path / "nothing")


def test_an_error_while_writing_leaves_the_old_data_set(idx, tmp_path):
    folder = seal(tmp_path / "mnist", data.prepare("mnist", idx, tmp_path / "mnist"))
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    (idx / TEST_IMAGES).write_bytes((idx / TEST_IMAGES).read_bytes()[:-1])
    with pytest.raises(RedrawError, match="truncated"):
        data.prepare("mnist", idx, folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_kill_while_writing_leaves_the_old_data_set_and_the_next_writer_sweeps(idx, tmp_path):
    folder = seal(tmp_path / "mnist", data.prepare("mnist", idx, tmp_path / "mnist"))
    program = (
        "import os, signal, sys, numpy as np\n"
        "from redraw.data.writer import PreparedWriter\n"
        "with PreparedWriter(sys.argv[1], 'mnist', ['0']) as w:\n"
        "    w.add(np.zeros((3, 3), np.uint8), 0, 'one', 'train')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(folder)], env={**os.environ, "PYTHONPATH": str(SRC)})
    assert killed.returncode == -signal.SIGKILL
    Prepared.open(folder).verify()
    assert len(list(tmp_path.glob(".mnist.*.part"))) == 1
    data.prepare("mnist", idx, folder)
    assert list(tmp_path.glob(".mnist.*.part")) == []


def test_kill_between_two_files_leaves_no_data_set(idx, tmp_path, monkeypatch):
    folder = seal(tmp_path / "mnist", data.prepare("mnist", idx, tmp_path / "mnist"))
    moved = []

    def stop_at_the_third(source, target):
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target)
        Path(source).rename(target)

    monkeypatch.setattr(writing.os, "replace", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        data.prepare("mnist", idx, folder)
    assert len(moved) == 2
    with pytest.raises(RedrawError, match="no prepared data set"):
        Prepared.open(folder)


def test_files_of_an_earlier_data_set_do_not_stay(tmp_path):
    for items in (varied(4), [{**i, "captions": (), "box": None, "attributes": None} for i in varied(4)]):
        with PreparedWriter(tmp_path / "birds", "birds", ["a", "b"]) as writer:
            writer.attributes = ATTRIBUTES if items[0]["attributes"] else []
            for item in items:
                writer.add(**item)
    assert {p.name for p in (tmp_path / "birds").iterdir()} == set(writer.body["files"])


def test_memory_of_the_writer_does_not_grow_with_the_images(tmp_path):
    image = np.zeros((48, 48, 3), np.uint8)
    tracemalloc.start()
    with PreparedWriter(tmp_path / "many", "many", ["a"]) as writer:
        for i in range(20_000):
            writer.add(image, 0, str(i), "train", ["a caption of some words", "and another one"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert writer.body["files"]["images.u8"]["bytes"] == 20_000 * image.size > 138_000_000
    assert peak < 6_000_000


# --- raw files ---------------------------------------------------------------------------------------------------


def test_digits_are_the_same_bytes_every_time(digits, tmp_path):
    raw = digits.parent / "raw"
    assert data.fetch("digits", tmp_path / "raw")["files"] == data.fetch("digits", raw)["files"]
    body = data.prepare("digits", tmp_path / "raw", tmp_path / "digits")
    assert body == data.prepare("digits", raw, tmp_path / "again")
    assert body["splits"] == {"train": 1123, "validation": 224, "test": 450}
    assert {k: v["sha256"] for k, v in body["files"].items()} == {n: file_digest(digits / n) for n in body["files"]}


def test_digits_are_balanced_and_look_like_mnist(digits):
    opened = Prepared.open(digits)
    assert opened.image_shape == (1, 28, 28) and opened.classes == 10
    assert np.bincount(opened.split("test").class_ids).tolist() == [45] * 10
    for split in ("train", "validation"):
        counts = np.bincount(opened.split(split).class_ids)
        assert counts.min() > 0.9 * counts.max()
    images = np.stack([opened.image(i) for i in range(len(opened))])
    assert not images[:, :4].any() and not images[:, -4:].any()  # the margin that MNIST has
    assert images.max(axis=(1, 2, 3)).min() > 200
    assert len({image.tobytes() for image in images}) > 1780


def test_mnist_files_are_read_plain_and_gzipped(idx, tmp_path):
    plain = data.prepare("mnist", idx, tmp_path / "plain")
    for name in RAW_FILES:
        with gzip.open(idx / f"{name}.gz", "wb") as f:
            f.write((idx / name).read_bytes())
        (idx / name).unlink()
    zipped = data.prepare("mnist", idx, tmp_path / "zipped")
    assert zipped["files"] == plain["files"]
    assert zipped["splits"] == {"train": 10, "validation": 2, "test": 6}
    opened = Prepared.open(seal(tmp_path / "zipped", zipped))
    assert opened.class_ids.tolist() == [*range(10), 0, 1, *range(6)]
    assert opened.split("validation").indices.tolist() == [10, 11]
    assert opened.names[10] == "train-00010"


def test_a_file_that_is_not_the_published_one_is_noted(idx, tmp_path, capsys):
    with gzip.open(idx / f"{TRAIN_IMAGES}.gz", "wb") as f:
        f.write((idx / TRAIN_IMAGES).read_bytes())
    (idx / TRAIN_IMAGES).unlink()
    data.fetch("mnist", idx)
    body = data.prepare("mnist", idx, tmp_path / "mnist")
    assert len(body["notes"]) == 1 and f"{TRAIN_IMAGES}.gz is not MNIST's published file" in body["notes"][0]
    assert body["notes"][0] in capsys.readouterr().err


def cut(n):
    return lambda content: content[:n]


BAD = {
    "magic": (TRAIN_IMAGES, lambda c: b"\0\0\x0d\3" + c[4:], "magic number 00000d03, expected 00000803 (IDX, uint8): get"),
    "zipped": (TRAIN_LABELS, gzip.compress, "expected 00000801 (IDX, uint8): it is gzipped, rename it to"),
    "dimensions": (TEST_IMAGES, lambda c: b"\0\0\x08\1" + c[4:], "1 dimensions, expected 3 (are image and label files mixed"),
    "short header": (TEST_LABELS, cut(6), "truncated: 6 bytes, expected at least 8: get the file again"),
    "truncated images": (TRAIN_IMAGES, cut(-1), "truncated: 159 bytes, expected at least 160: get the file again"),
    "truncated labels": (TRAIN_LABELS, cut(-1), "truncated: 19 bytes, expected at least 20: get the file again"),
    "trailing": (TEST_IMAGES, lambda c: c + b"x", "trailing bytes behind the 88 that its header announces: get the file"),
    "counts": (TEST_LABELS, lambda c: b"\0\0\x08\1" + struct.pack(">I", 5) + c[8:-1], "6 images, but t10k-labels-idx1-ubyte has"),
    "label": (TRAIN_LABELS, lambda c: c[:8] + b"\x0a" + c[9:], "label 10 at position 0, expected 0 to 9: get the file"),
    "no images": (TRAIN_IMAGES, lambda c: c[:12] + b"\0\0\0\0", "12 images of 3 x 0 pixels, expected at least one: get"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_idx_file_is_one_line(idx, tmp_path, case):
    name, harm, line = BAD[case]
    (idx / name).write_bytes(harm((idx / name).read_bytes()))
    with pytest.raises(RedrawError) as error:
        data.prepare("mnist", idx, tmp_path / "mnist")
    text = str(error.value)
    assert line in text and "\n" not in text
    assert text.startswith(str(idx / (TEST_IMAGES if case == "counts" else name)))
    assert not (tmp_path / "mnist").exists()


@pytest.mark.parametrize("harm", [lambda c: c[:-20], lambda c: c[:-6] + b"\0\0" + c[-4:], lambda c: b"not gzip" + c])
def test_a_broken_gzip_file_is_one_line(idx, tmp_path, harm):
    content = gzip.compress((idx / TRAIN_IMAGES).read_bytes())
    (idx / TRAIN_IMAGES).unlink()
    (idx / f"{TRAIN_IMAGES}.gz").write_bytes(harm(content))
    with pytest.raises(
        RedrawError, match=rf"{TRAIN_IMAGES}.gz: broken gzip file after \d+ bytes of content .*: get the"
    ):
        data.prepare("mnist", idx, tmp_path / "mnist")


def test_a_missing_raw_file_says_what_to_put_where(idx):
    (idx / TRAIN_IMAGES).unlink()
    assert data.missing("mnist", idx) == [TRAIN_IMAGES] and data.missing("digits", idx) == []
    with pytest.raises(RedrawError) as error:
        data.fetch("mnist", idx)
    assert str(error.value) == (
        f"mnist: {TRAIN_IMAGES}[.gz] is not in {idx}: put the four IDX files, plain or as .gz there, then run the same command"
    )
    with pytest.raises(RedrawError, match=f"mnist: {TRAIN_IMAGES}.*{TEST_LABELS}.* are not in "):
        data.fetch("mnist", idx / "nowhere")


def test_fetch_is_idempotent_and_notices_changed_files(idx, tmp_path):
    first = data.fetch("mnist", idx)
    assert data.fetch("mnist", idx) == first
    assert first["files"][TRAIN_LABELS] == {"bytes": 20, "sha256": file_digest(idx / TRAIN_LABELS)}
    write_idx(idx / TRAIN_LABELS, np.zeros(12, np.uint8))
    with pytest.raises(
        RedrawError, match=f"{TRAIN_LABELS}: changed since it was first read .*: put the old one back, or"
    ):
        data.fetch("mnist", idx)
    data.fetch("digits", tmp_path / "digits")
    (tmp_path / "digits" / TEST_LABELS).write_bytes(b"x")
    with pytest.raises(
        RedrawError, match=f"{TEST_LABELS}: changed since .*: remove the folder, then run the same command"
    ):
        data.fetch("digits", tmp_path / "digits")
    (tmp_path / "digits" / TEST_LABELS).unlink()
    data.fetch("digits", tmp_path / "digits")  # made again, the same bytes


@pytest.mark.parametrize(
    "options, line",
    [
        ({"validation_size": 12}, "validation_size 12 of 12 training images: give a whole number below 12"),
        ({"validation_size": 0.5}, "validation_size 0.5 of 12"),
        ({"validation_sise": 3}, "no option 'validation_sise' of prepare: did you mean \"validation_size\"?"),
    ],
)
def test_bad_options_of_prepare(idx, tmp_path, options, line):
    with pytest.raises(RedrawError) as error:
        data.prepare("mnist", idx, tmp_path / "mnist", options)
    assert line in str(error.value)
    assert data.prepare("mnist", idx, tmp_path / "mnist", {"validation_size": 5})["splits"]["validation"] == 5


def test_an_unknown_data_set_names_the_nearest():
    with pytest.raises(RedrawError, match="data set 'mnits': there is none of this name: did you mean \"mnist\""):
        data.fetch("mnits", "nowhere")


# --- captions of digits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, as_released", [(1, False), (2, False), (2, True), (4, False)])
def test_every_training_caption_means_its_digit(kind, as_released):
    for digit in range(10):
        captions = grammar.training_captions(kind, digit, as_released)
        assert [grammar.evaluate(c) for c in captions] == [digit] * len(captions)
        known = {w for c in captions for w in c} <= set(grammar.VOCABULARY)
        assert known != as_released  # the missing commas make words that nobody knows
        assert len({tuple(c) for c in captions}) == len(captions)


def test_numbers_of_captions_are_the_papers():
    assert len(grammar.VOCABULARY) == len(set(grammar.VOCABULARY)) == 31
    for digit in range(10):
        assert len(grammar.training_captions(1, digit)) == 1
        assert len(grammar.training_captions(2, digit)) == 12
        assert len(grammar.training_captions(2, digit, as_released=True)) == 10
        assert len(grammar.training_captions(4, digit)) == (12 if digit < 3 else 13)
    three = [" ".join(c) for c in grammar.training_captions(4, 3)]
    assert {"three", "one plus two", "one plus one plus one", "nine minus six", "three minus zero"} < set(three)
    glued = [
        " ".join(c) for c in grammar.training_captions(2, 5, as_released=True) if not set(c) <= set(grammar.VOCABULARY)
    ]
    assert glued == ["that 's a fivethis is a five", "black five on whiteblack five on white background"]


def test_min_and_max_captions_mean_their_digit():
    rng = np.random.default_rng(0)
    for digit, distractors in itertools.product(range(10), (None, 1, 2, 3, 4, 5)):
        captions = [grammar.sample_caption(3, digit, rng, distractors) for _ in range(40)]
        assert {grammar.evaluate(c) for c in captions} == {digit}
        lengths = {len(c) - 1 for c in captions}
        assert lengths == ({2, 3, 4, 5, 6} if distractors is None else {distractors + 1})
        operators = {c[0] for c in captions}
        if distractors:
            both = distractors <= digit <= 9 - distractors
            assert operators == ({"min", "max"} if both else {"max"} if digit + distractors > 9 else {"min"})
    with pytest.raises(RedrawError, match="6 distractors: give 1 to 5"):
        grammar.sample_caption(3, 4, rng, 6)
    with pytest.raises(RedrawError, match="kind 3 is no finite list"):
        grammar.training_captions(3, 4)


def test_unseen_captions_are_unseen_longer_and_mean_their_digit():
    for digit in range(10):
        trained = {tuple(c) for c in grammar.training_captions(4, digit)}
        unseen = grammar.unseen_captions(digit, 100)
        assert len({tuple(c) for c in unseen}) == 100 and not trained & {tuple(c) for c in unseen}
        assert {len(c) for c in unseen} == {5, 7, 9}  # two to four operations; one has three words
        assert {grammar.evaluate(c) for c in unseen} == {digit}
        assert any("minus" in c for c in unseen) and any("plus" in c for c in unseen)
        assert grammar.unseen_captions(digit, 7) == unseen[:7]
        assert grammar.unseen_captions(digit, 7, seed=1) != unseen[:7]
    with pytest.raises(RedrawError, match=r"fewer than 500 unseen ones of \[2\] operations: ask for fewer"):
        grammar.unseen_captions(3, 500, operations=(2,))


def test_the_authors_own_test_captions_mean_what_their_folder_says():
    for digit, captions in grammar.RELEASED_TESTS.items():
        trained = [" ".join(c) for c in grammar.training_captions(4, digit)]
        assert {grammar.evaluate(c.split()) for c in captions} == {digit}
        assert not set(captions) & set(trained) and len(set(captions)) == len(captions)


@pytest.mark.parametrize(
    "text, number",
    [
        ("two minus five", -3), ("nine plus nine minus one", 17), ("max two", None), ("min two or three", None),
        ("one two", None), ("two plus", None), ("plus two", None), ("two plus plus", None), ("", None),
        ("one or two", None), ("max two nine five", 9), ("black four on white", 4), ("one plus two three four", None),
    ],
)  # fmt: skip
def test_what_captions_mean(text, number):
    assert grammar.evaluate(text.split()) == number


# --- tokens ------------------------------------------------------------------------------------------------------


def test_tokens_of_digits_are_the_grammars_captions(digits):
    for name, kind, as_released in (("kind1", 1, False), ("kind2", 2, False), ("kind2r", 2, True), ("kind4", 4, False)):
        tokens = Tokens.open(digits / "tokens" / name)
        Tokens.verify(digits / "tokens" / name)
        table = tokens.table("trained")
        assert tokens.vocabulary == grammar.VOCABULARY and table.tokens.dtype == np.uint16
        for digit in range(10):
            said = grammar.training_captions(kind, digit, as_released)
            rows = range(*table.first[digit : digit + 2])
            known = [" ".join(w if w in grammar.VOCABULARY else "<unk>" for w in c) for c in said]
            assert [tokens.decode(table.tokens[r]) for r in rows] == known
            assert [int(table.n_words[r]) for r in rows] == [len(c) + 2 for c in said]
    five = tokens.table("trained").tokens[tokens.table("trained").first[5]]
    assert five[:4].tolist() == [1, 4 + 5, 2, 0] and five.shape == (19,)  # <start> five <end> <pad> …


def test_held_out_captions_are_not_trained_on(digits):
    for name in ("kind3", "kind4"):
        tokens = Tokens.open(digits / "tokens" / name)
        trained, unseen = tokens.table("trained"), tokens.table("unseen")
        seen = {tokens.decode(row) for row in trained.tokens}
        assert len(unseen.tokens) == 200 and not seen & {tokens.decode(row) for row in unseen.tokens}
        class_id = np.arange(50) % 10
        ids, n_words, texts = tokens.draw("unseen", class_id, np.random.default_rng(3))
        assert [grammar.evaluate(t.split()) for t in texts] == class_id.tolist()
        assert ids.shape[0] == 50 and np.array_equal((ids > 0).sum(1), n_words) and len(set(texts)) > 40
        assert np.array_equal(tokens.encode([t.split() for t in texts])[0], ids[:, : n_words.max()])
    with pytest.raises(RedrawError, match="kind4: no captions 'unsen': did you mean \"unseen\""):
        tokens.draw("unsen", class_id, np.random.default_rng(0))
    with pytest.raises(RedrawError, match="class 2 has no caption in this table"):
        tokens.draw("released", class_id, np.random.default_rng(0))


def test_held_out_captions_of_every_number_of_operators(digits, tmp_path):
    spec = {"captions": "digits_kind4", "unseen": 12, "lengths": [2, 5, 10]}
    tokens = Tokens.open(seal(tmp_path / "kind4", tokenize(spec, digits, tmp_path / "kind4"), "record.json"))
    table, before = tokens.table("lengths"), Tokens.open(digits / "tokens" / "kind4")
    assert table.owner == "class" and np.diff(table.first).tolist() == [36] * 10
    for digit in range(10):
        captions = [tokens.decode(row).split() for row in table.tokens[slice(*table.first[digit : digit + 2])]]
        assert [len(c) for c in captions] == [5] * 12 + [11] * 12 + [21] * 12
        assert {grammar.evaluate(c) for c in captions} == {digit} and len({*map(tuple, captions)}) == 36
        assert not {*map(tuple, captions)} & {*map(tuple, grammar.training_captions(4, digit))}
    same = (t.table("trained").tokens for t in (tokens, before))
    assert np.array_equal(*same) and "lengths" not in before.tables


def test_tokens_are_the_same_bytes_every_time(digits, tmp_path):
    again = tokenize({"captions": "digits_kind3"}, digits, tmp_path)
    assert again["files"]["tokens.npz"]["sha256"] == file_digest(digits / "tokens" / "kind3" / "tokens.npz")


def test_captions_of_images_with_a_vocabulary_of_the_training_split(tmp_path, capsys):
    folder = tmp_path / "birds"
    with PreparedWriter(folder, "birds", ["a", "b"]) as writer:
        for i, captions in enumerate((["A red bird", "a bird"], [], ["the BLUE bird sings loudly"])):
            writer.add(np.zeros((2, 2, 3), np.uint8), 0, str(i), "test" if i == 2 else "train", captions)
    seal(folder, writer.body)
    spec = {"captions": "dataset", "max_words": 4}
    body = tokenize(spec, folder, folder / "tokens")
    assert body["notes"] == ["1 of 3 images have no caption"] and body["notes"][0] in capsys.readouterr().err
    seal(folder / "tokens", body, "record.json")
    opened = Prepared.open(folder, tokens=folder / "tokens")
    assert opened.vocabulary == ("<pad>", "<start>", "<end>", "<unk>", "a", "bird", "red")
    batch = opened.batch(np.array([2, 2]), ["tokens", "n_words"], np.random.default_rng(0))
    assert batch["tokens"].tolist() == [[1, 3, 3, 5, 3, 2]] * 2 and batch["n_words"].tolist() == [6, 6]
    drawn = {
        tuple(opened.batch(np.array([0]), ["tokens"], np.random.default_rng(s))["tokens"][0].tolist()) for s in range(9)
    }
    assert drawn == {(1, 4, 6, 5, 2, 0), (1, 4, 5, 2, 0, 0)}  # both captions of the image come up
    with pytest.raises(RedrawError, match="image 1 has no caption"):
        opened.batch(np.array([0, 1]), ["tokens"], np.random.default_rng(0))
    with pytest.raises(RedrawError, match="belong to images, not to classes"):
        opened.tokens.draw("trained", np.array([0]), np.random.default_rng(0))


def birds(folder: Path, captions: list[list[str]]) -> Path:
    """A prepared data set of these captions, an image a list."""
    with PreparedWriter(folder, "birds", ["a"]) as writer:
        for i, of_image in enumerate(captions):
            writer.add(np.zeros((2, 2, 3), np.uint8), 0, str(i), "train", of_image)
    return seal(folder, writer.body)


def tokenized(folder: Path, **spec) -> Prepared:
    target = folder / "tokens"
    seal(target, tokenize({"captions": "dataset", **spec}, folder, target), "record.json")
    return Prepared.open(folder, tokens=target)


def test_a_caption_of_which_nothing_is_left_keeps_its_row_and_is_never_drawn(tmp_path, capsys):
    """Rows of the table and captions as read stay side by side, whatever the tokenizer leaves of them."""
    folder = birds(tmp_path / "birds", [["a bird", "xyz", "a red bird"], ["qqq", "a bird"], ["a red", "red", "bird a"]])
    opened = tokenized(folder, framed=False, specials=["<pad>"], min_count=2)
    assert opened.vocabulary == ("<pad>", "a", "bird", "red")
    assert "birds: 2 of 8 captions are empty as tokens: never drawn" in capsys.readouterr().err
    assert np.diff(opened.tokens.table("trained").first).tolist() == [3, 2, 3]
    images = np.arange(600) % 3
    tokens, n_words, which = opened.tokens.draw_of_images("trained", images, np.random.default_rng(1))
    for image, row, n, k in zip(images, tokens, n_words, which, strict=True):
        assert opened.tokens.decode(row) == opened.captions(image)[k] and n == len(opened.captions(image)[k].split())
    assert set(zip(images.tolist(), which.tolist(), strict=True)) == {(0, 0), (0, 2), (1, 1), (2, 0), (2, 1), (2, 2)}
    batch = opened.batch(np.array([1, 2, 0]), ["captions", "tokens"], np.random.default_rng(0))
    assert batch["captions"].tolist() == [
        [[1, 2, 0], [0, 0, 0], [0, 0, 0]], [[1, 3, 0], [3, 0, 0], [2, 1, 0]], [[1, 2, 0], [1, 3, 2], [0, 0, 0]],
    ]  # fmt: skip
    assert str(batch["captions"].dtype) == "torch.int64" and batch["tokens"].shape == (3, 3)
    nothing = birds(tmp_path / "nothing", [["a a"], ["qqq"]])
    opened = tokenized(nothing, framed=False, specials=["<pad>"], min_count=2)
    with pytest.raises(RedrawError, match="image 1 has no caption in this table"):
        opened.batch(np.array([0, 1]), ["captions"], np.random.default_rng(0))


def test_all_captions_of_a_class(digits):
    opened = Prepared.open(digits, tokens=digits / "tokens" / "kind2")
    captions = opened.batch(np.array([5, 0]), ["captions"], np.random.default_rng(0))["captions"]
    assert captions.shape[:2] == (2, 12)
    for index, rows in zip((5, 0), captions.tolist(), strict=True):
        said = grammar.training_captions(2, int(opened.class_ids[index]))
        assert [opened.tokens.decode(row) for row in rows] == [" ".join(c) for c in said]
    with pytest.raises(RedrawError, match="kind2: captions 'trained' belong to classes, not to images: ask by class"):
        opened.tokens.draw_of_images("trained", np.array([0]), np.random.default_rng(0))


# --- characters --------------------------------------------------------------------------------------------------


def spelt(text: str, unknown: str, lower: bool, length: int) -> list[int]:
    """Character by character as the facts have it: 1-based, '-' in its last place, 0 for none."""
    symbols = list("abcdefghijklmnopqrstuvwxyz") + list("0123456789") + list("-,;.!?:'\"/\\|_@#$%^&*~`+-=<>()[]{} ")
    found: list[int] = []
    for character in text[:length]:
        character = character.lower() if lower and character.isascii() else character
        places = [k for k, symbol in enumerate(symbols, 1) if symbol == character]
        if not places and unknown == "stop":
            break
        found.append(places[-1] if places else 70 if unknown == "space" else 0)
    return found + [0] * (length - len(found))


CAPTIONS = [
    "a Red bird", "the bird's back-feathers are 50% grey; crown (small) is blue/black.", "caf\u00e9 bird", "\u00fcber",
    "tab\there", "x" * 250, "", "~`+-=<>", "na\u00efve BIRD\u2026",
]  # fmt: skip


@pytest.mark.parametrize("length", [201, 12])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("unknown", ["stop", "skip", "space"])
def test_characters_are_spelt_one_by_one(tmp_path, unknown, lower, length):
    folder = birds(tmp_path / "birds", [CAPTIONS[:4], CAPTIONS[4:], ["plain"]])
    opened = tokenized(folder, tokenizer="characters", unknown=unknown, lower=lower, length=length)
    table = opened.tokens.table("trained")
    expected = [spelt(text, unknown, lower, length) for text in [*CAPTIONS, "plain"]]
    assert table.tokens.tolist() == expected and table.tokens.dtype == np.uint8
    assert table.n_words.tolist() == [max((k for k, i in enumerate(row, 1) if i), default=0) for row in expected]
    assert len(opened.vocabulary) == 71 and opened.vocabulary[0] == "<pad>" and opened.vocabulary[70] == " "
    tokens, n = opened.tokens.encode_texts(CAPTIONS)
    assert tokens.tolist() == expected[:-1] and n.tolist() == table.n_words[:-1].tolist() and tokens.dtype == np.int64
    batch = opened.batch(np.array([2, 0]), ["captions"], np.random.default_rng(0))["captions"]
    assert batch.shape == (2, 4, length) and batch[0, 0].tolist() == expected[-1]  # of five, one is empty


def test_what_characters_read_back_and_what_is_noted(tmp_path, capsys):
    folder = birds(tmp_path / "birds", [CAPTIONS, ["plain"]])
    opened = tokenized(folder, tokenizer="characters")
    notes = capsys.readouterr().err.splitlines()
    assert notes == [
        "birds: 2 of 10 captions are empty as tokens: never drawn",
        "birds: 1 of 10 captions are longer than 201 characters: cut off there",
        "birds: 5 characters outside the alphabet in 4 of 10 captions: the caption ends there",
    ]
    table = opened.tokens.table("trained")
    assert [opened.tokens.decode(row) for row in table.tokens] == [
        "a red bird", CAPTIONS[1], "caf", "", "tab", "x" * 201, "", "~`+-=<>", "na", "plain",
    ]  # fmt: skip
    skipped = tokenized(folder, tokenizer="characters", unknown="skip")
    assert skipped.tokens.decode(skipped.tokens.table("trained").tokens[2]) == "caf bird"  # "caf" + nothing + " bird"
    spaced = tokenized(folder, tokenizer="characters", unknown="space")
    assert spaced.tokens.decode(spaced.tokens.table("trained").tokens[2]) == "caf  bird"


def test_typed_words_are_read_as_the_data_sets_own(digits):
    opened = Prepared.open(digits, tokens=digits / "tokens" / "kind4")
    tokens, n_words = opened.tokens.encode_texts(["Two plus  TWO", "unheard four"])
    assert tokens.tolist() == [opened.tokens.ids(["two", "plus", "two"]), [*opened.tokens.ids(["unheard", "four"]), 0]]
    assert n_words.tolist() == [5, 4]


def test_a_hundred_thousand_captions_are_spelt_in_a_second():
    texts = [f"this bird number {i} has a white belly, brown wings and a short, pointed bill." for i in range(100_000)]
    begun = time.process_time()
    tokens, n, strangers = encode_characters(texts, "stop", True, 201)
    assert time.process_time() - begun < 3  # measured: 0.5 s
    assert n.tolist() == [len(text) for text in texts] and not strangers.any()


def test_a_vocabulary_puts_frequent_words_first():
    captions = [["b", "a", "c"], ["b", "a"], ["d", "b"]]
    assert build_vocabulary(captions, ["<pad>"]) == ["<pad>", "b", "a", "c", "d"]
    assert build_vocabulary(captions, ["<pad>", "a"], min_count=2) == ["<pad>", "a", "b"]


@pytest.mark.parametrize(
    "spec, line",
    [
        ({"captions": "digits_kind5"}, "tokens, captions 'digits_kind5': did you mean"),
        ({"captions": "digits_kind4", "unsen": 3}, "no option 'unsen': did you mean \"unseen\"?"),
        ({"captions": "dataset"}, "has no captions of its own: give captions: digits_kind1"),
        ({"captions": "digits_kind1", "tokenizer": "word"}, "tokenizer 'word': did you mean \"words\"?"),
        (
            {"captions": "dataset", "tokenizer": "characters", "max_words": 3},
            "no option 'max_words': known: captions, framed",
        ),
        (
            {"captions": "digits_kind1", "tokenizer": "characters"},
            "these are words: give tokenizer: words, or captions: dataset",
        ),
    ],
)
def test_bad_token_options(digits, tmp_path, spec, line):
    with pytest.raises(RedrawError) as error:
        tokenize(spec, digits, tmp_path)
    assert line in str(error.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options, line",
    [
        ({"framed": True}, "tokens, tokenizer characters: they have no frame: give framed: false, or leave it out"),
        ({"unknown": "drop"}, "tokens, unknown 'drop': did you mean \"stop\"?"),
        ({"lower": "yes"}, "tokens, lower 'yes': give true or false"),
        ({"length": 0}, "tokens, length 0: give a number of characters, the authors' is 201"),
    ],
)
def test_bad_options_of_characters(tmp_path, options, line):
    folder = birds(tmp_path / "birds", [["a bird"]])
    with pytest.raises(RedrawError) as error:
        tokenize({"captions": "dataset", "tokenizer": "characters", **options}, folder, tmp_path / "tokens")
    assert str(error.value) == line and not (tmp_path / "tokens").exists()


def test_a_truncated_token_file_is_named(digits, tmp_path):
    body = tokenize({"captions": "digits_kind1"}, digits, tmp_path)
    seal(tmp_path, body, "record.json")
    (tmp_path / "tokens.npz").write_bytes((tmp_path / "tokens.npz").read_bytes()[:-5])
    with pytest.raises(RedrawError, match=r"tokens.npz: \d+ bytes where record.json says \d+"):
        Tokens.open(tmp_path)


# --- batches -----------------------------------------------------------------------------------------------------

FIELDS = ("image", "class_id", "tokens", "n_words")


def test_a_batch_is_what_the_files_say(digits):
    """Against a reader of the raw IDX bytes and the caption lists that shares no code with the one under test."""
    opened = Prepared.open(digits, tokens=digits / "tokens" / "kind4")
    raw = (digits.parent / "raw" / TRAIN_IMAGES).read_bytes()
    labels = (digits.parent / "raw" / TRAIN_LABELS).read_bytes()
    indices = np.array([3, 1122, 0, 3, 77])
    batch = opened.split("train").batch(indices, FIELDS, np.random.default_rng(5))
    assert {n: (tuple(t.shape), str(t.dtype)) for n, t in batch.items()} == {
        "image": ((5, 1, 28, 28), "torch.float32"), "class_id": ((5,), "torch.int64"),
        "tokens": ((5, 19), "torch.int64"), "n_words": ((5,), "torch.int64"),
    }  # fmt: skip
    for row, index in enumerate(indices.tolist()):
        pixels = struct.unpack_from("784B", raw, 16 + 784 * index)
        expected = np.array([p * 2 / 255 - 1 for p in pixels]).reshape(1, 28, 28)
        np.testing.assert_allclose(batch["image"][row].numpy(), expected, atol=1e-6)
        label = labels[8 + index]
        assert batch["class_id"][row] == label
        n = int(batch["n_words"][row])
        words = [grammar.VOCABULARY[i] for i in batch["tokens"][row].tolist()]
        assert words[0] == "<start>" and words[n - 1] == "<end>" and set(words[n:]) <= {"<pad>"}
        assert words[1 : n - 1] in grammar.training_captions(4, label)
    assert batch["image"].min() == -1 and batch["image"].max() == 1


def test_a_batch_is_a_function_of_its_indices_and_seed(digits):
    opened = Prepared.open(digits, tokens=digits / "tokens" / "kind4")
    train, indices = opened.split("train"), np.arange(64)
    first = train.batch(indices, FIELDS, np.random.default_rng([0, 1]))
    train.batch(indices[::-1], FIELDS, np.random.default_rng(9))  # what came before leaves no trace
    again = Prepared.open(digits, tokens=digits / "tokens" / "kind4").split("train")
    second = again.batch(indices, ("n_words", "tokens", "class_id", "image"), np.random.default_rng([0, 1]))
    assert all(first[n].equal(second[n]) for n in FIELDS)
    assert not first["tokens"].equal(train.batch(indices, FIELDS, np.random.default_rng([0, 2]))["tokens"])


def test_captions_are_drawn_evenly(digits):
    opened = Prepared.open(digits, tokens=digits / "tokens" / "kind4")
    table = opened.tokens.table("trained")
    rows = table.pick(np.full(13_000, 7), np.random.default_rng(0)) - table.first[7]
    counts = np.bincount(rows, minlength=13)
    assert len(counts) == 13 and ((counts - 1000) ** 2 / 1000).sum() < 33  # chi-squared, 12 degrees, p = 0.001


@pytest.mark.parametrize(
    "field, line",
    [
        ("imgae", "no field 'imgae' in a batch: known"),
        ("tokens", "opened without it"),
        ("box", "opened without"),
        ("captions", "opened without it"),
        ("attributes", "opened without it"),
    ],
)
def test_a_field_that_there_is_not(digits, field, line):
    with pytest.raises(RedrawError) as error:
        Prepared.open(digits).batch(np.arange(2), [field], np.random.default_rng(0))
    assert line in str(error.value)


def test_the_package_loads_without_torch_and_scikit_learn():
    program = "import sys, redraw.data, redraw.data.base, redraw.data.tokens; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True
    ).stdout.split()
    assert "redraw.data.base" in said and not {"torch", "sklearn", "PIL", "scipy", "pandas"} & set(said)


@pytest.mark.gpu
@pytest.mark.parametrize("budget", [2 << 30, 0])
def test_batches_are_the_same_on_the_gpu(digits, budget):
    opened = [Prepared.open(digits, tokens=digits / "tokens" / "kind4") for _ in range(2)]
    on_gpu = opened[1].to("cuda", budget).split("train")
    here, there = (
        p.batch(np.arange(100), FIELDS, np.random.default_rng(2)) for p in (opened[0].split("train"), on_gpu)
    )
    assert all(t.is_cuda for t in there.values())
    assert all(here[n].equal(there[n].cpu()) for n in FIELDS)
