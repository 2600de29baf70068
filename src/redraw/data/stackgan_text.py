"""StackGAN's text embeddings (Zhang et al., 2017): vectors of a char-CNN-RNN, made before, for the captions of a part's files.

``train/filenames.pickle`` and ``train/char-CNN-RNN-embeddings.pickle`` and those of ``test``, pickles of Python 2: a list of
file names, and in its order a list of an array [captions, 1024] of float32 for each (birds and flowers 10 captions a file,
COCO 5). Nothing but the order ties the one to the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN
from .unpickle import load_pickle

WIDTH = 1024
NAMES, EMBEDDINGS = "filenames.pickle", "char-CNN-RNN-embeddings.pickle"


def file_names(path: Path) -> list[str]:
    """The names of filenames.pickle, in their order. Raises RedrawError, one line, for what is no list of different ones."""
    found = load_pickle(path, arrays=False)
    if not isinstance(found, list) or not found or not all(isinstance(name, str) and name for name in found):
        _fail(path, f"a {type(found).__name__}, expected a list of file names")
    if len(set(found)) != len(found):
        twice = next(name for k, name in enumerate(found) if name in found[:k])
        _fail(path, f"{ascii(twice[:80])} stands there twice")
    return found


def embeddings(path: Path, width: int = WIDTH) -> np.ndarray:
    """[files, captions, width] float32, in the order of filenames.pickle; all files have as many captions as the first.

    Raises RedrawError, one line, for a pickle of other things, and an array of another shape or type, or with a number that
    is not finite in float32.
    """
    found = load_pickle(path)
    listed = isinstance(found, list) or isinstance(found, np.ndarray) and found.ndim > 0
    if not listed or not len(found):
        _fail(path, f"a {type(found).__name__}{' of 0' if listed else ''}, expected the arrays of files")
    files, per_image = len(found), max(1, len(found[0])) if isinstance(found[0], np.ndarray) and found[0].ndim else 1
    out = np.empty((files, per_image, width), np.float32)
    for k, values in enumerate(found):
        if not isinstance(values, np.ndarray) or values.shape != (per_image, width) or values.dtype.kind != "f":
            said = f"{values.dtype} {list(values.shape)}" if isinstance(values, np.ndarray) else type(values).__name__
            _fail(path, f"file {k + 1} has {said}, expected float32 [{per_image}, {width}]")
        with np.errstate(over="ignore"):
            out[k] = values
        if not np.isfinite(out[k]).all():
            _fail(path, f"file {k + 1} has a number that is not finite")
    return out


def _fail(path: Path, what: str) -> NoReturn:
    raise RedrawError(f"{path}: {what}: {GET_AGAIN}")
