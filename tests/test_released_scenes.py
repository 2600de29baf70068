"""The authors' networks of COCO from their files to scores, in small on drawn scenes: their vocabulary, their DAMSM's eyes."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from redraw import imports, jobs
from redraw.core import read_json
from redraw.fresh import settle
from redraw.papers import attngan, damsm, dm_gan
from redraw.plan import Plan
from redraw.recipe import make_config
from redraw.sheets import ROOT, read_params, read_sheets

WORDS = 352  # of drawn_scenes-attngan_small, <end> among them
DIM = 8
ENCODERS = {
    "image_encoder": "small",
    "pretrained": None,
    "crop": 32,
    "image_size": 16,
    "widths": [4, 8],
    "word_dim": 6,
    "dim": DIM,
}
DRAWERS = {"sizes": [8, 16, 32], "crop": 32, "ngf": 2, "residuals": 1, "nz": 4, "condition_dim": 4}
RUNS = {"attngan": {"released_coco_damsm": ENCODERS, "released_coco": {**DRAWERS, "ndf": 2}},
        "dm_gan": {"released_coco": DRAWERS}}  # fmt: skip


@pytest.fixture
def desk(tmp_path, monkeypatch) -> dict[str, Any]:
    """The two sheets with their runs of COCO alone, small and at scale smoke."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDRAW_TRACKING", "off")
    torch.set_num_threads(1)
    sheets = copy.deepcopy(read_sheets())
    (tmp_path / "papers").mkdir()
    for paper, runs in RUNS.items():
        sheet = {
            k: v
            for k, v in sheets[paper].items()
            if k in ("paper", "config", "differences", "tokens", "runs", "instruments")
        }
        sheet["runs"] = {name: sheet["runs"][name] for name in runs}
        for name, size in runs.items():
            sheet["runs"][name].update(config={**sheet["runs"][name].get("config", {}), **size}, scales=["smoke"])
            if name == "released_coco":
                sheet["runs"][name]["score"] = ["r", "shown"]
        sheet["forms"] = {
            n: {**f, "size": 40} for n, f in sheets[paper]["forms"].items() if n.startswith("authors_scenes")
        }
        asked = sheets[paper]["evaluations"][
            "scene_r_precision" if paper == "dm_gan" else "scene_r_precision_drawn_released"
        ]
        sheet["evaluations"] = {
            "r": {**asked, "n": 12},
            "shown": {"captions": "test", "images": "model", "n": 2, "attention": True},
        }
        sheet["evaluations"]["r"]["options"] = {**asked["options"], "candidates": 5}
        (tmp_path / f"papers/{paper}.yaml").write_text(yaml.safe_dump(sheet, sort_keys=False))
        sheets[paper] = sheet
    monkeypatch.setattr(imports, "read_sheets", lambda: sheets)
    return sheets


def saved(network: nn.Module, name: str) -> str:
    Path("files").mkdir(exist_ok=True)
    torch.save(network.state_dict(), f"files/{name}")
    return f"files/{name}"


def bring(sheets: dict[str, Any]) -> None:
    torch.manual_seed(0)

    def values(paper: str, run: str, recipe: str) -> dict[str, Any]:
        about = sheets[paper]["runs"][run]
        return {**sheets[paper]["config"][recipe], **about["config"], "as_released": about["as_released"]}

    config = make_config(damsm.Config, values("attngan", "released_coco_damsm", "DAMSM"), "test")
    text, image = damsm.TextEncoder(config, WORDS), damsm.SmallEncoder(config, True)
    files = [f"text={saved(text, 'text_encoder100.pth')}", f"image={saved(image, 'image_encoder100.pth')}"]
    imports.bring("attngan/released_coco_damsm", files)
    for paper, recipe, module in (("attngan", "AttnGAN", attngan), ("dm_gan", "DMGAN", dm_gan)):
        generator = module.Generator(
            make_config(module.Config, values(paper, "released_coco", recipe), "test"), DIM, True
        )
        name = sheets[paper]["runs"]["released_coco"]["released"]["generator"]["file"]
        imports.bring(f"{paper}/released_coco", [f"generator={saved(generator, name)}"])


def test_from_their_files_to_scores(desk):
    start = time.process_time()
    bring(desk)
    plan = Plan({**read_params(ROOT / "params.yaml"), "scale": "smoke", "papers": {}}, Path("papers"))
    assert sorted(plan.run) == ["attngan/released_coco.s0", "attngan/released_coco_damsm.s0", "dm_gan/released_coco.s0"]
    settle(plan)
    for artefact in plan.artefacts.values():
        if artefact.rule not in ("table", "gallery", "index"):
            jobs.run(artefact.rule, artefact.spec_file, artefact.record)
    print(f"{time.process_time() - start:.1f} CPU seconds")
    found = {}
    for paper in RUNS:
        folder = Path(f"results/smoke/runs/{paper}/released_coco.s0")
        assert read_json(folder / "manifest.json")["stopped"] == "imported"
        found[paper] = read_json(folder / "scores.json")["metrics"]["r"]
        assert 0 <= found[paper]["value"] <= 100 and found[paper]["n"] == 12
        drawn = np.load(folder / "samples.npz")
        assert {"attention.8", "attention.16"} <= {name.rpartition("/")[2] for name in drawn.files}
    attn, memory = (found[paper]["protocol"] for paper in RUNS)
    assert attn == memory and attn["dataset"] == "drawn_scenes-attngan_small"  # read alike: one protocol, two models
    assert found["attngan"]["protocol_key"] == found["dm_gan"]["protocol_key"]
