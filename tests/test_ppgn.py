"""PPGN and the networks that it plugs in: closed forms of the walk, released sizes, Caffe's files, every difference alone."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw import engine
from redraw.blocks.conditioning import noise_of
from redraw.data.tables import SPECIALS
from redraw.models import weights_digest
from redraw.papers import lrcn, ppgn
from redraw.papers.lrcn import Captioner, Encoder
from redraw.papers.ppgn import PPGN
from redraw.recipe import About, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml
from redraw.state import State
from redraw.tracking import Spool

SHEET = read_yaml(PAPERS / "ppgn.yaml")
VOCABULARY = (*SPECIALS, "a", "cat", "on", "mat")
ATTRIBUTES = tuple(f"present::{name}" for name in ("cat", "dog", "bus"))
ABOUT = About((3, 19, 19), 1, VOCABULARY, (0,), ATTRIBUTES)
AT = Step(0, 1, 0.0)
ENGINE = {
    "steps": 4,
    "batch_size": 4,
    "evaluations": 1,
    "patience": None,
    "watch": None,
    "as_released": (),
}
SMALL = {
    "Encoder": {"crop": 16, "image_size": 16, "seen": 14, "pixel_unit": 64, "widths": [4, 4, 4, 4, 4], "first_kernel": 3,
                "first_stride": 1, "norm_alpha": 0, "hidden": 6, "outputs": None, "learning_rate": 1e-3},
    "Captioner": {"units": 5},
    "PPGN": {"width": 8, "ndf": 2, "iterations": 4, "learning_rate": 1e-3},
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def config_of(name: str, sizes: dict, **fields):
    cls = {"Encoder": lrcn.EncoderConfig, "Captioner": lrcn.CaptionerConfig, "PPGN": ppgn.Config}[name]
    return make_config(cls, {**SHEET["config"][name], **ENGINE, **sizes.get(name, {}), **fields}, "test")


def build_encoder(about: About = ABOUT, sizes: dict = SMALL, **fields) -> Encoder:
    torch.manual_seed(0)
    return Encoder(config_of("Encoder", sizes, **fields), about, {})


def build_captioner(encoder: Recipe | None = None, about: About = ABOUT, sizes: dict = SMALL, **fields) -> Captioner:
    encoder = encoder or build_encoder()
    torch.manual_seed(1)
    return Captioner(config_of("Captioner", sizes, **fields), about, {"encoder": encoder})


def build(encoder: Recipe | None = None, captioner: Recipe | None = None, sizes: dict = SMALL, **fields) -> PPGN:
    encoder = encoder or build_encoder()
    captioner = captioner or build_captioner(encoder)
    torch.manual_seed(2)
    return PPGN(config_of("PPGN", sizes, **fields), ABOUT, {"encoder": encoder, "captioner": captioner}).eval()


def some_batch(n: int = 4, side: int = 19) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.tensor([[1, 4, 5, 2, 0, 0], [1, 4, 5, 6, 7, 2], [1, 3, 2, 0, 0, 0], [1, 5, 6, 4, 2, 0]])
    return {
        "image": torch.rand(n, 3, side, side, generator=generator) * 2 - 1,
        "tokens": tokens[torch.arange(n) % 4],
        "attributes": torch.randint(0, 2, (n, 3), generator=generator),
    }


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


# --- closed forms of the walk ------------------------------------------------------------------------------------------


class LinearEncoder(Recipe):
    """E(x) = B x on flat images of one pixel and three channels; images are what the networks see."""

    @dataclasses.dataclass
    class Sizes:
        hidden: int = 4
        image_size: int = 8
        seen: int = 8
        pixel_unit: float = 64.0

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.config = self.Sizes()
        self.back = nn.Parameter(torch.randn(4, 192, generator=torch.Generator().manual_seed(3)) / 14)

    @property
    def network(self) -> LinearEncoder:
        return self

    def pool5(self, x: Tensor) -> Tensor:
        return x

    def code(self, found: Tensor) -> Tensor:
        return found.flatten(1) @ self.back.T

    def middle(self, x: Tensor) -> Tensor:
        return x

    def image(self, x: Tensor) -> Tensor:
        return x


class LinearCaptioner(Recipe):
    """log p(y | x) = w_y . x for captions of one word."""

    def __init__(self, encoder: LinearEncoder) -> None:
        nn.Module.__init__(self)
        self.held = {"encoder": encoder}
        self.weights = nn.Parameter(torch.randn(8, 192, generator=torch.Generator().manual_seed(4)))

    def read(self, tokens: Tensor) -> lrcn.Caption:
        return lrcn.Caption(tokens, tokens, tokens != 0)

    def word_log_probabilities(self, x: Tensor, caption: lrcn.Caption, own_step_only: bool = False) -> Tensor:
        return (self.weights[caption.next_words[:, 1]] * x.flatten(1)).sum(1, keepdim=True)


class LinearGenerator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.forth = nn.Parameter(torch.randn(192, 4, generator=torch.Generator().manual_seed(5)))

    def forward(self, h: Tensor) -> Tensor:
        return (h @ self.forth.T).view(len(h), 3, 8, 8)


def linear(**fields) -> PPGN:
    encoder = LinearEncoder()
    model = build(encoder, LinearCaptioner(encoder), **fields)
    model.generator = LinearGenerator()
    return model


def test_each_step_of_the_walk_is_eq_11_normalised_and_cut_off():
    model = linear(iterations=3, epsilon1=0.5, epsilon2=0.25, epsilon3=0.0, step_first=0.8, step_last=0.2, code_max=1.5)
    batch = some_batch(3)
    forth, back = model.generator.forth.detach(), model.held["encoder"].back.detach()
    w = model.held["captioner"].weights.detach()[batch["tokens"][:, 1]]
    h, cut_low, cut_high = noise_of(batch, 3, 4, 9), False, False
    for size in (0.8, 0.6, 0.4):  # 0.8 + (0.2 - 0.8) i / 3
        d = 0.5 * (h @ forth.T @ back.T - h) + 0.25 * w @ forth
        free = h + size * d / d.abs().mean(1, keepdim=True)
        cut_low, cut_high = cut_low or bool((free < 0).any()), cut_high or bool((free > 1.5).any())
        h = free.clamp(0, 1.5)
    torch.testing.assert_close(model.sample(batch, 9), (h @ forth.T).view(3, 3, 8, 8), rtol=1e-5, atol=1e-5)
    assert cut_low and cut_high


def test_the_noise_of_the_walk_comes_from_the_seed_and_is_new_at_each_step():
    still = {"epsilon1": 0.0, "epsilon2": 0.0, "epsilon3": 0.5, "step_first": 1.0, "step_last": 1.0, "code_max": 1e9}
    batch = some_batch(3)
    model = linear(iterations=2, **still)
    h = noise_of(batch, 3, 4, 5)
    for i in range(2):
        noise = noise_of(batch, 3, 4, 5 + ppgn.STEP_NOISE + i)
        h = (h + noise / noise.abs().mean(1, keepdim=True)).clamp(min=0)
    expected = (h @ model.generator.forth.detach().T).view(3, 3, 8, 8)
    torch.testing.assert_close(model.sample(batch, 5), expected, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(model.sample(batch, 6), expected)


def test_a_walk_without_a_direction_stays_where_it_is():
    h = torch.rand(2, 4)
    assert torch.equal(ppgn.moved(h, torch.zeros(2, 4), 1.0, 30.0), h)
    d = torch.tensor([[3.0, -1.0], [100.0, 0.0]])
    moved = ppgn.moved(torch.full((2, 2), 20.0), d, 10.0, 30.0)
    assert torch.equal(moved, torch.tensor([[30.0, 15.0], [30.0, 20.0]]))


def test_the_condition_is_the_gradient_of_the_captions_log_probability():
    model = build(epsilon1=0.0, epsilon2=1.0).double()
    batch = some_batch(2)
    captioner = model.held["captioner"]
    caption = captioner.read(batch["tokens"])

    def log_p(h: Tensor) -> Tensor:
        return captioner.word_log_probabilities(model.held["encoder"].middle(model.generator(h)), caption).sum(1)

    h = torch.rand(2, 6, generator=torch.Generator().manual_seed(0)).double()
    up, eps = model.direction(h, caption), 1e-6
    for unit in range(6):
        step = torch.zeros(6).double()
        step[unit] = eps
        with torch.no_grad():
            slope = (log_p(h + step) - log_p(h - step)) / (2 * eps)
        torch.testing.assert_close(up[:, unit], slope, rtol=1e-5, atol=1e-9)
    released = build(epsilon1=0.0, epsilon2=1.0, as_released=["D1"]).double().direction(h, caption)
    assert not torch.allclose(released, up, rtol=1e-2)


def test_a_walk_raises_the_captions_probability():
    model = build(epsilon1=0.0, iterations=30, step_first=0.1)
    batch = some_batch(4)
    captioner, middle = model.held["captioner"], model.held["encoder"].middle

    def log_p(h: Tensor) -> Tensor:
        caption = captioner.read(batch["tokens"])
        return captioner.word_log_probabilities(middle(model.generator(h)), caption).sum(1).detach()

    seen = []
    model.image = lambda h: seen.append(h) or h.new_zeros(len(h), 1)
    model.sample(batch, 0)
    assert (log_p(torch.cat(seen)) > log_p(noise_of(batch, 4, 6, 0).clamp(min=0))).all()


@pytest.mark.parametrize("taken", [(), ("D1", "D2", "D3")])
def test_a_sample_depends_on_seed_and_caption_and_not_on_who_walks_beside_it(taken: tuple[str, ...]):
    batch = some_batch(4)
    together = build(as_released=list(taken)).sample(batch, 3)
    assert together.shape == (4, 3, 14, 14) and together.abs().max() <= 1
    one_by_one = build(as_released=list(taken), chain_batch=1).sample(batch, 3)
    torch.testing.assert_close(one_by_one, together, rtol=1e-4, atol=1e-5)
    assert torch.equal(build(as_released=list(taken)).sample(batch, 3), together)
    assert not torch.allclose(build().sample(batch, 4), together)
    padded = {"tokens": F.pad(batch["tokens"], (0, 3))}
    torch.testing.assert_close(build(as_released=list(taken)).sample(padded, 3), together, rtol=1e-4, atol=1e-5)


def test_rows_of_a_group_begin_alike():
    batch = some_batch(4) | {"noise_group": torch.tensor([0, 0, 1, 1])}
    batch["tokens"] = batch["tokens"][:1].expand(4, -1)
    images = build().sample(batch, 0)
    torch.testing.assert_close(images[0], images[1])
    torch.testing.assert_close(images[2], images[3])
    assert not torch.allclose(images[0], images[2])


# --- the captioner ---------------------------------------------------------------------------------------------------


def reference_lstm(cell: lrcn.LSTM, inputs: Tensor, static: Tensor | None) -> Tensor:
    """The library's recurrent layer with the same weights, gates in its own order."""
    hidden = cell.h.in_features
    order = torch.cat([torch.arange(hidden) + k * hidden for k in (0, 1, 3, 2)])  # input, forget, candidate, output
    other = nn.LSTM(cell.x.in_features + (0 if static is None else static.shape[1]), hidden, batch_first=True)
    weight = cell.x.weight
    if static is not None:
        weight = torch.cat([weight, cell.static.weight], 1)
        inputs = torch.cat([inputs, static[:, None].expand(-1, inputs.shape[1], -1)], 2)
    with torch.no_grad():
        other.weight_ih_l0.copy_(weight[order])
        other.weight_hh_l0.copy_(cell.h.weight[order])
        other.bias_ih_l0.copy_(cell.x.bias[order])
        other.bias_hh_l0.zero_()
    return other(inputs)[0]


