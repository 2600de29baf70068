"""Networks of Reed et al. in files of Lua Torch: the char-CNN-RNN and GAN-INT-CLS's generator.

Where they lie in the files is read in reedscot/icml2016@db3f0c6 (main_cls_int.lua), for the encoder in the third-party port
martinduartemore/char_cnn_rnn_pytorch@f44f613, which loads the released ones. Modules are counted from 1, as Lua does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from ..data.torch7 import load_torch7
from ..papers.char_cnn_rnn import KERNEL, TextEncoder
from ..papers.gan_int_cls import Generator
from .fitting import Converted, Found, fitted, mismatch

GRU = {"i2h": 2, "i2h_update": 5, "h2h_update": 6, "i2h_reset": 10, "h2h_reset": 11, "h2h": 15}
RNN = {"i2h": 2, "h2h": 6}
CONVOLUTIONS = {"conv1": 1, "conv2": 4, "conv3": 7}
LAYERS = (
    "ParallelTable", "JoinTable", "SpatialFullConvolution", "SpatialBatchNormalization", "ConcatTable", "CAddTable", "ReLU",
    "SpatialFullConvolution", "SpatialBatchNormalization", "ConcatTable", "CAddTable", "ReLU",
    "SpatialFullConvolution", "SpatialBatchNormalization", "ReLU", "SpatialFullConvolution", "SpatialBatchNormalization",
    "ReLU", "SpatialFullConvolution", "Tanh",
)  # fmt: skip
PLACES = {0: 3, 1: 4, 3: 8, 4: 9, 6: 13, 7: 14, 9: 16, 10: 17, 12: 19}  # ours among the layers: theirs
RESIDUALS = {2: 5, 5: 10}
BODY = {0: 1, 1: 2, 3: 4, 4: 5, 6: 7, 7: 8}  # ours within a residual: theirs


def char_cnn_rnn(path: Path) -> Converted:
    """papers.char_cnn_rnn.TextEncoder of lm_sje_*.t7, or of a file of the encoder alone. Raises RedrawError."""
    root = load_torch7(path)
    held, left_out = {"enc_doc": root}, []
    if isinstance(root, dict) and isinstance(root.get("protos"), dict):
        held = root["protos"]
        left_out = [key for key in root if key != "protos"] + [key for key in held if key != "enc_doc"]
    net = _Module(path, held.get("enc_doc"), "enc_doc").of("gModule")
    convolutional, recurrent = net.child(2, "Sequential"), net.child(4, "gModule")
    gated = recurrent.has("Sigmoid")
    found: dict[str, Found] = {}
    for ours, place in CONVOLUTIONS.items():
        layer = convolutional.child(place, "TemporalConvolution")
        weight = layer.array("weight", 2)
        out, taken = weight.array.shape
        if taken % KERNEL:
            mismatch(path, f"{weight.name} is {out} x {taken}, expected {KERNEL} times as many columns as channels")
        # theirs are [out, time, in] in two dimensions
        turned = weight.array.reshape(out, KERNEL, taken // KERNEL).transpose(0, 2, 1)
        found |= {f"{ours}.weight": Found(weight.name, turned), f"{ours}.bias": layer.array("bias", 1)}
    for ours, place in (GRU if gated else RNN).items():
        found |= _affine(f"rnn.{ours}", recurrent.child(place, "Sequential").child(1, "Linear"))
    found |= _affine("emb_proj", net.child(6, "Linear"))
    shapes = {key: value.array.shape for key, value in found.items()}
    sizes = {
        "channels": (shapes["conv1.weight"][0], shapes["conv2.weight"][0]), "cnn_dim": shapes["conv3.weight"][0],
        "recurrent": "gru" if gated else "rnn", "third_pool": convolutional.has("TemporalMaxPooling", 9),
        "embedding_dim": shapes["emb_proj.weight"][0],
    }  # fmt: skip
    with torch.device("meta"):
        network = TextEncoder(SimpleNamespace(**sizes), shapes["conv1.weight"][1])
    return Converted(fitted(path, found, network), sizes, tuple(sorted(map(str, left_out))))


def gan_int_cls_generator(path: Path) -> Converted:
    """papers.gan_int_cls.Generator, with biases (D3), of *_net_G.t7 of 64 pixels. Raises RedrawError.

    Files of before running_var hold running_std, one over the standard deviation: torch/nn@BatchNormalization.lua.
    """
    net = _Module(path, load_torch7(path), "netG").of("Sequential")
    net.are(LAYERS)
    found = _affine("text.0", net.child(1, "ParallelTable").child(2, "Sequential").child(1, "Linear"))
    for ours, place in PLACES.items():
        found |= _layer(f"image.{ours}", net.child(place))
    for ours, place in RESIDUALS.items():
        body = net.child(place).child(2, "Sequential")
        for inner, there in BODY.items():
            found |= _layer(f"image.{ours}.body.{inner}", body.child(there))
    text, first = found["text.0.weight"].array.shape, found["image.0.weight"].array.shape
    sizes = {"ngf": first[1] // 8, "nt": text[0], "nz": first[0] - text[0], "image_size": 64}
    if min(sizes.values()) < 1:
        mismatch(path, f"{found['image.0.weight'].name} has {first[0]} inputs, of which {text[0]} are the text's")
    with torch.device("meta"):
        network = Generator(SimpleNamespace(**sizes, residuals=1), text[1], bias=True)
    return Converted(fitted(path, found, network), sizes, ())


# --- inside ------------------------------------------------------------------------------------------------------


class _Module:
    """An object of nn, and where it stands in the file."""

    def __init__(self, path: Path, value: Any, where: str) -> None:
        self.path, self.where = path, where
        self.value = value if isinstance(value, dict) and isinstance(value.get("class"), str) else {"class": "nothing"}
        self.kind = self.value["class"].rpartition(".")[2].removesuffix("MM")
        modules = self.value.get("modules")
        self.modules: list = modules if isinstance(modules, list) else []

    def of(self, kind: str) -> _Module:
        """Itself, where it is of ``kind``; of nn, of cudnn or of nngraph is one."""
        if self.kind != kind:
            mismatch(self.path, f"{self.where} is {self.value['class']}, expected nn.{kind}")
        return self

    def child(self, place: int, kind: str | None = None) -> _Module:
        where = f"{self.where}.modules[{place}]"
        if not 1 <= place <= len(self.modules):
            mismatch(self.path, f"{where}: there are {len(self.modules)}")
        found = _Module(self.path, self.modules[place - 1], where)
        return found if kind is None else found.of(kind)

    def are(self, kinds: Sequence[str]) -> None:
        for place, kind in enumerate(kinds, 1):
            self.child(place, kind)
        if len(self.modules) != len(kinds):
            mismatch(self.path, f"{self.where} has {len(self.modules)} modules, expected {len(kinds)}")

    def has(self, kind: str, place: int | None = None) -> bool:
        places = range(1, len(self.modules) + 1) if place is None else [place] * (place <= len(self.modules))
        return any(self.child(k).kind == kind for k in places)

    def array(self, name: str, *dimensions: int) -> Found:
        """Its array ``name``, of so many dimensions."""
        array, where = self.value.get(name), f"{self.where}.{name}"
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.ndim not in dimensions:
            said = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
            mismatch(
                self.path, f"{where} is {said}, expected numbers of {' or '.join(map(str, dimensions))} dimensions"
            )
        return Found(where, array)


def _affine(ours: str, module: _Module) -> dict[str, Found]:
    return {f"{ours}.weight": module.array("weight", 2), f"{ours}.bias": module.array("bias", 1)}


def _layer(ours: str, module: _Module) -> dict[str, Found]:
    """A convolution, in whatever direction, or a normalisation."""
    if module.kind in ("SpatialConvolution", "SpatialFullConvolution"):
        weight = module.array("weight", 2, 4)
        if weight.array.ndim == 2:  # older ones: [out, in * height * width]
            side = module.value.get("kH")
            if not isinstance(side, int) or side < 1 or weight.array.shape[1] % side**2:
                mismatch(module.path, f"{weight.name} has {weight.array.shape[1]} columns for squares of side {side}")
            weight = Found(weight.name, weight.array.reshape(len(weight.array), -1, side, side))
        return {f"{ours}.weight": weight, f"{ours}.bias": module.array("bias", 1)}
    module.of("SpatialBatchNormalization")
    found = {f"{ours}.{name}": module.array(name, 1) for name in ("weight", "bias", "running_mean")}
    if "running_var" in module.value:
        return found | {f"{ours}.running_var": module.array("running_var", 1)}
    one_over, eps = module.array("running_std", 1), module.value.get("eps")
    if not isinstance(eps, float) or (one_over.array <= 0).any():
        mismatch(module.path, f"{one_over.name} is not above 0 everywhere, or there is no eps beside it")
    variance = np.maximum(one_over.array.astype(np.float64) ** -2 - eps, 0)  # below 0 by rounding alone
    return found | {f"{ours}.running_var": Found(one_over.name, variance)}
