"""Which artefacts are what params.yaml asks for, by content; and file times that make Snakemake see the same.

Git and DVC give files arbitrary times, Snakemake believes times, and `--touch` can bless anything. Records cannot be
fooled: an artefact is fresh where its record has the key asked for, its upstream is fresh, and the digests that went in
are those that lie there now.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from .core import atomic_write, canonical_json, read_json
from .plan import Plan


def fresh(plan: Plan) -> dict[str, bool]:
    """By content, never by time: the key asked for, and made from exactly what lies upstream now.

    Only records are read. A payload that is missing (not pulled) is Snakemake's to notice where somebody needs it.
    """
    known: dict[str, bool] = {}
    records = {r: read_json(r) for r in plan.artefacts}
    for a in plan.artefacts.values():
        rec = records[a.record]
        known[a.record] = (
            isinstance(rec, dict)
            and rec.get("key") == a.key
            and all(known[u] and rec.get("from", {}).get(u) == records[u]["digest"] for u in a.made_from)
        )
    return known


def settle(plan: Plan) -> dict[str, bool]:
    """Write the spec files and bring file times in line with freshness, in topological order.

    A fresh artefact is made not older than its inputs, a stale one older than its spec file. Only times of results
    change, so a dry run may call it, too.
    """
    state = fresh(plan)
    for a in plan.artefacts.values():
        asked = plan.asked(a)
        spec, old = Path(a.spec_file), read_json(a.spec_file) or {}
        same = {k: v for k, v in old.items() if k != "stale_since"} == asked
        there = [p for p in a.outputs if os.path.exists(p)]
        oldest = min((os.stat(p).st_mtime_ns for p in there), default=0)
        if state[a.record] or not there:
            if not same:
                atomic_write(spec, canonical_json(asked) + "\n")
        elif not same or spec.stat().st_mtime_ns <= oldest:
            # The time inside makes the text new: Snakemake excuses a newer small file whose checksum it has seen.
            now = max(time.time_ns(), oldest + 1_000_000)
            atomic_write(spec, canonical_json(asked | {"stale_since": now}) + "\n")
            os.utime(spec, ns=(now, now))
        if state[a.record] and there:
            if spec.stat().st_mtime_ns > oldest:
                os.utime(spec, ns=(oldest, oldest))
            upstream = [p for u in a.made_from for p in plan.artefacts[u].outputs] + list(a.reads)
            newest = max((os.stat(p).st_mtime_ns for p in upstream if os.path.exists(p)), default=0)
            for p in there:
                if os.stat(p).st_mtime_ns < newest:
                    os.utime(p, ns=(newest, newest))
    return state
