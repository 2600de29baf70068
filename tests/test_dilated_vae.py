"""Dilated convolutions for text: causality and receptive fields, exact sums over toy languages, plain loops, the perplexity."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch
from bounds_check import check_bounds
from torch import nn

from redraw import engine, models, scoring
from redraw.core import NotComputed, RedrawError, write_json
from redraw.data import documents, grammar
from redraw.data import prepare as prepare_data
from redraw.data.base import Prepared
from redraw.data.tokens import tokenize
from redraw.metrics.documents import grammar_perplexity, perplexity, unigram_perplexity
from redraw.papers import dilated_vae
from redraw.papers.dilated_vae import DilatedVAE, causal, divergence, kl_weight, receptive_field
from redraw.recipe import About, Step, make_config
from redraw.resolve import resolve
from redraw.scores import score
from redraw.sheets import PAPERS, ROOT, read_params, read_yaml

SHEET = read_yaml(PAPERS / "dilated_vae.yaml")
WORDS = ("<pad>", "<start>", "<end>", "<unk>", "a", "b", "c")
ENGINE = {"as_released": ()}
TINY = {"steps": 40, "latent": 3, "word_dim": 6, "encoder_units": 5, "decoder_units": 5, "channels": 8, "inner_channels": 4,
        "dropout": 0.0, "max_words": 9}  # fmt: skip
PRINTED = {"scnn": 15, "mcnn": 63, "lcnn": 125, "vlcnn": 187}


def build(needs=None, words=WORDS, **values) -> DilatedVAE:
    torch.manual_seed(0)
    config = {**SHEET["config"]["DilatedVAE"], **ENGINE, **TINY, **values}
    return DilatedVAE(make_config(dilated_vae.Config, config, "test"), About((0, 0, 0), 1, words), needs or {}).eval()


def batch(*texts: str):
    rows = [[1, *(WORDS.index(w) for w in text.split()), 2] for text in texts]
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return {"tokens": tokens, "n_words": torch.tensor([len(r) for r in rows]), "image": torch.zeros(len(rows), 0, 0, 0)}


BOTH = pytest.mark.parametrize("kind", [{"decoder": "cnn"}, {"decoder": "lstm", "dilations": []}], ids=["cnn", "lstm"])
DOCUMENTS = batch("a b c a", "c", "b b a c c a b")


# --- what a word depends on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRINTED)
def test_receptive_fields_are_measured_by_gradients(name):
    config = SHEET["runs"][f"yahoo_{name}_vae"]["config"]
    dilations = tuple(config["dilations"])
    model = build(dilations=dilations, width=3, word_dim=2, channels=4, inner_channels=2).double()
    for layer in model.decoder.modules():
        if isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, 0.1, 0.2)  # positive throughout, so that no rectifier hides a path
    length = 200
    read = torch.rand(1, length, 5, dtype=torch.float64, requires_grad=True)
    at = length - 4
    model.decoder.body(read, torch.tensor([length]))[0, at].sum().backward()
    seen = read.grad.abs().sum(2)[0].nonzero()[:, 0]
    assert seen.max() == at, "nothing behind"
    assert int(at - seen.min()) + 1 == receptive_field(dilations, 3) == PRINTED[name]
    if sum(dilations) < 20:  # the first, S, leaves out no word on the way
        assert len(seen) == PRINTED[name]


@BOTH
def test_a_word_is_predicted_from_those_before_it_alone(kind):
    model, tokens = build(**kind), torch.randint(4, 7, (1, 12))
    z, n = torch.randn(1, 3), torch.tensor([12])
    h = model.decoder(tokens, n, z)
    other = tokens.clone()
    other[0, 7] = 4 + (other[0, 7] - 3) % 3
    moved = (model.decoder(other, n, z) - h).abs().sum(2)[0]
    assert (moved[:7] == 0).all() and moved[7] > 0
    assert ((model.decoder(tokens, n, z + 1) - h).abs().sum(2) > 0).all(), "z is read at every word"


def test_a_dilated_convolution_is_the_librarys():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 11, 3), torch.randn(5, 3, 3)  # out, in, width
    for dilation in (1, 2, 4):
        padded = nn.functional.pad(x.transpose(1, 2), (2 * dilation, 0))
        wanted = nn.functional.conv1d(padded, weight, dilation=dilation).transpose(1, 2)
        ours = causal(x, 3, dilation) @ weight.permute(2, 1, 0).reshape(9, 5)
        torch.testing.assert_close(ours, wanted)


# --- losses ----------------------------------------------------------------------------------------------------------


@BOTH
def test_the_nll_is_that_of_a_plain_loop(kind):
    model = build(**kind)
    z = torch.randn(3, 3)
    found = model.log_likelihood(DOCUMENTS["tokens"], DOCUMENTS["n_words"], z)
    for row, (tokens, n) in enumerate(zip(DOCUMENTS["tokens"], DOCUMENTS["n_words"].tolist(), strict=True)):
        total = 0.0
        for t in range(1, n):
            logits = model.decoder.vocabulary(model.decoder(tokens[None, :t], torch.tensor([t]), z[row : row + 1]))[
                0, -1
            ]
            total += float(logits.log_softmax(0)[tokens[t]].detach())
        assert float(found[row].detach()) == pytest.approx(total, rel=1e-5)


@BOTH
def test_a_language_model_is_a_distribution_over_documents(kind):
    model = build(words=("<pad>", "<start>", "<end>", "a"), code=False, **kind)
    mass, longest = 0.0, 3
    for n in range(longest + 1):
        for words in itertools.product(range(4), repeat=n):
            if 2 in words:
                continue
            tokens = torch.tensor([[1, *words, 2]])
            asked = {"tokens": tokens, "n_words": torch.tensor([n + 2])}
            mass += float(model.bounds(asked, 0, 1).exp())
    open_ = 0.0  # documents that go on
    for words in itertools.product([0, 1, 3], repeat=longest + 1):
        tokens = torch.tensor([[1, *words]])
        logits = model.decoder.vocabulary(model.decoder(tokens, torch.tensor([longest + 2]), torch.zeros(1, 0)))[0]
        open_ += float(logits.log_softmax(1)[torch.arange(longest + 1), torch.tensor(words)].sum().exp().detach())
    assert mass + open_ == pytest.approx(1, abs=1e-5) and 0.01 < mass < 0.99


def test_the_divergence_of_gaussians():
    mu, log_sigma = torch.tensor([[1.0, -2.0], [0.0, 0.0]]), torch.tensor([[0.5, -0.3], [0.0, 0.0]])
    q = torch.distributions.Normal(mu, log_sigma.exp())
    wanted = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(divergence(mu, log_sigma), wanted)
    assert float(wanted[1]) == 0 < float(wanted[0])


def test_the_weight_of_the_divergence_rises_in_a_straight_line():
    assert [kl_weight(k, 0.01, 100) for k in (0, 50, 100, 5000)] == [0.01, pytest.approx(0.505), 1.0, 1.0]


@BOTH
def test_the_bound_is_the_sampled_loss_on_average_and_below_the_likelihood(kind):
    model = build(**kind, latent=1)
    nn.init.normal_(model.encoder.latent.weight, 0, 0.5)
    with torch.no_grad():
        grid = torch.linspace(-8, 8, 801)
        prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid)
        rows = [
            model.log_likelihood(DOCUMENTS["tokens"][k : k + 1].expand(801, -1), DOCUMENTS["n_words"][k : k + 1].expand(801),
                                 grid[:, None]) + prior + math.log(0.02)
            for k in range(3)
        ]  # fmt: skip
        exact = torch.stack([row.logsumexp(0) for row in rows])
        log_w = model.bounds(DOCUMENTS, 3, 2000)
        mu, log_sigma = model.code(DOCUMENTS["tokens"], DOCUMENTS["n_words"])
        z = mu + log_sigma.exp() * torch.randn(2000, 3, 1, generator=torch.Generator().manual_seed(9))
        rest = torch.stack([model.log_likelihood(DOCUMENTS["tokens"], DOCUMENTS["n_words"], one) for one in z[:300]])
    tight = log_w.logsumexp(1) - math.log(2000)
    torch.testing.assert_close(tight, exact, atol=0.02, rtol=0)
    assert (log_w.mean(1) < exact).all()
    wanted = rest.mean(0) - divergence(mu, log_sigma)
    torch.testing.assert_close(log_w.mean(1), wanted, atol=0.05, rtol=0)


@BOTH
def test_bounds_keep_to_the_contract(kind):
    check_bounds(build(**kind), DOCUMENTS)
    language_model = build(**kind, code=False)
    exact = language_model.bounds(DOCUMENTS, 1, 2)
    assert torch.equal(exact[:, 0], exact[:, 1]) and not language_model.encode(DOCUMENTS)["kl"].any()


# --- training --------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("code", [False, True])
def test_it_learns_and_every_weight_has_a_gradient(kind, code):
    model = build(**kind, code=code, learning_rate=0.02).train()
    first = float(model.losses(DOCUMENTS)["reconstruction"].detach())
    for step in range(40):
        torch.manual_seed(step)
        losses = model.train_step(DOCUMENTS, Step(step, 40, 0.0))
        if not step:
            assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
            assert all(p.grad.any() for p in model.parameters() if p.ndim > 1)
    assert float(losses["reconstruction"]) < 0.7 * first
    torch.testing.assert_close(losses["loss"], losses["reconstruction"] + losses["kl"])


@pytest.mark.parametrize(("epoch", "size"), [(0, 1), (29.99, 1), (30, 0.5), (31.9, 0.5), (32, 0.25), (39.9, 0.03125)])
def test_the_step_size_is_halved_every_two_epochs_from_the_thirtieth(epoch, size):
    model = build()
    model.train_step(DOCUMENTS, Step(0, 10, epoch))
    assert model.optimizers["adam"].param_groups[0]["lr"] == pytest.approx(1e-3 * size)


def test_a_gradient_is_cut_and_a_code_may_begin_with_little_noise():
    cut = build(clip=1e-3)
    cut.train_step(DOCUMENTS, Step(0, 10, 0.0))
    assert math.sqrt(sum(float(p.grad.square().sum()) for p in cut.parameters())) == pytest.approx(1e-3, rel=1e-3)
    (plain, quiet) = (
        build(first_sigma=sigma).code(DOCUMENTS["tokens"], DOCUMENTS["n_words"])[1].exp() for sigma in (1.0, 0.1)
    )
    assert (quiet < 0.2).all() and (plain > 0.5).all()


def test_the_encoder_starts_as_a_language_model():
    language_model = build(decoder="lstm", dilations=[], code=False)
    fresh, begun = build(), build(needs={"init": language_model})
    assert torch.equal(begun.encoder.words.weight, language_model.decoder.words.weight)
    for name, weight in begun.encoder.lstm.named_parameters():
        assert torch.equal(weight, dict(language_model.decoder.body.lstm.named_parameters())[name]), name
        assert not torch.equal(weight, dict(fresh.encoder.lstm.named_parameters())[name]), name
    with torch.no_grad():
        begun.encoder.words.weight.add_(1)  # its own, not the language model's
    assert not torch.equal(begun.encoder.words.weight, language_model.decoder.words.weight)
    state = models.weights_digest(begun.state_dict())
    assert not any("init" in name for name in begun.state_dict()) and state


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"latent": 0}, "dilated_vae, latent: 0 with a code: give 1 or more, or code: false"),
        ({"decoder": "gru"}, "dilated_vae, decoder: 'gru': use one of lstm, cnn"),
        ({"words": ("a", "b")}, "a vocabulary that begins with <pad> and holds <start> and <end>"),
        ({"needs": "convolutions"}, "needs.init: no LSTM language model of this encoder's"),
        ({"needs": "smaller"}, "needs.init: no LSTM language model of this encoder's"),
        ({"needs": "lstm", "code": False}, "needs.init: no LSTM language model of this encoder's"),
    ],
)
def test_a_mistake_is_one_line(wrong, line):
    kinds = {
        "convolutions": {}, "smaller": {"decoder": "lstm", "dilations": [], "decoder_units": 4},
        "lstm": {"decoder": "lstm", "dilations": []},
    }  # fmt: skip
    if "needs" in wrong:
        wrong = wrong | {"needs": {"init": build(code=False, **kinds[wrong["needs"]])}}
    with pytest.raises(RedrawError) as e:
        build(**wrong)
    assert line in str(e.value) and "\n" not in str(e.value)


@BOTH
def test_documents_are_drawn_word_after_word(kind):
    model = build(**kind)
    found = model.write(DOCUMENTS, 1)
    assert torch.equal(found, model.write(DOCUMENTS, 1)) and len(found) == 3 and found.shape[1] <= 9
    assert torch.equal(model.sample({"class_id": torch.zeros(5)}, 1), model.sample({"class_id": torch.zeros(5)}, 1))
    assert not torch.equal(
        model.sample({"class_id": torch.zeros(50)}, 1), model.sample({"class_id": torch.zeros(50)}, 2)
    )
    for row in found.tolist():
        ends = [k for k, word in enumerate(row) if word == 2]
        words = row[: ends[0]] if ends else row
        assert not {0, 1} & {*words} and not any(row[ends[0] + 1 :] if ends else ())


# --- perplexity ------------------------------------------------------------------------------------------------------


def items(log_w, n_words, kl=None):
    n = len(n_words)
    return {"bounds": np.asarray(log_w, float), "n_words": np.array(n_words), "kl": np.zeros(n) if kl is None else kl}


def test_a_perplexity_counts_one_end_a_document():
    found = perplexity(items([[-6.0], [-2.0]], [5, 3]), "exact")  # 3 + 1 words and two ends
    assert found["value"] == pytest.approx(math.exp(8 / 6))
    assert found["envelope"] == [pytest.approx(math.exp(8 / 8)), pytest.approx(math.exp(8 / 4))]
    columns = {name: column["value"] for name, column in found["columns"].items()}
    assert columns == {"nll": 4.0, "length": 3.0, "kl": 0.0, "rest": 4.0}
    uniform = perplexity(items([[-4 * math.log(50)], [-7 * math.log(50)]], [5, 8]), "exact")
    assert uniform["value"] == pytest.approx(50), (
        "a model that knows nothing is as perplexed as its vocabulary is large"
    )


def test_estimators_are_told_apart():
    sampled = items([[-6.0, -4.0], [-2.0, -2.0]], [5, 3], np.array([1.0, 0.5]))
    bound, tighter = perplexity(sampled, "bound", 2), perplexity(sampled, "importance", 2)
    assert bound["columns"]["nll"]["value"] == pytest.approx(3.5) and bound["columns"]["rest"][
        "value"
    ] == pytest.approx(2.75)
    log_mean = math.log((math.exp(-6) + math.exp(-4)) / 2)
    assert tighter["columns"]["nll"]["value"] == pytest.approx((2 - log_mean) / 2) and tighter["value"] < bound["value"]
    for wrong in (sampled, items([[-6.0, -4.0]], [5]), items([[-6.0]], [5], np.array([0.01]))):
        with pytest.raises(RedrawError, match="estimator exact: this model has a code"):
            perplexity(wrong, "exact")
    with pytest.raises(RedrawError, match="estimator 'elbo'"):
        perplexity(sampled, "elbo")


def test_controls_of_documents():
    texts = np.array(["a b", "a"])  # a twice, b once, two ends
    found = unigram_perplexity({"captions": texts})
    assert found["value"] == pytest.approx(math.exp(-(2 * math.log(0.4) + 2 * math.log(0.4) + math.log(0.2)) / 5))
    written = np.array([" ".join(grammar.describe("plain", "test", k).tokens) for k in range(20)])
    best = grammar_perplexity({"captions": written})
    floor = grammar.floor("plain", [text.split() for text in written])
    assert best["value"] == pytest.approx(floor.perplexity) and best["columns"]["nll"]["value"] == pytest.approx(
        floor.nats
    )
    assert 1 < best["value"] < unigram_perplexity({"captions": written})["value"]
    with pytest.raises(NotComputed, match="written by no grammar"):
        grammar_perplexity({"captions": texts})


def test_the_vocabulary_in_the_key_is_the_sheets():
    for name, tokens in SHEET["tokens"].items():
        named = {
            e["options"]["vocabulary"] for e in SHEET["evaluations"].values() if "vocabulary" in e.get("options", {})
        }
        assert named == {f"{tokens['tokenizer']}, {tokens['max_size']:,} of train"}, name


# --- documents on their way ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    grammar.fetch(folder / "raw", "plain_small")
    write_json(folder / "data" / "manifest.json", prepare_data("grammar-plain_small", folder / "raw", folder / "data"))
    spec = {"captions": "dataset", "tokenizer": "spaces", "max_size": 20_000}
    write_json(folder / "tokens" / "record.json", tokenize(spec, folder / "data", folder / "tokens"))
    return Prepared.open(folder / "data", tokens=folder / "tokens")


def test_plain_documents_name_their_topic_once_a_sentence_and_are_read_as_yahoos(plain):
    assert plain.of_documents and len(plain) == 280 and documents.PUBLISHED["train"] == 100_000
    from redraw.data.drawn.plain_rules import THINGS

    of_topic = {thing: topic for topic, things in THINGS.items() for thing in things.split(" | ")}
    assert len(of_topic) == 40
    for k in range(40):
        written = grammar.describe("plain", "test", k)
        named = [i for i, word in enumerate(written.tokens) if word in of_topic]
        assert len(named) == 5 and {of_topic[written.tokens[i]] for i in named} == {written.latents["topic"]}
        assert min(b - a for a, b in itertools.pairwise(named)) >= 8, "beyond a context of seven words"


def test_documents_are_scored_from_their_tokens_alone(plain, tmp_path):
    described = models.described(
        {"run": "dilated_vae/x.s0", "recipe": "papers.dilated_vae:DilatedVAE", "needs": {}, "splits": {"train": "train"},
         "config": {**SHEET["config"]["DilatedVAE"], **ENGINE, **TINY}}, plain,
    )  # fmt: skip
    assert described["about"]["image_shape"] == (0, 0, 0)
    with pytest.raises(RedrawError, match="documents without images"):
        models.described({"run": "x", "recipe": "papers.draw:DRAW", "splits": {"train": "train"}}, plain)
    engine.seed_everything(0, 0)
    model = models.build(described)
    asked = {"instrument": "self", "captions": "test", "images": "real", "n": 6}
    evaluations = {
        "bound": {**asked, "metric": "perplexity", "options": {"estimator": "bound", "samples": 2}},
        "unigram": {**asked, "metric": "unigram_perplexity"},
    }
    del evaluations["unigram"]["instrument"]
    scoring.draw((model, {}), {"self": models.Instrument(model, "", "", "")}, plain, evaluations, 0, tmp_path)
    write_json(tmp_path / "manifest.json", {"weights": "w", "config": {}, "data": "d"})
    write_json(tmp_path / "curves.json", {})
    found = score(tmp_path, {"run": "x", "scale": "smoke", "seed": 0, "dataset": "d", "evaluations": evaluations,
                             "instruments": {}})["metrics"]  # fmt: skip
    with np.load(tmp_path / "items.npz") as kept:
        n_words, log_w = kept["test-real-6/n_words"], kept["test-real-6/self.eval.2samples/bounds"]
        texts = kept["test-real-6/captions"]
    assert n_words.tolist() == [len(text.split()) + 2 for text in texts]
    assert found["bound"]["value"] == pytest.approx(math.exp(-log_w.mean() / (n_words.mean() - 1)))
    assert found["bound/kl"]["value"] > 0 and found["bound"]["protocol"]["options"]["samples"] == 2
    assert found["bound"]["protocol"]["instrument_weights"] is None, (
        "two models' numbers can be held against each other"
    )
    assert found["bound/nll"]["per_block"] and found["bound/length"]["value"] == n_words.mean() - 1


def test_documents_that_a_model_writes_are_shown_as_texts(plain, tmp_path):
    from redraw.report import compare, drawings, marked
    from redraw.report.tables import grid

    model = build(words=plain.vocabulary)
    asked = {"captions": "none", "images": "real", "n": 4, "captioned": "self"}
    scoring.draw((model, {}), {"self": models.Instrument(model, "", "", "")}, plain, {"written": asked}, 0, tmp_path)
    rows = grid(tmp_path / "samples.npz", asked)
    texts = [plain.tokens.decode(row) for row in model.documents(4, 0).tolist()]
    assert rows == [{"caption": text, "images": []} for text in texts] and len({*texts}) == 4
    shown = {"id": "f", "title": "Documents", "kind": "samples", "grid": rows, "at": ""}
    assert [marked._sample(row, shown) for row in rows] == [f"“{marked.safe(text)}”" for text in texts]
    assert drawings._samples(shown, "f").count("<li>") == 4
    sheet = compare.picture({**shown, "grid": [{"caption": "word " * 60, "images": []}, *rows]})
    assert sheet.height > 5 * 24 * 4, "as high as the longest text asks"


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
def test_no_scale_gives_a_language_model_a_code(scale):
    params = {**read_params(ROOT / "params.yaml"), "scale": scale}
    for name in SHEET["runs"]:
        config, _, _ = resolve(SHEET, name, params)
        assert config["code"] != name.endswith("_lm") and (config["decoder"] == "lstm") == ("_lstm_" in name), name
        assert ("init" in SHEET["runs"][name].get("needs", {})) == name.endswith("_init")
    assert config["encoder_units"] == config["decoder_units"], "an LSTM language model begins the encoder"


def test_the_config_has_the_sheets_fields():
    named = {f.name for f in dataclasses.fields(dilated_vae.Config)} - {*ENGINE}
    assert named == {*SHEET["config"]["DilatedVAE"]}
