"""The two Inception-v3 networks of published scores, in files of TensorFlow.

StackGAN's evaluator builds its network with the slim of tensorflow/models of 2016 (inception/slim in its repository: the
variable of a first convolution is conv0/weights, not InceptionV3/Conv2d_1a_3x3/weights as in the slim of later years), and
restores averages of all variables, those of the normalisations among them; they have no scale. The names in the graph of
2015 were found by a third party (toshas/torch-fidelity, util_convert_inception_weights.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from ..data.tensorflow_files import constants, read_variables, variables
from ..instruments.inception import CLASSES_2015, Config, FineTunedInception, Inception, Inception2015
from ..recipe import About
from .fitting import Converted, Found, fitted, mismatch

AVERAGE = "/ExponentialMovingAverage"
STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
A = ("branch1x1", "branch5x5_1", "branch5x5_2", "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3", "branch_pool")
B = ("branch3x3", "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
C = ("branch1x1", *(f"branch7x7_{k}" for k in "123"), *(f"branch7x7dbl_{k}" for k in "12345"), "branch_pool")
D = ("branch3x3_1", "branch3x3_2", *(f"branch7x7x3_{k}" for k in "1234"))
E = (
    "branch1x1", *(f"branch3x3_{k}" for k in ("1", "2a", "2b")), *(f"branch3x3dbl_{k}" for k in ("1", "2", "3a", "3b")),
    "branch_pool",
)  # fmt: skip
MIXED = {
    "Mixed_5b": (A, "35x35x256a"), "Mixed_5c": (A, "35x35x288a"), "Mixed_5d": (A, "35x35x288b"),
    "Mixed_6a": (B, "17x17x768a"), "Mixed_6b": (C, "17x17x768b"), "Mixed_6c": (C, "17x17x768c"),
    "Mixed_6d": (C, "17x17x768d"), "Mixed_6e": (C, "17x17x768e"), "Mixed_7a": (D, "17x17x1280a"),
    "Mixed_7b": (E, "8x8x2048a"), "Mixed_7c": (E, "8x8x2048b"),
}  # fmt: skip
"""Block of torchvision's: (its convolutions, in the order of both, what the evaluator calls it)."""
WEIGHT = re.compile(r"(?!aux_logits/).*/(?:weights|biases|beta|gamma|moving_mean|moving_variance)")
WEIGHT_2015 = re.compile(r"(?:(?:conv|mixed)(?:_\d+)?/.*)?(?:conv2d_params|batchnorm/\w+)|softmax/weights")


