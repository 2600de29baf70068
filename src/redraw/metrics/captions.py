"""What is scored against which captions, cut into words: the same for every metric of captions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

import numpy as np

from ..core import NotComputed, RedrawError, nearest
from ..data import tokenizers
from .arrays import take

BY = ("model", "person", "other")


class Texts(NamedTuple):
    """N captions, and for each the one reference or more that it is held against: as texts, or as lists of words."""

    captions: list
    references: list[list]


def chosen(metric: str, items: Mapping[str, np.ndarray], by: str) -> Texts:
    """The texts that ``metric`` is to compare, uncut.

    ``items``: references [N, R], all captions of each row's image and "" behind the last; captions [N], the one of them that
    was asked for; written [N], needed by ``model`` alone. ``by``:

    model   what was written, against all references
    person  the caption asked for, against the image's other references: a ceiling, with a reference fewer than the model has
    other   the caption asked for of another image, against all references: a floor. Which image is drawn at random once for
            all; rows with the same references are of one image, and none keeps its own

    Raises RedrawError, one line, for another ``by``, an array that is missing, a row without references, one whose caption
    is not among them, and where one image has more than half of the rows.
    """
    if by not in BY:
        raise RedrawError(f'{metric}: by is "{by}": {nearest(str(by), list(BY))}')
    if by == "model" and "written" not in items:
        raise RedrawError(
            f"{metric}: nothing was written: name a run that writes captions as instrument, or by: person"
        )
    table, asked = take(metric, items, "references", "captions")
    references = [[text for text in map(str, row) if text] for row in table]
    for row, known in enumerate(references):
        if not known:
            raise RedrawError(f"{metric}: the image of row {row} has no reference: leave it out")
    captions = [str(caption) for caption in asked]
    if by == "model":
        return Texts([str(text) for text in items["written"]], references)
    if by == "other":
        return Texts([captions[row] for row in _dealt(metric, references)], references)
    for row, (caption, known) in enumerate(zip(captions, references, strict=True)):
        if caption not in known:
            raise RedrawError(f"{metric}, by person: the caption of row {row} is none of its references: prepare anew")
        known.remove(caption)
        if not known:
            raise RedrawError(f"{metric}, by person: the image of row {row} has one caption only: leave out by: person")
    return Texts(captions, references)


def cut(texts: Texts, tokenizer: str) -> Texts:
    """The same in words: every text is cut once, all in one call of the tokenizer.

    References without a word are left out, where others are there; where none are, one without words stands for them.
    Raises RedrawError for a tokenizer that there is not, NotComputed for one that cannot run here.
    """
    distinct = list(dict.fromkeys(chain(texts.captions, *texts.references)))
    with scored_later():
        words = dict(zip(distinct, tokenizers.find(tokenizer).cut(distinct), strict=True))
    return Texts(
        [words[text] for text in texts.captions],
        [[words[text] for text in row if words[text]] or [[]] for row in texts.references],
    )


def read(metric: str, items: Mapping[str, np.ndarray], by: str, tokenizer: str) -> Texts:
    """``chosen``, then ``cut``."""
    return cut(chosen(metric, items, by), tokenizer)


@contextlib.contextmanager
def scored_later() -> Iterator[None]:
    """Says of what cannot be computed here how it is computed later."""
    try:
        yield
    except NotComputed as error:
        again = "`snakemake --cores all --forcerun metrics -- results/tables`"
        raise NotComputed(f"{error}; then score again with {again}") from None


def _dealt(metric: str, references: list[list[str]]) -> list[int]:
    """For each row another row, that of another image; every row is dealt out once."""
    draw, rows = np.random.default_rng(0), {}
    for row, known in enumerate(references):
        rows.setdefault(tuple(known), []).append(row)
    images = list(rows.values())
    most = max(map(len, images), default=0)
    if 2 * most > len(references):
        raise RedrawError(
            f"{metric}, by other: {most} of {len(references)} rows are of one image: raise n of the evaluation"
        )
    # Images stand together: whoever moves on by the largest one's rows has left its own.
    order = [row for k in draw.permutation(len(images)) for row in draw.permutation(images[k]).tolist()]
    dealt = [0] * len(order)
    for place, row in enumerate(order):
        dealt[row] = order[(place + most) % len(order)]
    return dealt
