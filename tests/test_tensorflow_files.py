"""TensorFlow's checkpoints and graphs: they come back as their layouts say, and a damaged one is one line."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorflow_writer import (
    block,
    graph,
    listed,
    message,
    node,
    number,
    shape,
    table,
    tensor,
    varint,
    version_1,
    version_2,
    write_version_1,
    write_version_2,
)  # fmt: skip

from redraw.core import RedrawError
from redraw.data.checksums import crc32c, masked_crc32c
from redraw.data.protobuf import fields, signed
from redraw.data.tensorflow_arrays import Variable
from redraw.data.tensorflow_files import constants, read_variables, variables

WRITTEN = Path(__file__).parent / "goldens" / "tensorflow"
AGAIN = "get the file again, then run the same command"


def some() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    found: dict[str, np.ndarray] = {
        f"g_net/layer_{k}/{part}": rng.normal(size=(k + 1, 3)).astype(np.float32)
        for k in range(12)
        for part in ("weights", "weights/Adam")
    }
    return found | {
        "global_step": np.array(164_000), "negative": np.array([-1, 5], np.int32), "doubles": rng.normal(size=4),
        "bytes": np.arange(250, 256, dtype=np.uint8), "truths": np.array([True, False]), "empty": np.empty((0, 3), np.float32),
    }  # fmt: skip


WRITERS: dict[str, Callable[[Path, dict], Path]] = {"version 1": write_version_1, "version 2": write_version_2}


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> bool:
    return sorted(found) == sorted(wanted) and all(
        found[name].dtype == wanted[name].dtype and np.array_equal(found[name], wanted[name]) for name in wanted
    )


def refused(read: Callable, path: Path) -> str:
    with pytest.raises(RedrawError) as error:
        read(path)
    text = str(error.value)
    assert "\n" not in text and text.startswith(str(path.parent)) and text.endswith(AGAIN), text
    return text.partition("or a damaged one: ")[2].removesuffix(f": {AGAIN}")


# --- checksums and messages --------------------------------------------------------------------------------------


def test_checksums():
    """The check value, that of 32 zeros (both RFC 3720), and pieces side by side against one after another."""
    assert crc32c(b"123456789") == 0xE3069283 and crc32c(bytes(32)) == 0x8A9136AA and crc32c(b"") == 0
    turned = (masked_crc32c(b"foo") - 0xA282EAD8) & 0xFFFFFFFF
    assert (turned << 15 | turned >> 17) & 0xFFFFFFFF == crc32c(b"foo")
    data = np.random.default_rng(0).bytes(150_001)
    state, table_ = 0xFFFFFFFF, []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table_.append(n)
    for byte in data:
        state = table_[(state ^ byte) & 0xFF] ^ state >> 8
    assert crc32c(data) == state ^ 0xFFFFFFFF


def test_fields_of_a_message():
    content = (
        number(1, 300)
        + message(2, "ab")
        + varint(3 << 3 | 5)
        + bytes(4)
        + varint(4 << 3 | 1)
        + bytes(8)
        + number(5, -2)
    )
    found = [(n, v if isinstance(v, int) else bytes(v)) for n, v in fields(memoryview(content))]
    assert found == [(1, 300), (2, b"ab"), (3, bytes(4)), (4, bytes(8)), (5, 2**64 - 2)] and signed(2**64 - 2) == -2


@pytest.mark.parametrize(
    "content, said",
    [
        (b"\x08", "a number goes on behind the end"),
        (b"\x08\x80", "a number goes on behind the end"),
        (b"\x08" + b"\xff" * 10, "a number of more than 64 bits"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "a number of more than 64 bits"),
        (b"\x00\x01", "field 0 of an unknown kind 0"),
        (b"\x0b", "field 1 of an unknown kind 3"),
        (b"\x0a\x05abc", "5 bytes announced where 3 are left"),
        (b"\x0a\xff\xff\xff\xff\x7f", "34359738367 bytes announced where 0 are left"),
        (b"\x0dabc", "4 bytes announced where 3 are left"),
    ],
)
def test_malformed_messages(content, said):
    with pytest.raises(ValueError, match=said):
        list(fields(memoryview(content)))


# --- valid files -------------------------------------------------------------------------------------------------


def test_what_tensorflow_itself_wrote_comes_back():
    """TensorFlow 2, Saver of both versions and a graph's constants: the writer of these tests is not the only witness."""
    wanted = {
        "g_net/fc/w": (np.arange(12) / 8 - 0.5).astype(np.float32).reshape(3, 4), "g_net/fc/gamma": np.array([1.5], np.float32),
        "g_net/fc/w/ExponentialMovingAverage": (np.arange(12) / 16).astype(np.float32).reshape(3, 4),
        "global_step": np.array(164_000), "int32": np.array([-3, 7], np.int32), "int16": np.array([-300, 4], np.int16),
        "uint8": np.arange(250, 256, dtype=np.uint8), "bool": np.array([True, False]), "float64": np.array([0.1, -2.0]),
    }  # fmt: skip
    assert same(read_variables(WRITTEN / "v1.ckpt"), wanted) and same(read_variables(WRITTEN / "v2.ckpt"), wanted)
    assert same(constants(WRITTEN / "graph.pb"), wanted | {"filled": np.full((2, 3), 0.5, np.float32)})


