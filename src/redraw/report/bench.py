"""What one paper's tables are made from: all sheets, and the scores of every run by base name and seed."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core import RedrawError, nearest
from ..ranks import METRIC, how
from . import claims as language
from .printed import printed_cells


class Bench:
    """``printed`` are all papers' printed cells by id, ``claims`` this paper's claims as evaluated."""

    def __init__(
        self, sheet: Mapping[str, Any], sheets: Mapping[str, Mapping], scores: Mapping[str, Mapping], scale: str,
        seeds: int, stand_ins: Mapping[str, Mapping], missing: Mapping[str, str], manifests: Mapping[str, Mapping] | None = None,
    ) -> None:  # fmt: skip
        self.sheet, self.sheets, self.scores = sheet, sheets, scores
        self.paper, self.scale, self.seeds = sheet["paper"]["id"], scale, seeds
        self.stand_ins, self.missing, self.manifests = stand_ins, missing, manifests or {}
        self.printed = {c["cell_id"]: c for s in {**sheets, self.paper: sheet}.values() for c in printed_cells(s)}
        for claim in sheet.get("claims", []):
            for i in claim.get("printed_cells", []):
                if i not in self.printed:
                    where = f"papers/{self.paper}.yaml, claims.{claim['id']}"
                    raise RedrawError(f"{where}: no printed cell {i!r}: {nearest(i, list(self.printed))}")
        self.claims = [
            language.evaluate(c, self.paper, self.printed, self.score, seeds, self._controls())
            for c in sheet.get("claims", [])
        ]

    def base(self, run: str) -> str:
        return run if "/" in run else f"{self.paper}/{run}"

    def score(self, run: str, seed: int) -> Mapping[str, Any] | None:
        return self.scores.get(f"{self.base(run)}.s{seed}")

    def run_ids(self, run: str) -> list[str]:
        return [i for s in range(self.seeds) if (i := f"{self.base(run)}.s{s}") in self.scores]

    def measured(self) -> Iterator[Mapping[str, Any]]:
        """Every value of every run that this paper's tables show, with its protocol and its run, "paper/run"."""
        for run_id, scored in self.scores.items():
            yield from ({**metric, "run": run_id.rpartition(".s")[0]} for metric in scored["metrics"].values())

    def about(self, run: str) -> Mapping[str, Any]:
        owner, name = self.base(run).split("/")
        return {**self.sheets, self.paper: self.sheet}.get(owner, {}).get("runs", {}).get(name, {})

    def price(self, run: str) -> tuple[float, str, str] | None:
        """(hours, device, source) of training one more seed of a run; None where neither a seed nor the sheet says."""
        if took := self.took(run):
            return took
        owner = self.base(run).split("/")[0]
        sheet = {**self.sheets, self.paper: self.sheet}.get(owner, {})
        budget = sheet.get("budget", {}).get(self.scale, {})
        return (
            None
            if "gpu_hours" not in budget
            else (budget["gpu_hours"], "gpu", f"the sheet of {owner}: {budget['source']}")
        )

    def took(self, run: str) -> tuple[float, str, str] | None:
        """``price`` by the seeds that are there; None where there are none."""
        made = (self.manifests.get(f"{self.base(run)}.s{s}", {}).get("about", {}) for s in range(self.seeds))
        trained = [about for about in made if "seconds" in about]
        if not trained:
            return None
        hours = statistics.fmean(about["seconds"] for about in trained) / 3600
        return hours, str(trained[0].get("device", "")), "as the seeds here took"

    def needed(self, runs: Sequence[str]) -> list[str]:
        """What else is trained anew for each seed of ``runs``: what they start from, and what that does, "paper/run"."""
        asked = [self.base(run) for run in runs]
        found = list(asked)
        for run in found:  # grows as it goes
            owner = run.split("/")[0]
            starts = (r if "/" in r else f"{owner}/{r}" for r in self.about(run).get("needs", {}).values())
            found += [r for r in dict.fromkeys(starts) if r not in found]
        return found[len(asked) :]

    def why_not(self, run: str | None, metric: str | Sequence[str] | None = None) -> str:
        """Why a run, or one of its metrics, has no value here; of several metrics the first that says why."""
        if run is None:
            return "no recipe for this row yet"
        asked = [metric] if isinstance(metric, str) else metric or ()
        places = (self.base(run), *(f"{self.base(run)}:{_evaluation(m)}" for m in asked))
        reason = next((self.missing[place] for place in places if place in self.missing), None)
        return f"not run: {reason}" if reason else f"not run: no scores of {self.base(run)} at scale {self.scale}"

    def absent(self, run: str | None, metric: str | Sequence[str] | None) -> tuple[str, str]:
        """(word, reason) of a value that is not there: nothing was run, nobody was asked, or it could not be computed."""
        asked = [metric] if isinstance(metric, str) else list(metric or ())
        ids = self.run_ids(run) if run else []
        if ids and asked and asked[0].startswith(METRIC):
            return "not collected", how(asked[0], self.scale)
        if reason := self.not_computed(ids, asked):
            return "not computed", f"not computed: {reason}"
        return "not run", self.why_not(run, metric)

    def not_computed(self, run_ids: Sequence[str], metrics: Sequence[str]) -> str:
        """Why a metric, or what it is a column or a selection of, was not computed for these runs; "" where it was."""
        found = [self.scores[i].get("not_computed", {}) for i in run_ids]
        reasons = (reason for said in found for m in metrics if (reason := said.get(_evaluation(m))))
        return next(reasons, "")

    def _controls(self) -> dict[str, dict[str, list[tuple[str, str]]]]:
        """{metric of ours: {"ceiling": [(run, metric)], "degraded": [...], "floor": [...]}} as the tables' own rows pair them."""
        found: dict[str, dict[str, list[tuple[str, str]]]] = {}
        for table in self.sheet.get("tables", {}).values():
            for row in table.get("controls", []):
                for column, metric in row["cells"].items():
                    ours = table["columns"][column].get("ours")
                    if ours and row["kind"] != "ours":
                        found.setdefault(ours, {}).setdefault(row["kind"], []).append((row["run"], metric))
        return found


def _evaluation(metric: str) -> str:
    """What a metric is a column or a selection of."""
    return re.split("[/@]", metric)[0]
