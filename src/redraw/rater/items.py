"""What raters are shown: items drawn by lot from the samples of a column's runs, and the key that says whose is what.

Nothing is chosen by hand. Captions are those of the largest group of samples that all runs have, the same row by row; of
each of as many equal stretches as items are wanted (the captions stand class by class) one caption is drawn. Methods stand
in the places of a page by Latin squares drawn at random: each method as often in each place.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError, digest, read_json
from ..data.base import Prepared
from ..plan import Plan
from ..ranks import Column, made_from, runs_of
from ..scores import group_name

FORMAT = "redraw human rank 1"
IMAGES = 5  # of a caption and method at most (StackGAN, recalled)
ITEMS, ATTENTION, REPEATED = 60, 6, 0.1  # of a page: captions, items of attention, share of the captions shown again
MOST = 9  # methods: one digit each
TYPED = ("list", "interpolated", "styled")  # captions that somebody chose

Json = dict[str, Any]


def build(
    plan: Plan, column: Column, items: int = ITEMS, seed: int = 0
) -> tuple[Json, dict[str, list[list[np.ndarray]]]]:
    """(the key, {item: [slot][image] uint8 [C, H, W]}).

    The key holds ``items`` {id: {kind: ranked | attention, caption, again: shown twice?, slots: [method of each slot, or
    real | noise], rows}}, ``methods`` [{label, run, samples}], what decided them, and ``digest``, of images too. Raises
    RedrawError for runs that are not there or share no captions.
    """
    runs = runs_of(plan, column)
    if not 2 <= len(runs) <= MOST:
        raise RedrawError(f"rank {column.id}: {len(runs)} methods name a run: people rank 2 to {MOST}")
    for path in made_from(plan, column):
        if not Path(path).exists():
            raise RedrawError(f"{path}: not here: run `snakemake --cores all {path}` first")
    archives = [Path(plan.run_dir(run), "samples.npz") for run in runs]
    group, captions = _shared(plan, runs, archives, column)
    rng = np.random.default_rng([seed, len(captions) or 1])
    chosen, images = _chosen(captions, _header(archives[0], group)[0][0], items, rng)
    wanted = np.unique(np.concatenate(chosen))
    drawn = [dict(zip(wanted.tolist(), _rows(path, group, wanted), strict=True)) for path in archives]
    order = latin(rng, len(chosen), len(runs))
    again = set(rng.choice(len(chosen), max(1, round(REPEATED * len(chosen))), replace=False).tolist())
    made = []
    for k, rows in enumerate(chosen):
        about = {"kind": "ranked", "caption": captions[rows[0]] if captions else "", "again": k in again,
                 "slots": order[k].tolist(), "rows": rows.tolist()}  # fmt: skip
        made.append((about, [[drawn[m][r] for r in rows.tolist()] for m in order[k]]))
    known = {about["caption"] for about, _ in made}
    made += _attention(plan, column, known, len(runs), images, drawn[-1][int(wanted[0])].shape, rng)
    numbered = [made[k] for k in rng.permutation(len(made))]
    names = [f"i{k + 1:03d}" for k in range(len(numbered))]
    shown = {name: panels for name, (_, panels) in zip(names, numbered, strict=True)}
    key = {
        "format": FORMAT, "column": column.id, "scale": plan.scale, "dataset": column.dataset, "seed": seed, "group": group,
        "images": images, "items": {name: about for name, (about, _) in zip(names, numbered, strict=True)},
        "methods": [
            {"label": label, "run": run, "samples": read_json(Path(plan.run_dir(run), "samples.json"))["digest"]}
            for (label, _), run in zip(column.methods, runs, strict=True)
        ],
        "pictures": _pictures(shown),
    }  # fmt: skip
    return {**key, "digest": digest(key)}, shown


def latin(rng: np.random.Generator, items: int, methods: int) -> np.ndarray:
    """[items, methods]: the method in each place; squares of ``methods`` items in which each stands once in each place."""
    place = np.arange(methods)
    squares = []
    for _ in range(-(-items // methods)):
        square = (place[:, None] + place) % methods
        squares.append(rng.permutation(methods)[square[rng.permutation(methods)][:, rng.permutation(methods)]])
    return np.concatenate(squares)[:items]


# --- inside ------------------------------------------------------------------------------------------------------


def _shared(plan: Plan, runs: Sequence[str], archives: Sequence[Path], column: Column) -> tuple[str, list[str]]:
    """The largest group of models' samples that all runs have, by captions that nobody typed, and these captions."""
    offered = [
        {group_name(e): e["n"] for e in plan.run[run].evaluations.values()
         if e["images"] == "model" and e["captions"] not in TYPED and "among" not in e}
        for run in runs
    ]  # fmt: skip
    for group in sorted(set.intersection(*map(set, offered)), key=lambda g: (-offered[0][g], g)):
        captions = []
        for path in archives:
            with np.load(path) as stored:
                captions.append(stored[f"{group}/captions"].tolist() if group in stored else None)
        if captions[0] is not None and all(c == captions[0] for c in captions):
            return group, captions[0]
    raise RedrawError(
        f"rank {column.id}: {', '.join(runs)} have no samples of the same captions: give them an evaluation in common"
    )


