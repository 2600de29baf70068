"""Tokenizers: how captions become words. A tokenizer's name is part of a protocol's key: its rule never changes.

Each takes captions, as many as there are, and gives the words of each in the same order; a caption may have none. ``source``
says where the rule is from and ``version`` which of its versions it is, for readers of this file: nothing records them. What is
said to be recalled was written down from memory, not read in the authors' files.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..core import RedrawError, nearest
from .ptb import tokenized_by_stanford

WORD = re.compile(r"\w+")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
FULL_STOPS = re.compile(r"[\s.]+$")


@dataclass(frozen=True)
class Tokenizer:
    """A named rule: ``cut`` takes captions and gives a list of words for each."""

    name: str
    cut: Callable[[Iterable[str]], Iterator[list[str]]]
    source: str
    version: str


def cut(caption: str) -> list[str]:
    """The words of a caption: lower case, cut at white space."""
    return caption.lower().split()


def spaces(caption: str) -> list[str]:
    """Cut at white space, capital letters kept: for texts whose authors have made words of them already (Yahoo, Yelp)."""
    return caption.split()


def regexp_ascii(caption: str) -> list[str]:
    r"""As AttnGAN and StackGAN-v2 have it: lower case, the runs of ``\w``, from each what is ASCII, empty ones dropped.

    "a na\u00efve caf\u00e9-owner" -> a, nave, caf, owner. Pairs of U+FFFD have become spaces before (reed.py). The authors ran
    NLTK's RegexpTokenizer under Python 2, whose tables of letters are older: a letter that came later is a difference here
    only where it stands between ASCII letters.
    """
    words = (word.encode("ascii", "ignore").decode() for word in WORD.findall(caption.lower()))
    return [word for word in words if word]


def align_draw(caption: str) -> list[str]:
    """As alignDRAW's captions are: lower case, cut at white space, and a full stop as the last word.

    The authors released ids, and prompts like "a stop sign is flying in blue skies .", not the program that cut the captions:
    that other punctuation stays with its word is a reading of ours.
    """
    words = FULL_STOPS.sub("", caption).lower().split()
    return [*words, "."] if words else []


def karpathy(caption: str) -> list[str]:
    """As the tokens in Karpathy's JSON files: ASCII punctuation taken out, lower case, cut at white space (recalled).

    "A man's T-shirt." -> a, mans, tshirt.
    """
    return caption.translate(NO_PUNCTUATION).lower().split()


def ptb(captions: Iterable[str]) -> Iterator[list[str]]:
    """As caption scores have it: Stanford's PTBTokenizer in lower case, then without the punctuation of coco-caption.

    "A man's dog (nice)." -> a, man, 's, dog, -lrb-, nice, -rrb-: brackets are on the list in capital letters, so that they
    stay. Raises RedrawError where Java or its program is missing.
    """
    return tokenized_by_stanford(captions)


def _each(rule: Callable[[str], list[str]]) -> Callable[[Iterable[str]], Iterator[list[str]]]:
    return lambda captions: map(rule, captions)


TOKENIZERS = {
    t.name: t
    for t in (
        Tokenizer("words", _each(cut), "this project", "1"),
        Tokenizer("spaces", _each(spaces), "jxhe/vae-lagging-encoder", "1"),
        Tokenizer("regexp_ascii", _each(regexp_ascii), "taoxugit/AttnGAN@0d000e6, hanzhanggit/StackGAN-v2@6228e34", "1"),
        Tokenizer("align_draw", _each(align_draw), "mansimov/text2image@beafc1c, as far as its files tell", "1"),
        Tokenizer("karpathy", _each(karpathy), "the preprocessing of karpathy/neuraltalk2, recalled", "1"),
        Tokenizer("ptb", ptb, "stanford-corenlp in pycocoevalcap 1.2", "3.4.1"),
    )
}  # fmt: skip


def find(name: str) -> Tokenizer:
    """Raises RedrawError for a tokenizer that there is not."""
    if name not in TOKENIZERS:
        raise RedrawError(f"tokens, tokenizer {name!r}: {nearest(str(name), [*TOKENIZERS, 'characters'])}")
    return TOKENIZERS[name]
