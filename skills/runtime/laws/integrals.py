"""First integrals and energies of systems of ordinary differential equations, found among simple functions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import sympy

from skills.runtime.laws.balance import Balance
from skills.runtime.laws.ends import on_face
from skills.runtime.laws.jets import Jets, equations, evaluable, settled
from skills.runtime.laws.multipliers import kernel
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import symbol

DEGREES = {1: 4, 2: 4, 3: 3, 4: 3}  # of monomials by the number of fields; 2 for more


def integrals(problem: Problem) -> tuple[Balance, ...]:
    """H(y) with dH/dt = 0, and those with dH/dt = -(sum of d_i y_i²), d_i ≥ 0, which fall or stay.

    The derivative along solutions, grad H . f, is asked to vanish identically for a combination of monomials,
    logarithms (of fields that start positive) and cosines.
    """
    jets = Jets(problem.vocabulary)
    fields = tuple(jets.field(name) for name in problem.fields)
    rates = rates_of(problem, jets)
    if rates is None:
        return ()
    squares = [field**2 for field in fields]
    trials = _trials(problem, fields, rates)
    columns = [*squares, *(_along(trial, fields, rates) for trial in trials)]
    found = []
    for row in kernel([(column,) for column in columns]):
        loss = settled(sympy.Add(*(c * square for c, square in zip(row, squares, strict=False))))
        density = settled(sympy.Add(*(c * trial for c, trial in zip(row[len(squares) :], trials, strict=True))))
        if made := _law(density, loss, fields, rates):
            found.append(made)
    return _distinct(problem, found)


def rates_of(problem: Problem, jets: Jets) -> tuple[sympy.Expr, ...] | None:
    """The right-hand sides f of y' = f(y, t), in the order of the fields; None where they cannot be solved for."""
    rates = [jets.field(name, t=1) for name in problem.fields]
    solved = sympy.solve(equations(problem), rates, dict=True)
    return tuple(solved[0][rate] for rate in rates) if len(solved) == 1 and set(solved[0]) == set(rates) else None


def divergence(problem: Problem) -> sympy.Expr | None:
    """The rate at which the flow of a first-order system changes volumes in its phase space."""
    jets = Jets(problem.vocabulary)
    rates = rates_of(problem, jets)
    if rates is None:
        return None
    fields = (jets.field(name) for name in problem.fields)
    return settled(sympy.Add(*(sympy.diff(rate, field) for rate, field in zip(rates, fields, strict=True))))


def _trials(
    problem: Problem, fields: tuple[sympy.Symbol, ...], rates: tuple[sympy.Expr, ...]
) -> tuple[sympy.Expr, ...]:
    """Simple ones last, since elimination keeps the last ones alone."""
    degree = DEGREES.get(len(fields), 2)
    made = [sympy.Mul(*parts) for n in range(1, degree + 1) for parts in combinations_with_replacement(fields, n)]
    logs = [sympy.log(field) for field in fields if _starts_positive(problem, field)]
    cosines = [sympy.cos(field) for field in fields]
    known = {*made, *logs, *cosines}
    return tuple(reversed([*made, *cosines, *logs, *(one for one in _potentials(fields, rates) if one not in known)]))


def _potentials(fields: tuple[sympy.Symbol, ...], rates: tuple[sympy.Expr, ...]) -> list[sympy.Expr]:
    """What forces are the slopes of: the rate of a velocity, integrated by the place whose velocity it is."""
    found: dict[sympy.Expr, None] = {}
    for place, rate in zip(fields, rates, strict=True):
        for speed, force in zip(fields, rates, strict=True):
            if not (rate.has(speed) and (rate / speed).is_number):
                continue
            for term in sympy.Add.make_args(force):
                whole = sympy.integrate(term, place) if place in term.free_symbols - {speed} else sympy.Integer(0)
                whole = whole.as_coeff_Mul()[1]
                if whole.free_symbols and not whole.has(sympy.Integral, sympy.Piecewise) and evaluable(whole):
                    found[sympy.simplify(whole)] = None
    return list(found)


