"""Problems in the normal form, with their truths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import pi

Statement = dict[str, Any]
Truth = Callable[[np.ndarray], np.ndarray]


def problem(
    coordinates: dict[str, tuple[float, float]],
    fields: str,
    equations: Sequence[str],
    conditions: Sequence[tuple[dict[str, float], list[str]]],
    **more: Any,
) -> Statement:
    return {
        "coordinates": [{"name": name, "low": low, "high": high} for name, (low, high) in coordinates.items()],
        "fields": fields.split(),
        "equations": list(equations),
        "conditions": [{"at": at, "equations": list(told)} for at, told in conditions],
        **more,
    }


def around(coordinates: dict[str, tuple[float, float]], *equations: str) -> list[tuple[dict[str, float], list[str]]]:
    """The same equations on all faces of space."""
    return [({name: end}, list(equations)) for name, ends in coordinates.items() if name != "t" for end in ends]


def cole_hopf(points: np.ndarray) -> np.ndarray:
    """Burgers' equation with viscosity 0.01 / pi from -sin(pi x). Basdevant, C. et al. (1986)."""
    nu, (x, t) = 0.01 / pi, points.T
    nodes, weights = np.polynomial.hermite.hermgauss(200)
    places = x[:, None] - np.sqrt(4 * nu * t)[:, None] * nodes
    powers = -np.cos(pi * places) / (2 * pi * nu)
    shares = np.exp(powers - powers.max(axis=1, keepdims=True)) * weights
    return (-(np.sin(pi * places) * shares).sum(axis=1) / shares.sum(axis=1))[:, None]


def step_series(points: np.ndarray) -> np.ndarray:
    """u_t = 0.4 u_xx from 1 with both ends held at 0."""
    x, t = points.T
    odd = np.arange(1, 2001, 2)[:, None]
    return (4 / (odd * pi) * np.sin(odd * pi * x) * np.exp(-0.4 * odd**2 * pi**2 * t)).sum(axis=0)[:, None]


