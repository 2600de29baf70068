"""Work on many pictures side by side, results in their order, a few in flight."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

AHEAD = 4  # results in flight for each worker: enough that nobody waits, few enough for large pictures


def workers() -> int:
    """How many threads decode: REDRAW_WORKERS, else as many as this process may use cores."""
    asked = os.environ.get("REDRAW_WORKERS", "")
    return max(1, int(asked)) if asked.isdecimal() else len(os.sched_getaffinity(0))


def ordered(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """``function`` of each of ``items``, in their order. Threads: Pillow decodes and resizes without Python's lock.

    The first error is raised where its item's turn comes, and nothing is begun after it.
    """
    n = workers()
    if n == 1:
        yield from map(function, items)
        return
    pool, waiting = ThreadPoolExecutor(n), deque[Future[Made]]()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= AHEAD * n:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
