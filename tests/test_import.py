"""Weights that authors released: what may come in, what is said of a wrong file, and that an import is a run like any other."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
import yaml
from released_files import one_paper
from test_judge import TOY, all_cells, toy, toy_scores

from redraw import imports, jobs
from redraw.cli import main
from redraw.core import RedrawError, file_digest, read_json
from redraw.fresh import fresh, settle
from redraw.instruments.classifier import Classifier
from redraw.recipe import About, make_config
from redraw.released import convert, fit
from redraw.report import detail, html, markdown

VALUES = {
    "steps": 1, "batch_size": 2, "evaluations": 1, "patience": None, "watch": None, "widths": [2, 3], "kernel": 5, "hidden": 8,
    "dropout": 0.5, "learning_rate": 1e-3, "pixel_mean": 0.1, "pixel_std": 0.3, "max_shift": 0, "input_noise": 0.0,
}  # fmt: skip


def network() -> Classifier:
    torch.manual_seed(0)
    config = make_config(Classifier.Config, {**VALUES, "as_released": []}, "test")
    return Classifier(config, About((1, 28, 28), 10), {})


def saved(folder: Path, value: object, name: str = "net.pth", **options: object) -> Path:
    torch.save(value, folder / name, **options)
    return folder / name


def line(path: Path, wanted: Classifier | None = None) -> str:
    """The one line that a wrong file gives."""
    with pytest.raises(RedrawError) as caught:
        found = convert(path, "torch")
        fit(found, (wanted or network()).state_dict(), path.name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- good files ------------------------------------------------------------------------------------------------------


def forms(state):
    yield "plain", state, {}
    yield "by DataParallel", OrderedDict((f"module.{k}", v) for k, v in state.items()), {}
    yield "within a larger mapping", {"netG": dict(state), "epoch": 3}, {}
    yield "before PyTorch 1.6", state, {"_use_new_zipfile_serialization": False}
    yield "in double precision", {k: v.double() for k, v in state.items()}, {}


@pytest.mark.parametrize("which", range(5))
def test_a_checkpoint_fits_as_it_was_saved(tmp_path, which):
    own = network().state_dict()
    name, value, options = list(forms(own))[which]
    found = fit(convert(saved(tmp_path, value, **options), "torch"), own, "net.pth")
    assert all(torch.equal(found[k], own[k]) and found[k].dtype == own[k].dtype for k in own), name


def test_counters_that_old_versions_did_not_save_are_zero():
    norm = torch.nn.BatchNorm1d(3)
    norm(torch.randn(4, 3))
    old = {k: v for k, v in norm.state_dict().items() if not k.endswith("num_batches_tracked")}
    assert int(fit(old, norm.state_dict(), "f")["num_batches_tracked"]) == 0


# --- wrong files -----------------------------------------------------------------------------------------------------


class Command:
    def __reduce__(self):
        return os.system, ("touch obeyed",)


def changed(**changes):
    return {**network().state_dict(), **changes}


def without(key):
    return {k: v for k, v in network().state_dict().items() if k != key}


AGAIN = "get the file again"
NO_STATE = "give a network's state, not an optimiser's"
WRONG = {
    "a page of a web site": (lambda p: p.write_text("<html>quota</html>"), f"net.pth: no PyTorch checkpoint (…): {AGAIN}"),
    "nothing": (lambda p: p.write_bytes(b""), f"net.pth: no PyTorch checkpoint (…): {AGAIN}"),
    "cut off": (
        lambda p: (torch.save(changed(), p), p.write_bytes(p.read_bytes()[:2000])), f"net.pth: no PyTorch checkpoint (…): {AGAIN}"
    ),
    "a command": (
        lambda p: p.write_bytes(pickle.dumps(Command(), protocol=2)),
        f"net.pth: no PyTorch checkpoint (it asks for more than tensors): {AGAIN}",
    ),
    "a command within a checkpoint": (
        lambda p: torch.save({"a": Command()}, p), f"net.pth: no PyTorch checkpoint (it asks for more than tensors): {AGAIN}"
    ),
    "a list": (lambda p: torch.save([torch.ones(1)], p), f"net.pth: no mapping of names to tensors: {NO_STATE}"),
    "an empty mapping": (lambda p: torch.save({}, p), f"net.pth: no mapping of names to tensors: {NO_STATE}"),
    "an optimiser's state": (
        lambda p: torch.save(network().optimizers["adam"].state_dict(), p), f"net.pth: 'state' is no tensor: {NO_STATE}"
    ),
    "a number for a name": (lambda p: torch.save({3: torch.ones(1)}, p), f"net.pth: 3 is no tensor: {NO_STATE}"),
    "values that are not finite": (
        lambda p: torch.save(changed(**{"fc2.bias": torch.full((10,), float("nan"))}), p),
        f"net.pth: fc2.bias holds values that are not finite: {AGAIN}",
    ),
    "another size": (
        lambda p: torch.save(changed(**{"conv1.weight": torch.zeros(4, 1, 5, 5)}), p),
        "net.pth: conv1.weight is 4 x 1 x 5 x 5, the network's is 2 x 1 x 5 x 5: give the file of this network, or give the run "
        "the sizes that the file was trained with",
    ),
    "a missing layer": (
        lambda p: torch.save(without("conv2.bias"), p),
        "net.pth: conv2.bias is not in it (it has conv1.weight, conv1.bias, conv2.weight, …): give the file of this network",
    ),
    "another network": (
        lambda p: torch.save({"encoder.weight": torch.ones(2)}, p),
        "net.pth: conv1.weight is not in it (it has encoder.weight): give the file of this network",
    ),
    "one layer more": (
        lambda p: torch.save(changed(fc3=torch.ones(1)), p),
        "net.pth: fc3 is none of the network's: give the file of this network",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_one_line_and_nothing_is_obeyed(tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    spoil, expected = WRONG[what]
    spoil(tmp_path / "net.pth")
    found = line(tmp_path / "net.pth")
    print(f"{what}: {found}")
    first, _, last = expected.partition("…)") if "(…)" in expected else (expected, "", "")
    assert found.startswith(first) and found.endswith(last) and not Path("obeyed").exists()


def test_an_unknown_kind(tmp_path):
    with pytest.raises(RedrawError, match="no kind of file 'torhc': did you mean \"torch\""):
        convert(tmp_path / "net.pth", "torhc")


# --- runs ------------------------------------------------------------------------------------------------------------

SHEET = {
    "paper": {"id": "alpha", "title": "A", "short": "A", "authors": "A.", "venue": "V", "year": 2020, "read_in": ["A"],
              "code": "none", "summary": "s"},
    "config": {"Classifier": VALUES},
    "runs": {
        "base": {"recipe": "instruments.classifier:Classifier", "dataset": "mnist", "stage": "import", "scales": ["smoke"],
                 "released": {"all": {"file": "net.pth", "kind": "torch", "into": [""]}}, "score": ["acc"]},
        "above": {"recipe": "instruments.classifier:Classifier", "dataset": "mnist", "stage": "import", "scales": ["smoke"],
                  "needs": {"first": "base"},
                  "released": {"first": {"file": "conv.pth", "kind": "torch", "into": ["conv1", "conv2"]},
                               "rest": {"file": "rest.pth", "kind": "torch", "into": ["fc1"], "optional": True}}},
    },
    "scales": {"smoke": {"Classifier": {"hidden": 99}}},
    "evaluations": {"acc": {"metric": "accuracy", "instrument": "self", "captions": "none", "images": "test", "n": 0}},
}  # fmt: skip


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with one paper of imports, and a function that plans it."""
    return one_paper(SHEET, tmp_path, monkeypatch)


