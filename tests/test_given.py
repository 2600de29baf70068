"""`redraw audit`: anybody's table as a YAML file, judged as the sheets are; every mistake one line with its line and key."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_render import HOSTILE, Page

from redraw.cli import main
from redraw.core import Quantity
from redraw.report import audit, given, given_cells, given_pages
from redraw.report.judge import agrees, tost
from redraw.sheets import SCHEMAS, read_yaml

DOCS = Path(__file__).parents[1] / "docs"
TABLE = """\
paper: {title: A paper, source: "its PDF"}
tables:
  main:
    spread: fold
    columns:
      is: {dataset: cub, metric: IS, better: higher, classes: 50, margin: 0.1}
      fid: {dataset: cub, metric: FID, better: lower}
      r: {dataset: cub, metric: R-precision, better: higher, items: 2928, folds: 10, gallery: 100}
      hr: {dataset: cub, metric: HR, better: lower}
    rows:
      - {label: A, cells: {is: {printed: "4.36 ± .03", ours: [4.334, 4.30, 4.36, 4.35, 4.33]}, fid: "15.0", hr: "2.81 ± .03"}}
      - label: B
        cells:
          is: {printed: "3.82 ± .06", ours: [4.0, 4.1], studies: [{printed: "3.9", source: "an issue"}]}
          fid: "20.0"
          r: "72.31 ± 0.91"
          hr: "1.99 ± .04"
      - {label: C, cells: {is: {printed: "3.0", ours: [9, 9.1, 9.2]}, fid: "-", hr: "1.37 ± .02"}}
      - {label: Chance, chance: true, cells: {is: "1.0", r: "1.0"}}
  other:
    columns: {is: {dataset: cub, metric: IS, better: higher}}
    rows: [{label: "B, version 1", identity: B, cells: {is: "4.04 ± .05"}}]
claims:
  - {id: gain, says: 14.14 % better, form: gain, percent: 14.14, table: main, column: is, left: A, right: B}
  - {id: best, says: the best, form: best, table: main, column: is, left: A}
  - {id: low, says: the lowest, form: best, table: main, column: fid, left: A}
  - {id: up, says: rises, form: increasing, table: main, column: is, over: [C, B, {row: "B, version 1", table: other}]}
  - {id: four, says: above 4, form: greater, table: main, column: is, left: A, right: 4}
