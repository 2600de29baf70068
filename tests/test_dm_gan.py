"""DM-GAN's generator: each term of the memory by a loop, the released names and sizes, drawing, and what is out of place."""

from __future__ import annotations

import dataclasses
import time
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from test_attngan import ABOUT, AT, ENGINE, WORDS, build_damsm, some_batch
from torch import Tensor

from redraw.core import RedrawError
from redraw.papers import dm_gan
from redraw.papers.attngan import Config as AttnGANConfig
from redraw.papers.attngan import Generator as AttnGANGenerator
from redraw.papers.dm_gan import DMGAN, Generator, MemoryStage
from redraw.recipe import About, Recipe, make_config
from redraw.released import convert, fit
from redraw.resolve import resolve
from redraw.sheets import ROOT, read_params, read_sheets

SHEETS, PARAMS = read_sheets(), {**read_params(ROOT / "params.yaml"), "scale": "paper"}
SHEET = SHEETS["dm_gan"]
SMALL = {"sizes": (8, 16, 32), "crop": 32, "ngf": 4, "residuals": 1, "nz": 5, "condition_dim": 3}
SIDES = ABOUT._replace(image_shape=(3, 40, 40))
N, G, D, T, S = 3, 4, 6, 5, 2
MASK = torch.tensor(
    [[False, False, False, False, True], [False, False, True, True, True], [False, True, True, True, True]]
)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def config_of(**fields) -> dm_gan.Config:
    return make_config(dm_gan.Config, {**SHEET["config"]["DMGAN"], **ENGINE, **fields}, "test")


def of_run(run: str, kind: type = dm_gan.Config) -> object:
    """Config of "paper/run" at scale paper."""
    paper, name = run.split("/")
    values, _, _ = resolve(SHEETS[paper], name, PARAMS)
    return make_config(kind, values, run)


def build(about: About = SIDES, reader: Recipe | None = None, **fields) -> DMGAN:
    reader = reader or build_damsm()
    torch.manual_seed(1)
    return DMGAN(config_of(**{**SMALL, **fields}), about, {"damsm": reader})


def stage(in_turn: bool = False, residuals: int = 1) -> tuple[MemoryStage, Tensor, Tensor]:
    torch.manual_seed(2)
    return (
        MemoryStage(G, D, residuals, in_turn).double(),
        torch.randn(N, G, S, S).double(),
        torch.randn(N, D, T).double(),
    )


def dense(layer: torch.nn.Sequential, x: Tensor) -> Tensor:
    """A rectified map of one vector."""
    return (layer[0].weight[:, :, 0] @ x + layer[0].bias).clamp(min=0)


# --- the memory --------------------------------------------------------------------------------------------------


def test_each_slot_is_written_from_its_word_and_the_whole_image():
    net, h, words = stage()
    memory = net.memory(h, words)
    assert memory.shape == (N, 2 * G, T)
    for n in range(N):
        mean = torch.stack([h[n, :, y, x] for y in range(S) for x in range(S)]).mean(0)
        for t in range(T):
            gate = 1 / (1 + torch.exp(-(net.A.weight[0] @ words[n, :, t] + net.B.weight[0] @ mean)))
            expected = gate * dense(net.M_w, words[n, :, t]) + (1 - gate) * dense(net.M_r, mean)
            torch.testing.assert_close(memory[n, :, t], expected)


@pytest.mark.parametrize(("towards", "of"), [(100.0, "words"), (-100.0, "image")])
def test_the_writing_gate_lets_through_words_or_the_image(towards, of):
    net, _, words = stage()
    h = torch.ones(N, G, S, S).double()
    with torch.no_grad():
        net.A.weight.zero_()
        net.B.weight.fill_(towards)
    whole = net.M_r(h.mean((2, 3))[:, :, None]).expand(-1, -1, T)
    torch.testing.assert_close(net.memory(h, words), net.M_w(words) if of == "words" else whole)


