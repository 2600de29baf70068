"""METEOR 1.5 of captions (Denkowski and Lavie 2014): by the authors' own program, never by an approximation."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from ..core import RedrawError
from ..data import java
from ..progress import Line
from . import captions

JAR, SEPARATOR = "meteor-1.5.jar", " ||| "
LANGUAGE = ("-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8")
"""Whatever the machine's own: with a decimal comma the program cannot read its own parameters."""
LIMIT = 300.0  # seconds for an answer; the first waits for the tables of paraphrases
QUICK = 3.0  # seconds for which nobody needs to be told how far it is
NUMBERS = re.compile(r"[-+.\dE]+( [-+.\dE]+)*")


def meteor(items: Mapping[str, np.ndarray], beam: int = 1, tokenizer: str = "karpathy", by: str = "model") -> dict:
    """What pycocoevalcap 1.2's Meteor says: METEOR 1.5 for English with ``-norm``, parameters and tables as in its jar.

    ``items`` and ``by``: as in `captions.chosen`; ``beam`` was used where the captions were written. ``value`` in percent
    is of all captions together, not the mean of ``per_item``, which stands under ``parts``: ``mean of captions``. Numbers
    of other METEORs (1.3, 1.4, NLTK's) are of another scale. Raises NotComputed without a Java runtime or the jar,
    RedrawError where the program fails, or takes more than 5 minutes for a caption, and as `captions.chosen` does.
    """
    texts = captions.read("meteor", items, by, tokenizer)
    with captions.scored_later():
        program = java.find("meteor", JAR)
    with _asked(program) as scorer:
        counts, line = [], Line()
        for row, (words, references) in enumerate(zip(texts.captions, texts.references, strict=True)):
            asked = SEPARATOR.join(["SCORE", *map(_joined, references), _joined(words)])
            counts += scorer.answers(asked, 1, f"caption {row}")
            if time.monotonic() - line.started > QUICK and line.due():
                line.show(f"meteor: {row + 1} of {len(texts.captions)} captions")
        if line.shown:
            line.end()
        *scores, value = map(float, scorer.answers(SEPARATOR.join(["EVAL", *counts]), len(counts) + 1, "all captions"))
    per_item = 100 * np.array(scores)
    return {"value": 100 * value, "per_item": per_item, "parts": {"mean of captions": float(per_item.mean())}}


@contextlib.contextmanager
def one_program() -> Iterator[None]:
    """Within it all METEORs ask one program, whose start takes longer than most of its answers; afterwards it is gone."""
    global _shared
    with contextlib.ExitStack() as stack:
        _shared = stack, {}
        try:
            yield
        finally:
            _shared = None


_shared: tuple[contextlib.ExitStack, dict[tuple[str, ...], _Scorer]] | None = None


@contextlib.contextmanager
def _asked(program: Sequence[str]) -> Iterator[_Scorer]:
    """The program that is shared, or one of its own."""
    if _shared is None:
        with _started(program) as scorer:
            yield scorer
        return
    stack, running = _shared
    if tuple(program) not in running:
        running[tuple(program)] = stack.enter_context(_started(program))
    yield running[tuple(program)]


class _Scorer:
    """The program while it runs: a line asked, lines answered. ``said`` is the file of its standard error."""

    def __init__(self, process: subprocess.Popen, said: IO[bytes]) -> None:
        self.process, self.said = process, said

    def answers(self, asked: str, n: int, what: str) -> list[str]:
        """``n`` lines of numbers. Raises RedrawError where they do not come in time, or are none."""
        started, lines = time.monotonic(), [b""]
        watch = threading.Timer(LIMIT, self.process.kill)
        watch.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(asked.encode("utf-8", "replace") + b"\n")
                self.process.stdin.flush()
                lines = [self.process.stdout.readline() for _ in range(n)]
            if not all(lines):
                self.process.wait()  # until then its last words may be missing
        finally:
            watch.cancel()
        if not all(lines):
            if time.monotonic() - started >= LIMIT:
                raise RedrawError(
                    f"meteor: {what}: no answer in {LIMIT:g} s: see whether it is a caption, or leave it out"
                )
            raise RedrawError(f"meteor: {what}: {java.failed(self.said)}")
        found = [line.decode("utf-8", "replace").strip() for line in lines]
        for text in found:
            if NUMBERS.fullmatch(text) is None:
                raise RedrawError(f"meteor: {what}: Java gave {text[:60]!r}: see that pycocoevalcap is whole")
        return found


@contextlib.contextmanager
def _started(program: Sequence[str]) -> Iterator[_Scorer]:
    """The program, which is gone afterwards whatever happens."""
    runtime, *jar = program
    call = [runtime, *LANGUAGE, "-Xmx2G", *jar, "Meteor", "-", "-", "-stdio", "-l", "en", "-norm"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            call, cwd=Path(jar[-1]).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        )
        try:
            yield _Scorer(process, said)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()


def _joined(words: Sequence[str]) -> str:
    """Words on one line, without what would part fields or lines there."""
    return " ".join(" ".join(words).replace("|||", "").split())
