"""Time integration by Radau collocation: stiffly stable, of high order, with an equally exact dense output."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake

Array = NDArray[np.float64]
Solver = Callable[[Array], Array]

STAGES = 7
FIRST = 6  # a step is the whole time over 2**level; this is the first level to be tried
LARGEST = 2  # the largest step is a quarter of the time
BELOW_CELL = 7  # the finest level resolves 2**-7 of the quickest time of the grid; its steps are always taken
MOST_LEVELS = 40
MOST_NUMBERS = 12_000_000  # of a solution that is kept
KEPT = 4  # levels whose factorisations are kept
ITERATIONS = 12
SLOW = 0.3  # a convergence rate that asks for new derivatives
EXACTLY = 0.02  # share of the tolerance to which a step's equations are solved
FLOOR = 1e-3  # a field this much smaller than the largest counts as so large
ROUNDED = 1e-10  # an iteration that no longer converges is as exact as rounding lets it be, below this


class TooManySteps(UserMistake):
    """Raised when a solution needs more numbers than are kept; a looser tolerance needs fewer."""


class System(Protocol):
    """0 = F(t, y, y'): `fields` values at each node, and rows of equations and conditions, at least as many."""

    @property
    def fields(self) -> int: ...
    @property
    def differential(self) -> tuple[bool, ...]: ...
    @property
    def changes(self) -> bool: ...
    def residual(self, times: Array, values: Array, rates: Array) -> Array: ...
    def jacobian(self, time: float, values: Array, rates: Array) -> tuple[Any, Any]: ...
    def factor(self, jacobians: tuple[Any, Any], shift: complex) -> Solver: ...
    def fastest(self, jacobians: tuple[Any, Any]) -> float: ...
    def settled(self, time: float, values: Array) -> Array: ...


@dataclass(frozen=True)
class Solution:
    """Values (steps, STAGES + 1, size) at the start and the collocation times of each step; `edges` are its bounds."""

    edges: Array
    values: Array


@dataclass(frozen=True)
class Collocation:
    """Radau IIA on [0, 1]: `times` with 0 in front, their derivative matrix, its modes, the last Legendre coefficients.

    Hairer, E. & Wanner, G. (1996) Solving Ordinary Differential Equations II, sections IV.5 and IV.8.
    """

    times: Array
    derivative: Array
    last: Array
    shifts: NDArray[np.complex128]
    modes: NDArray[np.complex128]
    into_modes: NDArray[np.complex128]


@lru_cache(maxsize=4)
def collocation(stages: int = STAGES) -> Collocation:
    """The right Radau points are the zeros of P_s - P_(s-1)."""
    legendre = np.polynomial.legendre
    roots = np.sort(legendre.legroots([0.0] * (stages - 1) + [-1.0, 1.0]))
    times = np.concatenate([[0.0], (roots + 1) / 2])
    times[-1] = 1.0
    gaps = times[:, None] - times + np.eye(stages + 1)
    weights = 1 / gaps.prod(axis=1)
    derivative = weights / weights[:, None] / gaps
    np.fill_diagonal(derivative, 0.0)
    np.fill_diagonal(derivative, -derivative.sum(axis=1))
    coefficients = np.linalg.inv(legendre.legvander(2 * times - 1, stages))
    shifts, modes = np.linalg.eig(derivative[1:, 1:])
    return Collocation(times, derivative, coefficients[-2:], shifts, modes, np.linalg.inv(modes))


def march(system: System, start: Array, span: tuple[float, float], tolerance: float, steps: int = 0) -> Solution:
    """Solve from the first to the last time; `steps` equal steps, or as long as the last Legendre term allows.

    A step is taken when its highest term in time is below tolerance times the size of each field. Steps are the whole
    time over powers of two, so that a factorisation serves many of them. Raises UserMistake where that needs too many.
    """
    walk = _Walk(system, span, tolerance, steps)
    settled = system.settled(span[0], start)
    level, at, found = FIRST, 0.0, None
    edges, values, before = [span[0]], [], None
    y = settled
    while at < 1.0:
        share = 1 / steps if steps else 2.0**-level
        found, error = walk.step(y, at, share, before)
        wanted = level if steps else walk.level(level, error)
        if wanted > level:
            level = wanted
            continue
        if found is None and at == 0.0:
            raise UserMistake(
                f"no step can be taken from t = {span[0]:.6g}: a term of the equations, or its derivative by a field, "
                "has no finite value at the initial values, or the grid is far too coarse",
                "start where the terms have derivatives (sqrt(u) and log(u) have none at u = 0: the solution need not "
                "be the only one there), or refine the grid",
            )
        if found is None:
            raise UserMistake(
                f"the solution cannot be continued beyond t = {span[0] + at * (span[1] - span[0]):.6g}",
                "shorten the time: the solution may grow beyond all numbers there, or need a finer grid",
            )
        y, at = found[-1], (len(values) + 1) / steps if steps else at + share
        before = (share, found)
        edges.append(span[0] + at * (span[1] - span[0]))
        values.append(found)
        if len(values) * found.size > MOST_NUMBERS:
            raise TooManySteps(
                f"more than {len(values) - 1} time steps of {found.shape[1]} values are needed",
                "shorten the time, loosen `tolerance` or lower `resolution`",
            )
        if not steps and wanted < level and (at / share) % 2 == 0:
            level = wanted
    edges[-1] = span[1]
    if np.any(settled != start):
        values[0] = np.concatenate([start[None], values[0][1:]])
    return Solution(np.array(edges), np.array(values))


class _Walk:
    """Steps of one system: derivatives and factorisations are kept as long as they serve."""

    def __init__(self, system: System, span: tuple[float, float], tolerance: float, steps: int) -> None:
        self.system, self.span, self.tolerance = system, span, tolerance
        self.rule = collocation()
        self.sizes: Array | None = None
        self.finest = MOST_LEVELS
        self._jacobians: tuple[Any, Any] | None = None
        self._fresh = False
        self._kept: OrderedDict[float, list[Solver]] = OrderedDict()
        self._rate = 0.0
        free = np.flatnonzero(~np.array(system.differential))
        self._free = free if len(free) else None
        self._extrapolation = _lagrange(self.rule.times[1:], np.zeros(1))[0]

    def level(self, level: int, error: float) -> int:
        """The level that an error asks for; one lower where twice the step would do."""
        if error > self.tolerance and level < self.finest:
            wanted = math.log2(error / self.tolerance) / STAGES if math.isfinite(error) else 1.0
            return min(self.finest, level + max(1, min(6, math.ceil(wanted))))
        return level - 1 if level > LARGEST and error * 2.0**STAGES < self.tolerance else level

    def step(self, y: Array, at: float, share: float, before: Any) -> tuple[Array | None, float]:
        """(STAGES + 1, size): y and its stages, and the relative size of the last term; (None, inf) without success."""
        if self.sizes is None:
            self.sizes = np.maximum(self._rms(y[None])[0], 0.0)
        guess = self._guess(y, share, before)
        found = self._solve(y, at, share, guess)
        if found is None and not self._fresh:
            self._forget()
            found = self._solve(y, at, share, guess)
        if found is None:
            self._forget()
            return None, math.inf
        if self._rate > SLOW:
            self._forget()
        if self._free is not None:
            part = found.reshape(STAGES + 1, -1, self.system.fields)
            part[0][:, self._free] = np.tensordot(self._extrapolation, part[1:][:, :, self._free], axes=1)
        self.sizes = np.maximum(self.sizes, self._rms(found).max(axis=0))
        terms = self._rms(self.rule.last @ found) / self._scale()
        return found, float(max(terms[1].max(), terms[0].max() / 10))

    def _guess(self, y: Array, share: float, before: Any) -> Array:
        flat = np.repeat(y[None], STAGES, axis=0)
        if before is None:
            return flat
        length, values = before
        ahead = _lagrange(self.rule.times, 1 + self.rule.times[1:] * (share / length)) @ values
        return ahead if np.all(np.isfinite(ahead)) else flat

    def _solve(self, y: Array, at: float, share: float, guess: Array) -> Array | None:
        """Simplified Newton iterations on all stages, mode by mode; None where they do not converge."""
        duration = self.span[1] - self.span[0]
        length, times = share * duration, self.span[0] + (at + share * self.rule.times[1:]) * duration
        stages, last = guess.copy(), math.inf
        self._rate = 0.0
        inner, outer = self.rule.derivative[1:, 1:] / length, np.outer(self.rule.derivative[1:, 0] / length, y)
        for iteration in range(ITERATIONS):
            rates = inner @ stages + outer
            solvers = self._solvers(share, length, float(times[STAGES // 2]), stages, rates)
            miss = self.system.residual(times, stages, rates)
            if solvers is None or not np.all(np.isfinite(miss)):
                return None
            change = self._change(solvers, miss)
            stages -= change
            size = self._change_size(change, stages)
            if size < EXACTLY * self.tolerance and (iteration or not self.system.changes or size == 0):
                return np.concatenate([y[None], stages])
            if not math.isfinite(size):
                return None
            if size >= last or (iteration > 2 and size > 0.5 * last):
                if size < max(ROUNDED, 0.1 * self.tolerance):
                    return np.concatenate([y[None], stages])
                if size > 2 * last or iteration > 3:
                    return None
            if iteration:
                self._rate = size / last
                if self._rate * size / (1 - min(self._rate, 0.9)) < EXACTLY * self.tolerance:
                    return np.concatenate([y[None], stages])
            last = size
        return None

    def _change(self, solvers: list[Solver], miss: Array) -> Array:
        moved = self.rule.into_modes @ miss
        found = None
        for place, solver in enumerate(solvers):
            if self.rule.shifts[place].imag < 0:
                continue
            part = solver(moved[place]) if self.rule.shifts[place].imag else solver(moved[place].real)
            twice = 2.0 if self.rule.shifts[place].imag else 1.0
            share = twice * np.real(np.outer(self.rule.modes[:, place], part))
            found = share if found is None else found + share
        assert found is not None
        return found

    def _solvers(self, share: float, length: float, time: float, stages: Array, rates: Array) -> list[Solver] | None:
        if share in self._kept:
            self._kept.move_to_end(share)
            return self._kept[share]
        if self._jacobians is None:
            middle = STAGES // 2
            self._jacobians, self._fresh = self.system.jacobian(time, stages[middle], rates[middle]), True
            fastest = self.system.fastest(self._jacobians) * (self.span[1] - self.span[0])
            if math.isfinite(fastest) and fastest > 0:
                self.finest = min(MOST_LEVELS, max(FIRST, math.ceil(math.log2(fastest)) + BELOW_CELL))
        try:
            self._kept[share] = [self._solver(shift / length) for shift in self.rule.shifts]
        except (RuntimeError, ValueError):
            return None
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[share]

    def _solver(self, shift: complex) -> Solver:
        if shift.imag < 0:
            return lambda side: side  # its conjugate is solved
        assert self._jacobians is not None
        return self.system.factor(self._jacobians, shift if shift.imag else shift.real)

    def _forget(self) -> None:
        if self.system.changes:
            self._jacobians, self._fresh = None, False
            self._kept.clear()

    def _rms(self, values: Array) -> Array:
        """(rows, fields) over nodes."""
        with np.errstate(over="ignore", invalid="ignore"):  # what grows beyond all numbers is found by its size
            return np.sqrt(np.mean(np.square(values.reshape(len(values), -1, self.system.fields)), axis=1))

    def _scale(self) -> Array:
        assert self.sizes is not None
        return np.maximum(self.sizes, FLOOR * self.sizes.max()) + np.finfo(float).tiny

    def _change_size(self, change: Array, stages: Array) -> float:
        scale = np.maximum(self._scale(), self._rms(stages).max(axis=0))
        with np.errstate(over="ignore", invalid="ignore"):
            return float((self._rms(change) / scale).max())


def _lagrange(nodes: Array, at: Array) -> Array:
    """(at, nodes) values of the Lagrange polynomials."""
    gaps = at[:, None, None] - nodes[None, None, :]
    spread = nodes[:, None] - nodes + np.eye(len(nodes))
    own = np.eye(len(nodes), dtype=bool)
    return np.where(own, 1.0, gaps / spread).prod(axis=2)
