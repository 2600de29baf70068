"""Caffe's networks: each layer's blobs under the keys of the submodule that has its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core import RedrawError
from ..data.caffemodel import layers

KEYS = {  # by how many blobs a layer has, in Caffe's order; the last two are recurrent layers
    1: ("weight",),
    2: ("weight", "bias"),
    3: ("x.weight", "x.bias", "h.weight"),
    4: ("x.weight", "x.bias", "static.weight", "h.weight"),
}


def read(path: Path) -> dict[str, np.ndarray]:
    """{key: float32}. Raises RedrawError for a file that is none of Caffe's, and for a layer of another kind."""
    found = {}
    for name, blobs in layers(path):
        if len(blobs) not in KEYS:
            raise RedrawError(
                f"{path.name}: layer {name} has {len(blobs)} arrays, 1 to 4 are known: give the file of this network"
            )
        for key, blob in zip(KEYS[len(blobs)], blobs, strict=True):
            found[f"{name}.{key}"] = blob.copy()
    return found
