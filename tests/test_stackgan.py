"""StackGAN: parameters of the released networks, closed forms, and every difference of the released code on its own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from stackgan_models import ABOUT, CLASSES, SHEET, Letters, Toy, build, count, paper, run, some_batch, step, values_of
from torch import Tensor, nn

from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers import stackgan, stackgan_pytorch
from redraw.papers.stackgan import StageI, StageII
from redraw.recipe import About, Recipe, Step, make_config

SWITCHES = tuple(n for n, d in SHEET["differences"].items() if d["changes"] == "training")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


# --- the sheet, sizes of the paper --------------------------------------------------------------------------------------


def test_what_the_docstring_numbers_is_in_the_sheet():
    assert all(f"    {name} " in stackgan.__doc__ for name in SHEET["differences"])


def test_a_full_size_step_of_both_stages_and_the_number_of_parameters():
    """8 seconds of one core."""
    text, batch = Letters(1024), some_batch(2, 304)
    first = build(StageI, text=text, about=About((3, 76, 76), CLASSES), **paper(StageI))
    assert (count(first.generator), count(first.discriminator)) == (14_264_192, 4_029_824)
    losses = step(first, {**batch, "image": batch["image"][:, :, :76, :76]})
    second = build(StageII, first, text, About((3, 304, 304), CLASSES), **paper(StageII))
    assert (count(second.generator), count(second.discriminator)) == (26_290_080, 48_603_520)
    losses |= {f"2_{k}": v for k, v in step(second, batch).items()}
    assert len(losses) == 12 and all(torch.isfinite(v) for v in losses.values())
    images = second.eval().sample({"tokens": batch["captions"][:, 0]}, 0)
    assert images.shape == second.view(batch["image"]).shape == (2, 3, 256, 256)


# --- closed forms ----------------------------------------------------------------------------------------------------


def test_losses_by_the_equations():
    p_real, p_wrong, p_fake = (torch.tensor(p).double() for p in ([0.9, 0.6], [0.3, 0.1], [0.2, 0.5]))
    real, wrong, fake = (torch.logit(p) for p in (p_real, p_wrong, p_fake))
    e_real, e_wrong, e_fake = -p_real.log().mean(), -(1 - p_wrong).log().mean(), -(1 - p_fake).log().mean()

    def same(got: Tensor, wanted: Tensor) -> bool:
        return got.item() == pytest.approx(wanted.item(), rel=1e-12)

    whole = e_real + (e_wrong + e_fake) / 2
    assert same(stackgan.discriminator_loss(real, wrong, fake, 0.5)["discriminator"], whole)
    assert same(stackgan.discriminator_loss(real, None, fake, 0.5)["discriminator"], e_real + e_fake)  # eq. 3
    assert same(stackgan.adversarial_loss(fake, True), -e_fake)  # eq. 4
    assert same(stackgan.adversarial_loss(fake, False), -p_fake.log().mean())
    judged = {"real": real, "wrong": wrong, "fake": fake}
    assert same(stackgan_pytorch.discriminator_loss(judged)["discriminator"], whole)
    both = stackgan_pytorch.discriminator_loss({**judged, "real_alone": fake, "fake_alone": wrong})["discriminator"]
    assert same(both, (e_real - p_fake.log().mean()) / 2 + (e_fake + e_wrong + e_wrong) / 3)


def test_the_condition_is_drawn_around_the_mean():
    network, h, eps = stackgan.Condition(6, 4, True, "none"), torch.randn(5, 6), torch.randn(5, 4)
    mu, log_sigma = network.augmentation.fc(h).chunk(2, 1)
    c, kl = network(h, eps)
    torch.testing.assert_close(c, mu + log_sigma.exp() * eps)
    normal = torch.distributions.Normal
    exact = torch.distributions.kl_divergence(normal(mu, log_sigma.exp()), normal(0.0, 1.0))
    assert kl.item() == pytest.approx(exact.mean().item(), rel=1e-5)
    plain = stackgan.Condition(6, 4, False, "none")
    c, kl = plain(h, eps)
    assert kl is None and torch.equal(c, plain.mean(h))


def test_truncated_noise():
    noise = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    cut = stackgan.truncated(noise)
    assert cut.abs().max() <= 2 and (cut[noise.argsort()].diff() >= 0).all()
    density, mass = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    assert cut.var().item() == pytest.approx(1 - 4 * density / mass, abs=0.01)
    assert torch.isfinite(stackgan.truncated(torch.tensor([-12.0, 12.0]))).all()


# --- networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", stackgan.SIZES)
def test_every_size(size):
    about, fields = About((3, 256, 256), CLASSES), {"image_size": size, "crop": 256, "ngf": 4, "ndf": 1}
    first = build(StageI, about=about, **fields)
    widths = [m.out_channels for m in first.discriminator.trunk if isinstance(m, nn.Conv2d)]
    assert widths == {8: [8], 16: [4, 8], 32: [2, 4, 8], 64: [1, 2, 4, 8], 128: [1, 2, 4, 8, 16, 8],
                      256: [1, 2, 4, 8, 16, 32, 16, 8]}[size]  # fmt: skip
    assert first.generator(torch.randn(2, 4), torch.randn(2, 5)).shape == (2, 3, size, size)
    if size > 8:
        half = size // 2
        second = build(StageII, build(StageI, about=about, crop=256, image_size=half), about=about, **fields)
        assert second.generator(torch.randn(2, 3, half, half), torch.randn(2, 4)).shape == (2, 3, size, size)


def test_rectifiers_of_the_discriminator():
    """One leaks behind every halving, the last one's behind the residual sum; D10: none behind the third."""
    fields = {"image_size": 64, "crop": 64, "about": About((3, 76, 76), CLASSES)}

    def behind(model: Recipe) -> list[type]:
        layers = list(model.discriminator.trunk)
        places = [k for k, m in enumerate(layers) if isinstance(m, nn.Conv2d)]
        return [next(type(m) for m in layers[k + 1 :] if not isinstance(m, nn.BatchNorm2d)) for k in places]

    assert behind(build(StageI, **fields)) == [nn.LeakyReLU] * 3 + [stackgan.Residual]
    assert behind(build(StageI, **fields, as_released=("D10",)))[2] is nn.Conv2d
    first = build(StageI, about=fields["about"], image_size=32, crop=64)
    assert behind(build(StageII, first, **fields, as_released=("D10",)))[2] is nn.LeakyReLU
    assert all(m.slope == 0.2 for m in first.discriminator.modules() if isinstance(m, stackgan.Residual))
    assert all(m.slope == 0 for m in first.generator.modules() if isinstance(m, stackgan.Residual))


