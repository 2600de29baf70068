"""alignDRAW: published outputs, closed forms, and every difference of the released code on its own."""

from __future__ import annotations

import math

import golden
import pytest
import torch
import torch.nn.functional as F
from bounds_check import check_bounds
from torch import Tensor, nn

from redraw import engine
from redraw.blocks.rmsprop import RMSprop, clip_each
from redraw.blocks.windows import Grid
from redraw.core import RedrawError
from redraw.demonstrations import captions as demonstrated
from redraw.models import weights_digest
from redraw.papers import align_draw
from redraw.papers.align_draw import AlignDRAW, NoAlignDRAW, SkipThoughtDRAW, text
from redraw.papers.align_draw.draw import Gaussian, cross_entropy, divergence, log_ratio
from redraw.papers.align_draw.models import Plateau, of_length
from redraw.recipe import About, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "align_draw.yaml")
WORDS = ("<pad>", "<unk>", *(f"word{k}" for k in range(2, 23)))
VOCABULARY = tuple(f"word{k}" for k in range(25323))  # of the authors' size: 25,322 and an empty place
ABOUT = About((3, 12, 12), 1, WORDS)
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {
    "time_steps": 3,
    "units": 5,
    "align": 6,
    "window": 4,
    "inference": 7,
    "generation": 9,
    "latents": 4,
    "init_std": 0.3,
}
AT = Step(0, 1, 0.0)
DIFFERENCES = ("D1", "D2", "D3", "D5", "D6")
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "prefix", "forward", "backward"), [(torch.float32, "f32", 2e-5, 1e-4), (torch.float64, "f64", 1e-9, 1e-7)]
)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Encoder(Recipe):
    """Stands for a trained text encoder: the mean of fixed vectors of the words."""

    embedding_dim = 6

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.words = nn.Embedding(len(WORDS), self.embedding_dim)

    def text(self, tokens: Tensor) -> Tensor:
        return (self.words(tokens) * (tokens != 0)[:, :, None]).sum(1)


def config_of(recipe: str = "AlignDRAW", **fields) -> align_draw.Config:
    return make_config(align_draw.Config, {**SHEET["config"][recipe], **ENGINE, **fields}, "test")


def build(recipe: type[Recipe] = AlignDRAW, about: About = ABOUT, **fields) -> Recipe:
    torch.manual_seed(0)
    needs = {"text": Encoder()} if recipe is SkipThoughtDRAW else {}
    return recipe(config_of(recipe.__name__, **{**SMALL, **fields}), about, needs)


def some_batch(n: int = 8, side: int = 12, length: int = 7, channels: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, len(WORDS), (n, 3, length), generator=generator)
    captions[torch.arange(length) >= torch.randint(2, length + 1, (n, 3, 1), generator=generator)] = 0
    image = torch.rand(n, channels, side, side, generator=generator) * 2 - 1
    return {"image": image, "captions": captions, "tokens": captions[:, 0]}


def trained(model: Recipe, batch: dict[str, Tensor], first: int = 0, last: int = 2, epoch: float = 0.0) -> Recipe:
    model.train()
    for step in range(first, last):
        engine.seed_everything(0, step)
        model.train_step(batch, Step(step, 10, epoch))
    return model


def digest_after(model: Recipe, steps: int = 2) -> str:
    return weights_digest(trained(model, some_batch(), 0, steps).state_dict())


# --- published outputs -----------------------------------------------------------------------------------------------

