"""Closed forms of the caption metrics, whom they score against whom, and what they make of captions that are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from written_captions import items_of, scenes

from redraw.core import RedrawError
from redraw.data import tokenizers
from redraw.data.ngrams import bleu, statistics
from redraw.metrics import METRICS
from redraw.metrics.captions import chosen, cut, read
from redraw.metrics.rouge import common

QUICK = ("bleu", "rouge_l", "cider")
BEST = {"bleu": 100.0, "rouge_l": 100.0, "cider": 10.0}


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return scenes(150)


def value(name: str, items, **options) -> float:
    return METRICS[name].fn(items, **options)["value"]


# --- n-grams -----------------------------------------------------------------------------------------------------


def test_ngrams_are_counted_at_most_as_often_as_in_one_reference():
    # Papineni et al. 2002, section 2.1: two of seven.
    found = statistics("the " * 7, ["the cat is on the mat", "there is a cat on the mat"], order=1)
    assert found[0] > 2  # letters, not words
    found = statistics(
        ["the"] * 7, [["the", "cat", "is", "on", "the", "mat"], ["there", "is", "a", "cat", "on", "the", "mat"]]
    )
    assert found.tolist() == [2, 0, 0, 0, 7, 6, 5, 4, 7, 7]
    assert statistics([5, 6, 7], [[6, 7], [5, 6]], order=2).tolist() == [3, 2, 3, 2, 3, 2]
    assert statistics([], [["a"]], order=1).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("lengths, nearest", [((3, 5), 3), ((5, 3), 3), ((1, 5, 9), 5), ((6, 1), 6), ((4,), 4)])
def test_of_two_references_as_near_the_shorter_counts(lengths, nearest):
    assert statistics("abcd", ["x" * n for n in lengths])[-1] == nearest


def test_bleu_in_closed_form():
    half = np.array([3, 1, 0, 0, 4, 3, 2, 1, 4, 6.0])
    assert bleu(half, False).tolist() == pytest.approx([75, 50, 0, 0])
    assert bleu(half, True) == pytest.approx(math.exp(1 - 6 / 4) * np.array([75, 50, 0, 0]))
    longer = np.array([3, 1, 0, 0, 4, 3, 2, 1, 4, 3.0])
    assert np.array_equal(bleu(longer, True), bleu(longer, False))
    assert np.array_equal(bleu(np.stack([half, longer]), True), [bleu(half, True), bleu(longer, True)])
    assert bleu(half / 5, True) == pytest.approx(bleu(half, True))  # means do as well as sums
    assert bleu(np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 9.0]), True).tolist() == [0, 0, 0, 0]


def test_the_longest_common_subsequence():
    rng = np.random.default_rng(0)
    for _ in range(200):
        one, other = ("".join(rng.choice(list("abc"), rng.integers(0, 80))) for _ in range(2))
        row = [0] * (len(other) + 1)
        for a in one:
            before = row
            row = [0]
            for k, b in enumerate(other):
                row.append(before[k] + 1 if a == b else max(before[k + 1], row[k]))
        assert common(one, other) == row[-1]


# --- closed forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUICK)
def test_the_same_captions_are_best_and_others_worst(name, drawn):
    alone = [[row[0]] for row in drawn["references"]]
    assert value(name, items_of([known[0] for known in alone], alone)) == pytest.approx(BEST[name])
    assert value(name, items_of(["w x y z"] * len(alone), alone)) == 0
    assert value(name, items_of([""] * len(alone), alone), tokenizer="words") == 0
    assert METRICS[name].better == "higher" and METRICS[name].reads == ("written", "references", "captions")


def test_the_brevity_penalty_in_closed_form(drawn):
    whole = ["a red bird sits on the old bench today"] * 3
    short = items_of(["a red bird sits on the old"] * 3, [[text] for text in whole])
    found = METRICS["bleu"].fn(short, brevity_penalty=True)
    assert found["value"] == pytest.approx(100 * math.exp(1 - 9 / 7))
    assert found["envelope"] == pytest.approx([100 * math.exp(1 - 9 / 7), 100])
    assert found["parts"] == {"words written": 21, "written per reference word": pytest.approx(7 / 9)}
    for n, column in METRICS["bleu"].fn(drawn)["columns"].items():
        low, high = column["envelope"]
        assert low <= column["value"] <= high and low < high, n


def test_rouge_takes_the_best_precision_and_the_best_recall():
    found = METRICS["rouge_l"].fn(items_of(["a b c d"], [["a b", "x a y c z b w d"]]))
    precision, recall = 3 / 4, 2 / 2  # of the longer, of the shorter reference
    assert found["value"] == pytest.approx(100 * 2.44 * precision * recall / (recall + 1.44 * precision))


def test_cider_by_hand():
    given = items_of(["a b"] * 2, [["a b"], ["a c"]])
    # "a" is in every document and weighs nothing; pairs and single words are half of the four orders.
    assert METRICS["cider"].fn(given)["per_item"] == pytest.approx([10 * 2 / 4, 0])
    longer = items_of(["a b b b"] * 2, [["a b"], ["a c"]])
    # Thrice "b" against one, clipped to one: 1 / 3; (1, 2) of "a b" and "b b" against (1, 0); two pairs more.
    expected = 10 * (1 / 3 + 1 / math.sqrt(5)) / 4 * math.exp(-4 / 72)
    assert METRICS["cider"].fn(longer)["per_item"][0] == pytest.approx(expected)


@pytest.mark.parametrize("name", QUICK)
def test_worse_captions_and_fewer_references_never_score_more(name, drawn):
    def at(share: float, known: np.ndarray = drawn["references"]) -> float:
        rng = np.random.default_rng(1)
        rows = [
            " ".join("xyz" if rng.random() < share else word for word in str(text).split())
            for text in drawn["references"][:, 0]
        ]
        return value(name, {**drawn, "written": np.array(rows), "references": known})

    falling = [at(share) for share in (0, 0.1, 0.3, 0.6, 1)]
    assert falling == sorted(falling, reverse=True) and falling[-1] == 0 < falling[-2]
    if name != "cider":  # which means over them
        assert at(0.3, drawn["references"][:, 1:2]) < at(0.3, drawn["references"][:, 1:3]) < at(0.3)
    assert value(name, drawn, beam=5) == value(name, drawn)


# --- who against whom --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUICK)
def test_people_lie_above_captions_of_other_images(name, drawn):
    people, floor = (
        value(name, {k: v for k, v in drawn.items() if k != "written"}, by=by) for by in ("person", "other")
    )
    assert people > 1.5 * floor
    assert value(name, drawn) not in (people, floor)


def test_a_person_is_held_against_the_others():
    twice = items_of(["x"], [["a b", "c", "a b", "d"]])
    assert chosen("bleu", twice, "person") == (["a b"], [["c", "a b", "d"]])
    assert chosen("bleu", twice, "model") == (["x"], [["a b", "c", "a b", "d"]])


def test_no_row_keeps_its_own_image():
    references = [[f"image {k} a", f"image {k} b"] for k in [0] * 20 + [1] * 5 + list(range(2, 17))]
    given = items_of(["x"] * 40, references, [f"image {r[0].split()[1]} caption {n}" for n, r in enumerate(references)])
    texts = chosen("bleu", given, "other")
    assert sorted(texts.captions) == sorted(given["captions"]) and texts.references == references
    assert not [
        1 for text, known in zip(texts.captions, references, strict=True) if text.split()[1] == known[0].split()[1]
    ]
    assert chosen("bleu", given, "other") == texts
    single = items_of(["x"] * 200, [[f"{k}"] for k in range(200)])
    moved = np.array(chosen("bleu", single, "other").captions, int) - np.arange(200)
    assert (moved != 0).all() and len(set(moved.tolist())) > 50


def test_each_caption_is_cut_once(monkeypatch, drawn):
    calls = []

    def noted(texts):
        calls.append(list(texts))
        return iter([["a"] if text == "empty" else text.split() for text in calls[-1]])

    monkeypatch.setitem(tokenizers.TOKENIZERS, "noted", tokenizers.Tokenizer("noted", noted, "", ""))
    texts = read("bleu", drawn, "model", "noted")
    assert len(calls) == 1 and len(calls[0]) == len(set(calls[0]))
    assert [" ".join(words) for words in texts.captions] == drawn["written"].tolist()
    assert [[" ".join(words) for words in row] for row in texts.references] == [
        [t for t in r if t] for r in drawn["references"]
    ]


BAD = [
    ({}, {"by": "persons"}, 'bleu: by is "persons": did you mean "person"?'),
    ({"written": None}, {}, "bleu: nothing was written: name a run that writes captions as instrument, or by: person"),
    ({"captions": np.array(["a", "z"])}, {"by": "person"}, "bleu, by person: the caption of row 1 is none of its"),
    ({"references": np.array([["a"], ["b"]])}, {"by": "person"}, "bleu, by person: the image of row 0 has one caption only"),
    ({"references": np.array([["a", "b"], ["", ""]])}, {}, "bleu: the image of row 1 has no reference: leave it out"),
    ({"references": np.array([["a"], ["a"]])}, {"by": "other"}, "bleu, by other: 2 of 2 rows are of one image: raise n"),
    ({}, {"tokenizer": "karpaty"}, "tokens, tokenizer 'karpaty': did you mean \"karpathy\"?"),
    ({"references": None}, {}, "bleu: there is no 'references' among captions, written"),
]  # fmt: skip


@pytest.mark.parametrize("changes, options, said", BAD)
def test_what_cannot_be_scored_is_one_line(changes, options, said):
    good = items_of(["x", "y"], [["a", "c"], ["b", "d"]])
    given = {k: v for k, v in {**good, **changes}.items() if v is not None}
    with pytest.raises(RedrawError) as error:
        METRICS["bleu"].fn(given, **options)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_captions_that_are_none_harm_no_other(drawn):
    hostile = [
        "",
        " . , ; ",
        "||| ||||",
        "a\nb\tc",
        "\U0001f99c",
        "\u202e\u05e9\u05dc\u05d5\u05dd",
        "x " * 5000,
        "x" * 10_000,
    ]
    rows = [[str(text) for text in row if text] for row in drawn["references"]]
    mixed = items_of([*hostile, *drawn["written"]], [*([text or "."] for text in hostile), *rows])
    texts = cut(chosen("bleu", mixed, "model"), "karpathy")
    assert texts.references[1] == [[]] and texts.captions[:2] == [[], []]
    assert read("bleu", items_of(["x"], [["a", " .", "b"]]), "model", "karpathy").references == [[["a"], ["b"]]]
    for name in QUICK:
        for options in ({}, {"tokenizer": "words"}, {"by": "other"}):
            assert np.isfinite(value(name, mixed, **options))
    found = METRICS["rouge_l"].fn(mixed)["per_item"]
    assert np.array_equal(found[len(hostile) :], METRICS["rouge_l"].fn(drawn)["per_item"])
    assert found[: len(hostile)] == pytest.approx([0, 0, 0, 100, 100, 100, 100, 100])
