"""Show, Attend and Tell: published outputs, closed forms, a plain loop, and every difference of the released code on its own."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import re
import sys
from pathlib import Path

import golden
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from going_on import taken_up
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import show_attend_tell_steps  # noqa: E402

from redraw import engine  # noqa: E402
from redraw.blocks.rmsprop import CentredRMSprop  # noqa: E402
from redraw.blocks.uncorrected import UncorrectedAdam  # noqa: E402
from redraw.core import RedrawError  # noqa: E402
from redraw.data.ngrams import bleu, statistics  # noqa: E402
from redraw.demonstrations import captioning  # noqa: E402
from redraw.models import weights_digest  # noqa: E402
from redraw.papers import show_attend_tell  # noqa: E402
from redraw.papers.show_attend_tell import Annotator, ShowAttendTell, annotator  # noqa: E402
from redraw.papers.show_attend_tell.beam import search  # noqa: E402
from redraw.papers.show_attend_tell.captioner import Config, doubly_stochastic  # noqa: E402
from redraw.papers.show_attend_tell.networks import Seen, Spoken, State, lstm  # noqa: E402
from redraw.recipe import About, Recipe, Step, make_config  # noqa: E402
from redraw.sheets import PAPERS, read_yaml  # noqa: E402

SHEET = read_yaml(PAPERS / "show_attend_tell.yaml")
RECIPES = {"Annotator": Annotator, "ShowAttendTell": ShowAttendTell}
WORDS = ("<pad>", "<start>", "<end>", "<unk>", "a", "red", "blue", "bird", "dog", "on", "grass", "sand")
ABOUT = About((3, 12, 12), 1, WORDS)
ENGINE = {"steps": 4, "batch_size": 6, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {
    "attention_units": 5,
    "word_dim": 6,
    "hidden": 7,
    "dropout": 0.0,
    "init_std": 0.5,
    "learning_rate": 1e-2,
    "max_words": 9,
}
AT = Step(0, 10, 0.0)
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "prefix", "forward", "backward"), [(torch.float32, "f32", 1e-5, 1e-5), (torch.float64, "f64", 1e-9, 1e-7)]
)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Eyes(Recipe):
    """Stands for a trained annotator: the pixels of a 3 x 3 image, mapped."""

    side = 3

    def __init__(self, dim: int = 4) -> None:
        nn.Module.__init__(self)
        self.dim = dim
        self.map = nn.Linear(3, dim)

    def view(self, image: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(image, 3)

    def annotate(self, image: Tensor) -> Tensor:
        return self.map(image.flatten(2).transpose(1, 2))


def config_of(**fields) -> Config:
    return make_config(Config, {**SHEET["config"]["ShowAttendTell"], **ENGINE, **SMALL, **fields}, "test")


def build(about: About = ABOUT, eyes: Recipe | None = None, **fields) -> ShowAttendTell:
    torch.manual_seed(0)
    return ShowAttendTell(config_of(**fields), about, {"annotator": eyes or Eyes()})


def some_batch(n: int = 6, length: int = 6, seed: int = 0, same: bool = True) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(seed)
    captions = torch.randint(4, len(WORDS), (n, 3, length), generator=drawn)
    ends = torch.full((n, 3, 1), length - 1) if same else torch.randint(2, length, (n, 3, 1), generator=drawn)
    captions[:, :, 0] = 1
    captions.scatter_(2, ends, 2)
    captions[torch.arange(length) > ends] = 0
    return {
        "image": torch.rand(n, 3, 12, 12, generator=drawn) * 2 - 1,
        "tokens": captions[:, 0],
        "captions": captions,
    }


def trained(model: Recipe, steps: int = 3, first: int = 0) -> Recipe:
    model.train()
    for step in range(first, first + steps):
        engine.seed_everything(0, step)
        model.train_step(some_batch(), Step(step, 40, 0.0))
    return model


def digest_after(model: Recipe, steps: int = 3) -> str:
    return weights_digest(trained(model, steps).state_dict())


# --- the sheet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_configuration_at_every_scale(name, scale):
    values = SHEET["config"][name] | SHEET["scales"].get(scale, {}).get(name, {})
    values = {k: v["value"] if isinstance(v, dict) else v for k, v in values.items()}
    made = make_config(RECIPES[name].Config, values | {"as_released": ()}, name)
    if name == "ShowAttendTell":
        ShowAttendTell(dataclasses.replace(made, hidden=8, word_dim=4), ABOUT, {"annotator": Eyes()})
    else:
        size = 256 if scale in ("study", "paper") else 76
        Annotator(made, About((3, 224, 224) if size == 256 else (3, 76, 76), 1, WORDS), {})


def test_the_sheet_gives_exactly_the_fields_of_the_configurations():
    for name, recipe in RECIPES.items():
        fields = {f.name for f in dataclasses.fields(recipe.Config)}
        assert set(SHEET["config"][name]) | {"as_released"} == fields


def test_what_the_docstring_numbers_is_in_the_sheet():
    for number in SHEET["differences"]:
        assert re.search(rf"\b{number}\b", show_attend_tell.__doc__), number


# --- published outputs -----------------------------------------------------------------------------------------------

DIRECT = {  # names of the PyTorch tutorial -> ours
    "attention.encoder_att.weight": "attend.annotation.weight",
    "attention.decoder_att.weight": "attend.state.weight",
    "attention.full_att.weight": "attend.score.weight",
    "decode_step.weight_hh": "of_state.weight",
    "init_h.weight": "first_h.weight",
    "init_h.bias": "first_h.bias",
    "init_c.weight": "first_c.weight",
    "init_c.bias": "first_c.bias",
    "f_beta.weight": "gate.weight",
    "f_beta.bias": "gate.bias",
}
ADDED = {  # its biases of which only the sum counts
    ("attention.encoder_att.bias", "attention.decoder_att.bias"): "attend.annotation.bias",
    ("decode_step.bias_ih", "decode_step.bias_hh"): "of_word.bias",
}


def gates_in_our_order(rows: Tensor) -> Tensor:
    """PyTorch's cell has what may enter before the output gate; the same rule brings our gradients into its order."""
    enter, keep, candidate, show = rows.chunk(4)
    return torch.cat([enter, keep, show, candidate])


