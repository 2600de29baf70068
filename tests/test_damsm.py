"""The DAMSM: published outputs, the pairs' losses against a loop, and every difference of the released code on its own."""

from __future__ import annotations

import dataclasses
import time

import golden
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from redraw import engine
from redraw.core import RedrawError
from redraw.models import weights_digest
from redraw.papers import damsm
from redraw.papers.damsm import DAMSM
from redraw.recipe import About, Step, make_config
from redraw.sheets import PAPERS, read_yaml

SHEET = read_yaml(PAPERS / "attngan.yaml")
WORDS = ("<pad>", *(f"word{k}" for k in range(1, 40)))
ABOUT = About((3, 19, 19), 4, WORDS, (0, 1, 2, 3))
ENGINE = {"steps": 4, "batch_size": 8, "evaluations": 1, "patience": None, "watch": None, "as_released": ()}
SMALL = {"image_encoder": "small", "crop": 16, "image_size": 16, "widths": (4, 8), "word_dim": 6, "dim": 8}
TAKEN = ("D2", "D3", "D6", "D8", "D9", "D10")  # those that are this model's


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def build(about: About = ABOUT, **fields) -> DAMSM:
    values = {**SHEET["config"]["DAMSM"], **ENGINE, **SMALL, **fields}
    torch.manual_seed(0)
    return DAMSM(make_config(damsm.Config, values, "test"), about, {})


def full_size(vocabulary: int = 5450, **fields) -> DAMSM:
    values = {**SHEET["config"]["DAMSM"], **ENGINE, "pretrained": None, **fields}
    words = ("<end>", *(f"word{k}" for k in range(1, vocabulary)))
    return DAMSM(make_config(damsm.Config, values, "test"), About((3, 355, 355), 200, words, (0,)), {})


def some_batch(n: int = 8, side: int = 19, length: int = 7) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    captions = torch.randint(1, len(WORDS), (n, 3, length), generator=generator)
    captions[torch.arange(length) >= torch.randint(2, length + 1, (n, 3, 1), generator=generator)] = 0
    image = torch.rand(n, 3, side, side, generator=generator) * 2 - 1
    return {"image": image, "class_id": torch.arange(n) % 4, "captions": captions}


def trained(model: DAMSM, batch: dict[str, Tensor], first: int = 0, last: int = 3, an_epoch: float = 2) -> DAMSM:
    model.train()
    for step in range(first, last):
        engine.seed_everything(0, step)
        model.train_step(batch, Step(step, 10, step / an_epoch))
    return model


# --- published outputs -------------------------------------------------------------------------------------------------

PRECISIONS = pytest.mark.parametrize(
    ("dtype", "prefix", "forward", "backward"), [(torch.float32, "f32", 1e-5, 2e-5), (torch.float64, "f64", 1e-9, 1e-7)]
)


@pytest.mark.parametrize("name", ["text_encoder", "image_heads", "losses", "attention", "g_equal", "d"])
def test_the_rule_fills_what_the_files_were_made_with(name: str):
    manifest, _ = golden.load(f"attngan_{name}")
    for tag, shapes in manifest["states"].items():
        if not tag.startswith("real.D"):  # these have 100 million weights
            found = golden.checksum(golden.state(shapes))
            np.testing.assert_allclose(found, manifest["state_checksums"][tag], rtol=1e-6)
    for key, values in golden.inputs(manifest).items():
        if "then" not in manifest["inputs"][key]:
            found = golden.checksum({"x": values})
            np.testing.assert_allclose(found, manifest["input_checksums"][key], rtol=1e-9, atol=1e-9)


