"""char-CNN-RNN and GAN-INT-CLS: published outputs, closed forms, and every difference of the released code on its own."""

from __future__ import annotations

import dataclasses

import golden
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw import engine
from redraw.blocks.captions import draw_captions, mismatching
from redraw.blocks.conditioning import noise_of
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers import char_cnn_rnn, gan_int_cls
from redraw.papers.char_cnn_rnn import CharCNNRNN
from redraw.papers.gan_int_cls import GANINTCLS, StyleEncoder
from redraw.recipe import About, Recipe, Step, make_config
from redraw.sheets import PAPERS, read_yaml
from redraw.state import State
from redraw.tracking import Spool

SHEET = read_yaml(PAPERS / "gan_int_cls.yaml")
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+-=<>()[]{} "
VOCABULARY = ("<pad>", *ALPHABET)
CLASSES = 4
ABOUT = About((3, 76, 76), CLASSES, VOCABULARY, tuple(range(CLASSES)))
SMALL_ABOUT = About((3, 19, 19), CLASSES, VOCABULARY, tuple(range(CLASSES)))
AT = Step(0, 1, 0.0)
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL_TEXT = {"channels": (8, 8), "cnn_dim": 8, "embedding_dim": 6, "length": 60}
SMALL_GAN = {"image_size": 16, "crop": 16, "ngf": 2, "ndf": 2, "nt": 4, "nz": 5}
TRAINING_DIFFERENCES = tuple(n for n, d in SHEET["differences"].items() if d["changes"] == "training")
RELEASED = tuple(SHEET["runs"]["gan_int_cls_released"]["as_released"])
VARIANTS = {  # of the golden file
    "birds_icml": {"cnn_dim": 512, "recurrent": "gru", "third_pool": False},
    "birds_cvpr": {"cnn_dim": 256, "recurrent": "rnn", "third_pool": True},
    "flowers_icml": {"cnn_dim": 512, "recurrent": "rnn", "third_pool": True},
    "flowers_cvpr": {"cnn_dim": 256, "recurrent": "rnn", "third_pool": True},
}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class Colours(Recipe):
    """Stands for a trained classifier: its features are a fixed map of mean colours. It sees the left half of images."""

    def __init__(self, features: int) -> None:
        nn.Module.__init__(self)
        self.map = nn.Linear(3, features)

    def view(self, image: Tensor) -> Tensor:
        return image[..., : image.shape[3] // 2]

    def encode(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"features": self.map(batch["image"].mean((2, 3)))}


class Letters(Recipe):
    """Stands for a trained text encoder: an embedding is how often each of the first letters occurs."""

    embedding_dim = 6

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.scale = nn.Parameter(torch.ones(()))

    def text(self, tokens: Tensor) -> Tensor:
        return self.scale * F.one_hot(tokens, len(VOCABULARY))[:, :, 1:7].sum(1).float() / tokens.shape[1]


def build_text(about: About = ABOUT, features: int | None = None, **fields) -> CharCNNRNN:
    values = {**SHEET["config"]["CharCNNRNN"], **ENGINE, **SMALL_TEXT, **fields}
    torch.manual_seed(0)
    needs = {"features": Colours(values["embedding_dim"] if features is None else features)}
    return CharCNNRNN(make_config(char_cnn_rnn.Config, values, "test"), about, needs)


def build(about: About | None = None, text: Recipe | None = None, **fields) -> GANINTCLS:
    values = {**SHEET["config"]["GANINTCLS"], **ENGINE, **SMALL_GAN, **fields}
    torch.manual_seed(0)
    about = about or (SMALL_ABOUT if values["crop"] == 16 else ABOUT)
    return GANINTCLS(make_config(gan_int_cls.Config, values, "test"), about, {"text": text or Letters()})


def build_style(model: GANINTCLS, **fields) -> StyleEncoder:
    values = {**SHEET["config"]["StyleEncoder"], **ENGINE, "width": 2, **fields}
    torch.manual_seed(0)
    return StyleEncoder(make_config(gan_int_cls.StyleConfig, values, "test"), SMALL_ABOUT, {"generator": model})


def some_batch(n: int = 8, side: int = 19, length: int = 60) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, len(VOCABULARY), (n, 3, length), generator=generator)
    captions[:, :, 40:] = 0
    captions[0, 2] = 0  # the first image has two captions only
    image = torch.rand(n, 3, side, side, generator=generator) * 2 - 1
    return {"image": image, "class_id": torch.arange(n) % CLASSES, "captions": captions}


def digest_after(model: Recipe, batch: dict[str, Tensor], steps: int = 2) -> str:
    model.train()
    for step in range(steps):
        engine.seed_everything(0, step)
        model.train_step(batch, Step(step, steps, 0.0))
    return weights_digest(model.state_dict())


# --- the goldens' rule -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["char_cnn_rnn", "gan_int_cls_losses"])
def test_the_rule_fills_what_the_files_were_made_with(name: str):
    manifest, _ = golden.load(name)
    for tag, shapes in manifest["states"].items():
        np.testing.assert_allclose(golden.checksum(golden.state(shapes)), manifest["state_checksums"][tag], rtol=1e-6)
    for key, values in golden.inputs(manifest).items():
        np.testing.assert_allclose(
            golden.checksum({"x": values}), manifest["input_checksums"][key], rtol=1e-9, atol=1e-9
        )


# --- char-CNN-RNN --------------------------------------------------------------------------------------------------


