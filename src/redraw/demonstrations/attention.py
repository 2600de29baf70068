"""Word attention and the DAMSM: masks, scores, regions, what an encoder is shown; as written and as released."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor

from ..blocks.attentional import attended
from ..papers.damsm import ImageEncoder, InceptionEncoder, region_attention, word_scores
from . import setting

TRAINING_IMAGES = 8855  # of CUB


def tiled_masks() -> dict[str, str]:
    """ATTNGAN-3, DM-GAN-1: where attention goes when masks are repeated in the wrong order, in a batch of captions."""
    batch, words, side, found = int(setting("attngan", "AttnGAN", "batch_size")), 18, 16, {}
    torch.manual_seed(0)
    lengths = {
        "5 to 18 words": torch.randint(5, words + 1, (batch,)),
        "12 words each": torch.full((batch,), 12),
        "5 to 18 words, one caption at a time": torch.randint(5, words + 1, (1,)),
    }
    for name, length in lengths.items():
        n = len(length)
        h, keys = torch.randn(n, 32, side, side), torch.randn(n, 32, words)
        absent = torch.arange(words) >= length[:, None]  # no word there
        keys = keys.masked_fill(absent[:, None], 0.0)  # as the text encoder leaves them
        right, seen = attended(h, keys, keys, absent, in_turn=False)
        context, alpha = attended(h, keys, keys, absent, in_turn=True)
        hidden = ((alpha.flatten(2) == 0) & ~absent[:, :, None]).sum() / (seen.flatten(2) > 0).sum()
        on_none = (alpha.flatten(2) * absent[:, :, None]).sum(1).mean()
        moved = (context - right).norm() / right.norm()
        found[f"{n} captions of {name}" if n > 1 else name] = (
            f"as released {100 * hidden:.0f} % of the words are hidden from a place, {100 * on_none:.1f} % of the attention goes "
            f"to where no word is, and what is looked up moves by {100 * moved:.0f} % of its size"
        )
    return found


def missing_exponent() -> dict[str, str]:
    """ATTNGAN-4: scores of the same pairs with the exponent 1 / gamma_2 and without, and what a softmax makes of them."""
    gammas = [float(setting("attngan", "DAMSM", f"gamma{k}")) for k in (1, 2, 3)]
    torch.manual_seed(0)
    regions, words = torch.randn(48, 64, 49), torch.randn(48, 64, 12)
    mask, scores, found = torch.zeros(48, 12, dtype=torch.bool), [], {}
    for name, exponent in (("as written", True), ("as released", False)):
        score, _ = word_scores(regions, words, mask, *gammas[:2], exponent)
        scores.append(score)
        best = (gammas[2] * score).softmax(1).amax(1).mean()
        found[name] = (
            f"scores of random pairs spread by {score.std():.3f}; gamma_3 {gammas[2]:g} times them gives the likeliest of 48 "
            f"captions {100 * best:.0f} %"
        )
    ratio = float(scores[1].std() / scores[0].std())
    found["as released, gamma_3 acts as"] = f"{gammas[2] * ratio:g}, {ratio:g} times as sharp"
    return found


def first_word_left_out() -> dict[str, str]:
    """ATTNGAN-6: how far R(Q, D) moves with another first or last word of six, where its sum begins at 0 and at 1."""
    gamma1, gamma2 = (float(setting("attngan", "DAMSM", f"gamma{k}")) for k in (1, 2))
    torch.manual_seed(0)
    regions, mask, found = torch.randn(64, 49), torch.zeros(1, 6, dtype=torch.bool), {}

    def score(e: Tensor, first: int) -> Tensor:
        alpha = region_attention((e.T @ regions)[None, None], mask, gamma1)[0, 0]
        cosine = torch.cosine_similarity(alpha @ regions.T, e.T, dim=1)
        return (gamma2 * cosine[first:]).logsumexp(0) / gamma2

    for name, first in (("all words, as meant", 0), ("from i = 1, as printed", 1)):
        torch.manual_seed(1)
        moves = torch.zeros(200, 2)
        for draw in range(200):
            words, others = torch.randn(2, 64, 6)
            for k, place in enumerate((0, 5)):
                changed = words.clone()
                changed[:, place] = others[:, place]
                moves[draw, k] = (score(changed, first) - score(words, first)).abs()
        of_first, of_last = moves.mean(0)
        found[name] = f"another first word moves the score by {of_first:.4f}, another last word by {of_last:.4f}"
    return found


def sharper_regions() -> dict[str, str]:
    """ATTNGAN-7: over how many of 289 regions a word's attention spreads with each gamma_1."""
    torch.manual_seed(0)
    raw, found = 4 * torch.randn(8, 8, 12, 289), {}
    for name, field in (("as written (recalled)", "gamma1"), ("as released", "released_gamma1")):
        gamma1 = float(setting("attngan", "DAMSM", field))
        alpha = region_attention(raw, torch.zeros(8, 12, dtype=torch.bool), gamma1)
        spread = (-(alpha * alpha.log()).sum(3)).exp().mean()
        found[f"gamma_1 {gamma1:g}, {name}"] = (
            f"as over {spread:.0f} regions evenly; the strongest has {100 * alpha.amax(3).mean():.1f} %"
        )
    return found


