"""One run with everything resolved: its values, each with its origin, and every departure from the paper. No torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .core import RedrawError, nearest

Sheets = Mapping[str, Mapping[str, Any]]
LOOKED_AT = 16  # images whose attention or steps are kept, at most


@dataclass(frozen=True)
class Run:
    """One training. ``config`` is {field: value}, ``origin`` {field: where it comes from}."""

    id: str  # "ved/kind4.s0"
    paper: str
    name: str
    recipe: str  # "papers.ved:VED"
    dataset: str  # the one that is used
    stands_for: str  # the one that the paper names
    tokens: str | None
    seed: int
    stage: str  # train | pretrain
    config: dict[str, Any]
    origin: dict[str, str]
    departures: tuple[dict, ...]
    needs: dict[str, str]  # role -> run id
    instruments: dict[str, str]  # role -> run id, always of seed 0
    evaluations: dict[str, dict]
    splits: dict[str, str]  # {"train": split, "validation": split} of the data set
    form: str | None = None  # which of its sheet's forms the data set is prepared in
    # of stage import: role -> file, hash, kind, where it goes
    released: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"{self.paper}/{self.name}"

    @property
    def module(self) -> str:
        return self.recipe.split(":")[0]


def recipe_path(paper: str, recipe: str) -> str:
    """ "VED" in the sheet of ved is papers.ved:VED; "instruments.classifier:Classifier" names its module itself."""
    return recipe if ":" in recipe else f"papers.{paper}:{recipe}"


def check_departures(sheets: Sheets, ours: Mapping[str, Any]) -> None:
    """Every paper, recipe, run and parameter that params.yaml names is one that the sheets know."""
    for paper, about in ours.items():
        place = f"params.yaml, papers.{paper}"
        if paper not in sheets:
            raise RedrawError(f"params.yaml, papers: no paper {paper!r}: {nearest(paper, list(sheets))}")
        runs, config = sheets[paper].get("runs", {}), sheets[paper].get("config", {})
        for recipe, fields in about.items():
            named = [(recipe, fields)]
            if recipe == "runs":
                for run in fields:
                    if run not in runs:
                        raise RedrawError(f"{place}.runs: no run {run!r}: {nearest(run, list(runs))}")
                named = [(_short(runs[run]["recipe"]), own) for run, own in fields.items()]
            for owner, values in named:
                if owner not in config:
                    raise RedrawError(f"{place}: no recipe {owner!r}: {nearest(owner, list(config))}")
                for name in values:
                    if name not in config[owner]:
                        raise RedrawError(
                            f"{place}.{owner}: no parameter {name!r}: {nearest(name, list(config[owner]))}"
                        )


def stand_in(params: Mapping[str, Any], asked: str) -> tuple[str, Mapping[str, Any] | None]:
    """The data set that is used for the one a paper names, and the stand-in's entry in params.yaml if it is one."""
    entry = None if params["scale"] == "paper" else params["datasets"].get(asked)
    if not entry:
        return asked, None
    used = entry["use"]
    return (used if isinstance(used, str) else used[params["scale"]]), entry