def filled(variant: str, dtype: torch.dtype) -> tuple[char_cnn_rnn.TextEncoder, dict, dict, Tensor]:
    manifest, stored = golden.load("char_cnn_rnn")
    model = build_text(
        **{**SMALL_TEXT, "channels": (384, 512), "embedding_dim": 1024, "length": 201, **VARIANTS[variant]}
    )
    weights = golden.state(manifest["states"][variant])
    model.encoder.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    return model.encoder.to(dtype), manifest, stored, torch.from_numpy(stored["labels"].astype(np.int64))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("dtype", "prefix", "forward", "backward"), [(torch.float32, "f32", 1e-5, 1e-5), (torch.float64, "f64", 1e-9, 1e-7)]
)
def test_published_text_encoders(variant: str, dtype: torch.dtype, prefix: str, forward: float, backward: float):
    encoder, manifest, stored, tokens = filled(variant, dtype)
    # All captions in one batch: the published outputs are one caption at a time, since the port mixes them.
    golden.match(f"{prefix}.{variant}.emb", encoder(tokens).detach(), stored, forward)
    encoder.zero_grad()
    encoder(tokens[:1]).sum().backward()
    gradients = {name: p.grad for name, p in encoder.named_parameters()}
    golden.match_rows(f"{prefix}.{variant}.grad_params_text0", gradients, manifest, stored, backward)


def test_parameters_of_the_published_text_encoders():
    counts = {v: sum(p.numel() for p in filled(v, torch.float32)[0].parameters()) for v in VARIANTS}
    assert counts == {
        "birds_icml": 4_045_184, "birds_cvpr": 1_814_144, "flowers_icml": 2_994_560, "flowers_cvpr": 1_814_144
    }  # fmt: skip


def test_a_caption_is_embedded_alike_in_any_batch_and_id_0_is_an_empty_column():
    encoder, _, _, tokens = filled("birds_icml", torch.float64)
    one_by_one = torch.cat([encoder(row[None]) for row in tokens])
    torch.testing.assert_close(encoder(tokens), one_by_one, rtol=1e-12, atol=1e-13)
    columns = F.one_hot(tokens, len(VOCABULARY))[:, :, 1:].double().transpose(1, 2)
    direct = F.conv1d(columns, encoder.conv1.weight)
    torch.testing.assert_close(encoder.first_convolution(tokens), direct, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("prefix", "dtype", "tolerance"), [("f32", np.float32, 1e-5), ("f64", np.float64, 1e-9)])
def test_joint_embedding_loss_and_its_gradients(prefix: str, dtype: type, tolerance: float):
    manifest, stored = golden.load("char_cnn_rnn")
    given = {k: torch.from_numpy(v.astype(dtype)).requires_grad_() for k, v in golden.inputs(manifest).items()}
    loss = char_cnn_rnn.joint_embedding_loss(given["sje.image"], given["sje.text"], 1.0)
    both = stored[f"{prefix}.sje_text_image"] + stored[f"{prefix}.sje_image_text"]
    assert abs(loss.item() - both) <= tolerance * both
    loss.backward()
    golden.match(f"{prefix}.sje_grad_text", given["sje.text"].grad, stored, 2 * tolerance)
    golden.match(f"{prefix}.sje_grad_image", given["sje.image"].grad, stored, 2 * tolerance)


def test_pairs_of_one_class_are_not_told_apart():
    image, text = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(1)).double()
    loss = char_cnn_rnn.joint_embedding_loss(image, text, 1.0, torch.tensor([0, 1, 0, 2]))
    expected = sum(
        max(0, float(image[i] @ text[j] - image[i] @ text[i] + 1)) + max(0, float(image[j] @ text[i] - image[i] @ text[i] + 1))
        for i in range(4) for j in range(4) if i != j and {i, j} != {0, 2}
    )  # fmt: skip
    assert loss.item() == pytest.approx(expected / 16, rel=1e-12)


@pytest.mark.parametrize(("recurrent", "third_pool"), [("gru", False), ("rnn", True)])
def test_the_text_encoder_learns_and_reads_frozen_features(recurrent: str, third_pool: bool):
    model, batch = build_text(recurrent=recurrent, third_pool=third_pool, length=201), some_batch(4, 76, 201)
    features = {n: p.clone() for n, p in model.held["features"].state_dict().items()}
    model.train_step(batch, AT)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    first = model.validate(batch)["loss"]
    for step in range(40):
        losses = model.train_step(batch, Step(step, 40, 0.0))
    assert torch.isfinite(losses["loss"]) and model.validate(batch)["loss"] < first
    assert all(torch.equal(p, features[n]) for n, p in model.held["features"].state_dict().items())
    assert not any("features" in key or "map" in key for key in model.state_dict())
    found = model.encode({"tokens": batch["captions"][:, 0], "image": batch["image"]})
    assert found["text_embedding"].shape == found["image_embedding"].shape == (4, 6)
    torch.testing.assert_close(found["image_embedding"], model.held["features"].encode(batch)["features"])
    other_half = batch["image"].clone()
    other_half[..., 38:] = 0  # what the classifier does not see of real images
    engine.seed_everything(0, 0)
    losses = model.validate(batch)
    engine.seed_everything(0, 0)
    assert torch.equal(model.validate({**batch, "image": other_half})["loss"], losses["loss"])
    engine.seed_everything(0, 0)
    assert not torch.equal(model.validate({**batch, "image": -other_half})["loss"], losses["loss"])


def test_an_image_meets_any_of_its_own_captions():
    model, batch, seen = build_text(), some_batch(4, 76), []
    model.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    for step in range(40):
        engine.seed_everything(0, step)
        model.validate(batch)
    drawn = torch.stack(seen)[:, :, None] == batch["captions"]  # [steps, N, K, T]
    assert drawn.all(3).sum(2).eq(1).all()
    assert drawn.all(3).any(0).tolist() == [[True, True, False], *[[True] * 3] * 3]


