"""The papers' sheets against the list of published numbers, and their schema against misspelt ones."""

from __future__ import annotations

import copy
import csv
from pathlib import Path

import pytest

from redraw.core import Quantity, RedrawError
from redraw.report.printed import arrange, printed_cells, slug
from redraw.sheets import PAPERS, check, read_sheets, read_yaml

ORACLE = list(csv.DictReader((Path(__file__).parent / "data" / "published_numbers.csv").open()))
SHEETS = read_sheets()
CELLS = {c["cell_id"]: c for sheet in SHEETS.values() for c in printed_cells(sheet)}
PRINTED = sorted({row["paper"] for row in ORACLE if (PAPERS / f"{row['paper']}.yaml").exists()})


@pytest.mark.parametrize("paper", PRINTED)
def test_every_published_number_is_in_its_sheet_verbatim(paper):
    expected = [row for row in ORACLE if row["paper"] == paper]
    for row in expected:
        cell = CELLS[row["cell_id"]]
        told = {"printed": "printed", "source": "printed_source", "marks": "marks", "confirmed": "confirmed"}
        told |= {"table": "table", "dataset": "dataset", "metric": "metric", "better": "better"}
        got = {ours: cell[theirs] for ours, theirs in told.items()}
        wanted = {k: row[k] for k in told} | {"better": row["better"] or "none"}
        assert got == wanted, row["cell_id"]
        quantity = Quantity.parse(cell["printed"])
        assert (quantity is None) == (row["value"] == ""), row["cell_id"]
        if quantity is not None:
            assert quantity.value == float(row["value"])
            assert quantity.spread == (float(row["spread"]) if row["spread"] else None)
    assert {i for i, c in CELLS.items() if c["paper"] == paper} == {row["cell_id"] for row in expected}


def test_the_list_is_whole():
    counts = {p: sum(row["paper"] == p for row in ORACLE) for p in {row["paper"] for row in ORACLE}}
    gans = {"stackgan": 26, "stackgan_v2": 42, "attngan": 32}
    assert counts == {**gans, "align_draw": 36, "show_attend_tell": 75, "ved": 1}
    assert sum(1 for s in SHEETS.values() for _ in printed_cells(s)) == len(CELLS), "two cells share an id"


@pytest.mark.parametrize("paper", SHEETS)
def test_a_sheet_is_consistent(paper):
    sheet = SHEETS[paper]
    for name, table in sheet["tables"].items():
        marks = "".join(c["marks"] for c in printed_cells(sheet) if c["table"] == name)
        assert set(marks) <= set(table.get("footnotes", {})), f"{name}: a mark without a footnote"
        assert len({row["label"] for row in table["rows"]}) == len(table["rows"]), f"{name}: two rows share a label"
    for claim in sheet.get("claims", []):
        assert set(claim.get("printed_cells", [])) <= set(CELLS), claim["id"]
    ours = {c["cell_id"] for c in printed_cells(sheet)} | {
        f"{paper}:{name}:{slug(t['columns'][c]['dataset'])}:{slug(row['label'])}:{slug(t['columns'][c]['metric'])}"
        for name, t in sheet["tables"].items()
        for row in t.get("controls", [])
        for c in row["cells"]
    }
    assert {t["cell"] for t in sheet.get("third_party", [])} <= ours


def test_rows_taken_from_elsewhere_are_marked_quoted():
    quoted = {(c["paper"], c["row"]) for c in CELLS.values() if c["quoted"]}
    assert ("attngan", "StackGAN-v2") in quoted and ("show_attend_tell", "Log Bilinear") in quoted
    own = {("attngan", "Our AttnGAN"), ("stackgan", "GAN-INT-CLS"), ("show_attend_tell", "Soft-Attention")}
    assert not own & quoted
    assert CELLS["stackgan_v2:table-3:cub:stackgan-v1:is"]["quoted"] == "stackgan"
    assert not CELLS["stackgan_v2:table-3:cub:stackgan-v1:fid"]["quoted"]


