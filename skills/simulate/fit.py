"""The mode fit: unknown coefficients by least squares on observations, with the reference solver in the loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import norm, qmc, t

from skills.runtime.job import Job, UserMistake, write_json
from skills.runtime.problem import Problem
from skills.simulate.reference import LARGEST, deliver, studied
from skills.simulate.solve import Method, method
from skills.simulate.spec import Spec

Array = NDArray[np.float64]

STEP = 3e-5  # of a difference, in parts of an unknown's range
CENTRAL = 1e-4
LEVEL = 0.95
FINE = 0.05  # of the noise: how far a finer grid may move what is compared with the observations
PRECISE = 1e-8  # time steps of the fit
CLOSE = 1e-7  # relative change of χ² that ends a descent: a thousandth of a deviation, and less
POOR = 2.0  # χ² a degree of freedom at which other starts are tried
STARTS = 6
ROUNDS = 4  # grids, each fitted to the last optimum
MOST_STEPS = 40
FAILED = 1e3  # what a miss counts, in units of the noise, where there is no solution


@dataclass(frozen=True)
class Observations:
    """Points (n, coordinates) in the problem's order, values (n, fields) with NaN where nothing was seen, and noise."""

    points: Array
    values: Array
    noise: float

    @property
    def count(self) -> int:
        return int(np.isfinite(self.values).sum())

    @property
    def scale(self) -> float:
        """The noise; where it is unknown, a thousandth of the values' spread, which only sets the grid."""
        return self.noise if math.isfinite(self.noise) else 1e-3 * float(np.nanstd(self.values)) or 1.0


@dataclass
class _Forward:
    """Misses, in units of the scale, at unknowns given in parts of their ranges; solves are remembered."""

    problem: Problem
    seen: Observations
    like: Method
    cells: int
    resolution: int
    kept: dict[tuple[float, ...], Array] = field(default_factory=dict)

    def __call__(self, shares: Array) -> Array:
        key = tuple(map(float, shares))
        if key not in self.kept:
            try:
                known = self.problem.with_values(**_values(self.problem, shares))
                chosen = method(known, self.resolution, LARGEST, like=self.like)
                found = predicted(chosen, self.cells, self.seen, self.problem)
                self.kept[key] = misses(self.seen, found)
            except UserMistake:
                self.kept[key] = np.full(self.seen.count, FAILED)
        return self.kept[key]

    def forward_jacobian(self, shares: Array) -> Array:
        here = self(shares)
        columns = []
        for place in range(len(shares)):
            step = STEP if shares[place] + STEP <= 1 else -STEP
            columns.append((self(_moved(shares, place, step)) - here) / step)
        return np.stack(columns, axis=1)

    def central_jacobian(self, shares: Array) -> Array:
        columns = []
        for place in range(len(shares)):
            high, low = min(shares[place] + CENTRAL, 1.0), max(shares[place] - CENTRAL, 0.0)
            ends = [self(_moved(shares, place, end - shares[place])) for end in (high, low)]
            columns.append((ends[0] - ends[1]) / (high - low))
        return np.stack(columns, axis=1)


def fit(job: Job) -> None:
    """Fit, study the solution at the fitted values, and deliver both."""
    spec: Spec = job.spec
    seen = read_observations(job, spec.problem)
    forward, shares, cost = _best(job, seen)
    slopes = forward.central_jacobian(shares)
    count = seen.count - len(shares)
    if count <= 0:
        raise UserMistake(f"{count + len(shares)} observations are too few for {len(shares)} unknowns", "observe more")
    per_degree = cost / count
    known = math.isfinite(seen.noise)
    spread = np.array([u.high - u.low for u in spec.problem.unknown.values()])
    information = slopes.T @ slopes
    if np.linalg.cond(information) > 1 / np.finfo(float).eps:
        raise UserMistake("the observations do not determine the unknowns", "observe where the unknowns matter")
    covariance = np.linalg.inv(information) * (1.0 if known else per_degree) * np.outer(spread, spread)
    values = _values(spec.problem, shares)
    _write(job, values, covariance, seen, per_degree, count)
    solved = spec.problem.with_values(**values)
    deliver(job, solved, *studied(job, solved))


def read_observations(job: Job, problem: Problem) -> Observations:
    """Raises UserMistake where they are missing, or do not belong to the problem."""
    remedy = "give observations with the problem's coordinates and fields"
    if "observations" not in job.inputs:
        raise UserMistake("a fit needs the input `observations`", remedy)
    path = job.inputs["observations"]
    with np.load(path / "observations.npz" if Path(path).is_dir() else path, allow_pickle=False) as held:
        names = [str(name) for name in held["input_names"]]
        outputs = [str(name) for name in held["output_names"]]
        if set(names) != set(problem.names) or not set(outputs) <= set(problem.fields) or not outputs:
            raise UserMistake(f"the observations give {outputs} at {names}", remedy)
        points = np.asarray(held["inputs"], dtype=np.float64)[:, [names.index(name) for name in problem.names]]
        values = np.full((len(points), len(problem.fields)), np.nan)
        for place, name in enumerate(outputs):
            values[:, problem.fields.index(name)] = held["outputs"][:, place]
        noise = float(held["noise"]) if "noise" in held else math.nan
    low, high = (np.array([getattr(axis, end) for axis in problem.coordinates]) for end in ("low", "high"))
    if not np.all((points >= low) & (points <= high)):
        raise UserMistake("an observation lies outside the problem's box", remedy)
    if not np.isfinite(values).any():
        raise UserMistake("there are no observed values", remedy)
    return Observations(points, values, noise if noise > 0 else math.nan)


