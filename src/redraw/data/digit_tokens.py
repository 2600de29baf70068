"""The tokenise stage where the captions are the grammar's of digit_captions.py: they belong to the ten classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import RedrawError
from .digit_captions import DIGITS, RELEASED_TESTS, VOCABULARY, sample_caption, training_captions, unseen_captions
from .tables import Encoder
from .words import write_tokens

if TYPE_CHECKING:
    from .base import Prepared


def of_digits(kind: int, options: Mapping[str, Any], prepared: Prepared, folder: Path) -> dict[str, Any]:
    """Tokens of captions of ``kind`` 1 to 4, with the options of tokens.py. Raises RedrawError for other sets than digits."""
    if prepared.classes != len(DIGITS):
        raise RedrawError(
            f"tokens: {prepared.folder} has {prepared.classes} classes, digits have 10: use a set of digits"
        )
    tables: dict[str, list[list[list[str]]]] = {}
    if kind == 3:
        tables = _sampled(options)
    else:
        tables["trained"] = [training_captions(kind, digit, options["as_released"]) for digit in range(10)]
    if kind == 4:
        operations, seed = tuple(options["operations"]), options["seed"]
        tables["unseen"] = [unseen_captions(d, options["unseen"], operations, seed) for d in range(10)]
        if options["lengths"] is not None:
            tables["lengths"] = [
                [c for n in options["lengths"] for c in unseen_captions(d, options["unseen"], (n,), seed)]
                for d in range(10)
            ]
        tables["released"] = [[caption.split() for caption in RELEASED_TESTS.get(d, ())] for d in range(10)]
    encoded = {}
    for name, of_class in tables.items():
        encoder = Encoder(VOCABULARY, options["framed"])
        for captions in of_class:
            encoder.add(captions)
        encoded[name] = encoder.table("class")
    return write_tokens(folder, VOCABULARY, encoded, options["framed"])


def _sampled(options: Mapping[str, Any]) -> dict[str, list[list[list[str]]]]:
    """Kind 3: what is trained on keeps the sampler's frequencies; held out are distinct captions that are not in it.

    Some digits have few captions in all (with one distractor 18): there fewer are held out than were asked for.
    """
    trained, unseen = [], []
    for digit in range(10):
        rng = np.random.default_rng([options["seed"], digit])
        captions = [sample_caption(3, digit, rng, options["distractors"]) for _ in range(options["per_class"])]
        seen, others = {tuple(c) for c in captions}, []
        for _ in range(100 * options["unseen"]):
            if len(others) == options["unseen"]:
                break
            other = sample_caption(3, digit, rng, options["distractors"])
            if tuple(other) not in seen:
                seen.add(tuple(other))
                others.append(other)
        trained.append(captions)
        unseen.append(others)
    return {"trained": trained, "unseen": unseen}
