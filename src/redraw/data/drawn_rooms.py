"""Stand-ins for LSUN's bedrooms and churches: drawn ones, in LSUN's layout.

``<category>_{train,val}_lmdb/{data.mdb,lock.mdb}``: key = 40 hexadecimal digits, value = a WebP file, as LSUN's exporter
writes them. LSUN has no ground truth: ``describe`` tells what a picture shows.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .drawn import trees
from .drawn.bedrooms import draw_bedroom
from .drawn.churches import draw_church
from .drawn.dice import Dice
from .drawn.room_kinds import Bedroom, Church, bedroom, church

__all__ = ["EDITIONS", "Edition", "describe", "fetch", "key", "layout", "picture"]

QUALITY = 90
LOCK_BYTES = 8192  # of a lock.mdb as it comes with LSUN (recalled)
VALIDATION = 10_000_000  # index of the first picture to validate with
SHAPES = {(4, 3): 6, (3, 2): 3, (1, 1): 1, (3, 4): 2}
"""Width to height, with weights."""


@dataclass(frozen=True)
class Edition:
    """``category`` as in LSUN's names; how many pictures to train on and to validate with; pixels of the shorter side."""

    category: str
    train: int
    val: int
    short: int = 68
    seed: int = 2015


EDITIONS = {
    name: edition
    for kind, category in (("bedroom", "bedroom"), ("church", "church_outdoor"))
    for name, edition in (
        (kind, Edition(category, 1500, 100)),
        (f"{kind}_small", Edition(category, 40, 10)),
        (f"{kind}_large", Edition(category, 20_000, 300, short=256)),
    )
}
"""Pictures of the smaller editions are the first of the larger ones."""


def describe(seed: int, category: str, index: int) -> Bedroom | Church:
    """What picture ``index`` of category bedroom or church_outdoor shows; from ``VALIDATION`` on those to validate with."""
    dice = Dice(seed, "place", category, index)
    return bedroom(dice) if category == "bedroom" else church(dice)


def picture(seed: int, category: str, index: int, short: int = 68) -> np.ndarray:
    """The picture, uint8 [H, W, 3]; its shorter side has ``short`` pixels."""
    dice = Dice(seed, "place picture", category, index)
    across, down = dice.weighted(SHAPES)
    width, height = (round(short * side / min(across, down)) for side in (across, down))
    own, over = describe(seed, category, index), 3 if short < 140 else 2
    if isinstance(own, Bedroom):
        return draw_bedroom(own, dice, width, height, over)
    return draw_church(own, dice, width, height, over)


def key(seed: int, category: str, index: int) -> str:
    """A picture's key: 40 hexadecimal digits, so that their order says nothing."""
    return hashlib.sha1(f"{seed}/{category}/{index}".encode(), usedforsecurity=False).hexdigest()


def layout(edition: str) -> tuple[str, ...]:
    """The folders that ``fetch`` makes, each with data.mdb and lock.mdb."""
    return tuple(f"{EDITIONS[edition].category}_{part}_lmdb" for part in ("train", "val"))


def fetch(raw: Path, edition: str) -> None:
    """Draw one of ``EDITIONS`` into folder ``raw``: the same keys and values every time with one version of Pillow.

    Where lmdb is the same too, so are all bytes: lock.mdb, where lmdb notes processes, is written as zeros. Who opens it
    has to say ``lock=False``, or it changes. Raises RedrawError for an edition that there is not.
    """

    def write(folder: Path, own: Edition) -> None:
        for name, first, count in zip(layout(edition), (0, VALIDATION), (own.train, own.val), strict=True):
            indices = range(first, first + count)
            write_lmdb(folder / name, {key(own.seed, own.category, i): _encoded(own, i) for i in indices})

    trees.fetch(raw, "drawn_rooms", edition, EDITIONS, write)


def _encoded(own: Edition, index: int) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture(own.seed, own.category, index, own.short)).save(buffer, "WEBP", quality=QUALITY, method=2)
    return buffer.getvalue()


def write_lmdb(folder: Path, entries: dict[str, bytes]) -> None:
    """One transaction, in the order of the keys, so that pages are laid out the same way every time."""
    import lmdb

    folder.mkdir(parents=True)
    size = 2 * sum(map(len, entries.values())) + 16_384 * (len(entries) + 64)
    with lmdb.open(str(folder), map_size=size, lock=False) as environment, environment.begin(write=True) as transaction:
        for name in sorted(entries):
            transaction.put(name.encode("ascii"), entries[name], append=True)
    (folder / "lock.mdb").write_bytes(bytes(LOCK_BYTES))
