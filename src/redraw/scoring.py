"""Samples, and what the instruments read on them: per-item arrays, so that every metric is arithmetic afterwards.

Evaluations that need the same images share one draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .conditions import CHUNK, Conditions, conditions_of, from_bytes, pictures, real_images, to_bytes
from .core import atomic_path
from .data.base import Prepared
from .metrics import METRICS
from .models import Instrument
from .recipe import Batch, Recipe
from .scores import group_name

Model = tuple[Recipe, dict[int, dict]]
Reader = tuple[str, str]
"""(role of an instrument, mode)"""


def draw(
    model: Model, instruments: Mapping[str, Instrument], opened: Prepared, evaluations: Mapping[str, Mapping[str, Any]],
    seed: int, home: Path,
) -> None:  # fmt: skip
    """Write samples.npz (uint8 images [N, C, H, W] and captions per group) and items.npz (arrays per group) to ``home``.

    items.npz: ``<group>/class_id``, ``<group>/n_words`` [N], ``<group>/captions`` [N] where there are captions,
    ``<group>/<role>.<mode>/<field>`` [N, …] and ``<field>_labels`` for what the instruments read, the same below
    ``reference-<split>/`` for real images that are compared with, and with snapshots ``<group>/<role>.<mode>/logits@``
    [S, N, K] with ``<group>/steps`` [S].
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for evaluation in evaluations.values():
        groups.setdefault(group_name(evaluation), []).append(evaluation)
    samples: dict[str, np.ndarray] = {}
    items: dict[str, np.ndarray] = {}
    for name, members in groups.items():
        conditions = conditions_of(members[0], opened)
        items[f"{name}/class_id"], items[f"{name}/n_words"] = conditions.class_id, conditions.n_words
        samples[name] = to_bytes(pictures(members[0], model[0], conditions, opened, seed))
        images = from_bytes(samples[name])  # what is read is what is kept
        samples[f"{name}/captions"] = np.array(conditions.captions)
        if conditions.captions:
            items[f"{name}/captions"] = samples[f"{name}/captions"]
        if "style" in conditions.extra:  # to be shown above what was drawn in it
            style = conditions.extra["style"][: len(np.unique(conditions.extra["style"]))]
            samples[f"{name}/style"] = to_bytes(real_images(model[0], opened, style))
        for (role, mode), wanted in sorted(_readers(members).items()):
            tokens = conditions if role == "self" else None  # another network has another vocabulary
            found = read(instruments[role], mode, images, tokens)
            items |= {
                f"{name}/{role}.{mode}/{field}": v
                for field, v in found.items()
                if field.removesuffix("_labels") in wanted
            }
        if any(m.get("snapshots") for m in members):
            items |= _over_snapshots(model, instruments, opened, members, conditions, seed)
    items |= _references(instruments, opened, evaluations.values())
    for path, arrays in ((home / "samples.npz", samples), (home / "items.npz", items)):
        with atomic_path(path) as part, open(part, "wb") as f:
            np.savez_compressed(f, **arrays)


@torch.no_grad()
def read(
    instrument: Instrument, mode: str, images: torch.Tensor, conditions: Conditions | None = None
) -> dict[str, np.ndarray]:
    """What an instrument sees: float32 arrays [N, ...], and the names of their columns where it has any.

    ``mode`` "train" leaves its dropout live, as some releases do; it is the same for every run. Captions go in beside
    the images where ``conditions`` has them.
    """
    network = instrument.recipe
    device = next(network.parameters()).device
    network.train(mode == "train")
    torch.manual_seed(0)
    parts: dict[str, list[np.ndarray]] = {}
    for first in range(0, len(images), CHUNK):
        batch: Batch = {"image": images[first : first + CHUNK].to(device)}
        if conditions is not None and conditions.captions:
            batch["tokens"] = torch.from_numpy(conditions.tokens[first : first + CHUNK].astype(np.int64)).to(device)
        for field, value in network.encode(batch).items():
            parts.setdefault(field, []).append(value.float().cpu().numpy())
    network.eval()
    found = {field: np.concatenate(chunks) for field, chunks in parts.items()}
    return found | {f"{field}_labels": np.array(names) for field, names in network.labels.items() if field in found}


# --- inside ------------------------------------------------------------------------------------------------------


def _reader(evaluation: Mapping[str, Any]) -> Reader:
    return evaluation["instrument"], evaluation.get("instrument_mode", "eval")


def _readers(members: Iterable[Mapping[str, Any]]) -> dict[Reader, set[str]]:
    """{(role, mode): fields that are kept}."""
    found: dict[Reader, set[str]] = {}
    for m in members:
        if m.get("instrument"):
            found.setdefault(_reader(m), set()).update(METRICS[m["metric"]].reads if m.get("metric") in METRICS else ())
    return found


def _references(
    instruments: Mapping[str, Instrument], opened: Prepared, evaluations: Iterable[Mapping[str, Any]]
) -> dict[str, np.ndarray]:
    """What the instruments read on the real images of the splits that evaluations compare with."""
    compared = [e for e in evaluations if e.get("reference")]
    items = {}
    for split in sorted({e["reference"] for e in compared}):
        members = [e for e in compared if e["reference"] == split]
        for (role, mode), wanted in sorted(_readers(members).items()):
            images = real_images(instruments[role].recipe, opened, opened.split(split).indices)
            found = read(instruments[role], mode, images)
            items |= {f"reference-{split}/{role}.{mode}/{f}": v for f, v in found.items() if f in wanted}
    return items


def _over_snapshots(
    model: Model, instruments: Mapping[str, Instrument], opened: Prepared, members: list[Mapping[str, Any]],
    conditions: Conditions, seed: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Logits at every snapshot of the training; afterwards the model has its last weights again."""
    recipe, snapshots = model
    name, steps = group_name(members[0]), sorted(snapshots)
    final = {key: tensor.clone() for key, tensor in recipe.state_dict().items()}
    seen: dict[Reader, list[np.ndarray]] = {_reader(m): [] for m in members if m.get("snapshots")}
    for step in steps:
        recipe.load_state_dict(snapshots[step])
        images = from_bytes(to_bytes(pictures(members[0], recipe, conditions, opened, seed)))
        for (role, mode), logits in seen.items():
            logits.append(read(instruments[role], mode, images)["logits"])
    recipe.load_state_dict(final)
    found = {f"{name}/{role}.{mode}/logits@": np.stack(logits) for (role, mode), logits in seen.items()}
    return found | {f"{name}/steps": np.array(steps)}
