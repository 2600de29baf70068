"""DVC's side of the workflow: statements 2, 3 and 4 of docs/architecture.md, structure of dvc.yaml, records, comparisons.

A statement that guards against a trap first shows the trap, in a naive miniature that trains by `echo`.
"""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from desk import ROOT, Desk

from redraw import books, payloads
from redraw.core import RedrawError, write_json
from redraw.plan import Plan
from redraw.sheets import read_yaml

pytestmark = pytest.mark.workflow


RUNS = ["toy/echo.s0", "ved/classifier.s0", "ved/kind4.s0"]  # of the fixture "recorded"


@pytest.fixture
def clone(recorded, tmp_path) -> Desk:
    """A clone of that, pulled. No training state, no notes of Snakemake's, arbitrary file times."""
    desk = recorded.clone(tmp_path / "c")
    desk.dvc("pull", "-q")
    return desk


def clean(desk: Desk) -> bool:
    return desk.dvc("status", "-q", check=False).returncode == 0


def refusal(desk: Desk, *words: str) -> str:
    """The one line, exit code 2, that a command of redraw's ends with."""
    said = desk.run(*words, check=False)
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and said.stderr.startswith("redraw: "), said
    return said.stderr.strip()


class Naive:
    """A workflow as one would write it first, in a folder of its own; ``log.txt`` has a line a training."""

    def __init__(self, folder: Path, snakefile: str, dvc: str | None = None) -> None:
        folder.mkdir()
        self.folder, self.env = folder, Desk(folder).env
        (folder / "Snakefile").write_text(snakefile)
        (folder / "log.txt").touch()
        if dvc is not None:
            (folder / "dvc.yaml").write_text(dvc)
            self.dvc("init", "--no-scm", "-q")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def make(self, *options: str) -> str:
        call = [sys.executable, "-m", "snakemake", "--cores", "2", *options]
        done = subprocess.run(call, cwd=self.folder, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def idle(self) -> bool:
        return "Nothing to be done" in self.make("-n")

    def dvc(self, *words: str) -> int:
        call = [sys.executable, "-m", "dvc", *words]
        return subprocess.run(call, cwd=self.folder, env=self.env, capture_output=True).returncode

    def age(self, *names: str) -> None:
        """Give files times in that order, the first the oldest, as a clone or a pull may."""
        for k, name in enumerate(names):
            subprocess.run(["touch", "-d", f"2026-01-01 00:00:{k:02d}", name], cwd=self.folder, check=True)


PARAMETERS = """
configfile: "params.yaml"
rule train:
    input: "raw.txt"
    output: "model.txt"
    params: steps=config["steps"]
    shell: "echo {params.steps} > {output}; echo trained >> log.txt"
"""


@pytest.fixture
def naive(tmp_path) -> Naive:
    """A rule whose parameters are Snakemake's `params`; it was run."""
    world = Naive(tmp_path / "naive", PARAMETERS)
    world.write("params.yaml", "steps: 1")
    world.write("raw.txt", "raw")
    world.make()
    assert world.idle() and world.read("log.txt") == "trained\n"
    return world


# --- statement 2 -------------------------------------------------------------------------------------------------


def test_statement_2_clone_and_pull_retrain_nothing(naive, clone):
    shutil.rmtree(naive.folder / ".snakemake")
    naive.age("model.txt", "raw.txt")
    assert not naive.idle()  # the trap: times that git or DVC gave

    assert clone.jobs() == {}
    clone.tables()
    assert clone.spooled("train") == []


def test_statement_2_a_data_set_that_did_not_come_is_made_again_and_nothing_is_trained_on_it(clone):
    shutil.rmtree(clone.folder / "results/data/digits")
    said = clone.tables()
    assert "recorded but not here" in said.stderr
    assert clone.spooled("train") == [] and clone.jobs() == {}


# --- statement 3 -------------------------------------------------------------------------------------------------


def test_statement_3_after_a_pull_dvc_retrains_only_what_changed(naive, clone):
    shutil.rmtree(naive.folder / ".snakemake")
    naive.write("params.yaml", "steps: 9")
    assert naive.idle() and naive.read("model.txt") == "1\n"  # the trap: a clone has no notes to compare with

    clone.depart("toy", "Echo", "learning_rate", 2.0)
    clone.dvc("repro", "-q")
    assert [e["run"] for e in clone.spooled("train")] == ["toy/echo.s0"]
    assert clean(clone) and clone.jobs() == {}


def test_statement_3_a_blind_touch_does_not_bless_a_stale_number(naive, clone):
    naive.write("params.yaml", "steps: 9")
    assert not naive.idle()
    naive.make("--touch")
    assert naive.idle() and naive.read("model.txt") == "1\n"  # the trap

    clone.depart("toy", "Echo", "learning_rate", 2.0)
    clone.run(*clone.snakemake_call("--touch"))
    assert clone.jobs()["train"] == 1


def test_statement_3_old_results_under_new_parameters_are_not_excused(tmp_path, clone):
    """Checked out again, an old small file has a checksum that Snakemake has seen; that must not make it current."""
    rule = 'rule train:\n  input: "spec.txt"\n  output: "model.txt"\n  shell: "cp {input} {output}"\n'
    naive = Naive(tmp_path / "naive", rule)
    naive.write("spec.txt", "one")
    naive.make()
    naive.write("spec.txt", "two")
    naive.make()
    naive.write("model.txt", "one")
    naive.age("model.txt", "spec.txt")
    assert naive.idle() and naive.read("model.txt") != naive.read("spec.txt")  # the trap, though the spec is newer

    clone.depart("toy", "Echo", "learning_rate", 2.0)
    clone.tables()
    clone.run("redraw", "record")
    clone.git("commit", "-qam", "two")
    clone.git("checkout", "-q", "HEAD~1", "--", "dvc.lock", "results")
    clone.dvc("checkout", "-q", "-f")
    assert clone.jobs()["train"] == 1


# --- statement 4 -------------------------------------------------------------------------------------------------


def test_statement_4_dvc_repro_trains_all_once_in_one_call_and_both_books_agree(recorded):
    trained = recorded.spooled("trained")
    assert sorted(e["run"] for e in trained) == RUNS
    assert len({e["invocation"] for e in trained}) == 1
    assert clean(recorded) and recorded.jobs() == {}


def test_statement_4_one_failed_run_does_not_keep_other_papers_from_being_recorded(tmp_path, clone):
    rules = "".join(
        f'rule {paper}:\n  output: "{paper}.txt"\n  shell: "{cmd}"\n'
        for paper, cmd in (("good", "echo good > {output}"), ("bad", "false"))
    )
    stage = "stages:\n  papers:\n    cmd: snakemake --cores 2 --keep-going good.txt bad.txt\n    outs: [good.txt, bad.txt]\n"
    naive = Naive(tmp_path / "naive", rules, stage)
    assert naive.dvc("repro") != 0 and naive.read("good.txt") == "good\n"
    assert not (naive.folder / "dvc.lock").exists()  # the trap

    clone.depart("toy", "Echo", "learning_rate", 1.0e30)
    clone.depart("ved", "VED", "learning_rate", 0.002)
    failed = clone.dvc("repro", "-q", "--keep-going", check=False)
    assert failed.returncode != 0
    assert clone.json("results/smoke/done/ved.json")["results/tables/smoke/ved.json"] is not None
    assert clone.json("results/smoke/done/toy.json")["results/smoke/runs/toy/echo.s0/manifest.json"] is None
    assert "toy/echo.s0: " in (clone.folder / "logs/smoke/toy/echo.s0.train.log").read_text()
    assert clone.dvc("status", "-q", "paper@ved", check=False).returncode == 0
    clone.depart("toy", "Echo", "learning_rate", 0.5)
    clone.dvc("repro", "-q")
    assert clean(clone) and clone.jobs() == {}
    assert sorted(e["run"] for e in clone.spooled("trained")) == ["toy/echo.s0", "ved/kind4.s0"]


def test_statement_4_a_clone_that_was_not_pulled_trains_every_run_once_and_together(tmp_path, recorded):
    train = "date +%s.%N >> log.txt; sleep 0.3; echo {wildcards.paper} > {output}; echo {wildcards.paper} >> log.txt"
    rules = f'rule train:\n  output: "{{paper}}.model"\n  shell: "{train}"\n'
    naive = Naive(
        tmp_path / "naive",
        rules,
        "stages:\n  runs:\n    cmd: snakemake --cores 2 a.model b.model && touch done.txt\n    outs: [done.txt]\n"
        "  paper:\n    foreach: [a, b]\n    do:\n      cmd: snakemake --cores 2 ${item}.model\n"
        "      deps: [done.txt]\n      outs: ['${item}.model']\n",
    )
    assert naive.dvc("repro") == 0
    lines = naive.read("log.txt").split()
    names = [line for line in lines if line in ("a", "b")]
    assert sorted(names) == ["a", "a", "b", "b"]  # the trap: DVC deletes what a stage makes, so all is trained twice,
    assert [line in ("a", "b") for line in lines[-4:]] == [False, True, False, True]  # then one after another

    desk = recorded.clone(tmp_path / "c")
    desk.dvc("repro", "-q")
    trained = desk.spooled("trained")
    assert sorted(e["run"] for e in trained) == RUNS and len({e["invocation"] for e in trained}) == 1
    assert clean(desk) and desk.weights() == recorded.weights()


def test_statement_4_two_dirty_papers_train_at_the_same_time_and_dvc_shows_what_came_of_it(clone):
    """`dvc exp run -S` of two papers; then what its diffs say. Shows the timeline with -s."""
    departures = {"toy.Echo.pause": 0.3, "ved.VED.learning_rate": 0.01}
    words = [
        f"-S=+papers.{k}.{w}={x}" for k, v in departures.items() for w, x in (("value", v), ("because", "for a test"))
    ]
    clone.dvc("exp", "run", "-q", "-n", "both", *words)
    assert clean(clone) and clone.jobs() == {}
    begun = {e["run"]: e["t"] for e in clone.spooled("begin") if e["verb"] in ("train", "pretrain")}
    ended = {e["run"]: e["t"] for e in clone.spooled("trained")}
    start = min(begun.values())
    for run, t in sorted(begun.items()):
        bar = " " * int(4 * (t - start)) + "#" * int(4 * (ended[run] - t))
        print(f"{run:14} {t - start:5.1f} s {bar} {ended[run] - start:.1f} s")
    assert set(begun) == {"toy/echo.s0", "ved/kind4.s0"}
    assert len(clone.spooled("trained")) == 2 and len({e["invocation"] for e in clone.spooled("train")}) == 1
    assert max(begun.values()) < min(ended.values())  # loading torch takes longer than starting the other

    changed = json.loads(clone.dvc("params", "diff", "--json").stdout)["params.yaml"]
    assert {k.removeprefix("papers.") for k in changed if k.endswith("value")} == {f"{k}.value" for k in departures}
    diff = json.loads(clone.dvc("metrics", "diff", "--json").stdout)
    assert set(diff) == {"results/tables/smoke/compare/ved.json"}  # pauses alter no number
    ours = clone.json("results/tables/smoke/ved.json")["tables"][0]["rows"]
    cells = {c["cell_id"].split(":")[3]: c["ours"] for row in ours for k, c in row["cells"].items() if k == "released"}
    (name,) = [k for k in diff["results/tables/smoke/compare/ved.json"] if k.endswith(".released")]
    assert diff["results/tables/smoke/compare/ved.json"][name]["new"] == cells[name.split(".")[1]]
    plots = json.loads(clone.dvc("plots", "diff", "--json").stdout)["data"]
    curves = "results/tables/smoke/compare/ved.csv"
    assert {r for p in plots[curves] for r in p["revisions"]} == {"HEAD", "workspace"}
    page = clone.folder / "plots"
    clone.dvc("plots", "diff", "-q", "-o", str(page))
    for revision in ("HEAD", "workspace"):
        assert (page / "static" / f"{revision}_results_tables_smoke_compare_ved.png").stat().st_size > 10_000
    assert '"strokeDash": {"field": "run"' in (page / "index.html").read_text()


# --- what is written down -----------------------------------------------------------------------------------------


def test_record_refuses_what_params_do_not_ask_for(clone):
    clone.depart("toy", "Echo", "learning_rate", 2.0)
    assert "not what params.yaml asks for" in refusal(clone, "redraw", "record")


def test_record_wants_every_file_here_and_unharmed(recorded, tmp_path):
    shutil.copytree(recorded.folder, tmp_path / "d", symlinks=True)
    desk, lock = Desk(tmp_path / "d"), (recorded.folder / "dvc.lock").read_bytes()
    model = desk.folder / "results/smoke/runs/toy/echo.s0/model.pt"
    whole = model.read_bytes()
    model.unlink()
    assert refusal(desk, "redraw", "record") == (
        "redraw: 1 files are not here (first: results/smoke/runs/toy/echo.s0/model.pt): `redraw pull` fetches what was "
        "recorded, `snakemake --cores all results/tables` makes the rest"
    )
    model.write_bytes(whole[:-1])
    assert refusal(desk, "redraw", "record") == (
        "redraw: results/smoke/runs/toy/echo.s0/model.pt: not the bytes that its record names: remove it, then run "
        "`snakemake --cores all results/tables`"
    )
    assert (desk.folder / "dvc.lock").read_bytes() == lock
    model.write_bytes(whole)
    other = model.parent.with_name("echo.s1")  # left by more seeds on the command line
    shutil.copytree(model.parent, other)
    desk.run("redraw", "record")
    assert not other.exists() and [p.name for p in (desk.folder / "work/aside").glob("*/results/smoke/runs/toy/*")] == [
        "echo.s1"
    ]
    assert (desk.folder / "dvc.lock").read_bytes() == lock


def test_overrides_of_the_command_line_are_never_recorded_as_if_they_were_written(recorded, tmp_path):
    shutil.copytree(recorded.folder, tmp_path / "d", symlinks=True)
    desk = Desk(tmp_path / "d")
    desk.tables("--config", "rows=all")
    weights, said = desk.weights(), (
        "redraw: results/tables/smoke was made with rows all on the command line, params.yaml says headline: "
        "write `rows: all` into params.yaml, or run `snakemake --cores all results/tables`"
    )  # fmt: skip
    for words in (["record"], ["stage", "runs"], ["stage", "ved"], ["stage", "index"]):
        assert refusal(desk, "redraw", *words) == said
    assert desk.weights() == weights
    text = (desk.folder / "params.yaml").read_text()
    desk.depart("toy", "Echo", "pause", 0.01)  # so that DVC has something to run
    repro = desk.dvc("repro", check=False)
    assert repro.returncode and said in repro.stderr and "rows: headline" in (desk.folder / "dvc.lock").read_text()
    assert desk.json("results/smoke/done/ved.json")["results/smoke/runs/ved/kind4.s0/manifest.json"]
    assert desk.weights() == weights
    (desk.folder / "params.yaml").write_text(text)
    desk.edit("params.yaml", "rows: headline", "rows: all")  # the first way out
    desk.run("redraw", "record")
    assert clean(desk) and desk.jobs() == {}
    assert desk.json("results/tables/smoke/resolved.json")["overridden"] == {}  # so that a mere edit is no reason


def test_only_seeds_and_rows_that_params_yaml_does_not_say_are_refused(tmp_path, monkeypatch):
    written = read_yaml(ROOT / "params.yaml")
    plan = Plan(written | {"seeds": 3, "engine": {**written["engine"], "device": "cpu"}})
    monkeypatch.chdir(tmp_path)
    books.as_written(plan)  # nothing was made yet
    resolved = Path("results/tables/embedded/resolved.json")
    for overridden, refused in (({}, False), ({"seeds": 3}, False), ({"seeds": 1}, True), ({"engine": {}}, False)):
        write_json(resolved, {"overridden": overridden, "params": {}})
        if refused:
            with pytest.raises(
                RedrawError, match="made with seeds 1 on the command line, params.yaml says 3: write `seeds: 1`"
            ):
                books.as_written(plan)
        else:
            books.as_written(plan)


def test_an_override_is_what_differs_from_params_yaml_when_the_workflow_starts(tmp_path, monkeypatch):
    written = read_yaml(ROOT / "params.yaml")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(written))
    monkeypatch.chdir(tmp_path)
    plan = Plan({**written, "seeds": 3})
    index = plan.artefacts[plan.index]
    assert plan.asked(index)["hints"]["overridden"] == {"seeds": 3}
    assert index.key == Plan({**written, "seeds": 3}).artefacts[plan.index].key
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**written, "seeds": 3}))
    again = Plan({**written, "seeds": 3})
    assert again.asked(again.artefacts[again.index])["hints"]["overridden"] == {}
    assert again.artefacts[again.index].key == index.key


