"""The committed copy of finished tables: every form of them, what made them, and nothing of another run's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from redraw.core import RedrawError, read_json, write_json
from redraw.reference import reference
from redraw.report import render

EXAMPLE = Path(__file__).parent / "data" / "render_example.json"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tables as the workflow leaves it, the record of the stand-ins' gallery among them."""
    monkeypatch.chdir(tmp_path)
    tables = Path("results/tables/embedded")
    example = json.loads(EXAMPLE.read_text())
    records = []
    for table in example["tables"]:
        render.write_paper(table, tables)
        records.append(tables / f"{table['paper']['id']}.json")
        write_json(records[-1], table)
    render.write_index(example["tables"], None, tables, example["context"])
    records.append(tables / "stand_ins.json")
    write_json(records[-1], {"stand_ins": []})
    write_json(tables / "index.json", {"from": {str(record): "digest" for record in records}})
    return tables


def test_all_forms_of_the_tables_are_copied_with_what_made_them(made: Path) -> None:
    out = Path("docs/reference")
    out.mkdir(parents=True)
    (out / "of_before.md").write_text("a paper that is no more")
    reference(made, out)
    names = {p.name for p in out.iterdir()}
    assert {
        "ved.md",
        "ved.csv",
        "ved.html",
        "ved.tex",
        "tables.tex",
        "index.html",
        "cells.csv",
        "provenance.json",
    } <= names
    assert "of_before.md" not in names and not any(n.endswith(".json") and n != "provenance.json" for n in names)
    assert (out / "ved.tex").read_bytes() == (made / "ved.tex").read_bytes()
    pictures = [p.name for p in out.glob("*.png")]
    shown = (out / "ved.md").read_text()
    assert pictures and all(Image.open(out / p).size > (50, 50) for p in pictures)
    assert sorted(re.findall(r"!\[[^\]]+\]\((ved-[^)]+)\)", shown)) == sorted(
        p for p in pictures if p.startswith("ved")
    )
    runs = read_json(out / "provenance.json")["runs"]
    shown = [json.loads((made / f"{paper}.json").read_text())["lineage"] for paper in ("ved", "attngan")]
    assert set(runs) == {run for lineage in shown for run in lineage}
    said = (out / "README.md").read_text()
    assert "[tables.tex](tables.tex)" in said and "(ved.md)" in said and "stand_ins" not in said


def test_without_tables_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RedrawError, match="no tables: run `make reference`"):
        reference(tmp_path, tmp_path / "out")
