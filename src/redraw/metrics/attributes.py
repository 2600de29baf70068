"""Does an image show what its caption names? Read by a network that tells attributes apart, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core import RedrawError, nearest
from .arrays import take

MARK = "::"


def attribute_consistency(items: Mapping[str, np.ndarray], groups: Sequence[str] | None = None) -> dict:
    """Own measure: no released code computes it. Share of the attributes named in captions that a reader finds.

    ``items``: attributes [N, A] (logits), attributes_labels [A] ("has_back_color::red"), captions [N]. A caption's
    attributes are those that `redraw.data.drawn.phrases.named` reads from it. One is found where, among the columns of
    its group, the largest is the value named. ``groups`` restricts to these. What the reader has no column for is left
    out.

    ``value`` is over all attributes named; ``spread`` its standard error with items as clusters; ``per_item`` the share
    found of each item that counts, ``n`` how many these are: those naming nothing do not. ``parts``: percent by group.
    Raises RedrawError for a group that the reader does not know, and where no caption names anything that it knows.
    """
    logits, labels, captions = take("attribute_consistency", items, "attributes", "attributes_labels", "captions")
    columns: dict[str, dict[str, int]] = {}
    for column, label in enumerate(map(str, labels)):
        group, mark, value = label.partition(MARK)
        if mark:
            columns.setdefault(group, {})[value] = column
    if not columns:
        raise RedrawError(f'attribute_consistency: no column is called "group{MARK}value": name an attribute reader')
    for group in groups or ():
        if group not in columns:
            raise RedrawError(
                f"attribute_consistency: the reader knows no group {group!r}: {nearest(group, list(columns))}"
            )
    asked = columns if groups is None else {group: columns[group] for group in groups}
    seen = {group: _read(logits, values) for group, values in asked.items()}
    hits: dict[str, list[bool]] = {}
    shares = []  # (found, named) of each item that counts
    for row, caption in enumerate(map(str, captions)):
        named = {g: v for g, v in _named(caption).items() if v in asked.get(g, ())}
        found = {group: bool(seen[group][row] == value) for group, value in named.items()}
        for group, hit in found.items():
            hits.setdefault(group, []).append(hit)
        if found:
            shares.append((sum(found.values()), len(found)))
    if not shares:
        raise RedrawError(
            f"attribute_consistency: none of {len(captions)} captions names one of {', '.join(asked)}: take captions "
            "that do"
        )
    right, total = np.array(shares, dtype=np.float64).T
    share = right.sum() / total.sum()
    n = len(right)
    deviation = np.square(right - share * total).sum() * n / max(1, n - 1)
    return {
        "value": 100 * float(share),
        "spread": 100 * float(np.sqrt(deviation) / total.sum()) if n > 1 else None,
        "per_item": right / total,
        "n": n,
        "parts": {group: 100 * float(np.mean(hits[group])) for group in asked if group in hits},
    }


def _named(caption: str) -> dict[str, str]:
    # Imported late: the phrases are of drawn birds, and the other metrics do not need them.
    from ..data.drawn.phrases import named

    return named(caption)


def _read(logits: np.ndarray, values: Mapping[str, int]) -> np.ndarray:
    """The value [N] with the largest logit among the columns of one group."""
    return np.array(list(values))[logits[:, list(values.values())].argmax(1)]
