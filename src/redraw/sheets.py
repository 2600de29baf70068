"""Papers' sheets (papers/*.yaml) and params.yaml: read strictly, checked against their schemas. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .core import RedrawError, nearest

ROOT = Path(__file__).resolve().parents[2]
PAPERS = Path(__file__).parent / "papers"
SCHEMAS = ROOT / "workflow" / "schemas"


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML without silent surprises: a key given twice is an error."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        seen.add(key)
    return yaml.constructor.SafeConstructor.construct_mapping(loader, node, deep=True)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> Any:
    """A YAML file's value. Raises RedrawError with file, line and reason."""
    try:
        return yaml.load(path.read_text(), Loader=_Strict)
    except FileNotFoundError:
        raise RedrawError(f"{path}: no such file") from None
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else "?"
        raise RedrawError(f"{path.name}, line {line}: {e.problem}: correct the file") from None


def check(value: Any, schema_file: str, where: str) -> None:
    """Hold ``value`` against a schema of workflow/schemas. The first fault becomes one line with the nearest known key."""
    import jsonschema

    schema = read_yaml(SCHEMAS / schema_file)
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    if fault is None:
        return
    place = ".".join(str(p) for p in fault.absolute_path) or "top level"
    if fault.validator == "additionalProperties" and isinstance(fault.instance, dict):
        known = list(fault.schema.get("properties", {}))
        unknown = next(k for k in fault.instance if k not in known)
        raise RedrawError(f"{where}, {place}: unknown key {unknown!r}: {nearest(str(unknown), known)}")
    if fault.validator == "enum":
        raise RedrawError(
            f"{where}, {place}: {fault.instance!r}: {nearest(str(fault.instance), fault.validator_value)}"
        )
    raise RedrawError(f"{where}, {place}: {fault.message[:200]}")


def read_params(value: Any, where: str = "params.yaml") -> dict:
    """params.yaml (a path or its value) with every key known and of its type."""
    value = read_yaml(value) if isinstance(value, Path) else value
    check(value, "params.schema.yaml", where)
    return value


def read_sheets(folder: Path = PAPERS) -> dict[str, dict]:
    """All sheets of a folder by paper id. Raises RedrawError where two papers share an id, or a file is not as its id."""
    sheets: dict[str, dict] = {}
    files: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        sheet = read_yaml(path)
        check(sheet, "paper.schema.yaml", f"papers/{path.name}")
        name = sheet["paper"]["id"]
        if name in sheets:
            raise RedrawError(f"papers/{path.name}: the paper id {name!r} is taken by {files[name]}: choose another id")
        if name != path.stem:
            raise RedrawError(f"papers/{path.name}: its paper id is {name!r}: file and id must agree; rename one")
        sheets[name], files[name] = sheet, path.name
    if not sheets:
        raise RedrawError(f"{folder}: no paper's sheet (*.yaml) there: restore the folder")
    return sheets