def _chosen(captions: Sequence[str], rows: int, items: int, rng: np.random.Generator) -> tuple[list[np.ndarray], int]:
    """Rows [images] of each item, and how many images that is: as many as IMAGES where enough captions were drawn so often.

    Without captions an item is so many rows in sequence.
    """
    if not captions:
        images = max(1, min(IMAGES, rows // max(1, items)))
        candidates = list(np.arange(rows // images * images).reshape(-1, images))
    else:
        of: dict[str, list[int]] = {}
        for row, caption in enumerate(captions):
            of.setdefault(caption, []).append(row)
        enough = min(items, len(of))
        images = next(n for n in range(IMAGES, 0, -1) if sum(len(r) >= n for r in of.values()) >= enough)
        candidates = [np.array(r[:images]) for r in of.values() if len(r) >= images]
    edges = np.linspace(0, len(candidates), min(items, len(candidates)) + 1).astype(int)
    return [candidates[rng.integers(a, b)] for a, b in zip(edges, edges[1:], strict=False)], images


def _attention(
    plan: Plan, column: Column, known: set[str], methods: int, images: int, shape: tuple[int, ...], rng: np.random.Generator
) -> list[tuple[Json, list[list[np.ndarray]]]]:  # fmt: skip
    """Items whose answer is known: real test images of one caption's class or kind in one place, noise in all others."""
    record = plan.artefacts[plan.manifest(runs_of(plan, column)[0])].spec["data"]
    opened = Prepared.open(Path(record).parent)
    test = opened.split("test").indices
    found = []
    for k in rng.permutation(len(test)):
        of = opened.captions(int(test[k]))
        caption = of[0] if of and any(known) else ""
        if len(found) == ATTENTION or (caption and caption in known):
            continue
        alike = test[opened.class_ids[test] == opened.class_ids[test[k]]]
        others = rng.permutation(alike[alike != test[k]])[: images - 1]
        real = [_fitted(opened.image(int(i)), shape) for i in (test[k], *others)]
        real += real[:1] * (images - len(real))  # of a class with fewer images
        slots = ["noise"] * methods
        slots[int(rng.integers(methods))] = "real"
        noise = [[rng.integers(0, 256, shape, np.uint8) for _ in range(images)] for _ in slots]
        panels = [real if slot == "real" else lot for slot, lot in zip(slots, noise, strict=True)]
        found.append(({"kind": "attention", "caption": caption, "again": False, "slots": slots, "rows": []}, panels))
    return found


def _fitted(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An image [H, W, C] squashed to uint8 [C, H, W] of ``shape``."""
    from PIL import Image

    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).convert("L" if shape[0] == 1 else "RGB")
    pixels = np.asarray(picture.resize((shape[2], shape[1]), Image.Resampling.BOX))
    return pixels[None] if shape[0] == 1 else np.moveaxis(pixels, -1, 0)


def _header(path: Path, name: str) -> tuple[tuple[int, ...], np.dtype, int]:
    """(shape, type, length of the header) of an array in an .npz file, of which only the beginning is read."""
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        np.lib.format.read_magic(member)
        shape, _, kind = np.lib.format.read_array_header_1_0(member)
        return shape, kind, member.tell()


def _rows(path: Path, name: str, rows: np.ndarray) -> list[np.ndarray]:
    """The rows [R], ascending, of an array in an .npz file; the others are passed by and never in memory together."""
    shape, kind, start = _header(path, name)
    size = int(np.prod(shape[1:])) * kind.itemsize
    found = []
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        for row in rows.tolist():
            member.seek(start + row * size)
            found.append(np.frombuffer(member.read(size), kind).reshape(shape[1:]))
    return found


def _pictures(shown: Mapping[str, list[list[np.ndarray]]]) -> str:
    """One digest of all pixels, in the order that the page has them."""
    hashed = hashlib.sha256()
    for name in sorted(shown):
        for panel in shown[name]:
            for image in panel:
                hashed.update(repr((name, image.shape)).encode() + image.tobytes())
    return hashed.hexdigest()[:16]
