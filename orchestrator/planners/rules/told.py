"""Everything that a request says of a problem in symbols: a named one with changes, or equations written out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.planners.rules import sought
from orchestrator.planners.rules.library import GENERAL, elsewhere, entry_of
from orchestrator.planners.rules.measures import UNIT, Measured, in_base_units
from orchestrator.planners.rules.naming import (
    LINE,
    PLANE,
    SOLID,
    has_imaginary_unit,
    names_of,
    of_second_order,
    symbols_of,
)
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.qualified import by_cases, other_equation, other_problem
from orchestrator.planners.rules.respelled import by_field, in_order, with_definitions
from orchestrator.planners.rules.terms import Terms, terms_told
from orchestrator.planners.rules.text import Reading, read
from orchestrator.planners.rules.told_conditions import Names, conditions_told, texts
from orchestrator.planners.rules.told_values import keys, values_told
from orchestrator.planners.rules.written import Written, derivatives, written
from orchestrator.problems import Problem, library
from orchestrator.problems.forms import fields_of

Params = dict[str, JsonValue]
OPTIONS = frozenset(
    (
        "seed", "lr", "epochs", "epoch", "iterations", "iters", "steps", "resolution", "tolerance", "tol", "rtol",
        "atol", "width", "depth", "hidden", "layers", "batch", "bs", "device", "windows", "window", "noise", "folds",
        "trials", "n_points", "points", "samples", "n", "dt", "interior", "budget", "timeout", "cells", "optimizer",
        "method", "sigma_noise", "weight", "damping_factor", "learning_rate", "batch_size", "random_state",
    )
)  # fmt: skip
_NOT_A_BOX = re.compile(
    r"\b(?:on|in|around|over|auf|um|sur|en) (?:an? |the |einer? |einem |une? |un[ao]? )?(?:\w+ )?(?:disks?"
    r"|discs?|spheres?|cylinders?"
    r"|balls?|annulus|l-shape\w*|airfoil|kugel|zylinder|kreis|scheibe)\b"
)
_INVISCID = re.compile(
    r"\binviscid\b|\b(?:without|no|zero|ohne|sans|sin|senza|sem) (?:any )?viscos\w*|\breibungsfrei\w*"
    r"|\bnon visqueuse?\b|\bohne viskositat\b|\bno viscos[ao]\b|无粘|非粘性"
)


@dataclass(frozen=True)
class _Symbols:
    """The entry of the library that is named, formulas in one spelling, and what their names stand for."""

    entry: str | None
    formulas: list[Written]
    letters: tuple[str, ...]
    fields: tuple[str, ...]
    starts: list[JsonValue]
    called: list[JsonValue]

    @property
    def equations(self) -> list[Written]:
        return [one for one in self.formulas if one.kind == "equation"]

    @property
    def conditions(self) -> list[Written]:
        return [one for one in self.formulas if one.kind == "condition"]


def problem_told(reading: Reading, language: str, files: tuple[str, ...]) -> Params:
    """What `stating.statement` makes a problem of; {} where the request names none.

    Keys: named, equations, terms (the equations of a named problem with what words add to them), conditions, periodic,
    parameters, domain, unknown, samples, ranges, noise, columns, unread (a part that was seen and not understood),
    unused (numbers that nothing has used), obstacle, converted (units), complex (the imaginary unit is used), called
    (the request's name of the field, and ours).
    """
    page, measured = _opened(reading, language)
    formulas = [one for one in written(page.reading, language) if one.sides[0].lower() not in OPTIONS]
    equations = [one for one in formulas if one.kind == "equation"]
    entry = entry_of(page.free, plane=bool(PLANE.search(page.free))) or (
        None if equations else sought.entry_by_coefficient(page.reading.plain, bool(files))
    )
    beyond = elsewhere(page.free) if entry is None or entry in GENERAL else None
    if beyond and not equations:
        return {"obstacle": f"the {beyond} equation is not known by its name"}
    if entry is None and not any(derivatives(one.text) for one in equations):
        return {}
    found = _symbols(page, formulas, entry)
    told = _stated(page, found)
    told |= _said(page, found, told)
    told |= _left(page, found.formulas, _list(told.get("unread")))
    told |= {"called": found.called, **_substituted(told, entry)}
    told |= _measures(measured, told, written_out=bool(found.equations))
    if entry == "burgers" and not found.equations and (inviscid := _INVISCID.search(page.reading.plain)):
        told |= _without_viscosity(told, inviscid[0], found.letters, found.fields)
    return {key: value for key, value in told.items() if value not in ({}, [], None)}


def _symbols(page: Page, formulas: list[Written], entry: str | None) -> _Symbols:
    """Formulas brought into one spelling; what is understood of them is struck out."""
    equations = [one for one in formulas if one.kind == "equation"]
    letters, fields = names_of(entry, equations, formulas, page)
    formulas, called = _respelled(page, formulas, letters, fields, named=bool(entry) and not equations)
    kept, starts = _apart([one for one in formulas if one.kind == "equation"], fields)
    for one in formulas:
        if one.kind in ("equation", "condition"):
            page.strike(one.start, one.end)
    rest = [one for one in formulas if one.kind != "equation"]
    return _Symbols(entry, [*kept, *rest], letters, fields, starts, called)


def _stated(page: Page, found: _Symbols) -> Params:
    """The problem that is named or written, and what stands against it."""
    told: Params = {"named": found.entry} if found.entry else {}
    if found.equations:
        told |= {"equations": texts(found.equations), "coordinates": list(found.letters), "fields": list(found.fields)}
        told["complex"] = has_imaginary_unit(found.formulas, (*found.letters, *found.fields)) or None
    plain = page.reading.plain
    told["obstacle"] = _obstacle(
        plain, found.entry, plane=bool(PLANE.search(plain)), written_out=bool(found.equations)
    ) or None  # fmt: skip
    return told


def _said(page: Page, found: _Symbols, told: Params) -> Params:
    """Values, terms and conditions, in formulas and in words; what is left unread of them, and what forbids them."""
    entry, fields, letters, bare = found.entry, found.fields, found.letters, not found.equations
    mine = (*letters, *fields, *(("i",) if told.get("complex") else ()))
    names = tuple(name for name in symbols_of(entry, found.equations) if name not in mine)
    added = terms_told(page, entry, written_out=not bare) if entry else Terms()
    values = values_told(page, found.formulas, Names(entry, fields, letters, names), written_out=not bare)
    values["parameters"] = {**dict(added.parameters), **_dict(values.get("parameters"))}
    values["conditions"] = [*_list(values.get("conditions")), *found.starts]
    twice = of_second_order(entry, found.equations)
    speaks_of = Names(entry, fields, letters, (*names, *keys(values, "parameters")), twice)
    made = conditions_told(page, found.conditions, speaks_of, {**told, **values})
    cases = by_cases(page.free)
    unread = [
        *page.unread,
        *added.unread,
        *_list(values.get("unread")),
        *_list(made.get("unread")),
        *([cases] if cases else []),
    ]
    result: Params = {**values, **made, "terms": list(added.equations), "unread": unread}
    if kind := other_problem(page.free):
        result["obstacle"] = f"{kind!r} asks for another kind of problem"
    elif entry and bare and (other := other_equation(page.free, entry)):
        result["obstacle"] = f"{other!r} is not what the library holds by this name"
    return result


def _respelled(
    page: Page, formulas: list[Written], letters: tuple[str, ...], fields: tuple[str, ...], *, named: bool
) -> tuple[list[Written], list[JsonValue]]:
    """The formulas in one spelling, and what the request calls the field of a named problem otherwise."""
    formulas, defined = with_definitions(formulas, fields, letters)
    for one in defined:
        page.strike(one.start, one.end)
    formulas, called = by_field(formulas, fields, letters) if named else (formulas, "")
    return in_order(formulas, fields, letters), [called, fields[0]] if called else []


def _without_viscosity(told: Params, words: str, letters: tuple[str, ...], fields: tuple[str, ...]) -> Params:
    if "nu" in keys(told, "parameters", "unknown"):
        return {"unread": [*_list(told.get("unread")), words]}
    return {"equations": ["u_t + u*u_x = 0"], "coordinates": list(letters), "fields": list(fields)}


def _opened(reading: Reading, language: str, base: Problem | None = None) -> tuple[Page, Measured]:
    """The page of a request with its lengths and times in one unit each, and how they came to it."""
    page = Page(reading, language)
    words = (match.span() for match in re.finditer(r"\S+", reading.plain))
    struck = [span for span in words if not page.free[slice(*span)].strip()]
    entry = None if base else entry_of(page.free, plane=bool(PLANE.search(page.free)))
    own = bool(base.units) if base else entry is not None and bool(library()[entry].statement.units)
    taken = [*((one.start, one.end) for one in reading.spans), *struck]
    measured = in_base_units(reading.raw, taken, language, own=own)
    return (page if measured.text == reading.raw else Page(read(measured.text), language)), measured


def _measures(measured: Measured, told: Params, *, written_out: bool) -> Params:
    """What was converted; it is unread where the coefficients beside it have no unit."""
    bare = measured.alone and (written_out or bool(told.get("unitless")))
    unread = [f"{measured.told[0]}, beside numbers without units"] if bare else []
    return {"unitless": None, "converted": list(measured.told), "unread": [*_list(told.get("unread")), *unread]}


def _apart(equations: list[Written], fields: tuple[str, ...]) -> tuple[list[Written], list[JsonValue]]:
    """Equations, and initial profiles that look like ones ("u0(x) = sin(x)")."""
    kept: list[Written] = []
    starts: list[JsonValue] = []
    for one in equations:
        name, told = one.sides
        start = re.fullmatch(r"([A-Za-z]+)_?0\s*\([xyzr ,]+\)", name)
        if start and start[1] in fields:
            starts.append(f"{start[1]} = {told} at t = t_low")
        else:
            kept.append(one)
    return kept, starts


def _substituted(told: Params, entry: str | None) -> Params:
    """Numbers in conditions of a named problem that are none of its parameters, put in ("A sin(pi x), A = 2")."""
    if entry is None or told.get("equations"):
        return {}
    values, conditions = _dict(told.get("parameters")), _list(told.get("conditions"))
    for name, value in list(values.items()):
        word = rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])"
        held = any(re.search(word, str(text)) for text in conditions)
        if held and name not in library()[entry].statement.parameters:
            number = str(value) if re.fullmatch(r"[\d.]+", str(value)) else f"({value})"
            conditions = [re.sub(word, number, str(text)) for text in conditions]
            values.pop(name)
    return {"parameters": values, "conditions": conditions}


def changes_told(reading: Reading, language: str, base: Problem) -> Params:
    """What a request says beside a problem that came as a file or as Python: values, ranges, conditions, unknowns.

    Equations in the text are `unread` then: which of the two is meant is not guessed.
    """
    page, measured = _opened(reading, language, base)
    formulas = [one for one in written(page.reading, language) if one.sides[0].lower() not in OPTIONS]
    letters, fields, names = tuple(base.domain), fields_of(base), (*base.parameters, *base.unknown)
    told: Params = {}
    seen = texts(one for one in formulas if one.kind == "equation")
    conditions = [one for one in formulas if one.kind == "condition"]
    for one in formulas:
        if one.kind in ("equation", "condition"):
            page.strike(one.start, one.end)
    told |= values_told(page, formulas, Names(None, fields, letters, names), written_out=False)
    seen += _list(told.get("unread"))
    made = conditions_told(page, conditions, Names(None, fields, letters, names), told)
    told |= made
    told |= _left(page, formulas, [*seen, *_list(made.get("unread"))])
    told |= _measures(measured, told, written_out=False)
    return {key: value for key, value in told.items() if value not in ({}, [], None)}


def _obstacle(plain: str, entry: str | None, *, plane: bool, written_out: bool) -> str:
    if match := _NOT_A_BOX.search(plain):
        return f"its domain ({match[0]!r}) is not a box"
    if written_out or entry is None:
        return ""
    size = 3 if SOLID.search(plain) else 2 if plane else 1 if LINE.search(plain) else 0
    have = len([letter for letter in library()[entry].statement.domain if letter != "t"])
    if size and have and size != have:
        return f"the library holds it in {have} space dimension{'s' if have > 1 else ''}, not in {size}"
    return ""


def _dict(value: JsonValue) -> Params:
    return dict(value) if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return list(value) if isinstance(value, list) else []


def _left(page: Page, formulas: list[Written], seen: list[JsonValue]) -> Params:
    unread: list[JsonValue] = [*seen, *(one.text for one in formulas if one.kind == "other")]
    for one in formulas:
        left = re.sub(rf"^\s*{UNIT}", "", page.cased[one.start : one.end]).strip()
        if one.kind == "place" or (one.kind == "value" and left):
            unread.append(one.text)
            page.strike(one.start, one.end)
    unused: list[JsonValue] = list(dict.fromkeys(page.left_over()))
    return {"unread": unread, "unused": unused}
