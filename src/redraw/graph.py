"""Artefacts: one job each, with its key, what it reads and what it writes. Plan fills the graph from params and sheets.

Two digests, never mixed up:
  key          what is ASKED FOR; known at parse time, before any data exist (spec + keys of what it is made from)
  fingerprint  what WENT IN; known at run time (spec + digests of the upstream records); names the training state
Every record (raw.json, manifest.json, samples.json, scores.json, table) holds {key, from: {upstream record: digest}, digest}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .codes import code_digest
from .core import RedrawError, digest, nearest
from .names import data_folder, modules
from .resolve import Run

DRAWN = (
    "metric", "instrument", "instrument_mode", "captions", "images", "n", "snapshots", "list", "reference", "side",
    "attention", "among", "drawing", "captioned",
)  # fmt: skip
"""The part of an evaluation that decides what is drawn and read; the rest is arithmetic on the arrays."""
DRAWN_OPTIONS = ("samples", "gallery", "beam", "shots", "annealing")
"""The same of a metric's options."""


def fingerprint(spec: Mapping[str, Any], made_from: Mapping[str, str]) -> str:
    """What goes into a job: its spec and the digests of the upstream records."""
    return digest({"spec": spec, "from": made_from})


def state_folder(spec: Mapping[str, Any], training: str) -> Path:
    """Where a run's training with the fingerprint ``training`` has its state, and lies as an export when it is finished."""
    return Path("work", "state", spec["scale"], spec["run"], training)


def samples_folder(home: Path, drawing: str) -> Path:
    """Where the samples with the fingerprint ``drawing`` lie as an export, below their training's ``state_folder``."""
    return home / f"sample-{drawing}"


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