def test_an_import_is_planned_once_its_file_was_brought(desk, tmp_path):
    assert not desk().run
    assert desk().missing["alpha/base"] == "needs net.pth of the authors: `redraw import alpha/base all=FILE`"
    assert desk(scale="embedded").missing["alpha/base"] == "the authors' weights are read at scale paper"
    path = saved(tmp_path, network().state_dict())
    lines, _ = imports.bring("alpha/base", [f"all={path}"])
    assert lines == [
        "alpha/base, all: net.pth, 8 tensors",
        "imports.json: noted; the next workflow call at its scale scores it",
    ]
    assert list(desk(seeds=3).run) == ["alpha/base.s0"]  # one file, one run
    run = desk().run["alpha/base.s0"]
    assert run.config["hidden"] == 8  # of the file's size, not the scale's
    assert desk().artefacts["results/smoke/runs/alpha/base.s0/manifest.json"].rule == "convert"
    assert read_json("imports.json")["alpha/base"]["all"]["sha256"] == file_digest(path)


def test_an_import_waits_for_what_it_needs_and_not_for_what_is_optional(desk, tmp_path):
    path = saved(tmp_path, {"weight": torch.zeros(1)}, "conv.pth")
    imports.bring("alpha/above", [f"first={path}"])
    assert desk().missing["alpha/above"] == "needs net.pth of the authors: `redraw import alpha/base all=FILE`"
    imports.bring("alpha/base", [f"all={saved(tmp_path, network().state_dict())}"])
    assert set(desk().run) == {"alpha/base.s0", "alpha/above.s0"}


