"""The problem on a grid: differences in space, conditions at the ends, as matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skills.runtime.differences import stencil
from skills.runtime.expression import parse
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]

WIDTH = 7  # sixth order inside, fifth for u_xx next to an end


@dataclass(frozen=True)
class Space:
    """Method of lines: u_t = A(t) u + source inside; at the ends (first and last row) the conditions hold instead."""

    problem: Problem
    cells: int
    spacing: float
    nodes: Array
    first: sparse.csr_array
    second: sparse.csr_array

    @property
    def inside(self) -> Array:
        """1 where the equation holds, 0 where a condition does."""
        held = np.ones(len(self.nodes))
        if not self.problem.periodic:
            held[[0, -1]] = 0.0
        return held

    @property
    def steady(self) -> bool:
        """Whether the matrix is the same at all times."""
        problem = self.problem
        texts = (problem.diffusion, problem.advection, problem.reaction, problem.left.coefficient,
                 problem.right.coefficient)  # fmt: skip
        return not any("t" in parse(text).names for text in texts)

    def matrix(self, time: float) -> sparse.csr_array:
        """Rows of -A(t) inside, of the conditions at the ends."""
        diffusion, advection, reaction = (
            sparse.diags_array(self.problem.coefficient(name, self.nodes, time) * self.inside)
            for name in ("diffusion", "advection", "reaction")
        )
        return sparse.csr_array(self._conditions(time) - diffusion @ self.second - advection @ self.first - reaction)

    def right_side(self, time: float) -> Array:
        """The source inside, the conditions' values at the ends."""
        side = self.problem.coefficient("source", self.nodes, time) * self.inside
        if not self.problem.periodic:
            for end, row in ((self.problem.left, 0), (self.problem.right, -1)):
                side[row] = float(self.problem.boundary_row(end, time)[2])
        return side

    def consistent(self, values: Array, time: float) -> Array:
        """The values with those at the ends replaced by what the conditions ask for, given the others."""
        if self.problem.periodic:
            return values
        rows = self._conditions(time)[[0, -1]].toarray()
        found = values.copy()
        wanted = self.right_side(time)[[0, -1]] - rows[:, 1:-1] @ values[1:-1]
        found[[0, -1]] = np.linalg.solve(rows[:, [0, -1]], wanted)
        return found

    def _conditions(self, time: float) -> sparse.csr_array:
        level, slope = np.zeros(len(self.nodes)), np.zeros(len(self.nodes))
        if not self.problem.periodic:
            for end, row in ((self.problem.left, 0), (self.problem.right, -1)):
                level[row], slope[row] = (float(part) for part in self.problem.boundary_row(end, time)[:2])
        return sparse.csr_array(sparse.diags_array(level) + sparse.diags_array(slope) @ self.first)


def discretise(problem: Problem, cells: int) -> Space:
    """Sixth-order differences on equal cells; a periodic grid leaves its end out."""
    nodes = problem.grid("x", cells + 1)
    if problem.periodic:
        nodes = nodes[:-1]
    spacing = (problem.x[1] - problem.x[0]) / cells
    return Space(problem, cells, spacing, nodes, *(_matrix(problem, len(nodes), order, spacing) for order in (1, 2)))


def _matrix(problem: Problem, points: int, order: int, spacing: float) -> sparse.csr_array:
    held = stencil(points, order, WIDTH, spacing, periodic=problem.periodic)
    rows = np.repeat(np.arange(points), WIDTH)
    return sparse.csr_array((held.weights.ravel(), (rows, held.columns.ravel())), shape=(points, points))
