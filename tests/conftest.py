"""Services that tests start: a test marked with one is skipped where it is missing, and fails where CI=true."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk import Desk

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in the workflow; before torch is imported

SERVICES = {
    "browser": ("chromium", "chromium-browser", "google-chrome"),
    "slurm": ("slurmctld",),
    "postgres": ("initdb",),
    "gpu": ("nvidia-smi",),
    "compiler": ("g++", "clang++", "c++"),
}


def find(service: str) -> str | None:
    """Path of the first program that provides ``service`` (a key of SERVICES), None where there is none."""
    # Debian keeps PostgreSQL's server programs, and users without rights have the daemons, off PATH.
    more = [*map(str, Path("/usr/lib/postgresql").glob("*/bin")), "/usr/sbin"]
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *more])
    return next(filter(None, (shutil.which(program, path=path) for program in SERVICES[service])), None)


def missing(reason: str) -> None:
    """Skip the running test; fail it where CI=true, since there `.ci/run` has to install what tests start."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@functools.cache
def place(file: str) -> tuple[int, str]:
    """Where several processes test (`make test`): which of them has a file's tests, and when.

    First come the files that start services; one process has all that share the smoke run (``made``), each of the others
    a file after another, whole, since its fixtures are made once.
    """
    text = Path(file).read_text()
    shared = re.search(r"^def test_\w+\([^)]*\b(made|desk)\b", text, re.M) and not re.search(r"^def desk\(", text, re.M)
    starts = re.search(r"mark\.(workflow|slurm|postgres|browser)\b", text)
    return (0, "made") if shared else (1, file) if starts else (2, file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(str(item.path))[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class Places(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return place(str(config.rootpath / nodeid.partition("::")[0]))[1]

    return Places(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for service, programs in SERVICES.items():
        if item.get_closest_marker(service) and find(service) is None:
            missing(f"{service}: none of {', '.join(programs)} is on PATH")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that runs headless; mark the test `browser` too."""
    program = find("browser")
    if program is None:
        missing(f"browser: none of {', '.join(SERVICES['browser'])} is on PATH")
    return program


@pytest.fixture
def java() -> None:
    """Skips a test where the programs of pycocoevalcap cannot run."""
    if shutil.which("java") is None:
        missing("java: no Java runtime (apt-get install default-jre-headless)")
    if importlib.util.find_spec("pycocoevalcap") is None:
        missing("java: the package pycocoevalcap is not installed")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A copy of the checkout in which `snakemake --cores 2 -- results/tables` ran to its end at scale smoke."""
    desk = Desk.smoke(tmp_path_factory.mktemp("made"))
    desk.tables()
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A copy of that copy, to be changed. Training state and Snakemake's own notes come along."""
    shutil.copytree(made.folder, tmp_path / "d", symlinks=True)
    return Desk(tmp_path / "d")


@pytest.fixture
def mounted() -> Iterator[Callable[[Path, str], None]]:
    """mount(folder, options): a small tmpfs there, unmounted after the test. Needs root."""
    done = []

    def mount(folder: Path, options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        call = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(call, capture_output=True).returncode:
            pytest.skip("mounting a tmpfs needs root and the right to mount")
        done.append(folder)

    yield mount
    for folder in done:
        subprocess.run(["umount", "-l", folder], capture_output=True)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A copy of few papers in which `dvc repro` ran to its end, committed and pushed to the folder ../store. To be left as it
    is. One paper has runs that need another, one has none."""
    folder = tmp_path_factory.mktemp("recorded")
    desk = Desk.smoke(folder / "a", papers=("ved",))
    desk.dvc("remote", "add", "-q", "-d", "store", str(folder / "store"))
    desk.dvc("repro", "-q")
    desk.commit("one")
    desk.dvc("push", "-q")
    return desk
