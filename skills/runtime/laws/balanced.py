"""How far a field misses a balance: both sides by quadrature from the field alone."""

from __future__ import annotations

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.runtime.laws.balance import Balance
from skills.runtime.laws.corners import settled_from
from skills.runtime.laws.ends import on_face
from skills.runtime.laws.field import Sampled
from skills.runtime.laws.grid import Axis, axes
from skills.runtime.laws.jets import Jets, number, settled, told
from skills.runtime.laws.law import Law
from skills.runtime.problem import TIME, Problem

Array = NDArray[np.float64]

ROUNDING = 1e-13


def statement(problem: Problem, one: Balance) -> Law:
    """The balance as a law; `start` is the integral that the initial conditions give."""
    sign = -1 if problem.timed else 1
    parts = [_integral(problem, settled(sign * one.loss))] if one.loss != 0 else []
    parts += [f"[{told(settled(sign * face.side * face.flux))} at {face.coordinate} = "
              f"{_end(problem, face.coordinate, face.side):g}]" for face in one.faces]  # fmt: skip
    right = " + ".join(parts) or "0"
    if not problem.timed:
        text = "what leaves through the faces balances what arises inside"
        return Law(name=one.name, statement=text, formula=f"{right} = 0", factor=factor(one))
    whole = _integral(problem, one.density)
    found = start(problem, one)
    return Law(name=one.name, statement=f"{whole} {_words(one)}", formula=f"d/dt {whole} = {right}",
               factor=factor(one), numbers={} if found is None else {"start": found})  # fmt: skip


def _words(one: Balance) -> str:
    if one.kind == "conserved":
        return "keeps its value"
    if one.kind == "dissipated":
        return "never rises" if one.closed else "rises by nothing but what enters through the ends"
    return "changes by what flows through the ends and arises inside"


def _integral(problem: Problem, expr: sympy.Expr) -> str:
    inside = f"({told(expr)})" if expr.is_Add or not problem.space else told(expr)
    return f"∫ {inside} {' '.join(f'd{name}' for name in problem.space)}" if problem.space else inside


def factor(one: Balance) -> float:
    """Ten for what holds no derivatives, else a hundred. A heuristic: derivatives amplify an error."""
    parts = (one.density, one.loss, *(face.flux for face in one.faces))
    return 100.0 if any("_" in name.name for part in parts for name in part.free_symbols) else 10.0


def start(problem: Problem, one: Balance) -> float | None:
    """The integral of the density at the first time, where the initial conditions fix it."""
    begun = on_face(one.density, problem, TIME, problem.axis(TIME).low)
    if Jets(problem.vocabulary).inside(begun):
        return None
    held = [axis for axis, name in zip(axes(problem), problem.names, strict=True) if name != TIME]
    grids = np.meshgrid(*(axis.nodes for axis in held), indexing="ij") if held else []
    values = np.asarray(number(problem, begun)(dict(zip(problem.space, grids, strict=True))), dtype=np.float64)
    values = np.broadcast_to(values, tuple(axis.size for axis in held))
    found, size = (_over(held, part) for part in (values, np.abs(values)))
    return (found if abs(found) > ROUNDING * size else 0.0) if np.isfinite(found) else None


def _over(held: list[Axis], values: Array) -> float:
    for along in reversed(range(len(held))):
        values = held[along].integral(values, along)
    return float(values)


def miss(field: Sampled, one: Balance, begun: float | None) -> float:
    """The largest difference of both sides at any time, relative to their sizes; a rise that must not be is one too."""
    lost, lost_size = _loss(field, one)
    if field.time is None:
        return abs(float(lost[0])) / (float(lost_size[0]) or 1.0)
    clock = field.axes[field.time]
    density = field(one.density)
    held, held_size = field.inside(density), field.inside(np.abs(density))
    first = settled_from(field.problem)
    gone = clock.running(lost, 0)
    size = float(held_size[first:].max() + clock.running(lost_size, 0)[-1]) or 1.0
    start = held[first] if begun is None or first else begun
    return float(np.abs(held + gone - gone[first] - start)[first:].max()) / size


def _loss(field: Sampled, one: Balance) -> tuple[Array, Array]:
    """(loss inside plus what flows out, the same with the sizes of all terms), by time."""
    terms = [field(term) for term in sympy.Add.make_args(one.loss)]
    total = field.inside(np.sum(terms, axis=0))
    size = field.inside(np.sum(np.abs(terms), axis=0))
    for face in one.faces:
        place = field.problem.names.index(face.coordinate)
        parts = [field(term, (place, 0 if face.side < 0 else -1)) for term in sympy.Add.make_args(face.flux)]
        total = total + face.side * field.across(np.sum(parts, axis=0), place)
        size = size + field.across(np.sum(np.abs(parts), axis=0), place)
    return total, size


def _end(problem: Problem, coordinate: str, side: int) -> float:
    axis = problem.axis(coordinate)
    return axis.low if side < 0 else axis.high