def counted_regions() -> dict[str, str]:
    """ATTNGAN-5: the grid that Inception-v3 leaves of 299 pixels where the DAMSM takes its regions."""
    with torch.device("meta"):  # shapes alone, no weights
        encoder = InceptionEncoder(_sizes(), corners=False, drifting=False)
        x = torch.zeros(1, 3, 299, 299)
        for name in encoder.REGIONS:
            x = getattr(encoder, name)(x)
    rows, columns = x.shape[2:]
    return {
        "printed": "N = 288",
        "mixed_6e of 299 x 299 pixels": f"{rows} x {columns} = {rows * columns} regions of {x.shape[1]} numbers",
    }


def drifting_statistics() -> dict[str, str]:
    """ATTNGAN-13: the first normalisation of the "fixed" Inception after 200 batches of other images than it knows."""
    found = {}
    for name, drifting in (("fixed, as written (recalled)", False), ("in training mode, as released", True)):
        torch.manual_seed(0)
        encoder = InceptionEncoder(_sizes(), corners=False, drifting=drifting).train()
        first = encoder.Conv2d_1a_3x3
        weights, mean = first.conv.weight.detach().clone(), first.bn.running_mean.clone()
        images = torch.rand(8, 3, 32, 32) - 0.2  # brighter than what the statistics are of
        with torch.no_grad():
            for _ in range(200):
                first(images)
        scale = first.conv(images).std()
        shift = (first.bn.running_mean - mean).square().mean().sqrt() / scale
        moved = float((first.conv.weight - weights).abs().max())
        found[name] = f"weights moved by {moved:g}, running means by {shift:.2f} of what they normalise"
    return found


def aligned_corners() -> dict[str, str]:
    """ATTNGAN-14: an image of 256 pixels enlarged to 299 with corners aligned (PyTorch to 0.3) and not (since 0.4)."""
    rng = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256), indexing="ij"))
    noise = np.fft.fft2(rng.standard_normal((3, 256, 256))) / np.maximum(
        frequency, 1 / 256
    )  # as natural images fall off
    picture = torch.from_numpy(np.fft.ifft2(noise).real.astype(np.float32))
    picture = (picture / picture.abs().amax()).clamp(-1, 1)[None]
    aligned, plain = (ImageEncoder(299, corners, 1, 1, 1).resized(picture) for corners in (True, False))
    apart = (aligned - plain).abs() * 127.5
    return {
        "a picture whose frequencies fall off as 1/f": (
            f"differs by {apart.mean():.2f} grey levels in the mean and {apart.max():.0f} at most"
        )
    }


def forgotten_moments() -> dict[str, str]:
    """ATTNGAN-17: how far the DAMSM's Adam moves a weight at the start of an epoch, remembering and made anew."""
    betas = tuple(float(setting("attngan", "DAMSM", f"beta{k}")) for k in (1, 2))
    steps, epochs, found = TRAINING_IMAGES // int(setting("attngan", "DAMSM", "batch_size")), 4, {}
    for name, forgets in (("one Adam, as meant", False), ("made anew at every epoch, as released", True)):
        torch.manual_seed(0)
        weights = torch.nn.Parameter(torch.zeros(2000))
        adam = torch.optim.Adam([weights], 1.0, betas)
        moves = torch.zeros(epochs, steps)
        for epoch in range(epochs):
            if forgets:
                adam.state.clear()
            for k in range(steps):
                before = weights.detach().clone()
                weights.grad = torch.randn(2000)  # a batch's noise and nothing else
                adam.step()
                moves[epoch, k] = (weights.detach() - before).square().mean().sqrt()
        later = moves[1:]
        found[f"{name} ({steps} steps an epoch)"] = (
            f"first step {later[:, 0].mean():.2f} times the step size, in the first ten {later[:, :10].mean():.2f}, over the "
            f"epoch {later.mean():.2f}"
        )
    return found


def words_at_random_places() -> dict[str, str]:
    """ATTNGAN-16: what is left of the word order of a caption that is longer than 18 words."""
    kept, found, rng = 18, {}, np.random.default_rng(0)
    for length in (20, 24, 30):
        drawn = np.sort(np.stack([rng.permutation(length)[:kept] for _ in range(20_000)]), 1)
        neighbours = float((np.diff(drawn, axis=1) == 1).sum(1).mean()) / (kept - 1)
        found[f"{length} words"] = (
            f"{100 * neighbours:.0f} % of neighbours are neighbours in the caption, of its first {kept} words 100 %; a word is "
            f"missing with {100 * (1 - kept / length):.0f} %"
        )
    return found


def _sizes() -> SimpleNamespace:
    return SimpleNamespace(image_size=299, dim=256, init_uniform=0.1)