def test_the_recurrent_layers_are_the_librarys_with_caffes_order_of_gates():
    torch.manual_seed(0)
    cell, inputs, static = lrcn.LSTM(3, 4, static=2), torch.randn(2, 5, 3), torch.randn(2, 2)
    nn.init.normal_(cell.x.bias)
    torch.testing.assert_close(cell(cell.x(inputs), cell.static(static)), reference_lstm(cell, inputs, static))
    plain = lrcn.LSTM(3, 4)
    torch.testing.assert_close(plain(plain.x(inputs)), reference_lstm(plain, inputs, None))


def test_word_probabilities_are_those_of_a_caption_and_none_behind_its_end():
    captioner = build_captioner()
    batch = some_batch(4)
    x = captioner.held["encoder"].units(captioner.view(batch["image"]))
    found = captioner.word_log_probabilities(x, captioner.read(batch["tokens"]))
    assert found.shape == (4, 5) and torch.equal(found == 0, batch["tokens"][:, 1:] == 0)
    every = torch.tensor([[1, 4, word] for word in range(8)])
    last = captioner.word_log_probabilities(x[:1].expand(8, -1, -1, -1), captioner.read(every))[1:, 1]
    pad = 1 - last.exp().sum()  # the share of word 0, which is never asked for
    assert 0 < pad < 1
    loss = captioner.losses(batch, train=False)["nats_per_word"]
    torch.testing.assert_close(loss, -found.sum() / (batch["tokens"][:, 1:] != 0).sum())