# --- the differences, each on its own ----------------------------------------------------------------------------------


def test_d1_weighs_the_divergence_less():
    drawn, h, kl = torch.rand(8, 3, 8, 8), torch.randn(8, 6), torch.tensor(0.25)
    extra = {}
    for taken in ((), ("D1",)):
        model = build(StageI, as_released=taken).eval()
        both = [model.generator_losses(drawn, h, k)["generator"].item() for k in (kl, torch.tensor(0.0))]
        extra[taken] = both[0] - both[1]
    assert extra == pytest.approx({(): 4 * 0.25, ("D1",): 2 * 0.25}, rel=1e-4)  # nc is 4
    assert model.generator_losses(drawn, h, kl)["kl"].item() == 1.0
    full = SHEET["config"]["StageI"]
    assert full["nc"] * full["lambda_kl"] == 64 * full["released_kl"]


def test_d2_and_d3_are_what_the_runs_have_unless_the_equations_are_taken_alone():
    equations, batch = {"mismatch_weight": 0.0, "saturating": True}, some_batch()
    assert "wrong" not in step(build(StageI, **equations), batch)
    losses = step(build(StageI, **equations, as_released=("D2",)), batch)
    assert losses["discriminator"].item() == pytest.approx(
        (losses["real"] + losses["wrong"] / 2 + losses["fake"] / 2).item(), rel=1e-5
    )
    drawn, h = torch.rand(8, 3, 8, 8), torch.randn(8, 6)
    models = [build(StageI, **equations, as_released=taken).eval() for taken in ((), ("D3",))]
    logits = models[0].discriminator(drawn, h).detach()
    descended = [m.generator_losses(drawn, h, None)["generator"].item() for m in models]
    assert descended == pytest.approx([-F.softplus(logits).mean().item(), F.softplus(-logits).mean().item()], rel=1e-5)


