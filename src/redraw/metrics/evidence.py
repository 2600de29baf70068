"""What an adversary, or a count of neighbours, says of a posterior without a density: diagnostics, no bounds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError
from .arrays import finite, take


def evidence_estimate(items: Mapping[str, np.ndarray]) -> dict:
    """Own code: the released evaluation takes its networks along. Estimate of the bound on log p in nats an image, the higher
    the better.

    ``items``: evidence [N, S], log p(x | z) - KL of S draws. Where KL is learned by an adversary, which lags behind what it
    should tell, this is no bound. ``spread``: standard error over images. Raises RedrawError where a number is not finite.
    """
    each = finite("evidence_estimate", "evidence", *take("evidence_estimate", items, "evidence")).mean(1)
    spread = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else None
    return {"value": float(each.mean()), "spread": spread, "per_item": each}


def latent_fit(items: Mapping[str, np.ndarray], neighbours: int = 5) -> dict:
    """Agrees with closed forms of normal posteriors to 0.05 nats; entropies by Kozachenko and Leonenko (1987).

    Of points whose likelihood is known, and draws of their posteriors: log p(x) in nats a point, higher is better. ``items``:
    log_likelihood [N, 1], drawn_latents [N, S, Z] of q(z | x), drawn_likelihood [N, S] their log p(x | z).

    ``columns``: ``reconstruction``, minus the mean of log p(x | z); ``evidence``, the bound, with KL(q(z | x) || p(z)) from the
    distances to each draw's ``neighbours``-th neighbour; ``divergence``, KL(q(z) || p(z)) of all points' draws together. The last
    two are estimates. Raises RedrawError for fewer draws than neighbours.
    """
    exact, z, likelihood = take("latent_fit", items, "log_likelihood", "drawn_latents", "drawn_likelihood")
    if z.ndim != 3 or z.shape[1] <= neighbours:
        raise RedrawError(
            f"latent_fit: drawn_latents {list(z.shape)} for {neighbours} neighbours: draw more of each point"
        )
    z = z.astype(np.float64)
    prior = (-0.5 * np.square(z).sum(-1) - 0.5 * z.shape[-1] * np.log(2 * np.pi)).mean(1)
    each = np.array([-entropy(draws, neighbours) for draws in z]) - prior
    together = -entropy(z.reshape(-1, z.shape[-1]), neighbours) - float(prior.mean())
    found = likelihood.astype(np.float64).mean(1)
    columns = {
        "reconstruction": {"value": -float(found.mean()), "better": "lower"},
        "evidence": {"value": float((found - each).mean())},
        "divergence": {"value": together, "better": "lower"},
    }
    return {
        "value": float(exact.astype(np.float64).mean()),
        "per_item": exact[:, 0].astype(np.float64),
        "columns": columns,
    }


def entropy(draws: np.ndarray, neighbours: int) -> float:
    """In nats, of the distribution of ``draws`` [S, Z]."""
    from scipy import special  # slow to load, and no other metric needs these
    from scipy.spatial import cKDTree

    n, d = draws.shape
    distance = cKDTree(draws).query(draws, neighbours + 1)[0][:, -1]
    ball = 0.5 * d * np.log(np.pi) - special.gammaln(0.5 * d + 1)
    return float(
        special.digamma(n) - special.digamma(neighbours) + ball + d * np.log(np.maximum(distance, 1e-12)).mean()
    )
