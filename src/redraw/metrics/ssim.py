"""Structural similarity of generated images to the true images of their captions, in every plausible reading."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from ..core import RedrawError, nearest
from .arrays import finite, take

BLOCK = 64  # images whose maps are held at a time
RADIUS = {"gaussian": 5, "uniform": 3}
SIGMA = 1.5
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
OPTIONS = {
    "window": ("gaussian", "uniform", "global"),
    "border": ("cropped", "reflected"),
    "values": ("unit", "doubled", "symmetric"),
    "colour": ("channels", "grey"),
    "covariance": ("population", "sample"),
    "average": ("samples", "image"),
}


class Reading(NamedTuple):
    """One way to compute it; the first of each entry of OPTIONS is the default."""

    window: str
    border: str
    values: str
    colour: str
    covariance: str

    @property
    def label(self) -> str:
        return " ".join(self)


def ssim(
    items: Mapping[str, np.ndarray],
    window: str = "gaussian",
    border: str = "cropped",
    values: str = "unit",
    colour: str = "channels",
    covariance: str = "population",
    average: str = "samples",
    samples: int = 1,
) -> dict:
    """Agrees with scikit-image 0.26 ``structural_similarity`` to 1e-12 where that has the reading (Wang et al. 2004).

    ``items``: ssim [N, R] of each image with the true image of its caption, ssim_labels [R] the readings (``readings``):

    window       gaussian (11 pixels, sigma 1.5: Wang's) | uniform (7 pixels: scikit-image's default) | global (one window)
    border       cropped (only windows inside the image) | reflected (all, the image mirrored at its edge)
    values       unit (pixels in [0, 1], range 1; bytes with range 255 give the same) | doubled (pixels in [0, 1], range 2,
                 which scikit-image inferred for floats before 0.21) | symmetric (pixels in [-1, 1], range 2)
    colour       channels (their mean) | grey (luma)
    covariance   population (Wang's weights) | sample (n - 1: scikit-image's default)
    average      samples (mean over the ``samples`` images drawn for a caption) | image (their mean image is compared)

    Pixels in [0, 1] with a range of 255 are no reading: the constants then outweigh the images and all values are near 1.
    ``value`` between -1 and 1; ``spread`` its standard error over captions; ``envelope`` over all readings of the same
    images; ``parts``: the value where one option alone is another, and ``deviation`` over captions, which papers may print
    behind the ±. Raises RedrawError for an option of another name and images smaller than the window.
    """
    asked = dict(
        window=window, border=border, values=values, colour=colour, covariance=covariance, average=average
    )  # fmt: skip
    for name, given in asked.items():
        if given not in OPTIONS[name]:
            raise RedrawError(f'ssim: {name} is "{given}": {nearest(given, list(OPTIONS[name]))}')
    found, labels = take("ssim", items, "ssim", "ssim_labels")
    found = finite("ssim", "ssim", found)
    column = {str(label): k for k, label in enumerate(labels)}

    def at(options: Mapping[str, str]) -> np.ndarray | None:
        whole = options | ({"border": "cropped"} if options["window"] == "global" else {})
        for label in (" ".join(whole.values()), " ".join((whole | {"colour": "channels"}).values())):
            if label in column:  # one channel has one reading of colour
                return found[:, column[label]]
        return None

    own = at(asked)
    if own is None:
        raise RedrawError(f"ssim: images smaller than the {window} window: choose another window")
    others = [(name, o, at(asked | {name: o})) for name, known in OPTIONS.items() for o in known if o != asked[name]]
    means, n = found.mean(0), len(own)
    return {
        "value": float(own.mean()),
        "spread": float(own.std(ddof=1) / np.sqrt(n)) if n > 1 else None,
        "per_item": own,
        "envelope": [float(means.min()), float(means.max())],
        "parts": {f"{name} {o}": float(other.mean()) for name, o, other in others if other is not None}
        | {"deviation": float(own.std(ddof=1)) if n > 1 else 0.0},
    }


def readings(channels: int, side: int) -> list[Reading]:
    """Those of images with ``channels`` channels whose shorter side has ``side`` pixels."""
    known = (Reading(*r) for r in product(*list(OPTIONS.values())[:-1]))
    return [
        r for r in known
        if (r.colour == "channels" or channels == 3) and (r.border == "cropped" or r.window != "global")
        and side > 2 * RADIUS.get(r.window, 0)
    ]  # fmt: skip


def similarities(images: np.ndarray, true: np.ndarray) -> np.ndarray:
    """[N, R] in float64, in the order of ``readings``: images [N, C, H, W] against true [N, C, H, W], pixels in [0, 1]."""
    asked = readings(images.shape[1], min(images.shape[2:]))
    return np.concatenate(
        [_block(images[k : k + BLOCK], true[k : k + BLOCK], asked) for k in range(0, len(images), BLOCK)]
    )


# --- inside ------------------------------------------------------------------------------------------------------


def _block(images: np.ndarray, true: np.ndarray, asked: list[Reading]) -> np.ndarray:
    found = np.empty((len(images), len(asked)))
    for window, colour in dict.fromkeys((r.window, r.colour) for r in asked):
        x, y = (np.asarray(a, np.float64) for a in (images, true))
        if colour == "grey":
            x, y = (np.einsum("nchw,c->nhw", a, GREY)[:, None] for a in (x, y))
        maps = _maps(x, y, window)
        inside = (..., *2 * (slice(RADIUS[window], -RADIUS[window]),)) if window in RADIUS else ...
        for k, r in enumerate(asked):
            if (r.window, r.colour) == (window, colour):
                whole = maps[r.values, r.covariance]
                found[:, k] = (whole[inside] if r.border == "cropped" else whole).mean((1, 2, 3))
    return found


def _maps(x: np.ndarray, y: np.ndarray, window: str) -> dict[tuple[str, str], np.ndarray]:
    """{(values, covariance): similarity around every pixel [N, C, H, W]}, the image mirrored at its edge."""
    down, across = (_weights(window, size) for size in x.shape[2:])
    mean_x, mean_y, xx, yy, xy = (down @ a @ across.T for a in (x, y, x * x, y * y, x * y))
    both, cross = xx + yy - mean_x**2 - mean_y**2, xy - mean_x * mean_y
    pixels = x.shape[2] * x.shape[3] if window == "global" else (2 * RADIUS[window] + 1) ** 2
    found = {}
    for values, covariance in product(OPTIONS["values"], OPTIONS["covariance"]):
        # Pixels in [-1, 1] have other means; their deviations double as their range does.
        mu_x, mu_y = (2 * m - 1 if values == "symmetric" else m for m in (mean_x, mean_y))
        c1, c2 = (0.01 * (1 if values == "unit" else 2)) ** 2, (0.03 * (2 if values == "doubled" else 1)) ** 2
        more = pixels / (pixels - 1) if covariance == "sample" else 1.0
        light = (2 * mu_x * mu_y + c1) / (mu_x**2 + mu_y**2 + c1)
        found[values, covariance] = light * (2 * more * cross + c2) / (more * both + c2)
    return found


def _weights(window: str, size: int) -> np.ndarray:
    """What each pixel of a row [size] counts in the mean around each place [places, size]."""
    if window == "global":
        return np.full((1, size), 1 / size)
    radius = RADIUS[window]
    offset = np.arange(-radius, radius + 1)
    weight = np.exp(-0.5 * (offset / SIGMA) ** 2) if window == "gaussian" else np.ones(len(offset))
    place = np.arange(size)[:, None] + offset
    place = np.where(place < 0, -1 - place, np.where(place >= size, 2 * size - 1 - place, place))
    found = np.zeros((size, size))
    np.add.at(found, (np.arange(size)[:, None], place), weight / weight.sum())
    return found
