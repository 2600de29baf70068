"""Tokenizers by name, Stanford's against pycocoevalcap's own call of it, vocabularies, and what a sheet may say of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from redraw.core import RedrawError, write_json
from redraw.data import java as programs
from redraw.data import ptb, tokenizers
from redraw.data.base import Prepared
from redraw.data.tokens import Tokens, build_vocabulary, tokenize
from redraw.data.writer import PreparedWriter

NASTY = [
    "A man's dog; isn't it (nice)?",
    "",
    "   ",
    "caf\u00e9 na\u00efve \u201cquoted\u201d \U0001f600 end",
    "1 1/2 $5.00 e.g. U.S. 3,000",
    '<a href="x y">tag</a> x',
    "gonna can't wanna",
    ":-) ... -- - ''",
    "tab\there and no\u00a0break",
    "c\x85d",
    "\ufeffmark",
    "zero\x00byte",
    "soft\u00ad hy\u200bphen",
    "http://a.b/c?d=e foo@bar.com",
    "\u4e2d\u6587",
    "``back ticks''",
    "two\nlines",
    "IN ISTANBUL. end.",
    "",
]


@pytest.mark.parametrize(
    "name, caption, words",
    [
        ("words", "A red Bird, isn't it?", ["a", "red", "bird,", "isn't", "it?"]),
        ("words", " \u00a0\t", []),
        ("spaces", "a Bird _UNK .", ["a", "Bird", "_UNK", "."]),
        ("regexp_ascii", "A man's T-shirt_2, caf\u00e9 na\u00efve.", ["a", "man", "s", "t", "shirt_2", "caf", "nave"]),
        ("regexp_ascii", "\u4e2d\u6587 \ufffd bird\ufffds", ["bird", "s"]),
        ("regexp_ascii", "...", []),
        ("align_draw", "A stop sign, in Blue skies.", ["a", "stop", "sign,", "in", "blue", "skies", "."]),
        ("align_draw", "a bird . . ", ["a", "bird", "."]),
        ("align_draw", " . ", []),
        ("karpathy", "A man's T-shirt, #1 (new)!", ["a", "mans", "tshirt", "1", "new"]),
        ("karpathy", "\u201cquoted\u201d -- caf\u00e9", ["\u201cquoted\u201d", "caf\u00e9"]),
    ],
)
def test_rules(name, caption, words):
    tokenizer = tokenizers.find(name)
    assert list(tokenizer.cut([caption, "x", caption])) == [words, ["x", "."] if name == "align_draw" else ["x"], words]
    assert tokenizer.name == name and tokenizer.source and tokenizer.version


def test_an_unknown_tokenizer_is_one_line():
    with pytest.raises(RedrawError, match=r"^tokens, tokenizer 'karpaty': did you mean \"karpathy\"\?$"):
        tokenizers.find("karpaty")


# --- Stanford's --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["it_IT.UTF-8", "tr_TR.UTF-8"])
def test_ptb_is_what_pycocoevalcap_makes(java, tmp_path, monkeypatch, language):
    from pycocoevalcap.tokenizer import ptbtokenizer

    (tmp_path / ptb.JAR).symlink_to(programs.find("tokenizer", ptb.JAR)[-1])
    monkeypatch.setattr(ptbtokenizer, "__file__", str(tmp_path / "here.py"))  # it writes beside itself
    captions = [*NASTY, *(f"caption {i}: a dog, {i} cats" for i in range(50))]
    asked = {i: [{"caption": caption}] for i, caption in enumerate(captions)}
    with monkeypatch.context() as patched:
        patched.setenv("JAVA_TOOL_OPTIONS", "-Dfile.encoding=UTF-8 -Duser.language=en")
        theirs = ptbtokenizer.PTBTokenizer().tokenize(asked)
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"-Duser.language={language[:2].lower()} -Dfile.encoding=ISO-8859-1")
    ours = list(tokenizers.find("ptb").cut(captions))
    assert [" ".join(words) for words in ours] == [theirs[i][0] for i in range(len(captions))]
    assert ours[0] == ["a", "man", "'s", "dog", "is", "n't", "it", "-lrb-", "nice", "-rrb-"]
    assert ours[1] == ours[2] == ours[18] == [] and ours[16:18] == [["two", "lines"], ["in", "istanbul", "end"]]


def test_line_ends_within_a_caption_move_no_other(java):
    ends = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\u2028", "\u2029", "\x1c", "\x1d", "\x1e", "\x85"]
    captions = [text for k, end in enumerate(ends) for text in (f"red{end}bird", f"caption {k}")]
    found = list(tokenizers.find("ptb").cut(iter(captions)))
    assert found[1::2] == [["caption", str(k)] for k in range(len(ends))]
    assert all(found[2 * k] == ["red", "bird"] for k in range(7))


def test_no_caption_at_all(java):
    assert list(tokenizers.find("ptb").cut([])) == []


def program(folder: Path, lines: str) -> str:
    """A PATH on which Java is this shell script."""
    (folder / "java").write_text(f"#!/bin/sh\n{lines}\n")
    (folder / "java").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


OTHER = "or choose another tokenizer"
TROUBLE = {
    "no Java": (None, f"no Java runtime: install one (apt-get install default-jre-headless), {OTHER}"),
    "a Java that fails": (
        "echo first >&2; echo 'Error: no class' >&2; exit 3",
        f"Java failed (Error: no class): see that `java -version` works, {OTHER}",
    ),
    "a Java that says nothing": ("exit 1", f"Java failed (no more said): see that `java -version` works, {OTHER}"),
    "lines are lost": ("echo one", f"Java gave 1 lines for 3 captions, {OTHER}"),
    "lines come to it": ("yes", f"Java gave more lines than the 3 captions, {OTHER}"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_with_java_is_one_line(tmp_path, monkeypatch, case):
    lines, said = TROUBLE[case]
    monkeypatch.setenv("PATH", str(tmp_path) if lines is None else program(tmp_path, lines))
    monkeypatch.setattr(programs, "_file", lambda folder, jar: tmp_path)
    with pytest.raises(RedrawError) as error:
        list(tokenizers.find("ptb").cut(["a", "b", "c"]))
    assert str(error.value) == f"tokens, tokenizer ptb: {said}"


def test_without_the_jar_it_is_one_line(monkeypatch):
    monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RedrawError) as error:
        list(tokenizers.find("ptb").cut(["a"]))
    assert str(error.value) == (
        f"tokens, tokenizer ptb: {ptb.JAR} is not here: install the package pycocoevalcap, {OTHER}"
    )


# --- vocabularies and lengths ------------------------------------------------------------------------------------

RELEASED = ["<end>", "bird", "red", "a", "sings", "loudly"]
CAPTIONS = [["A red bird!", "a bird..."], ["the red, red bird sings loudly"], ["A caf\u00e9."]]
IDS = [[[3, 2, 1], [3, 1]], [[2, 2, 1, 4, 5]], [[3]]]


def store(folder: Path, released: bool = True) -> Path:
    """A data set of three images, the last one for testing, with a released vocabulary or without."""
    with PreparedWriter(folder, "birds", ["a"]) as writer:
        writer.released = RELEASED if released else []
        for i, captions in enumerate(CAPTIONS):
            split, ids = "test" if i == 2 else "train", IDS[i] if released else ()
            writer.add(np.zeros((2, 2, 3), np.uint8), 0, str(i), split, captions, released=ids)
    write_json(folder / "manifest.json", writer.body)
    return folder


def tokenized(folder: Path, **spec) -> tuple[dict, Tokens]:
    target = folder / "tokens"
    body = tokenize({"captions": "dataset", **spec}, folder, target)
    write_json(target / "record.json", body)
    return body, Tokens.open(target)


def rows(tokens: Tokens) -> list[list[int]]:
    table = tokens.table("trained")
    return [row[:n].tolist() for row, n in zip(table.tokens, table.n_words, strict=True)]


def test_the_most_frequent_words():
    captions = [["b", "a", "b"], ["c", "a", "d"], ["b"]]
    assert build_vocabulary(captions, ["<pad>"], max_size=2) == ["<pad>", "b", "a"]
    assert build_vocabulary(captions, ["<pad>", "b"], max_size=2) == ["<pad>", "b", "a", "c"]
    assert build_vocabulary(captions, ["<pad>"], min_count=2, max_size=9) == ["<pad>", "b", "a"]


def test_a_built_vocabulary_says_what_it_is(tmp_path):
    folder = store(tmp_path / "birds")
    body, tokens = tokenized(folder, tokenizer="regexp_ascii", max_size=3, vocabulary_from=["train", "test"])
    assert tokens.vocabulary == ("<pad>", "<start>", "<end>", "<unk>", "a", "bird", "red")
    assert rows(tokens)[3] == [1, 4, 3, 2]
    sha256 = body["vocabulary"].pop("sha256")
    assert body["vocabulary"] == {
        "kind": "built", "tokenizer": "regexp_ascii", "from": ["train", "test"], "min_count": 1, "max_size": 3,
    }  # fmt: skip
    assert body["notes"] == ["the vocabulary is built here: it is not the authors' (3 of 6 words in common)"]
    again, _ = tokenized(
        store(tmp_path / "none", released=False),
        tokenizer="regexp_ascii",
        max_size=3,
        vocabulary_from=["test", "train"],
    )
    assert again["vocabulary"]["sha256"] == sha256 and again["notes"] == []
    # what people type is read as the store's own captions were
    assert tokens.encode_texts(["A red-bird!"])[0].tolist() == [[1, 4, 6, 5, 2]]


def test_a_released_vocabulary_and_its_ids_are_taken_as_they_are(tmp_path, capsys):
    folder = store(tmp_path / "birds")
    words, ids, offsets, index = Prepared.open(folder).released
    assert words == RELEASED and ids.tolist() == [3, 2, 1, 3, 1, 2, 2, 1, 4, 5, 3]
    assert offsets.tolist() == [0, 3, 5, 10, 11] and index.tolist() == [0, 2, 3, 4]
    body, tokens = tokenized(folder, vocabulary="released", tokenizer="regexp_ascii")
    assert tokens.vocabulary == tuple(RELEASED) and tokens.framed is False
    assert rows(tokens) == [ids for of_image in IDS for ids in of_image]
    assert tokens.table("trained").tokens[1].tolist() == [3, 1, 0, 0, 0]  # padded with 0, as AttnGAN does
    assert tokens.decode(tokens.table("trained").tokens[1]) == "a bird"
    sha256 = Prepared.open(folder).manifest["files"]["released.json"]["sha256"]
    assert body["vocabulary"] == {"kind": "released", "tokenizer": "regexp_ascii", "sha256": sha256}
    assert body["notes"] == [] and capsys.readouterr().err == ""  # caf and the are no words of theirs: left out
    assert tokens.encode_texts(["The RED bird sings."])[0].tolist() == [[2, 1, 4]]
    body, _ = tokenized(folder, vocabulary="released")
    said = "3 of 4 released captions are not what tokenizer words makes of the texts: the released ids are taken"
    assert body["notes"] == [said] and f"birds: {said}\n" == capsys.readouterr().err


@pytest.mark.parametrize("vocabulary", ["built", "released"])
def test_longer_captions_are_cut_or_sampled_in_order(tmp_path, vocabulary):
    folder, spec = store(tmp_path / "birds"), {"vocabulary": vocabulary, "tokenizer": "regexp_ascii", "framed": False}
    _, whole = tokenized(folder, **spec)
    body, cut = tokenized(folder, **spec, max_words=2)
    assert rows(cut) == [row[:2] for row in rows(whole)]
    seen = set()
    for seed in range(12):
        body, sampled = tokenized(folder, **spec, max_words=2, longer="sample", seed=seed)
        for few, all_of_them in zip(rows(sampled), rows(whole), strict=True):
            left = iter(all_of_them)
            assert len(few) == min(2, len(all_of_them)) and all(word in left for word in few)  # in their order
        seen.add(tuple(rows(sampled)[2]))
    assert len(seen) > 3
    again, _ = tokenized(folder, **spec, max_words=2, longer="sample", seed=seed)
    assert again["files"] == body["files"]
    assert body["notes"][-1] == (
        "2 of 4 captions are longer than 2 words: 2 of each are drawn once, and not anew at each epoch"
    )


def test_each_caption_is_sampled_by_itself(tmp_path):
    with PreparedWriter(tmp_path / "birds", "birds", ["a"]) as writer:
        writer.add(np.zeros((2, 2, 3), np.uint8), 0, "0", "train", ["a b c d e f g h"] * 40)
    write_json(tmp_path / "birds" / "manifest.json", writer.body)
    _, tokens = tokenized(tmp_path / "birds", max_words=4, longer="sample", framed=False)
    assert len({tuple(row) for row in rows(tokens)}) > 20


def test_ptb_through_the_tokenise_stage(java, tmp_path):
    body, tokens = tokenized(
        store(tmp_path / "birds"), tokenizer="ptb", framed=False, vocabulary_from=["train", "test"]
    )
    assert [tokens.decode(row) for row in tokens.table("trained").tokens] == [
        "a red bird", "a bird", "the red red bird sings loudly", "a caf\u00e9",
    ]  # fmt: skip
    assert tokens.encode_texts(["A red, red bird!", ""])[1].tolist() == [4, 0]


BAD = [
    ({"tokenizer": "regexp"}, "tokens, tokenizer 'regexp': did you mean \"regexp_ascii\"?"),
    ({"vocabulary": "release"}, 'tokens, vocabulary \'release\': did you mean "released"?'),
    ({"longer": "drop"}, "tokens, longer 'drop': known: cut, sample"),
    ({"max_size": 0}, "tokens, max_size 0: give a whole number from 1, or null"),
    ({"max_size": True}, "tokens, max_size True: give a whole number from 1, or null"),
    ({"min_count": None}, "tokens, min_count None: give a whole number from 1"),
    ({"max_words": "18"}, "tokens, max_words '18': give a whole number from 1, or null"),
    ({"seed": -1}, "tokens, seed -1: give a whole number from 0"),
    ({"vocabulary_from": "train"}, "tokens, vocabulary_from 'train': give a list of splits, [train]"),
    ({"vocabulary_from": []}, "tokens, vocabulary_from []: give a list of splits, [train]"),
    (
        {"vocabulary": "released", "framed": True},
        "tokens, vocabulary released: its captions have no frame: give framed: false, or leave it out",
    ),
    ({"vocabulary": "released", "min_count": 2}, "tokens, captions dataset: no option 'min_count': known: "),
    ({"tokenizer": "characters", "max_size": 2}, "tokens, captions dataset: no option 'max_size': known: "),
    (
        {"captions": "digits_kind1", "tokenizer": "ptb"},
        "tokens, captions digits_kind1: these are words: give tokenizer: words, or captions: dataset",
    ),
]  # fmt: skip


@pytest.mark.parametrize("spec, said", BAD)
def test_bad_options_are_one_line(tmp_path, spec, said):
    folder = store(tmp_path / "birds")
    with pytest.raises(RedrawError) as error:
        tokenized(folder, **spec)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)
    assert said.endswith(": ") or str(error.value) == said


def test_released_is_asked_of_a_set_that_has_none(tmp_path):
    folder = store(tmp_path / "birds", released=False)
    assert Prepared.open(folder).released is None
    with pytest.raises(RedrawError) as error:
        tokenized(folder, vocabulary="released")
    assert str(error.value) == (
        f"tokens, vocabulary released: {folder} has none: give vocabulary: built, or a data set that has one"
    )
