"""Lists of words, as the bytes that they were published with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core import RedrawError


def read(path: Path) -> dict[str, np.ndarray]:
    """{"letters": uint8}. Raises RedrawError for what is no text."""
    try:
        data = path.read_bytes()
        data.decode()
    except (OSError, UnicodeDecodeError):
        raise RedrawError(f"{path.name}: no text in UTF-8: get the file again") from None
    return {"letters": np.frombuffer(data, np.uint8).copy()}
