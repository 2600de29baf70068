"""What `redraw metrics --json` printed, as the values of a table's cell: so a score brings its protocol along."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import RedrawError

KEYS = ("value", "n", "protocol", "protocol_key", "protocol_name")


def from_files(folder: Path, names: Sequence[str], fault: Callable[[str], RedrawError]) -> dict[str, Any]:
    """{"values", "n", "protocol", "source"} of files of `redraw metrics --json` below ``folder``, one a seed.

    ``protocol`` has the options of the metric as fields of its own, and under "images" how many there were, as papers say it.
    Raises what ``fault`` makes of a sentence: a file that is not there, that is none of these, two protocols in one cell.
    """
    found = [_one(folder / name, name, fault) for name in names]
    first = found[0]
    for name, other in zip(names, found, strict=True):
        if other["protocol_key"] != first["protocol_key"]:
            differ = [k for k in first["protocol"] if other["protocol"].get(k) != first["protocol"][k]] or ["fields"]
            says = f"{name} was scored by another protocol than {names[0]} ({', '.join(differ)}): one cell has one protocol"
            raise fault(says)
    protocol = {k: v for k, v in first["protocol"].items() if k != "options"}
    return {
        "values": [f["value"] for f in found],
        "n": first["n"],
        "protocol": {**protocol, **first["protocol"].get("options", {}), "images": first["n"]},
        "source": f"redraw metrics, {first['protocol_name']}",
    }


def _one(path: Path, name: str, fault: Callable[[str], RedrawError]) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise fault(
            f"{name}: no such file beside the table: write what `redraw metrics … --json` prints into it"
        ) from None
    except (OSError, ValueError) as error:
        raise fault(
            f"{name}: cannot be read as JSON ({error}): write what `redraw metrics … --json` prints into it"
        ) from None
    if not isinstance(found, dict) or not set(KEYS) <= set(found) or not isinstance(found["protocol"], dict):
        raise fault(f"{name}: not what `redraw metrics … --json` prints: one of {', '.join(KEYS)} is missing")
    if not isinstance(found["value"], int | float) or not math.isfinite(found["value"]):
        raise fault(f"{name}: its value is {found['value']!r}: score the images again")
    return found