def test_the_step_size_of_the_text_encoder_decays_once_in_as_many_steps_as_classes():
    model, batch = build_text(learning_rate=1.0, decay=0.5), some_batch(4, 76)
    seen = []
    for step in (0, CLASSES - 1, CLASSES, 2 * CLASSES):
        model.train_step(batch, Step(step, 100, 0.0))
        seen.append(model.optimizers["rmsprop"].param_groups[0]["lr"])
    assert seen == [1.0, 1.0, 0.5, 0.25]


def test_captions_are_drawn_evenly_from_those_that_an_image_has():
    captions = torch.zeros(2, 3, 2, dtype=torch.int64)
    captions[0, :2, 0], captions[1, :, 1] = torch.tensor([1, 2]), torch.tensor([3, 4, 5])
    torch.manual_seed(0)
    drawn = draw_captions(captions, 3000)
    assert drawn.shape == (2, 3000, 2)
    assert [(drawn[0, :, 0] == k).sum().item() for k in (1, 2)] == pytest.approx([1500] * 2, abs=120)
    assert [(drawn[1, :, 1] == k).sum().item() for k in (3, 4, 5)] == pytest.approx([1000] * 3, abs=120)


def test_mistakes_about_the_text_encoder():
    with pytest.raises(
        RedrawError, match="^char_cnn_rnn, embedding_dim: 6, but there are 7 image features.*use embedding_dim 7$"
    ):
        build_text(features=7)
    with pytest.raises(RedrawError, match="must be characters: give its tokens tokenizer: characters$"):
        build_text(About((3, 76, 76), 4, ("<pad>", "red", "bird"), (0,)))
    with pytest.raises(RedrawError, match="recurrent: 'lstm' is not known: use gru or rnn$"):
        build_text(recurrent="lstm")
    with pytest.raises(RedrawError, match="20 characters are too few"):
        build_text(length=20)
    with pytest.raises(
        RedrawError, match="captions of 50 characters, but it was trained on 60: give both runs the same tokens$"
    ):
        build_text().text(torch.ones(2, 50, dtype=torch.int64))
    with pytest.raises(RedrawError, match="^char_cnn_rnn: no features network: give the run needs"):
        CharCNNRNN(make_config(char_cnn_rnn.Config, {**SHEET["config"]["CharCNNRNN"], **ENGINE}, "test"), ABOUT, {})


@pytest.mark.parametrize("third_pool", [False, True])
def test_the_shortest_caption_that_the_convolutions_hold(third_pool: bool):
    shortest = next(n for n in range(1, 201) if char_cnn_rnn.recurrent_steps(n, third_pool) == 1)
    model = build_text(length=shortest, third_pool=third_pool)
    assert model.text(torch.ones(2, shortest, dtype=torch.int64)).shape == (2, 6)
    assert char_cnn_rnn.recurrent_steps(201, third_pool) == (8 if third_pool else 18)


# --- the GAN's losses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_discriminator_loss_by_the_released_formulas(weight: float):
    manifest, stored = golden.load("gan_int_cls_losses")
    given = {k: torch.from_numpy(v.astype(np.float64)).requires_grad_() for k, v in golden.inputs(manifest).items()}
    real, wrong, fake = (torch.logit(given[f"out.{k}"]) for k in ("real", "wrong", "fake"))
    losses = gan_int_cls.discriminator_loss(real, wrong if weight else None, fake, weight)
    parts = [
        losses["real"],
        weight * losses.get("wrong", torch.zeros((), dtype=torch.float64)),
        (1 - weight) * losses["fake"],
    ]
    golden.match(f"cls{weight}.parts", torch.stack([p.detach() for p in parts]), stored, 1e-9)
    golden.match(f"cls{weight}.errD", losses["discriminator"].detach(), stored, 1e-9)
    losses["discriminator"].backward()
    for kind in ("real", "wrong", "fake"):
        grad = given[f"out.{kind}"].grad
        golden.match(f"cls{weight}.grad_{kind}", torch.zeros(8) if grad is None else grad, stored, 1e-9)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_generator_loss_by_the_released_formulas(weight: float):
    manifest, stored = golden.load("gan_int_cls_losses")
    out = torch.from_numpy(golden.inputs(manifest)["out.gen"].astype(np.float64)).requires_grad_()
    loss = gan_int_cls.generator_loss(torch.logit(out), 8, weight, one_mean=True)
    golden.match(f"int{weight}.errG", loss.detach(), stored, 1e-9)
    loss.backward()
    golden.match(f"int{weight}.grad", out.grad, stored, 1e-9)
    apart = gan_int_cls.generator_loss(torch.logit(out), 8, weight, one_mean=False)
    assert apart.item() == pytest.approx(-(out[:8].log().mean() + weight * out[8:].log().mean()).item(), rel=1e-12)


def test_interpolated_embeddings_by_the_released_formulas():
    manifest, stored = golden.load("gan_int_cls_losses")
    given = golden.inputs(manifest)
    txt, alpha = (torch.from_numpy(given[k].astype(np.float64)) for k in ("txt", "alpha_raw"))
    golden.match("interp_type1", torch.cat([txt, gan_int_cls.between(txt[:4], txt[4:], 0.5)]), stored, 1e-9)
    golden.match("interp_type2", torch.cat([txt, gan_int_cls.between(txt[:4], txt[4:], 0.5, alpha)]), stored, 1e-9)
    first, second = torch.eye(2)
    assert gan_int_cls.between(first, second, 0.25).tolist() == [0.25, 0.75]  # eq. 5: beta is the first one's


def test_the_mean_of_four_captions_by_the_released_formula():
    manifest, stored = golden.load("gan_int_cls_losses")
    raw = torch.from_numpy(golden.inputs(manifest)["netR.raw"].astype(np.float64))

    class Rows(Letters):
        def text(self, tokens: Tensor) -> Tensor:
            return raw[tokens[:, 0]]

    means = build(text=Rows()).embed(torch.arange(8).view(2, 4, 1))
    golden.match("netR.numCaption4", means.repeat_interleave(4, 0), stored, 1e-9)


