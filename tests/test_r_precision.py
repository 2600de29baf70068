"""R-precision: brute force, closed forms, random codes, the spreads that its protocols print, and what is refused."""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from redraw.core import RedrawError
from redraw.metrics import METRICS
from redraw.metrics.r_precision import Ranks, chances, r_precision

LACKS = "beside its own for image 0: take more captions"


def made(
    n: int, classes: int = 5, signal: float = 0.4, width: int = 16, seed: int = 0, texts: int | None = None
) -> dict:
    """Codes of ``n`` images and their captions, of which there are ``texts`` different ones."""
    rng = np.random.default_rng(seed)
    which = np.arange(n) % (texts or n)
    text = rng.normal(size=(n, width)).astype(np.float32)[which]
    image = (signal * text + rng.normal(size=(n, width))).astype(np.float32)
    return {
        "image_embedding": 3 * image,
        "text_embedding": text,
        "class_id": rng.integers(0, classes, n),
        "captions": np.array([f"bird {k}" for k in which]),
    }


def ranks_by_hand(items: dict, exclusive: bool, same_text: bool) -> Ranks:
    """Pair by pair, with similarities in float64."""
    unit = {
        k: items[k] / np.linalg.norm(items[k].astype(float), axis=1)[:, None]
        for k in ("image_embedding", "text_embedding")
    }
    found = []
    for i, image in enumerate(unit["image_embedding"]):
        own, counts = image @ unit["text_embedding"][i], [0, 0, 0]
        for j, text in enumerate(unit["text_embedding"]):
            same = items["captions"][i] == items["captions"][j]
            if i == j or (exclusive and items["class_id"][i] == items["class_id"][j]) or (same and not same_text):
                continue
            counts[0] += 1
            counts[1] += not same and image @ text > own
            counts[2] += same
        found.append(counts)
    return Ranks(*np.array(found).T)


@pytest.mark.parametrize(("exclusive", "same_text", "texts"), [*product((True, False), (True, False), (None, 23))])
def test_the_expectation_is_that_of_ranks_counted_pair_by_pair(exclusive, same_text, texts):
    items = made(90, texts=texts)
    how = {"exclusive": exclusive, "same_text": same_text}
    for replacement, tie in product((True, False), ("own", "shared", "other")):
        found = r_precision(items, candidates=12, replacement=replacement, tie=tie, **how)
        expected = chances(ranks_by_hand(items, **how), 11, replacement, tie)
        np.testing.assert_allclose(found["per_item"], expected, rtol=1e-9, atol=1e-12)
        assert found["value"] == pytest.approx(100 * expected.mean()) and found["n"] == 90
        low, high = found["envelope"]
        assert low <= found["value"] <= high
        assert np.mean(found["per_fold"]) == pytest.approx(found["value"], abs=1e-9)


def test_chances_are_those_of_all_draws():
    """Of six captions two are nearer, one is as near; three are drawn."""
    kinds, ranks = ["nearer"] * 2 + ["equal"] + ["far"] * 3, Ranks(*np.array([[6], [2], [1]]))

    def mean(draws, tie):
        hits = []
        for draw in draws:
            equal = [kinds[k] for k in draw].count("equal")
            share = {"own": 1, "shared": 1 / (1 + equal), "other": float(equal == 0)}[tie]
            hits.append(share * ("nearer" not in [kinds[k] for k in draw]))
        return np.mean(hits)

    for tie in ("own", "shared", "other"):
        assert chances(ranks, 3, False, tie)[0] == pytest.approx(mean(list(combinations(range(6), 3)), tie), rel=1e-12)
        assert chances(ranks, 3, True, tie)[0] == pytest.approx(mean(list(product(range(6), repeat=3)), tie), rel=1e-12)
    assert chances(ranks, 3, False, "own")[0] == pytest.approx(comb(4, 3) / comb(6, 3), rel=1e-12)
    assert chances(Ranks(*np.array([[6.0], [4], [0]])), 3, False, "own")[0] == 0, "three cannot miss four of six"
    assert chances(Ranks(*np.array([[2.0], [0], [0]])), 99, False, "own")[0] == 1


