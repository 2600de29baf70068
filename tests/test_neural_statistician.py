"""Neural Statistician: closed forms of its bound, sets kept together, contexts of sets, and K-shot episodes by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import small_sets
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from redraw import batches, conditions, data, measured
from redraw.core import RedrawError
from redraw.data import omniglot
from redraw.metrics import METRICS
from redraw.metrics.few_shot import RULES, divergences, k_shot_accuracy, supports
from redraw.models import Instrument, weights_digest
from redraw.papers.neural_statistician import Points, Spatial, Statistician, Transferred
from redraw.papers.neural_statistician.networks import kl, normal, sides
from redraw.recipe import About, Step, make_config
from redraw.scores import reader_of
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "neural_statistician.yaml")
RECIPES = {"Statistician": Statistician, "Transferred": Transferred, "Spatial": Spatial, "Points": Points}
ENGINE = {"steps": 4, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
ABOUT = About((1, 12, 12), 3)
AT = Step(0, 10, 0.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build(recipe: str = "Statistician", about: About = ABOUT, needs=None, **fields):
    small = {k: v for k, v in SHEET["scales"]["smoke"][recipe].items() if k not in ENGINE}
    values = {**SHEET["config"][recipe], **small, **ENGINE, **fields}
    cls = RECIPES[recipe]
    torch.manual_seed(0)
    return cls(make_config(cls.Config, values, "test"), about, needs or {})


def some_batch(n: int = 12) -> dict[str, Tensor]:
    image = 1 - 2 * (torch.rand(n, 1, 12, 12, generator=torch.Generator().manual_seed(3)) > 0.8).float()
    return {"image": image, "class_id": torch.arange(n) % 3}


# --- the bound -------------------------------------------------------------------------------------------------------


def test_the_divergence_is_that_of_normal_distributions():
    torch.manual_seed(1)
    mean, logvar, other, other_logvar = torch.randn(4, 5, 3).double()
    wanted = kl_divergence(Normal(mean, (logvar / 2).exp()), Normal(other, (other_logvar / 2).exp())).sum(1)
    torch.testing.assert_close(kl(mean, logvar, other, other_logvar), wanted)
    torch.testing.assert_close(normal(mean, other, logvar), Normal(other, (logvar / 2).exp()).log_prob(mean))
    both = divergences(torch.cat([mean, logvar], 1).numpy(), torch.cat([other, other_logvar], 1).numpy())
    assert np.allclose(np.diagonal(both), wanted) and both.shape == (5, 5)


def test_the_bound_of_a_network_of_zeros_is_known():
    model = build(alpha=1.0).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        c, z = model.config.context, model.config.latent
        model.hierarchy.statistic.of_context.linear.bias[:c] = 0.5  # q(c | D) = N(0.5, 1): C / 8 nats a set
        model.hierarchy.posterior[0].of_latent.linear.bias[:z] = (
            2.0  # q(z) = N(2, 1) against N(0, 1): 2 Z nats an element
        )
    x = torch.ones(4, 3, 1, 12, 12)
    found = model.losses(x, x.new_ones(4, 3), 0.9)
    wanted = {"reconstruction": 144 * math.log(2), "kl_context": c / 8 / 3, "kl_latents": 2.0 * z}
    for name, value in wanted.items():
        assert found[name].item() == pytest.approx(value, rel=1e-5), name
    divergence = wanted["kl_context"] + wanted["kl_latents"]
    assert found["bound"].item() == pytest.approx(wanted["reconstruction"] + divergence, rel=1e-5)
    for epoch, weight in ((0.9, 2.0), (1.0, 1.5), (3.2, 1.125), (None, 1.0)):
        loss = model.losses(x, x.new_ones(4, 3), epoch)["loss"].item()
        assert loss == pytest.approx(weight * wanted["reconstruction"] + divergence / weight, rel=1e-5), epoch


def test_two_layers_are_conditioned_from_the_top():
    model = build("Spatial", layers=2).eval()
    assert [len(latent.given) for latent in model.hierarchy.posterior] == [2, 3]
    assert [len(latent.given) for latent in model.hierarchy.prior] == [1, 2]
    x = torch.rand(4, 10, 2)
    found = model.losses(x, x.new_ones(4, 10), None)
    assert found["loss"].item() == pytest.approx(found["bound"].item()) and found["kl_latents"].item() > 0


@pytest.mark.parametrize("recipe", ["Statistician", "Spatial", "Points"])
@pytest.mark.parametrize("released", [(), ("D1", "D2", "D3", "D4")])
def test_every_weight_has_a_gradient_and_steps_lower_the_loss(recipe, released):
    model, batch = build(recipe, as_released=released, learning_rate=0.01, alpha=0.0), some_batch()
    first = model.train_step(batch, AT)
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in model.parameters())
    missing = [name for name, p in model.named_parameters() if not p.grad.abs().sum()]
    # A bias before batch normalisation is taken away again.
    assert all(name.endswith("linear.bias") for name in missing), missing
    assert all(float(p.grad.abs().max()) <= model.config.clip for p in model.parameters())
    last = [float(model.train_step(batch, AT)["loss"]) for _ in range(40)][-1]
    assert last < float(first["loss"])


# --- sets ------------------------------------------------------------------------------------------------------------


def test_a_context_is_of_a_set_whatever_its_order_and_ground():
    model = build(sample_dropout=True).eval()
    image = some_batch()["image"]
    sets = image.view(4, 3, 1, 12, 12)
    of_sets = model.encode({"image": sets})["context"]
    assert of_sets.shape == (4, 8)
    torch.testing.assert_close(model.encode({"image": sets.flip(1)})["context"], of_sets)
    torch.testing.assert_close(model.encode({"image": -sets})["context"], of_sets)
    torch.testing.assert_close(
        model.encode({"image": image})["context"], model.encode({"image": image[:, None]})["context"]
    )
    assert not torch.allclose(model.encode({"image": image[::3]})["context"], of_sets, atol=1e-3)


def test_sets_of_every_size_enter_the_mean_as_often():
    x = torch.zeros(6000, 3, 1)
    kept = build().kept(x)
    assert (
        torch.bincount(kept.sum(1).long(), minlength=4).div(6000).sub(torch.tensor([0, 1, 1, 1]) / 3).abs().max() < 0.03
    )
    assert (kept.mean(0) - 2 / 3).abs().max() < 0.03, "no place is preferred"
    assert bool(build(as_released=("D2",)).kept(x).all()) and bool(build(sample_dropout=False).kept(x).all())


def test_what_is_left_out_does_not_enter_the_mean():
    model = build().eval()
    h, kept = torch.randn(2, 3, model.encoder.features), torch.tensor([[1.0, 0, 1], [1, 1, 1]])
    other = h.clone()
    other[0, 1] += 5
    before, after = (model.hierarchy.statistic(of, kept)[0] for of in (h, other))
    torch.testing.assert_close(before, after)
    assert not torch.allclose(before, model.hierarchy.statistic(other, torch.ones(2, 3))[0], atol=1e-3)


def test_a_set_is_turned_as_one():
    model = build(as_released=("D1",), dilation=0.5)
    one = torch.rand(40, 1, 1, 12, 12) / 2
    turned = model.augmented(one.expand(-1, 3, -1, -1, -1))
    assert torch.equal(turned[:, 0], turned[:, 2]), "all of a set alike"
    assert len({int((t[0] - o[0]).abs().sum() == 0) for t, o in zip(turned, one, strict=True)}) == 2, "sets differ"
    plain = build(as_released=("D1",), dilation=0.0).augmented(one)
    torch.testing.assert_close(plain.flatten(1).sort(1).values, one.flatten(1).sort(1).values), "pixels are moved alone"
    binary = build(dilation=0.0).augmented(one)
    assert set(binary.unique().tolist()) == {0.0, 1.0}


def test_sets_of_numbers_have_the_mean_and_variance_that_were_drawn():
    torch.manual_seed(0)
    x, family, mean, variance = build("Points", points=4000).sets(400, torch.device("cpu"))
    assert (x[..., 0].mean(1) - mean).abs().max() < 0.12
    ratio = x[..., 0].var(1) / variance
    assert all(abs(float(ratio[family == k].mean()) - 1) < 0.03 for k in range(4))
    assert float(variance.min()) >= 0.5 and float(variance.max()) <= 2 and float(mean.abs().max()) <= 1
    torch.manual_seed(0)
    x, *_ = build("Points", points=4000, as_released=("D4",)).sets(400, torch.device("cpu"))
    ratio = x[..., 0].var(1)
    assert float((ratio[family == 1] / variance[family == 1].square()).mean()) == pytest.approx(1, abs=0.03)
    assert float((ratio[family == 3] / variance[family == 3].square()).mean()) == pytest.approx(2, abs=0.1)


def test_points_lie_where_ink_is():
    image = -torch.ones(2, 1, 12, 12)
    image[0, 0, 3, 8] = image[1, 0, 10, 1] = 1
    points = build("Spatial", points=30).points(image, seed=1)
    place = ((points + 1) / 2 * 12).floor()
    assert place.flatten(0, 1).unique(dim=0).tolist() == [[1, 10], [8, 3]]
    assert points[0].std(0).min() > 0.01, "somewhere in the pixel"


@pytest.mark.parametrize("recipe", ["Statistician", "Spatial", "Points"])
def test_samples_follow_from_their_seed_alone(recipe):
    model, batch = build(recipe).eval(), some_batch(3)
    torch.manual_seed(1)
    first = model.sample(batch, 5)
    torch.manual_seed(2)
    assert torch.equal(model.sample(batch, 5), first) and not torch.equal(model.sample(batch, 6), first)
    shape = {"Statistician": (1, 12, 12), "Spatial": (1, 24, 24), "Points": (3, 64, 64)}[recipe]
    assert first.shape == (3, *shape) and float(first.min()) >= -1 and float(first.max()) <= 1
    state = torch.get_rng_state()
    model.sample(batch, 5)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_new_drawing_is_dark_on_light_where_the_one_before_it_is():
    model, light = build().eval(), some_batch(3)
    dark = light | {"image": -light["image"]}
    assert float(dark["image"].mean((1, 2, 3)).max()) < 0 < float(light["image"].mean((1, 2, 3)).min())
    torch.testing.assert_close(model.sample(light, 5), -model.sample(dark, 5))


def test_a_transferred_network_is_the_trained_one_and_stays_so():
    trained = build()
    trained.train_step(some_batch(), AT)
    model = build("Transferred", needs={"statistician": trained})
    model.train_step(some_batch(), AT)
    assert weights_digest(model.state_dict()) == weights_digest(trained.state_dict()) and not model.optimizers
    with pytest.raises(RedrawError, match="^transferred: no trained network: give the run needs"):
        build("Transferred")
    with pytest.raises(RedrawError, match="^transferred: the run named as statistician has a network of another size"):
        build("Transferred", needs={"statistician": trained}, hidden=9)


def test_sides_and_colours_that_do_not_fit():
    assert sides(28, 3) == [28, 14, 7, 4]
    with pytest.raises(RedrawError, match="^neural statistician: images of 3 x 12 x 12: it reads square grey ones"):
        build(about=About((3, 12, 12), 3))


# --- batches of sets -------------------------------------------------------------------------------------------------

CLASS_IDS = np.array([7, 2, 7, 9, 2, 7, 2, 4, 9, 7])  # four classes of 4, 3, 2 and 1 images


def test_a_batch_is_of_whole_sets_of_one_class():
    drawn = np.stack([batches.set_indices(CLASS_IDS, 6, 3, 0, step) for step in range(400)]).reshape(-1, 3)
    assert all(len({*row}) == 3 and len({*CLASS_IDS[row]}) == 1 for row in drawn)
    classes = CLASS_IDS[drawn[:, 0]]
    assert {*classes} == {2, 7} and abs((classes == 2).mean() - 0.5) < 0.05, "evenly, of those that are large enough"
    share = np.bincount(drawn[classes == 7].ravel(), minlength=10)[CLASS_IDS == 7]
    assert share.max() / share.min() < 1.2, "images of a class come as often"
    again = batches.set_indices(CLASS_IDS, 6, 3, 0, 5)
    assert np.array_equal(again, batches.set_indices(CLASS_IDS, 6, 3, 0, 5))
    assert any(not np.array_equal(again, batches.set_indices(CLASS_IDS, 6, 3, seed, 5)) for seed in (1, 2))


def test_sets_that_cannot_be_made():
    with pytest.raises(RedrawError, match="^batch_size 7: no whole number of sets of 3 images: take a multiple of it$"):
        batches.set_indices(CLASS_IDS, 7, 3, 0, 0)
    with pytest.raises(RedrawError, match="^set_size 5: the largest class has 4 images: lower it$"):
        batches.set_indices(CLASS_IDS, 10, 5, 0, 0)


# --- K-shot accuracy -------------------------------------------------------------------------------------------------


def episodes(mean: np.ndarray, class_id: np.ndarray, shots: int = 1, names=None) -> dict[str, np.ndarray]:
    """Items whose context is N(mean, 1) in one dimension, a set's N(mean of the means, 1)."""
    support = supports(class_id, shots)
    flat = np.zeros(len(mean))
    return {
        "context": np.stack([mean, flat], 1), "support": support,
        "support_context": np.stack([mean[support].mean(1), flat], 1), "class_id": class_id,
        "class_name": np.array([f"a/{c}" for c in class_id] if names is None else names),
    }  # fmt: skip


