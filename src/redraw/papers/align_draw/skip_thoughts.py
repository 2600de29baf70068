"""Skip-Thought Vectors (Kiros, Zhu, Salakhutdinov, Zemel, Torralba, Urtasun, Fidler; NIPS 2015): what a sentence is, told by its
neighbours.

A recurrent encoder reads a sentence; from its last state two decoders write the sentence before and the one behind. The
encoder is kept. skipthoughtDRAW, both variational autoencoders, LAPGAN and the sharpener are conditioned on its vectors.

Glossary
    x        word vectors of a sentence                                          [N, T, W]
    h        the encoder's last state                                            [N, D]
    uni-skip one GRU of 2,400 units
    bi-skip  two of 1,200, one of which reads backwards
    combine-skip   both, each divided by its length, one behind the other        text(tokens) [N, 4800]

The GRU is the library's with its second bias held at 0: reset and update gate, candidate tanh(W x + r * (U h) + b), state
u * h + (1 - u) * candidate (ryankiros/skip-thoughts@6661cad, skipthoughts.py).

As written: the paper was not read here.
    * Each step of a decoder sees the word before and h, by a matrix of its own in all three parts (recalled). The released
      training code begins a decoder with h as its state instead, and shows it no more.
    * Both decoders share the map from states to words; uni-skip and bi-skip are trained apart: they share no weights, and
      gradients are clipped for each by itself, at 10 (recalled; released training code: 5).
    * Training sees an end after each sentence, encoding does not (released; the captions here end with a full stop).
      Longer sentences than 30 words are not trained on (released code); here only their first words are.

The authors' vectors were trained on 74 million sentences of books, whose neighbours are the sentences before and behind, and
their 20,000 words were stretched to 930,911 by a linear map from word2vec; the released tables hold the result. A run of
stage import takes the rows of its own vocabulary, and UNK for a word that they have not.

Ours, below that: captions of COCO have no order, so that the neighbours of a caption are two other captions of the same
image. That is another task: what the sentences share is the image. A short training first teaches the decoders alone
(``decoders_first``): they learn which words are frequent from whatever tells them so, and an encoder that learns with them from
the start becomes one large constant, in which captions hardly differ.

Silences filled from the released training code: uniform word vectors and input weights, orthogonal recurrent ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from ...blocks.adversarial import adam
from ...blocks.captions import draw_distinct_captions
from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Schedule, Step

END, UNKNOWN = "<eos>", "UNK"  # in the released dictionary


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in align_draw.yaml."""

    word_dim: int  # W
    uni_dim: int  # units of uni-skip
    bi_dim: int  # units of bi-skip in each direction
    longest: int  # words of a sentence that are trained on, the first ones
    decoders_first: int  # steps in which the decoders learn alone, the encoders being as they started
    decoders: bool  # false: encoders alone, for weights that are imported
    init_uniform: float  # word vectors and input weights start uniform between minus and plus this
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float
    clip: float  # largest norm of the gradient of each of the two models


def gru(inputs: int, dim: int, both: bool, init_uniform: float) -> nn.GRU:
    """Of the paper's form: one bias. Recurrent weights orthogonal gate by gate, as square input weights are."""
    found = nn.GRU(inputs, dim, batch_first=True, bidirectional=both)
    for name, weight in found.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(weight)
            weight.requires_grad_(not name.startswith("bias_hh"))
            continue
        for gate in weight.data.chunk(3):
            if gate.shape[0] == gate.shape[1]:
                nn.init.orthogonal_(gate)
            else:
                nn.init.uniform_(gate, -init_uniform, init_uniform)
    return found


class Encoder(nn.Module):
    """tokens [N, T], 0 behind the last word -> h [N, D], or [N, 2 D] of both directions."""

    def __init__(self, words: int, word_dim: int, dim: int, both: bool, init_uniform: float) -> None:
        super().__init__()
        self.table = nn.Embedding(words, word_dim)
        nn.init.uniform_(self.table.weight, -init_uniform, init_uniform)
        self.gru = gru(word_dim, dim, both, init_uniform)

    def forward(self, tokens: Tensor, end: bool) -> Tensor:
        """``end``: the sentence's end is read, too. A caption none of whose words is known reads as an end."""
        _, last = self.gru(packed(self.table(tokens), (tokens != 0).sum(1) + end))
        return last.transpose(0, 1).flatten(1)


class Decoders(nn.Module):
    """The sentences before and behind, word by word, from the state of the one between them."""

    def __init__(self, words: int, word_dim: int, dim: int, init_uniform: float) -> None:
        super().__init__()
        self.before, self.behind = (gru(word_dim + dim, dim, False, init_uniform) for _ in range(2))
        self.to_words = nn.Linear(dim, words)
        nn.init.uniform_(self.to_words.weight, -init_uniform, init_uniform)
        nn.init.zeros_(self.to_words.bias)

    def forward(self, encoder: Encoder, sentences: Tensor, alone: bool = False) -> Tensor:
        """Nats of both neighbours, ends included, sum over a batch. ``sentences`` [N, 3, T]: before, own, behind; their last
        column is 0. ``alone``: the encoder's recurrence learns nothing from it."""
        before, own, behind = sentences.unbind(1)
        h = encoder(own, end=True)
        h = h.detach() if alone else h
        return self.nats(self.before, encoder.table, before, h) + self.nats(self.behind, encoder.table, behind, h)

    def nats(self, decoder: nn.GRU, table: nn.Embedding, sentence: Tensor, h: Tensor) -> Tensor:
        seen = F.pad(table(sentence[:, :-1]), (0, 0, 1, 0))
        seen = torch.cat([seen, h[:, None].expand(-1, seen.shape[1], -1)], 2)
        lengths = (sentence != 0).sum(1) + 1
        states, _ = decoder(packed(seen, lengths))
        return F.cross_entropy(self.to_words(states.data), packed(sentence, lengths).data, reduction="sum")


