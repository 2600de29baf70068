"""Yahoo and Yelp as documents: items without images, whole from valid files, one line from malformed ones, and tokenised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from raw_trees import write
from small_sets import prepared_by

from redraw.core import RedrawError, write_json
from redraw.data import yahoo, yelp
from redraw.data.base import Prepared
from redraw.data.tokens import Tokens, tokenize

AGAIN = "get the file again, then run the same command"
MODULES = {"yahoo": yahoo, "yelp": yelp}
LABELS = ("2", "0", "4", "0", "2")
PARTS = {"train": 5, "valid": 2, "test": 3}
SMALLER = (
    "not {} as published: {} train (published 100,000), 2 validation (published 10,000), 3 test (published 10,000)"
)


def document(part: str, k: int) -> str:
    return f"the {part} of _UNK words , Number {k} caf\u00e9 \u2028 ."


def tree(raw: Path, name: str) -> Path:
    """Valid files: five documents to train on, two and three to validate and test; Yelp's with labels."""
    for part, n in PARTS.items():
        of = [f"{LABELS[k]}\t{document(part, k)}" if name == "yelp" else document(part, k) for k in range(n)]
        write(raw / f"{name}.{part}.txt", *of)
    return raw


def read(name: str, raw: Path, folder: Path, **options) -> Prepared:
    return prepared_by(MODULES[name], name, raw, folder, **options)


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda raw: (raw / name).write_bytes(change((raw / name).read_bytes()))


def line(name: str, number: int, text: str | bytes) -> Callable[[Path], object]:
    """The file with ``text`` put in as line ``number``, from 1."""
    new = text if isinstance(text, bytes) else text.encode()

    def change(old: bytes) -> bytes:
        found = old.split(b"\n")
        return b"\n".join([*found[: number - 1], new, *found[number - 1 :]])

    return edit(name, change)


@pytest.mark.parametrize("place", ["", "yahoo_data", "datasets/yahoo_data"])
def test_yahoo_comes_back_whole(tmp_path, place):
    tree(tmp_path / "raw" / place, "yahoo")
    assert tuple(f"datasets/yahoo_data/yahoo.{part}.txt" for part in ("train", "valid", "test")) == yahoo.RAW_FILES
    assert all(yahoo.find_raw(tmp_path / "raw", name) for name in yahoo.RAW_FILES)
    opened = read("yahoo", tmp_path / "raw", tmp_path / "yahoo")
    assert len(opened) == 10 and opened.manifest["classes"] == ["document"] and opened.class_ids.tolist() == [0] * 10
    assert [opened.captions(k) for k in range(10)] == [
        [document(part, k)] for part, n in PARTS.items() for k in range(n)
    ]
    assert opened.names[4:7] == ["yahoo.train.txt:5", "yahoo.valid.txt:1", "yahoo.valid.txt:2"]
    assert {name: found.tolist() for name, found in opened.splits.items()} == {
        "train": [0, 1, 2, 3, 4], "validation": [5, 6], "test": [7, 8, 9],
    }  # fmt: skip
    assert opened.manifest["notes"] == [SMALLER.format("Yahoo! Answers", 5)]


def test_yelp_has_labels(tmp_path):
    opened = read("yelp", tree(tmp_path / "raw", "yelp"), tmp_path / "yelp")
    assert opened.manifest["classes"] == ["0", "2", "4"]
    assert opened.class_ids.tolist() == [1, 0, 2, 0, 1, 1, 0, 1, 0, 2]
    assert opened.captions(9) == [document("test", 2)] and opened.manifest["notes"] == [SMALLER.format("Yelp", 5)]


def test_documents_are_tokenised_without_any_image(tmp_path):
    opened = read("yahoo", tree(tmp_path / "raw", "yahoo"), tmp_path / "yahoo")
    with pytest.raises(RedrawError, match="documents without images: a recipe for images needs another data set"):
        _ = opened.image_shape
    spec = {"captions": "dataset", "tokenizer": "spaces", "max_size": 20_000}
    body = tokenize(spec, tmp_path / "yahoo", tmp_path / "tokens")
    write_json(tmp_path / "tokens" / "record.json", body)
    tokens = Tokens.open(tmp_path / "tokens")
    assert tokens.vocabulary[:4] == ("<pad>", "<start>", "<end>", "<unk>") and body["words"] == 18
    assert set(tokens.vocabulary[4:]) == {*document("train", 0).split(), "1", "2", "3", "4"}
    assert body["vocabulary"]["max_size"] == 20_000
    assert tokens.decode(tokens.table("trained").tokens[7]) == "the <unk> of _UNK words , Number 0 caf\u00e9 ."
    smaller = tokenize(spec | {"max_size": 4}, tmp_path / "yahoo", tmp_path / "few")
    assert smaller["words"] == 8
    batch = Prepared.open(tmp_path / "yahoo", tokens=tmp_path / "tokens").split("test").batch(
        np.array([2, 0]), ["tokens", "n_words", "class_id"], np.random.default_rng(0)
    )  # fmt: skip
    assert batch["tokens"].shape == (2, 12) and batch["n_words"].tolist() == [12, 12]
    assert batch["tokens"][:, 0].tolist() == [1, 1] and batch["tokens"][:, -1].tolist() == [2, 2]


# --- odd files: notes --------------------------------------------------------------------------------------------