def test_the_expectation_is_the_mean_of_draws_gathered_caption_by_caption():
    """DM-GAN's way, drawn 200 times: the own caption first, others of other classes with replacement, the first arg max."""
    items = made(150, signal=0.7)
    found = r_precision(items, replacement=True)
    unit = {k: items[k] / np.linalg.norm(items[k], axis=1)[:, None] for k in ("image_embedding", "text_embedding")}
    rng, values = np.random.default_rng(1), []
    others = [np.flatnonzero(items["class_id"] != c) for c in items["class_id"]]
    for _ in range(200):
        chosen = np.array([[i, *rng.choice(others[i], 99)] for i in range(150)])
        similar = np.einsum("nd,nkd->nk", unit["image_embedding"], unit["text_embedding"][chosen])
        values.append(100 * (similar.argmax(1) == 0).mean())
    assert 20 < found["value"] < 80
    assert abs(np.mean(values) - found["value"]) < 3 * np.std(values) / 200**0.5
    sampled = [r_precision(items, protocol="sampled", replacement=True, seed=k) for k in range(100)]
    thrown = [s["value"] for s in sampled]
    assert abs(np.mean(thrown) - found["value"]) < 3 * np.std(thrown) / 10
    assert np.std(thrown) == pytest.approx(np.std(values), rel=0.25)
    assert set(np.unique(sampled[0]["per_item"])) == {0, 1} and len(set(thrown)) > 10


def test_random_codes_give_chance_and_perfect_ones_a_hundred():
    noise = made(1500, signal=0)
    for protocol in ("analytic", "sampled", "in_batch"):
        found = r_precision(noise, protocol=protocol)
        assert found["value"] == pytest.approx(1, abs=1) and found["parts"] == {"chance": 1, "candidates": 100}
    perfect = made(300) | {"image_embedding": made(300)["text_embedding"]}
    for protocol in ("analytic", "sampled", "in_batch"):
        assert r_precision(perfect, protocol=protocol)["value"] == pytest.approx(100, abs=1e-9)


def test_groups_by_hand():
    items = made(57, texts=31)
    items["text_embedding"] = items["text_embedding"].astype(np.float64)
    order = np.random.default_rng([4, 1]).permutation(57)
    for exclusive, same_text, tie in product((True, False), (True, False), ("own", "other")):
        how = {"exclusive": exclusive, "same_text": same_text, "tie": tie}
        found = r_precision(items, protocol="in_batch", candidates=10, seed=4, **how)
        values = []
        for group in order[:50].reshape(5, 10):
            part = {name: values_[group] for name, values_ in items.items()}
            ranks = ranks_by_hand(part, exclusive, same_text)
            values.append(100 * ((ranks.nearer == 0) & ((ranks.equal == 0) | (tie == "own"))).mean())
        assert found["per_fold"] == pytest.approx(values) and found["n"] == 50
        assert found["value"] == pytest.approx(np.mean(values)) and found["spread"] == pytest.approx(np.std(values))


def test_spreads_have_the_size_that_each_protocol_prints():
    """At 72 %: ten random folds differ by sqrt(p (1 - p) / (N / 10)), groups of 100 as the papers' ± of 4.4."""
    items = made(6000, classes=50, signal=0.75, width=20)
    analytic, sampled, grouped = (
        r_precision(items, protocol=protocol, exclusive=False) for protocol in ("analytic", "sampled", "in_batch")
    )
    p = analytic["value"] / 100
    assert 0.6 < p < 0.8
    assert sampled["spread"] == pytest.approx(100 * (p * (1 - p) / 600) ** 0.5, rel=0.6)
    assert (
        grouped["spread"] == pytest.approx(100 * (p * (1 - p) / 100) ** 0.5, rel=0.3) and len(grouped["per_fold"]) == 60
    )
    assert analytic["per_item"].std() < sampled["per_item"].std(), "the draw adds to what the items differ by"
    assert grouped["value"] == pytest.approx(analytic["value"], abs=1.5) == pytest.approx(sampled["value"], abs=1.5)


