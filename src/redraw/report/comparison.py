"""What runs score where a paper prints a number, and how the two compare: retrained here, and the authors' own weights."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core import Quantity
from ..names import ASIDE, edition, family
from .bench import Bench
from .draws import draws
from .judge import BLANK, agrees, default_margin, not_calibrated, of_the_model, same_protocol, verdict
from .studies import margin_tests


def ours_of(bench: Bench, run: str | None, metric: str | Sequence[str] | None) -> dict[str, Any]:
    """The fields of a cell that come from our runs; of several metrics the first that was measured."""
    ids = bench.run_ids(run) if run and metric else []
    asked = [metric] if isinstance(metric, str) else list(metric or ())
    if not isinstance(metric, str):
        measured = [m for m in asked if any(m in bench.scores[i]["metrics"] for i in ids)]
        metric = measured[0] if measured else None
    found = [(i, bench.scores[i]["metrics"][metric]) for i in ids if metric in bench.scores[i]["metrics"]]
    if found and not of_the_model(found[0][1]):
        found = found[:1]
    values = [m["value"] for _, m in found]
    first = found[0][1] if found else {}
    envelopes = [m["envelope"] for _, m in found if m.get("envelope")]
    spreads = components([m for _, m in found]) if values else None
    about = bench.about(run) if run else {}
    dataset = about.get("dataset", "")
    return {
        "source": ("as released" if about.get("as_released") else "retrained") if found else "",
        "ours": statistics.fmean(values) if values else None,
        "spread": statistics.stdev(values) if len(values) > 1 else first["spread"] if first.get("raters") else None,
        "per_seed": values, "components": spreads, "n": first.get("n"), "seeds": len(values),
        "selection": first.get("selection", ""),
        **({"raters": first["raters"]} if first.get("raters") else {}),
        "envelope_lo": min((e[0] for e in envelopes), default=None),
        "envelope_hi": max((e[1] for e in envelopes), default=None),
        "scale": bench.scale,
        "data": bench.stand_ins.get(dataset, {}).get("use", dataset) if found else "",
        "protocol": first.get("protocol_key", ""), "runs": [i for i, _ in found],
        "not_computed": "" if found else bench.not_computed(ids, asked),
        "_protocol": first.get("protocol"),
    }  # fmt: skip


def components(metrics: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The deviations that a value has of its own: between ``seed``s, between ``fold``s, and of one ``evaluation``.

    The last is that of the value over items drawn anew (draws.py). Folds and items are means over the seeds; None where
    there is one seed, where there are no folds, where nothing is known of the items.
    """
    folds = [statistics.stdev(f) for m in metrics if (f := m.get("per_fold")) and len(f) > 1]
    again = [float(draws(m, np.random.default_rng(0))[1:].std()) for m in metrics]
    return {
        "seed": statistics.stdev(m["value"] for m in metrics) if len(metrics) > 1 else None,
        "fold": statistics.fmean(folds) if folds else None,
        "evaluation": statistics.fmean(again) if any(again) else None,
    }


def authors_of(
    bench: Bench, table: Mapping[str, Any], given: Mapping[str, Any], peers: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """What the authors' own weights score here, judged as ours are; None where the sheet names no such run."""
    if not given["released"]:
        return None
    ours = ours_of(bench, given["released"], given["ours"])
    same, agree, _ = compared(bench, table, given, given["released"], ours, peers)
    return {
        "run": bench.base(given["released"]), **{k: ours[k] for k in ("ours", "spread", "n", "seeds", "protocol", "runs")},
        "agrees": agree, "same_protocol": {k: v for k, v in same.items() if k != "differs"},
    }  # fmt: skip


def compared(
    bench: Bench, table: Mapping[str, Any], given: Mapping[str, Any], run: str | None, ours: dict[str, Any],
    peers: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, float] | None]:  # fmt: skip
    """(same protocol?, agrees?, the two tests of the margin) of a printed cell and what runs of ours score.

    There are tests where numbers may be compared and two values of ours are there. Takes ``_protocol`` out of ``ours``.
    """
    column, quantity = table["columns"][given["column"]], Quantity.parse(given["printed"])
    mine = ours.pop("_protocol")
    scored = None
    if mine is not None:
        options = mine.get("options", {})
        scored = {
            **mine,
            **options,
            "evaluator": mine.get("instrument"),
            "images": ours["n"],  # papers say how many, not whose
            "data set": family(ours["data"]) if edition(ours["data"]) in ASIDE else ours["data"],
            "scale": bench.scale,
        }
    printed = {**column.get("protocol", {}), "data set": given["dataset"], "scale": "paper"}
    if given["selection"]:
        printed["selection"], scored = given["selection"], scored and {**scored, "selection": ours["selection"]}
    # Names of scorers never agree, a paper's words and a role here: where there is a calibration, that decides.
    near = [*column.get("near", ()), *(["evaluator"] if "calibration" in column else [])]
    same = BLANK if quantity is None else same_protocol(printed, scored, near)
    same, tests = dict(same), None
    if quantity is None:
        agree = BLANK
    elif not ours["per_seed"]:
        agree = verdict(*bench.absent(run, given["ours"]))
        if given["quoted"] and not run:
            agree = verdict("quoted", f"taken over {_from(given, bench)}")
    else:
        same_column = [q for c in peers if c["column"] == given["column"] and (q := Quantity.parse(c["printed"]))]
        margin = column.get("margin", default_margin(quantity, same_column))
        comparable = same["verdict"] in ("same", "near")
        agree = agrees(quantity, ours["per_seed"], margin, table["spread"], given["better"], comparable)
        if comparable and (lacking := not_calibrated(column, mine or {}, bench.measured())):
            agree = verdict("not comparable", f"{lacking}; nothing is subtracted")
            comparable = False
        elif not comparable:
            agree["because"] = f"{same['because']}; nothing is subtracted"
        if comparable and table["spread"] != "none":
            tests = margin_tests(quantity.value, ours["per_seed"], margin)
    return same, agree, tests


def _from(given: Mapping[str, Any], bench: Bench) -> str:
    source = given["quoted"]
    if source is True:
        return "from another paper; the sheet does not say which"
    known = bench.sheets.get(source)
    return f"from {known['paper']['short']}" if known else f"from {source}"
