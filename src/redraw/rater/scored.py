"""`redraw rank score`: what raters said -> the scored record, with and without those who were not attentive."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core import RedrawError, digest, write_json
from ..metrics.human_rank import ALLOWED, DRAWS, alike, attentive, mid_ranks, summary
from ..records import commit
from .judgements import gathered, read_key

Json = dict[str, Any]
TIES = "share the mean of their places"


def score(folder: Path) -> Json:
    """Write ``folder``/score.json and return it. Raises RedrawError where nobody has ranked anything that counts.

    ``metrics`` {run: {value, spread, n, raters, protocol, …}} are what tables show: of the first showing of each item, by
    the raters who count. ``ranks`` is metrics/human_rank.py's summary of the same, ``ranks_of_all`` of all raters;
    ``raters`` {name: {judged, wrong, asked, alike, counted, because}}.
    """
    key = read_key(folder)
    files = gathered(folder, key)
    if not files:
        raise RedrawError(f"{folder}/judgements: no rater's file yet: `redraw rank collect {folder}` gathers them")
    raters = {f["rater"]: _rater(f, key) for f in files}
    counted = [f for f in files if raters[f["rater"]]["counted"]]
    if not counted:
        first, about = next(iter(raters.items()))
        raise RedrawError(f"{folder}/judgements: no rater counts (first: {first}, {about['because']}): ask others")
    found = summary(*_judgements(counted, key))
    protocol = {
        "metric": "human_rank", "images": "model", "column": key["column"], "scale": key["scale"], "dataset": key["dataset"],
        "items": found["items"], "raters": found["raters"], "images_per_item": key["images"], "group": key["group"],
        "page": key["digest"], "ties": TIES, "shown_again": "first showing counts", "attention": f"at most {ALLOWED:g} wrong",
        "spread": f"standard error, {DRAWS} draws of {'raters and ' if found['raters'] > 1 else ''}items",
    }  # fmt: skip
    own = {
        "selection": "last", "n": found["items"], "raters": found["raters"], "better": "lower", "unit": "rank", "kind": "human",
        "folds": None, "per_fold": None, "protocol": protocol, "protocol_key": digest(protocol),
    }  # fmt: skip
    everyone = [f for f in files if any(_ranked(j, key) for j in f["judgements"])]
    body = {
        "column": key["column"], "scale": key["scale"], "items": key["digest"], "raters": raters,
        "methods": [m["label"] for m in key["methods"]], "samples": {m["run"]: m["samples"] for m in key["methods"]},
        "metrics": {m["run"]: {**own, **one} for m, one in zip(key["methods"], found["methods"], strict=True)},
        "ranks": found, "ranks_of_all": summary(*_judgements(everyone, key)),
    }  # fmt: skip
    about = {"commit": commit(), "scored": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    record = {**body, "digest": digest(body), "about": about}
    write_json(folder / "score.json", record)
    return record


def _ranked(judgement: Mapping[str, Any], key: Json) -> bool:
    """Whether a judgement counts: of methods, and the first of its item."""
    return key["items"][judgement["item"]]["kind"] == "ranked" and judgement["showing"] == 0


def ranks_of(judgement: Mapping[str, Any], key: Json) -> np.ndarray:
    """[K] ranks of the methods, in the key's order."""
    slots = key["items"][judgement["item"]]["slots"]
    return mid_ranks([[slots[s] for s in group] for group in judgement["order"]], len(slots))


def _judgements(files: Sequence[Json], key: Json) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ranks [J, K], rater [J], item [J] of the judgements that count."""
    numbers = {name: k for k, name in enumerate(sorted(key["items"]))}
    rows = [
        (ranks_of(j, key), rater, numbers[j["item"]])
        for rater, file in enumerate(files) for j in file["judgements"] if _ranked(j, key)
    ]  # fmt: skip
    ranks, rater, item = zip(*rows, strict=True)
    return np.array(ranks), np.array(rater), np.array(item)


def _rater(file: Json, key: Json) -> Json:
    """What is known of one rater, and whether their judgements count."""
    wrong = asked = 0
    shown: dict[str, dict[int, np.ndarray]] = {}
    for j in file["judgements"]:
        about = key["items"][j["item"]]
        if about["kind"] == "attention":  # right where the real images stand alone in front
            asked += 1
            wrong += j["order"][0] != [about["slots"].index("real")]
        else:
            shown.setdefault(j["item"], {})[j["showing"]] = ranks_of(j, key)
    twice = [alike(of[0], of[1]) for of in shown.values() if len(of) == 2]
    judged = sum(0 in of for of in shown.values())
    because = (
        "took part in making one of the methods" if file["involved"]
        else "has ranked nothing" if not judged
        else "has seen no attention item" if not asked
        else f"{wrong} of {asked} attention items wrong" if not attentive(wrong, asked)
        else ""
    )  # fmt: skip
    return {"judged": judged, "asked": asked, "wrong": wrong, "alike": float(np.mean(twice)) if twice else None,
            "twice": len(twice), "counted": not because, "because": because}  # fmt: skip


def lines(record: Json) -> list[str]:
    """The record for people to read."""
    found, everyone = record["ranks"], record["ranks_of_all"]
    said = [f"{record['column']}, scale {record['scale']}: {found['raters']} raters, {found['items']} items, "
            f"{found['judgements']} judgements, {100 * found['tied']:.0f} % with ties (ties {TIES})"]  # fmt: skip
    for label, one, other in zip(record["methods"], found["methods"], everyone["methods"], strict=True):
        low, high = one["interval"]
        said.append(f"  {label}: {one['value']:.2f} ± {one['spread']:.2f} (95 %: {low:.2f} to {high:.2f}; "
                    f"all raters: {other['value']:.2f})")  # fmt: skip
    test = found["differ"]
    said.append(f"  differ at all? {test['test']} over items: p = {test['p']:.3g}")
    for pair in found["pairs"]:
        a, b = (record["methods"][k] for k in pair["methods"])
        low, high = pair["interval"]
        said.append(f"  {a} less {b}: {pair['difference']:+.2f} ({low:+.2f} to {high:+.2f}), Nemenyi p = {pair['nemenyi']:.3g}, "
                    f"Wilcoxon p = {pair['wilcoxon']:.3g} (Holm)")  # fmt: skip
    agreed = found["concordance"]
    if agreed["mean"] is not None:
        said.append(f"  raters with each other: Kendall's W {agreed['mean']:.2f}, by lot {agreed['chance']:.2f}")
    twice = [r["alike"] for r in record["raters"].values() if r["counted"] and r["alike"] is not None]
    if twice:
        said.append(
            f"  raters with themselves: {100 * np.mean(twice):.0f} % of pairs in the same order when shown again"
        )
    said += [f"  left out: {name}: {r['because']}" for name, r in record["raters"].items() if not r["counted"]]
    return said
