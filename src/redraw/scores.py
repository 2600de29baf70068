"""Per-item arrays -> scores.json: every metric with its protocol key, its selection, curves and confusions. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .core import NotComputed, RedrawError, canonical_json, digest, nearest, read_json
from .graph import DRAWN_OPTIONS
from .metrics import ANNEALED, BOUNDS, METRICS, TEXT
from .metrics.meteor import one_program


class Annealing(NamedTuple):
    """How importance sampling is annealed: chains for each image, steps from beta 0 to 1, leapfrogs of each transition."""

    chains: int = 8
    temperatures: int = 1000
    leapfrogs: int = 10
    schedule: str = "sigmoid"  # or linear: how beta rises
    start: str = "posterior"  # the model's own normal distribution near it, or its prior


class Reader(NamedTuple):
    """Who reads images, and how: role of an instrument, its mode, the pixels a side that images are first brought to.

    ``samples``: draws of each item; ``gallery``: images that each caption is held against; ``beam``: captions kept at a time
    while one is written; ``shots``: images of a class that are read as one set; ``annealing``: of importance sampling.
    """

    role: str
    mode: str
    side: int | None
    samples: int | None = None
    gallery: int | None = None
    beam: int | None = None
    shots: int | None = None
    annealing: Annealing | None = None

    @property
    def name(self) -> str:
        more = {"px": self.side} | {name: getattr(self, name) for name in DRAWN_OPTIONS if name != "annealing"}
        more |= {} if self.annealing is None else self.annealing._asdict()
        return ".".join([self.role or "pixels", self.mode, *(f"{n}{of}" for of, n in more.items() if n)])


BLOCKS = 100
OWN = Reader("self", "eval", None)
"""The run itself, where a metric holds what it says against what an instrument says."""


def reader_of(evaluation: Mapping[str, Any]) -> Reader:
    role, mode = evaluation.get("instrument", ""), evaluation.get("instrument_mode", "eval")
    options = evaluation.get("options", {})
    how = options.get("annealing")
    if how is not None and set(how) - set(Annealing._fields):
        odd = min(set(how) - set(Annealing._fields))
        raise RedrawError(f"evaluation, options.annealing: no {odd!r}: {nearest(odd, list(Annealing._fields))}")
    drawn = {name: options.get(name) for name in DRAWN_OPTIONS} | {
        "annealing": None if how is None else Annealing(**how)
    }
    return Reader(role, mode, evaluation.get("side"), **drawn)


def group_name(evaluation: Mapping[str, Any]) -> str:
    """Evaluations with the same name share their images."""
    listed = f"-{digest(evaluation['list'])[:8]}" if "list" in evaluation else ""
    among = f"-among-{evaluation['among']}" if "among" in evaluation else ""
    return f"{evaluation['captions']}-{evaluation['images']}-{evaluation['n']}{listed}{among}"


def protocol(
    evaluation: Mapping[str, Any], dataset: str, data: str, instrument: str | None, arrays: Mapping[str, np.ndarray],
    vocabulary: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What has to be equal for two numbers to be compared: everything but the model.

    ``data`` is the prepared data set's digest, ``instrument`` that of the weights, ``vocabulary`` that of the tokens in
    which the instrument reads captions, where it does; ``arrays`` say how many items there were, and which captions
    where the metric reads them.
    """
    fields = {k: v for k, v in evaluation.items() if k not in ("kind", "better", "unit", "snapshots", "list")}
    listed = {"list": canonical_json(evaluation["list"])} if "list" in evaluation else {}
    fields["n"] = len(arrays["class_id"])
    reads = METRICS[evaluation["metric"]].reads
    if TEXT in reads and vocabulary is not None:
        listed["instrument_tokens"] = vocabulary
    if "captions" in reads:
        listed["captions_read"] = digest([str(caption) for caption in arrays["captions"]])
    if "references" in reads and "references" in arrays:
        listed["references_read"] = digest([[str(text) for text in row if text] for row in arrays["references"]])
    return {**fields, **listed, "dataset": dataset, "data": data, "instrument_weights": instrument}


