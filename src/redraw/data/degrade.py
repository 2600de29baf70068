"""Worse versions of real images: a control whose scores have to lie between the real images' and noise."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..core import RedrawError


def degraded(images: np.ndarray, side: int = 8) -> np.ndarray:
    """``images`` uint8 [N, C, H, W] shrunk to ``side`` x ``side`` pixels (box) and enlarged again (bilinear), as uint8.

    What is left is the layout and the mean colours. The same images give the same bytes. Raises RedrawError for images
    that are no larger than ``side``, which would come back as they are.
    """
    if min(images.shape[2:]) <= side:
        height, width = images.shape[2:]
        raise RedrawError(
            f"degraded: images of {height} x {width} pixels are not larger than {side}: ask for images that are, or "
            "leave this control out"
        )
    found = np.empty_like(images)
    size = (images.shape[3], images.shape[2])
    for n, image in enumerate(images):
        for c, channel in enumerate(image):
            small = Image.fromarray(channel).resize((side, side), Image.Resampling.BOX)
            found[n, c] = np.asarray(small.resize(size, Image.Resampling.BILINEAR))
    return found