def test_classes_far_apart_are_all_found_and_equal_ones_by_chance():
    class_id = np.repeat(np.arange(6), 4)
    for rule in RULES:
        found = k_shot_accuracy(episodes(10.0 * class_id, class_id), 1, 5, rule=rule)
        assert found["value"] == 100 and found["n"] == 24
        nothing = k_shot_accuracy(episodes(np.zeros(24), class_id), 1, 5, rule=rule)
        assert nothing["value"] == pytest.approx(20) and nothing["columns"]["chance"]["value"] == 20


def test_episodes_by_hand():
    # Class 0 at 0 and 4, class 1 at 3 and 3: the one at 0 is known by the set of 4, class 1 by 3. Of two classes
    # 0 -> 3 is nearer than 4: wrong. 4 -> 3 is nearer than 0: wrong. 3 -> 3 right, twice.
    found = k_shot_accuracy(episodes(np.array([0.0, 4, 3, 3]), np.array([0, 0, 1, 1])), 1, 2, episodes=3)
    assert found["per_item"].tolist() == [0, 0, 1, 1] and found["value"] == 50
    # The rules differ where a set is sure and an image is not: KL is large where the second is the narrower one.
    items = episodes(np.array([0.0, 0, 5, 5]), np.array([0, 0, 1, 1]))
    items["support_context"] = np.array([[0, 6.0], [0, 6.0], [5, -2.0], [5, -2.0]])
    items["context"] = np.array([[2.0, 0], [2.0, 0], [4.9, 0], [4.9, 0]])
    one, other = (k_shot_accuracy(items, 1, 2, rule=rule)["per_item"].tolist() for rule in RULES)
    assert one == [0, 0, 1, 1] and other == [1, 1, 1, 1]


