"""`redraw push` and `redraw pull` with a folder and with an S3 server on loopback: the good case, one line for bad ones."""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from desk import Desk
from test_dvc import refusal

from redraw import remotes

pytestmark = pytest.mark.workflow
MODEL = "results/smoke/runs/ved/kind4.s0/model.pt"
MANIFEST = "results/smoke/runs/ved/kind4.s0/manifest.json"
NOTHING_LOST = "then run the same command; nothing is lost"


@pytest.fixture
def store(recorded, tmp_path) -> Path:
    """A copy of the recorded desk's remote, to be harmed."""
    shutil.copytree(recorded.folder.parent / "store", tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def clone(recorded, store, tmp_path) -> Desk:
    """A clone, not pulled, whose remote `harmed` is that copy."""
    desk = recorded.clone(tmp_path / "c")
    desk.dvc("remote", "add", "-q", "--local", "-d", "harmed", str(store))
    return desk


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """(host:port, environment) of an S3 server with the bucket `bucket`."""
    import boto3
    from moto.server import ThreadedMotoServer

    none = tmp_path_factory.mktemp("s3") / "none"
    none.touch()
    running = ThreadedMotoServer("127.0.0.1", port=0)
    running.start()
    address = "http://{}:{}".format(*running.get_host_and_port())
    env = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
           "AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": str(none),
           "AWS_CONFIG_FILE": str(none)}  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="bucket")
    yield address, env, client
    running.stop()


def to_s3(desk: Desk, address: str, env: dict, name: str = "s3", bucket: str = "bucket") -> Desk:
    desk.env = {k: v for k, v in desk.env.items() if not k.startswith("AWS_")} | env
    desk.dvc("remote", "add", "-q", "--local", "-d", name, f"s3://{bucket}/redraw")
    desk.dvc("remote", "modify", "-q", "--local", name, "endpointurl", address)
    return desk


def object_of(desk: Desk, path: str) -> str:
    """Name of a file's object below a remote's files/md5, from where the file is."""
    (md5,) = desk.run("md5sum", path).stdout.split()[:1]
    return f"{md5[:2]}/{md5[2:]}"


