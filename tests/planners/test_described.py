"""Physical problems in words: lengths and times with units, ends and starts that are described, named terms."""

from __future__ import annotations

import re

import pytest

from orchestrator.core.errors import BadInput, IllPosed, NotAvailable, UserError
from tests.planners.stated import planned

ROD = "u_t - alpha*u_xx = 0, x in [0, 2], t in [0, 1000], alpha = 0.0001; conditions: u - sin(pi*x/2) = 0 at t = 0; "
ZERO = "u = 0 at x = 0; u = 0 at x = {0}."


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("a rod of length 2 m, diffusivity 1e-4 m^2/s, ends held at 0, initially sin(pi x / 2), to 1000 s",
         ROD + ZERO.format(2)),
        ("Ein Stab der Länge 2 m, Temperaturleitfähigkeit 1e-4 m^2/s, Enden auf 0 gehalten, anfangs sin(pi x/2), bis "
         "1000 s, mit einem PINN", ROD + ZERO.format(2)),
        ("une barre de longueur 200 cm, diffusivité 1 cm^2/s, extrémités maintenues à 0, initialement sin(pi x/2), "
         "jusqu'à 1000 s, avec un PINN", ROD + ZERO.format(2)),
        ("Simulate a string of length 1 m fixed at both ends, wave speed 340 m/s, initial displacement "
         "0.01 sin(pi x), released from rest, to 10 ms",
         "x in [0, 1], t in [0, 0.01], c = 340; conditions: u_t = 0 at t = 0; u - 0.01*sin(pi*x) = 0 at t = 0; "
         + ZERO.format(1)),
        ("simulate a 50 cm long copper rod, diffusivity 1.1 cm^2/s, left end at 100, right end at 0, initially "
         "100*(1 - 2 x), for 10 minutes",
         "x in [0, 0.5], t in [0, 600], alpha = 0.00011; conditions: u - 100*(1 - 2*x) = 0 at t = 0; "
         "u - 100 = 0 at x = 0; u = 0 at x = 0.5."),
        ("PINN for the heat equation, u(x,0) = A sin(pi x/L), u(0,t)=u(L,t)=0, L = 2, A = 3, t from 0 to 1",
         "u - 3*sin(pi*x/2) = 0 at t = 0; " + ZERO.format(2)),
        ("PINN for u_xx + u_yy = -1 on the unit square, zero on the boundary", "u = 0 at x = 1; u = 0 at y = 0; u = 0"),
        ("PINN for u_xx + u_yy = 0 on the unit square, u = 1 on the top side, u = 0 on the other sides",
         "conditions: u - 1 = 0 at y = 1; u = 0 at x = 0; u = 0 at x = 1; u = 0 at y = 0."),
        ("PINN for u_t = u_xx, u(x,0)=sin(pi x), zero on all the boundary", ZERO.format(1)),
        ("PINN for u_t = u_xx, u(x,0)=sin(pi x), u = 0 on all sides", ZERO.format(1)),
        ("PINN for the heat equation with a source x, decay rate 3 and velocity 0.5",
         "u_t - alpha*u_xx - x + 3*u + 0.5*u_x = 0"),
        ("solve u_t = -u_xxx with u(x,0)=sin(x), periodic on [0, 2 pi], t to 1",
         "u_t + u_xxx = 0, x in [0, 6.28319], t in [0, 1]"),
        ("solve u_t = -u_xxxx with u(x,0)=sin(x), periodic on [0, 2 pi], t to 1",
         "u_t + u_xxxx = 0, x in [0, 6.28319], t in [0, 1]"),
        ("PINN for the damped wave equation u_tt + 0.5 u_t = u_xx", "u_tt + 0.5*u_t - u_xx = 0"),
    ],
)  # fmt: skip
def test_what_is_described_is_what_is_solved(text: str, solved: str) -> None:
    _, plan = planned(text)
    assert solved in plan.notes[0]


