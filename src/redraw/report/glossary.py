"""What each verdict means, in one sentence for a reader who has seen no other page: legends, notes, and the schema."""

from __future__ import annotations

from collections.abc import Iterable

from .page import verdict

MEANS = {
    "adds up": "the printed number is possible, and agrees with the others that it is tied to",
    "open to reading": "the printed number adds up only under one reading of it, or cannot be checked",
    "does not add up": "the printed number cannot be what it says it is",
    "same": "every field of the protocol that the paper states is ours, too",
    "near": "the paper leaves part of its protocol unsaid, or it differs where that does not matter",
    "differs": "data, scale or scorer are not the paper’s",
    "exact": "our mean rounds to the printed digits",
    "equivalent": "our value lies within the margin declared beforehand",
    "higher": "our value lies above the printed one by more than the margin",
    "lower": "our value lies below the printed one by more than the margin",
    "inconclusive": "our seeds are too few, or too far apart, to say whether the two agree",
    "not comparable": "other data, scale or scorer than in the paper: ours is shown, nothing is subtracted",
    "quoted": "the paper took the number over from another one",
    "not run": "no run of ours has been scored for it",
    "not computed": "the machine that ran it could not compute the metric",
    "not collected": "people have to judge this, and their judgements are not here",
    "holds": "our runs bear the paper’s sentence out, five seeds or more",
    "leans the same way": "two to four seeds point where the paper’s sentence does",
    "leans the other way": "two to four seeds point against the paper’s sentence",
    "does not hold": "our runs speak against the paper’s sentence, five seeds or more",
    "cannot tell": "one seed, or seeds without a clear side",
    "not testable here": "on these data the metric does not tell good from bad, so it decides nothing",
    "nothing of ours": "no run of ours has been scored for it",
    "no claim rests on it": "no sentence of the paper that we test is built on this number",
    "blank in print": "the paper prints no number here",
}
"""By word, without a full stop; the words are those of `audit.MARKS`."""


def fold(words: Iterable[str]) -> str:
    """What the words mean, as markup behind a fold."""
    terms = "".join(f"<dt>{verdict(word)}</dt><dd>{MEANS[word][:1].upper()}{MEANS[word][1:]}.</dd>" for word in words)
    return f'<details class="words"><summary>What these words mean</summary><dl>{terms}</dl></details>' if terms else ""
