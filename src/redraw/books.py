"""Who keeps which book: what dvc.yaml's stages call, and the verbs that mend freshness. Snakemake owns the graph."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .core import RedrawError, atomic_copy, nearest, read_json, write_json
from .fresh import fresh
from .fresh import settle as settled
from .graph import fingerprint, samples_folder, state_folder
from .payloads import damaged, notice, put_aside
from .plan import Plan
from .sheets import read_yaml
from .storage import AGAIN, one_line

SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "rules", "--"]


def done(plan: Plan) -> None:
    """One small file per paper for DVC: key and digest of what stands for it, null where a job failed."""
    current = fresh(plan)
    for paper in plan.sheets:
        stands = {r: {"key": plan.artefacts[r].key, "digest": read_json(r)["digest"]} if current[r] else None
                  for r in _records(plan, paper)}  # fmt: skip
        write_json(f"results/{plan.scale}/done/{paper}.json", stands)


def _records(plan: Plan, paper: str) -> list[str]:
    """A paper's data, runs and table."""
    own = [a.record for a in plan.artefacts.values() if f"/runs/{paper}/" in a.record]
    found, upstream = set(own), list(own)
    while upstream:
        more = {u for u in plan.artefacts[upstream.pop()].made_from if u.startswith("results/data/")} - found
        found |= more
        upstream += more
    return [*sorted(found), plan.table(paper)]


def record() -> None:
    """Hand the present results to DVC, if and only if they are what params.yaml asks for, all here and unharmed."""
    plan = Plan()
    as_written(plan)
    stale = [r for r, ok in fresh(plan).items() if not ok]
    if stale:
        raise RedrawError(
            f"{len(stale)} results are not what params.yaml asks for (first: {stale[0]}): "
            "run `snakemake --cores all results/tables` first"
        )
    gone = [p for a in plan.artefacts.values() for p in a.payload if not os.path.exists(p)]
    if gone:
        raise RedrawError(
            f"{len(gone)} files are not here (first: {gone[0]}): `redraw pull` fetches what was recorded, "
            "`snakemake --cores all results/tables` makes the rest"
        )
    wrong = [str(p) for p in damaged()]
    if wrong:
        raise RedrawError(
            f"{wrong[0]}: not the bytes that its record names: remove it, then run `snakemake --cores all results/tables`"
        )
    unlisted = sorted(set(plan.sheets) - set(plan.params["papers"]))
    if unlisted:
        raise RedrawError(
            f"params.yaml, papers: DVC needs a stage for {unlisted[0]}: add the line `{unlisted[0]}: {{}}`"
        )
    for folder in strangers(plan):
        print(f"{folder}: params.yaml does not ask for it: moved to {put_aside(folder)}", file=sys.stderr)
    for name in _folders(plan):  # what the stages leave for data sets and papers that nobody asks for
        Path(name).mkdir(parents=True, exist_ok=True)
    done(plan)
    said = subprocess.run([sys.executable, "-m", "dvc", "commit", "--force", "--quiet"], capture_output=True, text=True)
    if said.returncode:
        raise RedrawError(f"dvc commit: {one_line(said.stderr)}: put that right, {AGAIN}")


def _folders(plan: Plan) -> list[str]:
    """The folders that dvc.yaml has as outs: one per data set, one per paper."""
    stages = read_yaml(Path("dvc.yaml"))["stages"]
    return [f"results/data/{d}" for d in stages["data"]["foreach"]] + [
        f"results/{plan.scale}/runs/{paper}" for paper in plan.params["papers"]
    ]


def as_written(plan: Plan) -> None:
    """Raises RedrawError where the tables were made with seeds or rows of the command line that params.yaml does not say.

    DVC notes what params.yaml says, whatever made the results. An edit of params.yaml since then is no reason.
    """
    path = Path(f"results/tables/{plan.scale}/resolved.json")
    resolved = read_json(path) or {"overridden": {}}
    given = {k: v for k, v in resolved["overridden"].items() if k in ("seeds", "rows")}
    for name, value in given.items():
        if value != plan.params[name]:
            raise RedrawError(
                f"{path.parent} was made with {name} {value} on the command line, params.yaml says {plan.params[name]}: "
                f"write `{name}: {value}` into params.yaml, or run `snakemake --cores all results/tables`"
            )
    if given:  # written down meanwhile
        write_json(path, resolved | {"overridden": {}})


