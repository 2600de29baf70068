"""IWAE: bounds and gradients in closed form, one and two stochastic layers, the released optimiser and initialisation."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math

import pytest
import torch
from bounds_check import check_bounds
from going_on import learns_and_goes_on
from torch import Tensor

from redraw import engine
from redraw.blocks.binary import bernoulli, drawn_binary, settled_binary
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers import iwae
from redraw.papers.iwae import IWAE, ReleasedAdam, step_size
from redraw.recipe import About, Step, make_config
from redraw.resolve import resolve
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "iwae.yaml")
ABOUT = About((1, 4, 5), 1)
SMALL = {"steps": 4, "batch_size": 6, "evaluations": 1, "as_released": (), "k": 3, "hidden": [7], "latent": [3]}
TWO = {"hidden": [7, 6], "latent": [3, 2]}
PARAMS = {"papers": {}, "datasets": {}, "engine": {"precision": "fp32", "compile": False}}
AT = Step(1, 10, 0.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def config_of(**fields) -> iwae.Config:
    return make_config(iwae.Config, {**SHEET["config"]["IWAE"], **SMALL, **fields}, "test")


def build(needs=None, **fields) -> IWAE:
    torch.manual_seed(0)
    return IWAE(config_of(**fields), ABOUT, needs or {})


def shaken(model: IWAE, std: float = 0.5) -> IWAE:
    """All weights drawn anew, biases too."""
    drawn = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(std * torch.randn(p.shape, generator=drawn))
    return model


def some_batch(n: int = 6) -> dict[str, Tensor]:
    image = 2 * torch.rand(n, *ABOUT.image_shape, generator=torch.Generator().manual_seed(0)) - 1
    return {"image": image, "class_id": torch.zeros(n, dtype=torch.int64)}


def digest_after(model: IWAE, steps: int = 3) -> str:
    for step in range(steps):
        engine.seed_everything(0, step)
        model.train_step(some_batch(), Step(step, 10, 0.0))
    return weights_digest(model.state_dict())


# --- the sheet -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
@pytest.mark.parametrize("run", SHEET["runs"])
def test_every_run_has_a_configuration_at_every_scale(run, scale):
    about = SHEET["runs"][run]
    config = make_config(iwae.Config, resolve(SHEET, run, {**PARAMS, "scale": scale})[0], run)
    if scale in about.get("scales", [scale]) and scale != "smoke":
        assert len(config.latent) == 1 + ("_2_" in run), run
        assert config.k == int(run.rpartition("_")[2]) if run[-1].isdigit() else config.k in (1, 50)
    IWAE(dataclasses.replace(config, hidden=(4,) * len(config.latent)), About((1, 28, 28), 1), {})


def test_the_sheet_gives_exactly_the_fields_of_the_configuration():
    assert set(SHEET["config"]["IWAE"]) | {"as_released"} == {f.name for f in dataclasses.fields(iwae.Config)}
    assert {e for run in SHEET["runs"].values() for e in run["score"]} == set(SHEET["evaluations"])
    for number in SHEET["differences"]:
        assert f" {number}" in iwae.__doc__, number


def test_two_runs_are_the_headline():
    assert [n for n, run in SHEET["runs"].items() if "rows" not in run] == ["mnist_vae_1", "mnist_iwae_50"]


def test_a_printed_k_of_1_is_one_run_in_both_columns():
    for table in ("table-1", "fixed"):
        for row in SHEET["tables"][table]["rows"]:
            runs = {c: cell["run"] for c, cell in row["cells"].items() if "units" not in c}
            for column, run in runs.items():
                k = int(row["label"].rpartition(" ")[2])
                objective = "vae" if k == 1 or "vae" in column else "iwae"
                assert run.endswith(f"{objective}_{k}") and ("_2_" in run) == row["label"].startswith("2"), run


# --- pixels --------------------------------------------------------------------------------------------------------


def test_pixels_are_drawn_with_their_grey_levels():
    image = torch.tensor([-1.0, -0.5, 0.6, 1.0]).expand(20_000, 4)
    torch.manual_seed(0)
    for drawn in (drawn_binary(image), settled_binary(torch.cat([image, torch.rand(20_000, 300)], 1))[:, :4]):
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
        assert drawn.mean(0).tolist() == pytest.approx([0, 0.25, 0.8, 1], abs=0.015)


def test_settled_pixels_are_of_the_image_alone():
    image = some_batch(9)["image"]
    found = settled_binary(image)
    assert torch.equal(settled_binary(image[4:5]), found[4:5]) and torch.equal(
        settled_binary(image.flip(0)).flip(0), found
    )
    assert not torch.equal(found[0], found[1])
    assert torch.equal(settled_binary(2 * found.view_as(image) - 1), found), "binary ones stay"
    # Two pixels of the same level are drawn apart, in one image and over images.
    level = torch.cat([torch.zeros(4000, 2), torch.rand(4000, 30)], 1)
    pair = settled_binary(level)[:, :2]
    assert abs(float(torch.corrcoef(pair.T)[0, 1])) < 0.75 and abs(float(pair.mean()) - 0.5) < 0.03


def test_bernoulli_is_the_librarys():
    logits, x = torch.randn(3, 5, 8), (torch.rand(5, 8) < 0.5).float()
    wanted = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)
    torch.testing.assert_close(bernoulli(logits, x), wanted)


# --- weights and bounds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, TWO])
def test_weights_are_of_the_densities(fields):
    model, x = shaken(build(**fields)), settled_binary(some_batch()["image"])
    latent = model.config.latent
    eps = torch.randn(4, 6, sum(latent), generator=torch.Generator().manual_seed(1))
    below, h, log_q, log_p = x.expand(4, -1, -1), [], 0.0, 0.0
    for layer, noise in zip(model.up, eps.split(latent, -1), strict=True):
        mu, log_sigma = layer(below)
        q = torch.distributions.Normal(mu, log_sigma.exp())
        h.append(below := mu + log_sigma.exp() * noise)
        log_q = log_q + q.log_prob(below).sum(-1)
    for k, layer in enumerate(model.down):
        mu, log_sigma = layer(h[k + 1])
        log_p = log_p + torch.distributions.Normal(mu, log_sigma.exp()).log_prob(h[k]).sum(-1)
    log_p = log_p + torch.distributions.Normal(0, 1).log_prob(h[-1]).sum(-1)
    log_p = log_p + torch.distributions.Bernoulli(logits=model.pixels(h[0])).log_prob(x).sum(-1)
    torch.testing.assert_close(model.log_weights(x, eps), log_p - log_q, rtol=1e-5, atol=1e-4)


def blind(model: IWAE) -> IWAE:
    """Pixels that no latent reaches: log p(x) is known."""
    with torch.no_grad():
        model.pixels[-1].weight.zero_()
    return model


@pytest.mark.parametrize("fields", [{}, TWO])
def test_bounds_of_a_model_whose_likelihood_is_known(fields):
    model = blind(shaken(build(**fields), 0.25))
    batch = some_batch()
    x = settled_binary(batch["image"])
    exact = bernoulli(model.pixels[-1].bias.expand(1, *x.shape), x)[0].double()
    check_bounds(model, batch)
    log_w = model.bounds(batch, 3, 4000).double()
    assert (log_w.mean(1) < exact).all()
    torch.testing.assert_close(log_w.logsumexp(1) - math.log(4000), exact, rtol=0, atol=0.1)
    if not fields:  # L_1 is below by the divergence
        mu, log_sigma = model.up[0](x)
        q, p = torch.distributions.Normal(mu, log_sigma.exp()), torch.distributions.Normal(0.0, 1.0)
        divergence = torch.distributions.kl_divergence(q, p).sum(1).double()
        torch.testing.assert_close(log_w.mean(1), exact - divergence, rtol=0, atol=0.1)


@pytest.mark.parametrize("objective", ["vae", "iwae"])
def test_the_losses_are_the_bounds_of_their_draws(objective):
    model = shaken(build(objective=objective))
    x = settled_binary(some_batch()["image"])
    torch.manual_seed(5)
    losses = model.losses(x)
    torch.manual_seed(5)
    log_w = model.log_weights(x, torch.randn(3, 6, 3)).detach()
    assert losses["bound_1"].item() == pytest.approx(-log_w.mean().item(), rel=1e-6)
    assert losses["bound_k"].item() == pytest.approx(-log_w.exp().double().mean(0).log().mean().item(), rel=1e-5)
    assert losses["loss"] is losses["bound_k" if objective == "iwae" else "bound_1"]


def test_the_gradient_weighs_each_draw_by_its_share():
    """Eq. 14: the gradient of L_k is the sum of those of log w, each times its normalised weight."""
    model, x = shaken(build()), settled_binary(some_batch()["image"])
    eps = torch.randn(3, 6, 3, generator=torch.Generator().manual_seed(1))
    log_w = model.log_weights(x, eps)
    share = log_w.softmax(0).detach()
    wanted = torch.autograd.grad((share * log_w).sum() / 6, list(model.parameters()), retain_graph=True)
    found = torch.autograd.grad((log_w.logsumexp(0) - math.log(3)).mean(), list(model.parameters()))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_latents_and_bounds_are_of_one_model():
    """Importance weights of the chains' starting distribution come to the same likelihood, with two layers."""
    model, batch = shaken(build(**TWO), 0.2), some_batch()
    exact = (model.bounds(batch, 0, 20_000).double().logsumexp(1) - math.log(20_000)).float()
    with torch.no_grad():
        latents = model.latents(batch)
        near = torch.distributions.Normal(latents.mean, 1.5 * latents.std)
        torch.manual_seed(0)
        z = near.sample((20_000,))
        prior = torch.distributions.Normal(0, 1).log_prob(z).sum(-1)
        log_w = latents.log_likelihood(z) + prior - near.log_prob(z).sum(-1)
    torch.testing.assert_close(log_w.logsumexp(0) - math.log(20_000), exact, rtol=0, atol=0.1)
    assert latents.mean.shape == latents.std.shape == (6, 5)


