"""Given embeddings as runs of the workflow: brought, converted, drawn from beside an encoder, and held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from released_files import arrays, encoder, one_paper, part_of_stackgan
from torch7_files import write_torch7

from redraw import folders, imports, jobs, models
from redraw.cli import main
from redraw.core import RedrawError, read_json
from redraw.data.base import Prepared
from redraw.fresh import fresh, settle
from redraw.imported import importable
from redraw.papers.char_cnn_rnn import TextEncoder
from redraw.papers.stackgan_v2 import Config, Generator
from redraw.plan import Plan
from redraw.recipe import make_config
from redraw.sheets import PAPERS, read_sheets

SHEETS = read_sheets(PAPERS)
TEXT = {**SHEETS["gan_int_cls"]["config"]["CocoTextEncoder"], "channels": [8, 8], "cnn_dim": 16}
DRAWS = {
    **SHEETS["stackgan_v2"]["config"]["StackGANv2"],
    "sizes": [8, 16],
    "crop": 64,
    "ngf": 4,
    "ndf": 2,
    "nz": 8,
    "c_dim": 4,
}
WEIGHTS = {"file": "netG.pth", "kind": "torch", "into": ["generator", "average.network"]}
LISTED: dict[str, Any] = {"dataset": "cub", "tokens": "characters", "stage": "import", "scales": ["smoke"]}
DRAWN = {**LISTED, "recipe": "papers.stackgan_v2:StackGANv2", "released": {"generator": WEIGHTS}, "score": ["drawn"]}
GIVEN = "test/char-CNN-RNN-embeddings.pickle"
SHEET = {
    "paper": {"id": "alpha", "title": "A", "short": "A", "authors": "A.", "venue": "V", "year": 2020, "read_in": ["A"],
              "code": "none", "summary": "s"},
    "config": {"CocoTextEncoder": TEXT, "StackGANv2": DRAWS,
               "GivenEmbeddings": SHEETS["gan_int_cls"]["config"]["GivenEmbeddings"]},
    "tokens": {"characters": SHEETS["gan_int_cls"]["tokens"]["characters"]},
    "runs": {
        "text": {**LISTED, "recipe": "papers.char_cnn_rnn:CocoTextEncoder",
                 "released": {"encoder": {"file": "net_T.t7", "kind": "char_cnn_rnn", "into": ["encoder"]}}},
        "given": {**LISTED, "recipe": "papers.given_embeddings:GivenEmbeddings", "score": ["agreement", "difference"],
                  "released": {"test_names": {"file": "test/filenames.pickle", "kind": "stackgan_names", "into": ["test"]},
                               "test_vectors": {"file": GIVEN, "kind": "stackgan_vectors", "into": ["test"]}}},
        "by_text": {**DRAWN, "needs": {"text": "text"}},
        "by_given": {**DRAWN, "needs": {"text": "given"}},
    },
    "evaluations": {
        "agreement": {"metric": "embedding_agreement", "instrument": "text", "captions": "test", "images": "real", "n": 9,
                      "among": "self"},
        "difference": {"metric": "embedding_difference", "instrument": "text", "captions": "test", "images": "real", "n": 9,
                       "among": "self"},
        "drawn": {"captions": "test", "images": "model", "n": 4, "among": "given"},
    },
}  # fmt: skip


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with one paper of imports on drawn birds, and a function that plans it."""
    plan = one_paper(SHEET, tmp_path, monkeypatch)
    return lambda: plan(datasets={"cub": {"use": "drawn_birds-small", "because": "a test"}})


def made(plan: Plan) -> None:
    """All that is to be made of the runs' own, and is not yet."""
    settle(plan)
    there = fresh(plan)
    for a in plan.artefacts.values():
        if a.rule not in ("table", "gallery", "index") and not there[a.record]:
            jobs.run(a.rule, a.spec_file, a.record)


def text_encoder(folder: Path) -> Path:
    torch.manual_seed(0)
    config = make_config(
        models.recipe_class("papers.char_cnn_rnn:CocoTextEncoder", "t").Config, {**TEXT, "as_released": []}, "t"
    )
    return write_torch7(folder / "net_T.t7", encoder(arrays(TextEncoder(config, 70)), True, False))


def given_files(folder: Path, off: float = 0.0) -> dict[str, Path]:
    """What the converted encoder says of the first five test images' captions, as StackGAN's authors keep it; that of the
    fifth one's is ``off`` in one place.
    """
    opened = Prepared.open(
        "results/data/drawn_birds/small", tokens="results/data/drawn_birds/small/tokens/alpha.characters"
    )
    text = models.load_instrument(Path("results/smoke/runs/alpha/text.s0/manifest.json"), torch.device("cpu")).recipe
    images = opened.split("test").indices[:5]
    with torch.no_grad():
        vectors = text.text(torch.from_numpy(opened.tokens.table("trained").all_of(images)).flatten(0, 1))
    vectors = vectors.numpy().reshape(5, -1, 1024)
    vectors[4, :, 0] += off
    return part_of_stackgan(folder / "test", [opened.names[i] for i in images], vectors)


def bring_given(files: dict[str, Path]) -> list[str]:
    return imports.bring("alpha/given", [f"test_{kind[9:]}={path}" for kind, path in files.items()])[0]


def generator(folder: Path) -> Path:
    torch.manual_seed(1)
    net = Generator(make_config(Config, {**DRAWS, "as_released": []}, "t"), 1024, DRAWS["c_dim"])
    torch.save({f"module.{k}": v for k, v in net.state_dict().items()}, folder / "netG.pth")
    return folder / "netG.pth"


