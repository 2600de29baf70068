"""What the image model is told of the caption: the words' features, looked at anew at each step, or one vector.

A part has ``told(tokens) -> Told`` once a caption, ``dim`` S, and ``asked`` A, the width of what it is asked at each step
(0: nothing); ``look(told, question) -> (s [N, S], alpha [N, T] or None)`` at each step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class Told(NamedTuple):
    """Of N captions of T words each, or of N vectors (then T is 1 and there are no keys)."""

    features: Tensor  # h^lang [N, T, S]
    keys: Tensor | None = None  # U h^lang [N, T, A]
    mask: Tensor | None = None  # [N, T], -inf where there is no word, else 0

    def rows(self, index: Tensor) -> Told:
        """Of captions ``index`` [M]."""
        return Told(*(None if part is None else part[index] for part in self))


def _cell(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """h, the new cell, and what ``_back`` needs."""
    d = cell.shape[-1]
    opened, candidate = gates.sigmoid(), gates[..., 2 * d : 3 * d].tanh()
    into, forget, _, out = opened.split(d, -1)
    new = torch.addcmul(forget * cell, into, candidate)
    bounded = new.tanh()
    return out * bounded, new, (opened, candidate, cell, bounded)


def _back(of_h: Tensor, of_new: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Gradients of gates and cell."""
    opened, candidate, cell, bounded = kept
    d = cell.shape[-1]
    into, forget, _, out = opened.split(d, -1)
    of_cell = torch.addcmul(of_new, of_h * out, 1 - bounded.square())
    of_gates = torch.cat([of_cell * candidate, of_cell * cell, of_cell, of_h * bounded], -1)
    slope = opened * (1 - opened)
    slope[..., 2 * d : 3 * d] = into * (1 - candidate.square())
    return of_gates * slope, of_cell * forget


