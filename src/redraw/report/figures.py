"""A sheet's figures filled with what our runs gave: curves, confusion matrices, samples, attention, drawing. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Found = Callable[[str], Mapping[str, Mapping]]
"""A run as the sheet writes it -> its scores by run id, one a seed"""


def figure(
    asked: Mapping[str, Any], scores: Mapping[str, Mapping], run_ids: Callable[[str], list[str]], why_not: str
) -> dict[str, Any]:
    """One figure. ``run_ids`` gives a run's ids with scores, one a seed; ``why_not`` is said where there are none.

    Curves: a series for each seed and, from two seeds on, their mean, all of one label; a series may name a run of its own,
    and one without scores is named in a note. Confusion: counts summed over
    seeds. Samples: the first seed's, nothing chosen; with ``columns``, each caption's first picture by each run.
    Attention, looking and drawing: the first seed's, as ``attention.strips`` and ``sentences`` and ``animation.sequences``
    give them.
    """
    runs = run_ids(asked["run"])
    made = {
        **{k: asked.get(k, "") for k in ("id", "title", "at", "kind", "x_label", "y_label")},
        "series": [], "hlines": [], "labels": [], "counts": [], "png": None, "grid": [], "because": None,
    }  # fmt: skip
    if "columns" in asked:
        _side_by_side(made, asked, scores, run_ids)
    else:
        fill: Callable[..., None] = {"curves": _curves, "confusion": _confusion}.get(asked["kind"], _pictures)
        fill(made, asked, {r: scores[r] for r in runs}, lambda run: {r: scores[r] for r in run_ids(run)})
    named = [
        entry["run"]
        for key in ("columns", "series")
        for entry in asked.get(key, [])
        if isinstance(entry, dict) and "run" in entry
    ]
    made["runs"] = list(
        dict.fromkeys(r for run in (named if "columns" in asked else [asked["run"], *named]) for r in run_ids(run))
    )
    if not (made["series"] or made["counts"] or made["grid"]):
        made["because"] = why_not if not runs else f"not run: {runs[0]} has no {asked['kind']} of this name"
    return made


def _curves(made: dict[str, Any], asked: Mapping[str, Any], found: Mapping[str, Mapping], of_run: Found) -> None:
    absent = []
    for style in ("ours", "control"):
        for given in asked.get("series" if style == "ours" else "controls", []):
            spec = {"curve": given} if isinstance(given, str) else given
            scored = of_run(spec["run"]) if "run" in spec else found
            curves = {r: s["curves"][spec["curve"]] for r, s in scored.items() if spec["curve"] in s.get("curves", {})}
            label = spec.get("label", spec["curve"].replace("/", ", ").replace("_", " "))
            kind = {"label": label, "style": style}
            absent += [] if curves else [label]
            lines = [{**kind, "x": list(c["x"]), "y": list(c["y"]), "run": r} for r, c in curves.items()]
            if len(lines) > 1:
                lines.append({**kind, **_mean(lines), "run": lines[0]["run"].rsplit(".s", 1)[0]})
            made["series"] += lines
            for side in ("x_label", "y_label"):
                made[side] = made[side] or next((c[side] for c in curves.values() if c.get(side)), "")
    if absent and made["series"]:
        made["note"] = f"Not run: {', '.join(absent)}."
    for line in asked.get("hlines", []):
        values = [line["y"]] if "y" in line else []
        if "metric" in line:
            values = [s["metrics"][line["metric"]]["value"] for s in found.values() if line["metric"] in s["metrics"]]
        if values and made["series"]:
            made["hlines"].append({"label": line["label"], "y": float(np.mean(values))})


def _mean(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Mean over seeds where all of them have a point; a seed that stopped early ends it."""
    by_step = [dict(zip(s["x"], s["y"], strict=True)) for s in lines]
    shared = [x for x in lines[0]["x"] if all(x in s for s in by_step)]
    return {"x": shared, "y": [float(np.mean([s[x] for s in by_step])) for x in shared]}


def _confusion(made: dict[str, Any], asked: Mapping[str, Any], found: Mapping[str, Mapping], _: Found) -> None:
    tables = [t for s in found.values() if (t := s.get("confusion", {}).get(asked["evaluation"]))]
    if tables:
        made["labels"] = [str(label) for label in tables[0]["labels"]]
        made["counts"] = np.sum([t["counts"] for t in tables], axis=0).tolist()
        made["x_label"], made["y_label"] = made["x_label"] or "read as", made["y_label"] or "asked for"


def _pictures(made: dict[str, Any], asked: Mapping[str, Any], found: Mapping[str, Mapping], _: Found) -> None:
    grids = (s.get(asked["kind"], {}).get(asked["evaluation"]) for s in found.values())
    made["grid"] = next(filter(None, grids), [])
    if made["grid"] and asked["kind"] == "drawing":
        made["labels"] = [f"step {k}" for k in made["grid"][0]["steps"]]
        if "looked" in made["grid"][0]:
            made["note"] = "Below each stage: the word that was looked at most before it, and its share."
    if made["grid"] and asked["kind"] == "looking":
        longest = max(len(row["images"]) for row in made["grid"])
        made["labels"] = ["image", *(f"word {k}" for k in range(1, longest))]
        made["note"] = (
            "Light: where the model looked when it wrote the word below, each map by itself. On the left: what one person wrote."
        )
    if "quoted" in asked:
        made["quoted"] = {"label": asked["quoted"]["label"], "texts": dict(asked["quoted"]["texts"])}


def _side_by_side(
    made: dict[str, Any], asked: Mapping[str, Any], scores: Mapping[str, Mapping], run_ids: Callable[[str], list[str]]
) -> None:
    """A row a caption, a column a run; a run without samples is named in the note instead."""
    found, absent = {}, []
    for column in asked["columns"]:
        ids, evaluation = run_ids(column["run"]), column.get("evaluation", asked["evaluation"])
        grid = scores[ids[0]]["samples"].get(evaluation) if ids else None
        if grid:
            found[column["label"]] = grid
        else:
            absent.append(column["label"])
    if found:
        made["labels"] = list(found)
        by_caption = [{row["caption"]: row for row in grid} for grid in found.values()]
        for caption in by_caption[0]:
            rows = [of_run.get(caption) for of_run in by_caption]
            if all(rows):
                said = [row["said"][0] if "said" in row else "" for row in rows]
                one = {"caption": caption, "images": [row["images"][0] for row in rows]}
                made["grid"].append(one | ({"said": said} if any(said) else {}))
        made["note"] = f"Not run: {', '.join(absent)}." if absent else ""
