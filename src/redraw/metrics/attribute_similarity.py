"""Is what a regressor says of an image near to the attributes that it was asked to show?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError
from .arrays import finite, take

FIELDS = ("attributes", "asked_attributes", "asked_image")


def attribute_cosine(items: Mapping[str, np.ndarray], best: bool = False) -> dict:
    """Own code: VAE/GAN's evaluation was never released. Cosine of what is said and of what was asked for.

    ``items``: attributes [N, A], what a regressor says; asked_attributes [N, A], 1 present, 0 absent, -1 not known;
    asked_image [N], whose attributes they are. Asked for are 1 and -1; what is not known is left out of both. ``best``: of
    the rows of one image the nearest (recalled: of ten samples). ``value`` a mean over rows, or over images where the best
    counts, ``spread`` its standard error, ``per_item`` [M] these. Raises RedrawError where nothing is known of an image, and
    where all that is said is 0.
    """
    said, asked, image = _known("attribute_cosine", items)
    lengths = np.linalg.norm(said, axis=1) * np.linalg.norm(asked, axis=1)
    if not lengths.all():
        raise RedrawError(
            f"attribute_cosine: nothing is known of image {image[int(lengths.argmin())]}, or nothing is said of it: leave it out"
        )
    cosine = (said * asked).sum(1) / lengths
    return _mean(np.array([cosine[image == k].max() for k in np.unique(image)]) if best else cosine)


def attribute_squared_error(items: Mapping[str, np.ndarray], best: bool = False) -> dict:
    """Own code, as ``attribute_cosine``. Squared error of what is said, a sum over attributes; ``best``: the least one."""
    said, asked, image = _known("attribute_squared_error", items)
    error = np.square(said - asked).sum(1)
    return _mean(np.array([error[image == k].min() for k in np.unique(image)]) if best else error)


# --- inside ------------------------------------------------------------------------------------------------------


def _known(metric: str, items: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is said [N, A] and 1 or -1 [N, A], both 0 where it is not known; the images [N]."""
    said, asked, image = take(metric, items, *FIELDS)
    said = finite(metric, "attributes", said)
    if said.shape != asked.shape:
        raise RedrawError(
            f"{metric}: {said.shape[1]} attributes are said, {asked.shape[1]} asked for: take a regressor of this data set"
        )
    return np.where(asked < 0, 0.0, said), np.where(asked < 0, 0.0, 2.0 * asked - 1), image


def _mean(values: np.ndarray) -> dict:
    spread = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return {"value": float(values.mean()), "spread": spread, "per_item": values, "n": len(values)}
