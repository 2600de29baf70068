"""The tables for those who write papers: booktabs, printed and ours side by side, each verdict a note in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import audit, words
from .glossary import MEANS
from .latex_cells import MOST, WIDE, Notes, blocks, cell, heads, label, marks
from .tex import GLYPH, tex
from .words import plural, scale_line

Json = dict[str, Any]
PAGE = 52  # lines of tables that a page holds, roughly
HEAD = (
    "% Made by redraw; do not edit. To use it in a paper: \\usepackage{booktabs,graphicx}, then \\input this file.\n"
    "% Every table is a float of its own with the label tab:PAPER-TABLE.\n"
)
DOCUMENT = r"""% Made by redraw; do not edit. pdflatex, lualatex, xelatex or tectonic sets it, beside the files that it names.
\documentclass[10pt]{article}
\usepackage[a4paper,margin=20mm]{geometry}
\usepackage{booktabs,graphicx}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\setlength{\parindent}{0pt}
\begin{document}
"""


def paper(table_json: Json) -> str:
    """All tables of a paper as floats, ASCII alone, for `\\input` in any document that has booktabs and graphicx."""
    about = table_json["paper"]
    name = tex(about.get("short") or about["title"])
    return "\n".join([f"{HEAD}% {name}", GLYPH, *(table(table_json, t) for t in table_json["tables"])])


def document(tables: Sequence[Json]) -> str:
    """`tables.tex`: a document that sets the files of all ``tables``, a section each."""
    scales = list(dict.fromkeys(t["scale"] for t in tables))
    seeds = max((t["seeds"] for t in tables), default=0)
    line = scale_line(", ".join(scales), seeds, any(t.get("stand_ins") for t in tables))
    parts = [DOCUMENT, rf"{{\Large Printed and measured again}}\par\medskip \textbf{{{tex(line)}}}" + "\n"]
    for t in tables:
        about = t["paper"]
        title = tex(words.cut(about.get("short") or about["title"], MOST))
        parts.append(
            rf"\section*{{{title}}}{tex(about['title'])}.\par" f"\n\\input{{{about['id']}.tex}}\n\\clearpage\n"
        )
    return "\n".join([*parts, "\\end{document}\n"])


def table(table_json: Json, t: Json) -> str:
    """One table: the paper's groups and columns, and beside each column that is printed and measured one of ours.

    Columns that do not fit side by side stand beneath each other or on the next page, with the rows' labels again.
    """
    rows = t["rows"]
    printed = {i for row in rows for i, c in row["cells"].items() if c["printed"]}
    ours = {i for row in rows for i, c in row["cells"].items() if c["ours"] is not None or c.get("authors")}
    ours |= {c["id"] for c in t["columns"]} - printed
    parts = {c["id"]: [p for p, of in (("printed", printed), ("ours", ours)) if c["id"] in of] for c in t["columns"]}
    notes = Notes({*t.get("footnotes", {}), *(m for row in rows for m in marks(row))})
    spec = r"p{13em}" if any(len(row["label"]) > WIDE for row in rows) else "l"
    ident = "".join(c if c.isalnum() and c.isascii() else "-" for c in f"{table_json['paper']['id']}-{t['id']}")
    pieces = [_fitted(_tabular(table_json, rows, columns, parts, notes, spec)) for columns in blocks(t, parts)]
    lines = 5 + sum(2 if len(row["label"]) > WIDE else 1 for row in rows)
    each = max(1, PAGE // lines)
    floats = [pieces[k : k + each] for k in range(0, len(pieces), each)]
    out = []
    for k, held in enumerate(floats):
        head = rf"\caption{{{_caption(table_json, t)}}}" + f"\n\\label{{tab:{ident}}}"
        head = r"\addtocounter{table}{-1}\caption{(continued)}" if k else head
        foot = _beneath(t, notes) if k == len(floats) - 1 else ""
        body = "\\par\\medskip\n".join(held)
        out.append(
            f"\\begin{{table}}[htbp]\n\\centering\n{head}\n\\par\\smallskip\\small\n{body}{foot}\\end{{table}}\n"
        )
    return "\n".join(out)


def _tabular(
    table_json: Json,
    rows: Sequence[Json],
    columns: Sequence[Json],
    parts: dict[str, list[str]],
    notes: Notes,
    spec: str,
) -> str:
    body: list[str] = []
    here = {c["id"] for c in columns}
    rows = [row for row in rows if here & set(row["cells"])]
    for k, row in enumerate(rows):
        if k and row["kind"] != "printed" and rows[k - 1]["kind"] == "printed":
            body.append(r"\midrule")
        halves = (h for c in columns for h in cell(table_json, row, row["cells"].get(c["id"]), parts[c["id"]], notes))
        body.append(" & ".join((label(row, spec != "l"), *halves)) + r" \\")
    spec = "@{}" + spec + "l" * sum(len(parts[c["id"]]) for c in columns) + "@{}"
    lines = [rf"\begin{{tabular}}{{{spec}}}", r"\toprule", *heads(columns, parts), r"\midrule", *body, r"\bottomrule"]
    return "\n".join([*lines, r"\end{tabular}"])


def _fitted(tabular: str) -> str:
    """No wider than the text: what would be is made smaller, all else is left as it is."""
    return f"\\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n{tabular}}}\n"


def _caption(table_json: Json, t: Json) -> str:
    about = table_json["paper"]
    title = words.cut(" ".join(filter(None, (_sentence(t.get("at")), _sentence(t["title"])))), 2 * MOST)
    over = "the mean over seeds ± their standard deviation" if table_json["seeds"] > 1 else "of one seed"
    said = [f"{words.cut(about.get('short') or about['title'], MOST // 2)}. {title}"]
    if any(c["printed"] for row in t["rows"] for c in row["cells"].values()):
        said.append(f"Beside each printed value ours, {over}.")
    else:
        said.append(f"Measurements of ours, nothing printed: {over}.")
    rows = f", rows {table_json['rows']}" if table_json.get("rows") else ""
    said.append(f"Scale {table_json['scale']}, {plural(table_json['seeds'], 'seed')}{rows}.")
    said.append(scale_line(table_json["scale"], table_json["seeds"], bool(table_json.get("stand_ins"))))
    return " ".join(map(tex, said))


def _sentence(value: Any) -> str:
    said = str(value or "").strip()
    said = said[:1].upper() + said[1:]
    return said if not said or said.endswith((".", "?", "!")) else f"{said}."


def _beneath(t: Json, notes: Notes) -> str:
    """The paper's footnotes, then what the letters stand for."""
    said = [(tex(words.cut(k, 9)), tex(words.cut(v, 2 * MOST))) for k, v in (t.get("footnotes") or {}).items()]
    said += [(letter, tex(f"{note}: {MEANS[note]}" if note in MEANS else note)) for note, letter in notes.said.items()]
    lines = [rf"\textsuperscript{{{mark}}}~{_closed(text)}" for mark, text in said]
    lines += [tex(sentence[:1].upper() + sentence[1:]) for sentence in audit.not_computed(t)]
    order = t.get("order") or {}
    if order.get("kendall_tau") is not None:
        lines.append(tex(f"Order, printed against ours: Kendall τ = {words.kendall(order)}."))
    if not lines:
        return ""
    body = " ".join(lines)
    return f"\\par\\smallskip\n\\parbox{{\\linewidth}}{{\\footnotesize\\raggedright {body}}}\n"


def _closed(said: str) -> str:
    return said if said.endswith((".", "?", "!")) else f"{said}."
