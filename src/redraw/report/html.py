"""Pages in HTML that stand alone and ask nothing of the network: `paper` for one paper, `index` for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from . import audit, detail, drawings, findings, forest, glossary, sections, words
from .front import index
from .page import anchor, heading, icon, sentence, shell, stand_ins_line, verdict
from .words import plural, scale_line, text

__all__ = ["index", "paper"]

Json = dict[str, Any]
FOREST = (
    "Squares: printed, with its ±. Dots: ours, a tick for each seed; the line is a 90 % prediction interval. Two scales side "
    "by side: the protocols differ, so compare the order, not the values."
)


def paper(table_json: Json, neighbours: Sequence[tuple[str, str]] = ()) -> str:
    """The page of one paper; ``neighbours`` are (paper id, short name) of all papers in the order of the index."""
    about = table_json["paper"]
    parts = [
        ("tables", "Tables as printed", tables(table_json)),
        ("figures", "Figures", drawings.figures(table_json)),
        ("claims", "Claims", sections.claims(table_json)),
        ("findings", "Findings", findings.section(table_json)),
        ("departures", "Departures and silences", sections.departures(table_json)),
        ("runs", "Runs behind this page", sections.lineage(table_json)),
        ("cells", "Cell by cell", detail.cells(table_json)),
    ]
    parts = [part for part in parts if part[2]]
    links = " · ".join(f'<a href="#{ident}">{title}</a>' for ident, title, _ in parts)
    venue = " ".join(str(about[k]) for k in ("venue", "year") if about.get(k) and str(about[k]) not in ("", "None"))
    who = ", ".join(text(v) for v in (about.get("authors"), venue) if v)
    main = (
        f"<h1>{text(about.get('short') or about['title'])}</h1>\n"
        f'<p class="lede">{text(about.get("summary", ""))}</p>\n<p class="who">{text(about["title"])}. {who}.</p>\n'
        f"{_scale(table_json)}\n<p>{_sentence(table_json)}</p>\n{stand_ins_line(table_json.get('stand_ins', []))}"
        f'<nav class="small noprint" aria-label="On this page">{links}</nav>\n'
        f'<p class="small noprint">These tables as {_forms(about["id"])}.</p>\n'
    )
    main += "\n".join(f'<h2 id="{ident}">{title}</h2>\n{body}' for ident, title, body in parts)
    return shell(
        f"{about.get('short') or about['title']}: redraw audit report",
        "What was printed, what we got, and whether the two may be compared.",
        _top(table_json),
        _nav(about["id"], neighbours),
        main,
        panel=True,
    )


def _top(table_json: Json) -> str:
    rows = f" · rows {text(table_json['rows'])}" if table_json.get("rows") else ""
    return f"scale <b>{text(table_json['scale'])}</b> · {plural(table_json['seeds'], 'seed')}{rows}"


def _nav(ident: str, neighbours: Sequence[tuple[str, str]]) -> str:
    links = ['<a href="index.html">All papers</a>']
    ids = [other for other, _ in neighbours]
    if ident in ids:
        at = ids.index(ident)
        for step, arrow in ((-1, "← {}"), (1, "{} →")):
            if 0 <= at + step < len(ids):
                other, name = neighbours[at + step]
                links.append(f'<a href="{text(other)}.html">{arrow.format(text(name))}</a>')
    return f'<nav class="small where" aria-label="Papers">{" ".join(links)}</nav>\n'


def _forms(ident: str) -> str:
    """Links to the same tables in other forms, in the same folder."""
    forms = (("csv", "CSV, a row per cell"), ("tex", "LaTeX with booktabs"), ("md", "Markdown"))
    return ", ".join(f'<a href="{text(ident)}.{ending}">{said}</a>' for ending, said in forms)


def _scale(table_json: Json) -> str:
    line = scale_line(table_json["scale"], table_json["seeds"], bool(table_json.get("stand_ins")))
    return f'<div class="scale"><p><strong>{text(line)}</strong></p></div>'


def _sentence(table_json: Json) -> str:
    """Printed cells and claims by verdict, in words."""
    totals = audit.summary([table_json])
    agrees = {word: n for word, n in totals["counts"]["agrees"].items() if n}
    said = f"<b>{plural(totals['cells'], 'printed cell')}</b>: {', '.join(f'{n} {w}' for w, n in agrees.items())}."
    if not totals["cells"]:
        said = "<b>No printed numbers</b>: the tables hold measurements of ours."
    if totals["claims"]:
        n = sum(totals["claims"].values())
        said += f" <b>{plural(n, 'claim')}</b>: " + ", ".join(f"{k} {w}" for w, k in totals["claims"].items()) + "."
    return said


# --- tables ---------------------------------------------------------------------------------------------------


def tables(table_json: Json) -> str:
    """All tables of a paper as printed, ours in each cell, under the legend of their marks."""
    said = {c["agrees"]["verdict"] for *_, c in audit.cells(table_json, printed=True)}
    own = [c for _, row, _, c in audit.cells(table_json) if row["kind"] != "printed"]
    said |= {audit.absent(c) for c in own if c["ours"] is None}
    legend = " &nbsp; ".join(verdict(word) for word in audit.QUESTIONS["agrees"].words if word in said)
    old = any(audit.stale(table_json, c) for *_, c in audit.cells(table_json))
    note = f' &nbsp; <span class="tag">old code</span> {detail.OLD_CODE}' if old else ""
    out = [
        '<p class="tnote">Printed → ours ± spread over seeds (number of seeds). Select a cell for its four answers and '
        f"its lineage. {legend}{note}</p>",
        glossary.fold(word for word in audit.QUESTIONS["agrees"].words if word in said),
    ]
    return "\n".join(out + [_table(table_json, t) for t in table_json["tables"]])


def _table(table_json: Json, t: Json) -> str:
    columns = t["columns"]
    stack = len(columns) > 3
    ident = f"t-{text(t['id'])}"
    spreads = {
        "fold": "The printed ± is the spread over folds; ours is the spread of seeds.",
        "seed": "The printed ± is the spread over seeds, as ours is.",
        "standard_error": "The printed ± is a standard error; ours is the spread of seeds.",
    }
    confirmed = t.get("confirmed")
    source = t.get("source")
    read = [f"Read in: {text(source)}." if source else "", spreads.get(t.get("spread", ""), "")]
    if confirmed and confirmed not in (source, "document", True):
        read.insert(1, f"Confirmed: {text(confirmed)}.")
    wide = max((len(c["printed"] + (c.get("marks") or "")) for r in t["rows"] for c in r["cells"].values()), default=4)
    group = ""
    if any(c.get("group") for c in columns):
        spans = [(g, len(list(cs))) for g, cs in groupby(columns, key=lambda c: c.get("group") or "")]
        heads = "".join(
            f'<th scope="colgroup" colspan="{n}">{text(g)}</th>' if g else f'<td colspan="{n}"></td>' for g, n in spans
        )
        group = f'<tr class="grp"><td></td>{heads}</tr>'
    heads = "".join(f'<th scope="col">{text(c["label"])}</th>' for c in columns)
    printed = {i for row in t["rows"] for i, cell in row["cells"].items() if cell["printed"]}
    css_of = {c["id"]: "c" if c["id"] in printed else "c own" for c in columns}  # a column of ours needs no left half
    body, before = [], "printed"
    for row in t["rows"]:
        css = [] if row["kind"] == "printed" else ["ctl"]
        if row["kind"] != "printed" and before == "printed":
            css.append("sep")
        before = row["kind"]
        own = {k: k for k in ("ceiling", "degraded", "floor")}.get(row["kind"])
        tag = f' <small class="lab">{own}</small>' if own else ""
        marks = f"<sup>{text(row['marks'])}</sup>" if row.get("marks") else ""
        cells = "".join(_cell(table_json, row, c, row["cells"].get(c["id"]), stack, css_of[c["id"]]) for c in columns)
        label = f'<th scope="row"><bdi>{text(row["label"])}</bdi>{marks}{tag}</th>'
        body.append(f'<tr class="{" ".join(css)}">{label}{cells}</tr>' if css else f"<tr>{label}{cells}</tr>")
    notes = [f"<sup>{text(k)}</sup> {sentence(v)}" for k, v in (t.get("footnotes") or {}).items()]
    notes += [sentence(said) for said in audit.not_computed(t)]
    order = t.get("order") or {}
    if order.get("kendall_tau") is not None:
        notes.append(f"Order, printed against ours: Kendall τ = {words.kendall(order)}.")
    foot = f'<p class="tnote">{"<br>".join(notes)}</p>' if notes else ""
    width = f"{min(9.0, max(2.6, 0.56 * wide + 0.4)):.1f}rem"
    return (
        f'<h3 id="{ident}">{heading(t)}</h3><p class="lab">{" ".join(filter(None, read))}</p>'
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{ident}">'
        f'<table class="data{_room(len(columns))}" style="--pw:{width}">'
        f"<thead>{group}<tr><td></td>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>{foot}{_drawn(t)}"
    )


def _drawn(t: Json) -> str:
    """Printed against ours as forest plots; folded where there are more than four."""
    plots = forest.plots(t)
    if not plots:
        return ""
    figures = "".join(f"<figure><figcaption>{text(name)}</figcaption>{svg}</figure>" for name, svg in plots)
    return (
        f'<details class="cd forest"{" open" if len(plots) <= 4 else ""}><summary>Drawn: {plural(len(plots), "column")}, '
        f'printed against ours</summary><p class="tnote">{FOREST}</p><div class="grid2">{figures}</div></details>'
    )


def _room(columns: int) -> str:
    """How a table of so many columns uses its width: with few, verdicts have their words beside them."""
    return " few one" if columns == 1 else " few" if columns == 2 else " stack" if columns > 3 else ""


def _cell(table_json: Json, row: Json, column: Json, cell: Json | None, stack: bool, css: str) -> str:
    if cell is None:
        return "<td></td>"
    word = cell["agrees"]["verdict"]
    worded = f'<span class="w">{text(word)}</span>'
    marks = f"<sup>{text(cell['marks'])}</sup>" if cell.get("marks") and cell["marks"] != row.get("marks") else ""
    printed = f'<span class="p">{text(cell["printed"])}{marks}</span>'
    own = row["kind"] != "printed"
    seeds = plural(cell["seeds"], "seed") if cell.get("seeds") else ""
    if cell["ours"] is not None:
        old = ' <span class="tag">old code</span>' if audit.stale(table_json, cell) else ""
        seeds = plural(cell["raters"], "rater") if cell.get("raters") else seeds
        count = f' <span class="n">({seeds if cell.get("raters") else cell["seeds"]})</span>' if seeds else ""
        value = f"<span>{words.value_spread(cell['ours'], cell['spread'])}{count}{old}</span>"
        ours = f'<span class="o"><span class="arr" aria-hidden="true">→</span>{value}{"" if own else icon(word) + worded}</span>'
    elif own and not cell["printed"]:
        absent = audit.absent(cell)
        ours = f'<span class="o off">{icon(absent)}<span>{absent}</span></span>'
    elif word == "blank in print":
        return f'<td class="c"><span class="cell">{printed if cell["printed"] else icon(word, named=True)}</span></td>'
    elif stack:
        printed, ours = f'<span class="p">{text(cell["printed"])}{marks} {icon(word)}</span>', ""
    else:
        ours = f'<span class="o off">{icon(word)}<span>{text(word)}</span></span>'
    authors = cell.get("authors")
    if authors and authors["ours"] is not None:
        value = words.value_spread(authors["ours"], authors["spread"])
        ours += f'<span class="o"><small>authors’ weights</small><span>{value}</span>{icon(authors["agrees"]["verdict"])}</span>'
    elsewhere = cell.get("elsewhere") or []
    if elsewhere and not stack:
        value = text(elsewhere[0]["value"]) + (f" and {len(elsewhere) - 1} more" if len(elsewhere) > 1 else "")
        ours += f'<span class="o"><small>elsewhere</small><span>{value}</span></span>'
    said = [", ".join(dict.fromkeys((row["label"], column["label"], column["metric"]))) + ": "]
    said.append("" if own else f"printed {cell['printed'] or 'blank'}; ")
    if cell["ours"] is not None:
        said.append(f"ours {words.value_spread(cell['ours'], cell['spread'])} over {seeds}; ")
    if authors and authors["ours"] is not None:
        said.append(f"the authors' weights {words.value_spread(authors['ours'], authors['spread'])}; ")
    said += [f"measured elsewhere {', '.join(e['value'] for e in elsewhere)}; "] if elsewhere else []
    name = text("".join(said) + ("own value, nothing printed" if own else word) + ". Show details")
    link = f'href="#{anchor(cell["cell_id"])}" aria-label="{name}"'
    return f'<td class="{css}"><a class="cell" {link}>{printed}{ours}</a></td>'
