"""Problems that are not well posed, each with a word that the refusal must say."""

from __future__ import annotations

from typing import Any

from tests.problems.varied import X1T, XY, T, told

START = "u(x,0) = sin(pi*x)"
ENDS = ["u(0,t) = 0", "u(1,t) = 0"]
HEAT = "u_t = 0.4*u_xx"
WAVE = "u_tt = u_xx"
NOTHING: list[str] = []

ILL_POSED: dict[str, tuple[dict[str, Any], str]] = {
    "missing end": (told(HEAT, X1T, [START, "u(0,t) = 0"]), "at x = 1 is missing"),
    "missing start": (told(HEAT, X1T, ENDS), "u at t = 0 is missing"),
    "missing both": (told(HEAT, X1T, NOTHING), "mistakes"),
    "one boundary condition too many": (told(HEAT, X1T, [START, *ENDS, "u_x(1,t) = 0"]), "one too many"),
    "a condition and a period": (told(HEAT, X1T, ["u(x,0) = 0", "u(0,t) = 0", "periodic"]), "periodic"),
    "two values at one end": (told(HEAT, X1T, ["u(x,0) = 0", *ENDS, "u(1,t) = 1"]), "contradict"),
    "two initial values": (told(HEAT, X1T, ["u(x,0) = 0", "u(x,0) = 1", *ENDS]), "contradicts"),
    "velocity in a first-order equation": (told(HEAT, X1T, [START, "u_t(x,0) = 0", *ENDS]), "wrong order"),
    "curvature at an end of order two": (told(HEAT, X1T, [START, "u(0,t) = 0", "u_xx(1,t) = 0"]), "wrong order"),
    "no velocity for a wave": (told(WAVE, X1T, [START, *ENDS]), "u_t at t = 0 is missing"),
    "wave with start and final state": (told(WAVE, X1T, [START, "u(x,1) = 0", *ENDS]), "both ends of the time"),
    "one condition too few for a beam": (
        told("u_tt + u_xxxx = 0", X1T, [START, "u_t(x,0) = 0", *ENDS, "u_xx(0,t) = 0"]), "at x = 1 is missing",
    ),
    "kdv with two on the left": (
        told("u_t + u_xxx = 0", X1T, ["u(x,0) = 0", *ENDS, "u_x(0,t) = 0"]), "mistakes",
    ),
    "advection from the outflow": (told("u_t + u_x = 0", X1T, ["u(x,0) = 0", "u(1,t) = 0"]), "at x = 0 is missing"),
    "advection at both ends": (told("u_t + u_x = 0", X1T, ["u(x,0) = 0", *ENDS]), "leaves the domain"),
    "corner": (told(HEAT, X1T, ["u(x,0) = 1", *ENDS]), "contradict each other at x = 0"),
    "corner of a wave": (told(WAVE, X1T, ["u(x,0) = x", "u_t(x,0) = 0", *ENDS]), "contradict each other at x = 1"),
    "corner across a period": (told(HEAT, X1T, ["u(x,0) = x", "periodic"]), "periodic"),
    "unknown symbol": (told("u_t = kappa*u_xx", X1T, [START, *ENDS], parameters={"kapa": 1}), "mean 'kapa'"),
    "unknown function": (told("u_t = bessel(u_xx)", X1T, [START, *ENDS]), "unknown symbol 'bessel'"),
    "unknown coordinate": (told("u_t = u_xx + u_yy", X1T, [START, *ENDS]), "u_yy"),
    "backward diffusion": (told("u_t = -0.4*u_xx", X1T, [START, *ENDS]), "backward diffusion"),
    "backward in a part": (told("u_t = (x - 0.1)*u_xx", X1T, [START, *ENDS]), "backward diffusion"),
    "backward by a sign on the left": (told("u_t + 0.4*u_xx = 0", X1T, [START, *ENDS]), "backward diffusion"),
    "backward across fields": (
        told(["u_t = u_xx + 3*v_xx", "v_t = 3*u_xx + v_xx"], X1T,
             [START, "v(x,0) = 0", *ENDS, "v(0,t) = 0", "v(1,t) = 0"]), "backward diffusion",
    ),
    "backward by a parameter": (
        told("u_t = D*u_xx", X1T, [START, *ENDS], parameters={"D": -1}), "backward diffusion",
    ),
    "backward of fourth order": (told("u_t = u_xxxx", X1T, ["u(x,0) = 0", "periodic"]), "unstable"),
    "terminal data of heat": (told(HEAT, X1T, ["u(x,1) = sin(pi*x)", *ENDS]), "backward"),
    "laplace as an initial-value problem in time": (
        told("u_tt + u_xx = 0", X1T, [START, "u_t(x,0) = 0", *ENDS]), "unstable",
    ),
    "laplace with cauchy data": (
        told("u_xx + u_yy = 0", XY, ["u(x,0) = sin(pi*x)", "u_y(x,0) = 0", "u(0,y) = 0", "u(1,y) = 0"]), "Cauchy",
    ),
    "wave with values all around": (
        told("u_xx - u_yy = 0", XY, ["u = 0 at x = 0", "u = 0 at x = 1", "u = 0 at y = 0", "u = sin(pi*x) at y = 1"]),
        "not elliptic",
    ),
    "poisson with fluxes alone": (told("u_xx + u_yy = 0", XY, ["u_n = 0 on the boundary"]), "up to a constant"),
    "periodic poisson": (told("u_xx + u_yy = sin(2*pi*x)", XY, ["periodic"]), "up to a constant"),
    "fluxes that do not balance, unpinned": (
        told("u_xx + u_yy = 1", XY, ["u_n = 0 on the boundary"]), "0 flows through the faces, the source asks for 1",
    ),
    "a source that no period takes away": (
        {**told("u_xx + u_yy = 1", XY, []), "periodic": ["x", "y"]}, "the source asks for 1; no solution exists",
    ),
    "fluxes that do not balance": (
        told("u_xx + u_yy = 1", XY, ["u_n = 0 on the boundary", "u(0,0) = 0"]), "do not balance",
    ),
    "resonance": (told("u_xx + 5*pi^2*u_xx/5 + 0*u_yy = 0", XY, ["u = 0 on the boundary"]), ""),
    "eigenvalue": (
        told("u_xx + u_yy + 5*pi^2*u = 1", XY, ["u = 0 on the boundary"]), "eigenvalue",
    ),
    "eigenvalue in one dimension": (told("u_xx + pi^2*u = 1", {"x": (0, 1)}, ["u(0) = 0", "u(1) = 0"]), "eigenvalue"),
    "stokes without a pin": (
        told(["u_xx + u_yy = p_x", "v_xx + v_yy = p_y", "u_x + v_y = 0"], XY,
             ["u = 0 on the boundary", "v = 0 on the boundary"]), "p stands in no equation",
    ),
    "empty domain": (told(HEAT, {"x": (1, 1), "t": (0, 1)}, [START, *ENDS]), "empty"),
    "reversed domain": (told(HEAT, {"x": (0, 1), "t": (1, 0)}, [START, *ENDS]), "empty"),
    "infinite domain": (told(HEAT, {"x": (0, "inf"), "t": (0, 1)}, [START]), "infinite"),
    "infinite number": (told(HEAT, {"x": (0, float("inf")), "t": (0, 1)}, [START]), "infinite"),
    "coefficient that overflows": (
        told("u_t = D*u_xx", X1T, [START, *ENDS], parameters={"D": 1e300}), "parameter D is 1e+300, which is larger",
    ),
    "number that overflows": (told("u_t = 1e300*u_xx", X1T, [START, *ENDS]), "1e+300 in 'u_t - 1e+300*u_xx' is larger"),
    "data that overflow": (
        told(HEAT, X1T, ["u(x,0) = 1e308*sin(pi*x)", *ENDS]), "given in 'u - 1e+308*sin(pi*x)' reaches 1e+308",
    ),
    "domain that overflows": (
        told(HEAT, {"x": (0, 1e300), "t": (0, 1)}, [START]), "the end of x is 1e+300, which is larger",
    ),
    "domain without room": (
        told(HEAT, {"x": (0, 1e-300), "t": (0, 1)}, [START]), "length of the domain of x is 1e-300, which is smaller",
    ),
    "bound that overflows": (
        told("u_t = k*u_xx", X1T, [START, *ENDS], unknown={"k": {"low": 1, "high": 1e308}}), "a bound of k is 1e+308",
    ),
    "off the faces": (told(HEAT, X1T, [START, "u(0,t) = 0", "u(2,t) = 0"]), "no face"),
    "two fields, one equation": (
        told("u_t = u_xx + v_x", X1T, [START, *ENDS]), "1 equations for 2 fields",
    ),
    "one field, two equations": (told([HEAT, "u_x = 0"], X1T, [START, *ENDS]), "2 equations for 1 fields"),
    "pole on the domain": (told("u_t = u_xx + u/x", X1T, [START, *ENDS]), "no finite value"),
    "data without a value": (told(HEAT, X1T, ["u(x,0) = log(x - 2)", *ENDS]), "no finite value"),
    "initial value of a field that has none": (told(HEAT, X1T, ["0 = 1 at t = 0", START, *ENDS]), "holds no field"),
    "wrong closed form": (
        told(HEAT, X1T, [START, *ENDS], exact={"u": "exp(-t)*sin(pi*x)"}), "does not satisfy the equation",
    ),
    "closed form of other data": (
        told(HEAT, X1T, [START, *ENDS], exact={"u": "2*exp(-0.4*pi^2*t)*sin(pi*x)"}), "does not satisfy the condition",
    ),
    "unknown that is nowhere": (
        told(HEAT, X1T, [START, *ENDS], unknown={"k": {"low": 0, "high": 1}}), "appears in no equation",
    ),
    "unknown with an empty range": (
        told("u_t = k*u_xx", X1T, [START, *ENDS], unknown={"k": {"low": 1, "high": 0.5}}), "empty range",
    ),
    "units": (
        told("u_t = k*u_xx", X1T, [START, *ENDS], parameters={"k": 1},
             units={"x": "m", "t": "s", "u": "K", "k": "m/s"}), "units do not fit",
    ),
    "unit that is none": (told(HEAT, X1T, [START, *ENDS], units={"x": "parsecs^"}), "unit"),
    "pendulum without a velocity": (told("u_tt = -sin(u)", T, ["u(0) = 1"]), "u_t at t = 0 is missing"),
    "too much for an ode": (told("u_t = -u", T, ["u(0) = 1", "u(0) = 2"]), "contradicts"),
    "both ends of an ode of first order": (told("u_t = -u", T, ["u(0) = 1", "u(5) = 2"]), "1 are needed"),
    "two conditions on one of two fields": (
        told(["u_t = u_xx + v", "v_t = v_xx - u"], X1T,
             [START, "v(x,0) = 0", "u(0,t) = 0", "u_x(0,t) = 0", "u(1,t) = 0", "v(1,t) = 0"]), "do not fix all fields",
    ),
}  # fmt: skip
del ILL_POSED["resonance"]