# --- the sheet -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("CharCNNRNN", char_cnn_rnn.Config),
        ("GANINTCLS", gan_int_cls.Config),
        ("StyleEncoder", gan_int_cls.StyleConfig),
    ],
)
def test_the_sheet_gives_exactly_the_fields_of_the_config(name: str, config: type):
    fields = {f.name for f in dataclasses.fields(config)}
    assert set(SHEET["config"][name]) | {"as_released"} == fields  # as_released belongs to a run
    make_config(config, {**SHEET["config"][name], "as_released": ()}, "test")


def test_what_the_docstring_numbers_is_in_the_sheet():
    for name in (*SHEET["differences"], *SHEET["misprints"]):
        assert name in gan_int_cls.__doc__, name


# --- the GAN's networks ------------------------------------------------------------------------------------------------


class Embedding1024(Letters):
    embedding_dim = 1024


def parameters(model: GANINTCLS) -> tuple[int, int]:
    return tuple(sum(p.numel() for p in n.parameters()) for n in (model.generator, model.discriminator))


def test_parameters_of_the_released_networks():
    paper = {k: SHEET["config"]["GANINTCLS"][k] for k in SMALL_GAN}
    released = build(text=Embedding1024(), **paper, as_released=RELEASED)
    assert parameters(released) == (18_909_699, 4_032_321)
    written = build(text=Embedding1024(), **paper)
    g, d = 8 + 2 + 2 + 8 + 4 + 1 + 1 + 4 + 2 + 1, 2 + 4 + 8 + 2 + 2 + 8 + 8  # biases before a normalisation, by width
    assert parameters(written) == (18_909_699 - g * 128, 4_032_321 - d * 64 - 2 * 128)  # and D4's normalisation


@pytest.mark.parametrize("taken", [(), TRAINING_DIFFERENCES])
@pytest.mark.parametrize("size", gan_int_cls.SIZES)
def test_every_size_draws_sees_and_learns(size: int, taken: tuple[str, ...]):
    model = build(image_size=size, crop=64, as_released=taken)
    losses = model.train_step(some_batch(8, 76), AT)
    assert set(losses) == {"real", "wrong", "fake", "discriminator", "generator"}
    assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in losses.values())
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    images = model.eval().sample({"tokens": some_batch()["captions"][:, 0]}, seed=0)
    assert images.shape == model.view(some_batch(8, 76)["image"]).shape == (8, 3, size, size)
    assert images.abs().max() <= 1


def test_small_networks_lack_the_stages_nearest_to_the_image():
    large, small = (build(image_size=size, crop=64, ngf=4, ndf=4) for size in (64, 16))
    kept = {k: v.shape for k, v in large.generator.state_dict().items() if int((k.split(".") + ["9"])[1]) < 6}
    assert all(small.generator.state_dict()[k].shape == shape for k, shape in kept.items())
    assert [m.out_channels for m in small.discriminator.trunk if isinstance(m, nn.Conv2d)] == [16, 32]
    assert [m.out_channels for m in large.discriminator.trunk if isinstance(m, nn.Conv2d)] == [4, 8, 16, 32]


def test_rectifiers_leak_in_the_discriminator_and_in_the_maps_of_the_text_alone():
    model = build(image_size=64, crop=64)
    slopes = {
        name: {m.slope if isinstance(m, gan_int_cls.Residual) else m.negative_slope for m in network.modules()
               if isinstance(m, nn.LeakyReLU | gan_int_cls.Residual)}
        for name, network in (("drawn", model.generator.image), ("read", model.generator.text), ("D", model.discriminator))
    }  # fmt: skip
    assert slopes == {"drawn": {0.0}, "read": {0.2}, "D": {0.2}}
    assert sum(isinstance(m, nn.ReLU) for m in model.generator.image) == 2


def test_initialisation():
    model = build(image_size=64, crop=64, ngf=16, ndf=16)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.weight.numel() > 2000:
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
        if isinstance(module, nn.BatchNorm2d) and module.num_features >= 64:
            assert module.weight.mean().item() == pytest.approx(1, abs=0.02) and 0.01 < module.weight.std() < 0.03


