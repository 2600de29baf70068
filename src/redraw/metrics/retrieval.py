"""Image retrieval: among a gallery of images, which rank does a caption give to its own, by the model's likelihood?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError, nearest
from .arrays import take

SCORES = ("raw", "centred", "log_mean_exp")
AT = (1, 5, 10, 50)
DRAWS = 400
AS_NEAR = 1e-9  # of the largest bound: what is taken off an image's bounds rounds


def image_retrieval(
    items: Mapping[str, np.ndarray], gallery: int = 100, score: str = "log_mean_exp", samples: int = 1, seed: int = 0
) -> dict:
    """Own code: alignDRAW's evaluation was never released. Recalls in percent and the median rank of the true image.

    ``items``: gallery_bounds [F, G, G] in nats, of each of F galleries the bound of every image (last axis) under every
    caption, both in one order, so that the diagonal holds the true ones; a mean over ``samples`` draws of the same noise
    for all pairs. Each caption is asked once; G is ``gallery``, or how many items there are where these are fewer.
    ``score``, by which the images are ranked:

    raw            the bound: simple, flat images are likely under any caption and come first
    centred        minus the mean of the image's bounds over the gallery's other captions
    log_mean_exp   minus log mean exp of these: divided by the image's probability under other captions (recalled of
                   Mansimov et al. 2016, where the captions are a random set)

    Whether the caption itself is among these others alters no rank. Ties: an image as near as the true one precedes it in
    half of the orders, so that a rank is 1 + nearer + equal / 2, and a recall counts the share of orders in which the true
    image is among the first K: a model that ignores the caption has exactly the recalls of chance.

    ``value`` is R@1 in percent. ``columns``: ``r1``, ``r5``, ``r10``, ``r50`` in percent, ``median`` rank, each with its
    ``spread`` by 400 bootstrap draws of the captions (``seed``) and its ``envelope`` over the three scores of the same
    bounds, and ``chance_r1`` to ``chance_median``, K / G and (G + 1) / 2. ``parts``: ``gallery``, the G that there was.
    ``n`` counts the captions in galleries; a remainder is left out. Raises RedrawError for a score of another name, a
    gallery of one image and bounds that are not finite.
    """
    if score not in SCORES:
        raise RedrawError(f'image_retrieval: score is "{score}": {nearest(score, list(SCORES))}')
    (bounds,) = take("image_retrieval", items, "gallery_bounds")
    bounds = np.asarray(bounds, np.float64)
    if not np.isfinite(bounds).all():
        raise RedrawError("image_retrieval: gallery_bounds are not finite: look at the model's bounds")
    size = bounds.shape[-1]
    if size < 2:
        raise RedrawError("image_retrieval: a gallery of one image: raise n of the evaluation")
    margin = AS_NEAR * float(np.abs(bounds).max())
    found = {name: _columns(_scored(bounds, name), margin) for name in SCORES}
    again = np.random.default_rng([seed, 2]).integers(bounds.size // size, size=(DRAWS, bounds.size // size))
    columns = {}
    for name, (of_each, average, chance, about) in found[score].items():
        readings = [float(average(of[name][0])) for of in found.values()]
        columns[name] = {
            "value": float(average(of_each)),
            "spread": float(average(of_each[again], axis=1).std()),
            "envelope": [min(readings), max(readings)],
            "per_item": of_each,
            **about,
        }
        columns[f"chance_{name}"] = {"value": chance, "kind": "floor", **about}
    return {
        **{k: columns["r1"][k] for k in ("value", "spread", "envelope")},
        "per_item": found[score]["r1"][0],
        "n": bounds.size // size,
        "columns": columns,
        "parts": {"gallery": size},
    }


# --- inside ------------------------------------------------------------------------------------------------------


def _scored(bounds: np.ndarray, score: str) -> np.ndarray:
    """[F, captions, images], larger is nearer."""
    others = bounds.shape[1] - 1
    if score == "raw":
        return bounds
    if score == "centred":
        return bounds - (bounds.sum(1, keepdims=True) - bounds) / others
    # Left and right of each caption, summed apart: taking the own term out of the whole sum would leave its rounding.
    outside = np.full_like(bounds[:, :1], -np.inf)
    left = np.concatenate([outside, np.logaddexp.accumulate(bounds[:, :-1], 1)], 1)
    right = np.concatenate([np.logaddexp.accumulate(bounds[:, :0:-1], 1)[:, ::-1], outside], 1)
    return bounds - (np.logaddexp(left, right) - np.log(others))


def _columns(scores: np.ndarray, margin: float) -> dict[str, tuple]:
    """{column: (a number for each caption [n], how they are averaged, what chance gives, unit and direction)}."""
    own, size = np.diagonal(scores, axis1=1, axis2=2)[..., None], scores.shape[-1]
    nearer = (scores > own + margin).sum(-1).ravel()
    equal = (np.abs(scores - own) <= margin).sum(-1).ravel() - 1
    percent, rank = {"better": "higher", "unit": "percent"}, {"better": "lower", "unit": ""}
    recalls = {
        f"r{k}": (100 * np.clip((k - nearer) / (1 + equal), 0, 1), np.mean, 100 * min(1.0, k / size), percent)
        for k in AT
    }
    return recalls | {"median": (1 + nearer + equal / 2, np.median, (size + 1) / 2, rank)}
