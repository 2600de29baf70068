"""The two Inceptions of published scores: as TensorFlow runs them, out of full-size files in TensorFlow's layouts."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorflow_writer import graph, write_version_2
from torch_fidelity import feature_extractor_inceptionv3 as fidelity

from redraw.core import RedrawError
from redraw.data.tensorflow_arrays import Variable
from redraw.instruments.inception import Config, FineTunedInception, Inception2015, mean_inside, resized_in_graph
from redraw.recipe import About, Step, make_config
from redraw.released import convert, converted
from redraw.released import tensorflow as maps
from redraw.released.tensorflow import _evaluator_names, _names_2015

GIVE = "give the file that the authors released for this network"
VALUES = {"steps": 0, "batch_size": 1, "evaluations": 1, "patience": None, "watch": None, "as_released": []}
AVERAGE = "/ExponentialMovingAverage"
BESIDE = (
    "conv0/weights", "conv0/weights/RMSProp", "beta1_power", "aux_logits/FC/weights", f"aux_logits/proj/weights{AVERAGE}",
)  # fmt: skip
"""What the averages do not need, in the file of a training."""


def network(kind: type, classes: int, channels: int = 3):
    return kind(make_config(Config, VALUES | {"classes": classes}, "toy"), About((channels, 64, 64), 1), {}).eval()


def shapes(kind: type, classes: int) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(v.shape) for key, v in network(kind, classes).state_dict().items()}


def drawn(key: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """In the layout of TensorFlow, sized so that a signal neither dies nor explodes."""
    if len(shape) == 1:
        return rng.uniform(0.8, 1.2, shape).astype(np.float32) * (0.1 if key.endswith(("bias", "mean")) else 1)
    taken = int(np.prod(shape[1:]))
    values = (rng.random(shape, np.float32) - 0.5) * np.float32((24 / taken) ** 0.5)
    return np.ascontiguousarray(values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T)


def evaluator_file(classes: int, full: bool = True) -> dict[str, np.ndarray]:
    """Averages of all variables, and what a training keeps beside them. Not ``full``: zeros, which take no time."""
    rng, found = np.random.default_rng(0), {}
    wanted = shapes(FineTunedInception, classes)
    parts = {"conv.weight": "weights", "bn.bias": "BatchNorm/beta", "bn.running_mean": "BatchNorm/moving_mean"}
    for ours, theirs in _evaluator_names():
        for mine, name in (parts | {"bn.running_var": "BatchNorm/moving_variance"}).items():
            shape = wanted[f"trunk.{ours}.{mine}"]
            found[f"{theirs}/{name}"] = drawn(mine, shape, rng) if full else np.zeros(_turned(shape), np.float32)
    for mine, name in (("head.weight", "logits/logits/weights"), ("head.bias", "logits/logits/biases")):
        found[name] = drawn(mine, wanted[mine], rng) if full else np.zeros(_turned(wanted[mine]), np.float32)
    few = np.zeros(2, np.float32)
    return (
        {name + AVERAGE: v for name, v in found.items()}
        | dict.fromkeys(BESIDE, few)
        | {"global_step": np.array(5000, np.int64)}
    )


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape[::-1]


def graph_2015(full: bool = True) -> dict[str, np.ndarray]:
    rng, found, wanted = np.random.default_rng(1), {}, shapes(Inception2015, 1008)
    parts = {"conv.weight": "conv2d_params", "bn.weight": "batchnorm/gamma", "bn.bias": "batchnorm/beta"}
    parts |= {"bn.running_mean": "batchnorm/moving_mean", "bn.running_var": "batchnorm/moving_variance"}
    for ours, theirs in _names_2015():
        for mine, name in parts.items():
            shape = wanted[f"trunk.{ours}.{mine}"]
            found[f"{theirs}/{name}"] = drawn(mine, shape, rng) if full else np.zeros(_turned(shape), np.float32)
    head = wanted["head.weight"]
    found["softmax/weights"] = drawn("head.weight", head, rng) if full else np.zeros(_turned(head), np.float32)
    operands = {"softmax/biases": np.ones(1008, np.float32), "Sub/y": np.array(128.0, np.float32)}
    return found | operands | {"ResizeBilinear/size": np.array([299, 299], np.int32)}


def loaded(kind: type, path: Path, name: str, classes: int):
    found, model = converted(path, name), network(kind, classes)
    result = model.load_state_dict({key: torch.from_numpy(v) for key, v in found.weights.items()}, strict=False)
    assert not result.unexpected_keys and all(key.endswith("num_batches_tracked") for key in result.missing_keys)
    assert found.sizes == {"classes": classes}
    return model, found.left_out


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    """(FineTunedInception, what its file has beside it)."""
    path = write_version_2(tmp_path_factory.mktemp("birds") / "model.ckpt-5000", evaluator_file(50))
    return loaded(FineTunedInception, path, "inception_fine_tuned", 50)


@pytest.fixture(scope="module")
def scorer_2015(tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "classify_image_graph_def.pb"
    path.write_bytes(graph(graph_2015()))
    return loaded(Inception2015, path, "inception_2015", 1008)


def bytes_of(n: int, height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2).integers(0, 256, (n, 3, height, width), np.uint8))


def coarse(side: int) -> torch.Tensor:
    """[1, 3, side, side] bytes in squares, whose features are not those of the mean of all images."""
    return bytes_of(1, 4, 4).repeat_interleave(side // 4 + 1, 2).repeat_interleave(side // 4 + 1, 3)[..., :side, :side]


def from_bytes(images: torch.Tensor) -> torch.Tensor:
    return images.float().div(127.5).sub(1)


# --- parts -------------------------------------------------------------------------------------------------------


def test_means_count_what_is_inside_the_image():
    """Corners of ones: 4 of 9 places are inside. With zeros counted it would be 4/9."""
    assert torch.equal(mean_inside(torch.ones(1, 2, 4, 5)), torch.ones(1, 2, 4, 5))
    found = mean_inside(torch.arange(9.0).view(1, 1, 3, 3))[0, 0]
    assert found[0, 0] == (0 + 1 + 3 + 4) / 4 and found[0, 1] == (0 + 1 + 2 + 3 + 4 + 5) / 6 and found[1, 1] == 4


@pytest.mark.parametrize("height, width", [(37, 64), (400, 333), (299, 299), (1, 2)])
def test_images_are_resized_as_in_the_graph(height, width):
    image = bytes_of(2, height, width).float()
    wanted = fidelity.interpolate_bilinear_2d_like_tensorflow1x(image, size=(299, 299), align_corners=False)
    assert torch.allclose(resized_in_graph(image, 299), wanted, atol=1e-4)


def test_resizing_in_the_graph_is_half_a_pixel_off():
    """As TensorFlow 1: place k lies at k / 2, and the last row has nothing behind it."""
    assert resized_in_graph(torch.tensor([0.0, 10.0]).view(1, 1, 2, 1), 4)[0, 0, :, 0].tolist() == [0, 5, 10, 10]


def test_the_evaluator_resizes_by_pillow():
    model = network(FineTunedInception, 2)
    image = bytes_of(2, 64, 80)
    for k, found in enumerate(model.prepared(from_bytes(image))):
        picture = Image.fromarray(image[k].permute(1, 2, 0).numpy()).resize((299, 299), Image.Resampling.BILINEAR)
        wanted = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
        assert found.shape == (3, 299, 299) and torch.equal(((found + 1) * 127.5).round().to(torch.uint8), wanted)


def test_pixels_are_scaled_as_in_the_graph():
    with torch.device("meta"):
        model = network(Inception2015, 1008)
    image = torch.tensor([0, 128, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 5, 5)
    found = model.prepared(from_bytes(image))
    assert [found[0, c].unique().tolist() for c in range(3)] == [[-1], [0], [127 / 128]]


# --- full size ---------------------------------------------------------------------------------------------------


def fidelity_network(model, last: type, tmp_path: Path) -> torch.nn.Module:
    """torch-fidelity's port of the graph of 2015 with ``model``'s weights; ``last``: its last block."""
    state = {key.removeprefix("trunk."): v for key, v in model.state_dict().items() if key.startswith("trunk.")}
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    torch.save(state, tmp_path / "weights.pth")
    found = fidelity.FeatureExtractorInceptionV3("x", ["2048"], str(tmp_path / "weights.pth"))
    replaced = last(2048)
    replaced.load_state_dict(found.Mixed_7c.state_dict())
    found.Mixed_7c = replaced.eval()
    return found


def near(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    return bool((found - wanted).abs().max() < 1e-4 * wanted.abs().max())


def test_the_graph_of_2015_scores_as_its_port(scorer_2015, tmp_path):
    model, left_out = scorer_2015
    assert sorted(left_out) == ["ResizeBilinear/size", "Sub/y", "softmax/biases"]
    assert sum(p.numel() for p in model.parameters()) == 23_849_952
    image = coarse(64)
    found = model.encode({"image": from_bytes(image)})
    with torch.no_grad():
        (wanted,) = fidelity_network(model, fidelity.InceptionE_2, tmp_path)(image)
    assert found["features"].shape == (1, 2048) and near(found["features"], wanted) and wanted.std() > 0.01
    assert found["logits_unbiased"].shape == (1, 1008) and near(found["logits_unbiased"], wanted @ model.head.weight.T)


def test_the_fine_tuned_one_scores_as_its_blocks(scorer, tmp_path):
    """The port's blocks of the rest of the network for its last one: means throughout. 51 logits, the background's among them."""
    model, left_out = scorer
    assert set(left_out) == {*BESIDE, "global_step"}
    image = coarse(299)  # of its size: what is resized is tested above, only the scaling differs
    found = model.encode({"image": from_bytes(image)})
    port = fidelity_network(model, fidelity.InceptionE_1, tmp_path)
    x = from_bytes(image)
    with torch.no_grad():
        for block in list(port.children())[:-1]:
            x = block(x)
    wanted = x.flatten(1)
    logits = wanted @ model.head.weight.T + model.head.bias
    assert near(found["features"], wanted) and wanted.std() > 0.01
    assert found["logits"].shape == (1, 51) and near(found["logits"], logits)


def test_names_that_were_read():
    """In the evaluator's network builder, and in a third party's table of the graph."""
    evaluator, names = dict(_evaluator_names()), dict(_names_2015())
    assert len(evaluator) == len(set(evaluator.values())) == len(names) == len(set(names.values())) == 94
    assert (
        evaluator["Conv2d_1a_3x3"] == "conv0" and evaluator["Mixed_6a.branch3x3"] == "mixed_17x17x768a/branch3x3/Conv"
    )
    assert evaluator["Mixed_7a.branch7x7x3_4"] == "mixed_17x17x1280a/branch7x7x3/Conv_3"
    assert evaluator["Mixed_7c.branch3x3dbl_3b"] == "mixed_8x8x2048b/branch3x3dbl/Conv_3"
    wanted = {
        "Conv2d_4a_3x3": "conv_4", "Mixed_5b.branch5x5_2": "mixed/tower/conv_1", "Mixed_6a.branch3x3": "mixed_3/conv",
        "Mixed_6a.branch3x3dbl_3": "mixed_3/tower/conv_2", "Mixed_6b.branch7x7dbl_5": "mixed_4/tower_1/conv_4",
        "Mixed_7a.branch3x3_2": "mixed_8/tower/conv_1", "Mixed_7c.branch3x3_2a": "mixed_10/tower/mixed/conv",
        "Mixed_7b.branch3x3dbl_3b": "mixed_9/tower_1/mixed/conv_1", "Mixed_7b.branch_pool": "mixed_9/tower_2/conv",
    }  # fmt: skip
    assert wanted.items() <= names.items()


# --- what does not fit -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty_evaluator():
    return evaluator_file(20, full=False)


@pytest.fixture(scope="module")
def empty_2015():
    return graph_2015(full=False)


FIRST, LAST = f"conv0/weights{AVERAGE}", f"logits/logits/biases{AVERAGE}"


def holds(monkeypatch, **contents: dict[str, np.ndarray]) -> Path:
    """A path of which the readers say that it holds this: writing a hundred megabytes for each row takes too long."""
    held = contents.get("variables", {})
    monkeypatch.setattr(maps, "variables", lambda path: {k: Variable("float32", v.shape) for k, v in held.items()})
    monkeypatch.setattr(maps, "read_variables", lambda path, names: {k: held[k] for k in names})
    monkeypatch.setattr(maps, "constants", lambda path: contents["constants"])
    return Path("x")


def test_flowers_have_one_and_twenty_logits(monkeypatch, empty_evaluator):
    found = converted(holds(monkeypatch, variables=empty_evaluator), "inception_fine_tuned")
    assert found.weights["head.bias"].shape == (21,) and found.sizes == {"classes": 20}


@pytest.mark.parametrize(
    "change, said",
    [
        ({FIRST: None}, f"no variable {FIRST}, which its evaluator restores"),
        ({FIRST: np.zeros((3, 3, 3, 31))}, f"{FIRST} is 31 x 3 x 3 x 3, expected 32 x 3 x 3 x 3 for trunk.Conv2d_1a"),
        ({LAST: np.zeros(1)}, f"{LAST} is one of 1 logits"),
        ({LAST: np.zeros(51)}, f"logits/logits/weights{AVERAGE} is 21 x 2048, expected 51 x 2048 for head.weight"),
        (
            {"conv0/BatchNorm/beta" + AVERAGE: np.full(32, np.inf)},
            f"conv0/BatchNorm/beta{AVERAGE} has a number that is not",
        ),
        (
            {"conv0/BatchNorm/moving_variance" + AVERAGE: np.full(32, -1.0)},
            "conv0/BatchNorm/moving_variance/Exponential",
        ),
        (
            {"conv0/BatchNorm/gamma" + AVERAGE: np.ones(32)},
            "conv0/BatchNorm/gamma: its evaluator's network has no such",
        ),
        ({"conv9/weights": np.zeros(1)}, "conv9/weights: its evaluator's network has no such variable"),
    ],
)
def test_a_scorer_that_does_not_fit_is_one_line(monkeypatch, empty_evaluator, change, said):
    path = holds(monkeypatch, variables={k: v for k, v in (empty_evaluator | change).items() if v is not None})
    with pytest.raises(RedrawError) as error:
        convert(path, "inception_fine_tuned")
    text = str(error.value)
    assert text.startswith(f"{path}: {said}") and text.endswith(f": {GIVE}") and "\n" not in text


@pytest.mark.parametrize(
    "change, said",
    [
        ({"conv/conv2d_params": None}, "no constant conv/conv2d_params"),
        (
            {"softmax/weights": np.zeros((2048, 1000))},
            "softmax/weights is 1000 x 2048, expected 1008 x 2048 for head.weight",
        ),
        (
            {"mixed_11/conv/conv2d_params": np.zeros(1)},
            "mixed_11/conv/conv2d_params: the network of 2015 has no such weight",
        ),
        ({"conv/batchnorm/delta": np.zeros(1)}, "conv/batchnorm/delta: the network of 2015 has no such weight"),
        ({"conv/batchnorm/gamma": np.full(32, np.nan)}, "conv/batchnorm/gamma has a number that is not finite"),
    ],
)
def test_a_graph_that_does_not_fit_is_one_line(monkeypatch, empty_2015, change, said):
    path = holds(monkeypatch, constants={k: v for k, v in (empty_2015 | change).items() if v is not None})
    with pytest.raises(RedrawError) as error:
        convert(path, "inception_2015")
    text = str(error.value)
    assert text.startswith(f"{path}: {said}") and text.endswith(f": {GIVE}") and "\n" not in text


@pytest.mark.parametrize(
    "kind, classes, channels, said",
    [
        (FineTunedInception, 50, 1, "inception: images of 1 channels, but it reads coloured ones"),
        (FineTunedInception, 1, 3, "inception, classes: 1: give as many as its weights were trained on"),
        (Inception2015, 1000, 3, "inception, classes: 1000: the graph of 2015 has 1008"),
    ],
)
def test_a_bad_configuration_is_one_line(kind, classes, channels, said):
    with torch.device("meta"), pytest.raises(RedrawError, match=re.escape(said)):
        network(kind, classes, channels)


def test_it_is_not_trained():
    with torch.device("meta"):
        model = network(FineTunedInception, 2)
    with pytest.raises(RedrawError, match="its weights are imported, it is not trained here"):
        model.train_step({}, Step(0, 1, 0.0))


def test_the_readers_need_no_torch():
    import subprocess

    modules = "torch7, torch7_captions, tensorflow_files, stackgan_text"
    code = f"import sys; from redraw.data import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