def score(folder: Path, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of scores.json for one run: ``metrics``, ``curves``, ``confusion`` and what was scored.

    ``not_computed``: {evaluation: why}, of metrics that this machine lacks something for; the others are unharmed.
    """
    manifest, curves = read_json(folder / "manifest.json"), read_json(folder / "curves.json")
    curves = {name: {**c, "x_label": "step", "y_label": name} for name, c in curves.items()}
    weights = {role: read_json(path)["weights"] for role, path in spec["instruments"].items()} | {
        "self": manifest["weights"]
    }
    vocabularies = {role: read_json(path)["digest"] for role, path in spec.get("vocabularies", {}).items()}
    selection = "best_on_validation" if "kept" in manifest else "last"
    metrics: dict[str, Any] = {}
    confusion: dict[str, Any] = {}
    not_computed: dict[str, str] = {}
    with np.load(folder / "items.npz") as items, one_program():
        for name, e in spec["evaluations"].items():
            if e.get("metric") is None:  # samples to be looked at
                continue
            if e["metric"] not in METRICS:
                raise RedrawError(
                    f"evaluation {name}: no metric {e['metric']!r}: {nearest(e['metric'], list(METRICS))}"
                )
            about = METRICS[e["metric"]]
            arrays = _arrays(items, e)
            role = reader_of(e).role
            # Likelihoods, and a captioner's captions, are of the very model that is compared.
            of_its_own = {*about.reads} & {*BOUNDS, *ANNEALED} or (role == "self" and "written" in about.reads)
            eyes = None if of_its_own else weights.get(role)
            key = protocol(e, spec["dataset"], manifest["data"], eyes, arrays, vocabularies.get(role))
            if "among" in e:
                key["among_weights"] = weights[e["among"]]
            own = {
                "protocol": key, "protocol_key": digest(key), "better": e.get("better", about.better),
                "unit": e.get("unit", about.unit), "kind": e.get("kind", "own"),
            }  # fmt: skip
            try:
                result = about.fn(arrays, **e.get("options", {}))
            except NotComputed as error:
                not_computed[name] = str(error)
                continue
            if "counts" in result:
                confusion[name] = {
                    "labels": list(range(len(result["counts"]))),
                    "counts": np.asarray(result["counts"]).tolist(),
                }
            metrics[name] = {
                **_numbers(result, key["n"]),
                "n": int(result.get("n", len(arrays["class_id"]))),
                "selection": selection,
                **{k: result[k] for k in ("envelope", "parts") if result.get(k) is not None},
                **own,
            }
            for column, given in result.get("columns", {}).items():
                fields = {**key, "column": column}
                metrics[f"{name}/{column}"] = {
                    **_numbers(given, key["n"]), "n": metrics[name]["n"], "selection": selection, **own,
                    **{k: given[k] for k in ("envelope", "better", "unit", "kind") if k in given},
                    "protocol": fields, "protocol_key": digest(fields),
                }  # fmt: skip
            if "curve" in result:
                curves[name] = {"y_label": f"{name} ({own['unit']})", **result["curve"]}
                continue
            steps = items[f"{group_name(e)}/steps"].tolist() if e.get("snapshots") else []
            if steps:  # released weights have none
                values = [about.fn(at, **e.get("options", {}))["value"] for at in _over_snapshots(items, e, steps)]
                curves[name] = {"x": steps, "y": values, "x_label": "step", "y_label": f"{name} ({own['unit']})"}
                for rule, k in _selections(steps, values, own["better"], manifest, curves).items():
                    metrics[f"{name}@{rule}"] = {**_numbers({"value": values[k]}, key["n"]), "n": metrics[name]["n"],
                                                 "selection": rule, "step": steps[k], **own}  # fmt: skip
    return {"run": spec["run"], "scale": spec["scale"], "seed": spec["seed"], "metrics": metrics, "curves": curves,
            "confusion": confusion, "not_computed": not_computed}  # fmt: skip


def _numbers(result: Mapping[str, Any], asked: int) -> dict[str, Any]:
    spread, folds, items = result.get("spread"), result.get("per_fold"), _blocks(result, asked)
    return {
        "value": float(result["value"]),
        "spread": None if spread is None else float(spread),
        "folds": None if folds is None else len(folds),
        "per_fold": None if folds is None else [float(v) for v in folds],
        **({} if items is None else {"per_block": items}),
    }


def _blocks(result: Mapping[str, Any], asked: int) -> list[float] | None:
    """Means of up to ``BLOCKS`` blocks of the items, in their order, where the value is the mean of all that were ``asked``
    for: what two values of the same items are compared by."""
    if result.get("per_item") is None or len(result["per_item"]) != asked:
        return None
    items = np.asarray(result["per_item"], np.float64)
    for unit in (1.0, 100.0):  # hits are counted in ones, and told in percent
        if asked and np.isclose(unit * items.mean(), float(result["value"]), rtol=1e-6, atol=1e-9):
            return [float(f"{unit * b.mean():.7g}") for b in np.array_split(items, min(BLOCKS, asked))]
    return None


def _arrays(items: Mapping[str, np.ndarray], e: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The per-item arrays that one evaluation reads: the group's, its instrument's, and those of the reference images."""
    group, reader, found = group_name(e), reader_of(e).name, {}
    reads = METRICS[e["metric"]].reads
    for field in dict.fromkeys(("class_id", *reads)):
        for name, place in (
            (field, f"{group}/{field}"),
            (field, f"{group}/{reader}/{field}"),
            (f"{field}_labels", f"{group}/{reader}/{field}_labels"),
            (f"reference_{field}", f"reference-{e.get('reference')}/{reader}/{field}"),
        ):
            if place in items:
                found[name] = items[place]
    own = {f"own_{f}": f"{group}/{OWN.name}/{f}" for f in METRICS[e["metric"]].own}
    return found | {name: items[place] for name, place in own.items() if place in items}


def _over_snapshots(
    items: Mapping[str, np.ndarray], e: Mapping[str, Any], steps: list[int]
) -> Iterator[dict[str, np.ndarray]]:
    """The arrays of one evaluation at each snapshot, one at a time: what is not kept anew stays as it was."""
    last, place = _arrays(items, e), f"{group_name(e)}/{reader_of(e).name}"
    for step in steps:
        yield last | {field: items[f"{place}/{field}@{step}"] for field in last if f"{place}/{field}@{step}" in items}


def _selections(
    steps: list[int], values: list[float], better: str, manifest: Mapping, curves: Mapping
) -> dict[str, int]:
    """Which snapshot each rule takes. ``best_as_printed`` looks at the test metric itself; the optimism is the difference."""
    found = {"best_as_printed": int(np.argmax(values) if better == "higher" else np.argmin(values))}
    watched = curves.get(f"validation/{manifest['config'].get('watch')}")
    if watched:
        found["best_on_validation"] = steps.index(watched["x"][int(np.argmin(watched["y"]))])
    return found
