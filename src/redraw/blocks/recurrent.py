"""A recurrent reader of captions of a fixed vocabulary, whose last state alone is wanted: many small steps, made cheap."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def last_state(gru: nn.GRU, words: Tensor, tokens: Tensor, n_words: Tensor) -> Tensor:
    """The state [N, H] of a one-layer ``gru`` after the last word of each caption; what stands behind it is not read.

    ``words`` [V, D]: what the GRU reads for each of the vocabulary's words. ``tokens`` [N, T], ``n_words`` [N] from 1 to T.
    On a CPU in float32 the input gates are looked up instead of multiplied, and the way back is written out, which spares most
    of the time of a small GRU; elsewhere it is PyTorch's. Both are the same but for rounding.
    """
    assert tokens.ndim == 2 and n_words.shape == tokens.shape[:1] and gru.num_layers == 1 and not gru.bidirectional
    kind = tokens.device.type
    if kind != "cpu" or torch.is_autocast_enabled(kind) or torch.compiler.is_compiling():
        states, _ = gru(words[tokens]) if gru.batch_first else gru(words[tokens.T])
        states = states if gru.batch_first else states.transpose(0, 1)  # [N, T, H]
        return states[torch.arange(len(tokens), device=tokens.device), n_words - 1]
    gates = F.embedding(tokens.T, F.linear(words, gru.weight_ih_l0, gru.bias_ih_l0))  # [T, N, 3 H]
    return _LastState.apply(gates, gru.weight_hh_l0, gru.bias_hh_l0, n_words)


class _LastState(Function):
    """r, u = sigmoid(x + W h + b); m = tanh(x + r (W h + b)); h <- m + u (h - m), each with its third of x, W and b."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, n_words: Tensor) -> Tensor:
        steps, n, width = len(x), x.shape[1], weight.shape[1]
        h, own = x.new_zeros(steps + 1, n, width), torch.empty_like(x)
        ru, m = x.new_empty(steps, n, 2 * width), x.new_empty(steps, n, width)
        (x_ru, x_m), (own_ru, own_m) = (v.split([2 * width, width], 2) for v in (x, own))
        r, u = ru.split(width, 2)
        every = (v.unbind() for v in (h[:-1], own, x_ru, own_ru, ru, x_m, r, own_m, m, u, h[1:]))
        into = weight.T
        for h_t, own_t, x_ru_t, own_ru_t, ru_t, x_m_t, r_t, own_m_t, m_t, u_t, next_h in zip(*every, strict=True):
            torch.addmm(bias, h_t, into, out=own_t)
            torch.add(x_ru_t, own_ru_t, out=ru_t).sigmoid_()
            torch.addcmul(x_m_t, r_t, own_m_t, out=m_t).tanh_()
            torch.lerp(m_t, h_t, u_t, out=next_h)
        ctx.save_for_backward(h, own, ru, m, weight, n_words)
        return h[n_words, torch.arange(n)]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, last: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        h, own, ru, m, weight, n_words = ctx.saved_tensors
        steps, n, width = m.shape
        r, u = ru.split(width, 2)
        # What a change of the state says of each gate's input, for all steps at once.
        of_u = (h[:-1] - m) * u * (1 - u)
        of_m = (1 - u) * (1 - m.square())
        of_r = of_m * own[:, :, 2 * width :] * r * (1 - r)
        slope = torch.cat([of_r, of_u, of_m * r], 2).view(steps, n, 3, width)
        back = last.new_empty(steps, n, 3, width)  # the change of W h + b
        states = last.new_zeros(steps + 1, n, width)  # and of each state
        states[n_words, torch.arange(n)] = last
        every = (v.unbind() for v in (states[:-1], states[1:], u, slope, back, back.view(steps, n, -1)))
        for before, state, u_t, slope_t, back_t, flat_t in reversed([*zip(*every, strict=True)]):
            torch.mul(slope_t, state[:, None], out=back_t)
            before.addcmul_(state, u_t).addmm_(flat_t, weight)
        into = torch.cat([back[:, :, :2].reshape(steps, n, -1), states[1:] * of_m], 2)
        flat = back.view(steps * n, -1)
        return into, flat.T @ h[:-1].reshape(steps * n, width), flat.sum(0), None
