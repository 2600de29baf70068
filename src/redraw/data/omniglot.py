"""OMNIGLOT (Lake et al., 2015): as IWAE (Burda et al., 2016) takes it, and for one-shot learning.

omniglot            chardata.mat of yburda/iwae: data and testdata, 784 x N in [0, 1], ink is 1, each column a picture of 28 x 28
                    in Fortran order; target and testtarget (one-hot, 50 alphabets x N), targetchar and testtargetchar (the
                    character within the alphabet, 1 x N) where they are there: recalled, and third parties read them so
omniglot-oneshot    images_background/ and images_evaluation/: <alphabet>/<character>/<n>.png, 105 x 105, ink is 0, 20 of each

IWAE takes the values as the probabilities of pixels that are drawn anew for each minibatch; they are stored as round(255 v), and
how far that is from them is noted. Its released code puts the training images into the order of RandomState(123).permutation and
validates on the last 1,345 of 24,345: so do we, in this order; of fewer images it is the same share. Splits: train, validation,
test. In the one-shot edition images_evaluation tests, and the last tenth of the characters of images_background, in sorted order,
validate: the published sets have no validation split. own_train is all of images_background.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import family
from .forms import form_of
from .lists import GET_AGAIN, compare_counts, edition, none_left, required
from .lists import found as find_raw
from .matlab import array_shape, read_array
from .pictures import Item, Pictures
from .writer import PreparedWriter

CHARDATA, BACKGROUND, EVALUATION = "chardata.mat", "images_background", "images_evaluation"
RAW_FILES = {"": (CHARDATA,), "oneshot": (BACKGROUND, EVALUATION)}
NEEDS = {
    "": "chardata.mat of yburda/iwae (datasets/OMNIGLOT)",
    "oneshot": "the unpacked folders images_background and images_evaluation",
}
PUBLISHED = {
    "": {"train": 23_000, "validation": 1_345, "test": 8_070},
    "oneshot": {"images": 32_460, "classes": 1_623, "alphabets": 50},
}
SIDE, LARGE = 28, 105
SHARE = 1_345 / 24_345  # of the training images that validate
DRAWINGS = 20  # of each character


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The files below ``raw`` -> grey images: [28, 28], without options; or of the one-shot edition in the form of forms.py.

    Classes are the alphabets, the character stands in the name; in the one-shot edition they are the characters. Raises
    RedrawError for a file that is missing or not of its form.
    """
    kind = edition(writer.dataset, list(RAW_FILES))
    for name in RAW_FILES[kind]:
        required(raw, name, find_raw(raw, name), writer.dataset, NEEDS[kind])
    counts = _one_shot(raw, writer, options) if kind else _chardata(raw / CHARDATA, writer, options)
    if family(writer.dataset) == "omniglot":
        compare_counts(counts, PUBLISHED[kind], "OMNIGLOT", writer)


# --- Burda et al. ------------------------------------------------------------------------------------------------