@pytest.mark.parametrize(
    ("recipe", "taken", "halved_at"), [(StageI, (), 100), (StageI, ("D4",), 50), (StageII, ("D4",), 100)]
)
def test_d4_step_sizes_halve_sooner_in_stage_1(recipe, taken, halved_at):
    model, batch = build(recipe, as_released=taken), some_batch()
    seen = []
    for epoch in (0.0, halved_at - 0.01, halved_at, 2 * halved_at + 0.5):
        model.train().train_step(batch, Step(0, 1, epoch))
        seen.append({o.param_groups[0]["lr"] for o in model.optimizers.values()})
    assert seen == [{2e-4}, {2e-4}, {1e-4}, {5e-5}]


def test_d5_takes_the_mean_of_four_captions():
    batch, text = some_batch(), Letters().text
    found = text(batch["captions"].flatten(0, 1)).view(8, 5, 6)
    one = build(StageI).embedding(batch)
    assert ((found - one[:, None]).abs().sum(2) < 1e-6).any(1).all()
    four = build(StageI, as_released=("D5",)).embedding(batch)
    left_out = found.sum(1) - 4 * four
    assert ((found[1:] - left_out[1:, None]).abs().sum(2) < 1e-5).any(1).all()


def test_d6_shows_another_image_with_the_right_caption():
    batch = some_batch()
    batch["image"] = (batch["class_id"] / CLASSES)[:, None, None, None].expand(8, 3, 19, 19).contiguous()
    for taken in ((), ("D6",)):
        model, images, texts = build(StageI, as_released=taken), [], []
        model.discriminator.trunk.register_forward_pre_hook(lambda m, args, images=images: images.append(args[0]))
        model.discriminator.text.register_forward_pre_hook(lambda m, args, texts=texts: texts.append(args[0]))
        h = torch.arange(8.0)[:, None].expand(8, 6)
        model.discriminator_losses(batch, h, torch.zeros(8, 3, 8, 8))
        assert torch.equal(texts[0][:16], torch.cat([h, h]))
        if taken:
            assert len(images[0]) == 24 and torch.equal(texts[0][16:], h)
            shown = (images[0][16:, 0, 0, 0] * CLASSES).round().long()
        else:
            assert len(images[0]) == 16
            shown = batch["class_id"][texts[0][16:, 0].long()]
        assert (shown != batch["class_id"]).all()


def test_d7_rectifies_the_map_of_the_embedding():
    h, eps = torch.randn(64, 6), torch.zeros(64, 4)
    for recipe in (StageI, StageII):
        plain, leaky = (build(recipe, as_released=t).generator.condition for t in ((), ("D7",)))
        for module in (plain, leaky):
            nn.init.constant_(module.augmentation.fc.weight, 1.0)
        torch.testing.assert_close(leaky(h, eps)[0], F.leaky_relu(plain(h, eps)[0], 0.2))
        assert (plain(h, eps)[0] < 0).any()


@pytest.mark.parametrize("recipe", [StageI, StageII])
def test_d8_cuts_eps_off_in_training_and_sampling(recipe):
    for taken in ((), ("D8",)):
        model, seen = build(recipe, as_released=taken), []
        model.generator.condition.register_forward_pre_hook(lambda m, args, seen=seen: seen.append(args[1]))
        model.draw(torch.randn(500, 6), 500, torch.device("cpu"))
        model.eval().sample({"tokens": some_batch(500)["captions"][:, 0]}, 0)
        assert [(eps.abs().max() <= 2).item() for eps in seen] == [bool(taken)] * 2


def test_d9_normalises_stage_1_by_the_batch_and_leaves_it_as_it_is():
    first = build(StageI)
    for k in range(3):
        step(first, some_batch(), k)
    first.eval()
    before, h = weights_digest(first.state_dict()), torch.randn(8, 6)

    def sketch(taken: tuple[str, ...]) -> Tensor:
        model, seen = build(StageII, first, as_released=taken), []
        model.generator.encoder.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
        torch.manual_seed(1)
        model.draw(h, 8, torch.device("cpu"))
        return seen[0]

    torch.manual_seed(1)
    own, _ = first.draw(h, 8, torch.device("cpu"))
    assert torch.equal(sketch(()), own)
    by_batch = sketch(("D9",))
    assert not torch.allclose(by_batch, own, atol=1e-3)
    assert weights_digest(first.state_dict()) == before and not any(m.training for m in first.modules())
    first.train()
    torch.manual_seed(1)
    torch.testing.assert_close(first.draw(h, 8, torch.device("cpu"))[0], by_batch)


