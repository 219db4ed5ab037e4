"""A convergence study: four grids, two treatments of time, and the error that they show."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skills.runtime.parabolic import Parabolic as Problem
from skills.simulate.interpolate import Field, field
from skills.simulate.march import march
from skills.simulate.space import WIDTH, discretise

Array = NDArray[np.float64]
Tell = Callable[[str], None]

POINTS = 10_000
LEAST_CELLS = 8
FORMAL_ORDER = float(WIDTH - 1)
LEAST_ORDER = 4.0  # below it, no extrapolation: the change between grids is the estimate
NOISE = 5.0  # a change this near the noise of time steps and rounding says nothing about the order
LOOSER = 100.0


@dataclass(frozen=True)
class Sample:
    """Points (n, 2) as x, t where solutions are compared, and each one's share of the box."""

    points: Array
    shares: Array

    def change(self, coarse: Array, fine: Array) -> float:
        """Relative L2 difference over the box; 0 where both are zero."""
        gap, size = (float(np.sqrt(self.shares @ np.square(values))) for values in (coarse - fine, fine))
        return gap / size if gap else 0.0


@dataclass(frozen=True)
class Run:
    """One solution: its values at the sample's points, steps and seconds taken."""

    cells: int
    field: Field
    values: Array
    steps: int
    wall_s: float


@dataclass(frozen=True)
class Study:
    """Runs from coarse to fine. `changes` are relative L2 changes to the next finer grid.

    `order` is None where the changes are as small as noise or do not fall.
    """

    runs: tuple[Run, ...]
    changes: tuple[float, ...]
    order: float | None
    time_error: float
    error_estimate: float


def draw_sample(problem: Problem, seed: int, count: int = POINTS) -> Sample:
    """A low-discrepancy set with a random shift; times crowd at the start, where badly fitting data leave a layer.

    Roberts, M. (2018) The unreasonable effectiveness of quasirandom sequences: the plastic number in two dimensions.
    """
    plastic = 1.32471795724474602596
    shift = np.random.default_rng(seed).random(2)
    x, s = ((shift + np.arange(1, count + 1)[:, None] / plastic ** np.array([1, 2])) % 1.0).T
    places = problem.x[0] + (problem.x[1] - problem.x[0]) * x
    times = problem.t[0] + (problem.t[1] - problem.t[0]) * s**3
    return Sample(np.column_stack([places, times]), 3 * s**2 / count)


def solve(problem: Problem, cells: int, tolerance: float, sample: Sample, steps: int = 0) -> Run:
    """Solve on one grid. `steps` 0: chosen by `tolerance`."""
    began = time.perf_counter()
    space = discretise(problem, cells)
    solution = march(space, tolerance=tolerance, steps=steps)
    wall_s = time.perf_counter() - began
    found = field(space, solution)
    return Run(cells, found, found(*sample.points.T), len(solution.values), wall_s)


def study(problem: Problem, resolution: int, *, tolerance: float, steps: int, sample: Sample, tell: Tell) -> Study:
    """Solve on `resolution`, twice and four times as many cells, and once more with time treated differently.

    Half of `resolution` is solved too, because the finest grids may be too exact to show an order.
    """
    exactly = time_tolerance(tolerance)
    runs = []
    for cells in (resolution // 2, resolution, 2 * resolution, 4 * resolution):
        if cells >= LEAST_CELLS:
            tell(f"{cells} cells")
            runs.append(solve(problem, cells, exactly, sample, steps))
    tell("time error")
    other = solve(problem, resolution, exactly if steps else LOOSER * exactly, sample, 2 * steps)
    time_error = sample.change(other.values, runs[-3].values)
    noise = max(time_error / (1.0 if steps else LOOSER), rounding(4 * resolution))
    changes = tuple(sample.change(coarse.values, fine.values) for coarse, fine in pairwise(runs))
    order = observed_order(changes, noise)
    estimate = extrapolated(changes[-1], order) + time_error + rounding(4 * resolution)
    return Study(tuple(runs), changes, order, time_error, estimate)


def time_tolerance(tolerance: float) -> float:
    """How exactly time is integrated so that grids, not steps, make the error: four digits beyond the wish."""
    return min(1e-8, max(1e-12, 1e-4 * tolerance))


def rounding(cells: int) -> float:
    """The size of rounding errors in second differences, found to be about this by experiment."""
    return float(np.finfo(np.float64).eps) * cells**2 / 4


def observed_order(changes: tuple[float, ...], noise: float) -> float | None:
    """log2 of the ratio of the finest two changes that stand out of the noise; None where they do not fall.

    Roache, P. J. (1994) Perspective: a method for uniform reporting of grid refinement studies. doi:10.1115/1.2910291
    """
    telling = [change for change in changes if change > NOISE * noise]
    if len(telling) < 2 or telling[-1] >= telling[-2]:
        return None
    return math.log2(telling[-2] / telling[-1])


def extrapolated(last: float, order: float | None) -> float:
    """Richardson's estimate of the finest grid's error, with an order no better than the scheme's own."""
    if order is None or order < LEAST_ORDER:
        return last
    return last / (2 ** min(order, FORMAL_ORDER) - 1)
