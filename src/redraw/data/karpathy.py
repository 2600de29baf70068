"""The splits of Karpathy and Fei-Fei (2015): dataset_coco.json, dataset_flickr8k.json, dataset_flickr30k.json.

    {"dataset": …, "images": [{"filename", "imgid", "split", "sentids", "sentences": [{"raw", "tokens", "imgid", "sentid"}],
                               and of COCO "cocoid" and "filepath"}]}

Tokens are in lower case and without punctuation. COCO's file has all captions of an image (recalled), which are five to seven.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import RedrawError
from .caption_lists import even
from .json_entries import check, entries, fail, no_doubles
from .lists import GET_BOTH

CAPTIONS = ("raw", "karpathy_tokens")
NAME = r"[^\s/]+"
IMAGE = {"filename": str, "imgid": int, "split": str, "sentids": list, "sentences": list}
SENTENCE = {"raw": str, "tokens": list, "imgid": int, "sentid": int}


@dataclass(frozen=True, slots=True)
class Image:
    """What the file says of one image; ``sentences`` are (sentid, raw, tokens with spaces between)."""

    number: int  # of the entry, from 1
    name: str
    split: str
    cocoid: int | None
    sentences: list[tuple[int, str, str]]


def captions_of(options: dict[str, Any], dataset: str) -> str:
    """Takes option ``captions`` out of ``options``: raw or karpathy_tokens. Raises RedrawError for another value."""
    asked = options.pop("captions", CAPTIONS[0])
    if asked not in CAPTIONS:
        raise RedrawError(f"{dataset}: captions {asked!r}: known: {', '.join(CAPTIONS)}")
    return asked


def read(path: Path, splits: Collection[str], of_coco: bool = False) -> Iterator[Image]:
    """The images of the file ``path``, in its order.

    Raises RedrawError for broken JSON, a key that is missing, a split that is not among ``splits``, a sentence that belongs to
    another image, and where an imgid, a sentid, or a cocoid comes twice (what comes twice is found after the last image).
    """
    fields: Mapping[str, type] = IMAGE | {"cocoid": int} if of_coco else IMAGE
    ids, cocoids, sentids, owners = array("q"), array("q"), array("q"), array("q")
    for number, entry in entries(path, "images", fields):
        where = f"images, entry {number}"
        if entry["split"] not in splits:
            fail(path, where, f"split {entry['split']!r}, expected one of {', '.join(splits)}")
        sentences = [_sentence(path, f"{where}, sentence {k}", s) for k, s in enumerate(entry["sentences"], 1)]
        for k, sentence in enumerate(entry["sentences"], 1):
            if sentence["imgid"] != entry["imgid"]:
                said = f"imgid {sentence['imgid']}, but the image's is {entry['imgid']}"
                fail(path, f"{where}, sentence {k}", said)
        if re.fullmatch(NAME, entry["filename"]) is None:
            fail(path, where, f"filename {entry['filename']!r}, expected the name of a picture")
        if sorted((s[0] for s in sentences), key=repr) != sorted(
            entry["sentids"], key=repr
        ):  # the latter may be anything
            fail(path, where, f"sentids are not those of the {len(sentences)} sentences of {entry['filename']}")
        ids.append(entry["imgid"])
        sentids.extend(s[0] for s in sentences)
        owners.extend([number] * len(sentences))
        if of_coco:
            cocoids.append(entry["cocoid"])
        yield Image(number, entry["filename"], entry["split"], entry.get("cocoid"), sentences)
    no_doubles(path, "images", "imgid", ids)
    no_doubles(path, "images", "cocoid", cocoids)
    no_doubles(path, "images", "sentid", sentids, owners)


def same_captions(path: Path, image: Image, captions: Sequence[str], other: str) -> None:
    """Raises RedrawError where the raw sentences of ``image`` are not ``captions``, those of the file ``other``, in any order.

    White space is even in ``captions``, and is made so in the sentences; those without a word do not count.
    """
    here = Counter(filter(None, (even(raw) for _, raw, _ in image.sentences)))
    there = Counter(captions)
    if here == there:
        return
    mine, theirs = list((here - there).elements()), list((there - here).elements())
    which = f"{mine[0]!r} is not there" if mine else f"{theirs[0]!r} of {other} is not here"
    fail(path, f"images, entry {image.number}", f"the sentences of {image.name} are not the captions of {other}, "
         f"{which}", GET_BOTH)  # fmt: skip


def differing(path: Path, image: Image, captions: Sequence[str], other: str) -> int:
    """How many sentences of ``image`` are none of ``captions``, those of the file ``other``, by letters and digits alone.

    Flickr30k's own file has spaces before punctuation, Karpathy's raw sentences have not. Raises RedrawError where more than
    half of an image's sentences differ: they are another image's.
    """
    here, there = (
        Counter(filter(None, map(_letters, texts))) for texts in ((raw for _, raw, _ in image.sentences), captions)
    )
    lost = max((here - there).total(), (there - here).total())
    if 2 * lost > max(here.total(), there.total()):
        said = f"the sentences of {image.name} are not its captions in {other}, {lost} of {here.total()} differ"
        fail(path, f"images, entry {image.number}", said, GET_BOTH)
    return lost


# --- inside ------------------------------------------------------------------------------------------------------


def _sentence(path: Path, where: str, sentence: Any) -> tuple[int, str, str]:
    check(path, where, sentence, SENTENCE)
    if not all(isinstance(token, str) for token in sentence["tokens"]):
        fail(path, where, "'tokens' holds something other than text")
    return sentence["sentid"], sentence["raw"], " ".join(sentence["tokens"])


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