def inception_fine_tuned(path: Path) -> Converted:
    """instruments.inception.FineTunedInception of model.ckpt-5000, of either version of checkpoints. Raises RedrawError."""
    about = variables(path)
    layers = {ours: theirs for ours, theirs in _evaluator_names()}
    names = {f"trunk.{ours}.conv.weight": f"{theirs}/weights" for ours, theirs in layers.items()}
    for ours, theirs in layers.items():
        normal = {"bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        names |= {f"trunk.{ours}.bn.{mine}": f"{theirs}/BatchNorm/{name}" for mine, name in normal.items()}
    names |= {"head.weight": "logits/logits/weights", "head.bias": "logits/logits/biases"}
    names = {key: name + AVERAGE for key, name in names.items()}
    if missing := [name for name in names.values() if name not in about]:
        mismatch(path, f"no variable {missing[0]}, which its evaluator restores")
    found = {key: Found(names[key], array) for key, array in _read(path, names).items()}
    for ours in layers:
        beta = found[f"trunk.{ours}.bn.bias"]
        found[f"trunk.{ours}.bn.weight"] = Found(beta.name, np.ones(beta.array.shape, np.float32))
    head = about[names["head.bias"]].shape
    classes = (head[0] if head else 0) - 1
    if classes < 2:
        mismatch(path, f"{names['head.bias']} is one of {classes + 1} logits")
    left_out = tuple(name for name in about if name not in names.values())
    known = {name.removesuffix(AVERAGE) for name in names.values()}
    plain = [name.removesuffix(AVERAGE) for name in left_out]  # variables as they were trained, slots of an optimiser
    if strange := [name for name in plain if name not in known and WEIGHT.fullmatch(name)]:
        mismatch(path, f"{strange[0]}: its evaluator's network has no such variable")
    return Converted(fitted(path, found, _network(FineTunedInception, classes)), {"classes": classes}, left_out)


def inception_2015(path: Path) -> Converted:
    """instruments.inception.Inception2015 of classify_image_graph_def.pb. Raises RedrawError."""
    graph = constants(path)
    names = {"head.weight": "softmax/weights"}
    for ours, theirs in _names_2015():
        normal = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        names[f"trunk.{ours}.conv.weight"] = f"{theirs}/conv2d_params"
        names |= {f"trunk.{ours}.bn.{mine}": f"{theirs}/batchnorm/{name}" for mine, name in normal.items()}
    if missing := [name for name in names.values() if name not in graph]:
        mismatch(path, f"no constant {missing[0]}")
    left_out = tuple(name for name in graph if name not in names.values())
    if strange := [name for name in left_out if WEIGHT_2015.fullmatch(name)]:
        mismatch(path, f"{strange[0]}: the network of 2015 has no such weight")
    found = {key: Found(name, _turned(graph[name])) for key, name in names.items()}
    return Converted(fitted(path, found, _network(Inception2015, CLASSES_2015)), {"classes": CLASSES_2015}, left_out)


# --- inside ------------------------------------------------------------------------------------------------------


def _evaluator_names() -> Iterator[tuple[str, str]]:
    """Convolutions of torchvision's, and the evaluator's scopes of them."""
    yield from ((ours, f"conv{k}") for k, ours in enumerate(STEM))
    for block, (convolutions, scope) in MIXED.items():
        for branch, place, name in _branches(convolutions):
            yield f"{block}.{name}", f"mixed_{scope}/{branch}/Conv{_nth(place)}"


def _names_2015() -> Iterator[tuple[str, str]]:
    yield from ((ours, f"conv{_nth(k)}") for k, ours in enumerate(STEM))
    for k, (block, (convolutions, _)) in enumerate(MIXED.items()):
        towers: list[str] = []
        for branch, place, name in _branches(convolutions):
            if name in ("branch1x1", "branch3x3"):  # of one convolution, and no pooling before it
                yield f"{block}.{name}", f"mixed{_nth(k)}/conv"
                continue
            towers += [branch] * (branch not in towers)
            inner = f"mixed/conv{_nth('ab'.index(name[-1]))}" if name[-1] in "ab" else f"conv{_nth(place)}"
            yield f"{block}.{name}", f"mixed{_nth(k)}/tower{_nth(towers.index(branch))}/{inner}"


def _branches(convolutions: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    """(branch, place in it, name) of each."""
    seen: dict[str, int] = {}
    for name in convolutions:
        branch = name if name == "branch_pool" else name.partition("_")[0]
        yield branch, seen.setdefault(branch, 0), name
        seen[branch] += 1


def _nth(k: int) -> str:
    """How TensorFlow tells scopes of one name apart."""
    return f"_{k}" if k else ""


def _read(path: Path, names: Mapping[str, str]) -> dict[str, np.ndarray]:
    arrays = read_variables(path, set(names.values()))
    return {key: _turned(arrays[name]) for key, name in names.items()}


def _turned(array: np.ndarray) -> np.ndarray:
    """[height, width, in, out] -> [out, in, height, width], [in, out] -> [out, in]."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T


def _network(kind: Callable[..., Inception], classes: int) -> Inception:
    """An empty one, for its shapes."""
    config = Config(
        steps=0, batch_size=1, evaluations=1, patience=None, watch=None, as_released=(), classes=classes,
    )  # fmt: skip
    with torch.device("meta"):
        return kind(config, About((3, 299, 299), 1), {})
