"""The benchmark of training steps: everything it offers runs, and what it says of itself is true. No time is tested."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import step_cases  # noqa: E402
import step_gains  # noqa: E402
import train_step  # noqa: E402
from step_cases import CASES, Case  # noqa: E402
from step_clock import Clock, gflop  # noqa: E402

from redraw.recipe import Step  # noqa: E402

CPU = torch.device("cpu")
GAN = "gan_int_cls/gan_int_cls"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(before)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict:
    out = tmp_path_factory.mktemp("benchmark") / "steps.json"
    train_step.main([GAN, "--quick", "--device", "cpu", "--repeats", "1", "--out", str(out)])
    return json.loads(out.read_text()) | {"text": out.with_suffix(".md").read_text()}


def test_a_step_is_told_by_time_memory_and_arithmetic(found):
    assert found["quick"] is True and found["device"] == "cpu" and found["torch"] == torch.__version__
    assert [(row["run"], row["precision"], row["mode"]) for row in found["steps"]] == [
        (GAN, "fp32", "eager"), (GAN, "bf16", "eager")
    ]  # fmt: skip
    for row in found["steps"]:
        assert row["batch"] == 4 and row["images_per_s"] == pytest.approx(4000 / row["cpu_ms"], rel=0.01)
        assert row["gflop_per_s"] == pytest.approx(1000 * row["gflop"] / row["cpu_ms"], rel=0.02, abs=0.1)
        assert row["share_of_best"] == pytest.approx(row["gflop_per_s"] / row["best_gflop_per_s"], rel=0.02, abs=1e-4)
        assert row["peak_mib"] is None or row["peak_mib"] > 100
    assert found["steps"][0]["gflop"] == found["steps"][1]["gflop"] > 0


def test_what_a_switch_changes_is_told_beside_what_it_saves(found):
    by_name = {row["gain"]: row for row in found["gains"]}
    assert all(row["on_ms"] > 0 and row["off_ms"] > 0 for row in found["gains"])
    together = by_name["real and generated images in one pass"]
    assert together["difference"] < 1e-5 and together["difference_of_plain_concatenation"] > 0.1
    assert by_name["discriminators frozen in the generator's step"]["difference"] == 0
    assert by_name["Adam fused, not foreach"]["difference"] < 1e-6 > by_name["Adam fused, not loop"]["difference"]
    assert by_name["average of weights in one call"]["difference"] < 1e-6
    losses = by_name["cross-entropy of logits, not of probabilities"]
    assert losses["difference"] < 1e-6 and losses["difference_of_probabilities"] > 0.5
    assert by_name["frozen text encoder's outputs from a table"]["difference"] is None
    there = importlib.util.find_spec("redraw.papers.damsm") is not None
    assert ("words of all captions at once" in by_name) == there


def test_the_table_says_what_the_json_says(found):
    assert found["text"].startswith("Training steps on cpu, torch ") and "numbers without meaning" in found["text"]
    assert f"| {GAN} | 4 | fp32 | eager |" in found["text"] and "(plain concatenation: 0." in found["text"]
    rows = [{"run": "a", "batch": 12345, "gflop": None}, {"run": "b", "batch": 1, "gflop": None}]
    assert train_step.table(rows, train_step.COLUMNS) == "| run | batch |\n|---|---|\n| a | 12,345 |\n| b | 1 |"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.run)
def test_every_case_takes_a_step(case: Case):
    torch.manual_seed(0)
    recipe = step_cases.build(case, "embedded")
    batch = step_cases.batch_of(case, "embedded", recipe, 4, CPU)
    assert set(batch) == set(recipe.reads) and {len(values) for values in batch.values()} == {4}
    losses = recipe.train().train_step(batch, Step(0, 1, 0.0))
    assert losses and all(math.isfinite(value) for value in losses.values())


def test_a_case_is_of_the_papers_size_and_may_change_a_value():
    recipe = step_cases.build(Case("ved/kind4", 4), "paper")
    sheet = step_cases.read_yaml(step_cases.PAPERS / "ved.yaml")
    assert recipe.config.batch_size == sheet["config"]["VED"]["batch_size"]
    changed = Case(GAN, 4, {GAN: {"nz": 7}, "gan_int_cls/text": {"cnn_dim": 5}})
    recipe = step_cases.build(changed, "embedded")
    assert recipe.config.nz == 7 and recipe.held["text"].config.cnn_dim == 5
    about, length = step_cases.about_of("gan_int_cls/coco_gan_cls", "paper")
    assert (about.classes, len(about.vocabulary), length) == (1, 71, 201) and about.image_shape == (3, 76, 76)
    assert about.attributes[0] == "present::0" and len(about.attributes) == 80


def test_the_clock_of_a_cpu_does_not_count_waiting_and_arithmetic_is_exact():
    clock = Clock(CPU)
    cpu, wall = clock.both(lambda: time.sleep(0.1))
    assert cpu < 0.05 < 0.1 <= wall and clock.seconds(lambda: time.sleep(0.1)) < 0.05
    a, b = torch.ones(30, 40), torch.ones(40, 50)
    assert gflop(lambda: a @ b) == pytest.approx(2 * 30 * 40 * 50 / 1e9)
    convolution = nn.Conv2d(2, 3, 3, padding=1)
    assert gflop(lambda: convolution(torch.ones(1, 2, 8, 8))) == pytest.approx(2 * 64 * 3 * 18 / 1e9)
    assert clock.fastest_matmul(64, "fp32") > 0


def test_turns_are_taken_and_medians_compared():
    class Scripted(Clock):
        def seconds(self, work):
            return work()

    calls = []
    on, off = iter([9, 1, 2, 3]), iter([9, 4, 4, 100])  # the first of each warms up

    def turn(name, values):
        calls.append(name)
        return next(values)

    found = step_gains.compare(Scripted(CPU), 3, lambda: turn("on", on), lambda: turn("off", off))
    assert calls == ["on", "off"] * 4 and found == {"on_ms": 2000, "off_ms": 4000, "times": 2}


def test_differences_are_relative_to_each_tensor():
    one = {"a": torch.tensor([3.0, 4.0]), "b": torch.tensor([1.0])}
    other = {"a": torch.tensor([3.0, 4.0]), "b": torch.tensor([2.0])}
    assert step_gains.apart(one, other) == 0.5 and step_gains.apart(one, one) == 0


def test_a_step_that_fails_ends_the_benchmark(capfd):
    def fails():
        raise ValueError("a loss of its own")

    with pytest.raises(SystemExit, match="^a step failed: see above$"):
        train_step.alone(fails)
    assert "a loss of its own" in capfd.readouterr().err
    assert train_step.alone(lambda: {"value": 3}) == {"value": 3}
