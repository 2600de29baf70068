"""Yahoo! Answers, documents of Yang et al. (2017) as jxhe/vae-lagging-encoder has them: see documents.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import documents
from .documents import find as find_raw
from .writer import PreparedWriter

__all__ = ["NEEDS", "RAW_FILES", "find_raw", "prepare"]

RAW_FILES = documents.raw_files("yahoo")
NEEDS = "yahoo.train.txt, yahoo.valid.txt and yahoo.test.txt (or the unpacked folder datasets/yahoo_data)"


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """A document a line, all of one class. No options. Raises RedrawError as documents.prepare."""
    documents.prepare(raw, writer, options, "yahoo", "Yahoo! Answers", NEEDS, labelled=False)
