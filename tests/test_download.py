"""Downloads against servers that stall, cut, lie and change their minds; terms, hashes of first fetches, files put there by
hand. ``pytest -s`` prints bytes on the wire, attempts and the hash that came out."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from raw_trees import write_cub
from servers import Handler, chunked, etag, fair, honest, page, plain, serving, status

from redraw import cli, data
from redraw.core import RedrawError, read_json
from redraw.data import download, gdrive, sources
from redraw.data.gate import Store
from redraw.data.transfer import Bar, Http, Passing, Patience, Refused

SIZE = 300_000
BYTES = random.Random(0).randbytes(SIZE)
OTHER = random.Random(1).randbytes(SIZE + 5_000)
QUICK = Patience(connect=2, read=0.4, tries=4, pause=0.01, longest=0.02, progress=20_000)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """A connection to anywhere else fails the test at once."""
    monkeypatch.setenv("NO_PROXY", "*")
    connect = socket.socket.connect

    def guarded(self, address):
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), address
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def server():
    with serving() as it:
        yield it


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(download, "PATIENCE", QUICK)
    return Store()


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def sheet(monkeypatch, files: dict[str, dict], name: str = "things", acknowledge: bool = False) -> None:
    """A sources.yaml with one set, in place of the project's own."""
    said = {
        "licences": {"free": {"title": "free", "redistribute": "yes"}},
        "sets": {name: {
            "title": "things", "kind": "data", "licence": "free", "acknowledge": acknowledge, "terms": "Be kind.",
            "samples": "yes", "cite": ["nobody"], "files": {k: {"source": "here", **v} for k, v in files.items()},
        }},
    }  # fmt: skip
    path = Path(f"sources-{time.monotonic_ns()}.yaml").absolute()
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    monkeypatch.setattr(sources, "SHEET", path)


def fetch(store: Store, name: str = "things") -> Path:
    (path,) = download.get(name, Path("work/raw") / name.partition("/")[0], store)
    return path


def elsewhere(call: str) -> subprocess.Popen:
    """Another process that fetches by the same sheet."""
    program = (
        "from pathlib import Path; from redraw import data; from redraw.data import download, sources\n"
        f"from redraw.data.gate import Store; sources.SHEET = Path({str(sources.SHEET)!r})\n{call}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )


def report(case: str, server, found: bytes | None) -> None:
    hashed = "none" if found is None else hashlib.sha256(found).hexdigest()[:12]
    print(f"\n{case}: {len(server.log)} attempts, {server.wire:,} bytes on the wire of {SIZE:,}, sha256 {hashed}")


# --- what a server may do --------------------------------------------------------------------------------------------


def stalls(h: Handler, content: bytes) -> None:
    fair(100_000, lambda: time.sleep(0.8))(h, content)


def ignores_range(cut: int):
    return lambda h, content: _part(h, content, cut, 200)


def _part(h: Handler, content: bytes, cut: int, code: int) -> None:
    h.head(code, ETag=etag(content), Content_Length=len(content))
    h.body(content[:cut])
    h.cut()


def other_from_now_on(h: Handler, content: bytes) -> None:
    """Ends in the middle, and from now on another file lies there."""
    fair(100_000)(h, content)
    h.server.content["/f"] = OTHER


def careless_206(h: Handler, content: bytes) -> None:
    """Continues a file that is no longer the one that was begun, whatever If-Range says; tells its new ETag."""
    start = int(re.findall(r"\d+", h.headers["Range"])[0])
    h.head(
        206,
        ETag=etag(OTHER),
        Content_Range=f"bytes {start}-{len(OTHER) - 1}/{len(OTHER)}",
        Content_Length=len(OTHER) - start,
    )
    h.body(OTHER[start:])


def wrong_start(h: Handler, content: bytes) -> None:
    h.head(206, ETag=etag(content), Content_Range=f"bytes 0-{SIZE - 1}/{SIZE}", Content_Length=SIZE)
    h.body(content)


def redirect(h: Handler, content: bytes) -> None:
    h.server.content["/elsewhere"] = content
    h.head(302, Location="/elsewhere", Content_Length=0)


WORKS = {  # answers -> most bytes that may travel, attempts
    "plain": ([honest], 1.0, 1),
    "cut in the middle": ([fair(100_000), honest], 1.0, 2),
    "cut five times, getting on each time": ([fair(50_000)] * 5 + [honest], 1.0, 6),
    "stalls": ([stalls, honest], 1.0, 2),
    "503 twice, then there": ([status(503, Retry_After=1), status(503), honest], 1.0, 3),
    "416 for a file that has shrunk": ([fair(100_000), status(416, Content_Range="bytes */7"), honest], 1.4, 3),
    "ignores Range": ([ignores_range(100_000), ignores_range(SIZE)], 1.4, 2),
    "continues at another byte": ([fair(100_000), wrong_start, honest], 2.4, 3),
    "continues another file": ([fair(100_000), careless_206, honest], 2.1, 3),
    "redirect": ([redirect], 1.0, 2),
    "chunked, no length": ([chunked()], 1.1, 1),
    "chunked, cut": ([chunked(100_000), honest], 1.1, 2),
    "no length, connection closed at the end": ([plain()], 1.0, 1),
    "lets a part be corrupted": ([plain(b"x" * 100_000, Content_Length=SIZE), honest, honest], 2.1, 3),
}  # fmt: skip


@pytest.mark.parametrize("case", WORKS)
def test_the_file_arrives(server, store, monkeypatch, case):
    answers, most, attempts = WORKS[case]
    server.content["/f"] = BYTES
    server.answers["/f"] = list(answers)
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "bytes": SIZE, "hash": sha256(BYTES)}})
    path = fetch(store)
    report(case, server, path.read_bytes())
    assert path.read_bytes() == BYTES and server.wire <= most * SIZE and len(server.log) == attempts
    assert all(entry["accept-encoding"] == "identity" for entry in server.log)
    assert [p.name for p in path.parent.iterdir() if p.name != ".lock"] == ["one.bin"]  # no .part, no temporary file
    sources_one = sources.find("things/one")[1][0]
    assert store.state(sources_one) == "verified" and not store.book.exists()


