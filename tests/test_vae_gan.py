"""VAE/GAN: closed forms of its losses, who learns from which of them, attribute vectors, and the reading of attributes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import small_sets
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from redraw import conditions, data, measured
from redraw.core import RedrawError
from redraw.data import lfw, omniglot
from redraw.instruments.attribute_regressor import AttributeRegressor
from redraw.metrics import METRICS
from redraw.metrics.attribute_similarity import attribute_cosine, attribute_squared_error
from redraw.models import Instrument
from redraw.papers import vae_gan
from redraw.papers.vae_gan import VAEGAN, Arithmetic, divergence, fooled, half_squared_error, who_learns
from redraw.recipe import About, Step, make_config
from redraw.scores import reader_of
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "vae_gan.yaml")
RECIPES = {"VAEGAN": VAEGAN, "Arithmetic": Arithmetic, "AttributeRegressor": AttributeRegressor}
ENGINE = {"steps": 4, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
NAMES = ("Male", "Smiling", "Bald", "Bangs")
ABOUT = About((3, 16, 16), 2, attributes=NAMES)
AT = Step(0, 10, 0.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build(recipe: str = "VAEGAN", about: About = ABOUT, needs=None, **fields):
    cls = RECIPES[recipe]
    small = {k: v for k, v in SHEET["scales"]["smoke"][recipe].items() if k not in ENGINE}
    if recipe == "Arithmetic":
        small["shown"] = ["Smiling", "Bald"]
    torch.manual_seed(0)
    return cls(
        make_config(cls.Config, {**SHEET["config"][recipe], **small, **ENGINE, **fields}, "test"), about, needs or {}
    )


def some_batch(n: int = 8) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(4)
    image = 2 * torch.rand(n, 3, 16, 16, generator=drawn) - 1
    attributes = torch.randint(0, 2, (n, len(NAMES)), generator=drawn)
    return {"image": image, "attributes": attributes, "class_id": torch.zeros(n, dtype=torch.long)}


def of_kind(name: str, **fields) -> VAEGAN:
    needs = {"gan": build(model="gan", **fields)} if name == "vae_dis" else {}
    return build(model=name, needs=needs, **fields)


# --- losses ----------------------------------------------------------------------------------------------------------


def test_both_likelihoods_and_the_divergence_are_those_of_normal_distributions():
    torch.manual_seed(0)
    mean, logvar, x, y = torch.randn(4, 5, 3).double()
    wanted = kl_divergence(Normal(mean, (logvar / 2).exp()), Normal(torch.zeros(3).double(), 1.0)).sum(1).mean()
    torch.testing.assert_close(divergence(mean, logvar), wanted)
    constant = 3 * 0.5 * math.log(2 * math.pi)
    torch.testing.assert_close(half_squared_error(x, y), -Normal(y, 1.0).log_prob(x).sum(1).mean() - constant)


def test_pixels_are_compared_at_their_deviation():
    image, drawn, a = torch.zeros(2, 3, 16, 16), torch.full((2, 3, 16, 16), 0.5), torch.zeros(2, 4)
    for deviation in (1.0, 0.5):
        loss = build(model="vae", pixel_deviation=deviation).likelihood_loss(image, drawn, a)
        assert loss.item() == pytest.approx(0.5 * 768 * 0.25 / deviation**2)


def test_a_discriminator_that_is_undecided_costs_log_two_for_each_kind_of_image():
    batch = some_batch()
    for name, kinds in (("gan", 2), ("vae_gan", 3)):
        model = build(model=name)
        torch.nn.init.zeros_(model.dis.logit.weight)
        torch.nn.init.zeros_(model.dis.logit.bias)
        found = model.losses(batch["image"], model.given(batch))
        assert found["dis"].item() == pytest.approx(kinds * math.log(2), rel=1e-5)
        rest = model.config.gamma * found["likelihood"].item() if name == "vae_gan" else 0
        assert found["dec"].item() == pytest.approx((kinds - 1) * math.log(2) + rest, rel=1e-5)
    released = build(as_released=("D1", "D2"), gamma=0.25)
    torch.nn.init.zeros_(released.dis.logit.weight)
    torch.nn.init.zeros_(released.dis.logit.bias)
    found = released.losses(batch["image"], released.given(batch))
    assert found["dis"].item() == pytest.approx(2 * math.log(2), rel=1e-5), "D1: without reconstructions"
    wanted = 0.25 * found["likelihood"].item() + 0.75 * math.log(2)
    assert found["dec"].item() == pytest.approx(wanted, rel=1e-5), "D2"


def test_the_decoder_is_pushed_alike_by_both_forms_where_the_discriminator_is_undecided():
    logits = torch.zeros(4, requires_grad=True)
    (one,), (other,) = (torch.autograd.grad(fooled(logits, saturating), logits) for saturating in (False, True))
    torch.testing.assert_close(one, other)
    sure = torch.full((4,), -9.0, requires_grad=True)
    (one,), (other,) = (torch.autograd.grad(fooled(sure, saturating), sure) for saturating in (False, True))
    assert one[0] < -0.2 and -1e-3 < other[0] < 0, "log(1 - D) saturates"


@pytest.mark.parametrize(
    ("real", "drawn", "wanted"),
    [(0.68, 0.68, (True, True)), (0.3, 0.7, (False, True)), (0.7, 1.1, (True, False)), (0.3, 1.1, (True, True))],
)
def test_who_rests_when_the_balance_is_lost(real, drawn, wanted):
    assert who_learns(real, drawn) == wanted


@pytest.mark.parametrize(
    ("bias", "wanted"),
    [
        (0.0, {"enc", "dec", "dis"}),
        (0.8, {"enc", "dis"}),  # real ones cost 0.37, drawn ones 1.17
        (9.0, {"enc", "dec", "dis"}),  # of real ones the discriminator is too sure, of drawn ones not enough
    ],
)
def test_a_network_that_rests_does_not_move(bias, wanted):
    model = build(as_released=("D3",))
    torch.nn.init.zeros_(model.dis.logit.weight)
    torch.nn.init.constant_(model.dis.logit.bias, bias)
    before = {k: v.clone() for k, v in model.named_parameters()}
    model.train_step(some_batch(), AT)
    assert {k.split(".")[0] for k, v in model.named_parameters() if not torch.equal(v, before[k])} == wanted


# --- who learns from what --------------------------------------------------------------------------------------------


def test_each_network_follows_its_own_loss_alone():
    batch, model = some_batch(), build(gamma=0.5)
    torch.manual_seed(1)
    found = model.losses(batch["image"], model.given(batch))
    wanted = {
        "enc": found["kl"] + found["likelihood"],
        "dis": found["dis"],
        "dec": 0.5 * found["likelihood"] + (found["dec"] - 0.5 * found["likelihood"]),
    }
    gradients = {
        k: torch.autograd.grad(v, [*getattr(model, k).parameters()], retain_graph=True) for k, v in wanted.items()
    }
    torch.manual_seed(1)
    model.train_step(batch, AT)
    for name, own in gradients.items():
        for parameter, gradient in zip(getattr(model, name).parameters(), own, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-5)


def test_the_step_size_falls_in_a_straight_line():
    model = build(learning_rate=0.01, last_learning_rate=0.002)
    for index, size in ((0, 0.01), (5, 0.006), (10, 0.002)):
        model.train_step(some_batch(), Step(index, 10, 0.0))
        assert [o.param_groups[0]["lr"] for o in model.optimizers.values()] == pytest.approx([size] * 3)


@pytest.mark.parametrize("conditioned", [True, False])
@pytest.mark.parametrize("name", vae_gan.MODELS)
def test_every_weight_learns_and_what_is_drawn_has_the_datas_shape(name, conditioned):
    model, batch = of_kind(name, conditioned=conditioned, eps=1e-20), some_batch()
    gan = {k: v.clone() for k, v in model.held["gan"].state_dict().items()} if name == "vae_dis" else {}
    before = {k: v.clone() for k, v in model.named_parameters()}
    for step in range(2):
        losses = model.train_step(batch, Step(step, 10, 0.0))
        assert all(bool(loss.isfinite()) and not loss.requires_grad for loss in losses.values())
    assert not [k for k, v in model.named_parameters() if torch.equal(v, before[k])]
    networks = {"vae": {"enc", "dec"}, "vae_dis": {"enc", "dec"}, "gan": {"dec", "dis"}}.get(
        name, {"enc", "dec", "dis"}
    )
    assert {*model.optimizers} == networks == {n for n, _ in model.named_children()}
    assert all(torch.equal(v, model.held["gan"].state_dict()[k]) for k, v in gan.items()), (
        "the trained GAN stays as it is"
    )
    model.eval()
    assert set(model.validate(batch)) == ({"kl", "pixel_error"} if name != "gan" else set())
    asked = {k: batch[k] for k in ("class_id", *model.asks)}
    drawn = model.sample(asked, 3)
    assert drawn.shape == batch["image"].shape and float(drawn.abs().max()) <= 1
    assert torch.equal(model.sample(asked, 3), drawn) and not torch.equal(model.sample(asked, 4), drawn)
    if conditioned:
        other = model.sample({**asked, "attributes": 1 - batch["attributes"]}, 3)
        assert not torch.equal(other, drawn), "what is asked for matters"


def test_the_similarity_is_that_of_the_last_convolution():
    model, batch = build().eval(), some_batch()
    _, features = model.dis(batch["image"], model.given(batch))
    assert features.shape == (8, 4 * 2 * 2)
    hidden = batch["image"]
    for layer in [*model.dis.until_l]:
        hidden = layer(hidden)
    torch.testing.assert_close(features, hidden.flatten(1))
    assert isinstance(model.dis.until_l[-1], torch.nn.Conv2d) and isinstance(model.dis.after_l[0], torch.nn.BatchNorm2d)


def test_runs_that_cannot_be():
    for fields, says in (
        ({"model": "vaegan"}, '^vae_gan, model: "vaegan": did you mean "vae_gan"'),
        ({"about": About((3, 16, 16), 2)}, "^vae_gan, conditioned: this data set has no attributes"),
        ({"about": ABOUT._replace(image_shape=(3, 20, 20))}, "^vae_gan: images of 20 x 20 pixels: their sides must be equal"),
        ({"model": "vae_dis"}, "^vae_dis: no gan network: give the run needs"),
        ({"model": "vae_dis", "needs": {"gan": build(model="vae")}}, "^vae_dis: the run named as gan has no discriminator"),
        ({"recipe": "Arithmetic", "conditioned": True}, "^arithmetic: it moves latents of an encoder"),
        ({"recipe": "Arithmetic", "shown": ["Smile"]}, '^arithmetic, shown: \'Smile\': did you mean "Smiling"'),
        ({"recipe": "AttributeRegressor", "about": About((3, 32, 32), 2)}, "^attribute regressor: this data set has no"),
    ):  # fmt: skip
        with pytest.raises(RedrawError, match=says):
            build(**fields)


# --- attribute vectors -----------------------------------------------------------------------------------------------


def test_an_attribute_vector_is_a_difference_of_means():
    model = build("Arithmetic", kept_share=1.0, learning_rate=1e-12)
    batch = some_batch()
    batch["attributes"][:, 3] = 1  # never absent
    model.train_step(batch, AT)
    model.train()
    mean, _ = model.enc(batch["image"], batch["image"].new_zeros(8, 0))
    for k in range(3):
        there = batch["attributes"][:, k] == 1
        wanted = mean[there].mean(0) - mean[~there].mean(0)
        torch.testing.assert_close(model.vectors()[k], wanted.detach(), rtol=1e-3, atol=1e-5)
    assert not model.vectors()[3].any()


def test_a_face_gets_more_and_more_of_an_attribute():
    model, batch = build("Arithmetic", stages=3), some_batch()
    model.train_step(batch, AT)
    model.eval()
    asked = {"image": batch["image"], "class_id": batch["class_id"]}
    stages = model.drawing(asked, 0)
    assert stages.shape == (8, 3, 3, 16, 16)
    assert len(model.labels["drawing"]) == len(model.columns)
    assert torch.equal(stages[:, -1], model.sample(asked, 0))
    nothing = batch["image"].new_zeros(8, 0)
    mean, _ = model.enc(batch["image"], nothing)
    torch.testing.assert_close(stages[:, 0], model.dec(mean, nothing))
    torch.testing.assert_close(
        stages[1, 2], model.dec(mean[1:2] + model.vectors()[2], nothing[:1])[0], rtol=1e-4, atol=1e-5
    )


# --- attributes that are read ----------------------------------------------------------------------------------------


def test_similarities_by_hand():
    items = {
        "attributes": np.array([[1.0, 1, 0], [2, -2, 5], [-1, -1, 0], [0, 3, 0]]),
        "asked_attributes": np.array([[1, 1, -1], [1, 1, -1], [0, 0, 0], [1, 1, 1]]),
        "asked_image": np.array([7, 7, 9, 3]),
    }
    cosines = [1.0, 0.0, 2 / math.sqrt(6), 1 / math.sqrt(3)]  # what is not known counts in neither
    assert attribute_cosine(items)["per_item"] == pytest.approx(cosines)
    best = attribute_cosine(items, best=True)
    assert best["n"] == 3 and best["value"] == pytest.approx((1 + cosines[2] + cosines[3]) / 3)
    errors = [0.0, 1 + 9, 0 + 0 + 1, 1 + 4 + 1]
    assert attribute_squared_error(items)["per_item"] == pytest.approx(errors)
    assert attribute_squared_error(items, best=True)["value"] == pytest.approx((0 + 1 + 6) / 3)
    assert METRICS["attribute_squared_error"].better == "lower" and METRICS["attribute_cosine"].better == "higher"
    with pytest.raises(RedrawError, match="^attribute_cosine: nothing is known of image 3, or nothing is said of it"):
        attribute_cosine({**items, "attributes": items["attributes"] * np.array([[1], [1], [1], [0]])})
    with pytest.raises(RedrawError, match="^attribute_cosine: 2 attributes are said, 3 asked for"):
        attribute_cosine({**items, "attributes": items["attributes"][:, :2]})


def test_a_regressor_learns_signs_and_leaves_out_what_is_not_known():
    about = About((3, 32, 32), 2, attributes=("Light", "Dark"))
    model = build("AttributeRegressor", about, learning_rate=0.02)
    level = torch.linspace(-1, 1, 16)
    image = level[:, None, None, None].expand(-1, 3, 32, 32)
    attributes = torch.stack([(level > 0).long(), (level < 0).long()], 1)
    first = model.losses(image, attributes)["squared_error"].item()
    for step in range(40):
        model.train_step({"image": image, "attributes": attributes}, Step(step, 40, 0.0))
    model.eval()
    found = model.losses(image, attributes)
    assert found["squared_error"].item() < first / 2 and found["error"].item() < 15
    half = attributes.clone()
    half[:, 1] = -1
    said = model.encode({"image": image})["attributes"]
    wanted = (said[:, 0] - (2 * attributes[:, 0] - 1)).square().mean()
    assert model.losses(image, half)["squared_error"].item() == pytest.approx(wanted.item(), rel=1e-4)
    with pytest.raises(RedrawError, match="^attribute regressor: of no image of the batch an attribute is known"):
        model.losses(image, torch.full_like(attributes, -1))


def test_what_was_asked_for_reaches_the_metric(tmp_path):
    name, options = "drawn_faces-lfw_small", {"crop": "centre", "scale": 150, "size": 16}
    data.fetch(name, tmp_path / "raw")
    faces = small_sets.prepared_by(lfw, name, tmp_path / "raw", tmp_path / "prepared", **options)
    assert {"train", "validation", "test"} <= {*faces.splits}
    model = build(about=About((3, 16, 16), faces.classes, attributes=faces.attribute_names)).eval()
    eyes = Instrument(build("AttributeRegressor", About((3, 32, 32), 2, attributes=faces.attribute_names)), "r", "", "")
    e = {**SHEET["evaluations"]["cosine"], "n": 30}
    asked = conditions.conditions_of(e, faces)
    images = conditions.to_bytes(conditions.pictures(e, model, asked, faces, 0))
    assert images.shape == (30, 3, 16, 16)
    found = measured.measured(
        {*METRICS["attribute_cosine"].reads}, reader_of(e), e, model, asked, faces, images, 0, eyes
    )
    assert np.array_equal(found["asked_attributes"], faces.attributes[asked.image])
    assert np.array_equal(found["asked_image"], asked.image) and len({*asked.image}) == len(faces.split("test"))


def test_attributes_of_a_data_set_without_any(tmp_path):
    name, options = "drawn_characters-oneshot_small", {"size": 16, "channels": "grey"}
    data.fetch(name, tmp_path / "raw")
    opened = small_sets.prepared_by(omniglot, name, tmp_path / "raw", tmp_path / "prepared", **options)
    e = {**SHEET["evaluations"]["cosine"], "n": 2}
    asked = conditions.conditions_of(e, opened)
    with pytest.raises(RedrawError, match="no field 'attributes' in a batch"):
        measured.measured({"asked_attributes"}, reader_of(e), e, None, asked, opened, None, 0, None)