@pytest.mark.parametrize("version", WRITERS)
def test_checkpoints_come_back(tmp_path, version):
    path = WRITERS[version](tmp_path / "model.ckpt-5", some())
    about = variables(path)
    assert sorted(about) == sorted(some())
    assert about["g_net/layer_3/weights"] == Variable("float32", (4, 3)) and about["global_step"] == Variable(
        "int64", ()
    )
    assert same(read_variables(path), some())
    asked = ["global_step", "g_net/layer_11/weights"]
    assert same(read_variables(path, asked), {name: some()[name] for name in asked}) and read_variables(path, []) == {}


def test_an_index_may_be_named_itself(tmp_path):
    write_version_2(tmp_path / "model.ckpt-5", some())
    assert same(read_variables(tmp_path / "model.ckpt-5.index"), some())


def test_numbers_one_by_one_are_read_too(tmp_path):
    """Written by some, a field for each: protocol buffers allow it."""
    rows = version_1({"a": np.array([1, 2], np.float32), "b": np.array([3, -4], np.int32)})
    ones = b"".join(varint(5 << 3 | 5) + struct.pack("<f", x) for x in (1, 2))
    rows[b"\0a"] = message(2, message(1, "a"), message(2, message(1)), message(3, ones))
    rows[b"\0b"] = message(
        2, message(1, "b"), message(2, message(1, number(2, 2))), message(3, number(7, 3), number(7, -4))
    )
    (tmp_path / "x").write_bytes(table(rows))
    assert same(read_variables(tmp_path / "x"), {"a": np.array([1, 2], np.float32), "b": np.array([3, -4], np.int32)})


def test_variables_of_other_types_are_named_and_not_read(tmp_path):
    rows, data = version_2({"a": np.ones(2)})
    (tmp_path / "x.index").write_bytes(table(rows | {b"s": number(1, 7) + shape(2, (1,))}))
    (tmp_path / "x.data-00000-of-00001").write_bytes(data)
    assert variables(tmp_path / "x")["s"] == Variable("type 7", (1,)) and list(read_variables(tmp_path / "x")) == ["a"]
    with pytest.raises(RedrawError, match="s: numbers of type 7, which are not read here"):
        read_variables(tmp_path / "x", ["s"])


def test_graphs_come_back(tmp_path):
    (tmp_path / "x.pb").write_bytes(graph(some()) + node("text", "Const", number(1, 7)) + node("sum", "Add"))
    assert same(constants(tmp_path / "x.pb"), some())


def test_one_number_fills_a_constant(tmp_path):
    values = np.full((2, 3), 0.5, np.float32)
    content = tensor(values, listed(values[0, :1])), tensor(values.astype(np.int64), message(10, varint(7)))
    (tmp_path / "x.pb").write_bytes(node("a", "Const", content[0]) + node("b", "Const", content[1]))
    assert same(constants(tmp_path / "x.pb"), {"a": values, "b": np.full((2, 3), 7)})


# --- malformed checkpoints ---------------------------------------------------------------------------------------

ONE = {"a/b": np.arange(6, dtype=np.float32).reshape(2, 3)}
HEAD_1 = version_1(ONE)[b""]


def saved(name: str = "a/b", where: bytes | None = None, data: bytes | None = None) -> bytes:
    whole = message(2, message(1), message(1)) if where is None else where
    return message(2, message(1, name), whole, message(3, listed(ONE["a/b"]) if data is None else data))


