"""Step, rate and time left of a long run, for somebody who watches."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping


class Progress:
    """Step, rate and time left on stderr, once a second; silent where stderr is not a terminal."""

    def __init__(self, run: str, begin: int) -> None:
        self.run, self.begin, self.start, self.shown = run, begin, time.monotonic(), 0.0
        self.on = sys.stderr.isatty()

    def __call__(self, step: int, total: int, losses: Mapping[str, float]) -> None:
        now = time.monotonic()
        if not self.on or now - self.shown < 1:
            return
        self.shown = now
        rate = (step - self.begin) / max(now - self.start, 1e-9)
        left = (total - step) / rate if rate else math.inf
        text = " ".join(f"{n} {v:.4g}" for n, v in losses.items())
        print(
            f"\r{self.run} {step}/{total} {rate:.1f} steps/s {left:.0f} s left {text}\033[K",
            end="",
            file=sys.stderr,
            flush=True,
        )

    def end(self) -> None:
        if self.on:
            print(file=sys.stderr)
