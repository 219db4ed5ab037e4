"""What the conditions say by themselves: values on faces, and the places where they contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.pinn.domain import Domain
from skills.runtime.problem import Condition, Problem
from skills.runtime.symbols import Form, Partial, symbol

Array = NDArray[np.float64]
MISFIT = 1e-3  # of its scale, by which data may miss each other and still count as fitting
SAMPLES = 9  # points an edge at which that is looked at


@dataclass(frozen=True)
class Given:
    """A derivative of a field that a condition fixes on its face, and the formula of its value."""

    partial: Partial
    value: Form


@dataclass(frozen=True)
class Clash:
    """An edge or corner at which data contradict: each other (`values`), or only the equation."""

    at: dict[str, float]
    values: bool


def without_fields(subject: Form) -> Form:
    """What is left of a form where all fields are zero."""
    zero = {symbol(subject.vocabulary.name(partial)): 0 for partial in subject.partials}
    return Form(f"rest of {subject.text}", subject.expr.subs(zero), subject.vocabulary)


def solved(subject: Form) -> Given | None:
    """The value that a condition gives its one field or derivative; None where it is of another kind."""
    if len(subject.partials) != 1 or not subject.linear:
        return None
    partial = subject.partials[0]
    slope = subject.by(subject.vocabulary.name(partial)).expr
    value = sympy.expand(-without_fields(subject).expr / slope)
    return Given(partial, Form(str(value), value, subject.vocabulary))


def clashes(problem: Problem, domain: Domain, spread: dict[str, float], sizes: tuple[float, ...]) -> tuple[Clash, ...]:
    """All edges where two conditions contradict. `sizes` are those of the equations' terms, `spread` the fields'."""
    found = []
    for (one, first), (two, second) in combinations(zip(problem.conditions, problem.condition_forms, strict=True), 2):
        if set(one.at) == set(two.at) or any(two.at.get(name, value) != value for name, value in one.at.items()):
            continue
        at = {**one.at, **two.at}
        tables = (_table(problem, one, first), _table(problem, two, second))
        columns = {**problem.guesses(), **dict(zip(problem.names, domain.face(at, SAMPLES).T, strict=True))}
        if _disagree(tables, columns, spread, domain):
            found.append(Clash(at, values=True))
        elif _against(problem.forms, sizes, tables[0] | tables[1], columns):
            found.append(Clash(at, values=False))
    return tuple(found)


def _table(problem: Problem, condition: Condition, forms: tuple[Form, ...]) -> dict[Partial, Form]:
    """All derivatives that a condition fixes: those it names, and theirs along its face, as far as anyone asks."""
    wanted = set(problem.partials)
    free = [axis for axis, name in enumerate(problem.names) if name not in condition.at]
    found: dict[Partial, Form] = {}
    for given in (one for one in map(solved, forms) if one is not None):
        for partial in wanted | {given.partial}:
            more = tuple(a - b for a, b in zip(partial.orders, given.partial.orders, strict=True))
            if partial.field != given.partial.field or any(
                order < 0 or (order and axis not in free) for axis, order in enumerate(more)
            ):
                continue
            value = given.value
            for name, order in zip(problem.names, more, strict=True):
                for _ in range(order):
                    value = value.by(name)
            found[partial] = value
    return found


def _disagree(
    tables: tuple[dict[Partial, Form], dict[Partial, Form]],
    columns: dict[str, Array | float],
    spread: dict[str, float],
    domain: Domain,
) -> bool:
    for partial in set(tables[0]) & set(tables[1]):
        miss = np.asarray(tables[0][partial](columns)) - np.asarray(tables[1][partial](columns))
        unit = spread[partial.field] * float(np.prod(domain.lengths ** -np.array(partial.orders, dtype=float)))
        if np.any(np.abs(miss) > MISFIT * unit):
            return True
    return False


def _against(
    forms: tuple[Form, ...], sizes: tuple[float, ...], table: dict[Partial, Form], columns: dict[str, Array | float]
) -> bool:
    """Whether an equation, all of whose parts the conditions fix there, does not hold."""
    for one, size in zip(forms, sizes, strict=True):
        if set(one.partials) <= set(table):
            values = {one.vocabulary.name(partial): table[partial](columns) for partial in one.partials}
            if np.any(np.abs(np.asarray(one({**columns, **values}))) > MISFIT * size):
                return True
    return False
