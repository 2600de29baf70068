"""What a recipe's ``bounds`` must keep to, checked on one batch of it."""

from __future__ import annotations

import torch

from redraw.recipe import Batch, Recipe


@torch.no_grad()
def check_bounds(recipe: Recipe, batch: Batch, samples: int = 3, tolerance: float = 1e-4) -> torch.Tensor:
    """The bounds [N, samples] of a batch of two rows or more, found right.

    Finite, of their shape, without the global generator, the same for the same seed and others for another. Rows of one
    ``noise_group`` have the same noise wherever they stand, so that one alone, or the batch turned round, has the same
    bounds to ``tolerance`` (relative); without it two equal rows have noise of their own.
    """
    recipe.eval()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    found = recipe.bounds(batch, 5, samples)
    assert torch.equal(torch.get_rng_state(), before), "noise is drawn from the seed alone"
    assert found.shape == (len(batch["image"]), samples) and found.isfinite().all()
    assert torch.equal(recipe.bounds(batch, 5, samples), found), "the same seed, the same noise"
    assert not torch.allclose(recipe.bounds(batch, 6, samples), found, rtol=1e-9), "another seed, other noise"
    twice = {name: values[:1].repeat(2, *[1] * (values.ndim - 1)) for name, values in batch.items()}
    apart = recipe.bounds(twice, 5, samples)
    assert not torch.allclose(apart[0], apart[1], rtol=1e-9), "each row has noise of its own"
    batch = batch | {"noise_group": torch.zeros(len(batch["image"]), dtype=torch.int64, device=batch["image"].device)}
    shared = recipe.bounds(batch, 5, samples)
    alone = recipe.bounds({name: values[:1] for name, values in batch.items()}, 5, samples)
    torch.testing.assert_close(alone, shared[:1], rtol=tolerance, atol=tolerance)
    turned = recipe.bounds({name: values.flip(0) for name, values in batch.items()}, 5, samples)
    torch.testing.assert_close(turned.flip(0), shared, rtol=tolerance, atol=tolerance)
    return found
