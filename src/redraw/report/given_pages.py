"""An audit of anybody's table as Markdown, as a page, as CSV and as JSON. The same file gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..core import RedrawError, atomic_write, disk_trouble
from . import audit, detail, given, given_cells, html, markdown, page, render, sections, studies, words
from .markdown import grid, safe
from .words import plural, text

Json = dict[str, Any]
Section = tuple[str, str, tuple[str, ...], list[tuple[str, ...]]]
"""(title, what it says, head, rows), all plain text"""
PLAIN = (
    "A verdict goes by arithmetic on what is printed and by the values in this file; no data were read, nothing was run. One "
    "seed ranks nothing."
)
SEVERAL = (
    "CV* is the coefficient of variation for small samples, in percent of the mean (Belz, Popović and Mille, 2022), over the "
    "printed value, each study’s and the mean of ours, shifted by the scale’s least value where that is not 0."
)
ODD = "Arithmetic on what is printed; it blames nobody, and names what would explain it."
MEMORY = "These numbers were written from memory and not checked against the document."


def audited(path: Path, out: Path | None = None) -> str:
    """Audit the table in ``path``; write it to ``out``, as its ending says, and return the Markdown.

    Raises RedrawError, one line, for any fault in the file or an ending that is not known; then nothing is written.
    """
    if out is not None and out.suffix not in FORMS:
        raise RedrawError(f"--out {out}: no such form: end the name in {', '.join(FORMS)}")
    table_json = given_cells.build(given.read(path))
    if out is None:
        return as_markdown(table_json, path.name)
    content = FORMS[out.suffix](table_json, path.name)
    try:
        atomic_write(out, content.encode("utf-8", "replace"))
    except OSError as e:
        raise RedrawError(disk_trouble(out.parent, e)) from None
    return ""


def as_markdown(table_json: Json, file: str) -> str:
    """The audit as text: tables, cells with their answers, tests, studies, claims."""
    about = table_json["paper"]
    summary = audit.summary([table_json])
    parts = [
        f"# {safe(about['short'])}: audit\n",
        " ".join(safe(line) for line in _about(table_json, file)) + "\n",
        markdown.counts(summary),
        "## Tables as printed\n",
        "Printed → ours ± spread over seeds (number of seeds) and whether they agree; what does not add up is marked.\n",
        *(markdown.table(table_json, t, _shown) for t in table_json["tables"]),
    ]
    spoken = [cell for *_, cell in audit.cells(table_json) if _speaks(cell)]
    if spoken:
        silent = summary["cells"] - len(spoken)
        rest = f"The other {plural(silent, 'cell')}: nothing odd, and no value of ours.\n" if silent else ""
        parts += ["## Cell by cell\n", markdown.answers(table_json, _speaks), rest]
    for title, said, head, rows in _sections(table_json):
        parts += [f"## {title}\n", f"{safe(said)}\n", grid(head, ([safe(cell) for cell in row] for row in rows))]
    claims = markdown.claims(table_json)
    return "\n".join(parts + (["## Claims\n", claims] if claims else []))


def as_html(table_json: Json, file: str) -> str:
    """The audit as a page that stands alone."""
    about = table_json["paper"]
    head, *lines = _about(table_json, file)
    summary = audit.summary([table_json])
    counts = [
        (f"{q.short} {q.asks}", ", ".join(f"{n} {w}" for w, n in summary["counts"][key].items() if n))
        for key, q in audit.QUESTIONS.items()
    ]
    parts = [("tables", "Tables as printed", html.tables(table_json))]
    for title, said, columns, rows in (*_odd_ones(table_json), *_sections(table_json)):
        ident = title.lower().replace(" ", "-")
        body = page.table(ident, columns, ([text(cell) for cell in row] for row in rows))
        parts.append((ident, title, f'<p class="tnote">{text(said)}</p>{body}'))
    parts += [
        ("claims", "Claims", sections.claims(table_json, controls=False)),
        ("cells", "Cell by cell", detail.cells(table_json)),
    ]
    main = (
        f'<h1>{text(about["short"])}</h1>\n<p class="who">{text(head)}</p>\n'
        f'<div class="scale"><p><strong>{text(" ".join(lines))}</strong></p></div>\n'
        + page.pairs((name, text(said)) for name, said in counts)
        + "\n".join(f'<h2 id="{ident}">{title}</h2>\n{body}' for ident, title, body in parts if body)
    )
    top = f"<b>{text(file)}</b> · {plural(table_json['seeds'], 'seed')}"
    return page.shell(
        f"{about['short']}: audit", "What was printed, and what of it adds up.", top, "", main, panel=True
    )


def as_csv(table_json: Json, file: str) -> str:
    """A row a printed cell."""
    return render.csv_text(given_cells.COLUMNS, given_cells.rows(table_json))


def as_json(table_json: Json, file: str) -> str:
    """The audit for programs."""
    value = given_cells.structure(table_json, file)
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


FORMS: dict[str, Callable[[Json, str], str]] = {
    ".md": as_markdown,
    ".html": as_html,
    ".json": as_json,
    ".csv": as_csv,
}


def _odd(cell: Json) -> bool:
    return cell["possible"]["verdict"] in ("does not add up", "open to reading")


def _speaks(cell: Json) -> bool:
    """Whether there is more to say of a cell than that it is possible."""
    return _odd(cell) or cell["ours"] is not None


def _shown(table_json: Json, row: Json, cell: Json | None) -> str:
    """ "4.36 ± .03 → 4.33 ± 0.04 (5) ◉ equivalent", "51.2 ◆ does not add up", or the printed number alone."""
    if cell is None:
        return ""
    marks = [cell["possible"]["verdict"]] if _odd(cell) else []
    marks += [cell["agrees"]["verdict"]] if cell["ours"] is not None else []
    return " ".join((markdown.values(table_json, row, cell), *map(markdown.said, marks)))


def _about(table_json: Json, file: str) -> Iterator[str]:
    """Sentences of what was audited and what that is good for, the paper first."""
    about = table_json["paper"]
    venue = " ".join(str(about[k]) for k in ("venue", "year") if about[k])
    yield ", ".join(filter(None, (about["title"], about["authors"], venue))) + "."
    if about.get("source"):
        yield f"Read in: {about['source']}."
    if about.get("confirmed") == "recalled":
        yield MEMORY
    if about.get("note"):
        yield about["note"].rstrip(".") + "."
    yield PLAIN


def _odd_ones(table_json: Json) -> Iterator[Section]:
    """The printed numbers that are not plainly possible; in Markdown they stand cell by cell."""
    cells = [cell for *_, cell in audit.cells(table_json) if _odd(cell)]
    if cells:
        rows = [(c["cell_id"], c["printed"], c["possible"]["verdict"], c["possible"]["because"]) for c in cells]
        yield "What does not add up", ODD, ("Cell", "Printed", "Possible?", "Because"), rows


def _sections(table_json: Json) -> Iterator[Section]:
    """(title, what it says, head, rows as plain text) of the tests, and of what several studies found."""
    cells = [cell for *_, cell in audit.cells(table_json)]
    tested = [
        (
            c["cell_id"], f"{c['difference']:+.3g}".replace("-", "−"), f"±{c['margin']:.3g}", str(c["seeds"]),
            "within the margin" if c["test"] == "equivalence" else "beyond the margin",
            words.probability(c["p"]), words.probability(c["adjusted"]), c["agrees"]["verdict"],
        )
        for c in cells if c["tests"]
    ]  # fmt: skip
    if tested:
        head = ("Cell", "Difference", "Margin", "Seeds", "It lies", "p", "adjusted", "Agrees?")
        yield "Tests", studies.ADJUSTED, head, tested
    several = []
    for c in (c for c in cells if c["cv_star"] is not None):
        values = [f"printed {c['printed']}", *(f"{s['value']} ({s['source']})" for s in c["elsewhere"])]
        values += (
            [f"ours {words.value_spread(c['ours'], c['spread'])} ({c['source']})"] if c["ours"] is not None else []
        )
        least = studies.least(c["metric"])
        several.append((c["cell_id"], "; ".join(values), f"{least:g}", f"{c['cv_star']:.3g} %"))
    if several:
        yield "Several studies", SEVERAL, ("Cell", "Values", "Scale from", "CV*"), several