def strangers(plan: Plan) -> list[Path]:
    """Folders of runs that other seeds, rows or sheets left where DVC keeps a paper's whole folder."""
    asked = {Path(plan.run_dir(run)) for run in plan.run}
    return sorted(p for p in Path(f"results/{plan.scale}/runs").glob("*/*") if p.is_dir() and p not in asked)


def adopt(plan: Plan) -> int:
    """Results become training state again, so that whoever deletes them later costs an export: DVC does, and Snakemake
    where a data set is made again. State goes by what went in, so that it can serve nothing else."""
    adopted = 0
    for a in plan.artefacts.values():
        own = read_json(a.record) or {}
        if a.rule not in ("train", "pretrain", "sample") or own.get("key") != a.key:
            continue
        if not all(os.path.exists(p) for p in a.payload):
            continue
        home = state_folder(a.spec, read_json(str(Path(a.record).with_name("manifest.json")))["fingerprint"])
        if a.rule == "sample":
            home = samples_folder(home, fingerprint(a.spec, own["from"]))
        if (home / "final.json").exists():
            continue
        for payload in a.payload:
            atomic_copy(payload, home / Path(payload).name)
        facts = {k: v for k, v in own.items() if k not in ("key", "from", "digest", "about")}
        write_json(home / "final.json", {"facts": facts, "about": own["about"]})
        adopted += 1
    return adopted


def stage(name: str) -> int:
    """What a stage of dvc.yaml runs. Only `runs` trains; a paper's own stage exports."""
    plan = Plan()
    if not name.startswith("data/"):
        try:
            as_written(plan)
        except RedrawError:
            if name == "runs":
                done(plan)  # which DVC has deleted
            raise
    if name == "runs":
        adopt(plan)
        subprocess.run([*SNAKEMAKE, "results/tables"])
        done(Plan())  # a failed run fails its own paper's stage below, not every paper's
        return 0
    if name.startswith("data/"):
        dataset = name.removeprefix("data/")
        targets = [
            o for a in plan.artefacts.values() if a.record.startswith(f"results/data/{dataset}/") for o in a.outputs
        ]
        return subprocess.run([*SNAKEMAKE, *targets]).returncode if targets else _not_planned(dataset)
    if name == "index":
        return subprocess.run([*SNAKEMAKE, *plan.artefacts[plan.index].outputs]).returncode
    if name not in plan.sheets:
        raise RedrawError(f"stage {name!r}: no such paper: {nearest(name, list(plan.sheets))}")
    if said := notice(plan):  # a clone that was not pulled: all papers together, not one per stage
        print(f"redraw: {said}", file=sys.stderr, flush=True)
        subprocess.run([*SNAKEMAKE, "results/tables"])
    own = [a for a in plan.artefacts.values() if f"/runs/{name}/" in a.record or a.record == plan.table(name)]
    # A paper without runs has an empty folder.
    Path(f"results/{plan.scale}/runs/{name}").mkdir(parents=True, exist_ok=True)
    stands = read_json(f"results/{plan.scale}/done/{name}.json") or {}
    copies = bool(stands) and all(stands.values())  # what DVC deleted is exported again: no scheduler is asked for that
    call = [*SNAKEMAKE[:-1], *["--executor", "local"] * copies, "--"]
    return subprocess.run([*call, *(o for a in own for o in a.outputs)]).returncode


def _not_planned(dataset: str) -> int:
    """A data set that the present scale and rows do not use: its stage has an empty folder."""
    Path("results/data", dataset).mkdir(parents=True, exist_ok=True)
    return 0


def settle() -> None:
    state = settled(Plan())
    print(f"{sum(state.values())} of {len(state)} current")
    for record_path, ok in state.items():
        if not ok:
            print("  not current:", record_path)


def retrain(plan: Plan, run: str) -> None:
    """Forget a run's training on purpose: its state and its record go, the rest of its folder is replaced by the next call."""
    if run not in plan.run:
        raise RedrawError(f"retrain {run}: no such run at scale {plan.scale}: {nearest(run, list(plan.run))}")
    manifest = Path(plan.manifest(run))
    shutil.rmtree(Path("work", "state", plan.scale, run), ignore_errors=True)
    manifest.unlink(missing_ok=True)
    print(f"{run}: forgotten; `snakemake --cores all results/tables` trains it again")
