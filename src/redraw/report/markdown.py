"""The same tables as text: a page a paper, and the audit. Reads aloud: every mark has its word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import audit, folded, power, words
from .findings import section_text
from .marked import figure, grid, listed, safe, said
from .words import clock, kendall, plural, scale_line

Json = dict[str, Any]


def paper(table_json: Json) -> str:
    """One paper: its tables as printed with ours beside, claims, figures' data, departures, lineage."""
    about = table_json["paper"]
    venue = " ".join(str(about[k]) for k in ("venue", "year") if about.get(k))
    who = ", ".join(safe(v) for v in (about["title"], about.get("authors"), venue) if v)
    parts = [
        f"# {safe(about.get('short') or about['title'])}\n",
        f"{safe(about.get('summary', ''))} {who}.\n",
        f"**{scale_line(table_json['scale'], table_json['seeds'], bool(table_json.get('stand_ins')))}**\n",
        f"Scale {safe(table_json['scale'])}, {plural(table_json['seeds'], 'seed')}, rows {safe(table_json['rows'])}.\n",
    ]
    stand_ins = [
        f"For {safe(s['dataset'])} stands {safe(s['use'])}: {safe(str(s['because']).rstrip('.'))}."
        for s in table_json.get("stand_ins", [])
    ]
    parts += [listed(stand_ins)] if stand_ins else []
    parts.append("## Tables as printed\n")
    parts.append("Printed → ours ± spread over seeds (number of seeds), and whether they agree.\n")
    parts += [table(table_json, t) for t in table_json["tables"]]
    misprints = [
        f"{safe(m['where'])}: printed {safe(m['printed'])}; meant {safe(m['meant'])}."
        for m in (table_json.get("misprints") or {}).values()
    ]
    measured = table_json.get("third_party") or []
    others = [f"{safe(p['cell'])}: {safe(p['value'])} ({safe(p['source'])})" for p in measured]
    for title, body in (
        ("Claims", claims(table_json)),
        ("Figures", "\n".join(figure(f) for f in table_json.get("figures", []))),
        ("Findings", section_text(table_json)),
        ("Departures", _departures(table_json)),
        ("Paper and released code differ", _differences(table_json)),
        ("What the paper leaves unsaid", listed(map(safe, table_json.get("silences") or []))),
        ("Misprints", listed(misprints)),
        ("Measured elsewhere", listed(others)),
        ("Lineage", _lineage(table_json)),
    ):
        parts += [f"## {title}\n", body] if body else []
    return "\n".join(parts)


def values(table_json: Json, row: Json, cell: Json) -> str:
    """ "99 → 95.1 (1)"."""
    marks = f" {safe(cell['marks'])}" if cell.get("marks") and cell["marks"] != row.get("marks") else ""
    printed = f"{safe(cell['printed'])}{marks}" if cell["printed"] else ""
    if cell["ours"] is None:
        return printed
    old = " (old code)" if audit.stale(table_json, cell) else ""
    seeds = f" ({cell['seeds']})" if cell.get("seeds") else ""
    seeds = f" ({plural(cell['raters'], 'rater')})" if cell.get("raters") else seeds
    return f"{printed} → {words.value_spread(cell['ours'], cell['spread'])}{seeds}{old}".lstrip()


def _both(table_json: Json, row: Json, cell: Json | None) -> str:
    """ "99 → 95.1 (1) ◇ not comparable"."""
    if cell is None:
        return ""
    word = cell["agrees"]["verdict"]
    if row["kind"] != "printed":
        word = audit.absent(cell) if cell["ours"] is None else ""
    authors = cell.get("authors")
    behind = ""
    if authors and authors["ours"] is not None:
        value = words.value_spread(authors["ours"], authors["spread"])
        behind = f"; authors' weights → {value} {said(authors['agrees']['verdict'])}"
    return " ".join(filter(None, (values(table_json, row, cell), word and said(word)))) + behind


def table(table_json: Json, t: Json, shown: Callable[[Json, Json, Json | None], str] | None = None) -> str:
    """One table as printed, ours beside each cell, or what ``shown`` (paper, row, cell) makes of it."""
    columns = t["columns"]
    heads = [" · ".join(safe(c[k]) for k in ("group", "label") if c.get(k)) for c in columns]
    rows = []
    for row in t["rows"]:
        marks = f" {safe(row['marks'])}" if row.get("marks") else ""
        kind = f" ({row['kind']})" if row["kind"] in ("ceiling", "degraded", "floor") else ""
        cells = ((shown or _both)(table_json, row, row["cells"].get(c["id"])) for c in columns)
        rows.append([f"{safe(row['label'])}{marks}{kind}", *cells])
    at = f"{safe(t['at'])}. " if t.get("at") else ""
    out = [f"### {at}{safe(t['title'])}\n"]
    out += [f"Read in: {safe(t['source'])}.\n"] if t.get("source") else []
    out.append(grid(["", *heads], rows))
    out += [listed(f"{safe(k)} {safe(v)}" for k, v in t["footnotes"].items())] if t.get("footnotes") else []
    out += [f"{safe(sentence)}\n" for sentence in audit.not_computed(t)]
    order = t.get("order") or {}
    if order.get("kendall_tau") is not None:
        out.append(f"Order, printed against ours: Kendall tau {kendall(order)}.\n")
    return "\n".join(out)