# --- structure ---------------------------------------------------------------------------------------------------


def outs_of(scale: str, params: dict, root: Path = ROOT) -> dict[str, dict]:
    """{path: its options} of all outs, metrics and plots in dvc.yaml at one scale."""
    found = {}
    for stage in read_yaml(root / "dvc.yaml")["stages"].values():
        each = stage.get("foreach", [None])
        each = params["papers"] if each == "${papers}" else each
        body = stage.get("do", stage)
        for item in each:
            for entry in [*body["outs"], *body.get("metrics", []), *body.get("plots", [])]:
                path, options = next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
                for name, value in {"scale": scale, "key": item, "item": item}.items():
                    path = path.replace(f"${{{name}}}", str(value))
                assert path not in found
                found[path] = options
    return found


@pytest.mark.parametrize("scale", ["smoke", "embedded", "study", "paper"])
def test_dvc_has_all_that_snakemake_writes_and_nothing_else(scale):
    params = read_yaml(ROOT / "params.yaml")
    plan = Plan(params | {"scale": scale, "rows": "all"})
    written = {o for a in plan.artefacts.values() for o in a.outputs}
    outs = outs_of(scale, params)
    folders = {p for p in outs if not Path(p).suffix}
    for path in set(outs) - folders:
        assert path in written and outs[path]["cache"] is False
    covered = {o for o in written if o in outs or any(o.startswith(f"{f}/") for f in folders)}
    assert written == covered
    data = {f"results/data/{d}" for d in read_yaml(ROOT / "dvc.yaml")["stages"]["data"]["foreach"]}
    assert folders == data | {f"results/{scale}/done"} | {f"results/{scale}/runs/{p}" for p in plan.sheets}
    assert set(params["papers"]) == set(plan.sheets)  # a stage for every paper
    assert not any("persist" in options for options in outs.values())


