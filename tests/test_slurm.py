"""The workflow on a cluster: Snakemake's Slurm executor and `dvc repro`, on a Slurm of two nodes on this machine."""

import datetime
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from desk import Desk
from slurm_machine import GPUS, Slurm

pytestmark = [pytest.mark.slurm, pytest.mark.workflow]
PROFILE = "workflow/profiles/slurm/config.yaml"
PAPERS = ("ved", "draw")  # enough for trainings that wait for others, and for some that go at once


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with Slurm(tmp_path_factory.mktemp("slurm")) as machine:
        yield machine


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """These papers, made by one machine."""
    desk = Desk.smoke(tmp_path_factory.mktemp("local"), PAPERS)
    desk.tables()
    return desk


def submitting(desk: Desk, slurm: Slurm) -> Desk:
    """The same copy, as on a login node: what it runs goes to Slurm, through the profile that users have."""
    desk.env |= slurm.env | {
        "SNAKEMAKE_PROFILE": "workflow/profiles/slurm",
        "REDRAW_GPUS": "0",
    }  # its own GPU, to no effect
    desk.env["PATH"] = os.path.dirname(sys.executable) + os.pathsep + slurm.env["PATH"]
    desk.edit(PROFILE, "status-checks: 20", "status-checks: 1")
    desk.edit(PROFILE, "# slurm-status-command", "slurm-status-command")
    return desk


def copy(desk: Desk, folder) -> Desk:
    shutil.copytree(desk.folder, folder, symlinks=True)
    return Desk(folder)


def wait(what: str, found, call: subprocess.Popen, seconds: float = 300):
    until = time.monotonic() + seconds
    while not (result := found()):
        assert call.poll() is None, f"{what}: the workflow ended with {call.returncode}"
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.2)
    return result


def timeline(desk: Desk) -> list[dict]:
    """What jobs computed, from their spools: {"job", "what", "node", "gpu", "start", "end", "status"}, in order of time."""
    ends = {(e["record"], e["pid"]): e for e in desk.spooled("end")}
    gpus = {(e["record"], e["pid"]): e["gpu"] for e in desk.spooled("computes")}
    rows = []
    for e in desk.spooled("begin"):
        made = (e["record"], e["pid"])
        end = ends.get(made, {"t": e["t"], "status": "killed"})
        rows.append({"job": e["slurm_job"], "what": f"{e['verb']} {e['record']}", "node": e["host"], "gpu": gpus.get(made),
                     "start": e["t"], "end": end["t"], "status": end["status"]})  # fmt: skip
    return rows


def show(rows: list[dict]) -> None:
    print(f"\n{'job':>4} {'node':8} {'GPU':4} {'start':8} {'end':8} {'status':12} what")
    for r in rows:
        start, end = (datetime.datetime.fromtimestamp(r[k]).strftime("%H:%M:%S") for k in ("start", "end"))
        print(f"{r['job'] or '-':>4} {r['node']:8} {r['gpu'] or '-':4} {start} {end} {r['status']:12} {r['what']}")


def results(desk: Desk) -> dict[str, str]:
    """Digests of all records of data and runs, and what the tables say; a table's own record also tells the time."""
    found = [*desk.folder.glob("results/data/**/*.json"), *desk.folder.glob("results/smoke/runs/**/*.json")]
    records = {str(path.relative_to(desk.folder)): json.loads(path.read_text()) for path in sorted(found)}
    said = {name: (desk.folder / f"results/tables/smoke/{name}.csv").read_text() for name in ("cells", "claims")}
    return said | {name: record["digest"] for name, record in records.items() if "digest" in record}


