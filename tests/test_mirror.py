"""What is folded from the spool: stages and workflow calls, their points once each, and who ended how."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from redraw.mirror import Mirror

RECORD = "results/smoke/runs/ved/kind4.s0/manifest.json"
HERE = socket.gethostname()


class Spool:
    """Writes events as jobs do, a second apart unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.t = folder, 1000.0

    def write(self, event: str, *, file: str = RECORD, **about) -> None:
        self.t += 1
        path = (self.folder / file).with_suffix(".jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        common = {"record": file, "verb": "train", "fingerprint": "f1", "run": "ved/kind4.s0"}
        here = {"t": self.t, "event": event, "host": "far", "pid": 1, "invocation": "a"}
        with path.open("a") as f:
            f.write(json.dumps(here | common | about) + "\n")

    def call(self, name: str, **about) -> None:
        told = {"command": "snakemake", "scale": "smoke", "seeds": 1, "rows": "all", "commit": "c", "dvc_lock": None}
        self.write("invocation", file=f"invocations/{name}.json", invocation=name, executor="local", **told, **about)

    def ended(self, name: str, status: str = "finished") -> None:
        self.write("ended", file=f"invocations/{name}.json", invocation=name, status=status)

    def begin(self, **about) -> None:
        told = {"key": "k", "spec": {"scale": "smoke", "seed": 0}, "config": {"steps": 100}, "engine": {}, "data": {}}
        self.write("begin", commit="c", slurm_job=None, **told, **about)

    def losses(self, step: int, value: float, **about) -> None:
        self.write("losses", step=step, loss=value, **about)

    def end(self, status: str = "finished", exported: bool = False, **about) -> None:
        told = {"digest": "d", "about": {}} if status == "finished" else {"error": "loss is nan"}
        self.write("end", status=status, exported=exported, start=self.t, seconds=1.0, **told, **about)


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(tmp_path)


def folded(spool: Spool) -> Mirror:
    mirror = Mirror(spool.folder)
    mirror.poll()
    return mirror


def only(mirror: Mirror):
    (stage,) = mirror.stages.values()
    return stage


def test_a_resumed_training_is_one_stage_and_has_each_step_once(spool):
    spool.call("a")
    spool.begin()
    spool.losses(50, 0.5)
    spool.losses(100, 0.4)
    spool.call("b")
    spool.begin(invocation="b")
    spool.losses(100, 0.4)
    spool.losses(150, 0.3)
    spool.end()
    stage = only(folded(spool))
    points = [(p.name, p.step, p.value) for p in stage.points if p.name == "train/loss"]
    assert points == [("train/loss", 50, 0.5), ("train/loss", 100, 0.4), ("train/loss", 150, 0.3)]
    assert stage.calls == ["a", "b"] and stage.status == "FINISHED"


def test_read_as_it_grows_it_comes_to_the_same(spool):
    whole, mirror = None, Mirror(spool.folder)
    for step in (spool.begin, lambda: spool.losses(50, 0.5), lambda: spool.losses(50, 0.5), spool.end):
        step()
        mirror.poll()
    whole = folded(spool)
    assert (
        only(mirror) == only(whole)
        and only(mirror).upto == (spool.folder / RECORD).with_suffix(".jsonl").stat().st_size
    )


def test_half_a_line_waits_for_the_other_half(spool):
    spool.begin()
    spool.losses(50, 0.5)
    path = (spool.folder / RECORD).with_suffix(".jsonl")
    line = path.read_text().splitlines()[-1] + "\n"
    path.write_text(path.read_text() + line[:40].replace("50", "60"))
    mirror = folded(spool)
    before = only(mirror).upto
    with path.open("a") as f:
        f.write(line[40:])
    mirror.poll()
    assert only(mirror).upto > before


def test_what_is_made_anew_after_it_had_finished_is_another_stage(spool):
    """`redraw retrain` after a change of code: the same fingerprint, other losses."""
    spool.begin()
    spool.losses(50, 0.5)
    spool.end()
    spool.begin()
    spool.losses(50, 0.7)
    spool.end()
    assert [[p.value for p in s.points if p.name == "train/loss"] for s in folded(spool).stages.values()] == [
        [0.5],
        [0.7],
    ]


def test_an_export_makes_no_stage_and_moves_none(spool):
    spool.call("a")
    spool.end(exported=True)
    assert folded(spool).stages == {}
    spool.begin()
    spool.end()
    spool.call("b")
    spool.end(exported=True, invocation="b")
    assert only(folded(spool)).calls == ["a"]


def test_a_training_killed_before_its_record_is_finished_by_the_export(spool):
    spool.call("a")
    spool.begin()
    spool.losses(50, 0.5)
    spool.call("b")
    assert only(folded(spool)).status == "KILLED"  # another machine's, and its call is over
    spool.end(exported=True, invocation="b", weights="w", model="m")
    stage = only(folded(spool))
    assert stage.status == "FINISHED" and stage.calls == ["a"] and stage.tags["weights"] == "w"


def test_a_failure_is_shown_with_its_line_until_it_goes_on(spool):
    spool.begin()
    spool.end("failed")
    stage = only(folded(spool))
    assert stage.status == "FAILED" and stage.tags["error"] == "loss is nan"
    spool.begin()
    assert "error" not in only(folded(spool)).tags
    spool.end("interrupted")
    assert only(folded(spool)).status == "KILLED"


def test_who_is_gone_without_a_word(spool):
    ended, unburied = subprocess.Popen(["true"]), subprocess.Popen(["true"])
    spool.t = time.time()
    ended.wait()
    os.waitid(os.P_PID, unburied.pid, os.WEXITED | os.WNOWAIT)  # a zombie: nobody has asked how it ended
    for name, pid in (("ended", ended.pid), ("unburied", unburied.pid), ("there", os.getpid())):
        spool.begin(file=f"results/data/{name}/raw.json", host=HERE, pid=pid)
    status = {s.begin["record"].split("/")[2]: s.status for s in folded(spool).stages.values()}
    unburied.wait()
    assert status == {"ended": "KILLED", "unburied": "KILLED", "there": "RUNNING"}


def test_a_process_that_took_over_the_number_is_not_the_one_that_wrote(spool):
    spool.t = 1000.0  # long before this process was started
    spool.begin(host=HERE, pid=os.getpid())
    assert only(folded(spool)).status == "KILLED"


def test_on_another_machine_a_stage_ends_with_its_call(spool):
    spool.call("a")
    spool.begin()
    assert only(folded(spool)).status == "RUNNING"
    spool.ended("a", "failed")
    mirror = folded(spool)
    assert only(mirror).status == "KILLED" and mirror.calls["a"].status == "FAILED"
    spool.losses(50, 0.5)  # it lived all the same
    mirror._read()
    assert only(mirror).status == "RUNNING"


def test_a_later_call_says_that_the_one_before_is_over(spool):
    spool.call("a")
    assert folded(spool).calls["a"].status == "RUNNING"
    spool.call("b")
    assert {k: c.status for k, c in folded(spool).calls.items()} == {"a": "KILLED", "b": "RUNNING"}


@pytest.mark.parametrize(
    ("record", "verb", "name"),
    [
        ("results/data/digits/raw.json", "download", "download digits"),
        ("results/data/digits/tokens/ved.kind4/record.json", "tokenize", "tokenize digits ved.kind4"),
        ("results/tables/smoke/ved.json", "table", "table ved"),
        ("results/tables/smoke/index.json", "index", "index smoke"),
    ],
)
def test_names_of_stages_without_a_run(tmp_path, record, verb, name):
    spool = Spool(tmp_path)
    spool.begin(file=record, verb=verb)
    path = (tmp_path / record).with_suffix(".jsonl")
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "run"}) + "\n")
    assert only(folded(spool)).name == name
