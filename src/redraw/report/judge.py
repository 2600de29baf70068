"""Three of the four questions of the audit, each answered by itself: possible? the same thing? does it agree?

An answer is {"verdict": word, "because": one sentence}. `possible` is arithmetic on what is printed (arithmetic.py);
the fourth question, the claims, is in claims.py.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scipy import special

from ..core import Quantity
from .arithmetic import BLANK, possible, verdict

__all__ = [
    "BLANK",
    "ENOUGH_SEEDS",
    "agrees",
    "default_margin",
    "half_width",
    "not_calibrated",
    "of_the_model",
    "possible",
    "same_protocol",
    "seeds_needed",
    "tost",
    "verdict",
]
ENOUGH_SEEDS = 5
CALIBRATED = ("IS", "FID")
"""Metrics as tables name them that say nothing without the network that read the images."""
SCORER = ("metric", "dataset", "instrument_weights", "instrument_mode", "options", "reference", "side")
"""Fields of a protocol that two readings by one scorer share, whatever images they are of."""


# --- 2. did we evaluate the same thing? -----------------------------------------------------------------------


def of_the_model(metric: Mapping[str, Any]) -> bool:
    """Whether another seed of the run is another measurement: of a model's images, or of what a network itself reads.

    What an instrument reads on real images or noise is one measurement, however many seeds note it.
    """
    protocol = metric.get("protocol", {})
    return protocol.get("images", "model") in ("model", "shuffled") or protocol.get("instrument") == "self"


def same_protocol(
    printed: Mapping[str, Any], ours: Mapping[str, Any] | None, near: Sequence[str] = ()
) -> dict[str, Any]:
    """Field by field: what the paper's protocol says against ours; adds "differs": [{field, paper, ours}].

    A field that the paper leaves unsaid (None) can at best be near. Fields named in ``near`` may differ without making
    numbers incomparable. Fields of ours that ``printed`` does not name are not compared.
    """
    if ours is None:
        return verdict("nothing of ours", "no run of ours has been scored for it") | {"differs": []}
    differs = [
        {"field": f, "paper": value, "ours": ours.get(f)}
        for f, value in printed.items()
        if value is not None and ours.get(f) != value
    ]
    silent = sorted(f for f, value in printed.items() if value is None)
    far = [d["field"] for d in differs if d["field"] not in near]
    if far:
        return verdict("differs", f"other than in the paper: {', '.join(far)}") | {"differs": differs}
    if differs or silent:
        parts = [f"near: {', '.join(d['field'] for d in differs)}"] if differs else []
        parts += [f"the paper does not say: {', '.join(silent)}"] if silent else []
        return verdict("near", "; ".join(parts)) | {"differs": differs}
    return verdict("same", "every field that the paper states is ours, too") | {"differs": []}


def not_calibrated(
    column: Mapping[str, Any], ours: Mapping[str, Any], scored: Iterable[Mapping[str, Any]]
) -> str | None:
    """Why a scorer has yet to show that it is the published one; None where it has, or where the metric needs none.

    It has where it reads on known images what is known of the published one: the column's ``calibration``, {images or run,
    value, margin, source}, against the measurements ``scored`` (values with their protocols and runs, "paper/run") that share
    the scorer with ``ours``. Known images are real ones, or those of released weights, whatever the data set is called there.
    """
    known = column.get("calibration")
    if known is None:
        none = f"what the published scorer of {column['metric']} reads on real images is not known here"
        return f"scorer not calibrated: {none}" if column["metric"] in CALIBRATED else None
    run = known.get("run")
    shared = [f for f in SCORER if not (run and f == "dataset")]
    values = [
        m["value"]
        for m in scored
        if m.get("protocol", {}).get("images") == ("model" if run else known["images"])
        and (not run or m["run"] == run)
        and all(m["protocol"].get(f) == ours.get(f) for f in shared)
    ]
    of = f"images of {run}" if run else f"real {known['images']} images"
    wanted = f"{known['value']:g} ± {known['margin']:g} on {of} ({known['source']})"
    if not values:
        return f"scorer not calibrated: nothing here says whether it reads {wanted}"
    off = [v for v in values if abs(v - known["value"]) > known["margin"]]
    return f"scorer not calibrated: it reads {off[0]:.4g} where the published one reads {wanted}" if off else None


# --- 3. does our value agree? ---------------------------------------------------------------------------------


def default_margin(quantity: Quantity, column: Sequence[Quantity]) -> float:
    """Half the last printed digit or, if more, half the smallest gap between neighbouring values of the column."""
    values = sorted({q.value for q in column})
    gaps = [b - a for a, b in zip(values, values[1:], strict=False)]
    return max(quantity.unit / 2, min(gaps, default=0.0) / 2)


def tost(difference: float, spread: float, seeds: int, margin: float) -> float:
    """p-value of "outside ±margin" for a printed number and ``seeds`` values of ours with deviation ``spread``.

    A printed number is one draw of a seed, so its difference to our mean has the standard error s·sqrt(1 + 1/S) of a
    prediction; s/sqrt(S) would call equivalent what a retraining easily misses. Student's t with S - 1 degrees.
    """
    error = spread * math.sqrt(1 + 1 / seeds)
    if error == 0:
        return float(abs(difference) > margin)
    return float(special.stdtr(seeds - 1, (abs(difference) - margin) / error))


def half_width(spread: float, seeds: int) -> float:
    """Half of the 90 % prediction interval of one more seed's distance from the mean of ``seeds`` with deviation ``spread``."""
    return float(special.stdtrit(seeds - 1, 0.95)) * spread * math.sqrt(1 + 1 / seeds)


