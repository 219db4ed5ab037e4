"""The problems on which the peer and we are measured: the normal form, the test grid, observations.

Domains, coefficients and test grids are those of the peer's own examples, so that its documented schedules apply.
Only numpy is imported: the peer's environment reads this too.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Axis = tuple[float, float, int]  # low, high, number of grid points
LORENZ = {"a": 10.0, "b": 15.0, "c": 8.0 / 3.0}
SEEN_AT = (  # the times of the 25 rows of the peer's data set Lorenz.npz
    0.0, 0.01071738, 0.06430429, 0.1226244, 0.20389738, 0.2774039, 0.36605932, 0.46484636, 0.57747023, 0.74410941,
    0.87815709, 1.01220478, 1.15004686, 1.28280759, 1.42510765, 1.58172756, 1.75397377, 1.89764233, 2.04923335,
    2.18795955, 2.37650218, 2.53747737, 2.69922368, 2.86424061, 3.0,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One problem: `problem` in the normal form, the test grid `axes` in the order of its coordinates.

    `unknown` are the true values of the sought coefficients. `example` names the peer's example file.
    """

    name: str
    problem: dict[str, Any]
    axes: dict[str, Axis]
    example: str
    unknown: dict[str, float] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.problem["fields"])

    def points(self) -> Array:
        """The test grid as rows (n, d)."""
        return grid(self.axes)


def grid(axes: dict[str, Axis]) -> Array:
    """All combinations of the axes' points, (n, d)."""
    meshes = np.meshgrid(*(np.linspace(*axis) for axis in axes.values()), indexing="ij")
    return np.stack([mesh.ravel() for mesh in meshes], axis=1)


def relative_l2(found: Array, truth: Array) -> float:
    """‖found − truth‖₂ / ‖truth‖₂ over all points and fields; inf where a prediction is not finite."""
    error = float(np.linalg.norm(found - truth) / np.linalg.norm(truth))
    return error if math.isfinite(error) else math.inf


def coefficient_error(found: dict[str, float], truth: dict[str, float]) -> float:
    """Root mean square of the relative errors; inf where a coefficient is missing."""
    parts = [(found.get(name, math.inf) - value) / value for name, value in truth.items()]
    return float(np.sqrt(np.mean(np.square(parts)))) if parts else 0.0


def coordinate(name: str, low: float, high: float) -> dict[str, Any]:
    return {"name": name, "low": low, "high": high}


def _box(*axes: tuple[str, float, float]) -> list[dict[str, Any]]:
    return [coordinate(*axis) for axis in axes]


def _walls(names: str, ends: tuple[float, float], *equations: str) -> list[dict[str, Any]]:
    return [{"at": {name: end}, "equations": list(equations)} for name, end in itertools.product(names, ends)]


def _heat() -> Case:
    problem = {
        "name": "heat", "coordinates": _box(("x", 0, 1), ("t", 0, 1)), "fields": ["u"],
        "equations": ["u_t - a*u_xx"], "parameters": {"a": 0.4},
        "conditions": [{"at": {"t": 0}, "equations": ["u - sin(pi*x)"]}, *_walls("x", (0, 1), "u")],
    }  # fmt: skip
    return Case("heat", problem, {"x": (0, 1, 256), "t": (0, 1, 201)}, "heat.py")


def _burgers() -> Case:
    problem = {
        "name": "burgers", "coordinates": _box(("x", -1, 1), ("t", 0, 0.99)), "fields": ["u"],
        "equations": ["u_t + u*u_x - nu*u_xx"], "parameters": {"nu": 0.01 / math.pi},
        "conditions": [{"at": {"t": 0}, "equations": ["u + sin(pi*x)"]}, *_walls("x", (-1, 1), "u")],
    }  # fmt: skip
    return Case("burgers", problem, {"x": (-1, 1, 256), "t": (0, 0.99, 100)}, "Burgers.py, Burgers_RAR.py")


def _allen_cahn() -> Case:
    problem = {
        "name": "allen_cahn", "coordinates": _box(("x", -1, 1), ("t", 0, 1)), "fields": ["u"],
        "equations": ["u_t - d*u_xx - 5*(u - u**3)"], "parameters": {"d": 0.001},
        "conditions": [{"at": {"t": 0}, "equations": ["u - x**2*cos(pi*x)"]}, *_walls("x", (-1, 1), "u + 1")],
    }  # fmt: skip
    return Case("allen_cahn", problem, {"x": (-1, 1, 201), "t": (0, 1, 101)}, "Allen_Cahn.py")


def _helmholtz() -> Case:
    problem = {
        "name": "helmholtz", "coordinates": _box(("x", 0, 1), ("y", 0, 1)), "fields": ["u"],
        "equations": ["u_xx + u_yy + k**2*u + k**2*sin(k*x)*sin(k*y)"], "parameters": {"k": 4 * math.pi},
        "conditions": _walls("xy", (0, 1), "u"),
    }  # fmt: skip
    return Case("helmholtz", problem, {"x": (0, 1, 101), "y": (0, 1, 101)}, "Helmholtz_Dirichlet_2d.py")


def _wave() -> Case:
    start = "u - sin(pi*x) - sin(2*pi*x)"
    problem = {
        "name": "wave", "coordinates": _box(("x", 0, 1), ("t", 0, 1)), "fields": ["u"],
        "equations": ["u_tt - c**2*u_xx"], "parameters": {"c": 10.0},
        "conditions": [{"at": {"t": 0}, "equations": [start, "u_t"]}, *_walls("x", (0, 1), "u")],
    }  # fmt: skip
    return Case("wave", problem, {"x": (0, 1, 101), "t": (0, 1, 201)}, "wave_1d.py")


def _lorenz() -> Case:
    problem = {
        "name": "lorenz_inverse", "coordinates": _box(("t", 0, 3)), "fields": ["x", "y", "z"],
        "equations": ["x_t - a*(y - x)", "y_t - x*(b - z) + y", "z_t - x*y + c*z"],
        "unknown": {name: {"low": 0.1, "high": 100.0, "guess": 1.0} for name in LORENZ},
        "conditions": [{"at": {"t": 0}, "equations": ["x + 8", "y - 7", "z - 27"]}],
    }  # fmt: skip
    return Case("lorenz_inverse", problem, {"t": (0, 3, 601)}, "Lorenz_inverse.py", LORENZ)


CASES = {case.name: case for case in (_heat(), _burgers(), _allen_cahn(), _helmholtz(), _wave(), _lorenz())}


def observed(case: Case) -> Array | None:
    """Where an inverse problem's fields are observed, without noise: (25, 1), the times of the peer's example."""
    return np.array(SEEN_AT)[:, None] if case.unknown else None
