"""The table waives the maximum principle exactly where the boxes' own rule gives the solution no bounds."""

from __future__ import annotations

import pytest
from evidence import PROBLEM, plan_for
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.request import Route
from orchestrator.gates.required import exempt
from skills.runtime.fields import bounds
from skills.runtime.parabolic import Parabolic as Problem

SIGNED = ("0", "1", "-1", "x", "-x", "x - 0.5", "t*(x - 2)", "sin(2*pi*16*x)")
END = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["dirichlet", "neumann", "robin"]),
        "value": st.sampled_from(["0", "1", "-1", "t", "t - 0.5"]),
        "coefficient": st.sampled_from(["0", "1", "-1", "t", "-t", "t - 0.5"]),
    }
)


def agree(problem: dict[str, object]) -> bool:
    waived = bool(exempt(plan_for(Route.PINN, problem=problem), "physics.maximum_principle"))
    return waived == bool(bounds(Problem.model_validate(problem)).reason)


@given(source=st.sampled_from(["0", "0", *SIGNED]), reaction=st.sampled_from(SIGNED), left=END, right=END)
@settings(max_examples=150, deadline=None)
def test_the_table_and_the_scorer_agree(source: str, reaction: str, left: object, right: object) -> None:
    assert agree({**PROBLEM, "source": source, "reaction": reaction, "left": left, "right": right})


def test_they_agree_on_periodic_ends() -> None:
    ends = {"left": {"kind": "periodic"}, "right": {"kind": "periodic"}}
    assert agree({**PROBLEM, **ends}) and agree({**PROBLEM, **ends, "reaction": "1"})


@pytest.mark.parametrize(
    "changes",
    [
        {"reaction": "-2*x"},  # decay
        {"right": {"kind": "robin", "value": "1", "coefficient": "1"}},  # gives off to surroundings at 1
        {"left": {"kind": "robin", "value": "-1", "coefficient": "-1"}},
    ],
)
def test_decay_and_exchange_keep_the_check_required(changes: dict[str, object]) -> None:
    problem = {**PROBLEM, **changes}
    assert exempt(plan_for(Route.PINN, problem=problem), "physics.maximum_principle") == ""
    assert bounds(Problem.model_validate(problem)).reason == ""


def test_data_without_a_value_somewhere_waive_nothing() -> None:
    problem = {**PROBLEM, "source": "1/x"}
    assert exempt(plan_for(Route.PINN, problem=problem), "physics.maximum_principle") == ""