def packed(rows: Tensor, lengths: Tensor) -> PackedSequence:
    return pack_padded_sequence(rows, lengths.clamp(min=1).cpu(), True, enforce_sorted=False)


class SkipThoughts(Recipe):
    """combine-skip: ``text`` and ``embedding_dim`` are what models conditioned on it read."""

    Config = Config
    reads = ("captions",)

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if len(about.vocabulary) < 2 or all(len(word) == 1 for word in about.vocabulary[1:]):
            raise RedrawError("skip_thoughts: its captions must be words: give its tokens tokenizer: align_draw")
        self.vocabulary, words, init = about.vocabulary, len(about.vocabulary), config.init_uniform
        self.uni = Encoder(words, config.word_dim, config.uni_dim, False, init)
        self.bi = Encoder(words, config.word_dim, config.bi_dim, True, init)
        self.decoders = nn.ModuleDict()
        if config.decoders:
            for name, dim in (("uni", config.uni_dim), ("bi", 2 * config.bi_dim)):
                self.decoders[name] = Decoders(words, config.word_dim, dim, init)
        self.optimizers = {n: adam(nn.ModuleList([getattr(self, n), d]), config) for n, d in self.decoders.items()}

    @property
    def embedding_dim(self) -> int:
        """Width of ``text``."""
        return self.config.uni_dim + 2 * self.config.bi_dim

    def text(self, tokens: Tensor) -> Tensor:
        """Combined vectors [N, embedding_dim] of tokens [N, T]; each half has length 1."""
        return torch.cat([F.normalize(part(tokens, end=False), dim=1) for part in (self.uni, self.bi)], 1)

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``text_embedding`` [N, E] where there are tokens."""
        return {"text_embedding": self.text(batch["tokens"])} if "tokens" in batch else {}

    def losses(self, batch: Batch, alone: bool = False) -> tuple[dict[str, Tensor], Tensor]:
        """Nats of each model, sum over the batch, and how many words they are of."""
        if not self.optimizers:
            raise RedrawError("skip_thoughts, decoders: false: there is nothing to train: give decoders: true")
        sentences = F.pad(draw_distinct_captions(batch["captions"], 3)[..., : self.config.longest], (0, 1))
        words = (sentences[:, ::2] != 0).sum() + 2 * len(sentences)
        return {
            name: decoders(getattr(self, name), sentences, alone) for name, decoders in self.decoders.items()
        }, words

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        losses, words = self.losses(batch, alone=at.index < self.config.decoders_first)
        for name, loss in losses.items():
            optimizer = self.optimizers[name]
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], self.config.clip)
            optimizer.step()
        return {f"{name}_nats_per_word": loss.detach() / words for name, loss in losses.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """``nats_per_word`` of both models, their sum ``nats_per_word``; ``error``: percent of captions whose nearest among the
        batch's other captions, one an image, is not of their own image."""
        losses, words = self.losses(batch)
        found = {f"{name}_nats_per_word": loss / words for name, loss in losses.items()}
        pairs = draw_distinct_captions(batch["captions"], 2)
        first, second = self.text(pairs.flatten(0, 1)).view(*pairs.shape[:2], -1).unbind(1)
        own = torch.arange(len(first), device=first.device)
        error = 100 * ((second @ first.T).argmax(1) != own).float().mean()
        return {**found, "nats_per_word": sum(found.values()), "error": error}

    def selected(self, files: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Mapping[str, Tensor]]:
        """Of the released ``files`` by role what this vocabulary needs: of both tables its rows, by the dictionary.

        Raises RedrawError where the dictionary is not that of the tables.
        """
        lines = files["dictionary"]["letters"].numpy().tobytes().decode().removesuffix("\n").split("\n")
        rows = {word.strip(): k for k, word in enumerate(lines)}
        taken = {role: files[role] for role in ("uni", "bi")}
        for role in ("uni_words", "bi_words"):
            table = files[role]["weight"]
            if len(table) != len(lines) or END not in rows or UNKNOWN not in rows:
                raise RedrawError(
                    f"skip_thoughts, {role}: {len(table)} rows, the dictionary has {len(lines)} words: give the two that "
                    f"were released together, with {END} and {UNKNOWN} among the words"
                )
            wanted = [rows[END], *(rows.get(word, rows[UNKNOWN]) for word in self.vocabulary[1:])]
            taken[role] = {"weight": table[torch.tensor(wanted)]}
        return taken
