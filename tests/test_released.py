"""The authors' files as our networks: every array comes to its place, and the first that does not fit is one line."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from released_files import arrays, encoder, generator
from torch7_files import write_torch7

from redraw.core import RedrawError
from redraw.papers.char_cnn_rnn import TextEncoder
from redraw.papers.gan_int_cls import Generator
from redraw.released import convert, converted

GIVE = "give the file that the authors released for this network"


def text_encoder(
    gated: bool = True, third_pool: bool = False, channels=(6, 8), dim: int = 5, embedding: int = 7, alphabet=9
):
    """(sizes, network)."""
    sizes = {
        "channels": tuple(channels), "cnn_dim": dim, "recurrent": "gru" if gated else "rnn", "third_pool": third_pool,
        "embedding_dim": embedding,
    }  # fmt: skip
    return sizes, TextEncoder(SimpleNamespace(**sizes), alphabet)


def drawer(ngf: int = 2, nt: int = 3, nz: int = 4, embedding: int = 5) -> tuple[dict, Generator]:
    sizes = {"ngf": ngf, "nt": nt, "nz": nz, "image_size": 64}
    return sizes, Generator(SimpleNamespace(**sizes, residuals=1), embedding, bias=True)


def load(network: torch.nn.Module, weights: dict[str, np.ndarray]) -> torch.nn.Module:
    result = network.load_state_dict({key: torch.as_tensor(v) for key, v in weights.items()}, strict=False)
    assert not result.unexpected_keys and all(key.endswith("num_batches_tracked") for key in result.missing_keys)
    return network.eval()


# --- the char-CNN-RNN --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gated, third_pool", [(True, False), (False, True)])
@pytest.mark.parametrize("alone", [False, True])
def test_an_encoder_comes_back(tmp_path, gated, third_pool, alone):
    sizes, network = text_encoder(gated, third_pool)
    weights = arrays(network)
    net = encoder(weights, gated, third_pool)
    path = write_torch7(
        tmp_path / "x.t7", net if alone else {"protos": {"enc_doc": net, "enc_image": [1]}, "opt": {"lr": 1}}
    )
    found = converted(path, "char_cnn_rnn")
    assert list(found.weights) == list(weights) and found.sizes == sizes
    assert all(np.array_equal(found.weights[key], weights[key]) for key in weights)
    assert found.left_out == (() if alone else ("enc_image", "opt"))
    load(network, convert(path, "char_cnn_rnn"))


def test_a_convolution_over_time_is_read_as_torch_writes_it(tmp_path):
    """Torch's: a row of weights over the characters of four places, one place after another."""
    _, network = text_encoder()
    weights = arrays(network)
    net = encoder(weights, True, False)
    flat, bias = net["modules"][1]["modules"][0]["weight"], weights["conv1.bias"]
    load(network, convert(write_torch7(tmp_path / "x.t7", net), "char_cnn_rnn"))
    seen = np.random.default_rng(1).normal(size=(10, 9)).astype(np.float32)  # [time, characters]
    wanted = np.stack([flat @ seen[t : t + 4].ravel() + bias for t in range(7)])
    with torch.no_grad():
        found = network.conv1(torch.from_numpy(seen.T[None]))[0].T.numpy()
    assert np.allclose(found, wanted, atol=1e-5)


def test_the_birds_encoder_has_its_size(tmp_path):
    _, network = text_encoder(channels=(384, 512), dim=512, embedding=1024, alphabet=70)
    weights = {key: np.broadcast_to(np.float32(0.5), tuple(v.shape)) for key, v in network.state_dict().items()}
    found = converted(write_torch7(tmp_path / "x.t7", encoder(weights, True, False)), "char_cnn_rnn")
    assert sum(value.size for value in found.weights.values()) == 4_045_184 and found.sizes["cnn_dim"] == 512


def harmed_encoder(harm: Callable[[dict], Any]) -> dict:
    net = encoder(arrays(text_encoder()[1]), True, False)
    harm(net)
    return net


def put(*keys: Any) -> Callable[[dict], None]:
    """Sets what the keys but the last lead to; modules are counted from 1."""
    *steps, last, value = keys

    def harm(net: dict) -> None:
        for step in steps:
            net = net["modules"][step - 1] if isinstance(step, int) else net[step]
        if isinstance(last, int):
            net["modules"][last - 1] = value
        else:
            net[last] = value

    return harm


ZEROS = np.zeros((5, 5), np.float32)