class _Cell(torch.autograd.Function):
    """An LSTM's element-wise part as one node: at these sizes the graph's bookkeeping costs more than the arithmetic."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        h, new, kept = _cell(gates, cell)
        ctx.save_for_backward(*kept)
        ctx.dtypes = gates.dtype, cell.dtype
        return h, new

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_h: Tensor, of_new: Tensor) -> tuple[Tensor, Tensor]:
        of_gates, of_cell = _back(of_h, of_new, ctx.saved_tensors)
        return of_gates.to(ctx.dtypes[0]), of_cell.to(ctx.dtypes[1])


def lstm(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """h, c [..., D] of gates [..., 4 D] (input, forget, candidate, output) and the cell before; no peepholes."""
    return _Cell.apply(gates, cell)


class _Recurrence(torch.autograd.Function):
    """LSTMs over whole sequences as one node: inputs [B, N, T, 4 D], weight [B, D, 4 D], start [B, N, D] -> [B, N, T, D].

    B of them, each with a weight of its own, whose gradient is one product over all steps.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, start: Tensor) -> Tensor:
        h, cell, states, ctx.kept = start, torch.zeros_like(start), [start], []
        for given in inputs.unbind(2):
            h, cell, kept = _cell(torch.baddbmm(given, h, weight), cell)
            states.append(h)
            ctx.kept.append(kept)
        states = torch.stack(states, 2)
        ctx.save_for_backward(weight, states)
        return states[:, :, 1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weight, states = ctx.saved_tensors
        of_h = of_cell = torch.zeros_like(states[:, :, 0])
        of_inputs = []
        for of_state, kept in zip(reversed(of_states.unbind(2)), reversed(ctx.kept), strict=True):
            of_gates, of_cell = _back(of_state + of_h, of_cell, kept)
            of_h = torch.bmm(of_gates, weight.mT)
            of_inputs.append(of_gates)
        of_inputs = torch.stack(of_inputs[::-1], 2)
        of_weight = torch.bmm(states[:, :, :-1].flatten(1, 2).mT, of_inputs.flatten(1, 2))
        return of_inputs, of_weight, of_h


class Language(nn.Module):
    """Captions [N, T], 0 behind their ends -> h^lang [N, T, 2 U], both directions of an LSTM; zeros where no word is.

    A word's row of ``forward_words`` is what a one-hot vector times the released input matrix would give. Both directions
    run at once, and start from one learned state.
    """

    def __init__(self, vocabulary: int, units: int) -> None:
        super().__init__()
        self.forward_words = nn.Embedding(vocabulary, 4 * units)
        self.forward_state = nn.Linear(units, 4 * units)
        self.backward_words = nn.Embedding(vocabulary, 4 * units)
        self.backward_state = nn.Linear(units, 4 * units)
        self.start = nn.Parameter(torch.zeros(units))

    def forward(self, tokens: Tensor, partner: Tensor | None = None) -> Tensor:
        """With ``partner`` [N] (D1) the second half are features of caption ``partner``, read from the left, too."""
        there = tokens != 0
        back = reversal(there)
        second = tokens.gather(1, back) if partner is None else tokens[partner]
        inputs = torch.stack([self.forward_words(tokens), self.backward_words(second)])  # [2, N, T, 4 U]
        weight = torch.stack([self.forward_state.weight, self.backward_state.weight]).mT  # [2, U, 4 U]
        inputs = inputs + torch.stack([self.forward_state.bias, self.backward_state.bias])[:, None, None]
        start = self.start.expand(2, len(tokens), -1)
        with torch.autocast(tokens.device.type, enabled=False):
            first, second = _Recurrence.apply(inputs, weight, start).unbind(0)  # [N, T, U]
        if partner is None:
            second = second.gather(1, back[:, :, None].expand_as(second))
        return torch.cat([first, second], 2) * there[:, :, None]


def reversal(there: Tensor) -> Tensor:
    """[N, T] places: words of each caption in reverse, what lies behind its end left where it is."""
    place = torch.arange(there.shape[1], device=there.device).expand_as(there)
    return torch.where(there, there.sum(1, keepdim=True) - 1 - place, place)


def partners(tokens: Tensor) -> Tensor:
    """[N]: the caption that a batch in reverse puts at each one's place, among the captions [N, T] of the same length.

    As released a batch has captions of one length (D1). Here those of each length are such a batch.
    """
    order = (tokens != 0).sum(1).argsort(stable=True)
    lengths = (tokens != 0).sum(1)[order]
    place = torch.arange(len(tokens), device=tokens.device)
    same = lengths[:, None] == lengths
    mirrored = same.long().argmax(1) + same.sum(1) - 1 - (place - same.long().argmax(1))
    return torch.empty_like(order).scatter_(0, order, order[mirrored])


class Alignment(nn.Module):
    """s = sum of alpha_k h_k^lang, alpha_k proportional to exp(v^T tanh(U h_k^lang + W h^gen + b)).

    The question is W h^gen + b, [N, A]: draw.py has W and b, so that one product gives all that h^gen is asked for.
    """

    def __init__(self, vocabulary: int, units: int, asked: int) -> None:
        super().__init__()
        self.language = Language(vocabulary, units)
        self.words = nn.Linear(2 * units, asked, bias=False)  # U
        self.v = nn.Parameter(torch.empty(asked))
        self.dim, self.asked = 2 * units, asked

    def told(self, tokens: Tensor, partner: Tensor | None = None) -> Told:
        features = self.language(tokens, partner)
        mask = torch.zeros_like(features[:, :, 0]).masked_fill_(tokens == 0, -torch.inf)
        return Told(features, self.words(features), mask)

    def look(self, told: Told, question: Tensor) -> tuple[Tensor, Tensor]:
        scores = (told.keys + question[:, None]).tanh() @ self.v + told.mask  # [N, T]
        alpha = scores.softmax(1)
        return torch.bmm(alpha[:, None], told.features)[:, 0], alpha


class Sentence(nn.Module):
    """noalignDRAW: the same language model; the last states of both directions at every step."""

    def __init__(self, vocabulary: int, units: int) -> None:
        super().__init__()
        self.language = Language(vocabulary, units)
        self.dim, self.asked = 2 * units, 0

    def told(self, tokens: Tensor, partner: Tensor | None = None) -> Told:
        features = self.language(tokens, partner)
        units = self.dim // 2
        last = (tokens != 0).sum(1) - 1
        rows = torch.arange(len(tokens), device=tokens.device)
        end = last if partner is not None else torch.zeros_like(last)  # where the second direction ends
        return Told(torch.cat([features[rows, last, :units], features[rows, end, units:]], 1)[:, None])

    def look(self, told: Told, question: Tensor) -> tuple[Tensor, None]:
        return told.features[:, 0], None


class Vector(nn.Module):
    """skipthoughtDRAW: vectors [N, S] made elsewhere, the same at every step."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim, self.asked = dim, 0

    def look(self, told: Told, question: Tensor) -> tuple[Tensor, None]:
        return told.features[:, 0], None
