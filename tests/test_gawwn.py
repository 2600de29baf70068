"""GAWWN: its networks' sizes, what goes into a step, sampling, and every difference of the released code on its own."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from raw_trees import write_cub
from small_sets import prepared
from torch import Tensor, nn

from redraw import engine
from redraw.blocks.adversarial import held_by_reference
from redraw.blocks.crops import Window, cut, drawn_window, middle_window
from redraw.core import RedrawError
from redraw.data.base import Prepared
from redraw.models import weights_digest
from redraw.papers import gawwn
from redraw.papers.gawwn import models, networks
from redraw.recipe import About, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "gawwn.yaml")
AT = Step(0, 1, 0.0)
SIDE, CROP, K = 38, 32, 15
ABOUT = About((3, SIDE, SIDE), 4)
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {"crop": CROP, "ngf": 4, "ndf": 4, "nz": 5}
RECIPES = {"BoxGAWWN": gawwn.Config, "KeypointGAWWN": gawwn.Config, "KeypointGenerator": gawwn.PointsConfig}
TRAINING_DIFFERENCES = tuple(n for n, d in SHEET["differences"].items() if d["changes"] == "training")
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Letters(Recipe):
    """Stands for a trained text encoder: an embedding is how often each of the first letters occurs."""

    def __init__(self, embedding_dim: int = 6) -> None:
        nn.Module.__init__(self)
        self.embedding_dim, self.scale = embedding_dim, nn.Parameter(torch.ones(()))

    def text(self, tokens: Tensor) -> Tensor:
        there = tokens[:, :, None] == torch.arange(1, self.embedding_dim + 1)
        return self.scale * there.sum(1).float() / tokens.shape[1]


def build(recipe: str, about: About = ABOUT, embedding: int = 6, **fields) -> Recipe:
    own = {**SMALL} if recipe == "KeypointGenerator" else {**SMALL, "image_size": 16, "nt": 4}
    values = {**SHEET["config"][recipe], **ENGINE, **own, **fields}
    needs = {"text": Letters(embedding)}
    if recipe == "KeypointGenerator":
        needs["images"] = build("KeypointGAWWN", about, embedding, nz=values["nz"])
    torch.manual_seed(0)
    return getattr(gawwn, recipe)(make_config(RECIPES[recipe], values, "test"), about, needs)


def full_size(recipe: str) -> Recipe:
    config = SHEET["config"][recipe]
    wanted = {k: config[k] for k in ("crop", "ngf", "ndf", "nz", "image_size", "nt") if k in config}
    return build(recipe, About((3, 150, 150), 4), 1024, **wanted)


def some_batch(n: int = 8, side: int = SIDE) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, 9, (n, 6, 12), generator=generator)
    captions[0, 4:] = 0  # the first image has four captions only
    place = torch.rand(n, 4, generator=generator) * 0.4 + 0.05
    points = torch.rand(n, K, 3, generator=generator) * torch.tensor([side, side, 1.0])
    points[..., 2] = (points[..., 2] < 0.8).float()
    return {
        "image": torch.rand(n, 3, side, side, generator=generator) * 2 - 1, "class_id": torch.arange(n) % 4,
        "captions": captions, "box": place * side, "keypoints": points * points[..., 2:], "tokens": captions[:, 0],
    }  # fmt: skip


def digest_after(model: Recipe, batch: dict[str, Tensor], steps: int = 2, first: int = 0) -> str:
    model.train()
    for step in range(first, first + steps):
        engine.seed_everything(0, step)
        model.train_step(batch, Step(step, 99, 0.0))
    return weights_digest(model.state_dict())


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


# --- the sheet -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
def test_the_sheet_gives_exactly_the_fields_of_the_config(name: str):
    fields = {f.name for f in dataclasses.fields(RECIPES[name])}
    assert set(SHEET["config"][name]) | {"as_released"} == fields
    make_config(RECIPES[name], {**SHEET["config"][name], "as_released": ()}, "test")


def test_what_the_docstring_numbers_is_in_the_sheet():
    assert tuple(f"D{k}" for k in range(1, 8)) == TRAINING_DIFFERENCES
    assert all(name in gawwn.__doc__ for name in SHEET["differences"])


def test_evaluations_are_gan_int_cls_own():
    """Protocols must be equal for its numbers to stand beside ours."""
    own = read_yaml(PAPERS / "gan_int_cls.yaml")
    for name, evaluation in SHEET["evaluations"].items():
        assert name == "samples_boxes" or evaluation == own["evaluations"][name], name
    assert SHEET["tokens"]["characters"] == own["tokens"]["characters"]


# --- sizes -----------------------------------------------------------------------------------------------------------


def layers(*shapes: tuple[int, int, int], norms: tuple[int, ...] = ()) -> int:
    """Weights and biases of (before, after, kernel), and two numbers a channel of normalisations."""
    return sum(a * b * k * k + b for a, b, k in shapes) + 2 * sum(norms)


def normalised(*shapes: tuple[int, int, int]) -> int:
    return layers(*shapes, norms=tuple(b for _, b, _ in shapes))


def bottleneck(width: int, inner: int) -> int:
    return normalised((width, inner, 1), (inner, inner, 3), (inner, width, 3))


def trunk(d: int) -> int:
    return layers((3, d, 4), (d, d, 4)) + normalised((d, 2 * d, 4), (2 * d, 2 * d, 3))


def test_parameters_and_a_step_of_the_released_network_of_boxes():
    """Facts of main_cub_bbox.lua at n = d = 128, E 1024, Z 100, layer by layer."""
    e, z, n, d, t = 1024, 100, 128, 128, 128
    vectors = layers((z, 512, 1), (e, 512, 1), (z, 512, 1))
    text_down = normalised((512, 512, 4), (512, 512, 4), (512, 512, 4))
    up = normalised((1024, 1024, 4), (1024, 512, 4), (512, 256, 4))
    joint = normalised((512, 256, 3), (256, 128, 4), (128, 32, 4)) + layers((32, 3, 4))
    generator = vectors + text_down + 2 * up + bottleneck(1024, 256) + bottleneck(512, 128) + joint
    local = normalised((2 * d + t, 2 * d, 3), (2 * d, 2 * d, 1)) + layers((2 * d, d, 1))
    whole = normalised(
        (2 * d, 4 * d, 4), (4 * d, 8 * d, 4), (t, 4 * d, 4), (4 * d, d, 4), (9 * d, 4 * d, 1), (4 * d, d, 4)
    )
    head = normalised((2 * d, d, 1)) + layers((d, 1, 1))
    discriminator = trunk(d) + layers((e, t, 1)) + local + whole + head
    model = full_size("BoxGAWWN")
    assert (
        (count(model.generator), count(model.discriminator)) == (generator, discriminator) == (73_545_699, 16_763_137)
    )
    losses = model.train_step(some_batch(2, 150), AT)
    assert set(losses) == {"real", "wrong", "fake", "discriminator", "generator"}
    assert all(torch.isfinite(v) for v in losses.values()) and n == d


def test_parameters_and_a_step_of_the_released_network_of_points():
    """Facts of main_cub_keypoints.lua, likewise."""
    e, z, n, d, t = 1024, 100, 128, 128, 128
    vectors = layers((z, 512, 1), (e, 512, 1)) + 2 * normalised((1024, 512, 1)) + normalised((512, 512, 3))
    maps_down = normalised((K, n, 4), (n, 2 * n, 4), (2 * n, 4 * n, 4))
    up = normalised((1024, 512, 4), (512, 256, 4), (256, 128, 4))
    joint = normalised((5 * n + K, 512, 3), (512, 512, 3), (512, 256, 4), (256, 128, 4)) + layers((128, 3, 4))
    generator = vectors + maps_down + up + bottleneck(512, 128) + joint
    local = normalised((2 * d + t, 2 * d, 3), (2 * d + K, 2 * d, 1)) + layers((2 * d, d, 1))
    whole = normalised((2 * d, 4 * d, 4), (4 * d, 8 * d, 4), (8 * d + t, 4 * d, 1), (4 * d, d, 4))
    head = normalised((2 * d, d, 1)) + layers((d, 1, 1))
    discriminator = trunk(d) + layers((e, t, 1)) + local + whole + head
    model = full_size("KeypointGAWWN")
    assert (
        (count(model.generator), count(model.discriminator)) == (generator, discriminator) == (26_471_043, 14_667_905)
    )
    assert all(torch.isfinite(v) for v in model.train_step(some_batch(2, 150), AT).values())


def test_parameters_and_a_step_of_the_released_generator_of_points():
    """Facts of main_gen_keypoints.lua, likewise; 45 numbers for 15 points."""
    read = layers((100, 512, 1), (1024, 512, 1)) + normalised((45, 512, 1), (512, 256, 1))
    generator = read + normalised((1280, 1024, 1), (1024, 512, 1), (512, 256, 1)) + layers((256, 45, 1))
    discriminator = normalised((45, 512, 1), (512, 256, 1), (1024, 512, 1), (512, 256, 1), (512, 256, 1))
    discriminator += layers((256, 1, 1))
    values = {k: SHEET["config"]["KeypointGenerator"][k] for k in ("ngf", "ndf", "nz")}
    model = build("KeypointGenerator", embedding=1024, **values)
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator) == (2_715_949, 946_177)
    losses = model.train_step(some_batch(2), AT)
    assert set(losses) == {"real", "fake", "discriminator", "generator"}
    assert all(torch.isfinite(v) for v in losses.values())


@pytest.mark.parametrize("recipe", ["BoxGAWWN", "KeypointGAWWN"])
@pytest.mark.parametrize("taken", [(), TRAINING_DIFFERENCES])
@pytest.mark.parametrize("size", models.SIZES)
def test_every_size_draws_sees_and_learns(recipe: str, taken: tuple[str, ...], size: int):
    model = build(recipe, About((3, 150, 150), 4), image_size=size, crop=128, as_released=taken)
    batch = some_batch(4, 150)
    losses = model.train_step(batch, AT)
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad and parameter.grad is not None, name
        assert parameter.ndim < 2 or parameter.grad.abs().sum() > 0, name
    images = model.eval().sample(batch, seed=0)
    assert images.shape == model.view(batch["image"]).shape == (4, 3, size, size)
    assert images.abs().max() <= 1


def test_small_networks_lack_the_stages_nearest_to_the_image():
    made = {s: build("BoxGAWWN", About((3, 150, 150), 4), image_size=s, crop=128) for s in models.SIZES}
    shapes = {s: Counter(tuple(p.shape) for p in model.generator.parameters()) for s, model in made.items()}
    assert shapes[128] - shapes[64] == Counter({(4, 1, 4, 4): 1, (1, 3, 4, 4): 1, (1,): 3})
    assert shapes[64] - shapes[128] == Counter({(4, 3, 4, 4): 1})
    firsts = {
        s: [m.out_channels for m in model.discriminator.trunk if isinstance(m, nn.Conv2d)] for s, model in made.items()
    }
    assert firsts == {16: [8, 8], 32: [4, 8, 8], 64: [4, 8, 8], 128: [4, 4, 8, 8]}


def test_initialisation():
    model = build("KeypointGAWWN", ngf=32, ndf=16)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.weight.numel() > 4000:
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1) and not module.bias.any()
        if isinstance(module, nn.BatchNorm2d) and module.num_features >= 64:
            assert module.weight.mean().item() == pytest.approx(1, abs=0.02) and 0.01 < module.weight.std() < 0.03


# --- what goes in ----------------------------------------------------------------------------------------------------


def test_real_images_are_seen_in_the_middle_and_reduced():
    image = torch.rand(2, 3, SIDE, SIDE)
    middle = image[:, :, 3:35, 3:35]
    torch.testing.assert_close(build("BoxGAWWN").view(image), F.avg_pool2d(middle, 2))
    window = middle_window(2, SIDE, SIDE, CROP, CPU)
    assert torch.equal(window.image(image), cut(image, CROP, train=False)) and torch.equal(window.image(image), middle)
    assert torch.equal(build("KeypointGenerator").view(image), build("KeypointGAWWN").view(image))


# --- a step, and the differences of the released code ----------------------------------------------------------------


class Watch:
    """What goes into the networks in one training step, and what comes out of the discriminator."""

    def __init__(self, model: Recipe, batch: dict[str, Tensor]) -> None:
        self.texts, self.places, self.logits, self.asked = [], [], [], []
        d, text = model.discriminator, model.held["text"]
        keep = lambda found: lambda module, args: found.append(args[0].detach().clone())  # noqa: E731
        hooks = [d.text.register_forward_pre_hook(keep(self.texts))]
        hooks += [model.generator.register_forward_pre_hook(lambda module, args: self.places.append(args[2].clone()))]
        last = d.head if hasattr(d, "head") else d.pair
        hooks += [last.register_forward_hook(lambda module, args, out: self.logits.append(out.detach().clone()))]
        read = text.text
        text.text = lambda tokens: (self.asked.append(tokens), read(tokens))[1]
        engine.seed_everything(0, 0)
        self.losses = model.train_step(batch, AT)
        del text.text
        for hook in hooks:
            hook.remove()


def told_apart(n: int = 16) -> dict[str, Tensor]:
    """Captions that show their class: one letter for each."""
    batch = some_batch(n)
    return {**batch, "captions": (batch["class_id"] + 1)[:, None, None].expand(n, 6, 12).contiguous()}


@pytest.mark.parametrize("recipe", ["BoxGAWWN", "KeypointGAWWN"])
def test_right_wrong_and_generated_pairs(recipe: str):
    batch = told_apart()
    model = build(recipe)
    seen = Watch(model, batch)
    right, wrong, fake = seen.texts[0].argmax(1).split(16)
    assert right.tolist() == fake.tolist() == batch["class_id"].tolist() and not (wrong == right).any()
    assert len(set(wrong.tolist())) == 4
    for name, logits in zip(("real", "wrong", "fake"), seen.logits[0].split(16), strict=True):
        torch.testing.assert_close(
            seen.losses[name], F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, name == "real"))
        )
    half = (seen.losses["wrong"] + seen.losses["fake"]) / 2
    torch.testing.assert_close(seen.losses["discriminator"], seen.losses["real"] + half)
    torch.testing.assert_close(seen.losses["generator"], F.softplus(-seen.logits[1]).mean())  # asked anew


@pytest.mark.parametrize("recipe", ["BoxGAWWN", "KeypointGAWWN"])
def test_one_pass_over_all_pairs_is_as_one_for_each(recipe: str):
    model, batch = build(recipe), some_batch()
    window = middle_window(8, SIDE, SIDE, CROP, CPU)
    real, place = model.shown(batch, window)
    fake, h, other = real.flip(3), torch.rand(8, 6), torch.arange(8).roll(1)
    found = model.answers(real, fake, place, h, other)
    pairs = {"real": (real, h), "wrong": (real, h[other]), "fake": (fake, h)}
    for kind, (image, text) in pairs.items():
        torch.testing.assert_close(found[kind], model.discriminator(image, text, place), rtol=1e-4, atol=1e-5)


def test_a_batch_of_one_class_has_no_mismatch():
    batch = {**some_batch(), "class_id": torch.zeros(8, dtype=torch.int64)}
    with pytest.raises(RedrawError, match="^gawwn: all images of a batch are of one class.*raise batch_size$"):
        build("BoxGAWWN").train_step(batch, AT)
    assert "wrong" not in build("BoxGAWWN", cls_weight=0.0).train_step(batch, AT)
    build("BoxGAWWN", as_released=("D1",)).train_step(batch, AT)


def test_d1_captions_in_another_order():
    batch = told_apart()
    right, wrong, _ = Watch(build("BoxGAWWN", as_released=("D1",)), batch).texts[0].argmax(1).split(16)
    assert sorted(wrong.tolist()) == sorted(right.tolist()) and (wrong == right).any() and not torch.equal(wrong, right)


def test_captions_are_distinct_and_d2_never_the_last_one():
    captions = torch.zeros(3, 6, 2, dtype=torch.int64)
    captions[0, :5, 0], captions[1, :1, 0] = torch.arange(1, 6), 7  # five captions, one, and six
    captions[2, :, 0] = torch.arange(1, 7)
    for held_out in (False, True):
        torch.manual_seed(0)
        drawn = torch.stack([models.distinct_captions(captions, 4, held_out)[:, :, 0] for _ in range(300)])
        assert set(drawn[:, 1].flatten().tolist()) == {7}  # the only one is never held out
        for image, n in ((0, 5), (2, 6)):
            assert all(len(set(row.tolist())) == 4 for row in drawn[:, image])
            times = torch.bincount(drawn[:, image].flatten(), minlength=7)[1 : n + 1].tolist()
            left = n - held_out
            assert times == pytest.approx([1200 / left] * left + [0] * held_out, abs=80)
    for taken in ((), ("D2",)):
        seen = Watch(build("BoxGAWWN", as_released=taken), some_batch())
        assert [len(t) for t in seen.asked] == [8 * 4]


def test_d3_gradients_go_through_new_weights_with_old_activations():
    torch.manual_seed(0)
    first, second = nn.Conv2d(2, 3, 1), nn.Linear(3, 1)
    network, x = (
        nn.Sequential(first, nn.LeakyReLU(0.2), nn.Flatten(), second),
        torch.randn(5, 2, 1, 1, requires_grad=True),
    )
    with held_by_reference(network):
        out = network(x)
    slope = torch.where(first(x) > 0, 1.0, 0.2).flatten(1).detach()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter))
    (found,) = torch.autograd.grad(out.sum(), x)
    expected = (slope * second.weight) @ first.weight[:, :, 0, 0]
    torch.testing.assert_close(found[:, :, 0, 0], expected)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):  # what the library says otherwise
        out = network(x)
        with torch.no_grad():
            second.weight.add_(1)
        torch.autograd.grad(out.sum(), x)


@pytest.mark.parametrize("recipe", RECIPES)
def test_d3_the_generator_learns_from_answers_of_before_the_update(recipe: str):
    seen = Watch(build(recipe, as_released=("D3",)), some_batch())
    assert len(seen.logits) == 1
    torch.testing.assert_close(seen.losses["generator"], F.softplus(-seen.logits[0][-8:]).mean())
    assert len(Watch(build(recipe), some_batch()).logits) == 2
    # The update of the discriminator itself is the same.
    weights = []
    for taken in ((), ("D3",)):
        model = build(recipe, as_released=taken)
        digest_after(model, some_batch(), 1)
        weights.append(torch.cat([p.flatten() for p in model.discriminator.parameters()]))
    torch.testing.assert_close(*weights, rtol=1e-3, atol=1e-6)


def test_d4_mirrored_parts_keep_their_names():
    points = torch.zeros(1, K, 3)
    points[0, 6] = torch.tensor([10.0, 12.0, 1.0])
    window = Window(CROP, torch.tensor([0]), torch.tensor([0]), torch.tensor([True]))
    for taken, part in ((), 10), (("D4",), 6):
        found = build("KeypointGAWWN", as_released=taken).points_in({"keypoints": points}, window)
        assert (
            found[0, part].tolist() == pytest.approx([22 / 32, 12 / 32, 1])
            and found.abs().sum() == found[0, part].sum()
        )


def test_d5_what_is_cut_off_is_pushed_inside():
    boxes = torch.tensor([[2.0, 1.0, 10.0, 8.0], [30.0, 10.0, 8.0, 8.0]])
    window = Window(CROP, torch.tensor([4, 4]), torch.tensor([6, 2]), torch.tensor([False, False]))
    points = torch.zeros(2, K, 3)
    points[:, 0] = torch.tensor([1.0, 37.0, 1.0])
    wanted = {(): [[0, 0, 6, 5], [28, 6, 4, 8]], ("D5",): [[0, 0, 10, 8], [28, 6, 4, 8]]}
    for taken, expected in wanted.items():
        model = build("BoxGAWWN", as_released=taken)
        torch.testing.assert_close(model.place({"box": boxes}, window) * CROP, torch.tensor(expected).float())
        seen = build("KeypointGAWWN", as_released=taken).points_in({"keypoints": points}, window)[:, 0] * CROP
        assert seen.tolist() == ([[0, 31, 32]] * 2 if taken else [[0, 0, 0]] * 2)


def test_d6_cells_by_rounding():
    points = torch.zeros(1, K, 3)
    points[0, :4] = torch.tensor([[0.01, 0.01, 1], [0.2, 0.3, 1], [0.5, 0.8, 1], [0.99, 0.99, 1]])
    cells = {}
    for taken in ((), ("D6",)):
        cells[taken] = build("KeypointGAWWN", as_released=taken).maps(points, 0.1)[0].nonzero()[:, 1:].tolist()
    assert cells[()] == [[0, 0], [2, 1], [6, 4], [7, 7]]
    assert cells["D6",] == [[0, 0], [1, 1], [5, 3], [7, 7]]  # of 8 cells: y = 2.4, 6.4 and x = 1.6, 4.0 rounded, less 1


def test_d7_crops_never_begin_at_zero(monkeypatch):
    seen = []

    def kept(*args) -> Window:
        seen.append(drawn_window(*args))
        return seen[-1]

    monkeypatch.setattr(models, "drawn_window", kept)
    for taken, places in ((), set(range(7))), (("D7",), set(range(1, 7))):
        torch.manual_seed(0)
        build("KeypointGenerator", as_released=taken).train_step(some_batch(200), AT)
        assert set(seen[-1].top.tolist()) == set(seen[-1].left.tolist()) == places


@pytest.mark.parametrize(
    ("recipe", "without"), [("BoxGAWWN", {"D4", "D6"}), ("KeypointGAWWN", set()), ("KeypointGenerator", {"D1", "D6"})]
)
def test_every_difference_changes_what_is_learned(recipe: str, without: set[str]):
    batch = some_batch(8)
    each = [(), *[(d,) for d in TRAINING_DIFFERENCES]]
    digests = {taken: digest_after(build(recipe, as_released=taken), batch) for taken in each}
    for difference in without:  # which are of points, or of images
        assert digests.pop((difference,)) == digests[()]
    assert len(set(digests.values())) == len(digests) == 8 - len(without)


def test_the_step_size_halves_before_the_hundredth_epoch_is_trained():
    model, seen = build("BoxGAWWN"), []
    for epoch in (0.0, 98.9, 99.0, 198.9, 199.5):
        model.train_step(some_batch(), Step(0, 1, epoch))
        seen.append([o.param_groups[0]["lr"] for o in model.optimizers.values()])
    assert seen == [[2e-4] * 2, [2e-4] * 2, [1e-4] * 2, [1e-4] * 2, [5e-5] * 2]


@pytest.mark.parametrize("taken", [(), ("D3",)])
@pytest.mark.parametrize("recipe", RECIPES)
def test_each_update_leaves_the_other_network_alone(recipe: str, taken: tuple[str, ...]):
    model, batch = build(recipe, as_released=taken), some_batch()
    for kept in ("generator", "discriminator"):
        before = {n: p.clone() for n, p in getattr(model, kept).named_parameters()}
        model.optimizers[kept].param_groups[0]["params"], held = [], model.optimizers[kept].param_groups[0]["params"]
        model.train_step(batch, AT)
        model.optimizers[kept].param_groups[0]["params"] = held
        assert all(torch.equal(p, before[n]) for n, p in getattr(model, kept).named_parameters())
    assert all(p.requires_grad for p in model.parameters())
    assert {key.split(".")[0] for key in model.state_dict()} == {"generator", "discriminator"}


@pytest.mark.parametrize("taken", [(), TRAINING_DIFFERENCES])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_stop_between_two_steps_changes_nothing(recipe: str, taken: tuple[str, ...], tmp_path):
    batch = some_batch()
    straight, first, second = (build(recipe, as_released=taken) for _ in range(3))
    wanted = digest_after(straight, batch, 4)
    digest_after(first, batch, 2)
    torch.save([first.state_dict(), {k: o.state_dict() for k, o in first.optimizers.items()}], tmp_path / "state.pt")
    weights, optimizers = torch.load(tmp_path / "state.pt", weights_only=True)
    second.load_state_dict(weights)
    for name, optimizer in second.optimizers.items():
        optimizer.load_state_dict(optimizers[name])
    assert digest_after(second, batch, 2, first=2) == wanted


# --- sampling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES)
def test_samples_follow_from_seed_caption_and_place(recipe: str):
    model, batch = build(recipe), some_batch()
    digest_after(model, batch)
    before = weights_digest(model.state_dict())
    model.eval()
    torch.manual_seed(5)
    conditions = {"tokens": batch["tokens"], **{name: batch[name] for name in model.asks}}
    images = model.sample(conditions, 3)
    assert images.shape == (8, 3, 16, 16) and torch.equal(images, model.sample(conditions, 3))
    assert not torch.equal(images, model.sample(conditions, 4)) and weights_digest(model.state_dict()) == before
    assert not torch.equal(images, model.sample({**conditions, "tokens": batch["captions"][:, 1]}, 3))
    for name in model.asks:
        assert not torch.equal(images, model.sample({**conditions, name: conditions[name].roll(1, 0)}, 3))
    shared = {**conditions, "noise_group": torch.zeros(8, dtype=torch.int64)}
    last = {name: values[-1:] for name, values in shared.items()}
    torch.testing.assert_close(model.sample(last, 3), model.sample(shared, 3)[-1:], rtol=1e-4, atol=1e-5)


def test_given_points_are_kept_and_the_others_are_drawn():
    model, batch = build("KeypointGenerator").eval(), some_batch()
    given = middle_window(8, SIDE, SIDE, CROP, CPU).points(batch["keypoints"], None)
    given = given * (torch.arange(K) % 2)[:, None]
    with torch.no_grad():
        found = model.complete(torch.randn(8, 5), torch.rand(8, 6), given)
    there = given[..., 2] > 0
    assert there.any() and torch.equal(found[there], given[there])
    assert (found[~there] > 0).all() and (found[~there] < 1).all() and found[~there].std() > 0


def test_a_tenth_of_the_points_is_given_in_training():
    model, batch = build("KeypointGenerator"), some_batch(400)
    torch.manual_seed(0)
    real, given = model.shown(batch, drawn_window(400, SIDE, SIDE, CROP, CPU, 0))
    kept = given[..., 2].sum() / real[..., 2].sum()
    assert kept.item() == pytest.approx(0.1, abs=0.02) and torch.equal(
        given[given[..., 2] > 0], real[given[..., 2] > 0]
    )


def test_drawn_points_are_handed_to_the_model_of_images_with_the_same_noise():
    model, batch = build("KeypointGenerator").eval(), some_batch()
    images, seen = model.held["images"], []
    assert not images.training and not any("images" in key for key in model.state_dict())
    images.generator.register_forward_pre_hook(lambda module, args: seen.append(args))
    model.generator.register_forward_pre_hook(lambda module, args: seen.append(args))
    model.sample({"tokens": batch["tokens"]}, 0)
    (z_points, h_points, given), (z, h, maps) = seen
    assert torch.equal(z_points, z) and torch.equal(h_points, h) and not given.any()
    points = model.generator(z, h, given)
    assert torch.equal(maps, networks.maps_of(points, 8, 0.5)) and 0 < maps.sum() < 8 * K


def test_half_precision_forward_leaves_losses_and_samples_in_full():
    for recipe in RECIPES:
        for taken in ((), ("D3",)):
            model = build(recipe, as_released=taken)
            model.autocast_dtype = torch.bfloat16
            losses = model.train_step(some_batch(), AT)
            assert all(v.dtype == torch.float32 and torch.isfinite(v) for v in losses.values())
            assert model.eval().sample(some_batch(), 0).dtype == torch.float32


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"image_size": 48}, "image_size: 48: use one of 16, 32, 64, 128"),
        ({"crop": 24}, "crop: 24 of 3 channels: it must be a multiple of image_size 16, and the images be in colour"),
        ({"crop": 48}, "crop: 48 of 38 x 38 pixels: lower it, or prepare larger images"),
    ],
)
@pytest.mark.parametrize("recipe", ["BoxGAWWN", "KeypointGAWWN"])
def test_mistakes(recipe: str, fields: dict, line: str):
    with pytest.raises(RedrawError, match=f"^gawwn, {line}$"):
        build(recipe, **fields)


def test_more_mistakes():
    with pytest.raises(RedrawError, match="^gawwn, crop: 16 of 1 channels"):
        build("BoxGAWWN", About((1, 28, 28), 4), crop=16)
    with pytest.raises(RedrawError, match="^gawwn, crop: 32 of 32 x 32 pixels: .*; D7 needs a pixel more$"):
        build("BoxGAWWN", About((3, 32, 32), 4), as_released=("D7",))
    with pytest.raises(RedrawError, match="^gawwn, drop_probability: 1.5: give a number from 0 to 1$"):
        build("KeypointGenerator", drop_probability=1.5)
    config = make_config(gawwn.Config, {**SHEET["config"]["BoxGAWWN"], **ENGINE}, "test")
    with pytest.raises(
        RedrawError, match="^gawwn: no text network: give the run needs: {text: <name of another run>}$"
    ):
        gawwn.BoxGAWWN(config, About((3, 150, 150), 4), {})
    config = make_config(gawwn.PointsConfig, {**SHEET["config"]["KeypointGenerator"], **ENGINE}, "test")
    with pytest.raises(RedrawError, match="^gawwn, keypoint generator: no images network: give the run needs"):
        gawwn.KeypointGenerator(config, About((3, 150, 150), 4), {"text": Letters()})


def test_data_without_places(tmp_path):
    birds = prepared("cub", write_cub(tmp_path / "raw"), tmp_path / "birds", size=SIDE)
    rng, index = np.random.default_rng(0), np.arange(8)
    batch = birds.batch(index, gawwn.KeypointGAWWN.reads, rng)
    with pytest.raises(RedrawError, match="^gawwn: 2 keypoints an image: birds of CUB have 15, use that data set$"):
        build("KeypointGAWWN").train_step(batch, AT)
    assert torch.isfinite(build("BoxGAWWN").train_step(birds.batch(index, gawwn.BoxGAWWN.reads, rng), AT)["generator"])
    bare = Prepared.open(birds.folder)
    bare.manifest |= {"boxes": False, "keypoints": []}
    for field in ("box", "keypoints"):
        with pytest.raises(
            RedrawError, match=f"no field '{field}' in a batch: this data set is opened without it"
        ) as e:
            bare.batch(index, (field,), rng)
        assert "\n" not in str(e.value)
