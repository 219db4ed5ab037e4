"""A convergence study: grids from coarse to fine, two treatments of time, and the error that they show."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.runtime.problem import TIME, Problem
from skills.simulate.interpolate import Field
from skills.simulate.march import TooManySteps
from skills.simulate.solve import Method, Run

Array = NDArray[np.float64]
Tell = Callable[[str], None]

POINTS = 10_000
LEAST_ORDER = 4.0  # of doubled grids; below it, no extrapolation: the change between grids is the estimate
LEAST_RATIO = {"line": 2.0**-6, "box": 0.1, "ode": 0.1}  # no trust in changes that fall quicker than that
NOISE = 5.0  # a change this near the noise of time steps and rounding says nothing about the order
LOOSER = 100.0
SMALL = 1e-8  # a field this much smaller than the largest counts as so large
FEWEST = 3  # runs
ROUNDED = 1e-6  # a change below this that does not fall is one of rounding


@dataclass(frozen=True)
class Sample:
    """Points (n, coordinates) where solutions are compared, and each one's share of the box."""

    points: Array
    shares: Array
    names: tuple[str, ...]

    def values(self, field: Field) -> Array:
        """(n, fields)."""
        return field(dict(zip(self.names, self.points.T, strict=True)))

    def change(self, coarse: Array, fine: Array) -> float:
        """Relative L2 difference over the box, of the worst field; 0 where both are zero."""
        gaps, sizes = (np.sqrt(self.shares @ np.square(values)) for values in (coarse - fine, fine))
        floor = max(SMALL * float(sizes.max()), np.finfo(float).tiny)
        return float((gaps / np.maximum(sizes, floor)).max())


@dataclass(frozen=True)
class Timed:
    """A run, its values at the sample's points, and the seconds that it took."""

    run: Run
    values: Array
    wall_s: float


@dataclass(frozen=True)
class Study:
    """Runs from coarse to fine. `changes` are relative L2 changes to the next finer one.

    `order` is None where the changes are as small as noise or do not fall. `remark` says why refining ended early.
    """

    runs: tuple[Timed, ...]
    changes: tuple[float, ...]
    order: float | None
    time_error: float
    error_estimate: float
    remark: str = ""


def draw_sample(problem: Problem, seed: int, count: int = POINTS) -> Sample:
    """A low-discrepancy set with a random shift; times crowd at the start, where badly fitting data leave a layer.

    Roberts, M. (2018) The unreasonable effectiveness of quasirandom sequences.
    """
    dimensions = len(problem.names)
    root = 2.0
    for _ in range(64):
        root = (1 + root) ** (1 / (dimensions + 1))
    shift = np.random.default_rng(seed).random(dimensions)
    points = (shift + np.arange(1, count + 1)[:, None] / root ** np.arange(1, dimensions + 1)) % 1.0
    shares = np.full(count, 1 / count)
    if problem.timed and problem.space:
        s = points[:, problem.names.index(TIME)]
        shares, points[:, problem.names.index(TIME)] = 3 * s**2 / count, s**3
    for place, axis in enumerate(problem.coordinates):
        points[:, place] = axis.low + axis.length * points[:, place]
    return Sample(points, shares, problem.names)


def study(method: Method, sample: Sample, *, tolerance: float, steps: int, tell: Tell) -> Study:
    """Solve from coarse to fine until the estimated error is below the tolerance, on three grids at least."""
    if method.kind == "ode":
        return _ode_study(method, sample, tolerance, steps, tell)
    exactly = time_tolerance(tolerance)
    for last in (False, False, True):
        try:
            runs, noise, time_error, remark = _first_runs(method, sample, exactly, steps, tell)
            break
        except TooManySteps:
            if last or LOOSER * exactly > tolerance:
                raise
            exactly *= 30.0
    found = _judged(method, sample, runs, noise, time_error, remark)
    for cells in method.levels[method.levels.index(runs[-1].run.cells) + 1 :]:
        met = max(found.error_estimate, found.changes[-1]) <= tolerance
        if remark or met or _stalled(found.changes):
            break
        tell(f"{cells} cells")
        try:
            runs.append(timed(method, sample, cells, exactly, steps))
        except UserMistake as mistake:
            remark = f"no finer grid: {mistake.message}"
        found = _judged(method, sample, runs, noise, time_error, remark)
    return found


