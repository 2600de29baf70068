"""Ten kinds of bad input, as the user meets them: the line that each prints, exit code 2, and nothing lost."""

import json
import re
import shutil
import socket
import subprocess
import sys

import pytest
from desk import Desk

pytestmark = pytest.mark.workflow


def line_of(said) -> str:
    """The one line of redraw's in what a command printed; there must be no traceback beside it."""
    text = said.stdout + said.stderr
    assert "Traceback" not in text, text
    (line,) = {line.strip() for line in text.splitlines() if line.strip().startswith("redraw: ")}
    return line


def parse(desk: Desk, *options: str) -> str:
    """The line that a workflow call ends with at parse, exit code 2."""
    before = desk.weights()
    said = desk.tables(*options, check=False)
    assert said.returncode == 2
    assert desk.weights() == before
    return line_of(said)


def test_1_misspelt_parameter(desk):
    desk.depart("ved", "VED", "lerning_rate", 0.1)
    assert parse(desk) == (
        "redraw: params.yaml, papers.ved.VED: no parameter 'lerning_rate': did you mean \"learning_rate\"?"
    )


def test_1_misspelt_key_at_top_level(desk):
    desk.edit("params.yaml", "seeds: 1", "sedes: 1")
    assert parse(desk) == "redraw: params.yaml, top level: unknown key 'sedes': did you mean \"seeds\"?"


def test_2_unknown_scale(desk):
    assert parse(desk, "--config", "scale=smok") == "redraw: params.yaml, scale: 'smok': did you mean \"smoke\"?"


def test_3_config_field_without_a_value(desk):
    desk.edit("src/redraw/papers/toy.yaml", ", learning_rate: 1.0,", ",")
    said = desk.tables(check=False)
    assert said.returncode == 1
    assert line_of(said) == (
        "redraw: toy/echo.s0: no value for learning_rate: give one in the paper's sheet under config"
    )
    assert desk.json("results/tables/smoke/ved.json")["paper"]["id"] == "ved"


def test_4_truncated_idx(desk):
    raw = desk.folder / "work/raw/digits/train-images-idx3-ubyte"
    raw.write_bytes(raw.read_bytes()[:100_000])
    manifest = desk.folder / "results/data/digits/manifest.json"
    manifest.unlink()
    spec = "work/specs/results/data/digits/manifest.json"
    said = desk.run("redraw", "prepare", "--spec", spec, "--out", "results/data/digits/manifest.json", check=False)
    assert said.returncode == 2
    assert line_of(said).startswith("redraw: work/raw/digits/train-images-idx3-ubyte: changed since it was first read")
    assert not manifest.exists()


def test_5_nan_learning_rate(desk):
    desk.depart("ved", "VED", "learning_rate", ".nan")
    assert parse(desk) == "redraw: params.yaml: papers.ved.VED: learning_rate is nan: give a finite number"


def test_5_nan_loss(desk):
    desk.depart("toy", "Echo", "learning_rate", 1.0e30)
    said = desk.tables(check=False)
    assert said.returncode == 1
    line = line_of(said)
    assert re.match(r"redraw: toy/echo.s0: (loss loss is (nan|inf) at step \d+|weights .* not finite)", line)
    assert "(no state saved yet): lower the learning rate" in line


def test_6_read_only_results_folder(desk, mounted):
    weights = desk.weights()
    shutil.move(desk.folder / "results", desk.folder / "kept")
    mounted(desk.folder / "results", "ro,size=1m")
    said = desk.tables(check=False)
    assert said.returncode != 0
    line = line_of(said)
    assert line.startswith("redraw: ") and "ead-only" in line and "nothing is lost" in line
    subprocess.run(["umount", "-l", desk.folder / "results"], check=True)
    shutil.rmtree(desk.folder / "results")
    shutil.move(desk.folder / "kept", desk.folder / "results")
    assert desk.weights() == weights and desk.jobs() == {}


def test_7_full_disk_during_a_checkpoint(desk, mounted):
    desk.depart("toy", "Echo", "learning_rate", 0.3)
    mounted(desk.folder / "work/state/smoke/toy", "size=64k")
    said = desk.tables(check=False)
    assert said.returncode == 1
    line = line_of(said)
    assert line.startswith("redraw: work/state/smoke/toy/echo.s0/") and "disk full (0 MB free): make room" in line
    subprocess.run(["umount", "-l", desk.folder / "work/state/smoke/toy"], check=True)
    desk.tables()
    assert desk.jobs() == {}


