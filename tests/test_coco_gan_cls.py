"""COCO's GAN-CLS, its text encoder that sees no images, and the reader of objects that scores it."""

from __future__ import annotations

import dataclasses

import pytest
import test_gan_int_cls as birds
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from redraw.blocks.captions import draw_distinct_captions
from redraw.core import RedrawError
from redraw.instruments import trunk
from redraw.instruments.object_reader import ObjectReader
from redraw.papers import char_cnn_rnn, gan_int_cls
from redraw.papers.char_cnn_rnn import CocoTextEncoder
from redraw.papers.gan_int_cls import GANINTCLS
from redraw.recipe import About, Step, make_config
from redraw.resolve import resolve
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "gan_int_cls.yaml")
PAPER = {"scale": "paper", "papers": {}, "datasets": {}, "engine": {"precision": "fp32", "compile": False}}
ONE_CLASS = About((3, 19, 19), 1, birds.VOCABULARY, (0,))
AT = Step(0, 1, 0.0)
SMALL_TEXT = {"channels": (8, 8), "cnn_dim": 8, "embedding_dim": 6, "length": 60}
THINGS = ("person", "dog", "kite")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def at_paper_size(run: str) -> dict:
    return resolve(SHEET, run, PAPER)[0]


def build_text(**fields) -> CocoTextEncoder:
    values = {**SHEET["config"]["CocoTextEncoder"], **birds.ENGINE, **SMALL_TEXT, **fields}
    torch.manual_seed(0)
    return CocoTextEncoder(make_config(char_cnn_rnn.CocoConfig, values, "test"), ONE_CLASS, {})


def coco_batch(n: int = 8, side: int = 19, length: int = 60) -> dict[str, Tensor]:
    return {**birds.some_batch(n, side, length), "class_id": torch.zeros(n, dtype=torch.int64)}


@pytest.mark.parametrize(
    ("recipe", "config"), [("CocoTextEncoder", char_cnn_rnn.CocoConfig), ("ObjectReader", trunk.Config)]
)
def test_the_sheet_gives_exactly_the_fields_of_the_config(recipe: str, config: type):
    assert set(SHEET["config"][recipe]) | {"as_released"} == {f.name for f in dataclasses.fields(config)}
    make_config(config, {**SHEET["config"][recipe], "as_released": ()}, "test")


# --- GAN-CLS ---------------------------------------------------------------------------------------------------------


