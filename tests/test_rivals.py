"""The rivals in alignDRAW's table: densities against the library's, common noise, levels that learn by themselves, sharpening."""

from __future__ import annotations

import math

import pytest
import torch
from bounds_check import check_bounds
from torch import Tensor, nn
from torch.distributions import Normal

from redraw import engine
from redraw.blocks.conditioning import draws_of, noise_of
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers.align_draw import lapgan, sharpener, vae
from redraw.recipe import About, Batch, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "align_draw.yaml")
WORDS = tuple(f"word{k}" for k in range(20))
SHAPE = (3, 16, 16)
ENGINE = {"steps": 4, "batch_size": 6, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
AT = Step(0, 1, 0.0)
SMALL = {
    vae.FullyConnVAE: {"widths": (9, 7), "latents": 4, "condition_dim": 5},
    vae.ConvDeconvVAE: {"widths": (4, 6), "latents": 4, "condition_dim": 5},
    lapgan.LAPGAN: {"sizes": (8, 16), "noise": 3, "top_units": (7, 6), "channels": (4, 3)},
    sharpener.Sharpened: {"channels": (4, 3)},
}
VAES = pytest.mark.parametrize("recipe", [vae.FullyConnVAE, vae.ConvDeconvVAE])
ALL = pytest.mark.parametrize("recipe", list(SMALL))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Encoder(Recipe):
    """Stands for a trained encoder of sentences: the sum of fixed vectors of the words. ``read`` counts captions."""

    def __init__(self, width: int = 6) -> None:
        nn.Module.__init__(self)
        self.embedding_dim, self.read = width, 0
        self.words = nn.Embedding(len(WORDS), width)

    def text(self, tokens: Tensor) -> Tensor:
        self.read += len(tokens)
        return (self.words(tokens) * (tokens != 0)[:, :, None]).sum(1)


class Blurry(Recipe):
    """Stands for a trained model: flat pictures, of the colour that the noise says."""

    def __init__(self, side: int) -> None:
        nn.Module.__init__(self)
        self.side = side

    def sample(self, conditions: Batch, seed: int) -> Tensor:
        level = noise_of(conditions, len(conditions["tokens"]), 3, seed).tanh()
        return level[:, :, None, None].expand(-1, -1, self.side, self.side)


def build(recipe: type[Recipe], shape: tuple[int, int, int] = SHAPE, width: int = 6, **fields) -> Recipe:
    torch.manual_seed(0)
    values = {**SHEET["config"][recipe.__name__], **ENGINE, **fields}
    needs = {"text": Encoder(width), "model": Blurry(shape[1])}
    return recipe(make_config(recipe.Config, values, "test"), About(shape, 1, WORDS), needs)


def small(recipe: type[Recipe], **fields) -> Recipe:
    return build(recipe, **{**SMALL[recipe], **fields})


def some_batch(n: int = 6, shape: tuple[int, int, int] = SHAPE) -> Batch:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, len(WORDS), (n, 2, 5), generator=generator)
    image = torch.rand(n, *shape, generator=generator) * 2 - 1
    return {"image": image, "captions": captions, "tokens": captions[:, 0]}


def stepped(model: Recipe, steps: int = 2) -> tuple[Recipe, dict[str, Tensor]]:
    model.train()
    for step in range(steps):
        engine.seed_everything(0, step)
        losses = model.train_step(some_batch(), AT)
    return model, losses


@ALL
def test_training_is_a_function_of_its_seed_and_leaves_what_it_reads_alone(recipe):
    model, losses = stepped(small(recipe))
    assert all(torch.isfinite(loss) and not loss.requires_grad for loss in losses.values())
    assert weights_digest(model.state_dict()) == weights_digest(stepped(small(recipe))[0].state_dict())
    assert not any(name.startswith("held") or "words" in name for name in model.state_dict())
    untouched = small(recipe)
    assert all(not torch.equal(p, untouched.get_parameter(name)) for name, p in model.named_parameters())


