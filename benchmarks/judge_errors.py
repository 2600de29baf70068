"""How often the judge is wrong: verdicts on numbers whose truth is known, by simulation.

    python benchmarks/judge_errors.py [--repeats 4000] [--out benchmarks/judge_errors.json]

Agreement. A paper's value and each of our seeds are draws of a normal distribution of one spread; ours lies off by a true
difference of 0, half the margin, the margin or twice that. The paper prints one draw, rounded. "equivalent" is wrong where
the true difference is at least the margin, "higher" and "lower" where it is at most the margin: at the margin itself both.

Claims. "left is greater than right", each a draw a seed, the true difference in spreads of one seed: at 0 "holds" and
"does not hold" are both wrong, above it the latter.

Every case has generators of its own, so that one case alone gives the same counts. Beside the JSON lies the same as Markdown.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from redraw.core import Quantity, atomic_write, write_json
from redraw.report import claims
from redraw.report.judge import agrees

SEEDS = (1, 3, 5, 10)
MARGIN = 0.10
SPREADS = (0.02, 0.05, 0.10)
DIFFERENCES = (0.0, 0.5, 1.0, 2.0)
"""True differences: in margins for agreement, in spreads of one seed for claims"""
REPEATS = 4000
WORDS = ("exact", "equivalent", "higher", "lower", "inconclusive")
CLAIM_WORDS = ("holds", "leans the same way", "cannot tell", "leans the other way", "does not hold")
CLAIM = {"id": "c", "origin": "ours", "says": "", "form": "greater", "metric": "m", "left": "left", "right": "right"}


def agreement(seeds: int, spread: float, difference: float, repeats: int) -> dict[str, Any]:
    """Shares of verdicts where ours truly lies ``difference`` margins above the printed value's distribution."""
    generator = np.random.default_rng([1, seeds, round(1000 * spread), round(10 * difference)])
    said: Counter[str] = Counter()
    for _ in range(repeats):
        printed, *ours = generator.normal(4.36, spread, 1 + seeds)
        values = [v + difference * MARGIN for v in ours]
        quantity = Quantity.parse(f"{printed:.2f}")
        assert quantity is not None
        said[agrees(quantity, values, MARGIN, "fold", "higher", True)["verdict"]] += 1
    about = {"seeds": seeds, "spread": spread, "difference": difference}
    return about | {"said": {word: said[word] / repeats for word in WORDS}, "wrong": wrong(said, difference) / repeats}


def wrong(said: Counter[str], difference: float) -> int:
    """How many verdicts of agreement are false; "exact" is a statement on digits, and never one."""
    false = said["equivalent"] if difference >= 1 else 0
    return false + (said["higher"] + said["lower"] if difference <= 1 else said["lower"])


def claim(seeds: int, difference: float, repeats: int) -> dict[str, Any]:
    """Shares of verdicts on "left is greater", left truly ``difference`` spreads of a seed above right."""
    generator = np.random.default_rng([2, seeds, round(10 * difference)])
    said: Counter[str] = Counter()
    for _ in range(repeats):
        drawn = {"left": generator.normal(difference, 1, seeds), "right": generator.normal(0, 1, seeds)}

        def scores(run: str, seed: int, drawn: dict[str, np.ndarray] = drawn) -> dict[str, Any]:
            return {"metrics": {"m": {"value": float(drawn[run][seed]), "better": "higher"}}}

        said[claims.evaluate(CLAIM, "p", {}, scores, seeds)["verdict"]] += 1
    false = said["does not hold"] + (said["holds"] if difference == 0 else 0)
    about = {"seeds": seeds, "difference": difference}
    return about | {"said": {word: said[word] / repeats for word in CLAIM_WORDS}, "wrong": false / repeats}


def markdown(found: dict[str, Any]) -> str:
    """The same as tables, in percent."""

    def grid(head: list[str], rows: list[list[str]]) -> str:
        return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)) + "\n"

    def shares(row: dict[str, Any], words: tuple[str, ...]) -> list[str]:
        return [f"{100 * share:.1f}" for share in (*(row["said"][word] for word in words), row["wrong"])]

    agree = [
        [str(r["seeds"]), f"{r['spread'] / found['margin']:g}", f"{r['difference']:g}", *shares(r, WORDS)]
        for r in found["agreement"]
    ]
    claimed = [[str(r["seeds"]), f"{r['difference']:g}", *shares(r, CLAIM_WORDS)] for r in found["claims"]]
    return "\n".join((
        "# How often the judge is wrong\n",
        f"Simulation, {found['repeats']:,} repeats a row, in percent; what is drawn, and what counts as wrong, stands in "
        "[judge_errors.py](judge_errors.py).\n",
        "## Agrees?\n",
        "Spread of a seed and true difference in margins. At a difference of 1, the margin itself, equivalent and higher are "
        "both wrong, each in 5 of 100 at most.\n",
        grid(["seeds", "spread", "difference", *WORDS, "wrong"], agree),
        "## Claims survive?\n",
        "True difference in spreads of a seed.\n",
        grid(["seeds", "difference", *CLAIM_WORDS, "wrong"], claimed),
    ))  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/judge_errors.json"))
    a = parser.parse_args(arguments)
    found = {
        "repeats": a.repeats,
        "margin": MARGIN,
        "agreement": [agreement(s, spread, d, a.repeats) for s in SEEDS for spread in SPREADS for d in DIFFERENCES],
        "claims": [claim(s, d, a.repeats) for s in SEEDS for d in DIFFERENCES],
    }
    write_json(a.out, found)
    atomic_write(a.out.with_suffix(".md"), markdown(found))


if __name__ == "__main__":
    main()
