"""One file over HTTP: resumed where it stopped, retried with growing pauses, and nothing taken that was not asked for.

``Http`` and ``Drive`` (gdrive.py) are pooch's ``downloader=``: what has arrived is kept in a ``.part`` file of ours, since pooch
removes its own when a download fails. Beside it lies what the server said the file was (its ETag or date, its size), so that
the rest of another file is never put behind it.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import read_json, write_json
from ..progress import Line

CHUNK = 1 << 20
MOST = 200_000_000_000  # bytes of a file whose size nobody knows
PASSING = (408, 425, 429, 500, 502, 503, 504)  # states of a server that may be another one soon
MAGIC = {".zip": b"PK\x03\x04", ".npz": b"PK\x03\x04", ".gz": b"\x1f\x8b", ".tgz": b"\x1f\x8b", ".npy": b"\x93NUMPY"}


class Refused(Exception):
    """This address will not do, now or ever; the next one may."""


class Passing(Exception):
    """A failure that may be gone when it is tried again; ``after``: seconds that the server asks for."""

    def __init__(self, why: str, after: float = 0) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server (seconds), how often to try anew, and what counts as getting on (bytes)."""

    connect: float = 10
    read: float = 60
    tries: int = 5
    pause: float = 1
    longest: float = 60
    progress: int = 1 << 20