XT: dict[str, tuple[float, float]] = {"x": (0, 1), "t": (0, 1)}
XY: dict[str, tuple[float, float]] = {"x": (0, 1), "y": (0, 1)}
DECAY = "20 - sqrt(400 + 4*pi**2)"
FLOW = {
    "u": f"1 - exp(({DECAY})*x)*cos(2*pi*y)",
    "v": f"({DECAY})/(2*pi)*exp(({DECAY})*x)*sin(2*pi*y)",
    "p": f"(1 - exp(2*({DECAY})*x))/2",
}
SOURCE = "-exp(-t)*cos(x)+x+0.1*(1+x*t)*exp(-t)*cos(x)-(x-0.5)*(-exp(-t)*sin(x)+t)+t*(exp(-t)*cos(x)+x*t)"
HEAT = problem(
    XT, "u", ["u_t - 0.4*u_xx"], [({"t": 0}, ["u - sin(pi*x)"]), *around(XT, "u")],
    exact={"u": "exp(-0.4*pi**2*t)*sin(pi*x)"},
)  # fmt: skip
BURGERS = problem(
    {"x": (-1, 1), "t": (0, 1)}, "u", ["u_t + u*u_x - nu*u_xx"],
    [({"t": 0}, ["u + sin(pi*x)"]), ({"x": -1}, ["u"]), ({"x": 1}, ["u"])], parameters={"nu": 0.01 / pi},
)  # fmt: skip
LOTKA_VOLTERRA = problem(
    {"t": (0, 8)}, "p q", ["p_t - a1*p + p*q", "q_t + q - b1*p*q"], [({"t": 0}, ["p - 1", "q - 0.5"])],
)  # fmt: skip
KOVASZNAY = problem(
    {"x": (-0.5, 1), "y": (-0.5, 1.5)}, "u v p",
    ["u*u_x + v*u_y + p_x - (u_xx + u_yy)/40", "u*v_x + v*v_y + p_y - (v_xx + v_yy)/40", "u_x + v_y"],
    [*around({"x": (-0.5, 1), "y": (-0.5, 1.5)}, f"u - ({FLOW['u']})", f"v - ({FLOW['v']})"),
     ({"x": -0.5, "y": -0.5}, [f"p - ({FLOW['p']})"])], exact=FLOW,
)  # fmt: skip
EXACT: dict[str, Statement] = {
    "heat": HEAT,
    "variable coefficients, robin and a moving end": problem(
        {"x": (0, 2), "t": (0, 1)}, "u", [f"u_t - 0.1*(1+x*t)*u_xx - (x-0.5)*u_x + t*u - ({SOURCE})"],
        [({"t": 0}, ["u - cos(x)"]), ({"x": 0}, ["u_x + 2*u - t - 2*exp(-t)"]),
         ({"x": 2}, ["u - exp(-t)*cos(2) - 2*t"])], exact={"u": "exp(-t)*cos(x) + x*t"},
    ),
    "wave": problem(
        {"x": (0, 1), "t": (0, 2)}, "u", ["u_tt - u_xx"],
        [({"t": 0}, ["u - sin(pi*x) - 0.3*sin(4*pi*x)", "u_t"]), *around({"x": (0, 1)}, "u")],
        exact={"u": "sin(pi*x)*cos(pi*t) + 0.3*sin(4*pi*x)*cos(4*pi*t)"},
    ),
    "advection with an inflow": problem(
        {"x": (0, 2), "t": (0, 1)}, "u", ["u_t + u_x"],
        [({"t": 0}, ["u - exp(-20*(x - 0.7)**2)"]), ({"x": 0}, ["u - exp(-20*(t + 0.7)**2)"])],
        exact={"u": "exp(-20*(x - t - 0.7)**2)"},
    ),
    "advection around a period": problem(
        XT, "u", ["u_t + u_x"], [({"t": 0}, ["u - exp(sin(2*pi*x))"])], periodic=["x"],
        exact={"u": "exp(sin(2*pi*(x - t)))"},
    ),
    "beam": problem(
        {"x": (0, 1), "t": (0, 0.5)}, "u", ["u_tt + u_xxxx"],
        [({"t": 0}, ["u - sin(pi*x)", "u_t"]), *around({"x": (0, 1)}, "u", "u_xx")],
        exact={"u": "sin(pi*x)*cos(pi**2*t)"},
    ),
    "soliton": problem(
        {"x": (-16, 16), "t": (0, 1)}, "u", ["u_t + 6*u*u_x + u_xxx"], [({"t": 0}, ["u - 2/cosh(x + 2)**2"])],
        periodic=["x"], exact={"u": "2/cosh(x + 2 - 4*t)**2"},
    ),
    "schroedinger": problem(
        {"x": (-25, 25), "t": (0, 1)}, "u v",
        ["u_t + 0.5*v_xx + (u**2 + v**2)*v", "v_t - 0.5*u_xx - (u**2 + v**2)*u"],
        [({"t": 0}, ["u - cos(x)/cosh(x)", "v - sin(x)/cosh(x)"]), *around({"x": (-25, 25)}, "u", "v")],
        exact={"u": "cos(x)/cosh(x - t)", "v": "sin(x)/cosh(x - t)"},
    ),
    "fisher": problem(
        {"x": (-10, 20), "t": (0, 4)}, "u", ["u_t - u_xx - u*(1 - u)"],
        [({"t": 0}, ["u - 1/(1 + exp(x/sqrt(6)))**2"]),
         *around({"x": (-10, 20)}, "u - 1/(1 + exp(x/sqrt(6) - 5*t/6))**2")],
        exact={"u": "1/(1 + exp(x/sqrt(6) - 5*t/6))**2"},
    ),
    "oscillator": problem(
        {"t": (0, 10)}, "q", ["q_tt + 4*q"], [({"t": 0}, ["q - 1", "q_t"])], exact={"q": "cos(2*t)"},
    ),
    "heat in a plane": problem(
        {**XY, "t": (0, 0.5)}, "u", ["u_t - 0.1*(u_xx + u_yy)"],
        [({"t": 0}, ["u - sin(pi*x)*cos(pi*y)"]), ({"x": 0}, ["u"]), ({"x": 1}, ["u"]), ({"y": 0}, ["u_y"]),
         ({"y": 1}, ["u_y"])], exact={"u": "exp(-0.2*pi**2*t)*sin(pi*x)*cos(pi*y)"},
    ),
    "eddies": problem(
        {**XY, "t": (0, 0.3)}, "u v p",
        ["u_t + u*u_x + v*u_y + p_x - 0.01*(u_xx + u_yy)", "v_t + u*v_x + v*v_y + p_y - 0.01*(v_xx + v_yy)",
         "u_x + v_y"],
        [({"t": 0}, ["u + cos(2*pi*x)*sin(2*pi*y)", "v - sin(2*pi*x)*cos(2*pi*y)"]),
         ({"x": 0, "y": 0}, ["p + exp(-0.16*pi**2*t)/2"])], periodic=["x", "y"],
        exact={"u": "-cos(2*pi*x)*sin(2*pi*y)*exp(-0.08*pi**2*t)", "v": "sin(2*pi*x)*cos(2*pi*y)*exp(-0.08*pi**2*t)",
               "p": "-(cos(4*pi*x) + cos(4*pi*y))/4*exp(-0.16*pi**2*t)"},
    ),
    "poisson": problem(
        XY, "u", ["u_xx + u_yy + 2*pi**2*sin(pi*x)*sin(pi*y)"], around(XY, "u"), exact={"u": "sin(pi*x)*sin(pi*y)"},
    ),
    "poisson in space": problem(
        {**XY, "z": (0, 1)}, "u", ["u_xx + u_yy + u_zz + 3*pi**2*sin(pi*x)*sin(pi*y)*sin(pi*z)"],
        around({**XY, "z": (0, 1)}, "u"), exact={"u": "sin(pi*x)*sin(pi*y)*sin(pi*z)"},
    ),
    "helmholtz": problem(
        XY, "u", ["u_xx + u_yy + 16*pi**2*u + 16*pi**2*sin(4*pi*x)*sin(4*pi*y)"], around(XY, "u"),
        exact={"u": "sin(4*pi*x)*sin(4*pi*y)"},
    ),
    "kovasznay": KOVASZNAY,
    "boundary value problem": problem(
        {"x": (0, 1)}, "u", ["u_xx - 1.5*u**2"], [({"x": 0}, ["u - 4"]), ({"x": 1}, ["u - 1"])],
        exact={"u": "4/(1 + x)**2"},
    ),
}  # fmt: skip
SERIES: dict[str, tuple[Statement, Truth]] = {
    "burgers": (BURGERS, cole_hopf),
    "a corner that contradicts itself": (
        problem(XT, "u", ["u_t - 0.4*u_xx"], [({"t": 0}, ["u - 1"]), *around(XT, "u")]), step_series,
    ),
}  # fmt: skip