def published(dtype: torch.dtype) -> tuple[ShowAttendTell, dict, dict, dict[str, Tensor]]:
    """The tutorial's network as ours, its manifest, what it put out, and what went in.

    Its words are counted from 0, which is no word here: they move up by one, and our padding is never said. The bias of its
    scores moves all places alike.
    """
    manifest, stored = golden.load("show_attend_tell")
    theirs = {k: torch.from_numpy(v).to(dtype) for k, v in golden.state(manifest["states"]["decoder"]).items()}
    sizes = {"attention_units": 32, "word_dim": 24, "hidden": 40, "attention_layers": 1, "attention_activation": "relu",
             "gate": "vector", "output": "simple", "init_layers": 1, "regulariser": "mean"}  # fmt: skip
    vocabulary = (*WORDS[:4], *(f"word{k}" for k in range(4, 61)))
    model = build(About((3, 12, 12), 1, vocabulary), Eyes(48), **sizes).to(dtype)
    state = {ours: theirs[name] for name, ours in DIRECT.items()}
    state |= {ours: theirs[one] + theirs[other] for (one, other), ours in ADDED.items()}
    state["embedding.weight"] = F.pad(theirs["embedding.weight"], (0, 0, 1, 0))
    state["out.weight"] = F.pad(theirs["fc.weight"], (0, 0, 1, 0))
    state["out.bias"] = F.pad(theirs["fc.bias"], (1, 0), value=-1e30)
    state["of_word.weight"], state["of_z.weight"] = theirs["decode_step.weight_ih"].split([24, 48], 1)
    for name in ("of_word.weight", "of_word.bias", "of_z.weight", "of_state.weight"):
        state[name] = gates_in_our_order(state[name])
    model.decoder.load_state_dict(state)
    given = {k: torch.from_numpy(v) for k, v in golden.inputs(manifest).items()}
    return model, manifest, stored, {k: v.to(dtype) if v.is_floating_point() else v for k, v in given.items()}


@PRECISIONS
def test_published_attention_and_one_step(dtype: torch.dtype, prefix: str, forward: float, backward: float):
    model, _, stored, given = published(dtype)
    decoder, a, h, c = model.decoder, given["features"].flatten(1, 2), given["h"], given["c"]
    with torch.no_grad():
        keys = decoder.attend.keys(a)
        alpha = decoder.attend(keys, decoder.attend.state(h)).to(dtype)
        golden.match(f"{prefix}.att.alpha", alpha, stored, 1e-6 if dtype == torch.float64 else forward)
        golden.match(f"{prefix}.att.context", torch.einsum("nl,nld->nd", alpha, a), stored, max(forward, 1e-6))
        golden.match(f"{prefix}.step.gate", decoder.gate(h).sigmoid(), stored, forward)
        gates = decoder.of_word(decoder.heard(given["tokens"][:, None] + 1, False))[:, 0]
        seen = Seen(a, keys, State(h, c))
        state, _, _, z = decoder.step(seen, seen.state, gates, decoder.of_states(), None, 0)
        golden.match(f"{prefix}.step.h", state.h, stored, forward)
        golden.match(f"{prefix}.step.c", state.c, stored, forward)
        golden.match(f"{prefix}.step.logits", decoder.logits(state.h, gates, z)[:, 1:], stored, forward)


