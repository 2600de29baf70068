"""The front page as text."""

from __future__ import annotations

from typing import Any

from . import audit
from .findings import handful_text
from .markdown import counts, grid, safe, said
from .words import clock, plural, scale_line

Json = dict[str, Any]


def index(tables: list[Json], summary: Json, context: Json) -> str:
    """The front page as text."""
    seeds = max((t["seeds"] for t in tables), default=0)
    scales = ", ".join(dict.fromkeys(t["scale"] for t in tables))
    parts = [
        "# Every number these papers printed, put to four questions\n",
        f"**{scale_line(scales, seeds, any(t.get('stand_ins') for t in tables))}**\n",
        f"## {plural(summary['cells'], 'printed cell')}, four questions\n",
        counts(summary),
    ]
    found = handful_text(tables)
    parts += ["## Most surprising\n", found] if found else []
    rows = []
    for t in tables:
        own = audit.summary([t])
        agrees = ", ".join(f"{said(w)} {n}" for w, n in own["counts"]["agrees"].items() if n)
        claims = ", ".join(f"{said(w)} {n}" for w, n in own["claims"].items())
        name = f"[{safe(t['paper'].get('short') or t['paper']['title'])}]({t['paper']['id']}.md)"
        rows.append([name, str(own["cells"]), agrees, claims, safe(t["paper"].get("summary", ""))])
    parts += ["## Papers\n", grid(("Paper", "Printed cells", "Agrees?", "Claims", "In a sentence"), rows)]
    others = [
        [safe(a["name"]), safe(a["text"]), str(a["items"]), safe(" / ".join(a["example"]))]
        for a in context.get("stand_ins", [])
    ]
    if others:
        head = ("Name", "What it is", "Items here", "For example")
        parts += [
            "## More stand-ins\n",
            "Made by rule for data sets that no table of this scale needs yet.\n",
            grid(head, others),
        ]
    files = "[cells.csv](cells.csv), [claims.csv](claims.csv), [audit.md](audit.md), [audit.json](audit.json), "
    files += "[audit.schema.json](audit.schema.json), [tables.tex](tables.tex)"
    parts.append(f"Files: {files}.\n")
    made = [f"commit {context['commit']}"] if context.get("commit") else []
    made += [str(context["machine"])] if context.get("machine") else []
    made += [f"{k} {clock(v)}" for k, v in (context.get("wall") or {}).items()]
    parts += [f"Made by: {safe(', '.join(made))}.\n"] if made else []
    return "\n".join(parts)
