"""Papers' sheets (papers/*.yaml) and params.yaml: read strictly, checked against their schemas. No torch."""

from __future__ import annotations

from collections.abc import Iterable
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


class Located:
    """A YAML value and the lines that its parts stand on."""

    def __init__(self, value: Any, node: yaml.Node | None) -> None:
        self.value, self._node = value, node

    def line(self, path: Iterable[Any] = (), key: Any = None) -> int:
        """Line of the part at ``path`` (keys and indices); of the key itself where ``key`` names one in it."""
        node, where = self._node, 1
        for k in path:
            part = _part(node, k)
            if part is None:
                break
            node = part[1]
        if node is not None:
            where = node.start_mark.line + 1
        found = None if key is None else _part(node, key)
        return found[0].start_mark.line + 1 if found else where


def _part(node: yaml.Node | None, key: Any) -> tuple[yaml.Node, yaml.Node] | None:
    """(key's node, value's node) of a part of a mapping or a list; None where there is none."""
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in reversed(node.value) if pair[0].value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def read_yaml(path: Path) -> Any:
    """A YAML file's value. Raises RedrawError with file, line and reason."""
    return read_located(path).value


def read_located(path: Path) -> Located:
    """A YAML file's value with its lines. Raises RedrawError with file, line and reason."""
    try:
        loader = _Strict(path.read_text(encoding="utf-8-sig"))
        try:
            node = loader.get_single_node()
            return Located(None if node is None else loader.construct_document(node), node)
        finally:
            loader.dispose()
    except FileNotFoundError:
        raise RedrawError(f"{path}: no such file") from None
    except OSError as e:
        raise RedrawError(f"{path}: {e.strerror}: give a YAML file that can be read") from None
    except UnicodeDecodeError as e:
        raise RedrawError(f"{path}, byte {e.start}: not UTF-8: save the file as UTF-8") from None
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else "?"
        raise RedrawError(f"{path.name}, line {line}: {e.problem}: correct the file") from None
    except (yaml.YAMLError, RecursionError, ValueError) as e:  # a control character, a nest too deep, no such date
        raise RedrawError(f"{path.name}: not readable as YAML ({str(e).splitlines()[0]}): correct the file") from None


def check(value: Any, schema_file: str, where: str, lines: Located | None = None) -> None:
    """Hold ``value`` against a schema of workflow/schemas. The first fault becomes one line with the nearest known key.

    With ``lines`` it names the line, too, and the file's parts are those of a user's own table.
    """
    import jsonschema

    schema = read_yaml(SCHEMAS / schema_file)
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    if fault is None:
        return
    unknown = None
    said = fault.message[:200]
    if fault.validator == "additionalProperties" and isinstance(fault.instance, dict):
        known = list(fault.schema.get("properties", {}))
        unknown = next(k for k in fault.instance if k not in known)
        said = f"unknown key {unknown!r}: {nearest(str(unknown), known)}"
    elif fault.validator == "enum":
        said = f"{fault.instance!r}: {nearest(str(fault.instance), fault.validator_value)}"
    elif fault.validator == "type" and "string" in fault.validator_value and isinstance(fault.instance, int | float):
        said += ": write it as text, in quotes, every digit as printed"
    elif "propertyNames" in fault.absolute_schema_path:
        unknown, said = fault.instance, f"the name {said}: rename it"
    elif fault.validator == "required" and isinstance(fault.instance, dict):
        said += f": add it, or see {schema_file}" if lines else ""
    place = ".".join(str(p) for p in fault.absolute_path) or "top level"
    at = f", line {lines.line(fault.absolute_path, unknown)}" if lines else ""
    raise RedrawError(f"{where}{at}, {place}: {said}")


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
