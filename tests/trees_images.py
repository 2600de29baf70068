"""Tiny raw trees of sets of images without captions, in the layouts of the published ones."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import lmdb
import numpy as np
import pytest
from PIL import Image
from raw_trees import write
from scipy.io import savemat
from small_sets import prepared_by

from redraw.core import RedrawError
from redraw.data.base import Prepared

AGAIN = "get the file again, then run the same command"
BOTH = "get both files again, then run the same command"
Harm = Callable[[Path], Any]


def refused(module: ModuleType, name: str, raw: Path, folder: Path, **options: Any) -> str:
    """The one line of the RedrawError, the raw folder's path left out. Nothing may have been written."""
    with pytest.raises(RedrawError) as error:
        prepared_by(module, name, raw, folder, **options)
    assert not folder.exists() and not list(folder.parent.glob(f".{folder.name}*"))
    text = str(error.value).replace(f"{raw}/", "").replace(str(raw), "RAW")
    print(text)
    assert "\n" not in text
    return text


def edit(path: str, change: Callable[[bytes], bytes]) -> Harm:
    return lambda raw: (raw / path).write_bytes(change((raw / path).read_bytes()))


def remove(path: str) -> Harm:
    return lambda raw: shutil.rmtree(raw / path) if (raw / path).is_dir() else (raw / path).unlink()


def line(path: str, number: int, text: str | None) -> Harm:
    """The file with another line ``number``, from 1; beyond its end, with one more; without it where ``text`` is None."""

    def change(old: bytes) -> bytes:
        found = old.splitlines(True)
        found[number - 1 : number] = [] if text is None else [text.encode("latin-1") + b"\n"]
        return b"".join(found)

    return edit(path, change)


def splits_of(opened: Prepared) -> dict[str, list[int]]:
    return {name: indices.tolist() for name, indices in opened.splits.items()}


def noise(n: int, side: int, seed: int = 0) -> np.ndarray:
    """[n, side, side, 3] uint8"""
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), np.uint8)


# --- binarised MNIST, OMNIGLOT -----------------------------------------------------------------------------------


def write_binarized_mnist(raw: Path) -> dict[str, np.ndarray]:
    """1,203, 4 and 5 images: more than are read at once. Returns {split: [N, 28, 28] of 0 and 1}."""
    raw.mkdir(parents=True)
    rng, found = np.random.default_rng(1), {}
    for part, split, n in (("train", "train", 1203), ("valid", "validation", 4), ("test", "test", 5)):
        found[split] = rng.integers(0, 2, (n, 28, 28), np.uint8)
        rows = (" ".join(map(str, image.ravel().tolist())) for image in found[split])
        (raw / f"binarized_mnist_{part}.amat").write_text("".join(f"{row}\n" for row in rows))
    return found


def chardata(n: int = 40, tests: int = 6) -> dict[str, np.ndarray]:
    """The variables of chardata.mat: values of whole 255ths, three alphabets, characters from 1."""
    rng, found = np.random.default_rng(2), {}
    for part, count in (("", n), ("test", tests)):
        found[f"{part}data"] = rng.integers(0, 256, (784, count)) / 255
        found[f"{part}target"] = np.eye(3)[np.arange(count) % 3].T
        found[f"{part}targetchar"] = (np.arange(count)[None] % 7 + 1).astype(float)
    return found


def write_chardata(raw: Path, compressed: bool = True, **changed: np.ndarray | None) -> Path:
    """``changed``: variables to be written otherwise, or left out where they are None."""
    raw.mkdir(parents=True, exist_ok=True)
    values = {name: value for name, value in (chardata() | changed).items() if value is not None}
    savemat(raw / "chardata.mat", values, do_compression=compressed)
    return raw


