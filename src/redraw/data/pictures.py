"""Pictures of a raw tree: read as RGB, with what is odd about them told; cut, and squashed to one size.

Squashed means that the aspect is given up, as in GAN-INT-CLS (reedscot/icml2016, data/donkey_folder_txt.lua) and in
StackGAN's preprocessing. The former leaves the filter to Torch's default (bilinear, recalled), the latter takes
bicubic. Here it is Pillow's bicubic, which looks at all pixels that it shrinks. EXIF rotation is not applied: boxes are
given in the pixels as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError, nearest
from .lists import GET_AGAIN
from .writer import PreparedWriter

KINDS = {"L": "grey", "1": "black and white"}
CROPS = ("none", "box")
SIZES = 8, 1024

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels, the origin at the top left"""


def options_of(options: Mapping[str, Any], dataset: str, crops: tuple[str, ...]) -> tuple[int, str]:
    """(size, crop) of a prepare stage's options. Raises RedrawError for an unknown option or value."""
    defaults: dict[str, Any] = {"size": 76, "crop": "none"}
    for name in options:
        if name not in defaults:
            raise RedrawError(f"{dataset}: no option {name!r} of prepare: {nearest(name, list(defaults))}")
    size, crop = (defaults | dict(options)).values()
    if not isinstance(size, int) or not SIZES[0] <= size <= SIZES[1]:
        raise RedrawError(
            f"{dataset}: size {size!r}: give the pixels of a side, a whole number from {SIZES[0]} to {SIZES[1]}"
        )
    if crop not in crops:
        why = "it has no boxes to crop by, " if crop in CROPS else ""
        raise RedrawError(f"{dataset}: crop {crop!r}: {why}known: {', '.join(crops)}")
    return size, crop


class Pictures:
    """Reads the pictures of one data set and keeps what is odd about them, by kind."""

    def __init__(self) -> None:
        self._odd: dict[str, list[str]] = {}

    def read(self, path: Path) -> np.ndarray:
        """[H, W, 3] uint8. Raises RedrawError for a file that is missing, truncated, or no picture."""
        from PIL import Image

        try:
            with Image.open(path) as picture:
                picture.load()
                mode, kind = picture.mode, picture.format
                image = np.asarray(picture.convert("RGB"))
        except FileNotFoundError:
            raise RedrawError(f"{path}: missing: {GET_AGAIN}") from None
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as e:
            what = f"truncated or damaged (Pillow says: {str(e).splitlines()[0]})"
            if isinstance(e, Image.UnidentifiedImageError):
                what = "no picture that Pillow can read"
            raise RedrawError(f"{path}: {what}, {path.stat().st_size} bytes: {GET_AGAIN}") from None
        if mode in KINDS:
            self._note(f"{KINDS[mode]}, the channel is copied to red, green and blue", path)
        elif mode != "RGB":
            self._note(f"{mode}, converted to RGB by Pillow", path)
        if kind != "JPEG":
            self._note(f"{kind} and not JPEG as the name says, read as what it is", path)
        return image

    def tell(self, writer: PreparedWriter) -> None:
        """Note what was odd: a line for each kind, with the first ten files."""
        for what, names in self._odd.items():
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            pictures = "1 picture is" if len(names) == 1 else f"{len(names)} pictures are"
            writer.note(f"{pictures} {what}: {', '.join(names[:10])}{more}")

    def _note(self, what: str, path: Path) -> None:
        self._odd.setdefault(what, []).append(path.name)


def squashed(image: np.ndarray, size: int, box: Box | None = None) -> tuple[np.ndarray, Box | None]:
    """[H, W, 3] uint8 -> [size, size, 3], whatever the aspect; ``box`` is scaled alike and kept inside."""
    from PIL import Image

    height, width = image.shape[:2]
    small = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
    if box is None:
        return small, None
    x, y, w, h = box
    left, right = (min(max(edge, 0), width) * size / width for edge in (x, x + w))
    top, bottom = (min(max(edge, 0), height) * size / height for edge in (y, y + h))
    return small, (left, top, right - left, bottom - top)


def cropped(image: np.ndarray, box: Box) -> tuple[np.ndarray, Box]:
    """The square of 1.5 times the longer side around ``box``, cut off at the edges; and the box within it.

    As StackGAN and AttnGAN do it: the box in whole numbers (truncated), half the side int(0.75 max(w, h)), the centre
    int((2 x + w) / 2). At an edge the result is no square.
    """
    height, width = image.shape[:2]
    x, y, w, h = (int(value) for value in box)
    half = max(1, int(0.75 * max(w, h)))
    middle_x, middle_y = (2 * x + w) // 2, (2 * y + h) // 2
    left, top = max(0, middle_x - half), max(0, middle_y - half)
    cut = image[top : min(height, middle_y + half), left : min(width, middle_x + half)]
    return cut, (box[0] - left, box[1] - top, box[2], box[3])
