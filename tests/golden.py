"""What published implementations put out for weights and inputs that a rule gives: files of tests/goldens, read here.

A file holds no weights. Each array of a network is a function of its key and shape alone, so that a new implementation
fills its own parameters by the same rule, under the published keys, and must come to the same outputs.

The rule: numpy's PCG64, seeded with the CRC-32 of the key (a leading "module." dropped), gives standard normal float64
numbers in C order, rounded to float32 once. By the key's last part, the first that holds: num_batches_tracked -> zeros;
…running_var -> 1/2 + |x|/2; …running_mean -> x/10; bias… -> x/20; one axis -> 1 + x/10; any other -> x / sqrt(fan-in),
the fan-in being the product of all axes but the first. Inputs follow from their name in the same way, with a scale.

A large output is kept in parts: its sum, absolute sum and sum of squares, its first 64 numbers, and every st-th along
the flattened array, or along both image axes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "goldens"
Arrays = dict[str, np.ndarray]


def load(name: str) -> tuple[dict[str, Any], Arrays]:
    """(manifest, arrays) of tests/goldens/<name>.npz."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        arrays = dict(file.items())
    return json.loads(arrays.pop("__manifest__").tobytes()), arrays


def state(shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The filled parameters and buffers of {key: shape}."""
    return {key: _weight(key.removeprefix("module."), tuple(shape)) for key, shape in shapes.items()}


def inputs(manifest: Mapping[str, Any]) -> Arrays:
    """All inputs that follow from their names; those that are stored are among the arrays."""
    return {name: _input(spec) for name, spec in manifest["inputs"].items() if spec["kind"] != "stored"}


def match(name: str, got: Any, stored: Arrays, tolerance: float) -> float:
    """Assert that ``got`` is the stored output, up to ``tolerance`` times the output's largest number; return the largest
    difference in those units."""
    got = np.asarray(got)
    if name in stored:
        assert got.shape == stored[name].shape, (name, got.shape)
        pairs = [(got, stored[name])]
    else:
        assert got.shape == tuple(stored[f"{name}.shape"]), (name, got.shape)
        st = int(stored[f"{name}.stride"])
        thinned = got[:, :, ::st, ::st] if got.ndim == 4 else got.ravel()[::st]
        pairs = [(thinned, stored[f"{name}.sub"]), (got.ravel()[:64], stored[f"{name}.first64"])]
    top = max(float(np.abs(wanted).max(initial=0.0)) for _, wanted in pairs)
    worst = max(float(np.abs(ours.astype(np.float64) - wanted).max(initial=0.0)) for ours, wanted in pairs)
    assert worst <= tolerance * top, (name, worst, top)
    if name not in stored:
        sums, x = stored[f"{name}.stats"], got.astype(np.float64)
        room = tolerance * (sums[1] + x.size * top)
        assert abs(x.sum() - sums[0]) <= room and abs(np.abs(x).sum() - sums[1]) <= room, name
        assert abs((x * x).sum() - sums[2]) <= 2 * tolerance * (sums[2] + top * sums[1]), name
    return worst / top if top else worst


def match_rows(
    name: str, named: Mapping[str, Any], manifest: Mapping[str, Any], stored: Arrays, tolerance: float
) -> float:
    """The same for arrays of which only sum and absolute sum are kept; the unit is the largest of the absolute sums."""
    wanted = stored[name]
    top, worst = float(wanted[:, 1].max()), 0.0
    for key, row in zip(manifest["outputs"][name]["rows"], wanted, strict=True):
        array = np.asarray(named[key], np.float64)
        apart = np.abs(np.array([array.sum(), np.abs(array).sum()]) - row).max()
        assert apart <= tolerance * (row[1] + top), (name, key, apart)
        worst = max(worst, float(apart) / top)
    return worst


def checksum(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """[3] float64: sum, absolute sum, and a sum with weights 1 to 97 in turn, over the arrays in the order of their keys."""
    total = np.zeros(3)
    for key in sorted(arrays):
        x = np.asarray(arrays[key], np.float64).ravel()
        total += x.sum(), np.abs(x).sum(), ((1 + np.arange(x.size) % 97) * x).sum()
    return total


def _normal(key: str, shape: tuple[int, ...]) -> np.ndarray:
    return _generator(key).standard_normal(shape).astype(np.float32)


def _generator(key: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))


def _weight(key: str, shape: tuple[int, ...]) -> np.ndarray:
    last = key.split(".")[-1]
    if last.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    x, one = _normal(key, shape), np.float32
    if last.endswith("running_var"):
        return one(0.5) + np.abs(x) * one(0.5)
    if last.endswith("running_mean"):
        return x * one(0.1)
    if last.startswith("bias"):
        return x * one(0.05)
    if len(shape) == 1:
        return one(1) + x * one(0.1)
    return x * one(np.sqrt(1 / np.prod(shape[1:])))


def _input(spec: Mapping[str, Any]) -> np.ndarray:
    key, shape, kind = spec["key"], tuple(spec["shape"]), spec["kind"]
    if kind == "ints":
        return _generator(key).integers(spec["low"], spec["high"], shape, np.int64)
    x = _normal(key, shape).astype(np.float64)
    if kind == "u8":
        return np.clip(np.rint(128 + spec.get("scale", 40.0) * x), 0, 255).astype(np.uint8)
    x *= spec.get("scale", 1.0)
    shaped = {"normal": lambda: x, "tanh": lambda: np.tanh(x), "sigmoid": lambda: 1 / (1 + np.exp(-x))}
    return shaped[kind]().astype(np.float32)
