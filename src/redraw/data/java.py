"""Java programs that the package pycocoevalcap brings along: where they are, and why one cannot be run."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import IO

from ..core import NotComputed


def find(folder: str, jar: str) -> list[str]:
    """[the Java runtime, "-cp", the file ``jar`` in a ``folder`` of the package].

    Raises NotComputed where Java or the file is missing.
    """
    file, runtime = _file(folder, jar), shutil.which("java")
    if file is None:
        raise NotComputed(f"{jar} is not here: install the package pycocoevalcap")
    if runtime is None:
        raise NotComputed("no Java runtime: install one (apt-get install default-jre-headless)")
    return [runtime, "-cp", str(file)]


def failed(said: IO[bytes]) -> str:
    """What is told of a program that failed, its last words among it; ``said`` is the file of its standard error."""
    said.seek(0)
    lines = (line.strip() for line in said.read().decode("utf-8", "replace").splitlines())
    told = [line for line in lines if line and not line.startswith(("at ", "... "))]  # but not where in its own code
    last = told[-1][:100] if told else "no more said"
    return f"Java failed ({last}): see that `java -version` works"


def _file(folder: str, jar: str) -> Path | None:
    spec = importlib.util.find_spec("pycocoevalcap")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / folder / jar).exists():
            return Path(place) / folder / jar
    return None
