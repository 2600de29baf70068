"""Arrays of a released file held against the network that they are for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from torch import nn

from ..core import RedrawError


class Converted(NamedTuple):
    """A released file as one of our networks takes it."""

    weights: dict[
        str, Any
    ]  # arrays or tensors by the keys of our network's state, counters of normalisations not among them
    sizes: dict[str, Any]  # fields of the network's Config that the file decides
    left_out: tuple[str, ...]  # what else the file holds


class Found(NamedTuple):
    """An array and what it is called in the file."""

    name: str
    array: np.ndarray


def fitted(path: Path, found: Mapping[str, Found], network: nn.Module) -> dict[str, np.ndarray]:
    """``found`` by our keys as float32, in the order of ``network``, which may lie on the meta device.

    Raises RedrawError for the first array that has another shape, or a number that is not finite, or is a variance below 0,
    and for a key of the network that is not found.
    """
    wanted = {key: tuple(v.shape) for key, v in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    weights = {}
    for key, shape in wanted.items():
        if key not in found:
            mismatch(path, f"nothing in it for {key}")
        name, array = found[key]
        if array.shape != shape:
            mismatch(path, f"{name} is {_sizes(array.shape)}, expected {_sizes(shape)} for {key}")
        weights[key] = np.array(array, np.float32)
        if not np.isfinite(weights[key]).all():
            mismatch(path, f"{name} has a number that is not finite")
        if key.endswith("running_var") and (weights[key] < 0).any():
            mismatch(path, f"{name} has a variance below 0")
    if extra := [key for key in found if key not in wanted]:
        mismatch(path, f"{found[extra[0]].name}: the network has no {extra[0]}")
    return weights


def mismatch(path: Path, what: str) -> NoReturn:
    raise RedrawError(f"{path}: {what}: give the file that the authors released for this network")


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"