PORT = {  # names of the PyTorch port -> ours
    "lang.weight_hh_l0": "text.language.forward_state.weight",
    "encoder.weight_ih": "image.infer_input.weight",
    "encoder.weight_hh": "image.infer_state.weight",
    "w_mu.weight": "image.mu.weight",
    "w_mu.bias": "image.mu.bias",
    "w_logvar.weight": "image.log_variance.weight",
    "w_logvar.bias": "image.log_variance.bias",
    "w_lang_align.weight": "text.words.weight",
    "w_dec_align.weight": "image.question.weight",
    "decoder.weight_hh": "image.gen_state.weight",
    "w_read_attn.weight": "image.read_window.weight",
    "w_read_attn.bias": "image.read_window.bias",
    "w_write_atten.weight": "image.write_window.weight",
    "w_write_atten.bias": "image.write_window.bias",
    "w_write.weight": "image.patch.weight",
    "w_write.bias": "image.patch.bias",
}
ADDED = {  # its biases of which only the sum counts
    ("lang.bias_ih_l0", "lang.bias_hh_l0"): "text.language.forward_state.bias",
    ("encoder.bias_ih", "encoder.bias_hh"): "image.infer_state.bias",
    ("decoder.bias_ih", "decoder.bias_hh"): "image.gen_state.bias",
    ("w_lang_align.bias", "w_dec_align.bias"): "image.question.bias",
}
PORTED = Grid(first_filter=0, first_pixel=0)
SYMMETRIC = Grid(first_pixel=0)


def published(grid: Grid, dtype: torch.dtype) -> tuple[AlignDRAW, dict, dict, dict[str, Tensor]]:
    """The port's network as ours, its manifest, what it put out, and what went in.

    Its words are counted from 0, which is no word here: they move up by one. The bias of v moves all words alike.
    """
    manifest, stored = golden.load("aligndraw")
    theirs = {k: torch.from_numpy(v).to(dtype) for k, v in golden.state(manifest["states"]["net"]).items()}
    names = {"time_steps": "runSteps", "units": "dimLangRNN", "align": "dimAlign", "window": "dimReadAttent",
             "inference": "dimRNNEnc", "generation": "dimRNNDec", "latents": "dimZ"}  # fmt: skip
    cfg = manifest["cfg"]
    about = About((1, cfg["dimA"], cfg["dimB"]), 1, (*WORDS, "one more"))
    model = build(about=about, **{ours: cfg[name] for ours, name in names.items()}).to(dtype)
    state = {name: torch.zeros_like(p) for name, p in model.state_dict().items()}
    state |= {ours: theirs[name] for name, ours in PORT.items()}
    state |= {ours: theirs[one] + theirs[other] for (one, other), ours in ADDED.items()}
    state["text.language.forward_words.weight"] = F.pad(theirs["lang.weight_ih_l0"].T, (0, 0, 1, 0))
    state["image.gen_z.weight"], state["image.gen_s.weight"] = theirs["decoder.weight_ih"].split([cfg["dimZ"], 32], 1)
    state["text.v"] = theirs["w_v_align.weight"][0]
    for part in ("weight", "bias"):
        state[f"image.prior.{part}"] = torch.cat([theirs[f"w_{half}_prior.{part}"] for half in ("mu", "logvar")])
    model.load_state_dict(state)
    model.image.grid = grid
    given = {k: torch.from_numpy(v) for k, v in golden.inputs(manifest).items()}
    return model, manifest, stored, {k: v.to(dtype) if v.is_floating_point() else v for k, v in given.items()}


def told_as_ported(model: AlignDRAW, caption: Tensor) -> text.Told:
    """One LSTM reads the caption forwards and in reverse; what it finds in reverse is not turned round again."""
    read = [model.text.language(tokens)[:, :, :SIZE] for tokens in (caption + 1, (caption + 1).flip(1))]
    features = torch.cat(read, 2)
    return text.Told(features, model.text.words(features), torch.zeros_like(features[:, :, 0]))


SIZE = 16  # units of the port's LSTM


@PRECISIONS
def test_published_align_operator_and_word_states(dtype: torch.dtype, prefix: str, forward: float, backward: float):
    model, _, stored, given = published(PORTED, dtype)
    features = given["text_states"].transpose(0, 1)
    told = text.Told(features, model.text.words(features), torch.zeros_like(features[:, :, 0]))
    s, alpha = model.text.look(told, model.image.question(given["h_dec"]))
    golden.match(f"{prefix}.align.s", s.detach(), stored, forward)
    golden.match(f"{prefix}.align.alpha", alpha.detach().T, stored, forward)
    states = told_as_ported(model, given["caption"]).features.detach().transpose(0, 1)
    golden.match(f"{prefix}.text_states", states, stored, forward)


