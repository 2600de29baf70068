"""What was found about printed numbers, formulas and released code: its words, its order, how it is shown on a page.

A finding says what is so and what it changes; whoever wrote the code or the number is not judged by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .marked import safe
from .words import plural, text

Json = dict[str, Any]

SEVERITIES = {
    "changes a printed result": "without it a printed result would read otherwise",
    "may change a printed result": "it takes part in what was printed; by how much is not known",
    "changes no printed result": "what was printed reads the same without it",
}
"""Word -> meaning, the gravest first"""
KINDS = {
    "impossible number": "no data could have given it as it is printed; ties, or other items, may explain it",
    "ambiguous number": "possible, but it says less, or something else, than it seems to",
    "misprint": "a formula or a count says something else than what was meant",
    "bug in released code": "the code does something else than it was meant to",
    "silent departure": "the released code does something else than the paper, which does not say so",
    "selection on the test metric": "what is printed was chosen by the number that it is judged by",
    "metric trap": "the same images get another number by a choice that is seldom printed",
}
"""Word -> meaning"""
MOST = 6
"""How many the front page shows"""


def graded(tables: Iterable[Json]) -> Iterator[tuple[Json, str, Json]]:
    """(paper's table, id, finding) of all tables, the gravest first; equal ones in the order of papers and numbers."""
    found = [(t, key, f) for t in tables for key, f in (t.get("findings") or {}).items()]
    yield from sorted(found, key=lambda one: _rank(one[2]))


def surprising(tables: Iterable[Json], most: int = MOST) -> list[tuple[Json, str, Json]]:
    """Findings of the gravest kind that there is, at most ``most``: one of each paper, then the papers' second ones."""
    found = list(graded(tables))
    gravest = [one for one in found if _rank(one[2]) == _rank(found[0][2])]
    turns: dict[str, int] = {}
    queued = []
    for one in gravest:
        paper = one[0]["paper"]["id"]
        turns[paper] = turns.get(paper, 0) + 1
        queued.append((turns[paper], one))
    return [one for _, one in sorted(queued, key=lambda q: q[0])[:most]]


def counted(findings: Json) -> str:
    """ "7 findings. Changes a printed result: 1; may change a printed result: 6." """
    words = [f["severity"] for f in findings.values() if "severity" in f]
    said = "; ".join(f"{word}: {words.count(word)}" for word in SEVERITIES if word in words)
    return f"{plural(len(findings), 'finding')}.{' ' if said else ''}{said[:1].upper()}{said[1:]}{'.' if said else ''}"


# --- HTML ---------------------------------------------------------------------------------------------------------


def handful(tables: list[Json]) -> str:
    """The front page's: the most surprising ones in short, and where the others stand."""
    shown = surprising(tables)
    if not shown:
        return ""
    items = []
    for t, key, f in shown:
        link = f'<a href="{text(t["paper"]["id"])}.html#{text(anchor(key))}">{text(_short(t))}</a>'
        run = f" · <code>redraw finding {text(key)}</code>" if f.get("demonstration") else f" · {text(key)}"
        items.append(f"<li>{_title(f)} {text(f['says'])} <span class='lab'>{link}{_graded(f)}{run}</span></li>")
    total = sum(len(t.get("findings") or {}) for t in tables)
    pages = ", ".join(
        f'<a href="{text(t["paper"]["id"])}.html#findings">{text(_short(t))}</a> {len(t["findings"])}'
        for t in tables
        if t.get("findings")
    )
    rest = f'<p class="small">{plural(total, "finding")} in all, on the papers’ pages: {pages}.</p>'
    return f'<ol class="find">{"".join(items)}</ol>\n{rest if total > len(shown) else ""}'


def section(table_json: Json) -> str:
    """A paper's own page: all of its findings, with kind, severity, source, what each changes and how to see it."""
    own = table_json.get("findings") or {}
    if not own:
        return ""
    items = []
    for _, key, f in graded([table_json]):
        facts = "".join(
            f"<dt>{name}</dt><dd>{text(f[field])}</dd>"
            for name, field in (("Kind", "kind"), ("Changes", "changes"), ("Source", "source"))
            if f.get(field)
        )
        run = f"<dt>Try it</dt><dd><code>redraw finding {text(key)}</code></dd>" if f.get("demonstration") else ""
        run = run or (
            f"<dt>No demonstration</dt><dd>{text(f['undemonstrated'])}</dd>" if f.get("undemonstrated") else ""
        )
        grave = f'<span class="lab">{text(key)}{_graded(f)}</span>'
        items.append(
            f'<li id="{text(anchor(key))}">{grave}{_title(f)} {text(f["says"])}<dl class="kv">{facts}{run}</dl></li>'
        )
    return f'<p class="small">{text(counted(own))}</p><ul class="find own">{"".join(items)}</ul>{_meanings(own)}'


def anchor(key: str) -> str:
    """The fragment of a finding: "VED-1" -> "f-VED-1"."""
    return f"f-{key}"


def _meanings(own: Json) -> str:
    """What the words of these findings mean, as a paragraph."""
    parts = [
        f"<b>{text(word)}</b>: {text(meaning)}"
        for field, words in (("severity", SEVERITIES), ("kind", KINDS))
        for word, meaning in words.items()
        if any(f.get(field) == word for f in own.values())
    ]
    return (
        f'<p class="tnote">{". ".join(part[:3] + part[3:4].upper() + part[4:] for part in parts)}.</p>' if parts else ""
    )


def _short(t: Json) -> str:
    return str(t["paper"].get("short") or t["paper"]["id"])


def _rank(f: Json) -> int:
    return [*SEVERITIES, f.get("severity", "")].index(f.get("severity", ""))


def _title(f: Json) -> str:
    return f"<b>{text(str(f['title']).rstrip('.'))}.</b>"


def _graded(f: Json) -> str:
    return f" · {text(f['severity'])}" if f.get("severity") else ""


# --- Markdown -----------------------------------------------------------------------------------------------------


def handful_text(tables: list[Json]) -> str:
    shown = surprising(tables)
    lines = [
        f"1. **{safe(str(f['title']).rstrip('.'))}.** {safe(f['says'])} "
        f"([{safe(key)}]({t['paper']['id']}.md#findings){_also(f)})\n"
        for t, key, f in shown
    ]
    total = sum(len(t.get("findings") or {}) for t in tables)
    if total > len(shown):
        pages = ", ".join(
            f"[{safe(_short(t))}]({t['paper']['id']}.md#findings) {len(t['findings'])}"
            for t in tables
            if t.get("findings")
        )
        lines.append(f"\n{plural(total, 'finding')} in all, on the papers' pages: {pages}.\n")
    return "".join(lines)


def section_text(table_json: Json) -> str:
    own = table_json.get("findings") or {}
    if not own:
        return ""
    lines = [f"{counted(own)}\n"]
    for _, key, f in graded([table_json]):
        how = f"`redraw finding {key}`" if f.get("demonstration") else safe(f.get("undemonstrated", ""))
        facts = [(name, safe(f[k])) for name, k in (("Changes", "changes"), ("Source", "source")) if f.get(k)]
        facts.append(("Try it" if f.get("demonstration") else "No demonstration", how))
        kind = ", ".join(safe(f[k]) for k in ("severity", "kind") if f.get(k))
        lines.append(
            f"1. **{safe(str(f['title']).rstrip('.'))}.** {safe(f['says'])} ({safe(key)}{', ' if kind else ''}{kind})\n"
            + "".join(f"   - {name}: {value}\n" for name, value in facts if value)
        )
    return "\n".join(lines)


def _also(f: Json) -> str:
    return f", {safe(f['severity'])}" if f.get("severity") else ""
