"""Problems in the normal form, with their solutions, for the tests of the pinn skill."""

from __future__ import annotations

from typing import Any

import numpy as np


def axis(name: str, low: float, high: float) -> dict[str, Any]:
    return {"name": name, "low": low, "high": high}


def at(equation: str, *more: str, **place: float) -> dict[str, Any]:
    return {"at": place, "equations": [equation, *more]}


BOX = [axis("x", 0, 1), axis("t", 0, 1)]
HEAT = {
    "coordinates": BOX,
    "fields": ["u"],
    "equations": ["u_t - 0.4*u_xx"],
    "conditions": [at("u - sin(pi*x)", t=0), at("u", x=0), at("u", x=1)],
}
INSULATED = {**HEAT, "conditions": [at("u - 0.5 - cos(pi*x)", t=0), at("u_x", x=0), at("u_x", x=1)]}
DRIFTING = {
    **HEAT,
    "equations": ["u_t - 0.1*u_xx - u_x"],
    "periodic": ["x"],
    "conditions": [at("u - sin(2*pi*x)", t=0)],
}
CORNERED = {**HEAT, "conditions": [at("u - x*(1-x)", t=0), at("u", x=0), at("u", x=1)]}
WAVE = {
    **HEAT,
    "equations": ["u_tt - u_xx"],
    "conditions": [at("u - sin(pi*x)", "u_t", t=0), at("u", x=0), at("u", x=1)],
}
BEAM = {
    **HEAT,
    "equations": ["u_tt + 0.1*u_xxxx"],
    "conditions": [at("u - sin(pi*x)", "u_t", t=0), at("u", "u_xx", x=0), at("u", "u_xx", x=1)],
}
BURGERS = {
    "coordinates": [axis("x", -1, 1), axis("t", 0, 1)],
    "fields": ["u"],
    "equations": ["u_t + u*u_x - nu*u_xx"],
    "parameters": {"nu": 0.1},
    "conditions": [at("u + sin(pi*x)", t=0), at("u", x=-1), at("u", x=1)],
}
KOVASZNAY = {
    "coordinates": [axis("x", 0, 1), axis("y", 0, 1)],
    "fields": ["u", "v", "p"],
    "parameters": {"nu": 0.1},
    "equations": [
        "u*u_x + v*u_y + p_x - nu*(u_xx + u_yy)", "u*v_x + v*v_y + p_y - nu*(v_xx + v_yy)", "u_x + v_y",
    ],
    "conditions": [at("u - 1", "v", x=0), at("u", "v", y=0), at("u + 0.3*u_y - x", "v_y", y=1), at("p", x=1, y=1)],
}  # fmt: skip
LOTKA_VOLTERRA = {
    "coordinates": [axis("t", 0, 3)],
    "fields": ["u", "v"],
    "equations": ["u_t - 1.5*u + u*v", "v_t + 3*v - u*v"],
    "conditions": [at("u - 10", "v - 5", t=0)],
}
PLATE = {
    "coordinates": [axis("x", 0, 1), axis("y", 0, 2), axis("t", 0, 1)],
    "fields": ["u"],
    "periodic": ["y"],
    "equations": ["u_t - 0.1*u_xx - 0.1*u_yy + u_xy - x*u"],
    "conditions": [at("u - sin(pi*x)*cos(pi*y)", t=0), at("u", x=0), at("u - t", x=1)],
}
ALL = {
    "heat": HEAT, "insulated": INSULATED, "drifting": DRIFTING, "wave": WAVE, "beam": BEAM, "burgers": BURGERS,
    "kovasznay": KOVASZNAY, "lotka_volterra": LOTKA_VOLTERRA, "plate": PLATE,
}  # fmt: skip


def heat(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return np.sin(np.pi * x) * np.exp(-0.4 * np.pi**2 * t)


def insulated(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return 0.5 + np.cos(np.pi * x) * np.exp(-0.4 * np.pi**2 * t)


def drifting(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return np.exp(-0.1 * (2 * np.pi) ** 2 * t) * np.sin(2 * np.pi * (x + t))


def cornered(points: np.ndarray) -> np.ndarray:
    """u(x, 0) = x (1 - x): its sine series, 400 terms."""
    x, t = points.T
    found = np.zeros(len(x))
    for n in range(1, 801, 2):
        found += 8 / (n * np.pi) ** 3 * np.sin(n * np.pi * x) * np.exp(-0.4 * (n * np.pi) ** 2 * t)
    return found


def wave(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return np.sin(np.pi * x) * np.cos(np.pi * t)


def burgers(points: np.ndarray, nu: float = 0.1) -> np.ndarray:
    """By the transform of Cole and Hopf, with Gauss–Hermite quadrature."""
    x, t = points.T
    nodes, weights = np.polynomial.hermite.hermgauss(80)
    under = x[:, None] - 2 * np.sqrt(nu * t[:, None]) * nodes
    share = np.exp(-np.cos(np.pi * under) / (2 * np.pi * nu)) * weights
    return -(np.sin(np.pi * under) * share).sum(1) / share.sum(1)


def lotka_volterra(times: np.ndarray) -> np.ndarray:
    """Classical Runge–Kutta of fourth order with 30 000 steps over three time units (n, 2)."""
    count = 30_000
    step, state, kept = 3 / count, np.array([10.0, 5.0]), np.empty((count + 1, 2))

    def rate(y: np.ndarray) -> np.ndarray:
        return np.array([1.5 * y[0] - y[0] * y[1], -3 * y[1] + y[0] * y[1]])

    kept[0] = state
    for at_step in range(count):
        a = rate(state)
        b = rate(state + step / 2 * a)
        c = rate(state + step / 2 * b)
        d = rate(state + step * c)
        state = state + step / 6 * (a + 2 * b + 2 * c + d)
        kept[at_step + 1] = state
    return kept[np.round(times / step).astype(int)]