@ALL
def test_samples_follow_seed_and_caption_and_rows_with_one_noise_share_it(recipe):
    model, tokens = small(recipe).eval(), some_batch()["tokens"]
    first = model.sample({"tokens": tokens}, 1)
    assert first.shape == (6, *SHAPE) and float(first.abs().max()) <= 1
    assert torch.equal(first, model.sample({"tokens": tokens}, 1))
    assert not torch.equal(first, model.sample({"tokens": tokens}, 2))
    assert not torch.equal(first, model.sample({"tokens": tokens.flip(0)}, 1))
    same = model.sample({"tokens": tokens[:1].expand(3, -1), "noise_group": torch.zeros(3, dtype=torch.int64)}, 1)
    assert torch.allclose(same[0], same[1], atol=1e-6) and torch.allclose(same[0], same[2], atol=1e-6)


# --- variational autoencoders --------------------------------------------------------------------------------------------


@VAES
def test_bounds_are_the_librarys_densities(recipe):
    model, batch = small(recipe, pixel_deviation=0.3).eval(), some_batch()
    found = check_bounds(model, batch, 3)
    eps = draws_of(batch, 6, 4, 5, 3)
    with torch.no_grad():
        c = model.condition(model.held["text"].text(batch["tokens"]))
        mu, logvar = model.encoder(batch["image"], c).chunk(2, 1)
        q, x = Normal(mu, (logvar / 2).exp()), (batch["image"] + 1) / 2
        for k in range(3):
            z = mu + (logvar / 2).exp() * eps[k]
            mean = model.decoder(torch.cat([z, c], 1)).sigmoid()
            wanted = Normal(mean, 0.3).log_prob(x).flatten(1).sum(1) + (Normal(0, 1).log_prob(z) - q.log_prob(z)).sum(1)
            assert torch.allclose(found[:, k], wanted, rtol=1e-5)


@VAES
def test_a_caption_is_read_once_however_many_images_it_stands_with(recipe):
    model, batch = small(recipe).eval(), some_batch()
    pairs = {"image": batch["image"], "tokens": batch["tokens"][[0, 0, 0, 1, 1, 0]], "noise_group": torch.zeros(6)}
    model.held["text"].read = 0
    found = model.bounds(pairs, 5, 2)
    assert model.held["text"].read == 2
    alone = [model.bounds({k: v[[i]] for k, v in pairs.items()}, 5, 2) for i in range(6)]
    assert torch.allclose(found, torch.cat(alone), rtol=1e-5)


@VAES
def test_the_trained_bound_is_the_mean_of_sampled_ones(recipe):
    """Divergence in closed form and reconstruction at one draw, against many draws of the log ratio."""
    model = small(recipe, pixel_deviation=3.0).eval()
    batch = some_batch()
    batch["captions"] = batch["captions"][:, :1]
    losses = [model.losses(batch)["loss"] for _ in range(200)]
    sampled = -model.bounds(batch, 1, 2000).mean()
    assert torch.stack(losses).mean().item() == pytest.approx(sampled.item(), abs=0.1)


def test_pixels_of_another_deviation_weigh_otherwise():
    sharp, wide = (small(vae.FullyConnVAE, pixel_deviation=d) for d in (0.1, 1.0))
    image, mean = torch.ones(1, *SHAPE), torch.full((1, *SHAPE), 0.5)
    pixels = math.prod(SHAPE)
    for model, deviation in ((sharp, 0.1), (wide, 1.0)):
        wanted = -pixels * (0.5 * (0.5 / deviation) ** 2 + math.log(deviation) + 0.5 * math.log(2 * math.pi))
        assert model.log_pixels(image, mean).item() == pytest.approx(wanted, rel=1e-5)


@VAES
def test_learning_lowers_the_loss(recipe):
    model = small(recipe, learning_rate=1e-2)
    _, first = stepped(model, 1)
    _, last = stepped(model, 30)
    assert last["loss"] < first["loss"] and last["reconstruction"] + last["kl"] == pytest.approx(
        float(last["loss"]), rel=1e-5
    )


