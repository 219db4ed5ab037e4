"""What the conditions say about derivatives on a face: values that a flux has there, known from the problem alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy

from skills.runtime.laws.jets import Jets, settled, with_numbers
from skills.runtime.problem import Problem
from skills.runtime.symbols import Partial, symbol


@dataclass(frozen=True)
class Held:
    """A derivative that a condition fixes on a face, by coordinates and lower derivatives."""

    partial: Partial
    expr: sympy.Expr


@lru_cache(maxsize=256)
def held(problem_text: str, coordinate: str, end: float) -> tuple[Held, ...]:
    """What is fixed where a coordinate has the value of one of its ends; `problem_text` is the problem as JSON.

    Read are the conditions that are linear, with a constant factor, in their highest derivative.
    """
    problem = Problem.model_validate_json(problem_text)
    jets, found = Jets(problem.vocabulary), []
    for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True):
        if condition.at != {coordinate: end}:
            continue
        for one in forms:
            expr = with_numbers(one, problem).subs(symbol(coordinate), sympy.Rational(str(end)))
            inside = jets.inside(expr)
            if not inside:
                continue
            jet = max(inside, key=lambda name: jets.rank(inside[name]))
            factor = sympy.diff(expr, jet)
            if factor.is_number and factor != 0:
                found.append(Held(inside[jet], settled(jet - expr / factor)))
    return tuple(found)


def on_face(expr: sympy.Expr, problem: Problem, coordinate: str, end: float) -> sympy.Expr:
    """The expression on a face, with all in it that the conditions there fix."""
    jets = Jets(problem.vocabulary)
    rules = held(problem.model_dump_json(), coordinate, end)
    normal = problem.names.index(coordinate)
    found = settled(expr.subs(symbol(coordinate), sympy.Rational(str(end))))
    for _ in range(4):  # a condition may fix a derivative by lower ones that others fix
        swaps = {}
        for jet, partial in jets.inside(found).items():
            for rule in rules:
                value = _along(rule, partial, normal, jets)
                if value is not None:
                    swaps[jet] = value
                    break
        if not swaps:
            break
        found = settled(found.subs(swaps, simultaneous=True))
    return found


def _along(rule: Held, partial: Partial, normal: int, jets: Jets) -> sympy.Expr | None:
    """The rule differentiated along the face until it says something about the given derivative; None if it cannot."""
    more = [a - b for a, b in zip(partial.orders, rule.partial.orders, strict=True)]
    if partial.field != rule.partial.field or more[normal] != 0 or min(more) < 0:
        return None
    value = rule.expr
    for place, count in enumerate(more):
        for _ in range(count):
            value = jets.total(value, place)
    return value