def test_images_are_cut_flipped_and_reduced():
    image = torch.arange(76 * 76).view(1, 1, 76, 76).expand(400, 3, 76, 76) / 76**2
    model = build(image_size=64, crop=64)
    middle = model.view(image)
    torch.testing.assert_close(middle, image[:, :, 6:70, 6:70])
    torch.manual_seed(0)
    seen = model.view(image, train=True)
    flipped = seen[:, 0, 0, 0] > seen[:, 0, 0, 1]
    assert 150 < flipped.sum() < 250
    corner = (seen.amin((1, 2, 3)) * 76**2).round().long()  # flipped or not, the crop's first pixel has the least value
    assert set((corner // 76).tolist()) == set((corner % 76).tolist()) == set(range(13))
    row, column = corner[0] // 76, corner[0] % 76
    expected = image[0, :, row : row + 64, column : column + 64]
    torch.testing.assert_close(seen[0], expected.flip(2) if flipped[0] else expected)
    torch.testing.assert_close(build(image_size=32, crop=64).view(image), F.avg_pool2d(middle, 2))


# --- pairs, and the differences of the released code -----------------------------------------------------------------


class Watch:
    """What the networks are given in one training step, and what the discriminator says."""

    def __init__(self, model: GANINTCLS, batch: dict[str, Tensor]) -> None:
        self.images, self.texts, self.noises, self.logits = [], [], [], []
        d, keep = model.discriminator, lambda found: lambda module, args: found.append(args[0].detach().clone())
        hooks = [
            d.trunk.register_forward_pre_hook(keep(self.images)),
            d.text.register_forward_pre_hook(keep(self.texts)),
            model.generator.register_forward_pre_hook(keep(self.noises)),
            d.pair.register_forward_hook(lambda module, args, out: self.logits.append(out.detach().flatten())),
        ]
        engine.seed_everything(0, 0)
        self.losses = model.train_step(batch, AT)
        for hook in hooks:
            hook.remove()


def told_apart(n: int = 16) -> dict[str, Tensor]:
    """Images and captions that show their class: one grey level and one letter for each."""
    class_id = torch.arange(n) % CLASSES
    image = (class_id / CLASSES)[:, None, None, None].expand(n, 3, 19, 19).contiguous()
    captions = (class_id + 1)[:, None, None].expand(n, 3, 60).contiguous()
    return {"image": image, "class_id": class_id, "captions": captions}


def classes_of(images: Tensor) -> list[int]:
    return (images[:, 0, 0, 0] * CLASSES).round().long().tolist()


def test_as_written_a_right_image_meets_the_caption_of_another_class():
    batch = told_apart()
    seen = Watch(build(), batch)
    assert len(seen.images) == 3 and len(seen.texts) == 4  # real, drawn, drawn for G; right, wrong, drawn, drawn for G
    assert classes_of(seen.images[0]) == seen.texts[0].argmax(1).tolist() == batch["class_id"].tolist()
    assert not (seen.texts[1].argmax(1) == batch["class_id"]).any()
    assert len(set(seen.texts[1].argmax(1).tolist())) == CLASSES
    torch.testing.assert_close(seen.texts[2], seen.texts[0])
    for name, logits in zip(("real", "wrong", "fake"), seen.logits[:3], strict=True):
        expected = F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, name == "real"))
        torch.testing.assert_close(seen.losses[name], expected)


def test_mismatches_are_drawn_evenly_and_never_of_the_same_class():
    class_id = torch.tensor([0, 0, 1, 2])
    torch.manual_seed(0)
    drawn = torch.stack([mismatching(class_id, "gan_int_cls") for _ in range(900)])
    assert not (class_id[drawn] == class_id).any()
    assert torch.bincount(drawn[:, 2], minlength=4).tolist() == pytest.approx([300, 300, 0, 300], abs=60)


def test_a_batch_of_one_class_has_no_mismatch():
    batch = {**some_batch(), "class_id": torch.zeros(8, dtype=torch.int64)}
    with pytest.raises(RedrawError, match="^gan_int_cls: all images of a batch are of one class.*raise batch_size$"):
        build().train_step(batch, AT)
    assert "wrong" not in build(cls_weight=0.0).train_step(batch, AT)  # which plain GAN does not need


def test_d1_another_image_meets_the_right_caption():
    batch = told_apart()
    seen = Watch(build(as_released=("D1",)), batch)
    assert len(seen.images) == 4
    assert not (torch.tensor(classes_of(seen.images[1])) == batch["class_id"]).any()
    assert all(torch.equal(texts, seen.texts[0]) for texts in seen.texts[1:3])
    assert seen.texts[0].argmax(1).tolist() == batch["class_id"].tolist()


def test_d2_captions_are_averaged():
    asked = []

    class Counted(Letters):
        def text(self, tokens: Tensor) -> Tensor:
            asked.append(tokens)
            return super().text(tokens)

    for taken, n in ((), 1), (("D2",), 4):
        asked.clear()
        model = build(text=Counted(), as_released=taken)
        seen = Watch(model, some_batch())
        assert [len(tokens) for tokens in asked] == [8 * n]
        torch.testing.assert_close(seen.texts[0], Letters().text(asked[0]).view(8, n, 6).mean(1))


def test_d3_biases_are_set_to_zero_before_each_update():
    def biases(model: GANINTCLS) -> list[Tensor]:
        return [m.bias for m in model.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d) and m.bias is not None]

    found = {}
    for taken in ((), ("D3",)):
        model = build(as_released=taken, learning_rate=1e-3, **{"image_size": 64, "crop": 64})
        for bias in biases(model):
            nn.init.ones_(bias)
        for step in range(3):
            model.train_step(some_batch(8, 76), Step(step, 3, 0.0))
        found[taken] = biases(model)
    assert len(found["D3",]) == 11 + 10 - 1 and len(found[()]) == 3  # only where no normalisation follows
    assert all((bias > 0.5).all() for bias in found[()])
    largest = max(bias.abs().max() for bias in found["D3",])
    assert 0 < largest < 2e-3  # what one step of Adam makes of zero, give or take its momentum


def test_d4_and_d5_change_the_discriminator():
    def kinds(network: nn.Sequential) -> list[str]:
        return [type(m).__name__ for m in network]

    as_written, d4, d5 = (build(image_size=64, crop=64, as_released=t) for t in ((), ("D4",), ("D5",)))
    assert kinds(as_written.discriminator.text) == ["Linear", "LeakyReLU"]
    assert kinds(d4.discriminator.text) == ["Linear", "BatchNorm1d", "LeakyReLU"]
    stage = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    tail = ["Conv2d", "BatchNorm2d", "Residual"]
    assert kinds(as_written.discriminator.trunk) == ["Conv2d", "LeakyReLU", *stage, *stage, *tail]
    assert kinds(d5.discriminator.trunk) == ["Conv2d", "LeakyReLU", *stage, *stage[:2], *tail]
    assert kinds(d4.generator.image) == kinds(d5.generator.image) == kinds(as_written.generator.image)


