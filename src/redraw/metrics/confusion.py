"""What a classifier reads in images that were asked to show something else: which class is taken for which."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .accuracy import read_classes


def confusion(items: Mapping[str, np.ndarray]) -> dict:
    """Agrees exactly with scikit-learn's ``confusion_matrix``.

    ``items``: logits [N, K], class_id [N]. ``counts`` [K, K]: row = class asked for, column = class read; ``value`` the
    share of the diagonal in percent.
    """
    read, asked = read_classes(items), items["class_id"]
    classes = max(items["logits"].shape[1], int(read.max()) + 1, int(asked.max()) + 1)
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (asked, read), 1)
    return {"value": 100 * float(np.trace(counts)) / int(counts.sum()), "counts": counts}
