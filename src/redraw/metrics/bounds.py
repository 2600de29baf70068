"""How probable a model finds images: bounds on the log likelihood from importance weights, printed as its negative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core import RedrawError
from .arrays import finite, take


def variational_bound(items: Mapping[str, np.ndarray], samples: int = 1) -> dict:
    """Own code: no released evaluation can be run beside it. Upper bound on -log p in nats an image, lower is better.

    ``items``: bounds [N, S], log p(x, z | caption) - log q(z | x, caption) of ``samples`` draws of z. ``value`` is minus
    their mean over draws and images; ``spread`` its standard error over images, ``per_item`` [N] the images' own. Raises
    RedrawError where a bound is not finite.
    """
    return negative(_weights("variational_bound", items).mean(1))


def variational_bound_all_captions(
    items: Mapping[str, np.ndarray], samples: int = 1, words: Sequence[int] = (7, 29)
) -> dict:
    """The bound that mansimov/text2image@beafc1c logs in training: a sum over some captions, divided by all of them.

    Only captions of ``words[0]`` to ``words[1]`` words are trained on, yet the divisor counts all, so that what is logged
    is below the bound by their share. ``items``: bounds [N, S], n_words [N]. As ``variational_bound`` otherwise; ``parts``:
    ``used``, the percentage of captions in the sum. Own code: the training script cannot be run beside it.
    """
    metric = "variational_bound_all_captions"
    (n_words,) = take(metric, items, "n_words")
    used = (n_words >= words[0]) & (n_words <= words[1])
    return {
        **negative(np.where(used, _weights(metric, items).mean(1), 0.0)),
        "parts": {"used": 100 * float(used.mean())},
    }


def importance_bound(items: Mapping[str, np.ndarray], samples: int = 1, k: int | None = None) -> dict:
    """Agrees with the closed form of a linear Gaussian model to its sampling error; Burda et al. 2016, eq. 8.

    Upper bound on -log p in nats an image, lower is better: minus log mean exp of ``k`` importance weights, all of the
    ``samples`` where it is null, else mean over as many groups of k as there are. It falls with k, in expectation, and is
    the variational bound at k = 1. ``items``: bounds [N, S].

    ``spread``: standard error over images; ``parts``: ``effective_samples``, 1 / sum of squared shares of the k weights,
    and ``largest_share`` of one weight, means over images: where it is above a half, k is too small for a tight bound.
    Raises RedrawError for k beyond the samples.
    """
    log_w = _weights("importance_bound", items)
    k = log_w.shape[1] if k is None else k
    if not 1 <= k <= log_w.shape[1]:
        raise RedrawError(f"importance_bound: k {k} of {log_w.shape[1]} samples: raise samples or lower k")
    grouped = log_w[:, : log_w.shape[1] - log_w.shape[1] % k].reshape(len(log_w), -1, k)
    return {**negative(log_mean_exp(grouped).mean(1)), "parts": shares(grouped)}


def log_mean_exp(log_w: np.ndarray) -> np.ndarray:
    """Over the last axis of log weights [..., k], without overflow."""
    top = log_w.max(-1, keepdims=True)
    return np.log(np.exp(log_w - top).mean(-1)) + top[..., 0]


def shares(log_w: np.ndarray) -> dict[str, float]:
    """How evenly k weights [..., k] share their sum: ``effective_samples``, ``largest_share``, means over all else."""
    weight = np.exp(log_w - log_w.max(-1, keepdims=True))
    share = weight / weight.sum(-1, keepdims=True)
    return {
        "effective_samples": float((1 / np.square(share).sum(-1)).mean()),
        "largest_share": float(share.max(-1).mean()),
    }


def negative(bound: np.ndarray) -> dict:
    """The numbers that are printed of bounds [N] on log p."""
    spread = float(bound.std(ddof=1) / np.sqrt(len(bound))) if len(bound) > 1 else None
    return {"value": -float(bound.mean()), "spread": spread, "per_item": -bound}


# --- inside ------------------------------------------------------------------------------------------------------


def _weights(metric: str, items: Mapping[str, np.ndarray]) -> np.ndarray:
    return finite(metric, "bounds", *take(metric, items, "bounds"))
