"""A paper's figures as markup: curves, a confusion matrix as a table of shades, samples and attention under their captions."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from . import charts, words
from .attention import SAYS, WORDS, percent
from .folded import curves
from .page import caption, heading, picture, table, verdict
from .words import text

Json = dict[str, Any]


def figures(table_json: Json) -> str:
    """A paper's figures in order; neighbours that are small stand side by side."""
    out = []
    for small, group in groupby(map(_figure, table_json.get("figures", [])), key=lambda f: f[0]):
        bodies = "\n".join(body for _, body in group)
        out.append(f'<div class="grid2">{bodies}</div>' if small else bodies)
    return "\n".join(out)


def _figure(f: Json) -> tuple[bool, str]:
    """(small enough to share a row, markup)."""
    ident = f"f-{text(f['id'])}"
    head = f'<h3 id="{ident}">{heading(f)}</h3>'
    if f.get("because"):
        reason = f["because"].removeprefix("not run").lstrip(": ")
        said = f"{verdict('not run')}{': ' if reason else ''}{text(reason)}"
        return False, f'<figure>{head}<p class="small">{said}</p></figure>'
    if f["kind"] == "curves":
        return True, f"<figure>{head}{charts.lines(f, ident)}{_note(f)}{_numbers(f)}</figure>"
    if f["kind"] == "confusion":
        return False, f"<figure>{head}{_confusion(f, ident)}</figure>"
    shown = _attention if f["kind"] == "attention" else _samples
    return False, f"<figure>{head}{shown(f, ident)}</figure>"


def _numbers(f: Json) -> str:
    """The curves' data at a few places, for readers who cannot see them."""
    rows = []
    for label, s in curves(f["series"]):
        every = max(1, (len(s["x"]) - 1) // 6)
        at = sorted({*range(0, len(s["x"]), every), len(s["x"]) - 1} if s["x"] else set())
        points = ", ".join(f"{words.number(s['y'][i])} at {s['x'][i]:,g}" for i in at)
        rows.append((text(label), points))
    rows += [(text(h["label"]), words.number(h["y"])) for h in f.get("hlines", [])]
    head = (text(f.get("x_label") or ""), text(f.get("y_label") or ""))
    inner = table("", (head[1] or "curve", f"value at {head[0] or 'x'}"), rows, named=f"{f['title']}, as numbers")
    return f'<details class="nums noprint"><summary>As numbers</summary>{inner}</details>'


def _confusion(f: Json, ident: str) -> str:
    rows = []
    for label, counts in zip(f["labels"], f["counts"], strict=True):
        total = sum(counts) or 1
        cells = "".join(
            f'<td style="--heat:{round(45 * (n / total) ** 0.5)}%"{" class=diag" if other == label else ""}>'
            f"{n if n else '<span class=off>0</span>'}</td>"
            for other, n in zip(f["labels"], counts, strict=True)
        )
        rows.append(f'<tr><th scope="row">{text(label)}</th>{cells}</tr>')
    heads = "".join(f'<th scope="col">{text(label)}</th>' for label in f["labels"])
    asked, read = f.get("y_label") or "asked for", f.get("x_label") or "read as"
    right = sum(f["counts"][i][i] for i in range(len(f["labels"])))
    total = sum(map(sum, f["counts"]))
    share = f" On the diagonal: {right:,} of {total:,}, {100 * right / total:.1f} %." if total else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{ident}"><table class="heat"><thead><tr>'
        f'<td class="lab">{text(asked)} ↓ &nbsp; {text(read)} →</td>{heads}</tr></thead><tbody>{"".join(rows)}</tbody>'
        f"</table></div><figcaption>Rows: {text(asked)}. Columns: {text(read)}. The shade grows with the "
        f"share of its row.{share}</figcaption>"
    )