@PRECISIONS
@pytest.mark.parametrize(("case", "grid"), [("port", PORTED), ("fixed", SYMMETRIC)])
def test_published_steps_with_losses_and_gradients(
    case: str, grid: Grid, dtype: torch.dtype, prefix: str, forward: float, backward: float
):
    model, manifest, stored, given = published(grid, dtype)
    x, eps = given["x"].view(3, 1, 20, 20), torch.stack([given[f"eps.t{t}"] for t in range(3)])
    drawn = model.image.infer(x, model.text, told_as_ported(model, given["caption"]), eps)
    for t in range(3):
        found = {"canvas": drawn.canvases[t].flatten(1), "mu": drawn.q.mu[t], "logvar": 2 * drawn.q.log_sigma[t]}
        found |= {"mu_prior": drawn.p.mu[t], "logvar_prior": drawn.p.log_sigma[t]}
        for name, value in found.items():
            golden.match(f"{prefix}.{case}.{name}{t}", value.detach(), stored, forward)
    # What tanh gives is the log variance there, and log sigma in the authors' code.
    kl = divergence(drawn.q, Gaussian(drawn.p.mu, drawn.p.log_sigma / 2)).mean()
    reconstruction = cross_entropy(drawn.canvases[-1], x).mean()
    golden.match(f"{prefix}.{case}.lz_exact", kl.detach(), stored, forward)
    golden.match(f"{prefix}.{case}.lx", reconstruction.detach(), stored, forward)
    (reconstruction + kl).backward()
    ours = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    named = {name: ours[mine] for name, mine in PORT.items()}
    named |= {name: ours[mine] for pair, mine in ADDED.items() for name in pair}
    named["lang.weight_ih_l0"] = ours["text.language.forward_words.weight"][1:].T
    named["decoder.weight_ih"] = torch.cat([ours["image.gen_z.weight"], ours["image.gen_s.weight"]], 1)
    named["w_v_align.weight"], named["w_v_align.bias"] = ours["text.v"], torch.zeros(1)
    for part in ("weight", "bias"):
        halves = ours[f"image.prior.{part}"].chunk(2)
        named |= {f"w_{half}_prior.{part}": grad for half, grad in zip(("mu", "logvar"), halves, strict=True)}
    golden.match_rows(f"{prefix}.{case}.grad_params", named, manifest, stored, backward)


# --- closed forms ----------------------------------------------------------------------------------------------------


def test_parameters_of_the_model_of_digits():
    fields = SHEET["runs"]["digits"]["config"] | ENGINE
    model = AlignDRAW(config_of(**fields), About((1, 60, 60), 1, VOCABULARY[:23]), {})
    assert sum(p.numel() for p in model.parameters()) == 2_371_746


def test_words_states_are_those_of_a_bidirectional_lstm():
    """Of one-hot words, caption by caption; with padding no state differs, and there is none behind the end."""
    model = build().text.language
    nn.init.normal_(model.start)
    own = nn.LSTM(len(WORDS), 5, bidirectional=True, batch_first=True)
    directions = {
        "": (model.forward_words, model.forward_state),
        "_reverse": (model.backward_words, model.backward_state),
    }
    for suffix, (words, state) in directions.items():
        getattr(own, f"weight_ih_l0{suffix}").data = words.weight.T
        getattr(own, f"weight_hh_l0{suffix}").data = state.weight
        getattr(own, f"bias_ih_l0{suffix}").data = state.bias
        getattr(own, f"bias_hh_l0{suffix}").data = torch.zeros(20)
    tokens = torch.tensor([[3, 9, 4, 0, 0], [5, 2, 8, 8, 1], [7, 0, 0, 0, 0]])
    found = model(tokens)
    for row, caption in zip(found, tokens, strict=True):
        caption = caption[caption != 0]
        start = model.start.expand(2, 1, -1).contiguous()
        wanted, _ = own(F.one_hot(caption, len(WORDS)).float()[None], (start, torch.zeros_like(start)))
        assert torch.allclose(row[: len(caption)], wanted[0], atol=1e-6) and not row[len(caption) :].any()


def test_the_sentence_is_what_both_directions_end_with():
    model = build(NoAlignDRAW)
    tokens = torch.tensor([[3, 9, 4, 0, 0], [5, 2, 8, 8, 1]])
    features = model.text.language(tokens)
    told = model.text.told(tokens)
    wanted = torch.stack([torch.cat([features[k, end, :5], features[k, 0, 5:]]) for k, end in ((0, 2), (1, 4))])
    assert torch.equal(told.features[:, 0], wanted)


