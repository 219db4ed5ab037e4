"""Formulas in running text: found whole, told apart, and nothing that hangs on them dropped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import MlexpertError
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.ranges import box
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.told import problem_told
from orchestrator.planners.rules.written import derivatives, written
from skills.runtime.problem import Problem
from tests.planners.stated import planned

PIECES = st.sampled_from(
    ["u_t", "u_xx", "u", "u'", "=", "0.1", "+", "-", "*", "(", ")", "x", "t", "nu", "u(x,0)", "u(0,t)", "sin", "pi",
     ",", "and", "with",
     "at", "on [0,", "1]", "for nu between", "0.01", "until t =", "periodic", "find nu from", "data.csv",
     "for 5 seconds", "64 solutions", "u(-1,t)=0", "`u(1,t)=0`", "'", "é", "方程", "viscosity", "boundary", "unknown"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Solve u_t + u*u_x = 0.01 u_xx please", [("equation", "u_t + u*u_x = 0.01 u_xx")]),
        ("the system x' = y and y' = -x with x(0) = 1",
         [("equation", "x' = y"), ("equation", "y' = -x"), ("condition", "x(0) = 1")]),
        ("with nu = 0.01/pi and Re = 100", [("value", "nu = 0.01/pi"), ("value", "Re = 100")]),
        ("d^2u/dx^2 = -sin(pi x), u = 0 on the boundary",
         [("equation", "d^2u/dx^2 = -sin(pi x)"), ("condition", "u = 0")]),
        ("u = 1 at x = 0, u_x + 2 u = 0 at the right end", [("condition", "u = 1"), ("condition", "u_x + 2 u = 0")]),
        ("∂u/∂t = ∂²u/∂x² + foo(u)", [("equation", "du/dt = d^2u/dx^2 + foo(u)")]),
        ("(nu = 0.05) is a nice value", [("value", "nu = 0.05")]),
        ("`u_t = u_xx; u(x,0) = x`", [("equation", "u_t = u_xx"), ("condition", "u(x,0) = x")]),
        ("u(x,0) = x.__class__ is bad", [("condition", "u(x,0) = x.__class__")]),
        ("nu = open('a').read() here", [("value", "nu = open('a').read()")]),
        ("A plain text, with commas and numbers 3, 4", []),
    ],
)  # fmt: skip
def test_formulas_are_found_whole(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.text) for one in written(read(text))] == found


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("für u_t = 0,5 u_xx mit u(x,0) = 1", "de", ["u_t = 0.5 u_xx", "u(x,0) = 1"]),
        ("u(0,t) = 0 y u(1,t) = 0", "es", ["u(0,t) = 0", "u(1,t) = 0"]),
        ("求解u_t = u_xx，u(x,0)=x", "zh", ["u_t = u_xx", "u(x,0)=x"]),
    ],
)
def test_other_languages_break_no_formula(text: str, language: str, found: list[str]) -> None:
    assert [one.text for one in written(read(text), language)] == found


@pytest.mark.parametrize(
    ("text", "where"),
    [("u = 0 on the boundary", "boundary"), ("u = 0 at x = 1", "x = 1"),
     ("u = 0 at x = 0 and x = 1", "x = 0 and x = 1"),
     ("u_x = 0 at the left end", "x = x_low"), ("p = 0 at x = 1, y = 0", "x = 1, y = 0")],
)  # fmt: skip
def test_the_place_behind_a_condition_belongs_to_it(text: str, where: str) -> None:
    (one,) = written(read(text))
    assert (one.kind, one.where) == ("condition", where)


@pytest.mark.parametrize(
    ("text", "letters"),
    [("u_xxt", {"x", "t"}), ("d^2u/dy^2", {"y"}), ("theta''", {"'"}), ("laplace(u)", {"∇"}), ("u*v + k_1", set())],
)
def test_what_is_differentiated_by_is_seen(text: str, letters: set[str]) -> None:
    assert derivatives(text) == letters


@pytest.mark.parametrize(
    ("text", "letters", "ends"),
    [
        ("on [-1, 1] until t = 0.5", "xt", {"x": (-1.0, 1.0), "t": (0.0, 0.5)}),
        ("on the unit square up to t = 2", "xyt", {"x": (0.0, 1.0), "y": (0.0, 1.0), "t": (0.0, 2.0)}),
        ("on [0,2]x[0,1]", "xy", {"x": (0.0, 2.0), "y": (0.0, 1.0)}),
        ("for ten seconds", "t", {"t": (0.0, 10.0)}),
        ("0 <= t <= 3", "t", {"t": (0.0, 3.0)}),
        ("within 60 seconds", "t", {}),
    ],
)
def test_ranges_are_read(text: str, letters: str, ends: dict[str, tuple[float, float]]) -> None:
    assert box(Page(read(text), "en"), tuple(letters)) == ends


def test_a_number_that_nothing_uses_is_told() -> None:
    told = problem_told(read("PINN for Burgers with viscosity 0.02 and 7 gremlins, seed 3, 2 layers of 20"), "en", ())
    assert told["parameters"] == {"nu": 0.02}
    assert [str(words) for words in told["unused"]] == [words for words in told["unused"] if "7 gremlins" in str(words)]  # type: ignore[union-attr]
    assert "unused" not in problem_told(read("2D heat equation until t = 2, seed 3"), "en", ())


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=14).map(" ".join)))
def test_any_request_for_a_problem_is_planned_or_refused_with_a_remedy(text: str) -> None:
    try:
        _, made = planned(f"Train a PINN for the Burgers equation {text}")
    except MlexpertError as refusal:
        assert refusal.message and refusal.remedy
    else:
        assert made.problem is None or Problem.model_validate(made.problem)
