"""How probable a model finds images, from the log weights of annealed importance sampling's chains (redraw/annealed.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .arrays import finite, take
from .bounds import log_mean_exp, negative, shares


def annealed_bound(items: Mapping[str, np.ndarray], annealing: Mapping[str, Any] | None = None) -> dict:
    """Agrees with the closed form of a linear Gaussian model to its sampling error; Wu et al. 2017, section 4.

    Upper bound in expectation on -log p in nats an image, lower is better: minus log mean exp over chains. ``items``: annealed
    [N, C] log weights, annealed_accepted [N, C] share of the transitions. ``annealing`` says how chains were run (scores.py).

    ``spread``: standard error over images; ``parts``: ``effective_samples`` and ``largest_share`` of the C weights, means over
    images, and ``accepted`` in percent; ``columns``: ``log_p``, the same with the other sign. Raises
    RedrawError where a weight is not finite.
    """
    (accepted,) = take("annealed_bound", items, "annealed_accepted")
    log_w = finite("annealed_bound", "annealed", *take("annealed_bound", items, "annealed"))
    found = negative(log_mean_exp(log_w))
    turned = {"value": -found["value"], "spread": found["spread"], "per_item": -found["per_item"], "better": "higher"}
    return {
        **found,
        "parts": {**shares(log_w), "accepted": 100 * float(accepted.mean())},
        "columns": {"log_p": turned},
    }


def annealing_gap(items: Mapping[str, np.ndarray], annealing: Mapping[str, Any] | None = None) -> dict:
    """Agrees with the closed form of a linear Gaussian model, which lies between both bounds; Grosse et al. 2015.

    Nats an image by which annealing may be off on images that the model drew itself: the upper bound on log p of chains run
    backward, less the lower one of chains run forward. ``items``: annealed and annealed_reverse [N, C].

    ``spread``: standard error over images; ``columns``: ``forward`` and ``reverse``, both as -log p. Raises RedrawError where a
    weight is not finite.
    """
    metric = "annealing_gap"
    both = (finite(metric, name, *take(metric, items, name)) for name in ("annealed", "annealed_reverse"))
    forward, reverse = next(both), next(both)
    lower, upper = negative(log_mean_exp(forward)), negative(-log_mean_exp(-reverse))
    columns = {
        "forward": {k: lower[k] for k in ("value", "spread")},
        "reverse": {k: upper[k] for k in ("value", "spread")},
    }
    return {**negative(log_mean_exp(forward) + log_mean_exp(-reverse)), "columns": columns}