def test_the_recurrence_has_the_gradients_of_its_numbers():
    shapes = (2, 3, 4, 8), (2, 2, 8), (2, 3, 2)
    given = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(text._Recurrence.apply, given)


def test_the_cell_is_an_lstm_with_its_gradients():
    gates, cell = torch.randn(3, 8, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    gates.requires_grad_(), cell.requires_grad_()
    assert torch.autograd.gradcheck(text.lstm, (gates, cell))
    i, f, g, o = gates.split(2, 1)
    new = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    assert torch.allclose(text.lstm(gates, cell)[1], new)
    assert torch.allclose(text.lstm(gates, cell)[0], o.sigmoid() * new.tanh())


def test_divergence_is_that_of_normals_and_the_mean_of_sampled_ratios():
    generator = torch.Generator().manual_seed(0)
    parts = [0.3 * torch.randn(2, 3, 4, generator=generator, dtype=torch.float64) for _ in range(4)]
    q, p = Gaussian(*parts[:2]), Gaussian(*parts[2:])
    normals = [torch.distributions.Normal(side.mu, side.log_sigma.exp()) for side in (q, p)]
    wanted = torch.distributions.kl_divergence(*normals)
    assert torch.allclose(divergence(q, p), wanted.sum((0, 2)))
    eps = torch.randn(2, 20_000, 4, generator=generator, dtype=torch.float64)
    one_q, one_p = (Gaussian(*(part[:, :1].expand(-1, 20_000, -1) for part in side)) for side in (q, p))
    z = one_q.mu + one_q.log_sigma.exp() * eps
    sides = (torch.distributions.Normal(side.mu, side.log_sigma.exp()).log_prob(z) for side in (one_p, one_q))
    found, (of_p, of_q) = log_ratio(one_q, one_p, eps), sides
    assert torch.allclose(found, (of_p - of_q).sum((0, 2)))
    assert abs(float(found.mean() + divergence(q, p)[0])) < 4 * float(found.std()) / math.sqrt(20_000)


def test_rmsprop_with_the_small_number_inside_the_root_and_clipping_by_tensor():
    parameter = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = RMSprop([parameter], lr=0.1, decay=0.9, eps=1e-2)
    x, m = [1.0, -2.0], [0.0, 0.0]
    for gradient in ([0.3, -0.01], [0.1, 0.02]):
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        m = [0.9 * a + 0.1 * g * g for a, g in zip(m, gradient, strict=True)]
        x = [a - 0.1 * g / math.sqrt(b + 1e-2) for a, b, g in zip(x, m, gradient, strict=True)]
    assert parameter.tolist() == pytest.approx(x, rel=1e-5)
    short, long = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    short.grad, long.grad = torch.tensor([0.3, 0.4]), torch.tensor([30.0, 40.0])
    clip_each([short, long], 10.0)
    assert short.grad.tolist() == pytest.approx([0.3, 0.4]) and long.grad.tolist() == pytest.approx([6.0, 8.0])


# --- the recipes -----------------------------------------------------------------------------------------------------

RECIPES = pytest.mark.parametrize("recipe", [AlignDRAW, NoAlignDRAW, SkipThoughtDRAW])


@RECIPES
def test_every_weight_gets_a_gradient_and_losses_are_finite(recipe: type[Recipe]):
    model = build(recipe)
    losses = model.losses(some_batch())
    losses["loss"].backward()
    assert all(torch.isfinite(value) for value in losses.values())
    assert float(losses["loss"].detach()) == pytest.approx(float((losses["reconstruction"] + losses["kl"]).detach()))
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@RECIPES
def test_training_goes_on_bit_for_bit_where_it_was(recipe: type[Recipe]):
    batch = some_batch()
    whole, first, second = build(recipe), build(recipe), build(recipe)
    trained(whole, batch, 0, 3)
    trained(first, batch, 0, 2)
    second.load_state_dict(first.state_dict())
    second.optimizers["rmsprop"].load_state_dict(first.optimizers["rmsprop"].state_dict())
    assert weights_digest(trained(second, batch, 2, 3).state_dict()) == weights_digest(whole.state_dict())


@RECIPES
def test_samples_follow_from_the_seed_and_end_the_drawing(recipe: type[Recipe]):
    model, asked = build(recipe).eval(), some_batch()
    images = model.sample(asked, 3)
    assert images.shape == (8, 3, 12, 12) and images.abs().max() <= 1
    assert torch.equal(images, model.sample(asked, 3)) and not torch.equal(images, model.sample(asked, 4))
    drawing = model.drawing(asked, 3)
    assert drawing.shape == (8, 3, 3, 12, 12) and torch.equal(drawing[:, -1], images)


def test_what_is_told_makes_a_difference():
    for recipe in (AlignDRAW, NoAlignDRAW, SkipThoughtDRAW):
        model, asked = build(recipe).eval(), some_batch()
        other = {**asked, "tokens": asked["tokens"].roll(1, 0)}
        assert not torch.allclose(model.sample(asked, 3), model.sample(other, 3), atol=1e-4), recipe


def test_alignment_adds_up_over_the_words_at_each_step_and_place():
    model, asked = build().eval(), some_batch()
    there = asked["tokens"] != 0
    alpha = model.alignment(asked, 3)
    assert alpha.shape == (8, 3, 7) and torch.allclose(alpha.sum(2), torch.ones(8, 3))
    assert not alpha[~there[:, None].expand_as(alpha)].any()
    maps = model.attention(asked, 3)["attention.12"]
    assert maps.shape == (8, 7, 12, 12) and torch.allclose(maps.sum(1), torch.ones(8, 12, 12), atol=1e-5)
    assert maps.min() >= 0 and not maps[~there].any()
    assert not hasattr(NoAlignDRAW, "attention") and not hasattr(SkipThoughtDRAW, "attention")


@RECIPES
def test_bounds_keep_the_contract_and_average_to_the_loss(recipe: type[Recipe]):
    model, batch = build(recipe).eval(), some_batch()
    check_bounds(model, {name: batch[name] for name in ("image", "tokens")}, tolerance=1e-5)
    many = {"image": batch["image"][2:3].expand(400, -1, -1, -1), "tokens": batch["tokens"][2:3].expand(400, -1)}
    found = -model.bounds(many, 6, 1)[:, 0]
    torch.manual_seed(0)
    losses = model.losses({"image": many["image"][:100], "captions": many["tokens"][:100, None]})
    # The closed form of the divergence has no noise of its own.
    assert abs(float(found.mean() - losses["loss"].detach())) < 5 * float(found.std()) / 10


def test_a_prior_that_is_fixed_costs_what_it_does_not_know():
    fixed = build(learned_prior=False)
    assert not hasattr(fixed.image, "prior")
    drawn = fixed.image.generate(fixed.text, fixed.told(some_batch()["tokens"]), torch.randn(3, 8, 4))
    assert not any(part.any() for part in drawn.p)
    learned = build()
    p = learned.image.generate(learned.text, learned.told(some_batch()["tokens"]), torch.randn(3, 8, 4)).p
    assert not p.mu[0].any() and not p.log_sigma[0].any() and p.mu[1:].all() and p.mu.abs().max() < 1


# --- as released -----------------------------------------------------------------------------------------------------


def test_each_difference_changes_what_is_learned():
    batch = some_batch()
    batch["captions"] = torch.cat([batch["captions"][:, :2, :3], batch["captions"][:, 2:, :3].clamp(min=1)], 1)
    digests = {}
    for taken in ((), *((d,) for d in ("D1", "D2", "D3", "D6"))):
        model = build(as_released=taken, clip=0.5, released_words=(3, 30))
        digests[taken] = weights_digest(trained(model, batch).state_dict())
    assert len(set(digests.values())) == 5


def test_the_batch_is_reversed_among_captions_of_one_length():
    tokens = torch.tensor([[1, 2, 0], [3, 4, 5], [6, 7, 0], [8, 9, 10], [11, 0, 0], [12, 13, 14]])
    assert text.partners(tokens).tolist() == [2, 5, 0, 3, 4, 1]
    language = build().text.language
    released = language(tokens, text.partners(tokens))
    assert torch.equal(released[..., :5], language(tokens)[..., :5])
    from_the_left = language(tokens, torch.arange(6))[..., 5:]
    assert torch.allclose(released[..., 5:], from_the_left[text.partners(tokens)])
    assert not torch.allclose(from_the_left, language(tokens)[..., 5:], atol=1e-3)


def test_the_learning_rate_falls_after_each_worse_validation_and_with_the_epochs():
    plateau = Plateau()
    factors = []
    for loss in (5.0, 4.0, 4.5, 4.2, 3.0):
        plateau.saw(loss, 3)
        again = Plateau()
        again.set_extra_state(plateau.get_extra_state())  # saved between a validation and the next step
        plateau = again
        factors += [plateau.factor_now(), plateau.factor_now()]
    assert factors == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01])
    model, batch = build(as_released=("D5",)), some_batch()
    for loss in (1.0, 2.0):
        model.plateau.saw(loss, 8)
        trained(model, batch, 0, 1)
    assert model.optimizers["rmsprop"].param_groups[0]["lr"] == pytest.approx(1e-4)
    model.validate(batch)
    assert model.plateau.seen == 8
    model = build()
    for epoch, wanted in ((89.9, 1e-3), (90.0, 1e-4)):
        trained(model, batch, 0, 1, epoch)
        assert model.optimizers["rmsprop"].param_groups[0]["lr"] == pytest.approx(wanted)


