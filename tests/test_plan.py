"""Keys, freshness and the mistakes of params.yaml and of sheets, on a small plan of its own. No torch, no Snakemake."""

import copy
import json
import os
import time
from pathlib import Path

import pytest
import yaml

from redraw import codes, graph, plan, sheets
from redraw.core import RedrawError, read_json, write_json
from redraw.fresh import fresh, settle
from redraw.names import family
from redraw.report.bench import Bench

PARAMS = {
    "scale": "smoke", "seeds": 1, "rows": "headline",
    "engine": {"device": "cpu", "precision": "fp32", "compile": False, "threads": 1, "save_every_seconds": 30},
    "datasets": {"mnist": {"use": "digits", "because": "a test"}}, "papers": {},
}  # fmt: skip
SHEET = {
    "paper": {"id": "alpha", "title": "A", "short": "A", "authors": "A.", "venue": "V", "year": 2020, "read_in": ["A"],
              "code": "none", "summary": "s"},
    "config": {"Net": {"steps": 10, "learning_rate": 0.1}, "Eye": {"steps": 5}},
    "runs": {
        "eye": {"recipe": "Eye", "dataset": "mnist", "stage": "pretrain"},
        "one": {"recipe": "Net", "dataset": "mnist", "score": ["acc"]},
        "two": {"recipe": "Net", "dataset": "mnist", "needs": {"first": "one"}, "config": {"learning_rate": 0.2}},
    },
    "scales": {"embedded": {"Net": {"steps": 3}}},
    "instruments": {"eye": "eye"},
    "evaluations": {"acc": {"metric": "accuracy", "instrument": "eye", "captions": "none", "images": "test", "n": 0}},
}  # fmt: skip


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with one paper, and a function that plans it after changes to its sheet and to params."""
    monkeypatch.chdir(tmp_path)
    for module in (plan, graph):
        monkeypatch.setattr(module, "code_digest", lambda modules: "code")
    (tmp_path / "papers").mkdir()

    def make(params=(), **sheet):
        own = copy.deepcopy(SHEET)
        for key, value in sheet.items():
            own[key] = value
        Path("papers/alpha.yaml").write_text(yaml.safe_dump(own))
        return plan.Plan({**copy.deepcopy(PARAMS), "scale": "embedded", **dict(params)}, tmp_path / "papers")

    return make


def finish(p, only=lambda a: True):
    """Pretend that every job ran: records as a job would seal them."""
    for a in p.artefacts.values():
        if only(a):
            made_from = {u: read_json(u)["digest"] for u in a.made_from}
            for payload in a.payload:
                Path(payload).parent.mkdir(parents=True, exist_ok=True)
                Path(payload).write_text(a.key)
            write_json(a.record, {"key": a.key, "from": made_from, "digest": f"d{a.key}"})


def test_a_plan_has_the_needs_first_and_the_instrument_once(desk):
    p = desk({"seeds": 2})
    assert list(p.run) == ["alpha/eye.s0", "alpha/one.s0", "alpha/one.s1", "alpha/two.s0", "alpha/two.s1"]
    assert p.run["alpha/two.s1"].needs == {"first": "alpha/one.s1"}
    assert p.run["alpha/one.s1"].instruments == {"eye": "alpha/eye.s0"}
    assert p.run["alpha/two.s0"].config["learning_rate"] == 0.2
    assert p.run["alpha/two.s0"].config["steps"] == 3


def test_every_value_has_its_origin_and_every_departure_its_reason(desk):
    p = desk({"papers": {"alpha": {"Net": {"learning_rate": {"value": 0.5, "because": "a test of ours"}}}}})
    run = p.run["alpha/one.s0"]
    assert run.origin["learning_rate"] == "params.yaml: papers.alpha.Net"
    assert run.origin["steps"] == "papers/alpha.yaml: scales.embedded.Net"
    assert {"key": "learning_rate", "paper": 0.1, "ours": 0.5, "because": "a test of ours"} in run.departures
    assert {"key": "steps", "paper": 10, "ours": 3, "because": "size of scale embedded"} in run.departures
    assert {"key": "dataset", "paper": "mnist", "ours": "digits", "because": "a test"} in run.departures


def test_channels_last_is_a_departure_and_off_it_changes_no_key(desk):
    def planned(**switch):
        return desk({"engine": {**PARAMS["engine"], **switch}})

    before, off, on = planned(), planned(channels_last=False), planned(channels_last=True, because="a test")
    keys = [{r: a.key for r, a in p.artefacts.items() if "/runs/" in r} for p in (before, off, on)]
    manifest = on.manifest("alpha/one.s0")
    assert keys[0] == keys[1] and keys[2][manifest] != keys[0][manifest]
    assert on.artefacts[manifest].spec["engine"]["channels_last"] is True
    departure = {"key": "engine.channels_last", "paper": False, "ours": True, "because": "a test"}
    assert departure in on.run["alpha/one.s0"].departures and departure not in off.run["alpha/one.s0"].departures


def test_a_scale_may_give_another_reason_than_size(desk):
    scales = {"embedded": {"Net": {"steps": 3, "learning_rate": {"value": 0.4, "because": "learns sooner"}}}}
    run = desk(scales=scales).run["alpha/one.s0"]
    assert run.config["learning_rate"] == 0.4
    assert {"key": "learning_rate", "paper": 0.1, "ours": 0.4, "because": "learns sooner"} in run.departures


def test_a_number_without_a_point_is_a_number(desk):
    """YAML reads 1e-3 as text."""
    p = desk({"papers": {"alpha": {"Net": {"learning_rate": {"value": "1e-3", "because": "a test"}}}}})
    assert p.run["alpha/one.s0"].config["learning_rate"] == 0.001


def test_reasons_are_not_part_of_a_key(desk):
    def asked(because):
        p = desk({"papers": {"alpha": {"Net": {"learning_rate": {"value": 0.5, "because": because}}}}})
        return {a.record: a.key for a in p.artefacts.values()}

    a, b = asked("first wording"), asked("second wording")
    changed = {r for r in a if a[r] != b[r]}
    assert changed and all("/tables/" in r for r in changed)


def test_one_parameter_changes_the_keys_of_its_run_and_of_what_hangs_on_it(desk):
    before = desk().artefacts
    after = desk(
        {"papers": {"alpha": {"runs": {"two": {"learning_rate": {"value": 0.7, "because": "a test"}}}}}}
    ).artefacts
    changed = {r for r in before if before[r].key != after[r].key}
    assert {r for r in changed if "/runs/" in r} == {"results/embedded/runs/alpha/two.s0/manifest.json"}


def test_fresh_goes_by_content(desk):
    p = desk()
    assert not any(fresh(p).values())
    finish(p)
    assert all(fresh(p).values())
    upstream = Path("results/data/digits/manifest.json")
    write_json(upstream, read_json(upstream) | {"digest": "other"})
    state = fresh(p)
    assert state[str(upstream)] and not state["results/embedded/runs/alpha/one.s0/manifest.json"]
    assert not state[p.index]


def test_settle_makes_times_agree_with_freshness(desk):
    p = desk()
    settle(p)
    finish(p)
    now = time.time_ns()
    for k, a in enumerate(
        reversed(p.artefacts.values())
    ):  # every output older than its inputs, as git and DVC may leave them
        for o in a.outputs:
            os.utime(o, ns=(now + k * 10**9, now + k * 10**9))
    settle(p)
    for a in p.artefacts.values():
        youngest = (
            max(os.stat(f).st_mtime_ns for u in a.made_from for f in p.artefacts[u].outputs) if a.made_from else 0
        )
        assert all(os.stat(o).st_mtime_ns >= max(youngest, os.stat(a.spec_file).st_mtime_ns) for o in a.outputs)


def test_settle_makes_a_stale_result_older_than_its_spec(desk):
    finish(p := desk())
    settle(p)
    q = desk({"papers": {"alpha": {"runs": {"two": {"learning_rate": {"value": 0.7, "because": "a test"}}}}}})
    for a in q.artefacts.values():  # a blind --touch: everything claims to be of now
        for o in a.outputs:
            os.utime(o)
    settle(q)
    a = q.artefacts["results/embedded/runs/alpha/two.s0/manifest.json"]
    assert os.stat(a.spec_file).st_mtime_ns > max(os.stat(o).st_mtime_ns for o in a.outputs)
    b = q.artefacts["results/embedded/runs/alpha/one.s0/manifest.json"]
    assert os.stat(b.spec_file).st_mtime_ns <= min(os.stat(o).st_mtime_ns for o in b.outputs)


def test_a_stale_spec_is_new_in_text_too(desk):
    """Snakemake excuses a newer small file whose checksum it has seen before."""
    p = desk()
    settle(p)
    finish(p)
    record = "results/embedded/runs/alpha/two.s0/manifest.json"
    first = Path(p.artefacts[record].spec_file).read_text()
    write_json(record, read_json(record) | {"key": "of other parameters"})
    settle(p)
    assert Path(p.artefacts[record].spec_file).read_text() != first


def test_rows_and_scale_leave_runs_out_and_say_so(desk):
    runs = SHEET["runs"] | {"extra": {"recipe": "Net", "dataset": "mnist", "rows": "all"}}
    p = desk(runs=runs)
    assert p.missing == {"alpha/extra": "rows: all"}
    assert "alpha/extra.s0" in desk({"rows": "all"}, runs=runs).run
    smoke = desk({"scale": "smoke"}, runs=runs)
    assert "alpha/two.s0" not in smoke.run and smoke.missing["alpha/two"] == "scale smoke runs one run per recipe"


def test_all_rows_may_be_asked_of_some_papers_alone(desk):
    runs = SHEET["runs"] | {"extra": {"recipe": "Net", "dataset": "mnist", "rows": "all"}}
    other = copy.deepcopy(SHEET) | {"runs": runs}
    other["paper"] = {**SHEET["paper"], "id": "beta"}
    desk()
    Path("papers/beta.yaml").write_text(yaml.safe_dump(other))
    p = desk({"rows": "alpha"}, runs=runs)
    assert "alpha/extra.s0" in p.run and p.missing == {"beta/extra": "rows: all"}
    assert [p.artefacts[p.table(paper)].spec["rows"] for paper in ("alpha", "beta")] == ["all", "headline"]
    assert {"alpha/extra.s0", "beta/extra.s0"} <= desk({"rows": "beta, alpha"}, runs=runs).run.keys()
    with pytest.raises(RedrawError, match="^params.yaml, rows: no paper 'alhpa': did you mean \"alpha\"\\? "):
        desk({"rows": "beta,alhpa"}, runs=runs)


def test_a_run_may_be_of_some_scales_alone(desk):
    runs = SHEET["runs"] | {"extra": {"recipe": "Net", "dataset": "mnist", "scales": ["study", "paper"]}}
    p = desk({"rows": "all", "scale": "embedded"}, runs=runs)
    assert "alpha/extra.s0" not in p.run and p.missing == {"alpha/extra": "trained at scale study, paper alone"}
    assert "alpha/extra.s0" in desk({"scale": "study"}, runs=runs).run
    needed = {**runs, "two": {**runs["two"], "needs": {"first": "extra"}}}
    assert "alpha/extra.s0" in desk({"scale": "embedded"}, runs=needed).run, "what another run needs comes in with it"


def test_scale_paper_takes_the_real_data(desk):
    p = desk({"scale": "paper"})
    assert {r.dataset for r in p.run.values()} == {"mnist"}
    assert not [d for r in p.run.values() for d in r.departures]


BY_SCALE = {"use": {"smoke": "digits-small", "embedded": "digits", "study": "digits-large"}, "because": "a test"}


@pytest.mark.parametrize(
    ("scale", "used"),
    [("smoke", "digits-small"), ("embedded", "digits"), ("study", "digits-large"), ("paper", "mnist")],
)
def test_a_stand_in_may_be_given_scale_by_scale(desk, scale, used):
    p = desk({"scale": scale, "datasets": {"mnist": BY_SCALE}})
    assert {(r.dataset, r.stands_for) for r in p.run.values()} == {(used, "mnist")}
    run = p.run["alpha/one.s0"]
    departures = [d for d in run.departures if d["key"] == "dataset"]
    wanted = {"key": "dataset", "paper": "mnist", "ours": used, "because": "a test"}
    assert departures == ([] if scale == "paper" else [wanted])
    train, table = p.artefacts[p.manifest(run.id)], p.artefacts[p.table("alpha")]
    assert train.spec["data"] == f"results/data/{used.replace('-', '/')}/manifest.json" in train.made_from
    assert table.spec["stand_ins"] == ({} if scale == "paper" else {"mnist": {"use": used, "because": "a test"}})
    assert [a.spec["dataset"] for a in p.artefacts.values() if a.rule == "prepare"] == [used]


def test_an_edition_is_made_by_the_module_of_its_family(desk, monkeypatch):
    asked = []
    monkeypatch.setattr(graph, "code_digest", lambda modules: asked.append(list(modules)) or "code")
    desk({"scale": "study", "datasets": {"mnist": BY_SCALE}})
    assert asked[:2] == [["data.digits"]] * 2


@pytest.mark.parametrize(
    "use", [{"smoke": "digits", "embedded": "digits"}, ["digits"], {**BY_SCALE["use"], "paper": "mnist"}]
)
def test_a_stand_in_names_a_data_set_for_every_scale_below_paper(desk, use):
    with pytest.raises(RedrawError, match="^params.yaml, datasets.mnist.use: "):
        desk({"datasets": {"mnist": {"use": use, "because": "a test"}}})


def test_the_splits_of_a_run_reach_its_spec(desk):
    own = {**SHEET["runs"]["one"], "splits": {"train": "test_own_train"}}
    p = desk(runs=SHEET["runs"] | {"one": own})
    specs = {name: p.artefacts[p.manifest(f"alpha/{name}.s0")].spec["splits"] for name in ("one", "two")}
    assert specs == {
        "one": {"train": "test_own_train", "validation": "validation"},
        "two": {"train": "train", "validation": "validation"},
    }
    drawn = p.artefacts["results/embedded/runs/alpha/one.s0/samples.json"]
    assert drawn.spec["splits"] == specs["one"]
    changed = {r for r, a in desk().artefacts.items() if a.key != p.artefacts[r].key}
    assert p.manifest("alpha/one.s0") in changed and p.manifest("alpha/eye.s0") not in changed


def test_n_by_scale_reaches_what_is_drawn(desk):
    about = SHEET["evaluations"]["acc"] | {"n": {"smoke": 3, "embedded": 7}}
    p = desk(evaluations={"acc": about})
    for rule in ("sample", "metrics"):
        (spec,) = (a.spec for a in p.artefacts.values() if a.rule == rule)
        assert spec["evaluations"]["acc"]["n"] == 7
    with pytest.raises(RedrawError) as fault:
        desk({"scale": "study"}, evaluations={"acc": about})
    assert (
        str(fault.value) == "papers/alpha.yaml, evaluations.acc: no n for scale study: give one beside embedded, smoke"
    )


def test_two_sheets_that_prepare_one_data_set_differently(desk):
    beta = copy.deepcopy(SHEET)
    beta["paper"]["id"], beta["prepare"] = "beta", {"mnist": {"size": 20}}
    Path("papers/beta.yaml").write_text(yaml.safe_dump(beta))
    with pytest.raises(RedrawError) as fault:
        desk()
    assert str(fault.value) == (
        "digits, without a form of its own: two sheets prepare it with different options ({} and {'size': 20}): make them "
        "agree, or give one of them a name of its own under `forms`"
    )
    p = desk(prepare={"mnist": {"size": 20}})
    assert p.artefacts["results/data/digits/manifest.json"].spec["options"] == {"size": 20}
    assert len([a for a in p.artefacts.values() if a.rule == "prepare"]) == 1


MISTAKES = [
    ({}, {"runs": SHEET["runs"] | {"one": {**SHEET["runs"]["one"], "form": "lagre"}}, "forms": {"large": {"dataset": "mnist"}}},
     "papers/alpha.yaml, runs.one.form: no form 'lagre': did you mean \"large\"?"),
    ({}, {"runs": SHEET["runs"] | {"one": {**SHEET["runs"]["one"], "form": "large"}}, "forms": {"large": {"dataset": "cub"}}},
     "papers/alpha.yaml, runs.one: form large is of cub, the run of mnist: choose a form of mnist"),
    ({"scale": "smok"}, {}, "params.yaml, scale: 'smok': did you mean \"smoke\"?"),
    ({"sedes": 1}, {}, "params.yaml, top level: unknown key 'sedes': did you mean \"seeds\"?"),
    ({"papers": {"alhpa": {}}}, {}, "params.yaml, papers: no paper 'alhpa': did you mean \"alpha\"?"),
    ({"papers": {"alpha": {"Net": {"lerning_rate": {"value": 1, "because": "a test"}}}}}, {},
     "params.yaml, papers.alpha.Net: no parameter 'lerning_rate': did you mean \"learning_rate\"?"),
    ({"papers": {"alpha": {"runs": {"tow": {"steps": {"value": 1, "because": "a test"}}}}}}, {},
     "params.yaml, papers.alpha.runs: no run 'tow': did you mean \"two\"?"),
    ({"papers": {"alpha": {"runs": {"one": {"stpes": {"value": 1, "because": "a test"}},
                                    "two": {"steps": {"value": 1, "because": "a test"}}}}}}, {},
     "params.yaml, papers.alpha.Net: no parameter 'stpes': did you mean \"steps\"?"),
    ({"papers": {"alpha": {"Net": {"learning_rate": {"value": float("nan"), "because": "a test"}}}}}, {},
     "params.yaml: papers.alpha.Net: learning_rate is nan: give a finite number"),
    ({}, {"runs": {a: {"recipe": "Net", "dataset": "mnist", "needs": {"x": b}} for a, b in ("ab", "ba")}},
     "papers/alpha.yaml, runs: alpha/a.s0 needs alpha/b.s0 needs alpha/a.s0: a circle; break it"),
    ({}, {"runs": {"a": {"recipe": "Net", "dataset": "mnist", "needs": {"x": "c"}}}},
     "papers/alpha.yaml, runs.a.needs: no run 'c': known: a"),
    ({"papers": {"alpha": {"Net": {"learning_rate": {"value": "fast", "because": "a test"}}}}}, {},
     "params.yaml: papers.alpha.Net: learning_rate is 'fast', but must be a number: correct the value"),
    ({}, {"scales": {"embedded": {"Net": {"stpes": 3}}}},
     "papers/alpha.yaml: scales.embedded.Net: unknown field 'stpes': did you mean \"steps\"?"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "sheet", "line"), MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_a_mistake_is_one_line_with_place_and_remedy(desk, params, sheet, line):
    with pytest.raises(RedrawError) as fault:
        desk(params, **sheet)
    assert str(fault.value) == line


def test_two_papers_with_one_name(desk):
    desk()
    Path("papers/beta.yaml").write_text(Path("papers/alpha.yaml").read_text())
    with pytest.raises(
        RedrawError, match=r"^papers/beta.yaml: the paper id 'alpha' is taken by alpha.yaml: choose another id$"
    ):
        sheets.read_sheets(Path("papers"))


def test_a_key_given_twice_is_an_error_with_its_line(tmp_path):
    (tmp_path / "x.yaml").write_text("a: 1\nb: 2\na: 3\n")
    with pytest.raises(RedrawError, match="^x.yaml, line 3: the key 'a' is given twice: correct the file$"):
        sheets.read_yaml(tmp_path / "x.yaml")


def test_code_digest_follows_imports_and_overlooks_comments(tmp_path, monkeypatch):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "__init__.py").write_text("")
    (tmp_path / "papers" / "a.py").write_text("from ..low import f\n")
    (tmp_path / "low.py").write_text("def f():\n    return 1\n")
    (tmp_path / "other.py").write_text("x = 1\n")
    monkeypatch.setattr(codes, "PACKAGE", tmp_path)

    def now():
        codes.code_files.cache_clear()
        codes._facts.cache_clear()
        return codes.code_digest(["papers.a"])

    first = now()
    (tmp_path / "low.py").write_text(
        '"""What."""\n\n\n# why\ndef f():\n    """How."""\n    return (\n        1\n    )\n'
    )
    (tmp_path / "other.py").write_text("x = 2\n")
    assert now() == first
    (tmp_path / "low.py").write_text("def f():\n    return 2\n")
    assert now() != first


def test_facts_of_code_are_kept_between_processes_and_read_anew_where_they_are_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def digest_of(memory: codes._Memory) -> str:
        monkeypatch.setattr(codes, "_MEMORY", memory)
        codes.code_files.cache_clear()
        codes._facts.cache_clear()
        return codes.code_digest(["data.cub"])

    first = digest_of(codes._Memory())
    kept = codes._Memory().path
    assert kept.is_relative_to(tmp_path) and len(json.loads(kept.read_text())) > 10
    with monkeypatch.context() as patch:
        patch.setattr(codes, "_read", lambda content: pytest.fail("read again"))
        assert digest_of(codes._Memory()) == first
    for damage in ("{", "[1]", json.dumps({key: {"imports": []} for key in json.loads(kept.read_text())})):
        kept.write_text(damage)
        assert digest_of(codes._Memory()) == first
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")  # where nothing can be kept
    assert digest_of(codes._Memory()) == first


def test_the_projects_own_plan_holds_at_every_scale_without_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = sheets.read_yaml(sheets.ROOT / "params.yaml")
    for scale in ("smoke", "embedded", "study", "paper"):
        for rows in ("headline", "all"):
            p = plan.Plan(params | {"scale": scale, "rows": rows})
            assert sum(a.rule == "table" for a in p.artefacts.values()) == len(p.sheets)
            assert json.dumps(p.asked(p.artefacts[p.index]))


def test_a_table_waits_for_released_weights_of_other_papers_and_for_those_that_calibrate_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    p = plan.Plan(sheets.read_yaml(sheets.ROOT / "params.yaml") | {"scale": "smoke"})
    said = {paper: p.artefacts[p.table(paper)].spec["missing"] for paper in ("attngan", "dm_gan", "stackgan", "ved")}
    assert said["attngan"]["dm_gan/released_coco"] == "the authors' weights are read at scale paper"  # a calibration
    assert {"attngan/released_birds", "attngan/released_coco", "dm_gan/released_coco"} <= set(said["dm_gan"])
    assert "gan_int_cls/released_birds" in said["stackgan"] and not [run for run in said["ved"] if "/released" in run]


def test_every_data_set_of_every_plan_has_its_stage_and_is_no_surprise_to_runs():
    stages = yaml.safe_load((sheets.ROOT / "dvc.yaml").read_text())["stages"]
    params = sheets.read_yaml(sheets.ROOT / "params.yaml")
    plans = [plan.Plan(params | {"scale": scale, "rows": "all"}) for scale in ("smoke", "embedded", "study", "paper")]
    used = {a.spec["dataset"] for p in plans for a in p.artefacts.values() if a.rule == "prepare"}
    uses = {asked: entry["use"] for asked, entry in params["datasets"].items()}
    named = {u for use in uses.values() for u in ([use] if isinstance(use, str) else use.values())} | set(uses)
    families = sorted({family(name) for name in named})
    listed, deps = stages["data"]["foreach"], stages["runs"]["deps"]
    assert used <= named and len(used) > 15 and families == sorted(listed)
    assert sorted(d for d in deps if d.startswith("results/data/")) == [f"results/data/{d}" for d in families]
    assert stages["data"]["do"]["outs"] == ["results/data/${item}"]


def test_a_run_may_ask_for_a_form_and_sheets_share_forms_by_name(desk):
    forms = {"large": {"dataset": "mnist", "size": 64}}
    runs = {**SHEET["runs"], "two": {**SHEET["runs"]["two"], "form": "large"}}
    p = desk(runs=runs, forms=forms)
    base, large = "results/data/digits/manifest.json", "results/data/digits/forms/large/manifest.json"
    assert p.artefacts[p.manifest("alpha/one.s0")].spec["data"] == base
    train = p.artefacts[p.manifest("alpha/two.s0")]
    assert train.spec["data"] == large in train.made_from and large.replace("manifest.json", "images.u8") in train.reads
    assert p.artefacts[large].spec == {"dataset": "digits", "options": {"size": 64}}
    assert p.artefacts[large].made_from == p.artefacts[base].made_from == ("results/data/digits/raw.json",)
    beta = copy.deepcopy(SHEET) | {"runs": runs, "forms": {"large": {"dataset": "mnist", "size": 65}}}
    beta["paper"]["id"] = "beta"
    Path("papers/beta.yaml").write_text(yaml.safe_dump(beta))
    with pytest.raises(RedrawError) as fault:
        desk(runs=runs, forms=forms)
    assert str(fault.value) == (
        "digits, form 'large': two sheets prepare it with different options ({'size': 64} and {'size': 65}): make them agree, "
        "or give one of them a name of its own under `forms`"
    )


def test_stand_ins_that_no_run_needs_are_shown(desk):
    entries = {"mnist": {"use": "digits", "because": "a test"}, "cub": {**BY_SCALE, "use": {
        "smoke": "drawn_birds-small", "embedded": "drawn_birds", "study": "drawn_birds-large"}}}  # fmt: skip
    p = desk({"datasets": entries})
    gallery = p.artefacts["results/tables/embedded/stand_ins.json"]
    assert gallery.spec["stand_ins"] == ["drawn_birds-small"] and gallery.record in p.artefacts[p.index].made_from
    assert (
        not desk({"datasets": entries, "scale": "paper"})
        .artefacts["results/tables/paper/stand_ins.json"]
        .spec["stand_ins"]
    )


def test_the_words_of_an_instrument_that_reads_captions_reach_whoever_it_reads_for(desk):
    tokens = {"w": {"dataset": "mnist", "captions": "digits_kind1", "tokenizer": "words"}}
    runs = {**SHEET["runs"], "eye": {**SHEET["runs"]["eye"], "tokens": "w"}}
    p, plain = desk(runs=runs, tokens=tokens), desk()
    words = "results/data/digits/tokens/alpha.w/record.json"
    sample, metrics = (p.artefacts[f"results/embedded/runs/alpha/one.s0/{name}.json"] for name in ("samples", "scores"))
    for a in (sample, metrics):
        assert a.spec["vocabularies"] == {"eye": words} and a.made_from.count(words) == 1
    assert words.replace("record.json", "tokens.npz") in sample.reads
    own = {**runs, "one": {**runs["one"], "tokens": "w"}}
    sample = desk(runs=own, tokens=tokens).artefacts["results/embedded/runs/alpha/one.s0/samples.json"]
    assert sample.made_from.count(words) == 1 and sample.reads.count(words.replace("record.json", "tokens.npz")) == 1
    for a in plain.artefacts.values():
        assert "vocabularies" not in a.spec


def test_rows_and_forms_may_be_given_scale_by_scale(desk):
    runs = copy.deepcopy(SHEET["runs"])
    runs["two"] |= {"rows": {"embedded": "all"}, "form": {"study": "small"}}
    forms = {"small": {"dataset": "mnist"}}
    assert "alpha/two.s0" not in desk(runs=runs, forms=forms).run
    assert desk(runs=runs, forms=forms).missing["alpha/two"] == "rows: all"
    assert desk({"rows": "all"}, runs=runs, forms=forms).run["alpha/two.s0"].form is None
    assert desk({"scale": "study"}, runs=runs, forms=forms).run["alpha/two.s0"].form == "small"


def test_an_evaluation_may_wait_for_all_rows_and_its_cells_say_so(desk):
    more = {**SHEET["evaluations"]["acc"], "rows": {"embedded": "all"}}
    given = {
        "runs": {**SHEET["runs"], "one": {**SHEET["runs"]["one"], "score": ["acc", "later"]}},
        "evaluations": {**SHEET["evaluations"], "later": more},
    }
    few, all_rows, study = desk(**given), desk({"rows": "all"}, **given), desk({"scale": "study"}, **given)
    run = "alpha/one.s0"
    assert list(few.run[run].evaluations) == ["acc"] and few.missing == {"alpha/one:later": "rows: all"}
    for p in (all_rows, study):
        assert [*p.run[run].evaluations] == ["acc", "later"] and not p.missing
        assert p.run[run].evaluations["later"] == p.run[run].evaluations["acc"], "rows decide no key"
    said = few.artefacts["results/tables/embedded/alpha.json"].spec["missing"]
    bench = Bench(few.sheets["alpha"], few.sheets, {}, "embedded", 1, {}, said)
    assert bench.why_not("one", "later/b4") == "not run: rows: all"
    assert bench.why_not("one", ["acc", "later@last"]) == "not run: rows: all"
    assert bench.why_not("one", "acc") == "not run: no scores of alpha/one at scale embedded"
