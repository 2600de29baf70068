"""The skip-thought vectors of Kiros et al.: uni_skip.npz, bi_skip.npz, and the tables of words beside them.

ryankiros/skip-thoughts@6661cad, skipthoughts.py: W and U hold reset and update gate side by side, Wx and Ux the candidate, inputs
down the rows; a second GRU, encoder_r, reads backwards in bi_skip. NumPy's own reader, with pickles refused; what a file holds
beside the encoder (decoders of the training, its history) is not read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .fitting import Converted, Found, fitted, mismatch

ARRAYS = ("W", "Wx", "U", "Ux", "b", "bx")
GIVEN = {"encoder": "", "encoder_r": "_reverse"}
"""What a GRU is called in the file, and the end of its names in the library's."""


def encoder(path: Path) -> Converted:
    """The ``gru`` of papers.align_draw.skip_thoughts.Encoder. Raises RedrawError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = set(file.files)
            both = "encoder_r_W" in names
            prefixes = [p for p in GIVEN if both or p == "encoder"]
            wanted = [f"{prefix}_{name}" for prefix in prefixes for name in ARRAYS]
            if lacking := [name for name in wanted if name not in names]:
                mismatch(path, f"no array {lacking[0]}")
            arrays = {name: file[name] for name in wanted}
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, EOFError) as e:
        mismatch(path, f"no archive of arrays ({str(e).splitlines()[0][:80] if str(e) else type(e).__name__})")
    found: dict[str, Found] = {}
    for prefix in prefixes:
        found |= _gru(path, arrays, prefix)
    gates, word_dim = found["weight_ih_l0"].array.shape
    with torch.device("meta"):
        network = nn.GRU(word_dim, gates // 3, batch_first=True, bidirectional=both)
    sizes = {"word_dim": word_dim, "bi_dim" if both else "uni_dim": gates // 3}
    return Converted(fitted(path, found, network), sizes, tuple(sorted(names - set(wanted))))


def table(path: Path) -> Converted:
    """{"weight": rows [words, W]}, left on the disk until they are asked for. Raises RedrawError."""
    try:
        rows = np.load(path, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError) as e:
        mismatch(path, f"no array ({str(e).splitlines()[0][:80] if str(e) else type(e).__name__})")
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype != np.float32:
        mismatch(path, "no table of words: expected 32-bit numbers in two dimensions")
    return Converted({"weight": rows}, {"word_dim": rows.shape[1]}, ())


def _gru(path: Path, arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, Found]:
    held = {name: arrays[f"{prefix}_{name}"] for name in ARRAYS}
    for name, array in held.items():
        if array.ndim != (1 if name.startswith("b") else 2) or array.dtype.kind != "f":
            mismatch(path, f"{prefix}_{name} is {array.dtype} {list(array.shape)}")
    dim, end = held["Ux"].shape[1], GIVEN[prefix]
    for gates, candidate in (("W", "Wx"), ("U", "Ux")):
        expected = {gates: (held[candidate].shape[0], 2 * dim), candidate: (held[candidate].shape[0], dim)}
        for name, shape in expected.items():
            if held[name].shape != shape:
                mismatch(path, f"{prefix}_{name} is {list(held[name].shape)}, expected {list(shape)}")
    stacked = {
        "weight_ih_l0": np.concatenate([held["W"], held["Wx"]], 1).T,
        "weight_hh_l0": np.concatenate([held["U"], held["Ux"]], 1).T,
        "bias_ih_l0": np.concatenate([held["b"], held["bx"]]),
        "bias_hh_l0": np.zeros(3 * dim, np.float32),
    }
    return {f"{name}{end}": Found(f"{prefix}: {name}", array) for name, array in stacked.items()}
