"""The dimensions of a problem's own terms as a law: it is broken or kept before any field exists."""

from __future__ import annotations

from skills.runtime.dimensions import BadUnit, Findings, check
from skills.runtime.laws.law import Law
from skills.runtime.problem import Problem

NAME = "dimensions"


def findings(problem: Problem) -> Findings:
    """Of all equations and conditions; a unit that cannot be read is a violation too."""
    exprs = {f"equation {number}": one.expr for number, one in enumerate(problem.forms, 1)}
    for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True):
        place = ", ".join(f"{name} = {value:g}" for name, value in condition.at.items())
        exprs |= {f"condition {number} at {place}": one.expr for number, one in enumerate(forms, 1)}
    try:
        return check(exprs, problem.vocabulary, problem.units)
    except BadUnit as error:
        return Findings((str(error),))


def statement(problem: Problem) -> Law:
    """What is added has one dimension, what stands in a function has none."""
    if not problem.units:
        return Law(name=NAME, statement="", reason="no units are given")
    found = findings(problem)
    text = "; ".join(found.violations) or "terms that are added have one dimension, arguments of functions none"
    told = [*(f"{name} is in {unit}" for name, unit in found.inferred.items()), *found.assumed]
    return Law(name=NAME, statement=text, formula="; ".join(told), factor=0.0,
               numbers={"violations": float(len(found.violations))})  # fmt: skip