@PRECISIONS
@pytest.mark.parametrize("tag", ["real", "small", "small_gru"])
def test_published_text_encoders(tag: str, dtype: torch.dtype, prefix: str, forward: float, backward: float):
    manifest, stored = golden.load("attngan_text_encoder")
    lengths = torch.from_numpy(stored[f"in.caps.{tag}.lens"])
    tokens = torch.from_numpy(golden.inputs(manifest)[f"caps.{tag}"])
    tokens[torch.arange(tokens.shape[1]) >= lengths[:, None]] = 0
    fields = {"word_dim": 300, "dim": 256 if tag == "real" else 32, "recurrent": "gru" if "gru" in tag else "lstm"}
    shapes = manifest["states"][tag]
    words = ("<end>", *(f"word{k}" for k in range(1, shapes["encoder.weight"][0])))
    model = build(ABOUT._replace(vocabulary=words), **fields)
    encoder = model.text_encoder
    encoder.load_state_dict({k: torch.from_numpy(v) for k, v in golden.state(shapes).items()})
    encoder.to(dtype).eval()
    found, sentence, mask = encoder(tokens)
    longest = int(lengths.max())
    assert torch.equal((~mask).sum(1), lengths) and not found[:, :, longest:].any()
    golden.match(f"{prefix}.{tag}.words_emb", found[:, :, :longest].detach(), stored, forward)
    golden.match(f"{prefix}.{tag}.sent_emb", sentence.detach(), stored, forward)
    turned = encoder(tokens.flip(0))  # lengths need no order
    torch.testing.assert_close(turned[0].flip(0), found)
    torch.testing.assert_close(turned[1].flip(0), sentence)


@PRECISIONS
def test_published_maps_behind_inception(dtype: torch.dtype, prefix: str, forward: float, backward: float):
    manifest, stored = golden.load("attngan_image_heads")
    given = {k: torch.from_numpy(v).to(dtype) for k, v in golden.inputs(manifest).items()}
    model = damsm.ImageEncoder(299, False, 768, 2048, 256)
    model.load_state_dict({k: torch.from_numpy(v) for k, v in golden.state(manifest["states"]["heads"]).items()})
    model.to(dtype).trunk = lambda image: (given["inception.mixed6e"], given["inception.mixed7c"])
    regions, code = model(given["image64"])
    golden.match(f"{prefix}.features", regions.view(2, 256, 17, 17).detach(), stored, forward)
    golden.match(f"{prefix}.code_from_map", code.detach(), stored, forward)
    golden.match(f"{prefix}.code", model.emb_cnn_code(given["inception.pool"]).detach(), stored, forward)


@pytest.mark.parametrize("corners", [False, True])
def test_published_enlarged_images(corners: bool):
    manifest, stored = golden.load("attngan_image_heads")
    model = damsm.ImageEncoder(299, corners, 1, 1, 2)
    image = model.resized(torch.from_numpy(golden.inputs(manifest)["image64"]))
    golden.match(f"f32.upsample299.align_corners_{corners}", image, stored, 1e-5)
    assert model.resized(image) is image


@PRECISIONS
def test_published_attention_of_words_to_regions(dtype, prefix: str, forward: float, backward: float):
    manifest, stored = golden.load("attngan_attention")
    given = {k: torch.from_numpy(v).to(dtype) for k, v in golden.inputs(manifest).items()}
    regions, words = given["context"].flatten(2), given["query"]
    raw = words.transpose(1, 2)[:, None] @ regions[:, None]  # each caption with its own image
    alpha = damsm.region_attention(raw, torch.zeros(1, 7, dtype=torch.bool), 4.0)[:, 0]
    golden.match(f"{prefix}.func_attention.attn", alpha.view(3, 7, 5, 5), stored, forward)
    golden.match(f"{prefix}.func_attention.context", regions @ alpha.transpose(1, 2), stored, forward)


@PRECISIONS
@pytest.mark.parametrize("classes", [True, False])
def test_published_losses(classes: bool, dtype: torch.dtype, prefix: str, forward: float, backward: float):
    manifest, stored = golden.load("attngan_losses")
    names = {"ctx": "grad_ctx", "words": "grad_words", "cnn_code": "grad_cnn_code", "rnn_code": "grad_rnn_code"}
    inputs = golden.inputs(manifest)
    given = {k: torch.from_numpy(inputs[k]).to(dtype).requires_grad_() for k in names}
    lengths, tag = torch.from_numpy(stored["in.lens"]), "cls" if classes else "nocls"
    mask = torch.arange(7) >= lengths[:, None]
    model = build(as_released=("D2", "D3", *(("D6",) if classes else ())))
    class_id = torch.from_numpy(stored["in.class_ids"])
    regions = given["ctx"].flatten(2)
    losses = model.losses_of(regions, given["cnn_code"], given["words"], given["rnn_code"], mask, class_id)
    # The released code's first loss of words ranks captions for each image, as does its first of sentences.
    order = {"words_2": "w_loss0", "words_1": "w_loss1", "sentence_2": "s_loss0", "sentence_1": "s_loss1"}
    for ours, theirs in order.items():
        golden.match(f"{prefix}.{tag}.{theirs}", losses[ours].detach(), stored, forward)
    _, alpha = damsm.word_scores(regions, given["words"], mask, 4.0, 5.0, False)
    for k, length in enumerate(lengths.tolist()):
        own = alpha[k, k, :length].detach().view(1, length, 17, 17)
        golden.match(f"{prefix}.{tag}.att{k}", own, stored, forward)
    sum(losses.values()).backward()
    for ours, theirs in names.items():
        golden.match(f"{prefix}.{tag}.{theirs}", given[ours].grad, stored, backward)


