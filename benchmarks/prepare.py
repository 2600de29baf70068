"""How fast pictures are read and resized, against Pillow alone; and memory and speed of preparing a data set of COCO's size.

    python benchmarks/prepare.py [--images 100000] [--folder FOLDER] [--repeats 5] [--out benchmarks/prepare.json]

Pictures: 640 x 480 JPEGs of the size of COCO's, to 304 pixels of the shorter side; ours by `Pictures.stream`, Pillow's by open,
convert, resize and tobytes, in as many threads. Rates are images per second of the processor, which other people's work does not
change, and by the clock; both the best of the repeats, which take turns. Their ratio, ours to Pillow's, is what counts.

Memory: a tree in COCO's layout is written to FOLDER (a temporary one where none is given; 100,000 images take 3 GB there), its
pictures 64 different ones under many names, its JSON as long as COCO's: five captions and seven objects an image, polygons of 45
points. A process of its own prepares it in the default form; its peak is VmHWM, since a process's ru_maxrss begins with that
of whoever started it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from redraw.core import PROCESS_SETTINGS, RedrawError, write_json

os.environ.update(PROCESS_SETTINGS)  # before numpy is loaded

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from redraw.data import coco  # noqa: E402
from redraw.data.forms import Form  # noqa: E402
from redraw.data.pictures import Item, Pictures  # noqa: E402
from redraw.data.writer import PreparedWriter  # noqa: E402

DIFFERENT, WIDTH, HEIGHT = 64, 640, 480
SIZE = 304
READ = 192  # pictures in a measurement
CAPTIONS, OBJECTS, CATEGORIES, POINTS = 5, 7, 80, 45
WORDS = (
    "a",
    "man",
    "two",
    "women",
    "dog",
    "sitting",
    "standing",
    "on",
    "the",
    "of",
    "red",
    "street",
    "table",
    "plate",
    "large",
)
PACKAGES = ("pillow", "numpy", "ijson")


def write_pictures(folder: Path) -> list[Path]:
    """Soft shapes with grain, some 160 kB each, as COCO's pictures are."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    paths = [folder / f"{k:02d}.jpg" for k in range(DIFFERENT)]
    for path in paths:
        soft = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize((WIDTH, HEIGHT), Image.BICUBIC)
        grain = np.asarray(soft) + rng.normal(0, 14, (HEIGHT, WIDTH, 1))
        Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return paths


# --- pictures ----------------------------------------------------------------------------------------------------


