"""Both variants of StackGAN: contract, passes and resumption; on COCO the released networks' names and parameters."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from stackgan_models import CLASSES, FIRST, RECIPES, SHEET, Letters, Toy, build, count, paper, run, some_batch, step
from torch import nn

from redraw import engine
from redraw.blocks.captions import mismatching
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers import stackgan, stackgan_pytorch
from redraw.papers.stackgan import StageI, StageII
from redraw.papers.stackgan_pytorch import COCOStageI, COCOStageII
from redraw.recipe import About
from redraw.state import State
from redraw.tracking import Spool

SWITCHES = tuple(n for n, d in SHEET["differences"].items() if d["changes"] == "training")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_sheet_gives_exactly_the_fields_of_the_config(recipe):
    fields = {f.name for f in dataclasses.fields(recipe.Config)}
    assert set(SHEET["config"][recipe.__name__]) | {"as_released"} == fields  # as_released belongs to a run


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("released", [False, True])
def test_every_recipe_draws_sees_and_learns(recipe, released):
    model, batch = build(recipe, as_released=SWITCHES if released else ()), some_batch()
    held = {k: weights_digest(m.state_dict()) for k, m in model.held.items()}
    losses = step(model, batch)
    assert {"real", "wrong", "fake", "discriminator", "generator", "kl"} <= set(losses)
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    for name, parameter in model.named_parameters():
        if "STAGE1_G" not in name:
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    assert held == {k: weights_digest(m.state_dict()) for k, m in model.held.items()}
    assert not any(m.training for m in model.held.values())
    conditions, before = {"tokens": batch["captions"][:, 0]}, weights_digest(model.state_dict())
    images = model.eval().sample(conditions, 3)
    assert images.shape == model.view(batch["image"]).shape and images.abs().max() <= 1
    assert torch.equal(images, model.sample(conditions, 3)) and not torch.equal(images, model.sample(conditions, 4))
    assert weights_digest(model.state_dict()) == before


@pytest.mark.parametrize("recipe", RECIPES)
def test_pairs_in_one_pass_are_those_of_separate_passes(recipe):
    model, batch = build(recipe), some_batch()
    for parameter in model.discriminator.parameters():  # logits that differ plainly
        nn.init.normal_(parameter, 0.0, 0.3)
    drawn = torch.rand(8, 3, model.config.image_size, model.config.image_size) * 2 - 1
    twin = build(recipe)
    twin.load_state_dict(model.state_dict())
    engine.seed_everything(0, 1)
    if recipe in (StageI, StageII):
        h = torch.randn(8, 6)
        losses = model.discriminator_losses(batch, h, drawn)
        engine.seed_everything(0, 1)
        torch.randn(8, 6)
        image, d = twin.view(batch["image"], train=True), twin.discriminator
        other = mismatching(batch["class_id"], "stackgan")
        right = d.trunk(image)
        fake_features = d.trunk(drawn)
        judged = [d.judge(right, h), d.judge(fake_features, h), d.judge(right, h[other])]
        expected = stackgan.discriminator_loss(judged[0], judged[2], judged[1], 0.5)
    else:
        mu = torch.randn(8, 4)
        losses = model.discriminator_losses(batch, drawn, mu)
        engine.seed_everything(0, 1)
        torch.randn(8, 4)
        d = twin.discriminator
        right, fake = d.encode_img(twin.view(batch["image"], train=True)), d.encode_img(drawn)
        head, alone = d.get_cond_logits, d.get_uncond_logits
        judged = {"real": head(right, mu), "wrong": head(right[:-1], mu[1:]), "fake": head(fake, mu)}
        if alone is not None:
            judged |= {"real_alone": alone(right), "fake_alone": alone(fake)}
        expected = stackgan_pytorch.discriminator_loss(judged)
    for name, loss in expected.items():
        assert losses[name].item() == pytest.approx(loss.item(), rel=1e-4), name
    losses["discriminator"].backward()
    expected["discriminator"].backward()
    for (name, ours), theirs in zip(model.discriminator.named_parameters(), d.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=2e-3, atol=2e-5, msg=name)
    for (name, ours), theirs in zip(model.discriminator.named_buffers(), d.buffers(), strict=True):
        if "running" in name:
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5, msg=name)


@pytest.mark.parametrize("recipe", RECIPES)
def test_resumed_in_the_middle_it_ends_with_the_same_weights(recipe, tmp_path, monkeypatch):
    first = build(FIRST[recipe]) if recipe in FIRST else None
    straight = run(build(recipe, first), tmp_path, "straight")

    class Stop(Exception):
        pass

    broken, steps = build(recipe, first), []

    def train_step(batch, at, whole=broken.train_step):
        if at.index == 2:
            raise Stop
        steps.append(at.index)
        return whole(batch, at)

    monkeypatch.setattr(broken, "train_step", train_step)
    with pytest.raises(Stop):
        state, spool = State(tmp_path / "broken"), Spool(tmp_path / "broken.jsonl", run="broken")
        engine.train(broken, Toy(), Toy(), seed=0, state=state, spool=spool, device=torch.device("cpu"), save_every=-1.0,
                     progress=lambda *_: None)  # fmt: skip
    resumed = run(build(recipe, first), tmp_path, "broken")
    assert steps == [0, 1] and resumed["steps"] == 4
    assert weights_digest(resumed["weights"]) == weights_digest(straight["weights"])


@pytest.mark.parametrize("recipe", [StageI, COCOStageI])
@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"image_size": 48, "crop": 48}, "image_size: 48: use one of 8, 16, 32, 64, 128, 256"),
        ({"crop": 12}, "crop: 12 of 3 x 19 x 19: it must be a multiple of image_size 8"),
        ({"crop": 24}, "crop: 24 of 3 x 19 x 19"),
    ],
)
def test_mistakes(recipe, fields, line):
    with pytest.raises(RedrawError, match=f"^stackgan, {line}"):
        build(recipe, **fields)


@pytest.mark.parametrize("recipe", RECIPES)
def test_half_precision_forward_leaves_losses_and_samples_in_full(recipe):
    model, batch = build(recipe), some_batch()
    model.autocast_dtype = torch.bfloat16
    assert all(v.dtype == torch.float32 and torch.isfinite(v) for v in step(model, batch).values())
    assert model.eval().sample({"tokens": batch["captions"][:, 0]}, 0).dtype == torch.float32


@pytest.mark.parametrize(
    ("widths", "first_counts", "second_counts"),
    [
        ({}, (20_020_832, 12_407_425), (57_151_312, 37_130_480, 159_889_538)),
        ({"gf": 128, "df": 64}, (10_301_248, 5_715_713), (27_150_048, 16_848_800, 71_269_122)),
    ],
)
def test_parameters_of_the_released_coco_networks(widths, first_counts, second_counts):
    with torch.device("meta"):
        text, about = Letters(1024), About((3, 304, 304), CLASSES)
        first = build(COCOStageI, text=text, about=about, **paper(COCOStageI, **widths))
        assert (count(first.generator), count(first.discriminator)) == first_counts
        second = build(COCOStageII, first, text, about, **paper(COCOStageII, **widths))
    g, d = second.generator, second.discriminator
    assert (count(g) + 0, count(g, learning=True), count(d)) == second_counts


def test_names_of_the_released_coco_networks():
    with torch.device("meta"):
        text, about = Letters(1024), About((3, 304, 304), CLASSES)
        first = build(COCOStageI, text=text, about=about, **paper(COCOStageI))
        second = build(COCOStageII, first, text, about, **paper(COCOStageII))

    def weights(network: nn.Module) -> set[str]:
        return {n.removesuffix(".weight") for n in network.state_dict() if n.endswith(".weight")}

    ups = {f"upsample{k}.{i}" for k in range(1, 5) for i in (1, 2)}
    sketched = {"ca_net.fc", "fc.0", "fc.1", "img.0"} | ups
    assert weights(first.generator) == sketched and "fc.0.bias" not in first.generator.state_dict()
    blocks = {f"residual.{i}.block.{k}" for i in range(2) for k in (0, 1, 3, 4)}
    redrawn = (
        {"ca_net.fc", "hr_joint.0", "hr_joint.1", "img.0"} | ups | blocks | {f"encoder.{k}" for k in (0, 2, 3, 5, 6)}
    )
    assert weights(second.generator) == redrawn | {f"STAGE1_G.{n}" for n in sketched}
    pair = {"get_cond_logits.outlogits.0", "get_cond_logits.outlogits.1", "get_cond_logits.outlogits.3"}
    seen = {f"encode_img.{k}" for k in (0, 2, 3, 5, 6, 8, 9)}
    assert weights(first.discriminator) == pair | seen
    further = {f"encode_img.{k}" for k in (11, 12, 14, 15, 17, 18, 20, 21)}
    assert weights(second.discriminator) == pair | seen | further | {"get_uncond_logits.outlogits.0"}


def test_a_full_size_step_on_coco():
    """Stage-I; Stage-II, of 217 million parameters, takes 17 seconds of one core and is tried at CUB's widths: 5."""
    text, batch = Letters(1024), some_batch(2, 304)
    first = build(COCOStageI, text=text, about=About((3, 304, 304), CLASSES), **paper(COCOStageI))
    assert all(torch.isfinite(v) for v in step(first, batch).values())
    narrow = {"gf": 128, "df": 64}
    first = build(COCOStageI, text=text, about=About((3, 304, 304), CLASSES), **paper(COCOStageI, **narrow))
    second = build(COCOStageII, first, text, About((3, 304, 304), CLASSES), **paper(COCOStageII, **narrow))
    losses = step(second, batch)
    assert len(losses) == 8 and all(torch.isfinite(v) for v in losses.values())
