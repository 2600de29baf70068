"""The import rule: a module imports only from rows below its own; papers, instruments and metrics are mutually blind."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import redraw

PACKAGE = Path(redraw.__file__).parent
ROWS = [  # from the bottom up; names are modules or packages of redraw
    {"core"},
    {
        "names",
        "codes",
        "sheets",
        "progress",
        "tracking",
        "slots",
        "cluster",
        "imported",
        "resolve",
        "graph",
        "plan",
        "ranks",
        "fresh",
        "payloads",
    },
    {"data"},
    {"recipe", "blocks"},
    {"papers", "instruments", "metrics"},
    {
        "state",
        "device",
        "models",
        "engine",
        "batches",
        "scores",
        "scoring",
        "measured",
        "annealed",
        "support",
        "writing",
        "conditions",
        "released",
    },
    {"report"},
    {"mirror", "artifacts", "mlflow_settings", "mlflow_models", "mlflow_book", "track"},
    {
        "invocations",
        "records",
        "jobs",
        "books",
        "remotes",
        "storage",
        "answers",
        "reference",
        "cleaning",
        "catalogue",
        "folders",
        "imports",
        "rater",
        "findings",
        "commands",
        "demonstrations",
        "cli",
        "__main__",
    },
]
TORCH_FREE = {
    "core",
    "names",
    "codes",
    "sheets",
    "resolve",
    "plan",
    "fresh",
    "tracking",
    "slots",
    "cluster",
    "records",
    "report",
    "rater",
    "ranks",
    "metrics",
    "scores",
    "books",
    "payloads",
    "remotes",
    "storage",
    "answers",
    "findings",
    "commands",
    "catalogue",
    "reference",
    "mirror",
    "artifacts",
    "mlflow_settings",
    "mlflow_models",
    "mlflow_book",
    "track",
    "invocations",
    "cli",
}
WITHIN = {unit for names in ROWS for unit in names} - {"papers"}  # whose modules may use each other


def row(unit: str) -> int:
    return next(i for i, names in enumerate(ROWS) if unit in names)


def faults(path: Path, package: Path = PACKAGE) -> list[str]:
    """What a file imports against the rule, one line each."""
    parts = path.relative_to(package).with_suffix("").parts
    unit, found = parts[0], []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = [*parts[: len(parts) - node.level], *(node.module or "").split(".")]
            targets = [t for t in [target] if t[0]] or [[alias.name] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = [(node.module or "").split(".")]
        elif isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "redraw":
                target = target[1:]
            elif not (isinstance(node, ast.ImportFrom) and node.level):
                if target[0] in ("torch", "torchvision") and unit in TORCH_FREE:
                    found.append(
                        f"{path.name} imports {target[0]}: {unit} must load without it; move the code to engine or scoring"
                    )
                continue
            other = target[0] if target and target[0] else unit
            if other == "__init__" or (unit == other and (unit in WITHIN or len(target) == 1)):
                continue
            if unit == other == "papers":
                if len(parts) > 2 and target[1] == parts[1]:
                    continue  # modules of one paper's folder
                found.append(f"{path.name} imports another paper: what two papers share goes down into blocks")
            elif row(other) > row(unit) or (row(other) == row(unit) and unit in ("papers", "instruments", "metrics")):
                found.append(f"{path.name} imports {other} from above or beside: {unit} may use rows below only")
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_keeps_the_import_rule(path):
    assert path.name == "__init__.py" and path.parent == PACKAGE or not faults(path)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("core.py", "from .plan import Plan"),
        ("plan.py", "import torch"),
        ("metrics/fid.py", "from torch import Tensor"),
        ("metrics/fid.py", "from ..papers.ved import VED"),
        ("papers/gan.py", "from .ved import VED"),
        ("papers/gan.py", "from ..instruments.classifier import Classifier"),
        ("instruments/reader.py", "from redraw.metrics import METRICS"),
        ("recipe.py", "from .engine import train"),
        ("data/cub.py", "from ..blocks import conv"),
        ("report/judge.py", "import torchvision.transforms"),
    ],
)
def test_planted_violations_are_found(tmp_path, file, line):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(line + "\n")
    assert len(faults(tmp_path / file, tmp_path)) == 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("papers/gan.py", "from ..blocks import conv"),
        ("engine.py", "from .recipe import Recipe"),
        ("papers/draw/model.py", "from .attention import read"),
        ("cli.py", "from . import jobs"),
        ("metrics/fid.py", "import numpy as np"),
    ],
)
def test_legal_imports_pass(tmp_path, file, line):
    (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / file).write_text(line + "\n")
    assert not faults(tmp_path / file, tmp_path)


def test_size_limits():
    """A paper reads in one sitting (500 lines), anything else in less."""
    long = {
        str(p.relative_to(PACKAGE)): n
        for p in PACKAGE.rglob("*.py")
        if (n := len(p.read_text().splitlines())) > (500 if "papers" in p.parts else 250)
    }
    assert not long


@pytest.mark.parametrize(
    "module",
    [
        "cli",
        "jobs",
        "books",
        "remotes",
        "payloads",
        "answers",
        "reference",
        "plan",
        "fresh",
        "scores",
        "report.tables",
        "rater.page",
        "rater.scored",
        "tracking",
        "invocations",
    ],
)
def test_what_needs_no_torch_loads_none(module):
    """A torch import costs seconds; a table, a plan and a metric must not pay them, through no import of an import."""
    code = f"import sys, redraw.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