"""


def written(folder: Path, text: str = TABLE, name: str = "table.yaml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def built(folder: Path, text: str = TABLE) -> dict:
    return given_cells.build(given.read(written(folder, text)))


def cells(table_json: dict) -> dict[str, dict]:
    return {cell["cell_id"]: cell for *_, cell in audit.cells(table_json)}


# --- the answers ----------------------------------------------------------------------------------------------


def test_every_number_is_held_against_arithmetic(tmp_path):
    found = cells(built(tmp_path))
    said = {i.removeprefix("table:"): (c["possible"]["verdict"], c["possible"]["because"]) for i, c in found.items()}
    assert said["main:cub:a:is"][0] == said["main:cub:a:fid"][0] == "adds up"
    assert said["main:cub:c:fid"][0] == "blank in print"
    assert said["main:cub:b:r-precision"][0] == "does not add up"
    assert "no whole count of 2,928 items" in said["main:cub:b:r-precision"][1]
    assert "2.81 + 1.99 + 1.37 = 6.17" in said["main:cub:a:hr"][1]
    assert said["main:cub:b:is"] == (
        "open to reading",
        "printed as 3.82 ± .06 here and as 4.04 ± .05 in table, other (2.8 of their ± apart); another version of the "
        "paper would explain it",
    )
    assert said["other:cub:b-version-1:is"][0] == "open to reading"
    assert said["main:cub:chance:r-precision"][0] == "adds up", "29 of 2,928, and one of a hundred"


def test_all_that_is_wrong_with_a_number_is_told(tmp_path):
    text = TABLE.replace('is: "4.04 ± .05"', 'is: "51.0 ± .05"')
    only = cells(built(tmp_path, TABLE.replace('hr: "2.81 ± .03"', 'r: "67.82 ± 9.9"')))
    twice = only["table:main:cub:a:r-precision"]["possible"]
    assert (
        twice["verdict"] == "does not add up"
        and "no whole count" in twice["because"]
        and "random folds" in twice["because"]
    )
    assert cells(built(tmp_path, text))["table:main:cub:b:is"]["possible"]["verdict"] == "open to reading"


def test_values_of_the_users_own_are_judged_as_runs_are(tmp_path):
    found = cells(built(tmp_path))
    a = found["table:main:cub:a:is"]
    ours = [4.334, 4.30, 4.36, 4.35, 4.33]
    assert a["agrees"] == agrees(Quantity.parse("4.36 ± .03"), ours, 0.1, "fold", "higher", True)
    assert (a["per_seed"], a["seeds"], a["agrees"]["verdict"]) == (ours, 5, "equivalent")
    assert a["p"] == pytest.approx(tost(a["difference"], a["spread"], 5, 0.1)) and a["test"] == "equivalence"
    assert a["adjusted"] == pytest.approx(3 * a["p"]), "three cells of the table are tested"
    b, c = found["table:main:cub:b:is"], found["table:main:cub:c:is"]
    assert b["agrees"]["verdict"] == "inconclusive" and "needs 14 seeds" in b["agrees"]["because"]
    assert b["needs"] == {"seeds": 14, "more": 12, "hours": None, "device": "", "source": ""} and a["needs"] is None
    assert (c["agrees"]["verdict"], c["test"]) == ("higher", "otherness") and c["adjusted"] == pytest.approx(3 * c["p"])
    assert (
        found["table:main:cub:a:fid"]["p"] is None and found["table:main:cub:a:fid"]["agrees"]["verdict"] == "not run"
    )
    one = cells(built(tmp_path, TABLE.replace("ours: [4.0, 4.1]", "ours: [4.0]")))
    assert one["table:main:cub:b:is"]["agrees"]["because"] == "one seed cannot tell: needs at least 5"
    assert one["table:main:cub:b:is"]["p"] is None
    assert one["table:main:cub:a:is"]["adjusted"] == pytest.approx(2 * a["p"]), "one value makes no test"


def test_tests_are_adjusted_within_a_table(tmp_path):
    other = TABLE.replace('cells: {is: "4.04 ± .05"}', 'cells: {is: {printed: "4.04 ± .05", ours: [4.0, 4.1, 4.2]}}')
    found = cells(built(tmp_path, other))
    assert found["table:other:cub:b-version-1:is"]["adjusted"] == found["table:other:cub:b-version-1:is"]["p"]
    assert found["table:main:cub:a:is"]["adjusted"] == pytest.approx(3 * found["table:main:cub:a:is"]["p"])


def test_several_studies_have_a_coefficient_of_variation(tmp_path):
    found = cells(built(tmp_path))
    assert found["table:main:cub:b:is"]["cv_star"] == pytest.approx(
        given_cells.studies.cv_star([2.82, 2.9, 3.05]), rel=1e-9
    ), "an inception score starts at 1"
    assert found["table:main:cub:a:fid"]["cv_star"] is None


PROTOCOLS = "margin: 0.1, protocol: {images: 30000, folds: %s}, ours_protocol: {images: %d, folds: 10}%s}"


@pytest.mark.parametrize(
    ("column", "same", "agree", "because"),
    [
        ("margin: 0.1}", "near", "equivalent", "the file does not state both protocols"),
        (PROTOCOLS % ("10", 30000, ""), "same", "equivalent", ""),
        (PROTOCOLS % ("null", 30000, ""), "near", "equivalent", "the paper does not say: folds"),
        (PROTOCOLS % ("10", 2900, ""), "differs", "not comparable", "other than in the paper: images; nothing is subtracted"),
        (PROTOCOLS % ("10", 2900, ", near: [images]"), "near", "equivalent", "near: images"),
        ("margin: 0.1, calibration: {value: 22.7, margin: .5, source: an issue, ours: 22.6}}", "near", "equivalent", ""),
        (
            "margin: 0.1, calibration: {value: 22.7, margin: .5, source: an issue, ours: 19}}", "near", "not comparable",
            "it reads 19 where the published one reads 22.7 ± 0.5 on real known images (an issue); nothing is subtracted",
        ),
    ],
)  # fmt: skip
def test_nothing_is_subtracted_where_protocols_or_scorers_differ(tmp_path, column, same, agree, because):
    cell = cells(built(tmp_path, TABLE.replace("margin: 0.1}", column)))["table:main:cub:a:is"]
    assert (cell["same_protocol"]["verdict"], cell["agrees"]["verdict"]) == (same, agree)
    assert because in f"{cell['same_protocol']['because']} {cell['agrees']['because']}"
    assert (cell["p"] is None) == (agree == "not comparable")


def test_where_a_value_is_from_is_said(tmp_path):
    text = TABLE.replace("ours: [4.0, 4.1]", "ours: {values: [4.0, 4.1], n: 300, source: issue 7}")
    cell = cells(built(tmp_path, text.replace("- label: B\n", "- label: B\n        quoted: a survey\n")))
    b = cell["table:main:cub:b:is"]
    assert (b["source"], b["n"], b["note"]) == ("issue 7", 300, "ours: issue 7")
    assert cell["table:main:cub:b:fid"]["agrees"] == {"verdict": "quoted", "because": "taken over from a survey"}
    assert cell["table:main:cub:b:fid"]["printed_source"] == "its PDF"


def test_claims_on_what_is_printed_and_on_what_was_measured(tmp_path):
    found = {c["id"]: c for c in built(tmp_path)["claims"]}
    assert {i: c["printed_holds"] for i, c in found.items()} == dict(gain=True, best=True, low=True, up=True, four=True)
    assert "rounding allows 13.86 to 14.42; the printed ± leave 2.0 points either way" in found["gain"]["because"]
    assert (found["gain"]["seeds_won"], found["gain"]["verdict"]) == ("0/2", "leans the other way")
    assert (found["best"]["seeds_won"], found["best"]["verdict"]) == ("0/2", "leans the other way"), "C is above"
    assert (found["four"]["seeds_won"], found["four"]["verdict"]) == ("5/5", "holds")
    assert found["low"]["verdict"] == found["up"]["verdict"] == "nothing of ours"
    assert found["best"]["cells"] == [f"table:main:cub:{row}:is" for row in "abc"], "chance is no rival"
    named = built(tmp_path, TABLE.replace("column: is, left: A}", "column: is, left: A, over: [A, B]}"))["claims"][1]
    assert named["cells"] == ["table:main:cub:a:is", "table:main:cub:b:is"] and named["seeds_won"] == "2/2"


def test_counts_of_hits_move_the_probability_of_a_claim(tmp_path):
    text = """\
