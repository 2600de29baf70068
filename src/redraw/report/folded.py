"""What several runs have in common, said once: a run's seeds, the mean of their curves, what all do otherwise than the paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

EVERY = "all"
"""Instead of names: every run that departs at all."""


@dataclasses.dataclass(frozen=True)
class Departure:
    """One parameter: the paper's value, ours and why, for ``runs`` without their seeds, or for EVERY one of them."""

    key: str
    paper: str
    ours: str
    because: str
    runs: tuple[str, ...]


def departures(table_json: Mapping[str, Any]) -> list[Departure]:
    """Those of a paper's runs; runs that depart alike share one."""
    given = table_json.get("departures", [])
    merged: dict[tuple[str, str, str, str], list[str]] = {}
    for d in given:
        merged.setdefault((d["key"], value(d["paper"]), value(d["ours"]), d["because"]), []).append(d["run"])
    everything = bases([d["run"] for d in given])
    found = ((alike, tuple(bases(runs))) for alike, runs in merged.items())
    return [Departure(*alike, (EVERY,) if len(runs) == len(everything) > 1 else runs) for alike, runs in found]


def bases(runs: Sequence[str]) -> dict[str, list[str]]:
    """Seeds by run without its seed: "ved/kind4.s0" -> {"ved/kind4": ["0"]}."""
    seeds: dict[str, list[str]] = {}
    for run in runs:
        name, _, seed = run.rpartition(".s")
        seeds.setdefault(name or run, []).extend([seed] if name else [])
    return seeds


def curves(series: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Of lines of one label the last, which is the mean where there are several seeds; with a label that says of how many."""
    found = []
    for _, alike in groupby(series, key=lambda line: (line["label"], line.get("run", "").rsplit(".s", 1)[0])):
        *seeds, last = alike
        found.append((last["label"] + (f" (mean of {len(seeds)} seeds)" if seeds else ""), last))
    return found


def value(given: Any) -> str:
    """A parameter's value as plain text."""
    if isinstance(given, (list, tuple)):
        return ", ".join(map(value, given))
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int) and given >= 10_000:
        return f"{given:,}"
    return f"{given:g}" if isinstance(given, float) else str(given)
