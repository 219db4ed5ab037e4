"""What is assumed where a request leaves something out, and when it is refused instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.planners.rules.conditions import bound
from orchestrator.planners.rules.written import applications
from orchestrator.problems import Problem

Params = dict[str, JsonValue]
_FACTOR = 10.0  # an unknown without a range is sought within this factor of its usual value, on both sides
_FREE = (0.01, 10.0)  # and one of an equation that is not in the library, here


def places(conditions: Iterable[str], letters: list[str]) -> dict[str, list[float]]:
    """The values of each coordinate at which conditions are given, in their order."""
    held = list(conditions)
    return {
        letter: sorted({value for text in held for value in _values_at(text, place, letter, len(letters))})
        for place, letter in enumerate(letters)
    }


def _values_at(text: str, place: int, letter: str, count: int) -> list[float]:
    found = []
    for _, inside in applications(text):
        if len(inside) == count and (value := bound(inside[place].rpartition("=")[2])) is not None:
            found.append(value)
    for match in re.finditer(rf"(?<![A-Za-z_]){letter}\s*=\s*([-+\d.pi/*]+)", text.partition(" at ")[2]):
        if (value := bound(match[1])) is not None:
            found.append(value)
    return found


def sought_range(name: str, ends: JsonValue, usual: float | str | None, notes: list[str]) -> dict[str, JsonValue]:
    """The range in which a coefficient is sought; the search begins in its middle."""
    if isinstance(ends, list):
        return {"low": ends[0], "high": ends[1]}
    if isinstance(usual, str):
        usual = bound(usual)
    low, high = (usual / _FACTOR, usual * _FACTOR) if usual is not None and usual > 0 else _FREE
    notes.append(f"The request gives no range of {name}: it is sought between {low:.4g} and {high:.4g}.")
    return {"low": low, "high": high}


def refuse_ranges(told: Params, letters: Iterable[str]) -> None:
    """Refuse an assumed range where a number is left that may tell it."""
    domain = told.get("domain")
    given = domain if isinstance(domain, dict) else {}
    if missing := [letter for letter in letters if letter not in given]:
        refuse_unused(told, f"the range of {' and '.join(missing)}")


def refuse_defaults(told: Params, base: Problem, changes: Mapping[str, Any]) -> None:
    """Refuse what the library would bring where a number is left that may tell it."""
    ranges = [letter for letter in base.domain if letter not in changes.get("domain", {})]
    given = {*changes.get("parameters", {}), *changes.get("unknown", {}), *_names(told, "ranges")}
    values = [name for name in base.parameters if name not in given]
    if ranges:
        refuse_unused(told, f"the range of {' and '.join(ranges)}")
    if values:
        refuse_unused(told, f"the value of {' and '.join(values)}")
    if len(changes.get("conditions", ())) + 2 * len(changes.get("periodic", ())) < len(base.conditions):
        refuse_unused(told, "the conditions")


def _names(told: Params, key: str) -> tuple[str, ...]:
    held = told.get(key)
    return tuple(held) if isinstance(held, dict) else ()


def refuse_unused(told: Params, missing: str) -> None:
    """Refuse a default for what the request does not seem to say, where a number is left that may say it."""
    unused = told.get("unused")
    if isinstance(unused, list) and unused:
        raise BadInput(
            f"a number in {str(unused[-1])!r} was read, but not what it means; it may tell {missing}, "
            "which would be assumed",
            remedy="Write ranges as `x in [0, 1]`, `t in [0, 3]`, conditions as `u(x,0) = sin(pi*x)`; leave out the "
            "number if it is none of these.",
        )


def read_notes(told: Params) -> tuple[str, ...]:
    """Numbers that nothing uses, and units that were converted."""
    unused, converted = (held if isinstance(held := told.get(key), list) else [] for key in ("unused", "converted"))
    lines = [f"A number was read that nothing uses: {str(words)!r}." for words in unused]
    if converted:
        lines.append(f"Units of lengths and times: {', '.join(map(str, converted))}.")
    called = told.get("called")
    if isinstance(called, list) and called:
        lines.append(f"What the request calls {called[0]} is {called[1]} here.")
    return tuple(lines)