def test_d11_draws_anew_for_the_generator():
    for recipe in (StageI, StageII):
        for taken in ((), ("D11",)):
            model, seen = build(recipe, as_released=taken), []
            model.generator.register_forward_hook(lambda m, args, out, seen=seen: seen.append(out.detach()))
            step(model, some_batch())
            assert len(seen) == (2 if taken else 1) and (not taken or not torch.equal(*seen))


# --- the paper's ablations, and the model without captions ---------------------------------------------------------------


def test_without_augmentation_a_caption_is_one_point():
    h, points = torch.randn(3, 6), {}
    for augmentation in (True, False):
        model = build(StageII, augmentation=augmentation)
        points[augmentation] = [model.conditioned(h)[0] for _ in range(2)]
        assert ("kl" in step(model, some_batch())) == augmentation
    assert torch.equal(*points[False]) and not torch.equal(*points[True])


def test_text_once_keeps_the_caption_from_stage_2_alone():
    first, batch = build(StageI), some_batch()
    once = build(StageII, first, text_again=False)
    assert "kl" not in step(once, batch) and once.discriminator.text is not None
    assert not any("condition" in name for name, _ in once.generator.named_parameters())
    once.eval(), first.eval()
    conditions = {"tokens": batch["captions"][:, 0]}
    with torch.no_grad():
        torch.testing.assert_close(once.sample(conditions, 1), once.generator(first.sample(conditions, 1), None))


def test_without_captions():
    batch, first = {"image": some_batch()["image"]}, None
    for recipe in (StageI, StageII):
        model = build(recipe, first, conditional=False)
        assert model.reads == ("image",) and "text" not in model.held
        assert set(step(model, batch)) == {"real", "fake", "discriminator", "generator"}
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
        images = model.eval().sample({"class_id": torch.zeros(5, dtype=torch.int64)}, 0)
        assert images.shape == (5, 3, model.config.image_size, model.config.image_size)
        assert not torch.equal(images[0], images[1])
        first = model


# --- training --------------------------------------------------------------------------------------------------------


def test_sixty_steps_teach_both_discriminators_which_caption_is_right(tmp_path):
    fields, first, toy = {"steps": 60, "batch_size": 16, "ndf": 8, "nt": 8, "learning_rate": 2e-3}, None, Toy(16)
    for recipe in (StageI, StageII):
        model = build(recipe, first, **fields)
        trained = run(model, tmp_path, recipe.__name__)
        assert trained["steps"] == 60 and np.isfinite(trained["curves"]["train/generator"]["y"]).all()
        h, image = Letters().text(toy.captions[:, 0]), model.eval().view(toy.image)
        with torch.no_grad():
            right, wrong = model.discriminator(image, h), model.discriminator(image, h.roll(1, 0))
        assert (right > wrong).float().mean() >= 0.9
        first = model


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_more_mistakes():
    first = build(StageI, image_size=16)
    with pytest.raises(RedrawError, match="^stackgan, image_size: 8 after 16: use 16 or more$"):
        build(StageII, first, image_size=8)
    with pytest.raises(RedrawError, match="^stackgan, conditional: give both stages the same value$"):
        build(StageII, build(StageI, conditional=False))
    with pytest.raises(RedrawError, match="^stackgan: no text network: give the run needs"):
        StageI(make_config(StageI.Config, values_of(StageI), "test"), ABOUT, {})
    with pytest.raises(RedrawError, match="^stackgan, Stage-II: no stage_1 network"):
        StageII(make_config(StageII.Config, values_of(StageII), "test"), ABOUT, {"text": Letters()})
    batch = some_batch()
    with pytest.raises(RedrawError, match="^stackgan: all images of a batch are of one class.*raise batch_size$"):
        step(build(StageI), {**batch, "class_id": torch.zeros(8, dtype=torch.int64)})