@PRECISIONS
def test_published_captions_with_losses_and_gradients(dtype: torch.dtype, prefix: str, forward: float, backward: float):
    model, manifest, stored, given = published(dtype)
    decoder, order = model.decoder, torch.from_numpy(stored["fwd.sort_ind"])
    features = given["features"].clone().requires_grad_()
    a, lengths = features.flatten(1, 2)[order], torch.from_numpy(stored["in.lens"]).flatten()[order]
    tokens = given["caps"][order] + 1
    assert torch.equal(tokens - 1, torch.from_numpy(stored["fwd.caps_sorted"]))
    tokens = tokens.masked_fill(torch.arange(9) >= lengths[:, None], 0)
    first = [m(a.mean(1)) for m in (decoder.first_h, decoder.first_c)]  # its first states lie behind no tanh
    for name, state in zip(("init_h", "init_c"), first, strict=True):
        golden.match(f"{prefix}.{name}", state.detach()[order.argsort()], stored, forward)
    spoken = decoder(Seen(a, decoder.attend.keys(a), State(*first)), tokens, False)
    there = (tokens[:, 1:] != 0)[:, :, None]
    golden.match(f"{prefix}.fwd.scores", (spoken.logits[:, :, 1:] * there).detach(), stored, forward)
    golden.match(f"{prefix}.fwd.alphas", (spoken.alpha * there).detach(), stored, forward)
    losses = model.losses(tokens, spoken, torch.zeros(3, 1, dtype=torch.bool))
    golden.match(f"{prefix}.loss.ce", losses["nats_per_word"].detach(), stored, forward)
    golden.match(f"{prefix}.loss.doubly_stochastic", losses["doubly_stochastic"].detach(), stored, forward)
    (losses["nats_per_word"] + losses["doubly_stochastic"]).backward()
    golden.match(f"{prefix}.grad_features", features.grad, stored, backward)
    ours = {name: p.grad for name, p in decoder.named_parameters()}
    for name in ("of_word.weight", "of_word.bias", "of_z.weight", "of_state.weight"):
        ours[name] = gates_in_our_order(ours[name])
    named = {name: ours[mine] for name, mine in DIRECT.items()}
    named |= {name: ours[mine] for pair, mine in ADDED.items() for name in pair}
    named["decode_step.weight_ih"] = torch.cat([ours["of_word.weight"], ours["of_z.weight"]], 1)
    named["embedding.weight"], named["attention.full_att.bias"] = ours["embedding.weight"][1:], torch.zeros(1)
    named |= {f"fc.{part}": ours[f"out.{part}"][1:] for part in ("weight", "bias")}
    golden.match_rows(f"{prefix}.grad_params", named, manifest, stored, backward)


# --- the decoder ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{}, {"gate": "vector"}, {"gate": "none", "attention_layers": 1, "attention_activation": "relu"},
               {"output": "simple", "init_layers": 1}]
)  # fmt: skip
def test_the_hoisted_loop_is_the_plain_one(fields):
    decoder = build(**fields).decoder
    a, tokens = torch.randn(5, 9, 4, generator=torch.Generator().manual_seed(1)), some_batch(5)["tokens"]
    both = []
    for of in (show_attend_tell_steps.hoisted, show_attend_tell_steps.plain):
        decoder.zero_grad()
        loss = of(decoder, a, tokens, 0.5)
        loss.backward()
        both.append((loss.detach(), {k: p.grad.clone() for k, p in decoder.named_parameters()}))
    (ours, our_gradients), (theirs, their_gradients) = both
    assert ours == pytest.approx(float(theirs), rel=1e-5)
    for name, gradient in their_gradients.items():
        assert gradient.abs().sum() > 0, name
        assert torch.allclose(our_gradients[name], gradient, rtol=1e-3, atol=1e-5 * float(gradient.abs().max())), name


def test_places_with_equal_scores_are_read_equally():
    model = build()
    with torch.no_grad():
        model.decoder.attend.score.weight.zero_()
    seen = model.see(model.view(some_batch()["image"]))
    spoken = model.decoder(seen, some_batch()["tokens"], False)
    assert torch.allclose(spoken.alpha, torch.full((6, 5, 9), 1 / 9))
    other = build().decoder(seen, some_batch()["tokens"], False)
    assert torch.allclose(other.alpha.sum(2), torch.ones(6, 5)) and float(other.alpha.detach().max()) > 1.02 / 9


def test_a_gate_scales_what_is_read_and_a_closed_one_leaves_nothing():
    model = build()
    seen = model.see(model.view(some_batch()["image"]))
    decoder, gates = model.decoder, torch.zeros(6, 28)
    for bias, share in ((0.0, 0.5), (50.0, 1.0), (-50.0, 0.0)):
        with torch.no_grad():
            decoder.gate.weight.zero_()
            decoder.gate.bias.fill_(bias)
            _, _, looked, z = decoder.step(seen, seen.state, gates, decoder.of_states(), None, 0)
        assert torch.allclose(z, share * torch.einsum("nl,nld->nd", looked, seen.a), atol=1e-6)


