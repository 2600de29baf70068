"""The fourth question: do a paper's claims survive? A closed language of inequalities, evaluated seed by seed.

Forms (``left`` and ``right``: an operand; ``over``: a list of operands; an operand is a run, a constant number, or
{run, metric, value}; a run of another paper is written paper/run):
  greater        left > right                              at_least       left >= right - margin
  increasing     each operand of `over` above the one before it, or each point of `curve` of `run`; a `margin` is how
                 far a step may go back
  decreasing     the reverse; `points: ends` compares a curve's first and last point alone
  best           left better than all of `over`            gain           left is at least `percent` % above right
  reduction      left is at least `percent` % below right
  most_frequent  in `confusion` of `run`, the commonest wrong label of class `given` is `label`
"greater" and "best" read the metric's direction: where lower is better, left must be the smaller.

Probability. In each seed the statement is won to a share w_s in [0, 1]: 1 or 0 by its value; where items are known
(per-fold values, a standard error over items, or a percentage of n items) the share of 400 draws of the items in which
it holds. Values that are means over the same items are drawn together: what an easy item adds to both then decides
nothing. Seeds are then independent trials of one unknown rate of winning, uniform beforehand, and the probability
printed is that this rate exceeds one half: P(Beta(1 + sum w, 1 + S - sum w) > 1/2). Five seeds won of five give .98, two
of two .88; seeds resampled with replacement would call both certain.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from ..core import Quantity
from .arithmetic import gain_interval
from .draws import DRAWS, draws, same_items
from .identities import gain_error
from .judge import ENOUGH_SEEDS, of_the_model

KIND_WORDS = {"ceiling": "ceiling", "degraded": "degraded images", "floor": "floor"}
Scores = Callable[[str, int], Mapping[str, Any] | None]
"""(run as the sheet writes it, seed) -> its scores.json, or None"""


def word(probability: float, seeds: int) -> tuple[str, str]:
    """The verdict that a probability over ``seeds`` seeds allows, and why no stronger one."""
    if seeds == 1:
        return "cannot tell", f"one seed cannot tell: needs at least {ENOUGH_SEEDS}"
    if seeds >= ENOUGH_SEEDS:
        if probability >= 0.95:
            return "holds", f"{seeds} seeds"
        if probability <= 0.05:
            return "does not hold", f"{seeds} seeds"
        return "cannot tell", f"{seeds} seeds, between .05 and .95"
    if probability >= 0.8:
        return "leans the same way", f"{seeds} seeds: needs at least {ENOUGH_SEEDS} to say more"
    if probability <= 0.2:
        return "leans the other way", f"{seeds} seeds: needs at least {ENOUGH_SEEDS} to say more"
    return "cannot tell", f"{seeds} seeds, no clear side"


def probability(shares: Sequence[float]) -> float:
    """P(rate of winning > 1/2) after shares won, one a seed, with a uniform prior."""
    won = float(sum(shares))
    return float(1 - special.betainc(1 + won, 1 + len(shares) - won, 0.5))


def holds(claim: Mapping[str, Any], values: np.ndarray, sign: int) -> np.ndarray:
    """Whether the statement is true of values [..., operands]; ``sign`` is -1 where lower is better."""
    form, margin = claim["form"], claim.get("margin", 0.0)
    if form == "increasing":
        return (np.diff(values) > -margin if margin else np.diff(values) > 0).all(-1)
    if form == "decreasing":
        return (np.diff(values) < margin if margin else np.diff(values) < 0).all(-1)
    if form == "gain":
        return 100 * (values[..., 0] / values[..., 1] - 1) >= claim["percent"] - margin
    if form == "reduction":
        return 100 * (1 - values[..., 0] / values[..., 1]) >= claim["percent"] - margin
    left, best_other = sign * values[..., 0], (sign * values[..., 1:]).max(-1)
    if form == "at_least":
        return left >= best_other - margin
    return left - best_other > margin


def operands(claim: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The claim's operands in order, each {"run", "metric"} or {"value"}; none where no recipe is there yet."""
    form = claim["form"]
    if form in ("increasing", "decreasing"):
        raw = claim.get("over", [])
    elif form == "best":
        raw = [claim["left"], *(o for o in claim.get("over", []) if o != claim["left"])] if "left" in claim else []
    else:
        raw = [claim[side] for side in ("left", "right") if side in claim]
    full = []
    for o in raw:
        o = {"value": o} if isinstance(o, int | float) else {"run": o} if isinstance(o, str) else dict(o)
        if "value" not in o:
            o.setdefault("metric", claim.get("metric"))
        full.append(o)
    return full


