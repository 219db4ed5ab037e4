"""Problems that are well posed, of many kinds, none of them in the library."""

from __future__ import annotations

from typing import Any

X1T = {"x": (0, 1), "t": (0, 1)}
XYT = {"x": (0, 1), "y": (0, 1), "t": (0, 1)}
XY = {"x": (0, 1), "y": (0, 1)}
T = {"t": (0, 5)}


def told(equations: list[str] | str, domain: Any, conditions: list[Any], **more: Any) -> dict[str, Any]:
    return {"equations": equations, "domain": domain, "conditions": conditions, **more}


WELL_POSED: dict[str, dict[str, Any]] = {
    "beam": told(
        "u_tt + u_xxxx = 0", X1T,
        ["u(x,0) = sin(pi*x)", "u_t(x,0) = 0", "u(0,t) = u(1,t) = 0", "u_xx(0,t) = 0", "u_xx(1,t) = 0"],
    ),
    "clamped beam": told(
        "u_tt + u_xxxx = 0", X1T, ["u(x,0) = x^2*(1-x)^2", "u_t(x,0) = 0", "u = u_x = 0 at x = 0", "u = 0 at x = 1",
                                    "u_x = 0 at x = 1"],
    ),
    "kuramoto-sivashinsky": told(
        "u_t + u u_x + u_xx + u_xxxx = 0", {"x": (0, 32), "t": (0, 5)}, ["u(x,0) = cos(pi*x/16)", "periodic"]
    ),
    "cahn-hilliard": told(
        ["c_t = w_xx", "w = c^3 - c - k c_xx"], X1T,
        ["c(x,0) = 0.1*cos(2*pi*x)", "c_x(0,t) = 0", "c_x(1,t) = 0", "w_x(0,t) = 0", "w_x(1,t) = 0"],
        parameters={"k": 1e-3},
    ),
    "fitzhugh-nagumo": told(
        ["v_t = D v_xx + v - v^3/3 - w", "w_t = 0.08(v + 0.7 - 0.8 w)"], {"x": (0, 20), "t": (0, 10)},
        ["v(x,0) = exp(-(x-10)^2)", "w(x,0) = 0", "v_x(0,t) = 0", "v_x(20,t) = 0"], parameters={"D": 1},
    ),
    "sine-gordon": told(
        "u_tt - u_xx + sin(u) = 0", {"x": (-5, 5), "t": (0, 2)},
        ["u(x,0) = 4*exp(-x^2)", "u_t(x,0) = 0", "u_x(-5,t) = 0", "u_x(5,t) = 0"],
    ),
    "telegraph": told(
        "u_tt + 2 u_t + u = u_xx", X1T, ["u(x,0) = sin(pi*x)", "u_t(x,0) = 0", "u(0,t)=0", "u(1,t)=0"]
    ),
    "fokker-planck": told(
        "p_t = (x*p)_x + 0.5 p_xx", {"x": (-4, 4), "t": (0, 1)},
        ["p(x,0) = exp(-x^2)", "p(-4,t) = exp(-16)", "p(4,t) = exp(-16)"],
    ),
    "biharmonic": told(
        "u_xxxx + 2u_xxyy + u_yyyy = 1", XY, [{"at": "boundary", "is": ["u = 0", "u_n = 0"]}],
    ),
    "biharmonic, simply supported": told(
        "laplace(laplace(u)) = 1", XY, [{"at": "boundary", "is": "u = 0"}, {"at": "boundary", "is": "laplace(u) = 0"}]
    ),
    "stokes": told(
        ["-u_xx - u_yy + p_x = sin(pi*y)", "-v_xx - v_yy + p_y = 0", "u_x + v_y = 0"], XY,
        ["u = 0 on the boundary", "v = 0 on the boundary", "p(0, 0) = 0"],
    ),
    "unsteady stokes": told(
        ["u_t - u_xx - u_yy + p_x = 0", "v_t - v_xx - v_yy + p_y = 0", "u_x + v_y = 0"], XYT,
        ["u = 0 on the boundary", "v = 0 on the boundary", {"at": "x = 0, y = 0", "is": "p = 0"},
         "u(x,y,0) = sin(pi*x)^2*sin(2*pi*y)", "v(x,y,0) = -sin(2*pi*x)*sin(pi*y)^2"],
    ),
    "van der pol": told("u_tt - mu(1 - u^2)u_t + u = 0", T, ["u(0) = 2", "u'(0) = 0"], parameters={"mu": 1}),
    "sir": told(
        ["S' = -beta*S*I", "I' = beta*S*I - g*I", "R' = g*I"], T, ["S(0) = 0.99", "I(0) = 0.01", "R(0) = 0"],
        parameters={"beta": 2, "g": 1},
    ),
    "double well": told("u_tt = u - u^3 - 0.1 u_t", T, ["u(0) = 0.1", "u_t(0) = 0"]),
    "two-point problem": told("u_xx + u = x", {"x": (0, 1)}, ["u(0) = 0", "u(1) = 1"]),
    "robin rod": told(
        "u_t = 0.3 u_xx", X1T, ["u(x,0) = 1 - x^2/2", "u_x(0,t) = 0", "u_x(1,t) + 2u(1,t) = 0"]
    ),
    "inflow": told("u_t + 2 u_x = 0", X1T, ["u(x,0) = 0", "u(0,t) = sin(t)"]),
    "inflow from the right": told("u_t - 2 u_x = -u", X1T, ["u(x,0) = 0", "u(1,t) = t"]),
    "waves as a first-order system": told(
        ["p_t + v_x = 0", "v_t + p_x = 0"], X1T, ["p(x,0) = sin(pi*x)", "v(x,0) = 0", "p(0,t) = 0", "p(1,t) = 0"]
    ),
    "heat as a first-order system": told(
        ["u_t + q_x = 0", "q = -0.1 u_x"], X1T, ["u(x,0) = cos(pi*x)", "q(0,t) = 0", "q(1,t) = 0"], fields=["u", "q"]
    ),
    "wave in a square": told(
        "u_tt = u_xx + u_yy", XYT, ["u(x,y,0) = sin(pi*x)*sin(pi*y)", "u_t(x,y,0) = 0", "u = 0 on the boundary"]
    ),
    "advection-diffusion in a square": told(
        "c_t + c_x - 0.5 c_y = 0.01 laplace(c)", XYT, ["c(x,y,0) = sin(pi*x)^2*sin(pi*y)^2", "c = 0 on the boundary"]
    ),
    "helmholtz with mixed sides": told(
        "u_xx + u_yy + 2u = x*y", XY, ["u = 0 at x = 0", "u_x = 0 at x = 1", "u = 0 at y = 0", "u_y + u = 0 at y = 1"]
    ),
    "poisson without fluxes, pinned": told(
        "u_xx + u_yy = cos(pi*x)", XY, ["u_n = 0 on the boundary", "u(0, 0) = 0"]
    ),
    "variable coefficients": told(
        "u_t = ((1 + x^2)*u_x)_x - u", X1T, ["u(x,0) = sin(pi*x)", "u(0,t) = 0", "u(1,t) = 0"]
    ),
    "porous medium": told(
        "u_t = (u*u_x)_x", {"x": (-1, 1), "t": (0, 1)}, ["u(x,0) = 1 + 0.5*cos(pi*x)", "u_x(-1,t) = 0", "u_x(1,t) = 0"]
    ),
    "gray-scott": told(
        ["u_t = 2e-3 u_xx - u v^2 + 0.04(1 - u)", "v_t = 1e-3 v_xx + u v^2 - 0.1 v"], X1T,
        ["u(x,0) = 1 - 0.5*sin(pi*x)^20", "v(x,0) = 0.25*sin(pi*x)^20", "periodic in x"],
    ),
    "klein-gordon": told(
        "u_tt = u_xx - u - u^3", {"x": (0, "2*pi"), "t": (0, 1)}, ["u(x,0) = sin(x)", "u_t(x,0) = 0", "periodic"]
    ),
    "swift-hohenberg": told(
        "u_t = 0.3u - (u + 2u_xx + u_xxxx) - u^3", {"x": (0, 20), "t": (0, 5)}, ["u(x,0) = 0.1*cos(pi*x/5)", "periodic"]
    ),
    "linear kdv with ends": told(
        "u_t + u_xxx = 0", X1T, ["u(x,0) = sin(pi*x)^2", "u(0,t) = 0", "u(1,t) = 0", "u_x(1,t) = 0"]
    ),
    "benjamin-bona-mahony": told(
        "u_t + u_x + u u_x - u_xxt = 0", {"x": (-10, 10), "t": (0, 1)}, ["u(x,0) = 1/cosh(x/2)^2", "periodic"]
    ),
    "absorbing end": told(
        "u_tt = u_xx", X1T, ["u(x,0) = sin(pi*x)^4", "u_t(x,0) = 0", "u(0,t) = 0", "u_t(1,t) + u_x(1,t) = 0"]
    ),
    "hot lid": told("u_xx + u_yy = 0", XY, ["u = 0 at x = 0", "u = 0 at x = 1", "u = 0 at y = 0", "u = 1 at y = 1"]),
    "transport without time": told("u_x + 2u_y = 0", XY, ["u(0, y) = y", "u(x, 0) = -x/2"]),
    "parabolic without a t": told("u_y = u_xx", XY, ["u(x, 0) = sin(pi*x)", "u(0, y) = 0", "u(1, y) = 0"]),
    "anisotropic in space": told(
        "u_xx + 3u_xy + 4u_yy + 5u_zz = 1", {"x": (0, 1), "y": (0, 1), "z": (0, 1)}, ["u = 0 on the boundary"]
    ),
    "schroedinger with a well": told(
        ["u_t = -v_xx/2 + x^2/2*v", "v_t = u_xx/2 - x^2/2*u"], {"x": (-5, 5), "t": (0, 1)},
        ["u(x,0) = exp(-x^2/2)", "v(x,0) = 0", "u(-5,t) = 0", "u(5,t) = 0", "v(-5,t) = 0", "v(5,t) = 0"],
    ),
    "maxwell on a line": told(
        ["E_t = -H_x", "H_t = -E_x"], X1T, ["E(x,0) = sin(2*pi*x)", "H(x,0) = 0", "periodic"],
    ),
    "lid-driven cavity": told(
        ["u u_x + v u_y + p_x - 0.01laplace(u)", "u v_x + v v_y + p_y - 0.01laplace(v)", "u_x + v_y"], XY,
        ["v = 0 on the boundary", "u = 0 at x = 0", "u = 0 at x = 1", "u = 0 at y = 0", "u = 1 at y = 1", "p(0,0) = 0"],
    ),
    "elasticity": told(
        ["3u_xx + u_yy + 2v_xy = 0", "3v_yy + v_xx + 2u_xy = 1"], XY, ["u = 0 on the boundary", "v = 0 on the boundary"]
    ),
    "a profile with a kink": told(
        "u_t = 0.1u_xx", X1T, ["u(x,0) = 0.5 - abs(x - 0.5)", "u = 0 at x = 0", "u = 0 at x = 1"]
    ),
    "two heats": told(
        ["u_t = u_xx + v", "v_t = v_xx - u"], X1T,
        ["u(x,0) = sin(pi*x)", "v(x,0) = 0", "u = 0 on the boundary", "v = 0 on the boundary"],
    ),
}  # fmt: skip