def test_without_attention_the_image_is_the_first_word():
    model, tokens = build(attention="none"), some_batch()["tokens"]
    decoder, seen = model.decoder, model.see(model.view(some_batch()["image"]))
    spoken = decoder(seen, tokens, False)
    h = c = torch.zeros(6, 7)
    inputs = [decoder.image(seen.a.mean(1)), *decoder.embedding(tokens[:, :-1]).unbind(1)]
    for t, x in enumerate(inputs):
        h, c = lstm(decoder.of_word(x) + decoder.of_state(h), c)
        if t:
            assert torch.allclose(spoken.logits[:, t - 1], decoder.logits(h, x, x), atol=1e-5)
    assert set(model.train_step(some_batch(), AT)) == {"nats", "nats_per_word", "loss"}
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in decoder.parameters())
    with pytest.raises(RedrawError, match=r"^show_attend_tell: a captioner with attention none looks at no place: .+$"):
        model.looking({"image": model.view(some_batch()["image"])})


@pytest.mark.parametrize("reading", ["paper", "arctic", "mean", "sixteenth"])
def test_the_doubly_stochastic_term_in_closed_form(reading):
    n, t, places = 64, 16, 196
    even = torch.full((n, t, places), 1 / places)
    apart = {"paper": 196 * (1 - 16 / 196) ** 2, "sixteenth": 0.0}
    apart |= {"arctic": 64 / 196 * apart["paper"], "mean": apart["paper"] / 196}
    assert float(doubly_stochastic(even, reading)) == pytest.approx(apart[reading], rel=1e-4, abs=1e-6)
    once = torch.eye(4).expand(2, 4, 4)  # each place is looked at in one of four words
    assert float(doubly_stochastic(once, reading)) == (36 if reading == "sixteenth" else 0)  # 4 (16 / 4 - 1)^2


# --- hard attention ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("b", [0.0, -3.7])
def test_the_expected_gradient_of_hard_attention_is_that_of_the_bound(b):
    """All paths of places are gone through: sum over s of p(s) times each one's gradient, against that of the sum of
    p(s) log p(y | s). The baseline changes no expectation."""
    model = build(attention="hard", lambda_r=1.0, lambda_e=0.0, alpha_c=0.0, baseline_decay=1.0).double()
    model.baseline.fill_(b)
    a = torch.randn(1, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    tokens, steps = some_batch(1, 4)["tokens"], 3

    def path(places: tuple[int, ...]) -> Spoken:
        return model.decoder(
            model.decoder.begin(a), tokens, False, lambda alpha, t: F.one_hot(torch.tensor([places[t]]), 3).to(alpha)
        )

    def probability(spoken: Spoken) -> Tensor:
        return (spoken.alpha * spoken.looked).sum(2).prod(1)

    paths, sampled = list(itertools.product(range(3), repeat=steps)), torch.ones(1, 1, dtype=torch.bool)
    total = 0.0
    for places in paths:
        spoken = path(places)
        share = float(probability(spoken).detach())
        total += share
        (share * model.losses(tokens, spoken, sampled)["loss"]).backward()
    assert total == pytest.approx(1.0, abs=1e-6)
    estimated = {name: p.grad.clone() for name, p in model.decoder.named_parameters()}
    model.zero_grad()
    bound = 0.0
    for places in paths:
        spoken = path(places)
        nats = F.cross_entropy(spoken.logits.transpose(1, 2), tokens[:, 1:], reduction="none").sum(1)
        bound = bound + (probability(spoken) * nats).sum()
    bound.backward()
    for name, p in model.decoder.named_parameters():
        assert p.grad.abs().sum() > 0, name
        assert torch.allclose(estimated[name], p.grad, rtol=1e-4, atol=1e-5 * float(p.grad.abs().max())), name


def test_places_are_drawn_by_alpha_and_images_by_their_share():
    alpha = torch.tensor([0.5, 0.3, 0.2, 0, 0, 0, 0, 0, 0]).expand(30000, 9)
    model = build(attention="hard", sample_share=0.25)
    torch.manual_seed(1)
    sampled, look = model.sampler(30000, 2, torch.device("cpu"))
    assert float(sampled.float().mean()) == pytest.approx(0.25, abs=0.01)
    looked = look(alpha, 1)
    drawn, expected = looked[sampled[:, 0]], looked[~sampled[:, 0]]
    assert torch.equal(expected, alpha[: len(expected)]) and set(drawn.unique().tolist()) == {0.0, 1.0}
    assert torch.allclose(drawn.mean(0), alpha[0], atol=0.02)
    assert not torch.equal(look(alpha, 0)[sampled[:, 0]], drawn), "each word has its own"
    together = build(attention="hard", as_released=("D7",))
    shares = {float(together.sampler(20, 1, torch.device("cpu"))[0].float().mean()) for _ in range(20)}
    assert shares == {0.0, 1.0}


def test_the_baseline_follows_the_likelihood_while_training_alone():
    model, batch = build(attention="hard", baseline_decay=0.9), some_batch()
    model.eval()
    model.validate(batch)
    assert float(model.baseline) == 0
    model.train()
    losses = model.train_step(batch, AT)
    assert float(model.baseline) == pytest.approx(-0.1 * float(losses["nats"]), rel=1e-5)
    assert float(losses["reward"]) == pytest.approx(-float(losses["nats"]), rel=1e-5)
    by_word = build(attention="hard", reward="word").train_step(batch, AT)
    assert float(by_word["reward"]) == pytest.approx(-float(by_word["nats_per_word"]), rel=1e-5)
    assert "baseline" in model.state_dict()


def test_hard_attention_as_released():
    """D6: as the released code gives the gradient of alpha, by hand."""
    fields = {"attention": "hard", "lambda_e": 0.002, "alpha_c": 0.0, "sample_share": 1.0}
    model, tokens = build(**fields, as_released=("D6",)), some_batch()["tokens"]
    model.baseline.fill_(-1.5)
    drawn = torch.Generator().manual_seed(2)
    alpha = torch.rand(6, 5, 9, generator=drawn).softmax(2).requires_grad_()
    looked = F.one_hot(torch.randint(9, (6, 5), generator=drawn), 9).float()
    spoken = Spoken(torch.randn(6, 5, len(WORDS), generator=drawn), alpha, looked)
    model.losses(tokens, spoken, torch.ones(6, 1, dtype=torch.bool))["loss"].backward()
    cost = F.cross_entropy(spoken.logits.transpose(1, 2), tokens[:, 1:], reduction="none").mean(1)
    wanted = (cost - 1.5)[:, None, None] / 10 * looked / alpha + 0.002 * (alpha.log() + 1)
    assert torch.allclose(alpha.grad, wanted, rtol=1e-4, atol=1e-6)


# --- training ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attention", ["soft", "hard"])
def test_losses_and_a_gradient_for_every_parameter(attention):
    model = build(attention=attention, sample_share=1.0)
    before = {name: p.clone() for name, p in model.held["annotator"].named_parameters()}
    losses = model.train_step(some_batch(), AT)
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    assert losses["nats"] == pytest.approx(5 * float(losses["nats_per_word"]), rel=1e-5)
    if attention == "soft":
        assert losses["loss"] == pytest.approx(float(losses["nats"] + losses["doubly_stochastic"]), rel=1e-5)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.decoder.parameters())
    for name, p in model.held["annotator"].named_parameters():
        assert torch.equal(before[name], p) and p.grad is None
    assert not any("annotator" in name for name in model.state_dict())


