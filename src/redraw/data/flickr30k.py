"""Flickr30k (Young, Lai, Hodosh and Hockenmaier, 2014) with the splits of Karpathy and Fei-Fei (2015), read by flickr.py.

    flickr30k-images/    1000092795.jpg …
    results_20130124.token
    karpathy/dataset_flickr30k.json    within, or in the folder of the set "karpathy" beside this one

Splits: train, validation, test (Karpathy's), which are 31,014 of the 31,783 images, and unsplit, the others. Those of Flickr30k
Entities are different ones. The captions of results_20130124.token have spaces before punctuation ("in the yard ."), Karpathy's
raw sentences have not; ``captions: raw`` is the former.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import flickr
from .lists import found as find_raw
from .writer import PreparedWriter

LAYOUT = flickr.Layout(
    family="flickr30k", title="Flickr30k", images="flickr30k-images", captions="results_20130124.token",
    karpathy="karpathy/dataset_flickr30k.json", own={},
    needs="the unpacked folder flickr30k-images, results_20130124.token, and dataset_flickr30k.json of Karpathy's "
    "caption_datasets.zip in a folder karpathy there or beside it",
    published={
        "images": 31_783, "train": 29_000, "validation": 1_014, "test": 1_000, "unsplit": 769, "captions": 158_915,
    },
)  # fmt: skip
RAW_FILES, NEEDS, PUBLISHED = LAYOUT.raw_files, LAYOUT.needs, LAYOUT.published

__all__ = ["LAYOUT", "NEEDS", "PUBLISHED", "RAW_FILES", "find_raw", "prepare"]


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """As flickr.prepare."""
    flickr.prepare(LAYOUT, raw, writer, options)
