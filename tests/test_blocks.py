"""Blocks that several papers share: published outputs, and what each must not change."""

from __future__ import annotations

import golden
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import unfold

from redraw.blocks.adversarial import cross_entropy, frozen
from redraw.blocks.averages import Average
from redraw.blocks.chunks import BatchNorm2d, chunked
from redraw.blocks.conditioning import ConditioningAugmentation, divergence, drawn_around
from redraw.blocks.glu import FirstStage, ImageCode, PatchConv2d, initialise_orthogonal, logits


def tensors(arrays):
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def test_conditioning_augmentation_is_the_published_one():
    manifest, stored = golden.load("attngan_ca_net")
    x = tensors(golden.inputs(manifest))
    network = ConditioningAugmentation(256, 100)
    network.load_state_dict(
        {k.removeprefix("ca_net."): torch.from_numpy(v) for k, v in golden.state(manifest["states"]["ca_net"]).items()}
    )
    mu, logvar = network(x["sent_emb"])
    assert golden.match("f32.mu", mu.detach(), stored, 1e-5) < 1e-5
    golden.match("f32.logvar", logvar.detach(), stored, 1e-5)
    golden.match("f32.c_code", drawn_around(mu, logvar, x["eps"]).detach(), stored, 1e-5)
    golden.match("f32.kl", divergence(mu, logvar).detach(), stored, 1e-5)


@pytest.mark.parametrize(("activation", "width"), [("none", 6), ("relu", 6), ("leaky_relu", 6), ("glu", 12)])
def test_conditioning_augmentation_by_activation(activation, width):
    network = ConditioningAugmentation(4, 3, activation)
    h = torch.randn(5, 4)
    mu, logvar = network(h)
    raw = network.fc(h)
    assert raw.shape == (5, width) and mu.shape == logvar.shape == (5, 3)
    if activation == "glu":
        wanted = raw[:, :6] * raw[:, 6:].sigmoid()
    else:
        wanted = {"none": raw, "relu": raw.clamp(min=0), "leaky_relu": torch.maximum(raw, 0.2 * raw)}[activation]
    assert torch.allclose(torch.cat([mu, logvar], 1), wanted)


def test_the_divergence_is_a_mean_over_dimensions():
    mu, logvar = torch.tensor([[0.0, 2.0]]), torch.zeros(1, 2)
    assert float(divergence(mu, logvar)) == pytest.approx(1.0)  # the sum is 2: N(2, 1) against N(0, 1)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_a_discriminators_trunk_is_the_published_one(size):
    manifest, _ = golden.load("attngan_d")
    shapes = manifest["states"][f"real.D{size}"]
    trunk = {k: tuple(v) for k, v in shapes.items() if k.startswith("img_code")}
    with torch.device("meta"):
        ours = {k: tuple(v.shape) for k, v in ImageCode(size, 64).state_dict().items()}
    assert ours == trunk


@pytest.mark.parametrize(("size", "convolutions"), [(8, 1), (16, 2), (32, 3), (64, 4)])
def test_small_trunks_end_alike(size, convolutions):
    network = ImageCode(size, 2)
    assert sum(isinstance(m, nn.Conv2d) for m in network.modules()) == convolutions
    assert network.features(torch.randn(3, 3, size, size)).shape == (3, 16, 4, 4)


@pytest.mark.parametrize("side", [4, 8, 32])
def test_the_first_stage_starts_at_4_pixels(side):
    assert FirstStage(5, 2, side)(torch.randn(3, 5)).shape == (3, 2, side, side)


def batches():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(n, 3, 8, 8, generator=generator) * s + s for n, s in ((4, 1.0), (4, 3.0), (3, 0.2))]


def discriminator():
    torch.manual_seed(1)
    trunk = ImageCode(8, 4)
    trunk.further = nn.Sequential(nn.Conv2d(32, 8, 3, 1, 1), BatchNorm2d(8), nn.LeakyReLU(0.2), *logits(8))
    return trunk


@pytest.mark.parametrize(("kernel", "stride", "side"), [(4, 2, 8), (3, 1, 4), (3, 1, 9)])
def test_a_product_of_patches_is_the_convolution(kernel, stride, side, monkeypatch):
    torch.manual_seed(0)
    layer, image = PatchConv2d(6, 5, kernel, stride).double(), torch.randn(3, 6, side, side).double()
    expected = layer(image)
    monkeypatch.setattr(PatchConv2d, "MANY", 0)
    calls = []
    monkeypatch.setattr("torch.nn.functional.unfold", lambda *a, **k: calls.append(a) or unfold(*a, **k))
    torch.testing.assert_close(layer(image), expected)
    assert len(calls) == (side <= 8)


def test_chunks_are_normalised_as_one_after_the_other():
    parts, one, other = batches(), discriminator(), discriminator()
    apart = torch.cat([one.further(one.features(x)) for x in parts])
    with chunked(other, [4, 4, 3]):
        together = other.further(other.features(torch.cat(parts)))
    assert torch.allclose(apart, together, atol=1e-6)
    apart.square().sum().backward()
    together.square().sum().backward()
    for (name, mine), its in zip(one.named_parameters(), other.parameters(), strict=True):
        assert torch.allclose(mine.grad, its.grad, rtol=1e-4, atol=1e-5), name
    for (name, mine), its in zip(one.named_buffers(), other.buffers(), strict=True):
        assert torch.allclose(mine, its, atol=1e-6), name
    plain = other.further(other.features(torch.cat(parts)))  # outside of it: mixed
    assert not torch.allclose(apart, plain, atol=1e-2)


def test_chunks_in_evaluation_are_one_batch():
    parts, network = batches(), discriminator().eval()
    with chunked(network, [4, 4, 3]):
        together = network.features(torch.cat(parts))
    assert torch.equal(together, network.features(torch.cat(parts)))


def test_an_average_follows_the_weights_and_has_the_live_statistics():
    live = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = Average(live, 0.9)
    before = live[0].weight.detach().clone()
    with torch.no_grad():
        live[0].weight.add_(1.0)
    live(torch.randn(8, 2) + 5)
    average.update(live)
    assert torch.allclose(average.network[0].weight, before + 0.1, atol=1e-6)
    assert torch.equal(average.network[1].running_mean, live[1].running_mean)
    assert not any(p.requires_grad for p in average.parameters())
    average.overwrite(live)
    assert torch.equal(live[0].weight, average.network[0].weight) and live[0].weight.requires_grad


def test_a_frozen_network_passes_gradients_on():
    network, x = nn.Linear(2, 1), torch.randn(3, 2, requires_grad=True)
    with frozen(network):
        cross_entropy(network(x).flatten(), 1).backward()
    assert x.grad is not None and network.weight.grad is None and network.weight.requires_grad


def test_orthogonal_weights():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 2), nn.BatchNorm2d(4))
    initialise_orthogonal(network)
    for weight in (network[0].weight.flatten(1), network[1].weight):
        assert torch.allclose(weight @ weight.T, torch.eye(len(weight)), atol=1e-5)
    assert np.isclose(network[2].weight.mean().item(), 1, atol=0.1) and not network[1].bias.any()
