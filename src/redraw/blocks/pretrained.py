"""Weights of torchvision's networks, from files that somebody laid below work/released."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch
from torch import nn

from ..core import RedrawError

RELEASED = Path("work/released")


def take(network: nn.Module, keys: Collection[str], path: Path, file: str, source: str, for_what: str) -> None:
    """Give ``network`` the weights ``keys`` of the file ``path``, which torchvision calls ``file`` and we get as ``source``.

    Raises RedrawError where the file is missing or another network's.
    """
    if not path.exists():
        raise RedrawError(
            f"{for_what}, pretrained: no file {path}: run `redraw download {source}` and copy work/incoming/{source}/{file} "
            "there"
        )
    stored, own = torch.load(path, map_location="cpu", weights_only=True), network.state_dict()
    for key in keys:
        if key.endswith("num_batches_tracked"):  # older files have none
            stored.setdefault(key, own[key])
        if key not in stored or stored[key].shape != own[key].shape:
            raise RedrawError(f"{for_what}, pretrained: {path} has no {key} of {tuple(own[key].shape)}: use {file}")
    network.load_state_dict({key: stored[key] for key in keys}, strict=False)
