"""Numbers of a problem as the request gives them: values of coefficients, ranges of coordinates, what is sought."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pydantic import JsonValue

from orchestrator.core.errors import IllPosed
from orchestrator.planners.rules import sought
from orchestrator.planners.rules.library import parameter, spellings, words_of
from orchestrator.planners.rules.measures import UNIT
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.ranges import box
from orchestrator.planners.rules.told_conditions import Names
from orchestrator.planners.rules.written import Written
from orchestrator.problems import library
from orchestrator.problems.units import dimension

Params = dict[str, JsonValue]
_END_TIME = re.compile(r"(?:T|t_?max|t_?end|t_?final|t_?f|tmax|tend)\Z")
_WITH_UNIT = re.compile(rf"(?P<value>.*[\d.)i])\s?(?:(?P<unit>{UNIT})|K|°C|rad)\s*")


@dataclass
class _Found:
    """What has been read so far."""

    values: Params = field(default_factory=dict)
    ends: Params = field(default_factory=dict)
    conditions: list[JsonValue] = field(default_factory=list)
    unread: list[JsonValue] = field(default_factory=list)
    unitless: list[JsonValue] = field(default_factory=list)


def values_told(page: Page, formulas: list[Written], names: Names, *, written_out: bool) -> Params:
    """`parameters` (and those without a unit), `domain`, `conditions` (of "u0 = 1"), what `sought.coefficients` finds.

    Ranges of coefficients come first, then the box, then values: the words for the later may stand in the earlier.
    """
    told: Params = dict(sought.coefficients(page, names.entry, names.numbers, written_out=written_out))
    found = _Found()
    for one in formulas:
        if one.kind == "value":
            _place(page, one, names, found, [other for other in formulas if other is not one])
    for letter, (low, high) in box(page, names.letters).items():
        found.ends.setdefault(letter, [low, high])
    taken = keys(told, "unknown", "ranges")
    for name in names.numbers:
        is_told = rf"{re.escape(name.lower())}(?=\s*(?:is|equals|equal to|ist|est|es|für|be)\s*(?:equal to )?[-+.\d])"
        if name not in found.values and name not in taken and (value := page.value_after(is_told)) is not None:
            found.values[name] = value
    if names.entry and not written_out:
        _worded(page, names.entry, found, taken)
    unread = told.get("unread")
    return {
        **told, "unitless": found.unitless, "parameters": found.values, "domain": found.ends,
        "conditions": found.conditions,
        "unread": [*(unread if isinstance(unread, list) else []), *found.unread],
    }  # fmt: skip


def keys(found: Params, *parts: str) -> set[str]:
    return {name for part in parts if isinstance(held := found.get(part), dict) for name in held}


def _worded(page: Page, entry: str, found: _Found, sought_names: set[str]) -> None:
    """Values behind words ("viscosity 0.02") and names ("sigma 10"); what is sought has none."""
    known = tuple(library()[entry].statement.parameters)
    named = [(name, words) for name, words in words_of(entry).items()]
    named += [(name, re.escape(told)) for told, name in spellings(entry, known).items() if len(told) > 1]
    for name, words in named:
        if name not in found.values and name not in sought_names:
            value = page.value_after(words)
            if value is not None:
                found.values[name] = value
                _check_unit(entry, name, page.unit, found)


def _is_unit(text: str) -> bool:
    try:
        return not dimension(text).plain
    except IllPosed:
        return False


def _check_unit(entry: str | None, name: str, unit: str, found: _Found) -> None:
    """A unit that is not of the library's dimension was meant for something else."""
    if not unit:
        found.unitless.append(name)
    usual = library()[entry].statement.units.get(name) if entry else None
    if not unit or usual is None:
        return
    try:
        fits = dimension(unit) == dimension(usual)
    except IllPosed:
        fits = False
    if not fits:
        found.unread.append(f"{name} in {unit}")


def _place(page: Page, one: Written, names: Names, found: _Found, others: list[Written]) -> None:
    """A value `name = formula` to where it belongs."""
    name, told = one.sides
    unit = ""
    if match := _WITH_UNIT.fullmatch(told):
        told, unit = match["value"], match["unit"] or ""
    elif (match := re.fullmatch(r"([-+\d.eE]+)\s+([A-Za-z][A-Za-z0-9/*^ .-]*)", told)) and _is_unit(match[2]):
        told, unit = match[1], match[2]
    start = re.fullmatch(r"([A-Za-z]+)_?0", name)
    other = name not in names.fields and name not in names.numbers
    if "t" in names.letters and _END_TIME.fullmatch(name) and other:
        found.ends["t"] = [0.0, told]
    elif name in names.letters or (name in ("t", "x", "y", "z") and other):
        if page.free[one.start : one.end].strip():
            return  # "until t = 0.5": the box reads it
    elif start and start[1] in names.fields and name not in names.numbers:
        found.conditions.append(f"{start[1]} = {told} at t = t_low")
    elif name in names.fields:
        found.unread.append(one.text)
    elif name == "L" and other and len(names.space) == 1 and names.entry not in _WITH_LENGTHS:
        found.ends[names.space[0]] = [0.0, told]
        if _stands_in(name, others):
            found.values[name] = told
    else:
        _keep(names, name, told, unit, one, found, own=_stands_in(name, others))
    page.strike(one.start, one.end)


_WITH_LENGTHS = ("pendulum", "damped_pendulum")


def _stands_in(name: str, formulas: list[Written]) -> bool:
    word = rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])"
    return any(one.kind in ("condition", "equation") and re.search(word, one.text) for one in formulas)


def _keep(names: Names, name: str, told: str, unit: str, one: Written, found: _Found, *, own: bool) -> None:
    """A coefficient's value, once; `own`: a formula of the request uses the name."""
    known = tuple(library()[names.entry].statement.parameters) if names.entry else ()
    if names.entry and not own and not (name in names.numbers and name not in known):
        name = parameter(names.entry, name, known)
    if found.values.get(name, told) != told:
        found.unread.append(f"{one.text}, beside {name} = {found.values[name]}")
    found.values[name] = told
    _check_unit(names.entry, name, unit, found)