def harm(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_through_s3_into_another_folder(recorded, tmp_path, s3):
    address, env, client = s3
    shutil.copytree(recorded.folder, tmp_path / "a", symlinks=True)
    source = to_s3(Desk(tmp_path / "a"), address, env)
    assert source.run("redraw", "push").stdout == "remote s3 (s3://bucket/redraw): has all that dvc.lock names\n"
    clone = to_s3(recorded.clone(tmp_path / "elsewhere" / "c"), address, env)
    started = time.monotonic()
    said = clone.run("redraw", "pull").stdout
    pulled, jobs = time.monotonic() - started, clone.jobs()
    again = clone.tables()
    print(
        f"pulled in {pulled:.1f} s, jobs to do: {sum(jobs.values())}, in all {time.monotonic() - started:.1f} s; {said.strip()}"
    )
    assert jobs == {} and "Nothing to be done" in again.stdout + again.stderr and "redraw:" not in again.stderr
    assert clone.weights() == recorded.weights() and clone.spooled("train") == []

    shutil.rmtree(clone.folder / ".dvc/cache")  # an object that is damaged there
    name = f"redraw/files/md5/{object_of(recorded, MODEL)}"
    held = client.get_object(Bucket="bucket", Key=name)["Body"].read()
    client.put_object(Bucket="bucket", Key=name, Body=held[:-1])
    shutil.rmtree(clone.folder / "results/smoke/runs")
    line = refusal(clone, "redraw", "pull")
    assert line.startswith(f"redraw: {MODEL}: damaged in remote s3 (s3://bucket/redraw) (now work/aside/")
    assert f": remove bucket/{name} there, then push it from a checkout that has it" in line
    client.delete_object(Bucket="bucket", Key=name)
    source.run("redraw", "push")  # dvc push would not: the folder's list is there
    clone.run("redraw", "pull")
    assert clone.jobs() == {} and clone.weights() == recorded.weights()


def test_a_missing_object_is_named_the_rest_is_here_and_the_workflow_warns(recorded, store, clone):
    gone = store / "files/md5" / object_of(recorded, MANIFEST)
    gone.unlink()
    assert refusal(clone, "redraw", "pull") == (
        f"redraw: {MANIFEST}: not in remote harmed ({store}): push it from a checkout that has it, or let the workflow "
        "make it anew"
    )
    here = {p.relative_to(clone.folder) for p in clone.folder.glob("results/*/runs/*/*/*")}
    assert here == {p.relative_to(recorded.folder) for p in recorded.folder.glob("results/*/runs/*/*/*")} - {
        Path(MANIFEST)
    }
    said = clone.run(*clone.snakemake_call("-n"))
    assert [line for line in said.stderr.splitlines() if line.startswith("redraw:")] == [
        "redraw: 1 result is recorded but not here: `redraw pull` fetches it, otherwise what is needed of it is made again"
    ]
    assert clone.jobs()["train"] == 1
    assert refusal(clone, "redraw", "push").startswith(f"redraw: {MANIFEST}: not here, so it was not pushed")
    shutil.copy(recorded.folder / MANIFEST, gone)
    clone.run("redraw", "pull")
    assert clone.jobs() == {} and "redraw:" not in clone.tables("-n").stderr


def test_damaged_objects_are_named_and_put_aside(recorded, store, clone):
    name = object_of(recorded, MODEL)
    harm(store / "files/md5" / name)
    line = refusal(clone, "redraw", "pull")
    assert line.startswith(f"redraw: {MODEL}: damaged in remote harmed ({store}) (now work/aside/")
    remedy = "push it from a checkout that has it, or let the workflow make it anew"
    assert line.endswith(f": remove {store}/files/md5/{name} there, then {remedy}")
    assert not (clone.folder / MODEL).exists() and not (clone.folder / ".dvc/cache/files/md5" / name).exists()
    aside = clone.folder / line.split("(now ")[1].split(")")[0]
    assert aside.stat().st_size == (recorded.folder / MODEL).stat().st_size
    assert clone.jobs() == {}  # nothing that is asked for needs the weights
    (store / "files/md5" / name).unlink()  # as the line says
    shutil.copy(recorded.folder / MODEL, store / "files/md5" / name)
    clone.run("redraw", "pull")
    assert clone.jobs() == {}

    harm(clone.folder / ".dvc/cache/files/md5" / name)  # rot in the cache of this machine
    harm(clone.folder / MODEL)
    assert refusal(clone, "redraw", "pull").startswith(
        f"redraw: {MODEL}: not the bytes that its record names (now work/aside/"
    )
    for path in (clone.folder / ".dvc/cache/files/md5").glob("*/*.dir"):
        harm(path)
    clone.run("redraw", "pull")
    assert clone.jobs() == {} and clone.weights() == recorded.weights()


def test_a_damaged_list_of_files_is_named(store, clone):
    for path in (store / "files/md5").glob("*/*.dir"):
        harm(path)
    line = refusal(clone, "redraw", "pull")
    assert re.match(r"redraw: results/data/\w+ \(and \d+ more\): damaged in remote harmed", line)


def test_what_is_not_recorded_survives_a_pull(clone):
    clone.run("redraw", "pull")
    path = clone.folder / "results/smoke/runs/toy/echo.s0/manifest.json"
    text = path.read_text().replace('"seconds": ', '"seconds": 1')  # made again, more slowly
    path.write_text(text)
    assert refusal(clone, "redraw", "pull") == (
        "redraw: results/smoke/runs/toy/echo.s0/manifest.json: not in DVC's books: `redraw record` keeps what the "
        "workflow made, `dvc checkout --force` drops it"
    )
    assert path.read_text() == text


def test_a_remote_that_cannot_be_used_is_one_line(recorded, tmp_path, s3):
    address, env, _ = s3
    desk = recorded.clone(tmp_path / "c")
    config = desk.folder / ".dvc/config"
    config.write_text(config.read_text().split("['remote")[0].replace("remote = store\n", ""))
    for verb in ("push", "pull"):
        assert refusal(desk, "redraw", verb) == (
            "redraw: no default remote of DVC's is configured (there is none): `dvc remote add -d NAME ADDRESS`"
        )
    desk.dvc("remote", "add", "-q", "--local", "gone", str(tmp_path / "nowhere"))
    assert refusal(desk, "redraw", "pull", "--remote", "gone").startswith(
        f"redraw: remote gone ({tmp_path}/nowhere): nothing there"
    )
    assert refusal(desk, "redraw", "pull", "--remote", "gnoe") == (
        "redraw: no remote 'gnoe' (known: gone): `dvc remote add gnoe ADDRESS`"
    )
    to_s3(desk, "http://127.0.0.1:9", env, "silent")
    started = time.monotonic()
    assert refusal(desk, "redraw", "pull") == (
        f"redraw: remote silent (s3://bucket/redraw): cannot be reached: check the network and `dvc remote list`, {NOTHING_LOST}"
    )
    assert time.monotonic() - started < 60
    to_s3(desk, address, env, "typo", "buckte")
    assert refusal(desk, "redraw", "push").startswith("redraw: remote typo (s3://buckte/redraw): no such bucket")
    to_s3(desk, address, {k: v for k, v in env.items() if "KEY" not in k}, "s3")
    assert "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in refusal(desk, "redraw", "pull")
    desk.env |= env
    plain = {"Content-Type": "text/plain"}
    ask, rest = (
        urllib.request.Request(f"{address}/moto-api/reset-auth", n, plain, method="POST") for n in (b"0", b"inf")
    )
    urllib.request.urlopen(ask).close()  # from now on it asks who calls
    try:
        line = refusal(desk, "redraw", "pull")
    finally:
        urllib.request.urlopen(rest).close()
    assert line == (
        "redraw: remote s3 (s3://bucket/redraw): the credentials are refused: check AWS_ACCESS_KEY_ID and "
        f"AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, {NOTHING_LOST}"
    )
    assert not (desk.folder / "results/smoke/runs/ved").exists()


def test_a_full_remote_is_one_line_and_the_next_push_completes_it(recorded, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(call, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root and the right to mount")
    try:
        shutil.copytree(recorded.folder, tmp_path / "a", symlinks=True)
        source = Desk(tmp_path / "a")
        source.dvc("remote", "add", "-q", "--local", "-d", "small", str(disk))
        assert refusal(source, "redraw", "push") == (
            f"redraw: remote small ({disk}): disk full: make room there, {NOTHING_LOST}"
        )
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        source.run("redraw", "push")
        clone = recorded.clone(tmp_path / "c")
        clone.dvc("remote", "add", "-q", "--local", "-d", "small", str(disk))
        clone.run("redraw", "pull")
        assert clone.jobs() == {}
    finally:
        subprocess.run(["umount", "-l", disk], capture_output=True)


def test_data_that_are_not_to_be_handed_on_are_named():
    files = ["results/data/cub/images.u8", "results/data/mnist/images.u8", "results/data/drawn_birds/small/images.u8",
             "results/data/coco/forms/coco_32/images.u8", "results/data/lfw", "results/smoke/runs/a/b/model.pt"]  # fmt: skip
    assert remotes.not_to_be_handed_on(files) == ["coco", "cub"]  # of lfw there is an empty folder only
