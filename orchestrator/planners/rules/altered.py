"""A problem of the library, or of a file, with what a request says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, IllPosed, UserError
from orchestrator.planners.rules.assumed import places, read_notes, refuse_defaults, refuse_unused, sought_range
from orchestrator.planners.rules.conditions import bound
from orchestrator.problems import Place, Problem, changed, library
from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import normal_form

Params = dict[str, JsonValue]
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def altered(base: Problem, told: Params, title: str) -> tuple[Problem, tuple[str, ...]]:
    """The problem and notes. Raises BadInput for what fits no part of it, IllPosed for what cannot be read."""
    ours = base.name in library() and base == library()[base.name].statement
    notes: list[str] = []
    changes = _changes(base, told, notes, spread=ours)
    own = _own_equations(base, told, title) if told.get("equations") else bool(told.get("terms"))
    made = changed(base, changes)
    statement, more = made.statement, made.notes
    if ours:
        statement = _without_other_end(statement, changes)
    if ours and _ends_alone(statement, changes):
        from orchestrator.problems.profiles import with_fitting_start  # loads SymPy

        statement, fitted = with_fitting_start(statement)
        more = (*more, *fitted)
    if "equations" in changes:
        statement = _without_idle(statement, units=own and not told.get("terms"))
        statement = statement if own else statement.model_copy(update={"name": "equation"})
    if ours and changes:
        statement = _with_fitting_units(statement)
    if ours and not told.get("equations"):
        refuse_defaults(told, base, changes)
        if taken := _defaults(base, changes, statement):
            notes.append(f"Not in the request, so taken from the library's {title}: {taken}.")
    elif told.get("equations"):
        refuse_unused(told, "the conditions")
        notes.append(f"The request gives no conditions: those of the library's {title} were taken.")
        if ranges := _ranges(base, changes):
            notes.append(f"The request gives no range of these, so the library's were taken: {', '.join(ranges)}.")
    return statement, (*notes, *more, *read_notes(told))


def _changes(base: Problem, told: Params, notes: list[str], *, spread: bool) -> dict[str, Any]:
    """What is to change; `spread`: two places of conditions in a coordinate without a range are its ends."""
    changes: dict[str, Any] = {
        key: told[key] for key in ("parameters", "domain", "conditions", "periodic", "equations") if told.get(key)
    }
    if told.get("terms"):
        changes["equations"] = told["terms"]
        notes.append(f"The equation with the terms that are named: {', '.join(map(str, _list(told['terms'])))}.")
    if sought := _dict(told.get("unknown")):
        changes["unknown"] = {
            name: sought_range(name, ends, base.parameters.get(name), notes) for name, ends in sought.items()
        }
    for name, ends in _dict(told.get("ranges")).items():
        if "samples" not in told:
            raise BadInput(f"{name} has the range {ends}, and nothing says what for",
                           remedy=f"Ask for a data set (`64 solutions`), for {name} to be found from data, or "
                           f"give one value.")  # fmt: skip
    if spread:
        found = places(map(str, _list(told.get("conditions"))), list(base.domain))
        spans = {letter: [ends[0], ends[-1]] for letter, ends in found.items() if len(ends) > 1}
        new = {letter: ends for letter, ends in spans.items() if letter not in changes.get("domain", {})}
        if new:
            changes["domain"] = {**changes.get("domain", {}), **new}
    if "equations" in changes:
        changes["exact"] = {}
    return changes


def _own_equations(base: Problem, told: Params, title: str) -> bool:
    """Whether equations that are written out are those of the library.

    Raises IllPosed where they are not and hold a name without a value: the library's value belongs to its equation.
    """
    from orchestrator.problems.sameness import same_equations  # loads SymPy

    equations = [str(text) for text in _list(told.get("equations"))]
    if same_equations(base, equations):
        return True
    refuse_borrowed(base, told, equations, title)
    return False


def refuse_borrowed(base: Problem, told: Params, equations: list[str], title: str) -> None:
    """Raise IllPosed for a name that has a value in the library alone, whose equation is another."""
    used = {word for text in equations for word in _WORD.findall(text)}
    for name in base.parameters:
        if name in used and name not in _dict(told.get("parameters")) and name not in _dict(told.get("unknown")):
            raise IllPosed(
                f"{name!r} has no value, and {equations[0]!r} is not the library's {title}, whose value could be taken",
                remedy=f"Give its value, e.g. `{name} = {base.parameters[name]}`.",
            )


def _without_other_end(statement: Problem, changes: Mapping[str, Any]) -> Problem:
    """Without the library's conditions at an end of which the request says nothing while it speaks of the other one."""
    space = [letter for letter in statement.domain if letter != "t"]
    if len(space) != 1 or "t" not in statement.domain:
        return statement
    [letter] = space
    ends = tuple(_number(end) for end in statement.domain[letter])
    texts = [str(text) for text in changes.get("conditions", ())]
    told = {ends.index(value) for value in places(texts, list(statement.domain)).get(letter, []) if value in ends}
    told |= {index for index, end in enumerate(("low", "high")) if any(f"{letter}_{end}" in text for text in texts)}
    if any(" boundary" in text for text in texts) or len(told) != 1:
        return statement
    silent = {letter: ends[1 - told.pop()]}
    kept = [one for one in statement.conditions if not (isinstance(one, Place) and one.at == silent)]
    return statement.model_copy(update={"conditions": tuple(kept)})


