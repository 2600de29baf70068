"""A workflow call as the spool has it, and the follower that shows it in MLflow. Called by Snakemake's hooks. No torch."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from .core import RedrawError, disk_trouble, file_digest
from .mlflow_settings import tracking_uri
from .plan import Plan
from .records import commit
from .tracking import SPOOL, of_invocation

LOG = Path("logs/track.log")


def begun(plan: Plan, executor: str) -> subprocess.Popen | None:
    """Note what was asked for and start `redraw track --follow`, which ends with this process, however that ends: it
    holds the other end of a pipe. None with REDRAW_TRACKING=off, and where there is no place to write to."""
    lock = Path("dvc.lock")
    try:
        spool = of_invocation()
        spool.write("invocation", command=shlex.join(["snakemake", *sys.argv[1:]]), scale=plan.scale, seeds=plan.seeds,
                    rows=plan.rows, commit=commit(), dvc_lock=file_digest(lock) if lock.exists() else None,
                    executor=executor)  # fmt: skip
        spool.close()
        if os.environ.get("REDRAW_TRACKING") == "off":
            return None
        tracking_uri()
        LOG.parent.mkdir(exist_ok=True)
        with open(LOG, "a") as log:
            return subprocess.Popen([sys.executable, "-m", "redraw", "track", "--follow"], stdin=subprocess.PIPE,
                                    stdout=log, stderr=log, start_new_session=True)  # fmt: skip
    except OSError as e:
        print(f"redraw: not tracked: {disk_trouble(SPOOL, e)}", file=sys.stderr)
    except RedrawError as e:
        print(f"redraw: not tracked: {e}", file=sys.stderr)
    return None


def ended(status: str) -> None:
    """Note how the call ended: "finished" or "failed". Nobody does where it was killed."""
    try:
        spool = of_invocation()
        spool.write("ended", status=status)
        spool.close()
    except OSError as e:
        print(f"redraw: {disk_trouble(SPOOL, e)}", file=sys.stderr)