def test_what_is_imagined_is_drawn_of_the_mean_that_is_shown():
    model, conditions = shaken(build(**TWO), 1.0), {"class_id": torch.zeros(3000, dtype=torch.int64)}
    image, z = model.imagined(conditions, 4)
    shown = model.sample(conditions, 4)
    assert image.shape == shown.shape == (3000, *ABOUT.image_shape) and z.shape == (3000, 5)
    assert set(image.unique().tolist()) == {-1.0, 1.0} and torch.equal(
        settled_binary(image), (image.flatten(1) + 1) / 2
    )
    assert float((image - shown).mean()) == pytest.approx(0, abs=0.02)
    again = 2 * model.pixels(model.first_layer(z)).sigmoid().view_as(shown) - 1
    torch.testing.assert_close(again.detach(), shown)
    assert torch.equal(shown, model.sample(conditions, 4)) and not torch.equal(shown, model.sample(conditions, 5))


def test_posterior_means_by_layer():
    model = shaken(build(**TWO))
    torch.manual_seed(0)
    found = model.encode(some_batch())["posterior_mean"]
    assert found.shape == (6, 5) and model.labels["posterior_mean"] == ("1", "1", "1", "2", "2")
    mu, log_sigma = model.up[0](settled_binary(some_batch()["image"]))
    torch.testing.assert_close(found[:, :3], mu.detach())
    second = model.up[1](mu + log_sigma.exp() * torch.randn(4000, 6, 3))[0].mean(0).detach()
    assert (found[:, 3:] - second).abs().max().item() < 0.5