ODD = {
    "empty lines": (
        "yahoo", [line("yahoo.train.txt", 3, ""), line("yahoo.test.txt", 1, " \r")],
        "2 lines are empty: no documents (the first is line 3 of yahoo.train.txt)",
    ),
    "a label without a text": (
        "yelp", [line("yelp.valid.txt", 2, "3\t ")],
        "1 lines are empty: no documents (the first is line 2 of yelp.valid.txt)",
    ),
    "tabs": (
        "yelp", [line("yelp.train.txt", 1, "0\tone\ttwo")],
        "1 documents hold a tab: kept, white space to a tokenizer (the first is line 1 of yelp.train.txt)",
    ),
    "a byte order mark": (
        "yelp", [edit("yelp.train.txt", lambda old: b"\xef\xbb\xbf" + old)],
        "1 files begin with a byte order mark: left out (the first is line 1 of yelp.train.txt)",
    ),
    "twice": (
        "yahoo", [line("yahoo.train.txt", 6, document("train", 1))],
        "1 documents of train come twice: kept (the first is line 6 of yahoo.train.txt)",
    ),
    "in training too": (
        "yahoo", [line("yahoo.test.txt", 2, document("train", 1)), line("yahoo.test.txt", 2, document("train", 2))],
        "2 documents of test come in train too: kept (the first is line 2 of yahoo.test.txt)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_noted(tmp_path, case):
    name, harms, said = ODD[case]
    raw = tree(tmp_path / "raw", name)
    for harm in harms:
        harm(raw)
    opened = read(name, raw, tmp_path / "out")
    assert [note for note in opened.manifest["notes"] if not note.startswith("not ")] == [said]
    if name == "yelp":
        kept = {"a label without a text": "0234", "tabs": "024", "a byte order mark": "024"}[case]
        assert opened.manifest["classes"] == list(kept)
    if case in ("empty lines", "a byte order mark"):
        assert opened.captions(0) == [document("train", 0)] and len(opened) == 10
        assert opened.names[2] == f"{name}.train.txt:{4 if case == 'empty lines' else 3}"


# --- malformed files: one line -----------------------------------------------------------------------------------

LINE = "expected `<label><TAB><text>`"
HARM = {
    "missing": (
        "yahoo", lambda raw: (raw / "yahoo.valid.txt").unlink(),
        "yahoo: yahoo.valid.txt is not in {raw}: put yahoo.train.txt, yahoo.valid.txt and yahoo.test.txt (or the unpacked "
        "folder datasets/yahoo_data) there, then run the same command",
    ),
    "empty": (
        "yahoo", lambda raw: (raw / "yahoo.test.txt").write_bytes(b""),
        f"{{raw}}/yahoo.test.txt: no document in it, 0 bytes: {AGAIN}",
    ),
    "of empty lines": (
        "yelp", lambda raw: (raw / "yelp.test.txt").write_bytes(b"\n \n"),
        f"{{raw}}/yelp.test.txt: no document in it, 3 bytes: {AGAIN}",
    ),
    "not UTF-8": (
        "yahoo", line("yahoo.train.txt", 4, b"caf\xe9 latte"),
        f"{{raw}}/yahoo.train.txt, line 4: byte 0xe9 at 3 of the line is not UTF-8: {AGAIN}",
    ),
    "cut within a letter": (
        "yahoo", edit("yahoo.test.txt", lambda old: old + b"caf\xc3"),
        f"{{raw}}/yahoo.test.txt, line 4: byte 0xc3 at 3 of the line is not UTF-8: {AGAIN}",
    ),
    "compressed": (
        "yahoo", lambda raw: (raw / "yahoo.train.txt").write_bytes(b"\x1f\x8b\x08\x00"),
        f"{{raw}}/yahoo.train.txt, line 1: byte 0x8b at 1 of the line is not UTF-8: {AGAIN}",
    ),
    "no label": ("yelp", line("yelp.train.txt", 2, "very good"), f"{{raw}}/yelp.train.txt, line 2: 'very good', {LINE}: {AGAIN}"),
    "an empty label": ("yelp", line("yelp.test.txt", 1, "\tgood"), f"{{raw}}/yelp.test.txt, line 1: '\\tgood', {LINE}: {AGAIN}"),
    "a text as the label": (
        "yelp", line("yelp.test.txt", 1, "good food here\t4"),
        f"{{raw}}/yelp.test.txt, line 1: 'good food here\\t4', {LINE}: {AGAIN}",
    ),
    "a long line without a label": (
        "yelp", line("yelp.test.txt", 2, "x" * 90), f"{{raw}}/yelp.test.txt, line 2: '{'x' * 57}…', {LINE}: {AGAIN}",
    ),
    "too many labels": (
        "yelp", lambda raw: write(raw / "yelp.train.txt", *(f"word{k}\ttext" for k in range(120))),
        f"{{raw}}/yelp.train.txt, line 101: label number 101, expected 100 at most, `<label><TAB><text>`: {AGAIN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_a_malformed_file_is_one_line(tmp_path, case):
    name, harm, said = HARM[case]
    raw = tree(tmp_path / "raw", name)
    harm(raw)
    with pytest.raises(RedrawError) as error:
        read(name, raw, tmp_path / "out")
    print(str(error.value).replace(f"{raw}/", "").replace(str(raw), f"work/raw/{name}"))
    assert str(error.value) == said.format(raw=raw) and not (tmp_path / "out").exists()


def test_there_are_no_options(tmp_path):
    with pytest.raises(RedrawError) as error:
        read("yahoo", tree(tmp_path / "raw", "yahoo"), tmp_path / "out", size=64)
    assert str(error.value) == "yahoo: no option 'size' of prepare: documents have none"
