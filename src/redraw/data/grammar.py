"""Stand-ins for the documents of Yahoo! Answers and of Yelp: written by grammars whose probabilities are known.

Files as in the copies that go with vae-lagging-encoder: one document a line, lower case, tokens separated by single
spaces; in Yelp's a label 0 (one star) to 4 (five) and a tab before each. The topic of a question is not in the file;
``describe`` knows it. Plain questions stand for Yahoo's, too: few words, one topic, named far apart (drawn/plain_rules.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .drawn import plain_rules, trees, yahoo_rules, yelp_rules
from .drawn.dice import Dice
from .drawn.grammars import Grammar, Written

__all__ = ["EDITIONS", "Edition", "Floor", "describe", "fetch", "floor", "layout", "log_probability"]

SHORTEST, LONGEST = 20, 120  # tokens
RULES = {"yahoo": yahoo_rules, "yelp": yelp_rules, "plain": plain_rules}
FILES = {"yahoo": "yahoo", "yelp": "yelp", "plain": "yahoo"}  # whose names the files bear
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Edition:
    """Which grammar, and how many documents to train on, to validate and to test with."""

    kind: str
    train: int
    valid: int
    test: int
    seed: int = 2017


EDITIONS = {
    name: edition
    for kind in RULES
    for name, edition in (
        (kind, Edition(kind, 6000, 600, 600)),
        (f"{kind}_small", Edition(kind, 200, 40, 40)),
        (f"{kind}_large", Edition(kind, 100_000, 10_000, 10_000)),
    )
}
"""As many as the papers have in large ones; documents of the smaller are the first of the larger."""


@dataclass(frozen=True)
class Floor:
    """What no model can beat on average: the grammar's own negative log-likelihood of some documents, in nats.

    ``nats`` and ``tokens`` are means per document; ``perplexity`` counts one sign for the end of each document as a
    token more, as vae-lagging-encoder's does (recalled).
    """

    nats: float
    tokens: float

    @property
    def perplexity(self) -> float:
        return math.exp(self.nats / (self.tokens + 1))


@lru_cache(maxsize=2)
def grammar(kind: str) -> Grammar:
    """The grammar of ``yahoo``, ``yelp`` or ``plain``."""
    return Grammar(RULES[kind].rules(), RULES[kind].LATENTS, SHORTEST, LONGEST)


def describe(edition: str, part: str, index: int) -> Written:
    """Document ``index`` (from 0) of part train, valid or test: its tokens and the latents that it was written from.

    Yahoo's latents are topic, item, person, length and tone, Yelp's stars, kind, item, person and length, plain's topic.
    """
    own = EDITIONS[edition]
    return grammar(own.kind).write(Dice(own.seed, "document", own.kind, part, index))


def log_probability(kind: str, tokens: Sequence[str], label: int | None = None) -> float:
    """Natural logarithm of the probability that the grammar writes exactly this document, -inf where it cannot.

    The sum over all latents and derivations. With a ``label`` (Yelp), that of the document and this label together.
    """
    found = grammar(kind).log_probability(tokens)
    if label is None or found == -math.inf:
        return found
    share = grammar(kind).posterior(tokens, "stars").get(str(label), 0.0)
    return found + math.log(share) if share > 0 else -math.inf


def floor(kind: str, documents: Iterable[Sequence[str]]) -> Floor:
    """What the grammar itself scores on documents, each a sequence of tokens; infinite where one is not its own."""
    documents = list(documents)
    nats = -sum(log_probability(kind, tokens) for tokens in documents)
    return Floor(nats / len(documents), sum(map(len, documents)) / len(documents))


def layout(edition: str) -> tuple[str, ...]:
    """The files that ``fetch`` makes."""
    return tuple(f"{FILES[EDITIONS[edition].kind]}.{part}.txt" for part in PARTS)


def fetch(raw: Path, edition: str) -> None:
    """Write one of ``EDITIONS`` into folder ``raw``: the same bytes every time.

    Raises RedrawError for an edition that there is not.
    """

    def write(folder: Path, own: Edition) -> None:
        for part, file in zip(PARTS, layout(edition), strict=True):
            documents = (describe(edition, part, index) for index in range(getattr(own, part)))
            trees.write_lines(folder / file, map(_line, documents))

    trees.fetch(raw, "grammar", edition, EDITIONS, write)


def _line(document: Written) -> str:
    label = document.latents.get("stars")
    return (f"{label}\t" if label else "") + " ".join(document.tokens)