# --- training ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, TWO])
def test_shapes_losses_and_a_gradient_for_every_parameter(fields):
    model, batch = shaken(build(**fields)), some_batch()
    losses = model.train_step(batch, AT)
    assert set(losses) == set(model.validate(batch)) == {"loss", "bound_1", "bound_k"}
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_of_one_draw_both_objectives_are_the_same():
    digests = {digest_after(build(objective=o, k=1)) for o in ("vae", "iwae")}
    assert len(digests) == 1 and digest_after(build(objective="vae")) != digest_after(build(objective="iwae"))


def test_pixels_start_with_the_first_batchs_mean():
    model, batch = build(learning_rate=1e-9, last_learning_rate=1e-9), some_batch()
    model.train_step(batch, Step(0, 10, 0.0))
    wanted = ((batch["image"].flatten(1) + 1).sum(0) / 2 + 0.5) / 7
    torch.testing.assert_close(model.pixels[-1].bias.detach().sigmoid(), wanted, rtol=1e-4, atol=1e-5)
    before = model.pixels[-1].bias.clone()
    model.train_step({"image": -batch["image"]}, Step(1, 10, 0.0))
    torch.testing.assert_close(model.pixels[-1].bias, before, rtol=0, atol=1e-6)


def test_the_loss_is_a_sum_over_the_batch():
    model, batch = shaken(build(k=1, epsilon=1e6, learning_rate=1.0, last_learning_rate=1.0)), some_batch()
    twice = {"image": batch["image"].repeat(2, 1, 1, 1)}
    moved = []
    for b in (batch, twice):
        m = copy.deepcopy(model)
        m.optimizers = {"adam": torch.optim.Adam(m.parameters(), 1.0, eps=1e6)}
        m.losses = lambda x, m=m: {"loss": -m.log_weights(x.round(), torch.zeros(1, len(x), 3)).mean()}
        torch.manual_seed(0)
        m.train_step({"image": b["image"].sign()}, AT)
        moved.append((m.up[0].mu.weight - model.up[0].mu.weight).abs().sum().item())
    assert moved[1] == pytest.approx(2 * moved[0], rel=1e-3), (
        "with so large an epsilon Adam feels the size of the gradient"
    )


