"""A remote of DVC's: found, asked whether it answers, and what goes wrong with it as one line."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from .core import RedrawError

AGAIN = "then run the same command; nothing is lost"


class Remote(NamedTuple):
    """Where objects are kept: the name in DVC's configuration, the address, DVC's object database."""

    name: str
    url: str
    odb: Any

    def __str__(self) -> str:
        return f"remote {self.name} ({self.url})"

    def place(self, oid: str) -> str:
        """Where an object lies there."""
        return f"{self.odb.path}/{oid[:2]}/{oid[2:]}"


def reached(repo: Any, name: str | None, command: str) -> Remote:
    """The remote called ``name``, or DVC's default, after it has answered; ``command`` is push or pull.

    Raises RedrawError where there is none, it does not answer, or lets nobody in. DVC itself tries for minutes.
    """
    names = list(repo.config["remote"])
    name = name or repo.config["core"].get("remote")
    if name is None:
        known = f"known: {', '.join(names)}" if names else "there is none"
        raise RedrawError(f"no default remote of DVC's is configured ({known}): `dvc remote add -d NAME ADDRESS`")
    if name not in names:
        raise RedrawError(f"no remote {name!r} (known: {', '.join(names) or 'none'}): `dvc remote add {name} ADDRESS`")
    url = repo.config["remote"][name]["url"]
    where = f"remote {name} ({url})"
    if url.startswith("s3:"):
        repo.config["remote"][name].setdefault("connect_timeout", 10)
    with _little_patience(), asking(where):
        remote = Remote(name, url, repo.cloud.get_remote_odb(name, command))
        try:
            remote.odb.fs.ls(remote.odb.path, detail=False)
        except FileNotFoundError as e:
            if "bucket does not exist" in str(e):
                remedy = "create it, or correct the address with `dvc remote modify`"
                raise RedrawError(f"{where}: no such bucket: {remedy}") from None
            if command == "pull":
                remedy = f"`redraw push` from a checkout that has results, {AGAIN}"
                raise RedrawError(f"{where}: nothing there: {remedy}") from None
    return remote


@contextlib.contextmanager
def _little_patience() -> Iterator[None]:
    """Let S3's library give up after its second attempt."""
    before = os.environ.get("AWS_MAX_ATTEMPTS")
    os.environ.setdefault("AWS_MAX_ATTEMPTS", "2")
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_MAX_ATTEMPTS"]


@contextlib.contextmanager
def asking(remote: Remote | str) -> Iterator[None]:
    """What DVC or a storage's library raises becomes one line; there are a dozen of them, with exceptions of their own."""
    try:
        yield
    except RedrawError:
        raise
    except Exception as e:
        raise trouble(remote, f"{type(e).__name__}: {e}") from None


def trouble(remote: Remote | str, said: str) -> RedrawError:
    """One line for what DVC or a storage's library said."""
    keys = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    reasons = (
        ("disk full", "make room there", "Errno 28"),
        ("not writable", "give this user write access", "Errno 30|Errno 13"),
        ("no credentials", f"set {keys}, or AWS_PROFILE", "NoCredentials|Unable to locate credentials"),
        ("the credentials are refused", f"check {keys}, or AWS_PROFILE",
         "Access ?Denied|Forbidden|PermissionError|InvalidAccessKeyId|SignatureDoesNotMatch"),
        ("cannot be reached", "check the network and `dvc remote list`",
         "EndpointConnection|Could not connect|Timeout|Name or service not known|ClientConnector"),
    )  # fmt: skip
    for reason, remedy, pattern in reasons:
        if re.search(pattern, said):
            return RedrawError(f"{remote}: {reason}: {remedy}, {AGAIN}")
    return RedrawError(f"{remote}: {one_line(said)}: put that right, {AGAIN}")


def one_line(said: object) -> str:
    """The first error in what DVC said."""
    lines = [line.strip() for line in str(said).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["DVC failed and did not say why"])[0].removeprefix("ERROR: ").rstrip(".:")