def test_a_resumed_download_says_what_it_continues(server, store, monkeypatch):
    server.content["/f"] = BYTES
    server.answers["/f"] = [fair(123_456), honest]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}})
    fetch(store)
    assert server.log[1]["range"] == "bytes=123456-" and server.log[1]["if-range"] == etag(BYTES)
    assert server.wire == SIZE


def test_a_file_that_changes_in_mid_download_is_taken_whole(server, store, monkeypatch):
    """Nobody knows its hash: the two halves of two files must not be put together."""
    server.content["/f"] = BYTES
    server.answers["/f"] = [other_from_now_on, honest]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")]}})
    path = fetch(store)
    report("changed in mid-download", server, path.read_bytes())
    assert path.read_bytes() == OTHER and server.wire == 100_000 + len(OTHER)


def test_without_etag_date_and_hash_nothing_is_continued(server, store, monkeypatch):
    server.content["/f"] = BYTES
    server.answers["/f"] = [plain(BYTES[:100_000], Content_Length=SIZE), plain(Content_Length=SIZE)]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")]}})
    assert fetch(store).read_bytes() == BYTES
    assert "range" not in server.log[1]


def test_a_server_that_starts_over_and_over_is_given_up(server, store, monkeypatch):
    server.content["/f"] = BYTES
    server.answers["/f"] = [ignores_range(100_000)]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}})
    with pytest.raises(
        RedrawError, match=r"connection lost at byte 100,000, 4 times: put one.bin into work/incoming/things"
    ):
        fetch(store)
    report("starts over and over", server, None)
    assert len(server.log) == 1 + QUICK.tries


