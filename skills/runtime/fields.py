"""What a field on a grid owes to its problem: equation, initial and boundary values, maximum principle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.runtime.differences import stencil
from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]

WIDTH = 9  # points of a difference: of eighth order inside
FINE = 1001  # points at which data are looked at for their extremes
MISFIT = 1e-4  # share of its scale by which data may miss each other and still count as fitting
LAYER = 0.1  # share of the time left out of derivatives where the data do not fit each other


@dataclass(frozen=True)
class Check:
    """One dimensionless violation; None where the law does not apply, and `text` says why."""

    name: str
    value: float | None
    n: int
    text: str


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


def checks(problem: Problem, values: Array) -> tuple[Check, ...]:
    """All checks of finite `values` (nt, nx) on the equally spaced grid of the whole box, at least 9 by 9."""
    if min(values.shape) < WIDTH:
        raise ValueError(f"a grid of {values.shape} is too small, at least {WIDTH} by {WIDTH} is wanted")
    if not np.all(np.isfinite(values)):
        raise ValueError("the values are not finite")
    return (
        residual(problem, values),
        initial_error(problem, values),
        boundary_error(problem, values),
        maximum_principle(problem, values),
    )


def residual(problem: Problem, values: Array) -> Check:
    """RMS of u_t - diffusion u_xx - advection u_x - reaction u - source, relative to the RMS of the sum of |terms|.

    The terms of a steady field vanish; they count for no less than diffusion * |u| / length².
    """
    start, why = settled(problem, values.shape)
    cut = np.s_[max(1, start) :, 1:-1]
    terms = _terms(problem, values, WIDTH)
    floor = _rms(terms.diffusion) * scale(problem) / _length(problem, "x") ** 2
    size = max(_rms(terms.size[cut]), floor) or 1.0
    rough = _terms(problem, values, WIDTH - 2)
    difference = _rms((terms.total - rough.total)[cut]) / size
    text = f"differences of 8th order, 6th order differs by {difference:.1g}{why}"
    return Check("residual", _rms(terms.total[cut]) / size, terms.total[cut].size, text)


def initial_error(problem: Problem, values: Array) -> Check:
    """Largest |u - initial| at the first time, relative to the scale of u. Corners that contradict are left out."""
    wanted = problem.initial_value(problem.grid("x", values.shape[1]))
    miss = np.abs(values[0] - wanted)
    kept = np.ones(len(miss), dtype=bool)
    for end, place in ((problem.left, 0), (problem.right, -1)):
        kept[place] = end.kind != "dirichlet" or not _contradicts(problem, end, place)
    value = float(miss[kept].max()) / (scale(problem) or 1.0)
    return Check("initial_error", value, int(kept.sum()), f"relative to {scale(problem):.3g}, the scale of u")


def boundary_error(problem: Problem, values: Array) -> Check:
    """Largest violation at the ends, relative to the scale of u (values) or of u_x (slopes)."""
    times, places = (problem.grid(axis, count) for axis, count in zip(("t", "x"), values.shape, strict=True))
    slope = stencil(len(places), 1, WIDTH, places[1] - places[0])(values)
    start, why = settled(problem, values.shape)
    of_u, of_slope = scale(problem) or 1.0, slope_scale(problem) or 1.0
    if problem.periodic:
        level, tilt = np.abs(values[:, 0] - values[:, -1]), np.abs(slope[:, 0] - slope[:, -1])[start:]
        worst = max(float(level.max()) / of_u, float(tilt.max()) / of_slope)
        return Check("boundary_error", worst, 2 * len(times), f"periodic: values and slopes at both ends{why}")
    worst = 0.0
    for end, place in ((problem.left, 0), (problem.right, -1)):
        first, second, value = problem.boundary_row(end, times)
        skipped = start if second[0] else int(_contradicts(problem, end, place))
        miss = np.abs(first * values[:, place] + second * slope[:, place] - value)
        unit = np.abs(first) * of_u + second * of_slope
        worst = max(worst, float((miss / unit)[skipped:].max()))
    kinds = f"{problem.left.kind} and {problem.right.kind}"
    return Check("boundary_error", worst, 2 * len(times), kinds + (why if kinds != "dirichlet and dirichlet" else ""))


def maximum_principle(problem: Problem, values: Array) -> Check:
    """Largest excess of u over the range that its data allow, relative to that range."""
    allowed = bounds(problem, values.shape)
    if allowed.reason:
        return Check("maximum_principle", None, 0, f"does not apply: {allowed.reason}")
    excess = max(float(values.max()) - allowed.high, allowed.low - float(values.min()), 0.0)
    size = (allowed.high - allowed.low) or scale(problem) or 1.0
    text = f"the data allow {allowed.low:.6g} to {allowed.high:.6g}"
    return Check("maximum_principle", excess / size, values.size, text)


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


def slope_scale(problem: Problem) -> float:
    """The size of u_x: the initial slope and the fluxes at the ends, at least scale(u) / length."""
    places, times = problem.grid("x", FINE), problem.grid("t", FINE)
    steepest = np.abs(np.diff(problem.initial_value(places))).max() / (places[1] - places[0])
    found = [scale(problem) / _length(problem, "x"), float(steepest)]
    found += [
        float(np.abs(problem.boundary_row(end, times)[2]).max())
        for end in (problem.left, problem.right)
        if end.weights[1]
    ]
    return max(found)


def settled(problem: Problem, shape: tuple[int, ...]) -> tuple[int, str]:
    """(first time index at which derivatives of the true solution exist on this grid, ", why" in words).

    Data that do not fit at a corner, or are too sharp for the grid, leave a layer in which no finite difference can be
    trusted. It is found from the problem alone. A heuristic: a tenth of the time; a slow layer may last longer.
    """
    reasons = [name for name, end, place in (("left", problem.left, 0), ("right", problem.right, -1))
               if _contradicts(problem, end, place) or _rate_contradicts(problem, end, place)]  # fmt: skip
    told = f"the data do not fit at the {' and '.join(reasons)} corner" if reasons else ""
    if not reasons and _too_sharp(problem, shape[1]):
        told = "the initial profile is too sharp for this grid"
    if not told:
        return 0, ""
    start = int(np.ceil(LAYER * (shape[0] - 1)))
    return start, f"; times before {problem.grid('t', shape[0])[start]:.3g} are left out, {told}"


def _contradicts(problem: Problem, end: Boundary, place: int) -> bool:
    """Whether the initial profile misses the condition at this end."""
    u = _initial(problem)
    slope = _derivative(problem, u, 1)
    if end.kind == "periodic":
        jumps = (abs(u[0] - u[-1]) / (scale(problem) or 1.0), abs(slope[0] - slope[-1]) / (slope_scale(problem) or 1.0))
        return bool(max(jumps) > MISFIT)
    first, second, value = (float(part) for part in problem.boundary_row(end, problem.t[0]))
    unit = abs(first) * scale(problem) + second * slope_scale(problem)
    return abs(first * u[place] + second * slope[place] - value) > MISFIT * (unit or 1.0)


def _rate_contradicts(problem: Problem, end: Boundary, place: int) -> bool:
    """Whether the rate of change that the equation gives at the corner misses the condition's own."""
    u, start = _initial(problem), problem.t[0]
    x, length = problem.grid("x", len(u)), _length(problem, "x")
    second_derivative = _derivative(problem, u, 2)
    diffusion = problem.coefficient("diffusion", x, start)
    rate = diffusion * second_derivative + problem.coefficient("source", x, start)
    rate += problem.coefficient("advection", x, start) * _derivative(problem, u, 1)
    rate += problem.coefficient("reaction", x, start) * u
    size = max(float(np.abs(rate).max()), float(diffusion.max()) * scale(problem) / length**2) or 1.0
    if end.kind == "periodic":
        return bool(abs(rate[0] - rate[-1]) > MISFIT * size)
    step = _length(problem, "t") / 400
    first, second, value = problem.boundary_row(end, start + step * np.arange(WIDTH))
    moving = stencil(WIDTH, 1, WIDTH, step)
    drift = moving(first)[0] * u[place] + first[0] * rate[place] - moving(value)[0]
    drift += second[0] * _derivative(problem, rate, 1)[place]
    return bool(abs(drift) > MISFIT * size * (abs(first[0]) + second[0] / length))


