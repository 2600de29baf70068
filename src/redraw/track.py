"""`redraw track`: replays the spool into MLflow, once or as it grows. One replays at a time; nobody waits for it. No torch."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time

from .core import RedrawError, locked
from .mirror import Mirror
from .mlflow_book import Away, Book
from .mlflow_settings import shown, tracking_uri
from .tracking import SPOOL

LOCK = SPOOL / ".lock"
SHARE = 20  # seconds of rest for a second of work: training comes first
LONGEST = 3.0  # seconds that a live view may be behind


def once() -> None:
    """Replay what the spool has and MLflow has not. Raises RedrawError where MLflow cannot be reached."""
    uri = tracking_uri()
    if not SPOOL.is_dir():
        raise RedrawError(f"{SPOOL}: no such folder: run this in the checkout, after `make tables`")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(LOCK, "the spool", wait=False))
        except RedrawError:
            print(f"redraw: process {LOCK.read_text()} is replaying the spool already: nothing to do", file=sys.stderr)
            return
        mirror = Mirror()
        mirror.poll()
        try:
            book = Book(uri)
            book.write(mirror)
        except Away as e:
            raise RedrawError(f"{e}: run `redraw track` when it is there again; nothing is lost") from None
        _complain(book.refused)
        print(f"{len(mirror.stages)} stages, {book.written} of them written now: {shown(uri)}")


def follow() -> None:
    """Replay as the spool grows, until standard input ends; what MLflow cannot take now it is given later."""
    os.nice(19)
    uri = tracking_uri()
    with locked(LOCK, "the spool"):
        tail, pause, ended = _Round(uri), 0.0, False
        while not ended:
            ended = _ended(pause)
            if ended:
                tail.await_the_end()
            pause = tail.go(last=ended)


class _Round:
    """One look at the spool after another."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.mirror, self.book, self.failed = Mirror(), None, 0

    def go(self, last: bool) -> float:
        """Write what is new; returns the seconds to wait until the next time."""
        start = time.process_time()
        try:
            self.mirror.poll()
            if self.mirror.stages:  # a call that makes nothing leaves nothing
                self.book = self.book or Book(self.uri)
                known = dict(self.book.refused)
                self.book.write(self.mirror)
                _complain({k: v for k, v in self.book.refused.items() if k not in known})
            self.failed = 0
            return min(LONGEST, max(1.0, SHARE * (time.process_time() - start)))
        except Away as e:
            # What was written before is asked for again: a database may have been put in another's place.
            self.mirror, self.book, self.failed = Mirror(), None, self.failed + 1
            pause = min(30.0, 2.0**self.failed)
            then = "`redraw track` writes it later" if last else f"trying again in {pause:.0f} s"
            _log(f"{e}: {then}; nothing is lost")
            return pause

    def await_the_end(self, patience: float = 5.0) -> None:
        """The pipe closes a moment before its process is gone, and only then is it known how it went."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            self.mirror.poll()
            if all(call.status != "RUNNING" for call in self.mirror.calls.values()):
                return
            time.sleep(0.1)


def _ended(seconds: float) -> bool:
    """Wait; True as soon as standard input is at its end."""
    until = time.monotonic() + seconds
    while select.select([0], [], [], max(0.0, until - time.monotonic()))[0]:
        if not os.read(0, 4096):
            return True
    return False


def _complain(refused: dict[str, str]) -> None:
    for name, why in refused.items():
        _log(f"{name}: MLflow does not take it ({why}); the others are written")


def _log(line: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} redraw: {line}", file=sys.stderr, flush=True)
