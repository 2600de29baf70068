"""What raters say: refused where it is not as it should be, kept whole, scored without the inattentive, shown in tables."""

from __future__ import annotations

import copy
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from ranked_runs import COLUMN, lay_out, planned, said

from redraw.core import RedrawError, digest, read_json, write_json
from redraw.plan import Plan
from redraw.ranks import METRIC, folder, metrics_of, runs_of
from redraw.rater.judgements import checked, gathered, keep
from redraw.rater.page import write
from redraw.rater.scored import lines, score
from redraw.report.tables import paper_table

WORTH = (-1.0, 0.0, 1.5)


@pytest.fixture(scope="module")
def plan():
    return planned()


@pytest.fixture(scope="module")
def laid(plan, tmp_path_factory):
    """A working folder with runs, data and a page of 20 items, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("laid"))
        write(plan, lay_out(plan), folder("smoke", COLUMN), 20)
        return Path.cwd()


@pytest.fixture
def place(laid, tmp_path, monkeypatch):
    """A page's folder below the working folder, where tables look for it."""
    shutil.copytree(laid, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return folder("smoke", COLUMN)


@pytest.fixture
def key(place):
    return read_json(place / "items.json")


# --- files -------------------------------------------------------------------------------------------------------

WRONG = {
    "no format": (lambda f: f.pop("format"), "'format' is a required property"),
    "another format": (lambda f: f.update(format="x"), "format: 'redraw human rank 1' was expected"),
    "a key too many": (lambda f: f.update(raters=1), "unknown key 'raters': did you mean"),
    "a path as name": (lambda f: f.update(rater="../anna"), "rater: '../anna' does not match"),
    "capitals": (lambda f: f.update(rater="Anna"), "rater: 'Anna' does not match"),
    "no token": (lambda f: f.update(token=""), "token: '' does not match"),
    "another page": (lambda f: f.update(items="0" * 16), "of another page .* move it away"),
    "another column": (lambda f: f.update(column="a.b.c"), "of another page"),
    "no list": (lambda f: f.update(judgements={}), "judgements: {} is not of type 'array'"),
    "no such item": (lambda f: f["judgements"][3].update(item="i999"), r"judgements.3: no item 'i999' on this page"),
    "said twice": (lambda f: f["judgements"].append(f["judgements"][0]), "more often than it was shown"),
    "a method left out": (
        lambda f: f["judgements"][2].update(order=[[0], [1]]),
        r"judgements.2: not an order of 3 methods",
    ),
    "a method twice": (lambda f: f["judgements"][2].update(order=[[0], [1], [1]]), "not an order of 3 methods"),
    "true is no slot": (lambda f: f["judgements"][2].update(order=[[0], [True], [2]]), "True is not of type 'integer'"),
    "an empty tie": (lambda f: f["judgements"][2].update(order=[[0], [], [1], [2]]), "should be non-empty"),
    "no places": (lambda f: f["judgements"][2].update(shown=[0, 0, 1]), "not an order of 3 methods"),
    "no time": (lambda f: f["judgements"][2].update(seconds=-1), "-1 is less than the minimum of 0"),
    "no file": (lambda f: f.clear(), "is a required property"),
}


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_a_file_that_is_not_as_it_should_be_is_one_line(key, place, change):
    file = said(key, "anna", WORTH)
    assert checked(copy.deepcopy(file), key, "anna.json") == file
    spoil, line = WRONG[change]
    spoil(file)
    with pytest.raises(RedrawError, match=line) as refused:
        keep(file, key, place)
    assert "\n" not in str(refused.value) and not list((place / "judgements").glob("*.json"))


@pytest.mark.parametrize("value", [None, 3, "x", [], [{}]])
def test_what_is_no_object_is_refused(key, value):
    with pytest.raises(RedrawError, match="^anna.json, top level: .* is not of type 'object'$"):
        checked(value, key, "anna.json")


def test_nobody_overwrites_another_raters_file(key, place):
    anna = said(key, "anna", WORTH)
    early = {**anna, "judgements": anna["judgements"][:5]}
    assert keep(early, key, place) == place / "judgements/anna.json"
    keep(anna, key, place)
    with pytest.raises(RedrawError, match="anna has sent .* judgements before: send those, or more"):
        keep(early, key, place)
    with pytest.raises(RedrawError, match="the name anna is taken: go back and take another one; nothing is lost"):
        keep({**anna, "token": "f" * 32}, key, place)
    (place / "judgements/bob.json").write_text("{")
    with pytest.raises(RedrawError, match="the name bob is taken"):
        keep(said(key, "bob", WORTH), key, place)
    assert read_json(place / "judgements/anna.json") == anna
    with pytest.raises(RedrawError, match="bob.json: no JSON: get the rater's file again"):
        gathered(place, key)
    write_json(place / "judgements/bob.json", anna)
    with pytest.raises(RedrawError, match="bob.json: the file of rater anna: call it anna.json"):
        score(place)


# --- the server --------------------------------------------------------------------------------------------------


@pytest.fixture
def server(place, monkeypatch):
    """(process, port) of a server of the page."""
    call = [sys.executable, "-m", "redraw", "rank", "collect", str(place), "--port", "0"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("http://127.0.0.1:") and f"(process {process.pid};" in line
            yield process, int(line.split("/")[2].split(":")[1])
        finally:
            process.kill()


def ask(port, method="GET", path="/", body=None, **headers):
    """(status, headers, text) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


def send(port, value, **headers):
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    text = value if isinstance(value, str) else json.dumps(value)
    return ask(port, "POST", "/", urlencode({"judgements": text}), **(form | headers))


def test_it_serves_its_page_and_nothing_else(server, place):
    _, port = server
    status, headers, text = ask(port)
    assert status == 200 and text == (place / "index.html").read_text()
    assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"
    for path in (
        "/items.json",
        "/judgements/anna.json",
        "/../items.json",
        "/index.html",
        "/?x",
        "/%2e%2e/items.json",
    ):
        assert ask(port, path=path)[0] == 404, path
        assert ask(port, "POST", path, "x")[0] == 404, path
    for method in ("PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"):
        assert ask(port, method)[0] == 501, method
    assert ask(port, Host="evil.example")[0] == 403 and ask(port, Host=f"localhost:{port}")[0] == 200


def test_it_listens_on_loopback_alone(server):
    process, port = server
    listening = Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
    bound = [row.split()[1] for row in listening if row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "0A"]
    assert bound == [f"0100007F:{port:04X}"]


def test_two_raters_send_their_files(server, place, key):
    _, port = server
    files = {name: said(key, name, WORTH) for name in ("anna", "bob")}
    status, headers, _ = send(port, files["anna"], Origin=f"http://127.0.0.1:{port}")
    assert status == 303 and headers["Location"] == f"/#sent-{len(files['anna']['judgements'])}"
    assert send(port, files["bob"])[0] == 303
    assert {f["rater"]: f for f in gathered(place, key)} == files
    stolen = {**files["anna"], "token": "0" * 32}
    status, _, text = send(port, stolen)
    assert status == 409 and "the name anna is taken" in text
    assert read_json(place / "judgements/anna.json") == files["anna"]


def test_raters_who_send_at_once_are_all_kept(server, place, key):
    _, port = server
    files = [said(key, f"r{k}", WORTH) for k in range(12)] + [said(key, "same", WORTH, seed=k) for k in range(4)]
    found = [None] * len(files)

    def one(k):
        found[k] = send(port, files[k])[0]

    threads = [threading.Thread(target=one, args=(k,)) for k in range(len(files))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found[:12] == [303] * 12 and sorted(found[12:]) == [303, 409, 409, 409]
    assert len(gathered(place, key)) == 13


def test_a_room_of_raters_waits_in_line(server):
    process, port = server
    process.send_signal(signal.SIGSTOP)  # as busy as can be
    try:
        line = [socket.create_connection(("127.0.0.1", port), timeout=0.9) for _ in range(40)]
    finally:
        process.send_signal(signal.SIGCONT)
    assert ask(port)[0] == 200
    for connection in line:
        connection.close()


@pytest.mark.parametrize(
    ("value", "headers", "status"),
    [
        ("{", {}, 400),
        ("[" * 100_000, {}, 400),
        ({"format": "x"}, {}, 409),
        ({"rater": "<script>alert(1)</script>"}, {}, 409),
        ({}, {"Content_Type": "application/json"}, 415),
        ({}, {"Origin": "http://evil.example"}, 403),
        ({}, {"Origin": "null"}, 403),
        ({}, {"Content_Length": str(1 << 40)}, 413),
        ({}, {"Content_Length": "-1"}, 413),
        ({}, {"Host": "evil.example"}, 403),
    ],
)
def test_other_posts_are_refused(server, place, value, headers, status):
    _, port = server
    found, _, text = send(port, value, **headers)
    assert found == status and "<script" not in text
    assert not list((place / "judgements").glob("*")) or status == 409
    assert not list((place / "judgements").glob("*.json"))
    assert ask(port)[0] == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(server, number):
    process, _ = server
    process.send_signal(number)
    assert process.wait(10) == 0 and process.stderr.read() == "stopped; what was sent is kept\n"


def test_killed_at_any_moment_it_leaves_whole_files(server, place, key):
    process, port = server
    sent = []

    def keep_sending():
        for k in range(10_000):
            try:
                if send(port, said(key, f"r{k}", WORTH))[0] == 303:
                    sent.append(f"r{k}")
            except (OSError, http.client.HTTPException):
                return

    threads = [threading.Thread(target=keep_sending) for _ in range(1)]
    for t in threads:
        t.start()
    patience = time.monotonic() + 20
    while len(sent) < 5 and time.monotonic() < patience:
        time.sleep(0.01)
    process.kill()
    for t in threads:
        t.join()
    there = {f["rater"] for f in gathered(place, key)}  # every one of them whole
    assert len(sent) >= 5 and set(sent) <= there


def test_a_port_that_is_taken_and_a_folder_without_page(server, place, tmp_path):
    _, port = server
    for words, line in (
        ((place, "--port", port), f"redraw: port {port}: Address already in use: name another one with --port, or"),
        ((tmp_path / "x",), f"redraw: {tmp_path}/x/items.json: no page for raters: run `redraw rank page COLUMN --out"),
    ):
        call = [sys.executable, "-m", "redraw", "rank", "collect", *map(str, words)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and done.stderr.startswith(line) and done.stderr.count("\n") == 1


# --- the score ---------------------------------------------------------------------------------------------------


def test_raters_who_do_not_look_are_left_out_and_told(key, place, plan):
    for k in range(5):
        keep(said(key, f"r{k}", WORTH), key, place)
    keep(said(key, "asleep", (5.0, 0.0, -5.0), attentive=False), key, place)
    keep({**said(key, "author", (5.0, 0.0, -5.0)), "involved": True}, key, place)
    hasty = said(key, "hasty", (5.0, 0.0, -5.0))
    hasty["judgements"] = [j for j in hasty["judgements"] if key["items"][j["item"]]["kind"] == "ranked"][:3]
    keep(hasty, key, place)
    keep({**said(key, "idle", WORTH), "judgements": []}, key, place)
    found = score(place)
    assert {name: about["because"] for name, about in found["raters"].items() if not about["counted"]} == {
        "asleep": "6 of 6 attention items wrong",
        "author": "took part in making one of the methods",
        "hasty": "has seen no attention item",
        "idle": "has ranked nothing",
    }
    assert (
        found["ranks"]["raters"] == 5 and found["ranks_of_all"]["raters"] == 8 and found["ranks"]["judgements"] == 100
    )
    values = [m["value"] for m in found["ranks"]["methods"]]
    assert values == sorted(values, reverse=True) and found["ranks_of_all"]["methods"][0]["value"] < values[0]
    one = found["metrics"]["stackgan/stage_2.s0"]
    assert one["value"] == values[2] and one["raters"] == 5 and one["n"] == 20 and one["spread"] > 0
    assert one["protocol"]["ties"] == "share the mean of their places" and one["protocol_key"] == digest(
        one["protocol"]
    )
    told = "\n".join(lines(found))
    assert "5 raters, 20 items, 100 judgements" in told and "left out: asleep: 6 of 6 attention items wrong" in told
    again = score(place)
    assert again["digest"] == found["digest"] == read_json(place / "score.json")["digest"]


def test_only_the_first_showing_counts_and_the_second_tells_of_the_rater(key, place):
    file = said(key, "anna", (9.0, 0.0, -9.0))
    keep(file, key, place)
    first = score(place)
    assert [m["value"] for m in first["ranks"]["methods"]] == [1, 2, 3] and first["raters"]["anna"]["alike"] == 1
    for judgement in file["judgements"]:
        if judgement["showing"]:
            judgement["order"] = judgement["order"][::-1]
    keep(file, key, place)
    second = score(place)
    assert second["metrics"] == first["metrics"] and second["raters"]["anna"]["alike"] == 0


def test_ties_are_mid_ranks_and_told(key, place):
    file = said(key, "anna", (9.0, 0.0, -9.0))
    for judgement in file["judgements"]:
        about = key["items"][judgement["item"]]
        if about["kind"] == "ranked":
            slot = [about["slots"].index(m) for m in range(3)]
            judgement["order"] = [[slot[1], slot[0]], [slot[2]]]
    keep(file, key, place)
    found = score(place)
    assert [m["value"] for m in found["ranks"]["methods"]] == [1.5, 1.5, 3] and found["ranks"]["tied"] == 1


def test_without_anybody_who_counts_there_is_no_score(key, place):
    with pytest.raises(RedrawError, match="judgements: no rater's file yet: `redraw rank collect .*` gathers them"):
        score(place)
    keep(said(key, "asleep", WORTH, attentive=False), key, place)
    with pytest.raises(
        RedrawError, match=r"no rater counts \(first: asleep, 6 of 6 attention items wrong\): ask others"
    ):
        score(place)
    assert not (place / "score.json").exists()


# --- the tables --------------------------------------------------------------------------------------------------


def stackgan_table(plan: Plan) -> dict:
    """StackGAN's table from the column's runs alone, which nobody but raters has scored."""
    records = []
    for run in runs_of(plan, lay_out(plan)):
        home = Path(plan.run_dir(run))
        manifest = {"run": run, "config": {}, "about": {}, "weights": "w", "fingerprint": "f"}
        write_json(home / "manifest.json", manifest)
        drawn = read_json(home / "samples.json")["digest"]
        scores = {"metrics": {}, "curves": {}, "confusion": {}, "from": {f"{home}/samples.json": drawn}}
        write_json(home / "scores.json", scores)
        records.append(f"{home}/scores.json")
    return paper_table(plan.artefacts[plan.table("stackgan")].spec, records, Path("tables"))[0]


def cells_of(table: dict, metric: str = "HR") -> dict:
    return {c["row"]: c for r in table["tables"][0]["rows"] for c in r["cells"].values()
            if c["metric"] == metric and c["dataset"] == "cub" and r["kind"] == "printed"}  # fmt: skip


def test_tables_show_ranks_once_they_are_scored_and_say_how_before(plan, key, place):
    before = cells_of(stackgan_table(plan))
    for cell in before.values():
        assert cell["ours"] is None and cell["agrees"]["verdict"] == "not collected"
        assert f"snakemake --cores all {place}/index.html" in cell["agrees"]["because"]
        assert f"redraw rank score {place}" in cell["agrees"]["because"]
    page = Path("tables/stackgan.html").read_text()
    assert "not collected" in page and "not collected" in Path("tables/stackgan.md").read_text()
    assert "ranks" not in plan.artefacts[plan.table("stackgan")].spec
    for k in range(6):
        keep(said(key, f"r{k}", WORTH), key, place)
    record = score(place)
    scored = planned()
    assert scored.artefacts[scored.table("stackgan")].key != plan.artefacts[plan.table("stackgan")].key
    other = scored.table("ved")
    assert scored.artefacts[other].key == plan.artefacts[other].key
    table = stackgan_table(scored)
    after = cells_of(table)
    for label, one in zip(record["methods"], record["ranks"]["methods"], strict=True):
        cell = after[label]
        assert (cell["ours"], cell["spread"], cell["n"], cell["raters"]) == (one["value"], one["spread"], 20, 6)
        assert cell["protocol"] == record["metrics"][cell["runs"][0]]["protocol_key"] and cell["seeds"] == 1
        assert cell["agrees"]["verdict"] == "not comparable"  # other data, another scale
    assert all(c["ours"] is None for c in cells_of(table, "IS").values())  # and nothing else is filled in
    assert (
        "(6 raters)" in Path("tables/stackgan.html").read_text()
        and "(6 raters)" in Path("tables/stackgan.md").read_text()
    )


def test_ranks_of_other_pictures_than_these_are_not_shown(plan, key, place):
    keep(said(key, "anna", WORTH), key, place)
    record = score(place)
    scored = planned()
    asked = scored.artefacts[scored.table("stackgan")].spec["ranks"]
    assert asked == {COLUMN: record["digest"]}
    assert set(metrics_of(asked, "smoke", record["samples"])) == set(record["samples"])
    drawn_again = record["samples"] | {"stackgan/stage_2.s0": "0" * 16}
    assert metrics_of(asked, "smoke", drawn_again) == {}
    assert METRIC + COLUMN in metrics_of(asked, "smoke", record["samples"])["gawwn/boxes.s0"]
    with pytest.raises(RedrawError, match="score.json: scored again meanwhile: run the same command again"):
        metrics_of({COLUMN: "0" * 16}, "smoke", record["samples"])


def test_the_command_line(place, tmp_path):
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    (tmp_path / "params.yaml").write_text((Path(__file__).parents[1] / "params.yaml").read_text())

    def redraw(*words):
        call = [sys.executable, "-m", "redraw", "rank", *map(str, words)]
        return subprocess.run(call, capture_output=True, text=True, timeout=120, env=env)

    said_of_page = redraw("page", COLUMN, "--scale", "smoke", "--items", "20")
    assert said_of_page.stdout == f"{place}/index.html: 20 items of 3 methods, 6 of attention\n", said_of_page.stderr
    key = read_json(place / "items.json")
    wrong = redraw("page", "stackgan.birds.cub", "--scale", "smoke")
    assert wrong.returncode == 2 and wrong.stderr.startswith(
        "redraw: rank stackgan.birds.cub: no column of human ranks: "
    )
    for name in ("anna", "bob"):
        keep(said(key, name, WORTH), key, place)
    assert "  differ at all? friedman over items: p = " in redraw("score", place).stdout
    found = json.loads(redraw("score", place, "--json").stdout)
    assert np.isclose(sum(m["value"] for m in found["ranks"]["methods"]), 6)
