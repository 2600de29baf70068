"""What Slurm would refuse, asked for before anything is submitted. No torch."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable

from .core import RedrawError

PROFILE = "workflow/profiles/slurm/config.yaml, or your own profile"
REFUSED = re.compile(r"invalid (partition|account)|not permitted to use this partition", re.I)


def check(places: Iterable[tuple[str | None, str | None]], status: str | None) -> None:
    """Raises RedrawError where Slurm is missing, silent, or will have none of it.

    ``places`` are the (partition, account) that jobs are to be submitted to, None where Slurm is to decide; ``status`` is
    the command that will be asked how jobs stand: sacct or squeue.
    """
    if shutil.which("sbatch") is None:
        raise RedrawError(
            "sbatch: no such command on PATH: run this where jobs are submitted (a login node), or unset SNAKEMAKE_PROFILE"
        )
    for partition, account in places:
        named = [f"--partition={partition}"] * bool(partition) + [f"--account={account}"] * bool(account)
        said = _run("sbatch", "--test-only", "--time=1", *named, "--wrap", "true")
        if "Unable to contact" in said.stderr:
            raise RedrawError(
                "sbatch: Slurm's controller does not answer: wait until `sinfo` does, then run the same command"
            )
        if said.returncode and REFUSED.search(said.stderr):
            reason = next(line for line in said.stderr.splitlines() if REFUSED.search(line))
            raise RedrawError(
                f"sbatch {' '.join(named)}: {reason.removeprefix('sbatch: error: ')}: correct slurm_partition and slurm_account "
                f"in {PROFILE}; `sinfo -s` lists partitions"
            )
    if status == "sacct" and shutil.which("sacct") and "disabled" in _run("sacct", "--starttime=now").stderr:
        raise RedrawError(
            f"sacct: this cluster keeps no accounts of jobs: set slurm-status-command: squeue in {PROFILE}"
        )


def _run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True)