def predicted(chosen: Method, cells: int, seen: Observations, problem: Problem) -> Array:
    """(n, fields) at the observed points."""
    run = chosen.solve(cells, PRECISE)
    return run.field(dict(zip(problem.names, seen.points.T, strict=True)))


def misses(seen: Observations, found: Array) -> Array:
    """Differences in units of the scale, one for each observed value."""
    held = np.isfinite(seen.values)
    return ((found - seen.values) / seen.scale)[held]


def _forward(problem: Problem, seen: Observations, resolution: int, shares: Array) -> _Forward:
    """The coarsest grid that a finer one moves by a small share of the noise, graded for these unknowns."""
    known = problem.with_values(**_values(problem, shares))
    chosen = method(known, resolution, LARGEST)
    before, level = None, chosen.levels[-1]
    for cells in chosen.levels:
        try:
            found = misses(seen, predicted(chosen, cells, seen, problem))
        except UserMistake:
            continue
        if before is not None and _rms(found - before[1]) < FINE:
            level = before[0]
            break
        before = (cells, found)
    return _Forward(problem, seen, chosen, level, resolution)


def _best(job: Job, seen: Observations) -> tuple[_Forward, Array, float]:
    """Grid, unknowns in parts of their ranges, and χ²; other starts where the guess leads to a poor one."""
    spec: Spec = job.spec
    unknown = list(spec.problem.unknown.values())
    starts = [np.array([(u.guess - u.low) / (u.high - u.low) for u in unknown])]
    starts += list(qmc.Sobol(len(unknown), seed=spec.seed).random(2 ** math.ceil(math.log2(STARTS))))[:STARTS]
    best: tuple[_Forward, Array, float] | None = None
    for place, begin in enumerate(starts):
        job.progress(done=place, total=len(starts), message="least squares")
        found = _descent(spec, seen, np.clip(begin, 1e-6, 1 - 1e-6))
        if best is None or found[2] < best[2]:
            best = found
        spread = float(np.nanvar(seen.values)) / seen.scale**2
        if best[2] / seen.count < (POOR if math.isfinite(seen.noise) else 0.1 * spread):
            break
    assert best is not None
    return best


def _descent(spec: Spec, seen: Observations, shares: Array) -> tuple[_Forward, Array, float]:
    """Least squares from one start; where the optimum needs another grid than the start, again from there."""
    forward = _forward(spec.problem, seen, spec.resolution, shares)
    for _ in range(ROUNDS):
        found = least_squares(
            forward, shares, jac=forward.forward_jacobian, bounds=(0.0, 1.0), xtol=CLOSE, ftol=CLOSE, gtol=CLOSE,
            max_nfev=MOST_STEPS,
        )  # fmt: skip
        shares, cost = found.x, 2 * float(found.cost)
        again = _forward(spec.problem, seen, spec.resolution, shares)
        if _rms(again(shares) - forward(shares)) < FINE:
            break
        forward = again
    return forward, shares, cost


def _values(problem: Problem, shares: Array) -> dict[str, float]:
    ranges = problem.unknown.items()
    return {name: float(u.low + share * (u.high - u.low)) for (name, u), share in zip(ranges, shares, strict=True)}


def _rms(values: Array) -> float:
    return math.sqrt(float(np.mean(np.square(values))))


def _moved(shares: Array, place: int, step: float) -> Array:
    found = shares.copy()
    found[place] += step
    return found


def _write(
    job: Job, values: dict[str, float], covariance: Array, seen: Observations, per_degree: float, count: int
) -> None:
    known = math.isfinite(seen.noise)
    deviations = np.sqrt(np.diag(covariance))
    quantile = float(norm.ppf(0.5 + LEVEL / 2) if known else t.ppf(0.5 + LEVEL / 2, count))
    noise = seen.noise if known else seen.scale * math.sqrt(per_degree)
    told = {
        "names": list(values),
        "mean": list(values.values()),
        "covariance": covariance.tolist(),
        "level": LEVEL,
        "method": "least squares with the reference solver, linearised at the optimum",
        "noise": noise,
        "intervals": [[v - quantile * d, v + quantile * d] for v, d in zip(values.values(), deviations, strict=True)],
    }
    write_json(job.out / "posterior.json", told)
    job.artifact("posterior.json", "table")
    for (name, value), deviation in zip(values.items(), deviations, strict=True):
        job.claim(name, value, file="posterior.json")
        job.claim(f"{name}.std", float(deviation), file="posterior.json")
    job.claim("noise", noise, file="posterior.json")
    if known:
        job.claim("chi2_per_degree", per_degree, file="posterior.json")
