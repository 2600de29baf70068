"""Bounds, windows, noise, step sizes and first weights of DRAW, alignDRAW and IWAE; as written and as released."""

from __future__ import annotations

import numpy as np
import torch

from ..blocks.rmsprop import clip_each
from ..blocks.windows import AS_WRITTEN, ERICJANG, TEXT2IMAGE, filters
from ..papers.align_draw.models import Plateau
from ..papers.draw import divergence, log_likelihood
from ..papers.iwae import ReleasedAdam, start
from . import setting


def displaced_windows() -> dict[str, str]:
    """DRAW-1, ALIGN-3: where the middle of a window lies whose numbers ask for the image's middle; how far apart filters are."""
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
    found = {}
    for steps, latents in ((10, 10), (64, 100)):
        nothing = torch.zeros(steps, latents)
        right = float(divergence(nothing, nothing).sum())
        without = right + steps * latents / 2
        logged = f"logged as {without - steps * steps / 2:g} at first, as {without - steps / 2:g} since"
        found[f"{steps} steps, {latents} latents with the prior's own distribution"] = f"{right:g} nats, {logged}"
    return found


def repeated_noise() -> dict[str, str]:
    """DRAW-3: how much all steps' noise weighs together where each step draws its own, and where one draw serves all."""
    found = {}
    for steps, what in ((10, "ericjang/draw's"), (int(setting("draw", "DRAW", "time_steps")), "the paper's")):
        torch.manual_seed(0)
        own, one = torch.randn(steps, 20_000), torch.randn(1, 20_000).expand(steps, -1)
        found[f"{steps} steps, {what}"] = (
            f"the sum of a latent's noise has a deviation of {own.sum(0).std():.1f} drawn anew, {one.sum(0).std():.1f} drawn once"
        )
    return found


def grey_targets() -> dict[str, str]:
    """DRAW-4: the least cross-entropy that any model reaches on handwritten digits with grey pixels, and with binary ones."""
    from sklearn.datasets import load_digits

    grey = torch.from_numpy(load_digits().images.astype(np.float32) / 16)[:, None]
    found = {}
    for name, pixels in (("grey, as in ericjang/draw", grey), ("binary, as written", (grey > 0.5).float())):
        best = torch.logit(pixels, eps=1e-7)  # a model that knows each picture
        found[f"{name}, scikit-learn's digits"] = (
            f"{-float(log_likelihood(best, pixels).mean()):.1f} nats for 64 pixels"
        )
    return found


def repeated_drops() -> dict[str, str]:
    """ALIGN-6: the learning rate of alignDRAW over validations that are worse than the best by little, as released."""
    rate, plateau, found = setting("align_draw", "AlignDRAW", "learning_rate"), Plateau(), []
    for bound in (2000.0, 1990.0, 1992.0, 1991.0, 1993.0, 1985.0, 1988.0):
        plateau.saw(bound, 1)
        found.append(f"{bound:,.0f}: {rate * plateau.factor_now():.0e}")
    return {"bound of each validation, and the learning rate after it": ", ".join(found)}


def clipped_tensors() -> dict[str, str]:
    """ALIGN-7: how long a gradient of thirty tensors may stay when each is cut by itself, and which way it then points."""
    norm, found = float(setting("align_draw", "AlignDRAW", "clip")), {}
    for name, each in (("all together, as written (recalled)", False), ("each by itself, as released", True)):
        torch.manual_seed(0)
        tensors = [torch.nn.Parameter(torch.zeros(400)) for _ in range(30)]
        for k, tensor in enumerate(tensors):
            tensor.grad = torch.randn(400) * (5 if k else 100)
        whole = torch.cat([tensor.grad for tensor in tensors])
        clip_each(tensors, norm) if each else torch.nn.utils.clip_grad_norm_(tensors, norm)
        cut = torch.cat([tensor.grad for tensor in tensors])
        cosine = float(torch.cosine_similarity(whole, cut, dim=0))
        found[name] = f"at most {norm:g} asked for, {cut.norm():.1f} long; cosine with the gradient {cosine:.2f}"
    return found


def identical_seeds() -> dict[str, str]:
    """IWAE-1: first weights of maps that each draw from a generator of the same seed, beside those of one generator."""
    sizes = {
        "x to 200": (784, 200), "200 to 200": (200, 200), "200 to z": (200, 50), "z to 200": (50, 200), "200 to x": (200, 784),
        "mu": (200, 50), "log sigma": (200, 50),
    }  # fmt: skip
    first: dict[bool, dict[str, np.ndarray]] = {}
    for same in (False, True):
        torch.manual_seed(0)
        maps = torch.nn.ModuleDict({name: torch.nn.Linear(*size) for name, size in sizes.items()})
        start(maps, same)
        first[same] = {name: of.weight.detach().T.flatten().numpy() for name, of in maps.items()}  # in the order drawn
    found = {}
    for a, b in (("200 to 200", "x to 200"), ("z to 200", "200 to 200"), ("200 to z", "200 to x")):
        n = min(len(first[True][a]), len(first[True][b]))
        own, told = (float(np.corrcoef(first[same][a][:n], first[same][b][:n])[0, 1]) for same in (False, True))
        found[f"{a} and {b}, in the order drawn"] = (
            f"correlation {own:+.2f} from one generator, {told:+.2f} as released"
        )
    apart = np.abs(first[True]["mu"] - first[True]["log sigma"]).max()
    found["the maps of mean and log deviation, both 200 to z"] = f"largest difference {apart:g} as released"
    return found


def full_accumulators() -> dict[str, str]:
    """IWAE-2: steps along an even slope by the usual Adam and by the released one, in step sizes."""
    found = {}
    for slope in (1.0, 0.01):
        moved = []
        for adam in (torch.optim.Adam, ReleasedAdam):
            at = torch.zeros(1, dtype=torch.float64, requires_grad=True)
            values = {"lr": 1.0} | ({"beta2": 0.999, "eps": 1e-4} if adam is ReleasedAdam else {})
            optimizer, places = adam([at], **values), [0.0]
            at.grad = torch.full_like(at, -slope)
            for _ in range(3000):
                optimizer.step()
                places.append(float(at.detach()))
            moved.append(np.diff(places))
        usual, released = moved
        for step in (1, 2, 100, 3000):
            found[f"slope {slope:g}, step {step:,}"] = (
                f"{usual[step - 1]:.3g} usual, {released[step - 1]:.3g} as released"
            )
    return found