@pytest.mark.parametrize("in_turn", [False, True])
def test_each_place_reads_what_its_keys_say_and_takes_over_what_its_gate_says(in_turn):
    """With D1 place q of image b has the mask of caption (b Q + q) mod B."""
    net, h, words = stage(in_turn)
    memory = net.memory(h, words)
    found, alpha = net.response(h, memory, MASK)
    assert found.shape == h.shape and alpha.shape == (N, T, S, S)
    gate, bias = net.response_gate[0].weight[0, :, 0, 0], net.response_gate[0].bias[0]
    for n in range(N):
        keys = [dense(net.key, memory[n, :, t]) for t in range(T)]
        values = [dense(net.value, memory[n, :, t]) for t in range(T)]
        for q in range(S * S):
            y, x = divmod(q, S)
            mask = MASK[(n * S * S + q) % N] if in_turn else MASK[n]
            shares = torch.stack([
                torch.tensor(0.0).double() if mask[t] else torch.exp(keys[t] @ h[n, :, y, x]) for t in range(T)
            ])  # fmt: skip
            shares = shares / shares.sum()
            torch.testing.assert_close(alpha[n, :, y, x], shares)
            read = sum(share * value for share, value in zip(shares, values, strict=True))
            g = torch.sigmoid(gate @ torch.cat([h[n, :, y, x], read]) + bias)
            torch.testing.assert_close(found[n, :, y, x], g * read + (1 - g) * h[n, :, y, x])


@pytest.mark.parametrize("towards", [100.0, -100.0])
def test_the_response_gate_takes_over_all_or_nothing(towards):
    net, h, words = stage()
    with torch.no_grad():
        net.response_gate[0].weight.zero_()
        net.response_gate[0].bias.fill_(towards)
    memory = net.memory(h, words)
    found, alpha = net.response(h, memory, None)
    read = torch.einsum("ngt,ntyx->ngyx", net.value(memory), alpha)
    torch.testing.assert_close(found, read if towards > 0 else h)


def test_a_stage_doubles_the_hidden_image_that_stands_twice_before_its_blocks():
    net, h, words = stage(residuals=2)
    out, alpha = net(h, words, MASK)
    taken, same = net.response(h, net.memory(h, words), MASK)
    x = torch.cat([taken, taken], 1)
    for block in net.residual:
        x = x + block.block(x)
    torch.testing.assert_close(out, net.upsample(x))
    assert out.shape == (N, G, 2 * S, 2 * S) and torch.equal(alpha, same)


def test_d1_is_hidden_by_captions_of_one_length_and_by_single_ones():
    (own, h, words), (turned, _, _) = stage(), stage(in_turn=True)
    own.eval(), turned.eval()
    same = MASK[:1].expand(N, -1)
    assert torch.equal(own(h, words, same)[0], turned(h, words, same)[0])
    assert not torch.allclose(own(h, words, MASK)[0], turned(h, words, MASK)[0])
    torch.testing.assert_close(own(h[1:2], words[1:2], MASK[1:2])[0], turned(h[1:2], words[1:2], MASK[1:2])[0])


# --- as released -------------------------------------------------------------------------------------------------