PAGE = "<!DOCTYPE html><title>Sign in</title>"
REFUSED = {  # answer -> what the line says, attempts
    "a web page": (page(PAGE), "sends a web page instead of the file", 1),
    "a web page called a file": (plain(PAGE.encode() * 99, Content_Type="application/gzip"), "sends a web page", 1),
    "another length than is known": (plain(BYTES[:9], Content_Length=9), "offers 9 bytes, expected 300,000", 1),
    "more than is known, without a length": (plain(BYTES + b"more"), "sends more than the 300,000 bytes expected", 1),
    "a shorter length than it sends": (plain(BYTES, Content_Length=SIZE - 1), "offers 299,999 bytes, expected", 1),
    "a longer length than it sends": (plain(BYTES[:9], Content_Length=SIZE), "connection lost at byte 9, 4 times", 4),
    "packed on the way": (plain(gzip.compress(BYTES), Content_Encoding="gzip"), "packed as gzip, although asked not to", 1),
    "gone": (status(404), "HTTP 404 Not Found", 1),
    "forbidden": (status(403), "HTTP 403 Forbidden", 1),
    "always overloaded": (status(503), "HTTP 503, 4 times", 4),
    "other bytes": (plain(BYTES[::-1], Content_Length=SIZE), "its SHA-256 is not " + hashlib.sha256(BYTES).hexdigest()[:12], 1),
    "redirects in a circle": (lambda h, c: h.head(302, Location="/f", Content_Length=0), "TooManyRedirects", 31),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_and_the_next_address_is_asked(server, store, monkeypatch, capsys, case):
    answer, line, attempts = REFUSED[case]
    server.content |= {"/f": BYTES, "/mirror": BYTES}
    server.answers["/f"] = [answer]
    one = {"name": "one.bin", "bytes": SIZE, "hash": sha256(BYTES)}
    sheet(monkeypatch, {"one": one | {"from": [server.url("/f")]}})
    with pytest.raises(RedrawError) as error:
        fetch(store)
    said = str(error.value)
    assert "\n" not in said and line in said
    assert said.endswith(": put one.bin into work/incoming/things, then run the same command")
    assert len(server.log) == attempts and not (store.folder / "things/one.bin").exists()
    sheet(monkeypatch, {"one": one | {"from": [server.url("/f"), server.url("/mirror")]}})
    path = fetch(store)
    report(case, server, path.read_bytes())
    assert path.read_bytes() == BYTES and server.log[-1]["path"] == "/mirror"
    assert line in capsys.readouterr().err  # why the first address would not do


def endless(h: Handler, content: bytes) -> None:
    h.head(200)
    for _ in range(640):
        h.body(bytes(100_000))


def test_a_server_that_never_ends_is_not_listened_to(server, store, monkeypatch):
    server.answers["/f"] = [endless]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "bytes": SIZE}})
    with pytest.raises(RedrawError, match="sends more than the 300,000 bytes expected"):
        fetch(store)
    end = time.monotonic() + 5
    while "sent" not in server.log[0] and time.monotonic() < end:
        time.sleep(0.01)
    report("endless", server, None)
    assert server.log[0]["sent"] < 32_000_000  # what the system's buffers take, of 64 MB


@pytest.mark.parametrize("name", ["one.zip", "one.tar.gz", "one.npy"])
def test_the_first_bytes_must_be_those_of_the_format(server, store, monkeypatch, name):
    server.content["/f"] = BYTES
    sheet(monkeypatch, {"one": {"name": name, "from": [server.url("/f")]}})
    with pytest.raises(RedrawError, match=rf"something else than a \.\w+ file \(it begins with {BYTES[:4].hex()}\)"):
        fetch(store)


def test_a_gzip_file_is_not_unzipped_on_the_way(server, store, monkeypatch):
    """Some servers call the file's own format an encoding."""
    packed = gzip.compress(BYTES)
    server.content["/f"] = packed
    server.answers["/f"] = [plain(Content_Encoding="x-gzip", Content_Length=len(packed))]
    sheet(monkeypatch, {"one": {"name": "one.gz", "from": [server.url("/f")], "hash": sha256(packed)}})
    assert fetch(store).read_bytes() == packed


def test_no_way_leads_from_https_to_http(tmp_path):
    loader = Http("one.bin", tmp_path / "part", None, False, lambda path: None)
    hop = SimpleNamespace(url="https://example.org/f")
    answer = SimpleNamespace(status_code=200, reason="", headers={}, history=[hop], url="http://example.org/f")
    with pytest.raises(Refused, match="leads from https to http"):
        loader._check_answer(answer)


