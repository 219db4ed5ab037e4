"""Conditions of a problem in symbols as the request gives them: as formulas, and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import JsonValue

from orchestrator.planners.rules import boundaries
from orchestrator.planners.rules.conditions import GAUSSIAN, INITIAL, bound
from orchestrator.planners.rules.formula import scan
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.starts import initial_values
from orchestrator.planners.rules.written import Written

Params = dict[str, JsonValue]
_PERIODIC = re.compile(
    r"(?:with )?periodic(?! (?:source|forcing|initial|signal|orbit|solution))(?: (?:boundar\w+|conditions?|bcs?"
    r"|in [xyz]\b))*"
    r"|periodisch\w*(?: rand\w*)?|periodique\w*|periodic[ao]s?\b|周期(?:边界\w*|境界\w*)?|on a (?:ring|circle|torus)"
)


def texts(formulas: Iterable[Written]) -> list[JsonValue]:
    return [f"{one.text} at {one.where}" if one.where else one.text for one in formulas]


def conditions_told(
    page: Page, formulas: list[Written], entry: str | None, fields: tuple[str, ...], letters: tuple[str, ...],
    told: Params,
) -> Params:  # fmt: skip
    found: list[JsonValue] = [*_list(told.get("conditions")), *texts(formulas)]
    found += list(initial_values(page, entry, fields))
    space = [letter for letter in letters if letter != "t"]
    first = f"{fields[0]}" if fields else "u"
    if space and "t" in letters and (match := INITIAL.search(page.free)):
        text, end = scan(page.free, match.end(), ("y", "z"))
        if text:
            found.append(f"{first} = {text} at t = t_low")
            page.strike(match.start(), end)
    if space and "t" in letters and page.find(GAUSSIAN):
        found.append(f"{first} = exp(-(6*({space[0]} - {space[0]}_mid)/{space[0]}_length)**2) at t = t_low")
    periodic: list[JsonValue] = []
    if space and page.find(_PERIODIC):
        periodic += space
    result: Params = {"conditions": found, "periodic": periodic}
    if space and not periodic:
        sides, words = page.boundary_words(_ends(told, space[0]))
        if words:
            result["unread_boundary"] = words
        found += _told_sides(sides, fields, space)
    return result


def _told_sides(sides: boundaries.Sides, fields: tuple[str, ...], space: list[str]) -> list[JsonValue]:
    """Conditions in words as formulas; both ends alike hold on the whole boundary."""
    found: list[JsonValue] = []
    same = sides.get("left") == sides.get("right") and "left" in sides
    letter = space[0]
    for side, place in (("left", f"{letter} = {letter}_low"), ("right", f"{letter} = {letter}_high")):
        told = sides.get(side)
        if not isinstance(told, dict) or (same and side == "right" and len(space) > 1):
            continue
        where = "boundary" if same and len(space) > 1 else place
        for field in fields:
            slope = f"{field}_n" if where == "boundary" else f"{field}_{letter}"
            left = {"dirichlet": field, "neumann": slope}.get(
                str(told["kind"]), f"{slope} + ({told.get('coefficient')})*{field}"
            )
            found.append(f"{left} = {told['value']} at {where}")
    return found


def _ends(told: Params, letter: str) -> tuple[float, float]:
    ends = told.get("domain")
    given = ends.get(letter) if isinstance(ends, dict) else None
    low, high = given if isinstance(given, list) else (0.0, 1.0)
    numbers = [one if isinstance(one, float) else bound(str(one)) or 0.0 for one in (low, high)]
    return numbers[0], numbers[1]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
