"""The decoder: an LSTM that scores the places of an image before each word, and what it says of them.

Speed: what annotations and words give is mapped once, all that depends on one state is one matrix product, and the logits of all
words are computed behind the loop; benchmarks/show_attend_tell_steps.py holds it against a plain loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ATTENTIONS = ("soft", "hard", "none")
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}
GATES = ("scalar", "vector", "none")
OUTPUTS = ("deep", "simple")


class Sizes(Protocol):
    """The fields of a Config that the decoder reads."""

    attention: str
    attention_units: int
    attention_layers: int
    attention_activation: str
    gate: str
    output: str
    init_layers: int
    word_dim: int
    hidden: int
    dropout: float
    init_std: float


class State(NamedTuple):
    h: Tensor  # [N, hidden]
    c: Tensor

    def of(self, rows: Tensor) -> State:
        return State(self.h[rows], self.c[rows])


class Seen(NamedTuple):
    """An image, before the first word."""

    a: Tensor  # [N, L, D]
    keys: Tensor  # what the scores need of them [N, L, K]
    state: State

    def times(self, n: int) -> Seen:
        """Each image n times, one behind the other."""
        a, keys, *state = (part.repeat_interleave(n, 0) for part in (self.a, self.keys, *self.state))
        return Seen(a, keys, State(*state))


class Spoken(NamedTuple):
    """Of each word but the first."""

    logits: Tensor  # [N, T - 1, V]
    alpha: Tensor  # [N, T - 1, L]
    looked: Tensor  # the same of soft attention; s where hard attention was sampled


Look = Callable[[Tensor, int], Tensor]
"""alpha [N, L] before a word, and which word it is, from 0 -> how much of each place is read [N, L]"""


class Attention(nn.Module):
    """Scores of places by annotation and state: one hidden layer, or another one of the annotation before it. Eq. 4, 5."""

    def __init__(self, config: Sizes, dim: int) -> None:
        super().__init__()
        units = config.attention_units
        self.activation = ACTIVATIONS[config.attention_activation]
        self.annotation = nn.Linear(dim, units)
        self.deeper = nn.Linear(units, units) if config.attention_layers == 2 else None
        self.state = nn.Linear(config.hidden, units, bias=False)
        self.score = nn.Linear(units, 1, bias=False)  # a bias would move all scores of an image alike

    def keys(self, a: Tensor) -> Tensor:
        keys = self.annotation(a)
        return keys if self.deeper is None else self.deeper(keys).tanh()

    def forward(self, keys: Tensor, question: Tensor) -> Tensor:
        """alpha [N, L] of keys [N, L, K] and what the state asks [N, K]."""
        return self.score(self.activation(keys + question[:, None])).squeeze(2).softmax(1)


class Decoder(nn.Module):
    """Words by annotations. ``dim`` D, ``words`` in the vocabulary."""

    def __init__(self, config: Sizes, dim: int, words: int) -> None:
        super().__init__()
        self.config = config
        hidden, m = config.hidden, config.word_dim
        self.looks = config.attention != "none"
        self.embedding = nn.Embedding(words, m)
        self.of_word = nn.Linear(m, 4 * hidden)
        self.of_state = nn.Linear(hidden, 4 * hidden, bias=False)
        if self.looks:
            self.attend = Attention(config, dim)
            self.of_z = nn.Linear(dim, 4 * hidden, bias=False)
            gate = {"scalar": 1, "vector": dim, "none": 0}[config.gate]
            self.gate = nn.Linear(hidden, gate) if gate else None
            self.mean = nn.Linear(dim, dim) if config.init_layers == 2 else None
            self.first_h, self.first_c = nn.Linear(dim, hidden), nn.Linear(dim, hidden)
        else:
            self.image = nn.Linear(dim, m)
        self.deep = config.output == "deep"
        if self.deep:
            self.out_h = nn.Linear(hidden, m)
            self.out_z = nn.Linear(dim, m) if self.looks else None
        self.out = nn.Linear(m if self.deep else hidden, words)
        self.start(config.init_std)

    @torch.no_grad()
    def start(self, std: float) -> None:
        """Square weights orthogonal, those of the recurrent layer each of its four; others normal; biases 0."""
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                p.zero_()
            elif p is self.of_state.weight:
                for square in p.chunk(4):
                    nn.init.orthogonal_(square)
            elif p.shape[0] == p.shape[1]:
                nn.init.orthogonal_(p)
            else:
                nn.init.normal_(p, 0.0, std)

    def drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.config.dropout, self.training)

    def begin(self, a: Tensor) -> Seen:
        """What is computed once of annotations [N, L, D]."""
        mean = a.mean(1)
        if not self.looks:
            nothing = a.new_zeros(len(a), self.config.hidden)
            gates = self.of_word(self.image(mean))  # the image is the first word
            return Seen(a, a[:, :, :0], State(*lstm(gates, nothing)))
        if self.mean is not None:
            mean = self.drop(self.mean(mean).relu())
        h, c = (first(mean).tanh().to(a.dtype) for first in (self.first_h, self.first_c))
        return Seen(a, self.attend.keys(a), State(h, c))

    def heard(self, words: Tensor, first_is_none: bool) -> Tensor:
        """E y [N, T, m] of tokens [N, T]; ``first_is_none``: zeros for the first one."""
        found = self.embedding(words)
        return F.pad(found[:, 1:], (0, 0, 1, 0)) if first_is_none else found

    def of_states(self) -> tuple[Tensor, Tensor]:
        """Weights and biases of all maps of the last state, as of one map."""
        maps = [self.of_state]
        if self.looks:
            maps += [self.attend.state, *([] if self.gate is None else [self.gate])]
        biases = [m.weight.new_zeros(m.out_features) if m.bias is None else m.bias for m in maps]
        return torch.cat([m.weight for m in maps]), torch.cat(biases)

    def step(
        self, seen: Seen, state: State, gates: Tensor, maps: tuple[Tensor, Tensor], look: Look | None, t: int
    ) -> tuple[State, Tensor, Tensor, Tensor]:
        """The next state, alpha [N, L], how much of each place was read [N, L], and z [N, D]; ``gates`` [N, 4 H] of the word."""
        gates_of_h, question, beta = self._split(F.linear(state.h, *maps))
        gates = gates + gates_of_h
        if not self.looks:
            none = seen.a.new_zeros(len(seen.a), 0)
            return State(*lstm(gates, state.c)), none, none, none
        alpha = self.attend(seen.keys, question)
        looked = alpha if look is None else look(alpha, t)
        z = torch.bmm(looked[:, None], seen.a)[:, 0]
        if self.gate is not None:
            z = beta.sigmoid() * z
        h, c = lstm(gates + self.of_z(z), state.c)
        return State(h, c), alpha, looked, z

    def _split(self, of_h: Tensor) -> tuple[Tensor, ...]:
        sizes = [4 * self.config.hidden, self.config.attention_units if self.looks else 0]
        return of_h.split([*sizes, of_h.shape[1] - sum(sizes)], 1)

    def logits(self, h: Tensor, heard: Tensor, z: Tensor) -> Tensor:
        """Of states, words before and what was read, [..., hidden], [..., m] and [..., D]. Eq. 7."""
        h = self.drop(h)
        if not self.deep:
            return self.out(h)
        found = self.out_h(h) + heard
        if self.out_z is not None:
            found = found + self.out_z(z)
        return self.out(self.drop(found.tanh()))

    def forward(self, seen: Seen, words: Tensor, first_is_none: bool, look: Look | None = None) -> Spoken:
        """Of captions [N, T]: each word's logits by those before it."""
        heard, maps, state = self.heard(words[:, :-1], first_is_none), self.of_states(), seen.state
        found = []
        for t, gates in enumerate(self.of_word(heard).unbind(1)):
            state, *rest = self.step(seen, state, gates, maps, look, t)
            found.append((state.h, *rest))
        h, alpha, looked, z = (torch.stack(part, 1) for part in zip(*found, strict=True))
        return Spoken(self.logits(h, heard, z).to(seen.a.dtype), alpha, looked)


def lstm(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """State and cell [N, H] from all inputs [N, 4 H]: input, forget and output gate, and what may enter. Eq. 1 to 3."""
    opened, candidate = gates.to(cell.dtype).split([3 * cell.shape[1], cell.shape[1]], 1)
    enter, keep, show = opened.sigmoid().chunk(3, 1)
    cell = torch.addcmul(keep * cell, enter, candidate.tanh())
    return show * cell.tanh(), cell
