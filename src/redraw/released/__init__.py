"""Weights that authors released, as state of networks of ours: read, held against the network key by key, never trusted.

A file comes in by kind (``KINDS``). No pickle is obeyed, and every shape is checked before anything is kept.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..core import RedrawError, nearest
from .fitting import Converted

if TYPE_CHECKING:
    from ..data.base import Prepared
    from ..recipe import Recipe

KINDS = {
    "torch": "checkpoints:read",
    "caffe": "caffe:read",
    "text": "text:read",
    "char_cnn_rnn": "torch7:char_cnn_rnn",
    "gan_int_cls_generator": "torch7:gan_int_cls_generator",
    "inception_fine_tuned": "tensorflow:inception_fine_tuned",
    "inception_2015": "tensorflow:inception_2015",
    "embedded_captions": "embeddings:embedded_captions",
    "stackgan_names": "embeddings:stackgan_names",
    "stackgan_vectors": "embeddings:stackgan_vectors",
    "skip_thoughts": "skip_thoughts:encoder",
    "skip_thoughts_table": "skip_thoughts:table",
}
"""{kind: module of this package and its function, (path) -> {key of our network: array}, or Converted}."""

TABLES = ("embedded_captions", "stackgan_names", "stackgan_vectors")
"""Kinds that hold no weights: together they are a table of captions (embeddings.py)."""

UNSAVED = "num_batches_tracked"  # PyTorch before 0.4 had no such buffer
SHOWN = 3


def convert(path: Path, kind: str, part: str | None = None) -> dict[str, Tensor]:
    """The tensors of a released file under the network's own keys; of its submodule ``part`` alone where it is given.

    Raises RedrawError, one line, for a kind that there is not, a file that is not of it, and values that are not finite.
    """
    state = {key: torch.as_tensor(value) for key, value in converted(path, kind).weights.items()}
    if part is not None:
        state = {k.removeprefix(f"{part}."): v for k, v in state.items() if k.startswith(f"{part}.")}
    for key, value in state.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise RedrawError(f"{path.name}: {key} holds values that are not finite: get the file again")
    return state


def converted(path: Path, kind: str) -> Converted:
    """Weights, the sizes that the file decides, and what of it is left out. Raises RedrawError as ``convert`` does."""
    if kind not in KINDS:
        raise RedrawError(f"{path.name}: no kind of file {kind!r}: {nearest(kind, list(KINDS))}")
    module, _, function = KINDS[kind].partition(":")
    found = getattr(importlib.import_module(f".{module}", __name__), function)(path)
    return found if isinstance(found, Converted) else Converted(found, {}, ())


def fit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], file: str) -> dict[str, Tensor]:
    """``found`` as the state ``wanted``, of its types. Raises RedrawError naming the first key that does not fit."""
    for key, own in wanted.items():
        if key not in found:
            if key.endswith(UNSAVED):
                continue
            raise RedrawError(f"{file}: {key} is not in it{_instead(found)}: give the file of this network")
        if found[key].shape != own.shape:
            raise RedrawError(
                f"{file}: {key} is {_shape(found[key])}, the network's is {_shape(own)}: give the file of this network, or "
                "give the run the sizes that the file was trained with"
            )
    for key in found:
        if key not in wanted:
            raise RedrawError(f"{file}: {key} is none of the network's: give the file of this network")
    return {key: found[key].to(own.dtype) if key in found else torch.zeros_like(own) for key, own in wanted.items()}


def assembled(
    files: Mapping[str, tuple[Path, Mapping[str, Any]]], recipe: Recipe, opened: Prepared
) -> tuple[dict[str, Tensor], list[str]]:
    """(state of ``recipe``, what is to be said of it) of {role: a released file, and what its run says of it}.

    Raises RedrawError as ``convert`` and ``fit`` do.
    """
    state, notes = recipe.state_dict(), []
    found = {role: convert(path, about["kind"], about.get("from")) for role, (path, about) in files.items()}
    tables: dict[str, dict[str, Tensor]] = {}
    for role in [role for role in found if files[role][1]["kind"] in TABLES]:
        rows = found.pop(role)
        for place in files[role][1]["into"]:
            tables.setdefault(place, {}).update(rows)
    if tables:
        from .embeddings import table

        rows, notes = table(tables, recipe, opened)
        state |= rows
    for role, tensors in recipe.selected(found).items():
        about = files[role][1]
        for place in about["into"]:
            prefix = f"{place}." if place else ""
            own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            state |= {prefix + key: value for key, value in fit(tensors, own, about["file"]).items()}
    return state, notes


def _instead(found: Mapping[str, Tensor]) -> str:
    some = ", ".join(list(found)[:SHOWN])
    return f" (it has {some}{', …' if len(found) > SHOWN else ''})" if found else " (it is empty)"


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