@pytest.mark.parametrize(
    "harm, said",
    [
        (put("class", "nn.Sequential"), "enc_doc is nn.Sequential, expected nn.gModule"),
        (put("modules", []), "enc_doc.modules[2]: there are 0"),
        (put("modules", 3), "enc_doc.modules[2]: there are 0"),
        (put(2, "class", "nn.Parallel"), "enc_doc.modules[2] is nn.Parallel, expected nn.Sequential"),
        (
            put(2, 4, {"class": "nn.Linear"}),
            "enc_doc.modules[2].modules[4] is nn.Linear, expected nn.TemporalConvolution",
        ),
        (
            put(2, 1, "weight", None),
            "enc_doc.modules[2].modules[1].weight is NoneType, expected numbers of 2 dimensions",
        ),
        (
            put(2, 1, "weight", ZEROS.astype(int)),
            "enc_doc.modules[2].modules[1].weight is int64 [5, 5], expected numbers of",
        ),
        (
            put(2, 1, "weight", ZEROS),
            "enc_doc.modules[2].modules[1].weight is 5 x 5, expected 4 times as many columns as",
        ),
        (
            put(2, 1, "bias", ZEROS),
            "enc_doc.modules[2].modules[1].bias is float32 [5, 5], expected numbers of 1 dimensions",
        ),
        (put(2, 1, "bias", ZEROS[0]), "enc_doc.modules[2].modules[1].bias is 5, expected 6 for conv1.bias"),
        (
            put(2, 4, "weight", np.zeros((8, 20), np.float32)),
            "enc_doc.modules[2].modules[4].weight is 8 x 5 x 4, expected 8 x 6 x 4 for conv2.weight",
        ),
        (
            put(4, 10, 1, "weight", ZEROS[:4]),
            "enc_doc.modules[4].modules[10].modules[1].weight is 4 x 5, expected 5 x 5 for ",
        ),
        (put(4, 15, {"class": "nn.Tanh"}), "enc_doc.modules[4].modules[15] is nn.Tanh, expected nn.Sequential"),
        (put(4, 2, 1, "text"), "enc_doc.modules[4].modules[2].modules[1] is nothing, expected nn.Linear"),
        (put(6, "weight", ZEROS[:, :4]), "enc_doc.modules[6].weight is 5 x 4, expected 5 x 5 for emb_proj.weight"),
        (put(6, "bias", np.full(7, np.nan, np.float32)), "enc_doc.modules[6].bias has a number that is not finite"),
    ],
)
def test_an_encoder_that_does_not_fit_is_one_line(tmp_path, harm, said):
    path = write_torch7(tmp_path / "x.t7", harmed_encoder(harm))
    with pytest.raises(RedrawError) as error:
        convert(path, "char_cnn_rnn")
    text = str(error.value)
    assert text.startswith(f"{path}: {said}") and text.endswith(f": {GIVE}") and "\n" not in text


@pytest.mark.parametrize(
    "value", [3, [1], {"protos": {"enc_doc": 3}}, {"protos": [1]}, {"protos": {}}, {"class": "nn.Linear"}]
)
def test_no_encoder_at_all_is_one_line(tmp_path, value):
    with pytest.raises(RedrawError, match=rf"x.t7: enc_doc is [\w.]+, expected nn.gModule: {GIVE}"):
        convert(write_torch7(tmp_path / "x.t7", value), "char_cnn_rnn")


# --- the generator -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old, package", [(False, "nn"), (False, "cudnn"), (True, "nn")])
def test_a_generator_comes_back(tmp_path, old, package):
    sizes, network = drawer()
    weights = arrays(network)
    found = converted(write_torch7(tmp_path / "x.t7", generator(weights, old, package)), "gan_int_cls_generator")
    assert list(found.weights) == list(weights) and found.sizes == sizes and found.left_out == ()
    for key, wanted in weights.items():
        near = old and key.endswith("running_var")
        assert (
            np.allclose(found.weights[key], wanted, rtol=1e-5) if near else np.array_equal(found.weights[key], wanted)
        )
    drawn = load(network, found.weights)(torch.zeros(2, 4), torch.ones(2, 5))
    assert drawn.shape == (2, 3, 64, 64) and drawn.isfinite().all()


def test_the_generator_of_birds_has_its_size(tmp_path):
    sizes, network = drawer(128, 128, 100, 1024)
    weights = {key: np.broadcast_to(np.float32(0.5), tuple(v.shape)) for key, v in network.state_dict().items()}
    found = converted(write_torch7(tmp_path / "x.t7", generator(weights)), "gan_int_cls_generator")
    assert (
        sum(v.size for key, v in found.weights.items() if "running" not in key) == 18_909_699 and found.sizes == sizes
    )


