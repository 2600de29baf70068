"""Files of Lua Torch: they come back as their layout says, and a damaged one is one line."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch7_files import Function, Strided, torch7, write_torch7

from redraw.core import RedrawError
from redraw.data.torch7 import load_torch7
from redraw.data.torch7_captions import validation_captions
from redraw.data.torch7_nodes import Reference

AGAIN = "get the file again, then run the same command"


def come_back(tmp_path: Path, value: Any) -> Any:
    return load_torch7(write_torch7(tmp_path / "x.t7", value))


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(RedrawError) as error:
        load_torch7(path)
    text = str(error.value)
    assert "\n" not in text and text.startswith(f"{path}: no Torch7 file, or a damaged one: ") and text.endswith(AGAIN)
    return text.removeprefix(f"{path}: no Torch7 file, or a damaged one: ").removesuffix(f": {AGAIN}")


# --- valid files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        3,
        -2.5,
        float("inf"),
        "a \u00e9",
        "",
        [1, "b", None],
        [[], [[1]]],
        {"a": 1, 3: "b", 2.5: False},
    ],
)
def test_plain_values_come_back(tmp_path, value):
    found = come_back(tmp_path, value)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4", "i8", "f4", "f8"])
def test_tensors_come_back(tmp_path, kind):
    for shape in ((1,), (7,), (2, 3), (4, 1, 3, 2)):
        values = (np.arange(np.prod(shape)) - 3).astype(kind).reshape(shape)
        found = come_back(tmp_path, {"x": values})["x"]
        assert found.dtype == kind and np.array_equal(found, values)
        with pytest.raises(ValueError, match="read-only"):
            found[...] = 0


def test_tensors_share_a_storage_in_their_own_steps(tmp_path):
    storage = np.arange(24, dtype=np.float32)
    table = storage.reshape(4, 6)
    found = come_back(
        tmp_path,
        {
            "whole": Strided(storage, (4, 6), (6, 1), cuda=True),
            "turned": Strided(storage, (6, 4), (1, 6), cuda=True),
            "part": Strided(storage, (2, 3), (6, 2), 8, cuda=True),
            "expanded": Strided(storage, (3, 5), (0, 1), 20, cuda=True),
            "none": Strided(storage, (), (), cuda=True),
        },
    )
    assert np.array_equal(found["whole"], table) and np.array_equal(found["turned"], table.T)
    assert np.array_equal(found["part"], table[1:3, 1:6:2]) and found["none"].shape == (0,)
    assert np.array_equal(found["expanded"], [storage[19:24]] * 3) and found["expanded"].dtype == np.float32


def test_objects_are_their_class_and_fields(tmp_path):
    weight = np.ones((2, 3), np.float32)
    shared = {"class": "nn.Linear", "weight": weight, "bias": np.zeros(2)}
    found = come_back(
        tmp_path, {"class": "nn.Sequential", "modules": [shared, {"class": "cudnn.ReLU", "p": 0.5}, shared]}
    )
    first, relu, third = found["modules"]
    assert found["class"] == "nn.Sequential" and relu == {"class": "cudnn.ReLU", "p": 0.5} and first is third
    assert first["class"] == "nn.Linear" and np.array_equal(first["weight"], weight)


def test_a_class_of_before_versions(tmp_path):
    (tmp_path / "x.t7").write_bytes(
        torch7({"class": "nn.Linear", "p": 2}).replace(struct.pack("<i", 3) + b"V 1", b"", 1)
    )
    assert load_torch7(tmp_path / "x.t7") == {"class": "nn.Linear", "p": 2}


def test_functions_are_not_run(tmp_path):
    upvalue = {"name": "_ENV"}
    found = come_back(tmp_path, [Function(b"\x1bLJ", [upvalue]), Function(b"old", [upvalue], 6), Function(b"", [], 7)])
    assert found[0] == {"class": "function", "bytecode": b"\x1bLJ", "upvalues": [upvalue]}
    assert found[1]["bytecode"] == b"old" and found[1]["upvalues"][0] is found[0]["upvalues"][0]


def test_circles_come_back_as_circles(tmp_path):
    """nngraph's nodes know their children, and these their parents; a list may hold itself."""
    node: dict[Any, Any] = {"class": "nngraph.Node"}
    node["children"], node["self"] = [node], node
    found = come_back(tmp_path, node)
    assert found["self"] is found and found["children"][0] is found
    several: list = [1]
    several.append(several)
    found = come_back(tmp_path, several)
    assert found[1] is found and found[0] == 1


