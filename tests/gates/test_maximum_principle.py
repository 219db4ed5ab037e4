"""The table waives the maximum principle exactly where the boxes' own rule gives the solution no bounds."""

from __future__ import annotations

import pytest
from evidence import PROBLEM, parabolic, plan_for
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.request import Route
from orchestrator.gates.required import exempt
from skills.runtime.fields import bounds
from skills.runtime.parabolic import Parabolic
from skills.runtime.problem import Problem

SIGNED = ("0", "1", "-1", "x", "-x", "x - 0.5", "t*(x - 2)", "sin(2*pi*16*x)")
END = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["dirichlet", "neumann", "robin"]),
        "value": st.sampled_from(["0", "1", "-1", "t", "t - 0.5"]),
        "coefficient": st.sampled_from(["0", "1", "-1", "t", "-t", "t - 0.5"]),
    }
)


def waived(problem: dict[str, object]) -> bool:
    return bool(exempt(plan_for(Route.PINN, problem=problem), "physics.maximum_principle"))


def agree(problem: dict[str, object]) -> bool:
    family = Parabolic.of(Problem.model_validate(problem))
    return waived(problem) == (family is None or bool(bounds(family).reason))


@given(source=st.sampled_from(["0", "0", *SIGNED]), reaction=st.sampled_from(SIGNED), left=END, right=END)
@settings(max_examples=150, deadline=None)
def test_the_table_and_the_scorer_agree(source: str, reaction: str, left: object, right: object) -> None:
    assert agree(parabolic(source=source, reaction=reaction, left=left, right=right))


def test_they_agree_on_periodic_ends() -> None:
    ends = {"left": {"kind": "periodic"}, "right": {"kind": "periodic"}}
    assert agree(parabolic(**ends)) and agree(parabolic(**ends, reaction="1"))
    assert not waived(parabolic(**ends)) and waived(parabolic(**ends, reaction="1"))


@pytest.mark.parametrize(
    "changes",
    [
        {"equations": ["u_t + u*u_x - alpha*u_xx"]},
        {"equations": ["u_tt - alpha*u_xx"]},
        {"equations": ["u_t + alpha*u_xx"]},
        {"parameters": {}, "unknown": {"alpha": {"low": 0.1, "high": 1.0, "guess": 0.4}}},
        {"conditions": [*PROBLEM["conditions"], {"at": {"x": 1.0}, "equations": ["u_x"]}]},
        {"conditions": [{"at": {"t": 0.0}, "equations": ["u_x - 1"]}, *PROBLEM["conditions"][1:]]},
    ],
)
def test_they_agree_on_problems_of_another_kind(changes: dict[str, object]) -> None:
    problem = {**PROBLEM, **changes}
    assert waived(problem) and Parabolic.of(Problem.model_validate(problem)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"reaction": "-2*x"},  # decay
        {"right": {"kind": "robin", "value": "1", "coefficient": "1"}},  # gives off to surroundings at 1
        {"left": {"kind": "robin", "value": "-1", "coefficient": "-1"}},
        {"diffusion": "alpha*(1 + x*t)"},
    ],
)
def test_decay_and_exchange_keep_the_check_required(changes: dict[str, object]) -> None:
    assert not waived(parabolic(**changes)) and agree(parabolic(**changes))


def test_data_without_a_value_somewhere_waive_nothing() -> None:
    assert not waived(parabolic(source="1/x"))
