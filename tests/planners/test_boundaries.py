"""Boundary conditions told in words: read at both ends, or refused; never replaced by others."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import BadInput, IllPosed
from tests.planners.test_plan_field import plan, problem, same

NEUMANN = {"kind": "neumann", "value": "0", "coefficient": "0"}
FIXED = {"kind": "dirichlet", "value": "0", "coefficient": "0"}


def robin(coefficient: str) -> dict[str, str]:
    return {"kind": "robin", "value": "0", "coefficient": coefficient}


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("Solve heat equation with Robin boundary u_x + 2u = 0 at both ends with a PINN", robin("2"), robin("2")),
        ("PINN heat equation, du/dn + 2 u = 0 on the boundary", robin("-2"), robin("2")),
        ("PINN heat equation, Robin u_x - u = 0 at the left end, Dirichlet on the right", robin("-1"), FIXED),
        ("Löse die Wärmeleitungsgleichung mit Neumann-Rändern mit einem PINN", NEUMANN, NEUMANN),
        ("PINN pour l'équation de la chaleur avec conditions de Neumann", NEUMANN, NEUMANN),
        ("PINN ecuación del calor con condiciones de Neumann", NEUMANN, NEUMANN),
        ("PINN heat equation, Neumann boundaries", NEUMANN, NEUMANN),
        ("PINN heat equation, Neumann at the left and right ends", NEUMANN, NEUMANN),
        (
            "PINN heat equation, Neumann condition u_x = 1 at both ends",
            NEUMANN | {"value": "1"},
            NEUMANN | {"value": "1"},
        ),
        ("PINN heat equation with u = 1 at both ends", FIXED | {"value": "1"}, FIXED | {"value": "1"}),
        ("PINN heat equation, Robin: u_x(0,t) - 2 u(0,t) = 0, u_x(1,t) + 2 u(1,t) = 0", robin("-2"), robin("2")),
        ("PINN heat equation, left Dirichlet, right Neumann", FIXED, NEUMANN),
        ("PINN heat equation insulated at x = 0, Dirichlet at x = 1", NEUMANN, FIXED),
        ("PINN heat equation, left end insulated and right end at 1", NEUMANN, FIXED | {"value": "1"}),
    ],
)
def test_conditions_in_words_hold_where_the_words_say(text: str, left: object, right: object) -> None:
    assert same(problem(text), {"left": left, "right": right})
    assert not any("gives no boundary" in note for note in plan(text).notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PINN heat equation with Robin boundaries", "robin boundaries"),
        ("PINN équation de la chaleur, conditions de Robin", "robin"),
        ("PINN heat equation with Dirichlet and Neumann conditions", "dirichlet"),
        ("PINN heat equation, not periodic", "not periodic"),
        ("Simulate the heat equation with a heat flux of 2 through the ends", "heat flux"),
    ],
)
def test_boundary_words_that_give_no_condition_are_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=f"boundary condition '{words}'") as caught:
        plan(text)
    assert "u_x(1,t) = 0" in caught.value.remedy


def test_a_condition_written_for_one_end_does_not_hold_at_the_other() -> None:
    with pytest.raises(IllPosed, match="boundary condition at x = 1 is missing"):
        plan("PINN heat equation, Neumann u_x(0,t) = 1")


@pytest.mark.parametrize(
    "text", ["PINN heat equation Dirichlet value 3", "PINN heat equation, Neumann boundary value 2"]
)
def test_a_value_in_words_is_never_dropped_for_zero(text: str) -> None:
    with pytest.raises(BadInput, match="value"):
        plan(text)


@pytest.mark.parametrize(
    ("conditions", "surplus", "missing"),
    [
        ("u(0,t)=0, u(0,t)=1, u(x,0)=sin(pi*x)", "at x = 0 is one too many", "at x = 1 is missing"),
        ("u(x,0)=sin(pi*x), u(x,0)=0, u(1,t)=0", "at t = 0 contradicts", "at x = 0 is missing"),
        ("u(x,0)=sin(pi*x), u(0,t)=0, u_x(0,t)=0", "at x = 0 is one too many", "at x = 1 is missing"),
    ],
)
def test_what_is_too_much_and_what_is_missing_are_both_named(conditions: str, surplus: str, missing: str) -> None:
    with pytest.raises(IllPosed) as caught:
        plan(f"Train a PINN for u_t = 0.1*u_xx, x in [0,1], t in [0,1], {conditions}")
    assert surplus in caught.value.message and missing in caught.value.message
