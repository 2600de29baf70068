"""The reader of captions whose last state is wanted: PyTorch's own GRU in values and in gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from redraw.blocks.recurrent import last_state


def asked(dtype: torch.dtype, batch_first: bool = True):
    """A GRU, the vectors of 9 words, and 7 captions of 1 to 6 words."""
    torch.manual_seed(0)
    gru, words = nn.GRU(4, 5, batch_first=batch_first).to(dtype), torch.randn(9, 4, dtype=dtype, requires_grad=True)
    return gru, words, torch.randint(0, 9, (7, 6)), torch.tensor([1, 6, 3, 2, 6, 5, 4])


def by_pytorch(gru: nn.GRU, words: torch.Tensor, tokens: torch.Tensor, n_words: torch.Tensor) -> torch.Tensor:
    """Each caption alone, without what stands behind it."""
    rows = [words[row[:n]] for row, n in zip(tokens, n_words.tolist(), strict=True)]
    return torch.cat([gru(row[:, None] if not gru.batch_first else row[None])[1][0] for row in rows])


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
def test_values_and_gradients_are_pytorchs(dtype, error, batch_first):
    gru, words, tokens, n_words = asked(dtype, batch_first)
    weights, up = [words, *gru.parameters()], torch.randn(7, 5, dtype=dtype)
    found, expected = last_state(gru, words, tokens, n_words), by_pytorch(gru, words, tokens, n_words)
    torch.testing.assert_close(found, expected, rtol=0, atol=error)
    gradients = [torch.autograd.grad((state * up).sum(), weights) for state in (found, expected)]
    for one, other in zip(*gradients, strict=True):
        assert other.abs().max() > 0.01
        torch.testing.assert_close(one, other, rtol=0, atol=10 * error)


def test_the_way_back_is_the_gradient():
    gru, words, tokens, n_words = asked(torch.float64)
    fixed = words.detach()
    assert torch.autograd.gradcheck(
        lambda hidden, bias: torch.func.functional_call(
            _Reads(gru), {"gru.weight_hh_l0": hidden, "gru.bias_hh_l0": bias}, (fixed, tokens, n_words)
        ),
        (gru.weight_hh_l0.detach().requires_grad_(), gru.bias_hh_l0.detach().requires_grad_()),
    )


class _Reads(nn.Module):
    def __init__(self, gru: nn.GRU) -> None:
        super().__init__()
        self.gru = gru

    def forward(self, *rest: torch.Tensor) -> torch.Tensor:
        return last_state(self.gru, *rest)


@pytest.mark.parametrize("batch_first", [True, False])
def test_in_bfloat16_pytorchs_own_reads(batch_first):
    gru, words, tokens, n_words = asked(torch.float32, batch_first)
    expected = last_state(gru, words, tokens, n_words)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = last_state(gru, words, tokens, n_words)
    assert not torch.equal(found.float(), expected)
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=0.03)
