"""Findings about released code that anybody can run: what a recipe does with and without it. See `redraw finding ID`."""

from __future__ import annotations


def interpolation_weight() -> dict[str, str]:
    """GAN-INT-CLS-1: the gradient that one drawn and one interpolated caption get, each in units of a mean of its own."""
    import torch

    from .papers.gan_int_cls import generator_loss

    found = {}
    for name, one_mean in (("a mean each (eq. 5)", False), ("one mean over all (released)", True)):
        logits = torch.zeros(96, requires_grad=True)
        generator_loss(logits, 64, weight=1.0, one_mean=one_mean).backward()
        unit = 0.5  # the slope of -log sigmoid at 0
        drawn, between = (float(-part.sum()) / unit for part in (logits.grad[:64], logits.grad[64:]))
        found[name] = f"drawn captions {drawn:.3f}, interpolated ones {between:.3f}, ratio {between / drawn:.2f}"
    return found


def silent_extra_fakes() -> dict[str, str]:
    """GAN-INT-CLS-2: how far images of drawn captions move when others, of weight 0, are normalised together with them."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)).train()
    embeddings = torch.randn(64, 8)
    with torch.no_grad():
        alone = layer(embeddings)
        together = layer(torch.cat([embeddings, 0.5 * (embeddings[:32] + embeddings[32:])]))[:64]
        gap, size = (together - alone).square().mean().sqrt(), alone.square().mean().sqrt()
    return {
        "a normalised layer, 64 rows alone against 64 rows beside 32 interpolated ones": f"differ by {100 * gap / size:.0f} %"
    }