def resolve(sheet: Mapping[str, Any], name: str, params: Mapping[str, Any]) -> tuple[dict, dict[str, str], list[dict]]:
    """(config, origin, departures): the sheet < its per-run and per-scale entries < params.yaml."""
    paper, about, size = sheet["paper"]["id"], sheet["runs"][name], params["scale"]
    recipe, here = _short(about["recipe"]), f"papers/{paper}.yaml"
    released = about.get("as_released", [])
    config = dict(sheet.get("config", {}).get(recipe, {}))
    config["as_released"] = sorted(sheet["differences"]) if released is True else list(released)
    origin = dict.fromkeys(config, f"{here}: config.{recipe}") | {"as_released": f"{here}: runs.{name}"}
    _lay(config, origin, about.get("config", {}), f"{here}: runs.{name}")
    printed, because = dict(config), {}
    # Released weights have the size that they have, at every scale.
    scale = {} if about.get("stage") == "import" else sheet.get("scales", {}).get(size, {})
    for layer, place in ((scale.get(recipe, {}), recipe), (scale.get("runs", {}).get(name, {}), f"runs.{name}")):
        entries = {k: _entry(v, f"size of scale {size}") for k, v in layer.items()}
        _lay(config, origin, {k: v for k, (v, _) in entries.items()}, f"{here}: scales.{size}.{place}")
        because |= {k: why for k, (_, why) in entries.items()}
    own = params["papers"].get(paper, {})
    for layer, place in ((own.get(recipe, {}), recipe), (own.get("runs", {}).get(name, {}), f"runs.{name}")):
        _lay(config, origin, {k: e["value"] for k, e in layer.items()}, f"params.yaml: papers.{paper}.{place}")
        because |= {k: e["because"] for k, e in layer.items()}
    for key, value in config.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise RedrawError(f"{origin[key]}: {key} is {value}: give a finite number")
    departures = [
        {"key": k, "paper": printed[k], "ours": config[k], "because": because[k]}
        for k in because
        if config[k] != printed[k]
    ]
    return config, origin, [*departures, *_general(about["dataset"], params)]


def sized(evaluation: Mapping[str, Any], scale: str, where: str) -> dict[str, Any]:
    """An evaluation as it is at one scale: ``n`` may be given scale by scale.

    Raises RedrawError where there is none for it, and for maps of attention or steps of drawing that nobody could look at.
    """
    n = evaluation["n"]
    if isinstance(n, Mapping):
        if scale not in n:
            raise RedrawError(f"{where}: no n for scale {scale}: give one beside {', '.join(n)}")
        n = n[scale]
    if evaluation.get("attention") and (
        not 1 <= n <= LOOKED_AT
        or evaluation["images"] not in ("model", "real")
        or evaluation["captions"] == "none"
        or "metric" in evaluation
    ):
        raise RedrawError(
            f"{where}: attention is there to be looked at: give n 1 to {LOOKED_AT}, captions, images: model (real where "
            "captions are written), and no metric"
        )
    if evaluation.get("drawing") and (
        not 1 <= n <= LOOKED_AT or evaluation["images"] != "model" or "metric" in evaluation
    ):
        raise RedrawError(
            f"{where}: steps of drawing are there to be looked at: give n 1 to {LOOKED_AT}, images: model, and no metric"
        )
    return {**{k: v for k, v in evaluation.items() if k != "rows"}, "n": n}


def _general(dataset: str, params: Mapping[str, Any]) -> Iterator[dict]:
    """Departures that are no field of a recipe: the stand-in's data, and how the engine computes."""
    used, entry = stand_in(params, dataset)
    if entry:
        yield {"key": "dataset", "paper": dataset, "ours": used, "because": entry["because"]}
    engine = params["engine"]
    for key, plain in (("precision", "fp32"), ("compile", False), ("channels_last", False)):
        if engine.get(key, plain) != plain:
            yield {
                "key": f"engine.{key}",
                "paper": plain,
                "ours": engine[key],
                "because": engine.get("because", "speed"),
            }


def _entry(given: Any, why: str) -> tuple[Any, str]:
    """(value, because) of a scale's entry: a bare value is a matter of size, another reason is given beside it."""
    return (given["value"], given["because"]) if isinstance(given, Mapping) else (given, why)


def _lay(config: dict, origin: dict, layer: Mapping[str, Any], place: str) -> None:
    for key, value in layer.items():
        if key not in config:
            raise RedrawError(f"{place}: unknown field {key!r}: {nearest(key, list(config))}")
        if isinstance(config[key], int | float) and isinstance(value, str):
            value = _number(value, f"{place}: {key}")
        config[key], origin[key] = value, place


def _number(text: str, where: str) -> float:
    """YAML reads 1e-3, without a point, as text: a number is meant where the sheet has one."""
    try:
        return float(text)
    except ValueError:
        raise RedrawError(f"{where} is {text!r}, but must be a number: correct the value") from None


def _short(recipe: str) -> str:
    return recipe.split(":")[-1]