def test_pauses_grow_vary_and_heed_the_server(server, tmp_path, monkeypatch):
    server.answers["/f"] = [status(503, Retry_After=7), status(503)]
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    loader = Http("f", tmp_path / "part", None, False, lambda path: None, Patience(tries=6, pause=1, longest=12))
    with pytest.raises(Refused, match="HTTP 503, 6 times"):
        loader.fetch(server.url("/f"))
    bounds = [(7, 7), (2, 4), (4, 8), (6, 12), (6, 12)]
    assert len(slept) == 5 and all(low <= s <= high for s, (low, high) in zip(slept, bounds, strict=True))
    assert len(set(slept)) > 3


def test_nobody_listens(store, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/f"
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [url], "dead": ["http://127.0.0.1:9/gone"]}})
    with pytest.raises(RedrawError) as error:
        fetch(store)
    assert str(error.value) == (
        f"things/one: {url}: no connection, 4 times: put one.bin into work/incoming/things, then run the same command"
    )


# --- interrupted, and no room ----------------------------------------------------------------------------------------


def test_killed_and_run_again(server, store, monkeypatch):
    server.content["/f"] = BYTES
    let_go = threading.Event()
    server.answers["/f"] = [fair(120_000, lambda: let_go.wait(20)), honest]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}})
    process = elsewhere("download.get('things', Path('work/raw/things'), Store())")
    folder, end = store.folder / "things", time.monotonic() + 20
    while sum(p.stat().st_size for p in folder.glob(".one.bin.*.part")) < 120_000 and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    let_go.set()
    assert not (folder / "one.bin").exists()
    path = fetch(store)
    report("killed", server, path.read_bytes())
    assert server.log[-1]["range"] == "bytes=120000-" and server.wire == SIZE and path.read_bytes() == BYTES


def test_killed_while_it_was_being_hashed(server, store, monkeypatch):
    """All of it had arrived: nobody is asked again, and what pooch left behind goes."""
    server.content["/f"] = BYTES
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}})

    def dies(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr("pooch.core.hash_matches", dies)
        with pytest.raises(KeyboardInterrupt):
            fetch(store)
    (store.folder / "things/tmpabcd_123").write_bytes(b"left by a kill")
    assert fetch(store).read_bytes() == BYTES and len(server.log) == 1
    assert {p.name for p in (store.folder / "things").iterdir()} == {".lock", "one.bin"}


def test_stopped_by_hand_is_one_line(server, store, monkeypatch, capsys):
    def stopped(*_):
        raise KeyboardInterrupt

    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")]}})
    monkeypatch.setattr(download, "_fetched", stopped)
    code, out, err = redraw(capsys, "things")
    assert code == 2 and not out
    line = "redraw: download: stopped; what has arrived is kept: run the same command to go on"
    assert err.splitlines()[-1] == line


def test_rate_and_time_left_are_shown_to_people_alone(capsys, monkeypatch):
    clock = iter([0.0, 0.5, 2.0, 4.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bar = Bar("one.bin", 1_000_000, 9_000_000)
    for at in (1_500_000, 3_000_000, 5_000_000):
        bar(at)
    bar.end()
    assert capsys.readouterr().err == (
        "\rone.bin 3.0/9.0 MB 1.0 MB/s 6 s left\x1b[K\rone.bin 5.0/9.0 MB 1.0 MB/s 4 s left\x1b[K\n"
    )


def test_a_full_disk_is_one_line_and_what_arrived_is_kept(server, store, monkeypatch, mounted):
    server.content["/f"] = BYTES
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}})
    folder = store.folder / "things"
    mounted(folder, "size=200k")
    with pytest.raises(RedrawError) as error:
        fetch(store)
    assert str(error.value) == (
        "work/incoming/things: disk full (0 MB free): make room, then run the same command; nothing is lost"
    )
    subprocess.run(["mount", "-o", "remount,size=2m", str(folder)], check=True)
    path = fetch(store)
    report("disk full", server, path.read_bytes())
    assert path.read_bytes() == BYTES and int(server.log[-1]["range"][6:-1]) > 100_000


