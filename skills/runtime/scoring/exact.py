"""Exact solutions as series of eigenfunctions, where the problem has them.

u_t = k u_xx + a u_x + r u with constant k, a, r becomes w_t = k w_xx by u = exp(-b s + (r - k b²) t) w, b = a / (2 k),
and the ends choose the eigenfunctions of w.
Carslaw, H. S. & Jaeger, J. C. (1959) Conduction of Heat in Solids, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skills.runtime.expression import parse
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]

MOST_MODES = 2048
FIRST_MODES = 32
NEGLIGIBLE = 1e-14  # share of the largest coefficient below which a mode cannot be told from rounding
STEEPEST = 12.0  # |advection| * length / (2 diffusion) beyond which the transform loses too many digits
NODES = 16  # Gauss points of a panel
CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Constants:
    """The problem in numbers; `tilt` is advection / (2 diffusion)."""

    start: float
    length: float
    since: float
    diffusion: float
    advection: float
    reaction: float

    @property
    def tilt(self) -> float:
        return self.advection / (2 * self.diffusion)


@dataclass(frozen=True)
class Family:
    """Eigenfunctions of one kind of ends: `shapes(numbers, s)` is (points, modes), `squares` their eigenvalues."""

    shapes: Callable[[Array, Array], Array]
    squares: Callable[[Array], Array]
    norms: Callable[[Array], Array]
    first: int


@dataclass(frozen=True)
class Series:
    """The sum of the kept modes on top of a steady part."""

    constants: Constants
    family: Family
    periodic: bool
    numbers: Array
    coefficients: Array
    steady: Callable[[Array], Array]
    initial: Callable[[Array], Array]

    @property
    def text(self) -> str:
        count = len(self.numbers)
        return f"exact eigenfunction series, {count} mode{'' if count == 1 else 's'}"

    def __call__(self, x: Array, t: Array) -> Array:
        """u at points x, t (n,). At the first time it is the initial profile itself."""
        s, elapsed = x - self.constants.start, t - self.constants.since
        step = max(1, CELLS_AT_ONCE // max(1, len(self.numbers)))
        parts = [self._sum(s[at : at + step], elapsed[at : at + step]) for at in range(0, len(s), step)]
        found = np.concatenate(parts) if parts else np.zeros(0)
        return np.where(elapsed == 0.0, self.initial(x), found)

    def _sum(self, s: Array, elapsed: Array) -> Array:
        c = self.constants
        rates = -c.diffusion * self.family.squares(self.numbers)
        if self.periodic:
            growth, lift, place = c.reaction, np.zeros(len(s)), s + c.advection * elapsed
        else:
            growth, lift, place = c.reaction - c.diffusion * c.tilt**2, -c.tilt * s, s
        decay = np.exp((rates + growth) * elapsed[:, None] + lift[:, None])
        return (decay * self.family.shapes(self.numbers, place)) @ self.coefficients + self.steady(s)


@lru_cache(maxsize=4)
def exact_solution(problem: Problem, *, doubled: bool = False) -> tuple[Series | None, str]:
    """(series, "") or (None, why there is no closed form here). `doubled`: twice the modes and quadrature points."""
    constants, reason = _constants(problem)
    if constants is None:
        return None, reason
    family, reason = _family(problem, constants)
    if family is None:
        return None, reason
    steady = _steady(problem, constants)
    if steady is None:
        return None, "the ends have values for which no steady part is known in closed form"
    tilt = 0.0 if problem.periodic else constants.tilt

    def profile(s: Array) -> Array:
        return (problem.initial_value(constants.start + s) - steady(s)) * np.exp(tilt * s)

    numbers, coefficients = _project(profile, family, constants.length, doubled=doubled)
    return (
        Series(constants, family, problem.periodic, numbers, coefficients, steady, problem.initial_value),
        "",
    )


def _constants(problem: Problem) -> tuple[Constants | None, str]:
    held = {name: problem.constant(name) for name in ("diffusion", "advection", "reaction", "source")}
    varying = [name for name, value in held.items() if value is None]
    if varying:
        return None, f"{varying[0]} varies"
    if held["source"] != 0:
        return None, "there is a source"
    k, a, r = (float(held[name] or 0.0) for name in ("diffusion", "advection", "reaction"))
    constants = Constants(problem.x[0], problem.x[1] - problem.x[0], problem.t[0], k, a, r)
    if not problem.periodic and abs(constants.tilt) * constants.length > STEEPEST:
        return None, "advection outweighs diffusion so far that the series loses its digits"
    return constants, ""


def _family(problem: Problem, constants: Constants) -> tuple[Family | None, str]:
    length, tilt = constants.length, constants.tilt
    kinds = (problem.left.kind, problem.right.kind)
    if kinds == ("periodic", "periodic"):
        return _fourier(length), ""
    if kinds == ("dirichlet", "dirichlet"):
        return _waves(np.sin, length, 0.0, 1), ""
    if kinds == ("neumann", "neumann"):
        return _insulated(length, tilt), ""
    if tilt == 0.0 and kinds == ("dirichlet", "neumann"):
        return _waves(np.sin, length, 0.5, 0), ""
    if tilt == 0.0 and kinds == ("neumann", "dirichlet"):
        return _waves(np.cos, length, 0.5, 0), ""
    return None, f"no eigenfunctions in closed form for {kinds[0]} and {kinds[1]} ends with these coefficients"


def _waves(wave: Callable[[Array], Array], length: float, shift: float, first: int) -> Family:
    """sin or cos of (n + shift) pi s / length."""

    def numbers(n: Array) -> Array:
        return (n + shift) * np.pi / length

    return Family(
        shapes=lambda n, s: wave(s[:, None] * numbers(n)),
        squares=lambda n: numbers(n) ** 2,
        norms=lambda n: np.full(len(n), length / 2),
        first=first,
    )


def _insulated(length: float, tilt: float) -> Family:
    """w_x = tilt w at both ends: one exponential (n = 0), and k cos(k s) + tilt sin(k s), each over its size."""

    def shapes(n: Array, s: Array) -> Array:
        k = n * np.pi / length
        size = np.hypot(k, tilt) + (n == 0)
        waves = (k * np.cos(s[:, None] * k) + tilt * np.sin(s[:, None] * k)) / size
        return np.where(n == 0, np.exp(tilt * s)[:, None], waves)

    flat = length if tilt == 0 else np.expm1(2 * tilt * length) / (2 * tilt)
    return Family(
        shapes=shapes,
        squares=lambda n: np.where(n == 0, -(tilt**2), (n * np.pi / length) ** 2),
        norms=lambda n: np.where(n == 0, flat, length / 2),
        first=0,
    )


def _fourier(length: float) -> Family:
    """1, sin, cos, sin, cos, …: number n has the frequency (n + 1) // 2."""

    def frequency(n: Array) -> Array:
        return 2 * np.pi * ((n + 1) // 2) / length

    return Family(
        shapes=lambda n, s: np.cos(s[:, None] * frequency(n) - np.where(n % 2 == 1, np.pi / 2, 0.0)),
        squares=lambda n: frequency(n) ** 2,
        norms=lambda n: np.where(n == 0, length, length / 2),
        first=0,
    )


def _steady(problem: Problem, constants: Constants) -> Callable[[Array], Array] | None:
    """A field p + q f(s) that meets constant values at the ends and does not change; None where there is none."""
    ends = (problem.left, problem.right)
    values = [0.0 if problem.periodic else parse(end.value).constant for end in ends]
    if any(value is None for value in values):
        return None
    if values == [0.0, 0.0]:
        return np.zeros_like
    if constants.reaction != 0:
        return None
    pace = -2 * constants.tilt

    def bend(s: Array) -> Array:
        return s if pace == 0 else np.expm1(pace * s) / pace

    rows = []
    for end, s in zip(ends, (0.0, constants.length), strict=True):
        at = np.array([s])
        rows.append([1.0, float(bend(at)[0])] if end.kind == "dirichlet" else [0.0, float(np.exp(pace * s))])
    wanted = np.array(values, dtype=np.float64)
    (p, q), *_ = np.linalg.lstsq(np.array(rows), wanted, rcond=None)
    if np.abs(np.array(rows) @ (p, q) - wanted).max() > 1e-14 * np.abs(wanted).max():
        return None
    return lambda s: p + q * bend(s)


def _project(profile: Callable[[Array], Array], family: Family, length: float, *, doubled: bool) -> tuple[Array, Array]:
    """(numbers, coefficients) of the modes that count; as many are tried as it takes until the last ones do not."""
    count = FIRST_MODES
    while True:
        found = _coefficients(profile, family, length, count * (2 if doubled else 1))
        counting = np.abs(found) > NEGLIGIBLE * np.abs(found).max()
        if count >= MOST_MODES or not counting[len(found) * 3 // 4 :].any():
            break
        count *= 2
    return np.flatnonzero(counting).astype(np.float64) + family.first, found[counting]


def _coefficients(profile: Callable[[Array], Array], family: Family, length: float, count: int) -> Array:
    """Scalar products by Gauss-Legendre quadrature on panels, at least six points a wave."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    panels = max(32, count // 4)
    width = length / panels
    s = (np.arange(panels)[:, None] + (nodes + 1) / 2).ravel() * width
    weighted = profile(s) * np.tile(weights, panels) * width / 2
    numbers = np.arange(count, dtype=np.float64) + family.first
    step = max(1, CELLS_AT_ONCE // len(s))
    parts = [weighted @ family.shapes(numbers[at : at + step], s) for at in range(0, count, step)]
    return np.concatenate(parts) / family.norms(numbers)