# --- all pairs at once -----------------------------------------------------------------------------------------------


def scores_one_by_one(regions: Tensor, words: Tensor, mask: Tensor, gamma1: float, gamma2: float) -> Tensor:
    """R(Q, D) [M, N] with its exponent, caption by caption and image by image, from the formulas."""
    columns = []
    for caption, hidden in zip(words, mask, strict=True):
        e = caption[:, ~hidden]
        column = []
        for v in regions:
            alpha = (gamma1 * (e.T @ v).softmax(0)).softmax(1)
            agree = F.cosine_similarity(v @ alpha.T, e, dim=0)
            column.append((gamma2 * agree).exp().sum().log() / gamma2)
        columns.append(torch.stack(column))
    return torch.stack(columns, 1)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_all_pairs_at_once_are_the_loop(dtype: torch.dtype, tolerance: float):
    generator = torch.Generator().manual_seed(0)
    regions, words = (torch.randn(*s, generator=generator, dtype=dtype) for s in ((5, 16, 9), (6, 16, 8)))
    mask = torch.arange(8) >= torch.tensor([8, 5, 1, 3, 8, 2])[:, None]
    both = []
    for fn in (scores_one_by_one, lambda *args: damsm.word_scores(*args, True)[0]):
        given = regions.clone().requires_grad_(), words.masked_fill(mask[:, None], 0).requires_grad_()
        scores = fn(*given, mask, 5.0, 5.0)
        scores.square().sum().backward()
        both.append((scores.detach(), *(x.grad for x in given)))
    for one, other in zip(*both, strict=True):
        assert (one - other).abs().max() <= tolerance


def test_all_pairs_at_once_cost_less_than_the_loop():
    generator = torch.Generator().manual_seed(0)
    regions, words = torch.randn(16, 32, 64, generator=generator), torch.randn(16, 32, 10, generator=generator)
    mask = torch.zeros(16, 10, dtype=torch.bool)
    spent = []
    for fn in (scores_one_by_one, lambda *args: damsm.word_scores(*args, True)):
        fn(regions, words, mask, 5.0, 5.0)
        begin = time.process_time()
        fn(regions, words, mask, 5.0, 5.0)
        spent.append(time.process_time() - begin)
    assert spent[1] < spent[0] / 2  # about a tenth


def test_padding_changes_no_score_and_gets_no_gradient():
    model, batch = build(), some_batch()
    tokens = batch["captions"][:, 0]
    regions, _ = model.eval().image(model.view(batch["image"]))
    scores = []
    for given in (tokens, F.pad(tokens, (0, 4))):
        words, _, mask = model.text(given)
        words.retain_grad()
        found, _ = damsm.word_scores(regions, words, mask, 5.0, 5.0, True)
        found.sum().backward(retain_graph=True)
        assert not words.grad.transpose(1, 2)[mask].any() and words.grad.any()
        scores.append(found)
    torch.testing.assert_close(*scores)


def test_pairs_of_one_class_are_left_out_both_ways():
    scores = torch.randn(4, 4, generator=torch.Generator().manual_seed(0)).double()
    class_id = torch.tensor([0, 1, 1, 2])
    found = damsm.pairing_losses(scores, class_id)
    for loss, table in zip(found, (scores, scores.T), strict=True):
        left = [[j for j in range(4) if j == i or class_id[i] != class_id[j]] for i in range(4)]
        expected = [table[i, left[i]].logsumexp(0) - table[i, i] for i in range(4)]
        assert loss.item() == pytest.approx(float(sum(expected) / 4), rel=1e-12)
    one_each = damsm.pairing_losses(scores, torch.arange(4))
    torch.testing.assert_close(one_each, damsm.pairing_losses(scores), rtol=0, atol=0)


# --- the recipe ------------------------------------------------------------------------------------------------------


