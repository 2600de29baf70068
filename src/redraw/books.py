"""Who keeps which book: what dvc.yaml's stages call, and the verbs that mend freshness. Snakemake owns the graph."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .core import RedrawError, atomic_copy, digest, nearest, read_json, write_json
from .fresh import fresh
from .fresh import settle as settled
from .graph import Artefact
from .jobs import state_folder
from .plan import Plan

SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "rules", "--"]


def done(plan: Plan) -> None:
    """One small file per paper for DVC: digests of what stands for it, null where a job failed. Derived, never a source."""
    current = fresh(plan)
    for paper in plan.sheets:
        records = [*_records(plan, paper), plan.table(paper)]
        write_json(
            f"results/{plan.scale}/done/{paper}.json",
            {r: read_json(r)["digest"] if current[r] else None for r in records},
        )


def _records(plan: Plan, paper: str) -> list[str]:
    return [a.record for a in plan.artefacts.values() if f"/runs/{paper}/" in a.record]


def record() -> int:
    """Hand the present results to DVC, if and only if they are what params.yaml asks for."""
    plan = Plan()
    stale = [r for r, ok in fresh(plan).items() if not ok]
    if stale:
        raise RedrawError(
            f"{len(stale)} results are not what params.yaml asks for (first: {stale[0]}): "
            "run `snakemake --cores all results/tables` first"
        )
    unlisted = sorted(set(plan.sheets) - set(plan.params["papers"]))
    if unlisted:
        raise RedrawError(
            f"params.yaml, papers: DVC needs a stage for {unlisted[0]}: add the line `{unlisted[0]}: {{}}`"
        )
    done(plan)
    return subprocess.run([sys.executable, "-m", "dvc", "commit", "--force", "--quiet"]).returncode


def adopt(plan: Plan) -> int:
    """Fresh results become training state again, so that whoever deletes results later (DVC does) costs an export."""
    current, adopted = fresh(plan), 0
    for a in plan.artefacts.values():
        if a.rule not in ("train", "pretrain", "sample") or not current[a.record]:
            continue
        if not all(os.path.exists(p) for p in a.payload):
            continue
        own = read_json(a.record)
        home = state_folder(a.spec, read_json(str(Path(a.record).with_name("manifest.json")))["fingerprint"])
        if a.rule == "sample":
            home = home / f"sample-{digest({'spec': a.spec, 'from': own['from']})}"
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
    if any(_unpulled(plan, a) for a in plan.artefacts.values() if a.rule in ("train", "pretrain")):
        subprocess.run(
            [*SNAKEMAKE, "results/tables"]
        )  # a clone that was not pulled: all papers together, not one per stage
    own = [a for a in plan.artefacts.values() if f"/runs/{name}/" in a.record or a.record == plan.table(name)]
    Path(f"results/{plan.scale}/runs/{name}").mkdir(
        parents=True, exist_ok=True
    )  # a paper without runs has an empty folder
    return subprocess.run([*SNAKEMAKE, *(o for a in own for o in a.outputs)]).returncode


def _not_planned(dataset: str) -> int:
    """A data set that the present scale and rows do not use: its stage has an empty folder."""
    Path("results/data", dataset).mkdir(parents=True, exist_ok=True)
    return 0


def _unpulled(plan: Plan, a: Artefact) -> bool:
    """Recorded as done, yet not here."""
    stands = read_json(f"results/{plan.scale}/done/{a.spec['run'].split('/')[0]}.json") or {}
    return bool(stands.get(a.record)) and not all(os.path.exists(o) for o in a.outputs)


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
