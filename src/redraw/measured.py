"""What is read on images by no instrument's ``encode``: the model's own bounds, attention and steps, similarity, captions.

In a sheet:

    retrieval: {metric: image_retrieval, options: {gallery: 100, score: log_mean_exp},
                instrument: self, captions: test, images: real, n: 1000}
    bound:     {metric: variational_bound, options: {samples: 10}, instrument: self, captions: test, images: real, n: 1000}
    tighter:   {metric: importance_bound, options: {samples: 10}, instrument: self, captions: test, images: real, n: 1000}
    ssim:      {metric: ssim, options: {samples: 50}, captions: test, images: model, n: 1000}

and in its tables and claims ``retrieval/r1``, ``retrieval/r5``, ``retrieval/r10``, ``retrieval/r50``, ``retrieval/median``,
and ``retrieval/chance_r1`` and so on for a row of kind floor. A retrieval asks for G pairs of each of the n captions;
evaluations of the same captions, images and n with the same ``samples`` (and ``gallery``) share their pairs. All pairs of a
retrieval have the same noise. Bounds that are averaged have noise of their own for each image: an error that all images
shared would not average out.

Likelihoods have ``captions: none`` for a model without; ``images: shuffled`` are there the real ones, dealt out at random.
Options: ``samples``, K draws of the latent variables for each pair of image and caption (1), of similarity the images that
are drawn for each; ``gallery``, G images for each caption (100). The recipe's ``bounds`` (recipe.py) gets at most CHUNK pairs
and four draws of each at a time; one caption stands in many pairs of a call.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch

from .annealed import annealed
from .conditions import CHUNK, Conditions, asked_in_parts, pictures, pictures_in_parts, real_images, to_bytes
from .core import RedrawError
from .data.base import Prepared
from .metrics import ANNEALED, BOUNDS
from .metrics.ssim import readings, similarities
from .models import Instrument
from .recipe import Recipe
from .scores import Annealing, Reader
from .support import supported
from .writing import looked, written

MEASURED = (*BOUNDS, *ANNEALED, "ssim")
GALLERY = 100
DRAWS = 4  # of each pair in one call of ``bounds``
MOST_SAMPLES = 1 << 20  # a seed each
APART = 1000  # seeds between two images drawn for one caption


@torch.no_grad()
def measured(
    wanted: Collection[str], reader: Reader, evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions,
    opened: Prepared, images: np.ndarray, seed: int, instrument: Instrument | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Those of the fields ``bounds``, ``gallery_bounds``, ``annealed``, ``ssim``, ``written``, ``support`` and
    ``asked_attributes`` that are ``wanted``, as scoring.draw and annealed.py name them, the latter two with what belongs to them.

    ``images`` [N, C, H, W] in bytes is what was drawn first; the ``instrument`` writes, and reads sets. Raises RedrawError for
    a model without ``bounds``, for similarity where captions belong to no image, and for an instrument that writes no captions.
    """
    found = {}
    if "asked_attributes" in wanted:
        asked = opened.batch(conditions.image, ("attributes",), np.random.default_rng(0))["attributes"]
        found |= {"asked_attributes": asked.cpu().numpy(), "asked_image": conditions.image}
    if "support" in wanted and instrument:
        found |= supported(instrument.recipe, reader.shots or 1, conditions, opened, images)
    if "written" in wanted and instrument:
        found["written"] = written(instrument, opened, images, reader.beam or 1)
    if {*BOUNDS} & {*wanted}:
        if not hasattr(type(recipe), "bounds"):
            raise RedrawError(
                f"evaluation, metric {evaluation['metric']}: {type(recipe).__name__} has no likelihood: score so only "
                "runs of a recipe with bounds"
            )
        recipe.eval()
        true, row_of = _held_against(evaluation, recipe, conditions, opened, seed)
        if "bounds" in wanted:
            found["bounds"] = _bounds(recipe, conditions, true, opened, seed, reader.samples or 1)[row_of]
        if "gallery_bounds" in wanted:
            found["gallery_bounds"] = _galleries(recipe, conditions, true, opened, seed, reader)
    if {*ANNEALED} & {*wanted}:  # images that the model drew need their latents: it draws others
        own = evaluation["images"] == "model"
        held = None if own else pictures(evaluation, recipe, conditions, opened, seed)
        found |= annealed(recipe, conditions, held, opened, seed, reader.annealing or Annealing())
    if "ssim" in wanted:
        values, labels = _similar(evaluation, recipe, conditions, opened, images, seed, reader.samples or 1)
        found |= {"ssim": values, "ssim_labels": labels}
    return found


