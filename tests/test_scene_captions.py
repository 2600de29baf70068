"""Captions of drawn scenes, and what they name."""

import re

import numpy as np
import pytest

from redraw.data import drawn_scenes
from redraw.data.drawn.scene_captions import captions
from redraw.data.drawn.scene_named import Mention, named
from redraw.data.drawn.scene_relations import true_of
from redraw.data.drawn.scene_specs import scene

SEED = drawn_scenes.COCO


@pytest.fixture(scope="module")
def said():
    """{dialect: the captions of 500 pictures}"""
    return {flickr: [c for i in range(500) for c in captions(SEED, i, flickr)] for flickr in (False, True)}


def test_named_reads_what_the_writer_put_in(said):
    for told in said.values():
        wrong = [(c.text, c.named, named(c.text)) for c in told if tuple(sorted(named(c.text))) != c.named]
        assert len(told) == 2500 and not wrong, wrong[:3]


def test_captions_are_true_of_the_picture():
    for i in range(300):
        for flickr in (False, True):
            told = captions(SEED, i, flickr)
            assert all(c.named and true_of(scene(SEED, i), c.named) for c in told)
            assert len({c.text for c in told}) == 5
    other = [true_of(scene(SEED, i + 1), c.named) for i in range(300) for c in captions(SEED, i, False)]
    assert np.mean(other) < 0.06  # and of hardly any other


def test_the_grammar_is_rich_and_clean(said):
    texts = {flickr: [c.text for c in told] for flickr, told in said.items()}
    for flickr, told in texts.items():
        words = {word for text in told for word in re.findall("[a-z-]+", text.lower())}
        assert len(words) > 330
        assert len({" ".join(text.lower().split()[:2]) for text in told}) > 80
        assert len(set(told)) > 0.98 * len(told) and 9 < np.mean([len(text.split()) for text in told]) < 14.5
        for text in told:
            assert text.isascii() and text == text.strip() and "  " not in text and 10 < len(text) <= 180, text
            for an, letter in re.findall(r"\b([Aa]n?) ([a-z])", text):
                assert (len(an) == 2) == (letter in "aeiou"), text
            assert not re.search(
                r"\b(a|one) (men|women|children|people|buses|dogs|cars)\b|\btwo [a-z]+ (dog|man|bus)\b", text
            )
        stops = np.mean([text.endswith(" ." if flickr else ".") for text in told])
        assert 0.7 < stops < 1.0
    assert all(text[0].isupper() for text in texts[True]) and not all(text[0].isupper() for text in texts[False])
    assert any(" an orange " in text for text in texts[False]) and any("in front of" in text for text in texts[False])


@pytest.mark.parametrize(
    "caption, expected",
    [
        ("A brown dog standing next to a red car on the street", [("dog", "brown", 1), ("car", "red", 1)]),
        ("Two men in red shirts and blue pants ride a bike .", [("person", "red", 2, "blue"), ("bicycle", "", 1)]),
        ("A woman wearing a yellow coat and a black skirt", [("person", "yellow", 1, "black")]),
        ("a black and white dog", [("dog", "", 1)]),
        ("a man in red and white stands there", [("person", "", 1)]),
        ("a man with a blue umbrella", [("person", "", 1), ("umbrella", "blue", 1)]),
        ("a man in a blue truck", [("person", "", 1), ("truck", "blue", 1)]),
        ("a man in a red hat", [("person", "", 1)]),
        ("a girl in pink runs", [("person", "pink", 1)]),
        ("a boy in jeans", [("person", "", 1)]),
        ("a boy in green shorts", [("person", "", 1, "green")]),
        ("there is no dog and no red cars here", []),
        ("a room without a couch", []),
        ("a herd of brown cows", [("cow", "brown", 0)]),
        ("a couple of cats and 3 large white sheep", [("cat", "", 2), ("sheep", "white", 3)]),
        ("the bus is yellow", [("bus", "yellow", 1)]),
        ("the bus is yellow and black", [("bus", "", 1)]),
        ("an orange on a plate beside an orange cat", [("cat", "orange", 1)]),
        ("a stop sign is flying in blue skies", [("stop sign", "", 1)]),
        ("A teddy bear eats a hot dog at a bus stop.", [("teddy bear", "", 1)]),
        ("a gray elephant", [("elephant", "grey", 1)]),
        ("a potted plant in a blue pot", [("potted plant", "blue", 1)]),
        ("a red potted plant", [("potted plant", "", 1)]),
        ("A RED KITE, high in the air!", [("kite", "red", 1)]),
        ("a red double decker bus", [("bus", "", 1)]),
        ("", []),
        ("\ufffd ... 42", []),
    ],
)  # fmt: skip
def test_named_is_strict_with_peoples_sentences(caption, expected):
    assert named(caption) == tuple(Mention(*entry) for entry in expected)
