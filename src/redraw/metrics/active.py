"""How many latent variables a model uses (Burda et al. 2016, section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .arrays import finite, take


def active_units(items: Mapping[str, np.ndarray], threshold: float = 0.01) -> dict:
    """Own code: the released count takes its network along. Latents whose posterior mean varies over the images, more is better.

    ``items``: posterior_mean [N, Z], and posterior_mean_labels [Z], the layer of each, where there are several. A unit counts
    whose mean has a variance over the N images, as numpy's, above ``threshold``. ``columns``: the count of each layer.
    """
    metric = "active_units"
    means = finite(metric, "posterior_mean", *take(metric, items, "posterior_mean")).astype(np.float64)
    active = means.var(0) > threshold
    found: dict = {"value": float(active.sum())}
    if "posterior_mean_labels" in items:
        layers = np.asarray(items["posterior_mean_labels"])
        found["columns"] = {str(k): {"value": float(active[layers == k].sum())} for k in np.unique(layers)}
    return found
