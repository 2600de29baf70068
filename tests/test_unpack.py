"""Archives and pickles that mean harm: each is refused with one line, nothing gets out, nothing is left behind."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.data.archives import Limits
from redraw.data.unpack import WORKPLACE, unpack
from redraw.data.unpickle import load_pickle

SMALL = Limits(files=50, bytes=2_000_000)


def tarred(*members: tuple[str | tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode, format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, b""


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def of_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def with_flag(content: bytes, bit: int) -> bytes:
    """A general-purpose flag set in every header of a zip."""
    made = bytearray(content)
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := made.find(magic, at + 1)) >= 0:
            made[at + place] |= bit
    return bytes(made)


def renamed(content: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new) and content.count(old) == 2
    return content.replace(old, new)


def gnu_header(kind: bytes, size: bytes) -> bytes:
    """A header of a tar archive by hand, with whatever size field."""
    header = bytearray(tarfile.TarInfo("top/x").tobuf(tarfile.GNU_FORMAT))
    header[156:157], header[124:136] = kind, size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def bomb() -> bytes:
    """Ten times the limit of bytes from a few thousand."""
    return zipped(("top/zeros", bytes(20_000_000)))


def quine() -> bytes:
    inner = zipped(("top/text.zip", zipped(("text.zip", zipped(("deep.txt", b"deep"))))))
    return inner


GOOD = ("top/good.txt", b"good")
FIVES = b"5" * 500
NEGATIVE = b"\xff" * 10 + b"\0\0"  # a size field of a tar header
BAD = {
    "tar: leads up": (tarred(GOOD, ("../escaped", b"x")), "'../escaped' in it leads out"),
    "tar: leads up from within": (tarred(GOOD, ("top/../../escaped", b"x")), "leads out of the archive's folder"),
    "tar: absolute": (tarred(GOOD, ("/tmp/escaped-redraw", b"x")), "leads out of the archive's folder"),
    "tar: symbolic link": (tarred(GOOD, special("top/l", tarfile.SYMTYPE, "../..")), "is a link, a device or sparse"),
    "tar: file behind a link": (
        tarred(special("top", tarfile.SYMTYPE, ".."), ("top/escaped", b"x")), "is a link, a device or sparse"),
    "tar: hard link": (tarred(GOOD, special("top/h", tarfile.LNKTYPE, "/etc/passwd")), "is a link, a device or sparse"),
    "tar: device": (tarred(GOOD, special("top/d", tarfile.CHRTYPE)), "is a link, a device or sparse"),
    "tar: pipe": (tarred(GOOD, special("top/p", tarfile.FIFOTYPE)), "is a link, a device or sparse"),
    "tar: twice": (tarred(GOOD, GOOD), "'top/good.txt' is in it twice"),
    "tar: differs in case": (tarred(GOOD, ("top/GOOD.txt", b"x")), "twice, or in two spellings"),
    "tar: folders differ in case": (tarred(GOOD, ("TOP/other", b"x")), "twice, or in two spellings"),
    "tar: a file as a folder": (tarred(("top", b"x"), ("top/escaped", b"x")), "twice, or in two spellings"),
    "tar: control characters": (tarred(GOOD, ("top/\x1b[2J", b"x")), "is no plain path"),
    "tar: backslashes": (tarred(GOOD, ("..\\escaped", b"x")), "is no plain path"),
    "tar: a long name": (tarred(GOOD, ("top/" + "x" * 300, b"x")), "is too long"),
    "tar: too many files": (tarred(GOOD, *((f"top/{k}", b"") for k in range(60))), "more than 50 files in it"),
    "tar: too large": (tarred(GOOD, ("top/z", os.urandom(2_500_000))), "in it is 2,500,000 bytes"),
    "tar: bomb": (tarred(GOOD, ("top/z", bytes(20_000_000))), "in it is 20,000,000 bytes"),
    "tar: too large in all": (
        tarred(*((f"top/{k}", os.urandom(900_000)) for k in range(3))), "in it is 900,000 bytes"),
    "tar: bomb in a header": (gzip.compress(gnu_header(b"L", b"%011o\0" % (1 << 30)) + bytes(1 << 24)), "a header in it asks"),
    "tar: negative size": (gzip.compress(gnu_header(b"0", NEGATIVE) + bytes(4096)), "damaged|bytes|not of its format"),
    "tar: negative size of a header": (gzip.compress(gnu_header(b"x", NEGATIVE) + bytes(4096)), "a header in it asks"),
    "tar: bomb of nothing": (gzip.compress(tarred(GOOD, mode="w:") + bytes(120_000_000)), "bytes in it"),
    "tar: truncated gzip": (tarred(GOOD, ("top/r", os.urandom(50_000)))[:-20_000], "truncated or damaged"),
    "tar: last bytes of gzip lost": (tarred(GOOD)[:-4], "truncated or damaged"),
    "tar: wrong checksum of gzip": (tarred(GOOD)[:-8] + b"\0\0\0\0" + tarred(GOOD)[-4:], "truncated or damaged"),
    "tar: truncated between members": (tarred(GOOD, ("top/b", b"b"), mode="w:")[:1024], "truncated or damaged"),
    "tar: truncated in a member": (tarred(GOOD, ("top/b", b"b" * 9999), mode="w:")[:4000], "truncated or damaged"),
    "zip: leads up": (zipped(GOOD, ("../escaped", b"x")), "leads out of the archive's folder"),
    "zip: absolute": (zipped(GOOD, ("/tmp/escaped-redraw", b"x")), "leads out of the archive's folder"),
    "zip: drive letter": (zipped(GOOD, ("C:/escaped", b"x")), "is no plain path"),
    "zip: backslashes": (renamed(zipped(GOOD, ("top/a_.._b", b"x")), b"top/a_.._b", b"top\\a\\..\\b"), "is no plain path"),
    "zip: NUL in a name": (renamed(zipped(GOOD, ("top/a_b", b"x")), b"top/a_b", b"top/a\0b"), "is no plain path"),
    "zip: symbolic link": (zipped(GOOD, (of_mode("top/l", stat.S_IFLNK | 0o777), b"/etc")), "is a link or a device"),
    "zip: device": (zipped(GOOD, (of_mode("top/d", stat.S_IFBLK), b"")), "is a link or a device"),
    "zip: differs in case": (zipped(GOOD, ("Top/Good.txt", b"x")), "twice, or in two spellings"),
    "zip: encrypted": (with_flag(zipped(GOOD), 1), "is encrypted"),
    "zip: another method": (zipped(GOOD, method=zipfile.ZIP_LZMA), "is packed by method 14"),
    "zip: bomb": (bomb(), "claims 20,000,000 bytes, more than 2,000,000"),
    "zip: small bomb": (zipped(("top/zeros", bytes(1_900_000))), "is 1,900,000 bytes from"),
    "zip: too many files": (zipped(*((f"top/{k}", b"") for k in range(60))), "more than 50 files in it"),
    "zip: too deep": (quine(), "archives 3 deep"),
    "zip: leads up from a nested one": (
        zipped(GOOD, ("top/text.zip", zipped(("../../../escaped", b"x")))), "leads out of the archive's folder"),
    "zip: a nested one writes over": (zipped(GOOD, ("top/text.zip", zipped(("good.txt", b"x")))), "is in it twice"),
    "zip: bombs in bombs": (
        zipped(("top/text.zip", zipped(*((f"{k}", os.urandom(14_000) * 50) for k in range(3))))),
        "claims 2,100,000 bytes, more than 2,000,000"),
    "zip: truncated": (zipped(GOOD, ("top/r", os.urandom(50_000)))[:-20_000], "truncated or damaged"),
    "zip: a member is damaged": (
        zipped(("top/r", b"q" * 500), method=zipfile.ZIP_STORED).replace(b"q" * 99, b"s" * 99, 1), "Bad CRC-32"),
    "zip: lies about a length": (
        zipped(("top/r", FIVES), method=zipfile.ZIP_STORED).replace(struct.pack("<2L", 500, 500), struct.pack("<2L", 500, 9)),
        "truncated or damaged|not of its format"),
    "zip: points before its beginning": (
        (lambda z: z[:-6] + struct.pack("<L", 1 << 31) + z[-2:])(zipped(GOOD)), "before its beginning"),
    "neither": (b"%PDF-1.4 and so on" * 50, "neither a zip nor a tar archive"),
    "empty": (b"", "neither a zip nor a tar archive"),
    "something else in it": (zipped(("other/x", b"x")), "it holds other, expected top"),
}  # fmt: skip


def everything(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


@pytest.mark.parametrize("case", BAD)
def test_what_means_harm_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, case):
    content, line = BAD[case]
    archive, into = tmp_path / "a.bin", tmp_path / "within" / "raw"
    archive.write_bytes(content)
    into.mkdir(parents=True)
    (into / "mine").write_text("kept")
    with pytest.raises(RedrawError, match=line) as error:
        unpack(archive, into, ["top"], SMALL, nested=["text.zip"])
    said = str(error.value)
    assert said.startswith(f"{archive}: not unpacked: ") and said.endswith("then run the same command")
    assert said.isprintable() and len(said) < 400
    assert everything(tmp_path) == {"a.bin", "within", "within/raw", "within/raw/mine"}
    assert not Path("/tmp/escaped-redraw").exists()


@pytest.mark.parametrize("make", [tarred, zipped, lambda *m: tarred(*m, mode="w:")], ids=["tgz", "zip", "tar"])
def test_a_good_archive(tmp_path, make):
    members = [
        ("top/sub/a.txt", b"a" * 5000), ("./top/empty", b""), ("top/ümlaut.txt", b"u"), ("beside.txt", b"b"),
        ("__MACOSX/top/._a", b"x"), ("top/.DS_Store", b"x"), ("unwanted.txt", b"x"),
    ]  # fmt: skip
    (tmp_path / "a").write_bytes(make(*members))
    (tmp_path / WORKPLACE).mkdir()  # of a process that was killed
    (tmp_path / WORKPLACE / "left").write_text("over")
    (tmp_path / "beside.txt").write_text("mine")
    unpack(tmp_path / "a", tmp_path, ["top", "beside.txt", "attributes.txt"], SMALL)
    assert everything(tmp_path) == {
        "a", "beside.txt", "top", "top/sub", "top/sub/a.txt", "top/empty", "top/ümlaut.txt"
    }  # fmt: skip
    assert (tmp_path / "top/sub/a.txt").read_bytes() == b"a" * 5000
    assert (tmp_path / "beside.txt").read_text() == "mine"


def test_modes_and_owners_are_not_taken_over(tmp_path):
    info = tarfile.TarInfo("top/run")
    info.mode, info.uid, info.gid = 0o6777, 12345, 12345
    (tmp_path / "a").write_bytes(tarred((info, b"#!/bin/sh")))
    unpack(tmp_path / "a", tmp_path, ["top"])
    at = (tmp_path / "top/run").stat()
    assert at.st_mode & 0o7133 == 0 and at.st_uid == os.getuid()


def test_an_archive_in_an_archive(tmp_path):
    """As AttnGAN's birds.zip has its captions; the inner one goes, what was in it stays."""
    text = zipped(("text/001.Bird/a.txt", b"a bird"))
    (tmp_path / "a").write_bytes(zipped(("birds/text.zip", text), ("birds/other.zip", text)))
    unpack(tmp_path / "a", tmp_path, ["birds"], SMALL, nested=["text.zip"])
    assert everything(tmp_path) - {"a"} == {
        "birds", "birds/text", "birds/text/001.Bird", "birds/text/001.Bird/a.txt", "birds/other.zip"
    }  # fmt: skip


