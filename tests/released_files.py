"""Writes our networks' weights, and captions' vectors, as the authors' files hold them, for what brings them back; and a
folder with one paper whose runs are made of such files."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from test_plan import PARAMS
from torch import nn
from torch7_files import write_torch7

from redraw import imports
from redraw.plan import Plan


def one_paper(sheet: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plan]:
    """``folder`` with ``sheet`` as its only paper, alpha; plans it, with changes to the parameters."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REDRAW_TRACKING", "off")
    (folder / "papers").mkdir()
    Path("papers/alpha.yaml").write_text(yaml.safe_dump(sheet))
    sheets = imports.read_sheets
    monkeypatch.setattr(imports, "read_sheets", lambda: sheets(folder / "papers"))
    return lambda **params: Plan({**copy.deepcopy(PARAMS), **params}, folder / "papers")


def arrays(network: nn.Module, seed: int = 0) -> dict[str, np.ndarray]:
    """Random numbers by the keys of a network's state, variances above 0."""
    rng = np.random.default_rng(seed)
    found = {}
    for key, value in network.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            found[key] = rng.uniform(0.5 if key.endswith("running_var") else -1, 1, tuple(value.shape)).astype(
                np.float32
            )
    return found


def linear(weights: dict[str, np.ndarray], key: str) -> dict:
    return {"class": "nn.Linear", "weight": weights[f"{key}.weight"], "bias": weights[f"{key}.bias"]}


def sequential(*modules: dict) -> dict:
    return {"class": "nn.Sequential", "modules": list(modules)}


def plain(*names: str) -> list[dict]:
    return [{"class": f"nn.{name}", "train": False} for name in names]


# --- the char-CNN-RNN --------------------------------------------------------------------------------------------


def encoder(weights: dict[str, np.ndarray], gated: bool, third_pool: bool) -> dict:
    """The gModule of an encoder: what stands between the layers has their number and no weights."""

    def temporal(key: str) -> dict:
        weight = weights[f"{key}.weight"]
        flat = np.ascontiguousarray(weight.transpose(0, 2, 1)).reshape(len(weight), -1)
        return {"class": "nn.TemporalConvolution", "weight": flat, "bias": weights[f"{key}.bias"]}

    rest = plain("Threshold", "TemporalMaxPooling")
    convolutions = sequential(
        *[temporal("conv1"), *rest, temporal("conv2"), *rest, temporal("conv3"), *rest[: 1 + third_pool]]
    )
    recurrent: list[dict] = plain(*(["Identity"] * 15))
    if gated:
        recurrent[7] = {"class": "nn.Sigmoid"}
        places = {"i2h": 2, "i2h_update": 5, "h2h_update": 6, "i2h_reset": 10, "h2h_reset": 11, "h2h": 15}
    else:
        places = {"i2h": 2, "h2h": 6}
    for name, place in places.items():
        recurrent[place - 1] = sequential(linear(weights, f"rnn.{name}"))
    identity, split, dropout = plain("Identity", "SplitTable", "Dropout")
    modules = [
        identity, convolutions, split, {"class": "nn.gModule", "modules": recurrent}, dropout, linear(weights, "emb_proj"),
    ]  # fmt: skip
    return {"class": "nn.gModule", "modules": modules}


# --- the generator -----------------------------------------------------------------------------------------------


def generator(weights: dict[str, np.ndarray], old: bool = False, package: str = "nn") -> dict:
    """``old``: one over the standard deviation in place of the variance, and convolutions in two dimensions."""

    def convolution(key: str, name: str) -> dict:
        weight = weights[f"{key}.weight"]
        found: dict[str, Any] = {"class": f"{package}.{name}", "kH": weight.shape[2], "bias": weights[f"{key}.bias"]}
        if old and name == "SpatialConvolution":
            found["class"], weight = "nn.SpatialConvolutionMM", weight.reshape(len(weight), -1)
        return found | {"weight": weight}

    def normal(key: str) -> dict:
        found = {name: weights[f"{key}.{name}"] for name in ("weight", "bias", "running_mean")}
        variance = weights[f"{key}.running_var"]
        spread = {"running_std": (variance.astype(np.float64) + 1e-5) ** -0.5} if old else {"running_var": variance}
        return {"class": f"{package}.SpatialBatchNormalization", "eps": 1e-5} | found | spread

    def up(k: int, *after: str) -> list[dict]:
        return [convolution(f"image.{k}", "SpatialFullConvolution"), normal(f"image.{k + 1}"), *plain(*after)]

    def residual(k: int) -> list[dict]:
        body: list[dict] = []
        for inner in (0, 3, 6):
            key = f"image.{k}.body"
            body += [convolution(f"{key}.{inner}", "SpatialConvolution"), normal(f"{key}.{inner + 1}")]
            body += plain("ReLU") if inner < 6 else []
        both = {"class": "nn.ConcatTable", "modules": [*plain("Identity"), sequential(*body)]}
        return [both, *plain("CAddTable", "ReLU")]

    text = sequential(linear(weights, "text.0"), *plain("LeakyReLU"))
    head = [{"class": "nn.ParallelTable", "modules": [*plain("Identity"), text]}, *plain("JoinTable")]
    last = [convolution("image.12", "SpatialFullConvolution"), *plain("Tanh")]
    return sequential(*head, *up(0), *residual(2), *up(3), *residual(5), *up(6, "ReLU"), *up(9, "ReLU"), *last)


# --- captions' vectors -------------------------------------------------------------------------------------------


def part_of_stackgan(folder: Path, names: Sequence[str], vectors: np.ndarray) -> dict[str, Path]:
    """filenames.pickle and char-CNN-RNN-embeddings.pickle of a part, a list of arrays [captions, 1024], by their kinds."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"stackgan_names": list(names), "stackgan_vectors": list(vectors)}
    paths = {
        "stackgan_names": folder / "filenames.pickle",
        "stackgan_vectors": folder / "char-CNN-RNN-embeddings.pickle",
    }
    for kind, value in files.items():
        paths[kind].write_bytes(pickle.dumps(value, 2))
    return paths


def validation_captions(path: Path, texts: Sequence[str], vectors: np.ndarray) -> Path:
    """val_captions.t7: captions, and an array [1, 1024] of each."""
    return write_torch7(path, {"raw_txt": list(texts), "fea_txt": [np.array(v, np.float32)[None] for v in vectors]})
