"""The Neural Statistician and its neighbours: what released code draws, and what it compares with."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from ..papers.neural_statistician.vectors import FAMILIES, Points


def variances_of_families() -> dict[str, str]:
    """NS-1: how much of the variance that is drawn for a set its numbers have, family by family, as written and as released."""
    torch.manual_seed(0)
    found: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for said, released in (("as written", ()), ("as released", ("D4",))):
        of = SimpleNamespace(config=SimpleNamespace(points=20_000, as_released=released))
        x, family, _, variance = Points.sets(of, 100 * len(FAMILIES), torch.device("cpu"))
        share = x[..., 0].var(1) / variance
        for k, name in enumerate(FAMILIES):
            own = share[family == k]
            found[name].append(f"{own.mean():.2f} times {said} ({own.min():.2f} to {own.max():.2f})")
    return {f"variance of {name} sets, of the one that is drawn": ", ".join(parts) for name, parts in found.items()}
