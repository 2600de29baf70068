"""What a machine cannot compute: METEOR without Java, or with one that fails; what scores and tables say of it."""

from __future__ import annotations

import copy
import csv
import importlib
import io
import os
import re
import time

import numpy as np
import pytest
from test_judge import TOY, all_cells, toy, toy_scores
from test_render import Page
from written_captions import items_of, scenes

from redraw import scores
from redraw.core import NotComputed, RedrawError, write_json
from redraw.data import java as programs
from redraw.metrics import METRICS
from redraw.report import audit, html, markdown, render

METEOR = importlib.import_module("redraw.metrics.meteor")
LATER = "; then score again with `snakemake --cores all --forcerun metrics -- results/tables`"
NO_JAVA = f"no Java runtime: install one (apt-get install default-jre-headless){LATER}"
PAIR = items_of(["a red bird", "two dogs"], [["a bird"], ["dogs"]])


@pytest.fixture
def no_java(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_file", lambda folder, jar: tmp_path / jar)


def test_without_java_or_its_jar_nothing_is_computed(no_java, monkeypatch):
    with pytest.raises(NotComputed) as error:
        METRICS["meteor"].fn(PAIR)
    assert str(error.value) == NO_JAVA
    for name in ("bleu", "meteor", "rouge_l", "cider"):
        with pytest.raises(NotComputed) as error:
            METRICS[name].fn(PAIR, tokenizer="ptb")
        said = NO_JAVA.replace(LATER, ", or choose another tokenizer" + LATER)
        assert str(error.value) == f"tokens, tokenizer ptb: {said}"
    monkeypatch.setattr(programs, "_file", lambda folder, jar: None)
    with pytest.raises(NotComputed, match="^meteor-1.5.jar is not here: install the package pycocoevalcap; then score"):
        METRICS["meteor"].fn(PAIR)


TRACE = "echo 'java.lang.Error: no class' >&2; echo '\tat Meteor.main(Unknown Source)' >&2; exit 3"
TROUBLE = {
    "fails": (TRACE, "caption 0: Java failed (java.lang.Error: no class): see that `java -version` works"),
    "fails later": (f"read line; echo 1.0; {TRACE}", "caption 1: Java failed (java.lang.Error: no class): see"),
    "says nothing": ("exit 0", "caption 0: Java failed (no more said): see that `java -version` works"),
    "says something else": (
        "echo $$ > pid; read a; echo hello; exec sleep 100",
        "caption 0: Java gave 'hello': see that pycocoevalcap is whole",
    ),
    "says something else of all": ("read a; echo 1; read a; echo 1; yes no", "all captions: Java gave 'no': see that"),
    "says too little of all": (
        "read a; echo 1; read a; echo 1; read a; echo 0.5", "all captions: Java failed (no more said)",
    ),
    "does not end": ("echo $$ > pid; exec sleep 100", "caption 0: no answer in 0.5 s: see whether it is a caption"),
}  # fmt: skip


@pytest.fixture
def java(tmp_path, monkeypatch):
    """A function that writes the shell script that runs in Java's place."""

    def write(lines: str) -> None:
        (tmp_path / "java").write_text(f"#!/bin/sh\n{lines}\n")
        (tmp_path / "java").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(programs, "_file", lambda folder, jar: tmp_path / jar)

    return write


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_with_java_is_one_line_and_leaves_no_process(tmp_path, monkeypatch, java, case):
    lines, said = TROUBLE[case]
    java(lines)
    monkeypatch.setattr(METEOR, "LIMIT", 0.5 if case == "does not end" else 60.0)
    started = time.monotonic()
    with pytest.raises(RedrawError) as error:
        METRICS["meteor"].fn(PAIR)
    assert str(error.value).startswith(f"meteor: {said}") and not isinstance(error.value, NotComputed)
    assert "\n" not in str(error.value) and time.monotonic() - started < 30
    if "pid" in lines:
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


def test_one_program_answers_for_all_evaluations_of_a_run_and_goes(tmp_path, java):
    java("echo $$ >> pids; while read a; do case $a in EVAL*) echo 0.25; echo 0.75; echo 0.5;; *) echo 1;; esac; done")
    with METEOR.one_program():
        for _ in range(3):
            assert METRICS["meteor"].fn(PAIR)["value"] == 50
        (pid,) = map(int, (tmp_path / "pids").read_text().split())
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    METRICS["meteor"].fn(PAIR)
    assert len((tmp_path / "pids").read_text().split()) == 2, "outside, each starts its own"


def test_a_number_that_cannot_be_computed_harms_no_other(tmp_path, no_java):
    items, group = scenes(20), "test-real-20"
    arrays = {**items, "class_id": np.zeros(20, np.int64)}
    np.savez(
        tmp_path / "items.npz", **{f"{group}/{k}": v for k, v in arrays.items()}, **{f"{group}/steps": np.zeros(0)}
    )
    write_json(tmp_path / "manifest.json", {"weights": "w", "config": {}, "data": "d"})
    write_json(tmp_path / "curves.json", {})
    asked = {"captions": "test", "images": "real", "n": 20}
    evaluations = {
        "meteor": {**asked, "metric": "meteor", "snapshots": True},
        "bleu": {**asked, "metric": "bleu", "options": {"beam": 3, "brevity_penalty": True}},
        "bleu_ptb": {**asked, "metric": "bleu", "options": {"tokenizer": "ptb"}},
        "cider": {**asked, "metric": "cider", "options": {"by": "person"}},
    }
    spec = {
        "run": "p/x.s0",
        "scale": "smoke",
        "seed": 0,
        "dataset": "coco",
        "evaluations": evaluations,
        "instruments": {},
    }
    found = scores.score(tmp_path, spec)
    assert list(found["metrics"]) == ["bleu", "bleu/b1", "bleu/b2", "bleu/b3", "bleu/b4", "cider"]
    assert found["not_computed"]["meteor"] == NO_JAVA and set(found["not_computed"]) == {"meteor", "bleu_ptb"}
    assert found["metrics"]["bleu/b4"]["value"] == found["metrics"]["bleu"]["value"] > 0
    assert len(found["metrics"]["cider"]["per_block"]) == 20 and found["metrics"]["cider"]["n"] == 20

    keys = {name: metric["protocol_key"] for name, metric in found["metrics"].items()}
    np.savez(
        tmp_path / "items.npz", **{f"{group}/{k}": v for k, v in {**arrays, "written": arrays["captions"]}.items()}
    )
    assert {name: m["protocol_key"] for name, m in scores.score(tmp_path, spec)["metrics"].items()} == keys
    fewer = {**arrays, "references": arrays["references"][:, :1]}
    np.savez(
        tmp_path / "items.npz",
        **{f"{group}/{k}": v for k, v in {**fewer, "captions": items["references"][:, 0]}.items()},
    )
    del spec["evaluations"]["cider"]
    other = scores.score(tmp_path, spec)["metrics"]["bleu"]["protocol"]
    changed = {k for k, v in found["metrics"]["bleu"]["protocol"].items() if other[k] != v}
    assert changed == {"captions_read", "references_read"}


@pytest.mark.parametrize("name", ["accuracy", "accuracy/b1", "accuracy@best_on_validation"])
def test_tables_say_what_was_not_computed_and_why(tmp_path, name):
    sheet, found = copy.deepcopy(TOY), toy_scores(2)
    table = sheet["tables"]["table-1"]
    table["columns"]["acc"]["ours"] = name
    table["controls"].append({"label": "People", "kind": "ceiling", "run": "echo", "cells": {"acc": name}})
    for about in found.values():
        del about["metrics"]["accuracy"]
        about["not_computed"] = {"accuracy": NO_JAVA}
    page = toy(2, sheet=sheet, sheets={"toy": sheet}, scores=found)
    cells = all_cells(page)
    because = f"not computed: {NO_JAVA}"
    assert cells["toy:table-1:mnist:echo:accuracy"]["agrees"] == {"verdict": "not computed", "because": because}
    assert cells["toy:table-1:mnist:people:accuracy"]["agrees"]["because"] == f"a row of ours; {because}"
    assert cells["toy:table-1:mnist:later:accuracy"]["agrees"]["verdict"] == "not run"
    assert cells["toy:table-1:mnist:real-images:accuracy"]["ours"] == 99.5

    render.write_paper(page, tmp_path)
    render.write_index([page], None, tmp_path)
    told = {row["row"]: row for row in csv.DictReader(io.StringIO((tmp_path / "toy.csv").read_text()))}
    assert (told["Echo"]["agrees"], told["Echo"]["because"], told["Echo"]["ours"]) == ("not computed", because, "")
    assert told["People"]["because"] == f"a row of ours; {because}"
    text = markdown.paper(page)
    assert re.search(r"\| Echo † \| 90.0 · not computed \|", text) and "| Later | 70.0 · not run |" in text
    assert "| People (ceiling) | · not computed |" in text
    assert f"accuracy not computed: {NO_JAVA}.".replace("`", "\\`") in text
    assert because.replace("`", "\\`") in (tmp_path / "audit.md").read_text()
    shown = re.sub(r"\s+", " ", Page(html.paper(page)).text)
    assert shown.count("not computed") > 4 and f"ccuracy not computed: {NO_JAVA}." in shown
    assert f"Not computed: {NO_JAVA}" in shown and f"A row of ours; {because}" in shown
    assert audit.summary([page])["counts"]["agrees"]["not computed"] == 2


def test_a_row_of_ours_that_was_not_computed_is_marked_so():
    sheet, found = copy.deepcopy(TOY), toy_scores(1)
    sheet["tables"]["table-1"]["controls"][0]["cells"]["acc"] = "people"
    found["toy/echo.s0"]["not_computed"] = {"people": NO_JAVA}
    page = html.paper(toy(1, sheet=sheet, sheets={"toy": sheet}, scores=found))
    assert re.search(
        r'<td class="c"><a [^>]*>[^/]*</span><span class="o off"><svg.*?</svg><span>not computed</span></span>', page
    )
    assert "<small>not computed</small>" in page
    legend = page[page.index('class="tnote"') : page.index("<table")]
    assert "not computed" in legend and "not run" in legend


def test_one_seed_that_was_computed_is_enough():
    found = toy_scores(2)
    del found["toy/echo.s0"]["metrics"]["accuracy"]
    found["toy/echo.s0"]["not_computed"] = {"accuracy": NO_JAVA}
    cell = all_cells(toy(2, scores=found))["toy:table-1:mnist:echo:accuracy"]
    assert cell["ours"] == 90.0 and cell["not_computed"] == "" and cell["agrees"]["verdict"] == "not comparable"


def test_ptb_for_a_metric(java):
    given = items_of(["A red bird, isn't it?"], [["a red bird is n't it"]])
    assert METRICS["rouge_l"].fn(given, tokenizer="ptb")["value"] == pytest.approx(100)
    assert METRICS["rouge_l"].fn(given)["value"] < 90
    assert METRICS["bleu"].fn(given, tokenizer="ptb")["envelope"][1] == pytest.approx(100)
