"""Files behind records: which are recorded but not here, which are not the bytes that their record names."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .core import digest, file_digest, read_json
from .graph import Artefact
from .plan import Plan

PAYLOADS = ("curves.json", "splits.json", "released.json", "vocabulary.json")
"""JSON files that are no records."""

COSTLY = ("download", "prepare", "tokenize", "pretrain", "train", "sample")
"""Rules whose results are worth a download; the others are arithmetic."""


def done_files(plan: Plan) -> dict[str, dict[str, Any]]:
    """{paper: {record: {"key", "digest"}, or None where its job failed}} as `books.done` wrote them, from git or just now."""
    folder = Path(f"results/{plan.scale}/done")
    return {p.stem: stands for p in sorted(folder.glob("*.json")) if isinstance(stands := read_json(p), dict)}


def absent(plan: Plan) -> list[str]:
    """Records of what params.yaml asks for that were made once and recorded, yet neither lie here nor as training state."""
    found: dict[str, None] = {}
    for stands in done_files(plan).values():
        for record, known in stands.items():
            a = plan.artefacts.get(record)
            if a is None or a.rule not in COSTLY or not known or known["key"] != a.key:
                continue
            if not all(Path(p).exists() for p in a.outputs) and not _kept(a):
                found[record] = None
    return list(found)


def notice(plan: Plan) -> str | None:
    """One line for a workflow call that is about to make again what could be pulled; None where nothing is absent."""
    n = len(absent(plan))
    if not n:
        return None
    what, them = ("1 result is", "it") if n == 1 else (f"{n} results are", "them")
    return (
        f"{what} recorded but not here: `redraw pull` fetches {them}, otherwise what is needed of {them} is made again"
    )


def _kept(a: Artefact) -> bool:
    """Whether the artefact lies in work/state, so that it costs an export."""
    if a.rule not in ("pretrain", "train", "sample"):
        return False
    final = "*/sample-*/final.json" if a.rule == "sample" else "*/final.json"
    return any(Path("work", "state", a.spec["scale"], a.spec["run"]).glob(final))


def damaged(root: Path = Path("results")) -> Iterator[Path]:
    """Files below ``root`` that are there but not what their records say, the records' own text included."""
    places = ("*/runs/*/*/*.json", "data/**/*.json")
    for path in sorted(p for place in places for p in root.glob(place)):
        if path.name in PAYLOADS:
            continue
        record = read_json(path)
        body = {k: v for k, v in record.items() if k not in ("digest", "about")} if isinstance(record, dict) else {}
        if not body or digest(body) != record.get("digest"):
            yield path
            continue
        yield from (p for p, says in _named(path, record) if p.exists() and not says(p))


def _named(path: Path, record: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """(file, whether its bytes are right) for each file that a record names."""

    def sha256(name: str, expected: str) -> tuple[Path, Any]:
        return path.with_name(name), lambda p: file_digest(p) == expected

    if path.name == "manifest.json" and "model" in record:
        yield sha256("model.pt", record["model"])
        yield path.with_name("curves.json"), lambda p: digest(read_json(p)) == record["curves"]
    elif path.name == "samples.json":
        yield from (sha256(name, record[name]) for name in ("samples.npz", "items.npz"))
    elif path.name in ("manifest.json", "record.json"):
        yield from (sha256(name, about["sha256"]) for name, about in record["files"].items())


def put_aside(path: Path, name: Path | None = None) -> Path:
    """Move a file or folder to work/aside/<now>/, under the same path or under ``name``; returns where it lies now."""
    target = Path("work", "aside", time.strftime("%Y%m%d-%H%M%S"), name or path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, target)
    return target
