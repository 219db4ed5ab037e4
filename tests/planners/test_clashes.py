"""Requests that contradict themselves are refused with both phrases."""

from __future__ import annotations

import re

import pytest

from orchestrator.core.errors import BadInput
from tests.planners.test_plan_field import plan as field_plan
from tests.planners.test_plan_table import plan as table_plan


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("Predict price in x.csv, do not use any data", "do not use any data", "x.csv"),
        ("Predict price in x.csv, time column sold, shuffle the rows", "time column sold", "shuffle"),
        ("Predict price in x.csv, chronological split, shuffle the rows", "chronological", "shuffle"),
        ("Predict city in x.csv, accuracy above 0.9 and below 0.5", "accuracy at least 0.9", "accuracy at most 0.5"),
        ("Train a classification of sold in x.csv with RMSE", "classification", "RMSE"),
        ("Train a regression of price in x.csv with accuracy", "regression", "accuracy"),
    ],
)
def test_a_table_request_that_contradicts_itself_names_both_phrases(text: str, first: str, second: str) -> None:
    with pytest.raises(BadInput, match=re.escape(f"contradicts itself: {first!r} and {second!r}")):
        table_plan(text)


def test_a_network_for_physics_is_no_random_forest() -> None:
    with pytest.raises(BadInput, match="contradicts itself: 'PINN' and 'random forest'"):
        field_plan("Train a PINN for the heat equation with a random forest")
    assert field_plan("Train a PINN for the heat equation, not a random forest").route == "train/pinn"


def test_bounds_that_leave_room_are_both_kept() -> None:
    made = table_plan("Predict sold in x.csv, accuracy above 0.5 and below 0.9")
    assert made.data is not None
    assert list(made.data.constraints) == [
        {"metric": "accuracy", "at_least": 0.5},
        {"metric": "accuracy", "at_most": 0.9},
    ]


def test_data_that_is_only_partly_forbidden_is_no_contradiction() -> None:
    assert table_plan("Predict price in x.csv, do not use any data from outside").data is not None
