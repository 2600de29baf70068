"""Data sets whose files lie in the folders of several sets: found within or beside, noted, watched, and downloaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from trees_captions import write_coco

from redraw import data
from redraw.core import RedrawError, file_digest
from redraw.data import download

SPLITS = "karpathy/dataset_coco.json"


@pytest.fixture
def raw(tmp_path) -> Path:
    """A tree of COCO, Karpathy's file within."""
    write_coco(tmp_path / "coco")
    return tmp_path / "coco"


@pytest.fixture
def beside(raw) -> Path:
    """The same, Karpathy's file in the folder of its own set."""
    shutil.move(raw / "karpathy", raw.parent / "karpathy")
    return raw


def test_a_file_beside_counts_by_itself(beside):
    found = data.fetch("coco", beside)["files"]
    assert sorted(found) == ["annotations", SPLITS, "train2014", "val2014"]
    assert found[SPLITS]["sha256"] == file_digest(beside.parent / SPLITS)
    assert data.fetch("coco", beside)["files"] == found and data.missing("coco", beside) == []


def test_a_file_within_is_found_there(raw):
    assert sorted(data.fetch("coco", raw)["files"]) == ["annotations", "karpathy", "train2014", "val2014"]


def test_a_changed_file_beside_is_found(beside):
    data.fetch("coco", beside)
    with open(beside.parent / SPLITS, "a") as f:
        f.write(" ")
    with pytest.raises(RedrawError, match=r"dataset_coco\.json: changed since it was first read \(SHA-256"):
        data.fetch("coco", beside)


def test_what_lacks_is_downloaded_set_by_set(tmp_path, monkeypatch):
    calls = []

    def bring(name, raw, lacking, needs, store):
        calls.append((name, raw, list(lacking())))
        write_coco(tmp_path / "tree")
        if name == "karpathy":
            shutil.move(tmp_path / "tree" / "karpathy", raw)
        else:
            shutil.rmtree(tmp_path / "tree" / "karpathy")
            shutil.copytree(tmp_path / "tree", raw)
        shutil.rmtree(tmp_path / "tree")

    monkeypatch.setattr(download, "bring", bring)
    found = data.fetch("coco", tmp_path / "coco", store=object())
    assert [call[:2] for call in calls] == [("karpathy", tmp_path / "karpathy"), ("coco", tmp_path / "coco")]
    assert calls[0][2] == ["dataset_coco.json"] and "train2014" in calls[1][2]
    assert not [name for name in calls[1][2] if name.startswith("karpathy")] and SPLITS in found["files"]


def test_what_people_have_to_put_there_is_named(tmp_path):
    with pytest.raises(RedrawError) as error:
        data.fetch("lsun-church", tmp_path / "lsun")
    line = str(error.value)
    assert line.startswith(
        f"lsun-church: church_outdoor_train_lmdb, church_outdoor_val_lmdb are not in {tmp_path}/lsun: put "
    )
    assert "bedroom" not in line
    with pytest.raises(RedrawError, match=r"^omniglot-oneshot: images_background, images_evaluation are not in "):
        data.fetch("omniglot-oneshot", tmp_path / "omniglot")
