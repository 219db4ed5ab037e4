"""Options that a request states plainly reach the spec, are refused, or are noted; none is dropped in silence."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import BadInput, NotAvailable
from tests.planners.test_plan_field import plan as field_plan
from tests.planners.test_plan_field import problem, same
from tests.planners.test_plan_table import HOMES, column, data, table
from tests.planners.test_plan_table import plan as table_plan

NUMBERED = table(*(column(name, "number", 300, low=0.5, high=9.0) for name in ("x1", "x2", "x3", "y")))


@pytest.mark.parametrize(
    "option",
    ["learning rate -0.1", "learning rate 0", "test size 1.5", "test share 130%", "test size 0", "hold out 0 %"],
)
def test_values_outside_their_range_are_refused(option: str) -> None:
    with pytest.raises(BadInput, match=r"learning rate|test share"):
        table_plan(f"Predict price in x.csv, {option}")


@pytest.mark.parametrize("rate", ["-0.01", "0"])
def test_a_network_does_not_learn_at_no_rate(rate: str) -> None:
    with pytest.raises(BadInput, match="learning rate"):
        field_plan(f"PINN heat equation with adam, learning rate {rate}")


@pytest.mark.parametrize("words", ["test share 30%", "30% test"])
def test_the_share_of_the_test_is_read(words: str) -> None:
    assert data(f"Predict price in x.csv, {words}").split.test_fraction == pytest.approx(0.3)


@pytest.mark.parametrize("words", ["on x1 and x2 only", "using only x1 and x2"])
def test_named_features_are_the_only_ones(words: str) -> None:
    assert data(f"Predict y in x.csv {words}", NUMBERED).features == ("x1", "x2")


def test_rounds_of_boosting_reach_the_spec() -> None:
    made = table_plan("Predict price in x.csv with boosting with 2000 iterations")
    assert made.steps[0].spec["boosting_iterations"] == 2000
    assert not any("iterations" in note for note in made.notes)


def test_a_neural_network_on_a_table_is_not_available() -> None:
    with pytest.raises(NotAvailable, match="neural network"):
        table_plan("Predict price in x.csv with a neural network", HOMES)


@pytest.mark.parametrize("name", ["alfa", "alpha", "α"])
def test_the_diffusion_has_several_names(name: str) -> None:
    assert same(problem(f"PINN heat equation with {name} = 0.01"), {"diffusion": "0.01"})


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("PINN heat equation, 3 seeds", "3 seeds"),
        ("PINN heat equation without a physics loss", "without a physics loss"),
        ("PINN heat equation, batch size 32", "batch_size 32"),
        ("Simulate the heat equation with batch size 32", "batch_size 32"),
    ],
)
def test_what_a_field_plan_does_not_do_is_noted(text: str, noted: str) -> None:
    assert any(noted in note for note in field_plan(text).notes)


@pytest.mark.parametrize(
    ("option", "noted"), [("batch size 32", "batch_size 32"), ("20 epochs", "epochs 20"), ("5 seeds", "5 seeds")]
)
def test_what_a_table_plan_does_not_do_is_noted(option: str, noted: str) -> None:
    assert any(noted in note for note in table_plan(f"Predict price in x.csv, {option}").notes)