@pytest.mark.parametrize("taken", [(), ("D6", "D7")])
@pytest.mark.parametrize("attention", ["soft", "hard", "none"])
def test_it_learns_and_goes_on_bit_by_bit(attention, taken):
    fields = {
        "attention": attention,
        "alpha_c": 0.1,
        "dropout": 0.1,
        "hidden": 24,
        "word_dim": 16,
        "as_released": taken,
    }
    model = build(**fields, learning_rate=2e-2)
    model.eval()
    first = model.combined({k: float(v) for k, v in model.validate(some_batch()).items()})
    trained(model, 30)
    digests = []
    for m in (model, taken_up(model, lambda: build(**fields, learning_rate=2e-2))):
        digests.append(weights_digest(trained(m, 1, first=30).state_dict()))
    assert digests[0] == digests[1]
    model.eval()
    last = model.combined({k: float(v) for k, v in model.validate(some_batch()).items()})
    assert last["nats_per_word"] < 0.5 * first["nats_per_word"] and last["bleu_4"] > first["bleu_4"] + 20


def test_the_step_size_falls_in_a_straight_line():
    model = build(learning_rate=1e-2, last_learning_rate=2e-3)
    for index, size in ((0, 1e-2), (5, 6e-3)):
        model.train_step(some_batch(), Step(index, 10, 0.0))
        assert model.optimizers["descent"].param_groups[0]["lr"] == pytest.approx(size)


@pytest.mark.parametrize(
    ("difference", "attention"), [("D1", "soft"), ("D2", "soft"), ("D5", "soft"), ("D6", "hard"), ("D7", "hard"), ("D8", "hard")]
)  # fmt: skip
def test_each_difference_changes_the_training(difference, attention):
    fields = {"attention": attention, "sample_share": 0.5}
    assert digest_after(build(**fields)) != digest_after(build(**fields, as_released=(difference,)))


def test_half_precision_computes_losses_in_full():
    model, batch = build(), some_batch()
    model.eval()
    wanted = float(model.validate(batch)["nats"])
    model.autocast_dtype = torch.bfloat16
    found = model.validate(batch)["nats"]
    assert found.dtype == torch.float32 and float(found) == pytest.approx(wanted, rel=0.02)
    assert torch.isfinite(model.train_step(batch, AT)["loss"])


# --- optimisers ----------------------------------------------------------------------------------------------


