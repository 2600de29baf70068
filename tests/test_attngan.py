"""AttnGAN: published outputs, closed forms, and every difference of the released code on its own."""

from __future__ import annotations

import dataclasses

import golden
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw import engine
from redraw.blocks.conditioning import divergence
from redraw.blocks.pyramid import pyramid
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers import attngan, damsm
from redraw.papers.attngan import AttnGAN, Discriminator, Generator
from redraw.papers.damsm import DAMSM
from redraw.recipe import About, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "attngan.yaml")
WORDS = ("<pad>", *(f"word{k}" for k in range(1, 40)))
ABOUT = About((3, 19, 19), 4, WORDS, (0, 1, 2, 3))
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL_DAMSM = {"image_encoder": "small", "crop": 16, "image_size": 16, "widths": (4, 8), "word_dim": 6, "dim": 8}
SMALL = {"sizes": (8, 16), "crop": 16, "ngf": 2, "ndf": 2, "residuals": 1, "nz": 5, "condition_dim": 4}
AT = Step(0, 1, 0.0)
OF_GENERATOR = ("D1", "D4", "D5")
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "prefix", "forward", "backward"), [(torch.float32, "f32", 2e-5, 2e-5), (torch.float64, "f64", 1e-9, 1e-7)]
)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build_damsm(about: About = ABOUT, **fields) -> DAMSM:
    values = {**SHEET["config"]["DAMSM"], **ENGINE, **SMALL_DAMSM, **fields}
    torch.manual_seed(0)
    return DAMSM(make_config(damsm.Config, values, "test"), about, {})


def config_of(**fields) -> attngan.Config:
    return make_config(attngan.Config, {**SHEET["config"]["AttnGAN"], **ENGINE, **fields}, "test")


def build(about: About = ABOUT, reader: Recipe | None = None, **fields) -> AttnGAN:
    reader = reader or build_damsm()
    torch.manual_seed(0)
    return AttnGAN(config_of(**{**SMALL, **fields}), about, {"damsm": reader})


def some_batch(n: int = 8, side: int = 19, length: int = 7) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, len(WORDS), (n, 3, length), generator=generator)
    captions[torch.arange(length) >= torch.randint(2, length + 1, (n, 3, 1), generator=generator)] = 0
    image = torch.rand(n, 3, side, side, generator=generator) * 2 - 1
    return {"image": image, "class_id": torch.arange(n) % 4, "captions": captions}


def trained(model: AttnGAN, batch: dict[str, Tensor], first: int = 0, last: int = 2) -> AttnGAN:
    model.train()
    for step in range(first, last):
        engine.seed_everything(0, step)
        model.train_step(batch, Step(step, 10, 0.0))
    return model


def digest_after(model: AttnGAN, steps: int = 2) -> str:
    return weights_digest(trained(model, some_batch(), 0, steps).state_dict())


def filled(module: nn.Module, shapes: dict, dtype: torch.dtype) -> nn.Module:
    module.load_state_dict({k: torch.from_numpy(v) for k, v in golden.state(shapes).items()})
    return module.to(dtype)


def given(manifest: dict, dtype: torch.dtype) -> dict[str, Tensor]:
    return {k: torch.from_numpy(v).to(dtype) for k, v in golden.inputs(manifest).items()}


# --- published outputs: networks -----------------------------------------------------------------------------------------


@PRECISIONS
@pytest.mark.parametrize("case", ["nomask", "author", "intended"])
def test_published_word_attention(case: str, dtype: torch.dtype, prefix: str, forward: float, backward: float):
    manifest, stored = golden.load("attngan_attention")
    layer = filled(attngan.WordAttention(32, 256, case == "author"), manifest["states"]["att"], dtype)
    x = {k: v.requires_grad_() for k, v in given(manifest, dtype).items() if k in ("h", "words")}
    mask = None if case == "nomask" else torch.from_numpy(stored["in.mask"])
    context, attention = layer(x["h"], x["words"], mask)
    golden.match(f"{prefix}.{case}.context", context.detach(), stored, forward)
    golden.match(f"{prefix}.{case}.attn", attention.detach(), stored, forward)
    context.square().sum().backward()
    golden.match(f"{prefix}.{case}.grad_h", x["h"].grad, stored, backward)
    golden.match(f"{prefix}.{case}.grad_words", x["words"].grad, stored, backward)


