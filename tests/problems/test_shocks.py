"""Laws without viscosity are refused where a shock ends their classical solution, with the time when it does."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import IllPosed
from orchestrator.problems import Posed, Problem, pose

SINE = ["u(x,0) = sin(2*pi*x)", "periodic"]
BREAKS = 1 / (2 * math.pi)
UNDECIDED = "whether a shock forms"


def posed(equations: str | list[str], last: float, conditions: list[str], low: float = 0, high: float = 1,
          **more: Any) -> Posed:  # fmt: skip
    told = {"equations": equations, "domain": {"x": (low, high), "t": (0, last)}, "conditions": conditions, **more}
    return pose(Problem.model_validate(told))


def breaking(*told: Any, **more: Any) -> tuple[float, float]:
    """(time, place) that the refusal names."""
    with pytest.raises(IllPosed) as caught:
        posed(*told, **more)
    assert caught.value.exit_code == 42 and "viscosity" in caught.value.remedy
    match = re.search(r"breaks at t = (\S+) near x = (\S+):", caught.value.message)
    assert match, caught.value.message
    return float(match[1]), float(match[2])


@pytest.mark.parametrize(
    ("told", "time", "place"),
    [
        (("u_t + u*u_x = 0", 1, SINE), BREAKS, 0.5),
        (("u_t + (u^2/2)_x = 0", 1, SINE), BREAKS, 0.5),
        (("u_t + u*u_x = nu*u_xx", 1, SINE, 0, 1, {"nu": 0}), BREAKS, 0.5),
        (("u_t + u^2*u_x = 0", 1, ["u(x,0) = exp(-10*(x-0.5)^2)", "u(0,t) = exp(-2.5)"], 0, 2),
         math.exp(0.5) / (2 * math.sqrt(10)), 0.5 + 1 / math.sqrt(40) + 0.5 / math.sqrt(10)),
        # Damping delays it: 1 - exp(-t) = 1/(2 pi).
        (("u_t + u*u_x = -u", 1, SINE), -math.log(1 - BREAKS), 0.5),
        # What enters through the face overtakes what entered before.
        (("u_t + u*u_x = 0", 1, ["u(x,0) = 1", "u(0,t) = 1 + 2*t"]), 0.5, 0.5),
        # A narrow front between the evenly spread starts.
        (("u_t + u*u_x = 0", 1, ["u(x,0) = 2 - tanh((x-0.30005)/1e-4)", "u(0,t) = 3"], 0, 4), 1e-4, 0.30025),
    ],
)  # fmt: skip
def test_the_breaking_time_and_place_are_those_of_the_characteristics(
    told: tuple[Any, ...], time: float, place: float
) -> None:
    more = {"parameters": told[5]} if len(told) > 5 else {}
    found = breaking(*told[:5], **more)
    assert found == (pytest.approx(time, rel=2e-3), pytest.approx(place, abs=2e-3))


@settings(max_examples=10, deadline=None)
@given(st.floats(0.2, 3), st.floats(-2, 2), st.floats(0.1, 3))
def test_a_sine_breaks_when_its_steepest_slope_says(height: float, drift: float, share: float) -> None:
    conditions = [f"u(x,0) = {height!r}*sin(2*pi*x) + {drift!r}", "periodic"]
    when = BREAKS / height
    last = when * share
    if share < 0.99:
        assert not posed("u_t + u*u_x = 0", last, conditions).notes
    elif share > 1.01:
        assert breaking("u_t + u*u_x = 0", last, conditions)[0] == pytest.approx(when, rel=1e-3)


@pytest.mark.parametrize(
    "told",
    [
        ("u_t + u*u_x = 0", 0.99 * BREAKS, SINE),
        ("u_t + u*u_x = -10*u", 1, SINE),
        ("u_t + u*u_x = 0.01*u_xx", 1, SINE),
        ("u_t + u*u_x + 0.01*u_xxx = 0", 1, SINE),
        ("u_t + u_x = u*(1-u)", 5, SINE),
        ("u_tt = u_xx - sin(u)", 1, [*SINE, "u_t(x,0) = 0"]),
        ("u_t = (u*u_x)_x", 1, ["u(x,0) = 2 + sin(2*pi*x)", "periodic"]),
        # The characteristics of 2 - x would meet at x = 2, outside.
        ("u_t + u*u_x = 0", 5, ["u(x,0) = 2 - x", "u(0,t) = 2"]),
        ("u_t + u*u_x = 0", 1, ["u(x,0) = 1", "u(0,t) = 1/(1+t)"]),
    ],
)
def test_where_no_characteristics_meet_nothing_is_said(told: tuple[Any, ...]) -> None:
    assert not [note for note in posed(*told).notes if "shock" in note]


@pytest.mark.parametrize(
    ("equations", "conditions"),
    [
        (["h_t + (h*u)_x = 0", "u_t + u*u_x + h_x = 0"], ["h(x,0) = 1 + 0.1*sin(2*pi*x)", "u(x,0) = 0", "periodic"]),
        (["u_tt = (1 + u_x^2)*u_xx"], [*SINE, "u_t(x,0) = 0"]),
        (["u_t + u_x^2/2 = 0"], SINE),
        (["u_t + u*u_x = 0"], ["exp(u(x,0)) = 2 + sin(2*pi*x)", "periodic"]),
    ],
)
def test_where_it_cannot_be_decided_the_plan_says_so(equations: list[str], conditions: list[str]) -> None:
    assert any(UNDECIDED in note for note in posed(equations, 0.1, conditions).notes)


def test_a_closed_form_is_its_own_proof() -> None:
    assert not any("shock" in note for note in posed(
        "u_t + u*u_x = 0", 5, ["u(x,0) = x", "u(0,t) = 0"], exact={"u": "x/(1+t)"}).notes)  # fmt: skip


def test_unknown_coefficients_make_it_a_note() -> None:
    notes = posed("u_t + a*u*u_x = 0", 1, SINE, unknown={"a": {"low": 0.5, "high": 1.5}}).notes
    assert any("at their guesses, the classical solution breaks at t = 0.1592" in note for note in notes)
