"""Samples, and what the instruments read on them: per-item arrays, so that every metric is arithmetic afterwards.

Evaluations that need the same images share one draw. Conditions (which captions) depend on the evaluation alone, never
on the run's seed: two seeds, and two models, are asked for the same things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from .core import RedrawError, atomic_path
from .data.base import Prepared
from .metrics import METRICS
from .models import Instrument
from .recipe import Batch, Recipe
from .scores import group_name

CHUNK = 256  # samples at a time


class Conditions(NamedTuple):
    """What is asked for. ``class_id`` [N] is what the caption means."""

    class_id: np.ndarray
    tokens: np.ndarray  # [N, T], 0 = padding
    n_words: np.ndarray  # [N]
    captions: list[str]


def draw(
    model: tuple[Recipe, dict[int, dict]], instruments: Mapping[str, Instrument], opened: Prepared,
    evaluations: Mapping[str, Mapping[str, Any]], seed: int, home: Path,
) -> None:  # fmt: skip
    """Write samples.npz (uint8 images [N, C, H, W] and captions per group) and items.npz (arrays per group) to ``home``.

    items.npz: ``<group>/class_id`` [N], ``<group>/n_words`` [N], ``<group>/<role>.<mode>/logits`` [N, K], and with
    snapshots ``<group>/<role>.<mode>/logits@`` [S, N, K] with ``<group>/steps`` [S].
    """
    recipe, snapshots = model
    final = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for evaluation in evaluations.values():
        groups.setdefault(group_name(evaluation), []).append(evaluation)
    samples: dict[str, np.ndarray] = {}
    items: dict[str, np.ndarray] = {}
    for name, members in groups.items():
        conditions = conditions_of(members[0], opened)
        items[f"{name}/class_id"], items[f"{name}/n_words"] = conditions.class_id, conditions.n_words
        images = _images(members[0], recipe, conditions, opened, seed)
        samples[name] = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()
        samples[f"{name}/captions"] = np.array(conditions.captions)
        readers: dict[tuple[str, str], set[str]] = {}
        for m in members:
            if m.get("instrument"):
                wanted = readers.setdefault((m["instrument"], m.get("instrument_mode", "eval")), set())
                wanted.update(METRICS[m["metric"]].reads if m.get("metric") in METRICS else ())
        for (role, mode), wanted in sorted(readers.items()):
            for field, value in _read(instruments[role], mode, images, seed).items():
                if field in wanted:
                    items[f"{name}/{role}.{mode}/{field}"] = value
        followed = {(m["instrument"], m.get("instrument_mode", "eval")) for m in members if m.get("snapshots")}
        if followed:
            steps = sorted(snapshots)
            items[f"{name}/steps"] = np.array(steps)
            seen: dict[tuple[str, str], list[np.ndarray]] = {f: [] for f in followed}
            for step in steps:
                recipe.load_state_dict(snapshots[step])
                images = _images(members[0], recipe, conditions, opened, seed)
                for role, mode in followed:
                    seen[role, mode].append(_read(instruments[role], mode, images, seed)["logits"])
            recipe.load_state_dict(final)
            for (role, mode), logits in seen.items():
                items[f"{name}/{role}.{mode}/logits@"] = np.stack(logits)
    for path, arrays in ((home / "samples.npz", samples), (home / "items.npz", items)):
        with atomic_path(path) as part, open(part, "wb") as f:
            np.savez_compressed(f, **arrays)


def conditions_of(evaluation: Mapping[str, Any], opened: Prepared) -> Conditions:
    """The captions that an evaluation asks for: of the ``trained`` kind, ``unseen`` ones, or a ``list`` row by row.

    Class by class in turn, so that every class is asked for equally often.
    """
    n = evaluation["n"]
    if evaluation["captions"] == "none":  # the images speak for themselves
        class_id = opened.split("test").class_ids
        return Conditions(class_id, np.zeros((len(class_id), 1), np.int64), np.zeros(len(class_id), np.int64), [])
    if evaluation["captions"] == "list":
        rows = [caption.split() for caption in evaluation["list"]]
        per_row = -(-n // len(rows))
        chosen = [row for row in rows for _ in range(per_row)][:n]
        class_id = np.full(n, -1)
        tokens, n_words = opened.tokens.encode(chosen)
        return Conditions(class_id, tokens, n_words, [" ".join(c) for c in chosen])
    class_id = np.arange(n) % opened.classes
    rng = np.random.default_rng([0, n])
    tokens, n_words, captions = opened.tokens.draw(evaluation["captions"], class_id, rng)
    return Conditions(class_id, tokens, n_words, captions)


def _images(
    evaluation: Mapping[str, Any], recipe: Recipe, conditions: Conditions, opened: Prepared, seed: int
) -> torch.Tensor:
    """Images [N, C, H, W] in [-1, 1]: the model's, or one of the controls that go the same way."""
    source, n = evaluation["images"], len(conditions.class_id)
    rng = np.random.default_rng([1, n])
    if source in ("test", "real", "noise"):
        test = opened.split("test")
        if source == "test":
            return test.batch(np.arange(len(test)), ("image",), rng)["image"]
        if source == "noise":
            shape = (n, *opened.image_shape)
            return torch.from_numpy(rng.uniform(-1, 1, shape).astype(np.float32))
        of_class = [np.flatnonzero(test.class_ids == c) for c in range(opened.classes)]
        indices = np.array([rng.choice(of_class[c]) for c in conditions.class_id])
        return test.batch(indices, ("image",), rng)["image"]
    if source == "shuffled":  # each caption judged by the image of another one: what ignoring the caption gives
        order = rng.permutation(n)
        conditions = Conditions(*(x[order] for x in conditions[:3]), conditions.captions)
    elif source != "model":
        raise RedrawError(f"evaluation: images {source!r}: known: model, real, test, shuffled, noise")
    return torch.cat(list(_sampled(recipe, conditions, seed)))


def _sampled(recipe: Recipe, conditions: Conditions, seed: int) -> Iterator[torch.Tensor]:
    device = next(recipe.parameters()).device
    for k, first in enumerate(range(0, len(conditions.class_id), CHUNK)):
        part = slice(first, first + CHUNK)
        batch: Batch = {
            "class_id": torch.from_numpy(conditions.class_id[part]).to(device),
            "tokens": torch.from_numpy(conditions.tokens[part].astype(np.int64)).to(device),
            "n_words": torch.from_numpy(conditions.n_words[part].astype(np.int64)).to(device),
        }
        recipe.eval()
        yield recipe.sample(batch, seed * 100_003 + k).float()


@torch.no_grad()
def _read(instrument: Instrument, mode: str, images: torch.Tensor, seed: int) -> dict[str, np.ndarray]:
    """What an instrument sees: float32 arrays [N, ...]. ``mode`` "train" leaves its dropout live, as some releases do."""
    network = instrument.recipe
    device = next(network.parameters()).device
    network.train(mode == "train")
    torch.manual_seed(seed)
    found: dict[str, list[np.ndarray]] = {}
    for first in range(0, len(images), CHUNK):
        for field, value in network.encode({"image": images[first : first + CHUNK].to(device)}).items():
            found.setdefault(field, []).append(value.float().cpu().numpy())
    network.eval()
    return {field: np.concatenate(parts) for field, parts in found.items()}
