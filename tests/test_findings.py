"""What was found: its words, its pages, and that each demonstration still computes the figures that carry it."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import jsonschema
import pytest

from redraw import cli, demonstrations, findings
from redraw.core import RedrawError
from redraw.report import audit_schema, front_text, html, markdown
from redraw.report import findings as pages
from redraw.sheets import SCHEMAS, check, read_sheets, read_yaml

SHEETS = read_sheets()
FOUND = {key: f for sheet in SHEETS.values() for key, f in sheet.get("findings", {}).items()}
SHOWN = {f["demonstration"].removeprefix("demonstrations.") for f in FOUND.values() if "demonstration" in f}
EXAMPLE = Path(__file__).parent / "data" / "render_example.json"

Numbers = list[list[float]]


def numbers(lines: Iterable[str]) -> Numbers:
    """All numbers of each line: "3,000 of 2.5e-03" -> [3000, .0025]."""
    pattern = r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?"
    return [[float(n.replace(",", "")) for n in re.findall(pattern, line)] for line in lines]


def near(a: float, b: float, share: float = 0.05) -> bool:
    return abs(a - b) <= share * abs(b) + 1e-9


# What the figures of each demonstration must be: of its sentences in order, as numbers.
CARRIES: dict[str, Callable[[Numbers], bool]] = {
    "adversarial:interpolation_weight": lambda n: n[0][-1] == 1 and n[1][-1] == 0.5 and near(n[1][0], 2 / 3),
    "adversarial:silent_extra_fakes": lambda n: n[0][0] >= 3,
    "adversarial:missing_block": lambda n: n[0][0] > 1.5 * n[1][0] and n[2][0] > 500_000,
    "adversarial:signs_of_algorithm_1": lambda n: (
        n[0][0] < 0.1 < 0.9 < n[0][1] and n[1][0] > 0.9 and n[0][3] < 0.1 < 0.9 < n[1][3]
    ),
    "adversarial:saturating_loss": lambda n: n[0][-1] == 1 and n[-1][-1] == 999,
    "adversarial:weight_of_the_divergence": lambda n: [row[-1] for row in n] == [64, 64] and n[0][0] == 64,
    "adversarial:rectified_deviations": lambda n: n[0][0] < 0.3 and n[2][:2] == [1.0, 0.0] and n[2][-2] == 0 and n[0][1] > 40,
    "adversarial:cut_off_noise": lambda n: n[0] == [1.0, 4.5, 2] and near(n[1][0], 0.88) and n[1][1] == 0,
    "adversarial:overwritten_weights": lambda n: n[0][1] == 0 < n[0][0] and n[1][0] == 0 < n[1][1] and n[2][1] > 3,
    "adversarial:mismatched_is_real": lambda n: n == [[0.5], [0.667]],
    "adversarial:colour_terms": lambda n: [row[-1] for row in n] == [3, 9],
    "adversarial:matching_wrong_images": lambda n: n[0][0] < 0.02 and near(n[2][0], 1, 0.1) and n[3][0] == 100,
    "adversarial:shared_noise": lambda n: (
        [n[0][0], n[1][0]] == [29280, 2928] and near(n[1][1], 10**0.5, 0.15) and near(n[0][1], 1, 0.15)
    ),
    "neighbours:unequal_networks": lambda n: n[0][0] > n[1][0] > 10 * n[2][0] and n[1][1] == n[0][1] > 20 * n[2][1],
    "neighbours:variances_of_families": lambda n: (
        all(near(line[0], 1, 0.02) for line in n) and [near(line[3], 1, 0.02) for line in n] == [True, False, True, False]
    ),
    "arithmetic:perplexities_from_nll": lambda n: (
        near(n[0][0], 79.88, 0.001) and near(n[1][0], 96.67, 0.001) and len(n) == 4 and n[2] == [368.9, 45.48, 46.4]
    ),
    "arithmetic:sums_of_ranks": lambda n: n[0][:3] == [6.17, 3, 6] and n[1][0] == n[2][0] == 3,
    "arithmetic:spreads_of_two_ranks": lambda n: sum(a != b for a, b in n) == 2 and len(n) == 9,
    "arithmetic:gain_over_two_printings": lambda n: [n[0][0], n[1][0]] == [14.14, 7.92] and n[2][:2] == [2.8, 8.9],
    "arithmetic:digits_of_a_gain": lambda n: n == [[170.25, 170.06, 170.44, 7.7]],
    "arithmetic:folds_behind_a_spread": lambda n: len(n) == 7 and all(r[0] < 150 and r[-1] < 1 for r in n) and n[5][0] == 111,
    "arithmetic:rows_of_chance": lambda n: (
        n[0][2:4] == [95, 105] and all(90 <= v <= 110 for v in n[0][2:4] + n[0][-2:]) and n[4][-1] < 65
    ),
    "arithmetic:halved_step_sizes": lambda n: near(n[0][0] / n[1][0], 64),
    "arithmetic:judgements_behind_a_spread": lambda n: all(60 <= v <= 1600 for row in n for v in row) and n[1] == [126, 126],
    "attention:tiled_masks": lambda n: n[0][0] > 5 and n[0][1] > 0.5 and n[0][2] > 20 and not any(n[1]) and not any(n[2]),
    "attention:missing_exponent": lambda n: n[2] == [50, 5] and n[1][-1] > 2 * n[0][-1],
    "attention:counted_regions": lambda n: n == [[288], [17, 17, 289, 768]],
    "attention:first_word_left_out": lambda n: n[0][0] > 0.9 * n[0][1] and n[1][0] < 0.7 * n[1][1],
    "attention:sharper_regions": lambda n: n[1][0] > 1.5 * n[0][0],
    "attention:drifting_statistics": lambda n: n[0] == [0, 0] and n[1][0] == 0 and n[1][1] > 0.3,
    "attention:aligned_corners": lambda n: 0.2 < n[0][0] < 3 and n[0][1] >= 3,
    "attention:words_at_random_places": lambda n: [row[0] for row in n] == [90, 75, 60] and n[2][-1] == 40,
    "attention:forgotten_moments": lambda n: (
        near(n[0][0], n[0][2], 0.1) and near(n[1][0], 1, 0.01) and near(n[1][2], n[0][2], 0.1)
    ),
    "captioning:doubly_stochastic_readings": lambda n: (
        near(n[1][1], 64 / 196, 0.01) and near(n[2][1], 1 / 196, 0.01)
    ),
    "captioning:turned_reward": lambda n: n[0][0] < 5 and n[1][0] > 95,
    "captioning:borrowed_scores": lambda n: n[0][0] > n[1][0],
    "captioning:brevity": lambda n: n[0][0] == n[0][1] and n[2][0] > n[0][0] and n[2][1] < n[0][1],
    "captioning:raw_lines": lambda n: n[0][1] > 3 + n[1][1],
    "captioning:uncorrected_steps": lambda n: near(n[0][0], 3.5) and n[1][0] > 5 and n[3][0] < 1.2,
    "captions:batch_reversed_captions": lambda n: n == [[50, 50, 0], [50, 0, 50], [100, 0, 0]],
    "captions:averaged_captions": lambda n: (
        n[0][0] == 1 and near(n[1][0], 0.5) and near(n[2][0], (6 / 36) ** 0.5) and n[3][0] > n[2][0]
    ),
    "captions:unknown_characters": lambda n: n[0][0] < 30 and n[1][0] < n[2][0] == n[2][1] and n[3] == [60, 37],
    "captions:captions_of_four_workers": lambda n: n[0][0] < 15 and n[1][0] == 100 and near(n[0][2], n[1][2], 0.02),
    "captions:ungated_first_step": lambda n: n[0][0] > 1.5 * n[0][1] and n[1][0] > 50 > n[1][1] and n[2][0] > 10,
    "digits:labels_unsorted": lambda n: [row[0] for row in n[:3]] == [100] * 3 and near(n[1][1], 10.8) and near(n[2][1], 14.7),
    "digits:captions_of_a_digit": lambda n: (
        n[0] == [12, 0, 1, 2, 13, 3, 4, 5, 6, 7, 8, 9] and n[1][:2] == [2, 0] and n[2][0] == 8
    ),
    "digits:sign_of_equation_1": lambda n: n[0][1] < 45 < 60 < n[1][1],
    "digits:missing_commas": lambda n: n == [[12, 12], [10, 12]],
    "digits:live_dropout": lambda n: n[0][0] > 80 and n[1][0] < n[0][0] - 1,
    "digits:variance_of_the_loss": lambda n: n[0][0] == 1.96 and near(n[1][0], n[1][1], 1e-5) and n[2][0] < n[0][1] < n[2][1],
    "likelihood:displaced_windows": lambda n: (
        [row[:2] for row in n] == [[0, -0.69], [0, -1.11], [0, 0.51]]
    ),
    "likelihood:divergence_constant": lambda n: n[0] == [0, 0, 45],
    "likelihood:repeated_noise": lambda n: near(n[1][0], 8) and near(n[1][1], 64),
    "likelihood:grey_targets": lambda n: n[0][0] > 5 and n[1][0] == 0,
    "likelihood:repeated_drops": lambda n: n[0][1:8:2] == [1e-3, 1e-3, 1e-4, 1e-5],
    "likelihood:clipped_tensors": lambda n: (
        n[0][:2] == [10, 10] and near(n[1][1], 10 * 30**0.5, 0.01) and n[1][2] < 0.9 < n[0][2]
    ),
    "likelihood:identical_seeds": lambda n: all(abs(row[0]) < 0.05 and row[1] == 1 for row in n[:3]) and n[3] == [0],
    "likelihood:full_accumulators": lambda n: n[0] == [1, 0] and n[1][1] < 0.05 and n[3][1] > 0.9 and n[7][1] < 0.1,
    "places:constant_text": lambda n: n[1][0] == 64 and all(row[2] == row[3] == 256 and row[4] < 1e-6 for row in n),
    "places:boxes_at_the_edge": lambda n: n[0] == [30, 0, 30, 40, 0, 40] and n[1][0] == n[1][3] == 30,
    "places:what_all_share": lambda n: n[0][0] > 2 and n[1][0] > 1 and n[2][0] < 0.01,
    "places:squares_at_the_edge": lambda n: n[0] == [300, 300, 0] and n[1] == [250, 300, 20] and n[2][2] < -10,
    "places:unswapped_sides": lambda n: n == [[6, 6]],
    "places:right_among_wrong": lambda n: near(n[0][0], 100 / 16) and near(n[0][1], 0.6, 0.3),
    "places:lost_noise": lambda n: [row[0] for row in n] == [0, 0],
    "places:uncounted_step": lambda n: n[0][0] == 201 and n[0][2] == 1e-10 and n[0][3] == 200 and n[1][-1] == 0,
    "places:saved_colours": lambda n: n[1][0] > n[0][0] + 5 and n[2][1:] == [0, 255] and n[0][2] < 200,
    "ranks:equal_codes": lambda n: [row[0] for row in n] == [100, 1, 0],
    "ranks:easier_candidates": lambda n: n[0][0] > 1 + n[1][0] and n[2][1] > 2 * n[1][1],
    "ranks:folds_in_order": lambda n: len({row[0] for row in n}) == 1 and n[0][1] < 1.2 < 4 < n[1][1] and n[2][1] > 4,
    "ranks:lost_images": lambda n: n[0] == [29990, 30000] and n[1][0] < 0.01,
    "ranks:judge_in_the_loss": lambda n: n[0][0] < 5 and n[1][0] > 95 and n[1][1] < 10,
    "ranks:flat_images_first": lambda n: n[0][1] < 5 and n[1][1] > 40 and n[2][1] == 1,
    "ranks:cut_off_bytes": lambda n: n == [[0], [-0.5]],
    "scores:images_in_order": lambda n: n[0][0] < 0.9 * n[1][0] and n[1][1] > 10,
    "scores:images_in_all": lambda n: n[0][0] < n[1][0] < n[3][0] and n[1][1] < -1 and n[7][1] < -5,
    "scores:noise_of_folds": lambda n: n[0][1] - n[0][0] < 0.01 and max(n[1][:5]) > 1.3 * min(n[1][:5]),
    "scores:rules_of_the_evaluator": lambda n: [n[0][0], n[1][0]] == [2880, 29952] and n[2][0] < 10 and n[3] == [64, 43.07],
    "scores:best_of_snapshots": lambda n: n[0][2] > 0.03 and n[1][2] < n[0][2],
    "scores:distances_of_equals": lambda n: (
        n[0][0] > 2 * n[1][0] > 4 * n[2][0] > 4 * n[3][0] and abs(n[2][1]) < 0.001 and n[2][2] < n[2][0]
    ),
    "scores:range_of_pixels": lambda n: n[1] == [-1, 1] * 3 and n[2][:2] == [-0.03, 0.43] and n[3] == [23.98, 14.01],
    "scores:monitored_range": lambda n: n[1][0] == -2.12 and n[1][-1] == 2.64,
    "scores:readings_of_similarity": lambda n: (
        abs(n[0][0] - n[1][0]) > 0.001 and n[3][1] - n[3][0] > 0.1 and n[3][2:] == [0.001, 0.009]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_demonstration_computes_the_figures_that_carry_its_finding(name: str):
    found = findings.demonstration(f"demonstrations.{name}")()
    assert found and all(isinstance(k, str) and isinstance(v, str) and v for k, v in found.items())
    assert CARRIES[name](numbers(found.values())), found


def test_each_demonstration_says_which_findings_it_is_of_and_each_has_its_check():
    assert set(CARRIES) == SHOWN
    for name in SHOWN:
        said = inspect.getdoc(findings.demonstration(f"demonstrations.{name}")).partition(":")[0]
        own = {key for key, f in FOUND.items() if f.get("demonstration") == f"demonstrations.{name}"}
        assert set(said.split(", ")) == own, name


def test_no_demonstration_lies_idle():
    for path in Path(demonstrations.__file__).parent.glob("*.py"):
        module = importlib.import_module(f"redraw.demonstrations.{path.stem}".removesuffix(".__init__"))
        for name, function in inspect.getmembers(module, inspect.isfunction):
            taken = inspect.signature(function)
            shows = taken.return_annotation == "dict[str, str]" and not taken.parameters
            if shows and function.__module__ == module.__name__:
                assert f"{path.stem}:{name}" in SHOWN


# --- the sheets' words --------------------------------------------------------------------------------------------


def test_the_words_are_those_of_the_schema():
    fields = read_yaml(SCHEMAS / "paper.schema.yaml")["properties"]["findings"]["additionalProperties"]["properties"]
    assert fields["kind"]["enum"] == [*pages.KINDS] and fields["severity"]["enum"] == [*pages.SEVERITIES]
    assert {f["kind"] for f in FOUND.values()} == {*pages.KINDS}, "a kind that no finding has"


def test_findings_are_numbered_without_a_gap_and_run_or_say_why_not():
    for sheet in SHEETS.values():
        own = list(sheet.get("findings", {}))
        assert all(("demonstration" in f) != ("undemonstrated" in f) for f in sheet.get("findings", {}).values())
        assert len({key.rpartition("-")[0] for key in own}) <= 1
        assert [int(key.rpartition("-")[2]) for key in own] == list(range(1, len(own) + 1)), sheet["paper"]["id"]


def test_a_finding_names_differences_that_its_sheet_has():
    for sheet in SHEETS.values():
        known = {*sheet.get("differences", {}), *sheet.get("misprints", {})}
        for key, f in sheet.get("findings", {}).items():
            named = re.findall(r"\b([DM]\d+)\b", " ".join([f["says"], *re.findall(r"\(([^()]*)\)", f["source"])]))
            assert set(named) <= known, key


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda f: f.pop("severity"), "'severity' is a required property"),
        (lambda f: f.update(severity="grave"), "'grave': known: changes a printed result, "),
        (lambda f: f.update(kind="missprint"), "'missprint': did you mean \"misprint\"?"),
        (lambda f: f.pop("demonstration"), "'demonstration' is a required property"),
        (lambda f: f.update(demonstration="metrics:x"), "'metrics:x' does not match"),
    ],
)
def test_a_finding_without_its_words_is_an_error_of_one_line(edit: Callable[[dict], object], message: str):
    sheet = copy.deepcopy(SHEETS["ved"])
    edit(sheet["findings"]["VED-1"])
    with pytest.raises(RedrawError) as e:
        check(sheet, "paper.schema.yaml", "papers/ved.yaml")
    assert message in str(e.value) and "VED-1" in str(e.value) and "\n" not in str(e.value)


# --- what is told -------------------------------------------------------------------------------------------------


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheets as they were read above: reading and checking all of them takes seconds."""
    monkeypatch.setattr(findings, "read_sheets", lambda: SHEETS)


