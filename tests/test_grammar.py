"""Documents that grammars write, and how probable they are."""

import collections
import itertools
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.data import grammar
from redraw.data.drawn import yelp_rules
from redraw.data.drawn.dice import Dice
from redraw.data.drawn.grammars import Grammar, indefinite, read_rules

TINY = """
document = <np/{topic}> <verb> | 2* <np/{topic}> and <np/{topic}> <verb> now | <a:np/{topic}> <verb>
np/pets = cat | old cat | <np/birds>
np/birds = 3* owl | cat
verb = sat | sat now | sat/ran
"""
"""On purpose some documents have several derivations, and either topic writes owls and cats."""
LATENTS = {"topic": {"pets": 1, "birds": 2}, "mood": {"good": 1, "bad": 1}}
WORDS = ("cat", "old", "owl", "and", "sat", "ran", "now", "a", "an")


@pytest.fixture(scope="module")
def tiny():
    return Grammar(read_rules(TINY), LATENTS, 3, 5)


@pytest.fixture(scope="module")
def texts():
    """300 documents of each kind."""
    return {kind: [grammar.describe(kind, "test", i) for i in range(300)] for kind in grammar.RULES}


# --- probabilities


def test_probabilities_sum_to_one_over_everything_that_could_be_written(tiny):
    each = {n: [math.exp(tiny.log_probability(t)) for t in itertools.product(WORDS, repeat=n)] for n in (3, 4, 5)}
    assert sum(map(sum, each.values())) == pytest.approx(1, abs=1e-12)
    assert tiny.lengths().tolist() == pytest.approx([0, 0, 0, sum(each[3]), sum(each[4]), sum(each[5])])
    assert 0.2 < tiny.kept < 0.9
    assert tiny.log_probability(("cat", "sat")) == -math.inf  # too short, though the rules write it


def test_a_probability_by_hand():
    rules = read_rules("document = <x> | 3* b <x>\nx = a/b | b a\n")
    own = Grammar(rules, {"z": {"only": 1}}, 1, 3)
    # "b a": <x> -> b a (1/4 * 1/2), and b <x> -> b a/b -> b a (3/4 * 1/2 * 1/2)
    assert math.exp(own.log_probability(("b", "a"))) == pytest.approx(1 / 8 + 3 / 16)
    assert own.kept == pytest.approx(1)
    shorter = Grammar(rules, {"z": {"only": 1}}, 1, 2)
    assert shorter.kept == pytest.approx(1 - 3 / 8)
    assert math.exp(shorter.log_probability(("b", "a"))) == pytest.approx((1 / 8 + 3 / 16) / (5 / 8))


def test_documents_are_as_frequent_as_they_are_probable(tiny):
    counts = collections.Counter(tiny.write(Dice("tiny", i)).tokens for i in range(6000))
    for tokens, count in counts.items():
        expected = 6000 * math.exp(tiny.log_probability(tokens))
        assert abs(count - expected) < 5 * math.sqrt(expected) + 5, tokens


def test_a_posterior_is_the_share_of_those_documents_that_had_the_value(tiny):
    drawn = [tiny.write(Dice("posterior", i)) for i in range(6000)]
    birds = [w.latents["topic"] == "birds" for w in drawn if w.tokens == ("an", "owl", "sat")]
    share = tiny.posterior(("an", "owl", "sat"), "topic")
    assert sum(share.values()) == pytest.approx(1) and abs(np.mean(birds) - share["birds"]) < 0.08
    assert tiny.posterior(("old", "cat", "sat"), "topic") == {"pets": 1.0, "birds": 0.0}
    assert tiny.posterior(("now", "now", "now"), "topic") == {}


@pytest.mark.parametrize("kind", ["yahoo", "yelp"])
def test_what_a_grammar_writes_it_finds_probable(kind, texts):
    own, few = grammar.grammar(kind), texts[kind][:8]
    assert all(-150 < grammar.log_probability(kind, w.tokens) < -12 for w in few)
    assert all(own.posterior(w.tokens, v)[w.latents[v]] > 1e-6 for w in few for v in own.latents)
    changed = [(*w.tokens[:-2], "zebra", w.tokens[-1]) for w in few]
    assert all(grammar.log_probability(kind, tokens) == -math.inf for tokens in changed)
    floor = grammar.floor(kind, [w.tokens for w in few])
    assert 30 < floor.nats < 65 and 1.5 < floor.perplexity < 3
    assert abs(floor.tokens - np.dot(own.lengths(), np.arange(121))) < 25