def test_dvc_itself_reads_the_same_outs(made):
    code = "from dvc.repo import Repo\nfor out in Repo().index.outs: print(out.def_path, out.use_cache, out.persist)"
    read = [line.split() for line in made.run(sys.executable, "-c", code).stdout.splitlines()]
    outs = outs_of("smoke", yaml.safe_load((made.folder / "params.yaml").read_text()), made.folder)
    assert {path: cached == "True" for path, cached, _ in read} == {p: o.get("cache", True) for p, o in outs.items()}
    assert {persist for *_, persist in read} == {"False"}
    assert made.dvc("config", "cache.type").stdout.strip() == "reflink,copy"


def test_nothing_of_ours_calls_touch():
    """`--touch` blesses whatever lies there (statement 3 shows it), so that no command of ours may."""
    files = [ROOT / "Makefile", ROOT / "Snakefile", ROOT / "dvc.yaml", *(ROOT / "src").rglob("*.py"),
             *(ROOT / "workflow").rglob("*.smk"), *(ROOT / "workflow").rglob("*.yaml")]  # fmt: skip
    assert len(files) > 50
    said = [
        f"{path.name}: {line.strip()}" for path in files for line in path.read_text().splitlines() if "--touch" in line
    ]
    assert all(line.split(": ")[1].startswith("#") or "`--touch`" in line for line in said), said


