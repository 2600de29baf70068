"""What a captioner writes of images, what people had written of them, and where it looked for each word.

In a sheet, of a captioner's own run and of a model whose images another run's captioner reads:

    bleu:         {metric: bleu, options: {beam: 3}, instrument: self, captions: test, images: real, n: 0}
    caption_back: {metric: cider, instrument: captioner, captions: test, images: model, n: 200}
    samples:      {captions: test, images: model, n: 10, captioned: captioner}

Images of another size than the captioner's are brought to it, the antialiased way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from .conditions import CHUNK, Conditions, from_bytes
from .core import RedrawError
from .data.base import Prepared
from .models import Instrument
from .recipe import Batch, Recipe


@torch.no_grad()
def written(instrument: Instrument, opened: Prepared, images: np.ndarray, beam: int = 1) -> np.ndarray:
    """A caption [N] for each of the images uint8 [N, C, H, W]: words joined by spaces; empty where it says nothing.

    ``opened`` is the data set of the run that is scored; its words are those of an instrument that brings none. Raises
    RedrawError for a run that writes no captions.
    """
    if not hasattr(type(instrument.recipe), "write"):
        name = type(instrument.recipe).__name__
        raise RedrawError(f"evaluation: {name} of {instrument.run} writes no captions: name a run of a captioner")
    vocabulary = instrument.tokens or opened.tokens
    found: list[str] = []
    for batch in _seen(instrument.recipe, opened, images):
        found += map(vocabulary.decode, instrument.recipe.write(batch, beam).tolist())
    return np.array(found)


def references(conditions: Conditions, opened: Prepared) -> np.ndarray:
    """All captions [N, R] of the images whose captions are asked for, "" behind an image's last one.

    Raises RedrawError where captions belong to no image.
    """
    if (conditions.image < 0).any():
        raise RedrawError("evaluation: captions that belong to no image have no references: ask for those of a split")
    rows = [opened.captions(i) for i in conditions.image]
    most = max(map(len, rows))
    return np.array([[*row, *[""] * (most - len(row))] for row in rows])


@torch.no_grad()
def looked(recipe: Recipe, opened: Prepared, images: np.ndarray) -> dict[str, np.ndarray]:
    """``words`` [N, T] of the captions that a captioner writes, "" behind the last one, and ``attention.<side>`` uint8
    [N, T, side, side] of each of them, 255 being the largest value of the caption."""
    tokens, maps = [], []
    for batch in _seen(recipe, opened, images):
        said, seen_at = recipe.looking(batch)
        tokens += said.tolist()
        maps += seen_at.float().cpu()
    rows = [[word for t in row if (word := opened.tokens.decode([t]))] for row in tokens]
    longest = max(map(len, rows))
    found = np.zeros((len(rows), longest, *maps[0].shape[1:]), np.uint8)
    for k, (row, values) in enumerate(zip(rows, maps, strict=True)):
        part = values[: len(row)]
        found[k, : len(row)] = (255 * part / part.max()).round() if len(row) else 0
    return {
        f"attention.{maps[0].shape[-1]}": found,
        "words": np.array([[*r, *[""] * (longest - len(r))] for r in rows]),
    }


# --- inside ------------------------------------------------------------------------------------------------------


def _seen(recipe: Recipe, opened: Prepared, images: np.ndarray) -> Iterator[Batch]:
    """The images CHUNK at a time, in the size at which the captioner sees its own."""
    recipe.eval()
    device = next(recipe.parameters()).device
    shape = (0, 0, 0) if opened.of_documents else opened.image_shape
    side = recipe.view(torch.zeros(1, *shape, device=device)).shape[-1]
    for first in range(0, len(images), CHUNK):
        image = from_bytes(images[first : first + CHUNK]).to(device)
        if image.shape[-2:] != (side, side):
            image = F.interpolate(image, (side, side), mode="bilinear", antialias=True)
        yield {"image": image}
