"""Which words a model attends to while it draws, and where (AttnGAN's figure 4); where one looks that writes. No torch.

As in AttnGAN's, a stage shows the words with the most attention, each over the image where it has more than 1/T of a place's
(survey slides); which words are the most attended is not said there, here those with the largest sum over all places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .gallery import data_uri

WORDS = 5  # of a stage
SIDE = 64  # pixels a side that an image is enlarged to, at least
LARGE = 128  # from here on pictures are stored as JPEG
DARK = 0.12  # of an image where a word is not attended to

SAYS = (
    f"The {WORDS} words with the largest share of each stage's attention, and the image darkened by where they have it: light "
    "where the word has more than an even share of the place (1/T among T words), at full light where it has the caption's "
    "largest. Percentages are shares of all places; even: what each word would have if all had the same."
)

Json = dict[str, Any]


def strips(path: Path, evaluation: Mapping[str, Any]) -> list[Json]:
    """A run's samples with their attention, in the order asked for; none where samples.npz has no maps.

    [{"caption", "image": data URI, "stages": [{"side": of the map, "even": 1/T, "words": [{"word", "share", "image"}]}]}]
    """
    from ..scores import group_name

    name = group_name(evaluation)
    with np.load(path) as stored:
        start = f"{name}/attention."
        sides = sorted(int(field.removeprefix(start)) for field in stored.files if field.startswith(start))
        if not sides:
            return []
        images, captions, words = (stored[field] for field in (name, f"{name}/captions", f"{name}/words"))
        maps = {side: stored[f"{start}{side}"] for side in sides}
    found = []
    for k, (image, caption) in enumerate(zip(images, captions.tolist(), strict=True)):
        image = _enlarged(image)
        said = [word for word in words[k].tolist() if word]
        stages = [
            {
                "side": side,
                "even": 1 / max(len(said), 1),
                "words": [
                    {"word": word, "share": share, "image": _uri(darkened(image, heeded))}
                    for word, share, heeded in most_attended(of_stage[k], said)
                ],
            }
            for side, of_stage in maps.items()
        ]
        found.append({"caption": caption, "image": _uri(image), "stages": stages})
    return found


def sentences(path: Path, evaluation: Mapping[str, Any]) -> list[Json]:
    """A captioner's images with where it looked for each of its words (Show, Attend and Tell, figure 2), in the order asked
    for: [{"caption": one that people wrote, "images": [data URI], "said": ["", word, ...]}], the image itself first."""
    from ..scores import group_name

    name = group_name(evaluation)
    with np.load(path) as stored:
        field = next((f for f in stored.files if f.startswith(f"{name}/attention.")), None)
        if field is None:
            return []
        images, captions, words, maps = (stored[f] for f in (name, f"{name}/captions", f"{name}/words", field))
    found = []
    for image, caption, row, looked in zip(
        map(_enlarged, images), captions.tolist(), words.tolist(), maps, strict=True
    ):
        said = [word for word in row if word]
        places = [of_word / max(of_word.max(), 1) for of_word in looked[: len(said)]]
        shown = [_uri(image), *(_uri(darkened(image, place)) for place in places)]
        found.append({"caption": caption, "images": shown, "said": ["", *said]})
    return found


def most_attended(maps: np.ndarray, words: Sequence[str]) -> list[tuple[str, float, np.ndarray]]:
    """(word, its share of all places, where it has it [side, side] in [0, 1]) of the WORDS first, the largest share first.

    ``maps`` [T, side, side] are in any unit: what all words have of a place together is 1.
    """
    shares = maps / np.maximum(maps.sum(0, dtype=np.float64), 1)
    of_word = shares[: len(words)].mean((1, 2))
    shown = np.where(shares > 1 / max(len(words), 1), shares, 0)
    shown = shown / max(shown.max(initial=0), np.finfo(np.float64).tiny)
    first = np.argsort(-of_word, kind="stable")[:WORDS]
    return [(words[t], float(of_word[t]), shown[t]) for t in first]


def darkened(image: np.ndarray, heeded: np.ndarray) -> np.ndarray:
    """uint8 [C, H, W], dark where ``heeded`` [side, side] in [0, 1] is 0; the map smoothly enlarged to the image."""
    from PIL import Image

    height, width = image.shape[1:]
    light = Image.fromarray(heeded.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return (image * (DARK + (1 - DARK) * np.asarray(light).clip(0, 1))).round().astype(np.uint8)


def flat(grid: Iterable[Json]) -> list[Json]:
    """The strips as rows of samples, a caption and stage each, with the ``words`` of the pictures behind the first."""
    return [
        {
            "caption": f"{strip['caption']} ({stage['side']} x {stage['side']} places)",
            "images": [strip["image"], *(w["image"] for w in stage["words"])],
            "words": [w["word"] for w in stage["words"]],
        }
        for strip in grid
        for stage in strip["stages"]
    ]


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _enlarged(image: np.ndarray) -> np.ndarray:
    times = max(1, -(-SIDE // min(image.shape[1:])))
    return image.repeat(times, 1).repeat(times, 2)


def _uri(image: np.ndarray) -> str:
    return data_uri(image, "png" if len(image) == 1 or max(image.shape) < LARGE else "jpeg")
