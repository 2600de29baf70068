"""Stanford's PTBTokenizer 3.4.1, run once for all captions, by the jar that the package pycocoevalcap brings along."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NoReturn

from ..core import RedrawError

JAR = "stanford-corenlp-3.4.1.jar"
PROGRAM = "edu.stanford.nlp.process.PTBTokenizer"
BRACKETS = ("-LRB-", "-RRB-", "-LCB-", "-RCB-")
PUNCTUATION = {"''", "'", "``", "`", *BRACKETS, ".", "?", "!", ",", ":", "-", "--", "...", ";"}  # coco-caption's list
# What the program takes for the end of a line.
LINE_ENDS = str.maketrans(dict.fromkeys("\n\r\x0b\x0c\u2028\u2029", " "))


def tokenized_by_stanford(captions: Iterable[str]) -> Iterator[list[str]]:
    """The words of each caption, in order, in constant memory. A line end within a caption is a space.

    Raises RedrawError where Java or the jar is missing, and where the program fails.
    """
    java, jar = shutil.which("java"), _jar()
    if java is None:
        _fail("no Java runtime: install one (apt-get install default-jre-headless)")
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        n = 0
        for caption in captions:
            asked.write(caption.translate(LINE_ENDS).encode("utf-8", "replace") + b"\n")
            n += 1
        asked.seek(0)
        # With the encoding given, neither the machine's own nor its language changes a token.
        call = [java, "-cp", str(jar), PROGRAM, "-preserveLines", "-lowerCase", "-encoding", "UTF-8"]
        process = subprocess.Popen(call, stdin=asked, stdout=subprocess.PIPE, stderr=said)
        try:
            assert process.stdout is not None
            found = 0
            for line in process.stdout:
                found += 1
                if found > n:
                    break
                words = line.decode("utf-8").rstrip().split(" ")  # a token may hold a no-break space
                yield [word for word in words if word and word not in PUNCTUATION]
            if found > n:
                _fail(f"Java gave more lines than the {n} captions")
            if process.wait():
                _fail(f"Java failed ({_last_line(said)}): see that `java -version` works")
            if found < n:
                _fail(f"Java gave {found} lines for {n} captions")
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _jar() -> Path:
    spec = importlib.util.find_spec("pycocoevalcap")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / "tokenizer" / JAR).exists():
            return Path(folder) / "tokenizer" / JAR
    _fail(f"{JAR} is not here: install the package pycocoevalcap")


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip()[:100] if lines else "no more said"


def _fail(what: str) -> NoReturn:
    raise RedrawError(f"tokens, tokenizer ptb: {what}, or choose another tokenizer")
