"""The problems of unseen.toml with their truths: closed forms, or a Fourier solver of its own with an error estimate.

`python -m against_deepxde.unseen NAME OUT.npz`.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from against_deepxde.cases import grid
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
    fine, coarse = (_spectral(problem, points, n, steps) for n, steps in ((192, 80), (128, 40)))
    return fine, max(float(np.linalg.norm(fine - coarse) / np.linalg.norm(fine)), EPS)


def _kinks(points: Array) -> Array:
    """The sine-Gordon breather, started where it is flat (Drazin & Johnson, Solitons, section 5.5)."""
    x, t = points.T
    return 4 * np.arctan(0.8 / 0.6 * np.sin(0.6 * t) / np.cosh(0.8 * x))[:, None]


def _kuramoto(k: State) -> tuple[State, Callable[[State], State]]:
    return -(k**2) - k**4, lambda modes: -k * _product(modes, lambda u: u**2 / 2)


def _cahn_hilliard(k: State) -> tuple[State, Callable[[State], State]]:
    return -(k**2) - 0.02 * k**4, lambda modes: k**2 * _product(modes, lambda u: u**3)


def _gray_scott(k: State) -> tuple[State, Callable[[State], State]]:
    def rest(modes: State) -> State:
        u, v = np.fft.ifft(modes).real
        eaten = u * v**2
        return np.fft.fft(np.stack([0.04 - eaten, eaten]))

    return np.stack([0.002 * k**2 - 0.04, 0.001 * k**2 - 0.1]), rest


def _product(modes: State, by: Callable[[Array], Array]) -> State:
    return np.fft.fft(by(np.fft.ifft(modes).real))


def _bump(x: Array) -> Array:
    return np.exp(4 * np.cos(np.pi * x) - 4)


# Name: the linear part (its factor in each mode of wave number k / i) and the rest, then the start.
_SPLITS: dict[str, tuple[Callable[[State], tuple[State, Callable[[State], State]]], Callable[[Array], Any]]] = {
    "kuramoto_sivashinsky": (_kuramoto, lambda x: [np.cos(np.pi * x / 10) * (1 + np.sin(np.pi * x / 10))]),
    "cahn_hilliard": (_cahn_hilliard, lambda x: [0.2 * np.cos(np.pi * x) + 0.1 * np.sin(2 * np.pi * x)]),
    "gray_scott": (_gray_scott, lambda x: [1 - 0.5 * _bump(x), 0.25 * _bump(x)]),
}


def _spectral(problem: dict[str, Any], points: Array, n: int, steps: int) -> Array:
    """Fourier collocation on n points, ETDRK4 with `steps` between two times of the grid, trigonometric values."""
    low, high = (problem["coordinates"][0][end] for end in ("low", "high"))
    split, start = _SPLITS[problem["name"]]
    k = 2j * np.pi * np.fft.fftfreq(n, 1 / n) / (high - low)
    linear, rest = split(k)
    modes = np.fft.fft(np.stack(start(low + (high - low) * np.arange(n) / n)))
    times, place = np.unique(points[:, 1], return_inverse=True)
    step = _stepper(linear, rest, (times[1] - times[0]) / steps)
    values = np.empty((len(points), len(modes)))
    for index in range(len(times)):
        for _ in range(steps if index else 0):
            modes = step(modes)
        rows = place == index
        values[rows] = (np.exp(np.outer(points[rows, 0] - low, k)) @ (modes / n).T).real
    return values


def _stepper(linear: State, rest: Callable[[State], State], h: float) -> Callable[[State], State]:
    """One step of ETDRK4, its coefficients by contour integrals (Kassam & Trefethen, 10.1137/S1064827502410633)."""
    circle = h * linear[..., None] + np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
    whole, half, e = np.exp(h * linear), np.exp(h * linear / 2), np.exp(circle)
    q = h * ((np.exp(circle / 2) - 1) / circle).mean(-1)
    f1 = h * ((-4 - circle + e * (4 - 3 * circle + circle**2)) / circle**3).mean(-1)
    f2 = h * ((2 + circle + e * (circle - 2)) / circle**3).mean(-1)
    f3 = h * ((-4 - 3 * circle - circle**2 + e * (4 - circle)) / circle**3).mean(-1)

    def step(modes: State) -> State:
        first = rest(modes)
        a = half * modes + q * first
        second = rest(a)
        third = rest(half * modes + q * second)
        fourth = rest(half * a + q * (2 * third - first))
        return whole * modes + f1 * first + 2 * f2 * (second + third) + f3 * fourth

    return step


def main(name: str, out: str) -> None:
    problem = unseen()[name]
    points = points_of(problem)
    values, error = truth(problem, points)
    np.savez(out, points=points, values=values, error=error)


if __name__ == "__main__":
    main(*sys.argv[1:])
