"""How often the class that an image was asked to show is the class that a classifier reads from it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..core import RedrawError, nearest


def accuracy(items: Mapping[str, np.ndarray]) -> dict:
    """Agrees exactly with scikit-learn's ``accuracy_score`` times 100, on the arg max of the logits.

    ``items``: logits [N, K], class_id [N]. ``value`` in percent; ``spread`` is the binomial standard error
    100 sqrt(p (1 - p) / N), what another draw of N items would differ by; ``per_item`` the hits, 0 or 1.
    """
    hits = read_classes(items) == items["class_id"]
    return _percent(hits.astype(np.float64))


def error(items: Mapping[str, np.ndarray]) -> dict:
    """100 minus ``accuracy``, of the same ``items``: the share that is misread; ``spread`` and hits ``per_item`` are its own."""
    found = accuracy(items)
    return {**found, "value": 100 - found["value"], "per_item": 1 - found["per_item"]}


def accuracy_at_length(items: Mapping[str, np.ndarray], which: str) -> dict:
    """``accuracy`` of the items with the ``shortest`` or the ``longest`` captions among those drawn; ``n`` counts them.

    ``items``: logits [N, K], class_id [N], n_words [N]. Raises RedrawError for another word.
    """
    if which not in ("shortest", "longest"):
        raise RedrawError(f'accuracy_at_length: which is "{which}": {nearest(which, ["shortest", "longest"])}')
    length = items["n_words"]
    chosen = length == (length.min() if which == "shortest" else length.max())
    found = accuracy({**items, **{name: items[name][chosen] for name in ("logits", "class_id")}})
    return {**found, "n": int(chosen.sum())}


def accuracy_by_length(items: Mapping[str, np.ndarray]) -> dict:
    """``accuracy``, and the same over the number of words of the captions, as written: words are what blanks part.

    ``items``: logits [N, K], class_id [N], captions [N]. ``value``, ``spread`` and ``per_item`` are ``accuracy``'s over all
    items; ``parts``: percent by length, "3 words"; ``curve``: the same over the lengths, with each one's standard error
    ``spread`` and number of items ``n``.
    """
    length = np.array([len(str(caption).split()) for caption in items["captions"]])
    found, lengths = accuracy(items), np.unique(length)
    hits = [found["per_item"][length == words] for words in lengths]
    of_length = [_percent(h) for h in hits]
    curve = {
        "x": lengths.tolist(),
        "y": [f["value"] for f in of_length],
        "x_label": "words in the caption",
        "spread": [f["spread"] for f in of_length],
        "n": [len(h) for h in hits],
    }
    parts = {f"{x} word{'s' * (x != 1)}": y for x, y in zip(curve["x"], curve["y"], strict=True)}
    return {**found, "parts": parts, "curve": curve}


def accuracy_by_operator(items: Mapping[str, np.ndarray]) -> dict:
    """``accuracy``, and the same of the captions that add alone, that subtract alone, and that do both.

    ``items``: logits [N, K], class_id [N], captions [N]. ``value``, ``spread`` and ``per_item`` are ``accuracy``'s over all
    items; ``columns`` sums, differences and both, each of what there is any of, with its standard error and number of items;
    a caption without an operator is in none of them.
    """
    words = [str(caption).split() for caption in items["captions"]]
    plus, minus = (np.array([word in of for of in words]) for word in ("plus", "minus"))
    found, kinds = accuracy(items), {"sums": plus & ~minus, "differences": minus & ~plus, "both": plus & minus}
    columns = {kind: _percent(found["per_item"][chosen]) for kind, chosen in kinds.items() if chosen.any()}
    parts = {f"{kind}, captions": int(chosen.sum()) for kind, chosen in kinds.items()}
    return {**found, "columns": columns, "parts": parts}


def accuracy_labels_unsorted(items: Mapping[str, np.ndarray], batch: int = 128, passes: int = 10) -> dict:
    """The accuracy that ppartha03/PGM-Project@f2d0dca logs: images sorted by caption length, labels left as they were.

    Within each batch the released loader sorts images and captions, longest caption first, and hands the labels out
    unsorted: an image is held against the label of whoever stood in its place before. Which items share a batch is
    chance, therefore the items are shuffled first, as the released training loader does, ``passes`` times from seeds
    0, 1, …; the value is the mean. (A loader that visits one class after the other would mix up fewer labels.)

    ``items``: logits [N, K], class_id [N], n_words [N]. ``value`` in percent; ``spread`` is the binomial standard
    error of one pass over N items; ``per_item`` the share of the passes in which an item's reading was counted right.
    """
    read, asked, length = read_classes(items), items["class_id"], items["n_words"]
    hits = np.zeros((passes, len(read)))
    for k in range(passes):
        shuffled = np.random.default_rng(k).permutation(len(read))
        for first in range(0, len(read), batch):
            unsorted = shuffled[first : first + batch]
            # Stable, as Python's sort is: images of one caption length keep their order.
            in_order = unsorted[np.argsort(-length[unsorted].astype(np.int64), kind="stable")]
            hits[k, in_order] = read[in_order] == asked[unsorted]
    return _percent(hits.mean(0))


def perfect_logits(class_id: np.ndarray, classes: int) -> np.ndarray:
    """Logits [N, K] of a generator and a classifier without fault: what a protocol makes of them is its ceiling."""
    return np.eye(classes)[class_id]


def read_classes(items: Mapping[str, np.ndarray]) -> np.ndarray:
    """Class ids [N]: the arg max, or the class that its column is labelled with."""
    column = items["logits"].argmax(1)
    return items["logits_labels"].astype(np.int64)[column] if "logits_labels" in items else column


def _percent(hits: np.ndarray) -> dict:
    share = float(hits.mean())
    return {
        "value": 100 * share,
        "spread": 100 * math.sqrt(share * (1 - share) / len(hits)),
        "per_item": hits,
    }
