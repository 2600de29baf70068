"""Tiny raw trees with the layout of CUB-200-2011 and Oxford-102: coloured rectangles, all files that the real ones have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

SPECIES = ("001.Red_Finch", "002.Blue_Tern", "003.Grey_Gull")
COLOURS = ((200, 30, 30), (30, 60, 200), (120, 120, 120))
PER_CLASS = 4
ATTRIBUTES = (
    "has_back_color::red", "has_back_color::blue", "has_back_color::grey", "has_bill_shape::curved_(up_or_down)",
    "has_size::small_(5_-_9_in)",
)  # fmt: skip
WIDTH, HEIGHT = 60, 40


def picture(i: int, colour: tuple[int, int, int]) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """A rectangle on green, larger and further to the right from one picture to the next, and its box."""
    x, y, w, h = 4 + 2 * i, 6, 20 + i, 16
    pixels = np.full((HEIGHT, WIDTH, 3), (40, 160, 60), np.uint8)
    pixels[y : y + h, x : x + w] = colour
    return Image.fromarray(pixels), (float(x), float(y), float(w), float(h))


def captions_of(i: int) -> list[str]:
    return [f"bird {i} of many, caption {k}" for k in range(10)]


def write(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{row}\n" for row in rows).encode())


def write_cub(raw: Path) -> Path:
    """Three species of four pictures. Ids run through the classes in turn, so that images.txt is not sorted by class."""
    home, reed = raw / "CUB_200_2011", raw / "cvpr2016_cub"
    names, labels, flags, boxes, answers, places = [], [], [], [], [], []
    for i in range(1, len(SPECIES) * PER_CLASS + 1):
        species = (i - 1) % len(SPECIES)
        image, box = picture(i, COLOURS[species])
        stem = f"{SPECIES[species][4:]}_{i:04d}_{900 + i}"
        path = home / "images" / SPECIES[species] / f"{stem}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=95, subsampling=0)
        write(reed / "text_c10" / SPECIES[species] / f"{stem}.txt", *captions_of(i))
        names.append(f"{i} {SPECIES[species]}/{stem}.jpg")
        labels.append(f"{i} {species + 1}")
        flags.append(f"{i} {i % 2}")
        boxes.append(f"{i} {' '.join(map(str, box))}")
        x, y, w, h = box  # the back in the middle, the beak at the right edge and hidden in every third
        places += [
            f"{i} 1 {x + w / 2} {y + h / 2} 1",
            f"{i} 2 0.0 0.0 0" if i % 3 == 0 else f"{i} 2 {x + w - 1} {y + 2} 1",
        ]
        for a in range(1, len(ATTRIBUTES) + 1):
            certainty = 1 if a == 5 and i % 4 == 0 else 4
            answers.append(f"{i} {a} {int(a == species + 1 or a == 5 and certainty == 4)} {certainty} 2.25")
    write(home / "images.txt", *names)
    write(home / "classes.txt", *(f"{k} {name}" for k, name in enumerate(SPECIES, 1)))
    write(home / "image_class_labels.txt", *labels)
    write(home / "train_test_split.txt", *flags)
    write(home / "bounding_boxes.txt", *boxes)
    write(home / "parts" / "parts.txt", "1 back", "2 beak")
    write(home / "parts" / "part_locs.txt", *places)
    write(raw / "attributes.txt", *(f"{k} {name}" for k, name in enumerate(ATTRIBUTES, 1)))
    write(home / "attributes" / "image_attribute_labels.txt", *answers)
    write(home / "attributes" / "certainties.txt", "1 not visible", "2 guessing", "3 probably", "4 definitely")
    write_lists(reed, SPECIES)
    return raw


def write_lists(folder: Path, classes: tuple[str, ...]) -> None:
    """All but the last class train, the one before it validates, the last one tests."""
    write(folder / "allclasses.txt", *classes)
    write(folder / "trainvalclasses.txt", *reversed(classes[:-1]))
    write(folder / "trainclasses.txt", *classes[:-2])
    write(folder / "valclasses.txt", classes[-2])
    write(folder / "testclasses.txt", classes[-1])


def write_oxford(raw: Path) -> Path:
    """Three classes of four pictures, numbered class by class, in Oxford's own split one in four for each of two lists."""
    n = len(SPECIES) * PER_CLASS
    labels = np.arange(n) // PER_CLASS + 1
    (raw / "jpg").mkdir(parents=True)
    for i, label in enumerate(labels.tolist(), 1):
        picture(i, COLOURS[label - 1])[0].save(raw / "jpg" / f"image_{i:05d}.jpg", quality=95, subsampling=0)
        write(raw / "cvpr2016_flowers" / "text_c10" / f"class_{label:05d}" / f"image_{i:05d}.txt", *captions_of(i))
    savemat(raw / "imagelabels.mat", {"labels": labels[None].astype(np.uint8)})
    numbers = np.arange(1, n + 1, dtype=np.uint16)
    lists = {"trnid": numbers[::4], "valid": numbers[1::4], "tstid": np.concatenate([numbers[2::4], numbers[3::4]])}
    savemat(raw / "setid.mat", {name: values[None] for name, values in lists.items()})
    write_lists(raw / "cvpr2016_flowers", tuple(f"class_{k:05d}" for k in (1, 2, 3)))
    return raw