def test_a_cluster_gives_what_one_machine_gives(local, slurm, tmp_path):
    """The whole workflow from nothing; one training meets its time limit, and one node is drained under it."""
    there, here = submitting(Desk.smoke(tmp_path / "there", PAPERS), slurm), copy(local, tmp_path / "here")
    for desk in (there, here):  # 35 s: Slurm looks at time limits every 30 s
        desk.depart("toy", "Echo", "steps", 500, pause=0.07)
    calls = []

    def start(desk: Desk) -> subprocess.Popen:
        with (tmp_path / desk.folder.name).with_suffix(".said").open("w") as said:
            calls.append(
                subprocess.Popen(desk.snakemake_call(), cwd=desk.folder, env=desk.env, stdout=said, stderr=said)
            )
        return calls[-1]

    try:
        call = start(there)
        drained = wait("a job on n2", lambda: [e for e in there.spooled("computes") if e["host"] == "n2"], call)
        slurm.call("scontrol", "update", "node=n2", "state=drain", "reason=test")
        before = {job["JobId"] for job in slurm.jobs() if job["NodeList"] == "n2"}
        wait("toy/echo.s0", lambda: [e for e in there.spooled("train") if e["run"] == "toy/echo.s0"], call)
        (long,) = [e["slurm_job"] for e in there.spooled("begin") if e["record"].endswith("toy/echo.s0/manifest.json")]
        slurm.call(
            "scontrol", "update", f"JobId={long}", "TimeLimit=2"
        )  # minutes: the profile's warning is due at once
        beside = start(here)
        assert call.wait(400) == 0, (tmp_path / "there.said").read_text()[-5000:]
        assert beside.wait(300) == 0, (tmp_path / "here.said").read_text()[-5000:]
    finally:
        slurm.call("scontrol", "update", "node=n2", "state=resume")
        for started in calls:
            started.kill()
    rows = timeline(there)
    show(rows)

    assert {job["JobId"] for job in slurm.jobs() if job["NodeList"] == "n2"} == before
    (last,) = [r for r in rows if r["node"] == "n2" and r["what"].endswith(drained[0]["record"])]
    assert last["status"] == "finished"

    starts = [e["start"] for e in there.spooled("train") if e["run"] == "toy/echo.s0"]
    assert len(starts) == 2 and 0 == starts[0] < starts[1] < 500
    assert [r["status"] for r in rows if "train results/smoke/runs/toy" in r["what"]] == ["interrupted", "finished"]
    assert [job["JobState"] for job in slurm.jobs() if job["JobId"] == long] == ["FAILED"]  # and not TIMEOUT
    trained = [e["run"] for e in there.spooled("trained")]
    assert sorted(trained) == sorted({e["run"] for e in local.spooled("trained")}) and len(trained) >= 4

    computed = [r for r in rows if r["gpu"]]
    assert {r["what"].split()[0] for r in computed} == {"pretrain", "train", "sample"}
    assert all(int(r["gpu"]) < GPUS[r["node"]] for r in computed)
    for a, b in itertools.combinations(computed, 2):
        assert (a["node"], a["gpu"]) != (b["node"], b["gpu"]) or a["end"] < b["start"] or b["end"] < a["start"], (a, b)
    assert any(a["end"] > b["start"] for a, b in itertools.pairwise(computed))  # not merely one after the other

    nodes = {verb: {r["node"] for r in rows if r["what"].startswith(verb)} for verb in ("download", "table", "index")}
    assert all(found == {socket.gethostname()} for found in nodes.values())
    assert (there.folder / ".snakemake/redraw.lock").read_text().split()[0] == str(call.pid)  # not a job's

    assert there.weights() == here.weights() and results(there) == results(here)
    assert there.jobs() == {}


def test_dvc_repro_goes_through_slurm(local, slurm, tmp_path):
    """Two papers are dirty: their trainings are submitted by one Snakemake, and what DVC deletes is copied without Slurm."""
    desk = submitting(copy(local, tmp_path / "d"), slurm)
    desk.run("redraw", "record")
    desk.commit("recorded")
    desk.depart("toy", "Echo", "learning_rate", 2.0)
    desk.depart("ved", "VED", "learning_rate", 0.002)
    past, trained = len(slurm.jobs()), len(desk.spooled("trained"))
    desk.dvc("repro", "-q")
    jobs = slurm.jobs()[past:]
    show([r for r in timeline(desk) if r["job"]])
    assert sorted(e["run"] for e in desk.spooled("trained")[trained:]) == ["toy/echo.s0", "ved/kind4.s0"]
    assert [job["JobState"] for job in jobs] == ["COMPLETED"] * 4  # two trainings, two of samples and scores
    assert len({job["JobName"] for job in jobs}) == 1  # the executor gives all jobs of one call one name
    assert desk.dvc("status", "-q", check=False).returncode == 0
    assert desk.jobs() == {}
