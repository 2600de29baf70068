"""What stands behind the tables, as markup: claims, departures and silences, the runs' lineage."""

from __future__ import annotations

from typing import Any

from . import folded, power
from .folded import EVERY, bases, value
from .page import pairs, table, verdict
from .words import clock, plural, text

Json = dict[str, Any]


def claims(table_json: Json, controls: bool = True) -> str:
    """The claims table: verdict and reason, whether print bears it out, seeds won, probability, origin.

    Without ``controls`` it does not say that a metric first has to pass its own check.
    """
    if not table_json["claims"]:
        return ""
    holds = {True: "yes", False: "no", None: "not printed"}
    rows = []
    for c in table_json["claims"]:
        seeds = text(str(c["seeds_won"]).replace("/", " / ")) if c.get("seeds_won") else ""
        chance = "" if c.get("probability") is None else f"{c['probability']:.2f}".replace("0.", ".", 1)
        reasons = [c.get("because") or "", power.said(c.get("needs"))]
        because = "".join(f'<br><span class="small">{text(reason)}</span>' for reason in reasons if reason)
        says = f'<span dir="auto">{text(c["says"])}</span>'
        word = verdict(c["verdict"]) + because
        rows.append((says, word, holds[c["printed_holds"]], seeds, chance, text(c["origin"])))
    head = (
        "Claim",
        "Verdict",
        "Printed holds?",
        "Seeds won",
        "Probability",
        "Origin",
    )  # on a phone the first two are seen
    checked = (
        " A metric enters a claim only where it separates real, degraded and shuffled pictures; otherwise the claim is "
        "not testable here, whatever the seeds say."
    )
    return (
        '<p class="tnote">One seed: cannot tell. Two to four: at most leans. From five on a claim holds or does not.'
        f"{checked if controls else ''}</p>" + table("claims", head, rows, "plain claims")
    )


def departures(table_json: Json) -> str:
    """Paper against released code, we against the paper, what nobody wrote down, misprints, values by others."""
    out = []
    if table_json.get("differences"):
        rows = [
            (text(key), *(text(d.get(field, "")) for field in ("what", "paper", "released", "changes", "source")))
            for key, d in table_json["differences"].items()
        ]
        head = ("", "What", "Paper", "Released code", "Changes", "Source")
        out.append('<h3 id="differences">Paper and released code differ</h3>' + table("differences", head, rows))
    departed = folded.departures(table_json)
    if departed:
        rows = []
        for d in departed:
            which = EVERY if d.runs == (EVERY,) else ", ".join(f"<code>{text(run)}</code>" for run in d.runs)
            rows.append((text(d.key), text(d.paper), text(d.ours), text(d.because), which))
        head = ("Parameter", "Paper", "Here", "Because", "Runs")
        out.append('<h3 id="departed">Where we depart, and why</h3>' + table("departed", head, rows))
    if table_json.get("silences"):
        items = "".join(f"<li>{text(s)}</li>" for s in table_json["silences"])
        out.append(f"<h3>What the paper leaves unsaid</h3><ul>{items}</ul>")
    if table_json.get("misprints"):
        items = "".join(
            f"<li>{text(m['where'])}: printed {text(m['printed'])}; meant {text(m['meant'])}.</li>"
            for m in table_json["misprints"].values()
        )
        out.append(f"<h3>Misprints</h3><ul>{items}</ul>")
    if table_json.get("third_party"):
        items = "".join(
            f"<li>{text(p['cell'])}: <b>{text(p['value'])}</b> ({text(p['source'])})</li>"
            for p in table_json["third_party"]
        )
        out.append(f"<h3>Measured elsewhere</h3><ul>{items}</ul>")
    return "\n".join(out)


def runs_line(runs: list[str]) -> str:
    """Runs with their seeds folded: "ved/kind4 (seeds 0, 1)"."""
    return "<br>".join(
        f"<code>{text(name)}</code>"
        + (f" ({'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(text, seeds))})" if seeds else "")
        for name, seeds in bases(runs).items()
    )


def short_digest(digest: Any) -> str:
    """The first twelve digits, the whole in a tooltip."""
    return f'<code title="{text(digest)}">{text(str(digest)[:12])}</code>' if digest else ""


def run_facts(facts: Json) -> list[tuple[str, str]]:
    """What is known of one run, as names and ready markup."""
    code = facts.get("code") or {}
    commit = text(str(code.get("commit") or "")[:12]).removeprefix("unknown")
    dirty = ", with uncommitted changes" if code.get("dirty") else ""
    since = "<span class='tag'>old code</span> changed since this run" if facts.get("stale_code") else "unchanged since"
    environment = facts.get("environment") or {}
    return [
        ("length", _length(facts)),
        ("released files", "<br>".join(text(note) for note in facts.get("notes", []))),
        ("data digest", short_digest(facts.get("data"))),
        ("weights digest", short_digest(facts.get("weights"))),
        ("code", f"{short_digest(code.get('digest'))}, {since}" if code.get("digest") else ""),
        ("commit", f"<code>{commit}</code>{dirty}" if commit else ""),
        ("fingerprint", short_digest(facts.get("fingerprint"))),
        ("in MLflow", f"<code>{text(facts['registered'])}</code>" if facts.get("registered") else ""),
        ("machine", ", ".join(text(facts[k]) for k in ("device", "precision") if facts.get(k))),
        ("environment", ", ".join(f"{text(k)} {text(v)}" for k, v in sorted(environment.items()))),
        ("time", _time(facts)),
    ]


def _length(facts: Json) -> str:
    if facts.get("steps") is None:
        return ""
    images = f", {facts['images_seen']:,} images" if facts.get("images_seen") else ""
    stopped = f", stopped: {text(facts['stopped'])}" if facts.get("stopped") else ""
    return f"{plural(facts['steps'], 'step')}{images}{stopped}"


def _time(facts: Json) -> str:
    return clock(facts["seconds"]) if facts.get("seconds") is not None else ""


def lineage(table_json: Json) -> str:
    """Each run in a fold: what its first seed was made of, its seeds, every resolved parameter with its origin."""
    known = table_json.get("lineage", {})
    out = []
    for name, seeds in bases(list(known)).items():
        runs = [f"{name}.s{seed}" for seed in seeds] or [name]
        first = known[runs[0]]
        old = ' <span class="tag">old code</span>' if any(known[r].get("stale_code") for r in runs) else ""
        count = f' <span class="lab">{plural(len(runs), "seed")}, {_length(first) or "no training"}</span>'
        body = pairs(run_facts(first))
        if len(runs) > 1:
            rows = [
                (text(seed), *(short_digest(known[r].get(k)) for k in ("weights", "fingerprint")), _time(known[r]))
                for seed, r in zip(seeds, runs, strict=True)
            ]
            head = ("Seed", "Weights digest", "Fingerprint", "Time")
            body = "<h3>First seed</h3>" + body + "<h3>Seeds</h3>" + table("", head, rows, named=f"Seeds of {name}")
        config = [
            (text(key), text(value(c["value"])), text(c["origin"]))
            if isinstance(c, dict) and "value" in c
            else (text(key), text(value(c)), "")
            for key, c in sorted((first.get("config") or {}).items())
        ]
        if config:
            listed = table("", ("Parameter", "Value", "From"), config, named=f"Parameters of {name}")
            body += f"<h3>Parameters and where each comes from</h3>{listed}"
        summary = f"<summary><code>{text(name)}</code>{count}{old}</summary>"
        out.append(f'<details class="cd run">{summary}<div class="d">{body}</div></details>')
    return "\n".join(out)
