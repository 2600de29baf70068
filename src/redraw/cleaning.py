"""`redraw clean`: training state and cached samples that no current fingerprint needs. Never results, never raw data.

Needed is what a run of params.yaml would look for at any scale, with all rows or those of the headline, by which runs may be
scored otherwise, and as many seeds as there is state of. Where what a run is made from is itself not current, its
fingerprint cannot be known yet, and all of its state is kept.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .core import CHECKOUT_LOCK, RedrawError, locked, read_json
from .fresh import fresh
from .graph import Artefact, fingerprint, samples_folder, state_folder
from .plan import SCALES, Plan
from .sheets import read_params

STATE = Path("work/state")


@dataclass(frozen=True)
class Leftover:
    """A folder that may go: why, and its size in bytes."""

    folder: Path
    because: str

    @property
    def size(self) -> int:
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file())


def leftovers() -> list[Leftover]:
    """State folders, and sample folders within those that stay, that nothing of params.yaml would look for."""
    return [found for scale in SCALES if (STATE / scale).is_dir() for found in _of_scale(scale)]


def clean() -> Iterator[Leftover]:
    """Remove them one by one, each after it is told. Raises RedrawError where a workflow is running; what a job of a
    killed workflow still holds stays."""
    with locked(CHECKOUT_LOCK, "this checkout", wait=False):
        for found in leftovers():
            try:
                with locked(found.folder / "lock", str(found.folder), wait=False):
                    yield found
                    shutil.rmtree(found.folder)
            except RedrawError:
                continue
            for above in found.folder.parents:  # empty folders of runs and papers
                if above == STATE or any(above.iterdir()):
                    break
                above.rmdir()


def _of_scale(scale: str) -> Iterator[Leftover]:
    homes = sorted(p for p in (STATE / scale).glob("*/*/*") if p.is_dir())
    seeds = [int(m[1]) + 1 for h in homes if (m := re.search(r"\.s(\d+)$", h.parent.name))]
    params = read_params(Path("params.yaml"))
    more = {"scale": scale, "seeds": max([params["seeds"], *seeds])}
    plans = [Plan(params | more | {"rows": rows}) for rows in ("all", "headline")]
    asked = [(plan, fresh(plan)) for plan in plans]
    plan, current = asked[0]
    for home in homes:
        run = "/".join(home.parts[-3:-1])
        if run not in plan.run:
            yield Leftover(home, "no such run")
            continue
        training = plan.artefacts[plan.manifest(run)]
        needed = _fingerprint(training, current)
        if needed is not None and home != state_folder(training.spec, needed):
            yield Leftover(home, "params.yaml asks for another training")
            continue
        record = training.record.replace("manifest.json", "samples.json")
        drawn = {_fingerprint(p.artefacts[record], now) for p, now in asked if record in p.artefacts}
        for folder in sorted(home.glob("sample-*")):
            if None not in drawn and folder not in {samples_folder(home, d) for d in drawn}:
                yield Leftover(folder, "samples of another protocol")


def _fingerprint(a: Artefact, current: dict[str, bool]) -> str | None:
    """What a job would go by; None where something that it is made from is not current."""
    if not all(current[u] for u in a.made_from):
        return None
    return fingerprint(a.spec, {u: read_json(u)["digest"] for u in a.made_from})