def test_the_released_run_is_the_script_of_coco():
    values = at_paper_size("coco_gan_cls_released")
    asked = {"ngf": 196, "ndf": 196, "nt": 128, "nz": 100, "batch_size": 64, "cls_weight": 0.5, "residuals": 1}
    asked |= {"decay": 0.5, "decay_epochs": 40, "learning_rate": 2e-4, "beta1": 0.5, "released_captions": 3}
    assert {k: values[k] for k in asked} == asked
    assert values["steps"] == 200 * -(-82_783 // 64) == at_paper_size("coco_text")["steps"]
    assert values["interp_weight"] == 0 and not {"D4", "D5", "D6"} & set(values["as_released"])


def test_parameters_of_the_released_networks_and_of_the_large_one():
    config = make_config(gan_int_cls.Config, at_paper_size("coco_gan_cls_released"), "test")
    with torch.device("meta"):
        networks = (
            gan_int_cls.Generator(config, 1024, True),
            gan_int_cls.Discriminator(config, 1024, True, False, True, True),
        )
        large = gan_int_cls.Generator(dataclasses.replace(config, residuals=2), 1024, True)
    generator, discriminator, more = (sum(p.numel() for p in n.parameters()) for n in (*networks, large))
    assert (generator, discriminator) == (41_107_551, 36_190_301)
    block = sum(
        8 * n * inner + inner + 9 * inner**2 + inner + 9 * inner * 8 * n + 8 * n + 4 * inner + 16 * n
        for n, inner in ((196, 392), (98, 196))
    )
    assert more - generator == block


def test_one_step_at_the_papers_size():
    about = About((3, 76, 76), 1, birds.VOCABULARY, (0,))
    text = CocoTextEncoder(make_config(char_cnn_rnn.CocoConfig, at_paper_size("coco_text"), "test"), about, {})
    assert sum(p.numel() for p in text.parameters()) == 4_045_184
    config = make_config(gan_int_cls.Config, at_paper_size("coco_gan_cls_released"), "test")
    batch = coco_batch(2, 76, 201)
    losses = text.train_step(batch, AT)
    model = GANINTCLS(config, about, {"text": text})
    losses |= model.train_step(batch, AT)
    assert {"loss", "real", "wrong", "fake", "discriminator", "generator"} < set(losses)
    assert all(torch.isfinite(loss) for loss in losses.values())
    images = model.eval().sample({"tokens": batch["captions"][:, 0]}, seed=0)
    assert images.shape == (2, 3, 64, 64) and torch.isfinite(images).all()
    reader = build_reader(tuple(map(str, range(80))), **SHEET["config"]["ObjectReader"])
    losses = reader.train_step({"image": batch["image"], "attributes": torch.eye(2, 80).long()}, AT)
    assert reader.config.image_size == 64 and torch.isfinite(losses["cross_entropy"])


def test_any_other_image_mismatches_where_there_is_one_class():
    letters = torch.arange(6)[:, None, None].expand(6, 2, 60) + 1  # each image has its own letter
    batch = {**coco_batch(6), "captions": letters.contiguous()}
    seen = birds.Watch(birds.build(ONE_CLASS), batch)
    own, other = seen.texts[0].argmax(1), seen.texts[1].argmax(1)
    assert own.tolist() == list(range(6)) and not (own == other).any()
    torch.manual_seed(0)
    model, drawn = birds.build(ONE_CLASS, interp_weight=0.0), []
    model.discriminator.text.register_forward_pre_hook(lambda module, args: drawn.append(args[0].argmax(1)))
    for step in range(60):
        model.train_step(batch, Step(step, 60, 0.0))
    others = torch.stack(drawn[1::4])  # right, wrong, drawn, drawn for the generator
    assert all(set(others[:, row].tolist()) == set(range(6)) - {row} for row in range(6))
    with pytest.raises(RedrawError, match="none mismatches: raise batch_size$"):
        model.train_step(coco_batch(1), AT)


def test_d1_on_coco_is_any_other_image_with_the_right_caption():
    grey = (torch.arange(6) / 6)[:, None, None, None].expand(6, 3, 19, 19)
    seen = birds.Watch(birds.build(ONE_CLASS, as_released=("D1",)), {**coco_batch(6), "image": grey.contiguous()})
    real, wrong = (seen.images[k][:, 0, 0, 0].mul(6).round() for k in (0, 1))
    assert not (real == wrong).any() and torch.equal(seen.texts[0], seen.texts[1])


def test_d13_captions_are_averaged_without_repetition():
    captions = (torch.arange(5) + 1)[None, :, None].expand(2, 5, 60).clone()
    captions[1, 2:] = 0  # the second image has two
    asked = []

    class Counted(birds.Letters):
        def text(self, tokens: Tensor) -> Tensor:
            asked.append(tokens)
            return super().text(tokens)

    for taken in ("D13",), ("D2", "D13"):
        asked.clear()
        model = birds.build(ONE_CLASS, text=Counted(), as_released=taken, released_captions=3, interp_weight=0.0)
        for step in range(20):
            model.train_step({**coco_batch(2), "captions": captions}, Step(step, 20, 0.0))
        drawn = torch.stack(asked)[:, :, 0].view(20, 2, 3)
        assert all(len(set(row.tolist())) == 3 for row in drawn[:, 0])
        assert all(set(row.tolist()) == {1, 2} for row in drawn[:, 1])
    assert set(drawn[:, 0].flatten().tolist()) == {1, 2, 3, 4, 5}


def test_distinct_captions_are_drawn_evenly():
    captions = (torch.arange(4) + 1)[None, :, None].expand(3000, 4, 1)
    torch.manual_seed(0)
    drawn = draw_distinct_captions(captions, 2)[:, :, 0]
    pairs = torch.bincount(drawn[:, 0] * 5 + drawn[:, 1], minlength=25).view(5, 5)[1:, 1:]
    assert pairs.diagonal().sum() == 0
    assert pairs[~torch.eye(4, dtype=torch.bool)].tolist() == pytest.approx([250] * 12, abs=60)


def test_the_large_generator_rectifies_behind_its_last_block_alone():
    config = make_config(
        gan_int_cls.Config, {**at_paper_size("coco_gan_cls"), **birds.SMALL_GAN, "residuals": 2}, "test"
    )
    network = gan_int_cls.Generator(config, 6, False)
    blocks = [m for m in network.image if isinstance(m, gan_int_cls.Residual)]
    assert [b.rectified for b in blocks] == [False, True] * 2
    x = torch.randn(4, 16, 4, 4)
    plain, rectified = blocks[0](x), blocks[1].train()(x)
    torch.testing.assert_close(plain, x + blocks[0].body(x))
    assert plain.min() < 0 and rectified.min() == 0
    model = birds.build(residuals=2)
    assert all(torch.isfinite(v) for v in model.train_step(birds.some_batch(), AT).values())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.generator.parameters())
    with pytest.raises(RedrawError, match="^gan_int_cls, residuals: 0: use 1, or 2 as with the released option large$"):
        birds.build(residuals=0)


