"""What a model is asked for, and which pictures answer: the model's own, or a control that goes the same way.

Conditions depend on the evaluation alone, never on the run's seed: two seeds, and two models, are asked for the same
things. ``captions`` of an evaluation:

    trained, unseen       lists that belong to classes: class by class in turn
    <a split>             captions of that split's images, spread evenly over them; which caption of an image is drawn
    list                  captions typed in, as many samples of each as ``n`` gives
    interpolated          "one caption -> another": from the one embedding to the other in equal steps, one noise a row
    styled                captions typed in, each drawn in the style of the same test images
    none                  no captions: the images of a split speak for themselves

With ``among`` only the captions of a split that a run of GivenEmbeddings knows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .core import RedrawError, nearest
from .data.base import Prepared
from .data.degrade import degraded
from .recipe import Batch, Recipe

CHUNK = 256  # samples at a time
IMAGES = ("model", "real", "test", "train", "degraded", "shuffled", "others", "noise")


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What is asked for, row by row. ``class_id`` is what the caption means, ``image`` whose caption it is; -1 = none."""

    class_id: np.ndarray  # [N]
    tokens: np.ndarray  # [N, T], 0 = padding
    n_words: np.ndarray  # [N]
    captions: list[str]  # none where there are no captions
    image: np.ndarray  # [N] indices in the data set
    extra: dict[str, np.ndarray]  # further fields of the batch that a model samples from

    def __len__(self) -> int:
        return len(self.class_id)

    def take(self, rows: np.ndarray) -> Conditions:
        """The rows [n], their captions left where they are: then each caption is judged by another one's image."""
        parts = {name: getattr(self, name)[rows] for name in ("class_id", "tokens", "n_words", "image")}
        return dataclasses.replace(self, **parts, extra={k: v[rows] for k, v in self.extra.items()})


def conditions_of(
    evaluation: Mapping[str, Any], opened: Prepared, knows: Callable[[np.ndarray], np.ndarray] | None = None
) -> Conditions:
    """The conditions that an evaluation asks for. Raises RedrawError for captions that there are not."""
    captions, n = evaluation["captions"], evaluation["n"]
    if captions == "none":
        image = opened.split("train" if evaluation["images"] == "train" else "test").indices
        own = evaluation["images"] in ("model", "noise")  # as many as are wanted, however many images there are
        image = image[_spread(n or len(image) if own else min(n or len(image), len(image)), len(image))]
        return _conditions(opened.class_ids[image], image=image)
    if captions in ("list", "interpolated", "styled"):
        return {"list": _listed, "interpolated": _interpolated, "styled": _styled}[captions](evaluation, opened)
    if captions in opened.splits:
        index, written = opened.split(captions).indices, opened.tokens
        if knows is not None:
            written, index = written.among(knows, index)
        if evaluation["images"] in ("real", "degraded", "others"):  # each picture once
            n = min(n, len(index))
        image = index[_spread(n or len(index), len(index))]
        tokens, n_words, which = written.draw_of_images("trained", image, np.random.default_rng([0, len(image)]))
        texts = [opened.captions(i)[k] for i, k in zip(image, which, strict=True)]
        return _conditions(opened.class_ids[image], tokens, n_words, texts, image)
    class_id = np.arange(n) % opened.classes
    tokens, n_words, texts = opened.tokens.draw(captions, class_id, np.random.default_rng([0, n]))
    return _conditions(class_id, tokens, n_words, texts)


def pictures(
    evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int
) -> torch.Tensor:
    """Images [N, C, H, W] in [-1, 1]: the model's, or one of the controls.

    real       the image whose caption is asked for; where captions belong to classes, a test image of the class
    degraded   these, reduced to eight pixels a side and enlarged again
    test, train   images of the split as they are
    shuffled   the model's, dealt out at random, so that by chance a few keep theirs: what ignoring the caption gives
    others     real, dealt out so: of another image than the caption's
    noise      uniform
    """
    return torch.cat(list(pictures_in_parts(evaluation, recipe, conditions, opened, seed)))


def pictures_in_parts(
    evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int
) -> Iterator[torch.Tensor]:
    """``pictures``, CHUNK at a time, so that whoever keeps them as bytes never holds all of them as numbers."""
    source, n = evaluation["images"], len(conditions)
    rng = np.random.default_rng([1, n])
    if source not in IMAGES:
        raise RedrawError(f"evaluation, images {source!r}: {nearest(source, list(IMAGES))}")
    if source in ("model", "shuffled"):
        if source == "shuffled":
            conditions = conditions.take(rng.permutation(n))
        yield from _sampled(recipe, conditions, opened, seed)
    elif source == "noise":
        shape = recipe.view(torch.zeros((1, *opened.image_shape))).shape[1:]
        for first in range(0, n, CHUNK):
            yield torch.from_numpy(rng.uniform(-1, 1, (min(CHUNK, n - first), *shape)).astype(np.float32))
    else:
        shown = _shown_for(evaluation, conditions, opened, rng)
        for images in real_in_parts(recipe, opened, rng.permutation(shown) if source == "others" else shown):
            yield from_bytes(degraded(to_bytes(images))) if source == "degraded" else images


def real_images(recipe: Recipe, opened: Prepared, index: np.ndarray) -> torch.Tensor:
    """The data set's images ``index`` [N], cut and reduced as ``recipe`` sees them."""
    return torch.cat(list(real_in_parts(recipe, opened, index)))


def real_in_parts(recipe: Recipe, opened: Prepared, index: np.ndarray) -> Iterator[torch.Tensor]:
    """``real_images``, CHUNK at a time."""
    rng = np.random.default_rng(0)  # no field that is asked for here draws from it
    for first in range(0, len(index), CHUNK):
        yield recipe.view(opened.batch(index[first : first + CHUNK], ("image",), rng)["image"])


