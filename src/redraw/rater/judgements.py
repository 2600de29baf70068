"""A rater's file: held against its schema and against the page's key before it is kept, and again before it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core import RedrawError, locked, read_json, write_json
from ..sheets import check
from .items import FORMAT

Json = dict[str, Any]


def read_key(folder: Path) -> Json:
    """The key of a page. Raises RedrawError where there is none."""
    key = read_json(folder / "items.json")
    if not isinstance(key, dict) or key.get("format") != FORMAT:
        raise RedrawError(f"{folder}/items.json: no page for raters: run `redraw rank page COLUMN --out {folder}`")
    return key


def checked(value: Any, key: Json, where: str) -> Json:
    """A rater's file as it was given. Raises RedrawError with the first thing that is wrong."""
    check(value, "judgements.schema.yaml", where)
    if value["items"] != key["digest"] or value["column"] != key["column"]:
        raise RedrawError(f"{where}: of another page (items {value['items']}, here {key['digest']}): move it away")
    seen = set()
    for k, one in enumerate(value["judgements"]):
        about = key["items"].get(one["item"])
        place = f"{where}, judgements.{k}"
        if about is None:
            raise RedrawError(f"{place}: no item {one['item']!r} on this page: get the rater's file again")
        if (one["item"], one["showing"]) in seen or one["showing"] > about["again"]:
            raise RedrawError(f"{place}: {one['item']} more often than it was shown: get the rater's file again")
        seen.add((one["item"], one["showing"]))
        slots = list(range(len(about["slots"])))
        if sorted(one["shown"]) != slots or sorted(s for group in one["order"] for s in group) != slots:
            raise RedrawError(f"{place}: not an order of {len(slots)} methods: get the rater's file again")
    return value


def keep(value: Any, key: Json, folder: Path) -> Path:
    """Write a rater's file, checked, whole or not at all. Returns its path.

    Raises RedrawError where the name is another rater's, or where what lies there says more than what was sent.
    """
    value = checked(value, key, "judgements")
    path = folder / "judgements" / f"{value['rater']}.json"
    with locked(folder / "judgements" / ".lock", str(folder)):
        there = read_json(path)
        if path.exists() and (not isinstance(there, dict) or there.get("token") != value["token"]):
            raise RedrawError(f"the name {value['rater']} is taken: go back and take another one; nothing is lost")
        if there and len(there["judgements"]) > len(value["judgements"]):
            raise RedrawError(
                f"{value['rater']} has sent {len(there['judgements'])} judgements before: send those, or more"
            )
        write_json(path, value)
    return path


def gathered(folder: Path, key: Json) -> list[Json]:
    """The files of all raters, in the order of their names. Raises RedrawError for the first that is not as it should be."""
    found = []
    for path in sorted((folder / "judgements").glob("*.json")):
        value = read_json(path)
        if value is None:
            raise RedrawError(f"{path}: no JSON: get the rater's file again")
        if checked(value, key, str(path))["rater"] != path.stem:
            raise RedrawError(f"{path}: the file of rater {value['rater']}: call it {value['rater']}.json")
        found.append(value)
    return found