def test_units_of_the_library_belong_to_its_own_equation() -> None:
    _, own = planned("PINN for the wave equation u_tt = c^2 u_xx with c = 2")
    _, other = planned("PINN for the damped wave equation u_tt + 0.5 u_t = u_xx")
    assert own.problem is not None and other.problem is not None
    assert own.problem["units"] == {"x": "m", "t": "s", "u": "m", "c": "m/s"}
    assert other.problem["units"] == {} and other.problem["parameters"] == {}
    with pytest.raises(IllPosed, match="'c' has no value"):
        planned("PINN for the damped wave equation u_tt + 0.5 u_t = c^2 u_xx")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a rod of length 2 m, diffusivity 1e-4 m/s, ends at 0, initially sin(pi x / 2), to 1000 s", "alpha in m/s"),
        ("simulate a string of length 2 m fixed at both ends, tension 100 N, initially sin(pi x/2), to 1 s",
         "tension 100 N"),
        ("PINN for the heat equation, diffusivity 0.1 + 0.05 x, x in [0,1], t in [0,1]", "diffusivity 0.1+0.05*x"),
        ("PINN for the heat equation, both ends at 0, initial temperature parabolic", "initial temperature parabolic"),
        ("PINN for Burgers' equation with a source sin(pi x)", "source sin(pi*x)"),
        ("PINN for the heat equation with nu = 0.1 and alpha = 0.1 and alpha = 0.2", "alpha = 0.2, beside"),
        ("PINN for u_t = u_xx, x in [0,1], t in [0,1], u(0,t)=u(1,t)=0, u(x,0) = 1 if x > 0.5 else 0", "if x >"),
        ("PINN for the 2D heat equation, zero on the left and insulated on the top side", "insulated"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_understood_is_refused_by_its_words(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        planned(text)


def test_one_end_alone_is_not_completed_from_the_library() -> None:
    with pytest.raises(UserError, match="boundary condition at x = 1 is missing"):
        planned("PINN for the heat equation, insulated at the left end")


NLS = "u_t + v_xx/2 + (u**2 + v**2)*v = 0; v_t - u_xx/2 - (u**2 + v**2)*u = 0"


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("i psi_t + 0.5 psi_xx + |psi|^2 psi = 0", NLS),
        ("the Schrödinger equation i ψ_t + ½ ψ_xx + |ψ|² ψ = 0", NLS),
        ("i psi_t + psi_xx + 2 |psi|^2 psi = 0, psi(x,0) = exp(i x) sech(x), periodic on [-20, 20], t to 1",
         "conditions: u - cos(x)/cosh(x) = 0 at t = 0; v - sin(x)/cosh(x) = 0 at t = 0; periodic in x"),
        ("1j*u_t = -0.5*u_xx + x^2/2*u, u(x,0) = exp(-x^2/2), u(-8,t)=0, u(8,t)=0, t to 2",
         "-u*x**2/2 + 0.5*u_xx - v_t = 0; u_t - v*x**2/2 + 0.5*v_xx = 0"),
    ],
)  # fmt: skip
def test_a_complex_field_is_solved_by_its_real_and_imaginary_parts(text: str, solved: str) -> None:
    _, plan = planned(f"PINN for {text}")
    assert solved in plan.notes[0]
    assert any("the field is complex" in note.lower() for note in plan.notes)