def to_look_at(
    evaluations: Collection[Mapping[str, Any]], recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int,
    images: np.ndarray, instruments: Mapping[str, Instrument],
) -> dict[str, np.ndarray]:  # fmt: skip
    """What these evaluations of the same images want to see of how they came about, and of what is said of them, as
    scoring.draw names it."""
    found = {}
    for evaluation in evaluations:
        if evaluation.get("attention") and evaluation["images"] == "real":
            found |= _looked(recipe, opened, images)
        elif evaluation.get("attention"):
            found |= attention(recipe, conditions, opened, seed)
        if evaluation.get("drawing"):
            found |= drawing(recipe, conditions, opened, seed)
        if role := evaluation.get("captioned"):
            found[f"written.{role}"] = written(instruments[role], opened, images)
    return found


def attention(recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int) -> dict[str, np.ndarray]:
    """The recipe's maps in bytes and the words that they are of. Raises RedrawError for a recipe that has none."""
    if not hasattr(type(recipe), "attention"):  # a submodule may be called so
        raise _attends_to_nothing(recipe, "words")
    recipe.eval()
    parts = [recipe.attention(*asked) for asked in asked_in_parts(recipe, conditions, opened, seed)]
    found = {}
    for field in parts[0]:
        maps = torch.cat([part[field] for part in parts]).float()
        largest = maps.amax((1, 2, 3), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)
        found[field] = (255 * maps / largest).round().to(torch.uint8).cpu().numpy()
    return found | {"words": _words(conditions, opened)}


def drawing(recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int) -> dict[str, np.ndarray]:
    """``drawing`` uint8 [N, T, C, H, W]; of a recipe with ``alignment`` that as well, float32 [N, T, words], and the ``words``;
    of one whose ``labels`` name what is drawn, these by turns in ``titles`` [N].

    Raises RedrawError for a recipe that draws at once.
    """
    if not hasattr(type(recipe), "drawing"):
        raise RedrawError(
            f"evaluation, drawing: {type(recipe).__name__} draws at once: ask only runs of a recipe with steps"
        )
    recipe.eval()
    parts = [*asked_in_parts(recipe, conditions, opened, seed)]
    drawn = [to_bytes(recipe.drawing(*asked)) for asked in parts]
    found = {"drawing": np.concatenate(drawn)}
    if names := recipe.labels.get("drawing"):
        found["titles"] = np.array([names[k % len(names)] for part in drawn for k in range(len(part))])
    if hasattr(type(recipe), "alignment"):
        looked = torch.cat([recipe.alignment(*asked) for asked in parts]).float().cpu().numpy()
        found |= {"alignment": looked, "words": _words(conditions, opened)}
    return found


# --- inside ------------------------------------------------------------------------------------------------------


def _looked(recipe: Recipe, opened: Prepared, images: np.ndarray) -> dict[str, np.ndarray]:
    if not hasattr(type(recipe), "looking"):
        raise _attends_to_nothing(recipe, "places of real images")
    return looked(recipe, opened, images)


def _attends_to_nothing(recipe: Recipe, what: str) -> RedrawError:
    name = type(recipe).__name__
    return RedrawError(f"evaluation, attention: {name} attends to no {what}: ask only runs of a recipe that does")


def _words(conditions: Conditions, opened: Prepared) -> np.ndarray:
    """[N, T], "" behind a caption's last word."""
    vocabulary, written = opened.tokens.vocabulary, zip(conditions.tokens, conditions.n_words, strict=True)
    return np.array([[vocabulary[i] if k < n else "" for k, i in enumerate(row)] for row, n in written])


