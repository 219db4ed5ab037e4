"""The exact series against solutions known in closed form, and where there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy import cos, exp, pi, sin

from skills.runtime.fields import grid_points
from skills.runtime.parabolic import Parabolic as Problem
from skills.runtime.scoring.exact import exact_solution

NEUMANN = {"kind": "neumann"}
PERIODIC = {"kind": "periodic"}
INSULATED = {"left": NEUMANN, "right": NEUMANN}
KNOWN: dict[str, tuple[dict[str, object], Callable[..., np.ndarray]]] = {
    "held": ({}, lambda x, t: exp(-0.4 * pi**2 * t) * sin(pi * x)),
    "shifted box": (
        {"x": [-1, 3], "t": [2, 5], "initial": "sin(pi*(x+1)/2) - 3*sin(pi*(x+1))", "diffusion": "0.1"},
        lambda x, t: (
            exp(-0.1 * pi**2 / 4 * (t - 2)) * sin(pi * (x + 1) / 2)
            - 3 * exp(-0.1 * pi**2 * (t - 2)) * sin(pi * (x + 1))
        ),
    ),
    "held, carried and growing": (
        {"advection": "0.4", "reaction": "2", "initial": "exp(-0.5*x)*sin(2*pi*x)"},
        lambda x, t: exp((2 - 0.1 - 1.6 * pi**2) * t - 0.5 * x) * sin(2 * pi * x),
    ),
    "insulated": (
        {**INSULATED, "initial": "1 + cos(2*pi*x)"},
        lambda x, t: 1 + exp(-1.6 * pi**2 * t) * cos(2 * pi * x),
    ),
    "insulated, carried and decaying": (
        {**INSULATED, "advection": "0.8", "reaction": "-1", "initial": "2 + exp(-x)*(pi*cos(pi*x) + sin(pi*x))"},
        lambda x, t: 2 * exp(-t) + exp(-(1.4 + 0.4 * pi**2) * t - x) * (pi * cos(pi * x) + sin(pi * x)),
    ),
    "periodic and carried": (
        {"left": PERIODIC, "right": PERIODIC, "advection": "-3", "initial": "2 + sin(4*pi*x)"},
        lambda x, t: 2 + exp(-0.4 * 16 * pi**2 * t) * sin(4 * pi * (x - 3 * t)),
    ),
    "one end insulated": (
        {"right": NEUMANN, "initial": "sin(pi*x/2)"},
        lambda x, t: exp(-0.1 * pi**2 * t) * sin(pi * x / 2),
    ),
    "other end insulated": (
        {"left": NEUMANN, "initial": "cos(3*pi*x/2)"},
        lambda x, t: exp(-0.9 * pi**2 * t) * cos(3 * pi * x / 2),
    ),
    "held at other values": (
        {"left": {"value": "1"}, "right": {"value": "3"}, "initial": "1 + 2*x + sin(pi*x)"},
        lambda x, t: 1 + 2 * x + exp(-0.4 * pi**2 * t) * sin(pi * x),
    ),
    "nothing at all": ({"initial": "0"}, lambda x, t: 0 * x),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_series_equals_the_known_solution(name: str) -> None:
    told, known = KNOWN[name]
    problem = Problem.model_validate(told)
    series, why = exact_solution(problem)
    assert series is not None, why
    points = grid_points(problem, (23, 41))
    wanted = known(points[:, 0], points[:, 1])
    assert np.abs(series(*points.T) - wanted).max() <= 1e-12 * max(1.0, np.abs(wanted).max())


def test_a_parabola_follows_the_textbook_series() -> None:
    problem = Problem.model_validate({"diffusion": "1", "initial": "x*(1-x)"})
    series, _ = exact_solution(problem)
    assert series is not None
    x, t = np.linspace(0, 1, 21), np.full(21, 0.01)
    odd = np.arange(1, 400, 2)[:, None]
    wanted = (8 / (pi * odd) ** 3 * sin(odd * pi * x) * exp(-((odd * pi) ** 2) * t)).sum(axis=0)
    assert np.abs(series(x, t) - wanted).max() < 1e-13


def test_doubling_the_modes_changes_nothing_where_the_series_has_converged() -> None:
    problem = Problem.model_validate({"x": [-1, 1], "diffusion": "0.05", "initial": "exp(-x**2/(2*0.1**2))"})
    series, _ = exact_solution(problem)
    finer, _ = exact_solution(problem, doubled=True)
    assert series is not None and finer is not None
    points = grid_points(problem, (11, 41))
    assert np.abs(series(*points.T) - finer(*points.T)).max() < 1e-13


def test_the_first_time_shows_the_initial_profile_itself() -> None:
    problem = Problem.model_validate({"initial": "1 - abs(2*x - 1)"})
    series, _ = exact_solution(problem)
    assert series is not None
    x = np.linspace(0, 1, 7)
    assert np.array_equal(series(x, np.zeros(7)), 1 - np.abs(2 * x - 1))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"diffusion": "0.4 + 0.1*x"}, "diffusion varies"),
        ({"source": "1"}, "source"),
        ({"left": {"value": "sin(t)"}}, "the ends have values"),
        ({"left": {"kind": "robin", "coefficient": "-1"}}, "no eigenfunctions"),
        ({"advection": "40"}, "advection outweighs"),
        ({"left": {"value": "1"}, "reaction": "-1"}, "the ends have values"),
        ({"left": {"kind": "neumann", "value": "1"}, "right": NEUMANN}, "the ends have values"),
    ],
)
def test_a_problem_without_closed_form_is_told_with_its_reason(told: dict[str, object], why: str) -> None:
    series, reason = exact_solution(Problem.model_validate(told))
    assert series is None
    assert why in reason
