"""Caption metrics against the programs that the field uses: pycocoevalcap's, sacrebleu, METEOR's own."""

from __future__ import annotations

import numpy as np
import pytest
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from sacrebleu.metrics import BLEU
from written_captions import items_of, scenes

from redraw.metrics import METRICS
from redraw.metrics.captions import read

HOSTILE = [
    "", " . , ; ", "a red bird | a blue one ||| two dogs ||| |||| ||", "line\nbreak\r\nand\ttab\u2028end",
    "\U0001f99c red bird",
    "\u202ethree \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 birds", "caf\u00e9 na\u00efve bird", "a" * 10_000,
    "zero\x00byte bird", "red bird " * 1100,
]  # fmt: skip


@pytest.fixture(scope="module")
def items() -> dict[str, np.ndarray]:
    return scenes(1000)


def joined(items, tokenizer):
    """(references, captions) as pycocoevalcap takes them: words with a space between."""
    texts = read("test", items, "model", tokenizer)
    known = {k: [" ".join(words) for words in row] for k, row in enumerate(texts.references)}
    return known, {k: [" ".join(words)] for k, words in enumerate(texts.captions)}


@pytest.mark.parametrize("tokenizer", ["karpathy", "words"])
def test_bleu_is_that_of_pycocoevalcap(items, tokenizer):
    found = METRICS["bleu"].fn(items, tokenizer=tokenizer, brevity_penalty=True)
    theirs, _ = Bleu().compute_score(*joined(items, tokenizer), verbose=0)
    assert [found["columns"][f"b{n}"]["value"] for n in (1, 2, 3, 4)] == pytest.approx(
        [100 * b for b in theirs], rel=1e-9
    )
    assert found["value"] == found["columns"]["b4"]["value"] and 10 < found["value"] < 80
    assert found["parts"]["written per reference word"] != 1


@pytest.mark.parametrize("longer", [False, True])
def test_bleu_is_that_of_sacrebleu(items, longer):
    given = {**items, "written": np.array([f"{text} today" if longer else text[:40] for text in items["written"]])}
    known, written = joined(given, "karpathy")
    most = max(map(len, known.values()))
    streams = [[row[k] if k < len(row) else None for row in known.values()] for k in range(most)]
    oracle = BLEU(tokenize="none", smooth_method="none", force=True).corpus_score(
        [c for (c,) in written.values()], streams
    )
    with_penalty, without = (METRICS["bleu"].fn(given, brevity_penalty=p)["value"] for p in (True, False))
    assert with_penalty == pytest.approx(oracle.score, rel=1e-9)
    assert without == pytest.approx(oracle.score / oracle.bp, rel=1e-9) and (oracle.bp == 1) == longer


@pytest.mark.parametrize("name, oracle, unit", [("rouge_l", Rouge, 100), ("cider", Cider, 1)])
@pytest.mark.parametrize("tokenizer", ["karpathy", "words"])
def test_rouge_and_cider_are_those_of_pycocoevalcap(items, name, oracle, unit, tokenizer):
    found = METRICS[name].fn(items, tokenizer=tokenizer)
    value, each = oracle().compute_score(*joined(items, tokenizer))
    assert found["value"] == pytest.approx(unit * value, rel=1e-9)
    assert found["per_item"] == pytest.approx(unit * each, rel=1e-9, abs=1e-12)
    assert found["value"] == pytest.approx(found["per_item"].mean()) and np.ptp(found["per_item"]) > 0


@pytest.mark.slow
def test_meteor_is_that_of_pycocoevalcap_whatever_the_language_and_the_captions(java, items, monkeypatch):
    """With a decimal comma and another encoding; hostile captions among the others shift none and harm none."""
    written, references = list(items["written"]), [[text for text in row if text] for row in items["references"]]
    for k, text in enumerate(HOSTILE):
        written.insert(50 * k, text)
        references.insert(50 * k, ["a red bird sits here", *([text] if 0 < len(text) < 100 else [])])
    given = items_of(written, references)
    known, said = joined(given, "words")

    def plain(texts):  # what would part fields for them
        return {k: [" ".join(text.replace("|||", "").split()) for text in row] for k, row in texts.items()}

    with monkeypatch.context() as patched:
        patched.setenv("JAVA_TOOL_OPTIONS", "-Dfile.encoding=UTF-8 -Duser.language=en")
        value, each = Meteor().compute_score(plain(known), plain(said))
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Duser.language=it -Duser.country=IT -Dfile.encoding=ISO-8859-1")
    found = METRICS["meteor"].fn(given, tokenizer="words")
    assert found["per_item"] == pytest.approx(100 * np.array(each), rel=1e-12)
    assert found["value"] == pytest.approx(100 * value, rel=1e-12) and 20 < found["value"] < 60
    assert found["per_item"][0] == 0 and found["per_item"][200] > 30 and len(found["per_item"]) == 1000 + len(HOSTILE)