def printed_holds(claim: Mapping[str, Any], cells: Mapping[str, Mapping]) -> tuple[bool | None, str]:
    """Whether the printed numbers themselves bear the claim out, and in what words; None where they cannot say."""
    ids = claim.get("printed_cells", [])
    quantities = [Quantity.parse(cells[i]["printed"]) for i in ids]
    if not ids or None in quantities or claim["form"] == "most_frequent":
        return None, "no printed numbers to hold it against"
    shown = " and ".join(q.text for q in quantities) if len(ids) == 2 else ", ".join(q.text for q in quantities)
    if claim["form"] in ("gain", "reduction"):
        return _derived(claim, *quantities[:2], shown)
    values = [q.value for q in quantities]
    values += [o["value"] for o in operands(claim) if "value" in o]
    sign = -1 if cells[ids[0]].get("better") == "lower" else 1
    return bool(holds(claim, np.array(values), sign)), f"printed {shown}"


def _derived(claim: Mapping[str, Any], new: Quantity, old: Quantity, shown: str) -> tuple[bool | None, str]:
    """Whether rounding allows the stated gain or reduction, and how far the printed ± let it be known at all."""
    if old.interval[0] <= 0 <= old.interval[1]:
        return None, f"printed {shown}: no percentage of nothing"
    point, low, high = gain_interval(new, old)
    if claim["form"] == "reduction":
        point, low, high = -point, -high, -low
    error = gain_error(new, old)
    known = f"; the printed ± leave {error:.1f} points either way" if error else ""
    said = f"printed {shown} give {point:.2f} %, rounding allows {low:.2f} to {high:.2f}{known}"
    stated = Quantity.parse(f"{claim['percent']:f}".rstrip("0").rstrip("."))  # it was rounded, too
    return low <= stated.interval[1] and stated.interval[0] <= high, said


