"""The form that pictures are prepared in: cut out, resized, their channels. What a paper does is said in its sheet.

Options of a prepare stage, each reader with defaults of its own:

    size      pixels; null: pictures stay as large as they are
    fit       squash: size x size, the aspect is given up, as in GAN-INT-CLS (reedscot/icml2016, data/donkey_folder_txt.lua) and
              StackGAN's preprocessing. The former leaves the filter to Torch's default (bilinear, recalled), the latter takes
              bicubic · shorter: the shorter side has ``size`` pixels, the longer int(size * longer / shorter), as torchvision's
              Resize, StackGAN-v2 and AttnGAN (304)
    crop      none · box: the square of ``scale`` times the longer side around the box, cut off at the edges (StackGAN, AttnGAN) ·
              centre: the square of ``scale`` pixels in the middle · [left, top, right, bottom], in pixels, of sets whose
              pictures are aligned
    scale     of ``crop`` (1.5 for a box)
    square    after resizing the middle square is kept: true, as large as it can be, or its side in pixels (false)
    filter    bicubic, bilinear, lanczos, hamming, box or nearest, Pillow's: it looks at all pixels that it shrinks. Since
              Pillow 13 a picture whose height shrinks by more than twice as many pixels as its width is reduced down first,
              before that always across first: a few grey levels of tall pictures depend on it
    channels  rgb or grey

EXIF rotation is not applied: boxes are given in the pixels as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..core import RedrawError, nearest

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels, the origin at the top left"""

SIZES = 8, 1024
CHOICES = {
    "fit": ("squash", "shorter"),
    "filter": ("bicubic", "bilinear", "lanczos", "hamming", "box", "nearest"),
    "channels": ("rgb", "grey"),
}


@dataclass(frozen=True)
class Shaped:
    """A picture in its form, with what lies on it in the pixels that it now has."""

    image: np.ndarray  # [H, W, 3] uint8, or [H, W] where it is grey
    box: Box | None
    keypoints: np.ndarray | None  # [K, 3] float32: x, y, 1 or 0
    objects: np.ndarray | None  # [M, 6] float32, those of which something is left
    width: int  # of the picture as it was read
    height: int


