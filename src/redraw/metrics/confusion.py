"""What a classifier reads in images that were asked to show something else: which class is taken for which."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def confusion(items: Mapping[str, np.ndarray]) -> dict:
    """Agrees exactly with scikit-learn's ``confusion_matrix``.

    ``items``: logits [N, K], class_id [N]. ``counts`` [K, K]: row = class asked for, column = class read; ``value`` the
    share of the diagonal in percent.
    """
    classes = items["logits"].shape[1]
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (items["class_id"], items["logits"].argmax(1)), 1)
    return {"value": 100 * float(np.trace(counts)) / int(counts.sum()), "counts": counts}
