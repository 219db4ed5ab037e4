"""Bounds of solutions from their data, and reasons why there are none."""

from __future__ import annotations

import numpy as np
import pytest

from skills.runtime.laws import derive
from skills.runtime.laws.ranges import allowed
from skills.runtime.problem import Problem
from tests.laws.statements import CLOSED, FIXED, UNIT, problem, stated

START = ({"t": 0.0}, ["u - sin(pi*x)"])
FREE = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
SIDES = [({"x": 0.0}, ["u"]), ({"x": 1.0}, ["u"]), ({"y": 0.0}, ["u"]), ({"y": 1.0}, ["u - x"])]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("heat", 0, 1), ("heat_2d", 0, 1), ("insulated", 0, 2), ("burgers", -1, 1), ("allen_cahn", -1, 1),
        ("fisher_kpp", 0, 1), ("advection", -1, 1), ("inflow", -1, 1), ("laplace", 0, 1), ("heated", 0, np.inf),
        ("poisson", 0, np.inf), ("brusselator", 0, np.inf), ("lotka_volterra", 0, np.inf), ("epidemic", 0, np.inf),
        ("porous medium", 0, 1),
    ],
)  # fmt: skip
def test_named_problems_have_the_bounds_of_the_textbooks(name: str, low: float, high: float) -> None:
    found = allowed(problem(name))
    assert not found.reason
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-9))


@pytest.mark.parametrize(
    ("equation", "ends", "low", "high"),
    [
        ("u_t - u_xx + 2*u", [({"x": 0.0}, ["u - 3"]), ({"x": 1.0}, ["u - 3"])], 0, 3),
        ("u_t - u_xx + 2*u - 8", CLOSED, 0, 4),
        ("u_t - (1 + x)*u_xx + u*u_x**2", FIXED, 0, 1),
        ("u_t - u_xx + x", FIXED, -np.inf, 1),
        ("u_t - u_xx + u**2", FIXED, 0, 1),
        ("u_t - 0.4*u_xx", [({"x": 0.0}, ["u_x - 2*(u - 3)"]), ({"x": 1.0}, ["u_x"])], 0, 3),
    ],
)
def test_reactions_move_the_bounds_to_where_they_turn(equation: str, ends: list, low: float, high: float) -> None:
    found = allowed(stated(UNIT, "u", [equation], [START, *ends]))
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (problem("wave"), "no equation of first order"),
        (problem("kdv"), "derivatives other than"),
        (problem("helmholtz"), "sign of an oscillation"),
        (problem("lorenz"), "x starts below zero"),
        (problem("pendulum as a system"), "may fall below zero"),
        (problem("kovasznay"), "no evolution of first order"),
        (stated(UNIT, "u", ["u_t - u_xx - 2*u"], [START, *FIXED]), ""),
        (stated(UNIT, "u", ["u_t - u_xx - sin(20*x)"], [START, *FIXED]), "lets u grow"),
        (stated(UNIT, "u", ["u_t - (x - 0.5)*u_xx"], [START, *FIXED]), "not positive"),
        (
            stated(UNIT, "u", ["u_t - u_xx"], [START, ({"x": 0}, ["u_x - 1"]), ({"x": 1}, ["u"])]),
            "nor is the end closed",
        ),
        (stated(FREE, "u", ["u_xx + u_yy + sin(7*x)"], SIDES), "both signs"),
        (stated(FREE, "u", ["u_xx + u_yy - u**3"], SIDES), "not linear"),
        (stated(FREE, "u", ["u_xx - u_yy"], SIDES), "not positive"),
    ],
)
def test_where_there_is_no_bound_the_reason_is_told(told: Problem, reason: str) -> None:
    found = allowed(told)
    assert bool(found.reason) == bool(reason)
    assert reason in found.reason
    if not reason:
        assert (found.low, found.high) == (0, np.inf)


def test_a_steady_field_that_decays_is_bounded_on_both_sides_by_its_data_and_zero() -> None:
    high = [({name: end}, ["u - 3"]) for name in "xy" for end in (0.0, 1.0)]
    found = allowed(stated(FREE, "u", ["u_xx + u_yy - 4*u"], high))
    assert (found.low, found.high) == (0, 3)


def test_one_field_of_a_system_that_may_turn_negative_is_named() -> None:
    system = ["u_t - u_xx - v**2", "v_t - v_xx + u - u**2"]
    found = allowed(stated(UNIT, "u v", system, [({"t": 0}, ["u - 1", "v - 1"])], periodic=["x"]))
    assert found.reason == "v may fall below zero"


def test_a_bound_is_told_in_symbols() -> None:
    law = next(law for law in derive(problem("allen_cahn")) if law.name == "maximum_principle")
    assert law.formula == "-1 ≤ u ≤ 1"