def _broken(edit):
    sheet = copy.deepcopy(SHEETS["attngan"])
    edit(sheet)
    return sheet


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: s.update(tabels={}), "unknown key 'tabels': did you mean \"tables\"?"),
        (lambda s: s["paper"].update(titel="x"), "unknown key 'titel': did you mean \"title\"?"),
        (lambda s: s["tables"]["table-3"]["columns"]["cub"].update(beter="higher"), "unknown key 'beter'"),
        (lambda s: s["tables"]["table-3"]["rows"][0].update(quotet=True), "unknown key 'quotet'"),
        (lambda s: s["tables"]["table-3"]["rows"][0]["cells"].update(cub={"printd": "1"}), "unknown key 'printd'"),
        (
            lambda s: s["tables"]["table-3"]["rows"][0]["cells"].update(cub=2.88),
            "table-3.rows.0.cells.cub: 2.88 is not",
        ),
        (lambda s: s["claims"][0].update(form="graeter"), "'graeter': did you mean \"greater\"?"),
        (lambda s: s["differences"]["D1"].pop("changes"), "'changes' is a required property"),
        (lambda s: s["claims"].append({"id": "x", "origin": "text", "says": "x", "form": "gain"}), "'percent'"),
    ],
)
def test_a_misspelt_sheet_is_an_error_of_one_line(edit, message):
    with pytest.raises(RedrawError) as e:
        check(_broken(edit), "paper.schema.yaml", "papers/attngan.yaml")
    assert message in str(e.value) and str(e.value).startswith("papers/attngan.yaml, ") and "\n" not in str(e.value)


def test_a_row_with_a_column_that_is_not_there():
    sheet = _broken(lambda s: s["tables"]["table-3"]["rows"][0]["cells"].update(cob="1"))
    with pytest.raises(RedrawError, match="table-3, GAN-INT-CLS: no column 'cob': did you mean \"cub\"?"):
        list(printed_cells(sheet))


def test_a_key_given_twice(tmp_path):
    (tmp_path / "x.yaml").write_text("paper: 1\ntables: 2\npaper: 3\n")
    with pytest.raises(RedrawError, match="x.yaml, line 3: the key 'paper' is given twice"):
        read_yaml(tmp_path / "x.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AttnGAN1, lambda=0.1", "attngan1-lambda=0.1"),
        ("R@10", "r@10"),
        ("CMU/MS Research", "cmu-ms-research"),
        ("median_rank", "median-rank"),
    ],
)
def test_slug(text, expected):
    assert slug(text) == expected


def test_a_layout_puts_the_blocks_as_printed():
    columns = [
        {"id": f"{d}-{m}", "label": d, "group": m, "dataset": d, "metric": m, "better": "none", "unit": "", "ours": ""}
        for m in ("IS", "HR")
        for d in ("cub", "coco")
    ]
    rows = [
        {
            "label": model,
            "kind": kind,
            "quoted": False,
            "marks": "",
            "cells": {c["id"]: {"marks": "*" if c["metric"] == "IS" else "", "at": (model, c["id"])} for c in columns},
        }
        for model, kind in (("A", "printed"), ("B", "printed"), ("real", "ceiling"))
    ]
    heads, laid = arrange(columns, rows, {"down": ["metric", "model"], "across": ["dataset"], "names": {"cub": "CUB"}})
    assert [(h["id"], h["label"], h["metric"]) for h in heads] == [("cub", "CUB", "IS, HR"), ("coco", "coco", "IS, HR")]
    assert [r["label"] for r in laid] == ["IS: A", "IS: B", "HR: A", "HR: B", "IS: real", "HR: real"]
    assert laid[2]["cells"]["coco"]["at"] == ("A", "coco-HR")
    assert [r["marks"] for r in laid] == ["*", "*", "", "", "*", ""]
