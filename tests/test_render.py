"""Pages, Markdown, CSV and the audit: nothing printed is changed, nothing from data is trusted, nothing is fetched."""

from __future__ import annotations

import ast
import copy
import csv
import html as html_entities
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from redraw.core import RedrawError
from redraw.report import (
    audit,
    cells,
    charts,
    drawings,
    folded,
    glossary,
    html,
    markdown,
    marked,
    page,
    render,
    words,
)

EXAMPLE = Path(__file__).parent / "data" / "render_example.json"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"><img src=x onerror=alert(1)>'",
    "close": "</td></table></style></script><h1>no</h1>",
    "rtl": "\u202eثلاثة زائد اثنين",
    "emoji": "🦜 a parrot 👩🏽‍🎨",
    "control": "a\x00b\x07c\ud800d",
    "markdown": "| a *b* _c_ `d` [e](javascript:alert(1)) ![f](x)",
    "long": "a very " * 1500 + "long caption",
}


class Page(HTMLParser):
    """A page taken apart; unbalanced markup fails."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.parents: list[tuple[str, ...]] = []
        self.text = ""
        self.feed(source)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> names an attribute twice: {names}"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.parents.append(tuple(self.open))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "script" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def example() -> dict:
    return json.loads(EXAMPLE.read_text())


@pytest.fixture
def tables(example: dict) -> list[dict]:
    return example["tables"]


@pytest.fixture
def ved(tables: list[dict]) -> dict:
    return tables[0]


@pytest.fixture
def attngan(tables: list[dict]) -> dict:
    return tables[1]


def names(tables: list[dict]) -> list[tuple[str, str]]:
    return [(t["paper"]["id"], t["paper"]["short"]) for t in tables]


def write(example: dict, folder: Path) -> dict[str, bytes]:
    tables = example["tables"]
    paths = [path for t in tables for path in render.write_paper(t, folder, names(tables))]
    paths += render.write_index(tables, None, folder, example["context"])
    return {path.name: path.read_bytes() for path in paths}


def test_every_printed_string_is_there_verbatim(tables: list[dict]) -> None:
    for table in tables:
        shown = Page(html.paper(table)).text
        plain = html_entities.unescape(re.sub(r"\\([\\`*|\[\]~_])", r"\1", markdown.paper(table)))
        strings = {c["printed"] for *_, c in audit.cells(table)} | {
            r["label"] for t in table["tables"] for r in t["rows"]
        }
        strings |= {c["says"] for c in table["claims"]} | set(table["silences"])
        strings |= {m[k] for m in table["misprints"].values() for k in ("where", "printed", "meant")}
        assert len(strings) > 10
        for string in strings:
            assert string in shown
            assert string in plain


def test_printed_cells_stand_in_rows_and_columns_of_the_paper(attngan: dict) -> None:
    source = html.paper(attngan)
    body = source[source.index('id="t-table-3"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", body[body.index("<tbody>") : body.index("</tbody>")])
    printed = [re.findall(r'<span class="p">(.*?)</span>', row) for row in rows]
    table = next(t for t in attngan["tables"] if t["id"] == "table-3")
    assert printed == [[row["cells"][c["id"]]["printed"] for c in table["columns"]] for row in table["rows"]]


def test_pages_ask_nothing_of_the_network_and_all_their_links_lead_somewhere(example: dict, tmp_path: Path) -> None:
    files = write(example, tmp_path)
    sources = {name: content.decode() for name, content in files.items() if name.endswith(".html")}
    ids = {name: [a["id"] for _, a in Page(source).tags if "id" in a] for name, source in sources.items()}
    for name, source in sources.items():
        parsed = Page(source)
        assert not re.search(r"https?://|url\(|@import", source)
        assert not {tag for tag, _ in parsed.tags} & {"link", "iframe", "object", "embed", "base", "form"}
        policy = next(a["content"] for a in parsed.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'")
        for _, attrs in parsed.tags:
            assert attrs.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
            target = attrs.get("href", "")
            if target:
                file, _, fragment = target.partition("#")
                assert (file or name) in files
                assert not fragment or fragment in ids[file or name]
            for reference in (attrs.get("aria-labelledby") or "").split():
                assert reference in ids[name]
        assert len(ids[name]) == len(set(ids[name]))


def test_details_hold_no_ids_but_their_own(ved: dict) -> None:
    source = html.paper(ved)
    for fold in source[source.index('id="cells"') :].split("<details")[1:]:
        inside = fold[fold.index('<div class="d"') : fold.index("</details>")]
        assert inside.count(" id=") == 1


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_stay_text(ved: dict, kind: str, tmp_path: Path) -> None:
    text = HOSTILE[kind]
    quiet = Page(html.paper(ved))
    grid = next(f for f in ved["figures"] if f["kind"] == "samples" and f["grid"])["grid"]
    grid[0]["caption"] = text
    ved["figures"][0]["series"][0]["label"] = text
    ved["tables"][0]["rows"][1]["label"] = text
    ved["tables"][0]["rows"][0]["cells"]["mnist"]["agrees"]["because"] = text
    ved["claims"][0]["says"] = text
    ved["silences"][0] = text
    loud = Page(html.paper(ved))
    assert [t for t, _ in loud.tags if t == "script"] == [t for t, _ in quiet.tags if t == "script"]
    assert len(loud.all("img")) == len(quiet.all("img"))
    assert not [name for _, attrs in loud.tags for name in attrs if name.startswith("on")]
    assert not [a for _, a in loud.tags if a.get("href", "").startswith("javascript")]
    if kind == "control":
        assert "a\ufffdb\ufffdc\ufffdd" in loud.text
    else:
        assert loud.text.count(text) >= 4
    plain = markdown.paper(ved)
    assert "<script" not in plain and "<img" not in plain and not re.search(r"(?<!\\)\]\(javascript", plain)
    rows = [line for line in plain.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", a)) == len(re.findall(r"(?<!\\)\|", b)) for a, b in _in_tables(rows))
    render.write_paper(ved, tmp_path)


def _in_tables(rows: list[str]) -> list[tuple[str, str]]:
    """Each row with the ruler of its table."""
    pairs, ruler = [], ""
    for k, row in enumerate(rows):
        if k + 1 < len(rows) and set(rows[k + 1]) <= set("|- "):
            ruler = rows[k + 1]
        pairs.append((row, ruler))
    return pairs


def test_captions_keep_their_own_writing_direction(ved: dict) -> None:
    grid = next(f for f in ved["figures"] if f["kind"] == "samples" and f["grid"])["grid"]
    grid[0]["caption"] = HOSTILE["rtl"]
    assert f'<span dir="auto">{HOSTILE["rtl"]}</span>' in html.paper(ved)


@pytest.mark.parametrize(
    "source", ["https://example.org/a.png", "javascript:alert(1)", "data:text/html,<b>", "x.png", 7]
)
def test_only_pictures_that_are_in_the_page_are_shown(ved: dict, source: object) -> None:
    grid = next(f for f in ved["figures"] if f["kind"] == "samples" and f["grid"])["grid"]
    grid[0]["images"][0] = source
    shown = html.paper(ved)
    assert "no picture" in shown and str(source) not in Page(shown).all("img")[0].values()
    assert "example.org" not in shown and "javascript:" not in shown


def test_the_same_input_gives_the_same_bytes(example: dict, tmp_path: Path) -> None:
    first = write(copy.deepcopy(example), tmp_path / "a")
    second = write(copy.deepcopy(example), tmp_path / "b")
    assert first == second
    assert set(first) == {
        "ved.md", "ved.csv", "ved.html", "ved.tex", "attngan.md", "attngan.csv", "attngan.html", "attngan.tex",
        "index.html", "index.md", "audit.md", "audit.json", "audit.schema.json", "cells.csv", "claims.csv", "tables.tex",
    }  # fmt: skip


def test_every_word_of_the_judges_has_a_mark() -> None:
    sources = Path(render.__file__).parent.glob("*.py")
    calls = [
        node for source in sources for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Call)
    ]
    said = {
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", "") == "verdict" and call.args and isinstance(call.args[0], ast.Constant)
    }
    asked = {word for question in audit.QUESTIONS.values() for word in question.words}
    assert {"adds up", "differs", "inconclusive", "not run"} <= said <= asked == set(audit.MARKS)
    assert {mark.shape for mark in audit.MARKS.values()} == set(charts.SHAPES)
    signs = {(mark.sign, mark.shape) for mark in audit.MARKS.values()}
    assert len({sign for sign, _ in signs}) == len(signs) == len({shape for _, shape in signs})


def test_documents_in_use_are_shown_by_a_piece_of_them(example: dict, tmp_path: Path) -> None:
    documents = {"text": "Documents by a grammar", "example": ["what is a <b>reunion</b>"]}
    example["context"]["pictures"] = [documents, *example["context"]["pictures"]]
    page = write(example, tmp_path)["index.html"].decode()
    assert "Documents by a grammar<q>what is a &lt;b&gt;reunion&lt;/b&gt;</q></li>" in page
    world = page[page.index('class="world"') :]
    assert world.index("<img") < world.index("Documents by a grammar"), "pictures first"


def test_no_mark_stands_without_its_word(tables: list[dict], example: dict) -> None:
    pages = [html.paper(t) for t in tables] + [html.index(tables, audit.summary(tables), example["context"])]
    for source in pages:
        hidden = re.findall(r'<svg class="m [^>]*aria-hidden="true"><use href="#m-(\w+)"/></svg>(.{0,40})', source)
        named = re.findall(r'<svg class="m [^>]*role="img" aria-label="([^"]+)"', source)
        assert hidden
        assert set(named) <= set(audit.MARKS)
        for shape, after in hidden:
            # a mark alone in a table cell is named by the cell's link, which says the whole sentence
            if not after.startswith(("</span></a>", "</span></span></a>")):
                word = re.match(r"<span(?: class=\"w\")?>(?:\d+ )?([^<]+)", after)
                assert word and audit.MARKS[word.group(1)].shape == shape
        cells_ = re.findall(r'<a class="cell" href="[^"]+" aria-label="([^"]+)"', source)
        assert all(name.endswith("Show details") for name in cells_)


def test_what_the_words_mean_is_told_where_they_stand(tables: list[dict], example: dict) -> None:
    for source in (html.paper(tables[0]), html.index(tables, audit.summary(tables), example["context"])):
        fold = re.search(
            r'<details class="words"><summary>What these words mean</summary><dl>(.*?)</dl>', source
        ).group(1)
        told = dict(re.findall(r"<span>([^<]+)</span></span></dt><dd>([^<]+)</dd>", fold))
        assert {"not comparable", "not run"} <= set(told) <= set(audit.MARKS) and len(told) == fold.count("<dt>")
        assert all(f"{glossary.MEANS[word]}.".lower() == said.lower() for word, said in told.items())
    beside = re.findall(
        r'<svg class="m \w+"[^>]*><use href="#m-(\w+)"/></svg><span class="w">([^<]+)</span>', html.paper(tables[0])
    )
    assert beside and all(audit.MARKS[word].shape == shape for shape, word in beside)


def test_a_cell_says_the_whole_sentence(ved: dict) -> None:
    assert (
        'aria-label="MNIST classifier on real images, MNIST, accuracy: printed 99; ours 95.07 ± 0.35 over 3 seeds; '
        'not comparable. Show details"'
    ) in html.paper(ved)


def test_an_unknown_verdict_names_the_nearest_and_leaves_the_old_files(example: dict, tmp_path: Path) -> None:
    before = write(example, tmp_path)
    example["tables"][0]["tables"][0]["rows"][0]["cells"]["mnist"]["agrees"]["verdict"] = "not comparible"
    with pytest.raises(RedrawError, match='"not comparible".*did you mean "not comparable"'):
        render.write_paper(example["tables"][0], tmp_path)
    with pytest.raises(RedrawError, match='"not comparible".*did you mean "not comparable"'):
        render.write_index(example["tables"], None, tmp_path, example["context"])
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("ident", ["../ved", "index", "a b", "", "é"])
def test_a_paper_id_that_is_no_file_name_is_refused(ved: dict, ident: str, tmp_path: Path) -> None:
    ved["paper"]["id"] = ident
    with pytest.raises(RedrawError, match="give the sheet an id of letters, digits and _"):
        render.write_paper(ved, tmp_path)
    assert not list(tmp_path.iterdir())


def test_bars_count_every_printed_cell_once_for_each_question(tables: list[dict], example: dict) -> None:
    printed = [
        cell
        for table in tables
        for t in table["tables"]
        for row in t["rows"]
        if row["kind"] == "printed"
        for cell in row["cells"].values()
    ]
    totals = audit.summary(tables)
    assert totals["cells"] == len(printed) == 33
    for key, question in audit.QUESTIONS.items():
        want = {word: sum(c[key]["verdict"] == word for c in printed) for word in question.words}
        assert totals["counts"][key] == want and sum(want.values()) == len(printed)
    shown = html.index(tables, totals, example["context"])
    assert shown.count('<i class="f-') == sum(n > 0 for counts in totals["counts"].values() for n in counts.values())
    assert "33 printed cells, four questions" in Page(shown).text
    assert 'aria-label="32 cells: 27 not run, 3 blank in print, 2 quoted"' in shown


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
def test_the_scale_line_stands_above_the_first_number(ved: dict, scale: str) -> None:
    ved["scale"], ved["seeds"] = scale, 1
    ved["stand_ins"] = [] if scale == "paper" else ved["stand_ins"]
    source = html.paper(ved)
    line = words.scale_line(scale, 1, scale != "paper")
    assert "One seed ranks nothing" in line
    assert source.index(page.text(line)) < source.index("<table")
    assert line in markdown.paper(ved)
    ved["seeds"] = 3
    assert "One seed ranks nothing" not in html.paper(ved)
    assert "meaning" not in scale and ("cannot be compared" in line) == (scale in ("embedded", "study"))


def test_old_code_is_marked_everywhere(ved: dict, attngan: dict) -> None:
    old = "ved:figure-3:mnist:generated-sentence-kind-2-:accuracy"
    assert audit.summary([ved, attngan])["stale"] == [old]
    source = html.paper(ved)
    cell = re.search(rf'<a class="cell" href="#{page.anchor(old)}".*?</a>', source).group()
    assert "old code" in cell
    assert "94.30 ± 0.62 (3) (old code)" in markdown.paper(ved)
    assert "1 value made by code that has changed" in markdown.audit_page([ved], audit.summary([ved]))
    flags = {c["cell_id"]: c["stale_code"] for c in audit.structure([ved], {}, {})["cells"]}
    assert [cell_id for cell_id, stale in flags.items() if stale] == [old]
    for facts in ved["lineage"].values():
        facts["stale_code"] = False
    assert "old code" not in html.paper(ved) + markdown.paper(ved)


def test_csv_files_hold_every_cell_and_every_claim(example: dict, tmp_path: Path) -> None:
    files = write(example, tmp_path)
    tables = example["tables"]
    rows = list(csv.DictReader(files["cells.csv"].decode().splitlines()))
    assert sorted(r["cell_id"] for r in rows) == sorted(c["cell_id"] for t in tables for *_, c in audit.cells(t))
    assert tuple(rows[0]) == cells.CELL_COLUMNS
    assert [r["printed"] for r in rows if r["paper"] == "attngan"][:2] == ["2.88 ± .04", "7.88 ± .07"]
    assert len(files["ved.csv"].decode().splitlines()) == 1 + 8
    claimed = list(csv.DictReader(files["claims.csv"].decode().splitlines()))
    assert [r["statement"] for r in claimed] == [c["says"] for t in tables for c in t["claims"]]
    assert tuple(claimed[0]) == cells.CLAIM_COLUMNS
    assert b"\r" not in files["cells.csv"]


def test_audit_json_has_four_answers_for_every_cell_and_the_lineage(example: dict, tmp_path: Path) -> None:
    found = json.loads(write(example, tmp_path)["audit.json"])
    assert len(found["cells"]) == sum(1 for t in example["tables"] for _ in audit.cells(t))
    for cell in found["cells"]:
        assert all(cell[q]["verdict"] in question.words for q, question in audit.QUESTIONS.items())
        assert all(run in found["lineage"] for run in cell["runs"])
    assert found["summary"]["counts"]["agrees"]["not comparable"] == 1
    assert found["departures"]["ved"] and found["differences"]["ved"]["D1"]
    listed = markdown.audit_page(example["tables"], found["summary"])
    assert all(f"`{cell['cell_id']}`" in listed for cell in found["cells"])


def test_a_page_without_anything_of_ours_is_whole(attngan: dict, tmp_path: Path) -> None:
    attngan.update(figures=[], claims=[], findings={}, differences={}, misprints={}, silences=[], third_party=[])
    parsed = Page(html.paper(attngan))
    assert {a["id"] for a in parsed.all("h2") if "id" in a} == {"tables", "cells", "panel-title"}
    assert "Claims" not in markdown.paper(attngan)


def test_a_figure_that_was_not_run_says_why(ved: dict) -> None:
    parsed = Page(html.paper(ved))
    assert "Interpolation between captions" in parsed.text and "not run: rows: all" in parsed.text


def test_neighbouring_papers_are_linked(tables: list[dict]) -> None:
    first, second = (html.paper(t, names(tables)) for t in tables)
    assert '<a href="attngan.html">AttnGAN →</a>' in first and "←" not in first.split("<main")[0]
    assert '<a href="ved.html">← VED</a>' in second
    assert 'href="index.html"' in html.paper(tables[0])


# --- charts -------------------------------------------------------------------------------------------------------


def curve(y: list, x: list | None = None, **more: object) -> dict:
    series = [{"label": "ours", "x": list(range(len(y))) if x is None else x, "y": y, "style": "ours"}]
    return {"title": "t", "x_label": "steps", "y_label": "loss", "series": series, **more}


def points(svg: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, p.split(","))) for p in found.split()]
        for found in re.findall(r'<polyline class="\w+" points="([^"]*)"', svg)
    ]


def test_a_curve_is_drawn_where_its_values_are() -> None:
    [line] = points(charts.lines(curve([0.0, 50.0, 100.0])))
    xs, ys = [x for x, _ in line], [y for _, y in line]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.11)
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.11) and ys[0] > ys[2]
    assert min(xs) > 0 and max(xs) < 380


def test_values_that_are_not_finite_leave_a_gap() -> None:
    assert [len(line) for line in points(charts.lines(curve([1.0, 2.0, None, 3.0, float("nan"), 4.0, 5.0])))] == [
        2,
        1,
        2,
    ]
    assert charts.lines(curve([None, float("nan")])) == "" == charts.lines(curve([]))


@pytest.mark.parametrize("y", [[3.0], [2.0, 2.0], [0.0, 0.0], [-5.0, -1.0], [1e-9, 2e-9], [1e12, 3e12]])
def test_odd_ranges_are_drawn_inside_the_frame(y: list[float]) -> None:
    svg = charts.lines(curve(y, hlines=[{"label": "chance", "y": y[0]}]))
    drawn = [p for line in points(svg) for p in line]
    assert len(drawn) == len(y)
    assert all(0 < x < 380 and 20 < v < 185 for x, v in drawn)
    assert "nan" not in svg and "inf" not in svg


def test_seeds_share_one_label_and_stand_behind_their_mean() -> None:
    figure = curve([1.0, 2.0])
    figure["series"] = [
        {"label": "VED", "x": [0, 1], "y": [1.0, 2.0 + k], "style": "ours", "run": run}
        for k, run in enumerate(("ved/a.s0", "ved/a.s1", "ved/a"))
    ]
    svg = charts.lines(figure, "f-1")
    assert svg.count('class="sl"') == 2 and svg.count('class="ol"') == 1 and svg.count(">VED<") == 1
    assert 'id="f-1-t"' in svg and 'aria-labelledby="f-1-t f-1-d"' in svg and "VED ends at 4.00" in svg


def test_in_words_seeds_are_their_mean() -> None:
    lines = [
        {"label": label, "x": [0, 1], "y": [1.0, last], "style": "ours", "run": run}
        for label, run, last in (
            ("VED", "a/b.s0", 2.0),
            ("VED", "a/b.s1", 4.0),
            ("VED", "a/b", 3.0),
            ("one", "a/c.s0", 7.0),
        )
    ]
    figure = {"id": "f", "title": "t", "kind": "curves", "series": lines}
    said = marked.figure(figure)
    assert (
        said.count("VED") == 1 and "- VED (mean of 2 seeds): starts at 1.00 (0)" in said and "ends at 3.00 (1)" in said
    )
    assert "- one: " in said and "ends at 7.00 (1)" in said
    page = drawings.figures({"figures": [figure]})
    assert "VED (mean of 2 seeds)" in page and "1.00 at 0, 3.00 at 1" in page and "4.00 at 1" not in page


def test_runs_that_depart_alike_share_a_line() -> None:
    def departed(run: str, key: str, ours: object) -> dict:
        return {"run": run, "key": key, "paper": 100_000, "ours": ours, "because": "small"}

    runs = ("p/a.s0", "p/a.s1", "p/b.s0")
    given = [departed(run, "steps", 50) for run in runs] + [departed("p/b.s0", "widths", [8, 4])]
    found = folded.departures({"departures": given})
    assert [(d.key, d.paper, d.ours, d.runs) for d in found] == [
        ("steps", "100,000", "50", ("all",)),
        ("widths", "100,000", "8, 4", ("p/b",)),
    ]
    alone = folded.departures({"departures": given[:2]})
    assert alone[0].runs == ("p/a",)
    example = json.loads(EXAMPLE.read_text())["tables"][0]
    said = markdown.paper(example | {"departures": given})
    assert "| steps | 100,000 | 50 | small | all |" in said and "| widths | 100,000 | 8, 4 | small | p/b |" in said


def test_labels_at_the_ends_do_not_overlap() -> None:
    figure = curve([1.0, 2.0])
    figure["series"] = [
        {"label": f"run {k}", "x": [0, 1], "y": [1.0, 2.0 + k / 1000], "style": "ours"} for k in range(6)
    ]
    heights = sorted(float(y) for y in re.findall(r'<tspan x="[\d.]+" y="([\d.]+)"', charts.lines(figure)))
    assert len(heights) == 6 and min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 12.9


@pytest.mark.parametrize(
    ("value", "spread", "shown"),
    [
        (31.0, 1.4142, "31.0 ± 1.4"),
        (22.3666, 0.4964, "22.37 ± 0.50"),
        (364.2, 12.3, "364 ± 12"),
        (0.56458, None, "0.565"),
        (95.0667, None, "95.1"),
        (12345.0, None, "12,345"),
        (-3.14159, 0.021, "−3.142 ± 0.021"),
        (5.0, 0.0, "5.00 ± 0"),
        (0.0, None, "0"),
        (1e-9, None, "1.00e−09"),
        (None, None, ""),
    ],
)
def test_values_have_as_many_places_as_their_spread(value: float | None, spread: float | None, shown: str) -> None:
    assert words.value_spread(value, spread) == shown


def test_anchors_of_different_cells_differ(tables: list[dict]) -> None:
    ids = [c["cell_id"] for t in tables for *_, c in audit.cells(t)]
    anchors = [page.anchor(i) for i in ids]
    assert len(set(anchors)) == len(set(ids)) and all(re.fullmatch(r"[A-Za-z0-9_-]+", a) for a in anchors)
    assert page.anchor("a:t:d:lambda=0.1:m") != page.anchor("a:t:d:lambda-0.1:m") != page.anchor("a:t:d:lambda-0-1:m")


@pytest.mark.parametrize("apart", [0.0, 1e-16, 1e-13])
def test_values_that_rounding_sets_apart_are_drawn_as_one(apart: float) -> None:
    marks = charts.ticks(1.0, 1.0 + apart)
    assert marks[0] < 1.0 < marks[-1]
    cell = {"ours": 1.0, "per_seed": [1.0], "envelope_lo": 1.0, "envelope_hi": 1.0 + apart, "spread": None}
    drawn = charts.strip(cell, [])
    named = re.findall(r'y="69" text-anchor="middle">([^<]*)<', drawn)
    assert drawn.startswith("<svg") and len(set(named)) == len(named) > 1, "ticks are told apart"
