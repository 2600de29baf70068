"""params.yaml + papers/*.yaml -> runs and artefacts with planned keys. No torch.

Two digests, never mixed up:
  key          what is ASKED FOR; known at parse time, before any data exist (spec + keys of what it is made from)
  fingerprint  what WENT IN; known at run time (spec + digests of the upstream records); names the training state
Every record (raw.json, manifest.json, samples.json, scores.json, table) holds {key, from: {upstream record: digest}, digest}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .codes import code_digest
from .core import RedrawError, digest, nearest
from .resolve import Run, check_departures, recipe_path, resolve, stand_in
from .sheets import PAPERS, read_params, read_sheets


@dataclass(frozen=True)
class Artefact:
    """One job: what it is told (``spec``), what it reads and writes, and the key of what is asked for."""

    rule: str  # the Snakemake rule that makes it
    spec: dict  # all that the job is told; handed over as a file
    record: str  # small JSON output, written last, that names its key
    payload: tuple[str, ...]  # its other outputs
    made_from: tuple[str, ...]  # records of upstream artefacts
    reads: tuple[str, ...]  # payloads of upstream artefacts that the job opens
    code: str  # digest of the source that makes it, as it is now; not part of the key
    key: str

    @property
    def spec_file(self) -> str:
        return f"work/specs/{self.record}"

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.record, *self.payload)


class Plan:
    """Everything that params.yaml asks for, at one scale. ``params`` is a path or params.yaml's value."""

    def __init__(self, params: Path | Mapping[str, Any] = Path("params.yaml"), papers: Path = PAPERS) -> None:
        self.params = read_params(params if isinstance(params, Path) else dict(params))
        self.sheets = read_sheets(papers)
        self.scale, self.seeds, self.rows = self.params["scale"], self.params["seeds"], self.params["rows"]
        self.run: dict[str, Run] = {}  # by run id
        self.artefacts: dict[str, Artefact] = {}  # by record, in topological order
        self.missing: dict[str, str] = {}  # "paper/run" -> why it is not run
        check_departures(self.sheets, self.params["papers"])
        for paper in self.sheets:
            for name in self._chosen(paper):
                for seed in range(self.seeds):
                    self._add_run(paper, name, seed)
        added = {r.base for r in self.run.values()}
        self.missing = {base: why for base, why in self.missing.items() if base not in added}
        for paper in self.sheets:
            self._add_table(paper)
        self._add_index()

    # -- paths -----------------------------------------------------------------

    def data(self, dataset: str) -> str:
        return f"results/data/{dataset}/manifest.json"

    def run_dir(self, run: str) -> str:
        return f"results/{self.scale}/runs/{run}"

    def manifest(self, run: str) -> str:
        return f"{self.run_dir(run)}/manifest.json"

    def scores(self, run: str) -> str:
        return f"{self.run_dir(run)}/scores.json"

    def table(self, paper: str) -> str:
        return f"results/tables/{self.scale}/{paper}.json"

    @property
    def index(self) -> str:
        return f"results/tables/{self.scale}/index.json"

    def runs(self, paper: str) -> list[str]:
        return [r.id for r in self.run.values() if r.paper == paper]

    def of_rule(self, rule: str) -> list[Artefact]:
        return [a for a in self.artefacts.values() if a.rule == rule]

    # -- runs ------------------------------------------------------------------

    def _chosen(self, paper: str) -> Iterator[str]:
        """The runs that ``rows`` and ``scale`` ask for; the others are noted with the reason. What is only pretrained
        (encoders, instruments) comes in where a run needs it."""
        seen = set()
        for name, about in self.sheets[paper].get("runs", {}).items():
            if about.get("stage") == "pretrain":
                continue
            if self.rows == "headline" and about.get("rows") == "all":
                self.missing[f"{paper}/{name}"] = "rows: all"
            elif self.scale == "smoke" and about["recipe"] in seen:
                self.missing[f"{paper}/{name}"] = "scale smoke runs one run per recipe"
            else:
                seen.add(about["recipe"])
                yield name

    def _find(self, reference: str, paper: str, wanted_by: str) -> tuple[str, str]:
        """("paper", "run") for "run" or "paper/run" as written in the sheet of ``paper``."""
        owner, name = reference.split("/") if "/" in reference else (paper, reference)
        known = self.sheets.get(owner, {}).get("runs", {})
        if name not in known:
            raise RedrawError(f"papers/{paper}.yaml, {wanted_by}: no run {reference!r}: {nearest(name, list(known))}")
        return owner, name

    def _add_run(self, paper: str, name: str, seed: int, wanted_by: tuple[str, ...] = ()) -> str:
        """Add a run and, before it, the runs that it needs and is read by. Returns its id."""
        id = f"{paper}/{name}.s{seed}"
        if id in wanted_by:
            raise RedrawError(f"papers/{paper}.yaml, runs: {' needs '.join([*wanted_by, id])}: a circle; break it")
        if id in self.run:
            return id
        sheet, about = self.sheets[paper], self.sheets[paper]["runs"][name]
        known, evaluations = sheet.get("evaluations", {}), {}
        for n in about.get("score", []):
            if n not in known:
                raise RedrawError(
                    f"papers/{paper}.yaml, runs.{name}.score: no evaluation {n!r}: {nearest(n, list(known))}"
                )
            evaluations[n] = known[n]
        roles = {e["instrument"] for e in evaluations.values() if e.get("instrument")}
        eyes = {role: sheet.get("instruments", {}).get(role, role) for role in sorted(roles)}
        linked: list[dict[str, str]] = []
        # One instrument for all seeds: two seeds of a model must be read by the same eyes.
        for group, of, its_seed in (("needs", about.get("needs", {}), seed), ("instruments", eyes, 0)):
            found = {role: self._find(reference, paper, f"runs.{name}.{group}") for role, reference in of.items()}
            linked.append({role: self._add_run(*other, its_seed, (*wanted_by, id)) for role, other in found.items()})
        used, _ = stand_in(self.params, about["dataset"])
        config, origin, departures = resolve(sheet, name, self.params)
        run = Run(
            id, paper, name, recipe_path(paper, about["recipe"]), used, about["dataset"], about.get("tokens"), seed,
            about.get("stage", "train"), config, origin, tuple(departures), *linked, evaluations,
        )  # fmt: skip
        self.run[id] = run
        self._add_artefacts(run)
        return id

    # -- artefacts -------------------------------------------------------------

    def _add(
        self,
        rule: str,
        spec: dict,
        record: str,
        payload: list[str],
        made_from: list[str],
        reads: list[str],
        modules: list[str],
    ) -> None:
        key = digest({"rule": rule, "spec": spec, "from": [self.artefacts[r].key for r in made_from]})
        self.artefacts[record] = Artefact(
            rule, spec, record, tuple(payload), tuple(made_from), tuple(reads), code_digest(modules), key
        )

    def _add_data(self, dataset: str, options: dict) -> str:
        record, folder = self.data(dataset), f"results/data/{dataset}"
        if record not in self.artefacts:
            raw = f"{folder}/raw.json"
            module = f"data.{dataset}"
            self._add("download", {"dataset": dataset}, raw, [], [], [], [module])
            self._add(
                "prepare",
                {"dataset": dataset, "options": options},
                record,
                [f"{folder}/images.u8"],
                [raw],
                [],
                [module],
            )
        return record

    def _add_tokens(self, paper: str, name: str, dataset: str) -> str:
        about = self.sheets[paper].get("tokens", {})
        if name not in about:
            raise RedrawError(f"papers/{paper}.yaml, tokens: no entry {name!r}: {nearest(name, list(about))}")
        folder = f"results/data/{dataset}/tokens/{paper}.{name}"
        record = f"{folder}/record.json"
        if record not in self.artefacts:
            spec = {"dataset": dataset, "tokens": {k: v for k, v in about[name].items() if k != "dataset"}}
            self._add("tokenize", spec, record, [f"{folder}/tokens.npz"], [self.data(dataset)], [], ["data.tokens"])
        return record

    def _add_artefacts(self, run: Run) -> None:
        d = self.run_dir(run.id)
        data = self._add_data(run.dataset, self.sheets[run.paper].get("prepare", {}).get(run.stands_for, {}))
        inputs, reads = [data], [data.replace("manifest.json", "images.u8")]
        tokens = None
        if run.tokens:
            tokens = self._add_tokens(run.paper, run.tokens, run.dataset)
            inputs.append(tokens)
            reads.append(tokens.replace("record.json", "tokens.npz"))
        needs = {role: self.manifest(other) for role, other in run.needs.items()}
        instruments = {role: self.manifest(other) for role, other in run.instruments.items()}
        common = {
            "run": run.id,
            "scale": self.scale,
            "recipe": run.recipe,
            "config": run.config,
            "data": data,
            "tokens": tokens,
        }
        engine = {k: v for k, v in self.params["engine"].items() if k in ("device", "precision", "compile", "threads")}
        train = {**common, "seed": run.seed, "needs": needs, "engine": engine}
        reads += [n.replace("manifest.json", "model.pt") for n in needs.values()]
        outputs = [f"{d}/model.pt", f"{d}/curves.json"]
        self._add(
            run.stage, train, self.manifest(run.id), outputs, [*inputs, *needs.values()], reads, [run.module, "engine"]
        )
        if not run.evaluations:
            return
        made_from = [self.manifest(run.id), *inputs, *instruments.values()]
        eyes = [i.replace("manifest.json", "model.pt") for i in instruments.values()]
        seen_by = [self.run[i].module for i in run.instruments.values()]
        sampling = {n: {k: v for k, v in e.items() if k in DRAWN} for n, e in run.evaluations.items()}
        spec = {
            **common,
            "seed": run.seed,
            "needs": needs,
            "instruments": instruments,
            "evaluations": sampling,
            "engine": engine,
        }
        self._add(
            "sample", spec, f"{d}/samples.json", [f"{d}/samples.npz", f"{d}/items.npz"], made_from,
            [f"{d}/model.pt", *reads, *eyes], [run.module, "scoring", *seen_by],
        )  # fmt: skip
        spec = {"run": run.id, "scale": self.scale, "seed": run.seed, "dataset": run.dataset, "evaluations": run.evaluations,
                "instruments": instruments}  # fmt: skip
        self._add(
            "metrics", spec, self.scores(run.id), [], [f"{d}/samples.json", self.manifest(run.id), *instruments.values()],
            [f"{d}/items.npz", f"{d}/curves.json"], ["scores"],
        )  # fmt: skip

    # -- tables ----------------------------------------------------------------

    def _rows_of(self, paper: str) -> list[str]:
        """Base names "paper/run" of all runs that the tables, figures and claims of a paper show, other papers' too."""
        found: dict[str, None] = {f"{paper}/{name}": None for name in self.sheets[paper].get("runs", {})}
        for reference in _references(self.sheets[paper]):
            owner, name = self._find(reference, paper, "tables")
            found[f"{owner}/{name}"] = None
        return list(found)

    def _add_table(self, paper: str) -> None:
        shown = set(self._rows_of(paper))
        runs = [r for r in self.run.values() if r.base in shown]
        made_from = [self.scores(r.id) if r.evaluations else self.manifest(r.id) for r in runs]
        lineage = {r.id: self._lineage(r) for r in runs}
        upstream = {a.record: a.code for artefacts in lineage.values() for a in artefacts}
        spec = {
            "paper": paper, "scale": self.scale, "seeds": self.seeds, "rows": self.rows,
            "runs": {r.id: {"departures": r.departures, "records": [a.record for a in lineage[r.id]]} for r in runs},
            "missing": {b: self.missing.get(b, "") for b in sorted(shown) if b in self.missing},
            "stand_ins": {} if self.scale == "paper" else self.params["datasets"],
            "sheets": digest(self.sheets), "code": upstream, "report": code_digest(["report"]),
        }  # fmt: skip
        out = self.table(paper)[: -len(".json")]
        payload = [f"{out}.{kind}" for kind in ("md", "csv", "html")]
        reads = [f"{self.run_dir(r.id)}/samples.npz" for r in runs if r.evaluations]
        self._add("table", spec, self.table(paper), payload, made_from, reads, ["report"])

    def _lineage(self, run: Run) -> list[Artefact]:
        """Every artefact behind a run's numbers, itself included."""
        found: dict[str, Artefact] = {}
        stack = [self.scores(run.id) if run.evaluations else self.manifest(run.id)]
        while stack:
            a = self.artefacts[stack.pop()]
            if a.record not in found:
                found[a.record] = a
                stack += a.made_from
        return list(found.values())

    def _add_index(self) -> None:
        folder, data = f"results/tables/{self.scale}", sorted({r.dataset for r in self.run.values()})
        spec = {
            "papers": sorted(self.sheets), "scale": self.scale, "params": self.params, "pictures": data,
            "report": code_digest(["report"]),
        }  # fmt: skip
        files = ("index.html", "index.md", "audit.md", "audit.json", "cells.csv", "claims.csv", "resolved.json")
        made_from = [*(self.table(p) for p in self.sheets), *(self.data(d) for d in data)]
        reads = [f"results/data/{d}/images.u8" for d in data]
        self._add("index", spec, self.index, [f"{folder}/{f}" for f in files], made_from, reads, ["report"])

    def asked(self, a: Artefact) -> dict:
        """The content of a job's spec file. ``hints`` can alter no result and are no part of the key."""
        hints = {"save_every_seconds": self.params["engine"]["save_every_seconds"]}
        upstream = {u: self.artefacts[u].key for u in a.made_from}
        return {"key": a.key, "rule": a.rule, "spec": a.spec, "from": upstream, "hints": hints}


DRAWN = ("metric", "instrument", "instrument_mode", "captions", "images", "n", "snapshots", "list")
"""The part of an evaluation that decides what is drawn and read; the rest is arithmetic on the arrays."""


def _references(sheet: Mapping) -> Iterator[str]:
    """Every run that a sheet's tables name, in any row, control or cell."""
    for table in sheet.get("tables", {}).values():
        for row in [*table.get("rows", []), *table.get("controls", [])]:
            if row.get("run"):
                yield row["run"]
            for cell in row.get("cells", {}).values():
                if isinstance(cell, dict) and cell.get("run"):
                    yield cell["run"]
