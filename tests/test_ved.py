"""The VED paper's model and its classifier: shapes, gradients, closed forms, and the sheet that gives their values."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import nn

from redraw import engine
from redraw.core import RedrawError
from redraw.instruments import classifier
from redraw.papers import ved
from redraw.recipe import About, Schedule, Step, make_config
from redraw.sheets import PAPERS, read_yaml
from redraw.state import State
from redraw.tracking import Spool

SHEET = read_yaml(PAPERS / "ved.yaml")
SENTENCES = ("this", "is", "the", "a", "that", "'s", "number", "black", "on", "white", "background", "with")
OPERATORS = ("min", "max", "or", "plus", "minus")
VOCABULARY = ("<pad>", "<start>", "<end>", "<unk>", *ved.DIGIT_WORDS, *SENTENCES, *OPERATORS)
ABOUT = About((1, 28, 28), 10, VOCABULARY)
AT = Step(0, 1, 0.0)
RELEASED = [(), ("D1",), ("D2",), ("D1", "D2")]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build(as_released: tuple[str, ...] = (), about: About = ABOUT, **fields) -> ved.VED:
    values = {**SHEET["config"]["VED"], "as_released": as_released, **fields}
    torch.manual_seed(0)
    return ved.VED(make_config(ved.Config, values, "test"), about, {})


def build_classifier(about: About = ABOUT, **fields) -> classifier.Classifier:
    values = {**SHEET["config"]["Classifier"], "as_released": (), **fields}
    torch.manual_seed(0)
    return classifier.Classifier(make_config(classifier.Config, values, "test"), about, {})


def some_batch(n: int = 8) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    n_words = torch.randint(3, 10, (n,), generator=generator)
    tokens = torch.randint(1, len(VOCABULARY), (n, 12), generator=generator)
    tokens[torch.arange(12) >= n_words[:, None]] = 0
    image = torch.rand(n, 1, 28, 28, generator=generator) * 2 - 1
    return {"image": image, "class_id": torch.arange(n) % 10, "tokens": tokens, "n_words": n_words}


# --- the sheet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "config"), [("VED", ved.Config), ("Classifier", classifier.Config)])
def test_the_sheet_gives_exactly_the_fields_of_the_config(name: str, config: type[Schedule]):
    fields = {f.name for f in dataclasses.fields(config)}
    assert set(SHEET["config"][name]) | {"as_released"} == fields  # as_released belongs to a run
    make_config(config, {**SHEET["config"][name], "as_released": ()}, "test")
    for scale, of_recipe in SHEET["scales"].items():
        assert set(of_recipe.get(name, {})) <= fields, scale
        for run, values in of_recipe.get("runs", {}).items():
            if SHEET["runs"][run]["recipe"].split(":")[-1] == name:
                assert set(values) <= fields, (scale, run)


def test_a_run_takes_over_only_differences_that_change_training():
    changing = {n for n, d in SHEET["differences"].items() if d["changes"] == "training"}
    taken = {d for run in SHEET["runs"].values() for d in run.get("as_released", [])}
    assert taken and taken <= changing


def test_what_the_docstring_numbers_is_in_the_sheet():
    for name in (*SHEET["differences"], *SHEET["misprints"]):
        assert name in ved.__doc__, name


def test_every_evaluation_that_is_asked_for_is_declared():
    asked = {name for run in SHEET["runs"].values() for name in run.get("score", [])}
    assert asked == set(SHEET["evaluations"])


# --- words ---------------------------------------------------------------------------------------------------


def test_digits_are_their_binary_value_and_other_words_are_numbered_from_ten():
    codes = ved.word_codes(VOCABULARY, 5)
    value = {w: int(sum(c * 2 ** (4 - k) for k, c in enumerate(codes[i]))) for i, w in enumerate(VOCABULARY)}
    assert [value[w] for w in ved.DIGIT_WORDS] == list(range(10))
    assert [value[w] for w in ("<pad>", "<start>", "<end>", "<unk>", "this")] == [10, 11, 12, 13, 14]
    assert value["minus"] == 30  # the largest of 31 numbers: five bits, as in the paper
    assert len(set(value.values())) == len(VOCABULARY) == 31
    assert codes[VOCABULARY.index("six")].tolist() == [0, 0, 1, 1, 0]


def test_too_many_words_for_the_codes():
    with pytest.raises(RedrawError, match="^ved, word_dim: 31 words do not fit into codes of 4 bits: use word_dim 5$"):
        ved.word_codes(VOCABULARY, 4)


# --- the model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_released", RELEASED)
def test_shapes_finite_losses_and_a_gradient_for_every_parameter(as_released: tuple[str, ...]):
    model, batch = build(as_released), some_batch()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    losses = model.train_step(batch, AT)
    assert set(losses) == set(model.validate(batch)) == {"reconstruction", "kl", "loss"}
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
        assert not torch.equal(parameter, before[name]), name
    images = model.sample(batch, seed=0)
    assert images.shape == (8, 1, 28, 28) and images.min() >= -1 and images.max() <= 1


@pytest.mark.parametrize(("as_released", "decoder"), [((), 101 * 784), (("D2",), 101 * 500 + 501 * 784)])
def test_number_of_parameters(as_released: tuple[str, ...], decoder: int):
    gru = 3 * (30 * 5 + 30 * 30 + 30 + 30)
    heads = 2 * (30 * 100 + 100)
    assert sum(p.numel() for p in build(as_released).parameters()) == gru + heads + decoder


def test_padding_and_the_batch_a_caption_stands_in_change_nothing():
    model, batch = build(), some_batch()
    mu, logvar = model.encoder(batch["tokens"], batch["n_words"])
    for i, n in enumerate(batch["n_words"].tolist()):
        alone = model.encoder(batch["tokens"][i : i + 1, :n], batch["n_words"][i : i + 1])
        torch.testing.assert_close(alone, (mu[i : i + 1], logvar[i : i + 1]))


def test_training_is_the_same_with_pytorchs_own_reader(monkeypatch):
    def plain(gru, words, tokens, n_words):
        return gru(words[tokens])[0][torch.arange(len(tokens)), n_words - 1]

    curves = []
    for reader in (ved.last_state, plain):
        monkeypatch.setattr(ved, "last_state", reader)
        model, batch = build(learning_rate=5e-3, init_recurrent=0.3), some_batch(16)
        curves.append([])
        for step in range(10):
            torch.manual_seed(step)
            curves[-1].append(model.train_step(batch, AT)["loss"].item())
    assert curves[0] == pytest.approx(curves[1], rel=1e-6) and curves[0][-1] < curves[0][0]


def test_samples_are_a_function_of_conditions_and_seed():
    model, batch = build(), some_batch()
    first = model.sample(batch, seed=3)
    torch.manual_seed(99)
    torch.rand(7)
    state = torch.get_rng_state()
    assert torch.equal(model.sample(batch, seed=3), first)
    assert torch.equal(torch.get_rng_state(), state)  # takes nothing from the global generator
    assert not torch.equal(model.sample(batch, seed=4), first)
    other = {**batch, "tokens": batch["tokens"].flip(0), "n_words": batch["n_words"].flip(0)}
    assert not torch.equal(model.sample(other, seed=3), first)


def test_the_start_is_as_released():
    model = build()
    weights = model.encoder.gru.weight_hh_l0
    assert weights.std().item() == pytest.approx(0.1, rel=0.05)
    for linear in (model.encoder.mu, model.encoder.logvar, model.decoder[0]):
        assert linear.weight.abs().max().item() == pytest.approx(0.1, rel=0.01)
        assert linear.weight.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.05)
    assert all(not p.any() for n, p in model.named_parameters() if "bias" in n)


# --- losses --------------------------------------------------------------------------------------------------


def test_kl_is_torchs_own():
    generator = torch.Generator().manual_seed(1)
    mu, logvar = torch.randn(2, 5, 7, generator=generator)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(ved.kl_to_standard_normal(mu, logvar), expected)
    assert ved.kl_to_standard_normal(torch.zeros(3), torch.zeros(3)).tolist() == [0, 0, 0]


def redone(model: ved.VED, batch: dict[str, torch.Tensor], seed: int):
    """The losses of one draw, with mu, logvar, z and the decoder's output of that very draw."""
    torch.manual_seed(seed)
    losses = model.losses(batch)
    torch.manual_seed(seed)
    mu, logvar = model.encoder(batch["tokens"], batch["n_words"])
    z = mu + torch.randn_like(mu) * (logvar / 2).exp()
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
    return losses, kl, model.decoder(z)


