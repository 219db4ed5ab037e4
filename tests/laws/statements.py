"""Problems that the tests of laws share: named ones, and some that only tests need."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy import cos, exp, pi, sin

from orchestrator.problems import named, normal
from skills.runtime.problem import Problem

Box = dict[str, tuple[float, float]]
Places = list[tuple[dict[str, float], list[str]]]
Known = Callable[..., tuple[np.ndarray, ...]]


@cache
def library(name: str) -> Problem:
    return Problem.model_validate(normal(named(name)))


def stated(box: Box, fields: str, equations: list[str], at: Places, **more: Any) -> Problem:
    """A problem in few words."""
    axes = [{"name": name, "low": low, "high": high} for name, (low, high) in box.items()]
    conditions = [{"at": place, "equations": told} for place, told in at]
    return Problem.model_validate(
        {"coordinates": axes, "fields": fields.split(), "equations": equations, "conditions": conditions, **more}
    )


UNIT = {"x": (0.0, 1.0), "t": (0.0, 1.0)}
CLOSED: Places = [({"x": 0}, ["u_x"]), ({"x": 1}, ["u_x"])]
FIXED: Places = [({"x": 0}, ["u"]), ({"x": 1}, ["u"])]
OWN: dict[str, Problem] = {
    "insulated": stated(UNIT, "u", ["u_t - 0.4*u_xx"], [({"t": 0}, ["u - 1 - cos(pi*x)"]), *CLOSED]),
    "heated": stated(UNIT, "u", ["u_t - 0.4*u_xx - x*exp(-t)"], [({"t": 0}, ["u - sin(pi*x)"]), *FIXED]),
    "inflow": stated(UNIT, "u", ["u_t + u_x"], [({"t": 0}, ["u - sin(2*pi*x)"]), ({"x": 0}, ["u + sin(2*pi*t)"])]),
    "damped wave": stated(
        UNIT, "u", ["u_tt - u_xx + 0.3*u_t"], [({"t": 0}, ["u - sin(pi*x)", "u_t"]), *FIXED]
    ),
    "kdv on a ring": stated(
        {"x": (-1.0, 1.0), "t": (0.0, 1.0)}, "u", ["u_t + u*u_x + d*u_xxx"], [({"t": 0}, ["u - cos(pi*x)"])],
        periodic=["x"], parameters={"d": 0.022**2},
    ),
    "schrodinger on a ring": stated(
        {"x": (0.0, 1.0), "t": (0.0, 0.2)}, "u v",
        ["u_t + 0.5*v_xx + (u**2 + v**2)*v", "v_t - 0.5*u_xx - (u**2 + v**2)*u"],
        [({"t": 0}, ["u - cos(2*pi*x)", "v - sin(2*pi*x)"])], periodic=["x"],
    ),
    "sine-gordon": stated(UNIT, "u", ["u_tt - u_xx + sin(u)"], [({"t": 0}, ["u - sin(pi*x)", "u_t"]), *FIXED]),
    "porous medium": stated(UNIT, "u", ["u_t - 2*u*u_x**2 - u**2*u_xx"], [({"t": 0}, ["u - sin(pi*x)"]), *FIXED]),
    "kuramoto-sivashinsky": stated(
        UNIT, "u", ["u_t + u*u_x + u_xx + 0.05*u_xxxx"], [({"t": 0}, ["u - sin(2*pi*x)"])], periodic=["x"]
    ),
    "bbm": stated(UNIT, "u", ["u_t + u_x + u*u_x - u_xxt"], [({"t": 0}, ["u - sin(2*pi*x)"])], periodic=["x"]),
    "vortices": stated(
        {"x": (0.0, 1.0), "y": (0.0, 1.0), "t": (0.0, 1.0)}, "u v p",
        ["u_t + u*u_x + v*u_y + p_x - nu*(u_xx + u_yy)", "v_t + u*v_x + v*v_y + p_y - nu*(v_xx + v_yy)", "u_x + v_y"],
        [({"t": 0}, ["u - sin(2*pi*x)*cos(2*pi*y)", "v + cos(2*pi*x)*sin(2*pi*y)"])],
        periodic=["x", "y"], parameters={"nu": 0.01},
    ),
    "stars": stated(
        {"t": (0.0, 6.0)}, "x y p q", ["x_t - p", "y_t - q", "p_t + x + 2*x*y", "q_t + y + x**2 - y**2"],
        [({"t": 0}, ["x - 0.1", "y", "p", "q - 0.1"])],
    ),
    "forced spring": stated(
        {"t": (0.0, 10.0)}, "u", ["u_tt + 0.1*u_t - u + u**3 - 0.3*cos(t)"], [({"t": 0}, ["u - 1", "u_t"])]
    ),
    "pendulum as a system": stated(
        {"t": (0.0, 10.0)}, "a w", ["a_t - w", "w_t + 9.81*sin(a)"], [({"t": 0}, ["a - 1", "w"])]
    ),
    "damped pendulum as a system": stated(
        {"t": (0.0, 10.0)}, "a w", ["a_t - w", "w_t + 0.3*w + 9.81*sin(a)"], [({"t": 0}, ["a - 1", "w"])]
    ),
    "rigid body": stated(
        {"t": (0.0, 10.0)}, "p q r", ["p_t - 2*q*r", "q_t + 3*p*r", "r_t - p*q"],
        [({"t": 0}, ["p - 1", "q - 0.5", "r - 0.2"])],
    ),
    "epidemic": stated(
        {"t": (0.0, 10.0)}, "s i r", ["s_t + 2*s*i", "i_t - 2*s*i + 0.5*i", "r_t - 0.5*i"],
        [({"t": 0}, ["s - 0.99", "i - 0.01", "r"])],
    ),
}  # fmt: skip


def problem(name: str) -> Problem:
    return OWN[name] if name in OWN else library(name)


def hopf(x: np.ndarray, t: np.ndarray, nu: float) -> np.ndarray:
    """Burgers' equation from -sin(pi x) on [-1, 1], by the Cole-Hopf transformation and Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite.hermgauss(160)
    found = np.empty_like(x)
    for start in range(0, len(x), 8192):
        cut = np.s_[start : start + 8192]
        y = x[cut, None] - 2 * np.sqrt(nu * t[cut, None]) * nodes
        power = -cos(pi * y) / (2 * pi * nu)
        kernel = weights * exp(power - power.max(axis=1, keepdims=True))
        found[cut] = -(kernel * sin(pi * y)).sum(axis=1) / kernel.sum(axis=1)
    return found


def turning(x: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, ...]:
    """The plane wave of the cubic Schrödinger equation with wavenumber 2 pi and amplitude 1."""
    phase = 2 * pi * x - (2 * pi**2 - 1) * t
    return cos(phase), sin(phase)


SOLUTIONS: dict[str, Known] = {
    "burgers": lambda x, t: (hopf(x, t, library("burgers").parameters["nu"]),),
    "insulated": lambda x, t: (1 + exp(-0.4 * pi**2 * t) * cos(pi * x),),
    "inflow": lambda x, t: (sin(2 * pi * (x - t)),),
    "damped wave": lambda x, t: (
        sin(pi * x) * exp(-0.15 * t)
        * (cos((o := np.sqrt(pi**2 - 0.15**2)) * t) + 0.15 / o * sin(o * t)),
    ),
    "schrodinger on a ring": turning,
}  # fmt: skip


def solution(name: str, points: np.ndarray) -> np.ndarray:
    """The exact solution (n, fields)."""
    if name in SOLUTIONS:
        return np.stack(SOLUTIONS[name](*points.T), axis=1)
    return problem(name).exact_values(points)
