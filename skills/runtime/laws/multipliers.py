"""Combinations of the equations that are total divergences: where conservation laws come from.

Multipliers L with sum of L_i E_i = D_t density + D_x flux are those in the kernel of the Euler operator. Anco, S. C.,
Bluman, G. (2002) Direct construction method for conservation laws. doi:10.1017/S095679250100465X
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy.polys.matrices import DomainMatrix

from skills.runtime.laws.jets import Jets, settled
from skills.runtime.problem import TIME, Problem

Multiplier = tuple[sympy.Expr, ...]  # one factor an equation


def conserving(problem: Problem, equations: tuple[sympy.Expr, ...], jets: Jets) -> tuple[Multiplier, ...]:
    """A sparse basis of the multipliers, among simple ones, that make the equations a divergence."""
    trials = _trials(problem, jets)
    variations = [
        [jets.euler(settled(sympy.Add(*(a * b for a, b in zip(trial, equations, strict=True)))), field)
         for field in problem.fields]
        for trial in trials
    ]  # fmt: skip
    found = []
    for row in kernel(variations):
        parts = (
            sympy.Add(*(c * trial[i] for c, trial in zip(row, trials, strict=True))) for i in range(len(equations))
        )
        found.append(tuple(settled(part) for part in parts))
    return tuple(found)


def kernel(columns: Sequence[Sequence[sympy.Expr]]) -> tuple[tuple[sympy.Rational, ...], ...]:
    """Combinations of columns of expressions that vanish term by term: exact, in rational numbers, rows reduced.

    Terms are compared as they are written, so an identity such as sin² + cos² = 1 would be missed, never made up.
    """
    places: dict[tuple[int, sympy.Expr], int] = {}
    entries: dict[tuple[int, int], sympy.Rational] = {}
    for column, exprs in enumerate(columns):
        for part, expr in enumerate(exprs):
            for term in sympy.Add.make_args(settled(expr)):
                size, rest = term.as_coeff_Mul()
                if size != 0:
                    row = places.setdefault((part, rest), len(places))
                    entries[row, column] = entries.get((row, column), 0) + size
    table = sympy.SparseMatrix(len(places), len(columns), entries)
    found = DomainMatrix.from_Matrix(table).to_field().nullspace().rref()[0].to_Matrix()
    rows = (found.row(at) for at in range(found.rows))
    return tuple(tuple(row) for row in rows if any(value != 0 for value in row))


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
