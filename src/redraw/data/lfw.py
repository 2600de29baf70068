"""Labeled Faces in the Wild (Huang et al., 2007), with the attributes of Kumar et al. (2009) where they are there.

    lfw/<Person>/<Person>_0001.jpg  250 x 250; the folder may be called lfw-funneled or lfw-deepfunneled as well
    lfw_attributes.txt              two lines that begin with #, the second `#<tab>person<tab>imagenum<tab><attribute>…`, then
                                    `<Person with spaces><tab><number><tab><real>…`: a positive one is present (recalled,
                                    as third parties read it)
    pairsDevTrain.txt,              the number of pairs, then `<Person><tab><n><tab><n>` and
    pairsDevTest.txt                `<Person><tab><n><tab><Person><tab><n>` (recalled: View 1)

Splits are by person: with both lists of pairs, theirs, who share nobody; people in neither are in split others. Without them
every tenth person in sorted order tests. LFW has no validation split: of those who train by the list every tenth validates, and
without lists the person before each one who tests. Of an image without a line in lfw_attributes.txt all attributes are unknown
(-1). By default the middle 150 x 150 pixels are resized to 64 x 64.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError
from ..names import family
from .forms import form_of
from .lists import GET_AGAIN, GET_BOTH, compare_counts, fail, required
from .pictures import Item, Pictures
from .writer import PreparedWriter

HOME, ATTRIBUTES, PAIRS = "lfw", "lfw_attributes.txt", {"train": "pairsDevTrain.txt", "test": "pairsDevTest.txt"}
FOLDERS = (HOME, "lfw-deepfunneled", "lfw_deepfunneled", "lfw-funneled", "lfw_funneled")
RAW_FILES = (HOME,)
NEEDS = "the unpacked folder lfw (and lfw_attributes.txt, pairsDevTrain.txt, pairsDevTest.txt, if wanted)"
PUBLISHED = {"images": 13_233, "people": 5_749}
NAME = re.compile(r"(.+)_(\d{4})\.jpg")
EVERY = 10  # people


def find_raw(raw: Path, name: str) -> Path | None:
    """The raw folder, by any of its names; None where it is missing."""
    return next((raw / folder for folder in FOLDERS if (raw / folder).is_dir()), None) if name == HOME else None


def prepare(raw: Path, writer: PreparedWriter, options: Mapping[str, Any]) -> None:
    """The files below ``raw`` -> faces in the form of forms.py, in the order of their names; classes are the people.

    Raises RedrawError for a file that is missing, contradicts another one, or is not of its form.
    """
    form = form_of(options, writer.dataset, ("none", "centre"), crop="centre", scale=150, size=64)
    home = required(raw, HOME, find_raw(raw, HOME), writer.dataset, NEEDS)
    people = _people(home)
    writer.classes = list(people)
    attributes: dict[tuple[str, int], np.ndarray] = {}
    if (raw / ATTRIBUTES).exists():
        writer.attributes, attributes = _attributes(raw / ATTRIBUTES, people, writer)
    split_of = _splits(raw, list(people), writer)
    unknown = np.full(len(writer.attributes), -1, np.int8)
    pictures, counts = Pictures(), Counter(people=len(people))
    shaped = pictures.stream((Item(home / person / _file(person, n)) for person, n in _each(people)), form)
    ids = {person: k for k, person in enumerate(people)}
    without: list[str] = []
    for (person, n), found in zip(_each(people), shaped, strict=True):
        said = attributes.get((person, n))
        if said is None and writer.attributes:
            without.append(_file(person, n))
        labels = (unknown if said is None else said) if writer.attributes else None
        writer.add(found.image, ids[person], f"{person}/{person}_{n:04d}", split_of[person], attributes=labels)
        counts["images"] += 1
    if without:
        writer.note(
            f"{ATTRIBUTES} says nothing of {len(without)} of {counts['images']} images, the first is {without[0]}: all their "
            "attributes are unknown"
        )
    pictures.tell(writer)
    if family(writer.dataset) == "lfw":
        compare_counts(counts, PUBLISHED, "LFW", writer)


# --- inside ------------------------------------------------------------------------------------------------------


def _file(person: str, n: int) -> str:
    return f"{person}_{n:04d}.jpg"


def _each(people: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, int]]:
    return ((person, n) for person, numbers in people.items() for n in numbers)


def _people(home: Path) -> dict[str, list[int]]:
    """{person: the numbers of the images}, sorted."""
    found: dict[str, list[int]] = {}
    for folder in sorted(p for p in home.iterdir() if not p.name.startswith(".")):
        numbers = []
        for path in folder.iterdir() if folder.is_dir() else [folder]:
            match = NAME.fullmatch(path.name)
            if path.name.startswith("."):
                continue
            if match is None or path is folder or match[1] != folder.name:
                raise RedrawError(f"{path}: expected <Person>/<Person>_0001.jpg: take it away, or get the folder again")
            numbers.append(int(match[2]))
        if not numbers:
            raise RedrawError(f"{folder}: no image of this person: get the folder again")
        found[folder.name] = sorted(numbers)
    if not found:
        raise RedrawError(f"{home}: holds no <Person>/<Person>_0001.jpg: get the folder again")
    return found


def _tabbed(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number from 1, fields) of the lines that are not blank."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as e:
        fail(path, content.count(b"\n", 0, e.start) + 1, f"byte 0x{content[e.start]:02x} is not UTF-8")
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r").split("\t")


def _attributes(
    path: Path, people: Mapping[str, Sequence[int]], writer: PreparedWriter
) -> tuple[list[str], dict[tuple[str, int], np.ndarray]]:
    """Names, and {(person, number): [A] int8, 1 present, 0 absent}."""
    names: list[str] = []
    found: dict[tuple[str, int], np.ndarray] = {}
    others: list[str] = []
    there = set(_each(people))
    for number, fields in _tabbed(path):
        if fields[0].startswith("#"):
            names = [field.strip() for field in fields[3:]] if fields[1:3] == ["person", "imagenum"] else names
            continue
        if not names:
            fail(path, number, "no line `# person imagenum <attribute>…` before it, parted by tabs")
        person = fields[0].strip().replace(" ", "_")
        if len(fields) != len(names) + 2 or not fields[1].isdecimal():
            fail(
                path,
                number,
                f"{len(fields)} fields, expected {len(names) + 2}: `<person> <number> <value>…`, parted by tabs",
            )
        key = person, int(fields[1])
        try:
            values = np.array(fields[2:], np.float64)
        except ValueError:
            values = np.array([np.nan])
        if not np.isfinite(values).all():
            fail(path, number, f"a value of {_file(*key)} is no number")
        if key in found:
            fail(path, number, f"{_file(*key)} comes twice")
        if key in there:
            found[key] = (values > 0).astype(np.int8)
        else:
            others.append(_file(*key))
    if not found:
        raise RedrawError(f"{path}: says nothing of any image in {HOME}: {GET_BOTH}")
    if others:
        writer.note(
            f"{path.name}: {len(others)} of {len(others) + len(found)} lines are about images that are not there, the first is "
            f"{others[0]}: left out"
        )
    return names, found


def _splits(raw: Path, people: Sequence[str], writer: PreparedWriter) -> dict[str, str]:
    """{person: split}"""
    paths = {split: raw / name for split, name in PAIRS.items() if (raw / name).exists()}
    if len(paths) == 1:
        writer.note(f"only one of {' and '.join(PAIRS.values())} is there: every tenth person tests")
    if len(paths) == len(PAIRS):
        listed = {split: _paired(path, set(people)) for split, path in paths.items()}
        both = sorted(listed["train"].keys() & listed["test"].keys())
        if both:
            number = listed["test"][both[0]]
            raise RedrawError(f"{paths['test']}, line {number}: {both[0]} is in {PAIRS['train']} too: {GET_BOTH}")
        found = {person: next((s for s, named in listed.items() if person in named), "others") for person in people}
        if unpaired := sum(split == "others" for split in found.values()):
            writer.note(
                f"{unpaired} of {len(people)} people are in neither list of pairs: their images are in split others"
            )
        training = [person for person in people if found[person] == "train"]
        return found | dict.fromkeys(training[EVERY - 1 :: EVERY], "validation")
    last = {EVERY - 2: "validation", EVERY - 1: "test"}
    return {person: last.get(k % EVERY, "train") for k, person in enumerate(people)}


def _paired(path: Path, people: set[str]) -> dict[str, int]:
    """{person: the first line that names them}"""
    found: dict[str, int] = {}
    for number, fields in _tabbed(path):
        if number == 1 and len(fields) == 1 and fields[0].strip().isdecimal():
            continue
        fields = [field.strip() for field in fields]
        named = fields[:1] if len(fields) == 3 else fields[::2]
        if len(fields) not in (3, 4) or not all(field.isdecimal() for field in fields if field not in named):
            fail(
                path,
                number,
                f"{' '.join(fields)[:60]!r}, expected `<person> <n> <n>` or `<person> <n> <person> <n>`, by tabs",
            )
        for person in named:
            if person not in people:
                fail(path, number, f"{person} is not in {HOME}")
            found.setdefault(person, number)
    if not found:
        raise RedrawError(f"{path}: names no pair: {GET_AGAIN}")
    return found
