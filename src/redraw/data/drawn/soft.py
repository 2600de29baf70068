"""What makes a drawn thing look round and furry: light from one side, a rough edge, a soft shadow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from .canvas import Canvas, Point, closed_curve
from .dice import Dice


def fuzzy(dice: Dice, points: Sequence[Point], depth: float, per_point: int = 7) -> np.ndarray:
    """The closed curve through ``points`` with tufts ``depth`` long pointing outwards: [N, 2]; smooth where it is 0."""
    curve = closed_curve(points, per_point)
    if depth <= 0:
        return curve
    tangent = np.roll(curve, -1, axis=0) - np.roll(curve, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    x, y = curve[:, 0], curve[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    tuft = np.array([dice.uniform(0.1, 1.0) if i % 3 else 0.0 for i in range(len(curve))])
    return curve + normal * (depth * (1 if area > 0 else -1) * tuft)[:, None]


def silhouette(before: Image.Image, canvas: Canvas) -> Image.Image:
    """Where the canvas has changed since a copy of its image was taken: mode L, in pixels of the finished picture."""
    changed = ImageChops.difference(before, canvas.image).convert("L").point(lambda v: 255 if v > 2 else 0)
    return changed.reduce(canvas.over) if canvas.over > 1 else changed


def shadow(canvas: Canvas, x: float, y: float, rx: float, ry: float, strength: float = 0.45) -> None:
    """A soft dark oval on the ground, in pixels of the finished picture."""
    small = Image.new("L", (canvas.width, canvas.height), 0)
    dark = Image.new("L", (max(2, round(2 * rx)), max(2, round(2 * ry))), round(255 * strength))
    small.paste(dark, (round(x - rx), round(y - ry)))
    small = small.filter(ImageFilter.GaussianBlur(max(1.0, ry * 0.8))).resize(canvas.image.size)
    canvas.image.paste(Image.new("RGB", canvas.image.size, (24, 20, 22)), (0, 0), small)


def rounded(pixels: np.ndarray, mask: Image.Image, light: float, strength: float, fur: np.ndarray | None) -> np.ndarray:
    """Shade what ``mask`` covers as if it bulged, lit from above and from the ``light`` side (-1 left to 1 right).

    ``pixels`` uint8 [H, W, 3]. ``fur`` [H, W] around 0 roughens the brightness, in shares of it.
    """
    height, width = pixels.shape[:2]
    reach = max(1.5, 0.045 * min(height, width))
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(reach)), np.float32) / 255
    dy, dx = np.gradient(soft)
    slope = (light * -0.6 * dx + 0.8 * dy) * reach * 2.2
    shade = 1 + strength * np.clip(slope, -0.6, 0.6) - 0.22 * strength * (1 - soft)
    if fur is not None:
        shade = shade * (1 + fur)
    share = (np.asarray(mask, np.float32) / 255)[..., None]
    lit = pixels * shade[..., None]
    return np.clip(pixels * (1 - share) + lit * share + 0.5, 0, 255).astype(np.uint8)


def hair(noise: np.random.Generator, height: int, width: int, amount: float) -> np.ndarray:
    """Streaks of light and dark along steep lines, standard deviation about ``amount``: [height, width]."""
    coarse = noise.standard_normal((max(2, height // 5), max(2, width // 2)), dtype=np.float32)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return amount * np.asarray(image)