def by_pillow(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.convert("RGB").resize((SIZE * WIDTH // HEIGHT, SIZE), Image.BICUBIC).tobytes()


def pillow(paths: list[Path], workers: int) -> None:
    if workers == 1:
        for path in paths:
            by_pillow(path)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(by_pillow, paths):
            pass


def ours(paths: list[Path], workers: int) -> None:
    os.environ["REDRAW_WORKERS"] = str(workers)
    for _ in Pictures().stream(map(Item, paths), Form(size=SIZE, fit="shorter")):
        pass


def rates(step: Callable[[list[Path], int], None], paths: list[Path], workers: int) -> dict[str, float]:
    """Images per second of the processor, and by the clock."""
    clock, cpu = time.perf_counter(), time.process_time()
    step(paths, workers)
    return {
        "per_cpu_second": len(paths) / (time.process_time() - cpu),
        "per_second": len(paths) / (time.perf_counter() - clock),
    }


def measure_pictures(paths: list[Path], repeats: int) -> list[dict[str, Any]]:
    paths = list(itertools.islice(itertools.cycle(paths), READ))
    best: dict[tuple[int, str, str], float] = {}
    for _ in range(repeats):
        for workers, step in itertools.product((1, 2), (pillow, ours)):
            for kind, value in rates(step, paths, workers).items():
                key = workers, step.__name__, kind
                best[key] = max(best.get(key, 0.0), value)
    found = []
    for workers in (1, 2):
        case: dict[str, Any] = {"workers": workers}
        for kind in ("per_cpu_second", "per_second"):
            mine, theirs = best[workers, "ours", kind], best[workers, "pillow", kind]
            case[f"images_{kind}"] = {
                "ours": round(mine, 1),
                "pillow": round(theirs, 1),
                "ratio": round(mine / theirs, 3),
            }
        found.append(case)
    return found


# --- memory ------------------------------------------------------------------------------------------------------


def write_tree(raw: Path, pictures: list[Path], n: int) -> None:
    """Two thirds of ``n`` images train2014, the others val2014, of which an eighth each validate and test for Karpathy."""
    rng = np.random.default_rng(1)
    polygons = [
        json.dumps([rng.uniform(0, 480, 2 * points).round(2).tolist()])
        for points in np.maximum(4, rng.geometric(1 / POINTS, 512))
    ]
    ids = {"train2014": range(1, 3 * (2 * n // 3), 3), "val2014": range(2, 3 * (n - 2 * n // 3), 3)}

    def captions(i: int) -> list[str]:
        words = np.random.default_rng([2, i]).integers(len(WORDS), size=(CAPTIONS, 10))
        return [f"{' '.join(WORDS[w] for w in row)}.".capitalize() for row in words]

    for part, of_part in ids.items():
        (raw / part).mkdir(parents=True)
        for i in of_part:
            os.link(pictures[i % DIFFERENT], raw / part / f"COCO_{part}_{i:012d}.jpg")
        images = (
            {"license": 3, "file_name": f"COCO_{part}_{i:012d}.jpg", "coco_url": f"http://mscoco.org/images/{i}",
             "height": HEIGHT, "width": WIDTH, "date_captured": "2013-11-14 11:18:45", "id": i,
             "flickr_url": "http://farm9.staticflickr.com/8186/8119368305_4e622c8349_z.jpg"}
            for i in of_part
        )  # fmt: skip
        images = [json.dumps(image) for image in images]
        said = (
            json.dumps({"image_id": i, "id": 10 * i + k, "caption": text})
            for i in of_part
            for k, text in enumerate(captions(i))
        )
        instances = (
            f'{{"segmentation": {polygons[(i * 31 + k) % len(polygons)]}, "area": 702.105, "iscrowd": 0, "image_id": {i}, '
            f'"bbox": [{k * 50.5}, {i % 300}.25, 88.52, 120.31], "category_id": {(i + k * 7) % CATEGORIES + 1}, '
            f'"id": {100 * i + k}}}'
            for i in of_part
            for k in range(OBJECTS)
        )
        categories = [
            json.dumps({"supercategory": "thing", "id": k + 1, "name": f"thing {k}"}) for k in range(CATEGORIES)
        ]
        notes = raw / "annotations"
        write_lists(notes / f"captions_{part}.json", {"images": images, "annotations": said})
        write_lists(
            notes / f"instances_{part}.json", {"images": images, "annotations": instances, "categories": categories}
        )
    every = ((part, i) for part, of_part in ids.items() for i in of_part)
    write_lists(
        raw / coco.KARPATHY, {"images": (karpathy(k, part, i, captions(i)) for k, (part, i) in enumerate(every))}
    )


def karpathy(k: int, part: str, i: int, captions: list[str]) -> str:
    split = "train" if part == "train2014" else {0: "val", 1: "test"}.get(k % 8, "restval")
    first = k * CAPTIONS
    sentences = [
        {"tokens": text.lower().strip(".").split(), "raw": text, "imgid": k, "sentid": s}
        for s, text in enumerate(captions, first)
    ]
    return json.dumps(
        {"filepath": part, "sentids": list(range(first, first + CAPTIONS)), "filename": f"COCO_{part}_{i:012d}.jpg",
         "imgid": k, "split": split, "sentences": sentences, "cocoid": i}
    )  # fmt: skip


def write_lists(path: Path, lists: dict[str, Iterable[str]]) -> None:
    """{"<name>": [entry, …], …}, an entry at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as f:
        for n, (name, found) in enumerate(lists.items()):
            f.write(f'{", " if n else "{"}"{name}": [')
            f.writelines(separated(found))
            f.write("]")
        f.write("}")


def separated(found: Iterable[str]) -> Iterator[str]:
    for n, entry in enumerate(found):
        yield f", {entry}" if n else entry


def prepare(raw: Path, folder: Path) -> dict[str, float]:
    """What the process of its own does: the tree ``raw`` prepared, with seconds and peak."""
    start = time.perf_counter()
    with PreparedWriter(folder, "coco") as writer:
        coco.prepare(raw, writer, {})
    seconds = time.perf_counter() - start
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return {
        "images": writer.body["images"], "seconds": round(seconds, 1), "cpu_seconds": round(time.process_time(), 1),
        "images_per_second": round(writer.body["images"] / seconds, 1), "peak_memory_mb": round(int(peak[1]) / 1024),
    }  # fmt: skip


def measure_memory(home: Path, pictures: list[Path], n: int) -> dict[str, Any]:
    raw = home / "coco"
    write_tree(raw, pictures, n)
    sizes = {path.name: path.stat().st_size for path in raw.glob("*/*.json")}
    environment = {name: value for name, value in os.environ.items() if name != "REDRAW_WORKERS"}
    command = [sys.executable, __file__, "--prepare", str(raw), str(home / "prepared")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RedrawError(f"{raw}: not prepared: {done.stderr.splitlines()[-1]}")
    return {**json.loads(done.stdout), "json_mb": {name: round(size / 1e6, 1) for name, size in sorted(sizes.items())}}


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--images", type=int, default=100_000)
    p.add_argument("--folder", type=Path)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    p.add_argument("--prepare", type=Path, nargs=2, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.prepare:
        print(json.dumps(prepare(*a.prepare)))
        return
    if a.folder is not None:
        a.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=a.folder) as folder:
        pictures = write_pictures(Path(folder) / "pictures")
        result = {
            "cores": len(os.sched_getaffinity(0)), "packages": {name: version(name) for name in PACKAGES},
            "jpeg_kb": round(sum(path.stat().st_size for path in pictures) / len(pictures) / 1000, 1),
            "pictures": measure_pictures(pictures, a.repeats),
        }  # fmt: skip
        print(result, flush=True)
        result["memory"] = measure_memory(Path(folder), pictures, a.images)
    print(result["memory"])
    write_json(a.out, result)


if __name__ == "__main__":
    main()
