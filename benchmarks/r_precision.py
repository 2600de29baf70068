"""CPU time of R-precision over 30,000 images: one pass for every reading of it, and the gathering of candidates instead.

    python benchmarks/r_precision.py [--out benchmarks/r_precision.json]

One thread, seconds of the processor. "gathered" draws one set of 99 others for each image and gathers their embeddings,
which gives one draw of one reading.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from redraw.core import PROCESS_SETTINGS, write_json

os.environ.update(PROCESS_SETTINGS)  # before numpy is loaded

import numpy as np  # noqa: E402

from redraw.metrics.r_precision import r_precision  # noqa: E402

CASES = ((3000, 256, 50), (30_000, 256, 50), (30_000, 256, 30_000))  # images, width of the codes, classes


def codes(n: int, width: int, classes: int) -> dict[str, np.ndarray]:
    """Captions and images whose codes have a cosine of some 0.2 with their own; every tenth caption is somebody else's, too."""
    rng = np.random.default_rng([n, width, classes])
    which = np.where(np.arange(n) % 10, np.arange(n), rng.integers(0, n, n))
    text = rng.normal(size=(n, width)).astype(np.float32)[which]
    return {
        "image_embedding": (0.2 * text + rng.normal(size=(n, width))).astype(np.float32),
        "text_embedding": text,
        "class_id": np.arange(n) if classes == n else rng.integers(0, classes, n),
        "captions": np.array([f"caption {k}" for k in which]),
    }


def gathered(items: dict[str, np.ndarray], candidates: int = 100, block: int = 1000) -> float:
    """Percent of hits of one draw with replacement, from all captions but the image's own."""
    image, text = (
        v / np.linalg.norm(v, axis=1, keepdims=True) for v in (items["image_embedding"], items["text_embedding"])
    )
    n, hits, rng = len(image), 0, np.random.default_rng(0)
    for first in range(0, n, block):
        rows = np.arange(first, min(first + block, n))
        others = (rows[:, None] + rng.integers(1, n, (len(rows), candidates - 1))) % n
        similar = np.einsum("nd,nkd->nk", image[rows], text[others])
        hits += int((similar.max(1) <= (image[rows] * text[rows]).sum(1)).sum())
    return 100 * hits / n


def measure(n: int, width: int, classes: int) -> dict:
    items = codes(n, width, classes)
    start = time.process_time()
    found = r_precision(items, exclusive=classes < n)
    one_pass = time.process_time() - start
    start = time.process_time()
    draw = gathered(items)
    return {
        "images": n,
        "width": width,
        "classes": classes,
        "cpu_seconds": {"every_reading": round(one_pass, 2), "gathered": round(time.process_time() - start, 2)},
        "value": found["value"],
        "envelope": found["envelope"],
        "gathered": draw,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/r_precision.json"))
    found = {"numpy": np.__version__, "cases": [measure(*case) for case in CASES]}
    write_json(parser.parse_args().out, found)


if __name__ == "__main__":
    main()