def sizes_of(cfg: dict) -> dict:
    names = {"ngf": "GF_DIM", "nz": "Z_DIM", "residuals": "R_NUM", "condition_dim": "CONDITION_DIM"}
    return {"sizes": (64, 128, 256), **{ours: cfg[theirs] for ours, theirs in names.items()}}


def outputs(model: Generator, x: dict[str, Tensor], mask: Tensor) -> dict[str, Tensor]:
    images, attention, mu, logvar = model(x["z"], x["eps"], x["sent_emb"], x["words_emb"], mask)
    found = {f"img{image.shape[-1]}": image for image in images} | {f"att{k}": a for k, a in enumerate(attention)}
    return found | {"mu": mu, "logvar": logvar}


def test_published_generator_at_its_full_size_with_gradients():
    manifest, stored = golden.load("attngan_g_equal")
    model = filled(Generator(config_of(**sizes_of(manifest["cfg"])), 256, True), manifest["states"]["G"], torch.float32)
    assert sum(p.numel() for p in model.parameters()) == 7_084_592
    x, mask = given(manifest, torch.float32), torch.zeros(2, 18, dtype=torch.bool)
    with torch.no_grad():
        found = outputs(model.eval(), x, mask)
    for name, value in found.items():
        golden.match(f"f32.{name}" if name in ("mu", "logvar") else f"f32.eval.{name}", value, stored, 2e-5)
    names = ("words_emb", "sent_emb")
    found = outputs(model.train(), x | {n: x[n].requires_grad_() for n in names}, mask)
    for name in ("img64", "img128", "img256", "att0", "att1"):
        golden.match(f"f32.train.{name}", found[name].detach(), stored, 3e-4)
    golden.match_rows("f32.train.post_buffers", dict(model.named_buffers()), manifest, stored, 3e-4)
    loss = sum((found[f"img{s}"] * x[f"proj{s}"]).mean() for s in (64, 128, 256))
    loss = loss + divergence(found["mu"], found["logvar"])
    assert loss.item() == pytest.approx(float(stored["f32.train.loss"]), rel=3e-4)
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    golden.match_rows("f32.train.grad_params", gradients, manifest, stored, 3e-4)
    for name in names:
        golden.match(f"f32.train.grad_{name}", x[name].grad, stored, 3e-4)


@pytest.mark.parametrize("case", ["author", "intended"])
def test_published_generator_with_masks(case: str):
    manifest, stored = golden.load("attngan_g_masked")
    model = Generator(config_of(**sizes_of(manifest["cfg"])), 256, case == "author")
    filled(model, manifest["states"]["G"], torch.float32)
    x, mask = given(manifest, torch.float32), torch.from_numpy(stored["in.mask"])
    for mode, tolerance in (("eval", 2e-5), ("train", 3e-4)):
        with torch.no_grad():
            found = outputs(model.train(mode == "train"), x, mask)
        for name in ("img64", "img128", "img256", "att0", "att1"):
            golden.match(f"f32.{mode}.{case}.{name}", found[name], stored, tolerance)


@PRECISIONS
@pytest.mark.parametrize("size", [64, 128, 256])
def test_published_discriminators(size: int, dtype: torch.dtype, prefix: str, forward: float, backward: float):
    manifest, stored = golden.load("attngan_d")
    x = given({"inputs": {k: v for k, v in manifest["inputs"].items() if "small" in k}}, dtype)
    for mode in ("eval", "train"):
        network = filled(Discriminator(size, 8, 32), manifest["states"][f"small.D{size}"], dtype)
        network.train(mode == "train")
        judged(network, x[f"image{size}.small"], x["sent_emb.small"], f"{prefix}.small.{mode}.D{size}", stored, forward)
        if mode == "train":
            name = f"{prefix}.small.train.D{size}.post_buffers"
            golden.match_rows(name, dict(network.named_buffers()), manifest, stored, forward)


@pytest.mark.parametrize(("size", "parameters"), [(64, 6_313_730), (128, 19_424_002), (256, 71_858_946)])
def test_published_discriminators_at_their_full_size(size: int, parameters: int):
    manifest, stored = golden.load("attngan_d")
    inputs = {k: v for k, v in manifest["inputs"].items() if k in (f"image{size}.real", "sent_emb.real")}
    x = given({"inputs": inputs}, torch.float32)
    with torch.device("meta"):
        network = Discriminator(size, 64, 256)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert set(network.state_dict()) == set(manifest["states"][f"real.D{size}"])
    filled(network.to_empty(device="cpu"), manifest["states"][f"real.D{size}"], torch.float32).eval()
    judged(network, x[f"image{size}.real"], x["sent_emb.real"], f"f32.real.eval.D{size}", stored, 2e-5)