def evaluate(
    claim: Mapping[str, Any], paper: str, cells: Mapping[str, Mapping], scores: Scores, seeds: int,
    controls: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One row of the claims' table. ``cells`` are all printed cells by id; ``controls`` {metric: {"ceiling": [(run,
    metric)], "floor": [...]}} are what a metric must separate before a claim may rest on it."""
    said, because = printed_holds(claim, cells)
    row = {
        "id": claim["id"], "paper": paper, "origin": claim["origin"], "says": claim["says"], "printed_holds": said,
        "seeds_won": "", "shares": [], "seeds": 0, "probability": None, "margin": claim.get("margin"),
        "verdict": "nothing of ours", "because": because, "cells": list(claim.get("printed_cells", [])),
    }  # fmt: skip
    shares, values = [], []
    for seed in range(seeds):
        won = _share(claim, scores, seed)
        if won is not None:
            shares.append(won[0])
            values.append(won[1])
            if not _of_a_model(claim, scores, seed):
                break
    if not shares:
        return row
    row["shares"] = [round(s, 4) for s in shares]
    row["seeds"], row["probability"] = len(shares), round(probability(shares), 4)
    row["seeds_won"] = f"{sum(s > 0.5 for s in shares)}/{len(shares)}"
    same = len(values) > 1 and len(set(values)) == 1
    ours = f"ours {values[0]} with every seed" if same else "ours " + " | ".join(values)
    failed = _failed_control(claim, scores, seeds, controls or {})
    if failed:
        row["verdict"], why = "not testable here", failed
    else:
        row["verdict"], why = word(row["probability"], len(shares))
    row["because"] = "; ".join(part for part in (because if said is not None else "", ours, why) if part)
    return row


def _of_a_model(claim: Mapping[str, Any], scores: Scores, seed: int) -> bool:
    """Whether another seed of the run would be another trial. A claim on real images alone has one."""
    named = [o for o in operands(claim) if "value" not in o]
    metrics = [(scores(o["run"], seed) or {}).get("metrics", {}).get(o["metric"], {}) for o in named]
    return not metrics or any(of_the_model(m) for m in metrics)


def _share(claim: Mapping[str, Any], scores: Scores, seed: int) -> tuple[float, str] | None:
    """(share of draws of the items in which the claim holds in this seed, our values in words)."""
    if claim["form"] == "most_frequent":
        return _confused(claim, scores(claim["run"], seed))
    if "curve" in claim:
        found = scores(claim["run"], seed)
        curve = (found or {}).get("curves", {}).get(claim["curve"])
        if curve is None or len(curve["y"]) < 2:
            return None
        y = np.asarray(curve["y"], dtype=float)[:: len(curve["y"]) - 1 if claim.get("points") == "ends" else 1]
        return float(holds(claim, y, 1)), f"{y[0]:.4g} to {y[-1]:.4g} over {len(y)} points"
    if not operands(claim):
        return None
    generator = np.random.default_rng([seed, *claim["id"].encode()])
    named = [None if "value" in o else (scores(o["run"], seed) or {}).get("metrics", {}).get(o["metric"])
             for o in operands(claim)]  # fmt: skip
    if any(metric is None and "value" not in o for metric, o in zip(named, operands(claim), strict=True)):
        return None
    together = same_items([metric for metric in named if metric is not None])
    chosen = generator.integers(together, size=(DRAWS, together)) if together else None
    drawn, shown, better = [], [], "higher"
    for metric, o in zip(named, operands(claim), strict=True):
        if metric is None:
            drawn.append(np.full(DRAWS + 1, float(o["value"])))
            shown.append(f"{o['value']:g}")
            continue
        better = metric.get("better") or better
        drawn.append(draws(metric, generator, chosen))
        shown.append(f"{metric['value']:.4g}")
    won = holds(claim, np.stack(drawn, -1), -1 if better == "lower" else 1)
    # Draws that move nothing mean that no items are known: then the value itself decides.
    moved = any(np.ptp(d) > 0 for d in drawn)
    return float(won[1:].mean() if moved else won[0]), ", ".join(shown)


def _confused(claim: Mapping[str, Any], found: Mapping[str, Any] | None) -> tuple[float, str] | None:
    table = (found or {}).get("confusion", {}).get(claim["confusion"])
    if table is None:
        return None
    labels = [str(label) for label in table["labels"]]
    row = dict(zip(labels, table["counts"][labels.index(str(claim["given"]))], strict=True))
    row.pop(str(claim["given"]), None)
    most = max(row.values())
    first = [label for label, count in row.items() if count == most]
    if most == 0:
        return 0.0, f"no {claim['given']} is read as another"
    said = f"{claim['given']} is read most often as {' or '.join(first)} ({most} times)"
    return float(first == [str(claim["label"])]), said


def _failed_control(claim: Mapping, scores: Scores, seeds: int, controls: Mapping[str, Mapping]) -> str:
    """Why a metric of the claim may not carry it, or "": what is made worse on purpose does not come out worse.

    Of real images (ceiling), degraded ones and the floor (noise, shuffled captions, chance) each kind must lie clear of
    the next in every seed.
    """
    own = claim.get("controls")
    for metric in dict.fromkeys(o["metric"] for o in operands(claim) if "metric" in o):
        pair = own if own else controls.get(metric, {})
        read: dict[str, list[float]] = {"ceiling": [], "degraded": [], "floor": []}
        better = "higher"
        for (kind, values), seed in itertools.product(read.items(), range(seeds)):
            for run, name in pair.get(kind, []):
                metric_found = ((scores(run, seed) or {}).get("metrics") or {}).get(name)
                if metric_found:
                    values.append(float(metric_found["value"]))
                    better = metric_found.get("better") or better
        sign = -1 if better == "lower" else 1
        for above, below in itertools.pairwise([kind for kind in read if read[kind]]):
            least, most = min(sign * v for v in read[above]), max(sign * v for v in read[below])
            if least <= most:
                found = f"{sign * least:.4g} for its {KIND_WORDS[above]}, {sign * most:.4g} for its {KIND_WORDS[below]}"
                return f"{metric} does not pass its own check: {found}"
    return ""