def changed(entry: bytes, head: bytes = HEAD_1) -> bytes:
    return table({b"": head, b"\0a": entry})


def announced(*, name: str = "a/b", sizes=(2, 3), kind: int = 1) -> bytes:
    return message(1, message(1, message(1, name), shape(2, sizes), number(3, kind)))


def footer(first: bytes) -> bytes:
    return first.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def raw(content: bytes, kind: int = 0) -> bytes:
    """A table whose one block and whose index are ``content`` and what points to it."""
    first = content + bytes([kind]) + struct.pack("<I", masked_crc32c(content + bytes([kind])))
    index = block([(b"z", varint(0) + varint(len(content)))]) + b"\0"
    place = varint(0) * 2 + varint(len(first)) + varint(len(index) - 1)
    return first + index + struct.pack("<I", masked_crc32c(index)) + footer(place)


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


VERSION_1 = {
    "empty": (b"", "its last bytes are not those of a checkpoint's table"),
    "no magic": (table(version_1(ONE))[:-1] + b"x", "its last bytes are not those of a checkpoint's table"),
    "other order": (table(version_1(ONE))[:-8] + struct.pack(">Q", 0xDB4775248B80FB57), "its last bytes are not those"),
    "footer alone": (footer(b""), "a block of 0 bytes at byte 0, behind the end"),
    "index behind the end": (footer(varint(0) * 2 + varint(2**40) + varint(9)), "a block of 9 bytes at byte 1099511627776,"),
    "no entries": (table({}), "its first entry does not say what it holds"),
    "no head": (table({b"\0a": saved()}), "its first entry does not say what it holds"),
    "compressed": (table(version_1(ONE), kind=1), "a compressed block at byte "),
    "checksum of the head": (flipped(table(version_1(ONE)), 5), "the checksum of the block at byte 0 is that of other"),
    "checksum of the index": (flipped(table(version_1(ONE)), -60), "the checksum of the block at byte "),
    "block without end": (raw(b"ab"), "the block at byte 0 has no end"),
    "too many restarts": (raw(bytes(8) + struct.pack("<I", 2**31)), "the block at byte 0 has no end"),
    "shared with nothing": (raw(b"\x05\x01\x01ab" + struct.pack("<II", 0, 1)), "an entry of the block at byte 0 stands out"),
    "value outside": (raw(b"\x00\x00\x7fab" + struct.pack("<II", 0, 1)), "an entry of the block at byte 0 stands out of it"),
    "keys out of order": (raw(block([(b"", HEAD_1), (b"b", b""), (b"a", b"")])), "the keys of the block at byte 0 are out"),
    "key twice": (raw(block([(b"", HEAD_1), (b"a", saved()), (b"a", saved())])), "the keys of the block at byte 0 are out"),
    "endless number": (raw(b"\xff" * 20 + struct.pack("<II", 0, 1)), "a number of more than 64 bits"),
    "head of nothing": (table({b"": b""}), "its data lie in 0 files, expected one"),
    "two of a name": (table({b"": announced() + announced()}), "two variables 'a/b'"),
    "name of bytes": (table({b"": announced(name="a\nb")}), r"a name is 'a\nb'"),
    "negative size": (changed(saved(), announced(sizes=(-1,))), "a shape with the size -1 behind 0 others"),
    "dimensions": (changed(saved(), announced(sizes=(1,) * 17)), "a shape with the size 1 behind 16 others"),
    "rank": (changed(saved(), message(1, message(1, message(2, number(3, 1))))), "a shape of unknown rank"),
    "huge shape": (changed(saved(), announced(sizes=(2**40, 2**20))), "a/b: 6 numbers for a shape of [1099511627776, 1048576]"),
    "fewer numbers": (changed(saved(data=listed(np.zeros(5, np.float32)))), "a/b: 5 numbers for a shape of [2, 3]"),
    "cut number": (changed(saved(data=message(5, bytes(5)))), "a/b: 5 bytes for numbers of 4"),
    "a part": (changed(saved(where=message(2, message(1, number(2, 1)), message(1)))), "a/b: it lies in parts"),
    "a part from 1 on": (changed(saved(where=message(2, message(1, number(1, 1)), message(1)))), "a/b: it lies in parts"),
    "fewer dimensions": (changed(saved(where=message(2, message(1)))), "a/b: it lies in parts"),
    "twice": (table({b"": HEAD_1, b"a": saved(), b"b": saved()}), "a/b: it lies in parts"),
    "not there": (changed(saved(name="c")), "a/b: it is announced, but not there"),
    "of another type": (changed(saved(data=message(6, bytes(48)))), "a/b: 0 numbers for a shape of [2, 3]"),
    "number as text": (changed(saved(data=number(5, 1))), "a/b: a list of numbers is a number"),
    "whole number too large": (
        changed(saved(data=message(7, *[varint(300)] * 6)), announced(kind=6)), "a/b: a number that is none of int8",
    ),
    "checksum of the data": (flipped(table(version_1(ONE), most=1), 80), "the checksum of the block at byte "),
}  # fmt: skip


