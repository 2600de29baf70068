"""DRAW: closed forms, a plain loop that must come to the same, and every difference of the known codes on its own."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import time
from pathlib import Path

import pytest
import torch
from going_on import learns_and_goes_on
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import draw_steps  # noqa: E402
from bounds_check import check_bounds  # noqa: E402

from redraw import engine  # noqa: E402
from redraw.blocks.windows import window  # noqa: E402
from redraw.core import RedrawError  # noqa: E402
from redraw.demonstrations import likelihood  # noqa: E402
from redraw.models import weights_digest  # noqa: E402
from redraw.papers import draw  # noqa: E402
from redraw.papers.draw import DRAW, GlimpseClassifier  # noqa: E402
from redraw.recipe import About, Step, make_config  # noqa: E402
from redraw.resolve import resolve  # noqa: E402
from redraw.sheets import PAPERS, read_yaml  # noqa: E402

SHEET = read_yaml(PAPERS / "draw.yaml")
RECIPES = {"DRAW": DRAW, "GlimpseClassifier": GlimpseClassifier}
ABOUT = About((1, 12, 10), 3)
ENGINE = {"steps": 4, "batch_size": 6, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {"hidden": 7, "latent": 3, "time_steps": 3, "read_side": 3, "write_side": 4}
IN_TRAINING = ("D1", "D3", "D5", "D6", "D7")
PARAMS = {"papers": {}, "datasets": {}, "engine": {"precision": "fp32", "compile": False}}
AT = Step(0, 10, 0.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def config_of(**fields) -> draw.Config:
    return make_config(draw.Config, {**SHEET["config"]["DRAW"], **ENGINE, **SMALL, **fields}, "test")


def build(about: About = ABOUT, **fields) -> DRAW:
    torch.manual_seed(0)
    return DRAW(config_of(**fields), about, {})


def build_classifier(about: About = ABOUT, **fields) -> GlimpseClassifier:
    values = {**SHEET["config"]["GlimpseClassifier"], **ENGINE, "hidden": 7, "read_side": 3, "glimpses": 3, **fields}
    torch.manual_seed(0)
    return GlimpseClassifier(make_config(draw.GlimpseConfig, values, "test"), about, {})


def some_batch(n: int = 6, shape: tuple[int, int, int] = (1, 12, 10), seed: int = 0) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(seed)
    image = (torch.rand(n, *shape, generator=drawn) > 0.6).float() * 2 - 1
    return {"image": image, "class_id": torch.arange(n) % 3}


def shaken(model: torch.nn.Module, std: float = 0.3) -> torch.nn.Module:
    """All weights drawn anew, so that nothing is near 0 as it is at the start."""
    drawn = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(std * torch.randn(p.shape, generator=drawn))
    return model


def digest_after(model, steps: int = 2) -> str:
    model.train()
    for step in range(steps):
        engine.seed_everything(0, step)
        model.train_step(some_batch(), Step(step, 10, 0.0))
    return weights_digest(model.state_dict())


# --- the sheet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
@pytest.mark.parametrize("run", SHEET["runs"])
def test_every_run_has_a_configuration_at_every_scale(run, scale):
    config, _, _ = resolve(SHEET, run, {**PARAMS, "scale": scale})
    recipe = RECIPES[SHEET["runs"][run]["recipe"]]
    made = make_config(recipe.Config, config, run)
    shape = {"svhn": (3, 32, 32), "cifar10": (3, 32, 32), "mnist-cluttered": (1, 100, 100)}
    forms = SHEET["runs"][run].get("form", {})
    side = (3, SHEET["forms"][forms[scale]]["size"]) if scale in forms else None
    about = About((side[0], side[1], side[1]) if side else shape.get(SHEET["runs"][run]["dataset"], (1, 28, 28)), 10)
    recipe(dataclasses.replace(made, hidden=8), about, {})
    assert ("no_attention" in run) == (getattr(made, "write_side", 1) is None) == (made.read_side is None)


def test_the_sheet_gives_exactly_the_fields_of_the_configurations():
    for name, recipe in RECIPES.items():
        fields = {f.name for f in dataclasses.fields(recipe.Config)}
        assert set(SHEET["config"][name]) | {"as_released"} == fields
    assert {e for run in SHEET["runs"].values() for e in run["score"]} == set(SHEET["evaluations"])


def test_what_the_docstring_numbers_is_in_the_sheet():
    for number in SHEET["differences"]:
        assert f" {number}" in draw.__doc__, number
    taken = {d for run in SHEET["runs"].values() for d in run.get("as_released", [])}
    assert taken == {*IN_TRAINING, "D2"}
    assert SHEET["runs"]["mnist_released"]["dataset"] == "mnist"  # D4


def test_only_the_pair_with_and_without_attention_is_a_headline():
    """At embedded, where all papers share a few minutes, they wait for `rows: all`."""
    pair = {n: run["rows"] for n, run in SHEET["runs"].items() if run["rows"] != "all"}
    assert pair == {"mnist": {"embedded": "all"}, "mnist_no_attention": {"embedded": "all"}}


# --- sizes ---------------------------------------------------------------------------------------------------


def lstm_size(inputs: int, hidden: int) -> int:
    return 4 * hidden * (inputs + hidden + 1)


@pytest.mark.parametrize(("read", "write"), [(2, 5), (None, None)])
def test_parameters_at_the_papers_size(read, write):
    model = build(About((1, 28, 28), 1), **{k: SHEET["config"]["DRAW"][k] for k in ("hidden", "latent", "time_steps")},
                  read_side=read, write_side=write)  # fmt: skip
    h, z, seen, patch, windows = 256, 100, 2 * (read**2 if read else 784), write**2 if write else 784, 2 if read else 0
    wanted = lstm_size(seen + h, h) + lstm_size(z, h) + 2 * z * (h + 1) + patch * (h + 1) + 5 * windows * (h + 1)
    wanted += 2 * h + 784  # first states and canvas
    assert sum(p.numel() for p in model.parameters()) == wanted


@pytest.mark.parametrize("run", ["mnist", "mnist_no_attention", "glimpses_8"])
def test_one_step_at_the_papers_size(run):
    """Two images and all steps of time."""
    config, _, _ = resolve(SHEET, run, {**PARAMS, "scale": "paper"})
    recipe = RECIPES[SHEET["runs"][run]["recipe"]]
    shape = (1, 100, 100) if run == "glimpses_8" else (1, 28, 28)
    model = recipe(make_config(recipe.Config, config, run), About(shape, 10), {})
    batch, before = some_batch(2, shape), time.process_time()
    losses = model.train_step(batch, AT)
    print(f"\n{run}: {time.process_time() - before:.2f} s of the processor")
    assert all(math.isfinite(v) for v in losses.values())
    if recipe is DRAW:
        assert losses["loss"] == pytest.approx(784 * math.log(2), rel=0.05), "pixels of probability 1/2 at the start"


@pytest.mark.parametrize(("field", "value"), [("read_side", 1), ("write_side", 11), ("crop", 11), ("crop", 0)])
def test_a_wrong_size_is_an_error_of_one_line(field, value):
    with pytest.raises(RedrawError, match=rf"^draw, {field}: {value} of 12 x 10 pixels: .+$"):
        build(**{field: value})


# --- the model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{}, {"read_side": None, "write_side": None}, {"read_side": None}, {"write_side": None}]
)
def test_the_hoisted_sequence_is_the_plain_loop(fields):
    model = shaken(build(About((1, 12, 12), 1), **fields))
    x, eps = (
        (some_batch(5, (1, 12, 12))["image"] + 1) / 2,
        torch.randn(3, 5, 3, generator=torch.Generator().manual_seed(1)),
    )
    both = []
    for of in (draw_steps.hoisted, draw_steps.plain):
        model.zero_grad()
        loss = of(model.painter, x, eps)
        loss.backward()
        both.append((loss.detach(), {k: p.grad.clone() for k, p in model.named_parameters()}))
    (ours, our_gradients), (theirs, their_gradients) = both
    assert ours == pytest.approx(float(theirs), rel=1e-5)
    for name, gradient in their_gradients.items():
        assert gradient.abs().sum() > 0, name
        assert torch.allclose(our_gradients[name], gradient, rtol=1e-3, atol=1e-4 * float(gradient.abs().max())), name


@pytest.mark.parametrize("fields", [{}, {"read_side": None, "write_side": None}, {"crop": 8}])
def test_shapes_losses_and_a_gradient_for_every_parameter(fields):
    model, batch = shaken(build(**fields)), some_batch()
    losses = model.train_step(batch, AT)
    assert set(losses) == set(model.validate(batch)) == {"reconstruction", "kl", "loss"}
    assert losses["loss"] == pytest.approx(float(losses["reconstruction"] + losses["kl"]), rel=1e-6)
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    side = (8, 8) if "crop" in fields else (12, 10)
    conditions = {"class_id": torch.zeros(4, dtype=torch.int64)}
    steps, images = model.drawing(conditions, 3), model.sample(conditions, 3)
    assert steps.shape == (4, 3, 1, *side) and torch.equal(steps[:, -1], images)
    assert images.min() >= -1 and images.max() <= 1 and model.view(batch["image"]).shape == (6, 1, *side)
    assert torch.equal(images, model.sample(conditions, 3)) and not torch.equal(images, model.sample(conditions, 4))


def test_colours_are_drawn_by_windows_of_three_channels():
    model = shaken(build(About((3, 9, 9), 1)))
    losses = model.train_step(some_batch(4, (3, 9, 9)), AT)
    assert torch.isfinite(losses["loss"]) and model.painter.patch_size == 3 * 16


def test_the_divergence_in_closed_form():
    mu, log_sigma = torch.tensor([0.0, 1.0, -2.0]), torch.tensor([0.0, 0.5, -1.0])
    q, p = torch.distributions.Normal(mu, log_sigma.exp()), torch.distributions.Normal(0.0, 1.0)
    assert torch.allclose(draw.divergence(mu, log_sigma), torch.distributions.kl_divergence(q, p))


def test_bounds_are_importance_weights():
    """Of a model whose latents reach neither canvas nor each other: log p(x) is known, and log p(z) - log q(z|x) is checked."""
    model = shaken(build())
    with torch.no_grad():
        model.painter.patch.weight.zero_()
        model.painter.patch.bias.zero_()
    batch = some_batch()
    x = (batch["image"] + 1) / 2
    exact = draw.log_likelihood(model.painter.canvas.expand_as(x), x)  # all z give the same canvas
    bounds = check_bounds(model, batch, 100)
    assert not bounds.requires_grad
    assert (bounds.mean(1) < exact).all()
    tight = bounds.double().logsumexp(1) - math.log(100)
    assert torch.allclose(tight.float(), exact, atol=0.5)


def test_bounds_agree_with_the_losses():
    model, batch = shaken(build(), 0.2), some_batch(64)
    bounds = model.bounds(batch, 1, 12)
    torch.manual_seed(0)
    losses = torch.stack([model.validate(batch)["loss"] for _ in range(12)])
    error = float(bounds.mean(0).std() / 12**0.5 + losses.std() / 12**0.5)
    assert float(-bounds.mean()) == pytest.approx(float(losses.mean()), abs=5 * error)


def test_a_window_starts_half_a_distance_wide_and_writes_as_strongly_as_it_stands_for_pixels():
    about = About((1, 28, 28), 1)
    plain, scaled = build(about, write_side=5), build(about, write_side=5, stride_scaled=True)
    for name, strength in (("read_window", 1.0), ("write_window", 6.75**2)):
        numbers = [getattr(m.painter, name).bias for m in (plain, scaled)]
        assert torch.equal(numbers[0], torch.zeros(5))
        between = 27 / (getattr(scaled.config, name.replace("window", "side")) - 1)
        assert numbers[1].tolist() == pytest.approx([0, 0, 2 * math.log(between / 2), 0, -math.log(strength)], abs=1e-5)
    w = window(scaled.painter.write_window.bias[None], 5, 28, 28)
    assert w.write(torch.ones(1, 1, 5, 5))[0, 0, 10:18, 10:18].mean().item() == pytest.approx(1.0, abs=0.05)


# --- training ------------------------------------------------------------------------------------------------


def test_the_step_size_falls_in_a_straight_line():
    model = build(learning_rate=1e-2, last_learning_rate=2e-3)
    for index, size in ((0, 1e-2), (5, 6e-3), (10, 2e-3)):
        model.train_step(some_batch(), Step(index, 10, 0.0))
        assert model.optimizers["adam"].param_groups[0]["lr"] == pytest.approx(size)


def test_training_sees_windows_anywhere_and_never_mirrored():
    model = build(About((1, 10, 10), 1), crop=8)
    ramp = torch.arange(100.0).view(1, 1, 10, 10).expand(64, -1, -1, -1) / 50 - 1
    seen = []
    model.losses = lambda image: seen.append(image) or {"loss": (model.painter.canvas.sum() * 0)}
    torch.manual_seed(0)
    model.train_step({"image": ramp}, AT)
    corners = {round(float(v + 1) * 50) for v in seen[0][:, 0, 0, 0]}
    assert corners == {0, 1, 2, 10, 11, 12, 20, 21, 22}
    assert (seen[0].diff(dim=3) > 0).all() and (seen[0].diff(dim=2) > 0).all()
    assert float(model.view(ramp)[0, 0, 0, 0] + 1) * 50 == pytest.approx(11)


def test_it_learns_and_goes_on_bit_by_bit():
    about, batch = About((1, 12, 10), 1), {"image": some_batch(1)["image"].expand(32, -1, -1, -1)}
    fields = {"hidden": 24, "read_side": 4, "stride_scaled": True, "learning_rate": 2e-2, "last_learning_rate": 2e-2}
    learns_and_goes_on(lambda: build(about, **fields), batch, "loss", 40, 80, 0.9)


def test_half_precision_computes_windows_and_losses_in_full():
    model, batch = shaken(build(), 0.1), some_batch()
    torch.manual_seed(0)
    wanted = model.validate(batch)["loss"]
    model.autocast_dtype = torch.bfloat16
    torch.manual_seed(0)
    found = model.validate(batch)["loss"]
    assert found.dtype == torch.float32 and float(found) == pytest.approx(float(wanted), rel=0.01)
    assert torch.isfinite(model.train_step(batch, AT)["loss"])


# --- differences of the known codes --------------------------------------------------------------------------


@pytest.mark.parametrize("difference", IN_TRAINING)
def test_each_difference_changes_the_training(difference):
    fields = {"clip": 1.0, "init_std": 0.3}
    assert digest_after(build(**fields)) != digest_after(build(**fields, as_released=(difference,)))


def test_d1_moves_the_window():
    as_written, shifted = build(), build(as_released=("D1",))
    assert (as_written.painter.grid.first_filter, shifted.painter.grid.first_filter) == (1, 0)
    w, s = (
        window(torch.tensor([[0.0, 0.0, 0.0, -1.0, 0.0]]), 3, 30, 30, m.painter.grid) for m in (as_written, shifted)
    )
    middles = [float((x.f_x * torch.arange(30.0)).sum() / 3) for x in (w, s)]
    assert middles[1] - middles[0] == pytest.approx(1 - 29 / 2 * math.exp(-1), abs=0.05)


def test_d2_is_a_constant():
    one, other = shaken(build()), shaken(build(as_released=("D2",)))
    batch, found = some_batch(), []
    for model in (one, other):
        torch.manual_seed(0)
        found.append(model.validate(batch))
    assert float(found[1]["kl"] - found[0]["kl"]) == pytest.approx((3 - 1) * 3 / 2, abs=1e-4)
    assert digest_after(build()) == digest_after(build(as_released=("D2",)))


def test_d3_draws_the_noise_once(monkeypatch):
    for released, distinct in ((), 3), (("D3",), 1):
        model, seen = build(as_released=released), []
        painter = type(model.painter)
        forward = painter.forward
        monkeypatch.setattr(
            painter, "forward", lambda self, x, eps, f=forward, s=seen: s.append(eps) or f(self, x, eps)
        )
        model.validate(some_batch())
        monkeypatch.undo()
        assert seen[0].shape == (3, 6, 3) and len({tuple(e.flatten().tolist()) for e in seen[0]}) == distinct


def test_d5_learns_no_first_canvas_and_d6_opens_the_forget_gates():
    names = {n for n, _ in build().named_parameters()} - {n for n, _ in build(as_released=("D5",)).named_parameters()}
    assert names == {"painter.canvas", "painter.h_enc", "painter.h_dec"}
    painter = build(as_released=("D6",)).painter
    for linear in (painter.enc_of_dec, painter.dec_of_dec):
        assert linear.bias.tolist() == [0.0] * 7 + [1.0] * 7 + [0.0] * 14
    cell = torch.full((1, 7), 2.0)
    closed = torch.full((1, 28), -40.0)
    closed[:, 7:14] = 40.0
    assert torch.allclose(draw.lstm(closed, cell)[1], cell), "the second quarter is the forget gate"


def test_d7_cuts_each_gradient_by_itself():
    for taken in ((), ("D7",)):
        model = build(as_released=taken, clip=1e-3)
        model.train_step(some_batch(), AT)
        lengths = torch.stack([p.grad.norm() for p in model.parameters()])
        if taken:
            assert float(lengths.max()) < 1.001e-3 and float(lengths.norm()) > 2e-3
        else:
            assert float(lengths.norm()) == pytest.approx(1e-3, rel=1e-2)


# --- the classifier ------------------------------------------------------------------------------------------


def test_the_classifier_looks_learns_and_is_read():
    model, batch = (
        build_classifier(stride_scaled=True, learning_rate=3e-2, last_learning_rate=3e-2, hidden=24),
        some_batch(),
    )
    first = float(model.validate(batch)["loss"])
    for step in range(60):
        losses = model.train_step(batch, Step(step, 100, 0.0))
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    assert set(losses) == {"loss", "error"} and float(model.validate(batch)["loss"]) < first / 2
    found = model.encode(batch)
    assert found["logits"].shape == (6, 3) and found["features"].shape == (6, 24)
    misread = (found["logits"].argmax(1) != batch["class_id"]).float().mean()
    assert float(model.validate(batch)["error"]) == pytest.approx(100 * float(misread))


def test_one_glimpse_of_the_whole_image_is_an_lstm_of_its_pixels():
    model = shaken(build_classifier(glimpses=1, read_side=None))
    x = (some_batch()["image"].flatten(1) + 1) / 2
    i, _, o, g = (model.of_read(x) + model.of_h(model.h[None])).chunk(4, 1)
    h = o.sigmoid() * (i.sigmoid() * g.tanh()).tanh()
    assert torch.allclose(model.encode(some_batch())["logits"], model.classes(h), atol=1e-6)


# --- demonstrations and the benchmark ------------------------------------------------------------------------


def test_the_demonstrations_give_the_numbers_of_the_findings():
    moved = likelihood.displaced_windows()
    assert (
        "middle at +0.00 pixels as written, -0.69 as released"
        in moved["ericjang/draw: 5 filters on 28 pixels, 1.69 pixels apart"]
    )
    assert len(moved) == 3 and any("+0.51 as released" in v for v in moved.values()), "nine filters: half a distance"
    logged = likelihood.divergence_constant()
    assert "0 nats, logged as 0 at first, as 45 since" in logged.values()


def test_the_benchmark_tells_both_times_and_that_they_compute_the_same(tmp_path):
    draw_steps.main(["--quick", "--repeats", "1", "--out", str(tmp_path / "steps.json")])
    found = json.loads((tmp_path / "steps.json").read_text())
    assert found["quick"] is True and [row["case"] for row in found["cases"]] == list(draw_steps.CASES)
    for row in found["cases"]:
        assert row["difference"] < 1e-5 and row["gradients"] < 1e-3 and row["on_ms"] > 0 < row["off_ms"]
