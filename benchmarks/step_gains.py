"""What each way of saving time in a training step saves, switched off and on in turns in one process, and what it changes.

``times``: the time with the switch off over that with it on. ``difference``: of gradients or weights, relative, worst tensor;
0 where the two are equal to the bit.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import sys
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from step_clock import Clock
from torch import Tensor, nn

from redraw.blocks.averages import Average
from redraw.blocks.chunks import chunked
from redraw.blocks.glu import ImageCode, logits
from redraw.engine import seed_everything
from redraw.recipe import Batch, Recipe, Step

AT = Step(0, 1, 0.0)
DECAY = 0.999
Work = Callable[[], Any]


def compare(clock: Clock, repeats: int, on: Work, off: Work) -> dict[str, float]:
    """Milliseconds with the switch on and off, medians of turns taken one after the other."""
    for work in (on, off):
        work()
    turns = [(clock.seconds(on), clock.seconds(off)) for _ in range(repeats)]
    times = [1000 * median(side) for side in zip(*turns, strict=True)]
    return {"on_ms": round(times[0], 3), "off_ms": round(times[1], 3), "times": round(times[1] / times[0], 2)}


def apart(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    """The largest difference of two sets of tensors, each relative to its own length."""
    found = [float((a - theirs[n]).norm() / theirs[n].norm().clamp(min=1e-12)) for n, a in ours.items()]
    return float(f"{max(found):.1e}")


# --- discriminators --------------------------------------------------------------------------------------------------


def one_pass(clock: Clock, repeats: int, size: int, ndf: int, n: int) -> dict[str, Any]:
    """Real and generated images through AttnGAN's discriminator in one pass, each with its own statistics, or in two."""
    torch.manual_seed(0)
    network = ImageCode(size, ndf)
    network.head = logits(8 * ndf)
    network.to(clock.device).train()
    real, fake = torch.randn(2, n, 3, size, size, device=clock.device)

    def losses(judge: Callable[[Tensor], Tensor], together: bool) -> Tensor:
        if together:
            first, second = judge(torch.cat([real, fake])).split(n)
        else:
            first, second = judge(real), judge(fake)
        return F.softplus(-first).mean() + F.softplus(second).mean()

    def step(how: str) -> dict[str, Tensor]:
        network.zero_grad()
        with chunked(network, (n, n)) if how == "chunked" else contextlib.nullcontext():
            losses(lambda image: network.head(network.features(image)), how != "apart").backward()
        return {name: p.grad.clone() for name, p in network.named_parameters()}

    wanted = step("apart")
    found = compare(clock, repeats, lambda: step("chunked"), lambda: step("apart"))
    wrong = {"difference_of_plain_concatenation": apart(step("plain"), wanted)}
    return {"gain": "real and generated images in one pass", "of": f"discriminator, {size} pixels, {ndf} channels, batch {n}",
            **found, "difference": apart(step("chunked"), wanted), **wrong}  # fmt: skip


def frozen(clock: Clock, repeats: int, name: str, recipe: Recipe, batch: Batch) -> dict[str, Any] | None:
    """A whole step with and without gradients for the discriminators in the generator's; None where the paper has no such."""
    module = sys.modules[type(recipe).__module__]
    if not hasattr(module, "frozen"):
        return None

    def off(*networks: nn.Module) -> contextlib.AbstractContextManager:
        return contextlib.nullcontext()

    def thawed() -> None:
        with mock.patch.object(module, "frozen", off):
            _step(recipe, batch)

    found = compare(clock, repeats, lambda: _step(recipe, batch), thawed)
    with_it = _weights_after(recipe, batch)
    with mock.patch.object(module, "frozen", off):
        without = _weights_after(recipe, batch)
    return {"gain": "discriminators frozen in the generator's step", "of": f"step of {name}", **found,
            "difference": apart(with_it, without)}  # fmt: skip


# --- updates ---------------------------------------------------------------------------------------------------------


def adam(clock: Clock, repeats: int, name: str, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Adam's step alone, over all weights that the recipe trains: fused against both others."""
    start = [p.detach().clone() for o in recipe.optimizers.values() for g in o.param_groups for p in g["params"]]
    gradients = [torch.randn_like(p) for p in start]

    def new(**how: bool) -> tuple[list[nn.Parameter], torch.optim.Adam]:
        weights = [nn.Parameter(p.clone()) for p in start]
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient.clone()
        return weights, torch.optim.Adam(weights, 2e-4, (0.5, 0.999), **how)

    ways = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False, "fused": False}}
    after = {}
    for way, how in ways.items():
        weights, optimizer = new(**how)
        optimizer.step()
        after[way] = {str(k): w.detach() for k, w in enumerate(weights)}
    n = sum(p.numel() for p in start)
    for way in ("foreach", "loop"):
        (_, ours), (_, theirs) = new(**ways["fused"]), new(**ways[way])
        yield {"gain": f"Adam fused, not {way}", "of": f"{n:,} weights of {name}",
               **compare(clock, repeats, ours.step, theirs.step), "difference": apart(after["fused"], after[way])}  # fmt: skip