paper: {title: A paper}
tables:
  t:
    columns: {acc: {dataset: d, metric: accuracy, better: higher}}
    rows:
      - {label: A, cells: {acc: {printed: "51.0", ours: {values: [51, 51, 51, 51, 51], n: %d}}}}
      - {label: B, cells: {acc: {printed: "50.0", ours: {values: [50, 50, 50, 50, 50], n: %d}}}}
claims: [{id: c, says: above, form: greater, left: A, right: B}]
"""
    assert built(tmp_path, text % (100, 100))["claims"][0]["verdict"] == "cannot tell"
    assert built(tmp_path, text % (1_000_000, 1_000_000))["claims"][0]["verdict"] == "holds"


# --- mistakes -------------------------------------------------------------------------------------------------

CLAIM = "table: main, column: is, left: A, right: B"
SHORT = {
    "A": "tables.main.rows.0",
    "B": "tables.main.rows.1",
    "C": "tables.main.rows.2",
    "COLUMNS": "tables.main.columns",
    "QUOTES": "write it as text, in quotes, every digit as printed",
    "NUMBER": 'write "4.36 ± .03", or "-" where nothing is printed',
    "NAMED": "give the row a `model`, or the column another metric",
    "RIGHT": "a number may only stand on the right, of greater and at_least: name a row",
}
MISTAKES = [
    ('"3.0"', "3.0", 18, "{C}.cells.is.printed: 3.0 is not of type 'string': {QUOTES}"),
    ('"15.0"', "15.0", 11, "{A}.cells.fid: 15.0 is not of type 'string', 'object': {QUOTES}"),
    ('"20.0"', '"4.36 +- x"', 15, '{B}.cells.fid: "4.36 +- x": {NUMBER}'),
    ('"3.82 ± .06"', '"3.82 (.06)"', 14, '{B}.cells.is: "3.82 (.06)": {NUMBER}'),
    ('printed: "3.9"', 'printed: "-"', 14, '{B}.cells.is.studies.0: "-": write "4.36 ± .03"'),
    ("label: B\n", "lable: B\n", 12, "{B}: unknown key 'lable': did you mean \"label\"?"),
    ("ours: [9,", "ours: [.nan,", 18, "{C}.cells.is.ours.0: nan: give a finite number"),
    ("ours: [9, 9.1, 9.2]", "ours: []", 18, "{C}.cells.is.ours: [] should be non-empty"),
    ("ours: [9,", 'ours: ["9",', 18, "{C}.cells.is.ours.0: '9' is not of type 'number'"),
    ("{label: C,", "{label: B,", 18, "{C}.label: a second row 'B': rename one of them"),
    ("{label: C,", "{label: b,", 18, "{C}: 'b', is and 'B', is have one name: {NAMED}"),
    ("metric: FID", "metric: IS", 11, "{A}: 'A', fid and 'A', is have one name: {NAMED}"),
    ('fid: "20.0"', 'fod: "20.0"', 15, "{B}.cells: no column 'fod': did you mean \"fid\"?"),
    ("metric: IS", "metric: is", 6, '{COLUMNS}.is.metric: "is": did you mean "IS"?'),
    ("metric: FID", 'metric: "R@five"', 7, '{COLUMNS}.fid.metric: "R@five": write "R@5", say, and the rest under label'),
    ("metric: FID", "metric: BLEU-4-PTB", 7, '{COLUMNS}.fid.metric: "BLEU-4-PTB": write "BLEU-4", say, and the rest under label'),
    ("folds: 10,", "folds: 3000,", 8, "{COLUMNS}.r.folds: 3000 folds of 2928 items: give fewer folds"),
    ("better: lower}", "better: lowr}", 7, "{COLUMNS}.fid.better: 'lowr': did you mean \"lower\"?"),
    ("dataset: cub, metric: IS, better: higher, classes: 50", "metric: IS, better: higher, classes: 50", 6,
     "{COLUMNS}.is: 'dataset' is a required property: add it, or see audit.schema.yaml"),
    ("  main:", "  Main table:", 3, "tables: the name 'Main table' does not match '^[a-z0-9.-]+$': rename it"),
    ("      is: {", "      1: {", 6, "{COLUMNS}: the key 1 is no text: write it in quotes"),
    ('"its PDF"', "2020-01-01", 1, "paper.source: 2020-01-01 is a date: write it in quotes"),
    ("paper: {", "papr: {", 1, "top level: unknown key 'papr': did you mean \"paper\"?"),
    ("form: gain", "form: gian", 24, "claims.0.form: 'gian': did you mean \"gain\"?"),
    ("percent: 14.14, ", "", 24, "claims.0: 'percent' is a required property: add it, or see audit.schema.yaml"),
    (CLAIM, CLAIM.replace("right: B", "right: D"), 24, "claims.0.right: no row 'D' in table main: known: A, B, C, Chance"),
    (CLAIM, CLAIM.replace("right: B", "right: 3.82"), 24, "claims.0.right: 3.82: {RIGHT}"),
    (CLAIM, CLAIM.replace("table: main, ", ""), 24, "claims.0.left: there are several tables: add `table:` (main, other)"),
    (CLAIM, CLAIM.replace("column: is, ", ""), 24, "claims.0.left: there are several columns: add `column:` (is, fid, r, hr)"),
    (CLAIM, CLAIM.replace("main", "man"), 24, "claims.0.left: no table 'man': did you mean \"main\"?"),
    (CLAIM, CLAIM.replace("column: is", "column: r"), 24, "claims.0.left: row 'A' has no cell in column r: name another"),
    ("over: [C, B,", "over: [C, 3.5,", 27, "claims.3.over.1: 3.5: {RIGHT}"),
    ("column: is, left: A}", "column: r, left: B}", 25,
     "claims.1.left: no other row has a number in this column: leave the claim out"),
    ("id: best", "id: gain", 25, "claims.1.id: a second claim 'gain': give it another id"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "says"), MISTAKES, ids=[m[3][:60] for m in MISTAKES])
def test_a_mistake_is_one_line_with_its_line_and_key(tmp_path, capsys, old, new, line, says):
    assert old in TABLE
    path, out = written(tmp_path, TABLE.replace(old, new, 1)), tmp_path / "out.html"
    assert main(["audit", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.err == f"redraw: table.yaml, line {line}, {says.format(**SHORT)}\n" and said.out == ""
    assert sorted(tmp_path.iterdir()) == [path], "nothing is written"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "table.yaml, line 1: the file is empty: begin with `paper:` and `tables:`, see docs/audit.md"),
        (b"- 1\n", "table.yaml, line 1, top level: [1] is not of type 'object'"),
        (b"paper: {title: x\ntables: y\n", "table.yaml, line 2: did not find expected ',' or '}': correct the file"),
        (b"paper: {title: x, title: y}\n", "table.yaml, line 1: the key 'title' is given twice: correct the file"),
        (b"paper: &a [*a]\n", "table.yaml, line 1: found unconstructable recursive node: correct the file"),
        (b"paper: 2020-13-41\n", "table.yaml: not readable as YAML (month must be in 1..12): correct the file"),
        (b"paper: caf\xe9\n", "byte 10: not UTF-8: save the file as UTF-8"),
        (b"paper: a\x07\n", "not readable as YAML"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, capsys, content, says):
    (tmp_path / "table.yaml").write_bytes(content)
    assert main(["audit", str(tmp_path / "table.yaml")]) == 2
    said = capsys.readouterr().err
    assert says in said and said.startswith("redraw: ") and said.count("\n") == 1


def test_files_that_cannot_be_read_or_written(tmp_path, capsys):
    path = written(tmp_path)
    assert main(["audit", str(tmp_path / "none.yaml")]) == 2 and "no such file" in capsys.readouterr().err
    assert main(["audit", str(tmp_path)]) == 2 and "Is a directory" in capsys.readouterr().err
    assert main(["audit", str(path), "--out", str(tmp_path / "x.pdf")]) == 2
    assert capsys.readouterr().err.endswith("x.pdf: no such form: end the name in .md, .html, .json, .csv\n")
    assert main(["audit", str(path), "--out", str(path / "below.md")]) == 2
    assert "cannot write" in capsys.readouterr().err


# --- the forms ------------------------------------------------------------------------------------------------


def forms(folder: Path, text: str = TABLE) -> dict[str, str]:
    path = written(folder, text)
    for ending in given_pages.FORMS:
        assert main(["audit", str(path), "--out", str(folder / "new" / f"out{ending}")]) == 0
    return {ending: (folder / "new" / f"out{ending}").read_text() for ending in given_pages.FORMS}


def test_forms_hold_the_same(tmp_path, capsys):
    found = forms(tmp_path)
    assert main(["audit", str(tmp_path / "table.yaml")]) == 0
    assert capsys.readouterr().out == found[".md"]
    table_json = built(tmp_path)
    rows = list(csv.DictReader(found[".csv"].splitlines()))
    assert [row["cell_id"] for row in rows] == list(cells(table_json)) and tuple(rows[0]) == given_cells.COLUMNS
    assert rows[0]["adjusted"] == str(cells(table_json)["table:main:cub:a:is"]["adjusted"])
    assert next(r for r in rows if r["row"] == "B" and r["metric"] == "IS")["elsewhere"] == "3.9 (an issue)"
    value = json.loads(found[".json"])
    assert value["file"] == "table.yaml" and len(value["cells"]) == len(rows) and len(value["claims"]) == 5
    assert value["summary"]["counts"]["agrees"]["equivalent"] == 1 and "Holm" in value["adjusted"]
    assert value["cells"][0]["p"] == cells(table_json)["table:main:cub:a:is"]["p"]
    assert forms(tmp_path) == found, "the same file gives the same bytes"


def test_markdown_says_what_is_to_be_said(tmp_path):
    text = forms(tmp_path)[".md"]
    assert "4.36 ± .03 → 4.335 ± 0.023 (5) ◉ equivalent" in text and "2.81 ± .03 ◆ does not add up" in text
    assert "| table:main:cub:a:is | −0.0252 | ±0.1 | 5 | within the margin | .020 | .061 | equivalent |" in text
    assert "The other 5 cells: nothing odd, and no value of ours." in text
    assert text.count("Read in: its PDF.") == 1
    assert all(len(row.split(" | ")) == 7 for row in text.splitlines() if row.startswith("| `table:"))
    assert given_pages.MEMORY not in text
    assert given_pages.MEMORY in forms(tmp_path, TABLE.replace("{title: A", "{confirmed: recalled, title: A"))[".md"]


def test_the_page_stands_alone(tmp_path):
    source = forms(tmp_path)[".html"]
    page = Page(source)
    headings = re.findall(r"<h2 id=\"[^\"]+\">([^<]+)</h2>", source)
    assert headings == [
        "Tables as printed",
        "What does not add up",
        "Tests",
        "Several studies",
        "Claims",
        "Cell by cell",
    ]
    assert not [
        a for _, attrs in page.tags for k, a in attrs.items() if k in ("src", "href") and a[:1] not in ("#", "")
    ]
    fragments = {attrs["href"].removeprefix("#") for _, attrs in page.tags if attrs.get("href", "").startswith("#")}
    assert len(fragments) > 15 and fragments <= {attrs.get("id") for _, attrs in page.tags}, (
        "every cell leads to its answers"
    )
    assert "Content-Security-Policy" in source and "default-src 'none'" in source
    assert "separates real, degraded" not in source, "no controls here"
    for i in ("table:main:cub:b:r-precision", "table:other:cub:b-version-1:is"):
        assert i in page.text


@pytest.mark.parametrize("name", [n for n in HOSTILE if n != "control"])
def test_text_from_the_file_stays_text(tmp_path, name):
    value = yaml.safe_load(TABLE)
    bad = HOSTILE[name]
    value["paper"]["title"] = value["claims"][0]["says"] = bad
    value["tables"]["main"]["rows"][0] |= {"label": bad, "note": bad}
    value["tables"]["main"]["columns"]["is"]["label"] = bad
    value["tables"]["main"]["rows"][1]["cells"]["is"]["studies"][0]["source"] = bad
    for claim in value["claims"]:
        claim |= {k: bad for k in ("left", "right") if claim.get(k) == "A"}
    found = forms(tmp_path, yaml.safe_dump(value, allow_unicode=True))
    page = Page(found[".html"])
    allowed = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "svg",
        "symbol",
        "path",
        "circle",
        "rect",
        "g",
        "use",
    }
    assert not {tag for tag, _ in page.tags} & {"img", "h6", "iframe", "object"} and allowed
    assert sum(tag == "script" for tag, _ in page.tags) == 1, "the page's own"
    assert "<script>alert" not in found[".md"] and "onerror=alert(1)>'" not in found[".md"].replace("&gt;", ">x")
    assert json.loads(found[".json"])["paper"]["title"] == bad


def test_no_torch_and_no_checkout(tmp_path):
    path = written(tmp_path)
    code = f"import sys; from redraw.cli import main; main(['audit', {str(path)!r}]); sys.exit('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and "# A paper: audit" in run.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["table.yaml"]


# --- the documentation ----------------------------------------------------------------------------------------


def test_the_documented_example_is_what_the_command_prints(capsys):
    shown = (DOCS / "audit.md").read_text().split("~~~markdown\n")[1].removesuffix("~~~\n")
    assert main(["audit", str(DOCS / "examples" / "finegan.yaml")]) == 0
    assert capsys.readouterr().out == shown, "put the output of the command into docs/audit.md"


def test_the_documented_file_is_a_table(tmp_path):
    block = (DOCS / "audit.md").read_text().split("```yaml\n")[1].split("```")[0]
    found = cells(built(tmp_path, block))
    assert found["table:table-1:cub:theirs:is"]["agrees"]["verdict"] == "inconclusive"
    assert found["table:table-1:cub:theirs:r-precision"]["possible"]["verdict"] == "open to reading"


def test_every_key_is_documented():
    schema = read_yaml(SCHEMAS / given.SCHEMA)
    text = (DOCS / "audit.md").read_text()
    about = schema["$defs"]
    parts = [
        schema["properties"]["paper"],
        schema["properties"]["claims"]["items"],
        *(about[k] for k in ("table", "column", "row", "cell")),
    ]
    keys = {key for part in parts for key in part["properties"]}
    assert not {key for key in keys if f"`{key}`" not in text}
    forms = schema["properties"]["claims"]["items"]["properties"]["form"]["enum"]
    assert not {form for form in forms if f"`{form}`" not in text}


def test_an_example_states_what_is_recalled():
    about = read_yaml(DOCS / "examples" / "finegan.yaml")["paper"]
    assert about["confirmed"] == "recalled"


# --- values that `redraw metrics --json` printed ------------------------------------------------------------------

FILES = TABLE.replace("ours: [4.0, 4.1]", "ours: {files: [s0.json, s1.json]}").replace(
    "classes: 50, margin: 0.1}",
    "classes: 50, margin: 0.1, protocol: {metric: inception_score, folds: 10, images: 30000}}",
)


def scored(value: object = 4.0, n: int = 30000, **changed: object) -> dict:
    """As `folders.score_folder` returns it."""
    protocol = {"metric": "inception_score", "n": n, "options": {"folds": 10}, "instrument_weights": "w"} | changed
    return {"protocol_name": "gan_int_cls/inception_score", "value": value, "spread": 0.1, "n": n, "protocol": protocol,
            "protocol_key": json.dumps(protocol, sort_keys=True)}  # fmt: skip


def with_files(folder: Path, *contents: object, text: str = FILES) -> dict:
    for k, content in enumerate(contents):
        (folder / f"s{k}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return built(folder, text)


def test_scores_of_redraw_metrics_bring_their_protocol(tmp_path):
    found = cells(with_files(tmp_path, scored(4.0), scored(4.1)))["table:main:cub:b:is"]
    assert found["per_seed"] == [4.0, 4.1] and found["n"] == 30000
    assert found["same_protocol"]["verdict"] == "same" and found["agrees"]["verdict"] == "inconclusive"
    assert found["source"] == "redraw metrics, gan_int_cls/inception_score"
    fewer = cells(with_files(tmp_path, scored(4.0, n=500), scored(4.1, n=500)))["table:main:cub:b:is"]
    assert fewer["same_protocol"]["verdict"] == "differs" and fewer["agrees"]["verdict"] == "not comparable"
    assert "images" in fewer["agrees"]["because"]
    other = cells(with_files(tmp_path, scored(options={"folds": 1}), scored(options={"folds": 1})))
    assert "folds" in other["table:main:cub:b:is"]["same_protocol"]["because"]


@pytest.mark.parametrize(
    ("contents", "says"),
    [
        ([scored()], "s1.json: no such file beside the table"),
        ([scored(), "{"], "s1.json: cannot be read as JSON"),
        ([scored(), [1]], "s1.json: not what `redraw metrics … --json` prints"),
        ([scored(), scored("4.1")], "s1.json: its value is '4.1'"),
        ([scored(), scored(4.1, n=10)], "s1.json was scored by another protocol than s0.json (n)"),
    ],
)
def test_scores_that_do_not_fit_are_one_line(tmp_path, capsys, contents, says):
    with pytest.raises(Exception, match=re.escape(says)) as error:
        with_files(tmp_path, *contents)
    line = FILES.split("files:")[0].count("\n") + 1
    assert str(error.value).startswith(f"table.yaml, line {line}, ") and "\n" not in str(error.value)
    assert main(["audit", str(tmp_path / "table.yaml")]) == 2 and says in capsys.readouterr().err


def test_values_and_files_are_not_mixed(tmp_path, capsys):
    text = FILES.replace("files: [s0.json, s1.json]", "files: [s0.json], values: [1.0]")
    assert main(["audit", str(written(tmp_path, text))]) == 2
    assert capsys.readouterr().err.count("\n") == 1
