"""StackGAN-v2: published outputs, closed forms, every difference of the released code on its own; coverage."""

from __future__ import annotations

import dataclasses
import re

import golden
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw import engine
from redraw.blocks import conditioning
from redraw.blocks.pyramid import pyramid
from redraw.core import RedrawError
from redraw.metrics import METRICS
from redraw.models import weights_digest
from redraw.papers import stackgan_v2
from redraw.papers.stackgan_v2 import Discriminator, Stacked, StackGANv2, UnconditionalStackGANv2
from redraw.recipe import About, Recipe, Step, make_config
from redraw.report.tables import grid
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "stackgan_v2.yaml")
GOLDEN = "stackgan_v2_d_losses"
CLASSES, WORDS = 4, 9
ABOUT = About((3, 40, 40), CLASSES, tuple("abcdefghi"), tuple(range(CLASSES)))
AT = Step(0, 1, 0.0)
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {"sizes": (8, 16, 32), "crop": 32, "ngf": 8, "ndf": 2, "nz": 5}
TRAINING_DIFFERENCES = tuple(n for n, d in SHEET["differences"].items() if d["changes"] == "training")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Words(Recipe):
    """Stands for a trained text encoder: an embedding is how often each id occurs."""

    def __init__(self, width: int = WORDS) -> None:
        nn.Module.__init__(self)
        self.embedding_dim = width
        self.scale = nn.Parameter(torch.ones(()))

    def text(self, tokens: Tensor) -> Tensor:
        return self.scale * F.one_hot(tokens, self.embedding_dim).sum(1).float()


def build(kind: type[Stacked] = StackGANv2, text: Recipe | None = None, about: About = ABOUT, **fields) -> Stacked:
    values = {**SHEET["config"][kind.__name__], **ENGINE, **SMALL}
    if kind is StackGANv2:
        values["c_dim"] = 4
    torch.manual_seed(0)
    return kind(make_config(kind.Config, {**values, **fields}, "test"), about, {"text": text or Words()})


def some_batch(n: int = 8, side: int = 40) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(256, (n, 3, side, side), generator=generator) / 127.5 - 1
    captions = torch.randint(1, WORDS, (n, 3, 6), generator=generator)
    return {"image": image, "class_id": torch.arange(n) % CLASSES, "captions": captions}


def digest_after(model: Stacked, batch: dict[str, Tensor], steps: range = range(2)) -> str:
    model.train()
    for step in steps:
        engine.seed_everything(0, step)
        model.train_step(batch, Step(step, 4, 0.0))
    return weights_digest(model.state_dict())


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


# --- published outputs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    manifest, stored = golden.load(GOLDEN)
    given = {k: torch.from_numpy(v) for k, v in golden.inputs(manifest).items()}
    return manifest, stored, given


def filled(manifest: dict, size: int) -> Discriminator:
    network = Discriminator(size, 8, 128)
    weights = golden.state(manifest["states"][f"D{size}"])
    network.load_state_dict({k.removeprefix("module."): torch.from_numpy(v) for k, v in weights.items()})
    return network