@dataclass(frozen=True)
class Form:
    """See the module's text. Made of a prepare stage's options by ``form_of``."""

    size: int | None = 76
    fit: str = "squash"
    crop: str | Sequence[int] = "none"
    scale: float = 1.5
    square: bool | int = False
    filter: str = "bicubic"
    channels: str = "rgb"

    def apply(
        self,
        image: np.ndarray,
        box: Box | None = None,
        keypoints: np.ndarray | None = None,
        objects: np.ndarray | Sequence[Sequence[float]] | None = None,
    ) -> Shaped:
        """``image`` [H, W, 3] uint8; ``box``, ``keypoints`` [K, 3] and ``objects`` [M, 6] in its pixels."""
        from PIL import Image

        height, width = image.shape[:2]
        picture = Image.fromarray(image)
        if self.channels == "grey":
            picture = picture.convert("L")
        left, top, right, bottom = self._window(width, height, box)
        if right <= left or bottom <= top:
            raise RedrawError(
                f"crop {self.crop}: it leaves nothing of a picture of {width} x {height} pixels: correct the sheet"
            )
        if (left, top, right, bottom) != (0, 0, width, height):
            picture = picture.crop((left, top, right, bottom))
        wide, high = self._target(right - left, bottom - top)
        across, down = wide / (right - left), high / (bottom - top)
        if (wide, high) != picture.size:
            picture = picture.resize((wide, high), Image.Resampling[self.filter.upper()])
        side = min(wide, high) if self.square is True else min(wide, high, self.square)
        if self.square and (side, side) != (wide, high):
            dx, dy = (wide - side) // 2, (high - side) // 2
            picture = picture.crop((dx, dy, dx + side, dy + side))
            left, top = left + dx / across, top + dy / down
        moved = _Moved(left, top, across, down, *picture.size)
        return Shaped(
            np.asarray(picture),
            None if box is None else moved.box(box),
            None if keypoints is None else moved.points(keypoints),
            None if objects is None else moved.objects(objects),
            width,
            height,
        )

    def _window(self, width: int, height: int, box: Box | None) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of what is cut out."""
        if not isinstance(self.crop, str):
            left, top, right, bottom = self.crop
            return left, top, min(right, width), min(bottom, height)
        if self.crop == "box" and box is not None:
            # As StackGAN and AttnGAN do it: the box in whole numbers (truncated), half the side int(0.75 max(w, h)), the
            # centre int((2 x + w) / 2). At an edge the result is no square.
            x, y, w, h = (int(value) for value in box)
            half = max(1, int(self.scale / 2 * max(w, h)))
            middle_x, middle_y = (2 * x + w) // 2, (2 * y + h) // 2
            return (
                max(0, middle_x - half), max(0, middle_y - half), min(width, middle_x + half), min(height, middle_y + half),
            )  # fmt: skip
        if self.crop == "centre":
            side = int(self.scale)
            wide, high = min(side, width), min(side, height)
            left, top = (width - wide) // 2, (height - high) // 2
            return left, top, left + wide, top + high
        return 0, 0, width, height

    def _target(self, width: int, height: int) -> tuple[int, int]:
        if self.size is None:
            return width, height
        if self.fit == "squash":
            return self.size, self.size
        if width <= height:
            return self.size, int(self.size * height / width)
        return int(self.size * width / height), self.size


def form_of(options: Mapping[str, Any], dataset: str, crops: Sequence[str], **defaults: Any) -> Form:
    """The form that a prepare stage's options ask for; ``defaults`` and ``crops`` are its reader's.

    Raises RedrawError for an unknown option or value.
    """
    known = [field.name for field in fields(Form)]
    for name in options:
        if name not in known:
            raise RedrawError(f"{dataset}: no option {name!r} of prepare: {nearest(name, known)}")
    found = Form(**(defaults | dict(options)))
    size = found.size
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not SIZES[0] <= size <= SIZES[1]):
        raise RedrawError(
            f"{dataset}: size {size!r}: give the pixels of a side, a whole number from {SIZES[0]} to {SIZES[1]}"
        )
    if not isinstance(found.crop, str):
        _check_rectangle(found.crop, dataset)
    elif found.crop not in crops:
        why = "it has no boxes to crop by, " if found.crop == "box" else ""
        raise RedrawError(f"{dataset}: crop {found.crop!r}: {why}known: {', '.join(crops)}")
    for name, values in CHOICES.items():
        if getattr(found, name) not in values:
            raise RedrawError(f"{dataset}: {name} {getattr(found, name)!r}: known: {', '.join(values)}")
    if isinstance(found.scale, bool) or not isinstance(found.scale, int | float) or not found.scale > 0:
        raise RedrawError(f"{dataset}: scale {found.scale!r}: give a number above 0")
    if not isinstance(found.square, bool) and (not isinstance(found.square, int) or found.square < SIZES[0]):
        raise RedrawError(
            f"{dataset}: square {found.square!r}: give true, false, or the pixels of a side from {SIZES[0]}"
        )
    return found


def _check_rectangle(crop: Any, dataset: str) -> None:
    whole = isinstance(crop, list | tuple) and len(crop) == 4 and all(type(v) is int for v in crop)
    if not whole or not (0 <= crop[0] < crop[2] and 0 <= crop[1] < crop[3]):
        raise RedrawError(f"{dataset}: crop {crop!r}: give left, top, right and bottom in pixels")


def off_picture(keypoints: np.ndarray, width: int, height: int) -> int:
    """How many visible points of ``keypoints`` [K, 3] lie outside of a picture of width x height."""
    x, y, visible = keypoints.T
    return int(((visible > 0) & ((x < 0) | (y < 0) | (x >= width) | (y >= height))).sum())


@dataclass(frozen=True)
class _Moved:
    """Where things lie after ``left`` and ``top`` were cut off and the rest was scaled; kept inside width x height."""

    left: float
    top: float
    across: float
    down: float
    width: int
    height: int

    def box(self, box: Sequence[float]) -> Box:
        x, y, w, h = box
        left, right = (min(max((edge - self.left) * self.across, 0.0), self.width) for edge in (x, x + w))
        top, bottom = (min(max((edge - self.top) * self.down, 0.0), self.height) for edge in (y, y + h))
        return left, top, right - left, bottom - top

    def points(self, points: np.ndarray) -> np.ndarray:
        found = np.array(points, np.float32)
        found[:, :2] = (found[:, :2] - (self.left, self.top)) * (self.across, self.down)
        outside = (found[:, :2] < 0).any(1) | (found[:, 0] >= self.width) | (found[:, 1] >= self.height)
        found[outside | (found[:, 2] == 0)] = 0
        return found

    def objects(self, objects: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        found = [(o[0], *self.box(o[1:5]), o[5]) for o in objects]
        return np.array([o for o in found if o[3] > 0 and o[4] > 0], np.float32).reshape(-1, 6)
