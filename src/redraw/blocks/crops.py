"""The square of a real image that a model sees, and where what lies on the image is in that square."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..core import RedrawError

MIRRORED_PARTS = (0, 1, 2, 3, 4, 5, 10, 11, 12, 9, 6, 7, 8, 13, 14)
"""Which of CUB's fifteen parts, in its order, each of them is in a mirrored picture: eyes, legs and wings change sides."""


class Window(NamedTuple):
    """One square of each of N images: ``side`` pixels from ``top`` and ``left`` [N] on, mirrored where ``flipped`` [N]."""

    side: int
    top: Tensor
    left: Tensor
    flipped: Tensor

    def image(self, image: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, side, side]."""
        every = torch.arange(len(image), device=image.device)
        image = image.unfold(2, self.side, 1).unfold(3, self.side, 1)[every, :, self.top, self.left]
        return torch.where(self.flipped[:, None, None, None], image.flip(3), image)

    def box(self, box: Tensor) -> Tensor:
        """Boxes [N, 4] in pixels of the image -> x, y, width, height in shares of the square's side.

        What the square cuts off is cut off, but a pixel of the box is left at the edge nearest to it.
        """
        x, y, width, height = box.unbind(1)
        first = torch.stack([x - self.left, y - self.top], 1)
        last = (first + torch.stack([width, height], 1)).clamp(max=self.side)
        first = first.clamp(0, self.side - 1)
        last = torch.maximum(last, first + 1)
        size = last - first
        left = torch.where(self.flipped, self.side - last[:, 0], first[:, 0])
        return torch.stack([left, first[:, 1], size[:, 0], size[:, 1]], 1) / self.side

    def points(self, points: Tensor, mirrored: tuple[int, ...] | None) -> Tensor:
        """Points [N, K, 3] in pixels of the image -> x, y in shares of the square's side, and 1; hidden ones are 0, 0, 0.

        What lies outside of the square is hidden. ``mirrored`` [K]: which point each one is in a mirrored picture.
        """
        x, y, visible = points.unbind(2)
        x, y = x - self.left[:, None], y - self.top[:, None]
        seen = (visible > 0) & (x >= 0) & (y >= 0) & (x < self.side) & (y < self.side)
        x = torch.where(self.flipped[:, None], self.side - x, x)
        found = torch.stack([x / self.side, y / self.side, torch.ones_like(x)], 2) * seen[:, :, None]
        if mirrored is None:
            return found
        return torch.where(self.flipped[:, None, None], found[:, list(mirrored)], found)

    def pushed_in(self, places: Tensor) -> Tensor:
        """Places [N, ..., at least 2], x and y first, in pixels of the image: those outside moved to the nearest edge."""
        shape = (-1, *[1] * (places.ndim - 2))
        xy = [
            places[..., k].clamp(low.view(shape), low.view(shape) + self.side - 1)
            for k, low in enumerate((self.left, self.top))
        ]
        return torch.cat([torch.stack(xy, -1), places[..., 2:]], -1)


def drawn_window(n: int, height: int, width: int, side: int, device: torch.device, first_offset: int) -> Window:
    """A place for each of n images, drawn evenly from ``first_offset`` on from the global generator; half are mirrored."""
    top = torch.randint(first_offset, height - side + 1, (n,), device=device)
    left = torch.randint(first_offset, width - side + 1, (n,), device=device)
    return Window(side, top, left, torch.rand(n, device=device) < 0.5)


def middle_window(n: int, height: int, width: int, side: int, device: torch.device) -> Window:
    """The middle of n images, as ``cut`` takes it without ``train``."""
    zero = torch.zeros(n, dtype=torch.int64, device=device)
    return Window(side, zero + (height - side) // 2, zero + (width - side) // 2, zero.bool())


def cut(image: Tensor, crop: int, train: bool, first_offset: int = 0) -> Tensor:
    """Squares [N, C, crop, crop] of images [N, C, H, W].

    From the middle; with ``train`` each at a place of its own, drawn evenly from ``first_offset`` on, and flipped with
    probability 1/2.
    """
    n, _, height, width = image.shape
    if train:
        return drawn_window(n, height, width, crop, image.device, first_offset).image(image)
    top, left = (height - crop) // 2, (width - crop) // 2
    return image[:, :, top : top + crop, left : left + crop]


def reduced(image: Tensor, crop: int, size: int, train: bool, first_offset: int = 0) -> Tensor:
    """``cut``, then reduced by area to [N, C, size, size]."""
    return F.avg_pool2d(cut(image, crop, train, first_offset), crop // size)


def check_crop(paper: str, crop: int, size: int, image_shape: tuple[int, int, int]) -> None:
    """Raises RedrawError where ``reduced`` cannot be taken of prepared images of this shape (C, H, W), or they are not in
    colour."""
    channels, height, width = image_shape
    if crop % size or crop > min(height, width) or channels != 3:
        raise RedrawError(
            f"{paper}, crop: {crop} of {channels} x {height} x {width}: it must be a multiple of image_size {size}, lie inside "
            "the prepared image, and that be in colour"
        )
