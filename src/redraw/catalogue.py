"""What `redraw datasets` answers: every data set and all weights, who needs them, on what terms, and what of it is here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .data import DATASETS, missing
from .data.gate import Store
from .data.sources import Source, SourceSet, read_sources
from .names import STAND_INS, data_folder, family
from .sheets import read_params, read_sheets

WIDTH = 120
RAW = Path("work/raw")
Answer = tuple[list[str], Any]


def catalogue() -> Answer:
    """Lines for people, and a value for programs. Reads no data and asks nobody."""
    params, store = read_params(Path("params.yaml")), Store()
    needed, stand_ins = _needed(), _stand_ins(params)
    sets = [_about(g, store, needed.get(g.name, []), stand_ins.get(g.name, [])) for g in read_sources().values()]
    drawn = [_drawn(name, title, sorted(set(real.values()))) for name, (title, real, _) in STAND_INS.items()]
    lines = []
    for kind, title in (("data", "data sets"), ("weights", "weights")):
        lines += [f"{title:<20}  {'size':<24}  {'terms':<12}  {'here':<32}  prepared"]
        for about in sets:
            if about["kind"] == kind:
                lines += _lines(about)
        lines.append("")
    lines += [f"{'stand-ins':<20}  made here, nothing is fetched"]
    for about in drawn:
        prepared = ", ".join(about["prepared"]) or "none"
        line = f"{about['name']:<20}  {about['title']}, for {', '.join(about['stands_for'])}; prepared: {prepared}"
        lines += textwrap.wrap(line, WIDTH, subsequent_indent=" " * 22, break_on_hyphens=False)
    return lines, {"sets": sets, "stand_ins": drawn}


def _about(group: SourceSet, store: Store, papers: list[str], stand_ins: list[str]) -> dict[str, Any]:
    files = [_file(s, store, group) for s in group.files.values()]
    usual = [f for f in files if not f["optional"]]
    readers = [n for n, d in DATASETS.items() if d.raw == group.name]
    return {
        "name": group.name, "title": group.title, "kind": group.kind, "papers": papers, "stand_ins": stand_ins,
        "bytes": sum(f["bytes"] for f in usual) if all(f["bytes"] for f in usual) else None,
        "licence": group.licence_title, "redistribute": group.redistribute, "acknowledge": group.acknowledge,
        "accepted": store.accepted(group), "cite": list(group.cite), "note": group.note, "files": files,
        "raw_files": None if not readers else "complete" if not missing(readers[0], RAW / group.name) else "missing",
        "prepared": _prepared(readers),
    }  # fmt: skip


def _file(source: Source, store: Store, group: SourceSet) -> dict[str, Any]:
    placed = group.kind == "data" and all((RAW / group.name / given).exists() for given in source.gives)
    return {
        "id": source.id, "name": source.name, "bytes": source.bytes, "about": source.about, "hash": source.hash,
        "first_seen": store.first_seen(source), "optional": source.optional, "manual": source.manual,
        "addresses": [m.where for m in source.mirrors], "dead": list(source.dead), "licence": source.licence,
        "source": source.source, "source_verified": source.verified, "note": source.note, "state": store.state(source),
        "in_raw_folder": placed,
    }  # fmt: skip


def _lines(about: Mapping[str, Any]) -> Iterator[str]:
    prepared = ", ".join(about["prepared"]) if about["prepared"] else "no" if about["raw_files"] else "-"
    yield f"{about['name']:<20}  {_size(about):<24}  {_terms(about):<12}  {_here(about):<32}  {prepared}".rstrip()
    told = [about["title"]]
    if about["papers"]:
        told.append(f"for {', '.join(about['papers'])}")
    if about["stand_ins"]:
        told.append(f"stand-ins: {', '.join(about['stand_ins'])}")
    told.append(about["licence"])
    yield from textwrap.wrap("; ".join(told), WIDTH, initial_indent="    ", subsequent_indent="    ")


def _size(about: Mapping[str, Any]) -> str:
    """Of what is fetched by default; what nobody has published reads unknown."""
    usual = [f for f in about["files"] if not f["optional"]]
    known = sum(f["bytes"] or 0 for f in usual)
    vague = [f["about"] for f in usual if not f["bytes"] and f["about"]]
    unknown = sum(not f["bytes"] and not f["about"] for f in usual)
    parts = [*([_bytes(known)] if known else []), *vague]
    if unknown:
        parts.append(f"{unknown} unknown" if parts else "unknown")
    return " + ".join(parts)


def _bytes(n: int) -> str:
    unit, factor = next(((u, f) for u, f in (("GB", 1e9), ("MB", 1e6)) if n >= f), ("kB", 1e3))
    return f"{n / factor:.1f} {unit}"


def _terms(about: Mapping[str, Any]) -> str:
    if not about["acknowledge"]:
        return "notice"
    return "accepted" if about["accepted"] else "to accept"


def _here(about: Mapping[str, Any]) -> str:
    usual = [f for f in about["files"] if not f["optional"]]
    here = [f for f in usual if f["state"] != "absent"]
    verified = sum(f["state"] == "verified" for f in here)
    told = [f"{len(here)} of {len(usual)} files, {verified} verified"] if here else []
    if about["raw_files"] == "complete":
        told.append("raw files")
    return "; ".join(told) or "not fetched"


# --- who needs what ------------------------------------------------------------------------------------------------


def named(value: Any) -> Iterator[str]:
    """Every data set that a sheet names, anywhere in it."""
    if isinstance(value, Mapping):
        if isinstance(value.get("dataset"), str):
            yield value["dataset"]
        for inner in value.values():
            yield from named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner)


def _needed() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for paper, sheet in read_sheets().items():
        for name in sorted({family(d) for d in named(sheet)}):
            found.setdefault(name, []).append(paper)
    return found


def _stand_ins(params: Mapping[str, Any]) -> dict[str, list[str]]:
    """{set: names that stand in for it below scale paper}."""
    found: dict[str, list[str]] = {}
    for asked, entry in params["datasets"].items():
        use = entry["use"]
        names = {family(n) for n in ([use] if isinstance(use, str) else use.values())}
        found[family(asked)] = sorted({*found.get(family(asked), []), *names})
    return found


def _drawn(name: str, title: str, stands_for: list[str]) -> dict[str, Any]:
    editions = [n for n in DATASETS if family(n) == name]
    about = {"name": name, "title": title, "stands_for": stands_for, "editions": editions}
    return {**about, "prepared": _prepared(editions)}


def _prepared(names: list[str]) -> list[str]:
    """Those of ``names`` that lie prepared, in whatever form."""
    return [n for n in names if _manifests(Path(data_folder(n)))]


def _manifests(folder: Path) -> list[Path]:
    return [*folder.glob("manifest.json"), *folder.glob("forms/*/manifest.json")]
