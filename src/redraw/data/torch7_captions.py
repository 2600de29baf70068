"""Captions that were embedded before, in a file of Lua Torch: those of COCO that StackGAN-Pytorch draws.

val_captions.t7        {raw_txt: captions, fea_txt: an array [1, 1024] of each}         (hanzhanggit/StackGAN-Pytorch)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN
from .torch7 import load_torch7

WIDTH = 1024


def validation_captions(path: Path, width: int = WIDTH) -> tuple[list[str], np.ndarray]:
    """Captions and their embeddings [N, width] float32 of val_captions.t7. Raises RedrawError as above."""
    found = load_torch7(path)
    if not isinstance(found, dict) or not all(isinstance(found.get(name), list) for name in ("raw_txt", "fea_txt")):
        _fail(path, f"{_said(found)}, expected a table of the lists raw_txt and fea_txt")
    texts, vectors = found["raw_txt"], found["fea_txt"]
    if len(texts) != len(vectors) or not texts:
        _fail(path, f"raw_txt has {len(texts)} entries and fea_txt {len(vectors)}, expected as many of each")
    for k, (text, vector) in enumerate(zip(texts, vectors, strict=True), 1):
        if not isinstance(text, str):
            _fail(path, f"entry {k} of raw_txt is {_said(text)}, expected a caption")
        if not isinstance(vector, np.ndarray) or vector.shape != (1, width) or vector.dtype.kind != "f":
            _fail(path, f"entry {k} of fea_txt is {_said(vector)}, expected float [1, {width}]")
    return texts, np.concatenate([_float32(path, f"entry {k} of fea_txt", v) for k, v in enumerate(vectors, 1)])


# --- inside ------------------------------------------------------------------------------------------------------


def _float32(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        found = values.astype(np.float32)
    if not np.isfinite(found).all():
        _fail(path, f"{name} has a number that is not finite")
    return found


def _said(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {list(value.shape)}"
    if isinstance(value, dict):
        return f"a table of {', '.join(ascii(str(key)[:20]) for key in list(value)[:5]) or 'nothing'}"
    return f"a {type(value).__name__}"


def _fail(path: Path, what: str) -> NoReturn:
    raise RedrawError(f"{path}: {what}: {GET_AGAIN}")