def judged(network: Discriminator, image: Tensor, sentence: Tensor, name: str, stored: dict, tolerance: float) -> None:
    with torch.no_grad():
        features = network.features(image)
        found = {"feat": features, "cond": network.COND_DNET(features, sentence).sigmoid()}
        found["uncond"] = network.UNCOND_DNET(features).sigmoid()
    for key, value in found.items():
        golden.match(f"{name}.{key}", value, stored, tolerance)


# --- published outputs: losses -------------------------------------------------------------------------------------------


class Stand(damsm.ImageEncoder):
    """The image encoder of the golden file: fixed maps of pooled pixels."""

    def __init__(self, regions: Tensor, code: Tensor) -> None:
        super().__init__(299, False, 3, 3, 32)
        self.regions, self.code = regions, code

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        small = F.adaptive_avg_pool2d(image, 17)
        return torch.einsum("nc,bchw->bnhw", self.regions, small).flatten(2), image.mean((2, 3)) @ self.code.T


def released_model(manifest: dict, x: dict[str, Tensor]) -> AttnGAN:
    reader = build_damsm(dim=32, as_released=("D2", "D3", "D6"))
    reader.image_encoder = Stand(x["imgenc.P"], x["imgenc.P2"])
    sizes = {"sizes": (64, 128, 256), "ngf": 2, "ndf": 8, "crop": 256}
    model = build(ABOUT._replace(image_shape=(3, 256, 256)), reader, **sizes, as_released=OF_GENERATOR)
    for network, size in zip(model.discriminators, (64, 128, 256), strict=True):
        filled(network, manifest["states"][f"D{size}"], torch.float32)
    return model


def test_published_losses_of_the_discriminators():
    manifest, stored = golden.load("attngan_losses")
    x = given(manifest, torch.float32)
    model = released_model(manifest, x)
    order = torch.arange(7).ge(torch.from_numpy(stored["in.lens"])[:, None]).sum(1).argsort(stable=True)
    for network, size in zip(model.discriminators, (64, 128, 256), strict=True):
        pair = x[f"real{size}"], x[f"fake{size}"]
        found = attngan.discriminator_losses(network, *pair, x["sent_emb"], order, means=True)
        golden.match(f"f32.errD{size}", found["discriminator"].detach(), stored, 1e-5)
        assert found["discriminator"].item() == pytest.approx(sum(found[k].item() for k in ("real", "fake", "wrong")))
        found["discriminator"].backward()
        gradients = {name: p.grad for name, p in network.named_parameters()}
        golden.match_rows(f"f32.D{size}.grad_params", gradients, manifest, stored, 2e-5)
        golden.match_rows(f"f32.D{size}.post_buffers", dict(network.named_buffers()), manifest, stored, 1e-5)


def test_published_losses_of_the_generator():
    manifest, stored = golden.load("attngan_losses")
    x = given(manifest, torch.float32)
    model = released_model(manifest, x)
    images = [x[f"fake{size}"].requires_grad_() for size in (64, 128, 256)]
    mask = torch.arange(7) >= torch.from_numpy(stored["in.lens"])[:, None]
    text = x["words"].masked_fill(mask[:, None], 0), x["sent_emb"], mask
    class_id = torch.from_numpy(stored["in.class_ids"])
    found = model.generator_losses(images, x["mu"], x["logvar"], text, class_id)
    golden.match("f32.kl", found["divergence"].detach(), stored, 1e-5)
    loss = found["generator"] - found["divergence"]
    golden.match("f32.errG_total", loss.detach(), stored, 1e-5)
    loss.backward()
    for image, size in zip(images, (64, 128, 256), strict=True):
        golden.match(f"f32.grad_fake{size}", image.grad, stored, 2e-5)


def test_the_sheet_gives_exactly_the_fields_of_the_config():
    fields = {f.name for f in dataclasses.fields(attngan.Config)}
    assert set(SHEET["config"]["AttnGAN"]) | {"as_released"} == fields