def test_a_training_waits_for_the_weights_that_it_reads(desk, tmp_path):
    runs = {
        **SHEET["runs"],
        "reader": {"recipe": "instruments.classifier:Classifier", "dataset": "mnist", "needs": {"eyes": "base"}},
    }
    Path("papers/alpha.yaml").write_text(yaml.safe_dump({**SHEET, "runs": runs}))
    assert desk().missing["alpha/reader"] == "needs net.pth of the authors: `redraw import alpha/base all=FILE`"
    assert desk(scale="embedded").missing["alpha/reader"] == "the authors' weights are read at scale paper"
    imports.bring("alpha/base", [f"all={saved(tmp_path, network().state_dict())}"])
    assert set(desk().run) == {"alpha/base.s0", "alpha/reader.s0"}


def test_another_file_is_another_run(desk, tmp_path):
    keys = []
    for bias in (0.0, 1.0):
        imports.bring("alpha/base", [f"all={saved(tmp_path, changed(**{'fc2.bias': torch.full((10,), bias)}))}"])
        keys.append(desk().artefacts["results/smoke/runs/alpha/base.s0/manifest.json"].key)
    assert len(set(keys)) == 2


def test_an_import_is_made_sampled_and_scored_like_any_run(desk, tmp_path):
    imports.bring("alpha/base", [f"all={saved(tmp_path, network().state_dict())}"])
    (tmp_path / "net.pth").unlink()  # what was brought is kept
    plan = desk()
    settle(plan)
    made = [a for a in plan.artefacts.values() if a.rule not in ("table", "gallery", "index")]
    for a in made:
        jobs.run(a.rule, a.spec_file, a.record)
    assert all(fresh(plan)[a.record] for a in made)
    manifest = read_json("results/smoke/runs/alpha/base.s0/manifest.json")
    assert manifest["stopped"] == "imported" and manifest["parameters"] == sum(
        p.numel() for p in network().parameters()
    )
    stored = torch.load("results/smoke/runs/alpha/base.s0/model.pt", weights_only=True)["weights"]
    assert all(torch.equal(stored[k], v) for k, v in network().state_dict().items())
    score = read_json("results/smoke/runs/alpha/base.s0/scores.json")["metrics"]["acc"]
    assert 0 <= score["value"] <= 40 and score["n"] > 50  # an untrained network: about one in ten

    shutil.rmtree("work/released")
    record = "results/smoke/runs/alpha/base.s0/manifest.json"
    with pytest.raises(RedrawError, match="net.pth: not here, though imports.json names it: bring it again"):
        jobs.run("convert", plan.artefacts[record].spec_file, record)


def test_a_file_of_another_network_leaves_no_run(desk, tmp_path):
    imports.bring("alpha/base", [f"all={saved(tmp_path, without('fc1.weight'))}"])
    plan = desk()
    settle(plan)
    record = "results/smoke/runs/alpha/base.s0/manifest.json"
    for a in plan.artefacts.values():
        if a.record == record:
            break
        jobs.run(a.rule, a.spec_file, a.record)
    with pytest.raises(RedrawError, match=r"net.pth: fc1.weight is not in it \(it has conv1.weight, "):
        jobs.run("convert", plan.artefacts[record].spec_file, record)
    assert not Path(record).exists()