def test_a_run_may_begin_where_another_ended():
    first = shaken(build(objective="vae", k=1))
    other = build(needs={"start": first})
    assert weights_digest(other.state_dict()) == weights_digest(first.state_dict())
    bias = other.pixels[-1].bias.clone()
    other.train_step(some_batch(), Step(0, 10, 0.0))
    assert (other.pixels[-1].bias - bias).abs().max().item() < 0.01, "and keeps its pixels"


def test_stages_of_three_times_as_many_passes():
    config = config_of()
    passes = [3**i for i in range(8)]
    assert sum(passes) == 3280 and SHEET["config"]["IWAE"]["steps"] == 3280 * 59_600 // 20
    for stage in range(8):
        for share in (sum(passes[:stage]) / 3280, (sum(passes[: stage + 1]) - 0.01) / 3280):
            assert step_size(config, share) == pytest.approx(1e-3 * 10 ** (-stage / 7), rel=1e-9), (stage, share)


def test_it_learns_and_goes_on_bit_by_bit():
    fields = {"k": 4, "hidden": [20], "latent": [4], "learning_rate": 1e-2, "last_learning_rate": 1e-2}
    batch = {"image": some_batch(1)["image"].sign().expand(16, -1, -1, -1)}
    for released in ((), ("D1", "D2", "D3")):
        make = functools.partial(build, as_released=released, **fields)
        learns_and_goes_on(make, batch, "loss", 60, 100, 0.9)


# --- as released -----------------------------------------------------------------------------------------------------


def test_each_difference_changes_the_training():
    digests = [digest_after(build(as_released=d, learning_rate=7.23e-4)) for d in ((), ("D1",), ("D2",), ("D3",))]
    assert len(set(digests)) == 4


def test_d1_the_released_adam_step_by_step():
    p = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = ReleasedAdam([p], 0.1, 0.999, 1e-4)
    x, m, v = [1.0, -2.0], [0.0, 0.0], [1.0, 1.0]
    for t in range(1, 6):
        gradient = torch.tensor([0.3 * t, -0.001])
        p.grad = gradient.clone()
        optimizer.step()
        for i, g in enumerate(gradient.tolist()):  # all that Theano updates is made of what was there before
            x[i] -= 0.1 * math.sqrt(1 - 0.999**t) / (1 - 0.99**t) * m[i] / (math.sqrt(v[i]) + 1e-4)
            m[i], v[i] = 0.99 * m[i] + 0.01 * g, 0.999 * v[i] + 0.001 * g * g
        assert p.tolist() == pytest.approx(x, rel=1e-5)


def test_d2_maps_of_equal_sizes_start_equal():
    ours, theirs = build(), build(as_released=("D2",))
    up = theirs.up[0]
    assert torch.equal(up.mu.weight, up.log_sigma.weight) and not torch.equal(
        ours.up[0].mu.weight, ours.up[0].log_sigma.weight
    )
    assert torch.equal(up.body[2].weight, theirs.pixels[2].weight)
    bound = math.sqrt(6 / 10)  # 7 to 3
    for weight in (up.mu.weight, ours.up[0].mu.weight):
        assert 0.6 * bound < weight.abs().max().item() <= bound
    assert up.mu.weight[0, 0].item() == pytest.approx((2 * 0.6964691855978616 - 1) * bound, rel=1e-5), (
        "RandomState(123)"
    )


def test_d3_step_sizes_as_released():
    found = [step_size(config_of(as_released=("D3",), stage_growth=1.0), (i + 0.5) / 8) for i in range(8)]
    assert found == pytest.approx([1e-3, 7.2e-4, 5.2e-4, 3.7e-4, 2.7e-4, 1.9e-4, 1.4e-4, 1e-4], rel=1e-9)


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"objective": "elbo"}, "iwae, objective 'elbo' with k 3: choose of vae, iwae, and k from 1 on"),
        ({"k": 0}, "iwae, objective 'iwae' with k 0: choose of vae, iwae, and k from 1 on"),
        ({"latent": [3, 2]}, "iwae, latent: 2 stochastic layers and 1 entries in hidden: give one each"),
    ],
)
def test_a_wrong_value_is_an_error_of_one_line(fields, line):
    with pytest.raises(RedrawError) as fault:
        build(**fields)
    assert str(fault.value) == line
