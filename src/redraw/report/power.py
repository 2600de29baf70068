"""What it would take to decide what a table leaves open: how many seeds, and how many hours of which device."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .bench import Bench
from .claims import operands, probability
from .judge import ENOUGH_SEEDS, seeds_needed
from .words import clock

MOST = 200
"""Seeds beyond which nobody would train: a rate of winning that needs more is called undecidable here"""
Needs = dict[str, Any]
"""{"seeds": in all, None where no number settles it; "more": beyond those that are there; "hours", "device", "source" of them}"""


def claim_seeds(share: float, seeds: int) -> int | None:
    """The least number of seeds at which a claim won to ``share`` in each would hold, or not hold; None beyond MOST."""
    for n in range(max(ENOUGH_SEEDS, seeds + 1), MOST + 1):
        sure = probability([share] * n)
        if sure >= 0.95 or sure <= 0.05:
            return n
    return None


def of_cell(bench: Bench, run: str | None, values: Sequence[float], test: Mapping[str, float] | None) -> Needs:
    """What an inconclusive cell of ``run`` with ``values``, one a seed, needs; ``test`` holds its difference and margin."""
    if test is None:  # one seed: nothing is known of the spread
        wanted: int | None = ENOUGH_SEEDS
    else:
        wanted = seeds_needed(test["difference"], statistics.stdev(values), test["margin"], len(values))
    return _priced(bench, [run] if run else [], wanted, len(values))


def of_claim(bench: Bench, claim: Mapping[str, Any], evaluated: Mapping[str, Any]) -> Needs | None:
    """What an evaluated claim needs that more seeds could decide; None for one that is decided, or not testable."""
    if evaluated["verdict"] not in ("cannot tell", "leans the same way", "leans the other way"):
        return None
    seeds, shares = evaluated["seeds"], evaluated["shares"]
    wanted = ENOUGH_SEEDS if seeds == 1 else claim_seeds(statistics.fmean(shares), seeds)
    runs = [o["run"] for o in operands(claim) if "run" in o] or [claim["run"]] * ("run" in claim)
    return _priced(bench, runs, wanted, seeds)


def _priced(bench: Bench, runs: Iterable[str], wanted: int | None, seeds: int) -> Needs:
    """Seeds with what they cost: as long as the seeds that are there took, with what they start from, or the sheet's budget."""
    found = {
        "seeds": wanted,
        "more": None if wanted is None else wanted - seeds,
        "hours": None,
        "device": "",
        "source": "",
    }
    asked = list(dict.fromkeys(runs))
    prices = [bench.price(run) for run in asked]
    prices += [took for run in bench.needed(asked) if (took := bench.took(run))]
    if wanted is None or not prices:
        return found
    if None in prices:
        return found | {"source": "not estimated"}
    hours = sum(p[0] for p in prices if p) * (wanted - seeds)
    devices, sources = (" and ".join(dict.fromkeys(p[k] for p in prices if p)) for k in (1, 2))
    return found | {"hours": hours, "device": devices, "source": sources}


def said(needs: Needs | None) -> str:
    """What deciding would cost, without a stop; "" where nothing is open, or no run of ours is behind it.

    How many seeds are needed stands in the verdict's own reason.
    """
    if needs is None or not needs["source"]:
        return ""
    many = f"{needs['more']} more {'seed' if needs['more'] == 1 else 'seeds'}"
    if needs["hours"] is None:
        return f"{many} would take a time that was not estimated"
    device = "a GPU" if needs["device"] == "gpu" else needs["device"]
    return f"{many} would take about {clock(3600 * needs['hours'])} of {device} ({needs['source']})"
