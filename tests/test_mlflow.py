"""MLflow shows what the spool holds, all of it and each thing once, and nothing that computes ever waits for it."""

import ast
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import find
from desk import ROOT, Desk

from redraw.core import locked, read_json
from redraw.tracking import events, model_uri

CURVES = {"losses": "train/", "validation": "", "system": "system/"}
NOT_VALUES = {"t", "event", "record", "verb", "fingerprint", "run", "host", "pid", "invocation", "step"}
DATABASE = "results/mlflow/mlflow.db"


def copy_of(made: Desk, folder: Path, tracking: str = "off") -> Desk:
    shutil.copytree(made.folder, folder, symlinks=True)
    desk = Desk(folder)
    desk.env["REDRAW_TRACKING"] = tracking
    for name in [n for n in desk.env if n.startswith("MLFLOW_")]:
        del desk.env[name]
    return desk


def store(uri: str | Path):
    """A client of MLflow's, as a user of the results would open it."""
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{uri}" if isinstance(uri, Path) else uri)


def runs_of(client, scale: str = "smoke") -> dict[str, list]:
    """{name: runs} of one scale's experiment."""
    found: dict[str, list] = {}
    experiment = client.get_experiment_by_name(f"redraw-{scale}")
    for run in client.search_runs([experiment.experiment_id], max_results=1000) if experiment else []:
        found.setdefault(run.info.run_name, []).append(run)
    return found


def spooled_points(desk: Desk) -> dict[str, dict[tuple[str, int], float]]:
    """{record: {(metric, step): value}} as the spool has them, resumed trainings' repeated steps once."""
    found: dict[str, dict[tuple[str, int], float]] = {}
    for path in (desk.folder / "work/spool/results").rglob("*.jsonl"):
        for e in events(path):
            if e["event"] in CURVES:
                points = found.setdefault(e["record"], {})
                for name, value in e.items():
                    if name not in NOT_VALUES:
                        points.setdefault((CURVES[e["event"]] + name, e["step"]), value)
    return found


def mirrored_points(client, runs: dict[str, list]) -> dict[str, dict[tuple[str, int], float]]:
    """The same as MLflow has them; a step that it has twice fails here."""
    found: dict[str, dict[tuple[str, int], float]] = {}
    for run in (r for same in runs.values() for r in same):
        for name in run.data.metrics:
            if name.startswith(("train/", "validation/", "system/")) and "/job_" not in name:
                for m in client.get_metric_history(run.info.run_id, name):
                    points = found.setdefault(run.data.tags["record"], {})
                    assert (name, m.step) not in points, (run.info.run_name, name, m.step)
                    points[name, m.step] = m.value
    return found


