"""Bounds on a model's log likelihood by annealed importance sampling: chains of blocks/annealing.py on a recipe's ``latents``.

In a sheet, for what the model finds of real images, and for how far that may be off, on images that it drew itself:

    ais:     {metric: annealed_bound, options: {annealing: {chains: 8, temperatures: 2000}}, instrument: self, captions: none,
              images: real, n: 1000}
    ais_gap: {metric: annealing_gap, options: {annealing: {chains: 8, temperatures: 2000}}, instrument: self, captions: none,
              images: model, n: 100}
"""

from __future__ import annotations

import numpy as np
import torch

from .blocks.annealing import Latents, anneal, temperatures
from .conditions import CHUNK, Conditions, asked_in_parts
from .core import RedrawError
from .data.base import Prepared
from .metrics import ANNEALED
from .recipe import Recipe
from .scores import Annealing

SCHEDULES, STARTS = ("sigmoid", "linear"), ("posterior", "prior")


def annealed(
    recipe: Recipe, conditions: Conditions, images: torch.Tensor | None, opened: Prepared, seed: int, how: Annealing
) -> dict[str, np.ndarray]:
    """``annealed`` and ``annealed_accepted`` float64 [N, C] of ``images`` [N, C, H, W] in [-1, 1], a column a chain.

    Without images, of as many as there are ``conditions``, which the recipe draws with their latents; then ``annealed_reverse``
    as well, of chains that start at these. Raises RedrawError for a recipe without ``latents``, and for settings that mean
    nothing.
    """
    _check(recipe, how)
    recipe.eval()
    recipe.requires_grad_(False)  # slopes are of the latents alone
    betas = temperatures(how.temperatures, how.schedule)
    device = next(recipe.parameters()).device
    found: dict[str, list[torch.Tensor]] = {}
    for k, (batch, its_seed) in enumerate(asked_in_parts(recipe, conditions, opened, seed)):
        exact = None
        if images is None:
            batch["image"], exact = recipe.imagined(batch, its_seed)
        else:
            batch["image"] = images[k * CHUNK : (k + 1) * CHUNK].to(device)
        latents = _started(recipe.latents(batch), how)
        generator = torch.Generator().manual_seed(its_seed)
        forward = anneal(latents, betas, how.chains, how.leapfrogs, generator)
        parts = {"annealed": forward.log_weights, "annealed_accepted": forward.accepted}
        if exact is not None:
            parts["annealed_reverse"] = anneal(latents, betas, how.chains, how.leapfrogs, generator, exact).log_weights
        for name, values in parts.items():
            found.setdefault(name, []).append(values.T)
    return {name: torch.cat(values).cpu().numpy() for name, values in found.items()}


# --- inside ------------------------------------------------------------------------------------------------------


def _check(recipe: Recipe, how: Annealing) -> None:
    if not hasattr(type(recipe), "latents"):
        raise RedrawError(
            f"evaluation, {ANNEALED[0]}: {type(recipe).__name__} has no latents to be annealed: score so only runs of a recipe "
            "with latents"
        )
    if how.schedule not in SCHEDULES or how.start not in STARTS:
        raise RedrawError(
            f"evaluation, options.annealing: schedule {how.schedule!r} and start {how.start!r}: choose of {', '.join(SCHEDULES)} "
            f"and of {', '.join(STARTS)}"
        )
    if min(how.chains, how.temperatures, how.leapfrogs) < 1:
        raise RedrawError(
            "evaluation, options.annealing: chains, temperatures and leapfrogs must be 1 or more: raise them"
        )


def _started(latents: Latents, how: Annealing) -> Latents:
    if how.start == "posterior":
        return latents
    return latents._replace(mean=torch.zeros_like(latents.mean), std=torch.ones_like(latents.std))