def average(clock: Clock, repeats: int, name: str, network: nn.Module) -> dict[str, Any]:
    """The average of weights by one call for all tensors, or tensor by tensor as the released codes have it."""
    live = copy.deepcopy(network)
    with torch.no_grad():
        for p in live.parameters():
            p.add_(torch.randn_like(p), alpha=0.01)
    ours, theirs = Average(network, DECAY), Average(network, DECAY)

    @torch.no_grad()
    def loop() -> None:
        for mine, its in zip(theirs.network.parameters(), live.parameters(), strict=True):
            mine.mul_(DECAY).add_(its, alpha=1 - DECAY)
        for mine, its in zip(theirs.network.buffers(), live.buffers(), strict=True):
            mine.copy_(its)

    ours.update(live)
    loop()
    difference = apart(*({n: p.detach().clone() for n, p in a.network.named_parameters()} for a in (ours, theirs)))
    found = compare(clock, repeats, lambda: ours.update(live), loop)
    return {"gain": "average of weights in one call", "of": f"generator of {name}", **found, "difference": difference}


# --- text and losses -------------------------------------------------------------------------------------------------


def cached_text(clock: Clock, repeats: int, name: str, recipe: Recipe, batch: Batch) -> dict[str, Any] | None:
    """A whole step whose frozen text encoder's outputs are looked up in a table; None where a step reads no such encoder."""
    encoder = getattr(recipe, "held", {}).get("text")
    if encoder is None:
        return None
    table = torch.randn(len(batch["image"]) * 8, encoder.embedding_dim, device=clock.device)

    def looked_up(tokens: Tensor) -> Tensor:
        return table.index_select(0, tokens[:, 0] % len(table))

    def cached() -> None:
        with mock.patch.object(encoder, "text", looked_up):
            _step(recipe, batch)

    found = compare(clock, repeats, cached, lambda: _step(recipe, batch))
    return {"gain": "frozen text encoder's outputs from a table", "of": f"step of {name}", **found, "difference": None}


def all_words_at_once(clock: Clock, repeats: int, n: int, dim: int, side: int, length: int) -> dict[str, Any] | None:
    """Scores of all images with all captions by two products, or caption by caption; None where there is no DAMSM."""
    if importlib.util.find_spec("redraw.papers.damsm") is None:
        return None
    from redraw.papers.damsm import pairing_losses, word_scores

    torch.manual_seed(0)
    regions = torch.randn(n, dim, side * side, device=clock.device, requires_grad=True)
    words = torch.randn(n, dim, length, device=clock.device, requires_grad=True)
    mask = torch.zeros(n, length, dtype=torch.bool, device=clock.device)
    mask[1:, -2:] = True

    def step(together: bool) -> dict[str, Tensor]:
        regions.grad = words.grad = None
        if together:
            scores = word_scores(regions, words, mask, 5.0, 5.0, True)[0]
        else:
            rows = [word_scores(regions, words[k : k + 1], mask[k : k + 1], 5.0, 5.0, True)[0] for k in range(n)]
            scores = torch.cat(rows, 1)
        sum(pairing_losses(10 * scores)).backward()
        return {"regions": regions.grad.clone(), "words": words.grad.clone()}

    found = compare(clock, repeats, lambda: step(True), lambda: step(False))
    return {"gain": "words of all captions at once", "of": f"matching loss, batch {n}, {length} words, {side * side} regions",
            **found, "difference": apart(step(True), step(False))}  # fmt: skip


def logits_or_probabilities(clock: Clock, repeats: int, n: int) -> dict[str, Any]:
    """The cross-entropy of logits against that of probabilities, and the worst error of its gradient where D is sure."""
    values = torch.linspace(-40, 40, n, device=clock.device)

    def gradient(of: Callable[[Tensor], Tensor]) -> Tensor:
        given = values.clone().requires_grad_()
        of(given).sum().backward()
        return given.grad

    def by_logits() -> Tensor:
        return gradient(lambda x: F.softplus(-x))

    def by_probabilities() -> Tensor:
        return gradient(lambda x: F.binary_cross_entropy(x.sigmoid(), torch.ones_like(x), reduction="none"))

    exact = -torch.sigmoid(-values.double())
    found = compare(clock, repeats, by_logits, by_probabilities)
    errors = [float(f"{(g().double() - exact).abs().max():.1e}") for g in (by_logits, by_probabilities)]
    return {"gain": "cross-entropy of logits, not of probabilities", "of": f"{n} logits from -40 to 40", **found,
            "difference": errors[0], "difference_of_probabilities": errors[1]}  # fmt: skip


# --- inside ----------------------------------------------------------------------------------------------------------


def _step(recipe: Recipe, batch: Batch) -> None:
    seed_everything(0, 0)
    recipe.train_step(batch, AT)


def _weights_after(recipe: Recipe, batch: Batch) -> dict[str, Tensor]:
    own = copy.deepcopy(recipe)
    _step(own, batch)
    return {name: p.detach() for name, p in own.named_parameters()}
