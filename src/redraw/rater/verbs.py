"""`redraw rank page | collect | score`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add(verbs: Any) -> None:
    """Add the verb to the command line's."""
    top = verbs.add_parser("rank", help="human ranks: a page for raters, what they say, and its score")
    sub = top.add_subparsers(dest="what", required=True, metavar="page|collect|score")
    p = sub.add_parser("page", help="write the page: images of all methods of a column, blind, in random order")
    p.add_argument("column", help="<paper>.<table>.<data set>, e.g. stackgan.inception-and-human-rank.cub")
    p.add_argument("--out", type=Path, help="folder, instead of results/rank/<scale>/<column>")
    p.add_argument("--items", type=int, default=60, help="captions to be ranked (60)")
    p.add_argument("--seed", type=int, default=0, help="of the lots (0)")
    p.add_argument("--scale", help="instead of the scale in params.yaml")
    p.add_argument("--seeds", type=int, help="instead of seeds in params.yaml")
    p.add_argument("--rows", help="headline, all, or papers; instead of rows in params.yaml")
    p = sub.add_parser("collect", help="serve a page on this machine alone and keep what raters send")
    p.add_argument("folder", type=Path, metavar="DIR", help="where the page lies")
    p.add_argument("--port", type=int, default=8765, help="0: any that is free (8765)")
    p = sub.add_parser("score", help="score what raters said: DIR/score.json, which the tables show")
    p.add_argument("folder", type=Path, metavar="DIR", help="where the page lies")
    p.add_argument("--json", action="store_true", help="for programs")


def do(a: argparse.Namespace) -> int:
    if a.what == "collect":
        from .collect import collect

        collect(a.folder, a.port)
    elif a.what == "score":
        from .scored import lines, score

        record = score(a.folder)
        print(json.dumps(record, indent=1, ensure_ascii=False) if a.json else "\n".join(lines(record)))
    else:
        from ..answers import planned
        from ..ranks import find, folder
        from .page import write

        plan = planned(a.scale, a.seeds, a.rows)
        column = find(plan.sheets, a.column)
        key = write(plan, column, a.out or folder(plan.scale, column.id), a.items, a.seed)
        kinds = [about["kind"] for about in key["items"].values()]
        print(f"{a.out or folder(plan.scale, column.id)}/index.html: {kinds.count('ranked')} items of "
              f"{len(key['methods'])} methods, {kinds.count('attention')} of attention")  # fmt: skip
    return 0