def _samples(f: Json, ident: str) -> str:
    most = max((len(g["images"]) for g in f["grid"]), default=0)
    if not most:  # documents
        return '<ul class="texts">' + "".join(f"<li>{caption(g['caption'])}</li>" for g in f["grid"]) + "</ul>"
    labels, quoted = list(f.get("labels") or []), f.get("quoted")
    named = any(g["caption"] for g in f["grid"])
    if not (named or labels or quoted):  # nothing was asked for: pictures alone, as many a line as there is room for
        tiles = "".join(picture(image, f"sample {k + 1}") for g in f["grid"] for k, image in enumerate(g["images"]))
        few = " few" if sum(len(g["images"]) for g in f["grid"]) <= 4 else ""
        return f'<div class="tiles{few}">{tiles}</div>{_motion(f)}{_note(f)}'
    if most and len(labels) == most:
        heads = "".join(f'<th scope="col">{text(label)}</th>' for label in labels)
    else:
        labels = [f"sample {k + 1}" for k in range(most)]
        heads = f'<th scope="colgroup" colspan="{max(1, most)}">Samples</th>'
    heads += f'<th scope="col">{text(quoted["label"])}</th>' if quoted else ""
    rows = []
    for g in f["grid"]:
        below = [f"<small>{text(word)}<br>{100 * share:.0f} %</small>" for word, share in g.get("looked", [])]
        below = below or [f'<small dir="auto">{text(words.cut(said, 300))}</small>' for said in g.get("said", [])]
        images = "".join(
            f"<td>{picture(image, ': '.join(filter(None, (label, g['caption']))))}{under}</td>"
            for label, image, under in zip(labels, g["images"], below or [""] * len(labels), strict=False)
        )
        if quoted:
            gap = "<td></td>" * (most - len(g["images"]))
            images += f"{gap}<td><small>{text(quoted['texts'].get(g['caption'], ''))}</small></td>"
        rows.append("<tr>" + (f'<th scope="row">{caption(g["caption"])}</th>' if named else "") + f"{images}</tr>")
    wide = {"looking": " looking"}.get(f["kind"], " said" if any("said" in g for g in f["grid"]) else "")
    first = '<th scope="col">Caption</th>' if named else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{ident}"><table class="samples{wide}"><thead><tr>'
        f"{first}{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{_motion(f)}{_note(f)}"
    )


def _note(f: Json) -> str:
    return f"<figcaption>{text(f['note'])}</figcaption>" if f.get("note") else ""


def _motion(f: Json) -> str:
    """What moves is shown where somebody asks for it, and is gone when it is closed again."""
    shown = [
        (f'<p class="small">{caption(g["caption"])}</p>' if g["caption"] else "")
        + f"<p>{picture(g['animation'], ': '.join(filter(None, ('in motion', g['caption']))))}</p>"
        for g in f["grid"]
        if g.get("animation")
    ]
    if not shown:
        return ""
    inner = f'<div class="scroll" role="region" tabindex="0" aria-label="{text(f["title"])}, in motion">{"".join(shown)}</div>'
    return f'<details class="nums noprint"><summary>In motion</summary>{inner}</details>'


def _attention(f: Json, ident: str) -> str:
    strips = []
    for g in f["grid"]:
        over = f'rowspan="{len(g["stages"])}"'
        whole = (
            f'<th scope="row" {over}>{caption(g["caption"])}</th><td {over}>{picture(g["image"], g["caption"])}</td>'
        )
        rows = []
        for s in g["stages"]:
            maps = "".join(
                f"<td>{picture(w['image'], w['word'] + ': ' + g['caption'])}"
                f'<span dir="auto">{text(words.cut(w["word"], 40))}</span><br><small>{percent(w["share"])}</small></td>'
                for w in s["words"]
            )
            places = f"{text(s['side'])} × {text(s['side'])} places<br><small>even {percent(s['even'])}</small>"
            rows.append(f'<tr>{whole}<td class="lab">{places}</td>{maps}</tr>')
            whole = ""
        strips.append(f"<tbody>{''.join(rows)}</tbody>")
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{ident}"><table class="samples attention"><thead>'
        '<tr><th scope="col">Caption</th><th scope="col">Image</th><th scope="col">Stage</th>'
        f'<th scope="colgroup" colspan="{WORDS}">Words, and where they are attended to</th></tr></thead>'
        f"{''.join(strips)}</table></div><figcaption>{text(SAYS)}</figcaption>"
    )
