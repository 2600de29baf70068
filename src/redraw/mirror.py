"""What MLflow is to show, folded from the spool: workflow calls and, below them, stages. Loads neither MLflow nor torch.

A stage is one artefact x fingerprint, from its first `begin` until it has finished; whoever goes on with it, in whichever
workflow call, goes on with the same stage. What is made anew after it had finished (`redraw retrain`) is another one.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .core import digest
from .tracking import SPOOL, tail

ENDS = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}
CURVES = {"losses": "train/", "validation": "", "system": "system/"}  # MLflow has a tab for what starts with system/
COMMON = {"t", "event", "record", "verb", "fingerprint", "run", "host", "pid", "invocation", "step"}


class Point(NamedTuple):
    """A point on a curve; ``offset`` is where its line ends in the spool."""

    offset: int
    name: str
    value: float
    milliseconds: int
    step: int


@dataclass
class Call:
    """A workflow call: its `invocation` event, and how it ended where it could still say so."""

    begin: dict[str, Any]
    end: dict[str, Any] | None = None
    killed: bool = False

    @property
    def status(self) -> str:
        return ENDS[self.end["status"]] if self.end else "KILLED" if self.killed else "RUNNING"


@dataclass
class Stage:
    """``begin`` is its first, ``latest`` its last `begin`; ``points`` has every (name, step) once, in order of the spool."""

    begin: dict[str, Any]
    latest: dict[str, Any]
    end: dict[str, Any] | None = None
    gpu: str | None = None
    killed: bool = False
    attempts: int = 0
    calls: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    upto: int = 0  # the offset at which its last event ends
    seen: set[tuple[str, int]] = field(default_factory=set)
    last: float = 0.0  # time of its last event

    @property
    def id(self) -> str:
        """The time keeps what was made anew apart from what had this fingerprint before."""
        return digest([self.begin["record"], self.begin["fingerprint"], self.begin["t"]])

    @property
    def finished(self) -> bool:
        return self.end is not None and self.end["status"] == "finished"

    @property
    def status(self) -> str:
        return ENDS[self.end["status"]] if self.end else "KILLED" if self.killed else "RUNNING"

    @property
    def name(self) -> str:
        """As in "train ved/kind4.s0", "prepare digits", "tokenize digits ved.kind4", "table ved", "index smoke"."""
        record = Path(self.begin["record"])
        if "run" in self.begin:
            return f"{self.begin['verb']} {self.begin['run']}"
        if self.begin["verb"] == "table":
            return f"table {record.stem}"
        inside = [p for p in record.parent.parts if p not in ("results", "data", "tokens", "tables")]
        return " ".join([self.begin["verb"], *inside])

    @property
    def params(self) -> dict[str, str]:
        begin = self.begin
        found = {**begin["config"], **begin["spec"], "engine": begin["engine"]}
        if "dataset" not in found and begin["data"]:
            manifest = next(Path(r) for r in begin["data"] if r.endswith("manifest.json"))
            found["dataset"] = manifest.parent.relative_to("results/data").as_posix()
        return dict(_flat(found))

    @property
    def tags(self) -> dict[str, str]:
        """What identifies it and what came out; of a stage that was resumed, the machine that had it last."""
        begin, latest, end = self.begin, self.latest, self.end or {}
        about = end.get("about", {})
        folder = Path(begin["record"]).parent
        found = {
            "stage": begin["verb"], "run": begin.get("run"), "record": begin["record"], "fingerprint": begin["fingerprint"],
            "key": begin["key"], "commit": latest["commit"], "host": latest["host"], "gpu": self.gpu,
            "slurm_job": latest.get("slurm_job"), "invocations": ", ".join(self.calls), "error": end.get("error"),
            "digest": end.get("digest"), "code": about.get("code"), "device": about.get("device"),
            "weights": end.get("weights"), "model_sha256": end.get("model"),
            "model_path": str(folder / "model.pt") if "model" in end else None,
            "parameters": end.get("parameters"), "stopped": end.get("stopped"),
            **{f"data.{_of_data(r)}": d for r, d in begin["data"].items()},
        }  # fmt: skip
        return {k: str(v) for k, v in found.items() if v is not None}

    def take(self, offset: int, event: Mapping[str, Any]) -> None:
        """Fold one event of this fingerprint in."""
        kind = event["event"]
        self.upto, self.killed, self.last = offset, False, event["t"]
        if kind == "begin":
            self.latest, self.end = dict(event), None
            self.attempts += 1
            if event["invocation"] and event["invocation"] not in self.calls:
                self.calls.append(event["invocation"])
        elif kind == "computes":
            self.gpu = event["gpu"]
        elif kind in CURVES:
            self._points(
                offset, event, event["step"], {CURVES[kind] + k: v for k, v in event.items() if k not in COMMON}
            )
        elif kind == "end":
            self.end = dict(event)
            used = {"seconds": event["seconds"], **event.get("usage", {})}
            self._points(offset, event, self.attempts - 1, {f"system/job_{k}": v for k, v in used.items()})
            # MLflow allows no "@" in a name.
            scores = {f"scores/{k.replace('@', '.')}": v for k, v in event.get("values", {}).items()}
            self._points(offset, event, 0, scores)

    def _points(self, offset: int, event: Mapping[str, Any], step: int, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if isinstance(value, (int, float)) and (name, step) not in self.seen:
                self.seen.add((name, step))
                self.points.append(Point(offset, name, float(value), round(1000 * event["t"]), step))


class Mirror:
    """Reads the spool as it grows. ``calls`` by invocation, ``stages`` by id."""

    def __init__(self, spool: Path = SPOOL) -> None:
        self.spool = spool
        self.calls: dict[str, Call] = {}
        self.stages: dict[str, Stage] = {}
        self._at: dict[Path, int] = {}
        self._open: dict[tuple[str, str], Stage] = {}  # (record, fingerprint) -> the stage that events belong to

    def poll(self) -> None:
        """Take in what was written since, and find out who is gone without a word."""
        self._read()
        running = [x for x in (*self.calls.values(), *self.stages.values()) if x.status == "RUNNING"]
        gone = [x for x in running if (self._call_gone(x) if isinstance(x, Call) else self._stage_gone(x))]
        if gone:
            self._read()  # its last words may have come between the two looks
        for x in gone:
            x.killed = x.end is None

    def _read(self) -> None:
        for path in sorted((self.spool / "invocations").glob("*.jsonl")):
            for event in self._new(path):
                if event[1]["event"] == "invocation":
                    self.calls[event[1]["invocation"]] = Call(event[1])
                elif event[1]["event"] == "ended" and event[1]["invocation"] in self.calls:
                    self.calls[event[1]["invocation"]].end = event[1]
        for path in sorted((self.spool / "results").rglob("*.jsonl")):
            for offset, event in self._new(path):
                self._fold(offset, event)

    def _new(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        for offset, event in tail(path, self._at.get(path, 0)):
            self._at[path] = offset
            yield offset, event

    def _fold(self, offset: int, event: dict[str, Any]) -> None:
        place = event["record"], event["fingerprint"]
        stage = self._open.get(place)
        if event["event"] == "begin" and (stage is None or stage.finished):
            stage = self._open[place] = Stage(event, event)
            self.stages[stage.id] = stage
        if stage is None or stage.finished:  # handed over, not made
            return
        if event["event"] == "end" and event["exported"] and event["status"] != "finished":
            return  # it ended before it was at it again
        stage.take(offset, event)

    # -- who is gone -----------------------------------------------------------

    def _call_gone(self, call: Call) -> bool:
        """One workflow runs in a checkout at a time: a later call says that this one is over."""
        later = any(other.begin["t"] > call.begin["t"] for other in self.calls.values())
        return later or _process_gone(call.begin)

    def _stage_gone(self, stage: Stage) -> bool:
        if stage.latest["host"] == socket.gethostname():
            return _process_gone(stage.latest)
        call = self.calls.get(stage.latest["invocation"])
        return call is not None and (call.status != "RUNNING" or self._call_gone(call))


def _process_gone(event: Mapping[str, Any]) -> bool:
    """Whether the process that wrote ``event`` has ended; False where it is another machine's. A process that was started
    later has only its number."""
    if event["host"] != socket.gethostname():
        return False
    try:
        fields = Path(f"/proc/{event['pid']}/stat").read_text().rpartition(")")[2].split()
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    except OSError:
        return True
    return fields[0] in "ZX" or int(booted.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK") > event["t"] + 2


def _of_data(record: str) -> str:
    """results/data/digits/tokens/ved.kind4/record.json -> digits/ved.kind4."""
    return "/".join(p for p in Path(record).parent.parts if p not in ("results", "data", "tokens"))


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, v in value.items():
        if isinstance(v, Mapping):
            yield from _flat(v, f"{above}{name}.")
        else:
            yield above + name, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)
