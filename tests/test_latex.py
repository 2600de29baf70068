"""Tables in LaTeX: a text reads as it is whatever it holds, the layout is the paper's, and an engine sets all of it."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import missing

from redraw.report import audit, glossary, latex, render, words
from redraw.report.tex import GLYPH, tex

EXAMPLE = Path(__file__).parent / "data" / "render_example.json"
HOSTILE = {
    "commands": r"\input{/etc/passwd} \write18{id} \end{table} $x$ \\ & # % _ ^ ~ { }",
    "row end": "[1cm] * starts where an option would",
    "script": "<script>alert(1)</script>\"'|",
    "signs": "4.36 ± .03, ≥ 2, −1, λ → ∞, 95 °, naïve Łukasz, “q” – x²",
    "beyond": "漢字 🦜 \u202eثلاثة",
    "control": "a\x00b\x07c\ud800d\ne",
    "long": "a very " * 1500 + "long caption",
    "ligatures": "--- '' `` ?` !`",
    "comment": "50% of it\\",
    "percent": "%",
}


@pytest.fixture
def tables() -> list[dict]:
    return json.loads(EXAMPLE.read_text())["tables"]


@pytest.fixture
def parsed() -> Callable[[str], list]:
    """LaTeX taken apart by a strict parser: what is never closed, or closed twice, fails."""
    if importlib.util.find_spec("pylatexenc") is None:
        missing("pylatexenc: the package is not installed")
    from pylatexenc.latexwalker import LatexWalker

    return lambda source: LatexWalker(source, tolerant_parsing=False).get_latex_nodes()[0]


def reads(source: str) -> str:
    """What a reader sees, by the converter of pylatexenc."""
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", keep_comments=False, strict_latex_spaces=True).latex_to_text(source)


def spoilt(table_json: dict, text: str) -> dict:
    t = table_json["tables"][0]
    table_json["paper"]["short"] = t["title"] = t["columns"][0]["label"] = t["columns"][0]["group"] = text
    t["rows"][0]["label"] = t["rows"][-1]["label"] = text
    t["footnotes"] = {"†": text, text[:1]: "b"}
    cell = next(iter(t["rows"][0]["cells"].values()))
    cell["printed"] = cell["marks"] = text[:60]
    return table_json


def test_every_sign_reads_as_it_is(parsed: Callable[[str], list]) -> None:
    as_read = str.maketrans({"²": "2", "−": "-", "°": "^∘"})  # how the converter writes what the source says exactly
    for kind in ("commands", "row end", "script", "signs", "long", "comment", "percent"):
        source = tex(HOSTILE[kind])
        parsed(source)
        read = reads(source.replace(r"\char34{}", "\x02")).replace("ˆ", "^").replace("\x02", '"')
        assert "".join(read.split()) == "".join(HOSTILE[kind].translate(as_read).split()), kind


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_command_of_a_text_survives_and_all_is_ascii(text: str) -> None:
    source = tex(text)
    assert source.isascii() and source.isprintable()
    for command in ("input", "write", "end", "def", "catcode", "immediate"):
        assert f"\\{command}" not in source
    depth = 0
    for sign in re.findall(r"\\.|[{}]", source):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0
    assert not re.search(r"(?<!\\)[%#&$_]", re.sub(r"\\ensuremath\{[^{}]*(\{[^{}]*\})?[^{}]*\}", "", source))


def test_a_character_without_a_sign_is_named_by_its_number() -> None:
    assert tex("漢 🦜") == r"\redrawglyph{6F22} \redrawglyph{1F99C}"
    assert tex("a\x00b\ud800") == r"a\redrawglyph{0000}b\redrawglyph{D800}"
    assert tex("--") == "-{}-" and tex("''") == "'{}'" and tex("``") == r"\textasciigrave{}\textasciigrave{}"


def test_printed_and_ours_stand_side_by_side_with_their_verdict(tables: list[dict]) -> None:
    ved = tables[0]
    printed = [(t, r, c, cell) for t, r, c, cell in audit.cells(ved, printed=True) if cell["ours"] is not None]
    assert printed
    for t, _, _, cell in printed:
        source = latex.table(ved, t)
        value = tex(words.value_spread(cell["ours"], cell["spread"]))
        found = re.search(
            rf"& {re.escape(tex(cell['printed']))} & {re.escape(value)}[^&]*?\\textsuperscript{{(\w+)}}", source
        )
        assert found, cell["cell_id"]
        word = cell["agrees"]["verdict"]
        assert rf"\textsuperscript{{{found.group(1)}}}~{tex(f'{word}: {glossary.MEANS[word]}')}." in source
    assert f"Scale {ved['scale']}, {words.plural(ved['seeds'], 'seed')}, rows {ved['rows']}" in source
    assert tex(words.scale_line(ved["scale"], ved["seeds"], True)) in source


def test_groups_span_their_columns_and_every_row_has_as_many_cells(tables: list[dict]) -> None:
    for table_json in tables:
        for t in table_json["tables"]:
            source = latex.table(table_json, t)
            for tabular in re.findall(r"\\begin{tabular}.*?\\end{tabular}", source, re.S):
                spec, body = re.match(r"\\begin{tabular}{@{}(.*?)@{}}\n(.*)", tabular, re.S).groups()
                n = len(re.sub(r"p{\w+}", "p", spec))
                rows = [line for line in body.splitlines() if line.endswith(r"\\")]
                assert len(rows) > 1
                for line in rows:
                    spans = [int(k) - 1 for k in re.findall(r"\\multicolumn{(\d+)}", line)]
                    assert len(re.findall(r"(?<!\\)&", line)) + 1 + sum(spans) == n
                assert all(int(b) <= n for b in re.findall(r"\\cmidrule\(lr\){\d+-(\d+)}", body))
    table_3 = latex.table(tables[1], next(t for t in tables[1]["tables"] if t["id"] == "table-3"))
    assert "2.88 \\ensuremath{\\pm} .04" in table_3 and r"\toprule" in table_3 and r"\bottomrule" in table_3


def test_letters_of_notes_are_none_of_the_papers_own(tables: list[dict]) -> None:
    t = tables[0]["tables"][0]
    t["footnotes"] = {"a": "the paper's own"}
    source = latex.table(tables[0], t)
    assert source.count(r"\textsuperscript{a}") == 1 and r"\textsuperscript{b}" in source


def test_wide_tables_go_on_beneath_with_their_labels(tables: list[dict]) -> None:
    t = tables[1]["tables"][0]
    column = t["columns"][0]
    for k in range(30):
        t["columns"].append({**column, "id": f"more{k}", "label": f"a column number {k}"})
        for row in t["rows"]:
            row["cells"][f"more{k}"] = row["cells"].get(column["id"]) or next(iter(row["cells"].values()))
    source = latex.table(tables[1], t)
    label = tex(t["rows"][0]["label"])
    assert source.count(r"\begin{tabular}") == source.count(f"\n{label} &") > 3
    assert source.count(r"\label{") == 1 and r"\caption{(continued)}" in source
    assert all(f"a column number {k}}}" in source for k in range(30))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tables_are_well_formed(tables: list[dict], parsed: Callable[[str], list], text: str) -> None:
    source = latex.paper(spoilt(tables[0], text))
    assert source.isascii()
    nodes = parsed(source[source.index(r"\begin{table}") :])
    floats = [n for n in nodes if n.isNodeType(type(nodes[0])) and getattr(n, "environmentname", "") == "table"]
    assert len(floats) == source.count(r"\begin{table}") >= len(tables[0]["tables"])


def engine() -> list[str] | None:
    for name, options in (
        ("pdflatex", ("-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape")),
        ("tectonic", ()),
    ):
        if shutil.which(name):
            return [name, *options]
    return None


@pytest.mark.skipif(engine() is None, reason="no TeX engine on PATH")
def test_the_document_compiles_whatever_the_labels(tables: list[dict], tmp_path: Path) -> None:
    """Not a service of continuous integration: TeX is heavy, and the parser above sees most of what can go wrong."""
    papers = []
    for k, text in enumerate(["", *HOSTILE.values()]):
        table_json = json.loads(json.dumps(tables[k % 2]))
        table_json["paper"]["id"] = f"paper_{k}"
        papers.append(spoilt(table_json, text) if text else table_json)
        render.write_paper(papers[-1], tmp_path)
    render.write_index(papers, None, tmp_path)
    done = subprocess.run([*engine(), "tables.tex"], cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-1500:]
    assert (tmp_path / "tables.pdf").stat().st_size > 20_000


def test_a_glyph_is_defined_once_whoever_includes_the_files(tables: list[dict]) -> None:
    assert all(latex.paper(t).count(GLYPH) == 1 and GLYPH.startswith(r"\ifdefined\redrawglyph\else") for t in tables)