def test_a_query_is_never_in_the_set_of_its_class():
    mean = np.array([0.0, 100, 50, 50])  # each of class 0 is like itself alone
    assert k_shot_accuracy(episodes(mean, np.array([0, 0, 1, 1])), 1, 2)["per_item"].tolist()[:2] == [0, 0]
    class_id = np.repeat([0, 1, 2], [7, 9, 6])
    rows = supports(class_id, 5)
    assert rows.shape == (22, 5) and (rows[:, 0] == np.arange(22)).all()
    assert all(len({*row}) == 5 and len({*class_id[row]}) == 1 for row in rows)
    assert supports(class_id, 9).shape == (22, 5), "one less than the smallest class has"
    with pytest.raises(RedrawError, match="^k_shot_accuracy: a class has one image"):
        supports(np.array([0, 0, 1]), 1)


def test_classes_of_one_alphabet():
    class_id = np.repeat(np.arange(6), 4)
    names = [("a/" if c < 3 else "b/c/") + str(c) for c in class_id]
    mean = np.where(class_id < 3, 0.0, 50.0)  # alphabets differ, characters do not
    items = episodes(mean, class_id, names=names)
    found = k_shot_accuracy(items, 1, 5, episodes=50, among="alphabet")
    assert found["value"] == pytest.approx(100 / 3) and found["parts"]["ways"] == 3
    everything = k_shot_accuracy(items, 1, 6)
    assert everything["value"] == pytest.approx(100 / 3) and everything["columns"]["chance"]["value"] == pytest.approx(
        100 / 6
    )


