"""Requests for problems in symbols: what is planned is the problem that was meant, or a refusal says why not."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from orchestrator.core.errors import BadInput, IllPosed, UserError
from orchestrator.core.request import Request
from orchestrator.planners.seam import choose
from orchestrator.problems import Problem as Statement
from orchestrator.problems import library, names, normal
from skills.runtime.problem import Problem
from tests.planners.stated import WAVE, Sample, differs, planned, samples, wrong

ALL = [*samples("problems.jsonl"), *samples("problems_held.jsonl")]


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.text[:60])
def test_a_request_means_the_problem_that_is_planned(sample: Sample, tmp_path: Path) -> None:
    assert not wrong(sample, tmp_path)


@pytest.mark.parametrize("name", names())
def test_every_problem_of_the_library_is_planned_by_its_title(name: str) -> None:
    _, plan = planned(f"Train a PINN for the {library()[name].title}")
    assert plan.problem is not None
    read = Problem.model_validate(plan.problem)
    assert read.fields and [step.id for step in plan.steps] == [
        "train", "reference", "constraints", "classical", "physics",
    ]  # fmt: skip


def written_out(folder: Path, **parts: object) -> Path:
    told = {**WAVE, **parts}
    path = folder / "string.json"
    path.write_text(json.dumps(told))
    return path


def test_words_change_a_problem_that_came_as_a_file(tmp_path: Path) -> None:
    path = written_out(tmp_path)
    _, made = planned("Solve it with a PINN with c = 3 until t = 0.5, u(x,0) = sin(2 pi x)", str(path))
    assert made.problem is not None
    assert made.problem["parameters"] == {"c": 3.0}
    assert made.problem["coordinates"] == [
        {"name": "x", "low": 0.0, "high": 1.0},
        {"name": "t", "low": 0.0, "high": 0.5},
    ]
    assert differs(made.problem, normal(Statement.model_validate(
        {**WAVE, "parameters": {"c": 3}, "domain": {"x": [0, 1], "t": [0, 0.5]},
         "conditions": ["u(x, 0) = sin(2*pi*x)", *WAVE["conditions"][1:]]}))) == ""  # fmt: skip


def test_an_equation_beside_a_file_is_not_guessed_about(tmp_path: Path) -> None:
    path = written_out(tmp_path)
    with pytest.raises(BadInput, match="u_tt = 9 u_xx"):
        planned("Solve u_tt = 9 u_xx with a PINN", str(path))


def test_an_ill_posed_file_is_refused_by_the_plan(tmp_path: Path) -> None:
    path = written_out(tmp_path, conditions=["u(x, 0) = 0"])
    with pytest.raises(IllPosed, match="missing"):
        planned("Train a PINN", str(path))


@pytest.mark.parametrize(
    ("text", "route"), [("Train a PINN", "train/pinn"), ("Simulate it", "simulate"), ("go", "simulate")]
)
def test_a_problem_from_python_needs_no_words(text: str, route: str) -> None:
    planner = choose("rules", {})
    request = Request(text=text, problem=Statement.model_validate(WAVE).as_json())
    routing = asyncio.run(planner.route(request))
    made = asyncio.run(planner.plan(request, routing, None, ()))
    assert routing.route == route
    assert made.problem is not None and made.problem["parameters"] == {"c": 2.0}


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("x between 0 and 2, t between 0 and 0.5", [(0.0, 2.0), (0.0, 0.5)]),
        ("on the interval from 0 to 2, t in [0, 0.5]", [(0.0, 2.0), (0.0, 0.5)]),
    ],
)
def test_ranges_told_in_words_are_the_box(words: str, ends: list[tuple[float, float]]) -> None:
    for text in ("Simulate the wave equation", "Simulate u_t = 0.1*u_xx"):
        _, plan = planned(f"{text}, {words}")
        assert plan.problem is not None
        axes = Problem.model_validate(plan.problem).coordinates
        assert [(axis.low, axis.high) for axis in axes] == ends


EPIDEMIC = "S_t + 2*S*I = 0; I_t - 2*S*I + 0.5*I = 0"


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("S' = -2 S I, I' = 2 S I - 0.5 I, with S(0)=0.99, I(0)=0.01, t up to 1", EPIDEMIC),
        ("S' = -2 S I, I' = 2 S I - 0.5 I mit S(0)=0.99, I(0)=0.01, t bis 1", EPIDEMIC),
        ("Schrödinger equation, t from 0 to 1, bright soliton", "u_t + v_xx/2"),
        ("y'' = -9.81, y(0)=100, y'(0)=0, t in 0 to 3", "t in [0, 3]"),
        ("u_tt = u_xx, u(x,0)=sin(pi*x), u_t(x,0)=0, u(0,t)=0, u(1,t)=0, t to 2", "t in [0, 2]"),
        ("v' = -v, v(0) = -1 to time 50", "t in [0, 50]"),
        ("u' = -u, u(0)=1, t<=3", "t in [0, 3]"),
        ("u' = -u, u(0)=1, 0<=t<=5", "t in [0, 5]"),
        ("u' = -u, u(0)=1, t in [0, 5]", "conditions: u - 1 = 0 at t = 0"),
    ],
)  # fmt: skip
def test_what_is_solved_is_what_was_asked_and_is_told(text: str, solved: str) -> None:
    _, plan = planned(f"PINN: {text}")
    assert solved in plan.notes[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("u_t = u_xx, u(0,t)=0, u(1,t)=0", "initial condition for u at t = 0 is missing"),
        ("u' = -2 u I, u(0)=1, t in [0, 1]", "symbol 'I'"),
        ("KdV u_t + 6 u u_x + u_xxx = 0 periodic on [-10,10], a start 6/cosh(x)^2 until t=0.5", "6/cosh"),
        ("u' = -u, u(0)=1, reaching 7 at last", "reaching 7"),
    ],
)  # fmt: skip
def test_what_would_be_assumed_beside_something_unread_is_refused(text: str, word: str) -> None:
    with pytest.raises(UserError, match=re.escape(word)):
        planned(f"PINN: {text}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("u_t = u_xx + 9**9**9", "'9**9**9' has no finite value"),
        ("u_t = (lambda: 1)()*u_xx", "unknown symbol 'lambda'"),
        ("u_t = nu*u_xx, nu = 9**9**9", "the parameter nu = '9**9**9' has no finite value"),
        ("u_t = u_xx + log(-1)", "'log(-1)' has no finite value"),
    ],
)  # fmt: skip
def test_a_formula_without_a_value_is_named_with_its_reason(text: str, told: str) -> None:
    with pytest.raises(IllPosed, match=re.escape(told)) as caught:
        planned(f"PINN for {text}, u(x,0) = sin(pi*x), u(0,t)=0, u(1,t)=0")
    assert "Errno" not in caught.value.message and "Numerical result" not in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("y'' + 2*exp(y) = 0, y(0) = 0, y(1) = 0", False),
        ("u' = u^2, u(0) = 1, t to 2", False),
        ("u_t = 0.1 u_xx, u(x,0) = sin(pi x), u(0,t) = 0, u(1,t) = 0", True),
    ],
)
def test_a_plan_claims_one_solution_only_where_that_was_looked_at(text: str, claims: bool) -> None:
    _, plan = planned(f"PINN for {text}")
    assert ("one stable solution" in plan.thoughts[0].why) is claims
    assert ("was not determined" in plan.thoughts[0].why) is not claims