def keys_of(blocks: int) -> set[str]:
    """As saved, the generator's submodules being called as in the released file."""

    def norm(name: str) -> list[str]:
        return [f"{name}.{k}" for k in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")]

    found = ["ca_net.fc.weight", "ca_net.fc.bias", "h_net1.fc.0.weight", *norm("h_net1.fc.1")]
    for k in range(1, 5):
        found += [f"h_net1.upsample{k}.1.weight", *norm(f"h_net1.upsample{k}.2")]
    for net in ("h_net2", "h_net3"):
        found += [f"{net}.A.weight", f"{net}.B.weight"]
        found += [
            f"{net}.{m}.0.{of}" for m in ("M_r", "M_w", "key", "value", "response_gate") for of in ("weight", "bias")
        ]
        for k in range(blocks):
            block = f"{net}.residual.{k}.block"
            found += [f"{block}.0.weight", *norm(f"{block}.1"), f"{block}.3.weight", *norm(f"{block}.4")]
        found += [f"{net}.upsample.1.weight", *norm(f"{net}.upsample.2")]
    return {*found, *(f"img_net{k}.img.0.weight" for k in (1, 2, 3))}


@pytest.mark.parametrize(
    ("run", "blocks", "total"), [("dm_gan/released_birds", 2, 21_449_042), ("dm_gan/released_coco", 3, 22_335_314)]
)
def test_names_and_parameters_of_the_released_generators(run, blocks, total):
    config, n, word = of_run(run), 64, 256
    assert (config.ngf, config.residuals, config.as_released, config.sizes) == (n, blocks, ("D1",), (64, 128, 256))
    with torch.device("meta"):
        net = Generator(config, word, True)
    widths = [16 * n >> k for k in range(5)]
    first = 200 * 32 * widths[0] + 64 * widths[0] + sum(a * 2 * b * 9 + 4 * b for a, b in pairwise(widths))
    maps = sum(a * b + b for a, b in ((n, 2 * n), (word, 2 * n), (2 * n, n), (2 * n, n), (2 * n, 1)))
    residual = (2 * n) * (4 * n) * 9 + 8 * n + (2 * n) ** 2 * 9 + 4 * n
    later = word + n + maps + blocks * residual + (2 * n) ** 2 * 9 + 4 * n
    by_hand = 4 * 100 * (word + 1) + first + 2 * later + 3 * 27 * n
    assert sum(p.numel() for p in net.parameters()) == by_hand == total
    assert set(net.state_dict()) == keys_of(blocks)
    shapes = {k: tuple(v.shape) for k, v in net.h_net2.state_dict().items()}
    assert shapes["A.weight"] == (1, 256) and shapes["B.weight"] == (1, 64) and shapes["M_w.0.weight"] == (128, 256, 1)
    assert shapes["M_r.0.weight"] == (128, 64, 1) and shapes["key.0.weight"] == (64, 128, 1)
    assert shapes["response_gate.0.weight"] == (1, 128, 1, 1)


def test_a_draw_at_the_papers_size():
    start = time.process_time()
    about = ABOUT._replace(image_shape=(3, 304, 304))
    reader = build_damsm(dim=256)
    model = DMGAN(of_run("dm_gan/released_birds"), about, {"damsm": reader}).eval()
    tokens = some_batch(2, length=25)["captions"][:, 0]
    torch.manual_seed(0)
    with torch.no_grad():
        images, alpha, mu, logvar, _ = model.draw(model.drawing, tokens, torch.randn(2, 100), torch.randn(2, 100))
    print(f"{time.process_time() - start:.1f} CPU seconds")
    assert [tuple(image.shape) for image in images] == [(2, 3, side, side) for side in (64, 128, 256)]
    assert all(bool(torch.isfinite(x).all()) for x in (*images, *alpha, mu, logvar)) and images[-1].abs().max() <= 1
    assert [tuple(a.shape) for a in alpha] == [(2, 25, side, side) for side in (64, 128)]
    assert model.view(torch.zeros(1, 3, 304, 304)).shape == (1, 3, 256, 256)


# --- drawing -----------------------------------------------------------------------------------------------------


def test_what_is_drawn_goes_by_captions_and_seed():
    model, tokens = build().eval(), some_batch()["captions"][:, 0]
    first = model.sample({"tokens": tokens}, 3)
    assert first.shape == (8, 3, 32, 32) and torch.equal(model.sample({"tokens": tokens}, 3), first)
    assert not torch.equal(model.sample({"tokens": tokens}, 4), first)
    assert not torch.equal(model.sample({"tokens": tokens.flip(0)}, 3), first)
    words = (tokens != 0)[:, :, None, None]
    for name, side in (("attention.8", 8), ("attention.16", 16)):
        found = model.attention({"tokens": tokens}, 3)[name]
        assert found.shape == (8, tokens.shape[1], side, side) and float((found * ~words).abs().max()) == 0
        torch.testing.assert_close(found.sum(1), torch.ones(8, side, side))
    with pytest.raises(RedrawError, match="^dm_gan: it attends to words, and there are none between two captions"):
        model.sample({"tokens": tokens, "tokens_to": tokens, "mix": torch.zeros(8)}, 0)


def test_the_run_takes_the_mask_of_d1():
    tokens = some_batch()["captions"][:, 0]
    own, turned = (build(as_released=taken).eval().sample({"tokens": tokens}, 3) for taken in ((), ("D1",)))
    assert not torch.allclose(own, turned)
    single = [build(as_released=taken).eval().sample({"tokens": tokens[:1]}, 3) for taken in ((), ("D1",))]
    assert torch.equal(*single)


def test_an_imported_file_is_what_is_drawn_from(tmp_path):
    torch.manual_seed(7)
    config = config_of(**SMALL)
    saved = Generator(config, 8, False)
    path = Path(tmp_path / "bird_DMGAN.pth")
    torch.save(saved.state_dict(), path)
    model = build()
    model.generator.load_state_dict(fit(convert(path, "torch"), model.generator.state_dict(), path.name))
    assert {k.removeprefix("generator.") for k in model.state_dict()} == set(
        saved.state_dict()
    )  # the DAMSM is another run's
    other = build()
    tokens = some_batch()["captions"][:, 0]
    other.generator = saved
    assert torch.equal(model.eval().sample({"tokens": tokens}, 0), other.eval().sample({"tokens": tokens}, 0))


# --- the sheet ---------------------------------------------------------------------------------------------------


def test_the_sheet_gives_exactly_the_fields_of_the_config():
    fields = {f.name for f in dataclasses.fields(dm_gan.Config)} - {"as_released"}
    assert set(SHEET["config"]["DMGAN"]) == fields
    assert all(name in dm_gan.__doc__ for name in SHEET["differences"])


def test_pictures_words_and_scores_are_attngans():
    theirs = SHEETS["attngan"]
    for part in ("forms", "tokens"):
        assert all(theirs[part][name] == own for name, own in SHEET[part].items())
    same = {"is_cub": "is_cub", "is_cub_test": "is_cub_test", "is_coco": "is_coco",
            "r_precision": "r_precision_drawn_released", "scene_r_precision": "scene_r_precision_drawn_released"}  # fmt: skip
    assert all(SHEET["evaluations"][own] == theirs["evaluations"][name] for own, name in same.items())
    assert all(about["stage"] == "import" for about in SHEET["runs"].values())


# --- out of place ------------------------------------------------------------------------------------------------


def state(run: str = "dm_gan/released_birds", **changed) -> dict[str, Tensor]:
    config = dataclasses.replace(of_run(run), **changed)
    with torch.device("meta"):
        return Generator(config, 256, True).state_dict()


def attngans(run: str) -> dict[str, Tensor]:
    with torch.device("meta"):
        return AttnGANGenerator(of_run(run, AttnGANConfig), 256, True).state_dict()


FILE = "bird_DMGAN.pth"
THIS = "give the file of this network"
WRONG = {
    "COCO's for birds": (
        lambda: (state("dm_gan/released_coco"), state()),
        f"h_net2.residual.2.block.0.weight is none of the network's: {THIS}",
    ),
    "birds' for COCO": (
        lambda: (state(), state("dm_gan/released_coco")),
        f"h_net2.residual.2.block.0.weight is not in it (it has ca_net.fc.weight, ca_net.fc.bias, h_net1.fc.0.weight, …): {THIS}",
    ),
    "AttnGAN's": (
        lambda: (attngans("attngan/released_birds"), state()),
        f"h_net1.fc.0.weight is 16384 x 200, the network's is 32768 x 200: {THIS}, or give the run the sizes that the file was "
        "trained with",
    ),
    "its for AttnGAN": (
        lambda: (state(ngf=32), attngans("attngan/released_birds")),
        f"h_net2.att.conv_context.weight is not in it (it has ca_net.fc.weight, ca_net.fc.bias, h_net1.fc.0.weight, …): {THIS}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_file_of_another_network_is_named_by_its_first_mismatch(what):
    networks, expected = WRONG[what]
    with pytest.raises(RedrawError) as caught:
        fit(*networks(), FILE)
    print(f"{what}: {caught.value}")
    assert str(caught.value) == f"{FILE}: {expected}"


def test_it_is_not_trained():
    with pytest.raises(RedrawError) as caught:
        build().train_step(some_batch(side=40), AT)
    assert str(caught.value) == (
        "dm_gan: it is drawn from, not trained: give the run stage: import, and bring the authors' weights with "
        "`redraw import dm_gan/released_birds`"
    )


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"sizes": (8, 32)},
            r"sizes: \[8, 32\]: from a power of 2 that is 8 or more, each must be twice the one before$",
        ),
        ({"sizes": (4, 8)}, r"sizes: \[4, 8\]: from a power of 2"),
        ({"crop": 41}, "crop: 41 of 3 x 40 x 40: it must be the last size 32 or more, lie inside the prepared image"),
        ({"crop": 30}, "crop: 30 of 3 x 40 x 40"),
    ],
)
def test_mistakes(fields, line):
    with pytest.raises(RedrawError, match=f"^dm_gan, {line}"):
        build(**fields)


def test_it_needs_a_damsm():
    with pytest.raises(
        RedrawError, match="^dm_gan: no damsm network: give the run needs: {damsm: <name of another run>}$"
    ):
        DMGAN(config_of(**SMALL), SIDES, {})
    assert len(WORDS) == len(ABOUT.vocabulary)