# --- LAPGAN ----------------------------------------------------------------------------------------------------------------


def test_levels_learn_by_themselves():
    """What the level of 16 pixels learns does not depend on what the top has become."""
    model, other = small(lapgan.LAPGAN), small(lapgan.LAPGAN)
    for parameter in other.levels[0].parameters():
        nn.init.constant_(parameter, 0.01)
    for each in (model, other):
        stepped(each, 1)
    assert weights_digest(model.levels[1].state_dict()) == weights_digest(other.levels[1].state_dict())


def test_each_network_moves_by_its_own_loss_alone():
    model = small(lapgan.LAPGAN)
    pair = model.levels[1]
    for name in ("generator_16", "generator_8"):
        model.optimizers[name].param_groups[0]["lr"] = 0.0
    before = {k: v.clone() for k, v in pair.generator.state_dict().items()}
    untouched = {k: v.clone() for k, v in pair.discriminator.state_dict().items()}
    stepped(model, 1)
    assert all(torch.equal(v, before[k]) for k, v in pair.generator.state_dict().items())
    assert not all(torch.equal(v, untouched[k]) for k, v in pair.discriminator.state_dict().items())
    assert all(p.requires_grad for p in pair.parameters())


def test_a_level_is_shown_what_it_adds_to(monkeypatch):
    """Real images whole, the level below enlarged; half the weight each for real and drawn."""
    model, batch, seen = small(lapgan.LAPGAN), some_batch(), {}
    pair = model.levels[1]
    monkeypatch.setattr(pair.generator, "forward", lambda z, h, given: seen.setdefault("given", given) * 0 + z * 0)
    monkeypatch.setattr(pair.discriminator, "forward", lambda x, h: seen.setdefault("judged", x).flatten(1).sum(1) * 0 + sum(
        p.sum() * 0 for p in pair.discriminator.parameters()))  # fmt: skip
    monkeypatch.setattr(lapgan, "update", lambda optimizer, loss: None)
    losses = model.train_step(batch, AT)
    coarse = batch["image"].unflatten(2, (8, 2)).unflatten(4, (8, 2)).mean((3, 5))
    wanted = nn.functional.interpolate(coarse, scale_factor=2, mode="bilinear")
    assert torch.allclose(seen["given"], wanted, atol=1e-6)
    assert torch.allclose(seen["judged"], torch.cat([batch["image"], wanted]), atol=1e-6)
    assert (
        losses["discriminator_16"].item() == pytest.approx(math.log(2)) == pytest.approx(losses["generator_16"].item())
    )


def test_sampling_climbs_the_pyramid():
    model, tokens = small(lapgan.LAPGAN).eval(), some_batch()["tokens"]
    for level in model.levels:
        nn.init.zeros_(list(level.generator.parameters())[-2])
    nn.init.constant_(model.levels[0].generator.layers[-2].bias, 0.25)
    nn.init.constant_(model.levels[1].generator.convolutions[-1].bias, 0.5)
    assert torch.allclose(model.sample({"tokens": tokens}, 1), torch.full((6, *SHAPE), 0.75), atol=1e-6)


# --- sharpening ------------------------------------------------------------------------------------------------------------


def test_without_edges_the_models_images_stay_as_they_are():
    model, tokens = small(sharpener.Sharpened).eval(), some_batch()["tokens"]
    last = model.pair.generator.convolutions[-1]
    nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)
    blurry = Blurry(16).sample({"tokens": tokens}, 3)
    assert torch.allclose(model.sample({"tokens": tokens}, 3), blurry, atol=1e-6)
    nn.init.constant_(last.bias, 2.0)  # beyond white
    assert torch.equal(model.sample({"tokens": tokens}, 3), torch.ones(6, *SHAPE))