def test_a_complex_equation_that_cannot_be_split_says_how_to_write_it() -> None:
    with pytest.raises(IllPosed, match=re.escape("'log(psi)' of a complex number")) as caught:
        planned("PINN: i psi_t = -psi_xx + log(psi) psi, psi(x,0)=1, periodic on [0, 1], t to 1")
    assert "real and the imaginary part as two equations" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("the heat equation, T(0,t)=0, T(1,t)=0, T(x,0)=sin(pi x)", "u - sin(pi*x) = 0 at t = 0"),
        ("u_t + u u_x = 0.1 u_xx, x in [-1,1], t in [0,1], u(0,x) = -sin(pi x), u(t,-1)=u(t,1)=0",
         "u + sin(pi*x) = 0 at t = 0; u = 0 at x = -1; u = 0 at x = 1."),
        ("Laplace's equation on the unit square with u=0 on three sides and u=sin(pi x) on the top side",
         "u = 0 at y = 0; u - sin(pi*x) = 0 at y = 1."),
        ("-Δu = 2π² sin(πx) sin(πy) on (0,1)², u = 0 on ∂Ω",
         "-(u_xx + u_yy) - 2*pi**2*sin(pi*x)*sin(pi*y) = 0, x in [0, 1], y in [0, 1]; conditions: u = 0 at x = 0"),
        ("u_t = (k(x) u_x)_x + f, k(x) = 1 + x^2, f = sin(pi x), u(x,0)=sin(pi x), u(0,t)=u(1,t)=0",
         "u_t - 2*u_x*x - u_xx*(x**2 + 1) - sin(pi*x) = 0"),
        (r"\frac{\partial u}{\partial t} = 0.1 \frac{\partial^2 u}{\partial x^2}, u(x,0)=sin(pi x), u(0,t)=u(1,t)=0",
         "u_t - 0.1*u_xx = 0"),
        ("∂_t u = 0.1 ∂_xx u, u(x,0)=sin(pi x), u(0,t)=u(1,t)=0", "u_t - 0.1*u_xx = 0"),
        ("l'équation de Burgers u_t + u u_x = 0,05 u_xx sur [-1, 1], u(x,0) = -sin(pi x), u = 0 aux bords",
         "u_t + u*u_x - 0.05*u_xx = 0, x in [-1, 1], t in [0, 1]; conditions: u + sin(pi*x) = 0 at t = 0; u = 0 at x"),
        ("m x'' + c x' + k x = 0, m = 1 kg, c = 0.2, k = 4 N/m, x(0) = 1, x'(0)=0, 20 seconds",
         "t in [0, 20], m = 1, c = 0.2, k = 4"),
        ("u_t = u_xx + u_yy, u = sin(pi x) sin(pi y) initially, u = 0 on the boundary, unit square, t to 0.1",
         "conditions: u - sin(pi*x)*sin(pi*y) = 0 at t = 0; u = 0 at x = 0"),
        ("the wave equation, c = 2, initial displacement sin(2 pi x), initial velocity pi sin(pi x)",
         "u_t - pi*sin(pi*x) = 0 at t = 0; u - sin(2*pi*x) = 0 at t = 0."),
        ("y'' + y = sin(2x), y(0)=0, y(pi/2)=1", "y_xx + y - sin(2*x) = 0, x in [0, 1.5708]"),
        ("advection of a Gaussian pulse with speed 1 on a ring of length 10 until t = 5",
         "x in [0, 10], t in [0, 5], c = 1; conditions: u - exp(-(6*(x - 5)/10)**2) = 0 at t = 0; periodic in x."),
    ],
)  # fmt: skip
def test_notations_of_scientists_are_read(text: str, solved: str) -> None:
    _, plan = planned(f"PINN for {text}")
    assert solved in plan.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the nonlinear heat equation", "nonlinear heat equation"),
        ("the damped wave equation", "damped wave equation"),
        ("the wave equation with damping", "wave equation with damping"),
        ("a double pendulum", "double pendulum"),
        ("the KdV equation with two solitons", "two solitons"),
        ("the heat equation backward in time", "backward in time"),
        ("-u'' = lambda u as an eigenvalue problem, u(0)=u(1)=0", "eigenvalue"),
        ("the heat equation in a two-layer rod", "two-layer"),
        ("the 1D Poisson equation", "2 space dimensions, not in 1"),
        ("the linear Schrödinger equation", "linear schrodinger"),
        ("the Schrödinger equation in a harmonic potential", "in a harmonic potential"),
        ("the steady-state heat equation", "steady-state heat equation"),
        ("the heat equation in cylindrical coordinates", "cylindrical coordinates"),
    ],
)
def test_another_equation_is_not_taken_for_the_one_of_its_name(text: str, words: str) -> None:
    with pytest.raises(NotAvailable, match=re.escape(words)) as caught:
        planned(f"PINN for {text}")
    assert "Write the problem out" in caught.value.remedy


