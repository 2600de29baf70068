"""The schema beside audit.json: it describes every field, knows the words of the report, and refuses what it does not know."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from redraw.core import RedrawError
from redraw.report import audit, audit_schema, glossary, render

EXAMPLE = Path(__file__).parent / "data" / "render_example.json"


@pytest.fixture
def example() -> dict:
    return json.loads(EXAMPLE.read_text())


@pytest.fixture
def written(example: dict, tmp_path: Path) -> tuple[dict, dict]:
    """(audit.json, its schema) as a reader finds them."""
    render.write_index(example["tables"], None, tmp_path, example["context"])
    found = json.loads((tmp_path / "audit.json").read_text())
    return found, json.loads((tmp_path / found["$schema"]).read_text())


def test_audit_json_is_as_the_schema_beside_it_says(written: tuple[dict, dict]) -> None:
    found, schema = written
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(found)
    assert found["cells"] and found["claims"] and found["lineage"]


def test_every_field_has_a_description(written: tuple[dict, dict]) -> None:
    def bare(part: object, path: str) -> list[str]:
        if not isinstance(part, dict):
            return []
        fields = part.get("properties", {})
        found = [f"{path}.{name}" for name, form in fields.items() if not form.get("description")]
        return found + [b for name, form in part.items() for b in bare(form, f"{path}.{name}")]

    assert bare(written[1], "") == []


def test_the_words_are_those_of_the_report(written: tuple[dict, dict]) -> None:
    for name, question in audit.QUESTIONS.items():
        verdicts = written[1]["$defs"][name]["properties"]["verdict"]["oneOf"]
        assert [v["const"] for v in verdicts] == list(question.words)
        assert all(v["description"] == glossary.MEANS[v["const"]] for v in verdicts)
    assert set(glossary.MEANS) == set(audit.MARKS)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cells", 0, "agrees", "verdict"), "splendid"),
        (("cells", 0, "possible", "verdict"), "exact"),  # a word of another question
        (("cells", 0, "ours"), "1.0"),
        (("cells", 0, "unheard"), 1),
        (("claims", 0, "verdict"), "exact"),
        (("claims", 0, "printed_holds"), "yes"),
        (("summary", "counts", "agrees", "exact"), -1),
        (("lineage",), []),
        (("more",), {}),
    ],
)
def test_what_is_not_so_described_is_refused(written: tuple[dict, dict], path: tuple, value: object) -> None:
    found, schema = written
    at = found
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert not jsonschema.Draft202012Validator(schema).is_valid(found)
    with pytest.raises(RedrawError, match=r"^audit\.json, .*: describe it in report/audit_schema\.py$"):
        audit_schema.check(found)


@pytest.mark.parametrize("name", ["agrees", "cell_id", "runs"])
def test_a_field_that_is_missing_is_refused(written: tuple[dict, dict], name: str) -> None:
    del written[0]["cells"][0][name]
    assert not jsonschema.Draft202012Validator(written[1]).is_valid(written[0])


def test_a_fault_leaves_the_old_files(example: dict, tmp_path: Path) -> None:
    before = {p.name: p.read_bytes() for p in render.write_index(example["tables"], None, tmp_path)}
    example["tables"][0]["claims"][0]["origin"] = "rumour"
    with pytest.raises(RedrawError, match="rumour"):
        render.write_index(example["tables"], None, tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_one_line_adds_a_described_field(example: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(audit_schema.CELL, "wanted", ({"type": ["integer", "null"]}, "Seeds that would settle it."))
    cell = next(c for t in example["tables"] for *_, c in audit.cells(t))
    cell["wanted"] = 7
    found = audit.structure(example["tables"], audit.summary(example["tables"]), {})
    audit_schema.check(found)
    assert [c["wanted"] for c in found["cells"]][:2] == [7, None]


def test_the_other_schema_is_another_file() -> None:
    assert audit_schema.FILE == "audit.schema.json"  # what users write their own tables by is audit.schema.yaml
    assert audit_schema.schema()["$id"] == audit_schema.FILE