# --- the text encoder ------------------------------------------------------------------------------------------------


def test_the_loss_is_one_hinge_and_no_image_meets_itself():
    first, second = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    first.requires_grad_(), second.requires_grad_()
    found = char_cnn_rnn.matching_loss(first, second, 1.0)
    expected, hits = 0.0, 0
    grads = torch.zeros(2, 5, 4, dtype=torch.float64)  # as the released code adds them up
    for i in range(5):
        scores = (first @ second[i]).tolist()
        hits += max(scores) == scores[i]
        for j in range(5):
            if i != j and scores[j] - scores[i] + 1 > 0:
                expected += scores[j] - scores[i] + 1
                grads[1, i] += (first[j] - first[i]).detach()
                grads[0, j] += second[i].detach()
                grads[0, i] -= second[i].detach()
    assert found["loss"].item() == pytest.approx(expected / 25, rel=1e-12)
    assert found["error"].item() == pytest.approx(100 - 20 * hits)
    found["loss"].backward()
    torch.testing.assert_close(torch.stack([first.grad, second.grad]), grads / 25)


def test_initialisation():
    model = build_text(channels=(64, 64), cnn_dim=64)
    for convolution in (model.encoder.conv1, model.encoder.conv2, model.encoder.conv3):
        assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.1) and not convolution.bias.any()
    linear = model.encoder.emb_proj
    assert linear.weight.abs().max().item() == pytest.approx(64**-0.5, rel=0.1) and linear.bias.any()


def test_the_encoder_learns_which_captions_are_of_one_image_and_sees_none():
    model = build_text(channels=(16, 16), cnn_dim=16, embedding_dim=16, learning_rate=5e-3)
    letters = torch.arange(11, 19)[:, None, None]
    noise = torch.rand(8, 3, 60, generator=torch.Generator().manual_seed(1)) < 0.1
    batch = {"captions": torch.where(noise, 7, letters)}
    assert set(model.reads) == {"captions"} and model.train_step(batch, AT)["error"] > 50
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    for step in range(60):
        losses = model.train_step(batch, Step(step, 60, 0.0))
    assert losses["loss"] < 0.1 and losses["error"] == 0
    assert model.validate(batch)["error"] == 0
    found = model.encode({"tokens": batch["captions"][:, 0], "image": torch.zeros(8, 3, 4, 4)})
    assert set(found) == {"text_embedding"} and found["text_embedding"].shape == (8, model.embedding_dim) == (8, 16)
    assert model.encode({"image": torch.zeros(1, 3, 4, 4)}) == {}
    assert set(model.state_dict()) == {f"encoder.{k}" for k in model.encoder.state_dict()}


def test_a_step_reads_two_captions_of_each_image():
    model, seen = build_text(), []
    model.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0].view(8, 2, 60)))
    batch = coco_batch()
    for step in range(12):
        model.train_step(batch, Step(step, 12, 0.0))
    same = torch.stack(seen)[:, :, :, None] == batch["captions"][:, None]  # [steps, N, 2, K, T]
    which = same.all(4)
    assert which.sum(3).eq(1).all() and which.sum(2).amax() == 1
    assert which[:, 1:].any((0, 2)).all(), "every caption is met"