def test_mistakes_of_an_evaluation():
    items = episodes(np.zeros(8), np.repeat([0, 1], 4))
    for fields, says in (
        ({"rule": "nearest"}, 'rule is "nearest"'), ({"among": "alphabets"}, 'among is "alphabets": did you mean "alphabet"'),
    ):  # fmt: skip
        with pytest.raises(RedrawError, match=f"^k_shot_accuracy: {says}"):
            k_shot_accuracy(items, 1, 2, **fields)
    with pytest.raises(RedrawError, match="^k_shot_accuracy: a choice of one class is none"):
        k_shot_accuracy(episodes(np.zeros(8), np.zeros(8, np.int64)), 1, 2)
    items["context"][3, 1] = np.nan
    with pytest.raises(RedrawError, match="^k_shot_accuracy: context is not finite in 1 of 8 rows, first in row 3"):
        k_shot_accuracy(items, 1, 2)


def test_what_a_model_says_of_sets_reaches_the_metric(tmp_path):
    options = {"size": 12, "filter": "box", "channels": "grey"}
    name = "drawn_characters-oneshot_small"
    data.fetch(name, tmp_path / "raw")
    characters = small_sets.prepared_by(omniglot, name, tmp_path / "raw", tmp_path / "prepared", **options)
    model = build(about=About((1, 12, 12), characters.classes)).eval()
    e = SHEET["evaluations"]["shot5_way20"]
    asked = conditions.conditions_of(e, characters)
    images = conditions.to_bytes(conditions.pictures(e, model, asked, characters, 0))
    wanted, eyes = set(METRICS["k_shot_accuracy"].reads) - {"class_id"}, Instrument(model, "run", "", "")
    found = measured.measured(wanted, reader_of(e), e, model, asked, characters, images, 0, eyes)
    assert found["support"].shape == (24, 5) and found["class_name"][0].count("/") == 1
    sets = conditions.from_bytes(images[found["support"][:2]])
    with torch.no_grad():
        assert np.allclose(found["support_context"][:2], model.encode({"image": sets})["context"], atol=1e-5)
    said = model.encode({"image": conditions.from_bytes(images)})["context"].detach().numpy()
    score = k_shot_accuracy({**found, "context": said, "class_id": asked.class_id}, **e["options"])
    assert 0 <= score["value"] <= 100 and score["parts"] == {"ways": 4, "shots": 5, "classes": 4}