def _too_sharp(problem: Problem, points: int) -> bool:
    """Whether curvatures of the initial profile on this grid and on one twice as fine differ by more than 1 %."""
    curves = []
    for count in (points, 2 * points - 1):
        x = problem.grid("x", count)
        curves.append(stencil(count, 2, WIDTH, x[1] - x[0])(problem.initial_value(x)))
    return _rms(curves[0] - curves[1][::2]) > 0.01 * _rms(curves[1])


@dataclass(frozen=True)
class _Terms:
    total: Array
    size: Array
    diffusion: Array


def _terms(problem: Problem, values: Array, width: int) -> _Terms:
    """u_t minus the right-hand side, the sum of |terms|, and the diffusion, all (nt, nx)."""
    times, places = (problem.grid(axis, count) for axis, count in zip(("t", "x"), values.shape, strict=True))
    step, spacing = times[1] - times[0], places[1] - places[0]
    t, x = np.meshgrid(times, places, indexing="ij")
    diffusion = problem.coefficient("diffusion", x, t)
    rate = stencil(len(times), 1, width, step)(values, axis=0)
    parts = (
        diffusion * stencil(len(places), 2, width, spacing)(values),
        problem.coefficient("advection", x, t) * stencil(len(places), 1, width, spacing)(values),
        problem.coefficient("reaction", x, t) * values,
        problem.coefficient("source", x, t),
    )
    return _Terms(rate - sum(parts), np.abs(rate) + sum(np.abs(part) for part in parts), diffusion)


def _initial(problem: Problem) -> Array:
    return problem.initial_value(problem.grid("x", 401))


def _derivative(problem: Problem, values: Array, order: int) -> Array:
    return stencil(len(values), order, WIDTH, _length(problem, "x") / (len(values) - 1))(values)


def _length(problem: Problem, axis: str) -> float:
    low, high = problem.x if axis == "x" else problem.t
    return high - low


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
