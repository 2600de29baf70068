"""docs/reference: the committed copy of finished tables, with the commit and the machine that made them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .core import RedrawError, atomic_copy, atomic_path, atomic_write, read_json, write_json
from .records import commit, environment
from .report import markdown
from .report.compare import picture

KINDS = (".md", ".csv", ".html", ".tex")


def reference(tables: Path, out: Path) -> None:
    """Copy the rendered tables of one scale to ``out``, with provenance.json and the figures' pictures, which Markdown shows.

    Raises RedrawError where there are no tables.
    """
    index = read_json(tables / "index.json")
    if index is None:
        raise RedrawError(f"{tables}: no tables: run `make reference`")
    shutil.rmtree(out, ignore_errors=True)
    records = [read_json(record) for record in index["from"] if "/tables/" in record]
    papers = [record for record in records if "lineage" in record]  # not the gallery of stand-ins
    for name in sorted(p.name for p in tables.iterdir() if p.suffix in KINDS):
        atomic_copy(tables / name, out / name)
    runs = {run: about for paper in papers for run, about in paper["lineage"].items()}
    kept = ("weights", "seconds", "steps", "code")
    made = {k: papers[0][k] for k in ("scale", "seeds")} | {
        "rows": _rows(papers),
        "commit": commit(),
        "machine": environment() | {"processor": processor()},
        "training_seconds": round(sum(r["seconds"] for r in runs.values()), 1),
        "runs": {run: {k: about[k] for k in kept} for run, about in sorted(runs.items())},
    }
    write_json(out / "provenance.json", made)
    lines = [
        f"# Tables at scale {made['scale']}, {made['seeds']} seeds, rows {made['rows']}",
        "",
        f"Made by `make reference` from commit {made['commit']} on {made['machine']['processor']}, "
        f"{made['machine']['cores']} cores; {len(runs)} trainings, {made['training_seconds']:g} s of training in all.",
        "",
    ]
    lines += [f"* [{p['paper']['short']}]({p['paper']['id']}.md): {p['paper']['title']}" for p in papers]
    files = ("cells.csv", "claims.csv", "tables.tex")
    lines += ["* [all papers](index.md), [the audit](audit.md), " + ", ".join(f"[{name}]({name})" for name in files)]
    atomic_write(out / "README.md", "\n".join(lines) + "\n")
    for paper in papers:
        figures = []
        for figure in paper["figures"]:
            name = None
            pictures = [row.get("images") or row.get("stages") for row in figure.get("grid") or ()]
            if any(pictures):  # texts stand as they are
                name = f"{paper['paper']['id']}-{figure['id']}.png"
                with atomic_path(out / name) as part:
                    picture(figure).save(part, "PNG", optimize=True)
            figures.append(figure | {"png": name})
        atomic_write(out / f"{paper['paper']['id']}.md", markdown.paper(paper | {"figures": figures}))


def _rows(papers: Sequence[Mapping[str, Any]]) -> str:
    """ "headline", "all", or "headline, all of IWAE, AVB"."""
    kinds = sorted({paper["rows"] for paper in papers}, reverse=True)
    whole = ", ".join(paper["paper"]["short"] for paper in papers if paper["rows"] == "all")
    return kinds[0] if len(kinds) == 1 else f"headline, all of {whole}"


def processor() -> str:
    """The processor's name as the kernel tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"
