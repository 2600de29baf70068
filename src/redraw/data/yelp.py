"""Yelp reviews and their labels, documents of Yang et al. (2017) as jxhe/vae-lagging-encoder has them: see documents.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import documents
from .documents import find as find_raw
from .writer import PreparedWriter

__all__ = ["NEEDS", "RAW_FILES", "find_raw", "prepare"]

RAW_FILES = documents.raw_files("yelp")
NEEDS = "yelp.train.txt, yelp.valid.txt and yelp.test.txt (or the unpacked folder datasets/yelp_data)"


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """A label, a tab and a document a line; the labels are the classes. No options. Raises RedrawError as documents.prepare."""
    documents.prepare(raw, writer, options, "yelp", "Yelp", NEEDS, labelled=True)
