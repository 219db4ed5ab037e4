"""The mode baseline: what a textbook's solver reaches in the CPU seconds that a training took."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from skills.runtime.job import Job, UserMistake
from skills.runtime.problem import TIME, Problem
from skills.simulate.evolution import Evolution, evolution
from skills.simulate.grid import EVEN, spaced
from skills.simulate.interpolate import Field, LatticeField, LineField, Times
from skills.simulate.lattice import lattice
from skills.simulate.line import Line
from skills.simulate.model import write_model
from skills.simulate.solve import fits_a_line, span_of
from skills.simulate.spec import Spec
from skills.simulate.start import start
from skills.simulate.steady import steady
from skills.simulate.textbook import line_rows, midpoint

Array = NDArray[np.float64]

TRAINING = "training_cpu_s"
FIRST_CELLS = {1: 16, 2: 8, 3: 4, 4: 4}
MOST_NODES = {1: 16_384, 2: 160_000, 3: 30_000, 4: 20_000}  # of a grid, by space dimensions: memory
GROWTH = 2.0  # the least factor by which the next grid is taken to cost more
THIRDS = np.arange(4) / 3
LOOSEST, TIGHTEST = 3, 13  # digits of the tolerance of an ODE's solver


@dataclass(frozen=True)
class Try:
    """One grid (or, for an ODE, one tolerance: its digits) and the CPU seconds that it cost."""

    cells: int
    steps: int
    field: Field
    cpu_s: float


def baseline(job: Job) -> None:
    """Refine by doubling until the next grid would cost more than the budget; deliver the last one."""
    spec: Spec = job.spec
    budget_s, problem = _budget(job, spec), _known(job, spec)
    tries, remark = _within(job, problem, budget_s)
    best = tries[-1]
    write_model(job, problem, {"delivered": best.field}, {"cells": best.cells, "method": _told(problem)})
    with (job.out / "baseline.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = [(one.cells, one.steps, one.cpu_s, "") for one in tries]
        rows[-1] = (*rows[-1][:3], remark)
        csv.writer(stream).writerows([("cells", "time_steps", "cpu_s", "remark"), *rows])
    job.artifact("baseline.csv", "table")
    job.claim("cpu_s", best.cpu_s, "s", file="baseline.csv")
    job.claim("cells", best.cells, file="baseline.csv")
    job.claim("budget_s", budget_s, "s", file="baseline.csv")


def _budget(job: Job, spec: Spec) -> float:
    """Raises UserMistake where the step's claims are not there or do not tell its CPU seconds."""
    remedy = f"run after a step {spec.equal_to!r} that claims {TRAINING}"
    path = job.inputs.get(spec.equal_to, Path()) / "claims.json"
    if spec.equal_to not in job.inputs or not path.is_file():
        raise UserMistake(f"there are no claims of the step {spec.equal_to!r}", remedy)
    try:
        claims = {str(one["name"]): float(one["value"]) for one in json.loads(path.read_text(encoding="utf-8"))}
    except (ValueError, TypeError, KeyError) as error:
        raise UserMistake(f"the claims of {spec.equal_to!r} cannot be read: {error}", remedy) from error
    if not claims.get(TRAINING, 0.0) > 0:
        raise UserMistake(f"the step {spec.equal_to!r} does not claim its {TRAINING}", remedy)
    return claims[TRAINING]


def _known(job: Job, spec: Spec) -> Problem:
    """The problem with the coefficients that the step `fitted_by` found. Raises UserMistake where it tells none."""
    if not spec.problem.inverse:
        return spec.problem
    path = job.inputs.get(spec.fitted_by, Path()) / "posterior.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = dict(zip(told["names"], map(float, told["mean"]), strict=True))
        return spec.problem.with_values(**{name: found[name] for name in spec.problem.unknown})
    except (OSError, ValueError, TypeError, KeyError) as error:
        remedy = "run after a step that fits the unknown coefficients"
        raise UserMistake(f"the step {spec.fitted_by!r} tells no values of them: {error}", remedy) from error


def _within(job: Job, problem: Problem, budget_s: float) -> tuple[list[Try], str]:
    tries: list[Try] = []
    failure = "there is no grid that the textbook's solver can use"
    for cells, solve in _levels(evolution(problem)):
        if tries and _next_cost(tries) > budget_s:
            return tries, "the next grid would cost more than the budget"
        job.progress(done=len(tries), message=f"{cells} cells")
        began = time.process_time()
        try:
            steps, field = solve()
        except UserMistake as mistake:
            failure = mistake.message
            if time.process_time() - began > budget_s:
                break
            continue
        tries.append(Try(cells, steps, field, time.process_time() - began))
    if not tries:
        raise UserMistake(f"no textbook solution in {budget_s:.3g} s: {failure}", "compare with the reference instead")
    return tries, "the finest grid that is kept"


