"""One job: the spec that it is told, the record that it seals, and what it tells the spool. No torch."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .core import RedrawError, digest, read_json, write_json
from .graph import fingerprint
from .tracking import of_artefact, usage

SHOWN = ("digest", "about", "weights", "model", "parameters", "steps", "stopped")  # of a record, in the spool


class Job:
    """A spec file, checked against the records that lie upstream."""

    def __init__(self, verb: str, spec_file: str, out: str) -> None:
        asked = read_json(spec_file)
        if asked is None:
            raise RedrawError(f"{spec_file}: no such spec: run snakemake, which writes it")
        self.verb, self.made = verb, False
        self.key, self.spec, self.hints, self.out = asked["key"], asked["spec"], asked["hints"], Path(out)
        self.folder = self.out.parent
        self.made_from: dict[str, str] = {}
        self.started = time.time()
        for upstream, key in asked["from"].items():
            record = read_json(upstream)
            if not record or record["key"] != key:
                raise RedrawError(
                    f"{upstream}: not what {spec_file} asks for (was params.yaml changed meanwhile?): run the same command again"
                )
            self.made_from[upstream] = record["digest"]
        named = {"run": self.spec["run"]} if "run" in self.spec else {}
        self.spool = of_artefact(out, verb=verb, fingerprint=self.fingerprint, **named)

    def begin(self) -> None:
        """Tell the spool that something is being made, not only handed over."""
        self.made = True
        config = self.spec.get("config", {})
        told = {k: self.spec[k] for k in ("paper", "scale", "seed", "seeds", "rows", "recipe", "dataset", "options", "tokens")
                if self.spec.get(k) is not None}  # fmt: skip
        data = {u: d for u, d in self.made_from.items() if u.startswith("results/data/")}
        self.spool.write("begin", key=self.key, spec=told, config=config, engine=self.spec.get("engine", {}),
                         data=data, commit=commit(), slurm_job=os.environ.get("SLURM_JOB_ID"))  # fmt: skip

    def end(self, status: str, error: str | None = None) -> None:
        """Tell the spool how the job ended, with what its record says that a reader wants to see."""
        record = read_json(self.out) if status == "finished" else {}
        told = {k: record[k] for k in SHOWN if k in record}
        if "metrics" in record:
            told["values"] = {name: m["value"] for name, m in record["metrics"].items()}
        if error:
            told["error"] = error
        self.spool.write("end", status=status, **told, exported=not self.made, start=round(self.started, 3),
                         seconds=round(time.time() - self.started, 3), usage=usage())  # fmt: skip
        self.spool.close()

    @property
    def fingerprint(self) -> str:
        """What goes in: the spec and what the upstream records hold."""
        return fingerprint(self.spec, self.made_from)

    def seal(self, facts: dict[str, Any], about: dict[str, Any]) -> None:
        """Write the record. ``facts`` enter its digest; ``about`` (times, machine, code) may differ between equal results."""
        body = {"key": self.key, "from": self.made_from, **facts}
        write_json(self.out, {**body, "digest": digest(body), "about": about})

    def about(self, code: str) -> dict[str, Any]:
        return {"code": code, "commit": commit(), "environment": environment(), "seconds": round(time.time() - self.started, 3),
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started))}  # fmt: skip


@functools.cache
def commit() -> str:
    """The checkout's commit, "+" behind it where tracked files differ from it; "unknown" outside git."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", here, *words], capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (
            "+" if git("status", "--porcelain", "-uno", "--", "src") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def environment() -> dict[str, Any]:
    found = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }
    for name in ("torch", "numpy"):
        module = sys.modules.get(name)
        if module is not None:
            found[name] = str(module.__version__)
    return found