def test_the_rule_fills_what_the_file_was_made_with(published):
    manifest, _, _ = published
    for tag, shapes in manifest["states"].items():
        np.testing.assert_allclose(golden.checksum(golden.state(shapes)), manifest["state_checksums"][tag], rtol=1e-6)
    for key, values in golden.inputs(manifest).items():
        found = golden.checksum({"x": values})
        np.testing.assert_allclose(found, manifest["input_checksums"][key], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("size", [64, 128, 256])
def test_published_discriminators(published, size: int, mode: str):
    manifest, stored, given = published
    network = filled(manifest, size).train(mode == "train")
    pair, alone = network(given[f"real{size}"], given["mu"])
    golden.match(f"f32.{mode}.D{size}.cond", pair.sigmoid().detach(), stored, 2e-5)
    golden.match(f"f32.{mode}.D{size}.uncond", alone.sigmoid().detach(), stored, 2e-5)
    if mode == "train":
        buffers = dict(network.named_buffers())
        golden.match_rows(f"f32.train.D{size}.post_buffers", buffers, manifest, stored, 2e-5)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_published_losses_of_discriminators_in_one_pass(published, size: int):
    manifest, stored, given = published
    network = filled(manifest, size)
    judged = network.each([given[f"{kind}{size}"] for kind in ("real", "wrong", "fake")], given["mu"])
    loss = stackgan_v2.discriminator_loss(judged, wrong_is_real=True)
    golden.match(f"f32.errD{size}", loss.detach(), stored, 2e-5)
    loss.backward()
    gradients = {name: p.grad for name, p in network.named_parameters()}
    golden.match_rows(f"f32.D{size}.grad_params", gradients, manifest, stored, 2e-5)
    golden.match_rows(f"f32.D{size}.post_buffers", dict(network.named_buffers()), manifest, stored, 2e-5)


def test_published_loss_of_the_generator(published):
    manifest, stored, given = published
    given = {k: v.clone().requires_grad_() for k, v in given.items()}
    fakes = [given[f"fake{size}"] for size in (64, 128, 256)]
    model = build(as_released=("D3", "D4"))
    divergence = model.weighed_divergence(given["mu"], given["logvar"])
    golden.match("f32.kl_scaled", divergence.detach(), stored, 2e-5)
    total = divergence + 50 * stackgan_v2.colour_consistency(fakes, 1, 5, one_mean=True)
    for size, image in zip((64, 128, 256), fakes, strict=True):
        total = total + stackgan_v2.generator_loss(filled(manifest, size)(image, given["mu"]))
    golden.match("f32.errG_total", total.detach(), stored, 2e-5)
    total.backward()
    for name in ("fake64", "fake128", "fake256", "mu", "logvar"):
        golden.match(f"f32.grad_{name}", given[name].grad, stored, 2e-5)


def test_published_colours(published):
    _, stored, given = published
    sizes = (64, 128, 256)
    for size in sizes:
        mean, covariance = stackgan_v2.colours(given[f"fake{size}"])
        golden.match(f"f32.mean{size}", mean[:, :, None, None], stored, 1e-4)
        golden.match(f"f32.cov{size}", covariance, stored, 1e-4)
    for small, large in ((64, 128), (128, 256)):
        pair = [given[f"fake{small}"], given[f"fake{large}"]]
        for name, weights in (("mu", (1, 0)), ("cov", (0, 5))):
            found = 50 * stackgan_v2.colour_consistency(pair, *weights, one_mean=True)
            golden.match(f"f32.color_{name}_{large}_{small}", found, stored, 1e-4)


# --- the sheet ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [StackGANv2, UnconditionalStackGANv2])
def test_the_sheet_gives_exactly_the_fields_of_the_config(kind: type[Stacked]):
    fields = {f.name for f in dataclasses.fields(kind.Config)}
    assert set(SHEET["config"][kind.__name__]) | {"as_released"} == fields  # as_released belongs to a run
    make_config(kind.Config, {**SHEET["config"][kind.__name__], "as_released": ()}, "test")


def test_what_the_sheet_numbers_is_in_the_docstring_and_every_switch_is_a_run():
    for name in SHEET["differences"]:
        assert re.search(rf"\b{name}\b", stackgan_v2.__doc__), name
    assert tuple(SHEET["runs"]["birds_released"]["as_released"]) == TRAINING_DIFFERENCES


# --- networks ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full_size():
    """Both models at paper size; weights are filled fast, since orthogonal ones take a minute."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stackgan_v2, "initialise_orthogonal", lambda network: None)
        for kind in (StackGANv2, UnconditionalStackGANv2):
            fields = {k: SHEET["config"][kind.__name__][k] for k in (*SMALL, "batch_size")}
            fields |= {"c_dim": 128} if kind is StackGANv2 else {}
            with torch.device("meta") if kind is UnconditionalStackGANv2 else torch.device("cpu"):
                found[kind] = build(kind, Words(1024), About((3, 304, 304), CLASSES), **fields)
    return found


def test_parameters_of_the_released_networks(full_size):
    model = full_size[StackGANv2]
    assert parameters(model.generator) == 21_239_696 and parameters(model.generator.ca_net) == 524_800
    assert [parameters(d) for d in model.discriminators] == [5_723_906, 18_834_178, 71_269_122]
    model = full_size[UnconditionalStackGANv2]
    assert round(parameters(model.generator) / 1e6, 2) == 16.47
    assert [round(parameters(d) / 1e6, 2) for d in model.discriminators] == [2.77, 15.88, 68.31]


def test_names_of_the_released_weights(full_size):
    ending = r"(\.\d+)?\.(weight|bias|running_mean|running_var|num_batches_tracked)$"
    found = {re.sub(ending, "", key) for key in full_size[StackGANv2].generator.state_dict()}
    first = {f"h_net1.{part}" for part in ("fc", "upsample1", "upsample2", "upsample3", "upsample4")}
    parts = ("jointConv", "residual.0.block", "residual.1.block", "upsample")
    next_stages = {f"h_net{k}.{part}" for k in (2, 3) for part in parts}
    assert found == {"ca_net.fc", *first, *next_stages, *(f"img_net{k}.img" for k in (1, 2, 3))}
    manifest, _ = golden.load(GOLDEN)
    for size, network in zip((64, 128, 256), full_size[StackGANv2].discriminators, strict=True):
        assert set(network.state_dict()) == {k.removeprefix("module.") for k in manifest["states"][f"D{size}"]}
        alone = full_size[UnconditionalStackGANv2].discriminators[(64, 128, 256).index(size)].state_dict()
        assert set(alone) == {k for k in network.state_dict() if not k.startswith(("jointConv", "uncond_logits"))}


def test_one_step_at_full_size(full_size):
    losses = full_size[StackGANv2].train_step(some_batch(2, 304), AT)
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert all(p.grad is not None for p in full_size[StackGANv2].generator.parameters())


@pytest.mark.parametrize("kind", [StackGANv2, UnconditionalStackGANv2])
@pytest.mark.parametrize("sizes", [(8,), (8, 16), (8, 16, 32)])
def test_any_number_of_stages_draws_sees_and_learns(kind: type[Stacked], sizes: tuple[int, ...]):
    model, batch = build(kind, sizes=sizes), some_batch()
    losses = model.train_step(batch, AT)
    expected = {f"{name}_{size}" for size in sizes for name in ("discriminator", "generator")} | {"generator"}
    assert set(losses) == expected | ({"divergence"} if kind is StackGANv2 else {"colours"})
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    for name, parameter in (*model.generator.named_parameters(), *model.discriminators.named_parameters()):
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    images = model.eval().sample({"tokens": batch["captions"][:, 0]}, seed=0)
    assert images.shape == model.view(batch["image"]).shape == (8, 3, sizes[-1], sizes[-1])
    assert images.abs().max() <= 1
    assert torch.equal(model.view(batch["image"]), pyramid(batch["image"][:, :, 4:36, 4:36], [sizes[-1]])[0])


def test_the_caption_goes_before_the_noise_and_before_the_hidden_image():
    model = build()
    seen = []
    model.generator.h_net1.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    model.generator.h_net2.jointConv.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    c, z = torch.full((2, 4), 7.0), torch.randn(2, 5)
    model.generator(z, c)
    assert torch.equal(seen[0], torch.cat([c, z], 1))
    assert seen[1].shape == (2, 4 + 8, 8, 8) and (seen[1][:, :4] == 7).all()
    alone = build(UnconditionalStackGANv2)
    alone.generator.h_net3.jointConv.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    alone.generator(z)
    assert torch.equal(seen[2][:, :5], z[:, :, None, None].expand(2, 5, 16, 16))


# --- losses ------------------------------------------------------------------------------------------------------------


def cross_entropies(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def test_a_discriminators_loss_as_written_and_with_d2():
    generator = torch.Generator().manual_seed(1)
    real, wrong, fake = judged = [tuple(torch.randn(2, 5, generator=generator)) for _ in range(3)]
    ce = cross_entropies
    written = ce(real[0], 1) + ce(real[1], 1) + ce(wrong[0], 0) + ce(fake[0], 0) + ce(fake[1], 0)
    torch.testing.assert_close(stackgan_v2.discriminator_loss(judged), written)
    torch.testing.assert_close(stackgan_v2.discriminator_loss(judged, True), written + ce(wrong[1], 1))
    alone = [(None, real[1]), (None, fake[1])]
    torch.testing.assert_close(stackgan_v2.discriminator_loss(alone), ce(real[1], 1) + ce(fake[1], 0))
    torch.testing.assert_close(stackgan_v2.generator_loss(fake), ce(fake[0], 1) + ce(fake[1], 1))
    torch.testing.assert_close(stackgan_v2.generator_loss(alone[1]), ce(fake[1], 1))


def test_kinds_of_images_in_one_pass_are_normalised_by_themselves():
    network, mu = Discriminator(16, 2, 4), torch.randn(3, 4)
    kinds = [torch.randn(3, 3, 16, 16) * scale for scale in (0.2, 1.0, 3.0)]
    together = network.each(kinds, mu)
    apart = [network(images, mu) for images in kinds]
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other)


def test_colour_consistency_as_written_and_d3():
    small, large = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 8, 8)
    large[:, 0] = 0.5  # means differ by a half in one channel
    large[:, 1, ::2], large[:, 1, 1::2] = 1.0, -1.0  # a variance of 1 against 0
    small.requires_grad_(), large.requires_grad_()
    written = stackgan_v2.colour_consistency([small, large], 1, 5, one_mean=False)
    assert written.item() == pytest.approx(0.25 + 5)
    released = stackgan_v2.colour_consistency([small, large], 1, 5, one_mean=True)
    assert released.item() == pytest.approx(0.25 / 3 + 5 / 9)
    written.backward()
    assert small.grad is None and large.grad.abs().sum() > 0  # the smaller image stays as it is


def test_d4_the_divergence_is_a_sum_or_a_mean():
    mu, logvar = torch.full((3, 4), 2.0), torch.zeros(3, 4)  # 2 nats in each of 4 dimensions
    assert build().weighed_divergence(mu, logvar).item() == pytest.approx(8)
    assert build(as_released=("D4",)).weighed_divergence(mu, logvar).item() == pytest.approx(4)


# --- pairs, averages, and the differences of the released code ---------------------------------------------------------


def test_wrong_images_are_of_another_class_where_there_is_one():
    class_id = torch.tensor([0, 0, 1, 2])
    torch.manual_seed(0)
    drawn = torch.stack([stackgan_v2.another(class_id) for _ in range(900)])
    assert not (class_id[drawn] == class_id).any()
    assert torch.bincount(drawn[:, 2], minlength=4).tolist() == pytest.approx([300, 300, 0, 300], abs=60)
    alike = torch.stack([stackgan_v2.another(torch.zeros(4, dtype=torch.int64)) for _ in range(900)])
    assert torch.bincount(alike[:, 1], minlength=4).tolist() == pytest.approx([300, 0, 300, 300], abs=60)


def test_d5_some_wrong_images_match():
    class_id = torch.tensor([0, 0, 1, 2])
    torch.manual_seed(0)
    drawn = torch.stack([stackgan_v2.another(class_id, one_redraw=True) for _ in range(3000)])
    match = (class_id[drawn] == class_id).float().mean(0)
    assert match.tolist() == pytest.approx([1 / 4, 1 / 4, 1 / 16, 1 / 16], abs=0.04)  # twice the same class
    model, seen = build(as_released=("D5",)), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stackgan_v2, "another", lambda ids, redraw: seen.append(redraw) or torch.arange(len(ids)))
        model.train_step(some_batch(), AT)
        build().train_step(some_batch(), AT)
    assert seen == [True, False]


def test_a_real_and_a_wrong_image_meet_the_same_caption():
    model, batch, seen = build(), some_batch(), []
    batch["image"] = (batch["class_id"] / CLASSES)[:, None, None, None].expand(8, 3, 40, 40).contiguous()
    model.discriminators[2].register_forward_pre_hook(lambda module, args: seen.append(args))
    model.train_step(batch, AT)
    (images, mu), (drawn, live) = seen
    classes = (images[:16, 0, 0, 0] * CLASSES).round().long()
    assert torch.equal(classes[:8], batch["class_id"]) and not (classes[8:] == batch["class_id"]).any()
    assert torch.equal(images[16:], drawn) and drawn.requires_grad and not images.requires_grad
    assert not mu.requires_grad and live.requires_grad
    assert all(torch.equal(part, live) for part in mu.split(8))


def test_averages_and_d1():
    fields = {"average_decay": 0.5, "overwrite_every": 2}
    for taken, equal in ((), False), (("D1",), True):
        model, batch = build(as_released=taken, **fields), some_batch()
        before = [p.clone() for p in model.generator.parameters()]
        digest_after(model, batch, range(1))
        pairs = list(zip(before, model.generator.parameters(), model.average.network.parameters(), strict=True))
        assert all(torch.allclose(mine, (old + live) / 2) for old, live, mine in pairs)
        assert not all(torch.equal(live, mine) for _, live, mine in pairs)
        digest_after(model, batch, range(1, 2))
        pairs = zip(model.generator.parameters(), model.average.network.parameters(), strict=True)
        assert all(torch.equal(live, mine) for live, mine in pairs) == equal
        buffers = zip(model.generator.buffers(), model.average.network.buffers(), strict=True)
        assert all(torch.equal(live, mine) for live, mine in buffers)


def test_every_difference_changes_what_is_learned():
    batch = some_batch()
    each = [(), *[(difference,) for difference in TRAINING_DIFFERENCES]]
    fields = {"colour_weight": 50.0, "overwrite_every": 1}
    digests = {taken: digest_after(build(as_released=taken, **fields), batch) for taken in each}
    assert len(set(digests.values())) == len(digests) == 6


def test_the_discriminators_update_leaves_the_generator_alone_and_the_other_way_round():
    for kept in ("generator", "discriminators"):
        model, batch = build(), some_batch()
        before = {n: p.clone() for n, p in getattr(model, kept).named_parameters()}
        for name, optimizer in model.optimizers.items():
            if name.startswith(kept[:-1]):
                optimizer.param_groups[0]["params"] = []
        model.train_step(batch, AT)
        assert all(torch.equal(p, before[n]) for n, p in getattr(model, kept).named_parameters())
    trained = (*model.generator.parameters(), *model.discriminators.parameters())
    assert all(p.requires_grad for p in trained) and not any(p.requires_grad for p in model.average.parameters())


@pytest.mark.parametrize("kind", [StackGANv2, UnconditionalStackGANv2])
def test_a_stop_between_changes_nothing(kind: type[Stacked], tmp_path):
    fields = {"as_released": ("D1", "D3"), "overwrite_every": 3, "colour_weight": 50.0}
    batch = some_batch()
    first, second, straight = (build(kind, **fields) for _ in range(3))
    whole = digest_after(straight, batch, range(4))  # overwritten at the third step
    digest_after(first, batch, range(2))
    torch.save([first.state_dict(), {k: o.state_dict() for k, o in first.optimizers.items()}], tmp_path / "state.pt")
    weights, optimizers = torch.load(tmp_path / "state.pt", weights_only=True)
    assert "text" not in {key.split(".")[0] for key in weights}
    second.load_state_dict(weights)
    for name, optimizer in second.optimizers.items():
        optimizer.load_state_dict(optimizers[name])
    assert digest_after(second, batch, range(2, 4)) == whole


# --- sampling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [StackGANv2, UnconditionalStackGANv2])
def test_samples_follow_from_the_seed_and_a_noise_group_shares_them(kind: type[Stacked]):
    model, tokens = build(kind), some_batch()["captions"][:, 0]
    digest_after(model, some_batch(), range(3))
    model.eval()
    before = weights_digest(model.state_dict())
    first, again, other = (model.sample({"tokens": tokens}, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    groups = torch.tensor([0, 0, 1, 2, 0, 1, 2, 5])
    alike = {"tokens": tokens[:1].expand(8, -1), "noise_group": groups}
    images = model.sample(alike, 3)
    assert torch.equal(images[0], images[1]) and not torch.allclose(images[0], images[2])
    parts = [model.sample({k: v[s] for k, v in alike.items()}, 3) for s in (slice(0, 3), slice(3, 8))]
    torch.testing.assert_close(torch.cat(parts), images, rtol=1e-4, atol=1e-5)
    assert weights_digest(model.state_dict()) == before
    different = model.sample({"tokens": tokens, "noise_group": torch.zeros(8, dtype=torch.int64)}, 3)
    assert torch.allclose(different, different[:1].expand_as(different)) == (kind is UnconditionalStackGANv2)


def test_the_code_and_the_noise_are_drawn_from_two_streams():
    model, seen = build(nz=4), []
    with pytest.MonkeyPatch.context() as patch:
        drawn = lambda *args: seen.append(conditioning.noise_of(*args)) or seen[-1]  # noqa: E731
        patch.setattr(stackgan_v2, "noise_of", drawn)
        model.eval().sample({"tokens": some_batch()["captions"][:, 0]}, 0)
    assert len(seen) == 2 and not torch.equal(*seen)
    assert torch.corrcoef(torch.stack([x.flatten() for x in seen]))[0, 1].abs() < 0.5


def test_what_is_drawn_without_captions_is_shown_in_one_row(tmp_path):
    evaluation = {"captions": "none", "images": "model", "n": 3}
    images = np.zeros((3, 3, 8, 8), np.uint8)
    np.savez(tmp_path / "samples.npz", **{"none-model-3": images, "none-model-3/captions": np.array([])})
    rows = grid(tmp_path / "samples.npz", evaluation)
    assert [(row["caption"], len(row["images"])) for row in rows] == [("", 3)]


# --- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sizes": (8, 32)}, r"^stackgan_v2, sizes: \[8, 32\]: use a power of two from 8 on"),
        ({"sizes": (4, 8)}, r"^stackgan_v2, sizes: \[4, 8\]: use a power of two from 8 on"),
        ({"sizes": ()}, "^stackgan_v2, sizes: "),
        ({"crop": 41}, "^stackgan_v2, crop: 41 of 3 x 40 x 40: it must hold the last of sizes, 32, lie inside"),
        ({"crop": 31}, "^stackgan_v2, crop: 31 of 3 x 40 x 40: "),
        ({"ngf": 6}, "^stackgan_v2, ngf: 6: .* give a multiple of 4$"),
    ],
)
def test_mistakes_are_one_line(fields: dict, message: str):
    with pytest.raises(RedrawError, match=message) as e:
        build(UnconditionalStackGANv2, **fields)
    assert "\n" not in str(e.value)


def test_captions_need_a_text_encoder():
    config = build().config
    with pytest.raises(RedrawError, match="^stackgan_v2: no text network: give the run needs"):
        StackGANv2(config, ABOUT, {})


# --- coverage ----------------------------------------------------------------------------------------------------------


def test_coverage_by_hand():
    real = np.array([[0.0], [1.0], [2.0], [10.0]])
    drawn = np.array([[0.4], [0.5], [11.5]])
    found = METRICS["coverage"].fn({"features": drawn, "reference_features": real}, k=1)
    # Neighbours at 1, 1, 1 and 8: 0 and 1 have two drawn ones within, 2 has none at less than 1, 10 has one.
    assert found["per_item"].tolist() == [1, 1, 0, 1] and found["value"] == 75 and found["n"] == 4
    # Of the drawn ones .4 and .5 reach as far as each other, 11.5 reaches 11: to all but 0.
    assert found["parts"] == {"density": 5 / 3, "recall": 75}


def test_coverage_against_brute_force_and_what_it_expects_of_the_same_images():
    rng = np.random.default_rng(0)
    real, drawn = rng.normal(size=(1100, 3)), rng.normal(size=(1100, 3)) * 0.9
    found = METRICS["coverage"].fn({"features": drawn, "reference_features": real})

    def nearest(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.sort(np.linalg.norm(x[:, None] - y, axis=2), axis=1)

    reach = nearest(real, real)[:, 5]
    apart = np.linalg.norm(real[:, None] - drawn, axis=2)
    assert found["value"] == 100 * (apart.min(1) < reach).mean()
    assert found["parts"]["density"] == pytest.approx((apart < reach[:, None]).sum() / (5 * 1100))
    assert found["parts"]["recall"] == 100 * (apart < nearest(drawn, drawn)[:, 5]).any(1).mean()
    anew = METRICS["coverage"].fn({"features": rng.normal(size=(1100, 3)), "reference_features": real})
    assert anew["value"] == pytest.approx(100 * (1 - 2**-5), abs=2)
    alike = METRICS["coverage"].fn({"features": drawn[:1] + 1e-3 * drawn, "reference_features": real})
    assert alike["value"] < 10


def test_coverage_needs_more_images_than_neighbours():
    x = np.zeros((5, 2))
    with pytest.raises(RedrawError, match="^coverage: 5 images against 5 real ones: at least 6"):
        METRICS["coverage"].fn({"features": x, "reference_features": x})
    with pytest.raises(RedrawError, match="^coverage: k is 0"):
        METRICS["coverage"].fn({"features": x, "reference_features": x}, k=0)
