"""Items of a captioner that errs: captions of drawn scenes with words lost, doubled, swapped and taken from others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from redraw.data.drawn.scene_captions import captions
from redraw.data.drawn_scenes import COCO


def items_of(
    written: Sequence[str], references: Sequence[Sequence[str]], asked: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """``references`` may be of several lengths; ``asked`` is the first of each where it is not given."""
    most = max(map(len, references))
    return {
        "written": np.array(written),
        "references": np.array([[*known, *[""] * (most - len(known))] for known in references]),
        "captions": np.array(list(asked) or [known[0] for known in references]),
    }


def scenes(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """``n`` pictures: the fifth caption of each, written badly, against three or four others, the last of them asked for."""
    rng = np.random.default_rng(seed)
    texts = [[c.text for c in captions(COCO, index, False)] for index in range(n)]
    words = sorted({word for own in texts for text in own for word in text.split()})
    written = []
    for own in texts:
        said = [word for word in own[4].split() for _ in range(rng.choice(3, p=[0.1, 0.8, 0.1]))]
        said = [rng.choice(words) if rng.random() < 0.1 else word for word in said] or ["nothing"]
        turned = rng.integers(len(said))
        written.append(" ".join(said[turned:] + said[:turned] if rng.random() < 0.2 else said))
    references = [own[: rng.integers(3, 5)] for own in texts]
    return items_of(written, references, [known[-1] for known in references])
