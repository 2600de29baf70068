"""StackGAN's embeddings: a part's files and their vectors, held against each other, one line each."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.data.stackgan_text import EMBEDDINGS, NAMES, embeddings, file_names

AGAIN = "get the file again, then run the same command"
REMOVE = "take the file away and get it again, then run the same command"


def vectors(n: int = 3, per_image: int = 10) -> list[np.ndarray]:
    return [np.random.default_rng(k).normal(size=(per_image, 4)).astype(np.float32) for k in range(n)]


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("per_image", [10, 5])
def test_a_part_comes_back_in_its_order(tmp_path, protocol, per_image):
    (tmp_path / NAMES).write_bytes(pickle.dumps(["b/2", "a/1", "c/3"], protocol))
    (tmp_path / EMBEDDINGS).write_bytes(pickle.dumps(vectors(3, per_image), protocol))
    names, found = file_names(tmp_path / NAMES), embeddings(tmp_path / EMBEDDINGS, width=4)
    assert names == ["b/2", "a/1", "c/3"] and found.dtype == np.float32 and np.array_equal(found, vectors(3, per_image))


def test_one_array_is_a_list_of_them_too(tmp_path):
    (tmp_path / EMBEDDINGS).write_bytes(pickle.dumps(np.array(vectors(), np.float64), 2))
    assert np.array_equal(embeddings(tmp_path / EMBEDDINGS, width=4), vectors())


@pytest.mark.parametrize(
    "value, said",
    [
        ([], f"a list of 0, expected the arrays of files: {AGAIN}"),
        ({"a": 1}, f"a dict, expected the arrays of files: {AGAIN}"),
        (np.array(5.0), f"a ndarray, expected the arrays of files: {AGAIN}"),
        (np.zeros((3, 4)), f"file 1 has float64 [4], expected float32 [4, 4]: {AGAIN}"),
        ([*vectors(2), vectors()[0][:5]], f"file 3 has float32 [5, 4], expected float32 [10, 4]: {AGAIN}"),
        ([vectors()[0].astype(int), *vectors(2)], f"file 1 has int64 [10, 4], expected float32 [10, 4]: {AGAIN}"),
        ([*vectors(2), "x"], f"file 3 has str, expected float32 [10, 4]: {AGAIN}"),
        ([*vectors(2), np.full((10, 4), np.inf)], f"file 3 has a number that is not finite: {AGAIN}"),
        ([*vectors(2), np.full((10, 4), 1e300)], f"file 3 has a number that is not finite: {AGAIN}"),
        ([*vectors(2), print], f"not read: it asks for '__builtin__ print': {REMOVE}"),
    ],
)
def test_malformed_embeddings_are_one_line(tmp_path, value, said):
    (tmp_path / EMBEDDINGS).write_bytes(pickle.dumps(value, 2))
    with pytest.raises(RedrawError) as error:
        embeddings(tmp_path / EMBEDDINGS, width=4)
    assert str(error.value) == f"{tmp_path / EMBEDDINGS}: {said}"


@pytest.mark.parametrize(
    "value, said",
    [
        ([], f"a list, expected a list of file names: {AGAIN}"),
        ({"a": 1}, f"a dict, expected a list of file names: {AGAIN}"),
        (["a", 3], f"a list, expected a list of file names: {AGAIN}"),
        (["a", "b", "a"], f"'a' stands there twice: {AGAIN}"),
    ],
)
def test_malformed_file_names_are_one_line(tmp_path, value, said):
    (tmp_path / NAMES).write_bytes(pickle.dumps(value, 2))
    with pytest.raises(RedrawError) as error:
        file_names(tmp_path / NAMES)
    assert str(error.value) == f"{tmp_path / NAMES}: {said}"


def test_damaged_embeddings_are_one_line_or_other_numbers(tmp_path):
    rng, path, lines = np.random.default_rng(0), tmp_path / EMBEDDINGS, []
    whole = pickle.dumps(vectors(), 2)
    for _ in range(1000):
        harmed = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            harmed[at] = rng.integers(256)
        path.write_bytes(harmed[: rng.integers(len(whole)) if rng.random() < 0.1 else None])
        try:
            embeddings(path, width=4)
        except RedrawError as error:
            lines.append(str(error))
    assert len(lines) > 300 and not [text for text in lines if "\n" in text or not text.startswith(f"{path}: ")]
