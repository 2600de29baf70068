"""Stanford's PTBTokenizer 3.4.1, run once for all captions, by the jar that the package pycocoevalcap brings along."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator

from ..core import NotComputed, RedrawError
from . import java

JAR = "stanford-corenlp-3.4.1.jar"
PROGRAM = "edu.stanford.nlp.process.PTBTokenizer"
BRACKETS = ("-LRB-", "-RRB-", "-LCB-", "-RCB-")
PUNCTUATION = {"''", "'", "``", "`", *BRACKETS, ".", "?", "!", ",", ":", "-", "--", "...", ";"}  # coco-caption's list
# What the program takes for the end of a line.
LINE_ENDS = str.maketrans(dict.fromkeys("\n\r\x0b\x0c\u2028\u2029", " "))


def tokenized_by_stanford(captions: Iterable[str]) -> Iterator[list[str]]:
    """The words of each caption, in order, in constant memory. A line end within a caption is a space.

    Raises NotComputed where Java or the jar is missing, RedrawError where the program fails.
    """
    try:
        program = java.find("tokenizer", JAR)
    except NotComputed as error:
        raise NotComputed(_line(error)) from None
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        n = 0
        for caption in captions:
            asked.write(caption.translate(LINE_ENDS).encode("utf-8", "replace") + b"\n")
            n += 1
        asked.seek(0)
        # With the encoding given, neither the machine's own nor its language changes a token.
        call = [*program, PROGRAM, "-preserveLines", "-lowerCase", "-encoding", "UTF-8"]
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
                raise RedrawError(_line(f"Java gave more lines than the {n} captions"))
            if process.wait():
                raise RedrawError(_line(java.failed(said)))
            if found < n:
                raise RedrawError(_line(f"Java gave {found} lines for {n} captions"))
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _line(what: object) -> str:
    return f"tokens, tokenizer ptb: {what}, or choose another tokenizer"
