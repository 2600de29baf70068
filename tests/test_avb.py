"""AVB: divergences in closed form, what the adversary may and may not move, the toy's exact likelihood, and diagnostics."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math

import numpy as np
import pytest
import torch
from bounds_check import check_bounds
from going_on import learns_and_goes_on
from torch import Tensor

from redraw.blocks.binary import bernoulli, settled_binary
from redraw.blocks.conditioning import draws_of
from redraw.core import RedrawError
from redraw.metrics.evidence import entropy, evidence_estimate, latent_fit
from redraw.papers import avb
from redraw.papers.avb import AVB, POSTERIORS, Adversary, Drawn, Toy
from redraw.recipe import About, Step, make_config
from redraw.resolve import resolve
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "avb.yaml")
RECIPES = {"AVB": AVB, "Toy": Toy}
ABOUT = About((1, 8, 8), 1)
ENGINE = {"steps": 4, "batch_size": 6, "evaluations": 1, "as_released": ()}
NOISE = {"latent": 2, "noise": 3, "basis": 2, "basis_hidden": 5, "adversary_hidden": 9, "adversary_features": 4}
SMALL = {**NOISE, "encoder": [3, 4], "strides": [1, 2], "decoder": [4, 3], "sides": [4, 8, 8]}
PARAMS = {"papers": {}, "datasets": {}, "engine": {"precision": "fp32", "compile": False}}
AT = Step(1, 10, 0.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build(posterior: str = "adaptive", **fields) -> AVB:
    torch.manual_seed(0)
    values = {**SHEET["config"]["AVB"], **ENGINE, **SMALL, "posterior": posterior, **fields}
    return AVB(make_config(avb.Config, values, "test"), ABOUT, {})


def toy(posterior: str = "gaussian", **fields) -> Toy:
    torch.manual_seed(0)
    values = {**SHEET["config"]["Toy"], **ENGINE, "hidden": 8, "posterior": posterior, **fields}
    return Toy(make_config(avb.ToyConfig, values, "test"), ABOUT, {})


def some_batch(n: int = 6) -> dict[str, Tensor]:
    image = 2 * torch.rand(n, *ABOUT.image_shape, generator=torch.Generator().manual_seed(0)) - 1
    return {"image": image, "class_id": torch.zeros(n, dtype=torch.int64)}


# --- the sheet -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
@pytest.mark.parametrize("run", SHEET["runs"])
def test_every_run_has_a_configuration_at_every_scale(run, scale):
    recipe = RECIPES[SHEET["runs"][run]["recipe"]]
    config = make_config(recipe.Config, resolve(SHEET, run, {**PARAMS, "scale": scale})[0], run)
    assert config.posterior == {"avb_8": "noise", "toy_avb": "noise"}.get(
        run, "adaptive" if "ac" in run else "gaussian"
    )
    less = {"adversary_hidden": 4, "adversary_features": 4, "basis": 1, "basis_hidden": 2}
    if recipe is AVB:
        less |= {"encoder": [2] * len(config.encoder), "decoder": [2] * len(config.decoder)}
    recipe(dataclasses.replace(config, **less), About((1, 28, 28), 1), {})


def test_only_the_released_vae_has_networks_of_its_own():
    """What is compared with the same networks has them: all but the posterior is the same."""
    for scale in ("embedded", "study", "paper"):
        of = {r: resolve(SHEET, r, {**PARAMS, "scale": scale})[0] for r in SHEET["runs"]}
        for size in (8, 32):
            pair = [of[f"{n}_{size}"] for n in ("avb_ac", "vae")]
            differ = {k for k in pair[0] if pair[0][k] != pair[1][k]}
            assert differ <= {"posterior", "basis", "noise"}, differ
            smaller = {k for k in pair[1] if of[f"vae_released_{size}"][k] != pair[1][k]}
            assert {"encoder", "decoder", "encoder_dense", "decoder_dense", "batch_size"} <= smaller


def test_the_sheet_gives_exactly_the_fields_of_the_configurations():
    for name, recipe in RECIPES.items():
        fields = {f.name for f in dataclasses.fields(recipe.Config)}
        assert set(SHEET["config"][name]) | {"as_released"} == fields
    assert {e for run in SHEET["runs"].values() for e in run["score"]} == set(SHEET["evaluations"])
    for number in SHEET["differences"]:
        assert f" {number}" in avb.__doc__, number


def test_one_pair_is_the_headline():
    assert [n for n, run in SHEET["runs"].items() if "rows" not in run] == ["avb_ac_8", "vae_8"]


def test_one_step_at_the_papers_size():
    config = make_config(avb.Config, resolve(SHEET, "avb_ac_8", {**PARAMS, "scale": "paper"})[0], "x")
    model = AVB(config, About((1, 28, 28), 10), {})
    image = torch.rand(2, 1, 28, 28) * 2 - 1
    losses = model.train_step({"image": image}, AT)
    assert all(math.isfinite(v) for v in losses.values())
    assert losses["reconstruction"] == pytest.approx(784 * math.log(2), rel=0.1)
    assert model.decoder(torch.zeros(3, 8)).shape == (3, 784)


# --- divergences -----------------------------------------------------------------------------------------------------


def test_the_divergence_of_a_normal_posterior():
    model, x = build("gaussian"), torch.ones(3, 64)
    mean, std = torch.randn(3, 2), torch.rand(3, 2) + 0.1
    p = torch.distributions.Normal(0.0, 1.0)
    wanted = torch.distributions.kl_divergence(torch.distributions.Normal(mean, std), p).sum(1)
    torch.testing.assert_close(model.divergence(x, Drawn(mean, mean, std)), wanted)


def test_an_adversary_that_tells_nothing_leaves_the_divergence_of_its_contrast():
    """Where the posterior is its own contrast r, T = 0 is right, and KL(r || p) is known."""
    model = build()
    model.adversary.forward = lambda x, z: torch.zeros(len(z))
    mean, std = torch.tensor([[0.5, -2.0]]), torch.tensor([[0.3, 1.7]])
    z = mean + std * torch.randn(60_000, 2, generator=torch.Generator().manual_seed(0))
    found = model.divergence(torch.zeros(60_000, 64), Drawn(z, mean.expand_as(z), std.expand_as(z)))
    q, p = torch.distributions.Normal(mean, std), torch.distributions.Normal(0.0, 1.0)
    wanted = float(torch.distributions.kl_divergence(q, p).sum())
    assert float(found.mean()) == pytest.approx(wanted, abs=5 * float(found.std()) / 60_000**0.5)


def test_the_adversarys_loss_where_it_tells_nothing_and_where_all():
    model, x = build(), torch.zeros(50, 64)
    zero = torch.zeros(50, 2)
    model.adversary.forward = lambda x, z: torch.zeros(len(z))
    assert float(model.adversary_loss(x, Drawn(zero, zero, zero + 1))) == pytest.approx(math.log(4))
    model.adversary.forward = lambda x, z: 80 * (z.sum(1) > 40).float() - 40
    assert float(model.adversary_loss(x, Drawn(zero + 50, zero, zero + 1))) == pytest.approx(0, abs=1e-6)
    assert float(model.adversary_loss(x, Drawn(zero, zero, zero + 1))) > 20, "and it is right about which is which"


def test_a_trained_adversary_says_the_divergence():
    """Of q = Normal(mean, std) against N(0, I), which without adaptive contrast is what it learns."""
    model = build("noise", adversary_hidden=24, adversary_features=8)
    mean, std = torch.tensor([0.8, -0.4]), torch.tensor([0.6, 0.8])
    optimizer = torch.optim.Adam(model.adversary.parameters(), 3e-3)
    x, generator = torch.zeros(512, 64), torch.Generator().manual_seed(0)
    one = torch.ones(512, 2)
    for step in range(250):
        z = mean + std * torch.randn(512, 2, generator=generator)
        torch.manual_seed(step)
        optimizer.zero_grad()
        model.adversary_loss(x, Drawn(z, 0 * one, one)).backward()
        optimizer.step()
    z = mean + std * torch.randn(20_000, 2, generator=generator)
    one = torch.ones(20_000, 2)
    with torch.no_grad():
        found = float(model.divergence(torch.zeros(20_000, 64), Drawn(z, 0 * one, one)).mean())
    p = torch.distributions.Normal(0.0, 1.0)
    assert found == pytest.approx(
        float(torch.distributions.kl_divergence(torch.distributions.Normal(mean, std), p).sum()), abs=0.12
    )


def test_the_normal_density_is_built_into_the_adversary():
    adversary, z = Adversary(build().config, 64), torch.tensor([[3.0, 4.0]])
    with torch.no_grad():
        for p in adversary.parameters():
            p.zero_()
    assert adversary(torch.zeros(1, 64), z).tolist() == [12.5]


# --- posteriors ------------------------------------------------------------------------------------------------------


def test_the_adaptive_contrast_has_the_posteriors_own_moments():
    model = wide(build().eval())
    x = settled_binary(some_batch(3)["image"])
    with torch.no_grad():
        many = x.repeat(4000, 1)
        drawn = model.encoder(many, model.encoder.noise(len(many), x.device)).z.view(4000, 3, 2)
        mean, std = model.encoder.normal(x)
    torch.testing.assert_close(drawn.mean(0), mean, rtol=0, atol=0.1 * float(std.max()))
    torch.testing.assert_close(drawn.std(0), std, rtol=0.1, atol=0.02)
    assert (std > 0.01).all() and float(std.max()) > 0.05


def wide(model: AVB) -> AVB:
    """At first a_i is almost nothing: here the v_i count."""
    with torch.no_grad():
        if model.adversary is not None:
            model.encoder.a.bias.add_(7.0)
    return model


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_the_posterior_depends_on_noise_and_image(posterior):
    model = build(posterior).eval()
    x, noise = settled_binary(some_batch()["image"]), model.encoder.noise(6, torch.device("cpu"))
    z = model.encoder(x, noise).z
    assert z.shape == (6, 2) and not torch.allclose(z, model.encoder(x, model.encoder.noise(6, x.device)).z)
    assert not torch.allclose(z, model.encoder(x.flip(0), noise).z)
    again = model.encoder(x, noise)
    assert torch.equal(z, again.z)
    if posterior != "gaussian":
        assert not again.mean.requires_grad and not again.std.requires_grad


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_a_gradient_for_every_parameter_and_none_astray(posterior):
    """The adversary learns from its own loss alone, and both steps start at the same weights."""
    model, batch = build(posterior).train(), some_batch()
    other = copy.deepcopy(model)
    torch.manual_seed(3)
    losses = model.train_step(batch, AT)
    assert set(losses) == {"reconstruction", "kl", "loss"} | ({"adversary"} if posterior != "gaussian" else set())
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    silent = {n for n, p in model.named_parameters() if p.grad is None or p.grad.abs().sum() == 0}
    assert not {n for n in silent if ".layers." not in n or "bias" not in n}, (
        silent
    )  # biases before a normalisation have none
    if posterior == "gaussian":
        return
    torch.manual_seed(3)
    x = avb.drawn_binary(batch["image"])
    drawn = other.encoder(x, other.encoder.noise(6, x.device))
    loss = other.adversary_loss(x, drawn)
    assert loss.item() == pytest.approx(float(losses["adversary"]), rel=1e-5)
    wanted = torch.autograd.grad(loss, list(other.adversary.parameters()))
    for p, gradient in zip(model.adversary.parameters(), wanted, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_half_precision_computes_losses_in_full(posterior):
    model, x = build(posterior).train(), settled_binary(some_batch()["image"])
    torch.manual_seed(0)
    wanted = model.losses(x)[0]["loss"].item()
    model.autocast_dtype = torch.bfloat16
    torch.manual_seed(0)
    found = model.losses(x)[0]["loss"]
    assert found.dtype == torch.float32 and found.item() == pytest.approx(wanted, rel=0.02)
    assert all(torch.isfinite(v) for v in model.train_step(some_batch(), AT).values())


@pytest.mark.parametrize("posterior", ["gaussian", "adaptive"])
def test_bounds_are_of_the_densities(posterior):
    model, batch = wide(build(posterior).eval()), some_batch(3)
    found, x = check_bounds(model, batch, 4), settled_binary(batch["image"])
    with torch.no_grad():
        latents = model.latents(batch)
        r, p = torch.distributions.Normal(latents.mean, latents.std), torch.distributions.Normal(0.0, 1.0)
        z = latents.mean + latents.std * draws_of(batch, 3, 2, 5, 4)
        log_w = latents.log_likelihood(z) + (p.log_prob(z) - r.log_prob(z)).sum(-1)
        own = torch.distributions.Bernoulli(logits=model.decoder(z)).log_prob(x).sum(-1)
    torch.testing.assert_close(latents.log_likelihood(z).detach(), own)
    torch.testing.assert_close(found, log_w.T, rtol=1e-5, atol=1e-4)


def test_a_bound_comes_to_the_likelihood_that_the_prior_gives():
    model, batch = build("gaussian").eval(), some_batch(3)
    bound = model.bounds(batch, 0, 4000).double()
    with torch.no_grad():
        z = torch.randn(4000, 3, 2, generator=torch.Generator().manual_seed(0))
        exact = model.latents(batch).log_likelihood(z).double().logsumexp(0) - math.log(4000)
    torch.testing.assert_close(bound.logsumexp(1) - math.log(4000), exact, rtol=0, atol=0.1)
    assert (bound.mean(1) < exact).all()


def test_the_vaes_estimate_is_its_bound():
    model, batch = build("gaussian").eval(), some_batch()
    torch.manual_seed(0)
    found = evidence_estimate({"evidence": torch.cat([model.encode(batch)["evidence"] for _ in range(40)], 1).numpy()})
    bound = model.bounds(batch, 0, 2000)
    assert found["value"] == pytest.approx(float(bound.mean()), abs=0.05)


def test_what_is_imagined_is_drawn_of_the_mean_that_is_shown():
    model, conditions = build(), {"class_id": torch.zeros(2000, dtype=torch.int64)}
    image, z = model.imagined(conditions, 4)
    shown = model.sample(conditions, 4)
    assert image.shape == shown.shape == (2000, 1, 8, 8) and set(image.unique().tolist()) == {-1.0, 1.0}
    assert float((image - shown).mean()) == pytest.approx(0, abs=0.02)
    torch.testing.assert_close(2 * model.decoder(z).sigmoid().view_as(shown).detach() - 1, shown)


@pytest.mark.parametrize("of", ["AVB", "Toy"])
@pytest.mark.parametrize("posterior", ["gaussian", "noise"])
def test_it_learns_and_goes_on_bit_by_bit(of, posterior):
    batch = {"image": some_batch(1)["image"].sign().expand(16, -1, -1, -1)}
    make = functools.partial(build if of == "AVB" else toy, posterior, learning_rate=5e-3, adversary_learning_rate=5e-3)
    learns_and_goes_on(make, batch, "reconstruction", 60, 100, 0.95)


# --- four points -----------------------------------------------------------------------------------------------------


def test_the_toys_likelihood_is_the_integral():
    model, batch = toy(), some_batch(8)
    with torch.no_grad():
        for p in model.decoder.parameters():
            p.mul_(2.0)
        found = model.encode(batch)["log_likelihood"][:, 0]
        z = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0))
        likelihood = bernoulli(model.decoder(z)[:, None], model.points)
    wanted = likelihood.logsumexp(0) - math.log(200_000)
    assert found.shape == (8,) and torch.equal(found[:4], found[4:])
    torch.testing.assert_close(found[:4], wanted, rtol=0, atol=0.01)
    # All 16 patterns together are sure.
    with torch.no_grad():
        patterns = torch.cartesian_prod(*4 * [torch.tensor([0.0, 1.0])])
        model.points = patterns
        line = torch.linspace(-avb.GRID, avb.GRID, avb.CELLS)
        grid = torch.cartesian_prod(line, line)
        prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid).sum(1) + 2 * math.log(
            2 * avb.GRID / (avb.CELLS - 1)
        )
        total = (bernoulli(model.decoder(grid)[:, None], patterns) + prior[:, None]).exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-4)


def test_the_fit_of_normal_posteriors_in_closed_form():
    mean, std = np.array([[0.0, 1.0], [2.0, -1.0], [0.0, 0.0], [1.0, 0.0]]), np.array([0.3, 0.5, 1.0, 0.1])
    z = mean[:, None] + std[:, None, None] * np.random.default_rng(0).standard_normal((4, 2000, 2))
    items = {"log_likelihood": np.full((4, 1), -1.5), "drawn_latents": z, "drawn_likelihood": np.full((4, 2000), -0.25)}
    found = latent_fit(items)
    divergence = (0.5 * (mean**2).sum(1) + std**2 - 1 - 2 * np.log(std)).mean()
    assert found["value"] == -1.5 and found["columns"]["reconstruction"]["value"] == 0.25
    assert found["columns"]["evidence"]["value"] == pytest.approx(-0.25 - divergence, abs=0.05)
    same = np.random.default_rng(1).standard_normal((4, 2000, 2))
    assert latent_fit({**items, "drawn_latents": same})["columns"]["divergence"]["value"] == pytest.approx(0, abs=0.05)
    assert entropy(same[0], 5) == pytest.approx(math.log(2 * math.pi * math.e), abs=0.06)


def test_diagnostics_tell_what_they_cannot_use():
    with pytest.raises(
        RedrawError, match=r"^latent_fit: drawn_latents \[4, 5, 2\] for 5 neighbours: draw more of each point"
    ):
        latent_fit(
            {
                "log_likelihood": np.zeros((4, 1)),
                "drawn_latents": np.zeros((4, 5, 2)),
                "drawn_likelihood": np.zeros((4, 5)),
            }
        )
    with pytest.raises(RedrawError, match="^evidence_estimate: evidence is not finite in 1 of 2 rows"):
        evidence_estimate({"evidence": np.array([[0.0], [np.inf]])})


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "fields", "line"),
    [
        (build, {"posterior": "normal"}, "avb, posterior 'normal': choose of gaussian, noise, adaptive"),
        (build, {"strides": [2]}, "avb, encoder, decoder: give a stride for each convolution, and a side more than"),
        (
            build,
            {"sides": [4, 8, 9]},
            "avb, sides: [4, 8, 9] for images of 8 pixels: each is the one before or nearly twice it,",
        ),
        (
            toy,
            {"posterior": "adaptive"},
            "avb, Toy: its posterior is gaussian or noise, of two latents: a grid covers no more",
        ),
        (toy, {"latent": 3}, "avb, Toy: its posterior is gaussian or noise, of two latents: a grid covers no more"),
    ],
)
def test_a_wrong_value_is_an_error_of_one_line(make, fields, line):
    with pytest.raises(RedrawError) as fault:
        make(**fields)
    assert str(fault.value).startswith(line) and "\n" not in str(fault.value)