def _starts_positive(problem: Problem, field: sympy.Symbol) -> bool:
    start = on_face(field, problem, TIME, problem.axis(TIME).low)
    return bool(start.is_number and start > 0)


def _along(expr: sympy.Expr, fields: tuple[sympy.Symbol, ...], rates: tuple[sympy.Expr, ...]) -> sympy.Expr:
    return settled(sympy.Add(*(sympy.diff(expr, y) * f for y, f in zip(fields, rates, strict=True))))


def _law(
    density: sympy.Expr,
    loss: sympy.Expr,
    fields: tuple[sympy.Symbol, ...],
    rates: tuple[sympy.Expr, ...],
) -> Balance | None:
    """The law, if it is verified in symbols and its loss has a sign; an energy is scaled to v²/2 + …."""
    if density == 0 or settled(_along(density, fields, rates) + loss) != 0:
        return None
    signs = {bool(term.as_coeff_Mul()[0] > 0) for term in sympy.Add.make_args(loss)} if loss != 0 else set()
    if len(signs) > 1:
        return None
    speed = _speed(density, fields, rates)
    if loss != 0 and speed is None:
        return None
    size = abs(max(sympy.Add.make_args(density), key=str).as_coeff_Mul()[0])
    if speed is not None:
        size = sympy.diff(density, speed, 2)
    elif signs == {False} or _bends_down(density, fields):
        size = -size
    density, loss = settled(density / size), settled(loss / size)
    if any(term.as_coeff_Mul()[0] < 0 for term in sympy.Add.make_args(loss)):
        return None
    name = "first_integral" if speed is None else "energy"
    gradient = tuple(sympy.diff(density, field) for field in fields)
    return Balance(name, "dissipated" if loss != 0 else "conserved", density, loss, (), gradient)


def _bends_down(density: sympy.Expr, fields: tuple[sympy.Symbol, ...]) -> bool:
    """So that the sign is chosen with which most of it is convex, as an energy is."""
    bend = sympy.Add(*(sympy.diff(density, field, 2) for field in fields)).subs(dict.fromkeys(fields, 1))
    return bool(bend < 0)


def _speed(density: sympy.Expr, fields: tuple[sympy.Symbol, ...], rates: tuple[sympy.Expr, ...]) -> sympy.Symbol | None:
    """The field that stands in it by its square alone and is the rate of another: then it is an energy."""
    for speed in fields:
        kinetic = [term for term in sympy.Add.make_args(density) if speed in term.free_symbols]
        moves = any(rate.has(speed) and (rate / speed).is_number for rate in rates)
        if moves and len(kinetic) == 1 and (kinetic[0] / speed**2).is_number:
            return speed
    return None


def _distinct(problem: Problem, found: list[Balance]) -> tuple[Balance, ...]:
    """Those that are no functions of simpler ones (their gradients are independent at a point), each under its name."""
    at = {symbol(name): 0.7 + 0.3 * place for place, name in enumerate(problem.fields)}
    kept: list[Balance] = []
    for one in sorted(found, key=lambda law: (law.kind, len(str(law.density)), str(law.density))):
        rows = np.array([[float(part.subs(at)) for part in law.multiplier] for law in (*kept, one)])
        if np.linalg.matrix_rank(rows, tol=1e-9 * np.abs(rows).max()) <= len(kept):
            continue
        count = sum(other.name.startswith(one.name) for other in kept)
        kept.append(replace(one, name=f"{one.name}_{count + 1}" if count else one.name))
    return tuple(kept)


def phase_space(problem: Problem) -> tuple[str, float | None]:
    """(the divergence in words, its value if it is a number); "" where the system cannot be solved for its rates."""
    found = divergence(problem)
    if found is None:
        return "", None
    constant = not (found.free_symbols - {symbol(TIME)}) and found.is_number
    return str(found.evalf(6) if constant else found), float(found) if constant else None
