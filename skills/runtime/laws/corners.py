"""Whether the initial data keep the conditions at the faces: where they do not, the solution starts with a layer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sympy

from skills.runtime.laws.ends import on_face
from skills.runtime.laws.grid import axes
from skills.runtime.laws.jets import Jets, number, with_numbers
from skills.runtime.problem import TIME, Problem

MISFIT = 1e-4  # share of the size of a condition's terms by which data may miss each other and still count as fitting


def clash(problem: Problem) -> str:
    """The first condition that the initial data miss, in words; "" where all fit, or the problem is steady."""
    return _clash(problem.model_dump_json())


def settled_from(problem: Problem) -> int:
    """The index of the first time that counts: after the first panel where the data clash."""
    if not clash(problem):
        return 0
    return axes(problem)[problem.names.index(TIME)].order - 1


@lru_cache(maxsize=64)
def _clash(problem_text: str) -> str:
    problem = Problem.model_validate_json(problem_text)
    if not problem.timed:
        return ""
    jets = Jets(problem.vocabulary)
    for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True):
        for one in forms if TIME not in condition.at else ():
            expr = with_numbers(one, problem)
            begun = _begun(problem, expr)
            if jets.inside(begun):
                continue
            size = _largest(problem, begun - _begun(problem, _data(expr, jets)), {})
            size = max(size, _largest(problem, _begun(problem, _data(expr, jets)), condition.at))
            if _largest(problem, begun, condition.at) > MISFIT * size:
                place = ", ".join(f"{name} = {value:g}" for name, value in condition.at.items())
                return f"the initial data miss {one.text} = 0 at {place}"
    return ""


def _begun(problem: Problem, expr: sympy.Expr) -> sympy.Expr:
    return on_face(expr, problem, TIME, problem.axis(TIME).low)


def _data(expr: sympy.Expr, jets: Jets) -> sympy.Expr:
    """What a condition asks for: its value where no field is."""
    return expr.subs(dict.fromkeys(jets.inside(expr), 0))


def _largest(problem: Problem, expr: sympy.Expr, at: dict[str, float]) -> float:
    """The largest absolute value over space, where the coordinates of `at` have their values."""
    free = [name for name in problem.space if name not in at]
    lines = [axes(problem)[problem.names.index(name)].nodes for name in free]
    grids = dict(zip(free, np.meshgrid(*lines, indexing="ij"), strict=True)) if free else {}
    return float(np.max(np.abs(number(problem, expr)({**at, **grids}))))
