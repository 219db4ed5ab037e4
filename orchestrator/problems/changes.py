"""Changes to a stated problem that keep it consistent: conditions replaced place by place, closed forms that fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.core.errors import BadInput
from orchestrator.problems.faults import Fault, combined
from orchestrator.problems.forms import Normal, normal_form
from orchestrator.problems.places import At
from orchestrator.problems.statement import Problem
from orchestrator.problems.tokens import nearest
from orchestrator.problems.vocabulary import TIME

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BY_NAME = ("parameters", "domain", "units")


@dataclass(frozen=True)
class Changed:
    """The statement with its changes, and what was adapted or dropped to keep it consistent."""

    statement: Problem
    notes: tuple[str, ...] = ()


def changed(statement: Problem, changes: Mapping[str, Any]) -> Changed:
    """Merge `changes` (keys of a statement) into it.

    `parameters`, `domain` and `units` are merged name by name. `conditions` take the place of those about the same
    field at the same place; a `periodic` coordinate, of all at its ends. `equations` replace all. A parameter that is
    named under `unknown` is sought. Raises BadInput for names that are not there, IllPosed for what cannot be read.
    """
    _check_names(statement, changes)
    told: dict[str, Any] = dict(statement.as_json())
    for key in _BY_NAME:
        if key in changes:
            told[key] = {**dict(getattr(statement, key)), **dict(changes[key])}
    for key in ("name", "equations", "fields", "unknown", "data", "exact"):
        if key in changes:
            told[key] = changes[key]
    told["parameters"] = {
        name: value
        for name, value in dict(told.get("parameters", {})).items()
        if name not in changes.get("unknown", {})
    }
    base = Problem.model_validate({**told, "exact": {}})
    conditions = {"conditions": changes.get("conditions", []), "periodic": changes.get("periodic", [])}
    if not conditions["conditions"] and not conditions["periodic"]:
        made = Changed(Problem.model_validate(told))
    else:
        from orchestrator.problems.held_ends import with_held_ends  # loads SymPy

        given = Problem.model_validate({**told, **conditions, "exact": {}})
        made = Changed(*with_held_ends(Problem.model_validate({**told, **_merged(base, given)}), given))
    return made if "exact" in changes else _with_fitting_exact(made)


def _check_names(statement: Problem, changes: Mapping[str, Any]) -> None:
    """Refuse, all at once, keys and names that the statement does not have."""
    found: list[tuple[tuple[str, ...], str, str, tuple[str, ...]]]
    found = [((key,), key, "key", tuple(Problem.model_fields)) for key in changes if key not in Problem.model_fields]
    if "equations" not in changes:
        values = (*statement.parameters, *statement.unknown)
        held = {"parameters": ("parameter", values), "unknown": ("parameter", values)}
        held["domain"] = ("coordinate", tuple(statement.domain))
        for key, (what, known) in held.items():
            found += [((key, name), name, what, known) for name in changes.get(key, {}) if name not in known]
    faults = [
        Fault(
            where,
            BadInput(
                f"the {statement.name} problem has no {what} {name!r}{nearest(name, known)}",
                remedy="Change one that it has, or write the equations out." if what != "key" else "Use a valid key.",
            ),
        )
        for where, name, what, known in found
    ]
    if faults:
        raise combined(faults)


@dataclass(frozen=True)
class _Line:
    """One equation of a condition, with its fields and the order of its derivatives across the place."""

    at: At
    text: str
    fields: frozenset[str]
    order: int


def _merged(base: Problem, given: Problem) -> dict[str, Any]:
    """`conditions` and `periodic` of both: what is said anew goes first out of the base."""
    old_form, new_form = normal_form(base), normal_form(given)
    old, new = _lines(old_form), _lines(new_form)
    wrapped = set(new_form.periodic)
    ended = {letter for line in new for letter in line.at if len(line.at) == 1}
    kept = [line for line in old if not _superseded(line, old, new) and not set(line.at) & wrapped]
    held = [{"at": line.at, "is": [f"{line.text} = 0"]} for line in [*kept, *new]]
    return {"conditions": held, "periodic": sorted({*old_form.periodic} - ended | wrapped)}


def _superseded(line: _Line, old: list[_Line], new: list[_Line]) -> bool:
    """By a new line of its order; on a face also by one of an order that no old line has (a flux for a value)."""
    beside = {one.order for one in old if one.at == line.at and one.fields & line.fields}
    orders = {one.order for one in new if one.at == line.at and one.fields & line.fields}
    return line.order in orders or (TIME not in line.at and bool(orders) and not orders & beside)


def _lines(form: Normal) -> list[_Line]:
    return [_line(at, text, form) for at, texts in form.conditions for text in texts]


def _line(at: At, text: str, form: Normal) -> _Line:
    names = form.vocabulary
    told = [one for word in set(_WORD.findall(text)) if (one := names.partial(word)) is not None]
    places = [form.coordinates.index(letter) for letter in at]
    order = max((one[1][place] for one in told for place in places), default=0)
    return _Line(at, text, frozenset(one[0] for one in told), order)


def _with_fitting_exact(made: Changed) -> Changed:
    if not made.statement.exact:
        return made
    from orchestrator.problems.posed_exact import exact_faults  # loads SymPy

    if not exact_faults(normal_form(made.statement)):
        return made
    bare = made.statement.model_copy(update={"exact": {}})
    return replace(made, statement=bare, notes=(*made.notes, "The closed form does not fit the changes: dropped."))