def write_omniglot(raw: Path) -> Path:
    """Two alphabets to learn from (of 11 and 2 characters) and one to test on (of 2), two drawings of each character."""
    for folder, alphabet, characters in (
        ("images_background", "Greek", 11), ("images_background", "Braille", 2), ("images_evaluation", "ULOG", 2),
    ):  # fmt: skip
        for character in range(1, characters + 1):
            for k in (1, 2):
                pixels = np.full((105, 105), 255, np.uint8)
                pixels[10 : 20 + character, 10 : 20 + 5 * k] = 0
                path = raw / folder / alphabet / f"character{character:02d}" / f"{character:04d}_{k:02d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).convert("1").save(path)
    return raw


# --- small colour pictures ---------------------------------------------------------------------------------------


def write_svhn(raw: Path, compressed: bool = True, **changed: np.ndarray) -> dict[str, np.ndarray]:
    """21, 4 and 3 images with the labels 1 to 10 in turn. ``changed``: variables of train_32x32.mat written otherwise."""
    raw.mkdir(parents=True, exist_ok=True)
    found = {split: noise(n, 32, n) for split, n in (("train", 21), ("test", 4), ("extra", 3))}
    for split, images in found.items():
        values = {"X": images.transpose(1, 2, 3, 0), "y": (np.arange(len(images))[:, None] % 10 + 1).astype(np.uint8)}
        savemat(raw / f"{split}_32x32.mat", values | (changed if split == "train" else {}), do_compression=compressed)
    return found


CIFAR_CLASSES = ("airplane", "automobile", "bird")


def write_cifar10(raw: Path) -> np.ndarray:
    """Five batches of four images and a test batch of three, labels in turn. Returns the images [23, 32, 32, 3]."""
    home, images = raw / "cifar-10-batches-bin", noise(23, 32)
    home.mkdir(parents=True)
    records = np.concatenate(
        [np.arange(23, dtype=np.uint8)[:, None] % 3, images.transpose(0, 3, 1, 2).reshape(23, -1)], 1
    )
    for k in range(5):
        (home / f"data_batch_{k + 1}.bin").write_bytes(records[4 * k : 4 * k + 4].tobytes())
    (home / "test_batch.bin").write_bytes(records[20:].tobytes())
    (home / "batches.meta.txt").write_text("\n".join(CIFAR_CLASSES) + "\n\n")
    return images


# --- faces -------------------------------------------------------------------------------------------------------

FACES = 7
MARKS = ("Male", "Smiling", "Young")
POINTS = ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")


def flat(path: Path, width: int, height: int, grey: int) -> None:
    """A picture of one grey, as JPEG whatever its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (grey, grey, grey)).save(path, "JPEG", quality=95)


def write_celeba(raw: Path, identity: bool = True) -> Path:
    """Seven faces: four train, one validates, two test. Lists run backwards but for the partition; file n has grey 20 n."""
    names = [f"{k:06d}.jpg" for k in range(1, FACES + 1)]
    for k, name in enumerate(names, 1):
        flat(raw / "img_align_celeba" / name, 178, 218, 20 * k)
    rows = [f"{name}  {' '.join('1' if (k + a) % 2 else '-1' for a in range(3))}" for k, name in enumerate(names)]
    places = [
        f"{name} {' '.join(f'{30 + 20 * p + k}  {60 + 10 * p}' for p in range(5))}" for k, name in enumerate(names)
    ]
    head = " ".join(f"{point}_{axis}" for point in POINTS for axis in "xy")
    write(raw / "list_eval_partition.txt", *(f"{name} {flag}" for name, flag in zip(names, "0000122", strict=True)))
    write(raw / "list_attr_celeba.txt", str(FACES), " ".join(MARKS) + " ", *reversed(rows))
    write(raw / "list_landmarks_align_celeba.txt", str(FACES), head + " ", *reversed(places))
    if identity:
        write(raw / "identity_CelebA.txt", *(f"{name} {(2880, 17, 2937)[k % 3]}" for k, name in enumerate(names)))
    return raw


PEOPLE = tuple(f"Person_{chr(65 + k)}" for k in range(21))


def write_lfw(raw: Path, pairs: bool = False, attributes: bool = True) -> Path:
    """21 people, of the first three images, of the others one; Person_C's has no line of attributes."""
    rows = []
    for k, person in enumerate(PEOPLE):
        for n in (1, 2, 3) if k == 0 else (1,):
            flat(raw / "lfw" / person / f"{person}_{n:04d}.jpg", 250, 250, 10 * k + n)
            if person != "Person_C":
                rows.append(f"{person.replace('_', ' ')}\t{n}\t{0.5 - k % 2}\t{-0.1 * n}\t1e-3")
    if attributes:
        write(
            raw / "lfw_attributes.txt", "# Attributes", "#\tperson\timagenum\tMale\tNo Eyewear\tYoung", *reversed(rows)
        )
    if pairs:
        different = (f"{a}\t1\t{b}\t1" for a, b in zip(PEOPLE, PEOPLE[1:10], strict=False))
        write(raw / "pairsDevTrain.txt", "1", "Person_A\t1\t3", *different)
        write(raw / "pairsDevTest.txt", "1", "Person_K\t1\tPerson_L\t1")
    return raw


