"""`redraw metrics --images`: anybody's folder of images, read by the instruments of a sheet, in a bare project folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from small_sets import prepared
from torch import nn

from redraw import models, plan, scores, scoring, sheets
from redraw.cli import main
from redraw.conditions import from_bytes, real_images, to_bytes
from redraw.core import RedrawError, file_digest, write_json
from redraw.data.base import Prepared
from redraw.engine import seed_everything
from redraw.recipe import About, Recipe
from redraw.report.given_values import from_files

N, SIDE = 40, 16
RUN = "gan_int_cls/gan_int_cls.s0"
SCORED = ("inception_score", "attribute_consistency", "fid", "kid")
EYES = {
    "classifier": ("image_classifier:ImageClassifier", "test"),
    "reader": ("attribute_reader:AttributeReader", "train"),
}
VALUES = {
    "steps": 1, "batch_size": 4, "evaluations": 1, "patience": None, "watch": None, "as_released": [], "crop": 64,
    "image_size": SIDE, "widths": [8, 8], "features": 8, "learning_rate": 0.01, "input_noise": 0.0,
}  # fmt: skip


class Painter(Recipe):
    """Coloured squares, whole bytes, another picture for every caption."""

    def __init__(self) -> None:
        super().__init__(None, About((3, 76, 76), 20), {})
        self.unused = nn.Parameter(torch.zeros(1))

    def sample(self, conditions, seed):
        return squares(conditions["tokens"])


def squares(seeds: torch.Tensor) -> torch.Tensor:
    """A picture [N, 3, 16, 16] for each row of ``seeds`` [N, T]."""
    pixels = [np.random.default_rng(row.numpy()).integers(0, 256, (3, 2, 2)) for row in seeds]
    return from_bytes(np.stack(pixels).repeat(8, 2).repeat(8, 3).astype(np.uint8))


def instrument(folder: Path, name: str, opened: Prepared) -> None:
    """A fresh network, of several minds about pictures, in the place where the workflow keeps a trained one."""
    recipe, split = EYES[name]
    spec = {"run": f"gan_int_cls/{name}.s0", "recipe": f"instruments.{recipe}", "config": VALUES, "needs": {},
            "splits": {"train": split}}  # fmt: skip
    seed_everything(1, 0)
    described = models.described(spec, opened)
    net = models.build(described)
    with torch.no_grad():
        for _ in range(50):  # means and variances of its inner layers
            net.read(squares(torch.randint(0, 99, (32, 3))))
        net.head.weight.mul_(20)
    weights = net.state_dict()
    models.save(folder / "model.pt", {"described": described, "weights": weights, "snapshots": {}})
    record = {k: spec[k] for k in ("run", "recipe")} | {"model": file_digest(folder / "model.pt")}
    write_json(folder / "manifest.json", record | {"weights": models.weights_digest(weights)})


class Project(NamedTuple):
    folder: Path
    opened: Prepared
    metrics: dict  # what the workflow makes of a run's images
    captions: list[str]  # of images/, in the order of their names


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with two instruments, a prepared data set, and a run that was scored; its images as a user's folder."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(sheets.ROOT / "params.yaml", folder)
    opened = prepared("drawn_birds-small", folder / "raw", folder / "results/data/drawn_birds")
    runs = folder / "results/embedded/runs/gan_int_cls"
    for name in EYES:
        instrument(runs / f"{name}.s0", name, opened)
    run = plan.Plan(sheets.ROOT / "params.yaml").run[RUN]
    assert run.dataset == "drawn_birds"
    evaluations = {name: run.evaluations[name] | {"n": N} for name in SCORED}
    places = {role: runs / f"{role}.s0/manifest.json" for role in EYES}
    read = {role: models.load_instrument(place, torch.device("cpu")) for role, place in places.items()}
    home = folder / "run"
    scoring.draw((Painter(), {}), read, opened, evaluations, 0, home)
    write_json(home / "manifest.json", {"weights": "own", "config": {}, "data": opened.manifest["digest"]})
    write_json(home / "curves.json", {})
    spec = {"run": RUN, "scale": "embedded", "seed": 0, "dataset": run.dataset, "evaluations": evaluations,
            "instruments": places}  # fmt: skip
    metrics = scores.score(home, spec)["metrics"]
    samples = np.load(home / "samples.npz")
    for group, to in ((f"test-model-{N}", "images"), (f"test_own_test-model-{N}", "half")):
        save(folder / to, samples[group])
    real = to_bytes(real_images(read["classifier"].recipe, opened, opened.split("test_own_train").indices))
    save(folder / "real", real)
    captions = samples[f"test-model-{N}/captions"].tolist()
    (folder / "captions.txt").write_text("".join(f"{c}\n" for c in captions))
    return Project(folder, opened, metrics, captions)


def save(folder: Path, images: np.ndarray, ending: str = "png") -> list[str]:
    folder.mkdir()
    names = [f"{k:03d}.{ending}" for k in range(len(images))]
    for name, image in zip(names, images, strict=True):
        Image.fromarray(np.moveaxis(image, 0, -1)).save(folder / name)
    return names


@pytest.fixture
def project(made, monkeypatch):
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def ask(capsys):
    """ask(protocol, images, option, ...) -> what --json prints."""

    def asked(protocol, images="images", *options):
        code = main(["metrics", "--images", str(images), "--protocol", protocol, "--json", *map(str, options)])
        said = capsys.readouterr()
        assert (code, said.err) == (0, ""), said.err
        return json.loads(said.out)

    return asked


@pytest.fixture
def fails(capsys):
    """fails(option, ...) -> the one line, without the name of the program."""

    def failed(*options):
        code = main(["metrics", *map(str, options)])
        said = capsys.readouterr()
        assert code == 2 and said.out == "" and said.err.count("\n") == 1 and said.err.startswith("redraw: ")
        return said.err[len("redraw: ") : -1]

    return failed


# --- the same number under the same key -------------------------------------------------------------------------


def test_what_it_prints_is_a_value_of_redraw_audit(project, ask, tmp_path):
    found = ask("gan_int_cls/inception_score")
    write_json(tmp_path / "seed.json", found)
    values = from_files(tmp_path, ["seed.json", "seed.json"], RedrawError)
    assert values["values"] == [found["value"]] * 2 and values["n"] == values["protocol"]["images"] == N
    assert values["protocol"]["metric"] == "inception_score" and values["protocol"]["folds"] == 10


@pytest.mark.parametrize(
    ("name", "images", "options"),
    [
        ("inception_score", "images", ()),
        ("attribute_consistency", "images", ("--captions", "captions.txt")),
        ("fid", "half", ()),
        ("kid", "half", ()),
    ],
)
def test_a_folder_gets_what_the_workflow_gives_the_same_images(project, ask, name, images, options):
    found, wanted = ask(f"gan_int_cls/{name}", images, *options), project.metrics[name]
    assert found["value"] == pytest.approx(wanted["value"], rel=1e-5) and np.isfinite(found["value"])
    assert found["spread"] == pytest.approx(wanted["spread"], rel=1e-4)
    assert found["protocol"] == wanted["protocol"] and found["protocol_key"] == wanted["protocol_key"]
    assert (found["n"], found["better"], found["unit"]) == (wanted["n"], wanted["better"], wanted["unit"])
    if name == "inception_score":
        assert found["envelope"] == pytest.approx(wanted["envelope"], rel=1e-5)
    assert (found["protocol_name"], found["scale"]) == (f"gan_int_cls/{name}", "embedded")


def test_these_numbers_say_something(project):
    """Else equal numbers would mean little."""
    metrics = project.metrics
    assert metrics["inception_score"]["value"] > 1.05 and 0 < metrics["attribute_consistency"]["value"] < 100
    assert metrics["fid"]["value"] > 0.01 and metrics["fid"]["protocol_key"] != metrics["kid"]["protocol_key"]


def test_what_people_read_is_the_same(project, ask, capsys):
    found = ask("gan_int_cls/inception_score")
    assert main(["metrics", "--images", "images", "--protocol", "inception_score"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"gan_int_cls/inception_score: {found['value']:.6g} ± {found['spread']:.4g}"
    assert second == f"  n 40, higher is better, scale embedded, protocol key {found['protocol_key']}"


def test_another_number_of_images_is_another_protocol(project, ask, tmp_path):
    shutil.copytree("images", tmp_path / "fewer")
    (tmp_path / "fewer/000.png").unlink()
    found = ask("inception_score", tmp_path / "fewer")
    assert found["n"] == found["protocol"]["n"] == 39
    assert found["protocol_key"] != project.metrics["inception_score"]["protocol_key"]


def test_images_are_found_below_a_folder_in_the_order_of_their_paths(project, ask, tmp_path):
    images = tmp_path / "deep"
    for k, path in enumerate(sorted(Path("images").iterdir())):
        (images / f"{k // 10}").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, images / f"{k // 10}" / path.name.replace(".png", ".PNG"))
    (images / "readme.txt").write_text("no image")
    whole = ask("inception_score")
    assert ask("inception_score", images) == whole
    (images / "0/000.PNG").rename(images / "9.PNG")
    assert ask("inception_score", images)["value"] != whole["value"], "folds are cut in the order of the paths"


def test_numbers_in_paths_count_and_hidden_files_do_not(project, ask, tmp_path):
    for k, path in enumerate(sorted(Path("images").iterdir())):
        to = tmp_path / f"part{k // 8 * 5}" / f"{k}.png"
        to.parent.mkdir(exist_ok=True)
        shutil.copy(path, to)
    (tmp_path / "__MACOSX").mkdir()
    for hidden in (".thumbs.png", "part5/.8.png", "__MACOSX/8.png"):
        (tmp_path / hidden).write_bytes(b"no image")
    assert ask("inception_score", tmp_path) == ask("inception_score")


def test_images_of_several_sizes_and_kinds(project, ask, tmp_path):
    shutil.copytree("images", tmp_path / "mixed")
    paths = sorted((tmp_path / "mixed").iterdir())
    for path in paths[::3]:  # of one colour, which sizes do not change
        Image.new("RGB", (9, 30), (200, 30, 60)).save(path)
    first = ask("inception_score", tmp_path / "mixed")
    for path in paths[::3]:
        Image.new("RGB", (64, 64), (200, 30, 60)).save(path)
    again = ask("inception_score", tmp_path / "mixed")
    assert first["value"] == pytest.approx(again["value"], rel=1e-5)
    grey = tmp_path / "grey"
    grey.mkdir()
    for k, path in enumerate(paths[:12]):
        Image.open(path).convert(("L", "P", "RGBA")[k % 3]).save(grey / path.name)
    assert ask("inception_score", grey)["n"] == 12


# --- captions ---------------------------------------------------------------------------------------------------


def test_captions_by_path_may_come_in_any_order(project, ask, tmp_path):
    names = [path.name for path in sorted(Path("images").iterdir())]
    rows = [f"{name}\t{caption}\n" for name, caption in zip(names, project.captions, strict=True)]
    (tmp_path / "rows.txt").write_text("".join([*reversed(rows), "gone.png\ta bird\n", "\n"]))
    found = ask("attribute_consistency", "images", "--captions", tmp_path / "rows.txt")
    assert found["value"] == pytest.approx(project.metrics["attribute_consistency"]["value"])
    assert found["protocol_key"] == project.metrics["attribute_consistency"]["protocol_key"]


def test_captions_in_another_order_give_another_value(project, ask, tmp_path):
    (tmp_path / "turned.txt").write_text("".join(f"{c}\n" for c in project.captions[7:] + project.captions[:7]))
    found = ask("attribute_consistency", "images", "--captions", tmp_path / "turned.txt")
    assert found["value"] != project.metrics["attribute_consistency"]["value"]
    assert found["protocol_key"] != project.metrics["attribute_consistency"]["protocol_key"]


# --- reference --------------------------------------------------------------------------------------------------


def test_a_folder_of_ones_own_may_be_compared_with(project, ask):
    same = ask("fid", "half", "--reference", "half")
    assert same["value"] == pytest.approx(0, abs=1e-6)
    real, own = ask("fid", "half", "--reference", "real"), project.metrics["fid"]
    assert real["value"] == pytest.approx(own["value"], rel=0.02), "these are the data set's, to the byte"
    assert real["protocol"] | {"reference": "test_own_train"} == own["protocol"]
    assert real["protocol"]["reference"].startswith("folder ")
    assert len({same["protocol_key"], real["protocol_key"], own["protocol_key"]}) == 3


def test_the_reference_goes_by_content(project, ask, tmp_path):
    shutil.copytree("real", tmp_path / "copy")
    before = ask("fid", "half", "--reference", "real")
    assert ask("fid", "half", "--reference", tmp_path / "copy") == before
    last = sorted((tmp_path / "copy").iterdir())[-1]
    Image.new("RGB", (SIDE, SIDE), (1, 2, 3)).save(last)
    assert ask("fid", "half", "--reference", tmp_path / "copy")["protocol_key"] != before["protocol_key"]


def test_own_images_need_no_data_set(project, ask, monkeypatch, tmp_path):
    shutil.copytree(project.folder, tmp_path / "bare", ignore=shutil.ignore_patterns("data", "raw", "run"))
    monkeypatch.chdir(tmp_path / "bare")
    assert ask("fid", "half", "--reference", "real")["n"] == N and ask("inception_score")["n"] == N


def test_the_scale_chooses_the_instruments_and_the_data(project, ask, fails, monkeypatch, tmp_path):
    shutil.copytree(project.folder, tmp_path / "bare", ignore=shutil.ignore_patterns("raw", "run"))
    monkeypatch.chdir(tmp_path / "bare")
    Path("results/embedded").rename("results/smoke")
    Path("results/data/drawn_birds").rename("results/data/moved")
    Path("results/data/drawn_birds").mkdir()
    Path("results/data/moved").rename("results/data/drawn_birds/small")
    found = ask("fid", "half", "--scale", "smoke")
    assert found["scale"] == "smoke" and found["protocol"]["dataset"] == "drawn_birds-small"
    assert found["value"] == pytest.approx(project.metrics["fid"]["value"], rel=1e-5)
    assert "results/embedded/runs/gan_int_cls/classifier.s0" in fails("--images", "half", "--protocol", "fid")


# --- mistakes ---------------------------------------------------------------------------------------------------

CONSISTENCY = ("--images", "images", "--protocol", "attribute_consistency")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--images", "image", "--protocol", "inception_score"), "image: no such folder: give one that holds images"),
        (("--images", "captions.txt", "--protocol", "fid"), "captions.txt: no such folder: give one that holds images"),
        (
            ("--images", "half", "--protocol", "fid", "--reference", "reel"),
            "reel: no such folder: give one that holds images",
        ),
        (
            ("--images", "run", "--protocol", "inception_score"),
            "run: no images in it (.png, .jpg, .jpeg, .bmp, .webp): give another folder",
        ),
        (
            ("--images", "images", "--protocol", "inception_scor"),
            '--protocol inception_scor: there is none of this name: did you mean "gawwn/inception_score"?',
        ),
        (
            ("--images", "images", "--protocol", "gan_int/fid"),
            '--protocol gan_int/fid: there is none of this name: did you mean "gan_int_cls/fid"?',
        ),
        (
            CONSISTENCY,
            "--protocol attribute_consistency: it reads each image's caption: give --captions FILE",
        ),
        (
            (*CONSISTENCY, "--captions", "caption.txt"),
            "caption.txt: No such file or directory: give a file of captions, a line an image"),
        (
            ("--images", "images", "--protocol", "ved/accuracy_unseen_captions"),
            "--protocol accuracy_unseen_captions: it needs each image's class, which a folder does not tell: choose another",
        ),
        ((*CONSISTENCY, "--captions", "half"), "half: Is a directory: give a file of captions, a line an image"),
        (
            ("--images", "images", "--protocol", "inception_score", "--captions", "captions.txt"),
            "--captions: protocol inception_score reads none: leave it out",
        ),
        (
            (*CONSISTENCY, "--captions", "captions.txt", "--reference", "real"),
            "--reference: protocol attribute_consistency reads none: leave it out",
        ),
        (
            ("--images", "images", "--protocol", "fid", "--spec", "a.json", "--out", "b.json"),
            "metrics: give --images DIR and --protocol NAME, or --spec and --out as the workflow does",
        ),
        (
            ("--images", "images"),
            "metrics: give --images DIR and --protocol NAME, or --spec and --out as the workflow does",
        ),
        (
            ("--protocol", "fid"),
            "metrics: give --images DIR and --protocol NAME, or --spec and --out as the workflow does",
        ),
        (
            ("--images", "images", "--protocol", "fid", "--scale", "smok"),
                '--scale smok: did you mean "smoke"?',
        ),
        (
            ("--images", "images", "--protocol", "inception_score", "--scale", "study"),
            "results/study/runs/gan_int_cls/classifier.s0/model.pt: no trained model: run `snakemake --cores all "
            "results/study/runs/gan_int_cls/classifier.s0/manifest.json` or `dvc pull`",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_mistake_is_one_line_with_place_and_remedy(project, fails, options, line):
    assert fails(*options) == line


def test_an_empty_folder(project, fails, tmp_path):
    found = fails("--images", tmp_path, "--protocol", "inception_score")
    assert found == f"{tmp_path}: no images in it (.png, .jpg, .jpeg, .bmp, .webp): give another folder"


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"no image", lambda b: b""])
def test_a_broken_image_is_named(project, fails, tmp_path, damage):
    images = np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
    names = save(tmp_path / "images", images)
    path = tmp_path / "images" / names[7]
    path.write_bytes(damage(path.read_bytes()))
    found = fails("--images", tmp_path / "images", "--protocol", "inception_score")
    assert found.startswith(f"{path}: cannot be read as an image (") and found.endswith("): replace it or take it out")


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (Image.new("I;16", (8, 8), 4000), "has more than 8 bits a channel"),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 9)), "has transparent pixels"),
    ],
    ids=["deep", "transparent"],
)
def test_pixels_that_would_be_guessed_at_are_refused(project, fails, tmp_path, picture, why):
    picture.save(tmp_path / "0.png")
    found = fails("--images", tmp_path, "--protocol", "inception_score")
    assert found == f"{tmp_path}/0.png: {why}: save it as plain 8-bit RGB"


def test_a_png_with_a_broken_chunk_and_a_name_with_a_power_are_no_traceback(project, fails, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)).save(
        tmp_path / "1\u00b23.png"
    )
    path = tmp_path / "1\u00b23.png"
    body = path.read_bytes()
    second = body.index(b"IDAT", body.index(b"IDAT") + 4)
    path.write_bytes(body[:second] + b"\x01\x02\x03\x04" + body[second + 4 :])
    found = fails("--images", tmp_path, "--protocol", "inception_score")
    assert found.startswith(f"{path}: cannot be read as an image (")


def test_captions_with_a_byte_order_mark_or_given_twice(project, ask, fails, tmp_path):
    names = [path.name for path in sorted(Path("images").iterdir())]
    rows = [f"{name}\t{caption}\n" for name, caption in zip(names, project.captions, strict=True)]
    (tmp_path / "marked.txt").write_text("".join(rows), encoding="utf-8-sig")
    assert ask("attribute_consistency", "images", "--captions", tmp_path / "marked.txt")["n"] > 0
    (tmp_path / "twice.txt").write_text("".join([*rows, rows[3]]))
    found = fails(*CONSISTENCY, "--captions", tmp_path / "twice.txt")
    assert found == f"{tmp_path}/twice.txt: two captions for 003.png: leave one of the lines out"


def test_the_number_of_captions(project, fails, tmp_path):
    (tmp_path / "c.txt").write_text("".join(f"{c}\n" for c in project.captions[:-1]))
    assert fails(*CONSISTENCY, "--captions", tmp_path / "c.txt") == (
        f"{tmp_path}/c.txt: 39 captions for 40 images: give a line an image, or 'path<TAB>caption'"
    )


def test_a_caption_that_is_lacking(project, fails, tmp_path):
    names = [path.name for path in sorted(Path("images").iterdir())]
    rows = [f"{name}\t{caption}\n" for name, caption in zip(names, project.captions, strict=True)]
    (tmp_path / "c.txt").write_text("".join(row for k, row in enumerate(rows) if k not in (3, 9)))
    assert fails(*CONSISTENCY, "--captions", tmp_path / "c.txt") == (
        f"{tmp_path}/c.txt: no caption for 003.png (2 lack one): add the line 'path<TAB>caption'"
    )


def test_captions_in_another_encoding(project, fails, tmp_path):
    (tmp_path / "c.txt").write_bytes("a grey bird\na caf\u00e9 coloured bird\n".encode("latin-1"))
    assert fails(*CONSISTENCY, "--captions", tmp_path / "c.txt") == (
        f"{tmp_path}/c.txt, byte 17: not UTF-8: save the file as UTF-8"
    )


def test_captions_that_name_nothing(project, fails, tmp_path):
    (tmp_path / "c.txt").write_text("a bird\n" * N)
    found = fails(*CONSISTENCY, "--captions", tmp_path / "c.txt")
    assert found.startswith("attribute_consistency: none of 40 captions names one of has_primary_color")


def test_too_few_images_for_the_folds(project, fails, tmp_path):
    save(tmp_path / "three", np.zeros((3, 3, 8, 8), np.uint8))
    found = fails("--images", tmp_path / "three", "--protocol", "inception_score")
    assert found == "inception_score: 3 items give no 10 folds: raise n or take fewer folds"


def test_a_data_set_that_is_not_prepared(project, fails, monkeypatch, tmp_path):
    shutil.copytree(project.folder, tmp_path / "bare", ignore=shutil.ignore_patterns("data", "raw", "run"))
    monkeypatch.chdir(tmp_path / "bare")
    assert fails("--images", "half", "--protocol", "fid") == (
        "results/data/drawn_birds: no prepared data set (manifest.json): run `snakemake results/data/drawn_birds/manifest.json`"
    )


def test_no_project_here(fails, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert fails("--images", "images", "--protocol", "fid") == "params.yaml: no such file"


def test_a_name_that_several_papers_have(project, fails, monkeypatch, tmp_path):
    about = {"metric": "inception_score", "instrument": "classifier", "captions": "test", "images": "model", "n": 9}
    for paper in ("alpha", "beta"):
        write_json(tmp_path / f"{paper}.yaml", {"evaluations": {"is": about, f"of_{paper}": about}})
    monkeypatch.setattr("redraw.folders.PAPERS", tmp_path)
    assert fails("--images", "images", "--protocol", "is") == (
        "--protocol is: several papers have it: give one of alpha/is, beta/is"
    )
    assert fails("--images", "images", "--protocol", "of_beta") == (
        "--protocol of_beta: no run of its sheet is scored so: choose another protocol"
    )
    assert fails("--images", "images", "--protocol", "alpha/is") == (
        "--protocol is: no run of its sheet is scored so: choose another protocol"
    )


@pytest.mark.parametrize("name", ["fid_real", "fid_noise", "samples_test", "attribute_consistency_shuffled"])
def test_what_is_no_models_image_is_no_protocol_of_a_folder(project, fails, name):
    found = fails("--images", "images", "--protocol", f"gan_int_cls/{name}")
    assert found.startswith(f"--protocol gan_int_cls/{name}: there is none of this name: did you mean")
