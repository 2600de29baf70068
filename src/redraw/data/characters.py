"""Captions as characters, as char-CNN-RNN reads them (reedscot/cvpr2016 and icml2016).

70 symbols, numbered from 1; 0 is padding, and stands for no symbol at all. "-" comes twice among them: the authors' table
keeps its last place, so that 37 is never used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core import RedrawError, nearest

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+-=<>()[]{} "
VOCABULARY = ("<pad>", *ALPHABET)
SPACE = len(ALPHABET)
UNKNOWN = ("stop", "skip", "space")
DEFAULTS: dict[str, Any] = {"unknown": "stop", "lower": True, "length": 201}


def rules(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options ``unknown``, ``lower`` and ``length``, checked.

    unknown   what a character outside the alphabet does: stop, the caption ends before it (the authors' training loader);
              skip, its place stays empty (their demonstrations); space (martinduartemore/char_cnn_rnn_pytorch)
    lower     capital letters are read as small ones; else they are outside the alphabet
    length    characters of a caption; what is beyond is cut off
    """
    found = DEFAULTS | {name: options[name] for name in DEFAULTS if name in options}
    if found["unknown"] not in UNKNOWN:
        raise RedrawError(f"tokens, unknown {found['unknown']!r}: {nearest(str(found['unknown']), list(UNKNOWN))}")
    if not isinstance(found["lower"], bool):
        raise RedrawError(f"tokens, lower {found['lower']!r}: give true or false")
    if isinstance(found["length"], bool) or not isinstance(found["length"], int) or found["length"] < 1:
        raise RedrawError(f"tokens, length {found['length']!r}: give a number of characters, the authors' is 201")
    return found


def encode_characters(
    texts: Sequence[str], unknown: str, lower: bool, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Captions -> tokens [N, length] uint8, n [N] int32 (up to the last known character), strangers [N] int32.

    ``strangers`` counts the characters outside the alphabet among the first ``length`` of each caption.
    """
    texts = [text[:length] for text in texts]
    lengths = np.array([len(text) for text in texts], np.int32)
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    there = np.arange(length) < lengths[:, None]
    tokens = np.zeros((len(texts), length), np.uint8)
    tokens[there] = _table(lower)[np.minimum(codes, 128)]
    strange = there & (tokens == 0)
    if unknown == "stop":
        tokens[np.logical_or.accumulate(strange, axis=1)] = 0
    elif unknown == "space":
        tokens[strange] = SPACE
    known = tokens > 0
    n = np.where(known.any(1), length - known[:, ::-1].argmax(1), 0).astype(np.int32)
    return tokens, n, strange.sum(1, dtype=np.int32)


def _table(lower: bool) -> np.ndarray:
    """[129] uint8, the number of each ASCII character; 128 stands for all others."""
    found = np.zeros(129, np.uint8)
    for number, character in enumerate(ALPHABET, 1):
        found[ord(character)] = number
    if lower:
        found[ord("A") : ord("Z") + 1] = found[ord("a") : ord("z") + 1]
    return found