def asked_for(recipe: Recipe, opened: Prepared, image: np.ndarray, first: int) -> Batch:
    """What ``recipe`` asks for beside the captions: of their images [N]; of test images in turn where there are none."""
    if not recipe.asks:
        return {}
    test = opened.split("test").indices
    image = np.where(image < 0, test[(first + np.arange(len(image))) % len(test)], image)
    device = next(recipe.parameters()).device
    found = opened.batch(image, recipe.asks, np.random.default_rng(0))
    return {name: tensor.to(device) for name, tensor in found.items()}


def asked_in_parts(recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int) -> Iterator[tuple[Batch, int]]:
    """What ``recipe`` samples from, CHUNK at a time, each with the seed that it samples with."""
    device = next(recipe.parameters()).device
    columns = {name: getattr(conditions, name) for name in ("class_id", "tokens", "n_words")} | conditions.extra
    for k, first in enumerate(range(0, len(conditions), CHUNK)):
        part = slice(first, first + CHUNK)
        batch: Batch = {name: _tensor(values[part]).to(device) for name, values in columns.items()}
        if "noise_group" in batch:  # what a row shares must not depend on the chunk
            k = 0
        if "style" in batch:  # indices of real images so far
            batch["style"] = real_images(recipe, opened, conditions.extra["style"][part]).to(device)
        batch |= asked_for(recipe, opened, conditions.image[part], first)
        yield batch, seed * 100_003 + k


def to_bytes(images: torch.Tensor) -> np.ndarray:
    """[-1, 1] -> uint8 [N, C, H, W], rounded."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()


def from_bytes(images: np.ndarray) -> torch.Tensor:
    """uint8 [N, C, H, W] -> [-1, 1]."""
    return torch.from_numpy(images).float().div_(127.5).sub_(1)


# --- inside ------------------------------------------------------------------------------------------------------


def _shown_for(
    evaluation: Mapping[str, Any], conditions: Conditions, opened: Prepared, rng: np.random.Generator
) -> np.ndarray:
    """Indices [N] of the real images that answer the conditions."""
    index = conditions.image
    if (index < 0).any():
        if (conditions.class_id < 0).any():
            raise RedrawError(
                f"evaluation: captions {evaluation['captions']!r} have no real images: images must be model"
            )
        test = opened.split("test")
        of_class = [test.indices[test.class_ids == c] for c in range(opened.classes)]
        index = np.array([rng.choice(of_class[c]) for c in conditions.class_id])
    return index


def _spread(n: int, of: int) -> np.ndarray:
    """``n`` places in a list of ``of``: evenly spaced, or all of it in turn where more are wanted than there are."""
    return np.arange(n) * of // n if n <= of else np.arange(n) % of


def _conditions(
    class_id: np.ndarray, tokens: np.ndarray | None = None, n_words: np.ndarray | None = None,
    captions: Sequence[str] = (), image: np.ndarray | None = None, extra: Mapping[str, np.ndarray] | None = None,
) -> Conditions:  # fmt: skip
    n = len(class_id)
    nothing = np.zeros(n, np.int64)
    return Conditions(
        class_id, nothing[:, None] if tokens is None else tokens, nothing if n_words is None else n_words, list(captions),
        np.full(n, -1) if image is None else image, dict(extra or {}),
    )  # fmt: skip


def _rows(evaluation: Mapping[str, Any]) -> tuple[list[str], int]:
    """The typed captions, and how many samples each of them gets."""
    return evaluation["list"], -(-evaluation["n"] // len(evaluation["list"]))


def _listed(evaluation: Mapping[str, Any], opened: Prepared) -> Conditions:
    rows, each = _rows(evaluation)
    texts = [caption for caption in rows for _ in range(each)][: evaluation["n"]]
    return _conditions(np.full(len(texts), -1), *opened.tokens.encode_texts(texts), texts)


def _interpolated(evaluation: Mapping[str, Any], opened: Prepared) -> Conditions:
    rows, each = _rows(evaluation)
    ends = [row.split(" -> ") for row in rows]
    odd = [row for row, end in zip(rows, ends, strict=True) if len(end) != 2]
    if odd:
        raise RedrawError(f"evaluation, list: {odd[0]!r}: interpolated captions read 'one -> another'")
    row = np.repeat(np.arange(len(rows)), each)
    first, n_words = opened.tokens.encode_texts([ends[r][0] for r in row])
    last, _ = opened.tokens.encode_texts([ends[r][1] for r in row])
    width = max(first.shape[1], last.shape[1])
    first, last = (np.pad(t, ((0, 0), (0, width - t.shape[1]))) for t in (first, last))
    extra = {
        "tokens_to": last,
        "mix": np.tile(np.linspace(0, 1, each, dtype=np.float32), len(rows)),
        "noise_group": row,
    }
    return _conditions(np.full(len(row), -1), first, n_words, [rows[r] for r in row], extra=extra)


def _styled(evaluation: Mapping[str, Any], opened: Prepared) -> Conditions:
    rows, each = _rows(evaluation)
    texts = [caption for caption in rows for _ in range(each)]
    part = opened.split("test")
    image = np.tile(part.indices[_spread(each, len(part))], len(rows))
    return _conditions(np.full(len(texts), -1), *opened.tokens.encode_texts(texts), texts, extra={"style": image})


def _sampled(recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int) -> Iterator[torch.Tensor]:
    for batch, its_seed in asked_in_parts(recipe, conditions, opened, seed):
        recipe.eval()
        yield recipe.sample(batch, its_seed).float()


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values if values.dtype.kind == "f" else values.astype(np.int64))