def until(holds: Callable, seconds: float = 120.0, every: float = 0.2):
    """Wait for ``holds`` to return something, and return that."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, holds
        time.sleep(every)
    return found


def free(desk: Desk) -> bool:
    """Whether nobody replays this spool."""
    try:
        with locked(desk.folder / "work/spool/.lock", "spool", wait=False):
            return True
    except Exception:
        return False


# --- what a whole workflow leaves -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replayed(made, tmp_path_factory) -> Desk:
    """A copy of the workflow at scale smoke whose spool `redraw track` replayed afterwards."""
    desk = copy_of(made, tmp_path_factory.mktemp("replayed") / "d")
    desk.run("redraw", "track")
    return desk


@pytest.fixture(scope="module")
def client(replayed):
    return store(replayed.folder / DATABASE)


@pytest.mark.workflow
def test_every_stage_is_in_mlflow_below_its_workflow_call(replayed, client):
    begun = replayed.spooled("begin")
    runs = runs_of(client)
    (name,) = [n for n in runs if n.endswith("workflow")]
    (call,) = runs.pop(name)
    stages = [r for same in runs.values() for r in same]
    assert {e["verb"] for e in begun} == {
        "download", "prepare", "tokenize", "pretrain", "train", "sample", "metrics", "table", "gallery", "index",
    }  # fmt: skip
    assert sorted(r.data.tags["record"] for r in stages) == sorted(e["record"] for e in begun)
    assert {r.data.tags["mlflow.parentRunId"] for r in stages} == {call.info.run_id}
    assert {r.info.status for r in stages} == {"FINISHED"} and call.info.status == "FINISHED"
    assert call.data.params == {"scale": "smoke", "seeds": "1", "rows": "headline"}
    assert call.data.tags["command"].startswith("snakemake --cores 2") and call.data.tags["executor"] == "local"
    assert {"train ved/kind4.s0", "sample toy/echo.s0", "prepare digits", "table stackgan"} <= set(runs)


@pytest.mark.workflow
def test_curves_are_complete(replayed, client):
    wanted = spooled_points(replayed)
    assert sum(len(points) for points in wanted.values()) > 50
    assert mirrored_points(client, runs_of(client)) == wanted


@pytest.mark.workflow
def test_parameters_scores_and_tags(replayed, client):
    runs = runs_of(client)
    record = "results/smoke/runs/ved/kind4.s0/manifest.json"
    manifest, spec = replayed.json(record), replayed.json(f"work/specs/{record}")["spec"]
    (train,) = runs["train ved/kind4.s0"]
    assert {k: train.data.params[k] for k in ("seed", "recipe", "dataset", "engine.precision", "learning_rate")} == {
        "seed": "0", "recipe": "papers.ved:VED", "dataset": "digits", "engine.precision": "fp32",
        "learning_rate": str(spec["config"]["learning_rate"]),
    }  # fmt: skip
    wanted = {
        "fingerprint": manifest["fingerprint"], "key": manifest["key"], "digest": manifest["digest"], "record": record,
        "weights": manifest["weights"], "model_sha256": manifest["model"], "code": manifest["about"]["code"],
        "commit": manifest["about"]["commit"], "device": "cpu", "host": socket.gethostname(),
        "model_path": "results/smoke/runs/ved/kind4.s0/model.pt", "data.digits": manifest["data"],
    }  # fmt: skip
    assert {k: train.data.tags.get(k) for k in wanted} == wanted
    (scored,) = runs["metrics ved/kind4.s0"]
    scores = replayed.json("results/smoke/runs/ved/kind4.s0/scores.json")["metrics"]
    assert len(scores) > 3
    assert {n: scored.data.metrics[f"scores/{n.replace('@', '.')}"] for n in scores} == {
        n: m["value"] for n, m in scores.items()
    }


@pytest.mark.workflow
def test_pictures_and_tables_are_artifacts_and_checkpoints_are_not(replayed, client):
    from PIL import Image

    runs = runs_of(client)

    def files(name: str) -> list[str]:
        (run,) = runs[name]
        top = client.list_artifacts(run.info.run_id)
        return sorted(f.path for folder in top for f in client.list_artifacts(run.info.run_id, folder.path))

    assert files("table ved") == ["table/ved.csv", "table/ved.html", "table/ved.md"]
    assert "index/index.html" in files("index smoke") and "index/cells.csv" in files("index smoke")
    assert files("train ved/kind4.s0") == ["model/model.json"]
    drawn = [f for f in files("sample ved/kind4.s0") if f.endswith(".png")]
    assert "samples/trained-model-1000.png" in drawn
    (run,) = runs["sample ved/kind4.s0"]
    path = client.download_artifacts(run.info.run_id, drawn[0])
    with Image.open(path) as picture:
        assert picture.size == (8 * 58, 8 * 58) and len(set(picture.convert("L").tobytes())) > 10
    total = sum(p.stat().st_size for p in (replayed.folder / "results/mlflow/artifacts").rglob("*") if p.is_file())
    assert total < 12 << 20 and not list((replayed.folder / "results/mlflow").rglob("*.pt"))


@pytest.mark.workflow
def test_a_cell_leads_to_the_registered_model(replayed, client):
    for run in ("ved/kind4.s0", "gan_int_cls/gan_int_cls.s0"):
        manifest = replayed.json(f"results/smoke/runs/{run}/manifest.json")
        paper = run.split("/")[0]
        address = replayed.json(f"results/tables/smoke/{paper}.json")["lineage"][run]["registered"]
        assert address == model_uri("smoke", run, manifest["fingerprint"])
        assert address in (replayed.folder / f"results/tables/smoke/{paper}.html").read_text()
        name, alias = address.removeprefix("models:/").split("@")
        version = client.get_model_version_by_alias(name, alias)
        assert version.tags["weights"] == manifest["weights"] and version.tags["model_sha256"] == manifest["model"]
        assert version.status == "READY"
        (trained,) = runs_of(client)[f"train {run}"]
        assert version.run_id == trained.info.run_id
    cell = "toy:table-1:mnist:echo:accuracy"
    fingerprint = replayed.json("results/smoke/runs/toy/echo.s0/manifest.json")["fingerprint"]
    assert model_uri("smoke", "toy/echo.s0", fingerprint) in replayed.run("redraw", "explain", cell).stdout


def content(database: Path) -> dict[str, list]:
    """Every row of every table that runs and models are in."""
    tables = (
        "runs",
        "metrics",
        "latest_metrics",
        "params",
        "tags",
        "model_versions",
        "registered_models",
        "experiments",
    )
    with contextlib.closing(sqlite3.connect(database)) as opened:
        return {t: sorted(map(repr, opened.execute(f"SELECT * FROM {t}"))) for t in tables}


@pytest.mark.workflow
def test_replayed_again_nothing_is_added(replayed, client):
    before = content(replayed.folder / DATABASE)
    said = replayed.run("redraw", "track").stdout
    assert said.startswith(f"{len(replayed.spooled('begin'))} stages, 0 of them written now: sqlite:///")
    assert content(replayed.folder / DATABASE) == before
    # Killed after its points were written and before that was noted.
    (run,) = runs_of(client)["train ved/kind4.s0"]
    client.delete_tag(run.info.run_id, "replayed")
    assert " 1 of them written now" in replayed.run("redraw", "track").stdout
    assert content(replayed.folder / DATABASE) == before


@pytest.mark.workflow
def test_neither_git_nor_dvc_looks_at_it(replayed):
    assert replayed.git("status", "--porcelain", "--", "results/mlflow") == ""
    import dvc.repo

    with contextlib.closing(dvc.repo.Repo(str(replayed.folder))) as repo:
        assert repo.dvcignore.is_ignored_dir(str(replayed.folder / "results/mlflow"))
        assert not [o for o in repo.index.outs if "mlflow" in str(o)]


# --- while a workflow runs ------------------------------------------------------------------------------------------


@pytest.mark.workflow
def test_a_follower_shows_a_training_as_it_goes_and_ends_with_its_workflow(made, tmp_path):
    """Killed with -9, Snakemake runs no hook; its follower ends all the same, and the next call goes on with the same run."""
    desk = copy_of(made, tmp_path / "d", tracking="on")
    calls = desk.folder / "work/spool/invocations"
    before = sorted(calls.iterdir())
    desk.jobs()
    desk.tables()  # nothing to be done
    assert sorted(calls.iterdir()) == before and not (desk.folder / "logs/track.log").exists()

    desk.depart("toy", "Echo", "steps", 1800, pause=0.03)
    desk.edit("params.yaml", "save_every_seconds: 30", "save_every_seconds: 2")
    call = subprocess.Popen(desk.snakemake_call(), cwd=desk.folder, env=desk.env, stdout=-3, stderr=-3)

    def training():
        found = [e for e in desk.spooled("losses") if e["run"] == "toy/echo.s0" and e["step"] > 20]
        return found[-1] if found else None

    until(training)
    client = store(until(lambda: (p := desk.folder / DATABASE).exists() and p))

    def live():
        runs = [r for r in runs_of(client).get("train toy/echo.s0", []) if r.info.status == "RUNNING"]
        anew = [r for r in runs if r.data.params.get("steps") == "1800"]  # the one before is being replayed at first
        return next((r for r in anew if "train/loss" in r.data.metrics), None)

    shown = until(live)
    job = training()
    assert desk.spooled("trained")[-1]["t"] < job["t"], "the training had ended before it was seen: raise `pause`"
    (parent,) = [r for r in runs_of(client).values() if r[0].info.run_id == shown.data.tags["mlflow.parentRunId"]]
    assert parent[0].info.status == "RUNNING"
    call.kill()
    call.wait()
    until(lambda: free(desk), 120)
    assert client.get_run(parent[0].info.run_id).info.status == "KILLED"
    assert client.get_run(shown.info.run_id).info.status == "RUNNING"  # the job lives on
    os.kill(job["pid"], signal.SIGKILL)
    until(lambda: not Path(f"/proc/{job['pid']}").exists())
    desk.run("redraw", "track")
    assert client.get_run(shown.info.run_id).info.status == "KILLED"

    desk.tables()
    until(lambda: free(desk), 120)
    (run,) = [r for r in runs_of(client)["train toy/echo.s0"] if r.data.params["steps"] == "1800"]
    assert run.info.run_id == shown.info.run_id and run.info.status == "FINISHED"
    first, second = run.data.tags["invocations"].split(", ")
    later = client.get_run(run.data.tags["mlflow.parentRunId"])
    assert (later.data.tags["invocation"], later.info.status) == (second, "FINISHED") and first != second
    starts = [e["start"] for e in desk.spooled("train") if e["steps"] == 1800]
    assert len(starts) == 2 and starts[0] == 0
    assert mirrored_points(client, runs_of(client)) == spooled_points(desk)
    assert (desk.folder / "logs/track.log").read_text() == ""
    print(f"trained from steps {starts}")


@pytest.mark.workflow
def test_a_second_replay_has_nothing_to_do_while_another_is_at_it(made, tmp_path):
    desk = copy_of(made, tmp_path / "d")
    with locked(desk.folder / "work/spool/.lock", "spool"):
        said = desk.run("redraw", "track")
    assert said.stderr == (
        f"redraw: process {os.getpid()} on {socket.gethostname()} is replaying the spool already: nothing to do\n"
    )
    assert said.stdout == "" and not (desk.folder / DATABASE).exists()


# --- what can be wrong ----------------------------------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path) -> Path:
    """A folder with a spool of one data set, and nothing else."""
    told = {"record": "results/data/digits/raw.json", "verb": "download", "fingerprint": "f", "key": "k", "commit": "c"}
    told |= {"host": "far", "pid": 1, "invocation": None, "spec": {"dataset": "digits"}, "config": {}, "engine": {}}
    path = tmp_path / "work/spool/results/data/digits/raw.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"t": 1.0, "event": "begin", "data": {}, **told}) + "\n")
    return tmp_path


def track(folder: Path, uri: str, *options: str) -> subprocess.CompletedProcess:
    env = {**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    call = [sys.executable, "-m", "redraw", "track", *options]
    return subprocess.run(call, cwd=folder, env=env, stdin=-3, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("uri", "line"),
    [
        (
            "file:./mlruns",
            "MLFLOW_TRACKING_URI=file:./mlruns: MLflow no longer writes to folders of files: give sqlite",
        ),
        ("./mlruns", "MLFLOW_TRACKING_URI=./mlruns: MLflow no longer writes to folders of files: give sqlite"),
        ("ftp://somewhere", "MLflow at ftp://somewhere cannot be used ("),
        ("sqlite:////proc/none/a.db", "MLflow at sqlite:////proc/none/a.db cannot be used ("),
        ("http://u:secret@127.0.0.1:9", "MLflow at http://…@127.0.0.1:9 cannot be used (Connection refused)"),
    ],
)
def test_where_mlflow_cannot_be_used_one_line_says_so(bare, uri, line):
    spool = (bare / "work/spool/results/data/digits/raw.jsonl").read_bytes()
    said = track(bare, uri)
    assert said.returncode == 2 and said.stdout == ""
    assert said.stderr.startswith(f"redraw: {line}") and said.stderr.count("\n") == 1, said.stderr
    assert "secret" not in said.stderr
    assert (bare / "work/spool/results/data/digits/raw.jsonl").read_bytes() == spool


def test_a_follower_warns_that_the_server_is_away_and_ends(bare):
    said = track(bare, "http://127.0.0.1:9", "--follow")
    assert said.returncode == 0
    assert said.stderr.count("\n") == 1 and said.stderr.endswith(
        "redraw: MLflow at http://127.0.0.1:9 cannot be used (Connection refused): `redraw track` writes it later; "
        "nothing is lost\n"
    )


def test_outside_a_checkout(tmp_path):
    said = track(tmp_path, "")
    assert said.returncode == 2 and said.stderr.startswith(
        "redraw: work/spool: no such folder: run this in the checkout"
    )
    assert not (tmp_path / "work").exists()


def test_a_checkout_that_was_moved(bare):
    track(bare, "")
    shutil.move(bare, bare.with_name("moved"))
    said = track(bare.with_name("moved"), "")
    assert said.returncode == 2 and said.stderr.count("\n") == 1
    assert "made where this checkout lay before" in said.stderr and "remove the folder" in said.stderr
    assert not bare.exists()


# --- who imports it -------------------------------------------------------------------------------------------------


def test_one_module_imports_mlflow_and_only_when_it_is_asked():
    found = {}
    for path in (ROOT / "src/redraw").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if any(n.split(".")[0] in ("mlflow", "sqlalchemy") for n in names):
                found.setdefault(path.name, []).append(node in tree.body)
    assert set(found) == {"mlflow_book.py"} and not any(found["mlflow_book.py"])


@pytest.mark.workflow
def test_no_job_loads_mlflow(made, tmp_path):
    """A training that trains, samples that are drawn, scores, tables, and a plan: none pays for the import."""
    desk = copy_of(made, tmp_path / "d", tracking="on")
    shutil.rmtree(desk.folder / "work/state/smoke/toy")
    folder = "results/smoke/runs/toy/echo.s0"
    before = len(desk.spooled("begin"))
    records = {"train": "manifest", "sample": "samples", "metrics": "scores"}
    calls = [(verb, f"{folder}/{name}.json") for verb, name in records.items()]
    for verb, record in [*calls, ("table", "results/tables/smoke/toy.json")]:
        words = ("-m", "redraw", verb, "--spec", f"work/specs/{record}", "--out", record)
        assert "mlflow" not in imports(desk, *words).replace("redraw.mlflow_settings", "")
    assert len(desk.spooled("begin")) == before + 4  # all of them worked
    assert "mlflow" not in imports(desk, "-m", "redraw", "plan")


def imports(desk: Desk, *words: str) -> str:
    said = desk.run(sys.executable, "-X", "importtime", *words).stderr
    assert "redraw.core" in said
    return said


# --- a server, on PostgreSQL ----------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def database() -> Iterator[str]:
    """Address of a PostgreSQL server of its own on loopback. It refuses to run as root, so that then it runs as another."""
    folder = Path(
        tempfile.mkdtemp(prefix="redraw-postgres-")
    )  # where that user can get to; pytest's folders are private
    other = []
    if os.geteuid() == 0:
        other = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    programs, port = Path(os.path.realpath(find("postgres"))).parent, free_port()
    make = [*other, programs / "initdb", "-D", folder / "data", "-U", "redraw", "-A", "trust", "--no-sync"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    serve = [
        *other,
        programs / "postgres",
        "-D",
        folder / "data",
        "-F",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        folder,
    ]
    server = subprocess.Popen(serve, cwd=folder, stdout=-3, stderr=-3)
    until(lambda: answers(port), 30)
    yield f"postgresql://redraw@127.0.0.1:{port}/postgres"
    server.send_signal(signal.SIGINT)
    server.wait(20)
    shutil.rmtree(folder)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Server:
    """`mlflow server` on loopback, to be killed and started again."""

    def __init__(self, database: str, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.uri = f"http://127.0.0.1:{self.port}"
        self.call = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", database, "--host", "127.0.0.1",
                     "--port", str(self.port), "--workers", "1", "--artifacts-destination", str(folder / "kept")]  # fmt: skip
        self.process = None

    def start(self) -> None:
        env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        log = open(self.folder / "server.log", "a")  # noqa: SIM115  the server's as long as it lives
        self.process = subprocess.Popen(
            self.call, cwd=self.folder, env=env, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        until(lambda: answers(self.port), 90)

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.mark.workflow
@pytest.mark.postgres
def test_a_server_that_dies_twice_costs_nothing(made, tmp_path, database):
    """The training never notices; the follower writes what was missed, and what it could not `redraw track` does."""
    server = Server(database, tmp_path)
    desk = copy_of(made, tmp_path / "d", tracking="on")
    desk.env |= {"MLFLOW_TRACKING_URI": server.uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    shutil.rmtree(desk.folder / "work/spool")  # nothing but what follows is replayed
    desk.depart("toy", "Echo", "steps", 1500, pause=0.02)
    log = desk.folder / "logs/track.log"
    call = None
    try:
        server.start()
        call = subprocess.Popen(desk.snakemake_call(), cwd=desk.folder, env=desk.env, stdout=-3, stderr=-3)
        client = store(server.uri)

        def points() -> int:
            runs = [r for r in runs_of(client).get("train toy/echo.s0", []) if r.data.params.get("steps") == "1500"]
            return len(client.get_metric_history(runs[0].info.run_id, "train/loss")) if runs else 0

        def warned(times: int) -> bool:
            return log.read_text().count(f"MLflow at {server.uri} cannot be used (") >= times

        seen = until(points)
        server.kill()
        until(lambda: warned(1))
        server.start()
        until(lambda: points() > seen)  # the follower went on by itself
        before = log.read_text().count("\n")
        server.kill()
        assert call.wait(120) == 0, "the workflow must end whatever becomes of the server"
        until(lambda: free(desk), 120)
        assert (
            log.read_text().count("\n") > before
            and "`redraw track` writes it later; nothing is lost" in log.read_text()
        )
        assert read_json(desk.folder / "results/smoke/runs/toy/echo.s0/manifest.json")["steps"] == 1500
        server.start()
        desk.run("redraw", "track")
        runs = runs_of(client)
        assert mirrored_points(client, runs) == spooled_points(desk)
        (run,) = [r for r in runs["train toy/echo.s0"] if r.data.params["steps"] == "1500"]
        assert run.info.status == "FINISHED"
        version = client.get_model_version_by_alias("redraw.smoke.toy.echo.s0", f"f-{run.data.tags['fingerprint']}")
        assert version.tags["weights"] == run.data.tags["weights"]
        assert [f.path for f in client.list_artifacts(run.info.run_id, "model")] == ["model/model.json"]
        assert " 0 of them written now" in desk.run("redraw", "track").stdout
    finally:
        server.kill()
        if call and call.poll() is None:
            call.terminate()
            call.wait()
