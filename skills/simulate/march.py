"""Time integration by Radau collocation: stiffly stable, of high order, with an equally exact dense output."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from skills.runtime.job import UserMistake
from skills.simulate.space import Space

Array = NDArray[np.float64]
Factor = tuple[SuperLU, sparse.csr_array]

STAGES = 7
FIRST = 6  # a step is the whole time over 2**level; this is the first level to be tried
LARGEST = 2  # the largest step is a quarter of the time
BELOW_CELL = 7  # the finest level resolves 2**-7 of the time in which u spreads over a cell; its steps are always taken
MOST_LEVELS = 40
MOST_STEPS = 20_000
KEPT = 6  # factorisations kept


@dataclass(frozen=True)
class Solution:
    """Values (steps, STAGES + 1, nodes) at the start and the collocation times of each step; `edges` are its bounds."""

    edges: Array
    values: Array


@dataclass(frozen=True)
class Collocation:
    """Radau IIA on [0, 1]: `times` with 0 in front, their derivative matrix, and the last two Legendre coefficients.

    Hairer, E. & Wanner, G. (1996) Solving Ordinary Differential Equations II, section IV.5.
    """

    times: Array
    derivative: Array
    last: Array


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
    return Collocation(times, derivative, coefficients[-2:])


def march(
    space: Space, *, tolerance: float, steps: int = 0, tell: Callable[[float], None] = lambda done: None
) -> Solution:
    """Solve from the first to the last time; `steps` equal steps, or as long as the last Legendre term allows.

    A step is taken when its highest term in time is below tolerance times the size of u. Steps are the whole time over
    powers of two, so that a factorisation serves many of them. Raises UserMistake beyond 20,000 steps.
    """
    stepper = _Stepper(space, collocation())
    start, duration = space.problem.t[0], space.problem.t[1] - space.problem.t[0]
    initial = space.problem.initial_value(space.nodes)
    u, at, level, finest = space.consistent(initial, start), 0.0, FIRST, _finest(space)
    edges, values, size = [start], [], 0.0
    while at < 1.0:
        share = 1 / steps if steps else 2.0**-level
        found = stepper.step(u, start + at * duration, share * duration)
        if not np.all(np.isfinite(found)):
            raise UserMistake("the solution grows beyond all numbers", "shorten the time or lower the growth")
        size = max(size, float(np.sqrt(np.mean(found**2))))
        error = stepper.last_term(found)
        if not steps and error > tolerance * size and level < finest:
            wanted = math.log2(error / (tolerance * size)) / STAGES
            level = min(finest, level + max(1, min(6, math.ceil(wanted))))
            continue
        u, at = found[-1], (len(values) + 1) / steps if steps else at + share
        edges.append(start + at * duration)
        values.append(found)
        if len(values) > MOST_STEPS:
            raise UserMistake(f"more than {MOST_STEPS} time steps are needed", "shorten the time or loosen `tolerance`")
        doubles = level > LARGEST and (at / share) % 2 == 0
        if not steps and doubles and error * 2.0**STAGES < tolerance * size:
            level -= 1
        tell(at)
    edges[-1], values[0][0] = space.problem.t[1], initial
    return Solution(np.array(edges), np.array(values))


def _finest(space: Space) -> int:
    """The level below which nothing is left to resolve on this grid."""
    x, t = (part.ravel() for part in np.meshgrid(space.nodes, space.problem.grid("t", 33)))
    fastest = float(space.problem.coefficient("diffusion", x, t).max()) / space.spacing**2
    cells = fastest * (space.problem.t[1] - space.problem.t[0])
    return min(MOST_LEVELS, max(FIRST, math.ceil(math.log2(cells)) + BELOW_CELL))


class _Stepper:
    """One step of all stages at once; unknowns are ordered node by node, stage by stage."""

    def __init__(self, space: Space, rule: Collocation) -> None:
        self.space = space
        self.rule = rule
        self._kept: OrderedDict[float, Factor] = OrderedDict()

    def step(self, u: Array, time: float, length: float) -> Array:
        """(STAGES + 1, nodes): u and its stages."""
        stages = time + length * self.rule.times[1:]
        sides = np.array([self.space.right_side(stage) for stage in stages]) * self._scales(length)
        sides -= np.outer(self.rule.derivative[1:, 0], u * self.space.inside)
        factor, whole = self._factor(stages, length)
        wanted = sides.T.ravel()
        solved = factor.solve(wanted)
        solved += factor.solve(wanted - whole @ solved)  # fine grids lose digits without this refinement
        return np.vstack([u, solved.reshape(-1, STAGES).T])

    def last_term(self, found: Array) -> float:
        """RMS over nodes of the highest Legendre term in time; a tenth of the term before guards against parity."""
        before, last = np.sqrt(np.mean((self.rule.last @ found) ** 2, axis=1))
        return float(max(last, before / 10))

    def _factor(self, stages: Array, length: float) -> Factor:
        if not self.space.steady:
            return self._factorised([self.space.matrix(stage) for stage in stages], length)
        if length not in self._kept:
            self._kept[length] = self._factorised([self.space.matrix(stages[0])] * STAGES, length)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(length)
        return self._kept[length]

    def _factorised(self, matrices: list[sparse.csr_array], length: float) -> Factor:
        inside, scales = sparse.diags_array(self.space.inside), sparse.diags_array(self._scales(length))
        whole = sparse.kron(inside, self.rule.derivative[1:, 1:], format="csc")
        for place, matrix in enumerate(matrices):
            unit = sparse.coo_array(([1.0], ([place], [place])), shape=(STAGES, STAGES))
            whole = whole + sparse.kron(scales @ matrix, unit, format="csc")
        return splu(sparse.csc_matrix(whole)), sparse.csr_array(whole)

    def _scales(self, length: float) -> Array:
        """Factors that bring all rows near one: short steps would lose digits otherwise."""
        inside = self.space.inside
        return np.where(inside == 1, length, self.space.spacing)