def seeds_needed(difference: float, spread: float, margin: float, seeds: int) -> int | None:
    """The least number of seeds, more than ``seeds``, that decides if mean and deviation stay; None where none does.

    The interval never becomes narrower than one seed's own spread: what lies nearer to the margin than that stays open.
    """
    room = abs(abs(difference) - margin)
    if float(special.ndtri(0.95)) * spread >= room:
        return None
    low, high = seeds, max(2 * seeds, ENOUGH_SEEDS)
    while half_width(spread, high) > room:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if half_width(spread, middle) > room else (low, middle)
    return max(high, ENOUGH_SEEDS)


def agrees(
    quantity: Quantity | None, ours_per_seed: Sequence[float], margin: float, spread_kind: str, better: str,
    comparable: bool,
) -> dict[str, str]:  # fmt: skip
    """Our values, one a seed, against one printed number; ``margin`` is declared before any run.

    Words: exact, equivalent, higher, lower, inconclusive, not comparable, not run, blank in print. ``spread_kind`` is
    what the printed ± is (fold, seed, standard_error, unknown); "none" is a count, which one value settles.
    """
    if quantity is None:
        return BLANK
    seeds = len(ours_per_seed)
    if not seeds:
        return verdict("not run", "nothing of ours yet")
    if not comparable:
        return verdict("not comparable", "the protocols differ, so nothing is subtracted")
    mean = statistics.fmean(ours_per_seed)
    difference = mean - quantity.value
    low, high = quantity.interval
    exact = low - 1e-12 <= mean <= high + 1e-12
    side = "higher" if difference > 0 else "lower"
    note = "" if better not in ("higher", "lower") else f" ({'better' if side == better else 'worse'})"
    if spread_kind == "none":
        return verdict("exact", "the same count") if exact else verdict(side, f"by {abs(difference):g}")
    if seeds == 1:
        return verdict("inconclusive", f"one seed cannot tell: needs at least {ENOUGH_SEEDS}")
    spread = statistics.stdev(ours_per_seed)
    half = half_width(spread, seeds)
    span = f"difference {difference:+.3g}, 90 % prediction interval ±{half:.2g}, margin ±{margin:.3g}, {seeds} seeds"
    if exact:
        return verdict("exact", f"rounds to the printed digits; {span}")
    if abs(difference) + half <= margin:
        return verdict("equivalent", span)
    if abs(difference) - half > margin:
        return verdict(side, f"{span}{note}")
    needed = seeds_needed(difference, spread, margin, seeds)
    if needed is None:
        return verdict("inconclusive", f"{span}: the seeds spread too widely for this margin, more will not settle it")
    return verdict("inconclusive", f"{span}: needs {needed} seeds if they spread alike")
