"""Steady problems that have no solution, or many, although their conditions are as many as needed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import sympy

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_states import given_at, solved
from orchestrator.problems.symbols import Array, expression, symbol, value

_NODES = 40  # of Gauss–Legendre in each direction
_BALANCE = 1e-3
_EIGEN = 1e-6


def check_steady(form: Normal, faults: Faults) -> None:
    """Of one linear equation with constant coefficients: sum a_i u_ii + c u = f on the box."""
    told = _constant(form)
    if told is None:
        return
    second, level, source = told
    if not form.periodic and all(_sides(form, letter, "") for letter in form.coordinates):
        _refuse_eigenvalue(form, second, level, faults)
    elif level == 0.0 and all(letter in form.periodic or _sides(form, letter, letter) for letter in form.coordinates):
        _refuse_imbalance(form, second, source, faults)


def _constant(form: Normal) -> tuple[dict[str, float], float, sympy.Expr] | None:
    """(a_i, c, f), or None where the problem is of another kind."""
    if len(form.fields) != 1:
        return None
    name = form.fields[0]
    expr = sympy.expand(expression(form.equations[0]).subs({symbol(one): told for one, told in form.guesses().items()}))
    second = {}
    for letter in form.coordinates:
        factor = sympy.diff(expr, symbol(f"{name}_{letter * 2}"))
        if not factor.is_number or factor == 0:
            return None
        second[letter] = float(factor)
    level = sympy.diff(expr, symbol(name))
    if not level.is_number or len({told > 0 for told in second.values()}) != 1:
        return None
    rest = expr - sum(second[letter] * symbol(f"{name}_{letter * 2}") for letter in second) - level * symbol(name)
    rest = sympy.expand(rest)
    if any(form.vocabulary.partial(used.name) for used in rest.free_symbols):
        return None
    return second, float(level), -rest


def _sides(form: Normal, letter: str, by: str) -> bool:
    """Whether both ends of a coordinate give the value (or the derivative by a letter) and nothing else."""
    name = f"{form.fields[0]}_{by}" if by else form.fields[0]
    for end in form.ends[letter]:
        texts = given_at(form, {letter: end})
        if len(texts) != 1 or solved(texts[0], name, form) is None:
            return False
    return True


def _refuse_eigenvalue(form: Normal, second: dict[str, float], level: float, faults: Faults) -> None:
    """c is an eigenvalue of -sum a_i d_ii with zero ends: sum a_i (m_i pi / L_i)^2 for whole m_i."""
    steps = [told * (math.pi / (form.ends[letter][1] - form.ends[letter][0])) ** 2 for letter, told in second.items()]
    if level / steps[0] <= 0:
        return
    counts = [range(1, min(int(math.sqrt(level / step)) + 2, 80)) for step in steps]
    for waves in itertools.product(*counts):
        found = sum(step * wave**2 for step, wave in zip(steps, waves, strict=True))
        if abs(found - level) <= _EIGEN * abs(level):
            mode = "*".join(f"sin({wave}*pi*…)" for wave in waves)
            faults.add(
                ("equations",),
                f"the coefficient {level:.6g} of {form.fields[0]} is an eigenvalue of the domain: {mode} may be added "
                "to any solution, so there is none or there are many",
                "Change the coefficient or the size of the domain.",
            )
            return


def _refuse_imbalance(form: Normal, second: dict[str, float], source: sympy.Expr, faults: Faults) -> None:
    """Where all fluxes are given, those through the faces must balance the source: int f = sum a_i [u_i] over faces.

    What leaves through a periodic end comes in at the other.
    """
    inside = _integral(form, source, {})
    outside, size = 0.0, abs(_integral(form, sympy.Abs(source), {}))
    for letter, factor in second.items():
        for end, sign in () if letter in form.periodic else zip(form.ends[letter], (-1.0, 1.0), strict=True):
            flux = solved(given_at(form, {letter: end})[0], f"{form.fields[0]}_{letter}", form)
            if flux is None:
                return
            through = factor * _integral(form, flux, {letter: end})
            outside += sign * through
            size += abs(factor * _integral(form, sympy.Abs(flux), {letter: end}))
    if abs(inside - outside) > _BALANCE * size:
        faults.add(
            ("conditions",),
            f"all fluxes are given, and they do not balance the source: {outside:.4g} flows through the faces, the "
            f"source asks for {inside:.4g}; no solution exists",
            "Change the source or a flux, or give the value on one face.",
        )


def _integral(form: Normal, expr: sympy.Expr, at: dict[str, float]) -> float:
    free = [letter for letter in form.coordinates if letter not in at]
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    axes = [
        (form.ends[letter][0] + (nodes + 1.0) / 2.0 * (form.ends[letter][1] - form.ends[letter][0])) for letter in free
    ]
    points: dict[str, Array | float] = dict(zip(free, np.meshgrid(*axes, indexing="ij"), strict=True)) if free else {}
    found = np.asarray(value(expr, {**form.guesses(), **points, **at}), dtype=np.float64)
    found = np.broadcast_to(found, (_NODES,) * len(free))
    for letter in free:
        found = np.tensordot(weights * (form.ends[letter][1] - form.ends[letter][0]) / 2.0, found, axes=(0, 0))
    return float(found)