def test_as_written_the_loss_is_the_negative_bound_of_binary_pixels():
    model, batch = build(), some_batch()
    losses, kl, output = redone(model, batch, 5)
    ink = (batch["image"].flatten(1) > 0).float()
    log_p = torch.distributions.Bernoulli(logits=output).log_prob(ink).sum(1)
    torch.testing.assert_close(losses["loss"], (kl - log_p).mean())
    torch.testing.assert_close(losses["reconstruction"], -log_p.mean())


def test_as_released_the_loss_is_a_gaussian_bound_of_variance_1_96():
    model, batch = build(("D1", "D2")), some_batch()
    losses, kl, output = redone(model, batch, 5)
    pixel = ((batch["image"].flatten(1) + 1) / 2 - 0.1307) / 0.3081
    variance = 784 / 400
    log_p = torch.distributions.Normal(output, math.sqrt(variance)).log_prob(pixel).sum(1)
    constant = -784 / 2 * math.log(2 * math.pi * variance)
    torch.testing.assert_close(100 * losses["loss"], (kl - log_p).mean() + constant)
    assert variance == pytest.approx(1.96)


def test_a_better_image_has_a_lower_loss():
    # Eq. 1 as it is printed would rise (M1).
    model, batch = build(), some_batch()
    with torch.no_grad():
        model.decoder[0].weight.zero_()
        ink = (batch["image"][:1] > 0).float().flatten()
        one = {name: tensor[:1] for name, tensor in batch.items()}
        found = []
        for strength in (0.0, 1.0, 2.0):
            model.decoder[0].bias.copy_(strength * (2 * ink - 1))
            found.append(model.losses(one)["loss"].item())
    assert found[0] > found[1] > found[2]


