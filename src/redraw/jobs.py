"""What a rule runs: one function per verb. A job reads its spec file, and its record is the last thing it writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from . import slots
from .core import (
    Interrupted,
    RedrawError,
    atomic_copy,
    digest,
    disk_trouble,
    file_digest,
    locked,
    read_json,
    write_json,
)
from .graph import samples_folder, state_folder
from .names import modules
from .records import Job

# --- data --------------------------------------------------------------------------------------------------------


def download(job: Job) -> None:
    from .codes import code_digest
    from .data import fetch, raw_folder
    from .data.gate import Store

    job.begin()
    name = job.spec["dataset"]
    facts = fetch(name, Path("work/raw", raw_folder(name)), Store())
    job.seal(facts, job.about(code_digest(modules(name))))


def prepare(job: Job) -> None:
    from .codes import code_digest
    from .data import fetch, prepare, raw_folder
    from .data.gate import Store

    job.begin()
    name = job.spec["dataset"]
    raw = Path("work/raw", raw_folder(name))
    said = read_json(next(iter(job.made_from)))["files"]
    # A clone has the record but not the raw files: they are made or fetched again.
    if fetch(name, raw, Store())["files"] != said:
        raise RedrawError(
            f"{raw}: not the files that {next(iter(job.made_from))} names: remove the folder, then run the same command"
        )
    facts = prepare(name, raw, job.folder, job.spec["options"])
    job.seal(facts, job.about(code_digest(modules(name))))


def tokenize(job: Job) -> None:
    from .codes import code_digest
    from .data.tokens import tokenize

    job.begin()
    facts = tokenize(job.spec["tokens"], Path(next(iter(job.made_from))).parent, job.folder)
    job.seal(facts, job.about(code_digest(["data.tokens"])))


# --- runs --------------------------------------------------------------------------------------------------------


def train(job: Job) -> None:
    """Train, or export what was trained already: whoever deletes results costs an export, never a training."""
    home = state_folder(job.spec, job.fingerprint)
    with locked(home / "lock", job.spec["run"]):
        final = read_json(home / "final.json")
        if final is None or file_digest(home / "model.pt") != final["facts"]["model"]:
            with _gpu(job):
                final = _train(job, home)
        for name in ("model.pt", "curves.json"):
            atomic_copy(home / name, job.folder / name)
        job.seal(final["facts"], final["about"])


@contextlib.contextmanager
def _gpu(job: Job) -> Iterator[None]:
    """A GPU of its own for a job that wants one, while it computes."""
    with slots.held(job.spec["run"]) if job.spec["engine"]["device"] != "cpu" else contextlib.nullcontext() as gpu:
        job.begin()
        job.spool.write("computes", gpu=gpu or os.environ.get("CUDA_VISIBLE_DEVICES") or None)  # or the scheduler's
        yield


def _train(job: Job, home: Path) -> dict:
    from . import device, engine, models
    from .codes import code_digest
    from .state import State

    spec = job.spec
    chosen = device.pick(spec["engine"]["device"])
    device.settings(spec["engine"]["threads"], spec["engine"]["precision"])
    engine.seed_everything(spec["seed"], 0)
    opened = models.open_data(spec["data"], spec["tokens"]).to(chosen)
    described = models.described(spec, opened)
    recipe = models.build(described)
    parts = [opened.split(spec["splits"][s]) for s in ("train", "validation")]
    result = engine.train(
        recipe, *parts, seed=spec["seed"], state=State(home), spool=job.spool,
        device=chosen, precision=spec["engine"]["precision"], compile=spec["engine"]["compile"],
        channels_last=spec["engine"].get("channels_last", False), save_every=job.hints["save_every_seconds"],
        run=spec["run"],
    )  # fmt: skip
    models.save(home / "model.pt", {"described": described, **{k: result[k] for k in ("weights", "snapshots")}})
    write_json(home / "curves.json", result["curves"])
    facts = {
        "run": spec["run"], "recipe": spec["recipe"], "fingerprint": job.fingerprint, "model": file_digest(home / "model.pt"),
        "weights": models.weights_digest(result["weights"]), "curves": digest(result["curves"]), "config": spec["config"],
        "parameters": sum(p.numel() for p in recipe.parameters()), "steps": result["steps"], "stopped": result["stopped"],
        "images_seen": result["images"], "data": read_json(spec["data"])["digest"],
        **({"kept": result["kept"]} if "kept" in result else {}),
    }  # fmt: skip
    about = job.about(code_digest(["engine", "device", spec["recipe"].split(":")[0]])) | spec["engine"] | {
        "seconds": round(result["seconds"], 3), "device": device.name(chosen),
    }  # fmt: skip
    final = {"facts": facts, "about": about}
    write_json(home / "final.json", final)
    State(home).clear()
    return final


def convert(job: Job) -> None:
    """Released weights as a run's model: what is sampled and scored afterwards cannot tell it from a training's."""
    from . import models
    from .codes import code_digest
    from .imports import path_of
    from .released import assembled

    job.begin()
    spec = job.spec
    opened = models.open_data(spec["data"], spec["tokens"])
    described = models.described(spec, opened)
    recipe = models.build(described)
    files = {role: (path_of(about), about) for role, about in spec["released"].items()}
    state, notes = assembled(files, recipe, opened)
    recipe.load_state_dict(state)
    weights = {key: tensor.clone() for key, tensor in recipe.state_dict().items()}
    models.save(job.folder / "model.pt", {"described": described, "weights": weights, "snapshots": {}})
    write_json(job.folder / "curves.json", {})
    facts = {
        "run": spec["run"], "recipe": spec["recipe"], "fingerprint": job.fingerprint,
        "model": file_digest(job.folder / "model.pt"), "weights": models.weights_digest(weights), "curves": digest({}),
        "config": spec["config"], "parameters": sum(p.numel() for p in recipe.parameters()), "stopped": "imported",
        "steps": 0, "images_seen": 0, "data": read_json(spec["data"])["digest"], **({"notes": notes} if notes else {}),
    }  # fmt: skip
    job.seal(facts, job.about(code_digest(["released", "models", spec["recipe"].split(":")[0]])))


def sample(job: Job) -> None:
    """Samples, and what the instruments read on them; both in one process, since loading torch costs seconds."""
    manifest = read_json(job.folder / "manifest.json")
    home = samples_folder(state_folder(job.spec, manifest["fingerprint"]), job.fingerprint)
    with locked(home / "lock", job.spec["run"]):
        final = read_json(home / "final.json")
        if final is None or any(file_digest(home / n) != final["facts"][n] for n in ("samples.npz", "items.npz")):
            with _gpu(job):
                final = _sample(job, home)
        for name in ("samples.npz", "items.npz"):
            atomic_copy(home / name, job.folder / name)
        job.seal(final["facts"], final["about"])


def _sample(job: Job, home: Path) -> dict:
    from . import device, models, scoring
    from .codes import code_digest

    spec = job.spec
    chosen = device.pick(spec["engine"]["device"])
    device.settings(spec["engine"]["threads"], spec["engine"]["precision"])
    opened = models.open_data(spec["data"], spec["tokens"]).to(chosen)
    model = models.load(job.folder / "manifest.json", chosen)
    words = spec.get("vocabularies", {})
    instruments = {r: models.load_instrument(Path(m), chosen, words.get(r)) for r, m in spec["instruments"].items()}
    instruments["self"] = models.Instrument(model[0], spec["run"], "", "")  # an instrument's own accuracy
    scoring.draw(model, instruments, opened, spec["evaluations"], spec["seed"], home)
    modules = ["scoring", "device", spec["recipe"].split(":")[0], *(i.module for i in instruments.values() if i.module)]
    facts = {n: file_digest(home / n) for n in ("samples.npz", "items.npz")}
    about = job.about(code_digest(modules)) | {"device": device.name(chosen)}
    final = {"facts": facts, "about": about}
    write_json(home / "final.json", final)
    return final


def metrics(job: Job) -> None:
    from .codes import code_digest
    from .scores import score

    job.begin()
    facts = score(job.folder, job.spec)
    job.seal(facts, job.about(code_digest(["scores"])))


# --- tables ------------------------------------------------------------------------------------------------------


def table(job: Job) -> None:
    from .report.tables import paper_table

    job.begin()
    job.seal(*paper_table(job.spec, list(job.made_from), job.folder))


def gallery(job: Job) -> None:
    from .report.tables import gallery

    job.begin()
    job.seal(*gallery(job.spec))


def index(job: Job) -> None:
    from .report.tables import index_tables

    job.begin()
    job.seal(*index_tables(job.spec, list(job.made_from), job.folder, job.hints["overridden"]))


VERBS = {"download": download, "prepare": prepare, "tokenize": tokenize, "pretrain": train, "train": train, "convert": convert,
         "sample": sample, "metrics": metrics, "table": table, "gallery": gallery, "index": index}  # fmt: skip


def run(verb: str, spec: str, out: str) -> None:
    """Do one job and tell the spool how it ended. Raises RedrawError for what the user can put right, a full or read-only
    disk included."""
    try:
        job = Job(verb, spec, out)
        try:
            VERBS[verb](job)
        except Interrupted:
            job.end("interrupted")
            raise
        except Exception as e:
            job.end("failed", str(e).splitlines()[0] if str(e) else type(e).__name__)
            raise
        job.end("finished")
    except OSError as e:
        raise RedrawError(disk_trouble(Path(e.filename or out).parent, e)) from None
