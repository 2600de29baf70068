"""Beam search over all images at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .networks import State

Advance = Callable[[Tensor, State], tuple[Tensor, State]]
"""The last words [rows], and the states before them -> log p of every next word [rows, V], states behind the last words"""


class Live(NamedTuple):
    """What is not ended yet: B captions of each of N images, those of one image in B rows."""

    score: Tensor  # log p [N, B], -inf where there is none
    words: Tensor  # [N, B, t]


def search(advance: Advance, state: State, n: int, beam: int, start: int, end: int, longest: int) -> Tensor:
    """The most probable captions found, [N, T] ids, ``end`` included where they end, then 0.

    ``state`` has N * beam rows. At each word the best continuations of an image's live captions are kept, ``beam`` less those
    that have ended. The most probable of those that ended is taken, or of those still live at ``longest`` ids; a caption's
    length counts for nothing.
    """
    device, every = state.h.device, torch.arange(n, device=state.h.device)
    score = torch.full((n, beam), -torch.inf, device=device)
    score[:, 0] = 0.0  # all rows of an image are alike at first
    live = Live(score, torch.zeros(n, beam, 0, dtype=torch.int64, device=device))
    left = torch.full((n, 1), beam, device=device)
    best, written = (
        torch.full((n,), -torch.inf, device=device),
        torch.zeros(n, longest, dtype=torch.int64, device=device),
    )
    last = torch.full((n * beam,), start, device=device)
    for t in range(longest):
        log_p, state = advance(last, state)
        words = log_p.shape[1]
        score, found = (live.score[:, :, None] + log_p.view(n, beam, words)).flatten(1).topk(beam, 1)
        score = score.masked_fill(torch.arange(beam, device=device) >= left, -torch.inf)
        source, word = found // words, found % words
        so_far = torch.cat([live.words.gather(1, source[:, :, None].expand(-1, -1, t)), word[:, :, None]], 2)
        ended = (word == end) & (score > -torch.inf)
        best, written = better(best, written, score.masked_fill(~ended, -torch.inf), so_far)
        left = left - ended.sum(1, keepdim=True)
        live = Live(score.masked_fill(ended, -torch.inf), so_far)
        if not bool((live.score.amax(1) > best).any()):  # no caption becomes more probable by being longer
            break
        state, last = state.of((every[:, None] * beam + source).flatten()), word.flatten()
    else:
        best, written = better(best, written, live.score, live.words)
    return written[:, : int((written != 0).sum(1).max())]


def better(best: Tensor, written: Tensor, score: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
    """The best score [N] and caption [N, longest] after those of ``score`` [N, B] and ``words`` [N, B, t] are considered."""
    top, slot = score.max(1)
    padded = torch.zeros_like(written)
    padded[:, : words.shape[2]] = words[torch.arange(len(words), device=words.device), slot]
    return torch.maximum(best, top), torch.where((top > best)[:, None], padded, written)