def test_labels_share_a_documents_probability(texts):
    tokens = texts["yelp"][0].tokens
    parts = [math.exp(grammar.log_probability("yelp", tokens, label)) for label in range(5)]
    assert sum(parts) == pytest.approx(math.exp(grammar.log_probability("yelp", tokens)))


# --- documents


@pytest.mark.parametrize("kind", ["yahoo", "yelp"])
def test_documents_are_clean_english(kind, texts):
    lengths = [len(w.tokens) for w in texts[kind]]
    assert min(lengths) >= 20 and max(lengths) <= 120 and 52 < np.mean(lengths) < 72
    assert 950 < len(grammar.grammar(kind).vocabulary()) < 2000
    for written in texts[kind]:
        text = " ".join(written.tokens)
        assert re.fullmatch(r"[a-z]+( [a-z]+| [.,:?!])* [.?!]", text), text
        assert not re.search(r"\b(\w+) (and )?\1\b", text), text
        assert not re.search(r"\b(i|we) (is|has|was)\b(?<!i was)|\b(she|he) (am|are|have|want|do)\b", text), text
        for article, word in re.findall(r"\b(an?) (\w+)", text):
            assert article == indefinite(word), text


def test_articles_follow_the_sound():
    said = {"apple": "an", "used": "a", "honest": "an", "hour": "an", "university": "a", "dog": "a", "unfair": "an"}
    assert {word: indefinite(word) for word in said} == said


def test_no_word_is_a_forgotten_sign():
    for kind in grammar.RULES:
        assert all(re.fullmatch(r"[a-z]+|[.,:?!]", token) for token in grammar.grammar(kind).vocabulary())


def test_questions_keep_their_thing_and_their_person(texts):
    for written in texts["yahoo"]:
        text = " ".join(written.tokens)
        own = grammar.grammar("yahoo").rules
        assert own[f"x/{written.latents['topic']}/{written.latents['item']}"] in text, text
        words = {"she": (" he ", " him "), "he": (" she ", " her ")}.get(written.latents["person"], ())
        assert not any(word in text for word in words), text
        pronoun = re.search(r"\b(she|he|her|him)\b", text)  # somebody has been named before
        assert pronoun is None or text.index(" my ") < pronoun.start(), text


def test_sentiment_follows_the_stars(texts):
    rules = grammar.grammar("yelp").rules
    fine, poor = (set(rules[name].split(" | ")) - {"a joke", "a disaster"} for name in ("fine", "poor"))
    good, bad = collections.Counter(), collections.Counter()
    for written in texts["yelp"]:
        good[written.latents["stars"]] += len(fine & set(written.tokens))
        bad[written.latents["stars"]] += len(poor & set(written.tokens))
    share = [good[s] / (good[s] + bad[s]) for s in yelp_rules.STARS]
    assert share == sorted(share) and share[0] < 0.05 and 0.3 < share[2] < 0.8 and share[4] > 0.95


# --- files


def test_the_files_are_those_of_the_copies(tmp_path):
    for kind in ("yahoo", "yelp"):
        grammar.fetch(tmp_path / kind, f"{kind}_small")
        files = {p.name: p.read_bytes() for p in (tmp_path / kind).iterdir()}
        assert tuple(sorted(files)) == tuple(sorted(grammar.layout(f"{kind}_small")))
        lines = {name: body.decode("ascii").splitlines() for name, body in files.items()}
        assert [len(lines[f"{kind}.{part}.txt"]) for part in grammar.PARTS] == [200, 40, 40]
        assert len({line for body in lines.values() for line in body}) == 280
        grammar.fetch(tmp_path / "again", f"{kind}_small")
        assert all((tmp_path / "again" / name).read_bytes() == body for name, body in files.items())
        written = grammar.describe(f"{kind}_small", "valid", 7)
        assert lines[f"{kind}.valid.txt"][7].rpartition("\t")[2] == " ".join(written.tokens)
    labels = {line.split("\t")[0] for line in lines["yelp.train.txt"]}
    assert labels == {"0", "1", "2", "3", "4"}


def test_another_process_writes_the_same():
    code = "from redraw.data import grammar; print(*grammar.describe('yahoo', 'train', 5999).tokens)"
    env = {"PYTHONPATH": str(Path(grammar.__file__).parents[2]), "PYTHONHASHSEED": "3"}
    there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert there.split() == list(grammar.describe("yahoo", "train", 5999).tokens)


def test_an_unknown_edition_is_said_in_one_line(tmp_path):
    with pytest.raises(RedrawError, match=r"^grammar: there is no edition 'yahu': did you mean") as caught:
        grammar.fetch(tmp_path / "raw", "yahu")
    assert "\n" not in str(caught.value) and not (tmp_path / "raw").exists()