def test_the_command_lists_all_findings_the_gravest_first(capsys: pytest.CaptureFixture, read_once: None):
    assert cli.main(["finding"]) == 0
    told = capsys.readouterr().out
    assert all(re.search(rf"^  {key} ", told, re.M) for key in FOUND)
    places = [told.index(f"\n{word}\n") for word in pages.SEVERITIES]
    assert places == sorted(places) and places[0] < told.index("  VED-1 ") < places[1]
    assert cli.main(["finding", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert {one["finding"] for one in value} == {*FOUND} and all(one["severity"] in pages.SEVERITIES for one in value)


def test_the_command_shows_one_finding(capsys: pytest.CaptureFixture, read_once: None):
    assert cli.main(["finding", "STACKGAN-1"]) == 0
    assert "sum to 6.17, ranks of 3 methods to 6: does not add up" in capsys.readouterr().out
    assert cli.main(["finding", "STACKGAN-1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shown"]
    assert cli.main(["finding", "VED-2"]) == 0
    assert "No demonstration: counted in the authors' log" in capsys.readouterr().out
    assert cli.main(["finding", "VED-99"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("redraw: finding VED-99: no such finding: ") and told.count("\n") == 1


@pytest.fixture
def tables() -> list[dict]:
    """Pages' tables of the papers that have findings, everything else of the example's first."""
    base = json.loads(EXAMPLE.read_text())["tables"][0] | {"tables": [], "claims": [], "figures": []}
    return [base | {"paper": s["paper"], "findings": s["findings"]} for s in SHEETS.values() if "findings" in s]


def test_the_front_page_shows_a_handful_of_the_gravest_and_links_the_rest(tables: list[dict]):
    shown = pages.surprising(tables)
    assert 3 <= len(shown) <= pages.MOST and {f["severity"] for *_, f in shown} == {next(iter(pages.SEVERITIES))}
    first = [t["paper"]["id"] for t, *_ in shown]
    assert len(set(first[: len(set(first))])) == len(set(first)), "one of each paper before a second one"
    source = pages.handful(tables)
    assert source.count("<li>") == len(shown) and f"{len(FOUND)} findings in all" in source
    for t in tables:
        linked = f'href="{t["paper"]["id"]}.html#findings"' in source
        assert linked == bool(t["findings"]), "a paper without findings has nothing to link to"
    text = front_text.handful_text(tables)
    assert text.count("1. **") == len(shown) and f"{len(FOUND)} findings in all" in text


def test_a_papers_page_shows_all_that_is_known_of_each_finding(tables: list[dict]):
    for t in tables:
        source, text = html.paper(t), markdown.paper(t)
        for key, f in t["findings"].items():
            item = re.search(rf'<li id="f-{key}">(.*?)</li>', source, re.S).group(1)
            for field in ("kind", "severity"):
                assert f[field] in item and f[field] in text
            for name in ("Changes", "Source"):
                assert f"<dt>{name}</dt>" in item
            assert ("redraw finding " + key in item) == ("demonstration" in f) == (f"`redraw finding {key}`" in text)
    assert "findings" not in pages.section({"findings": {}})


def test_a_finding_is_text_whoever_wrote_it(tables: list[dict]):
    odd = {"title": "<b>x", "says": "a | b <script>", "kind": "misprint", "severity": "changes no printed result"}
    odd |= {"source": "<i>", "changes": "&", "undemonstrated": "<x>"}
    own = [tables[0] | {"findings": {"X-1": odd}}]
    for source in (pages.handful(own), pages.section(own[0])):
        assert "<script>" not in source and "<x>" not in source and "&lt;b&gt;x" in source
    assert "<script>" not in pages.section_text(own[0]) + pages.handful_text(own)


def test_audit_json_holds_findings_as_its_schema_says():
    held = jsonschema.Draft202012Validator(audit_schema.schema()["properties"]["findings"])
    held.validate(FOUND)
    assert not held.is_valid({"VED-1": FOUND["VED-1"] | {"severity": "grave"}})
    assert not held.is_valid({"VED-1": FOUND["VED-1"] | {"verdict": "x"}})
