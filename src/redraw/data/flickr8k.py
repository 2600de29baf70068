"""Flickr8k (Hodosh, Young and Hockenmaier, 2013) with the splits of Karpathy and Fei-Fei (2015), read by flickr.py.

    Flicker8k_Dataset/ (sic)    1000268201_693b08cb0e.jpg …
    Flickr8k.token.txt    Flickr_8k.trainImages.txt    Flickr_8k.devImages.txt    Flickr_8k.testImages.txt
    karpathy/dataset_flickr8k.json    within, or in the folder of the set "karpathy" beside this one

Splits: train, validation, test (Karpathy's) and unsplit, what is in none of these; own_train, own_validation, own_test, the
authors' own lists. The captions name one picture, 2258277193_586949ec62.jpg.1, that is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import flickr
from .lists import found as find_raw
from .writer import PreparedWriter

LAYOUT = flickr.Layout(
    family="flickr8k", title="Flickr8k", images="Flicker8k_Dataset", captions="Flickr8k.token.txt",
    karpathy="karpathy/dataset_flickr8k.json",
    own={
        "Flickr_8k.trainImages.txt": "own_train", "Flickr_8k.devImages.txt": "own_validation",
        "Flickr_8k.testImages.txt": "own_test",
    },
    needs="the unpacked folder Flicker8k_Dataset, the files of Flickr8k_text.zip, and dataset_flickr8k.json of Karpathy's "
    "caption_datasets.zip in a folder karpathy there or beside it",
    published={
        "images": 8_091, "train": 6_000, "validation": 1_000, "test": 1_000, "unsplit": 91, "captions": 40_455,
        "own_train": 6_000, "own_validation": 1_000, "own_test": 1_000,
    },
)  # fmt: skip
RAW_FILES, NEEDS, PUBLISHED = LAYOUT.raw_files, LAYOUT.needs, LAYOUT.published

__all__ = ["LAYOUT", "NEEDS", "PUBLISHED", "RAW_FILES", "find_raw", "prepare"]


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """As flickr.prepare."""
    flickr.prepare(LAYOUT, raw, writer, options)
