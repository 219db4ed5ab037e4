"""What the errors are measured against: closed forms, quadrature, own solvers, with an estimate of their error.

Nothing of the product's skills is used. Run in an environment with scipy:
`python -m against_deepxde.truths CASE OUT.npz`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from against_deepxde.cases import CASES, LORENZ, observed

Array = NDArray[np.float64]
Truth = Callable[[Array], tuple[Array, float]]  # points (n, d) -> values (n, k), estimate of the relative L2 error
EPS = 2.3e-16


def _difference(fine: Array, coarse: Array) -> float:
    return max(float(np.linalg.norm(fine - coarse) / np.linalg.norm(fine)), EPS)


def heat(points: Array) -> tuple[Array, float]:
    x, t = points.T
    return (np.sin(np.pi * x) * np.exp(-0.4 * np.pi**2 * t))[:, None], EPS


def helmholtz(points: Array) -> tuple[Array, float]:
    x, y = points.T
    return (np.sin(4 * np.pi * x) * np.sin(4 * np.pi * y))[:, None], EPS


def wave(points: Array) -> tuple[Array, float]:
    x, t = points.T
    first = np.sin(np.pi * x) * np.cos(10 * np.pi * t)
    return (first + np.sin(2 * np.pi * x) * np.cos(20 * np.pi * t))[:, None], EPS


def burgers(points: Array) -> tuple[Array, float]:
    """Cole–Hopf by Gauss–Hermite; the nodes double until nothing changes (10.1016/0045-7930(86)90036-8)."""
    nodes, coarse = 100, _cole_hopf(points, 50)
    while True:
        fine = _cole_hopf(points, nodes)
        error = _difference(fine, coarse)
        if error < 1e-12 or nodes >= 400:  # numpy's weights break down with many more
            return fine, error
        nodes, coarse = 2 * nodes, fine


def _cole_hopf(points: Array, nodes: int) -> Array:
    nu = 0.01 / np.pi
    z, weights = np.polynomial.hermite.hermgauss(nodes)
    kept = weights > 0
    z, logs = z[kept], np.log(weights[kept])
    x, t = points.T
    y = x[:, None] - 2 * np.sqrt(nu * t)[:, None] * z
    exponent = logs - np.cos(np.pi * y) / (2 * np.pi * nu)
    share = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    found = -np.sum(np.sin(np.pi * y) * share, axis=1) / share.sum(axis=1)
    return found[:, None]


def allen_cahn(points: Array) -> tuple[Array, float]:
    """Chebyshev collocation in x and an implicit Runge–Kutta method in t; the error from fewer nodes, looser steps."""
    fine, coarse = _collocated(points, 511, 1e-11), _collocated(points, 383, 1e-10)
    return fine, _difference(fine, coarse)


def chebyshev(n: int) -> tuple[Array, Array]:
    """Nodes on [-1, 1] (n + 1, descending) and the differentiation matrix (Trefethen, Spectral Methods, p. 54)."""
    x = np.cos(np.pi * np.arange(n + 1) / n)
    c = np.ones(n + 1) * (-1.0) ** np.arange(n + 1)
    c[[0, -1]] *= 2
    d = np.outer(c, 1 / c) / (x[:, None] - x + np.eye(n + 1))
    return x, d - np.diag(d.sum(axis=1))


def _collocated(points: Array, n: int, tolerance: float) -> Array:
    """The even solution by its values on the right half; `n` is odd, so that no node lies in the middle."""
    from scipy.integrate import solve_ivp
    from scipy.interpolate import barycentric_interpolate

    nodes, d = chebyshev(n)
    half, square = (n + 1) // 2, 0.001 * (d @ d)
    second = (square[:half, :half] + square[:half, ::-1][:, :half])[1:]
    start = (nodes**2 * np.cos(np.pi * nodes))[1:half]

    def rate(_: float, u: Array) -> Array:
        return second @ np.concatenate([[-1.0], u]) + 5 * (u - u**3)

    def jacobian(_: float, u: Array) -> Array:
        return second[:, 1:] + np.diag(5 - 15 * u**2)

    times, place = np.unique(points[:, 1], return_inverse=True)
    span = (0.0, max(float(times[-1]), 1e-9))
    held = solve_ivp(rate, span, start, "Radau", times, jac=jacobian, rtol=tolerance, atol=tolerance)
    if not held.success:
        raise RuntimeError(f"the Allen–Cahn reference failed: {held.message}")
    values = np.empty(len(points))
    for index in range(len(times)):
        rows = place == index
        right = np.concatenate([[-1.0], held.y[:, index]])
        values[rows] = barycentric_interpolate(nodes, np.concatenate([right, right[::-1]]), points[rows, 0])
    return values[:, None]


def lorenz_inverse(points: Array) -> tuple[Array, float]:
    fine, coarse = (_lorenz(points[:, 0], tolerance) for tolerance in (1e-13, 1e-11))
    return fine, _difference(fine, coarse)


def _lorenz(times: Array, tolerance: float) -> Array:
    from scipy.integrate import solve_ivp

    a, b, c = LORENZ.values()

    def rate(_: float, state: Array) -> list[float]:
        x, y, z = state
        return [a * (y - x), x * (b - z) - y, x * y - c * z]

    unique, place = np.unique(times, return_inverse=True)
    held = solve_ivp(rate, (0.0, 3.0), [-8.0, 7.0, 27.0], "DOP853", unique, rtol=tolerance, atol=tolerance)
    return held.y.T[place]


TRUTHS: dict[str, Truth] = {
    "heat": heat, "burgers": burgers, "allen_cahn": allen_cahn, "helmholtz": helmholtz, "wave": wave,
    "lorenz_inverse": lorenz_inverse,
}  # fmt: skip


def main(name: str, out: str) -> None:
    """Write points, values and the error estimate, and the observations of an inverse problem."""
    case = CASES[name]
    points = case.points()
    values, error = TRUTHS[name](points)
    seen = observed(case)
    more = {} if seen is None else {"seen": seen, "seen_values": TRUTHS[name](seen)[0]}
    np.savez(out, points=points, values=values, error=error, **more)


if __name__ == "__main__":
    main(*sys.argv[1:])