def test_adam_without_its_correction_step_by_step():
    p = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer, m, v, q = UncorrectedAdam([p], 0.1, (0.9, 0.999)), 0.0, 0.0, p.detach().double().clone()
    for t in range(1, 5):
        gradient = torch.tensor([0.3 * t, -1.0])
        p.grad = gradient.clone()
        optimizer.step()
        m, v = 0.1 * gradient + 0.9 * m, 0.001 * gradient**2 + 0.999 * v
        q = q - 0.1 * math.sqrt(1 - 0.001**t) / (1 - 0.1**t) * m / (v.sqrt() + 1e-8)
        assert torch.allclose(p.double(), q, rtol=1e-5)
    fresh = nn.Parameter(torch.zeros(1))
    fresh.grad = torch.ones(1)
    UncorrectedAdam([fresh], 0.1, (0.9, 0.999)).step()
    assert float(fresh.detach()) == pytest.approx(-0.351, rel=1e-2), "Adam's first step is 0.1"


def test_centred_rmsprop_is_the_librarys_but_for_its_small_number():
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 5)) for _ in range(2))
    one = CentredRMSprop([ours], 1e-2, eps=1e-16)
    other = torch.optim.RMSprop([theirs], 1e-2, alpha=0.95, eps=1e-12, momentum=0.9, centered=True)
    for t in range(6):
        for p, optimizer in ((ours, one), (theirs, other)):
            p.grad = torch.sin(torch.arange(5.0) + t) * p.detach()
            optimizer.step()
    assert torch.allclose(ours, theirs, rtol=1e-4)
    p = nn.Parameter(torch.zeros(1))
    p.grad = torch.tensor([1e-3])
    CentredRMSprop([p], 1e-4).step()
    assert float(p.detach()) == pytest.approx(-1e-4 * 1e-3 / math.sqrt(0.05e-6 - 0.0025e-6 + 1e-4), rel=1e-3)
    assert isinstance(build(optimiser="rmsprop").optimizers["descent"], CentredRMSprop)
    assert isinstance(build(as_released=("D2",)).optimizers["descent"], UncorrectedAdam)


# --- writing -------------------------------------------------------------------------------------------------


def toy(seed: int, n: int, beam: int, banned: tuple[int, ...] = (0, 1)):
    """log p of next words by the two before, other ones for each image: a state is the image and the word before the last."""
    table = torch.randn(n, 5, 5, 5, generator=torch.Generator().manual_seed(seed)) * 2
    table[..., list(banned)] = -torch.inf
    table = table.log_softmax(3)

    def advance(last: Tensor, state: State) -> tuple[Tensor, State]:
        image, before = state.h[:, 0].long(), state.c[:, 0].long()
        return table[image, before, last], State(state.h, last[:, None].float())

    start = State(torch.arange(n).repeat_interleave(beam)[:, None].float(), torch.full((n * beam, 1), 1.0))
    return table, advance, start


def exhaustive(table: Tensor, longest: int, end: int = 2) -> list[int]:
    """The most probable of all captions."""
    best, found = -math.inf, []
    for length in range(1, longest + 1):
        for words in itertools.product((2, 3, 4), repeat=length):
            if end in words[:-1] or (length < longest and words[-1] != end):
                continue
            score, before, last = 0.0, 1, 1
            for word in words:
                score += float(table[before, last, word])
                before, last = last, word
            if score > best:
                best, found = score, [*words]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_most_probable_of_all(seed):
    table, advance, start = toy(seed, 4, 81)
    found = search(advance, start, 4, 81, 1, 2, 4)
    assert [[i for i in row if i] for row in found.tolist()] == [exhaustive(t, 4) for t in table]


def test_a_beam_of_one_is_greedy_and_each_image_has_its_own():
    table, advance, start = toy(9, 20, 1)
    found, before, last = search(advance, start, 20, 1, 1, 2, 6), torch.ones(20).long(), torch.ones(20).long()
    every, open_ = torch.arange(20), torch.ones(20, dtype=torch.bool)
    for t in range(found.shape[1]):
        word = table[every, before, last].argmax(1)
        assert torch.equal(found[:, t], torch.where(open_, word, 0))
        open_, before, last = open_ & (word != 2), last, word
    assert len({tuple(row) for row in found.tolist()}) > 8
    wide = search(*toy(9, 20, 3)[1:], 20, 3, 1, 2, 6).tolist()
    assert any(a != b for a, b in zip(wide, found.tolist(), strict=False))


@pytest.mark.parametrize("taken", [(), ("D5",)])
@pytest.mark.parametrize("attention", ["soft", "hard", "none"])
def test_what_is_written(attention, taken):
    model = build(attention=attention, as_released=taken, init_std=1.5)
    with torch.no_grad():
        model.decoder.out.bias[[0, 1, 3]] = 30.0  # what must never be written is by far the likeliest
    batch = {"image": model.view(some_batch(12)["image"])}
    for beam in (1, 3):
        written = model.write(batch, beam)
        assert written.dtype == torch.int64 and written.shape[0] == 12 and written.shape[1] <= 9
        assert not {1, 3} & set(written.unique().tolist())
        assert torch.equal(written, model.write(batch, beam))
        alone = torch.cat(
            [F.pad(w := model.write({"image": i[None]}, beam), (0, 9 - w.shape[1])) for i in batch["image"]]
        )
        assert torch.equal(F.pad(written, (0, 9 - written.shape[1])), alone)
        for row in written.tolist():
            words = [i for i in row if i]
            assert row[: len(words)] == words and 2 not in words[:-1]
    if attention != "none":
        tokens, maps = model.looking(batch)
        assert torch.equal(tokens, model.write(batch)) and maps.shape == (*tokens.shape, 3, 3)
        assert torch.allclose(maps.sum((2, 3)), torch.ones(tokens.shape), atol=1e-5)