def test_the_sheet_gives_exactly_the_fields_of_the_config():
    fields = {f.name for f in dataclasses.fields(damsm.Config)}
    assert set(SHEET["config"]["DAMSM"]) | {"as_released"} == fields


def test_both_encoders_learn_which_caption_is_whose():
    model, batch = build(learning_rate=5e-3), some_batch()
    batch["captions"] = batch["captions"][:, :1]
    batch["image"] = batch["image"][:, :, :1, :1].expand(-1, -1, 19, 19)  # a colour each
    first = model.eval().validate(batch)
    names = {"words_1", "words_2", "sentence_1", "sentence_2", "matching"}
    assert set(first) == names and first["matching"].item() == pytest.approx(sum(first[n].item() for n in names) / 2)
    trained(model, batch, 0, 60)
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
    last = model.eval().validate(batch)
    assert last["matching"] < 0.5 * first["matching"]
    found = model.encode({"image": model.view(batch["image"]), "tokens": batch["captions"][:, 0]})
    nearest = damsm.sentence_scores(found["image_embedding"], found["text_embedding"]).argmax(1)
    assert (nearest == torch.arange(8)).float().mean() > 0.7
    assert set(model.encode({"image": batch["image"]})) == {"image_embedding"}


def test_a_caption_without_a_known_word_is_read_as_one_word():
    words, sentence, mask = build().eval().text(torch.zeros(2, 5, dtype=torch.int64))
    assert (~mask).sum(1).tolist() == [1, 1] and torch.isfinite(words).all() and sentence.any()


def test_the_step_size_falls_every_epoch_to_the_least_and_gradients_are_clipped():
    model, batch, seen = build(learning_rate=1.0, decay=0.5, least_learning_rate=0.2), some_batch(), []
    for epoch in (0.0, 1.5, 2.0, 3.0, 9.0):
        model.train_step(batch, Step(1, 10, epoch))
        seen.append(model.optimizers["adam"].param_groups[0]["lr"])
    assert seen == [1.0, 0.5, 0.25, 0.125, 0.125]  # it stops falling where it is no longer above .2
    gradients = [p.grad for p in model.text_encoder.parameters()]
    assert torch.stack([g.norm() for g in gradients]).norm().item() <= 0.25 + 1e-6


def test_one_seed_gives_the_same_weights_and_a_stop_between_changes_nothing(tmp_path):
    batch = some_batch()
    for taken in ((), ("D8",)):
        straight = trained(build(as_released=taken), batch, 0, 5)
        first, second = trained(build(as_released=taken), batch, 0, 3), build(as_released=taken)
        torch.save([first.state_dict(), first.optimizers["adam"].state_dict()], tmp_path / "state.pt")
        weights, optimizer = torch.load(tmp_path / "state.pt", weights_only=True)
        second.load_state_dict(weights)
        second.optimizers["adam"].load_state_dict(optimizer)
        trained(second, batch, 3, 5)
        assert weights_digest(second.state_dict()) == weights_digest(straight.state_dict())


# --- differences of the released code --------------------------------------------------------------------------------


def test_every_difference_changes_what_is_learned():
    batch = some_batch(side=24)
    about = ABOUT._replace(image_shape=(3, 24, 24))
    each = [(), *((name,) for name in TAKEN)]
    digests = {}
    for taken in each:
        model = build(about, crop=24, as_released=taken)
        model.view = lambda image, train=False: image  # D10 shows only where images are enlarged
        digests[taken] = weights_digest(trained(model, batch, 0, 4).state_dict())
    assert digests.pop(("D9",)) == digests[()]  # a trained trunk has no statistics that could drift
    assert len(set(digests.values())) == len(digests)


def test_d2_and_d3_scale_the_scores_and_sharpen_the_attention():
    plain, released = build(), build(as_released=("D2", "D3"))
    assert (plain.exponent, plain.gamma1, released.exponent, released.gamma1) == (True, 5.0, False, 4.0)
    generator = torch.Generator().manual_seed(0)
    given = torch.randn(2, 8, 4, generator=generator), torch.randn(2, 8, 3, generator=generator)
    mask = torch.zeros(2, 3, dtype=torch.bool)
    torch.testing.assert_close(
        5 * damsm.word_scores(*given, mask, 4.0, 5.0, True)[0], damsm.word_scores(*given, mask, 4.0, 5.0, False)[0]
    )