def _next_cost(tries: list[Try]) -> float:
    """What the next grid costs, when costs go on growing as they last did."""
    last = tries[-1].cpu_s
    before = tries[-2].cpu_s if len(tries) > 1 else last
    return last * max(GROWTH, last / max(before, 1e-4))


def _levels(made: Evolution) -> Iterator[tuple[int, Callable[[], tuple[int, Field]]]]:
    if made.marches and not made.space:
        for digits in range(LOOSEST, TIGHTEST + 1):
            yield digits, lambda digits=digits: _ode(made, digits)
        return
    cells, dimensions = FIRST_CELLS[len(made.space)], len(made.space)
    lattices = _Lattices(made)
    on_line = made.marches and dimensions == 1 and fits_a_line(made)
    while (cells + 1) ** dimensions <= MOST_NODES[dimensions]:
        if on_line:
            yield cells, lambda cells=cells: _line(made, cells)
        else:
            yield cells, lambda cells=cells: lattices(cells)
        cells *= 2


def _told(problem: Problem) -> str:
    made = evolution(problem)
    if made.marches and not made.space:
        return "Runge-Kutta of fourth and fifth order"
    return "central differences of second order" + (", implicit midpoint rule in time" if made.marches else "")


def _ode(made: Evolution, digits: int) -> tuple[int, Field]:
    """Runge-Kutta 4(5): its dense output is a quartic in each step, which five values give exactly."""
    tolerance, first = 10.0**-digits, start(made, np.zeros((1, 0)))
    try:
        solved = solve_ivp(_Rates(made), span_of(made), first, dense_output=True, rtol=tolerance, atol=tolerance * 1e-3)
    except np.linalg.LinAlgError as error:
        raise UserMistake("the equations do not give all rates", "an explicit solver does not suit them") from error
    if not solved.success or solved.sol is None:
        raise UserMistake(f"Runge-Kutta fails: {solved.message}", "an explicit solver does not suit them")
    edges, nodes = solved.t, np.linspace(0, 1, 5)
    at = edges[:-1, None] + np.diff(edges)[:, None] * nodes
    values = solved.sol(at.ravel()).T.reshape(*at.shape, 1, len(first))[..., : len(made.problem.fields)]
    return len(values), LineField(Times(edges, nodes), None, np.ascontiguousarray(values))


class _Rates:
    """y' from equations that are linear in it."""

    def __init__(self, made: Evolution) -> None:
        self.made = made
        self.names = [f"{field}_{TIME}" for field in made.fields]
        self.masses = [[form.by(name) for name in self.names] for form in made.equations]
        self.held: dict[str, float] = {**made.problem.guesses(), **dict.fromkeys(self.names, 0.0)}

    def __call__(self, t: float, y: Array) -> Array:
        self.held |= {TIME: float(t), **dict(zip(self.made.fields, y.tolist(), strict=True))}
        misses = np.array([form(self.held) for form in self.made.equations])
        masses = np.array([[one(self.held) for one in row] for row in self.masses])
        return np.linalg.solve(masses, -misses)


def _line(made: Evolution, cells: int) -> tuple[int, Field]:
    """As many steps in time as cells in space."""
    axis = made.problem.axis(made.space[0])
    grid = spaced(axis, cells, EVEN, periodic=axis.name in made.problem.periodic, order=2)
    line = Line(made, grid)
    span = span_of(made)
    values = line.settled(span[0], start(made, line.places))
    found = midpoint(line_rows(line), values, span, -(-cells // 3))
    wide = found.values.reshape(*found.values.shape[:2], line.count, line.fields)[..., : len(made.problem.fields)]
    return found.steps, LineField(Times(found.edges, THIRDS), grid, np.ascontiguousarray(wide))


class _Lattices:
    """Solutions on grids of equal cells; a steady one starts from the last one."""

    def __init__(self, made: Evolution) -> None:
        self.made = made
        self.last: Field | None = None

    def __call__(self, cells: int) -> tuple[int, Field]:
        made, system = self.made, lattice(self.made, cells)
        kept = len(made.problem.fields)
        shape = (*system.shape, system.fields)
        if made.marches:
            found = midpoint(system, start(made, system.places), span_of(made), -(-cells // 3))
            wide = found.values.reshape(*found.values.shape[:2], *shape)[..., :kept]
            field = LatticeField(Times(found.edges, THIRDS), system.grids, np.ascontiguousarray(wide))
            return found.steps, field
        guess = np.zeros(int(np.prod(shape)))
        if self.last is not None:
            guess = self.last(dict(zip(made.space, system.places.T, strict=True))).ravel()
        self.last = LatticeField(None, system.grids, steady(system, guess).reshape(1, 1, *shape))
        return 0, self.last
