"""Which source stands behind a number: digest of a module and of everything in redraw that it imports. No torch."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from .core import atomic_write

PACKAGE = Path(__file__).parent
WORKFLOW = {
    "names",
    "plan",
    "graph",
    "resolve",
    "fresh",
    "sheets",
    "codes",
    "tracking",
}  # they decide what is run, never what comes out


@functools.cache
def code_files(module: str) -> tuple[Path, ...]:
    """The file of ``redraw.<module>`` and those it imports, transitively, sorted. A package stands for all its modules.

    A module that is not there has no files: a sheet may come without its code.
    """
    found: dict[Path, None] = {}
    stack = [module]
    while stack:
        name = stack.pop()
        base = PACKAGE.joinpath(*name.split("."))
        if base.is_dir():
            files = sorted(base.rglob("*.py")) if name == module else [base / "__init__.py"]
        else:
            files = [base.with_suffix(".py")]
        for path in files:
            if path.exists() and path not in found and name not in WORKFLOW:
                found[path] = None
                stack += _imports(path)
    return tuple(sorted(found))


def code_digest(modules: list[str] | tuple[str, ...]) -> str:
    """One digest for modules named below redraw ("papers.ved", "engine") with all that they import."""
    files = sorted({f for m in modules for f in code_files(m)})
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(PACKAGE)}\0{_facts(path)['substance']}\0".encode())
    _MEMORY.save()
    return total.hexdigest()[:16]


def _imports(path: Path) -> list[str]:
    """Names below redraw that a file imports, anywhere in it, functions included."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    names: list[str] = []
    for level, module, imported in _facts(path)["imports"]:
        if level:
            above, stem = list(here[: len(here) - level]), module
        elif module.split(".")[0] == "redraw":
            above, stem = [], module.removeprefix("redraw").strip(".")
        else:
            continue
        base = ".".join([*above, *([stem] if stem else [])])
        for name in imported:
            deeper = f"{base}.{name}".strip(".")
            is_module = PACKAGE.joinpath(*deeper.split(".")).with_suffix(".py").exists()
            names.append(deeper if is_module else base)
    return [n for n in names if n]


@functools.cache
def _facts(path: Path) -> dict[str, Any]:
    """What a file imports, [[level, module, names]], and its substance: a digest of what it does, without comments, docstrings
    and layout, so that only a change that could alter a number changes it."""
    content = path.read_bytes()
    key = hashlib.sha256(content).hexdigest()[:32]
    return _MEMORY.get(key) or _MEMORY.put(key, _read(content))


def _read(content: bytes) -> dict[str, Any]:
    tree = ast.parse(content)
    imports: list[list[Any]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            imports.append([node.level, node.module or "", [alias.name for alias in node.names]])
        elif isinstance(node, ast.Import):
            imports += [[0, a.name.rpartition(".")[0], [a.name.rpartition(".")[2]]] for a in node.names]
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:]
    return {"imports": imports, "substance": hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:32]}


class _Memory:
    """Facts of files by the digest of their content, kept in the user's cache folder: parsing all files costs more than
    everything else that a plan does. Where nothing can be kept they are read anew each time."""

    MOST = 4000  # files; what was not asked for goes first

    def __init__(self) -> None:
        self._facts: dict[str, Any] | None = None
        self._asked: dict[str, Any] = {}
        self._new = False

    @property
    def path(self) -> Path:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        return Path(
            home, "redraw", f"code-{sys.version_info[0]}.{sys.version_info[1]}.json"
        )  # unparsed text is a version's own

    def get(self, key: str) -> dict[str, Any] | None:
        if self._facts is None:
            self._facts = {}
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(self.path.read_text())
                self._facts = found if isinstance(found, dict) else {}
        facts = self._facts.get(key)
        if isinstance(facts, dict) and facts.keys() == {"imports", "substance"}:
            self._asked[key] = facts
            return facts
        return None

    def put(self, key: str, facts: dict[str, Any]) -> dict[str, Any]:
        self._asked[key] = facts
        self._new = True
        return facts

    def save(self) -> None:
        if self._new:
            self._new = False
            kept = list(({**(self._facts or {}), **self._asked}).items())[-self.MOST :]
            with contextlib.suppress(OSError):
                atomic_write(self.path, json.dumps(dict(kept)))


_MEMORY = _Memory()