MISTAKES = {
    ("alpha/bass",): 'import alpha/bass: no such run of released weights: did you mean "alpha/base"?',
    ("alpha/base",): "import alpha/base: no file given, and none was downloaded: `redraw import alpha/base all=FILE`",
    ("alpha/base", "net.pth"): "import alpha/base: 'net.pth': give ROLE=FILE, ",
    ("alpha/base", "al=net.pth"): "import alpha/base: 'al=net.pth': give ROLE=FILE, did you mean \"all\"?",
    ("alpha/base", "all=none.pth"): "import alpha/base: none.pth: no such file: give the path of net.pth",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_line_and_nothing_is_noted(desk, capsys, words):
    assert main(["import", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"redraw: {MISTAKES[words]}") and said.count("\n") == 1
    assert not imports.BOOK.exists()


def test_a_damaged_file_is_not_brought(desk, tmp_path, capsys):
    (tmp_path / "net.pth").write_bytes(b"PK\x03\x04")
    assert main(["import", "alpha/base", "all=net.pth"]) == 2
    assert "no PyTorch checkpoint" in capsys.readouterr().err and not imports.BOOK.exists()


def test_the_list_says_what_is_lacking(desk, tmp_path, capsys):
    imports.bring("alpha/base", [f"all={saved(tmp_path, network().state_dict())}"])
    assert main(["import", "--json"]) == 0
    state = {(e["run"], e["role"]): e["state"] for e in json.loads(capsys.readouterr().out)}
    assert state == {
        ("alpha/base", "all"): "imported",
        ("alpha/above", "first"): "lacking",
        ("alpha/above", "rest"): "optional",
    }


def test_a_scorer_that_nobody_brought_scores_nothing(desk, tmp_path):
    sheet = copy.deepcopy(SHEET)
    sheet["runs"]["own"] = {
        "recipe": "instruments.classifier:Classifier",
        "dataset": "mnist",
        "score": ["acc", "by_base"],
    }
    sheet["evaluations"]["by_base"] = {**sheet["evaluations"]["acc"], "instrument": "base"}
    Path("papers/alpha.yaml").write_text(yaml.safe_dump(sheet))
    assert list(desk().run["alpha/own.s0"].evaluations) == ["acc"]
    imports.bring("alpha/base", [f"all={saved(tmp_path, network().state_dict())}"])
    assert list(desk().run["alpha/own.s0"].evaluations) == ["acc", "by_base"]


# --- in the tables ---------------------------------------------------------------------------------------------------


def with_authors(ran: bool):
    sheet = copy.deepcopy(TOY)
    sheet["runs"]["authors"] = {"recipe": "Echo", "dataset": "mnist", "stage": "import"}
    sheet["tables"]["table-1"]["rows"][0]["released"] = "authors"
    scores = toy_scores(3)
    if ran:
        scores["toy/authors.s0"] = copy.deepcopy(scores["toy/echo.s0"])
        scores["toy/authors.s0"]["metrics"]["accuracy"]["value"] = 71.5
    missing = {"toy/later": "rows: all", "toy/authors": "needs net.pth of the authors"}
    return toy(sheet=sheet, sheets={"toy": sheet}, scores=scores, missing=missing)


def test_the_authors_weights_have_a_column_of_their_own():
    table = with_authors(ran=True)
    cell = all_cells(table)["toy:table-1:mnist:echo:accuracy"]
    assert cell["ours"] == 90.0 and cell["authors"]["ours"] == 71.5 and cell["authors"]["runs"] == ["toy/authors.s0"]
    assert cell["authors"]["agrees"]["verdict"] == "not comparable"  # by the same judge: drawn digits are not MNIST
    assert "authors' weights → 71.5" in markdown.paper(table)
    assert "authors’ weights</small><span>71.5" in html.paper(table)


def test_authors_weights_that_nobody_brought_say_how():
    table = with_authors(ran=False)
    cell = all_cells(table)["toy:table-1:mnist:echo:accuracy"]
    assert cell["authors"]["ours"] is None
    assert cell["authors"]["agrees"] == {"verdict": "not run", "because": "not run: needs net.pth of the authors"}
    assert "authors' weights" not in markdown.paper(table) and "needs net.pth of the authors" in detail.cells(table)


def test_of_several_metrics_the_first_that_was_measured_counts():
    sheet = copy.deepcopy(TOY)
    sheet["tables"]["table-1"]["rows"][0]["cells"]["acc"] = {"printed": "90.0", "ours": ["published", "accuracy"]}
    table = toy(sheet=sheet, sheets={"toy": sheet})
    assert all_cells(table)["toy:table-1:mnist:echo:accuracy"]["ours"] == 90.0
    sheet["tables"]["table-1"]["rows"][0]["cells"]["acc"]["ours"] = ["real", "accuracy"]
    assert all_cells(toy(sheet=sheet, sheets={"toy": sheet}))["toy:table-1:mnist:echo:accuracy"]["ours"] == 100.0