def test_a_full_disk_leaves_nothing(tmp_path, mounted):
    mounted(tmp_path / "raw", "size=200k")
    (tmp_path / "a").write_bytes(tarred(("top/r", os.urandom(900_000))))
    with pytest.raises(OSError, match="No space left"):
        unpack(tmp_path / "a", tmp_path / "raw", ["top"])
    assert everything(tmp_path / "raw") == set()


# --- pickles ---------------------------------------------------------------------------------------------------------


class Calls:
    """Pickles as a call of something."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def g(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def array_of(shape: bytes, kind: bytes = b"S'i8'\n", raw: bytes = b"S''\n", fields: bytes = b"NNN") -> bytes:
    """An array of NumPy's by hand, protocol 0 and 2."""
    made = b"\x80\x02" + g("numpy.core.multiarray", "_reconstruct") + b"(" + g("numpy", "ndarray") + b"(K\0tS'b'\ntR"
    dtype = (
        g("numpy", "dtype")
        + b"("
        + kind
        + b"I0\nI1\ntR(I3\nS'<'\n"
        + fields
        + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    return made + b"(K\1" + shape + dtype + b"I00\n" + raw + b"tb."


LAUGHS = b"\x80\x02]q\0" + b"".join(b"]q%c(" % (k + 1) + b"h%c" % k * 9 + b"e" for k in range(60)) + b"."
HOSTILE = {
    **{f"os.system, protocol {p}": (pickle.dumps(Calls(os.system, "touch escaped"), p), "asks for") for p in range(6)},
    "in an array of objects": (pickle.dumps(np.array([Calls(os.system, "touch escaped")]), 2), "asks for|of type"),
    "an array of objects": (array_of(b"K\0\x85", b"S'O8'\n"), "an array of type 'O8'"),
    "a class of the file's": (b"(S'touch escaped'\nios\nsystem\n.", "operation INST"),
    "an object of the file's": (b"(" + g("os", "system") + b"S'x'\no.", "asks for"),
    "the registry of extensions": (b"\x80\x02\x82\x01.", "operation EXT1"),
    "a persistent id": (b"Pelsewhere\n.", "operation PERSID"),
    "getattr": (b"\x80\x02" + g("__builtin__", "getattr") + b".", "asks for '__builtin__ getattr'"),
    "a name with a dot": (b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.dumps\x93.", "asks for 'numpy.ndarray.dumps'"),
    "numpy's own loader": (b"\x80\x02" + g("numpy", "load") + b"(S'x'\ntR.", "asks for 'numpy load'"),
    "a function is given a state": (
        b"\x80\x02" + g("numpy.core.multiarray", "scalar") + b"(N}S'__defaults__'\n(S'x'\ntstb.", "sets the state|damaged"),
    "a class is given a state": (b"\x80\x02" + g("numpy", "ndarray") + b"(N}S'value'\nI1\nstb.", "damaged"),
    "an array larger than its bytes": (array_of(b"M\xff\xff\x85"), "damaged"),
    "an array of a negative size": (array_of(b"J\xff\xff\xff\xff\x85"), "of shape"),
    "an array of a type with fields": (array_of(b"K\0\x85", b"S'i8'\n", fields=b"N(S'a'\nt}"), "compound type"),
    "an array of a wild type": (array_of(b"K\0\x85", b"S'V8'\n"), "an array of type 'V8'"),
    "a number of too few bytes": (
        b"\x80\x02" + g("numpy.core.multiarray", "scalar") + b"(" + g("numpy", "dtype") + b"(S'i8'\nI0\nI1\ntRS'x'\ntR.",
        "not plain"),
    "room for a billion": (b"\x80\x02]r\xff\xff\xff\x7f.", "asks for place 2147483647"),
    "a string of a terabyte": (b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b"x.", "lies about its length"),
    "a frame of a terabyte": (b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.", "damaged"),
    "a circle": (b"\x80\x02]q\0h\0a.", "nested more than 32 deep"),
    "sixty lists of nine": (LAUGHS, "nested more than 32 deep"),
    "deeply nested": (b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".", "nested more than 32 deep|damaged"),
    "a float": (pickle.dumps(1.5), "holds a float"),
    "a set": (b"\x80\x04\x8f.", "holds a set"),
    "truncated": (pickle.dumps(["a" * 100])[:-20], "truncated|damaged"),
    "empty": (b"", "truncated"),
    "a web page": (b"<html>", "truncated|asks|damaged"),
    "binary noise": (bytes(range(255, 0, -1)), "truncated|asks|damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_pickle_is_one_line(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    content, line = HOSTILE[case]
    Path("p.pickle").write_bytes(content)
    with pytest.raises(RedrawError, match=line) as error:
        load_pickle("p.pickle")
    said = str(error.value)
    assert said.startswith("p.pickle: not read: ") and said.isprintable() and len(said) < 300
    assert everything(tmp_path) == {"p.pickle"}
    assert np.frombuffer(b"\1\0", "<i2")[0] == 1  # nothing of ours was changed


def test_a_state_set_on_our_functions_does_not_stay(tmp_path):
    (tmp_path / "p").write_bytes(HOSTILE["a function is given a state"][0])
    with pytest.raises(RedrawError):
        load_pickle(tmp_path / "p")
    from redraw.data import unpickle

    assert unpickle._scalar.__defaults__ == (b"",)


@pytest.mark.parametrize("protocol", range(5))
def test_what_may_be_in_a_pickle(tmp_path, protocol):
    arrays = [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.random.rand(3, 4)),
        np.empty((0, 5), np.float32),
    ]
    shared = ["x"]
    value = {"captions": [[1, 2, 3], shared, shared], "ü": ("é", None, True, 2**70), "arrays": arrays, 7: np.int64(128)}
    (tmp_path / "p").write_bytes(pickle.dumps(value, protocol))
    found = load_pickle(tmp_path / "p")
    assert found["captions"] == value["captions"] and found["captions"][1] is found["captions"][2]
    assert found["ü"] == value["ü"] and found[7] == 128 and isinstance(found[7], np.int64)
    for here, there in zip(found["arrays"], arrays, strict=True):
        assert type(here) is np.ndarray and here.dtype == there.dtype and np.array_equal(here, there)
        here[...] = 0  # its own memory


PYTHON_2 = {  # as Python 2 with NumPy writes a list of numpy.int64(128), protocols 0 and 2
    0: b"(lp0\ncnumpy.core.multiarray\nscalar\np1\n(cnumpy\ndtype\np2\n(S'i8'\np3\nI0\nI1\ntp4\nRp5\n(I3\nS'<'\np6\nNNNI-1\n"
       b"I-1\nI0\ntp7\nbS'\\x80\\x00\\x00\\x00\\x00\\x00\\x00\\x00'\np8\ntp9\nRp10\na.",
    2: b"\x80\x02]q\x01cnumpy.core.multiarray\nscalar\nq\x02cnumpy\ndtype\nq\x03U\x02i8q\x04K\x00K\x01\x87Rq\x05(K\x03U\x01<NNN"
       b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x08\x80\x00\x00\x00\x00\x00\x00\x00\x86Rq\x06a.",
}  # fmt: skip


@pytest.mark.parametrize("protocol", PYTHON_2)
def test_class_info_of_python_2(tmp_path, protocol):
    """The plain reader stops at byte 0x80, as users of AttnGAN report."""
    content = PYTHON_2[protocol]
    with pytest.raises(UnicodeDecodeError, match="'ascii' codec can't decode byte 0x80 in position 0"):
        pickle.loads(content)
    (tmp_path / "class_info.pickle").write_bytes(content)
    found = load_pickle(tmp_path / "class_info.pickle")
    assert found == [128] and isinstance(found[0], np.int64)
    with pytest.raises(RedrawError, match="it asks for 'numpy.core.multiarray scalar'"):
        load_pickle(tmp_path / "class_info.pickle", arrays=False)


def test_embeddings_are_read_in_a_second(tmp_path):
    """A list of arrays, as char-CNN-RNN-embeddings.pickle is; a tenth of its size."""
    (tmp_path / "p").write_bytes(pickle.dumps([np.random.rand(10, 1024).astype(np.float32) for _ in range(300)], 2))
    assert np.array(load_pickle(tmp_path / "p")).shape == (300, 10, 1024)


def test_a_missing_pickle(tmp_path):
    with pytest.raises(RedrawError, match="p.pickle: no such file: get it"):
        load_pickle(tmp_path / "p.pickle")