def _held_against(
    evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int
) -> tuple[torch.Tensor, np.ndarray]:
    """(images [N, C, H, W] whose probability is asked for, the row of each [N]): as the control says, shuffled ones being
    real ones too. Kept by these rows, a shuffled image's bound stands where its bound under its own caption does, beside
    what else is kept of that caption."""
    shuffled = evaluation["images"] == "shuffled"
    asked = {**evaluation, "images": "real"} if shuffled else evaluation
    images = pictures(asked, recipe, conditions, opened, seed)
    order = np.random.default_rng([1, len(images)]).permutation(len(images)) if shuffled else np.arange(len(images))
    return images[order], np.argsort(order)


def _bounds(
    recipe: Recipe, conditions: Conditions, images: torch.Tensor, opened: Prepared, seed: int, samples: int
) -> np.ndarray:
    """float64 [N, samples]: of each row of ``images`` under the same row's caption."""
    device = next(recipe.parameters()).device
    found = []
    for k, (batch, its_seed) in enumerate(asked_in_parts(recipe, conditions, opened, seed)):
        batch["image"] = images[k * CHUNK : (k + 1) * CHUNK].to(device)
        parts = []
        for first in range(0, samples, DRAWS):
            drawn = min(DRAWS, samples - first)
            part = recipe.bounds(batch, its_seed * MOST_SAMPLES + first, drawn)
            if part.shape != (len(batch["image"]), drawn):
                raise RedrawError(
                    f"{type(recipe).__name__}.bounds: {list(part.shape)} for {len(batch['image'])} pairs and {drawn} "
                    "samples: give a row a pair, a column a sample"
                )
            parts.append(part.double().cpu().numpy())
        found.append(np.concatenate(parts, 1))
    return np.concatenate(found)


def _galleries(
    recipe: Recipe, conditions: Conditions, images: torch.Tensor, opened: Prepared, seed: int, reader: Reader
) -> np.ndarray:
    """float64 [F, G, G], mean over samples: galleries are made of the rows at random, each row in one; a rest is left out."""
    n = len(conditions)
    size = min(reader.gallery or GALLERY, n)
    order = np.random.default_rng([2, n]).permutation(n)[: n - n % size].reshape(-1, size)
    together = max(1, CHUNK // size)  # captions whose pairs are put into one call
    found = []
    for rows in order:
        for first in range(0, size, together):
            captions = rows[first : first + together].repeat(size)
            shown = np.tile(rows, len(captions) // size)
            pairs = conditions.take(captions)
            same_noise = {**pairs.extra, "noise_group": np.zeros(len(shown), np.int64)}
            pairs = dataclasses.replace(pairs, image=conditions.image[shown], extra=same_noise)
            found.append(_bounds(recipe, pairs, images[shown], opened, seed, reader.samples or 1).mean(1))
    return np.concatenate(found).reshape(-1, size, size)


def _similar(
    evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions, opened: Prepared, images: np.ndarray,
    seed: int, samples: int,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(similarities [N, R], names [R] of the readings): each image's mean over the samples, then of their mean image."""
    if (conditions.image < 0).any():
        raise RedrawError(
            f"evaluation, metric ssim: captions {evaluation['captions']!r} belong to no image: ask for those of a split"
        )
    true = to_bytes(real_images(recipe, opened, conditions.image)) / 255
    if evaluation["images"] not in ("model", "shuffled"):
        samples = 1  # another draw of a control is the same
    total, each = np.zeros(images.shape), 0.0
    for k in range(samples):
        if k:
            parts = pictures_in_parts(evaluation, recipe, conditions, opened, seed + k * APART)
            images = np.concatenate([to_bytes(part) for part in parts])
        total += images / 255
        each = each + similarities(images / 255, true) / samples
    names = [r.label for r in readings(images.shape[1], min(images.shape[2:]))]
    labels = [f"{name} {average}" for average in ("samples", "image") for name in names]
    return np.concatenate([each, similarities(total / samples, true)], 1), np.array(labels)
