"""Cell by cell: a printed number or a value of ours with its four answers and where it comes from.

The same markup serves the list (print, search, readers without scripts) and, cloned, the panel: so it holds no ids but
the outermost, inside its fold, where following a link opens it without any script.
"""

from __future__ import annotations

from typing import Any

from . import audit, charts, power, words
from .folded import value
from .page import anchor, caption, pairs, sentence, verdict
from .sections import run_facts, runs_line, short_digest
from .words import plural, text

Json = dict[str, Any]
OLD_CODE = "marks a value made by code that has changed since; retrain the run to renew it."


def cells(table_json: Json) -> str:
    """Every printed number and every own value with its answers, behind a fold each."""
    folds = []
    for t, row, column, cell in audit.cells(table_json):
        if cell["agrees"]["verdict"] == "blank in print" and cell["ours"] is None and row["kind"] == "printed":
            continue
        where = text(t.get("at") or t["title"])
        what = text(", ".join(dict.fromkeys((column["label"], column["metric"]))))
        summary = f"<bdi>{text(row['label'])}</bdi>, {what} ({where})"
        body = _cell(table_json, t, row, column, cell)
        folds.append(
            f'<details class="cd"><summary>{summary}</summary>'
            f'<div class="d" id="{anchor(cell["cell_id"])}">{body}</div></details>'
        )
    if not folds:
        return ""
    head = (
        '<p class="small">The same details as in the tables, as a list for print and for readers without scripts. '
        '<button type="button" id="brief" class="noprint" hidden>Print without this list</button></p>'
    )
    return head + "\n" + "\n".join(folds)


def _cell(table_json: Json, t: Json, row: Json, column: Json, cell: Json) -> str:
    ours = cell["ours"]
    printed = cell["printed"]
    seeds = f" <small>{plural(cell['seeds'], 'seed')}</small>" if ours is not None and cell.get("seeds") else ""
    word = cell["agrees"]["verdict"] if row["kind"] == "printed" else audit.absent(cell)
    shown = words.value_spread(ours, cell["spread"]) if ours is not None else f"<small>{text(word)}</small>"
    left = f'{text(printed)}<span class="arr"> → </span>' if printed else ""
    stand_in = ", stand-in data" if cell["scale"] != "paper" and ours is not None else ""
    measure = ", ".join(filter(None, dict.fromkeys((column["metric"], column["label"], column.get("unit")))))
    kind = "as printed → ours" if printed else "ours, nothing printed"
    what = f"{sentence(measure)[:-1]}, {kind}{stand_in}."
    out = [f'<p class="big">{left}{shown}{seeds}</p><p class="small">{what}</p>']
    if row["kind"] == "printed":
        answers = ""
        for key, question in audit.QUESTIONS.items():
            because = cell[key].get("because")
            reason = f"<p>{text(because) if key == 'claims' else sentence(because)}</p>" if because else ""
            if key == "agrees" and cell.get("needs"):
                reason += f"<p>{sentence(power.said(cell['needs']))}</p>"
            answers += f"<dt>{question.short}</dt><dd>{verdict(cell[key]['verdict'])}{reason}</dd>"
        out.append(f'<dl class="q">{answers}</dl>')
    elif ours is None and cell["agrees"].get("because"):
        out.append(f'<p class="small">{sentence(cell["agrees"]["because"])}</p>')
    if ours is not None:
        out.append(_strip(t, row, column, cell))
    if cell.get("authors"):
        out.append(_authors(cell["authors"]))
    others = cell.get("elsewhere") or []
    if others:
        items = "".join(f"<li>{text(p['value'])}, {text(p['source'])}</li>" for p in others)
        out.append(f"<h3>Measured elsewhere</h3><ul class='small'>{items}</ul>")
    if others and cell.get("cv_star") is not None:
        whose = "the printed value, these and ours" if cell.get("tests") else "the printed value and these"
        out.append(f'<p class="small">CV* of {whose}: {words.number(cell["cv_star"], 2)} %.</p>')
    if cell.get("differs"):
        rows = [(d["field"], f"{text(value(d['ours']))}; paper: {text(value(d['paper']))}") for d in cell["differs"]]
        out.append("<h3>What differs from the printed protocol</h3>" + pairs(rows))
    out.append(_origin(table_json, cell))
    note = f"{caption(cell['note'])} " if cell.get("note") else ""
    read = f"Read in: {text(cell['printed_source'])}. " if cell.get("printed_source") else ""
    out.append(f'<p class="small">{note}{read}Cell id <code>{text(cell["cell_id"])}</code>.</p>')
    return "".join(out)