class Graph:
    """The artefacts of one scale in topological order, and where they lie."""

    params: Mapping[str, Any]
    overridden: Mapping[str, Any]  # what the command line said otherwise than params.yaml
    sheets: dict[str, dict]
    scale: str
    run: dict[str, Run]  # by run id
    artefacts: dict[str, Artefact]  # by record

    # -- paths -----------------------------------------------------------------

    def data(self, dataset: str, form: str | None = None) -> str:
        return f"{data_folder(dataset, form)}/manifest.json"

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

    def lineage(self, run: Run) -> list[Artefact]:
        """Every artefact behind a run's numbers, itself included."""
        found: dict[str, Artefact] = {}
        stack = [self.scores(run.id) if run.evaluations else self.manifest(run.id)]
        while stack:
            a = self.artefacts[stack.pop()]
            if a.record not in found:
                found[a.record] = a
                stack += a.made_from
        return list(found.values())

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

    def _add_data(self, dataset: str, options: Mapping[str, Any], form: str | None = None) -> str:
        record, raw = self.data(dataset, form), f"{data_folder(dataset)}/raw.json"
        if raw not in self.artefacts:
            self._add("download", {"dataset": dataset}, raw, [], [], [], modules(dataset))
        spec = {"dataset": dataset, "options": dict(options)}
        if record not in self.artefacts:
            images = record.replace("manifest.json", "images.u8")
            self._add("prepare", spec, record, [images], [raw], [], modules(dataset))
        elif self.artefacts[record].spec != spec:
            what = f"form {form!r}" if form else "without a form of its own"
            raise RedrawError(
                f"{dataset}, {what}: two sheets prepare it with different options ({self.artefacts[record].spec['options']} "
                f"and {dict(options)}): make them agree, or give one of them a name of its own under `forms`"
            )
        return record

    def _add_tokens(self, paper: str, name: str, data: str) -> str:
        about = self.sheets[paper].get("tokens", {})
        if name not in about:
            raise RedrawError(f"papers/{paper}.yaml, tokens: no entry {name!r}: {nearest(name, list(about))}")
        dataset = self.artefacts[data].spec["dataset"]
        folder = f"{data.removesuffix('/manifest.json')}/tokens/{paper}.{name}"
        record = f"{folder}/record.json"
        if record not in self.artefacts:
            spec = {"dataset": dataset, "tokens": {k: v for k, v in about[name].items() if k != "dataset"}}
            self._add("tokenize", spec, record, [f"{folder}/tokens.npz"], [data], [], ["data.tokens"])
        return record

    def _prepared(self, run: Run) -> str:
        """The record of the data that a run is trained on, in the form that its sheet asks for."""
        sheet = self.sheets[run.paper]
        if run.form is None:
            return self._add_data(run.dataset, sheet.get("prepare", {}).get(run.stands_for, {}))
        forms, where = sheet.get("forms", {}), f"papers/{run.paper}.yaml"
        if run.form not in forms:
            raise RedrawError(f"{where}, runs.{run.name}.form: no form {run.form!r}: {nearest(run.form, list(forms))}")
        options = dict(forms[run.form])
        of = options.pop("dataset")
        if of != run.stands_for:
            raise RedrawError(
                f"{where}, runs.{run.name}: form {run.form} is of {of}, the run of {run.stands_for}: choose a form of "
                f"{run.stands_for}"
            )
        return self._add_data(run.dataset, options, run.form)

    def _add_artefacts(self, run: Run) -> None:
        d = self.run_dir(run.id)
        data = self._prepared(run)
        inputs, reads = [data], [data.replace("manifest.json", "images.u8")]
        tokens = None
        if run.tokens:
            tokens = self._add_tokens(run.paper, run.tokens, data)
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
            "splits": run.splits,
        }
        engine = {k: v for k, v in self.params["engine"].items() if k in ("device", "precision", "compile", "threads")}
        if self.params["engine"].get("channels_last"):
            engine["channels_last"] = True
        train = {**common, "seed": run.seed, "needs": needs, "engine": engine}
        reads += [n.replace("manifest.json", "model.pt") for n in needs.values()]
        rule, by = run.stage, ["engine", "device", run.module]
        if run.released:  # nothing is trained, nothing is drawn at random
            rule, by = "convert", ["released", "models", run.module]
            train = {**common, "needs": needs, "released": run.released}
        outputs = [f"{d}/model.pt", f"{d}/curves.json"]
        self._add(rule, train, self.manifest(run.id), outputs, [*inputs, *needs.values()], reads, by)
        if not run.evaluations:
            return
        # Captions are read in the words that an instrument learned.
        learned = {role: self.artefacts[m].spec["tokens"] for role, m in instruments.items()}
        vocabularies = {role: record for role, record in learned.items() if record}
        words = {"vocabularies": vocabularies} if vocabularies else {}
        others = [record for record in dict.fromkeys(vocabularies.values()) if record not in inputs]
        reads += [record.replace("record.json", "tokens.npz") for record in others]
        made_from = [self.manifest(run.id), *inputs, *others, *instruments.values()]
        behind = [run_id for i in run.instruments.values() for run_id in (i, *self.run[i].needs.values())]
        eyes = [self.manifest(run_id).replace("manifest.json", "model.pt") for run_id in behind]
        sampling = {n: _drawn(e) for n, e in run.evaluations.items()}
        spec = {
            **common,
            "seed": run.seed,
            "needs": needs,
            "instruments": instruments,
            "evaluations": sampling,
            "engine": engine,
            **words,
        }
        self._add(
            "sample", spec, f"{d}/samples.json", [f"{d}/samples.npz", f"{d}/items.npz"], made_from,
            [f"{d}/model.pt", *reads, *eyes], ["scoring", "device", run.module, *(self.run[i].module for i in behind)],
        )  # fmt: skip
        spec = {"run": run.id, "scale": self.scale, "seed": run.seed, "dataset": run.dataset, "evaluations": run.evaluations,
                "instruments": instruments, **words}  # fmt: skip
        upstream = [
            f"{d}/samples.json",
            self.manifest(run.id),
            *dict.fromkeys(vocabularies.values()),
            *instruments.values(),
        ]
        self._add(
            "metrics", spec, self.scores(run.id), [], upstream, [f"{d}/items.npz", f"{d}/curves.json"], ["scores"],
        )  # fmt: skip

    def asked(self, a: Artefact) -> dict:
        """The content of a job's spec file. ``hints`` can alter no result and are no part of the key."""
        hints = {"save_every_seconds": self.params["engine"]["save_every_seconds"]}
        if a.rule == "index":
            hints["overridden"] = self.overridden
        upstream = {u: self.artefacts[u].key for u in a.made_from}
        return {"key": a.key, "rule": a.rule, "spec": a.spec, "from": upstream, "hints": hints}


def _drawn(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    options = {k: v for k, v in evaluation.get("options", {}).items() if k in DRAWN_OPTIONS}
    return {k: v for k, v in evaluation.items() if k in DRAWN} | ({"options": options} if options else {})
