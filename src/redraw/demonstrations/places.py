"""Boxes and points of GAWWN, squares of StackGAN, images of PPGN: where things lie, how they are saved."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import torch

from ..blocks.chunks import BatchNorm2d
from ..blocks.crops import MIRRORED_PARTS, Window
from ..data.forms import form_of
from ..papers.gawwn.networks import cut_out, maps_of, put_in, tiled
from ..papers.lrcn import Encoder
from ..papers.ppgn import PPGN, moved
from . import setting

# --- GAWWN ----------------------------------------------------------------------------------------------------------


def constant_text() -> dict[str, str]:
    """GAWWN-1: which cells of a 16 x 16 grid have the text in the generator and in the discriminator's global path."""
    text, found = tiled(torch.ones(1, 1), 16), {}
    for name, box in (
        ("a box in the upper left quarter", (0.0, 0.0, 0.5, 0.5)),
        ("a box over the middle", (0.25, 0.25, 0.5, 0.5)),
    ):
        place = torch.tensor([box])
        laid, cut = put_in(text, place)[0, 0], cut_out(text, place)[0, 0]
        found[name] = (
            f"generator {int((laid > 0).sum())} of 256 cells; discriminator, global path {int((cut > 0).sum())} of 256, "
            f"all within {float(cut.max() - cut.min()):.0e} of each other"
        )
    return found


def boxes_at_the_edge() -> dict[str, str]:
    """GAWWN-2: a box 40 pixels wide of which a crop of 128 cuts off 10, at each side, as here and as released."""
    found = {}
    still = torch.zeros(1, dtype=torch.bool)
    for name, x, left in (("at the left", 10.0, 20), ("at the right", 118.0, 20)):
        window = Window(128, torch.tensor([0]), torch.tensor([left]), still)
        box = torch.tensor([[x, 30.0, 40.0, 40.0]])
        own, released = (128 * window.box(b)[0] for b in (box, window.pushed_in(box)))
        found[name] = (
            f"what is left of the bird is {own[2]:.0f} pixels wide, from {own[0]:.0f} to {own[0] + own[2]:.0f}; the released box "
            f"is {released[2]:.0f} wide, from {released[0]:.0f} to {released[0] + released[2]:.0f}"
        )
    return found


def what_all_share() -> dict[str, str]:
    """GAWWN-3: how far real and generated images are apart before and behind the last normalisation, one kind at a time."""
    torch.manual_seed(0)
    real, fake = torch.randn(64, 32, 1, 1), torch.randn(64, 32, 1, 1) + 3.0  # what all generated ones share
    norm = BatchNorm2d(32).train()
    together = norm(torch.cat([real, fake])).split(64)
    alone = norm(real), norm(fake)

    def apart(pair: tuple[torch.Tensor, torch.Tensor]) -> str:
        means = [x.mean((0, 2, 3)) for x in pair]
        return f"{float((means[1] - means[0]).abs().mean().detach()):.2f}"

    return {
        "before the normalisation": f"{apart((real, fake))} apart in each unit",
        "behind it, both kinds in one batch": f"{apart(together)} apart",
        "behind it, a batch of each, as released": f"{apart(alone)} apart",
    }


def unswapped_sides() -> dict[str, str]:
    """GAWWN-4: where the parts of a mirrored bird are, its left and right ones renamed and not."""
    points = torch.rand(1, 15, 3, generator=torch.Generator().manual_seed(0)) * 128
    window = Window(128, torch.tensor([0]), torch.tensor([0]), torch.tensor([True]))
    renamed, kept = (window.points(points, mirrored) for mirrored in (MIRRORED_PARTS, None))
    maps = [maps_of(found, 16, 0.1) for found in (renamed, kept)]
    differ = int((maps[0] != maps[1]).flatten(2).any(2).sum())
    sided = sum(k != part for k, part in enumerate(MIRRORED_PARTS))
    return {
        "one mirrored bird of 15 parts": f"{differ} maps are those of the other side as released ({sided} parts have a side)"
    }