def test_d15_leaves_the_discriminator_without_its_residual_block():
    as_written, d15 = (build(image_size=64, crop=64, as_released=taken) for taken in ((), ("D15",)))
    blocks = [
        [m for m in model.discriminator.modules() if isinstance(m, gan_int_cls.Residual)] for model in (as_written, d15)
    ]
    assert [len(found) for found in blocks] == [1, 0]
    x = torch.randn(4, 16, 4, 4)
    torch.testing.assert_close(d15.discriminator.trunk[-1](x), F.leaky_relu(x, 0.2))
    assert parameters(d15)[0] == parameters(as_written)[0]
    lacking = parameters(as_written)[1] - parameters(d15)[1]
    assert lacking == sum(p.numel() for p in blocks[0][0].parameters()) > 0


@pytest.mark.parametrize(("taken", "own", "extra"), [((), 1 / 8, 1 / 4), (("D6",), 1 / 12, 1 / 12)])
def test_d6_one_mean_over_all(taken: tuple[str, ...], own: float, extra: float):
    seen = Watch(build(as_released=taken, interp_weight=0.5), some_batch())
    losses = F.softplus(-seen.logits[-1])
    expected = own * losses[:8].sum() + 0.5 * extra * losses[8:].sum()
    torch.testing.assert_close(seen.losses["generator"], expected)


def test_d7_classes_are_drawn_first():
    assert build().batches == "images" and build(as_released=("D7",)).batches == "classes_with_replacement"


