"""One training to a GPU, on devices that are only pretended: the locks do not ask what stands behind a name."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from desk import Desk

from redraw import slots

HOLD = """
import sys, time
from redraw import slots
with slots.held("x") as gpu:
    print(gpu, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def gpus():
    """Names of two devices that nobody else uses."""
    names = [f"pretended-{uuid.uuid4().hex[:8]}-{i}" for i in range(2)]
    yield names
    for name in names:
        (slots.LOCKS / f"redraw-gpu-{name}.lock").unlink(missing_ok=True)


@pytest.fixture
def alone(monkeypatch):
    """No driver, no scheduler, no choice of anybody's."""
    for name in ("REDRAW_GPUS", "CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(slots, "_found", dict)
    return monkeypatch


def test_which_devices(alone):
    assert slots.devices() == []
    alone.setattr(slots, "_found", lambda: {"0": "GPU-a", "1": "GPU-b"})
    assert slots.devices() == ["GPU-a", "GPU-b"]
    alone.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert slots.devices() == ["1"]
    alone.setenv("REDRAW_GPUS", "0, 1")
    assert slots.devices() == ["0", "1"]
    alone.setenv("SLURM_JOB_ID", "7")
    assert slots.devices() == []
    alone.delenv("REDRAW_GPUS")
    alone.setenv("CUDA_VISIBLE_DEVICES", "0,1")  # a whole workflow in one allocation
    assert slots.devices() == ["0", "1"]
    alone.delenv("SLURM_JOB_ID")
    alone.setenv("REDRAW_GPUS", "")  # trainings on the CPU of a machine with GPUs
    assert slots.devices() == []


def test_the_driver_is_asked_once_and_a_broken_one_has_no_devices(alone, tmp_path):
    alone.undo()
    fake = tmp_path / "nvidia-smi"
    fake.write_text("#!/bin/sh\necho '0, GPU-a'\necho '1, GPU-b'\n")
    fake.chmod(0o755)
    alone.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert slots._found() == {"0": "GPU-a", "1": "GPU-b"}
    fake.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert slots._found() == {}


def test_an_index_and_a_unique_id_are_one_device(alone, gpus):
    alone.setattr(slots, "_found", lambda: {"0": gpus[0]})
    alone.setenv("REDRAW_GPUS", "0")
    with slots.held("by index") as held:
        assert held == "0" and os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        assert (slots.LOCKS / f"redraw-gpu-{gpus[0]}.lock").exists()
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_killed_process_gives_its_device_back(gpus):
    env = {**os.environ, "REDRAW_GPUS": ",".join(gpus)}

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", HOLD], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    holders = [start(), start()]
    try:
        assert sorted(h.stdout.readline().strip() for h in holders) == sorted(gpus)
        third = start()
        holders.append(third)
        assert third.stderr.readline().strip() == f"x: every GPU ({', '.join(gpus)}) is in use; waiting for one"
        second = holders[1]
        second.kill()  # -9
        second.wait()
        freed = third.stdout.readline().strip()
        assert freed in gpus
    finally:
        for h in holders:
            h.kill()
            h.wait()


@pytest.mark.workflow
def test_six_trainings_of_two_checkouts_share_two_devices(made, tmp_path, gpus):
    """Neither Snakemake knows of the other; each may start six jobs at once. One training is killed in its middle."""
    desks = []
    for name in ("a", "b"):
        shutil.copytree(made.folder, tmp_path / name, symlinks=True)
        desk = Desk(tmp_path / name)
        desk.env["REDRAW_GPUS"] = ",".join(gpus)
        desks.append(desk)
    desks[0].depart("toy", "Echo", "steps", 100, pause=0.1)
    toy = "results/smoke/runs/toy/echo.s0/manifest.json"
    targets = [f"results/smoke/runs/ved/classifier.s{seed}/manifest.json" for seed in (1, 2, 3)]
    calls = []
    for desk, wanted in ((desks[0], [toy, *targets[:2]]), (desks[1], targets)):
        call = [sys.executable, "-m", "snakemake", "--cores", "6", "--config", "seeds=4", "--", *wanted]
        calls.append(subprocess.Popen(call, cwd=desk.folder, env=desk.env, stdout=-3, stderr=-3))
    killed = next_event(desks[0], "losses", "toy/echo.s0")
    os.kill(killed["pid"], 9)
    assert [c.wait(300) for c in calls] == [1, 0]
    desks[0].run(sys.executable, "-m", "snakemake", "--cores", "6", "--config", "seeds=4", "--", toy)

    held = [h for desk in desks for h in intervals(desk, gpus, killed["pid"])]
    zero = min(h["start"] for h in held)
    for h in sorted(held, key=lambda h: h["start"]):
        when = f"{h['start'] - zero:5.1f} to {h['end'] - zero:5.1f} s"
        print(f"{h['desk']}  {h['run']:<20} device {h['gpu'][-1]}  {when}  {h['how']}")
    assert len(held) == 7 and {h["gpu"] for h in held} == set(gpus)
    for gpu in gpus:
        one = sorted((h["start"], h["end"]) for h in held if h["gpu"] == gpu)
        assert all(end <= start for (_, end), (start, _) in zip(one, one[1:], strict=False)), held
    assert sum(h["run"] == "toy/echo.s0" for h in held) == 2  # the killed one, and the one that went on


def next_event(desk: Desk, event: str, run: str) -> dict:
    """The first new event of that name for a run."""
    before, patience = len(desk.spooled(event)), time.monotonic() + 120
    while time.monotonic() < patience:
        for e in desk.spooled(event)[before:]:
            if e["run"] == run:
                return e
        time.sleep(0.1)
    raise AssertionError(f"{run}: no {event} in two minutes")


def intervals(desk: Desk, gpus: list[str], killed: int) -> list[dict]:
    """When each training held which device; a killed one until the last that was heard of it."""
    folder: Path = desk.folder
    found = []
    for e in desk.spooled("computes"):
        if e["gpu"] not in gpus:
            continue
        heard = [o for name in ("losses", "end") for o in desk.spooled(name) if o["pid"] == e["pid"]]
        how = "killed" if e["pid"] == killed else "to its end"
        found.append({"desk": folder.name, "run": e["run"], "gpu": e["gpu"], "start": e["t"], "how": how,
                      "end": max(o["t"] for o in heard)})  # fmt: skip
    return found
