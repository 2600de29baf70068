"""From a bare machine: locks, environment files, Makefile and `.ci/run` agree and say what is wrong in one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]
REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9.-]*)==([0-9][^ ]*)( ; [^\\]+?)? \\")
LINE = re.compile(
    rf"{REQUIREMENT.pattern}|    --hash=sha256:[0-9a-f]{{64}}( \\)?|#    make lock|# This file [a-z ]+:|    #( .*)?"
)


def canonical(name: str) -> str:
    """The name of a package as locks write it: `PyYAML` and `pyyaml` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, str]:
    """{package: version} of a lock; a package that has two versions would give numbers that depend on the machine."""
    found: dict[str, str] = {}
    for line in (ROOT / lock).read_text().splitlines():
        if match := REQUIREMENT.fullmatch(line):
            assert match[1] not in found, f"{lock}: {match[1]} stands there twice"
            found[match[1]] = match[2]
    return found


def wanted(file: str) -> dict[str, str]:
    """{package: version pattern such as "3.67.*", or ""} of a requirements*.in."""
    lines = [line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    return {
        canonical(name.split("[")[0]): version for name, _, version in (line.partition("==") for line in lines if line)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_only_pins_hashes_and_reasons(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|--(index|find-links|extra)|\.(org|com|io|net)\b", text)
    for number, line in enumerate(text.splitlines(), 1):
        assert LINE.fullmatch(line), f"{lock}:{number}: {line}"
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, f"{lock}: no hash for {block.splitlines()[0]}"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_carries_what_is_wanted(lock: str) -> None:
    locked = pins(lock)
    for name, pattern in wanted(lock.replace(".lock", ".in")).items():
        assert name in locked, f"{lock} lacks {name}: run `make lock`"
        if pattern:
            assert re.fullmatch(re.escape(pattern).replace(r"\*", ".+"), locked[name]), f"{name}: run `make lock`"


def test_dev_lock_never_contradicts() -> None:
    locked, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: dev[name] for name in dev.keys() & locked} == {name: locked[name] for name in dev.keys() & locked}


def test_conda_names_the_same_versions() -> None:
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert "python=3.11" in dependencies
    *pinned, project = dependencies[-1]["pip"]
    assert project == "-e ."
    named = dict(line.split(" ; ")[0].split("==") for line in pinned)
    assert named == pins("requirements.lock"), "run `make lock`"


def test_project_depends_on_what_the_lock_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["dependencies"]
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.in"]}
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["project"]["scripts"] == {"redraw": "redraw.cli:main"}
    setuptools = int(project["build-system"]["requires"][0].removeprefix("setuptools>="))
    assert int(pins("requirements.lock")["setuptools"].split(".")[0]) >= setuptools  # it builds without isolation


def test_ci_script_is_sound() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert "set -euo pipefail" in script.read_text()
    assert script.read_text().splitlines()[-1] == "make test"


# --- the Makefile, in a bare checkout -------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` reads before anything is installed; its path has a space in it."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ["Makefile", "pyproject.toml", "requirements.in", *LOCKS]:
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`make words` in ``folder``, as from a terminal: not as a child of the `make test` that runs this."""
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "SCALE", "SEEDS", "ROWS", "CORES", "UV_DEFAULT_INDEX")
    inherited = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(
        ["make", *words], cwd=folder, env=inherited | environment, capture_output=True, text=True, timeout=60
    )


def fake_python(folder: Path, version: tuple[int, int, int], prelude: str = "") -> Path:
    """A program that answers as a Python of another version would."""
    path = folder.parent / f"python{version[0]}.{version[1]}"
    answers = path.with_suffix(".answers.py")
    answers.write_text(
        f"import sys\nsys.version_info = {version}\nsys._base_executable = {str(path)!r}\n{prelude}\n"
        "exec(sys.argv[sys.argv.index('-c') + 1])\n"
    )
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{answers}" "$@"\n')
    path.chmod(0o755)
    return path


def test_too_old_python_is_one_line(checkout: Path) -> None:
    old = fake_python(checkout, (3, 10, 13))
    before = sorted(checkout.iterdir())
    result = make(checkout, "tables", PYTHON="python3.10", PATH=f"{old.parent}:{os.environ['PATH']}")
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert f"redraw needs Python 3.11 or newer, and python3.10 is 3.10.13 ({old}): install a newer one" in line
    assert "PYTHON=python3.12 make tables" in line
    assert sorted(checkout.iterdir()) == before


def test_missing_python_is_one_line(checkout: Path) -> None:
    result = make(checkout, "test", PYTHON="python3.99")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert '"python3.99" does not start: install it, or name another one: PYTHON=python3.12 make test' in line


def test_python_without_venv_is_one_line(checkout: Path) -> None:
    bare = fake_python(checkout, (3, 12, 1), "import pkgutil; pkgutil.iter_modules = lambda: []")
    result = make(checkout, "tables", PYTHON=str(bare))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert f"Python 3.12.1 ({bare}) cannot make virtual environments: install its venv package" in line
    assert not (checkout / ".venv").exists()


def complete(folder: Path) -> None:
    """The traces that a finished set-up leaves."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    shutil.copy(folder / "requirements.lock", folder / ".venv/requirements.lock")
    (folder / ".venv/.python").write_text(getattr(sys, "_base_executable", sys.executable) + "\n")
    (folder / ".venv/.installed").touch()
    (folder / ".venv/.complete").write_text(f"{folder}\n")


def made_anew(folder: Path, **environment: str) -> bool:
    result = make(folder, "-n", "tables", **environment)
    assert result.returncode == 0, result.stderr
    return "rm -rf .venv" in result.stdout


def test_complete_environment_is_left_alone(checkout: Path) -> None:
    assert made_anew(checkout)
    complete(checkout)
    assert not made_anew(checkout)
    (checkout / "requirements.lock").touch()  # git alters times
    assert not made_anew(checkout)
    assert not made_anew(checkout, PYTHON=sys.executable)


def test_unfit_environment_is_made_anew(checkout: Path) -> None:
    complete(checkout)
    assert made_anew(checkout, PYTHON=str(fake_python(checkout, (3, 12, 1))))
    moved = checkout.rename(checkout.with_name("moved"))
    assert made_anew(moved)
    (moved / ".venv/.complete").write_text(f"{moved}\n")
    assert not made_anew(moved)
    with (moved / "requirements.lock").open("a") as lock:
        lock.write("# altered\n")
    assert made_anew(moved)


@pytest.mark.parametrize("trace", [".complete", "requirements.lock", "bin/python"])
def test_interrupted_installation_is_made_anew(checkout: Path, trace: str) -> None:
    complete(checkout)
    (checkout / ".venv" / trace).unlink()
    assert made_anew(checkout)


def test_overrides_reach_snakemake(checkout: Path) -> None:
    complete(checkout)
    assert "snakemake --cores all  -- results/tables" in make(checkout, "-n", "tables").stdout
    words = make(checkout, "-n", "tables", "SCALE=smoke", "SEEDS=2", "ROWS=all", "CORES=1").stdout
    assert "snakemake --cores 1 --config 'scale=smoke' 'seeds=2' 'rows=all' -- results/tables" in words
    three = "--config scale=embedded seeds=3 'rows={}' -- docs/reference"
    assert three.format("headline") in make(checkout, "-n", "reference").stdout
    assert three.format("iwae,avb") in make(checkout, "-n", "reference", "ROWS=iwae,avb").stdout


def test_settings_of_the_machine_stay_out(checkout: Path) -> None:
    (checkout / "show.mk").write_text("include Makefile\nshow: ; @env\n")
    spoilt = {"PIP_FIND_LINKS": "x", "PIP_USER": "1", "PIP_TARGET": "x", "UV_NO_BINARY": "1", "UV_CONSTRAINT": "x"}
    spoilt |= {"PYTHONPATH": "x", "PYTHONDONTWRITEBYTECODE": "1"}
    kept = {"PIP_INDEX_URL": "mirror", "UV_CACHE_DIR": "cache"}
    result = make(checkout, "-f", "show.mk", "show", **spoilt, **kept, PIP_CONFIG_FILE="x")
    shown = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    assert not spoilt.keys() & shown
    assert {name: shown[name] for name in kept} == kept
    assert shown["UV_DEFAULT_INDEX"] == "mirror"
    assert (shown["PIP_CONFIG_FILE"], shown["UV_NO_CONFIG"]) == (os.devnull, "1")
