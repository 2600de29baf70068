"""StackGAN's text embeddings (Zhang et al., 2017): vectors of a char-CNN-RNN, made before, for the captions of a part's files.

``train/char-CNN-RNN-embeddings.pickle`` and that of ``test``, pickles of Python 2: a list of an array [captions, 1024] of
float32 for each file of ``filenames.pickle`` beside, in its order (birds and flowers 10 captions a file).
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from ..core import RedrawError
from .lists import GET_AGAIN
from .unpickle import load_pickle

WIDTH = 1024


def embeddings(path: Path, files: int, per_image: int = 10, width: int = WIDTH) -> np.ndarray:
    """[files, per_image, width] float32, in the order of filenames.pickle.

    Raises RedrawError, one line, for a pickle of other things, another number of files, and an array of another shape or
    type, or with a number that is not finite.
    """
    found = load_pickle(path)
    if not isinstance(found, list | np.ndarray) or len(found) != files:
        many = f" of {len(found):,}" if isinstance(found, list | np.ndarray) else ""
        _fail(path, f"a {type(found).__name__}{many}, expected the arrays of {files:,} files")
    out = np.empty((files, per_image, width), np.float32)
    for k, values in enumerate(found):
        if not isinstance(values, np.ndarray) or values.shape != (per_image, width) or values.dtype.kind != "f":
            said = f"{values.dtype} {list(values.shape)}" if isinstance(values, np.ndarray) else type(values).__name__
            _fail(path, f"file {k + 1} has {said}, expected float32 [{per_image}, {width}]")
        if not np.isfinite(values).all():
            _fail(path, f"file {k + 1} has a number that is not finite")
        out[k] = values
    return out


def _fail(path: Path, what: str) -> NoReturn:
    raise RedrawError(f"{path}: {what}: {GET_AGAIN}")
