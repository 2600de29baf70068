"""Real pictures at the sizes of a generator's stages, reduced as Pillow reduces them, in batches and on any device.

AttnGAN and StackGAN-v2 make them with torchvision's Resize on Pillow pictures: bilinear, antialiased, each pass rounded to
bytes. An average pool and a resize without antialiasing give visibly other pictures, and a discriminator sees what it is shown.
Pillow (src/libImaging/Resample.c) weighs in whole numbers of 22 bits, across first, then down. Since version 13 it goes down
first where the height shrinks by more than twice as many pixels as the width; squares, which are all that is made here, come
out the same.
"""

from __future__ import annotations

import functools

import torch

BITS = 22  # of Pillow's weights: 32 - 8 of a byte - 2 to spare


def pyramid(images: torch.Tensor, sizes: list[int]) -> list[torch.Tensor]:
    """Square ``images`` [N, C, S, S] in [-1, 1], as a batch has them, at each of ``sizes``: [N, C, size, size].

    Every level is made from ``images``, as the authors do, and has the values of bytes again. Raises ValueError for pictures
    that are no squares.
    """
    if images.shape[-1] != images.shape[-2]:
        raise ValueError(f"pictures of {images.shape[-1]} x {images.shape[-2]} pixels: cut squares first")
    found: dict[int, torch.Tensor] = {images.shape[-1]: images}
    for size in sizes:
        if size not in found:
            levels = images.add(1).mul(127.5).round()
            small = _on_cpu(levels, size) if images.device.type == "cpu" else summed(levels, size)
            found[size] = small.to(images.dtype).div(127.5).sub(1)
    return [found[size] for size in sizes]


def summed(levels: torch.Tensor, size: int) -> torch.Tensor:
    """Grey levels [N, C, S, S] -> int32 [N, C, size, size], on any device."""
    values = levels.to(torch.int32)
    places, weights = _taps(values.shape[-1], size, values.device)
    for axis in (-1, -2):
        shape = (-1, 1) if axis == -2 else (-1,)
        parts = (values.index_select(axis, p) * w.view(shape) for p, w in zip(places, weights, strict=True))
        total = functools.reduce(torch.Tensor.add_, parts)
        values = total.add_(1 << (BITS - 1)).bitwise_right_shift_(BITS).clamp_(0, 255)
    return values


def _on_cpu(levels: torch.Tensor, size: int) -> torch.Tensor:
    """The same by torchvision, which is faster, but goes by floats on other devices."""
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2.functional import resize

    return resize(levels.to(torch.uint8), [size, size], interpolation=InterpolationMode.BILINEAR, antialias=True)


@functools.lru_cache(maxsize=64)
def _taps(before: int, after: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Which pixels make up each of ``after``, and their weights, [taps, after] each: Pillow's precompute_coeffs."""
    scale = before / after
    support = max(scale, 1.0)
    rows = []
    for row in range(after):
        centre = (row + 0.5) * scale
        first, last = max(0, int(centre - support + 0.5)), min(before, int(centre + support + 0.5))
        taps = [max(0.0, 1.0 - abs(x - centre + 0.5) / support) for x in range(first, last)]
        rows.append((first, [int(tap / sum(taps) * (1 << BITS) + 0.5) for tap in taps]))
    most = max(len(weights) for _, weights in rows)
    places = [[min(first + k, before - 1) for first, _ in rows] for k in range(most)]
    padded = [[weights[k] if k < len(weights) else 0 for _, weights in rows] for k in range(most)]
    return torch.tensor(places, device=device), torch.tensor(padded, dtype=torch.int32, device=device)
