"""Captions as characters, words and features: what the text encoders of the released codes make of them."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..blocks.captions import draw_captions, draw_distinct_captions
from ..data.characters import ALPHABET, encode_characters
from ..papers.align_draw.text import Language, partners
from ..papers.char_cnn_rnn import GRU


def batch_reversed_captions() -> dict[str, str]:
    """ALIGN-2: how much of a word's features changes with which other words, in a network of random weights."""
    torch.manual_seed(0)
    language = Language(100, 128)
    for parameter in language.parameters():
        nn.init.normal_(parameter, 0.0, 0.3)
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


def averaged_captions() -> dict[str, str]:
    """GAN-INT-CLS-5, STACKGAN-12: how far a sample's embedding lies from its image's mean, in units of one caption's."""
    torch.manual_seed(0)
    embeddings = torch.randn(4000 * 10, 16)  # of ten captions each of 4,000 images; a token is its caption's number
    captions = 1 + torch.arange(4000 * 10).view(4000, 10, 1)
    middle = embeddings.view(4000, 10, 16).mean(1)

    def spread(drawn: torch.Tensor) -> float:
        return float((embeddings[drawn[..., 0] - 1].mean(1) - middle).square().mean().sqrt())

    one = spread(draw_captions(captions, 1))
    return {
        "one caption, as written and in sampling": f"{one / one:.2f}",
        "mean of four, with repetition (main_cls_int.lua)": f"{spread(draw_captions(captions, 4)) / one:.2f}",
        "mean of four, none twice (StackGAN)": f"{spread(draw_distinct_captions(captions, 4)) / one:.2f}",
        "mean of three, none twice (main_cls.lua)": f"{spread(draw_distinct_captions(captions, 3)) / one:.2f}",
    }


def unknown_characters() -> dict[str, str]:
    """GAN-INT-CLS-6: what three released readers make of characters outside the alphabet, and of capital letters."""
    caption, found = "A Blue bird with a white\u2013grey belly, wings & a short tail.", {}
    readers = (
        ("training loader (cvpr2016), the caption ends there", "stop", True),
        ("demonstrations and get_embedding.lua, capitals as they are: their place stays empty", "skip", False),
        ("martinduartemore/char_cnn_rnn_pytorch: a space", "space", True),
    )
    for name, unknown, lower in readers:
        tokens, _, _ = encode_characters([caption], unknown, lower, 201)
        read = "".join("\u00b7" if not k else ALPHABET[k - 1] for k in tokens[0, : len(caption)])
        found[name] = f"{int((tokens > 0).sum())} of {len(caption)} characters: {read.rstrip(chr(0xB7))}"
    hyphen = encode_characters(["-"], "stop", True, 201)[0][0, 0]
    first = ALPHABET.index("-") + 1
    found['"-" stands twice in the alphabet'] = f"it is read as symbol {hyphen}; symbol {first} is never used"
    return found


def ungated_first_step() -> dict[str, str]:
    """GAN-INT-CLS-7: the released recurrent unit beside the usual one of the same weights."""
    torch.manual_seed(0)
    own, usual, x = GRU(64), nn.GRU(64, 64, batch_first=True), torch.randn(32, 18, 64)
    with torch.no_grad():
        for kind, name in ((0, "_reset"), (1, "_update"), (2, "")):
            rows = slice(64 * kind, 64 * (kind + 1))
            for side, layer in (("ih", f"i2h{name}"), ("hh", f"h2h{name}")):
                sign = (
                    -1.0 if name == "_update" else 1.0
                )  # PyTorch's update gate says what stays, this one what comes in
                getattr(usual, f"weight_{side}_l0")[rows] = sign * getattr(own, layer).weight
                getattr(usual, f"bias_{side}_l0")[rows] = sign * getattr(own, layer).bias
        ours, theirs = own(x), usual(x)[0]
        size = [float(states[:, 0].square().mean().sqrt()) for states in (ours, theirs)]
        apart = [float((ours - theirs)[:, k].norm() / theirs[:, k].norm()) for k in (0, -1)]
        mean = float((ours.mean(1) - theirs.mean(1)).norm() / theirs.mean(1).norm())
    return {
        "size of the first state": f"{size[0]:.2f} in FixedGRU.lua, which has no gates there, {size[1]:.2f} in PyTorch's GRU",
        "difference of the states": f"{100 * apart[0]:.0f} % of the first, {100 * apart[1]:.1f} % of the last",
        "difference of the mean over time, which is the feature": f"{100 * mean:.0f} %",
    }


def captions_of_four_workers() -> dict[str, str]:
    """ATTNGAN-19: which of ten captions four loading processes choose, with one state for all and with their own."""
    images, epochs, batch, found = 8855, 10, 20, {}
    for name, shared in (
        ("each process its own state (PyTorch since 1.9)", False),
        ("one state for all, anew every epoch", True),
    ):
        rng = np.random.default_rng(0)
        chosen = np.zeros((epochs, images), np.int64)
        equal = []
        for epoch in range(epochs):
            order = rng.permutation(images)  # images are shuffled by another generator, which does go on
            draws = [np.random.RandomState(7 if shared else 4 * epoch + w).randint(0, 10, images) for w in range(4)]
            used = [0] * 4
            for first in range(0, images, batch):
                worker, rows = first // batch % 4, order[first : first + batch]
                chosen[epoch, rows] = draws[worker][used[worker] : used[worker] + len(rows)]
                used[worker] += len(rows)
            equal.append((draws[0][:2000] == draws[1][:2000]).mean())
        kinds = np.mean([len(set(chosen[:, k])) for k in range(images)])
        found[name] = (
            f"two processes choose alike in {100 * np.mean(equal):.0f} % of their draws; in {epochs} epochs an image is "
            f"seen with {kinds:.1f} of its ten captions"
        )
    return found
