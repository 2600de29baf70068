"""Which source stands behind a number: digest of a module and of everything in redraw that it imports. No torch."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent
WORKFLOW = {
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


def _imports(path: Path) -> list[str]:
    """Names below redraw that a file imports, anywhere in it, functions included."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                above = list(here[: len(here) - node.level])
            elif (node.module or "").split(".")[0] == "redraw":
                above = []
            else:
                continue
            stem = (node.module or "").removeprefix("redraw").strip(".") if not node.level else node.module or ""
            base = ".".join([*above, *([stem] if stem else [])])
            for alias in node.names:
                deeper = f"{base}.{alias.name}".strip(".")
                is_module = PACKAGE.joinpath(*deeper.split(".")).with_suffix(".py").exists()
                names.append(deeper if is_module else base)
        elif isinstance(node, ast.Import):
            names += [a.name.removeprefix("redraw.") for a in node.names if a.name.startswith("redraw.")]
    return [n for n in names if n]


@functools.cache
def _substance(path: Path) -> bytes:
    """What a file does, without comments, docstrings and layout: only a change that could alter a number changes it."""
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:]
    return ast.unparse(tree).encode()


def code_digest(modules: list[str] | tuple[str, ...]) -> str:
    """One digest for modules named below redraw ("papers.ved", "engine") with all that they import."""
    files = sorted({f for m in modules for f in code_files(m)})
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(PACKAGE)}\0".encode() + _substance(path) + b"\0")
    return total.hexdigest()[:16]