def samples(run: str) -> tuple[np.ndarray, list[str]]:
    with np.load(f"results/smoke/runs/alpha/{run}.s0/samples.npz") as found:
        return found["test-model-4-among-given"].astype(int), found["test-model-4-among-given/captions"].tolist()


def test_a_generator_is_drawn_from_its_authors_vectors_beside_our_encoder(desk, tmp_path):
    imports.bring("alpha/text", [f"encoder={text_encoder(tmp_path)}"])
    path = generator(tmp_path)
    for run in ("by_text", "by_given"):
        imports.bring(f"alpha/{run}", [f"generator={path}"])
    plan = desk()
    assert set(plan.run) == {"alpha/text.s0", "alpha/by_text.s0"} and not plan.run["alpha/by_text.s0"].evaluations
    assert plan.missing["alpha/by_given"] == (
        f"needs test/filenames.pickle, {GIVEN} of the authors: `redraw import alpha/given test_names=FILE test_vectors=FILE`"
    )
    made(plan)

    lines = bring_given(given_files(tmp_path, off=0.5))
    assert lines[:2] == [
        "alpha/given, test_names: filenames.pickle, 2 tensors",
        "alpha/given, test_vectors: char-CNN-RNN-embeddings.pickle, 1 tensors",
    ]
    plan = desk()
    made(plan)
    assert all(fresh(plan)[a.record] for a in plan.artefacts.values() if "/runs/" in a.record)
    manifest = read_json("results/smoke/runs/alpha/given.s0/manifest.json")
    assert manifest["parameters"] == 0 and manifest["notes"][2].startswith("50 of ")
    metrics = read_json("results/smoke/runs/alpha/given.s0/scores.json")["metrics"]
    assert 0.8 < metrics["agreement"]["value"] < 1 - 1e-6 and metrics["agreement"]["n"] == 5
    assert metrics["difference"]["value"] == pytest.approx(0.5, abs=1e-5)
    assert metrics["agreement"]["protocol"]["among_weights"] == manifest["weights"]

    (ours, captions), (theirs, same) = samples("by_text"), samples("by_given")  # of four images, not the fifth
    assert captions == same and len(captions) == 4 and ours.std() > 1
    assert np.abs(ours - theirs).max() <= 1, "but for the last digits, which the size of a batch decides"

    keys = {r: a.key for r, a in desk().artefacts.items()}
    bring_given(given_files(tmp_path, off=-0.5))
    changed = {r for r, a in desk().artefacts.items() if a.key != keys[r] and "/runs/" in r}
    assert {r.split("/")[4].split(".")[0] for r in changed} == {"given", "by_given", "by_text"}
    assert "results/smoke/runs/alpha/by_text.s0/manifest.json" not in changed, (
        "the weights are the same, its captions not"
    )


def test_vectors_alone_are_a_run_that_nothing_scores(desk, tmp_path):
    files = part_of_stackgan(tmp_path / "test", ["a/x"], np.ones((1, 10, 1024), np.float32))
    bring_given({"stackgan_names": files["stackgan_names"]})
    assert (
        desk().missing["alpha/given"] == f"needs {GIVEN} of the authors: `redraw import alpha/given test_vectors=FILE`"
    )
    bring_given(files)
    plan = desk()
    assert not plan.run["alpha/given.s0"].evaluations, "the encoder was not brought"
    assert set(plan.run) == {"alpha/given.s0"}


def test_a_wrong_file_is_not_brought(desk, tmp_path, capsys):
    (tmp_path / "filenames.pickle").write_bytes(b"<html>quota</html>")
    assert main(["import", "alpha/given", "test_names=filenames.pickle"]) == 2
    assert "filenames.pickle: not read: " in capsys.readouterr().err and not imports.BOOK.exists()
    with pytest.raises(RedrawError, match='give ROLE=FILE, did you mean "test_names"\\?'):
        imports.bring("alpha/given", ["tset_names=filenames.pickle"])


def test_ones_own_images_are_not_scored_by_captions_that_only_a_run_knows():
    with pytest.raises(RedrawError, match="is_cub_given: there is none of this name"):
        folders._find("is_cub_given")
    assert folders._find("stackgan_v2/is_cub")[2] == "is_cub"


def test_given_runs_differ_from_their_like_in_the_text_alone():
    runs = importable(SHEETS)
    for like, given in (
        ("stackgan_v2/released_birds", "stackgan_v2/released_birds_given"),
        ("stackgan/released_coco_stage_1", "stackgan/released_coco_stage_1_given"),
        ("stackgan/released_coco_stage_2", "stackgan/released_coco_stage_2_given"),
    ):
        apart = {k for k in runs[like] if runs[like][k] != runs[given].get(k)}
        assert apart <= {"needs", "score"} and "needs" in apart
        texts = [runs[run]["needs"]["text"] for run in (like, given)]
        assert runs[texts[0]]["dataset"] == runs[texts[1]]["dataset"] and "given" in texts[1]
        assert runs[texts[0]]["tokens"] == runs[texts[1]]["tokens"]
        both = set(runs[like].get("score", [])) & set(runs[given].get("score", []))
        paper = SHEETS[like.partition("/")[0]]
        assert {n for n in runs[given].get("score", []) if "among" in paper["evaluations"][n]} <= both
