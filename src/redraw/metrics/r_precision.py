"""R-precision: of a hundred captions, is an image's own the nearest one?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from ..core import RedrawError, nearest
from .arrays import finite, take

BLOCK = 1024  # images whose similarities to all captions are held at a time
PROTOCOLS = ("analytic", "sampled", "in_batch")
TIES = ("own", "shared", "other")


class Ranks(NamedTuple):
    """Of each image [N]: how many captions do not belong to it, and how many of these are nearer, and as near, as its own."""

    others: np.ndarray
    nearer: np.ndarray
    equal: np.ndarray


class Codes(NamedTuple):
    """Unit vectors in float32, each caption's embedding once, so that equal ones have exactly equal similarities."""

    image: np.ndarray  # [N, D]
    text: np.ndarray  # [U, D]
    column: np.ndarray  # [N], which of the U is the image's own
    caption: np.ndarray  # [N], a number for each caption as it is written
    class_id: np.ndarray  # [N]


def r_precision(
    items: Mapping[str, np.ndarray],
    protocol: str = "analytic",
    candidates: int = 100,
    exclusive: bool = True,
    replacement: bool = False,
    tie: str = "shared",
    same_text: bool = False,
    folds: int = 10,
    seed: int = 0,
) -> dict:
    """Own code: AttnGAN's was never released, its public follower, MinfengZhu/DM-GAN's trainer.py, runs inside its training.

    Percent of the images whose own caption has the largest cosine among itself and ``candidates`` - 1 others (Xu et al.
    2018: R = 1, 100 candidates). ``items``: image_embedding [N, D], text_embedding [N, D], class_id [N], captions [N];
    the others are drawn from the captions of these items. ``protocol``:

    analytic   the expectation over all draws of the others, image by image: no noise of the draw
    sampled    one draw, each image's others anew. Only whether one of them is nearer counts, which is a coin that falls
               as the expectation says: the coin is thrown. DM-GAN: exclusive, with replacement, tie own
    in_batch   groups of ``candidates`` images, each against the captions of its group. Whether AttnGAN did so is not
               known; its printed ± has the size of such groups. A remainder is left out; fewer images are one group

    exclusive      captions of the image's own class are no candidates (DM-GAN on birds: other species; on COCO every
                   image is a class of its own, which is ``exclusive`` false here)
    replacement    a caption may be drawn twice. Where without it fewer captions than asked for do not belong to an image,
                   all of them are candidates
    tie            a caption exactly as near as the own one: "own", a hit (DM-GAN: the first arg max of a list that begins
                   with it, so that an encoder which tells nothing apart scores 100); "shared", half a hit, a third with two;
                   "other", none
    same_text      true: another image's caption that reads the same is a candidate; false: it is none, since it fits
    folds          of analytic and sampled: contiguous parts of the items, shuffled by ``seed``; DM-GAN's slices lose the
                   last item of each

    ``value`` in percent; ``spread`` over ``per_fold`` (ddof 0) as papers print it: of ten folds of 3,000 it is the noise
    of some 0.8 points, of groups of 100 some 4.5. ``per_item`` the hits, or their probabilities. ``envelope``: lowest and
    highest value over all these readings of the same arrays. ``parts``: ``chance`` in percent and ``candidates``, the
    fewest that an image had. Raises RedrawError where an image has no class or there is no caption that is not its own.
    """
    for name, given, known in (("protocol", protocol, PROTOCOLS), ("tie", tie, TIES)):
        if given not in known:
            raise RedrawError(f'r_precision: {name} is "{given}": {nearest(given, list(known))}')
    if candidates < 2:
        raise RedrawError(f"r_precision: candidates {candidates}: give 2 or more")
    codes = _codes(items)
    n, drawn = len(codes.image), candidates - 1
    every = _ranks(codes)
    if (exclusive, same_text) not in every:
        raise RedrawError("r_precision: exclusive, but some images have no class: give exclusive: false")
    order = np.random.default_rng([seed, 1]).permutation(n)
    grouped = {rule: _in_groups(codes, order, min(candidates, n), *rule, tie) for rule in every}
    if protocol == "in_batch":
        hits = grouped[exclusive, same_text]
        per_item, per_fold, drawn_of_each = hits.ravel(), hits.mean(1), np.array([hits.shape[1] - 1])
    else:
        ranks = every[exclusive, same_text]
        if not ranks.others.all():
            whose = "of other classes " if exclusive else ""
            raise RedrawError(
                f"r_precision: no captions {whose}beside its own for image {ranks.others.argmin()}: take more captions"
            )
        if n < folds:
            raise RedrawError(f"r_precision: {n} items give no {folds} folds: raise n or take fewer folds")
        per_item = chances(ranks, drawn, replacement, tie)
        if protocol == "sampled":
            per_item = (np.random.default_rng([seed, 0]).random(n) < per_item).astype(np.float64)
        per_fold = np.array([per_item[order[i * n // folds : (i + 1) * n // folds]].mean() for i in range(folds)])
        drawn_of_each = np.array([drawn]) if replacement else np.minimum(drawn, ranks.others)
    value = float(per_item.mean())
    readings = [value, *(hits.mean() for hits in grouped.values())]
    for ranks in (r for r in every.values() if r.others.all()):
        readings += [chances(ranks, drawn, *how).mean() for how in product((True, False), TIES)]
    return {
        "value": 100 * value,
        "spread": 100 * float(np.std(per_fold)) if len(per_fold) > 1 else None,
        "per_fold": (100 * per_fold).tolist(),
        "per_item": per_item,
        "n": len(per_item),
        "envelope": [100 * float(min(readings)), 100 * float(max(readings))],
        "parts": {"chance": 100 * float((1 / (1 + drawn_of_each)).mean()), "candidates": 1 + int(drawn_of_each.min())},
    }


def chances(ranks: Ranks, drawn: int, replacement: bool, tie: str) -> np.ndarray:
    """Probability [N] that none of ``drawn`` captions, out of all that do not belong to the image, takes its place.

    Without replacement a ratio of binomial coefficients, C(M - m, k) / C(M, k) for m nearer ones of M; where a tie shares
    the hit, the mean of 1 / (1 + ties drawn).
    """
    others, nearer, equal = (r.astype(np.float64) for r in ranks)
    if tie == "other":
        nearer, equal = nearer + equal, np.zeros_like(equal)
    if replacement:
        free, clear = (others - nearer) / others, (others - nearer - equal) / others
        shared = (free ** (drawn + 1) - clear ** (drawn + 1)) / ((drawn + 1) * np.maximum(equal / others, 1e-300))
        plain = free**drawn
    else:
        k = np.minimum(drawn, others)
        plain = _ratio(others - nearer, k, others, k)
        top = _ratio(others - nearer + 1, k + 1, others, k) - _ratio(others - nearer - equal, k + 1, others, k)
        shared = top / (equal + 1)
    return np.minimum(1, np.where(equal > 0, shared, plain) if tie == "shared" else plain)  # logarithms round


# --- inside ------------------------------------------------------------------------------------------------------


def _ratio(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """C(a, b) / C(c, d) of whole numbers, through logarithms, to 1e-9; 0 where b > a."""
    a, b, c, d = (x.astype(np.int64) for x in (a, b, c, d))
    there = b <= a
    a, b = np.where(there, a, 1), np.where(there, b, 1)
    log_factorial = np.array([math.lgamma(k + 1) for k in range(max(a.max(), c.max()) + 1)])
    of = log_factorial.__getitem__
    return np.where(there, np.exp(of(a) - of(b) - of(a - b) - of(c) + of(d) + of(c - d)), 0.0)


def _codes(items: Mapping[str, np.ndarray]) -> Codes:
    image, text, class_id, captions = take(
        "r_precision", items, "image_embedding", "text_embedding", "class_id", "captions"
    )
    image, text = (
        finite("r_precision", name, values) for name, values in (("image_embedding", image), ("text_embedding", text))
    )
    # One caption read twice may differ in its last bits: it is the first reading that counts.
    _, first, caption = np.unique(captions, return_index=True, return_inverse=True)
    units = [
        (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-8)).astype(np.float32)
        for v in (image, text[first])
    ]
    as_bytes = np.ascontiguousarray(units[1]).view([("", f"V{units[1].itemsize * units[1].shape[1]}")])[:, 0]
    _, kept, column = np.unique(as_bytes, return_index=True, return_inverse=True)
    return Codes(units[0], units[1][kept], column[caption], caption, class_id)


def _ranks(codes: Codes) -> dict[tuple[bool, bool], Ranks]:
    """By (exclusive, same_text), from one pass over all similarities; exclusive only where every image has a class."""
    n, classes = len(codes.image), codes.class_id
    order = np.argsort(classes, kind="stable")
    known, begin = np.unique(classes[order], return_index=True)
    span = dict(zip(known.tolist(), zip(begin, [*begin[1:], n], strict=True), strict=True))
    weight = np.bincount(codes.column, minlength=len(codes.text)).astype(np.float32)
    nearer, equal = np.zeros((2, n)), np.zeros((2, n))  # of all captions, of those of the own class; itself is as near
    for first in range(0, n, BLOCK):
        rows = order[first : first + BLOCK]
        similar = codes.image[rows] @ codes.text.T
        own = similar[np.arange(len(rows)), codes.column[rows]][:, None]
        nearer[0, rows], equal[0, rows] = (similar > own) @ weight, (similar == own) @ weight
        for c in np.unique(classes[rows]) if known[0] >= 0 else ():
            low, high = span[int(c)]
            here = slice(max(low - first, 0), high - first)
            inside = similar[here][:, codes.column[order[low:high]]]
            nearer[1, rows[here]] = (inside > own[here]).sum(1)
            equal[1, rows[here]] = (inside == own[here]).sum(1)
    alike = _sizes(codes.caption)
    found = {False: (n - 1 - np.zeros(n), nearer[0], equal[0] - 1, alike - 1)}
    if known[0] >= 0:
        alike_inside = _sizes(codes.caption.astype(np.int64) * (int(known[-1]) + 1) + classes)
        found[True] = (n - _sizes(classes), nearer[0] - nearer[1], equal[0] - equal[1], alike - alike_inside)
    return {
        (rule, keeps): Ranks(others, better, same) if keeps else Ranks(others - texts, better, same - texts)
        for rule, (others, better, same, texts) in found.items()
        for keeps in (True, False)
    }


def _sizes(group: np.ndarray) -> np.ndarray:
    """How many rows have the same number: [N]."""
    _, of, counts = np.unique(group, return_inverse=True, return_counts=True)
    return counts[of]


def _in_groups(codes: Codes, order: np.ndarray, size: int, exclusive: bool, same_text: bool, tie: str) -> np.ndarray:
    """Hits [G, size] of groups of images, each against the captions of its group."""
    hits = []
    for rows in order[: len(order) - len(order) % size].reshape(-1, size):
        column, caption, classes = codes.column[rows], codes.caption[rows], codes.class_id[rows]
        similar = codes.image[rows] @ codes.text[column].T
        own = np.diag(similar)[:, None]
        other = (classes[:, None] != classes) if exclusive else ~np.eye(size, dtype=bool)
        if not same_text:
            other &= caption[:, None] != caption
        as_near = (column[:, None] == column) | (similar == own)  # equal columns may differ in rounding
        nearer, equal = (other & ~as_near & (similar > own)).sum(1), (other & as_near).sum(1)
        share = {"own": 1.0, "shared": 1 / (1 + equal), "other": equal == 0}[tie]
        hits.append((nearer == 0) * share)
    return np.array(hits)
