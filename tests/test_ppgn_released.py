"""PPGN at the released sizes, its authors' files, what is out of place."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from test_caffemodel import layer
from test_ppgn import ABOUT, AT, SHEET, SMALL, build, build_captioner, build_encoder, config_of, parameters, some_batch
from torch import nn

from redraw.core import RedrawError
from redraw.imported import lacking
from redraw.papers import lrcn, ppgn
from redraw.papers.lrcn import Captioner
from redraw.papers.ppgn import PPGN
from redraw.plan import Plan
from redraw.released import convert, fit
from redraw.sheets import read_sheets, read_yaml

PAPER_ABOUT = ABOUT._replace(image_shape=(3, 256, 256))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


# --- released sizes ------------------------------------------------------------------------------------------------------


def test_parameters_of_the_released_networks():
    with torch.device("meta"):
        config = config_of("Encoder", {}, outputs=1000)
        caffenet = lrcn.CaffeNet(config, 1000)
        captioner = lrcn.LRCN(config, 1000, 8801, 1000)
        generator = ppgn.Generator(4096, 256, 256)
        assert generator(torch.zeros(2, 4096)).shape == (2, 3, 256, 256)
        x = torch.zeros(2, 3, 227, 227)
        assert caffenet.pool5(x).shape == (2, 256, 6, 6) and captioner(x).shape == (2, 1000)
    assert parameters(caffenet) == 60_965_224
    assert parameters(captioner) - parameters(caffenet) == 37_618_801
    assert parameters(generator) == 56_097_891


def test_one_step_of_each_training_and_of_the_walk_at_full_size():
    start = time.process_time()
    encoder = build_encoder(PAPER_ABOUT, {}, outputs=1000)
    batch = some_batch(2, 256)
    with torch.no_grad():
        x = encoder.units(encoder.view(batch["image"]))
    assert x.shape == (2, 3, 227, 227)
    losses = encoder.train_step(batch | {"attributes": torch.ones(2, 1000)}, AT)
    captioner = build_captioner(encoder, PAPER_ABOUT, {})
    losses |= captioner.train_step(batch, AT)
    for trained in (encoder, captioner):  # their share of the memory is given back
        trained.zero_grad()
        trained.optimizers.clear()
    model = build(encoder, captioner, {}, iterations=1)
    losses |= model.train_step(batch, AT)
    assert all(torch.isfinite(loss) for loss in losses.values())
    images = model.eval().sample(batch, 0)
    assert images.shape == (2, 3, 227, 227) and torch.isfinite(images).all()
    print(f"full size: {time.process_time() - start:.1f} CPU seconds")


# --- weights from Caffe's files --------------------------------------------------------------------------------------------


def written(path: Path, network: nn.Module, change: float) -> None:
    layers = [
        layer(name, *(p.detach().numpy() + np.float32(change) for p in child.parameters()))
        for name, child in network.named_children()
    ]
    path.write_bytes(b"".join(layers))


def test_released_files_fit_the_networks_and_words_have_their_numbers(tmp_path):
    letters = "<unk>\ncat\na\nzebra\n"
    encoder = build_encoder(outputs=5)
    captioner = build_captioner(encoder, words_bytes=len(letters), released_words=5)
    model = build(encoder, captioner, ndf=0)
    into = {
        "released_encoder": (encoder, "network"), "released_captioner": (captioner, "network"), "released": (model, "generator")
    }  # fmt: skip
    for run, (recipe, place) in into.items():
        (said,) = (of for of in SHEET["runs"][run]["released"].values() if of["kind"] == "caffe")
        assert said["into"] == [place]
        network = getattr(recipe, place)
        before = {key: value.clone() for key, value in network.state_dict().items()}
        written(tmp_path / said["file"], network, 0.25)
        network.load_state_dict(fit(convert(tmp_path / said["file"], "caffe"), network.state_dict(), said["file"]))
        assert all(torch.equal(value, before[key] + 0.25) for key, value in network.state_dict().items())
        assert parameters(recipe) == parameters(network)  # nothing is left that no file gives
    (tmp_path / "vocabulary.txt").write_text(letters)
    state = fit(convert(tmp_path / "vocabulary.txt", "text"), captioner.words.state_dict(), "vocabulary.txt")
    captioner.words.load_state_dict(state)
    assert captioner.numbers(torch.arange(8)).tolist() == [
        0,
        0,
        0,
        1,
        3,
        2,
        1,
        1,
    ]  # <pad> <start> <end> <unk> a cat on mat
    assert model.sample(some_batch(2), 0).shape == (2, 3, 14, 14)
    captioner.words.letters.fill_(ord("x"))
    with pytest.raises(RedrawError, match="lrcn: 1 released words, expected 4 with <unk> among them: import the list"):
        captioner.numbers(torch.arange(8))


def test_the_plan_names_the_files_that_the_authors_row_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = read_yaml(Path(__file__).parents[1] / "params.yaml") | {"scale": "paper"}
    line = Plan(params).missing["ppgn/released"]
    assert "needs 181007__generator.caffemodel of the authors: `redraw import ppgn/released generator=FILE`" in line
    others = [lacking(read_sheets(), {}, f"ppgn/released_{name}") for name in ("encoder", "captioner")]
    assert "bvlc_reference_caffenet.caffemodel" in others[0]
    assert "lrcn_caffenet_iter_110000.caffemodel, vocabulary.txt" in others[1]


def test_without_a_discriminator_there_is_no_adversarial_term():
    model = build(ndf=0)
    losses = model.train().train_step(some_batch(4), AT)
    assert set(losses) == {"image", "pool5", "code", "generator"} and set(model.optimizers) == {"generator"}


# --- mistakes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: build_encoder(crop=20), "lrcn, crop: 20 of 3 x 19 x 19: it must be a multiple of image_size 16"),
        (lambda: build_encoder(seen=17), "lrcn, seen: 17: use 1 to 16 (image_size)"),
        (lambda: build_encoder(seen=8), "lrcn, seen: 8 pixels are too few for three maxima: raise it"),
        (lambda: build_encoder(widths=[4, 4, 4]), "lrcn, widths: [4, 4, 4]: give five, each divisible by groups 2"),
        (
            lambda: build_encoder(ABOUT._replace(attributes=())),
            "lrcn, outputs: null, but this data set has no attributes",
        ),
        (
            lambda: build_captioner(about=ABOUT._replace(vocabulary=("<pad>", "a"))),
            "lrcn: no <start> in the vocabulary",
        ),
        (lambda: build_captioner(words_bytes=7), "lrcn, words_bytes, released_words: give both, or null for both"),
        (lambda: Captioner(config_of("Captioner", SMALL), ABOUT, {}), "lrcn: no encoder network: give the run needs"),
        (lambda: PPGN(config_of("PPGN", SMALL), ABOUT, {}), "ppgn: no encoder network: give the run needs"),
        (lambda: build(width=12), "ppgn, width: 12: give a multiple of 8"),
        (lambda: build(iterations=0), "ppgn, iterations, chain_batch: both must be 1 or more"),
        (
            lambda: build(build_encoder(hidden=7), build_captioner()),
            "ppgn: the captioner was trained with another encoder",
        ),
        (
            lambda: build(build_encoder(image_size=18, crop=18, seen=18), build_captioner()),
            "ppgn, image_size of the encoder: 18: use one of 8, 16, 32, 64, 128, 256",
        ),
    ],
)
def test_mistakes_are_one_line(make, line: str):
    with pytest.raises(RedrawError) as error:
        make()
    assert str(error.value).startswith(line) and "\n" not in str(error.value)
