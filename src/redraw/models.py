"""From a record to a network: data opened, recipe built, weights loaded and checked, exported and digested."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .core import RedrawError, atomic_path, disk_trouble, file_digest, nearest, read_json
from .recipe import About, Recipe, make_config

if TYPE_CHECKING:
    from .data.words import Tokens


@dataclass(frozen=True)
class Instrument:
    """An evaluator network with what its protocol key must name: its run, its weights, and its module for the code digest.

    ``tokens`` is the vocabulary in which it reads captions, where it does.
    """

    recipe: Recipe
    run: str
    weights: str
    module: str
    tokens: Tokens | None = None


def recipe_class(path: str, where: str) -> type[Recipe]:
    """ "papers.ved:VED" -> the class. Raises RedrawError for a module or class that is not there."""
    module_name, _, name = path.partition(":")
    try:
        module = importlib.import_module(f"redraw.{module_name}")
    except ModuleNotFoundError as e:
        if e.name != f"redraw.{module_name}":
            raise
        raise RedrawError(
            f"{where}: no module src/redraw/{module_name.replace('.', '/')}.py: write it, or remove the run"
        ) from None
    found = getattr(module, name, None)
    if found is None:
        known = [
            n for n, v in vars(module).items() if isinstance(v, type) and issubclass(v, Recipe) and v is not Recipe
        ]
        raise RedrawError(f"{where}: {module_name} has no recipe {name!r}: {nearest(name, known)}")
    return found


def open_data(manifest: str, tokens: str | None) -> Any:
    """The prepared data set of a manifest, tokens attached where the run has any."""
    from .data.base import Prepared

    return Prepared.open(Path(manifest).parent, tokens=Path(tokens).parent if tokens else None)


def described(spec: Mapping[str, Any], opened: Any) -> dict[str, Any]:
    """All that ``build`` needs, of plain values, so that weights can be loaded without the data: kept beside them."""
    texts = opened.of_documents and "image" not in recipe_class(spec["recipe"], spec["run"]).reads
    about = About(
        (0, 0, 0) if texts else tuple(opened.image_shape), opened.classes, tuple(opened.vocabulary),
        tuple(int(c) for c in np.unique(opened.split(spec["splits"]["train"]).class_ids)), tuple(opened.attribute_names),
    )  # fmt: skip
    return {**{k: spec[k] for k in ("run", "recipe", "config", "needs")}, "about": about._asdict()}


def build(described: Mapping[str, Any]) -> Recipe:
    """The recipe, its needs loaded, with fresh weights drawn from the global generator."""
    cls = recipe_class(described["recipe"], described["run"])
    config = make_config(cls.Config, described["config"], described["run"])
    needs = {role: load_instrument(Path(m), torch.device("cpu")).recipe for role, m in described["needs"].items()}
    return cls(config, About(**described["about"]), needs)


def load(manifest: Path, device: torch.device) -> tuple[Recipe, dict[int, dict]]:
    """(recipe with its last weights, snapshots {step: weights}). Raises RedrawError where the file is not the record's."""
    record, path = read_json(manifest), manifest.parent / "model.pt"
    if record is None or not path.exists():
        raise RedrawError(f"{path}: no trained model: run `snakemake --cores all {manifest}` or `dvc pull`")
    if file_digest(path) != record["model"]:
        raise RedrawError(
            f"{path}: not the weights that manifest.json names: run `redraw retrain {record['run']}` or `dvc checkout`"
        )
    stored = torch.load(path, map_location="cpu", weights_only=True)
    recipe = build(stored["described"])
    recipe.load_state_dict(stored["weights"])
    return recipe.to(device).eval(), stored["snapshots"]


def load_instrument(manifest: Path, device: torch.device, tokens: str | None = None) -> Instrument:
    """Another run's network, built as it was trained; only its record and its model are read, and the record ``tokens``."""
    recipe, _ = load(manifest, device)
    recipe.requires_grad_(False)
    record = read_json(manifest)
    vocabulary = None
    if tokens:
        from .data.words import Tokens

        vocabulary = Tokens.open(Path(tokens).parent)
    return Instrument(recipe, record["run"], record["weights"], record["recipe"].split(":")[0], vocabulary)


def weights_digest(weights: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes of all tensors: equal exactly where the networks are bit-identical."""
    total = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def save(path: Path, body: Mapping[str, Any]) -> None:
    """torch.save, atomically, and with the same bytes for the same content."""
    try:
        with atomic_path(path) as part, open(part, "wb") as f:  # a file object: a path's name would enter the archive
            torch.save(dict(body), f)
    except (OSError, RuntimeError) as e:
        raise RedrawError(disk_trouble(path.parent, e)) from None
