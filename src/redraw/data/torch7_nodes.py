"""What stands in a file of Lua Torch, and the values that are made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import numpy as np

TABLE, OBJECT = 3, 4
FUNCTIONS = (7, 8)  # of before and since upvalues have names


class Reference(NamedTuple):
    """Stands for a table, object or function that is the key of an entry: Python's dictionaries take none of them."""

    index: int


@dataclass(eq=False)
class Node:
    """A table, object or function as it stands in the file: ``values`` are keys and values in turn, or the one that follows."""

    kind: int
    at: int  # byte
    left: int  # values that are still to come
    name: str = ""  # class of an object
    bytecode: bytes = b""
    values: list = field(default_factory=list)
    array: np.ndarray | None = None


class Link(NamedTuple):
    """A value that is a node, by the number it has in the file."""

    node: Node
    index: int


def made(root: Any, nodes: list[Node], fail: Callable[[int, str], NoReturn]) -> Any:
    """The value of ``root``. First all are made empty, then filled, so that circles close.

    Calls ``fail`` with a node's byte for tables that Lua does not write.
    """
    entries = [{} if node.array is not None else _entries(node, fail) for node in nodes]
    values = {id(node): _empty(node, found) for node, found in zip(nodes, entries, strict=True)}

    def value(found: Any) -> Any:
        return values[id(found.node)] if isinstance(found, Link) else found

    for node, found in zip(nodes, entries, strict=True):
        target = values[id(node)]
        if isinstance(target, list):
            target += [value(found[key]) for key in range(1, len(found) + 1)]
        elif isinstance(target, dict):
            target |= {key: value(entry) for key, entry in found.items()}
    return value(root)


# --- inside ------------------------------------------------------------------------------------------------------


def _empty(node: Node, entries: dict) -> Any:
    if node.array is not None:
        return node.array
    if node.kind == OBJECT:
        return {"class": node.name}
    if node.kind != TABLE:
        return {"class": "function", "bytecode": node.bytecode}
    whole = all(type(key) is int for key in entries)
    return [] if whole and (not entries or (min(entries), max(entries)) == (1, len(entries))) else {}


def _entries(node: Node, fail: Callable[[int, str], NoReturn]) -> dict:
    """The entries of a table, the fields of an object, links not yet followed."""
    if node.kind not in (TABLE, OBJECT):
        return {"upvalues": node.values[0]}
    table = node
    if node.kind == OBJECT:
        (value,) = node.values
        if not isinstance(value, Link) or value.node.kind != TABLE:
            fail(node.at, f"a {node.name}, whose layout is not known here")
        table = value.node
    found: dict = {"class": None} if node.kind == OBJECT else {}
    for key, value in zip(table.values[::2], table.values[1::2], strict=True):
        if key is None or key != key:
            fail(table.at, "a table with an entry of no key")
        key = Reference(key.index) if isinstance(key, Link) else key
        if key in found:
            fail(table.at, f"a table with two entries {ascii(str(key)[:40])}")
        found[key] = value
    if node.kind == OBJECT:
        del found["class"]
    return found