def timed(method: Method, sample: Sample, cells: int, tolerance: float, steps: int = 0) -> Timed:
    began = time.perf_counter()
    run = method.solve(cells, tolerance, steps)
    wall_s = time.perf_counter() - began
    return Timed(run, sample.values(run.field), wall_s)


def time_tolerance(tolerance: float) -> float:
    """How exactly time is integrated so that grids, not steps, make the error: four digits beyond the wish."""
    return min(1e-8, max(1e-12, 1e-4 * tolerance))


def _ode_study(method: Method, sample: Sample, tolerance: float, steps: int, tell: Tell) -> Study:
    """Three tolerances (or numbers of steps) take the place of grids.

    Where the system is chaotic, rounding grows with time as steps' errors do; the changes show both.
    """
    exactly = time_tolerance(tolerance)
    runs = []
    for place, factor in enumerate((LOOSER**2, LOOSER, 1.0)):
        tell(f"tolerance {factor * exactly:.0e}")
        runs.append(timed(method, sample, 0, factor * exactly, 2**place * steps))
    return _judged(method, sample, runs, 0.0, 0.0, "")


def _first_runs(
    method: Method, sample: Sample, exactly: float, steps: int, tell: Tell
) -> tuple[list[Timed], float, float, str]:
    """The first grids that can be solved on, with the noise and the error of their time steps."""
    runs: list[Timed] = []
    remark, failure = "", None
    for cells in method.levels:
        if len(runs) == FEWEST:
            break
        tell(f"{cells} cells")
        try:
            runs.append(timed(method, sample, cells, exactly, steps))
        except UserMistake as mistake:
            if isinstance(mistake, TooManySteps) and len(runs) < 2:
                raise
            if len(runs) > 1:
                remark = f"no finer grid: {mistake.message}"
                break
            failure, runs = mistake, []  # too coarse for this problem
    if len(runs) < 2:
        raise failure or UserMistake("one grid alone says nothing about the error", "raise the limits of the grid")
    if not method.timed:
        return runs, 0.0, 0.0, remark
    tell("time error")
    tolerance = exactly if steps else LOOSER * exactly
    other = timed(method, sample, runs[0].run.cells, tolerance, 2 * steps)
    time_error = sample.change(other.values, runs[0].values)
    return runs, time_error / (1.0 if steps else LOOSER), time_error, remark


def _judged(method: Method, sample: Sample, runs: list[Timed], noise: float, time_error: float, remark: str) -> Study:
    sizes = tuple(sample.change(coarse.values, fine.values) for coarse, fine in pairwise(runs))
    small = rounding(method, runs[-1].run.cells)
    noise = max(noise, small)
    telling = [change for change in sizes if change > NOISE * noise]
    falls = len(telling) > 1 and telling[-1] < telling[-2]
    order = None
    if falls:
        place = len(telling) - 1
        step = math.log2(max(runs[place + 1].run.cells, 1) / max(runs[place].run.cells, 1))
        order = math.log2(telling[-2] / telling[-1]) / step if step else None
    ratio = telling[-1] / telling[-2] if falls else None
    estimate = remaining(sizes, ratio, LEAST_RATIO[method.kind], noise) + time_error + small
    if method.timed:
        estimate += runs[-1].run.tolerance  # two tolerances may choose the same steps, and then show no error
    return Study(tuple(runs), sizes, order, time_error, estimate, remark)


def remaining(changes: tuple[float, ...], ratio: float | None, least: float, noise: float) -> float:
    """What the finest grid still lacks, when changes go on falling by `ratio`: Richardson's estimate.

    Roache, P. J. (1994) Perspective: a method for uniform reporting of grid refinement studies. doi:10.1115/1.2910291
    """
    last = changes[-1]
    if ratio is None:
        return last if last <= NOISE * noise else 2 * max(changes[-2:])
    tail = max(ratio, least) / (1 - min(ratio, 0.9))
    if ratio > 2.0**-LEAST_ORDER:
        tail = max(tail, 1.0)
    return last * tail


def rounding(method: Method, cells: int) -> float:
    """The size of rounding errors, found to be about this by experiment: second differences amplify them."""
    amplified = cells**2 / 4 if method.kind == "line" else 16.0
    return float(np.finfo(np.float64).eps) * amplified


def _stalled(changes: tuple[float, ...]) -> bool:
    """Whether refining changes no less than before: twice, or once where the changes look like rounding."""
    again = len(changes) > 3 and changes[-2] >= changes[-3]
    return changes[-1] >= changes[-2] and (again or changes[-2] < ROUNDED)
