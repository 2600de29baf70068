"""The spool: one append-only JSONL file per run, written before anybody else is told. Training never waits for a reader.

Events: {"t": seconds since 1970, "event": name, "invocation": id of the workflow call, "pid", ...}. A line is written
whole or not at all (one write to a file opened for appending), so that a reader may follow while training goes on.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


class Spool:
    """Appends events to ``path``; ``sync`` makes them safe against a power cut (called with every saved state)."""

    def __init__(self, path: Path, **common: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._common = common | {"pid": os.getpid(), "invocation": os.environ.get("REDRAW_INVOCATION")}

    def write(self, event: str, **about: Any) -> None:
        line = json.dumps({"t": round(time.time(), 3), "event": event, **self._common, **about}, ensure_ascii=False)
        os.write(self._fd, line.encode() + b"\n")

    def sync(self) -> None:
        os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def events(path: Path) -> list[dict[str, Any]]:
    """All whole events of a spool; a last line that is still being written is left out."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split("\n")[:-1] if line]
