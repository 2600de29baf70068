"""Writes stages to MLflow, each thing once: the only module that imports it, and only inside functions. No torch."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import artifacts
from .core import RedrawError
from .mirror import Call, Mirror, Stage
from .mlflow_models import register
from .mlflow_settings import DATABASE, FOLDER, SETTINGS, default_uri, served, shown

BATCH = 1000  # metrics that MLflow takes in one call
KIND = {
    "mlflow.experimentKind": "custom_model_development"
}  # its pages open with runs and charts, not with chat traces


class Away(Exception):
    """MLflow cannot be reached or refuses everything: one line, why."""


@dataclass
class Entry:
    """What MLflow has of one of our runs."""

    run_id: str
    status: str
    upto: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    deleted: bool = False


class Book:
    """MLflow's database or server at ``uri``, with what it already has of ours. Every method may raise Away."""

    def __init__(self, uri: str) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        self.uri = uri
        self.written = 0  # runs that were created or changed
        self.refused: dict[str, str] = {}  # name of a run -> why MLflow does not take it
        self.entries: dict[str, Entry] = {}
        self._experiments: dict[str, str] = {}
        with self._reached():
            from mlflow import MlflowClient

            for name in ("mlflow", "alembic", "urllib3"):
                logging.getLogger(name).setLevel(logging.ERROR)
            if uri == default_uri() and not DATABASE.exists():
                # Whoever opens a database whose tables are still on the way fails, so that it appears with all of them.
                FOLDER.mkdir(parents=True, exist_ok=True)
                part = DATABASE.with_name(".mlflow.db.part")
                part.unlink(missing_ok=True)
                MlflowClient(f"sqlite:///{part.absolute()}").search_experiments()
                os.replace(part, DATABASE)
            self.client = MlflowClient(uri)
            self._find()

    def write(self, mirror: Mirror) -> None:
        """Bring MLflow up to date with the mirror, what is going on first."""
        for stage in sorted(mirror.stages.values(), key=lambda s: s.status != "RUNNING"):
            if stage.name not in self.refused:
                self._guarded(stage.name, lambda stage=stage: self._stage(stage, mirror))
        for id, call in mirror.calls.items():
            if id in self.entries:
                last = max((s.last for s in mirror.stages.values() if id in s.calls), default=call.begin["t"])
                self._guarded(
                    _title(call), lambda id=id, call=call, last=last: self._state(self.entries[id], call, last)
                )

    # -- inside ----------------------------------------------------------------

    @contextlib.contextmanager
    def _reached(self):
        try:
            from mlflow.exceptions import MlflowException
            from sqlalchemy.exc import SQLAlchemyError
        except ImportError as e:
            raise RedrawError(
                f"MLflow is not installed here ({e}): install requirements.lock (`make tables` does)"
            ) from None
        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as e:
            text = str(e)
            cause = re.search(
                r"(?<=\] )[A-Z][a-z ]+(?=['\")])|timed out|Remote end closed|Connection (aborted|reset)", text
            )
            why = cause[0] if cause else next(iter(text.splitlines()), type(e).__name__)[:200]
            raise Away(f"MLflow at {shown(self.uri)} cannot be used ({shown(why)})") from None

    def _guarded(self, name: str, do: Callable[[], None]) -> None:
        """What MLflow refuses of one run keeps no other one from being written."""
        with self._reached():
            from mlflow.exceptions import MlflowException

            try:
                do()
            except MlflowException as e:
                if e.error_code not in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"):
                    raise
                self.refused[name] = str(e).splitlines()[0][:200]

    def _find(self) -> None:
        from mlflow.entities import ViewType

        experiments = self.client.search_experiments(ViewType.ALL, filter_string="name LIKE 'redraw-%'")
        for e in experiments:
            self._experiments[e.name] = e.experiment_id
            place = e.artifact_location
            meant = str(self._artifacts(e.name))
            if self.uri == default_uri() and place != meant:
                raise RedrawError(
                    f"{FOLDER}: made where this checkout lay before (its files are at {place}): remove the folder, and "
                    "`redraw track` makes it anew from the spool"
                )
        token = None
        while experiments:
            page = self.client.search_runs(
                [e.experiment_id for e in experiments], "tags.redraw_id != ''", ViewType.ALL, 1000, page_token=token
            )
            for run in page:
                tags = run.data.tags
                self.entries[tags["redraw_id"]] = Entry(run.info.run_id, run.info.status, int(tags.get("replayed", 0)), tags,
                                                        run.info.lifecycle_stage == "deleted")  # fmt: skip
            token = page.token
            if not token:
                return

    def _artifacts(self, experiment: str) -> Path:
        return (FOLDER / "artifacts" / experiment).absolute()

    def _experiment(self, scale: str) -> str:
        name = f"redraw-{scale}"
        if name not in self._experiments:
            place = None if served(self.uri) else str(self._artifacts(name))
            self._experiments[name] = self.client.create_experiment(name, place, KIND)
        return self._experiments[name]

    def _create(self, id: str, name: str, scale: str, t: float, tags: dict[str, str]) -> Entry:
        tags = {"redraw_id": id, **tags}
        run = self.client.create_run(self._experiment(scale), round(1000 * t), tags, name)
        self.entries[id] = Entry(run.info.run_id, "RUNNING", 0, tags)
        return self.entries[id]

    def _parent(self, stage: Stage, mirror: Mirror) -> tuple[str | None, Call | None]:
        """(run id of the last workflow call that was at it, that call); the first stage of a call brings it into MLflow."""
        id = stage.calls[-1] if stage.calls else None
        call = mirror.calls.get(id)
        if call is None:
            return None, None
        if id not in self.entries:
            told = call.begin
            tags = {"stage": "workflow", "invocation": id, "dvc_lock": told["dvc_lock"] or "none",
                    **{k: told[k] for k in ("command", "host", "executor", "commit")}, **_source("snakemake", told)}  # fmt: skip
            entry = self._create(id, _title(call), told["scale"], told["t"], tags)
            self._params(entry, {k: str(told[k]) for k in ("scale", "seeds", "rows")})
        return self.entries[id].run_id, call

    def _params(self, entry: Entry, params: dict[str, str]) -> None:
        from mlflow.entities import Param

        known = [Param(k, v) for k, v in params.items()]
        for first in range(0, len(known), 100):
            self.client.log_batch(entry.run_id, params=known[first : first + 100])

    def _stage(self, stage: Stage, mirror: Mirror) -> None:
        from mlflow.entities import Metric

        entry = self.entries.get(stage.id)
        if entry and (entry.deleted or (entry.upto >= stage.upto and entry.status == stage.status)):
            return
        parent, call = self._parent(stage, mirror)
        tags = {**stage.tags, **_source(f"redraw {stage.begin['verb']}", stage.latest)}
        if parent:
            tags["mlflow.parentRunId"] = parent
        if call and call.begin["dvc_lock"]:
            tags["dvc_lock"] = call.begin["dvc_lock"]
        if entry is None:
            scale = stage.begin["spec"].get("scale") or (call.begin["scale"] if call else "data")
            entry = self._create(stage.id, stage.name, scale, stage.begin["t"], tags)
        if entry.upto == 0:
            self._params(entry, stage.params)
        points = [Metric(p.name, p.value, p.milliseconds, p.step) for p in stage.points if p.offset > entry.upto]
        for first in range(0, len(points), BATCH):
            self.client.log_batch(entry.run_id, metrics=points[first : first + BATCH])
        if stage.finished and entry.upto < stage.upto:
            tags |= self._results(stage, entry.run_id)
        self._state(entry, stage, stage.last)
        self._tags(entry, {**tags, "replayed": str(stage.upto)})
        entry.upto = stage.upto
        stage.points.clear()
        self.written += 1

    def _tags(self, entry: Entry, tags: dict[str, str]) -> None:
        """Set what differs; last of all, since `replayed` says that everything before it has been written."""
        from mlflow.entities import RunTag

        if "error" in entry.tags and "error" not in tags:  # it went on after all
            self.client.delete_tag(entry.run_id, "error")
            del entry.tags["error"]
        changed = {k: v for k, v in tags.items() if entry.tags.get(k) != v}
        self.client.log_batch(entry.run_id, tags=[RunTag(k, v) for k, v in changed.items()])
        entry.tags |= changed

    def _state(self, entry: Entry, of: Stage | Call, last: float) -> None:
        if entry.deleted or entry.status == of.status:
            return
        if of.status == "RUNNING":
            self.client.update_run(entry.run_id, status="RUNNING")
        else:
            end = of.end["t"] if of.end else last
            self.client.set_terminated(entry.run_id, of.status, end_time=round(1000 * end))
        entry.status = of.status

    def _results(self, stage: Stage, run_id: str) -> dict[str, str]:
        """Small files, and a training's place in the model registry. Returns tags that point there."""
        with tempfile.TemporaryDirectory() as folder:
            tags = artifacts.collect(stage, Path(folder))
            if any(Path(folder).iterdir()):
                self.client.log_artifacts(run_id, folder)
        return tags | (register(self.client, stage, run_id, tags) if "weights" in stage.end else {})


def _source(name: str, told: Mapping[str, str]) -> dict[str, str]:
    return {
        "mlflow.source.name": name,
        "mlflow.source.type": "JOB",
        "mlflow.source.git.commit": told["commit"].rstrip("+"),
    }


def _title(call: Call) -> str:
    return time.strftime("%Y-%m-%d %H:%M workflow", time.localtime(call.begin["t"]))  # as long as MLflow's column
