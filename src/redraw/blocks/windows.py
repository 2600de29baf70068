"""DRAW's attention window: a grid of n x n Gaussian filters laid over an image (Gregor et al. 2015, section 3.2).

Five numbers place it: g~X, g~Y, log sigma^2, log delta, log gamma, in this order. They are the same for all channels. An
image is read as gamma F_Y x F_X^T, and a patch w written as F_Y^T w F_X / gamma.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

PARAMETERS = 5


class Grid(NamedTuple):
    """How filters are counted: i = ``first_filter``, ... n filters, at g + (i - n/2 - 1/2) delta.

    The paper counts filters and pixels from 1, so that the grid is symmetric around g, and g~ = 0, delta = (A - 1) / (n - 1)
    puts a filter on every corner of the image. Released codes count from 0 what the formula means from 1, whereby the window
    lies a filter's distance too far up and left, and a pixel too far down and right.
    """

    first_filter: int = 1
    first_pixel: int = 1
    whole_half: bool = False  # n/2 rounded down (a division of Python 2): half a distance to the right for odd n
    added: float = 1e-4  # to the sum that each filter is divided by, so that one far off the image is none


AS_WRITTEN = Grid()
"""The paper wants filters that sum to 1, which fails far off the image; ``added`` is text2image's and jbornschein's."""
TEXT2IMAGE = Grid(first_filter=0, first_pixel=0, whole_half=True)
"""mansimov/text2image, coco/attention.py and mnist-captions/attention.py, run by Python 2."""
ERICJANG = Grid(first_filter=0, first_pixel=0, added=1e-8)
"""ericjang/draw, draw.py; there the larger of the sum and 1e-8, which is the same but for filters off the image."""


def filters(centre: Tensor, delta: Tensor, sigma2: Tensor, n: int, pixels: int, grid: Grid = AS_WRITTEN) -> Tensor:
    """F [..., n, pixels] along one axis: row i is a Gaussian over the pixels, of sum 1 where it lies on the image.

    ``centre``, ``delta`` (distance of neighbours) and ``sigma2`` [...] in pixels, which are counted as ``grid`` says.
    """
    half = n // 2 if grid.whole_half else n / 2
    offset = torch.arange(n, device=centre.device, dtype=centre.dtype) + (grid.first_filter - half - 0.5)
    place = torch.arange(pixels, device=centre.device, dtype=centre.dtype) + grid.first_pixel
    mean = torch.addcmul(centre[..., None], delta[..., None], offset)  # eq. 19, 20
    weight = ((place - mean[..., None]).square() * (-0.5 / sigma2)[..., None, None]).exp()
    return weight / (weight.sum(-1, keepdim=True) + grid.added)  # eq. 25, 26


def filterbank(
    centre_y: Tensor,
    centre_x: Tensor,
    delta: Tensor,
    sigma2: Tensor,
    n: int,
    height: int,
    width: int,
    grid: Grid = AS_WRITTEN,
) -> tuple[Tensor, Tensor]:
    """F_Y [N, n, H], F_X [N, n, W] of N windows; all four parameters are [N], in pixels."""
    if height == width:
        both = filters(torch.stack([centre_y, centre_x], 1), delta[:, None], sigma2[:, None], n, width, grid)
        return both[:, 0], both[:, 1]
    return filters(centre_y, delta, sigma2, n, height, grid), filters(centre_x, delta, sigma2, n, width, grid)


class Window(NamedTuple):
    """N windows of n x n filters on images of H x W pixels."""

    f_y: Tensor  # [N, n, H]
    f_x: Tensor  # [N, n, W]
    gamma: Tensor  # [N]

    def read(self, image: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, n, n], times gamma. Eq. 27, of one image."""
        n, c, height, width = image.shape
        image = image.to(self.f_x.dtype).reshape(n, c * height, width)
        with torch.autocast(image.device.type, enabled=False):
            across = torch.bmm(image, self.f_x.mT).view(n, c, height, -1)
            return torch.matmul((self.f_y * self.gamma[:, None, None])[:, None], across)

    def write(self, patch: Tensor) -> Tensor:
        """[N, C, n, n] -> [N, C, H, W], divided by gamma. Eq. 29."""
        patch = patch.to(self.f_x.dtype)
        with torch.autocast(patch.device.type, enabled=False):
            down = torch.matmul((self.f_y / self.gamma[:, None, None]).mT[:, None], patch)
            n, c, height, side = down.shape
            return torch.bmm(down.view(n, c * height, side), self.f_x).view(n, c, height, -1)


def window(parameters: Tensor, n: int, height: int, width: int, grid: Grid = AS_WRITTEN) -> Window:
    """Windows of ``parameters`` [N, 5], the output of a linear map, in float32 at least: eq. 21 to 24. ``n`` is 2 or more."""
    parameters = parameters.to(torch.promote_types(parameters.dtype, torch.float32))
    with torch.autocast(parameters.device.type, enabled=False):
        g_x, g_y = parameters[:, 0], parameters[:, 1]
        sigma2, delta, gamma = parameters[:, 2:].exp().unbind(1)
        delta = (max(height, width) - 1) / (n - 1) * delta
        centre_y, centre_x = (height + 1) / 2 * (g_y + 1), (width + 1) / 2 * (g_x + 1)
        return Window(*filterbank(centre_y, centre_x, delta, sigma2, n, height, width, grid), gamma)