def test_d8_crops_never_begin_at_zero():
    image = torch.arange(19 * 19).view(1, 1, 19, 19).expand(200, 3, 19, 19) / 19**2
    for taken, places in ((), {0, 1, 2, 3}), (("D8",), {1, 2, 3}):
        torch.manual_seed(0)
        corner = (build(as_released=taken).view(image, train=True).amin((1, 2, 3)) * 19**2).round().long()
        assert set((corner // 19).tolist()) == set((corner % 19).tolist()) == places


def test_d9_the_generator_draws_for_itself():
    seen = Watch(build(), some_batch())
    assert [len(z) for z in seen.noises] == [12]
    assert torch.equal(seen.images[1], seen.images[2][:8])  # lines 6 to 13: one and the same images
    seen = Watch(build(as_released=("D9",)), some_batch())
    assert [len(z) for z in seen.noises] == [8, 12] and not torch.equal(seen.noises[0], seen.noises[1][:8])
    assert not torch.allclose(seen.images[1], seen.images[2][:8], atol=1e-4)


def test_every_difference_changes_what_is_learned():
    assert tuple(f"D{k}" for k in (*range(1, 10), 13, 15)) == TRAINING_DIFFERENCES
    batch = some_batch(8, 76)
    each = [(), *[(difference,) for difference in TRAINING_DIFFERENCES]]
    digests = {taken: digest_after(build(image_size=32, crop=64, as_released=taken), batch) for taken in each}
    assert digests.pop(("D7",)) == digests[()]  # it changes the batches, not the step
    assert len(set(digests.values())) == len(digests)


# --- the four models and the control ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "kinds", "drawn"),
    [
        ({"cls_weight": 0.0, "interp_weight": 0.0}, {"real", "fake"}, 8),
        ({"interp_weight": 0.0}, {"real", "fake", "wrong"}, 8),
        ({"extra_fakes": "none"}, {"real", "fake", "wrong"}, 8),
        ({"cls_weight": 0.0}, {"real", "fake"}, 12),
        ({}, {"real", "fake", "wrong"}, 12),
        ({"extra_fakes": "repeated"}, {"real", "fake", "wrong"}, 12),
        ({"extra_fakes": "extrapolated"}, {"real", "fake", "wrong"}, 12),
    ],
)
def test_the_models_differ_in_what_they_draw_and_judge(fields: dict, kinds: set[str], drawn: int):
    seen = Watch(build(**fields), some_batch())
    assert set(seen.losses) == kinds | {"discriminator", "generator"}
    assert [len(z) for z in seen.noises] == [drawn] and len(seen.logits[-1]) == drawn
    if fields.get("cls_weight") == 0.0:
        torch.testing.assert_close(seen.losses["discriminator"], seen.losses["real"] + seen.losses["fake"])
    else:
        half = (seen.losses["wrong"] + seen.losses["fake"]) / 2
        torch.testing.assert_close(seen.losses["discriminator"], seen.losses["real"] + half)


def test_the_control_draws_as_many_images_of_captions_that_somebody_wrote():
    h = torch.randn(9, 6, generator=torch.Generator().manual_seed(0))
    interpolated, repeated = build().extra(h), build(extra_fakes="repeated").extra(h)
    assert len(interpolated) == len(repeated) == 4
    assert torch.equal(repeated, h[:4])
    torch.testing.assert_close(interpolated, (h[:4] + h[4:8]) / 2)
    further = build(extra_fakes="extrapolated").extra(h)
    across = (further - interpolated) / (h[4:8] - h[:4])
    assert across.std(1).max() < 1e-4 and across.abs().max() <= 1
    seen = Watch(build(extra_fakes="repeated"), some_batch())
    assert torch.equal(seen.texts[-1][8:], seen.texts[-1][:4]) and not torch.equal(
        seen.noises[0][8:], seen.noises[0][:4]
    )


def test_the_step_size_halves_before_the_hundredth_epoch_is_trained():
    model, seen = build(), []
    for epoch in (0.0, 98.9, 99.0, 198.9, 199.5):
        model.train_step(some_batch(), Step(0, 1, epoch))
        seen.append([o.param_groups[0]["lr"] for o in model.optimizers.values()])
    assert seen == [[2e-4] * 2, [2e-4] * 2, [1e-4] * 2, [1e-4] * 2, [5e-5] * 2]


def test_the_discriminators_update_leaves_the_generator_alone_and_the_other_way_round():
    model, batch = build(), some_batch()
    for kept in ("generator", "discriminator"):
        before = {n: p.clone() for n, p in getattr(model, kept).named_parameters()}
        model.optimizers[kept].param_groups[0]["params"], held = [], model.optimizers[kept].param_groups[0]["params"]
        model.train_step(batch, AT)
        model.optimizers[kept].param_groups[0]["params"] = held
        assert all(torch.equal(p, before[n]) for n, p in getattr(model, kept).named_parameters())
    assert all(p.requires_grad for p in model.parameters())


# --- the frozen text encoder -----------------------------------------------------------------------------------------


def test_the_text_encoder_is_read_not_trained_not_kept_and_follows_its_reader():
    text = build_text()
    before = weights_digest(text.state_dict())
    model = build(text=text)
    own = digest_after(model, some_batch())
    assert weights_digest(text.state_dict()) == before and own == weights_digest(model.state_dict())
    assert not text.training and not any(p.requires_grad for p in text.parameters())
    assert {key.split(".")[0] for key in model.state_dict()} == {"generator", "discriminator"}
    held = {id(p) for p in text.parameters()}
    assert not held & {id(p) for o in model.optimizers.values() for g in o.param_groups for p in g["params"]}
    model.load_state_dict(build(text=build_text(), as_released=()).state_dict())
    model.to(torch.float64)
    assert {p.dtype for p in text.parameters()} == {torch.float64}
    assert {p.dtype for p in text.held["features"].parameters()} == {torch.float64}


def test_one_seed_gives_the_same_weights_and_a_stop_between_changes_nothing(tmp_path):
    fields = {"image_size": 32, "crop": 64, "ngf": 8, "ndf": 8, "text": build_text()}
    batch = some_batch(16, 76)
    assert digest_after(build(**fields), batch, 4) == digest_after(build(**fields), batch, 4)
    first, second, straight = build(**fields), build(**fields), build(**fields)
    digest_after(straight, batch, 4)
    digest_after(first, batch, 2)
    torch.save([first.state_dict(), {k: o.state_dict() for k, o in first.optimizers.items()}], tmp_path / "state.pt")
    weights, optimizers = torch.load(tmp_path / "state.pt", weights_only=True)
    second.load_state_dict(weights)
    for name, optimizer in second.optimizers.items():
        optimizer.load_state_dict(optimizers[name])
    for step in (2, 3):
        engine.seed_everything(0, step)
        second.train_step(batch, Step(step, 4, 0.0))
    assert weights_digest(second.state_dict()) == weights_digest(straight.state_dict())


# --- sampling --------------------------------------------------------------------------------------------------------


def trained() -> GANINTCLS:
    model = build(text=build_text(), ngf=4)
    digest_after(model, some_batch(), 3)
    return model.eval()


def test_samples_of_a_noise_group_do_not_depend_on_chunks():
    model, tokens = trained(), some_batch()["captions"][:, 0]
    groups = torch.tensor([0, 1, 2, 0, 1, 2, 5, 5])
    whole = model.sample({"tokens": tokens, "noise_group": groups}, seed=3)
    parts = [model.sample({"tokens": tokens[s], "noise_group": groups[s]}, seed=3) for s in (slice(0, 3), slice(3, 8))]
    torch.testing.assert_close(torch.cat(parts), whole, rtol=1e-4, atol=1e-5)
    z = noise_of({"noise_group": groups}, 8, 5, 3)
    assert torch.equal(z[0], z[3]) and torch.equal(z[6], z[7]) and len(set(map(tuple, z.tolist()))) == 4
    assert not torch.equal(z, noise_of({"noise_group": groups}, 8, 5, 4))
    assert z.std().item() == pytest.approx(1, abs=0.4)
    free = noise_of({}, 8, 5, 3)
    assert len(set(map(tuple, free.tolist()))) == 8 and torch.equal(free, noise_of({}, 8, 5, 3))


def test_sampling_changes_nothing_in_the_model():
    model = trained()
    before = weights_digest(model.state_dict())
    model.sample({"tokens": some_batch()["captions"][:, 0]}, seed=0)
    assert weights_digest(model.state_dict()) == before


def test_samples_between_two_captions_and_of_several():
    model, captions = trained(), some_batch()["captions"]
    first, second = captions[:, 0], captions[:, 1]
    groups = torch.zeros(8, dtype=torch.int64)
    ends = [model.sample({"tokens": t, "noise_group": groups}, 0) for t in (first, second)]
    for mix, end in zip((0.0, 1.0), ends, strict=True):
        conditions = {"tokens": first, "tokens_to": second, "mix": torch.full((8,), mix), "noise_group": groups}
        torch.testing.assert_close(model.sample(conditions, 0), end, rtol=1e-4, atol=1e-5)
    quarter = model.embedding_of({"tokens": first, "tokens_to": second, "mix": torch.full((8,), 0.25)})
    text = model.held["text"].text
    torch.testing.assert_close(quarter, 0.75 * text(first) + 0.25 * text(second))
    mean = model.embedding_of({"captions": captions})
    torch.testing.assert_close(mean[0], text(captions[0, :2]).mean(0))  # of the two captions that it has
    torch.testing.assert_close(mean[1], text(captions[1]).mean(0))


# --- training --------------------------------------------------------------------------------------------------------


class Toy:
    """A split of pictures in one colour for each class, whose captions repeat one letter."""

    def __init__(self, n: int = 64) -> None:
        self.class_ids = np.arange(n) % CLASSES
        colours = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, -1]])
        noise = torch.randn(n, 3, 19, 19, generator=torch.Generator().manual_seed(0))
        self.image = (colours[self.class_ids][:, :, None, None] * 0.8 + 0.1 * noise).clamp(-1, 1)
        self.captions = (torch.from_numpy(self.class_ids) + 1)[:, None, None].expand(n, 2, 60)

    def __len__(self) -> int:
        return len(self.class_ids)

    def batch(self, indices: np.ndarray, fields: tuple[str, ...], rng: np.random.Generator) -> dict[str, Tensor]:
        index = torch.from_numpy(indices)
        every = {
            "image": self.image[index],
            "class_id": torch.from_numpy(self.class_ids[indices]),
            "captions": self.captions[index],
        }
        return {field: every[field] for field in fields}


