"""params.yaml + papers/*.yaml -> the runs that are asked for, and the graph of their artefacts. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .codes import code_digest
from .core import RedrawError, digest, nearest, read_json
from .graph import Artefact, Graph
from .imported import BOOK, lacking, wanted
from .names import ASIDE, edition
from .ranks import scored
from .resolve import Run, check_departures, recipe_path, resolve, sized, stand_in
from .sheets import PAPERS, read_params, read_sheets

SCALES = ("smoke", "embedded", "study", "paper")
ROWS = ("headline", "all")


class Plan(Graph):
    """Everything that params.yaml asks for, at one scale. ``params`` is a path or params.yaml's value."""

    def __init__(self, params: Path | Mapping[str, Any] = Path("params.yaml"), papers: Path = PAPERS) -> None:
        self.params = read_params(params if isinstance(params, Path) else dict(params))
        given = not isinstance(params, Path) and Path("params.yaml").exists()
        written = read_params(Path("params.yaml")) if given else self.params
        self.overridden = {k: v for k, v in self.params.items() if written.get(k) != v}
        self.sheets = read_sheets(papers)
        self.scale, self.seeds, self.rows = self.params["scale"], self.params["seeds"], self.params["rows"]
        self.whole = self._whole()
        self.run: dict[str, Run] = {}  # by run id
        self.artefacts: dict[str, Artefact] = {}  # by record, in topological order
        self.missing: dict[str, str] = {}  # "paper/run" -> why it is not run
        self.imported = read_json(BOOK) or {}  # "paper/run" -> {role: the file that was brought}
        check_departures(self.sheets, self.params["papers"])
        for paper in self.sheets:
            for name in self._chosen(paper):
                imported = self.sheets[paper]["runs"][name].get("stage") == "import"
                for seed in range(1 if imported else self.seeds):
                    self._add_run(paper, name, seed)
        added = {r.base for r in self.run.values()}
        self.missing = {base: why for base, why in self.missing.items() if base not in added}
        for paper in self.sheets:
            self._add_table(paper)
        self._add_index()

    def runs(self, paper: str) -> list[str]:
        return [r.id for r in self.run.values() if r.paper == paper]

    def _whole(self) -> frozenset[str]:
        """The papers of which all rows are asked for."""
        if self.rows in ROWS:
            return frozenset(self.sheets if self.rows == "all" else ())
        named = [name.strip() for name in self.rows.split(",")]
        for name in named:
            if name not in self.sheets:
                raise RedrawError(
                    f"params.yaml, rows: no paper {name!r}: {nearest(name, [*ROWS, *self.sheets])} (headline, all, or papers)"
                )
        return frozenset(named)

    # -- runs ------------------------------------------------------------------

    def _chosen(self, paper: str) -> Iterator[str]:
        """The runs that ``rows`` and ``scale`` ask for; the others are noted with the reason. What is only pretrained
        (encoders, instruments) comes in where a run needs it."""
        seen = set()
        for name, about in self.sheets[paper].get("runs", {}).items():
            if about.get("stage") == "pretrain":
                continue
            if about.get("stage") == "import":
                if said := self._not_imported(paper, name):
                    self.missing[f"{paper}/{name}"] = said
                else:
                    yield name
            elif said := self._needs_files(paper, name):
                self.missing[f"{paper}/{name}"] = said
            elif self.scale not in about.get("scales", SCALES):
                self.missing[f"{paper}/{name}"] = f"trained at scale {', '.join(about['scales'])} alone"
            elif paper not in self.whole and _at(about.get("rows"), self.scale) == "all":
                self.missing[f"{paper}/{name}"] = "rows: all"
            elif self.scale == "smoke" and about["recipe"] in seen:
                self.missing[f"{paper}/{name}"] = "scale smoke runs one run per recipe"
            else:
                seen.add(about["recipe"])
                yield name

    def _not_imported(self, paper: str, name: str) -> str | None:
        """Why a run of released weights is not made; None where it is, and for all other runs."""
        about = self.sheets[paper]["runs"][name]
        if about.get("stage") != "import":
            return None
        if self.scale not in about.get("scales", ["paper"]):
            return "the authors' weights are read at scale paper"
        return lacking(self.sheets, self.imported, f"{paper}/{name}")

    def _needs_files(self, paper: str, name: str) -> str | None:
        """Why a run that reads released weights is not trained; None where it reads none, or they are there."""
        needs = self.sheets[paper]["runs"][name].get("needs", {}).values()
        found = (self._not_imported(*self._find(other, paper, f"runs.{name}.needs")) for other in needs)
        return next(filter(None, found), None)

    def _evaluations(self, paper: str, name: str) -> dict[str, dict]:
        """What a run is scored by, at this scale; not by released files that nobody has brought, nor what ``rows`` leaves out."""
        sheet, found = self.sheets[paper], {}
        known = sheet.get("evaluations", {})
        for n in sheet["runs"][name].get("score", []):
            if n not in known:
                raise RedrawError(
                    f"papers/{paper}.yaml, runs.{name}.score: no evaluation {n!r}: {nearest(n, list(known))}"
                )
            eyes = [sheet.get("instruments", {}).get(role, role) for role in _roles(known[n])]
            if paper not in self.whole and _at(known[n].get("rows"), self.scale) == "all":
                self.missing[f"{paper}/{name}:{n}"] = "rows: all"
            elif not any(self._not_imported(*self._find(eye, paper, f"runs.{name}.instruments")) for eye in eyes):
                found[n] = sized(known[n], self.scale, f"papers/{paper}.yaml, evaluations.{n}")
        return found

    def _find(self, reference: str, paper: str, wanted_by: str) -> tuple[str, str]:
        """("paper", "run") for "run" or "paper/run" as written in the sheet of ``paper``."""
        owner, name = reference.split("/") if "/" in reference else (paper, reference)
        known = self.sheets.get(owner, {}).get("runs", {})
        if name not in known:
            raise RedrawError(f"papers/{paper}.yaml, {wanted_by}: no run {reference!r}: {nearest(name, list(known))}")
        return owner, name

    def _add_run(self, paper: str, name: str, seed: int, wanted_by: tuple[str, ...] = ()) -> str:
        """Add a run and, before it, the runs that it needs and is read by. Returns its id."""
        if self.sheets[paper]["runs"][name].get("stage") == "import":
            seed = 0  # there is one file
        id = f"{paper}/{name}.s{seed}"
        if id in wanted_by:
            raise RedrawError(f"papers/{paper}.yaml, runs: {' needs '.join([*wanted_by, id])}: a circle; break it")
        if id in self.run:
            return id
        sheet, about = self.sheets[paper], self.sheets[paper]["runs"][name]
        evaluations = self._evaluations(paper, name)
        roles = {role for e in evaluations.values() for role in _roles(e)}
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
            {"train": "train", "validation": "validation", **about.get("splits", {})}, _at(about.get("form"), self.scale),
            wanted(about, self.imported.get(f"{paper}/{name}", {})),
        )  # fmt: skip
        self.run[id] = run
        self._add_artefacts(run)
        return id

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
        lineage = {r.id: self.lineage(r) for r in runs}
        upstream = {a.record: a.code for artefacts in lineage.values() for a in artefacts}
        trained = {
            self.run[a.spec["run"]].stands_for for found in lineage.values() for a in found if "config" in a.spec
        }
        spec = {
            "paper": paper, "scale": self.scale, "seeds": self.seeds, "rows": ROWS[paper in self.whole],
            "runs": {r.id: {"departures": r.departures, "records": [a.record for a in lineage[r.id]]} for r in runs},
            "missing": {b: self.missing[b] for b in sorted(self.missing) if b.partition(":")[0] in shown},
            "stand_ins": self._stand_ins(trained),
            "sheets": digest(self.sheets), "code": upstream, "report": code_digest(["report"]),
        }  # fmt: skip
        if ranks := scored(self.sheets, paper, self.scale):  # what people said is in no book of the graph
            spec["ranks"] = ranks
        out = self.table(paper)[: -len(".json")]
        payload = [f"{out}.{kind}" for kind in ("md", "csv", "html", "tex")]
        payload += [f"results/tables/{self.scale}/compare/{paper}.{kind}" for kind in ("json", "csv", "png")]
        reads = [f"{self.run_dir(r.id)}/samples.npz" for r in runs if r.evaluations]
        self._add("table", spec, self.table(paper), payload, made_from, reads, ["report"])

    def _stand_ins(self, used: set[str]) -> dict[str, dict]:
        """{data set that a paper names: {"use", "because"}} at this scale, of those that are ``used``."""
        found = {asked: stand_in(self.params, asked) for asked in self.params["datasets"] if asked in used}
        return {asked: {"use": use, "because": entry["because"]} for asked, (use, entry) in found.items() if entry}

    def _add_index(self) -> None:
        folder = f"results/tables/{self.scale}"
        runs = [r for r in self.run.values() if edition(r.stands_for) not in ASIDE]
        shown = {r.dataset: self.artefacts[self.manifest(r.id)].spec["data"] for r in reversed(runs)}
        used = {r.stands_for for r in runs}
        others = [name for asked, name in self._offered() if asked not in used] if self.scale != "paper" else []
        spec = {"scale": self.scale, "stand_ins": others, "report": code_digest(["report"])}
        gallery = f"{folder}/stand_ins.json"
        self._add("gallery", spec, gallery, [], [], [], ["report"])
        spec = {
            "papers": sorted(self.sheets), "scale": self.scale, "params": self.params, "pictures": dict(sorted(shown.items())),
            "gallery": gallery, "report": code_digest(["report"]),
        }  # fmt: skip
        files = ("index.html", "index.md", "audit.md", "audit.json", "audit.schema.json", "cells.csv", "claims.csv")
        files += ("tables.tex", "resolved.json")
        made_from = [*(self.table(p) for p in self.sheets), gallery, *sorted(shown.values())]
        reads = [record.replace("manifest.json", "images.u8") for record in sorted(shown.values())]
        self._add("index", spec, self.index, [f"{folder}/{f}" for f in files], made_from, reads, ["report"])

    def _offered(self) -> Iterator[tuple[str, str]]:
        """(data set, its stand-in at scale smoke, the smallest), without what is not shown."""
        for asked in self.params["datasets"]:
            if edition(asked) not in ASIDE:
                yield asked, stand_in({**self.params, "scale": "smoke"}, asked)[0]


def _at(value: Any, scale: str) -> Any:
    """What a sheet says of a run at a scale: one value for all of them, or one each."""
    return value.get(scale) if isinstance(value, Mapping) else value


def _roles(evaluation: Mapping[str, Any]) -> list[str]:
    """The other runs that an evaluation reads: its instruments, and whose captions alone are asked for."""
    return [evaluation[k] for k in ("instrument", "captioned", "among") if evaluation.get(k, "self") != "self"]


def _references(sheet: Mapping) -> Iterator[str]:
    """Every run that a sheet's tables name: in any row, control or cell, released ones too, and to calibrate a scorer."""
    for table in sheet.get("tables", {}).values():
        for column in table["columns"].values():
            yield from _named(column.get("calibration", {}))
        for row in [*table.get("rows", []), *table.get("controls", [])]:
            yield from _named(row)
            for cell in row.get("cells", {}).values():
                if isinstance(cell, dict):
                    yield from _named(cell)


def _named(entry: Mapping) -> Iterator[str]:
    yield from (entry[key] for key in ("run", "released") if entry.get(key))
