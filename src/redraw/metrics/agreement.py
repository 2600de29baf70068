"""Do two text encoders say the same of a caption?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError
from .arrays import finite, take

FIELDS = ("own_text_embedding", "text_embedding")


def embedding_agreement(items: Mapping[str, np.ndarray]) -> dict:
    """Mean cosine of the run's own embedding of a caption and of the instrument's.

    ``items``: own_text_embedding [N, E], text_embedding [N, E]. ``per_item`` the cosines, ``parts``: ``least``, the smallest of
    them. Raises RedrawError for embeddings of two widths and for one of length 0.
    """
    own, other = _both("embedding_agreement", items)
    lengths = [np.linalg.norm(a, axis=1) for a in (own, other)]
    for field, length in zip(FIELDS, lengths, strict=True):
        if not length.all():
            raise RedrawError(
                f"embedding_agreement: {field} is 0 in row {int(length.argmin())}: leave that caption out"
            )
    cosine = (own * other).sum(1) / (lengths[0] * lengths[1])
    return {"value": cosine.mean(), "per_item": cosine, "parts": {"least": float(cosine.min())}}


def embedding_difference(items: Mapping[str, np.ndarray]) -> dict:
    """Largest difference of two numbers of one place, in units of the embeddings.

    ``items`` as above. ``per_item`` that of each caption, ``parts``: ``largest``, the largest number of either's.
    """
    own, other = _both("embedding_difference", items)
    apart = np.abs(own - other).max(1)
    return {
        "value": apart.max(),
        "per_item": apart,
        "parts": {"largest": float(max(np.abs(own).max(), np.abs(other).max()))},
    }


def _both(metric: str, items: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    own, other = (finite(metric, name, a) for name, a in zip(FIELDS, take(metric, items, *FIELDS), strict=True))
    if own.shape != other.shape:
        raise RedrawError(
            f"{metric}: {list(own.shape)} against {list(other.shape)} numbers: read both with encoders of one width"
        )
    return own, other
