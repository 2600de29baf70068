"""Step, rate and time left of a long run, for somebody who watches. Standard library only."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping


class Line:
    """A line on stderr that is written over once a second; silent where stderr is not a terminal."""

    def __init__(self) -> None:
        self.started, self.shown, self.on = time.monotonic(), 0.0, sys.stderr.isatty()

    def due(self) -> float | None:
        """Seconds since the start, never 0, where it is time to show the line anew; else None."""
        now = time.monotonic()
        if not self.on or now - self.shown < 1:
            return None
        self.shown = now
        return max(now - self.started, 1e-9)

    def show(self, text: str) -> None:
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.on:
            print(file=sys.stderr)


class Progress(Line):
    """Step, rate, time left and losses of a training that begins at step ``begin``."""

    def __init__(self, run: str, begin: int) -> None:
        super().__init__()
        self.run, self.begin = run, begin

    def __call__(self, step: int, total: int, losses: Mapping[str, float]) -> None:
        seconds = self.due()
        if seconds is None:
            return
        rate = (step - self.begin) / seconds
        left = (total - step) / rate if rate else math.inf
        text = " ".join(f"{n} {v:.4g}" for n, v in losses.items())
        self.show(f"{self.run} {step}/{total} {rate:.1f} steps/s {left:.0f} s left {text}")
