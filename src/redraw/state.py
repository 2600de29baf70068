"""Resumable training state: two generations on disk, each with its hash, so that no crash and no bad block loses a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

from .core import RedrawError, atomic_path, disk_trouble, file_digest, read_json, write_json


class State:
    """The folder work/state/<scale>/<run>/<fingerprint>/ of one training.

    ``save`` writes a new generation (temporary file, sync, replace), notes its SHA-256 in state.json and drops all but
    the last two. ``load`` takes the newest whose hash holds, and says so where it had to go back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def _book(self) -> Path:
        return self.folder / "state.json"

    def save(self, step: int, body: dict[str, Any]) -> None:
        """Raises RedrawError where the disk cannot take it; the generations before stay as they are."""
        path = self.folder / f"step-{step:08d}.pt"
        try:
            with atomic_path(path) as part:
                torch.save(body, part)
            kept = [g for g in read_json(self._book) or [] if g["file"] != path.name]
            kept = [*kept, {"file": path.name, "step": step, "sha256": file_digest(path)}]
            write_json(self._book, kept[-2:])
        except (OSError, RuntimeError) as e:  # torch reports a full disk as RuntimeError
            raise RedrawError(disk_trouble(self.folder, e)) from None
        for old in kept[:-2]:
            (self.folder / old["file"]).unlink(missing_ok=True)

    def load(self) -> tuple[int, dict[str, Any]] | None:
        """(step, body) of the newest generation whose hash holds, or None where training has to begin."""
        for generation in reversed(read_json(self._book) or []):
            path = self.folder / generation["file"]
            if path.exists() and file_digest(path) == generation["sha256"]:
                return generation["step"], torch.load(path, map_location="cpu", weights_only=True)
            print(f"{path}: does not match its hash; going back to the state before it", file=sys.stderr, flush=True)
        return None

    def clear(self) -> None:
        """Drop the generations of a finished training; what was exported stays."""
        for generation in read_json(self._book) or []:
            (self.folder / generation["file"]).unlink(missing_ok=True)
        self._book.unlink(missing_ok=True)