def test_what_the_docstrings_number_is_in_the_sheet():
    said = attngan.__doc__ + damsm.__doc__
    for name in SHEET["differences"]:
        assert f"    {name} " in said, name
    taken = {name for name, d in SHEET["differences"].items() if d["changes"] == "training"}
    assert taken == {*OF_GENERATOR, "D2", "D3", "D6", "D8", "D9", "D10", "D11"}
    for name in ("attngan2_released", "damsm_released"):
        run = SHEET["runs"][name]
        assert SHEET["tokens"][run["tokens"]]["longer"] == "sample" and "D11" in run["as_released"]


# --- the recipe ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sizes"), [({}, [8, 16]), ({"sizes": (16,)}, [16]), ({"single_output": True, "residuals": 0}, [16])]
)
@pytest.mark.parametrize("taken", [(), OF_GENERATOR])
def test_every_kind_draws_sees_and_learns(fields: dict, sizes: list[int], taken: tuple[str, ...]):
    model, batch = build(as_released=taken, **fields), some_batch()
    assert model.sizes == sizes and len(model.discriminators) == len(sizes)
    losses = trained(model, batch, 0, 1).train_step(batch, AT)
    names = {"real", "fake", "discriminator", "fooling", "divergence", "matching", "generator"}
    assert set(losses) == names | ({"wrong"} if "D5" in taken else set())
    assert all(torch.isfinite(loss) for loss in losses.values())
    for name, parameter in model.named_parameters():
        if not name.startswith("average."):
            assert parameter.grad is not None and parameter.grad.any(), name
    tokens = batch["captions"][:, 0]
    drawn, maps = model.eval().sample({"tokens": tokens}, 0), model.attention({"tokens": tokens}, 0)
    assert drawn.shape == model.view(batch["image"]).shape == (8, 3, 16, 16) and drawn.abs().max() <= 1
    assert {name: m.shape for name, m in maps.items()} == (
        {"attention.8": (8, 7, 8, 8)} if len(model.config.sizes) > 1 else {}
    )
    for found in maps.values():
        torch.testing.assert_close(found.sum(1), torch.ones(8, 8, 8))  # of all words at each place
        assert ("D1" in taken) == bool(found[tokens == 0].any())


def test_all_images_of_a_step_come_from_one_square_and_one_draw(monkeypatch):
    model, seen = build(), []
    whole = attngan.discriminator_losses
    monkeypatch.setattr(attngan, "discriminator_losses", lambda *args: seen.append(args[1:3]) or whole(*args))
    drawn: list = []
    model.generator.register_forward_hook(lambda _, __, out: drawn.append(out[0]))
    model.train_step(some_batch(), AT)
    (small_real, small), (real, large) = seen
    assert len(drawn) == 1 and torch.equal(small, drawn[0][0]) and torch.equal(large, drawn[0][1])
    assert torch.equal(small_real, pyramid(real, [8])[0])  # as Pillow reduces it
    assert torch.equal(model.view(some_batch()["image"]), some_batch()["image"][:, :, 1:17, 1:17])


def test_the_written_losses_weigh_every_term_by_half():
    model, batch = build(), some_batch(6)
    text = model.held["damsm"].eval().text(batch["captions"][:, 0])
    real, fake = model.levels(batch["image"], False), [torch.rand(6, 3, s, s) * 2 - 1 for s in (8, 16)]
    total = model.discriminators_losses(real, fake, text)
    expected = {"real": 0.0, "fake": 0.0}
    for network, x, drawn in zip(model.discriminators, real, fake, strict=True):
        for key, image, sign in (("real", x, -1), ("fake", drawn, 1)):
            features = network.features(image)
            for logit in (network.UNCOND_DNET(features), network.COND_DNET(features, text[1])):
                expected[key] += 0.5 * F.softplus(sign * logit).mean().item()
    for key, value in expected.items():
        assert total[key].item() == pytest.approx(value, rel=1e-5)
    assert total["discriminator"].item() == pytest.approx(sum(expected.values()), rel=1e-5)


def test_lambda_weighs_the_matching_losses_of_the_last_image_alone():
    batch = some_batch()
    assert "matching" not in build(damsm_weight=0.0).train_step(batch, AT)
    found = build(damsm_weight=2.0).train_step(batch, AT)
    total = found["fooling"] + found["divergence"] + 2 * found["matching"]
    torch.testing.assert_close(found["generator"], total)
    model = build()
    images = [torch.rand(8, 3, s, s, requires_grad=True) for s in (8, 16)]
    text = model.held["damsm"].text(batch["captions"][:, 0])
    model.generator_losses(images, torch.zeros(8, 4), torch.zeros(8, 4), text, batch["class_id"])["matching"].backward()
    assert images[0].grad is None and images[1].grad.any()