def run(model: Recipe, tmp_path, name: str) -> dict:
    state, spool = State(tmp_path / name), Spool(tmp_path / f"{name}.jsonl", run=name)
    return engine.train(
        model, Toy(), Toy(), seed=0, state=state, spool=spool, device=torch.device("cpu"), progress=lambda *_: None
    )


def test_sixty_steps_teach_the_discriminator_which_caption_is_right(tmp_path):
    fields = {"steps": 60, "batch_size": 16, "ngf": 4, "ndf": 8, "nt": 8, "learning_rate": 2e-3}
    model = build(**fields)
    trained = run(model, tmp_path, "gan")
    assert trained["steps"] == 60 and np.isfinite(trained["curves"]["train/discriminator"]["y"]).all()
    toy = Toy(16)
    h, image = Letters().text(toy.captions[:, 0]), model.view(toy.image)
    model.eval()
    with torch.no_grad():
        right, wrong = model.discriminator(image, h), model.discriminator(image, h.roll(1, 0))
    assert (right > wrong).float().mean() >= 0.9
    again = run(build(**fields), tmp_path, "again")
    assert weights_digest(again["weights"]) == weights_digest(trained["weights"])


# --- the style encoder -----------------------------------------------------------------------------------------------


def test_the_style_encoder_finds_noise_again_and_leaves_the_generator_as_it_is():
    text = build_text()
    model = build(text=text, ngf=8, nz=2)
    digest_after(model, some_batch(), 3)
    with torch.no_grad():  # noise that is plainly seen, without minutes of training
        model.generator.image[0].weight[:2] *= 40
    before = weights_digest(model.state_dict()), weights_digest(text.state_dict())
    style = build_style(model, width=4, learning_rate=5e-3)
    batch, seen = some_batch(32), []
    for step in range(60):
        engine.seed_everything(0, step)
        seen.append(style.train().train_step(batch, Step(step, 60, 0.0))["style"].item())
    for name, parameter in style.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    assert np.mean(seen[:5]) > 1.5 and np.mean(seen[-10:]) < 0.7 * np.mean(seen[:5])
    assert (weights_digest(model.state_dict()), weights_digest(text.state_dict())) == before
    assert {key.split(".")[0] for key in style.state_dict()} == {"network"} and not model.training
    conditions = {"style": style.view(batch["image"]), "tokens": batch["captions"][:, 0]}
    images = style.eval().sample(conditions, 0)
    assert images.shape == (32, 3, 16, 16) and torch.equal(images, style.sample(conditions, 1))  # nothing is drawn
    torch.testing.assert_close(images, model.draw(style.network(conditions["style"]), text.text(conditions["tokens"])))
    z = model.noise(32, batch["image"].device)
    with torch.no_grad():
        error = (style.network(model.draw(z, text.text(conditions["tokens"]))) - z).square().sum(1).mean()
    assert error < 0.7 * 2  # an encoder that finds nothing has the noise's own variance, 1 for each of its two numbers
    assert style.validate(batch)["style"].item() == pytest.approx(error.item(), rel=0.5)
    with pytest.raises(RedrawError, match="style: images of .3, 19, 19., the generator's are of 16 pixels: pass them"):
        style.sample({**conditions, "style": batch["image"]}, 0)
    style.to(torch.float64)
    assert {p.dtype for network in (style, model, text) for p in network.parameters()} == {torch.float64}


def test_half_precision_forward_leaves_losses_and_samples_in_full():
    text = build_text()
    text.autocast_dtype = torch.bfloat16
    assert text.train_step(some_batch(4, 76), AT)["loss"].dtype == torch.float32
    model = build(text=text)
    model.autocast_dtype = torch.bfloat16
    losses = model.train_step(some_batch(), AT)
    style = build_style(model)
    style.autocast_dtype = torch.bfloat16
    losses |= style.train_step(some_batch(), AT)
    assert all(v.dtype == torch.float32 and torch.isfinite(v) for v in losses.values())
    conditions = {"tokens": some_batch()["captions"][:, 0], "style": model.view(some_batch()["image"])}
    assert model.sample(conditions, 0).dtype == style.sample(conditions, 0).dtype == torch.float32


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"image_size": 24, "crop": 48}, "image_size: 24: use one of 16, 32, 64"),
        ({"crop": 24}, "crop: 24 of 3 x 76 x 76: it must be a multiple of image_size 16"),
        ({"crop": 80}, "crop: 80 of 3 x 76 x 76"),
        ({"extra_fakes": "more"}, "extra_fakes: 'more': use one of none, interpolated, extrapolated, repeated"),
    ],
)
def test_mistakes_about_the_gan(fields: dict, line: str):
    with pytest.raises(RedrawError, match=f"^gan_int_cls, {line}"):
        build(ABOUT, **fields)


def test_more_mistakes_about_the_gan():
    with pytest.raises(RedrawError, match="^gan_int_cls, crop: 16 of 1 x 28 x 28"):
        build(About((1, 28, 28), 4, VOCABULARY, (0,)))
    with pytest.raises(
        RedrawError, match="^gan_int_cls, D8: a crop of 16 leaves no offset but 0: prepare larger images$"
    ):
        build(About((3, 16, 16), 4, VOCABULARY, (0,)), as_released=("D8",))
    config = make_config(gan_int_cls.Config, {**SHEET["config"]["GANINTCLS"], **ENGINE}, "test")
    with pytest.raises(
        RedrawError, match="^gan_int_cls: no text network: give the run needs: {text: <name of another run>}$"
    ):
        GANINTCLS(config, ABOUT, {})
