"""The page for raters: drawn by lot from what all runs have, balanced, blind, and complete in one file."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from ranked_runs import CAPTIONS, COLUMN, LEVELS, lay_out, planned, write_samples

from redraw import ranks
from redraw.core import RedrawError, digest, write_json
from redraw.rater import items
from redraw.rater.page import html, write
from redraw.scores import group_name
from redraw.sheets import read_sheets


@pytest.fixture(scope="module")
def plan():
    return planned()


@pytest.fixture
def column(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lay_out(plan)


# --- which columns -----------------------------------------------------------------------------------------------


def test_every_printed_human_rank_names_whose_images_are_ranked():
    sheets = read_sheets()
    found = ranks.columns(sheets)
    printed = {
        f"{paper}.{name}.{c['dataset']}"
        for paper, s in sheets.items() for name, t in s["tables"].items() for c in t["columns"].values() if c["metric"] == "HR"
    }  # fmt: skip
    assert set(found) == printed and len(found) == 10
    assert [run for _, run in found[COLUMN].methods] == ["gan_int_cls/gan_int_cls", "gawwn/boxes", "stackgan/stage_2"]
    for one in found.values():
        owners = [run.split("/") for _, run in one.methods]
        assert all(sheets[paper]["runs"][name]["dataset"] == one.dataset for paper, name in owners) and len(owners) > 1


def test_a_column_is_called_as_its_table():
    sheets = read_sheets()
    sheets["stackgan"]["tables"]["inception-and-human-rank"]["columns"]["cub-hr"]["ours"] = (
        "human_rank/stackgan.birds.cub"
    )
    with pytest.raises(RedrawError, match=rf"^papers/stackgan.yaml, .*cub-hr.ours: .*: write human_rank/{COLUMN}$"):
        ranks.columns(sheets)
    with pytest.raises(RedrawError, match=f'no column of human ranks: did you mean "{COLUMN}"'):
        ranks.find(read_sheets(), COLUMN + "s")


def test_a_run_that_is_left_out_is_named(plan):
    with pytest.raises(
        RedrawError, match=r"stackgan/coco_stage_2.s0 is not run at scale smoke \(rows: all\): see to it"
    ):
        ranks.runs_of(plan, ranks.find(plan.sheets, "stackgan_v2.table-3.coco"))


def test_no_table_waits_for_raters(plan):
    assert not [
        a.record for a in plan.artefacts.values() if "rank" in a.rule or "results/rank" in " ".join(a.outputs + a.reads)
    ]


# --- items -------------------------------------------------------------------------------------------------------


def test_items_are_drawn_by_lot_from_equal_stretches(plan, column):
    key, shown = items.build(plan, column, 14)
    ranked = [i for i in key["items"].values() if i["kind"] == "ranked"]
    assert key["group"] == "test-model-30" and key["images"] == 1
    assert sorted(CAPTIONS.index(i["caption"]) // 2 for i in ranked) == list(range(14))  # one of every two in sequence
    assert sum(i["again"] for i in ranked) == 1 and sum(i["kind"] == "attention" for i in key["items"].values()) == 6
    for name, about in key["items"].items():
        for slot, panel in zip(about["slots"], shown[name], strict=True):
            if about["kind"] == "ranked":
                assert [p[0, 8, 8] for p in panel] == [LEVELS[slot]] and [p[0, 0, 0] for p in panel] == about["rows"]
    assert items.build(plan, column, 14)[0] == key
    other = items.build(plan, column, 14, seed=1)[0]
    assert other["digest"] != key["digest"] and {i["caption"] for i in other["items"].values()} != set(CAPTIONS)


@pytest.mark.parametrize("methods", [2, 3, 5])
def test_each_method_stands_as_often_in_each_place(methods):
    rng = np.random.default_rng(0)
    order = items.latin(rng, 6 * methods, methods)
    assert all(sorted(row) == list(range(methods)) for row in order.tolist())
    counts = [np.bincount(place, minlength=methods) for place in order.T]
    assert np.array(counts).tolist() == [[6] * methods] * methods
    assert methods == 2 or len({tuple(row) for row in order.tolist()}) > methods  # more than one square
    assert items.latin(rng, methods + 1, methods).shape == (methods + 1, methods)


def test_as_many_images_of_a_caption_as_all_methods_have(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = [f"caption {k // 3}" for k in range(30)]  # three images of ten captions
    column = lay_out(plan, few)
    key, shown = items.build(plan, column, 10)
    ranked = {n: i for n, i in key["items"].items() if i["kind"] == "ranked"}
    assert key["images"] == 3 and {len(panel) for panels in shown.values() for panel in panels} == {3}
    assert sorted(i["rows"] for i in ranked.values()) == [[k, k + 1, k + 2] for k in range(0, 30, 3)]
    assert len([i for i in items.build(plan, column, 100)[0]["items"].values() if i["kind"] == "ranked"]) == 10


def test_attention_items_are_real_test_images_beside_noise(plan, column):
    key, shown = items.build(plan, column, 8)
    for name, about in key["items"].items():
        if about["kind"] == "attention":
            real = about["slots"].index("real")
            assert about["slots"].count("noise") == 2 and about["caption"] not in CAPTIONS and about["caption"]
            steps = [np.abs(np.diff(panel[0].astype(int), axis=-1)).mean() for panel in shown[name]]
            assert all(steps[real] < 0.5 * s for s in steps[:real] + steps[real + 1 :])
            assert {panel[0].shape for panel in shown[name]} == {(3, 16, 16)}


def test_models_without_captions_are_ranked_by_sets_of_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = planned(rows="all", scale="embedded")
    column = ranks.find(plan.sheets, "stackgan_v2.table-3.lsun-bedroom")
    runs = ranks.runs_of(plan, column)
    lay_out(plan, CAPTIONS, column.id, "drawn_rooms-bedroom_small")
    for run, level in zip(runs, LEVELS, strict=False):
        write_samples(Path(plan.run_dir(run)), level, [], "none-model-500")
    key, shown = items.build(plan, column, 6)
    ranked = [i for i in key["items"].values() if i["kind"] == "ranked"]
    assert (
        key["group"] == "none-model-500"
        and key["images"] == 5
        and {i["caption"] for i in key["items"].values()} == {""}
    )
    assert sorted(r for i in ranked for r in i["rows"]) == list(range(30))
    page = html(key, shown)
    assert "Whose look most real?" in page and "what the caption" not in page


def test_captions_that_somebody_typed_are_no_sample(column):
    plan = planned()
    typed = {"captions": "list", "images": "model", "n": 40, "list": ["a bird that suits us"]}
    known = items.build(plan, column)[0]
    for run in ranks.runs_of(plan, column):
        path, group = Path(plan.run_dir(run), "samples.npz"), group_name(typed)
        with np.load(path) as stored:
            held = {name.replace("test-model-30", group): stored[name] for name in stored} | dict(stored)
        np.savez_compressed(path, **held)
        plan.run[run].evaluations["typed"] = typed
    assert items.build(plan, column)[0] == known


def test_captions_that_differ_are_no_common_ground(plan, column):
    run = ranks.runs_of(plan, column)[1]
    write_samples(Path(plan.run_dir(run)), LEVELS[1], CAPTIONS[1:] + CAPTIONS[:3])
    with pytest.raises(RedrawError, match="have no samples of the same captions: give them an evaluation in common"):
        items.build(plan, column)
    Path(plan.run_dir(run), "samples.npz").unlink()
    with pytest.raises(
        RedrawError, match=r"gawwn/boxes.s0/samples.npz: not here: run `snakemake --cores all \S+samples.npz`"
    ):
        items.build(plan, column)


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_knows_no_methods_and_no_answers(plan, column):
    key = write(plan, column, Path("out"), 8)
    page = Path("out/index.html").read_text()
    held = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert json.loads(Path("out/items.json").read_text()) == key
    assert [set(item) for item in held["list"]] == [{"id", "caption", "again", "panels"}] * len(key["items"])
    assert held["items"] == key["digest"] == digest({k: v for k, v in key.items() if k != "digest"})
    told = page.replace(column.id, "")
    for secret in (*(w for m in key["methods"] for w in m.values()), "attention", "noise", "slots", "GAN"):
        assert secret not in told, secret
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page) and not re.search(r"@[A-Z]+@", page)


def test_pages_that_were_judged_are_not_replaced_by_others(plan, column):
    first = write(plan, column, Path("out"), 8)
    write_json("out/judgements/anna.json", {"items": first["digest"]})
    before = Path("out/index.html").read_bytes()
    assert write(plan, column, Path("out"), 8) == first and Path("out/index.html").read_bytes() == before
    with pytest.raises(RedrawError, match="out: holds 1 raters' judgements of other items: move the folder away"):
        write(plan, column, Path("out"), 9)
    assert Path("out/index.html").read_bytes() == before
    with pytest.raises(RedrawError, match="--items 0: at least 1"):
        write(plan, column, Path("out"), 0)


def test_captions_of_strangers_stay_text(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = [
        "</script><script>document.title='x'</script>",
        "@DATA@ @SCRIPT@ &lt;b&gt;",
        "<!--<script>",
        "\u2028 \u202eثلاثة",
    ]
    column = lay_out(plan, [*hostile, *CAPTIONS])
    key = write(plan, column, Path("out"), 30)
    page = Path("out/index.html").read_text()
    held = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert [i["caption"] for i in held["list"]] == [i["caption"] for i in key["items"].values()]
    assert Counter(re.findall(r"</?script", page)) == {"<script": 2, "</script": 2}
    assert {*hostile} <= {i["caption"] for i in key["items"].values()}
