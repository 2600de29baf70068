"""K-shot classification: of which of several classes, each known by a few images, is a new image?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import RedrawError, nearest
from .arrays import finite, take

RULES = ("support_to_query", "query_to_support")
AMONG = ("all", "alphabet")
TOGETHER = 256  # queries whose divergences from all sets are held at once


def k_shot_accuracy(
    items: Mapping[str, np.ndarray], shots: int, ways: int, episodes: int = 10, among: str = "all",
    rule: str = "support_to_query", seed: int = 0,
) -> dict:  # fmt: skip
    """Own code after the rule of Edwards and Storkey 2017 (recalled; none of it was released). Top-1 in percent.

    Each image is the query of ``episodes`` episodes: its own class and ``ways`` - 1 others drawn evenly, every class shown by a
    set of ``shots`` images, of its own class one without the query. The image is of the class with the least divergence of
    normal distributions q(c): ``rule`` support_to_query KL(q(c | set) || q(c | image)), query_to_support the other way
    round. ``among``: classes of all the items (unstructured), or of the query's alphabet, what stands before the last "/" of
    its class's name.

    ``items``: context [N, 2 C], mean and log variance of q(c | image); support [N, K], rows of sets of one class, and
    support_context [N, 2 C] of these; class_id [N]; class_name [N]. There are as many sets of a class as images, drawn once;
    where classes or their images are fewer than asked for, ``parts`` says how many there were: ``ways``, ``shots``, ``classes``.

    ``per_item`` [M] the share of its episodes in which an image is found, ties by halves, thirds and so on; ``spread`` the
    standard error over images, of which ``n`` were in no set of some row of their class; ``columns``: ``chance``. Raises
    RedrawError for another rule, one class, and numbers that are not finite.
    """
    for name, value, known in (("rule", rule, RULES), ("among", among, AMONG)):
        if value not in known:
            raise RedrawError(f'k_shot_accuracy: {name} is "{value}": {nearest(value, list(known))}')
    fields = ("context", "support_context", "support", "class_id", "class_name")
    query, known, support, class_id, class_name = take("k_shot_accuracy", items, *fields)
    query, known = finite("k_shot_accuracy", "context", query), finite("k_shot_accuracy", "support_context", known)
    classes, own = np.unique(class_id, return_inverse=True)
    alphabet = _alphabets(classes, class_id, class_name, among)
    ways = min(ways, int(np.bincount(alphabet).min()))
    if ways < 2:
        raise RedrawError("k_shot_accuracy: a choice of one class is none: ask for more images, or among all classes")
    order, counts = np.argsort(own, kind="stable"), np.bincount(own)
    begin, members = np.cumsum(counts) - counts, np.split(order, np.cumsum(counts)[:-1])
    rng = np.random.default_rng([seed, len(own)])
    of_each = np.full(len(own), np.nan)
    for first in range(0, len(own), TOGETHER):
        rows = np.arange(first, min(first + TOGETHER, len(own)))
        apart = divergences(known, query[rows]) if rule == RULES[0] else divergences(query[rows], known).T  # [N, rows]
        for column, i in enumerate(rows):
            without = members[own[i]][~(support[members[own[i]]] == i).any(1)]
            if not len(without):
                continue
            others = np.flatnonzero((alphabet == alphabet[own[i]]) & (np.arange(len(classes)) != own[i]))
            found = 0.0
            for _ in range(episodes):
                chosen = rng.permutation(others)[: ways - 1]
                drawn = order[begin[chosen] + rng.integers(counts[chosen])]
                wrong, right = apart[drawn, column], apart[rng.choice(without), column]
                found += (right <= wrong).all() / (1 + (right == wrong).sum())
            of_each[i] = found / episodes
    hits = of_each[~np.isnan(of_each)]
    if not len(hits):
        raise RedrawError("k_shot_accuracy: every set of a class has all of its images: ask for fewer shots")
    chance = {"value": 100 / ways, "kind": "floor", "better": "higher", "unit": "percent"}
    return {
        "value": 100 * float(hits.mean()),
        "spread": 100 * float(hits.std(ddof=1) / np.sqrt(len(hits))) if len(hits) > 1 else None,
        "per_item": hits,
        "n": len(hits),
        "columns": {"chance": chance},
        "parts": {"ways": ways, "shots": support.shape[1], "classes": len(classes)},
    }


def supports(class_id: np.ndarray, shots: int) -> np.ndarray:
    """Rows [N, K]: each item's own and those of K - 1 others of its class, drawn evenly by its number alone.

    K is ``shots``, or one less than the smallest class has items. Raises RedrawError for a class of one item.
    """
    _, own, counts = np.unique(class_id, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        raise RedrawError(
            "k_shot_accuracy: a class has one image, and a query must lie outside of its set: ask for more images"
        )
    size = min(shots, int(counts.min()) - 1)
    members = [np.flatnonzero(own == c) for c in range(len(counts))]
    rng = np.random.default_rng([3, len(own)])
    return np.stack([[i, *rng.permutation(members[c][members[c] != i])[: size - 1]] for i, c in enumerate(own)])


def divergences(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """KL(left_i || right_j) [N, M] in nats of normal distributions, mean and log variance [N, 2 C] and [M, 2 C]."""
    mean, log_variance = np.split(left, 2, axis=1)
    other_mean, other_log_variance = np.split(right, 2, axis=1)
    precision = np.exp(-other_log_variance)
    squares = (np.exp(log_variance) + mean**2) @ precision.T - 2 * mean @ (precision * other_mean).T
    own = (precision * other_mean**2 + other_log_variance).sum(1) - log_variance.sum(1)[:, None]
    return 0.5 * (squares + own - mean.shape[1])


# --- inside ------------------------------------------------------------------------------------------------------


def _alphabets(classes: np.ndarray, class_id: np.ndarray, class_name: np.ndarray, among: str) -> np.ndarray:
    """The number of each class's alphabet; 0 for all of them where any may be in an episode."""
    if among == "all":
        return np.zeros(len(classes), np.int64)
    names = {int(c): str(name).rpartition("/")[0] for c, name in zip(class_id, class_name, strict=True)}
    return np.unique([names[int(c)] for c in classes], return_inverse=True)[1]
