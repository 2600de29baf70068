"""The form of `audit.json`, field by field, as a JSON schema that stands beside it. A described field is one line here:

what a cell has under that name then comes into `audit.json`, and nothing that is not described can.
"""

from __future__ import annotations

from typing import Any

from ..core import RedrawError
from . import audit, findings
from .glossary import MEANS

Json = dict[str, Any]
FILE = "audit.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT, _MAYBE, _COUNT = {"type": "string"}, {"type": ["number", "null"]}, {"type": "integer", "minimum": 0}
_TEXTS, _ANY, _FLAG = {"type": "array", "items": _TEXT}, {}, {"type": "boolean"}
_MAYBE_COUNT = {"type": ["integer", "null"], "minimum": 0}


def _object(fields: dict[str, tuple[Json, str]]) -> Json:
    """Exactly these fields, each with its description."""
    properties = {name: {**form, "description": said} for name, (form, said) in fields.items()}
    return {"type": "object", "required": list(fields), "properties": properties, "additionalProperties": False}


def _or_null(form: Json) -> Json:
    return form | {"type": [form["type"], "null"]}


_ELSEWHERE = _object({"value": (_TEXT, "As written there."), "source": (_TEXT, "Where.")})
_SPREADS = _or_null(_object({key: (_MAYBE, "Null where it is not known.") for key in ("seed", "fold", "evaluation")}))
_NEEDS = _or_null(
    _object(
        {
            "seeds": (_MAYBE_COUNT, "So many in all; null where no number of them would."),
            "more": (_MAYBE_COUNT, "Beyond those that are there."),
            "hours": (_MAYBE, "What these would take; null where that is not estimated."),
            "device": (_TEXT, "Hours of what: gpu, or the device that the seeds here were trained on."),
            "source": (_TEXT, "Where the hours are from."),
        }
    )
)


def _answer(question: str) -> Json:
    return {"$ref": f"#/$defs/{question}"}


CELL = {
    "cell_id": (_TEXT, "Where the number stands, paper:table:data set:row:metric; the same in every file."),
    "paper": (_TEXT, "The paper's id, the name of its files."),
    "table": (_TEXT, "The table's id in the paper's sheet."),
    "row": (_TEXT, "The row's label, as printed."),
    "kind": (_TEXT, "printed: a row of the paper. Else a row of ours: ceiling, degraded and floor are controls."),
    "dataset": (_TEXT, "The data set that the paper names."),
    "metric": (_TEXT, "The metric as the table names it."),
    "printed": (_TEXT, "The printed string, untouched; empty in rows of ours."),
    "printed_source": (_TEXT, "The document in which the printed string was read."),
    "confirmed": ({"type": ["string", "boolean"]}, "What the printed string was checked against; recalled: nothing."),
    "source": (_TEXT, "Where our value is from: retrained, as released, quoted; empty where there is none."),
    "ours": (_MAYBE, "Our value, the mean over seeds; null where there is none."),
    "spread": (_MAYBE, "The standard deviation over seeds, over raters their standard error; null with one seed."),
    "per_seed": ({"type": "array", "items": {"type": "number"}}, "Our value of each seed."),
    "components": (
        _SPREADS,
        "Standard deviations: between seeds, of one evaluation over items drawn anew, between folds.",
    ),
    "n": (_MAYBE_COUNT, "How many items were scored in a seed."),
    "seeds": (_COUNT, "How many seeds our value is of."),
    "selection": (_TEXT, "Which snapshot was scored: last, best_on_validation, best_as_printed."),
    "envelope_lo": (_MAYBE, "The least value over other readings of the protocol."),
    "envelope_hi": (_MAYBE, "The greatest value over other readings of the protocol."),
    "scale": (_TEXT, "The scale of our run; only at paper may a value be compared with the printed one."),
    "data": (_TEXT, "The data that our value is of: the data set itself or what stands in for it."),
    "protocol": (_TEXT, "Digest of everything the value depends on but the model; equal digests may be compared."),
    "possible": (_answer("possible"), audit.QUESTIONS["possible"].asks),
    "same_protocol": (_answer("same_protocol"), audit.QUESTIONS["same_protocol"].asks),
    "agrees": (_answer("agrees"), audit.QUESTIONS["agrees"].asks),
    "claims": (_answer("claims"), audit.QUESTIONS["claims"].asks),
    "differs": ({"type": "array", "items": {"$ref": "#/$defs/difference"}}, "What differs from the printed protocol."),
    "runs": (_TEXTS, "The runs behind our value, keys of lineage."),
    "raters": (_MAYBE_COUNT, "How many people judged, where the value is of judgements."),
    "authors": ({"type": ["object", "null"]}, "What the authors' own weights score here, with answers as ours have."),
    "margin": (_MAYBE, "Within how much ours counts as equivalent; null where nothing is tested."),
    "difference": (_MAYBE, "Ours less the printed value; null where nothing is tested."),
    "test": (
        {"enum": ["equivalence", "otherness", None]},
        "On which side of the margin our mean lies: what is tested.",
    ),
    "p": (_MAYBE, "Probability of as much under the opposite; a verdict goes by it as it is."),
    "adjusted": (_MAYBE, "The same after Holm, over the same test of all cells of the table."),
    "needs": (_NEEDS, "What would decide an inconclusive cell; null where nothing is open."),
    "elsewhere": ({"type": "array", "items": _ELSEWHERE}, "The same measured by others, with their source."),
    "cv_star": (_MAYBE, "CV* in percent, over the printed value, those of others, and ours where it may be compared."),
    "stale_code": (_FLAG, "Whether a run behind the value was made by code that has changed since."),
}
"""Fields of a cell: what they hold, and what they mean."""
CLAIM = {
    "id": (_TEXT, "The claim's name in the paper's sheet."),
    "paper": (_TEXT, "The paper's id."),
    "origin": (
        {"enum": ["printed", "text", "ours"]},
        "Whose sentence it is: read off the table, in the text, or ours.",
    ),
    "says": (_TEXT, "The sentence."),
    "printed_holds": ({"type": ["boolean", "null"]}, "Whether the printed numbers bear it out; null: not printed."),
    "seeds_won": (_TEXT, "Seeds that bear it out, of those that there are: 3/3."),
    "seeds": (_COUNT, "How many seeds it was tested on."),
    "probability": (_MAYBE, "That it holds, over seeds and items; null where nothing can be drawn."),
    "margin": (_MAYBE, "By how much one side has to be ahead, where the sheet says."),
    "shares": (
        {"type": "array", "items": {"type": "number"}},
        "To which share of draws of the items each seed bears it out.",
    ),
    "needs": (_NEEDS, "What would decide it; null where nothing is open, or it cannot be tested here."),
    "verdict": ({"enum": [*audit.QUESTIONS["claims"].words, "not run"]}, "The answer."),
    "because": (_TEXT, "Why, in a sentence."),
    "cells": (_TEXTS, "The printed cells that it is about, by their cell_id."),
}