def test_each_update_leaves_the_other_network_alone_and_the_encoders_for_ever():
    model, batch = build(), some_batch()
    reader = {k: v.clone() for k, v in model.held["damsm"].state_dict().items()}
    for name, still in (("discriminators", "generator"), ("generator", "discriminators")):
        model = build()
        model.optimizers[still].step = lambda: None
        before = weights_digest(dict(getattr(model, still).named_parameters()))
        moved = weights_digest(dict(getattr(model, name).named_parameters()))
        model.train_step(batch, AT)
        assert weights_digest(dict(getattr(model, still).named_parameters())) == before
        assert weights_digest(dict(getattr(model, name).named_parameters())) != moved
        assert all(p.requires_grad for p in getattr(model, still).parameters())
        now = model.held["damsm"].state_dict()
        assert all(torch.equal(now[k], v) for k, v in reader.items()) and not any(
            "damsm" in k for k in model.state_dict()
        )


def test_samples_are_of_the_averaged_weights():
    model = build(average=0.5)
    first = {n: p.clone() for n, p in model.generator.named_parameters()}
    trained(model, some_batch(), 0, 1)
    live, average = dict(model.generator.named_parameters()), dict(model.average.network.named_parameters())
    for name, parameter in average.items():
        torch.testing.assert_close(parameter, (first[name] + live[name]) / 2)
    conditions = {"tokens": some_batch()["captions"][:, 0]}
    before = model.eval().sample(conditions, 0)
    with torch.no_grad():
        next(model.generator.parameters()).zero_()
    assert torch.equal(model.sample(conditions, 0), before)


def test_one_seed_one_sample_and_groups_share_their_noise():
    model, tokens = build().eval(), some_batch()["captions"][:, 0]
    first = model.sample({"tokens": tokens}, 3)
    assert torch.equal(model.sample({"tokens": tokens}, 3), first) and not torch.equal(
        model.sample({"tokens": tokens}, 4), first
    )
    same = {"tokens": tokens[:1].expand(4, -1), "noise_group": torch.tensor([0, 0, 1, 1])}
    drawn = model.sample(same, 3)
    torch.testing.assert_close(drawn[0], drawn[1])
    assert not torch.allclose(drawn[1], drawn[2], atol=1e-3)
    with pytest.raises(RedrawError, match="^attngan: it attends to words, and there are none between two captions"):
        model.sample({"tokens": tokens, "tokens_to": tokens, "mix": torch.zeros(8)}, 0)


def test_one_seed_gives_the_same_weights_and_a_stop_between_changes_nothing(tmp_path):
    batch = some_batch()
    straight, first, second = trained(build(), batch, 0, 4), trained(build(), batch, 0, 2), build()
    torch.save([first.state_dict(), {k: o.state_dict() for k, o in first.optimizers.items()}], tmp_path / "state.pt")
    weights, optimizers = torch.load(tmp_path / "state.pt", weights_only=True)
    second.load_state_dict(weights)
    for name, optimizer in second.optimizers.items():
        optimizer.load_state_dict(optimizers[name])
    trained(second, batch, 2, 4)
    assert weights_digest(second.state_dict()) == weights_digest(straight.state_dict())


def test_half_precision_forward_leaves_losses_and_samples_in_full():
    model = build()
    model.autocast_dtype = torch.bfloat16
    losses = model.train_step(some_batch(), AT)
    assert all(v.dtype == torch.float32 and torch.isfinite(v) for v in losses.values())
    assert model.sample({"tokens": some_batch()["captions"][:, 0]}, 0).dtype == torch.float32


# --- differences of the released code ----------------------------------------------------------------------------------


def test_every_difference_changes_what_is_learned():
    each = [(), *((name,) for name in OF_GENERATOR)]
    assert len({digest_after(build(as_released=taken)) for taken in each}) == len(each)


