"""Annealed importance sampling against a linear Gaussian model, whose likelihood and posterior are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from raw_trees import write_cub
from small_sets import prepared
from torch import nn

from redraw import models, scores, scoring
from redraw.blocks import annealing
from redraw.blocks.annealing import Latents, anneal, temperatures
from redraw.core import RedrawError, write_json
from redraw.graph import _drawn
from redraw.metrics.active import active_units
from redraw.metrics.annealing import annealed_bound, annealing_gap
from redraw.metrics.bounds import importance_bound
from redraw.recipe import About, Recipe

D, Z, NOISE = 8, 3, 0.4
SIDE = 20


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def weights() -> torch.Tensor:
    return torch.randn(D, Z, generator=torch.Generator().manual_seed(3))


def log_normal(x: torch.Tensor, std: float | torch.Tensor = 1.0) -> torch.Tensor:
    return torch.distributions.Normal(0.0, std).log_prob(x).sum(-1)


class LinearGaussian:
    """z ~ N(0, I), x ~ N(W z, NOISE^2 I) of N given x."""

    def __init__(self, x: torch.Tensor) -> None:
        self.x, self.w = x, weights()
        precision = torch.eye(Z) + self.w.T @ self.w / NOISE**2
        self.covariance = torch.linalg.inv(precision)
        self.mean = x @ self.w @ self.covariance / NOISE**2

    def log_likelihood(self, z: torch.Tensor) -> torch.Tensor:
        return log_normal(self.x - z @ self.w.T, NOISE)

    def exact(self) -> torch.Tensor:
        covariance = self.w @ self.w.T + NOISE**2 * torch.eye(D)
        return torch.distributions.MultivariateNormal(torch.zeros(D), covariance).log_prob(self.x)

    def latents(self, near: bool) -> Latents:
        std = self.covariance.diagonal().sqrt().expand(len(self.x), Z)
        mean, std = (self.mean, std) if near else (torch.zeros_like(self.mean), torch.ones_like(std))
        return Latents(mean, std, self.log_likelihood)


def drawn(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, Z, generator=generator)
    return z @ weights().T + NOISE * torch.randn(n, D, generator=generator), z


# --- chains -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["sigmoid", "linear"])
def test_temperatures_rise_from_nothing_to_one(schedule):
    betas = temperatures(10, schedule)
    assert len(betas) == 11 and betas[0] == 0 and betas[-1] == 1 and (betas.diff() > 0).all()
    slow = betas.diff()[0] < betas.diff()[5] / 3
    assert bool(slow) == (schedule == "sigmoid")


@pytest.mark.parametrize(("near", "schedule"), [(False, "sigmoid"), (True, "linear")])
def test_forward_and_reverse_enclose_the_exact_likelihood(near, schedule):
    x, z = drawn(100)
    model = LinearGaussian(x)
    latents, exact = model.latents(near), model.exact().double()
    betas, generator = temperatures(300 if schedule == "sigmoid" else 100, schedule), torch.Generator().manual_seed(1)
    forward = anneal(latents, betas, 12, 6, generator)
    reverse = anneal(latents, betas, 12, 6, generator, z)
    lower = forward.log_weights.logsumexp(0) - math.log(12)
    upper = -((-reverse.log_weights).logsumexp(0) - math.log(12))
    assert forward.log_weights.dtype == torch.float64 and forward.log_weights.shape == (12, 100)
    assert float((lower - exact).mean()) == pytest.approx(0, abs=0.05)
    assert float((upper - exact).mean()) == pytest.approx(0, abs=0.05)
    # One chain's logarithm is off on its own side, in the mean: by Jensen's inequality.
    assert float((forward.log_weights - exact).mean()) < 0 < float((reverse.log_weights - exact).mean())
    assert float(forward.log_weights.mean()) < float(exact.mean()) < float(reverse.log_weights.mean())
    assert 0.5 < float(forward.accepted.mean()) < 0.9


def test_few_temperatures_leave_a_gap_that_more_close():
    x, z = drawn(40)
    latents, gaps = LinearGaussian(x).latents(False), []
    for steps in (2, 20, 200):
        both = [
            anneal(latents, temperatures(steps, "sigmoid"), 8, 5, torch.Generator().manual_seed(1), e)
            for e in (None, z)
        ]
        gaps.append(float(both[1].log_weights.mean() - both[0].log_weights.mean()))
    assert gaps[0] > 3 * gaps[1] > 9 * gaps[2] > 0


def test_chains_that_start_at_the_posterior_of_a_normal_one_need_no_transition():
    """One latent: r is the posterior itself, and every weight is p(x)."""
    w = torch.tensor([[1.0], [0.5]])
    x = torch.tensor([[0.3, -1.0], [2.0, 0.1]])
    precision = 1 + float((w**2).sum()) / NOISE**2
    mean, std = x @ w / NOISE**2 / precision, torch.full((2, 1), precision**-0.5)
    latents = Latents(mean, std, lambda z: log_normal(x - z @ w.T, NOISE))
    covariance = w @ w.T + NOISE**2 * torch.eye(2)
    exact = torch.distributions.MultivariateNormal(torch.zeros(2), covariance).log_prob(x)
    for steps in (1, 5):
        found = anneal(latents, temperatures(steps, "linear"), 3, 2, torch.Generator().manual_seed(0))
        torch.testing.assert_close(found.log_weights, exact.double().expand(3, 2), rtol=1e-5, atol=1e-4)


def test_what_is_not_finite_is_never_accepted():
    def cliff(z):
        return torch.where(z.sum(-1) > 0, z.sum(-1) * float("nan"), -z.square().sum(-1))

    latents = Latents(torch.full((1, 2), -3.0), torch.full((1, 2), 0.1), cliff)
    found = anneal(latents, temperatures(40, "linear"), 20, 3, torch.Generator().manual_seed(0))
    assert found.log_weights.isfinite().all() and (found.z.sum(-1) <= 0).all()


def test_steps_adapt_to_what_is_accepted(monkeypatch):
    latents = LinearGaussian(drawn(20)[0]).latents(True)
    shares = []
    for first in (2e-2, 1.5):
        monkeypatch.setattr(annealing, "FIRST_STEP", first)
        found = anneal(latents, temperatures(250, "linear"), 4, 3, torch.Generator().manual_seed(0))
        shares.append(float(found.accepted.mean()))
    assert shares[0] == pytest.approx(shares[1], abs=0.15) and 0.55 < shares[1] < 0.85


# --- metrics ----------------------------------------------------------------------------------------------------


def test_importance_weights_of_the_same_model_tighten_with_k():
    """L_k rises to the exact value, within three standard errors over draws of a broad q; L_1 is below by KL(q || p(z | x))."""
    model = LinearGaussian(drawn(30)[0])
    broad = 1.6 * model.covariance.diagonal().sqrt().double()
    eps = torch.randn(5000, 30, Z, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = model.mean.double() + broad * eps
    likelihood = torch.distributions.Normal(z @ model.w.T.double(), NOISE).log_prob(model.x.double()).sum(-1)
    log_w = (likelihood + log_normal(z) - torch.distributions.Normal(model.mean.double(), broad).log_prob(z).sum(-1)).T
    found = [importance_bound({"bounds": log_w.numpy()}, 5000, k) for k in (1, 5, 50, 500, 5000)]
    values, exact = [-f["value"] for f in found], float(model.exact().double().mean())
    assert values == sorted(values)
    error = float(log_w.std(1).mean()) / (5000 * 30) ** 0.5
    precision = torch.linalg.inv(model.covariance.double())
    divergence = 0.5 * float((precision @ torch.diag(broad**2)).trace() - Z - 2 * broad.log().sum()
                             + torch.logdet(model.covariance.double()))  # fmt: skip
    assert values[0] == pytest.approx(exact - divergence, abs=5 * error)
    assert values[-1] == pytest.approx(exact, abs=0.01)
    assert found[0]["parts"]["largest_share"] == 1 and found[-1]["parts"]["largest_share"] < 0.05
    assert 500 < found[-1]["parts"]["effective_samples"] < 5000


def test_a_bound_of_chains_is_a_log_mean_exp_in_full_precision():
    log_w = np.array([[-2000.0, -2000.0 + math.log(3)], [-1.0, -1.0]])
    found = annealed_bound({"annealed": log_w, "annealed_accepted": np.array([[0.5, 0.7], [0.6, 0.6]])})
    assert found["per_item"] == pytest.approx([2000 - math.log(2), 1.0])
    assert found["parts"]["accepted"] == pytest.approx(60) and found["parts"]["largest_share"] == pytest.approx(0.625)
    gap = annealing_gap({"annealed": log_w, "annealed_reverse": log_w + 0.25})
    reverse = 2000 - 0.25 + math.log((1 + 1 / 3) / 2)
    assert gap["columns"]["reverse"]["value"] == pytest.approx((reverse + 0.75) / 2)
    assert gap["value"] == pytest.approx(gap["columns"]["forward"]["value"] - gap["columns"]["reverse"]["value"])


def test_a_weight_that_is_not_finite_is_told():
    arrays = {"annealed": np.array([[0.0], [np.nan]]), "annealed_accepted": np.ones((2, 1))}
    with pytest.raises(RedrawError, match="^annealed_bound: annealed is not finite in 1 of 2 rows, first in row 1"):
        annealed_bound(arrays)


def test_units_are_active_whose_posterior_mean_varies():
    means = np.zeros((100, 4))
    means[:, 0] = np.linspace(-1, 1, 100)
    means[::2, 2], means[::2, 3] = 0.19, 0.21  # variances .0090 and .0110
    items = {"posterior_mean": means, "posterior_mean_labels": np.array(["1", "1", "2", "2"])}
    found = active_units(items)
    assert found["value"] == 2 and found["columns"] == {"1": {"value": 1}, "2": {"value": 1}}
    assert active_units({"posterior_mean": means}, threshold=0.001)["value"] == 3
    assert "columns" not in active_units({"posterior_mean": means})


# --- what is scored ----------------------------------------------------------------------------------------------


class Pixels(Recipe):
    """The same model of the first pixels of an image."""

    def __init__(self) -> None:
        super().__init__(None, About((3, SIDE, SIDE), 3), {})
        self.unused = nn.Parameter(torch.zeros(1))

    def latents(self, batch):
        return LinearGaussian(batch["image"][:, 0, 0, :D]).latents(True)

    def imagined(self, conditions, seed):
        x, z = drawn(len(conditions["class_id"]), seed)
        image = torch.zeros(len(x), 3, SIDE, SIDE)
        image[:, 0, 0, :D] = x
        return image, z

    def sample(self, conditions, seed):
        return self.imagined(conditions, seed)[0]


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("birds")
    return prepared("cub", write_cub(folder / "raw"), folder / "prepared", size=SIDE)


HOW = {"chains": 6, "temperatures": 60, "leapfrogs": 4}
ASKED = {"instrument": "self", "captions": "none", "options": {"annealing": HOW}}
FAR = {**ASKED, "options": {"annealing": {**HOW, "start": "prior"}}}
EVALUATIONS = {
    "ais": {**ASKED, "metric": "annealed_bound", "images": "real", "n": 4},
    "imagined": {**FAR, "metric": "annealed_bound", "images": "model", "n": 40},
    "gap": {**FAR, "metric": "annealing_gap", "images": "model", "n": 40},
}


def scored(birds, home, evaluations, model=None):
    model = model or Pixels()
    instruments = {"self": models.Instrument(model, "p/x.s0", "", "")}
    scoring.draw((model, {}), instruments, birds, evaluations, 0, home)
    write_json(home / "manifest.json", {"weights": "own", "config": {}, "data": "d"})
    write_json(home / "curves.json", {})
    spec = {
        "run": "p/x.s0",
        "scale": "smoke",
        "seed": 0,
        "dataset": "birds",
        "evaluations": evaluations,
        "instruments": {},
    }
    return scores.score(home, spec)["metrics"]


def test_a_recipe_with_latents_is_scored_by_annealing(birds, tmp_path):
    found = scored(birds, tmp_path, EVALUATIONS)
    items = dict(np.load(tmp_path / "items.npz").items())
    place = "self.eval.6chains.60temperatures.4leapfrogs.sigmoidschedule.posteriorstart"
    real = items[f"none-real-4/{place}/annealed"]
    assert real.shape == (4, 6) and real.dtype == np.float64
    shown = np.load(tmp_path / "samples.npz")["none-real-4"][:, 0, 0, :D]
    exact = LinearGaussian(torch.from_numpy(shown / 127.5 - 1).float()).exact().double().numpy()
    assert found["ais"]["value"] == pytest.approx(-exact.mean(), abs=0.1)
    turned = found["ais/log_p"]
    assert (turned["value"], turned["better"]) == (-found["ais"]["value"], "higher")
    assert turned["per_block"] == [-block for block in found["ais"]["per_block"]], "models are compared image by image"
    assert found["ais"]["protocol"]["instrument_weights"] is None, "the model is no part of the protocol"
    # The exact likelihood of what the model imagined lies inside the gap.
    mean = -float(LinearGaussian(drawn(40, 0)[0]).exact().mean())
    assert found["gap/reverse"]["value"] < mean < found["gap/forward"]["value"]
    assert found["gap"]["value"] == pytest.approx(found["gap/forward"]["value"] - found["gap/reverse"]["value"])
    assert found["imagined"]["value"] == pytest.approx(found["gap/forward"]["value"]), "one run of the chains for both"
    assert 0.1 < found["gap"]["value"] < 3


def test_annealing_reaches_the_drawing_and_the_protocol():
    assert _drawn(EVALUATIONS["ais"])["options"] == {"annealing": HOW}


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"chain": 3}, "evaluation, options.annealing: no 'chain': did you mean \"chains\"?"),
        ({"schedule": "cubic"}, "evaluation, options.annealing: schedule 'cubic' and start 'posterior': choose of"),
        ({"start": "here"}, "evaluation, options.annealing: schedule 'sigmoid' and start 'here': choose of"),
        ({"temperatures": 0}, "evaluation, options.annealing: chains, temperatures and leapfrogs must be 1 or more"),
    ],
)
def test_settings_that_mean_nothing(birds, tmp_path, how, line):
    with pytest.raises(RedrawError) as fault:
        scored(birds, tmp_path, {"a": {**EVALUATIONS["ais"], "options": {"annealing": how}}})
    assert str(fault.value).startswith(line) and "\n" not in str(fault.value)


def test_a_model_without_latents(birds, tmp_path):
    class Adversary(Recipe):
        def __init__(self):
            super().__init__(None, About((3, SIDE, SIDE), 3), {})
            self.unused = nn.Parameter(torch.zeros(1))

    with pytest.raises(
        RedrawError, match="^evaluation, annealed: Adversary has no latents to be annealed: score so only"
    ):
        scored(birds, tmp_path, {"a": EVALUATIONS["ais"]}, Adversary())