@dataclass
class Http:
    """Fetches one URL into ``part`` and hands it over. ``size``: what it must be, None where that is not known;
    ``known``: whether a hash will be held against it, so that a server without ETag and date may be resumed from."""

    name: str
    part: Path
    size: int | None
    known: bool
    check: Callable[[Path], None]  # raises ValueError for a whole file that is not the one wanted
    patience: Patience = Patience()
    resumed: bool = False  # whether the file was put together from several answers

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        self.fetch(url)
        self.check(self.part)
        os.unlink(output_file)
        try:  # the part stays until the file is in its place: a process that dies while hashing loses nothing
            os.link(self.part, output_file)
        except OSError:  # a file system without links
            os.replace(self.part, output_file)

    def drop(self) -> None:
        """Forget what has arrived."""
        self.part.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)
        self.resumed = False

    def fetch(self, url: str) -> None:
        """Raises Refused where the address will not do, or was tried often enough without getting on."""
        import requests

        failures, best = 0, self._have()
        with requests.Session() as session:
            while True:
                try:
                    return self._attempt(session, url)
                except Passing as e:
                    failures = 0 if self._have() - best >= self.patience.progress else failures + 1
                    best = max(best, self._have())
                    if failures >= self.patience.tries:
                        raise Refused(f"{e}, {failures} times") from None
                    pause = min(self.patience.pause * 2**failures, self.patience.longest)
                    time.sleep(max(pause * random.uniform(0.5, 1), min(e.after, self.patience.longest)))

    def open(self, session: Any, url: str, headers: dict[str, str]) -> Any:
        """The response that holds the file."""
        return session.get(url, headers=headers, stream=True, timeout=(self.patience.connect, self.patience.read))

    # -- one attempt ----------------------------------------------------------------------------------------------

    @property
    def _state(self) -> Path:
        return self.part.with_name(f"{self.part.name}.json")

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, session: Any, url: str) -> None:
        said = read_json(self._state) or {}
        have = self._have() if said and (said.get("validator") or self.known) else 0
        if have and have == said.get("total"):
            return  # cut off between the last byte and its place
        headers = {"Accept-Encoding": "identity", "User-Agent": "redraw"}  # a gzip file must not be unzipped on the way
        if have:
            headers["Range"] = f"bytes={have}-"
            if said.get("validator"):
                headers["If-Range"] = said["validator"]
        with _telling():
            response = self.open(session, url, headers)
        with response:
            if have and response.status_code == 416:
                return self._nothing_left(response, have)
            self._check_answer(response)
            start, total = self._extent(response, have, said)
            if self.size is not None and total not in (None, self.size):
                raise Refused(f"offers {total:,} bytes, expected {self.size:,}")
            write_json(self._state, {"url": url, "validator": _validator(response), "total": total})
            self._receive(response, start, total if self.size is None else self.size)

    def _nothing_left(self, response: Any, have: int) -> None:
        if response.headers.get("Content-Range", "").endswith(f"/{have}") and self.size in (None, have):
            return
        self.drop()
        raise Passing("HTTP 416, the file there is another one now")

    def _check_answer(self, response: Any) -> None:
        code = response.status_code
        if code in PASSING:
            after = response.headers.get("Retry-After", "")
            raise Passing(f"HTTP {code}", float(after) if after.isdigit() else 0)
        if code not in (200, 206):
            raise Refused(f"HTTP {code} {response.reason or ''}".strip())
        if any(r.url.startswith("https:") for r in response.history) and not response.url.startswith("https:"):
            raise Refused("leads from https to http")
        if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html":
            raise Refused("sends a web page instead of the file")
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding != "identity" and not self.name.endswith((".gz", ".tgz")):
            raise Refused(f"sends the file packed as {encoding}, although asked not to")

    def _extent(self, response: Any, have: int, said: dict[str, Any]) -> tuple[int, int | None]:
        """(first byte that comes, size of the whole file if it is said)."""
        if response.status_code == 200:
            length = response.headers.get("Content-Length", "")
            return 0, int(length) if length.isdigit() else None
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        start, total = (int(match[1]), int(match[2]) if match[2] != "*" else None) if match else (-1, None)
        now = {"total": total, "validator": _validator(response)}
        same = all(None in (now[k], said.get(k)) or now[k] == said[k] for k in now)
        if start != have or not same:
            self.drop()
            raise Passing("the rest that was sent is not of the same file")
        return have, total if total is not None else said.get("total")

    def _receive(self, response: Any, start: int, total: int | None) -> None:
        at, bar, self.resumed = start, Bar(self.name, start, total), start > 0
        with open(self.part, "ab" if start else "wb") as f:
            while True:
                with _telling(f" at byte {at:,}"):
                    chunk = response.raw.read1(CHUNK, decode_content=False)
                if not chunk:
                    break
                if at == 0:
                    self._check_first(chunk)
                at += len(chunk)
                if at > (MOST if total is None else total):
                    break
                f.write(chunk)
                f.flush()
                bar(at)
            os.fsync(f.fileno())
        bar.end()
        if total is not None and at < total:
            raise Passing(f"ended at byte {at:,} of {total:,}")
        if at > (MOST if total is None else total):
            self.drop()
            raise Refused(f"sends more than the {MOST if total is None else total:,} bytes expected")

    def _check_first(self, chunk: bytes) -> None:
        magic = MAGIC.get(Path(self.name).suffix, b"")
        if chunk[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
            raise Refused("sends a web page instead of the file")
        if not chunk.startswith(magic[: len(chunk)]):
            raise Refused(
                f"sends something else than a {Path(self.name).suffix} file (it begins with {chunk[:4].hex()})"
            )


def _validator(response: Any) -> str | None:
    """What If-Range may be asked with: a strong ETag, else the date of the last change."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")


@contextmanager
def _telling(where: str = "") -> Iterator[None]:
    """Whatever goes wrong on the network may pass."""
    import requests
    import urllib3

    try:
        yield
    except (requests.exceptions.InvalidURL, requests.exceptions.TooManyRedirects, requests.exceptions.SSLError) as e:
        raise Refused(f"{type(e).__name__}") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        raise Passing(f"no answer{where}") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ConnectionError):
        raise Passing(f"connection lost{where}" if where else "no connection") from None


class Bar(Line):
    """Megabytes, rate and time left of a file of which ``begin`` bytes were there already."""

    def __init__(self, name: str, begin: int, total: int | None) -> None:
        super().__init__()
        self.name, self.begin, self.total = name, begin, total

    def __call__(self, at: int) -> None:
        seconds = self.due()
        if seconds is None:
            return
        rate = (at - self.begin) / seconds
        left = "" if self.total is None or not rate else f" {(self.total - at) / rate:.0f} s left"
        of = "" if self.total is None else f"/{self.total / 1e6:.1f}"
        self.show(f"{self.name} {at / 1e6:.1f}{of} MB {rate / 1e6:.1f} MB/s{left}")