@pytest.mark.parametrize("name", VERSION_1)
def test_a_malformed_checkpoint_of_version_1_is_one_line(tmp_path, name):
    content, said = VERSION_1[name]
    (tmp_path / "x.ckpt").write_bytes(content)
    assert refused(read_variables, tmp_path / "x.ckpt").startswith(said)


def entry(
    kind: int = 1, sizes=(2, 3), shard: int = 0, offset: int = 0, size: int = 24, checksum: int | None = None
) -> bytes:
    crc = masked_crc32c(ONE["a/b"].tobytes()) if checksum is None else checksum
    numbers = [(1, kind), (3, shard), (4, offset), (5, size)]
    return b"".join(number(n, v) for n, v in numbers) + shape(2, sizes) + varint(6 << 3 | 5) + struct.pack("<I", crc)


VERSION_2 = {
    "other order": ({b"": number(1, 1) + number(2, 1)}, "it was written on a machine of the other byte order"),
    "several files": ({b"": number(1, 3)}, "its data lie in 3 files, expected one"),
    "head of text": ({b"": message(2, "a")}, "it was written on a machine of the other byte order"),
    "another file": ({b"a/b": entry(shard=1)}, "a/b: it lies in parts, or in another file"),
    "parts": ({b"a/b": entry() + message(7, message(1))}, "a/b: it lies in parts, or in another file"),
    "behind the end": ({b"a/b": entry(offset=4)}, "a/b: 24 bytes from 4 on for Variable("),
    "huge": ({b"a/b": entry(size=2**62)}, "a/b: 4611686018427387904 bytes from 0 on for"),
    "other shape": ({b"a/b": entry(sizes=(2, 4))}, "a/b: 24 bytes from 0 on for Variable("),
    "huge shape": ({b"a/b": entry(sizes=(2**60, 2**60, 2**60))}, "a/b: 24 bytes from 0 on for Variable("),
    "checksum": ({b"a/b": entry(checksum=5)}, "a/b: its checksum is that of other bytes"),
    "no entry": ({b"a/b": b"\x0a"}, "a number goes on behind the end"),
    "type of text": ({b"a/b": message(1, "x")}, "a type is no number"),
    "name of bytes": ({b"a\xff": entry()}, "'utf-8' codec can't decode byte 0xff in position 1"),
}


@pytest.mark.parametrize("name", VERSION_2)
def test_a_malformed_checkpoint_of_version_2_is_one_line(tmp_path, name):
    change, said = VERSION_2[name]
    rows, data = version_2(ONE)
    (tmp_path / "x.index").write_bytes(table(rows | change))
    (tmp_path / "x.data-00000-of-00001").write_bytes(data)
    assert refused(read_variables, tmp_path / "x").startswith(said)


def test_missing_files_and_names(tmp_path):
    with pytest.raises(RedrawError, match="x: no such file: get it"):
        read_variables(tmp_path / "x")
    with pytest.raises(RedrawError, match=r"not read \(Is a directory\): give a file that can be"):
        read_variables(tmp_path)
    path = write_version_2(tmp_path / "x", ONE)
    with pytest.raises(RedrawError, match=r"x.index: .*: no variable 'c' among its 1: get the file again"):
        read_variables(path, ["c"])
    (tmp_path / "x.data-00000-of-00001").unlink()
    with pytest.raises(RedrawError, match="x.data-00000-of-00001: no such file: get it"):
        read_variables(path)