def test_7_full_disk_during_a_table(desk, mounted):
    """The table that stood there before still does, and no training is done again."""
    folder = desk.folder / "results/tables/smoke"
    before = (folder / "ved.md").read_text()
    desk.depart("ved", "VED", "learning_rate", 0.002)
    shutil.move(folder, desk.folder / "kept")
    mounted(folder, "size=256k")
    shutil.copy2(desk.folder / "kept/ved.md", folder)
    said = desk.tables(check=False)
    assert said.returncode == 1
    full = "redraw: results/tables/smoke: disk full (0 MB free): make room, then run the same command; nothing is lost"
    assert line_of(said) == full
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()
    shutil.move(desk.folder / "kept", folder)
    assert (folder / "ved.md").read_text() == before
    trained = len(desk.spooled("trained"))
    desk.tables()
    assert desk.jobs() == {} and len(desk.spooled("trained")) == trained
    assert (folder / "ved.md").read_text() != before


def test_7_full_disk_under_the_spool(desk, mounted):
    """Nobody's number depends on the spool, but what cannot be followed is not begun in silence: neither call nor job."""
    desk.depart("toy", "Echo", "learning_rate", 0.3)
    shutil.move(desk.folder / "work/spool", desk.folder / "kept")
    mounted(desk.folder / "work/spool", "size=4k,nr_inodes=2")
    said = desk.tables(check=False)
    assert said.returncode == 1
    lines = {line.strip() for line in (said.stdout + said.stderr).splitlines() if line.strip().startswith("redraw: ")}
    assert len(lines) == 2 and all("work/spool" in line and "disk full (0 MB free)" in line for line in lines)
    subprocess.run(["umount", "-l", desk.folder / "work/spool"], check=True)
    desk.tables()
    assert desk.jobs() == {}


def test_8_corrupted_checkpoint(desk):
    model = desk.folder / "results/smoke/runs/ved/kind4.s0/model.pt"
    damaged = bytearray(model.read_bytes())
    damaged[-1000] ^= 1
    model.write_bytes(damaged)
    shutil.rmtree(desk.folder / "work/state")
    (desk.folder / "results/smoke/runs/ved/kind4.s0/samples.json").unlink()
    record = "results/smoke/runs/ved/kind4.s0/samples.json"
    said = desk.run("redraw", "sample", "--spec", f"work/specs/{record}", "--out", record, check=False)
    assert said.returncode == 2
    assert line_of(said) == (
        "redraw: results/smoke/runs/ved/kind4.s0/model.pt: not the weights that manifest.json names: "
        "run `redraw retrain ved/kind4.s0` or `dvc checkout`"
    )


def test_9_two_papers_with_one_name(desk):
    folder = desk.folder / "src/redraw/papers"
    shutil.copy(folder / "toy.yaml", folder / "toy2.yaml")
    assert parse(desk) == "redraw: papers/toy2.yaml: the paper id 'toy' is taken by toy.yaml: choose another id"


def test_9_misspelt_key_in_a_sheet(desk):
    desk.edit("src/redraw/papers/toy.yaml", "    spread: unknown", "    spraed: unknown")
    line = parse(desk)
    assert line.startswith("redraw: papers/toy.yaml, tables.table-1") and 'did you mean "spread"?' in line


def test_10_too_old_python_says_so_before_anything_is_made(desk):
    """The Makefile's line has its own tests; here: the package does not start half-way either."""
    text = (desk.folder / "pyproject.toml").read_text()
    assert 'requires-python = ">=3.11"' in text
    old = desk.folder / "python3.10"
    old.write_text('#!/bin/sh\necho "3.10.13 old /usr/bin/python3.10"\n')
    old.chmod(0o755)
    said = desk.run("make", f"PYTHON={old}", "tables", check=False)
    assert said.returncode == 2
    assert "redraw needs Python 3.11 or newer" in said.stderr and said.stderr.strip().count("\n") == 0
    assert not (desk.folder / ".venv").exists()


def test_a_second_workflow_in_one_checkout_is_refused(desk):
    holder = subprocess.Popen(
        [sys.executable, "-c", "from redraw.core import locked\nimport time\n"
         "with locked('.snakemake/redraw.lock', 'x'):\n print('held', flush=True)\n time.sleep(60)"],
        cwd=desk.folder, env=desk.env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    desk.depart("toy", "Echo", "learning_rate", 0.3)
    said, looked = desk.tables(check=False), desk.tables("-n", check=False)
    holder.kill()
    holder.wait()
    assert said.returncode == 2
    assert line_of(said) == (
        f"redraw: this checkout is in use by process {holder.pid} on {socket.gethostname()}: "
        "wait for it or stop it, then run the same command"
    )
    assert looked.returncode == 0 and line_of(looked) == line_of(said)  # a dry run may look on


def test_json_answers_are_json(desk):
    plan = json.loads(desk.run("redraw", "plan", "--scale", "paper", "--json").stdout)
    assert {t["paper"] for t in plan["tables"]} >= {"ved", "attngan"}
    missing = {m for t in plan["tables"] if t["paper"] == "ved" for m in t["missing"]}
    assert any(m.startswith("mnist: train-images-idx3-ubyte") for m in missing)
    one = json.loads(desk.run("redraw", "plan", "ved/kind4.s0", "--json").stdout)
    assert one["config"]["word_dim"] == {"value": 5, "origin": "papers/ved.yaml: config.VED"}
