"""The range in which the maximum principle holds the solution of a linear parabolic problem, and its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]

FINE = 1001  # points at which data are looked at for their extremes


@dataclass(frozen=True)
class Bounds:
    """The range of a solution; or, with `reason`, why the maximum principle gives none."""

    low: float = -np.inf
    high: float = np.inf
    reason: str = ""


def grid_points(problem: Problem, grid: tuple[int, int]) -> Array:
    """(nt * nx, 2) columns x, t of the grid (nt, nx); t is the outer loop."""
    times, places = np.meshgrid(problem.grid("t", grid[0]), problem.grid("x", grid[1]), indexing="ij")
    return np.column_stack([places.ravel(), times.ravel()])


def bounds(problem: Problem, grid: tuple[int, int] = (FINE, FINE)) -> Bounds:
    """The range of the solution by the weak maximum principle, from the extremes of the data at many points.

    Decay (reaction ≤ 0) adds zero to the range; an end that exchanges with surroundings adds their value.
    Evans, L. C. (2010) Partial Differential Equations, section 7.1.4.
    """
    places = np.union1d(problem.grid("x", grid[1]), problem.grid("x", FINE))
    times = np.union1d(problem.grid("t", grid[0]), problem.grid("t", FINE))
    x, t = (part.ravel() for part in np.meshgrid(problem.grid("x", 101), problem.grid("t", 101)))
    if np.any(problem.coefficient("source", x, t) != 0):
        return Bounds(reason="there is a source")
    reaction = problem.coefficient("reaction", x, t)
    if np.any(reaction > 0):
        return Bounds(reason="the reaction lets u grow")
    data = [problem.initial_value(places)]
    if np.any(reaction < 0):
        data.append(np.zeros(1))
    for end, outward in ((problem.left, -1.0), (problem.right, 1.0)):
        found = _allowed_by(problem, end, outward, times)
        if isinstance(found, str):
            return Bounds(reason=found)
        data.append(found)
    held = np.concatenate(data)
    return Bounds(float(held.min()), float(held.max()))


def _allowed_by(problem: Problem, end: Boundary, outward: float, times: Array) -> Array | str:
    """The values that an end feeds in, or why they are unbounded."""
    if end.kind == "periodic":
        return np.empty(0)
    first, _, value = problem.boundary_row(end, times)
    if end.kind == "dirichlet":
        return value
    exchange = outward * first
    if np.any(exchange < 0):
        return "an end feeds the field in proportion to its value"
    if np.any(value[exchange == 0] != 0):
        return "there is a flux through an end"
    kept = exchange > 0
    return value[kept] / first[kept]


def scale(problem: Problem) -> float:
    """The size of u that the problem's data ask for; 0 only where all data are zero."""
    places, times = problem.grid("x", FINE), problem.grid("t", FINE)
    length, duration = _length(problem, "x"), _length(problem, "t")
    found = [float(np.abs(problem.initial_value(places)).max())]
    for end in (problem.left, problem.right):
        first, second, value = problem.boundary_row(end, times)
        found.append(float((np.abs(value) / (np.abs(first) + second / length)).max()))
    x, t = (part.ravel() for part in np.meshgrid(problem.grid("x", 101), problem.grid("t", 101)))
    spread = length**2 / float(problem.coefficient("diffusion", x, t).max())
    found.append(float(np.abs(problem.coefficient("source", x, t)).max()) * min(duration, spread))
    return max(found)


def _length(problem: Problem, axis: str) -> float:
    low, high = problem.x if axis == "x" else problem.t
    return high - low
