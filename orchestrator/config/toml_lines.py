"""Finds the line of a TOML file on which a key stands (tomllib does not tell)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*(?P<key>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def line_of(text: str, path: Sequence[str]) -> int:
    """The line (from 1) of the key at `path`, of its nearest parent where it is inline, else 0.

    A heuristic: it reads line by line, so a key inside a multi-line string may be taken for one.
    """
    table: tuple[str, ...] = ()
    best_line, best_depth = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header["name"])
            candidate = table
        elif key := _KEY.match(line):
            candidate = (*table, *_parts(key["key"]))
        else:
            continue
        if len(candidate) > best_depth and tuple(path[: len(candidate)]) == candidate:
            best_line, best_depth = number, len(candidate)
    return best_line


def _parts(dotted: str) -> tuple[str, ...]:
    try:
        node: object = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(node, dict):
        name, node = next(iter(node.items()))
        parts.append(str(name))
    return tuple(parts)