def test_captions_of_the_own_class_are_harder():
    items = made(400, classes=4, signal=0.6)
    rng = np.random.default_rng(1)
    items["text_embedding"] += 2 * rng.normal(size=(4, 16))[items["class_id"]]
    items["image_embedding"] = items["text_embedding"] + rng.normal(size=(400, 16))
    easy, hard = (r_precision(items, exclusive=exclusive) for exclusive in (True, False))
    assert easy["value"] > hard["value"] + 3
    for found in (easy, hard):
        assert found["envelope"][0] <= hard["value"] < easy["value"] <= found["envelope"][1]


def test_a_caption_read_twice_is_one_even_where_its_last_bits_differ():
    items = made(40, texts=8)
    shaken = items | {"text_embedding": items["text_embedding"] * (1 + 1e-6 * np.arange(40)[:, None])}
    assert r_precision(shaken, tie="other")["value"] == pytest.approx(
        r_precision(items, tie="other")["value"], abs=1e-3
    )
    lost, kept = (r_precision(items, tie=tie, same_text=True)["value"] for tie in ("other", "own"))
    assert lost < 0.8 * kept


def test_few_captions_are_all_candidates_and_the_number_is_said():
    items = made(30, classes=3)
    found = r_precision(items)
    counts = np.bincount(items["class_id"])
    assert found["parts"]["candidates"] == 1 + 30 - counts.max()
    ranks = ranks_by_hand(items, True, False)
    np.testing.assert_allclose(found["per_item"], ranks.nearer == 0, atol=1e-12)
    group = r_precision(items, protocol="in_batch", exclusive=False)
    assert group["parts"] == {"chance": pytest.approx(100 / 30), "candidates": 30} and group["spread"] is None
    assert group["value"] == pytest.approx(100 * (ranks_by_hand(items, False, False).nearer == 0).mean())


def test_scale_does_not_matter_and_a_code_of_nought_is_near_to_nothing():
    items = made(60)
    grown = items | {"image_embedding": items["image_embedding"] * np.linspace(0.1, 9, 60)[:, None]}
    assert r_precision(grown)["value"] == pytest.approx(r_precision(items)["value"])
    blind = items | {"image_embedding": np.zeros((60, 16))}
    found = {tie: r_precision(blind, tie=tie, candidates=10)["value"] for tie in ("own", "shared", "other")}
    assert found == {"own": 100, "shared": pytest.approx(10), "other": 0}


@pytest.mark.parametrize(
    ("changes", "options", "line"),
    [
        ({}, {"protocol": "sample"}, 'r_precision: protocol is "sample": did you mean "sampled"?'),
        ({}, {"tie": "one"}, 'r_precision: tie is "one": did you mean "own"?'),
        ({}, {"candidates": 1}, "r_precision: candidates 1: give 2 or more"),
        ({}, {"folds": 41}, "r_precision: 40 items give no 41 folds: raise n or take fewer folds"),
        ({"class_id": np.full(40, -1)}, {}, "r_precision: exclusive, but some images have no class: give exclusive: false"),
        ({"class_id": np.zeros(40, int)}, {}, f"r_precision: no captions of other classes {LACKS}"),
        ({"captions": np.array(["a bird"] * 40)}, {"exclusive": False}, f"r_precision: no captions {LACKS}"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_one_line(changes, options, line):
    with pytest.raises(RedrawError) as fault:
        r_precision(made(40) | changes, **options)
    assert str(fault.value) == line


def test_images_without_a_class_are_scored_where_classes_do_not_matter():
    items = made(40)
    found = r_precision(items | {"class_id": np.full(40, -1)}, exclusive=False)
    assert found["value"] == r_precision(items, exclusive=False)["value"]
    assert METRICS["r_precision"].reads == ("image_embedding", "text_embedding", "class_id", "captions")