def test_a_table_may_be_a_key(tmp_path):
    """As those of nngraph's children: the entry is kept, what its key was is not."""
    content = torch7({"a": [7], "b": 1}).replace(struct.pack("<ii", 2, 1) + b"b", struct.pack("<ii", 3, 2), 1)
    (tmp_path / "x.t7").write_bytes(content)
    assert load_torch7(tmp_path / "x.t7") == {"a": [7], Reference(2): 1}


def test_depth_is_no_matter(tmp_path):
    value: list = []
    for _ in range(300):
        value = [value]
    shallow = torch7(value)
    deep = b"".join(struct.pack("<iiiid", 3, k, 1, 1, 1.0) for k in range(1, 50_001)) + struct.pack("<i", 0)
    for content, depth in ((shallow, 300), (deep, 50_000)):
        (tmp_path / "x.t7").write_bytes(content)
        found = load_torch7(tmp_path / "x.t7")
        for _ in range(depth - 1):
            (found,) = found
        assert found in ([[]], [None])


# --- malformed files ---------------------------------------------------------------------------------------------


def tensor(kind: str = "Float", sizes=(2,), strides=(1,), first: int = 1, storage: bytes | None = None) -> bytes:
    """A tensor of a storage of two numbers, or of what ``storage`` says."""
    name, n = f"torch.{kind}Tensor".encode(), len(sizes)
    head = struct.pack("<iii", 4, 1, 3) + b"V 1" + struct.pack("<i", len(name)) + name
    return head + struct.pack(f"<i{n}q{n}qq", n, *sizes, *strides, first) + (storage or floats(2))


def floats(n: int, kind: str = "Float", content: bytes = bytes(8)) -> bytes:
    name = f"torch.{kind}Storage".encode()
    return struct.pack("<iii", 4, 2, 3) + b"V 1" + struct.pack("<i", len(name)) + name + struct.pack("<q", n) + content