def _held(form: Json, said: str) -> tuple[Json, str]:
    """Any number of things of one form, by name."""
    return {"type": "object", "additionalProperties": form}, said


def _finding() -> Json:
    """One of them. A sheet's own schema says which words it must have."""

    def one_of(words: dict[str, str]) -> Json:
        return {"oneOf": [{"const": word, "description": meaning} for word, meaning in words.items()]}

    fields = {
        "kind": (one_of(findings.KINDS), "What sort it is of."),
        "severity": (one_of(findings.SEVERITIES), "Whether printed results rest on it."),
        "title": (_TEXT, "The finding in a sentence."),
        "says": (_TEXT, "What is so, and what would explain it."),
        "source": (_TEXT, "Place in the paper, file of the released code; recalled where it is."),
        "changes": (_TEXT, "What would be another without it."),
        "demonstration": (_TEXT, "The function that `redraw finding` calls."),
        "undemonstrated": (_TEXT, "Why nothing can be run."),
    }
    return _object(fields) | {"required": ["title", "says"]}


def _judged(question: str) -> Json:
    words = audit.QUESTIONS[question].words
    means = [{"const": word, "description": MEANS[word]} for word in words]
    return _object({"verdict": ({"oneOf": means}, "The answer."), "because": (_TEXT, "Why, in a sentence.")})


def schema() -> Json:
    """The schema of `audit.json`; the words of the answers are those of the report."""
    counts = {
        key: (_object({word: (_COUNT, MEANS[word]) for word in question.words}), question.asks)
        for key, question in audit.QUESTIONS.items()
    }
    summary = {
        "papers": (_COUNT, "How many papers."),
        "cells": (_COUNT, "How many printed cells."),
        "counts": (_object(counts), "Printed cells by answer, question by question; never added up."),
        "claims": _held(_COUNT, "Claims by verdict."),
        "stale": (_TEXTS, "Cells whose value was made by code that has changed since."),
    }
    whole = {
        "$schema": (_TEXT, "The file that describes this one."),
        "summary": (_object(summary), "Counts over everything."),
        "scale": ({"type": ["string", "null"]}, "The scale of all runs here."),
        "context": ({"type": "object"}, "Commit, machine and versions, where all runs share them."),
        "cells": ({"type": "array", "items": _object(CELL)}, "Every printed number and every value of ours."),
        "claims": ({"type": "array", "items": {"$ref": "#/$defs/claim"}}, "Sentences of the papers, tested."),
        "findings": _held(_finding(), "What was found of a paper's numbers, formulas and released code."),
        "departures": _held(
            {"type": "array", "items": {"$ref": "#/$defs/departure"}}, "By paper: what we did otherwise."
        ),
        "differences": _held({"type": "object"}, "By paper: where its released code does other than it says."),
        "lineage": _held({"type": "object", "required": ["stale_code"]}, "By run: data, weights, code and parameters."),
    }
    departure = {
        "run": (_TEXT, "The run, for all its seeds."),
        "key": (_TEXT, "The parameter."),
        "paper": (_ANY, "Its value in the paper."),
        "ours": (_ANY, "Its value here."),
        "because": (_TEXT, "Why."),
    }
    field = {"field": (_TEXT, "A field of the protocol."), "paper": (_ANY, "In the paper."), "ours": (_ANY, "Here.")}
    definitions = {question: _judged(question) for question in audit.QUESTIONS}
    definitions |= {"claim": _object(CLAIM), "departure": _object(departure), "difference": _object(field)}
    about = {
        "$schema": DIALECT,
        "$id": FILE,
        "title": "audit.json",
        "description": "Every printed number, put to four questions.",
    }
    return {**about, **_object(whole), "$defs": definitions}


def check(value: Json) -> None:
    """Hold `audit.json` against its schema. RedrawError, one line, with the first fault: a field that is not described."""
    import jsonschema

    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(value))
    if fault is not None:
        where = ".".join(map(str, fault.absolute_path)) or "top level"
        raise RedrawError(f"audit.json, {where}: {fault.message[:200]}: describe it in report/audit_schema.py")
