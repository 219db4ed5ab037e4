"""Whether equations are those of another problem, in another spelling or turned round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from orchestrator.core.errors import UserError
from orchestrator.problems.forms import normal_form
from orchestrator.problems.statement import Problem
from orchestrator.problems.symbols import expression


def same_equations(statement: Problem, equations: Sequence[str]) -> bool:
    """Whether each equation is a constant multiple of one of the statement's, each of these once."""
    bare: dict[str, Any] = {"conditions": (), "exact": {}, "units": {}}
    try:
        here = normal_form(statement.model_copy(update=bare))
        there = normal_form(statement.model_copy(update={**bare, "equations": tuple(equations)}))
    except UserError:
        return False
    left = [expression(text) for text in here.equations]
    for text in there.equations:
        found = next((one for one in left if _is_multiple(expression(text), one)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _is_multiple(one: sympy.Expr, other: sympy.Expr) -> bool:
    ratio = sympy.simplify(one / other) if other != 0 else sympy.nan
    return bool(ratio.is_number and ratio.is_finite and ratio != 0)