def table(*entries: bytes, n: int | None = None) -> bytes:
    return struct.pack("<iii", 3, 1, len(entries) // 2 if n is None else n) + b"".join(entries)


def number(x: float) -> bytes:
    return struct.pack("<id", 1, x)


def named(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<iii", 4, 1, 3) + b"V 1" + struct.pack("<i", len(name)) + name + body


NIL = struct.pack("<i", 0)
MALFORMED = {
    "empty": (b"", "byte 0: 4 bytes announced where 0 are left"),
    "other order": (
        struct.pack(">iii", 3, 1, 0),
        "byte 0: its first number has the other byte order, or it is no file",
    ),
    "ascii": (b"4\n1\n3\nV 1\n", "byte 0: it is an ASCII file of Torch"),
    "zip": (b"PK\3\4" + bytes(20), "byte 0: a value of unknown kind 67324752"),
    "negative kind": (struct.pack("<i", -1), "byte 0: a value of unknown kind -1"),
    "behind the end": (NIL + b"x", "byte 4: 1 bytes behind its end"),
    "cut number": (struct.pack("<if", 1, 0), "byte 4: 8 bytes announced where 4 are left"),
    "truth": (struct.pack("<ii", 5, 2), "byte 0: a truth value of 2"),
    "huge text": (struct.pack("<ii", 2, 2**31 - 1) + b"abc", "byte 4: 2147483647 bytes announced where 3 are left"),
    "negative text": (struct.pack("<ii", 2, -1), "byte 4: -1 bytes announced where 0 are left"),
    "huge table": (table(n=2**31 - 1), "byte 12: 4 bytes announced where 0 are left"),
    "negative table": (table(n=-1), "byte 0: a table of -1 entries"),
    "index 0": (struct.pack("<iii", 3, 0, 0), "byte 0: an object numbered 0"),
    "key of nil": (table(NIL, number(1)), "byte 0: a table with an entry of no key"),
    "key of nan": (table(number(float("nan")), NIL), "byte 0: a table with an entry of no key"),
    "key twice": (table(number(1), NIL, number(1), NIL), "byte 0: a table with two entries '1'"),
    "other kind": (table(number(1), struct.pack("<ii", 8, 1)), "byte 24: it refers to object 1 as another kind"),
    "class of bytes": (named(b"nn.\xff"), r"byte 0: a class called 'nn.\xff'"),
    "class without end": (named(b"n" * 300), "byte 15: a name of 300 bytes"),
    "class of text": (named(b"nn.Linear", NIL), "byte 0: a nn.Linear, whose layout is not known here"),
    "class of itself": (
        named(b"nn.Linear", struct.pack("<ii", 4, 1)),
        "byte 0: a nn.Linear, whose layout is not known",
    ),
    "half": (named(b"torch.HalfTensor"), "byte 0: a torch.HalfTensor, whose layout is not known here"),
    "tds": (named(b"tds.Hash"), "byte 0: a tds.Hash, whose layout is not known here"),
    "two classes": (
        named(b"nn.Linear", struct.pack("<iii", 3, 2, 1) + struct.pack("<ii", 2, 5) + b"class" + NIL),
        "byte 28: a table with two entries 'class'",
    ),
    "huge function": (struct.pack("<iii", 8, 1, 2**30), "byte 8: 1073741824 bytes announced where 0 are left"),
    "old huge function": (struct.pack("<ii", 6, 9), "byte 4: 9 bytes announced where 0 are left"),
    "dimensions": (tensor(sizes=(1,) * 17, strides=(1,) * 17), "byte 0: a tensor of 17 dimensions"),
    "no dimensions": (named(b"torch.FloatTensor", struct.pack("<i", -1)), "byte 0: a tensor of -1 dimensions"),
    "huge storage": (
        tensor(storage=floats(2**60)),
        "byte 64: a storage of 1152921504606846976 numbers where at most 2",
    ),
    "negative storage": (tensor(storage=floats(-1)), "byte 64: a storage of -1 numbers where at most 2 are left"),
    "outside": (tensor(sizes=(3,)), "byte 0: a tensor of 3 that 2 numbers do not make"),
    "outside by a step": (tensor(strides=(2,)), "byte 0: a tensor of 2 that 2 numbers do not make"),
    "huge size": (tensor(sizes=(2**62, 2**62), strides=(0, 0)), "byte 0: a tensor of 4611686018427387904 x "),
    "negative size": (tensor(sizes=(-1,)), "byte 0: a tensor of -1 that 2 numbers do not make"),
    "negative step": (tensor(strides=(-1,), first=2), "byte 0: a tensor of 2 that 2 numbers do not make"),
    "before the start": (tensor(first=0), "byte 0: a tensor of 2 that 2 numbers do not make"),
    "other storage": (tensor(storage=floats(1, "Double")), "byte 0: a tensor of float32 without a storage of them"),
    "storage of text": (tensor(storage=struct.pack("<ii", 2, 1) + b"a"), "byte 0: a tensor of float32 without a stor"),
    "its own storage": (tensor(storage=struct.pack("<ii", 4, 1)), "byte 0: a tensor of float32 without a storage"),
    "tensor of a tensor": (
        tensor(storage=tensor().replace(struct.pack("<ii", 4, 1), struct.pack("<ii", 4, 3), 1)),
        "byte 64: a tensor where a storage should be",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_one_line(tmp_path, name):
    content, said = MALFORMED[name]
    assert refused(tmp_path / "x.t7", content).startswith(said)


def net() -> dict:
    storage = np.arange(40, dtype=np.float32)
    node: dict[Any, Any] = {"class": "nngraph.Node", "data": {"name": "h"}}
    node["children"] = [node]
    return {
        "class": "nn.gModule", "fg": node, "modules": [{"class": "nn.Linear", "weight": Strided(storage, (4, 5), (5, 1))}],
        "bias": Strided(storage, (4,), (1,), 21, cuda=False), "f": Function(b"code", [1, 2]), "t": True,
    }  # fmt: skip


def test_a_file_cut_anywhere_is_one_line(tmp_path):
    whole = torch7(net())
    for n in range(len(whole)):
        refused(tmp_path / "x.t7", whole[:n])


def test_damages_are_one_line_or_other_values(tmp_path):
    rng, path, whole, lines = np.random.default_rng(0), tmp_path / "x.t7", torch7(net()), []
    tracemalloc.start()
    for _ in range(1000):
        harmed = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            harmed[at] = rng.integers(256)
        path.write_bytes(harmed[: rng.integers(len(whole)) if rng.random() < 0.1 else None])
        try:
            load_torch7(path)
        except RedrawError as error:
            lines.append(str(error))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(lines) > 400 and not [text for text in lines if "\n" in text or not text.startswith(f"{path}: ")]
    assert most < 5_000_000


def test_a_missing_file(tmp_path):
    with pytest.raises(RedrawError, match="x.t7: no such file: get it"):
        load_torch7(tmp_path / "x.t7")


# --- captions ----------------------------------------------------------------------------------------------------

TEXT = np.random.default_rng(0).normal(size=(3, 6))


def test_the_captions_of_coco(tmp_path):
    path = write_torch7(tmp_path / "x.t7", {"raw_txt": ["a dog", "a cat"], "fea_txt": [TEXT[:1], TEXT[1:2]]})
    texts, vectors = validation_captions(path, 6)
    assert (
        texts == ["a dog", "a cat"] and vectors.dtype == np.float32 and np.array_equal(vectors, TEXT[:2].astype("f4"))
    )


@pytest.mark.parametrize(
    "value, said",
    [
        ([1], "a list, expected a table of the lists raw_txt and fea_txt"),
        ({"raw_txt": ["a"]}, "a table of 'raw_txt', expected a table of the lists raw_txt and fea_txt"),
        ({"raw_txt": ["a"], "fea_txt": TEXT}, "a table of 'raw_txt', 'fea_txt', expected a table of the lists"),
        ({"raw_txt": ["a"], "fea_txt": []}, "raw_txt has 1 entries and fea_txt 0, expected as many of each"),
        ({"raw_txt": [], "fea_txt": []}, "raw_txt has 0 entries and fea_txt 0, expected as many of each"),
        ({"raw_txt": [3], "fea_txt": [TEXT[:1]]}, "entry 1 of raw_txt is a int, expected a caption"),
        ({"raw_txt": ["a"], "fea_txt": [TEXT]}, "entry 1 of fea_txt is float64 [3, 6], expected float [1, 6]"),
        (
            {"raw_txt": ["a"], "fea_txt": [np.full((1, 6), np.nan)]},
            "entry 1 of fea_txt has a number that is not finite",
        ),
    ],
)
def test_malformed_captions_of_coco_are_one_line(tmp_path, value, said):
    path = write_torch7(tmp_path / "x.t7", value)
    with pytest.raises(RedrawError) as error:
        validation_captions(path, 6)
    assert str(error.value).startswith(f"{path}: {said}") and str(error.value).endswith(AGAIN)
