"""Data sets small enough for a test, prepared and tokenised in characters as the workflow's are."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from redraw import data
from redraw.core import digest, write_json
from redraw.data.base import Prepared
from redraw.data.tokens import tokenize
from redraw.data.words import Tokens
from redraw.data.writer import PreparedWriter

CHARACTERS = {"captions": "dataset", "tokenizer": "characters", "framed": False}


def prepared(name: str, raw: Path, folder: Path, **options: Any) -> Prepared:
    """Data set ``name`` from the folder ``raw``, drawn there where it can be, prepared in ``folder``, opened with tokens."""
    data.fetch(name, raw)
    body = data.prepare(name, raw, folder, options)
    write_json(folder / "manifest.json", {**body, "digest": digest(body)})
    tokens = folder / "tokens" / "characters"
    write_json(tokens / "record.json", tokenize(CHARACTERS, folder, tokens))
    return Prepared.open(folder, tokens=tokens)


def in_words(of: Prepared, folder: Path, **options: Any) -> Tokens:
    """The captions of a data set in words, in ``folder``: another vocabulary than its own characters."""
    body = tokenize({"captions": "dataset", "tokenizer": "words", **options}, of.folder, folder)
    write_json(folder / "record.json", {**body, "digest": digest(body)})
    return Tokens.open(folder)


def prepared_by(module: ModuleType, name: str, raw: Path, folder: Path, **options: Any) -> Prepared:
    """The tree ``raw`` prepared by a reader under the name ``name``, in ``folder``."""
    with PreparedWriter(folder, name) as writer:
        module.prepare(raw, writer, options)
    write_json(folder / "manifest.json", writer.body)
    opened = Prepared.open(folder)
    opened.verify()
    return opened
