"""The pyramid of real images, bit-equal to Pillow's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from redraw.blocks.pyramid import pyramid, summed


def batch(n: int, size: int, seed: int) -> tuple[np.ndarray, torch.Tensor]:
    """Bytes [n, S, S, 3], half of them noise and half gradients with edges, and the same as a batch has them."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, size, size, 3), np.uint8)
    ramp = np.linspace(0, 255, size).astype(np.uint8)
    for image in images[1::2]:
        image[:] = np.where(rng.random(size) < 0.1, 255 - ramp, ramp)[None, :, None]
    return images, torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def as_bytes(values: torch.Tensor) -> np.ndarray:
    found = values.add(1).mul(127.5)
    assert torch.allclose(found, found.round(), atol=1e-3)
    return found.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def pillows(images: np.ndarray, size: int) -> np.ndarray:
    return np.stack([np.asarray(Image.fromarray(i).resize((size, size), Image.Resampling.BILINEAR)) for i in images])


def test_two_hundred_pyramids_are_bit_equal_to_pillows():
    for seed in range(10):
        images, values = batch(20, 256, seed)
        large, middle, small = pyramid(values, [256, 128, 64])
        assert large is values
        np.testing.assert_array_equal(as_bytes(middle), pillows(images, 128))
        np.testing.assert_array_equal(as_bytes(small), pillows(images, 64))


@pytest.mark.parametrize("size", [64, 128, 76, 31, 97, 130])
def test_whole_numbers_summed_are_pillows_too(size):
    images, values = batch(10, 128, 2)
    found = summed(values.add(1).mul(127.5).round(), size)
    np.testing.assert_array_equal(found.permute(0, 2, 3, 1).numpy(), pillows(images, size))


def test_precision_stays_and_pictures_that_are_no_squares_are_refused():
    _, values = batch(2, 32, 3)
    assert pyramid(values.double(), [16])[0].dtype == torch.float64
    with pytest.raises(ValueError, match="pictures of 20 x 32 pixels: cut squares first"):
        pyramid(values[..., :20], [16])


@pytest.mark.gpu
def test_the_pyramid_is_the_same_on_the_gpu():
    _, values = batch(20, 256, 4)
    for here, there in zip(pyramid(values, [128, 64]), pyramid(values.cuda(), [128, 64]), strict=True):
        assert torch.equal(here, there.cpu())