def test_greedy_words_are_the_likeliest_after_those_before():
    model = build(init_std=1.5)
    batch = {"image": model.view(some_batch(12)["image"])}
    written = model.write(batch)
    spoken = model.decoder(model.see(batch["image"]), F.pad(written, (1, 0), value=1), False)
    likeliest = spoken.logits.masked_fill(model.unwritten, -torch.inf).argmax(2)
    assert torch.equal(written, torch.where(written != 0, likeliest, 0))


def test_hard_attention_at_test_reads_one_place():
    soft, hard = (build(attention="hard", hard_at_test=at, init_std=1.5) for at in (False, True))
    image = hard.view(some_batch()["image"])
    looked = [m.decoder(m.see(image), some_batch()["tokens"], False, m._at_test()).looked for m in (soft, hard)]
    assert 0 < float(looked[0].detach().max()) < 1 and set(looked[1].unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(soft.validate(some_batch())["nats"], hard.validate(some_batch())["nats"])


def test_means_over_parts_of_a_split_give_the_bleu_of_the_whole():
    model = build(init_std=1.5)
    model.eval()
    batch = some_batch(10, same=False)
    parts = [{k: v[s] for k, v in batch.items()} for s in (slice(0, 7), slice(7, 10))]
    means = [{k: float(v) for k, v in model.validate(part).items()} for part in parts]
    found = model.combined({k: 0.7 * means[0][k] + 0.3 * means[1][k] for k in means[0]})
    written = [[i for i in row if i > 2] for row in model.write({"image": model.view(batch["image"])}).tolist()]
    references = [[[i for i in row if i > 2] for row in rows] for rows in batch["captions"].tolist()]
    counts = np.sum([statistics(w, r) for w, r in zip(written, references, strict=True)], 0)
    assert found["bleu_4"] == pytest.approx(bleu(counts, True)[3], abs=1e-4)
    assert found["not_bleu_4"] == pytest.approx(100 - found["bleu_4"])
    spoken = model.decoder(model.see(model.view(batch["image"])), batch["tokens"], False)
    nats = F.cross_entropy(spoken.logits.transpose(1, 2), batch["tokens"][:, 1:], ignore_index=0)
    assert found["nats_per_word"] == pytest.approx(float(nats.detach()), rel=1e-5)


# --- the annotator -------------------------------------------------------------------------------------------

TINY = {"network": "small", "pretrained": None, "crop": 8, "image_size": 8, "widths": (5, 6), "strides": (2, 2)}


def build_annotator(about: About = ABOUT, **fields) -> Annotator:
    values = {**SHEET["config"]["Annotator"], **ENGINE, **TINY, **fields}
    torch.manual_seed(0)
    return Annotator(make_config(annotator.Config, values, "test"), about, {})


def test_the_annotator_learns_which_words_are_said():
    model, batch = build_annotator(learning_rate=2e-2, last_learning_rate=2e-2), some_batch(16)
    batch["captions"][:] = torch.tensor([1, 4, 7, 2, 0, 0])
    red = batch["image"][:, 0].mean((1, 2)) > 0
    batch["image"] = torch.where(red[:, None, None, None], 0.8, -0.8).expand(-1, 3, 12, 12)
    batch["captions"][red, :, 1] = 5
    first = model.validate(batch)
    for step in range(40):
        losses = model.train_step(batch, Step(step, 100, 0.0))
    model.eval()
    last = model.validate(batch)
    assert set(first) == set(losses) == {"cross_entropy", "not_precise"}
    assert float(last["cross_entropy"]) < 0.2 * float(first["cross_entropy"]) and float(last["not_precise"]) < 1
    a = model.annotate(model.view(batch["image"]))
    assert a.shape == (16, model.side**2, model.dim) == (16, 4, 6)


def test_average_precision_of_the_words_in_closed_form():
    """Of four words, ranked 4, 5, 6, 7 by their logits, those at the second and fourth place are there."""
    model = build_annotator(About((3, 12, 12), 1, WORDS[:8]))
    with torch.no_grad():
        model.words.weight.zero_()
        model.words.bias.copy_(torch.tensor([9.0, 9.0, 9.0, 9.0, 4.0, 3.0, 2.0, 1.0]))
    batch = {"image": torch.zeros(1, 3, 12, 12), "captions": torch.tensor([[[1, 5, 7, 2], [1, 7, 2, 0]]])}
    assert float(model.validate(batch)["not_precise"]) == pytest.approx(100 - 100 * (1 / 2 + 2 / 4) / 2)


def test_vgg19_is_read_from_a_file_and_stays(tmp_path, monkeypatch):
    from torchvision.models import vgg, vgg19

    monkeypatch.setattr(annotator, "RELEASED", tmp_path)
    about = About((3, 36, 36), 1, WORDS)
    fields = {"network": "vgg19", "pretrained": annotator.FILE, "crop": 32, "image_size": 32}
    model, batch = build_annotator(about, **fields), some_batch(2)
    batch["image"] = torch.rand(2, 3, 36, 36) * 2 - 1
    with pytest.raises(
        RedrawError, match=r"^show_attend_tell, pretrained: no file .+: run `redraw download vgg19` and copy .+$"
    ):
        model.train_step(batch, AT)
    torch.manual_seed(5)
    theirs = vgg.make_layers(vgg.cfgs["E"])
    torch.save({f"features.{k}": v for k, v in theirs.state_dict().items()}, tmp_path / annotator.FILE)
    model.train_step(batch, AT)
    assert (model.side, model.dim) == (2, 512)
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in vgg19().state_dict().items()}
    assert all(shapes[k] == v.shape for k, v in model.network.state_dict().items())
    with torch.no_grad():
        image = model.view(batch["image"])
        normal = ((image + 1) / 2 - torch.tensor(annotator.MEANS).view(3, 1, 1)) / torch.tensor(
            annotator.DEVIATIONS
        ).view(3, 1, 1)
        maps = F.relu(theirs[:35](normal))  # conv5_4, before the last maximum
        assert torch.allclose(model.annotate(image), maps.flatten(2).transpose(1, 2), atol=1e-4)
    assert {p.shape[0] for o in model.optimizers.values() for g in o.param_groups for p in g["params"]} == {len(WORDS)}
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / annotator.FILE)
    with pytest.raises(
        RedrawError, match=r"^show_attend_tell, pretrained: .+ has no features.0.weight of \(64, 3, 3, 3\): use .+$"
    ):
        model.train_step(batch, AT)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"network": "resnet"}, "network: 'resnet': use one of vgg19, small"),
        ({"strides": (2,)}, "strides: 1 for 2 widths: give one for each"),
        ({"network": "vgg19"}, "image_size: 8: vgg19 halves it four times"),
        ({"crop": 13, "image_size": 13}, "crop: 13 of 3 x 12 x 12: .+"),
    ],
)
def test_a_wrong_annotator_is_an_error_of_one_line(fields, line):
    with pytest.raises(RedrawError, match=rf"^show_attend_tell, {line}$"):
        build_annotator(**fields)


