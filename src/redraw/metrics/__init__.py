"""Metrics: arrays in, numbers out. A metric knows no network and not whom it scores; its name is its protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .accuracy import (
    accuracy,
    accuracy_at_length,
    accuracy_by_length,
    accuracy_by_operator,
    accuracy_labels_unsorted,
    error,
)
from .active import active_units
from .agreement import embedding_agreement, embedding_difference
from .annealing import annealed_bound, annealing_gap
from .attribute_similarity import FIELDS as SIMILAR
from .attribute_similarity import attribute_cosine, attribute_squared_error
from .attributes import attribute_consistency
from .bleu import bleu
from .bounds import importance_bound, variational_bound, variational_bound_all_captions
from .cider import cider
from .confusion import confusion
from .diversity import coverage
from .documents import grammar_perplexity, perplexity, unigram_perplexity
from .evidence import evidence_estimate, latent_fit
from .few_shot import k_shot_accuracy
from .frechet import fid_infinity, frechet_distance
from .inception import inception_score
from .kernel import kernel_distance
from .meteor import meteor
from .published_scores import is_coco, is_cub, is_oxford
from .r_precision import r_precision
from .retrieval import image_retrieval
from .rouge import rouge_l
from .ssim import ssim
from .zero_shot import zero_shot_accuracy

TEXT = "text_embedding"  # the one field that an instrument reads from captions
BOUNDS = ("bounds", "gallery_bounds")
"""What the scored model itself says of real images: of a caption's own, and of each image of its gallery"""
ANNEALED = ("annealed", "annealed_accepted", "annealed_reverse")
"""Chains of annealed importance sampling: their log weights, what they accepted, and log weights of chains run backward"""
CAPTIONED = ("written", "references", "captions")
"""What a captioner writes of an image, needed where that is scored; all captions of it; the one that was asked for"""


@dataclass(frozen=True)
class Metric:
    """``fn(items, **options)`` returns at least ``value``; ``reads`` names the arrays that it needs of the items.

    ``reference``: the same fields of real images are needed beside them, as ``reference_<field>``. ``own``: fields that the
    run itself says, as ``own_<field>``. Further entries that
    ``fn`` may return: ``spread``, ``per_fold``, ``per_item``, ``n`` (items that counted), ``envelope`` [lowest,
    highest] over plausible readings of the protocol, ``parts`` {name: number}, ``curve`` {x, y, x_label} over something
    other than training, which takes the evaluation's name, and ``columns`` {name: {value, and whichever of spread,
    envelope, better, unit, kind}}: further numbers, each scored as <evaluation>/<name>. Raises NotComputed where this
    machine lacks what it takes.
    """

    fn: Callable[..., dict]
    better: str  # higher | lower
    unit: str
    reads: tuple[str, ...]
    reference: bool = False
    own: tuple[str, ...] = ()


METRICS = {
    "accuracy": Metric(accuracy, "higher", "percent", ("logits", "class_id")),
    "accuracy_at_length": Metric(accuracy_at_length, "higher", "percent", ("logits", "class_id", "n_words")),
    "accuracy_by_length": Metric(accuracy_by_length, "higher", "percent", ("logits", "class_id", "captions")),
    "accuracy_by_operator": Metric(accuracy_by_operator, "higher", "percent", ("logits", "class_id", "captions")),
    "accuracy_labels_unsorted": Metric(
        accuracy_labels_unsorted, "higher", "percent", ("logits", "class_id", "n_words")
    ),
    "error": Metric(error, "lower", "percent", ("logits", "class_id")),
    "confusion": Metric(confusion, "higher", "percent", ("logits", "class_id")),
    "inception_score": Metric(inception_score, "higher", "", ("logits",)),
    "is_cub": Metric(is_cub, "higher", "", ("logits",)),
    "is_oxford": Metric(is_oxford, "higher", "", ("logits",)),
    "is_coco": Metric(is_coco, "higher", "", ("logits_unbiased",)),
    "frechet_distance": Metric(frechet_distance, "lower", "", ("features",), reference=True),
    "fid_infinity": Metric(fid_infinity, "lower", "", ("features",), reference=True),
    "kernel_distance": Metric(kernel_distance, "lower", "", ("features",), reference=True),
    "coverage": Metric(coverage, "higher", "percent", ("features",), reference=True),
    "attribute_consistency": Metric(attribute_consistency, "higher", "percent", ("attributes", "captions")),
    "attribute_cosine": Metric(attribute_cosine, "higher", "cosine", SIMILAR),
    "attribute_squared_error": Metric(attribute_squared_error, "lower", "", SIMILAR),
    "zero_shot_accuracy": Metric(
        zero_shot_accuracy, "higher", "percent", ("image_embedding", "text_embedding", "class_id")
    ),
    "embedding_agreement": Metric(
        embedding_agreement, "higher", "cosine", ("text_embedding",), own=("text_embedding",)
    ),
    "embedding_difference": Metric(embedding_difference, "lower", "", ("text_embedding",), own=("text_embedding",)),
    "r_precision": Metric(
        r_precision, "higher", "percent", ("image_embedding", "text_embedding", "class_id", "captions")
    ),
    "k_shot_accuracy": Metric(
        k_shot_accuracy, "higher", "percent", ("context", "support", "support_context", "class_id", "class_name")
    ),
    "image_retrieval": Metric(image_retrieval, "higher", "percent", ("gallery_bounds",)),
    "ssim": Metric(ssim, "higher", "", ("ssim",)),
    "variational_bound": Metric(variational_bound, "lower", "nats", ("bounds",)),
    "variational_bound_all_captions": Metric(variational_bound_all_captions, "lower", "nats", ("bounds", "n_words")),
    "importance_bound": Metric(importance_bound, "lower", "nats", ("bounds",)),
    "perplexity": Metric(perplexity, "lower", "per word", ("bounds", "kl", "n_words")),
    "unigram_perplexity": Metric(unigram_perplexity, "lower", "per word", ("captions",)),
    "grammar_perplexity": Metric(grammar_perplexity, "lower", "per word", ("captions",)),
    "annealed_bound": Metric(annealed_bound, "lower", "nats", ANNEALED[:2]),
    "annealing_gap": Metric(annealing_gap, "lower", "nats", (ANNEALED[0], ANNEALED[2])),
    "evidence_estimate": Metric(evidence_estimate, "higher", "nats", ("evidence",)),
    "latent_fit": Metric(latent_fit, "higher", "nats", ("log_likelihood", "drawn_latents", "drawn_likelihood")),
    "active_units": Metric(active_units, "higher", "units", ("posterior_mean",)),
    "bleu": Metric(bleu, "higher", "percent", CAPTIONED),
    "meteor": Metric(meteor, "higher", "percent", CAPTIONED),
    "rouge_l": Metric(rouge_l, "higher", "percent", CAPTIONED),
    "cider": Metric(cider, "higher", "", CAPTIONED),
}
