"""CPU time of the Fréchet distance: ours against the matrix root of pytorch-fid and the eigenvalues of torch-fidelity.

    python benchmarks/frechet.py [--repeats 2] [--out benchmarks/frechet.json]

One thread, seconds of the processor, the least of the repeats. Only the distance step counts: whoever starts from means
and covariances gets them ready made. Where there are fewer images than features ours starts from the features instead,
and its time has everything in it. "reference_known": the root of the reference's covariance is there already, as for
the second of many models against one reference.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from redraw.core import PROCESS_SETTINGS, write_json

os.environ.update(PROCESS_SETTINGS)  # before numpy is loaded

import numpy as np  # noqa: E402
from pytorch_fid.fid_score import calculate_frechet_distance  # noqa: E402
from torch_fidelity.metric_fid import fid_statistics_to_metric  # noqa: E402

from redraw.metrics.frechet import Moments, Reference  # noqa: E402

CASES = ((1024, 5000), (2048, 4000), (1024, 500))  # features, images of either side
PACKAGES = ("pytorch-fid", "torch-fidelity", "numpy", "scipy")


def features(width: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets [n, width] whose covariances share a falling spectrum but not their axes, apart by a small step."""
    rng = np.random.default_rng([width, n])
    scales = np.linspace(1, 30, width) ** -1.0
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0]
    return (rng.normal(size=(n, width)) * scales) @ turn, rng.normal(size=(n, width)) * scales + 0.1


def seconds(repeats: int, step: Callable[[], float]) -> tuple[float, float]:
    """(least seconds of the processor over the repeats, the distance)."""
    times, value = [], float("nan")
    for _ in range(repeats):
        start = time.process_time()
        value = step()
        times.append(time.process_time() - start)
    return min(times), value


def measure(width: int, n: int, repeats: int) -> dict:
    x, y = features(width, n)
    moments, known = Moments.of(x), Reference(y)
    sigma, mu = moments.covariance, moments.mean
    known.terms(x)  # root, or factor, and trace are there from now on

    def ours() -> float:
        reference = Reference(y)
        if n < width:
            return sum(reference.terms(x))
        reference.__dict__.update(covariance=known.covariance, trace=known.trace)
        return sum(reference.terms_of_moments(moments))

    steps = {
        "ours": ours,
        "ours_reference_known": lambda: sum(known.terms(x) if n < width else known.terms_of_moments(moments)),
        "torch_fidelity": lambda: fid_statistics_to_metric(
            {"mu": mu, "sigma": sigma}, {"mu": known.mean, "sigma": known.covariance}, False
        )["frechet_inception_distance"],
        "pytorch_fid": lambda: float(calculate_frechet_distance(mu, sigma, known.mean, known.covariance)),
    }
    found = {name: seconds(repeats, step) for name, step in steps.items()}
    cpu = {name: took for name, (took, _) in found.items()}
    value = found["ours"][1]
    return {
        "features": width,
        "images": n,
        "route": "singular values" if n < width else "eigenvalues",
        "distance": value,
        "cpu_seconds": {name: round(took, 3) for name, took in cpu.items()},
        "times_ours": {name: round(cpu[name] / cpu["ours"], 1) for name in ("torch_fidelity", "pytorch_fid")},
        "times_ours_reference_known": {
            name: round(cpu[name] / cpu["ours_reference_known"], 1) for name in ("torch_fidelity", "pytorch_fid")
        },
        "relative_difference": {
            name: float(f"{abs(found[name][1] / value - 1):.1e}") for name in ("torch_fidelity", "pytorch_fid")
        },
    }


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--repeats", type=int, default=2)
    p.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    a = p.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # scipy.linalg.sqrtm, as pytorch-fid calls it
    cases = []
    for width, n in CASES:
        cases.append(measure(width, n, a.repeats))
        print(cases[-1], flush=True)
    write_json(a.out, {"threads": 1, "packages": {name: version(name) for name in PACKAGES}, "cases": cases})


if __name__ == "__main__":
    main()