def test_damage_is_found_in_every_kind_of_file(made, tmp_path):
    root = tmp_path / "results"
    shutil.copytree(made.folder / "results", root)
    assert list(payloads.damaged(root)) == []
    run, data = root / "smoke/runs/ved/kind4.s0", root / "data/digits"
    harmed = [run / n for n in ("model.pt", "curves.json", "samples.npz", "items.npz", "scores.json")]
    harmed += [data / "images.u8", data / "names.txt", data / "raw.json", data / "tokens/ved.kind4/tokens.npz"]
    for path in harmed:
        content = bytearray(path.read_bytes())
        named = content.find(b'"digest": "')
        at = named + 12 if named >= 0 and path.suffix == ".json" else len(content) // 2
        content[at] ^= 1
        path.write_bytes(content)
    assert set(payloads.damaged(root)) == set(harmed)


def test_curves_for_dvc_are_those_of_the_paper_and_not_too_many_points(made):
    from redraw.report.compare import CURVE_COLUMNS, POINTS, curves

    with open(made.folder / "results/tables/smoke/compare/ved.csv") as f:
        rows = list(csv.DictReader(f))
    assert tuple(rows[0]) == CURVE_COLUMNS and {r["run"] for r in rows} == {"kind4.s0", "classifier.s0"}
    long = {"p/r.s0": {"curves": {"c": {"x": list(range(1001)), "y": [float("nan"), *[0.5] * 1000]}}}}
    lines = curves("p", long | {"q/r.s0": long["p/r.s0"]}).splitlines()
    assert len(lines) - 1 <= POINTS and lines[-1] == "r.s0,c,1000,0.5"