# --- scenes, dogs and cats ---------------------------------------------------------------------------------------


def write_lmdb(folder: Path, items: dict[bytes, bytes]) -> None:
    """As LSUN's folders are, in the order in which ``items`` come, some at a time; without the file of locks."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.mdb").unlink(missing_ok=True)
    with lmdb.open(str(folder), map_size=1 << 26, lock=False) as env:
        rows = list(items.items())
        for begin in range(0, len(rows), 50):
            with env.begin(write=True) as transaction:
                for key, value in rows[begin : begin + 50]:
                    transaction.put(key, value)


def webp(grey: int, width: int = 96, height: int = 80, kind: str = "WEBP") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), (grey, grey, grey)).save(content, kind)
    return content.getvalue()


def write_lsun(raw: Path, scene: str = "church_outdoor", n: int = 103) -> list[bytes]:
    """``n`` images to train on, three to test on, not in the order of their keys. Returns the keys, sorted, of grey 0, 2, 4, …"""
    keys = sorted(hashlib.sha1(str(k).encode()).hexdigest().encode() for k in range(n))
    order = np.random.default_rng(3).permutation(n).tolist()
    write_lmdb(raw / f"{scene}_train_lmdb", {keys[k]: webp(2 * k) for k in order})
    write_lmdb(raw / f"{scene}_val_lmdb", {b"%040x" % k: webp(50 + k, 80, 160) for k in (2, 1, 3)})
    return keys


def write_imagenet(raw: Path) -> Path:
    """A folder ``train`` of two classes of dogs (of 99 and four images; a PNG among them), one of cats and one of others."""
    for wnid, n in (("n02085620", 99), ("n02105855", 4), ("n02124075", 3), ("n01440764", 2)):
        for k in range(n):
            flat(raw / "train" / wnid / f"{wnid}_{100 + k}.JPEG", 100, 90, 2 * k + 9)
    Image.new("RGB", (90, 100), (9, 9, 9)).save(raw / "train/n02105855/n02105855_103.JPEG", "PNG")
    return raw


def archived(raw: Path) -> Path:
    """The tree of ``write_imagenet`` as ILSVRC2012_img_train.tar."""
    with tarfile.open(raw / "ILSVRC2012_img_train.tar", "w") as outer:
        for folder in sorted((raw / "train").iterdir(), reverse=True):
            with tarfile.open(raw / f"{folder.name}.tar", "w") as inner:
                for path in sorted(folder.iterdir(), reverse=True):
                    inner.add(path, f"./{path.name}")
            outer.add(raw / f"{folder.name}.tar", f"{folder.name}.tar")
            (raw / f"{folder.name}.tar").unlink()
    shutil.rmtree(raw / "train")
    return raw