def _chardata(path: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> Counter[str]:
    none_left(options, writer.dataset, ())
    counts: Counter[str] = Counter()
    images, furthest = {}, 0.0
    for part in ("", "test"):
        images[part], error = _images(path, f"{part}data")
        furthest = max(furthest, error)
    labels = {part: _labels(path, part, len(found)) for part, found in images.items()}
    if None in labels.values():
        writer.note("chardata.mat does not say for all images which alphabet they are of: all are of one class")
        labels, writer.classes = dict.fromkeys(images), ["character"]
    else:
        writer.classes = [f"alphabet_{k:02d}" for k in range(1, max(found[2] for found in labels.values()) + 1)]
    for part, found in images.items():
        n = len(found)
        order = np.arange(n) if part else np.random.RandomState(123).permutation(n)
        kept = n if part else n - max(1, round(SHARE * n))
        for row, i in enumerate(order.tolist()):
            name, class_id = f"{part}data-{i:05d}", 0
            if labels[part]:
                class_id, character = int(labels[part][0][i]), int(labels[part][1][i])
                name += f"/{writer.classes[class_id]}/character_{character:02d}"
            split = part or ("train" if row < kept else "validation")
            writer.add(found[i], class_id, name, split)
            counts[split] += 1
    if furthest > 1e-6:
        writer.note(f"values are no multiples of 1/255: rounding moves them by at most {furthest:.2g}")
    return counts


def _images(path: Path, name: str) -> tuple[np.ndarray, float]:
    """[N, 28, 28] uint8, and how far the furthest value was from what is stored."""
    values = read_array(path, name)
    if values.ndim != 2 or values.shape[0] != SIDE * SIDE or not values.shape[1]:
        shape = " x ".join(map(str, values.shape))
        raise RedrawError(f"{path}: {name} is {shape}, expected {SIDE * SIDE} x N, a column each image: {GET_AGAIN}")
    columns = values.T  # [N, 784], each row side by side in memory
    bad = np.flatnonzero(~((columns >= 0) & (columns <= 1)).all(1))  # nan too
    if len(bad):
        k = int(np.argmin((columns[bad[0]] >= 0) & (columns[bad[0]] <= 1)))
        raise RedrawError(
            f"{path}: {name}: {columns[bad[0], k]:g} in row {k + 1} of column {bad[0] + 1}, expected values from 0 to 1: "
            f"{GET_AGAIN}"
        )
    stored, error = np.empty(columns.shape, np.uint8), 0.0
    for begin in range(0, len(columns), 1000):
        part = columns[begin : begin + 1000] * 255.0
        stored[begin : begin + 1000] = np.rint(part)
        error = max(error, float(np.abs(part - np.rint(part)).max()) / 255)
    return stored.reshape(-1, SIDE, SIDE).transpose(0, 2, 1), error


def _labels(path: Path, part: str, n: int) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Alphabet of each of ``n`` images from 0, its character, how many alphabets there are; None where no file says."""
    if array_shape(path, f"{part}target") is None or array_shape(path, f"{part}targetchar") is None:
        return None
    target, characters = read_array(path, f"{part}target"), read_array(path, f"{part}targetchar")
    for name, values in (("target", target), ("targetchar", characters)):
        if values.ndim != 2 or values.shape[1] != n:
            shape = " x ".join(map(str, values.shape))
            raise RedrawError(f"{path}: {part}{name} is {shape}, but {part}data has {n} images: {GET_AGAIN}")
    other = np.flatnonzero(((target != 0).sum(0) != 1) | (target.max(0, initial=0) != 1))
    if len(other):
        raise RedrawError(
            f"{path}: {part}target names {int((target[:, other[0]] != 0).sum())} alphabets of image {other[0] + 1}, expected "
            f"a single 1 in its column: {GET_AGAIN}"
        )
    return np.argmax(target, 0), characters[0], len(target)


# --- one-shot ----------------------------------------------------------------------------------------------------


def _one_shot(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> Counter[str]:
    form = form_of(options, writer.dataset, ("none",), size=None, channels="grey")
    background, evaluation = _characters(raw / BACKGROUND), _characters(raw / EVALUATION)
    both = sorted({name.partition("/")[0] for name in background} & {name.partition("/")[0] for name in evaluation})
    if both:
        raise RedrawError(
            f"{raw / EVALUATION}: {both[0]} is in {BACKGROUND} too, and they share no alphabet: {GET_AGAIN}"
        )
    kept = len(background) - max(1, len(background) // 10)
    writer.classes = [*background, *evaluation]
    files = [*background.values(), *evaluation.values()]
    other = [name for name, found in zip(writer.classes, files, strict=True) if len(found) != DRAWINGS]
    if other:
        writer.note(
            f"{len(other)} of {len(files)} characters have other than {DRAWINGS} drawings, the first is {other[0]}: taken as "
            "they are"
        )

    def items() -> Iterator[Item]:
        for path in (path for found in files for path in found):
            yield Item(path, check=lambda width, height, path=path: _check_size(path, width, height))

    pictures = Pictures("PNG", usual=("1",))
    shaped = pictures.stream(items(), form)
    for class_id, (name, found) in enumerate(zip(writer.classes, files, strict=True)):
        splits = (
            ["test"] if class_id >= len(background) else ["train" if class_id < kept else "validation", "own_train"]
        )
        for path in found:
            writer.add(next(shaped).image, class_id, f"{name}/{path.stem}", splits)
    pictures.tell(writer)
    alphabets = {name.partition("/")[0] for name in writer.classes}
    return Counter(images=sum(map(len, files)), classes=len(files), alphabets=len(alphabets))


def _characters(folder: Path) -> dict[str, list[Path]]:
    """{alphabet/character: its drawings}, all sorted."""
    found: dict[str, list[Path]] = {}
    for home in sorted(
        p for p in folder.glob("*/*") if not p.name.startswith(".") and not p.parent.name.startswith(".")
    ):
        name = f"{home.parent.name}/{home.name}"
        drawings = sorted(p for p in home.glob("*") if not p.name.startswith("."))
        odd = next((p for p in drawings if p.suffix != ".png"), None) or (home if not home.is_dir() else None)
        if odd:
            raise RedrawError(f"{odd}: no drawing, expected <alphabet>/<character>/<n>.png: take it away")
        if not drawings:
            raise RedrawError(f"{home}: no drawing of this character: get the folder again")
        found[name] = drawings
    if not found:
        raise RedrawError(f"{folder}: holds no <alphabet>/<character>/<n>.png: get the folder again")
    return found


def _check_size(path: Path, width: int, height: int) -> None:
    if (width, height) != (LARGE, LARGE):
        raise RedrawError(f"{path}: {width} x {height} pixels, expected {LARGE} x {LARGE}: {GET_AGAIN}")