@pytest.mark.parametrize(
    "harm, said",
    [
        (put("class", "nn.gModule"), "netG is nn.gModule, expected nn.Sequential"),
        (lambda net: net["modules"].pop(), "netG.modules[20]: there are 19"),
        (lambda net: net["modules"].append({"class": "nn.Tanh"}), "netG has 21 modules, expected 20"),
        (
            lambda net: net["modules"].insert(7, net["modules"][4]),
            "netG.modules[8] is nn.ConcatTable, expected nn.SpatialFull",
        ),
        (
            put(1, 2, 1, "weight", None),
            "netG.modules[1].modules[2].modules[1].weight is NoneType, expected numbers of 2",
        ),
        (put(3, "weight", ZEROS), "netG.modules[3].weight has 5 columns for squares of side 4"),
        (
            put(3, "weight", np.zeros((2, 16, 4, 4), np.float32)),
            "netG.modules[3].weight has 2 inputs, of which 3 are the text",
        ),
        (put(4, "running_var", np.full(16, -1, np.float32)), "netG.modules[4].running_var has a variance below 0"),
        (
            put(4, "running_var", np.ones(8, np.float32)),
            "netG.modules[4].running_var is 8, expected 16 for image.1.running",
        ),
        (
            put(5, 2, 4, "weight", np.zeros((4, 4, 1, 1), np.float32)),
            "netG.modules[5].modules[2].modules[4].weight is 4 x 4 x 1 x 1, expected 4 x 4 x 3 x 3 for image.2.body.3.weight",
        ),
        (
            put(5, 2, 4, "class", "nn.SpatialDilated"),
            "netG.modules[5].modules[2].modules[4] is nn.SpatialDilated, expected nn",
        ),
        (put(19, "bias", np.zeros(4, np.float32)), "netG.modules[19].bias is 4, expected 3 for image.12.bias"),
    ],
)
def test_a_generator_that_does_not_fit_is_one_line(tmp_path, harm, said):
    net = generator(arrays(drawer()[1]))
    harm(net)
    path = write_torch7(tmp_path / "x.t7", net)
    with pytest.raises(RedrawError) as error:
        convert(path, "gan_int_cls_generator")
    text = str(error.value)
    assert text.startswith(f"{path}: {said}") and text.endswith(f": {GIVE}") and "\n" not in text


@pytest.mark.parametrize("change", [{"eps": None}, {"running_std": np.zeros(16)}])
def test_an_old_normalisation_that_does_not_fit_is_one_line(tmp_path, change):
    net = generator(arrays(drawer()[1]), old=True)
    net["modules"][3] |= change
    with pytest.raises(
        RedrawError, match=r"netG.modules\[4\].running_std is not above 0 everywhere, or there is no eps"
    ):
        convert(write_torch7(tmp_path / "x.t7", net), "gan_int_cls_generator")


# --- all kinds ---------------------------------------------------------------------------------------------------


def test_an_unknown_kind_names_a_known_one(tmp_path):
    with pytest.raises(RedrawError, match="x: no kind of file 'inception2015': did you mean \"inception_2015\""):
        convert(tmp_path / "x", "inception2015")


@pytest.mark.parametrize("kind", ["char_cnn_rnn", "gan_int_cls_generator"])
def test_damages_are_one_line_or_other_weights(tmp_path, kind):
    """What a reader lets through a map must still refuse."""
    rng, lines = np.random.default_rng(0), []
    whole = (
        encoder(arrays(text_encoder()[1]), True, False) if kind == "char_cnn_rnn" else generator(arrays(drawer()[1]))
    )
    harms: list[Any] = [None, 3, "text", [], {}, ZEROS, {"class": "nn.Linear"}, np.empty(0), float("nan")]

    def places(value: Any, found: list) -> list:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found.append((value, key))
            if isinstance(inner, dict | list):
                places(inner, found)
        return found

    for _ in range(300):
        net = copy.deepcopy(whole)
        where = places(net, [])
        holder, key = where[rng.integers(len(where))]
        holder[key] = "nn.Other" if key == "class" else harms[rng.integers(len(harms))]
        try:
            convert(write_torch7(Path(tmp_path / "x.t7"), net), kind)
        except RedrawError as error:
            lines.append(str(error))
    assert len(lines) > 100 and not [
        text for text in lines if "\n" in text or not text.startswith(f"{tmp_path}/x.t7: ")
    ]
