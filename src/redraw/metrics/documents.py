"""How probable a model finds documents: nats a document, and the perplexity, per word, that texts are told by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from ..core import NotComputed, RedrawError, nearest
from ..data.grammar import RULES, log_probability
from .arrays import finite, take
from .bounds import log_mean_exp

ESTIMATORS = ("exact", "bound", "importance")
FRAME = 2  # ids of a document that are <start> and <end>
END = "</s>"


def perplexity(
    items: Mapping[str, np.ndarray], estimator: str = "bound", samples: int = 1, vocabulary: str = ""
) -> dict:
    """exp(NLL / L) agrees with the pairs that Yang et al. (2017) print (recalled) to .11, two of 30 but for .2 and 1.

    L counts every word and one <end> for each document, whose probability is in the NLL; no <start>. An unknown word counts as
    the one word <unk>, so that ``vocabulary``, what the words are, belongs to the protocol, as ``estimator`` does:

        exact        log p(x) of a model without a code; there a divergence is an error
        bound        the mean of ``samples`` log weights log p(x, z) - log q(z | x); 1: as the paper has it (recalled)
        importance   log mean exp of them

    ``items``: bounds [N, samples] in nats, kl [N] of q(z | x) from the prior, n_words [N] with <start> and <end>. ``envelope``:
    the same NLL per word alone, and with <start> counted too. ``columns``: ``nll`` in nats a document, ``kl`` and ``rest``
    (the NLL without it), ``length``, L. Raises RedrawError for an estimator that there is not, or that does not fit.
    """
    if estimator not in ESTIMATORS:
        raise RedrawError(f"perplexity, estimator {estimator!r}: {nearest(estimator, ESTIMATORS)}")
    bounds, kl, n_words = take("perplexity", items, "bounds", "kl", "n_words")
    log_w = finite("perplexity", "bounds", bounds)
    kl = finite("perplexity", "kl", kl.reshape(len(log_w), -1)).sum(1)
    if estimator == "exact" and (kl.any() or (log_w != log_w[:, :1]).any()):
        raise RedrawError("perplexity, estimator exact: this model has a code: ask for bound, or importance")
    mean = log_mean_exp(log_w) if estimator == "importance" else log_w.mean(1)
    return _per_word(-mean, n_words.astype(np.float64) - FRAME, kl)


def unigram_perplexity(items: Mapping[str, np.ndarray]) -> dict:
    """Own code. The least that words without an order can have: each as probable as it is frequent in these documents.

    ``items``: captions [N], words apart by spaces. The frequencies, <end> among them, are those of the very documents that are
    scored: no model that knows nothing of a word's neighbours scores lower. As ``perplexity`` otherwise.
    """
    (captions,) = take("unigram_perplexity", items, "captions")
    documents = [[*str(text).split(), END] for text in captions]
    counts = Counter(word for words in documents for word in words)
    total = sum(counts.values())
    nats = [-sum(math.log(counts[word] / total) for word in words) for words in documents]
    return _per_word(np.array(nats), np.array([len(words) - 1.0 for words in documents]))


def grammar_perplexity(items: Mapping[str, np.ndarray]) -> dict:
    """Own code, exact: what the grammar that wrote stand-in documents has on them. No model has less on average.

    ``items``: captions [N]. Raises NotComputed for documents that no one grammar of data/grammar.py can have written all of,
    such as people's. As ``perplexity`` otherwise.
    """
    (captions,) = take("grammar_perplexity", items, "captions")
    documents = [str(text).split() for text in captions]
    kind = next((kind for kind in RULES if math.isfinite(log_probability(kind, documents[0]))), None)
    nats = np.array([-log_probability(kind, words) for words in documents] if kind else [math.inf])
    if not np.isfinite(nats).all():
        raise NotComputed("these documents were written by no grammar: nobody knows their true probability")
    return _per_word(nats, np.array([float(len(words)) for words in documents]))


# --- inside ------------------------------------------------------------------------------------------------------


def _per_word(nats: np.ndarray, words: np.ndarray, kl: np.ndarray | None = None) -> dict:
    """What is told of documents of ``nats`` [N] and ``words`` [N] without their frames."""
    each = float(nats.mean())
    low, value, high = (math.exp(each / (float(words.mean()) + more)) for more in (2, 1, 0))
    columns = {"nll": _mean(nats), "length": _mean(words + 1) | {"unit": "words", "better": "none"}}
    if kl is not None:
        columns |= {"kl": _mean(kl) | {"better": "none"}, "rest": _mean(nats - kl) | {"better": "none"}}
    return {"value": value, "spread": None, "envelope": [low, high], "columns": columns}


def _mean(values: np.ndarray) -> dict:
    spread = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return {"value": float(values.mean()), "spread": spread, "per_item": values, "unit": "nats", "better": "lower"}
