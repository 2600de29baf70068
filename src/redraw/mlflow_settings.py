"""Where MLflow is and how it is asked; loads none of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .core import RedrawError

FOLDER = Path("results/mlflow")
DATABASE = FOLDER / "mlflow.db"
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # its own defaults wait for minutes; whoever follows tries again anyway
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""MLflow's environment, where the user's does not say otherwise."""


def default_uri() -> str:
    """The SQLite database below results/ of the checkout that this process runs in."""
    return f"sqlite:///{DATABASE.absolute()}"


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, or the default. Raises RedrawError for a folder of files."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or default_uri()
    if re.match(r"file:|[^:]*$", uri):
        raise RedrawError(
            f"MLFLOW_TRACKING_URI={uri}: MLflow no longer writes to folders of files: give sqlite:///FILE.db or a "
            "server's address, or unset it"
        )
    return uri


def served(uri: str) -> bool:
    """Whether a server keeps the artifacts; otherwise whoever writes the runs writes those, too."""
    return uri.startswith(("http:", "https:", "databricks"))


def shown(text: str) -> str:
    """An address without a password that may be in it."""
    return re.sub(r"//[^@/]*@", "//…@", text)
