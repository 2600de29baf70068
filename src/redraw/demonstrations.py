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


def displaced_windows() -> dict[str, str]:
    """DRAW-1: where the middle of a window lies whose numbers ask for the middle of the image, and how far apart filters are."""
    import torch

    from .blocks.windows import AS_WRITTEN, ERICJANG, TEXT2IMAGE, filters

    found = {}
    released = {
        "ericjang/draw": (ERICJANG, 28, 5),
        "text2image, MNIST": (TEXT2IMAGE, 60, 8),
        "text2image, COCO": (TEXT2IMAGE, 32, 9),
    }
    for name, (grid, side, n) in released.items():
        apart = (side - 1) / (n - 1) / 4  # a quarter of the start's distance, so that all filters lie on the image
        numbers = (torch.tensor([v]) for v in ((side + 1) / 2, apart, 0.25))
        centre, delta, sigma2 = numbers
        pixels = torch.arange(side) - (side - 1) / 2  # from the image's middle
        asked, got = (
            float((filters(centre, delta, sigma2, n, side, g) * pixels).sum() / n) for g in (AS_WRITTEN, grid)
        )
        found[f"{name}: {n} filters on {side} pixels, {apart:.2f} pixels apart"] = (
            f"middle at {asked:+.2f} pixels as written, {got:+.2f} as released"
        )
    return found


def divergence_constant() -> dict[str, str]:
    """DRAW-2: the divergence of latents that say nothing, as written and as ericjang/draw logs it, before and since July 2017."""
    import torch

    from .papers.draw import divergence

    found = {}
    for steps, latents in ((10, 10), (64, 100)):
        nothing = torch.zeros(steps, latents)
        right = float(divergence(nothing, nothing).sum())
        without = right + steps * latents / 2
        logged = f"logged as {without - steps * steps / 2:g} at first, as {without - steps / 2:g} since"
        found[f"{steps} steps, {latents} latents with the prior's own distribution"] = f"{right:g} nats, {logged}"
    return found


def batch_reversed_captions() -> dict[str, str]:
    """ALIGN-2: how much of a word's features changes with which other words, in a network of random weights."""
    import torch

    from .papers.align_draw.text import Language, partners

    torch.manual_seed(0)
    language = Language(100, 128)
    for parameter in language.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    tokens = torch.randint(1, 100, (100, 12))
    first, last, others = tokens.clone(), tokens.clone(), torch.cat([tokens[:1], torch.randint(1, 100, (99, 12))])
    first[0, 0], last[0, -1] = tokens[0, 0] % 99 + 1, tokens[0, -1] % 99 + 1
    readings = {
        "as written": lambda asked: language(asked),
        "as released, in training": lambda asked: language(asked, partners(asked)),
        "as released, in samples": lambda asked: language(asked, torch.arange(100)),
    }
    changes = {  # and the word whose features are looked at
        "the caption's first word, of the last": (first, -1),
        "its last word, of the first": (last, 0),
        "all other captions of the batch, of the first": (others, 0),
    }
    found = {}
    with torch.no_grad():
        for name, read in readings.items():
            whole = read(tokens)[0]
            moved = {what: read(changed)[0, k] != whole[k] for what, (changed, k) in changes.items()}
            found[name] = "; ".join(f"{what}: {100 * units.float().mean():.0f} %" for what, units in moved.items())
    return found


def doubly_stochastic_readings() -> dict[str, str]:
    """SAT-1: the doubly stochastic term of places looked at evenly, and how much it asks for another share of one of them."""
    import torch

    from .papers.show_attend_tell.captioner import doubly_stochastic

    captions, words, places = 64, 12, 196
    readings = {
        "as written": "paper",
        "arctic-captions": "arctic",
        "sgrvinod, AaronCCWong": "mean",
        "yunjey": "sixteenth",
    }
    found, slopes = {}, []
    for name, reading in readings.items():
        alpha = torch.full((captions, words, places), 1 / places, requires_grad=True)
        term = doubly_stochastic(alpha, reading)
        term.backward()
        slopes.append(float(alpha.grad[0, 0, 0]))
        found[f"alpha_c 1, {name}"] = (
            f"adds {float(term.detach()):.3g}; its slope is {slopes[-1] / slopes[0]:.3g} of eq. 14's"
        )
    return found
