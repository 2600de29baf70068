"""Which training images make up a step: a pure function of (seed, step), so that resuming needs no memory of the order."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from .core import RedrawError
from .recipe import Batch, Recipe, Split


def batch_indices(n: int, batch_size: int, seed: int, step: int) -> np.ndarray:
    """Indices [batch_size] of one step: epochs are permutations laid end to end, each a function of (seed, epoch)."""
    first = step * batch_size
    parts = []
    while first < (step + 1) * batch_size:
        epoch, place = divmod(first, n)
        parts.append(_order(n, seed, epoch)[place : place + (step + 1) * batch_size - first])
        first += len(parts[-1])
    return np.concatenate(parts)


def class_indices(class_ids: np.ndarray, batch_size: int, seed: int, step: int, replacement: bool) -> np.ndarray:
    """Indices [batch_size] of one step, one image drawn evenly from each of ``batch_size`` evenly drawn classes.

    ``class_ids`` [n] are the training images'. Raises RedrawError where distinct classes are asked for and there are
    too few.
    """
    order, first, counts = _by_class(class_ids.tobytes())
    if not replacement and len(counts) < batch_size:
        raise RedrawError(
            f"batch_size {batch_size}: batches of distinct classes, but there are {len(counts)}: lower it"
        )
    rng = np.random.default_rng([seed, step, 3])
    chosen = rng.integers(len(counts), size=batch_size) if replacement else rng.permutation(len(counts))[:batch_size]
    return order[first[chosen] + rng.integers(counts[chosen])]


def set_indices(class_ids: np.ndarray, batch_size: int, set_size: int, seed: int, step: int) -> np.ndarray:
    """Indices [batch_size] of one step, set by set: ``set_size`` distinct images each, of one class that is drawn evenly.

    ``class_ids`` [n] are the training images'. Raises RedrawError for a batch that is no whole number of sets, and where no
    class has as many images; those that have fewer are left out.
    """
    order, first, counts = _by_class(class_ids.tobytes())
    if batch_size % set_size:
        raise RedrawError(
            f"batch_size {batch_size}: no whole number of sets of {set_size} images: take a multiple of it"
        )
    large = np.flatnonzero(counts >= set_size)
    if not len(large):
        raise RedrawError(f"set_size {set_size}: the largest class has {counts.max()} images: lower it")
    rng = np.random.default_rng([seed, step, 5])
    chosen = rng.choice(large, batch_size // set_size)
    return np.concatenate([order[first[c] + rng.permutation(counts[c])[:set_size]] for c in chosen])


@functools.lru_cache(maxsize=2)
def _by_class(class_ids: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images in the order of their classes, where each class begins there, and how many images it has."""
    ids = np.frombuffer(class_ids, np.int64)
    _, first, counts = np.unique(np.sort(ids), return_index=True, return_counts=True)
    return np.argsort(ids, kind="stable"), first, counts


def length_indices(
    by_length: Mapping[int, np.ndarray], batch_size: int, seed: int, step: int
) -> tuple[int, np.ndarray]:
    """The length of one step's captions, and indices [batch_size] of images that have one of this length.

    ``by_length`` {length: the image of each caption of it}. A length comes as often as captions have it, so that all captions
    come equally often; the images of one batch have captions of their own as far as there are so many.
    """
    rng = np.random.default_rng([seed, step, 4])
    counts = np.array([len(images) for images in by_length.values()])
    length = list(by_length)[int(np.searchsorted(np.cumsum(counts), rng.integers(counts.sum()), side="right"))]
    images = by_length[length]
    whole = [rng.permutation(len(images)) for _ in range(-(-batch_size // len(images)))]
    return length, images[np.concatenate(whole)[:batch_size]]


def batch_of(recipe: Recipe, training: Split, seed: int, step: int) -> Batch:
    """The batch of one step: what the recipe reads, of images in the order that it asks for."""
    rng = np.random.default_rng([seed, step, 1])
    if recipe.batches == "lengths":
        length, indices = length_indices(training.by_length, recipe.config.batch_size, seed, step)
        return training.batch(indices, recipe.reads, rng, n_words=length)
    return training.batch(indices_of(recipe, training, seed, step), recipe.reads, rng)


def indices_of(recipe: Recipe, training: Split, seed: int, step: int) -> np.ndarray:
    """Indices [batch_size] of one step in the order that the recipe asks for, where lengths of captions do not matter."""
    if recipe.batches == "images":
        return batch_indices(len(training), recipe.config.batch_size, seed, step)
    if recipe.batches == "sets":
        return set_indices(training.class_ids, recipe.config.batch_size, recipe.config.set_size, seed, step)
    replacement = recipe.batches == "classes_with_replacement"
    return class_indices(training.class_ids, recipe.config.batch_size, seed, step, replacement)


@functools.lru_cache(maxsize=2)
def _order(n: int, seed: int, epoch: int) -> np.ndarray:
    """The order [n] of one epoch; kept, since a large set's costs as much as a small step."""
    return np.random.default_rng([seed, epoch]).permutation(n)
