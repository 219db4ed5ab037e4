"""A problem whose equations the request writes out; what it leaves out is assumed where that is safe."""

from __future__ import annotations

import re
from typing import Any

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.planners.rules.altered import altered, refuse_borrowed
from orchestrator.planners.rules.assumed import places, read_notes, refuse_ranges, sought_range
from orchestrator.problems import Problem, library

Params = dict[str, JsonValue]
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def written_out(told: Params, name: str | None) -> tuple[Problem, tuple[str, ...]]:
    """The problem and notes; coefficients that it does not give may be those of the library's `name`."""
    notes: list[str] = []
    equations, conditions = _texts(told, "equations"), _texts(told, "conditions")
    letters = _texts(told, "coordinates")
    sought = _dict(told.get("unknown"))
    own = name is not None and _is_own(name, equations)
    values = _values(told, name, equations, notes, own=own)
    used = {word for text in (*equations, *conditions) for word in _WORD.findall(text)}
    idle = [one for one in values if one not in used and not any(one in str(other) for other in values.values())]
    if idle:
        raise BadInput(f"the value of {idle[0]!r} is given, and no equation or condition uses it",
                       remedy="Use it in an equation, or leave it out.")  # fmt: skip
    domain = _domain(letters, _dict(told.get("domain")), conditions, notes)
    refuse_ranges(told, letters)
    unknown = {one: sought_range(one, ends, None, notes) for one, ends in sought.items()}
    statement = Problem.model_validate(
        {
            "name": name if own else "equation",
            "equations": equations,
            "domain": domain,
            "fields": _texts(told, "fields"),
            "conditions": conditions,
            "periodic": told.get("periodic") or [],
            "parameters": _in_order(values),
            "unknown": unknown,
        }
    )
    if set(letters) > {"t"} and len(letters) == 2 and not told.get("periodic"):
        from orchestrator.problems.profiles import with_usual_conditions  # loads SymPy

        statement, more = with_usual_conditions(statement)
        notes += more
    return statement, (*notes, *read_notes(told))


def in_parts(told: Params, name: str | None) -> tuple[Problem, tuple[str, ...]]:
    """A problem whose field is complex, by its real and imaginary parts.

    Without conditions those of the library's Schrödinger equation are taken, where the equation is that one.
    """
    from orchestrator.problems.complex_fields import in_real_parts  # loads SymPy
    from orchestrator.problems.sameness import same_equations

    statement, notes = written_out(told, None)
    parts, note = in_real_parts(statement)
    entry = library()[name or "schrodinger"]
    bare = not told.get("conditions") and not told.get("periodic")
    if bare and same_equations(entry.statement, parts.equations):
        made, taken = altered(entry.statement, {**told, "equations": [*entry.statement.equations]}, entry.title)
        return made, (note, *taken)
    return parts.model_copy(update={"name": name or parts.name}), (note, *notes)


def _in_order(values: dict[str, Any]) -> dict[str, Any]:
    """Values that are formulas of others behind these ("a = 2 nu, nu = 0.1"); those in a circle as they were."""
    left = dict(values)
    found: dict[str, Any] = {}
    while ready := [one for one, value in left.items() if not set(_WORD.findall(str(value))) & set(left) - {one}]:
        found |= {one: left.pop(one) for one in ready}
    return {**found, **left}


def _is_own(name: str, equations: list[str]) -> bool:
    from orchestrator.problems.sameness import same_equations  # loads SymPy

    return same_equations(library()[name].statement, equations)


def _values(told: Params, name: str | None, equations: list[str], notes: list[str], *, own: bool) -> dict[str, Any]:
    """The values that are told, and those of the library's where the equations are its own."""
    values: dict[str, Any] = dict(_dict(told.get("parameters")))
    if name is None:
        return values
    entry = library()[name]
    used = {word for text in equations for word in _WORD.findall(text)}
    missing = {
        one: value for one, value in entry.statement.parameters.items()
        if one in used and one not in values and one not in _dict(told.get("unknown"))
    }  # fmt: skip
    if missing and not own:
        refuse_borrowed(entry.statement, told, equations, entry.title)
    notes += [
        f"The request gives no value of {one}: {value} was taken, as in the library." for one, value in missing.items()
    ]
    return {**values, **missing}


def _domain(letters: list[str], given: Params, conditions: list[str], notes: list[str]) -> dict[str, Any]:
    """The range of every coordinate: told, else spanned by the places of conditions, else from 0 to 1."""
    found: dict[str, Any] = {}
    held = places(conditions, letters)
    for letter in letters:
        if letter in given:
            found[letter] = given[letter]
            continue
        ends = held[letter]
        if len(ends) > 1:
            found[letter] = [ends[0], ends[-1]]
        else:
            low = min(0.0, *ends) if ends else 0.0
            found[letter] = [low, ends[0] if ends and ends[0] > 0.0 else low + 1.0]
        notes.append(f"The request gives no range of {letter}: {found[letter][0]:g} to {found[letter][1]:g} was taken.")
    return found


def _texts(told: Params, key: str) -> list[str]:
    held = told.get(key)
    return [str(one) for one in held] if isinstance(held, list) else []


def _dict(value: JsonValue) -> Params:
    return dict(value) if isinstance(value, dict) else {}
