"""The problems of unseen.toml with their truths: closed forms, or a Fourier solver of its own with an error estimate.

`python -m pinn.unseen NAME OUT.npz`, in an environment with scipy.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinn.cases import grid
from skills.runtime.symbols import Vocabulary, form

Array = NDArray[np.float64]
State = NDArray[np.complex128]
GRID = 121  # points along each axis
EPS = 2.3e-16


def unseen() -> dict[str, dict[str, Any]]:
    """The problems by name, their `truth` (or nothing) among their keys."""
    text = (Path(__file__).parent / "unseen.toml").read_text(encoding="utf-8")
    return {problem["name"]: problem for problem in tomllib.loads(text)["problem"]}


def stated(problem: dict[str, Any]) -> dict[str, Any]:
    """What the skill is given: no truth."""
    return {key: value for key, value in problem.items() if key != "truth"}


def points_of(problem: dict[str, Any]) -> Array:
    return grid({axis["name"]: (axis["low"], axis["high"], GRID) for axis in problem["coordinates"]})


def truth(problem: dict[str, Any], points: Array) -> tuple[Array, float]:
    """Values (n, k) at points (n, d), and an estimate of their relative L2 error."""
    if closed := problem.get("truth"):
        names = tuple(axis["name"] for axis in problem["coordinates"])
        words = Vocabulary(names, (), tuple(problem.get("parameters", {})))
        at = {**problem.get("parameters", {}), **dict(zip(names, points.T, strict=True))}
        return np.stack([form(closed[name], words)(at) for name in problem["fields"]], axis=1), EPS
    if problem["name"] == "sine_gordon_kinks":
        return _kinks(points), EPS
    fine, coarse = (_spectral(problem, points, n, tol) for n, tol in ((192, 1e-11), (128, 1e-9)))
    return fine, max(float(np.linalg.norm(fine - coarse) / np.linalg.norm(fine)), EPS)


def _kinks(points: Array) -> Array:
    """The sine-Gordon breather, started where it is flat (Drazin & Johnson, Solitons, section 5.5)."""
    x, t = points.T
    return 4 * np.arctan(0.8 / 0.6 * np.sin(0.6 * t) / np.cosh(0.8 * x))[:, None]


def _kuramoto(u: Array, d: Callable[[Array, int], Array]) -> Array:
    return -d(u**2 / 2, 1) - d(u, 2) - d(u, 4)


def _cahn_hilliard(u: Array, d: Callable[[Array, int], Array]) -> Array:
    return d(u**3 - u, 2) - 0.02 * d(u, 4)


def _gray_scott(state: Array, d: Callable[[Array, int], Array]) -> Array:
    u, v = state
    eaten = u * v**2
    return np.stack([0.002 * d(u, 2) - eaten + 0.04 * (1 - u), 0.001 * d(v, 2) + eaten - 0.1 * v])


_RATES = {
    "kuramoto_sivashinsky": (_kuramoto, lambda x: [np.cos(np.pi * x / 10) * (1 + np.sin(np.pi * x / 10))]),
    "cahn_hilliard": (_cahn_hilliard, lambda x: [0.2 * np.cos(np.pi * x) + 0.1 * np.sin(2 * np.pi * x)]),
    "gray_scott": (
        _gray_scott,
        lambda x: [1 - 0.5 * np.exp(4 * np.cos(np.pi * x) - 4), 0.25 * np.exp(4 * np.cos(np.pi * x) - 4)],
    ),
}


def _spectral(problem: dict[str, Any], points: Array, n: int, tolerance: float) -> Array:
    """Fourier collocation on n points and an implicit Runge–Kutta method; values by trigonometric interpolation."""
    from scipy.integrate import solve_ivp

    low, high = (problem["coordinates"][0][end] for end in ("low", "high"))
    rate, start = _RATES[problem["name"]]
    wave = 2j * np.pi * np.fft.fftfreq(n, 1 / n) / (high - low)
    x = low + (high - low) * np.arange(n) / n
    first = np.stack(start(x))

    def by_x(values: Array, order: int) -> Array:
        return np.fft.ifft(wave**order * np.fft.fft(values)).real

    def flat(_: float, state: Array) -> Array:
        shaped = state.reshape(first.shape)
        return np.ravel(rate(shaped[0] if len(shaped) == 1 else shaped, by_x))

    times, place = np.unique(points[:, 1], return_inverse=True)
    held = solve_ivp(flat, (0.0, times[-1]), first.ravel(), "Radau", times, rtol=tolerance, atol=tolerance)
    if not held.success:
        raise RuntimeError(f"the reference of {problem['name']} failed: {held.message}")
    values = np.empty((len(points), len(first)))
    for index in range(len(times)):
        rows = place == index
        waves = np.exp(np.outer(points[rows, 0] - low, wave))
        modes = np.fft.fft(held.y[:, index].reshape(first.shape)) / n
        values[rows] = (waves @ modes.T).real
    return values


def main(name: str, out: str) -> None:
    problem = unseen()[name]
    points = points_of(problem)
    values, error = truth(problem, points)
    np.savez(out, points=points, values=values, error=error)


if __name__ == "__main__":
    main(*sys.argv[1:])
