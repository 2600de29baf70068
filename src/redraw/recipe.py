"""The contract of one paper's model: what the engine calls, and nothing about loops, files, logging or devices."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from .core import RedrawError, nearest

Batch = dict[str, Tensor]
"""image [N, C, H, W] float32 in [-1, 1] · class_id [N] · tokens [N, T] int64, 0 = padding · n_words [N] · captions
[N, K, T], all of an image · attributes [N, A], 1, 0 or -1 (not visible)"""


class Split(Protocol):
    """Part of a prepared data set: batches assembled by index, every choice inside them drawn from ``rng``."""

    class_ids: np.ndarray  # [n] int64

    by_length: Mapping[int, np.ndarray]  # {ids of a caption, its frame included: the image of each caption of so many}

    def __len__(self) -> int: ...

    def batch(
        self, indices: np.ndarray, fields: tuple[str, ...], rng: np.random.Generator, n_words: int | None = None
    ) -> Batch: ...


class Step(NamedTuple):
    """Where training is. ``epoch`` counts passes over the training images, fractions included."""

    index: int
    total: int
    epoch: float


class About(NamedTuple):
    """What a network must know of its data."""

    image_shape: tuple[int, int, int]  # C, H, W
    classes: int
    vocabulary: tuple[str, ...] = ()
    trained_classes: tuple[int, ...] = ()  # ids of the classes that the training split holds
    attributes: tuple[str, ...] = ()  # names, "group::value"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """The fields that the engine reads; every recipe's Config extends them. Values stand in the paper's sheet."""

    steps: int  # at most so many optimiser steps ("iterations")
    batch_size: int
    evaluations: int  # how often validated and kept as a snapshot, evenly over the steps, the last step included
    patience: int | None  # stop after so many evaluations without a better one; None = never
    watch: str | None  # the validation loss that patience and "best on validation" look at; None = the last step is it
    as_released: tuple[str, ...]  # numbered differences from the paper taken over from the authors' code


class Recipe(nn.Module):
    """One paper's model.

    ``train_step`` does forward, backward and the optimisers' steps in the paper's order and returns its losses;
    ``sample`` turns conditions into images [N, C, H, W] in [-1, 1] or token ids [N, T]. Optional: ``encode``,
    ``validate(batch) -> dict`` of losses (no gradients), ``bounds(batch, seed, samples)`` -> [N, samples] of
    log p(x, z | caption) - log q(z | x, caption) in nats, x the ``image`` of the batch, as ``view`` gives it, z by ``seed`` alone
    (blocks.conditioning.draws_of: rows of one number in ``noise_group`` share theirs and are compared by what is in them,
    other rows have their own, whose errors cancel in a mean), ``latents(batch)`` -> blocks.annealing.Latents of its ``image``,
    with ``imagined(conditions, seed)`` -> (images [N, C, H, W] in [-1, 1] drawn of p(x | z), z [N, Z]), and
    ``attention(conditions, seed)`` ->
    {"attention.<side>": [N, T, side, side]}, the share of each place's attention that each word has in what ``sample``
    draws of the same, a map a stage, and ``drawing(conditions, seed)`` -> [N, T, C, H, W] in [-1, 1], what ``sample`` draws
    of the same after each of T steps, the last being its image, with ``alignment(conditions, seed)`` -> [N, T, words], the
    share of each word before each step. A captioner has ``write(batch, beam)`` -> token ids [N, T] of the ``image`` of the
    batch, 0 behind a caption's end, and ``looking(batch)`` -> (the same of beam 1, the share of each place when each of these
    words was written [N, T, side, side]). Averaged weights are submodules, so that state and export hold them without
    anybody's help.

    ``asks``: fields of a batch that ``sample`` needs beside the caption, of the image whose caption it is.
    ``batches``: images | classes (distinct classes, one image of each) | classes_with_replacement | lengths (captions of one
    length, drawn as often as captions have it, without padding) | sets (``set_size`` images of one class after another, a field
    of the Config).
    ``combined(means) -> losses``: of the means that ``validate`` has over the whole split, what is put on the curves and watched.
    ``keeps``: last | best: whose weights a training ends with, the last step's or those with the least ``watch``.
    ``labels``: names of the columns of what ``encode`` returns, by field; metrics read them. At ``drawing`` the names of what
    that method draws, one image after another in turn.
    """

    Config: ClassVar[type[Schedule]]
    reads: ClassVar[tuple[str, ...]]  # the batch fields that train_step and validate need
    asks: ClassVar[tuple[str, ...]] = ()
    optimizers: dict[str, torch.optim.Optimizer]
    batches: str = "images"
    keeps: ClassVar[str] = "last"
    labels: Mapping[str, tuple[str, ...]] = types.MappingProxyType({})
    autocast_dtype: torch.dtype | None = None  # set by the engine: bfloat16, or None for full precision

    def __init__(self, config: Schedule, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__()
        self.config = config

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        raise NotImplementedError

    def sample(self, conditions: Batch, seed: int) -> Tensor:
        raise NotImplementedError

    def selected(self, files: Mapping[str, Mapping[str, Tensor]]) -> Mapping[str, Mapping[str, Tensor]]:
        """Of released ``files``, {role: {key: tensor}}, those that are weights, and of these what this data set needs."""
        return files

    def view(self, image: Tensor) -> Tensor:
        """Real images [N, C, H, W] of the data set as this model's own are: cut and reduced where the model does so."""
        return image

    def autocast(self) -> contextlib.AbstractContextManager:
        """Around a forward pass: the precision that params.yaml asks for. Losses and optimisers stay in float32."""
        if self.autocast_dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(next(self.parameters()).device.type, dtype=self.autocast_dtype)


def make_config(cls: type[Schedule], values: Mapping[str, Any], where: str) -> Schedule:
    """``values`` from the sheet and params.yaml as a Config.

    Raises RedrawError for an unknown field, a field without a value and a value of another type.
    """
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls)]
    for name in values:
        if name not in names:
            raise RedrawError(f"{where}: {cls.__qualname__} has no field {name}: {nearest(name, names)}")
    lacking = [name for name in names if name not in values]
    if lacking:
        raise RedrawError(f"{where}: no value for {', '.join(lacking)}: give one in the paper's sheet under config")
    return cls(**{name: _typed(values[name], hints[name], f"{where}: {name}") for name in names})


def _typed(value: Any, hint: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        return _typed(value, next(a for a in args if a is not type(None)), where)
    if origin is tuple and isinstance(value, list | tuple):
        inner = [args[0]] * len(value) if len(args) == 2 and args[1] is Ellipsis else list(args)
        if len(inner) == len(value):
            return tuple(_typed(v, h, where) for v, h in zip(value, inner, strict=True))
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    elif (
        hint is not float
        and isinstance(hint, type)
        and isinstance(value, hint)
        and (hint is bool or not isinstance(value, bool))
    ):
        return value
    wanted = "a finite number" if hint is float else getattr(hint, "__name__", hint)
    raise RedrawError(f"{where} is {value!r}, but must be {wanted}: correct the value")