# --- malformed graphs --------------------------------------------------------------------------------------------

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "it is empty"),
        (node("a", "Add"), "no constant in it"),
        (b"\x0a\x05a", "5 bytes announced where 1 are left"),
        (b"PK\3\4abcdefgh", "field 0 of an unknown kind 3"),
        (number(1, 3), "an operation is a number"),
        (graph({"a": VALUES}) + graph({"a": VALUES}), "two constants 'a'"),
        (node("a", "Const", tensor(VALUES, message(4, bytes(20)))), "a: 20 bytes for 6 numbers of 4"),
        (node("a", "Const", tensor(VALUES, b"")), "a: 0 numbers for a shape of 6"),
        (node("a", "Const", tensor(VALUES, listed(VALUES[0]))), "a: 3 numbers for a shape of 6"),
        (
            node("a", "Const", number(1, 1) + shape(2, (2**30, 2**30)) + listed(VALUES[0, :1])),
            "a: 1 numbers for a shape of 1152921504606846976",
        ),
        (node("a", "Const", number(1, 1) + shape(2, (-1,))), "a: a shape with the size -1 behind 0 others"),
        (node("a\u2028b", "Const", tensor(VALUES)), r"a name is 'a\u2028b'"),
    ],
)
def test_a_malformed_graph_is_one_line(tmp_path, content, said):
    (tmp_path / "x.pb").write_bytes(content)
    assert refused(constants, tmp_path / "x.pb").startswith(said)


# --- damages -----------------------------------------------------------------------------------------------------


def files(kind: str, tmp_path: Path) -> tuple[Callable, Path, Path]:
    """(reader, what it is given, the file that is damaged)."""
    few = {name: some()[name] for name in ("g_net/layer_0/weights", "g_net/layer_2/weights", "global_step", "negative")}
    if kind == "graph":
        (tmp_path / "x").write_bytes(graph(few))
        return constants, tmp_path / "x", tmp_path / "x"
    path = WRITERS[kind.partition(",")[0]](tmp_path / "x", few)
    named = {"version 1": "x", "version 2, index": "x.index", "version 2, data": "x.data-00000-of-00001"}[kind]
    return read_variables, path, tmp_path / named


KINDS = ["version 1", "version 2, index", "version 2, data", "graph"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_one_line(tmp_path, kind):
    read, path, harmed = files(kind, tmp_path)
    whole, wanted, other = harmed.read_bytes(), read(path), 0
    for n in range(len(whole)):
        harmed.write_bytes(whole[:n])
        try:
            found = read(path)
        except RedrawError as error:
            assert "\n" not in str(error)
        else:  # a graph that ends between two operations is a graph
            other += 1
            assert kind == "graph" and same(found, {name: wanted[name] for name in found})
    assert other <= (len(wanted) if kind == "graph" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_damages_are_one_line_or_other_values(tmp_path, kind):
    """Checksums find every damage of a checkpoint; a graph has none."""
    read, path, harmed = files(kind, tmp_path)
    rng, whole, wanted, lines = np.random.default_rng(0), harmed.read_bytes(), read(path), []
    for _ in range(1000):
        content = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            content[at] = rng.integers(256)
        harmed.write_bytes(content[: rng.integers(len(whole)) if rng.random() < 0.1 else None])
        try:
            found = read(path)
        except RedrawError as error:
            lines.append(str(error))
        else:
            assert kind == "graph" or same(found, wanted)
    assert len(lines) > 200 and not [text for text in lines if "\n" in text or not text.startswith(str(tmp_path))]


@pytest.mark.parametrize("version", WRITERS)
def test_damages_below_sound_checksums_are_one_line_and_little_memory(tmp_path, version):
    """What somebody has made up on purpose: only the contents are wrong."""
    rng, path, lines = np.random.default_rng(1), tmp_path / "x", []
    few = {name: some()[name] for name in ("g_net/layer_2/weights", "global_step", "negative")}
    rows, data = (version_1(few), b"") if version == "version 1" else version_2(few)
    (tmp_path / "x.data-00000-of-00001").write_bytes(data)
    written = path if version == "version 1" else tmp_path / "x.index"
    tracemalloc.start()
    for k in range(300):
        harmed = dict(rows)
        key = sorted(rows)[k % len(rows)]
        content = bytearray(rows[key])
        for at in rng.integers(len(content), size=rng.integers(1, 4)):
            content[at] = rng.integers(256)
        harmed[key] = bytes(content)
        written.write_bytes(table(harmed))
        try:
            read_variables(path)
        except RedrawError as error:
            lines.append(str(error))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(lines) > 150 and not [text for text in lines if "\n" in text or not text.startswith(str(tmp_path))]
    assert most < 1_000_000
