"""Ellipsoids that no trajectory of a quadratic dissipative system leaves, such as Lorenz's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.runtime.laws.ends import on_face
from skills.runtime.laws.field import Sampled
from skills.runtime.laws.integrals import rates_of
from skills.runtime.laws.jets import Jets, told
from skills.runtime.laws.law import Law
from skills.runtime.laws.multipliers import kernel
from skills.runtime.problem import TIME, Problem

Array = NDArray[np.float64]
NAME = "trapping"
NOTHING = 1e-14  # share of the largest part of a middle below which a part cannot be told from none


@dataclass(frozen=True)
class Ellipsoid:
    """V(y) = sum of weights (y - centre)² stays below `level`."""

    weights: Array
    centre: Array
    level: float


def ellipsoid(problem: Problem) -> Ellipsoid | None:
    """Its level is the larger of V at the start and of V's maximum where dV/dt ≥ 0; None where there is none.

    The weights make all cubic terms of dV/dt cancel, the centre its mixed ones; the rest must be negative definite.
    Leonov, G. A., Bunin, A. I., Koksch, N. (1987) Attraktorlokalisierung des Lorenz-Systems. ZAMM 67.
    """
    return _ellipsoid(problem.model_dump_json())


def statement(problem: Problem, one: Ellipsoid) -> Law:
    fields = [sympy.Symbol(name) for name in problem.fields]
    value = sympy.Add(
        *(float(a) * (y - float(b)) ** 2 for a, y, b in zip(one.weights, fields, one.centre, strict=True))
    )
    formula = f"{told(sympy.nsimplify(value, rational=True))} ≤ {one.level:.6g}"
    return Law(name=NAME, statement="no trajectory leaves the ellipsoid outside of which it is drawn inwards",
               formula=formula, numbers={"level": one.level})  # fmt: skip


def miss(field: Sampled, one: Ellipsoid, level: float) -> float:
    """How far the field goes beyond the level, relative to it."""
    return max(float((np.square(field.values - one.centre) @ one.weights).max()) / level - 1, 0.0)


@lru_cache(maxsize=64)
def _ellipsoid(problem_text: str) -> Ellipsoid | None:
    problem = Problem.model_validate_json(problem_text)
    if problem.space or not problem.timed or len(problem.fields) < 2 or problem.order(TIME) != 1:
        return None
    jets = Jets(problem.vocabulary)
    fields = tuple(jets.field(name) for name in problem.fields)
    rates = rates_of(problem, jets)
    start = [on_face(field, problem, TIME, problem.axis(TIME).low) for field in fields]
    if rates is None or not all(value.is_number for value in start):
        return None
    if not all(rate.is_polynomial(*fields) and sympy.Poly(rate, *fields).total_degree() <= 2 for rate in rates):
        return None
    if any(rate.free_symbols - set(fields) for rate in rates) or (weights := _weights(fields, rates)) is None:
        return None
    return _largest(fields, rates, weights, np.array([float(value) for value in start]))


def _weights(fields: tuple[sympy.Symbol, ...], rates: tuple[sympy.Expr, ...]) -> Array | None:
    """Positive ones with which the quadratic parts of the rates do no work."""
    works = [(y * _part(rate, fields, 2),) for y, rate in zip(fields, rates, strict=True)]
    rows = [np.array([float(value) for value in row]) for row in kernel(works)]
    found = np.sum(rows, axis=0) if rows else np.zeros(len(fields))
    return found if np.all(found > 0) else None


def _largest(
    fields: tuple[sympy.Symbol, ...], rates: tuple[sympy.Expr, ...], weights: Array, start: Array
) -> Ellipsoid | None:
    work = sympy.Add(*(float(a) * y * f for a, y, f in zip(weights, fields, rates, strict=True)))
    bowls = np.array([_bowl(_part(rate, fields, 2), fields) for rate in rates])
    linear = _bowl(_part(sympy.expand(work), fields, 2), fields)
    mixed = np.triu_indices(len(fields), 1)
    pull = np.stack([weights[at] * bowls[at][mixed] for at in range(len(fields))], axis=1)
    centre = np.linalg.lstsq(pull, linear[mixed], rcond=None)[0]
    shifted = {y: y + float(b) for y, b in zip(fields, centre, strict=True)}
    change = sympy.expand(sympy.Add(*(
        float(a) * y * f.subs(shifted, simultaneous=True) for a, y, f in zip(weights, fields, rates, strict=True)
    )))  # fmt: skip
    root = np.sqrt(weights)
    curved = -_bowl(_part(change, fields, 2), fields) / np.outer(root, root)
    slope = np.array([float(sympy.diff(change, y).subs(dict.fromkeys(fields, 0))) for y in fields]) / root
    bends, turned = np.linalg.eigh(curved)
    if bends[0] <= 1e-12 * abs(bends[-1]):
        return None
    reach = farthest(bends, turned.T @ slope / (2 * bends))
    begun = float(weights @ np.square(start - centre))
    return Ellipsoid(weights, centre, max(begun, reach))


def farthest(bends: Array, middle: Array) -> float:
    """The largest |z|² with sum of bends (z - middle)² ≤ sum of bends middle²; `bends` rise.

    By the multiplier 1 / bends[0] + more of this constraint; where the middle has no part along the longest axes, more
    may be zero, and what is left of the constraint is spent along these.
    """
    middle = np.where(np.abs(middle) > NOTHING * np.abs(middle).max(), middle, 0.0)
    radius = float(bends @ np.square(middle))
    gaps = bends / bends[0] - 1

    def spent(more: float) -> float:
        return float(np.sum(bends * np.square(_over(middle, gaps + more * bends))))

    def place(more: float) -> Array:
        return _over((gaps + 1 + more * bends) * middle, gaps + more * bends)

    if not middle[gaps == 0].any() and (left := radius - spent(0.0)) >= 0:
        return float(place(0.0) @ place(0.0)) + left / float(bends[0])
    near, far = -300.0, 300.0  # powers of ten
    for _ in range(100):
        halfway = (near + far) / 2
        near, far = (halfway, far) if spent(10.0**halfway) > radius else (near, halfway)
    return float(place(10.0**far) @ place(10.0**far))


def _over(above: Array, below: Array) -> Array:
    """With 0 / 0 = 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=above != 0)


def _part(expr: sympy.Expr, fields: tuple[sympy.Symbol, ...], degree: int) -> sympy.Expr:
    """The terms of a polynomial that have this degree in the fields."""
    terms = sympy.Poly(expr, *fields).terms()
    return sympy.Add(*(factor * sympy.Mul(*(y**n for y, n in zip(fields, powers, strict=True)))
                       for powers, factor in terms if sum(powers) == degree))  # fmt: skip


def _bowl(expr: sympy.Expr, fields: tuple[sympy.Symbol, ...]) -> Array:
    """The symmetric matrix of a quadratic form."""
    return np.array(sympy.hessian(expr, fields), dtype=np.float64) / 2