def claims(table_json: Json) -> str:
    holds = {True: "yes", False: "no", None: "not printed"}
    rows = [
        (
            safe(c["says"]),
            safe(c["origin"]),
            holds[c["printed_holds"]],
            safe(c.get("seeds_won") or ""),
            "" if c.get("probability") is None else f"{c['probability']:.2f}",
            ": ".join(filter(None, (said(c["verdict"]), "; ".join(map(safe, filter(None, _reasons(c))))))),
        )
        for c in table_json["claims"]
    ]
    return grid(("Claim", "Origin", "Printed holds?", "Seeds won", "Probability", "Verdict"), rows) if rows else ""


def _reasons(claim: Json) -> tuple[str, str]:
    return claim.get("because") or "", power.said(claim.get("needs"))


def _departures(table_json: Json) -> str:
    rows = [
        [safe(d.key), safe(d.paper), safe(d.ours), safe(d.because), ", ".join(map(safe, d.runs))]
        for d in folded.departures(table_json)
    ]
    return grid(("Parameter", "Paper", "Here", "Because", "Runs"), rows) if rows else ""


def _differences(table_json: Json) -> str:
    keys = {"what": "What", "paper": "Paper", "released": "Released code", "changes": "Changes", "source": "Source"}
    rows = [[key, *(safe(d.get(k, "")) for k in keys)] for key, d in (table_json.get("differences") or {}).items()]
    return grid(["", *keys.values()], rows) if rows else ""


def _lineage(table_json: Json) -> str:
    rows = []
    for run, facts in (table_json.get("lineage") or {}).items():
        code = facts.get("code") or {}
        state = "old" if facts.get("stale_code") else "current"
        digests = [str(facts.get(k) or "")[:12] for k in ("data", "weights")] + [str(code.get("digest") or "")[:12]]
        commit = str(code.get("commit") or "")[:12]
        time = clock(facts["seconds"]) if facts.get("seconds") is not None else ""
        rows.append([safe(v) for v in (run, facts.get("steps", ""), *digests, state, commit, time)])
    head = ("Run", "Steps", "Data digest", "Weights digest", "Code digest", "Code", "Commit", "Time")
    return grid(head, rows) if rows else ""


# --- over all papers ----------------------------------------------------------------------------------------------


def counts(summary: Json) -> str:
    rows = [
        [f"**{q.short}** {q.asks}", ", ".join(f"{said(w)} {n}" for w, n in summary["counts"][key].items() if n)]
        for key, q in audit.QUESTIONS.items()
    ]
    return grid(("Question", "Answers"), rows)


def audit_page(tables: list[Json], summary: Json) -> str:
    """`audit.md`: the four counts, then every cell of every paper with its four answers and why."""
    parts = ["# Audit\n", f"{plural(summary['cells'], 'printed cell')} of {plural(summary['papers'], 'paper')}.\n"]
    parts += [counts(summary)]
    old = summary.get("stale", [])
    note = f"{plural(len(old), 'value')} made by code that has changed since, marked “old code” below.\n"
    parts += [note] if old else []
    for t in tables:
        parts += [f"## {safe(t['paper'].get('short') or t['paper']['title'])}\n", answers(t)]
        parts += ["Departures:\n", _departures(t)] if t.get("departures") else []
    return "\n".join(parts)


def answers(table_json: Json, only: Callable[[Json], bool] = bool) -> str:
    """Every cell of a paper that ``only`` lets through, with its four answers and why."""
    rows = []
    for _, row, _, cell in (found for found in audit.cells(table_json) if only(found[3])):
        said_of = [said(cell[key]["verdict"]) for key in audit.QUESTIONS] if row["kind"] == "printed" else [""] * 4
        reasons = dict.fromkeys(
            [*(cell[key].get("because") or "" for key in audit.QUESTIONS), power.said(cell["needs"])]
        )
        because = "; ".join(safe(r) for r in reasons if r and not any(r in other != r for other in reasons))
        name = cell["cell_id"].replace("|", "").replace("`", "")
        rows.append([f"`{name}`", values(table_json, row, cell), *said_of, because])
    return grid(("Cell", "Printed → ours", *(q.short for q in audit.QUESTIONS.values()), "Because"), rows)