def _authors(authors: Json) -> str:
    """The authors' own weights, scored by us."""
    value = f"<p>{words.value_spread(authors['ours'], authors['spread'])}</p>" if authors["ours"] is not None else ""
    agree = authors["agrees"]
    return (
        f"<h3>The authors’ weights, scored by us</h3>{value}<p class='small'>{verdict(agree['verdict'])} "
        f"{sentence(agree['because'])}</p>"
    )


def _strip(t: Json, row: Json, column: Json, cell: Json) -> str:
    others = [r for r in t["rows"] if r["kind"] in ("ceiling", "degraded", "floor") and r is not row]
    values = [(r["label"], r["cells"].get(column["id"], {}).get("ours")) for r in others]
    controls = [(label, value) for label, value in values if value is not None]
    band = cell.get("envelope_lo") is not None and cell.get("envelope_hi") is not None
    title = "Ours: seeds, and what other readings of the protocol would give" if band else "Ours, seed by seed"
    note = '<p class="small">Band: lowest to highest over other readings of the protocol.</p>' if band else ""
    one = '<p class="small">One seed: it ranks nothing.</p>' if cell.get("seeds") == 1 else ""
    return f"<h3>{title}</h3>{charts.strip(cell, controls)}{note}{one}{_components(cell)}{_test(cell)}"


def _components(cell: Json) -> str:
    """How widely the value lies between seeds, over the items of one evaluation, and between folds, where known."""
    names = {"seed": "between seeds", "evaluation": "items drawn anew", "fold": "between folds"}
    known = cell.get("components") or {}
    said = [f"{names[k]} {words.number(known[k], 2)}" for k in names if known.get(k) is not None]
    return f'<p class="small">Standard deviations: {", ".join(said)}.</p>' if said else ""


def _test(cell: Json) -> str:
    """The test of the margin on whose side our mean lies, alone and among all of its table."""
    if cell.get("p") is None:
        return ""
    lies = "within" if cell["test"] == "equivalence" else "beyond"
    p, adjusted = (words.probability(cell[k]) for k in ("p", "adjusted"))
    return (
        f'<p class="small">Difference {words.number(cell["difference"])}, margin ±{words.number(cell["margin"])}: that it lies '
        f"{lies} the margin is tested at p = {p}, {adjusted} adjusted over the table (Holm).</p>"
    )


def _origin(table_json: Json, cell: Json) -> str:
    if not cell.get("runs"):
        return ""
    runs = cell["runs"]
    names = {run.rpartition(".s")[0] for run in runs}  # departures are the same for all seeds
    known = table_json.get("lineage", {})
    facts = next((known[run] for run in runs if run in known), {})
    departed = dict.fromkeys(
        f"{text(d['key'])} {text(value(d['ours']))} ({text(value(d['paper']))})"
        for d in table_json.get("departures", [])
        if d["run"] in runs or d["run"].rpartition(".s")[0] in names
    )
    shown = [f for f in table_json.get("figures", []) if not f.get("because") and set(f.get("runs", ())) & set(runs)]
    rows = [
        ("run" if len(runs) == 1 else "runs", runs_line(runs)),
        ("source", text(cell.get("source") or "")),
        ("snapshot", text(str(cell.get("selection") or "").replace("_", " "))),
        ("items scored", f"{cell['n']:,}" if cell.get("n") else ""),
        ("raters", _raters(cell["raters"]) if cell.get("raters") else ""),
        ("departs", "; ".join(departed)),
        ("shown in", "<br>".join(f'<a href="#f-{text(f["id"])}">{text(f["title"])}</a>' for f in shown)),
        ("protocol", short_digest(cell.get("protocol"))),
        ("data", text(cell.get("data") or "")),
    ]
    first = " (first seed)" if len(runs) > 1 else ""
    return f"<h3>Where our value comes from{first}</h3>" + pairs(rows + run_facts(facts))


def _raters(n: int) -> str:
    return f"{n:,}; the ± is the standard error over {'raters and items' if n > 1 else 'items'}"
