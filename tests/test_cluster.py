"""What stands between the workflow and a cluster, without one: the profile, the container's definition, refusals in a line."""

import os
import re
from pathlib import Path

import pytest
import yaml
from desk import ROOT, Desk

from redraw import core
from redraw.cluster import check
from redraw.core import RedrawError, locked
from redraw.tracking import Spool, events


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Lets commands of that name stand first on PATH: they say so much on stderr and end with that status."""

    def command(name: str, says: str = "", status: int = 0) -> None:
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/{name}.calls\necho "{says}" >&2\nexit {status}\n')
        path.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return command


@pytest.mark.parametrize(
    ("says", "line"),
    [
        (
            "sbatch: error: invalid partition specified: gpux",
            r"^sbatch --partition=gpux --account=me: invalid partition specified: gpux: correct slurm_partition",
        ),
        (
            "allocation failure: Invalid account or account/partition combination specified",
            r"^sbatch --partition=gpux --account=me: .*Invalid account.*: correct slurm_partition and slurm_account",
        ),
        ("allocation failure: Unable to contact slurm controller (connect failure)", "^sbatch: .*does not answer"),
    ],
)
def test_what_slurm_refuses_is_one_line(slurm, says, line):
    slurm("sbatch", says, 1)
    with pytest.raises(RedrawError, match=line) as refused:
        check([("gpux", "me")], "squeue")
    assert "\n" not in str(refused.value)


def test_what_slurm_takes_or_only_delays_passes(slurm, tmp_path):
    slurm("sbatch", "sbatch: Job 7 to start at 2026-01-01T00:00:00")
    slurm("sacct")
    check([(None, None), ("gpu", "me")], "sacct")
    asked = (tmp_path / "sbatch.calls").read_text().splitlines()
    assert [("--partition=gpu" in a, "--account=me" in a, "--test-only" in a) for a in asked] == [
        (False, False, True),
        (True, True, True),
    ]
    slurm("sbatch", "allocation failure: Requested nodes are busy", 1)
    check([("gpu", "me")], "squeue")


def test_a_cluster_without_accounts_of_jobs_is_told_to_use_squeue(slurm):
    slurm("sbatch")
    slurm("sacct", "Slurm accounting storage is disabled", 1)
    check([], "squeue")
    with pytest.raises(RedrawError, match="^sacct: .* set slurm-status-command: squeue in "):
        check([], "sacct")


@pytest.mark.workflow
def test_without_slurm_the_profile_ends_in_one_line(tmp_path):
    desk = Desk.smoke(tmp_path / "d")
    (tmp_path / "bin").mkdir()
    for folder in ("/usr/bin", "/bin"):  # everything but Slurm
        for program in Path(folder).iterdir():
            if not re.match(r"s(batch|run|info|queue|cancel|control|acct|acctmgr|share)$", program.name):
                (tmp_path / "bin" / program.name).unlink(missing_ok=True)
                (tmp_path / "bin" / program.name).symlink_to(program)
    desk.env |= {"PATH": str(tmp_path / "bin"), "SNAKEMAKE_PROFILE": "workflow/profiles/slurm"}
    said = desk.tables(check=False)
    assert said.returncode == 2 and "Traceback" not in said.stderr
    (line,) = [line for line in said.stderr.splitlines() if line.startswith("redraw: ")]
    assert line.startswith("redraw: sbatch: no such command on PATH: ")
    assert not (desk.folder / "results/data/digits/raw.json").exists()
    assert "results/tables" in desk.run(*desk.snakemake_call("-n")).stdout  # to look on, no Slurm is needed


def test_the_profile_asks_for_what_rules_need():
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    named = set(re.findall(r"^rule (\w+):", rules, re.M))
    local = set(re.findall(r"^rule (\w+):[^\n]*\n    localrule: True$", rules, re.M))
    computing = {"pretrain", "train", "sample"}  # rules whose jobs pick a device
    assert {rule for rule, asked in profile["set-resources"].items() if asked.get("gpu")} == computing
    assert set(profile["set-resources"]) <= named - local and set(profile["groups"]) <= named - local
    assert local == {"download", "table", "gallery", "index", "rank"}
    trainings = [profile["set-resources"][rule]["slurm_extra"] for rule in ("pretrain", "train")]
    assert all(re.fullmatch(r"--signal=TERM@\d+", extra) for extra in trainings)
    for rule in ("pretrain", "train"):  # the signal goes to all processes; a shell between would die of it first
        assert f'"exec redraw {rule} ' in rules


def test_the_container_is_made_from_the_lock_for_the_same_python():
    text = (ROOT / "workflow/redraw.def").read_text()
    pinned = re.search(r"^  - python=(\S+)$", (ROOT / "environment.yml").read_text(), re.M)[1]
    assert re.search(rf"^From: python:{re.escape(pinned)}-", text, re.M)
    (source, target) = re.search(r"^%files\n +(\S+) (\S+)$", text, re.M).groups()
    assert source == "requirements.lock" and (ROOT / source).exists()
    assert f"pip install --no-cache-dir --require-hashes -r {target}\n" in text


def test_jobs_name_their_node(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURMD_NODENAME", "n7")
    Spool(tmp_path / "a.jsonl").write("begin")
    monkeypatch.delenv("SLURMD_NODENAME")
    Spool(tmp_path / "a.jsonl").write("begin")
    assert [e["host"] for e in events(tmp_path / "a.jsonl")] == ["n7", os.uname().nodename]


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(core.fcntl, "flock", flock)
    with pytest.raises(RedrawError, match="no locks on this file system .* mount it with flock"):
        locked(tmp_path / "l", "x").__enter__()