def test_d1_is_hidden_by_captions_of_one_length():
    plain, turned = build().eval(), build(as_released=("D1",)).eval()
    tokens = some_batch()["captions"][:, 0].clamp(min=1)
    assert torch.equal(plain.sample({"tokens": tokens}, 0), turned.sample({"tokens": tokens}, 0))
    tokens[::2, 2:] = 0
    assert not torch.allclose(plain.sample({"tokens": tokens}, 0), turned.sample({"tokens": tokens}, 0), atol=1e-6)


def test_d5_a_real_image_meets_the_caption_of_the_next_shorter_one(monkeypatch):
    model, batch = build(as_released=("D5",)), some_batch()
    captions = torch.zeros(4, 1, 7, dtype=torch.int64)
    for row, length in enumerate((2, 7, 4, 4)):
        captions[row, :, :length] = row + 1
    batch = {"image": batch["image"][:4], "class_id": torch.arange(4), "captions": captions}
    seen = []
    head = model.discriminators[1].COND_DNET
    head.register_forward_pre_hook(lambda _, args: seen.append(args))
    model.train_step(batch, AT)
    sentence = model.held["damsm"].text(captions[:, 0])[1]
    features, said = seen[0]
    assert len(said) == 11 and torch.equal(said[:8], sentence.repeat(2, 1))
    assert torch.equal(said[8:], sentence[[2, 3, 0]])  # behind the images 1, 2 and 3: lengths 7, 4, 4, 2
    assert torch.equal(features[8:], features[[1, 2, 3]])


def test_d4_and_d5_weigh_the_terms():
    batch, found = some_batch(), {}
    for taken in ((), ("D4",), ("D5",), ("D4", "D5")):
        torch.manual_seed(0)
        found[taken] = {k: v.item() for k, v in build(as_released=taken).train_step(batch, AT).items()}
    assert found[("D4",)]["discriminator"] == found[()]["discriminator"]
    assert found[("D5",)]["real"] == found[()]["real"] and found[("D5",)]["fake"] == found[()]["fake"]
    for name in ("fake", "wrong"):
        assert found[("D4", "D5")][name] == pytest.approx(found[("D5",)][name] * 2 / 3, rel=1e-5)
    assert found[("D4",)]["fooling"] == pytest.approx(2 * found[()]["fooling"], rel=1e-5)


def test_a_step_at_the_papers_size(monkeypatch):
    monkeypatch.setattr(
        attngan, "initialise_orthogonal", lambda network: None
    )  # of 100 million weights it takes a minute
    about, own = ABOUT._replace(image_shape=(3, 304, 304)), {**SHEET["config"]["AttnGAN"], **ENGINE}
    model = build(about, build_damsm(dim=256), **own)
    assert sum(p.numel() for p in model.discriminators.parameters()) == 6_313_730 + 19_424_002 + 71_858_946
    losses = model.train_step(some_batch(2, 304, 18), AT)
    assert all(torch.isfinite(loss) for loss in losses.values())


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        ({}, 7_084_592),
        ({"sizes": (64, 128)}, 6_817_000),
        ({"single_output": True, "residuals": 0}, 6_639_000),
        ({"ngf": 48, "residuals": 3}, 13_810_000),
    ],
)
def test_parameters_of_the_released_generators(fields: dict, parameters: int):
    with torch.device("meta"):
        model = Generator(config_of(**fields), 256, False)
    # All but the first are known to a thousandth only.
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(parameters, rel=0 if not fields else 1e-3)
    names = set(model.state_dict())
    assert ("img_net.img.0.weight" in names) == bool(fields.get("single_output"))
    assert {
        "ca_net.fc.bias",
        "h_net1.fc.0.weight",
        "h_net2.att.conv_context.weight",
        "h_net2.upsample.1.weight",
    } <= names


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"sizes": (8, 32)}, "sizes: .8, 32.: from a power of 2 that is 8 or more, each must be twice the one before$"),
        ({"sizes": (4, 8)}, "sizes: .4, 8.: from a power of 2"),
        ({"sizes": (12, 24)}, "sizes: .12, 24.: from a power of 2"),
        ({"crop": 12}, "crop: 12 of 3 x 19 x 19: it must be the last size 16 or more"),
    ],
)
def test_mistakes(fields: dict, line: str):
    with pytest.raises(RedrawError, match=f"^attngan, {line}"):
        build(**fields)


def test_it_needs_a_damsm():
    with pytest.raises(
        RedrawError, match="^attngan: no damsm network: give the run needs: {damsm: <name of another run>}$"
    ):
        AttnGAN(config_of(**SMALL), ABOUT, {})