@pytest.mark.parametrize(
    "text", ["Use a nonlinear solver to simulate the heat equation", "PINN for heat equation with damped Gauss-Newton",
             "PINN for the nonlinear Schrödinger equation", "Simulate the damped pendulum"]
)  # fmt: skip
def test_words_about_something_else_leave_the_equation_as_it_is(text: str) -> None:
    assert planned(text)[1].problem is not None


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("the heat equation, T = sin(pi x) initially, T = 0 at both ends", "u - sin(pi*x) = 0 at t = 0; u = 0 at x"),
        ("heat equation u_t = k u_xx; k = 0.5; 0 < x < pi; 0 < t < 1; u(0,t) = u(pi,t) = 0; u(x,0) = sin(x)",
         "x in [0, 3.14159], t in [0, 1], k = 0.5"),
        ("die Wärmeleitungsgleichung auf [0, 1], Diffusivität 0,1, links 0, rechts 1, anfangs x, bis t = 1",
         "u - x = 0 at t = 0; u = 0 at x = 0; u - 1 = 0 at x = 1."),
        ("the 1D Poisson equation u'' = -1 with zero Dirichlet conditions", "u_xx + 1 = 0, x in [0, 1]; conditions: u"),
        ("u'''' = 1 with u(0)=u'(0)=u(1)=u'(1)=0", "u_tttt - 1 = 0"),
        ("Poisson: u_xx + u_yy = sin(x) on [0, pi]^2, u = 0 on all four sides", "x in [0, 3.14159], y in [0, 3.14159]"),
        ("the heat equation, alpha = 0.1, u(x, 0) = 6 sin(pi x / L), L = 3, u(0, t) = 0, u(L, t) = 0, t_max = 2",
         "u - 6*sin(pi*x/3) = 0 at t = 0; u = 0 at x = 0; u = 0 at x = 3."),
        ("la ecuación u_tt = 4 u_xx en [0,1], u(x,0)=sin(pi x), u_t(x,0)=0, extremos fijos, hasta t = 1",
         "u = 0 at x = 0; u = 0 at x = 1."),
    ],
)  # fmt: skip
def test_more_notations_are_read(text: str, solved: str) -> None:
    assert solved in planned(f"PINN for {text}")[1].notes[0]


@pytest.mark.parametrize(
    ("text", "solved", "told"),
    [
        ("S' = -beta S, beta = 0.5, S(0) = 1; simulate for 100 days", "t in [0, 100], beta = 0.5", "counted in days"),
        ("S' = -beta S, beta = 0.5 per day, S(0) = 1; simulate for 100 days", "t in [0, 8.64e+06], beta = 5.787",
         "0.5 per day is"),
        ("Simulate the pendulum, length 50 cm, for 2 minutes", "t in [0, 120], g = 9.81, l = 0.5", "50 cm is 0.5 m"),
        ("a rod of length 2 ft, diffusivity 1e-4 m^2/s, ends at 0, to 1000 s", "x in [0, 0.6096]", "2 ft is"),
        ("Train a PINN for the heat equation within 10 minutes", "t in [0, 1]", "taken from the library"),
    ],
)  # fmt: skip
def test_units_are_converted_where_the_coefficients_have_some_too(text: str, solved: str, told: str) -> None:
    _, plan = planned(text)
    assert solved in plan.notes[0] and told in " ".join(plan.notes)


@pytest.mark.parametrize(
    "text",
    ["PINN for the heat equation with diffusivity 0.1 for 2 hours", "PINN heat equation, alpha = 0.1, a rod 50 cm long",
     "PINN for u_t = 0.1 u_xx, x in [0, 50] cm, t in [0, 10] min, u(x,0) = 0, u(0,t)=u(50,t)=0"],
)  # fmt: skip
def test_units_beside_coefficients_without_any_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="beside numbers without units") as caught:
        planned(text)
    assert "m^2/s" in caught.value.remedy
