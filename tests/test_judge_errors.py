"""The judge's error rates: what the committed simulation says is what it gives again, and no rate is above its promise."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
COMMITTED = json.loads((FOLDER / "judge_errors.json").read_text())
_spec = importlib.util.spec_from_file_location("judge_errors", FOLDER / "judge_errors.py")
judge_errors = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(judge_errors)
NOISE = 3 * (0.05 * 0.95 / COMMITTED["repeats"]) ** 0.5
"""Three standard errors of a rate of 5 %"""


def named(row: dict) -> str:
    return f"{row['seeds']} seeds, difference {row['difference']}"


@pytest.mark.parametrize("row", COMMITTED["agreement"][14::11], ids=named)
def test_agreement_gives_the_committed_shares_again(row):
    asked = {k: row[k] for k in ("seeds", "spread", "difference")}
    assert judge_errors.agreement(**asked, repeats=COMMITTED["repeats"]) == row


@pytest.mark.parametrize("row", COMMITTED["claims"][6:10:3], ids=named)
def test_claims_give_the_committed_shares_again(row):
    asked = {k: row[k] for k in ("seeds", "difference")}
    assert judge_errors.claim(**asked, repeats=COMMITTED["repeats"]) == row


def test_all_cases_are_there_and_their_shares_are_whole():
    asked = [(r["seeds"], r["spread"], r["difference"]) for r in COMMITTED["agreement"]]
    assert asked == [
        (s, spread, d) for s in judge_errors.SEEDS for spread in judge_errors.SPREADS for d in judge_errors.DIFFERENCES
    ]
    assert {s for s, *_ in asked} == {1, 3, 5, 10} and {d for *_, d in asked} == {0, 0.5, 1, 2}
    for row in COMMITTED["agreement"] + COMMITTED["claims"]:
        assert sum(row["said"].values()) == pytest.approx(1)


def test_one_seed_says_nothing():
    for row in COMMITTED["agreement"] + COMMITTED["claims"]:
        if row["seeds"] == 1:
            assert row["said"]["inconclusive" if "inconclusive" in row["said"] else "cannot tell"] == 1
            assert row["wrong"] == 0


def test_each_word_of_agreement_is_wrong_in_five_of_a_hundred_at_most():
    for row in COMMITTED["agreement"]:
        said, d = row["said"], row["difference"]
        assert d < 1 or said["equivalent"] <= 0.05 + NOISE, row
        # rounding to the printed digits adds to the error where seeds spread by no more than a few of them
        rounded = 0.01 if row["spread"] < 0.03 else 0.0
        assert d > 1 or said["higher"] + said["lower"] <= 0.05 + NOISE + rounded, row
        if row["seeds"] > 1 and d == 1:
            assert row["wrong"] == pytest.approx(said["equivalent"] + said["higher"] + said["lower"])


def test_a_claim_of_nothing_is_seldom_decided_and_more_seeds_find_what_is_there():
    shares = {(r["seeds"], r["difference"]): r["said"] for r in COMMITTED["claims"]}
    for seeds in (5, 10):
        said = shares[seeds, 0]
        exact = {5: 1 / 32, 10: 56 / 1024}[seeds]  # five of five; eight or more of ten
        assert said["holds"] == pytest.approx(exact, abs=0.01) and said["does not hold"] == pytest.approx(
            exact, abs=0.01
        )
        assert shares[seeds, 2]["does not hold"] == 0
    assert shares[3, 2]["holds"] == 0, "three seeds lean at most"
    assert shares[5, 0.5]["holds"] < shares[5, 1]["holds"] < shares[5, 2]["holds"] < shares[10, 2]["holds"]


def test_the_text_is_that_of_the_numbers():
    assert (FOLDER / "judge_errors.md").read_text() == judge_errors.markdown(COMMITTED)


def test_the_command_writes_both(tmp_path, monkeypatch):
    monkeypatch.setattr(judge_errors, "SPREADS", (0.05,))
    judge_errors.main(["--repeats", "2", "--out", str(tmp_path / "e.json")])
    found = json.loads((tmp_path / "e.json").read_text())
    assert found["repeats"] == 2 and len(found["agreement"]) == 16 and len(found["claims"]) == 16
    assert (tmp_path / "e.md").read_text() == judge_errors.markdown(found)