def test_only_captions_of_some_lengths_are_trained_on():
    captions = torch.tensor([[[1, 2, 0, 0], [3, 4, 5, 0], [6, 7, 8, 9]], [[1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]])
    found = of_length(captions, 3, 4)
    assert found[0].tolist() == [[3, 4, 5, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert found[1].tolist() == captions[1].tolist()


@pytest.mark.parametrize(("field", "value"), [("window", 13), ("window", 1), ("latents", 0)])
def test_a_size_that_cannot_be_is_an_error_of_one_line(field: str, value: int):
    with pytest.raises(RedrawError, match=f"{field}: {value}") as error:
        build(**{field: value})
    assert "\n" not in str(error.value)


def test_what_a_recipe_cannot_do_it_says():
    with pytest.raises(RedrawError, match="no text network"):
        SkipThoughtDRAW(config_of("SkipThoughtDRAW", **SMALL), ABOUT, {})
    with pytest.raises(RedrawError, match="D1 is of the language model"):
        build(SkipThoughtDRAW, as_released=("D1",))
    asked = some_batch()
    with pytest.raises(RedrawError, match="between two captions"):
        build().sample({**asked, "tokens_to": asked["tokens"], "mix": torch.zeros(8)}, 0)


@RECIPES
def test_one_step_at_paper_size(recipe: type[Recipe]):
    torch.manual_seed(0)
    needs = {"text": Encoder()} if recipe is SkipThoughtDRAW else {}
    model = recipe(config_of(recipe.__name__), About((3, 32, 32), 1, VOCABULARY), needs)
    if recipe is AlignDRAW:
        assert sum(p.numel() for p in model.parameters()) == 33_098_147
    losses = model.train_step(some_batch(2, 32), AT)
    assert all(torch.isfinite(value) for value in losses.values())
    assert all(bool(torch.isfinite(p).all()) for p in model.parameters())


def test_bfloat16_gives_nearly_the_same_losses():
    model, batch = build(), some_batch()
    found = []
    for dtype in (None, torch.bfloat16):
        model.autocast_dtype = dtype
        torch.manual_seed(0)
        found.append(float(model.losses(batch)["loss"].detach()))
    assert found[1] == pytest.approx(found[0], rel=0.02)


def test_the_demonstration_says_what_a_word_is_told_of():
    found = demonstrated.batch_reversed_captions()
    shares = {name: [part.rsplit(": ", 1)[1] for part in says.split("; ")] for name, says in found.items()}
    assert shares == {
        "as written": ["50 %", "50 %", "0 %"],
        "as released, in training": ["50 %", "0 %", "50 %"],
        "as released, in samples": ["100 %", "0 %", "0 %"],
    }