def test_d8_adam_forgets_at_the_start_of_an_epoch():
    batch, steps = some_batch(), []
    for taken in ((), ("D8",)):
        model = trained(build(as_released=taken), batch, 0, 5, an_epoch=2)  # epochs begin at steps 0, 2 and 4
        steps.append(next(iter(model.optimizers["adam"].state.values()))["step"].item())
    assert steps == [5, 1]


def test_d9_inceptions_statistics_drift_and_its_weights_never_do():
    sizes = {"image_size": 299, "image_encoder": "inception_v3"}
    for drifting in (False, True):
        config = build().config
        encoder = damsm.InceptionEncoder(dataclasses.replace(config, **sizes), False, drifting).train()
        norms = [m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        assert {m.training for m in norms} == {drifting}
        assert {n for n, p in encoder.named_parameters() if p.requires_grad} == {
            "emb_features.weight", "emb_cnn_code.weight", "emb_cnn_code.bias"
        }  # fmt: skip


# --- at the paper's size -----------------------------------------------------------------------------------------------


def test_a_step_at_the_papers_size_and_how_many_parameters_there_are(tmp_path, monkeypatch):
    model = full_size()
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    assert counts == {"text_encoder": 2_075_320, "image_encoder": 22_506_720}
    assert model.image_encoder.emb_features.weight.numel() == 196_608
    assert sum(p.numel() for p in model.image_encoder.emb_cnn_code.parameters()) == 524_544
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 2_796_472
    assert sum(p.numel() for p in full_size(27_297).text_encoder.parameters()) == 8_629_420
    batch = some_batch(2, 355, 18)
    before = model.image_encoder.Mixed_7c.branch1x1.bn.running_mean.clone()
    losses = model.train().train_step(batch, Step(0, 1, 0.0))
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert model.image(model.view(batch["image"]))[0].shape == (2, 256, 289)  # M1: 17 x 17
    assert torch.equal(before, model.image_encoder.Mixed_7c.branch1x1.bn.running_mean)
    # torchvision's file holds more than the trunk; older ones count no batches.
    monkeypatch.setattr(damsm, "RELEASED", tmp_path)
    stored = {k: v + 1 for k, v in model.image_encoder.state_dict().items() if not k.endswith("num_batches_tracked")}
    torch.save({**stored, "fc.weight": torch.zeros(2)}, tmp_path / "weights.pth")
    heads = model.image_encoder.emb_features.weight.clone()
    model.image_encoder.read(tmp_path / "weights.pth")
    assert torch.equal(model.image_encoder.Mixed_6e.branch1x1.conv.weight, stored["Mixed_6e.branch1x1.conv.weight"])
    assert torch.equal(model.image_encoder.emb_features.weight, heads)
    torch.save({k: v for k, v in stored.items() if "Mixed_6e.branch1x1" not in k}, tmp_path / "less.pth")
    with pytest.raises(RedrawError, match=r"less.pth has no Mixed_6e.branch1x1.conv.weight of .192, 768, 1, 1.: use"):
        model.image_encoder.read(tmp_path / "less.pth")
    with pytest.raises(RedrawError, match="^damsm, pretrained: no file .*none.pth: run `redraw download inception_v3`"):
        model.image_encoder.read(tmp_path / "none.pth")


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"image_encoder": "resnet"}, "image_encoder: 'resnet': use one of inception_v3, small$"),
        ({"recurrent": "rnn"}, "recurrent: 'rnn': use one of lstm, gru$"),
        ({"dim": 7}, "dim: 7: half of it is for each direction: use an even number$"),
        ({"widths": (4,)}, "widths: 1 halvings of 16 pixels: use 2 to 3$"),
        ({"crop": 12}, "crop: 12 of 3 x 19 x 19: it must be image_size 16 or more"),
        ({"crop": 20}, "crop: 20 of 3 x 19 x 19"),
        ({"image_encoder": "inception_v3"}, "image_size: 16: inception_v3 sees 299 pixels$"),
    ],
)
def test_mistakes(fields: dict, line: str):
    with pytest.raises(RedrawError, match=f"^damsm, {line}"):
        build(**fields)


def test_captions_must_be_words():
    with pytest.raises(
        RedrawError, match="^damsm: its captions must be words: give its tokens tokenizer: regexp_ascii$"
    ):
        build(ABOUT._replace(vocabulary=("<pad>", "a", "b")))
