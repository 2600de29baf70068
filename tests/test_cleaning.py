"""`redraw clean` removes the training state that nothing of params.yaml would look for, and never more."""

import fcntl
import shutil
import subprocess

import pytest
from desk import Desk

pytestmark = pytest.mark.workflow


def state(desk: Desk) -> set[str]:
    """All training state: "paper/run/fingerprint"."""
    root = desk.folder / "work/state/smoke"
    return {str(p.relative_to(root)) for p in root.glob("*/*/*")}


def shown(desk: Desk, *options: str) -> dict[str, str]:
    """{"paper/run/fingerprint": why} as the command lists it."""
    *lines, total = desk.run("redraw", "clean", *options).stdout.splitlines()
    assert "MiB" in total
    fields = [line.split("  ") for line in lines]
    return {folder.removeprefix("work/state/smoke/"): why for folder, _, why in fields}


def test_nothing_of_a_finished_workflow_is_left_over(desk):
    before = state(desk)
    assert before and shown(desk, "--yes") == {}
    assert state(desk) == before


def test_the_state_of_other_parameters_goes_and_nothing_else(desk):
    (old,) = [s for s in state(desk) if s.startswith("toy/")]
    desk.depart("toy", "Echo", "learning_rate", 2.0)
    desk.tables()
    (new,) = [s for s in state(desk) if s.startswith("toy/") and s != old]
    before = state(desk)
    assert shown(desk) == {old: "params.yaml asks for another training"}
    assert state(desk) == before  # shown, not done
    assert shown(desk, "--yes") == {old: "params.yaml asks for another training"}
    assert state(desk) == before - {old} and new in state(desk)
    shutil.rmtree(desk.folder / "results/smoke")  # what stays serves for exports
    desk.tables()
    assert len(desk.spooled("trained")) == len(before)


def test_where_the_fingerprint_cannot_be_known_yet_all_state_stays(desk):
    """A teacher to be trained anew gives its pupil another fingerprint, or, with equal weights, the same."""
    desk.depart("ved", "Classifier", "learning_rate", 0.002)
    assert {s.rsplit("/", 1)[0] for s in shown(desk)} == {"ved/classifier.s0"}
    shutil.rmtree(desk.folder / "results")
    assert shown(desk) == {}


def test_runs_that_no_sheet_has_and_samples_of_another_protocol_go(desk):
    desk.edit("src/redraw/papers/toy.yaml", "n: 50", "n: 40")
    ((folder, why),) = shown(desk).items()
    assert folder.startswith("toy/echo.s0/") and "/sample-" in folder and why == "samples of another protocol"
    for kind in ("py", "yaml"):
        (desk.folder / f"src/redraw/papers/toy.{kind}").unlink()
    desk.edit("params.yaml", "  toy: {}\n", "")
    assert set(shown(desk, "--yes").values()) == {"no such run"}
    assert not (desk.folder / "work/state/smoke/toy").exists()


def test_state_of_further_seeds_is_kept_where_params_would_look_for_it(desk):
    """As after SEEDS=2: the toy's teacher of that seed was of other parameters, so that the pupil's state cannot be judged."""
    root = desk.folder / "work/state/smoke"
    for run in ("toy/echo", "ved/classifier"):
        shutil.copytree(root / f"{run}.s0", root / f"{run}.s1")
    ((folder, why),) = shown(desk).items()
    assert folder.startswith("ved/classifier.s1/") and why == "params.yaml asks for another training"


def test_what_a_job_holds_stays_and_a_running_workflow_is_left_alone(desk):
    (old,) = [s for s in state(desk) if s.startswith("toy/")]
    desk.depart("toy", "Echo", "learning_rate", 2.0)
    with (desk.folder / "work/state/smoke" / old / "lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert shown(desk, "--yes") == {} and old in state(desk)
    with (desk.folder / ".snakemake/redraw.lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = subprocess.run(
            ["redraw", "clean", "--yes"], cwd=desk.folder, env=desk.env, capture_output=True, text=True
        )
        assert said.returncode == 2 and "this checkout is in use" in said.stderr and old in state(desk)
