"""Data sets small enough for a test, prepared and tokenised in characters as the workflow's are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redraw import data
from redraw.core import digest, write_json
from redraw.data.base import Prepared
from redraw.data.tokens import tokenize

CHARACTERS = {"captions": "dataset", "tokenizer": "characters", "framed": False}


def prepared(name: str, raw: Path, folder: Path, **options: Any) -> Prepared:
    """Data set ``name`` from the folder ``raw``, drawn there where it can be, prepared in ``folder``, opened with tokens."""
    data.fetch(name, raw)
    body = data.prepare(name, raw, folder, options)
    write_json(folder / "manifest.json", {**body, "digest": digest(body)})
    tokens = folder / "tokens" / "characters"
    write_json(tokens / "record.json", tokenize(CHARACTERS, folder, tokens))
    return Prepared.open(folder, tokens=tokens)
