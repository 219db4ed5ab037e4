"""How far a field misses its equations, its conditions and its periodic ends: dimensionless, with what measuring adds.

A field is given by its jets, the values of fields and derivatives at points, in two estimates whose difference bounds
the error of measuring. Exact jets are given twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skills.runtime.probes import seam_partials
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import Form

Array = NDArray[np.float64]
Columns = Mapping[str, Any]  # coordinates, fields, derivatives (n,) and coefficients, by canonical names


@dataclass(frozen=True)
class Jets:
    """Columns inside, on the face of each condition, and at the low and the high end of each periodic coordinate."""

    interior: Columns
    conditions: tuple[Columns, ...]
    seams: Mapping[str, tuple[Columns, Columns]]


@dataclass(frozen=True)
class Violation:
    """`value` of one equation or condition over `n` points, `error` of measuring it, and for equations the map (n,)."""

    kind: Literal["equation", "initial", "boundary"]
    what: str
    value: float
    error: float
    n: int
    map: Array | None = None


def of_equations(problem: Problem, wide: Columns, narrow: Columns) -> tuple[Violation, ...]:
    """RMS of each equation's left side, relative to the RMS of the sum of its terms' sizes."""
    found = []
    for text, form in zip(problem.equations, problem.forms, strict=True):
        total, other = _column(form, wide), _column(form, narrow)
        size = _size(problem, form, wide)
        found.append(Violation("equation", text, _over(rms(total), size), _over(rms(total - other), size), len(total),
                               total / (size or 1.0)))  # fmt: skip
    return tuple(found)


def of_conditions(problem: Problem, wide: Jets, narrow: Jets) -> tuple[Violation, ...]:
    """The largest miss of each condition, relative to the size that its terms have with the values inside."""
    found = []
    for number, condition in enumerate(problem.conditions):
        starts = TIME in condition.at and condition.at[TIME] == problem.axis(TIME).low
        place = ", ".join(f"{letter} = {value:g}" for letter, value in condition.at.items())
        for text, form in zip(condition.equations, problem.condition_forms[number], strict=True):
            total, other = _column(form, wide.conditions[number]), _column(form, narrow.conditions[number])
            size = _largest_terms(problem, form, wide.conditions[number], wide.interior)
            found.append(
                Violation("initial" if starts else "boundary", f"{text} at {place}", _over(_most(total), size),
                          _over(_most(total - other), size), len(total))
            )  # fmt: skip
    return (*found, *(one for letter in problem.periodic for one in _of_seam(problem, letter, wide, narrow)))


def worst(found: tuple[Violation, ...]) -> Violation:
    return max(found, key=lambda one: (np.nan_to_num(one.value, nan=np.inf), one.error))


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _of_seam(problem: Problem, letter: str, wide: Jets, narrow: Jets) -> list[Violation]:
    found = []
    for partial in seam_partials(problem, letter):
        name = problem.vocabulary.name(partial)
        low, high = wide.seams[letter]
        jump, other = low[name] - high[name], narrow.seams[letter][0][name] - narrow.seams[letter][1][name]
        size = max(_most(low[name]), _most(high[name]), _most(np.asarray(wide.interior.get(name, 0.0))))
        found.append(Violation("boundary", f"{name} at both ends of {letter}", _over(_most(jump), size),
                               _over(_most(jump - other), size), len(jump)))  # fmt: skip
    return found


def _size(problem: Problem, form: Form, columns: Columns) -> float:
    """RMS of the sum of |terms|; where nothing moves, what the slowest term would be with a field as large as this one.

    That floor is the least of |coefficient of a derivative| * |field| / lengths**orders: without it the residual of a
    steady field would be compared with its own rounding.
    """
    terms = sum((np.abs(_column(term, columns)) for term in form.terms), np.zeros(1))
    floors = []
    for partial in form.partials:
        if partial.order:
            lengths = np.prod([a.length**order for a, order in zip(problem.coordinates, partial.orders, strict=True)])
            slope = rms(_column(form.by(problem.vocabulary.name(partial)), columns))
            floors.append(slope * _most(np.asarray(columns.get(partial.field, 0.0))) / float(lengths))
    return max(rms(terms), min((floor for floor in floors if floor > 0), default=0.0))


def _largest_terms(problem: Problem, form: Form, columns: Columns, inside: Columns) -> float:
    """The larger of what a condition's data ask for, and what its fields contribute at their size inside."""
    names = [problem.vocabulary.name(partial) for partial in form.partials]
    data = _most(_column(form, {**columns, **dict.fromkeys(names, 0.0)}))
    parts = [np.abs(_column(form.by(name), columns)) * _most(np.asarray(inside[name])) for name in names]
    return float(max(np.nan_to_num(data), _most(sum(parts, np.zeros(1)))))


def _column(form: Form, columns: Columns) -> Array:
    count = max((np.size(value) for value in columns.values()), default=1)
    return np.array(np.broadcast_to(np.asarray(form(columns), dtype=np.float64), count))


def _most(values: Array) -> float:
    return float(np.abs(values).max())


def _over(value: float, size: float) -> float:
    return value / size if size else float(value > 0)