def test_a_download_for_which_there_is_no_room_is_not_begun(server, store, monkeypatch):
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "bytes": 10**15}})
    with pytest.raises(RedrawError, match=r"one.bin needs 1000000.0 GB more, [\d.]+ GB are free: make room, then run"):
        fetch(store)
    assert not server.log


def test_two_at_once_fetch_once(server, store, monkeypatch):
    server.content["/f"] = BYTES
    server.answers["/f"] = [fair(SIZE, lambda: time.sleep(0.2))]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}})
    threads = [threading.Thread(target=fetch, args=(store,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.log) == 1 and fetch(store).read_bytes() == BYTES


# --- hashes ----------------------------------------------------------------------------------------------------------


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.mark.parametrize(
    "kind", ["sha256-prefix:" + hashlib.sha256(BYTES).hexdigest()[:8], "md5:" + hashlib.md5(BYTES).hexdigest(),
             "sha1:" + hashlib.sha1(BYTES).hexdigest(), "git-blob:" + git_blob(BYTES)], ids=lambda k: k.partition(":")[0],
)  # fmt: skip
def test_weaker_hashes_are_held_and_the_strong_one_is_noted(server, store, monkeypatch, kind):
    server.content |= {"/f": BYTES, "/g": OTHER}
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/g"), server.url("/f")], "hash": kind}})
    assert fetch(store).read_bytes() == BYTES
    seen = read_json(store.book)["things/one"]
    assert seen["sha256"] == hashlib.sha256(BYTES).hexdigest() and seen["bytes"] == SIZE
    assert seen["url"] == server.url("/f") and re.match(r"\d{4}-\d\d-\d\d$", seen["date"])


def test_git_agrees_about_its_blobs(tmp_path):
    (tmp_path / "f").write_bytes(BYTES)
    said = subprocess.run(["git", "hash-object", "f"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == git_blob(BYTES)


def test_what_was_fetched_first_is_what_everybody_must_get(server, store, monkeypatch, capsys):
    server.content["/f"] = BYTES
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [server.url("/f")]}})
    path = fetch(store)
    assert "noted in downloads.json: commit that file" in capsys.readouterr().err
    book = store.book.read_text()
    server.content["/f"] = OTHER
    shutil.rmtree("work")  # somebody else's checkout, with the book that was committed
    with pytest.raises(RedrawError, match=r"offers 305,000 bytes, expected 300,000"):
        fetch(store)
    server.content["/f"] = BYTES[::-1]
    with pytest.raises(RedrawError, match=r"its SHA-256 is not [0-9a-f]{12}…: put one.bin into"):
        fetch(store)
    assert store.book.read_text() == book and not path.exists()
    server.content["/f"] = BYTES
    assert fetch(store).read_bytes() == BYTES and store.book.read_text() == book


@pytest.mark.parametrize("known", [True, False])
def test_a_file_put_there_by_hand_passes_the_same_gate(store, monkeypatch, known):
    about = {"name": "one.tar", "manual": "get it with an account at https://example.org"}
    sheet(monkeypatch, {"one": about | ({"hash": sha256(BYTES)} if known else {})})
    with pytest.raises(RedrawError) as error:
        fetch(store)
    assert str(error.value) == (
        "things/one: get it with an account at https://example.org: put one.tar into work/incoming/things, then run the same "
        "command"
    )
    path = store.folder / "things/one.tar"
    path.write_bytes(BYTES)
    assert fetch(store) == path and fetch(store) == path
    assert read_json(store.folder / "receipts.json")["things/one"]["url"] == "put there by hand"
    path.write_bytes(BYTES[::-1])
    assert store.state(sources.find("things")[1][0]) == "present"
    with pytest.raises(RedrawError, match=r"one.tar: sha256 .*: take the file away or put the right one there, then"):
        fetch(store)
    assert path.read_bytes() == BYTES[::-1]  # it is theirs, and stays


# --- terms -----------------------------------------------------------------------------------------------------------


def redraw(capsys, *words: str) -> tuple[int, str, str]:
    code = cli.main(["download", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_terms_are_accepted_once_and_anew_where_they_change(server, store, monkeypatch, capsys):
    server.content["/f"] = BYTES
    one = {"one": {"name": "one.bin", "from": [server.url("/f")], "hash": sha256(BYTES)}}
    sheet(monkeypatch, one, acknowledge=True)
    line = (
        "redraw: things: its terms were not accepted here: read and accept them with `redraw download --accept things`, then "
        "run the same command\n"
    )
    assert redraw(capsys, "things") == (2, "", line) and not server.log
    code, out, _ = redraw(capsys, "--accept", "things")
    assert code == 0 and "Be kind." in out and "Cite:\n  nobody" in out and not server.log
    kept = read_json(store.folder / "accepted.json")["things"]
    assert kept == {"date": time.strftime("%Y-%m-%d", time.gmtime()), "terms": sources.find("things")[0].terms_digest}
    code, out, _ = redraw(capsys, "things")
    assert (code, out) == (0, "work/incoming/things/one.bin: verified\n") and len(server.log) == 1
    sheet(monkeypatch, one, acknowledge=True)
    text = sources.SHEET.read_text().replace("Be kind.", "Be kinder.")
    sources.SHEET.write_text(text)
    sources.read_sources.cache_clear()
    assert "its terms have changed since they were accepted here" in redraw(capsys, "things")[2]


@pytest.mark.parametrize(
    "words, line",
    [
        ((), "download: give NAME or --accept NAME, or --spec and --out as the workflow does"),
        (("things", "--spec", "x"), "download: give NAME or --accept NAME, or --spec and --out as the workflow does"),
        (("thigns",), "download thigns: no such data set or weights: did you mean \"things\"?"),
        (("things/tow",), "download things/tow: things has no such file: did you mean \"two\"?"),
        (("--accept", "thing"), "download thing: no such data set or weights: did you mean \"things\"?"),
    ],
)  # fmt: skip
def test_mistakes_on_the_command_line(store, monkeypatch, capsys, words, line):
    sheet(monkeypatch, {"two": {"name": "two.bin"}})
    assert redraw(capsys, *words) == (2, "", f"redraw: {line}\n")


# --- into the raw folder ---------------------------------------------------------------------------------------------


def packed(folder: Path, *names: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name in names:
            archive.add(folder / name, name)
    return held.getvalue()


@pytest.fixture
def cub(server, store, monkeypatch, tmp_path):
    """A server that has CUB in two archives, and the tree that came out of them."""
    tree = write_cub(tmp_path / "tree")
    server.content |= {"/i": packed(tree, "CUB_200_2011", "attributes.txt"), "/c": packed(tree, "cvpr2016_cub")}
    unpack = {"type": "tgz", "max_files": 500, "max_bytes": 10_000_000}
    sheet(monkeypatch, {
        "images": {"name": "CUB_200_2011.tgz", "from": [server.url("/i")], "hash": sha256(server.content["/i"]),
                   "unpack": unpack | {"root": ["CUB_200_2011", "attributes.txt"]}},
        "captions": {"name": "cvpr2016_cub.tar.gz", "from": [server.url("/c")], "unpack": unpack | {"root": ["cvpr2016_cub"]}},
        "more": {"name": "more.bin", "from": [server.url("/m")], "optional": True},
    }, name="cub")  # fmt: skip
    return tree


def test_cub_is_fetched_unpacked_and_prepared(server, store, cub, tmp_path):
    raw = tmp_path / "work/raw/cub"
    assert data.fetch("cub", raw, store) == data.fetch("cub", cub)
    assert sorted(p.name for p in raw.iterdir()) == ["CUB_200_2011", "attributes.txt", "cvpr2016_cub", "files.json"]
    assert data.prepare("cub", raw, tmp_path / "prepared")["images"] == 12
    shutil.rmtree(store.folder)
    asked = len(server.log)
    data.fetch("cub-others", raw, store)  # all there: nobody is asked, and the archives need not stay
    assert len(server.log) == asked == 2


def test_editions_of_a_data_set_share_one_download(server, store, cub, tmp_path):
    call = "print(data.fetch({!r}, Path('work/raw/cub'), Store()))"
    processes = [elsewhere(call.format(name)) for name in ("cub", "cub-others", "cub-reference")]
    said = {process.communicate(timeout=30)[0] for process in processes}
    assert said == {f"{data.fetch('cub', cub)}\n"} and len(server.log) == 2


def test_what_is_there_by_hand_is_not_fetched_and_not_written_over(server, store, cub, tmp_path):
    raw = tmp_path / "work/raw/cub"
    shutil.copytree(cub / "CUB_200_2011", raw / "CUB_200_2011")
    shutil.copy(cub / "attributes.txt", raw / "CUB_200_2011/attributes.txt")  # within, as some have it
    data.fetch("cub", raw, store)
    assert [entry["path"] for entry in server.log] == ["/c"]
    (raw / "cvpr2016_cub/testclasses.txt").unlink()
    with pytest.raises(RedrawError) as error:
        data.fetch("cub", raw, store)
    assert str(error.value) == (
        f"{raw}/cvpr2016_cub: testclasses.txt is not in it, and nothing is unpacked over what is there: complete the folder "
        "or remove it, then run the same command"
    )


def test_without_a_store_nothing_is_asked_of_anybody(server, cub, tmp_path):
    with pytest.raises(RedrawError, match="put the unpacked folders CUB_200_2011"):
        data.fetch("cub", tmp_path / "raw")
    assert not server.log


def test_what_cannot_be_had_may_be_put_there_in_two_ways(server, store, cub, tmp_path):
    server.answers["/c"] = [status(404)]
    with pytest.raises(RedrawError) as error:
        data.fetch("cub", tmp_path / "raw", store)
    assert str(error.value) == (
        f"cub/captions: {server.url('/c')}: HTTP 404 Not Found: put cvpr2016_cub.tar.gz into work/incoming/cub, or the unpacked "
        "folders CUB_200_2011 (CUB-200-2011, attributes.txt beside it) and cvpr2016_cub (captions of Reed et al.) into "
        f"{tmp_path}/raw, then run the same command"
    )
    assert (tmp_path / "raw/CUB_200_2011/images.txt").exists()  # what could be had is there
    (store.folder / "cub/cvpr2016_cub.tar.gz").write_bytes(server.content["/c"])
    assert set(data.fetch("cub", tmp_path / "raw", store)["files"]) == {
        "CUB_200_2011",
        "attributes.txt",
        "cvpr2016_cub",
    }


def test_plain_files_are_copied(server, store, monkeypatch, tmp_path):
    files = {}
    for k, name in enumerate(data.mnist.RAW_FILES):
        server.content[f"/{k}"] = gzip.compress(name.encode())
        files[f"f{k}"] = {"name": f"{name}.gz", "from": [server.url(f"/{k}")], "hash": sha256(server.content[f"/{k}"])}
    sheet(monkeypatch, files, name="mnist")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / data.mnist.RAW_FILES[0]).write_bytes(b"mine, not zipped")
    assert sorted(data.fetch("mnist", tmp_path / "raw", store)["files"]) == sorted(
        [data.mnist.RAW_FILES[0], *(f"{name}.gz" for name in data.mnist.RAW_FILES[1:])]
    )
    assert len(server.log) == 3


# --- Google Drive ----------------------------------------------------------------------------------------------------

ID, KEY = "0B0ywwgffWnLLZW9uVHNjb2JmNlE", "0-8y2UVmBHAlG26HafWYNoFQ"
FORM = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<p class="uc-warning-caption">Google Drive can't scan this file for viruses.</p>
<form id="download-form" action="{action}" method="get"><input type="submit" value="Download anyway"/>
<input type="hidden" name="id" value="{id}"><input type="hidden" name="export" value="download">
<input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="3f-9a&amp;b"></form></body></html>"""
QUOTA = """<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p class="uc-error-caption">Sorry, you can't view or download this file at this time.</p>
<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p></body></html>"""


def drive_file(action: str = "/download", cut: int | None = None):
    """The file behind its resource key and its form, as a large file is served."""
    cuts = [] if cut is None else [cut]

    def answer(h: Handler, content: bytes) -> None:
        if h.query.get("resourcekey") != KEY:
            page("<html><title>Error 404 (Not Found)!!1</title></html>", 404)(h, b"")
        elif h.query.get("uuid") != "3f-9a&b":
            page(FORM.format(action=action, id=h.query["id"]))(h, b"")
        else:
            (fair(cuts.pop()) if cuts else honest)(h, content)

    return answer


@pytest.fixture
def drive(server, store, monkeypatch):
    server.content["/download"] = BYTES
    monkeypatch.setattr(gdrive, "BASE", server.url("/download"))
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [{"drive": ID, "key": KEY}], "hash": sha256(BYTES)}})
    return server


def test_drive_asks_whether_to_go_on_and_forgets_the_key(drive, store):
    drive.answers["/download"] = [drive_file(cut=100_000)]
    path = fetch(store)
    report("drive, cut once", drive, path.read_bytes())
    assert path.read_bytes() == BYTES and len(drive.log) == 4 and drive.log[-1]["range"] == "bytes=100000-"
    assert all(f"resourcekey={KEY}" in entry["path"] and "cookie" not in entry for entry in drive.log)


def test_drive_without_its_key(drive, store, monkeypatch):
    drive.answers["/download"] = [drive_file()]
    sheet(monkeypatch, {"one": {"name": "one.bin", "from": [{"drive": ID}]}})
    with pytest.raises(RedrawError) as error:
        fetch(store)
    assert str(error.value) == (
        f"things/one: Google Drive, {ID}: HTTP 404: there is no such file, or it needs a resource key: put one.bin into "
        "work/incoming/things, then run the same command"
    )


@pytest.mark.parametrize("code", [200, 403])
def test_drives_quota_is_spent(drive, store, code):
    drive.answers["/download"] = [page(QUOTA, code)]
    with pytest.raises(RedrawError) as error:
        fetch(store)
    assert "its quota of downloads is spent, which lasts about a day: put one.bin into work/incoming/things" in str(
        error.value
    )
    assert len(drive.log) == 1
    (store.folder / "things/one.bin").write_bytes(BYTES)  # the manual lane
    assert fetch(store).read_bytes() == BYTES and len(drive.log) == 1


def test_drives_quota_is_spent_after_the_form(drive, store):
    drive.answers["/download"] = [page(FORM.format(action="/download", id=ID)), page(QUOTA)]
    with pytest.raises(RedrawError, match="its quota of downloads is spent"):
        fetch(store)


def test_drives_form_leads_nowhere_else(drive, store):
    drive.answers["/download"] = [drive_file(action="http://127.0.0.2/download")]
    with pytest.raises(RedrawError, match="its page leads to another site"):
        fetch(store)


def test_drive_may_be_overloaded_too(drive, store):
    drive.answers["/download"] = [page("<html>later</html>", 503), drive_file()]
    assert fetch(store).read_bytes() == BYTES


def test_addresses_of_drive():
    assert gdrive.address(sources.Mirror(drive="a"), "https://d/x") == "https://d/x?id=a&export=download&confirm=t"
    assert gdrive.address(sources.Mirror(drive="a", key="0-b")).endswith("confirm=t&resourcekey=0-b")
    assert issubclass(gdrive.Drive, Http) and issubclass(Passing, Exception)
    assert gdrive.BASE.startswith("https://")


# --- in the workflow -------------------------------------------------------------------------------------------------


@pytest.mark.workflow
def test_the_rule_refuses_with_the_same_line(tmp_path):
    from desk import Desk

    desk = Desk.new(tmp_path / "d", toy=False)
    call = desk.snakemake_call("--config", "scale=paper", target="results/data/cub/raw.json")
    said = desk.run(*call, check=False)
    text = said.stdout + said.stderr
    assert said.returncode == 1 and "Traceback" not in text
    assert {line for line in text.splitlines() if line.startswith("redraw: ")} == {
        "redraw: cub: its terms were not accepted here: read and accept them with `redraw download --accept cub`, then run "
        "the same command"
    }
    assert not (desk.folder / "results/data/cub/raw.json").exists()
    assert json.loads((desk.folder / "work/specs/results/data/cub/raw.json").read_text())["spec"] == {"dataset": "cub"}
    assert not os.path.exists(desk.folder / "work/raw/cub")
