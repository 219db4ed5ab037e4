"""Combinations of the equations that are total divergences: where conservation laws come from.

Multipliers L with sum of L_i E_i = D_t density + D_x flux are those in the kernel of the Euler operator. Anco, S. C.,
Bluman, G. (2002) Direct construction method for conservation laws. doi:10.1017/S095679250100465X
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.runtime.laws.jets import Jets, number, settled
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import symbol

Array = NDArray[np.float64]
Multiplier = tuple[sympy.Expr, ...]  # one factor an equation
EXACT = 1e-9  # a singular value below this times the largest is zero
DENOMINATOR = 10**6
SEED = 20  # of the values of derivatives at which identities are looked for; any will do


def conserving(problem: Problem, equations: tuple[sympy.Expr, ...], jets: Jets) -> tuple[Multiplier, ...]:
    """A sparse basis of the multipliers, among simple ones, that make the equations a divergence. Each is verified."""
    trials = _trials(problem, jets)
    variations = [
        [jets.euler(settled(sympy.Add(*(a * b for a, b in zip(trial, equations, strict=True)))), field)
         for field in problem.fields]
        for trial in trials
    ]  # fmt: skip
    found = []
    for row in kernel(problem, jets, variations):
        mixed = [settled(sympy.Add(*(c * trial[i] for c, trial in zip(row, trials, strict=True))))
                 for i in range(len(equations))]  # fmt: skip
        left = sympy.Add(*(a * b for a, b in zip(mixed, equations, strict=True)))
        if all(settled(jets.euler(left, field)) == 0 for field in problem.fields):
            found.append(tuple(mixed))
    return tuple(found)


def kernel(
    problem: Problem, jets: Jets, columns: Sequence[Sequence[sympy.Expr]]
) -> tuple[tuple[sympy.Rational, ...], ...]:
    """Combinations of columns of expressions that vanish identically; looked for at random values of all symbols.

    Coefficients are rounded to fractions with denominators below 10^6: whoever uses one verifies it in symbols.
    """
    every = {name for column in columns for expr in column for name in expr.free_symbols}
    values = _random(problem, jets, every, 4 * len(columns) + 8)
    count = 4 * len(columns) + 8
    table = np.array(
        [np.concatenate([np.broadcast_to(number(problem, expr)(values), count) for expr in column])
         for column in columns]
    ).T  # fmt: skip
    sizes = np.abs(table).max(axis=0)
    scaled = table / np.where(sizes > 0, sizes, 1.0)
    _, strengths, right = np.linalg.svd(scaled, full_matrices=True)
    rank = int(np.sum(strengths > EXACT * max(strengths.max(initial=0.0), 1e-300)))
    rows = _echelon(right[rank:] / np.where(sizes > 0, sizes, 1.0))
    return tuple(tuple(_fraction(value) for value in row) for row in rows)


def _trials(problem: Problem, jets: Jets) -> tuple[Multiplier, ...]:
    """1, fields, and where few fields stand in an evolution their slopes, rates and (for one) squares and curvatures.

    From the most to the least complicated, since elimination keeps the last ones alone.
    """
    fields = problem.fields
    factors = [sympy.Integer(1), *(jets.field(name) for name in fields)]
    if problem.timed and len(fields) <= 2:
        for name in fields:
            factors.append(jets.field(name, t=1))
            factors += [jets.field(name, **{letter: 1}) for letter in problem.space]
    if problem.timed and len(fields) == 1 and problem.order(TIME) == 1:
        u = jets.field(fields[0])
        factors += [u**2, u**3, *(jets.field(fields[0], **{letter: 2}) for letter in problem.space)]
    zero = sympy.Integer(0)
    count = len(problem.equations)
    made = [
        tuple(factor if at == place else zero for at in range(count)) for factor in factors for place in range(count)
    ]
    return tuple(reversed(made))


def _random(problem: Problem, jets: Jets, names: set[sympy.Symbol], count: int) -> dict[str, Array]:
    """Values between a half and one and a half for jets, inside the box for coordinates."""
    draw = np.random.default_rng(SEED)
    values = {}
    for name in sorted(names | {symbol(letter) for letter in problem.names}, key=str):
        if jets.partial(name) is None:
            axis = problem.axis(name.name)
            values[name.name] = draw.uniform(axis.low, axis.high, count)
        else:
            values[name.name] = draw.uniform(0.5, 1.5, count)
    return values


def _echelon(rows: Array) -> Array:
    """Reduced rows: the leading entry of each is one and stands in no other."""
    left, top = rows.copy(), 0
    for column in range(rows.shape[1]):
        if top == len(left):
            break
        best = top + int(np.argmax(np.abs(left[top:, column])))
        if abs(left[best, column]) <= 1e-8 * max(float(np.abs(left[top:]).max()), 1e-300):
            continue
        left[[top, best]] = left[[best, top]]
        left[top] /= left[top, column]
        others = np.arange(len(left)) != top
        left[others] -= np.outer(left[others, column], left[top])
        top += 1
    return left[:top]


def _fraction(value: float) -> sympy.Rational:
    if abs(value) < 1e-9:
        return sympy.Integer(0)
    near = Fraction(value).limit_denominator(DENOMINATOR)
    return sympy.Rational(near.numerator, near.denominator)
