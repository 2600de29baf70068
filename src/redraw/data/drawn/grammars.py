"""Probabilistic grammars that write documents and know how probable any document is.

A grammar is context-free without recursion, and mixes over latent variables (a topic, a number of stars) that the whole
document shares. The probability of a document is exact: the sum over all latents and all derivations, by the inside
algorithm. Documents outside the bounds of length are never written; their mass is computed exactly from the grammar's
distribution of lengths, and the rest is normalised by it.
"""

from __future__ import annotations

import fnmatch
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .dice import Dice

FIELD = re.compile(r"\{(\w+)\}")
WEIGHT = re.compile(r"(\d+)\* ")
CONSONANT_SOUNDS = ("used", "useful", "university", "one", "european", "unique", "unicorn", "uniform", "utensil")
VOWEL_SOUNDS = ("honest", "hour", "honor")

Item = "str | Node"


@dataclass(frozen=True)
class Written:
    """``latents``: {variable: value} that the document was written from."""

    tokens: tuple[str, ...]
    latents: dict[str, str]


class Node:
    """A symbol whose latents are fixed: ``alternatives`` (probability, tokens and nodes), none of them empty."""

    def __init__(self, alternatives: list[tuple[float, tuple[Item, ...]]], longest: int) -> None:
        self.alternatives, self.longest = alternatives, longest

    @cached_property
    def starts(self) -> dict[str, list[tuple[float, tuple[Item, ...]]]]:
        """{token: the alternatives that can begin with it}"""
        found: dict[str, list[tuple[float, tuple[Item, ...]]]] = {}
        for probability, items in self.alternatives:
            first = items[0]
            for token in first.starts if isinstance(first, Node) else (first,):
                found.setdefault(token, []).append((probability, items))
        return found

    @cached_property
    def lengths(self) -> np.ndarray:
        """Probability of each number of tokens up to ``longest``."""
        found = np.zeros(self.longest + 1)
        for probability, items in self.alternatives:
            lengths = np.ones(1)
            for item in items:
                own = item.lengths if isinstance(item, Node) else np.array([0.0, 1.0])
                lengths = np.convolve(lengths, own)[: self.longest + 1]
            found[: len(lengths)] += probability * lengths
        return found


def read_rules(text: str) -> dict[str, str]:
    """{symbol: alternatives} from lines ``symbol = one | 3* another``; an indented line continues the one above."""
    joined = re.sub(r"\n +", " ", text.strip())
    return {
        name.strip(): body.strip() for name, _, body in (line.partition(" = ") for line in joined.split("\n") if line)
    }


