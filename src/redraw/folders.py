"""Anybody's images, scored by a protocol of a paper's sheet: the same instruments, the same arithmetic, the same key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .core import RedrawError, canonical_json, digest, nearest, read_json
from .metrics import METRICS
from .names import data_folder
from .plan import SCALES
from .resolve import sized, stand_in
from .scores import protocol
from .sheets import PAPERS, read_yaml

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def score_folder(
    images: Path,
    protocol_name: str,
    captions: Path | None = None,
    reference: Path | None = None,
    scale: str | None = None,
) -> dict[str, Any]:
    """Score the images below a folder by the evaluation ``protocol_name`` of a sheet ("evaluation" or "paper/evaluation").

    Images are read whole, as a model's own: in the order of their paths, numbers in them counted as numbers.
    ``captions``: a line an image, either in that order or "path<TAB>caption". ``reference``: a folder of real images,
    framed as the others, in place of those of the data set. Needs the instrument's trained model, and the prepared data
    set where its own images are compared with. Returns value, spread, n, protocol and key; the key is that of the
    tables where the data set lies here, n is equal, and captions that are read are the same. Raises RedrawError, one
    line, otherwise.
    """
    paper, sheet, name = _find(protocol_name)
    params = _params(scale)
    evaluation = sized(sheet["evaluations"][name], params["scale"], f"papers/{paper}.yaml, evaluations.{name}")
    about = METRICS[evaluation["metric"]]
    if "class_id" in about.reads:
        raise RedrawError(
            f"--protocol {name}: it needs each image's class, which a folder does not tell: choose another"
        )
    for option, given, read in (
        ("--captions", captions, "captions" in about.reads), ("--reference", reference, about.reference),
    ):  # fmt: skip
        if given and not read:
            raise RedrawError(f"{option}: protocol {name} reads none: leave it out")
    if "captions" in about.reads and not captions:
        raise RedrawError(f"--protocol {name}: it reads each image's caption: give --captions FILE")
    files = image_files(images)
    items = {"class_id": np.full(len(files), -1), "n_words": np.zeros(len(files), np.int64)}
    if captions:
        items["captions"] = np.array(_captions(captions, images, files))
    run = _scored_so(sheet, name)
    dataset = stand_in(params, run["dataset"])[0]
    folder = Path(data_folder(dataset, run.get("form")))
    weights, arrays = _read(files, evaluation, sheet, paper, params["scale"], folder, reference)
    items |= arrays
    result = about.fn(items, **evaluation.get("options", {}))
    data = (read_json(folder / "manifest.json") or {}).get("digest", "not here")
    fields = protocol(evaluation, dataset, data, weights, items)
    if reference:
        fields["reference"] = _folder_digest(reference)
    spread = result.get("spread")
    return {
        "protocol_name": f"{paper}/{name}", "value": float(result["value"]), "spread": None if spread is None else float(spread),
        "n": int(result.get("n", len(files))), "unit": evaluation.get("unit", about.unit),
        "better": evaluation.get("better", about.better), "envelope": result.get("envelope"), "scale": params["scale"],
        "protocol": fields, "protocol_key": digest(fields),
    }  # fmt: skip


def image_files(folder: Path) -> list[Path]:
    """All images below a folder in the order of their paths, 2 before 10, hidden ones left out.

    Raises RedrawError where there are none.
    """
    if not folder.is_dir():
        raise RedrawError(f"{folder}: no such folder: give one that holds images")

    def order(path: Path) -> list[tuple[bool, int, str]]:
        parts = re.split(r"(\d+)", str(path.relative_to(folder)))
        return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]

    below = (p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
    found = [p for p in below if not any(part.startswith((".", "__MACOSX")) for part in p.relative_to(folder).parts)]
    if not found:
        raise RedrawError(f"{folder}: no images in it ({', '.join(ENDINGS)}): give another folder")
    return sorted(found, key=order)


# --- inside ------------------------------------------------------------------------------------------------------


def _params(scale: str | None) -> dict[str, Any]:
    """params.yaml with another scale where one is given; read without its schema, which needs jsonschema."""
    params = read_yaml(Path("params.yaml"))
    if not isinstance(params, dict) or not {"scale", "datasets"} <= set(params):
        raise RedrawError("params.yaml: no scale or no datasets in it: run this in the checkout, or restore the file")
    params = params | {"scale": scale or params["scale"]}
    if params["scale"] not in SCALES:
        raise RedrawError(f"--scale {params['scale']}: {nearest(params['scale'], list(SCALES))}")
    return params


def _find(asked: str) -> tuple[str, Mapping[str, Any], str]:
    """(paper, its sheet, evaluation) of "evaluation" or "paper/evaluation"."""
    sheets = {p.stem: read_yaml(p) for p in sorted(PAPERS.glob("*.yaml"))}
    owner, _, name = asked.rpartition("/")
    known = {
        f"{paper}/{evaluation}": (paper, sheet, evaluation)
        for paper, sheet in sheets.items()
        for evaluation, about in sheet.get("evaluations", {}).items()
        if about.get("metric") in METRICS
        and about["images"] == "model"
        and about.get("instrument")
        and "among" not in about
        and "written" not in METRICS[about["metric"]].reads  # what people wrote of the image is not in a folder
    }
    found = [place for place in known if place == asked or (not owner and place.endswith(f"/{name}"))]
    meant = [_meant(*known[place]) for place in found]
    if len({canonical_json(m) for m in meant}) == 1:  # one protocol under several papers: that of the instrument's
        own = f"{meant[0]['instrument'].partition('/')[0]}/{name}"
        found = [own] if own in found else found[:1]
    if len(found) > 1:
        raise RedrawError(f"--protocol {asked}: several papers have it: give one of {', '.join(found)}")
    if not found:
        raise RedrawError(f"--protocol {asked}: there is none of this name: {nearest(asked, list(known))}")
    return known[found[0]]


def _meant(paper: str, sheet: Mapping[str, Any], evaluation: str) -> dict[str, Any]:
    """An evaluation with its instrument as "paper/run"."""
    about = sheet["evaluations"][evaluation]
    role = about.get("instrument", "self")
    eye = sheet.get("instruments", {}).get(role, role)
    fields = {k: v for k, v in about.items() if k not in ("snapshots", "kind")}
    return {**fields, "instrument": eye if "/" in eye else f"{paper}/{eye}"}


def _scored_so(sheet: Mapping[str, Any], evaluation: str) -> Mapping[str, Any]:
    """The first of the runs that are scored so, as the sheet has it."""
    users = [run for run in sheet.get("runs", {}).values() if evaluation in run.get("score", [])]
    if not users:
        raise RedrawError(f"--protocol {evaluation}: no run of its sheet is scored so: choose another protocol")
    return users[0]


def _captions(path: Path, folder: Path, files: Sequence[Path]) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except OSError as e:
        raise RedrawError(f"{path}: {e.strerror}: give a file of captions, a line an image") from None
    except UnicodeDecodeError as e:
        raise RedrawError(f"{path}, byte {e.start}: not UTF-8: save the file as UTF-8") from None
    names = [str(p.relative_to(folder)) for p in files]
    if all("\t" in line for line in lines):
        rows = [line.split("\t", 1) for line in lines]
        given = {str(Path(name)): caption for name, caption in rows}
        if len(given) < len(rows):
            twice = next(name for k, (name, _) in enumerate(rows) if name in [other for other, _ in rows[:k]])
            raise RedrawError(f"{path}: two captions for {twice}: leave one of the lines out")
        lacking = [name for name in names if name not in given]
        if lacking:
            raise RedrawError(
                f"{path}: no caption for {lacking[0]} ({len(lacking)} lack one): add the line 'path<TAB>caption'"
            )
        return [given[name] for name in names]
    if len(lines) != len(files):
        raise RedrawError(
            f"{path}: {len(lines)} captions for {len(files)} images: give a line an image, or 'path<TAB>caption'"
        )
    return lines


def _read(
    files: Sequence[Path], evaluation: Mapping[str, Any], sheet: Mapping[str, Any], paper: str, scale: str, data: Path,
    reference: Path | None,
) -> tuple[str, dict[str, np.ndarray]]:  # fmt: skip
    """(digest of the instrument's weights, what it reads on the images and on those they are compared with)."""
    from . import device, models
    from .conditions import real_images
    from .data.base import Prepared
    from .scoring import read

    role = evaluation["instrument"]
    run = sheet.get("instruments", {}).get(role, role)
    run = run if "/" in run else f"{paper}/{run}"
    chosen = device.pick("auto")
    instrument = models.load_instrument(Path(f"results/{scale}/runs/{run}.s0/manifest.json"), chosen)
    mode, side = evaluation.get("instrument_mode", "eval"), evaluation.get("side")

    def seen(paths: Sequence[Path]) -> dict[str, np.ndarray]:
        parts = [read(instrument, mode, images, side=side) for images in _opened(paths)]
        return {k: v if k.endswith("_labels") else np.concatenate([p[k] for p in parts]) for k, v in parts[0].items()}

    arrays = seen(files)
    if METRICS[evaluation["metric"]].reference:
        if reference:
            real = seen(image_files(reference))
        else:
            opened = Prepared.open(data).to(chosen)
            images = real_images(instrument.recipe, opened, opened.split(evaluation["reference"]).indices)
            real = read(instrument, mode, images, side=side)
        arrays |= {f"reference_{field}": values for field, values in real.items()}
    return instrument.weights, arrays


def _opened(paths: Sequence[Path]) -> Iterator[Any]:
    """Images [N, 3, H, W] in [-1, 1], neighbours of one size together. Raises RedrawError for a file that is no image."""
    from PIL import Image, UnidentifiedImageError

    from .conditions import CHUNK, from_bytes

    held: list[np.ndarray] = []
    for path in paths:
        try:
            with Image.open(path) as picture:
                deep, alpha = picture.mode[:1] in "IF", picture.getbands()[-1] == "A" or "transparency" in picture.info
                if deep or alpha and picture.convert("RGBA").getextrema()[3][0] < 255:
                    what = "has more than 8 bits a channel" if deep else "has transparent pixels"
                    raise RedrawError(f"{path}: {what}: save it as plain 8-bit RGB")
                pixels = np.moveaxis(np.asarray(picture.convert("RGB")), -1, 0)
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as e:
            raise RedrawError(f"{path}: cannot be read as an image ({e}): replace it or take it out") from None
        if held and (len(held) == CHUNK or held[0].shape != pixels.shape):
            yield from_bytes(np.stack(held))
            held = []
        held.append(pixels)
    yield from_bytes(np.stack(held))


def _folder_digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in image_files(folder):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return f"folder {total.hexdigest()[:16]}"