def _number(end: float | str) -> float | None:
    return bound(end) if isinstance(end, str) else end


def _with_fitting_units(statement: Problem) -> Problem:
    """The library's units as long as what the request says fits them: its own numbers have none."""
    from orchestrator.problems.posed_units import check_units  # loads SymPy

    faults = Faults()
    try:
        check_units(normal_form(statement), faults)
    except UserError:
        return statement  # which `pose` will say
    return statement.model_copy(update={"units": {}}) if faults.found else statement


def _ends_alone(statement: Problem, changes: Mapping[str, Any]) -> bool:
    """Whether the request speaks of the ends and not of the start."""
    told = [str(text) for text in changes.get("conditions", ())]
    if not told and not changes.get("periodic"):
        return False
    letters = list(statement.domain)
    starts = places(told, letters).get("t", [])
    return not starts and not any(" at t" in text for text in told)


def _defaults(base: Problem, changes: Mapping[str, Any], statement: Problem) -> str:
    """What a named problem brings that the request does not say."""
    told = {*changes.get("parameters", {}), *changes.get("unknown", {})}
    values = [
        f"{name} = {value}"
        for name, value in base.parameters.items()
        if name in statement.parameters and name not in told
    ]
    ranges = _ranges(base, changes)
    count = len(changes.get("conditions", ())) + 2 * len(changes.get("periodic", ()))
    rest = "all conditions" if not count else "the other conditions" if count < len(base.conditions) else ""
    return ", ".join((*values, *ranges, *((rest,) if rest else ())))


def _ranges(base: Problem, changes: Mapping[str, Any]) -> list[str]:
    given = changes.get("domain", {})
    return [f"{letter} from {low} to {high}" for letter, (low, high) in base.domain.items() if letter not in given]


def _without_idle(statement: Problem, *, units: bool) -> Problem:
    """Without the parameters that nothing uses any more; units belong to the equation that they were given for."""
    kept, before = dict(statement.parameters), -1
    while len(kept) != before:
        before = len(kept)
        texts = [*statement.equations, *map(str, statement.conditions), *map(str, kept.values())]
        used = {word for text in texts for word in _WORD.findall(text)}
        kept = {name: value for name, value in kept.items() if name in used}
    gone = set(statement.parameters) - set(kept)
    held = {name: unit for name, unit in statement.units.items() if units and name not in gone}
    return statement.model_copy(update={"parameters": kept, "units": held})


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _dict(value: JsonValue) -> Params:
    return dict(value) if isinstance(value, dict) else {}