def test_in_use_there_is_no_noise(monkeypatch):
    model, seen = small(sharpener.Sharpened).eval(), []
    forward = model.pair.generator.forward
    monkeypatch.setattr(
        model.pair.generator, "forward", lambda z, h, given: seen.append((z, given)) or forward(z, h, given)
    )
    model.sample({"tokens": some_batch()["tokens"]}, 3)
    assert not seen[0][0].any() and float(seen[0][1].min()) >= 0 and float(seen[0][1].max()) <= 1
    model.train_step(some_batch(), AT)
    assert seen[1][0].std() > 0.5


# --- at the paper's size ------------------------------------------------------------------------------------------------------

FULL = (3, 32, 32)


def test_the_sharpeners_generator_is_as_large_as_the_released_one():
    """A map of 4,800 numbers to 1,024; 7, 7 and 5 pixels from 5 to 128, 128 and 3 channels."""
    with torch.device("meta"):
        network = lapgan.LevelGenerator(4800, SHEET["config"]["Sharpened"]["channels"][0], 3, 32)
    sizes = {name: p.numel() for name, p in network.named_parameters()}
    assert sizes["text.fc.weight"] == 4800 * 1024 and sizes["convolutions.0.weight"] == 5 * 128 * 49
    assert sum(sizes.values()) == 4800 * 1024 + 1024 + 5 * 128 * 49 + 128 + 128 * 128 * 49 + 128 + 128 * 3 * 25 + 3


@ALL
def test_one_step_at_the_papers_size(recipe):
    model = build(recipe, FULL, 4800)
    losses = model.train_step(some_batch(2, FULL), AT)
    assert losses and all(torch.isfinite(loss) for loss in losses.values())


def test_parameters_at_the_papers_size():
    pixels, h, c, z = 3072, 4800, 512, 275
    layers = [(h, c), (pixels + c, 2048), (2048, 1024), (1024, 2 * z), (z + c, 1024), (1024, 2048), (2048, pixels)]
    count = sum(p.numel() for p in build(vae.FullyConnVAE, FULL, h).parameters())
    assert count == sum(a * b + b for a, b in layers)
    kernels = [(3, 128), (128, 256), (256, 512)]
    convolutions = sum(2 * 16 * a * b + a + b for a, b in kernels)  # there and back: 4 x 4 pixels, biases of both
    maps = [(h, c), (512 * 16 + c, 2 * z), (z + c, 512 * 16)]
    count = sum(p.numel() for p in build(vae.ConvDeconvVAE, FULL, h).parameters())
    assert count == convolutions + sum(a * b + b for a, b in maps)


# --- mistakes ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "shape", "fields", "said"),
    [
        (vae.FullyConnVAE, SHAPE, {"pixel_deviation": 0.0}, "pixel_deviation: 0.0: it must be above 0"),
        (vae.FullyConnVAE, SHAPE, {"widths": ()}, "widths: none: give one layer at least"),
        (vae.ConvDeconvVAE, (3, 18, 18), {}, "widths: 2 halvings of 18 x 18 pixels: give fewer widths"),
        (lapgan.LAPGAN, SHAPE, {"sizes": (4, 16)}, r"sizes: \[4, 16\]: give each twice the one before"),
        (lapgan.LAPGAN, FULL, {}, r"sizes: \[8, 16\], but images are 32 x 32: end with their side"),
        (lapgan.LAPGAN, (3, 8, 8), {"sizes": (4, 8)}, "a level of 8 pixels is too small for its discriminator: use 16"),
        (sharpener.Sharpened, (3, 16, 18), {}, "sharpener: images of 16 x 18: it takes squares of an even side"),
    ],
)
def test_a_bad_value_is_one_line(recipe, shape, fields, said):
    with pytest.raises(RedrawError, match=said) as e:
        build(recipe, shape, **{**SMALL[recipe], **fields})
    assert "\n" not in str(e.value)


@ALL
def test_without_an_encoder_there_is_a_line_that_says_so(recipe):
    values = make_config(recipe.Config, {**SHEET["config"][recipe.__name__], **ENGINE, **SMALL[recipe]}, "test")
    with pytest.raises(RedrawError, match="no text network: give the run needs"):
        recipe(values, About(SHAPE, 1, WORDS), {"model": Blurry(16)})
