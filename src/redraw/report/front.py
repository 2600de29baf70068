"""The front page: what this is, four bars of counts, what surprised most, one mark for each printed cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import audit, charts, findings, glossary
from .page import picture, shell, stand_ins_line, verdict
from .words import clock, cut, plural, scale_line, text

Json = dict[str, Any]
STAND_INS = (
    "<p>Made by rule for data sets that no table of this scale needs yet, each in the layout of the real one.</p>\n"
)


def index(tables: list[Json], summary: Json, context: Json) -> str:
    """The front page. ``context`` may hold commit, machine, versions {name: version}, wall {what: seconds} and
    pictures [{src: data URI, alt, text}] and stand_ins [the same, example]; all of it is optional."""
    scales = list(dict.fromkeys(t["scale"] for t in tables))
    seeds = max((t["seeds"] for t in tables), default=0)
    stand_ins = {s["dataset"]: s for t in tables for s in t.get("stand_ins", [])}
    line = text(scale_line(", ".join(scales), seeds, bool(stand_ins)))
    made = f"This report was made at the scale <b>{text(', '.join(scales))}</b>, with {plural(seeds, 'seed')} a model."
    used = [  # of documents a piece in the place of a picture
        {**p, "example": [] if "src" in p else [cut(e, 90) for e in p["example"][:1]]}
        for p in context.get("pictures", [])
    ]
    pictures = "".join(map(_stand_in, sorted(used, key=lambda p: "src" not in p)))
    others = "".join(_stand_in(about) for about in context.get("stand_ins", []))
    found = findings.handful(tables)
    main = (
        "<h1>Every number these papers printed, put to four questions</h1>\n"
        '<p class="lede">We retrain the models that first drew pictures from captions, score them again, and set what '
        "we get beside what was printed, with everything that stands behind it.</p>\n"
        f'<div class="scale"><p><strong>{line}</strong></p></div>\n<p>{made}</p>\n'
        + _contents(bool(found), bool(others))
        + (f'<ul class="world">{pictures}</ul>\n' if pictures else "")
        + _what_stands(stand_ins.values())
        + f'<h2 id="counts">{plural(summary["cells"], "printed cell")}, four questions</h2>\n'
        "<p>The questions are kept apart: a number may be possible and still not be comparable with ours.</p>\n"
        f"{_bars(summary)}\n{glossary.fold(_answered(summary))}{_stale(summary)}"
        + (f'<h2 id="findings">Most surprising</h2>\n{found}\n' if found else "")
        + f'<h2 id="papers">Papers</h2>\n{_papers(tables)}\n'
        + (f'<h2 id="stand-ins">More stand-ins</h2>\n{STAND_INS}<ul class="gallery">{others}</ul>\n' if others else "")
        + f'<h2 id="files">Files</h2>\n{_files()}\n'
        + _environment(context)
    )
    top = f"scale <b>{text(', '.join(scales))}</b> · {plural(seeds, 'seed')}"
    about = "What was printed, what we got, and whether the two may be compared."
    return shell("redraw: audit report", about, top, "", main, panel=False)


def _contents(found: bool, others: bool) -> str:
    """Links to the parts of the page."""
    parts = [("counts", "Four questions"), *([("findings", "Most surprising")] if found else []), ("papers", "Papers")]
    parts += [*([("stand-ins", "More stand-ins")] if others else []), ("files", "Files")]
    links = " · ".join(f'<a href="#{ident}">{title}</a>' for ident, title in parts)
    return f'<nav class="small noprint" aria-label="On this page">{links}</nav>\n'


def _what_stands(stand_ins: Iterable[Json]) -> str:
    """Which data stand for which, behind a fold: with many data sets it is longer than all that a first look is for."""
    said = stand_ins_line(stand_ins)
    return f'<details class="words"><summary>What stands in for which data</summary>{said}</details>\n' if said else ""


def _answered(summary: Json) -> list[str]:
    """Every word that some printed cell is answered with, question by question."""
    return list(dict.fromkeys(word for counts in summary["counts"].values() for word, n in counts.items() if n))


def _stand_in(about: Json) -> str:
    """One stand-in: its contact sheet, or a piece of its documents, and what it is."""
    said = "".join(f"<q>{text(example)}</q>" for example in about.get("example", []))
    shown = picture(about["src"], about["alt"], "") if "src" in about else ""
    return f"<li>{shown}{text(about.get('text') or about['alt'])}{said}</li>"


def _bars(summary: Json) -> str:
    out = []
    for key, question in audit.QUESTIONS.items():
        counts = summary["counts"][key]
        bar = "".join(f'<i class="f-{audit.mark(w).fill}" style="flex:{n}"></i>' for w, n in counts.items() if n)
        legend = "".join(f"<li{'' if n else ' class=zero'}>{verdict(w)} <b>{n}</b></li>" for w, n in counts.items())
        out.append(
            f'<li><div class="bar-q"><span><b>{question.short}</b> {question.asks}</span></div>'
            f'<div class="bar" aria-hidden="true">{bar}</div><ul class="leg">{legend}</ul></li>'
        )
    return f'<ul class="bars">{"".join(out)}</ul>'


def _stale(summary: Json) -> str:
    old = len(summary.get("stale", []))
    said = f'<span class="tag">old code</span> {plural(old, "value")} made by code that has changed since.'
    return f'<p class="tnote">{said}</p>\n' if old else ""


def _papers(tables: list[Json]) -> str:
    words = dict.fromkeys(c["agrees"]["verdict"] for t in tables for *_, c in audit.cells(t, printed=True))
    legend = " &nbsp; ".join(verdict(w) for w in audit.QUESTIONS["agrees"].words if w in words)
    out = []
    for t in tables:
        about = t["paper"]
        said = [c["agrees"]["verdict"] for *_, c in audit.cells(t, printed=True)]
        claimed = audit.claim_words([t])
        verdicts = " &nbsp; ".join(verdict(w, f"{n} {w}") for w, n in claimed.items())
        venue = " ".join(str(about[k]) for k in ("venue", "year") if about.get(k))
        out.append(
            f'<li><h3><a href="{text(about["id"])}.html">{text(about.get("short") or about["title"])}</a> '
            f'<span class="lab">{text(venue)}</span></h3>{charts.dots(said) if said else ""}'
            f'<p class="small">{text(about.get("summary", ""))}</p><p class="small"><span class="lab">'
            f"{plural(len(said), 'printed cell')}.{' Claims:' if claimed else ''}</span> {verdicts}</p></li>"
        )
    intro = f'<p class="small">One mark per printed cell, in the order of the tables: {legend}</p>'
    return f'{intro}\n<ul class="papers">{"".join(out)}</ul>'


def _files() -> str:
    files = (
        ("cells.csv", "one row for each cell"),
        ("claims.csv", "one row for each claim"),
        ("audit.md", "every cell with its four answers, to read"),
        ("audit.json", "the same for programs, with lineage"),
        ("audit.schema.json", "what the fields of audit.json mean"),
        ("tables.tex", "all tables in LaTeX (booktabs), each paper’s in a file of its own beside it"),
        ("index.md", "this page as text"),
    )
    return "<ul>" + "".join(f'<li><a href="{name}">{name}</a>, {what}</li>' for name, what in files) + "</ul>"


def _environment(context: Json) -> str:
    wall = ", ".join(f"{text(k)} {clock(v)}" for k, v in (context.get("wall") or {}).items())
    versions = ", ".join(f"{text(k)} {text(v)}" for k, v in (context.get("versions") or {}).items())
    commit = f"Commit <code>{text(str(context['commit'])[:12])}</code>" if context.get("commit") else ""
    parts = [commit, text(context.get("machine") or ""), versions, f"wall time: {wall}" if wall else ""]
    said = ". ".join(part for part in parts if part)
    return f'<p class="small">{said}.</p>' if said else ""