@pytest.mark.parametrize("as_released", [(), ("D1", "D2")])
def test_overfits_four_captions(as_released: tuple[str, ...]):
    model = build(as_released, learning_rate=0.02, init_recurrent=0.5)
    batch = some_batch(4)
    batch["image"] = torch.kron(torch.rand(4, 1, 7, 7).sub(0.5).sign(), torch.ones(4, 4))
    for step in range(150):
        torch.manual_seed(step)
        model.train_step(batch, AT)
    drawn = model.sample(batch, seed=0)
    assert ((drawn > 0) == (batch["image"] > 0)).float().mean() > 0.95


# --- the classifier ------------------------------------------------------------------------------------------


def test_the_classifier_is_the_released_network():
    network = build_classifier()
    counts = [32 * 25 + 32, 64 * 32 * 25 + 64, 1024 * 512 + 512, 512 * 10 + 10]
    assert sum(p.numel() for p in network.parameters()) == sum(counts)
    losses = network.train_step(some_batch(), AT)
    assert set(losses) == {"cross_entropy"} and torch.isfinite(losses["cross_entropy"])
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_classifier_fits_other_data_sets():
    network = build_classifier(About((3, 32, 40), 7), widths=(8, 12), hidden=20, kernel=3)
    found = network.encode({"image": torch.rand(5, 3, 32, 40) * 2 - 1})
    assert found["logits"].shape == (5, 7) and found["features"].shape == (5, 20)
    with pytest.raises(RedrawError, match="^classifier: images of 8 x 8 pixels are too small for two conv"):
        build_classifier(About((1, 8, 8), 10))


def test_dropout_is_live_in_train_mode_alone():
    network, batch = build_classifier(), some_batch()
    network.eval()
    assert torch.equal(network.encode(batch)["logits"], network.encode(batch)["logits"])
    network.train()
    torch.manual_seed(0)
    first = network.encode(batch)
    assert not torch.equal(first["logits"], network.encode(batch)["logits"])
    assert torch.equal(first["features"], network.encode(batch)["features"])  # features stand before the dropout


def test_the_classifiers_validation_counts_errors_in_percent():
    network, batch = build_classifier().eval(), some_batch()
    logits = network.encode(batch)["logits"]
    batch["class_id"] = logits.argmax(1)
    batch["class_id"][:2] = (batch["class_id"][:2] + 1) % 10
    found = network.validate(batch)
    assert found["error"].item() == 25.0
    torch.testing.assert_close(found["cross_entropy"], nn.functional.cross_entropy(logits, batch["class_id"]))


def test_augmentation_moves_whole_images_and_is_off_as_written():
    image = some_batch()["image"]
    assert torch.equal(build_classifier().augmented(image), image)
    torch.manual_seed(0)
    moved = build_classifier(max_shift=2).augmented(image)
    places = {}
    padded = nn.functional.pad(image, [2] * 4, value=-1.0)
    for i in range(len(image)):
        found = [
            (a, b) for a in range(5) for b in range(5) if torch.equal(moved[i], padded[i, :, a : a + 28, b : b + 28])
        ]
        assert len(found) == 1, i
        places[found[0]] = True
    assert len(places) > 3


def test_the_classifier_learns():
    torch.manual_seed(0)
    network = build_classifier(widths=(4, 8), hidden=32, learning_rate=5e-3, dropout=0.1)
    image = torch.full((40, 1, 28, 28), -1.0)
    label = torch.arange(40) % 10
    for i, k in enumerate(label.tolist()):
        image[i, 0, 2 * k : 2 * k + 6, 6:22] = 1.0
    for step in range(80):
        torch.manual_seed(step)
        network.train_step({"image": image, "class_id": label}, AT)
    assert network.eval().validate({"image": image, "class_id": label})["error"] == 0


class Noise:
    """Batches of some_batch: a split whose images are the same everywhere."""

    def __len__(self) -> int:
        return 64

    def batch(self, indices, fields, rng):
        return some_batch(len(indices))


@pytest.mark.parametrize(
    ("precision", "compiled"), [("bf16", False), pytest.param("fp32", True, marks=pytest.mark.compiler)]
)
def test_precision_and_compilation_train_to_nearly_the_same_loss(tmp_path, precision, compiled):
    """bfloat16 and torch.compile are departures, not other models: after a few steps the losses are close to float32's."""
    found = {}
    for name, options in (("plain", {}), ("changed", {"precision": precision, "compile": compiled})):
        engine.seed_everything(0, 0)
        model = build(steps=30, evaluations=1)
        spool = Spool(tmp_path / f"{name}.jsonl", run=name)
        result = engine.train(
            model,
            Noise(),
            Noise(),
            seed=0,
            state=State(tmp_path / name),
            spool=spool,
            device=torch.device("cpu"),
            **options,
        )
        found[name] = result["curves"]["train/loss"]["y"][-1]
    assert found["changed"] == pytest.approx(found["plain"], rel=0.02)
