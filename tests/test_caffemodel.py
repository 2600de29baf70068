"""Caffe's files: what the authors' tools would write is read, and everything else is refused with one line."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest
import torch
from torch import nn

from redraw.core import RedrawError
from redraw.data import caffemodel
from redraw.released import convert, fit


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def blob(values: np.ndarray, old: bool = False) -> bytes:
    data = field(5, values.astype("<f4").tobytes())
    if old:
        dims = [1] * (4 - values.ndim) + list(values.shape)
        return b"".join(field(k, dim) for k, dim in enumerate(dims, 1)) + data
    return field(7, field(1, b"".join(map(varint, values.shape)))) + data


def layer(name: str, *arrays: np.ndarray, old: bool = False) -> bytes:
    names, blobs = (4, 6) if old else (1, 7)
    body = field(names, name.encode()) + b"".join(field(blobs, blob(a, old)) for a in arrays)
    return field(2 if old else 100, body)


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


NET = field(1, b"net") + layer("data") + layer("fc", *arrays((3, 4), (3,)))


@pytest.fixture
def write(tmp_path):
    def written(data: bytes):
        path = tmp_path / "net.caffemodel"
        path.write_bytes(data)
        return path

    return written


@pytest.mark.parametrize("old", [False, True])
def test_layers_with_weights_are_read_in_order(write, old):
    conv, bias, matrix = arrays((2, 3, 3, 3), (2,), (4, 300))
    unread = field(8, 7) + varint(9 << 3 | 5) + struct.pack("<f", 1.0) + varint(10 << 3 | 1) + struct.pack("<d", 1.0)
    path = write(unread + layer("b", conv, bias, old=old) + layer("relu", old=old) + layer("a", matrix, old=old))
    found = dict(caffemodel.layers(path))
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["b"][0], conv)
    np.testing.assert_array_equal(found["b"][1], bias)
    np.testing.assert_array_equal(found["a"][0], matrix)
    assert not found["a"][0].flags.writeable


def test_a_shape_may_be_written_number_by_number(write):
    (matrix,) = arrays((2, 3))
    body = field(7, field(1, 2) + field(1, 3)) + field(5, matrix.tobytes())
    path = write(field(100, field(1, b"a") + field(7, body)))
    np.testing.assert_array_equal(dict(caffemodel.layers(path))["a"][0], matrix)


@pytest.mark.parametrize("old", [False, True])
def test_a_network_takes_a_file(write, old):
    network = nn.ModuleDict({"fc": nn.Linear(4, 3), "act": nn.ReLU(), "conv": nn.Conv2d(1, 2, 3, bias=False)})
    fc, bias, conv = arrays((3, 4), (3,), (2, 1, 3, 3))
    path = write(layer("conv", conv, old=old) + layer("fc", fc, bias, old=old))
    found = fit(convert(path, "caffe"), network.state_dict(), path.name)
    assert {key: value.tolist() for key, value in found.items()} == {
        "fc.weight": fc.tolist(), "fc.bias": bias.tolist(), "conv.weight": conv.tolist()
    }  # fmt: skip


def test_arrays_of_recurrent_layers_are_named_in_caffes_order(write):
    x, bias, static, h = arrays((8, 3), (8,), (8, 5), (8, 2))
    found = convert(write(layer("one", x, bias, h) + layer("two", x, bias, static, h)), "caffe")
    assert [tuple(found[f"one.{key}"].shape) for key in ("x.weight", "x.bias", "h.weight")] == [(8, 3), (8,), (8, 2)]
    assert found["two.static.weight"].shape == (8, 5) and torch.equal(found["two.h.weight"], torch.from_numpy(h))
    with pytest.raises(RedrawError, match="layer a has 5 arrays, 1 to 4 are known: give the file of this network"):
        convert(write(layer("a", *arrays(*[(2,)] * 5))), "caffe")


def test_a_list_of_words_is_its_bytes(tmp_path):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes("a\nnaïve\n".encode())
    assert bytes(convert(path, "text")["letters"].tolist()).decode() == "a\nnaïve\n"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RedrawError, match="vocabulary.txt: no text in UTF-8: get the file again"):
        convert(path, "text")


GOOD = arrays((2, 2))[0].tobytes()
MALFORMED = {
    "empty": (b"", "it is empty"),
    "web page": (b"<!DOCTYPE html><html></html>", "is no field of a Caffe network"),
    "cut off in a layer": (NET[:-5], "it is cut off"),
    "cut off in a length": (NET + b"\xa2", "it is cut off"),
    "longer than the file": (varint(100 << 3 | 2) + varint(1 << 40), "it is cut off"),
    "a number that never ends": (b"\x08" + b"\xff" * 11, "is no number of a Caffe network"),
    "a number above 64 bits": (b"\x08" + b"\xff" * 9 + b"\x7f", "is no number of a Caffe network"),
    "field number 0": (b"\x02\x00", "byte 1 is no field of a Caffe network"),
    "a group": (varint(100 << 3 | 3), "is no field of a Caffe network"),
    "no layers": (field(1, b"net"), "there are no layers in it"),
    "a layer that is a number": (field(100, 5), "a layer is not written as one"),
    "weights that are a number": (field(100, field(1, b"a") + field(7, 5)), "the weights of layer a are not written"),
    "a name that is no text": (field(100, field(1, b"\xff\xfe") + field(7, b"")), "the name of a layer is no text"),
    "no name": (field(100, field(7, blob(arrays((2,))[0]))), "a layer with weights has no name"),
    "the first form": (field(2, field(1, field(1, b"a")) + field(6, blob(arrays((2,))[0]))), "has no name"),
    "twice": (layer("a", *arrays((2,))) * 2, "layer a is in it twice"),
    "no weights": (field(100, field(1, b"a") + field(7, field(7, field(1, b"\x02")))), "layer a: .*0 weights, but a shape of 2"),
    "no shape": (field(100, field(1, b"a") + field(7, field(5, GOOD))), "4 weights, but a shape of 0 x 0 x 0 x 0"),
    "another shape": (
        field(100, field(1, b"a") + field(7, field(7, field(1, b"\x02\x03")) + field(5, GOOD))),
        "4 weights, but a shape of 2 x 3",
    ),
    "too many axes": (
        field(100, field(1, b"a") + field(7, field(7, field(1, b"\x01" * 40)) + field(5, GOOD))), "but a shape of 1 x 1",
    ),
    "half a number": (
        field(100, field(1, b"a") + field(7, field(7, field(1, b"\x04")) + field(5, GOOD + b"\0"))), "not one packed row",
    ),
    "in two parts": (
        field(100, field(1, b"a") + field(7, field(7, field(1, b"\x08")) + field(5, GOOD) + field(5, GOOD))),
        "not one packed row",
    ),
    "doubles": (field(100, field(1, b"a") + field(7, field(8, GOOD))), "64-bit numbers, which are not read"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_file_of_another_form_is_refused_with_one_line(write, kind):
    data, why = MALFORMED[kind]
    path = write(data)
    with pytest.raises(RedrawError) as error:
        list(caffemodel.layers(path))
    line = str(error.value)
    assert (
        line.startswith(str(path)) and re.search(why, line) and line.endswith("get the file again") and "\n" not in line
    )


def test_every_cut_of_a_file_is_refused_or_reads_as_fewer_layers(write):
    for end in range(len(NET)):
        path = write(NET[:end])
        try:
            assert list(caffemodel.layers(path)) == []
        except RedrawError as e:
            assert "no Caffe network that can be read" in str(e)


def test_a_missing_file(tmp_path):
    with pytest.raises(RedrawError, match=r"none.caffemodel: cannot be read \(No such file"):
        list(caffemodel.layers(tmp_path / "none.caffemodel"))
