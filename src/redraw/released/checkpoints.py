"""PyTorch checkpoints: a mapping from names to tensors, saved by any version, read without obeying its pickle."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core import RedrawError

PREFIX = "module."  # of networks that were trained as DataParallel
WRAPPED = ("netG", "state_dict")  # derivatives of AttnGAN keep the generator in a larger mapping


def read(path: Path) -> dict[str, Tensor]:
    """{key: tensor}, a leading "module." taken off."""
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (
        RuntimeError,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        KeyError,
        OSError,
        AttributeError,
        TypeError,
    ) as e:
        reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
        asked = "Unsupported" in reason or "Weights only" in reason or "weights_only" in reason
        why = "it asks for more than tensors" if asked else f"damaged or of another format: {reason[:100]}"
        raise RedrawError(f"{path.name}: no PyTorch checkpoint ({why}): get the file again") from None
    for key in WRAPPED:
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    return {key.removeprefix(PREFIX): tensor for key, tensor in _tensors(path, loaded)}


def _tensors(path: Path, loaded: Any) -> list[tuple[str, Tensor]]:
    if not isinstance(loaded, dict) or not loaded:
        raise RedrawError(f"{path.name}: no mapping of names to tensors: give a network's state, not an optimiser's")
    for key, value in loaded.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise RedrawError(f"{path.name}: {key!r} is no tensor: give a network's state, not an optimiser's")
    return list(loaded.items())