def test_the_step_size_halves_before_every_fiftieth_epoch_is_trained():
    model, seen = build_text(), []
    for epoch in (0.0, 48.9, 49.0, 98.9, 99.5, 199.9):
        model.train_step(coco_batch(), Step(0, 1, epoch))
        seen.append(model.optimizers["adam"].param_groups[0]["lr"])
    assert seen == [2e-4, 2e-4, 1e-4, 1e-4, 5e-5, 1.25e-5]


def test_mistakes_about_the_encoder():
    config = make_config(char_cnn_rnn.CocoConfig, at_paper_size("coco_text"), "test")
    with pytest.raises(RedrawError, match="must be characters: give its tokens tokenizer: characters$"):
        CocoTextEncoder(config, About((3, 76, 76), 1, ("<pad>", "red", "bird"), (0,)), {})
    with pytest.raises(RedrawError, match="recurrent: 'lstm' is not known: use gru or rnn$"):
        build_text(recurrent="lstm")
    with pytest.raises(RedrawError, match="captions of 50 characters, but it was trained on 60"):
        build_text().text(torch.ones(2, 50, dtype=torch.int64))


# --- the scorer ------------------------------------------------------------------------------------------------------


def build_reader(names: tuple[str, ...] = THINGS, **fields) -> ObjectReader:
    values = {**SHEET["scales"]["smoke"]["ObjectReader"], "patience": None, "watch": None, "as_released": ()}
    values |= {"crop": 16, "learning_rate": 0.02, "input_noise": 0.1, **fields}
    torch.manual_seed(0)
    about = About((3, 19, 19), 1, attributes=tuple(f"present::{name}" for name in names))
    return ObjectReader(make_config(trunk.Config, values, "test"), about, {})


def test_the_reader_gives_each_picture_the_even_distribution_over_what_is_on_it():
    model = build_reader().eval()
    image = torch.randn(4, 3, 16, 16)
    present = torch.tensor([[1, 0, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0]])
    found, (logits, _) = model.losses(image, present), model.read(image)
    wanted = torch.tensor([[1, 0, 0], [0.5, 0, 0.5], [0, 1, 0]])
    torch.testing.assert_close(found["cross_entropy"], F.cross_entropy(logits[[0, 1, 3]], wanted))
    hits = present.gather(1, logits.argmax(1, keepdim=True))[[0, 1, 3]].float().mean()
    assert found["error"].item() == pytest.approx(100 * (1 - hits.item()), abs=1e-4)
    nothing = model.losses(image, torch.zeros(4, 3, dtype=torch.int64))
    assert nothing["cross_entropy"] == nothing["error"] == 0
    assert model.labels == {"logits": THINGS} and model.encode({"image": image})["features"].shape == (4, 16)


def test_the_reader_learns_what_is_on_a_picture():
    model = build_reader()
    colours = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1]])

    def batch(seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        present = (torch.rand(16, 3, generator=generator) < 0.4).long()
        image = torch.full((16, 3, 19, 19), -1.0)
        for k in range(3):  # each thing has a stripe of its own
            stripe = torch.where(present[:, k, None] == 1, colours[k], torch.tensor([-1.0, -1, -1]))
            image[:, :, 3 + 5 * k : 6 + 5 * k] = stripe[:, :, None, None]
        return {"image": image, "attributes": present}

    before = model.eval().validate(batch(99))
    model.train()
    for step in range(80):
        model.train_step(batch(step), Step(step, 80, 0.0))
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    after = model.eval().validate(batch(99))
    assert after["error"] <= 10 and after["cross_entropy"] < 0.7 * before["cross_entropy"]


def test_the_reader_wants_data_that_say_what_is_on_their_pictures():
    config = build_reader().config
    for names in (), ("has_wing_color::red",), ("present::dog", "has_wing_color::red"):
        with pytest.raises(RedrawError, match="^object reader: this data set does not say what is on its pictures"):
            ObjectReader(config, About((3, 19, 19), 1, attributes=names), {})


def test_both_convolutional_parts_of_the_encoder_are_those_of_the_birds():
    ours = build_text(channels=(384, 512), cnn_dim=512, embedding_dim=1024, length=201).encoder
    theirs = birds.build_text(channels=(384, 512), cnn_dim=512, embedding_dim=1024, length=201).encoder
    shapes = [{k: v.shape for k, v in e.state_dict().items()} for e in (ours, theirs)]
    assert shapes[0] == shapes[1] and isinstance(ours.conv1, nn.Conv1d)