def right_among_wrong() -> dict[str, str]:
    """GAWWN-5: how many of a batch's mismatching captions are the image's own, or of its class, when captions are shuffled."""
    torch.manual_seed(0)
    n, classes = 16, 150
    own, same = 0, 0
    for _ in range(4000):
        other, class_id = torch.randperm(n), torch.randint(classes, (n,))
        fixed = other == torch.arange(n)
        own, same = own + int(fixed.sum()), same + int(((class_id[other] == class_id) & ~fixed).sum())
    return {
        f"batches of {n}, {classes} classes": f"{100 * own / (4000 * n):.1f} % of the wrong pairs are right ones, "
        f"{100 * same / (4000 * n):.1f} % more are of the same class; 0 % as here"
    }


# --- StackGAN -------------------------------------------------------------------------------------------------------


def squares_at_the_edge() -> dict[str, str]:
    """STACKGAN-14: what is cut out around a bird of 200 x 140 pixels in a picture of 500 x 375, and how it is squashed."""
    form = form_of({"crop": "box", "size": 76}, "cub", ("none", "box"))
    found = {}
    for name, (x, y) in (("in the middle", (150, 117)), ("at the left edge", (0, 117)), ("in a corner", (0, 0))):
        box = form.apply(np.zeros((375, 500, 3), np.uint8), (x, y, 200, 140)).box
        wide, high = 200 / box[2], 140 / box[3]  # pixels of the picture to one that is kept
        found[f"a bird {name}"] = (
            f"{76 * wide:.0f} x {76 * high:.0f} pixels are cut out and made square: {100 * (high / wide - 1):+.0f} % in width"
        )
    return found


# --- PPGN -----------------------------------------------------------------------------------------------------------


def lost_noise() -> dict[str, str]:
    """PPGN-1: how many units of a code move when noise of epsilon3 is added, and what the released value would have to be."""
    found, epsilon3 = {}, float(setting("ppgn", "PPGN", "epsilon3"))
    for name, dtype in (("32-bit numbers", torch.float32), ("64-bit numbers", torch.float64)):
        torch.manual_seed(0)
        h, noise = 1 + torch.rand(4096, dtype=dtype), torch.randn(4096, dtype=dtype)
        kept = int((h + epsilon3 * noise != h).sum())
        found[f"{name}, codes from 1 to 2"] = (
            f"{kept} of 4,096 units move by noise of {epsilon3:g}; neighbouring numbers are {torch.finfo(dtype).eps:.1g} apart"
        )
    return found


def uncounted_step() -> dict[str, str]:
    """PPGN-2: the sizes of the walk's steps, and how far the last one, whose code is not drawn any more, would move it."""
    first, last, n = (float(setting("ppgn", "PPGN", field)) for field in ("step_first", "step_last", "iterations"))
    sizes = [first + (last - first) * i / n for i in range(int(n) + 1)]
    torch.manual_seed(0)
    h, d = torch.rand(1, 4096) * 30, torch.randn(1, 4096)
    gone = float((moved(h, d, sizes[-1], 30.0) - h).abs().mean())
    return {
        f"steps 0 to {n:g}": f"{len(sizes)} of them, from {sizes[0]:g} to {sizes[-1]:.1g}; {len(sizes) - 1} are drawn",
        "the last step in 32-bit numbers": f"moves a unit by {gone:.1g} in the mean",
    }


def saved_colours() -> dict[str, str]:
    """PPGN-4: the mean grey level and the contrast of an even, dim picture as it is and as it was saved."""
    rng = np.random.default_rng(0)
    dim = torch.from_numpy(rng.normal(0, 0.05, (1, 3, 16, 16)).astype(np.float32)) - 0.3
    encoder = SimpleNamespace(
        means=torch.tensor([104.007, 116.669, 122.679])[:, None, None], config=SimpleNamespace(pixel_unit=1.0)
    )
    units = Encoder.units(encoder, dim)
    encoder.middle, encoder.image = lambda x: x, lambda x: Encoder.image(encoder, x)
    found, config = {}, SimpleNamespace(saved_range=float(setting("ppgn", "PPGN", "saved_range")))
    for name, without_mean, stretched in (
        ("as a reader sees it", False, False),
        ("without the mean colour (D2)", True, False),
        ("stretched to its darkest and lightest (D3, recalled)", True, True),
    ):
        model = SimpleNamespace(
            held={"encoder": encoder}, autocast=nullcontext, generator=lambda h: h, config=config, without_mean=without_mean,
            stretched=stretched,
        )  # fmt: skip
        levels = (PPGN.image(model, units) + 1) * 127.5
        found[name] = f"mean grey level {levels.mean():.0f}, from {levels.min():.0f} to {levels.max():.0f}"
    return found
