"""Bounds of the solution from the extremes of its data: maximum principles, invariant regions, positivity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.runtime.fields import bounds
from skills.runtime.laws.ends import on_face
from skills.runtime.laws.field import Sampled
from skills.runtime.laws.jets import Jets, equations, number, settled
from skills.runtime.laws.law import Law
from skills.runtime.parabolic import Parabolic
from skills.runtime.problem import TIME, Problem

Array = NDArray[np.float64]
FINE = {0: 1, 1: 2001, 2: 201, 3: 41}  # points an axis at which data are looked at, by their free coordinates
COARSE = {1: 201, 2: 41, 3: 15, 4: 9}  # and coefficients inside
LEVELS = 1001
REACH = 10.0  # sizes of the data up to which a bound is looked for
SLACK = 1e-12


@dataclass(frozen=True)
class Range:
    """low ≤ every field ≤ high, each infinite where nothing is known; or `reason` says why."""

    name: str = "maximum_principle"
    low: float = -np.inf
    high: float = np.inf
    source: str = ""
    reason: str = ""

    @property
    def size(self) -> float:
        known = [abs(end) for end in (self.low, self.high) if np.isfinite(end)]
        width = self.high - self.low
        return width if np.isfinite(width) and width > 0 else max(known, default=0.0) or 1.0


def allowed(problem: Problem) -> Range:
    """The range of all solutions; in systems only that all fields stay above zero."""
    return _allowed(problem.model_dump_json())


def statement(problem: Problem, one: Range) -> Law:
    if one.reason:
        return Law(name=one.name, statement="", reason=one.reason)
    names = ", ".join(problem.fields)
    low = f"{one.low:.6g} ≤ " if np.isfinite(one.low) else ""
    high = f" ≤ {one.high:.6g}" if np.isfinite(one.high) else ""
    numbers = {key: end for key, end in (("lower_bound", one.low), ("upper_bound", one.high)) if np.isfinite(end)}
    return Law(name=one.name, statement=f"{low}{names}{high}; {one.source}", formula=f"{low}{names}{high}",
               numbers=numbers)  # fmt: skip


def told(one: Range, law: Law) -> Range:
    """The range with the numbers that a law names."""
    return replace(one, low=law.numbers.get("lower_bound", -np.inf), high=law.numbers.get("upper_bound", np.inf))


def miss(field: Sampled, one: Range) -> float:
    """Largest excess over the range, relative to its width (or to the one bound, or to the values)."""
    values = field.values
    excess = max(float(values.max()) - one.high, one.low - float(values.min()), 0.0)
    size = one.size if one.name == "maximum_principle" else float(np.abs(values).max()) or 1.0
    return excess / size


@lru_cache(maxsize=64)
def _allowed(problem_text: str) -> Range:
    problem = Problem.model_validate_json(problem_text)
    if len(problem.fields) > 1:
        return _positive(problem)
    jets, (equation,) = Jets(problem.vocabulary), equations(problem)
    if problem.timed:
        rate = _rate(problem, jets, equation, problem.fields[0])
        if rate is None:
            return Range(reason="it is no equation of first order in time that can be solved for the rate")
        found = _evolving(problem, jets, rate)
        return _exchanging(problem) or found if found.reason else found
    return _steady(problem, jets, equation)


def _evolving(problem: Problem, jets: Jets, rate: sympy.Expr) -> Range:
    """A constant M above the data with F(M, 0, 0, x, t) ≤ 0 stays above: it is a supersolution.

    Protter, M. H., Weinberger, H. F. (1984) Maximum Principles in Differential Equations, chapter 3; Smoller, J.
    (1994) Shock Waves and Reaction-Diffusion Equations, chapter 14.
    """
    if why := _not_elliptic(problem, jets, rate):
        return Range(reason=why)
    data = _data(problem, jets, rate)
    if isinstance(data, str):
        return Range(reason=data)
    growth = _constant(problem, jets, rate)
    reacts = any(held.order == 0 for held in jets.inside(rate).values())
    low, high = (_level(growth, side, data, searched=reacts) for side in (-1, 1))
    if not np.isfinite(low) and not np.isfinite(high):
        return Range(reason="the source or the reaction lets u grow without a bound that is constant in time")
    moved = (np.isfinite(low) and low < data.min()) or (np.isfinite(high) and high > data.max())
    source = "the data and where the reaction turns" if moved else "the extremes of the data"
    return Range(low=low, high=high, source=f"{source} (comparison with constants)")


def _exchanging(problem: Problem) -> Range | None:
    """For linear parabolic equations also where an end exchanges with its surroundings."""
    family = Parabolic.of(problem)
    found = None if family is None else bounds(family)
    if found is None or found.reason:
        return None
    return Range(low=found.low, high=found.high, source="the extremes of the data and of the surroundings")


def _steady(problem: Problem, jets: Jets, equation: sympy.Expr) -> Range:
    """L u + c u + s = 0 with L elliptic, c ≤ 0: extremes lie on the faces where s has the sign for it.

    Gilbarg, D., Trudinger, N. S. (2001) Elliptic Partial Differential Equations of Second Order, section 3.1.
    """
    if not problem.linear:
        return Range(reason="it is steady and not linear")
    if _not_elliptic(problem, jets, equation):
        equation = -equation
    if why := _not_elliptic(problem, jets, equation):
        return Range(reason=why)
    data = _data(problem, jets, equation)
    if isinstance(data, str):
        return Range(reason=data)
    growth = _constant(problem, jets, equation)
    source, slope = growth(0.0), growth(1.0) - growth(0.0)
    if slope.max() > SLACK * max(1.0, float(np.abs(slope).max())):
        return Range(reason="the term with u itself has the sign of an oscillation")
    if slope.min() < 0:
        data = np.append(data, 0.0)
    low = float(data.min()) if source.min() >= 0 else -np.inf
    high = float(data.max()) if source.max() <= 0 else np.inf
    if not np.isfinite(low) and not np.isfinite(high):
        return Range(reason="the source has both signs")
    return Range(low=low, high=high, source="extremes lie on the boundary")


def _positive(problem: Problem) -> Range:
    """All fields stay above zero: data are, and at zero no field's rate points below while the others are above.

    Smoller (1994), chapter 14; for ordinary equations Nagumo's theorem.
    """
    jets = Jets(problem.vocabulary)
    known = dict.fromkeys(problem.fields)
    above = {jets.field(name): sympy.Symbol(name, nonnegative=True) for name in problem.fields}
    if not problem.timed or problem.order(TIME) != 1:
        return Range(reason="it has several fields and is no evolution of first order")
    for name in known:
        rate = _rate(problem, jets, None, name)
        if rate is None or _not_elliptic(problem, jets, rate, name):
            return Range("positivity", reason=f"the rate of {name} is none of diffusion and reaction")
        at_zero = settled(
            rate.subs({jet: 0 for jet, held in jets.inside(rate).items() if held.order or held.field == name})
        )
        if not all(term.is_nonnegative for term in sympy.Add.make_args(at_zero.xreplace(above))):
            return Range("positivity", reason=f"{name} may fall below zero")
        data = _data(problem, jets, rate, name)
        if isinstance(data, str) or data.min() < 0:
            return Range("positivity", reason=data if isinstance(data, str) else f"{name} starts below zero")
    return Range("positivity", low=0.0, source="nothing is taken from what is not there")


def _rate(problem: Problem, jets: Jets, equation: sympy.Expr | None, name: str) -> sympy.Expr | None:
    """F with u_t = F(u, u_x, u_xx, …, x, t); None where no equation is linear in this rate alone."""
    rate = jets.field(name, t=1)
    for expr in equations(problem) if equation is None else (equation,):
        inside = jets.inside(expr)
        timed = [jet for jet, held in inside.items() if held.orders[problem.names.index(TIME)]]
        factor = sympy.diff(expr, rate)
        if timed == [rate] and factor.is_number and factor != 0:
            return settled(rate - expr / factor)
    return None


def _not_elliptic(problem: Problem, jets: Jets, rate: sympy.Expr, name: str = "") -> str:
    """Why it is no diffusion with drift and reaction: other derivatives, or a diffusion that may be negative."""
    field = name or problem.fields[0]
    for jet, held in jets.inside(rate).items():
        if held.field != field and held.order:
            return "derivatives of other fields stand in it"
        if held.order > 2 or (held.order == 2 and max(held.orders) < 2):
            return "it has derivatives other than u_x and u_xx"
        if held.order < 2:
            continue
        factor = settled(sympy.diff(rate, jet))
        if jets.inside(factor):
            if not factor.is_nonnegative:
                return "its diffusion depends on the field and may be negative"
        elif float(np.min(_sampled(problem, factor))) < 0:
            return "its diffusion is not positive"
    return ""


def _constant(problem: Problem, jets: Jets, rate: sympy.Expr) -> Callable[[float], Array]:
    """The rate of a field that is constant in space, at sampled coordinates, as a function of its level."""
    flat = rate.subs({jet: 0 for jet, held in jets.inside(rate).items() if held.order})
    field = jets.field(problem.fields[0])
    return lambda level: _sampled(problem, flat, **{field.name: level})


def _sampled(problem: Problem, expr: sympy.Expr, **more: float) -> Array:
    lines = [np.linspace(problem.axis(name).low, problem.axis(name).high, COARSE[len(problem.names)])
             for name in problem.names]  # fmt: skip
    grids = np.meshgrid(*lines, indexing="ij")
    used = {name.name for name in expr.free_symbols} & set(problem.names)
    if not used:
        return np.atleast_1d(np.asarray(number(problem, expr)(more), dtype=np.float64))
    values = dict(zip(problem.names, grids, strict=True)) | more
    return np.broadcast_to(np.asarray(number(problem, expr)(values), dtype=np.float64), grids[0].shape)


def _level(growth: Callable[[float], Array], side: int, data: Array, *, searched: bool) -> float:
    """The nearest constant beyond the data from which the rate leads back; infinite where none is in reach."""
    edge = float(data.max() if side > 0 else data.min())
    reach = REACH * max(float(np.abs(data).max()), float(np.ptp(data)), 1.0)
    slack = SLACK * max(1.0, float(np.abs(growth(edge)).max()))

    def safe(level: float, by: float = 0.0) -> bool:
        return bool((side * growth(level)).max() <= by)

    if safe(edge, slack):
        return edge
    if not searched:
        return side * np.inf
    levels = edge + side * np.linspace(0, reach, LEVELS)
    inside = next((at for at, level in enumerate(levels) if safe(float(level))), None)
    if inside is None:
        return side * np.inf
    bad, good = float(levels[inside - 1]), float(levels[inside])
    for _ in range(60):
        middle = (bad + good) / 2
        bad, good = (bad, middle) if safe(middle) else (middle, good)
    plain = round(good, 9)
    return plain if safe(plain) else good


def _data(problem: Problem, jets: Jets, rate: sympy.Expr, name: str = "") -> Array | str:
    """The values that the solution is given, or why they are not known: initial ones and those at the ends."""
    field = jets.field(name or problem.fields[0])
    found = []
    if problem.timed:
        found.append(_given(problem, jets, field, TIME, problem.axis(TIME).low))
        if found[0] is None:
            return "the initial values are not given"
    for letter in problem.space:
        if letter in problem.periodic:
            continue
        slope = jets.field(field.name, **{letter: 1})
        for end in (problem.axis(letter).low, problem.axis(letter).high):
            values = _given(problem, jets, field, letter, end)
            if values is not None:
                found.append(values)
            elif on_face(slope, problem, letter, end) == 0:
                continue
            elif _spreads(problem, jets, rate, letter) or _held(problem, letter, end):
                return f"the values at {letter} = {end:g} are not given, nor is the end closed"
    return np.concatenate([values for values in found if values is not None]) if found else "no values are given"


def _spreads(problem: Problem, jets: Jets, rate: sympy.Expr, letter: str) -> bool:
    place = problem.names.index(letter)
    return any(held.orders[place] > 1 for held in jets.inside(rate).values())


def _held(problem: Problem, letter: str, end: float) -> bool:
    return any(condition.at.get(letter) == end for condition in problem.conditions)


def _given(problem: Problem, jets: Jets, field: sympy.Symbol, letter: str, end: float) -> Array | None:
    """The field's values on a face at many points; None where the conditions do not say."""
    expr = on_face(field, problem, letter, end)
    if jets.inside(expr):
        return None
    free = [name for name in problem.names if name != letter]
    lines = [np.linspace(problem.axis(name).low, problem.axis(name).high, FINE[len(free)]) for name in free]
    grids = np.meshgrid(*lines, indexing="ij") if free else []
    values = number(problem, expr)(dict(zip(free, grids, strict=True)))
    return np.broadcast_to(np.asarray(values, dtype=np.float64), grids[0].shape if free else (1,)).ravel()