def test_own_step_only_changes_gradients_and_no_probability():
    captioner = build_captioner()
    caption = captioner.read(some_batch(2)["tokens"])
    f = torch.randn(2, 3, requires_grad=True)
    network = captioner.network
    whole = network.log_probabilities(f, caption.heard, caption.next_words)
    own = network.log_probabilities(f, caption.heard, caption.next_words, own_step_only=True)
    torch.testing.assert_close(own, whole)
    gradients = [torch.autograd.grad(p[:, k].sum(), f, retain_graph=True)[0] for p in (whole, own) for k in (0, 2)]
    torch.testing.assert_close(gradients[0], gradients[2])  # of the first word there is nothing before
    assert not torch.allclose(gradients[1], gradients[3])


# --- differences in what is saved -------------------------------------------------------------------------------------


def test_units_and_images_are_each_others_inverse_and_saved_ones_have_no_mean():
    model, h = build(), torch.rand(3, 6)
    encoder = model.held["encoder"]
    image = torch.rand(2, 3, 14, 14) * 2 - 1
    torch.testing.assert_close(encoder.image(encoder.units(image)), image, rtol=1e-4, atol=1e-5)
    blue = encoder.units(torch.stack([torch.full((14, 14), v) for v in (-1.0, -1.0, 1.0)])[None])[0, :, 0, 0]
    torch.testing.assert_close(blue, (torch.tensor([255.0, 0, 0]) - torch.tensor(lrcn.MEANS)) / 64)
    with torch.no_grad():
        x = encoder.middle(model.generator(h)) * 64
    saved = build(as_released=["D2"]).image(h)
    torch.testing.assert_close(saved, (x.clamp(-120, 120) / 120).flip(1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        model.image(h), ((x + encoder.means).clamp(0, 255) / 127.5 - 1).flip(1), rtol=1e-4, atol=1e-5
    )
    stretched = build(as_released=["D3"]).image(h)
    assert torch.equal(stretched.amin((1, 2, 3)), torch.full((3,), -1.0))
    torch.testing.assert_close(stretched.amax((1, 2, 3)), torch.ones(3))
    between = (stretched - model.image(h) * 0).flatten(1)
    own = model.image(h).flatten(1)
    torch.testing.assert_close(torch.argsort(between, 1)[:, -1], torch.argsort(own, 1)[:, -1])


def test_differences_that_change_a_model_are_all_taken_over_and_those_alone():
    changing = [name for name, d in SHEET["differences"].items() if d["changes"] != "nothing"]
    assert SHEET["runs"]["ppgn_released"]["as_released"] == changing == ["D1", "D2", "D3"]
    batch = some_batch(4)
    plain = build().sample(batch, 0)
    for name in changing:
        assert not torch.allclose(build(as_released=[name]).sample(batch, 0), plain), name
    for name in ("D4", "D5", "D6", "D7"):
        assert torch.equal(build(as_released=[name]).sample(batch, 0), plain), name


# --- training ----------------------------------------------------------------------------------------------------------


def build_all() -> dict[str, Recipe]:
    encoder = build_encoder()
    captioner = build_captioner(build_encoder())
    return {"encoder": encoder, "captioner": captioner, "ppgn": build(build_encoder(), None)}


@pytest.mark.parametrize("name", ["encoder", "captioner", "ppgn"])
def test_every_weight_learns_and_what_is_held_does_not(name: str):
    model, batch = build_all()[name], some_batch(4)
    held = {r: weights_digest(n.state_dict()) for r, n in getattr(model, "held", {}).items()}
    torch.manual_seed(0)
    model.train()
    first = model.validate(batch)
    for step in range(30):
        losses = model.train_step(batch, Step(step, 30, 0.0))
    assert all(torch.isfinite(loss) for loss in losses.values())
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, key
    last = model.validate(batch)
    watched = {"encoder": "cross_entropy", "captioner": "nats_per_word", "ppgn": "image"}[name]
    assert last[watched] < first[watched]
    assert held == {r: weights_digest(n.state_dict()) for r, n in getattr(model, "held", {}).items()}
    assert not any("held" in key for key in model.state_dict())


class Images:
    """A split of one batch, as the engine reads it."""

    def __init__(self) -> None:
        self.all = some_batch(8)
        self.class_ids = np.zeros(8, np.int64)

    def __len__(self) -> int:
        return 8

    def batch(self, indices, fields, rng) -> dict[str, Tensor]:
        return {field: self.all[field][torch.from_numpy(indices)] for field in fields}


@pytest.mark.parametrize("name", ["encoder", "captioner", "ppgn"])
def test_resuming_is_bit_exact(name: str, tmp_path, monkeypatch):
    monkeypatch.setenv("REDRAW_TRACKING", "off")

    def trained(folder: Path, stop: int | None) -> str:
        model = build_all()[name]
        if stop:
            step, done = model.train_step, []

            def counted(batch, at):
                if len(done) == stop:
                    os.kill(os.getpid(), 15)
                done.append(at)
                return step(batch, at)

            model.train_step = counted
        found = engine.train(
            model, Images(), Images(), seed=0, state=State(folder), spool=Spool(folder / "spool"), device=torch.device("cpu"),
        )  # fmt: skip
        return weights_digest(found["weights"])

    whole = trained(tmp_path / "a", None)
    with pytest.raises(engine.Interrupted):
        trained(tmp_path / "b", 1)
    assert trained(tmp_path / "b", None) == whole