@pytest.mark.parametrize(
    ("field", "value"),
    [("attention", "firm"), ("attention_layers", 3), ("gate", "both"), ("output", "wide"), ("regulariser", "none"),
     ("optimiser", "sgd"), ("reward", "much"), ("init_layers", 0), ("attention_activation", "elu")],
)  # fmt: skip
def test_a_wrong_captioner_is_an_error_of_one_line(field, value):
    with pytest.raises(RedrawError, match=rf"^show_attend_tell, {field}: {value!r}: use one of .+$"):
        build(**{field: value})


def test_a_captioner_needs_frames_and_eyes():
    with pytest.raises(RedrawError, match=r"^show_attend_tell: no <start> in the vocabulary: .+ framed: true$"):
        build(About((3, 12, 12), 1, ("<pad>", "<unk>", "a")))
    with pytest.raises(RedrawError, match=r"^show_attend_tell: no annotator network: .+$"):
        ShowAttendTell(config_of(), ABOUT, {})
    with pytest.raises(RedrawError, match=r"^show_attend_tell: a vocabulary without words: .+$"):
        build_annotator(About((3, 12, 12), 1, WORDS[:4]))


# --- demonstrations and the benchmark ------------------------------------------------------------------------


def test_the_demonstrations_give_the_numbers_of_the_findings():
    found = captioning.doubly_stochastic_readings()
    assert [*found] == [
        f"alpha_c 1, {name}" for name in ("as written", "arctic-captions", "sgrvinod, AaronCCWong", "yunjey")
    ]
    assert "0.327" in found["alpha_c 1, arctic-captions"] and "0.0051" in found["alpha_c 1, sgrvinod, AaronCCWong"]


def test_the_benchmark_tells_both_times_and_that_they_compute_the_same(tmp_path):
    show_attend_tell_steps.main(["embedded", "--quick", "--repeats", "1", "--out", str(tmp_path / "steps.json")])
    found = json.loads((tmp_path / "steps.json").read_text())
    assert found["quick"] is True and [row["case"] for row in found["cases"]] == ["embedded"]
    for row in found["cases"]:
        assert row["difference"] < 1e-5 and row["gradients"] < 1e-3 and row["on_ms"] > 0 < row["off_ms"]
