"""Tiny raw trees of text: AttnGAN's pickles beside a tree of birds, and documents; and a data set prepared from one."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from raw_trees import PER_CLASS, SPECIES, captions_of, write, write_cub

N = len(SPECIES) * PER_CLASS
# In an order of no reason, as Python 2's dictionaries are.
WORDS = ["<end>", "many", *(str(n) for n in range(N, 9, -1)), "caption", "of", *(str(n) for n in range(10)), "bird"]


def python2(value: Any) -> bytes:
    """A pickle of protocol 2 as Python 2 writes it: its strings are bytes."""

    def walk(x: Any) -> bytes:
        if isinstance(x, str):
            raw = x.encode("latin-1")
            return b"U" + bytes([len(raw)]) + raw if len(raw) < 256 else b"T" + len(raw).to_bytes(4, "little") + raw
        if isinstance(x, dict):
            return b"}(" + b"".join(walk(k) + walk(v) for k, v in x.items()) + b"u"
        if isinstance(x, list):
            return b"](" + b"".join(map(walk, x)) + b"e"
        if isinstance(x, np.integer):
            low = b"U" + bytes([x.dtype.itemsize]) + x.tobytes()
            kind = (
                b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02i"
                + str(x.dtype.itemsize).encode()
                + b"K\x00K\x01\x87R"
            )
            return kind + b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" + low + b"\x86R"
        return pickle.dumps(x, 2)[2:-1]

    return b"\x80\x02" + walk(value) + b"."


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(python2(value))


def bird(i: int) -> tuple[str, int]:
    """Key and class, from 1, of picture ``i`` of raw_trees.write_cub."""
    species = (i - 1) % len(SPECIES)
    return f"{SPECIES[species]}/{SPECIES[species][4:]}_{i:04d}_{900 + i}", species + 1


def ids_of(i: int) -> list[list[int]]:
    """AttnGAN's ids of the captions of picture ``i``."""
    return [[WORDS.index(w) for w in caption.replace(",", "").split()] for caption in captions_of(i)]


def attngan_parts() -> dict[str, list[int]]:
    """The pictures of each part, in an order of their own: the last species tests."""
    return {"train": [i for i in range(N, 0, -1) if i % 3], "test": [12, 3, 9, 6]}


def write_pickles(folder: Path, change: Mapping[str, Any] | None = None) -> Path:
    """AttnGAN's pickles; ``change`` has other values for some: "captions", "train/filenames", …"""
    parts = attngan_parts()
    values: dict[str, Any] = {
        "captions": [
            *[[row for i in parts[part] for row in ids_of(i)] for part in ("train", "test")],
            dict(enumerate(WORDS)),
            {word: i for i, word in enumerate(WORDS)},
        ]
    }
    for part, of in parts.items():
        values[f"{part}/filenames"] = [bird(i)[0] for i in of]
        values[f"{part}/class_info"] = [np.int64(bird(i)[1]) for i in of]
    for name, value in (values | dict(change or {})).items():
        put(folder / f"{name}.pickle", value)
    return folder


def write_birds(raw: Path) -> Path:
    """CUB-200-2011 in small and AttnGAN's files to it, in the folder attngan_text beside."""
    write_cub(raw)
    home = write_pickles(raw.parent / "attngan_text" / "birds")
    for i in range(1, N + 1):
        write(home / "text" / f"{bird(i)[0]}.txt", *captions_of(i))
    return raw
