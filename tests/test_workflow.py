"""Statements 1, 3, 5, 6 and 7 of docs/architecture.md ("who keeps which book"), on copies of the checkout at scale smoke.

The others need DVC: test_dvc.py.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from desk import Desk
from ranked_runs import COLUMN, said

from redraw.core import write_json
from redraw.sheets import read_yaml

pytestmark = pytest.mark.workflow


RUNS = {
    "ved/classifier.s0", "ved/kind4.s0", "toy/echo.s0",
    *(f"gan_int_cls/{run}.s0" for run in ("features", "text", "classifier", "coco_classifier", "reader", "gan_int_cls")),
    *(f"attngan/{run}.s0" for run in ("damsm", "damsm_second", "attngan2")),
    *(f"ppgn/{run}.s0" for run in ("encoder", "captioner", "ppgn")),
    "gawwn/boxes.s0", "stackgan/stage_1.s0", "stackgan/stage_2.s0", "stackgan_v2/birds.s0", "draw/mnist.s0",
    "dilated_vae/yahoo_scnn_vae.s0",
    *(f"align_draw/{run}.s0" for run in ("align_draw", "noalign_draw", "skip_thoughts", "fully_conn_vae")),
    "avb/avb_ac_8.s0", "iwae/mnist_vae_1.s0", "neural_statistician/omniglot.s0", "vae_gan/regressor.s0", "vae_gan/vae_gan.s0",
    *(f"show_attend_tell/{data}_annotator.s0" for data in ("flickr8k", "coco", "birds")),
    *(f"show_attend_tell/{run}.s0" for run in ("flickr8k_soft", "coco_soft", "birds_captioner")),
}  # fmt: skip


def test_statement_1_run_again_at_once_it_has_nothing_to_do(made):
    assert {e["run"] for e in made.spooled("trained")} == RUNS
    assert len(made.spooled("trained")) == len(RUNS)
    said = made.tables()
    assert "Nothing to be done" in said.stdout + said.stderr
    assert made.jobs() == {}


def test_one_paper_is_two_files_and_appears_in_the_tables(made):
    table = made.json("results/tables/smoke/toy.json")
    (cell,) = [c for row in table["tables"][0]["rows"] for c in row["cells"].values()]
    assert cell["printed"] == "12.3" and cell["ours"] is not None
    assert made.json("work/specs/results/smoke/runs/toy/echo.s0/manifest.json")["spec"]["needs"] == {
        "teacher": "results/smoke/runs/ved/classifier.s0/manifest.json"
    }
    assert "toy.html" in (made.folder / "results/tables/smoke/index.html").read_text()
    assert "toy:table-1:mnist:echo:accuracy" in (made.folder / "results/tables/smoke/cells.csv").read_text()


def test_a_sheet_without_code_shows_its_tables(desk):
    toy = read_yaml(desk.folder / "src/redraw/papers/toy.yaml")
    toy["tables"]["table-1"]["rows"] = [{"label": "Mute", "cells": {"accuracy": "45.6"}}]
    mute = {"paper": {**toy["paper"], "id": "mute", "short": "Mute"}, "tables": toy["tables"]}
    (desk.folder / "src/redraw/papers/mute.yaml").write_text(yaml.safe_dump(mute))
    desk.tables()
    text = (desk.folder / "results/tables/smoke/mute.md").read_text()
    assert "45.6 · not run" in text
    assert "mute.html" in (desk.folder / "results/tables/smoke/index.html").read_text()
    cells = (desk.folder / "results/tables/smoke/cells.csv").read_text().splitlines()
    assert any(row.startswith("mute:") and "no recipe for this row yet" in row for row in cells)


def test_a_captioner_keeps_its_best_weights_and_writes_of_what_others_draw(made):
    run = "results/smoke/runs/show_attend_tell/flickr8k_soft.s0"
    manifest, scores = (made.json(f"{run}/{name}.json") for name in ("manifest", "scores"))
    assert 1 <= manifest["kept"] <= manifest["steps"]
    assert scores["metrics"]["bleu/b4"]["selection"] == "best_on_validation"
    assert made.json("results/smoke/runs/ved/kind4.s0/manifest.json").get("kept") is None
    back = made.json("results/smoke/runs/gan_int_cls/gan_int_cls.s0/scores.json")["metrics"]["caption_back"]
    captioner = made.json("results/smoke/runs/show_attend_tell/birds_captioner.s0/manifest.json")
    assert back["protocol"]["instrument_weights"] == captioner["weights"] and back["kind"] == "own"


def test_explain_prints_the_lineage_of_a_cell(made):
    said = made.run("redraw", "explain", "toy:table-1:mnist:echo:accuracy").stdout
    manifest = made.json("results/smoke/runs/toy/echo.s0/manifest.json")
    for part in (
        "12.3",
        "toy/echo.s0",
        manifest["weights"][:16],
        manifest["about"]["code"],
        "learning_rate = 1.0",
        "papers/toy.yaml: config.Echo",
    ):
        assert part in said


def test_snakemakes_own_checks(made, tmp_path):
    """Lint finds nothing but that rules name no environment of their own: one locked environment serves all of them."""
    said = made.run(sys.executable, "-m", "snakemake", "--lint", check=False)
    found = {line.strip() for line in (said.stdout + said.stderr).splitlines() if line.strip().startswith("* ")}
    assert found == {"* Specify a conda environment or container for each rule.:"}
    made.run(*made.snakemake_call("--report", str(tmp_path / "report.html")))
    assert "results/tables/smoke/toy.html" in (tmp_path / "report.html").read_text()


def test_the_whole_graph_of_scale_paper_is_built_without_data(made):
    jobs = made.jobs("--config", "scale=paper")
    assert jobs["download"] == 13 and jobs["train"] >= 20 and jobs["table"] == 17


def test_a_page_for_raters_is_asked_for_by_name_and_its_score_renews_one_table(desk):
    place = f"results/rank/smoke/{COLUMN}"
    assert desk.jobs(target=f"{place}/index.html") == {"rank": 1}
    desk.tables()  # which do not wait for it
    assert not (desk.folder / place).exists()
    desk.run(*desk.snakemake_call(target=f"{place}/index.html"))
    key, page = desk.json(f"{place}/items.json"), (desk.folder / place / "index.html").read_bytes()
    for name in ("anna", "bob"):
        write_json(desk.folder / place / "judgements" / f"{name}.json", said(key, name, (0.0, 1.0, 2.0)))
    desk.run("redraw", "rank", "score", place)
    assert desk.jobs() == {"table": 1, "index": 1, "results/tables": 1}
    desk.tables()
    cells = [
        c
        for t in desk.json("results/tables/smoke/stackgan.json")["tables"]
        for r in t["rows"]
        for c in r["cells"].values()
    ]
    ranked = [c for c in cells if c["metric"] == "HR" and c["ours"] is not None]
    assert [c["raters"] for c in ranked] == [2, 2, 2] and sum(c["ours"] for c in ranked) == 6
    assert desk.jobs() == {} and len(desk.spooled("trained")) == len(RUNS)
    desk.run(*desk.snakemake_call("--forcerun", "rank", target=f"{place}/index.html"))
    assert (desk.folder / place / "index.html").read_bytes() == page
    spoilt = desk.folder / place / "judgements/anna.json"
    write_json(spoilt, desk.json(spoilt) | {"items": "0" * 16})
    desk.run(*desk.snakemake_call("--forcerun", "rank", target=f"{place}/index.html"), check=False)
    assert desk.json(f"{place}/items.json") == key and (desk.folder / place / "index.html").read_bytes() == page
    log = (desk.folder / f"logs/smoke/{COLUMN}.rank.log").read_text()
    assert (
        log
        == f"redraw: {place}: holds 1 raters' judgements of other items: move the folder away, then run the same command\n"
    )


def test_statement_3_one_changed_parameter_retrains_its_paper_and_the_table_shows_it(desk):
    desk.depart("toy", "Echo", "learning_rate", 2.0)
    before = len(desk.spooled("trained"))
    jobs = desk.jobs()
    assert (jobs["train"], jobs["sample"], jobs["metrics"]) == (1, 1, 1) and "pretrain" not in jobs
    desk.tables()
    assert [e["run"] for e in desk.spooled("trained")[before:]] == ["toy/echo.s0"]
    departures = desk.json("results/tables/smoke/toy.json")["departures"]
    changed = {"key": "learning_rate", "paper": 1.0, "ours": 2.0, "because": "for a test"}
    assert any(changed.items() <= d.items() for d in departures)
    assert desk.jobs() == {}
    desk.depart("toy", "Echo", "learning_rate", 1.0)  # back to what was trained before: an export, no training
    desk.tables()
    assert len(desk.spooled("trained")) == before + 1


def test_statement_6_a_code_change_retrains_nothing_and_marks_the_cells(desk):
    with (desk.folder / "src/redraw/papers/toy.py").open("a") as f:
        f.write("\nCHANGED = True\n")
    assert set(desk.jobs()) <= {"table", "index", "results/tables"}
    desk.tables()
    assert len(desk.spooled("trained")) == len(RUNS)
    assert desk.json("results/tables/smoke/toy.json")["lineage"]["toy/echo.s0"]["stale_code"] is True
    assert desk.json("results/tables/smoke/ved.json")["lineage"]["ved/kind4.s0"]["stale_code"] is False
    assert "changed since" in desk.run("redraw", "explain", "toy:table-1:mnist:echo:accuracy").stdout
    desk.run("redraw", "retrain", "toy/echo.s0")
    desk.tables()
    assert desk.json("results/tables/smoke/toy.json")["lineage"]["toy/echo.s0"]["stale_code"] is False


def test_statement_7_scales_stand_side_by_side(desk):
    path = (
        desk.folder / "src/redraw/papers/ved.yaml"
    )  # embedded runs all of a paper's runs, here as small as at scale smoke
    sheet = path.read_text()
    small, start, end = (sheet.index(f"\n  {scale}:\n") for scale in ("smoke", "embedded", "study"))
    tiny = sheet[small:start].replace("  smoke:", "  embedded:")
    path.write_text(sheet[:start] + tiny + sheet[end:])
    tables = ["results/tables/embedded/ved.json", "results/tables/embedded/toy.json"]
    for table in tables:
        desk.run(*desk.snakemake_call("--config", "scale=embedded", target=table))
    trained = len(desk.spooled("trained"))
    assert trained > len(RUNS)
    # The sheet's text changed, so that tables are written anew.
    assert set(desk.jobs()) <= {"table", "index", "results/tables"}
    desk.tables()
    assert desk.jobs() == {}
    for table in tables:
        assert desk.jobs("--config", "scale=embedded", target=table) == {}
    assert len(desk.spooled("trained")) == trained
    assert desk.json("results/tables/smoke/ved.json")["scale"] == "smoke"
    assert desk.json("results/tables/embedded/ved.json")["scale"] == "embedded"


# --- kill -9 -----------------------------------------------------------------------------------------------------


def test_statement_5_kill_9_at_any_moment(made, tmp_path):
    """Five kills of the whole process group, then five of Snakemake alone, whose jobs live on; then to the end."""
    copies = []
    for name in ("killed", "whole"):
        shutil.copytree(made.folder, tmp_path / name, symlinks=True)
        copies.append(Desk(tmp_path / name))
        # A minute of training on any machine, longer than all the moments below: it cannot end before the last kill.
        copies[-1].depart("toy", "Echo", "steps", 1200, pause=0.05)
        copies[-1].edit("params.yaml", "save_every_seconds: 30", "save_every_seconds: 0.3")
    killed, whole = copies
    background = subprocess.Popen(whole.snakemake_call(), cwd=whole.folder, env=whole.env, stdout=-3, stderr=-3)
    rng = random.Random(5)
    moments = []
    for k in range(10):
        call = subprocess.Popen(
            killed.snakemake_call(), cwd=killed.folder, env=killed.env, start_new_session=True, stdout=-3, stderr=-3
        )
        if 2 <= k < 5:  # these three surely in mid-training, the others wherever they fall
            seen, patience = len(killed.spooled("losses")), time.monotonic() + 60
            while len(killed.spooled("losses")) == seen and time.monotonic() < patience:
                time.sleep(0.1)
            time.sleep(rng.uniform(0.0, 1.5))
        else:
            moments.append(round(rng.uniform(1.0, 5.0), 1))
            time.sleep(moments[-1])
        assert call.poll() is None, moments
        if k < 5:
            os.killpg(call.pid, signal.SIGKILL)
        else:
            call.kill()
        call.wait()
    killed.tables()
    trained = [e["run"] for e in killed.spooled("trained")]
    assert sorted(trained) == sorted([*RUNS, "toy/echo.s0"]), moments
    starts = [e["start"] for e in killed.spooled("train") if e["run"] == "toy/echo.s0" and e["steps"] == 1200]
    assert len(starts) >= 4 and starts == sorted(starts) and starts[-1] > 0, (starts, moments)
    assert background.wait(300) == 0
    assert killed.weights() == whole.weights()
    assert killed.jobs() == {}
    print(f"training went on from steps {starts}")
