"""MATLAB and LMDB files, read here: as their own writers write them, and a damaged one is one line."""

from __future__ import annotations

import lmdb
import numpy as np
import pytest
from scipy.io import savemat
from trees_images import write_lmdb

from redraw.core import RedrawError
from redraw.data.lmdb_file import LmdbFile
from redraw.data.matlab import array_blocks, array_shape, read_array

# --- arrays of MATLAB files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i2", "f4", "f8"])
def test_matlab_arrays_of_any_size_are_read_as_scipy_writes_them(tmp_path, kind, compressed):
    for shape in ((1, 1), (3, 0), (2, 3), (5, 1, 7), (2, 3, 4, 5), (300, 700)):
        values = (np.arange(np.prod(shape)) % 100).astype(kind).reshape(shape)
        savemat(tmp_path / "x.mat", {"before": "text", "x": values, "y": np.ones(3)}, do_compression=compressed)
        found = read_array(tmp_path / "x.mat", "x")
        assert found.dtype == values.dtype and found.shape == array_shape(tmp_path / "x.mat", "x") == values.shape
        assert (found == values).all() and array_shape(tmp_path / "x.mat", "before") is None
        for most in (1, 3, 1000):
            blocks = list(array_blocks(tmp_path / "x.mat", "x", most))
            assert [b.shape[-1] for b in blocks[:-1]] == [most] * (len(blocks) - 1)
            assert (np.concatenate([np.empty((*shape[:-1], 0), kind), *blocks], -1) == values).all()


def test_a_damaged_matlab_array_is_one_line_or_other_numbers(tmp_path):
    rng, path, lines = np.random.default_rng(0), tmp_path / "x.mat", set()
    values = rng.integers(0, 256, (4, 4, 3, 20), np.uint8)
    for compressed in (False, True):
        savemat(path, {"y": np.arange(20.0), "X": values}, do_compression=compressed)
        whole = path.read_bytes()
        for turn in range(300):
            harmed = bytearray(whole)
            at = int(rng.integers(len(whole))) if turn % 2 else int(rng.choice([*range(124, 200), *range(330, 420)]))
            harmed[at] = rng.integers(256)
            path.write_bytes(harmed[: rng.integers(len(whole)) if rng.random() < 0.2 else None])
            for read in (read_array, lambda p, name: list(array_blocks(p, name, 7))):
                try:
                    read(path, "X")
                except RedrawError as error:
                    lines.add(str(error).replace(str(path), "x.mat"))
    assert len(lines) > 10 and not [text for text in lines if "\n" in text or not text.startswith("x.mat: ")]


def test_a_compressed_matlab_array_is_what_its_checksum_says(tmp_path):
    savemat(tmp_path / "x.mat", {"X": np.zeros((50, 50), np.uint8)}, do_compression=True)
    content = bytearray((tmp_path / "x.mat").read_bytes())
    content[-1] ^= 1
    (tmp_path / "x.mat").write_bytes(content)
    for read in (read_array, lambda p, name: list(array_blocks(p, name, 7))):
        with pytest.raises(RedrawError, match="damaged one .*incorrect data check"):
            read(tmp_path / "x.mat", "X")


# --- LMDB files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n, largest", [(0, 1), (1, 10), (400, 20), (400, 9000)])
def test_lmdb_files_are_read_as_lmdb_writes_them(tmp_path, n, largest):
    rng = np.random.default_rng(n)
    written = {rng.bytes(20).hex().encode(): rng.bytes(int(rng.integers(0, largest))) for _ in range(n)}
    write_lmdb(tmp_path / "db", written)
    for key in list(written)[::7]:  # later transactions: entries go, others become larger than a page
        written[key] = written[key] * 3
    dropped = list(written)[::5]
    with lmdb.open(str(tmp_path / "db"), map_size=1 << 26, lock=False) as env, env.begin(write=True) as transaction:
        for key, value in written.items():
            transaction.put(key, value)
        for key in dropped:
            transaction.delete(key)
            written.pop(key)
    with LmdbFile(tmp_path / "db/data.mdb") as file:
        assert list(file.items()) == sorted(written.items()) and file.entries == len(written)


def test_a_damaged_lmdb_file_is_one_line_or_other_values(tmp_path):
    rng, path, lines = np.random.default_rng(0), tmp_path / "db/data.mdb", set()
    write_lmdb(
        tmp_path / "db", {rng.bytes(20).hex().encode(): rng.bytes(int(rng.integers(0, 6000))) for _ in range(150)}
    )
    whole = path.read_bytes()
    pages = len(whole) // 4096
    for turn in range(250):
        harmed = bytearray(whole)
        for _ in range(3):  # heads of pages, where damage hurts
            harmed[4096 * int(rng.integers(pages)) + int(rng.integers(200))] = rng.integers(256)
        path.write_bytes(harmed[: rng.integers(len(whole)) if turn % 5 == 0 else None])
        try:
            with LmdbFile(path) as file:
                assert len(list(file.items())) == file.entries
        except RedrawError as error:
            lines.add(str(error).replace(str(path), "data.mdb"))
    assert len(lines) > 25 and not [text for text in lines if "\n" in text or not text.startswith("data.mdb: ")]
