"""The Neural Statistician, AVB: what released code draws, and what it compares with."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import torch

from ..papers.avb import AVB, Config
from ..papers.neural_statistician.vectors import FAMILIES, Points
from ..recipe import About
from ..sheets import PAPERS, read_yaml


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


def unequal_networks() -> dict[str, str]:
    """AVB-1: the weights of the encoders and decoders that the table compares, at the sizes of the released code."""
    sheet = read_yaml(PAPERS / "avb.yaml")
    fields = {field.name for field in dataclasses.fields(Config)}
    found = {}
    for run in ("avb_ac_8", "vae_8", "vae_released_8"):
        values = sheet["config"]["AVB"] | sheet["runs"][run].get("config", {}) | {"as_released": []}
        config = Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in fields})
        with torch.device("meta"):
            model = AVB(config, About((1, 28, 28), 10), {})
        encoder, decoder = (sum(p.numel() for p in part.parameters()) for part in (model.encoder, model.decoder))
        found[run] = f"{encoder:,} weights in the encoder, {decoder:,} in the decoder, batches of {config.batch_size}"
    return found
