"""Pictures that are drawn step by step: stages side by side, as in DRAW's figure 1, and in motion. No torch."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .gallery import data_uri

STAGES = 10  # of a picture that are shown side by side, at most
FRAMES = 32  # of an animation, at most
SIDE = 56  # pixels a side that a picture in motion has, at least
MILLISECONDS, REST = 150, 1500  # that a frame is seen, and the last one

Json = dict[str, Any]


def sequences(path: Path, evaluation: Mapping[str, Any]) -> list[Json]:
    """A run's samples as they came about, in the order asked for; none where samples.npz has no drawing.

    [{"caption", "steps": [number from 1], "images": [data URI]}], a row a sample; a caption's first row has the ``animation``
    of all its samples, a data URI. What has no caption has the name that its model gives it, or none: "". Of a model that looks
    at words, ``looked``: for each of the steps the word that had the largest share, and the share.
    """
    from ..scores import group_name

    name = group_name(evaluation)
    with np.load(path) as stored:
        if f"{name}/drawing" not in stored:
            return []
        drawing = stored[f"{name}/drawing"]  # [N, T, C, H, W]
        captions = (
            stored[f"{name}/captions"].tolist() or stored.get(f"{name}/titles", np.full(len(drawing), "")).tolist()
        )
        alignment = stored.get(f"{name}/alignment")  # [N, T, words]
        words = stored[f"{name}/words"] if alignment is not None else None
    chosen, rows = spread(drawing.shape[1], STAGES), []
    for k, caption in enumerate(captions):
        row = {
            "caption": caption,
            "steps": [t + 1 for t in chosen],
            "images": [data_uri(drawing[k, t]) for t in chosen],
        }
        if words is not None:
            most = alignment[k].argmax(1)
            row["looked"] = [[str(words[k, most[t]]), float(alignment[k, t, most[t]])] for t in chosen]
        if caption not in captions[:k]:
            of_caption = drawing[[other == caption for other in captions]]
            row["animation"] = animated(of_caption[:, spread(drawing.shape[1], FRAMES)])
        rows.append(row)
    return rows


def spread(n: int, most: int) -> list[int]:
    """Numbers below ``n``, all of them or ``most``, evenly spaced, the first and the last among them."""
    return np.linspace(0, n - 1, min(n, most)).round().astype(int).tolist()


def animated(drawings: np.ndarray) -> str:
    """uint8 [N, T, C, H, W] -> an animated PNG in a data URI: the N pictures side by side, a frame a step."""
    from PIL import Image

    n, frames, channels, height, width = drawings.shape
    times = max(1, -(-SIDE // min(height, width)))
    large = np.pad(drawings.repeat(times, 3).repeat(times, 4), [(0, 0)] * 4 + [(0, 4)], constant_values=255)
    wide = large.transpose(1, 3, 0, 4, 2).reshape(frames, times * height, n * (times * width + 4), channels)
    pictures = [Image.fromarray(frame[..., 0] if channels == 1 else frame) for frame in wide]
    shown, held = [MILLISECONDS] * (frames - 1) + [REST], io.BytesIO()
    pictures[0].save(held, "PNG", save_all=True, append_images=pictures[1:], duration=shown, loop=0)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