class Grammar:
    """``rules`` {symbol: "tokens and <symbols> | 3* the same with thrice the weight"}, beginning with ``document``.

    A name may hold latents: <noun/{topic}>. ``<a:noun>`` stands for the alternatives of noun with "a" or "an" before them,
    as they sound; one/two/three for any of these words. ``latents``: {variable: {value: weight}}, independent of each
    other. Documents have ``shortest`` to ``longest`` tokens.
    """

    def __init__(
        self, rules: Mapping[str, str], latents: Mapping[str, Mapping[str, float]], shortest: int, longest: int
    ) -> None:
        self.rules, self.shortest, self.longest = rules, shortest, longest
        self._needs: dict[str, frozenset[str]] = {}
        self._nodes: dict[tuple, Node] = {}
        self.latents = latents
        self._split = {name: _alternatives(body) for name, body in rules.items()}

    def write(self, dice: Dice) -> Written:
        """A document drawn from the grammar."""
        while True:
            state = {name: dice.weighted(dict(weights)) for name, weights in self.latents.items()}
            tokens = _expand(self._node("document", state, False), dice)
            if self.shortest <= len(tokens) <= self.longest:
                return Written(tuple(tokens), state)

    @cached_property
    def states(self) -> list[tuple[dict[str, str], float, Node]]:
        """All combinations of latents, each with its prior probability and the symbol ``document``."""
        found = []
        total = math.prod(sum(weights.values()) for weights in self.latents.values())
        for values in itertools.product(*self.latents.values()):
            state = dict(zip(self.latents, values, strict=True))
            prior = math.prod(self.latents[name][value] for name, value in state.items()) / total
            found.append((state, prior, self._node("document", state, False)))
        return found

    @cached_property
    def kept(self) -> float:
        """Share of what the rules alone would write that has a length within the bounds."""
        within = slice(self.shortest, self.longest + 1)
        return sum(prior * float(node.lengths[within].sum()) for _, prior, node in self.states)

    def log_probability(self, tokens: Sequence[str]) -> float:
        """Natural logarithm of the probability that exactly this document is written; -inf where it cannot be."""
        total = sum(self._joint(tokens))
        return math.log(total / self.kept) if total > 0 else -math.inf

    def posterior(self, tokens: Sequence[str], variable: str) -> dict[str, float]:
        """{value: probability} of a latent variable, given the document; empty where it cannot have been written."""
        joint = self._joint(tokens)
        total, found = sum(joint), {}
        for (latents, _, _), share in zip(self.states, joint, strict=True):
            if total:
                found[latents[variable]] = found.get(latents[variable], 0.0) + share / total
        return found

    def vocabulary(self) -> set[str]:
        """All tokens that documents can hold."""
        nodes = [node for _, _, node in self.states] and self._nodes.values()
        return {item for node in nodes for _, items in node.alternatives for item in items if isinstance(item, str)}

    def lengths(self) -> np.ndarray:
        """Probability of each number of tokens, [longest + 1]."""
        found = sum(prior * node.lengths for _, prior, node in self.states)
        found[: self.shortest] = 0
        return found / self.kept

    def _joint(self, tokens: Sequence[str]) -> list[float]:
        """For each state its prior times the probability of the document, bounds of length aside."""
        if not self.shortest <= len(tokens) <= self.longest:
            return [0.0] * len(self.states)
        chart: dict[tuple[int, int], dict[int, float]] = {}
        return [
            prior * _inside(node, tokens, 0, chart).get(len(tokens), 0.0) if tokens[0] in node.starts else 0.0
            for _, prior, node in self.states
        ]

    def _node(self, name: str, state: Mapping[str, str], article: bool) -> Node:
        """Symbols that do not depend on a latent are one node for all its values, so that charts share their work."""
        key = (name, article, *((k, state[k]) for k in sorted(self._fields(name))))
        if key not in self._nodes:
            found, weights = [], []
            for weight, words in self._split[name]:
                weights.append(weight)
                items = [self._item(word, state) for word in words]
                if article and isinstance(items[0], Node):
                    items[0] = self._node(words[0].strip("<>").format(**state), state, True)
                elif article:
                    items.insert(0, indefinite(words[0]))
                found.append(tuple(items))
            total = sum(weights)
            self._nodes[key] = Node([(w / total, i) for w, i in zip(weights, found, strict=True)], self.longest)
        return self._nodes[key]

    def _item(self, word: str, state: Mapping[str, str]) -> Item:
        if not word.startswith("<"):
            if "/" not in word:
                return word
            self._split[word] = [(1, [choice]) for choice in word.split("/")]
            return self._node(word, state, False)
        name = word[1:-1].format(**state)
        return self._node(name.removeprefix("a:"), state, name.startswith("a:"))

    def _fields(self, name: str) -> frozenset[str]:
        """The latents on which a symbol depends, through whatever it is made of."""
        if name not in self._needs:
            found: set[str] = set()
            for word in self.rules.get(name, "").split():
                if word.startswith("<"):
                    found |= set(FIELD.findall(word))
                    pattern = FIELD.sub("*", word[1:-1].removeprefix("a:"))
                    for other in fnmatch.filter(self.rules, pattern) if "*" in pattern else (pattern,):
                        found |= self._fields(other)
            self._needs[name] = frozenset(found)
        return self._needs[name]


def indefinite(word: str) -> str:
    """The article before a word: a or an."""
    return "an" if word in VOWEL_SOUNDS or (word[0] in "aeiou" and word not in CONSONANT_SOUNDS) else "a"


def _alternatives(body: str) -> list[tuple[int, list[str]]]:
    """(weight, words) of each alternative."""
    found = []
    for text in body.split(" | "):
        weight = WEIGHT.match(text)
        found.append((int(weight[1]) if weight else 1, text[weight.end() if weight else 0 :].split()))
    return found


def _expand(node: Node, dice: Dice) -> list[str]:
    at = dice.random()
    for probability, items in node.alternatives:  # noqa: B007
        at -= probability
        if at < 0:
            break
    return [token for item in items for token in (_expand(item, dice) if isinstance(item, Node) else (item,))]


def _inside(node: Node, tokens: Sequence[str], start: int, chart: dict) -> dict[int, float]:
    """{end: probability that the node writes tokens[start:end]}"""
    key = (id(node), start)
    if key not in chart:
        found: dict[int, float] = {}
        for probability, items in node.starts.get(tokens[start], ()) if start < len(tokens) else ():
            ends = {start: probability}
            for item in items:
                after: dict[int, float] = {}
                for end, so_far in ends.items():
                    if isinstance(item, Node):
                        for last, inner in _inside(item, tokens, end, chart).items():
                            after[last] = after.get(last, 0.0) + so_far * inner
                    elif end < len(tokens) and tokens[end] == item:
                        after[end + 1] = after.get(end + 1, 0.0) + so_far
                ends = after
                if not ends:
                    break
            for end, share in ends.items():
                found[end] = found.get(end, 0.0) + share
        chart[key] = found
    return chart[key]
